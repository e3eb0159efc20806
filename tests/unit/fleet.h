/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tenants, each with a CA and the groups "default" and "other", in a real
 * database in a folder of its own, and a clock that the test sets.
 */
#ifndef DAAPKI_TESTS_FLEET_H
#define DAAPKI_TESTS_FLEET_H

#include "tests/unit/unit.h"

#include <unistd.h>

#include "authority/authority.h"
#include "authority/feed.h"
#include "authority/issuers.h"
#include "db/attestation.h"
#include "db/ca.h"
#include "db/certificate.h"
#include "db/device.h"
#include "db/event.h"
#include "db/group.h"
#include "db/profile.h"
#include "db/tenant.h"
#include "tests/unit/sql.h"

#define FLEET_NOW	1795334400	/* 2026-11-22T08:00:00Z */

struct fleet {
	struct authority	 a;
	struct tenant		 tenants[2];
	struct principal	 owners[2];
	int64_t			 cas[2];
	int64_t			 now_s;
	struct clock		 clock;
	char			*folder;
};

static struct fleet fleet;

static int64_t
fleet_now(void *arg)
{
	(void)arg;
	return fleet.now_s;
}

static inline struct err
fleet_fill(struct ctx *c, struct db_tx *tx, void *arg)
{
	static const char *const names[] = { "tenant-a", "tenant-b" };
	static const char *const groups[] = { "default", "other" };

	(void)arg;
	for (unsigned i = 0; i < 2; i++) {
		struct db_tenant tenant = { .name = names[i], .title = "",
		    .created_s = FLEET_NOW };
		struct db_ca ca = {
			.role = "issuing", .state = "active",
			.key_id = SLICE(names[i], strlen(names[i])),
			.serial = SLICE("\1", 1),
			.certificate = SLICE("c", 1), .sealed = SLICE("s", 1),
			.not_before_s = FLEET_NOW,
			.not_after_s = FLEET_NOW + 100000000,
			.created_s = FLEET_NOW,
		};
		struct db_profile profile = { .name = "default",
		    .version = 1, .document = "{}", .created_s = FLEET_NOW,
		    .created_by = "fleet" };
		int64_t id;

		TRY(db_tenant_insert(c, tx, &tenant, &id));
		fleet.tenants[i].id = ca.tenant_id = id;
		(void)snprintf(fleet.tenants[i].name,
		    sizeof(fleet.tenants[i].name), "%s", names[i]);
		fleet.owners[i] = (struct principal){ .token_id = 1,
		    .role = ROLE_OWNER, .tenant_id = id,
		    .name = i == 0 ? "alpha" : "beta" };
		TRY(db_ca_insert(c, tx, &ca, &fleet.cas[i]));
		TRY(db_profile_insert(c, tx, ca.tenant_id, &profile, &id));
		for (unsigned g = 0; g < 2; g++) {
			struct db_group group = { .name = groups[g],
			    .title = "", .profile = "default",
			    .policy_version = 1, .created_s = FLEET_NOW };

			TRY(db_group_insert(c, tx, fleet.tenants[i].id,
			    &group, &id));
		}
	}
	return OK;
}

static inline void
fleet_open(void)
{
	struct db_conf conf = { .n_readers = 2 };

	fleet = (struct fleet){ .now_s = FLEET_NOW };
	fleet.clock = *cx->clock;
	fleet.clock.now_s = fleet_now;
	cx->clock = &fleet.clock;
	fleet.folder = arena_strdup(cx->arena, "/tmp/t_fleet.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fleet.folder));
	conf.path = arena_printf(cx->arena, "%s/db", fleet.folder);
	ck_ok(db_open(cx, &conf, &fleet.a.db));
	/* No CA yet, so that its thread has none to sign for. */
	ck_ok(issuers_open(cx, &fleet.a, &fleet.a.issuers));
	ck_ok(db_write(cx, fleet.a.db, fleet_fill, NULL));
	fleet.a.limits.reports_per_day = 10;
	fleet.a.feed = feed_new();
}

static inline void
fleet_close(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	issuers_close(fleet.a.issuers);
	db_close(fleet.a.db);
	feed_free(fleet.a.feed);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		(void)unlink(arena_printf(cx->arena, "%s/db%s", fleet.folder,
		    ends[i]));
	ck_assert_int_eq(rmdir(fleet.folder), 0);
}

static inline void
fleet_sql(const char *sql)
{
	sql_run(arena_printf(cx->arena, "%s/db", fleet.folder), sql);
}

static inline struct err
fleet_platform_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct db_tenant platform = { .name = TENANT_PLATFORM, .title = "",
	    .created_s = FLEET_NOW };

	(void)arg;
	return db_tenant_insert(c, tx, &platform, &platform.id);
}

/* The reserved tenant, under which the platform's events are. */
static inline void
fleet_add_platform(void)
{
	ck_ok(db_write(cx, fleet.a.db, fleet_platform_work, NULL));
}

/* --- what enrolment does ---------------------------------------------- */

struct fleet_enrolled {
	unsigned	 tenant;
	const char	*device_id;
	uint8_t		 serial[16];
	int64_t		 not_after_s;
	int64_t		 device, certificate;
};

static inline struct err
fleet_enroll_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct fleet_enrolled *e = arg;
	int64_t tenant_id = fleet.tenants[e->tenant].id;
	struct attestation_row attestation = {
		.at_s = fleet.now_s, .format = "tpm2", .verdict = "affirming",
		.vector = SLICE("\x02\0\0\0\0\0\0", 8),
		.policy_group = "default", .policy_sha256 = SLICE("h", 1),
		.claims = "{\"secure_boot\":true}",
		.evidence_sha256 = SLICE_OF(e->serial), .policy_version = 1,
	};
	struct certificate_row row = {
		.tenant_id = tenant_id, .ca_id = fleet.cas[e->tenant],
		.serial = SLICE_OF(e->serial), .device_id = e->device_id,
		.spki_sha256 = SLICE_OF(e->serial), .hardware_key = true,
		.not_before_s = fleet.now_s - 300,
		.not_after_s = e->not_after_s, .issued_s = fleet.now_s,
		.der = SLICE("der", 3),
	};
	struct device_row device;
	bool found;

	TRY(db_device_by_id(c, tx, e->device_id, &device, &found));
	ck_assert(found);
	e->device = device.id;
	TRY(db_certificate_insert(c, tx, &row, &e->certificate));
	TRY(db_attestation_put(c, tx, tenant_id, device.id, &attestation));
	return db_device_enrolled(c, tx, tenant_id, device.id,
	    &(struct device_enrolled){ .at_s = fleet.now_s,
	    .certificate = e->certificate, .not_after_s = e->not_after_s,
	    .hardware_key = row.hardware_key });
}

/* Record an enrolment; the serial is all that byte. */
static inline struct fleet_enrolled
fleet_enroll(unsigned tenant, const char *device_id, uint8_t serial,
    int64_t not_after_s)
{
	struct fleet_enrolled e = { .tenant = tenant, .device_id = device_id,
	    .not_after_s = not_after_s };

	memset(e.serial, serial, sizeof(e.serial));
	ck_ok(db_write(cx, fleet.a.db, fleet_enroll_work, &e));
	return e;
}

/* 64 hex digits that end in that number. */
static inline const char *
fleet_device_id(unsigned n)
{
	return arena_printf(cx->arena, "%064x", n);
}

/* How many events of that type a tenant has. */
struct fleet_count { int64_t tenant_id; const char *type; unsigned n; };

static inline struct err
fleet_count_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct fleet_count *count = arg;
	struct event_row *events;
	size_t n;

	TRY(db_event_list(c, tx, count->tenant_id, 0, 1000, &events, &n));
	for (size_t i = 0; i < n; i++)
		count->n += strcmp(events[i].type, count->type) == 0;
	return OK;
}

static inline unsigned
fleet_events(unsigned tenant, const char *type)
{
	struct fleet_count count = { fleet.tenants[tenant].id, type, 0 };

	ck_ok(db_read(cx, fleet.a.db, fleet_count_work, &count));
	return count.n;
}

#endif
