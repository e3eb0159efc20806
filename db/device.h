/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices: one row for each that a tenant has ever claimed.
 *
 * Texts and blobs of a row are in cx->arena.  An absent time is 0, an absent
 * text NULL, an absent blob empty.  Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_DEVICE_H
#define DAAPKI_DB_DEVICE_H

#include "db/db.h"

enum device_state {
	DEVICE_CLAIMED,		/* never enrolled under this claim */
	DEVICE_ACTIVE,
	DEVICE_BANNED,
	DEVICE_QUARANTINED,	/* as banned, but nothing is revoked */
	DEVICE_RELEASED,	/* belongs to nobody */
	DEVICE_STATE_COUNT,
};

/* "claimed" and so on: as stored and as shown. */
const char	*db_device_state_name(enum device_state);
bool		 db_device_state_find(const char *name, enum device_state *out);
/* Banned or quarantined: it gets no certificate, and its tenant keeps it. */
bool		 db_device_is_barred(enum device_state);

struct device_row {
	int64_t			 id;
	int64_t			 tenant_id;	/* 0: released */
	const char		*device_id;	/* 64 hex */
	const char		*hardware_id;	/* NULL until proved or claimed by */
	int64_t			 group_id;	/* 0: released */
	enum device_state	 state;
	int64_t			 claimed_s;
	const char		*ban_reason;
	int64_t			 banned_s;
	struct slice		 ak_name;	/* of the AK that was activated */
	int64_t			 last_seen_s;	/* last enrolment of this claim */
	const char		*last_refusal;	/* dotted code */
	const char		*last_refusal_detail;
	int64_t			 last_refusal_s;
	int64_t			 revision;	/* authority/revision.h */
};

/* The device with that ID, whoever has it: for those who proved to be it. */
struct err	db_device_by_id(struct ctx *, struct db_tx *,
		    const char *device_id, struct device_row *out,
		    bool *out_found);
struct err	db_device_by_hardware(struct ctx *, struct db_tx *,
		    const char *hardware_id, struct device_row *out,
		    bool *out_found);

/*
 * Note the hardware ID of a device that was claimed by device ID.  The same
 * one again is no change.
 * ERR_EXISTS	another device has it
 * ERR_CONFLICT	this device has another one
 */
struct err	db_device_bind_hardware(struct ctx *, struct db_tx *,
		    int64_t device, const char *hardware_id);
/* How far its clock was before the server's (after it: negative), if it told. */
struct device_clock { bool told; int64_t ahead_s; };

/* A certificate was issued: active (unless banned), seen, last refusal gone. */
struct device_enrolled {
	int64_t			 at_s;
	int64_t			 certificate;	/* row ID; 0: not known */
	int64_t			 not_after_s;	/* of it */
	bool			 hardware_key;
	struct device_clock	 clock;
};
struct err	db_device_enrolled(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    const struct device_enrolled *);
/* An AK was proved to be in this device's TPM, unless the name is empty; and
 * the TCB status in the vendor's words, NULL where evidence has none. */
struct err	db_device_attested(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device, struct slice ak_name,
		    const char *tcb_status);
/*
 * Enrolment was refused by that tenant; code is a dotted code, detail may be
 * NULL.  Of a device that has left it, nothing is kept: the refusal tells of
 * that tenant's policy.
 */
struct device_refused {
	const char		*code, *detail;
	int64_t			 at_s;
	struct device_clock	 clock;
};
struct err	db_device_refused(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    const struct device_refused *);

/* --- claims and bans ------------------------------------------------- */

/* A claim of hardware that has no row yet. ERR_EXISTS: it has. */
struct err	db_device_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, const char *hardware_id,
		    int64_t group_id, int64_t at_s, int64_t *out_id);
/* A claim of a released device. ERR_CONFLICT: it is not released. */
struct err	db_device_take(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t device, int64_t group_id, int64_t at_s);
/* It belongs to nobody; all that its tenant learned of it is forgotten. */
struct err	db_device_release(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device);
struct err	db_device_move(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t device, int64_t group_id);
/* labels: a JSON object of texts, NULL for none. */
struct err	db_device_label(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device, const char *labels);
struct err	db_device_labels(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device, const char **out);
struct err	db_device_ban(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t device, const char *reason, int64_t at_s);
/* Claimed or active again, as it was before. */
struct err	db_device_unban(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t device);

/* --- as operators see it --------------------------------------------- */

struct device_view {
	struct device_row	 device;
	const char		*group;		/* its name */
	int64_t			 issued;	/* certificates, under this claim */
	const char		*tcb_status;	/* as last attested, or NULL */
	struct device_clock	 clock;
	const char		*labels;	/* a JSON object, or NULL */
	int64_t			 attested_s;	/* 0: never attested */
	const char		*format, *verdict;
	int64_t			 policy_version;
	const char		*claims;	/* a JSON object */
	struct slice		 serial;	/* newest certificate; or empty */
	int64_t			 not_after_s;
	int64_t			 revoked_s;	/* of that certificate */
	bool			 hardware_key;	/* likewise */
};

struct err	db_device_view(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, struct device_view *out,
		    bool *out_found);
/* The same by row ID, without claims; the certificate is the newest that the
 * device was given.  ERR_NOT_FOUND */
struct err	db_device_view_brief(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    struct device_view *out);

#endif
