/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/jws.h"

#include "base/base.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "pki/key.h"

#define COORDINATE_MAX	48u	/* r and s (RFC 7518, 3.4) */
#define TEXT_MAX	128u	/* of a member of the header */

static const struct alg {
	const char	*name;
	enum key_kind	 kind;
	size_t		 coordinate;	/* bytes of r, and of s; 0: neither */
	bool		 pss;
} algs[] = {
	{ "ES256", KEY_P256, 32, false },
	{ "ES384", KEY_P384, 48, false },
	{ "EdDSA", KEY_ED25519, 0, false },
	{ "RS256", KEY_RSA, 0, false },
	{ "PS256", KEY_RSA, 0, true },
};

/* The text up to the next dot, or the end; false without the dot it needs. */
static bool
cut(struct slice *rest, bool last, struct slice *out)
{
	const uint8_t *dot = rest->n == 0 ? NULL :
	    memchr(rest->p, '.', rest->n);

	if ((dot == NULL) != last)
		return false;
	*out = SLICE(rest->p, last ? rest->n : (size_t)(dot - rest->p));
	*rest = last ? SLICE_NONE :
	    SLICE(dot + 1, rest->n - out->n - 1);
	return true;
}

static bool
decode(struct ctx *cx, struct slice text, size_t max, struct slice *out)
{
	return base64url_parse(cx->arena, (const char *)text.p, text.n, max,
	    out);
}

static struct err
read_header(struct ctx *cx, struct slice text, struct jws *out)
{
	const json_t *crit;
	json_t *object;
	struct json_in in;

	if (failed(json_parse(cx, text, &object)))
		return FAIL_TELL(cx, ERR_MALFORMED,
		    "the signature's header is not JSON");
	in = json_in(cx, object, "");
	in.code = ERR_MALFORMED;
	out->alg = json_get_text(&in, "alg", JSON_REQUIRED, TEXT_MAX);
	out->kid = json_get_text(&in, "kid", JSON_OPTIONAL, TEXT_MAX);
	out->typ = json_get_text(&in, "typ", JSON_OPTIONAL, TEXT_MAX);
	crit = json_get(&in, "cty", JSON_OPTIONAL);
	crit = json_get(&in, "iat", JSON_OPTIONAL);
	crit = json_get(&in, "x5t", JSON_OPTIONAL);
	crit = json_get(&in, "x5t#S256", JSON_OPTIONAL);
	(void)crit;
	return json_in_done(&in);
}

struct err
jws_parse(struct ctx *cx, struct slice text, size_t payload_max,
    struct jws *out)
{
	struct slice rest = text, head, body, signature, header;
	struct jws jws = { .alg = NULL };

	if (!cut(&rest, false, &head) || !cut(&rest, false, &body) ||
	    !cut(&rest, true, &signature))
		return FAIL_TELL(cx, ERR_MALFORMED,
		    "not a signature in compact form (RFC 7515)");
	jws.input = SLICE(text.p, head.n + 1 + body.n);
	if (!decode(cx, head, JWS_HEADER_MAX, &header) ||
	    !decode(cx, body, payload_max, &jws.payload) ||
	    !decode(cx, signature, KEY_SIGNATURE_MAX, &jws.signature))
		return FAIL_TELL(cx, ERR_MALFORMED,
		    "a part of the signature is not base64url, or too long");
	TRY(read_header(cx, header, &jws));
	*out = jws;
	return OK;
}

static void
put_integer(struct buf *b, const uint8_t *p, size_t n)
{
	for (; n > 1 && *p == 0; n--)
		p++;
	put_u8(b, 0x02);
	put_u8(b, (uint8_t)(n + (*p >> 7)));
	if (*p >> 7)
		put_u8(b, 0);
	put_bytes(b, SLICE(p, n));
}

/* r || s as ECDSA-Sig-Value (RFC 3279, 2.2.3). */
static struct slice
ecdsa_der(struct ctx *cx, struct slice raw)
{
	struct buf in = buf_in(cx->arena, 2 * (COORDINATE_MAX + 3));
	struct buf out = buf_in(cx->arena, 2 * (COORDINATE_MAX + 3) + 2);

	put_integer(&in, raw.p, raw.n / 2);
	put_integer(&in, raw.p + raw.n / 2, raw.n / 2);
	put_u8(&out, 0x30);
	put_u8(&out, (uint8_t)in.n);
	put_bytes(&out, buf_slice(&in));
	ASSERT(!in.bad && !out.bad);
	return buf_slice(&out);
}

static const struct alg *
find_alg(const char *name, enum key_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(algs); i++)
		if (strcmp(algs[i].name, name) == 0)
			return algs[i].kind == kind ? &algs[i] : NULL;
	return NULL;
}

bool
jws_fits(const char *name, enum key_kind kind)
{
	return find_alg(name, kind) != NULL;
}

struct err
jws_verify_by(struct ctx *cx, const struct jws *jws, const struct key *key,
    enum err_code code)
{
	const struct alg *alg = find_alg(jws->alg, key->kind);
	struct slice signature = jws->signature;

	if (alg == NULL)
		return FAIL(cx, code, "alg does not go with the key");
	if (alg->pss)
		return key_verify_pss(cx, key, jws->input, signature, code);
	if (alg->coordinate > 0) {
		if (signature.n != 2 * alg->coordinate)
			return FAIL(cx, code, "a signature of %zu bytes",
			    signature.n);
		signature = ecdsa_der(cx, signature);
	}
	return key_verify(cx, key, key_sig_of(key->kind), jws->input,
	    signature, code);
}

struct err
jws_verify(struct ctx *cx, const struct jws *jws, struct slice spki,
    enum err_code code)
{
	struct key key;

	TRY(key_parse(cx, spki, &key));
	return jws_verify_by(cx, jws, &key, code);
}
