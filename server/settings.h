/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of daad.  settings.def is the table they are all made from.
 *
 * A flag wins over the environment, that over the file, that over the default.
 * The file is INI: each key in its section, once; a key that is not known is an
 * error that names file and line.
 */
#ifndef DAAPKI_SERVER_SETTINGS_H
#define DAAPKI_SERVER_SETTINGS_H

#include <stdio.h>

#include "base/ctx.h"
#include "wire/order.h"

#define SETTINGS_FILE_MAX	(64u * 1024u)
#define SETTINGS_LINE_MAX	190u	/* libinih splits lines of 200 */
#define SETTINGS_FILE_NAME	"daapki.conf"	/* in the state folder */
/* Appended to state_dir: the folder of daa-signer, with its master key and
 * journal, which daad never needs to open. */
#define SETTINGS_SIGNER_DIR	".signer"

#define SETTING_IN_C_PATH	const char *
#define SETTING_IN_C_LISTEN	const char *
#define SETTING_IN_C_NAMES	const char *
#define SETTING_IN_C_WORDS	const char *
#define SETTING_IN_C_URL	const char *
#define SETTING_IN_C_LEVEL	int64_t		/* enum log_level */
#define SETTING_IN_C_SWITCH	int64_t		/* 0 or 1 */
#define SETTING_IN_C_PROOF	int64_t		/* enum claim_proof */
#define SETTING_IN_C_RESPONDER	int64_t		/* 1: delegated */
#define SETTING_IN_C_COUNT	int64_t
#define SETTING_IN_C_TIME	int64_t		/* seconds */

enum setting {
#define SETTING(key, section, type, def, least, most, text) SET_##key,
#include "server/settings.def"
#undef SETTING
	SET_COUNT
};

enum setting_source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct settings {
#define SETTING(key, section, type, def, least, most, text) \
	SETTING_IN_C_##type key;
#include "server/settings.def"
#undef SETTING
	/* Worked out from the above. */
	const char		*names[WIRE_DNS_NAMES_MAX];
	size_t			 n_names;
	const char		*file;		/* that was read; NULL for none */
	/* As they were given, for printing and for daad init. */
	const char		*given[SET_COUNT];
	enum setting_source	 from[SET_COUNT];
};

/*
 * Read and check everything.  args are what follows the command; env is as
 * main() has it.  Texts are in cx->arena.
 * ERR_CONFIG	the detail says where and what
 */
struct err	settings_load(struct ctx *, int n_args,
		    const char *const *args, const char *const *env,
		    struct settings *out);

/* host and port of a LISTEN text: "[::1]:80", "0.0.0.0:80".  ERR_CONFIG */
struct err	settings_split_listen(struct ctx *, const char *text,
		    const char **out_host, const char **out_port);

/* The effective settings as a file that could be read back. */
void		settings_print(const struct settings *, FILE *);
/* A file with every setting explained; those given as flags are set in it. */
struct slice	settings_file_text(struct ctx *, const struct settings *);
/* One line a setting, for --help. */
void		settings_help(FILE *);

#endif
