/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/delegate.h"

#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "authority/signer.h"
#include "base/base.h"
#include "db/ca.h"
#include "pki/cert.h"

#define STRIPES		64u
#define BACKDATE_S	300

/* One that was made.  Nothing in it changes; whoever has it counts. */
struct delegate {
	atomic_uint		refs;
	struct delegate_view	view;
	int64_t			made_s;
	uint8_t			bytes[];
};

/* What a key is for; by role. */
static const struct purpose {
	const char	*kind;		/* in table ca_signed */
	const char	*event;		/* in the log */
	size_t		 life_s;	/* where struct authority_limits has it */
} purposes[] = {
	[CA_ROLE_OCSP] = { "ocsp", "ocsp.delegated",
	    offsetof(struct authority_limits, ocsp_signer_life_s) },
	[CA_ROLE_RESULT] = { "result", "result.delegated",
	    offsetof(struct authority_limits, result_key_life_s) },
};

static int64_t
life_of(const struct authority *a, enum ca_role role)
{
	int64_t life_s;

	memcpy(&life_s, (const char *)&a->limits + purposes[role].life_s,
	    sizeof(life_s));
	return life_s;
}

/* Whose key, and what for. */
struct post { const struct issuer *issuer; enum ca_role role; };

/* Of one post; made when it is first asked about, and there for good. */
struct slot {
	struct post		 post;
	struct delegate		*now;		/* NULL: none yet */
};

struct delegates {
	pthread_mutex_t	 lock;			/* of the slots */
	void		*slots;			/* tree */
	size_t		 n_slots;
	/* Held while one is made: of each CA one at a time, and an HSM that
	 * hangs keeps no other tenants waiting but by chance. */
	pthread_mutex_t	 making[STRIPES];
};

static void
lock(pthread_mutex_t *mutex)
{
	ASSERT(pthread_mutex_lock(mutex) == 0);
}

static void
unlock(pthread_mutex_t *mutex)
{
	ASSERT(pthread_mutex_unlock(mutex) == 0);
}

/* --- slots ------------------------------------------------------------------ */

static int
order_slots(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	if (x->post.issuer->id != y->post.issuer->id)
		return x->post.issuer->id > y->post.issuer->id ? 1 : -1;
	return (x->post.role > y->post.role) - (x->post.role < y->post.role);
}

static void
delegate_drop(void *p)
{
	struct delegate *d = p;

	if (d != NULL && atomic_fetch_sub(&d->refs, 1) == 1)
		free(d);
}

/* With the lock; made when there is none. */
static struct slot *
slot_of(struct delegates *all, const struct post *post)
{
	struct slot key = { .post = *post }, *slot;
	struct slot *const *node = tfind(&key, &all->slots, order_slots);

	if (node != NULL)
		return *node;
	slot = base_alloc(sizeof(*slot));
	*slot = key;
	ASSERT(tsearch(slot, &all->slots, order_slots) != NULL);
	all->n_slots++;
	return slot;
}

/* The present one, counted for cx->arena; NULL when there is none. */
static const struct delegate *
present(struct ctx *cx, struct delegates *all, const struct post *post)
{
	struct delegate *d;

	lock(&all->lock);
	d = slot_of(all, post)->now;
	if (d != NULL)
		atomic_fetch_add(&d->refs, 1);
	unlock(&all->lock);
	if (d != NULL)
		arena_defer(cx->arena, delegate_drop, d);
	return d;
}

static void
replace(struct delegates *all, const struct post *post,
    const struct db_ca_signed *row)
{
	struct delegate *d = base_alloc(sizeof(*d) + row->sealed.n), *before;
	struct slot *slot;

	atomic_init(&d->refs, 1);
	memcpy(d->bytes, row->sealed.p, row->sealed.n);
	d->view = (struct delegate_view){ SLICE(d->bytes, row->sealed.n),
	    row->not_after_s };
	d->made_s = row->created_s;
	lock(&all->lock);
	slot = slot_of(all, post);
	before = slot->now;
	slot->now = d;
	unlock(&all->lock);
	delegate_drop(before);
}

/* --- making ----------------------------------------------------------------- */

/* So many quarters of its life are not over.  One that ends with its CA has no
 * successor. */
static bool
is_good(const struct delegate *d, const struct issuer *issuer,
    unsigned quarters, int64_t now_s)
{
	int64_t end_s = d->view.not_after_s;

	if (end_s < issuer->not_after_s)
		end_s = d->made_s + (end_s - d->made_s) * quarters / 4;
	return now_s < end_s;
}

struct keeping { const struct post *post; struct db_ca_signed row; };

static struct err
load_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct keeping *k = arg;

	return db_ca_signed_key(cx, tx, k->post->issuer->tenant.id,
	    k->post->issuer->id, purposes[k->post->role].kind, &k->row);
}

static struct err
add_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct keeping *k = arg;

	return db_ca_signed_add(cx, tx, &k->row);
}

static struct err
make(struct ctx *cx, const struct authority *a, const struct post *post)
{
	const struct issuer *issuer = post->issuer;
	struct order order = { .type = ORDER_DELEGATE };
	int64_t now_s = ctx_now(cx);
	struct keeping k = { .post = post };
	struct answer answer;
	struct cert cert;

	order.delegate = (struct order_delegate){
		.ca = issuer->sealed, .tenant = issuer->tenant.name,
		.role = (uint8_t)post->role,
		.not_before_s = now_s - BACKDATE_S,
		.not_after_s = now_s + life_of(a, post->role),
	};
	if (order.delegate.not_after_s > issuer->not_after_s)
		order.delegate.not_after_s = issuer->not_after_s;
	TRY(signer_call(cx, a->signer, &order, &answer));
	TRY(cert_parse(cx, answer.object, &cert));
	k.row = (struct db_ca_signed){
		.tenant_id = issuer->tenant.id, .ca_id = issuer->id,
		.kind = purposes[post->role].kind,
		.serial = cert.serial, .key_id = cert.ski,
		.certificate = answer.object, .sealed = answer.sealed,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s, .created_s = now_s,
	};
	TRY(db_write(cx, a->db, add_work, &k));
	replace(a->delegates, post, &k.row);
	log_put(a->log, LOG_LEVEL_INFO, purposes[post->role].event, "tenant",
	    issuer->tenant.name, "serial", text_hex(cx->arena, cert.serial),
	    NULL);
	return OK;
}

/* What an earlier run of this program has left. */
static struct err
load(struct ctx *cx, const struct authority *a, const struct post *post)
{
	struct keeping k = { .post = post };

	TRY(db_read(cx, a->db, load_work, &k));
	if (k.row.sealed.n > 0)
		replace(a->delegates, post, &k.row);
	return OK;
}

/* With the lock of making. */
static struct err
provide(struct ctx *cx, const struct authority *a,
    const struct post *post, unsigned quarters, bool anew)
{
	const struct delegate *d = present(cx, a->delegates, post);
	int64_t now_s = ctx_now(cx);

	if (d == NULL) {
		TRY(load(cx, a, post));
		d = present(cx, a->delegates, post);
	}
	if (d != NULL && anew && now_s - d->made_s < DELEGATE_PACE_S)
		return OK;
	if (d != NULL && !anew && is_good(d, post->issuer, quarters, now_s))
		return OK;
	return make(cx, a, post);
}

static struct err
provide_alone(struct ctx *cx, const struct authority *a,
    const struct post *post, unsigned quarters, bool anew)
{
	pthread_mutex_t *making =
	    &a->delegates->making[(uint64_t)post->issuer->id % STRIPES];
	struct err e;

	lock(making);
	e = provide(cx, a, post, quarters, anew);
	unlock(making);
	return e;
}

struct err
delegate_get(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, enum ca_role role, bool anew,
    struct delegate_view *out)
{
	const struct post post = { issuer, role };
	const struct delegate *d = present(cx, a->delegates, &post);
	struct err e = OK;

	if (d == NULL || anew || !is_good(d, issuer, 3, ctx_now(cx))) {
		e = provide_alone(cx, a, &post, 3, anew);
		d = present(cx, a->delegates, &post);
	}
	/* The old one will do while no new one can be had. */
	if (d == NULL || (failed(e) && anew) ||
	    ctx_now(cx) >= d->view.not_after_s)
		return failed(e) ? e : FAIL(cx, ERR_SIGNER_GONE,
		    "no key signs for the CA");
	if (failed(e))
		ctx_forget(cx);
	*out = d->view;
	return OK;
}

/* --- by time ---------------------------------------------------------------- */

struct listing { struct post *items; size_t n; };

static void
list_one(const void *node, VISIT visit, void *arg)
{
	const struct slot *const *slot = node;
	struct listing *l = arg;

	if (visit == preorder || visit == leaf)
		l->items[l->n++] = (*slot)->post;
}

static struct err
forget_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const int64_t *now_s = arg;

	return db_ca_signed_forget(cx, tx, *now_s);
}

/* OCSP is asked about what a CA has signed for as long as that lasts. */
static bool
is_in_use(const struct authority *a, const struct post *post, int64_t now_s)
{
	if (post->role == CA_ROLE_RESULT && post->issuer != issuers_active(a,
	    post->issuer->tenant.id, CA_ROLE_ISSUING))
		return false;
	return now_s < post->issuer->not_after_s;
}

struct err
delegates_round(struct ctx *cx, const struct authority *a)
{
	struct delegates *all = a->delegates;
	int64_t now_s = ctx_now(cx);
	struct listing l = { .n = 0 };
	struct err e = OK, one;

	lock(&all->lock);
	l.items = arena_array(cx->arena, all->n_slots, sizeof(*l.items));
	twalk_r(all->slots, list_one, &l);
	unlock(&all->lock);
	/* One that cannot be had must not keep the others. */
	for (size_t i = 0; i < l.n; i++) {
		if (!is_in_use(a, &l.items[i], now_s))
			continue;
		one = provide_alone(cx, a, &l.items[i], 2, false);
		if (failed(one))
			e = one;
	}
	TRY(db_write(cx, a->db, forget_work, &now_s));
	return e;
}

/* --- new, free -------------------------------------------------------------- */

struct delegates *
delegates_new(void)
{
	struct delegates *all = base_alloc(sizeof(*all));

	ASSERT(pthread_mutex_init(&all->lock, NULL) == 0);
	for (size_t i = 0; i < STRIPES; i++)
		ASSERT(pthread_mutex_init(&all->making[i], NULL) == 0);
	return all;
}

static void
slot_free(void *p)
{
	struct slot *slot = p;

	delegate_drop(slot->now);
	free(slot);
}

void
delegates_free(struct delegates *all)
{
	if (all == NULL)
		return;
	tdestroy(all->slots, slot_free);
	for (size_t i = 0; i < STRIPES; i++)
		(void)pthread_mutex_destroy(&all->making[i]);
	(void)pthread_mutex_destroy(&all->lock);
	free(all);
}
