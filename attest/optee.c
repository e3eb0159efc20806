/* SPDX-License-Identifier: Apache-2.0 */
/* Format optee: what OP-TEE's attestation PTA measured (optee_os,
 * core/pta/attestation.c).  There is no certificate: the key is registered. */
#include <openssl/rsa.h>

#include "attest/formats.h"
#include "attest/pubkey.h"
#include "attest/tpm_key.h"
#include "base/text.h"

#define MEASUREMENT_SIZE	32u
#define BINDING_SIZE		32u
#define NONCE_MAX		64u
#define PSS_SALT_SIZE		32

struct optee {
	struct slice	 spki, measurement, signature;
	uint8_t		 id[32];	/* SHA-256 of spki */
};

static struct err
read_optee(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct optee *o = ARENA_NEW(cx->arena, struct optee);
	struct slice report = json_get_bytes(in, "report", JSON_REQUIRED,
	    MEASUREMENT_SIZE + TPM_RSA_MAX);

	o->spki = json_get_bytes(in, "public_key", JSON_REQUIRED,
	    TPM_KEY_SPKI_MAX);
	if (!failed(in->err) && report.n <= MEASUREMENT_SIZE)
		json_refuse(in, "report", "is not a measurement and a"
		    " signature");
	TRY(json_in_done(in));
	o->measurement = SLICE(report.p, MEASUREMENT_SIZE);
	o->signature = SLICE(report.p + MEASUREMENT_SIZE,
	    report.n - MEASUREMENT_SIZE);
	ASSERT(EVP_Digest(o->spki.p, o->spki.n, o->id, NULL, ossl_sha256(),
	    NULL) == 1);
	*out_value = o;
	return OK;
}

static struct err
check_registered(struct ctx *cx, const struct optee *o,
    const struct trust *trust)
{
	for (size_t i = 0; i < trust->n_keys; i++) {
		const struct trust_key *key = &trust->keys[i];

		if (!slice_equal(key->id, SLICE_OF(o->id)))
			continue;
		if (key->spki.n > 0 && !slice_equal(key->spki, o->spki))
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "another key is registered under that ID");
		return OK;
	}
	return FAIL_TELL(cx, ERR_HW_UNKNOWN,
	    "the attestation key is not registered");
}

/* nonce || measurement; the nonce is the binding hash unless raw. */
static struct err
make_message(struct ctx *cx, const struct optee *o,
    const struct appraisal *a, struct slice *out)
{
	struct buf b = buf_in(cx->arena, NONCE_MAX + MEASUREMENT_SIZE);
	uint8_t binding[BINDING_SIZE];

	if (a->nonce.n == 0 || a->nonce.n > NONCE_MAX)
		return FAIL_TELL(cx, ERR_EV_NONCE, "no nonce, or a long one");
	if (a->raw) {
		put_bytes(&b, a->nonce);
	} else {
		attest_binding(format_optee.name, a->nonce, a->spki, binding,
		    sizeof(binding));
		put_bytes(&b, SLICE_OF(binding));
	}
	put_bytes(&b, o->measurement);
	*out = buf_slice(&b);
	return OK;
}

/* RSASSA-PSS, SHA-256, MGF1 with SHA-256, a salt of 32 bytes and no other. */
static struct err
verify_pss(struct ctx *cx, EVP_PKEY *key, struct slice message,
    struct slice signature)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	ASSERT(md != NULL);
	if (EVP_DigestVerifyInit(md, &pctx, EVP_sha256(), NULL, key) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, PSS_SALT_SIZE) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, EVP_sha256()) != 1 ||
	    EVP_DigestVerify(md, signature.p, signature.n, message.p,
	    message.n) != 1)
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE,
		    "signature of the attestation PTA");
	return OK;
}

static struct err
check_signature(struct ctx *cx, const struct optee *o,
    const struct appraisal *a)
{
	EVP_PKEY *key = pubkey_read(cx, o->spki);
	struct tpm_public public;
	struct slice message;

	if (key == NULL || !EVP_PKEY_is_a(key, "RSA"))
		return OSSL_FAIL(cx, ERR_EV_MALFORMED, "not an RSA key");
	TRY(tpm_key_from_spki(cx, o->spki, key, &public));
	if (tpm_key_is_roca(public.rsa_n))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "attestation key with a weak modulus (CVE-2017-15361)");
	if (o->signature.n != public.rsa_n.n)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "a signature that is not of the key's size");
	TRY(make_message(cx, o, a, &message));
	return verify_pss(cx, key, message, o->signature);
}

static void
put_hardware_id(const struct optee *o, char out[static HARDWARE_ID_MAX])
{
	char hex[2 * sizeof(o->id) + 1];

	text_hex_into(SLICE_OF(o->id), hex);
	(void)snprintf(out, HARDWARE_ID_MAX, "optee:%s", hex);
}

static struct err
verify_optee(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	struct attestation result = { .claims = claims_in(cx->arena) };
	const struct optee *o = value;

	/* As in key.c: only who has a key learns whether it is known. */
	if (a->raw)
		TRY(check_registered(cx, o, a->trust));
	TRY(check_signature(cx, o, a));
	if (!a->raw)
		TRY(check_registered(cx, o, a->trust));
	claims_add_bool(&result.claims, "hardware_key", false);
	/* Of a trusted application's header or memory, or of OP-TEE's: which
	 * of them was asked for is not signed. */
	claims_add_bytes(&result.claims, "measurement", o->measurement);
	put_hardware_id(o, result.hardware_id);
	*out = result;
	return OK;
}

static void
identify_optee(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	(void)cx;
	put_hardware_id(value, out_hardware_id);
	*out_ak_name = SLICE_NONE;
}

const struct attest_format format_optee = {
	.name = "optee", .read = read_optee, .verify = verify_optee,
	.identify = identify_optee,
};
