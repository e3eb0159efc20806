/* SPDX-License-Identifier: Apache-2.0 */
/* What certificates rest on, and making the decision again. */
#include "tests/unit/soft_device.h"
#include "tests/unit/maker_chain.h"	/* names what others have as arguments */

#include "authority/anchor.h"
#include "authority/basis.h"
#include "authority/certificate.h"
#include "authority/collateral.h"
#include "authority/reference.h"
#include "db/collateral.h"
#include "tests/unit/older_db.h"
#include "tests/unit/sql.h"

/* What was issued, and what for. */
struct issue {
	const json_t	*evidence;
	const char	*serial;
	struct slice	 certificate;
	EVP_PKEY	*key;
};

static struct replay
replay(const struct issue *i, const json_t *evidence)
{
	struct replay r;

	ck_ok(basis_replay(cx, realm->authority, &tenant, i->serial, evidence,
	    &r));
	return r;
}

static void
is_same(const struct issue *i)
{
	struct replay r = replay(i, i->evidence);

	ck_assert_msg(r.outcome == REPLAY_SAME, "%s: %s",
	    r.part, r.detail);
	ck_assert_ptr_null(r.part);
	ck_assert_str_eq(r.verdict, r.basis.verdict);
	ck_assert_ptr_nonnull(strchr(r.claims, '{'));
}

static void
is_told(const struct issue *i, const json_t *evidence,
    enum replay_outcome outcome, const char *part)
{
	struct replay r = replay(i, evidence);

	ck_assert_ptr_nonnull(r.part);
	ck_assert_str_eq(r.part, part);
	ck_assert_str_eq(replay_outcome_name(r.outcome),
	    replay_outcome_name(outcome));
	ck_assert_ptr_nonnull(r.detail);
}

static struct issue
issued_on(const struct enroll_request *r, EVP_PKEY *key)
{
	struct issue i = { .evidence = r->evidence, .key = key };
	struct enrollment e;

	ck_ok(enroll(cx, realm->authority, r, &e));
	i.serial = text_hex(cx->arena, e.serial);
	i.certificate = e.certificate;
	return i;
}

static struct issue
issue(const struct dev *dev)
{
	EVP_PKEY *key = new_key();
	struct enroll_request r = request_of(dev, key);

	return issued_on(&r, key);
}

/* --- evidence and policy --------------------------------------------------- */

START_TEST(an_enrolment_replays_to_the_same_verdict_of_the_same_claims)
{
	struct dev dev = new_device();
	struct issue i;
	json_t *sent_again;

	claim(&dev, "soft");
	i = issue(&dev);
	is_same(&i);
	ck_ok(json_parse(cx, json_text(cx, i.evidence), &sent_again));
	i.evidence = sent_again;
	/* As of then, however late: nonce and certificate are long expired. */
	realm_use_clock(cx, realm);
	realm->ahead_s = 3 * 365 * 86400;
	is_same(&i);
}
END_TEST

START_TEST(evidence_must_be_handed_in_and_be_what_was_sent)
{
	struct dev dev = new_device();
	struct issue i, j;

	claim(&dev, "soft");
	i = issue(&dev);
	j = issue(&dev);
	is_told(&i, NULL, REPLAY_INCOMPLETE, "evidence");
	is_told(&i, j.evidence, REPLAY_DIFFERS, "evidence");
	is_told(&i, json_keep(cx, json_object()), REPLAY_DIFFERS, "evidence");
	i.serial = "00";
	ck_fails(basis_replay(cx, realm->authority, &tenant, i.serial, NULL,
	    &(struct replay){ .part = NULL }), ERR_NOT_FOUND);
}
END_TEST

static void
set_policy(const char *text)
{
	struct policy policy;
	struct db_policy made;

	ck_ok(policy_parse(cx, text, &policy));
	ck_ok(group_set_policy(cx, realm->authority, &tenant, &realm_admin,
	    "soft", REVISION_ANY, &policy, &made));
}

START_TEST(the_policy_of_then_decides_and_another_one_is_told)
{
	struct dev dev = new_device();
	struct issue i;

	claim(&dev, "soft");
	i = issue(&dev);
	set_policy("{\"rules\":[{\"claim\":\"format\",\"equals\":\"tpm2\"}]}");
	is_same(&i);
	sql_run(realm->conf.db.path,
	    "UPDATE policy SET document = '{\"rules\":[]}' "
	    "WHERE version = 1");
	is_told(&i, i.evidence, REPLAY_DIFFERS, "policy");
	sql_run(realm->conf.db.path, "DELETE FROM policy WHERE version = 1");
	is_told(&i, i.evidence, REPLAY_INCOMPLETE, "policy");
}
END_TEST

START_TEST(a_verdict_or_claims_of_another_making_are_told)
{
	struct dev dev = new_device();
	struct issue i;

	claim(&dev, "soft");
	i = issue(&dev);
	sql_run(realm->conf.db.path,
	    "UPDATE certificate_basis SET verdict = 'warning'");
	is_told(&i, i.evidence, REPLAY_DIFFERS, "verdict");
	sql_run(realm->conf.db.path,
	    "UPDATE certificate_basis SET claims_sha256 = zeroblob(32)");
	is_told(&i, i.evidence, REPLAY_DIFFERS, "claims");
}
END_TEST

START_TEST(reference_values_count_as_they_were)
{
	struct reference_value v = { .value = "key", .note = "",
	    .provenance = "" }, kept;
	struct dev dev = new_device();
	struct reference_set set;
	struct issue i, j;

	ck_ok(reference_set_put(cx, realm->authority, &tenant, &realm_admin,
	    "good", NULL, REVISION_ANY, &set));
	ck_ok(reference_value_add(cx, realm->authority, &tenant,
	    &realm_admin, "good", &v, &kept));
	set_policy("{\"rules\":[{\"claim\":\"format\",\"in_set\":\"good\"}]}");
	claim(&dev, "soft");
	i = issue(&dev);
	is_same(&i);
	v.value = "tpm2";
	ck_ok(reference_value_add(cx, realm->authority, &tenant,
	    &realm_admin, "good", &v, &v));
	j = issue(&dev);
	ck_ok(reference_value_delete(cx, realm->authority, &tenant,
	    &realm_admin, "good", kept.id));
	is_same(&i);
	is_same(&j);
	set_policy(SOFT_POLICY);
	ck_ok(reference_set_delete(cx, realm->authority, &tenant,
	    &realm_admin, "good", REVISION_ANY));
	is_same(&i);
	sql_run(realm->conf.db.path, "DELETE FROM reference_value_past");
	is_told(&j, j.evidence, REPLAY_DIFFERS, "verdict");
}
END_TEST

START_TEST(what_was_renewed_without_evidence_goes_back_to_the_evidence)
{
	struct dev dev = new_device();
	struct enroll_request r = { .evidence_pointer = "/evidence" };
	struct client_device client;
	struct issue i, renewed;

	claim(&dev, "soft");
	i = issue(&dev);
	ck_ok(client_authenticate(cx, realm->authority, i.certificate,
	    &client));
	r.csr = csr_of(i.key);
	r.client = &client;
	renewed = issued_on(&r, i.key);
	ck_assert_str_ne(renewed.serial, i.serial);
	renewed.evidence = i.evidence;
	is_same(&renewed);
	sql_run(realm->conf.db.path,
	    "UPDATE certificate_basis SET verdict = 'warning' "
	    "WHERE certificate = 2");
	is_told(&renewed, i.evidence, REPLAY_DIFFERS, "verdict");
	is_same(&i);
	sql_run(realm->conf.db.path,
	    "UPDATE certificate_basis SET policy_sha256 = zeroblob(32) "
	    "WHERE certificate = 2");
	is_told(&renewed, i.evidence, REPLAY_DIFFERS, "policy");
	sql_run(realm->conf.db.path,
	    "DELETE FROM certificate_basis WHERE certificate = 1");
	is_told(&renewed, i.evidence, REPLAY_INCOMPLETE, "record");
	is_told(&i, i.evidence, REPLAY_INCOMPLETE, "record");
}
END_TEST

/* --- collateral ------------------------------------------------------------ */

/* A maker whose devices are believed, and one of them, claimed. */
static void
begin_maker(struct db_anchor *made)
{
	struct anchor_spec spec = { .scheme = "idevid", .name = "Maker" };
	struct claim_request request = { .group = "chain" };
	struct group_spec group_spec = { .profile = "soft",
	    .profile_version = PROFILE_NEWEST };
	struct claim_result result;
	struct db_group group;
	struct policy policy;

	maker_begin("idevid", 3);
	certs[0].serials[0] = "SN-1";
	certs[0].organization = "Maker";
	for (size_t k = 0; k < n_certs; k++) {
		certs[k].serial = 0x50 + k;
		certs[k].from_s = ctx_now(cx) - MAKE_DAY;
		certs[k].to_s = ctx_now(cx) + MAKE_DAY;
	}
	ck_ok(policy_parse(cx, "{\"rules\":[{\"claim\":\"format\","
	    "\"equals\":\"idevid\"}]}", &policy));
	ck_ok(group_create(cx, realm->authority, &tenant, &realm_admin,
	    "chain", &group_spec, &policy, &group));
	(void)maker_evidence();
	spec.certificate = anchor;
	ck_ok(anchor_add(cx, realm->authority, &tenant, &realm_admin, &spec,
	    made));
	request.hardware_id = maker_identify();
	ck_ok(claim_make(cx, realm->authority, &tenant, &realm_admin,
	    &request, &result));
}

static struct issue
issue_to_maker(void)
{
	EVP_PKEY *key = new_key();
	struct enroll_request r = { .csr = csr_of(key),
	    .nonce = fresh_nonce(), .evidence_pointer = "/evidence" };
	uint8_t hash[32];

	attest_binding("idevid", r.nonce, spki_of(key), hash, sizeof(hash));
	signature = maker_sign(certs[0].key, EVP_sha256(), SLICE_OF(hash));
	r.evidence = maker_evidence();
	return issued_on(&r, key);
}

static int64_t
add_collateral(const char *kind, const char *name, const json_t *document)
{
	struct collateral_spec spec = { .kind = kind, .name = name,
	    .document = document };
	struct db_collateral made;

	ck_ok(collateral_add(cx, realm->authority, &tenant, &realm_admin,
	    &spec, &made));
	return made.id;
}

static int64_t
add_serials(const char *hex)
{
	return add_collateral("revoked-serials", "bad lots", json_keep(cx,
	    json_pack("{s:[s]}", "serials", hex)));
}

static int64_t
add_crl(const char *name, const struct make_cert *issuer)
{
	struct make_crl crl = { .issuer_cn = issuer->cn, .key = issuer->key,
	    .from_s = ctx_now(cx) - 60, .to_s = ctx_now(cx) + MAKE_DAY };

	return add_collateral("crl", name, json_keep(cx, json_pack("{s:s}",
	    "crl", base64url(cx->arena, make_crl(cx, &crl)))));
}

static const char *
collateral_of(const struct issue *i)
{
	struct certificate_row row;

	ck_ok(certificate_get(cx, realm->authority, &tenant, i->serial,
	    &row));
	ck_assert_ptr_nonnull(row.basis);
	return text_hex(cx->arena, row.basis->collateral_sha256);
}

START_TEST(the_digest_is_of_the_collateral_that_was_looked_at)
{
	struct make_cert other;
	struct anchor_spec spec = { .scheme = "idevid", .name = "Other" };
	struct db_anchor made;
	const char *none, *one;
	struct issue i;

	begin_maker(&made);
	i = issue_to_maker();
	none = collateral_of(&i);
	ck_assert_str_eq(none, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934"
	    "ca495991b7852b855");		/* of nothing */
	other = maker_cert("Other", "Other", true);
	other.issuer_key = other.key;
	other.from_s = certs[0].from_s;
	other.to_s = certs[0].to_s;
	spec.certificate = make_certificate(cx, &other);
	ck_ok(anchor_add(cx, realm->authority, &tenant, &realm_admin, &spec,
	    &made));
	(void)add_crl("of another maker", &other);
	i = issue_to_maker();
	ck_assert_str_eq(collateral_of(&i), none);
	is_same(&i);
	(void)add_crl("of the maker", &certs[2]);
	i = issue_to_maker();
	one = collateral_of(&i);
	ck_assert_str_ne(one, none);
	is_same(&i);
	(void)add_serials("aa");
	i = issue_to_maker();
	ck_assert_str_ne(collateral_of(&i), one);
	is_same(&i);
}
END_TEST

START_TEST(collateral_counts_as_it_was_and_is_told_when_it_is_gone)
{
	struct db_anchor made;
	struct issue i, j;
	int64_t id;

	begin_maker(&made);
	(void)add_serials("aa");
	i = issue_to_maker();
	id = add_serials("bb");
	j = issue_to_maker();
	ck_assert_str_ne(collateral_of(&i), collateral_of(&j));
	/* From now on the maker's own CA is in the list. */
	id = add_serials("51");
	is_same(&i);
	is_same(&j);
	ck_ok(collateral_delete(cx, realm->authority, &tenant, &realm_admin,
	    id));
	is_same(&i);
	sql_run(realm->conf.db.path, "UPDATE collateral_past SET document = "
	    "'{\"serials\":[\"51\"]}' WHERE document LIKE '%aa%'");
	is_told(&i, i.evidence, REPLAY_INCOMPLETE, "collateral");
	sql_run(realm->conf.db.path,
	    "DELETE FROM collateral_past WHERE document LIKE '%bb%'");
	is_told(&j, j.evidence, REPLAY_INCOMPLETE, "collateral");
	sql_run(realm->conf.db.path, "DELETE FROM collateral_used");
	is_told(&j, j.evidence, REPLAY_DIFFERS, "collateral");
}
END_TEST

static struct err
count_past(struct ctx *c, struct db_tx *tx, void *arg)
{
	return db_collateral_forget(c, tx, INT64_MAX, arg);
}

START_TEST(what_no_certificate_rests_on_is_forgotten_after_a_day)
{
	struct db_anchor made;
	struct issue i;
	int64_t n;

	begin_maker(&made);
	(void)add_serials("aa");
	(void)add_serials("bb");
	i = issue_to_maker();
	(void)add_serials("cc");
	ck_ok(collateral_round(cx, realm->authority));
	ck_ok(db_write(cx, realm->authority->db, count_past, &n));
	ck_assert_int_eq(n, 1);		/* aa was still there */
	(void)add_serials("dd");
	realm_use_clock(cx, realm);
	realm->ahead_s = 2 * 86400;
	ck_ok(collateral_round(cx, realm->authority));
	ck_ok(db_write(cx, realm->authority->db, count_past, &n));
	ck_assert_int_eq(n, 0);		/* cc was not */
	is_same(&i);
}
END_TEST

START_TEST(an_anchor_that_is_gone_is_told_with_the_refusal)
{
	struct db_anchor made;
	struct replay r;
	struct issue i;

	begin_maker(&made);
	i = issue_to_maker();
	is_same(&i);
	ck_ok(anchor_delete(cx, realm->authority, &tenant, &realm_admin,
	    made.id));
	is_told(&i, i.evidence, REPLAY_DIFFERS, "verification");
	r = replay(&i, i.evidence);
	ck_assert_str_eq(r.code, "evidence.chain");
}
END_TEST

/* --- older databases --------------------------------------------------------- */

static struct err
look_basis(struct ctx *c, struct db_tx *tx, void *arg)
{
	bool found;

	TRY(db_basis_get(c, tx, 1, 7, arg, &found));
	ck_assert(found);
	return OK;
}

START_TEST(an_older_database_keeps_what_its_certificates_rest_on)
{
	char folder[] = "/tmp/t_basis.XXXXXX";
	struct certificate_basis basis;
	struct db *db;

	db = older_db(folder, "TABLE collateral_past",
	    "INSERT INTO certificate_basis VALUES (7, 1, 'key', 5, "
	    "'affirming', x'01', 'g', 2, x'02', x'03')");
	ck_ok(db_read(cx, db, look_basis, &basis));
	ck_assert_str_eq(basis.policy_group, "g");
	ck_assert(slice_equal(basis.collateral_sha256, SLICE("\3", 1)));
	ck_assert_uint_eq(basis.nonce.n, 0);
	ck_assert_ptr_null(basis.sets);
	older_db_end(db, folder);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		an_enrolment_replays_to_the_same_verdict_of_the_same_claims,
		evidence_must_be_handed_in_and_be_what_was_sent,
		the_policy_of_then_decides_and_another_one_is_told,
		a_verdict_or_claims_of_another_making_are_told,
		reference_values_count_as_they_were,
		what_was_renewed_without_evidence_goes_back_to_the_evidence,
		the_digest_is_of_the_collateral_that_was_looked_at,
		collateral_counts_as_it_was_and_is_told_when_it_is_gone,
		what_no_certificate_rests_on_is_forgotten_after_a_day,
		an_anchor_that_is_gone_is_told_with_the_refusal,
		an_older_database_keeps_what_its_certificates_rest_on,
	};

	return unit_run("basis", tests, COUNT_OF(tests), begin, end);
}
