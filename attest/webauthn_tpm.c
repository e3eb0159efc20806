/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of format tpm (Web Authentication, 8.3): TPM2_Certify by a key
 * that has an AK certificate. */
#include <openssl/x509v3.h>

#include "attest/certify.h"
#include "attest/identifier.h"
#include "attest/webauthn.h"
#include "codec/der.h"

#define OID_AK_CERTIFICATE	"2.23.133.8.3"
#define TPM_VERSION		"2.0"

/* COSE's algorithms (RFC 9053, RFC 8812) as TPMs name them. */
static const struct scheme {
	int64_t			alg;
	struct tpm_scheme	scheme;
} schemes[] = {
	{ -7,	  { TPM_ECDSA,	TPM_SHA256 } },
	{ -35,	  { TPM_ECDSA,	TPM_SHA384 } },
	{ -36,	  { TPM_ECDSA,	TPM_SHA512 } },
	{ -257,	  { TPM_RSASSA,	TPM_SHA256 } },
	{ -258,	  { TPM_RSASSA,	TPM_SHA384 } },
	{ -259,	  { TPM_RSASSA,	TPM_SHA512 } },
	{ -65535, { TPM_RSASSA,	TPM_SHA1 } },
};

static const struct scheme *
find_scheme(int64_t alg)
{
	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (schemes[i].alg == alg)
			return &schemes[i];
	return NULL;
}

/* --- reading --------------------------------------------------------------- */

static struct slice
take_bytes(struct statement_in *in, const char *key)
{
	const struct cbor *value = statement_take(in, key, CBOR_BYTES,
	    CBOR_REQUIRED);

	return value == NULL ? SLICE_NONE : value->string;
}

static struct err
read_tpm(struct ctx *cx, const struct cbor *map, struct webauthn *w)
{
	struct statement_in in = { .cx = cx, .map = map };
	const struct cbor *ver = statement_take(&in, "ver", CBOR_TEXT,
	    CBOR_REQUIRED);
	struct tpm_public area;

	w->cert_info = take_bytes(&in, "certInfo");
	w->pub_area = take_bytes(&in, "pubArea");
	statement_alg(&in, CBOR_REQUIRED, w);
	statement_signature(&in, w);
	statement_x5c(&in, CBOR_REQUIRED, CHAIN_LEAF_STAYS, w);
	TRY(statement_done(&in));
	if (!cbor_text_is(ver, TPM_VERSION))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "attestation statement of another TPM than 2.0");
	if (failed(tpm_public_parse(cx, w->pub_area, &area)) ||
	    failed(tpm_key_spki(cx, &area, &w->attested)))
		ctx_forget(cx);
	return OK;
}

/*
 * 8.3 has a TPMT_SIGNATURE, and ACME's clients send one; Windows and what
 * follows it send the bare signature as for other formats: RSA's bytes, ECDSA's
 * in DER.  Neither can be read as the other.
 */
static struct err
read_signature(struct ctx *cx, struct slice s, const struct scheme *scheme,
    struct tpm_signature *out)
{
	struct tpm_signature bare = { .scheme = scheme->scheme };
	struct reader r = reader_of(s), in;

	if (!failed(tpm_signature_parse(cx, s, out)))
		return OK;
	ctx_forget(cx);
	if (scheme->scheme.alg == TPM_RSASSA) {
		bare.rsa = s;
	} else {
		in = der_enter(&r, DER_SEQUENCE);
		bare.r = der_read_unsigned(&in);
		bare.s = der_read_unsigned(&in);
		der_leave(&r, &in);
		if (!read_done(&r))
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "attestation statement: sig of a TPM");
	}
	*out = bare;
	return OK;
}

struct certified {
	struct tpm_attest	info;
	struct tpm_public	area;
	struct tpm_signature	signature;
};

static struct err
read_certified(struct ctx *cx, const struct webauthn *w,
    const struct scheme *scheme, struct certified *out)
{
	TRY(tpm_attest_parse(cx, w->cert_info, &out->info));
	TRY(tpm_public_parse(cx, w->pub_area, &out->area));
	TRY(read_signature(cx, w->signature, scheme, &out->signature));
	if (out->signature.scheme.alg != scheme->scheme.alg ||
	    out->signature.scheme.hash != scheme->scheme.hash)
		return FAIL_TELL(cx, ERR_EV_SIGNATURE,
		    "the signature is not by the algorithm stated");
	return OK;
}

/* --- checks ------------------------------------------------------------------ */

/* 8.3.1. */
static struct err
check_certificate(struct ctx *cx, X509 *x)
{
	if (X509_get_version(x) != X509_VERSION_3 || !chain_is_end_entity(x))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "AK certificate is a CA's, or not of version 3");
	if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "AK certificate's key is not for signatures");
	if (!chain_has_eku(x, OID_AK_CERTIFICATE))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "not an AK certificate by its extended key usage");
	if (X509_NAME_entry_count(X509_get_subject_name(x)) > 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "AK certificate with a subject");
	return OK;
}

/* Who registered an anchor for AKs vouches for the makers it certifies. */
static struct err
check_maker(struct ctx *cx, X509 *x, const struct trust *trust,
    struct claims *claims)
{
	struct trust all = *trust;
	struct ek ek = { .certified = true };

	all.allow = TRUST_ALLOW_ANY_MAKER;
	TRY(ek_check_names(cx, x, &all, &ek));
	claims_add_text(claims, "tpm_manufacturer", ek.manufacturer);
	claims_add_text(claims, "tpm_model", ek.model);
	claims_add_text(claims, "tpm_version", ek.version);
	return OK;
}

/* The digest is that of alg over what is attested; ACME's is SHA-256. */
static struct err
check_extra_data(struct ctx *cx, const struct webauthn *w,
    const struct tpm_attest *info, uint16_t hash)
{
	struct slice message = webauthn_message(cx, w);
	struct slice digest = tpm_key_hash(cx,
	    w->key_authorization.n > 0 ? TPM_SHA256 : hash, &message, 1);

	if (!slice_equal_secret(info->extra_data, digest))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "the qualifying data is not the hash of what is attested");
	return OK;
}

static struct err
check_attested(struct ctx *cx, const struct webauthn *w,
    const struct certified *c)
{
	struct slice name;

	TRY(tpm_key_name(cx, &c->area, &name));
	if (!slice_equal(name, c->info.name))
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "the attestation names another key");
	if (w->attested.n == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an attested key of a kind that is not taken here");
	TRY(webauthn_check_credential(cx, w, w->attested));
	return tpm_key_check_app(cx, &c->area);
}

static struct err
verify_tpm(struct ctx *cx, const struct webauthn *w,
    const struct appraisal *a, struct webauthn_proof *proof)
{
	const struct scheme *scheme = find_scheme(w->alg);
	X509 *x = w->x5c[0];
	struct ak ak = { .in_tpm_of_ek = false };
	struct chain_path path;
	struct certified c;

	if (scheme == NULL)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "attestation statement: algorithm %lld",
		    (long long)w->alg);
	TRY(tpm_key_from_cert(cx, x, &ak.key));
	ak.key.scheme.alg = TPM_NULL;
	TRY(chain_verify_path(cx, x, w->x5c + 1, w->n_x5c - 1, a->trust,
	    a->at_s, &path));
	TRY(check_certificate(cx, x));
	TRY(check_maker(cx, x, a->trust, proof->claims));
	TRY(webauthn_check_aaguid(cx, x, w));
	TRY(read_certified(cx, w, scheme, &c));
	TRY(certify_check_attest(cx, &ak, &c.info, &c.signature,
	    TPM_ATTEST_CERTIFY, a->trust));
	TRY(check_extra_data(cx, w, &c.info, scheme->scheme.hash));
	TRY(check_attested(cx, w, &c));
	proof->in_hardware = true;
	proof->issuer = path.certs[1];
	if (!identifier_find(cx->arena, x, a->identifier, &proof->identifier))
		(void)identifier_find(cx->arena, x, NULL,
		    &proof->identifier);
	return OK;
}

static struct slice
name_tpm(struct ctx *cx, const struct webauthn *w)
{
	struct slice name = SLICE_NONE;

	(void)identifier_find(cx->arena, w->x5c[0], NULL, &name);
	return name;
}

const struct webauthn_kind webauthn_tpm = {
	.fmt = "tpm", .in_acme = true, .with_client_data = true,
	.read = read_tpm, .verify = verify_tpm, .name = name_tpm,
};
