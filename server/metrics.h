/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Prometheus reads (text format 0.0.4).  Requests are counted in memory;
 * what is of a tenant is kept by the database, and only the first
 * METRICS_TENANTS_MAX tenants have a label of their own: the others are "other".
 * doc/OBSERVING.md lists the names.
 */
#ifndef DAAPKI_SERVER_METRICS_H
#define DAAPKI_SERVER_METRICS_H

#include "server/router.h"

#define METRICS_TENANTS_MAX	100u
#define METRICS_BYTES		(16u * 1024u * 1024u)
#define METRICS_TYPE		"text/plain; version=0.0.4; charset=utf-8"

struct metrics;
struct workers;

/* Of those route tables, which must outlive it. */
struct metrics	*metrics_new(const struct route_table *const *tables,
		    size_t n_tables);
void		 metrics_free(struct metrics *);
/* The queues whose depth is told; before any request.  May be NULL. */
void		 metrics_watch(struct metrics *, struct workers *work,
		    struct workers *status);

/* One request that ended; route NULL: none was found.  status 0: no reply went
 * out. */
struct metrics_request {
	enum plane		 plane;
	const struct route	*route;
	unsigned		 status;
	struct err		 err;
	uint64_t		 us;
};
void		 metrics_count(struct metrics *,
		    const struct metrics_request *);

/* ERR_STORAGE */
struct err	 metrics_print(struct ctx *, const struct metrics *,
		    const struct authority *, struct buf *);

#endif
