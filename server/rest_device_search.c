/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_device_search.h"

#include "authority/scope.h"
#include "base/base.h"
#include "base/text.h"
#include "server/rest_csv.h"
#include "server/rest_device_admin.h"
#include "server/rest_json.h"

#define TYPE_CSV	"text/csv"
#define TYPE_NDJSON	"application/x-ndjson"

/* "site=berlin,line": all of them. */
static struct err
read_labels(struct ctx *cx, const char *text, struct device_filter *out)
{
	char *rest, *word, *value;

	if (text == NULL)
		return OK;
	rest = arena_strdup(cx->arena, text);
	while ((word = strsep(&rest, ",")) != NULL) {
		if (out->n_labels == DEVICE_SEARCH_LABELS_MAX)
			return FAIL_TELL(cx, ERR_PARAMETER,
			    "label: at most %u of them",
			    DEVICE_SEARCH_LABELS_MAX);
		value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		if (word[0] == '\0')
			return FAIL_TELL(cx, ERR_PARAMETER,
			    "label: name or name=value, joined by commas");
		out->labels[out->n_labels++] =
		    (struct device_label){ word, value };
	}
	return OK;
}

static struct err
read_facts(struct ctx *cx, const struct http_request *request,
    struct device_filter *out)
{
	static const enum device_wanted of_flag[] = { DEVICE_NO, DEVICE_YES };
	int flag;

	for (enum device_fact fact = 0; fact < DEVICE_FACTS; fact++) {
		TRY(rest_query_flag(cx, request, db_device_fact_name(fact),
		    &flag));
		if (flag >= 0)
			out->facts[fact] = of_flag[flag];
	}
	return OK;
}

struct err
rest_device_query(struct ctx *cx, const struct http_request *request,
    struct device_query *out)
{
	struct device_query q = {
		.filter = {
			.state = http_query(request, "state"),
			.refusal = http_query(request, "refusal"),
		},
		.prefix = http_query(request, "q"),
		.after = http_query(request, "after"),
	};
	struct device_filter *f = &q.filter;

	TRY(scope_group(cx, request->principal, http_query(request, "group"),
	    &q.group));
	TRY(http_query_limit(cx, request, &q.limit));
	TRY(http_query_time(cx, request, "expiring_before", 0,
	    &f->end_before_s));
	TRY(http_query_time(cx, request, "silent_since", 0,
	    &f->seen_before_s));
	TRY(read_labels(cx, http_query(request, "label"), f));
	TRY(read_facts(cx, request, f));
	*out = q;
	return OK;
}

/* --- as text -------------------------------------------------------------- */

#define EXPORT_BYTES	(4u * 1024u * 1024u)	/* of PAGE_LIMIT_MAX devices */

static const char *const csv_columns[] = {
	"DeviceId", "HardwareId", "Group", "State", "ClaimedAt", "LastSeenAt",
	"CertificatesIssued", "CertificateSerial", "CertificateNotAfter",
	"CertificateRevokedAt", "HardwareKey", "AttestedAt", "Format",
	"Verdict", "TcbStatus", "ClockAheadSeconds", "LastRefusal",
	"LastRefusalAt", "BanReason", "BannedAt", "Labels",
};

static const char *
text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static const char *
number_text(struct ctx *cx, int64_t n)
{
	return arena_printf(cx->arena, "%lld", (long long)n);
}

static const char *
time_or_empty(struct ctx *cx, int64_t at_s)
{
	return at_s == 0 ? "" : text_time_dup(cx->arena, at_s);
}

static void
put_csv(struct ctx *cx, struct buf *b, const struct device_view *v)
{
	const struct device_row *d = &v->device;
	bool has = v->serial.n > 0;
	const char *const fields[COUNT_OF(csv_columns)] = {
		d->device_id, text_or_empty(d->hardware_id), v->group,
		db_device_state_name(d->state),
		time_or_empty(cx, d->claimed_s),
		time_or_empty(cx, d->last_seen_s),
		number_text(cx, v->issued), text_hex(cx->arena, v->serial),
		time_or_empty(cx, v->not_after_s),
		time_or_empty(cx, v->revoked_s),
		!has ? "" : v->hardware_key ? "true" : "false",
		time_or_empty(cx, v->attested_s), text_or_empty(v->format),
		text_or_empty(v->verdict), text_or_empty(v->tcb_status),
		v->clock.told ? number_text(cx, v->clock.ahead_s) : "",
		text_or_empty(d->last_refusal),
		time_or_empty(cx, d->last_refusal_s),
		text_or_empty(d->ban_reason), time_or_empty(cx, d->banned_s),
		text_or_empty(v->labels),
	};

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		rest_csv_put(b, i == 0, fields[i]);
	rest_csv_end(b);
}

static struct err
put_ndjson(struct ctx *cx, struct buf *b, const struct http_request *request,
    const struct device_view *v)
{
	json_t *object;

	TRY(rest_device_json(cx, request->tenant, v, &object));
	put_bytes(b, json_text(cx, json_keep(cx, object)));
	put_u8(b, '\n');
	return OK;
}

/* A text has no place for a cursor: the next page is named in a header, and
 * each page holds no more than one of the list. */
static struct err
reply_text(struct ctx *cx, const struct http_request *request,
    const struct device_page *page, bool csv, struct http_reply *reply)
{
	struct buf b = buf_in(cx->arena, EXPORT_BYTES);

	for (size_t i = 0; csv && i < COUNT_OF(csv_columns); i++)
		rest_csv_put(&b, i == 0, csv_columns[i]);
	if (csv)
		rest_csv_end(&b);
	for (size_t i = 0; i < page->n; i++) {
		if (csv)
			put_csv(cx, &b, &page->items[i]);
		else
			TRY(put_ndjson(cx, &b, request, &page->items[i]));
	}
	if (b.bad)
		return FAIL_TELL(cx, ERR_TOO_LARGE,
		    "the page is too long: give a smaller limit");
	if (page->next != NULL)
		http_add_header(reply, "X-Next-After", page->next);
	reply->status = 200;
	reply->content_type = csv ? TYPE_CSV : TYPE_NDJSON;
	reply->body = buf_slice(&b);
	return OK;
}

struct err
rest_device_list(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *item;
	struct device_query query;
	struct device_page page;
	bool csv;

	TRY(rest_device_query(cx, request, &query));
	TRY(device_list(cx, a, request->tenant, &query, &page));
	csv = strstr(request->accept, TYPE_CSV) != NULL;
	if (csv || strstr(request->accept, TYPE_NDJSON) != NULL)
		return reply_text(cx, request, &page, csv, reply);
	for (size_t i = 0; i < page.n; i++) {
		TRY(rest_device_json(cx, request->tenant, &page.items[i],
		    &item));
		ASSERT(json_array_append_new(items, item) == 0);
	}
	http_reply_page(cx, reply, json_incref(items), page.next);
	return OK;
}
