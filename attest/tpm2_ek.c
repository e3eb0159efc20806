/* SPDX-License-Identifier: Apache-2.0 */
/* Format tpm2-ek: an EK certificate alone, which proves no possession. */
#include "attest/formats.h"
#include "attest/tpm2_parts.h"

static struct err
read_tpm2_ek(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct ek_shown *ek = ARENA_NEW(cx->arena, struct ek_shown);

	ek_read_certificate(in, ek);
	TRY(json_in_done(in));
	*out_value = ek;
	return OK;
}

static struct err
verify_tpm2_ek(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	struct attestation result = { .claims = claims_in(cx->arena) };
	struct ek ek;

	/* Certificates are public: no nonce, and no key, is covered; and who
	 * shows one is not told what is believed of it. */
	if (!a->raw)
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "an EK certificate alone covers no key");
	TRY(ek_verify(cx, value, a->trust, a->at_s, a->known_eks,
	    a->n_known_eks, &ek));
	tpm2_claim_ek(&result.claims, &ek);
	tpm2_hardware_id(ek.spki_sha256, result.hardware_id);
	*out = result;
	return OK;
}

static void
identify_tpm2_ek(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct ek_shown *ek = value;

	(void)cx;
	out_hardware_id[0] = '\0';
	if (ek->has_key)
		tpm2_hardware_id(ek->spki_sha256, out_hardware_id);
	*out_ak_name = SLICE_NONE;
}

const struct attest_format format_tpm2_ek = {
	.name = "tpm2-ek", .read = read_tpm2_ek, .verify = verify_tpm2_ek,
	.identify = identify_tpm2_ek,
};
