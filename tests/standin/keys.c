/* SPDX-License-Identifier: Apache-2.0 */
/* Devices with a key that nobody certified: a raw P-256 key; OP-TEE. */
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"
#include "pki/ossl.h"
#include "tests/make_psa.h"
#include "tests/make_tpm.h"
#include "tests/standin/standin.h"

#define OPTEE_BITS	3072
#define SALT		32
#define MEASURED	0x42	/* each byte of OP-TEE's measurement */
#define MEASURED_OLD	0x41

AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);

/* What is measured of the device, as it says itself. */
static const char *
statement_of(const struct standin *s)
{
	return s->old ? "{\"boot\":\"2.0\",\"os\":\"6.9\"}" :
	    "{\"boot\":\"2.0\",\"os\":\"7.1\"}";
}

static const char *
sign_raw(struct standin *s, EVP_PKEY *key, struct slice message)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	AUTO(ECDSA_SIG) sig = NULL;
	uint8_t der[80], raw[64];
	const uint8_t *p = der;
	size_t n = sizeof(der);

	ASSERT(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(md, der, &n, message.p, message.n) == 1);
	sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	ASSERT(sig != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) == 32 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) == 32);
	return text_hex(s->cx->arena, SLICE_OF(raw));
}

json_t *
standin_key(struct standin *s)
{
	EVP_PKEY *key = make_p256(s->cx);
	struct slice point = make_point(s->cx, key);
	const char *statement = statement_of(s);
	struct buf b = buf_in(s->cx->arena, 4096);

	put_bytes(&b, standin_binding(s, "key", 32));
	put_text(&b, statement);
	return json_pack("{s:s, s:s, s:s, s:s}", "format", "key",
	    "public_key", text_hex(s->cx->arena, SLICE(point.p + 1, 64)),
	    "statement", base64url(s->cx->arena, slice_text(statement)),
	    "signature", sign_raw(s, key, buf_slice(&b)));
}

/* RSA keys cannot be drawn from a seed: this one is in a file. */
static EVP_PKEY *
optee_key(struct standin *s)
{
	const char *path = arena_printf(s->cx->arena, "%s/optee.key",
	    s->folder);
	AUTO(BIO) bio = BIO_new_file(path, s->first ? "w" : "r");
	EVP_PKEY *key;

	if (bio == NULL)
		standin_die("optee.key cannot be opened");
	if (!s->first) {
		key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
		ASSERT(key != NULL);
		return key;
	}
	key = EVP_RSA_gen(OPTEE_BITS);
	ASSERT(key != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL,
	    0, NULL, NULL) == 1);
	return key;
}

static struct slice
sign_pss(struct standin *s, EVP_PKEY *key, struct slice message)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint8_t *sig = arena_alloc(s->cx->arena, OPTEE_BITS / 8);
	size_t n = OPTEE_BITS / 8;
	EVP_PKEY_CTX *ctx;

	ASSERT(EVP_DigestSignInit(md, &ctx, EVP_sha256(), NULL, key) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, SALT) == 1 &&
	    EVP_DigestSign(md, sig, &n, message.p, message.n) == 1);
	return SLICE(sig, n);
}

json_t *
standin_optee(struct standin *s)
{
	AUTO(EVP_PKEY) key = optee_key(s);
	struct slice spki = make_spki(s->cx, key);
	struct buf message = buf_in(s->cx->arena, 64);
	struct buf report = buf_in(s->cx->arena, 1024);
	uint8_t measured[32];

	memset(measured, s->old ? MEASURED_OLD : MEASURED, sizeof(measured));
	standin_pem(s, "key.pem", "PUBLIC KEY", &spki, 1);
	put_bytes(&message, standin_binding(s, "optee", 32));
	put_bytes(&message, SLICE_OF(measured));
	put_bytes(&report, SLICE_OF(measured));
	put_bytes(&report, sign_pss(s, key, buf_slice(&message)));
	ASSERT(!report.bad);
	return json_pack("{s:s, s:s, s:s}", "format", "optee",
	    "report", base64url(s->cx->arena, buf_slice(&report)),
	    "public_key", base64url(s->cx->arena, spki));
}
