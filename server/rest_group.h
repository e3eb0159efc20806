/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and their policies as operators see them; part of
 * rest_tenant_routes. */
#ifndef DAAPKI_SERVER_REST_GROUP_H
#define DAAPKI_SERVER_REST_GROUP_H

#include "server/http.h"

#define REST_GROUP_HANDLER(name)					\
struct err	name(struct ctx *, const struct authority *,		\
		    const struct http_request *, struct http_reply *)

REST_GROUP_HANDLER(rest_group_post);		/* POST .../groups */
REST_GROUP_HANDLER(rest_group_list);		/* GET .../groups */
REST_GROUP_HANDLER(rest_group_get);		/* GET .../groups/{group} */
REST_GROUP_HANDLER(rest_group_patch);		/* PATCH .../groups/{group} */
REST_GROUP_HANDLER(rest_group_policy_get);	/* GET .../{group}/policy */
REST_GROUP_HANDLER(rest_group_policy_put);	/* PUT .../{group}/policy */
REST_GROUP_HANDLER(rest_group_policy_learn);	/* POST .../policy/learn */

#endif
