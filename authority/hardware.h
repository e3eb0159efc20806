/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: parts that are known without a maker's certificate, such as
 * the endorsement keys of TPMs that have none.  The platform's hold for every
 * tenant, a tenant's for its own devices.
 */
#ifndef DAAPKI_AUTHORITY_HARDWARE_H
#define DAAPKI_AUTHORITY_HARDWARE_H

#include "authority/authority.h"
#include "db/hardware.h"

#define HARDWARE_NOTE_MAX	200u
#define HARDWARE_WORD_MAX	64u	/* model, batch */
#define HARDWARE_KEY_MAX	2048u	/* bytes of ek_public */

/* Exactly one of hardware_id and ek_public.  Parts whose ID does not hold the
 * key that they sign with (psa, optee) come with that key. */
struct hardware_spec {
	const char	*hardware_id;	/* or NULL */
	/* DER SubjectPublicKeyInfo or TPMT_PUBLIC of an EK; or empty */
	struct slice	 ek_public;
	struct slice	 public_key;	/* DER SubjectPublicKeyInfo; or empty */
	const char	*note;		/* NULL: none */
	int64_t		 expires_s;	/* 0: never */
	const char	*claim_secret;	/* NULL: none; the platform's only */
	const char	*model, *batch;	/* NULL: not said */
};

/*
 * Add one, of a tenant or of the platform (tenant NULL).  An entry of the same
 * part that has expired makes room.
 * ERR_FIELD	not a hardware ID of a known scheme, not a key that an EK can
 *		have, a public key where there may be none, none where there
 *		must be one or not the ID's, or an expiry that is past
 * ERR_EXISTS
 */
struct err	hardware_add(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct hardware_spec *, struct db_hardware *out);
/* The row of a part, but for whose, when and by whom.  ERR_FIELD as above. */
struct err	hardware_row(struct ctx *, const struct hardware_spec *,
		    struct db_hardware *out);
/* Expired ones too, until they are deleted. */
struct err	hardware_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct db_hardware **out, size_t *out_n,
		    int64_t *out_next);
/* ERR_NOT_FOUND */
struct err	hardware_delete(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id);

#endif
