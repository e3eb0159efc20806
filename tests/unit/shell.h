/* SPDX-License-Identifier: Apache-2.0 */
/* Command line tools, run in the folder of a test's realm, as other people's
 * makers and judges of certificates. */
#ifndef DAAPKI_TESTS_SHELL_H
#define DAAPKI_TESTS_SHELL_H

#include "tests/unit/leaves.h"

#include "authority/bundle.h"
#include "base/file.h"
#include "pki/pem.h"

static inline const char *
in_folder(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", realm->folder, name);
}

static inline void
put_file(const char *name, struct slice bytes)
{
	FILE *file = fopen(in_folder(name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
	ck_assert_int_eq(fclose(file), 0);
}

static inline struct slice
get_file(const char *name)
{
	struct slice out;

	ck_ok(file_read(cx, in_folder(name), 65536, &out));
	return out;
}

/* Does that succeed?  What it says is in shell.out then. */
static inline bool
shell(const char *command)
{
	return system(arena_printf(cx->arena, "cd %s && (%s) >shell.out 2>&1",
	    realm->folder, command)) == 0;
}

static inline void
put_pem(const char *name, const struct slice *certs, size_t n)
{
	put_file(name, bundle_pem(cx, certs, n));
}

static inline struct slice
parse_pem(const char *name)
{
	struct slice der;

	ck_ok(pem_parse(cx, PEM_CERTIFICATE, get_file(name), &der));
	return der;
}

#endif
