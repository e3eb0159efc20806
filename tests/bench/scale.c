/* SPDX-License-Identifier: Apache-2.0 */
/* Many tenants in one server: how it starts, what it holds, and what it costs
 * that each certificate comes from another CA. */
#include "tests/bench/daemon.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#define TENANTS_MAX	100000u
#define MAKERS		16u
#define CLIENTS		8u
#define DEVICES_OF_ONE	64u		/* of the tenant that is alone */
#define STARTS		3u
#define START_MOST_S	2.0
#define MEMORY_MOST_MB	200.0
#define ROUND_ROBIN_LEAST 0.5

#define GROUP	"{\"name\":\"keys\",\"policy\":{\"rules\":" \
	"[{\"claim\":\"format\",\"equals\":\"key\"}]}}"

struct scale {
	struct daemon	 daemon;
	size_t		 n_tenants;
	struct device	*each;		/* one of each tenant */
	struct device	*of_one;	/* those of the first */
};

static const char *
name_of(struct client *c, size_t i)
{
	return arena_printf(c->root.cx.arena, "tenant-%05zu", i);
}

static void
make_tenant(struct client *c, size_t i, void *arg)
{
	struct scale *s = arg;
	const char *name = name_of(c, i);

	client_operate(c, "/v1/tenants", arena_printf(c->root.cx.arena,
	    "{\"name\":\"%s\"}", name));
	client_operate(c, arena_printf(c->root.cx.arena,
	    "/v1/tenants/%s/groups", name), GROUP);
	client_add_device(c, name, "keys", &s->each[i]);
}

static void
make_device(struct client *c, size_t i, void *arg)
{
	struct scale *s = arg;

	client_add_device(c, name_of(c, 0), "keys", &s->of_one[i]);
	client_renew(c, &s->of_one[i]);
}

static void
make_all(struct ctx *cx, struct scale *s)
{
	double began_s = bench_wall_s();

	daemon_start(cx, &s->daemon);
	s->each = arena_array(cx->arena, s->n_tenants, sizeof(*s->each));
	s->of_one = arena_array(cx->arena, DEVICES_OF_ONE,
	    sizeof(*s->of_one));
	load_each(&s->daemon.service, MAKERS, s->n_tenants, make_tenant, s);
	load_each(&s->daemon.service, CLIENTS, DEVICES_OF_ONE, make_device,
	    s);
	daemon_stop(&s->daemon);
	(void)printf("    %zu tenants made in %.0f s, through the API\n",
	    s->n_tenants, bench_wall_s() - began_s);
	(void)fflush(stdout);
}

/* --- what is measured ------------------------------------------------------- */

/* The slowest of some starts; the last one goes on. */
static void
measure_start(struct ctx *cx, const struct bench *bench, struct scale *s)
{
	struct bounded b = { .workload = "scale-start", .unit = "s",
	    .bound = START_MOST_S };

	for (unsigned i = 0; i < STARTS; i++) {
		if (i > 0)
			daemon_stop(&s->daemon);
		daemon_start(cx, &s->daemon);
		if (s->daemon.start_s > b.value)
			b.value = s->daemon.start_s;
	}
	b.what = arena_printf(cx->arena, "daad from exec to ready, slowest "
	    "of %u, %zu tenants", STARTS, s->n_tenants);
	b.more = arena_printf(cx->arena, "\"tenants\":%zu", s->n_tenants);
	bench_tell_bounded(bench, &b);
}

static void
tell_memory(struct ctx *cx, const struct bench *bench, const struct scale *s,
    const char *when)
{
	struct bounded b = { .workload = "scale-memory", .unit = "MB",
	    .bound = MEMORY_MOST_MB };
	struct daemon_memory m;

	daemon_memory(&s->daemon, &m);
	b.value = m.daad + m.signer;
	b.what = arena_printf(cx->arena, "RSS %s: daad %.0f, daa-signer %.0f",
	    when, m.daad, m.signer);
	b.more = arena_printf(cx->arena, "\"tenants\":%zu,\"daad_mb\":%.1f,"
	    "\"signer_mb\":%.1f,\"daad_most_mb\":%.1f,\"signer_most_mb\":%.1f",
	    s->n_tenants, m.daad, m.signer, m.daad_most, m.signer_most);
	bench_tell_bounded(bench, &b);
}

static double
rate_of(const struct load_window *w)
{
	return (double)w->n / w->seconds;
}

struct cpu { double daad, signer; };

static struct cpu
cpu_of(const struct scale *s)
{
	return (struct cpu){ bench_cpu_of_s(s->daemon.daad),
	    bench_cpu_of_s(s->daemon.signer) };
}

static void
tell_round_robin(struct ctx *cx, const struct bench *bench,
    const struct scale *s, const struct load_window *one,
    const struct load_window *all, const char *which)
{
	struct bounded b = { .workload = "scale-round-robin",
	    .unit = "of one", .value = rate_of(all) / rate_of(one),
	    .bound = ROUND_ROBIN_LEAST, .at_least = true };

	b.what = arena_printf(cx->arena, "%.0f renewals/s, %s; %.0f/s for "
	    "one of %zu tenants", rate_of(all), which, rate_of(one),
	    s->n_tenants);
	b.more = arena_printf(cx->arena, "\"tenants\":%zu,\"rate\":%.1f,"
	    "\"rate_of_one\":%.1f,\"p99_ms\":%.2f,\"p99_ms_of_one\":%.2f",
	    s->n_tenants, rate_of(all), rate_of(one), load_latency(all, 990),
	    load_latency(one, 990));
	bench_tell_bounded(bench, &b);
}

static void
measure_round_robin(struct ctx *cx, const struct bench *bench,
    struct scale *s)
{
	struct load_conf one = { .service = &s->daemon.service,
	    .devices = s->of_one, .n_devices = DEVICES_OF_ONE,
	    .n_threads = CLIENTS, .seconds = bench->seconds * 2 };
	struct load_conf all = { .service = &s->daemon.service,
	    .devices = s->each, .n_devices = s->n_tenants,
	    .n_threads = CLIENTS };
	struct load_window of_one, first, again;
	struct cpu t[4];

	t[0] = cpu_of(s);
	load_run(cx, &one, &of_one);
	t[1] = cpu_of(s);
	load_run(cx, &all, &first);
	t[2] = cpu_of(s);
	load_run(cx, &all, &again);
	t[3] = cpu_of(s);
	tell_round_robin(cx, bench, s, &of_one, &first,
	    "each tenant for the first time");
	tell_round_robin(cx, bench, s, &of_one, &again, "and again");
	(void)printf("    CPU of one, daad and daa-signer, us: one tenant "
	    "%.0f %.0f, first %.0f %.0f, again %.0f %.0f\n",
	    (t[1].daad - t[0].daad) * 1e6 / (double)of_one.n,
	    (t[1].signer - t[0].signer) * 1e6 / (double)of_one.n,
	    (t[2].daad - t[1].daad) * 1e6 / (double)first.n,
	    (t[2].signer - t[1].signer) * 1e6 / (double)first.n,
	    (t[3].daad - t[2].daad) * 1e6 / (double)again.n,
	    (t[3].signer - t[2].signer) * 1e6 / (double)again.n);
}

/* DAAD STATE TOKEN-FILE TENANTS */
void
bench_run_scale(const struct bench *bench, int argc, char *argv[])
{
	struct ctx_root root;
	struct scale s;

	if (argc != 4)
		bench_die("usage of scale");
	ctx_root_init(&root, NULL);
	ASSERT(curl_global_init(CURL_GLOBAL_ALL) == 0);
	s = (struct scale){ .n_tenants = bench_number(argv[3], TENANTS_MAX) };
	daemon_init(&root.cx, &s.daemon, argv[0], argv[1], argv[2]);
	make_all(&root.cx, &s);
	measure_start(&root.cx, bench, &s);
	tell_memory(&root.cx, bench, &s, "after the start");
	measure_round_robin(&root.cx, bench, &s);
	tell_memory(&root.cx, bench, &s, "after serving all");
	daemon_stop(&s.daemon);
	ctx_root_fini(&root);
	curl_global_cleanup();
}
