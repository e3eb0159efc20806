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

/* Of one CA; made when it is first asked about, and there for good. */
struct slot {
	const struct issuer	*issuer;
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

	return (x->issuer->id > y->issuer->id) -
	    (x->issuer->id < y->issuer->id);
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
slot_of(struct delegates *all, const struct issuer *issuer)
{
	struct slot key = { .issuer = issuer }, *slot;
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
present(struct ctx *cx, struct delegates *all, const struct issuer *issuer)
{
	struct delegate *d;

	lock(&all->lock);
	d = slot_of(all, issuer)->now;
	if (d != NULL)
		atomic_fetch_add(&d->refs, 1);
	unlock(&all->lock);
	if (d != NULL)
		arena_defer(cx->arena, delegate_drop, d);
	return d;
}

static void
replace(struct delegates *all, const struct issuer *issuer,
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
	slot = slot_of(all, issuer);
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

struct keeping { const struct issuer *issuer; struct db_ca_signed row; };

static struct err
load_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct keeping *k = arg;

	return db_ca_signed_ocsp(cx, tx, k->issuer->tenant.id, k->issuer->id,
	    &k->row);
}

static struct err
add_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct keeping *k = arg;

	return db_ca_signed_add(cx, tx, &k->row);
}

static struct err
make(struct ctx *cx, const struct authority *a, const struct issuer *issuer)
{
	struct order order = { .type = ORDER_DELEGATE_OCSP };
	int64_t now_s = ctx_now(cx);
	struct keeping k = { .issuer = issuer };
	struct answer answer;
	struct cert cert;

	order.delegate_ocsp = (struct order_delegate_ocsp){
		.ca = issuer->sealed, .tenant = issuer->tenant.name,
		.not_before_s = now_s - BACKDATE_S,
		.not_after_s = now_s + a->limits.ocsp_signer_life_s,
	};
	if (order.delegate_ocsp.not_after_s > issuer->not_after_s)
		order.delegate_ocsp.not_after_s = issuer->not_after_s;
	TRY(signer_call(cx, a->signer, &order, &answer));
	TRY(cert_parse(cx, answer.object, &cert));
	k.row = (struct db_ca_signed){
		.tenant_id = issuer->tenant.id, .ca_id = issuer->id,
		.kind = "ocsp", .serial = cert.serial, .key_id = cert.ski,
		.certificate = answer.object, .sealed = answer.sealed,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s, .created_s = now_s,
	};
	TRY(db_write(cx, a->db, add_work, &k));
	replace(a->delegates, issuer, &k.row);
	log_put(a->log, LOG_LEVEL_INFO, "ocsp.delegated", "tenant",
	    issuer->tenant.name, "serial", text_hex(cx->arena, cert.serial),
	    NULL);
	return OK;
}

/* What an earlier run of this program has left. */
static struct err
load(struct ctx *cx, const struct authority *a, const struct issuer *issuer)
{
	struct keeping k = { .issuer = issuer };

	TRY(db_read(cx, a->db, load_work, &k));
	if (k.row.sealed.n > 0)
		replace(a->delegates, issuer, &k.row);
	return OK;
}

/* With the lock of making. */
static struct err
provide(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, unsigned quarters, bool anew)
{
	const struct delegate *d = present(cx, a->delegates, issuer);
	int64_t now_s = ctx_now(cx);

	if (d == NULL) {
		TRY(load(cx, a, issuer));
		d = present(cx, a->delegates, issuer);
	}
	if (d != NULL && anew && now_s - d->made_s < DELEGATE_PACE_S)
		return OK;
	if (d != NULL && !anew && is_good(d, issuer, quarters, now_s))
		return OK;
	return make(cx, a, issuer);
}

static struct err
provide_alone(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, unsigned quarters, bool anew)
{
	pthread_mutex_t *making =
	    &a->delegates->making[(uint64_t)issuer->id % STRIPES];
	struct err e;

	lock(making);
	e = provide(cx, a, issuer, quarters, anew);
	unlock(making);
	return e;
}

struct err
delegate_get(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, bool anew, struct delegate_view *out)
{
	const struct delegate *d = present(cx, a->delegates, issuer);
	struct err e = OK;

	if (d == NULL || anew || !is_good(d, issuer, 3, ctx_now(cx))) {
		e = provide_alone(cx, a, issuer, 3, anew);
		d = present(cx, a->delegates, issuer);
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

struct listing { const struct issuer **items; size_t n; };

static void
list_one(const void *node, VISIT visit, void *arg)
{
	const struct slot *const *slot = node;
	struct listing *l = arg;

	if (visit == preorder || visit == leaf)
		l->items[l->n++] = (*slot)->issuer;
}

static struct err
forget_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const int64_t *now_s = arg;

	return db_ca_signed_forget(cx, tx, *now_s);
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
		if (now_s >= l.items[i]->not_after_s)
			continue;
		one = provide_alone(cx, a, l.items[i], 2, false);
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
