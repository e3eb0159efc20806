/* SPDX-License-Identifier: Apache-2.0 */
/* Format android-key: a key that Android's KeyMint or Keymaster attests. */
#include "attest/android.h"

#include <openssl/x509v3.h>

#include "attest/formats.h"
#include "attest/member.h"

#define BINDING_SIZE	32u

struct android_key {
	X509	**chain;
	size_t	  n_chain;
};

static struct err
read_android_key(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct android_key *k = ARENA_NEW(cx->arena, struct android_key);
	struct slice *chain;

	k->n_chain = json_get_bytes_array(in, "chain", JSON_REQUIRED,
	    ATTEST_CHAIN_MAX, ATTEST_CERT_MAX, &chain);
	if (!failed(in->err) && k->n_chain == 0)
		json_refuse(in, "chain", "is empty");
	if (!failed(in->err))
		(void)attest_keep(in, "chain",
		    chain_certs_parse(cx, chain, k->n_chain,
		    CHAIN_LEAF_OF_CHALLENGE, &k->chain));
	TRY(json_in_done(in));
	*out_value = k;
	return OK;
}

/*
 * A challenge is given when the key is made, before there is a public key to
 * hash: the binding hash over an empty key is as good, for it is the key itself
 * that is attested.
 */
static struct err
check_challenge(struct ctx *cx, struct slice challenge,
    const struct appraisal *a)
{
	const struct slice keys[] = { SLICE_NONE, a->spki };
	uint8_t binding[BINDING_SIZE];

	if (a->nonce.n == 0)
		return FAIL_TELL(cx, ERR_EV_NONCE, "no nonce");
	if (a->raw && slice_equal_secret(challenge, a->nonce))
		return OK;
	for (size_t i = 0; i < COUNT_OF(keys) && !a->raw; i++) {
		attest_binding(format_android_key.name, a->nonce, keys[i],
		    binding, sizeof(binding));
		if (slice_equal_secret(challenge, SLICE_OF(binding)))
			return OK;
	}
	return FAIL_TELL(cx, ERR_EV_NONCE,
	    "the challenge is not what was asked for");
}

static struct err
verify_android_key(struct ctx *cx, const void *value,
    const struct appraisal *a, struct attestation *out)
{
	struct attestation result = { .claims = claims_in(cx->arena) };
	const struct android_key *k = value;
	struct android_description d;
	struct chain_path path;

	TRY(android_chain_verify(cx, k->chain, k->n_chain, a->trust, a->at_s,
	    &path));
	TRY(android_description_read(cx, k->chain[0], &d));
	TRY(android_check(cx, k->chain[0], &d, a->identifier));
	TRY(check_challenge(cx, d.challenge, a));
	if (!a->raw && !slice_equal(chain_spki(cx, k->chain[0]), a->spki))
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "the key attested is not the key to be certified");
	claims_add_bool(&result.claims, "hardware_key", true);
	TRY(android_tell(cx, &path, &d, &result.claims));
	android_hardware_id(cx, path.certs[path.n - 1], &d,
	    result.hardware_id);
	*out = result;
	return OK;
}

static void
identify_android_key(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct android_key *k = value;

	*out_ak_name = SLICE_NONE;
	android_identify(cx, k->chain, k->n_chain, out_hardware_id);
}

const struct attest_format format_android_key = {
	.name = "android-key", .read = read_android_key,
	.verify = verify_android_key, .identify = identify_android_key,
};
