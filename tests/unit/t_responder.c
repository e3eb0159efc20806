/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP answers with the real signer and database; OpenSSL asks and verifies. */
#include "tests/unit/leaves.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <openssl/ocsp.h>
#include <sqlite3.h>

#include "authority/delegate.h"
#include "authority/life.h"
#include "authority/reseal.h"
#include "authority/responder.h"
#include "authority/revoked.h"
#include "authority/signer.h"

static const struct issuer *
issuing(const struct tenant *of)
{
	const struct issuer *issuer = issuers_active(realm->authority, of->id,
	    CA_ROLE_ISSUING);

	ck_assert_ptr_nonnull(issuer);
	return issuer;
}

static X509 *
x509_of(struct slice der)
{
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	ck_assert_ptr_nonnull(x);
	return x;
}

/* A request as OpenSSL makes it, and as this project reads it. */
struct asked { OCSP_REQUEST *ossl; struct ocsp_request request; };

static struct asked
about(const struct issuer *issuer, const struct slice *serials, size_t n,
    const EVP_MD *md, bool with_nonce)
{
	struct asked asked = { .ossl = OCSP_REQUEST_new() };
	X509 *ca = x509_of(issuer->certificate);
	unsigned char *der = NULL;
	int size;

	for (size_t i = 0; i < n; i++) {
		BIGNUM *bn = BN_bin2bn(serials[i].p, (int)serials[i].n, NULL);
		ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(bn, NULL);

		ck_assert_ptr_nonnull(OCSP_request_add0_id(asked.ossl,
		    OCSP_cert_id_new(md, X509_get_subject_name(ca),
		    X509_get0_pubkey_bitstr(ca), serial)));
		ASN1_INTEGER_free(serial);
		BN_free(bn);
	}
	if (with_nonce)
		ck_assert_int_eq(OCSP_request_add1_nonce(asked.ossl, NULL, 16),
		    1);
	size = i2d_OCSP_REQUEST(asked.ossl, &der);
	ck_assert_int_gt(size, 0);
	ck_ok(ocsp_request_parse(cx, slice_dup(cx->arena,
	    SLICE(der, (size_t)size)), &asked.request));
	OPENSSL_free(der);
	X509_free(ca);
	return asked;
}

/* The basic response, its signature verified by the CA's certificate. */
static OCSP_BASICRESP *
verified(const struct issuer *issuer, struct slice der)
{
	const unsigned char *p = der.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	OCSP_BASICRESP *basic;

	ck_assert_ptr_nonnull(response);
	ck_assert(p == der.p + der.n);
	ck_assert_int_eq(OCSP_response_status(response), 0);
	basic = OCSP_response_get1_basic(response);
	ck_assert_ptr_nonnull(basic);
	ck_assert_int_gt(sk_X509_push(certs, x509_of(issuer->certificate)), 0);
	ck_assert_int_eq(OCSP_basic_verify(basic, certs, store,
	    OCSP_TRUSTOTHER), 1);
	sk_X509_pop_free(certs, X509_free);
	X509_STORE_free(store);
	OCSP_RESPONSE_free(response);
	return basic;
}

struct said { int status, reason; int64_t revoked_s; };

/* What an answer says of its entry i. */
static struct said
said_of(OCSP_BASICRESP *basic, int i)
{
	struct said said = { .reason = -1 };
	ASN1_GENERALIZEDTIME *revoked = NULL, *this_update, *next_update;
	struct tm tm;

	said.status = OCSP_single_get0_status(OCSP_resp_get0(basic, i),
	    &said.reason, &revoked, &this_update, &next_update);
	ck_assert_int_eq(OCSP_check_validity(this_update, next_update, 5, -1),
	    1);
	if (revoked != NULL) {
		ck_assert_int_eq(ASN1_TIME_to_tm(revoked, &tm), 1);
		said.revoked_s = timegm(&tm);
	}
	return said;
}

static struct said
ask_of(const struct issuer *issuer, struct slice serial, const EVP_MD *md)
{
	struct asked asked = about(issuer, &serial, 1, md, false);
	struct responder_answer answer;
	OCSP_BASICRESP *basic;
	struct said said;

	ck_ok(responder_ask(cx, realm->authority, issuer, &asked.request,
	    &answer));
	basic = verified(issuer, answer.der);
	ck_assert_int_eq(OCSP_resp_count(basic), 1);
	said = said_of(basic, 0);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(asked.ossl);
	return said;
}

static struct said
ask(struct slice serial, const EVP_MD *md)
{
	return ask_of(issuing(&tenant), serial, md);
}

START_TEST(a_certificate_is_good_until_it_is_revoked_then_at_once_not)
{
	struct certificate_row row;
	struct said said;

	leaves_open();
	row = leaves_issue(&tenant);
	ck_assert_int_eq(ask(row.serial, EVP_sha1()).status,
	    V_OCSP_CERTSTATUS_GOOD);
	ck_assert_int_eq(ask(row.serial, EVP_sha256()).status,
	    V_OCSP_CERTSTATUS_GOOD);
	leaves_revoke(&row, REVOKE_SUPERSEDED);
	for (unsigned i = 0; i < 2; i++) {
		said = ask(row.serial, i == 0 ? EVP_sha1() : EVP_sha256());
		ck_assert_int_eq(said.status, V_OCSP_CERTSTATUS_REVOKED);
		ck_assert_int_eq(said.reason, REVOKE_SUPERSEDED);
		ck_assert_int_le(llabs(said.revoked_s - ctx_now(cx)), 5);
	}
	realm_reopen(cx, realm);
	ck_assert_int_eq(ask(row.serial, EVP_sha1()).status,
	    V_OCSP_CERTSTATUS_REVOKED);
	leaves_close();
}
END_TEST

START_TEST(a_serial_that_was_never_issued_is_unknown_and_not_kept)
{
	static const uint8_t serial[] = { 0x61, 2, 3 };
	struct slice s = SLICE_OF(serial);
	struct responder_answer answer;
	struct asked asked;

	leaves_open();
	ck_assert_int_eq(ask(s, EVP_sha1()).status,
	    V_OCSP_CERTSTATUS_UNKNOWN);
	asked = about(issuing(&tenant), &s, 1, EVP_sha1(), false);
	ck_ok(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &answer));
	ck_assert(!answer.is_kept);
	OCSP_REQUEST_free(asked.ossl);
	leaves_close();
}
END_TEST

START_TEST(an_answer_is_signed_once_and_given_to_everybody)
{
	struct responder_answer first, again;
	struct certificate_row row;
	struct asked asked;

	leaves_open();
	row = leaves_issue(&tenant);
	asked = about(issuing(&tenant), &row.serial, 1, EVP_sha1(), false);
	ck_assert(!responder_kept(cx, realm->authority, issuing(&tenant),
	    &asked.request, &again));
	ck_ok(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &first));
	ck_assert(first.is_kept);
	ck_assert(responder_kept(cx, realm->authority, issuing(&tenant),
	    &asked.request, &again));
	ck_assert(again.der.p == first.der.p);
	ck_assert_int_eq(first.next_s - first.this_s, 3600);
	ck_ok(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &again));
	ck_assert(again.der.p == first.der.p);
	ck_assert_str_eq(again.etag, first.etag);
	leaves_revoke(&row, REVOKE_UNSPECIFIED);
	ck_assert(!responder_kept(cx, realm->authority, issuing(&tenant),
	    &asked.request, &again));
	OCSP_REQUEST_free(asked.ossl);
	leaves_close();
}
END_TEST

START_TEST(an_answer_is_made_again_when_half_of_its_life_is_over)
{
	struct responder_answer first, again;
	struct certificate_row row;
	struct asked asked;

	leaves_open();
	/* By the real clock: the signer signs for no other time. */
	realm->conf.limits.ocsp_life_s = 6;
	realm_reopen(cx, realm);
	row = leaves_issue(&tenant);
	asked = about(issuing(&tenant), &row.serial, 1, EVP_sha1(), false);
	ck_ok(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &first));
	ck_assert_int_eq(first.next_s - first.this_s, 6);
	(void)sleep(4);
	ck_assert(!responder_kept(cx, realm->authority, issuing(&tenant),
	    &asked.request, &again));
	ck_ok(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &again));
	ck_assert_int_ge(again.this_s, first.this_s + 4);
	OCSP_REQUEST_free(asked.ossl);
	leaves_close();
}
END_TEST

START_TEST(a_nonce_comes_back_and_such_an_answer_is_for_one_only)
{
	struct responder_answer answer;
	struct certificate_row row;
	OCSP_BASICRESP *basic;
	struct asked asked;

	leaves_open();
	row = leaves_issue(&tenant);
	for (unsigned i = 0; i < 3; i++) {
		/* Not kept yet; kept; revoked. */
		if (i == 1)
			(void)ask(row.serial, EVP_sha1());
		if (i == 2)
			leaves_revoke(&row, REVOKE_UNSPECIFIED);
		asked = about(issuing(&tenant), &row.serial, 1, EVP_sha1(),
		    true);
		ck_ok(responder_ask(cx, realm->authority, issuing(&tenant),
		    &asked.request, &answer));
		ck_assert(!answer.is_kept);
		basic = verified(issuing(&tenant), answer.der);
		ck_assert_int_eq(OCSP_check_nonce(asked.ossl, basic), 1);
		ck_assert_int_eq(said_of(basic, 0).status, i == 2 ?
		    V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD);
		OCSP_BASICRESP_free(basic);
		OCSP_REQUEST_free(asked.ossl);
	}
	leaves_close();
}
END_TEST

START_TEST(several_certificates_are_answered_together)
{
	static const uint8_t stranger[] = { 0x61, 9 };
	struct certificate_row good, revoked;
	struct responder_answer answer;
	struct slice serials[3];
	OCSP_BASICRESP *basic;
	struct asked asked;

	leaves_open();
	good = leaves_issue(&tenant);
	revoked = leaves_issue(&tenant);
	leaves_revoke(&revoked, REVOKE_KEY_COMPROMISE);
	serials[0] = good.serial;
	serials[1] = revoked.serial;
	serials[2] = SLICE_OF(stranger);
	asked = about(issuing(&tenant), serials, 3, EVP_sha256(), false);
	ck_ok(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &answer));
	basic = verified(issuing(&tenant), answer.der);
	ck_assert_int_eq(OCSP_resp_count(basic), 3);
	ck_assert_int_eq(said_of(basic, 0).status, V_OCSP_CERTSTATUS_GOOD);
	ck_assert_int_eq(said_of(basic, 1).status,
	    V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_int_eq(said_of(basic, 2).status,
	    V_OCSP_CERTSTATUS_UNKNOWN);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(asked.ossl);
	leaves_close();
}
END_TEST

START_TEST(another_tenants_ca_is_not_answered_for)
{
	struct responder_answer answer;
	struct certificate_row row;
	struct slice serials[2];
	struct tenant other;
	struct asked asked;

	leaves_open();
	leaves_tenant("tenant-b", &other);
	row = leaves_issue(&other);
	asked = about(issuing(&other), &row.serial, 1, EVP_sha1(), false);
	ck_ok(responder_ask(cx, realm->authority, issuing(&other),
	    &asked.request, &answer));
	ck_fails(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &answer), ERR_NOT_FOUND);
	OCSP_REQUEST_free(asked.ossl);
	/* Its serial under the own CA is one that was never issued there. */
	ck_assert_int_eq(ask(row.serial, EVP_sha1()).status,
	    V_OCSP_CERTSTATUS_UNKNOWN);
	/* One foreign name among good ones spoils the request. */
	serials[0] = serials[1] = leaves_issue(&tenant).serial;
	asked = about(issuing(&tenant), serials, 2, EVP_sha1(), false);
	asked.request.ids[1].key_hash = asked.request.ids[1].name_hash;
	ck_fails(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &answer), ERR_NOT_FOUND);
	OCSP_REQUEST_free(asked.ossl);
	leaves_close();
}
END_TEST

/* What the tenant's root says of the tenant's issuing CA. */
static struct said
root_says(const struct issuer *issuer)
{
	const struct issuer *root = issuer->parent;
	struct responder_answer answer;
	const ASN1_INTEGER *serial;
	OCSP_BASICRESP *basic;
	struct asked asked;
	struct said said;
	struct slice s;
	X509 *ca;

	ca = x509_of(issuer->certificate);
	serial = X509_get0_serialNumber(ca);
	s = SLICE(ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));
	asked = about(root, &s, 1, EVP_sha1(), false);
	ck_ok(responder_ask(cx, realm->authority, root, &asked.request,
	    &answer));
	ck_assert(answer.is_kept);
	basic = verified(root, answer.der);
	said = said_of(basic, 0);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(asked.ossl);
	X509_free(ca);
	return said;
}

START_TEST(a_root_answers_for_its_issuing_ca_and_revokes_all_under_it)
{
	const struct issuer *issuer;
	struct certificate_row row;
	struct life_step step = { .reason = 2 };	/* cACompromise */
	struct db_ca after;

	leaves_open();
	issuer = issuing(&tenant);
	row = leaves_issue(&tenant);
	ck_assert_int_eq(root_says(issuer).status, V_OCSP_CERTSTATUS_GOOD);
	ck_assert_int_eq(ask(row.serial, EVP_sha1()).status,
	    V_OCSP_CERTSTATUS_GOOD);
	step.key_id = text_hex(cx->arena, SLICE_OF(issuer->key_id));
	ck_ok(life_taint(cx, realm->authority, &tenant, &realm_admin, &step,
	    &after));
	ck_ok(life_revoke(cx, realm->authority, &tenant, &realm_admin, &step,
	    &after));
	ck_assert_int_eq(root_says(issuer).status,
	    V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_int_eq(root_says(issuer).reason, 2);
	ck_assert_int_eq(ask_of(issuer, row.serial, EVP_sha1()).status,
	    V_OCSP_CERTSTATUS_REVOKED);
	leaves_close();
}
END_TEST

START_TEST(an_answer_that_holds_is_given_while_the_signer_is_away)
{
	struct responder_answer answer;
	struct certificate_row row, other;
	struct asked asked;

	leaves_open();
	row = leaves_issue(&tenant);
	other = leaves_issue(&tenant);
	(void)ask(row.serial, EVP_sha1());
	realm_use_clock(cx, realm);
	/* It is time for a new one, and there is no signer to make it. */
	realm->ahead_s = 2000;
	realm_stop_signer(realm);
	asked = about(issuing(&tenant), &row.serial, 1, EVP_sha1(), false);
	ck_ok(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &answer));
	OCSP_REQUEST_free(asked.ossl);
	asked = about(issuing(&tenant), &other.serial, 1, EVP_sha1(), false);
	ck_fails(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &answer), ERR_SIGNER_GONE);
	OCSP_REQUEST_free(asked.ossl);
	leaves_close();
}
END_TEST

static struct err
revoke_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct certificate_row *row = arg;
	struct certificate_row found;
	bool there, changed;

	TRY(db_certificate_find(c, tx, row->ca_id, row->serial, &found,
	    &there));
	ck_assert(there);
	return db_certificate_revoke(c, tx, row->tenant_id, found.id, 0,
	    ctx_now(c), &changed);
}

/* As between the commit of a revocation and the word of it. */
START_TEST(an_answer_does_not_hold_for_what_the_database_has_as_revoked)
{
	struct responder_answer answer;
	struct certificate_row row;
	struct asked asked;

	leaves_open();
	row = leaves_issue(&tenant);
	(void)ask(row.serial, EVP_sha1());
	ck_ok(db_write(cx, realm->authority->db, revoke_work, &row));
	realm_use_clock(cx, realm);
	realm->ahead_s = 2000;
	realm_stop_signer(realm);
	asked = about(issuing(&tenant), &row.serial, 1, EVP_sha1(), false);
	ck_fails(responder_ask(cx, realm->authority, issuing(&tenant),
	    &asked.request, &answer), ERR_SIGNER_GONE);
	OCSP_REQUEST_free(asked.ossl);
	leaves_close();
}
END_TEST

/* --- delegates -------------------------------------------------------------- */

static void
open_delegated(int64_t life_s)
{
	leaves_open();
	realm->conf.limits.ocsp_delegated = true;
	realm->conf.limits.ocsp_signer_life_s = life_s;
	realm_reopen(cx, realm);
}

static int
quick_status(struct slice der)
{
	const unsigned char *p = der.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
	int status = OCSP_single_get0_status(OCSP_resp_get0(basic, 0), NULL,
	    NULL, NULL, NULL);

	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return status;
}

/* The serial of the certificate that goes with an answer, which OpenSSL accepts
 * as the delegate of that CA, trusting nothing else. */
static const char *
delegate_of(const struct issuer *issuer, struct slice der)
{
	const unsigned char *p = der.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
	X509_STORE *store = X509_STORE_new();
	X509 *ca = x509_of(issuer->certificate);
	const ASN1_INTEGER *serial;
	const char *hex;

	ck_assert_int_eq(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
	ck_assert_int_eq(X509_STORE_add_cert(store, ca), 1);
	ck_assert_int_eq(X509_STORE_set_flags(store,
	    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT), 1);
	ck_assert_int_eq(OCSP_basic_verify(basic, NULL, store, 0), 1);
	serial = X509_get0_serialNumber(sk_X509_value(
	    OCSP_resp_get0_certs(basic), 0));
	hex = text_hex(cx->arena, SLICE(ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial)));
	X509_free(ca);
	X509_STORE_free(store);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return hex;
}

static struct responder_answer
ask_delegate(const struct issuer *issuer, struct slice serial, bool nonce)
{
	struct asked asked = about(issuer, &serial, 1, EVP_sha1(), nonce);
	struct responder_answer answer;

	ck_ok(responder_ask(cx, realm->authority, issuer, &asked.request,
	    &answer));
	OCSP_REQUEST_free(asked.ossl);
	return answer;
}

/* How many OCSP keys the signer has ever made. */
static unsigned
n_delegates(void)
{
	struct order order = { .type = ORDER_READ_JOURNAL,
	    .read_journal = { .from = 1 } };
	struct answer answer;
	unsigned n = 0;

	ck_ok(signer_call(cx, realm->authority->signer, &order, &answer));
	ck_assert_uint_lt(answer.n_entries, WIRE_JOURNAL_MAX);
	for (size_t i = 0; i < answer.n_entries; i++)
		n += answer.entries[i].kind == JOURNAL_OCSP;
	return n;
}

START_TEST(a_delegate_signs_for_its_ca_and_is_the_same_after_a_restart)
{
	const struct issuer *issuer, *root;
	struct certificate_row row;
	struct responder_answer answer;
	const char *first;

	open_delegated(86400);
	row = leaves_issue(&tenant);
	ck_assert_uint_eq(n_delegates(), 0);
	issuer = issuing(&tenant);
	answer = ask_delegate(issuer, row.serial, true);
	first = delegate_of(issuer, answer.der);
	answer = ask_delegate(issuer, row.serial, false);
	ck_assert_str_eq(delegate_of(issuer, answer.der), first);
	ck_assert_int_eq(quick_status(answer.der), V_OCSP_CERTSTATUS_GOOD);
	leaves_revoke(&row, REVOKE_KEY_COMPROMISE);
	answer = ask_delegate(issuer, row.serial, true);
	ck_assert_str_eq(delegate_of(issuer, answer.der), first);
	ck_assert_int_eq(quick_status(answer.der),
	    V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_uint_eq(n_delegates(), 1);
	realm_reopen(cx, realm);
	issuer = issuing(&tenant);
	answer = ask_delegate(issuer, row.serial, true);
	ck_assert_str_eq(delegate_of(issuer, answer.der), first);
	ck_assert_uint_eq(n_delegates(), 1);
	/* Its root has one of its own. */
	root = issuer->parent;
	answer = ask_delegate(root, row.serial, false);
	ck_assert_str_ne(delegate_of(root, answer.der), first);
	ck_assert_uint_eq(n_delegates(), 2);
	leaves_close();
}
END_TEST

START_TEST(a_delegate_is_renewed_by_time_and_no_answer_outlives_it)
{
	struct certificate_row row;
	struct responder_answer answer;
	const char *first;

	/* By the real clock: the signer signs for no other time. */
	open_delegated(8);
	row = leaves_issue(&tenant);
	answer = ask_delegate(issuing(&tenant), row.serial, true);
	first = delegate_of(issuing(&tenant), answer.der);
	ck_assert_int_le(answer.next_s, answer.this_s + 8);
	(void)sleep(5);
	ck_ok(delegates_round(cx, realm->authority));
	answer = ask_delegate(issuing(&tenant), row.serial, true);
	ck_assert_str_ne(delegate_of(issuing(&tenant), answer.der), first);
	ck_assert_uint_ge(n_delegates(), 2);
	leaves_close();
}
END_TEST

/* As when the server was killed between the signer's answer and the commit. */
START_TEST(a_delegate_that_only_the_journal_knows_is_brought_in)
{
	struct certificate_row row;
	struct responder_answer answer;
	const char *first;
	sqlite3 *sqlite;

	open_delegated(86400);
	row = leaves_issue(&tenant);
	answer = ask_delegate(issuing(&tenant), row.serial, true);
	first = delegate_of(issuing(&tenant), answer.der);
	ck_assert_int_eq(sqlite3_open(realm->conf.db.path, &sqlite),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, "DELETE FROM ca_signed; "
	    "DELETE FROM meta WHERE key = 'journal_seen'", NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_changes(sqlite), 1);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	realm_reopen(cx, realm);
	answer = ask_delegate(issuing(&tenant), row.serial, true);
	ck_assert_str_eq(delegate_of(issuing(&tenant), answer.der), first);
	ck_assert_uint_eq(n_delegates(), 1);
	leaves_close();
}
END_TEST

START_TEST(delegates_are_forgotten_when_the_master_key_changes)
{
	struct certificate_row row;
	struct responder_answer answer;
	struct resealed sum;
	const char *first;

	open_delegated(86400);
	row = leaves_issue(&tenant);
	answer = ask_delegate(issuing(&tenant), row.serial, true);
	first = delegate_of(issuing(&tenant), answer.der);
	ck_ok(reseal_all(cx, realm->authority->db, realm->authority->signer,
	    &sum));
	realm_reopen(cx, realm);
	answer = ask_delegate(issuing(&tenant), row.serial, true);
	ck_assert_str_ne(delegate_of(issuing(&tenant), answer.der), first);
	leaves_close();
}
END_TEST

START_TEST(a_delegate_that_the_signer_does_not_know_is_replaced)
{
	struct delegate_view first, second, third;

	open_delegated(86400);
	ck_ok(delegate_get(cx, realm->authority, issuing(&tenant),
	    CA_ROLE_OCSP, false, &first));
	/* Refused at once: another one would fare no better. */
	ck_ok(delegate_get(cx, realm->authority, issuing(&tenant),
	    CA_ROLE_OCSP, true, &second));
	ck_assert(slice_equal(first.sealed, second.sealed));
	realm_use_clock(cx, realm);
	realm->ahead_s = DELEGATE_PACE_S + 5;
	ck_ok(delegate_get(cx, realm->authority, issuing(&tenant),
	    CA_ROLE_OCSP, true, &third));
	ck_assert(!slice_equal(first.sealed, third.sealed));
	leaves_close();
}
END_TEST

START_TEST(two_tenants_delegates_cannot_answer_for_one_another)
{
	const struct order_ocsp_entry entry = { .serial = { 0x5d },
	    .n_serial = 1, .status = OCSP_GOOD };
	struct order order = { .type = ORDER_SIGN_OCSP };
	struct delegate_view delegate;
	struct answer answer;

	open_delegated(86400);
	ck_ok(delegate_get(cx, realm->authority, issuing(&tenant),
	    CA_ROLE_OCSP, false, &delegate));
	order.sign_ocsp = (struct order_sign_ocsp){ .ca = delegate.sealed,
	    .tenant = "tenant-b", .this_update_s = ctx_now(cx),
	    .next_update_s = ctx_now(cx) + 60, .n_entries = 1,
	    .entries = &entry };
	ck_fails(signer_call(cx, realm->authority->signer, &order, &answer),
	    ERR_SIGNER_REFUSED);
	order.sign_ocsp.tenant = tenant.name;
	ck_ok(signer_call(cx, realm->authority->signer, &order, &answer));
	leaves_close();
}
END_TEST

START_TEST(what_delegates_signed_holds_while_the_signer_is_away)
{
	struct certificate_row row;
	struct asked asked;
	struct responder_answer answer;

	open_delegated(86400);
	row = leaves_issue(&tenant);
	(void)ask_delegate(issuing(&tenant), row.serial, false);
	realm_stop_signer(realm);
	asked = about(issuing(&tenant), &row.serial, 1, EVP_sha1(), false);
	ck_assert(responder_kept(cx, realm->authority, issuing(&tenant),
	    &asked.request, &answer));
	(void)delegate_of(issuing(&tenant), answer.der);
	OCSP_REQUEST_free(asked.ossl);
	leaves_close();
}
END_TEST

/* --- many at once ---------------------------------------------------------- */

#define ROUNDS	24
#define ASKERS	6

struct race {
	struct certificate_row	 rows[ROUNDS];
	struct ocsp_request	 requests[ROUNDS];
	atomic_int		 n_revoked;	/* rows before it are */
	atomic_int		 n_bad;
	atomic_bool		 stop;
};

/* Whatever was revoked before the question must not be said to be good. */
static void *
ask_on(void *arg)
{
	struct race *race = arg;
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	while (!atomic_load(&race->stop)) {
		int n_revoked = atomic_load(&race->n_revoked);

		for (int i = 0; i < ROUNDS; i++) {
			struct responder_answer answer;
			int status;

			if (!responder_kept(&root.cx, realm->authority,
			    issuing(&tenant), &race->requests[i], &answer) &&
			    failed(responder_ask(&root.cx, realm->authority,
			    issuing(&tenant), &race->requests[i], &answer))) {
				atomic_fetch_add(&race->n_bad, 1);
				continue;
			}
			status = quick_status(answer.der);
			if (i < n_revoked &&
			    status != V_OCSP_CERTSTATUS_REVOKED)
				atomic_fetch_add(&race->n_bad, 1);
		}
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

START_TEST(nobody_hears_good_after_the_revocation_however_many_ask)
{
	static struct race race;
	OCSP_REQUEST *ossl[ROUNDS];
	pthread_t threads[ASKERS];

	leaves_open();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct asked asked;

		race.rows[i] = leaves_issue(&tenant);
		asked = about(issuing(&tenant), &race.rows[i].serial, 1,
		    EVP_sha1(), false);
		race.requests[i] = asked.request;
		ossl[i] = asked.ossl;
	}
	for (unsigned i = 0; i < ASKERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_on,
		    &race), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		leaves_revoke(&race.rows[i], REVOKE_UNSPECIFIED);
		atomic_store(&race.n_revoked, (int)i + 1);
	}
	(void)usleep(100000);
	atomic_store(&race.stop, true);
	for (unsigned i = 0; i < ASKERS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(atomic_load(&race.n_bad), 0);
	for (unsigned i = 0; i < ROUNDS; i++)
		OCSP_REQUEST_free(ossl[i]);
	leaves_close();
}
END_TEST

UNIT_MAIN("responder",
    a_certificate_is_good_until_it_is_revoked_then_at_once_not,
    a_serial_that_was_never_issued_is_unknown_and_not_kept,
    an_answer_is_signed_once_and_given_to_everybody,
    an_answer_is_made_again_when_half_of_its_life_is_over,
    a_nonce_comes_back_and_such_an_answer_is_for_one_only,
    several_certificates_are_answered_together,
    another_tenants_ca_is_not_answered_for,
    a_root_answers_for_its_issuing_ca_and_revokes_all_under_it,
    an_answer_that_holds_is_given_while_the_signer_is_away,
    an_answer_does_not_hold_for_what_the_database_has_as_revoked,
    a_delegate_signs_for_its_ca_and_is_the_same_after_a_restart,
    a_delegate_is_renewed_by_time_and_no_answer_outlives_it,
    a_delegate_that_only_the_journal_knows_is_brought_in,
    delegates_are_forgotten_when_the_master_key_changes,
    a_delegate_that_the_signer_does_not_know_is_replaced,
    two_tenants_delegates_cannot_answer_for_one_another,
    what_delegates_signed_holds_while_the_signer_is_away,
    nobody_hears_good_after_the_revocation_however_many_ask)
