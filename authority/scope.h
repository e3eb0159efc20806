/* SPDX-License-Identifier: Apache-2.0 */
/* What a principal of one group may reach by name. */
#ifndef DAAPKI_AUTHORITY_SCOPE_H
#define DAAPKI_AUTHORITY_SCOPE_H

#include "authority/authority.h"

/* Kinds of things that paths name, by the name of the path's parameter:
 * "device", "group", "serial" (of a certificate), "event" (of a report),
 * "operation". */
bool		scope_knows(const char *kind);
/*
 * Whether that thing is of the principal's group.  A principal without a
 * group reaches everything here.
 * ERR_NOT_FOUND	it is not, or there is none
 */
struct err	scope_check(struct ctx *, const struct authority *,
		    const struct principal *, const char *kind,
		    const char *name);
/*
 * The group that a request is about: it named asked (or none, NULL).  Of a
 * principal of one group that is its own, unless it names another.
 * ERR_NOT_FOUND	it names another
 */
struct err	scope_group(struct ctx *, const struct principal *,
		    const char *asked, const char **out);
/*
 * A list of what devices have: of that device, or (NULL) of all that the
 * principal may see, which the list has to see to.
 * ERR_NOT_FOUND	it names one of another group, or none that there is
 */
struct err	scope_list(struct ctx *, const struct authority *,
		    const struct principal *, const char *device_id);

#endif
