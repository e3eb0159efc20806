/* SPDX-License-Identifier: Apache-2.0 */
/* Format tpm2-key: TPM2_Certify alone, without measurements. */
#include "attest/certify.h"
#include "attest/formats.h"
#include "attest/tpm2_parts.h"

struct tpm2_key {
	struct ak_shown	ak;
	struct certify	key;
};

static struct err
read_tpm2_key(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct tpm2_key *k = ARENA_NEW(cx->arena, struct tpm2_key);

	ak_read(in, JSON_OPTIONAL, &k->ak);
	certify_read(in, JSON_REQUIRED, &k->key);
	if (!failed(in->err) && !k->ak.has_public && k->ak.n_chain == 0)
		json_refuse(in, "ak_public", "is missing, and so is ak_chain");
	TRY(json_in_done(in));
	*out_value = k;
	return OK;
}

static struct err
verify_tpm2_key(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	const struct tpm2_key *k = value;
	struct attestation result = { .claims = claims_in(cx->arena) };
	struct slice name;
	struct ak ak;

	TRY(ak_verify(cx, &k->ak, a, NULL, &ak));
	TRY(certify_verify(cx, format_tpm2_key.name, &k->key, &ak, a, &name));
	claims_add_bool(&result.claims, "hardware_key", true);
	claims_add_bytes(&result.claims, "key_name", name);
	if (ak.name.n > 0)
		claims_add_bytes(&result.claims, "ak_name", ak.name);
	tpm2_ak_hardware_id(cx, &k->ak, result.hardware_id);
	*out = result;
	return OK;
}

static void
identify_tpm2_key(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct tpm2_key *k = value;

	tpm2_ak_hardware_id(cx, &k->ak, out_hardware_id);
	*out_ak_name = k->ak.name;
}

struct slice
tpm2_key_attested(const void *value)
{
	const struct tpm2_key *k = value;

	return k->key.spki;
}

const struct attest_format format_tpm2_key = {
	.name = "tpm2-key", .read = read_tpm2_key, .verify = verify_tpm2_key,
	.identify = identify_tpm2_key,
};
