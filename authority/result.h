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

#endif
