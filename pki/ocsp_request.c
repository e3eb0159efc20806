/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ocsp_request.h"

#include "codec/base64.h"
#include "codec/der.h"
#include "pki/oid.h"

#define EXTENSIONS_MAX	16u	/* in one list */

/* AlgorithmIdentifier of a hash: parameters NULL or absent (RFC 5754, 2). */
static void
read_hash(struct reader *r, struct ocsp_id *id)
{
	struct reader algorithm = der_enter(r, DER_SEQUENCE);
	struct slice oid = der_read_oid(&algorithm);

	if (der_peek(&algorithm) == DER_NULL &&
	    der_read(&algorithm, DER_NULL).n != 0)
		algorithm.bad = true;
	id->sha256 = slice_equal(oid, OID(OID_SHA256));
	if (!id->sha256 && !slice_equal(oid, OID(OID_SHA1)))
		algorithm.bad = true;
	der_leave(r, &algorithm);
}

static void
read_serial(struct reader *r, struct ocsp_id *id)
{
	static const uint8_t zero[1] = { 0 };

	id->serial = der_read_unsigned(r);
	if (id->serial.n == 0)
		id->serial = SLICE_OF(zero);
	if (id->serial.n > CERT_SERIAL_MAX)
		r->bad = true;
}

/* RFC 9654, 2.1: an OCTET STRING of 1 to 128 bytes, and nothing else. */
static void
read_nonce(struct ocsp_request *request, struct reader *r)
{
	struct slice nonce = der_read(r, DER_OCTET_STRING);

	if (nonce.n == 0 || nonce.n > OCSP_NONCE_MAX || request->nonce.n != 0)
		r->bad = true;
	request->nonce = nonce;
}

/* request is NULL where a nonce has no meaning. */
static void
read_extension(struct reader *list, struct ocsp_request *request)
{
	struct reader ext = der_enter(list, DER_SEQUENCE), value;
	struct slice oid = der_read_oid(&ext);
	bool critical = false, known;

	if (der_peek(&ext) == DER_BOOLEAN) {
		critical = der_read_bool(&ext);
		if (!critical)	/* X.690, 11.5: a DEFAULT is not written */
			ext.bad = true;
	}
	value = reader_of(der_read(&ext, DER_OCTET_STRING));
	der_leave(list, &ext);
	known = request != NULL && slice_equal(oid, OID(OID_OCSP_NONCE));
	if (known) {
		read_nonce(request, &value);
		if (!read_done(&value))
			list->bad = true;
	} else if (critical) {
		list->bad = true;
	}
}

static void
read_extensions(struct reader *r, uint8_t tag, struct ocsp_request *request)
{
	struct reader tagged = der_enter(r, tag);
	struct reader list = der_enter(&tagged, DER_SEQUENCE);
	size_t n = 0;

	do {
		read_extension(&list, request);
		if (++n > EXTENSIONS_MAX)
			list.bad = true;
	} while (der_peek(&list) != 0);
	der_leave(&tagged, &list);
	der_leave(r, &tagged);
}

static void
read_id(struct reader *r, struct ocsp_id *id)
{
	struct reader one = der_enter(r, DER_SEQUENCE);
	struct reader cert_id = der_enter(&one, DER_SEQUENCE);
	size_t size;

	read_hash(&cert_id, id);
	size = id->sha256 ? OCSP_SHA256_SIZE : OCSP_SHA1_SIZE;
	id->name_hash = der_read(&cert_id, DER_OCTET_STRING);
	id->key_hash = der_read(&cert_id, DER_OCTET_STRING);
	if (id->name_hash.n != size || id->key_hash.n != size)
		cert_id.bad = true;
	read_serial(&cert_id, id);
	der_leave(&one, &cert_id);
	if (der_peek(&one) == DER_CONTEXT(0))
		read_extensions(&one, DER_CONTEXT(0), NULL);
	der_leave(r, &one);
}

static void
read_ids(struct ctx *cx, struct reader *r, struct ocsp_request *request)
{
	struct reader list = der_enter(r, DER_SEQUENCE);

	request->ids = arena_array(cx->arena, OCSP_IDS_MAX,
	    sizeof(*request->ids));
	do {
		if (request->n == OCSP_IDS_MAX) {
			list.bad = true;
			break;
		}
		read_id(&list, &request->ids[request->n++]);
	} while (der_peek(&list) != 0);
	der_leave(r, &list);
}

static void
read_tbs(struct ctx *cx, struct reader *r, struct ocsp_request *request)
{
	struct reader tbs = der_enter(r, DER_SEQUENCE);

	/* A version would be the DEFAULT v1, which is not written.  The
	 * requestor's name goes with a signature. */
	if (der_peek(&tbs) == DER_CONTEXT(1))
		(void)der_read(&tbs, DER_CONTEXT(1));
	read_ids(cx, &tbs, request);
	if (der_peek(&tbs) == DER_CONTEXT(2))
		read_extensions(&tbs, DER_CONTEXT(2), request);
	der_leave(r, &tbs);
}

/* Signature ::= SEQUENCE { algorithm, BIT STRING, [0] certificates }. */
static void
read_past_signature(struct reader *r)
{
	struct reader tagged = der_enter(r, DER_CONTEXT(0));
	struct reader signature = der_enter(&tagged, DER_SEQUENCE);

	(void)der_read(&signature, DER_SEQUENCE);
	(void)der_read_bits(&signature);
	if (der_peek(&signature) == DER_CONTEXT(0))
		(void)der_read(&signature, DER_CONTEXT(0));
	der_leave(&tagged, &signature);
	der_leave(r, &tagged);
}

struct err
ocsp_request_parse(struct ctx *cx, struct slice der, struct ocsp_request *out)
{
	struct reader r = reader_of(der), outer;
	struct ocsp_request request = { 0 };

	if (der.n > OCSP_REQUEST_MAX)
		return FAIL(cx, ERR_MALFORMED, "an OCSP request of %zu bytes",
		    der.n);
	outer = der_enter(&r, DER_SEQUENCE);
	read_tbs(cx, &outer, &request);
	if (der_peek(&outer) == DER_CONTEXT(0)) {
		read_past_signature(&outer);
		request.is_signed = true;
	}
	der_leave(&r, &outer);
	if (!read_done(&r))
		return FAIL(cx, ERR_MALFORMED, "not an OCSP request");
	*out = request;
	return OK;
}

/* The other alphabet, with padding, as base64url without. */
static bool
unpad(struct arena *arena, const char *text, char **out, size_t *out_n)
{
	size_t n = strlen(text), pad = 0;
	char *copy;

	if (n == 0 || n % 4 != 0 || n > OCSP_REQUEST_MAX / 3 * 4)
		return false;
	while (pad < 2 && text[n - 1 - pad] == '=')
		pad++;
	copy = arena_strndup(arena, text, n - pad);
	for (char *p = copy; *p != '\0'; p++) {
		if (*p == '-' || *p == '_')
			return false;
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	}
	*out = copy;
	*out_n = n - pad;
	return true;
}

struct err
ocsp_request_parse_base64(struct ctx *cx, const char *text,
    struct ocsp_request *out)
{
	struct slice der;
	char *plain;
	size_t n;

	if (!unpad(cx->arena, text, &plain, &n) || !base64url_parse(cx->arena,
	    plain, n, OCSP_REQUEST_MAX, &der))
		return FAIL(cx, ERR_MALFORMED, "an OCSP request: base64");
	return ocsp_request_parse(cx, der, out);
}

/* --- issuers ------------------------------------------------------------- */

static bool
digest(const char *name, struct slice s, uint8_t *out)
{
	return EVP_Q_digest(NULL, name, NULL, s.p, s.n, out, NULL) == 1;
}

struct err
ocsp_issuer_init(struct ctx *cx, const struct cert *ca,
    struct ocsp_issuer *out)
{
	struct reader r = reader_of(ca->spki);
	struct reader spki = der_enter(&r, DER_SEQUENCE);
	struct ocsp_issuer issuer;
	struct slice key;

	(void)der_read(&spki, DER_SEQUENCE);
	/* RFC 6960, 4.1.1: the bits, without tag, length and unused bits. */
	key = der_read_bits(&spki);
	der_leave(&r, &spki);
	if (!read_done(&r))
		return FAIL(cx, ERR_MALFORMED, "a CA's key cannot be read");
	if (!digest("SHA1", ca->subject, issuer.name_sha1) ||
	    !digest("SHA1", key, issuer.key_sha1) ||
	    !digest("SHA256", ca->subject, issuer.name_sha256) ||
	    !digest("SHA256", key, issuer.key_sha256))
		return OSSL_FAIL(cx, ERR_INTERNAL, "cannot hash");
	*out = issuer;
	return OK;
}

bool
ocsp_id_is_of(const struct ocsp_id *id, const struct ocsp_issuer *ca)
{
	if (id->sha256)
		return slice_equal(id->name_hash, SLICE_OF(ca->name_sha256)) &&
		    slice_equal(id->key_hash, SLICE_OF(ca->key_sha256));
	return slice_equal(id->name_hash, SLICE_OF(ca->name_sha1)) &&
	    slice_equal(id->key_hash, SLICE_OF(ca->key_sha1));
}

/* --- answers without a body ---------------------------------------------- */

struct slice
ocsp_error_der(enum ocsp_error status)
{
	static const uint8_t der[][5] = {
		[OCSP_ERROR_MALFORMED] = { 0x30, 3, 0x0a, 1, 1 },
		[OCSP_ERROR_INTERNAL] = { 0x30, 3, 0x0a, 1, 2 },
		[OCSP_ERROR_TRY_LATER] = { 0x30, 3, 0x0a, 1, 3 },
		[OCSP_ERROR_UNAUTHORIZED] = { 0x30, 3, 0x0a, 1, 6 },
	};

	ASSERT(status < COUNT_OF(der) && der[status][0] != 0);
	return SLICE_OF(der[status]);
}
