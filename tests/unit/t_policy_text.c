/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as documents: reading, writing, learning; claims as text. */
#include "tests/unit/policies.h"

#include "base/file.h"
#include "policy/appraise.h"
#include "policy/learn.h"
#include "policy/result.h"

/* Documents that are refused, and where. */
static const struct { const char *text, *pointer; } bad[] = {
	{ "[]", "/policy" },
	{ "{}", "/policy/rules" },
	{ "{\"rules\":[]}", "/policy/rules" },
	{ "{\"rules\":{}}", "/policy/rules" },
	{ "{\"rules\":[1]}", "/policy/rules/0" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\"}]}", "/policy/rules/0" },
	{ "{\"rules\":[{\"equals\":true}]}", "/policy/rules/0/claim" },
	{ "{\"rules\":[{\"claim\":\"hardware_kay\",\"equals\":true}]}",
	    "/policy/rules/0/claim" },
	{ "{\"rules\":[{\"claim\":\"pcr.sha256.24\",\"equals\":\"" A64
	    "\"}]}", "/policy/rules/0/claim" },
	{ "{\"rules\":[{\"claim\":\"pcr.sha256.07\",\"equals\":\"" A64
	    "\"}]}", "/policy/rules/0/claim" },
	{ "{\"rules\":[{\"claim\":\"pcr.md5.1\",\"equals\":\"" A64 "\"}]}",
	    "/policy/rules/0/claim" },
	{ "{\"rules\":[{\"claim\":\"pcr.\",\"equals\":\"" A64 "\"}]}",
	    "/policy/rules/0/claim" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\",\"equals\":1}]}",
	    "/policy/rules/0/equals" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\",\"equals\":\"true\"}]}",
	    "/policy/rules/0/equals" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\",\"one_of\":[true]}]}",
	    "/policy/rules/0/one_of" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\",\"at_least\":1}]}",
	    "/policy/rules/0/at_least" },
	{ "{\"rules\":[{\"claim\":\"pcr.sha256.7\",\"at_least\":1}]}",
	    "/policy/rules/0/at_least" },
	{ "{\"rules\":[{\"claim\":\"pcr.sha256.7\",\"contains\":[\"" A64
	    "\"]}]}", "/policy/rules/0/contains" },
	{ "{\"rules\":[{\"claim\":\"boot_components\",\"equals\":\"" A64
	    "\"}]}", "/policy/rules/0/equals" },
	{ "{\"rules\":[{\"claim\":\"boot_components\",\"contains\":[]}]}",
	    "/policy/rules/0/contains" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\",\"none_of\":[true]}]}",
	    "/policy/rules/0/none_of" },
	{ "{\"rules\":[{\"claim\":\"status\",\"equals\":{\"value\":\"A\","
	    "\"until\":\"2027-01-01T00:00:00Z\"}}]}",
	    "/policy/rules/0/equals" },
	{ "{\"rules\":[{\"claim\":\"status\",\"one_of\":[{\"value\":\"A\"}"
	    "]}]}", "/policy/rules/0/one_of/0/until" },
	{ "{\"rules\":[{\"claim\":\"status\",\"one_of\":[{\"value\":\"A\","
	    "\"until\":\"2027\"}]}]}", "/policy/rules/0/one_of/0/until" },
	{ "{\"rules\":[{\"claim\":\"status\",\"one_of\":[{\"value\":1,"
	    "\"until\":\"2027\"}]}]}", "/policy/rules/0/one_of/0/until" },
	{ "{\"rules\":[{\"claim\":\"status\",\"one_of\":[{\"value\":1,"
	    "\"until\":\"2027-01-01T00:00:00Z\"}]}]}",
	    "/policy/rules/0/one_of/0/value" },
	{ "{\"rules\":[{\"claim\":\"status\",\"one_of\":[{"
	    "\"until\":\"2027-01-01T00:00:00Z\"}]}]}",
	    "/policy/rules/0/one_of/0/value" },
	{ "{\"rules\":[{\"claim\":\"boot_components\",\"subset_of\":\"" A64
	    "\"}]}", "/policy/rules/0/subset_of" },
	{ "{\"rules\":[{\"claim\":\"boot_components\",\"subset_of\":[\""
	    A64 "\",\"ab\"]}]}", "/policy/rules/0/subset_of/1" },
	{ "{\"rules\":[{\"claim\":\"pcr.sha256.7\",\"equals\":\"AA\"}]}",
	    "/policy/rules/0/equals" },
	{ "{\"rules\":[{\"claim\":\"measurement\",\"equals\":\"AA\"}]}",
	    "/policy/rules/0/equals" },
	{ "{\"rules\":[{\"claim\":\"measurement\",\"equals\":\"\"}]}",
	    "/policy/rules/0/equals" },
	{ "{\"rules\":[{\"claim\":\"pcr.sha256.7\",\"one_of\":[\"" A64
	    "\",\"" B64 "bb\"]}]}", "/policy/rules/0/one_of/1" },
	{ "{\"rules\":[{\"claim\":\"pcr.sha1.7\",\"equals\":\"" A64 "\"}]}",
	    "/policy/rules/0/equals" },
	{ "{\"rules\":[{\"claim\":\"tpm_firmware_version\","
	    "\"at_least\":-1}]}", "/policy/rules/0/at_least" },
	{ "{\"rules\":[{\"claim\":\"tpm_firmware_version\","
	    "\"at_least\":1.5}]}", "/policy/rules/0/at_least" },
	{ "{\"rules\":[{\"claim\":\"tpm_firmware_version\","
	    "\"at_least\":\"18446744073709551616\"}]}",
	    "/policy/rules/0/at_least" },
	{ "{\"rules\":[{\"claim\":\"tpm_firmware_version\","
	    "\"at_least\":1,\"equals\":2}]}", "/policy/rules/0/at_least" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\",\"equals\":true,"
	    "\"unless\":1}]}", "/policy/rules/0/unless" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\",\"equals\":true},"
	    "{\"claim\":\"hardware_key\",\"equals\":false}]}",
	    "/policy/rules/1" },
	{ "{\"rules\":[{\"claim\":\"status\",\"equals\":\"\"}]}",
	    "/policy/rules/0/equals" },
	{ "{\"formats\":[],\"rules\":[{\"claim\":\"hardware_key\","
	    "\"equals\":true}]}", "/policy/formats" },
	{ "{\"formats\":[\"tpm2\",2],\"rules\":[{\"claim\":\"hardware_key\","
	    "\"equals\":true}]}", "/policy/formats/1" },
	{ "{\"formats\":[\"TPM2\"],\"rules\":[{\"claim\":\"hardware_key\","
	    "\"equals\":true}]}", "/policy/formats/0" },
	{ "{\"rules\":[{\"claim\":\"measurement\",\"in_set\":5}]}",
	    "/policy/rules/0/in_set" },
	{ "{\"rules\":[{\"claim\":\"measurement\",\"in_set\":\"A b\"}]}",
	    "/policy/rules/0/in_set" },
	{ "{\"rules\":[{\"claim\":\"hardware_key\",\"in_set\":\"a\"}]}",
	    "/policy/rules/0/in_set" },
	{ "{\"rule\":1,\"rules\":[{\"claim\":\"hardware_key\","
	    "\"equals\":true}]}", "/policy/rule" },
};

START_TEST(a_document_that_does_not_fit_is_refused_with_its_place)
{
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct policy policy;
		struct err e = read_policy(bad[i].text, &policy);

		ck_assert_msg(e.code == ERR_FIELD, "%s: %s", bad[i].text,
		    err_name(e));
		ck_assert_msg(strcmp(cx->trail->pointer, bad[i].pointer) == 0,
		    "%s: %s: %s", bad[i].text, cx->trail->pointer,
		    cx->trail->tell);
		ctx_forget(cx);
	}
}
END_TEST

static json_t *
many(size_t n, const char *value)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_string(value));
	return array;
}

START_TEST(a_rule_holds_no_more_values_than_its_limit)
{
	struct policy policy;
	json_t *document;

	for (size_t over = 0; over < 2; over++) {
		document = json_keep(cx, json_pack("{s:[{s:s,s:o}]}", "rules",
		    "claim", "pcr.sha256.1", "one_of",
		    many(POLICY_VALUES_MAX + over, A64)));
		ck_assert_int_eq(policy_read(cx, document, "", &policy).code,
		    over == 0 ? ERR_OK : ERR_FIELD);
	}
}
END_TEST

START_TEST(a_document_written_again_is_the_same)
{
	static const char text[] = "{\"formats\":[\"tpm2\",\"key\"],"
	    "\"rules\":[{\"claim\":\"hardware_key\",\"equals\":true},"
	    "{\"claim\":\"pcr.sha256.7\",\"one_of\":[\"" A64 "\",\"" B64
	    "\"]},{\"claim\":\"tpm_firmware_version\",\"at_least\":"
	    "\"9223372036854775808\"},"
	    "{\"claim\":\"tpm_reset_count\",\"one_of\":[0,1]},"
	    "{\"claim\":\"boot_components\",\"subset_of\":[\"" C64 "\"]},"
	    "{\"claim\":\"boot_components\",\"contains\":[\"" C64 "\"]},"
	    "{\"claim\":\"boot_components\",\"none_of\":[\"" A64 "\"]},"
	    "{\"claim\":\"status\",\"one_of\":[\"UpToDate\","
	    UNTIL("OutOfDate", "2027-01-01T00:00:00Z") "]},"
	    "{\"claim\":\"measurement\",\"in_set\":\"pumps\"}]}";
	struct policy policy, again;

	ck_ok(read_policy(text, &policy));
	ck_assert_str_eq(policy_text(cx, &policy), text);
	ck_ok(policy_parse(cx, text, &again));
	ck_assert_str_eq(policy_text(cx, &again), text);
	ck_fails(policy_parse(cx, "{\"rules\":[]}", &again), ERR_STORAGE);
}
END_TEST

static const char *
learned(const char *text, const struct claims *claims,
    const struct policy_learn *learn)
{
	struct policy old, policy;

	ck_ok(read_policy(text, &old));
	ck_ok(policy_learn(cx, &old, claims, learn, &policy));
	ck_ok(policy_parse(cx, policy_text(cx, &policy), &old));
	return policy_text(cx, &policy);
}

START_TEST(what_a_golden_device_shows_is_accepted_beside_what_was_before)
{
	static const char *const names[] = { "pcr.sha256.7" };
	const struct policy_learn learn = { names, 1, true };
	struct claims claims = device();

	ck_assert_str_eq(learned("{\"rules\":[{\"claim\":\"hardware_key\","
	    "\"equals\":true}]}", &claims, &learn),
	    "{\"rules\":[{\"claim\":\"hardware_key\",\"equals\":true},"
	    "{\"claim\":\"pcr.sha256.7\",\"one_of\":[\"" A64 "\"]},"
	    "{\"claim\":\"boot_components\",\"subset_of\":[\"" A64 "\",\""
	    B64 "\"]}]}");
	/* One value becomes one of several; a known one is not added again. */
	ck_assert_str_eq(learned("{\"rules\":[{\"claim\":\"pcr.sha256.7\","
	    "\"equals\":\"" B64 "\"},{\"claim\":\"boot_components\","
	    "\"subset_of\":[\"" C64 "\",\"" A64 "\"]}]}", &claims, &learn),
	    "{\"rules\":[{\"claim\":\"pcr.sha256.7\",\"one_of\":[\"" B64
	    "\",\"" A64 "\"]},{\"claim\":\"boot_components\",\"subset_of\":"
	    "[\"" C64 "\",\"" A64 "\",\"" B64 "\"]}]}");
	ck_assert_str_eq(learned("{\"rules\":[{\"claim\":\"pcr.sha256.7\","
	    "\"equals\":\"" A64 "\"},{\"claim\":\"boot_components\","
	    "\"subset_of\":[\"" B64 "\",\"" A64 "\"]}]}", &claims, &learn),
	    "{\"rules\":[{\"claim\":\"pcr.sha256.7\",\"equals\":\"" A64
	    "\"},{\"claim\":\"boot_components\",\"subset_of\":[\"" B64
	    "\",\"" A64 "\"]}]}");
}
END_TEST

START_TEST(learning_leaves_the_old_policy_as_it_was)
{
	static const char *const names[] = { "pcr.sha256.7" };
	const struct policy_learn learn = { names, 1, false };
	static const char text[] = "{\"rules\":[{\"claim\":\"pcr.sha256.7\","
	    "\"equals\":\"" B64 "\"}]}";
	struct claims claims = device();
	struct policy old, policy;
	struct verdict verdict;

	ck_ok(read_policy(text, &old));
	ck_ok(policy_learn(cx, &old, &claims, &learn, &policy));
	ck_assert_str_eq(policy_text(cx, &old), text);
	policy_appraise(cx, &old, 1, AT, "tpm2", &claims, &verdict);
	ck_assert(failed(verdict.refusal));
	policy_appraise(cx, &policy, 2, AT, "tpm2", &claims, &verdict);
	ck_assert(!failed(verdict.refusal));
}
END_TEST

START_TEST(what_was_not_shown_cannot_be_learned)
{
	static const char *const names[] = { "pcr.sha256.7", "pcr.sha256.9" };
	const struct policy_learn two = { names, 2, false };
	const struct policy_learn boot = { NULL, 0, true };
	struct claims claims = device(), none = claims_in(cx->arena);
	struct policy old, policy;

	ck_ok(read_policy("{\"rules\":[{\"claim\":\"hardware_key\","
	    "\"equals\":true}]}", &old));
	ck_fails(policy_learn(cx, &old, &claims, &two, &policy), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "pcr.sha256.9"));
	ck_fails(policy_learn(cx, &old, &none, &boot, &policy), ERR_CONFLICT);
	claims_add_list(&none, "boot_components", NULL, 0);
	ck_fails(policy_learn(cx, &old, &none, &boot, &policy), ERR_CONFLICT);
}
END_TEST

START_TEST(learning_stops_at_the_limits_of_a_policy)
{
	static const char *const names[] = { "pcr.sha256.7" };
	const struct policy_learn learn = { names, 1, false };
	struct claims claims = device();
	struct policy old, policy;

	ck_ok(policy_read(cx, json_keep(cx, json_pack("{s:[{s:s,s:o}]}",
	    "rules", "claim", "pcr.sha256.7", "one_of",
	    many(POLICY_VALUES_MAX, B64))), "", &old));
	ck_fails(policy_learn(cx, &old, &claims, &learn, &policy),
	    ERR_CONFLICT);
	ck_ok(read_policy("{\"rules\":[{\"claim\":\"pcr.sha256.7\","
	    "\"equals\":\"" B64 "\"},{\"claim\":\"pcr.sha256.7\","
	    "\"one_of\":[\"" A64 "\"]}]}", &old));
	ck_fails(policy_learn(cx, &old, &claims, &learn, &policy),
	    ERR_CONFLICT);
}
END_TEST

START_TEST(what_a_set_decides_is_not_learned_beside_it)
{
	static const char *const names[] = { "pcr.sha256.7" };
	const struct policy_learn learn = { names, 1, false };
	struct claims claims = device();
	struct policy old, policy;

	ck_ok(read_policy("{\"rules\":[{\"claim\":\"pcr.sha256.7\","
	    "\"in_set\":\"pumps\"}]}", &old));
	ck_assert(policy_names_sets(&old));
	ck_fails(policy_learn(cx, &old, &claims, &learn, &policy),
	    ERR_CONFLICT);
}
END_TEST

START_TEST(claims_come_back_from_their_text_as_they_were)
{
	struct claims claims = device(), again;
	const char *text;

	claims_add_uint(&claims, "tpm_clock_ms", UINT64_MAX);
	text = result_claims_text(cx, &claims);
	ck_ok(result_claims_parse(cx, text, &again));
	ck_assert_uint_eq(again.n, claims.n);
	ck_assert_str_eq(result_claims_text(cx, &again), text);
	ck_assert_uint_eq(claims_find(&again, "tpm_clock_ms")->uint,
	    UINT64_MAX);
	ck_assert_str_eq(claims_find(&again, "boot_components")->list.items[1],
	    B64);
	ck_ok(result_claims_parse(cx, "{\"of_another_release\":1}", &again));
	ck_assert_uint_eq(again.n, 0);
	ck_fails(result_claims_parse(cx, "{\"hardware_key\":1}", &again),
	    ERR_STORAGE);
	ck_fails(result_claims_parse(cx, "{\"pcr.sha256.1\":\"xy\"}", &again),
	    ERR_STORAGE);
	ck_fails(result_claims_parse(cx, "[1]", &again), ERR_STORAGE);
}
END_TEST

/* What schema/policy.schema.json says of the claims of one type. */
static const char *
schema_of(const json_t *schema, enum claim_type type)
{
	static const char *const rule_names[] = {
		[CLAIM_BOOL] = "boolRule", [CLAIM_UINT] = "uintRule",
		[CLAIM_TEXT] = "textRule", [CLAIM_BYTES] = "bytesRule",
		[CLAIM_LIST] = "listRule",
	};
	const json_t *claim = json_object_get(json_object_get(json_object_get(
	    json_object_get(schema, "$defs"), rule_names[type]), "properties"),
	    "claim");

	ck_assert_ptr_nonnull(claim);
	return (const char *)json_text(cx, claim).p;
}

START_TEST(the_schema_knows_every_claim_and_its_type)
{
	const char *folder = getenv("srcdir");
	const struct claim_kind *kinds;
	struct slice text;
	json_t *schema;
	size_t n;

	ck_ok(file_read(cx, arena_printf(cx->arena,
	    "%s/schema/policy.schema.json", folder == NULL ? "." : folder),
	    POLICY_TEXT_MAX, &text));
	ck_ok(json_parse(cx, text, &schema));
	kinds = claim_kinds(&n);
	for (size_t i = 0; i < n; i++) {
		size_t length = strcspn(kinds[i].name, ".");
		char *name = arena_strndup(cx->arena, kinds[i].name, length);

		ck_assert_msg(strstr(schema_of(schema, kinds[i].type), name)
		    != NULL, "%s", kinds[i].name);
	}
}
END_TEST

UNIT_MAIN("policy text",
    a_document_that_does_not_fit_is_refused_with_its_place,
    a_rule_holds_no_more_values_than_its_limit,
    a_document_written_again_is_the_same,
    what_a_golden_device_shows_is_accepted_beside_what_was_before,
    learning_leaves_the_old_policy_as_it_was,
    what_was_not_shown_cannot_be_learned,
    learning_stops_at_the_limits_of_a_policy,
    what_a_set_decides_is_not_learned_beside_it,
    claims_come_back_from_their_text_as_they_were,
    the_schema_knows_every_claim_and_its_type)
