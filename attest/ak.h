/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation keys: what is shown of one, and who vouches for it. */
#ifndef DAAPKI_ATTEST_AK_H
#define DAAPKI_ATTEST_AK_H

#include "attest/ek.h"

/* As it was sent. */
struct ak_shown {
	bool		 has_public;
	struct tpm_public public;
	struct slice	 name;		/* empty when it cannot be made */
	X509		**chain;	/* the AK's certificate first */
	size_t		 n_chain;
};

/* One that somebody who is trusted vouches for. */
struct ak {
	struct tpm_public key;		/* scheme TPM_NULL: not known */
	struct slice	 name;		/* empty: known by certificate only */
	bool		 in_tpm_of_ek;	/* activation proved it */
};

/* Read the members ak_public and ak_chain; failures are in's. */
void		ak_read(struct json_in *in, enum json_need public_need,
		    struct ak_shown *out);

/*
 * Believe an AK: by its certificate (TCG AK credential: EKU 2.23.133.8.3, or
 * that of a cloud's instance), because its name is registered, or because an
 * activation proved that it is in the TPM of ek (NULL when none was shown),
 * which the caller has yet to believe.
 * Whatever is there must be right, not only what would suffice.
 * ERR_EV_PROPERTY	a key or certificate that is not an AK's
 * ERR_EV_MISMATCH	certificate, registered key and public are of two keys,
 *			or it is not who appraisal->identifier says
 * ERR_EV_CHAIN		nobody vouches for it
 * ERR_EV_ACTIVATION	an EK is shown and its link to the AK is not proved
 * ERR_EV_*		chain_verify()'s
 */
struct err	ak_verify(struct ctx *, const struct ak_shown *,
		    const struct appraisal *, const struct ek_shown *ek,
		    struct ak *out);

#endif
