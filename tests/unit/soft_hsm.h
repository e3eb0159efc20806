/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of SoftHSM2 for tests, each in a folder of its own. */
#ifndef DAAPKI_TESTS_SOFT_HSM_H
#define DAAPKI_TESTS_SOFT_HSM_H

#include <sys/stat.h>
#include <sys/types.h>

#include <glob.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define SOFT_PIN	"2468"

/* The module; NULL when it, its tool or daa-hsm is not here. */
static inline const char *
soft_module(void)
{
	static const char *const places[] = {
		"/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib/*/softhsm/libsofthsm2.so",
		"/usr/lib*/pkcs11/libsofthsm2.so",
	};
	const char *found = NULL;

	if (access("./daa-hsm", X_OK) != 0 ||
	    system("command -v softhsm2-util >/dev/null") != 0)
		return NULL;
	for (size_t i = 0; found == NULL && i < COUNT_OF(places); i++) {
		glob_t g;

		if (glob(places[i], 0, NULL, &g) != 0)
			continue;
		found = arena_strdup(cx->arena, g.gl_pathv[0]);
		globfree(&g);
	}
	return found;
}

static inline void
soft_write(const char *path, mode_t mode, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* A shell command of the token's. */
static inline int
soft_run(const char *in, const char *name, const char *command)
{
	int status = system(arena_printf(cx->arena,
	    "SOFTHSM2_CONF=%s/%s.softhsm; export SOFTHSM2_CONF; %s", in,
	    name, command));

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The file that the PIN is read from. */
static inline void
soft_pin(const char *in, const char *name, const char *pin)
{
	soft_write(arena_printf(cx->arena, "%s/hsm/%s.pin", in, name),
	    0600, pin);
}

/* A token of that label, in folder/NAME.tokens, and its folder/hsm/NAME.conf,
 * which names these tenants. */
static inline void
soft_make_for(const char *in, const char *name, const char *tenants)
{
	const char *tokens = arena_printf(cx->arena, "%s/%s.tokens", in,
	    name);

	(void)mkdir(arena_printf(cx->arena, "%s/hsm", in), 0700);
	ck_assert_int_eq(mkdir(tokens, 0700), 0);
	soft_write(arena_printf(cx->arena, "%s/%s.softhsm", in, name),
	    0600, arena_printf(cx->arena, "directories.tokendir = %s\n"
	    "log.level = ERROR\n", tokens));
	ck_assert_int_eq(soft_run(in, name, arena_printf(cx->arena,
	    "softhsm2-util --init-token --free --label %s --so-pin 13579 "
	    "--pin " SOFT_PIN " >/dev/null", name)), 0);
	soft_pin(in, name, SOFT_PIN "\n");
	soft_write(arena_printf(cx->arena, "%s/hsm/%s.conf", in, name),
	    0600, arena_printf(cx->arena, "[hsm]\nmodule = %s\ntoken = %s\n"
	    "pin_file = %s/hsm/%s.pin\npath = %s\npath = %s/%s.softhsm\n"
	    "environment = SOFTHSM2_CONF=%s/%s.softhsm\n%s", soft_module(),
	    name, in, name, in, in, name, in, name, tenants));
}

static inline void
soft_make(const char *in, const char *name)
{
	soft_make_for(in, name, "tenants = *\n");
}

/* The token is gone, and is back again. */
static inline void
soft_lose(const char *in, const char *name)
{
	ck_assert_int_eq(rename(
	    arena_printf(cx->arena, "%s/%s.tokens", in, name),
	    arena_printf(cx->arena, "%s/%s.lost", in, name)), 0);
}

static inline void
soft_find(const char *in, const char *name)
{
	ck_assert_int_eq(rename(
	    arena_printf(cx->arena, "%s/%s.lost", in, name),
	    arena_printf(cx->arena, "%s/%s.tokens", in, name)), 0);
}

/* The first child of a process; 0: none. */
static inline pid_t
soft_child(pid_t parent)
{
	char line[64] = "";
	FILE *f = fopen(arena_printf(cx->arena, "/proc/%d/task/%d/children",
	    (int)parent, (int)parent), "r");

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	(void)fclose(f);
	line[strcspn(line, " \n")] = '\0';
	return (pid_t)strtol(line, NULL, 10);
}

#endif
