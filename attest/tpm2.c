/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tpm2.h"

#include <sodium.h>

#include "attest/formats.h"
#include "attest/tpm2_parts.h"
#include "base/text.h"

#define EK_SCHEME	"tpm-ek:"
#define AK_SCHEME	"tpm-ak:"
#define AK_CERT_SCHEME	"tpm-ak-cert:"
#define AK_NAME_SIZE	34u	/* algorithm and SHA-256 (Part 1, 16) */

struct tpm2 {
	struct ek_shown		ek;
	struct ak_shown		ak;
	struct tpm2_quoted	quoted;
	const char		*token;		/* NULL: no activation */
	struct slice		secret;
};

/* --- reading ---------------------------------------------------------- */

static void
read_activation(struct json_in *in, struct tpm2 *t)
{
	bool present;
	struct json_in inner = json_in_member(in, "activation", JSON_OPTIONAL,
	    &present);

	if (failed(in->err) || !present)
		return;
	t->token = json_get_text(&inner, "token", JSON_REQUIRED,
	    TPM2_TOKEN_MAX);
	t->secret = json_get_bytes(&inner, "secret", JSON_REQUIRED,
	    TPM_DIGEST_MAX);
	in->err = json_in_done(&inner);
}

static struct err
read_tpm2(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct tpm2 *t = ARENA_NEW(cx->arena, struct tpm2);

	ek_read(in, &t->ek);
	ak_read(in, JSON_REQUIRED, &t->ak);
	tpm2_quoted_read(in, &t->quoted);
	read_activation(in, t);
	TRY(json_in_done(in));
	*out_value = t;
	return OK;
}

/* --- verifying -------------------------------------------------------- */

void
tpm2_hardware_id(const uint8_t spki_sha256[static 32],
    char out[static HARDWARE_ID_MAX])
{
	const size_t n = sizeof(EK_SCHEME) - 1;

	memcpy(out, EK_SCHEME, n);
	text_hex_into(SLICE(spki_sha256, 32), out + n);
}

/* Of what is sent with a certificate, that proves the key and nothing else: with
 * other attributes the same key would have other names. */
static void
certified_ak_id(struct ctx *cx, X509 *x, char out[static HARDWARE_ID_MAX])
{
	const size_t n = sizeof(AK_CERT_SCHEME) - 1;
	uint8_t sha256[crypto_hash_sha256_BYTES];
	struct tpm_public key;
	struct slice spki;

	if (failed(tpm_key_from_cert(cx, x, &key)) ||
	    failed(tpm_key_spki(cx, &key, &spki))) {
		ctx_forget(cx);
		return;
	}
	crypto_hash_sha256(sha256, spki.p, spki.n);
	memcpy(out, AK_CERT_SCHEME, n);
	text_hex_into(SLICE_OF(sha256), out + n);
}

void
tpm2_ak_hardware_id(struct ctx *cx, const struct ak_shown *ak,
    char out[static HARDWARE_ID_MAX])
{
	const size_t n = sizeof(AK_SCHEME) - 1;

	out[0] = '\0';
	if (ak->n_chain > 0) {
		certified_ak_id(cx, ak->chain[0], out);
	} else if (ak->name.n == AK_NAME_SIZE) {
		memcpy(out, AK_SCHEME, n);
		text_hex_into(ak->name, out + n);
	}
}

void
tpm2_claim_ek(struct claims *claims, const struct ek *ek)
{
	claims_add_bool(claims, "ek_certified", ek->certified);
	if (ek->manufacturer[0] != '\0')
		claims_add_text(claims, "tpm_manufacturer", ek->manufacturer);
	if (ek->model != NULL)
		claims_add_text(claims, "tpm_model", ek->model);
	if (ek->version != NULL)
		claims_add_text(claims, "tpm_version", ek->version);
}

static struct err
verify_ek(struct ctx *cx, const struct tpm2 *t, const struct appraisal *a,
    struct ek *out)
{
	return t->ek.shown ? ek_verify(cx, &t->ek, a->trust, a->at_s,
	    a->known_eks, a->n_known_eks, out) : OK;
}

static struct err
verify_ak(struct ctx *cx, const struct tpm2 *t, const struct appraisal *a,
    struct ak *out)
{
	return ak_verify(cx, &t->ak, a, t->ek.shown ? &t->ek : NULL, out);
}

static struct err
verify_signed(struct ctx *cx, const struct tpm2 *t,
    const struct appraisal *a, struct claims *claims)
{
	const struct ak shown = { .key = t->ak.public };

	TRY(tpm_key_check_ak(cx, &t->ak.public,
	    (a->trust->allow & TRUST_ALLOW_SHA1) != 0));
	return tpm2_quoted_verify(cx, format_tpm2.name, &t->quoted, &shown, a,
	    claims);
}

/*
 * In a live appraisal: who has the AK, whether it is in the EK's TPM, and only
 * then what is believed of that EK.  EK certificates are public, and which
 * anchors and inventory hold for one says whether somebody has claimed it.
 * Recorded evidence is judged from the trust anchor down.
 */
static struct err
verify_parts(struct ctx *cx, const struct tpm2 *t, const struct appraisal *a,
    struct claims *claims, struct ek *out_ek, struct ak *out_ak)
{
	if (!a->raw) {
		TRY(verify_signed(cx, t, a, claims));
		TRY(verify_ak(cx, t, a, out_ak));
		return verify_ek(cx, t, a, out_ek);
	}
	TRY(verify_ek(cx, t, a, out_ek));
	TRY(verify_ak(cx, t, a, out_ak));
	return verify_signed(cx, t, a, claims);
}

static struct err
verify_tpm2(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	const struct tpm2 *t = value;
	struct attestation result = { .claims = claims_in(cx->arena) };
	struct ek ek;
	struct ak ak;

	TRY(verify_parts(cx, t, a, &result.claims, &ek, &ak));
	TRY(tpm2_quoted_registers(cx, &t->quoted, &result.claims));
	claims_add_bytes(&result.claims, "ak_name", ak.name);
	/* An EK that merely came along says nothing of this AK's TPM. */
	if (ak.in_tpm_of_ek) {
		tpm2_hardware_id(ek.spki_sha256, result.hardware_id);
		tpm2_claim_ek(&result.claims, &ek);
	} else if (!t->ek.shown) {
		tpm2_ak_hardware_id(cx, &t->ak, result.hardware_id);
	}
	*out = result;
	return OK;
}

static void
identify_tpm2(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct tpm2 *t = value;

	out_hardware_id[0] = '\0';
	if (t->ek.has_key)
		tpm2_hardware_id(t->ek.spki_sha256, out_hardware_id);
	else if (!t->ek.shown)
		tpm2_ak_hardware_id(cx, &t->ak, out_hardware_id);
	*out_ak_name = t->ak.name;
}

const struct attest_format format_tpm2 = {
	.name = "tpm2", .read = read_tpm2, .verify = verify_tpm2,
	.identify = identify_tpm2,
};

bool
tpm2_activation(const struct evidence *evidence, const char **out_token,
    struct slice *out_secret)
{
	const struct tpm2 *t = evidence->value;

	if (evidence->format != &format_tpm2 || t->token == NULL)
		return false;
	*out_token = t->token;
	*out_secret = t->secret;
	return true;
}

struct slice
tpm2_key_spki(struct ctx *cx, const struct evidence *evidence)
{
	const struct tpm2 *t = evidence->value;

	(void)cx;
	if (evidence->format == &format_tpm2_key)
		return tpm2_key_attested(evidence->value);
	if (evidence->format == &format_azure_cvm)
		return azure_cvm_attested(evidence->value);
	if (evidence->format == &format_tpm2 && t->quoted.key.present)
		return t->quoted.key.spki;
	return SLICE_NONE;
}
