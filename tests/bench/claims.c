/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 100,000 devices claimed in one call, against the real daad, while others
 * renew: how long it takes, and how much of their rate is left to them.
 */
#include "tests/bench/client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLAIMS		100000u
#define LINE_SIZE	80u
#define MOST_S		60.0		/* for all of them */
#define LEAST_RATE	0.8		/* of the renewals' own */
#define CLIENTS		8u
#define DEVICES		32u
#define POLL_US		100000u
#define WAIT_S		600.0		/* then it is broken */

struct claims {
	struct service	 service;
	const char	*tenant, *group;
	struct device	*devices;
	_Atomic bool	 done;
	double		 seconds;	/* from the call to its end */
};

static void
prepare_device(struct client *c, size_t i, void *arg)
{
	struct claims *m = arg;

	client_add_device(c, m->tenant, m->group, &m->devices[i]);
	client_renew(c, &m->devices[i]);
}

/* Device IDs that nobody has, with the group in the first column. */
static char *
many_lines(const char *group)
{
	size_t size = CLAIMS * (LINE_SIZE + strlen(group)) + LINE_SIZE, n;
	char *text = base_alloc(size);

	n = (size_t)snprintf(text, size, "group,device_id\n");
	for (unsigned i = 0; i < CLAIMS; i++)
		n += (size_t)snprintf(text + n, size - n, "%s,%064x\n", group,
		    i);
	return text;
}

static void *
claim_all(void *arg)
{
	struct claims *m = arg;
	double began_s = bench_wall_s();
	char *lines = many_lines(m->group), *path;
	struct client c;

	client_begin(&c, &m->service);
	client_send_csv(&c, arena_printf(c.root.cx.arena,
	    "/v1/tenants/%s/claims/bulk", m->tenant), lines);
	path = strdup(arena_printf(c.root.cx.arena, "/v1/operations/%s",
	    client_text(&c, "id")));
	ASSERT(path != NULL);
	do {
		(void)usleep(POLL_US);
		ctx_root_reset(&c.root);
		client_operate(&c, path, NULL);
		if (bench_wall_s() - began_s > WAIT_S)
			bench_die("the claims do not end");
	} while (strcmp(client_text(&c, "state"), "done") != 0);
	m->seconds = bench_wall_s() - began_s;
	m->done = true;
	client_end(&c);
	free(path);
	free(lines);
	return NULL;
}

static void
run_renewals(struct ctx *cx, const struct load_conf *conf,
    struct load_window *all)
{
	struct load_window w;

	load_run(cx, conf, &w);
	load_add(cx, all, &w);
}

static double
rate_of(const struct load_window *w)
{
	return (double)w->n / w->seconds;
}

static void
tell(struct ctx *cx, const struct bench *bench, const struct claims *m,
    const struct load_window *alone, const struct load_window *beside)
{
	struct bounded took = {
		.workload = "claim-100k", .unit = "s", .value = m->seconds,
		.bound = MOST_S, .what = "100,000 claims in one call",
		.more = arena_printf(cx->arena, "\"claims_s\":%.0f",
		    CLAIMS / m->seconds),
	}, left = {
		.workload = "claim-100k-renewals", .unit = "of its rate",
		.value = rate_of(beside) / rate_of(alone),
		.bound = LEAST_RATE, .at_least = true,
		.what = arena_printf(cx->arena, "renewals meanwhile: %.0f of "
		    "%.0f a second", rate_of(beside), rate_of(alone)),
		.more = arena_printf(cx->arena, "\"p99_ms\":%.2f,"
		    "\"p99_alone_ms\":%.2f", load_latency(beside, 990),
		    load_latency(alone, 990)),
	};

	bench_tell_bounded(bench, &took);
	bench_tell_bounded(bench, &left);
}

/* DEVICE-URL OPERATOR-URL CA-FILE TOKEN-FILE TENANT GROUP */
void
bench_run_claims(const struct bench *bench, int argc, char *argv[])
{
	struct load_window alone = { 0 }, beside = { 0 };
	struct load_conf conf = { .n_devices = DEVICES, .n_threads = CLIENTS,
	    .seconds = bench->seconds };
	struct ctx_root root;
	struct claims m;
	pthread_t thread;

	if (argc != 6)
		bench_die("usage of claim-100k");
	ctx_root_init(&root, NULL);
	ASSERT(curl_global_init(CURL_GLOBAL_ALL) == 0);
	m = (struct claims){
		.service = { .device_url = argv[0], .operator_url = argv[1],
		    .ca = argv[2],
		    .authorization = service_authorization(&root.cx,
			argv[3]) },
		.tenant = argv[4], .group = argv[5],
		.devices = arena_array(root.cx.arena, DEVICES,
		    sizeof(*m.devices)),
	};
	conf.service = &m.service;
	conf.devices = m.devices;
	load_each(&m.service, CLIENTS, DEVICES, prepare_device, &m);
	run_renewals(&root.cx, &conf, &alone);
	ASSERT(pthread_create(&thread, NULL, claim_all, &m) == 0);
	while (!m.done)
		run_renewals(&root.cx, &conf, &beside);
	ASSERT(pthread_join(thread, NULL) == 0);
	run_renewals(&root.cx, &conf, &alone);
	tell(&root.cx, bench, &m, &alone, &beside);
	for (size_t i = 0; i < DEVICES; i++)
		signing_free(m.devices[i].key);
	ctx_root_fini(&root);
	curl_global_cleanup();
}
