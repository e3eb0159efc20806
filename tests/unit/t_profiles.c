/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles of a tenant: versions, who follows them, and what they refuse at
 * an enrolment. */
#include "tests/unit/soft_device.h"

#include <sqlite3.h>

#include "authority/certificate.h"
#include "authority/client.h"
#include "authority/event.h"
#include "db/schema.h"

static const struct authority *a;

static void
start(void)
{
	begin();
	a = realm->authority;
}

static struct err
update_from(int64_t version, const char *document, struct db_profile *out)
{
	struct profile profile;
	struct profile_change change = { "soft", &profile, "", version };

	ck_ok(profile_parse(cx, document, &profile));
	return profile_update(cx, a, &tenant, &realm_admin, &change, out);
}

static struct profile
version_of(const char *name, int64_t version)
{
	struct db_profile row;
	struct profile profile;

	ck_ok(profile_get(cx, a, &tenant, name, version, &row));
	ck_ok(profile_parse(cx, row.document, &profile));
	return profile;
}

static struct certificate_row
enrolled(const struct dev *dev)
{
	struct certificate_row row;
	struct enrollment e;

	ck_ok(enroll_now(dev, &e));
	ck_ok(certificate_get(cx, a, &tenant, text_hex(cx->arena, e.serial),
	    &row));
	return row;
}

static void
set_group(struct group_spec spec)
{
	struct db_group group;

	ck_ok(group_change(cx, a, &tenant, &realm_admin, "soft", &spec,
	    &group));
}

/* --- versions --------------------------------------------------------------- */

START_TEST(each_tenant_has_a_default_profile_and_the_default_group_follows_it)
{
	struct db_profile row;
	struct db_group group;

	ck_ok(profile_get(cx, a, &tenant, "default", PROFILE_NEWEST, &row));
	ck_assert_int_eq(row.version, 1);
	ck_ok(group_get(cx, a, &tenant, "default", &group));
	ck_assert_str_eq(group.profile, "default");
	ck_assert_int_eq(group.profile_version, PROFILE_NEWEST);
}
END_TEST

START_TEST(a_change_is_a_new_version_and_the_old_ones_stay)
{
	struct page page = { 0, 2 };
	struct db_profile row, *all;
	int64_t next;
	size_t n;

	ck_ok(update_from(PROFILE_NEWEST, "{\"lifetime_s\":60}", &row));
	ck_assert_int_eq(row.version, 2);
	ck_ok(update_from(2, "{\"lifetime_s\":61}", &row));
	ck_assert_int_eq(row.version, 3);
	ck_assert_str_eq(row.created_by, realm_admin.name);
	ck_assert_int_eq(version_of("soft", 1).lifetime_s, 86400);
	ck_assert_int_eq(version_of("soft", 2).lifetime_s, 60);
	ck_assert_int_eq(version_of("soft", 3).lifetime_s, 61);
	ck_assert_int_eq(version_of("soft", PROFILE_NEWEST).lifetime_s, 61);
	ck_fails(profile_get(cx, a, &tenant, "soft", 4, &row), ERR_NOT_FOUND);
	ck_ok(profile_versions(cx, a, &tenant, "soft", page, &all, &n,
	    &next));
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(all[1].version, 2);
	page.after = next;
	ck_ok(profile_versions(cx, a, &tenant, "soft", page, &all, &n,
	    &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(all[0].version, 3);
	ck_assert_int_eq(next, 0);
}
END_TEST

START_TEST(who_was_overtaken_is_told_and_the_same_again_is_no_change)
{
	struct db_profile row;

	ck_ok(update_from(1, "{\"lifetime_s\":60}", &row));
	ck_fails(update_from(1, "{\"lifetime_s\":61}", &row),
	    ERR_PRECONDITION);
	ck_fails(update_from(3, "{\"lifetime_s\":61}", &row),
	    ERR_PRECONDITION);
	ck_ok(update_from(2, "{\"backdate_s\":300,\"lifetime_s\":60}", &row));
	ck_assert_int_eq(row.version, 2);
	ck_ok(profile_get(cx, a, &tenant, "soft", PROFILE_NEWEST, &row));
	ck_assert_int_eq(row.version, 2);
}
END_TEST

START_TEST(a_list_has_each_profile_once_in_its_newest_version)
{
	struct page page = { 0, 2 };
	struct db_profile row, *all;
	int64_t next;
	size_t n;

	make_profile("third", "{}");
	ck_ok(update_from(1, "{\"lifetime_s\":60}", &row));
	ck_ok(profile_list(cx, a, &tenant, page, &all, &n, &next));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(all[0].name, "default");
	ck_assert_str_eq(all[1].name, "soft");
	ck_assert_int_eq(all[1].version, 2);
	page.after = next;
	/* A change in between moves none to another page. */
	ck_ok(update_from(2, "{\"lifetime_s\":61}", &row));
	ck_ok(profile_list(cx, a, &tenant, page, &all, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(all[0].name, "third");
}
END_TEST

START_TEST(a_name_is_taken_once_and_another_tenant_sees_nothing_of_it)
{
	struct profile profile;
	struct profile_change change = { "soft", &profile, "",
	    PROFILE_NEWEST };
	struct db_profile row, *all;
	struct page page = { 0, 100 };
	struct db_tenant made;
	struct tenant other;
	int64_t next;
	size_t n;

	ck_ok(profile_parse(cx, "{}", &profile));
	ck_fails(profile_create(cx, a, &tenant, &realm_admin, &change, &row),
	    ERR_EXISTS);
	ck_ok(tenant_create(cx, a, &realm_admin, "tenant-b", NULL, &made));
	ck_ok(tenant_find(cx, a, "tenant-b", &other));
	ck_fails(profile_get(cx, a, &other, "soft", PROFILE_NEWEST, &row),
	    ERR_NOT_FOUND);
	ck_fails(profile_update(cx, a, &other, &realm_admin, &change, &row),
	    ERR_NOT_FOUND);
	ck_fails(profile_versions(cx, a, &other, "soft", page, &all, &n,
	    &next), ERR_NOT_FOUND);
	ck_ok(profile_list(cx, a, &other, page, &all, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(all[0].name, "default");
	ck_ok(profile_create(cx, a, &other, &realm_admin, &change, &row));
	ck_ok(tenant_find(cx, a, "platform", &other));
	ck_fails(profile_create(cx, a, &other, &realm_admin, &change, &row),
	    ERR_FIELD);
}
END_TEST

static int
run_sql(const char *sql)
{
	sqlite3 *sqlite;
	int result;

	ck_assert_int_eq(sqlite3_open(realm->conf.db.path, &sqlite),
	    SQLITE_OK);
	(void)sqlite3_busy_timeout(sqlite, 60000);
	result = sqlite3_exec(sqlite, sql, NULL, NULL, NULL);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	return result;
}

START_TEST(the_database_itself_lets_nobody_change_or_remove_a_version)
{
	ck_assert_int_eq(run_sql("UPDATE profile SET document = '{}'"),
	    SQLITE_CONSTRAINT);
	ck_assert_int_eq(run_sql("UPDATE profile SET version = 9 "
	    "WHERE name = 'soft'"), SQLITE_CONSTRAINT);
	ck_assert_int_eq(run_sql("DELETE FROM profile"), SQLITE_CONSTRAINT);
	ck_assert_int_eq(version_of("soft", 1).renew_without_evidence_s,
	    3600);
}
END_TEST

/* --- what is recorded --------------------------------------------------------- */

START_TEST(a_certificate_is_recorded_with_the_version_that_made_it)
{
	struct dev dev = new_device();
	struct certificate_row first, second, third;
	struct db_profile row;

	claim(&dev, "soft");
	first = enrolled(&dev);
	ck_assert_str_eq(first.profile, "soft");
	ck_assert_int_eq(first.profile_version, 1);
	ck_ok(update_from(1, "{\"lifetime_s\":60}", &row));
	second = enrolled(&dev);
	ck_assert_int_eq(second.profile_version, 2);
	ck_assert_int_eq(second.not_after_s, second.issued_s + 60);
	/* A group may keep to one version ... */
	set_group((struct group_spec){
	    .profile_version = 1 });
	third = enrolled(&dev);
	ck_assert_int_eq(third.profile_version, 1);
	ck_assert_int_eq(third.not_after_s, third.issued_s + 86400);
	/* ... and follow again, or have another profile. */
	set_group((struct group_spec){
	    .profile_version = PROFILE_NEWEST });
	ck_assert_int_eq(enrolled(&dev).profile_version, 2);
	set_group((struct group_spec){ .profile = "default",
	    .profile_version = GROUP_AS_IT_IS });
	ck_assert_str_eq(enrolled(&dev).profile, "default");
	/* What was recorded stays. */
	ck_ok(certificate_get(cx, a, &tenant, text_hex(cx->arena,
	    second.serial), &second));
	ck_assert_str_eq(second.profile, "soft");
	ck_assert_int_eq(second.profile_version, 2);
}
END_TEST

START_TEST(lists_of_certificates_say_the_profile)
{
	struct certificate_filter filter = { .revoked = -1, .limit = 10 };
	struct dev dev = new_device();
	struct certificate_row *rows;
	size_t n;

	claim(&dev, "soft");
	(void)enrolled(&dev);
	ck_ok(certificate_list(cx, a, &tenant, &filter, &rows, &n,
	    &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].profile, "soft");
	ck_assert_int_eq(rows[0].profile_version, 1);
}
END_TEST

START_TEST(the_profile_of_what_only_the_journal_knew_is_not_made_up)
{
	struct dev dev = new_device();
	struct certificate_row row;

	claim(&dev, "soft");
	row = enrolled(&dev);
	ck_assert_int_eq(run_sql(arena_printf(cx->arena, "DELETE FROM "
	    "certificate WHERE serial = x'%s'; DELETE FROM meta WHERE "
	    "key = 'journal_seen'", text_hex(cx->arena, row.serial))),
	    SQLITE_OK);
	realm_reopen(cx, realm);
	a = realm->authority;
	ck_ok(certificate_get(cx, a, &tenant, text_hex(cx->arena, row.serial),
	    &row));
	ck_assert(row.recovered);
	ck_assert_ptr_null(row.profile);
	ck_assert_int_eq(row.profile_version, 0);
}
END_TEST

/* --- what is refused -------------------------------------------------------------- */

static struct err
enroll_with(const struct dev *dev, EVP_PKEY *key)
{
	struct enroll_request r = request_of(dev, key);
	struct enrollment e;

	return enroll(cx, a, &r, &e);
}

static EVP_PKEY *
keep(EVP_PKEY *key)
{
	ck_assert_ptr_nonnull(key);
	arena_defer(cx->arena, free_key, key);
	return key;
}

START_TEST(a_key_that_the_profile_does_not_take_is_refused_and_noted)
{
	struct dev dev = new_device();
	struct device_view view;
	struct db_profile row;
	EVP_PKEY *rsa = keep(EVP_RSA_gen(2048));
	EVP_PKEY *p384 = keep(EVP_EC_gen("P-384"));

	claim(&dev, "soft");
	ck_ok(update_from(1, "{\"key_types\":[\"p384\"]}", &row));
	ck_fails(enroll_with(&dev, new_key()), ERR_POLICY_KEY_TYPE);
	ck_fails(enroll_with(&dev, rsa), ERR_POLICY_KEY_TYPE);
	ck_ok(device_get(cx, a, &tenant, dev.device_id, &view));
	ck_assert_str_eq(view.device.last_refusal, "policy.key-type");
	ck_ok(enroll_with(&dev, p384));
	ck_ok(update_from(2, "{\"key_types\":[\"rsa2048\",\"p256\"]}", &row));
	ck_fails(enroll_with(&dev, p384), ERR_POLICY_KEY_TYPE);
	ck_ok(enroll_with(&dev, rsa));
	ck_ok(enroll_with(&dev, new_key()));
	ck_ok(update_from(3, "{\"key_types\":[\"rsa3072\"]}", &row));
	ck_fails(enroll_with(&dev, rsa), ERR_POLICY_KEY_TYPE);
}
END_TEST

START_TEST(a_software_key_is_refused_where_the_profile_asks_for_hardware)
{
	struct dev dev = new_device();
	struct db_profile row;

	claim(&dev, "soft");
	ck_ok(enroll_with(&dev, new_key()));
	ck_ok(update_from(1, "{\"require_hardware_key\":true}", &row));
	ck_fails(enroll_with(&dev, new_key()), ERR_POLICY_KEY);
}
END_TEST

START_TEST(a_renewal_by_certificate_alone_is_held_to_the_profile_of_now)
{
	struct dev dev = new_device();
	EVP_PKEY *key = new_key();
	struct client_device client;
	struct enroll_request r;
	struct db_profile row;
	struct enrollment e;

	claim(&dev, "soft");
	r = request_of(&dev, key);
	ck_ok(enroll(cx, a, &r, &e));
	ck_ok(client_authenticate(cx, a, e.certificate, &client));
	r = (struct enroll_request){ .csr = csr_of(key), .client = &client,
	    .evidence_pointer = "/evidence" };
	ck_ok(enroll(cx, a, &r, &e));
	ck_ok(update_from(1, "{\"renew_without_evidence_s\":3600,"
	    "\"key_types\":[\"p384\"]}", &row));
	ck_fails(enroll(cx, a, &r, &e), ERR_POLICY_KEY_TYPE);
	ck_ok(update_from(2, "{}", &row));
	ck_fails(enroll(cx, a, &r, &e), ERR_FIELD);
}
END_TEST

/* --- before there were profiles ------------------------------------------------ */

static const char old_rows[] =
    "PRAGMA user_version = 3;"
    "INSERT INTO tenant (id, name, title, created_s, algorithm) VALUES "
    "(7, 'tenant-a', 'A', 200, 'p256');"
    "INSERT INTO ca (id, tenant, role, state, parent, key_id, serial, "
    "certificate, sealed, not_before_s, not_after_s, created_s, changed_s) "
    "VALUES (2, 7, 'issuing', 'active', NULL, x'02', x'5e', x'ac', x'bd', "
    "100, 8000, 210, 210);"
    "INSERT INTO device_group (id, tenant, name, title, lifetime_s, "
    "backdate_s, renew_after_percent, renew_without_evidence_s, "
    "min_interval_s, policy_version, created_s) VALUES "
    "(3, 7, 'default', '', 86400, 300, 50, 0, 0, 1, 300), "
    "(4, 7, 'lab', 'Lab', 3600, 60, 40, 7200, 10, 2, 310);"
    "INSERT INTO certificate (tenant, ca, serial, device_id, spki_sha256, "
    "hardware_key, not_before_s, not_after_s, issued_s, der, recovered) "
    "VALUES (7, 2, x'61', 'd', x'', 0, 1, 9, 1, x'', 0);";

struct seen {
	struct db_group		 lab;
	struct db_profile	 of_lab, newest;
	struct certificate_row	 certificate;
	bool			 found;
};

static struct err
look(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct seen *s = arg;

	TRY(db_group_by_name(c, tx, 7, "lab", &s->lab));
	TRY(db_profile_get(c, tx, 7, s->lab.profile, s->lab.profile_version,
	    &s->of_lab));
	TRY(db_profile_get(c, tx, 7, "default", PROFILE_NEWEST, &s->newest));
	return db_certificate_by_serial(c, tx, 7, SLICE("\x61", 1),
	    &s->certificate, &s->found);
}

START_TEST(what_groups_had_becomes_profiles_and_certificates_point_to_one)
{
	char folder[] = "/tmp/t_profiles.XXXXXX";
	struct db_conf conf = { .n_readers = 1 };
	struct profile profile;
	struct seen s;
	sqlite3 *sqlite;
	struct db *db;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	conf.path = arena_printf(cx->arena, "%s/db", folder);
	ck_assert_int_eq(sqlite3_open(conf.path, &sqlite), SQLITE_OK);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(sqlite3_exec(sqlite,
		    db_schema_migrations[i], NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, old_rows, NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	ck_ok(db_open(cx, &conf, &db));
	ck_ok(db_read(cx, db, look, &s));
	ck_assert_str_eq(s.lab.title, "Lab");
	ck_assert_str_eq(s.lab.profile, "lab");
	ck_assert_int_eq(s.lab.profile_version, PROFILE_NEWEST);
	ck_assert_int_eq(s.lab.policy_version, 2);
	ck_ok(profile_parse(cx, s.of_lab.document, &profile));
	ck_assert_int_eq(profile.lifetime_s, 3600);
	ck_assert_int_eq(profile.backdate_s, 60);
	ck_assert_int_eq(profile.renew_after_percent, 40);
	ck_assert_int_eq(profile.renew_without_evidence_s, 7200);
	ck_assert_int_eq(profile.min_interval_s, 10);
	/* As this version would store it: else the first update that changes
	 * nothing would look like a change. */
	ck_assert_str_eq(profile_text(cx, &profile), s.of_lab.document);
	ck_ok(profile_parse(cx, "{}", &profile));
	ck_assert_str_eq(profile_text(cx, &profile), s.newest.document);
	ck_assert(s.found);
	ck_assert_str_eq(s.certificate.profile, "default");
	ck_assert_int_eq(s.certificate.profile_version, 1);
	db_close(db);
	ck_assert_int_eq(system(arena_printf(cx->arena, "rm -r %s", folder)),
	    0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		each_tenant_has_a_default_profile_and_the_default_group_follows_it,
		a_change_is_a_new_version_and_the_old_ones_stay,
		who_was_overtaken_is_told_and_the_same_again_is_no_change,
		a_list_has_each_profile_once_in_its_newest_version,
		a_name_is_taken_once_and_another_tenant_sees_nothing_of_it,
		the_database_itself_lets_nobody_change_or_remove_a_version,
		a_certificate_is_recorded_with_the_version_that_made_it,
		lists_of_certificates_say_the_profile,
		the_profile_of_what_only_the_journal_knew_is_not_made_up,
		a_key_that_the_profile_does_not_take_is_refused_and_noted,
		a_software_key_is_refused_where_the_profile_asks_for_hardware,
		a_renewal_by_certificate_alone_is_held_to_the_profile_of_now,
		what_groups_had_becomes_profiles_and_certificates_point_to_one,
	};

	return unit_run("profiles", tests, COUNT_OF(tests), start, end);
}
