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

/* A PEM text with bits in its base64 that mean nothing. */
static char *
stray_bits(void)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *pem, *at;

	do {
		begin();
		(void)make_dcap_evidence(cx, &d);
	} while (d.chain[1].n % 3 == 0);
	pem = pem_text(cx->arena, "CERTIFICATE", d.chain[1]);
	at = strchr(pem, '=') - 1;
	*at = strchr(alphabet, *at)[1];
	return pem;
}

START_TEST(certificates_have_one_spelling)
{
	const char *pem = stray_bits();

	d.cert_data = slice_text(pem);
	check_refused(ERR_EV_MALFORMED, "another spelling");
	d.cert_data = slice_text(pem_text(cx->arena, "CERTIFICATE",
	    slice_text("no certificate")));
	check_refused(ERR_EV_MALFORMED, "not a certificate");
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

/* An element that is its name alone: with nothing in it left to read. */
static struct slice
bare(const char *tail, size_t n_tail)
{
	static const uint8_t sgx[] = {
		0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01
	};
	struct buf b = buf_in(cx->arena, 64);

	put_u8(&b, 0x30);
	put_u8(&b, (uint8_t)(2 + sizeof(sgx) + n_tail));
	put_u8(&b, 0x06);
	put_u8(&b, (uint8_t)(sizeof(sgx) + n_tail));
	put_bytes(&b, SLICE_OF(sgx));
	put_bytes(&b, SLICE(tail, n_tail));
	return buf_slice(&b);
}

START_TEST(elements_of_the_sgx_extension_are_those_known)
{
	static const char *const tails[] = { "\x08", "\x12", "\x13", "\x7f" };

	begin();
	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		d.ext.more = bare(tails[i], 1);
		check_refused(ERR_EV_MALFORMED, "SGX extension");
	}
	d.ext.more = bare("\x01\x01", 2);
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	d.ext.tcb_more = bare("\x02\x13", 2);
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	d.ext.tcb_more = bare("\x03\x01", 2);
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	d.ext.flag_more = bare("\x07\x04", 2);
	check_refused(ERR_EV_MALFORMED, "SGX extension");
	d.ext.flag_more = bare("\x07\x7f", 2);
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
	d.ak_point = SLICE(d.body + 64, 64);
	check_refused(ERR_EV_SIGNATURE, "not a point of P-256");
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
	ck_assert(!json_span(slice_text("[\"d\":3}"), "d", &s));
	ck_assert(!json_span(slice_text("\"d\":3}"), "d", &s));
	ck_assert(!json_span(slice_text("{\"d\"=3}"), "d", &s));
	ck_assert(!json_span(slice_text("{:1,\"d\":3}"), "d", &s));
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
    elements_of_the_sgx_extension_are_those_known,
    values_of_the_sgx_extension_keep_to_their_range,
    certificates_have_the_names_that_intel_gives,
    a_chain_has_two_or_three_certificates,
    a_pck_certificate_is_nobodys_issuer,
    a_root_that_is_sent_is_the_anchors,
    a_chain_must_lead_to_an_anchor,
    the_qe_report_is_signed_by_the_platform,
    the_qe_vouches_for_the_attestation_key,
    a_qe_in_debug_mode_is_refused,
    a_quote_is_signed_by_its_attestation_key,
    report_data_is_compared_whole,
    the_qe_is_the_one_that_intel_names,
    a_platform_without_its_certificate_is_read_all_the_same,
    the_text_of_a_member_is_found)
