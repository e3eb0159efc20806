/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/token.h"

#include <sodium.h>

#include "authority/receipt.h"
#include "authority/role.h"
#include "authority/tenant.h"
#include "base/base.h"
#include "codec/base64.h"
#include "db/group.h"

#define HASH_SIZE 32u
#define BY_HASH		"sha256:"

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
check_expiry(struct ctx *cx, int64_t expires_s)
{
	if (expires_s > 0 && expires_s <= ctx_now(cx))
		return FAIL_AT(cx, ERR_FIELD, "/expires_at",
		    "must be in the future");
	return OK;
}

static bool
is_match(const char *text)
{
	static const char *const names[] = {
		"san:uri:", "san:email:", "san:dns:", "subject:",
	};
	uint8_t hash[32];

	if (strncmp(text, BY_HASH, strlen(BY_HASH)) == 0)
		return text_unhex(text + strlen(BY_HASH), hash, sizeof(hash));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strncmp(text, names[i], strlen(names[i])) == 0)
			return text[strlen(names[i])] != '\0';
	return false;
}

static struct err
check_spec(struct ctx *cx, const struct tenant *tenant,
    const struct token_spec *spec)
{
	if (!role_is_of(spec->role, tenant == NULL))
		return FAIL_AT(cx, ERR_FIELD, "/role", "must be %s, reader or "
		    "auditor", tenant == NULL ? "admin" :
		    "owner, contributor");
	if (spec->group != NULL && tenant == NULL)
		return FAIL_AT(cx, ERR_FIELD, "/group",
		    "the platform has no groups");
	if (spec->group != NULL && spec->role == ROLE_AUDITOR)
		return FAIL_AT(cx, ERR_FIELD, "/group",
		    "an auditor is the whole tenant's");
	if (spec->certificate != NULL && !is_match(spec->certificate))
		return FAIL_AT(cx, ERR_FIELD, "/certificate",
		    "must be sha256: and 64 hex digits; san:dns:, san:email:, "
		    "san:uri: or subject: and a name");
	return check_expiry(cx, spec->expires_s);
}

/* A secret, its hash, and the text to show; the secret is wiped. */
static void
draw(struct ctx *cx, const struct authority *a,
    uint8_t out_hash[static HASH_SIZE], const char **out_text)
{
	uint8_t secret[TOKEN_SECRET_SIZE];

	ctx_random(cx, secret, sizeof(secret));
	hash_of(a, secret, out_hash);
	*out_text = arena_printf(cx->arena, TOKEN_PREFIX "%s",
	    base64url(cx->arena, SLICE_OF(secret)));
	sodium_memzero(secret, sizeof(secret));
}

struct making {
	struct db_token	 row, *out;
	uint8_t		 hash[HASH_SIZE];
	const char	*actor, *text, **out_text;
};

static struct err
find_group(struct ctx *cx, struct db_tx *tx, struct db_token *row)
{
	struct db_group group;
	struct err e;

	if (row->group == NULL)
		return OK;
	e = db_group_by_name(cx, tx, row->tenant_id, row->group, &group);
	if (e.code == ERR_NOT_FOUND)
		return FAIL_AT(cx, ERR_FIELD, "/group", "there is no group %s",
		    row->group);
	TRY(e);
	row->group_id = group.id;
	return OK;
}

static struct err
make_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct making *m = arg;

	TRY(find_group(cx, tx, &m->row));
	TRY(db_token_insert(cx, tx, &m->row, &m->row.id));
	TRY(tenant_event(cx, tx, m->row.tenant_id, EVENT_TOKEN_CREATED,
	    m->row.name, m->actor, json_pack("{s:I,s:s,s:s*}", "id",
	    (json_int_t)m->row.id, "role", m->row.role, "group",
	    m->row.group)));
	*m->out = m->row;
	m->out->hash = SLICE_NONE;
	*m->out_text = m->text;
	return receipt_add(cx, tx);
}

static struct err
make(struct ctx *cx, const struct authority *a, const struct tenant *tenant,
    const struct principal *who, const struct token_spec *spec,
    struct db_token *out, const char **out_text)
{
	struct making m = {
		.row = {
			.tenant_id = tenant_scope(tenant),
			.name = spec->name,
			.role = role_name(spec->role),
			.group = spec->group,
			.person = spec->person != NULL ? spec->person :
			    spec->name,
			.lineage = "", .certificate = spec->certificate,
			.created_s = ctx_now(cx),
			.expires_s = spec->expires_s,
		},
		.actor = who == NULL ? "init" : who->name,
		.out = out, .out_text = out_text,
	};

	TRY(check_spec(cx, tenant, spec));
	if (who != NULL)
		TRY(role_lineage(cx, who, &m.row.lineage));
	draw(cx, a, m.hash, &m.text);
	if (spec->certificate != NULL)
		m.text = NULL;
	m.row.hash = SLICE_OF(m.hash);
	return db_write(cx, a->db, make_work, &m);
}

struct err
token_create(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct token_spec *spec, struct db_token *out,
    const char **out_text)
{
	return make(cx, a, tenant, who, spec, out, out_text);
}

struct err
token_create_first(struct ctx *cx, const struct authority *a,
    const char **out_text)
{
	const struct token_spec spec = { .name = "init", .role = ROLE_ADMIN };
	struct db_token token;

	return make(cx, a, NULL, NULL, &spec, &token, out_text);
}

/* --- rotating ----------------------------------------------------------- */

struct rotating {
	const struct token_rotation	*what;
	int64_t				 tenant_id;
	const char			*actor, *lineage;
	uint8_t				 hash[HASH_SIZE];
	const char			*text, **out_text;
	struct db_token			*out;
};

/* Until the old secret ends, those who could know that one have it still. */
static struct err
rotated_lineage(struct ctx *cx, const struct rotating *r,
    struct db_token *row)
{
	const char *text = r->lineage;

	if (r->what->overlap_s > 0 && row->lineage[0] != '\0')
		text = arena_printf(cx->arena, "%s\n%s", text, row->lineage);
	if (strlen(text) > ROLE_LINEAGE_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "too many have made one another up to here");
	row->lineage = text;
	return OK;
}

static struct err
rotate_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct rotating *r = arg;
	struct db_token row;

	TRY(db_token_by_id(cx, tx, r->tenant_id, r->what->id, &row));
	if (row.certificate != NULL)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "it is a certificate's: there is no secret");
	if (r->what->expires_s >= 0)
		row.expires_s = r->what->expires_s;
	if (row.expires_s != 0 && row.expires_s <= ctx_now(cx))
		return FAIL_TELL(cx, ERR_CONFLICT, "the token has expired");
	row.hash = SLICE_OF(r->hash);
	TRY(rotated_lineage(cx, r, &row));
	row.rotated_s = ctx_now(cx);
	row.old_until_s = row.rotated_s + r->what->overlap_s;
	TRY(db_token_rotate(cx, tx, &row));
	TRY(tenant_event(cx, tx, r->tenant_id, EVENT_TOKEN_ROTATED, row.name,
	    r->actor, json_pack("{s:I,s:I}", "id", (json_int_t)row.id,
	    "overlap_s", (json_int_t)r->what->overlap_s)));
	*r->out = row;
	r->out->hash = r->out->old_hash = SLICE_NONE;
	*r->out_text = r->text;
	return receipt_add(cx, tx);
}

struct err
token_rotate(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct token_rotation *what, struct db_token *out,
    const char **out_text)
{
	struct rotating r = {
		.what = what, .tenant_id = tenant_scope(tenant),
		.actor = who->name, .out = out, .out_text = out_text,
	};

	ASSERT(what->overlap_s >= 0 && what->overlap_s <= TOKEN_OVERLAP_MAX_S);
	TRY(check_expiry(cx, what->expires_s));
	TRY(role_lineage(cx, who, &r.lineage));
	draw(cx, a, r.hash, &r.text);
	return db_write(cx, a->db, rotate_work, &r);
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

/* Which of its secrets it is, and that this one is still good. */
static bool
is_valid(const struct looking *l, enum role *out_role)
{
	const struct db_token *t = &l->found;
	bool is_new = slice_equal_secret(t->hash, SLICE_OF(l->hash));
	bool is_old = slice_equal_secret(t->old_hash, SLICE_OF(l->hash));

	return (is_new || (is_old && t->old_until_s > l->now_s)) &&
	    t->revoked_s == 0 &&
	    (t->expires_s == 0 || t->expires_s > l->now_s) &&
	    role_find(t->role, out_role);
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

static void
fill(struct ctx *cx, const struct db_token *t, enum role role,
    struct principal *out)
{
	*out = (struct principal){
		.token_id = t->id, .role = role,
		.tenant_id = t->tenant_id, .name = t->name,
		.id = arena_printf(cx->arena, "token:%lld",
		    (long long)t->id),
		.person = t->person, .lineage = t->lineage,
		.group_id = t->group_id, .group = t->group,
	};
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
	fill(cx, &l.found, role, out);
	return OK;
}

struct showing { const char *match; struct db_token found; };

static struct err
show_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct showing *s = arg;

	return db_token_by_certificate(cx, tx, s->match, &s->found);
}

struct err
token_authenticate_certificate(struct ctx *cx, const struct authority *a,
    const struct token_certificate *shown, struct principal *out)
{
	struct looking l = { .now_s = ctx_now(cx) };
	struct showing s = { .match = arena_printf(cx->arena, BY_HASH "%s",
	    shown->sha256) };
	enum role role;
	struct err e = db_read(cx, a->db, show_work, &s);

	for (size_t i = 0; i < shown->n_names && e.code == ERR_NOT_FOUND; i++) {
		s.match = shown->names[i];
		e = db_read(cx, a->db, show_work, &s);
	}
	if (e.code == ERR_NOT_FOUND)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "no operator has it");
	TRY(e);
	if ((s.found.expires_s != 0 && s.found.expires_s <= l.now_s) ||
	    !role_find(s.found.role, &role))
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "token %lld is expired",
		    (long long)s.found.id);
	l.found = s.found;
	note_use(cx, a, &l);
	fill(cx, &s.found, role, out);
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
