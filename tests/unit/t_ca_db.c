/* SPDX-License-Identifier: Apache-2.0 */
/* The records of CAs by themselves, and those of the schema before states. */
#include "tests/unit/unit.h"

#include <unistd.h>

#include <sqlite3.h>

#include "db/ca.h"
#include "db/schema.h"
#include "db/tenant.h"

static char *folder, *path;
static struct db *db;

static void
begin(void)
{
	folder = arena_strdup(cx->arena, "/tmp/t_ca_db.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = arena_printf(cx->arena, "%s/db", folder);
}

static void
open_db(void)
{
	struct db_conf conf = { .path = path, .n_readers = 1 };

	ck_ok(db_open(cx, &conf, &db));
}

static void
end(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	db_close(db);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		(void)unlink(arena_printf(cx->arena, "%s%s", path, ends[i]));
	ck_assert_int_eq(rmdir(folder), 0);
}

/* --- the old schema -------------------------------------------------------- */

static const char old_rows[] =
    "INSERT INTO tenant VALUES (1, 'platform', 'Platform', 100);"
    "INSERT INTO tenant VALUES (2, 'tenant-a', 'A', 200);"
    "INSERT INTO ca (id, tenant, role, state, parent, key_id, serial, "
    "certificate, sealed, not_before_s, not_after_s, created_s) VALUES "
    "(1, 2, 'root', 'active', NULL, x'01', x'5d', x'aa', x'bb', 100, 9000, "
    "200), "
    "(2, 2, 'issuing', 'active', 1, x'02', x'5e', x'ac', x'bd', 100, 8000, "
    "210), "
    "(3, 2, 'issuing', 'retired', 1, x'03', x'5f', x'ae', x'bf', 100, 8000, "
    "220);";

static void
make_old(void)
{
	sqlite3 *sqlite;

	ck_assert_int_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, db_schema_migrations[0], NULL,
	    NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, old_rows, NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, "PRAGMA user_version = 1", NULL,
	    NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
}

struct seen {
	struct db_ca		*cas;
	size_t			 n_cas;
	struct db_tenant	 tenant;
	int64_t			*due;
	size_t			 n_due;
};

static struct err
look(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct seen *s = arg;

	TRY(db_ca_list(c, tx, 2, 0, 10, &s->cas, &s->n_cas));
	TRY(db_tenant_by_id(c, tx, 2, &s->tenant));
	return db_ca_due(c, tx, 1000, 10, &s->due, &s->n_due);
}

START_TEST(cas_of_the_first_schema_keep_serving_and_get_a_calendar)
{
	struct seen s;

	begin();
	make_old();
	open_db();
	ck_ok(db_read(cx, db, look, &s));
	ck_assert_uint_eq(s.n_cas, 3);
	ck_assert_str_eq(s.tenant.algorithm, "p256");
	ck_assert_str_eq(s.cas[1].state, "active");
	ck_assert_str_eq(s.cas[1].algorithm, "p256");
	ck_assert_int_eq(s.cas[1].staged_s, 210);
	ck_assert_int_eq(s.cas[1].activated_s, 210);
	ck_assert_int_eq(s.cas[1].parent_id, 1);
	ck_assert(!s.cas[1].own_root);
	ck_assert_int_eq(s.cas[2].activated_s, 0);
	ck_assert_int_eq(s.cas[2].retired_s, 220);
	/* The upkeep looks at each of them once, and plans from there. */
	ck_assert_uint_eq(s.n_due, 3);
	end();
}
END_TEST

/* --- rules of the table ------------------------------------------------------ */

static struct err
add_tenant(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct db_tenant row = { .name = "tenant-a", .title = "",
	    .algorithm = "ed25519" };

	return db_tenant_insert(c, tx, &row, arg);
}

static struct err
add_ca(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct db_ca *ca = arg;

	return db_ca_insert(c, tx, ca, &ca->id);
}

static struct db_ca
new_ca(int64_t tenant_id, const char *state, const char *key_id)
{
	return (struct db_ca){ .tenant_id = tenant_id, .role = "issuing",
	    .state = state, .key_id = slice_text(key_id),
	    .serial = slice_text(key_id), .certificate = slice_text("cert"),
	    .sealed = slice_text("sealed"), .not_after_s = 1000 };
}

struct update { struct db_ca ca; const char *old; };

static struct err
update(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct update *u = arg;

	return db_ca_update(c, tx, &u->ca, u->old);
}

START_TEST(one_ca_of_a_role_is_active_and_one_staged)
{
	struct db_ca active, staged, more;
	struct update u;
	int64_t tenant;

	begin();
	open_db();
	ck_ok(db_write(cx, db, add_tenant, &tenant));
	active = new_ca(tenant, "active", "k1");
	staged = new_ca(tenant, "staged", "k2");
	ck_ok(db_write(cx, db, add_ca, &active));
	ck_ok(db_write(cx, db, add_ca, &staged));
	more = new_ca(tenant, "active", "k3");
	ck_fails(db_write(cx, db, add_ca, &more), ERR_EXISTS);
	more.state = "staged";
	ck_fails(db_write(cx, db, add_ca, &more), ERR_EXISTS);
	more.state = "retired";
	ck_ok(db_write(cx, db, add_ca, &more));
	u = (struct update){ staged, "staged" };
	u.ca.state = "active";
	ck_fails(db_write(cx, db, update, &u), ERR_EXISTS);
	u = (struct update){ active, "staged" };
	u.ca.state = "retiring";
	ck_fails(db_write(cx, db, update, &u), ERR_CONFLICT);
	u.old = "active";
	ck_ok(db_write(cx, db, update, &u));
	u = (struct update){ staged, "staged" };
	u.ca.state = "active";
	ck_ok(db_write(cx, db, update, &u));
	end();
}
END_TEST

struct keeping { int64_t tenant, ca; size_t n; struct slice above[CA_ABOVE_MAX];
    struct db_ca_signed signature, *all; size_t n_all; bool found; };

static struct err
keep(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct keeping *k = arg;

	TRY(db_ca_above_add(c, tx, k->tenant, k->ca, 1, slice_text("root")));
	TRY(db_ca_above_add(c, tx, k->tenant, k->ca, 0, slice_text("sub")));
	TRY(db_ca_above_list(c, tx, k->tenant, k->ca, k->above, &k->n));
	TRY(db_ca_signed_add(c, tx, &k->signature));
	TRY(db_ca_signed_list(c, tx, k->tenant, "cross", &k->all, &k->n_all));
	return db_ca_signed_find(c, tx, k->tenant, k->ca,
	    k->signature.serial, &k->found);
}

START_TEST(what_is_above_a_ca_and_what_it_signed_come_back)
{
	struct keeping k = { .n = 0 };
	struct db_ca ca;

	begin();
	open_db();
	ck_ok(db_write(cx, db, add_tenant, &k.tenant));
	ca = new_ca(k.tenant, "active", "k1");
	ck_ok(db_write(cx, db, add_ca, &ca));
	k.ca = ca.id;
	k.signature = (struct db_ca_signed){ .tenant_id = k.tenant,
	    .ca_id = ca.id, .kind = "cross", .serial = slice_text("s"),
	    .key_id = slice_text("k9"), .certificate = slice_text("c"),
	    .not_before_s = 1, .not_after_s = 2, .created_s = 3 };
	ck_ok(db_write(cx, db, keep, &k));
	ck_assert_uint_eq(k.n, 2);
	ck_assert(slice_equal(k.above[0], slice_text("sub")));
	ck_assert(slice_equal(k.above[1], slice_text("root")));
	ck_assert_uint_eq(k.n_all, 1);
	ck_assert(slice_equal(k.all[0].key_id, slice_text("k9")));
	ck_assert_int_eq(k.all[0].not_after_s, 2);
	ck_assert(k.found);
	ck_fails(db_write(cx, db, keep, &k), ERR_EXISTS);
	end();
}
END_TEST

/* --- keys that sign OCSP ---------------------------------------------------- */

static struct err
last_key(struct ctx *c, struct db_tx *tx, void *arg)
{
	return db_ca_signed_key(c, tx, 2, 2, "ocsp", arg);
}

static struct err
last_result_key(struct ctx *c, struct db_tx *tx, void *arg)
{
	return db_ca_signed_key(c, tx, 2, 2, "result", arg);
}

static struct err
add_key(struct ctx *c, struct db_tx *tx, void *arg)
{
	return db_ca_signed_add(c, tx, arg);
}

static struct err
forget_keys(struct ctx *c, struct db_tx *tx, void *arg)
{
	return db_ca_signed_forget(c, tx, *(const int64_t *)arg);
}

static struct err
list_proofs(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct db_ca_signed *all, *out = arg;
	size_t n;

	TRY(db_ca_signed_list(c, tx, 2, "proof", &all, &n));
	ck_assert_uint_eq(n, 1);
	*out = all[0];
	return OK;
}

START_TEST(what_was_signed_before_there_were_ocsp_keys_is_kept)
{
	sqlite3 *sqlite;
	struct db_ca_signed row;

	begin();
	make_old();
	ck_assert_int_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
	for (int i = 1; i < 3; i++)
		ck_assert_int_eq(sqlite3_exec(sqlite,
		    db_schema_migrations[i], NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, "INSERT INTO ca_signed VALUES "
	    "(7, 2, 1, 'proof', x'51', x'52', x'53', 1, 2, 3);"
	    "PRAGMA user_version = 3", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	open_db();
	ck_ok(db_read(cx, db, list_proofs, &row));
	ck_assert_int_eq(row.id, 7);
	ck_assert_int_eq(row.ca_id, 1);
	ck_assert(slice_equal(row.serial, slice_text("\x51")));
	ck_assert(slice_equal(row.certificate, slice_text("\x53")));
	ck_assert_int_eq(row.not_after_s, 2);
	ck_ok(db_read(cx, db, last_key, &row));
	ck_assert_uint_eq(row.sealed.n, 0);
	end();
}
END_TEST

START_TEST(ocsp_keys_from_before_there_were_result_keys_are_kept)
{
	static const char rows[] =
	    "INSERT INTO ca_signed VALUES "
	    "(7, 2, 2, 'proof', x'51', x'52', x'53', 1, 2, 3, NULL),"
	    "(8, 2, 2, 'ocsp', x'61', x'62', x'63', 1, 60, 3, x'6b6579');";
	struct db_ca_signed row;
	sqlite3 *sqlite;
	unsigned n = 1;

	begin();
	make_old();
	ck_assert_int_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
	for (; strstr(db_schema_migrations[n], "'result'") == NULL; n++)
		ck_assert_int_eq(sqlite3_exec(sqlite,
		    db_schema_migrations[n], NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, arena_printf(cx->arena,
	    "%sPRAGMA user_version = %u", rows, n), NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	open_db();
	ck_ok(db_read(cx, db, list_proofs, &row));
	ck_assert_int_eq(row.id, 7);
	ck_ok(db_read(cx, db, last_key, &row));
	ck_assert(slice_equal(row.sealed, slice_text("key")));
	ck_assert_int_eq(row.not_after_s, 60);
	ck_ok(db_read(cx, db, last_result_key, &row));
	ck_assert_uint_eq(row.sealed.n, 0);
	end();
}
END_TEST

START_TEST(keys_for_ocsp_and_for_results_are_kept_apart)
{
	struct db_ca_signed row = { .tenant_id = 2, .ca_id = 2,
	    .kind = "ocsp", .serial = SLICE("s1", 2), .key_id = SLICE("k", 1),
	    .certificate = SLICE("c", 1), .sealed = SLICE("ocsp", 4),
	    .not_before_s = 1, .not_after_s = 40, .created_s = 5 }, found;

	begin();
	make_old();
	open_db();
	ck_ok(db_write(cx, db, add_key, &row));
	row.kind = "result";
	row.serial = slice_text("s2");
	row.sealed = slice_text("result");
	ck_ok(db_write(cx, db, add_key, &row));
	ck_ok(db_read(cx, db, last_key, &found));
	ck_assert(slice_equal(found.sealed, slice_text("ocsp")));
	ck_ok(db_read(cx, db, last_result_key, &found));
	ck_assert(slice_equal(found.sealed, slice_text("result")));
	row.kind = "proof";
	row.serial = slice_text("s3");
	ck_assert(failed(db_write(cx, db, add_key, &row)));
	end();
}
END_TEST

START_TEST(the_last_ocsp_key_is_found_until_its_end)
{
	struct db_ca_signed row = { .tenant_id = 2, .ca_id = 2,
	    .kind = "ocsp", .key_id = SLICE("k", 1),
	    .certificate = SLICE("c", 1), .not_before_s = 1,
	    .created_s = 5 }, found;
	int64_t now_s = 50;

	begin();
	make_old();
	open_db();
	row.serial = slice_text("s1");
	row.sealed = slice_text("first");
	row.not_after_s = 40;
	ck_ok(db_write(cx, db, add_key, &row));
	row.serial = slice_text("s2");
	row.sealed = slice_text("second");
	row.not_after_s = 60;
	ck_ok(db_write(cx, db, add_key, &row));
	ck_fails(db_write(cx, db, add_key, &row), ERR_EXISTS);
	ck_ok(db_read(cx, db, last_key, &found));
	ck_assert(slice_equal(found.sealed, slice_text("second")));
	ck_assert_int_eq(found.not_after_s, 60);
	ck_assert_int_eq(found.created_s, 5);
	ck_ok(db_write(cx, db, forget_keys, &now_s));
	ck_ok(db_read(cx, db, last_key, &found));
	ck_assert(slice_equal(found.sealed, slice_text("second")));
	now_s = 61;
	ck_ok(db_write(cx, db, forget_keys, &now_s));
	ck_ok(db_read(cx, db, last_key, &found));
	ck_assert_uint_eq(found.sealed.n, 0);
	end();
}
END_TEST

UNIT_MAIN("ca-db",
    what_was_signed_before_there_were_ocsp_keys_is_kept,
    ocsp_keys_from_before_there_were_result_keys_are_kept,
    keys_for_ocsp_and_for_results_are_kept_apart,
    the_last_ocsp_key_is_found_until_its_end,
    cas_of_the_first_schema_keep_serving_and_get_a_calendar,
    one_ca_of_a_role_is_active_and_one_staged,
    what_is_above_a_ca_and_what_it_signed_come_back)
