/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/make_psa.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include "tests/make_tpm.h"

#define TOKEN_MAX	16384u

AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);

/* --- values --------------------------------------------------------------- */

struct slice
make_int(struct ctx *cx, int64_t n)
{
	struct buf b = buf_in(cx->arena, 9);

	cbor_put_int(&b, n);
	return buf_slice(&b);
}

struct slice
make_bstr(struct ctx *cx, struct slice s)
{
	struct buf b = buf_in(cx->arena, s.n + 9);

	cbor_put_bytes(&b, s);
	return buf_slice(&b);
}

struct slice
make_bytes(struct ctx *cx, size_t n, uint8_t fill)
{
	uint8_t *p = arena_alloc(cx->arena, n);

	memset(p, fill, n);
	return make_bstr(cx, SLICE(p, n));
}

struct slice
make_text(struct ctx *cx, const char *text)
{
	struct buf b = buf_in(cx->arena, strlen(text) + 9);

	cbor_put_text(&b, text);
	return buf_slice(&b);
}

struct slice
make_array(struct ctx *cx, const struct slice *items, size_t n)
{
	struct buf b = buf_in(cx->arena, TOKEN_MAX);

	cbor_put_head(&b, CBOR_ARRAY, n);
	for (size_t i = 0; i < n; i++)
		put_bytes(&b, items[i]);
	return buf_slice(&b);
}

struct slice
make_component(struct ctx *cx, struct slice type, struct slice measurement,
    struct slice signer)
{
	struct buf b = buf_in(cx->arena, TOKEN_MAX);
	const struct { int64_t key; struct slice value; } members[] = {
		{ 1, type }, { 2, measurement }, { 5, signer },
	};
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(members); i++)
		n += members[i].value.n > 0;
	cbor_put_head(&b, CBOR_MAP, n);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		if (members[i].value.n == 0)
			continue;
		cbor_put_int(&b, members[i].key);
		put_bytes(&b, members[i].value);
	}
	return buf_slice(&b);
}

struct slice
make_point(struct ctx *cx, EVP_PKEY *key)
{
	uint8_t *p = arena_alloc(cx->arena, 256);
	size_t n;

	ASSERT(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
	    p, 256, &n) == 1);
	return SLICE(p, n);
}

struct slice
make_cose_key(struct ctx *cx, EVP_PKEY *key, bool private)
{
	struct buf b = buf_in(cx->arena, 512);
	struct slice point = make_point(cx, key);
	size_t size = point.n / 2;

	cbor_put_head(&b, CBOR_MAP, private ? 5 : 4);
	cbor_put_int(&b, 1);
	cbor_put_int(&b, 2);
	cbor_put_int(&b, -1);
	cbor_put_int(&b, size == 32 ? 1 : size == 48 ? 2 : 3);
	cbor_put_int(&b, -2);
	cbor_put_bytes(&b, SLICE(point.p + 1, size));
	cbor_put_int(&b, -3);
	cbor_put_bytes(&b, SLICE(point.p + 1 + size, size));
	if (private) {
		cbor_put_int(&b, -4);
		cbor_put_bytes(&b, SLICE(point.p + 1, size));
	}
	return buf_slice(&b);
}

/* --- tokens --------------------------------------------------------------- */

void
make_claim(struct make_token *t, int64_t key, struct slice value)
{
	size_t i = 0;

	while (i < t->n_claims && t->claims[i].key != key)
		i++;
	ASSERT(i < MAKE_CLAIMS_MAX);
	t->claims[i].key = key;
	t->claims[i].value = value;
	if (i == t->n_claims)
		t->n_claims++;
}

void
make_no_claim(struct make_token *t, int64_t key)
{
	for (size_t i = 0; i < t->n_claims; i++)
		if (t->claims[i].key == key)
			t->claims[i] = t->claims[--t->n_claims];
}

struct slice
make_payload(struct ctx *cx, const struct make_token *t)
{
	struct buf b = buf_in(cx->arena, TOKEN_MAX);

	cbor_put_head(&b, CBOR_MAP, t->n_claims);
	for (size_t i = 0; i < t->n_claims; i++) {
		cbor_put_int(&b, t->claims[i].key);
		put_bytes(&b, t->claims[i].value);
	}
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* r || s, each of the curve's size. */
static struct slice
raw_of(struct ctx *cx, const struct make_token *t, const uint8_t *der,
    size_t n)
{
	AUTO(ECDSA_SIG) sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	int size = (EVP_PKEY_get_bits(t->key) + 7) / 8 + t->wide_signature;
	uint8_t *raw = arena_alloc(cx->arena, 2 * (size_t)size);

	ASSERT(sig != NULL);
	ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, size) == size);
	ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + size, size) == size);
	return SLICE(raw, 2 * (size_t)size);
}

static struct slice
sign(struct ctx *cx, const struct make_token *t, struct slice message)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	bool ec = EVP_PKEY_is_a(t->key, "EC");
	const EVP_MD *hash = !ec ? NULL : t->alg == -35 ? EVP_sha384() :
	    t->alg == -36 ? EVP_sha512() : EVP_sha256();
	uint8_t *sig = arena_alloc(cx->arena, 256);
	size_t n = 256;

	ASSERT(EVP_DigestSignInit(md, NULL, hash, NULL, t->key) == 1);
	ASSERT(EVP_DigestSign(md, sig, &n, message.p, message.n) == 1);
	return ec && !t->der_signature ? raw_of(cx, t, sig, n) :
	    SLICE(sig, n);
}

static struct slice
protected_of(struct ctx *cx, const struct make_token *t)
{
	struct buf b = buf_in(cx->arena, 32);

	if (t->protected.p != NULL)
		return t->protected;
	cbor_put_head(&b, CBOR_MAP, 1);
	cbor_put_int(&b, 1);
	cbor_put_int(&b, t->alg);
	return buf_slice(&b);
}

struct slice
make_token(struct ctx *cx, const struct make_token *t)
{
	struct slice protected = protected_of(cx, t);
	struct slice payload = t->payload.p != NULL ? t->payload :
	    make_payload(cx, t);
	struct buf tbs = buf_in(cx->arena, TOKEN_MAX);
	struct buf b = buf_in(cx->arena, TOKEN_MAX);

	cbor_put_head(&tbs, CBOR_ARRAY, 4);
	cbor_put_text(&tbs, t->context != NULL ? t->context : "Signature1");
	cbor_put_bytes(&tbs, protected);
	cbor_put_bytes(&tbs, SLICE_NONE);
	cbor_put_bytes(&tbs, payload);
	if (t->tag != 0)
		cbor_put_head(&b, CBOR_TAG, t->tag);
	cbor_put_head(&b, CBOR_ARRAY, 4);
	cbor_put_bytes(&b, protected);
	if (t->unprotected.p != NULL)
		put_bytes(&b, t->unprotected);
	else
		cbor_put_head(&b, CBOR_MAP, 0);
	if (t->detached)
		put_u8(&b, 0xf6);
	else
		cbor_put_bytes(&b, payload);
	cbor_put_bytes(&b, sign(cx, t, buf_slice(&tbs)));
	ASSERT(!b.bad && !tbs.bad);
	return buf_slice(&b);
}

/* --- good ones ------------------------------------------------------------ */

static struct slice
instance(struct ctx *cx)
{
	uint8_t id[33];

	memset(id, 0x77, sizeof(id));
	id[0] = 1;
	return make_bstr(cx, SLICE_OF(id));
}

static struct slice
components(struct ctx *cx)
{
	struct slice two[2];

	two[0] = make_component(cx, make_text(cx, "BL"), make_bytes(cx, 32, 1),
	    make_bytes(cx, 32, 2));
	two[1] = make_component(cx, SLICE_NONE, make_bytes(cx, 48, 3),
	    make_bytes(cx, 64, 4));
	return make_array(cx, two, 2);
}

void
make_psa(struct ctx *cx, struct make_token *t)
{
	*t = (struct make_token){ .key = make_p256(cx), .alg = -7,
	    .tag = COSE_TAG_SIGN1 };
	make_claim(t, 10, make_bytes(cx, 32, 0x5a));
	make_claim(t, 256, instance(cx));
	make_claim(t, 265, make_text(cx,
	    "tag:psacertified.org,2023:psa#tfm"));
	make_claim(t, 2394, make_int(cx, 7));
	make_claim(t, 2395, make_int(cx, 0x3001));
	make_claim(t, 2396, make_bytes(cx, 32, 0x11));
	make_claim(t, 2397, make_bytes(cx, 8, 0x22));
	make_claim(t, 2398, make_text(cx, "1234567890123-12345"));
	make_claim(t, 2399, components(cx));
	make_claim(t, 2400, make_text(cx, "https://verifier.example"));
}

void
make_psa_old(struct ctx *cx, struct make_token *t)
{
	*t = (struct make_token){ .key = make_p256(cx), .alg = -7,
	    .tag = COSE_TAG_SIGN1 };
	make_claim(t, -75000, make_text(cx, "PSA_IOT_PROFILE_1"));
	make_claim(t, -75001, make_int(cx, -3));
	make_claim(t, -75002, make_int(cx, 0x3000));
	make_claim(t, -75003, make_bytes(cx, 32, 0x11));
	make_claim(t, -75004, make_bytes(cx, 32, 0x22));
	make_claim(t, -75005, make_text(cx, "1234567890123"));
	make_claim(t, -75006, components(cx));
	make_claim(t, -75008, make_bytes(cx, 32, 0x5a));
	make_claim(t, -75009, instance(cx));
}

void
make_cca(struct ctx *cx, struct make_token *platform,
    struct make_token *realm)
{
	struct slice rems[4];

	*platform = (struct make_token){ .key = make_curve(cx, "P-384"),
	    .alg = -35, .tag = COSE_TAG_SIGN1 };
	*realm = *platform;
	realm->key = make_curve(cx, "P-384");
	make_claim(platform, 256, instance(cx));
	make_claim(platform, 265, make_text(cx,
	    "tag:arm.com,2023:cca_platform#1.0.0"));
	make_claim(platform, 2395, make_int(cx, 0x3000));
	make_claim(platform, 2396, make_bytes(cx, 32, 0x11));
	make_claim(platform, 2399, components(cx));
	make_claim(platform, 2401, make_bytes(cx, 4, 0xcf));
	make_claim(platform, 2402, make_text(cx, "sha-256"));
	for (size_t i = 0; i < COUNT_OF(rems); i++)
		rems[i] = make_bytes(cx, 32, (uint8_t)i);
	make_claim(realm, 10, make_bytes(cx, 64, 0x5a));
	make_claim(realm, 265, make_text(cx, "tag:arm.com,2023:realm#1.0.0"));
	make_claim(realm, 44235, make_bytes(cx, 64, 0x33));
	make_claim(realm, 44236, make_text(cx, "sha-256"));
	make_claim(realm, 44237, make_bstr(cx, make_cose_key(cx, realm->key,
	    false)));
	make_claim(realm, 44238, make_bytes(cx, 32, 0x44));
	make_claim(realm, 44239, make_array(cx, rems, COUNT_OF(rems)));
	make_claim(realm, 44240, make_text(cx, "sha-256"));
	make_bind_realm(cx, platform, realm);
}

void
make_bind_realm(struct ctx *cx, struct make_token *platform,
    const struct make_token *realm)
{
	uint8_t hash[32];

	for (size_t i = 0; i < realm->n_claims; i++) {
		struct cbor value;

		if (realm->claims[i].key != 44237)
			continue;
		ASSERT(!failed(cbor_parse(cx, realm->claims[i].value, 0,
		    &value)));
		ASSERT(EVP_Digest(value.string.p, value.string.n, hash, NULL,
		    EVP_sha256(), NULL) == 1);
		make_claim(platform, 10, make_bstr(cx, SLICE_OF(hash)));
	}
}

struct slice
make_collection(struct ctx *cx, uint64_t tag, struct slice platform,
    struct slice realm)
{
	struct buf b = buf_in(cx->arena, TOKEN_MAX);
	const struct { int64_t key; struct slice token; } both[] = {
		{ 44234, platform }, { 44241, realm },
	};

	cbor_put_head(&b, CBOR_TAG, tag);
	cbor_put_head(&b, CBOR_MAP, 2);
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		cbor_put_int(&b, both[i].key);
		if (tag == CCA_CMW_TAG) {
			cbor_put_head(&b, CBOR_ARRAY, 2);
			cbor_put_int(&b, 263);
		}
		cbor_put_bytes(&b, both[i].token);
	}
	ASSERT(!b.bad);
	return buf_slice(&b);
}
