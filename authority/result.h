/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation results (RFC 9334, 8.4): what the last appraisal of a device came
 * to, in EAR form.
 */
#ifndef DAAPKI_AUTHORITY_RESULT_H
#define DAAPKI_AUTHORITY_RESULT_H

#include "authority/authority.h"
#include "db/attestation.h"
#include "pki/ear.h"

/*
 * The facts of a stored appraisal.  false: it is from before trust vectors
 * were kept, and says less than EAR asks for.  out points into the row.
 */
bool		result_of(const struct attestation_row *, const char *tenant,
		    const char *device_id, struct ear *out);

/* As ear_appraisal(); NULL where result_of() is false. */
struct err	result_appraisal(struct ctx *, const struct attestation_row *,
		    const char *tenant, const char *device_id,
		    const char **out_json);

#define RESULT_KEY_LIFE_S	(7 * 86400)	/* of a key that signs them */

/*
 * What a relying party is told of a device now: its last appraisal, be it that
 * the policy refused what the device showed, until limits.result_life_s from
 * now.  Of a banned device it is contraindicated,
 * instance identity and all, whatever the appraisal came to.
 * ERR_NOT_FOUND	the tenant does not have the device, or it was not
 *			attested since results are kept
 * ERR_PARAMETER	nonce, which may be NULL, is not of EAR's form
 */
struct err	result_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *device_id,
		    const char *nonce, struct ear *out);
/*
 * The same as the signer signs it, as a JWT; it takes the time of issue from
 * its own clock.
 * ERR_CONFLICT	the tenant has no issuing CA
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE
 */
struct err	result_sign(struct ctx *, const struct authority *,
		    const struct tenant *, const struct ear *,
		    struct slice *out_jwt);

#endif
