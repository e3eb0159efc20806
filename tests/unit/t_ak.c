/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation keys: what one must be and who vouches for it.  Each check
 * alone. */
#include "attest/chain.h"
#include "attest/identifier.h"
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

/* --- who vouches for the AK ------------------------------------------- */

START_TEST(an_ak_that_nobody_vouches_for_is_refused)
{
	begin();
	d.activated = false;
	d.send_ek_cert = false;
	ck_fails(verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(an_ek_beside_an_ak_that_was_not_activated_is_refused)
{
	begin();
	d.activated = false;
	d.send_ak_cert = true;
	ck_fails(verify(), ERR_EV_ACTIVATION);
}
END_TEST

START_TEST(an_activation_of_another_ak_is_refused)
{
	const json_t *e;

	begin();
	e = make_evidence(cx, &d);
	d.activation.ak_name = make_name(cx, SLICE("other", 5));
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_ACTIVATION);
}
END_TEST

START_TEST(an_activation_in_another_tpm_is_refused)
{
	const json_t *e;

	begin();
	e = make_evidence(cx, &d);
	d.activation.ek_spki_sha256[31] ^= 1;
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_ACTIVATION);
}
END_TEST

START_TEST(an_activation_without_an_ek_shown_is_refused)
{
	begin();
	d.send_ek_cert = false;
	ck_fails(verify(), ERR_EV_ACTIVATION);
}
END_TEST

START_TEST(a_registered_ak_is_believed_and_names_itself)
{
	struct trust_key key;

	begin();
	d.activated = false;
	d.send_ek_cert = false;
	key.id = make_name(cx, make_tpmt_public(cx, &d.ak_public));
	key.spki = make_spki(cx, d.ak);
	d.trust.keys = &key;
	d.trust.n_keys = 1;
	ck_ok(verify());
	ck_assert_str_eq(out.hardware_id, arena_printf(cx->arena, "tpm-ak:%s",
	    text_hex(cx->arena, key.id)));
	ck_assert_ptr_null(claims_find(&out.claims, "ek_certified"));
	key.spki = make_spki(cx, d.app);
	ck_fails(verify(), ERR_EV_MISMATCH);
}
END_TEST

static void
with_ak_certificate(void)
{
	begin();
	d.activated = false;
	d.send_ek_cert = false;
	d.send_ak_cert = true;
}

static const char *
certified_id(void)
{
	uint8_t sha256[32];
	struct slice spki = make_spki(cx, d.ak);

	ck_assert_int_eq(EVP_Digest(spki.p, spki.n, sha256, NULL,
	    EVP_sha256(), NULL), 1);
	return arena_printf(cx->arena, "tpm-ak-cert:%s",
	    text_hex(cx->arena, SLICE_OF(sha256)));
}

START_TEST(an_ak_with_a_certificate_is_believed)
{
	with_ak_certificate();
	ck_ok(verify());
	ck_assert_str_eq(out.hardware_id, certified_id());
}
END_TEST

/* The certificate is silent on attributes, and they are part of the name. */
START_TEST(attributes_do_not_make_another_device_of_a_certified_ak)
{
	with_ak_certificate();
	d.ak_public.attributes ^= TPM_NO_DA;
	ck_ok(verify());
	ck_assert_str_eq(out.hardware_id, certified_id());
}
END_TEST

START_TEST(an_ak_certificate_for_another_key_is_refused)
{
	with_ak_certificate();
	d.ak_cert.key = d.app;
	ck_fails(verify(), ERR_EV_MISMATCH);
}
END_TEST

START_TEST(an_ak_certificate_without_its_usage_is_refused)
{
	with_ak_certificate();
	d.ak_cert.eku = NULL;
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.ak_cert.eku = "2.23.133.8.1";
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_clouds_instance_certificate_needs_no_ak_usage)
{
	with_ak_certificate();
	d.ak_cert.eku = "2.23.133.8.1";
	d.ak_cert.other_oid = "1.3.6.1.4.1.11129.2.1.21";
	ck_ok(verify());
}
END_TEST

START_TEST(an_ak_certificate_that_is_not_for_signing_is_refused)
{
	with_ak_certificate();
	d.ak_cert.usage = "critical,keyEncipherment";
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_cas_certificate_is_not_an_aks)
{
	with_ak_certificate();
	d.ak_cert.ca = 1;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(an_ak_certificate_of_another_version_is_refused)
{
	with_ak_certificate();
	d.ak_cert.version_number = X509_VERSION_2;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(an_ak_certificate_must_lead_to_an_anchor)
{
	with_ak_certificate();
	d.ak_cert.issuer_key = d.app;
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(an_ak_certificate_must_name_the_device_asked_for)
{
	with_ak_certificate();
	d.appraisal.identifier = "device-1";
	ck_ok(verify());
	d.appraisal.identifier = "device-2";
	ck_fails(verify(), ERR_EV_MISMATCH);
	d.appraisal.identifier = "device-1";
	d.ak_cert.permanent_id = NULL;
	ck_fails(verify(), ERR_EV_MISMATCH);
	begin();
	d.appraisal.identifier = "device-1";
	ck_fails(verify(), ERR_EV_MISMATCH);
}
END_TEST

static void
check_names_nothing(const char *identifier, struct slice der)
{
	with_ak_certificate();
	d.ak_cert.permanent_der = der;
	d.appraisal.identifier = identifier;
	ck_fails(verify(), ERR_EV_MISMATCH);
}

START_TEST(an_identifier_of_another_form_names_no_device)
{
	with_ak_certificate();
	d.ak_cert.permanent_der = SLICE("\x30\x03\x0c\x01x", 5);
	d.appraisal.identifier = "x";
	ck_ok(verify());
	/* No SEQUENCE, but an OCTET STRING that holds one. */
	check_names_nothing("x", SLICE("\x04\x05\x30\x03\x0c\x01x", 7));
	/* A SEQUENCE without text. */
	check_names_nothing("x", SLICE("\x30\x03\x02\x01x", 5));
	/* Text whose length cannot be read, after a number of four bytes. */
	check_names_nothing("\x0c\x85xy",
	    SLICE("\x30\x0a\x02\x04\0\0\0\0\x0c\x85xy", 12));
}
END_TEST

START_TEST(a_name_without_text_is_no_name_for_whoever_takes_any)
{
	struct slice name;
	X509 *x;

	with_ak_certificate();
	ck_ok(chain_cert_parse(cx, make_certificate(cx, &d.ak_cert), &x));
	ck_assert(identifier_find(cx->arena, x, NULL, &name));
	d.ak_cert.permanent_der = SLICE("\x30\x03\x02\x01x", 5);
	ck_ok(chain_cert_parse(cx, make_certificate(cx, &d.ak_cert), &x));
	ck_assert(!identifier_find(cx->arena, x, NULL, &name));
}
END_TEST

START_TEST(an_ak_certificate_for_a_key_of_another_kind_is_refused)
{
	with_ak_certificate();
	d.ak_cert.key = make_ed25519(cx);
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	with_ak_certificate();
	d.ak_cert.unknown_key = true;
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(an_ak_chain_that_cannot_be_read_is_told_by_its_place)
{
	json_t *e, *chain = json_array();

	with_ak_certificate();
	e = make_evidence(cx, &d);
	(void)json_array_append_new(chain, json_string("AAAA"));
	(void)json_object_set_new(e, "ak_chain", chain);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/ak_chain");
}
END_TEST

/* --- what an AK must be ------------------------------------------------ */

static void
check_ak_attributes(uint32_t set, uint32_t clear)
{
	begin();
	d.ak_public.attributes |= set;
	d.ak_public.attributes &= ~clear;
	ck_fails(verify(), ERR_EV_PROPERTY);
	/* Nor does a certificate make it one, where a key is attested alone. */
	d.send_ak_cert = true;
	ck_fails(make_verify(cx, make_key_evidence(cx, &d), &d, &out),
	    ERR_EV_PROPERTY);
}

START_TEST(an_ak_that_is_not_restricted_is_refused)
{
	check_ak_attributes(0, TPM_RESTRICTED);
}
END_TEST

START_TEST(an_ak_that_does_not_sign_is_refused)
{
	check_ak_attributes(0, TPM_SIGN);
}
END_TEST

START_TEST(an_ak_that_decrypts_is_refused)
{
	check_ak_attributes(TPM_DECRYPT, 0);
}
END_TEST

START_TEST(an_ak_that_can_leave_its_tpm_is_refused)
{
	check_ak_attributes(0, TPM_FIXED_TPM);
	check_ak_attributes(0, TPM_FIXED_PARENT);
}
END_TEST

START_TEST(an_ak_that_was_made_elsewhere_is_refused)
{
	check_ak_attributes(0, TPM_SENSITIVE_ORIGIN);
}
END_TEST

START_TEST(an_ak_named_by_sha1_is_refused)
{
	begin();
	d.ak_public.name_alg = TPM_SHA1;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(an_ak_without_a_scheme_is_refused)
{
	const json_t *e;

	begin();
	e = make_evidence(cx, &d);
	d.ak_public.scheme = TPM_NULL;
	ck_assert_int_eq(json_object_set_new((json_t *)(uintptr_t)e,
	    "ak_public", json_string(base64url(cx->arena,
	    make_tpmt_public(cx, &d.ak_public)))), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(an_ak_that_signs_over_sha1_needs_permission)
{
	begin();
	d.ak_public.hash = TPM_SHA1;
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.trust.allow = TRUST_ALLOW_SHA1;
	ck_ok(verify());
}
END_TEST

START_TEST(the_registers_digest_is_made_with_the_signatures_hash)
{
	begin();
	d.ak_public.hash = TPM_SHA384;
	ck_ok(verify());
	d.digest_given = true;
	d.ak_public.hash = TPM_SHA256;
	d.activation.ak_name = SLICE_NONE;
	ck_fails(verify(), ERR_EV_BINDING);
}
END_TEST

START_TEST(an_rsa_ak_below_2048_bits_is_refused)
{
	begin();
	d.ak = make_rsa(cx, 1024);
	d.ak_public = make_ak_public(d.ak);
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

UNIT_MAIN("ak",
    an_ak_that_nobody_vouches_for_is_refused,
    an_ek_beside_an_ak_that_was_not_activated_is_refused,
    an_activation_of_another_ak_is_refused,
    an_activation_in_another_tpm_is_refused,
    an_activation_without_an_ek_shown_is_refused,
    a_registered_ak_is_believed_and_names_itself,
    an_ak_with_a_certificate_is_believed,
    attributes_do_not_make_another_device_of_a_certified_ak,
    an_ak_certificate_for_another_key_is_refused,
    an_ak_certificate_without_its_usage_is_refused,
    a_clouds_instance_certificate_needs_no_ak_usage,
    an_ak_certificate_that_is_not_for_signing_is_refused,
    a_cas_certificate_is_not_an_aks,
    an_ak_certificate_of_another_version_is_refused,
    an_ak_certificate_must_lead_to_an_anchor,
    an_ak_certificate_must_name_the_device_asked_for,
    an_identifier_of_another_form_names_no_device,
    a_name_without_text_is_no_name_for_whoever_takes_any,
    an_ak_certificate_for_a_key_of_another_kind_is_refused,
    an_ak_chain_that_cannot_be_read_is_told_by_its_place,
    an_ak_that_is_not_restricted_is_refused,
    an_ak_that_does_not_sign_is_refused,
    an_ak_that_decrypts_is_refused,
    an_ak_that_can_leave_its_tpm_is_refused,
    an_ak_that_was_made_elsewhere_is_refused,
    an_ak_named_by_sha1_is_refused,
    an_ak_without_a_scheme_is_refused,
    an_ak_that_signs_over_sha1_needs_permission,
    the_registers_digest_is_made_with_the_signatures_hash,
    an_rsa_ak_below_2048_bits_is_refused)
