/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of Apple: the anonymous one of Web Authentication (8.8), and
 * managed device attestation in ACME.  Apple's CA made the certificate for this
 * one occasion; nothing else is signed. */
#include <openssl/x509v3.h>

#include "attest/webauthn.h"
#include "base/text.h"
#include "codec/der.h"

#define OID_NONCE	"1.2.840.113635.100.8.2"
#define OID_SERIAL	"1.2.840.113635.100.8.9.1"
#define OID_UDID	"1.2.840.113635.100.8.9.2"
#define OID_SEPOS	"1.2.840.113635.100.8.10.2"
#define OID_FRESHNESS	"1.2.840.113635.100.8.11.1"
#define TEXT_MAX	128u

static const char *const managed_critical[] = {
	OID_SERIAL, OID_UDID, OID_SEPOS, OID_FRESHNESS, NULL
};

/* Early ones have an alg beside the certificates: it signs nothing. */
static struct err
read_apple(struct ctx *cx, const struct cbor *map, struct webauthn *w)
{
	struct statement_in in = { .cx = cx, .map = map };

	statement_alg(&in, CBOR_OPTIONAL, w);
	statement_x5c(&in, CBOR_REQUIRED, CHAIN_LEAF_OF_CHALLENGE, w);
	TRY(statement_done(&in));
	w->attested = chain_spki(cx, w->x5c[0]);
	return OK;
}

/* SEQUENCE { [1] EXPLICIT OCTET STRING } */
static struct err
check_nonce(struct ctx *cx, X509 *x, struct slice wanted)
{
	struct reader r, outer, inner;
	struct slice der, nonce;

	if (chain_extension(x, OID_NONCE, &der) != 1)
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "Apple's certificate does not hold one nonce");
	r = reader_of(der);
	outer = der_enter(&r, DER_SEQUENCE);
	inner = der_enter(&outer, DER_CONTEXT(1));
	nonce = der_read(&inner, DER_OCTET_STRING);
	der_leave(&outer, &inner);
	der_leave(&r, &outer);
	if (!read_done(&r))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "the nonce in Apple's certificate");
	if (!slice_equal_secret(nonce, wanted))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "Apple's certificate was made for something else");
	return OK;
}

/* The SHA-256 of the token: the part of a key authorization before the point
 * (RFC 8555, 8.1), which the device's management gives to Apple. */
static struct err
check_freshness(struct ctx *cx, const struct webauthn *w)
{
	struct slice ka = w->key_authorization, code;
	const uint8_t *point = memchr(ka.p, '.', ka.n);
	uint8_t hash[WEBAUTHN_HASH_SIZE];

	if (chain_extension(w->x5c[0], OID_FRESHNESS, &code) != 1)
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "Apple's certificate does not hold one freshness code");
	ASSERT(EVP_Digest(ka.p, point == NULL ? ka.n :
	    (size_t)(point - ka.p), hash, NULL, ossl_sha256(), NULL) == 1);
	if (!slice_equal_secret(code, SLICE_OF(hash)))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "Apple's certificate was made for something else");
	return OK;
}

/* Text as it stands in an extension, at most once; "" when it is not there. */
static struct err
take_text(struct ctx *cx, X509 *x, const char *oid, struct slice *out)
{
	struct slice text = SLICE_NONE;
	size_t n = chain_extension(x, oid, &text);

	if (n > 1 || (n == 1 && text.n == 0) || text.n > TEXT_MAX ||
	    !text_is_printable(text))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "Apple's certificate: extension %s", oid);
	*out = text;
	return OK;
}

/* Its serial number, or its UDID where that is the one asked for. */
static struct err
find_device(struct ctx *cx, X509 *x, const char *wanted,
    struct webauthn_proof *proof)
{
	struct slice serial, udid, sepos;

	TRY(take_text(cx, x, OID_SERIAL, &serial));
	TRY(take_text(cx, x, OID_UDID, &udid));
	TRY(take_text(cx, x, OID_SEPOS, &sepos));
	proof->identifier = serial.n == 0 || (wanted != NULL &&
	    slice_equal(udid, slice_text(wanted))) ? udid : serial;
	if (sepos.n > 0)
		claims_add_text(proof->claims, "sepos_version",
		    arena_strndup(cx->arena, (const char *)sepos.p, sepos.n));
	return OK;
}

static struct err
verify_apple(struct ctx *cx, const struct webauthn *w,
    const struct appraisal *a, struct webauthn_proof *proof)
{
	X509 *x = w->x5c[0];
	struct chain_path path;

	TRY(chain_verify_reading(cx, x, w->x5c + 1, w->n_x5c - 1, a->trust,
	    a->at_s, managed_critical, &path));
	if (!chain_is_end_entity(x) || !chain_key_is_strong(x))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an attested key that is a CA's, or weak");
	TRY(webauthn_check_credential(cx, w, w->attested));
	proof->in_hardware = true;
	if (w->key_authorization.n == 0)
		return check_nonce(cx, x, webauthn_message_hash(cx, w));
	TRY(check_freshness(cx, w));
	proof->issuer = path.certs[1];
	return find_device(cx, x, a->identifier, proof);
}

/* Its serial number, else its UDID. */
static struct slice
name_apple(struct ctx *cx, const struct webauthn *w)
{
	struct claims unused = claims_in(cx->arena);
	struct webauthn_proof proof = { .claims = &unused };

	if (w->key_authorization.n > 0 &&
	    failed(find_device(cx, w->x5c[0], NULL, &proof)))
		ctx_forget(cx);
	return proof.identifier;
}

const struct webauthn_kind webauthn_apple = {
	.fmt = "apple", .in_acme = true, .with_client_data = true,
	.read = read_apple, .verify = verify_apple, .name = name_apple,
};
