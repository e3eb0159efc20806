/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/client.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "attest/attest.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/der.h"
#include "codec/json.h"

#define ANSWER_MAX	(2u * 1024u * 1024u)
#define LATENCIES_MAX	65536u		/* of a client that are kept */
#define POINT_SIZE	DEVICE_POINT_SIZE
#define POINT_IN_SPKI	27u		/* where X begins in a P-256 SPKI */
#define TIMEOUT_MS	60000L

const char *
service_authorization(struct ctx *cx, const char *path)
{
	char token[128] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, token, sizeof(token) - 1) <= 0)
		bench_die("cannot read %s", path);
	(void)close(fd);
	token[strcspn(token, "\r\n")] = '\0';
	return arena_printf(cx->arena, "Authorization: Bearer %s", token);
}

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
	curl_easy_setopt(h, CURLOPT_CAINFO, c->service->ca);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
	return h;
}

void
client_begin(struct client *c, const struct service *service)
{
	*c = (struct client){ .service = service };
	ctx_root_init(&c->root, NULL);
	c->room = base_alloc(ANSWER_MAX);
	c->device = new_handle(c);
	c->operator = new_handle(c);
}

void
client_end(struct client *c)
{
	curl_easy_cleanup(c->device);
	curl_easy_cleanup(c->operator);
	free(c->room);
	ctx_root_fini(&c->root);
}

/* body NULL is a GET; type is the header line of what it is. */
static void
ask_as(struct client *c, CURL *h, const char *url, const char *type,
    const char *body, const char *authorization)
{
	struct curl_slist *headers = curl_slist_append(NULL, type);
	CURLcode code;
	long status = 0;

	if (authorization != NULL)
		headers = curl_slist_append(headers, authorization);
	ASSERT(headers != NULL);
	c->answer = SLICE(c->room, 0);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	if (body == NULL)
		curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
	else
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
	code = curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (code != CURLE_OK || status / 100 != 2)
		bench_die("%s: %s, status %ld: %.*s", url,
		    curl_easy_strerror(code), status, (int)c->answer.n,
		    (const char *)c->room);
}

static void
ask(struct client *c, CURL *h, const char *url, const char *body,
    const char *authorization)
{
	ask_as(c, h, url, "Content-Type: application/json", body,
	    authorization);
}

void
client_send_csv(struct client *c, const char *path, const char *csv)
{
	ask_as(c, c->operator, arena_printf(c->root.cx.arena, "%s%s",
	    c->service->operator_url, path), "Content-Type: text/csv", csv,
	    c->service->authorization);
}

void
client_operate(struct client *c, const char *path, const char *body)
{
	ask(c, c->operator, arena_printf(c->root.cx.arena, "%s%s",
	    c->service->operator_url, path), body, c->service->authorization);
}

const char *
client_text(struct client *c, const char *name)
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

void
client_renew(struct client *c, struct device *d)
{
	struct ctx *cx = &c->root.cx;
	const char *url = c->service->device_url, *body, *nonce;
	double cpu_s;

	ask(c, c->device, arena_printf(cx->arena, "%s/v1/challenges", url),
	    "{}", NULL);
	nonce = client_text(c, "nonce");
	cpu_s = bench_thread_cpu_s();
	body = make_enrollment(cx, d, nonce);
	c->prepare_s += bench_thread_cpu_s() - cpu_s;
	ask(c, c->device, arena_printf(cx->arena, "%s/v1/enrollments", url),
	    body, NULL);
	(void)client_text(c, "certificate");
	ctx_root_reset(&c->root);
}

void
client_add_device(struct client *c, const char *tenant, const char *group,
    struct device *d)
{
	struct arena *arena = c->root.cx.arena;

	d->key = signing_new();
	(void)snprintf(d->point, sizeof(d->point), "%s", text_hex(arena,
	    SLICE(signing_spki(d->key).p + POINT_IN_SPKI, POINT_SIZE)));
	client_operate(c, arena_printf(arena, "/v1/tenants/%s/hardware",
	    tenant), arena_printf(arena, "{\"hardware_id\":\"key:%s\"}",
	    d->point));
	client_operate(c, arena_printf(arena, "/v1/tenants/%s/claims",
	    tenant), arena_printf(arena,
	    "{\"hardware_id\":\"key:%s\",\"group\":\"%s\"}", d->point, group));
}

/* --- many clients ------------------------------------------------------------- */

/* One thread; what it counts may be read while it goes on. */
struct worker {
	pthread_t		 thread;
	struct load		*load;
	unsigned		 index;
	_Atomic uint64_t	 n;
	float			*latency_ms;	/* of the first LATENCIES_MAX */
	double			 prepare_s;	/* when it has ended */
};

struct load {
	const struct load_conf	*conf;
	pthread_barrier_t	 ready;
	atomic_bool		 stop;
};

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	const struct load_conf *conf = w->load->conf;
	size_t at = w->index;
	struct client c;

	client_begin(&c, conf->service);
	client_renew(&c, &conf->devices[at]);	/* TLS handshakes are done */
	c.prepare_s = 0;
	(void)pthread_barrier_wait(&w->load->ready);	/* all are ready */
	(void)pthread_barrier_wait(&w->load->ready);	/* clocks are read */
	while (!atomic_load(&w->load->stop)) {
		double began_s = bench_wall_s();
		uint64_t n = atomic_load(&w->n);

		if (at >= conf->n_devices) {
			if (conf->seconds <= 0)
				break;
			at = w->index;
		}
		client_renew(&c, &conf->devices[at]);
		at += conf->n_threads;
		if (n < LATENCIES_MAX)
			w->latency_ms[n] =
			    (float)((bench_wall_s() - began_s) * 1e3);
		atomic_store(&w->n, n + 1);
	}
	w->prepare_s = c.prepare_s;
	client_end(&c);
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/* What they have done by now. */
static void
add_up(struct worker *workers, unsigned n_workers, struct load_window *w)
{
	for (unsigned i = 0; i < n_workers; i++) {
		uint64_t n = atomic_load(&workers[i].n);
		size_t kept = n < LATENCIES_MAX ? (size_t)n : LATENCIES_MAX;

		memcpy(w->latency_ms + w->n_latencies, workers[i].latency_ms,
		    kept * sizeof(float));
		w->n_latencies += kept;
		w->n += n;
	}
	if (w->n == 0)
		bench_die("no renewal was done");
	qsort(w->latency_ms, w->n_latencies, sizeof(float), compare);
}

double
load_latency(const struct load_window *w, unsigned per_mille)
{
	return (double)w->latency_ms[(w->n_latencies - 1) * per_mille / 1000];
}

void
load_add(struct ctx *cx, struct load_window *w, const struct load_window *more)
{
	float *both = arena_array(cx->arena, w->n_latencies +
	    more->n_latencies, sizeof(float));

	if (w->n_latencies > 0)
		memcpy(both, w->latency_ms, w->n_latencies * sizeof(float));
	memcpy(both + w->n_latencies, more->latency_ms,
	    more->n_latencies * sizeof(float));
	w->latency_ms = both;
	w->n_latencies += more->n_latencies;
	qsort(both, w->n_latencies, sizeof(float), compare);
	w->n += more->n;
	w->seconds += more->seconds;
	w->prepare_s += more->prepare_s;
}

static void
start(struct ctx *cx, struct load *load, struct worker *workers)
{
	unsigned n = load->conf->n_threads;

	ASSERT(n > 0 && n <= BENCH_THREADS_MAX && n <= load->conf->n_devices);
	ASSERT(pthread_barrier_init(&load->ready, NULL, n + 1) == 0);
	for (unsigned i = 0; i < n; i++) {
		struct worker *w = &workers[i];

		w->load = load;
		w->index = i;
		w->latency_ms = arena_array(cx->arena, LATENCIES_MAX,
		    sizeof(float));
		ASSERT(pthread_create(&w->thread, NULL, worker_main, w) == 0);
	}
}

static void
join(struct load *load, struct worker *workers)
{
	for (unsigned i = 0; i < load->conf->n_threads; i++)
		ASSERT(pthread_join(workers[i].thread, NULL) == 0);
}

static void
call(void (*fn)(void *), void *arg)
{
	if (fn != NULL)
		fn(arg);
}

void
load_run(struct ctx *cx, const struct load_conf *conf,
    struct load_window *out)
{
	struct worker *workers = arena_array(cx->arena, conf->n_threads,
	    sizeof(*workers));
	struct load_window w = { .latency_ms = arena_array(cx->arena,
	    (size_t)conf->n_threads * LATENCIES_MAX, sizeof(float)) };
	bool once = conf->seconds <= 0;
	struct load load = { .conf = conf };
	double began_s;

	start(cx, &load, workers);
	(void)pthread_barrier_wait(&load.ready);
	call(conf->begun, conf->arg);
	began_s = bench_wall_s();
	(void)pthread_barrier_wait(&load.ready);
	if (once)
		join(&load, workers);
	else
		(void)usleep((useconds_t)(conf->seconds * 1e6));
	w.seconds = bench_wall_s() - began_s;
	call(conf->ended, conf->arg);
	add_up(workers, conf->n_threads, &w);
	atomic_store(&load.stop, true);
	if (!once)
		join(&load, workers);
	(void)pthread_barrier_destroy(&load.ready);
	for (unsigned i = 0; i < conf->n_threads; i++) {
		uint64_t n = atomic_load(&workers[i].n);

		/* Of all that it did: the last ones were after the window. */
		if (n > 0)
			w.prepare_s += workers[i].prepare_s / (double)n /
			    conf->n_threads * (double)w.n;
	}
	*out = w;
}

struct each {
	const struct service	*service;
	atomic_size_t		 next;
	size_t			 n;
	void			(*op)(struct client *, size_t, void *);
	void			*arg;
};

static void *
each_main(void *arg)
{
	struct each *all = arg;
	struct client c;

	client_begin(&c, all->service);
	for (size_t i; (i = atomic_fetch_add(&all->next, 1)) < all->n;) {
		all->op(&c, i, all->arg);
		ctx_root_reset(&c.root);
	}
	client_end(&c);
	return NULL;
}

void
load_each(const struct service *service, unsigned n_threads, size_t n,
    void (*op)(struct client *, size_t, void *), void *arg)
{
	struct each all = { .service = service, .n = n, .op = op, .arg = arg };
	pthread_t threads[BENCH_THREADS_MAX];

	ASSERT(n_threads <= BENCH_THREADS_MAX);
	for (unsigned i = 0; i < n_threads; i++)
		ASSERT(pthread_create(&threads[i], NULL, each_main,
		    &all) == 0);
	for (unsigned i = 0; i < n_threads; i++)
		ASSERT(pthread_join(threads[i], NULL) == 0);
}
