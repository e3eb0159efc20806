/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices, in words: "never_renewed silent_since=30d label=site=berlin". */
#ifndef DAAPKI_CLI_DEVICE_FILTER_H
#define DAAPKI_CLI_DEVICE_FILTER_H

#include "cli/cli.h"

/*
 * The path with the command's arguments from the first on, and --state and
 * --group, added to its query.  A time may be a duration: before now where it
 * is of the past, after now where it is of the future.
 * ERR_PARAMETER	no such filter, or one twice
 */
struct err	device_filter_query(struct cli *, const char *path,
		    const char **out);

#endif
