/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ear_jwt.h"

#include "base/base.h"
#include "codec/base64.h"

static const char *
header(struct ctx *cx, struct slice leaf, struct slice issuer)
{
	return arena_printf(cx->arena, "{\"alg\":\"ES256\",\"typ\":\""
	    EAR_JWT_TYPE "\",\"x5c\":[\"%s\",\"%s\"]}",
	    base64(cx->arena, leaf), base64(cx->arena, issuer));
}

struct err
ear_jwt(struct ctx *cx, const struct ear *ear, const struct sign_key *key,
    struct slice leaf, struct slice issuer, const char **out)
{
	uint8_t signature[SIGN_ES256_SIZE];
	const char *claims, *signed_part;

	if (leaf.n + issuer.n > EAR_JWT_CHAIN_MAX)
		return FAIL(cx, ERR_INTERNAL, "certificates of %zu bytes",
		    leaf.n + issuer.n);
	TRY(ear_claims(cx, ear, &claims));
	signed_part = arena_printf(cx->arena, "%s.%s",
	    base64url(cx->arena, slice_text(header(cx, leaf, issuer))),
	    base64url(cx->arena, slice_text(claims)));
	TRY(sign_es256(cx, key, slice_text(signed_part), signature));
	*out = arena_printf(cx->arena, "%s.%s", signed_part,
	    base64url(cx->arena, SLICE_OF(signature)));
	return OK;
}
