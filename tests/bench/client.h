/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of a real daad, over TLS connections that are kept: devices whose
 * evidence is of format key, renewed as often as it goes.
 */
#ifndef DAAPKI_TESTS_BENCH_CLIENT_H
#define DAAPKI_TESTS_BENCH_CLIENT_H

#include <stdatomic.h>

#include <curl/curl.h>

#include "tests/bench/bench.h"

/* Where it is reached, and as whom on the operator plane. */
struct service {
	const char	*device_url, *operator_url, *status_url;
	const char	*ca;			/* file */
	const char	*authorization;		/* header line */
};

/* The header line for the token in a file. */
const char	*service_authorization(struct ctx *, const char *path);

#define DEVICE_POINT_SIZE	64u

/* A key that the inventory knows and a tenant has claimed. */
struct device {
	struct signing	*key;
	char		 point[2 * DEVICE_POINT_SIZE + 1];	/* hex */
};

/* One that asks, in one thread. */
struct client {
	const struct service	*service;
	struct ctx_root		 root;		/* reset by each renewal */
	CURL			*device, *operator;
	struct slice		 answer;	/* the last one */
	uint8_t			*room;
	double			 prepare_s;	/* processor time, in renewals */
};

void	client_begin(struct client *, const struct service *);
void	client_end(struct client *);
/* Ask as an operator; path begins with "/v1", body NULL is a GET.  Whatever is
 * not 2xx ends the program; the answer is in client->answer. */
void	client_operate(struct client *, const char *path, const char *body);
/* The same with CSV. */
void	client_send_csv(struct client *, const char *path, const char *csv);
/* A text of the last answer, in the client's arena. */
const char	*client_text(struct client *, const char *name);
/* Make its key, and have the tenant's group claim it. */
void	client_add_device(struct client *, const char *tenant,
	    const char *group, struct device *);
/* A challenge, then evidence and a request. */
void	client_renew(struct client *, struct device *);

/* --- load ------------------------------------------------------------------ */

/* Who waits how long: all renewals of one window, by many clients. */
struct load_window {
	uint64_t	 n;
	double		 seconds, prepare_s;
	float		*latency_ms;	/* in order */
	size_t		 n_latencies;
};
/* What so many of a thousand renewals did not take longer than, ms. */
double	load_latency(const struct load_window *, unsigned per_mille);

/* Take what another window saw in. */
void	load_add(struct ctx *, struct load_window *, const struct load_window *);

struct load_conf {
	const struct service	*service;
	struct device		*devices;
	size_t			 n_devices;	/* used in turn */
	unsigned		 n_threads;
	double			 seconds;	/* 0: each device once */
	/* Called between two halves of the work that is no part of it. */
	void			(*begun)(void *), (*ended)(void *);
	void			*arg;
};
/* Renew by many clients at a time; latencies are in cx->arena. */
void	load_run(struct ctx *, const struct load_conf *,
	    struct load_window *out);
/* Call op(client, i) for i of 0 to n - 1, from many clients at a time. */
void	load_each(const struct service *, unsigned n_threads, size_t n,
	    void (*op)(struct client *, size_t i, void *), void *arg);

#endif
