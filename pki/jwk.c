/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/jwk.h"

#include "base/base.h"
#include "codec/der.h"
#include "pki/jws.h"
#include "pki/oid.h"

#define ED25519_SIZE	32u
#define RSA_SIZE_MAX	(KEY_RSA_BITS_MAX / 8)

static const struct curve {
	const char	*type, *name;
	enum key_kind	 kind;
	struct slice	 oid;
	size_t		 size;	/* of a coordinate */
} curves[] = {
	{ "EC", "P-256", KEY_P256, OID(OID_P256), 32 },
	{ "EC", "P-384", KEY_P384, OID(OID_P384), 48 },
	{ "OKP", "Ed25519", KEY_ED25519, OID(OID_ED25519), ED25519_SIZE },
};

static struct slice
spki_of(struct ctx *cx, struct slice oid, const struct slice *curve,
    bool null, struct slice key)
{
	struct buf b = buf_in(cx->arena, KEY_SPKI_MAX);
	size_t spki = der_open(&b, DER_SEQUENCE);
	size_t alg = der_open(&b, DER_SEQUENCE);

	der_put_oid(&b, oid);
	if (curve != NULL)
		der_put_oid(&b, *curve);
	if (null)
		der_put_null(&b);
	der_close(&b, alg);
	der_put_bits(&b, key);
	der_close(&b, spki);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* RFC 7518, 6.2: coordinates have the full size. */
static bool
read_ec(struct ctx *cx, const json_t *key, const struct curve *c,
    struct slice *out)
{
	struct buf point = buf_in(cx->arena, 1 + 2 * c->size);
	struct slice x, y;

	if (!json_member_bytes(cx, key, "x", c->size, &x) || x.n != c->size ||
	    !json_member_bytes(cx, key, "y", c->size, &y) || y.n != c->size)
		return false;
	put_u8(&point, 0x04);
	put_bytes(&point, x);
	put_bytes(&point, y);
	*out = spki_of(cx, OID(OID_EC_PUBLIC_KEY), &c->oid, false,
	    buf_slice(&point));
	return true;
}

/* RFC 8037, 2 */
static bool
read_okp(struct ctx *cx, const json_t *key, const struct curve *c,
    struct slice *out)
{
	struct slice x;

	if (!json_member_bytes(cx, key, "x", c->size, &x) || x.n != c->size)
		return false;
	*out = spki_of(cx, c->oid, NULL, false, x);
	return true;
}

static bool
read_curve(struct ctx *cx, const json_t *key, struct jwk *out)
{
	const char *type = json_member_text(key, "kty");
	const char *name = json_member_text(key, "crv");

	for (size_t i = 0; i < COUNT_OF(curves); i++) {
		const struct curve *c = &curves[i];

		if (strcmp(type, c->type) != 0 || strcmp(name, c->name) != 0)
			continue;
		return c->kind == KEY_ED25519 ?
		    read_okp(cx, key, c, &out->spki) :
		    read_ec(cx, key, c, &out->spki);
	}
	return false;
}

/* RFC 7518, 6.3 */
static bool
read_rsa(struct ctx *cx, const json_t *key, struct jwk *out)
{
	struct buf b = buf_in(cx->arena, RSA_SIZE_MAX + 32);
	struct slice n, e;
	size_t pair;

	if (strcmp(json_member_text(key, "kty"), "RSA") != 0 ||
	    !json_member_bytes(cx, key, "n", RSA_SIZE_MAX, &n) ||
	    n.p[0] == 0 || !json_member_bytes(cx, key, "e", 8, &e) ||
	    e.p[0] == 0)
		return false;
	pair = der_open(&b, DER_SEQUENCE);
	der_put_unsigned(&b, n);
	der_put_unsigned(&b, e);
	der_close(&b, pair);
	ASSERT(!b.bad);
	out->spki = spki_of(cx, OID(OID_RSA), NULL, true, buf_slice(&b));
	return true;
}

/* RFC 7517, 4.2 and 4.3: what is for encryption is not for this. */
static bool
is_to_verify(const json_t *key)
{
	const char *use = json_member_text(key, "use");
	const json_t *ops = json_object_get(key, "key_ops");
	bool verify = ops == NULL;

	for (size_t i = 0; i < json_array_size(ops); i++) {
		const char *op = json_string_value(json_array_get(ops, i));

		verify = verify || (op != NULL && strcmp(op, "verify") == 0);
	}
	return verify && (use[0] == '\0' || strcmp(use, "sig") == 0);
}

/* NULL when it is not there, or could be no name. */
static const char *
word_of(const json_t *key, const char *name)
{
	const json_t *value = json_object_get(key, name);
	size_t n = json_string_length(value);

	return n == 0 || n > JWK_TEXT_MAX ? NULL : json_string_value(value);
}

/* false: not one for us. */
static bool
read_one(struct ctx *cx, const json_t *value, struct jwk *out)
{
	struct jwk jwk = { .kid = word_of(value, "kid"),
	    .alg = word_of(value, "alg") };
	struct key key;

	if (!is_to_verify(value) || (jwk.kid == NULL &&
	    json_object_get(value, "kid") != NULL))
		return false;
	if (!read_rsa(cx, value, &jwk) && !read_curve(cx, value, &jwk))
		return false;
	if (failed(key_parse(cx, jwk.spki, &key))) {
		ctx_forget(cx);
		return false;
	}
	jwk.kind = key.kind;
	if (jwk.alg != NULL && !jws_fits(jwk.alg, jwk.kind))
		return false;
	*out = jwk;
	return true;
}

static bool
is_there(const struct jwks *set, const struct jwk *key)
{
	for (size_t i = 0; i < set->n; i++) {
		const char *kid = set->keys[i].kid;

		if (set->keys[i].kind == key->kind && ((kid == NULL &&
		    key->kid == NULL) || (kid != NULL && key->kid != NULL &&
		    strcmp(kid, key->kid) == 0)))
			return true;
	}
	return false;
}

/* RFC 7518, 6.2.2, 6.3.2 and 6.4 */
static bool
could_sign(const json_t *key)
{
	return strcmp(json_member_text(key, "kty"), "oct") == 0 ||
	    json_object_get(key, "d") != NULL ||
	    json_object_get(key, "k") != NULL;
}

struct err
jwks_read(struct ctx *cx, const json_t *json, struct jwks *out)
{
	const json_t *keys = json_object_get(json, "keys");
	size_t n = json_array_size(keys);

	out->n = 0;
	if (!json_is_array(keys) || n > JWKS_KEYS_MAX)
		return FAIL_TELL(cx, ERR_FIELD, "not a JWK set of at most %u "
		    "keys", JWKS_KEYS_MAX);
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(keys, i);
		struct jwk key;

		if (could_sign(value))
			return FAIL_TELL(cx, ERR_FIELD, "the JWK set holds a "
			    "key that could sign");
		if (!read_one(cx, value, &key))
			continue;
		if (is_there(out, &key))
			return FAIL_TELL(cx, ERR_FIELD, "two keys of the JWK "
			    "set have the same kid");
		out->keys[out->n++] = key;
	}
	if (out->n == 0)
		return FAIL_TELL(cx, ERR_FIELD, "the JWK set holds no key that "
		    "can be used here");
	return OK;
}
