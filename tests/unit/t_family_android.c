/* SPDX-License-Identifier: Apache-2.0 */
/* Families of Android devices, and of what WebAuthn attests. */
#include "tests/unit/family.h"

#include "tests/unit/make_webauthn.h"

static bool is_made;
static void (*make_kind)(void);

static void
make_dates(void)
{
	for (size_t i = 0; i < n_certs; i++) {
		certs[i].from_s = family_shift(certs[i].from_s);
		certs[i].to_s = family_shift(certs[i].to_s);
	}
	is_made = true;
}

static const char *
hash_id(const char *scheme, EVP_PKEY *issuer, const char *name)
{
	struct buf b = buf_in(cx->arena, 512);

	put_bytes(&b, make_spki(cx, issuer));
	put_text(&b, name);
	return arena_printf(cx->arena, "%s:%s", scheme, text_hex(cx->arena,
	    wa_sha256(buf_slice(&b))));
}

/* --- android-key ------------------------------------------------------------------ */

static void
make_android(void)
{
	if (is_made)
		return;
	android_begin();
	make_dates();
}

/* The device makes the key after it was asked, and not before. */
static const json_t *
android_evidence(struct slice challenge, EVP_PKEY **key)
{
	uint8_t *binding = arena_alloc(cx->arena, 32);

	make_android();
	*key = certs[0].key = make_p256(cx);
	attest_binding("android-key", challenge, SLICE_NONE, binding, 32);
	ad.challenge = SLICE(binding, 32);
	ad_extend(&certs[0]);
	return maker_evidence();
}

static const char *
android_id(void)
{
	make_android();
	return hash_id("android", certs[n_certs - 1].key, "SN-1");
}

static void
android_vouch(const struct tenant *t)
{
	make_android();
	(void)maker_evidence();
	(void)family_anchor(t, "android", anchor);
}

static const struct family android = {
	"android-key", android_evidence, android_id, android_vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_KEY_NOT_BOUND
};

static void
start(void)
{
	is_made = false;
	family_start(&android);
}

START_TEST(an_android_device_is_a_family)
{
	check_family(&android);
}
END_TEST

START_TEST(keys_of_software_never_enrol)
{
	start();
	family_rules("{\"claim\":\"security_level\",\"none_of\":[\"none\"]}");
	ck_ok(family_enroll());
	ck_assert_str_eq(json_string_value(family_told("security_level")),
	    "tee");
	for (unsigned level = 0; level < 4; level++) {
		ad.level = level & 1;
		ad.keymint_level = level >> 1;
		if (level == 3)
			ck_ok(family_enroll());
		else
			ck_fails(family_enroll(), ERR_EV_PROPERTY);
	}
	ad.level = ad.keymint_level = 2;
	ck_ok(family_enroll());
	ck_assert_str_eq(json_string_value(family_told("security_level")),
	    "strongbox");
	ad.keymint_level = 1;
	family_rules("{\"claim\":\"security_level\",\"equals\":"
	    "\"strongbox\"}");
	ck_fails(family_enroll(), ERR_POLICY_KEY);
	family_close();
}
END_TEST

static const struct boot {
	bool		 locked;
	unsigned	 state;
	const char	*name, *tell;	/* NULL: accepted */
} boots[] = {
	{ true,	 0, "verified",	NULL },
	{ false, 0, "verified",	"by default: device_locked is false" },
	{ true,	 1, "self-signed",
	    "by default: verified_boot_state is self-signed" },
	{ true,	 2, "unverified",
	    "by default: verified_boot_state is unverified" },
	{ true,	 3, "failed",	"by default: verified_boot_state is failed" },
	{ false, 2, "unverified", "by default: device_locked is false" },
};

static void
check_boot(const struct boot *b)
{
	family_policy(FAMILY_ANY);
	ad_set(&ad.hardware, 704, ad_root(b->locked, b->state, true));
	if (b->tell == NULL) {
		ck_ok(family_enroll());
		return;
	}
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	ck_assert_str_eq(cx->trail->tell, b->tell);
	family_rules(arena_printf(cx->arena, "{\"claim\":"
	    "\"verified_boot_state\",\"equals\":\"%s\"},{\"claim\":"
	    "\"device_locked\",\"equals\":%s}", b->name,
	    b->locked ? "true" : "false"));
	ck_ok(family_enroll());
}

START_TEST(only_a_locked_device_that_booted_its_system_enrols_by_default)
{
	start();
	for (size_t i = 0; i < COUNT_OF(boots); i++)
		check_boot(&boots[i]);
	family_close();
}
END_TEST

START_TEST(patch_levels_are_held_to_policy)
{
	start();
	family_rules("{\"claim\":\"os_patch_level\",\"at_least\":202408}");
	ck_ok(family_enroll());
	family_rules("{\"claim\":\"os_patch_level\",\"at_least\":202409}");
	ck_fails(family_enroll(), ERR_POLICY_TCB);
	family_close();
}
END_TEST

START_TEST(what_is_on_the_revocation_list_does_not_enrol)
{
	start();
	ck_ok(family_serials(&family_other, "07"));
	ck_ok(family_enroll());
	ck_ok(family_serials(NULL, "07"));
	ck_fails(family_enroll(), ERR_EV_REVOKED);
	family_close();
}
END_TEST

START_TEST(a_device_that_does_not_tell_its_number_is_nobody)
{
	start();
	ad_drop(&ad.hardware, 713);
	ck_fails(family_enroll(), ERR_EV_MISMATCH);
	ad_set(&ad.hardware, 713, ad_text("SN-2"));
	ck_fails(family_enroll(), ERR_CLAIM_NONE);
	family_close();
}
END_TEST

/* --- webauthn ------------------------------------------------------------------------ */

static void
wa_android(void)
{
	wa_begin_android(false);
	/* Only a chain with its root says whose it is. */
	send_root = true;
}

static void
wa_tpm(void)
{
	wa_begin_tpm(false);
}

static void
make_authenticator(void)
{
	if (is_made)
		return;
	make_kind();
	make_dates();
}

static void
use_key(EVP_PKEY *key)
{
	wa.credential = key;
	if (make_kind == wa_tpm) {
		wa.area = make_app_public(key);
		wa.signature = SLICE_NONE;
		return;
	}
	certs[0].key = wa.signer = key;
}

static const json_t *
wa_made_for(struct slice challenge, EVP_PKEY **key)
{
	uint8_t *binding = arena_alloc(cx->arena, 32);

	make_authenticator();
	use_key(*key);
	attest_binding("webauthn", challenge, SLICE_NONE, binding, 32);
	if (wa.acme)
		wa.key_authorization = base64url(cx->arena,
		    SLICE(binding, 32));
	else
		wa.client_data_hash = SLICE(binding, 32);
	if (make_kind == wa_android) {
		ad.challenge = wa.client_data_hash;
		ad_extend(&certs[0]);
	}
	if (make_kind == wa_begin_managed)
		certs[0].exts[3].der = wa_sha256(slice_text(
		    wa.key_authorization));
	return wa_evidence();
}

static const char *
wa_id(void)
{
	make_authenticator();
	if (make_kind == wa_android)
		return hash_id("android", certs[n_certs - 1].key, "SN-1");
	return hash_id("webauthn", certs[1].key, make_kind == wa_begin_step ?
	    "513073" : make_kind == wa_tpm ? "SN-1" : "SER-1");
}

static void
wa_vouch(const struct tenant *t)
{
	make_authenticator();
	(void)wa_object();
	(void)family_anchor(t, make_kind == wa_android ? "android" :
	    "webauthn", anchor);
	wa.signature = SLICE_NONE;
}

static const struct family webauthn = {
	"webauthn", wa_made_for, wa_id, wa_vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_KEY_NOT_BOUND
};

static void (*const named[])(void) = {
	wa_android, wa_tpm, wa_begin_step, wa_begin_managed,
};

START_TEST(a_statement_that_names_a_device_is_a_family)
{
	for (size_t i = 0; i < COUNT_OF(named); i++) {
		is_made = false;
		make_kind = named[i];
		check_family(&webauthn);
	}
}
END_TEST

START_TEST(a_revoked_authenticator_does_not_enrol)
{
	for (size_t i = 0; i < COUNT_OF(named); i++) {
		is_made = false;
		make_kind = named[i];
		family_start(&webauthn);
		ck_ok(family_enroll());
		ck_ok(family_serials(NULL, "07"));
		ck_fails(family_enroll(), ERR_EV_REVOKED);
		family_close();
	}
}
END_TEST

START_TEST(an_anchor_of_androids_does_not_vouch_for_yubikeys)
{
	is_made = false;
	make_kind = wa_begin_step;
	family_open(&webauthn);
	make_authenticator();
	(void)wa_object();
	(void)family_anchor(NULL, "android", anchor);
	(void)family_anchor(NULL, "tpm-ek", anchor);
	ck_ok(family_claim(&family_tenant));
	ck_fails(family_enroll(), ERR_EV_CHAIN);
	(void)family_anchor(NULL, "webauthn", anchor);
	ck_ok(family_enroll());
	family_rules("{\"claim\":\"fmt\",\"equals\":\"tpm\"}");
	ck_fails(family_enroll(), ERR_POLICY_FORMAT);
	family_rules("{\"claim\":\"yubikey_firmware\",\"equals\":"
	    "\"5.4.3\"}");
	ck_ok(family_enroll());
	family_close();
}
END_TEST

START_TEST(one_phone_is_one_device_in_both_formats)
{
	const char *id;

	is_made = false;
	make_kind = wa_android;
	family_start(&webauthn);
	ck_ok(family_enroll());
	id = wa_id();
	family = &android;
	chain_format = "android-key";
	send_signature = false;
	ck_assert_str_eq(android_id(), id);
	ck_ok(family_enroll());
	family_close();
}
END_TEST

START_TEST(statements_that_name_nobody_do_not_enrol)
{
	struct family_call call;

	is_made = false;
	make_kind = wa_begin_packed;
	family_open(&webauthn);
	make_authenticator();
	(void)wa_object();
	(void)family_anchor(NULL, "webauthn", anchor);
	call = (struct family_call){ .challenge = family_challenge(),
	    .key = wa.credential };
	wa.client_data_hash = SLICE(arena_alloc(cx->arena, 32), 32);
	attest_binding("webauthn", call.challenge, SLICE_NONE,
	    (uint8_t *)(uintptr_t)wa.client_data_hash.p, 32);
	call.evidence = wa_evidence();
	ck_fails(family_send(&call), ERR_EV_MISMATCH);
	family_close();
}
END_TEST

UNIT_MAIN("family_android",
    an_android_device_is_a_family,
    keys_of_software_never_enrol,
    only_a_locked_device_that_booted_its_system_enrols_by_default,
    patch_levels_are_held_to_policy,
    what_is_on_the_revocation_list_does_not_enrol,
    a_device_that_does_not_tell_its_number_is_nobody,
    a_statement_that_names_a_device_is_a_family,
    a_revoked_authenticator_does_not_enrol,
    an_anchor_of_androids_does_not_vouch_for_yubikeys,
    one_phone_is_one_device_in_both_formats,
    statements_that_name_nobody_do_not_enrol)
