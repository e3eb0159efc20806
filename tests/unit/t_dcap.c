/* SPDX-License-Identifier: Apache-2.0 */
/* SGX quotes, PCK certificates and Intel's collateral: each check alone. */
#include "attest/dcap.h"
#include "attest/dcap_sig.h"
#include "base/text.h"
#include "codec/json_span.h"
#include "pki/pem.h"
#include "tests/make_dcap.h"
#include "tests/unit/unit.h"

static struct make_dcap d;
static struct attestation out;

static void
begin(void)
{
	make_dcap(cx, &d, false);
}

static void
check_refused(enum err_code code, const char *why)
{
	ck_fails(make_dcap_verify(cx, &d, &out), code);
	ck_assert_msg(strstr(cx->trail->note, why) != NULL, "%s",
	    cx->trail->note);
	begin();
}

static uint64_t
uint_of(const char *name)
{
	const struct claim *c = claims_find(&out.claims, name);

	ck_assert_ptr_nonnull(c);
	return c->uint;
}

static bool
bool_of(const char *name)
{
	const struct claim *c = claims_find(&out.claims, name);

	ck_assert_ptr_nonnull(c);
	return c->boolean;
}

static struct slice
bytes_of(const char *name)
{
	const struct claim *c = claims_find(&out.claims, name);

	ck_assert_ptr_nonnull(c);
	return c->bytes;
}

/* --- accepted ---------------------------------------------------------- */

START_TEST(a_quote_says_which_enclave_runs_on_which_platform)
{
	char hash[65], want[80];
	uint8_t sha256[32];

	begin();
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert_str_eq(out.status, "UpToDate");
	ck_assert_int_eq(EVP_Digest("0123456789abcdef", 16, sha256, NULL,
	    EVP_sha256(), NULL), 1);
	text_hex_into(SLICE_OF(sha256), hash);
	(void)snprintf(want, sizeof(want), "sgx:%s", hash);
	ck_assert_str_eq(out.hardware_id, want);
	ck_assert(slice_equal(bytes_of("mrenclave"), SLICE(d.body + 64, 32)));
	ck_assert(slice_equal(bytes_of("mrsigner"), SLICE(d.body + 128, 32)));
	ck_assert_uint_eq(uint_of("isvprodid"), 17);
	ck_assert_uint_eq(uint_of("isvsvn"), 3);
	ck_assert_uint_eq(uint_of("tcb_evaluation_number"), 19);
	ck_assert_uint_eq(uint_of("tcb_date"), 1767225600);
	ck_assert(!bool_of("debug"));
	ck_assert(!bool_of("hardware_key"));
	ck_assert(bool_of("cached_keys"));
	ck_assert(!bool_of("smt_enabled"));
	ck_assert_str_eq(claims_find(&out.claims, "sgx_type")->text,
	    "scalable");
	ck_assert_uint_eq(claims_find(&out.claims, "advisory_ids")->list.n, 0);
	d.body[48] |= 0x02;
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert(bool_of("debug"));
}
END_TEST

START_TEST(each_version_is_read)
{
	for (uint16_t version = 3; version <= 5; version++) {
		begin();
		make_dcap_version(&d, version);
		ck_ok(make_dcap_verify(cx, &d, &out));
	}
}
END_TEST

START_TEST(what_follows_a_quote_in_its_buffer_means_nothing)
{
	begin();
	d.rest = slice_text("fill of whatever kind");
	ck_ok(make_dcap_verify(cx, &d, &out));
}
END_TEST

START_TEST(certificates_may_come_beside_the_quote)
{
	begin();
	d.cert_type = DCAP_CERT_PPID;
	d.send_chain = true;
	ck_ok(make_dcap_verify(cx, &d, &out));
	d.cert_type = DCAP_CERT_LEAF;
	ck_ok(make_dcap_verify(cx, &d, &out));
	d.cert_type = DCAP_CERT_CHAIN;
	ck_ok(make_dcap_verify(cx, &d, &out));
	d.cert_type = DCAP_CERT_PPID_RSA3072;
	d.cert_data = SLICE(arena_alloc(cx->arena, 404), 404);
	ck_ok(make_dcap_verify(cx, &d, &out));
	d.cert_type = DCAP_CERT_PPID_RSA2048;
	d.cert_data.n = 276;
	ck_ok(make_dcap_verify(cx, &d, &out));
	/* The root is known here and need not come. */
	begin();
	d.n_chain = 2;
	ck_ok(make_dcap_verify(cx, &d, &out));
}
END_TEST

START_TEST(collateral_may_come_with_the_evidence)
{
	begin();
	d.send_collateral = true;
	d.know_collateral = false;
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert_str_eq(out.status, "UpToDate");
}
END_TEST

/* --- reading ----------------------------------------------------------- */

START_TEST(other_versions_keys_and_enclaves_are_not_taken)
{
	begin();
	make_dcap_version(&d, 5);
	d.version = 6;
	check_refused(ERR_EV_UNSUPPORTED, "version");
	d.version = 2;
	check_refused(ERR_EV_UNSUPPORTED, "version");
	d.key_type = 3;
	check_refused(ERR_EV_UNSUPPORTED, "key of type");
	d.vendor[15] ^= 1;
	check_refused(ERR_EV_UNSUPPORTED, "not Intel's");
	d.tee_type = 0x81;
	check_refused(ERR_EV_UNSUPPORTED, "TEE type");
	make_dcap_version(&d, 5);
	d.body_type = 4;
	check_refused(ERR_EV_UNSUPPORTED, "body type");
	make_dcap_version(&d, 4);
	d.outer_type = 5;
	check_refused(ERR_EV_UNSUPPORTED, "in place of a QE report");
	d.cert_type = 7;
	check_refused(ERR_EV_UNSUPPORTED, "certification data 7");
	d.cert_type = 0;
	check_refused(ERR_EV_UNSUPPORTED, "certification data 0");
}
END_TEST

START_TEST(a_body_is_of_the_size_of_its_type)
{
	begin();
	make_dcap_version(&d, 5);
	d.body_size = 400;
	check_refused(ERR_EV_MALFORMED, "with 400 bytes");
}
END_TEST

START_TEST(reserved_bytes_are_zero)
{
	static const size_t places[] = { 20, 31, 96, 127, 160, 191, 262, 303 };

	begin();
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		d.body[places[i]] = 1;
		check_refused(ERR_EV_MALFORMED, "reserved bytes");
		d.qe[places[i]] = 1;
		check_refused(ERR_EV_MALFORMED, "signature data");
	}
}
END_TEST

START_TEST(a_trust_domains_quote_is_not_an_enclaves)
{
	json_t *e;

	make_dcap(cx, &d, true);
	e = make_dcap_evidence(cx, &d);
	ck_assert_int_eq(json_object_set_new(e, "format",
	    json_string("sgx")), 0);
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(sizes_inside_a_quote_are_not_believed)
{
	static const struct { size_t at, n; } sizes[] = {
		{ 432, 4 }, { 436 + 64 + 64 + 384 + 64, 2 },
		{ 436 + 64 + 64 + 384 + 64 + 2 + 20 + 2, 4 },
	};
	struct dcap_quote q;
	struct slice rest;

	begin();
	(void)make_dcap_evidence(cx, &d);
	ck_ok(dcap_quote_parse(cx, d.quote, &q, &rest));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		for (int by = -1; by <= 1; by++) {
			uint8_t *p = arena_dup(cx->arena, d.quote.p,
			    d.quote.n);

			if (by == 0)
				memset(p + sizes[i].at, 0xff, sizes[i].n);
			else
				p[sizes[i].at] = (uint8_t)(p[sizes[i].at] +
				    by);
			ck_fails(dcap_quote_parse(cx, SLICE(p, d.quote.n), &q,
			    &rest), ERR_EV_MALFORMED);
		}
	}
	d.auth = SLICE(arena_alloc(cx->arena, DCAP_AUTH_MAX + 1),
	    DCAP_AUTH_MAX + 1);
	check_refused(ERR_EV_MALFORMED, "signature data");
	d.cert_data = SLICE(arena_alloc(cx->arena, DCAP_CERT_DATA_MAX + 1),
	    DCAP_CERT_DATA_MAX + 1);
	check_refused(ERR_EV_MALFORMED, "signature data");
	for (uint16_t version = 3; version <= 5; version++) {
		make_dcap_version(&d, version);
		d.signature_rest = slice_text("x");
		check_refused(ERR_EV_MALFORMED, "signature data");
		make_dcap_version(&d, version);
		(void)make_dcap_evidence(cx, &d);
		for (size_t n = 0; n < 460; n++)
			ck_fails(dcap_quote_parse(cx, SLICE(d.quote.p, n), &q,
			    &rest), ERR_EV_MALFORMED);
	}
	d.rest = SLICE(arena_alloc(cx->arena, DCAP_QUOTE_MAX),
	    DCAP_QUOTE_MAX);
	(void)make_dcap_evidence(cx, &d);
	ck_fails(dcap_quote_parse(cx, d.quote, &q, &rest), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(certification_data_is_of_its_size)
{
	begin();
	d.cert_type = DCAP_CERT_PPID;
	d.send_chain = true;
	d.cert_data = slice_text("0123456789abcdef");
	check_refused(ERR_EV_MALFORMED, "certification data of type 1");
	d.cert_type = DCAP_CERT_PPID_RSA3072;
	d.send_chain = true;
	d.cert_data = SLICE(arena_alloc(cx->arena, 402), 402);
	check_refused(ERR_EV_MALFORMED, "certification data of type 3");
}
END_TEST

START_TEST(a_platform_is_the_one_whose_ppid_is_sent)
{
	uint8_t *ppid;

	begin();
	d.cert_type = DCAP_CERT_PPID;
	d.send_chain = true;
	ppid = arena_alloc(cx->arena, 34);
	memcpy(ppid, "0123456789abcdef", 16);
	d.cert_data = SLICE(ppid, 34);
	ck_ok(make_dcap_verify(cx, &d, &out));
	ppid[0] = 'x';
	check_refused(ERR_EV_MISMATCH, "another platform");
}
END_TEST

START_TEST(certificates_have_one_spelling)
{
	const char *pem;

	begin();
	(void)make_dcap_evidence(cx, &d);
	pem = arena_printf(cx->arena, "%s%s",
	    pem_text(cx->arena, "CERTIFICATE", d.chain[0]),
	    pem_text(cx->arena, "CERTIFICATE", d.chain[1]));
	d.cert_data = slice_text(arena_printf(cx->arena, " %s", pem));
	check_refused(ERR_EV_MALFORMED, "another spelling");
	d.cert_data = slice_text("-----BEGIN CERTIFICATE-----");
	check_refused(ERR_EV_MALFORMED, "not PEM");
	d.cert_data = slice_text("garbage");
	check_refused(ERR_EV_MALFORMED, "not PEM");
}
END_TEST

START_TEST(a_chain_beside_the_quotes_own_is_the_same)
{
	json_t *e, *chain;

	begin();
	d.send_chain = true;
	e = make_dcap_evidence(cx, &d);
	chain = json_object_get(e, "pck_chain");
	ck_assert_int_eq(json_array_remove(chain, 2), 0);
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MISMATCH);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/pck_chain");
}
END_TEST

START_TEST(more_certificates_than_a_chain_has_are_refused)
{
	json_t *e, *chain;

	begin();
	d.send_chain = true;
	d.cert_type = DCAP_CERT_LEAF;
	e = make_dcap_evidence(cx, &d);
	chain = json_object_get(e, "pck_chain");
	(void)json_array_remove(chain, 0);
	while (json_array_size(chain) < ATTEST_CHAIN_MAX)
		(void)json_array_append(chain, json_array_get(chain, 0));
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
}
END_TEST

/* --- the PCK certificate ----------------------------------------------- */

START_TEST(elements_of_the_sgx_extension_come_once_in_any_order)
{
	begin();
	d.ext.reversed = true;
	ck_ok(make_dcap_verify(cx, &d, &out));
	for (unsigned i = 1; i <= 7; i++) {
		d.ext.twice = i;
		check_refused(ERR_EV_MALFORMED, "SGX extension");
		d.ext.unknown = i;
		check_refused(ERR_EV_MALFORMED, "SGX extension");
		d.ext.without = i;
		if (i <= 5)
			check_refused(ERR_EV_MALFORMED, "SGX extension");
		else
			ck_ok(make_dcap_verify(cx, &d, &out));
		begin();
	}
	for (unsigned i = 1; i <= 18; i++) {
		d.ext.tcb_twice = i;
		check_refused(ERR_EV_MALFORMED, "SGX extension");
		d.ext.tcb_without = i;
		check_refused(ERR_EV_MALFORMED, "SGX extension");
	}
	d.ext.flag_twice = 2;
	check_refused(ERR_EV_MALFORMED, "SGX extension");
}
END_TEST

START_TEST(values_of_the_sgx_extension_keep_to_their_range)
{
	struct pck p;
	X509 *x;

	begin();
	d.ext.short_octets = true;
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	d.ext.big_component = true;
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	d.ext.bad_type = true;
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	d.ext.trailing = true;
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	d.pck.sgx_twice = true;
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	(void)make_dcap_evidence(cx, &d);
	ck_ok(chain_cert_parse(cx, d.anchor, &x));
	ck_fails(pck_parse(cx, x, &p), ERR_EV_MALFORMED);
	/* Named as a PCK certificate, signed by its CA, and yet without. */
	d.pck.sgx = SLICE_NONE;
	d.chain[0] = make_intel_certificate(cx, &d.pck);
	ck_ok(chain_cert_parse(cx, d.chain[0], &x));
	ck_fails(pck_parse(cx, x, &p), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(certificates_have_the_names_that_intel_gives)
{
	begin();
	d.pck.cn = "Intel SGX TCB Signing";
	check_refused(ERR_EV_CHAIN, "is not an Intel SGX PCK Certificate");
	d.ca.cn = d.pck.issuer_cn = d.pck_crl.issuer_cn = "Another CA";
	check_refused(ERR_EV_CHAIN, "is not an Intel SGX PCK Processor CA");
	d.pck.second_cn = "x";
	check_refused(ERR_EV_CHAIN, "is not an Intel SGX PCK Certificate");
	d.signing.cn = "Intel SGX PCK Platform CA";
	check_refused(ERR_EV_CHAIN, "is not an Intel SGX TCB Signing");
	d.ca.cn = d.pck.issuer_cn = d.pck_crl.issuer_cn =
	    "Intel SGX PCK Processor CA";
	ck_ok(make_dcap_verify(cx, &d, &out));
}
END_TEST

START_TEST(a_chain_has_two_or_three_certificates)
{
	begin();
	d.n_chain = 1;
	check_refused(ERR_EV_CHAIN, "a chain of 1");
	d.cert_type = DCAP_CERT_PPID;
	check_refused(ERR_EV_CHAIN, "neither the quote nor the evidence");
}
END_TEST

START_TEST(a_pck_certificate_is_nobodys_issuer)
{
	begin();
	d.pck.ca = true;
	check_refused(ERR_EV_CHAIN, "other certificates than Intel's");
	d.ca.ca = false;
	d.ca.usage = "digitalSignature";
	check_refused(ERR_EV_CHAIN, "not a CA");
	d.signing.ca = true;
	check_refused(ERR_EV_CHAIN, "other certificates than Intel's");
}
END_TEST

START_TEST(a_root_that_is_sent_is_the_anchors)
{
	struct make_dcap other;
	json_t *e;

	begin();
	/* Made anew with the same key: Intel did. */
	(void)make_dcap_evidence(cx, &d);
	other = d;
	other.root.serial = 99;
	e = make_dcap_evidence(cx, &other);
	other.anchor = d.anchor;
	ck_ok(make_dcap_verify_json(cx, e, &other, &out));
	/* By the same name, but of another key, and the CA under the first. */
	other = d;
	other.root.key = other.root.issuer_key = make_p256(cx);
	e = make_dcap_evidence(cx, &other);
	other.anchor = d.anchor;
	other.signing_chain[1] = d.anchor;
	ck_fails(make_dcap_verify_json(cx, e, &other, &out), ERR_EV_CHAIN);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "is not the anchor's"));
}
END_TEST

START_TEST(a_chain_must_lead_to_an_anchor)
{
	json_t *e;

	begin();
	e = make_dcap_evidence(cx, &d);
	d.trust.n_anchors = 0;
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_CHAIN);
	/* A look-alike, with all of Intel's names. */
	d.trust.n_anchors = 1;
	d.root.key = d.root.issuer_key = make_p256(cx);
	d.anchor = make_intel_certificate(cx, &d.root);
	ck_assert(failed(make_dcap_verify_json(cx, e, &d, &out)));
}
END_TEST

/* --- collateral -------------------------------------------------------- */

START_TEST(collateral_is_needed_unless_allowed)
{
	begin();
	d.know_collateral = false;
	check_refused(ERR_EV_MISMATCH, "no collateral for this platform");
	d.know_collateral = false;
	d.trust.allow = TRUST_ALLOW_MISSING_COLLATERAL;
	ck_ok(make_dcap_verify(cx, &d, &out));
	ck_assert_ptr_null(out.status);
	ck_assert_ptr_null(claims_find(&out.claims, "tcb_date"));
}
END_TEST

START_TEST(collateral_is_for_the_platform)
{
	begin();
	make_edit(d.tcb_edits, "00A1B2C3D4E5", "00A1B2C3D4E6");
	check_refused(ERR_EV_MISMATCH, "no collateral");
	make_edit(d.tcb_edits, "\"pceId\":\"0000\"", "\"pceId\":\"0001\"");
	check_refused(ERR_EV_MISMATCH, "no collateral");
	make_edit(d.tcb_edits, "\"SGX\"", "\"TDX\"");
	check_refused(ERR_EV_MISMATCH, "no collateral");
	make_edit(d.tcb_edits, "00A1B2C3D4E5", "00A1B2C3D4E6");
	d.send_collateral = true;
	d.know_collateral = false;
	check_refused(ERR_EV_MISMATCH, "for another platform");
	make_edit(d.tcb_edits, "\"fmspc\"", "\"other\"");
	check_refused(ERR_EV_MALFORMED, "no TCB info");
	d.no_tcb = true;
	check_refused(ERR_EV_MALFORMED, "no TCB info");
	d.no_qe = true;
	check_refused(ERR_EV_MISMATCH, "without one of its parts");
	d.no_signing = true;
	check_refused(ERR_EV_MISMATCH, "without one of its parts");
}
END_TEST

START_TEST(collateral_that_the_device_brings_must_be_right_and_for_it)
{
	struct make_dcap bad;
	json_t *e;

	begin();
	bad = d;
	bad.send_collateral = true;
	bad.tcb_signer = d.pck_key;
	e = make_dcap_evidence(cx, &bad);
	(void)make_dcap_evidence(cx, &d);	/* what is known is right */
	d.appraisal.trust = &d.trust;
	bad.trust.collateral = &d.collateral;
	bad.trust.n_collateral = 1;
	ck_fails(make_dcap_verify_json(cx, e, &bad, &out), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(newer_collateral_counts_whoever_has_it)
{
	struct make_dcap old;
	json_t *e;

	begin();
	(void)make_dcap_evidence(cx, &d);
	old = d;
	make_edit(old.tcb_edits, "Number\":20", "Number\":18");
	make_edit(old.tcb_edits, "\"OutOfDate\"", "\"UpToDate\"");
	old.ext.pck.pce_svn = 10;
	old.send_collateral = true;
	e = make_dcap_evidence(cx, &old);
	old.trust.n_collateral = 0;
	ck_ok(make_dcap_verify_json(cx, e, &old, &out));
	ck_assert_str_eq(out.status, "UpToDate");
	old.trust.collateral = &d.collateral;
	old.trust.n_collateral = 1;
	ck_ok(make_dcap_verify_json(cx, e, &old, &out));
	ck_assert_str_eq(out.status, "OutOfDate");
	ck_assert_uint_eq(uint_of("tcb_evaluation_number"), 19);
}
END_TEST

START_TEST(other_platforms_collateral_does_no_harm)
{
	struct trust_collateral list[3];
	struct make_dcap other;
	json_t *e;

	begin();
	e = make_dcap_evidence(cx, &d);
	other = d;
	make_edit(other.tcb_edits, "00A1B2C3D4E5", "00A1B2C3D4E6");
	(void)make_dcap_evidence(cx, &other);
	list[0] = other.collateral;
	list[1] = (struct trust_collateral){ .tcb_info = slice_text("{}") };
	list[2] = d.collateral;
	d.trust.collateral = list;
	d.trust.n_collateral = 3;
	ck_ok(make_dcap_verify_json(cx, e, &d, &out));
}
END_TEST

START_TEST(documents_are_signed_as_they_came)
{
	begin();
	d.tcb_after = (struct make_edit){ "\"tcbType\":0", "\"tcbType\": 0" };
	check_refused(ERR_EV_SIGNATURE, "TCB info or QE identity");
	d.qe_after = (struct make_edit){ "UpToDate", "OutOfDate" };
	check_refused(ERR_EV_SIGNATURE, "TCB info or QE identity");
	d.tcb_signer = d.pck_key;
	check_refused(ERR_EV_SIGNATURE, "TCB info or QE identity");
	d.qe_id_signer = d.pck_key;
	check_refused(ERR_EV_SIGNATURE, "TCB info or QE identity");
	d.tcb_after = (struct make_edit){ "\"signature\":\"",
	    "\"signature\":\"0" };
	check_refused(ERR_EV_MALFORMED, "a value and its signature");
	d.tcb_after = (struct make_edit){ "{\"tcbInfo\"",
	    "{\"more\":1,\"tcbInfo\"" };
	check_refused(ERR_EV_MALFORMED, "a value and its signature");
	d.tcb_after = (struct make_edit){ "{\"tcbInfo\"",
	    "{\"tcbInfo\":{},\"tcbInfo\"" };
	check_refused(ERR_EV_MALFORMED, "");
	d.qe_after = (struct make_edit){ "{\"enclaveIdentity\"", "{{" };
	check_refused(ERR_EV_MALFORMED, "not JSON");
	/* White space that is not signed. */
	d.tcb_after = (struct make_edit){ "{\"tcbInfo\":", "{ \"tcbInfo\" :\n " };
	ck_ok(make_dcap_verify(cx, &d, &out));
}
END_TEST

START_TEST(collateral_is_signed_by_who_may)
{
	begin();
	d.signing.issuer_key = d.ca_key;
	check_refused(ERR_EV_CHAIN, "");
	d.signing.to_s = MAKE_AT - 1;
	check_refused(ERR_EV_EXPIRED, "certificate");
	d.signing.from_s = MAKE_AT + 1;
	check_refused(ERR_EV_EXPIRED, "certificate");
	d.root_crl.serial = d.signing.serial;
	check_refused(ERR_EV_REVOKED, "");
	d.signing.key = d.tcb_signer = d.qe_id_signer = make_curve(cx,
	    "P-384");
	d.tcb_signer = d.qe_id_signer = d.signing_key;
	check_refused(ERR_EV_UNSUPPORTED, "not of P-256");
}
END_TEST

START_TEST(quote_and_collateral_have_one_root)
{
	struct make_dcap other;
	struct slice anchors[2];
	json_t *e;

	begin();
	e = make_dcap_evidence(cx, &d);
	make_dcap(cx, &other, false);
	(void)make_dcap_evidence(cx, &other);
	anchors[0] = d.anchor;
	anchors[1] = other.anchor;
	d.trust.anchors = anchors;
	d.trust.n_anchors = 2;
	d.trust.collateral = &other.collateral;
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MISMATCH);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "of two roots"));
	/* And so have the two documents. */
	d.collateral.qe_identity = other.qe_text;
	d.collateral.qe_signing_chain = other.signing_chain;
	d.collateral.n_qe_signing_chain = 2;
	d.trust.collateral = &d.collateral;
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MISMATCH);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "collateral of two"));
}
END_TEST

START_TEST(documents_are_current)
{
	begin();
	make_edit(d.tcb_edits, "2026-06-20", "2026-06-01");
	check_refused(ERR_EV_EXPIRED, "TCB info");
	make_edit(d.tcb_edits, "2026-05-20", "2026-06-02");
	check_refused(ERR_EV_EXPIRED, "TCB info");
	make_edit(d.qe_edits, "2026-06-20", "2026-06-01");
	check_refused(ERR_EV_EXPIRED, "QE identity");
	make_edit(d.qe_edits, "2026-05-20", "2026-06-02");
	check_refused(ERR_EV_EXPIRED, "QE identity");
	make_edit(d.tcb_edits, "2026-06-20T00:00:00", "2026-06-01T12:00:01");
	ck_ok(make_dcap_verify(cx, &d, &out));
	begin();
	make_edit(d.tcb_edits, "2026-06-20T00:00:00", "2026-06-01T12:00:00");
	check_refused(ERR_EV_EXPIRED, "TCB info");
}
END_TEST

START_TEST(verified_collateral_says_how_long_it_holds)
{
	struct dcap_collateral c;

	begin();
	(void)make_dcap_evidence(cx, &d);
	ck_ok(dcap_collateral_verify(cx, &d.collateral, &d.trust, MAKE_AT,
	    &c));
	ck_assert_int_eq(c.from_s, MAKE_AT - MAKE_DAY);	/* root CRL */
	ck_assert_int_eq(c.to_s, 1781913600 - 1);	/* documents */
}
END_TEST

static const struct { const char *from, *to; enum err_code code; } forms[] = {
	{ "\"version\":3", "\"version\":4", ERR_EV_UNSUPPORTED },
	{ "\"version\":3,", "", ERR_EV_MALFORMED },
	{ "\"tcbType\":0", "\"tcbType\":1", ERR_EV_UNSUPPORTED },
	{ "\"tcbType\":0", "\"tcbType\":\"0\"", ERR_EV_MALFORMED },
	{ "2026-05-20T00:00:00Z", "2026-05-20", ERR_EV_MALFORMED },
	{ "\"issueDate\":\"2026-05-20T00:00:00Z\",", "", ERR_EV_MALFORMED },
	{ "{\"svn\":255},", "", ERR_EV_MALFORMED },
	{ "{\"svn\":255}", "{\"svn\":256}", ERR_EV_MALFORMED },
	{ "{\"svn\":255}", "{\"svn\":-1}", ERR_EV_MALFORMED },
	{ "{\"svn\":255}", "{\"svn\":255},{\"svn\":0}", ERR_EV_MALFORMED },
	{ "{\"svn\":255}", "255", ERR_EV_MALFORMED },
	{ "\"pcesvn\":11", "\"pcesvn\":65536", ERR_EV_MALFORMED },
	{ "\"UpToDate\"", "\"Fine\"", ERR_EV_UNSUPPORTED },
	{ "\"UpToDate\"", "\"NotSupported\"", ERR_EV_UNSUPPORTED },
	{ ",\"tcbStatus\":\"UpToDate\"", "", ERR_EV_MALFORMED },
	{ "[\"INTEL-SA-1\"", "[1", ERR_EV_MALFORMED },
	{ "\"tcbDate\":\"2026-01-01T00:00:00Z\",", "", ERR_EV_MALFORMED },
	{ "\"tcbEvaluationDataNumber\":20,", "", ERR_EV_MALFORMED },
	{ "\"tcb\":{", "\"tcx\":{", ERR_EV_MALFORMED },
	{ "\"tcbLevels\":[", "\"tcbLevel\":[", ERR_EV_MALFORMED },
};

START_TEST(a_tcb_info_is_of_its_form)
{
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		begin();
		make_edit(d.tcb_edits, forms[i].from, forms[i].to);
		ck_fails(make_dcap_verify(cx, &d, &out), forms[i].code);
	}
	/* Intel adds members from time to time. */
	begin();
	make_edit(d.tcb_edits, "\"tcbType\":0", "\"tcbType\":0,\"new\":[]");
	ck_ok(make_dcap_verify(cx, &d, &out));
}
END_TEST

static const struct { const char *from, *to; enum err_code code; }
    qe_forms[] = {
	{ "\"version\":2", "\"version\":1", ERR_EV_UNSUPPORTED },
	{ "\"id\":\"QE\",", "", ERR_EV_MALFORMED },
	{ "\"01000000\"", "\"010000\"", ERR_EV_MALFORMED },
	{ "\"01000000\"", "\"0100000g\"", ERR_EV_MALFORMED },
	{ "\"isvprodid\":1", "\"isvprodid\":65536", ERR_EV_MALFORMED },
	{ "\"isvsvn\":8", "\"isvsvn\":65536", ERR_EV_MALFORMED },
	{ "\"isvsvn\":8", "\"other\":8", ERR_EV_MALFORMED },
	{ "\"UpToDate\"", "\"SWHardeningNeeded\"", ERR_EV_UNSUPPORTED },
	{ "{\"tcb\":{\"isvsvn\":8}", "7,{\"tcb\":{\"isvsvn\":8}",
	    ERR_EV_MALFORMED },
};

START_TEST(a_qe_identity_is_of_its_form)
{
	for (size_t i = 0; i < COUNT_OF(qe_forms); i++) {
		begin();
		make_edit(d.qe_edits, qe_forms[i].from, qe_forms[i].to);
		ck_fails(make_dcap_verify(cx, &d, &out), qe_forms[i].code);
	}
}
END_TEST

START_TEST(a_tcb_info_of_version_2_is_read)
{
	struct buf b = buf_in(cx->arena, 4096);

	begin();
	make_edit(d.tcb_edits, "\"id\":\"SGX\",\"version\":3",
	    "\"version\":2");
	for (unsigned i = 1; i <= 16; i++)
		put_fmt(&b, "\"sgxtcbcomp%02usvn\":%u,", i,
		    d.ext.pck.components[i - 1]);
	put_text(&b, "\"x\":[");
	put_u8(&b, 0);
	for (int i = 0; i < 3; i++)
		make_edit(d.tcb_edits, "\"sgxtcbcomponents\":[",
		    (const char *)b.p);
	ck_ok(make_dcap_verify(cx, &d, &out));
	make_edit(d.tcb_edits, "\"sgxtcbcomp16svn\":0,", "");
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_MALFORMED);
}
END_TEST

/* --- revocation lists -------------------------------------------------- */

START_TEST(what_is_in_a_crl_is_revoked)
{
	begin();
	d.pck_crl.serial = d.pck.serial;
	check_refused(ERR_EV_REVOKED, "CRL");
	d.root_crl.serial = d.ca.serial;
	check_refused(ERR_EV_REVOKED, "CRL");
	d.pck_crl.serial = 77;
	d.root_crl.serial = 78;
	ck_ok(make_dcap_verify(cx, &d, &out));
}
END_TEST

START_TEST(both_crls_are_needed_unless_allowed)
{
	begin();
	d.no_root_crl = true;
	check_refused(ERR_EV_MISMATCH, "without its CRLs");
	d.no_pck_crl = true;
	check_refused(ERR_EV_MISMATCH, "without its CRLs");
	d.no_root_crl = d.no_pck_crl = true;
	d.trust.allow = TRUST_ALLOW_MISSING_CRL;
	ck_ok(make_dcap_verify(cx, &d, &out));
	/* One that is there must be right all the same. */
	d.no_pck_crl = false;
	d.pck_crl.serial = d.pck.serial;
	check_refused(ERR_EV_REVOKED, "CRL");
}
END_TEST

static void
check_crl(struct make_intel_crl *crl)
{
	const struct make_intel_crl right = *crl;

	crl->issuer_cn = "Intel SGX PCK Processor CA";
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_MISMATCH);
	*crl = right;
	crl->key = d.signing_key;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_SIGNATURE);
	*crl = right;
	crl->aki_key = d.signing_key;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_MISMATCH);
	*crl = right;
	crl->aki_key = NULL;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_PROPERTY);
	*crl = right;
	crl->no_number = true;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_PROPERTY);
	*crl = right;
	crl->critical = true;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_UNSUPPORTED);
	*crl = right;
	crl->md = EVP_sha384();
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_UNSUPPORTED);
	*crl = right;
	crl->to_s = MAKE_AT - 1;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_EXPIRED);
	*crl = right;
	crl->from_s = MAKE_AT + 1;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_EXPIRED);
	*crl = right;
	crl->endless = true;
	ck_fails(make_dcap_verify(cx, &d, &out), ERR_EV_EXPIRED);
	*crl = right;
	crl->to_s = MAKE_AT;
	ck_ok(make_dcap_verify(cx, &d, &out));
	*crl = right;
}

START_TEST(a_crl_must_be_its_issuers_whole_and_current)
{
	begin();
	check_crl(&d.root_crl);
	check_crl(&d.pck_crl);
}
END_TEST

START_TEST(a_crl_is_one_der_structure)
{
	json_t *e;

	begin();
	e = make_dcap_evidence(cx, &d);
	d.collateral.root_crl = SLICE(d.root_crl_der.p,
	    d.root_crl_der.n - 1);
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
	d.collateral.root_crl = SLICE(arena_alloc(cx->arena, PCK_CRL_MAX + 1),
	    PCK_CRL_MAX + 1);
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "CRL of"));
	d.collateral.root_crl = d.root_crl_der;
	{
		uint8_t *p = arena_alloc(cx->arena, d.pck_crl_der.n + 1);

		memcpy(p, d.pck_crl_der.p, d.pck_crl_der.n);
		d.collateral.pck_crl = SLICE(p, d.pck_crl_der.n + 1);
	}
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
}
END_TEST

/* --- the quoting enclave and the quote --------------------------------- */

START_TEST(the_qe_report_is_signed_by_the_platform)
{
	begin();
	d.qe_signer = d.ak_key;
	check_refused(ERR_EV_SIGNATURE, "QE report");
}
END_TEST

START_TEST(the_qe_vouches_for_the_attestation_key)
{
	begin();
	d.qe_report_data_given = true;
	check_refused(ERR_EV_BINDING, "another key");
	/* The hash is there, and something after it. */
	(void)make_dcap_evidence(cx, &d);
	d.qe_report_data_given = true;
	d.qe[383] = 1;
	check_refused(ERR_EV_BINDING, "another key");
}
END_TEST

START_TEST(a_qe_in_debug_mode_is_refused)
{
	begin();
	d.qe[48] |= 0x02;
	make_edit(d.qe_edits, "\"FBFFFFFF", "\"F9FFFFFF");
	check_refused(ERR_EV_PROPERTY, "debug mode");
}
END_TEST

START_TEST(a_quote_is_signed_by_its_attestation_key)
{
	EVP_PKEY *key;

	begin();
	d.quote_signer = d.pck_key;
	check_refused(ERR_EV_SIGNATURE, "the signature of the quote");
	ck_fails(dcap_sig_key(cx, SLICE(d.body, 64), &key), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(report_data_is_compared_whole)
{
	json_t *e;

	begin();
	(void)make_dcap_evidence(cx, &d);
	d.report_data_given = true;
	d.body[383] ^= 1;
	check_refused(ERR_EV_NONCE, "report data");
	d.appraisal.raw = true;
	(void)make_dcap_evidence(cx, &d);
	check_refused(ERR_EV_NONCE, "report data");
	d.appraisal.raw = true;
	d.report_data_given = true;
	memset(d.body + 320, 0x31, 64);
	e = make_dcap_evidence(cx, &d);
	d.appraisal.nonce = SLICE(d.body + 320, 64);
	ck_ok(make_dcap_verify_json(cx, e, &d, &out));
	d.appraisal.nonce.n = 63;
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_NONCE);
	d.appraisal.nonce = SLICE_NONE;
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_NONCE);
}
END_TEST

static const struct { size_t at; uint8_t flip; const char *why; } qe_is[] = {
	{ 19, 0x01, "MISCSELECT" }, { 16, 0x01, "MISCSELECT" },
	{ 48, 0x01, "attributes" }, { 55, 0x80, "attributes" },
	{ 128, 0x01, "MRSIGNER" }, { 159, 0x80, "MRSIGNER" },
	{ 256, 0x02, "ISVPRODID" }, { 257, 0x01, "ISVPRODID" },
};

START_TEST(the_qe_is_the_one_that_intel_names)
{
	begin();
	for (size_t i = 0; i < COUNT_OF(qe_is); i++) {
		d.qe[qe_is[i].at] ^= qe_is[i].flip;
		check_refused(ERR_EV_MISMATCH, qe_is[i].why);
	}
	/* What the masks leave out may be otherwise. */
	d.qe[19] ^= 0x10;
	d.qe[48] ^= 0x04;
	d.qe[56] ^= 0xff;
	ck_ok(make_dcap_verify(cx, &d, &out));
	make_edit(d.qe_edits, "\"QE\"", "\"TD_QE\"");
	check_refused(ERR_EV_MISMATCH, "another kind of enclave");
	make_edit(d.qe_edits, "\"QE\"", "\"QVE\"");
	check_refused(ERR_EV_MISMATCH, "another kind of enclave");
}
END_TEST

START_TEST(a_platform_without_its_certificate_is_read_all_the_same)
{
	char hardware_id[HARDWARE_ID_MAX];
	struct evidence evidence;
	struct slice name;

	begin();
	ck_ok(evidence_read(cx, make_dcap_evidence(cx, &d), "", &evidence));
	evidence_identify(cx, &evidence, hardware_id, &name);
	ck_assert(strncmp(hardware_id, "sgx:", 4) == 0 && name.n == 0);
	d.cert_type = DCAP_CERT_PPID;
	ck_ok(evidence_read(cx, make_dcap_evidence(cx, &d), "", &evidence));
	evidence_identify(cx, &evidence, hardware_id, &name);
	ck_assert_str_eq(hardware_id, "");
}
END_TEST

START_TEST(the_text_of_a_member_is_found)
{
	static const char text[] =
	    " { \"a\" : [1, \"}\\\"]\"] , \"b\":{\"c\":2} ,\"d\":3}";
	struct slice s;

	ck_assert(json_span(slice_text(text), "b", &s));
	ck_assert(slice_equal(s, slice_text("{\"c\":2}")));
	ck_assert(json_span(slice_text(text), "a", &s));
	ck_assert(slice_equal(s, slice_text("[1, \"}\\\"]\"]")));
	ck_assert(json_span(slice_text(text), "d", &s));
	ck_assert(slice_equal(s, slice_text("3")));
	ck_assert(!json_span(slice_text(text), "c", &s));
	for (size_t n = 0; n < sizeof(text) - 3; n++)
		ck_assert(!json_span(SLICE(text, n), "d", &s));
	ck_assert(!json_span(slice_text("[\"d\"]"), "d", &s));
	ck_assert(!json_span(slice_text("{\"d\" 3}"), "d", &s));
	ck_assert(!json_span(slice_text("{\"d\":}"), "d", &s));
	ck_assert(!json_span(slice_text("{\"\\"), "d", &s));
}
END_TEST

UNIT_MAIN("dcap",
    a_quote_says_which_enclave_runs_on_which_platform,
    each_version_is_read,
    what_follows_a_quote_in_its_buffer_means_nothing,
    certificates_may_come_beside_the_quote,
    collateral_may_come_with_the_evidence,
    other_versions_keys_and_enclaves_are_not_taken,
    a_body_is_of_the_size_of_its_type,
    reserved_bytes_are_zero,
    a_trust_domains_quote_is_not_an_enclaves,
    sizes_inside_a_quote_are_not_believed,
    certification_data_is_of_its_size,
    a_platform_is_the_one_whose_ppid_is_sent,
    certificates_have_one_spelling,
    a_chain_beside_the_quotes_own_is_the_same,
    more_certificates_than_a_chain_has_are_refused,
    elements_of_the_sgx_extension_come_once_in_any_order,
    values_of_the_sgx_extension_keep_to_their_range,
    certificates_have_the_names_that_intel_gives,
    a_chain_has_two_or_three_certificates,
    a_pck_certificate_is_nobodys_issuer,
    a_root_that_is_sent_is_the_anchors,
    a_chain_must_lead_to_an_anchor,
    collateral_is_needed_unless_allowed,
    collateral_is_for_the_platform,
    collateral_that_the_device_brings_must_be_right_and_for_it,
    newer_collateral_counts_whoever_has_it,
    other_platforms_collateral_does_no_harm,
    documents_are_signed_as_they_came,
    collateral_is_signed_by_who_may,
    quote_and_collateral_have_one_root,
    documents_are_current,
    verified_collateral_says_how_long_it_holds,
    a_tcb_info_is_of_its_form,
    a_qe_identity_is_of_its_form,
    a_tcb_info_of_version_2_is_read,
    what_is_in_a_crl_is_revoked,
    both_crls_are_needed_unless_allowed,
    a_crl_must_be_its_issuers_whole_and_current,
    a_crl_is_one_der_structure,
    the_qe_report_is_signed_by_the_platform,
    the_qe_vouches_for_the_attestation_key,
    a_qe_in_debug_mode_is_refused,
    a_quote_is_signed_by_its_attestation_key,
    report_data_is_compared_whole,
    the_qe_is_the_one_that_intel_names,
    a_platform_without_its_certificate_is_read_all_the_same,
    the_text_of_a_member_is_found)
