/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and searches over very many devices of one tenant: how long each page
 * takes, the first ones and those far on. */
#include "tests/bench/fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

#define DEVICES_MAX	2000000u
#define ASKED		200u		/* pages measured, in each place */
#define FAR_PAGES	200u		/* of 1,000 devices, to the far one */
#define P99_MOST_MS	50.0
#define TENANT		"search"
#define LIST		"/v1/tenants/" TENANT "/devices?"
#define GROUP	"{\"name\":\"keys\",\"policy\":{\"rules\":" \
	"[{\"claim\":\"format\",\"equals\":\"key\"}]}}"

/* What fill_devices() has spread over them; each finds a share. */
static const struct search { const char *name, *query; } searches[] = {
	{ "all", "" },
	{ "group", "group=keys" },
	{ "state", "state=active" },
	{ "state, few", "state=banned" },
	{ "label", "label=batch" },
	{ "label=value", "label=site=site-7" },
	{ "two labels", "label=site=site-7,batch=3" },
	{ "q", "q=3f" },
	{ "expiring_before", "expiring_before=2030-01-01T00:00:00Z" },
	{ "silent_since", "silent_since=2030-01-01T00:00:00Z" },
	{ "never_enrolled", "never_enrolled=true" },
	{ "never_renewed", "never_renewed=true" },
	{ "stale_tcb", "stale_tcb=true" },
	{ "software_key", "software_key=true" },
	{ "clock_skewed", "clock_skewed=true" },
	{ "refused", "refused=true" },
	{ "refusal", "refusal=policy.measurement" },
	{ "five together", "group=keys&state=active&stale_tcb=true&"
	    "software_key=false&silent_since=2030-01-01T00:00:00Z" },
	{ "nothing to find", "group=keys&never_enrolled=false&"
	    "software_key=false&stale_tcb=false&label=none" },
	{ "much to pass over", "state=active&never_renewed=false&"
	    "clock_skewed=false&stale_tcb=false&refused=false&"
	    "never_enrolled=true" },
};

struct times { double *ms; size_t n; };

/* One page; the cursor of the next is left in cursor, "" at the end. */
static double
ask(struct client *c, const struct search *s, unsigned limit,
    char cursor[static 512])
{
	struct ctx *cx = &c->root.cx;
	const char *next;
	json_t *answer;
	double from;

	from = bench_wall_s();
	client_operate(c, arena_printf(cx->arena, LIST "%s&limit=%u%s%s",
	    s->query, limit, cursor[0] == '\0' ? "" : "&after=", cursor),
	    NULL);
	from = bench_wall_s() - from;
	BENCH_OK(cx, json_parse(cx, c->answer, &answer));
	next = json_string_value(json_object_get(answer, "next"));
	(void)snprintf(cursor, 512, "%s", next == NULL ? "" : next);
	ctx_root_reset(&c->root);
	return from * 1e3;
}

/* Pages one after the other from cursor on; from the beginning again at the
 * end. */
static void
measure(struct client *c, const struct search *s, char cursor[static 512],
    struct times *t)
{
	for (size_t i = 0; i < ASKED; i++)
		t->ms[t->n++] = ask(c, s, 100, cursor);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
percentile(struct times *t, unsigned per_mille)
{
	qsort(t->ms, t->n, sizeof(*t->ms), compare);
	return t->ms[t->n * per_mille / 1000];
}

static double
max_of(double a, double b)
{
	return a > b ? a : b;
}

/* Far on, or where the last page begins, by pages as large as there are. */
static size_t
go_far(struct client *c, const struct search *s, char cursor[static 512],
    struct times *t)
{
	size_t n = 0;

	cursor[0] = '\0';
	while (n < FAR_PAGES) {
		char before[512];

		(void)snprintf(before, sizeof(before), "%s", cursor);
		t->ms[t->n++] = ask(c, s, 1000, cursor);
		if (cursor[0] == '\0') {
			(void)snprintf(cursor, 512, "%s", before);
			break;
		}
		n++;
	}
	return n;
}

static void
run_one(const struct bench *bench, struct client *c, const struct search *s,
    size_t n_devices)
{
	struct bounded b = { .workload = "search", .unit = "ms, p99",
	    .bound = P99_MOST_MS };
	double ms[3][ASKED], far_99, large_99;
	struct times first = { ms[0], 0 }, far = { ms[1], 0 };
	struct times large = { ms[2], 0 };
	char cursor[512] = "", more[320], what[200];
	size_t at;

	(void)ask(c, s, 100, cursor);
	cursor[0] = '\0';
	measure(c, s, cursor, &first);
	at = go_far(c, s, cursor, &large);
	measure(c, s, cursor, &far);
	b.value = percentile(&first, 990);
	far_99 = percentile(&far, 990);
	large_99 = percentile(&large, 990);
	(void)snprintf(more, sizeof(more), "\"search\":\"%s\","
	    "\"devices\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
	    "\"far_after\":%zu,\"far_p50_ms\":%.2f,\"far_p99_ms\":%.2f,"
	    "\"large_p50_ms\":%.2f,\"large_p99_ms\":%.2f", s->name,
	    n_devices, percentile(&first, 500), b.value, at,
	    percentile(&far, 500), far_99, percentile(&large, 500), large_99);
	(void)snprintf(what, sizeof(what), "%s: p50 %.1f, p99 %.1f; after "
	    "%zu large pages p50 %.1f, p99 %.1f; large ones p50 %.1f, "
	    "p99 %.1f", s->name, percentile(&first, 500), b.value, at,
	    percentile(&far, 500), far_99, percentile(&large, 500), large_99);
	b.value = max_of(max_of(b.value, far_99), large_99);
	b.more = more;
	b.what = what;
	bench_tell_bounded(bench, &b);
}

/* DAAD STATE TOKEN-FILE DEVICES */
void
bench_run_search(const struct bench *bench, int argc, char *argv[])
{
	struct ctx_root root;
	struct daemon daemon;
	struct device device;
	struct client c;
	double began_s;
	size_t n;

	if (argc != 4)
		bench_die("usage of search");
	n = bench_number(argv[3], DEVICES_MAX);
	ctx_root_init(&root, NULL);
	ASSERT(curl_global_init(CURL_GLOBAL_ALL) == 0);
	daemon_init(&root.cx, &daemon, argv[0], argv[1], argv[2]);
	daemon_start(&root.cx, &daemon);
	client_begin(&c, &daemon.service);
	client_operate(&c, "/v1/tenants", "{\"name\":\"" TENANT "\"}");
	client_operate(&c, "/v1/tenants/" TENANT "/groups", GROUP);
	client_add_device(&c, TENANT, "keys", &device);
	client_renew(&c, &device);
	client_end(&c);
	daemon_stop(&daemon);
	began_s = bench_wall_s();
	fill_devices(&root.cx, &daemon, n);
	(void)printf("    %zu devices put in in %.0f s\n", n,
	    bench_wall_s() - began_s);
	daemon_start(&root.cx, &daemon);
	client_begin(&c, &daemon.service);
	for (size_t i = 0; i < COUNT_OF(searches); i++)
		run_one(bench, &c, &searches[i], n);
	client_end(&c);
	daemon_stop(&daemon);
	ctx_root_fini(&root);
	curl_global_cleanup();
}
