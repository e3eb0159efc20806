/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCSP answer that is in memory, over HTTP/1.1 connections that are kept, by
 * the real daad; beside it, in turns, nginx with a file of the same bytes and
 * the same client.  One thread of the client has all connections, and one
 * request at a time on each.
 */
#include "tests/bench/bench.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/text.h"

#define CONNECTIONS_MAX	1024u
#define ANSWER_MAX	4096u
#define REQUEST_MAX	2048u
#define BODY_MAX	3072u
#define PIDS_MAX	64u
#define ROUNDS		5u	/* of each in turn */
#define EVENTS_MAX	256

/* One of the two servers, and what was measured of it. */
struct peer {
	uint16_t	port;
	char		request[REQUEST_MAX];
	size_t		n_request;
	pid_t		pids[PIDS_MAX];
	size_t		n_pids;
	uint64_t	n;
	double		wall_s, cpu_s;
};

struct connection {
	int	fd;
	size_t	n;			/* of the answer so far */
	char	answer[ANSWER_MAX + 1];
};

static uint8_t body[BODY_MAX];		/* what both must answer */
static size_t n_body;

/* --- the client ------------------------------------------------------------ */

static int
connect_to(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		bench_die("connect to port %u: %s", port, strerror(errno));
	return fd;
}

static void
ask(struct connection *c, const struct peer *peer)
{
	c->n = 0;
	if (send(c->fd, peer->request, peer->n_request, MSG_NOSIGNAL) !=
	    (ssize_t)peer->n_request)
		bench_die("send to port %u: %s", peer->port, strerror(errno));
}

/* Is the answer whole?  One that is not what it should be ends the program. */
static bool
is_whole(const struct connection *c, const struct peer *peer)
{
	const char *end = strstr(c->answer, "\r\n\r\n"), *length;
	size_t head;

	if (end == NULL)
		return false;
	head = (size_t)(end - c->answer) + 4;
	if (c->n < head + n_body)
		return false;
	length = strcasestr(c->answer, "\r\nContent-Length:");
	if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0 || length == NULL ||
	    length > end || strtoul(length + 17, NULL, 10) != n_body ||
	    c->n != head + n_body ||
	    memcmp(c->answer + head, body, n_body) != 0)
		bench_die("port %u gives another answer: %.200s", peer->port,
		    c->answer);
	return true;
}

/* What is there of the answer; the next request when it is whole. */
static void
take(struct connection *c, struct peer *peer)
{
	ssize_t n = recv(c->fd, c->answer + c->n, ANSWER_MAX - c->n, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		bench_die("port %u closed: %.200s", peer->port, c->answer);
	c->n += (size_t)n;
	c->answer[c->n] = '\0';
	if (is_whole(c, peer)) {
		peer->n++;
		ask(c, peer);
	}
}

static double
cpu_of(const struct peer *peer)
{
	double sum = 0;

	for (size_t i = 0; i < peer->n_pids; i++)
		sum += bench_cpu_of_s(peer->pids[i]);
	return sum;
}

static void
load(struct peer *peer, struct connection *all, unsigned n_all,
    double seconds)
{
	struct epoll_event events[EVENTS_MAX];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	double began_s, cpu_s;

	for (unsigned i = 0; i < n_all; i++) {
		struct epoll_event one = { .events = EPOLLIN,
		    .data.ptr = &all[i] };

		all[i].fd = connect_to(peer->port);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &one) != 0)
			bench_die("epoll: %s", strerror(errno));
	}
	cpu_s = cpu_of(peer);
	began_s = bench_wall_s();
	for (unsigned i = 0; i < n_all; i++)
		ask(&all[i], peer);
	while (bench_wall_s() - began_s < seconds) {
		int n = epoll_wait(epoll, events, EVENTS_MAX, 1000);

		for (int i = 0; i < n; i++)
			take(events[i].data.ptr, peer);
	}
	peer->wall_s += bench_wall_s() - began_s;
	peer->cpu_s += cpu_of(peer) - cpu_s;
	for (unsigned i = 0; i < n_all; i++)
		(void)close(all[i].fd);
	(void)close(epoll);
}

/* --- the workload ----------------------------------------------------------- */

static void
tell(const struct bench *bench, const char *name, unsigned n_connections,
    const struct peer *daad, const struct peer *nginx)
{
	char more[128];
	const struct result r = {
		.workload = name, .unit = "answers",
		.threads = n_connections,
		.seconds = daad->wall_s,
		.rate = (double)daad->n / daad->wall_s,
		.floor = (double)nginx->n / nginx->wall_s,
		.floor_is = "nginx, a static file of these bytes",
		.cpu_s = daad->cpu_s / (double)daad->n,
		.floor_cpu_s = nginx->cpu_s / (double)nginx->n,
		.more = more,
	};

	(void)snprintf(more, sizeof(more), "\"body_bytes\":%zu,"
	    "\"server_threads\":%zu", n_body, nginx->n_pids);
	bench_tell(bench, &r);
}

static void
run(const struct bench *bench, const char *name, unsigned n_connections,
    struct peer *daad, struct peer *nginx)
{
	struct connection *all = base_alloc(n_connections * sizeof(*all));

	daad->n = nginx->n = 0;
	daad->wall_s = nginx->wall_s = daad->cpu_s = nginx->cpu_s = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		load(nginx, all, n_connections, bench->seconds / ROUNDS);
		load(daad, all, n_connections, bench->seconds / ROUNDS);
	}
	if (daad->n == 0 || nginx->n == 0)
		bench_die("no answer at all");
	tell(bench, name, n_connections, daad, nginx);
	free(all);
}

static uint64_t
number(const char *text, uint64_t most)
{
	uint64_t n;

	if (!text_parse_uint(text, most, &n) || n == 0)
		bench_die("%s: not a number of 1 to %llu", text,
		    (unsigned long long)most);
	return n;
}

/* PORT PATH PID[,PID...] */
static void
read_peer(char *argv[], struct peer *out)
{
	int n = snprintf(out->request, sizeof(out->request),
	    "GET %s HTTP/1.1\r\nHost: status.example\r\n\r\n", argv[1]);

	if (n < 0 || (size_t)n >= sizeof(out->request))
		bench_die("too long: %s", argv[1]);
	out->n_request = (size_t)n;
	out->port = (uint16_t)number(argv[0], UINT16_MAX);
	for (char *rest = argv[2], *one; (one = strsep(&rest, ",")) != NULL;) {
		if (out->n_pids == PIDS_MAX)
			bench_die("more than %u processes", PIDS_MAX);
		out->pids[out->n_pids++] = (pid_t)number(one, INT32_MAX);
	}
}

static void
read_body(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, body, sizeof(body));

	if (n <= 0 || n == (ssize_t)sizeof(body))
		bench_die("cannot read %s, or too large", path);
	n_body = (size_t)n;
	(void)close(fd);
}

/* NAME FILE, then PORT PATH PIDS of daad and of nginx, CONNECTIONS... */
void
bench_run_ocsp(const struct bench *bench, int argc, char *argv[])
{
	struct peer daad = { .port = 0 }, nginx = { .port = 0 };

	if (argc < 9)
		bench_die("usage of ocsp");
	read_body(argv[1]);
	read_peer(argv + 2, &daad);
	read_peer(argv + 5, &nginx);
	for (int i = 8; i < argc; i++)
		run(bench, argv[0], (unsigned)number(argv[i],
		    CONNECTIONS_MAX), &daad, &nginx);
}
