/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/trust.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sodium.h>

#include "attest/chain.h"
#include "attest/dcap_collateral.h"
#include "authority/collateral_read.h"
#include "base/base.h"
#include "db/anchor.h"
#include "db/collateral.h"
#include "db/hardware.h"

#define KEY_ID_MAX	64u	/* bytes: X || Y of a P-256 point */

/* What was read at one time.  Never changes; freed by the last who let go. */
struct snapshot {
	atomic_uint		 n_holders;
	struct arena		*arena;
	int64_t			 read_s;
	int64_t			 until_s;	/* a part expires then */
	struct trust_loaded	 view;
};

struct slot {
	int64_t		 tenant_id;
	struct snapshot	*snapshot;
};

struct trust_cache {
	pthread_mutex_t	 lock;
	uint64_t	 generation;	/* counts changes */
	size_t		 n, next_victim;
	struct slot	 slots[TRUST_CACHED_MAX];
};

static void
let_go(void *arg)
{
	struct snapshot *s = arg;

	if (atomic_fetch_sub(&s->n_holders, 1) == 1) {
		arena_free(s->arena);
		free(s);
	}
}

struct trust_cache *
trust_cache_new(void)
{
	struct trust_cache *cache = base_alloc(sizeof(*cache));

	ASSERT(pthread_mutex_init(&cache->lock, NULL) == 0);
	return cache;
}

static void
forget_all(struct trust_cache *cache)
{
	for (size_t i = 0; i < cache->n; i++) {
		let_go(cache->slots[i].snapshot);
		cache->slots[i].snapshot = NULL;
	}
	cache->n = 0;
}

void
trust_cache_free(struct trust_cache *cache)
{
	if (cache == NULL)
		return;
	forget_all(cache);
	(void)pthread_mutex_destroy(&cache->lock);
	free(cache);
}

void
trust_changed(const struct authority *a)
{
	struct trust_cache *cache = a->trust;

	if (cache == NULL)
		return;
	ASSERT(pthread_mutex_lock(&cache->lock) == 0);
	cache->generation++;
	forget_all(cache);
	ASSERT(pthread_mutex_unlock(&cache->lock) == 0);
}

/* --- reading ------------------------------------------------------------ */

struct digests { uint8_t (*items)[32]; size_t n, cap; };

/* Growing arrays in the snapshot's arena. */
struct reading {
	struct snapshot		*snapshot;
	int64_t			 tenant_id;
	struct slice		 then;		/* a digest; empty: now */
	size_t			 n_missing;
	struct slice		*anchors;
	const char		**anchor_schemes;
	struct trust_key	*keys;
	uint8_t			(*eks)[32];
	struct trust_collateral	*dcaps;
	struct trust_chip	*chips;
	struct slice		*crls, *serials;
	struct digests		 from[COLLATERAL_KIND_COUNT];
	size_t			 n_anchors, n_keys, n_eks;
	size_t			 n_dcaps, n_chips, n_crls, n_serials;
	size_t			 cap_anchors, cap_schemes, cap_keys, cap_eks;
	size_t			 cap_dcaps, cap_chips, cap_crls, cap_serials;
};

static void *
grow(struct arena *arena, void *items, size_t n, size_t *cap, size_t size)
{
	void *grown;

	if (n < *cap)
		return items;
	*cap = *cap > 0 ? *cap * 2 : 16;
	grown = arena_array(arena, *cap, size);
	if (n > 0)
		memcpy(grown, items, n * size);
	return grown;
}

static void
take_anchor(void *arg, const struct db_anchor *row)
{
	struct reading *r = arg;
	struct arena *arena = r->snapshot->arena;

	r->anchors = grow(arena, r->anchors, r->n_anchors, &r->cap_anchors,
	    sizeof(*r->anchors));
	r->anchor_schemes = grow(arena, r->anchor_schemes, r->n_anchors,
	    &r->cap_schemes, sizeof(*r->anchor_schemes));
	r->anchor_schemes[r->n_anchors] = arena_strdup(arena, row->scheme);
	r->anchors[r->n_anchors++] = slice_dup(arena, row->certificate);
}

static void
take_ek(struct reading *r, const char *hex, struct slice spki)
{
	(void)spki;
	r->eks = grow(r->snapshot->arena, r->eks, r->n_eks, &r->cap_eks,
	    sizeof(*r->eks));
	if (text_unhex(hex, r->eks[r->n_eks], sizeof(*r->eks)))
		r->n_eks++;
}

static void
take_key(struct reading *r, const char *hex, struct slice spki)
{
	struct arena *arena = r->snapshot->arena;
	struct slice id;

	if (!text_unhex_any(arena, hex, KEY_ID_MAX, &id))
		return;
	r->keys = grow(arena, r->keys, r->n_keys, &r->cap_keys,
	    sizeof(*r->keys));
	r->keys[r->n_keys++] = (struct trust_key){
		.id = id, .spki = slice_dup(arena, spki),
	};
}

/*
 * By the scheme of a hardware ID: which anchors vouch for such hardware, and
 * what is believed of a part in the inventory (of others, nothing: they are
 * known by name only).
 */
static const struct voucher {
	const char	*hardware;
	const char	*anchors;	/* their scheme; NULL: none can */
	void		(*take)(struct reading *, const char *hex,
			    struct slice spki);	/* NULL: nothing */
} vouchers[] = {
	{ "android",	"android",	NULL },
	{ "dice",	"dice",		NULL },
	{ "idevid",	"idevid",	NULL },
	{ "key",	NULL,		take_key },
	{ "optee",	NULL,		take_key },
	{ "psa",	NULL,		take_key },
	{ "sgx",	"sgx",		NULL },
	{ "snp",	"snp",		NULL },
	{ "snp-vlek",	"snp",		NULL },
	{ "tpm-ak",	NULL,		take_key },
	{ "tpm-ak-cert", "tpm-ek",	NULL },
	{ "tpm-ek",	"tpm-ek",	take_ek },
	{ "webauthn",	"webauthn",	NULL },
};

/* NULL when the scheme is not known. */
static const struct voucher *
voucher_of(const char *hardware_id)
{
	for (size_t i = 0; i < COUNT_OF(vouchers); i++) {
		size_t n = strlen(vouchers[i].hardware);

		if (strncmp(hardware_id, vouchers[i].hardware, n) == 0 &&
		    hardware_id[n] == ':')
			return &vouchers[i];
	}
	return NULL;
}

static void
take_part(void *arg, const struct db_hardware *row)
{
	const struct voucher *v = voucher_of(row->hardware_id);
	struct reading *r = arg;

	if (v != NULL && v->take != NULL)
		v->take(r, row->hardware_id + strlen(v->hardware) + 1,
		    row->spki);
	if (row->expires_s != 0 && row->expires_s < r->snapshot->until_s)
		r->snapshot->until_s = row->expires_s;
}

static void
take_dcap(struct reading *r, const struct collateral_value *v)
{
	struct arena *arena = r->snapshot->arena;
	const struct trust_collateral *c = &v->dcap;
	struct slice *chain = arena_array(arena, c->n_tcb_signing_chain,
	    sizeof(*chain));

	for (size_t i = 0; i < c->n_tcb_signing_chain; i++)
		chain[i] = slice_dup(arena, c->tcb_signing_chain[i]);
	r->dcaps = grow(arena, r->dcaps, r->n_dcaps, &r->cap_dcaps,
	    sizeof(*r->dcaps));
	r->dcaps[r->n_dcaps++] = (struct trust_collateral){
		.tcb_info = slice_dup(arena, c->tcb_info),
		.qe_identity = slice_dup(arena, c->qe_identity),
		.tcb_signing_chain = chain,
		.n_tcb_signing_chain = c->n_tcb_signing_chain,
		.root_crl = slice_dup(arena, c->root_crl),
		.pck_crl = slice_dup(arena, c->pck_crl),
	};
}

static void
take_crl(struct reading *r, const struct collateral_value *v)
{
	struct arena *arena = r->snapshot->arena;

	r->crls = grow(arena, r->crls, r->n_crls, &r->cap_crls,
	    sizeof(*r->crls));
	r->crls[r->n_crls++] = slice_dup(arena, v->crl);
}

static void
take_serials(struct reading *r, const struct collateral_value *v)
{
	struct arena *arena = r->snapshot->arena;

	for (size_t i = 0; i < v->n_serials; i++) {
		r->serials = grow(arena, r->serials, r->n_serials,
		    &r->cap_serials, sizeof(*r->serials));
		r->serials[r->n_serials++] = slice_dup(arena, v->serials[i]);
	}
}

static void
take_chip(struct reading *r, const struct collateral_value *v)
{
	struct arena *arena = r->snapshot->arena;
	const struct trust_chip *c = &v->chip;
	struct slice *certs = arena_array(arena, c->n_certs, sizeof(*certs));

	for (size_t i = 0; i < c->n_certs; i++)
		certs[i] = slice_dup(arena, c->certs[i]);
	r->chips = grow(arena, r->chips, r->n_chips, &r->cap_chips,
	    sizeof(*r->chips));
	r->chips[r->n_chips++] = (struct trust_chip){
		slice_dup(arena, c->chip_id), certs, c->n_certs,
	};
}

static void (*const takers[])(struct reading *,
    const struct collateral_value *) = {
	[COLLATERAL_DCAP] = take_dcap,
	[COLLATERAL_CRL] = take_crl,
	[COLLATERAL_REVOKED_SERIALS] = take_serials,
	[COLLATERAL_ANDROID_STATUS] = take_serials,
	[COLLATERAL_SNP_CHAIN] = take_chip,
};

static struct err
take_document(struct ctx *cx, struct reading *r, enum collateral_kind kind,
    const char *text, struct slice sha256)
{
	struct digests *from = &r->from[kind];
	struct collateral_value value;
	json_t *document;

	TRY(json_parse(cx, slice_text(text), &document));
	TRY(collateral_read(cx, kind, document, "", &value));
	takers[kind](r, &value);
	ASSERT(sha256.n == sizeof(from->items[0]));
	from->items = grow(r->snapshot->arena, from->items, from->n,
	    &from->cap, sizeof(*from->items));
	memcpy(from->items[from->n++], sha256.p, sha256.n);
	return OK;
}

/* Of what has lapsed too: without it, a device would be refused for another
 * reason, or (a CRL) not at all. */
static struct err
take_collateral(struct ctx *cx, void *arg, const struct db_collateral *row)
{
	enum collateral_kind kind;

	if (!collateral_kind_find(row->kind, &kind) ||
	    failed(take_document(cx, arg, kind, row->document, row->sha256)))
		return FAIL(cx, ERR_STORAGE, "collateral %lld cannot be read",
		    (long long)row->id);
	return OK;
}

/* What is not there, or is not what its digest says, is missing. */
static struct err
take_piece(struct ctx *cx, void *arg, const struct db_collateral_piece *p)
{
	enum collateral_kind kind;
	struct reading *r = arg;
	uint8_t sha256[32];

	if (p->kind == NULL || !collateral_kind_find(p->kind, &kind)) {
		r->n_missing++;
		return OK;
	}
	(void)crypto_hash_sha256(sha256, (const uint8_t *)p->document,
	    strlen(p->document));
	if (!slice_equal(p->sha256, SLICE_OF(sha256)) ||
	    failed(take_document(cx, r, kind, p->document, p->sha256))) {
		ctx_forget(cx);
		r->n_missing++;
	}
	return OK;
}

/* Both kinds of lists hold for all chains. */
static void
join_serials(struct reading *r, struct trust_loaded *view)
{
	const struct digests *a = &r->from[COLLATERAL_REVOKED_SERIALS];
	const struct digests *b = &r->from[COLLATERAL_ANDROID_STATUS];
	uint8_t (*items)[32] = arena_array(r->snapshot->arena, a->n + b->n,
	    sizeof(*items));

	if (a->n > 0)
		memcpy(items, a->items, a->n * sizeof(*items));
	if (b->n > 0)
		memcpy(items + a->n, b->items, b->n * sizeof(*items));
	view->serials_from = (const uint8_t (*)[32])items;
	view->n_serials_from = a->n + b->n;
}

#define FROM(r, kind)	((const uint8_t (*)[32])(r)->from[kind].items)

static struct err
read_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct reading *r = arg;
	struct snapshot *s = r->snapshot;

	TRY(db_anchor_each(cx, tx, r->tenant_id, take_anchor, r));
	TRY(db_hardware_each(cx, tx, r->tenant_id, s->read_s, take_part, r));
	TRY(r->then.n > 0 ? db_collateral_used(cx, tx, r->tenant_id, r->then,
	    take_piece, r) : db_collateral_each(cx, tx, r->tenant_id,
	    take_collateral, r));
	s->view = (struct trust_loaded){
		.trust = { .anchors = r->anchors, .n_anchors = r->n_anchors,
		    .keys = r->keys, .n_keys = r->n_keys,
		    .crls = r->crls, .n_crls = r->n_crls,
		    .revoked_serials = r->serials,
		    .n_revoked_serials = r->n_serials,
		    .collateral = r->dcaps, .n_collateral = r->n_dcaps,
		    .chips = r->chips, .n_chips = r->n_chips,
		    .allow = TRUST_ALLOW_ANY_MAKER },
		.anchor_schemes = r->anchor_schemes,
		.known_eks = (const uint8_t (*)[32])r->eks,
		.n_known_eks = r->n_eks,
		.crl_from = FROM(r, COLLATERAL_CRL),
		.collateral_from = FROM(r, COLLATERAL_DCAP),
		.chip_from = FROM(r, COLLATERAL_SNP_CHAIN),
		.n_missing = r->n_missing,
	};
	join_serials(r, &s->view);
	return OK;
}

/* All of it to values, once for many appraisals. */
static void
read_values(const struct ctx *cx, const struct authority *a,
    struct snapshot *s, struct trust_collateral *dcaps)
{
	struct trail trail = { .err = OK };
	struct ctx mine = *cx;

	mine.arena = s->arena;
	mine.trail = &trail;
	mine.seen = a->seen;
	chain_read_trust(&mine, &s->view.trust);
	for (size_t i = 0; i < s->view.trust.n_collateral; i++)
		dcaps[i].opened = dcap_collateral_open(&mine, &dcaps[i]);
}

static struct err
read_snapshot(struct ctx *cx, const struct authority *a, int64_t tenant_id,
    int64_t at_s, struct slice then, struct snapshot **out)
{
	struct snapshot *s = base_alloc(sizeof(*s));
	struct reading r = {
		.snapshot = s, .tenant_id = tenant_id, .then = then,
	};
	struct err e;

	s->arena = arena_new();
	s->read_s = at_s;
	s->until_s = INT64_MAX;
	atomic_init(&s->n_holders, 1);
	e = db_read(cx, a->db, read_work, &r);
	if (failed(e)) {
		let_go(s);
		return e;
	}
	read_values(cx, a, s, r.dcaps);
	*out = s;
	return OK;
}

/* --- keeping ------------------------------------------------------------ */

static struct slot *
find_slot(struct trust_cache *cache, int64_t tenant_id)
{
	for (size_t i = 0; i < cache->n; i++)
		if (cache->slots[i].tenant_id == tenant_id)
			return &cache->slots[i];
	return NULL;
}

/* A kept one that is good at that time, held for the caller; or NULL. */
static struct snapshot *
kept(struct trust_cache *cache, int64_t tenant_id, int64_t at_s,
    uint64_t *out_generation)
{
	struct snapshot *s = NULL;
	const struct slot *slot;

	ASSERT(pthread_mutex_lock(&cache->lock) == 0);
	slot = find_slot(cache, tenant_id);
	if (slot != NULL && at_s >= slot->snapshot->read_s &&
	    at_s < slot->snapshot->until_s) {
		s = slot->snapshot;
		atomic_fetch_add(&s->n_holders, 1);
	}
	*out_generation = cache->generation;
	ASSERT(pthread_mutex_unlock(&cache->lock) == 0);
	return s;
}

/* Keep what was read, unless something changed while it was. */
static void
keep(struct trust_cache *cache, int64_t tenant_id, struct snapshot *s,
    uint64_t generation)
{
	struct slot *slot;

	ASSERT(pthread_mutex_lock(&cache->lock) == 0);
	if (cache->generation == generation) {
		slot = find_slot(cache, tenant_id);
		if (slot == NULL && cache->n < TRUST_CACHED_MAX)
			slot = &cache->slots[cache->n++];
		else if (slot == NULL)
			slot = &cache->slots[cache->next_victim++ %
			    TRUST_CACHED_MAX];
		if (slot->snapshot != NULL)
			let_go(slot->snapshot);
		atomic_fetch_add(&s->n_holders, 1);
		*slot = (struct slot){ tenant_id, s };
	}
	ASSERT(pthread_mutex_unlock(&cache->lock) == 0);
}

struct err
trust_load(struct ctx *cx, const struct authority *a, int64_t tenant_id,
    struct trust_loaded *out)
{
	int64_t at_s = ctx_now(cx);
	struct trust_cache *cache = a->trust;
	struct snapshot *s = NULL;
	uint64_t generation = 0;

	if (cache != NULL)
		s = kept(cache, tenant_id, at_s, &generation);
	if (s == NULL) {
		TRY(read_snapshot(cx, a, tenant_id, at_s, SLICE_NONE, &s));
		if (cache != NULL)
			keep(cache, tenant_id, s, generation);
	}
	arena_defer(cx->arena, let_go, s);
	*out = s->view;
	return OK;
}

struct err
trust_load_then(struct ctx *cx, const struct authority *a, int64_t tenant_id,
    int64_t at_s, struct slice set_sha256, struct trust_loaded *out)
{
	struct snapshot *s;

	TRY(read_snapshot(cx, a, tenant_id, at_s, set_sha256, &s));
	arena_defer(cx->arena, let_go, s);
	*out = s->view;
	return OK;
}

/* --- noting --------------------------------------------------------------- */

void
trust_watch(struct ctx *cx, struct trust *trust)
{
	struct trust_used *used = ARENA_NEW(cx->arena, struct trust_used);

	used->crls = arena_array(cx->arena, trust->n_crls, sizeof(bool));
	used->collateral = arena_array(cx->arena, trust->n_collateral,
	    sizeof(bool));
	used->chips = arena_array(cx->arena, trust->n_chips, sizeof(bool));
	trust->used = used;
}

static void
take_used(struct trust_pieces *out, const uint8_t (*from)[32],
    const bool *used, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (used[i])
			memcpy(out->items[out->n++], from[i], 32);
}

static int
order_digests(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Sorted, and each once: a tenant may have what the platform has. */
static void
tidy(struct trust_pieces *p)
{
	size_t n = 0;

	if (p->n > 0)
		qsort(p->items, p->n, sizeof(*p->items), order_digests);
	for (size_t i = 0; i < p->n; i++)
		if (i == 0 || memcmp(p->items[n - 1], p->items[i], 32) != 0)
			memmove(p->items[n++], p->items[i], 32);
	p->n = n;
}

void
trust_pieces(struct ctx *cx, const struct trust_loaded *loaded,
    const struct trust *trust, struct trust_pieces *out)
{
	const struct trust_used *used = trust->used;
	struct trust_pieces p = { .n = 0 };

	p.items = arena_array(cx->arena, trust->n_crls + trust->n_collateral +
	    trust->n_chips + loaded->n_serials_from, sizeof(*p.items));
	take_used(&p, loaded->crl_from, used->crls, trust->n_crls);
	take_used(&p, loaded->collateral_from, used->collateral,
	    trust->n_collateral);
	take_used(&p, loaded->chip_from, used->chips, trust->n_chips);
	for (size_t i = 0; used->serials && i < loaded->n_serials_from; i++)
		memcpy(p.items[p.n++], loaded->serials_from[i], 32);
	tidy(&p);
	(void)crypto_hash_sha256(p.sha256, (const uint8_t *)p.items,
	    p.n * sizeof(*p.items));
	*out = p;
}

/* --- choosing ------------------------------------------------------------- */

struct trust
trust_of_anchors(struct ctx *cx, const struct trust_loaded *loaded,
    const char *scheme)
{
	struct trust trust = loaded->trust;
	struct slice *anchors = arena_array(cx->arena, trust.n_anchors,
	    sizeof(*anchors));
	struct x509_st **certs = arena_array(cx->arena, trust.n_anchors,
	    sizeof(*certs));

	trust.anchors = anchors;
	trust.anchor_certs = certs;
	trust.n_anchors = 0;
	for (size_t i = 0; i < loaded->trust.n_anchors; i++) {
		if (strcmp(loaded->anchor_schemes[i], scheme) != 0)
			continue;
		certs[trust.n_anchors] = loaded->trust.anchor_certs[i];
		anchors[trust.n_anchors++] = loaded->trust.anchors[i];
	}
	return trust;
}

const char *
trust_anchors_of(const char *hardware_id)
{
	const struct voucher *v = voucher_of(hardware_id);

	return v == NULL ? NULL : v->anchors;
}

struct trust
trust_of_hardware(struct ctx *cx, const struct trust_loaded *loaded,
    const char *hardware_id)
{
	const char *scheme = trust_anchors_of(hardware_id);

	return trust_of_anchors(cx, loaded, scheme == NULL ? "" : scheme);
}
