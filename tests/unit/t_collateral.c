/* SPDX-License-Identifier: Apache-2.0 */
/* Intel's collateral and revocation lists: each check alone. */
#include "attest/dcap.h"
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

/* --- collateral -------------------------------------------------------- */

START_TEST(collateral_is_needed_unless_allowed)
{
	begin();
	d.know_collateral = false;
	check_refused(ERR_EV_MISMATCH, "no collateral for this platform: "
	    "SGX, FMSPC 00a1b2c3d4e5, PCE-ID 0000");
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
	check_refused(ERR_EV_MISMATCH, "without its TCB info");
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

/* The same platform's collateral with the CRL of each CA that certifies PCKs. */
START_TEST(the_crl_of_the_pcks_own_ca_counts)
{
	struct trust_collateral both[2];
	struct make_intel_crl other;
	json_t *e;

	begin();
	e = make_dcap_evidence(cx, &d);
	other = d.pck_crl;
	other.issuer_cn = "Intel SGX PCK Processor CA";
	other.key = d.signing_key;
	both[0] = both[1] = d.collateral;
	both[0].pck_crl = make_intel_crl(cx, &other);
	d.trust.collateral = both;
	d.trust.n_collateral = 1;
	ck_assert(failed(make_dcap_verify_json(cx, e, &d, &out)));
	d.trust.n_collateral = 2;
	ck_ok(make_dcap_verify_json(cx, e, &d, &out));
	/* And the newer one of two. */
	other = d.pck_crl;
	other.from_s += 60;
	other.serial = d.pck.serial;
	both[0].pck_crl = make_intel_crl(cx, &other);
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_REVOKED);
	both[1] = both[0];
	both[0] = d.collateral;
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_REVOKED);
}
END_TEST

START_TEST(collateral_is_text_within_its_limits)
{
	json_t *e, *c;
	char *long_text = arena_alloc(cx->arena, DCAP_JSON_MAX + 2);

	begin();
	memset(long_text, 'x', DCAP_JSON_MAX + 1);
	d.send_collateral = true;
	e = make_dcap_evidence(cx, &d);
	c = json_object_get(e, "collateral");
	(void)json_object_set_new(c, "qe_identity", json_integer(1));
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer,
	    "/evidence/collateral/qe_identity");
	(void)json_object_set_new(c, "qe_identity", json_string(""));
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
	(void)json_object_set_new(c, "qe_identity", json_string(long_text));
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "within its limit"));
	begin();
	d.send_collateral = true;
	e = make_dcap_evidence(cx, &d);
	(void)json_object_set_new(json_object_get(e, "collateral"), "other",
	    json_true());
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
	/* And its certificates are certificates. */
	begin();
	e = make_dcap_evidence(cx, &d);
	d.signing_chain[0] = slice_text("no certificate");
	ck_fails(make_dcap_verify_json(cx, e, &d, &out), ERR_EV_MALFORMED);
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

UNIT_MAIN("collateral",
    collateral_is_needed_unless_allowed,
    collateral_is_for_the_platform,
    collateral_that_the_device_brings_must_be_right_and_for_it,
    newer_collateral_counts_whoever_has_it,
    the_crl_of_the_pcks_own_ca_counts,
    collateral_is_text_within_its_limits,
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
    a_crl_is_one_der_structure)
