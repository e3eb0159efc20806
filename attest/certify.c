/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/certify.h"

#include "attest/member.h"

#define BINDING_SIZE	32u

void
certify_read(struct json_in *in, enum json_need need, struct certify *out)
{
	struct certify c = { .present = false };
	struct json_in key = json_in_member(in, "key", need, &c.present);
	struct slice public, attest, signature;

	if (!failed(in->err) && c.present) {
		public = json_get_bytes(&key, "public", JSON_REQUIRED,
		    TPM_PUBLIC_MAX);
		attest = json_get_bytes(&key, "attest", JSON_REQUIRED,
		    TPM_ATTEST_MAX);
		signature = json_get_bytes(&key, "signature", JSON_REQUIRED,
		    TPM_SIGNATURE_MAX);
		if (!failed(json_in_done(&key)) &&
		    attest_keep(&key, "public",
		    tpm_public_parse(in->cx, public, &c.public)) &&
		    attest_keep(&key, "attest",
		    tpm_attest_parse(in->cx, attest, &c.attest)) &&
		    attest_keep(&key, "signature",
		    tpm_signature_parse(in->cx, signature, &c.signature)) &&
		    failed(tpm_key_spki(in->cx, &c.public, &c.spki)))
			ctx_forget(in->cx);
		in->err = key.err;
	}
	*out = c;
}

struct err
certify_check_attest(struct ctx *cx, const struct ak *ak,
    const struct tpm_attest *attest, const struct tpm_signature *signature,
    enum tpm_attest_type type, const struct trust *trust)
{
	TRY(tpm_key_verify(cx, &ak->key, signature, attest->bytes,
	    (trust->allow & TRUST_ALLOW_SHA1) != 0));
	if (attest->magic != TPM_GENERATED)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an attestation that no TPM made (magic %08x)",
		    attest->magic);
	if (attest->type != type)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an attestation of type %04x", attest->type);
	return OK;
}

struct err
certify_check_nonce(struct ctx *cx, const char *format,
    const struct tpm_attest *attest, const struct appraisal *a)
{
	uint8_t binding[BINDING_SIZE];
	struct slice wanted = a->nonce;

	if (a->nonce.n == 0)
		return FAIL_TELL(cx, ERR_EV_NONCE, "no nonce");
	if (!a->raw) {
		attest_binding(format, a->nonce, a->spki, binding,
		    sizeof(binding));
		wanted = SLICE_OF(binding);
	}
	if (!slice_equal_secret(attest->extra_data, wanted))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "the qualifying data is not what was asked for");
	return OK;
}

struct err
certify_verify(struct ctx *cx, const char *format, const struct certify *c,
    const struct ak *ak, const struct appraisal *a, struct slice *out_name)
{
	struct slice name;

	ASSERT(c->present);
	TRY(certify_check_attest(cx, ak, &c->attest, &c->signature,
	    TPM_ATTEST_CERTIFY, a->trust));
	if (!a->raw && !slice_equal(c->spki, a->spki))
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "the key attested is not the key to be certified");
	TRY(certify_check_nonce(cx, format, &c->attest, a));
	TRY(tpm_key_name(cx, &c->public, &name));
	if (!slice_equal(name, c->attest.name))
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "the attestation names another key");
	TRY(tpm_key_check_app(cx, &c->public));
	*out_name = name;
	return OK;
}
