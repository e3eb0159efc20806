/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy would do, and how two of them differ. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "cli/cli.h"

static struct err
policy_path(struct cli *cli, const char *rest, const char **out)
{
	return cli_tenant_path(cli, arena_printf(cli->cx->arena, "%s%s",
	    cli_path(cli->cx, "/groups/{}/policy", cli_arg(cli, 0)), rest),
	    out);
}

/* --- dry runs -------------------------------------------------------------- */

/* A dry run over all pages: the first answer, to which the others are added. */
struct dry {
	struct cli	*cli;
	json_t		*body, *sum;
	FILE		*items;		/* NULL: they are not kept */
	int64_t		 n;		/* devices so far */
	char		 after[64];
};

/* Numbers of an object, added to those of another. */
static void
add_numbers(json_t *sum, const json_t *more)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)more, name, value)
		json_object_set_new(sum, name, json_integer(
		    json_integer_value(json_object_get(sum, name)) +
		    json_integer_value(value)));
}

static bool
same_reason(const json_t *a, const json_t *b)
{
	static const char *const by[] = { "outcome", "code", "claim" };

	for (size_t i = 0; i < COUNT_OF(by); i++) {
		const json_t *x = json_object_get(a, by[i]);
		const json_t *y = json_object_get(b, by[i]);

		if ((x == NULL) != (y == NULL) ||
		    (x != NULL && json_equal(x, y) == 0))
			return false;
	}
	return true;
}

/* The first devices of a reason are those of the first page that had it. */
static void
add_reason(json_t *reasons, json_t *reason)
{
	size_t n = json_array_size(reasons);

	for (size_t i = 0; i < n; i++) {
		json_t *sum = json_array_get(reasons, i);

		if (!same_reason(sum, reason))
			continue;
		json_object_set_new(sum, "devices", json_integer(
		    json_integer_value(json_object_get(sum, "devices")) +
		    json_integer_value(json_object_get(reason, "devices"))));
		return;
	}
	json_array_append(reasons, reason);
}

static struct err
keep_items(struct dry *d, const json_t *items)
{
	for (size_t i = 0; d->items != NULL && i < json_array_size(items);
	    i++) {
		struct slice text = json_text(d->cli->cx,
		    json_array_get(items, i));

		if (fprintf(d->items, "%.*s\n", (int)text.n,
		    (const char *)text.p) < 0)
			return FAIL(d->cli->cx, ERR_IO,
			    "the devices could not be written: %s",
			    strerror(errno));
	}
	return OK;
}

/* The policy must be one and the same on every page. */
static struct err
add_page(struct dry *d, json_t *page)
{
	static const char *const fixed[] = { "policy_sha256", "in_force" };
	json_t *reasons = json_object_get(page, "reasons");

	TRY(keep_items(d, json_object_get(page, "items")));
	d->n += json_integer_value(json_object_get(page, "devices"));
	if (d->sum == NULL) {
		d->sum = json_deep_copy(page);
		json_object_del(d->sum, "items");
		json_object_del(d->sum, "next");
		return OK;
	}
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		if (json_equal(json_object_get(page, fixed[i]),
		    json_object_get(d->sum, fixed[i])) == 0)
			return FAIL(d->cli->cx, ERR_CONFLICT,
			    "the policies were changed meanwhile: run again");
	json_object_set_new(d->sum, "devices", json_integer(d->n));
	add_numbers(json_object_get(d->sum, "counts"),
	    json_object_get(page, "counts"));
	for (size_t i = 0; i < json_array_size(reasons); i++)
		add_reason(json_object_get(d->sum, "reasons"),
		    json_array_get(reasons, i));
	return OK;
}

/* One page; d->after is then where the next begins, "" at the end. */
static struct err
one_page(struct dry *d, const char *path)
{
	struct cli *cli = d->cli;
	const char *next;
	json_t *page;

	if (d->after[0] != '\0')
		path = cli_query(cli->cx, path, "after", d->after);
	TRY(cli_ask(cli, "POST", path, json_deep_copy(d->body), &page));
	TRY(add_page(d, page));
	next = json_string_value(json_object_get(page, "next"));
	if (next != NULL && (strlen(next) >= sizeof(d->after) ||
	    strcmp(next, d->after) == 0))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer has no end");
	(void)snprintf(d->after, sizeof(d->after), "%s",
	    next == NULL ? "" : next);
	return OK;
}

/* The memory of a page goes with it: there may be a thousand. */
static struct err
all_pages(struct dry *d)
{
	struct cli *cli = d->cli;
	struct ctx *all = cli->cx;
	struct ctx_root root;
	const char *path;
	struct err e;

	TRY(policy_path(cli, "/dry-run", &path));
	TRY(cli_connect(cli));
	ctx_root_init(&root, all->log);
	cli->cx = &root.cx;
	do {
		ctx_root_reset(&root);
		e = one_page(d, path);
		if (!failed(e) && d->after[0] != '\0')
			cli_progress(cli, "%lld devices", (long long)d->n);
	} while (!failed(e) && d->after[0] != '\0');
	cli->cx = all;
	cli_progress_end(cli);
	if (failed(e))
		*all->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}

static void
print_sum(struct cli *cli, json_t *sum)
{
	static const struct column columns[] = {
		{ "OUTCOME", "outcome", false }, { "CODE", "code", false },
		{ "CLAIM", "claim", false }, { "DEVICES", "devices", true },
		{ "FIRST", "first", false },
	};
	struct table table = {
		.out = cli->out, .style = cli->style, .columns = columns,
		.n_columns = COUNT_OF(columns),
	};
	json_t *reasons = json_incref(json_object_get(sum, "reasons"));

	for (size_t i = 0; i < json_array_size(reasons); i++) {
		json_t *reason = json_array_get(reasons, i);

		json_object_set(reason, "first", json_array_get(
		    json_object_get(reason, "first"), 0));
	}
	json_object_del(sum, "reasons");
	table_fields(cli->cx, cli->out, sum);
	if (json_array_size(reasons) > 0) {
		(void)fputc('\n', cli->out);
		table_rows(cli->cx, &table, reasons);
	}
	json_decref(reasons);
}

static struct err
run_dry(struct dry *d)
{
	struct err e = all_pages(d);

	if (d->sum != NULL)
		(void)json_keep(d->cli->cx, d->sum);
	TRY(e);
	if (d->cli->json)
		return cli_print(d->cli, d->sum);
	print_sum(d->cli, d->sum);
	return OK;
}

struct err
cmd_policy_dry_run(struct cli *cli)
{
	const char *file = cli_arg(cli, 1), *out = cli_option(cli, OPT_OUT);
	struct dry d = { .cli = cli,
	    .body = json_keep(cli->cx, json_object()) };
	json_t *policy;
	struct err e;

	if (file != NULL) {
		TRY(cli_read_json(cli, file, &policy));
		json_object_set(d.body, "policy", policy);
	}
	TRY(cli_put_number(cli, d.body, "version", OPT_VERSION, INT32_MAX));
	if (out == NULL)
		return run_dry(&d);
	d.items = fopen(out, "we");
	if (d.items == NULL)
		return FAIL(cli->cx, ERR_IO, "create %s: %s", out,
		    strerror(errno));
	e = run_dry(&d);
	if (fclose(d.items) != 0 && !failed(e))
		e = FAIL(cli->cx, ERR_IO, "close %s: %s", out,
		    strerror(errno));
	return e;
}

/* --- differences ------------------------------------------------------------- */

/* "3", "draft", "in-force", or a file. */
static struct err
read_side(struct cli *cli, const char *side, json_t **out)
{
	const char *path, *rest = "";
	uint64_t version;
	json_t *answer;

	if (strcmp(side, "draft") == 0)
		rest = "/draft";
	else if (text_parse_uint(side, INT32_MAX, &version))
		rest = cli_path(cli->cx, "/versions/{}", side);
	else if (strcmp(side, "in-force") != 0)
		return cli_read_json(cli, side, out);
	TRY(policy_path(cli, rest, &path));
	TRY(cli_ask(cli, "GET", path, NULL, &answer));
	*out = json_object_get(answer, "policy");
	if (!json_is_object(*out))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer holds no policy");
	return OK;
}

/* The member of a rule that is not its claim. */
static const char *
operator_of(const json_t *rule)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)rule, name, value)
		if (strcmp(name, "claim") != 0)
			return name;
	return "";
}

static bool
is_in(const json_t *array, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_equal(json_array_get(array, i), value) != 0)
			return true;
	return false;
}

/* What the first array has and the second has not. */
static json_t *
without(const json_t *array, const json_t *other)
{
	json_t *left = json_array();

	for (size_t i = 0; i < json_array_size(array); i++)
		if (!is_in(other, json_array_get(array, i)))
			json_array_append(left, json_array_get(array, i));
	return left;
}

/* A rule over the same claim by the same operator: a policy has one. */
static const json_t *
find_rule(const json_t *rules, const json_t *like)
{
	const char *op = operator_of(like);

	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);

		if (json_equal(json_object_get(rule, "claim"),
		    json_object_get(like, "claim")) != 0 &&
		    strcmp(operator_of(rule), op) == 0)
			return rule;
	}
	return NULL;
}

static void
put_change(json_t *changed, const json_t *claim, const char *op,
    const json_t *old, const json_t *new)
{
	json_t *one;

	if (old == new || json_equal(old, new) != 0)
		return;
	one = json_object();
	if (claim != NULL)
		json_object_set(one, "claim", (json_t *)claim);
	json_object_set_new(one, "operator", json_string(op));
	if (json_is_array(old) || json_is_array(new)) {
		json_object_set_new(one, "removed", without(old, new));
		json_object_set_new(one, "added", without(new, old));
	} else {
		json_object_set_new(one, "removed",
		    json_pack("[O]", (json_t *)old));
		json_object_set_new(one, "added",
		    json_pack("[O]", (json_t *)new));
	}
	json_array_append_new(changed, one);
}

static json_t *
difference(const json_t *a, const json_t *b)
{
	const json_t *old = json_object_get(a, "rules");
	const json_t *new = json_object_get(b, "rules");
	json_t *removed = json_array(), *added = json_array();
	json_t *changed = json_array();

	put_change(changed, NULL, "formats", json_object_get(a, "formats"),
	    json_object_get(b, "formats"));
	for (size_t i = 0; i < json_array_size(old); i++) {
		json_t *rule = json_array_get(old, i);
		const json_t *other = find_rule(new, rule);
		const char *op = operator_of(rule);

		if (other == NULL)
			json_array_append(removed, rule);
		else
			put_change(changed, json_object_get(rule, "claim"),
			    op, json_object_get(rule, op),
			    json_object_get(other, op));
	}
	for (size_t i = 0; i < json_array_size(new); i++)
		if (find_rule(old, json_array_get(new, i)) == NULL)
			json_array_append(added, json_array_get(new, i));
	return json_pack("{s:o, s:o, s:o}", "removed", removed, "added",
	    added, "changed", changed);
}

static void
print_signed(struct cli *cli, const char *sign, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		(void)fprintf(cli->out, "%s %s\n", sign, table_text(cli->cx,
		    json_array_get(array, i)));
}

struct err
cmd_policy_diff(struct cli *cli)
{
	json_t *a, *b, *diff, *changed;

	TRY(read_side(cli, cli_arg(cli, 1), &a));
	TRY(read_side(cli, cli_arg(cli, 2), &b));
	diff = json_keep(cli->cx, difference(a, b));
	if (cli->json)
		return cli_print(cli, diff);
	print_signed(cli, "-", json_object_get(diff, "removed"));
	print_signed(cli, "+", json_object_get(diff, "added"));
	changed = json_object_get(diff, "changed");
	for (size_t i = 0; i < json_array_size(changed); i++) {
		const json_t *one = json_array_get(changed, i);
		const json_t *claim = json_object_get(one, "claim");

		(void)fprintf(cli->out, "  %s%s%s\n", claim == NULL ? "" :
		    table_text(cli->cx, claim), claim == NULL ? "" : " ",
		    table_text(cli->cx, json_object_get(one, "operator")));
		print_signed(cli, "  -", json_object_get(one, "removed"));
		print_signed(cli, "  +", json_object_get(one, "added"));
	}
	return OK;
}
