/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/text.h"
#include "codec/json.h"
#include "pki/ear.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const uint8_t hash[32] = { 0xab, 0xcd };

static struct ear
result(void)
{
	return (struct ear){
		.tenant = "tenant-a", .device_id = A64, .format = "tpm2",
		.attested_s = 1000, .tier = AR4SI_WARNING,
		.vector = { [AR4SI_INSTANCE_IDENTITY] = AR4SI_AFFIRMING,
		    [AR4SI_HARDWARE] = AR4SI_WARNING },
		.group = "default", .policy_version = 3,
		.policy_sha256 = SLICE_OF(hash), .nonce = "",
		.issued_s = 2000, .expires_s = 2300,
	};
}

START_TEST(the_appraisal_says_tier_vector_and_policy)
{
	struct ear ear = result();
	const char *text;

	ck_ok(ear_appraisal(cx, &ear, &text));
	ck_assert_str_eq(text, "{\"ear_status\":\"warning\","
	    "\"ear_trustworthiness_vector\":{\"instance-identity\":2,"
	    "\"hardware\":32},\"ear_appraisal_policy_ids\":["
	    "\"urn:daapki:tenant-a:policy:default:3:sha-256:abcd"
	    "000000000000000000000000000000000000000000000000000000000000"
	    "\"]}");
}
END_TEST

START_TEST(the_claims_are_json_with_the_appraisal_inside)
{
	struct ear ear = result();
	const char *text;
	json_t *root, *module;

	ear.nonce = "c29tZSBub25jZQ";
	ck_ok(ear_claims(cx, &ear, &text));
	ck_ok(json_parse(cx, slice_text(text), &root));
	ck_assert_str_eq(json_string_value(json_object_get(root,
	    "eat_profile")), EAR_PROFILE);
	ck_assert_int_eq(json_integer_value(json_object_get(root, "iat")),
	    2000);
	ck_assert_int_eq(json_integer_value(json_object_get(root, "exp")),
	    2300);
	ck_assert_str_eq(json_string_value(json_object_get(root, "eat_nonce")),
	    "c29tZSBub25jZQ");
	ck_assert_str_eq(json_string_value(json_object_get(root, "sub")),
	    "urn:daapki:tenant-a:device:" A64);
	module = json_object_get(json_object_get(root, "submods"), "tpm2");
	ck_assert_str_eq(json_string_value(json_object_get(module,
	    "ear_status")), "warning");
}
END_TEST

/* One wrong fact each. */
static void bad_tenant(struct ear *e) { e->tenant = "a\"b"; }
static void bad_group(struct ear *e) { e->group = ""; }
static void bad_device(struct ear *e) { e->device_id = "aa"; }
static void bad_device_case(struct ear *e)
{
	e->device_id = "A" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaa";
}
static void bad_format(struct ear *e) { e->format = "tpm2\n"; }
static void bad_nonce(struct ear *e) { e->nonce = "\"\"\"\"\"\"\"\"\"\""; }
static void short_nonce(struct ear *e) { e->nonce = "1234567"; }
static void bad_tier(struct ear *e) { e->tier = 3; }
static void bad_vector(struct ear *e) { e->vector[7] = 97; }
static void bad_hash(struct ear *e) { e->policy_sha256.n = 31; }
static void bad_time(struct ear *e) { e->attested_s = 0; }
static void (*const spoilers[])(struct ear *) = {
	bad_tenant, bad_group, bad_device, bad_device_case, bad_format,
	bad_nonce, short_nonce, bad_tier, bad_vector, bad_hash, bad_time,
};

START_TEST(a_fact_outside_of_its_alphabet_is_refused)
{
	for (size_t i = 0; i < COUNT_OF(spoilers); i++) {
		struct ear ear = result();
		const char *text = NULL;

		spoilers[i](&ear);
		ck_assert_msg(ear_appraisal(cx, &ear, &text).code ==
		    ERR_FIELD, "%zu", i);
		ck_assert_msg(ear_claims(cx, &ear, &text).code == ERR_FIELD,
		    "%zu", i);
		ck_assert_ptr_null(text);
		ctx_forget(cx);
	}
}
END_TEST

START_TEST(a_result_lives_at_most_a_day_and_is_told_after_it_was_made)
{
	static const struct { int64_t issued_s, expires_s; enum err_code code; }
	cases[] = {
		{ 2000, 2001, ERR_OK }, { 1000, 2000, ERR_OK },
		{ 2000, 2000 + EAR_LIFE_MAX_S, ERR_OK },
		{ 2000, 2001 + EAR_LIFE_MAX_S, ERR_FIELD },
		{ 2000, 2000, ERR_FIELD }, { 999, 2000, ERR_FIELD },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct ear ear = result();
		const char *text;

		ear.issued_s = cases[i].issued_s;
		ear.expires_s = cases[i].expires_s;
		ck_assert_msg(ear_claims(cx, &ear, &text).code ==
		    cases[i].code, "%zu", i);
		ctx_forget(cx);
	}
}
END_TEST

START_TEST(the_longest_facts_fit)
{
	char name[64], nonce[EAR_NONCE_MAX + 1], format[EAR_FORMAT_MAX + 1];
	struct ear ear = result();
	const char *text;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(nonce, '-', EAR_NONCE_MAX);
	nonce[EAR_NONCE_MAX] = '\0';
	memset(format, 'f', EAR_FORMAT_MAX);
	format[EAR_FORMAT_MAX] = '\0';
	ear.tenant = ear.group = name;
	ear.nonce = nonce;
	ear.format = format;
	ear.policy_version = UINT64_MAX;
	ear.attested_s = INT64_MAX / 2;
	ear.issued_s = INT64_MAX / 2 + 1;
	ear.expires_s = INT64_MAX / 2 + 2;
	memset(ear.vector, AR4SI_CONTRAINDICATED, sizeof(ear.vector));
	ear.tier = AR4SI_CONTRAINDICATED;
	ck_assert(text_is_name(name));
	ck_ok(ear_claims(cx, &ear, &text));
}
END_TEST

UNIT_MAIN("ear",
    the_appraisal_says_tier_vector_and_policy,
    the_claims_are_json_with_the_appraisal_inside,
    a_fact_outside_of_its_alphabet_is_refused,
    a_result_lives_at_most_a_day_and_is_told_after_it_was_made,
    the_longest_facts_fit)
