/* SPDX-License-Identifier: Apache-2.0 */
/* The query of a device list; part of rest_claim_routes. */
#ifndef DAAPKI_SERVER_REST_DEVICE_SEARCH_H
#define DAAPKI_SERVER_REST_DEVICE_SEARCH_H

#include "authority/device_search.h"
#include "server/http.h"

/* Its filters, cursor and limit; of a principal of one group, in that group.
 * ERR_PARAMETER, ERR_NOT_FOUND */
struct err	rest_device_query(struct ctx *, const struct http_request *,
		    struct device_query *out);

/* GET .../devices */
struct err	rest_device_list(struct ctx *, const struct authority *,
		    const struct http_request *, struct http_reply *);

#endif
