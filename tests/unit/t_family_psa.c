/* SPDX-License-Identifier: Apache-2.0 */
/* Families of PSA and CCA: registered keys, life cycles. */
#include "tests/unit/family.h"

#include "tests/make_psa.h"

#define EAT_NONCE	10
#define EAT_UEID	256
#define LIFECYCLE	2395
#define LIFECYCLE_OLD	(-75002)
#define NONCE_OLD	(-75008)
#define UEID_OLD	(-75009)

static struct make_token m, realm_token;
static enum { RFC9783, PROFILE_1, CCA, KINDS } kind;

/* The one claim of a token. */
static struct slice
value_of(const struct make_token *t, int64_t key)
{
	for (size_t i = 0; i < t->n_claims; i++)
		if (t->claims[i].key == key)
			return t->claims[i].value;
	return SLICE_NONE;
}

static void
make_device_of(void)
{
	if (kind == CCA)
		make_cca(cx, &m, &realm_token);
	else if (kind == PROFILE_1)
		make_psa_old(cx, &m);
	else
		make_psa(cx, &m);
}

static const json_t *
evidence(struct slice challenge, EVP_PKEY **key)
{
	uint8_t binding[64];
	size_t n = kind == CCA ? 64 : 32;
	struct slice token;

	if (m.key == NULL)
		make_device_of();
	attest_binding("psa", challenge, make_spki(cx, *key), binding, n);
	make_claim(kind == CCA ? &realm_token : &m, kind == PROFILE_1 ?
	    NONCE_OLD : EAT_NONCE, make_bstr(cx, SLICE(binding, n)));
	token = kind != CCA ? make_token(cx, &m) : make_collection(cx, 399,
	    make_token(cx, &m), make_token(cx, &realm_token));
	return json_keep(cx, json_pack("{s:s, s:s}", "format", "psa", "token",
	    base64url(cx->arena, token)));
}

/* The UEID, a byte string of 33 bytes: a head of two. */
static const char *
hardware_id(void)
{
	if (m.key == NULL)
		make_device_of();
	return arena_printf(cx->arena, "psa:%s", text_hex(cx->arena,
	    SLICE(value_of(&m, kind == PROFILE_1 ? UEID_OLD :
	    EAT_UEID).p + 2, PSA_UEID_SIZE)));
}

static void
vouch(const struct tenant *t)
{
	if (m.key == NULL)
		make_device_of();
	family_register(t, make_spki(cx, m.key));
}

static const struct family psa = {
	"psa", evidence, hardware_id, vouch,
	ERR_HW_UNKNOWN, ERR_EV_NONCE, ERR_EV_NONCE
};

static void
start(void)
{
	make_device_of();
	family_start(&psa);
}

START_TEST(a_device_with_a_registered_key_is_a_family)
{
	for (kind = 0; kind < KINDS; kind++) {
		m.key = NULL;
		check_family(&psa);
	}
}
END_TEST

START_TEST(another_key_is_another_device)
{
	for (kind = 0; kind < KINDS; kind++) {
		start();
		ck_ok(family_enroll());
		m.key = make_curve(cx, kind == CCA ? "P-384" : "P-256");
		ck_fails(family_enroll(), ERR_EV_SIGNATURE);
		family_close();
	}
}
END_TEST

/* --- life cycles (RFC 9783, 4.3.1) ------------------------------------------- */

static const struct state { uint16_t from; const char *name; } states[] = {
	{ 0x0000, "unknown" },
	{ 0x1000, "assembly-and-test" },
	{ 0x2000, "rot-provisioning" },
	{ 0x3000, "secured" },
	{ 0x4000, "non-rot-debug" },
	{ 0x5000, "recoverable-rot-debug" },
	{ 0x6000, "decommissioned" },
};

static void
set_state(uint16_t value)
{
	make_claim(&m, kind == PROFILE_1 ? LIFECYCLE_OLD : LIFECYCLE,
	    make_int(cx, value));
}

/* It must be let in as what it is, and as open to inspection. */
static void
check_refused_by_default(const struct state *s)
{
	const char *rule = arena_printf(cx->arena, "{\"claim\":"
	    "\"lifecycle_state\",\"one_of\":[\"secured\",\"%s\"]}", s->name);

	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	ck_assert_str_eq(cx->trail->tell, arena_printf(cx->arena,
	    "by default: lifecycle_state is %s", s->name));
	family_rules(rule);
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	ck_assert_str_eq(cx->trail->tell, "by default: debug is true");
	family_rules(arena_printf(cx->arena, "%s,{\"claim\":\"debug\","
	    "\"equals\":true}", rule));
	ck_ok(family_enroll());
}

static void
check_state(const struct state *s, uint16_t value)
{
	bool secured = strcmp(s->name, "secured") == 0;

	family_policy(FAMILY_ANY);
	set_state(value);
	if (secured)
		ck_ok(family_enroll());
	else
		check_refused_by_default(s);
	ck_assert_str_eq(json_string_value(family_told("lifecycle_state")),
	    s->name);
	ck_assert_int_eq((int)json_integer_value(family_told(
	    "security_lifecycle")), value);
	ck_assert_int_eq(json_is_true(family_told("debug")), !secured);
}

START_TEST(only_a_secured_life_cycle_enrols_by_default)
{
	for (kind = 0; kind < KINDS; kind++) {
		start();
		for (size_t i = 0; i < COUNT_OF(states); i++) {
			check_state(&states[i], states[i].from);
			check_state(&states[i], states[i].from + 0xff);
		}
		set_state(0x7000);
		ck_fails(family_enroll(), ERR_EV_MALFORMED);
		family_close();
	}
}
END_TEST

START_TEST(a_rule_over_the_number_says_it_too)
{
	kind = RFC9783;
	start();
	set_state(0x2000);
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	family_rules("{\"claim\":\"security_lifecycle\",\"one_of\":[8192]},"
	    "{\"claim\":\"debug\",\"equals\":true}");
	ck_ok(family_enroll());
	set_state(0x3000);
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	family_close();
}
END_TEST

/* --- what it booted ------------------------------------------------------------- */

START_TEST(only_software_that_is_expected_enrols)
{
	const json_t *list;

	for (kind = 0; kind < KINDS; kind++) {
		start();
		ck_ok(family_enroll());
		list = family_told("software_measurements");
		ck_assert_uint_gt(json_array_size(list), 0);
		family_rules(arena_printf(cx->arena, "{\"claim\":"
		    "\"software_measurements\",\"contains\":[\"%s\"]}",
		    json_string_value(json_array_get(list, 0))));
		ck_ok(family_enroll());
		family_rules("{\"claim\":\"software_measurements\","
		    "\"subset_of\":[\"aa\"]}");
		ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
		family_close();
	}
}
END_TEST

START_TEST(a_realm_is_told_from_another)
{
	kind = CCA;
	start();
	family_rules(arena_printf(cx->arena, "{\"claim\":"
	    "\"realm_initial_measurement\",\"equals\":\"%s\"}",
	    text_hex(cx->arena, SLICE(value_of(&realm_token, 44238).p + 2,
	    32))));
	ck_ok(family_enroll());
	make_claim(&realm_token, 44238, make_bytes(cx, 32, 0x45));
	ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
	/* A realm whose key the platform did not see. */
	realm_token.key = make_curve(cx, "P-384");
	make_claim(&realm_token, 44237, make_bstr(cx, make_cose_key(cx,
	    realm_token.key, false)));
	ck_fails(family_enroll(), ERR_EV_BINDING);
	family_close();
}
END_TEST

UNIT_MAIN("family_psa",
    a_device_with_a_registered_key_is_a_family,
    another_key_is_another_device,
    only_a_secured_life_cycle_enrols_by_default,
    a_rule_over_the_number_says_it_too,
    only_software_that_is_expected_enrols,
    a_realm_is_told_from_another)
