/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/guard.h"

#include <netinet/in.h>

#include <arpa/inet.h>

#include "base/base.h"
#include "base/text.h"

#define V4_BITS	96u	/* ::ffff:0:0/96 (RFC 4291, 2.5.5.2) */

/*
 * What is not the public Internet: the registries of special-purpose addresses
 * (RFC 6890, with what was added since) and multicast.  169.254.169.254 and
 * fd00:ec2::254, where clouds keep credentials, are among them.
 */
static const char special[] =
    "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,"
    "172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,"
    "198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4,"
    "::/96,64:ff9b:1::/48,100::/64,2001::/23,2001:db8::/32,3fff::/20,"
    "5f00::/16,fc00::/7,fe80::/10,fec0::/10,ff00::/8";

/* Where in the address one of IPv4 is that packets will end at. */
static const struct { const char *net; unsigned at; } holding[] = {
	{ "64:ff9b::/96", 12 },		/* NAT64 (RFC 6052) */
	{ "2002::/16", 2 },		/* 6to4 (RFC 3056) */
};

static bool
is_in(const struct guard_net *net, const uint8_t address[static 16])
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (memcmp(net->address, address, whole) != 0)
		return false;
	return rest == 0 ||
	    (net->address[whole] & mask) == (address[whole] & mask);
}

static void
map_v4(const uint8_t v4[static 4], uint8_t out[static 16])
{
	memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	memcpy(out + 12, v4, 4);
}

/* "10.0.0.0/8" of n letters. */
static bool
parse_net(const char *text, size_t n, struct guard_net *out)
{
	char copy[INET6_ADDRSTRLEN + 4];
	uint8_t v4[4];
	char *slash;
	uint64_t bits;
	bool is_v4;

	if (n == 0 || n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	is_v4 = inet_pton(AF_INET, copy, v4) == 1;
	if (is_v4)
		map_v4(v4, out->address);
	else if (inet_pton(AF_INET6, copy, out->address) != 1)
		return false;
	bits = is_v4 ? 32 : 128;
	if (slash != NULL && !text_parse_uint(slash + 1, bits, &bits))
		return false;
	out->bits = (unsigned)bits + (is_v4 ? V4_BITS : 0);
	return true;
}

/* Calls fn with each net of a list; false: one cannot be read, or fn ends it. */
static bool
each_net(const char *list, bool (*fn)(void *, const struct guard_net *),
    void *arg)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ", ");
		struct guard_net net;

		if (!parse_net(list, n, &net) || !fn(arg, &net))
			return false;
		list += n;
		list += strspn(list, ", ");
	}
	return true;
}

static bool
keep(void *arg, const struct guard_net *net)
{
	struct guard *g = arg;

	if (g->n == GUARD_ALLOWED_MAX)
		return false;
	g->allowed[g->n++] = *net;
	return true;
}

struct err
guard_parse(struct ctx *cx, const char *text, struct guard *out)
{
	struct guard g = { .n = 0 };

	if (!each_net(text, keep, &g))
		return FAIL(cx, ERR_CONFIG, "\"%s\" is not a list of at most "
		    "%u networks such as 10.0.0.0/8", text, GUARD_ALLOWED_MAX);
	*out = g;
	return OK;
}

static bool
is_outside(void *arg, const struct guard_net *net)
{
	return !is_in(net, arg);
}

static bool
allows(const struct guard *g, uint8_t address[static 16])
{
	struct guard_net net;

	for (size_t i = 0; i < g->n; i++)
		if (is_in(&g->allowed[i], address))
			return true;
	for (size_t i = 0; i < COUNT_OF(holding); i++) {
		uint8_t held[16];

		ASSERT(parse_net(holding[i].net, strlen(holding[i].net), &net));
		map_v4(address + holding[i].at, held);
		if (is_in(&net, address) && !allows(g, held))
			return false;
	}
	return each_net(special, is_outside, address);
}

bool
guard_allows(const struct guard *g, const struct sockaddr *address)
{
	uint8_t bytes[16];

	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;
		uint8_t v4[4];

		memcpy(&in, address, sizeof(in));
		memcpy(v4, &in.sin_addr, sizeof(v4));
		map_v4(v4, bytes);
		return allows(g, bytes);
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		memcpy(bytes, &in6.sin6_addr, sizeof(bytes));
		return allows(g, bytes);
	}
	return false;
}
