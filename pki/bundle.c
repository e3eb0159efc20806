/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/bundle.h"

#include "base/text.h"
#include "codec/base64.h"
#include "codec/der.h"
#include "codec/json.h"
#include "pki/cert.h"
#include "pki/pem.h"

#define BUNDLE_BYTES_MAX	((size_t)BUNDLE_CERTS_MAX * PEM_MAX)

struct slice
bundle_pem(struct ctx *cx, const struct slice *certs, size_t n)
{
	struct buf b = buf_in(cx->arena, BUNDLE_BYTES_MAX);

	for (size_t i = 0; i < n; i++)
		put_text(&b, pem_text(cx->arena, PEM_CERTIFICATE, certs[i]));
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* RFC 5652: id-signedData, id-data. */
static const uint8_t oid_signed_data[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02,
};
static const uint8_t oid_data[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01,
};

struct slice
bundle_pkcs7(struct ctx *cx, const struct slice *certs, size_t n)
{
	struct buf b = buf_in(cx->arena, BUNDLE_BYTES_MAX);
	size_t info, outer, data, content, set;

	info = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, SLICE_OF(oid_signed_data));
	outer = der_open(&b, DER_CONTEXT(0));
	data = der_open(&b, DER_SEQUENCE);
	der_put_uint(&b, 1);
	der_put(&b, DER_SET, SLICE_NONE);	/* digestAlgorithms */
	content = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, SLICE_OF(oid_data));
	der_close(&b, content);
	set = der_open(&b, DER_CONTEXT(0));	/* certificates */
	for (size_t i = 0; i < n; i++)
		put_bytes(&b, certs[i]);
	der_close(&b, set);
	der_put(&b, DER_SET, SLICE_NONE);	/* signerInfos */
	der_close(&b, data);
	der_close(&b, outer);
	der_close(&b, info);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* --- JWK --------------------------------------------------------------- */

static void
set_text(json_t *object, const char *name, const char *text)
{
	ASSERT(json_object_set_new(object, name, json_string(text)) == 0);
}

static void
set_bytes(struct ctx *cx, json_t *object, const char *name, struct slice s)
{
	set_text(object, name, base64url(cx->arena, s));
}

/* RFC 7518, 6.2: the coordinates of an uncompressed point. */
static void
put_ec(struct ctx *cx, json_t *jwk, const struct key *key)
{
	size_t n = key->bytes.n / 2;

	set_text(jwk, "kty", "EC");
	set_text(jwk, "crv", key_kind_name(key->kind));
	set_bytes(cx, jwk, "x", SLICE(key->bytes.p + 1, n));
	set_bytes(cx, jwk, "y", SLICE(key->bytes.p + 1 + n, n));
}

/* RFC 8037, 2. */
static void
put_okp(struct ctx *cx, json_t *jwk, const struct key *key)
{
	set_text(jwk, "kty", "OKP");
	set_text(jwk, "crv", "Ed25519");
	set_bytes(cx, jwk, "x", key->bytes);
}

/* RFC 7518, 6.3; RFC 8017, A.1.1. */
static void
put_rsa(struct ctx *cx, json_t *jwk, const struct key *key)
{
	struct reader r = reader_of(key->bytes), in;

	in = der_enter(&r, DER_SEQUENCE);
	set_text(jwk, "kty", "RSA");
	set_bytes(cx, jwk, "n", der_read_unsigned(&in));
	set_bytes(cx, jwk, "e", der_read_unsigned(&in));
	der_leave(&r, &in);
	ASSERT(read_done(&r));		/* key_parse() has read it */
}

static void (*const put_key[])(struct ctx *, json_t *, const struct key *) = {
	[KEY_P256] = put_ec, [KEY_P384] = put_ec, [KEY_ED25519] = put_okp,
	[KEY_RSA] = put_rsa,
};

static struct err
put_jwk(struct ctx *cx, json_t *keys, struct slice der, const char *use)
{
	json_t *jwk = json_keep(cx, json_object());
	struct cert cert;
	struct key key;

	TRY(cert_parse_ca(cx, der, &cert));
	TRY(cert_key(cx, &cert, &key));
	put_key[key.kind](cx, jwk, &key);
	set_text(jwk, "use", use);
	set_text(jwk, "kid", text_hex(cx->arena, cert.ski));
	/* With padding (RFC 7517, 4.7), unlike all else in a JWK. */
	ASSERT(json_object_set_new(jwk, "x5c",
	    json_pack("[s]", base64(cx->arena, der))) == 0);
	ASSERT(json_array_append(keys, jwk) == 0);
	return OK;
}

struct err
bundle_jwks(struct ctx *cx, const struct slice *certs, size_t n,
    const struct bundle_spiffe *spiffe, struct slice *out)
{
	json_t *set = json_keep(cx, json_object()), *keys = json_array();

	ASSERT(json_object_set_new(set, "keys", keys) == 0);
	for (size_t i = 0; i < n; i++)
		TRY(put_jwk(cx, keys, certs[i],
		    spiffe != NULL ? "x509-svid" : "sig"));
	if (spiffe != NULL) {
		ASSERT(json_object_set_new(set, "spiffe_sequence",
		    json_integer(spiffe->sequence)) == 0);
		ASSERT(json_object_set_new(set, "spiffe_refresh_hint",
		    json_integer(spiffe->refresh_s)) == 0);
	}
	*out = json_text(cx, set);
	return OK;
}
