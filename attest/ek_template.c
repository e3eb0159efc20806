/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/ek.h"

#include "base/text.h"

#define EK_L		0x000300b2u	/* attributes of the low range */
#define EK_H		0x000300f2u	/* and of the high range */

/* TCG EK Credential Profile 2.5, B.3 and B.4.  SM2 (H-5) is not taken. */
static const struct template {
	const char	*name;
	uint16_t	 type, bits, curve;
	uint16_t	 name_alg;
	uint32_t	 attributes;
	uint16_t	 aes_bits;
	const char	*policy;	/* PolicySecret of the hierarchies */
} templates[] = {
	{ "L-1", TPM_RSA, 2048, 0, TPM_SHA256, EK_L, 128,
	    "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa" },
	{ "L-2", TPM_ECC, 0, TPM_P256, TPM_SHA256, EK_L, 128,
	    "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa" },
	{ "H-1", TPM_RSA, 2048, 0, TPM_SHA256, EK_H, 128,
	    "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0" },
	{ "H-2", TPM_ECC, 0, TPM_P256, TPM_SHA256, EK_H, 128,
	    "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0" },
	{ "H-3", TPM_ECC, 0, TPM_P384, TPM_SHA384, EK_H, 256,
	    "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4"
	    "cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12" },
	{ "H-4", TPM_ECC, 0, TPM_P521, TPM_SHA512, EK_H, 256,
	    "b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a4"
	    "29c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea" },
	{ "H-6", TPM_RSA, 3072, 0, TPM_SHA384, EK_H, 256,
	    "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4"
	    "cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12" },
	{ "H-7", TPM_RSA, 4096, 0, TPM_SHA384, EK_H, 256,
	    "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4"
	    "cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12" },
};

static bool
fits(const struct template *t, const struct tpm_public *key, const char *name)
{
	return (name == NULL || strcmp(t->name, name) == 0) &&
	    t->type == key->type && t->bits == key->rsa_bits &&
	    t->curve == key->curve;
}

static void
put_number(struct buf *b, struct slice n, size_t size)
{
	static const uint8_t zeros[TPM_ECC_MAX];

	ASSERT(n.n <= size);
	put_be16(b, (uint16_t)size);
	put_bytes(b, SLICE(zeros, size - n.n));
	put_bytes(b, n);
}

static void
put_template(struct buf *b, const struct template *t,
    const struct tpm_public *key, struct slice policy)
{
	put_be16(b, t->type);
	put_be16(b, t->name_alg);
	put_be32(b, t->attributes);
	put_be16_bytes(b, policy);
	put_be16(b, TPM_AES);
	put_be16(b, t->aes_bits);
	put_be16(b, TPM_CFB);
	put_be16(b, TPM_NULL);
	if (t->type == TPM_RSA) {
		put_be16(b, t->bits);
		put_be32(b, 0);		/* 65537 */
		put_be16_bytes(b, key->rsa_n);
		return;
	}
	put_be16(b, t->curve);
	put_be16(b, TPM_NULL);
	put_number(b, key->x, tpm_curve_size(t->curve));
	put_number(b, key->y, tpm_curve_size(t->curve));
}

struct err
ek_template(struct ctx *cx, const struct tpm_public *key, const char *name,
    struct tpm_public *out)
{
	struct buf b = buf_in(cx->arena, TPM_PUBLIC_MAX);

	for (size_t i = 0; i < COUNT_OF(templates); i++) {
		const struct template *t = &templates[i];
		struct slice policy;

		if (!fits(t, key, name))
			continue;
		ASSERT(text_unhex_any(cx->arena, t->policy, TPM_DIGEST_MAX,
		    &policy));
		put_template(&b, t, key, policy);
		ASSERT(!b.bad);
		return tpm_public_parse(cx, buf_slice(&b), out);
	}
	return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
	    "no endorsement key template for that key");
}
