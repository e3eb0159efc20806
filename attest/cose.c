/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/cose.h"

#include "attest/pubkey.h"
#include "attest/tpm_key.h"
#include "codec/der.h"
#include "pki/oid.h"

/* Header parameters (RFC 9052, 3.1). */
#define HEADER_ALG	1
#define HEADER_CRIT	2

/* COSE_Key (RFC 9052, 7.1; RFC 9053, 7; RFC 8230, 4). */
#define KEY_KTY		1
#define KEY_ALG		3
#define KEY_CRV		(-1)
#define KEY_X		(-2)
#define KEY_Y		(-3)
#define KEY_D		(-4)
#define KEY_RSA_N	(-1)
#define KEY_RSA_E	(-2)
#define KEY_RSA_D	(-3)
#define KTY_OKP		1
#define KTY_EC2		2
#define KTY_RSA		3
#define CRV_ED25519	6
#define ED25519_SIZE	32u

/* RFC 9053, 2; the second names are of RFC 9864. */
struct algorithm {
	int64_t		 alg, fixed_alg;
	const char	*type, *group;
	const EVP_MD	*(*md)(void);
	size_t		 size;		/* of a signature */
};

static const struct algorithm algorithms[] = {
	{ -7, -9, "EC", "prime256v1", EVP_sha256, 64 },
	{ -35, -51, "EC", "secp384r1", EVP_sha384, 96 },
	{ -36, -52, "EC", "secp521r1", EVP_sha512, 132 },
	{ -8, -19, "ED25519", NULL, NULL, 64 },
};

static const struct algorithm *
find_algorithm(int64_t alg)
{
	for (size_t i = 0; i < COUNT_OF(algorithms); i++)
		if (algorithms[i].alg == alg || algorithms[i].fixed_alg == alg)
			return &algorithms[i];
	return NULL;
}

/* --- reading ------------------------------------------------------------ */

/* RFC 9052, 3: a label in both headers is as bad as one twice. */
static struct err
check_labels(struct ctx *cx, const struct cbor *a, const struct cbor *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (slice_equal(a->items[2 * i].whole,
			    b->items[2 * k].whole))
				return FAIL_TELL(cx, ERR_EV_MALFORMED,
				    "COSE: a label in both headers");
	return OK;
}

static struct err
read_headers(struct ctx *cx, const struct cbor *unprotected,
    struct cose_sign1 *out)
{
	static const struct cbor empty = { .kind = CBOR_MAP };
	struct cbor protected = empty;
	struct cbor_in in;

	/* RFC 9052, 3: no parameters are an empty string. */
	if (out->protected.n > 0)
		TRY(cbor_parse(cx, out->protected, 0, &protected));
	in = cbor_in(cx, &protected, "COSE protected header");
	out->alg = cbor_get_int(&in, HEADER_ALG, CBOR_REQUIRED, INT32_MIN,
	    INT32_MAX);
	TRY(cbor_in_done(&in));
	TRY(check_labels(cx, &protected, unprotected));
	if (cbor_find(&protected, HEADER_CRIT) != NULL ||
	    cbor_find(unprotected, HEADER_CRIT) != NULL)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "COSE: a critical header");
	if (find_algorithm(out->alg) == NULL)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "COSE: algorithm %lld", (long long)out->alg);
	return OK;
}

struct err
cose_sign1_take(struct ctx *cx, const struct cbor *item,
    struct cose_sign1 *out)
{
	struct cose_sign1 sign1;
	const struct cbor *items;

	if (item->kind != CBOR_TAG || item->n != COSE_TAG_SIGN1)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "COSE: not tagged as a COSE_Sign1");
	if (item->items[0].kind != CBOR_ARRAY || item->items[0].n != 4)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "COSE: not an array of four");
	items = item->items[0].items;
	if (items[0].kind != CBOR_BYTES || items[1].kind != CBOR_MAP ||
	    items[2].kind != CBOR_BYTES || items[3].kind != CBOR_BYTES)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "COSE: headers, payload or signature of a wrong type");
	sign1 = (struct cose_sign1){
		.protected = items[0].string, .payload = items[2].string,
		.signature = items[3].string,
	};
	TRY(read_headers(cx, &items[1], &sign1));
	*out = sign1;
	return OK;
}

struct err
cose_sign1_read(struct ctx *cx, struct slice bytes, struct cose_sign1 *out)
{
	struct cbor item;

	TRY(cbor_parse(cx, bytes, 0, &item));
	return cose_sign1_take(cx, &item, out);
}

/* --- verifying ----------------------------------------------------------- */

/* RFC 9052, 4.4, without external data. */
static struct slice
sig_structure(struct ctx *cx, const struct cose_sign1 *s)
{
	struct buf b = buf_in(cx->arena, s->protected.n + s->payload.n + 64);

	cbor_put_head(&b, CBOR_ARRAY, 4);
	cbor_put_text(&b, "Signature1");
	cbor_put_bytes(&b, s->protected);
	cbor_put_bytes(&b, SLICE_NONE);
	cbor_put_bytes(&b, s->payload);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* r || s (RFC 9053, 2.1) as OpenSSL wants it. */
static struct slice
ecdsa_der(struct ctx *cx, struct slice raw)
{
	struct buf b = buf_in(cx->arena, COSE_SIGNATURE_MAX + 16);
	size_t at = der_open(&b, DER_SEQUENCE);

	der_put_unsigned(&b, SLICE(raw.p, raw.n / 2));
	der_put_unsigned(&b, SLICE(raw.p + raw.n / 2, raw.n / 2));
	der_close(&b, at);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* Is it of the kind that the algorithm is for? */
static bool
is_key_of(const EVP_PKEY *key, const struct algorithm *a)
{
	char group[64];

	return EVP_PKEY_is_a(key, a->type) && (a->group == NULL ||
	    (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	    strcmp(group, a->group) == 0));
}

struct err
cose_sign1_verify(struct ctx *cx, const struct cose_sign1 *s,
    struct slice spki)
{
	const struct algorithm *a = find_algorithm(s->alg);
	struct slice message = sig_structure(cx, s), signature = s->signature;
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	EVP_PKEY *key = pubkey_read(cx, spki);

	ASSERT(md != NULL && a != NULL);
	if (key == NULL)
		return OSSL_FAIL(cx, ERR_EV_PROPERTY,
		    "the key that a COSE_Sign1 should be signed by");
	if (!is_key_of(key, a))
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE,
		    "COSE: algorithm %lld is not the key's",
		    (long long)s->alg);
	if (signature.n != a->size)
		return FAIL_TELL(cx, ERR_EV_SIGNATURE,
		    "COSE: a signature of %zu bytes", signature.n);
	if (a->group != NULL)
		signature = ecdsa_der(cx, signature);
	if (EVP_DigestVerifyInit(md, NULL, a->md == NULL ? NULL : a->md(),
	    NULL, key) != 1 || EVP_DigestVerify(md, signature.p, signature.n,
	    message.p, message.n) != 1)
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE, "signature of a token");
	return OK;
}

/* --- keys ----------------------------------------------------------------- */

/* RFC 9053, table 18. */
static const uint16_t curves[] = { [1] = TPM_P256, [2] = TPM_P384,
    [3] = TPM_P521 };

static struct err
read_ec2(struct ctx *cx, struct cbor_in *in, struct slice *out)
{
	int64_t crv = cbor_get_int(in, KEY_CRV, CBOR_REQUIRED, 1,
	    COUNT_OF(curves) - 1);
	struct tpm_public key = { .type = TPM_ECC, .curve = curves[crv] };
	size_t size = tpm_curve_size(key.curve);

	key.x = cbor_get_bytes(in, KEY_X, CBOR_REQUIRED, size, size);
	key.y = cbor_get_bytes(in, KEY_Y, CBOR_REQUIRED, size, size);
	if (cbor_find(in->map, KEY_D) != NULL)
		cbor_refuse(in, KEY_D, "is a private key");
	TRY(cbor_in_done(in));
	return tpm_key_spki(cx, &key, out);
}

/* RFC 8410, 4. */
static struct err
read_okp(struct ctx *cx, struct cbor_in *in, struct slice *out)
{
	struct buf b = buf_in(cx->arena, 64);
	struct slice x;
	size_t spki, at;

	if (cbor_get_int(in, KEY_CRV, CBOR_REQUIRED, 1, INT32_MAX) !=
	    CRV_ED25519 && !failed(in->err))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "COSE_Key on a curve other than Ed25519");
	x = cbor_get_bytes(in, KEY_X, CBOR_REQUIRED, ED25519_SIZE,
	    ED25519_SIZE);
	if (cbor_find(in->map, KEY_D) != NULL)
		cbor_refuse(in, KEY_D, "is a private key");
	TRY(cbor_in_done(in));
	spki = der_open(&b, DER_SEQUENCE);
	at = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, OID(OID_ED25519));
	der_close(&b, at);
	der_put_bits(&b, x);
	der_close(&b, spki);
	ASSERT(!b.bad);
	*out = buf_slice(&b);
	return OK;
}

static struct err
read_rsa(struct ctx *cx, struct cbor_in *in, struct slice *out)
{
	struct tpm_public key = { .type = TPM_RSA };
	struct slice e;

	key.rsa_n = cbor_get_bytes(in, KEY_RSA_N, CBOR_REQUIRED, 1,
	    TPM_RSA_MAX);
	e = cbor_get_bytes(in, KEY_RSA_E, CBOR_REQUIRED, 1, 4);
	if (cbor_find(in->map, KEY_RSA_D) != NULL)
		cbor_refuse(in, KEY_RSA_D, "is a private key");
	TRY(cbor_in_done(in));
	key.rsa_bits = (uint16_t)(8 * key.rsa_n.n);
	for (size_t i = 0; i < e.n; i++)
		key.rsa_exponent = key.rsa_exponent << 8 | e.p[i];
	return tpm_key_spki(cx, &key, out);
}

struct err
cose_key_spki(struct ctx *cx, const struct cbor *map, struct slice *out)
{
	struct cbor_in in = cbor_in(cx, map, "COSE_Key");
	int64_t kty = cbor_get_int(&in, KEY_KTY, CBOR_REQUIRED, INT32_MIN,
	    INT32_MAX);

	TRY(cbor_in_done(&in));
	if (kty == KTY_EC2)
		return read_ec2(cx, &in, out);
	if (kty == KTY_OKP)
		return read_okp(cx, &in, out);
	if (kty == KTY_RSA)
		return read_rsa(cx, &in, out);
	return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "COSE_Key of type %lld",
	    (long long)kty);
}

struct err
cose_point_spki(struct ctx *cx, struct slice point, struct slice *out)
{
	for (size_t i = 1; i < COUNT_OF(curves); i++) {
		size_t size = tpm_curve_size(curves[i]);
		struct tpm_public key = { .type = TPM_ECC,
		    .curve = curves[i] };

		if (point.n != 1 + 2 * size || point.p[0] != 4)
			continue;
		key.x = SLICE(point.p + 1, size);
		key.y = SLICE(point.p + 1 + size, size);
		return tpm_key_spki(cx, &key, out);
	}
	return FAIL_TELL(cx, ERR_EV_MALFORMED, "not an uncompressed point");
}
