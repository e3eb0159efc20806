/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/device_filter.h"

#include "base/base.h"
#include "base/text.h"

#define AGE_MAX_S	(100 * 366 * INT64_C(86400))

enum form { FORM_FLAG, FORM_TEXT, FORM_PAST, FORM_FUTURE, FORM_MANY };

static const struct filter { const char *name; enum form form; } filters[] = {
	{ "never_enrolled", FORM_FLAG }, { "never_renewed", FORM_FLAG },
	{ "stale_tcb", FORM_FLAG }, { "software_key", FORM_FLAG },
	{ "clock_skewed", FORM_FLAG }, { "refused", FORM_FLAG },
	{ "refusal", FORM_TEXT }, { "state", FORM_TEXT },
	{ "group", FORM_TEXT }, { "q", FORM_TEXT },
	{ "silent_since", FORM_PAST }, { "expiring_before", FORM_FUTURE },
	{ "label", FORM_MANY },
};

static const struct filter *
find(const char *word, size_t n)
{
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		if (strlen(filters[i].name) == n &&
		    strncmp(filters[i].name, word, n) == 0)
			return &filters[i];
	return NULL;
}

static const char *
time_of(struct cli *cli, enum form form, const char *text)
{
	int64_t s;

	if (!text_parse_duration(text, AGE_MAX_S, &s))
		return text;	/* the server reads times */
	return text_time_dup(cli->cx->arena, ctx_now(cli->cx) +
	    (form == FORM_PAST ? -s : s));
}

struct err
device_filter_query(struct cli *cli, const char *path, const char **out)
{
	const char *values[COUNT_OF(filters)] = { NULL }, *value;
	const struct filter *filter;
	size_t n;

	for (size_t i = 0; i < cli->line->n_args; i++) {
		const char *word = cli_arg(cli, i);

		n = strcspn(word, "=");
		filter = find(word, n);
		if (filter == NULL || (word[n] == '\0' &&
		    filter->form != FORM_FLAG))
			return FAIL(cli->cx, ERR_PARAMETER, "%s: not a filter "
			    "of devices, or without a value", word);
		value = word[n] == '\0' ? "true" : word + n + 1;
		n = (size_t)(filter - filters);
		if (values[n] != NULL && filter->form != FORM_MANY)
			return FAIL(cli->cx, ERR_PARAMETER, "%s: is there "
			    "twice", word);
		if (filter->form == FORM_PAST || filter->form == FORM_FUTURE)
			value = time_of(cli, filter->form, value);
		values[n] = values[n] == NULL ? value : arena_printf(
		    cli->cx->arena, "%s,%s", values[n], value);
	}
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		path = cli_query(cli->cx, path, filters[i].name, values[i]);
	path = cli_query(cli->cx, path, "state", cli_option(cli, OPT_STATE));
	*out = cli_query(cli->cx, path, "group", cli_option(cli, OPT_GROUP));
	return OK;
}
