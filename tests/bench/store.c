/* SPDX-License-Identifier: Apache-2.0 */
/* Issuance beside very many certificates: stored ones, and revoked ones whose
 * CRLs are made anew all the time. */
#include "tests/bench/fill.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "pki/cert.h"
#include "pki/crl.h"
#include "pki/pem.h"

#define TENANT		"bench"
#define CLIENTS		8u
#define DEVICES		64u
#define CERTIFICATES_MAX 10000000u
#define ROUNDS		4u
#define OF_EACH		10u		/* certificates of a stored device */
#define STORED_LEAST	0.8
#define REBUILD_MOST	2.0
#define POLL_US		50000u

#define GROUP	"{\"name\":\"keys\",\"policy\":{\"rules\":" \
	"[{\"claim\":\"format\",\"equals\":\"key\"}]}}"

struct cpu { double daad_s, signer_s; };

struct store {
	struct daemon	 daemon;
	struct cpu	 from, cpu;	/* of all load, sum */
	struct device	 devices[DEVICES];
	size_t		 n;
};

static void
make_device(struct client *c, size_t i, void *arg)
{
	struct store *s = arg;

	client_add_device(c, TENANT, "keys", &s->devices[i]);
	client_renew(c, &s->devices[i]);
}

static void
begin(struct ctx *cx, struct store *s, const char *program,
    const char *folder, const char *token)
{
	struct client c;

	ASSERT(curl_global_init(CURL_GLOBAL_ALL) == 0);
	*s = (struct store){ .n = 0 };
	daemon_init(cx, &s->daemon, program, folder, token);
	daemon_start(cx, &s->daemon);
	client_begin(&c, &s->daemon.service);
	client_operate(&c, "/v1/tenants", "{\"name\":\"" TENANT "\"}");
	client_operate(&c, "/v1/tenants/" TENANT "/groups", GROUP);
	client_end(&c);
	load_each(&s->daemon.service, CLIENTS, DEVICES, make_device, s);
}

/* With the daemon stopped in between. */
static void
fill(struct ctx *cx, struct store *s, bool revoked)
{
	double began_s = bench_wall_s();

	daemon_stop(&s->daemon);
	fill_certificates(cx, &s->daemon, s->n, s->n / OF_EACH + 1, revoked);
	(void)printf("    %zu certificates put in in %.0f s\n", s->n,
	    bench_wall_s() - began_s);
	(void)fflush(stdout);
	daemon_start(cx, &s->daemon);
}

static struct cpu
cpu_now(const struct store *s)
{
	return (struct cpu){ bench_cpu_of_s(s->daemon.daad),
	    bench_cpu_of_s(s->daemon.signer) };
}

static void
load_begun(void *arg)
{
	struct store *s = arg;

	s->from = cpu_now(s);
}

static void
load_ended(void *arg)
{
	struct store *s = arg;
	struct cpu now = cpu_now(s);

	s->cpu.daad_s += now.daad_s - s->from.daad_s;
	s->cpu.signer_s += now.signer_s - s->from.signer_s;
}

static struct load_window
load_of(struct ctx *cx, struct store *s, double seconds)
{
	struct load_conf conf = { .service = &s->daemon.service,
	    .devices = s->devices, .n_devices = DEVICES,
	    .n_threads = CLIENTS, .seconds = seconds,
	    .begun = load_begun, .ended = load_ended, .arg = s };
	struct load_window w;

	load_run(cx, &conf, &w);
	return w;
}

static double
rate_of(const struct load_window *w)
{
	return (double)w->n / w->seconds;
}

static void
tell_store(struct ctx *cx, const struct bench *bench,
    const struct store s[static 2], const struct load_window w[static 2])
{
	struct bounded b = { .workload = "store-1m", .unit = "of empty",
	    .value = rate_of(&w[1]) / rate_of(&w[0]),
	    .bound = STORED_LEAST, .at_least = true };
	double cpu_us[2];

	for (size_t i = 0; i < 2; i++)
		cpu_us[i] = s[i].cpu.daad_s * 1e6 / (double)w[i].n;
	b.what = arena_printf(cx->arena, "%.0f renewals/s with %zu "
	    "certificates stored, %.0f/s with none", rate_of(&w[1]), s[1].n,
	    rate_of(&w[0]));
	b.more = arena_printf(cx->arena, "\"certificates\":%zu,"
	    "\"rate\":%.1f,\"rate_empty\":%.1f,\"p99_ms\":%.2f,"
	    "\"p99_ms_empty\":%.2f,\"start_s\":%.3f,\"start_s_empty\":%.3f,"
	    "\"daad_cpu_us\":%.1f,\"daad_cpu_us_empty\":%.1f", s[1].n,
	    rate_of(&w[1]), rate_of(&w[0]), load_latency(&w[1], 990),
	    load_latency(&w[0], 990), s[1].daemon.start_s,
	    s[0].daemon.start_s, cpu_us[1], cpu_us[0]);
	bench_tell_bounded(bench, &b);
}

/* DAAD STATE TOKEN-FILE CERTIFICATES STATE TOKEN-FILE: the second one stays
 * empty.  They are under load in turn, so that what else the machine does
 * meets both. */
void
bench_run_store(const struct bench *bench, int argc, char *argv[])
{
	struct load_window w[2] = { { .n = 0 }, { .n = 0 } };
	struct store s[2];
	struct ctx_root root;
	struct ctx *cx = &root.cx;

	if (argc != 6)
		bench_die("usage of store");
	ctx_root_init(&root, NULL);
	begin(cx, &s[0], argv[0], argv[4], argv[5]);
	begin(cx, &s[1], argv[0], argv[1], argv[2]);
	s[1].n = bench_number(argv[3], CERTIFICATES_MAX);
	fill(cx, &s[1], false);
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (size_t k = 0; k < 2; k++) {
			struct load_window once = load_of(cx, &s[k],
			    bench->seconds);

			load_add(cx, &w[k], &once);
		}
	}
	tell_store(cx, bench, s, w);
	daemon_stop(&s[0].daemon);
	daemon_stop(&s[1].daemon);
	ctx_root_fini(&root);
}

/* --- CRLs -------------------------------------------------------------------- */

/* Who revokes a certificate, waits until the complete list shows it, and so on:
 * a list is always being made, as often as daad makes one. */
enum revoking { REVOKER_BEGUN, REVOKER_IDLE, REVOKER_BUSY, REVOKER_ENDED };

struct revoker {
	struct store	*store;
	struct device	 device;
	pthread_t	 thread;
	atomic_int	 wanted, is;	/* enum revoking */
	CURL		*http;
	char		 url[256];	/* of the complete list */
	char		 etag[128];
	uint8_t		*list;		/* CRL_MAX */
	size_t		 n_list, n_entries;
	unsigned	 n_made;
	double		 seconds;	/* from revocation to list, sum */
};

static size_t
take_list(char *p, size_t size, size_t n, void *arg)
{
	struct revoker *r = arg;

	if (n * size > CRL_MAX - r->n_list)
		return 0;
	memcpy(r->list + r->n_list, p, n * size);
	r->n_list += n * size;
	return n * size;
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	static const char name[] = "ETag: ";
	struct revoker *r = arg;

	if (n * size > sizeof(name) && n * size < sizeof(r->etag) &&
	    strncasecmp(p, name, sizeof(name) - 1) == 0)
		(void)snprintf(r->etag, sizeof(r->etag), "%.*s",
		    (int)strcspn(p + sizeof(name) - 1, "\r\n"),
		    p + sizeof(name) - 1);
	return n * size;
}

/* True when there is a list that is newer than the last one. */
static bool
fetch(struct ctx *cx, struct revoker *r)
{
	struct curl_slist *headers = curl_slist_append(NULL,
	    arena_printf(cx->arena, "If-None-Match: %s", r->etag));
	struct crl_facts crl;
	long status = 0;

	r->n_list = 0;
	curl_easy_setopt(r->http, CURLOPT_HTTPHEADER, headers);
	if (curl_easy_perform(r->http) != CURLE_OK)
		bench_die("%s is not answered", r->url);
	curl_easy_getinfo(r->http, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (status == 304 || status == 503)
		return false;
	if (status != 200)
		bench_die("%s: %ld", r->url, status);
	BENCH_OK(cx, crl_parse(cx, SLICE(r->list, r->n_list), &crl));
	r->n_entries = crl.n_entries;
	return true;
}

static void
wait_for(struct ctx *cx, struct revoker *r, size_t n_entries)
{
	while (!fetch(cx, r) || r->n_entries < n_entries)
		(void)usleep(POLL_US);
}

static void
revoke_one(struct client *c, struct revoker *r)
{
	struct arena *arena = c->root.cx.arena;

	client_renew(c, &r->device);
	client_operate(c, arena_printf(arena,
	    "/v1/tenants/" TENANT "/certificates/%s/revoke",
	    client_text(c, "serial")), "{\"reason\":\"keyCompromise\"}");
}

static void
find_url(struct client *c, struct revoker *r)
{
	const char *pem = client_text(c, "certificate");
	struct ctx *cx = &c->root.cx;
	struct cert cert;
	struct slice der;

	BENCH_OK(cx, pem_parse(cx, "CERTIFICATE", slice_text(pem), &der));
	BENCH_OK(cx, cert_parse(cx, der, &cert));
	(void)snprintf(r->url, sizeof(r->url), "%s/crl/%s.crl",
	    c->service->status_url, text_hex(cx->arena, cert.aki));
}

static void
find_list(struct client *c, struct revoker *r)
{
	client_add_device(c, TENANT, "keys", &r->device);
	client_renew(c, &r->device);
	find_url(c, r);
	r->list = base_alloc(CRL_MAX);
	r->http = curl_easy_init();
	ASSERT(r->http != NULL);
	curl_easy_setopt(r->http, CURLOPT_URL, r->url);
	curl_easy_setopt(r->http, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(r->http, CURLOPT_WRITEFUNCTION, take_list);
	curl_easy_setopt(r->http, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(r->http, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(r->http, CURLOPT_HEADERDATA, r);
}

static void *
revoker_main(void *arg)
{
	struct revoker *r = arg;
	struct client c;

	client_begin(&c, &r->store->daemon.service);
	find_list(&c, r);
	wait_for(&c.root.cx, r, r->store->n);
	while (atomic_load(&r->wanted) != REVOKER_ENDED) {
		double began_s = bench_wall_s();

		atomic_store(&r->is, atomic_load(&r->wanted));
		if (atomic_load(&r->is) == REVOKER_IDLE) {
			(void)usleep(POLL_US);
			continue;
		}
		revoke_one(&c, r);
		wait_for(&c.root.cx, r, r->n_entries + 1);
		r->seconds += bench_wall_s() - began_s;
		r->n_made++;
	}
	curl_easy_cleanup(r->http);
	client_end(&c);
	return NULL;
}

static void
await(struct revoker *r, int state)
{
	while (atomic_load(&r->is) != state)
		(void)usleep(POLL_US / 10);
}

static void
tell_crl(struct ctx *cx, const struct bench *bench, const struct store *s,
    const struct revoker *r, const struct load_window *alone,
    const struct load_window *beside)
{
	struct bounded b = { .workload = "crl-100k", .unit = "of p99",
	    .value = load_latency(beside, 990) / load_latency(alone, 990),
	    .bound = REBUILD_MOST };

	b.what = arena_printf(cx->arena, "p99 %.1f ms while CRLs of %zu entries "
	    "are made, %.1f ms while none is; %u made, %.1f s from a "
	    "revocation to its list", load_latency(beside, 990), r->n_entries,
	    load_latency(alone, 990), r->n_made,
	    r->seconds / (r->n_made > 0 ? r->n_made : 1));
	b.more = arena_printf(cx->arena, "\"entries\":%zu,\"p99_ms\":%.2f,"
	    "\"p99_ms_alone\":%.2f,\"p50_ms\":%.2f,\"p50_ms_alone\":%.2f,"
	    "\"most_ms\":%.2f,\"most_ms_alone\":%.2f,\"rate\":%.1f,"
	    "\"rate_alone\":%.1f,\"lists\":%u,\"start_s\":%.3f",
	    r->n_entries, load_latency(beside, 990),
	    load_latency(alone, 990), load_latency(beside, 500),
	    load_latency(alone, 500), load_latency(beside, 1000),
	    load_latency(alone, 1000), (double)beside->n / beside->seconds,
	    (double)alone->n / alone->seconds, r->n_made,
	    s->daemon.start_s);
	bench_tell_bounded(bench, &b);
}

/* DAAD STATE TOKEN-FILE ENTRIES */
void
bench_run_crl(const struct bench *bench, int argc, char *argv[])
{
	struct load_window alone = { .n = 0 }, beside = { .n = 0 };
	struct ctx_root root;
	struct store s;
	struct revoker r = { .store = &s, .wanted = REVOKER_IDLE };

	if (argc != 4)
		bench_die("usage of crl");
	ctx_root_init(&root, NULL);
	begin(&root.cx, &s, argv[0], argv[1], argv[2]);
	s.n = bench_number(argv[3], CERTIFICATES_MAX);
	fill(&root.cx, &s, true);
	ASSERT(pthread_create(&r.thread, NULL, revoker_main, &r) == 0);
	await(&r, REVOKER_IDLE);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct load_window w;

		w = load_of(&root.cx, &s, bench->seconds);
		load_add(&root.cx, &alone, &w);
		atomic_store(&r.wanted, REVOKER_BUSY);
		await(&r, REVOKER_BUSY);
		w = load_of(&root.cx, &s, bench->seconds * 2);
		load_add(&root.cx, &beside, &w);
		atomic_store(&r.wanted, REVOKER_IDLE);
		await(&r, REVOKER_IDLE);
	}
	atomic_store(&r.wanted, REVOKER_ENDED);
	ASSERT(pthread_join(r.thread, NULL) == 0);
	tell_crl(&root.cx, bench, &s, &r, &alone, &beside);
	daemon_stop(&s.daemon);
	free(r.list);
	ctx_root_fini(&root);
}
