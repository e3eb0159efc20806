/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/make.h"

#include "pki/lint.h"
#include "wire/order.h"

/* The first byte of every serial: positive, and never a leading zero, so each
 * has the same length; the rest is 120 random bits. */
#define SERIAL_FIRST	0x5du

struct slice
make_serial(struct ctx *cx)
{
	uint8_t *serial = arena_alloc(cx->arena, WIRE_SERIAL_SIZE);

	ctx_random(cx, serial, WIRE_SERIAL_SIZE);
	serial[0] = SERIAL_FIRST;
	return SLICE(serial, WIRE_SERIAL_SIZE);
}

struct slice
make_name(struct ctx *cx, const char *organization, const char *common_name)
{
	struct buf b = buf_in(cx->arena, 512);

	tbs_put_name(&b, organization, common_name);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

struct err
make_certificate(struct ctx *cx, const struct tbs *facts,
    const struct sign_key *key, const struct cert *issuer,
    struct slice *out_der)
{
	struct slice tbs;
	struct cert back;

	TRY(tbs_encode(cx, facts, &tbs));
	TRY(lint_cert(cx, tbs, issuer));
	TRY(sign_object(cx, key, tbs, out_der));
	if (failed(cert_parse(cx, *out_der, &back)) ||
	    !slice_equal(back.tbs, tbs))
		return FAIL(cx, ERR_CERT_LINT,
		    "the signed certificate does not read back");
	return OK;
}
