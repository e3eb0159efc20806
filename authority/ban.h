/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bans by rule: of the devices that a match is about (policy/match.h).
 *
 * A rule holds until it is lifted.  Evidence that it fits is refused from the
 * moment that it is stored; the devices that were there are worked off as an
 * operation ("ban").  A ban revokes a device's certificates; a quarantine
 * leaves them and gives no new ones.  A rule of the platform is over the
 * devices of all tenants.
 */
#ifndef DAAPKI_AUTHORITY_BAN_H
#define DAAPKI_AUTHORITY_BAN_H

#include "authority/authority.h"
#include "codec/json.h"
#include "db/ban.h"
#include "db/operation.h"

#define BAN_REASON_MAX		256u
#define BAN_DRY_LOOK_MAX	50000u	/* devices of one dry run */
#define BAN_DRY_SHOWN		20u
#define BAN_DRY_GROUPS		64u

struct ban_request {
	const json_t	*match;
	const char	*pointer;	/* where it stands */
	const char	*action;	/* "ban", "quarantine" */
	const char	*reason;	/* may be NULL */
};

/* --- a dry run ------------------------------------------------------------ */

struct ban_group { const char *name; uint64_t n; };

struct ban_count {
	uint64_t		 looked, matched;
	uint64_t		 already;	/* of these, banned before */
	struct ban_group	 groups[BAN_DRY_GROUPS];	/* by name */
	size_t			 n_groups;	/* what is over is not told */
	const char		*device_ids[BAN_DRY_SHOWN];	/* the first */
	size_t			 n_device_ids;
	int64_t			 next;		/* go on after; 0: that was all */
};

/*
 * Which devices it would be, from after on; changes nothing.  tenant NULL: of
 * all tenants.
 * ERR_FIELD	as match_read(), or no such action
 */
struct err	ban_dry_run(struct ctx *, const struct authority *,
		    const struct tenant *, const struct ban_request *,
		    int64_t after, struct ban_count *out);

/* --- rules ------------------------------------------------------------------ */

struct ban_made { struct ban_row row; const char *operation; };

/* ERR_FIELD as above; ERR_CONFLICT: BANS_ACTIVE_MAX are in force */
struct err	ban_make(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct ban_request *, struct ban_made *out);
/* ERR_NOT_FOUND */
struct err	ban_get(struct ctx *, const struct authority *,
		    const struct tenant *, int64_t id, struct ban_row *out);
/* In order of ID, those that were lifted too. */
struct err	ban_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct ban_row **out, size_t *out_n);
/*
 * The rule holds no more.  unban: devices that it alone had hit may enrol
 * again, by an operation ("ban-lift"), whose name is in *out_operation; else
 * that is NULL.
 * ERR_NOT_FOUND	not there, or lifted already
 */
struct err	ban_lift(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id, bool unban, const char **out_operation);

/* --- at enrolment ------------------------------------------------------------- */

struct match_device;

/*
 * Is there a rule of the tenant or the platform that the device fits?  In a
 * transaction; *out_newest is for ban_is_newer().
 * ERR_HW_BANNED	there is; the words say which one
 */
struct err	ban_check(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const struct match_device *, int64_t *out_newest);

#endif
