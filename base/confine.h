/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program that serves gives up for good: starting other programs, the
 * kernel's administrative calls, and all files but those that it names.  It may
 * have threads.  Holds for the calling thread and those it starts later.
 */
#ifndef DAAPKI_BASE_CONFINE_H
#define DAAPKI_BASE_CONFINE_H

#include "base/ctx.h"

/* A file, or a folder with all in it. */
struct confine_path {
	const char	*path;
	bool		 may_write;	/* of a folder: and make and remove files */
	bool		 may_lack;	/* passed over when it is not there */
};

struct confinement {
	const struct confine_path	*paths;
	size_t				 n_paths;
	const int			*calls;	/* refused besides: SCMP_SYS(..) */
	size_t				 n_calls;
	bool				 unix_only;	/* no other new sockets */
};

/*
 * A kernel without Landlock leaves files out, and the log says so.
 * ERR_CONFIG	a path that must be there is not, or the kernel refused
 */
struct err	confine(struct ctx *, const struct confinement *);

#endif
