/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/dispatch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "authority/delivery.h"
#include "authority/event.h"
#include "authority/webhook.h"
#include "base/base.h"

#define PAGE		64u	/* events looked at for a round */
#define LOAD_PAGE	500u	/* webhooks read at once */
#define PAUSE_US	UINT64_C(1000000)	/* after a courier that was lost */
#define SECOND_US	UINT64_C(1000000)
#define TOLD_MAX	64u
#define SCANNED_MAX	1000	/* events passed over before that is kept */

/* One event of a round. */
struct item {
	struct hook	*hook;
	int64_t		 event_id;
	char		 type[64];
	bool		 under_way, answered;
	enum courier_outcome outcome;	/* as the tenant is told */
	bool		 is_forbidden;	/* what it is not told */
	uint16_t	 status;
	uint32_t	 ms;
	char		 excerpt[DISPATCH_EXCERPT_MAX * 3 + 1];
};

/* An active webhook.  row points into root's arena. */
struct hook {
	struct hook		*next;
	struct dispatch		*dispatch;
	struct ctx_root		 root;
	struct webhook_row	 row;
	bool			 is_listed;	/* by the last load */
	bool			 is_over;	/* not active any more, or changed */
	bool			 dirty;		/* there may be events for it */
	uint64_t		 next_us;	/* not before; 0: at once */
	int64_t			 scanned;	/* row.cursor, or what was passed
						 * over since */
	size_t			 n_items, n_under_way;
	int64_t			 after_round;	/* the cursor, if all goes well */
	struct item		 items[DISPATCH_ROUND_MAX];
	/* Sent after one that failed: not again. */
	size_t			 n_ahead;
	int64_t			 ahead[DISPATCH_ROUND_MAX];
};

struct dispatch {
	const struct authority	*a;
	pthread_t		 thread;
	struct hook		*hooks;		/* the thread's */
	size_t			 n_under_way;

	pthread_mutex_t		 lock;		/* holds what follows, and of
						 * hooks n_under_way, of items
						 * what the courier sets */
	pthread_cond_t		 wake;
	bool			 stop, reload, any, answered;
	size_t			 n_told;
	int64_t			 told[TOLD_MAX];
};

static void
lock(struct dispatch *d)
{
	ASSERT(pthread_mutex_lock(&d->lock) == 0);
}

static void
unlock(struct dispatch *d)
{
	ASSERT(pthread_mutex_unlock(&d->lock) == 0);
}

static uint64_t
now_us(void)
{
	return clock_system.ticks_us(clock_system.arg);
}

int64_t
dispatch_delay_s(int64_t attempts)
{
	/* Standard Webhooks, "Deliverability and reliability". */
	static const int64_t delays[] = { 5, 300, 1800, 7200, 18000, 36000,
	    50400, 72000, 86400 };

	ASSERT(attempts > 0);
	return attempts > (int64_t)COUNT_OF(delays) ?
	    delays[COUNT_OF(delays) - 1] : delays[attempts - 1];
}

/* Between four and six fifths of it, so that not all come back at once. */
static uint64_t
with_jitter(struct ctx *cx, int64_t delay_s)
{
	uint64_t us = (uint64_t)delay_s * SECOND_US;
	uint16_t random;

	ctx_random(cx, &random, sizeof(random));
	return us * 4 / 5 + us * 2 / 5 * random / UINT16_MAX;
}

/* --- the webhooks --------------------------------------------------------- */

static void
hook_free(struct hook *h)
{
	ctx_root_fini(&h->root);
	free(h);
}

static struct hook *
find(struct dispatch *d, int64_t id)
{
	for (struct hook *h = d->hooks; h != NULL; h = h->next)
		if (h->row.id == id && !h->is_over)
			return h;
	return NULL;
}

static void
hook_add(struct dispatch *d, const struct webhook_row *row)
{
	struct hook *h = base_alloc(sizeof(*h));
	struct arena *arena;
	int64_t wait_s;

	ctx_root_init(&h->root, d->a->log);
	arena = h->root.cx.arena;
	h->row = *row;
	h->row.url = arena_strdup(arena, row->url);
	h->row.types = arena_strdup(arena, row->types);
	h->row.kind = arena_strdup(arena, row->kind);
	h->row.state = "active";
	h->row.sealed = slice_dup(arena, row->sealed);
	h->row.old_sealed = slice_dup(arena, row->old_sealed);
	h->dispatch = d;
	h->scanned = row->cursor;
	h->dirty = h->is_listed = true;
	wait_s = row->next_s - ctx_now(&h->root.cx);
	if (row->next_s != 0 && wait_s > 0)
		h->next_us = now_us() + (uint64_t)wait_s * SECOND_US;
	h->next = d->hooks;
	d->hooks = h;
}

struct loading { int64_t after; struct webhook_row *rows; size_t n; };

static struct err
load_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct loading *l = arg;

	return db_webhook_active(cx, tx, l->after, LOAD_PAGE, &l->rows, &l->n);
}

static void
take_row(struct dispatch *d, const struct webhook_row *row)
{
	struct hook *h = find(d, row->id);

	if (h != NULL && h->row.epoch == row->epoch) {
		h->is_listed = true;
		return;
	}
	/* Changed: what is under way ends by itself, as another. */
	if (h != NULL)
		h->is_over = true;
	hook_add(d, row);
}

static struct err
load(struct ctx_root *root, struct dispatch *d)
{
	struct loading l = { .n = LOAD_PAGE };

	for (struct hook *h = d->hooks; h != NULL; h = h->next)
		h->is_listed = false;
	while (l.n == LOAD_PAGE) {
		TRY(db_read(&root->cx, d->a->db, load_work, &l));
		for (size_t i = 0; i < l.n; i++)
			take_row(d, &l.rows[i]);
		if (l.n > 0)
			l.after = l.rows[l.n - 1].id;
	}
	for (struct hook *h = d->hooks; h != NULL; h = h->next)
		if (!h->is_listed)
			h->is_over = true;
	return OK;
}

/* Those that are over and have nothing under way. */
static void
sweep(struct dispatch *d)
{
	struct hook **at = &d->hooks, *h;

	while ((h = *at) != NULL) {
		bool idle;

		lock(d);
		idle = h->n_under_way == 0;
		unlock(d);
		if (!h->is_over || !idle) {
			at = &h->next;
			continue;
		}
		*at = h->next;
		hook_free(h);
	}
}

/* --- a round ---------------------------------------------------------------- */

/* On the courier's thread. */
static void
answered(void *arg, const struct courier_answer *a)
{
	struct item *item = arg;
	struct dispatch *d = item->hook->dispatch;
	struct delivery_told told = delivery_tell(a);
	const char *from = a->outcome == COURIER_ANSWERED ?
	    (const char *)a->body.p : told.why;
	size_t n = a->outcome == COURIER_ANSWERED ? a->body.n :
	    strlen(told.why), at = 0;

	lock(d);
	item->outcome = told.outcome;
	item->is_forbidden = a->outcome == COURIER_FORBIDDEN;
	item->status = a->status;
	item->ms = told.ms;
	/* It is shown to people: one line of ASCII. */
	for (size_t i = 0; i < n && at < DISPATCH_EXCERPT_MAX; i++)
		item->excerpt[at++] = from[i] >= 0x20 && from[i] < 0x7f ?
		    from[i] : ' ';
	item->excerpt[at] = '\0';
	item->under_way = false;
	item->answered = true;
	item->hook->n_under_way--;
	d->n_under_way--;
	d->answered = true;
	ASSERT(pthread_cond_signal(&d->wake) == 0);
	unlock(d);
}

struct reading { const struct hook *hook; struct event_row *rows; size_t n; };

static struct err
read_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct reading *r = arg;

	return db_event_list(cx, tx, r->hook->row.tenant_id, r->hook->scanned,
	    PAGE, &r->rows, &r->n);
}

/* What must stay in order: all about a device. */
static const char *
device_of(struct ctx *cx, const struct event_row *e)
{
	const char *id = json_string_value(json_object_get(delivery_data(cx,
	    e), "device_id"));

	return id != NULL ? arena_strdup(cx->arena, id) : e->subject;
}

static struct err
send_one(struct ctx *cx, struct hook *h, const struct event_row *e,
    struct item *item)
{
	const char *id = arena_printf(cx->arena, "msg_%lld_%lld",
	    (long long)h->row.id, (long long)e->id), *signature;
	struct courier_request r = {
		.method = COURIER_POST, .connect_ms = DISPATCH_CONNECT_MS,
		.total_ms = DISPATCH_TOTAL_MS,
		.answer_max = DISPATCH_EXCERPT_MAX, .url = h->row.url,
		.body = delivery_body(cx, e),
	};
	int64_t now_s = ctx_now(cx);
	struct dispatch *d = h->dispatch;
	struct err err;

	TRY(webhook_sign(cx, d->a, &h->row, id, now_s, r.body, &signature));
	r.headers[r.n_headers++] = "Content-Type: application/json";
	r.headers[r.n_headers++] = arena_printf(cx->arena, "webhook-id: %s",
	    id);
	r.headers[r.n_headers++] = arena_printf(cx->arena,
	    "webhook-timestamp: %lld", (long long)now_s);
	r.headers[r.n_headers++] = arena_printf(cx->arena,
	    "webhook-signature: %s", signature);
	if (e->trace != NULL)
		r.headers[r.n_headers++] = arena_printf(cx->arena,
		    "traceparent: %s", e->trace);
	lock(d);
	h->n_under_way++;
	d->n_under_way++;
	item->under_way = true;
	unlock(d);
	err = courier_send(cx, d->a->courier, &r, answered, item);
	if (failed(err)) {
		struct courier_answer lost = { .outcome = COURIER_LOST,
		    .why = "daa-courier is not there" };

		answered(item, &lost);
	}
	return OK;
}

static bool
is_ahead(const struct hook *h, int64_t id)
{
	for (size_t i = 0; i < h->n_ahead; i++)
		if (h->ahead[i] == id)
			return true;
	return false;
}

/* How many more may go out for that tenant. */
static size_t
room_for(struct dispatch *d, int64_t tenant_id)
{
	size_t of_tenant = 0, all;

	lock(d);
	all = d->n_under_way;
	for (const struct hook *h = d->hooks; h != NULL; h = h->next)
		if (h->row.tenant_id == tenant_id)
			of_tenant += h->n_under_way;
	unlock(d);
	if (all >= DISPATCH_ALL_MAX || of_tenant >= DISPATCH_TENANT_MAX)
		return 0;
	return DISPATCH_TENANT_MAX - of_tenant < DISPATCH_ALL_MAX - all ?
	    DISPATCH_TENANT_MAX - of_tenant : DISPATCH_ALL_MAX - all;
}

static bool
is_taken(const char *const *devices, size_t n, const char *device)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(devices[i], device) == 0)
			return true;
	return false;
}

/* While it fails, one event at a time asks whether it does still. */
static struct err
begin_round(struct ctx_root *root, struct hook *h, size_t room)
{
	struct ctx *cx = &root->cx;
	struct reading r = { .hook = h };
	const char *devices[DISPATCH_ROUND_MAX];
	size_t most = h->row.attempts > 0 ? 1 : DISPATCH_ROUND_MAX;

	if (most > room)
		most = room;
	h->n_items = 0;
	h->after_round = h->scanned;
	TRY(db_read(cx, h->dispatch->a->db, read_work, &r));
	h->dirty = r.n == PAGE;
	for (size_t i = 0; i < r.n; i++) {
		const struct event_row *e = &r.rows[i];
		struct item *item = &h->items[h->n_items];
		const char *device = device_of(cx, e);

		if (webhook_wants(&h->row, e) && !is_ahead(h, e->id)) {
			if (h->n_items == most ||
			    is_taken(devices, h->n_items, device)) {
				h->dirty = true;
				break;
			}
			*item = (struct item){ .hook = h, .event_id = e->id };
			(void)snprintf(item->type, sizeof(item->type), "%s",
			    e->type);
			devices[h->n_items++] = device;
			TRY(send_one(cx, h, e, item));
		}
		h->after_round = e->id;
	}
	if (h->n_items == 0)
		h->scanned = h->after_round;
	return OK;
}

/* --- its end ---------------------------------------------------------------- */

static bool
is_good(const struct item *item)
{
	return item->outcome == COURIER_ANSWERED && item->status >= 200 &&
	    item->status <= 299;
}

/* It is not the receiver's fault. */
static bool
is_lost(const struct item *item)
{
	return item->outcome == COURIER_LOST || item->outcome == COURIER_BUSY;
}

static const struct item *
first_bad(const struct hook *h)
{
	for (size_t i = 0; i < h->n_items; i++)
		if (!is_good(&h->items[i]))
			return &h->items[i];
	return NULL;
}

static void
fail(struct ctx *cx, const struct hook *h, const struct item *bad,
    struct webhook_row *row, uint64_t *out_delay_us)
{
	int64_t now_s = ctx_now(cx);

	row->attempts++;
	if (row->failing_since_s == 0)
		row->failing_since_s = now_s;
	*out_delay_us = with_jitter(cx, dispatch_delay_s(row->attempts));
	row->next_s = now_s + (int64_t)(*out_delay_us / SECOND_US);
	if (bad->outcome == COURIER_ANSWERED && bad->status == 410) {
		row->state = "disabled";
		row->reason = "gone";
	} else if (now_s - row->failing_since_s >=
	    h->dispatch->a->limits.webhook_give_up_s) {
		row->state = "disabled";
		row->reason = "failing";
	}
}

struct settling {
	const struct hook	*hook;
	struct webhook_row	 row;
	bool			 kept;
};

static struct err
note_attempts(struct ctx *cx, struct db_tx *tx, const struct hook *h)
{
	for (size_t i = 0; i < h->n_items; i++) {
		const struct item *item = &h->items[i];
		struct delivery_row d = {
			.event_id = item->event_id, .type = item->type,
			.at_s = ctx_now(cx), .attempt = h->row.attempts + 1,
			.outcome = courier_outcome_text(item->outcome),
			.status = item->status, .ms = item->ms,
			.excerpt = item->excerpt,
		};

		if (!is_lost(item))
			TRY(db_delivery_add(cx, tx, h->row.tenant_id,
			    h->row.id, WEBHOOK_DELIVERIES_MAX, &d));
	}
	return OK;
}

static struct err
settle_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct settling *s = arg;
	const struct webhook_row *row = &s->row;

	TRY(db_webhook_progress(cx, tx, row, &s->kept));
	if (!s->kept)
		return OK;
	TRY(note_attempts(cx, tx, s->hook));
	if (strcmp(row->state, "disabled") != 0)
		return OK;
	return event_add(cx, tx, row->tenant_id, EVENT_WEBHOOK_DISABLED,
	    arena_printf(cx->arena, "%lld", (long long)row->id), "dispatch",
	    json_pack("{s:s, s:s}", "url", row->url, "reason", row->reason));
}

/* What was sent beyond a failure is remembered, so that it is not sent again
 * when that has been. */
static void
keep_ahead(struct hook *h, const struct item *bad)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_ahead; i++)
		if (bad != NULL || h->ahead[i] > h->after_round)
			h->ahead[n++] = h->ahead[i];
	for (size_t i = 0; bad != NULL && i < h->n_items; i++)
		if (is_good(&h->items[i]) && n < COUNT_OF(h->ahead) &&
		    h->items[i].event_id > bad->event_id)
			h->ahead[n++] = h->items[i].event_id;
	h->n_ahead = n;
}

/* For the platform: whose webhook would have led inside. */
static void
log_forbidden(const struct hook *h)
{
	const struct dispatch *d = h->dispatch;
	char tenant[24], webhook[24];

	for (size_t i = 0; i < h->n_items; i++) {
		if (!h->items[i].is_forbidden)
			continue;
		(void)snprintf(tenant, sizeof(tenant), "%lld",
		    (long long)h->row.tenant_id);
		(void)snprintf(webhook, sizeof(webhook), "%lld",
		    (long long)h->row.id);
		log_put(d->a->log, LOG_LEVEL_WARN,
		    "webhook.forbidden-address", "tenant_id", tenant,
		    "webhook", webhook, "url", h->row.url, NULL);
		return;
	}
}

static struct err
settle(struct ctx_root *root, struct hook *h)
{
	struct settling s = { .hook = h, .row = h->row };
	const struct item *bad = first_bad(h);
	uint64_t delay_us = 0;

	log_forbidden(h);
	s.row.cursor = bad == NULL ? h->after_round : bad->event_id - 1;
	s.row.next_s = 0;
	if (bad == NULL)
		s.row.attempts = s.row.failing_since_s = 0;
	else if (is_lost(bad))
		delay_us = PAUSE_US;
	else
		fail(&root->cx, h, bad, &s.row, &delay_us);
	TRY(db_write(&root->cx, h->dispatch->a->db, settle_work, &s));
	keep_ahead(h, bad);
	h->n_items = 0;
	if (!s.kept || strcmp(s.row.state, "disabled") == 0)
		h->is_over = true;
	h->row.cursor = h->scanned = s.row.cursor;
	h->row.attempts = s.row.attempts;
	h->row.failing_since_s = s.row.failing_since_s;
	h->next_us = delay_us == 0 ? 0 : now_us() + delay_us;
	h->dirty = true;
	return OK;
}

/* Events that it does not want were passed over: remember how far. */
static struct err
keep_scanned(struct ctx_root *root, struct hook *h)
{
	struct settling s = { .hook = h, .row = h->row };

	if (h->scanned - h->row.cursor < SCANNED_MAX)
		return OK;
	s.row.cursor = h->scanned;
	TRY(db_write(&root->cx, h->dispatch->a->db, settle_work, &s));
	h->row.cursor = h->scanned;
	h->is_over = !s.kept;
	return OK;
}

/* --- the thread ------------------------------------------------------------- */

static struct err
step(struct ctx_root *root, struct hook *h)
{
	struct dispatch *d = h->dispatch;
	size_t under_way, room;

	lock(d);
	under_way = h->n_under_way;
	unlock(d);
	if (under_way > 0 || (h->is_over && h->n_items == 0))
		return OK;
	if (h->n_items > 0)
		TRY(settle(root, h));
	if (h->is_over || !h->dirty || h->next_us > now_us())
		return OK;
	room = room_for(d, h->row.tenant_id);
	if (room == 0)
		return OK;
	TRY(begin_round(root, h, room));
	return keep_scanned(root, h);
}

static void
step_all(struct dispatch *d)
{
	for (struct hook *h = d->hooks; h != NULL; h = h->next) {
		struct ctx_root root;
		struct err e;

		ctx_root_init(&root, d->a->log);
		e = step(&root, h);
		if (failed(e)) {
			log_put(d->a->log, LOG_LEVEL_ERROR, "webhook.failed",
			    "code", err_dotted(e), "note", root.trail.note,
			    NULL);
			h->next_us = now_us() + PAUSE_US;
		}
		ctx_root_fini(&root);
	}
	sweep(d);
}

static void
reload(struct dispatch *d)
{
	struct ctx_root root;

	ctx_root_init(&root, d->a->log);
	if (failed(load(&root, d))) {
		log_put(d->a->log, LOG_LEVEL_ERROR, "webhook.not-loaded",
		    "note", root.trail.note, NULL);
		dispatch_reload(d);
	}
	ctx_root_fini(&root);
}

/* When there is something to do without being told; at most a minute. */
static uint64_t
wait_us(const struct dispatch *d)
{
	uint64_t now = now_us(), least = 60 * SECOND_US;

	for (const struct hook *h = d->hooks; h != NULL; h = h->next) {
		uint64_t left = h->next_us > now ? h->next_us - now : 0;

		/* At once it would have been done: it waits for room. */
		if (left == 0)
			left = SECOND_US;
		if (h->dirty && !h->is_over && left < least)
			least = left;
	}
	return least;
}

/* With the lock. */
static void
wait_for_news(struct dispatch *d, uint64_t us)
{
	struct timespec until;

	ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += (time_t)(us / SECOND_US);
	until.tv_nsec += (long)(us % SECOND_US) * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!d->stop && !d->reload && !d->any && !d->answered &&
	    d->n_told == 0 && pthread_cond_timedwait(&d->wake, &d->lock,
	    &until) != ETIMEDOUT)
		continue;
}

static bool
is_told(const int64_t *told, size_t n, int64_t tenant_id)
{
	for (size_t i = 0; i < n; i++)
		if (told[i] == tenant_id)
			return true;
	return false;
}

static void *
dispatch_main(void *arg)
{
	struct dispatch *d = arg;
	bool stop = false;

	while (!stop) {
		uint64_t us = wait_us(d);
		int64_t told[TOLD_MAX];
		bool load_again, any;
		size_t n;

		lock(d);
		wait_for_news(d, us);
		stop = d->stop;
		load_again = d->reload;
		any = d->any;
		n = d->n_told;
		memcpy(told, d->told, n * sizeof(told[0]));
		d->reload = d->any = d->answered = false;
		d->n_told = 0;
		unlock(d);
		if (stop)
			break;
		if (load_again)
			reload(d);
		for (struct hook *h = d->hooks; h != NULL; h = h->next)
			h->dirty |= any || is_told(told, n, h->row.tenant_id);
		step_all(d);
	}
	return NULL;
}

struct dispatch *
dispatch_start(const struct authority *a)
{
	struct dispatch *d = base_alloc(sizeof(*d));
	pthread_condattr_t attr;

	d->a = a;
	d->reload = true;
	ASSERT(pthread_mutex_init(&d->lock, NULL) == 0);
	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(&d->wake, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	ASSERT(pthread_create(&d->thread, NULL, dispatch_main, d) == 0);
	return d;
}

void
dispatch_stop(struct dispatch *d)
{
	if (d == NULL)
		return;
	lock(d);
	d->stop = true;
	ASSERT(pthread_cond_signal(&d->wake) == 0);
	unlock(d);
	ASSERT(pthread_join(d->thread, NULL) == 0);
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	ASSERT(d->n_under_way == 0);
	while (d->hooks != NULL) {
		struct hook *h = d->hooks;

		d->hooks = h->next;
		hook_free(h);
	}
	(void)pthread_mutex_destroy(&d->lock);
	(void)pthread_cond_destroy(&d->wake);
	free(d);
}

void
dispatch_told(struct dispatch *d, const int64_t *tenants, size_t n)
{
	if (d == NULL)
		return;
	lock(d);
	for (size_t i = 0; i < n; i++) {
		if (tenants[i] == 0 || d->n_told == TOLD_MAX)
			d->any = true;
		else if (!is_told(d->told, d->n_told, tenants[i]))
			d->told[d->n_told++] = tenants[i];
	}
	ASSERT(pthread_cond_signal(&d->wake) == 0);
	unlock(d);
}

void
dispatch_reload(struct dispatch *d)
{
	if (d == NULL)
		return;
	lock(d);
	d->reload = true;
	ASSERT(pthread_cond_signal(&d->wake) == 0);
	unlock(d);
}
