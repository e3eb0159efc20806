/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/responder.h"

#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sodium.h>

#include "authority/delegate.h"
#include "authority/signer.h"
#include "base/base.h"
#include "db/crl.h"

#define STRIPES		64u
#define BUCKETS		1024u	/* of a stripe */
#define STRIPE_MAX	(RESPONDER_ANSWERS_MAX / STRIPES)
#define TRIES		3u	/* when revocations come in between */

/* What an answer is about. */
struct about {
	int64_t	ca_id;
	uint8_t	serial[CERT_SERIAL_MAX];
	uint8_t	n_serial;
	bool	sha256;
};

/* One that was signed.  Nothing in it changes but its links, which the lock of
 * its stripe holds; whoever has it counts. */
struct kept {
	atomic_uint		 refs;
	struct about		 about;
	struct serial_status	 status;
	struct responder_answer	 answer;
	struct kept		*chain;		/* in its bucket */
	struct kept		*older, *newer;	/* by last use */
	uint8_t			 bytes[];
};

struct stripe {
	pthread_mutex_t	 lock;
	uint64_t	 n_forgotten;	/* calls of responder_forget() */
	size_t		 n;
	struct kept	*newest, *oldest;
	struct kept	*buckets[BUCKETS];
};

/* How a CA is named in requests; made when first asked for. */
struct named { int64_t ca_id; struct ocsp_issuer issuer; };

struct responder {
	pthread_rwlock_t named_lock;
	void		*named;		/* tree of struct named */
	struct stripe	 stripes[STRIPES];
};

static void
lock(struct stripe *s)
{
	ASSERT(pthread_mutex_lock(&s->lock) == 0);
}

static void
unlock(struct stripe *s)
{
	ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

/* --- answers that are kept ------------------------------------------------ */

/* FNV-1a.  Only serials that this service chose are kept, so nobody else can
 * make them fall together.  The hash algorithm is left out: what is forgotten
 * is in one stripe. */
static uint32_t
hash_of(int64_t ca_id, struct slice serial)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < sizeof(ca_id); i++)
		h = (h ^ (uint8_t)(ca_id >> (8 * i))) * 16777619u;
	for (size_t i = 0; i < serial.n; i++)
		h = (h ^ serial.p[i]) * 16777619u;
	return h ^ h >> 15;
}

static struct stripe *
stripe_of(struct responder *r, uint32_t hash)
{
	return &r->stripes[hash % STRIPES];
}

static struct kept **
bucket_of(struct stripe *s, uint32_t hash)
{
	return &s->buckets[hash / STRIPES % BUCKETS];
}

static struct slice
serial_of(const struct about *about)
{
	return SLICE(about->serial, about->n_serial);
}

static uint32_t
about_hash(const struct about *about)
{
	return hash_of(about->ca_id, serial_of(about));
}

static bool
is_same(const struct about *a, const struct about *b)
{
	return a->ca_id == b->ca_id && a->sha256 == b->sha256 &&
	    slice_equal(serial_of(a), serial_of(b));
}

static void
kept_drop(void *p)
{
	struct kept *kept = p;

	if (atomic_fetch_sub(&kept->refs, 1) == 1)
		free(kept);
}

static void
link_newest(struct stripe *s, struct kept *kept)
{
	kept->newer = NULL;
	kept->older = s->newest;
	if (s->newest != NULL)
		s->newest->newer = kept;
	else
		s->oldest = kept;
	s->newest = kept;
}

static void
unlink_age(struct stripe *s, struct kept *kept)
{
	*(kept->newer != NULL ? &kept->newer->older : &s->newest) =
	    kept->older;
	*(kept->older != NULL ? &kept->older->newer : &s->oldest) =
	    kept->newer;
}

static void
remove_one(struct stripe *s, struct kept *kept)
{
	struct kept **p = bucket_of(s, about_hash(&kept->about));

	while (*p != kept)
		p = &(*p)->chain;
	*p = kept->chain;
	unlink_age(s, kept);
	s->n--;
	kept_drop(kept);
}

static struct kept *
find(struct stripe *s, const struct about *about)
{
	struct kept *kept = *bucket_of(s, about_hash(about));

	while (kept != NULL && !is_same(&kept->about, about))
		kept = kept->chain;
	return kept;
}

/* The one kept, counted for cx->arena; NULL when there is none.
 * out_n_forgotten is for keep(). */
static const struct kept *
get(struct ctx *cx, struct responder *r, const struct about *about,
    uint64_t *out_n_forgotten)
{
	struct stripe *s = stripe_of(r, about_hash(about));
	struct kept *kept;

	lock(s);
	kept = find(s, about);
	if (kept != NULL) {
		unlink_age(s, kept);
		link_newest(s, kept);
		atomic_fetch_add(&kept->refs, 1);
	}
	*out_n_forgotten = s->n_forgotten;
	unlock(s);
	if (kept != NULL)
		arena_defer(cx->arena, kept_drop, kept);
	return kept;
}

/*
 * Keep an answer.  false when something of its stripe was revoked since
 * n_forgotten was read, so that it may speak of what was before.
 */
static bool
keep(struct responder *r, struct kept *kept, uint64_t n_forgotten)
{
	uint32_t hash = about_hash(&kept->about);
	struct stripe *s = stripe_of(r, hash);
	struct kept *before, **bucket = bucket_of(s, hash);

	lock(s);
	if (s->n_forgotten != n_forgotten) {
		unlock(s);
		return false;
	}
	before = find(s, &kept->about);
	if (before != NULL)
		remove_one(s, before);
	else if (s->n == STRIPE_MAX)
		remove_one(s, s->oldest);
	atomic_fetch_add(&kept->refs, 1);
	kept->chain = *bucket;
	*bucket = kept;
	link_newest(s, kept);
	s->n++;
	unlock(s);
	return true;
}

void
responder_forget(const struct authority *a, int64_t ca_id,
    struct slice serial)
{
	struct about about = { .ca_id = ca_id };
	struct stripe *s = stripe_of(a->responder, hash_of(ca_id, serial));
	struct kept *kept;

	ASSERT(serial.n <= sizeof(about.serial));
	memcpy(about.serial, serial.p, serial.n);
	about.n_serial = (uint8_t)serial.n;
	lock(s);
	s->n_forgotten++;
	for (unsigned i = 0; i < 2; i++) {
		about.sha256 = i == 1;
		kept = find(s, &about);
		if (kept != NULL)
			remove_one(s, kept);
	}
	unlock(s);
}

/* --- CAs -------------------------------------------------------------------- */

static int
order_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return x->ca_id < y->ca_id ? -1 : x->ca_id > y->ca_id;
}

/* NULL when it was not asked for yet. */
static const struct ocsp_issuer *
named_before(struct responder *r, const struct issuer *issuer)
{
	struct named key = { .ca_id = issuer->id };
	struct named *const *node;
	const struct ocsp_issuer *found;

	ASSERT(pthread_rwlock_rdlock(&r->named_lock) == 0);
	node = tfind(&key, &r->named, order_named);
	found = node == NULL ? NULL : &(*node)->issuer;
	ASSERT(pthread_rwlock_unlock(&r->named_lock) == 0);
	return found;
}

static struct err
named_of(struct ctx *cx, struct responder *r, const struct issuer *issuer,
    const struct ocsp_issuer **out)
{
	struct named key = { .ca_id = issuer->id }, *named;
	struct named *const *node;
	struct cert cert;

	*out = named_before(r, issuer);
	if (*out != NULL)
		return OK;
	TRY(cert_parse_ca(cx, issuer->certificate, &cert));
	TRY(ocsp_issuer_init(cx, &cert, &key.issuer));
	named = base_alloc(sizeof(*named));
	*named = key;
	ASSERT(pthread_rwlock_wrlock(&r->named_lock) == 0);
	node = tsearch(named, &r->named, order_named);
	ASSERT(node != NULL);
	/* Somebody else was as quick. */
	if (*node != named)
		free(named);
	*out = &(*node)->issuer;
	ASSERT(pthread_rwlock_unlock(&r->named_lock) == 0);
	return OK;
}

const char *
responder_url(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer)
{
	return arena_printf(cx->arena, "%s/ocsp/%s", a->status_url,
	    text_hex(cx->arena, SLICE_OF(issuer->key_id)));
}

/* --- answering ---------------------------------------------------------------- */

/* One request on its way. */
struct asking {
	const struct authority	*authority;
	const struct issuer	*issuer;
	const struct ocsp_request *request;
	int64_t			 now_s, next_s;
	struct about		*abouts;	/* request->n */
	struct serial_status	*statuses;
	bool			*is_known;	/* the status is */
};

static struct err
read_statuses(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct asking *q = arg;

	for (size_t i = 0; i < q->request->n; i++)
		if (!q->is_known[i])
			TRY(db_crl_status(cx, tx, q->issuer->tenant.id,
			    q->issuer->id, serial_of(&q->abouts[i]),
			    &q->statuses[i]));
	return OK;
}

static struct order_ocsp_entry
entry_of(const struct about *about, const struct serial_status *status)
{
	struct order_ocsp_entry entry = {
		.n_serial = about->n_serial, .sha256 = about->sha256,
		.status = !status->known ? OCSP_UNKNOWN :
		    status->revoked_s != 0 ? OCSP_REVOKED : OCSP_GOOD,
	};

	memcpy(entry.serial, about->serial, about->n_serial);
	if (entry.status == OCSP_REVOKED) {
		entry.revoked_s = status->revoked_s;
		entry.reason = (uint8_t)status->reason;
	}
	return entry;
}

static struct err
sign(struct ctx *cx, const struct asking *q, struct slice key,
    struct slice *out)
{
	struct order order = { .type = ORDER_SIGN_OCSP };
	struct order_ocsp_entry *entries = arena_array(cx->arena,
	    q->request->n, sizeof(*entries));
	struct answer answer;

	for (size_t i = 0; i < q->request->n; i++)
		entries[i] = entry_of(&q->abouts[i], &q->statuses[i]);
	order.sign_ocsp = (struct order_sign_ocsp){
		.ca = key, .tenant = q->issuer->tenant.name,
		.this_update_s = q->now_s, .next_update_s = q->next_s,
		.nonce = q->request->nonce,
		.n_entries = q->request->n, .entries = entries,
	};
	TRY(signer_call(cx, q->authority->signer, &order, &answer));
	*out = answer.object;
	return OK;
}

/* The delegate's record may be of a master key that is no more: then the signer
 * refuses, and makes another. */
static struct err
have_delegate_sign(struct ctx *cx, struct asking *q, bool anew,
    struct slice *out)
{
	struct delegate_view delegate;

	TRY(delegate_get(cx, q->authority, q->issuer, CA_ROLE_OCSP,
	    anew, &delegate));
	if (q->next_s > delegate.not_after_s)
		q->next_s = delegate.not_after_s;
	return sign(cx, q, delegate.sealed, out);
}

static struct err
have_signed(struct ctx *cx, struct asking *q, struct slice *out)
{
	struct err e;

	if (!q->authority->limits.ocsp_delegated)
		return sign(cx, q, q->issuer->sealed, out);
	e = have_delegate_sign(cx, q, false, out);
	if (e.code == ERR_SIGNER_REFUSED)
		e = have_delegate_sign(cx, q, true, out);
	return e;
}

static struct kept *
kept_of(struct ctx *cx, const struct asking *q, struct slice der)
{
	struct kept *kept = base_alloc(sizeof(*kept) + der.n);
	struct responder_answer *answer = &kept->answer;
	uint8_t hash[crypto_hash_sha256_BYTES];

	atomic_init(&kept->refs, 1);
	arena_defer(cx->arena, kept_drop, kept);
	kept->about = q->abouts[0];
	kept->status = q->statuses[0];
	memcpy(kept->bytes, der.p, der.n);
	answer->der = SLICE(kept->bytes, der.n);
	answer->is_kept = true;
	answer->this_s = q->now_s;
	answer->next_s = q->next_s;
	crypto_hash_sha256(hash, der.p, der.n);
	answer->etag[0] = '"';
	(void)sodium_bin2hex(answer->etag + 1, 33, hash, 16);
	answer->etag[33] = '"';
	return kept;
}

/* One is made again from half of its life on. */
static bool
is_fresh(const struct kept *kept, int64_t now_s)
{
	const struct responder_answer *answer = &kept->answer;

	return now_s < answer->next_s - (answer->next_s - answer->this_s) / 2;
}

/* Of one certificate, for everybody. */
static struct err
ask_one(struct ctx *cx, struct asking *q, struct responder_answer *out)
{
	struct responder *r = q->authority->responder;
	const struct kept *before;
	struct kept *made;
	uint64_t n_forgotten;
	struct slice der;
	struct err e;

	for (unsigned i = 0; i < TRIES; i++) {
		before = get(cx, r, &q->abouts[0], &n_forgotten);
		if (before != NULL && is_fresh(before, q->now_s)) {
			*out = before->answer;
			return OK;
		}
		TRY(db_read(cx, q->authority->db, read_statuses, q));
		e = have_signed(cx, q, &der);
		if (failed(e) && before != NULL &&
		    q->now_s < before->answer.next_s &&
		    before->status.revoked_s == q->statuses[0].revoked_s) {
			/* The signer is away: this one still holds. */
			*out = before->answer;
			return OK;
		}
		TRY(e);
		made = kept_of(cx, q, der);
		*out = made->answer;
		/* Of a serial that nobody issued anybody can think up more. */
		if (!q->statuses[0].known) {
			out->is_kept = false;
			return OK;
		}
		if (keep(r, made, n_forgotten))
			return OK;
	}
	/* True when it was read, and not for later. */
	out->is_kept = false;
	return OK;
}

/* Of several certificates, or with a nonce: for who asks only. */
static struct err
ask_live(struct ctx *cx, struct asking *q, struct responder_answer *out)
{
	uint64_t n_forgotten;
	struct slice der;
	bool all = true;

	for (size_t i = 0; i < q->request->n; i++) {
		const struct kept *kept = get(cx, q->authority->responder,
		    &q->abouts[i], &n_forgotten);

		q->is_known[i] = kept != NULL;
		if (kept != NULL)
			q->statuses[i] = kept->status;
		all &= kept != NULL;
	}
	if (!all)
		TRY(db_read(cx, q->authority->db, read_statuses, q));
	TRY(have_signed(cx, q, &der));
	*out = (struct responder_answer){
		.der = der, .this_s = q->now_s, .next_s = q->next_s,
	};
	return OK;
}

static struct about
about_of(const struct issuer *issuer, const struct ocsp_id *id)
{
	struct about about = {
		.ca_id = issuer->id, .sha256 = id->sha256,
		.n_serial = (uint8_t)id->serial.n,
	};

	ASSERT(id->serial.n <= sizeof(about.serial));
	memcpy(about.serial, id->serial.p, id->serial.n);
	return about;
}

bool
responder_kept(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, const struct ocsp_request *request,
    struct responder_answer *out)
{
	const struct ocsp_issuer *named = named_before(a->responder, issuer);
	int64_t now_s = ctx_now(cx);
	const struct kept *kept;
	struct about about;
	uint64_t n_forgotten;

	if (request->n != 1 || request->nonce.n != 0 || named == NULL ||
	    now_s >= issuer->not_after_s ||
	    !ocsp_id_is_of(&request->ids[0], named))
		return false;
	about = about_of(issuer, &request->ids[0]);
	kept = get(cx, a->responder, &about, &n_forgotten);
	if (kept == NULL || !is_fresh(kept, now_s))
		return false;
	*out = kept->answer;
	return true;
}

struct err
responder_ask(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, const struct ocsp_request *request,
    struct responder_answer *out)
{
	struct asking q = {
		.authority = a, .issuer = issuer, .request = request,
		.now_s = ctx_now(cx),
		.abouts = arena_array(cx->arena, request->n,
		    sizeof(*q.abouts)),
		.statuses = arena_array(cx->arena, request->n,
		    sizeof(*q.statuses)),
		.is_known = arena_array(cx->arena, request->n, sizeof(bool)),
	};
	const struct ocsp_issuer *named;

	if (q.now_s >= issuer->not_after_s)
		return FAIL(cx, ERR_NOT_FOUND, "the CA has expired");
	TRY(named_of(cx, a->responder, issuer, &named));
	for (size_t i = 0; i < request->n; i++) {
		const struct ocsp_id *id = &request->ids[i];

		if (!ocsp_id_is_of(id, named))
			return FAIL(cx, ERR_NOT_FOUND,
			    "asked about a certificate of another CA");
		q.abouts[i] = about_of(issuer, id);
	}
	q.next_s = q.now_s + a->limits.ocsp_life_s;
	if (q.next_s > issuer->not_after_s)
		q.next_s = issuer->not_after_s;
	return request->n == 1 && request->nonce.n == 0 ?
	    ask_one(cx, &q, out) : ask_live(cx, &q, out);
}

/* --- new, free ------------------------------------------------------------------ */

struct responder *
responder_new(void)
{
	struct responder *r = base_alloc(sizeof(*r));

	ASSERT(pthread_rwlock_init(&r->named_lock, NULL) == 0);
	for (size_t i = 0; i < STRIPES; i++)
		ASSERT(pthread_mutex_init(&r->stripes[i].lock, NULL) == 0);
	return r;
}

void
responder_free(struct responder *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < STRIPES; i++) {
		while (r->stripes[i].oldest != NULL)
			remove_one(&r->stripes[i], r->stripes[i].oldest);
		(void)pthread_mutex_destroy(&r->stripes[i].lock);
	}
	tdestroy(r->named, free);
	(void)pthread_rwlock_destroy(&r->named_lock);
	free(r);
}
