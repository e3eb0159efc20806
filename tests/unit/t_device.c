/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, certificates, and the records that enrolment keeps of them. */
#include "tests/unit/fleet.h"

#include "authority/certificate.h"
#include "authority/claim.h"
#include "authority/device.h"
#include "authority/device_label.h"
#include "db/crl.h"
#include "db/nonce.h"

#define DAY	86400

static void
claim(unsigned tenant, const char *device_id, const char *group)
{
	struct claim_request request = { .device_id = device_id, .group = group };
	struct claim_result result;

	ck_ok(claim_make(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &request, &result));
}

static struct device_view
view(unsigned tenant, const char *device_id)
{
	struct device_view v;

	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[tenant], device_id,
	    &v));
	return v;
}

static struct err
ban(unsigned tenant, const char *device_id, struct device_view *out)
{
	struct device_change change = { .device_id = device_id,
	    .reason = "stolen" };

	return device_ban(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &change, out);
}

static struct err
unban(unsigned tenant, const char *device_id, struct device_view *out)
{
	struct device_change change = { .device_id = device_id };

	return device_unban(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &change, out);
}

static const char *
serial_of(uint8_t byte)
{
	uint8_t serial[16];

	memset(serial, byte, sizeof(serial));
	return text_hex(cx->arena, SLICE_OF(serial));
}

static struct err
revoke_one(unsigned tenant, uint8_t serial, enum revoke_reason reason,
    struct certificate_row *out)
{
	struct certificate_change change = { serial_of(serial), reason };

	return certificate_revoke(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &change, out);
}

static struct certificate_row
certificate(unsigned tenant, uint8_t serial)
{
	struct certificate_row row;

	ck_ok(certificate_get(cx, &fleet.a, &fleet.tenants[tenant],
	    serial_of(serial), &row));
	return row;
}

/* --- looking at devices ------------------------------------------------ */

START_TEST(another_tenants_device_is_not_there)
{
	struct device_change move = { .device_id = fleet_device_id(1),
	    .group = "other" };
	struct device_view out;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	ck_fails(device_get(cx, &fleet.a, &fleet.tenants[1],
	    fleet_device_id(1), &out), ERR_NOT_FOUND);
	ck_fails(ban(1, fleet_device_id(1), &out), ERR_NOT_FOUND);
	ck_fails(unban(1, fleet_device_id(1), &out), ERR_NOT_FOUND);
	ck_fails(device_update(cx, &fleet.a, &fleet.tenants[1],
	    &fleet.owners[1], &move, &out), ERR_NOT_FOUND);
	ck_assert_int_eq(view(0, fleet_device_id(1)).device.state,
	    DEVICE_CLAIMED);
	fleet_close();
}
END_TEST

START_TEST(a_move_changes_the_group_and_says_so_once)
{
	struct device_change move = { .device_id = fleet_device_id(1),
	    .group = "other" };
	struct device_view out;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	for (int i = 0; i < 2; i++) {
		ck_ok(device_update(cx, &fleet.a, &fleet.tenants[0],
		    &fleet.owners[0], &move, &out));
		ck_assert_str_eq(out.group, "other");
	}
	ck_assert_uint_eq(fleet_events(0, "device.moved"), 1);
	move.group = "none";
	ck_fails(device_update(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &move, &out), ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

/* --- bans -------------------------------------------------------------- */

START_TEST(a_ban_revokes_what_has_not_expired_and_only_of_that_device)
{
	const char *one = fleet_device_id(1), *two = fleet_device_id(2);
	struct device_view out;

	fleet_open();
	claim(0, one, NULL);
	claim(0, two, NULL);
	(void)fleet_enroll(0, one, 0x11, FLEET_NOW + 10);
	(void)fleet_enroll(0, one, 0x12, FLEET_NOW + 60);
	(void)fleet_enroll(0, one, 0x13, FLEET_NOW + DAY);
	(void)fleet_enroll(0, two, 0x14, FLEET_NOW + DAY);
	fleet.now_s += 60;
	ck_ok(ban(0, one, &out));
	ck_assert_int_eq(out.device.state, DEVICE_BANNED);
	ck_assert_str_eq(out.device.ban_reason, "stolen");
	ck_assert_int_eq(out.device.banned_s, FLEET_NOW + 60);
	ck_assert_int_eq(out.revoked_s, FLEET_NOW + 60);
	ck_assert_int_eq(certificate(0, 0x11).revoked_s, 0);
	/* notAfter is the last second of validity (RFC 5280, 4.1.2.5). */
	ck_assert_int_eq(certificate(0, 0x12).revoked_s, FLEET_NOW + 60);
	ck_assert_int_eq(certificate(0, 0x13).revoke_reason,
	    REVOKE_PRIVILEGE_WITHDRAWN);
	ck_assert_int_eq(certificate(0, 0x14).revoked_s, 0);
	fleet_close();
}
END_TEST

START_TEST(a_ban_again_changes_nothing_and_its_end_gives_the_old_state)
{
	const char *one = fleet_device_id(1), *two = fleet_device_id(2);
	struct device_view out;

	fleet_open();
	claim(0, one, NULL);
	claim(0, two, NULL);
	(void)fleet_enroll(0, one, 0x11, FLEET_NOW + DAY);
	ck_ok(ban(0, one, &out));
	ck_ok(ban(0, two, &out));
	fleet.now_s += 60;
	ck_ok(ban(0, one, &out));
	ck_assert_int_eq(out.device.banned_s, FLEET_NOW);
	ck_assert_uint_eq(fleet_events(0, "device.banned"), 2);

	for (int i = 0; i < 2; i++) {
		ck_ok(unban(0, one, &out));
		ck_assert_int_eq(out.device.state, DEVICE_ACTIVE);
		ck_assert_ptr_null(out.device.ban_reason);
	}
	ck_assert_int_eq(certificate(0, 0x11).revoked_s, FLEET_NOW);
	ck_ok(unban(0, two, &out));
	ck_assert_int_eq(out.device.state, DEVICE_CLAIMED);
	ck_assert_uint_eq(fleet_events(0, "device.unbanned"), 2);
	fleet_close();
}
END_TEST

/* --- certificates ------------------------------------------------------ */

START_TEST(what_is_revoked_stays_so_with_its_first_reason)
{
	struct certificate_row row;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	(void)fleet_enroll(0, fleet_device_id(1), 0x11, FLEET_NOW + DAY);
	fleet.now_s += 60;
	ck_ok(revoke_one(0, 0x11, REVOKE_KEY_COMPROMISE, &row));
	ck_assert_int_eq(row.revoked_s, FLEET_NOW + 60);
	fleet.now_s += 60;
	ck_ok(revoke_one(0, 0x11, REVOKE_SUPERSEDED, &row));
	ck_assert_int_eq(row.revoked_s, FLEET_NOW + 60);
	ck_assert_int_eq(certificate(0, 0x11).revoke_reason,
	    REVOKE_KEY_COMPROMISE);
	ck_assert_uint_eq(fleet_events(0, "certificate.revoked"), 1);
	fleet_close();
}
END_TEST

START_TEST(what_has_expired_or_is_not_there_cannot_be_revoked)
{
	struct certificate_change change = { "zz", REVOKE_UNSPECIFIED };
	struct certificate_row row;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	(void)fleet_enroll(0, fleet_device_id(1), 0x11, FLEET_NOW + 10);
	ck_fails(revoke_one(1, 0x11, REVOKE_UNSPECIFIED, &row), ERR_NOT_FOUND);
	ck_fails(revoke_one(0, 0x12, REVOKE_UNSPECIFIED, &row), ERR_NOT_FOUND);
	ck_fails(certificate_revoke(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &change, &row), ERR_NOT_FOUND);
	fleet.now_s += 11;
	ck_fails(revoke_one(0, 0x11, REVOKE_UNSPECIFIED, &row), ERR_CONFLICT);
	ck_assert_int_eq(certificate(0, 0x11).revoked_s, 0);
	fleet_close();
}
END_TEST

struct revoked_of {
	struct crl_key		 key;
	int64_t			 since_s;
	struct revoked_row	*rows;
	size_t			 n;
};

static struct err
revoked_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct revoked_of *r = arg;

	return db_crl_entries(c, tx, &r->key, r->since_s, &r->rows, &r->n);
}

START_TEST(a_crl_keeps_an_entry_one_period_past_its_expiry)
{
	struct revoked_of r = { .since_s = FLEET_NOW + 10 };
	struct certificate_row row;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	claim(1, fleet_device_id(2), NULL);
	(void)fleet_enroll(0, fleet_device_id(1), 0x11, FLEET_NOW + 10);
	(void)fleet_enroll(0, fleet_device_id(1), 0x12, FLEET_NOW + DAY);
	(void)fleet_enroll(0, fleet_device_id(1), 0x13, FLEET_NOW + DAY);
	(void)fleet_enroll(1, fleet_device_id(2), 0x14, FLEET_NOW + DAY);
	ck_ok(revoke_one(0, 0x11, REVOKE_KEY_COMPROMISE, &row));
	ck_ok(revoke_one(0, 0x12, REVOKE_UNSPECIFIED, &row));
	ck_ok(revoke_one(1, 0x14, REVOKE_UNSPECIFIED, &row));
	r.key = (struct crl_key){ fleet.tenants[0].id, fleet.cas[0],
	    CRL_COMPLETE };
	ck_ok(db_read(cx, fleet.a.db, revoked_work, &r));
	ck_assert_uint_eq(r.n, 2);
	ck_assert_int_eq(r.rows[0].reason, REVOKE_KEY_COMPROMISE);
	ck_assert_int_eq(r.rows[1].reason, REVOKE_UNSPECIFIED);
	ck_assert_uint_eq(r.rows[1].serial.p[15], 0x12);
	r.since_s++;
	ck_ok(db_read(cx, fleet.a.db, revoked_work, &r));
	ck_assert_uint_eq(r.n, 1);
	fleet_close();
}
END_TEST

START_TEST(certificates_are_listed_by_device_and_by_revocation)
{
	struct certificate_filter filter = { .revoked = -1, .limit = 100 };
	struct certificate_row *rows, row;
	size_t n;

	fleet_open();
	for (unsigned i = 1; i <= 3; i++) {
		claim(0, fleet_device_id(i), NULL);
		(void)fleet_enroll(0, fleet_device_id(i), (uint8_t)i,
		    FLEET_NOW + DAY);
	}
	ck_ok(revoke_one(0, 2, REVOKE_UNSPECIFIED, &row));
	static const struct { int revoked; unsigned device; size_t n; }
	    cases[] = {
		{ -1, 0, 3 }, { 0, 0, 2 }, { 1, 0, 1 }, { -1, 2, 1 },
		{ 0, 2, 0 }, { 1, 2, 1 }, { 1, 3, 0 }, { -1, 9, 0 },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		filter.revoked = cases[i].revoked;
		filter.device_id = cases[i].device == 0 ? NULL :
		    fleet_device_id(cases[i].device);
		ck_ok(certificate_list(cx, &fleet.a, &fleet.tenants[0],
		    &filter, &rows, &n, &(int64_t){ 0 }));
		ck_assert_uint_eq(n, cases[i].n);
		ck_ok(certificate_list(cx, &fleet.a, &fleet.tenants[1],
		    &filter, &rows, &n, &(int64_t){ 0 }));
		ck_assert_uint_eq(n, 0);
	}
	fleet_close();
}
END_TEST

START_TEST(each_reason_has_a_name_and_each_name_a_reason)
{
	static const char *const names[] = { "unspecified", "keyCompromise",
	    "affiliationChanged", "superseded", "cessationOfOperation",
	    "privilegeWithdrawn" };
	enum revoke_reason reason;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ck_assert(certificate_reason_find(names[i], &reason));
		ck_assert_str_eq(certificate_reason_name((int)reason),
		    names[i]);
	}
	/* Not of an end entity, or not for ever (RFC 5280, 5.3.1). */
	ck_assert(!certificate_reason_find("cACompromise", &reason));
	ck_assert(!certificate_reason_find("certificateHold", &reason));
	ck_assert(!certificate_reason_find("removeFromCRL", &reason));
}
END_TEST

/* --- records of enrolment ---------------------------------------------- */

START_TEST(a_ca_uses_a_serial_once_and_two_cas_each_may)
{
	struct fleet_enrolled e;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	claim(1, fleet_device_id(2), NULL);
	e = fleet_enroll(0, fleet_device_id(1), 0x11, FLEET_NOW + DAY);
	ck_fails(db_write(cx, fleet.a.db, fleet_enroll_work, &e), ERR_EXISTS);
	(void)fleet_enroll(1, fleet_device_id(2), 0x11, FLEET_NOW + DAY);
	ck_assert_str_eq(certificate(0, 0x11).device_id, fleet_device_id(1));
	ck_assert_str_eq(certificate(1, 0x11).device_id, fleet_device_id(2));
	fleet_close();
}
END_TEST

struct client {
	int64_t			 ca;
	uint8_t			 serial[16];
	struct certificate_row	 row;
	struct device_row	 device;
	bool			 found;
};

static struct err
client_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct client *client = arg;

	return db_certificate_client(c, tx, client->ca,
	    SLICE_OF(client->serial), &client->row, &client->device,
	    &client->found);
}

START_TEST(a_client_is_found_with_its_device_whatever_became_of_them)
{
	struct client client;
	struct device_view out;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	(void)fleet_enroll(0, fleet_device_id(1), 0x11, FLEET_NOW + DAY);
	ck_ok(ban(0, fleet_device_id(1), &out));
	client = (struct client){ .ca = fleet.cas[0] };
	memset(client.serial, 0x11, sizeof(client.serial));
	ck_ok(db_read(cx, fleet.a.db, client_work, &client));
	ck_assert(client.found);
	ck_assert_int_eq(client.row.tenant_id, fleet.tenants[0].id);
	ck_assert_int_eq(client.row.revoked_s, FLEET_NOW);
	ck_assert(slice_equal(client.row.der, slice_text("der")));
	ck_assert_int_eq(client.device.state, DEVICE_BANNED);
	ck_assert_int_eq(client.device.tenant_id, fleet.tenants[0].id);

	client.ca = fleet.cas[1];
	ck_ok(db_read(cx, fleet.a.db, client_work, &client));
	ck_assert(!client.found);
	fleet_close();
}
END_TEST

struct nonce { uint8_t nonce[32]; int64_t before_s, n; };

static struct err
nonce_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct nonce *n = arg;

	return db_nonce_use(c, tx, SLICE_OF(n->nonce), FLEET_NOW + 60);
}

static struct err
prune_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct nonce *n = arg;

	return db_nonce_prune(c, tx, n->before_s, &n->n);
}

START_TEST(a_nonce_is_used_once_and_forgotten_after_it_expired)
{
	struct nonce n = { .nonce = { 1 }, .before_s = FLEET_NOW + 60 };

	fleet_open();
	ck_ok(db_write(cx, fleet.a.db, nonce_work, &n));
	ck_fails(db_write(cx, fleet.a.db, nonce_work, &n), ERR_NONCE_USED);
	ck_ok(db_write(cx, fleet.a.db, prune_work, &n));
	ck_assert_int_eq(n.n, 0);
	ck_fails(db_write(cx, fleet.a.db, nonce_work, &n), ERR_NONCE_USED);
	n.before_s++;
	ck_ok(db_write(cx, fleet.a.db, prune_work, &n));
	ck_assert_int_eq(n.n, 1);
	fleet_close();
}
END_TEST

struct put { int64_t device; struct attestation_row row; };

static struct err
put_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct put *p = arg;

	return db_attestation_put(c, tx, fleet.tenants[0].id, p->device,
	    &p->row);
}

static struct err
put(int64_t device, const char *ak, int64_t reset, int64_t restart,
    int64_t clock_ms)
{
	struct put p = { device, {
		.at_s = FLEET_NOW, .format = "tpm2", .verdict = "affirming",
		.vector = SLICE("\x02\0\0\0\0\0\0", 8),
		.policy_group = "default", .policy_sha256 = SLICE("h", 1),
		.claims = "{}", .evidence_sha256 = SLICE("e", 1),
		.policy_version = 1, .ak_name = slice_text(ak),
		.has_counters = reset >= 0, .reset_count = reset,
		.restart_count = restart, .clock_ms = clock_ms,
	} };

	return db_write(cx, fleet.a.db, put_work, &p);
}

START_TEST(a_tpm_never_goes_back_in_its_own_time)
{
	int64_t d;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	d = view(0, fleet_device_id(1)).device.id;
	ck_ok(put(d, "ak", 5, 2, 1000));
	ck_ok(put(d, "ak", 5, 2, 1000));
	ck_fails(put(d, "ak", 5, 2, 999), ERR_EV_ROLLED_BACK);
	ck_fails(put(d, "ak", 5, 1, 2000), ERR_EV_ROLLED_BACK);
	ck_fails(put(d, "ak", 4, 9, 2000), ERR_EV_ROLLED_BACK);
	ck_ok(put(d, "ak", 5, 3, 10));	/* suspended and resumed */
	ck_ok(put(d, "ak", 6, 0, 5));	/* started anew */
	ck_fails(put(d, "ak", 5, 3, 9999), ERR_EV_ROLLED_BACK);
	ck_ok(put(d, "new", 0, 0, 1));	/* cleared: another AK */
	ck_ok(put(d, "", -1, 0, 0));	/* another format */
	fleet_close();
}
END_TEST

struct binding { int64_t device; const char *hardware_id; };

static struct err
bind_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct binding *b = arg;

	return db_device_bind_hardware(c, tx, b->device, b->hardware_id);
}

START_TEST(a_device_has_one_hardware_id_and_it_has_one_device)
{
	struct binding b = { .hardware_id = "key:1" };

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	claim(0, fleet_device_id(2), NULL);
	b.device = view(0, fleet_device_id(1)).device.id;
	ck_ok(db_write(cx, fleet.a.db, bind_work, &b));
	ck_ok(db_write(cx, fleet.a.db, bind_work, &b));
	b.hardware_id = "key:2";
	ck_fails(db_write(cx, fleet.a.db, bind_work, &b), ERR_CONFLICT);
	b = (struct binding){ view(0, fleet_device_id(2)).device.id, "key:1" };
	ck_fails(db_write(cx, fleet.a.db, bind_work, &b), ERR_EXISTS);
	fleet_close();
}
END_TEST

struct refusing { size_t tenant; int64_t device; };

static struct err
refuse_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct refusing *r = arg;

	return db_device_refused(c, tx, fleet.tenants[r->tenant].id,
	    r->device, &(struct device_refused){ "policy.measurement",
	    "pcr.sha256.7", fleet.now_s, { false, 0 } });
}

START_TEST(a_refusal_is_kept_until_the_next_enrolment)
{
	struct refusing r = { .tenant = 1 };
	struct device_view v;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	r.device = view(0, fleet_device_id(1)).device.id;
	/* By a tenant that had it when the decision was made. */
	ck_ok(db_write(cx, fleet.a.db, refuse_work, &r));
	v = view(0, fleet_device_id(1));
	ck_assert_ptr_null(v.device.last_refusal);
	r.tenant = 0;
	ck_ok(db_write(cx, fleet.a.db, refuse_work, &r));
	v = view(0, fleet_device_id(1));
	ck_assert_str_eq(v.device.last_refusal, "policy.measurement");
	ck_assert_str_eq(v.device.last_refusal_detail, "pcr.sha256.7");
	ck_assert_int_eq(v.device.last_seen_s, 0);
	(void)fleet_enroll(0, fleet_device_id(1), 0x11, FLEET_NOW + DAY);
	v = view(0, fleet_device_id(1));
	ck_assert_ptr_null(v.device.last_refusal);
	ck_assert_int_eq(v.device.last_seen_s, FLEET_NOW);
	fleet_close();
}
END_TEST

/* --- labels ------------------------------------------------------------- */

static struct err
relabel(const char *patch, const char **out)
{
	struct device_change change = { .device_id = fleet_device_id(1) };
	struct device_view v;
	json_t *json;

	ck_ok(json_parse(cx, slice_text(patch), &json));
	change.labels = json;
	TRY(device_update(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &change, &v));
	*out = v.labels;
	return OK;
}

START_TEST(labels_are_merged_and_each_change_is_told_once)
{
	const char *labels;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	ck_ok(relabel("{\"site\":\"berlin\",\"line\":\"7\"}", &labels));
	ck_assert_str_eq(labels, "{\"site\":\"berlin\",\"line\":\"7\"}");
	ck_ok(relabel("{\"line\":null,\"x\":null,\"a/b\":\"\"}", &labels));
	ck_assert_str_eq(labels, "{\"site\":\"berlin\",\"a/b\":\"\"}");
	ck_ok(relabel("{\"site\":\"berlin\"}", &labels));
	ck_ok(relabel("{}", &labels));
	ck_assert_uint_eq(fleet_events(0, "device.labelled"), 2);
	ck_ok(relabel("{\"site\":null,\"a/b\":null}", &labels));
	ck_assert_ptr_null(labels);
	ck_assert_uint_eq(fleet_events(0, "device.labelled"), 3);
	fleet_close();
}
END_TEST

START_TEST(a_label_that_is_none_is_refused_and_nothing_is_changed)
{
	static const char *const bad[] = {
		"[]", "{\"\":\"a\"}", "{\"A\":\"a\"}", "{\"a b\":\"a\"}",
		"{\"-a\":\"a\"}", "{\"a.\":\"a\"}", "{\"a\":1}",
		"{\"a\":\"b,c\"}", "{\"a\":\"b\\n\"}", "{\"a=b\":\"c\"}",
		"{\"ok\":\"1\",\"NO\":\"1\"}",
	};
	const char *labels, *many = "{";

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_fails(relabel(bad[i], &labels), ERR_FIELD);
	for (unsigned i = 0; i < DEVICE_LABELS_MAX; i++)
		many = arena_printf(cx->arena, "%s\"n%u\":\"\",", many, i);
	ck_fails(relabel(arena_printf(cx->arena, "{\"a\":\"%0*d\"}",
	    (int)DEVICE_LABEL_VALUE_MAX + 1, 0), &labels), ERR_FIELD);
	ck_fails(relabel(arena_printf(cx->arena, "{\"%0*d\":\"\"}",
	    (int)DEVICE_LABEL_MAX + 1, 0), &labels), ERR_FIELD);
	ck_fails(relabel(arena_printf(cx->arena, "%s\"over\":\"\"}", many),
	    &labels), ERR_FIELD);
	ck_assert_ptr_null(view(0, fleet_device_id(1)).labels);
	ck_assert_uint_eq(fleet_events(0, "device.labelled"), 0);
	ck_ok(relabel(arena_printf(cx->arena, "{\"%0*d\":\"%0*d\"}",
	    (int)DEVICE_LABEL_MAX, 0, (int)DEVICE_LABEL_VALUE_MAX, 0),
	    &labels));
	ck_fails(relabel(arena_printf(cx->arena, "%.*s}",
	    (int)strlen(many) - 1, many), &labels), ERR_FIELD);
	fleet_close();
}
END_TEST

/* --- what the records themselves hold ---------------------------------- */

struct step { int64_t device, certificate; bool changed; };

static struct err
take_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct step *s = arg;

	return db_device_take(c, tx, fleet.tenants[1].id, s->device, 1,
	    fleet.now_s);
}

START_TEST(a_device_that_somebody_has_cannot_be_taken)
{
	struct step s;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	s.device = view(0, fleet_device_id(1)).device.id;
	ck_fails(db_write(cx, fleet.a.db, take_work, &s), ERR_CONFLICT);
	ck_assert_str_eq(view(0, fleet_device_id(1)).group, "default");
	fleet_close();
}
END_TEST

START_TEST(an_enrolment_that_a_ban_overtook_lifts_no_ban)
{
	struct device_view out;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	ck_ok(ban(0, fleet_device_id(1), &out));
	(void)fleet_enroll(0, fleet_device_id(1), 0x11, FLEET_NOW + DAY);
	ck_assert_int_eq(view(0, fleet_device_id(1)).device.state,
	    DEVICE_BANNED);
	fleet_close();
}
END_TEST

static struct err
revoke_again_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct step *s = arg;

	return db_certificate_revoke(c, tx, fleet.tenants[0].id,
	    s->certificate, REVOKE_UNSPECIFIED, fleet.now_s, &s->changed);
}

START_TEST(the_record_of_a_revocation_is_written_once)
{
	struct step s = { .changed = true };
	struct certificate_row row;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	s.certificate = fleet_enroll(0, fleet_device_id(1), 0x11,
	    FLEET_NOW + DAY).certificate;
	ck_ok(revoke_one(0, 0x11, REVOKE_KEY_COMPROMISE, &row));
	fleet.now_s++;
	ck_ok(db_write(cx, fleet.a.db, revoke_again_work, &s));
	ck_assert(!s.changed);
	ck_assert_int_eq(certificate(0, 0x11).revoked_s, FLEET_NOW);
	fleet_close();
}
END_TEST

static struct err
set_ak_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct step *s = arg;

	return db_device_attested(c, tx, fleet.tenants[0].id, s->device,
	    slice_text("ak"), NULL);
}

START_TEST(who_takes_a_device_back_begins_anew)
{
	struct device_view v;
	struct step s;

	fleet_open();
	claim(0, fleet_device_id(1), NULL);
	s.device = fleet_enroll(0, fleet_device_id(1), 0x11,
	    FLEET_NOW + DAY).device;
	ck_ok(db_write(cx, fleet.a.db, set_ak_work, &s));
	ck_assert_uint_eq(view(0, fleet_device_id(1)).device.ak_name.n, 2);
	ck_ok(claim_release(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], fleet_device_id(1), NULL));
	claim(0, fleet_device_id(1), "other");
	v = view(0, fleet_device_id(1));
	ck_assert_int_eq(v.device.id, s.device);
	ck_assert_int_eq(v.device.state, DEVICE_CLAIMED);
	ck_assert_uint_eq(v.device.ak_name.n, 0);
	ck_assert_int_eq(v.attested_s, 0);
	fleet_close();
}
END_TEST

UNIT_MAIN("device",
    another_tenants_device_is_not_there,
    a_move_changes_the_group_and_says_so_once,
    a_ban_revokes_what_has_not_expired_and_only_of_that_device,
    a_ban_again_changes_nothing_and_its_end_gives_the_old_state,
    what_is_revoked_stays_so_with_its_first_reason,
    what_has_expired_or_is_not_there_cannot_be_revoked,
    a_crl_keeps_an_entry_one_period_past_its_expiry,
    certificates_are_listed_by_device_and_by_revocation,
    each_reason_has_a_name_and_each_name_a_reason,
    a_ca_uses_a_serial_once_and_two_cas_each_may,
    a_client_is_found_with_its_device_whatever_became_of_them,
    a_nonce_is_used_once_and_forgotten_after_it_expired,
    a_tpm_never_goes_back_in_its_own_time,
    a_device_has_one_hardware_id_and_it_has_one_device,
    a_refusal_is_kept_until_the_next_enrolment,
    labels_are_merged_and_each_change_is_told_once,
    a_label_that_is_none_is_refused_and_nothing_is_changed,
    a_device_that_somebody_has_cannot_be_taken,
    an_enrolment_that_a_ban_overtook_lifts_no_ban,
    the_record_of_a_revocation_is_written_once,
    who_takes_a_device_back_begins_anew)
