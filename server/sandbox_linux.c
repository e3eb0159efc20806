/* SPDX-License-Identifier: Apache-2.0 */
#include "server/sandbox.h"

#include <seccomp.h>

#include "base/base.h"
#include "base/confine.h"

/* What libraries may yet look at.  Not the places where people keep files: the
 * signer's master key is in one of those. */
static const char *const readable[] = {
	"/usr", "/lib", "/lib64", "/etc", "/dev", "/sys", "/proc/self",
};

/* A socket that is accepted could be disconnected and connected elsewhere
 * (connect(2), AF_UNSPEC), whatever its family: the filter cannot see to where. */
static const int refused[] = { SCMP_SYS(connect) };

struct err
sandbox_enter(struct ctx *cx, const char *const *folders, bool may_connect)
{
	struct confinement c = {
		.n_paths = COUNT_OF(readable), .unix_only = true,
		.calls = refused,
		.n_calls = may_connect ? 0 : COUNT_OF(refused),
	};
	struct confine_path *paths;
	size_t n = 0;

	while (folders[n] != NULL)
		n++;
	paths = arena_array(cx->arena, c.n_paths + n, sizeof(*paths));
	for (size_t i = 0; i < c.n_paths; i++)
		paths[i] = (struct confine_path){ .path = readable[i],
		    .may_lack = true };
	for (size_t i = 0; i < n; i++)
		paths[c.n_paths++] = (struct confine_path){
		    .path = folders[i], .may_write = true };
	c.paths = paths;
	return confine(cx, &c);
}
