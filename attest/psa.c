/* SPDX-License-Identifier: Apache-2.0 */
/* Format psa: PSA attestation tokens (RFC 9783) and Arm CCA token collections. */
#include "attest/formats.h"
#include "attest/member.h"
#include "attest/psa.h"
#include "base/base.h"
#include "base/text.h"

#define BINDING_SIZE	32u	/* of the nonce claim */

struct psa {
	bool			is_cca;
	struct cose_sign1	sign1;		/* not is_cca */
	struct psa_claims	claims;
	struct cca_token	cca;		/* is_cca */
};

/* Which of the two it is says the outermost tag. */
static struct err
parse(struct ctx *cx, struct slice token, struct psa *out)
{
	struct cbor item;

	TRY(cbor_parse(cx, token, 0, &item));
	out->is_cca = item.kind == CBOR_TAG &&
	    (item.n == CCA_TAG || item.n == CCA_CMW_TAG);
	if (out->is_cca)
		return cca_read(cx, &item, &out->cca);
	TRY(cose_sign1_take(cx, &item, &out->sign1));
	return psa_claims_read(cx, out->sign1.payload, false, &out->claims);
}

static struct err
read_psa(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct psa *psa = ARENA_NEW(cx->arena, struct psa);
	struct slice token = json_get_bytes(in, "token", JSON_REQUIRED,
	    PSA_TOKEN_MAX);

	if (!failed(in->err))
		(void)attest_keep(in, "token", parse(cx, token, psa));
	TRY(json_in_done(in));
	*out_value = psa;
	return OK;
}

static const struct psa_claims *
claims_of(const struct psa *psa)
{
	return psa->is_cca ? &psa->cca.platform : &psa->claims;
}

/* By the instance ID: what a token says of its key is a hint at most. */
static struct err
find_key(struct ctx *cx, const struct psa *psa, const struct trust *trust,
    struct slice *out_spki)
{
	for (size_t i = 0; i < trust->n_keys; i++) {
		if (trust->keys[i].spki.n == 0 || !slice_equal(
		    trust->keys[i].id, claims_of(psa)->instance_id))
			continue;
		*out_spki = trust->keys[i].spki;
		return OK;
	}
	return FAIL_TELL(cx, ERR_HW_UNKNOWN,
	    "no key is registered for the token's instance ID");
}

/*
 * The challenge of a realm is 64 bytes, and all of them are compared, as with
 * other reports of that size: the binding hash is SHA-512 there.
 */
static struct err
check_nonce(struct ctx *cx, const struct psa *psa, const struct appraisal *a)
{
	struct slice got = psa->is_cca ? psa->cca.realm.challenge :
	    psa->claims.nonce;
	uint8_t binding[CCA_CHALLENGE_SIZE];
	size_t n = psa->is_cca ? CCA_CHALLENGE_SIZE : BINDING_SIZE;
	struct slice want = a->nonce;

	if (a->nonce.n == 0 && !a->raw)
		return FAIL_TELL(cx, ERR_EV_NONCE, "no nonce");
	if (a->nonce.n == 0)
		return OK;
	if (!a->raw) {
		attest_binding(format_psa.name, a->nonce, a->spki, binding, n);
		want = SLICE(binding, n);
	}
	if (!slice_equal_secret(got, want))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "the token was made for another nonce or key");
	return OK;
}

static void
put_hardware_id(struct ctx *cx, const struct psa *psa,
    char out[static HARDWARE_ID_MAX])
{
	(void)snprintf(out, HARDWARE_ID_MAX, "psa:%s", text_hex(cx->arena,
	    claims_of(psa)->instance_id));
}

static struct err
verify_psa(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	struct attestation result = { .claims = claims_in(cx->arena) };
	const struct psa *psa = value;
	struct slice spki;

	TRY(find_key(cx, psa, a->trust, &spki));
	TRY(cose_sign1_verify(cx, psa->is_cca ? &psa->cca.platform_sign1 :
	    &psa->sign1, spki));
	if (psa->is_cca)
		TRY(cca_check_realm(cx, &psa->cca));
	TRY(check_nonce(cx, psa, a));
	/* Where the certificate's key lives, a token does not say. */
	claims_add_bool(&result.claims, "hardware_key", false);
	psa_claims_tell(cx, claims_of(psa), &result.claims);
	if (psa->is_cca)
		cca_realm_tell(cx, &psa->cca.realm, &result.claims);
	put_hardware_id(cx, psa, result.hardware_id);
	*out = result;
	return OK;
}

static void
identify_psa(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	put_hardware_id(cx, value, out_hardware_id);
	*out_ak_name = SLICE_NONE;
}

const struct attest_format format_psa = {
	.name = "psa", .read = read_psa, .verify = verify_psa,
	.identify = identify_psa,
};
