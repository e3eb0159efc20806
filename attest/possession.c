/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/possession.h"

#include <openssl/x509v3.h>

#include "attest/chain.h"

#define BINDING_SIZE	32u

static const struct kind {
	const char	*type, *group;
	const EVP_MD	*(*md)(void);
} kinds[] = {
	{ "EC", "prime256v1", EVP_sha256 },
	{ "EC", "secp384r1", EVP_sha384 },
	{ "EC", "secp521r1", EVP_sha512 },
	{ "RSA", NULL, EVP_sha256 },
	{ "ED25519", NULL, NULL },
};

static const struct kind *
kind_of(const EVP_PKEY *key)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		char group[64] = "";

		if (key == NULL || !EVP_PKEY_is_a(key, kinds[i].type))
			continue;
		if (kinds[i].group == NULL)
			return &kinds[i];
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL)
		    == 1 && strcmp(group, kinds[i].group) == 0)
			return &kinds[i];
	}
	return NULL;
}

static struct err
check_signature(struct ctx *cx, X509 *leaf, struct slice message,
    struct slice signature)
{
	EVP_PKEY *key = chain_key(leaf);
	const struct kind *kind = kind_of(key);
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();

	ASSERT(md != NULL);
	if (kind == NULL)
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED,
		    "a certificate's key of another kind");
	if (EVP_DigestVerifyInit(md, NULL, kind->md == NULL ? NULL :
	    kind->md(), NULL, key) != 1 || EVP_DigestVerify(md, signature.p,
	    signature.n, message.p, message.n) != 1)
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE,
		    "the certificate's key did not sign for this nonce");
	return OK;
}

struct err
possession_check(struct ctx *cx, const char *format, X509 *leaf,
    struct slice signature, const struct appraisal *a)
{
	uint8_t binding[BINDING_SIZE];
	struct slice message = a->nonce;

	if (a->nonce.n == 0 && !a->raw)
		return FAIL_TELL(cx, ERR_EV_NONCE, "no nonce");
	if (a->nonce.n == 0 && signature.n == 0)
		return OK;
	if (signature.n == 0)
		return FAIL_TELL(cx, ERR_EV_SIGNATURE,
		    "nothing shows who holds the certificate's key");
	if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "the certificate's key is not for signatures");
	if (!a->raw) {
		attest_binding(format, a->nonce, a->spki, binding,
		    sizeof(binding));
		message = SLICE_OF(binding);
	}
	return check_signature(cx, leaf, message, signature);
}
