/* SPDX-License-Identifier: Apache-2.0 */
/* Endorsement keys and the paths of their certificates: each check alone. */
#include "attest/ek.h"
#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

static struct make_device d;
static struct trust trust;
static struct ek ek;

/* How the certificate travels. */
enum dress { PLAIN, NV_PREFIX, FILL_FF, FILL_MIXED, NV_SIZE_WRONG };

static void
begin(void)
{
	make_device(cx, &d);
	trust = (struct trust){ .allow = 0 };
}

static struct slice
dressed(struct slice der, enum dress dress)
{
	struct buf b = buf_in(cx->arena, 16384);

	if (dress == NV_PREFIX || dress == NV_SIZE_WRONG) {
		put_bytes(&b, SLICE("\x10\x01\x00", 3));
		put_be16(&b, (uint16_t)(der.n + (dress == NV_SIZE_WRONG)));
	}
	put_bytes(&b, der);
	for (int i = 0; i < 40 && (dress == FILL_FF || dress == FILL_MIXED);
	    i++)
		put_u8(&b, 0xff);
	if (dress == FILL_MIXED)
		put_u8(&b, 0);
	return buf_slice(&b);
}

static struct err
verify_shown(json_t *object, const uint8_t (*known)[32], size_t n_known)
{
	struct json_in in = json_in(cx, object, "");
	struct slice *anchor = ARENA_NEW(cx->arena, struct slice);
	struct ek_shown shown;

	in.code = ERR_EV_MALFORMED;
	if (trust.anchors == NULL) {
		*anchor = make_certificate(cx, &d.root);
		trust.anchors = anchor;
		trust.n_anchors = 1;
	}
	ek_read(&in, &shown);
	TRY(json_in_done(&in));
	return ek_verify(cx, &shown, &trust, MAKE_AT, known, n_known, &ek);
}

static json_t *
shown_with(enum dress dress)
{
	json_t *object = json_keep(cx, json_object());
	json_t *chain = json_array();

	(void)json_object_set_new(object, "ek_certificate",
	    json_string(base64url(cx->arena, dressed(make_certificate(cx,
	    &d.ek_cert), dress))));
	(void)json_array_append_new(chain, json_string(base64url(cx->arena,
	    make_certificate(cx, &d.inter))));
	(void)json_object_set_new(object, "ek_chain", chain);
	return object;
}

static struct err
verify(void)
{
	trust.anchors = NULL;
	return verify_shown(shown_with(PLAIN), NULL, 0);
}

static void
check_refused(enum err_code code, const char *why)
{
	ck_fails(verify(), code);
	ck_assert_msg(strstr(cx->trail->note, why) != NULL, "%s",
	    cx->trail->note);
}

/* --- accepted ---------------------------------------------------------- */

START_TEST(a_certified_ek_is_believed_and_described)
{
	begin();
	ck_ok(verify());
	ck_assert(ek.certified);
	ck_assert_str_eq(ek.manufacturer, "53544D20");
	ck_assert_str_eq(ek.model, "ST33");
	ck_assert_str_eq(ek.version, "id:00010002");
	ck_assert(slice_equal(ek.spki, make_spki(cx, d.ek)));
	/* Template L-2. */
	ck_assert_uint_eq(ek.public.name_alg, TPM_SHA256);
	ck_assert_uint_eq(ek.public.attributes, 0x000300b2);
	ck_assert_uint_eq(ek.public.symmetric.bits, 128);
}
END_TEST

START_TEST(each_usual_kind_of_ek_is_believed)
{
	begin();
	d.ek_cert.key = d.ek = make_rsa(cx, 2048);
	d.ek_cert.usage = "critical,keyEncipherment";
	ck_ok(verify());
	ck_assert_uint_eq(ek.public.rsa_bits, 2048);
	d.ek_cert.key = d.ek = make_rsa(cx, 3072);
	ck_ok(verify());
	ck_assert_uint_eq(ek.public.name_alg, TPM_SHA384);
	d.ek_cert.key = d.ek = make_curve(cx, "P-384");
	d.ek_cert.usage = "critical,keyAgreement";
	ck_ok(verify());
	ck_assert_uint_eq(ek.public.symmetric.bits, 256);
}
END_TEST

START_TEST(nv_content_is_unwrapped)
{
	begin();
	ck_ok(verify_shown(shown_with(NV_PREFIX), NULL, 0));
	ck_ok(verify_shown(shown_with(FILL_FF), NULL, 0));
	ck_fails(verify_shown(shown_with(FILL_MIXED), NULL, 0),
	    ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "is not fill"));
	ck_fails(verify_shown(shown_with(NV_SIZE_WRONG), NULL, 0),
	    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(nv_content_without_a_certificate_is_refused)
{
	static const uint8_t ff[64] = { [0 ... 63] = 0xff };
	static const uint8_t endless[200] = { 0x30, 0x80 };
	struct slice der;

	ck_fails(ek_unwrap_nv(cx, SLICE_OF(endless), &der), ERR_EV_MALFORMED);

	ck_fails(ek_unwrap_nv(cx, SLICE_OF(ff), &der), ERR_EV_MALFORMED);
	ck_fails(ek_unwrap_nv(cx, SLICE_NONE, &der), ERR_EV_MALFORMED);
	ck_fails(ek_unwrap_nv(cx, SLICE("\x10\x01\x00\x00", 4), &der),
	    ERR_EV_MALFORMED);
	ck_fails(ek_unwrap_nv(cx, SLICE("\x30\x82\x01\x00", 4), &der),
	    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(members_that_cannot_be_read_are_told_by_their_place)
{
	static const struct { const char *name, *value; } bad[] = {
		{ "ek_certificate", "MAMCAQE" },	/* SEQUENCE { 1 } */
		{ "ek_public", "AAAA" },
	};
	json_t *object = json_keep(cx, json_object());

	begin();
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		json_t *o = shown_with(PLAIN);

		(void)json_object_set_new(o, bad[i].name,
		    json_string(bad[i].value));
		ck_fails(verify_shown(o, NULL, 0), ERR_EV_MALFORMED);
		ck_assert_str_eq(cx->trail->pointer, arena_printf(cx->arena,
		    "/%s", bad[i].name));
	}
	d.ek_cert.broken_usage = true;
	d.ek_cert.usage = NULL;
	ck_fails(verify_shown(shown_with(PLAIN), NULL, 0), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/ek_certificate");
	/* A chain that leads up from nothing. */
	begin();
	(void)json_object_set(object, "ek_chain",
	    json_object_get(shown_with(PLAIN), "ek_chain"));
	ck_fails(verify_shown(object, NULL, 0), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/ek_chain");
}
END_TEST

START_TEST(a_template_must_fit_the_key)
{
	struct tpm_public key, made;

	begin();
	ck_ok(tpm_key_from_pkey(cx, d.ek, &key));
	ck_ok(ek_template(cx, &key, "L-2", &made));
	ck_ok(ek_template(cx, &key, "H-2", &made));
	ck_assert_uint_eq(made.attributes, 0x000300f2);
	ck_fails(ek_template(cx, &key, "L-1", &made), ERR_EV_UNSUPPORTED);
	ck_fails(ek_template(cx, &key, "X-9", &made), ERR_EV_UNSUPPORTED);
}
END_TEST

/* --- the inventory ------------------------------------------------------ */

static json_t *
public_alone(void)
{
	json_t *object = json_keep(cx, json_object());

	(void)json_object_set_new(object, "ek_public", json_string(base64url(
	    cx->arena, make_tpmt_public(cx, &d.ek_public))));
	return object;
}

START_TEST(an_ek_without_certificate_must_be_known)
{
	uint8_t known[2][32] = { { 0 } };
	struct slice spki;

	begin();
	ck_fails(verify_shown(public_alone(), NULL, 0), ERR_HW_UNKNOWN);
	spki = make_spki(cx, d.ek);
	ck_fails(verify_shown(public_alone(), known, 2), ERR_HW_UNKNOWN);
	crypto_hash_sha256(known[1], spki.p, spki.n);
	ck_ok(verify_shown(public_alone(), known, 2));
	ck_assert(!ek.certified);
	ck_assert_str_eq(ek.manufacturer, "");
}
END_TEST

START_TEST(a_known_ek_needs_no_anchor_but_its_certificate_must_hold)
{
	uint8_t known[1][32];
	struct slice spki;

	begin();
	spki = make_spki(cx, d.ek);
	crypto_hash_sha256(known[0], spki.p, spki.n);
	d.inter.issuer_cn = "Somebody";
	ck_ok(verify_shown(shown_with(PLAIN), known, 1));
	ck_assert(!ek.certified);
	d.ek_cert.issuer_key = d.app;
	ck_fails(verify_shown(shown_with(PLAIN), known, 1), ERR_EV_SIGNATURE);
}
END_TEST

static void
check_public(uint32_t set, uint32_t clear)
{
	json_t *object;

	begin();
	object = shown_with(PLAIN);
	d.ek_public.attributes |= set;
	d.ek_public.attributes &= ~clear;
	(void)json_object_set_new(object, "ek_public", json_string(base64url(
	    cx->arena, make_tpmt_public(cx, &d.ek_public))));
	ck_fails(verify_shown(object, NULL, 0), ERR_EV_PROPERTY);
}

START_TEST(a_public_that_is_not_an_eks_is_refused)
{
	check_public(0, TPM_RESTRICTED);
	check_public(0, TPM_DECRYPT);
	check_public(TPM_SIGN, 0);
	check_public(0, TPM_FIXED_TPM);
	check_public(0, TPM_FIXED_PARENT);
	check_public(0, TPM_SENSITIVE_ORIGIN);
}
END_TEST

START_TEST(a_public_of_another_key_than_the_certificates_is_refused)
{
	json_t *object;

	begin();
	object = shown_with(PLAIN);
	d.ek_public.key = d.app;
	(void)json_object_set_new(object, "ek_public", json_string(base64url(
	    cx->arena, make_tpmt_public(cx, &d.ek_public))));
	ck_fails(verify_shown(object, NULL, 0), ERR_EV_MISMATCH);
	d.ek_public.key = d.ek;
	(void)json_object_set_new(object, "ek_public", json_string(base64url(
	    cx->arena, make_tpmt_public(cx, &d.ek_public))));
	ck_ok(verify_shown(object, NULL, 0));
}
END_TEST

START_TEST(a_public_without_a_cipher_cannot_be_activated)
{
	json_t *object;

	begin();
	object = shown_with(PLAIN);
	d.ek_public.aes_bits = 0;
	(void)json_object_set_new(object, "ek_public", json_string(base64url(
	    cx->arena, make_tpmt_public(cx, &d.ek_public))));
	ck_fails(verify_shown(object, NULL, 0), ERR_EV_UNSUPPORTED);
}
END_TEST

/* What a credential is made for, before anything is believed. */
static struct err
public_of(json_t *object, struct tpm_public *out)
{
	struct json_in in = json_in(cx, object, "");
	struct ek_shown shown;

	in.code = ERR_EV_MALFORMED;
	ek_read(&in, &shown);
	TRY(json_in_done(&in));
	return ek_public(cx, &shown, out);
}

START_TEST(a_credential_is_made_for_the_key_that_is_shown)
{
	struct tpm_public public;
	json_t *object;

	begin();
	ck_fails(public_of(json_keep(cx, json_object()), &public),
	    ERR_EV_MALFORMED);
	ck_ok(public_of(shown_with(PLAIN), &public));
	ck_ok(public_of(public_alone(), &public));
	object = shown_with(PLAIN);
	d.ek_public.key = d.app;
	(void)json_object_set_new(object, "ek_public", json_string(base64url(
	    cx->arena, make_tpmt_public(cx, &d.ek_public))));
	ck_fails(public_of(object, &public), ERR_EV_MISMATCH);
	d.ek_public.attributes |= TPM_SIGN;
	ck_fails(public_of(public_alone(), &public), ERR_EV_PROPERTY);
}
END_TEST

static json_t *
with_public(json_t *object, EVP_PKEY *key)
{
	struct make_public p = make_ek_public(key);

	(void)json_object_set_new(object, "ek_public", json_string(base64url(
	    cx->arena, make_tpmt_public(cx, &p))));
	return object;
}

START_TEST(a_key_that_is_no_eks_is_told_from_another_key)
{
	EVP_PKEY *weak = make_rsa(cx, 1024);
	struct tpm_public public;

	begin();
	ck_fails(verify_shown(with_public(shown_with(PLAIN), weak), NULL, 0),
	    ERR_EV_PROPERTY);
	ck_fails(public_of(with_public(shown_with(PLAIN), weak), &public),
	    ERR_EV_PROPERTY);
	d.ek_cert.key = make_ed25519(cx);
	ck_fails(public_of(shown_with(PLAIN), &public), ERR_EV_UNSUPPORTED);
	/* An RSA key, but of no template. */
	d.ek_cert.key = make_rsa(cx, 2560);
	ck_fails(public_of(shown_with(PLAIN), &public), ERR_EV_UNSUPPORTED);
}
END_TEST

/* --- the profile -------------------------------------------------------- */

START_TEST(a_certificate_without_the_ek_usage_is_refused)
{
	begin();
	d.ek_cert.eku = NULL;
	ck_fails(verify(), ERR_EV_PROPERTY);
	trust.allow = TRUST_ALLOW_EK_PROFILE;
	ck_ok(verify());
	d.ek_cert.eku = "2.23.133.8.3";
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_cas_certificate_is_not_an_eks)
{
	begin();
	d.ek_cert.ca = 1;
	ck_fails(verify(), ERR_EV_PROPERTY);
	begin();
	d.ek_cert.ca = -1;
	d.ek_cert.usage = "critical,keyAgreement,keyCertSign";
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(an_ek_is_for_encryption)
{
	begin();
	d.ek_cert.usage = "critical,digitalSignature";
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.ek_cert.usage = "critical,keyEncipherment";
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.ek_cert.usage = NULL;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_certificate_of_another_version_is_refused)
{
	begin();
	d.ek_cert.version_number = X509_VERSION_2;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_certificate_must_say_which_tpm_it_is_for)
{
	begin();
	d.ek_cert.manufacturer = NULL;
	ck_fails(verify(), ERR_EV_PROPERTY);
	begin();
	d.ek_cert.model = NULL;
	ck_fails(verify(), ERR_EV_PROPERTY);
	begin();
	d.ek_cert.version = NULL;
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.ek_cert.manufacturer = d.ek_cert.model = NULL;
	trust.allow = TRUST_ALLOW_EK_PROFILE;
	ck_ok(verify());
}
END_TEST

START_TEST(a_tpm_attribute_that_is_no_text_is_refused)
{
	char longer[EK_TEXT_MAX + 2];

	begin();
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	d.ek_cert.model = longer;
	check_refused(ERR_EV_PROPERTY, "too long or not text");
	d.ek_cert.model = "a\x01";
	check_refused(ERR_EV_PROPERTY, "too long or not text");
	d.ek_cert.model = "ST33";
	d.ek_cert.model_is_bits = true;
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(the_maker_must_be_registered)
{
	begin();
	d.ek_cert.manufacturer = "id:FFFFF1D0";
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.ek_cert.manufacturer = "id:00001014";
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.ek_cert.manufacturer = "53544D20";
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.ek_cert.manufacturer = "id:53544D2G";
	check_refused(ERR_EV_PROPERTY, "not written as an ID");
	d.ek_cert.manufacturer = "id:0049465800";
	check_refused(ERR_EV_PROPERTY, "not written as an ID");
	d.ek_cert.manufacturer = "xx:49465800";
	check_refused(ERR_EV_PROPERTY, "not written as an ID");
	d.ek_cert.manufacturer = "id:49465800";
	ck_ok(verify());
	ck_assert_str_eq(ek.manufacturer, "49465800");
}
END_TEST

START_TEST(the_maker_must_be_one_that_the_anchors_may_certify)
{
	static const uint32_t ifx[] = { 0x49465800 }, sim[] = { 0x1014 };
	static const uint32_t none[] = { 0 };

	begin();
	trust.manufacturers = ifx;
	trust.n_manufacturers = 1;
	ck_fails(verify(), ERR_EV_MISMATCH);
	d.ek_cert.manufacturer = "id:00001014";
	trust.manufacturers = sim;
	ck_ok(verify());
	/* Digits that are no ID are not ID 0. */
	trust.manufacturers = none;
	d.ek_cert.manufacturer = "53544D20";
	ck_fails(verify(), ERR_EV_PROPERTY);
	/* Who must be of a maker may not leave it out. */
	d.ek_cert.manufacturer = NULL;
	trust.allow = TRUST_ALLOW_EK_PROFILE;
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_weak_ek_is_refused)
{
	begin();
	d.ek_cert.key = d.ek = make_rsa(cx, 1024);
	d.ek_cert.usage = "critical,keyEncipherment";
	ck_fails(verify(), ERR_EV_PROPERTY);
	d.ek_cert.key = d.ek = make_curve(cx, "secp256k1");
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	d.ek_cert.key = d.ek = make_ed25519(cx);
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

/* A number that is a power of 65537 modulo each prime of the fingerprint:
 * 65537 itself, and not so when one is added. */
START_TEST(the_fingerprint_of_weak_moduli_is_found)
{
	const uint8_t weak[] = { 0x01, 0x00, 0x01 };
	const uint8_t strong[] = { 0x01, 0x00, 0x03 };
	uint8_t power[6];
	uint64_t n = 65537ull * 65537ull;

	for (int i = 0; i < 6; i++)
		power[i] = (uint8_t)(n >> 8 * (5 - i));
	ck_assert(tpm_key_is_roca(SLICE_OF(weak)));
	ck_assert(tpm_key_is_roca(SLICE_OF(power)));
	ck_assert(!tpm_key_is_roca(SLICE_OF(strong)));
}
END_TEST

START_TEST(an_ek_with_a_weak_modulus_is_refused)
{
	begin();
	d.ek_cert.key = d.ek = make_roca(cx);
	d.ek_cert.usage = "critical,keyEncipherment";
	ck_fails(verify(), ERR_EV_PROPERTY);
}
END_TEST

/* --- the path ----------------------------------------------------------- */

START_TEST(a_certificate_that_its_issuer_did_not_sign_is_refused)
{
	begin();
	d.ek_cert.issuer_key = d.app;
	ck_fails(verify(), ERR_EV_SIGNATURE);
	begin();
	d.inter.issuer_key = d.app;
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

static struct err
verify_with_chain(struct slice item)
{
	json_t *object = shown_with(PLAIN), *chain = json_array();

	(void)json_array_append_new(chain, json_string(base64url(cx->arena,
	    item)));
	(void)json_object_set_new(object, "ek_chain", chain);
	return verify_shown(object, NULL, 0);
}

START_TEST(chains_hold_certificates_and_nothing_else)
{
	struct slice inter;
	uint8_t *longer;

	begin();
	inter = make_certificate(cx, &d.inter);
	longer = arena_alloc(cx->arena, inter.n + 1);
	memcpy(longer, inter.p, inter.n);
	ck_ok(verify_with_chain(inter));
	ck_fails(verify_with_chain(SLICE(longer, inter.n + 1)),
	    ERR_EV_MALFORMED);
	ck_fails(verify_with_chain(SLICE(longer, inter.n - 1)),
	    ERR_EV_MALFORMED);
	ck_fails(verify_with_chain(slice_text("certificate")),
	    ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "not a certificate"));
	d.inter.usage = NULL;
	d.inter.broken_usage = true;
	ck_fails(verify(), ERR_EV_MALFORMED);
	begin();
	d.inter.broken_time = true;
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_certificate_longer_than_the_limit_is_refused)
{
	uint8_t *octets = arena_alloc(cx->arena, ATTEST_CERT_MAX + 4);
	X509 *x;

	begin();
	octets[0] = 0x04;
	octets[1] = 0x82;
	octets[2] = ATTEST_CERT_MAX >> 8;
	octets[3] = ATTEST_CERT_MAX & 0xff;
	d.ek_cert.permanent_der = SLICE(octets, ATTEST_CERT_MAX + 4);
	ck_fails(chain_cert_parse(cx, make_certificate(cx, &d.ek_cert), &x),
	    ERR_EV_MALFORMED);
	d.ek_cert.permanent_der = SLICE_NONE;
	ck_ok(chain_cert_parse(cx, make_certificate(cx, &d.ek_cert), &x));
}
END_TEST

START_TEST(trust_that_cannot_be_read_is_told_as_such)
{
	struct slice bad = slice_text("bad"), der;
	struct make_crl crl;
	uint8_t *longer;

	begin();
	trust.crls = &bad;
	trust.n_crls = 1;
	check_refused(ERR_CONFIG, "a CRL of trust");
	crl = (struct make_crl){ .issuer_cn = d.inter.cn, .key = d.inter_key,
	    .from_s = MAKE_AT - 1, .to_s = MAKE_AT + 1 };
	der = make_crl(cx, &crl);
	longer = arena_alloc(cx->arena, der.n + 1);
	memcpy(longer, der.p, der.n);
	bad = SLICE(longer, der.n + 1);
	ck_fails(verify(), ERR_CONFIG);
	begin();
	bad = slice_text("bad");
	trust.anchors = &bad;
	trust.n_anchors = 1;
	ck_fails(verify_shown(shown_with(PLAIN), NULL, 0), ERR_CONFIG);
}
END_TEST

START_TEST(a_path_must_end_in_an_anchor)
{
	struct slice other;

	begin();
	trust.anchors = &other;
	trust.n_anchors = 0;
	ck_fails(verify_shown(shown_with(PLAIN), NULL, 0), ERR_EV_CHAIN);
	d.inter.issuer_cn = "Somebody else";
	ck_fails(verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(anchors_of_other_makers_are_passed_over)
{
	struct slice *anchors = arena_array(cx->arena, 40, sizeof(*anchors));

	begin();
	for (int i = 0; i < 40; i++) {
		d.root.cn = d.root.issuer_cn = arena_printf(cx->arena,
		    "Maker %d", i);
		d.root.key = d.root.issuer_key = make_p256(cx);
		anchors[i] = make_certificate(cx, &d.root);
	}
	trust.anchors = anchors;
	trust.n_anchors = 40;
	ck_fails(verify(), ERR_EV_CHAIN);
	begin();
	anchors[20] = make_certificate(cx, &d.root);
	trust.anchors = anchors;
	trust.n_anchors = 40;
	ck_ok(verify_shown(shown_with(PLAIN), NULL, 0));
	ck_assert(ek.certified);
	/* One of the right name that cannot be read is not passed over. */
	anchors[20].n--;
	ck_fails(verify_shown(shown_with(PLAIN), NULL, 0), ERR_CONFIG);
}
END_TEST

START_TEST(a_search_among_many_of_one_name_ends)
{
	struct slice *anchors = arena_array(cx->arena, 80, sizeof(*anchors));

	begin();
	d.root.key = make_p256(cx);
	for (size_t i = 0; i < 80; i++)
		anchors[i] = make_certificate(cx, &d.root);
	d.root.key = d.root_key;
	anchors[79] = make_certificate(cx, &d.root);
	trust.anchors = anchors;
	trust.n_anchors = 80;
	ck_fails(verify_shown(shown_with(PLAIN), NULL, 0), ERR_EV_CHAIN);
	trust.anchors = anchors + 79;
	trust.n_anchors = 1;
	ck_ok(verify_shown(shown_with(PLAIN), NULL, 0));
	trust.n_anchors = CHAIN_ANCHORS_MAX + 1;
	ck_fails(verify_shown(shown_with(PLAIN), NULL, 0), ERR_CONFIG);
}
END_TEST

START_TEST(an_intermediate_that_is_missing_is_refused)
{
	json_t *object;

	begin();
	object = shown_with(PLAIN);
	ck_assert_int_eq(json_object_del(object, "ek_chain"), 0);
	ck_fails(verify_shown(object, NULL, 0), ERR_EV_CHAIN);
}
END_TEST

START_TEST(an_anchor_may_be_an_intermediate)
{
	struct slice anchor;
	json_t *object;

	begin();
	anchor = make_certificate(cx, &d.inter);
	trust.anchors = &anchor;
	trust.n_anchors = 1;
	object = shown_with(PLAIN);
	ck_assert_int_eq(json_object_del(object, "ek_chain"), 0);
	ck_ok(verify_shown(object, NULL, 0));
}
END_TEST

START_TEST(an_issuer_must_be_a_ca)
{
	begin();
	d.inter.ca = 0;
	ck_fails(verify(), ERR_EV_CHAIN);
	d.inter.ca = -1;
	ck_fails(verify(), ERR_EV_CHAIN);
	d.inter.ca = 1;
	d.inter.usage = "critical,cRLSign";
	ck_fails(verify(), ERR_EV_CHAIN);
	d.inter.usage = NULL;
	ck_ok(verify());
	d.root.ca = 0;
	ck_fails(verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(path_lengths_are_kept)
{
	begin();
	d.root.path_len = 1;
	d.inter.path_len = 0;
	ck_ok(verify());
	d.root.path_len = 0;
	ck_fails(verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(weak_issuers_and_signatures_are_refused)
{
	begin();
	d.ek_cert.md = EVP_sha1();
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	trust.allow = TRUST_ALLOW_SHA1;
	ck_ok(verify());
	begin();
	d.inter.key = d.inter_key = d.ek_cert.issuer_key = make_rsa(cx, 1024);
	ck_fails(verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(critical_extensions_must_be_known)
{
	begin();
	d.ek_cert.other_oid = "1.2.3.4.5";
	ck_ok(verify());
	d.ek_cert.critical_oid = "1.2.3.4.6";
	ck_fails(verify(), ERR_EV_CHAIN);
	begin();
	d.inter.critical_oid = "1.2.3.4.6";
	ck_fails(verify(), ERR_EV_CHAIN);
	begin();
	d.inter.name_constraints = true;
	ck_fails(verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(validity_is_kept_to_the_second)
{
	begin();
	d.ek_cert.from_s = MAKE_AT;
	d.ek_cert.to_s = MAKE_AT;
	ck_ok(verify());
	d.ek_cert.from_s = MAKE_AT + 1;
	d.ek_cert.to_s = MAKE_AT + 2;
	ck_fails(verify(), ERR_EV_EXPIRED);
	d.ek_cert.from_s = MAKE_AT - 2;
	d.ek_cert.to_s = MAKE_AT - 1;
	ck_fails(verify(), ERR_EV_EXPIRED);
	begin();
	d.inter.to_s = MAKE_AT - 1;
	ck_fails(verify(), ERR_EV_EXPIRED);
	begin();
	d.root.to_s = MAKE_AT - 1;
	ck_fails(verify(), ERR_EV_EXPIRED);
}
END_TEST

START_TEST(a_certificate_of_the_year_9999_is_taken)
{
	begin();
	d.ek_cert.to_s = 253402300799;
	ck_ok(verify());
}
END_TEST

/* --- revocation ---------------------------------------------------------- */

static struct make_crl
crl_of_inter(void)
{
	return (struct make_crl){
		.issuer_cn = d.inter.cn, .key = d.inter_key,
		.from_s = MAKE_AT - MAKE_DAY, .to_s = MAKE_AT + MAKE_DAY,
	};
}

static struct err
verify_with_crl(const struct make_crl *crl)
{
	struct slice der = make_crl(cx, crl);

	trust.crls = &der;
	trust.n_crls = 1;
	return verify();
}

START_TEST(a_certificate_in_its_issuers_crl_is_refused)
{
	struct make_crl crl;

	begin();
	crl = crl_of_inter();
	ck_ok(verify_with_crl(&crl));
	crl.n_serials = 1;
	crl.serials[0] = d.ek_cert.serial + 1;
	ck_ok(verify_with_crl(&crl));
	crl.serials[0] = d.ek_cert.serial;
	ck_fails(verify_with_crl(&crl), ERR_EV_REVOKED);
}
END_TEST

START_TEST(an_intermediate_in_its_issuers_crl_is_refused)
{
	struct make_crl crl;

	begin();
	crl = crl_of_inter();
	crl.issuer_cn = d.root.cn;
	crl.key = d.root_key;
	crl.n_serials = 1;
	crl.serials[0] = d.inter.serial;
	ck_fails(verify_with_crl(&crl), ERR_EV_REVOKED);
}
END_TEST

START_TEST(a_crl_must_be_its_issuers_and_current)
{
	struct make_crl crl;

	begin();
	crl = crl_of_inter();
	crl.key = d.app;
	ck_fails(verify_with_crl(&crl), ERR_EV_SIGNATURE);
	crl = crl_of_inter();
	crl.to_s = MAKE_AT - 1;
	ck_fails(verify_with_crl(&crl), ERR_EV_EXPIRED);
	crl = crl_of_inter();
	crl.from_s = MAKE_AT + 1;
	ck_fails(verify_with_crl(&crl), ERR_EV_EXPIRED);
	crl = crl_of_inter();
	crl.critical = true;
	ck_fails(verify_with_crl(&crl), ERR_EV_UNSUPPORTED);
	crl = crl_of_inter();
	crl.endless = true;
	ck_fails(verify_with_crl(&crl), ERR_EV_EXPIRED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "when it ends"));
	crl = crl_of_inter();
	crl.md = EVP_sha1();
	ck_fails(verify_with_crl(&crl), ERR_EV_UNSUPPORTED);
	crl = crl_of_inter();
	d.inter.usage = "critical,keyCertSign";
	ck_fails(verify_with_crl(&crl), ERR_EV_CHAIN);
}
END_TEST

START_TEST(a_crl_of_another_issuer_is_passed_over)
{
	struct make_crl crl;

	begin();
	crl = crl_of_inter();
	crl.issuer_cn = "Somebody else";
	crl.n_serials = 1;
	crl.serials[0] = d.ek_cert.serial;
	ck_ok(verify_with_crl(&crl));
}
END_TEST

START_TEST(a_serial_that_is_listed_as_revoked_is_refused)
{
	struct slice serial = SLICE("\x12\x34", 2);

	begin();
	trust.revoked_serials = &serial;
	trust.n_revoked_serials = 1;
	ck_fails(verify(), ERR_EV_REVOKED);
	d.ek_cert.serial = 0x1235;
	ck_ok(verify());
	serial = SLICE("\x07", 1);
	ck_fails(verify(), ERR_EV_REVOKED);
}
END_TEST

UNIT_MAIN("ek",
    a_certified_ek_is_believed_and_described,
    each_usual_kind_of_ek_is_believed,
    nv_content_is_unwrapped,
    nv_content_without_a_certificate_is_refused,
    members_that_cannot_be_read_are_told_by_their_place,
    a_template_must_fit_the_key,
    an_ek_without_certificate_must_be_known,
    a_known_ek_needs_no_anchor_but_its_certificate_must_hold,
    a_public_that_is_not_an_eks_is_refused,
    a_public_of_another_key_than_the_certificates_is_refused,
    a_public_without_a_cipher_cannot_be_activated,
    a_credential_is_made_for_the_key_that_is_shown,
    a_key_that_is_no_eks_is_told_from_another_key,
    a_certificate_without_the_ek_usage_is_refused,
    a_cas_certificate_is_not_an_eks,
    an_ek_is_for_encryption,
    a_certificate_of_another_version_is_refused,
    a_certificate_must_say_which_tpm_it_is_for,
    a_tpm_attribute_that_is_no_text_is_refused,
    the_maker_must_be_registered,
    the_maker_must_be_one_that_the_anchors_may_certify,
    a_weak_ek_is_refused,
    the_fingerprint_of_weak_moduli_is_found,
    an_ek_with_a_weak_modulus_is_refused,
    a_certificate_that_its_issuer_did_not_sign_is_refused,
    chains_hold_certificates_and_nothing_else,
    a_certificate_longer_than_the_limit_is_refused,
    trust_that_cannot_be_read_is_told_as_such,
    a_path_must_end_in_an_anchor,
    anchors_of_other_makers_are_passed_over,
    a_search_among_many_of_one_name_ends,
    an_intermediate_that_is_missing_is_refused,
    an_anchor_may_be_an_intermediate,
    an_issuer_must_be_a_ca,
    path_lengths_are_kept,
    weak_issuers_and_signatures_are_refused,
    critical_extensions_must_be_known,
    validity_is_kept_to_the_second,
    a_certificate_of_the_year_9999_is_taken,
    a_certificate_in_its_issuers_crl_is_refused,
    an_intermediate_in_its_issuers_crl_is_refused,
    a_crl_must_be_its_issuers_and_current,
    a_crl_of_another_issuer_is_passed_over,
    a_serial_that_is_listed_as_revoked_is_refused)
