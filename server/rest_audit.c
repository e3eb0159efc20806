/* SPDX-License-Identifier: Apache-2.0 */
/* The audit: of a tenant and of the platform, as a list or to take away. */
#include <stdlib.h>

#include "authority/audit.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_csv.h"
#include "server/rest_json.h"

/* An export without ?limit= is whole, up to this many rows. */
#define EXPORT_MAX	50000u
#define EXPORT_BYTES	(256u * 1024u * 1024u)

/* --- rows ---------------------------------------------------------------- */

static const char *
hash_text(struct ctx *cx, const struct ledger_hash *hash)
{
	return text_hex(cx->arena, SLICE_OF(hash->bytes));
}

static const char *
data_hash_text(struct ctx *cx, const struct audit_row *r)
{
	struct ledger_hash hash;

	ledger_data_hash(r->data, &hash);
	return hash_text(cx, &hash);
}

/* The first row follows on zeros. */
static const char *
before_text(struct ctx *cx, const struct audit_row *r)
{
	static const struct ledger_hash zeros = { { 0 } };

	return r->before.n == 0 ? hash_text(cx, &zeros) :
	    text_hex(cx->arena, r->before);
}

static struct err
row_json(struct ctx *cx, const char *chain, const struct audit_row *r,
    json_t **out)
{
	const struct { const char *name, *text; } texts[] = {
		{ "actor_kind", r->actor_kind }, { "actor", r->actor },
		{ "credential", r->credential }, { "action", r->action },
		{ "subject", r->subject }, { "request_id", r->request_id },
		{ "trace", r->trace }, { "outcome", r->outcome },
	};
	json_t *o = json_keep(cx, json_object());

	rest_set_text(o, "chain", chain);
	rest_set(o, "seq", json_integer((json_int_t)r->seq));
	rest_set(o, "at", json_string(text_time_dup(cx->arena, r->at_s)));
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		rest_set(o, texts[i].name, json_string(texts[i].text));
	TRY(rest_set_json(cx, o, "data", r->data));
	rest_set_text(o, "data_sha256", data_hash_text(cx, r));
	rest_set_text(o, "previous", before_text(cx, r));
	rest_set_hex(cx, o, "hash", r->hash);
	*out = o;
	return OK;
}

static json_t *
proof_json(struct ctx *cx, const char *chain, const struct audit_proof *p)
{
	const struct audit_checkpoint *c = &p->anchored.checkpoint;
	const struct audit_head *h = &p->anchored.head;
	json_t *all = json_keep(cx, json_object()), *o = json_object();
	json_t *path = json_array();

	for (size_t i = 0; i < p->n_path; i++)
		ASSERT(json_array_append_new(path, json_string(hash_text(cx,
		    &p->path[i]))) == 0);
	rest_set_text(o, "chain", chain);
	rest_set(o, "seq", json_integer((json_int_t)h->seq));
	rest_set_hex(cx, o, "hash", h->hash);
	rest_set(o, "place", json_integer(h->place));
	rest_set(o, "chains", json_integer(c->n_chains));
	rest_set(o, "path", path);
	rest_set_hex(cx, o, "root", c->root);
	rest_set(o, "at", json_string(text_time_dup(cx->arena, c->at_s)));
	rest_set(o, "journal_seq", json_integer((json_int_t)c->journal_seq));
	rest_set_hex(cx, o, "public_key", c->public_key);
	rest_set_hex(cx, o, "signature", c->signature);
	rest_set(all, "checkpoint", o);
	return all;
}

/* --- exports ------------------------------------------------------------- */

static void
put_line(struct ctx *cx, struct buf *b, const json_t *value)
{
	put_bytes(b, json_text(cx, value));
	put_u8(b, '\n');
}

static struct err
export_ndjson(struct ctx *cx, struct buf *b, const struct audit_page *page)
{
	size_t next = 0;
	json_t *row;

	for (size_t i = 0; i < page->n_rows; i++) {
		TRY(row_json(cx, page->chain, &page->rows[i], &row));
		put_line(cx, b, row);
		for (; next < page->n_proofs && page->proofs[next].anchored
		    .head.seq <= page->rows[i].seq; next++)
			put_line(cx, b, proof_json(cx, page->chain,
			    &page->proofs[next]));
	}
	return OK;
}

static struct err
export_csv(struct ctx *cx, struct buf *b, const struct audit_page *page)
{
	static const char *const columns[] = {
		"chain", "seq", "at", "actor_kind", "actor", "credential",
		"action", "subject", "outcome", "request_id", "trace", "data",
		"data_sha256", "previous", "hash",
	};

	for (size_t i = 0; i < COUNT_OF(columns); i++)
		rest_csv_put(b, i == 0, columns[i]);
	rest_csv_end(b);
	for (size_t n = 0; n < page->n_rows; n++) {
		const struct audit_row *r = &page->rows[n];
		const char *const fields[] = {
			page->chain, arena_printf(cx->arena, "%llu",
			    (unsigned long long)r->seq),
			text_time_dup(cx->arena, r->at_s), r->actor_kind,
			r->actor, r->credential, r->action, r->subject,
			r->outcome, r->request_id, r->trace, r->data,
			data_hash_text(cx, r), before_text(cx, r),
			text_hex(cx->arena, r->hash),
		};

		for (size_t i = 0; i < COUNT_OF(fields); i++)
			rest_csv_put(b, i == 0, fields[i]);
		rest_csv_end(b);
	}
	return OK;
}

static const struct export {
	const char	*media_type;
	struct err	(*print)(struct ctx *, struct buf *,
			    const struct audit_page *);
} exports[] = {
	{ "text/csv", export_csv },
	{ "application/x-ndjson", export_ndjson },
};

static const struct export *
export_for(const struct http_request *request)
{
	for (size_t i = 0; i < COUNT_OF(exports); i++)
		if (strstr(request->accept, exports[i].media_type) != NULL)
			return &exports[i];
	return NULL;
}

/* --- the routes ------------------------------------------------------------ */

/* Letters of a type, and perhaps a star that ends it. */
static bool
is_action(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz.-");

	return strlen(text) <= AUDIT_WORD_MAX && (text[n] == '\0' ||
	    (text[n] == '*' && text[n + 1] == '\0'));
}

static struct err
read_filter(struct ctx *cx, const struct http_request *request, bool whole,
    struct audit_filter *out)
{
	struct audit_filter f = {
		.actor = http_query(request, "actor"),
		.action = http_query(request, "action"),
		.subject = http_query(request, "subject"),
	};
	size_t n = f.action == NULL ? 0 : strlen(f.action);
	struct page page;

	if (f.action != NULL && !is_action(f.action))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "action: a type, or the beginning of types and a *");
	if (n > 0 && f.action[n - 1] == '*') {
		f.actions = arena_strndup(cx->arena, f.action, n - 1);
		f.action = NULL;
	}
	TRY(http_query_page(cx, request, &page));
	TRY(http_query_time(cx, request, "from", INT64_MIN, &f.from_s));
	TRY(http_query_time(cx, request, "to", INT64_MAX, &f.to_s));
	f.after = (uint64_t)page.after;
	f.limit = whole && http_query(request, "limit") == NULL ?
	    EXPORT_MAX : page.limit;
	*out = f;
	return OK;
}

static struct err
reply_list(struct ctx *cx, const struct audit_page *page,
    struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *row;

	for (size_t i = 0; i < page->n_rows; i++) {
		TRY(row_json(cx, page->chain, &page->rows[i], &row));
		ASSERT(json_array_append(items, row) == 0);
	}
	http_reply_list(cx, reply, json_incref(items), (int64_t)page->next);
	return OK;
}

static struct err
audit_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct export *export = export_for(request);
	struct buf b = buf_in(cx->arena, EXPORT_BYTES);
	struct audit_filter filter;
	struct audit_page page;

	TRY(read_filter(cx, request, export != NULL, &filter));
	TRY(audit_list(cx, a, request->tenant, &filter, &page));
	if (export == NULL)
		return reply_list(cx, &page, reply);
	TRY(export->print(cx, &b, &page));
	if (b.bad)
		return FAIL_TELL(cx, ERR_TOO_LARGE,
		    "the export is too long: give a limit");
	reply->status = 200;
	reply->content_type = export->media_type;
	reply->body = buf_slice(&b);
	/* A text has no place for a cursor. */
	if (page.next != 0)
		http_add_header(reply, "X-Next-After", arena_printf(cx->arena,
		    "%llu", (unsigned long long)page.next));
	return OK;
}

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", "/v1/audit", AUTH_PLATFORM_AUDIT, 0, NULL,
	    audit_get },
	{ PLANE_OPERATOR, "GET", "/v1/tenants/{tenant}/audit", AUTH_AUDIT, 0,
	    NULL, audit_get },
};

const struct route_table rest_audit_routes = { routes, COUNT_OF(routes) };
