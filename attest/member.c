/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/member.h"

bool
attest_keep(struct json_in *in, const char *name, struct err e)
{
	const char *why;

	if (!failed(e))
		return !failed(in->err);
	/* mutate: not reachable: after a failure members are not read. */
	if (failed(in->err))
		return false;
	why = arena_strdup(in->cx->arena, in->cx->trail->note);
	in->err = FAIL_AT(in->cx, (enum err_code)e.code,
	    json_pointer(in->cx, in->pointer, name), "%s", why);
	return false;
}
