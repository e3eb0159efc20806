/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaves of a tenant without devices: signed by the real signer, recorded as
 * enrolment records them.
 */
#ifndef DAAPKI_TESTS_LEAVES_H
#define DAAPKI_TESTS_LEAVES_H

#include "tests/unit/unit.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authority/certificate.h"
#include "authority/issue.h"
#include "authority/tenant.h"
#include "db/certificate.h"
#include "tests/unit/realm.h"

static struct realm *realm;
static struct tenant tenant;

static inline void
leaves_free_key(void *key)
{
	EVP_PKEY_free(key);
}

static inline struct slice
leaves_spki(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct slice out;

	ck_assert_int_gt(n, 0);
	arena_defer(cx->arena, leaves_free_key, key);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

static inline void
leaves_tenant(const char *name, struct tenant *out)
{
	struct db_tenant row;

	ck_ok(tenant_create(cx, realm->authority, &realm_admin, name, NULL,
	    &row));
	ck_ok(tenant_find(cx, realm->authority, name, out));
}

static inline void
leaves_open(void)
{
	realm = realm_open(cx);
	leaves_tenant("tenant-a", &tenant);
}

static inline void
leaves_close(void)
{
	realm_close(cx, realm);
}

static inline struct err
leaves_insert(struct ctx *c, struct db_tx *tx, void *arg)
{
	int64_t id;

	return db_certificate_insert(c, tx, arg, &id);
}

#define LEAVES_DEVICE	"0123456789abcdef0123456789abcdef"	\
    "0123456789abcdef0123456789abcdef"

/* By a profile of that document, for that key. */
static inline struct certificate_row
leaves_issue_by(const struct tenant *of, const char *document,
    struct slice spki)
{
	struct subject subject = {
		.known = true, .claimed = true, .tenant = *of,
	};
	struct issued *issued = ARENA_NEW(cx->arena, struct issued);

	ck_ok(profile_parse(cx, document, &subject.profile));
	ck_ok(issue_leaf(cx, realm->authority, &subject, LEAVES_DEVICE, spki,
	    true, issued));
	ck_ok(db_write(cx, realm->authority->db, leaves_insert,
	    &issued->row));
	return issued->row;
}

static inline struct certificate_row
leaves_issue(const struct tenant *of)
{
	return leaves_issue_by(of,
	    "{\"lifetime_s\":3600,\"backdate_s\":60}", leaves_spki());
}

static inline void
leaves_revoke(const struct certificate_row *row, enum revoke_reason reason)
{
	struct certificate_change change = {
		text_hex(cx->arena, row->serial), reason,
	};
	struct certificate_row after;

	ck_ok(certificate_revoke(cx, realm->authority, &tenant, &realm_admin,
	    &change, &after));
	ck_assert_int_ne(after.revoked_s, 0);
}

#endif
