/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/sandbox.h"

#include <seccomp.h>

#include "base/base.h"
#include "base/confine.h"

/* Where names are resolved from, and CAs and libraries are. */
static const char *const readable[] = {
	"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf",
	"/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
	"/etc/ld.so.cache", "/etc/ssl", "/etc/pki", "/etc/ca-certificates",
	"/usr/lib", "/usr/lib64", "/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates", "/lib", "/lib64",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	"/dev/urandom", "/dev/null",
};

static const int refused[] = {
	/* It connects; nobody connects to it. */
	SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
	SCMP_SYS(kill), SCMP_SYS(tkill),
};

struct err
sandbox_enter(struct ctx *cx, const char *const *files, size_t n)
{
	struct confine_path paths[COUNT_OF(readable) + SANDBOX_FILES_MAX];
	struct confinement c = { .paths = paths, .calls = refused,
	    .n_calls = COUNT_OF(refused) };

	for (; c.n_paths < COUNT_OF(readable); c.n_paths++)
		paths[c.n_paths] = (struct confine_path){
		    .path = readable[c.n_paths], .may_lack = true };
	ASSERT(n <= SANDBOX_FILES_MAX);
	for (size_t i = 0; i < n; i++)
		if (files[i] != NULL)
			paths[c.n_paths++] = (struct confine_path){
			    .path = files[i] };
	return confine(cx, &c);
}
