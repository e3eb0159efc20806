/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last appraisals of each device by its tenant: the last that was accepted,
 * and what was refused since.  Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_ATTESTATION_H
#define DAAPKI_DB_ATTESTATION_H

#include "db/db.h"

struct attestation_row {
	int64_t		 at_s;
	const char	*format, *verdict;
	const char	*claims;		/* a JSON object */
	struct slice	 evidence_sha256;
	int64_t		 policy_version;
	/* Trust vector in AR4SI's order, the group and the SHA-256 of the text
	 * of the policy it rests on; empty in rows of before they were kept. */
	struct slice	 vector;
	const char	*policy_group;
	struct slice	 policy_sha256;
	struct slice	 ak_name;		/* empty: no TPM */
	/* Of the TPM (TPM 2.0 Part 1, 36.3); only when has_counters. */
	bool		 has_counters;
	int64_t		 reset_count, restart_count, clock_ms;
};

struct err	db_attestation_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    struct attestation_row *out, bool *out_found);
/*
 * Replace it, and forget what was refused.  With counters on both sides and the
 * same AK, time must go on: a smaller reset count, or the same with a smaller
 * restart count, or the same with both and a smaller clock, is refused.
 * ERR_EV_ROLLED_BACK
 */
struct err	db_attestation_put(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    const struct attestation_row *);
/* Both. */
struct err	db_attestation_forget(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device);

/* The policy refused what genuine evidence showed: no evidence and counters are
 * kept of it, and they are empty in out; so are the claims of old rows. */
struct err	db_attestation_refuse(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    const struct attestation_row *);
struct err	db_attestation_refused(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    struct attestation_row *out, bool *out_found);

/* What a device showed last, be it that it was refused. */
struct attestation_shown {
	int64_t		 device;	/* row ID */
	const char	*device_id;
	bool		 banned, refused;
	int64_t		 at_s;		/* 0: it was never attested */
	/* NULL with at_s 0; claims "": they were not kept. */
	const char	*format, *claims;
};
/* Of the devices of a group with a row ID above after, in that order. */
struct err	db_attestation_shown(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id, int64_t after,
		    size_t most, struct attestation_shown **out,
		    size_t *out_n);

#endif
