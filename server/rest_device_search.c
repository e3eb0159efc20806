/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_device_search.h"

#include "authority/scope.h"
#include "base/base.h"
#include "server/rest_device_admin.h"
#include "server/rest_json.h"

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

struct err
rest_device_list(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *item;
	struct device_query query;
	struct device_page page;

	TRY(rest_device_query(cx, request, &query));
	TRY(device_list(cx, a, request->tenant, &query, &page));
	for (size_t i = 0; i < page.n; i++) {
		TRY(rest_device_json(cx, request->tenant, &page.items[i],
		    &item));
		ASSERT(json_array_append_new(items, item) == 0);
	}
	http_reply_page(cx, reply, json_incref(items), page.next);
	return OK;
}
