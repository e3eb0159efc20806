/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/issuers.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>

#include "base/base.h"
#include "db/ca.h"

#define LOAD_PAGE	256u

/* Certificates of one root by others. */
struct cross { struct slice certificate; int64_t signer, not_after_s; };

/* All but issuer may change, under the lock. */
struct ca_entry {
	struct issuer	 issuer;	/* first: the trees point here */
	bool		 alive;
	size_t		 n_crosses;
	struct cross	*crosses;
};

struct issuers {
	const struct authority	*authority;
	struct arena		*arena;		/* issuers live here */

	pthread_mutex_t		 sync;		/* held from reading to telling:
						 * the last read is told last */
	pthread_rwlock_t	 lock;		/* holds the trees */
	void			*by_key_id, *by_id, *active;
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
	const struct issuer *const *node, *found;

	ASSERT(pthread_rwlock_rdlock(&all->lock) == 0);
	node = tfind(key, tree, order);
	found = node == NULL ? NULL : *node;
	ASSERT(pthread_rwlock_unlock(&all->lock) == 0);
	return found;
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
issuers_by_id(const struct authority *a, int64_t id)
{
	return by_id(a->issuers, id);
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

/* What is known of a CA besides its row. */
struct about {
	size_t		 n_above;
	struct slice	 above[CA_ABOVE_MAX];
	size_t		 n_crosses;
	struct cross	*crosses;
};

static struct err
read_crosses(struct ctx *cx, struct db_tx *tx, const struct db_ca *row,
    struct about *out)
{
	struct db_ca_signed *all;
	size_t n;

	TRY(db_ca_signed_list(cx, tx, row->tenant_id, "cross", &all, &n));
	out->crosses = arena_array(cx->arena, n, sizeof(*out->crosses));
	for (size_t i = 0; i < n; i++)
		if (slice_equal(all[i].key_id, row->key_id))
			out->crosses[out->n_crosses++] = (struct cross){
				all[i].certificate, all[i].ca_id,
				all[i].not_after_s };
	return OK;
}

static struct err
read_about(struct ctx *cx, struct db_tx *tx, const struct db_ca *row,
    struct about *out)
{
	*out = (struct about){ .n_above = 0 };
	if (row->own_root)
		return db_ca_above_list(cx, tx, row->tenant_id, row->id,
		    out->above, &out->n_above);
	if (strcmp(row->role, "root") == 0)
		return read_crosses(cx, tx, row, out);
	return OK;
}

static struct err
make(struct ctx *cx, struct issuers *all, const struct db_ca *row,
    const struct about *about, struct ca_entry **out)
{
	const struct issuer *parent = NULL;
	struct slice *above;
	struct issuer *issuer;
	struct ca_entry *e;
	enum ca_role role;

	TRY(role_of(cx, row->role, &role));
	if (row->parent_id != 0)
		parent = by_id(all, row->parent_id);
	if (row->key_id.n != ISSUER_KEY_ID_SIZE ||
	    strlen(row->tenant) > TEXT_NAME_MAX ||
	    (parent == NULL && about->n_above == 0 && role != CA_ROLE_ROOT))
		return FAIL(cx, ERR_STORAGE, "CA row %lld",
		    (long long)row->id);
	ASSERT(pthread_rwlock_wrlock(&all->lock) == 0);
	e = ARENA_NEW(all->arena, struct ca_entry);
	issuer = &e->issuer;
	issuer->id = row->id;
	issuer->tenant.id = row->tenant_id;
	memcpy(issuer->tenant.name, row->tenant, strlen(row->tenant));
	issuer->role = role;
	memcpy(issuer->key_id, row->key_id.p, ISSUER_KEY_ID_SIZE);
	issuer->certificate = slice_dup(all->arena, row->certificate);
	issuer->sealed = slice_dup(all->arena, row->sealed);
	issuer->not_before_s = row->not_before_s;
	issuer->not_after_s = row->not_after_s;
	issuer->parent = parent;
	above = arena_array(all->arena, about->n_above, sizeof(*above));
	for (size_t i = 0; i < about->n_above; i++)
		above[i] = slice_dup(all->arena, about->above[i]);
	issuer->n_above = about->n_above;
	issuer->above = above;
	ASSERT(tsearch(issuer, &all->by_key_id, order_by_key_id) != NULL);
	ASSERT(tsearch(issuer, &all->by_id, order_by_id) != NULL);
	ASSERT(pthread_rwlock_unlock(&all->lock) == 0);
	*out = e;
	return OK;
}

static bool
is_alive(const char *state)
{
	static const char *const words[] = {
		"staged", "active", "retiring", "tainted",
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(state, words[i]) == 0)
			return true;
	return false;
}

/* With the lock: the one of that tenant and role in the tree of active ones. */
static const struct issuer *
active_like(const struct issuers *all, const struct issuer *issuer)
{
	const struct issuer *const *node = tfind(issuer, &all->active,
	    order_by_use);

	return node == NULL ? NULL : *node;
}

/* With the lock. */
static void
settle(struct issuers *all, struct ca_entry *e, const struct db_ca *row,
    const struct about *about)
{
	bool active = strcmp(row->state, "active") == 0;
	const struct issuer *now = active_like(all, &e->issuer);

	e->alive = is_alive(row->state);
	if (now != NULL && (now == &e->issuer) != active)
		(void)tdelete(now, &all->active, order_by_use);
	if (active)
		ASSERT(tsearch(&e->issuer, &all->active, order_by_use) !=
		    NULL);
	if (e->n_crosses == about->n_crosses)
		return;
	e->crosses = arena_array(all->arena, about->n_crosses,
	    sizeof(*e->crosses));
	for (size_t i = 0; i < about->n_crosses; i++) {
		e->crosses[i] = about->crosses[i];
		e->crosses[i].certificate = slice_dup(all->arena,
		    about->crosses[i].certificate);
	}
	e->n_crosses = about->n_crosses;
}

/* One tenant's rows at once, so that no reader sees two active CAs, or none
 * where one took over from another. */
static void
settle_all(struct issuers *all, struct ca_entry *const *entries,
    const struct db_ca *rows, const struct about *abouts, size_t n)
{
	ASSERT(pthread_rwlock_wrlock(&all->lock) == 0);
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++)
			if (entries[i] != NULL && (pass == 1) ==
			    (strcmp(rows[i].state, "active") == 0))
				settle(all, entries[i], &rows[i], &abouts[i]);
	ASSERT(pthread_rwlock_unlock(&all->lock) == 0);
}

/* Take rows in, parents before those under them. */
static struct err
take(struct ctx *cx, struct db_tx *tx, struct issuers *all,
    const struct db_ca *rows, size_t n)
{
	struct about *abouts = arena_array(cx->arena, n, sizeof(*abouts));
	struct ca_entry **entries = arena_array(cx->arena, n, sizeof(*entries));

	for (size_t i = 0; i < n; i++) {
		/* Only requested: there is nothing to serve yet. */
		if (rows[i].certificate.n == 0)
			continue;
		TRY(read_about(cx, tx, &rows[i], &abouts[i]));
		entries[i] = (struct ca_entry *)(uintptr_t)by_id(all, rows[i].id);
		if (entries[i] == NULL)
			TRY(make(cx, all, &rows[i], &abouts[i], &entries[i]));
	}
	settle_all(all, entries, rows, abouts, n);
	return OK;
}

struct loading { struct issuers *all; int64_t id; };

/* The rows above *io_after; *out_n of them. */
static struct err
load_page(struct ctx *cx, struct db_tx *tx, struct issuers *all,
    int64_t *io_after, size_t *out_n)
{
	struct db_ca *rows;

	TRY(db_ca_all(cx, tx, *io_after, LOAD_PAGE, &rows, out_n));
	TRY(take(cx, tx, all, rows, *out_n));
	if (*out_n > 0)
		*io_after = rows[*out_n - 1].id;
	return OK;
}

/* There may be very many: each page has memory of its own. */
static struct err
load_all(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct loading *l = arg;
	struct ctx page_cx = *cx;
	struct err e = OK;
	size_t n = LOAD_PAGE;
	int64_t after = 0;

	page_cx.arena = arena_new();
	while (n == LOAD_PAGE && !failed(e)) {
		e = load_page(&page_cx, tx, l->all, &after, &n);
		arena_reset(page_cx.arena);
	}
	arena_free(page_cx.arena);
	return e;
}

static struct err
load_one(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct loading *l = arg;
	struct db_ca row;

	TRY(db_ca_by_id(cx, tx, l->id, &row));
	return take(cx, tx, l->all, &row, 1);
}

static struct err
load_tenant(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct loading *l = arg;
	struct db_ca *rows;
	size_t n = LOAD_PAGE;
	int64_t after = 0;

	while (n == LOAD_PAGE) {
		TRY(db_ca_list(cx, tx, l->id, after, LOAD_PAGE, &rows, &n));
		TRY(take(cx, tx, l->all, rows, n));
		if (n > 0)
			after = rows[n - 1].id;
	}
	return OK;
}

static struct err
load(struct ctx *cx, const struct authority *a, db_work *work, int64_t id)
{
	struct loading l = { a->issuers, id };
	struct err e;

	ASSERT(pthread_mutex_lock(&a->issuers->sync) == 0);
	e = db_read(cx, a->db, work, &l);
	ASSERT(pthread_mutex_unlock(&a->issuers->sync) == 0);
	return e;
}

struct err
issuers_add(struct ctx *cx, const struct authority *a, int64_t ca_id)
{
	return load(cx, a, load_one, ca_id);
}

struct err
issuers_sync(struct ctx *cx, const struct authority *a, int64_t tenant_id)
{
	return load(cx, a, load_tenant, tenant_id);
}

/* --- what may change ------------------------------------------------------ */

/* An issuer that callers hold is the first member of its entry. */
static const struct ca_entry *
entry_of(const struct issuer *issuer)
{
	return (const struct ca_entry *)issuer;
}

bool
issuers_is_alive(const struct authority *a, const struct issuer *issuer)
{
	bool alive;

	ASSERT(pthread_rwlock_rdlock(&a->issuers->lock) == 0);
	alive = entry_of(issuer)->alive;
	ASSERT(pthread_rwlock_unlock(&a->issuers->lock) == 0);
	return alive;
}

struct slice
issuers_root(const struct issuer *issuer)
{
	if (issuer->n_above > 0)
		return issuer->above[issuer->n_above - 1];
	return issuer->parent != NULL ? issuer->parent->certificate :
	    issuer->certificate;
}

size_t
issuers_crosses(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, struct slice out[static ISSUER_CROSSES_MAX])
{
	const struct ca_entry *e = entry_of(issuer);
	struct issuers *all = a->issuers;
	size_t n = 0;

	ASSERT(pthread_rwlock_rdlock(&all->lock) == 0);
	for (size_t i = 0; i < e->n_crosses && n < ISSUER_CROSSES_MAX; i++) {
		struct issuer key = { .id = e->crosses[i].signer };
		struct issuer *const *signer = tfind(&key, &all->by_id,
		    order_by_id);

		if (signer != NULL && entry_of(*signer)->alive &&
		    e->crosses[i].not_after_s > ctx_now(cx))
			out[n++] = e->crosses[i].certificate;
	}
	ASSERT(pthread_rwlock_unlock(&all->lock) == 0);
	return n;
}

/* --- open, close ------------------------------------------------------------ */

struct err
issuers_open(struct ctx *cx, struct authority *a, struct issuers **out)
{
	struct issuers *all = base_alloc(sizeof(*all));
	struct loading l = { all, 0 };
	struct err e;

	all->authority = a;
	all->arena = arena_new();
	ASSERT(pthread_rwlock_init(&all->lock, NULL) == 0);
	ASSERT(pthread_mutex_init(&all->sync, NULL) == 0);
	e = db_read(cx, a->db, load_all, &l);
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
	tdestroy(all->by_key_id, no_free);
	tdestroy(all->by_id, no_free);
	tdestroy(all->active, no_free);
	arena_free(all->arena);
	(void)pthread_rwlock_destroy(&all->lock);
	(void)pthread_mutex_destroy(&all->sync);
	free(all);
}
