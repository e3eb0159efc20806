/* SPDX-License-Identifier: Apache-2.0 */
/* Azure confidential VMs: each link between hardware, runtime data and TPM. */
#include "attest/hcl.h"
#include "attest/tpm2.h"
#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_azure.h"
#include "tests/unit/unit.h"

#ifndef BIT_STEP
#define BIT_STEP 29
#endif

#define REPORT_AT	32u
#define RUNTIME_AT	(32u + 1184u)	/* its header */
#define JSON_AT		(RUNTIME_AT + 20u)

static struct make_azure v;
static struct attestation out;

static void
begin(bool is_td)
{
	make_azure(cx, &v, is_td);
}

static void
check_refused(enum err_code code, const char *why)
{
	ck_fails(make_azure_verify(cx, &v, &out), code);
	ck_assert_msg(strstr(cx->trail->note, why) != NULL, "%s",
	    cx->trail->note);
	begin(v.is_td);
}

static const struct claim *
claim(const char *name)
{
	const struct claim *c = claims_find(&out.claims, name);

	ck_assert_msg(c != NULL, "%s", name);
	return c;
}

/* --- accepted ------------------------------------------------------------- */

START_TEST(an_snp_vm_says_what_its_hardware_and_its_tpm_say)
{
	begin(false);
	ck_ok(make_azure_verify(cx, &v, &out));
	ck_assert_str_eq(out.format, "azure-cvm");
	ck_assert_str_eq(claim("tee")->text, "snp");
	ck_assert_str_eq(claim("product")->text, "Milan");
	ck_assert_str_eq(claim("vm_id")->text,
	    "6332533D-5649-4D02-8AA7-8F64B7C3EE21");
	ck_assert_int_eq(strncmp(out.hardware_id, "snp:c1c1", 8), 0);
	ck_assert(claim("hardware_key")->boolean);
	ck_assert(claim("event_log")->boolean);
	ck_assert(claim("secure_boot")->boolean);
	ck_assert(!claim("debug")->boolean);
	ck_assert_uint_eq(claim("pcr.sha256.7")->bytes.n, 32);
	ck_assert_uint_eq(claim("measurement")->bytes.n, 48);
	ck_assert_ptr_nonnull(claim("key_name"));
	ck_assert_ptr_null(claims_find(&out.claims, "ak_name"));
}
END_TEST

START_TEST(a_tdx_vm_says_what_its_hardware_and_its_tpm_say)
{
	begin(true);
	ck_ok(make_azure_verify(cx, &v, &out));
	ck_assert_str_eq(claim("tee")->text, "tdx");
	ck_assert_str_eq(out.status, "UpToDate");
	ck_assert_int_eq(strncmp(out.hardware_id, "sgx:", 4), 0);
	ck_assert_uint_eq(claim("mrtd")->bytes.n, 48);
	ck_assert_uint_eq(claim("rtmr3")->bytes.n, 48);
	ck_assert(claim("hardware_key")->boolean);
	ck_assert(!claim("debug")->boolean);
}
END_TEST

START_TEST(either_of_hardware_and_firmware_can_be_inspected)
{
	begin(false);
	v.snp.report[0x0a] |= 1 << 3;
	ck_ok(make_azure_verify(cx, &v, &out));
	ck_assert(claim("debug")->boolean);
	begin(false);
	make_log_add(&v.tpm.log, 7, 0xd, slice_text("renamed"),
	    slice_text("UEFI Debug Mode"));
	ck_ok(make_azure_verify(cx, &v, &out));
	ck_assert(claim("debug")->boolean);
	v.tpm.send_log = false;
	ck_ok(make_azure_verify(cx, &v, &out));
	ck_assert(!claim("debug")->boolean);
	ck_assert(!claim("event_log")->boolean);
}
END_TEST

START_TEST(the_runtime_data_may_be_hashed_by_each_hash)
{
	for (uint32_t hash = 1; hash <= 3; hash++) {
		begin(false);
		v.hash = hash;
		ck_ok(make_azure_verify(cx, &v, &out));
	}
}
END_TEST

START_TEST(the_key_to_certify_is_the_one_that_the_tpm_attests)
{
	struct evidence evidence;
	struct slice spki;

	begin(false);
	ck_ok(evidence_read(cx, make_azure_evidence(cx, &v), "", &evidence));
	spki = tpm2_key_spki(cx, &evidence);
	ck_assert(slice_equal(spki, make_spki(cx, v.tpm.app)));
	v.tpm.send_key = false;
	ck_ok(evidence_read(cx, make_azure_evidence(cx, &v), "", &evidence));
	ck_assert_uint_eq(tpm2_key_spki(cx, &evidence).n, 0);
	ck_ok(make_azure_verify(cx, &v, &out));
	ck_assert(!claim("hardware_key")->boolean);
}
END_TEST

START_TEST(a_vm_says_whose_it_is_before_it_is_checked)
{
	struct evidence evidence;
	char id[HARDWARE_ID_MAX];
	struct slice name;

	begin(false);
	ck_ok(evidence_read(cx, make_azure_evidence(cx, &v), "", &evidence));
	evidence_identify(cx, &evidence, id, &name);
	ck_assert_int_eq(strncmp(id, "snp:c1c1", 8), 0);
	begin(true);
	ck_ok(evidence_read(cx, make_azure_evidence(cx, &v), "", &evidence));
	evidence_identify(cx, &evidence, id, &name);
	ck_assert_int_eq(strncmp(id, "sgx:", 4), 0);
	ck_assert_uint_eq(name.n, 0);
}
END_TEST

/* --- the blob -------------------------------------------------------------- */

START_TEST(a_blob_is_of_its_form)
{
	static const struct { size_t at; uint8_t to; enum err_code code; }
	rows[] = {
		{ 3, 'B', ERR_EV_MALFORMED },		/* signature */
		{ 4, 0, ERR_EV_UNSUPPORTED },		/* version */
		{ 4, 3, ERR_EV_UNSUPPORTED },
		{ 11, 1, ERR_EV_MALFORMED },		/* size */
		{ 16, 1, ERR_EV_MALFORMED },		/* status */
		{ 20, 1, ERR_EV_MALFORMED }, { 31, 1, ERR_EV_MALFORMED },
		{ RUNTIME_AT + 3, 1, ERR_EV_MALFORMED },	/* sizes */
		{ RUNTIME_AT + 4, 2, ERR_EV_UNSUPPORTED },	/* version */
		{ RUNTIME_AT + 8, 1, ERR_EV_UNSUPPORTED },	/* type */
		{ RUNTIME_AT + 8, 3, ERR_EV_UNSUPPORTED },
		{ RUNTIME_AT + 8, 4, ERR_EV_MALFORMED },	/* TDX */
		{ RUNTIME_AT + 12, 0, ERR_EV_UNSUPPORTED },	/* hash */
		{ RUNTIME_AT + 12, 4, ERR_EV_UNSUPPORTED },
		{ RUNTIME_AT + 19, 1, ERR_EV_MALFORMED },
		{ RUNTIME_AT, 0, ERR_EV_MALFORMED },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct evidence evidence;

		begin(false);
		v.change_at = rows[i].at;
		v.change_to = rows[i].to;
		ck_fails(evidence_read(cx, make_azure_evidence(cx, &v),
		    "/evidence", &evidence), rows[i].code);
		ck_assert_str_eq(cx->trail->pointer, "/evidence/hcl_report");
	}
	begin(false);
	(void)make_azure_evidence(cx, &v);
	v.change_at = v.blob.n - 1;
	v.change_to = 1;
	check_refused(ERR_EV_MALFORMED, "more after it");
	v.n_fill = 0;
	ck_ok(make_azure_verify(cx, &v, &out));
}
END_TEST

START_TEST(a_td_report_is_one)
{
	begin(true);
	v.change_at = REPORT_AT;
	v.change_to = 0x80;
	check_refused(ERR_EV_MALFORMED, "no TDREPORT");
	v.change_at = REPORT_AT + 1183;
	v.change_to = 1;
	check_refused(ERR_EV_MALFORMED, "no TDREPORT");
}
END_TEST

START_TEST(a_blob_cut_anywhere_is_refused)
{
	struct hcl hcl;

	begin(false);
	v.n_fill = 0;
	(void)make_azure_evidence(cx, &v);
	for (size_t n = 0; n < v.blob.n; n++)
		ck_fails(hcl_parse(cx, SLICE(v.blob.p, n), &hcl),
		    ERR_EV_MALFORMED);
	ck_ok(hcl_parse(cx, v.blob, &hcl));
}
END_TEST

/* What was asked for (bytes 12 to 15) means nothing. */
START_TEST(a_blob_with_any_bit_changed_is_refused)
{
	begin(false);
	for (int raw = 0; raw < 2; raw++) {
		json_t *e = make_azure_evidence(cx, &v);
		uint8_t *p = arena_dup(cx->arena, v.blob.p, v.blob.n);

		v.appraisal->raw = raw;
		v.appraisal->nonce = raw ? v.tpm.quote.extra :
		    SLICE_OF(v.tpm.nonce);
		for (size_t bit = 0; bit < 8 * v.blob.n; bit += BIT_STEP) {
			if (bit / 8 >= 12 && bit / 8 < 16)
				continue;
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			(void)json_object_set_new(e, "hcl_report", json_string(
			    base64url(cx->arena, SLICE(p, v.blob.n))));
			ck_assert_msg(failed(make_azure_verify_json(cx, e, &v,
			    &out)), "byte %zu bit %zu", bit / 8, bit % 8);
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}
END_TEST

/* --- links ------------------------------------------------------------------ */

START_TEST(the_report_covers_the_runtime_data)
{
	for (int is_td = 0; is_td < 2; is_td++) {
		begin(is_td);
		v.runtime_sent = arena_printf(cx->arena, "{\"keys\":[%s]}",
		    make_jwk(cx, "HCLAkPub", v.tpm.ak, "[\"sign\"]"));
		check_refused(ERR_EV_BINDING, "not the hash");
	}
	/* The rest of the report data is zeros. */
	begin(false);
	(void)make_azure_evidence(cx, &v);
	v.report_data_given = true;
	v.snp.report[0x50 + 63] = 1;
	check_refused(ERR_EV_BINDING, "not the hash");
}
END_TEST

START_TEST(the_hardware_is_checked_as_alone)
{
	begin(false);
	v.snp.signer = make_curve(cx, "P-384");
	check_refused(ERR_EV_SIGNATURE, "the signature of the report");
	v.snp.leaf.to_s = MAKE_AT - 1;
	check_refused(ERR_EV_EXPIRED, "valid from");
	v.n_certs = 0;
	check_refused(ERR_EV_CHAIN, "no certificate");
	make_snp_tcb(&v.snp, 0x180, SNP_SNP, 23);
	check_refused(ERR_EV_MISMATCH, "another TCB");
	begin(true);
	v.td.quote_signer = make_p256(cx);
	check_refused(ERR_EV_SIGNATURE, "the signature of the quote");
	v.td.body[128] = 0;
	check_refused(ERR_EV_PROPERTY, "XFAM");
	v.td.know_collateral = false;
	check_refused(ERR_EV_MISMATCH, "no collateral");
}
END_TEST

START_TEST(the_paravisor_alone_asks_for_the_report)
{
	begin(false);
	v.snp.report[0x30] = 2;
	check_refused(ERR_EV_PROPERTY, "the paravisor");
}
END_TEST

START_TEST(a_td_report_is_of_the_td_that_was_quoted)
{
	begin(true);
	v.other_td = true;
	check_refused(ERR_EV_MISMATCH, "another trust domain");
	v.other_td_data = true;
	check_refused(ERR_EV_BINDING, "other report data");
	v.no_td_quote = true;
	check_refused(ERR_EV_MALFORMED, "missing");
}
END_TEST

START_TEST(the_quote_is_by_the_key_in_the_runtime_data)
{
	begin(false);
	v.tpm.quote_signer = make_amd_key(cx, 1);
	check_refused(ERR_EV_SIGNATURE, "");
	v.tpm.certify_signer = make_amd_key(cx, 1);
	check_refused(ERR_EV_SIGNATURE, "");
	v.tpm.quote.magic = 0;
	check_refused(ERR_EV_PROPERTY, "no TPM made");
}
END_TEST

START_TEST(an_ak_that_is_sent_is_the_one_in_the_runtime_data)
{
	static const enum err_code others[] = {
		ERR_EV_MISMATCH, ERR_EV_PROPERTY,
	};
	struct make_public other;
	json_t *e;

	begin(false);
	v.send_ak = true;
	ck_ok(make_azure_verify(cx, &v, &out));
	ck_assert(slice_equal(claim("ak_name")->bytes, make_name(cx,
	    make_tpmt_public(cx, &v.tpm.ak_public))));
	v.tpm.ak_public.key = make_amd_key(cx, 1);
	check_refused(ERR_EV_MISMATCH, "another key than");
	v.send_ak = true;
	v.tpm.ak_public = make_app_public(v.tpm.ak);
	check_refused(ERR_EV_PROPERTY, "");
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		other = make_ak_public(i == 0 ? make_p256(cx) :
		    make_rsa(cx, 1024));
		e = make_azure_evidence(cx, &v);
		(void)json_object_set_new(e, "ak_public", json_string(
		    base64url(cx->arena, make_tpmt_public(cx, &other))));
		ck_fails(make_azure_verify_json(cx, e, &v, &out), others[i]);
	}
}
END_TEST

START_TEST(the_nonce_and_the_key_are_bound_for_this_format)
{
	json_t *e;

	begin(false);
	v.tpm.format = "tpm2";
	e = make_azure_evidence(cx, &v);
	(void)json_object_set_new(e, "format", json_string("azure-cvm"));
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_NONCE);
	begin(false);
	e = make_azure_evidence(cx, &v);
	v.tpm.nonce[0] ^= 1;
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_NONCE);
	begin(false);
	e = make_azure_evidence(cx, &v);
	v.appraisal->spki = make_spki(cx, make_p256(cx));
	ck_fails(make_azure_verify_json(cx, e, &v, &out),
	    ERR_EV_KEY_NOT_BOUND);
}
END_TEST

START_TEST(registers_and_log_are_those_quoted)
{
	json_t *e;

	begin(false);
	v.tpm.digest_given = true;
	v.tpm.quote.pcr_digest = SLICE(v.tpm.nonce, 32);
	check_refused(ERR_EV_BINDING, "quoted digest");
	e = make_azure_evidence(cx, &v);
	make_log_add(&v.tpm.log, 4, 0x80000003, slice_text("a"),
	    slice_text("program"));
	(void)json_object_set_new(e, "event_log", json_string(base64url(
	    cx->arena, make_event_log(cx, &v.tpm.log))));
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_BINDING);
}
END_TEST

/* Who has not the key learns nothing of what is believed here. */
START_TEST(the_quote_is_checked_before_the_hardware)
{
	json_t *e;

	begin(false);
	e = make_azure_evidence(cx, &v);
	v.snp.trust.n_anchors = 0;
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_CHAIN);
	v.tpm.nonce[0] ^= 1;
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_NONCE);
	v.appraisal->raw = true;
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_CHAIN);
}
END_TEST

START_TEST(recorded_evidence_is_judged_from_the_anchor_down)
{
	json_t *e;

	begin(false);
	e = make_azure_evidence(cx, &v);
	v.appraisal->raw = true;
	v.appraisal->nonce = v.tpm.quote.extra;
	ck_ok(make_azure_verify_json(cx, e, &v, &out));
	v.appraisal->nonce = slice_text("another");
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_NONCE);
	v.appraisal->nonce = SLICE_NONE;
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_NONCE);
}
END_TEST

/* --- the runtime data --------------------------------------------------------- */

#define SIGN "[\"sign\"]"

START_TEST(the_runtime_data_has_one_attestation_key)
{
	EVP_PKEY *ak;
	const char *bad[8];

	begin(false);
	ak = v.tpm.ak;
	bad[0] = "not JSON";
	bad[1] = "[]";
	bad[2] = "{\"keys\":[]}";
	bad[3] = arena_printf(cx->arena, "{\"keys\":[%s]}",
	    make_jwk(cx, "HCLEkPub", ak, SIGN));
	bad[4] = arena_printf(cx->arena, "{\"keys\":[%s,%s]}",
	    make_jwk(cx, "HCLAkPub", ak, SIGN),
	    make_jwk(cx, "HCLAkPub", ak, SIGN));
	bad[5] = arena_printf(cx->arena, "{\"keys\":[%s]}",
	    make_jwk(cx, "HCLAkPub", ak, "[\"encrypt\"]"));
	bad[6] = arena_printf(cx->arena, "{\"keys\":[%s]}",
	    make_jwk(cx, "HCLAkPub", ak, "[\"sign\",\"encrypt\"]"));
	bad[7] = arena_printf(cx->arena, "{\"keys\":[%s]}",
	    make_jwk(cx, "HCLAkPub", ak, "[1]"));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		v.runtime = bad[i];
		check_refused(ERR_EV_MALFORMED, "the runtime data");
	}
	v.runtime = arena_printf(cx->arena, "{\"keys\":[%s]}",
	    make_jwk(cx, "HCLAkPub", ak, SIGN));
	ck_ok(make_azure_verify(cx, &v, &out));
	ck_assert_ptr_null(claims_find(&out.claims, "vm_id"));
}
END_TEST

static void
refuse_jwk(const char *kty, const char *e, const char *n, enum err_code code)
{
	v.runtime = arena_printf(cx->arena, "{\"keys\":[{\"kid\":\"HCLAkPub\","
	    "\"key_ops\":[\"sign\"],\"kty\":\"%s\",\"e\":\"%s\","
	    "\"n\":\"%s\"}]}", kty, e, n);
	check_refused(code, "");
}

START_TEST(the_attestation_key_is_a_strong_rsa_key)
{
	uint8_t n[513];
	char *short_n, *good, *zero, *large;

	memset(n, 0xc5, sizeof(n));
	short_n = base64url(cx->arena, SLICE(n, 128));
	good = base64url(cx->arena, SLICE(n, 256));
	large = base64url(cx->arena, SLICE_OF(n));
	n[0] = 0;
	zero = base64url(cx->arena, SLICE(n, 257));
	begin(false);
	refuse_jwk("EC", "AQAB", good, ERR_EV_MALFORMED);
	refuse_jwk("RSA", "AQAB", "", ERR_EV_MALFORMED);
	refuse_jwk("RSA", "AQAB", "A", ERR_EV_MALFORMED);
	refuse_jwk("RSA", "AQAB", zero, ERR_EV_MALFORMED);
	refuse_jwk("RSA", "AQAB", large, ERR_EV_MALFORMED);
	refuse_jwk("RSA", "", good, ERR_EV_MALFORMED);
	refuse_jwk("RSA", "AAEAAQ", good, ERR_EV_MALFORMED);
	refuse_jwk("RSA", "AQABAAEA", good, ERR_EV_MALFORMED);
	refuse_jwk("RSA", "Aw", good, ERR_EV_PROPERTY);
	refuse_jwk("RSA", "AQAB", short_n, ERR_EV_PROPERTY);
	refuse_jwk("RSA", "AQAB", good, ERR_EV_SIGNATURE);
	v.send_ak = true;
	refuse_jwk("RSA", "AQAB", short_n, ERR_EV_PROPERTY);
}
END_TEST

START_TEST(members_are_those_of_the_kind_of_hardware)
{
	json_t *e;

	begin(false);
	e = make_azure_evidence(cx, &v);
	(void)json_object_set_new(e, "td_quote", json_string("AAAA"));
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_MALFORMED);
	begin(true);
	e = make_azure_evidence(cx, &v);
	(void)json_object_set_new(e, "certificates", json_array());
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_MALFORMED);
	e = make_azure_evidence(cx, &v);
	(void)json_object_set_new(e, "ak_public", json_string("AAAA"));
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_MALFORMED);
	e = make_azure_evidence(cx, &v);
	(void)json_object_del(e, "hcl_report");
	ck_fails(make_azure_verify_json(cx, e, &v, &out), ERR_EV_MALFORMED);
}
END_TEST

UNIT_MAIN("azure_cvm",
    an_snp_vm_says_what_its_hardware_and_its_tpm_say,
    a_tdx_vm_says_what_its_hardware_and_its_tpm_say,
    either_of_hardware_and_firmware_can_be_inspected,
    the_runtime_data_may_be_hashed_by_each_hash,
    the_key_to_certify_is_the_one_that_the_tpm_attests,
    a_vm_says_whose_it_is_before_it_is_checked,
    a_blob_is_of_its_form,
    a_td_report_is_one,
    a_blob_cut_anywhere_is_refused,
    a_blob_with_any_bit_changed_is_refused,
    the_report_covers_the_runtime_data,
    the_hardware_is_checked_as_alone,
    the_paravisor_alone_asks_for_the_report,
    a_td_report_is_of_the_td_that_was_quoted,
    the_quote_is_by_the_key_in_the_runtime_data,
    an_ak_that_is_sent_is_the_one_in_the_runtime_data,
    the_nonce_and_the_key_are_bound_for_this_format,
    registers_and_log_are_those_quoted,
    the_quote_is_checked_before_the_hardware,
    recorded_evidence_is_judged_from_the_anchor_down,
    the_runtime_data_has_one_attestation_key,
    the_attestation_key_is_a_strong_rsa_key,
    members_are_those_of_the_kind_of_hardware)
