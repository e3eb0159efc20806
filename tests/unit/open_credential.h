/* SPDX-License-Identifier: Apache-2.0 */
/* What TPM2_ActivateCredential does (Part 1, 24.5), with an EK in software. */
#ifndef DAAPKI_TESTS_OPEN_CREDENTIAL_H
#define DAAPKI_TESTS_OPEN_CREDENTIAL_H

#include "tests/unit/unit.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "attest/make_credential.h"
#include "tests/make_tpm.h"

static inline struct slice
seed_of_rsa(EVP_PKEY *key, const EVP_MD *md, struct slice sealed)
{
	AUTO(EVP_PKEY_CTX) pctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = TPM_RSA_MAX;
	uint8_t *plain = arena_alloc(cx->arena, n);

	if (EVP_PKEY_decrypt_init(pctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(pctx, md) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, md) != 1 ||
	    EVP_PKEY_CTX_set0_rsa_oaep_label(pctx,
	    OPENSSL_memdup("IDENTITY", 9), 9) != 1 ||
	    EVP_PKEY_decrypt(pctx, plain, &n, sealed.p, sealed.n) != 1)
		return SLICE_NONE;
	return SLICE(plain, n);
}

/* The shared point's x, by OpenSSL's own ECDH. */
static inline struct slice
seed_of_ecc(EVP_PKEY *key, const struct tpm_public *ek, struct slice point)
{
	size_t size = tpm_curve_size(ek->curve), n = size;
	struct reader r = reader_of(point);
	struct tpm_public peer_public = { .type = TPM_ECC, .curve = ek->curve };
	AUTO(EVP_PKEY) peer = NULL;
	AUTO(EVP_PKEY_CTX) pctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t *z = arena_alloc(cx->arena, size);
	uint8_t *x = arena_alloc(cx->arena, size);
	struct slice spki;
	const uint8_t *p;

	peer_public.x = read_be16_bytes(&r, size);
	peer_public.y = read_be16_bytes(&r, size);
	ck_assert(read_done(&r));
	ck_assert_uint_eq(peer_public.x.n, size);
	ck_ok(tpm_key_spki(cx, &peer_public, &spki));
	p = spki.p;
	peer = d2i_PUBKEY(NULL, &p, (long)spki.n);
	ck_assert_int_eq(EVP_PKEY_derive_init(pctx), 1);
	ck_assert_int_eq(EVP_PKEY_derive_set_peer(pctx, peer), 1);
	ck_assert_int_eq(EVP_PKEY_derive(pctx, z, &n), 1);
	memcpy(x + size - ek->x.n, ek->x.p, ek->x.n);
	return make_credential_kdfe(cx, ek->name_alg, SLICE(z, size),
	    "IDENTITY", peer_public.x, SLICE(x, size),
	    tpm_digest_size(ek->name_alg));
}

/* What the TPM would hand out; empty when it would refuse. */
static inline struct slice
open_credential(EVP_PKEY *key, const struct tpm_public *ek,
    struct slice ak_name, struct slice blob, struct slice encrypted)
{
	const EVP_MD *md = tpm_key_md(ek->name_alg);
	size_t n_hash = tpm_digest_size(ek->name_alg);
	struct reader r = reader_of(blob), e = reader_of(encrypted), inner;
	struct slice mac, sealed, seed, sym, hmac_key, plain;
	AUTO(EVP_CIPHER_CTX) c = EVP_CIPHER_CTX_new();
	static const uint8_t iv[16];
	struct buf covered = buf_in(cx->arena, 1024);
	uint8_t made[EVP_MAX_MD_SIZE], *text;
	int n;

	inner = reader_of(read_be16_bytes(&r, CREDENTIAL_BLOB_MAX));
	mac = read_be16_bytes(&inner, TPM_DIGEST_MAX);
	sealed = SLICE(inner.p, inner.n);
	seed = ek->type == TPM_RSA ?
	    seed_of_rsa(key, md, read_be16_bytes(&e, TPM_RSA_MAX)) :
	    seed_of_ecc(key, ek, read_be16_bytes(&e, TPM_RSA_MAX));
	ck_assert(read_done(&r) && read_done(&e) && !inner.bad);
	hmac_key = make_credential_kdfa(cx, ek->name_alg, seed, "INTEGRITY",
	    SLICE_NONE, SLICE_NONE, n_hash);
	put_bytes(&covered, sealed);
	put_bytes(&covered, ak_name);
	ck_assert_ptr_nonnull(HMAC(md, hmac_key.p, (int)hmac_key.n, covered.p,
	    covered.n, made, NULL));
	if (!slice_equal(mac, SLICE(made, n_hash)))
		return SLICE_NONE;
	sym = make_credential_kdfa(cx, ek->name_alg, seed, "STORAGE", ak_name,
	    SLICE_NONE, ek->symmetric.bits / 8u);
	text = arena_alloc(cx->arena, sealed.n);
	ck_assert_int_eq(EVP_DecryptInit_ex(c, sym.n == 16 ?
	    EVP_aes_128_cfb128() : EVP_aes_256_cfb128(), NULL, sym.p, iv), 1);
	ck_assert_int_eq(EVP_DecryptUpdate(c, text, &n, sealed.p,
	    (int)sealed.n), 1);
	inner = reader_of(SLICE(text, sealed.n));
	plain = read_be16_bytes(&inner, n_hash);
	ck_assert(read_done(&inner));
	return plain;
}

#endif
