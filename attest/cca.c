/* SPDX-License-Identifier: Apache-2.0 */
/* Arm CCA attestation tokens (Realm Management Monitor specification, A7.2). */
#include <openssl/evp.h>

#include "attest/psa.h"
#include "base/base.h"

#define PLATFORM_TOKEN	44234
#define REALM_TOKEN	44241
#define CMW_TYPE	"__cmwc_t"
#define EAT_CWT		263	/* CoAP Content-Format of application/eat+cwt */

/* The realm's claims (A7.2.3.1). */
enum {
	CHALLENGE = 10, INSTANCE = 256, PROFILE = 265, PERSONALIZATION = 44235,
	HASH = 44236, KEY = 44237, INITIAL = 44238, EXTENSIBLE = 44239,
	KEY_HASH = 44240,
};

/* IANA, Named Information Hash Algorithm Registry. */
static const struct {
	const char	*name;
	const EVP_MD	*(*md)(void);
} hashes[] = {
	{ "sha-256", EVP_sha256 }, { "sha-384", EVP_sha384 },
	{ "sha-512", EVP_sha512 },
};

/* Realm tokens without a profile are of the platform's, and their key is a
 * point; the others hold a COSE_Key (A7.2.3.1.9). */
static const char *const profiles[] = {
	"tag:arm.com,2023:realm#1.0.0", "tag:arm.com,2024:realm#2.0.0",
};

/* --- the collection ----------------------------------------------------- */

/* A token as it stands (tag 399), or in a conceptual message wrapper. */
static struct err
unwrap(struct ctx *cx, const struct cbor *value, bool is_cmw,
    struct slice *out)
{
	int64_t type;

	if (!is_cmw && value->kind == CBOR_BYTES) {
		*out = value->string;
		return OK;
	}
	if (is_cmw && value->kind == CBOR_ARRAY && value->n == 2 &&
	    cbor_int(&value->items[0], &type) && type == EAT_CWT &&
	    value->items[1].kind == CBOR_BYTES) {
		*out = value->items[1].string;
		return OK;
	}
	return FAIL_TELL(cx, ERR_EV_MALFORMED,
	    "CCA collection: a token that is none");
}

static struct err
find_tokens(struct ctx *cx, const struct cbor *collection,
    struct slice *out_platform, struct slice *out_realm)
{
	bool is_cmw = collection->n == CCA_CMW_TAG;
	struct cbor_in in = cbor_in(cx, &collection->items[0],
	    "CCA collection");
	const struct cbor *platform, *realm;
	size_t n_more = 0;

	platform = cbor_get_any(&in, PLATFORM_TOKEN, CBOR_REQUIRED);
	realm = cbor_get_any(&in, REALM_TOKEN, CBOR_REQUIRED);
	TRY(cbor_in_done(&in));
	if (is_cmw && cbor_find_text(in.map, CMW_TYPE) != NULL)
		n_more = 1;
	if (in.map->n != 2 + n_more)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "CCA collection: more than two tokens");
	TRY(unwrap(cx, platform, is_cmw, out_platform));
	return unwrap(cx, realm, is_cmw, out_realm);
}

/* --- the realm ---------------------------------------------------------- */

static struct err
check_profile(struct ctx *cx, const char *profile)
{
	for (size_t i = 0; i < COUNT_OF(profiles); i++)
		if (profile == NULL || strcmp(profiles[i], profile) == 0)
			return OK;
	return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "realm profile %s", profile);
}

static struct err
read_key(struct ctx *cx, struct cca_realm *realm)
{
	struct cbor key;

	if (realm->profile == NULL)
		return cose_point_spki(cx, realm->key, &realm->spki);
	TRY(cbor_parse(cx, realm->key, 0, &key));
	return cose_key_spki(cx, &key, &realm->spki);
}

static void
read_measurements(struct cbor_in *in, struct cca_realm *out)
{
	const struct cbor *list = cbor_get(in, EXTENSIBLE, CBOR_ARRAY,
	    CBOR_REQUIRED);

	if (list != NULL && list->n != CCA_REMS)
		cbor_refuse(in, EXTENSIBLE, "is not of four measurements");
	for (size_t i = 0; i < CCA_REMS && !failed(in->err); i++) {
		out->measurements[i] = list->items[i].string;
		if (list->items[i].kind != CBOR_BYTES ||
		    (out->measurements[i].n != 32 &&
		    out->measurements[i].n != 48 &&
		    out->measurements[i].n != 64))
			cbor_refuse(in, EXTENSIBLE, "holds no measurement");
	}
}

static struct err
read_realm(struct ctx *cx, struct slice payload, struct cca_realm *out)
{
	struct cca_realm r = { .profile = NULL };
	struct cbor map;
	struct cbor_in in;

	TRY(cbor_parse(cx, payload, 0, &map));
	in = cbor_in(cx, &map, "realm claims");
	r.profile = cbor_get_text(&in, PROFILE, CBOR_OPTIONAL, PSA_TEXT_MAX);
	TRY(check_profile(cx, r.profile));
	r.challenge = cbor_get_bytes(&in, CHALLENGE, CBOR_REQUIRED,
	    CCA_CHALLENGE_SIZE, CCA_CHALLENGE_SIZE);
	r.instance_id = cbor_get_bytes(&in, INSTANCE, CBOR_OPTIONAL,
	    PSA_UEID_SIZE, PSA_UEID_SIZE);
	r.personalization = cbor_get_bytes(&in, PERSONALIZATION,
	    CBOR_REQUIRED, 64, 64);
	r.hash = cbor_get_text(&in, HASH, CBOR_REQUIRED, PSA_TEXT_MAX);
	r.key_hash = cbor_get_text(&in, KEY_HASH, CBOR_REQUIRED,
	    PSA_TEXT_MAX);
	r.key = cbor_get_bytes(&in, KEY, CBOR_REQUIRED, 1, COSE_KEY_MAX);
	r.initial_measurement = psa_get_hash(&in, INITIAL, CBOR_REQUIRED);
	read_measurements(&in, &r);
	TRY(cbor_in_done(&in));
	TRY(read_key(cx, &r));
	*out = r;
	return OK;
}

struct err
cca_read(struct ctx *cx, const struct cbor *collection,
    struct cca_token *out)
{
	struct slice platform = SLICE_NONE, realm = SLICE_NONE;
	struct cca_token t;

	TRY(find_tokens(cx, collection, &platform, &realm));
	TRY(cose_sign1_read(cx, platform, &t.platform_sign1));
	TRY(psa_claims_read(cx, t.platform_sign1.payload, true, &t.platform));
	TRY(cose_sign1_read(cx, realm, &t.realm_sign1));
	TRY(read_realm(cx, t.realm_sign1.payload, &t.realm));
	*out = t;
	return OK;
}

/* --- verifying ----------------------------------------------------------- */

/* A7.2.3.3.2: the platform's challenge is a hash of the realm's key, as the
 * realm's claim holds it. */
static struct err
check_key_hash(struct ctx *cx, const struct cca_token *t)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n;

	for (size_t i = 0; i < COUNT_OF(hashes); i++) {
		if (strcmp(hashes[i].name, t->realm.key_hash) != 0)
			continue;
		ASSERT(EVP_Digest(t->realm.key.p, t->realm.key.n, hash, &n,
		    hashes[i].md(), NULL) == 1);
		if (!slice_equal(t->platform.nonce, SLICE(hash, n)))
			return FAIL_TELL(cx, ERR_EV_BINDING,
			    "the platform vouches for another realm's key");
		return OK;
	}
	return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "hash %s of the realm's key",
	    t->realm.key_hash);
}

struct err
cca_check_realm(struct ctx *cx, const struct cca_token *t)
{
	TRY(check_key_hash(cx, t));
	return cose_sign1_verify(cx, &t->realm_sign1, t->realm.spki);
}

void
cca_realm_tell(struct ctx *cx, const struct cca_realm *r, struct claims *out)
{
	claims_add_bytes(out, "realm_initial_measurement",
	    r->initial_measurement);
	claims_add_list(out, "realm_measurements", psa_hex_list(cx,
	    r->measurements, CCA_REMS), CCA_REMS);
	claims_add_bytes(out, "realm_personalization", r->personalization);
	claims_add_text(out, "realm_hash", r->hash);
	if (r->profile != NULL)
		claims_add_text(out, "realm_profile", r->profile);
}
