/* SPDX-License-Identifier: Apache-2.0 */
/* Format idevid (IEEE 802.1AR), and possession of a certificate's key. */
#include "base/text.h"
#include "tests/unit/maker_chain.h"

/* HardwareModuleName { 1.2.3, "SN-1" } */
#define MODULE	SLICE("\x30\x0a\x06\x02\x2a\x03\x04\x04SN-1", 12)

static void
begin(void)
{
	maker_begin("idevid", 3);
	certs[0].serials[0] = "SN-1";
	certs[0].organization = "Maker";
	certs[0].modules[0] = MODULE;
}

START_TEST(an_idevid_of_a_known_maker_is_believed_and_told)
{
	uint8_t hash[32], want[2 * 91];
	struct slice spki;

	begin();
	ck_ok(maker_verify());
	ck_assert_str_eq(claims_find(&out.claims, "device_serial")->text,
	    "SN-1");
	ck_assert_str_eq(claims_find(&out.claims, "device_maker")->text,
	    "Maker");
	ck_assert_str_eq(claims_find(&out.claims, "device_model")->text, "c0");
	ck_assert_str_eq(claims_find(&out.claims, "hardware_type")->text,
	    "1.2.3");
	ck_assert_uint_eq(claims_find(&out.claims, "hardware_serial")->bytes.n,
	    4);
	ck_assert(claims_find(&out.claims, "hardware_serial_agrees")->boolean);
	spki = make_spki(cx, certs[1].key);
	ck_assert_uint_eq(spki.n, 91);
	memcpy(want, spki.p, spki.n);
	memcpy(want + spki.n, "SN-1", 4);
	crypto_hash_sha256(hash, want, spki.n + 4);
	ck_assert_str_eq(out.hardware_id, arena_printf(cx->arena,
	    "idevid:%s", text_hex(cx->arena, SLICE_OF(hash))));
	ck_assert_str_eq(maker_identify(), out.hardware_id);
	send_root = false;
	ck_ok(maker_verify());
	ck_assert_str_eq(maker_identify(), out.hardware_id);
}
END_TEST

START_TEST(serial_numbers_need_not_agree_and_it_is_told)
{
	begin();
	certs[0].serials[0] = "SN-2";
	ck_ok(maker_verify());
	ck_assert(!claims_find(&out.claims, "hardware_serial_agrees")->boolean);
	certs[0].modules[0] = SLICE_NONE;
	ck_ok(maker_verify());
	ck_assert_ptr_null(claims_find(&out.claims, "hardware_type"));
}
END_TEST

START_TEST(the_subject_has_one_serial_number)
{
	begin();
	certs[0].serials[0] = NULL;
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	begin();
	certs[0].serials[1] = "SN-2";
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	begin();
	certs[0].serials[0] = "SN\n1";
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_hardware_module_name_is_one_and_well_formed)
{
	static const struct slice bad[] = {
		{ (const uint8_t *)"\x30\x06\x06\x02\x2a\x03\x04\x00", 8 },
		{ (const uint8_t *)"\x30\x04\x06\x02\x2a\x03", 6 },
		{ (const uint8_t *)"\x30\x0c\x06\x02\x2a\x03\x04\x04SN-1\5\0",
		    14 },
		{ (const uint8_t *)"\x30\x0a\x06\x02\x2a\x83\x04\x04SN-1",
		    12 },
		{ (const uint8_t *)"\x0c\x04SN-1", 6 },
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		begin();
		certs[0].modules[0] = bad[i];
		ck_fails(maker_verify(), ERR_EV_MALFORMED);
	}
	begin();
	certs[0].modules[1] = MODULE;
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(an_idevid_is_of_a_device_not_of_a_ca)
{
	begin();
	certs[0].ca = 1;
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	begin();
	certs[0].version_number = X509_VERSION_1;
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	begin();
	send_signature = false;
	appraisal.nonce = SLICE_NONE;
	certs[0].usage = "critical,keyAgreement";
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	certs[0].usage = NULL;
	ck_ok(maker_verify());
}
END_TEST

START_TEST(an_idevid_with_a_weak_key_is_refused)
{
	begin();
	certs[0].key = make_rsa(cx, 1024);
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	certs[0].key = make_rsa(cx, 2048);
	signature = SLICE_NONE;
	ck_ok(maker_verify());
}
END_TEST

START_TEST(an_idevid_leads_to_an_anchor)
{
	begin();
	trust.n_anchors = 0;
	ck_fails(maker_verify(), ERR_EV_CHAIN);
	begin();
	certs[0].issuer_key = certs[2].key;
	ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	begin();
	certs[1].ca = 0;
	ck_fails(maker_verify(), ERR_EV_CHAIN);
	begin();
	appraisal.at_s = MAKE_AT + 2 * MAKE_DAY;
	ck_fails(maker_verify(), ERR_EV_EXPIRED);
	/* IEEE 802.1AR: 99991231235959Z is "no end". */
	certs[0].to_s = INT64_C(253402300799);
	certs[1].to_s = certs[2].to_s = certs[0].to_s;
	ck_ok(maker_verify());
	certs[0].critical_oid = "2.23.133.5.4.1";
	ck_fails(maker_verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(the_device_asked_for_is_the_one_named)
{
	begin();
	appraisal.identifier = "SN-1";
	ck_ok(maker_verify());
	appraisal.identifier = "SN-2";
	ck_fails(maker_verify(), ERR_EV_MISMATCH);
}
END_TEST

START_TEST(a_chain_and_its_members_can_be_read)
{
	json_t *e;
	struct evidence evidence;

	begin();
	e = maker_evidence();
	(void)json_object_set_new(e, "chain", json_array());
	ck_fails(evidence_read(cx, e, "", &evidence), ERR_EV_MALFORMED);
	(void)json_object_set_new(e, "chain", json_pack("[s]", "AAAA"));
	ck_fails(evidence_read(cx, e, "/evidence", &evidence),
	    ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/chain");
	e = maker_evidence();
	(void)json_object_set_new(e, "more", json_true());
	ck_fails(evidence_read(cx, e, "", &evidence), ERR_EV_MALFORMED);
}
END_TEST

/* --- possession ------------------------------------------------------------ */

START_TEST(who_sends_a_chain_holds_its_key)
{
	begin();
	send_signature = false;
	ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "nothing shows"));
	appraisal.nonce = SLICE_NONE;
	ck_ok(maker_verify());
	begin();
	signature = maker_sign(certs[1].key, EVP_sha256(), SLICE_OF(nonce));
	ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	begin();
	(void)maker_evidence();
	nonce[31] ^= 1;
	ck_fails(maker_verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(the_signature_binds_the_key_to_be_certified)
{
	uint8_t hash[32];

	begin();
	appraisal.raw = false;
	appraisal.spki = make_spki(cx, make_p256(cx));
	ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	attest_binding("idevid", appraisal.nonce, appraisal.spki, hash, 32);
	signature = maker_sign(certs[0].key, EVP_sha256(), SLICE_OF(hash));
	ck_ok(maker_verify());
	attest_binding("dice", appraisal.nonce, appraisal.spki, hash, 32);
	signature = maker_sign(certs[0].key, EVP_sha256(), SLICE_OF(hash));
	ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	appraisal.nonce = SLICE_NONE;
	ck_fails(maker_verify(), ERR_EV_NONCE);
	send_signature = false;
	ck_fails(maker_verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(an_idevids_own_key_is_not_certified_again)
{
	uint8_t hash[32];

	begin();
	appraisal.raw = false;
	appraisal.spki = make_spki(cx, certs[0].key);
	attest_binding("idevid", appraisal.nonce, appraisal.spki, hash, 32);
	signature = maker_sign(certs[0].key, EVP_sha256(), SLICE_OF(hash));
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	appraisal.raw = true;
	signature = maker_sign(certs[0].key, EVP_sha256(), SLICE_OF(nonce));
	ck_ok(maker_verify());
}
END_TEST

START_TEST(the_key_fixes_the_algorithm)
{
	const struct { EVP_PKEY *key; const EVP_MD *md, *other; } rows[] = {
		{ make_p256(cx), EVP_sha256(), EVP_sha384() },
		{ make_curve(cx, "P-384"), EVP_sha384(), EVP_sha256() },
		{ make_curve(cx, "P-521"), EVP_sha512(), EVP_sha256() },
		{ make_rsa(cx, 2048), EVP_sha256(), EVP_sha384() },
		{ make_ed25519(cx), NULL, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		begin();
		certs[0].key = rows[i].key;
		signature = maker_sign(rows[i].key, rows[i].md,
		    SLICE_OF(nonce));
		ck_ok(maker_verify());
		if (rows[i].other == NULL)
			continue;
		signature = maker_sign(rows[i].key, rows[i].other,
		    SLICE_OF(nonce));
		ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	}
	begin();
	certs[0].key = make_curve(cx, "brainpoolP256r1");
	ck_fails(maker_verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(a_signature_with_any_bit_changed_or_cut_is_refused)
{
	struct slice s;
	uint8_t *p;

	begin();
	s = maker_sign(certs[0].key, EVP_sha256(), SLICE_OF(nonce));
	p = arena_dup(cx->arena, s.p, s.n);
	for (size_t bit = 0; bit < 8 * s.n; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		signature = SLICE(p, s.n);
		ck_fails(maker_verify(), ERR_EV_SIGNATURE);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 1; n < s.n; n++) {
		signature = SLICE(p, n);
		ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	}
	signature = SLICE(p, s.n);
	ck_ok(maker_verify());
}
END_TEST

/* The certificates between leaf and anchor are signed whole; of the leaf only
 * what is not signed, the algorithm that is stated twice and the signature's own
 * encoding, could change, and does not. */
START_TEST(a_leaf_with_any_bit_changed_or_cut_is_refused)
{
	struct evidence evidence;
	struct slice der;
	json_t *e, *chain;
	uint8_t *p;

	begin();
	e = maker_evidence();
	chain = json_object_get(e, "chain");
	der = make_certificate(cx, &certs[0]);
	p = arena_dup(cx->arena, der.p, der.n);
	for (size_t bit = 0; bit < 8 * der.n; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		(void)json_array_set_new(chain, 0, json_string(base64url(
		    cx->arena, SLICE(p, der.n))));
		ck_assert_msg(failed(evidence_read(cx, e, "", &evidence)) ||
		    failed(evidence_verify(cx, &evidence, &appraisal, &out)),
		    "bit %zu", bit);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 1; n < der.n; n++) {
		(void)json_array_set_new(chain, 0, json_string(base64url(
		    cx->arena, SLICE(p, n))));
		ck_assert(failed(evidence_read(cx, e, "", &evidence)));
	}
}
END_TEST

UNIT_MAIN("idevid",
    an_idevid_of_a_known_maker_is_believed_and_told,
    serial_numbers_need_not_agree_and_it_is_told,
    the_subject_has_one_serial_number,
    a_hardware_module_name_is_one_and_well_formed,
    an_idevid_is_of_a_device_not_of_a_ca,
    an_idevid_with_a_weak_key_is_refused,
    an_idevid_leads_to_an_anchor,
    the_device_asked_for_is_the_one_named,
    a_chain_and_its_members_can_be_read,
    who_sends_a_chain_holds_its_key,
    the_signature_binds_the_key_to_be_certified,
    an_idevids_own_key_is_not_certified_again,
    the_key_fixes_the_algorithm,
    a_signature_with_any_bit_changed_or_cut_is_refused,
    a_leaf_with_any_bit_changed_or_cut_is_refused)
