/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "cli/cli.h"

static struct parsed	line;

static struct cli
a_cli(const char *tenant)
{
	line = (struct parsed){ .command = NULL };
	return (struct cli){
		.cx = cx, .line = &line, .out = stdout,
		.settings = { .tenant = tenant },
	};
}

START_TEST(a_name_cannot_leave_its_place_in_a_path)
{
	ck_assert_str_eq(cli_path(cx, "/v1/{}/x/{}", "a/../b", "c?d#e%f g"),
	    "/v1/a%2F..%2Fb/x/c%3Fd%23e%25f%20g");
	ck_assert_str_eq(cli_path(cx, "/v1/{}", "gr\u00fc"),
	    "/v1/gr%C3%BC");
	ck_assert_str_eq(cli_query(cx, cli_query(cx, "/v1", "a", "b&c=d"),
	    "e", "+"), "/v1?a=b%26c%3Dd&e=%2B");
	ck_assert_str_eq(cli_query(cx, "/v1", "a", NULL), "/v1");
}
END_TEST

START_TEST(a_hardware_id_becomes_its_device_id)
{
	ck_assert_str_eq(cli_device_id(cx, "tpm-ek:00"), "785fc7da07d82870e33224c5d450c418"
	    "38d9ee4198c5c00546b6f25d91dc0e7b");
	ck_assert_str_eq(cli_device_id(cx, "abc"), "abc");
}
END_TEST

START_TEST(tenant_or_platform_must_be_said)
{
	struct cli cli = a_cli(NULL);
	const char *path;

	ck_fails(cli_tenant_path(&cli, "/x", &path), ERR_PARAMETER);
	ck_fails(cli_scope_path(&cli, "/x", &path), ERR_PARAMETER);
	line.options[OPT_PLATFORM] = "";
	ck_ok(cli_scope_path(&cli, "/x", &path));
	ck_assert_str_eq(path, "/v1/x");
	line.options[OPT_TENANT] = "a";
	ck_fails(cli_scope_path(&cli, "/x", &path), ERR_PARAMETER);
	cli = a_cli("a");
	ck_ok(cli_scope_path(&cli, "/x", &path));
	ck_assert_str_eq(path, "/v1/tenants/a/x");
}
END_TEST

START_TEST(failures_have_the_exit_status_that_the_manual_promises)
{
	static const struct { const char *code; unsigned status; int exit; }
	    cases[] = {
		{ "server.internal", 500, 1 }, { "request.json", 400, 1 },
		{ "request.field", 400, 2 }, { "request.parameter", 400, 2 },
		{ "policy.measurement", 403, 3 }, { "claim.none", 403, 3 },
		{ "resource.not-found", 404, 4 }, { "request.route", 404, 4 },
		{ "claim.taken", 409, 5 }, { "resource.exists", 409, 5 },
		{ "auth.token", 401, 6 }, { "auth.forbidden", 403, 6 },
		{ "server.busy", 503, 7 }, { "pacing.too-early", 429, 7 },
		/* Codes that a newer server may have. */
		{ "new.code", 401, 6 }, { "new.code", 403, 6 },
		{ "new.code", 404, 4 }, { "new.code", 409, 5 },
		{ "new.code", 429, 7 }, { "new.code", 503, 7 },
		{ "new.code", 418, 1 }, { "new.code", 500, 1 },
		{ "ok", 500, 1 }, { "", 404, 4 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ck_assert_int_eq(cli_exit_of(client_err_of(cases[i].code,
		    cases[i].status)), cases[i].exit);
	ck_assert_int_eq(cli_exit_of(OK), 0);
	ck_assert_int_eq(cli_exit_of((struct err){ ERR_HTTP }), 7);
}
END_TEST

START_TEST(values_that_are_no_numbers_or_times_are_refused)
{
	struct cli cli = a_cli("a");
	json_t *object = json_keep(cx, json_object());

	line.options[OPT_LIFETIME] = "24h";
	ck_ok(cli_put_seconds(&cli, object, "lifetime_s", OPT_LIFETIME));
	ck_assert_int_eq(json_integer_value(json_object_get(object,
	    "lifetime_s")), 86400);
	line.options[OPT_BACKDATE] = "0";
	ck_ok(cli_put_seconds(&cli, object, "backdate_s", OPT_BACKDATE));
	line.options[OPT_LIFETIME] = "-1";
	ck_fails(cli_put_seconds(&cli, object, "x", OPT_LIFETIME),
	    ERR_PARAMETER);
	line.options[OPT_RENEW_AFTER] = "101";
	ck_fails(cli_put_number(&cli, object, "x", OPT_RENEW_AFTER, 100),
	    ERR_PARAMETER);
	line.options[OPT_EXPIRES_AT] = "tomorrow";
	ck_fails(cli_put_expiry(&cli, object), ERR_PARAMETER);
	line.options[OPT_EXPIRES_AT] = "2027-01-31T00:00:00Z";
	ck_ok(cli_put_expiry(&cli, object));
	line.options[OPT_EXPIRES_IN] = "30d";
	ck_fails(cli_put_expiry(&cli, object), ERR_PARAMETER);
}
END_TEST

UNIT_MAIN("cli", a_name_cannot_leave_its_place_in_a_path,
    a_hardware_id_becomes_its_device_id, tenant_or_platform_must_be_said,
    failures_have_the_exit_status_that_the_manual_promises,
    values_that_are_no_numbers_or_times_are_refused)
