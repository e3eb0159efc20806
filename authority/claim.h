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
#include "db/claim.h"

#define CLAIM_REASON_MAX	256u
#define CLAIM_BULK_MAX		100000u	/* lines of one call */
#define CLAIM_BATCH		500u	/* lines of one transaction */

/* What a claim is made of; exactly one of the IDs. */
struct claim_request {
	const char	*device_id;	/* or NULL */
	const char	*hardware_id;	/* or NULL */
	const char	*group;		/* NULL: "default" */
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
 * ERR_FIELD		not a device ID or hardware ID
 * ERR_NOT_FOUND	no such group
 * ERR_CLAIM_TAKEN	another tenant has it
 */
struct err	claim_make(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct claim_request *, struct claim_result *out);

enum claim_outcome {
	CLAIM_PENDING,		/* not looked at yet */
	CLAIM_CLAIMED,
	CLAIM_ALREADY,		/* by the same tenant */
	CLAIM_REFUSED,
};

/* "claimed", "already-claimed", "refused". */
const char	*claim_outcome_name(enum claim_outcome);

/* One of many.  A line that could not be read comes as CLAIM_REFUSED. */
struct claim_line {
	unsigned		 number;	/* in the file, from 1 */
	const char		*id;		/* as it was given; may be NULL */
	struct claim_request	 request;
	enum claim_outcome	 outcome;
	enum err_code		 code;		/* why it was refused */
	const char		*detail;	/* NULL, or for the caller */
};

/*
 * Claim each pending line and note how it went.  Lines are committed in
 * batches of CLAIM_BATCH, so others get through in between; when this fails,
 * the batches before have been made, and making the call again is harmless.
 * ERR_TOO_LARGE	more than CLAIM_BULK_MAX lines
 * ERR_STORAGE
 */
struct err	claim_many(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    struct claim_line *, size_t n);

/*
 * Give a device up: its certificates are revoked (cessationOfOperation), what
 * the tenant knew of it is forgotten but for history, and anyone may claim it.
 * reason may be NULL.
 * ERR_NOT_FOUND	this tenant does not have it
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

/* History of this tenant's claims in order of row ID. */
struct err	claim_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct claim_filter *,
		    struct claim_row **out, size_t *out_n);

#endif
