/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a renewal by themselves: primitives, requests, commits. */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "db/nonce.h"
#include "pki/csr.h"

#define FLOOR_PART	0.25	/* of the time, before and after each workload */
#define REQUESTS	64u	/* of different keys */
#define PAGE_SIZE	4096u	/* what one commit writes at least */
#define LOG_SIZE	(1024u * PAGE_SIZE)

/* A single thread's workload against so many verifications. */
static void
measure(const struct bench *bench, void (*op)(void *), void *arg,
    unsigned n_verify, struct result *r)
{
	struct floor before, after, mean;
	struct sample s;

	op(arg);
	bench_floor(bench->seconds * FLOOR_PART, 1, &before);
	s = bench_sample(bench->seconds, op, arg);
	bench_floor(bench->seconds * FLOOR_PART, 1, &after);
	mean = floor_mean(&before, &after);
	r->threads = 1;
	r->seconds = s.wall_s;
	r->rate = (double)s.n / s.wall_s;
	r->cpu_s = s.cpu_s / (double)s.n;
	r->floor = floor_rate(&mean, 0, n_verify);
	r->floor_cpu_s = floor_cpu_s(&mean, 0, n_verify);
	bench_tell(bench, r);
}

void
bench_run_floor(const struct bench *bench, int argc, char *argv[])
{
	struct floor f;
	struct result r = { .threads = 1, .seconds = bench->seconds / 2,
	    .floor_is = "itself" };

	(void)argc;
	(void)argv;
	bench_floor(bench->seconds, 1, &f);
	r.workload = "floor-sign";
	r.unit = "signatures";
	r.rate = r.floor = f.sign_rate;
	r.cpu_s = r.floor_cpu_s = f.sign_cpu_s;
	bench_tell(bench, &r);
	r.workload = "floor-verify";
	r.unit = "verifies";
	r.rate = r.floor = f.verify_rate;
	r.cpu_s = r.floor_cpu_s = f.verify_cpu_s;
	bench_tell(bench, &r);
}

/* --- requests ------------------------------------------------------------ */

struct requests {
	struct ctx_root	root;
	struct slice	der[REQUESTS];
	unsigned	at;
};

static void
parse_one(void *arg)
{
	struct requests *q = arg;
	struct csr csr;

	BENCH_OK(&q->root.cx, csr_parse(&q->root.cx,
	    q->der[q->at++ % REQUESTS], &csr));
	ctx_root_reset(&q->root);
}

void
bench_run_csr(const struct bench *bench, int argc, char *argv[])
{
	struct result r = { .workload = "csr-parse", .unit = "requests",
	    .floor_is = "1 verify, one core" };
	struct requests q = { .at = 0 };
	struct ctx_root made;

	(void)argc;
	(void)argv;
	ctx_root_init(&made, NULL);
	ctx_root_init(&q.root, NULL);
	for (size_t i = 0; i < REQUESTS; i++) {
		struct signing *key = signing_new();

		q.der[i] = signing_csr(&made.cx, key);
		signing_free(key);
	}
	measure(bench, parse_one, &q, 1, &r);
	ctx_root_fini(&q.root);
	ctx_root_fini(&made);
}

/* --- commits -------------------------------------------------------------- */

struct syncing { int fd; off_t at; uint8_t page[PAGE_SIZE]; };

/* As a write-ahead log does it: the next page of a file that has room. */
static void
sync_once(void *arg)
{
	struct syncing *s = arg;

	if (pwrite(s->fd, s->page, sizeof(s->page), s->at) !=
	    (ssize_t)PAGE_SIZE || fdatasync(s->fd) != 0)
		bench_die("cannot write and sync");
	s->at = (s->at + (off_t)PAGE_SIZE) % (off_t)LOG_SIZE;
}

static double
sync_rate(struct ctx *cx, const struct bench *bench)
{
	const char *path = arena_printf(cx->arena, "%s/sync", bench->folder);
	struct syncing s = { .fd = open(path, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0600) };
	struct sample sample;

	if (s.fd < 0)
		bench_die("cannot write to %s", path);
	for (off_t at = 0; at < (off_t)LOG_SIZE; at += (off_t)PAGE_SIZE)
		if (pwrite(s.fd, s.page, sizeof(s.page), at) !=
		    (ssize_t)PAGE_SIZE)
			bench_die("cannot write to %s", path);
	sync_once(&s);
	sample = bench_sample(bench->seconds * FLOOR_PART, sync_once, &s);
	(void)close(s.fd);
	(void)unlink(path);
	return (double)sample.n / sample.wall_s;
}

struct writer {
	struct db	*db;
	atomic_bool	*stop;
	uint64_t	 n;
};

static struct err
add_row(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct slice *nonce = arg;

	return db_nonce_use(cx, tx, *nonce, ctx_now(cx) + 300);
}

static void *
write_rows(void *arg)
{
	struct writer *w = arg;
	struct ctx_root root;
	uint8_t nonce[32];

	ctx_root_init(&root, NULL);
	while (!atomic_load_explicit(w->stop, memory_order_relaxed)) {
		struct slice s = SLICE_OF(nonce);

		ctx_random(&root.cx, nonce, sizeof(nonce));
		BENCH_OK(&root.cx, db_write(&root.cx, w->db, add_row, &s));
		w->n++;
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

static void
commit_with(struct ctx *cx, const struct bench *bench, struct db *db,
    unsigned n_writers)
{
	struct result r = { .workload = "db-commit", .unit = "rows",
	    .threads = n_writers,
	    .floor_is = "peer: bare 4 KiB write + fdatasync a row" };
	struct writer writers[BENCH_THREADS_MAX];
	pthread_t threads[BENCH_THREADS_MAX];
	double peer = sync_rate(cx, bench), wall_s = bench_wall_s();
	double cpu_s = bench_cpu_s();
	atomic_bool stop = false;
	uint64_t n = 0;

	for (unsigned i = 0; i < n_writers; i++) {
		writers[i] = (struct writer){ db, &stop, 0 };
		ASSERT(pthread_create(&threads[i], NULL, write_rows,
		    &writers[i]) == 0);
	}
	(void)usleep((useconds_t)(bench->seconds * 1e6));
	atomic_store(&stop, true);
	for (unsigned i = 0; i < n_writers; i++) {
		ASSERT(pthread_join(threads[i], NULL) == 0);
		n += writers[i].n;
	}
	r.seconds = bench_wall_s() - wall_s;
	r.cpu_s = (bench_cpu_s() - cpu_s) / (double)n;
	r.rate = (double)n / r.seconds;
	r.floor = (peer + sync_rate(cx, bench)) / 2;
	bench_tell(bench, &r);
}

void
bench_run_db(const struct bench *bench, int argc, char *argv[])
{
	static const unsigned writers[] = { 1, 8, 64 };
	struct ctx_root root;
	struct db *db;

	(void)argc;
	(void)argv;
	ctx_root_init(&root, NULL);
	BENCH_OK(&root.cx, db_open(&root.cx, &(struct db_conf){
	    .path = arena_printf(root.cx.arena, "%s/db", bench->folder),
	    .n_readers = 1 }, &db));
	for (size_t i = 0; i < COUNT_OF(writers); i++)
		commit_with(&root.cx, bench, db, writers[i]);
	db_close(db);
	ctx_root_fini(&root);
}
