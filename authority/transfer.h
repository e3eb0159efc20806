/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfers: a tenant offers a device, another accepts, and the device is that
 * one's.
 *
 * Nobody learns whether a tenant exists by offering to its name: an offer to
 * nobody is made like any other, and lapses.  The giver sees of the other side
 * that it accepted or rejected, not who did, nor the group, nor what its policy
 * said of the evidence; the taker sees of the giver its name, the device ID and
 * the reason, nothing of the device's history.
 *
 * An offer may ask for fresh evidence: then, after it is accepted, the device
 * stays with the giver until it enrols with evidence that satisfies the taker's
 * trust and policy.  That enrolment is into the taker's CA, and one transaction
 * with the transfer.
 *
 * Who accepts agrees to the offer's undo_s: for so long after the transfer the
 * giver alone may take the device back, as long as the taker still has it.
 *
 * A banned device stays where it is: offers of it are not made, not accepted,
 * not completed and not undone while the ban holds.
 */
#ifndef DAAPKI_AUTHORITY_TRANSFER_H
#define DAAPKI_AUTHORITY_TRANSFER_H

#include "authority/authority.h"
#include "db/certificate.h"
#include "db/device.h"
#include "db/transfer.h"

#define TRANSFER_REASON_MAX	256u
#define TRANSFER_LIFE_S		(7 * 86400)	/* of an offer, if not said */
#define TRANSFER_LIFE_S_MAX	(365 * 86400)

struct transfer_offer {
	const char	*device_id;
	const char	*to;		/* a tenant's name */
	const char	*reason;	/* NULL: not said */
	bool		 needs_evidence;	/* limits.transfer_evidence, too */
	int64_t		 expires_s;	/* 0: in TRANSFER_LIFE_S */
};

/*
 * Offer a device.
 * ERR_NOT_FOUND	this tenant does not have it
 * ERR_FIELD		to this tenant itself; an end in the past or too late
 * ERR_CONFLICT		it is banned, or offered already
 */
struct err	transfer_make(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct transfer_offer *, struct transfer_row *out);

/* Either side's.  ERR_NOT_FOUND */
struct err	transfer_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *handle,
		    struct transfer_row *out);
/* In order of row ID.  ERR_PARAMETER: there is no such state */
struct err	transfer_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct transfer_filter *,
		    struct transfer_row **out, size_t *out_n);

enum transfer_step {
	TRANSFER_ACCEPT,	/* taker, of an offer */
	TRANSFER_REJECT,	/* taker, until the transfer is done */
	TRANSFER_CANCEL,	/* giver, until the transfer is done */
	TRANSFER_UNDO,		/* giver, afterwards */
	TRANSFER_EXPIRE,	/* by the clock */
	TRANSFER_PROVE,		/* by the device */
	TRANSFER_STEP_COUNT,
};

/*
 * Take one of the first four steps.  group is for TRANSFER_ACCEPT; NULL is
 * "default".
 * ERR_NOT_FOUND	it is not this tenant's, or not this side's to do; no
 *			such group
 * ERR_CONFLICT		its state does not allow that; the device is banned; it
 *			is too late, or the taker has it no more
 */
struct err	transfer_take_step(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    enum transfer_step, const char *handle,
		    const char *group, struct transfer_row *out);

/* --- for others of this room, in their transactions -------------------- */

/* The transfer that waits for the evidence of this device, if any. */
struct err	transfer_awaiting(struct ctx *, struct db_tx *,
		    const struct device_row *, struct transfer_row *out,
		    bool *out_found);
/*
 * The device has proved itself: it is the taker's from now on.
 * ERR_CLAIM_NONE	the transfer has ended meanwhile
 */
struct err	transfer_complete(struct ctx *, struct db_tx *,
		    const struct transfer_row *, struct revoked_list *out);
/* Its evidence was refused by the taker's policy, with that dotted code. */
struct err	transfer_refused(struct ctx *, struct db_tx *,
		    const struct transfer_row *, const char *code);
/* The device leaves the tenant some other way: what is open of it ends. */
struct err	transfer_drop(struct ctx *, struct db_tx *,
		    const struct device_row *, const char *by);

/* Whither a device goes that nobody was asked about. */
struct transfer_forced {
	const char	*from_name;
	int64_t		 to_tenant_id;
	const char	*to_name;
	int64_t		 group_id;	/* there */
	const char	*reason;
};
/* A transfer that is done at once and cannot be undone, for a device that is
 * not banned: authority/recovery.h. */
struct err	transfer_force(struct ctx *, struct db_tx *,
		    const struct device_row *, const struct transfer_forced *,
		    struct revoked_list *out);

/* What is past its end has expired. */
struct err	transfer_round(struct ctx *, const struct authority *);

#endif
