/* SPDX-License-Identifier: Apache-2.0 */
/* Who may: the row of the route against what the request shows. */
#ifndef DAAPKI_SERVER_AUTH_H
#define DAAPKI_SERVER_AUTH_H

#include "server/engine.h"

/*
 * Hold job->match.route->auth; sets principal, tenant and device of
 * job->request as far as the route has them.
 * ERR_AUTH_REQUIRED	nothing was shown
 * ERR_AUTH_TOKEN, ERR_AUTH_CERTIFICATE	it is not valid
 * ERR_AUTH_FORBIDDEN	its role is too low
 * ERR_NOT_FOUND	another tenant's path, or none's: no telling which
 * ERR_STORAGE
 */
struct err	auth_check(struct ctx *, struct job *);

#endif
