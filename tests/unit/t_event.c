/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "authority/claim.h"
#include "authority/dispatch.h"
#include "authority/event.h"
#include "authority/feed.h"
#include "authority/lapsing.h"
#include "authority/webhook.h"
#include "tests/unit/fleet.h"

#define N_WRITERS	8
#define N_EACH		50

static struct tenant *
tenant(unsigned i)
{
	return &fleet.tenants[i];
}

static struct err
add(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct tenant *t = arg;

	return event_add(c, tx, t->id, EVENT_DEVICE_UNBANNED, "d", "t", NULL);
}

static struct err
add_other_type(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct tenant *t = arg;

	return event_add(c, tx, t->id, EVENT_GROUP_CREATED, "g", "t", NULL);
}

static struct err
add_and_fail(struct ctx *c, struct db_tx *tx, void *arg)
{
	TRY(add(c, tx, arg));
	return FAIL(c, ERR_CONFLICT, "as asked");
}

static struct event_page
feed(const struct tenant *t, int64_t after, unsigned limit, const char *type)
{
	struct event_query query = { .after = after, .limit = limit, .type = type };
	struct event_page page;

	ck_ok(event_feed(cx, &fleet.a, t, &query, &page));
	return page;
}

START_TEST(a_filter_is_a_type_or_what_types_begin_with)
{
	ck_assert(event_filter_is_known("device.banned"));
	ck_assert(event_filter_is_known("device.*"));
	ck_assert(!event_filter_is_known("device"));
	ck_assert(!event_filter_is_known("devic.*"));
	ck_assert(!event_filter_is_known("*"));
	ck_assert(!event_filter_is_known(".*"));
	ck_assert(!event_filter_is_known(""));
	ck_assert(!event_type_is_known("device.*"));
	ck_assert_str_eq(event_type_text(EVENT_DEVICE_BANNED),
	    "device.banned");
}
END_TEST

START_TEST(a_filter_that_fits_nothing_moves_the_cursor_on)
{
	struct event_query query = { .after = 0, .limit = 10, .type = "no.such" };
	struct event_page page;

	fleet_open();
	for (int i = 0; i < 3; i++)
		ck_ok(db_write(cx, fleet.a.db, add, tenant(0)));
	ck_ok(db_write(cx, fleet.a.db, add_other_type, tenant(0)));
	page = feed(tenant(0), 0, 3, "group.*");
	ck_assert_uint_eq(page.n, 0);
	ck_assert(page.more);
	page = feed(tenant(0), page.cursor, 3, "group.*");
	ck_assert_uint_eq(page.n, 1);
	ck_assert(!page.more);
	ck_assert_str_eq(page.items[0].type, "group.created");
	ck_assert_int_eq(page.cursor, page.items[0].id);
	ck_fails(event_feed(cx, &fleet.a, tenant(0), &query, &page),
	    ERR_PARAMETER);
	fleet_close();
}
END_TEST

START_TEST(the_feed_of_all_names_tenants_and_that_of_one_has_only_its_own)
{
	struct event_page all, own;

	fleet_open();
	ck_ok(db_write(cx, fleet.a.db, add, tenant(0)));
	ck_ok(db_write(cx, fleet.a.db, add, tenant(1)));
	all = feed(NULL, 0, 10, NULL);
	ck_assert_uint_eq(all.n, 2);
	ck_assert_str_eq(all.items[0].tenant, "tenant-a");
	ck_assert_str_eq(all.items[1].tenant, "tenant-b");
	own = feed(tenant(1), 0, 10, NULL);
	ck_assert_uint_eq(own.n, 1);
	ck_assert_int_eq(own.items[0].id, all.items[1].id);
	ck_assert_int_eq(feed(tenant(0), EVENT_LATEST, 10, NULL).cursor,
	    all.items[0].id);
	ck_assert_int_eq(feed(NULL, EVENT_LATEST, 10, NULL).cursor,
	    all.items[1].id);
	fleet_close();
}
END_TEST

struct writer { unsigned i; atomic_uint *bad; };

static void *
write_many(void *arg)
{
	struct writer *w = arg;
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	for (unsigned i = 0; i < N_EACH; i++) {
		if (failed(db_write(&root.cx, fleet.a.db, add,
		    tenant(w->i % 2))) ||
		    db_write(&root.cx, fleet.a.db, add_and_fail,
		    tenant(w->i % 2)).code != ERR_CONFLICT)
			atomic_fetch_add(w->bad, 1);
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

START_TEST(a_reader_that_follows_its_cursor_misses_no_event_and_sees_none_twice)
{
	struct writer writers[N_WRITERS];
	pthread_t threads[N_WRITERS];
	atomic_uint bad = 0;
	int64_t cursor = 0;
	size_t n = 0;

	fleet_open();
	for (unsigned i = 0; i < N_WRITERS; i++) {
		writers[i] = (struct writer){ i, &bad };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many,
		    &writers[i]), 0);
	}
	while (n < N_WRITERS * N_EACH && bad == 0) {
		struct event_page page = feed(NULL, cursor, 1000, NULL);

		for (size_t i = 0; i < page.n; i++) {
			ck_assert_int_gt(page.items[i].id, cursor);
			cursor = page.items[i].id;
		}
		n += page.n;
	}
	for (unsigned i = 0; i < N_WRITERS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_uint_eq(bad, 0);
	ck_assert_uint_eq(n, N_WRITERS * N_EACH);
	ck_assert_uint_eq(feed(NULL, 0, 1000, NULL).n, n);
	fleet_close();
}
END_TEST

START_TEST(a_cursor_before_what_is_kept_is_told_so)
{
	struct event_query old;
	struct event_page page;
	int64_t first, second;

	fleet_open();
	fleet.a.limits.event_keep_s = 1000;
	ck_ok(db_write(cx, fleet.a.db, add, tenant(0)));
	first = feed(tenant(0), 0, 10, NULL).cursor;
	ck_ok(db_write(cx, fleet.a.db, add, tenant(0)));
	second = feed(tenant(0), 0, 10, NULL).cursor;
	fleet.now_s += 500;
	ck_ok(db_write(cx, fleet.a.db, add, tenant(0)));
	ck_ok(db_write(cx, fleet.a.db, add, tenant(1)));
	fleet.now_s += 501;
	ck_ok(event_prune_round(cx, &fleet.a));

	old = (struct event_query){ .after = first, .limit = 10, .type = NULL };
	ck_fails(event_feed(cx, &fleet.a, tenant(0), &old, &page),
	    ERR_CURSOR_GONE);
	ck_fails(event_feed(cx, &fleet.a, NULL, &old, &page),
	    ERR_CURSOR_GONE);
	/* Nothing of the other tenant is gone. */
	ck_ok(event_feed(cx, &fleet.a, tenant(1), &old, &page));
	ck_assert_uint_eq(page.n, 1);
	/* Neither the beginning nor what missed nothing is too old. */
	ck_assert_uint_eq(feed(tenant(0), second, 10, NULL).n, 1);
	ck_assert_uint_eq(feed(tenant(0), 0, 10, NULL).n, 1);
	fleet.now_s += 1000;
	ck_ok(event_prune_round(cx, &fleet.a));
	ck_assert_uint_eq(feed(NULL, 0, 10, NULL).n, 0);
	/* The latest of an empty feed is a cursor that will hold. */
	page = feed(tenant(0), EVENT_LATEST, 10, NULL);
	ck_assert_int_gt(page.cursor, second);
	ck_assert_uint_eq(feed(tenant(0), page.cursor, 10, NULL).n, 0);
	fleet_close();
}
END_TEST

/* --- who waits ------------------------------------------------------------ */

static unsigned n_news, n_late;

static void
count_wake(struct feed_waiter *w, bool news)
{
	(void)w;
	n_news += news;
	n_late += !news;
}

static struct feed_waiter
waiter_for(int64_t tenant_id, uint64_t until_us)
{
	return (struct feed_waiter){ .tenant_id = tenant_id,
	    .until_us = until_us, .wake = count_wake };
}

START_TEST(who_waits_is_woken_by_its_tenant_or_by_time_once)
{
	struct feed *f = feed_new();
	struct feed_waiter a = waiter_for(1, 100), b = waiter_for(2, 100),
	    all = waiter_for(FEED_ANY, 100);
	const int64_t told[] = { 1 };

	n_news = n_late = 0;
	ck_assert_int_eq(feed_wait(f, &a, feed_mark(f, 1)), FEED_WAITS);
	ck_assert_int_eq(feed_wait(f, &b, feed_mark(f, 2)), FEED_WAITS);
	ck_assert_int_eq(feed_wait(f, &all, feed_mark(f, FEED_ANY)),
	    FEED_WAITS);
	feed_told(f, told, 1);
	ck_assert_uint_eq(n_news, 2);
	feed_told(f, told, 1);
	ck_assert_uint_eq(n_news, 2);
	feed_tick(f, 99);
	ck_assert_uint_eq(n_late, 0);
	feed_tick(f, 100);
	ck_assert_uint_eq(n_late, 1);
	ck_assert_uint_eq(feed_waiting(f), 0);
	feed_free(f);
}
END_TEST

START_TEST(what_came_after_the_mark_is_not_waited_for)
{
	struct feed *f = feed_new();
	struct feed_waiter a = waiter_for(1, 100);
	uint64_t mark = feed_mark(f, 1);
	const int64_t told[] = { 1 }, any[] = { 0 };

	n_news = n_late = 0;
	feed_told(f, told, 1);
	ck_assert_int_eq(feed_wait(f, &a, mark), FEED_NEWS);
	mark = feed_mark(f, 1);
	feed_told(f, any, 1);
	ck_assert_int_eq(feed_wait(f, &a, mark), FEED_NEWS);
	ck_assert_uint_eq(n_news + n_late, 0);
	feed_free(f);
}
END_TEST

START_TEST(so_many_wait_for_one_tenant_and_no_more)
{
	static struct feed_waiter many[FEED_WAITERS_MAX];
	struct feed *f = feed_new();
	struct feed_waiter a = waiter_for(1, 100), other = waiter_for(2, 100);

	n_news = n_late = 0;
	for (unsigned i = 0; i < FEED_WAITERS_MAX; i++) {
		many[i] = waiter_for(1, 100);
		ck_assert_int_eq(feed_wait(f, &many[i], feed_mark(f, 1)),
		    FEED_WAITS);
	}
	ck_assert_int_eq(feed_wait(f, &a, feed_mark(f, 1)), FEED_FULL);
	ck_assert_int_eq(feed_wait(f, &other, feed_mark(f, 2)), FEED_WAITS);
	feed_close(f);
	ck_assert_uint_eq(n_late, FEED_WAITERS_MAX + 1);
	ck_assert_int_eq(feed_wait(f, &a, feed_mark(f, 1)), FEED_CLOSED);
	feed_free(f);
}
END_TEST

static unsigned n_told;

static void
count_told(void *arg, const int64_t *tenants, size_t n)
{
	(void)arg;
	for (size_t i = 0; i < n; i++)
		n_told += tenants[i] == tenant(0)->id;
}

START_TEST(a_commit_is_told_once_it_is_durable)
{
	fleet_open();
	n_told = 0;
	db_watch(fleet.a.db, count_told, NULL);
	ck_ok(db_write(cx, fleet.a.db, add, tenant(0)));
	ck_assert_uint_eq(n_told, 1);
	ck_fails(db_write(cx, fleet.a.db, add_and_fail, tenant(0)),
	    ERR_CONFLICT);
	ck_ok(db_write(cx, fleet.a.db, add, tenant(1)));
	ck_assert_uint_eq(n_told, 1);
	fleet_close();
}
END_TEST

/* --- webhooks ---------------------------------------------------------------- */

START_TEST(a_webhook_wants_its_types_and_tests_of_itself)
{
	struct webhook_row hook = { .id = 3, .types = "device.* ca.staged" };
	struct event_row e = { .type = "device.banned", .subject = "x" };

	ck_assert(webhook_wants(&hook, &e));
	e.type = "ca.staged";
	ck_assert(webhook_wants(&hook, &e));
	e.type = "ca.retired";
	ck_assert(!webhook_wants(&hook, &e));
	e.type = "device";
	ck_assert(!webhook_wants(&hook, &e));
	e = (struct event_row){ .type = "webhook.test", .subject = "3" };
	ck_assert(webhook_wants(&hook, &e));
	hook.types = "";
	e.subject = "4";
	ck_assert(!webhook_wants(&hook, &e));
	e.type = "ca.retired";
	ck_assert(webhook_wants(&hook, &e));
}
END_TEST

START_TEST(retries_go_on_for_days)
{
	ck_assert_int_eq(dispatch_delay_s(1), 5);
	ck_assert_int_eq(dispatch_delay_s(2), 300);
	ck_assert_int_eq(dispatch_delay_s(9), 86400);
	ck_assert_int_eq(dispatch_delay_s(1000), 86400);
}
END_TEST

START_TEST(a_key_is_sealed_and_signs_beside_the_one_before_it_for_a_while)
{
	static const struct authority_keys keys = { .seal = { 7 } };
	struct webhook_spec spec = { "https://hook.example/", "", "hmac", "" };
	struct webhook_made first, second;
	struct webhook_row row;
	struct slice body = SLICE("{}", 2);
	const char *one, *both, *later;

	fleet_open();
	fleet.a.keys = &keys;
	ck_ok(webhook_create(cx, &fleet.a, tenant(0), &fleet.owners[0], &spec,
	    &first));
	ck_assert_int_eq(strncmp(first.secret, "whsec_", 6), 0);
	ck_ok(webhook_get(cx, &fleet.a, tenant(0), first.row.id, &row));
	ck_fails(webhook_get(cx, &fleet.a, tenant(1), first.row.id, &row),
	    ERR_NOT_FOUND);
	ck_ok(webhook_sign(cx, &fleet.a, &row, "msg_1_1", 1000, body, &one));
	ck_assert_int_eq(strncmp(one, "v1,", 3), 0);
	ck_ok(webhook_rotate(cx, &fleet.a, tenant(0), &fleet.owners[0],
	    first.row.id, 60, &second));
	ck_assert_str_ne(first.secret, second.secret);
	ck_ok(webhook_get(cx, &fleet.a, tenant(0), first.row.id, &row));
	ck_ok(webhook_sign(cx, &fleet.a, &row, "msg_1_1", 1000, body, &both));
	ck_assert_ptr_nonnull(strchr(both, ' '));
	ck_assert_str_eq(strchr(both, ' ') + 1, one);
	ck_ok(webhook_sign(cx, &fleet.a, &row, "msg_1_1", fleet.now_s + 60,
	    body, &later));
	ck_assert_ptr_null(strchr(later, ' '));
	/* What another tenant's row would hold cannot be opened. */
	row.tenant_id++;
	ck_fails(webhook_sign(cx, &fleet.a, &row, "msg_1_1", 1000, body,
	    &one), ERR_STORAGE);
	fleet_close();
}
END_TEST

START_TEST(a_device_that_did_not_renew_in_time_is_told_of_once)
{
	struct claim_request request = { .group = "default",
	    .device_id = fleet_device_id(1) };
	struct claim_result made;

	fleet_open();
	fleet.a.limits.certificate_warn_s = 1000;
	ck_ok(claim_make(cx, &fleet.a, tenant(0), &fleet.owners[0], &request,
	    &made));
	(void)fleet_enroll(0, request.device_id, 1, fleet.now_s + 5000);
	ck_ok(lapsing_round(cx, &fleet.a));
	ck_assert_uint_eq(fleet_events(0, "certificate.lapsing"), 0);
	fleet.now_s += 4000;
	ck_ok(lapsing_round(cx, &fleet.a));
	ck_assert_uint_eq(fleet_events(0, "certificate.lapsing"), 1);
	ck_assert_uint_eq(fleet_events(1, "certificate.lapsing"), 0);
	fleet.now_s += 500;
	ck_ok(lapsing_round(cx, &fleet.a));
	ck_assert_uint_eq(fleet_events(0, "certificate.lapsing"), 1);
	/* Renewed, and late again with that one. */
	(void)fleet_enroll(0, request.device_id, 2, fleet.now_s + 5000);
	ck_ok(lapsing_round(cx, &fleet.a));
	ck_assert_uint_eq(fleet_events(0, "certificate.lapsing"), 1);
	fleet.now_s += 4500;
	ck_ok(lapsing_round(cx, &fleet.a));
	ck_assert_uint_eq(fleet_events(0, "certificate.lapsing"), 2);
	fleet_close();
}
END_TEST

UNIT_MAIN("event",
    a_filter_is_a_type_or_what_types_begin_with,
    a_filter_that_fits_nothing_moves_the_cursor_on,
    the_feed_of_all_names_tenants_and_that_of_one_has_only_its_own,
    a_reader_that_follows_its_cursor_misses_no_event_and_sees_none_twice,
    a_cursor_before_what_is_kept_is_told_so,
    who_waits_is_woken_by_its_tenant_or_by_time_once,
    what_came_after_the_mark_is_not_waited_for,
    so_many_wait_for_one_tenant_and_no_more,
    a_commit_is_told_once_it_is_durable,
    a_webhook_wants_its_types_and_tests_of_itself,
    retries_go_on_for_days,
    a_key_is_sealed_and_signs_beside_the_one_before_it_for_a_while,
    a_device_that_did_not_renew_in_time_is_told_of_once)
