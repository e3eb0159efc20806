/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole attested renewals, evidence format key, against the real daad and its
 * daa-signer: a challenge, then evidence and a request, over TLS connections
 * that are kept.
 *
 * What one of them cannot do without, and what the floor counts: the device
 * signs its state and its request (2 signatures); daad verifies both (2
 * verifies); daa-signer signs the leaf and verifies what it signed (1 and 1).
 */
#include "tests/bench/client.h"

#include <unistd.h>

#include "base/text.h"

#define DEVICES_EACH	4u		/* of a client, in turn */
#define FLOOR_PART	0.25
#define SIGNS_ALL	3u
#define VERIFIES_ALL	3u
#define SIGNS_SERVER	1u
#define VERIFIES_SERVER	3u

struct clocks { double client_s, daad_s, signer_s; };

struct renewals {
	struct service	 service;
	const char	*tenant, *group;
	pid_t		 daad, signer;
	struct device	*devices;
	struct clocks	 from, to;
};

static struct clocks
read_clocks(const struct renewals *r)
{
	return (struct clocks){ bench_cpu_s(), bench_cpu_of_s(r->daad),
	    bench_cpu_of_s(r->signer) };
}

static void
begun(void *arg)
{
	struct renewals *r = arg;

	r->from = read_clocks(r);
}

static void
ended(void *arg)
{
	struct renewals *r = arg;

	r->to = read_clocks(r);
}

static void
prepare_device(struct client *c, size_t i, void *arg)
{
	struct renewals *r = arg;

	client_add_device(c, r->tenant, r->group, &r->devices[i]);
	client_renew(c, &r->devices[i]);
}

static void
tell(struct ctx *cx, const struct bench *bench, unsigned n_clients,
    const struct renewals *l, const struct load_window *w,
    const struct floor *floor)
{
	double each = 1 / (double)w->n;
	double client_s = (l->to.client_s - l->from.client_s) * each;
	double daad_s = (l->to.daad_s - l->from.daad_s) * each;
	double signer_s = (l->to.signer_s - l->from.signer_s) * each;
	double prepare_us = w->prepare_s * each * 1e6;
	double server_s = floor_cpu_s(floor, SIGNS_SERVER, VERIFIES_SERVER);
	struct result r = {
		.workload = "renew-key", .unit = "renewals",
		.threads = n_clients,
		.seconds = w->seconds,
		.floor = floor_rate(floor, SIGNS_ALL, VERIFIES_ALL),
		.floor_is = "3 signs + 3 verifies, all cores",
		.cpu_s = client_s + daad_s + signer_s,
		.floor_cpu_s = floor_cpu_s(floor, SIGNS_ALL, VERIFIES_ALL),
	};

	r.rate = (double)w->n / r.seconds;
	r.more = arena_printf(cx->arena, "\"client_cpu_us\":%.1f,"
	    "\"client_prepare_cpu_us\":%.1f,\"daad_cpu_us\":%.1f,"
	    "\"signer_cpu_us\":%.1f,\"server_floor_cpu_us\":%.1f,"
	    "\"server_cpu_fraction\":%.4f,\"p50_ms\":%.2f,\"p99_ms\":%.2f",
	    client_s * 1e6, prepare_us, daad_s * 1e6, signer_s * 1e6,
	    server_s * 1e6, server_s / (daad_s + signer_s),
	    load_latency(w, 500), load_latency(w, 990));
	bench_tell(bench, &r);
	(void)printf("    CPU of one: client %.0f us (of them %.0f to prepare "
	    "it), daad %.0f us, daa-signer %.0f us;\n    the server's own "
	    "share of the floor is %.2f of what the two take; half took "
	    "%.1f ms, 99 of 100 %.1f ms\n", client_s * 1e6, prepare_us,
	    daad_s * 1e6, signer_s * 1e6, server_s / (daad_s + signer_s),
	    load_latency(w, 500), load_latency(w, 990));
}

static void
run_clients(struct ctx *cx, const struct bench *bench, struct renewals *r,
    unsigned n_clients)
{
	struct load_conf conf = {
		.service = &r->service,
		.n_devices = (size_t)n_clients * DEVICES_EACH,
		.n_threads = n_clients, .seconds = bench->seconds,
		.begun = begun, .ended = ended, .arg = r,
	};
	unsigned n_floor = bench_cores();
	struct floor before, after, mean;
	struct load_window w;

	r->devices = conf.devices = arena_array(cx->arena, conf.n_devices,
	    sizeof(*conf.devices));
	load_each(&r->service, n_clients, conf.n_devices, prepare_device, r);
	bench_floor(bench->seconds * FLOOR_PART, n_floor, &before);
	load_run(cx, &conf, &w);
	bench_floor(bench->seconds * FLOOR_PART, n_floor, &after);
	mean = floor_mean(&before, &after);
	tell(cx, bench, n_clients, r, &w, &mean);
	for (size_t i = 0; i < conf.n_devices; i++)
		signing_free(conf.devices[i].key);
}

/* DEVICE-URL OPERATOR-URL CA-FILE TOKEN-FILE TENANT GROUP DAAD-PID SIGNER-PID
 * THREADS... */
void
bench_run_renew(const struct bench *bench, int argc, char *argv[])
{
	struct ctx_root root;
	struct renewals r;

	if (argc < 9)
		bench_die("usage of renew-key");
	ctx_root_init(&root, NULL);
	ASSERT(curl_global_init(CURL_GLOBAL_ALL) == 0);
	r = (struct renewals){
		.service = { .device_url = argv[0], .operator_url = argv[1],
		    .ca = argv[2],
		    .authorization = service_authorization(&root.cx,
			argv[3]) },
		.tenant = argv[4], .group = argv[5],
		.daad = (pid_t)bench_number(argv[6], INT32_MAX),
		.signer = (pid_t)bench_number(argv[7], INT32_MAX),
	};
	for (int i = 8; i < argc; i++)
		run_clients(&root.cx, bench, &r,
		    bench_number(argv[i], BENCH_THREADS_MAX));
	ctx_root_fini(&root);
	curl_global_cleanup();
}
