/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include <unistd.h>

#include "base/file.h"
#include "server/settings.h"

static const char *const no_env[] = { NULL };
static char folder[] = "/tmp/daapki-settings-XXXXXX";

static void
remove_folder(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/test.conf", folder);
	(void)unlink(path);
	(void)rmdir(folder);
}

/* A file with that text, and --config= naming it. */
static char *
flag_for_file(const char *text)
{
	char *path;

	if (strstr(folder, "XXXXXX") != NULL) {
		ck_assert_ptr_nonnull(mkdtemp(folder));
		ck_assert_int_eq(atexit(remove_folder), 0);
	}
	path = arena_printf(cx->arena, "%s/test.conf", folder);
	ck_ok(file_replace(cx, path, 0600, slice_text(text)));
	return arena_printf(cx->arena, "--config=%s", path);
}

static struct err
load_file(const char *text, struct settings *out)
{
	const char *args[] = { flag_for_file(text) };

	return settings_load(cx, 1, args, no_env, out);
}

static void
refused(const char *text, const char *where)
{
	struct settings s;

	ck_fails(load_file(text, &s), ERR_CONFIG);
	ck_assert_msg(strstr(cx->trail->tell, where) != NULL,
	    "%s does not say %s", cx->trail->tell, where);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "test.conf"));
}

START_TEST(without_anything_the_defaults_hold)
{
	struct settings s;

	ck_ok(load_file("", &s));
	ck_assert_str_eq(s.device_listen, "0.0.0.0:8443");
	ck_assert_str_eq(s.operator_listen, "127.0.0.1:8444");
	ck_assert_str_eq(s.db_path, "/var/lib/daapki/daapki.db");
	ck_assert_str_eq(s.master_key_file, "/var/lib/daapki.signer/master.key");
	ck_assert_int_eq(s.nonce_life_s, 300);
	ck_assert_int_eq(s.log_level, LOG_LEVEL_INFO);
	ck_assert_uint_ge(s.n_names, 2);
	ck_assert_str_eq(s.names[0], "localhost");
	ck_assert_int_eq(s.from[SET_workers], FROM_DEFAULT);
}
END_TEST

START_TEST(a_flag_wins_over_the_environment_and_that_over_the_file)
{
	char *flag_file = flag_for_file("[load]\nworkers = 3\nqueue_max = 3\n"
	    "io_threads = 3\n");
	const char *const env[] = {
		"DAAPKI_WORKERS=4", "DAAPKI_QUEUE_MAX=4", "OTHER=1",
		"DAAPKI_WORKERSX=9", NULL,
	};
	const char *args[] = { flag_file, "--workers", "5" };
	struct settings s;

	ck_ok(settings_load(cx, 3, args, env, &s));
	ck_assert_int_eq(s.workers, 5);
	ck_assert_int_eq(s.queue_max, 4);
	ck_assert_int_eq(s.io_threads, 3);
	ck_assert_int_eq(s.from[SET_workers], FROM_FLAG);
	ck_assert_int_eq(s.from[SET_queue_max], FROM_ENVIRONMENT);
	ck_assert_int_eq(s.from[SET_io_threads], FROM_FILE);
}
END_TEST

START_TEST(the_environment_may_name_the_file)
{
	const char *flag = flag_for_file("[load]\nworkers = 6\n");
	const char *const env[] = {
		arena_printf(cx->arena, "DAAPKI_CONFIG=%s", strchr(flag, '/')),
		NULL,
	};
	struct settings s;

	ck_ok(settings_load(cx, 0, NULL, env, &s));
	ck_assert_int_eq(s.workers, 6);
}
END_TEST

START_TEST(an_unknown_key_is_refused_with_file_and_line)
{
	refused("[load]\nworkers = 3\nworker = 3\n", "line 3: unknown key");
	refused("# a comment\n\n[load]\n\ncolour = 3\n", "line 5");
}
END_TEST

START_TEST(a_key_in_another_section_is_refused)
{
	refused("[server]\nworkers = 3\n", "line 2: workers belongs in [load]");
	refused("workers = 3\n", "line 1");
}
END_TEST

START_TEST(a_key_given_twice_is_refused)
{
	refused("[load]\nworkers = 3\nworkers = 4\n", "line 3");
	/* libinih gives a line that begins with white space to the last key. */
	refused("[load]\nworkers = 3\n 4\n", "line 3");
}
END_TEST

START_TEST(a_line_that_is_no_setting_is_refused_with_its_number)
{
	refused("[load]\nworkers = 3\nhello\nworker = 1\n", "line 3: neither");
	refused("[load\n", "line 1");
}
END_TEST

START_TEST(a_line_that_the_reader_would_split_is_refused)
{
	char text[400];

	memset(text, 'x', sizeof(text));
	memcpy(text, "[server]\nstatus_url = ", 22);
	text[sizeof(text) - 1] = '\0';
	refused(text, "line 2: line too long");
}
END_TEST

START_TEST(a_value_out_of_bounds_is_refused_with_its_key)
{
	static const char *const texts[] = {
		"[load]\nworkers = 0\n", "[load]\nworkers = 513\n",
		"[load]\nworkers = many\n", "[load]\nworkers =\n",
		"[load]\nworkers = -1\n", "[limits]\ncrl_life_s = 1s\n",
		"[limits]\ncrl_life_s = 1w\n", "[server]\nlog_level = loud\n",
		"[server]\nsandbox = maybe\n",
		"[server]\ndevice_listen = 8443\n",
		"[server]\ndevice_listen = 0.0.0.0:65536\n",
		"[server]\ndevice_listen = host:1\n",
		"[server]\nstatus_url = ftp://x\n",
		"[server]\nstatus_url = http://x/\n",
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		const char *key = strchr(texts[i], '\n') + 1;
		char *name = arena_strndup(cx->arena, key, strcspn(key, " "));

		refused(texts[i], name);
	}
}
END_TEST

START_TEST(times_may_have_units)
{
	struct settings s;

	ck_ok(load_file("[limits]\ncrl_life_s = 2h\nnonce_life_s = 90\n"
	    "ca_root_life_s = 10d\n", &s));
	ck_assert_int_eq(s.crl_life_s, 7200);
	ck_assert_int_eq(s.nonce_life_s, 90);
	ck_assert_int_eq(s.ca_root_life_s, 864000);
}
END_TEST

START_TEST(an_unknown_flag_is_refused)
{
	const char *unknown[] = { "--colour=1" }, *bare[] = { "workers=1" };
	const char *without[] = { "--workers" };
	struct settings s;

	ck_fails(settings_load(cx, 1, unknown, no_env, &s), ERR_CONFIG);
	ck_fails(settings_load(cx, 1, bare, no_env, &s), ERR_CONFIG);
	ck_fails(settings_load(cx, 1, without, no_env, &s), ERR_CONFIG);
}
END_TEST

START_TEST(a_named_file_that_is_not_there_is_refused)
{
	const char *args[] = { "--config=/nonexistent/daapki.conf" };
	struct settings s;

	ck_fails(settings_load(cx, 1, args, no_env, &s), ERR_CONFIG);
}
END_TEST

START_TEST(the_file_in_the_state_folder_is_found)
{
	const char *args[] = { NULL };
	struct settings s;
	const char *path;

	(void)flag_for_file("");
	args[0] = arena_printf(cx->arena, "--state-dir=%s", folder);
	path = arena_printf(cx->arena, "%s/%s", folder, SETTINGS_FILE_NAME);
	ck_ok(file_replace(cx, path, 0600, slice_text("[load]\nworkers = 7\n")));
	ck_ok(settings_load(cx, 1, args, no_env, &s));
	ck_assert_int_eq(s.workers, 7);
	ck_assert_str_eq(s.file, path);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(server_names_are_split_and_checked)
{
	struct settings s;

	ck_ok(load_file("[server]\nserver_names = a.example, 10.0.0.1,::1,"
	    "a.example\n", &s));
	ck_assert_uint_eq(s.n_names, 3);
	ck_assert_str_eq(s.names[0], "a.example");
	ck_assert_str_eq(s.names[1], "10.0.0.1");
	ck_assert_str_eq(s.names[2], "::1");
	ck_fails(load_file("[server]\nserver_names = a b\n", &s), ERR_CONFIG);
	ck_fails(load_file("[server]\nserver_names = a,,b\n", &s), ERR_CONFIG);
	ck_fails(load_file("[server]\nserver_names = a/b\n", &s), ERR_CONFIG);
}
END_TEST

START_TEST(the_file_that_init_writes_can_be_read_back)
{
	const char *args[] = {
		flag_for_file(""), "--workers=9", "--status-url=http://a:1",
	};
	struct settings s, again;
	struct slice text;

	ck_ok(settings_load(cx, 3, args, no_env, &s));
	text = settings_file_text(cx, &s);
	ck_ok(load_file(arena_strndup(cx->arena, (const char *)text.p,
	    text.n), &again));
	ck_assert_int_eq(again.workers, 9);
	ck_assert_int_eq(again.from[SET_workers], FROM_FILE);
	ck_assert_str_eq(again.status_url, "http://a:1");
	ck_assert_int_eq(again.from[SET_queue_max], FROM_DEFAULT);
}
END_TEST

START_TEST(every_setting_is_explained_in_the_manual)
{
	static const char *const keys[] = {
#define SETTING(key, section, type, def, least, most, text) #key,
#include "server/settings.def"
#undef SETTING
	};
	const char *top = getenv("srcdir");
	struct slice manual;

	ck_assert_ptr_nonnull(top);
	ck_ok(file_read(cx, arena_printf(cx->arena, "%s/man/daapki.conf.5",
	    top), 1 << 20, &manual));
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		ck_assert_msg(strstr((const char *)manual.p, arena_printf(
		    cx->arena, ".It Cm %s\n", keys[i])) != NULL,
		    "%s is not in the manual", keys[i]);
}
END_TEST

UNIT_MAIN("settings",
    without_anything_the_defaults_hold,
    a_flag_wins_over_the_environment_and_that_over_the_file,
    the_environment_may_name_the_file,
    an_unknown_key_is_refused_with_file_and_line,
    a_key_in_another_section_is_refused,
    a_key_given_twice_is_refused,
    a_line_that_is_no_setting_is_refused_with_its_number,
    a_line_that_the_reader_would_split_is_refused,
    a_value_out_of_bounds_is_refused_with_its_key,
    times_may_have_units,
    an_unknown_flag_is_refused,
    a_named_file_that_is_not_there_is_refused,
    the_file_in_the_state_folder_is_found,
    server_names_are_split_and_checked,
    the_file_that_init_writes_can_be_read_back,
    every_setting_is_explained_in_the_manual)
