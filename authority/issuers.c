/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/issuers.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <time.h>

#include "authority/crl.h"
#include "base/base.h"
#include "db/ca.h"
#include "db/certificate.h"
#include "pki/crl.h"

#define LOAD_PAGE	256u
#define RETRY_US	1000000u	/* after a CRL could not be made */
#define PACE_US		1000000u	/* at most one CRL a second and CA */
#define IDLE_S		60		/* how often times are looked at */

/* An issuer and its CRL.  All but issuer is held by crl_lock. */
struct ca_entry {
	struct issuer	 issuer;	/* first: keys of the trees point here */
	struct ca_entry	*next;
	bool		 dirty;
	uint64_t	 not_before_us;	/* pace and retry */
	struct slice	 crl;		/* malloced; empty while there is none */
	uint64_t	 number;
	int64_t		 this_s, next_s;
};

struct issuers {
	const struct authority	*authority;
	struct arena		*arena;		/* issuers live here */

	pthread_rwlock_t	 lock;		/* holds the trees and the list */
	void			*by_key_id, *by_id, *active;
	struct ca_entry		*entries;

	pthread_mutex_t		 crl_lock;
	pthread_cond_t		 wake;
	bool			 stop, poked;
	pthread_t		 thread;
};

/* --- trees -------------------------------------------------------------- */

static int
order_by_key_id(const void *a, const void *b)
{
	const struct issuer *x = a, *y = b;

	return memcmp(x->key_id, y->key_id, sizeof(x->key_id));
}

static int
order_by_id(const void *a, const void *b)
{
	const struct issuer *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int
order_by_use(const void *a, const void *b)
{
	const struct issuer *x = a, *y = b;

	if (x->tenant.id != y->tenant.id)
		return x->tenant.id < y->tenant.id ? -1 : 1;
	return x->role < y->role ? -1 : x->role > y->role;
}

static const struct issuer *
find(struct issuers *all, void *const *tree, const struct issuer *key,
    int (*order)(const void *, const void *))
{
	const struct issuer *const *node;

	ASSERT(pthread_rwlock_rdlock(&all->lock) == 0);
	node = tfind(key, tree, order);
	ASSERT(pthread_rwlock_unlock(&all->lock) == 0);
	return node == NULL ? NULL : *node;
}

const struct issuer *
issuers_by_key_id(const struct authority *a,
    const uint8_t key_id[static ISSUER_KEY_ID_SIZE])
{
	struct issuer key = { .id = 0 };

	memcpy(key.key_id, key_id, sizeof(key.key_id));
	return find(a->issuers, &a->issuers->by_key_id, &key, order_by_key_id);
}

static const struct issuer *
by_id(struct issuers *all, int64_t id)
{
	struct issuer key = { .id = id };

	return find(all, &all->by_id, &key, order_by_id);
}

const struct issuer *
issuers_active(const struct authority *a, int64_t tenant_id,
    enum ca_role role)
{
	struct issuer key = { .tenant = { .id = tenant_id }, .role = role };

	return find(a->issuers, &a->issuers->active, &key, order_by_use);
}

/* --- loading -------------------------------------------------------------- */

static struct err
role_of(struct ctx *cx, const char *word, enum ca_role *out)
{
	static const struct { const char *word; enum ca_role role; } roles[] = {
		{ "root", CA_ROLE_ROOT }, { "issuing", CA_ROLE_ISSUING },
		{ "server", CA_ROLE_SERVER },
	};

	for (size_t i = 0; i < COUNT_OF(roles); i++) {
		if (strcmp(roles[i].word, word) == 0) {
			*out = roles[i].role;
			return OK;
		}
	}
	return FAIL(cx, ERR_STORAGE, "a CA with role %s", word);
}

/* A CRL that was kept, and whether it still says what the database does. */
struct kept_crl {
	struct slice	der;		/* empty: there is none */
	int64_t		this_s, next_s;
	bool		is_stale;
};

/*
 * A revocation that was committed just before this program was killed is in
 * the database and not in the CRL.  Revocations are never taken back, so their
 * number tells, counted as crl_make() chose them.
 */
static struct err
read_kept(struct ctx *cx, struct db_tx *tx, const struct authority *a,
    const struct db_ca *row, struct kept_crl *out)
{
	struct kept_crl kept = { .is_stale = true };
	struct crl_facts facts;
	size_t n_revoked;

	TRY(db_ca_crl(cx, tx, row->tenant_id, row->id, &kept.der));
	if (kept.der.n > 0 && failed(crl_parse(cx, kept.der, &facts))) {
		ctx_forget(cx);
		kept.der = SLICE_NONE;
	}
	if (kept.der.n > 0) {
		kept.this_s = facts.this_update_s;
		kept.next_s = facts.next_update_s;
		TRY(db_certificates_revoked_count(cx, tx, row->id,
		    kept.this_s - a->limits.crl_life_s, &n_revoked));
		kept.is_stale = n_revoked != facts.n_entries;
	}
	*out = kept;
	return OK;
}

/* Take a row in; the same one again is no change. */
static struct err
take(struct ctx *cx, struct issuers *all, const struct db_ca *row,
    const struct kept_crl *kept)
{
	struct ca_entry *e;
	enum ca_role role;

	if (by_id(all, row->id) != NULL)
		return OK;
	TRY(role_of(cx, row->role, &role));
	if (row->key_id.n != ISSUER_KEY_ID_SIZE ||
	    strlen(row->tenant) > TEXT_NAME_MAX)
		return FAIL(cx, ERR_STORAGE, "CA row %lld",
		    (long long)row->id);

	ASSERT(pthread_rwlock_wrlock(&all->lock) == 0);
	e = ARENA_NEW(all->arena, struct ca_entry);
	e->issuer.id = row->id;
	e->issuer.tenant.id = row->tenant_id;
	memcpy(e->issuer.tenant.name, row->tenant, strlen(row->tenant));
	e->issuer.role = role;
	memcpy(e->issuer.key_id, row->key_id.p, ISSUER_KEY_ID_SIZE);
	e->issuer.certificate = slice_dup(all->arena, row->certificate);
	e->issuer.sealed = slice_dup(all->arena, row->sealed);
	e->issuer.not_before_s = row->not_before_s;
	e->issuer.not_after_s = row->not_after_s;
	ASSERT(pthread_rwlock_unlock(&all->lock) == 0);
	if (row->parent_id != 0) {
		e->issuer.parent = by_id(all, row->parent_id);
		if (e->issuer.parent == NULL)
			return FAIL(cx, ERR_STORAGE, "CA row %lld: no parent",
			    (long long)row->id);
	}
	e->dirty = kept->is_stale;
	if (kept->der.n > 0) {
		e->crl = SLICE(memcpy(base_alloc(kept->der.n), kept->der.p,
		    kept->der.n), kept->der.n);
		e->number = row->crl_number;
		e->this_s = kept->this_s;
		e->next_s = kept->next_s;
	}

	ASSERT(pthread_rwlock_wrlock(&all->lock) == 0);
	ASSERT(tsearch(&e->issuer, &all->by_key_id, order_by_key_id) != NULL);
	ASSERT(tsearch(&e->issuer, &all->by_id, order_by_id) != NULL);
	if (strcmp(row->state, "active") == 0)
		ASSERT(tsearch(&e->issuer, &all->active, order_by_use) != NULL);
	ASSERT(pthread_mutex_lock(&all->crl_lock) == 0);
	e->next = all->entries;
	all->entries = e;
	all->poked = true;
	ASSERT(pthread_cond_signal(&all->wake) == 0);
	ASSERT(pthread_mutex_unlock(&all->crl_lock) == 0);
	ASSERT(pthread_rwlock_unlock(&all->lock) == 0);
	return OK;
}

struct loading { struct issuers *all; int64_t id; };

static struct err
load_all(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct loading *l = arg;
	struct db_ca *rows;
	size_t n = LOAD_PAGE;
	int64_t after = 0;

	while (n == LOAD_PAGE) {
		TRY(db_ca_all(cx, tx, after, LOAD_PAGE, &rows, &n));
		for (size_t i = 0; i < n; i++) {
			struct kept_crl kept;

			TRY(read_kept(cx, tx, l->all->authority, &rows[i],
			    &kept));
			TRY(take(cx, l->all, &rows[i], &kept));
			after = rows[i].id;
		}
	}
	return OK;
}

static struct err
load_one(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct kept_crl none = { .is_stale = true };
	struct loading *l = arg;
	struct db_ca row;

	TRY(db_ca_by_id(cx, tx, l->id, &row));
	return take(cx, l->all, &row, &none);
}

struct err
issuers_add(struct ctx *cx, const struct authority *a, int64_t ca_id)
{
	struct loading l = { a->issuers, ca_id };

	return db_read(cx, a->db, load_one, &l);
}

/* --- CRLs ------------------------------------------------------------------ */

void
issuers_crl_changed(const struct authority *a, int64_t ca_id)
{
	struct issuers *all = a->issuers;

	ASSERT(pthread_mutex_lock(&all->crl_lock) == 0);
	for (struct ca_entry *e = all->entries; e != NULL; e = e->next)
		if (e->issuer.id == ca_id)
			e->dirty = true;
	all->poked = true;
	ASSERT(pthread_cond_signal(&all->wake) == 0);
	ASSERT(pthread_mutex_unlock(&all->crl_lock) == 0);
}

bool
issuers_crl(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, struct slice *out, uint64_t *out_number,
    int64_t *out_this_s, int64_t *out_next_s)
{
	/* An issuer that callers hold is the first member of its entry. */
	const struct ca_entry *e = (const struct ca_entry *)issuer;
	struct issuers *all = a->issuers;
	bool there;

	ASSERT(pthread_mutex_lock(&all->crl_lock) == 0);
	there = e->crl.n > 0;
	if (there) {
		*out = slice_dup(cx->arena, e->crl);
		*out_number = e->number;
		*out_this_s = e->this_s;
		*out_next_s = e->next_s;
	}
	ASSERT(pthread_mutex_unlock(&all->crl_lock) == 0);
	return there;
}

/* With crl_lock: must a CRL be made now?  Half of its life is kept in hand. */
static bool
is_due(const struct issuers *all, const struct ca_entry *e, int64_t now_s,
    uint64_t now_us)
{
	bool old = e->next_s - now_s < all->authority->limits.crl_life_s / 2;

	return (e->dirty || old) && now_us >= e->not_before_us &&
	    now_s < e->issuer.not_after_s;
}

/* Make one CRL; crl_lock is not held while the signer and the database work. */
static void
refresh(struct ctx *cx, struct issuers *all, struct ca_entry *e)
{
	struct crl_made made;
	struct err err = crl_make(cx, all->authority, &e->issuer, &made);
	uint64_t now_us = cx->clock->ticks_us(cx->clock->arg);

	ASSERT(pthread_mutex_lock(&all->crl_lock) == 0);
	if (failed(err)) {
		e->dirty = true;
		e->not_before_us = now_us + RETRY_US;
	} else {
		free((void *)(uintptr_t)e->crl.p);
		e->crl = SLICE(memcpy(base_alloc(made.der.n), made.der.p,
		    made.der.n), made.der.n);
		e->number = made.number;
		e->this_s = made.this_s;
		e->next_s = made.next_s;
		e->not_before_us = now_us + PACE_US;
	}
	ASSERT(pthread_mutex_unlock(&all->crl_lock) == 0);
	if (failed(err))
		log_put(all->authority->log, LOG_LEVEL_ERROR, "crl.failed",
		    "tenant", e->issuer.tenant.name, "code", err_dotted(err),
		    "note", cx->trail->note, NULL);
}

/* How long nothing needs a look: short-lived CRLs need it oftener. */
static uint64_t
idle_us(const struct issuers *all)
{
	int64_t quarter_s = all->authority->limits.crl_life_s / 4;

	return (uint64_t)(quarter_s < IDLE_S ? quarter_s : IDLE_S) * 1000000u;
}

/* One look at every CA; the next time something is due, in microseconds. */
static uint64_t
look(struct ctx *cx, struct issuers *all)
{
	uint64_t wait_us = idle_us(all), now_us;
	struct ca_entry *e;

	ASSERT(pthread_mutex_lock(&all->crl_lock) == 0);
	all->poked = false;
	for (e = all->entries; e != NULL && !all->stop; e = e->next) {
		now_us = cx->clock->ticks_us(cx->clock->arg);
		if (is_due(all, e, ctx_now(cx), now_us)) {
			e->dirty = false;
			ASSERT(pthread_mutex_unlock(&all->crl_lock) == 0);
			refresh(cx, all, e);
			arena_reset(cx->arena);
			ASSERT(pthread_mutex_lock(&all->crl_lock) == 0);
		}
		if (e->dirty && e->not_before_us > now_us &&
		    e->not_before_us - now_us < wait_us)
			wait_us = e->not_before_us - now_us;
	}
	ASSERT(pthread_mutex_unlock(&all->crl_lock) == 0);
	return wait_us;
}

static void *
crl_main(void *arg)
{
	struct issuers *all = arg;
	struct ctx_root root;
	bool stop = false;

	ctx_root_init(&root, all->authority->log);
	while (!stop) {
		uint64_t wait_us = look(&root.cx, all);
		struct timespec until;

		ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
		wait_us += (uint64_t)until.tv_nsec / 1000;
		until.tv_sec += (time_t)(wait_us / 1000000);
		until.tv_nsec = (long)(wait_us % 1000000) * 1000;
		ASSERT(pthread_mutex_lock(&all->crl_lock) == 0);
		while (!all->poked && !all->stop &&
		    pthread_cond_timedwait(&all->wake, &all->crl_lock,
		    &until) == 0)
			continue;
		stop = all->stop;
		ASSERT(pthread_mutex_unlock(&all->crl_lock) == 0);
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

/* --- open, close ------------------------------------------------------------ */

struct err
issuers_open(struct ctx *cx, struct authority *a, struct issuers **out)
{
	struct issuers *all = base_alloc(sizeof(*all));
	struct loading l = { all, 0 };
	pthread_condattr_t attr;
	struct err e;

	all->authority = a;
	all->arena = arena_new();
	ASSERT(pthread_rwlock_init(&all->lock, NULL) == 0);
	ASSERT(pthread_mutex_init(&all->crl_lock, NULL) == 0);
	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(&all->wake, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	e = db_read(cx, a->db, load_all, &l);
	ASSERT(pthread_create(&all->thread, NULL, crl_main, all) == 0);
	if (failed(e)) {
		issuers_close(all);
		return e;
	}
	*out = all;
	return OK;
}

static void
no_free(void *p)
{
	(void)p;
}

void
issuers_close(struct issuers *all)
{
	if (all == NULL)
		return;
	ASSERT(pthread_mutex_lock(&all->crl_lock) == 0);
	all->stop = true;
	ASSERT(pthread_cond_signal(&all->wake) == 0);
	ASSERT(pthread_mutex_unlock(&all->crl_lock) == 0);
	ASSERT(pthread_join(all->thread, NULL) == 0);
	tdestroy(all->by_key_id, no_free);
	tdestroy(all->by_id, no_free);
	tdestroy(all->active, no_free);
	for (struct ca_entry *e = all->entries; e != NULL; e = e->next)
		free((void *)(uintptr_t)e->crl.p);
	arena_free(all->arena);
	(void)pthread_rwlock_destroy(&all->lock);
	(void)pthread_mutex_destroy(&all->crl_lock);
	(void)pthread_cond_destroy(&all->wake);
	free(all);
}
