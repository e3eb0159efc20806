/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/oidc_issuer.h"

#include "authority/oidc.h"
#include "authority/receipt.h"
#include "authority/role.h"
#include "authority/tenant.h"
#include "base/base.h"

struct changing {
	const struct oidc_spec	*spec;
	const char		*actor, *lineage;	/* of who does it */
	int64_t			 id;
	struct oidc_row		 row, *out;
};

/* --- what is acceptable ---------------------------------------------------- */

/* OpenID Connect Core 1.0, 2: iss is a URL of https without query or fragment.
 * Without an @, so that sub@iss is of one pair. */
static bool
is_url(const char *url, const char *never)
{
	if (strncmp(url, "https://", 8) != 0 || url[8] == '\0')
		return false;
	for (const char *p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || strchr(never, *p) != NULL)
			return false;
	return true;
}

static struct err
check_urls(struct ctx *cx, const struct oidc_spec *spec)
{
	if (spec->url != NULL && !is_url(spec->url, "@?#\"\\"))
		return FAIL_AT(cx, ERR_FIELD, "/issuer", "must be a URL of "
		    "https without user, query and fragment");
	if (spec->jwks_url != NULL && !is_url(spec->jwks_url, "@#\"\\"))
		return FAIL_AT(cx, ERR_FIELD, "/jwks_url", "must be a URL of "
		    "https without user and fragment");
	if (spec->jwks != NULL && spec->jwks_url != NULL)
		return FAIL_AT(cx, ERR_FIELD, "/jwks_url",
		    "is in place of jwks");
	if (spec->tenant != NULL && spec->platform)
		return FAIL_AT(cx, ERR_FIELD, "/platform",
		    "an issuer for one tenant gives no roles of the platform");
	return OK;
}

static const char *
text_of(struct ctx *cx, const json_t *json)
{
	struct slice text = json_text(cx, json);

	return arena_strndup(cx->arena, (const char *)text.p, text.n);
}

static struct err
set_keys(struct ctx *cx, const struct oidc_spec *spec, struct oidc_row *row)
{
	struct jwks *keys = ARENA_NEW(cx->arena, struct jwks);

	if (spec->jwks == NULL && spec->jwks_url == NULL)
		return OK;
	if (spec->jwks != NULL && failed(jwks_read(cx, spec->jwks, keys)))
		return FAIL_AT(cx, ERR_FIELD, "/jwks", "%s",
		    arena_strdup(cx->arena, cx->trail->tell));
	row->jwks = spec->jwks == NULL ? NULL : text_of(cx, spec->jwks);
	row->jwks_url = spec->jwks_url;
	row->fetched = row->fetch_error = NULL;
	row->fetched_s = row->tried_s = 0;
	return OK;
}

static struct err
check_names(struct ctx *cx, const struct oidc_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->rules[i].lost)
			return FAIL_AT(cx, ERR_FIELD, json_pointer_item(cx,
			    "/rules", i), "there is no such tenant or group");
	return OK;
}

static struct err
set_rules(struct ctx *cx, struct db_tx *tx, const json_t *json,
    struct oidc_row *row)
{
	struct oidc_bounds bounds = { row->bound, row->platform };
	struct oidc_rules rules;

	if (json == NULL)
		return OK;
	TRY(oidc_rules_read(cx, json, "/rules", &bounds, &rules));
	TRY(oidc_rules_resolve(cx, tx, &rules));
	TRY(check_names(cx, &rules));
	row->rules = text_of(cx, json_keep(cx, oidc_rules_json(&rules)));
	return OK;
}

/* --- making ---------------------------------------------------------------- */

static struct err
tell(struct ctx *cx, struct db_tx *tx, enum event_type type,
    const struct changing *c)
{
	return tenant_event(cx, tx, 0, type, arena_printf(cx->arena, "%lld",
	    (long long)c->row.id), c->actor, json_pack("{s:s,s:s}", "issuer",
	    c->row.url, "audience", c->row.audience));
}

static struct err
create_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	const struct oidc_spec *spec = c->spec;
	struct oidc_row *rows;
	struct err e;
	size_t n;

	TRY(db_oidc_list(cx, tx, 0, OIDC_ISSUERS_MAX, &rows, &n));
	if (n >= OIDC_ISSUERS_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT, "there are %u issuers",
		    OIDC_ISSUERS_MAX);
	c->row = (struct oidc_row){
		.url = spec->url, .audience = spec->audience,
		.title = spec->title, .bound = spec->tenant,
		.platform = spec->platform, .lineage = c->lineage,
		.created_s = ctx_now(cx), .created_by = c->actor,
	};
	TRY(set_keys(cx, spec, &c->row));
	TRY(set_rules(cx, tx, spec->rules, &c->row));
	e = db_oidc_insert(cx, tx, &c->row, &c->row.id);
	if (e.code == ERR_EXISTS)
		return FAIL_TELL(cx, ERR_EXISTS,
		    "there is an issuer of that URL and audience");
	TRY(e);
	TRY(db_oidc_get(cx, tx, c->row.id, &c->row));
	TRY(tell(cx, tx, EVENT_ISSUER_CREATED, c));
	*c->out = c->row;
	return receipt_add(cx, tx);
}

struct err
oidc_issuer_create(struct ctx *cx, const struct authority *a,
    const struct principal *who, const struct oidc_spec *spec,
    struct oidc_row *out)
{
	struct changing c = { .spec = spec, .actor = who->name, .out = out };

	TRY(check_urls(cx, spec));
	if (spec->jwks == NULL && spec->jwks_url == NULL)
		return FAIL_AT(cx, ERR_FIELD, "/jwks_url",
		    "is needed, or jwks");
	TRY(role_lineage(cx, who, &c.lineage));
	TRY(db_write(cx, a->db, create_work, &c));
	oidc_reload(a);
	return OK;
}

/* --- changing -------------------------------------------------------------- */

/* Who changed it stands beside who made it: each once. */
static struct err
join_lineage(struct ctx *cx, const char *lineage, struct oidc_row *row)
{
	const char *joined = row->lineage;
	size_t n;

	for (; *lineage != '\0'; lineage += n, lineage += *lineage == '\n') {
		const char *line;

		n = strcspn(lineage, "\n");
		line = arena_strndup(cx->arena, lineage, n);
		if (!role_is_in(joined, line))
			joined = arena_printf(cx->arena, "%s\n%s", line,
			    joined);
	}
	if (strlen(joined) > ROLE_LINEAGE_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "too many have changed the issuer: make it again");
	row->lineage = joined;
	return OK;
}

static struct err
change_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	const struct oidc_spec *spec = c->spec;
	struct err e;

	TRY(db_oidc_get(cx, tx, c->id, &c->row));
	TRY(revision_check(cx, spec->revision, c->row.revision));
	if (spec->audience != NULL)
		c->row.audience = spec->audience;
	if (spec->title != NULL)
		c->row.title = spec->title;
	TRY(set_keys(cx, spec, &c->row));
	TRY(set_rules(cx, tx, spec->rules, &c->row));
	TRY(join_lineage(cx, c->lineage, &c->row));
	e = db_oidc_update(cx, tx, &c->row);
	if (e.code == ERR_EXISTS)
		return FAIL_TELL(cx, ERR_EXISTS,
		    "there is an issuer of that URL and audience");
	TRY(e);
	TRY(db_oidc_get(cx, tx, c->id, &c->row));
	return tell(cx, tx, EVENT_ISSUER_CHANGED, c);
}

struct err
oidc_issuer_change(struct ctx *cx, const struct authority *a,
    const struct principal *who, int64_t id, const struct oidc_spec *spec,
    struct oidc_row *out)
{
	struct changing c = { .spec = spec, .actor = who->name, .id = id };

	TRY(check_urls(cx, spec));
	TRY(role_lineage(cx, who, &c.lineage));
	TRY(db_write(cx, a->db, change_work, &c));
	oidc_reload(a);
	*out = c.row;
	return OK;
}

static struct err
delete_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(db_oidc_get(cx, tx, c->id, &c->row));
	TRY(revision_check(cx, c->spec->revision, c->row.revision));
	TRY(db_oidc_delete(cx, tx, c->id));
	return tell(cx, tx, EVENT_ISSUER_DELETED, c);
}

struct err
oidc_issuer_delete(struct ctx *cx, const struct authority *a,
    const struct principal *who, int64_t id, int64_t revision)
{
	struct oidc_spec spec = { .revision = revision };
	struct changing c = { .spec = &spec, .actor = who->name, .id = id };

	TRY(db_write(cx, a->db, delete_work, &c));
	oidc_reload(a);
	return OK;
}

/* --- looking --------------------------------------------------------------- */

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	return db_oidc_get(cx, tx, c->id, &c->row);
}

struct err
oidc_issuer_get(struct ctx *cx, const struct authority *a, int64_t id,
    struct oidc_row *out)
{
	struct changing c = { .id = id };

	TRY(db_read(cx, a->db, get_work, &c));
	*out = c.row;
	return OK;
}

struct listing { struct page page; struct oidc_row *rows; size_t n; };

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_oidc_list(cx, tx, l->page.after, (size_t)l->page.limit + 1,
	    &l->rows, &l->n);
}

struct err
oidc_issuer_list(struct ctx *cx, const struct authority *a, struct page page,
    struct oidc_row **out, size_t *out_n, int64_t *out_next)
{
	struct listing l = { .page = page };
	bool more;

	TRY(db_read(cx, a->db, list_work, &l));
	more = l.n > page.limit;
	*out = l.rows;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.rows[page.limit - 1].id : 0;
	return OK;
}
