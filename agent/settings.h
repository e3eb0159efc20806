/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings and command line.  A flag counts more than the environment, that
 * more than the file, that more than the default.
 */
#ifndef DAAPKI_AGENT_SETTINGS_H
#define DAAPKI_AGENT_SETTINGS_H

#include "base/ctx.h"

#define SETTINGS_FILE		"/etc/daapki/agent.ini"
#define SETTINGS_FILE_MAX	(64u * 1024u)
#define SETTINGS_WORDS_MAX	4u	/* command and its operands */
#define SETTINGS_PATH_MAX	4096u

/* Texts; NULL is not set. */
struct settings {
#define SETTING(name, value, fallback, meaning) const char *name;
#include "agent/settings.def"
#undef SETTING
};

/* Texts; a switch is "" when given, NULL when not. */
struct options {
#define OPTION(name, value, meaning) const char *name;
#include "agent/options.def"
#undef OPTION
};

struct command_line {
	struct settings	 settings;
	struct options	 options;
	const char	*words[SETTINGS_WORDS_MAX];
	size_t		 n_words;
};

/* What an environment variable holds, or NULL; as getenv(3). */
typedef char *(*settings_env_fn)(const char *name);

/*
 * Read the command line, the environment, the file and the defaults, and fill
 * in those that follow from others (paths in the state folder, the kind of
 * key).
 * ERR_PARAMETER	an unknown flag, or one without its value
 * ERR_CONFIG		the file cannot be read or names an unknown setting
 */
struct err	settings_read(struct ctx *, int argc, char *const argv[],
		    settings_env_fn, struct command_line *out);

/* Usage as it goes with the tables, for people; in the arena. */
const char	*settings_usage(struct ctx *);

#endif
