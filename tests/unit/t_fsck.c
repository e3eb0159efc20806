/* SPDX-License-Identifier: Apache-2.0 */
/* What fsck finds: nothing in what is sound, and each fault by its name. */
#include "tests/unit/leaves.h"

#include <unistd.h>

#include "authority/audit.h"
#include "authority/crls.h"
#include "authority/fsck.h"
#include "authority/group.h"
#include "authority/issuers.h"
#include "authority/signer.h"
#include "tests/unit/sql.h"

#define NAMES_MAX	4096u

struct found { char names[NAMES_MAX]; char what[NAMES_MAX]; };

static void
note(void *arg, const struct db_finding *finding)
{
	struct found *found = arg;
	size_t n = strlen(found->names);

	(void)snprintf(found->names + n, sizeof(found->names) - n, " %s",
	    finding->check);
	(void)snprintf(found->what, sizeof(found->what), "%s", finding->what);
}

static void
take_journal(struct fsck *f)
{
	struct order order = { .type = ORDER_READ_JOURNAL };
	struct answer answer;
	uint64_t from = 1;

	ck_ok(fsck_journal_begin(cx, f));
	do {
		order.read_journal.from = from;
		ck_ok(signer_call(cx, realm->authority->signer, &order,
		    &answer));
		ck_ok(fsck_journal_take(cx, f, answer.entries,
		    answer.n_entries));
		if (answer.n_entries > 0)
			from = answer.entries[answer.n_entries - 1].seq + 1;
	} while (answer.n_entries > 0);
	ck_ok(fsck_journal_end(cx, f));
}

/* Both, on the database at path. */
static struct found
check(const char *path)
{
	const struct db_conf conf = { .path = path, .n_readers = 1,
	    .read_only = true };
	struct found found = { .names = "" };
	struct fsck *f;
	struct db *db;

	ck_ok(db_open(cx, &conf, &db));
	ck_ok(fsck_open(cx, db, note, &found, &f));
	ck_ok(fsck_database(cx, f));
	take_journal(f);
	fsck_close(f);
	db_close(db);
	return found;
}

static void
forget(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < COUNT_OF(ends); i++)
		(void)unlink(arena_printf(cx->arena, "%s%s", path, ends[i]));
}

/* A claimed device, which no other table needs to know. */
#define A_DEVICE(tenant)						\
	"INSERT INTO device_group (tenant, name, title, "		\
	"policy_version, created_s) VALUES (" tenant ", 'g', '', 1, 1);" \
	"INSERT INTO device (tenant, device_id, device_group, state) "	\
	"SELECT tenant, 'd', id, 'claimed' FROM device_group "		\
	"WHERE name = 'g';"						\
	"INSERT INTO claim (tenant, device_id, device_group, claimed_s, "	\
	"claimed_by) SELECT tenant, 'd', id, 1, 'x' FROM device_group "	\
	"WHERE name = 'g';"
/* One that is done with, between the two tenants, and of its device a claim. */
#define A_TRANSFER(state)						\
	A_DEVICE(TENANT_A)						\
	"INSERT INTO transfer (id, handle, tenant, to_tenant, from_name, " \
	"to_name, device_id, state, needs_evidence, offered_s, offered_by, " \
	"expires_s, undo_s, to_group, accepted_s, done_s) VALUES "	\
	"(7, 'h', " TENANT_A ", 1, 'a', 'b', 'd', '" state "', 0, 1, 'x', " \
	"9, 9, 1, 1, 1);"
/* An error event in a group that counts none. */
#define AN_EVENT							\
	"INSERT INTO report_group (id, tenant, signature, event_type, event_class, "	\
	"event_category, description, state, events, occurrences, devices, "	\
	"first_s, last_s, first_device, spike_day, revision, note) VALUES "	\
	"(1, 1, x'00', 'T', 'C', 'K', '', 'open', 0, 0, 0, 1, 1, 'd', 0, 1, '');" \
	"INSERT INTO error_report (id, tenant, device_id, report_id, "		\
	"received_s, accepted, dropped) VALUES (1, 1, 'd', 'r', 1, 1, 0);"	\
	"INSERT INTO error_event (tenant, report, device_id, event_type, "	\
	"event_class, event_category, event_count, description, start_s, "	\
	"end_s, report_group) VALUES (1, 1, 'd', 'T', 'C', 'K', 1, '', 1, 1, 1);"
#define TENANT_A "(SELECT id FROM tenant WHERE name = 'tenant-a')"
#define ISSUING	"(SELECT id FROM ca WHERE role = 'issuing' LIMIT 1)"

/* A last byte that is another. */
#define OTHER_THAN(column) "CASE hex(substr(" column ", -1)) WHEN '00' THEN " \
	"x'01' ELSE x'00' END"
#define AUDIT_OPEN "DROP TRIGGER audit_stays; DROP TRIGGER audit_is_kept; "
/* The tail of each chain, with what says how long it is. */
#define AUDIT_CUT "DELETE FROM audit WHERE seq > 2; UPDATE audit_chain SET "\
	"seq = 2, hash = (SELECT hash FROM audit WHERE "			\
	"audit.tenant = audit_chain.tenant AND seq = 2) WHERE seq > 2"

#define AN_OPERATION(state, items, done)				\
	"INSERT INTO operation (id, name, kind, state, params, items, "	\
	"done, created_s, created_by) VALUES (1, 'o', 'claim', '" state "', " \
	"'{}', " #items ", " #done ", 1, 'x'); "
#define AN_INPUT							\
	"INSERT INTO operation_input (operation, first, n, body) "	\
	"VALUES (1, 0, 1, x'00')"

static const struct { const char *sql, *check; } faults[] = {
	{ A_DEVICE(TENANT_A) "DROP INDEX claim_one; INSERT INTO claim "
	    "(tenant, device_id, device_group, claimed_s, claimed_by) "
	    "SELECT tenant, device_id, device_group, 2, 'x' FROM claim",
	    "claim_one" },
	{ A_DEVICE(TENANT_A) "UPDATE claim SET tenant = 1", "claim_device" },
	{ AN_OPERATION("running", 2, 1) AN_INPUT, "operation_done" },
	{ AN_OPERATION("queued", 2, 0) AN_INPUT, "operation_input" },
	{ AN_OPERATION("done", 1, 1) AN_INPUT, "operation_ended" },
#define A_WEBHOOK "INSERT INTO webhook (id, tenant, url, types, description, " \
    "kind, state, sealed, cursor, created_s, created_by) VALUES (1, 1, 'u', " \
    "'', '', 'hmac', 'active', x'00', 0, 1, 'x');"
	{ A_WEBHOOK "UPDATE webhook SET state = 'disabled'", "webhook_state" },
	{ A_WEBHOOK "INSERT INTO webhook_delivery (tenant, webhook, event, "
	    "type, at_s, attempt, outcome, ms, excerpt) SELECT id, 1, 1, 't', "
	    "1, 1, 'answered', 1, '' FROM tenant WHERE id > 1 LIMIT 1",
	    "webhook_delivery" },
	{ "INSERT INTO receipt (key, asked, answer, created_s) VALUES "
	    "(zeroblob(32), zeroblob(32), zeroblob(40), 1)",
	    "receipt_whole" },
	{ "INSERT INTO event_pruned (tenant, through) "
	    "SELECT tenant, id FROM event LIMIT 1", "event_pruned" },
	{ A_DEVICE(TENANT_A) "UPDATE claim SET released_s = 1",
	    "device_claim" },
	{ A_DEVICE(TENANT_A) "UPDATE claim SET released_s = 9; INSERT INTO "
	    "claim (tenant, device_id, device_group, claimed_s, claimed_by) "
	    "SELECT tenant, 'd', device_group, 8, 'x' FROM claim",
	    "claim_apart" },
	{ A_TRANSFER("done") "UPDATE claim SET came_by = 7; "
	    "UPDATE transfer SET device_id = 'e'", "claim_transfer" },
	{ A_TRANSFER("done"), "transfer_claims" },
	{ A_TRANSFER("offered") "UPDATE transfer SET tenant = 1",
	    "transfer_open" },
	{ A_TRANSFER("rejected"), "transfer_times" },
	{ A_DEVICE(TENANT_A) "INSERT INTO recovery (tenant, to_tenant, "
	    "to_group, reason, state, begun_s, begun_by, ready_s) "
	    "SELECT tenant, tenant, id, 'x', 'waiting', 1, 'x', 2 "
	    "FROM device_group WHERE name = 'g'", "recovery" },
	{ "UPDATE certificate SET not_after_s = 1 << 40; INSERT INTO device "
	    "(device_id, state) SELECT device_id, 'released' FROM certificate "
	    "WHERE revoked_s IS NULL LIMIT 1", "certificate_owner" },
	{ A_DEVICE(TENANT_A) "UPDATE device SET state = 'released'",
	    "device_state" },
	{ A_DEVICE(TENANT_A) "UPDATE device_group SET tenant = 1 "
	    "WHERE name = 'g'",
	    "device_group" },
	{ A_DEVICE(TENANT_A) "UPDATE device SET state = 'banned', "
	    "banned_s = 1, device_id = (SELECT device_id FROM certificate "
	    "WHERE revoked_s IS NULL AND device_id <> '' LIMIT 1); "
	    "UPDATE claim SET device_id = (SELECT device_id FROM device)",
	    "banned" },
	{ "UPDATE certificate SET tenant = 1 WHERE ca = " ISSUING,
	    "certificate_ca" },
	{ "INSERT INTO profile (tenant, name, version, document, created_s, "
	    "created_by) VALUES (1, 'x', 1, '{}', 1, 'x'); "
	    "UPDATE certificate SET profile = (SELECT id FROM profile "
	    "WHERE name = 'x') WHERE ca = " ISSUING, "certificate_profile" },
	{ "UPDATE device_group SET profile = 'x'", "group_profile" },
	{ A_DEVICE(TENANT_A) "INSERT INTO token (tenant, name, role, "
	    "device_group, person, lineage, hash, created_s) SELECT 1, 'x', "
	    "'reader', id, 'x', '', x'00', 1 FROM device_group "
	    "WHERE tenant = " TENANT_A " LIMIT 1; UPDATE token "
	    "SET tenant = (SELECT max(id) FROM tenant)", "token_group" },
	{ "INSERT INTO token (tenant, name, role, person, lineage, hash, "
	    "created_s) SELECT id, 'x', 'reader', 'x', '', x'00', 1 FROM "
	    "tenant LIMIT 1; UPDATE tenant SET deleted_s = 1",
	    "tenant_tokens" },
	{ "UPDATE tenant SET deleted_s = 1, ended_s = 1", "tenant_ended" },
	{ "INSERT INTO proposal (kind, subject, params, state, proposed_by, "
	    "person, lineage, created_s, expires_s, decided_s) VALUES "
	    "('x', 'x', '{}', 'done', 'x', 'x', '', 1, 2, 1)", "proposal" },
	{ "INSERT INTO oidc_issuer (url, audience, platform, rules, jwks, "
	    "lineage, created_s, created_by) VALUES "
	    "('https://i', 'a', 0, '{}', '{}', '', 1, 'x')", "issuer_rules" },
	{ "INSERT INTO oidc_issuer (url, audience, bound, platform, rules, "
	    "jwks, lineage, created_s, created_by) VALUES ('https://i', 'a', "
	    "'nobody', 0, '[{}]', '{}', '', 1, 'x')", "issuer_tenant" },
	{ "INSERT INTO oidc_issuer (url, audience, platform, rules, jwks_url, "
	    "lineage, created_s, created_by, fetched) VALUES ('https://i', "
	    "'a', 0, '[{}]', 'https://k', '', 1, 'x', '{}')", "issuer_keys" },
	{ "UPDATE device_group SET profile_version = 2", "group_profile" },
	{ "UPDATE device_group SET policy_version = 9", "policy_in_force" },
	{ "DELETE FROM policy_activation", "policy_history" },
	{ "INSERT INTO policy_draft SELECT id, 1, 1, '{}', 1, 1, 'x' "
	    "FROM device_group", "policy_draft" },
	{ "INSERT INTO reference_set VALUES (1, 1, 's', '', 1, 1, 1, 1, 'x'); "
	    "INSERT INTO reference_value (tenant, reference_set, value, note, "
	    "provenance, created_s, created_by) VALUES (" TENANT_A ", 1, 'v', "
	    "'', '', 1, 'x')", "reference" },
	{ "INSERT INTO reference_set VALUES (1, 1, 's', '', 1, 1, 1, 1, 'x')",
	    "reference_count" },
	{ AN_EVENT "UPDATE error_event SET tenant = " TENANT_A,
	    "report_group" },
	{ AN_EVENT, "report_count" },
	{ AN_EVENT "UPDATE report_group SET devices = 1", "report_devices" },
	{ "CREATE TABLE x AS SELECT * FROM certificate; DROP TABLE certificate; "
	    "ALTER TABLE x RENAME TO certificate; "
	    "INSERT INTO certificate SELECT * FROM certificate", "serial" },
	{ "UPDATE certificate SET not_after_s = 99999999999", "outlives" },
	{ "UPDATE ca SET state = 'revoked', revoked_s = 1 "
	    "WHERE id = " ISSUING, "revoked_ca" },
	{ "UPDATE certificate SET revoke_reason = 1 "
	    "WHERE revoked_s IS NULL", "reason" },
	{ "UPDATE ca SET parent = (SELECT id FROM ca WHERE role = 'root' AND "
	    "tenant = 1) WHERE id = " ISSUING, "ca_tenant" },
	{ "UPDATE ca SET parent = NULL WHERE id = " ISSUING, "ca_parent" },
	{ "UPDATE ca SET state = 'retired' WHERE id = " ISSUING, "ca_state" },
	{ "UPDATE ca SET state = 'expired' WHERE id = " ISSUING,
	    "ca_expired" },
	{ "DROP INDEX ca_one_active; UPDATE ca SET tenant = " TENANT_A
	    ", role = 'issuing', parent = NULL WHERE state = 'active'",
	    "ca_one" },
	{ "UPDATE ca SET sealed = x''", "sealed" },
	{ "INSERT INTO ca_signed (tenant, ca, kind, serial, key_id, "
	    "certificate, not_before_s, not_after_s, created_s) "
	    "SELECT 1, id, 'proof', x'01', x'02', certificate, 1, 2, 1 "
	    "FROM ca WHERE id = " ISSUING, "signed_tenant" },
	{ "DELETE FROM crl_revision WHERE shard = 0", "revision" },
	{ "DELETE FROM crl_revision WHERE shard > 0", "shard" },
	{ "UPDATE crl_revision SET made = revision + 1", "made" },
	{ "DELETE FROM tenant WHERE name = 'tenant-a'", "foreign" },
	{ "UPDATE ca SET certificate = x'3000' WHERE role = 'issuing'",
	    "ca_certificate" },
	{ "UPDATE ca SET serial = x'11' WHERE id = " ISSUING, "ca_row" },
	{ "UPDATE ca SET certificate = (SELECT certificate FROM ca WHERE "
	    "role = 'root' LIMIT 1) WHERE id = " ISSUING, "ca_row" },
	{ "UPDATE ca SET certificate = CAST(substr(certificate, 1, "
	    "length(certificate) - 1) || " OTHER_THAN("certificate") " AS BLOB) "
	    "WHERE id = " ISSUING,
	    "ca_signature" },
	{ "UPDATE certificate SET der = x'3000'", "certificate_der" },
	{ "UPDATE certificate SET der = CAST(substr(der, 1, length(der) - 1) "
	    "|| " OTHER_THAN("der") " AS BLOB)", "certificate_signature" },
	{ "UPDATE certificate SET device_id = 'x'", "certificate_row" },
	{ "UPDATE certificate SET shard = 1 + shard % 4 WHERE shard > 0 "
	    "AND revoked_s IS NULL", "certificate_row" },
	{ "UPDATE crl SET number = number + 100", "list_der" },
	{ "UPDATE crl SET der = x'3000'", "list_der" },
	{ "UPDATE certificate SET revoked_s = 1, revoke_reason = 0 "
	    "WHERE revoked_s IS NULL; "
	    "UPDATE crl_revision SET made = revision", "list_entries" },
	{ "DELETE FROM certificate WHERE revoked_s IS NULL",
	    "journal_known" },
	{ "UPDATE certificate SET der = x'3000'", "journal_same" },
	{ "INSERT INTO certificate (tenant, ca, serial, device_id, "
	    "spki_sha256, hardware_key, not_before_s, not_after_s, issued_s, "
	    "der, recovered, shard) SELECT tenant, ca, x'41', device_id, "
	    "spki_sha256, hardware_key, not_before_s, not_after_s, issued_s, "
	    "der, recovered, shard FROM certificate LIMIT 1",
	    "journal_signed" },
	{ "UPDATE certificate SET revoked_s = NULL, revoke_reason = NULL",
	    "journal_revoked" },
	{ AUDIT_OPEN "UPDATE audit SET subject = 'x' WHERE seq = 2",
	    "audit_row" },
	{ AUDIT_OPEN "UPDATE audit SET at_s = at_s + 1 WHERE seq = 1",
	    "audit_row" },
	{ AUDIT_OPEN "UPDATE audit SET seq = 1 - seq WHERE seq < 3; "
	    "UPDATE audit SET seq = 2 + seq WHERE seq < 1", "audit_row" },
	{ AUDIT_OPEN "DELETE FROM audit WHERE seq = 1", "audit_row" },
	{ AUDIT_OPEN "DELETE FROM audit WHERE seq > 2", "audit_head" },
	{ AUDIT_OPEN AUDIT_CUT, "audit_anchored" },
	{ "DELETE FROM audit_chain", "audit_chain" },
	{ "INSERT INTO certificate_basis VALUES (999, 1, 'key', 1, "
	    "'affirming', x'00', 'g', 1, x'00', NULL, NULL, NULL, NULL, "
	    "NULL)", "basis" },
	{ "INSERT INTO collateral_used VALUES (1, x'00', x'01')",
	    "collateral_kept" },
	{ "UPDATE audit_checkpoint SET root = zeroblob(32)", "audit_entry" },
	{ "UPDATE audit_checkpoint SET root = zeroblob(32)", "audit_root" },
	{ "UPDATE audit_checkpoint SET leaves = x''", "audit_leaves" },
	{ "UPDATE audit_checkpoint SET journal_seq = journal_seq + 1000",
	    "audit_entry" },
};

static const char *original;

/* A tenant with leaves, one of them revoked, and both its lists. */
static void
begin(void)
{
	struct tenant_spec spec = { .name = "tenant-e", .edge = true };
	const struct issuer *issuer;
	struct certificate_row row;
	struct db_tenant made;
	struct crl_view view;
	struct tenant edge;
	struct ctx_root root;

	leaves_open();
	for (int i = 0; i < 3; i++)
		row = leaves_issue(&tenant);
	leaves_revoke(&row, REVOKE_SUPERSEDED);
	ck_ok(tenant_create_as(cx, realm->authority, &realm_admin, &spec,
	    &made));
	ck_ok(tenant_find(cx, realm->authority, spec.name, &edge));
	(void)leaves_issue_by(&edge, "{\"edge_ca\":{}}", leaves_spki());
	(void)leaves_issue_by(&edge, "{\"revocation\":[\"noRevAvail\"]}",
	    leaves_spki());
	issuer = issuers_active(realm->authority, tenant.id, CA_ROLE_ISSUING);
	ck_ok(crls_get(cx, realm->authority, issuer, CRL_COMPLETE, &view));
	ck_ok(crls_get(cx, realm->authority, issuer, row.shard, &view));
	ctx_root_init(&root, NULL);
	ck_ok(audit_anchor(&root.cx, realm->authority, NULL));
	ctx_root_fini(&root);
	realm_reopen(cx, realm);	/* all of the journal was looked at */
	original = realm->conf.db.path;
}

START_TEST(what_is_sound_gives_no_finding)
{
	struct found found = check(original);

	ck_assert_msg(found.names[0] == '\0', "%s: %s", found.names,
	    found.what);
}
END_TEST

START_TEST(each_fault_is_found_by_its_name)
{
	const char *copy = arena_printf(cx->arena, "%s.copy", original);

	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct found found;

		sql_run(original, arena_printf(cx->arena, "VACUUM INTO '%s'",
		    copy));
		sql_run(copy, faults[i].sql);
		sql_run(copy, "PRAGMA journal_mode = WAL");
		found = check(copy);
		ck_assert_msg(strstr(arena_printf(cx->arena, "%s ",
		    found.names), arena_printf(cx->arena, " %s ",
		    faults[i].check)) != NULL, "%s: found%s after %s",
		    faults[i].check, found.names, faults[i].sql);
		forget(copy);
	}
}
END_TEST

START_TEST(a_file_that_is_damaged_is_found)
{
	const char *copy = arena_printf(cx->arena, "%s.copy", original);
	struct found found = { .names = "" };
	const struct db_conf conf = { .path = copy, .n_readers = 1,
	    .read_only = true };
	struct fsck *f;
	struct db *db;
	struct err e;

	sql_run(original, arena_printf(cx->arena, "VACUUM INTO '%s'", copy));
	sql_run(copy, "PRAGMA writable_schema = ON; UPDATE sqlite_schema "
	    "SET rootpage = (SELECT rootpage FROM sqlite_schema "
	    "WHERE name = 'event') WHERE name = 'claim_one'");
	sql_run(copy, "PRAGMA journal_mode = WAL");
	e = db_open(cx, &conf, &db);
	if (!failed(e)) {
		e = fsck_open(cx, db, note, &found, &f);
		if (!failed(e)) {
			e = fsck_database(cx, f);
			fsck_close(f);
		}
		db_close(db);
	}
	ck_assert_msg(failed(e) || strstr(found.names, "integrity") != NULL,
	    "found%s", found.names);
	forget(copy);
}
END_TEST

START_TEST(what_the_next_start_brings_in_is_only_counted)
{
	const char *copy = arena_printf(cx->arena, "%s.copy", original);
	struct found found;

	sql_run(original, arena_printf(cx->arena, "VACUUM INTO '%s'", copy));
	sql_run(copy, "PRAGMA journal_mode = WAL");
	(void)leaves_issue(&tenant);
	found = check(copy);
	ck_assert_msg(found.names[0] == '\0', "%s: %s", found.names,
	    found.what);
	forget(copy);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		what_is_sound_gives_no_finding,
		each_fault_is_found_by_its_name,
		a_file_that_is_damaged_is_found,
		what_the_next_start_brings_in_is_only_counted,
	};

	return unit_run("fsck", tests, COUNT_OF(tests), begin, leaves_close);
}
