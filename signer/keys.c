/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/keys.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

AUTO_DEFINE(BN_CTX, BN_CTX_free);
AUTO_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
AUTO_DEFINE(OSSL_PARAM, OSSL_PARAM_free);

#define RSA_EXPONENT	65537u

struct algorithm {
	enum key_kind	 kind;
	unsigned	 bits;
	const char	*type, *group;
};

static const struct algorithm algorithms[] = {
	[CA_ALG_P256] = { KEY_P256, 256, "EC", "P-256" },
	[CA_ALG_P384] = { KEY_P384, 384, "EC", "P-384" },
	[CA_ALG_ED25519] = { KEY_ED25519, 256, "ED25519", NULL },
	[CA_ALG_RSA2048] = { KEY_RSA, 2048, "RSA", NULL },
	[CA_ALG_RSA3072] = { KEY_RSA, 3072, "RSA", NULL },
	[CA_ALG_RSA4096] = { KEY_RSA, 4096, "RSA", NULL },
};

/* --- elliptic curves ----------------------------------------------------- */

/* OpenSSL keeps the scalar in its secure heap, as BN_secure_new() asks. */
static EVP_PKEY *
ec_private(const struct algorithm *a, const uint8_t *scalar, size_t n,
    struct slice point)
{
	AUTO(BIGNUM) d = BN_secure_new();
	AUTO(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
	AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	AUTO(OSSL_PARAM) params = NULL;
	EVP_PKEY *pkey = NULL;

	if (d == NULL || build == NULL || ctx == NULL ||
	    BN_bin2bn(scalar, (int)n, d) == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(build,
	    OSSL_PKEY_PARAM_GROUP_NAME, a->group, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
	    point.p, point.n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1)
		return NULL;
	params = OSSL_PARAM_BLD_to_param(build);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		return NULL;
	return pkey;
}

static bool
ec_bytes(const EVP_PKEY *pkey, uint8_t *out, size_t n)
{
	AUTO(BIGNUM) d = BN_secure_new();

	return d != NULL && EVP_PKEY_get_bn_param(pkey,
	    OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
	    BN_bn2binpad(d, out, (int)n) == (int)n;
}

/* --- RSA ----------------------------------------------------------------- */

/* All that OpenSSL wants to have of an RSA key (RFC 8017, 3.2, second form). */
struct rsa {
	BN_CTX	*bn;
	BIGNUM	*n, *e, *p, *q, *d, *dp, *dq, *qi;
};

/* From the secure heap; in constant time where it is a secret. */
static BIGNUM *
rsa_number(struct rsa *r)
{
	BIGNUM *n = BN_CTX_get(r->bn);

	if (n != NULL)
		BN_set_flags(n, BN_FLG_CONSTTIME);
	return n;
}

/* d is the inverse of e modulo (p - 1)(q - 1); each of the rest from that. */
static bool
rsa_derive(struct rsa *r)
{
	BIGNUM *p1 = rsa_number(r), *q1 = rsa_number(r), *phi = rsa_number(r);

	return phi != NULL && BN_mul(r->n, r->p, r->q, r->bn) == 1 &&
	    BN_sub(p1, r->p, BN_value_one()) == 1 &&
	    BN_sub(q1, r->q, BN_value_one()) == 1 &&
	    BN_mul(phi, p1, q1, r->bn) == 1 &&
	    BN_mod_inverse(r->d, r->e, phi, r->bn) != NULL &&
	    BN_mod(r->dp, r->d, p1, r->bn) == 1 &&
	    BN_mod(r->dq, r->d, q1, r->bn) == 1 &&
	    BN_mod_inverse(r->qi, r->q, r->p, r->bn) != NULL;
}

static EVP_PKEY *
rsa_import(const struct rsa *r)
{
	const struct { const char *name; const BIGNUM *n; } parts[] = {
		{ OSSL_PKEY_PARAM_RSA_N, r->n },
		{ OSSL_PKEY_PARAM_RSA_E, r->e },
		{ OSSL_PKEY_PARAM_RSA_D, r->d },
		{ OSSL_PKEY_PARAM_RSA_FACTOR1, r->p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, r->q },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT1, r->dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, r->dq },
		{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, r->qi },
	};
	AUTO(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
	AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	AUTO(OSSL_PARAM) params = NULL;
	EVP_PKEY *pkey = NULL;

	if (build == NULL || ctx == NULL)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (OSSL_PARAM_BLD_push_BN(build, parts[i].name,
		    parts[i].n) != 1)
			return NULL;
	params = OSSL_PARAM_BLD_to_param(build);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		return NULL;
	return pkey;
}

/* The two primes are enough: nothing else in a key is not made from them. */
static EVP_PKEY *
rsa_private(const uint8_t *primes, size_t n)
{
	AUTO(BN_CTX) bn = BN_CTX_secure_new();
	struct rsa r = { .bn = bn };
	EVP_PKEY *pkey = NULL;

	if (bn == NULL)
		return NULL;
	BN_CTX_start(bn);
	r.n = BN_CTX_get(bn);
	r.e = BN_CTX_get(bn);
	r.p = rsa_number(&r);
	r.q = rsa_number(&r);
	r.d = rsa_number(&r);
	r.dp = rsa_number(&r);
	r.dq = rsa_number(&r);
	r.qi = rsa_number(&r);
	if (r.qi != NULL && BN_set_word(r.e, RSA_EXPONENT) == 1 &&
	    BN_bin2bn(primes, (int)(n / 2), r.p) != NULL &&
	    BN_bin2bn(primes + n / 2, (int)(n / 2), r.q) != NULL &&
	    rsa_derive(&r))
		pkey = rsa_import(&r);
	BN_CTX_end(bn);
	return pkey;
}

static bool
rsa_bytes(const EVP_PKEY *pkey, uint8_t *out, size_t n)
{
	AUTO(BIGNUM) p = BN_secure_new();
	AUTO(BIGNUM) q = BN_secure_new();
	int half = (int)(n / 2);

	return p != NULL && q != NULL && EVP_PKEY_get_bn_param(pkey,
	    OSSL_PKEY_PARAM_RSA_FACTOR1, &p) == 1 &&
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2,
	    &q) == 1 && BN_bn2binpad(p, out, half) == half &&
	    BN_bn2binpad(q, out + half, half) == half;
}

/* --- any ----------------------------------------------------------------- */

EVP_PKEY *
keys_open(enum ca_alg alg, const uint8_t *private, const struct key *public)
{
	size_t n = sealed_private_size(alg);

	if (algorithms[alg].group != NULL)
		return ec_private(&algorithms[alg], private, n,
		    public->bytes);
	if (algorithms[alg].kind == KEY_RSA)
		return rsa_private(private, n);
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private,
	    n);
}

static bool
private_bytes(enum ca_alg alg, const EVP_PKEY *pkey, uint8_t *out)
{
	size_t n = sealed_private_size(alg);

	if (algorithms[alg].group != NULL)
		return ec_bytes(pkey, out, n);
	if (algorithms[alg].kind == KEY_RSA)
		return rsa_bytes(pkey, out, n);
	return EVP_PKEY_get_raw_private_key(pkey, out, &n) == 1 &&
	    n == sealed_private_size(alg);
}

static EVP_PKEY *
generate(const struct algorithm *a)
{
	if (a->kind == KEY_RSA)
		return EVP_PKEY_Q_keygen(NULL, NULL, a->type, (size_t)a->bits);
	if (a->group != NULL)
		return EVP_PKEY_Q_keygen(NULL, NULL, a->type, a->group);
	return EVP_PKEY_Q_keygen(NULL, NULL, a->type);
}

struct err
keys_make(struct ctx *cx, enum ca_alg alg, EVP_PKEY **out_pkey,
    uint8_t *out_private, struct key *out_public)
{
	const struct algorithm *a = &algorithms[alg];
	AUTO(EVP_PKEY) pkey = generate(a);
	uint8_t *spki = NULL;
	struct slice copy;
	int n;

	if (pkey == NULL || !private_bytes(alg, pkey, out_private))
		return OSSL_FAIL(cx, ERR_INTERNAL, "cannot make a key");
	n = i2d_PUBKEY(pkey, &spki);
	if (n <= 0)
		return OSSL_FAIL(cx, ERR_INTERNAL, "cannot encode a key");
	copy = slice_dup(cx->arena, SLICE(spki, (size_t)n));
	OPENSSL_free(spki);
	TRY(key_parse(cx, copy, out_public));
	*out_pkey = pkey;
	pkey = NULL;
	return OK;
}

bool
keys_fit(enum ca_alg alg, const struct key *key)
{
	return algorithms[alg].kind == key->kind &&
	    algorithms[alg].bits == key->bits;
}
