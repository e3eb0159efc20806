/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/ca.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <sodium.h>

AUTO_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
AUTO_DEFINE(OSSL_PARAM, OSSL_PARAM_free);

#define BUCKETS		1024u	/* a power of two */
#define RECORD_HASH	32u

struct slot {
	struct slot	*next;		/* in its bucket */
	uint8_t		 hash[RECORD_HASH];
	uint64_t	 used;		/* when last, in uses */
	struct arena	*arena;		/* holds what ca points to */
	struct ca	 ca;
};

struct ca_cache {
	const struct master	*master;
	struct slot		*buckets[BUCKETS];
	size_t			 n_open;
	uint64_t		 uses;
};

struct algorithm {
	enum key_kind	 kind;
	const char	*type, *group;
};

static const struct algorithm algorithms[] = {
	[CA_ALG_P256] = { KEY_P256, "EC", "P-256" },
	[CA_ALG_P384] = { KEY_P384, "EC", "P-384" },
	[CA_ALG_ED25519] = { KEY_ED25519, "ED25519", NULL },
};

/* --- keys ---------------------------------------------------------------- */

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

static EVP_PKEY *
private_key(enum ca_alg alg, const uint8_t *bytes, const struct key *public)
{
	size_t n = sealed_private_size(alg);

	if (algorithms[alg].group != NULL)
		return ec_private(&algorithms[alg], bytes, n, public->bytes);
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, n);
}

static bool
private_bytes(enum ca_alg alg, const EVP_PKEY *pkey, uint8_t *out)
{
	AUTO(BIGNUM) d = NULL;
	size_t n = sealed_private_size(alg);

	if (algorithms[alg].group == NULL)
		return EVP_PKEY_get_raw_private_key(pkey, out, &n) == 1 &&
		    n == sealed_private_size(alg);
	d = BN_secure_new();
	return d != NULL && EVP_PKEY_get_bn_param(pkey,
	    OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
	    BN_bn2binpad(d, out, (int)n) == (int)n;
}

struct err
ca_make_key(struct ctx *cx, enum ca_alg alg, EVP_PKEY **out_pkey,
    uint8_t *out_private, struct key *out_public)
{
	const struct algorithm *a = &algorithms[alg];
	AUTO(EVP_PKEY) pkey = a->group != NULL ?
	    EVP_PKEY_Q_keygen(NULL, NULL, a->type, a->group) :
	    EVP_PKEY_Q_keygen(NULL, NULL, a->type);
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

/* --- records ------------------------------------------------------------- */

/* What the record says twice must agree: a record that was sealed by an older
 * or broken program is refused before its key is used. */
static bool
agrees(const struct ca *ca, const struct key *public)
{
	return ca->cert.ca &&
	    strcmp(ca->cert.organization, ca->sealed.tenant) == 0 &&
	    ca->cert.not_after_s == ca->sealed.not_after_s &&
	    algorithms[ca->sealed.alg].kind == public->kind;
}

static struct err
open_record(struct ctx *cx, const struct master *master, struct slice record,
    uint8_t *private, struct ca *out)
{
	struct ca ca = { .key = NULL };
	AUTO(EVP_PKEY) pkey = NULL;
	struct key public;

	TRY(sealed_open(cx, master, slice_dup(cx->arena, record), &ca.sealed,
	    private));
	if (failed(cert_parse(cx, ca.sealed.certificate, &ca.cert)) ||
	    failed(cert_key(cx, &ca.cert, &public)) || !agrees(&ca, &public))
		return FAIL(cx, ERR_SEAL,
		    "the sealed record of a CA of %s disagrees with itself",
		    ca.sealed.tenant);
	TRY(ocsp_issuer_init(cx, &ca.cert, &ca.ocsp));
	pkey = private_key(ca.sealed.alg, private, &public);
	if (pkey == NULL)
		return OSSL_FAIL(cx, ERR_SEAL, "a sealed key is not usable");
	TRY(sign_key_new(cx, pkey, &public, &ca.key));
	*out = ca;
	return OK;
}

struct ca_cache *
ca_cache_new(const struct master *master)
{
	struct ca_cache *cache = base_alloc(sizeof(*cache));

	cache->master = master;
	return cache;
}

static void
slot_free(struct slot *slot)
{
	sign_key_free(slot->ca.key);
	arena_free(slot->arena);
	free(slot);
}

void
ca_cache_free(struct ca_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (cache->buckets[i] != NULL) {
			struct slot *slot = cache->buckets[i];

			cache->buckets[i] = slot->next;
			slot_free(slot);
		}
	}
	free(cache);
}

static struct slot **
bucket_of(struct ca_cache *cache, const uint8_t *hash)
{
	return &cache->buckets[((unsigned)hash[0] << 8 | hash[1]) % BUCKETS];
}

struct err
ca_open(struct ctx *cx, struct ca_cache *cache, struct slice record,
    struct ca **out)
{
	uint8_t hash[RECORD_HASH], *private;
	struct slot **bucket, *slot;
	struct ctx own = *cx;
	struct err e;

	(void)crypto_generichash(hash, sizeof(hash), record.p, record.n, NULL,
	    0);
	bucket = bucket_of(cache, hash);
	for (slot = *bucket; slot != NULL; slot = slot->next) {
		if (memcmp(slot->hash, hash, sizeof(hash)) != 0)
			continue;
		slot->used = ++cache->uses;
		*out = &slot->ca;
		return OK;
	}
	slot = base_alloc(sizeof(*slot));
	slot->arena = own.arena = arena_new();
	private = sodium_malloc(SEALED_PRIVATE_MAX);
	ASSERT(private != NULL);
	e = open_record(&own, cache->master, record, private, &slot->ca);
	sodium_free(private);
	if (failed(e)) {
		slot_free(slot);
		return e;
	}
	memcpy(slot->hash, hash, sizeof(hash));
	slot->used = ++cache->uses;
	slot->next = *bucket;
	*bucket = slot;
	cache->n_open++;
	*out = &slot->ca;
	return OK;
}

/* Close the one that was used longest ago. */
static void
close_one(struct ca_cache *cache)
{
	struct slot **oldest = NULL, *slot;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct slot **p = &cache->buckets[i]; *p != NULL;
		    p = &(*p)->next)
			if (oldest == NULL || (*p)->used < (*oldest)->used)
				oldest = p;
	ASSERT(oldest != NULL);
	slot = *oldest;
	*oldest = slot->next;
	slot_free(slot);
	cache->n_open--;
}

void
ca_cache_trim(struct ca_cache *cache)
{
	while (cache->n_open > CA_OPEN_MAX)
		close_one(cache);
}
