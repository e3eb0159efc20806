/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which addresses may be connected to: those of the public Internet, and what
 * the operator of the server has allowed besides.
 */
#ifndef DAAPKI_COURIER_GUARD_H
#define DAAPKI_COURIER_GUARD_H

#include <sys/socket.h>

#include "base/ctx.h"

#define GUARD_ALLOWED_MAX	64u

/* One network, in IPv6 form: IPv4 is below ::ffff:0:0/96. */
struct guard_net { uint8_t address[16]; unsigned bits; };

struct guard {
	size_t			n;
	struct guard_net	allowed[GUARD_ALLOWED_MAX];
};

/*
 * Networks such as 10.0.0.0/8 and fd00::/8 with commas between them, or single
 * addresses; "" is none.
 * ERR_CONFIG
 */
struct err	guard_parse(struct ctx *, const char *text, struct guard *out);
/*
 * Whether to connect there.  An address that holds one of IPv4 (mapped, NAT64,
 * 6to4, Teredo) is not better than that one.
 */
bool		guard_allows(const struct guard *, const struct sockaddr *);

#endif
