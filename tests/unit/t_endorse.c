/* SPDX-License-Identifier: Apache-2.0 */
/* The collateral store: what it takes, and devices that enrol by it. */
#include "tests/unit/soft_device.h"

#include <sqlite3.h>

#include "authority/anchor.h"
#include "authority/collateral.h"
#include "authority/event.h"
#include "base/text.h"
#include "db/hardware.h"
#include "db/schema.h"
#include "tests/make_dcap.h"
#include "tests/make_psa.h"

#define SGX_POLICY	"{\"rules\":[{\"claim\":\"format\",\"equals\":\"sgx\"}]}"
#define PSA_POLICY	"{\"rules\":[{\"claim\":\"format\",\"equals\":\"psa\"}]}"
#define EAT_NONCE	10
#define EAT_UEID	256
#define FRESH_DAYS	20

static const struct authority *a;
static struct tenant other;
static struct make_dcap d;
static struct db_collateral row;
static int64_t fresh_until_s;

/* --- a platform of today ------------------------------------------------- */

static const char *
days_on(int64_t days)
{
	return text_time_dup(cx->arena, ctx_now(cx) + days * MAKE_DAY);
}

/* Its dates in terms of now; the collateral is valid for FRESH_DAYS. */
static void
make_dates(void)
{
	const int64_t now_s = ctx_now(cx);
	const int64_t until_s = now_s + FRESH_DAYS * MAKE_DAY;
	struct make_intel_cert *const certs[] = {
		&d.root, &d.ca, &d.pck, &d.signing
	};

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = now_s - 100 * MAKE_DAY;
		certs[i]->to_s = now_s + 1000 * MAKE_DAY;
	}
	d.root_crl.from_s = d.pck_crl.from_s = now_s - MAKE_DAY;
	d.root_crl.to_s = d.pck_crl.to_s = now_s + 30 * MAKE_DAY;
	d.tcb_edits[0] = (struct make_edit){ "2026-05-20T00:00:00Z",
	    days_on(-1) };
	d.tcb_edits[1] = (struct make_edit){ "2026-06-20T00:00:00Z",
	    text_time_dup(cx->arena, until_s) };
	fresh_until_s = until_s;
	d.qe_edits[0] = d.tcb_edits[0];
	d.qe_edits[1] = d.tcb_edits[1];
}

static struct db_anchor
add_anchor_for(const struct tenant *t, const char *scheme)
{
	struct anchor_spec spec = { scheme, "test root", d.anchor, NULL };
	struct db_anchor anchor;

	ck_ok(anchor_add(cx, a, t, &realm_admin, &spec, &anchor));
	return anchor;
}

static void
add_anchor(const struct tenant *t)
{
	(void)add_anchor_for(t, "sgx");
}

static void
claim_sgx(const struct tenant *t)
{
	char hardware_id[HARDWARE_ID_MAX];
	struct claim_request request = { .hardware_id = hardware_id, .group = "sgx" };
	struct claim_result result;
	uint8_t sha256[32];

	ck_assert_int_eq(EVP_Digest(d.ext.pck.ppid, 16, sha256, NULL,
	    EVP_sha256(), NULL), 1);
	(void)snprintf(hardware_id, sizeof(hardware_id), "sgx:%s",
	    text_hex(cx->arena, SLICE_OF(sha256)));
	ck_ok(claim_make(cx, a, t, &realm_admin, &request, &result));
}

/* Two tenants, and a platform claimed by the first whose maker's root is known
 * to both. */
static void
start(void)
{
	struct group_spec spec = { .profile = "soft",
	    .profile_version = PROFILE_NEWEST };
	struct db_tenant made;
	struct db_group group;
	struct policy policy;

	begin();
	a = realm->authority;
	realm_use_clock(cx, realm);
	ck_ok(tenant_create(cx, a, &realm_admin, "tenant-b", NULL, &made));
	ck_ok(tenant_find(cx, a, "tenant-b", &other));
	ck_ok(policy_parse(cx, SGX_POLICY, &policy));
	ck_ok(group_create(cx, a, &tenant, &realm_admin, "sgx", &spec,
	    &policy, &group));
	make_dcap(cx, &d, false);
	make_dates();
	(void)make_dcap_evidence(cx, &d);
	add_anchor(NULL);
	claim_sgx(&tenant);
}

static struct err
add(const struct tenant *t, const char *kind, json_t *document)
{
	struct collateral_spec spec = { kind, "test", "made here",
	    json_keep(cx, document) };

	return collateral_add(cx, a, t, &realm_admin, &spec, &row);
}

static struct err
add_dcap(const struct tenant *t)
{
	(void)make_dcap_evidence(cx, &d);
	return add(t, "dcap", make_dcap_collateral_json(cx, &d));
}

static struct err
add_crl(const struct tenant *t, struct slice crl, struct slice issuer)
{
	return add(t, "crl", json_pack("{s:s, s:o}", "crl",
	    base64url(cx->arena, crl), "chain", issuer.n == 0 ?
	    json_array() : json_pack("[s]", base64url(cx->arena, issuer))));
}

static void
check_refused(struct err e, const char *why)
{
	ck_fails(e, ERR_FIELD);
	ck_assert_msg(strstr(cx->trail->tell, why) != NULL, "%s",
	    cx->trail->tell);
}

static struct err
enroll_sgx(void)
{
	EVP_PKEY *key = new_key();
	struct enroll_request r = { .csr = csr_of(key),
	    .nonce = fresh_nonce(), .evidence_pointer = "/evidence" };
	struct enrollment e;

	memcpy(d.nonce, r.nonce.p, sizeof(d.nonce));
	d.spki = spki_of(key);
	r.evidence = make_dcap_evidence(cx, &d);
	return enroll(cx, a, &r, &e);
}

/* --- devices that enrol by it -------------------------------------------- */

START_TEST(a_platform_enrols_when_its_collateral_is_here)
{
	start();
	ck_fails(enroll_sgx(), ERR_EV_MISMATCH);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "no collateral"));
	ck_ok(add_dcap(NULL));
	ck_assert_int_eq(row.expires_s, fresh_until_s);
	ck_assert_ptr_nonnull(strstr(row.about, "SGX 00a1b2c3d4e5 0000 "));
	ck_ok(enroll_sgx());
	ck_ok(collateral_delete(cx, a, NULL, &realm_admin, row.id));
	ck_fails(enroll_sgx(), ERR_EV_MISMATCH);
	ck_fails(collateral_delete(cx, a, NULL, &realm_admin, row.id),
	    ERR_NOT_FOUND);
	end();
}
END_TEST

START_TEST(another_tenants_collateral_does_not_serve)
{
	start();
	ck_ok(add_dcap(&other));
	ck_fails(enroll_sgx(), ERR_EV_MISMATCH);
	ck_ok(add_dcap(&tenant));
	ck_ok(enroll_sgx());
	end();
}
END_TEST

START_TEST(collateral_that_has_lapsed_does_not_serve)
{
	start();
	ck_ok(add_dcap(NULL));
	realm->ahead_s += FRESH_DAYS * MAKE_DAY + 1;
	ck_fails(enroll_sgx(), ERR_EV_EXPIRED);
	check_refused(add_dcap(NULL), "is valid from");
	make_dates();
	ck_ok(add_dcap(NULL));
	end();
}
END_TEST

START_TEST(an_anchor_vouches_for_its_own_kind_of_hardware_alone)
{
	start();
	make_dcap(cx, &d, false);
	make_dates();
	(void)make_dcap_evidence(cx, &d);
	(void)add_anchor_for(&tenant, "tpm-ek");
	(void)add_anchor_for(&tenant, "idevid");
	ck_fails(add_dcap(&tenant), ERR_FIELD);
	ck_fails(enroll_sgx(), ERR_EV_CHAIN);
	(void)add_anchor_for(&tenant, "sgx");
	ck_ok(add_dcap(&tenant));
	ck_ok(enroll_sgx());
	end();
}
END_TEST

START_TEST(a_platform_that_is_out_of_date_must_update_first)
{
	start();
	ck_ok(add_dcap(NULL));
	d.ext.pck.pce_svn = 10;
	ck_fails(enroll_sgx(), ERR_POLICY_TCB);
	d.ext.pck.pce_svn = 11;
	ck_ok(enroll_sgx());
	end();
}
END_TEST

START_TEST(a_revoked_pck_certificate_does_not_enrol)
{
	start();
	ck_ok(add_dcap(NULL));
	ck_ok(enroll_sgx());
	d.pck_crl.serial = d.pck.serial;
	ck_ok(add_dcap(NULL));
	ck_fails(enroll_sgx(), ERR_EV_REVOKED);
	end();
}
END_TEST

START_TEST(a_list_of_any_maker_revokes_what_is_in_it)
{
	struct make_intel_crl crl;

	start();
	ck_ok(add_dcap(NULL));
	crl = d.pck_crl;
	crl.serial = d.pck.serial;
	check_refused(add_crl(NULL, make_intel_crl(cx, &crl), SLICE_NONE),
	    "neither an anchor of this scope nor first in the chain");
	ck_ok(add_crl(&other, make_intel_crl(cx, &crl), d.chain[1]));
	ck_ok(enroll_sgx());
	ck_ok(add_crl(&tenant, make_intel_crl(cx, &crl), d.chain[1]));
	ck_assert_int_eq(row.expires_s, crl.to_s);
	ck_fails(enroll_sgx(), ERR_EV_REVOKED);
	/* A newer one, of the root, that is an anchor. */
	ck_ok(collateral_delete(cx, a, &tenant, &realm_admin, row.id));
	ck_ok(enroll_sgx());
	crl = d.root_crl;
	crl.serial = d.ca.serial;
	ck_ok(add_crl(NULL, make_intel_crl(cx, &crl), SLICE_NONE));
	ck_fails(enroll_sgx(), ERR_EV_REVOKED);
	end();
}
END_TEST

START_TEST(serial_numbers_may_be_refused_by_themselves)
{
	start();
	ck_ok(add_dcap(NULL));
	ck_ok(add(&tenant, "revoked-serials", json_pack("{s:[s,s]}", "serials",
	    "ff00", "03")));
	ck_assert_int_eq(row.expires_s, 0);
	ck_fails(enroll_sgx(), ERR_EV_REVOKED);
	/* Of one name there is one list. */
	ck_ok(add(&tenant, "revoked-serials", json_pack("{s:[s]}", "serials",
	    "ff00")));
	ck_ok(enroll_sgx());
	end();
}
END_TEST

/* --- registered keys ------------------------------------------------------ */

static struct err
register_key(const struct tenant *t, const char *hardware_id, EVP_PKEY *key)
{
	struct hardware_spec spec = { .hardware_id = hardware_id,
	    .public_key = key == NULL ? SLICE_NONE : spki_of(key) };
	struct db_hardware made;

	return hardware_add(cx, a, t, &realm_admin, &spec, &made);
}

/* By the instance ID, a byte string of 33 bytes. */
static const char *
psa_hardware_id(const struct make_token *m)
{
	for (size_t i = 0; i < m->n_claims; i++)
		if (m->claims[i].key == EAT_UEID)
			return arena_printf(cx->arena, "psa:%s",
			    text_hex(cx->arena,
			    SLICE(m->claims[i].value.p + 2, PSA_UEID_SIZE)));
	return NULL;
}

static struct err
enroll_psa(struct make_token *m)
{
	EVP_PKEY *key = new_key();
	struct enroll_request r = { .csr = csr_of(key),
	    .nonce = fresh_nonce(), .evidence_pointer = "/evidence" };
	uint8_t binding[32];
	struct enrollment e;

	attest_binding("psa", r.nonce, spki_of(key), binding,
	    sizeof(binding));
	make_claim(m, EAT_NONCE, make_bstr(cx, SLICE_OF(binding)));
	r.evidence = json_keep(cx, json_pack("{s:s, s:s}", "format", "psa",
	    "token", base64url(cx->arena, make_token(cx, m))));
	return enroll(cx, a, &r, &e);
}

static json_t *
a_status_list(const char *serial, const char *status)
{
	return json_pack("{s:{s:{s:s,s:s},s:{s:s}}}", "entries", serial,
	    "status", status, "reason", "KEY_COMPROMISE",
	    "c35747a084470c3135aeefe2b8d40cd6", "status", "REVOKED");
}

START_TEST(googles_status_list_refuses_what_is_in_it)
{
	start();
	ck_ok(add_dcap(NULL));
	/* The PCK certificate's serial, in Google's way of writing it. */
	ck_ok(add(&tenant, "android-status", a_status_list("3", "SUSPENDED")));
	ck_assert_str_eq(row.about, "Android key attestation");
	ck_assert_int_eq(row.expires_s, 0);
	ck_fails(enroll_sgx(), ERR_EV_REVOKED);
	/* There is one list, the newest. */
	ck_ok(add(&tenant, "android-status", a_status_list("fff", "REVOKED")));
	ck_ok(enroll_sgx());
	end();
}
END_TEST

START_TEST(a_status_list_has_nothing_but_serials_and_the_two_statuses)
{
	static const char *const serials[] = { "", "03", "0", "ABC", "xyz",
	    "0x3", "11111111111111111111111111111111111111111" };

	start();
	for (size_t i = 0; i < COUNT_OF(serials); i++)
		ck_fails(add(NULL, "android-status", a_status_list(serials[i],
		    "REVOKED")), ERR_FIELD);
	ck_fails(add(NULL, "android-status", a_status_list("3", "GOOD")),
	    ERR_FIELD);
	ck_fails(add(NULL, "android-status", json_pack("{s:{s:s}}",
	    "entries", "3", "REVOKED")), ERR_FIELD);
	ck_fails(add(NULL, "android-status", json_pack("{s:[]}", "entries")),
	    ERR_FIELD);
	ck_fails(add(NULL, "android-status", json_pack("{}")), ERR_FIELD);
	ck_fails(add(NULL, "android-status", json_pack("{s:{},s:i}",
	    "entries", "more", 1)), ERR_FIELD);
	ck_ok(add(NULL, "android-status", json_pack("{s:{}}", "entries")));
	end();
}
END_TEST

START_TEST(a_psa_token_enrols_with_a_registered_key)
{
	struct group_spec spec = { .profile = "soft",
	    .profile_version = PROFILE_NEWEST };
	struct claim_request request = { .group = "psa" };
	struct claim_result result;
	struct db_group group;
	struct policy policy;
	struct make_token m;

	start();
	make_psa(cx, &m);
	request.hardware_id = psa_hardware_id(&m);
	ck_ok(policy_parse(cx, PSA_POLICY, &policy));
	ck_ok(group_create(cx, a, &tenant, &realm_admin, "psa", &spec,
	    &policy, &group));
	ck_ok(claim_make(cx, a, &tenant, &realm_admin, &request, &result));
	ck_fails(enroll_psa(&m), ERR_HW_UNKNOWN);
	ck_ok(register_key(&other, request.hardware_id, m.key));
	ck_fails(enroll_psa(&m), ERR_HW_UNKNOWN);
	ck_ok(register_key(&tenant, request.hardware_id, m.key));
	ck_ok(enroll_psa(&m));
	m.key = new_key();
	ck_fails(enroll_psa(&m), ERR_EV_SIGNATURE);
	end();
}
END_TEST

START_TEST(a_part_comes_with_the_key_that_it_signs_with_and_no_other)
{
	EVP_PKEY *key;
	uint8_t sha256[32];
	struct slice spki;
	const char *id;

	start();
	key = new_key();
	spki = spki_of(key);
	ck_assert_int_eq(EVP_Digest(spki.p, spki.n, sha256, NULL,
	    EVP_sha256(), NULL), 1);
	id = arena_printf(cx->arena, "optee:%s", text_hex(cx->arena,
	    SLICE_OF(sha256)));
	ck_fails(register_key(&tenant, id, NULL), ERR_FIELD);
	ck_fails(register_key(&tenant, id, new_key()), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/public_key");
	ck_ok(register_key(&tenant, id, key));
	ck_fails(register_key(&tenant, arena_printf(cx->arena, "dice:%s",
	    text_hex(cx->arena, SLICE_OF(sha256))), key), ERR_FIELD);
	end();
}
END_TEST

/* --- what the store takes ------------------------------------------------- */

START_TEST(what_is_not_signed_under_an_anchor_is_not_taken)
{
	struct make_intel_crl crl;

	start();
	d.tcb_after = (struct make_edit){ "INTEL-SA-1", "INTEL-SA-9" };
	check_refused(add_dcap(NULL), "signature");
	d.tcb_after = (struct make_edit){ NULL, NULL };
	crl = d.root_crl;
	crl.key = d.pck_key;
	check_refused(add_crl(NULL, make_intel_crl(cx, &crl), SLICE_NONE),
	    "not signed by its issuer");
	/* Another maker's chain leads nowhere here. */
	make_dcap(cx, &d, false);
	make_dates();
	ck_fails(add_dcap(NULL), ERR_FIELD);
	crl = d.pck_crl;
	ck_fails(add_crl(NULL, make_intel_crl(cx, &crl), d.chain[1]),
	    ERR_FIELD);
	/* A tenant's anchor is for its own collateral. */
	(void)make_dcap_evidence(cx, &d);
	add_anchor(&tenant);
	ck_fails(add_dcap(NULL), ERR_FIELD);
	ck_fails(add_dcap(&other), ERR_FIELD);
	ck_ok(add_dcap(&tenant));
	end();
}
END_TEST

START_TEST(what_is_not_whole_is_not_taken)
{
	json_t *document;

	start();
	check_refused(add(NULL, "other", json_object()), "must be dcap");
	check_refused(add(NULL, "dcap", json_object()), "one of its parts");
	d.no_pck_crl = true;
	check_refused(add_dcap(NULL), "without its CRLs");
	d.no_pck_crl = false;
	d.no_tcb = true;
	check_refused(add_dcap(NULL), "without one of its parts");
	d.no_tcb = false;
	d.pck_crl.endless = true;
	check_refused(add_dcap(NULL), "from when until when");
	d.pck_crl.endless = false;
	d.pck_crl.to_s = ctx_now(cx) - 10;
	check_refused(add_dcap(NULL), "is valid from");
	make_dates();
	document = make_dcap_collateral_json(cx, &d);
	ck_assert_int_eq(json_object_set_new(document, "more", json_true()),
	    0);
	ck_fails(add(NULL, "dcap", document), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/document/more");
	ck_fails(add_crl(NULL, slice_text("not a list"), SLICE_NONE),
	    ERR_FIELD);
	ck_fails(add(NULL, "revoked-serials", json_pack("{s:[s]}", "serials",
	    "0003")), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/document/serials");
	end();
}
END_TEST

START_TEST(newer_collateral_takes_the_place_of_older_and_not_the_other_way)
{
	struct page page = { 0, 1 };
	struct db_collateral *all, got;
	struct make_edit issued;
	int64_t first, next;
	size_t n;

	start();
	ck_ok(add_dcap(NULL));
	first = row.id;
	ck_ok(add_dcap(&tenant));
	issued = d.tcb_edits[0];
	d.tcb_edits[0].to = days_on(-2);
	ck_fails(add_dcap(NULL), ERR_EXISTS);
	d.tcb_edits[0] = issued;
	ck_ok(add_dcap(NULL));
	ck_fails(collateral_get(cx, a, NULL, first, &got), ERR_NOT_FOUND);
	ck_fails(collateral_get(cx, a, &tenant, row.id, &got), ERR_NOT_FOUND);
	ck_ok(collateral_get(cx, a, NULL, row.id, &got));
	ck_assert_str_eq(got.document, row.document);
	ck_assert_str_eq(got.provenance, "made here");
	ck_ok(add(NULL, "revoked-serials", json_pack("{s:[]}", "serials")));
	ck_ok(collateral_list(cx, a, NULL, page, &all, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(all[0].id, got.id);
	ck_assert_str_eq(all[0].document, "");
	page.after = next;
	ck_ok(collateral_list(cx, a, NULL, page, &all, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(all[0].kind, "revoked-serials");
	ck_assert_int_eq(next, 0);
	end();
}
END_TEST

/* --- what lapses -------------------------------------------------------- */

static size_t
n_warnings(const struct tenant *t)
{
	struct page page = { 0, 1000 };
	struct event_row *events;
	size_t n, n_found = 0;

	ck_ok(event_list(cx, a, t, page, &events, &n));
	for (size_t i = 0; i < n; i++)
		n_found += strcmp(events[i].type, "collateral.expiring") == 0;
	return n_found;
}

START_TEST(an_event_tells_once_of_what_will_lapse)
{
	struct tenant platform;

	start();
	ck_ok(tenant_find(cx, a, TENANT_PLATFORM, &platform));
	ck_ok(add_dcap(NULL));
	ck_ok(add_dcap(&tenant));
	ck_ok(add(&tenant, "revoked-serials", json_pack("{s:[]}", "serials")));
	ck_ok(collateral_round(cx, a));
	ck_assert_uint_eq(n_warnings(&tenant), 0);
	realm->ahead_s += (FRESH_DAYS - 7) * MAKE_DAY + 60;
	ck_ok(collateral_round(cx, a));
	ck_ok(collateral_round(cx, a));
	ck_assert_uint_eq(n_warnings(&tenant), 1);
	ck_assert_uint_eq(n_warnings(&platform), 1);
	/* What takes its place is warned of in its own time. */
	make_dates();
	ck_ok(add_dcap(&tenant));
	ck_ok(collateral_round(cx, a));
	ck_assert_uint_eq(n_warnings(&tenant), 1);
	realm->ahead_s += (FRESH_DAYS - 7) * MAKE_DAY + 60;
	ck_ok(collateral_round(cx, a));
	ck_assert_uint_eq(n_warnings(&tenant), 2);
	ck_assert_uint_eq(n_warnings(&platform), 1);
	end();
}
END_TEST

/* --- older databases -------------------------------------------------------- */

struct seen {
	struct db_hardware	*parts;
	struct db_collateral	*all;
	size_t			 n[2];
};

static struct err
look(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct seen *s = arg;

	TRY(db_hardware_list(c, tx, 0, 0, 10, &s->parts, &s->n[0]));
	return db_collateral_list(c, tx, 0, 0, 10, &s->all, &s->n[1]);
}

START_TEST(an_older_database_keeps_its_parts_and_has_no_collateral)
{
	char folder[] = "/tmp/t_endorse.XXXXXX";
	struct db_conf conf = { .n_readers = 1 };
	struct seen s;
	sqlite3 *sqlite;
	struct db *db;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	conf.path = arena_printf(cx->arena, "%s/db", folder);
	ck_assert_int_eq(sqlite3_open(conf.path, &sqlite), SQLITE_OK);
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(sqlite3_exec(sqlite,
		    db_schema_migrations[i], NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, "INSERT INTO hardware "
	    "(hardware_id, device_id, note, created_s, created_by) VALUES "
	    "('key:00', 'd', '', 1, 'x'); PRAGMA user_version = 8", NULL,
	    NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	ck_ok(db_open(cx, &conf, &db));
	ck_ok(db_read(cx, db, look, &s));
	ck_assert_uint_eq(s.n[0], 1);
	ck_assert_str_eq(s.parts[0].hardware_id, "key:00");
	ck_assert_uint_eq(s.n[1], 0);
	db_close(db);
	ck_assert_int_eq(system(arena_printf(cx->arena, "rm -r %s", folder)),
	    0);
}
END_TEST

UNIT_MAIN("endorse",
    a_platform_enrols_when_its_collateral_is_here,
    another_tenants_collateral_does_not_serve,
    collateral_that_has_lapsed_does_not_serve,
    an_anchor_vouches_for_its_own_kind_of_hardware_alone,
    a_platform_that_is_out_of_date_must_update_first,
    a_revoked_pck_certificate_does_not_enrol,
    a_list_of_any_maker_revokes_what_is_in_it,
    serial_numbers_may_be_refused_by_themselves,
    googles_status_list_refuses_what_is_in_it,
    a_status_list_has_nothing_but_serials_and_the_two_statuses,
    a_psa_token_enrols_with_a_registered_key,
    a_part_comes_with_the_key_that_it_signs_with_and_no_other,
    what_is_not_signed_under_an_anchor_is_not_taken,
    what_is_not_whole_is_not_taken,
    newer_collateral_takes_the_place_of_older_and_not_the_other_way,
    an_event_tells_once_of_what_will_lapse,
    an_older_database_keeps_its_parts_and_has_no_collateral)
