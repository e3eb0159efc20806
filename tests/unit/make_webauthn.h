/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation objects of authenticators that exist only in tests: all of one is
 * right unless a test changes it. */
#ifndef DAAPKI_TESTS_MAKE_WEBAUTHN_H
#define DAAPKI_TESTS_MAKE_WEBAUTHN_H

#include "attest/webauthn.h"
#include "tests/unit/make_android.h"

#define WA_CERTS	3u
#define WA_KEY_AUTH	"token-0123456789.thumbprint"
#define WA_ANDROID	"android-key"

static struct {
	bool		acme;
	const char	*fmt;
	const char	*key_authorization;	/* NULL: not sent */
	struct slice	client_data_hash;	/* empty: not sent */
	/* Authenticator data. */
	bool		send_auth;
	uint8_t		flags;
	uint8_t		aaguid[16];
	size_t		credential_n;
	EVP_PKEY	*credential;
	struct slice	cose_key;	/* in place of credential's */
	struct slice	extensions;	/* after the key */
	struct slice	auth;		/* in place of all of it */
	/* Statement. */
	bool		send_alg, send_sig, send_x5c;
	int64_t		alg;
	EVP_PKEY	*signer;
	const EVP_MD	*md;
	struct slice	signature;	/* in place of signer's */
	struct slice	message;	/* in place of what is signed */
	const char	*surplus;	/* one more member of the statement */
	const char	*object_surplus;	/* ... of the object */
	struct slice	object;		/* in place of all of it */
	/* tpm */
	const char	*ver;
	struct make_public area;
	struct make_attest certify;
	bool		extra_given, name_given;
	uint16_t	scheme, hash;
} wa;

/* EC2, P-256: the last 64 bytes of the SPKI are the point. */
static inline struct slice
wa_cose_key(EVP_PKEY *key)
{
	struct slice spki = make_spki(cx, key);
	struct buf b = buf_in(cx->arena, 256);

	ck_assert_uint_eq(spki.n, 91);
	cbor_put_head(&b, CBOR_MAP, 5);
	cbor_put_int(&b, 1);
	cbor_put_int(&b, 2);
	cbor_put_int(&b, 3);
	cbor_put_int(&b, -7);
	cbor_put_int(&b, -1);
	cbor_put_int(&b, 1);
	cbor_put_int(&b, -2);
	cbor_put_bytes(&b, SLICE(spki.p + 27, 32));
	cbor_put_int(&b, -3);
	cbor_put_bytes(&b, SLICE(spki.p + 59, 32));
	return buf_slice(&b);
}

static inline struct slice
wa_auth(void)
{
	struct buf b = buf_in(cx->arena, 4096);
	uint8_t zeros[1100] = { 0 };

	if (wa.auth.n > 0)
		return wa.auth;
	put_bytes(&b, SLICE(zeros, 32));
	put_u8(&b, wa.flags);
	put_be32(&b, 5);
	put_bytes(&b, SLICE_OF(wa.aaguid));
	put_be16_bytes(&b, SLICE(zeros, wa.credential_n));
	put_bytes(&b, wa.cose_key.n > 0 ? wa.cose_key :
	    wa_cose_key(wa.credential));
	put_bytes(&b, wa.extensions);
	ck_assert(!b.bad);
	return buf_slice(&b);
}

/* What is attested. */
static inline struct slice
wa_message(void)
{
	struct buf b = buf_in(cx->arena, 8192);

	if (wa.message.n > 0)
		return wa.message;
	if (wa.acme)
		return slice_text(wa.key_authorization);
	put_bytes(&b, wa_auth());
	put_bytes(&b, wa.client_data_hash);
	return buf_slice(&b);
}

static inline struct slice
wa_sha256(struct slice s)
{
	uint8_t *hash = arena_alloc(cx->arena, 32);

	crypto_hash_sha256(hash, s.p, s.n);
	return SLICE(hash, 32);
}

static inline void
wa_put_x5c(struct buf *b)
{
	size_t n = n_certs - (send_root ? 0 : 1);

	cbor_put_text(b, "x5c");
	cbor_put_head(b, CBOR_ARRAY, n);
	for (size_t i = 0; i < n_certs; i++) {
		struct slice der = make_certificate(cx, &certs[i]);

		if (i < n)
			cbor_put_bytes(b, der);
		if (i + 1 == n_certs)
			anchor = der;
	}
}

static inline void
wa_put_tpm(struct buf *b)
{
	struct slice area = make_tpmt_public(cx, &wa.area), info;

	if (!wa.name_given)
		wa.certify.name = make_name(cx, area);
	if (!wa.extra_given)
		wa.certify.extra = wa_sha256(wa_message());
	info = make_tpms_attest(cx, &wa.certify);
	cbor_put_text(b, "ver");
	cbor_put_text(b, wa.ver);
	cbor_put_text(b, "certInfo");
	cbor_put_bytes(b, info);
	cbor_put_text(b, "pubArea");
	cbor_put_bytes(b, area);
	if (wa.signature.n == 0)
		wa.signature = make_tpmt_signature(cx, wa.signer, wa.scheme,
		    wa.hash, info);
}

static inline struct slice
wa_signature(void)
{
	struct buf b = buf_in(cx->arena, 1024);

	if (wa.signature.n > 0)
		return wa.signature;
	if (strcmp(wa.fmt, "step") != 0)
		return maker_sign(wa.signer, wa.md, wa_message());
	cbor_put_bytes(&b, maker_sign(wa.signer, wa.md, wa_message()));
	return buf_slice(&b);
}

static inline struct slice
wa_object(void)
{
	bool tpm = strcmp(wa.fmt, "tpm") == 0;
	struct buf b = buf_in(cx->arena, WEBAUTHN_OBJECT_MAX);

	if (wa.object.n > 0)
		return wa.object;
	cbor_put_head(&b, CBOR_MAP, 2u + wa.send_auth +
	    (wa.object_surplus != NULL));
	cbor_put_text(&b, "fmt");
	cbor_put_text(&b, wa.fmt);
	if (wa.send_auth) {
		cbor_put_text(&b, "authData");
		cbor_put_bytes(&b, wa_auth());
	}
	if (wa.object_surplus != NULL) {
		cbor_put_text(&b, wa.object_surplus);
		cbor_put_int(&b, 1);
	}
	cbor_put_text(&b, "attStmt");
	cbor_put_head(&b, CBOR_MAP, 3u * tpm + wa.send_alg + wa.send_sig +
	    wa.send_x5c + (wa.surplus != NULL));
	if (wa.surplus != NULL) {
		cbor_put_text(&b, wa.surplus);
		cbor_put_int(&b, 1);
	}
	if (tpm)
		wa_put_tpm(&b);
	if (wa.send_alg) {
		cbor_put_text(&b, "alg");
		cbor_put_int(&b, wa.alg);
	}
	if (wa.send_sig) {
		cbor_put_text(&b, "sig");
		cbor_put_bytes(&b, wa_signature());
	}
	if (wa.send_x5c)
		wa_put_x5c(&b);
	ck_assert(!b.bad);
	return buf_slice(&b);
}

static inline json_t *
wa_evidence(void)
{
	json_t *e = json_keep(cx, json_object());

	(void)json_object_set_new(e, "format", json_string("webauthn"));
	(void)json_object_set_new(e, "object", json_string(base64url(
	    cx->arena, wa_object())));
	if (wa.key_authorization != NULL)
		(void)json_object_set_new(e, "key_authorization",
		    json_string(wa.key_authorization));
	if (wa.client_data_hash.n > 0)
		(void)json_object_set_new(e, "client_data_hash",
		    json_string(text_hex(cx->arena, wa.client_data_hash)));
	return e;
}

static inline struct err
wa_verify(void)
{
	const json_t *e = wa_evidence();
	struct evidence evidence;

	TRY(evidence_read(cx, e, "/evidence", &evidence));
	return evidence_verify(cx, &evidence, &appraisal, &out);
}

/* Leaf, intermediate, root; the leaf's key signs and is the credential. */
static inline void
wa_begin(const char *fmt, bool acme)
{
	static const uint8_t hash[32] = { 0x77 };

	maker_begin("webauthn", WA_CERTS);
	memset(&wa, 0, sizeof(wa));
	wa.acme = acme;
	wa.fmt = fmt;
	if (acme)
		wa.key_authorization = WA_KEY_AUTH;
	else
		wa.client_data_hash = SLICE_OF(hash);
	appraisal.nonce = SLICE_NONE;
	wa.send_auth = !acme;
	wa.flags = WEBAUTHN_USER_PRESENT | WEBAUTHN_CREDENTIAL;
	memset(wa.aaguid, 0xaa, sizeof(wa.aaguid));
	wa.credential_n = 16;
	wa.send_alg = wa.send_sig = wa.send_x5c = true;
	wa.alg = -7;
	wa.md = EVP_sha256();
	wa.signer = wa.credential = certs[0].key;
	send_root = false;
}

static inline void
wa_begin_packed(void)
{
	wa_begin("packed", false);
	wa.credential = make_p256(cx);
	certs[0].country = "AA";
	certs[0].organization = "Maker";
	certs[0].unit = "Authenticator Attestation";
}

static inline void
wa_begin_android(bool acme)
{
	wa_begin(WA_ANDROID, acme);
	certs[0].ca = -1;
	ad_begin();
	ad.challenge = acme ? slice_text(WA_KEY_AUTH) : wa.client_data_hash;
	ad_extend(&certs[0]);
}

static inline void
wa_begin_step(void)
{
	wa_begin("step", true);
	certs[0].exts[0] = (struct make_ext){ "1.3.6.1.4.1.41482.3.7",
	    hx("020307d431"), false };
	certs[0].exts[1] = (struct make_ext){ "1.3.6.1.4.1.41482.3.3",
	    hx("050403"), false };
	certs[0].n_exts = 2;
}

static inline void
wa_begin_apple(void)
{
	wa_begin("apple", false);
	wa.send_alg = wa.send_sig = false;
}

/* Its nonce, anew for each object. */
static inline void
wa_apple_nonce(struct slice nonce_of)
{
	struct buf b = buf_in(cx->arena, 64);
	size_t outer = der_open(&b, DER_SEQUENCE);
	size_t inner = der_open(&b, DER_CONTEXT(1));

	der_put(&b, DER_OCTET_STRING, wa_sha256(nonce_of));
	der_close(&b, inner);
	der_close(&b, outer);
	certs[0].exts[0] = (struct make_ext){ "1.2.840.113635.100.8.2",
	    buf_slice(&b), false };
	certs[0].n_exts = 1;
}

static inline void
wa_begin_managed(void)
{
	wa_begin("apple", true);
	wa.send_alg = wa.send_sig = false;
	certs[0].exts[0] = (struct make_ext){ "1.2.840.113635.100.8.9.1",
	    slice_text("SER-1"), false };
	certs[0].exts[1] = (struct make_ext){ "1.2.840.113635.100.8.9.2",
	    slice_text("UDID-1"), false };
	certs[0].exts[2] = (struct make_ext){ "1.2.840.113635.100.8.10.2",
	    slice_text("17.4"), false };
	certs[0].exts[3] = (struct make_ext){ "1.2.840.113635.100.8.11.1",
	    wa_sha256(slice_text("token-0123456789")), false };
	certs[0].n_exts = 4;
}

static inline void
wa_begin_tpm(bool acme)
{
	wa_begin("tpm", acme);
	certs[0].cn = NULL;
	certs[0].eku = "2.23.133.8.3";
	certs[0].manufacturer = "id:53544D20";
	certs[0].model = "ST33";
	certs[0].version = "id:00010002";
	certs[0].permanent_id = "SN-1";
	wa.credential = make_p256(cx);
	wa.area = make_app_public(wa.credential);
	wa.ver = "2.0";
	wa.scheme = TPM_ECDSA;
	wa.hash = TPM_SHA256;
	wa.certify = (struct make_attest){ .magic = TPM_GENERATED,
	    .type = TPM_ATTEST_CERTIFY, .safe = 1 };
}

#endif
