/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment load for the crash test.
 *
 * Each thread takes new devices (format key) through claim, enrolment, error
 * report and revocation for ever, and writes what the server acknowledged to a
 * log, a line each, synced before it goes on:
 *
 *	claim DEVICE
 *	certificate SERIAL DEVICE
 *	report DEVICE REPORT EVENTS
 *	revoked SERIAL
 *	banned DEVICE
 *
 * A server that is away or answers 5xx is no failure: the thread begins a new
 * device.  Any other refusal is: it goes to standard error and ends the run.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/text.h"
#include "codec/base64.h"

#define THREADS_MAX	64
#define ANSWER_MAX	(256u * 1024u)
#define POINT_SIZE	64u
#define HASH_SIZE	crypto_hash_sha256_BYTES
#define ENROLMENTS	4	/* of one device */
#define WAIT_MS		40	/* before a server that was away is asked again */

AUTO_DEFINE(BIO, BIO_free_all);
AUTO_DEFINE(X509_REQ, X509_REQ_free);
AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);

struct run {
	const char	*device_url, *operator_url, *ca, *tenant, *group;
	const char	*authorization;		/* header line */
	int		 log_fd;
};

struct worker {
	const struct run *run;
	struct arena	*arena;
	CURL		*device, *operator;	/* kept connections */
	unsigned	 n;			/* devices taken so far */
};

struct answer {
	char	text[ANSWER_MAX];
	size_t	n;
	long	status;				/* 0: no answer */
};

struct device {
	EVP_PKEY	*key;
	const char	*key_pem;
	char		 point[2 * POINT_SIZE + 1];
	struct slice	 spki;
	char		 id[2 * HASH_SIZE + 1];
	const char	*certificate;		/* PEM */
	const char	*serial;
};

static _Noreturn void
die(const char *what, const struct answer *answer)
{
	fprintf(stderr, "load: %s: %ld %s\n", what,
	    answer == NULL ? 0 : answer->status,
	    answer == NULL ? "" : answer->text);
	exit(1);
}

static void
must(bool good, const char *what)
{
	if (!good)
		die(what, NULL);
}

/* One write, so that lines of threads do not mix. */
static void
acknowledged(const struct run *run, const char *line)
{
	size_t n = strlen(line);

	must(write(run->log_fd, line, n) == (ssize_t)n &&
	    fdatasync(run->log_fd) == 0, "log");
}

/* --- HTTP --------------------------------------------------------------- */

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct answer *answer = arg;

	if (n * size >= ANSWER_MAX - answer->n)
		return 0;
	memcpy(answer->text + answer->n, p, n * size);
	answer->n += n * size;
	answer->text[answer->n] = '\0';
	return n * size;
}

static CURL *
new_handle(const struct run *run)
{
	CURL *h = curl_easy_init();

	must(h != NULL, "curl");
	curl_easy_setopt(h, CURLOPT_CAINFO, run->ca);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, 30000L);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	return h;
}

static void
post(CURL *h, const char *url, const char *body, const char *authorization,
    struct answer *answer)
{
	struct curl_slist *headers = NULL;

	answer->n = 0;
	answer->text[0] = '\0';
	answer->status = 0;
	headers = curl_slist_append(headers, "Content-Type: application/json");
	if (authorization != NULL)
		headers = curl_slist_append(headers, authorization);
	must(headers != NULL, "memory");
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, answer);
	if (curl_easy_perform(h) == CURLE_OK)
		curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_slist_free_all(headers);
}

/* Done as asked?  A server that is away or in trouble is not a failure. */
static bool
is_done(const struct answer *answer, const char *what)
{
	const struct timespec wait = { .tv_nsec = WAIT_MS * 1000000L };

	if (answer->status / 100 == 2)
		return true;
	if (answer->status != 0 && answer->status < 500)
		die(what, answer);
	(void)nanosleep(&wait, NULL);
	return false;
}

/* The text of the first member of that name; \n in it is made a line end. */
static const char *
member(struct worker *w, const struct answer *answer, const char *name)
{
	const char *key = arena_printf(w->arena, "\"%s\":", name);
	const char *p = strstr(answer->text, key);
	char *out;
	size_t n = 0;

	must(p != NULL, name);
	p += strlen(key);
	p += strspn(p, " ");
	must(*p == '"', name);
	out = arena_alloc(w->arena, strlen(p));
	for (p++; *p != '"' && *p != '\0'; p++)
		if (p[0] == '\\' && p[1] == 'n') {
			out[n++] = '\n';
			p++;
		} else {
			out[n++] = *p;
		}
	out[n] = '\0';
	return out;
}

/* --- keys and evidence -------------------------------------------------- */

static const char *
hex(struct worker *w, const void *p, size_t n)
{
	return text_hex(w->arena, SLICE(p, n));
}

static struct slice
kept(struct worker *w, const BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data((BIO *)(uintptr_t)bio, &p);

	must(n > 0, "BIO");
	return slice_dup(w->arena, SLICE(p, (size_t)n));
}

static void
make_device(struct worker *w, struct device *d)
{
	AUTO(BIO) pem = BIO_new(BIO_s_mem());
	AUTO(BIO) der = BIO_new(BIO_s_mem());
	uint8_t point[1 + POINT_SIZE], hash[HASH_SIZE];
	const char *name;
	struct slice text;
	size_t n;

	d->key = EVP_EC_gen("P-256");
	must(d->key != NULL && pem != NULL && der != NULL, "key");
	must(EVP_PKEY_get_octet_string_param(d->key, "pub", point,
	    sizeof(point), &n) == 1 && n == sizeof(point), "point");
	must(PEM_write_bio_PrivateKey(pem, d->key, NULL, NULL, 0, NULL,
	    NULL) == 1 && i2d_PUBKEY_bio(der, d->key) == 1, "key");
	text = kept(w, pem);
	d->key_pem = arena_printf(w->arena, "%.*s", (int)text.n,
	    (const char *)text.p);
	d->spki = kept(w, der);
	(void)snprintf(d->point, sizeof(d->point), "%s",
	    hex(w, point + 1, POINT_SIZE));
	name = arena_printf(w->arena, "key:%s", d->point);
	(void)crypto_hash_sha256(hash, (const uint8_t *)name, strlen(name));
	(void)snprintf(d->id, sizeof(d->id), "%s", hex(w, hash, HASH_SIZE));
}

static const char *
make_csr(struct worker *w, const struct device *d)
{
	AUTO(X509_REQ) req = X509_REQ_new();
	AUTO(BIO) der = BIO_new(BIO_s_mem());

	must(req != NULL && der != NULL &&
	    X509_REQ_set_pubkey(req, d->key) == 1 &&
	    X509_REQ_sign(req, d->key, EVP_sha256()) > 0 &&
	    i2d_X509_REQ_bio(der, req) == 1, "request");
	return base64url(w->arena, kept(w, der));
}

/* r||s over a digest, hex. */
static const char *
sign_raw(struct worker *w, EVP_PKEY *key, const uint8_t digest[HASH_SIZE])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t der[128], raw[POINT_SIZE];
	const uint8_t *p = der;
	size_t n = sizeof(der);

	must(ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
	    EVP_PKEY_sign(ctx, der, &n, digest, HASH_SIZE) == 1, "sign");
	EVP_PKEY_CTX_free(ctx);
	AUTO(ECDSA_SIG) sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	must(sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) ==
	    32 && BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) == 32,
	    "signature");
	return hex(w, raw, sizeof(raw));
}

static const char *
make_enrollment(struct worker *w, const struct device *d, const char *nonce)
{
	static const char tag[] = "daapki-bind-1\0key", statement[] = "{}";
	uint8_t bytes[32], spki_hash[HASH_SIZE], digest[HASH_SIZE];
	crypto_hash_sha256_state state;

	must(text_unhex(nonce, bytes, sizeof(bytes)), "nonce");
	(void)crypto_hash_sha256(spki_hash, d->spki.p, d->spki.n);
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, (const uint8_t *)tag,
	    sizeof(tag));
	(void)crypto_hash_sha256_update(&state, bytes, sizeof(bytes));
	(void)crypto_hash_sha256_update(&state, spki_hash, HASH_SIZE);
	(void)crypto_hash_sha256_final(&state, digest);
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, digest, HASH_SIZE);
	(void)crypto_hash_sha256_update(&state, (const uint8_t *)statement,
	    strlen(statement));
	(void)crypto_hash_sha256_final(&state, digest);
	return arena_printf(w->arena, "{\"nonce\":\"%s\",\"csr\":\"%s\","
	    "\"evidence\":{\"format\":\"key\",\"public_key\":\"%s\","
	    "\"statement\":\"%s\",\"signature\":\"%s\"}}", nonce,
	    make_csr(w, d), d->point,
	    base64url(w->arena, SLICE(statement, strlen(statement))),
	    sign_raw(w, d->key, digest));
}

/* --- the life of a device ------------------------------------------------ */

/* The inventory says which keys are a maker's. */
static bool
enter(struct worker *w, const struct device *d, struct answer *answer)
{
	const struct run *run = w->run;

	post(w->operator, arena_printf(w->arena, "%s/v1/tenants/%s/hardware",
	    run->operator_url, run->tenant), arena_printf(w->arena,
	    "{\"hardware_id\":\"key:%s\"}", d->point), run->authorization,
	    answer);
	return is_done(answer, "hardware");
}

static bool
claim(struct worker *w, const struct device *d, struct answer *answer)
{
	const struct run *run = w->run;

	post(w->operator, arena_printf(w->arena, "%s/v1/tenants/%s/claims",
	    run->operator_url, run->tenant),
	    arena_printf(w->arena,
	    "{\"hardware_id\":\"key:%s\",\"group\":\"%s\"}", d->point,
	    run->group), run->authorization, answer);
	if (!is_done(answer, "claim"))
		return false;
	acknowledged(run, arena_printf(w->arena, "claim %s\n", d->id));
	return true;
}

static bool
enroll(struct worker *w, struct device *d, struct answer *answer)
{
	const struct run *run = w->run;

	post(w->device, arena_printf(w->arena, "%s/v1/challenges",
	    run->device_url), "{}", NULL, answer);
	if (!is_done(answer, "challenge"))
		return false;
	post(w->device, arena_printf(w->arena, "%s/v1/enrollments",
	    run->device_url),
	    make_enrollment(w, d, member(w, answer, "nonce")), NULL, answer);
	if (!is_done(answer, "enrolment"))
		return false;
	d->serial = member(w, answer, "serial");
	d->certificate = arena_printf(w->arena, "%s%s",
	    member(w, answer, "certificate"), member(w, answer, "chain"));
	acknowledged(run, arena_printf(w->arena, "certificate %s %s\n",
	    d->serial, d->id));
	return true;
}

static bool
report(struct worker *w, const struct device *d, struct answer *answer)
{
	const struct run *run = w->run;
	CURL *h = new_handle(run);
	struct curl_blob cert = { .data = (void *)(uintptr_t)d->certificate,
	    .len = strlen(d->certificate), .flags = CURL_BLOB_NOCOPY };
	struct curl_blob key = { .data = (void *)(uintptr_t)d->key_pem,
	    .len = strlen(d->key_pem), .flags = CURL_BLOB_NOCOPY };

	curl_easy_setopt(h, CURLOPT_SSLCERT_BLOB, &cert);
	curl_easy_setopt(h, CURLOPT_SSLKEY_BLOB, &key);
	post(h, arena_printf(w->arena, "%s/v1/error-reports",
	    run->device_url),
	    "{\"report_id\":\"crash-1\",\"events\":[{\"event_type\":\"Load\","
	    "\"event_class\":\"Test\",\"event_category\":\"System\","
	    "\"event_count\":1,\"description\":\"one of two\","
	    "\"start_time\":\"2026-01-01T00:00:00Z\","
	    "\"end_time\":\"2026-01-01T00:00:00Z\"},{\"event_type\":\"Load\","
	    "\"event_class\":\"Test\",\"event_category\":\"System\","
	    "\"event_count\":2,\"description\":\"two of two\","
	    "\"start_time\":\"2026-01-01T00:00:00Z\","
	    "\"end_time\":\"2026-01-01T00:00:00Z\"}]}", NULL, answer);
	curl_easy_cleanup(h);
	if (!is_done(answer, "report"))
		return false;
	acknowledged(run, arena_printf(w->arena, "report %s crash-1 2\n",
	    d->id));
	return true;
}

static void
revoke_one(struct worker *w, const struct device *d, struct answer *answer)
{
	const struct run *run = w->run;

	post(w->operator, arena_printf(w->arena,
	    "%s/v1/tenants/%s/certificates/%s/revoke", run->operator_url,
	    run->tenant, d->serial), "{\"reason\":\"keyCompromise\"}",
	    run->authorization, answer);
	if (is_done(answer, "revocation"))
		acknowledged(run, arena_printf(w->arena, "revoked %s\n",
		    d->serial));
}

static void
ban(struct worker *w, const struct device *d, struct answer *answer)
{
	const struct run *run = w->run;

	post(w->operator, arena_printf(w->arena,
	    "%s/v1/tenants/%s/devices/%s/ban", run->operator_url,
	    run->tenant, d->id), "{\"reason\":\"test\"}", run->authorization,
	    answer);
	if (!is_done(answer, "ban"))
		return;
	acknowledged(run, arena_printf(w->arena, "banned %s\n", d->id));
	acknowledged(run, arena_printf(w->arena, "revoked %s\n", d->serial));
}

/* Enrols some times over, and loses certificates in each of the ways. */
static void
one_device(struct worker *w, struct answer *answer)
{
	struct device d = { .key = NULL };
	bool good;

	make_device(w, &d);
	good = enter(w, &d, answer) && claim(w, &d, answer);
	for (unsigned i = 0; good && i < ENROLMENTS; i++) {
		good = enroll(w, &d, answer);
		if (good && i == 1)
			(void)report(w, &d, answer);
		if (good && i == 2)
			revoke_one(w, &d, answer);
	}
	if (good && w->n++ % 2 == 0)
		ban(w, &d, answer);
	EVP_PKEY_free(d.key);
}

static _Noreturn void *
work(void *arg)
{
	struct worker *w = arg;
	struct answer *answer = calloc(1, sizeof(*answer));

	must(answer != NULL, "memory");
	w->device = new_handle(w->run);
	w->operator = new_handle(w->run);
	for (;;) {
		one_device(w, answer);
		arena_reset(w->arena);
	}
}

/* load DEVICE-URL OPERATOR-URL CA-FILE TOKEN-FILE TENANT GROUP LOG THREADS */
int
main(int argc, char *argv[])
{
	struct worker workers[THREADS_MAX];
	struct run run;
	char token[128] = "", header[192];
	uint64_t n_threads = 0;
	pthread_t thread;
	int fd;

	must(argc == 9 && text_parse_uint(argv[8], THREADS_MAX, &n_threads) &&
	    n_threads > 0, "usage");
	fd = open(argv[4], O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && read(fd, token, sizeof(token) - 1) > 0, argv[4]);
	(void)close(fd);
	token[strcspn(token, "\r\n")] = '\0';
	(void)snprintf(header, sizeof(header), "Authorization: Bearer %s",
	    token);
	run = (struct run){ .device_url = argv[1], .operator_url = argv[2],
	    .ca = argv[3], .tenant = argv[5], .group = argv[6],
	    .authorization = header,
	    .log_fd = open(argv[7], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    0600) };
	must(run.log_fd >= 0, argv[7]);
	must(curl_global_init(CURL_GLOBAL_ALL) == 0 && sodium_init() >= 0,
	    "libraries");
	for (uint64_t i = 0; i < n_threads; i++) {
		workers[i] = (struct worker){ .run = &run,
		    .arena = arena_new() };
		must(pthread_create(&thread, NULL, work, &workers[i]) == 0,
		    "thread");
	}
	(void)pthread_join(thread, NULL);
	return 0;
}
