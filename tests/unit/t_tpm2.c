/* SPDX-License-Identifier: Apache-2.0 */
/* Each check of TPM evidence: one test in which only that check fails. */
#include "attest/tpm2.h"
#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

static struct make_device d;
static struct attestation out;

static void
begin(void)
{
	make_device(cx, &d);
}

static struct err
verify(void)
{
	return make_verify(cx, make_evidence(cx, &d), &d, &out);
}

static struct err
verify_key(void)
{
	return make_verify(cx, make_key_evidence(cx, &d), &d, &out);
}

/* --- what is accepted -------------------------------------------------- */

static bool
claim_bool(const char *name)
{
	const struct claim *c = claims_find(&out.claims, name);

	ck_assert_ptr_nonnull(c);
	return c->boolean;
}

START_TEST(a_whole_and_honest_device_is_accepted_and_described)
{
	const struct claim *c;
	char device_id[DEVICE_ID_SIZE];

	begin();
	ck_ok(verify());
	ck_assert_str_eq(out.format, "tpm2");
	ck_assert_int_eq(strncmp(out.hardware_id, "tpm-ek:", 7), 0);
	ck_assert_uint_eq(strlen(out.hardware_id), 7 + 64);
	attest_device_id(out.hardware_id, device_id);
	ck_assert_uint_eq(strlen(device_id), 64);
	ck_assert(claim_bool("hardware_key"));
	ck_assert(claim_bool("ek_certified"));
	ck_assert(claim_bool("event_log"));
	ck_assert(claim_bool("secure_boot"));
	ck_assert(!claim_bool("debug"));
	ck_assert(claim_bool("tpm_clock_safe"));
	c = claims_find(&out.claims, "tpm_manufacturer");
	ck_assert_str_eq(c->text, "53544D20");
	c = claims_find(&out.claims, "tpm_firmware_version");
	ck_assert_uint_eq(c->uint, 0x0001000200030004);
	c = claims_find(&out.claims, "tpm_reset_count");
	ck_assert_uint_eq(c->uint, 3);
	c = claims_find(&out.claims, "pcr.sha256.9");
	ck_assert_uint_eq(c->bytes.n, 32);
	ck_assert_ptr_null(claims_find(&out.claims, "pcr.sha256.10"));
	c = claims_find(&out.claims, "boot_components");
	ck_assert_uint_eq(c->list.n, 2);
	c = claims_find(&out.claims, "boot_authorities");
	ck_assert_uint_eq(c->list.n, 1);
}
END_TEST

START_TEST(evidence_says_whose_it_is_before_it_is_checked)
{
	struct evidence evidence;
	char id[HARDWARE_ID_MAX];
	struct slice name;

	begin();
	ck_ok(evidence_read(cx, make_evidence(cx, &d), "", &evidence));
	evidence_identify(cx, &evidence, id, &name);
	ck_ok(evidence_verify(cx, &evidence, &d.appraisal, &out));
	ck_assert_str_eq(id, out.hardware_id);
	ck_assert(slice_equal(name,
	    claims_find(&out.claims, "ak_name")->bytes));
}
END_TEST

START_TEST(an_rsa_ak_with_either_padding_is_accepted)
{
	begin();
	d.ak = make_rsa(cx, 2048);
	d.ak_public = make_ak_public(d.ak);
	ck_ok(verify());
	d.ak_public.scheme = TPM_RSAPSS;
	d.activation.ak_name = SLICE_NONE;
	ck_ok(verify());
}
END_TEST

START_TEST(an_ak_of_each_curve_and_size_is_accepted)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521" };
	static const unsigned sizes[] = { 2048, 3072, 4096 };

	for (size_t i = 0; i < COUNT_OF(curves) + COUNT_OF(sizes); i++) {
		begin();
		d.ak = i < COUNT_OF(curves) ? make_curve(cx, curves[i]) :
		    make_rsa(cx, sizes[i - COUNT_OF(curves)]);
		d.ak_public = make_ak_public(d.ak);
		ck_ok(verify());
		d.quote_signer = i < COUNT_OF(curves) ?
		    make_curve(cx, curves[i]) : d.app;
		ck_fails(verify(), ERR_EV_SIGNATURE);
	}
}
END_TEST

START_TEST(without_a_key_attestation_the_key_is_called_software)
{
	begin();
	d.send_key = false;
	ck_ok(verify());
	ck_assert(!claim_bool("hardware_key"));
}
END_TEST

START_TEST(without_a_log_no_boot_claim_is_made)
{
	begin();
	d.send_log = false;
	ck_ok(verify());
	ck_assert(!claim_bool("event_log"));
	ck_assert_ptr_null(claims_find(&out.claims, "secure_boot"));
	ck_assert_ptr_null(claims_find(&out.claims, "boot_components"));
}
END_TEST

START_TEST(an_unsafe_clock_is_told)
{
	begin();
	d.quote.safe = 0;
	ck_ok(verify());
	ck_assert(!claim_bool("tpm_clock_safe"));
}
END_TEST

/* --- the quote --------------------------------------------------------- */

START_TEST(a_raw_appraisal_compares_the_nonce_and_binds_no_key)
{
	const json_t *e;

	begin();
	d.quote_extra_given = d.certify_extra_given = true;
	d.quote.extra = d.certify.extra = SLICE_OF(d.nonce);
	e = make_evidence(cx, &d);
	d.appraisal.raw = true;
	d.appraisal.spki = SLICE_NONE;
	ck_ok(make_verify(cx, e, &d, &out));
	ck_assert(claim_bool("hardware_key"));
}
END_TEST

static struct err
verify_raw(void)
{
	d.quote_extra_given = d.certify_extra_given = true;
	d.quote.extra = d.certify.extra = SLICE_OF(d.nonce);
	d.appraisal.raw = true;
	return verify();
}

START_TEST(a_raw_appraisal_checks_both_keys)
{
	begin();
	d.ek_cert.issuer_key = d.app;
	ck_fails(verify_raw(), ERR_EV_SIGNATURE);
	begin();
	d.activated = false;
	d.send_ek_cert = false;
	ck_fails(verify_raw(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(a_log_of_another_boot_is_refused)
{
	struct make_log log;
	json_t *e;

	begin();
	e = make_evidence(cx, &d);
	log = d.log;
	log.n--;
	log.events[0].measured = slice_text("another version");
	ck_assert_int_eq(json_object_set_new(e, "event_log", json_string(
	    base64url(cx->arena, make_event_log(cx, &log)))), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_BINDING);
}
END_TEST

START_TEST(a_quote_signed_by_another_key_is_refused)
{
	begin();
	d.quote_signer = d.app;
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_signature_of_another_scheme_than_the_aks_is_refused)
{
	const json_t *e;
	struct make_public pss;

	begin();
	d.ak = make_rsa(cx, 2048);
	d.ak_public = make_ak_public(d.ak);
	e = make_evidence(cx, &d);
	pss = d.ak_public;
	pss.scheme = TPM_RSAPSS;
	d.activation.ak_name = make_name(cx, make_tpmt_public(cx, &pss));
	ck_assert_int_eq(json_object_set_new((json_t *)(uintptr_t)e,
	    "ak_public", json_string(base64url(cx->arena,
	    make_tpmt_public(cx, &pss)))), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(what_does_not_begin_as_a_tpm_would_is_refused)
{
	begin();
	d.quote.magic ^= 1;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(another_attestation_in_place_of_a_quote_is_refused)
{
	begin();
	d.quote.type = TPM_ATTEST_CERTIFY;
	d.quote.name = make_name(cx, SLICE("x", 1));
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.quote.type = 0x8019;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

static void
check_quote_extra(struct slice extra)
{
	begin();
	d.quote_extra_given = true;
	d.quote.extra = extra;
	ck_fails(verify(), ERR_EV_NONCE);
}

START_TEST(a_quote_for_another_nonce_is_refused)
{
	const json_t *e;

	check_quote_extra(SLICE_NONE);
	check_quote_extra(SLICE("01234567890123456789012345678901", 32));
	begin();
	e = make_evidence(cx, &d);
	d.nonce[0] ^= 1;
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_NONCE);
}
END_TEST

START_TEST(an_empty_nonce_is_never_right)
{
	const json_t *e;

	begin();
	d.quote_extra_given = d.certify_extra_given = true;
	e = make_evidence(cx, &d);
	d.appraisal.raw = true;
	d.appraisal.nonce = SLICE_NONE;
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_NONCE);
}
END_TEST

START_TEST(the_nonce_as_it_stands_is_no_binding)
{
	begin();
	check_quote_extra(SLICE_OF(d.nonce));
}
END_TEST

START_TEST(a_binding_made_for_another_format_is_refused)
{
	uint8_t hash[32];

	begin();
	attest_binding("tpm2-key", SLICE_OF(d.nonce), d.spki, hash, 32);
	check_quote_extra(SLICE_OF(hash));
}
END_TEST

START_TEST(a_quote_for_another_software_key_is_refused)
{
	const json_t *e;

	begin();
	d.send_key = false;
	e = make_evidence(cx, &d);
	d.appraisal.spki = make_spki(cx, d.ek);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_NONCE);
}
END_TEST

START_TEST(no_key_to_certify_is_never_bound)
{
	const json_t *e;

	begin();
	e = make_evidence(cx, &d);
	d.appraisal.spki = SLICE_NONE;
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_KEY_NOT_BOUND);
	/* Not even when the device says so itself. */
	begin();
	d.send_key = false;
	d.spki = SLICE_NONE;
	ck_fails(verify(), ERR_EV_KEY_NOT_BOUND);
}
END_TEST

START_TEST(an_ek_certificate_alone_binds_no_key)
{
	json_t *e, *ek = json_keep(cx, json_object());

	begin();
	e = make_evidence(cx, &d);
	(void)json_object_set_new(ek, "format", json_string("tpm2-ek"));
	(void)json_object_set(ek, "ek_certificate",
	    json_object_get(e, "ek_certificate"));
	(void)json_object_set(ek, "ek_chain", json_object_get(e, "ek_chain"));
	ck_fails(make_verify(cx, ek, &d, &out), ERR_EV_KEY_NOT_BOUND);
	d.appraisal.raw = true;
	ck_ok(make_verify(cx, ek, &d, &out));
	ck_assert_int_eq(strncmp(out.hardware_id, "tpm-ek:", 7), 0);
	(void)json_object_set_new(ek, "ek_public", json_string("AAAA"));
	ck_fails(make_verify(cx, ek, &d, &out), ERR_EV_MALFORMED);
	/* Nor does it say anything when nobody vouches for it. */
	(void)json_object_del(ek, "ek_public");
	d.trust.n_anchors = 0;
	ck_fails(make_verify(cx, ek, &d, &out), ERR_EV_CHAIN);
}
END_TEST

/* --- registers --------------------------------------------------------- */

static const json_t *
evidence_with_pcr(const char *bank, const char *pcr, const char *value)
{
	json_t *e = make_evidence(cx, &d);
	json_t *banks = json_object_get(e, "pcrs");
	json_t *regs = json_object_get(banks, bank);

	if (regs == NULL) {
		regs = json_object();
		ck_assert_int_eq(json_object_set_new(banks, bank, regs), 0);
	}
	if (value == NULL)
		ck_assert_int_eq(json_object_del(regs, pcr), 0);
	else
		ck_assert_int_eq(json_object_set_new(regs, pcr,
		    json_string(value)), 0);
	return e;
}

static const char zeros64[] =
    "0000000000000000000000000000000000000000000000000000000000000000";

START_TEST(a_register_of_another_value_is_refused)
{
	begin();
	ck_fails(make_verify(cx, evidence_with_pcr("sha256", "7", zeros64),
	    &d, &out), ERR_EV_BINDING);
}
END_TEST

START_TEST(a_register_that_was_not_quoted_is_refused)
{
	begin();
	ck_fails(make_verify(cx, evidence_with_pcr("sha256", "10", zeros64),
	    &d, &out), ERR_EV_BINDING);
}
END_TEST

START_TEST(a_quoted_register_that_was_not_sent_is_refused)
{
	begin();
	ck_fails(make_verify(cx, evidence_with_pcr("sha256", "9", NULL), &d,
	    &out), ERR_EV_BINDING);
}
END_TEST

START_TEST(a_bank_that_was_not_quoted_is_refused)
{
	begin();
	ck_fails(make_verify(cx, evidence_with_pcr("sha3_256", "0", zeros64),
	    &d, &out), ERR_EV_BINDING);
}
END_TEST

/* CVE-2022-0317: values beside a quote over nothing. */
START_TEST(a_quote_over_no_register_proves_none)
{
	const json_t *e;
	json_t *pcrs;

	begin();
	e = make_evidence(cx, &d);
	pcrs = json_incref(json_object_get(e, "pcrs"));
	d.quote.n_selections = 0;
	e = make_evidence(cx, &d);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_MALFORMED);
	ck_assert_int_eq(json_object_set_new((json_t *)(uintptr_t)e, "pcrs",
	    pcrs), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_BINDING);
}
END_TEST

START_TEST(a_digest_that_the_registers_do_not_give_is_refused)
{
	begin();
	d.digest_given = true;
	d.quote.pcr_digest = SLICE("01234567890123456789012345678901", 32);
	ck_fails(verify(), ERR_EV_BINDING);
}
END_TEST

START_TEST(a_bank_selected_twice_is_refused)
{
	begin();
	d.quote.selections[1] = d.quote.selections[0];
	d.quote.n_selections = 2;
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(a_register_above_23_is_refused)
{
	json_t *e, *pcrs;

	begin();
	e = make_evidence(cx, &d);
	pcrs = json_incref(json_object_get(e, "pcrs"));
	d.digest_given = true;
	d.quote.selections[0].pcrs |= 1u << 24;
	e = make_evidence(cx, &d);
	ck_assert_int_eq(json_object_set_new(e, "pcrs", pcrs), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(several_banks_are_quoted_in_the_order_selected)
{
	begin();
	d.quote.selections[0] = (struct tpm_pcr_selection){ TPM_SHA256, 0x3ff };
	d.quote.selections[1] = (struct tpm_pcr_selection){ TPM_SHA384, 0 };
	d.quote.selections[2] = (struct tpm_pcr_selection){ TPM_SHA1, 0x81 };
	d.quote.n_selections = 3;
	ck_ok(verify());
	ck_assert_ptr_nonnull(claims_find(&out.claims, "pcr.sha1.7"));
}
END_TEST

START_TEST(registers_that_are_no_registers_are_refused)
{
	json_t *e;

	begin();
	ck_fails(make_verify(cx, evidence_with_pcr("sha256", "24", zeros64),
	    &d, &out), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "is not a register"));
	e = make_evidence(cx, &d);
	ck_assert_int_eq(json_object_set_new(json_object_get(e, "pcrs"),
	    "sha1", json_object()), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_MALFORMED);
	ck_fails(make_verify(cx, evidence_with_pcr("sha256", "07", zeros64),
	    &d, &out), ERR_EV_MALFORMED);
	ck_fails(make_verify(cx, evidence_with_pcr("sha256", "7", "00"),
	    &d, &out), ERR_EV_MALFORMED);
	ck_fails(make_verify(cx, evidence_with_pcr("md5", "7", "00"),
	    &d, &out), ERR_EV_MALFORMED);
}
END_TEST

/* --- the key ----------------------------------------------------------- */

START_TEST(another_key_than_the_one_attested_is_not_bound)
{
	const json_t *e;

	begin();
	/* The quote is for the software key; the TPM attests another one. */
	d.spki = make_spki(cx, make_p256(cx));
	ck_fails(verify(), ERR_EV_KEY_NOT_BOUND);
	d.send_ak_cert = true;
	ck_fails(verify_key(), ERR_EV_KEY_NOT_BOUND);
	/* Nor is it the nonce that is wrong when both are for the other. */
	begin();
	e = make_evidence(cx, &d);
	d.appraisal.spki = make_spki(cx, d.ek);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_KEY_NOT_BOUND);
}
END_TEST

START_TEST(an_attestation_that_names_another_key_is_not_bound)
{
	begin();
	d.name_given = true;
	d.certify.name = make_name(cx, SLICE("another", 7));
	ck_fails(verify(), ERR_EV_KEY_NOT_BOUND);
	d.send_ak_cert = true;
	ck_fails(verify_key(), ERR_EV_KEY_NOT_BOUND);
}
END_TEST

START_TEST(a_key_attested_by_another_ak_is_refused)
{
	begin();
	d.certify_signer = d.app;
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_key_attested_for_another_nonce_is_refused)
{
	begin();
	d.certify_extra_given = true;
	d.certify.extra = SLICE("01234567890123456789012345678901", 32);
	ck_fails(verify(), ERR_EV_NONCE);
	d.certify.extra = SLICE_NONE;
	ck_fails(verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(a_key_attestation_that_no_tpm_made_is_refused)
{
	begin();
	d.certify.magic = 0;
	ck_fails(verify(), ERR_EV_PROPERTY);
	begin();
	d.certify.type = TPM_ATTEST_QUOTE;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

static void
check_app_attributes(uint32_t set, uint32_t clear)
{
	begin();
	d.app_public.attributes |= set;
	d.app_public.attributes &= ~clear;
	ck_fails(verify(), ERR_EV_PROPERTY);
}

START_TEST(a_key_that_can_leave_the_tpm_is_refused)
{
	check_app_attributes(0, TPM_FIXED_TPM);
	check_app_attributes(0, TPM_FIXED_PARENT);
}
END_TEST

START_TEST(a_key_that_was_imported_is_refused)
{
	check_app_attributes(0, TPM_SENSITIVE_ORIGIN);
}
END_TEST

START_TEST(a_key_that_does_not_sign_is_refused)
{
	check_app_attributes(TPM_DECRYPT, TPM_SIGN);
}
END_TEST

START_TEST(a_restricted_key_is_refused)
{
	check_app_attributes(TPM_RESTRICTED, 0);
}
END_TEST

START_TEST(a_key_with_a_weak_modulus_is_refused)
{
	begin();
	d.app = make_roca(cx);
	d.app_public = make_app_public(d.app);
	d.spki = make_spki(cx, d.app);
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_key_named_by_sha1_is_refused)
{
	begin();
	d.app_public.name_alg = TPM_SHA1;
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

/* --- tpm2-key ---------------------------------------------------------- */

START_TEST(a_key_attested_alone_needs_a_vouched_ak)
{
	begin();
	d.send_ak_cert = true;
	ck_ok(verify_key());
	ck_assert(claim_bool("hardware_key"));
	ck_assert_int_eq(strncmp(out.hardware_id, "tpm-ak-cert:", 12), 0);
	d.send_ak_cert = false;
	ck_fails(verify_key(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(a_certificate_alone_stands_for_the_ak)
{
	json_t *e;

	begin();
	d.send_ak_cert = true;
	e = make_key_evidence(cx, &d);
	ck_assert_int_eq(json_object_del(e, "ak_public"), 0);
	ck_ok(make_verify(cx, e, &d, &out));
	ck_assert_int_eq(json_object_del(e, "ak_chain"), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_MALFORMED);
}
END_TEST

/* --- form -------------------------------------------------------------- */

START_TEST(unknown_and_missing_members_are_refused_by_name)
{
	static const char *const required[] = {
		"ak_public", "quote", "quote_signature", "pcrs", "format",
	};
	json_t *e;

	begin();
	e = make_evidence(cx, &d);
	ck_assert_int_eq(json_object_set_new(e, "note", json_true()), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/note");
	for (size_t i = 0; i < COUNT_OF(required); i++) {
		e = make_evidence(cx, &d);
		ck_assert_int_eq(json_object_del(e, required[i]), 0);
		ck_fails(make_verify(cx, e, &d, &out), ERR_EV_MALFORMED);
	}
	ck_fails(make_verify(cx, json_keep(cx, json_array()), &d, &out),
	    ERR_EV_MALFORMED);
	e = make_evidence(cx, &d);
	ck_assert_int_eq(json_object_set_new(e, "format",
	    json_string("tpm3")), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(an_activation_is_handed_to_who_made_it)
{
	json_t *e, *activation = json_object();
	struct evidence evidence;
	struct slice secret;
	const char *token;

	begin();
	e = make_evidence(cx, &d);
	ck_ok(evidence_read(cx, e, "", &evidence));
	ck_assert(!tpm2_activation(&evidence, &token, &secret));
	(void)json_object_set_new(activation, "token", json_string("abc"));
	(void)json_object_set_new(activation, "secret", json_string("AAEC"));
	(void)json_object_set_new(e, "activation", activation);
	ck_ok(evidence_read(cx, e, "", &evidence));
	ck_assert(tpm2_activation(&evidence, &token, &secret));
	ck_assert_str_eq(token, "abc");
	ck_assert(slice_equal(secret, SLICE("\0\1\2", 3)));
}
END_TEST

UNIT_MAIN("tpm2",
    a_whole_and_honest_device_is_accepted_and_described,
    evidence_says_whose_it_is_before_it_is_checked,
    an_rsa_ak_with_either_padding_is_accepted,
    an_ak_of_each_curve_and_size_is_accepted,
    without_a_key_attestation_the_key_is_called_software,
    without_a_log_no_boot_claim_is_made,
    an_unsafe_clock_is_told,
    a_raw_appraisal_compares_the_nonce_and_binds_no_key,
    a_raw_appraisal_checks_both_keys,
    a_log_of_another_boot_is_refused,
    a_quote_signed_by_another_key_is_refused,
    a_signature_of_another_scheme_than_the_aks_is_refused,
    what_does_not_begin_as_a_tpm_would_is_refused,
    another_attestation_in_place_of_a_quote_is_refused,
    a_quote_for_another_nonce_is_refused,
    an_empty_nonce_is_never_right,
    the_nonce_as_it_stands_is_no_binding,
    a_binding_made_for_another_format_is_refused,
    a_quote_for_another_software_key_is_refused,
    no_key_to_certify_is_never_bound,
    an_ek_certificate_alone_binds_no_key,
    a_register_of_another_value_is_refused,
    a_register_that_was_not_quoted_is_refused,
    a_quoted_register_that_was_not_sent_is_refused,
    a_bank_that_was_not_quoted_is_refused,
    a_quote_over_no_register_proves_none,
    a_digest_that_the_registers_do_not_give_is_refused,
    a_bank_selected_twice_is_refused,
    a_register_above_23_is_refused,
    several_banks_are_quoted_in_the_order_selected,
    registers_that_are_no_registers_are_refused,
    another_key_than_the_one_attested_is_not_bound,
    an_attestation_that_names_another_key_is_not_bound,
    a_key_attested_by_another_ak_is_refused,
    a_key_attested_for_another_nonce_is_refused,
    a_key_attestation_that_no_tpm_made_is_refused,
    a_key_that_can_leave_the_tpm_is_refused,
    a_key_that_was_imported_is_refused,
    a_key_that_does_not_sign_is_refused,
    a_restricted_key_is_refused,
    a_key_with_a_weak_modulus_is_refused,
    a_key_named_by_sha1_is_refused,
    a_key_attested_alone_needs_a_vouched_ak,
    a_certificate_alone_stands_for_the_ak,
    unknown_and_missing_members_are_refused_by_name,
    an_activation_is_handed_to_who_made_it)
