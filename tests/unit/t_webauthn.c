/* SPDX-License-Identifier: Apache-2.0 */
/* Format webauthn: objects, authenticator data, and statements in which a leaf
 * or a credential signs.  Each check alone. */
#include "tests/unit/make_webauthn.h"

static const struct claim *
claim(const char *name)
{
	return claims_find(&out.claims, name);
}

static void
begin_android(void)
{
	wa_begin_android(false);
}

static void
begin_apple(void)
{
	wa_begin_apple();
	wa_apple_nonce(wa_message());
}

static const struct { void (*begin)(void); } kinds_with_chain[] = {
	{ wa_begin_packed }, { begin_android }, { begin_apple },
	{ wa_begin_step }, { wa_begin_managed },
};

/* --- objects --------------------------------------------------------------- */

START_TEST(a_packed_statement_is_believed_and_told)
{
	wa_begin_packed();
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("fmt")->text, "packed");
	ck_assert(!claim("hardware_key")->boolean);
	ck_assert(!claim("user_verified")->boolean);
	ck_assert(!claim("backup_eligible")->boolean);
	ck_assert_uint_eq(claim("aaguid")->bytes.p[0], 0xaa);
	ck_assert_uint_eq(claim("rp_id_hash")->bytes.n, 32);
	ck_assert_ptr_null(claim("permanent_identifier"));
	ck_assert_str_eq(out.hardware_id, "");
	wa.flags |= WEBAUTHN_USER_VERIFIED | WEBAUTHN_BACKUP_POSSIBLE |
	    WEBAUTHN_BACKED_UP;
	ck_ok(wa_verify());
	ck_assert(claim("user_verified")->boolean);
	ck_assert(claim("backup_eligible")->boolean);
	send_root = true;
	ck_ok(wa_verify());
}
END_TEST

START_TEST(statements_of_other_formats_are_unsupported)
{
	static const char *const other[] = {
		"none", "fido-u2f", "android-safetynet", "compound", "step",
		"",
	};

	for (size_t i = 0; i < COUNT_OF(other); i++) {
		wa_begin_packed();
		wa.fmt = other[i];
		ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
	}
	/* Not in ACME. */
	wa_begin_packed();
	wa.client_data_hash = SLICE_NONE;
	wa.key_authorization = WA_KEY_AUTH;
	ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(an_object_says_once_what_it_is_made_for)
{
	wa_begin_packed();
	wa.key_authorization = WA_KEY_AUTH;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa_begin_packed();
	wa.client_data_hash = SLICE(wa.client_data_hash.p, 31);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/client_data_hash");
	wa_begin_packed();
	wa.object = wa_object();
	wa.client_data_hash = SLICE_NONE;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

/* Refused, and for that: what is not there is not read on from. */
static void
check_says(const char *words)
{
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	ck_assert_msg(strstr(cx->trail->note, words) != NULL, "%s",
	    cx->trail->note);
}

START_TEST(objects_that_cannot_be_read_are_told_by_their_place)
{
	static const char *const bad[] = {
		"a0", "80", "01",
		"a163666d74" "667061636b6564",		/* fmt alone */
		"a263666d7401" "6761747453746d74a0",	/* no text */
		"a163666d74" "7821" "616161616161616161616161616161616161"
		    "616161616161616161616161616161",
	};
	struct slice right;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		wa_begin_packed();
		wa.object = hx(bad[i]);
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
		ck_assert_str_eq(cx->trail->pointer, "/evidence/object");
	}
	wa_begin_packed();
	right = wa_object();
	for (size_t n = 1; n < right.n; n++) {
		wa.object = SLICE(right.p, n);
		check_says("CBOR: ");
	}
}
END_TEST

START_TEST(members_are_those_that_the_format_has)
{
	wa_begin_packed();
	wa.object_surplus = "epAtt";
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa_begin_packed();
	wa.send_auth = false;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	for (size_t i = 0; i < COUNT_OF(kinds_with_chain); i++) {
		kinds_with_chain[i].begin();
		ck_ok(wa_verify());
		kinds_with_chain[i].begin();
		wa.surplus = "ecdaaKeyId";
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
		kinds_with_chain[i].begin();
		wa.send_x5c = false;
		/* Without certificates a credential vouches for itself. */
		ck_fails(wa_verify(), i == 0 ? ERR_EV_PROPERTY :
		    ERR_EV_MALFORMED);
	}
	for (size_t i = 0; i < 2; i++) {
		kinds_with_chain[i].begin();
		wa.send_alg = false;
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
		kinds_with_chain[i].begin();
		wa.send_sig = false;
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
	}
	/* Early ones of Apple name an algorithm. */
	begin_apple();
	wa.send_alg = true;
	ck_ok(wa_verify());
}
END_TEST

/* An object of format packed with that statement. */
static struct err
verify_statement(const char *hex)
{
	struct buf b = buf_in(cx->arena, 8192);

	wa_begin_packed();
	cbor_put_head(&b, CBOR_MAP, 3);
	cbor_put_text(&b, "fmt");
	cbor_put_text(&b, "packed");
	cbor_put_text(&b, "authData");
	cbor_put_bytes(&b, wa_auth());
	cbor_put_text(&b, "attStmt");
	put_bytes(&b, hx(hex));
	wa.object = buf_slice(&b);
	return wa_verify();
}

START_TEST(values_of_a_statement_are_of_their_type)
{
	static const char *const bad[] = {
		"80",
		"a2" "63616c67" "07" "63736967" "4101",
		"a2" "63616c67" "6161" "63736967" "4101",
		"a2" "63616c67" "3bffffffffffffffff" "63736967" "4101",
		"a2" "63616c67" "26" "63736967" "6161",
		"a2" "63616c67" "26" "63736967" "40",
		"a3" "63616c67" "26" "63736967" "4101" "63783563" "80",
		"a3" "63616c67" "26" "63736967" "4101" "63783563" "4101",
		"a3" "63616c67" "26" "63736967" "4101" "63783563" "816161",
		"a3" "63616c67" "26" "63736967" "4101" "63783563" "814130",
		/* eleven certificates */
		"a3" "63616c67" "26" "63736967" "4101" "63783563" "8b"
		    "4130413041304130413041304130413041304130" "4130",
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err e = verify_statement(bad[i]);

		ck_assert_msg(e.code == ERR_EV_MALFORMED, "%s: %s", bad[i],
		    err_name(e));
	}
	wa_begin_packed();
	wa.signature = SLICE(arena_alloc(cx->arena, 1025), 1025);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

/* --- authenticator data ------------------------------------------------------ */

START_TEST(authenticator_data_cut_anywhere_is_refused)
{
	struct slice auth;
	size_t key_at;

	wa_begin_packed();
	auth = wa_auth();
	key_at = auth.n - wa_cose_key(wa.credential).n;
	for (size_t n = 1; n < auth.n; n++) {
		wa.auth = SLICE(auth.p, n);
		check_says(n < 37 ? "authenticator data of" : n < key_at ?
		    "authenticator data: cut off" : "CBOR: ");
	}
	wa_begin_packed();
	wa.extensions = hx("a0");
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(extensions_are_a_map_where_the_flags_say_so)
{
	wa_begin_packed();
	wa.flags |= WEBAUTHN_EXTENSIONS;
	check_says("CBOR: ");
	wa.extensions = hx("a1" "6b" "6372656450726f74656374" "02");
	ck_ok(wa_verify());
	wa.extensions = hx("80");
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa.extensions = hx("a0a0");
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(flags_make_sense)
{
	wa_begin_packed();
	wa.flags &= (uint8_t)~WEBAUTHN_USER_PRESENT;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_packed();
	wa.flags &= (uint8_t)~WEBAUTHN_CREDENTIAL;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa_begin_packed();
	wa.flags |= WEBAUTHN_BACKED_UP;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_credential_id_is_not_too_long)
{
	wa_begin_packed();
	wa.credential_n = 1023;
	ck_ok(wa_verify());
	wa.credential_n = 1024;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_credentials_key_is_a_canonical_cose_key)
{
	uint8_t *p;

	wa_begin_packed();
	wa.cose_key = hx("a0");
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa.cose_key = hx("01");
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	/* A wide number. */
	wa.cose_key = wa_cose_key(wa.credential);
	p = arena_alloc(cx->arena, wa.cose_key.n + 1);
	p[0] = 0xb8;
	p[1] = 5;
	memcpy(p + 2, wa.cose_key.p + 1, wa.cose_key.n - 1);
	wa.cose_key = SLICE(p, wa.cose_key.n + 1);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	/* Not in order; no algorithm, or one that is no number. */
	wa.cose_key = wa_cose_key(wa.credential);
	p = arena_dup(cx->arena, wa.cose_key.p, wa.cose_key.n);
	ck_assert_uint_eq(p[3], 3);
	p[1] = 3;
	p[2] = 0x26;
	p[3] = 1;
	p[4] = 2;
	wa.cose_key = SLICE(p, wa.cose_key.n);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa.cose_key = wa_cose_key(wa.credential);
	p = arena_dup(cx->arena, wa.cose_key.p, wa.cose_key.n);
	p[3] = 4;
	wa.cose_key = SLICE(p, wa.cose_key.n);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	p[3] = 3;
	p[4] = 0x40;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

/* --- chains and signatures ---------------------------------------------------- */

START_TEST(statements_lead_to_an_anchor_and_are_current)
{
	const uint8_t listed = 0x41;
	struct slice serial = SLICE(&listed, 1);

	for (size_t i = 0; i < COUNT_OF(kinds_with_chain); i++) {
		kinds_with_chain[i].begin();
		trust.n_anchors = 0;
		ck_fails(wa_verify(), ERR_EV_CHAIN);
		kinds_with_chain[i].begin();
		certs[1].to_s = MAKE_AT - 1;
		ck_fails(wa_verify(), ERR_EV_EXPIRED);
		kinds_with_chain[i].begin();
		certs[1].serial = listed;
		trust.revoked_serials = &serial;
		trust.n_revoked_serials = 1;
		ck_fails(wa_verify(), ERR_EV_REVOKED);
		kinds_with_chain[i].begin();
		certs[0].issuer_key = certs[0].key;
		ck_fails(wa_verify(), ERR_EV_SIGNATURE);
	}
}
END_TEST

START_TEST(a_leaf_is_no_ca_and_strong)
{
	for (size_t i = 0; i < COUNT_OF(kinds_with_chain); i++) {
		kinds_with_chain[i].begin();
		certs[0].ca = 1;
		ck_fails(wa_verify(), ERR_EV_PROPERTY);
	}
	for (size_t i = 3; i < COUNT_OF(kinds_with_chain); i++) {
		kinds_with_chain[i].begin();
		certs[0].key = wa.signer = make_curve(cx, "P-224");
		ck_fails(wa_verify(), ERR_EV_PROPERTY);
	}
}
END_TEST

static const size_t signing[] = { 0, 1, 3 };	/* kinds_with_chain */

START_TEST(the_leafs_key_has_signed_what_is_attested)
{
	for (size_t i = 0; i < COUNT_OF(signing); i++) {
		kinds_with_chain[signing[i]].begin();
		wa.signer = make_p256(cx);
		ck_fails(wa_verify(), ERR_EV_SIGNATURE);
		kinds_with_chain[signing[i]].begin();
		wa.message = slice_text("something else");
		ck_fails(wa_verify(), ERR_EV_SIGNATURE);
		kinds_with_chain[signing[i]].begin();
		wa.alg = -37;
		ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
		wa.alg = -35;
		ck_fails(wa_verify(), ERR_EV_SIGNATURE);
		wa.alg = -257;
		ck_fails(wa_verify(), ERR_EV_SIGNATURE);
		kinds_with_chain[signing[i]].begin();
		wa.md = EVP_sha384();
		ck_fails(wa_verify(), ERR_EV_SIGNATURE);
	}
}
END_TEST

START_TEST(the_algorithm_is_one_of_the_keys)
{
	struct row { EVP_PKEY *key; int64_t alg; const EVP_MD *md; } rows[] = {
		{ make_p256(cx), -7, EVP_sha256() },
		{ make_curve(cx, "P-384"), -35, EVP_sha384() },
		{ make_curve(cx, "P-521"), -36, EVP_sha512() },
		{ make_ed25519(cx), -8, NULL },
		{ make_rsa(cx, 2048), -257, EVP_sha256() },
		{ NULL, -258, EVP_sha384() }, { NULL, -259, EVP_sha512() },
	};

	rows[5].key = rows[6].key = rows[4].key;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		wa_begin_step();
		certs[0].key = wa.signer = rows[i].key;
		wa.alg = rows[i].alg;
		wa.md = rows[i].md;
		ck_ok(wa_verify());
		wa.alg = rows[(i + 1) % 5].alg;
		if (i < 4)
			ck_fails(wa_verify(), ERR_EV_SIGNATURE);
	}
	wa_begin_step();
	certs[0].unknown_key = true;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_packed();
	certs[0].unknown_key = true;
	ck_fails(wa_verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(the_credential_is_the_key_that_is_attested)
{
	begin_android();
	wa.credential = make_p256(cx);
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
	wa_begin_apple();
	wa.credential = make_p256(cx);
	wa_apple_nonce(wa_message());
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
}
END_TEST

/* --- packed -------------------------------------------------------------------- */

START_TEST(a_packed_certificate_has_its_profile)
{
	wa_begin_packed();
	certs[0].ca = -1;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_packed();
	certs[0].version_number = X509_VERSION_1;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_packed();
	certs[0].country = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	certs[0].country = "AAA";
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_packed();
	certs[0].organization = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_packed();
	certs[0].unit = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	certs[0].unit = "Authenticator";
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_packed();
	certs[0].cn = NULL;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(a_certificates_aaguid_is_the_authenticators)
{
	struct make_ext *ext = &certs[0].exts[0];
	uint8_t der[19] = { 0x04, 16 };

	memset(der + 2, 0xaa, 16);
	wa_begin_packed();
	*ext = (struct make_ext){ "1.3.6.1.4.1.45724.1.1.4", SLICE(der, 18),
	    false };
	certs[0].n_exts = 1;
	ck_ok(wa_verify());
	ext->critical = true;
	ck_fails(wa_verify(), ERR_EV_CHAIN);
	ext->critical = false;
	der[17] ^= 1;
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
	der[17] ^= 1;
	ext->der = SLICE(der, 19);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	ext->der = SLICE(der, 17);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	ext->der = SLICE(der, 18);
	certs[0].exts[1] = *ext;
	certs[0].n_exts = 2;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

/* --- android-key ------------------------------------------------------------------ */

START_TEST(an_android_key_is_believed_and_told_in_both_uses)
{
	wa_begin_android(false);
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("fmt")->text, "android-key");
	ck_assert(claim("hardware_key")->boolean);
	ck_assert_str_eq(claim("security_level")->text, "tee");
	ck_assert_str_eq(claim("permanent_identifier")->text, "SN-1");
	ck_assert_uint_eq(strlen(out.hardware_id), 8 + 64);
	/* The device's dates are not asked here either. */
	certs[0].to_s = MAKE_AT - 1;
	ck_ok(wa_verify());
	wa_begin_android(true);
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("permanent_identifier")->text, "SN-1");
	ck_assert_ptr_null(claim("aaguid"));
	/* Without a serial number it names no device. */
	ad_drop(&ad.hardware, 713);
	ad_extend(&certs[0]);
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	/* Authenticator data is not looked at. */
	wa_begin_android(true);
	wa.send_auth = true;
	wa.auth = slice_text("anything");
	ck_ok(wa_verify());
}
END_TEST

START_TEST(an_android_key_was_made_for_what_is_attested)
{
	wa_begin_android(false);
	ad.challenge = SLICE_OF(nonce);
	ad_extend(&certs[0]);
	ck_fails(wa_verify(), ERR_EV_NONCE);
	wa_begin_android(true);
	ad.challenge = wa_sha256(slice_text(WA_KEY_AUTH));
	ad_extend(&certs[0]);
	ck_fails(wa_verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(an_android_key_is_checked_as_in_its_own_format)
{
	wa_begin_android(false);
	ad.level = 0;
	ad_extend(&certs[0]);
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_android(false);
	ad.version = 7;
	ad_extend(&certs[0]);
	ck_fails(wa_verify(), ERR_EV_UNSUPPORTED);
	wa_begin_android(false);
	certs[1].exts[0] = certs[0].exts[0];
	certs[1].n_exts = 1;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	wa_begin_android(false);
	certs[1].exts[0] = (struct make_ext){ "1.3.6.1.4.1.11129.2.1.30",
	    hx("a0"), false };
	certs[1].n_exts = 1;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa_begin_android(false);
	appraisal.identifier = "SN-2";
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
}
END_TEST

/* --- step ------------------------------------------------------------------------- */

START_TEST(a_yubikey_is_believed_and_told)
{
	wa_begin_step();
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("fmt")->text, "step");
	ck_assert(claim("hardware_key")->boolean);
	ck_assert_str_eq(claim("permanent_identifier")->text, "513073");
	ck_assert_str_eq(claim("yubikey_firmware")->text, "5.4.3");
	appraisal.identifier = "513073";
	ck_ok(wa_verify());
	appraisal.identifier = "513074";
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
	wa_begin_step();
	wa.send_alg = false;
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_step_statement_names_its_device)
{
	wa_begin_step();
	certs[0].exts[0].der = hx("020307d43100");
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	certs[0].exts[0].der = hx("0403313233");
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa_begin_step();
	certs[0].exts[1] = certs[0].exts[0];
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa_begin_step();
	certs[0].n_exts = 0;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
	certs[0].permanent_id = "SN-1";
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("permanent_identifier")->text, "SN-1");
	ck_assert_ptr_null(claim("yubikey_firmware"));
	appraisal.identifier = "SN-1";
	ck_ok(wa_verify());
	appraisal.identifier = "SN-2";
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
}
END_TEST

START_TEST(a_step_signature_is_a_byte_string_in_one)
{
	static const struct { const char *hex, *says; } bad[] = {
		{ "01", "does not hold a byte string" },
		{ "6161", "does not hold a byte string" },
		{ "41", "CBOR: " }, { "410101", "CBOR: " },
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		wa_begin_step();
		wa.signature = hx(bad[i].hex);
		check_says(bad[i].says);
	}
}
END_TEST

/* --- apple ------------------------------------------------------------------------ */

START_TEST(apples_nonce_is_the_hash_of_what_is_attested)
{
	struct slice right;
	uint8_t *p;

	begin_apple();
	ck_ok(wa_verify());
	ck_assert(claim("hardware_key")->boolean);
	right = certs[0].exts[0].der;
	certs[0].n_exts = 0;
	ck_fails(wa_verify(), ERR_EV_NONCE);
	certs[0].exts[1] = certs[0].exts[0];
	certs[0].n_exts = 2;
	ck_fails(wa_verify(), ERR_EV_NONCE);
	certs[0].n_exts = 1;
	for (size_t n = 1; n < right.n; n++) {
		certs[0].exts[0].der = SLICE(right.p, n);
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
	}
	p = arena_alloc(cx->arena, right.n + 2);
	memcpy(p, right.p, right.n);
	p[right.n] = 5;
	p[right.n + 1] = 0;
	certs[0].exts[0].der = SLICE(p, right.n + 2);
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	wa_apple_nonce(slice_text("something else"));
	ck_fails(wa_verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(a_managed_device_is_believed_and_told)
{
	wa_begin_managed();
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("permanent_identifier")->text, "SER-1");
	ck_assert_str_eq(claim("sepos_version")->text, "17.4");
	appraisal.identifier = "SER-1";
	ck_ok(wa_verify());
	appraisal.identifier = "UDID-1";
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("permanent_identifier")->text, "UDID-1");
	appraisal.identifier = "SER-2";
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
	for (size_t i = 0; i < 4; i++) {
		wa_begin_managed();
		certs[0].exts[i].critical = true;
		ck_ok(wa_verify());
	}
}
END_TEST

START_TEST(a_managed_device_answers_to_this_token)
{
	wa_begin_managed();
	wa.key_authorization = "another.thumbprint";
	ck_fails(wa_verify(), ERR_EV_NONCE);
	wa_begin_managed();
	certs[0].n_exts = 3;
	ck_fails(wa_verify(), ERR_EV_NONCE);
	wa_begin_managed();
	certs[0].exts[2] = certs[0].exts[3];
	ck_fails(wa_verify(), ERR_EV_NONCE);
	/* Only the token is Apple's to see. */
	wa_begin_managed();
	wa.key_authorization = "token-0123456789.another";
	ck_ok(wa_verify());
	wa.key_authorization = "token-0123456789";
	ck_ok(wa_verify());
}
END_TEST

START_TEST(a_managed_device_is_named_in_text)
{
	for (size_t i = 0; i < 3; i++) {
		wa_begin_managed();
		certs[0].exts[i].der = SLICE("a\nb", 3);
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
		certs[0].exts[i].der = SLICE(arena_printf(cx->arena, "%129s",
		    "x"), 129);
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
		certs[0].exts[i].der = SLICE("", 0);
		ck_fails(wa_verify(), ERR_EV_MALFORMED);
	}
	wa_begin_managed();
	certs[0].exts[1] = certs[0].exts[0];
	ck_fails(wa_verify(), ERR_EV_MALFORMED);
	/* By its UDID alone; not at all. */
	wa_begin_managed();
	certs[0].exts[0] = certs[0].exts[3];
	certs[0].n_exts = 2;
	ck_ok(wa_verify());
	ck_assert_str_eq(claim("permanent_identifier")->text, "UDID-1");
	certs[0].n_exts = 1;
	ck_fails(wa_verify(), ERR_EV_PROPERTY);
}
END_TEST

/* --- for whom --------------------------------------------------------------------- */

START_TEST(a_statement_was_made_for_what_was_asked)
{
	uint8_t other[32] = { 1 };

	wa_begin_packed();
	appraisal.nonce = wa.client_data_hash;
	ck_ok(wa_verify());
	appraisal.nonce = SLICE_OF(other);
	ck_fails(wa_verify(), ERR_EV_NONCE);
	wa_begin_step();
	appraisal.nonce = slice_text(WA_KEY_AUTH);
	ck_ok(wa_verify());
	appraisal.nonce = slice_text("token.other");
	ck_fails(wa_verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(the_key_attested_is_the_one_to_be_certified)
{
	uint8_t hash[32];

	for (size_t i = 0; i < 2; i++) {
		wa_begin_packed();
		appraisal.raw = false;
		appraisal.nonce = SLICE_OF(nonce);
		appraisal.spki = make_spki(cx, wa.credential);
		attest_binding("webauthn", appraisal.nonce, i == 0 ?
		    SLICE_NONE : appraisal.spki, hash, 32);
		wa.client_data_hash = SLICE_OF(hash);
		ck_ok(wa_verify());
		appraisal.spki = make_spki(cx, wa.signer);
		attest_binding("webauthn", appraisal.nonce, SLICE_NONE, hash,
		    32);
		ck_fails(wa_verify(), ERR_EV_KEY_NOT_BOUND);
		appraisal.nonce = SLICE(nonce, 31);
		ck_fails(wa_verify(), ERR_EV_NONCE);
		appraisal.nonce = SLICE_NONE;
		ck_fails(wa_verify(), ERR_EV_NONCE);
	}
	/* A key authorization is not the server's nonce. */
	wa_begin_step();
	appraisal.raw = false;
	appraisal.nonce = slice_text(WA_KEY_AUTH);
	appraisal.spki = make_spki(cx, certs[0].key);
	ck_fails(wa_verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(a_text_that_is_attested_is_the_binding_hash_in_base64url)
{
	uint8_t hash[32];

	for (size_t i = 0; i < 2; i++) {
		wa_begin_step();
		appraisal.raw = false;
		appraisal.nonce = SLICE_OF(nonce);
		appraisal.spki = make_spki(cx, certs[0].key);
		attest_binding("webauthn", appraisal.nonce, i == 0 ?
		    SLICE_NONE : appraisal.spki, hash, 32);
		wa.key_authorization = base64url(cx->arena, SLICE_OF(hash));
		ck_ok(wa_verify());
		wa.key_authorization = text_hex(cx->arena, SLICE_OF(hash));
		ck_fails(wa_verify(), ERR_EV_NONCE);
	}
}
END_TEST

START_TEST(the_attested_key_can_be_asked_for)
{
	for (size_t i = 0; i < COUNT_OF(kinds_with_chain); i++) {
		struct evidence evidence;
		struct slice name;
		char id[HARDWARE_ID_MAX];

		kinds_with_chain[i].begin();
		ck_ok(evidence_read(cx, wa_evidence(), "", &evidence));
		ck_assert(slice_equal(webauthn_attested(evidence.value),
		    make_spki(cx, wa.credential)));
		evidence_identify(cx, &evidence, id, &name);
		ck_assert_uint_eq(name.n, 0);
	}
}
END_TEST

/* "webauthn:" and the SHA-256 of the issuer's SPKI and the name. */
static const char *
named(const char *name)
{
	struct slice spki = make_spki(cx, certs[1].key);
	struct buf b = buf_in(cx->arena, 1024);

	put_bytes(&b, spki);
	put_bytes(&b, slice_text(name));
	return arena_printf(cx->arena, "webauthn:%s", text_hex(cx->arena,
	    wa_sha256(buf_slice(&b))));
}

/* Of whom the evidence is before anything of it is verified. */
static const char *
shown(void)
{
	char *id = arena_alloc(cx->arena, HARDWARE_ID_MAX);
	struct evidence evidence;
	struct slice name;

	ck_ok(evidence_read(cx, wa_evidence(), "", &evidence));
	evidence_identify(cx, &evidence, id, &name);
	return id;
}

static void
check_named(const char *id)
{
	ck_assert_str_eq(shown(), id);
	ck_ok(wa_verify());
	ck_assert_str_eq(out.hardware_id, id);
}

START_TEST(a_device_is_known_by_its_name_and_who_gave_it)
{
	wa_begin_step();
	check_named(named("513073"));
	/* Whatever else is asked for. */
	wa_begin_managed();
	appraisal.identifier = "UDID-1";
	check_named(named("SER-1"));
	wa_begin_packed();
	check_named("");
	begin_apple();
	check_named("");
	/* The issuer must be shown, though an anchor might stand for it. */
	wa_begin_step();
	n_certs = 1;
	send_root = true;
	ck_assert_str_eq(shown(), "");
}
END_TEST

START_TEST(who_vouches_for_nobody_names_nobody)
{
	wa_begin_packed();
	appraisal.identifier = "SN-1";
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
	begin_apple();
	appraisal.identifier = "SER-1";
	ck_fails(wa_verify(), ERR_EV_MISMATCH);
}
END_TEST

START_TEST(an_object_with_any_bit_changed_is_refused)
{
	for (size_t i = 0; i < COUNT_OF(kinds_with_chain); i++) {
		struct slice right;
		uint8_t *p;

		kinds_with_chain[i].begin();
		right = wa_object();
		p = arena_dup(cx->arena, right.p, right.n);
		wa.object = SLICE(p, right.n);
		ck_ok(wa_verify());
		for (size_t bit = 0; bit < 8 * right.n; bit += 7) {
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			ck_assert_msg(failed(wa_verify()), "%zu: bit %zu", i,
			    bit);
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}
END_TEST

UNIT_MAIN("webauthn",
    a_packed_statement_is_believed_and_told,
    statements_of_other_formats_are_unsupported,
    an_object_says_once_what_it_is_made_for,
    objects_that_cannot_be_read_are_told_by_their_place,
    members_are_those_that_the_format_has,
    values_of_a_statement_are_of_their_type,
    authenticator_data_cut_anywhere_is_refused,
    extensions_are_a_map_where_the_flags_say_so,
    flags_make_sense,
    a_credential_id_is_not_too_long,
    a_credentials_key_is_a_canonical_cose_key,
    statements_lead_to_an_anchor_and_are_current,
    a_leaf_is_no_ca_and_strong,
    the_leafs_key_has_signed_what_is_attested,
    the_algorithm_is_one_of_the_keys,
    the_credential_is_the_key_that_is_attested,
    a_packed_certificate_has_its_profile,
    a_certificates_aaguid_is_the_authenticators,
    an_android_key_is_believed_and_told_in_both_uses,
    an_android_key_was_made_for_what_is_attested,
    an_android_key_is_checked_as_in_its_own_format,
    a_yubikey_is_believed_and_told,
    a_step_statement_names_its_device,
    a_step_signature_is_a_byte_string_in_one,
    apples_nonce_is_the_hash_of_what_is_attested,
    a_managed_device_is_believed_and_told,
    a_managed_device_answers_to_this_token,
    a_managed_device_is_named_in_text,
    a_statement_was_made_for_what_was_asked,
    a_text_that_is_attested_is_the_binding_hash_in_base64url,
    a_device_is_known_by_its_name_and_who_gave_it,
    the_key_attested_is_the_one_to_be_certified,
    the_attested_key_can_be_asked_for,
    who_vouches_for_nobody_names_nobody,
    an_object_with_any_bit_changed_is_refused)
