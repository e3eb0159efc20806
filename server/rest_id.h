/* SPDX-License-Identifier: Apache-2.0 */
/* Row IDs in paths and answers: decimal, as strings, because they are names. */
#ifndef DAAPKI_SERVER_REST_ID_H
#define DAAPKI_SERVER_REST_ID_H

#include "server/http.h"

/* The {id} that ends a path, with or without {tenant} before it.
 * ERR_NOT_FOUND	not one that a row can have */
struct err	rest_id_read(struct ctx *, const struct http_request *,
		    int64_t *out);
/* A new reference. */
json_t		*rest_id_json(int64_t id);

#endif
