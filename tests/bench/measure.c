/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "codec/der.h"

#define SAMPLE_BATCH_S	0.002	/* operations between two looks at the clock */

struct signing {
	EVP_PKEY	*pkey;
	EVP_PKEY_CTX	*sign, *verify;
	uint8_t		 spki[128];
	size_t		 n_spki;
};

/* ecdsa-with-SHA256, RFC 5758, 3.2. */
static const uint8_t ecdsa_sha256[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
};

/* --- clocks -------------------------------------------------------------- */

static double
clock_s(clockid_t id)
{
	struct timespec t;

	ASSERT(clock_gettime(id, &t) == 0);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double
bench_wall_s(void)
{
	return clock_s(CLOCK_MONOTONIC);
}

double
bench_cpu_s(void)
{
	return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

double
bench_thread_cpu_s(void)
{
	return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

double
bench_cpu_of_s(pid_t pid)
{
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) != 0)
		bench_die("process %d is gone", (int)pid);
	return clock_s(id);
}

void
bench_die(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("bench: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

unsigned
bench_number(const char *text, unsigned most)
{
	uint64_t n;

	if (!text_parse_uint(text, most, &n) || n == 0)
		bench_die("%s: not a number of 1 to %u", text, most);
	return (unsigned)n;
}

unsigned
bench_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < (long)BENCH_THREADS_MAX ? (unsigned)n : BENCH_THREADS_MAX;
}

struct sample
bench_sample(double seconds, void (*op)(void *), void *arg)
{
	double wall_s = bench_wall_s(), cpu_s = bench_thread_cpu_s(), now_s;
	uint64_t n = 0, batch = 1;

	for (;;) {
		double began_s = bench_wall_s();

		for (uint64_t i = 0; i < batch; i++)
			op(arg);
		n += batch;
		now_s = bench_wall_s();
		if (now_s - wall_s >= seconds)
			break;
		if (now_s - began_s < SAMPLE_BATCH_S)
			batch *= 2;
	}
	return (struct sample){ n, now_s - wall_s,
	    bench_thread_cpu_s() - cpu_s };
}

/* --- keys ---------------------------------------------------------------- */

struct signing *
signing_new(void)
{
	struct signing *s = base_alloc(sizeof(*s));
	uint8_t *p = s->spki;
	int n;

	s->pkey = EVP_EC_gen("P-256");
	ASSERT(s->pkey != NULL);
	n = i2d_PUBKEY(s->pkey, NULL);
	ASSERT(n > 0 && (size_t)n <= sizeof(s->spki) &&
	    i2d_PUBKEY(s->pkey, &p) == n);
	s->n_spki = (size_t)n;
	s->sign = EVP_PKEY_CTX_new(s->pkey, NULL);
	s->verify = EVP_PKEY_CTX_new(s->pkey, NULL);
	ASSERT(s->sign != NULL && EVP_PKEY_sign_init(s->sign) == 1);
	ASSERT(s->verify != NULL && EVP_PKEY_verify_init(s->verify) == 1);
	return s;
}

void
signing_free(struct signing *s)
{
	EVP_PKEY_CTX_free(s->sign);
	EVP_PKEY_CTX_free(s->verify);
	EVP_PKEY_free(s->pkey);
	free(s);
}

struct slice
signing_spki(const struct signing *s)
{
	return SLICE(s->spki, s->n_spki);
}

size_t
signing_sign(struct signing *s, const uint8_t digest[static BENCH_DIGEST_SIZE],
    uint8_t out[static BENCH_SIGNATURE_MAX])
{
	size_t n = BENCH_SIGNATURE_MAX;

	ASSERT(EVP_PKEY_sign(s->sign, out, &n, digest,
	    BENCH_DIGEST_SIZE) == 1);
	return n;
}

struct slice
signing_csr(struct ctx *cx, struct signing *s)
{
	uint8_t digest[BENCH_DIGEST_SIZE], signature[BENCH_SIGNATURE_MAX];
	struct buf info = buf_in(cx->arena, 512), b = buf_in(cx->arena, 512);
	size_t at, n;

	at = der_open(&info, DER_SEQUENCE);
	der_put_uint(&info, 0);
	der_put(&info, DER_SEQUENCE, SLICE_NONE);
	put_bytes(&info, signing_spki(s));
	der_put(&info, DER_CONTEXT(0), SLICE_NONE);
	der_close(&info, at);
	ASSERT(!info.bad && EVP_Q_digest(NULL, "SHA256", NULL, info.p, info.n,
	    digest, NULL) == 1);
	n = signing_sign(s, digest, signature);
	at = der_open(&b, DER_SEQUENCE);
	put_bytes(&b, buf_slice(&info));
	put_bytes(&b, SLICE_OF(ecdsa_sha256));
	der_put_bits(&b, SLICE(signature, n));
	der_close(&b, at);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* --- the floor ------------------------------------------------------------ */

struct primitive {
	struct signing	*key;
	uint8_t		 digest[BENCH_DIGEST_SIZE];
	uint8_t		 signature[BENCH_SIGNATURE_MAX];
	size_t		 n;
	double		 seconds;
	struct sample	 sign, verify;
	pthread_barrier_t *begin;
};

static void
sign_once(void *arg)
{
	struct primitive *p = arg;

	p->n = signing_sign(p->key, p->digest, p->signature);
}

static void
verify_once(void *arg)
{
	struct primitive *p = arg;

	ASSERT(EVP_PKEY_verify(p->key->verify, p->signature, p->n, p->digest,
	    sizeof(p->digest)) == 1);
}

static void *
primitives(void *arg)
{
	struct primitive *p = arg;

	sign_once(p);
	verify_once(p);
	(void)pthread_barrier_wait(p->begin);
	p->sign = bench_sample(p->seconds / 2, sign_once, p);
	(void)pthread_barrier_wait(p->begin);
	p->verify = bench_sample(p->seconds / 2, verify_once, p);
	return NULL;
}

void
bench_floor(double seconds, unsigned n_threads, struct floor *out)
{
	struct primitive p[BENCH_THREADS_MAX];
	pthread_t threads[BENCH_THREADS_MAX];
	pthread_barrier_t begin;
	struct floor sum = { 0 };

	ASSERT(n_threads > 0 && n_threads <= BENCH_THREADS_MAX &&
	    pthread_barrier_init(&begin, NULL, n_threads) == 0);
	for (unsigned i = 0; i < n_threads; i++) {
		p[i] = (struct primitive){ .key = signing_new(),
		    .seconds = seconds, .begin = &begin };
		memset(p[i].digest, 0x5a, sizeof(p[i].digest));
		ASSERT(pthread_create(&threads[i], NULL, primitives,
		    &p[i]) == 0);
	}
	for (unsigned i = 0; i < n_threads; i++) {
		const struct sample *sign = &p[i].sign, *verify = &p[i].verify;

		ASSERT(pthread_join(threads[i], NULL) == 0);
		sum.sign_rate += (double)sign->n / sign->wall_s;
		sum.verify_rate += (double)verify->n / verify->wall_s;
		sum.sign_cpu_s += sign->cpu_s / (double)sign->n / n_threads;
		sum.verify_cpu_s += verify->cpu_s / (double)verify->n /
		    n_threads;
		signing_free(p[i].key);
	}
	(void)pthread_barrier_destroy(&begin);
	*out = sum;
}

struct floor
floor_mean(const struct floor *a, const struct floor *b)
{
	return (struct floor){
		.sign_rate = (a->sign_rate + b->sign_rate) / 2,
		.verify_rate = (a->verify_rate + b->verify_rate) / 2,
		.sign_cpu_s = (a->sign_cpu_s + b->sign_cpu_s) / 2,
		.verify_cpu_s = (a->verify_cpu_s + b->verify_cpu_s) / 2,
	};
}

double
floor_rate(const struct floor *f, unsigned n_sign, unsigned n_verify)
{
	return 1 / (n_sign / f->sign_rate + n_verify / f->verify_rate);
}

double
floor_cpu_s(const struct floor *f, unsigned n_sign, unsigned n_verify)
{
	return n_sign * f->sign_cpu_s + n_verify * f->verify_cpu_s;
}
