/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/oidc.h"

#include <pthread.h>
#include <stdlib.h>

#include <sodium.h>

#include "authority/oidc_fetch.h"
#include "authority/oidc_issuer.h"
#include "base/base.h"
#include "db/oidc.h"

struct issuer {
	int64_t			 id;
	const char		*url, *audience, *lineage;
	bool			 by_url;
	struct oidc_rules	 rules;
	struct jwks		 keys;
	struct key		*parsed;	/* of keys, in the same order */
};

/* All issuers; everything is in root's arena. */
struct set {
	struct ctx_root	 root;
	size_t		 n;
	struct issuer	*issuers;
};

struct oidc {
	pthread_mutex_t		 loading;	/* one at a time */
	pthread_rwlock_t	 lock;		/* holds set */
	struct set		*set;		/* NULL: it could not be read */
};

/* --- loading --------------------------------------------------------------- */

static void
set_free(struct set *set)
{
	if (set == NULL)
		return;
	ctx_root_fini(&set->root);
	free(set);
}

static struct err
read_keys(struct ctx *cx, const char *text, struct issuer *out)
{
	json_t *json;

	TRY(json_parse(cx, slice_text(text), &json));
	TRY(jwks_read(cx, json, &out->keys));
	out->parsed = arena_array(cx->arena, out->keys.n,
	    sizeof(*out->parsed));
	for (size_t i = 0; i < out->keys.n; i++)
		TRY(key_parse(cx, out->keys.keys[i].spki, &out->parsed[i]));
	return OK;
}

static struct err
read_issuer(struct ctx *cx, struct db_tx *tx, const struct oidc_row *row,
    struct issuer *out)
{
	const char *keys = row->jwks != NULL ? row->jwks : row->fetched;
	struct oidc_bounds bounds = { row->bound, row->platform };
	json_t *json;

	*out = (struct issuer){ .id = row->id, .url = row->url,
	    .audience = row->audience, .lineage = row->lineage,
	    .by_url = row->jwks_url != NULL };
	TRY(json_parse(cx, slice_text(row->rules), &json));
	TRY(oidc_rules_read(cx, json, "", &bounds, &out->rules));
	TRY(oidc_rules_resolve(cx, tx, &out->rules));
	return keys == NULL ? OK : read_keys(cx, keys, out);
}

/* One that cannot be read is nobody's issuer, and no reason to lose others. */
static struct err
load_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct set *set = arg;
	struct oidc_row *rows;
	size_t n;

	TRY(db_oidc_list(cx, tx, 0, OIDC_ISSUERS_MAX, &rows, &n));
	set->issuers = arena_array(cx->arena, n, sizeof(*set->issuers));
	set->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct err e = read_issuer(cx, tx, &rows[i],
		    &set->issuers[set->n]);

		if (e.code == ERR_STORAGE)
			return e;
		if (failed(e)) {
			log_put(cx->log, LOG_LEVEL_ERROR, "issuer.unreadable",
			    "issuer", rows[i].url, "note", cx->trail->note,
			    NULL);
			ctx_forget(cx);
			continue;
		}
		set->n++;
	}
	return OK;
}

static struct err
load(struct ctx *cx, const struct authority *a, struct oidc *o)
{
	struct set *set = base_alloc(sizeof(*set)), *old;
	struct err e;

	ASSERT(pthread_mutex_lock(&o->loading) == 0);
	ctx_root_init(&set->root, a->log);
	e = db_read(&set->root.cx, a->db, load_work, set);
	if (failed(e)) {
		*cx->trail = set->root.trail;
		set_free(set);
		set = NULL;
	}
	ASSERT(pthread_rwlock_wrlock(&o->lock) == 0);
	old = o->set;
	o->set = set;
	ASSERT(pthread_rwlock_unlock(&o->lock) == 0);
	ASSERT(pthread_mutex_unlock(&o->loading) == 0);
	set_free(old);
	return e;
}

void
oidc_reload(const struct authority *a)
{
	struct ctx_root root;

	if (a->oidc == NULL)
		return;
	ctx_root_init(&root, a->log);
	if (failed(load(&root.cx, a, a->oidc)))
		log_put(a->log, LOG_LEVEL_ERROR, "issuers.not-loaded", "note",
		    root.trail.note, NULL);
	ctx_root_fini(&root);
	oidc_fetch_told(a->oidc_fetch);
}

struct err
oidc_open(struct ctx *cx, const struct authority *a, struct oidc **out)
{
	struct oidc *o = base_alloc(sizeof(*o));
	struct err e;

	ASSERT(pthread_mutex_init(&o->loading, NULL) == 0);
	ASSERT(pthread_rwlock_init(&o->lock, NULL) == 0);
	e = load(cx, a, o);
	if (failed(e)) {
		oidc_close(o);
		return e;
	}
	*out = o;
	return OK;
}

void
oidc_close(struct oidc *o)
{
	if (o == NULL)
		return;
	set_free(o->set);
	(void)pthread_mutex_destroy(&o->loading);
	(void)pthread_rwlock_destroy(&o->lock);
	free(o);
}

/* --- authenticating -------------------------------------------------------- */

bool
oidc_is_jwt(const char *text)
{
	/* The letters of '{"'; no token of ours has a dot. */
	return strncmp(text, "eyJ", 3) == 0 && strchr(text, '.') != NULL;
}

static struct err
find_issuer(struct ctx *cx, const struct set *set, const struct jwt *jwt,
    const struct issuer **out)
{
	const struct issuer *found = NULL;

	for (size_t i = 0; i < set->n; i++) {
		const struct issuer *issuer = &set->issuers[i];

		if (strcmp(issuer->url, jwt->issuer) != 0 ||
		    !jwt_is_for(jwt, issuer->audience))
			continue;
		/* The rules of which one? */
		if (found != NULL)
			return FAIL(cx, ERR_AUTH_TOKEN,
			    "a JWT for two audiences of ours");
		found = issuer;
	}
	if (found == NULL)
		return FAIL(cx, ERR_AUTH_TOKEN,
		    "a JWT of an unknown issuer, or not for us");
	*out = found;
	return OK;
}

/* The set may go when this returns: texts are copied. */
static void
fill(struct ctx *cx, const struct jwt *jwt, const struct issuer *issuer,
    const struct oidc_rule *rule, struct principal *out)
{
	struct arena *arena = cx->arena;
	uint8_t hash[crypto_hash_sha256_BYTES];
	/* A URL of an issuer has no @: one text is of one pair. */
	const char *who = arena_printf(arena, "%s@%s", jwt->subject,
	    issuer->url);

	ASSERT(crypto_hash_sha256(hash, (const uint8_t *)who,
	    strlen(who)) == 0);
	*out = (struct principal){
		.role = rule->role, .tenant_id = rule->tenant_id,
		.name = who, .person = who,
		.id = arena_printf(arena, "jwt:%s", text_hex(arena,
		    SLICE_OF(hash))),
		.lineage = arena_strdup(arena, issuer->lineage),
		.group_id = rule->group_id,
		.group = rule->group == NULL ? NULL :
		    arena_strdup(arena, rule->group),
	};
}

struct looking {
	struct jwt	 jwt;
	int64_t		 unknown;	/* the issuer whose newer keys might
					 * have it; 0: none */
};

static struct err
look(struct ctx *cx, const struct set *set, struct looking *l,
    struct principal *out)
{
	const struct issuer *issuer;
	const struct oidc_rule *rule;
	size_t i;

	l->unknown = 0;
	if (set == NULL)
		return FAIL(cx, ERR_AUTH_TOKEN, "issuers are not loaded");
	TRY(find_issuer(cx, set, &l->jwt, &issuer));
	i = jwt_key_of(&l->jwt, issuer->keys.keys, issuer->keys.n);
	if (i == SIZE_MAX) {
		l->unknown = issuer->by_url ? issuer->id : 0;
		return FAIL(cx, ERR_AUTH_TOKEN, "a JWT by an unknown key");
	}
	TRY(jws_verify_by(cx, &l->jwt.jws, &issuer->parsed[i],
	    ERR_AUTH_TOKEN));
	TRY(jwt_check_time(cx, &l->jwt));
	rule = oidc_rules_match(&issuer->rules, &l->jwt);
	if (rule == NULL || rule->lost)
		return FAIL_TELL(cx, ERR_AUTH_FORBIDDEN,
		    "no rule of the issuer gives the JWT a role");
	fill(cx, &l->jwt, issuer, rule, out);
	return OK;
}

/* It could not be read the last time. */
static bool
is_lost(struct oidc *o)
{
	bool lost;

	ASSERT(pthread_rwlock_rdlock(&o->lock) == 0);
	lost = o->set == NULL;
	ASSERT(pthread_rwlock_unlock(&o->lock) == 0);
	return lost;
}

struct err
oidc_authenticate(struct ctx *cx, const struct authority *a, const char *text,
    struct principal *out)
{
	struct looking l = { .unknown = 0 };
	bool again = true, fetched = false;
	struct err e = OK;

	TRY(jwt_parse(cx, text, &l.jwt));
	if (is_lost(a->oidc))
		oidc_reload(a);
	while (again) {
		ASSERT(pthread_rwlock_rdlock(&a->oidc->lock) == 0);
		e = look(cx, a->oidc->set, &l, out);
		ASSERT(pthread_rwlock_unlock(&a->oidc->lock) == 0);
		again = l.unknown != 0 && !fetched;
		if (again)
			TRY(oidc_fetch_ask(cx, a->oidc_fetch, l.unknown,
			    &fetched));
		again = again && fetched;
		if (again)
			ctx_forget(cx);
	}
	return e;
}
