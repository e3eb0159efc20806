/* SPDX-License-Identifier: Apache-2.0 */
/* SEV-SNP reports and AMD's certificates: each check alone. */
#include "attest/pss.h"
#include "attest/snp_table.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/der.h"
#include "tests/make_snp.h"
#include "tests/unit/unit.h"

static struct make_snp s;
static struct attestation out;

static void
begin(void)
{
	make_snp(cx, &s, "Milan");
}

static void
check_refused(enum err_code code, const char *why)
{
	ck_fails(make_snp_verify(cx, &s, &out), code);
	ck_assert_msg(strstr(cx->trail->note, why) != NULL, "%s",
	    cx->trail->note);
	begin();
}

static void
check_accepted(void)
{
	ck_ok(make_snp_verify(cx, &s, &out));
	begin();
}

static const struct claim *
claim(const char *name)
{
	const struct claim *c = claims_find(&out.claims, name);

	ck_assert_msg(c != NULL, "%s", name);
	return c;
}

/* --- accepted ---------------------------------------------------------- */

START_TEST(a_report_says_which_guest_runs_on_which_chip)
{
	char want[160] = "snp:";

	begin();
	ck_ok(make_snp_verify(cx, &s, &out));
	text_hex_into(SLICE(s.report + 0x1a0, 64), want + 4);
	ck_assert_str_eq(out.hardware_id, want);
	ck_assert_ptr_null(out.status);
	ck_assert_str_eq(claim("product")->text, "Milan");
	ck_assert_str_eq(claim("product_name")->text, "Milan-B0");
	ck_assert_str_eq(claim("signing_key")->text, "vcek");
	ck_assert(slice_equal(claim("measurement")->bytes,
	    SLICE(s.report + 0x90, 48)));
	ck_assert(slice_equal(claim("host_data")->bytes,
	    SLICE(s.report + 0xc0, 32)));
	ck_assert(slice_equal(claim("family_id")->bytes,
	    SLICE(s.report + 0x10, 16)));
	ck_assert(slice_equal(claim("image_id")->bytes,
	    SLICE(s.report + 0x20, 16)));
	ck_assert(slice_equal(claim("id_key_digest")->bytes,
	    SLICE(s.report + 0xe0, 48)));
	ck_assert(slice_equal(claim("report_id")->bytes,
	    SLICE(s.report + 0x140, 32)));
	ck_assert(slice_equal(claim("chip_id")->bytes,
	    SLICE(s.report + 0x1a0, 64)));
	ck_assert(slice_equal(claim("launch_tcb")->bytes,
	    SLICE(s.report + 0x1f0, 8)));
	ck_assert_uint_eq(claim("vmpl")->uint, 0);
	ck_assert_uint_eq(claim("guest_svn")->uint, 9);
	ck_assert_uint_eq(claim("guest_abi")->uint, 0x011f);
	ck_assert_uint_eq(claim("tcb_bootloader")->uint, 4);
	ck_assert_uint_eq(claim("tcb_tee")->uint, 1);
	ck_assert_uint_eq(claim("tcb_snp")->uint, 24);
	ck_assert_uint_eq(claim("tcb_microcode")->uint, 219);
	ck_assert_uint_eq(claim("snp_firmware_version")->uint, 0x01371d);
	ck_assert_uint_eq(claim("launch_mitigations")->uint, 1);
	ck_assert_uint_eq(claim("current_mitigations")->uint, 3);
	ck_assert(!claim("hardware_key")->boolean);
	/* What was not given is no claim. */
	ck_assert_ptr_null(claims_find(&out.claims, "author_key_digest"));
	ck_assert_ptr_null(claims_find(&out.claims, "csp_id"));
	ck_assert_ptr_null(claims_find(&out.claims, "tcb_fmc"));
}
END_TEST

START_TEST(each_bit_of_policy_and_platform_is_a_claim_of_its_own)
{
	static const struct { const char *name; size_t at; unsigned bit; }
	rows[] = {
		{ "smt_allowed", 0x08, 16 }, { "migration_agent", 0x08, 18 },
		{ "debug", 0x08, 19 }, { "single_socket", 0x08, 20 },
		{ "cxl_allowed", 0x08, 21 },
		{ "aes_256_xts_required", 0x08, 22 },
		{ "rapl_off_required", 0x08, 23 },
		{ "ciphertext_hiding_required", 0x08, 24 },
		{ "page_swap_disabled", 0x08, 25 },
		{ "smt_enabled", 0x40, 0 }, { "tsme_enabled", 0x40, 1 },
		{ "ecc_memory", 0x40, 2 }, { "rapl_off", 0x40, 3 },
		{ "ciphertext_hiding", 0x40, 4 },
		{ "alias_check_complete", 0x40, 5 },
		{ "tio_enabled", 0x40, 7 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		begin();
		memset(s.report + 0x08, 0, 8);
		memset(s.report + 0x40, 0, 8);
		s.report[0x0a] = 1 << 1;
		s.report[rows[i].at + rows[i].bit / 8] |=
		    (uint8_t)(1u << rows[i].bit % 8);
		ck_ok(make_snp_verify(cx, &s, &out));
		for (size_t k = 0; k < COUNT_OF(rows); k++)
			ck_assert_msg(claim(rows[k].name)->boolean == (k == i),
			    "%s with bit %u", rows[k].name, rows[i].bit);
	}
}
END_TEST

START_TEST(each_version_is_read)
{
	for (uint8_t version = 2; version <= 5; version++) {
		begin();
		s.report[0] = version;
		if (version < 5)
			memset(s.report + 0x1f8, 0, 16);
		if (version < 3)
			memset(s.report + 0x188, 0, 3);
		ck_ok(make_snp_verify(cx, &s, &out));
		ck_assert_str_eq(claim("product")->text, "Milan");
		ck_assert((claims_find(&out.claims, "current_mitigations")
		    != NULL) == (version == 5));
	}
}
END_TEST

START_TEST(each_line_of_processors_is_known)
{
	static const struct { uint8_t family, model; const char *line; }
	cpus[] = {
		{ 0x19, 0x00, "Milan" }, { 0x19, 0x0f, "Milan" },
		{ 0x19, 0x10, "Genoa" }, { 0x19, 0x1f, "Genoa" },
		{ 0x19, 0xa0, "Genoa" }, { 0x19, 0xaf, "Genoa" },
		{ 0x1a, 0x00, "Turin" }, { 0x1a, 0x11, "Turin" },
	};

	for (size_t i = 0; i < COUNT_OF(cpus); i++) {
		make_snp(cx, &s, cpus[i].line);
		s.report[0x188] = cpus[i].family;
		s.report[0x189] = cpus[i].model;
		ck_ok(make_snp_verify(cx, &s, &out));
		ck_assert_str_eq(claim("product")->text, cpus[i].line);
	}
}
END_TEST

START_TEST(turin_has_another_tcb_and_shorter_chip_ids)
{
	make_snp(cx, &s, "Turin");
	ck_ok(make_snp_verify(cx, &s, &out));
	ck_assert_uint_eq(claim("tcb_fmc")->uint, 7);
	ck_assert_uint_eq(claim("tcb_snp")->uint, 24);
	ck_assert_uint_eq(s.report[0x180], 7);
	ck_assert_uint_eq(s.report[0x183], 24);
	/* The rest of the chip's ID is zeros. */
	s.report[0x1a8] = 1;
	check_refused(ERR_EV_MISMATCH, "another chip");
	make_snp(cx, &s, "Turin");
	make_snp_tcb(&s, 0x180, SNP_FMC, 6);
	check_refused(ERR_EV_MISMATCH, "another TCB");
	make_snp(cx, &s, "Turin");
	make_amd_ext(&s, "3.9")->oid = NULL;
	check_refused(ERR_EV_PROPERTY, "which TCB");
	make_snp(cx, &s, "Turin");
	make_amd_ext(&s, "4")->der.n = 64;
	check_refused(ERR_EV_PROPERTY, "one chip");
}
END_TEST

START_TEST(a_vlek_names_a_chip_of_its_provider_alone)
{
	uint8_t named[13 + 64], hash[32];

	make_snp_vlek(cx, &s);
	ck_ok(make_snp_verify(cx, &s, &out));
	ck_assert_str_eq(out.hardware_id, "");
	ck_assert_str_eq(claim("signing_key")->text, "vlek");
	ck_assert_str_eq(claim("csp_id")->text, "cloud.example");
	ck_assert_ptr_null(claims_find(&out.claims, "chip_id"));
	/* Masked or not, and masked keys are the chip's. */
	memset(s.report + 0x1a0, 0x55, 64);
	s.report[0x048] |= 1 << 1;
	ck_ok(make_snp_verify(cx, &s, &out));
	memcpy(named, "cloud.example", 13);
	memcpy(named + 13, s.report + 0x1a0, 64);
	crypto_hash_sha256(hash, named, sizeof(named));
	ck_assert_str_eq(out.hardware_id, arena_printf(cx->arena,
	    "snp-vlek:%s", text_hex(cx->arena, SLICE_OF(hash))));
	ck_assert_uint_eq(claim("chip_id")->bytes.n, 64);
}
END_TEST

START_TEST(the_issuers_need_not_all_be_sent)
{
	begin();
	s.n_certs = 2;
	check_accepted();
}
END_TEST

/* --- reading ------------------------------------------------------------ */

START_TEST(a_report_is_of_its_size)
{
	begin();
	for (size_t n = 0; n < SNP_REPORT_SIZE; n++) {
		struct snp_report r;

		ck_fails(snp_report_parse(cx, SLICE(s.report, n), &r),
		    ERR_EV_MALFORMED);
	}
	s.table = SLICE("", 1);
	check_refused(ERR_EV_MALFORMED, "no certificate table");
}
END_TEST

START_TEST(other_versions_and_algorithms_are_not_taken)
{
	static const uint8_t versions[] = { 0, 1, 6, 9, 0xff };
	static const uint8_t algorithms[] = { 0, 2, 0xff };

	for (size_t i = 0; i < sizeof(versions); i++) {
		begin();
		s.report[0] = versions[i];
		check_refused(ERR_EV_UNSUPPORTED, "version");
	}
	s.report[3] = 1;
	check_refused(ERR_EV_UNSUPPORTED, "version");
	for (size_t i = 0; i < sizeof(algorithms); i++) {
		begin();
		s.report[0x34] = algorithms[i];
		check_refused(ERR_EV_UNSUPPORTED, "algorithm");
	}
}
END_TEST

/* A report of that version, with one byte changed. */
static struct err
parse_changed(uint8_t version, size_t at, uint8_t change)
{
	uint8_t bytes[SNP_REPORT_SIZE];
	struct snp_report r;

	memcpy(bytes, s.report, sizeof(bytes));
	bytes[0] = version;
	if (version < 5)
		memset(bytes + 0x1f8, 0, 16);
	if (version < 3)
		memset(bytes + 0x188, 0, 3);
	bytes[at] ^= change;
	return snp_report_parse(cx, SLICE_OF(bytes), &r);
}

START_TEST(reserved_bytes_are_zero_for_the_version)
{
	static const struct { uint8_t version; size_t from, to; } rows[] = {
		{ 5, 0x049, 0x050 }, { 5, 0x18b, 0x1a0 }, { 5, 0x1eb, 0x1ec },
		{ 5, 0x1ef, 0x1f0 }, { 5, 0x208, 0x2a0 },
		{ 4, 0x1f8, 0x2a0 }, { 3, 0x1f8, 0x2a0 }, { 2, 0x1f8, 0x2a0 },
		{ 4, 0x18b, 0x1a0 }, { 3, 0x18b, 0x1a0 }, { 2, 0x188, 0x1a0 },
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		ck_ok(parse_changed(rows[i].version, 0, 0));
		for (size_t at = rows[i].from; at < rows[i].to; at++)
			ck_fails(parse_changed(rows[i].version, at, 0x80),
			    ERR_EV_MALFORMED);
	}
	ck_fails(parse_changed(5, 0x48, 1 << 5), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(what_a_signature_has_no_need_of_is_zero)
{
	begin();
	(void)make_snp_evidence(cx, &s);
	for (size_t at = 0x2a0; at < SNP_REPORT_SIZE; at++) {
		bool is_number = at < 0x2a0 + 144 && (at - 0x2a0) % 72 < 48;

		if (is_number)
			ck_ok(parse_changed(5, at, 1));
		else
			ck_fails(parse_changed(5, at, 1), ERR_EV_MALFORMED);
	}
}
END_TEST

/* --- the signature ------------------------------------------------------ */

START_TEST(a_report_is_signed_by_the_key_of_its_certificate)
{
	begin();
	s.signer = make_curve(cx, "P-384");
	check_refused(ERR_EV_SIGNATURE, "the signature of the report");
	s.md = EVP_sha256();
	check_refused(ERR_EV_SIGNATURE, "the signature of the report");
	s.big_endian = true;
	check_refused(ERR_EV_SIGNATURE, "the signature of the report");
	s.change_at = 0x90;
	s.change = 1;
	check_refused(ERR_EV_SIGNATURE, "the signature of the report");
}
END_TEST

START_TEST(numbers_of_a_signature_are_above_zero_and_below_the_order)
{
	uint8_t signature[144] = { 0 };

	begin();
	s.signature = SLICE_OF(signature);
	check_refused(ERR_EV_SIGNATURE, "the signature of the report");
	for (size_t i = 0; i < 2; i++) {
		(void)make_snp_evidence(cx, &s);
		memcpy(signature, s.report + 0x2a0, 144);
		memset(signature + 72 * i, 0xff, 48);
		s.signature = SLICE_OF(signature);
		check_refused(ERR_EV_SIGNATURE, "the signature of the report");
	}
}
END_TEST

START_TEST(report_data_is_compared_whole)
{
	begin();
	s.report_data_given = true;
	attest_binding("snp", SLICE_OF(s.nonce), s.spki, s.report + 0x50, 64);
	ck_ok(make_snp_verify(cx, &s, &out));
	for (size_t i = 0; i < 64; i += 9) {
		s.report[0x50 + i] ^= 1;
		ck_fails(make_snp_verify(cx, &s, &out), ERR_EV_NONCE);
		s.report[0x50 + i] ^= 1;
	}
	/* The same hash, half of it, and for another format. */
	attest_binding("snp", SLICE_OF(s.nonce), s.spki, s.report + 0x50, 32);
	ck_fails(make_snp_verify(cx, &s, &out), ERR_EV_NONCE);
	attest_binding("tdx", SLICE_OF(s.nonce), s.spki, s.report + 0x50, 64);
	ck_fails(make_snp_verify(cx, &s, &out), ERR_EV_NONCE);
}
END_TEST

static void
put_sha512(struct slice data)
{
	ck_assert_int_eq(EVP_Digest(data.p, data.n, s.report + 0x50, NULL,
	    EVP_sha512(), NULL), 1);
	s.report_data_given = true;
}

START_TEST(runtime_data_is_the_binding_hash_and_is_hashed_in_the_report)
{
	uint8_t binding[65] = { 0 };

	begin();
	attest_binding("snp", SLICE_OF(s.nonce), s.spki, binding, 64);
	s.runtime_data = SLICE(binding, 64);
	put_sha512(s.runtime_data);
	ck_ok(make_snp_verify(cx, &s, &out));
	s.report[0x50] ^= 1;
	ck_fails(make_snp_verify(cx, &s, &out), ERR_EV_BINDING);
	/* More than the hash, or another one. */
	s.runtime_data.n = 65;
	put_sha512(s.runtime_data);
	ck_fails(make_snp_verify(cx, &s, &out), ERR_EV_NONCE);
	s.runtime_data = slice_text("anything");
	put_sha512(s.runtime_data);
	ck_fails(make_snp_verify(cx, &s, &out), ERR_EV_NONCE);
	/* The report data itself is no answer where it is a hash. */
	s.runtime_data = slice_text("hashed");
	s.report_data_given = false;
	ck_fails(make_snp_verify(cx, &s, &out), ERR_EV_BINDING);
}
END_TEST

START_TEST(a_raw_nonce_is_the_runtime_data_or_its_hash)
{
	json_t *e;

	begin();
	s.runtime_data = slice_text("runtime data");
	put_sha512(s.runtime_data);
	e = make_snp_evidence(cx, &s);
	s.appraisal.raw = true;
	s.appraisal.nonce = s.runtime_data;
	ck_ok(make_snp_verify_json(cx, e, &s, &out));
	s.appraisal.nonce = SLICE(s.report + 0x50, 64);
	ck_ok(make_snp_verify_json(cx, e, &s, &out));
	s.appraisal.nonce = slice_text("another");
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_NONCE);
	s.appraisal.nonce = SLICE_NONE;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_NONCE);
	s.runtime_data = slice_text("changed");
	e = make_snp_evidence(cx, &s);
	s.appraisal.nonce = SLICE(s.report + 0x50, 64);
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_BINDING);
}
END_TEST

START_TEST(recorded_reports_are_compared_with_the_nonce_as_it_stands)
{
	json_t *e;

	begin();
	e = make_snp_evidence(cx, &s);
	s.appraisal.raw = true;
	s.appraisal.nonce = SLICE(s.report + 0x50, 64);
	ck_ok(make_snp_verify_json(cx, e, &s, &out));
	s.appraisal.nonce.n = 63;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_NONCE);
	s.appraisal.nonce = SLICE_NONE;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_NONCE);
	s.signer = make_curve(cx, "P-384");
	e = make_snp_evidence(cx, &s);
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_SIGNATURE);
}
END_TEST

/* Who has not the chip learns nothing of what is believed here. */
START_TEST(a_report_is_checked_before_what_is_believed_of_its_key)
{
	json_t *e;

	begin();
	s.signer = make_curve(cx, "P-384");
	e = make_snp_evidence(cx, &s);
	s.trust.n_anchors = 0;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_SIGNATURE);
	begin();
	e = make_snp_evidence(cx, &s);
	s.trust.n_anchors = 0;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_CHAIN);
	s.nonce[0] ^= 1;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_NONCE);
	begin();
	s.runtime_data = slice_text("another");
	put_sha512(s.runtime_data);
	e = make_snp_evidence(cx, &s);
	s.trust.n_anchors = 0;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_NONCE);
}
END_TEST

START_TEST(a_report_says_whose_it_is_before_it_is_checked)
{
	struct evidence evidence;
	char id[HARDWARE_ID_MAX];
	struct slice name;

	begin();
	ck_ok(evidence_read(cx, make_snp_evidence(cx, &s), "", &evidence));
	evidence_identify(cx, &evidence, id, &name);
	ck_assert_int_eq(strncmp(id, "snp:c1c1", 8), 0);
	ck_assert_uint_eq(strlen(id), 4 + 128);
	ck_assert_uint_eq(name.n, 0);
	make_snp_vlek(cx, &s);
	ck_ok(evidence_read(cx, make_snp_evidence(cx, &s), "", &evidence));
	evidence_identify(cx, &evidence, id, &name);
	ck_assert_str_eq(id, "");
}
END_TEST

/* --- report and certificate --------------------------------------------- */

START_TEST(the_signing_key_is_of_the_kind_that_the_report_says)
{
	begin();
	s.report[0x48] = 1 << 2;
	check_refused(ERR_EV_MISMATCH, "another kind of key");
	make_snp_vlek(cx, &s);
	s.report[0x48] = 0;
	check_refused(ERR_EV_MISMATCH, "another kind of key");
	for (uint8_t kind = 2; kind <= 7; kind++) {
		s.report[0x48] = (uint8_t)(kind << 2);
		check_refused(ERR_EV_PROPERTY, "not signed");
	}
	s.report[0x48] = 1 << 1;
	check_refused(ERR_EV_PROPERTY, "masks");
}
END_TEST

START_TEST(the_chip_is_the_one_that_the_vcek_is_for)
{
	begin();
	s.report[0x1a0 + 63] ^= 1;
	make_amd_ext(&s, "4")->der = slice_dup(cx->arena,
	    make_amd_ext(&s, "4")->der);
	s.report[0x1a0 + 63] ^= 3;
	check_refused(ERR_EV_MISMATCH, "another chip");
	make_amd_ext(&s, "4")->der = slice_dup(cx->arena,
	    make_amd_ext(&s, "4")->der);
	memset(s.report + 0x1a0, 0, 64);
	check_refused(ERR_EV_MISMATCH, "another chip");
}
END_TEST

START_TEST(the_processor_is_of_the_line_of_its_root)
{
	begin();
	s.report[0x189] = 0x11;
	check_refused(ERR_EV_MISMATCH, "under the root of Milan");
	s.report[0x188] = 0x17;
	check_refused(ERR_EV_UNSUPPORTED, "a processor of family 17");
	s.report[0x189] = 0x20;
	check_refused(ERR_EV_UNSUPPORTED, "a processor");
	s.report[0x188] = 0x1a;
	s.report[0x189] = 0x12;
	check_refused(ERR_EV_UNSUPPORTED, "a processor");
}
END_TEST

START_TEST(each_component_of_the_reported_tcb_is_the_certificates)
{
	for (size_t i = 0; i < 8; i++) {
		begin();
		s.report[0x180 + i] ^= 1;
		check_refused(ERR_EV_MISMATCH, "another TCB");
	}
}
END_TEST

START_TEST(tcbs_are_in_order_component_by_component)
{
	/* Where it is, and whether more or less of it is out of order. */
	static const struct { size_t at; int by; bool wrong; } rows[] = {
		{ 0x1e0, -1, true },	/* committed below reported */
		{ 0x1e0, 1, true },	/* committed above current */
		{ 0x038, -1, true },	/* current below committed */
		{ 0x038, 1, false },	/* not committed to yet */
		{ 0x1f0, 1, true },	/* launched above current */
		{ 0x1f0, -1, false },	/* updated since the launch */
	};
	static const enum snp_component components[] = {
		SNP_BOOTLOADER, SNP_TEE, SNP_SNP, SNP_MICROCODE
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t k = 0; k < COUNT_OF(components); k++) {
			size_t at;

			begin();
			at = rows[i].at + (size_t)s.line->at[components[k]];
			s.report[at] = (uint8_t)(s.report[at] + rows[i].by);
			/* One that is higher does not make up for it. */
			if (rows[i].wrong && rows[i].by < 0 &&
			    components[k] != SNP_MICROCODE)
				s.report[rows[i].at + 7]++;
			if (rows[i].wrong && rows[i].at == 0x1e0 &&
			    components[k] != SNP_MICROCODE)
				s.report[0x038 + 7]++;
			if (rows[i].wrong)
				check_refused(ERR_EV_PROPERTY, "in order");
			else
				check_accepted();
		}
}
END_TEST

START_TEST(firmware_is_not_older_than_what_it_is_committed_to)
{
	static const size_t current[] = { 0x1e8, 0x1e9, 0x1ea };

	for (size_t i = 0; i < COUNT_OF(current); i++) {
		begin();
		s.report[current[i]]--;
		check_refused(ERR_EV_PROPERTY, "older");
		s.report[current[i]]++;
		ck_ok(make_snp_verify(cx, &s, &out));
		ck_assert(claim("provisional_firmware")->boolean);
	}
	/* 2.0 is not older than 1.55. */
	begin();
	memcpy(s.report + 0x1e8, "\x00\x00\x02", 3);
	check_accepted();
	ck_ok(make_snp_verify(cx, &s, &out));
	ck_assert(!claim("provisional_firmware")->boolean);
	make_snp_tcb(&s, 0x038, SNP_SNP, 25);
	ck_ok(make_snp_verify(cx, &s, &out));
	ck_assert(claim("provisional_firmware")->boolean);
}
END_TEST

START_TEST(a_guest_policy_is_one_that_can_be)
{
	begin();
	s.report[0x0a] = 0x01;
	check_refused(ERR_EV_MALFORMED, "guest policy");
	for (unsigned bit = 26; bit < 64; bit++) {
		s.report[0x08 + bit / 8] |= (uint8_t)(1u << bit % 8);
		check_refused(ERR_EV_MALFORMED, "guest policy");
	}
}
END_TEST

START_TEST(a_report_is_asked_for_by_the_guest)
{
	for (uint8_t vmpl = 0; vmpl <= 3; vmpl++) {
		begin();
		s.report[0x30] = vmpl;
		ck_ok(make_snp_verify(cx, &s, &out));
		ck_assert_uint_eq(claim("vmpl")->uint, vmpl);
	}
	s.report[0x30] = 4;
	check_refused(ERR_EV_PROPERTY, "privilege level");
	memset(s.report + 0x30, 0xff, 4);
	check_refused(ERR_EV_PROPERTY, "the host");
}
END_TEST

START_TEST(an_authors_key_is_there_when_it_is_said_to_be)
{
	begin();
	memset(s.report + 0x110, 0xa0, 48);
	check_refused(ERR_EV_MALFORMED, "author");
	memset(s.report + 0x110, 0xa0, 48);
	s.report[0x48] = 1;
	ck_ok(make_snp_verify(cx, &s, &out));
	ck_assert(slice_equal(claim("author_key_digest")->bytes,
	    SLICE(s.report + 0x110, 48)));
}
END_TEST

/* --- members ------------------------------------------------------------ */

START_TEST(members_are_those_of_the_format)
{
	json_t *e;

	begin();
	e = make_snp_evidence(cx, &s);
	ck_ok(make_snp_verify_json(cx, e, &s, &out));
	(void)json_object_set_new(e, "quote", json_string("AAAA"));
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_MALFORMED);
	e = make_snp_evidence(cx, &s);
	(void)json_object_del(e, "report");
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_MALFORMED);
	e = make_snp_evidence(cx, &s);
	(void)json_array_append_new(json_object_get(e, "certificates"),
	    json_string("AAAA"));
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(what_cannot_be_read_is_told_by_its_place)
{
	struct evidence evidence;
	json_t *e;

	begin();
	s.report[0x4c] = 1;
	ck_fails(evidence_read(cx, make_snp_evidence(cx, &s), "/evidence",
	    &evidence), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/report");
	begin();
	e = make_snp_evidence(cx, &s);
	(void)json_array_set_new(json_object_get(e, "certificates"), 1,
	    json_string("AAAA"));
	ck_fails(evidence_read(cx, e, "/evidence", &evidence),
	    ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/certificates");
}
END_TEST

/* Kept by who verifies, for hosts that send none: another chip's, what cannot be
 * read, the chip's own of another TCB, and the one that is meant. */
START_TEST(a_chips_certificates_may_be_kept_here)
{
	const struct slice bad = SLICE("0", 1);
	struct slice own[3], older[3];
	struct trust_chip chips[4];

	begin();
	(void)make_snp_evidence(cx, &s);
	memcpy(own, s.chain, sizeof(own));
	memcpy(older, own, sizeof(older));
	older[0] = own[1];
	chips[0] = (struct trust_chip){ SLICE_OF(s.nonce), own, 3 };
	chips[1] = (struct trust_chip){ SLICE(s.report + 0x1a0, 64), &bad, 1 };
	chips[2] = (struct trust_chip){ SLICE(s.report + 0x1a0, 64), older, 3 };
	chips[3] = (struct trust_chip){ SLICE(s.report + 0x1a0, 64), own, 3 };
	s.keep_chain = true;
	s.n_certs = 0;
	s.trust.chips = chips;
	s.trust.n_chips = 3;
	ck_fails(make_snp_verify(cx, &s, &out), ERR_EV_CHAIN);
	s.trust.n_chips = 4;
	ck_ok(make_snp_verify(cx, &s, &out));
}
END_TEST

UNIT_MAIN("snp",
    a_report_says_which_guest_runs_on_which_chip,
    a_chips_certificates_may_be_kept_here,
    each_bit_of_policy_and_platform_is_a_claim_of_its_own,
    each_version_is_read,
    each_line_of_processors_is_known,
    turin_has_another_tcb_and_shorter_chip_ids,
    a_vlek_names_a_chip_of_its_provider_alone,
    the_issuers_need_not_all_be_sent,
    a_report_is_of_its_size,
    other_versions_and_algorithms_are_not_taken,
    reserved_bytes_are_zero_for_the_version,
    what_a_signature_has_no_need_of_is_zero,
    a_report_is_signed_by_the_key_of_its_certificate,
    numbers_of_a_signature_are_above_zero_and_below_the_order,
    report_data_is_compared_whole,
    runtime_data_is_the_binding_hash_and_is_hashed_in_the_report,
    a_raw_nonce_is_the_runtime_data_or_its_hash,
    recorded_reports_are_compared_with_the_nonce_as_it_stands,
    a_report_is_checked_before_what_is_believed_of_its_key,
    a_report_says_whose_it_is_before_it_is_checked,
    the_signing_key_is_of_the_kind_that_the_report_says,
    the_chip_is_the_one_that_the_vcek_is_for,
    the_processor_is_of_the_line_of_its_root,
    each_component_of_the_reported_tcb_is_the_certificates,
    tcbs_are_in_order_component_by_component,
    firmware_is_not_older_than_what_it_is_committed_to,
    a_guest_policy_is_one_that_can_be,
    a_report_is_asked_for_by_the_guest,
    an_authors_key_is_there_when_it_is_said_to_be,
    members_are_those_of_the_format,
    what_cannot_be_read_is_told_by_its_place)
