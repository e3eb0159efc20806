/* SPDX-License-Identifier: Apache-2.0 */
/* Format webauthn: attestation objects, of authenticators and of ACME's
 * device-attest-01. */
#include "attest/webauthn.h"

#include "attest/formats.h"
#include "attest/member.h"
#include "base/text.h"
#include "codec/base64.h"

#define FMT_MAX		32u
#define SCHEME		"webauthn:"

static const struct webauthn_kind *const kinds[] = {
	&webauthn_android_key, &webauthn_apple, &webauthn_packed,
	&webauthn_step, &webauthn_tpm,
};

/* --- reading --------------------------------------------------------------- */

static struct err
find_kind(struct ctx *cx, const struct cbor *fmt, bool acme,
    const struct webauthn_kind **out)
{
	if (fmt == NULL || fmt->kind != CBOR_TEXT || fmt->string.n > FMT_MAX)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "attestation object without fmt");
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (cbor_text_is(fmt, kinds[i]->fmt) && (acme ?
		    kinds[i]->in_acme : kinds[i]->with_client_data)) {
			*out = kinds[i];
			return OK;
		}
	/* none proves nothing; what fido-u2f proves is nothing of a device. */
	return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
	    "an attestation statement of this format is not taken here");
}

/*
 * Any well-formed encoding of the map: it is not signed, and clients differ.
 * In ACME authenticator data means nothing (device-attest, 5).
 */
static struct err
read_object(struct ctx *cx, struct slice bytes, struct webauthn *w)
{
	bool acme = w->key_authorization.n > 0;
	const struct cbor *statement, *auth, *fmt;
	struct cbor object;

	TRY(cbor_parse(cx, bytes, CBOR_ANY_WIDTH, &object));
	fmt = cbor_find_text(&object, "fmt");
	statement = cbor_find_text(&object, "attStmt");
	auth = cbor_find_text(&object, "authData");
	TRY(find_kind(cx, fmt, acme, &w->kind));
	if (object.n != (auth == NULL ? 2u : 3u))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "attestation object: a member that is not known");
	if (statement == NULL || statement->kind != CBOR_MAP)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "attestation object without a statement");
	if (!acme && (auth == NULL || auth->kind != CBOR_BYTES))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "attestation object without authenticator data");
	if (!acme)
		TRY(webauthn_auth_read(cx, auth->string, &w->auth));
	return w->kind->read(cx, statement, w);
}

static struct err
read_webauthn(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct webauthn *w = ARENA_NEW(cx->arena, struct webauthn);
	const char *text;
	struct slice object;

	object = json_get_bytes(in, "object", JSON_REQUIRED,
	    WEBAUTHN_OBJECT_MAX);
	text = json_get_text(in, "key_authorization", JSON_OPTIONAL,
	    WEBAUTHN_KEY_AUTH_MAX);
	if (text != NULL)
		w->key_authorization = slice_text(text);
	w->client_data_hash = json_get_hex(in, "client_data_hash",
	    JSON_OPTIONAL, WEBAUTHN_HASH_SIZE);
	if (!failed(in->err) && (text != NULL) == (w->client_data_hash.n > 0))
		json_refuse(in, "client_data_hash",
		    "or key_authorization must be there, and not both");
	if (!failed(in->err) && text == NULL &&
	    w->client_data_hash.n != WEBAUTHN_HASH_SIZE)
		json_refuse(in, "client_data_hash", "is a SHA-256 digest");
	if (!failed(in->err))
		(void)attest_keep(in, "object", read_object(cx, object, w));
	TRY(json_in_done(in));
	*out_value = w;
	return OK;
}

/* --- members of statements --------------------------------------------------- */

const struct cbor *
statement_take(struct statement_in *in, const char *key, enum cbor_kind kind,
    enum cbor_need need)
{
	const struct cbor *value = cbor_find_text(in->map, key);

	if (failed(in->err))
		return NULL;
	if (value == NULL && need == CBOR_REQUIRED)
		in->err = FAIL_TELL(in->cx, ERR_EV_MALFORMED,
		    "attestation statement: no %s", key);
	if (value == NULL)
		return NULL;
	in->n_taken++;
	if (value->kind == kind)
		return value;
	in->err = FAIL_TELL(in->cx, ERR_EV_MALFORMED,
	    "attestation statement: %s is %s", key,
	    cbor_kind_name(value->kind));
	return NULL;
}

void
statement_alg(struct statement_in *in, enum cbor_need need,
    struct webauthn *w)
{
	/* Signature algorithms of COSE are negative numbers. */
	const struct cbor *value = statement_take(in, "alg", CBOR_NEGATIVE,
	    need);

	if (value == NULL)
		return;
	w->has_alg = true;
	if (!cbor_int(value, &w->alg))
		in->err = FAIL_TELL(in->cx, ERR_EV_MALFORMED,
		    "attestation statement: alg");
}

void
statement_signature(struct statement_in *in, struct webauthn *w)
{
	const struct cbor *value = statement_take(in, "sig", CBOR_BYTES,
	    CBOR_REQUIRED);

	if (value == NULL)
		return;
	w->signature = value->string;
	if (w->signature.n == 0 || w->signature.n > WEBAUTHN_SIGNATURE_MAX)
		in->err = FAIL_TELL(in->cx, ERR_EV_MALFORMED,
		    "attestation statement: sig of %zu bytes",
		    w->signature.n);
}

void
statement_x5c(struct statement_in *in, enum cbor_need need,
    enum chain_leaf leaf, struct webauthn *w)
{
	const struct cbor *value = statement_take(in, "x5c", CBOR_ARRAY, need);
	struct slice ders[ATTEST_CHAIN_MAX];

	if (value == NULL)
		return;
	if (value->n == 0 || value->n > ATTEST_CHAIN_MAX) {
		in->err = FAIL_TELL(in->cx, ERR_EV_MALFORMED,
		    "attestation statement: x5c of %llu certificates",
		    (unsigned long long)value->n);
		return;
	}
	for (size_t i = 0; i < value->n; i++) {
		if (value->items[i].kind != CBOR_BYTES) {
			in->err = FAIL_TELL(in->cx, ERR_EV_MALFORMED,
			    "attestation statement: x5c holds certificates");
			return;
		}
		ders[i] = value->items[i].string;
	}
	w->n_x5c = value->n;
	in->err = chain_certs_read(in->cx, ders, w->n_x5c, leaf, &w->x5c);
}

struct err
statement_done(struct statement_in *in)
{
	if (failed(in->err))
		return in->err;
	if (in->n_taken != in->map->n)
		return FAIL_TELL(in->cx, ERR_EV_MALFORMED,
		    "attestation statement: a member that is not known");
	return OK;
}

/* --- what is signed, and by whom --------------------------------------------- */

struct slice
webauthn_message(struct ctx *cx, const struct webauthn *w)
{
	struct buf b = buf_in(cx->arena,
	    WEBAUTHN_OBJECT_MAX + WEBAUTHN_HASH_SIZE);

	if (w->key_authorization.n > 0)
		return w->key_authorization;
	put_bytes(&b, w->auth.whole);
	put_bytes(&b, w->client_data_hash);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

struct slice
webauthn_message_hash(struct ctx *cx, const struct webauthn *w)
{
	struct slice message = webauthn_message(cx, w);
	uint8_t *hash = arena_alloc(cx->arena, WEBAUTHN_HASH_SIZE);

	ASSERT(EVP_Digest(message.p, message.n, hash, NULL, ossl_sha256(),
	    NULL) == 1);
	return SLICE(hash, WEBAUTHN_HASH_SIZE);
}

/* The binding hash as it stands, or in base64url where it is a text that is
 * attested. */
static bool
is_made_for(struct ctx *cx, const struct webauthn *w, struct slice binding)
{
	if (w->key_authorization.n == 0)
		return slice_equal_secret(w->client_data_hash, binding);
	return slice_equal_secret(w->key_authorization,
	    slice_text(base64url(cx->arena, binding)));
}

/*
 * The evidence says itself what it was made for; it must be what was asked:
 * the nonce as it stands, or the hash that binds the key.  A credential is made
 * after its challenge: then the hash is over an empty key, as in android-key.
 */
static struct err
check_asked(struct ctx *cx, const struct webauthn *w,
    const struct appraisal *a)
{
	const struct slice keys[] = { SLICE_NONE, a->spki };
	uint8_t binding[WEBAUTHN_HASH_SIZE];

	if (a->raw && (a->nonce.n == 0 || slice_equal_secret(a->nonce,
	    w->key_authorization.n > 0 ? w->key_authorization :
	    w->client_data_hash)))
		return OK;
	for (size_t i = 0; i < COUNT_OF(keys) && !a->raw && a->nonce.n > 0;
	    i++) {
		attest_binding(format_webauthn.name, a->nonce, keys[i],
		    binding, sizeof(binding));
		if (is_made_for(cx, w, SLICE_OF(binding)))
			return OK;
	}
	return FAIL_TELL(cx, ERR_EV_NONCE,
	    "the statement was made for something else");
}

/* device-attest, 5: a statement that does not say whose it is says nothing. */
static struct err
check_identifier(struct ctx *cx, const struct webauthn *w,
    const struct webauthn_proof *proof, const char *identifier)
{
	if (w->key_authorization.n > 0 && proof->identifier.n == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "the statement does not name a device");
	if (identifier != NULL && !slice_equal(proof->identifier,
	    slice_text(identifier)))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the statement does not name the device asked for");
	return OK;
}

/* --- the format -------------------------------------------------------------- */

static void
tell(struct ctx *cx, const struct webauthn *w,
    const struct webauthn_proof *proof)
{
	uint8_t flags = w->auth.flags;

	claims_add_bool(proof->claims, "hardware_key", proof->in_hardware);
	claims_add_text(proof->claims, "fmt", w->kind->fmt);
	if (text_is_printable(proof->identifier) && proof->identifier.n > 0)
		claims_add_text(proof->claims, "permanent_identifier",
		    arena_strndup(cx->arena,
		    (const char *)proof->identifier.p, proof->identifier.n));
	if (w->auth.whole.n == 0)
		return;
	claims_add_bytes(proof->claims, "rp_id_hash", w->auth.rp_id_hash);
	claims_add_bytes(proof->claims, "aaguid", w->auth.aaguid);
	claims_add_bool(proof->claims, "user_verified",
	    (flags & WEBAUTHN_USER_VERIFIED) != 0);
	claims_add_bool(proof->claims, "backup_eligible",
	    (flags & WEBAUTHN_BACKUP_POSSIBLE) != 0);
}

/* As of an IDevID: makers number their devices as they like. */
static void
put_hardware_id(struct ctx *cx, X509 *issuer, struct slice name,
    char out[static HARDWARE_ID_MAX])
{
	struct slice spki = chain_spki(cx, issuer);
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	char hex[2 * WEBAUTHN_HASH_SIZE + 1];
	uint8_t hash[WEBAUTHN_HASH_SIZE];

	out[0] = '\0';
	if (name.n == 0)
		return;
	ASSERT(md != NULL);
	ASSERT(EVP_DigestInit_ex(md, ossl_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, spki.p, spki.n) == 1 &&
	    EVP_DigestUpdate(md, name.p, name.n) == 1 &&
	    EVP_DigestFinal_ex(md, hash, NULL) == 1);
	text_hex_into(SLICE_OF(hash), hex);
	(void)snprintf(out, HARDWARE_ID_MAX, SCHEME "%s", hex);
}

static struct err
verify_webauthn(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	struct attestation result = { .claims = claims_in(cx->arena) };
	const struct webauthn *w = value;
	struct webauthn_proof proof = { .claims = &result.claims };

	TRY(w->kind->verify(cx, w, a, &proof));
	TRY(check_asked(cx, w, a));
	TRY(check_identifier(cx, w, &proof, a->identifier));
	if (!a->raw && !slice_equal(w->attested, a->spki))
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "the key attested is not the key to be certified");
	tell(cx, w, &proof);
	if (proof.issuer != NULL)
		put_hardware_id(cx, proof.issuer, w->kind->name(cx, w),
		    proof.hardware_id);
	memcpy(result.hardware_id, proof.hardware_id,
	    sizeof(result.hardware_id));
	*out = result;
	return OK;
}

/* Without its issuer's certificate, a device is not told from another's. */
static void
identify_webauthn(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct webauthn *w = value;

	*out_ak_name = SLICE_NONE;
	out_hardware_id[0] = '\0';
	if (w->kind->identify != NULL)
		w->kind->identify(cx, w->x5c, w->n_x5c, out_hardware_id);
	else if (w->kind->name != NULL && w->n_x5c > 1)
		put_hardware_id(cx, w->x5c[1], w->kind->name(cx, w),
		    out_hardware_id);
}

struct slice
webauthn_attested(const void *value)
{
	const struct webauthn *w = value;

	return w->attested;
}

const struct attest_format format_webauthn = {
	.name = "webauthn", .read = read_webauthn, .verify = verify_webauthn,
	.identify = identify_webauthn,
};
