/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/policies.h"

#include "policy/appraise.h"

static unsigned
worst_of(const struct verdict *v)
{
	unsigned worst = 0;

	for (size_t i = 0; i < AR4SI_ELEMENTS; i++)
		if (v->vector[i] > worst)
			worst = v->vector[i];
	return worst;
}

static struct verdict
appraise(const char *text, const struct claims *claims)
{
	struct policy policy;
	struct verdict verdict;

	ck_ok(read_policy(text, &policy));
	policy_appraise(cx, &policy, 3, AT, "tpm2", claims, &verdict);
	ck_assert_int_eq(verdict.policy_version, 3);
	ck_assert_str_eq(verdict.tier, failed(verdict.refusal) ?
	    "contraindicated" : ar4si_tier_name(worst_of(&verdict)));
	ck_assert_int_eq(failed(verdict.refusal), verdict.detail[0] != '\0');
	return verdict;
}

/* Rules over what device() shows: met or not, with which code. */
static const struct {
	const char	*rule;
	enum err_code	 code;
	const char	*found;		/* in the detail */
} rules[] = {
	{ "{\"claim\":\"hardware_key\",\"equals\":true}", ERR_OK, "" },
	{ "{\"claim\":\"hardware_key\",\"equals\":false}",
	    ERR_POLICY_KEY, "is true" },
	{ "{\"claim\":\"pcr.sha256.7\",\"equals\":\"" A64 "\"}", ERR_OK, "" },
	{ "{\"claim\":\"pcr.sha256.7\",\"equals\":\"" B64 "\"}",
	    ERR_POLICY_MEASUREMENT, "is " A64 },
	{ "{\"claim\":\"pcr.sha256.7\",\"one_of\":[\"" B64 "\",\"" A64 "\"]}",
	    ERR_OK, "" },
	{ "{\"claim\":\"pcr.sha256.7\",\"one_of\":[\"" B64 "\",\"" C64 "\"]}",
	    ERR_POLICY_MEASUREMENT, "is " A64 },
	{ "{\"claim\":\"pcr.sha256.0\",\"one_of\":[\"" A64 "\"]}",
	    ERR_POLICY_MEASUREMENT, "pcr.sha256.0 was not shown" },
	{ "{\"claim\":\"tpm_firmware_version\",\"at_least\":7}", ERR_OK, "" },
	{ "{\"claim\":\"tpm_firmware_version\",\"at_least\":6}", ERR_OK, "" },
	{ "{\"claim\":\"tpm_firmware_version\",\"at_least\":8}",
	    ERR_POLICY_TCB, "is 7, below 8" },
	{ "{\"claim\":\"tpm_firmware_version\",\"at_least\":"
	    "\"18446744073709551615\"}", ERR_POLICY_TCB, "below 1844674" },
	{ "{\"claim\":\"tpm_firmware_version\",\"equals\":7}", ERR_OK, "" },
	{ "{\"claim\":\"tpm_firmware_version\",\"one_of\":[6,7]}",
	    ERR_OK, "" },
	{ "{\"claim\":\"tpm_firmware_version\",\"one_of\":[6,8]}",
	    ERR_POLICY_TCB, "is 7" },
	{ "{\"claim\":\"tpm_manufacturer\",\"equals\":\"00001014\"}",
	    ERR_OK, "" },
	{ "{\"claim\":\"tpm_manufacturer\",\"one_of\":[\"49465800\"]}",
	    ERR_POLICY_CLAIM, "is 00001014" },
	{ "{\"claim\":\"boot_components\",\"subset_of\":[\"" A64 "\",\"" B64
	    "\",\"" C64 "\"]}", ERR_OK, "" },
	{ "{\"claim\":\"boot_components\",\"subset_of\":[\"" A64 "\",\"" C64
	    "\"]}", ERR_POLICY_BOOT, "has " B64 },
	{ "{\"claim\":\"boot_components\",\"contains\":[\"" B64 "\"]}",
	    ERR_OK, "" },
	{ "{\"claim\":\"boot_components\",\"contains\":[\"" B64 "\",\"" C64
	    "\"]}", ERR_POLICY_BOOT, "lacks " C64 },
	{ "{\"claim\":\"boot_components\",\"none_of\":[\"" C64 "\"]}",
	    ERR_OK, "" },
	{ "{\"claim\":\"boot_components\",\"none_of\":[\"" C64 "\",\"" B64
	    "\"]}", ERR_POLICY_BOOT, "has " B64 },
	{ "{\"claim\":\"tpm_firmware_version\",\"none_of\":[6,8]}",
	    ERR_OK, "" },
	{ "{\"claim\":\"tpm_firmware_version\",\"none_of\":[6,7]}",
	    ERR_POLICY_TCB, "is 7" },
	{ "{\"claim\":\"pcr.sha256.7\",\"none_of\":[\"" A64 "\"]}",
	    ERR_POLICY_MEASUREMENT, "is " A64 },
	/* What was not shown might be the very thing. */
	{ "{\"claim\":\"measurement\",\"none_of\":[\"" A64 "\"]}",
	    ERR_POLICY_MEASUREMENT, "was not shown" },
	{ "{\"claim\":\"secure_boot\",\"equals\":true}",
	    ERR_POLICY_BOOT, "secure_boot was not shown" },
	/* Not even a rule that asks for false is met by silence. */
	{ "{\"claim\":\"debug\",\"equals\":false}",
	    ERR_POLICY_BOOT, "debug was not shown" },
	{ "{\"claim\":\"boot_authorities\",\"subset_of\":[\"" A64 "\"]}",
	    ERR_POLICY_BOOT, "was not shown" },
	{ "{\"claim\":\"status\",\"equals\":\"UpToDate\"}",
	    ERR_POLICY_TCB, "was not shown" },
};

START_TEST(a_rule_is_met_by_its_claim_alone_and_fails_with_its_code)
{
	struct claims claims = device();

	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		struct verdict verdict = appraise(arena_printf(cx->arena,
		    "{\"rules\":[%s]}", rules[i].rule), &claims);

		ck_assert_msg(verdict.refusal.code == rules[i].code,
		    "%s: %s", rules[i].rule, err_name(verdict.refusal));
		ck_assert_msg(strstr(verdict.detail, rules[i].found) != NULL,
		    "%s: %s", rules[i].rule, verdict.detail);
	}
}
END_TEST

START_TEST(every_rule_must_be_met_and_the_first_that_is_not_decides)
{
	struct claims claims = device();
	struct verdict verdict = appraise("{\"rules\":["
	    "{\"claim\":\"hardware_key\",\"equals\":true},"
	    "{\"claim\":\"tpm_firmware_version\",\"at_least\":8},"
	    "{\"claim\":\"pcr.sha256.7\",\"equals\":\"" B64 "\"}]}", &claims);

	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_TCB);
	ck_assert_str_eq(verdict.claim, "tpm_firmware_version");
	ck_assert_str_eq(verdict.detail,
	    "rule 1: tpm_firmware_version is 7, below 8");
}
END_TEST

START_TEST(evidence_of_another_format_is_refused_before_any_rule)
{
	struct claims claims = device();
	struct verdict verdict = appraise("{\"formats\":[\"key\",\"psa\"],"
	    "\"rules\":[{\"claim\":\"hardware_key\",\"equals\":false}]}",
	    &claims);

	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_FORMAT);
	verdict = appraise("{\"formats\":[\"key\",\"tpm2\"],"
	    "\"rules\":[{\"claim\":\"hardware_key\",\"equals\":true}]}",
	    &claims);
	ck_assert_int_eq(verdict.refusal.code, ERR_OK);
}
END_TEST

START_TEST(an_empty_list_is_a_subset_of_anything)
{
	struct claims claims = claims_in(cx->arena);
	struct verdict verdict;

	claims_add_list(&claims, "boot_components", NULL, 0);
	verdict = appraise("{\"rules\":[{\"claim\":\"boot_components\","
	    "\"subset_of\":[]}]}", &claims);
	ck_assert_int_eq(verdict.refusal.code, ERR_OK);
}
END_TEST

/* A rule and what comes of it while its end is ahead. */

START_TEST(a_value_with_an_end_is_accepted_with_a_warning_until_then)
{
	static const struct {
		const char *rule, *tier; int64_t until_s; const char *found;
	} cases[] = {
		{ "{\"claim\":\"tpm_manufacturer\",\"one_of\":["
		    UNTIL("00001014", "2027-01-15T08:00:01Z") "]}",
		    "warning", AT + 1, "" },
		{ "{\"claim\":\"tpm_manufacturer\",\"one_of\":["
		    UNTIL("00001014", "2027-01-15T08:00:00Z") "]}",
		    "contraindicated", 0,
		    "accepted until 2027-01-15T08:00:00Z" },
		{ "{\"claim\":\"tpm_manufacturer\",\"one_of\":["
		    UNTIL("00001014", "2027-01-15T08:00:00Z")
		    ",\"00001014\"]}", "affirming", 0, "" },
		{ "{\"claim\":\"boot_components\",\"subset_of\":[\"" A64 "\","
		    UNTIL(B64, "2028-01-01T00:00:00Z") "]}",
		    "warning", 1830297600, "" },
		{ "{\"claim\":\"boot_components\",\"subset_of\":[\"" A64 "\","
		    UNTIL(B64, "2026-01-01T00:00:00Z") "]}",
		    "contraindicated", 0, "has " B64 },
	};
	struct claims claims = device();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct verdict verdict = appraise(arena_printf(cx->arena,
		    "{\"rules\":[%s]}", cases[i].rule), &claims);

		ck_assert_msg(strcmp(verdict.tier, cases[i].tier) == 0,
		    "%zu: %s %s", i, verdict.tier, verdict.detail);
		ck_assert_int_eq(verdict.until_s, cases[i].until_s);
		ck_assert_msg(strstr(verdict.detail, cases[i].found) != NULL,
		    "%zu: %s", i, verdict.detail);
	}
}
END_TEST

START_TEST(the_earliest_end_of_several_is_told)
{
	struct claims claims = device();
	struct verdict verdict = appraise("{\"rules\":["
	    "{\"claim\":\"tpm_manufacturer\",\"one_of\":["
	    UNTIL("00001014", "2027-03-01T00:00:00Z") "]},"
	    "{\"claim\":\"pcr.sha256.7\",\"one_of\":["
	    UNTIL(A64, "2027-02-01T00:00:00Z") "]}]}", &claims);

	ck_assert_str_eq(verdict.tier, "warning");
	ck_assert_str_eq(text_time_dup(cx->arena, verdict.until_s),
	    "2027-02-01T00:00:00Z");
	ck_assert_int_eq(verdict.vector[AR4SI_EXECUTABLES], AR4SI_WARNING);
}
END_TEST

/* A device that could be debugged, or whose TCB is not up to date. */
static struct claims
suspect(bool debug, const char *status)
{
	struct claims claims = device();

	claims_add_bool(&claims, "debug", debug);
	claims_add_text(&claims, "status", status);
	return claims;
}

#define ANY_RULE "{\"claim\":\"hardware_key\",\"equals\":true}"

START_TEST(a_debug_platform_is_refused_unless_the_policy_says_otherwise)
{
	struct claims fine = suspect(false, "UpToDate");
	struct claims claims = suspect(true, "UpToDate");
	struct verdict verdict;

	verdict = appraise("{\"rules\":[" ANY_RULE "]}", &fine);
	ck_assert_str_eq(verdict.tier, "affirming");
	verdict = appraise("{\"rules\":[" ANY_RULE "]}", &claims);
	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_BOOT);
	ck_assert_str_eq(verdict.claim, "debug");
	ck_assert_str_eq(verdict.detail, "by default: debug is true");
	ck_assert_int_eq(verdict.vector[AR4SI_CONFIGURATION], AR4SI_CONTRAINDICATED);
	verdict = appraise("{\"rules\":[" ANY_RULE ","
	    "{\"claim\":\"debug\",\"equals\":true}]}", &claims);
	ck_assert_str_eq(verdict.tier, "warning");
	ck_assert_int_eq(verdict.vector[AR4SI_CONFIGURATION], AR4SI_WARNING);
	ck_assert_int_eq(verdict.until_s, 0);
}
END_TEST

/* An SNP guest. */
static struct claims
guest(bool migrates, bool provisional, uint64_t vmpl)
{
	struct claims claims = device();

	claims_add_bool(&claims, "migration_agent", migrates);
	claims_add_bool(&claims, "provisional_firmware", provisional);
	claims_add_uint(&claims, "vmpl", vmpl);
	return claims;
}

START_TEST(a_guest_that_its_owner_cannot_want_is_refused_by_default)
{
	struct claims fine = guest(false, false, 0);
	struct claims migrates = guest(true, false, 0);
	struct claims provisional = guest(false, true, 0);
	struct claims low = guest(false, false, 1);
	struct verdict verdict;

	verdict = appraise("{\"rules\":[" ANY_RULE "]}", &fine);
	ck_assert_str_eq(verdict.tier, "affirming");
	verdict = appraise("{\"rules\":[" ANY_RULE "]}", &migrates);
	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_BOOT);
	ck_assert_str_eq(verdict.claim, "migration_agent");
	verdict = appraise("{\"rules\":[" ANY_RULE "]}", &provisional);
	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_TCB);
	ck_assert_str_eq(verdict.claim, "provisional_firmware");
	verdict = appraise("{\"rules\":[" ANY_RULE "]}", &low);
	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_BOOT);
	ck_assert_str_eq(verdict.detail, "by default: vmpl is 1");
	verdict = appraise("{\"rules\":[{\"claim\":\"vmpl\","
	    "\"one_of\":[0,1]}]}", &low);
	ck_assert_str_eq(verdict.tier, "affirming");
}
END_TEST

/* A device of which that is all that there is to say. */
static struct verdict
verdict_on_text(const char *policy, const char *claim, const char *text)
{
	struct claims claims = device();

	claims_add_text(&claims, claim, text);
	return appraise(policy, &claims);
}

static struct verdict
verdict_on_bool(const char *policy, const char *claim, bool value)
{
	struct claims claims = device();

	claims_add_bool(&claims, claim, value);
	return appraise(policy, &claims);
}

#define ANY_POLICY	"{\"rules\":[" ANY_RULE "]}"

START_TEST(what_did_not_boot_as_its_maker_meant_is_refused_by_default)
{
	static const struct { const char *claim, *good, *bad, *bad_tier; }
	texts[] = {
		{ "lifecycle_state", "secured", "assembly-and-test",
		    "warning" },
		{ "verified_boot_state", "verified", "self-signed",
		    "affirming" },
		{ "verified_boot_state", "verified", "unverified",
		    "affirming" },
	};
	static const struct { const char *claim; bool good; } bools[] = {
		{ "device_locked", true }, { "migratable", false },
	};
	struct verdict v;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		v = verdict_on_text(ANY_POLICY, texts[i].claim, texts[i].good);
		ck_assert_str_eq(v.tier, "affirming");
		v = verdict_on_text(ANY_POLICY, texts[i].claim, texts[i].bad);
		ck_assert_int_eq(v.refusal.code, ERR_POLICY_BOOT);
		ck_assert_str_eq(v.claim, texts[i].claim);
		v = verdict_on_text(arena_printf(cx->arena, "{\"rules\":[{"
		    "\"claim\":\"%s\",\"equals\":\"%s\"}]}", texts[i].claim,
		    texts[i].bad), texts[i].claim, texts[i].bad);
		ck_assert_str_eq(v.tier, texts[i].bad_tier);
	}
	for (size_t i = 0; i < COUNT_OF(bools); i++) {
		v = verdict_on_bool(ANY_POLICY, bools[i].claim, bools[i].good);
		ck_assert_str_eq(v.tier, "affirming");
		v = verdict_on_bool(ANY_POLICY, bools[i].claim, !bools[i].good);
		ck_assert_int_eq(v.refusal.code, ERR_POLICY_BOOT);
		v = verdict_on_bool(arena_printf(cx->arena, "{\"rules\":[{"
		    "\"claim\":\"%s\",\"equals\":%s}]}", bools[i].claim,
		    bools[i].good ? "false" : "true"), bools[i].claim,
		    !bools[i].good);
		ck_assert_str_eq(v.tier, "affirming");
	}
}
END_TEST

START_TEST(a_rule_over_the_number_of_a_life_cycle_is_one_over_its_name)
{
	struct claims claims = device();
	struct verdict v;

	claims_add_uint(&claims, "security_lifecycle", 0x2000);
	claims_add_text(&claims, "lifecycle_state", "rot-provisioning");
	v = appraise(ANY_POLICY, &claims);
	ck_assert_str_eq(v.detail,
	    "by default: lifecycle_state is rot-provisioning");
	v = appraise("{\"rules\":[{\"claim\":\"security_lifecycle\","
	    "\"one_of\":[8192]}]}", &claims);
	ck_assert_str_eq(v.tier, "warning");
}
END_TEST

START_TEST(a_tcb_out_of_date_is_refused_unless_the_policy_says_otherwise)
{
	struct claims claims = suspect(false, "OutOfDate");
	struct verdict verdict;

	verdict = appraise("{\"rules\":[" ANY_RULE "]}", &claims);
	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_TCB);
	ck_assert_str_eq(verdict.claim, "status");
	ck_assert_int_eq(verdict.vector[AR4SI_HARDWARE], AR4SI_CONTRAINDICATED);
	verdict = appraise("{\"rules\":[{\"claim\":\"status\","
	    "\"one_of\":[\"UpToDate\"," UNTIL("OutOfDate",
	    "2027-02-01T00:00:00Z") "]}]}", &claims);
	ck_assert_str_eq(verdict.tier, "warning");
	ck_assert_int_eq(verdict.vector[AR4SI_HARDWARE], AR4SI_WARNING);
	/* For good: what it is stays what it is. */
	verdict = appraise("{\"rules\":[{\"claim\":\"status\","
	    "\"equals\":\"OutOfDate\"}]}", &claims);
	ck_assert_str_eq(verdict.tier, "warning");
	ck_assert_int_eq(verdict.vector[AR4SI_HARDWARE], AR4SI_WARNING);
}
END_TEST

START_TEST(a_rule_that_only_excludes_accepts_nothing)
{
	static const char none_of[] = "{\"rules\":[{\"claim\":\"status\","
	    "\"none_of\":[\"Revoked\"]}]}";
	struct claims claims = suspect(false, "OutOfDate");
	struct verdict verdict = appraise(none_of, &claims);

	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_TCB);
	ck_assert_str_eq(verdict.detail, "by default: status is OutOfDate");
	claims = suspect(false, "UpToDate");
	verdict = appraise(none_of, &claims);
	ck_assert_str_eq(verdict.tier, "affirming");
}
END_TEST

START_TEST(the_vector_speaks_of_what_the_policy_asked)
{
	struct claims claims = device();
	struct verdict verdict = appraise("{\"rules\":[" ANY_RULE ","
	    "{\"claim\":\"pcr.sha256.7\",\"equals\":\"" A64 "\"},"
	    "{\"claim\":\"tpm_firmware_version\",\"at_least\":8}]}",
	    &claims);

	for (unsigned i = 0; i < AR4SI_ELEMENTS; i++) {
		static const uint8_t expected[AR4SI_ELEMENTS] = {
			[AR4SI_INSTANCE_IDENTITY] = AR4SI_AFFIRMING,
			[AR4SI_STORAGE_OPAQUE] = AR4SI_AFFIRMING,
			[AR4SI_EXECUTABLES] = AR4SI_AFFIRMING,
			[AR4SI_HARDWARE] = AR4SI_CONTRAINDICATED,
		};

		ck_assert_msg(verdict.vector[i] == expected[i], "%s is %u",
		    ar4si_element_name(i), verdict.vector[i]);
	}
}
END_TEST

START_TEST(a_policy_without_a_rule_denies_everything)
{
	struct claims claims = device();
	struct policy policy = { 0 };
	struct verdict verdict;

	policy_appraise(cx, &policy, 1, AT, "tpm2", &claims, &verdict);
	ck_assert_int_eq(verdict.refusal.code, ERR_POLICY_CLAIM);
}
END_TEST

UNIT_MAIN("policy",
    a_rule_is_met_by_its_claim_alone_and_fails_with_its_code,
    every_rule_must_be_met_and_the_first_that_is_not_decides,
    evidence_of_another_format_is_refused_before_any_rule,
    an_empty_list_is_a_subset_of_anything,
    a_value_with_an_end_is_accepted_with_a_warning_until_then,
    the_earliest_end_of_several_is_told,
    a_debug_platform_is_refused_unless_the_policy_says_otherwise,
    a_guest_that_its_owner_cannot_want_is_refused_by_default,
    what_did_not_boot_as_its_maker_meant_is_refused_by_default,
    a_rule_over_the_number_of_a_life_cycle_is_one_over_its_name,
    a_tcb_out_of_date_is_refused_unless_the_policy_says_otherwise,
    a_rule_that_only_excludes_accepts_nothing,
    the_vector_speaks_of_what_the_policy_asked,
    a_policy_without_a_rule_denies_everything)
