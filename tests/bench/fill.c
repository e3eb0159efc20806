/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/fill.h"

#include <fcntl.h>
#include <unistd.h>

#include <sqlite3.h>

/* Device IDs are spread as hashes are. */
#define DEVICE_ID(i) "printf('%08x%056x', (" i " * 2654435761) & 4294967295, " \
	i ")"
/* As the signer draws it: a fixed byte, the rest random. */
#define SERIAL	"CAST(x'5d' || randomblob(15) AS BLOB)"
#define NUMBERS	"WITH RECURSIVE n (i) AS " \
	"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "

/* A rollback journal and a large cache: what is written is one transaction. */
static const char *const before[] = {
	"PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF",
	"PRAGMA cache_size = -1000000", "BEGIN",
};
static const char *const after[] = {
	"COMMIT", "PRAGMA journal_mode = WAL",
};

static const char devices[] = NUMBERS
    "INSERT INTO device (tenant, device_id, hardware_id, device_group, state, "
    "claimed_s, last_seen_s) "
    "SELECT d.tenant, " DEVICE_ID("n.i") ", 'key:' || " DEVICE_ID("n.i")
    " || " DEVICE_ID("n.i") ", d.device_group, 'active', d.claimed_s, "
    "d.last_seen_s FROM n, (SELECT * FROM device ORDER BY id LIMIT 1) d";
static const char claims[] = NUMBERS
    "INSERT INTO claim (tenant, device_id, device_group, claimed_s, claimed_by) "
    "SELECT d.tenant, " DEVICE_ID("n.i") ", d.device_group, d.claimed_s, "
    "'bench' FROM n, (SELECT * FROM device ORDER BY id LIMIT 1) d";
static const char certificates[] =
    "WITH RECURSIVE n (i, s) AS (SELECT 1, " SERIAL " UNION ALL "
    "SELECT i + 1, " SERIAL " FROM n WHERE i < ?1) "
    "INSERT INTO certificate (tenant, ca, serial, device_id, spki_sha256, "
    "hardware_key, not_before_s, not_after_s, issued_s, der, recovered, "
    "revoked_s, revoke_reason, shard) "
    "SELECT c.tenant, c.ca, n.s, " DEVICE_ID("(n.i % ?2 + 1)") ", "
    "randomblob(32), c.hardware_key, c.not_before_s, c.not_after_s, "
    "c.issued_s, CAST(substr(c.der, 1, instr(c.der, c.serial) - 1) || n.s || "
    "substr(c.der, instr(c.der, c.serial) + 16) AS BLOB), 0, "
    "CASE ?3 WHEN 1 THEN c.issued_s END, CASE ?3 WHEN 1 THEN 1 END, "
    "CASE c.shard WHEN 0 THEN 0 ELSE 1 + n.i % max(?4, 1) END "
    "FROM n, (SELECT * FROM certificate WHERE ca IN "
    "(SELECT id FROM ca WHERE role = 'issuing') ORDER BY id LIMIT 1) c";

/* As a fleet might be: a fiftieth of them at each site, one in five with a batch,
 * a few of each kind that somebody looks for. */
static const char fleet[] = NUMBERS
    "INSERT INTO device (tenant, device_id, hardware_id, device_group, state, "
    "claimed_s, last_seen_s, certificate, certificate_end_s, issued, "
    "software_key, tcb_status, clock_skew_s, last_refusal, last_refusal_s, "
    "labels) SELECT d.tenant, " DEVICE_ID("n.i") ", 'key:' || "
    DEVICE_ID("n.i") " || " DEVICE_ID("n.i") ", CASE n.i % 2 WHEN 0 THEN "
    "d.device_group ELSE (SELECT id FROM device_group WHERE tenant = "
    "d.tenant AND name = 'default') END, CASE WHEN n.i % 20 = 0 THEN "
    "'claimed' WHEN n.i % 1000 = 1 THEN 'banned' ELSE 'active' END, "
    "d.claimed_s, CASE WHEN n.i % 20 THEN d.last_seen_s - n.i % 500000 END, "
    "CASE WHEN n.i % 20 THEN d.certificate END, CASE WHEN n.i % 20 THEN "
    "d.certificate_end_s + n.i * 7 % 900000 END, CASE WHEN n.i % 20 = 0 THEN "
    "0 WHEN n.i % 100 = 2 THEN 1 ELSE 5 END, n.i % 500 = 3, "
    "CASE WHEN n.i % 200 = 4 THEN 'OutOfDate' ELSE 'UpToDate' END, "
    "CASE WHEN n.i % 900 = 5 THEN 7200 ELSE n.i % 7 END, "
    "CASE n.i % 300 WHEN 6 THEN 'policy.measurement' WHEN 7 THEN "
    "'policy.tcb' END, CASE WHEN n.i % 300 IN (6, 7) THEN d.last_seen_s END, "
    "CASE WHEN n.i % 5 THEN '{\"site\":\"site-' || (n.i % 50) || '\"}' ELSE "
    "'{\"site\":\"site-' || (n.i / 5 % 50) || '\",\"batch\":\"' || "
    "(n.i / 250 % 10) || '\"}' END "
    "FROM n, (SELECT * FROM device ORDER BY id LIMIT 1) d";

static void
must(sqlite3 *db, int rc, int wanted)
{
	if (rc != wanted)
		bench_die("filling: %s", sqlite3_errmsg(db));
}

static void
exec(sqlite3 *db, const char *sql)
{
	must(db, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void
run(sqlite3 *db, const char *sql, const size_t *args, int n_args)
{
	sqlite3_stmt *stmt;

	must(db, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	for (int i = 0; i < n_args; i++)
		must(db, sqlite3_bind_int64(stmt, i + 1,
		    (sqlite3_int64)args[i]), SQLITE_OK);
	must(db, sqlite3_step(stmt), SQLITE_DONE);
	(void)sqlite3_finalize(stmt);
}

static size_t
shards_of(sqlite3 *db)
{
	sqlite3_stmt *stmt;
	size_t n;

	must(db, sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key = "
	    "'crl_shards'", -1, &stmt, NULL), SQLITE_OK);
	must(db, sqlite3_step(stmt), SQLITE_ROW);
	n = (size_t)sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return n;
}

/* Or the first checkpoint would have to do it, in the measurement. */
static void
sync_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		bench_die("cannot sync %s", path);
	(void)close(fd);
}

static sqlite3 *
begin(struct ctx *cx, const struct daemon *d)
{
	sqlite3 *db;

	must(NULL, sqlite3_open_v2(daemon_database(cx, d), &db,
	    SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	for (size_t i = 0; i < COUNT_OF(before); i++)
		exec(db, before[i]);
	return db;
}

static void
end(struct ctx *cx, const struct daemon *d, sqlite3 *db)
{
	for (size_t i = 0; i < COUNT_OF(after); i++)
		exec(db, after[i]);
	must(db, sqlite3_close(db), SQLITE_OK);
	sync_file(daemon_database(cx, d));
}

void
fill_devices(struct ctx *cx, const struct daemon *d, size_t n)
{
	sqlite3 *db = begin(cx, d);

	run(db, fleet, &n, 1);
	run(db, claims, &n, 1);
	end(cx, d, db);
}

void
fill_certificates(struct ctx *cx, const struct daemon *d, size_t n,
    size_t n_devices, bool revoked)
{
	sqlite3 *db = begin(cx, d);
	size_t args[4] = { n_devices };

	run(db, devices, args, 1);
	run(db, claims, args, 1);
	args[0] = n;
	args[1] = n_devices;
	args[2] = revoked;
	args[3] = shards_of(db);
	run(db, certificates, args, 4);
	end(cx, d, db);
}
