/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/settings.h"

static const char	*variables[8];	/* name, value, ... */
static char		 folder[] = "/tmp/daapki-settings-XXXXXX";

static const char *
environment(const char *name)
{
	for (size_t i = 0; i + 1 < COUNT_OF(variables); i += 2)
		if (variables[i] != NULL && strcmp(variables[i], name) == 0)
			return variables[i + 1];
	return NULL;
}

static const char *
file_with(const char *name, mode_t mode, const char *text)
{
	const char *path = arena_printf(cx->arena, "%s/%s", folder, name);

	ck_ok(file_replace(cx, path, mode, slice_text(text)));
	return path;
}

static void
begin(void)
{
	memset(variables, 0, sizeof(variables));
	memcpy(folder, "/tmp/daapki-settings-XXXXXX", sizeof(folder));
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void
end(void)
{
	static const char *const names[] = { "conf", "token" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		(void)unlink(arena_printf(cx->arena, "%s/%s", folder,
		    names[i]));
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(an_option_goes_before_the_environment_and_that_before_the_file)
{
	struct parsed line = { .options = { [OPT_TENANT] = "from-option" } };
	struct settings s;

	begin();
	line.options[OPT_CONFIG] = file_with("conf", 0644,
	    "# a comment\n\n url = https://file:1 \ntenant=from-file\n"
	    "ca_file = /file.pem\n");
	variables[0] = "DAACTL_TENANT", variables[1] = "from-environment";
	variables[2] = "DAACTL_URL", variables[3] = "https://environment:2";
	ck_ok(settings_read(cx, &line, environment, &s));
	ck_assert_str_eq(s.tenant, "from-option");
	ck_assert_str_eq(s.url, "https://environment:2");
	ck_assert_str_eq(s.ca_file, "/file.pem");
	end();
}
END_TEST

START_TEST(a_file_that_is_not_understood_is_refused)
{
	static const char *const wrong[] = {
		"url\n", "nonsense = 1\n", "= 1\n", "[section]\n",
		"url = http://plain:8444\n", "url = https://\n",
		"url = https://user@host\n", "url = https://host?x\n",
	};
	struct parsed line = { .command = NULL };
	struct settings s;

	begin();
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		line.options[OPT_CONFIG] = file_with("conf", 0644, wrong[i]);
		ck_fails(settings_read(cx, &line, environment, &s),
		    ERR_PARAMETER);
	}
	end();
	line.options[OPT_CONFIG] = "/nonexistent/daactl.conf";
	ck_fails(settings_read(cx, &line, environment, &s), ERR_IO);
}
END_TEST

START_TEST(a_file_with_a_token_must_not_be_readable_by_others)
{
	struct parsed line = { .command = NULL };
	struct settings s;
	const char *token;

	begin();
	line.options[OPT_CONFIG] = file_with("conf", 0640, "token = abc\n");
	ck_fails(settings_read(cx, &line, environment, &s), ERR_CONFIG);
	line.options[OPT_CONFIG] = file_with("conf", 0600, "token = abc\n");
	ck_ok(settings_read(cx, &line, environment, &s));
	ck_ok(settings_token(cx, &s, &token));
	ck_assert_str_eq(token, "abc");
	s.token_file = file_with("token", 0644, "def\n");
	ck_fails(settings_token(cx, &s, &token), ERR_CONFIG);
	end();
}
END_TEST

START_TEST(the_nearest_token_is_taken)
{
	struct parsed line = { .command = NULL };
	struct settings s;
	const char *token;

	begin();
	line.options[OPT_CONFIG] = file_with("conf", 0600,
	    "token_file = /nonexistent\ntoken = in-file\n");
	variables[0] = "DAACTL_TOKEN", variables[1] = "in-environment";
	ck_ok(settings_read(cx, &line, environment, &s));
	ck_ok(settings_token(cx, &s, &token));
	ck_assert_str_eq(token, "in-environment");

	line.options[OPT_TOKEN_FILE] = file_with("token", 0600,
	    "of-the-option\n");
	ck_ok(settings_read(cx, &line, environment, &s));
	ck_ok(settings_token(cx, &s, &token));
	ck_assert_str_eq(token, "of-the-option");
	end();
}
END_TEST

START_TEST(a_token_that_could_break_a_header_is_refused)
{
	static const char *const wrong[] = {
		"", "a b", "a\r\nX-Evil: 1", "a\tb", "\xc3\xa9",
	};
	struct settings s = { .token = NULL };
	const char *token;

	ck_fails(settings_token(cx, &s, &token), ERR_AUTH_REQUIRED);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		s.token = wrong[i];
		ck_fails(settings_token(cx, &s, &token), ERR_AUTH_REQUIRED);
		ck_assert_ptr_null(strstr(cx->trail->note, "Evil"));
	}
}
END_TEST

UNIT_MAIN("cli_settings",
    an_option_goes_before_the_environment_and_that_before_the_file,
    a_file_that_is_not_understood_is_refused,
    a_file_with_a_token_must_not_be_readable_by_others,
    the_nearest_token_is_taken, a_token_that_could_break_a_header_is_refused)
