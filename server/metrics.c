/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "authority/courier.h"
#include "authority/signer.h"
#include "base/base.h"
#include "db/count.h"
#include "server/workers.h"

/* Those that replies have; what is none of them is counted as the last. */
static const unsigned statuses[] = {
	0, 200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408,
	409, 410, 412, 413, 415, 422, 428, 429, 500, 502, 503, 999,
};
static const uint64_t bounds_us[] = {
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
	1000000, 2500000, 5000000, 10000000,
};
static const char *const planes[PLANE_COUNT] = {
	"device", "operator", "status",
};

#define N_STATUSES	COUNT_OF(statuses)
#define N_BOUNDS	COUNT_OF(bounds_us)

typedef atomic_uint_fast64_t counter;

struct metrics {
	const struct route_table *const *tables;
	size_t			 n_tables, n_routes;
	struct workers		*work, *status;
	counter			 refusals[PLANE_COUNT][ERR_COUNT];
	counter			 buckets[PLANE_COUNT][N_BOUNDS + 1];
	counter			 us[PLANE_COUNT];
	counter			 unrouted[PLANE_COUNT][N_STATUSES];
	counter			 requests[][N_STATUSES];	/* by route */
};

/* --- counting -------------------------------------------------------------- */

struct metrics *
metrics_new(const struct route_table *const *tables, size_t n_tables)
{
	struct metrics *m;
	size_t n = 0;

	for (size_t i = 0; i < n_tables; i++)
		n += tables[i]->n;
	m = base_alloc(sizeof(*m) + n * sizeof(m->requests[0]));
	m->tables = tables;
	m->n_tables = n_tables;
	m->n_routes = n;
	return m;
}

void
metrics_free(struct metrics *m)
{
	free(m);
}

void
metrics_watch(struct metrics *m, struct workers *work,
    struct workers *status)
{
	m->work = work;
	m->status = status;
}

static size_t
status_place(unsigned status)
{
	size_t i = 0;

	while (i + 1 < N_STATUSES && statuses[i] != status)
		i++;
	return i;
}

static size_t
bucket_of(uint64_t us)
{
	size_t i = 0;

	while (i < N_BOUNDS && us > bounds_us[i])
		i++;
	return i;
}

/* Routes are rows of arrays: which one, and where in it. */
static counter *
counters_of(struct metrics *m, const struct metrics_request *r)
{
	size_t base = 0;

	for (size_t i = 0; r->route != NULL && i < m->n_tables; i++) {
		const struct route_table *t = m->tables[i];

		if ((uintptr_t)r->route >= (uintptr_t)t->routes &&
		    (uintptr_t)r->route < (uintptr_t)(t->routes + t->n))
			return m->requests[base +
			    (size_t)(r->route - t->routes)];
		base += t->n;
	}
	return m->unrouted[r->plane];
}

static void
add(counter *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

void
metrics_count(struct metrics *m, const struct metrics_request *r)
{
	add(&counters_of(m, r)[status_place(r->status)], 1);
	add(&m->buckets[r->plane][bucket_of(r->us)], 1);
	add(&m->us[r->plane], r->us);
	if (failed(r->err))
		add(&m->refusals[r->plane][r->err.code], 1);
}

/* --- printing --------------------------------------------------------------- */

static void
head(struct buf *b, const char *name, const char *type, const char *help)
{
	put_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static unsigned long long
value(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void
print_route(struct buf *b, const char *plane, const char *method,
    const char *path, const counter *counters)
{
	for (size_t i = 0; i < N_STATUSES; i++)
		if (value(&counters[i]) > 0)
			put_fmt(b, "daapki_requests_total{plane=\"%s\","
			    "method=\"%s\",route=\"%s\",status=\"%u\"} "
			    "%llu\n", plane, method, path, statuses[i],
			    value(&counters[i]));
}

static void
print_requests(struct buf *b, const struct metrics *m)
{
	size_t n = 0;

	head(b, "daapki_requests_total", "counter", "Requests that ended; "
	    "status 0: no reply went out.");
	for (size_t i = 0; i < m->n_tables; i++)
		for (size_t j = 0; j < m->tables[i]->n; j++) {
			const struct route *r = &m->tables[i]->routes[j];

			print_route(b, planes[r->plane], r->method, r->path,
			    m->requests[n++]);
		}
	for (size_t i = 0; i < PLANE_COUNT; i++)
		print_route(b, planes[i], "", "", m->unrouted[i]);
}

static void
print_durations(struct buf *b, const struct metrics *m)
{
	static const char name[] = "daapki_request_duration_seconds";

	head(b, name, "histogram",
	    "From the head of a request to its reply.");
	for (size_t p = 0; p < PLANE_COUNT; p++) {
		unsigned long long n = 0;

		for (size_t i = 0; i < N_BOUNDS; i++) {
			n += value(&m->buckets[p][i]);
			put_fmt(b, "%s_bucket{plane=\"%s\",le=\"%g\"} %llu\n",
			    name, planes[p], (double)bounds_us[i] / 1e6, n);
		}
		n += value(&m->buckets[p][N_BOUNDS]);
		put_fmt(b, "%s_bucket{plane=\"%s\",le=\"+Inf\"} %llu\n", name,
		    planes[p], n);
		put_fmt(b, "%s_sum{plane=\"%s\"} %.6f\n", name, planes[p],
		    (double)value(&m->us[p]) / 1e6);
		put_fmt(b, "%s_count{plane=\"%s\"} %llu\n", name, planes[p],
		    n);
	}
}

static void
print_refusals(struct buf *b, const struct metrics *m)
{
	head(b, "daapki_refusals_total", "counter",
	    "Requests that were refused or failed, by the problem's code.");
	for (size_t p = 0; p < PLANE_COUNT; p++)
		for (uint16_t c = 0; c < ERR_COUNT; c++)
			if (value(&m->refusals[p][c]) > 0)
				put_fmt(b, "daapki_refusals_total{plane=\"%s\","
				    "code=\"%s\"} %llu\n", planes[p],
				    err_dotted((struct err){ c }),
				    value(&m->refusals[p][c]));
}

static void
print_courier(struct buf *b, struct courier *courier)
{
	struct courier_stats stats;

	if (courier == NULL)
		return;
	courier_count(courier, &stats);
	head(b, "daapki_courier_up", "gauge",
	    "Whether daa-courier is connected.");
	put_fmt(b, "daapki_courier_up %d\n", stats.up ? 1 : 0);
	head(b, "daapki_courier_requests", "gauge",
	    "Requests to the outside that are under way.");
	put_fmt(b, "daapki_courier_requests %zu\n", stats.under_way);
}

static void
print_parts(struct buf *b, const struct metrics *m,
    const struct authority *a)
{
	struct signer_stats signer;
	struct db_stats db;

	head(b, "daapki_queue_jobs", "gauge",
	    "Requests that wait for a worker.");
	if (m->work != NULL)
		put_fmt(b, "daapki_queue_jobs{queue=\"work\"} %zu\n",
		    workers_waiting(m->work));
	if (m->status != NULL)
		put_fmt(b, "daapki_queue_jobs{queue=\"status\"} %zu\n",
		    workers_waiting(m->status));
	signer_count(a->signer, &signer);
	head(b, "daapki_signer_up", "gauge",
	    "Whether the signer is connected.");
	put_fmt(b, "daapki_signer_up %d\n", signer_is_up(a->signer) ? 1 : 0);
	head(b, "daapki_signer_order_duration_seconds", "summary",
	    "From an order to its answer.");
	put_fmt(b, "daapki_signer_order_duration_seconds_sum %.6f\n"
	    "daapki_signer_order_duration_seconds_count %llu\n",
	    (double)signer.us / 1e6, (unsigned long long)signer.orders);
	print_courier(b, a->courier);
	db_count(a->db, &db);
	head(b, "daapki_db_commits_total", "counter",
	    "Groups of writes that were brought to the disk together.");
	put_fmt(b, "daapki_db_commits_total %llu\n",
	    (unsigned long long)db.commits);
	head(b, "daapki_db_writes_total", "counter",
	    "Pieces of work in those groups.");
	put_fmt(b, "daapki_db_writes_total %llu\n",
	    (unsigned long long)db.writes);
}

/* --- of tenants --------------------------------------------------------------- */

#define OTHERS_MAX	128u	/* types of events, states */

/* What is told of all the other tenants together. */
enum joining { SUM, MOST, LEAST };

struct printing {
	struct buf	*b;
	enum joining	 joining;
	const char	*name, *label;		/* label "": none but the tenant */
	char		 tenant[TEXT_NAME_MAX + 1];
	size_t		 n_tenants;
	struct db_count	 others[OTHERS_MAX];
	size_t		 n_others;
};

static void
print_one(const struct printing *p, const struct db_count *c)
{
	put_fmt(p->b, "%s{tenant=\"%s\"", p->name, c->tenant);
	if (p->label[0] != '\0')
		put_fmt(p->b, ",%s=\"%s\"", p->label, c->what);
	put_fmt(p->b, "} %lld\n", (long long)c->n);
}

static void
join(int64_t *all, int64_t n, enum joining joining)
{
	if (joining == SUM)
		*all += n;
	else if ((n > *all) == (joining == MOST))
		*all = n;
}

static void
add_other(struct printing *p, const struct db_count *c)
{
	size_t i = 0;

	while (i < p->n_others && strcmp(p->others[i].what, c->what) != 0)
		i++;
	if (i == OTHERS_MAX)
		return;
	if (i == p->n_others)
		p->others[p->n_others++] = (struct db_count){ "other",
		    c->what, p->joining == SUM ? 0 : c->n };
	join(&p->others[i].n, c->n, p->joining);
}

static struct err
take_count(struct ctx *cx, void *arg, const struct db_count *c)
{
	struct printing *p = arg;

	(void)cx;
	if (p->n_tenants == 0 || strcmp(p->tenant, c->tenant) != 0) {
		(void)snprintf(p->tenant, sizeof(p->tenant), "%s", c->tenant);
		p->n_tenants++;
	}
	if (p->n_tenants > METRICS_TENANTS_MAX)
		add_other(p, c);
	else
		print_one(p, c);
	return OK;
}

static const struct {
	enum db_count_kind	 kind;
	const char		*name, *type, *label, *help;
	enum joining		 joining;
} families[] = {
	{ DB_COUNT_EVENTS, "daapki_events_total", "counter", "type",
	    "What happened, by the type of its event.", SUM },
	{ DB_COUNT_DEVICES, "daapki_devices", "gauge", "state",
	    "Devices that are claimed, by their state.", SUM },
	{ DB_COUNT_ENDING, "daapki_certificates_ending", "gauge", "when",
	    "Devices whose certificate has ended or ends soon, up to 1000.",
	    SUM },
	{ DB_COUNT_CRL_AGE, "daapki_crl_age_seconds", "gauge", "",
	    "Since the oldest present CRL was made.", MOST },
	{ DB_COUNT_CRL_LEFT, "daapki_crl_left_seconds", "gauge", "",
	    "Until the first present CRL ends.", LEAST },
	{ DB_COUNT_REPORTS, "daapki_error_events_total", "counter", "outcome",
	    "Events of error reports that were taken or dropped.", SUM },
	{ DB_COUNT_WEBHOOKS, "daapki_webhooks", "gauge", "state",
	    "Webhooks that work, fail or are disabled.", SUM },
	{ DB_COUNT_UNDELIVERED, "daapki_webhook_backlog_events", "gauge", "",
	    "Events that webhooks are yet to be done with, up to 1000 each.",
	    SUM },
	{ DB_COUNT_UNDELIVERED_AGE, "daapki_webhook_backlog_seconds", "gauge",
	    "", "Since the oldest of those events.", MOST },
	{ DB_COUNT_OPERATIONS, "daapki_operations", "gauge", "state",
	    "Long work that waits or is under way.", SUM },
	{ DB_COUNT_AUDIT, "daapki_audit_rows_total", "counter", "",
	    "Rows of the audit.", SUM },
};

struct scrape { struct buf *b; struct db_count_at at; };

static struct err
tenants_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct scrape *s = arg;

	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct printing *p = ARENA_NEW(cx->arena, struct printing);

		p->b = s->b;
		p->joining = families[i].joining;
		p->name = families[i].name;
		p->label = families[i].label;
		head(s->b, p->name, families[i].type, families[i].help);
		TRY(db_count_each(cx, tx, families[i].kind, &s->at,
		    take_count, p));
		for (size_t j = 0; j < p->n_others; j++)
			print_one(p, &p->others[j]);
	}
	return OK;
}

struct err
metrics_print(struct ctx *cx, const struct metrics *m,
    const struct authority *a, struct buf *b)
{
	struct scrape s = { b, { ctx_now(cx),
	    ctx_now(cx) + a->limits.certificate_warn_s } };

	head(b, "daapki_build_info", "gauge", "The version that runs.");
	put_fmt(b, "daapki_build_info{version=\"" VERSION "\"} 1\n");
	print_requests(b, m);
	print_durations(b, m);
	print_refusals(b, m);
	print_parts(b, m, a);
	TRY(db_read(cx, a->db, tenants_work, &s));
	return b->bad ? FAIL(cx, ERR_INTERNAL, "too many metrics") : OK;
}
