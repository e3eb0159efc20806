/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: which tenant a device belongs to.
 *
 * A claim names hardware by hardware ID or by device ID; it need not have been
 * seen before.  One tenant at a time has a device; who that is, is told to
 * nobody else.  A banned device stays with its tenant until the ban is lifted,
 * so that a ban cannot be shaken off by release and a new claim.
 */
#ifndef DAAPKI_AUTHORITY_CLAIM_H
#define DAAPKI_AUTHORITY_CLAIM_H

#include "attest/attest.h"
#include "authority/authority.h"
#include "authority/revoked.h"
#include "db/claim.h"

#define CLAIM_REASON_MAX	256u

/* What a claim is made of; exactly one of the IDs. */
struct claim_request {
	const char	*device_id;	/* or NULL */
	const char	*hardware_id;	/* or NULL */
	const char	*group;		/* NULL: "default" */
	/* Of a device that is claimed now: a JSON object, as
	 * device_label_merge() gives it; NULL: none. */
	const char	*labels;
	/* What proves it (authority/claim_proof.h): secret and consent as
	 * they were given, or sealed.  NULL and empty: nothing. */
	const char	*claim_secret, *consent;
	struct slice	 secret_mac, sealed_consent;
	const char	*proof;		/* that is asked for; NULL: the setting
					 * (of one claim, not of a line) */
};

struct claim_result {
	const char	*device_id;
	const char	*hardware_id;	/* NULL: not known */
	const char	*group;
	int64_t		 claimed_s;
	const char	*claimed_by;
	bool		 was_own;	/* claimed already, and nothing changed */
};

/* A hardware ID of a known scheme, "tpm-ek:<64 hex>" and so on. */
bool		claim_is_hardware_id(const char *);
/* 64 lower-case hex digits. */
bool		claim_is_device_id(const char *);
/* The schemes, for messages and manuals; NULL after the last. */
const char	*claim_scheme(size_t i, size_t *out_n_hex);

/*
 * ERR_FIELD		not a device ID or hardware ID, or not a proof that may
 *			be asked for
 * ERR_NOT_FOUND	no such group, or not the principal's
 * ERR_CLAIM_TAKEN	another tenant has it, or another group than the
 *			principal's
 * ERR_CLAIM_PROOF	what is asked for was not given, or is wrong
 */
struct err	claim_make(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct claim_request *, struct claim_result *out);

/*
 * Give a device up: its certificates are revoked (cessationOfOperation), what
 * the tenant knew of it is forgotten but for history, and anyone may claim it.
 * reason may be NULL.
 * ERR_NOT_FOUND	this tenant does not have it, or not in the principal's
 *			group
 * ERR_CONFLICT		it is banned
 */
struct err	claim_release(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *device_id, const char *reason);

/*
 * Undo a release within limits.release_undo_s: the device is this tenant's
 * again, in the group it was in.  Certificates stay revoked.  A device that it
 * has is no change.
 * ERR_NOT_FOUND	this tenant never had it
 * ERR_CLAIM_TAKEN	another tenant has it, or had it since
 * ERR_CONFLICT		it is too late, or it was transferred
 */
struct err	claim_restore(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *device_id, struct claim_result *out);
/* --- in a transaction of the caller's -------------------------------- */

/* Who claims or releases, and when.  dry: say how it would go, and change
 * nothing. */
struct claimer {
	int64_t		 tenant_id;
	const char	*by;
	int64_t		 at_s;
	bool		 dry;
	enum claim_proof proof;		/* that is asked for */
	int64_t		 group_id;	/* who has that group only, whose other
					 * devices are nobody's for it; 0: all */
};

/* The device ID that a request means.  ERR_FIELD */
struct err	claim_device_id(struct ctx *, const struct claim_request *,
		    char out[static DEVICE_ID_SIZE]);
/* As claim_make(), of a request that is sealed (claim_request_seal()); a
 * refusal leaves nothing written but a wrong try, which is to be kept. */
struct err	claim_make_in(struct ctx *, struct db_tx *,
		    const struct claimer *, const struct claim_request *,
		    struct claim_result *out);
/* As claim_release(); a refusal leaves nothing written.  After the commit the
 * caller tells of what was revoked: revoked_tell_all(). */
struct err	claim_release_in(struct ctx *, struct db_tx *,
		    const struct claimer *, const char *device_id,
		    const char *reason, struct revoked_list *out);

/* History of this tenant's claims in order of row ID. */
struct err	claim_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct claim_filter *,
		    struct claim_row **out, size_t *out_n);

#endif
