/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/make_credential.h"

#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <sodium.h>

AUTO_DEFINE(EC_GROUP, EC_GROUP_free);
AUTO_DEFINE(EC_POINT, EC_POINT_free);

#define KDF_LABEL_MAX	16u
#define SCALAR_TRIES	128	/* each fails with less than 1 in 2 */

static const char label_identity[] = "IDENTITY";
static const char label_storage[] = "STORAGE";
static const char label_integrity[] = "INTEGRITY";

static struct slice
hmac(struct ctx *cx, uint16_t hash, struct slice key, struct slice data)
{
	uint8_t *mac = arena_alloc(cx->arena, EVP_MAX_MD_SIZE);
	unsigned n = 0;

	ASSERT(HMAC(tpm_key_md(hash), key.p, (int)key.n, data.p, data.n, mac,
	    &n) != NULL);
	return SLICE(mac, n);
}

static struct buf
kdf_input(struct ctx *cx)
{
	return buf_in(cx->arena, 1024);
}

struct slice
make_credential_kdfa(struct ctx *cx, uint16_t hash, struct slice key,
    const char *label, struct slice u, struct slice v, size_t n)
{
	struct buf out = buf_in(cx->arena, n + TPM_DIGEST_MAX);

	for (uint32_t i = 1; out.n < n; i++) {
		struct buf in = kdf_input(cx);
		struct slice block;

		put_be32(&in, i);
		put_text(&in, label);
		put_u8(&in, 0);
		put_bytes(&in, u);
		put_bytes(&in, v);
		put_be32(&in, (uint32_t)(8 * n));
		ASSERT(!in.bad);
		block = hmac(cx, hash, key, buf_slice(&in));
		put_bytes(&out, block);
	}
	return SLICE(out.p, n);
}

struct slice
make_credential_kdfe(struct ctx *cx, uint16_t hash, struct slice z,
    const char *label, struct slice u, struct slice v, size_t n)
{
	struct buf out = buf_in(cx->arena, n + TPM_DIGEST_MAX);

	for (uint32_t i = 1; out.n < n; i++) {
		struct buf in = kdf_input(cx);
		struct slice all;

		put_be32(&in, i);
		put_bytes(&in, z);
		put_text(&in, label);
		put_u8(&in, 0);
		put_bytes(&in, u);
		put_bytes(&in, v);
		ASSERT(!in.bad);
		all = buf_slice(&in);
		put_bytes(&out, tpm_key_hash(cx, hash, &all, 1));
	}
	return SLICE(out.p, n);
}

/* --- the seed: RSA (Part 1, B.10.4) ----------------------------------- */

static struct err
oaep(struct ctx *cx, const struct tpm_public *ek, struct slice seed,
    struct slice *out)
{
	AUTO(EVP_PKEY) pkey = NULL;
	AUTO(EVP_PKEY_CTX) pctx = NULL;
	const EVP_MD *md = tpm_key_md(ek->name_alg);
	uint8_t *sealed = arena_alloc(cx->arena, TPM_RSA_MAX);
	size_t n = TPM_RSA_MAX;
	struct slice spki;
	const uint8_t *p;
	void *label;

	TRY(tpm_key_spki(cx, ek, &spki));
	p = spki.p;
	pkey = d2i_PUBKEY(NULL, &p, (long)spki.n);
	/* mutate: not reachable: what tpm_key_spki() makes can be read. */
	if (pkey == NULL)
		return OSSL_FAIL(cx, ERR_EV_PROPERTY, "endorsement key");
	/* The label has its NUL; OpenSSL takes it over. */
	label = OPENSSL_memdup(label_identity, sizeof(label_identity));
	pctx = EVP_PKEY_CTX_new(pkey, NULL);
	ASSERT(label != NULL && pctx != NULL);
	if (EVP_PKEY_encrypt_init(pctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(pctx, md) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, md) != 1 ||
	    EVP_PKEY_CTX_set0_rsa_oaep_label(pctx, label,
	    sizeof(label_identity)) != 1) {
		OPENSSL_free(label);
		/* mutate: not reachable: OAEP takes every hash of a name. */
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED, "OAEP");
	}
	if (EVP_PKEY_encrypt(pctx, sealed, &n, seed.p, seed.n) != 1)
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED, "OAEP");
	*out = SLICE(sealed, n);
	return OK;
}

static struct err
seed_rsa(struct ctx *cx, const struct tpm_public *ek,
    const struct credential_choice *choice, struct credential_steps *s)
{
	struct buf b = buf_in(cx->arena, CREDENTIAL_SECRET_MAX);
	size_t n = tpm_digest_size(ek->name_alg);
	struct slice sealed;

	s->seed = choice->seed;
	if (s->seed.n == 0) {
		uint8_t *random = arena_alloc(cx->arena, n);

		ctx_random(cx, random, n);
		s->seed = SLICE(random, n);
	}
	TRY(oaep(cx, ek, s->seed, &sealed));
	put_be16_bytes(&b, sealed);
	s->encrypted_secret = buf_slice(&b);
	return OK;
}

/* --- the seed: ECC (Part 1, C.6.3) ------------------------------------ */

static EC_GROUP *
group_of(uint16_t curve)
{
	static const struct { uint16_t curve; int nid; } nids[] = {
		{ TPM_P256, NID_X9_62_prime256v1 },
		{ TPM_P384, NID_secp384r1 }, { TPM_P521, NID_secp521r1 },
	};

	for (size_t i = 0; i < COUNT_OF(nids); i++)
		if (nids[i].curve == curve)
			return EC_GROUP_new_by_curve_name(nids[i].nid);
	return NULL;
}

/* 1 to n - 1, evenly: bits beyond the order's are cut, the rest rejected. */
static struct err
choose_scalar(struct ctx *cx, const EC_GROUP *group, struct slice given,
    BIGNUM *d)
{
	const BIGNUM *order = EC_GROUP_get0_order(group);
	uint8_t random[TPM_ECC_MAX];
	size_t n = (size_t)BN_num_bytes(order);
	int extra = (int)(8 * n) - BN_num_bits(order);

	for (int i = 0; i < SCALAR_TRIES; i++) {
		if (given.n != 0) {
			ASSERT(BN_bin2bn(given.p, (int)given.n, d) != NULL);
		} else {
			ctx_random(cx, random, n);
			random[0] &= (uint8_t)(0xffu >> extra);
			ASSERT(BN_bin2bn(random, (int)n, d) != NULL);
		}
		sodium_memzero(random, sizeof(random));
		if (!BN_is_zero(d) && BN_cmp(d, order) < 0)
			return OK;
	}
	return FAIL(cx, ERR_INTERNAL, "no ephemeral key could be chosen");
}

/* Coordinates at the curve's size: KDFe takes them padded. */
static struct err
affine(struct ctx *cx, const EC_GROUP *group, const EC_POINT *point,
    size_t size, struct slice *out_x, struct slice *out_y)
{
	AUTO(BIGNUM) x = BN_new();
	AUTO(BIGNUM) y = BN_new();
	uint8_t *bytes = arena_alloc(cx->arena, 2 * size);

	ASSERT(x != NULL && y != NULL);
	/* mutate: not reachable: no point here is at infinity. */
	if (EC_POINT_get_affine_coordinates(group, point, x, y, NULL) != 1)
		return OSSL_FAIL(cx, ERR_EV_PROPERTY,
		    "endorsement key at infinity");
	ASSERT(BN_bn2binpad(x, bytes, (int)size) == (int)size);
	ASSERT(BN_bn2binpad(y, bytes + size, (int)size) == (int)size);
	*out_x = SLICE(bytes, size);
	*out_y = SLICE(bytes + size, size);
	return OK;
}

static struct err
point_of(struct ctx *cx, const EC_GROUP *group, const struct tpm_public *ek,
    EC_POINT *point)
{
	AUTO(BIGNUM) x = BN_bin2bn(ek->x.p, (int)ek->x.n, NULL);
	AUTO(BIGNUM) y = BN_bin2bn(ek->y.p, (int)ek->y.n, NULL);

	ASSERT(x != NULL && y != NULL);
	/* Refuses what is not on the curve. */
	if (EC_POINT_set_affine_coordinates(group, point, x, y, NULL) != 1)
		return OSSL_FAIL(cx, ERR_EV_PROPERTY,
		    "endorsement key is not on its curve");
	return OK;
}

static struct err
seed_ecc(struct ctx *cx, const struct tpm_public *ek,
    const struct credential_choice *choice, struct credential_steps *s)
{
	AUTO(EC_GROUP) group = group_of(ek->curve);
	AUTO(EC_POINT) point = NULL;
	AUTO(EC_POINT) ours = NULL;
	AUTO(BIGNUM) d = BN_secure_new();
	struct buf inner = buf_in(cx->arena, CREDENTIAL_SECRET_MAX);
	struct buf outer = buf_in(cx->arena, CREDENTIAL_SECRET_MAX);
	size_t size = tpm_curve_size(ek->curve);
	struct slice ek_x, ek_y, unused;

	if (group == NULL)
		return FAIL_TELL(cx, ERR_EV_PROPERTY, "curve %04x", ek->curve);
	point = EC_POINT_new(group);
	ours = EC_POINT_new(group);
	ASSERT(point != NULL && ours != NULL && d != NULL);
	BN_set_flags(d, BN_FLG_CONSTTIME);
	TRY(point_of(cx, group, ek, point));
	/* mutate: not reachable: point_of() refuses infinity. */
	TRY(affine(cx, group, point, size, &ek_x, &ek_y));
	TRY(choose_scalar(cx, group, choice->scalar, d));
	ASSERT(EC_POINT_mul(group, ours, d, NULL, NULL, NULL) == 1);
	/* mutate: not reachable: d is from 1 to n - 1. */
	TRY(affine(cx, group, ours, size, &s->x, &s->y));
	ASSERT(EC_POINT_mul(group, point, NULL, point, d, NULL) == 1);
	/* mutate: not reachable: so it is here, and n is prime. */
	TRY(affine(cx, group, point, size, &s->z, &unused));
	s->seed = make_credential_kdfe(cx, ek->name_alg, s->z, label_identity,
	    s->x, ek_x, tpm_digest_size(ek->name_alg));
	put_be16_bytes(&inner, s->x);
	put_be16_bytes(&inner, s->y);
	put_be16_bytes(&outer, buf_slice(&inner));
	s->encrypted_secret = buf_slice(&outer);
	return OK;
}

/* --- the blob (Part 1, 24.4) ------------------------------------------ */

static struct slice
aes_cfb(struct ctx *cx, struct slice key, struct slice plain)
{
	static const uint8_t iv[16];
	AUTO(EVP_CIPHER_CTX) c = EVP_CIPHER_CTX_new();
	uint8_t *out = arena_alloc(cx->arena, plain.n);
	int n = 0;

	ASSERT(c != NULL);
	ASSERT(EVP_EncryptInit_ex(c, key.n == 16 ? EVP_aes_128_cfb128()
	    : EVP_aes_256_cfb128(), NULL, key.p, iv) == 1);
	ASSERT(EVP_EncryptUpdate(c, out, &n, plain.p, (int)plain.n) == 1);
	ASSERT((size_t)n == plain.n);
	return SLICE(out, plain.n);
}

static void
wrap(struct ctx *cx, const struct tpm_public *ek, struct slice ak_name,
    struct slice secret, struct credential_steps *s)
{
	struct buf identity = buf_in(cx->arena, 2 + TPM_DIGEST_MAX);
	struct buf covered = buf_in(cx->arena, CREDENTIAL_BLOB_MAX +
	    TPM_NAME_MAX);
	struct buf inner = buf_in(cx->arena, CREDENTIAL_BLOB_MAX);
	struct buf outer = buf_in(cx->arena, CREDENTIAL_BLOB_MAX);

	s->sym_key = make_credential_kdfa(cx, ek->name_alg, s->seed,
	    label_storage, ak_name, SLICE_NONE, ek->symmetric.bits / 8u);
	s->hmac_key = make_credential_kdfa(cx, ek->name_alg, s->seed,
	    label_integrity, SLICE_NONE, SLICE_NONE,
	    tpm_digest_size(ek->name_alg));
	put_be16_bytes(&identity, secret);
	s->enc_identity = aes_cfb(cx, s->sym_key, buf_slice(&identity));
	sodium_memzero(identity.p, identity.n);
	put_bytes(&covered, s->enc_identity);
	put_bytes(&covered, ak_name);
	s->outer_hmac = hmac(cx, ek->name_alg, s->hmac_key,
	    buf_slice(&covered));
	put_be16_bytes(&inner, s->outer_hmac);
	put_bytes(&inner, s->enc_identity);
	put_be16_bytes(&outer, buf_slice(&inner));
	ASSERT(!outer.bad && !covered.bad);
	s->blob = buf_slice(&outer);
}

struct err
make_credential_steps(struct ctx *cx, const struct tpm_public *ek,
    struct slice ak_name, struct slice secret,
    const struct credential_choice *choice, struct credential_steps *out)
{
	struct credential_steps s = { .blob = SLICE_NONE };

	TRY(tpm_key_check_ek(cx, ek));
	ASSERT(secret.n > 0 && secret.n <= tpm_digest_size(ek->name_alg));
	ASSERT(ak_name.n > 2 && ak_name.n <= TPM_NAME_MAX);
	if (ek->type == TPM_RSA)
		TRY(seed_rsa(cx, ek, choice, &s));
	else if (ek->type == TPM_ECC)
		TRY(seed_ecc(cx, ek, choice, &s));
	else
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "endorsement key of type %04x", ek->type);
	wrap(cx, ek, ak_name, secret, &s);
	*out = s;
	return OK;
}

static void
wipe(struct slice s)
{
	if (s.n > 0)
		sodium_memzero((void *)(uintptr_t)s.p, s.n);
}

struct err
make_credential(struct ctx *cx, const struct tpm_public *ek,
    struct slice ak_name, struct slice secret, struct slice *out_blob,
    struct slice *out_encrypted_secret)
{
	static const struct credential_choice free_choice;
	struct credential_steps s;

	TRY(make_credential_steps(cx, ek, ak_name, secret, &free_choice, &s));
	wipe(s.seed);
	wipe(s.sym_key);
	wipe(s.hmac_key);
	wipe(s.z);
	*out_blob = s.blob;
	*out_encrypted_secret = s.encrypted_secret;
	return OK;
}
