/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/algorithm.h"

#include "base/base.h"
#include "codec/der.h"

#define BYTES(text)	{ (const uint8_t *)(text), sizeof(text) - 1 }

/* RFC 5480, 2.1.1.1; RFC 8410, 3; RFC 3279, 2.3.1. */
#define OID_P256	"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_P384	"\x06\x05\x2b\x81\x04\x00\x22"
#define OID_ED25519	"\x06\x03\x2b\x65\x70"
#define OID_EC		"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
#define RSA_ALG		BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d" \
			    "\x01\x01\x01\x05\x00")

#define RSA(bits) { CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, (bits), \
	BYTES(""), RSA_ALG, (bits) / 8, 32 }

static const struct algorithm algorithms[] = {
	[CA_ALG_P256] = { CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, 0, BYTES(OID_P256),
	    BYTES("\x30\x13" OID_EC OID_P256), 65, 32 },
	[CA_ALG_P384] = { CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, 0, BYTES(OID_P384),
	    BYTES("\x30\x10" OID_EC OID_P384), 97, 48 },
	[CA_ALG_ED25519] = { CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, 0,
	    BYTES(OID_ED25519), BYTES("\x30\x05" OID_ED25519), 32, 0 },
	[CA_ALG_RSA2048] = RSA(2048),
	[CA_ALG_RSA3072] = RSA(3072),
	[CA_ALG_RSA4096] = RSA(4096),
};

/* DigestInfo of SHA-256, but for the digest. */
static const uint8_t sha256_info[] = {
	0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
	0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
};

const struct algorithm *
algorithm_of(enum ca_alg alg)
{
	ASSERT(alg >= CA_ALG_P256 && alg <= CA_ALG_RSA4096);
	return &algorithms[alg];
}

/* PKCS#11 wraps a point in an OCTET STRING; some modules do not. */
static struct slice
unwrap_point(struct slice point, size_t n)
{
	struct reader r = reader_of(point);
	struct slice inner;

	if (point.n == n)
		return point;
	inner = der_read(&r, DER_OCTET_STRING);
	return read_done(&r) && inner.n == n ? inner : SLICE_NONE;
}

struct err
algorithm_spki(struct ctx *cx, const struct algorithm *a, struct slice of,
    struct slice exponent, struct slice *out)
{
	struct buf key = buf_in(cx->arena, WIRE_SPKI_MAX);
	struct buf b = buf_in(cx->arena, WIRE_SPKI_MAX);
	size_t at;

	if (a->rsa_bits == 0) {
		put_bytes(&key, unwrap_point(of, a->n_point));
	} else if (of.n == a->n_point) {
		at = der_open(&key, DER_SEQUENCE);
		der_put_unsigned(&key, of);
		der_put_unsigned(&key, exponent);
		der_close(&key, at);
	}
	if (key.n == 0)
		return FAIL(cx, ERR_HSM_REFUSED,
		    "the token made a public key of another form");
	at = der_open(&b, DER_SEQUENCE);
	put_bytes(&b, a->spki_alg);
	der_put_bits(&b, buf_slice(&key));
	der_close(&b, at);
	if (key.bad || b.bad)
		return FAIL(cx, ERR_HSM_REFUSED, "a public key is too large");
	*out = buf_slice(&b);
	return OK;
}

struct err
algorithm_to_sign(struct ctx *cx, const struct algorithm *a,
    struct slice data, struct slice *out)
{
	struct buf b = buf_in(cx->arena, 128);

	if (a->n_data != 0 && data.n != a->n_data)
		return FAIL(cx, ERR_HSM_REFUSED, "a digest of %zu bytes",
		    data.n);
	if (a->rsa_bits == 0) {
		*out = data;
		return OK;
	}
	put_bytes(&b, SLICE_OF(sha256_info));
	put_bytes(&b, data);
	ASSERT(!b.bad);
	*out = buf_slice(&b);
	return OK;
}

struct err
algorithm_signature(struct ctx *cx, const struct algorithm *a,
    struct slice raw, struct slice *out)
{
	struct buf b = buf_in(cx->arena, 256);
	size_t half = raw.n / 2, at;

	if (raw.n != (a->rsa_bits != 0 ? a->rsa_bits / 8 :
	    a->n_data != 0 ? 2 * a->n_data : 64))
		return FAIL(cx, ERR_HSM_REFUSED, "a signature of %zu bytes",
		    raw.n);
	if (a->sign != CKM_ECDSA) {
		*out = raw;
		return OK;
	}
	at = der_open(&b, DER_SEQUENCE);
	der_put_unsigned(&b, SLICE(raw.p, half));
	der_put_unsigned(&b, SLICE(raw.p + half, half));
	der_close(&b, at);
	ASSERT(!b.bad);
	*out = buf_slice(&b);
	return OK;
}
