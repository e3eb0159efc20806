/* SPDX-License-Identifier: Apache-2.0 */
/* AMD's certificates, and the table that hosts put behind a report. */
#include "attest/pss.h"
#include "attest/snp_table.h"
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

/* --- the chain ---------------------------------------------------------- */

START_TEST(certificates_are_the_leaf_its_issuer_and_the_root_in_this_order)
{
	json_t *e;

	begin();
	s.n_certs = 0;
	check_refused(ERR_EV_CHAIN, "no certificate");
	s.n_certs = 0;
	e = make_snp_evidence(cx, &s);
	s.appraisal.raw = true;
	s.appraisal.nonce = SLICE(s.report + 0x50, 64);
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_CHAIN);
	begin();
	s.n_certs = 1;
	check_refused(ERR_EV_CHAIN, "no trust anchor");
	s.swap_issuers = true;
	check_refused(ERR_EV_CHAIN, "not its place's");
}
END_TEST

START_TEST(a_root_that_is_sent_is_the_anchor)
{
	struct slice anchor;
	json_t *e;

	begin();
	(void)make_snp_evidence(cx, &s);
	anchor = s.anchor;
	s.ark.serial++;		/* made anew, with the same key */
	e = make_snp_evidence(cx, &s);
	s.anchor = anchor;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_CHAIN);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "not its place's"));
}
END_TEST

START_TEST(the_anchor_is_a_root_and_no_issuer_of_leaves)
{
	json_t *e;

	begin();
	s.n_certs = 2;
	s.has_crl = false;
	e = make_snp_evidence(cx, &s);
	s.anchor = s.chain[1];
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_CHAIN);
	/* Nor does the root issue leaves itself. */
	begin();
	s.n_certs = 1;
	s.leaf.issuer_cn = "ARK-Milan";
	s.leaf.issuer_key = s.ark_key;
	check_refused(ERR_EV_CHAIN, "other certificates than AMD's");
	s.n_certs = 1;
	e = make_snp_evidence(cx, &s);
	s.trust.n_anchors = 0;
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_CHAIN);
}
END_TEST

START_TEST(certificates_have_the_names_that_amd_gives)
{
	static const struct { const char *leaf, *ask, *ark; } names[] = {
		{ "SEV-VCEK", "SEV-Milan", "ARK-Venice" },
		{ "SEV-VCEK", "SEV-Milan", "ARK-Genoa" },
		{ "SEV-VCEK", "SEV-Genoa", "ARK-Milan" },
		{ "SEV-VCEK", "SEV-VLEK-Milan", "ARK-Milan" },
		{ "SEV-VLEK", "SEV-Milan", "ARK-Milan" },
		{ "SEV-VLEK", "SEV-VLEK-Genoa", "ARK-Milan" },
		{ "SEV-VCEK-2", "SEV-Milan", "ARK-Milan" },
		{ "VCEK", "SEV-Milan", "ARK-Milan" },
		{ "SEV-VCEK", "SEV-Milan", "ARK-Milan-2" },
	};
	struct make_amd_cert *certs[] = { &s.leaf, &s.ask, &s.ark };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		begin();
		s.leaf.cn = names[i].leaf;
		s.ask.cn = s.leaf.issuer_cn = names[i].ask;
		s.ark.cn = s.ark.issuer_cn = s.ask.issuer_cn =
		    s.crl.issuer_cn = names[i].ark;
		check_refused(ERR_EV_CHAIN, i == 0 || i == 8 ?
		    "no root of AMD's" : "other names");
	}
	certs[0]->org = "Other Micro Devices";
	check_refused(ERR_EV_CHAIN, "other names");
	/* Issuers' names as their subjects have them are checked by path. */
	certs[1]->org = "Other Micro Devices";
	check_refused(ERR_EV_CHAIN, "no trust anchor");
}
END_TEST

START_TEST(certificates_are_signed_as_amd_does)
{
	struct make_amd_cert *const certs[] = { &s.leaf, &s.ask };

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		begin();
		certs[i]->pkcs1 = true;
		check_refused(ERR_EV_UNSUPPORTED, "not signed as AMD does");
		certs[i]->md = EVP_sha256();
		check_refused(ERR_EV_UNSUPPORTED, "not signed as AMD does");
		certs[i]->mgf1_md = EVP_sha256();
		check_refused(ERR_EV_UNSUPPORTED, "not signed as AMD does");
		certs[i]->salt = 47;
		check_refused(ERR_EV_UNSUPPORTED, "not signed as AMD does");
		certs[i]->salt = 64;
		check_refused(ERR_EV_UNSUPPORTED, "not signed as AMD does");
	}
	/* Who signed the root says nothing of it. */
	s.ark.salt = 32;
	s.ark.issuer_key = make_amd_key(cx, 2);
	check_accepted();
}
END_TEST

START_TEST(keys_are_of_the_sizes_that_amd_has)
{
	begin();
	s.ask.key = s.leaf.issuer_key = make_rsa(cx, 2048);
	check_refused(ERR_EV_UNSUPPORTED, "not signed as AMD does");
	s.ark.key = s.ark.issuer_key = s.ask.issuer_key = s.crl.key =
	    make_rsa(cx, 2048);
	check_refused(ERR_EV_UNSUPPORTED, "not signed as AMD does");
	s.leaf.key = s.signer = make_p256(cx);
	s.md = EVP_sha256();
	check_refused(ERR_EV_UNSUPPORTED, "not of P-384");
	s.leaf.key = s.ask_key;
	check_refused(ERR_EV_UNSUPPORTED, "not of P-384");
}
END_TEST

/* Recorded ones are judged from the anchor down. */
START_TEST(a_key_that_is_not_of_p384_is_refused_in_recorded_reports_too)
{
	json_t *e;

	begin();
	s.leaf.key = s.signer = make_p256(cx);
	s.md = EVP_sha256();
	e = make_snp_evidence(cx, &s);
	s.appraisal.raw = true;
	s.appraisal.nonce = SLICE(s.report + 0x50, 64);
	ck_fails(make_snp_verify_json(cx, e, &s, &out), ERR_EV_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "not of P-384"));
}
END_TEST

START_TEST(issuers_are_cas_and_leaves_are_not)
{
	begin();
	s.ask.ca = false;
	check_refused(ERR_EV_CHAIN, "not a CA");
	s.leaf.ca = true;
	check_refused(ERR_EV_CHAIN, "other certificates than AMD's");
}
END_TEST

START_TEST(every_certificate_is_signed_and_valid)
{
	struct make_amd_cert *const certs[] = { &s.leaf, &s.ask, &s.ark };

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		begin();
		if (i < 2) {
			certs[i]->issuer_key = make_amd_key(cx, 2);
			check_refused(ERR_EV_SIGNATURE, "not signed by");
		}
		certs[i]->from_s = MAKE_AT + 1;
		check_refused(ERR_EV_EXPIRED, "valid from");
		certs[i]->from_s = MAKE_AT;
		check_accepted();
		certs[i]->to_s = MAKE_AT - 1;
		check_refused(ERR_EV_EXPIRED, "valid from");
		certs[i]->to_s = MAKE_AT;
		check_accepted();
	}
}
END_TEST

START_TEST(an_issuer_in_the_roots_list_is_revoked)
{
	begin();
	s.crl.serial = 0x10001;
	check_refused(ERR_EV_REVOKED, "in its issuer's CRL");
	s.crl.serial = 0x10002;
	check_accepted();
	s.crl.key = make_amd_key(cx, 2);
	check_refused(ERR_EV_SIGNATURE, "a CRL is not signed");
	s.crl.to_s = MAKE_AT - 1;
	check_refused(ERR_EV_EXPIRED, "a CRL is valid");
	s.crl.from_s = MAKE_AT + 1;
	check_refused(ERR_EV_EXPIRED, "a CRL is valid");
	s.crl.md = EVP_sha1();
	check_refused(ERR_EV_UNSUPPORTED, "a CRL's signature algorithm");
	s.crl.md = EVP_sha256();
	check_accepted();
	s.has_crl = false;
	check_accepted();
}
END_TEST

/* --- extensions --------------------------------------------------------- */

START_TEST(a_certificate_says_which_tcb_and_processor_it_is_for)
{
	static const char *const needed[] = {
		"1", "2", "3.1", "3.2", "3.3", "3.8"
	};
	static const char *const spare[] = { "3.4", "3.5", "3.6", "3.7" };

	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		begin();
		make_amd_ext(&s, needed[i])->oid = NULL;
		check_refused(ERR_EV_PROPERTY, "which TCB");
	}
	for (size_t i = 0; i < COUNT_OF(spare); i++) {
		make_amd_ext(&s, spare[i])->oid = NULL;
		check_accepted();
		make_amd_ext(&s, spare[i])->der = make_der_number(cx, 1);
		check_refused(ERR_EV_MISMATCH, "another TCB");
	}
}
END_TEST

START_TEST(a_component_that_the_line_does_not_have_is_zero)
{
	begin();
	*make_amd_more(&s) = (struct make_amd_ext){
	    "1.3.6.1.4.1.3704.1.3.9", make_der_number(cx, 0) };
	check_accepted();
	*make_amd_more(&s) = (struct make_amd_ext){
	    "1.3.6.1.4.1.3704.1.3.9", make_der_number(cx, 1) };
	check_refused(ERR_EV_MISMATCH, "another TCB");
}
END_TEST

START_TEST(extensions_are_of_a_version_that_is_known)
{
	begin();
	make_amd_ext(&s, "1")->der = make_der_number(cx, 1);
	check_accepted();
	make_amd_ext(&s, "1")->der = make_der_number(cx, 2);
	check_refused(ERR_EV_UNSUPPORTED, "version 2");
}
END_TEST

START_TEST(a_product_is_of_the_line_of_its_root)
{
	static const struct { const char *name; bool is; } products[] = {
		{ "Milan", true }, { "Milan-B1", true }, { "Genoa", false },
		{ "Milano", false }, { "Mila", false }, { "milan", false },
	};

	for (size_t i = 0; i < COUNT_OF(products); i++) {
		begin();
		make_amd_ext(&s, "2")->der = make_der_ia5(cx,
		    products[i].name);
		if (products[i].is)
			check_accepted();
		else
			check_refused(ERR_EV_MISMATCH, "under the root of");
	}
}
END_TEST

START_TEST(a_vcek_has_a_chip_and_a_vlek_a_provider)
{
	begin();
	make_amd_ext(&s, "4")->oid = NULL;
	check_refused(ERR_EV_PROPERTY, "one chip");
	make_amd_ext(&s, "4")->der.n = 8;
	check_refused(ERR_EV_PROPERTY, "one chip");
	*make_amd_more(&s) = (struct make_amd_ext){
	    "1.3.6.1.4.1.3704.1.5", make_der_ia5(cx, "cloud.example") };
	check_refused(ERR_EV_PROPERTY, "one provider");
	make_snp_vlek(cx, &s);
	make_amd_ext(&s, "5")->oid = NULL;
	check_refused(ERR_EV_PROPERTY, "one provider");
	make_snp_vlek(cx, &s);
	*make_amd_more(&s) = (struct make_amd_ext){
	    "1.3.6.1.4.1.3704.1.4", SLICE(s.report + 0x1a0, 64) };
	check_refused(ERR_EV_PROPERTY, "one chip");
}
END_TEST

START_TEST(the_chip_is_told_of_a_vcek_alone)
{
	uint8_t chip[SNP_CHIP_ID_SIZE];
	X509 *x;

	begin();
	ck_ok(chain_cert_parse(cx, make_amd_certificate(cx, &s.leaf), &x));
	ck_assert(snp_cert_chip(cx, x, chip));
	ck_assert_mem_eq(chip, s.report + 0x1a0, sizeof(chip));
	make_amd_ext(&s, "4")->der = SLICE_NONE;
	ck_ok(chain_cert_parse(cx, make_amd_certificate(cx, &s.leaf), &x));
	ck_assert(!snp_cert_chip(cx, x, chip));
	begin();
	make_snp_vlek(cx, &s);
	ck_ok(chain_cert_parse(cx, make_amd_certificate(cx, &s.leaf), &x));
	ck_assert(!snp_cert_chip(cx, x, chip));
}
END_TEST

START_TEST(a_chips_id_may_be_wrapped)
{
	struct buf b = buf_in(cx->arena, 128);

	begin();
	der_put(&b, DER_OCTET_STRING, SLICE(s.report + 0x1a0, 64));
	make_amd_ext(&s, "4")->der = buf_slice(&b);
	check_accepted();
	make_amd_ext(&s, "4")->der = SLICE(b.p, b.n - 1);
	check_refused(ERR_EV_MALFORMED, "an extension");
	make_amd_ext(&s, "4")->der = SLICE_NONE;
	check_refused(ERR_EV_MALFORMED, "an extension");
}
END_TEST

START_TEST(extensions_come_once_each_and_can_be_read)
{
	static const char *const all[] = {
		"1", "2", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7",
		"3.8", "4"
	};
	static const struct { const char *tail, *der; size_t n; } bad[] = {
		{ "1", "\x02\x02\x01\x00", 4 },	/* above 255 */
		{ "1", "\x02\x01\x00\x00", 4 },	/* trailing */
		{ "1", "\x04\x01\x00", 3 },
		{ "3.1", "\x02\x02\x01\x00", 4 },
		{ "3.1", "\x02\x02\x00\x04", 4 },	/* not minimal */
		{ "3.1", "\x02\x01\xff", 3 },	/* negative */
		{ "3.1", "\x02\x01\x04\x00", 4 },
		{ "2", "\x0c\x05Milan", 7 },	/* UTF8String */
		{ "2", "\x16\x05Milan\x00", 8 },
		{ "2", "\x16\x00", 2 },
		{ "2", "\x16\x06Milan\n", 8 },
		{ "2", "\x16\x06Milan\x80", 8 },
	};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		begin();
		*make_amd_more(&s) = *make_amd_ext(&s, all[i]);
		check_refused(ERR_EV_MALFORMED, "an extension");
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		make_amd_ext(&s, bad[i].tail)->der = SLICE(bad[i].der,
		    bad[i].n);
		check_refused(ERR_EV_MALFORMED, "an extension");
	}
	make_amd_ext(&s, "2")->der = make_der_ia5(cx, "Milan-0123456789"
	    "012345678901234567890123456789012345678901234567");
	check_refused(ERR_EV_MALFORMED, "an extension");
	/* What is not known here says nothing. */
	*make_amd_more(&s) = (struct make_amd_ext){
	    "1.3.6.1.4.1.3704.1.6", slice_text("?") };
	*make_amd_more(&s) = (struct make_amd_ext){
	    "1.3.6.1.4.1.3704.1.3.1.1", slice_text("?") };
	*make_amd_more(&s) = (struct make_amd_ext){
	    "1.3.6.1.4.1.3704.1", slice_text("?") };
	check_accepted();
}
END_TEST

/* --- RSASSA-PSS --------------------------------------------------------- */

static bool
parses(const char *der, size_t n, struct pss *pss)
{
	const uint8_t *p = (const uint8_t *)der;
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &p, (long)n);
	bool ok;

	ck_assert_ptr_nonnull(alg);
	ok = pss_parse(alg, pss);
	X509_ALGOR_free(alg);
	return ok;
}

#define PSS_OID		"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
#define RSA_OID		"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
#define MGF1_OID	"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define SHA256_ALG	"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define DER(text)	(text), sizeof(text) - 1

START_TEST(parameters_of_pss_are_read_with_their_defaults)
{
	struct pss pss;

	ck_assert(parses(DER("\x30\x0d" PSS_OID "\x30\x00"), &pss));
	ck_assert_int_eq(pss.md, NID_sha1);
	ck_assert_int_eq(pss.mgf1_md, NID_sha1);
	ck_assert_int_eq(pss.salt, 20);
	ck_assert(parses(DER("\x30\x1c" PSS_OID "\x30\x0f\xa0\x0d" SHA256_ALG),
	    &pss));
	ck_assert_int_eq(pss.md, NID_sha256);
	ck_assert(parses(DER("\x30\x12" PSS_OID "\x30\x05\xa2\x03\x02\x01\x30"),
	    &pss));
	ck_assert_int_eq(pss.salt, 48);
	ck_assert(parses(DER("\x30\x29" PSS_OID "\x30\x1c\xa1\x1a\x30\x18"
	    MGF1_OID SHA256_ALG), &pss));
	ck_assert_int_eq(pss.mgf1_md, NID_sha256);
	/* Another algorithm, no parameters, another mask or trailer. */
	ck_assert(!parses(DER("\x30\x0d" RSA_OID "\x30\x00"), &pss));
	ck_assert(!parses(DER("\x30\x0b" PSS_OID), &pss));
	ck_assert(!parses(DER("\x30\x0d" PSS_OID "\x05\x00"), &pss));
	ck_assert(!parses(DER("\x30\x29" PSS_OID "\x30\x1c\xa1\x1a\x30\x18"
	    RSA_OID SHA256_ALG), &pss));
	ck_assert(!parses(DER("\x30\x1c" PSS_OID "\x30\x0f\xa1\x0d\x30\x0b"
	    MGF1_OID), &pss));
	ck_assert(!parses(DER("\x30\x12" PSS_OID "\x30\x05\xa3\x03\x02\x01\x02"),
	    &pss));
	ck_assert(!parses(DER("\x30\x12" PSS_OID "\x30\x05\xa2\x03\x02\x01\xff"),
	    &pss));
	ck_assert(!parses(DER("\x30\x15" PSS_OID
	    "\x30\x08\xa0\x06\x30\x04\x06\x02\x2a\x03"), &pss));
}
END_TEST

/* --- the table ----------------------------------------------------------- */

#define GUID_VCEK "\x8d\x75\xda\x63\x64\xe6\x64\x45" \
	"\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd"
#define GUID_VLEK "\xc2\x4b\x07\xa8\x5a\xa2\x3e\x48" \
	"\xaa\xe6\x39\xc0\x45\xa0\xb8\xa1"
#define GUID_ASK "\x79\xb3\xb7\x4a\xac\xbb\xe4\x4f" \
	"\xa0\x2f\x05\xae\xf3\x27\xc7\x82"
#define GUID_ARK "\xa4\x06\xb4\xc0\x03\xa8\x52\x49" \
	"\x97\x43\x3f\xb6\x01\x4c\xd0\xae"
#define GUID_NONE "0123456789abcdef"

struct row { const char *guid; struct slice cert; };

static void
put_le32(struct buf *b, size_t value)
{
	for (unsigned i = 0; i < 32; i += 8)
		put_u8(b, (uint8_t)(value >> i));
}

/* Rows, an end, and the certificates behind one another. */
static struct slice
make_table(const struct row *rows, size_t n, size_t n_fill)
{
	struct buf b = buf_in(cx->arena, 65536);
	size_t at = 24 * (n + 1);

	for (size_t i = 0; i < n; i++) {
		put_bytes(&b, SLICE(rows[i].guid, 16));
		put_le32(&b, at);
		put_le32(&b, rows[i].cert.n);
		at += rows[i].cert.n;
	}
	memset(put_space(&b, 24), 0, 24);
	for (size_t i = 0; i < n; i++)
		put_bytes(&b, rows[i].cert);
	if (n_fill > 0)
		memset(put_space(&b, n_fill), 0, n_fill);
	ck_assert(!b.bad);
	return buf_slice(&b);
}

/* The chain of s, in the order of the table's GUIDs. */
static struct slice
table_of(const char *leaf_guid, size_t n_fill)
{
	struct row rows[4];

	s.keep_chain = false;
	make_snp_parts(cx, &s, "snp");
	s.keep_chain = true;
	rows[0] = (struct row){ GUID_ARK, s.chain[2] };
	rows[1] = (struct row){ GUID_NONE, slice_text("of another kind") };
	rows[2] = (struct row){ GUID_ASK, s.chain[1] };
	rows[3] = (struct row){ leaf_guid, s.chain[0] };
	return make_table(rows, COUNT_OF(rows), n_fill);
}

START_TEST(certificates_may_follow_the_report)
{
	struct evidence evidence;

	begin();
	s.n_certs = 0;
	s.table = table_of(GUID_VCEK, 500);
	check_accepted();
	make_snp_vlek(cx, &s);
	s.n_certs = 0;
	s.table = table_of(GUID_VLEK, 0);
	check_accepted();
	/* In one place, not in two; and not of the other kind. */
	s.table = table_of(GUID_VCEK, 0);
	ck_fails(evidence_read(cx, make_snp_evidence(cx, &s), "", &evidence),
	    ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/certificates");
	s.n_certs = 0;
	s.table = table_of(GUID_VLEK, 0);
	check_refused(ERR_EV_CHAIN, "no certificate");
}
END_TEST

static void
check_table(struct slice table, bool is_right)
{
	struct snp_table t;
	struct err e = snp_table_parse(cx, table, &t);

	ck_assert_msg(is_right != failed(e), "%s", cx->trail->note);
	ck_assert(is_right || e.code == ERR_EV_MALFORMED);
}

START_TEST(entries_of_a_table_lie_apart_in_it)
{
	const struct row rows[] = {
		{ GUID_VCEK, slice_text("vcek") }, { GUID_ASK,
		    slice_text("ask") }, { GUID_ARK, slice_text("ark") },
	};
	struct slice t = make_table(rows, 3, 4);
	/* Entry 1 is at 24: its offset at 40, its length at 44. */
	static const struct { size_t at; uint8_t to; bool is_right; } edits[] = {
		{ 40, 100, true }, { 40, 99, false },	/* over vcek */
		{ 40, 95, false },			/* over the entries */
		{ 40, 101, false }, { 44, 4, false },	/* over ark */
		{ 44, 0, false }, { 45, 1, false }, { 47, 0xff, false },
		{ 43, 0xff, false }, { 44, 2, false },	/* leaves a byte */
		{ 88, 1, false }, { 92, 1, false },	/* the last entry's */
		{ 109, 1, false },			/* in the fill */
	};

	ck_assert_uint_eq(t.n, 110);
	for (size_t i = 0; i < COUNT_OF(edits); i++) {
		uint8_t *p = arena_dup(cx->arena, t.p, t.n);

		p[edits[i].at] = edits[i].to;
		check_table(SLICE(p, t.n), edits[i].is_right);
	}
	for (size_t n = 0; n < 106; n++)
		check_table(SLICE(t.p, n), false);
	for (size_t n = 106; n <= t.n; n++)
		check_table(SLICE(t.p, n), true);
}
END_TEST

START_TEST(a_table_has_certificates_each_once_and_not_many)
{
	struct row rows[SNP_TABLE_ENTRIES_MAX + 1] = { { .guid = NULL } };
	uint8_t *big = arena_alloc(cx->arena, SNP_TABLE_MAX + 1);
	struct slice t;

	check_table(make_table(rows, 0, 100), false);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		rows[i] = (struct row){ GUID_NONE, slice_text("x") };
	check_table(make_table(rows, 1, 0), false);
	rows[0].guid = GUID_VCEK;
	check_table(make_table(rows, SNP_TABLE_ENTRIES_MAX, 0), true);
	check_table(make_table(rows, SNP_TABLE_ENTRIES_MAX + 1, 0), false);
	rows[1].guid = GUID_VLEK;
	check_table(make_table(rows, 2, 0), true);
	rows[1].guid = GUID_VCEK;
	check_table(make_table(rows, 2, 0), false);
	t = make_table(rows, 1, 0);
	/* Without the zeros that end it, and where the certificate is then. */
	memcpy(big, t.p, 24);
	big[16] = 24;
	big[24] = 'x';
	check_table(SLICE(big, 25), false);
	memset(big, 0, 25);
	memcpy(big, t.p, t.n);
	check_table(SLICE(big, SNP_TABLE_MAX), true);
	check_table(SLICE(big, SNP_TABLE_MAX + 1), false);
}
END_TEST

UNIT_MAIN("snp_cert",
    certificates_are_the_leaf_its_issuer_and_the_root_in_this_order,
    a_root_that_is_sent_is_the_anchor,
    the_anchor_is_a_root_and_no_issuer_of_leaves,
    certificates_have_the_names_that_amd_gives,
    certificates_are_signed_as_amd_does,
    keys_are_of_the_sizes_that_amd_has,
    a_key_that_is_not_of_p384_is_refused_in_recorded_reports_too,
    issuers_are_cas_and_leaves_are_not,
    every_certificate_is_signed_and_valid,
    an_issuer_in_the_roots_list_is_revoked,
    a_certificate_says_which_tcb_and_processor_it_is_for,
    a_component_that_the_line_does_not_have_is_zero,
    extensions_are_of_a_version_that_is_known,
    a_product_is_of_the_line_of_its_root,
    a_vcek_has_a_chip_and_a_vlek_a_provider,
    the_chip_is_told_of_a_vcek_alone, a_chips_id_may_be_wrapped,
    extensions_come_once_each_and_can_be_read,
    parameters_of_pss_are_read_with_their_defaults,
    certificates_may_follow_the_report,
    entries_of_a_table_lie_apart_in_it,
    a_table_has_certificates_each_once_and_not_many)
