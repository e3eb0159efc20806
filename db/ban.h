/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bans by rule, and the devices they are held against.  A tenant ID of 0 is
 * the platform.  Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_BAN_H
#define DAAPKI_DB_BAN_H

#include "db/device.h"

#define BANS_ACTIVE_MAX		256u	/* of a tenant, with the platform's */

struct ban_row {
	int64_t		 id;
	int64_t		 tenant_id;
	const char	*match;		/* policy/match.h */
	const char	*action;	/* "ban", "quarantine" */
	const char	*reason;	/* NULL: none */
	int64_t		 created_s;
	const char	*created_by;
	int64_t		 lifted_s;	/* 0: in force */
	const char	*lifted_by;
};

struct err	db_ban_add(struct ctx *, struct db_tx *,
		    const struct ban_row *, int64_t *out_id);
/* ERR_NOT_FOUND */
struct err	db_ban_get(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t id, struct ban_row *out);
/* In order of ID, those that were lifted too; out has room for limit. */
struct err	db_ban_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t after, unsigned limit, struct ban_row *out,
		    size_t *out_n);
/* In force for devices of that tenant; out has room for BANS_ACTIVE_MAX. */
struct err	db_ban_active(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct ban_row *out, size_t *out_n);
/* The highest ID of these; 0: there is none. */
struct err	db_ban_newest(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t *out_id);
/* ERR_NOT_FOUND	not there, or lifted already */
struct err	db_ban_lift(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t id, int64_t at_s, const char *by);

/* --- devices ------------------------------------------------------------ */

struct ban_device {
	int64_t		 id, tenant_id;
	const char	*device_id;
	enum device_state state;
	int64_t		 ban_rule;	/* 0: by hand, or not banned */
	const char	*group, *labels;
	const char	*format, *claims;	/* NULL: never attested */
};

typedef struct err ban_device_fn(struct ctx *, const struct ban_device *,
    void *arg);

/* Those with a row ID in (after, upto], at most limit, in order. */
struct err	db_ban_scan(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t after, int64_t upto, unsigned limit,
		    ban_device_fn *, void *arg);
/* The highest row ID. */
struct err	db_ban_span(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t *out_max);
/* DEVICE_BANNED or DEVICE_QUARANTINED, by that rule. */
struct err	db_ban_bar(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t device, enum device_state, const char *reason,
		    int64_t at_s, int64_t rule);

#endif
