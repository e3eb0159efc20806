/* SPDX-License-Identifier: Apache-2.0 */
/* Format psa: PSA tokens, and Arm CCA collections of them.  Each check alone. */
#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_psa.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

static struct make_token t, realm;
static struct trust trust;
static struct trust_key registered;
static struct appraisal appraisal;
static struct attestation out;
static uint8_t nonce[64], instance[33];

static void
begin_with(void (*make)(struct ctx *, struct make_token *))
{
	make(cx, &t);
	memset(instance, 0x77, sizeof(instance));
	instance[0] = 1;
	memset(nonce, 0x5a, sizeof(nonce));
	registered = (struct trust_key){ SLICE_OF(instance),
	    make_spki(cx, t.key) };
	trust = (struct trust){ .keys = &registered, .n_keys = 1 };
	appraisal = (struct appraisal){ .trust = &trust, .at_s = MAKE_AT,
	    .nonce = SLICE(nonce, 32), .raw = true };
}

static void
begin(void)
{
	begin_with(make_psa);
}

static void
make_both(struct ctx *c, struct make_token *platform)
{
	make_cca(c, platform, &realm);
}

static void
begin_cca(void)
{
	begin_with(make_both);
	appraisal.nonce = SLICE(nonce, 64);
}

static struct err
verify_bytes(struct slice token)
{
	json_t *e = json_keep(cx, json_object());
	struct evidence evidence;

	(void)json_object_set_new(e, "format", json_string("psa"));
	(void)json_object_set_new(e, "token", json_string(base64url(cx->arena,
	    token)));
	TRY(evidence_read(cx, e, "/evidence", &evidence));
	return evidence_verify(cx, &evidence, &appraisal, &out);
}

static struct err
verify(void)
{
	return verify_bytes(make_token(cx, &t));
}

static struct slice
collection(uint64_t tag)
{
	return make_collection(cx, tag, make_token(cx, &t),
	    make_token(cx, &realm));
}

static struct err
verify_cca(void)
{
	return verify_bytes(collection(CCA_TAG));
}

static const char *
text_of(const char *claim)
{
	const struct claim *c = claims_find(&out.claims, claim);

	ck_assert_msg(c != NULL, "no claim %s", claim);
	return c->text;
}

/* --- PSA ------------------------------------------------------------------ */

START_TEST(a_token_by_a_registered_key_is_believed_and_told)
{
	begin();
	ck_ok(verify());
	ck_assert_str_eq(out.hardware_id, arena_printf(cx->arena, "psa:%s",
	    text_hex(cx->arena, SLICE_OF(instance))));
	ck_assert(slice_equal(claims_find(&out.claims, "instance_id")->bytes,
	    SLICE_OF(instance)));
	ck_assert_uint_eq(claims_find(&out.claims, "security_lifecycle")->uint,
	    0x3001);
	ck_assert_str_eq(text_of("lifecycle_state"), "secured");
	ck_assert(!claims_find(&out.claims, "debug")->boolean);
	ck_assert(!claims_find(&out.claims, "hardware_key")->boolean);
	ck_assert_str_eq(text_of("client_id"), "7");
	ck_assert(claims_find(&out.claims, "secure_caller")->boolean);
	ck_assert_str_eq(text_of("certification_reference"),
	    "1234567890123-12345");
	ck_assert_uint_eq(claims_find(&out.claims, "boot_seed")->bytes.n, 8);
	ck_assert_uint_eq(claims_find(&out.claims,
	    "software_components")->list.n, 2);
	ck_assert_str_eq(claims_find(&out.claims,
	    "software_measurements")->list.items[0],
	    text_hex(cx->arena, SLICE("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
	    "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 32)));
}
END_TEST

START_TEST(a_token_of_the_older_profile_is_believed)
{
	begin_with(make_psa_old);
	ck_ok(verify());
	ck_assert_str_eq(text_of("client_id"), "-3");
	ck_assert(!claims_find(&out.claims, "secure_caller")->boolean);
	ck_assert_str_eq(text_of("eat_profile"), "PSA_IOT_PROFILE_1");
	make_claim(&t, -75000, make_text(cx, "PSA_IOT_PROFILE_2"));
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(the_key_is_that_of_the_instance)
{
	begin();
	trust.n_keys = 0;
	ck_fails(verify(), ERR_EV_CHAIN);
	begin();
	instance[32] ^= 1;
	ck_fails(verify(), ERR_EV_CHAIN);
	begin();
	registered.spki = SLICE_NONE;
	ck_fails(verify(), ERR_EV_CHAIN);
	begin();
	registered.spki = make_spki(cx, make_p256(cx));
	ck_fails(verify(), ERR_EV_SIGNATURE);
	/* Of no record: said as it is. */
	begin();
	appraisal.raw = false;
	appraisal.spki = make_spki(cx, t.key);
	trust.n_keys = 0;
	ck_fails(verify(), ERR_HW_UNKNOWN);
}
END_TEST

START_TEST(the_nonce_is_compared_whole)
{
	begin();
	nonce[31] ^= 1;
	ck_fails(verify(), ERR_EV_NONCE);
	begin();
	appraisal.nonce.n = 16;
	ck_fails(verify(), ERR_EV_NONCE);
	begin();
	appraisal.nonce = SLICE_NONE;
	ck_ok(verify());
	appraisal.raw = false;
	appraisal.spki = make_spki(cx, t.key);
	ck_fails(verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(the_nonce_binds_the_key_to_be_certified)
{
	uint8_t hash[32];

	begin();
	appraisal.raw = false;
	appraisal.spki = make_spki(cx, make_p256(cx));
	ck_fails(verify(), ERR_EV_NONCE);
	attest_binding("psa", appraisal.nonce, appraisal.spki, hash, 32);
	make_claim(&t, 10, make_bstr(cx, SLICE_OF(hash)));
	ck_ok(verify());
	appraisal.spki = make_spki(cx, t.key);
	ck_fails(verify(), ERR_EV_NONCE);
	attest_binding("key", appraisal.nonce, appraisal.spki, hash, 32);
	make_claim(&t, 10, make_bstr(cx, SLICE_OF(hash)));
	ck_fails(verify(), ERR_EV_NONCE);
}
END_TEST

START_TEST(the_profile_is_known_and_its_claims_are_its_own)
{
	begin();
	make_claim(&t, 265, make_text(cx, "http://arm.com/psa/2.0.0"));
	ck_ok(verify());
	make_claim(&t, 265, make_text(cx, "tag:example.org,2026:psa"));
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	/* One of CCA, and one of the older claims. */
	make_claim(&t, 265, make_text(cx,
	    "tag:arm.com,2023:cca_platform#1.0.0"));
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	make_claim(&t, 265, make_text(cx, "PSA_IOT_PROFILE_1"));
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	make_no_claim(&t, 265);
	ck_fails(verify(), ERR_EV_MALFORMED);
	begin();
	make_claim(&t, -75010, make_text(cx, "x"));
	ck_fails(verify(), ERR_EV_MALFORMED);
	begin_with(make_psa_old);
	make_claim(&t, 2402, make_text(cx, "x"));
	ck_fails(verify(), ERR_EV_MALFORMED);
	begin_with(make_psa_old);
	make_no_claim(&t, -75000);
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(unknown_claims_pass)
{
	begin();
	make_claim(&t, -70000, make_int(cx, 1));
	ck_ok(verify());
}
END_TEST

START_TEST(mandatory_claims_are_there_and_optional_ones_need_not)
{
	static const int64_t needed[] = {
		10, 256, 265, 2394, 2395, 2396, 2399
	};
	static const int64_t old_needed[] = {
		-75000, -75001, -75002, -75003, -75004, -75006, -75008, -75009
	};

	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		begin();
		make_no_claim(&t, needed[i]);
		ck_fails(verify(), ERR_EV_MALFORMED);
	}
	for (size_t i = 0; i < COUNT_OF(old_needed); i++) {
		begin_with(make_psa_old);
		make_no_claim(&t, old_needed[i]);
		ck_fails(verify(), ERR_EV_MALFORMED);
	}
	begin();
	make_no_claim(&t, 2397);
	make_no_claim(&t, 2398);
	make_no_claim(&t, 2400);
	ck_ok(verify());
}
END_TEST

START_TEST(claims_are_of_their_type_and_size)
{
	const struct { int64_t key; struct slice value; } rows[] = {
		{ 10, make_bytes(cx, 16, 1) }, { 10, make_bytes(cx, 40, 1) },
		{ 10, make_bytes(cx, 65, 1) }, { 10, make_text(cx, "nonce") },
		{ 256, make_bytes(cx, 32, 1) }, { 256, make_bytes(cx, 33, 2) },
		{ 265, make_int(cx, 1) }, { 265, make_text(cx, "") },
		{ 2394, make_int(cx, 0) },
		{ 2394, make_int(cx, INT64_C(2147483648)) },
		{ 2394, make_int(cx, INT64_C(-2147483649)) },
		{ 2395, make_int(cx, 0x3100) }, { 2395, make_int(cx, 0x7000) },
		{ 2395, make_int(cx, 0x13000) }, { 2395, make_int(cx, -1) },
		{ 2396, make_bytes(cx, 31, 1) }, { 2396, make_bytes(cx, 33, 1) },
		{ 2397, make_bytes(cx, 7, 1) }, { 2397, make_bytes(cx, 33, 1) },
		{ 2398, make_text(cx, "1234567890123") },
		{ 2398, make_text(cx, "123456789012a-12345") },
		{ 2398, make_text(cx, "1234567890123-1234x") },
		{ 2398, make_text(cx, "1234567890123.12345") },
		{ 2399, make_array(cx, NULL, 0) }, { 2399, make_int(cx, 1) },
		{ 2400, make_int(cx, 1) }, { 263, make_int(cx, 5) },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		begin();
		make_claim(&t, rows[i].key, rows[i].value);
		ck_fails(verify(), ERR_EV_MALFORMED);
	}
	begin_with(make_psa_old);
	make_claim(&t, -75004, make_bytes(cx, 31, 1));
	ck_fails(verify(), ERR_EV_MALFORMED);
	begin_with(make_psa_old);
	make_claim(&t, -75005, make_text(cx, "12345678901234"));
	ck_fails(verify(), ERR_EV_MALFORMED);
	make_claim(&t, -75005, make_text(cx, "123456789012x"));
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(nonces_of_48_and_64_bytes_are_taken)
{
	for (size_t n = 48; n <= 64; n += 16) {
		begin();
		make_claim(&t, 10, make_bytes(cx, n, 0x5a));
		ck_fails(verify(), ERR_EV_NONCE);
		appraisal.nonce = SLICE(nonce, n);
		ck_ok(verify());
	}
}
END_TEST

START_TEST(a_list_of_one_nonce_is_that_nonce)
{
	struct slice two[2];

	begin();
	two[0] = two[1] = make_bytes(cx, 32, 0x5a);
	make_claim(&t, 10, make_array(cx, two, 1));
	ck_ok(verify());
	begin();
	make_claim(&t, 10, make_array(cx, two, 2));
	ck_fails(verify(), ERR_EV_MALFORMED);
	two[0] = make_bytes(cx, 32, 0x5b);
	begin();
	make_claim(&t, 10, make_array(cx, two, 1));
	ck_fails(verify(), ERR_EV_NONCE);
	two[0] = make_bytes(cx, 33, 0x5a);
	begin();
	make_claim(&t, 10, make_array(cx, two, 1));
	ck_fails(verify(), ERR_EV_MALFORMED);
	two[0] = make_text(cx, "nonce");
	begin();
	make_claim(&t, 10, make_array(cx, two, 1));
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(each_life_cycle_state_is_told)
{
	static const struct { int n; const char *name; bool debug; } rows[] = {
		{ 0x0000, "unknown", true },
		{ 0x1012, "assembly-and-test", true },
		{ 0x2000, "rot-provisioning", true },
		{ 0x30ff, "secured", false },
		{ 0x4000, "non-rot-debug", true },
		{ 0x5000, "recoverable-rot-debug", true },
		{ 0x6000, "decommissioned", true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		begin();
		make_claim(&t, 2395, make_int(cx, rows[i].n));
		ck_ok(verify());
		ck_assert_str_eq(text_of("lifecycle_state"), rows[i].name);
		ck_assert_int_eq(claims_find(&out.claims, "debug")->boolean,
		    rows[i].debug);
	}
	/* RFC 9711: debugging enabled, whatever the life cycle says. */
	begin();
	make_claim(&t, 263, make_int(cx, 0));
	ck_ok(verify());
	ck_assert(claims_find(&out.claims, "debug")->boolean);
	make_claim(&t, 263, make_int(cx, 3));
	ck_ok(verify());
	ck_assert(!claims_find(&out.claims, "debug")->boolean);
}
END_TEST

static struct err
with_component(struct slice measurement, struct slice signer)
{
	struct slice one = make_component(cx, SLICE_NONE, measurement, signer);

	begin();
	make_claim(&t, 2399, make_array(cx, &one, 1));
	return verify();
}

START_TEST(each_software_component_is_measured_and_signed)
{
	struct slice good = make_bytes(cx, 32, 1), *many, one;

	ck_ok(with_component(good, good));
	ck_fails(with_component(SLICE_NONE, good), ERR_EV_MALFORMED);
	ck_fails(with_component(good, SLICE_NONE), ERR_EV_MALFORMED);
	ck_fails(with_component(make_bytes(cx, 20, 1), good),
	    ERR_EV_MALFORMED);
	ck_fails(with_component(good, make_bytes(cx, 33, 1)),
	    ERR_EV_MALFORMED);
	ck_fails(with_component(make_text(cx, "x"), good), ERR_EV_MALFORMED);
	begin();
	one = make_int(cx, 1);
	make_claim(&t, 2399, make_array(cx, &one, 1));
	ck_fails(verify(), ERR_EV_MALFORMED);
	many = arena_array(cx->arena, PSA_COMPONENTS_MAX + 1, sizeof(*many));
	for (size_t i = 0; i <= PSA_COMPONENTS_MAX; i++)
		many[i] = make_component(cx, SLICE_NONE, good, good);
	make_claim(&t, 2399, make_array(cx, many, PSA_COMPONENTS_MAX));
	ck_ok(verify());
	make_claim(&t, 2399, make_array(cx, many, PSA_COMPONENTS_MAX + 1));
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(only_the_older_profile_may_say_that_nothing_is_measured)
{
	begin_with(make_psa_old);
	make_claim(&t, -75007, make_int(cx, 1));
	ck_fails(verify(), ERR_EV_MALFORMED);
	make_no_claim(&t, -75006);
	ck_ok(verify());
	ck_assert_uint_eq(claims_find(&out.claims,
	    "software_components")->list.n, 0);
	make_claim(&t, -75007, make_int(cx, 2));
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(the_payload_is_one_map)
{
	struct slice map, longer;

	begin();
	t.payload = make_array(cx, NULL, 0);
	ck_fails(verify(), ERR_EV_MALFORMED);
	begin();
	map = make_payload(cx, &t);
	longer = SLICE(arena_alloc(cx->arena, map.n + 1), map.n + 1);
	memcpy((uint8_t *)(uintptr_t)longer.p, map.p, map.n);
	t.payload = longer;
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

/* Outside of what is signed: nothing.  The tag and the headers are part of the
 * form, the protected header and the payload are signed. */
START_TEST(a_token_with_any_bit_changed_or_cut_is_refused)
{
	struct slice token;
	uint8_t *p;

	begin();
	token = make_token(cx, &t);
	p = arena_dup(cx->arena, token.p, token.n);
	for (size_t bit = 0; bit < 8 * token.n; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(failed(verify_bytes(SLICE(p, token.n))),
		    "bit %zu", bit);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 1; n < token.n; n++)
		ck_assert(failed(verify_bytes(SLICE(p, n))));
	ck_ok(verify_bytes(SLICE(p, token.n)));
}
END_TEST

START_TEST(what_is_no_token_is_told_by_its_place)
{
	begin();
	ck_fails(verify_bytes(SLICE("\x80", 1)), ERR_EV_UNSUPPORTED);
	ck_assert_str_eq(cx->trail->pointer, "/evidence/token");
	ck_fails(verify_bytes(SLICE("\x9f\xff", 2)), ERR_EV_MALFORMED);
	ck_fails(verify_bytes(SLICE_NONE), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_token_says_whom_it_is_from_before_it_is_checked)
{
	json_t *e = json_keep(cx, json_object());
	char id[HARDWARE_ID_MAX];
	struct evidence evidence;
	struct slice name;

	begin();
	(void)json_object_set_new(e, "format", json_string("psa"));
	(void)json_object_set_new(e, "token", json_string(base64url(cx->arena,
	    make_token(cx, &t))));
	ck_ok(evidence_read(cx, e, "", &evidence));
	evidence_identify(cx, &evidence, id, &name);
	ck_ok(verify());
	ck_assert_str_eq(id, out.hardware_id);
	ck_assert_uint_eq(name.n, 0);
}
END_TEST

/* --- CCA ------------------------------------------------------------------ */

START_TEST(a_collection_is_believed_and_told)
{
	begin_cca();
	ck_ok(verify_cca());
	ck_assert_uint_eq(claims_find(&out.claims,
	    "realm_initial_measurement")->bytes.n, 32);
	ck_assert_uint_eq(claims_find(&out.claims,
	    "realm_measurements")->list.n, 4);
	ck_assert_uint_eq(claims_find(&out.claims,
	    "realm_personalization")->bytes.n, 64);
	ck_assert_str_eq(text_of("platform_hash"), "sha-256");
	ck_assert_uint_eq(claims_find(&out.claims,
	    "platform_config")->bytes.n, 4);
	ck_assert_str_eq(out.hardware_id + 4, text_hex(cx->arena,
	    SLICE_OF(instance)));
	ck_ok(verify_bytes(collection(CCA_CMW_TAG)));
}
END_TEST

START_TEST(the_platform_vouches_for_the_realms_key)
{
	begin_cca();
	make_claim(&t, 10, make_bytes(cx, 32, 0x5a));
	ck_fails(verify_cca(), ERR_EV_BINDING);
	begin_cca();
	make_claim(&realm, 44240, make_text(cx, "sha-512"));
	ck_fails(verify_cca(), ERR_EV_BINDING);
	make_claim(&realm, 44240, make_text(cx, "sha-1"));
	ck_fails(verify_cca(), ERR_EV_UNSUPPORTED);
	/* And the realm's token is by that key. */
	begin_cca();
	realm.key = make_curve(cx, "P-384");
	ck_fails(verify_cca(), ERR_EV_SIGNATURE);
	begin_cca();
	registered.spki = make_spki(cx, realm.key);
	ck_fails(verify_cca(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_realms_challenge_is_compared_whole)
{
	begin_cca();
	nonce[63] ^= 1;
	ck_fails(verify_cca(), ERR_EV_NONCE);
	begin_cca();
	appraisal.nonce.n = 32;
	ck_fails(verify_cca(), ERR_EV_NONCE);
}
END_TEST

START_TEST(a_realms_challenge_binds_the_key_to_be_certified)
{
	uint8_t hash[64];

	begin_cca();
	appraisal.raw = false;
	appraisal.nonce = SLICE(nonce, 32);
	appraisal.spki = make_spki(cx, make_p256(cx));
	ck_fails(verify_cca(), ERR_EV_NONCE);
	attest_binding("psa", appraisal.nonce, appraisal.spki, hash, 64);
	make_claim(&realm, 10, make_bstr(cx, SLICE_OF(hash)));
	ck_ok(verify_cca());
}
END_TEST

START_TEST(a_realm_without_a_profile_shows_its_key_as_a_point)
{
	begin_cca();
	make_no_claim(&realm, 265);
	make_bind_realm(cx, &t, &realm);
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	make_claim(&realm, 44237, make_bstr(cx, make_point(cx, realm.key)));
	make_bind_realm(cx, &t, &realm);
	ck_ok(verify_cca());
	make_claim(&realm, 265, make_text(cx, "tag:arm.com,2024:realm#2.0.0"));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	make_claim(&realm, 265, make_text(cx, "tag:example.org,2026:realm"));
	ck_fails(verify_cca(), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(a_realms_claims_are_there_of_their_type_and_size)
{
	static const int64_t needed[] = {
		10, 44235, 44236, 44237, 44238, 44239, 44240
	};
	struct slice few[6] = { SLICE_NONE };

	for (size_t i = 0; i < COUNT_OF(few); i++)
		few[i] = make_bytes(cx, i == 5 ? 33 : 32, 1);
	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		begin_cca();
		make_no_claim(&realm, needed[i]);
		ck_fails(verify_cca(), ERR_EV_MALFORMED);
		make_claim(&realm, needed[i], make_array(cx, NULL, 0));
		ck_fails(verify_cca(), ERR_EV_MALFORMED);
	}
	begin_cca();
	make_claim(&realm, 44239, make_array(cx, few, 3));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	make_claim(&realm, 44239, make_array(cx, few, 5));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	make_claim(&realm, 44239, make_array(cx, few + 2, 4));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	begin_cca();
	make_claim(&realm, 10, make_bytes(cx, 32, 0x5a));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	begin_cca();
	make_claim(&realm, 44237, make_bstr(cx, make_cose_key(cx, realm.key,
	    true)));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	begin_cca();
	make_claim(&realm, 44237, make_bstr(cx, SLICE("\x80\x80", 2)));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	begin_cca();
	realm.payload = make_array(cx, NULL, 0);
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	realm.payload = SLICE("\x9f\xff", 2);
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_platforms_claims_are_there)
{
	static const int64_t needed[] = {
		10, 256, 265, 2395, 2396, 2399, 2401, 2402
	};

	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		begin_cca();
		make_no_claim(&t, needed[i]);
		ck_fails(verify_cca(), ERR_EV_MALFORMED);
	}
	begin_cca();
	make_claim(&t, 265, make_text(cx,
	    "tag:psacertified.org,2023:psa#tfm"));
	ck_fails(verify_cca(), ERR_EV_UNSUPPORTED);
	/* From version 2 on it says who asked for it: the RMM. */
	make_claim(&t, 265, make_text(cx,
	    "tag:arm.com,2024:cca_platform#2.0.0"));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	make_claim(&t, 2394, make_int(cx, 2));
	ck_fails(verify_cca(), ERR_EV_MALFORMED);
	make_claim(&t, 2394, make_int(cx, 1));
	ck_ok(verify_cca());
}
END_TEST

START_TEST(a_collection_is_of_two_tokens)
{
	struct slice platform, good;
	struct buf b = buf_in(cx->arena, 64);

	begin_cca();
	t.alg = 0;
	ck_fails(verify_cca(), ERR_EV_UNSUPPORTED);
	begin_cca();
	realm.alg = 0;
	ck_fails(verify_cca(), ERR_EV_UNSUPPORTED);
	begin_cca();
	platform = make_token(cx, &t);
	good = make_token(cx, &realm);
	ck_fails(verify_bytes(make_collection(cx, CCA_TAG, good, platform)),
	    ERR_EV_UNSUPPORTED);
	ck_fails(verify_bytes(make_collection(cx, CCA_TAG, SLICE_NONE, good)),
	    ERR_EV_MALFORMED);
	ck_fails(verify_bytes(make_collection(cx, CCA_TAG, platform,
	    SLICE_NONE)), ERR_EV_MALFORMED);
	/* Neither is there; a third; no map; not wrapped as its tag says. */
	ck_fails(verify_bytes(SLICE("\xd9\x01\x8f\xa0", 4)),
	    ERR_EV_MALFORMED);
	ck_fails(verify_bytes(SLICE("\xd9\x01\x8f\x80", 4)),
	    ERR_EV_MALFORMED);
	put_bytes(&b, SLICE("\xd9\x01\x8f\xa3", 4));
	for (int64_t key = 44234; key <= 44241; key += 7) {
		cbor_put_int(&b, key);
		cbor_put_bytes(&b, SLICE_NONE);
	}
	put_bytes(&b, SLICE("\x00\x00", 2));
	ck_fails(verify_bytes(buf_slice(&b)), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "more than two"));
}
END_TEST

START_TEST(a_wrapper_is_what_its_tag_says)
{
	struct buf b = buf_in(cx->arena, 64);

	begin_cca();
	/* 399 with a wrapper, 907 without one, or of another type. */
	put_bytes(&b, SLICE("\xd9\x01\x8f\xa2\x19\xac\xca\x82\x19\x01\x07\x40"
	    "\x19\xac\xd1\x40", 16));
	ck_fails(verify_bytes(buf_slice(&b)), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "that is none"));
	b.n = 0;
	put_bytes(&b, SLICE("\xd9\x03\x8b\xa2\x19\xac\xca\x40\x19\xac\xd1\x40",
	    12));
	ck_fails(verify_bytes(buf_slice(&b)), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "that is none"));
	b.n = 0;
	put_bytes(&b, SLICE("\xd9\x03\x8b\xa2\x19\xac\xca\x82\x19\x01\x06\x40"
	    "\x19\xac\xd1\x82\x19\x01\x06\x40", 20));
	ck_fails(verify_bytes(buf_slice(&b)), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "that is none"));
}
END_TEST

START_TEST(a_collection_with_any_bit_changed_or_cut_is_refused)
{
	struct slice token;
	uint8_t *p;

	begin_cca();
	token = collection(CCA_TAG);
	p = arena_dup(cx->arena, token.p, token.n);
	/* One bit of each byte: P-384 is slow where it must be checked. */
	for (size_t i = 0; i < token.n; i++) {
		p[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_msg(failed(verify_bytes(SLICE(p, token.n))),
		    "byte %zu", i);
		p[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 1; n < token.n; n++)
		ck_assert(failed(verify_bytes(SLICE(p, n))));
	ck_ok(verify_bytes(SLICE(p, token.n)));
}
END_TEST

UNIT_MAIN("psa",
    a_token_by_a_registered_key_is_believed_and_told,
    a_token_of_the_older_profile_is_believed,
    the_key_is_that_of_the_instance,
    the_nonce_is_compared_whole,
    the_nonce_binds_the_key_to_be_certified,
    the_profile_is_known_and_its_claims_are_its_own,
    unknown_claims_pass,
    mandatory_claims_are_there_and_optional_ones_need_not,
    claims_are_of_their_type_and_size,
    nonces_of_48_and_64_bytes_are_taken,
    a_list_of_one_nonce_is_that_nonce,
    each_life_cycle_state_is_told,
    each_software_component_is_measured_and_signed,
    only_the_older_profile_may_say_that_nothing_is_measured,
    the_payload_is_one_map,
    a_token_with_any_bit_changed_or_cut_is_refused,
    what_is_no_token_is_told_by_its_place,
    a_token_says_whom_it_is_from_before_it_is_checked,
    a_collection_is_believed_and_told,
    the_platform_vouches_for_the_realms_key,
    a_realms_challenge_is_compared_whole,
    a_realms_challenge_binds_the_key_to_be_certified,
    a_realm_without_a_profile_shows_its_key_as_a_point,
    a_realms_claims_are_there_of_their_type_and_size,
    a_platforms_claims_are_there,
    a_collection_is_of_two_tokens,
    a_wrapper_is_what_its_tag_says,
    a_collection_with_any_bit_changed_or_cut_is_refused)
