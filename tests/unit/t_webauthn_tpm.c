/* SPDX-License-Identifier: Apache-2.0 */
/* Format webauthn, statements of a TPM: in WebAuthn and in ACME.  Each check
 * alone. */
#include "tests/unit/make_webauthn.h"

static const struct claim *
claim(const char *name)
{
	return claims_find(&out.claims, name);
}

START_TEST(a_tpms_statement_is_believed_and_told_in_both_uses)
{
	char id[HARDWARE_ID_MAX];

	wa_begin_tpm(true);
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("fmt")->text, "tpm");
	ck_assert(claim("hardware_key")->boolean);
	ck_assert_str_eq(claim("permanent_identifier")->text, "SN-1");
	ck_assert_str_eq(claim("tpm_manufacturer")->text, "53544D20");
	ck_assert_str_eq(claim("tpm_model")->text, "ST33");
	ck_assert_str_eq(claim("tpm_version")->text, "id:00010002");
	ck_assert_ptr_null(claim("aaguid"));
	strcpy(id, out.hardware_id);
	ck_assert_int_eq(strncmp(id, "webauthn:", 9), 0);
	wa_begin_tpm(false);
	ck_ok(wa_verify());
	/* Another maker's number is another device's. */
	ck_assert_str_ne(out.hardware_id, id);
	ck_assert_uint_eq(claim("aaguid")->bytes.n, 16);
	send_root = true;
	wa.signature = SLICE_NONE;
	ck_ok(wa_verify());
}
END_TEST

/* --- the statement --------------------------------------------------------- */

START_TEST(the_tpm_is_of_version_2)
{
	wa_begin_tpm(true);
	wa.ver = "1.2";
	ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
	wa_begin_tpm(true);
	wa.ver = "2.00";
	ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

/* The members of step are those of tpm but ver, certInfo and pubArea: the same
 * bytes under the other format's name. */
static struct slice
object_without_parts(void)
{
	struct slice object;
	uint8_t *p;

	wa.fmt = "step";
	object = wa_object();
	ck_assert_int_eq(memcmp(object.p + 5, "\x64step", 5), 0);
	p = arena_alloc(cx->arena, object.n - 1);
	memcpy(p, object.p, 5);
	memcpy(p + 5, "\x63tpm", 4);
	memcpy(p + 9, object.p + 10, object.n - 10);
	return SLICE(p, object.n - 1);
}

START_TEST(every_member_is_there)
{
	for (unsigned i = 0; i < 3; i++) {
		wa_begin_tpm(true);
		wa.send_alg = i != 0;
		wa.send_sig = i != 1;
		wa.send_x5c = i != 2;
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
	}
	wa_begin_tpm(true);
	wa.object = object_without_parts();
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "no ver"));
	wa_begin_tpm(true);
	wa.surplus = "ecdaaKeyId";
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(structures_are_exact)
{
	struct slice right;
	uint8_t *p;

	/* certInfo: safe is 0 or 1. */
	wa_begin_tpm(true);
	wa.certify.safe = 0x33;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	/* pubArea: a reserved attribute. */
	wa_begin_tpm(true);
	wa.area.attributes |= 1;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	/* sig: neither a TPMT_SIGNATURE nor a bare one. */
	wa_begin_tpm(true);
	(void)wa_object();
	right = wa.signature;
	p = arena_alloc(cx->arena, right.n + 1);
	memcpy(p, right.p, right.n);
	p[right.n] = 0;
	wa.signature = SLICE(p, right.n + 1);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa.signature = SLICE(p, right.n - 1);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

/* What is certified, as it will be sent. */
static struct slice
info_of(void)
{
	struct slice area = make_tpmt_public(cx, &wa.area);

	wa.certify.name = make_name(cx, area);
	wa.certify.extra = wa_sha256(wa_message());
	return make_tpms_attest(cx, &wa.certify);
}

START_TEST(a_bare_signature_is_taken_too)
{
	struct slice sig;
	uint8_t *p;

	wa_begin_tpm(false);
	sig = wa.signature = maker_sign(wa.signer, EVP_sha256(), info_of());
	ck_ok(wa_verify());
	p = arena_alloc(cx->arena, sig.n + 2);
	memcpy(p, sig.p, sig.n);
	p[sig.n] = 5;
	p[sig.n + 1] = 0;
	wa.signature = SLICE(p, sig.n + 2);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	p[1] += 2;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	/* RSA */
	wa_begin_tpm(false);
	certs[0].key = wa.signer = make_rsa(cx, 2048);
	wa.alg = -257;
	wa.signature = maker_sign(wa.signer, EVP_sha256(), info_of());
	ck_ok(wa_verify());
	p = arena_dup(cx->arena, wa.signature.p, wa.signature.n);
	p[100] ^= 1;
	wa.signature = SLICE(p, 256);
	ck_fails(wa_verify(), ERR_EV_SIGNATURE);
	wa.signature = SLICE(p, 255);
	ck_fails(wa_verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(the_algorithm_is_the_signatures_and_the_keys)
{
	static const struct { int64_t alg; uint16_t scheme, hash; } rows[] = {
		{ -7, TPM_ECDSA, TPM_SHA256 }, { -35, TPM_ECDSA, TPM_SHA384 },
		{ -36, TPM_ECDSA, TPM_SHA512 },
		{ -257, TPM_RSASSA, TPM_SHA256 },
		{ -258, TPM_RSASSA, TPM_SHA384 },
		{ -259, TPM_RSASSA, TPM_SHA512 },
	};
	EVP_PKEY *rsa = make_rsa(cx, 2048);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		wa_begin_tpm(true);
		if (i >= 3)
			certs[0].key = wa.signer = rsa;
		wa.alg = rows[i].alg;
		wa.scheme = rows[i].scheme;
		wa.hash = rows[i].hash;
		ck_ok(wa_verify());
		/* The signature is right, and by another algorithm. */
		wa.alg = rows[(i + 1) % COUNT_OF(rows)].alg;
		ck_fails(wa_verify(), ERR_EV_SIGNATURE);
		wa.alg = -8;
		ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
	}
	wa_begin_tpm(true);
	certs[0].key = wa.signer = rsa;
	wa.scheme = TPM_RSAPSS;
	wa.alg = -257;
	ck_fails(wa_verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(sha1_is_for_who_allows_it)
{
	wa_begin_tpm(true);
	certs[0].key = wa.signer = make_rsa(cx, 2048);
	wa.alg = -65535;
	wa.scheme = TPM_RSASSA;
	wa.hash = TPM_SHA1;
	ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
	trust.allow = TRUST_ALLOW_SHA1;
	ck_ok(wa_verify());
}
END_TEST

START_TEST(the_qualifying_data_is_the_hash_by_that_algorithm)
{
	uint8_t hash[48];
	struct slice message;

	wa_begin_tpm(false);
	wa.alg = -35;
	wa.hash = TPM_SHA384;
	ck_fails(wa_verify(), ERR_EV_NONCE);
	message = wa_message();
	ck_assert_int_eq(EVP_Digest(message.p, message.n, hash, NULL,
	    EVP_sha384(), NULL), 1);
	wa.certify.extra = SLICE_OF(hash);
	wa.extra_given = true;
	wa.signature = SLICE_NONE;
	ck_ok(wa_verify());
	/* In ACME it is SHA-256 whatever signs. */
	wa_begin_tpm(true);
	wa.alg = -35;
	wa.hash = TPM_SHA384;
	ck_ok(wa_verify());
	wa_begin_tpm(true);
	wa.certify.extra = SLICE_NONE;
	wa.extra_given = true;
	ck_fails(wa_verify(), ERR_EV_NONCE);
	wa.certify.extra = wa_sha256(slice_text("another"));
	wa.signature = SLICE_NONE;
	ck_fails(wa_verify(), ERR_EV_NONCE);
}
END_TEST

/* --- the certificate -------------------------------------------------------- */

START_TEST(an_ak_certificate_has_its_profile)
{
	wa_begin_tpm(true);
	certs[0].cn = "ak";
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_tpm(true);
	certs[0].eku = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	certs[0].eku = "2.23.133.8.1";
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	certs[0].eku = "1.2.3,2.23.133.8.3";
	ck_ok(wa_verify());
	wa_begin_tpm(true);
	certs[0].ca = 1;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_tpm(true);
	certs[0].version_number = X509_VERSION_1;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_tpm(true);
	certs[0].usage = "critical,keyEncipherment";
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	certs[0].usage = NULL;
	ck_ok(wa_verify());
}
END_TEST

START_TEST(an_ak_certificate_says_which_tpm_it_is_for)
{
	const uint32_t maker = 0x494e5443, conformance = 0xfffff1d0;

	wa_begin_tpm(true);
	certs[0].manufacturer = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	/* Not what an EK's may do without. */
	trust.allow = TRUST_ALLOW_EK_PROFILE;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_tpm(true);
	certs[0].model = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_tpm(true);
	certs[0].version = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	/* One outside the registry, which the anchor is registered for. */
	wa_begin_tpm(true);
	certs[0].manufacturer = "id:FFFFF1D0";
	ck_ok(wa_verify());
	trust.manufacturers = &maker;
	trust.n_manufacturers = 1;
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
	trust.manufacturers = &conformance;
	ck_ok(wa_verify());
}
END_TEST

START_TEST(an_ak_certificate_leads_to_an_anchor_and_is_current)
{
	const uint8_t listed = 0x41;
	struct slice serial = SLICE(&listed, 1);

	wa_begin_tpm(true);
	trust.n_anchors = 0;
	ck_fails(wa_verify(), ERR_EV_CHAIN);
	wa_begin_tpm(true);
	certs[0].to_s = MAKE_AT - 1;
	ck_fails(wa_verify(), ERR_EV_EXPIRED);
	wa_begin_tpm(true);
	certs[0].serial = listed;
	trust.revoked_serials = &serial;
	trust.n_revoked_serials = 1;
	ck_fails(wa_verify(), ERR_EV_REVOKED);
	wa_begin_tpm(true);
	certs[0].unknown_key = true;
	ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(what_cannot_be_read_in_a_certificate_is_refused_on_a_path)
{
	wa_begin_tpm(true);
	certs[0].broken_usage = true;
	certs[0].usage = NULL;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	/* Where nothing leads to trust, that is what is wrong. */
	trust.n_anchors = 0;
	ck_fails(wa_verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(an_ak_certificates_aaguid_is_the_authenticators)
{
	uint8_t der[18] = { 0x04, 16 };

	memset(der + 2, 0xab, 16);
	wa_begin_tpm(false);
	certs[0].exts[0] = (struct make_ext){ "1.3.6.1.4.1.45724.1.1.4",
	    SLICE_OF(der), false };
	certs[0].n_exts = 1;
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
	memset(der + 2, 0xaa, 16);
	ck_ok(wa_verify());
	/* In ACME there is none to compare it with. */
	wa_begin_tpm(true);
	certs[0].exts[0] = (struct make_ext){ "1.3.6.1.4.1.45724.1.1.4",
	    SLICE("\x05\x00", 2), false };
	certs[0].n_exts = 1;
	ck_ok(wa_verify());
}
END_TEST

/* --- what is certified -------------------------------------------------------- */

START_TEST(the_ak_has_signed_what_a_tpm_made)
{
	wa_begin_tpm(true);
	wa.signer = make_p256(cx);
	ck_fails(wa_verify(), ERR_EV_SIGNATURE);
	wa_begin_tpm(true);
	wa.certify.magic ^= 1;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_tpm(true);
	wa.certify.type = TPM_ATTEST_QUOTE;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(the_key_certified_is_the_one_shown)
{
	wa_begin_tpm(true);
	wa.certify.name = make_name(cx, slice_text("another"));
	wa.name_given = true;
	ck_fails(wa_verify(), ERR_EV_KEY_NOT_BOUND);
	/* And the credential's. */
	wa_begin_tpm(false);
	wa.credential = make_p256(cx);
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
}
END_TEST

START_TEST(the_key_was_made_in_the_tpm_and_cannot_leave_it)
{
	static const uint32_t needed[] = {
		TPM_FIXED_TPM, TPM_FIXED_PARENT, TPM_SENSITIVE_ORIGIN,
		TPM_SIGN,
	};

	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		wa_begin_tpm(true);
		wa.area.attributes &= ~needed[i];
		ck_fails(wa_verify(), ERR_EV_PROPERTY);
	}
	wa_begin_tpm(true);
	wa.area.attributes |= TPM_RESTRICTED;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_tpm(true);
	wa.area.name_alg = TPM_SHA1;
	ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
	/* A weak one, whatever the credential is. */
	for (int acme = 0; acme < 2; acme++) {
		wa_begin_tpm(acme == 1);
		wa.area = make_app_public(make_rsa(cx, 1024));
		ck_fails(wa_verify(), ERR_EV_PROPERTY);
	}
}
END_TEST

START_TEST(a_statement_names_the_device_asked_for)
{
	wa_begin_tpm(true);
	certs[0].permanent_id = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	appraisal.identifier = "SN-1";
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_tpm(true);
	appraisal.identifier = "SN-1";
	ck_ok(wa_verify());
	appraisal.identifier = "SN-2";
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
	/* Any of those that it has. */
	wa_begin_tpm(true);
	certs[0].modules[0] = hx("300a" "06022a03" "0404" "534e2d32");
	appraisal.identifier = "SN-2";
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("permanent_identifier")->text, "SN-2");
	appraisal.identifier = NULL;
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("permanent_identifier")->text, "SN-1");
	/* An authenticator need not say. */
	wa_begin_tpm(false);
	certs[0].permanent_id = NULL;
	ck_ok(wa_verify());
	ck_assert_ptr_null(claim("permanent_identifier"));
}
END_TEST

START_TEST(the_key_attested_is_the_one_to_be_certified)
{
	uint8_t hash[32];

	wa_begin_tpm(false);
	appraisal.raw = false;
	appraisal.nonce = SLICE_OF(nonce);
	appraisal.spki = make_spki(cx, wa.credential);
	attest_binding("webauthn", appraisal.nonce, appraisal.spki, hash, 32);
	wa.client_data_hash = SLICE_OF(hash);
	ck_ok(wa_verify());
	appraisal.spki = make_spki(cx, wa.signer);
	ck_fails(wa_verify(), ERR_EV_NONCE);
	attest_binding("webauthn", appraisal.nonce, SLICE_NONE, hash, 32);
	wa.signature = SLICE_NONE;
	ck_fails(wa_verify(), ERR_EV_KEY_NOT_BOUND);
}
END_TEST

START_TEST(the_attested_key_can_be_asked_for)
{
	struct evidence evidence;

	wa_begin_tpm(true);
	ck_ok(evidence_read(cx, wa_evidence(), "", &evidence));
	ck_assert(slice_equal(webauthn_attested(evidence.value),
	    make_spki(cx, wa.credential)));
}
END_TEST

START_TEST(an_object_with_any_bit_changed_or_cut_is_refused)
{
	struct slice right;
	uint8_t *p;

	wa_begin_tpm(true);
	right = wa_object();
	p = arena_dup(cx->arena, right.p, right.n);
	for (size_t bit = 0; bit < 8 * right.n; bit += 3) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		wa.object = SLICE(p, right.n);
		ck_assert_msg(failed(wa_verify()), "bit %zu", bit);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 1; n < right.n; n++) {
		wa.object = SLICE(p, n);
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
	}
}
END_TEST

UNIT_MAIN("webauthn_tpm",
    a_tpms_statement_is_believed_and_told_in_both_uses,
    the_tpm_is_of_version_2,
    every_member_is_there,
    structures_are_exact,
    a_bare_signature_is_taken_too,
    the_algorithm_is_the_signatures_and_the_keys,
    sha1_is_for_who_allows_it,
    the_qualifying_data_is_the_hash_by_that_algorithm,
    an_ak_certificate_has_its_profile,
    an_ak_certificate_says_which_tpm_it_is_for,
    an_ak_certificate_leads_to_an_anchor_and_is_current,
    what_cannot_be_read_in_a_certificate_is_refused_on_a_path,
    an_ak_certificates_aaguid_is_the_authenticators,
    the_ak_has_signed_what_a_tpm_made,
    the_key_certified_is_the_one_shown,
    the_key_was_made_in_the_tpm_and_cannot_leave_it,
    a_statement_names_the_device_asked_for,
    the_key_attested_is_the_one_to_be_certified,
    the_attested_key_can_be_asked_for,
    an_object_with_any_bit_changed_or_cut_is_refused)
