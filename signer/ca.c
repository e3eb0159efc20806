/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/ca.h"

#include <stdlib.h>

#include <sodium.h>

#include "codec/der.h"
#include "signer/keys.h"

#define BUCKETS		1024u	/* a power of two */
#define RECORD_HASH	16u
#define SLOT_CHUNK	2048u	/* a record of P-256 with its texts fits */
#define CHECKED_MAX	65536u	/* a power of two */

struct slot {
	struct slot	*next;		/* in its bucket */
	struct slot	*newer, *older;	/* by use */
	uint8_t		 hash[RECORD_HASH];
	struct arena	*arena;		/* holds what ca points to */
	struct ca	 ca;
};

/* What OpenSSL has seen of a CA that is not open any more.  A CA whose place
 * another one took is looked at again. */
struct checked { uint8_t hash[RECORD_HASH]; bool leaf, ocsp; };

struct ca_cache {
	const struct master	*master;
	struct hsms		*hsms;
	struct slot		*buckets[BUCKETS];
	struct slot		*newest, *oldest;
	size_t			 n_open;
	struct checked		 checked[CHECKED_MAX];
};

/* --- records ------------------------------------------------------------- */

bool
ca_is_delegate(uint8_t role)
{
	return role == CA_ROLE_OCSP || role == CA_ROLE_RESULT;
}

/* What the record says twice must agree: a record that was sealed by an older
 * or broken program is refused before its key is used. */
static bool
agrees(const struct ca *ca, const struct key *public)
{
	return ca->cert.ca &&
	    strcmp(ca->cert.organization, ca->sealed.tenant) == 0 &&
	    (ca_is_delegate(ca->sealed.role) ||
	    ca->cert.not_after_s == ca->sealed.not_after_s) &&
	    keys_fit(ca->sealed.alg, public);
}

/* Its CA has said, and says no other way, that the key may speak for it. */
static struct err
read_delegate(struct ctx *cx, struct ca *ca, struct slice own)
{
	const struct cert *d = &ca->delegate;
	struct key key;

	TRY(cert_parse(cx, own, &ca->delegate));
	TRY(cert_key(cx, &ca->cert, &key));
	TRY(cert_verify_signature(cx, d, &key));
	TRY(ocsp_issuer_init(cx, d, &ca->delegate_ocsp));
	if (d->ocsp_signing != (ca->sealed.role == CA_ROLE_OCSP) ||
	    d->result_signing != (ca->sealed.role == CA_ROLE_RESULT) ||
	    d->ca || strcmp(d->organization, ca->sealed.tenant) != 0 ||
	    d->not_after_s != ca->sealed.not_after_s ||
	    !slice_equal(d->issuer, ca->cert.subject) ||
	    !slice_equal(d->aki, ca->cert.ski))
		return FAIL(cx, ERR_SEAL, "not a delegate of that CA");
	return OK;
}

/* Its certificates, and the public half of the key that is sealed. */
static struct err
read_certificates(struct ctx *cx, struct ca *ca, struct key *out_public)
{
	struct reader r = reader_of(ca->sealed.certificate);
	struct slice first = der_read_whole(&r, DER_SEQUENCE);
	bool delegate = ca_is_delegate(ca->sealed.role);

	if (delegate)
		TRY(cert_parse_ca(cx, der_read_whole(&r, DER_SEQUENCE),
		    &ca->cert));
	else
		TRY(cert_parse_ca(cx, first, &ca->cert));
	if (!read_done(&r))
		return FAIL(cx, ERR_SEAL, "more than its certificates");
	TRY(ocsp_issuer_init(cx, &ca->cert, &ca->ocsp));
	if (delegate)
		TRY(read_delegate(cx, ca, first));
	return cert_key(cx, delegate ? &ca->delegate : &ca->cert, out_public);
}

/* Its private key: secret is that, or its ID in an HSM. */
static struct err
open_key(struct ctx *cx, const struct ca_cache *cache, const struct sealed *s,
    const uint8_t *secret, const struct key *public, struct sign_key **out)
{
	AUTO(EVP_PKEY) pkey = NULL;

	if (s->key_store[0] != '\0') {
		TRY(hsms_enter(cx, cache->hsms, s->key_store));
		return hsms_key(cx, cache->hsms, s->key_store, s->alg, secret,
		    public, out);
	}
	pkey = keys_open(s->alg, secret, public);
	if (pkey == NULL)
		return OSSL_FAIL(cx, ERR_SEAL, "a sealed key is not usable");
	return sign_key_new(cx, pkey, public, out);
}

static struct err
open_record(struct ctx *cx, const struct ca_cache *cache, struct slice record,
    uint8_t *private, struct ca *out)
{
	struct ca ca = { .key = NULL };
	struct key public;

	TRY(sealed_open(cx, cache->master, slice_dup(cx->arena, record), &ca.sealed,
	    private));
	if (ca.sealed.role == CA_ROLE_PENDING)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "a key that has no certificate yet");
	if (failed(read_certificates(cx, &ca, &public)) ||
	    !agrees(&ca, &public))
		return FAIL(cx, ERR_SEAL,
		    "the sealed record of a CA of %s disagrees with itself",
		    ca.sealed.tenant);
	TRY(open_key(cx, cache, &ca.sealed, private, &public, &ca.key));
	*out = ca;
	return OK;
}

struct ca_cache *
ca_cache_new(const struct master *master, struct hsms *hsms)
{
	struct ca_cache *cache = base_alloc(sizeof(*cache));

	cache->master = master;
	cache->hsms = hsms;
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

static unsigned
number_of(const uint8_t *hash)
{
	return (unsigned)hash[0] << 8 | hash[1];
}

static struct checked *
checked_of(struct ca_cache *cache, const uint8_t *hash)
{
	return &cache->checked[number_of(hash) % CHECKED_MAX];
}

/* --- the order of use ------------------------------------------------------ */

static void
unlink_slot(struct ca_cache *cache, struct slot *slot)
{
	*(slot->newer != NULL ? &slot->newer->older : &cache->newest) =
	    slot->older;
	*(slot->older != NULL ? &slot->older->newer : &cache->oldest) =
	    slot->newer;
}

static void
link_newest(struct ca_cache *cache, struct slot *slot)
{
	slot->newer = NULL;
	slot->older = cache->newest;
	*(slot->older != NULL ? &slot->older->newer : &cache->oldest) = slot;
	cache->newest = slot;
}

static struct slot *
find(struct ca_cache *cache, const uint8_t *hash)
{
	struct slot *slot = cache->buckets[number_of(hash) % BUCKETS];

	while (slot != NULL && memcmp(slot->hash, hash, RECORD_HASH) != 0)
		slot = slot->next;
	return slot;
}

static void
keep(struct ca_cache *cache, struct slot *slot)
{
	struct slot **bucket = &cache->buckets[number_of(slot->hash) %
	    BUCKETS];
	const struct checked *checked = checked_of(cache, slot->hash);

	if (memcmp(checked->hash, slot->hash, RECORD_HASH) == 0) {
		slot->ca.leaf_checked = checked->leaf;
		slot->ca.ocsp_checked = checked->ocsp;
	}
	slot->next = *bucket;
	*bucket = slot;
	link_newest(cache, slot);
	cache->n_open++;
}

static struct err
use(struct ctx *cx, const struct ca_cache *cache, struct slot *slot,
    struct ca **out)
{
	struct lot *lot = cache->hsms != NULL ? hsms_lot(cache->hsms) : NULL;

	if (slot->ca.sealed.key_store[0] != '\0')
		TRY(hsms_enter(cx, cache->hsms, slot->ca.sealed.key_store));
	if (lot != NULL && lot_is_inside(lot))
		lot_hold(lot, &slot->ca.held);
	*out = &slot->ca;
	return OK;
}

/* Whatever its role. */
static struct err
open_any(struct ctx *cx, struct ca_cache *cache, struct slice record,
    struct ca **out)
{
	uint8_t hash[RECORD_HASH], *private;
	struct slot *slot;
	struct ctx own = *cx;
	struct err e;

	(void)crypto_generichash(hash, sizeof(hash), record.p, record.n, NULL,
	    0);
	slot = find(cache, hash);
	if (slot != NULL) {
		unlink_slot(cache, slot);
		link_newest(cache, slot);
		return use(cx, cache, slot, out);
	}
	slot = base_alloc(sizeof(*slot));
	slot->arena = own.arena = arena_new_small(SLOT_CHUNK);
	private = sodium_malloc(SEALED_PRIVATE_MAX);
	ASSERT(private != NULL);
	e = open_record(&own, cache, record, private, &slot->ca);
	sodium_free(private);
	if (failed(e)) {
		slot_free(slot);
		return e;
	}
	memcpy(slot->hash, hash, sizeof(hash));
	keep(cache, slot);
	return use(cx, cache, slot, out);
}

struct err
ca_open(struct ctx *cx, struct ca_cache *cache, struct slice record,
    struct ca **out)
{
	struct ca *ca;

	TRY(open_any(cx, cache, record, &ca));
	if (ca_is_delegate(ca->sealed.role))
		return FAIL(cx, ERR_ORDER_ROLE,
		    "a key that may do one thing only");
	*out = ca;
	return OK;
}

struct err
ca_open_ocsp(struct ctx *cx, struct ca_cache *cache, struct slice record,
    struct ca **out)
{
	struct ca *ca;

	TRY(open_any(cx, cache, record, &ca));
	if (ca->sealed.role == CA_ROLE_RESULT)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "a key that signs attestation results only");
	*out = ca;
	return OK;
}

struct err
ca_open_result(struct ctx *cx, struct ca_cache *cache, struct slice record,
    struct ca **out)
{
	struct ca *ca;

	TRY(open_any(cx, cache, record, &ca));
	if (ca->sealed.role != CA_ROLE_RESULT)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "not a key that signs attestation results");
	*out = ca;
	return OK;
}

static void
close_slot(struct ca_cache *cache, struct slot *slot)
{
	struct slot **p;
	struct checked *checked = checked_of(cache, slot->hash);

	memcpy(checked->hash, slot->hash, RECORD_HASH);
	checked->leaf = slot->ca.leaf_checked;
	checked->ocsp = slot->ca.ocsp_checked;
	p = &cache->buckets[number_of(slot->hash) % BUCKETS];
	while (*p != slot)
		p = &(*p)->next;
	*p = slot->next;
	unlink_slot(cache, slot);
	slot_free(slot);
	cache->n_open--;
}

void
ca_cache_trim(struct ca_cache *cache)
{
	struct slot *slot = cache->oldest, *newer;

	/* The one that was used longest ago first. */
	for (; slot != NULL && cache->n_open > CA_OPEN_MAX; slot = newer) {
		newer = slot->newer;
		if (slot->ca.held == 0)
			close_slot(cache, slot);
	}
}
