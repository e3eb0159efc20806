/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/token.h"

#include <sodium.h>

#include "authority/receipt.h"
#include "authority/tenant.h"
#include "base/base.h"
#include "codec/base64.h"

#define HASH_SIZE 32u

static const char *const role_names[] = {
	[ROLE_READER] = "reader",
	[ROLE_OWNER] = "owner",
	[ROLE_ADMIN] = "admin",
};

const char *
token_role_name(enum role role)
{
	ASSERT((size_t)role < COUNT_OF(role_names));
	return role_names[role];
}

bool
token_role_find(const char *name, enum role *out)
{
	for (size_t i = 0; i < COUNT_OF(role_names); i++) {
		if (strcmp(name, role_names[i]) == 0) {
			*out = (enum role)i;
			return true;
		}
	}
	return false;
}

/* Whoever can time the look-up learns of hashes that cannot be aimed at
 * without the key, so the index may compare them as it likes. */
static void
hash_of(const struct authority *a,
    const uint8_t secret[static TOKEN_SECRET_SIZE],
    uint8_t out[static HASH_SIZE])
{
	ASSERT(crypto_generichash(out, HASH_SIZE, secret, TOKEN_SECRET_SIZE,
	    a->keys->token, sizeof(a->keys->token)) == 0);
}

static struct err
check_spec(struct ctx *cx, const struct tenant *tenant,
    const struct token_spec *spec)
{
	enum role other = tenant == NULL ? ROLE_ADMIN : ROLE_OWNER;

	if (spec->role != other && spec->role != ROLE_READER)
		return FAIL_AT(cx, ERR_FIELD, "/role", "must be %s or reader",
		    token_role_name(other));
	if (spec->expires_s != 0 && spec->expires_s <= ctx_now(cx))
		return FAIL_AT(cx, ERR_FIELD, "/expires_at",
		    "must be in the future");
	return OK;
}

struct making {
	struct db_token	 row, *out;
	uint8_t		 hash[HASH_SIZE];
	const char	*actor, *text, **out_text;
};

static struct err
make_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct making *m = arg;

	TRY(db_token_insert(cx, tx, &m->row, &m->row.id));
	TRY(tenant_event(cx, tx, m->row.tenant_id, EVENT_TOKEN_CREATED,
	    m->row.name, m->actor, json_pack("{s:I,s:s}", "id",
	    (json_int_t)m->row.id, "role", m->row.role)));
	*m->out = m->row;
	m->out->hash = SLICE_NONE;
	*m->out_text = m->text;
	return receipt_add(cx, tx);
}

static struct err
make(struct ctx *cx, const struct authority *a, const struct tenant *tenant,
    const char *actor, const struct token_spec *spec, struct db_token *out,
    const char **out_text)
{
	uint8_t secret[TOKEN_SECRET_SIZE];
	struct making m = {
		.row = {
			.tenant_id = tenant_scope(tenant),
			.name = spec->name,
			.role = token_role_name(spec->role),
			.created_s = ctx_now(cx),
			.expires_s = spec->expires_s,
		},
		.actor = actor, .out = out, .out_text = out_text,
	};

	TRY(check_spec(cx, tenant, spec));
	ctx_random(cx, secret, sizeof(secret));
	hash_of(a, secret, m.hash);
	m.row.hash = SLICE_OF(m.hash);
	m.text = arena_printf(cx->arena, TOKEN_PREFIX "%s",
	    base64url(cx->arena, SLICE_OF(secret)));
	sodium_memzero(secret, sizeof(secret));
	return db_write(cx, a->db, make_work, &m);
}

struct err
token_create(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct token_spec *spec, struct db_token *out,
    const char **out_text)
{
	return make(cx, a, tenant, who->name, spec, out, out_text);
}

struct err
token_create_first(struct ctx *cx, const struct authority *a,
    const char **out_text)
{
	const struct token_spec spec = { "init", ROLE_ADMIN, 0 };
	struct db_token token;

	return make(cx, a, NULL, "init", &spec, &token, out_text);
}

/* --- authenticating ----------------------------------------------------- */

struct looking {
	uint8_t		hash[HASH_SIZE];
	struct db_token	found;
	int64_t		now_s;
};

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return db_token_by_hash(cx, tx, SLICE_OF(l->hash), &l->found);
}

static struct err
used_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct looking *l = arg;

	return db_token_used(cx, tx, l->found.tenant_id, l->found.id,
	    l->now_s);
}

static bool
read_secret(struct ctx *cx, const char *text,
    uint8_t out[static TOKEN_SECRET_SIZE])
{
	size_t n_prefix = strlen(TOKEN_PREFIX);
	struct slice secret;

	if (strncmp(text, TOKEN_PREFIX, n_prefix) != 0 ||
	    !base64url_parse(cx->arena, text + n_prefix,
	    strlen(text + n_prefix), TOKEN_SECRET_SIZE, &secret) ||
	    secret.n != TOKEN_SECRET_SIZE)
		return false;
	memcpy(out, secret.p, TOKEN_SECRET_SIZE);
	sodium_memzero((void *)(uintptr_t)secret.p, secret.n);
	return true;
}

static bool
is_valid(const struct looking *l, enum role *out_role)
{
	const struct db_token *t = &l->found;

	return slice_equal_secret(t->hash, SLICE_OF(l->hash)) &&
	    t->revoked_s == 0 &&
	    (t->expires_s == 0 || t->expires_s > l->now_s) &&
	    token_role_find(t->role, out_role);
}

/* A use that could not be noted is no reason to keep an operator out. */
static void
note_use(struct ctx *cx, const struct authority *a, struct looking *l)
{
	if (l->now_s - l->found.last_used_s < TOKEN_USED_STEP_S)
		return;
	if (failed(db_write(cx, a->db, used_work, l))) {
		log_put(a->log, LOG_LEVEL_WARN, "token.use-not-noted", "note",
		    cx->trail->note, NULL);
		ctx_forget(cx);
	}
}

struct err
token_authenticate(struct ctx *cx, const struct authority *a,
    const char *text, struct principal *out)
{
	struct looking l = { .now_s = ctx_now(cx) };
	uint8_t secret[TOKEN_SECRET_SIZE];
	enum role role;
	struct err e;

	if (!read_secret(cx, text, secret))
		return FAIL(cx, ERR_AUTH_TOKEN, "not a token's form");
	hash_of(a, secret, l.hash);
	sodium_memzero(secret, sizeof(secret));
	e = db_read(cx, a->db, find_work, &l);
	if (e.code == ERR_NOT_FOUND)
		return FAIL(cx, ERR_AUTH_TOKEN, "no such token");
	TRY(e);
	if (!is_valid(&l, &role))
		return FAIL(cx, ERR_AUTH_TOKEN,
		    "token %lld is revoked or expired",
		    (long long)l.found.id);
	note_use(cx, a, &l);
	*out = (struct principal){
		.token_id = l.found.id, .role = role,
		.tenant_id = l.found.tenant_id, .name = l.found.name,
	};
	return OK;
}

/* --- listing, revoking -------------------------------------------------- */

struct listing {
	int64_t		 tenant_id;
	struct page	 page;
	struct db_token	*items;
	size_t		 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_token_list(cx, tx, l->tenant_id, l->page.after,
	    (size_t)l->page.limit + 1, &l->items, &l->n);
}

struct err
token_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct db_token **out,
    size_t *out_n, int64_t *out_next)
{
	struct listing l = {
		.tenant_id = tenant_scope(tenant), .page = page
	};
	bool more;

	TRY(db_read(cx, a->db, list_work, &l));
	more = l.n > page.limit;
	*out = l.items;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.items[page.limit - 1].id : 0;
	return OK;
}

struct revoking {
	int64_t		 tenant_id, id;
	const char	*actor;
};

static struct err
revoke_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct revoking *r = arg;

	TRY(db_token_revoke(cx, tx, r->tenant_id, r->id, ctx_now(cx)));
	return tenant_event(cx, tx, r->tenant_id, EVENT_TOKEN_REVOKED,
	    arena_printf(cx->arena, "%lld", (long long)r->id), r->actor, NULL);
}

struct err
token_revoke(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who, int64_t id)
{
	struct revoking r = {
		tenant_scope(tenant), id, who->name
	};

	return db_write(cx, a->db, revoke_work, &r);
}
