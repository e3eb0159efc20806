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
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/evp.h>

#include "attest/attest.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/der.h"

#define DEVICES_EACH	4u		/* of a thread, in turn */
#define ANSWER_MAX	(64u * 1024u)
#define LATENCIES_MAX	65536u		/* of a thread that are kept */
#define POINT_SIZE	64u
#define POINT_IN_SPKI	27u		/* where X begins in a P-256 SPKI */
#define FLOOR_PART	0.25
#define SIGNS_ALL	3u
#define VERIFIES_ALL	3u
#define SIGNS_SERVER	1u
#define VERIFIES_SERVER	3u

struct load {
	const char	*device_url, *operator_url, *ca, *tenant, *group;
	const char	*authorization;		/* header line */
	pid_t		 daad, signer;
	pthread_barrier_t ready;
	atomic_bool	 stop;
};

struct device {
	struct signing	*key;
	char		 point[2 * POINT_SIZE + 1];
};

struct client {
	struct load	*load;
	struct ctx_root	 root;
	CURL		*http;			/* device plane, kept */
	struct slice	 answer;
	uint8_t		*room;			/* ANSWER_MAX */
	struct device	 devices[DEVICES_EACH];
	_Atomic uint64_t n;
	_Atomic uint64_t prepare_ns;		/* processor time, of all n */
	float		*latency_ms;		/* of the first LATENCIES_MAX */
};

/* --- HTTP ------------------------------------------------------------------ */

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct client *c = arg;

	if (n * size > ANSWER_MAX - c->answer.n)
		return 0;
	memcpy(c->room + c->answer.n, p, n * size);
	c->answer = SLICE(c->room, c->answer.n + n * size);
	return n * size;
}

static CURL *
new_handle(struct client *c)
{
	CURL *h = curl_easy_init();

	ASSERT(h != NULL);
	curl_easy_setopt(h, CURLOPT_CAINFO, c->load->ca);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, 30000L);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
	return h;
}

static void
post(struct client *c, CURL *h, const char *url, const char *body,
    const char *authorization)
{
	struct curl_slist *headers = curl_slist_append(NULL,
	    "Content-Type: application/json");
	CURLcode code;
	long status = 0;

	if (authorization != NULL)
		headers = curl_slist_append(headers, authorization);
	ASSERT(headers != NULL);
	c->answer = SLICE(c->room, 0);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
	code = curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (code != CURLE_OK || status != 201)
		bench_die("%s: %s, status %ld: %.*s", url,
		    curl_easy_strerror(code), status, (int)c->answer.n,
		    (const char *)c->room);
}

/* --- a renewal -------------------------------------------------------------- */

/* r||s of an ECDSA-Sig-Value. */
static void
raw_signature(struct slice der, uint8_t out[static POINT_SIZE])
{
	struct reader r = reader_of(der), pair = der_enter(&r, DER_SEQUENCE);

	memset(out, 0, POINT_SIZE);
	for (size_t i = 0; i < 2; i++) {
		struct slice n = der_read_unsigned(&pair);

		ASSERT(n.n <= POINT_SIZE / 2);
		memcpy(out + (i + 1) * POINT_SIZE / 2 - n.n, n.p, n.n);
	}
	der_leave(&r, &pair);
	ASSERT(read_done(&r));
}

static const char *
make_enrollment(struct ctx *cx, struct device *d, const char *nonce)
{
	static const char statement[] = "{}";
	uint8_t bytes[ATTEST_NONCE_SIZE], message[BENCH_DIGEST_SIZE + 2];
	uint8_t digest[BENCH_DIGEST_SIZE], signature[BENCH_SIGNATURE_MAX];
	uint8_t raw[POINT_SIZE];
	size_t n;

	ASSERT(text_unhex(nonce, bytes, sizeof(bytes)));
	attest_binding("key", SLICE_OF(bytes), signing_spki(d->key), message,
	    BENCH_DIGEST_SIZE);
	memcpy(message + BENCH_DIGEST_SIZE, statement, 2);
	ASSERT(EVP_Q_digest(NULL, "SHA256", NULL, message, sizeof(message),
	    digest, NULL) == 1);
	n = signing_sign(d->key, digest, signature);
	raw_signature(SLICE(signature, n), raw);
	return arena_printf(cx->arena, "{\"nonce\":\"%s\",\"csr\":\"%s\","
	    "\"evidence\":{\"format\":\"key\",\"public_key\":\"%s\","
	    "\"statement\":\"%s\",\"signature\":\"%s\"}}", nonce,
	    base64url(cx->arena, signing_csr(cx, d->key)), d->point,
	    base64url(cx->arena, SLICE(statement, 2)),
	    text_hex(cx->arena, SLICE_OF(raw)));
}

static const char *
answered(struct client *c, const char *name)
{
	struct ctx *cx = &c->root.cx;
	const char *text;
	json_t *answer;

	BENCH_OK(cx, json_parse(cx, c->answer, &answer));
	text = json_string_value(json_object_get(answer, name));
	if (text == NULL)
		bench_die("no %s in an answer", name);
	return text;
}

static void
renew(struct client *c, struct device *d)
{
	struct ctx *cx = &c->root.cx;
	const char *url = c->load->device_url, *body, *nonce;
	double cpu_s;

	post(c, c->http, arena_printf(cx->arena, "%s/v1/challenges", url),
	    "{}", NULL);
	nonce = answered(c, "nonce");
	cpu_s = bench_thread_cpu_s();
	body = make_enrollment(cx, d, nonce);
	cpu_s = bench_thread_cpu_s() - cpu_s;
	atomic_fetch_add(&c->prepare_ns, (uint64_t)(cpu_s * 1e9));
	post(c, c->http, arena_printf(cx->arena, "%s/v1/enrollments", url),
	    body, NULL);
	(void)answered(c, "certificate");
	ctx_root_reset(&c->root);
}

/* --- clients ----------------------------------------------------------------- */

/* A key that the inventory knows and the tenant has claimed. */
static void
make_device(struct client *c, CURL *operator, struct device *d)
{
	const struct load *l = c->load;
	struct arena *arena = c->root.cx.arena;

	d->key = signing_new();
	(void)snprintf(d->point, sizeof(d->point), "%s", text_hex(arena,
	    SLICE(signing_spki(d->key).p + POINT_IN_SPKI, POINT_SIZE)));
	post(c, operator, arena_printf(arena, "%s/v1/tenants/%s/hardware",
	    l->operator_url, l->tenant), arena_printf(arena,
	    "{\"hardware_id\":\"key:%s\"}", d->point), l->authorization);
	post(c, operator, arena_printf(arena, "%s/v1/tenants/%s/claims",
	    l->operator_url, l->tenant), arena_printf(arena,
	    "{\"hardware_id\":\"key:%s\",\"group\":\"%s\"}", d->point,
	    l->group), l->authorization);
}

static void
client_begin(struct client *c)
{
	CURL *operator = new_handle(c);

	c->http = new_handle(c);
	for (size_t i = 0; i < DEVICES_EACH; i++)
		make_device(c, operator, &c->devices[i]);
	curl_easy_cleanup(operator);
	for (size_t i = 0; i < DEVICES_EACH; i++)
		renew(c, &c->devices[i]);
	atomic_store(&c->prepare_ns, 0);
}

static void *
client_main(void *arg)
{
	struct client *c = arg;

	client_begin(c);
	(void)pthread_barrier_wait(&c->load->ready);	/* all have devices */
	(void)pthread_barrier_wait(&c->load->ready);	/* clocks are read */
	while (!atomic_load(&c->load->stop)) {
		double began_s = bench_wall_s();
		uint64_t n = atomic_load(&c->n);

		renew(c, &c->devices[n % DEVICES_EACH]);
		if (n < LATENCIES_MAX)
			c->latency_ms[n] =
			    (float)((bench_wall_s() - began_s) * 1e3);
		atomic_store(&c->n, n + 1);
	}
	for (size_t i = 0; i < DEVICES_EACH; i++)
		signing_free(c->devices[i].key);
	curl_easy_cleanup(c->http);
	return NULL;
}

/* --- measuring ---------------------------------------------------------------- */

struct clocks { double wall_s, client_s, daad_s, signer_s; };

static struct clocks
read_clocks(const struct load *l)
{
	return (struct clocks){ bench_wall_s(), bench_cpu_s(),
	    bench_cpu_of_s(l->daad), bench_cpu_of_s(l->signer) };
}

static int
compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/* What went by between two readings, of all clients together. */
struct window {
	struct clocks	 from, to;
	uint64_t	 n, prepare_ns;
	float		*latency_ms;		/* in order */
	size_t		 n_latencies;
};

static void
add_up(struct ctx *cx, struct client *clients, unsigned n_clients,
    struct window *w)
{
	w->latency_ms = arena_array(cx->arena,
	    (size_t)n_clients * LATENCIES_MAX, sizeof(*w->latency_ms));
	for (unsigned i = 0; i < n_clients; i++) {
		uint64_t n = atomic_load(&clients[i].n);

		for (size_t k = 0; k < n && k < LATENCIES_MAX; k++)
			w->latency_ms[w->n_latencies++] =
			    clients[i].latency_ms[k];
		w->n += n;
		w->prepare_ns += atomic_load(&clients[i].prepare_ns);
	}
	if (w->n == 0)
		bench_die("no renewal was done");
	qsort(w->latency_ms, w->n_latencies, sizeof(*w->latency_ms), compare);
}

/* What so many of a hundred renewals did not take longer than. */
static double
percentile(const struct window *w, unsigned percent)
{
	return (double)w->latency_ms[(w->n_latencies - 1) * percent / 100];
}

static void
tell(struct ctx *cx, const struct bench *bench, unsigned n_clients,
    const struct window *w, const struct floor *floor)
{
	double each = 1 / (double)w->n;
	double client_s = (w->to.client_s - w->from.client_s) * each;
	double daad_s = (w->to.daad_s - w->from.daad_s) * each;
	double signer_s = (w->to.signer_s - w->from.signer_s) * each;
	double prepare_us = (double)w->prepare_ns * each / 1e3;
	double server_s = floor_cpu_s(floor, SIGNS_SERVER, VERIFIES_SERVER);
	struct result r = {
		.workload = "renew-key", .unit = "renewals",
		.threads = n_clients,
		.seconds = w->to.wall_s - w->from.wall_s,
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
	    percentile(w, 50), percentile(w, 99));
	bench_tell(bench, &r);
	(void)printf("    CPU of one: client %.0f us (of them %.0f to prepare "
	    "it), daad %.0f us, daa-signer %.0f us;\n    the server's own "
	    "share of the floor is %.2f of what the two take; half took "
	    "%.1f ms, 99 of 100 %.1f ms\n", client_s * 1e6, prepare_us,
	    daad_s * 1e6, signer_s * 1e6, server_s / (daad_s + signer_s),
	    percentile(w, 50), percentile(w, 99));
}

static void
run_clients(struct ctx *cx, const struct bench *bench, struct load *l,
    unsigned n_clients)
{
	struct client *clients = arena_array(cx->arena, n_clients,
	    sizeof(*clients));
	pthread_t threads[BENCH_THREADS_MAX];
	long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n_floor = n_cores < (long)BENCH_THREADS_MAX ?
	    (unsigned)n_cores : BENCH_THREADS_MAX;
	struct floor before, after, mean;
	struct window w = { .n = 0 };

	atomic_store(&l->stop, false);
	ASSERT(pthread_barrier_init(&l->ready, NULL, n_clients + 1) == 0);
	for (unsigned i = 0; i < n_clients; i++) {
		struct client *c = &clients[i];

		c->load = l;
		c->room = arena_alloc(cx->arena, ANSWER_MAX);
		c->latency_ms = arena_array(cx->arena, LATENCIES_MAX,
		    sizeof(*c->latency_ms));
		ctx_root_init(&c->root, NULL);
		ASSERT(pthread_create(&threads[i], NULL, client_main,
		    c) == 0);
	}
	(void)pthread_barrier_wait(&l->ready);
	bench_floor(bench->seconds * FLOOR_PART, n_floor, &before);
	w.from = read_clocks(l);
	(void)pthread_barrier_wait(&l->ready);
	(void)usleep((useconds_t)(bench->seconds * 1e6));
	w.to = read_clocks(l);
	add_up(cx, clients, n_clients, &w);
	atomic_store(&l->stop, true);
	for (unsigned i = 0; i < n_clients; i++) {
		ASSERT(pthread_join(threads[i], NULL) == 0);
		ctx_root_fini(&clients[i].root);
	}
	bench_floor(bench->seconds * FLOOR_PART, n_floor, &after);
	mean = floor_mean(&before, &after);
	tell(cx, bench, n_clients, &w, &mean);
	(void)pthread_barrier_destroy(&l->ready);
}

static const char *
read_token(struct ctx *cx, const char *path)
{
	char token[128] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, token, sizeof(token) - 1) <= 0)
		bench_die("cannot read %s", path);
	(void)close(fd);
	token[strcspn(token, "\r\n")] = '\0';
	return arena_printf(cx->arena, "Authorization: Bearer %s", token);
}

static unsigned
number(const char *text, unsigned most)
{
	uint64_t n;

	if (!text_parse_uint(text, most, &n) || n == 0)
		bench_die("%s: not a number of 1 to %u", text, most);
	return (unsigned)n;
}

/* DEVICE-URL OPERATOR-URL CA-FILE TOKEN-FILE TENANT GROUP DAAD-PID SIGNER-PID
 * THREADS... */
void
bench_run_renew(const struct bench *bench, int argc, char *argv[])
{
	struct ctx_root root;
	struct load l;

	if (argc < 9)
		bench_die("usage of renew-key");
	ctx_root_init(&root, NULL);
	ASSERT(curl_global_init(CURL_GLOBAL_ALL) == 0);
	l = (struct load){
		.device_url = argv[0], .operator_url = argv[1],
		.ca = argv[2], .tenant = argv[4], .group = argv[5],
		.authorization = read_token(&root.cx, argv[3]),
		.daad = (pid_t)number(argv[6], INT32_MAX),
		.signer = (pid_t)number(argv[7], INT32_MAX),
	};
	for (int i = 8; i < argc; i++)
		run_clients(&root.cx, bench, &l,
		    number(argv[i], BENCH_THREADS_MAX));
	ctx_root_fini(&root);
	curl_global_cleanup();
}
