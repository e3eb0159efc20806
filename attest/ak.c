/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/ak.h"

#include <openssl/x509v3.h>

#include "attest/identifier.h"
#include "attest/member.h"

#define OID_AK_CERTIFICATE	"2.23.133.8.3"
#define OID_GCE_INSTANCE	"1.3.6.1.4.1.11129.2.1.21"

void
ak_read(struct json_in *in, enum json_need public_need, struct ak_shown *out)
{
	struct ak_shown ak = { .has_public = false };
	struct slice public, *chain;

	public = json_get_bytes(in, "ak_public", public_need, TPM_PUBLIC_MAX);
	ak.n_chain = json_get_bytes_array(in, "ak_chain", JSON_OPTIONAL,
	    ATTEST_CHAIN_MAX, ATTEST_CERT_MAX, &chain);
	if (failed(in->err))
		return;
	ak.has_public = public.n > 0;
	if (ak.has_public && !attest_keep(in, "ak_public",
	    tpm_public_parse(in->cx, public, &ak.public)))
		return;
	if (!attest_keep(in, "ak_chain",
	    chain_certs_parse(in->cx, chain, ak.n_chain, CHAIN_LEAF_STAYS,
	    &ak.chain)))
		return;
	if (ak.has_public &&
	    failed(tpm_key_name(in->cx, &ak.public, &ak.name)))
		ctx_forget(in->cx);
	*out = ak;
}

/* --- the certificate -------------------------------------------------- */

/* TCG EK profile, 3.3.  Google's vTPM CAs mark an instance's AK certificate
 * with an extension of theirs in place of the usage, or beside an EK's. */
static struct err
check_profile(struct ctx *cx, X509 *x)
{
	if (X509_get_version(x) != X509_VERSION_3 || !chain_is_end_entity(x))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "AK certificate is a CA's, or not of version 3");
	if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "AK certificate's key is not for signatures");
	if (!chain_has_eku(x, OID_AK_CERTIFICATE) &&
	    !chain_has_extension(x, OID_GCE_INSTANCE))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "not an AK certificate by its extended key usage");
	return OK;
}

static struct err
check_identifier(struct ctx *cx, X509 *x, const char *identifier)
{
	struct slice found;

	if (!identifier_find(cx->arena, x, identifier, &found))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "AK certificate does not name the device asked for");
	return OK;
}

static struct err
check_same_key(struct ctx *cx, const struct tpm_public *a,
    const struct tpm_public *b)
{
	struct slice spki_a, spki_b;

	/* mutate: not reachable: tpm_key_check_ak() has made it before. */
	TRY(tpm_key_spki(cx, a, &spki_a));
	/* mutate: not reachable: tpm_key_from_pkey() gives sound keys only. */
	TRY(tpm_key_spki(cx, b, &spki_b));
	if (!slice_equal(spki_a, spki_b))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "AK public and certificate are of two keys");
	return OK;
}

static struct err
verify_certificate(struct ctx *cx, const struct ak_shown *shown,
    const struct appraisal *a, struct ak *ak)
{
	X509 *x = shown->chain[0];
	struct tpm_public key;

	TRY(tpm_key_from_cert(cx, x, &key));
	if (shown->has_public)
		TRY(check_same_key(cx, &shown->public, &key));
	TRY(chain_verify(cx, x, shown->chain + 1, shown->n_chain - 1, a->trust,
	    a->at_s));
	TRY(check_profile(cx, x));
	if (a->identifier != NULL)
		TRY(check_identifier(cx, x, a->identifier));
	if (!shown->has_public) {
		key.scheme.alg = TPM_NULL;
		ak->key = key;
	}
	return OK;
}

/* --- other vouchers --------------------------------------------------- */

static struct err
find_registered(struct ctx *cx, const struct ak *ak, const struct trust *trust,
    bool *out_found)
{
	for (size_t i = 0; i < trust->n_keys && ak->name.n > 0; i++) {
		struct slice spki;

		if (!slice_equal(trust->keys[i].id, ak->name))
			continue;
		/* mutate: not reachable: tpm_key_check_ak() has made it. */
		TRY(tpm_key_spki(cx, &ak->key, &spki));
		if (trust->keys[i].spki.n > 0 &&
		    !slice_equal(trust->keys[i].spki, spki))
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "another key is registered under the AK's name");
		*out_found = true;
		return OK;
	}
	*out_found = false;
	return OK;
}

static struct err
check_activation(struct ctx *cx, const struct trust_activation *proof,
    const struct ak *ak, const struct ek_shown *ek)
{
	/* mutate: part not reachable: without a key the hash is all zeros. */
	if (ek == NULL || !ek->has_key)
		return FAIL_TELL(cx, ERR_EV_ACTIVATION,
		    "no endorsement key is shown");
	/* mutate: part not reachable: nothing is activated without a name. */
	if (ak->name.n == 0 || !slice_equal(proof->ak_name, ak->name))
		return FAIL_TELL(cx, ERR_EV_ACTIVATION,
		    "another attestation key was activated");
	if (memcmp(proof->ek_spki_sha256, ek->spki_sha256,
	    sizeof(ek->spki_sha256)) != 0)
		return FAIL_TELL(cx, ERR_EV_ACTIVATION,
		    "the attestation key was activated in another TPM");
	return OK;
}

struct err
ak_verify(struct ctx *cx, const struct ak_shown *shown,
    const struct appraisal *a, const struct ek_shown *ek, struct ak *out)
{
	bool sha1 = (a->trust->allow & TRUST_ALLOW_SHA1) != 0;
	struct ak ak = { .key = shown->public, .name = shown->name };
	bool registered;

	if (shown->has_public)
		TRY(tpm_key_check_ak(cx, &shown->public, sha1));
	/* First: what follows depends on what is believed of that EK. */
	if (a->activation != NULL)
		TRY(check_activation(cx, a->activation, &ak, ek));
	else if (ek != NULL && !a->raw)
		return FAIL_TELL(cx, ERR_EV_ACTIVATION,
		    "activate the attestation key first");
	ak.in_tpm_of_ek = a->activation != NULL;
	if (shown->n_chain > 0)
		TRY(verify_certificate(cx, shown, a, &ak));
	else if (a->identifier != NULL)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "no AK certificate that could name the device");
	TRY(find_registered(cx, &ak, a->trust, &registered));
	if (!ak.in_tpm_of_ek && !registered && shown->n_chain == 0)
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "nobody vouches for the attestation key");
	*out = ak;
	return OK;
}
