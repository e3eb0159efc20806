/* SPDX-License-Identifier: Apache-2.0 */
/* Long work as operators see it. */
#ifndef DAAPKI_SERVER_REST_OPERATION_H
#define DAAPKI_SERVER_REST_OPERATION_H

#include "authority/operation.h"
#include "server/http.h"

/* 202 with Location and the operation: it was taken and goes on by itself. */
void	rest_operation_reply(struct ctx *, const struct operation_row *,
	    struct http_reply *);

#endif
