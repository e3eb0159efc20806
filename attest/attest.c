/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/attest.h"

#include "attest/formats.h"
#include "base/base.h"
#include "base/text.h"
#include "pki/ossl.h"

#define BINDING_TAG	"daapki-bind-1"
#define SHA256_SIZE	32u
#define SHA512_SIZE	64u

static const struct attest_format *const formats[] = {
	&format_android_key,
	&format_azure_cvm,
	&format_dice,
	&format_idevid,
	&format_key,
	&format_openenclave,
	&format_optee,
	&format_psa,
	&format_sgx,
	&format_snp,
	&format_tdx,
	&format_tpm2,
	&format_tpm2_ek,
	&format_tpm2_key,
	&format_webauthn,
};

const struct attest_format *
attest_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

const struct attest_format *const *
attest_formats(size_t *out_n)
{
	*out_n = COUNT_OF(formats);
	return formats;
}

struct err
evidence_read(struct ctx *cx, const json_t *document, const char *pointer,
    struct evidence *out)
{
	struct json_in in = json_in(cx, document, pointer);
	struct evidence evidence;
	const char *name;
	void *value;

	in.code = ERR_EV_MALFORMED;
	if (failed(in.err))
		return FAIL_AT(cx, ERR_EV_MALFORMED, pointer,
		    "must be an object");
	name = json_get_name(&in, "format", JSON_REQUIRED);
	if (failed(in.err))
		return in.err;
	evidence.format = attest_find(name);
	if (evidence.format == NULL)
		return FAIL_AT(cx, ERR_EV_UNSUPPORTED,
		    json_pointer(cx, pointer, "format"),
		    "no such format here: %s", name);
	TRY(evidence.format->read(cx, &in, &value));
	evidence.value = value;
	*out = evidence;
	return OK;
}

/* The words of the failure so far, in the arena. */
static const char *
why(struct ctx *cx)
{
	return arena_strdup(cx->arena, cx->trail->note);
}

struct err
evidence_verify(struct ctx *cx, const struct evidence *evidence,
    const struct appraisal *appraisal, struct attestation *out)
{
	struct attestation result;
	struct err e;

	if (!appraisal->raw && appraisal->spki.n == 0)
		return FAIL(cx, ERR_EV_KEY_NOT_BOUND, "no key to be certified");
	e = evidence->format->verify(cx, evidence->value, appraisal, &result);
	/* Recorded evidence has one reason for all that leads to no trust. */
	if (e.code == ERR_HW_UNKNOWN && appraisal->raw)
		return FAIL_TELL(cx, ERR_EV_CHAIN, "%s", why(cx));
	TRY(e);
	result.format = evidence->format->name;
	claims_add_text(&result.claims, "format", result.format);
	if (result.status != NULL)
		claims_add_text(&result.claims, "status", result.status);
	*out = result;
	return OK;
}

void
evidence_identify(struct ctx *cx, const struct evidence *evidence,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	evidence->format->identify(cx, evidence->value, out_hardware_id,
	    out_ak_name);
}

void
attest_binding(const char *format, struct slice nonce, struct slice spki,
    uint8_t *out, size_t out_n)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	const EVP_MD *hash = out_n == SHA512_SIZE ? ossl_sha512() :
	    ossl_sha256();
	uint8_t key[SHA256_SIZE];

	ASSERT(md != NULL && (out_n == SHA256_SIZE || out_n == SHA512_SIZE));
	ASSERT(EVP_Digest(spki.p, spki.n, key, NULL, ossl_sha256(), NULL) == 1);
	/* The tag and the format's name go with their NULs. */
	ASSERT(EVP_DigestInit_ex(md, hash, NULL) == 1 &&
	    EVP_DigestUpdate(md, BINDING_TAG, sizeof(BINDING_TAG)) == 1 &&
	    EVP_DigestUpdate(md, format, strlen(format) + 1) == 1 &&
	    EVP_DigestUpdate(md, nonce.p, nonce.n) == 1 &&
	    EVP_DigestUpdate(md, key, sizeof(key)) == 1 &&
	    EVP_DigestFinal_ex(md, out, NULL) == 1);
	EVP_MD_CTX_free(md);
}

void
attest_device_id(const char *hardware_id, char out[static DEVICE_ID_SIZE])
{
	uint8_t hash[SHA256_SIZE];

	ASSERT(EVP_Digest(hardware_id, strlen(hardware_id), hash, NULL,
	    ossl_sha256(), NULL) == 1);
	text_hex_into(SLICE_OF(hash), out);
}
