/* SPDX-License-Identifier: Apache-2.0 */
/* The real daa-signer over a socketpair, given more orders than it has done. */
#include "tests/bench/bench.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/order.h"

#define TENANT		"bench"
#define URL		"http://status.example:8080/bench"
#define DEVICE		\
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DAY		INT64_C(86400)
#define ORDERS		64u	/* of different keys */
#define WINDOW		256u	/* orders that wait for an answer */
#define IN_MAX		(1u << 20)
#define FLOOR_PART	0.25

struct peer {
	struct ctx_root	 root;
	pid_t		 pid;
	int		 fd;
	uint8_t		*in;
	size_t		 n_in;
	struct slice	 orders[ORDERS];	/* frames */
	sem_t		 window;
	atomic_bool	 stop;
	atomic_ullong	 n_done;
	uint64_t	 n_sent;	/* the sender's */
	atomic_ullong	 n_to_come;	/* UINT64_MAX until it has ended */
};

static const char *
in_folder(struct peer *p, const struct bench *bench, const char *name)
{
	return arena_printf(p->root.cx.arena, "%s/%s", bench->folder, name);
}

static pid_t
start(const struct bench *bench, const char *const *argv, int keep_fd)
{
	pid_t pid = fork();

	ASSERT(pid >= 0);
	if (pid == 0) {
		if (keep_fd >= 0)
			(void)fcntl(keep_fd, F_SETFD, 0);
		(void)execv(bench->signer, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

static void
must_end_well(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		bench_die("daa-signer failed");
}

static void
start_signer(struct peer *p, const struct bench *bench)
{
	const char *master = in_folder(p, bench, "master.key");
	int pair[2];

	must_end_well(start(bench, (const char *const []){ "daa-signer",
	    "--make-master-key", master, NULL }, -1));
	ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	p->pid = start(bench, (const char *const []){ "daa-signer",
	    "--master-key", master, "--journal",
	    in_folder(p, bench, "journal"), "--log-level", "warn", "--fd",
	    arena_printf(p->root.cx.arena, "%d", pair[1]), NULL }, pair[1]);
	(void)close(pair[1]);
	p->fd = pair[0];
	p->in = base_alloc(IN_MAX);
}

/* --- the conversation ------------------------------------------------------ */

static void
send_all(struct peer *p, struct slice bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(p->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n <= 0)
			bench_die("daa-signer takes no more");
		bytes = SLICE(bytes.p + n, bytes.n - (size_t)n);
	}
}

static struct slice
frame_of(struct peer *p, const struct order *order)
{
	struct buf b = buf_in(p->root.cx.arena, WIRE_FRAME_MAX);

	BENCH_OK(&p->root.cx, order_encode(&p->root.cx, order, &b));
	return buf_slice(&b);
}

static void
hear_more(struct peer *p)
{
	ssize_t n = recv(p->fd, p->in + p->n_in, IN_MAX - p->n_in, 0);

	if (n <= 0)
		bench_die("daa-signer has closed");
	p->n_in += (size_t)n;
}

/* The answers that are there, each of which must be a good one. */
static uint64_t
take_answers(struct peer *p, struct ctx *cx, struct answer *last)
{
	size_t at = 0, n;
	uint64_t count = 0;

	for (;; at += n, count++) {
		struct slice rest = SLICE(p->in + at, p->n_in - at);

		BENCH_OK(cx, wire_frame_size(cx, rest, &n));
		if (n == 0 || n > rest.n)
			break;
		BENCH_OK(cx, answer_decode(cx, slice_dup(cx->arena,
		    SLICE(rest.p, n)), last));
		if (failed(last->err))
			bench_die("order refused: %s", last->detail);
	}
	memmove(p->in, p->in + at, p->n_in - at);
	p->n_in -= at;
	return count;
}

static struct answer
ask(struct peer *p, const struct order *order)
{
	struct answer answer;

	send_all(p, frame_of(p, order));
	do
		hear_more(p);
	while (take_answers(p, &p->root.cx, &answer) == 0);
	return answer;
}

static struct slice
make_ca(struct peer *p, enum ca_role role, struct slice parent)
{
	int64_t now = ctx_now(&p->root.cx);
	const char *url = parent.n > 0 ? URL : "";
	struct order order = { .type = ORDER_MAKE_CA, .make_ca = {
		.tenant = TENANT, .role = (uint8_t)role, .alg = CA_ALG_P256,
		.common_name = parent.n > 0 ? "issuing" : "root",
		.not_before_s = now - 60, .not_after_s = now + 365 * DAY,
		.parent = parent,
		.leaf_max_s = role == CA_ROLE_ROOT ? 0 : (uint32_t)(30 * DAY),
		.crl_url = url, .aia_url = url,
	} };

	return ask(p, &order).sealed;
}

static void
prepare(struct peer *p)
{
	struct order hello = { .type = ORDER_HELLO,
	    .hello = { WIRE_VERSION } };
	int64_t now = ctx_now(&p->root.cx);
	struct slice issuing;

	(void)ask(p, &hello);
	issuing = make_ca(p, CA_ROLE_ISSUING,
	    make_ca(p, CA_ROLE_ROOT, SLICE_NONE));
	for (size_t i = 0; i < ORDERS; i++) {
		struct signing *key = signing_new();
		struct order order = { .type = ORDER_ISSUE, .tag = i,
		    .issue = { .ca = issuing, .tenant = TENANT,
			.device_id = DEVICE, .spki = signing_spki(key),
			.not_before_s = now - 60, .not_after_s = now + DAY,
			.flags = LEAF_HARDWARE_KEY | LEAF_CLIENT_AUTH |
			    LEAF_SAN_URN | LEAF_SAN_PERMANENT_ID,
			.crl_url = URL, .aia_url = URL,
		} };

		p->orders[i] = frame_of(p, &order);
		(void)ask(p, &order);
		signing_free(key);
	}
}

/* --- the load --------------------------------------------------------------- */

static void *
send_orders(void *arg)
{
	struct peer *p = arg;

	while (!atomic_load(&p->stop)) {
		ASSERT(sem_wait(&p->window) == 0);
		send_all(p, p->orders[p->n_sent++ % ORDERS]);
	}
	/* One more, so that the taker is not left waiting for none. */
	atomic_store(&p->n_to_come, p->n_sent + 1);
	send_all(p, p->orders[0]);
	return NULL;
}

static void *
take_all(void *arg)
{
	struct peer *p = arg;
	struct ctx_root root;
	struct answer last;
	uint64_t n;

	ctx_root_init(&root, NULL);
	while (atomic_load(&p->n_done) < atomic_load(&p->n_to_come)) {
		hear_more(p);
		n = take_answers(p, &root.cx, &last);
		atomic_fetch_add(&p->n_done, n);
		for (uint64_t i = 0; i < n; i++)
			ASSERT(sem_post(&p->window) == 0);
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

static void
measure(struct peer *p, const struct bench *bench, struct result *r)
{
	pthread_t sender, taker;
	double wall_s = bench_wall_s(), cpu_s = bench_cpu_of_s(p->pid);

	ASSERT(sem_init(&p->window, 0, WINDOW) == 0);
	atomic_store(&p->n_to_come, UINT64_MAX);
	ASSERT(pthread_create(&sender, NULL, send_orders, p) == 0);
	ASSERT(pthread_create(&taker, NULL, take_all, p) == 0);
	(void)usleep((useconds_t)(bench->seconds * 1e6));
	r->seconds = bench_wall_s() - wall_s;
	r->rate = (double)atomic_load(&p->n_done) / r->seconds;
	r->cpu_s = (bench_cpu_of_s(p->pid) - cpu_s) /
	    (double)atomic_load(&p->n_done);
	/* Answers that come let a sender that waits go on, and end. */
	atomic_store(&p->stop, true);
	ASSERT(pthread_join(sender, NULL) == 0);
	ASSERT(pthread_join(taker, NULL) == 0);
	ASSERT(sem_destroy(&p->window) == 0);
}

void
bench_run_signer(const struct bench *bench, int argc, char *argv[])
{
	struct result r = { .workload = "signer-issue", .unit = "leaves",
	    .threads = 1, .floor_is = "1 sign + 1 verify, one core" };
	struct peer *p = base_alloc(sizeof(*p));
	struct floor before, after, mean;

	(void)argc;
	(void)argv;
	if (bench->signer == NULL)
		bench_die("-S");
	ctx_root_init(&p->root, NULL);
	start_signer(p, bench);
	prepare(p);
	bench_floor(bench->seconds * FLOOR_PART, 1, &before);
	measure(p, bench, &r);
	bench_floor(bench->seconds * FLOOR_PART, 1, &after);
	mean = floor_mean(&before, &after);
	r.floor = floor_rate(&mean, 1, 1);
	r.floor_cpu_s = floor_cpu_s(&mean, 1, 1);
	bench_tell(bench, &r);
	(void)close(p->fd);
	must_end_well(p->pid);
	ctx_root_fini(&p->root);
	free(p->in);
	free(p);
}
