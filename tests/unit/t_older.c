/* SPDX-License-Identifier: Apache-2.0 */
/* What a database of a release before keeps, and can do, after a migration that
 * no test of its subject has. */
#include "tests/unit/older_db.h"

#include "db/audit.h"
#include "db/ban.h"
#include "db/lapse.h"
#include "db/reference.h"
#include "db/token.h"
#include "db/webhook.h"

#define TENANT	7
/* A tenant with a group and a device. */
#define ROWS								\
	"INSERT INTO tenant (id, name, title, created_s) "		\
	"VALUES (7, 'acme', '', 1);"					\
	"INSERT INTO device_group (id, tenant, name, title, "		\
	"policy_version, created_s) VALUES (3, 7, 'default', '', 1, 1);" \
	"INSERT INTO device (id, tenant, device_id, device_group, state, " \
	"claimed_s) VALUES (5, 7, printf('%064x', 5), 3, 'active', 1);"

static struct db *
open_older(char *folder, const char *mark, const char *rows)
{
	return older_db(folder, mark, arena_printf(cx->arena, "%s%s", ROWS,
	    rows));
}

static const uint8_t hash[32];

/* --- the audit ---------------------------------------------------------- */

static struct err
audit(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct audit_chain chain = { .tenant_id = TENANT, .name = "acme",
	    .hash = SLICE_OF(hash) };
	struct audit_row row = { .seq = 1, .at_s = 9, .actor_kind = "operator",
	    .actor = "ops", .credential = "token:1", .action = "group.created",
	    .subject = "lab", .request_id = "", .trace = "",
	    .outcome = "done", .data = "{}", .hash = SLICE_OF(hash) };
	struct audit_filter any = { .from_s = INT64_MIN, .to_s = INT64_MAX,
	    .limit = 10 };
	struct audit_row *rows;
	int64_t *ids;
	size_t n, n_acme = 0;
	bool found;

	(void)arg;
	/* Nothing that was before is in it: its chain begins now. */
	TRY(db_audit_unbegun(c, tx, &ids, &n));
	for (size_t i = 0; i < n; i++)
		n_acme += ids[i] == TENANT;
	ck_assert_uint_eq(n_acme, 1);
	TRY(db_audit_begin(c, tx, &chain));
	TRY(db_audit_insert(c, tx, TENANT, &row));
	TRY(db_audit_chain(c, tx, TENANT, &chain, &found));
	ck_assert(found);
	ck_assert_uint_eq(chain.seq, 1);
	TRY(db_audit_list(c, tx, TENANT, &any, &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].actor, "ops");
	return OK;
}

START_TEST(a_database_from_before_the_audit_begins_its_chains)
{
	char folder[] = "/tmp/t_older.XXXXXX";
	struct db *db = open_older(folder, "TABLE audit_chain",
	    "INSERT INTO event (tenant, at_s, type, subject, actor, data) "
	    "VALUES (7, 1, 'group.created', 'x', 'y', '{}')");

	ck_ok(db_write(cx, db, audit, NULL));
	older_db_end(db, folder);
}
END_TEST

/* --- reference values ----------------------------------------------------- */

static struct err
reference(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct reference_set set = { .name = "good", .note = "",
	    .created_s = 1, .changed_by = "ops" };
	struct reference_value value = { .value = "1", .note = "",
	    .provenance = "p", .created_s = 1, .created_by = "ops" };
	const char *group = "";
	int64_t id;
	bool found;

	(void)arg;
	TRY(db_reference_set_get(c, tx, TENANT, "good", &set, &found));
	ck_assert(!found);
	TRY(db_reference_set_add(c, tx, TENANT, &set));
	TRY(db_reference_set_get(c, tx, TENANT, "good", &set, &found));
	ck_assert(found);
	TRY(db_reference_value_add(c, tx, TENANT, set.id, &value, &id));
	TRY(db_reference_value_find(c, tx, TENANT, "good", "1", &value,
	    &found));
	ck_assert(found);
	/* A policy of before names a set by the text that it always had. */
	TRY(db_reference_set_used(c, tx, TENANT, "%\"in_set\":\"good\"%",
	    &group));
	ck_assert_ptr_nonnull(group);
	ck_assert_str_eq(group, "default");
	return OK;
}

START_TEST(a_database_from_before_reference_values_takes_them)
{
	char folder[] = "/tmp/t_older.XXXXXX";
	struct db *db = open_older(folder, "TABLE reference_set",
	    "INSERT INTO policy (tenant, device_group, version, document, "
	    "created_s, created_by) VALUES (7, 3, 1, "
	    "'{\"rules\":[{\"claim\":\"format\",\"in_set\":\"good\"}]}', "
	    "1, 'ops')");

	ck_ok(db_write(cx, db, reference, NULL));
	older_db_end(db, folder);
}
END_TEST

/* --- webhooks ----------------------------------------------------------- */

static struct err
webhook(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct webhook_row row = { .tenant_id = TENANT, .url = "https://x/",
	    .types = "", .description = "", .kind = "hmac", .state = "active",
	    .sealed = SLICE_OF(hash), .created_s = 1, .created_by = "ops" };
	struct delivery_row delivery = { .type = "group.created", .at_s = 2,
	    .attempt = 1, .outcome = "answered", .excerpt = "" };
	struct webhook_row *rows;
	struct delivery_row *deliveries;
	size_t n;

	(void)arg;
	/* An event of before can be sent again. */
	TRY(db_event_before(c, tx, TENANT, 100, &delivery.event_id));
	ck_assert_int_gt(delivery.event_id, 0);
	TRY(db_webhook_insert(c, tx, &row, &row.id));
	TRY(db_webhook_active(c, tx, 0, 10, &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(rows[0].tenant_id, TENANT);
	TRY(db_delivery_add(c, tx, TENANT, row.id, 10, &delivery));
	TRY(db_delivery_list(c, tx, TENANT, row.id, 0, 10, &deliveries, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(deliveries[0].event_id, delivery.event_id);
	return db_webhook_delete(c, tx, TENANT, row.id);
}

START_TEST(a_database_from_before_webhooks_takes_them)
{
	char folder[] = "/tmp/t_older.XXXXXX";
	struct db *db = open_older(folder, "TABLE webhook ",
	    "INSERT INTO event (tenant, at_s, type, subject, actor, data) "
	    "VALUES (7, 1, 'group.created', 'x', 'y', '{}')");

	ck_ok(db_write(cx, db, webhook, NULL));
	older_db_end(db, folder);
}
END_TEST

/* --- certificates that lapse -------------------------------------------- */

static struct err
lapse(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct lapse_mark *marks, mark;
	struct lapse_row *rows;
	size_t n;

	(void)arg;
	TRY(db_lapse_tenants(c, tx, TENANT - 1, 10, &marks, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(marks[0].end_s, 0);
	TRY(db_lapse_list(c, tx, &marks[0], 2000, 10, &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(rows[0].device, 5);
	ck_assert_int_eq(rows[0].end_s, 1000);
	mark = (struct lapse_mark){ TENANT, rows[0].end_s, rows[0].device };
	TRY(db_lapse_told(c, tx, &mark));
	TRY(db_lapse_list(c, tx, &mark, 2000, 10, &rows, &n));
	ck_assert_uint_eq(n, 0);
	return OK;
}

START_TEST(devices_of_before_are_told_to_lapse_once)
{
	char folder[] = "/tmp/t_older.XXXXXX";
	struct db *db = open_older(folder, "TABLE lapse_told",
	    "UPDATE device SET certificate_end_s = 1000");

	ck_ok(db_write(cx, db, lapse, NULL));
	older_db_end(db, folder);
}
END_TEST

/* --- bans by rule; certificates of operators ------------------------------ */

static struct err
ban(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct ban_row row = { .tenant_id = TENANT, .match = "{}",
	    .action = "ban", .created_s = 1, .created_by = "ops" };
	struct ban_row *active = arena_array(c->arena, BANS_ACTIVE_MAX,
	    sizeof(*active));
	struct device_row device;
	bool found;
	size_t n;

	(void)arg;
	TRY(db_device_by_id(c, tx, arena_printf(c->arena, "%064x", 5),
	    &device, &found));
	ck_assert(found);
	ck_assert_int_eq(device.state, DEVICE_BANNED);
	TRY(db_ban_add(c, tx, &row, &row.id));
	TRY(db_ban_active(c, tx, TENANT, active, &n));
	ck_assert_uint_eq(n, 1);
	return OK;
}

START_TEST(a_device_that_was_banned_by_hand_before_stays_so)
{
	char folder[] = "/tmp/t_older.XXXXXX";
	struct db *db = open_older(folder, "TABLE ban_rule",
	    "UPDATE device SET state = 'banned', banned_s = 1");

	ck_ok(db_write(cx, db, ban, NULL));
	older_db_end(db, folder);
}
END_TEST

static struct err
certificate(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct db_token token;

	(void)arg;
	TRY(db_token_by_hash(c, tx, SLICE("\1", 1), &token));
	ck_assert_str_eq(token.name, "ops");
	ck_assert_ptr_null(token.certificate);
	ck_fails(db_token_by_certificate(c, tx, "sha256:00", &token),
	    ERR_NOT_FOUND);
	ctx_forget(c);
	return OK;
}

START_TEST(a_token_of_before_is_of_no_certificate)
{
	char folder[] = "/tmp/t_older.XXXXXX";
	struct db *db = open_older(folder, "certificate TEXT",
	    "INSERT INTO token (name, role, hash, person, lineage, created_s) "
	    "VALUES ('ops', 'admin', x'01', 'ops', '', 1)");

	ck_ok(db_read(cx, db, certificate, NULL));
	older_db_end(db, folder);
}
END_TEST

UNIT_MAIN("older databases",
    a_database_from_before_the_audit_begins_its_chains,
    a_database_from_before_reference_values_takes_them,
    a_database_from_before_webhooks_takes_them,
    devices_of_before_are_told_to_lapse_once,
    a_device_that_was_banned_by_hand_before_stays_so,
    a_token_of_before_is_of_no_certificate)
