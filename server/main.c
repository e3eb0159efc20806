/* SPDX-License-Identifier: Apache-2.0 */
/* daad: see daad(8). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <sodium.h>

#include "base/base.h"
#include "server/offline.h"
#include "server/serve.h"

#define EXIT_USAGE	2

static struct err
check_config(struct ctx *cx, const struct settings *s,
    struct offline_options *o)
{
	(void)cx;
	(void)o;
	settings_print(s, stdout);
	return OK;
}

static struct err
init(struct ctx *cx, const struct settings *s, struct offline_options *o)
{
	(void)o;
	return init_run(cx, s);
}

static struct err
serve(struct ctx *cx, const struct settings *s, struct offline_options *o)
{
	(void)o;
	return serve_run(cx, s);
}

static const struct command {
	const char	*name, *text;
	struct err	(*run)(struct ctx *, const struct settings *,
			    struct offline_options *);
	bool		 takes_options;
} commands[] = {
	{ "init", "make a state folder; prints the first operator token",
	    init, false },
	{ "serve", "run the server", serve, false },
	{ "check-config", "print the settings in force, or what is wrong",
	    check_config, false },
	{ "fsck", "check database, certificates and journal", offline_fsck,
	    true },
	{ "journal-verify", "check the journal, and it against the database",
	    offline_journal_verify, true },
	{ "rotate-master", "seal every CA key under a new master key",
	    offline_rotate_master, false },
};

static int
usage(FILE *f)
{
	(void)fprintf(f, "usage: daad command [--config FILE] "
	    "[--SETTING=VALUE]...\n\ncommands:\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		(void)fprintf(f, "  %-16s%s\n", commands[i].name,
		    commands[i].text);
	(void)fprintf(f, "\ninit also takes --server-name NAME, which may be "
	    "given several times; fsck and "
	    "journal-verify take --json\nand --log-key FILE.\n\nsettings (also as DAAPKI_... in the "
	    "environment and in the file):\n");
	settings_help(f);
	return f == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
complain(const struct ctx *cx, struct err e)
{
	const struct trail *t = cx->trail;

	(void)fprintf(stderr, "daad: %s%s%s\n", err_title(e),
	    t->note[0] != '\0' ? " " : "", t->note);
	return EXIT_FAILURE;
}

/* --server-name=a --server-name b becomes one --server-names=a,b. */
static int
join_names(struct ctx *cx, int n_args, char **args, const char **out)
{
	static const char flag[] = "--server-name";
	size_t n_flag = sizeof(flag) - 1;
	char *names = NULL;
	int n = 0;

	for (int i = 0; i < n_args; i++) {
		const char *value = NULL;

		if (strncmp(args[i], flag, n_flag) == 0 &&
		    args[i][n_flag] == '=')
			value = args[i] + n_flag + 1;
		else if (strcmp(args[i], flag) == 0 && i + 1 < n_args)
			value = args[++i];
		if (value == NULL)
			out[n++] = args[i];
		else
			names = arena_printf(cx->arena, "%s%s%s",
			    names == NULL ? "--server-names=" : names,
			    names == NULL ? "" : ",", value);
	}
	if (names != NULL)
		out[n++] = names;
	return n;
}

/* Options of the command itself, taken out of the rest. */
static int
take_options(int n_args, const char **args, struct offline_options *o)
{
	int n = 0;

	for (int i = 0; i < n_args; i++) {
		if (strcmp(args[i], "--json") == 0)
			o->json = true;
		else if (strncmp(args[i], "--log-key=", 10) == 0)
			o->log_key = args[i] + 10;
		else if (strcmp(args[i], "--log-key") == 0 && i + 1 < n_args)
			o->log_key = args[++i];
		else
			args[n++] = args[i];
	}
	return n;
}

static int
run(struct ctx *cx, const struct command *command, int argc, char **argv)
{
	const char **args = arena_array(cx->arena, (size_t)argc, sizeof(*args));
	struct offline_options options = { .status = EXIT_SUCCESS };
	struct settings settings;
	struct log log = { .fd = STDERR_FILENO, .program = "daad" };
	struct err e;
	int n;

	n = join_names(cx, argc - 2, argv + 2, args);
	if (command->takes_options)
		n = take_options(n, args, &options);
	e = settings_load(cx, n, args, (const char *const *)environ,
	    &settings);
	if (!failed(e)) {
		log.least = (enum log_level)settings.log_level;
		cx->log = &log;
		e = command->run(cx, &settings, &options);
	}
	return failed(e) ? complain(cx, e) : options.status;
}

int
main(int argc, char **argv)
{
	const struct command *command;
	struct ctx_root root;
	int status;

	if (argc < 2)
		return usage(stderr);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return usage(stdout);
	if (strcmp(argv[1], "--version") == 0)
		return puts("daad " PACKAGE_VERSION) < 0;
	command = find_command(argv[1]);
	if (command == NULL)
		return usage(stderr);
	/* OpenSSL 3.0 is to meet its first use of memory while there is
	 * plenty. */
	if (sodium_init() < 0 || OPENSSL_init_crypto(0, NULL) != 1)
		return EXIT_FAILURE;
	ctx_root_init(&root, NULL);
	status = run(&root.cx, command, argc, argv);
	ctx_root_fini(&root);
	return status;
}
