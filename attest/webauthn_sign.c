/* SPDX-License-Identifier: Apache-2.0 */
/* Statements in which the leaf's key, or the credential's, signs. */
#include <openssl/x509v3.h>

#include "attest/android.h"
#include "attest/identifier.h"
#include "attest/webauthn.h"
#include "base/text.h"
#include "codec/der.h"

#define OID_AAGUID		"1.3.6.1.4.1.45724.1.1.4"
#define OID_YUBIKEY_FIRMWARE	"1.3.6.1.4.1.41482.3.3"
#define OID_YUBIKEY_SERIAL	"1.3.6.1.4.1.41482.3.7"
#define PACKED_UNIT		"Authenticator Attestation"

/* RFC 9053, RFC 8812: those of a leaf's key, ECDSA on the one curve that Web
 * Authentication has for it (5.8.5). */
static const struct algorithm {
	int64_t		 alg;
	const char	*type, *group;
	const EVP_MD	*(*md)(void);
} algorithms[] = {
	{ -7,	"EC",	"prime256v1",	EVP_sha256 },
	{ -35,	"EC",	"secp384r1",	EVP_sha384 },
	{ -36,	"EC",	"secp521r1",	EVP_sha512 },
	{ -8,	"ED25519", NULL,	NULL },
	{ -257,	"RSA",	NULL,		EVP_sha256 },
	{ -258,	"RSA",	NULL,		EVP_sha384 },
	{ -259,	"RSA",	NULL,		EVP_sha512 },
};

static bool
is_key_of(const EVP_PKEY *key, const struct algorithm *a)
{
	char group[64];

	return key != NULL && EVP_PKEY_is_a(key, a->type) &&
	    (a->group == NULL || (EVP_PKEY_get_group_name(key, group,
	    sizeof(group), NULL) == 1 && strcmp(group, a->group) == 0));
}

struct err
webauthn_check_signature(struct ctx *cx, X509 *x, int64_t alg,
    struct slice message, struct slice signature)
{
	EVP_PKEY *key = chain_key(x);
	const struct algorithm *a = NULL;
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();

	ASSERT(md != NULL);
	for (size_t i = 0; i < COUNT_OF(algorithms); i++)
		if (algorithms[i].alg == alg)
			a = &algorithms[i];
	if (a == NULL)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "attestation statement: algorithm %lld", (long long)alg);
	if (!is_key_of(key, a))
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE,
		    "algorithm %lld is not the certificate's key's",
		    (long long)alg);
	if (EVP_DigestVerifyInit(md, NULL, a->md == NULL ? NULL : a->md(),
	    NULL, key) != 1 || EVP_DigestVerify(md, signature.p, signature.n,
	    message.p, message.n) != 1)
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE,
		    "the attestation statement's signature");
	return OK;
}

struct err
webauthn_check_credential(struct ctx *cx, const struct webauthn *w,
    struct slice spki)
{
	if (w->auth.whole.n > 0 && !slice_equal(w->auth.spki, spki))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the credential's key is not the one attested");
	return OK;
}

struct err
webauthn_check_aaguid(struct ctx *cx, X509 *x, const struct webauthn *w)
{
	struct slice der, aaguid;
	struct reader r;
	size_t n = chain_extension(x, OID_AAGUID, &der);

	if (n == 0 || w->auth.whole.n == 0)
		return OK;
	r = reader_of(der);
	aaguid = der_read(&r, DER_OCTET_STRING);
	if (n > 1 || !read_done(&r))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "a certificate's AAGUID");
	if (!slice_equal(aaguid, w->auth.aaguid))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a certificate of another kind of authenticator");
	return OK;
}

/* --- packed (8.2) ------------------------------------------------------------ */

static struct err
read_packed(struct ctx *cx, const struct cbor *map, struct webauthn *w)
{
	struct statement_in in = { .cx = cx, .map = map };

	statement_alg(&in, CBOR_REQUIRED, w);
	statement_signature(&in, w);
	statement_x5c(&in, CBOR_OPTIONAL, CHAIN_LEAF_STAYS, w);
	w->attested = w->auth.spki;
	return statement_done(&in);
}

static bool
is_country(X509 *x)
{
	char text[4];

	return X509_NAME_get_text_by_NID(X509_get_subject_name(x),
	    NID_countryName, text, sizeof(text)) == 2;
}

static bool
has_name(X509 *x, int nid)
{
	return X509_NAME_get_text_by_NID(X509_get_subject_name(x), nid, NULL,
	    0) > 0;
}

/* 8.2.1. */
static struct err
check_packed(struct ctx *cx, X509 *x)
{
	if (X509_get_version(x) != X509_VERSION_3 || !chain_is_end_entity(x) ||
	    (X509_get_extension_flags(x) & EXFLAG_BCONS) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "attestation certificate is a CA's, or does not say that "
		    "it is none, or is not of version 3");
	if (!is_country(x) || !has_name(x, NID_organizationName) ||
	    !has_name(x, NID_commonName) || !chain_subject_is(x,
	    NID_organizationalUnitName, PACKED_UNIT))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "subject of an attestation certificate");
	return OK;
}

/* What an authenticator's maker vouches for is the authenticator: whether the
 * credential can leave it, only its kind (AAGUID) says. */
static struct err
verify_packed(struct ctx *cx, const struct webauthn *w,
    const struct appraisal *a, struct webauthn_proof *proof)
{
	(void)proof;
	if (w->n_x5c == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a credential that vouches for itself");
	TRY(chain_verify(cx, w->x5c[0], w->x5c + 1, w->n_x5c - 1, a->trust,
	    a->at_s));
	TRY(webauthn_check_signature(cx, w->x5c[0], w->alg,
	    webauthn_message(cx, w), w->signature));
	TRY(check_packed(cx, w->x5c[0]));
	return webauthn_check_aaguid(cx, w->x5c[0], w);
}

const struct webauthn_kind webauthn_packed = {
	.fmt = "packed", .with_client_data = true,
	.read = read_packed, .verify = verify_packed,
};

/* --- android-key (8.4) -------------------------------------------------------- */

static struct err
read_android(struct ctx *cx, const struct cbor *map, struct webauthn *w)
{
	struct statement_in in = { .cx = cx, .map = map };

	statement_alg(&in, CBOR_REQUIRED, w);
	statement_signature(&in, w);
	statement_x5c(&in, CBOR_REQUIRED, CHAIN_LEAF_OF_CHALLENGE, w);
	TRY(statement_done(&in));
	w->attested = chain_spki(cx, w->x5c[0]);
	return OK;
}

static struct err
verify_android(struct ctx *cx, const struct webauthn *w,
    const struct appraisal *a, struct webauthn_proof *proof)
{
	struct android_description d;
	struct chain_path path;
	struct slice challenge = w->key_authorization.n > 0 ?
	    w->key_authorization : w->client_data_hash;

	TRY(android_chain_verify(cx, w->x5c, w->n_x5c, a->trust, a->at_s,
	    &path));
	TRY(webauthn_check_signature(cx, w->x5c[0], w->alg,
	    webauthn_message(cx, w), w->signature));
	TRY(webauthn_check_credential(cx, w, w->attested));
	TRY(android_description_read(cx, w->x5c[0], &d));
	if (!slice_equal_secret(d.challenge, challenge))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "the challenge is not what is attested");
	TRY(android_check(cx, w->x5c[0], &d, a->identifier));
	TRY(android_tell(cx, &path, &d, proof->claims));
	android_hardware_id(cx, path.certs[path.n - 1], &d,
	    proof->hardware_id);
	proof->in_hardware = true;
	proof->identifier = d.hardware.items[ANDROID_SERIAL].bytes;
	return OK;
}

const struct webauthn_kind webauthn_android_key = {
	.fmt = "android-key", .in_acme = true, .with_client_data = true,
	.read = read_android, .verify = verify_android,
	.identify = android_identify,
};

/* --- step: PIV attestation of a YubiKey ---------------------------------------- */

/* sig is a byte string that holds the encoding of one. */
static struct err
read_step(struct ctx *cx, const struct cbor *map, struct webauthn *w)
{
	struct statement_in in = { .cx = cx, .map = map };
	struct cbor inner;

	statement_alg(&in, CBOR_REQUIRED, w);
	statement_signature(&in, w);
	statement_x5c(&in, CBOR_REQUIRED, CHAIN_LEAF_STAYS, w);
	TRY(statement_done(&in));
	TRY(cbor_parse(cx, w->signature, CBOR_ANY_WIDTH, &inner));
	if (inner.kind != CBOR_BYTES)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "attestation statement: sig does not hold a byte string");
	w->signature = inner.string;
	w->attested = chain_spki(cx, w->x5c[0]);
	return OK;
}

static struct err
read_serial(struct ctx *cx, struct slice der, struct slice *out)
{
	struct reader r = reader_of(der);
	uint64_t serial = der_read_uint(&r);

	if (!read_done(&r))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "a YubiKey's serial number");
	*out = slice_text(arena_printf(cx->arena, "%llu",
	    (unsigned long long)serial));
	return OK;
}

/* The serial number of a YubiKey, or what subjectAltName says. */
static struct err
find_step_identifier(struct ctx *cx, X509 *x, const char *wanted,
    struct slice *out)
{
	struct slice der;
	size_t n = chain_extension(x, OID_YUBIKEY_SERIAL, &der);

	if (n > 1)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "two serial numbers of a YubiKey");
	if (n == 1)
		return read_serial(cx, der, out);
	if (!identifier_find(cx->arena, x, wanted, out))
		(void)identifier_find(cx->arena, x, NULL, out);
	return OK;
}

/* Three bytes: major, minor, patch. */
static void
tell_firmware(struct ctx *cx, X509 *x, struct claims *claims)
{
	struct slice v;

	if (chain_extension(x, OID_YUBIKEY_FIRMWARE, &v) == 1 && v.n == 3)
		claims_add_text(claims, "yubikey_firmware",
		    arena_printf(cx->arena, "%u.%u.%u", v.p[0], v.p[1],
		    v.p[2]));
}

static struct err
verify_step(struct ctx *cx, const struct webauthn *w,
    const struct appraisal *a, struct webauthn_proof *proof)
{
	X509 *x = w->x5c[0];
	struct chain_path path;

	TRY(chain_verify_path(cx, x, w->x5c + 1, w->n_x5c - 1, a->trust,
	    a->at_s, &path));
	if (!chain_is_end_entity(x) || !chain_key_is_strong(x))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an attested key that is a CA's, or weak");
	TRY(webauthn_check_signature(cx, x, w->alg, webauthn_message(cx, w),
	    w->signature));
	TRY(find_step_identifier(cx, x, a->identifier, &proof->identifier));
	tell_firmware(cx, x, proof->claims);
	proof->in_hardware = true;
	proof->issuer = path.certs[1];
	return OK;
}

static struct slice
name_step(struct ctx *cx, const struct webauthn *w)
{
	struct slice name = SLICE_NONE;

	if (failed(find_step_identifier(cx, w->x5c[0], NULL, &name)))
		ctx_forget(cx);
	return name;
}

const struct webauthn_kind webauthn_step = {
	.fmt = "step", .in_acme = true,
	.read = read_step, .verify = verify_step, .name = name_step,
};
