/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of each format, from JSON text to claims: cold, with nothing seen
 * before, and warm, as a server has it after a device's first time. */
#include "tests/bench/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/chain.h"
#include "attest/dcap_collateral.h"
#include "attest/seen.h"

#define DEVICES		4u
#define TURNS		8u
#define WORK_PART	0.5	/* of the time that is asked for */
#define FLOOR_PART	0.25	/* for each kind of signature */
#define DIGEST_MAX	48u
#define NAME_SIZE	64u

/* --- the floor: one signature of each kind ------------------------------- */

static const struct { const char *name, *type, *group; unsigned bits, digest; }
kinds[] = {
	[BENCH_P256] = { "P-256", "EC", "P-256", 0, 32 },
	[BENCH_P384] = { "P-384", "EC", "P-384", 0, 48 },
	[BENCH_RSA2048] = { "RSA-2048", "RSA", NULL, 2048, 32 },
	[BENCH_RSA3072] = { "RSA-3072", "RSA", NULL, 3072, 32 },
	[BENCH_RSA4096] = { "RSA-4096", "RSA", NULL, 4096, 48 },
};

struct one {
	EVP_PKEY	*key;
	EVP_PKEY_CTX	*verify;
	uint8_t		 digest[DIGEST_MAX], signature[512];
	size_t		 n_digest, n;
};

static void
one_init(enum bench_kind kind, struct one *o)
{
	AUTO(EVP_PKEY_CTX) sign = NULL;

	o->key = kinds[kind].group != NULL ? EVP_EC_gen(kinds[kind].group) :
	    EVP_RSA_gen(kinds[kind].bits);
	memset(o->digest, 0x5a, sizeof(o->digest));
	o->n_digest = kinds[kind].digest;
	o->n = sizeof(o->signature);
	sign = EVP_PKEY_CTX_new(o->key, NULL);
	o->verify = EVP_PKEY_CTX_new(o->key, NULL);
	ASSERT(EVP_PKEY_sign_init(sign) == 1 && EVP_PKEY_sign(sign,
	    o->signature, &o->n, o->digest, o->n_digest) == 1 &&
	    EVP_PKEY_verify_init(o->verify) == 1);
}

static void
one_fini(struct one *o)
{
	EVP_PKEY_CTX_free(o->verify);
	EVP_PKEY_free(o->key);
}

static void
verify_one(void *arg)
{
	struct one *o = arg;

	ASSERT(EVP_PKEY_verify(o->verify, o->signature, o->n, o->digest,
	    o->n_digest) == 1);
}

/* Seconds for that many of each kind, by the wall's clock and of processor. */
struct times { double wall_s, cpu_s; };

static struct times
floor_of(struct one *ones, const unsigned counts[BENCH_KINDS], double seconds)
{
	struct times t = { 0, 0 };

	for (size_t i = 0; i < BENCH_KINDS; i++) {
		struct sample s;

		if (counts[i] == 0)
			continue;
		if (ones[i].key == NULL)
			one_init((enum bench_kind)i, &ones[i]);
		s = bench_sample(seconds, verify_one, &ones[i]);
		t.wall_s += counts[i] * s.wall_s / (double)s.n;
		t.cpu_s += counts[i] * s.cpu_s / (double)s.n;
	}
	return t;
}

static const char *
floor_words(struct ctx *cx, const unsigned counts[BENCH_KINDS])
{
	const char *words = "";

	for (size_t i = 0; i < BENCH_KINDS; i++)
		if (counts[i] > 0)
			words = arena_printf(cx->arena, "%s%s%u %s", words,
			    words[0] == '\0' ? "" : " + ", counts[i],
			    kinds[i].name);
	return words[0] == '\0' ? "no signature" : words;
}

/* --- workloads ----------------------------------------------------------- */

struct work {
	struct ctx_root		root;
	struct bench_evidence	devices[DEVICES];
	unsigned		at;
};

static void
appraise_one(void *arg)
{
	struct work *w = arg;
	struct ctx *cx = &w->root.cx;
	struct bench_evidence *e = &w->devices[w->at++ % DEVICES];
	struct attestation attestation;
	struct evidence evidence;
	json_t *document;

	BENCH_OK(cx, json_parse(cx, e->text, &document));
	BENCH_OK(cx, evidence_read(cx, document, "", &evidence));
	BENCH_OK(cx, evidence_verify(cx, &evidence, &e->appraisal,
	    &attestation));
	ctx_root_reset(&w->root);
}

/* In turns with the floor, for the machine may do other work meanwhile. */
static void
measure(const struct bench *bench, struct work *w, struct one *ones,
    const char *name, const unsigned counts[BENCH_KINDS])
{
	struct result r = { .workload = name, .unit = "evidences",
	    .threads = 1 };
	struct times floor = { 0, 0 };
	struct ctx_root words;
	double cpu_s = 0;
	uint64_t n = 0;

	ctx_root_init(&words, NULL);
	for (unsigned i = 0; i < 2 * DEVICES; i++)
		appraise_one(w);
	for (unsigned i = 0; i < TURNS; i++) {
		struct times t = floor_of(ones, counts, bench->seconds *
		    FLOOR_PART / TURNS);
		struct sample s = bench_sample(bench->seconds *
		    WORK_PART / TURNS, appraise_one, w);

		floor.wall_s += t.wall_s / TURNS;
		floor.cpu_s += t.cpu_s / TURNS;
		r.seconds += s.wall_s;
		cpu_s += s.cpu_s;
		n += s.n;
	}
	r.rate = (double)n / r.seconds;
	r.cpu_s = cpu_s / (double)n;
	r.floor_cpu_s = floor.cpu_s;
	if (floor.wall_s > 0)
		r.floor = 1 / floor.wall_s;
	r.floor_is = floor_words(&words.cx, counts);
	bench_tell(bench, &r);
	ctx_root_fini(&words);
}

/* As authority/trust.c does it, once for many appraisals. */
static void
read_trust(struct ctx *cx, struct bench_evidence *e)
{
	chain_read_trust(cx, &e->trust);
	for (size_t i = 0; i < e->trust.n_collateral; i++)
		e->collateral[i].opened = dcap_collateral_open(cx,
		    &e->collateral[i]);
}

static bool
is_asked_for(const char *format, const char *how, int argc, char *argv[])
{
	const size_t n = strlen(format);

	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], format, n) == 0 && (argv[i][n] == '\0' ||
		    strcmp(argv[i] + n, how) == 0))
			return true;
	return argc == 0;
}

static void
run_format(const struct bench *bench, const struct bench_format *f,
    struct one *ones, bool cold, bool warm)
{
	struct seen *seen = seen_new(SEEN_BYTES_DEFAULT);
	struct work *w = base_alloc(sizeof(*w));
	struct ctx_root made;
	char name[NAME_SIZE];

	ctx_root_init(&made, NULL);
	ctx_root_init(&w->root, NULL);
	for (unsigned i = 0; i < DEVICES; i++)
		f->make(&made.cx, &w->devices[i]);
	(void)snprintf(name, sizeof(name), "verify-%s-cold", f->name);
	if (cold)
		measure(bench, w, ones, name, f->cold);
	made.cx.seen = w->root.cx.seen = seen;
	for (unsigned i = 0; i < DEVICES; i++)
		read_trust(&made.cx, &w->devices[i]);
	(void)snprintf(name, sizeof(name), "verify-%s-warm", f->name);
	if (warm)
		measure(bench, w, ones, name, f->warm);
	ctx_root_fini(&w->root);
	ctx_root_fini(&made);
	seen_free(seen);
	free(w);
}

/* Arguments: formats ("sgx"), or halves of them ("sgx-warm"); none are all. */
void
bench_run_verify(const struct bench *bench, int argc, char *argv[])
{
	struct one ones[BENCH_KINDS] = { { .key = NULL } };
	const struct bench_format *formats;
	size_t n;

	formats = bench_formats(&n);
	if (n == 0)
		(void)puts("verify: skipped, built without Check");
	for (size_t i = 0; i < n; i++) {
		const char *name = formats[i].name;
		bool cold = is_asked_for(name, "-cold", argc, argv);
		bool warm = is_asked_for(name, "-warm", argc, argv);

		if (cold || warm)
			run_format(bench, &formats[i], ones, cold, warm);
	}
	for (size_t i = 0; i < BENCH_KINDS; i++)
		one_fini(&ones[i]);
}
