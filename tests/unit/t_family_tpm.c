/* SPDX-License-Identifier: Apache-2.0 */
/* Families of TPMs: by endorsement key, and by an attestation key alone. */
#include "tests/unit/family.h"

#include "tests/unit/open_credential.h"

static struct make_device d;
static bool is_made, activates, registered;

/* --- TPMs of today --------------------------------------------------------------- */

static void
make_one(void)
{
	struct make_cert *const certs[] = {
		&d.root, &d.inter, &d.ek_cert, &d.ak_cert
	};

	if (is_made)
		return;
	make_device(cx, &d);
	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = family_shift(certs[i]->from_s);
		certs[i]->to_s = family_shift(certs[i]->to_s);
	}
	is_made = true;
}

static void
use(struct slice challenge, EVP_PKEY *key)
{
	make_one();
	memcpy(d.nonce, challenge.p, sizeof(d.nonce));
	d.app = key;
	d.app_public = make_app_public(key);
	d.spki = make_spki(cx, key);
}

static struct slice
answer_of(const json_t *reply, const char *name)
{
	const char *text = json_string_value(json_object_get(reply, name));
	struct slice bytes;

	ck_assert(base64url_parse(cx->arena, text, strlen(text), 4096,
	    &bytes));
	return bytes;
}

/* By POST /v1/tpm/activations, and what a TPM does with the answer. */
static json_t *
activate(EVP_PKEY *opens_with)
{
	struct slice ak = make_tpmt_public(cx, &d.ak_public), secret;
	struct tpm_public ek;
	json_t *reply;

	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, &d.ek_public), &ek));
	ck_ok(family_post("/v1/tpm/activations", json_pack("{s:s, s:[s], s:s}",
	    "ek_certificate", base64url(cx->arena, make_certificate(cx,
	    &d.ek_cert)), "ek_chain", base64url(cx->arena,
	    make_certificate(cx, &d.inter)), "ak_public",
	    base64url(cx->arena, ak)), &reply));
	secret = open_credential(opens_with, &ek, make_name(cx, ak),
	    answer_of(reply, "credential_blob"),
	    answer_of(reply, "encrypted_secret"));
	if (secret.n == 0)
		secret = SLICE("0123456789abcdef0123456789abcdef", 32);
	return json_pack("{s:s, s:s}", "token", json_string_value(
	    json_object_get(reply, "token")), "secret",
	    base64url(cx->arena, secret));
}

static const json_t *
ek_evidence(struct slice challenge, EVP_PKEY **key)
{
	json_t *e;

	use(challenge, *key);
	e = make_evidence(cx, &d);
	if (activates)
		(void)json_object_set_new(e, "activation", activate(d.ek));
	return e;
}

static const json_t *
ak_evidence(struct slice challenge, EVP_PKEY **key)
{
	use(challenge, *key);
	d.send_ek_cert = false;
	d.send_ak_cert = !registered;
	return strcmp(family->format, "tpm2") == 0 ? make_evidence(cx, &d) :
	    make_key_evidence(cx, &d);
}

static const char *
ek_id(void)
{
	struct slice spki;
	uint8_t hash[32];

	make_one();
	spki = make_spki(cx, d.ek);
	crypto_hash_sha256(hash, spki.p, spki.n);
	return arena_printf(cx->arena, "tpm-ek:%s", text_hex(cx->arena,
	    SLICE_OF(hash)));
}

/* By the key in its certificate; or by its name, 000b: SHA-256 (Part 1, 16). */
static const char *
ak_id(void)
{
	struct slice known;
	uint8_t hash[32];

	make_one();
	known = registered ? make_tpmt_public(cx, &d.ak_public) :
	    make_spki(cx, d.ak);
	crypto_hash_sha256(hash, known.p, known.n);
	return arena_printf(cx->arena, "%s%s", registered ? "tpm-ak:000b" :
	    "tpm-ak-cert:", text_hex(cx->arena, SLICE_OF(hash)));
}

static void
vouch(const struct tenant *t)
{
	make_one();
	if (registered)
		family_register(t, SLICE_NONE);
	else
		(void)family_anchor(t, "tpm-ek", make_certificate(cx,
		    &d.root));
}

static const struct family by_ek = {
	"tpm2", ek_evidence, ek_id, vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_KEY_NOT_BOUND
};
static const struct family by_ak = {
	"tpm2", ak_evidence, ak_id, vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_KEY_NOT_BOUND
};
static const struct family key_alone = {
	"tpm2-key", ak_evidence, ak_id, vouch,
	ERR_EV_CHAIN, ERR_EV_NONCE, ERR_EV_KEY_NOT_BOUND
};

static const struct { const struct family *family; bool registered; } all[] = {
	{ &by_ek, false }, { &by_ak, false }, { &by_ak, true },
	{ &key_alone, false }, { &key_alone, true },
};

static void
choose(size_t i)
{
	is_made = false;
	activates = true;
	registered = all[i].registered;
}

static void
start(size_t i)
{
	choose(i);
	family_start(all[i].family);
}

START_TEST(a_tpm_is_a_family)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		choose(i);
		check_family(all[i].family);
	}
}
END_TEST

/* --- the endorsement key ------------------------------------------------------------ */

START_TEST(an_activated_key_is_remembered_and_no_other)
{
	start(0);
	activates = false;
	ck_fails(family_enroll(), ERR_EV_ACTIVATION);
	activates = true;
	ck_ok(family_enroll());
	activates = false;
	ck_ok(family_enroll());
	d.ak = make_p256(cx);
	d.ak_public = make_ak_public(d.ak);
	ck_fails(family_enroll(), ERR_EV_ACTIVATION);
	activates = true;
	ck_ok(family_enroll());
	family_close();
}
END_TEST

START_TEST(an_ek_certificate_in_other_hands_enrols_nobody)
{
	struct family_call call;

	start(0);
	activates = false;
	call = family_call();
	(void)json_object_set_new((json_t *)(uintptr_t)call.evidence,
	    "activation", activate(make_p256(cx)));
	ck_fails(family_send(&call), ERR_EV_ACTIVATION);
	family_close();
}
END_TEST

/* By hand, so that what comes back can be changed, and late. */
static struct err
enroll_by(const json_t *activation, const char *token, const char *secret)
{
	struct family_call call;
	json_t *changed = json_deep_copy(activation);

	if (token != NULL)
		(void)json_object_set_new(changed, "token", json_string(token));
	if (secret != NULL)
		(void)json_object_set_new(changed, "secret",
		    json_string(secret));
	activates = false;
	call = family_call();
	(void)json_object_set_new((json_t *)(uintptr_t)call.evidence,
	    "activation", changed);
	return family_send(&call);
}

START_TEST(an_activation_is_opened_by_its_own_secret_and_in_time)
{
	const json_t *one, *other;
	char *token;

	start(0);
	one = json_keep(cx, activate(d.ek));
	other = json_keep(cx, activate(d.ek));
	ck_fails(enroll_by(one, NULL, json_string_value(json_object_get(other,
	    "secret"))), ERR_EV_ACTIVATION);
	token = arena_strdup(cx->arena, json_string_value(json_object_get(one,
	    "token")));
	token[40] = token[40] == 'A' ? 'B' : 'A';
	ck_fails(enroll_by(one, token, NULL), ERR_EV_ACTIVATION);
	token[9] = '\0';
	ck_fails(enroll_by(one, token, NULL), ERR_EV_ACTIVATION);
	family_realm->ahead_s += 301;
	ck_fails(enroll_by(one, NULL, NULL), ERR_EV_ACTIVATION);
	one = json_keep(cx, activate(d.ek));
	ck_ok(enroll_by(one, NULL, NULL));
	family_close();
}
END_TEST

/* --- what was revoked ---------------------------------------------------------------- */

START_TEST(a_revoked_certificate_does_not_enrol)
{
	static const size_t certified[] = { 0, 1, 3 };

	for (size_t i = 0; i < COUNT_OF(certified); i++) {
		struct make_crl crl = { .n_serials = 1,
		    .serials = { 0x1234 } };

		start(certified[i]);
		ck_ok(family_enroll());
		crl.issuer_cn = d.inter.cn;
		crl.key = d.inter_key;
		crl.from_s = ctx_now(cx) - MAKE_DAY;
		crl.to_s = ctx_now(cx) + MAKE_DAY;
		ck_ok(family_crl(NULL, make_crl(cx, &crl),
		    make_certificate(cx, &d.inter)));
		ck_fails(family_enroll(), ERR_EV_REVOKED);
		family_close();
	}
}
END_TEST

START_TEST(a_registered_key_is_believed_until_it_is_forgotten)
{
	struct page page = { 0, 10 };
	struct db_hardware *parts;
	int64_t next;
	size_t n;

	start(4);
	ck_ok(family_enroll());
	ck_ok(hardware_list(cx, family_realm->authority, NULL, page, &parts,
	    &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(parts[0].hardware_id, ak_id());
	ck_ok(hardware_delete(cx, family_realm->authority, NULL, &realm_admin,
	    parts[0].id));
	ck_fails(family_enroll(), ERR_EV_CHAIN);
	family_close();
}
END_TEST

/* --- what booted, and where the key is ------------------------------------------------- */

START_TEST(what_booted_is_held_to_policy)
{
	for (size_t i = 0; i < 3; i++) {
		start(i);
		family_rules("{\"claim\":\"secure_boot\",\"equals\":true}");
		ck_ok(family_enroll());
		family_rules(arena_printf(cx->arena, "{\"claim\":"
		    "\"pcr.sha256.4\",\"equals\":\"%s\"}", text_hex(cx->arena,
		    make_pcr(cx, &d.log, TPM_SHA256, 4, 0))));
		ck_ok(family_enroll());
		make_log_add(&d.log, 4, 0x80000003u, slice_text("path"),
		    slice_text("another program"));
		ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
		family_close();
	}
}
END_TEST

START_TEST(a_key_outside_the_tpm_is_told_from_one_inside)
{
	start(0);
	family_rules("{\"claim\":\"hardware_key\",\"equals\":true}");
	ck_ok(family_enroll());
	ck_assert_int_eq(family_leaf.policy, CERT_POLICY_HARDWARE);
	d.send_key = false;
	ck_fails(family_enroll(), ERR_POLICY_KEY);
	family_policy(FAMILY_ANY);
	ck_ok(family_enroll());
	ck_assert_int_ne(family_leaf.policy, CERT_POLICY_HARDWARE);
	family_close();
}
END_TEST

START_TEST(an_ek_and_its_ak_alone_are_two_devices)
{
	start(0);
	ck_ok(family_enroll());
	family = &by_ak;
	ck_fails(family_enroll(), ERR_CLAIM_NONE);
	ck_ok(family_claim(&family_tenant));
	ck_ok(family_enroll());
	/* The same key, in both formats. */
	family = &key_alone;
	ck_ok(family_enroll());
	family_close();
}
END_TEST

UNIT_MAIN("family_tpm",
    a_tpm_is_a_family,
    an_activated_key_is_remembered_and_no_other,
    an_ek_certificate_in_other_hands_enrols_nobody,
    an_activation_is_opened_by_its_own_secret_and_in_time,
    a_revoked_certificate_does_not_enrol,
    a_registered_key_is_believed_until_it_is_forgotten,
    what_booted_is_held_to_policy,
    a_key_outside_the_tpm_is_told_from_one_inside,
    an_ek_and_its_ak_alone_are_two_devices)
