/* SPDX-License-Identifier: Apache-2.0 */
/* Takes requests from daad, does them at once beside each other, answers. */
#ifndef DAAPKI_COURIER_POST_H
#define DAAPKI_COURIER_POST_H

#include "courier/guard.h"
#include "wire/courier.h"

/* What holds for one use of requests. */
struct post_use {
	struct guard	 guard;
	const char	*ca_file;	/* PEM; NULL: the system's */
	bool		 http;		/* URLs without TLS are allowed too */
};

struct post_conf { struct post_use uses[COURIER_USES]; };

/*
 * Serve fd until it is closed.
 * ERR_ORDER_MALFORMED	what came there is no request: its sender is broken
 * ERR_IO, ERR_CONFIG
 */
struct err	post_serve(struct ctx_root *, const struct post_conf *, int fd);

#endif
