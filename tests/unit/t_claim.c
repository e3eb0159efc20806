/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fleet.h"

#include <pthread.h>
#include <stdatomic.h>

#include "authority/claim_bulk.h"
#include "authority/certificate.h"
#include "authority/device.h"
#include "db/meta.h"

#define HEX64	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct err
claim(unsigned tenant, struct claim_request request,
    struct claim_result *out)
{
	return claim_make(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &request, out);
}

static struct claim_result
claimed(unsigned tenant, const char *device_id)
{
	struct claim_result result;

	ck_ok(claim(tenant, (struct claim_request){ .device_id = device_id },
	    &result));
	return result;
}

static struct err
release(unsigned tenant, const char *device_id)
{
	return claim_release(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], device_id, "sold");
}

static size_t
history(unsigned tenant, const char *device_id, int active,
    struct claim_row **out)
{
	struct claim_filter filter = { device_id, active, 0, 100 };
	size_t n;

	ck_ok(claim_list(cx, &fleet.a, &fleet.tenants[tenant], &filter, out,
	    &n));
	return n;
}

START_TEST(a_claim_is_exclusive_and_does_not_say_who_holds_it)
{
	struct claim_result result;

	fleet_open();
	claimed(0, HEX64);
	ck_fails(claim(1, (struct claim_request){ .device_id = HEX64 },
	    &result), ERR_CLAIM_TAKEN);
	ck_assert_str_eq(cx->trail->tell, "");
	ck_assert_uint_eq(fleet_events(0, "device.claimed"), 1);
	ck_assert_uint_eq(fleet_events(1, "device.claimed"), 0);
	fleet_close();
}
END_TEST

START_TEST(an_own_claim_again_changes_nothing)
{
	struct claim_result first, again;

	fleet_open();
	first = claimed(0, HEX64);
	ck_assert(!first.was_own);
	ck_assert_str_eq(first.group, "default");
	fleet.now_s += 60;
	ck_ok(claim(0, (struct claim_request){ .device_id = HEX64,
	    .group = "other" }, &again));
	ck_assert(again.was_own);
	ck_assert_str_eq(again.group, "default");
	ck_assert_str_eq(again.claimed_by, "alpha");
	ck_assert_int_eq(again.claimed_s, FLEET_NOW);
	ck_assert_uint_eq(fleet_events(0, "device.claimed"), 1);
	fleet_close();
}
END_TEST

static const char *
labels_of(unsigned tenant, const char *device_id)
{
	struct device_view view;

	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[tenant], device_id,
	    &view));
	return view.labels == NULL ? "" : view.labels;
}

START_TEST(labels_are_put_on_what_is_claimed_now)
{
	struct claim_request r = { .device_id = HEX64,
	    .labels = "{\"site\":\"berlin\"}" };
	struct claim_line line = { .number = 1, .request = r };
	struct claim_bulk how = { .release = false };
	struct claim_result result;

	fleet_open();
	ck_ok(claim(0, r, &result));
	ck_assert_str_eq(labels_of(0, HEX64), "{\"site\":\"berlin\"}");
	ck_assert_uint_eq(fleet_events(0, "device.labelled"), 1);
	r.labels = "{\"site\":\"paris\"}";
	ck_ok(claim(0, r, &result));
	ck_assert_str_eq(labels_of(0, HEX64), "{\"site\":\"berlin\"}");
	/* Who has it next knows nothing of them. */
	ck_ok(release(0, HEX64));
	(void)claimed(1, HEX64);
	ck_assert_str_eq(labels_of(1, HEX64), "");
	ck_ok(release(1, HEX64));
	ck_ok(claim_many(cx, &fleet.a, &fleet.tenants[1], &fleet.owners[1],
	    &how, &line, 1));
	ck_assert_int_eq(line.outcome, CLAIM_CLAIMED);
	ck_assert_str_eq(labels_of(1, HEX64), "{\"site\":\"berlin\"}");
	ck_assert_uint_eq(fleet_events(1, "device.labelled"), 1);
	fleet_close();
}
END_TEST

START_TEST(hardware_id_and_device_id_name_the_same_device)
{
	struct claim_request by_hardware = { .hardware_id = "tpm-ek:" HEX64 };
	struct claim_result result, again;
	struct device_view view;

	fleet_open();
	ck_ok(claim(0, by_hardware, &result));
	ck_assert(claim_is_device_id(result.device_id));
	/* printf 'tpm-ek:0123...' | sha256sum */
	ck_assert_str_eq(result.device_id, "550008013c551b9bdc6362a02aa0587b"
	    "5f78abf439294a40554119508ba37986");
	ck_ok(release(0, result.device_id));

	/* Claimed by device ID, then named by hardware ID. */
	again = claimed(1, result.device_id);
	ck_assert_str_eq(again.hardware_id, "tpm-ek:" HEX64);
	ck_ok(claim(1, by_hardware, &again));
	ck_assert(again.was_own);
	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[1], result.device_id,
	    &view));
	ck_assert_str_eq(view.device.hardware_id, "tpm-ek:" HEX64);
	fleet_close();
}
END_TEST

START_TEST(a_device_claimed_by_its_id_learns_its_hardware_id_from_its_owner)
{
	struct claim_request by_hardware = { .hardware_id = "tpm-ek:" HEX64 };
	char device_id[DEVICE_ID_SIZE];
	struct claim_result result;
	struct device_view view;

	fleet_open();
	attest_device_id("tpm-ek:" HEX64, device_id);
	ck_assert_ptr_null(claimed(0, device_id).hardware_id);
	ck_ok(claim(0, by_hardware, &result));
	ck_assert(result.was_own);
	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[0], device_id, &view));
	ck_assert_str_eq(view.device.hardware_id, "tpm-ek:" HEX64);
	fleet_close();
}
END_TEST

START_TEST(an_id_of_another_form_is_refused)
{
	static const char *const bad[] = {
		"tpm-ek:" HEX64 "0", "tpm-ek:0123", "tpm-ek:", "TPM-EK:" HEX64,
		"key:" HEX64, "psa:" HEX64, "snp:" HEX64, "tpm:" HEX64, HEX64,
		":" HEX64, "tpm-ek" HEX64, "",
		"tpm-ek:0123456789ABCDEF0123456789abcdef0123456789abcdef"
		"0123456789abcdef",
	};
	static const char *const good[] = {
		"tpm-ek:" HEX64, "sgx:" HEX64, "snp:" HEX64 HEX64,
		"psa:01" HEX64, "dice:" HEX64, "idevid:" HEX64,
		"android:" HEX64, "key:" HEX64 HEX64,
	};
	struct claim_request both = { .device_id = HEX64, .hardware_id = "tpm-ek:" HEX64 };
	struct claim_result result;

	fleet_open();
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct claim_request r = { .hardware_id = bad[i] };

		ck_fails(claim(0, r, &result), ERR_FIELD);
		ck_assert_str_eq(cx->trail->pointer, "/hardware_id");
	}
	for (size_t i = 0; i < COUNT_OF(good); i++)
		ck_assert_msg(claim_is_hardware_id(good[i]), "%s", good[i]);
	ck_fails(claim(0, both, &result), ERR_FIELD);
	both = (struct claim_request){ .group = NULL };
	ck_fails(claim(0, both, &result), ERR_FIELD);
	both.device_id = "tpm-ek:" HEX64;
	ck_fails(claim(0, both, &result), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/device_id");
	both = (struct claim_request){ .device_id = HEX64, .group = "none" };
	ck_fails(claim(0, both, &result), ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

START_TEST(what_is_released_is_free_and_leaves_only_history)
{
	struct certificate_row certificate;
	struct fleet_enrolled enrolled;
	struct claim_row *rows;
	struct device_view view;
	char *serial;

	fleet_open();
	claimed(0, HEX64);
	enrolled = fleet_enroll(0, HEX64, 0x11, FLEET_NOW + 86400);
	serial = text_hex(cx->arena, SLICE_OF(enrolled.serial));
	fleet.now_s += 60;
	ck_fails(release(1, HEX64), ERR_NOT_FOUND);
	ck_ok(release(0, HEX64));
	ck_fails(release(0, HEX64), ERR_NOT_FOUND);

	ck_ok(certificate_get(cx, &fleet.a, &fleet.tenants[0], serial,
	    &certificate));
	ck_assert_int_eq(certificate.revoked_s, FLEET_NOW + 60);
	ck_assert_int_eq(certificate.revoke_reason, REVOKE_CESSATION);
	ck_fails(device_get(cx, &fleet.a, &fleet.tenants[0], HEX64, &view),
	    ERR_NOT_FOUND);

	fleet.now_s += 60;
	claimed(1, HEX64);
	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[1], HEX64, &view));
	ck_assert_int_eq(view.device.state, DEVICE_CLAIMED);
	ck_assert_int_eq(view.attested_s, 0);
	ck_assert_uint_eq(view.serial.n, 0);
	ck_assert_int_eq(view.device.last_seen_s, 0);

	/* Each tenant has its own part of the history. */
	ck_assert_uint_eq(history(0, HEX64, -1, &rows), 1);
	ck_assert_int_eq(rows[0].released_s, FLEET_NOW + 60);
	ck_assert_str_eq(rows[0].released_by, "alpha");
	ck_assert_str_eq(rows[0].release_reason, "sold");
	ck_assert_uint_eq(history(1, HEX64, -1, &rows), 1);
	ck_assert_int_eq(rows[0].released_s, 0);
	ck_assert_int_eq(rows[0].claimed_s, FLEET_NOW + 120);
	ck_assert_uint_eq(history(0, NULL, 1, &rows), 0);
	ck_assert_uint_eq(history(0, NULL, 0, &rows), 1);
	ck_assert_uint_eq(fleet_events(0, "device.released"), 1);
	fleet_close();
}
END_TEST

START_TEST(a_banned_device_stays_with_its_tenant)
{
	struct device_change change = { .device_id = HEX64, .reason = "stolen" };
	struct claim_result result;
	struct device_view view;

	fleet_open();
	claimed(0, HEX64);
	ck_ok(device_ban(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &change, &view));
	ck_fails(release(0, HEX64), ERR_CONFLICT);
	ck_fails(claim(1, (struct claim_request){ .device_id = HEX64 },
	    &result), ERR_CLAIM_TAKEN);
	ck_ok(device_unban(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &change, &view));
	ck_ok(release(0, HEX64));
	ck_ok(claim(1, (struct claim_request){ .device_id = HEX64 },
	    &result));
	fleet_close();
}
END_TEST

static const struct claim_bulk claiming = { .release = false };

START_TEST(each_line_of_many_has_its_own_outcome)
{
	struct claim_line lines[] = {
		{ .number = 1, .request = { .device_id = fleet_device_id(1) } },
		{ .number = 2, .request = { .device_id = fleet_device_id(2) } },
		{ .number = 3, .request = { .device_id = "x" } },
		{ .number = 4, .outcome = CLAIM_REFUSED, .code = ERR_JSON },
		{ .number = 5, .request = { .device_id = fleet_device_id(5),
		    .group = "none" } },
		{ .number = 6, .request = { .device_id = fleet_device_id(6),
		    .group = "other" } },
		{ .number = 7, .request = { .device_id = fleet_device_id(6) } },
	};
	static const struct { enum claim_outcome o; enum err_code c; } want[] = {
		{ CLAIM_CLAIMED, ERR_OK }, { CLAIM_REFUSED, ERR_CLAIM_TAKEN },
		{ CLAIM_REFUSED, ERR_FIELD }, { CLAIM_REFUSED, ERR_JSON },
		{ CLAIM_REFUSED, ERR_NOT_FOUND }, { CLAIM_CLAIMED, ERR_OK },
		{ CLAIM_ALREADY, ERR_OK },
	};
	struct claim_row *rows;

	fleet_open();
	claimed(1, fleet_device_id(2));
	ck_ok(claim_many(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &claiming, lines, COUNT_OF(lines)));
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		ck_assert_int_eq(lines[i].outcome, want[i].o);
		ck_assert_int_eq(lines[i].code, want[i].c);
	}
	ck_assert_ptr_nonnull(lines[2].detail);
	ck_assert_ptr_null(lines[1].detail);
	ck_assert_uint_eq(history(0, NULL, 1, &rows), 2);
	ck_assert_str_eq(rows[1].group, "other");
	ck_assert_uint_eq(fleet_events(0, "device.claimed"), 2);
	fleet_close();
}
END_TEST

struct other_writer { atomic_bool stop; unsigned n_written; };

static struct err
write_meta(struct ctx *c, struct db_tx *tx, void *arg)
{
	(void)arg;
	return db_meta_put(c, tx, "k", "v");
}

static void *
keep_writing(void *arg)
{
	struct other_writer *w = arg;
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	while (!atomic_load(&w->stop)) {
		if (!failed(db_write(&root.cx, fleet.a.db, write_meta, NULL)))
			w->n_written++;
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

START_TEST(others_write_while_a_long_file_is_claimed)
{
	size_t n = 40 * OPERATION_BATCH + 1;
	struct claim_line *lines = arena_array(cx->arena, n, sizeof(*lines));
	struct other_writer other = { .stop = false };
	pthread_t thread;

	fleet_open();
	for (size_t i = 0; i < n; i++)
		lines[i].request.device_id = fleet_device_id((unsigned)i);
	ck_assert_int_eq(pthread_create(&thread, NULL, keep_writing, &other),
	    0);
	ck_ok(claim_many(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &claiming, lines, n));
	atomic_store(&other.stop, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(lines[i].outcome, CLAIM_CLAIMED);
	ck_assert_uint_ge(other.n_written, 10);
	fleet_close();
}
END_TEST

/* As of requests that read the time and then wait for one another. */
START_TEST(claims_follow_one_another_whatever_the_clock_says)
{
	struct claim_row *rows;

	fleet_open();
	claimed(0, HEX64);
	fleet.now_s -= 5;
	ck_ok(release(0, HEX64));
	ck_assert_uint_eq(history(0, HEX64, 0, &rows), 1);
	ck_assert_int_eq(rows[0].claimed_s, FLEET_NOW);
	ck_assert_int_eq(rows[0].released_s, FLEET_NOW);
	fleet.now_s -= 5;
	claimed(1, HEX64);
	ck_assert_uint_eq(history(1, HEX64, 1, &rows), 1);
	ck_assert_int_eq(rows[0].claimed_s, FLEET_NOW);
	fleet_close();
}
END_TEST

START_TEST(a_file_above_its_limit_is_refused_whole)
{
	size_t n = CLAIM_AT_ONCE_MAX + 1;
	struct claim_line *lines = arena_array(cx->arena, n, sizeof(*lines));
	struct claim_row *rows;

	fleet_open();
	lines[0].request.device_id = HEX64;
	ck_fails(claim_many(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &claiming, lines, n), ERR_TOO_LARGE);
	ck_assert_uint_eq(history(0, NULL, -1, &rows), 0);
	fleet_close();
}
END_TEST

UNIT_MAIN("claim",
    a_claim_is_exclusive_and_does_not_say_who_holds_it,
    an_own_claim_again_changes_nothing,
    labels_are_put_on_what_is_claimed_now,
    hardware_id_and_device_id_name_the_same_device,
    a_device_claimed_by_its_id_learns_its_hardware_id_from_its_owner,
    an_id_of_another_form_is_refused,
    what_is_released_is_free_and_leaves_only_history,
    a_banned_device_stays_with_its_tenant,
    each_line_of_many_has_its_own_outcome,
    others_write_while_a_long_file_is_claimed,
    claims_follow_one_another_whatever_the_clock_says,
    a_file_above_its_limit_is_refused_whole)
