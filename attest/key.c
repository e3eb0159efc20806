/* SPDX-License-Identifier: Apache-2.0 */
/* Format key: a raw P-256 device key that signs its measured state. */
#include <openssl/sha.h>

#include "attest/formats.h"
#include "attest/tpm_key.h"
#include "base/text.h"

#define COORDINATE_SIZE		32u
#define KEY_SIZE		(2 * COORDINATE_SIZE)
#define KEY_STATEMENT_MAX	16384u
#define BINDING_SIZE		32u

struct key_evidence {
	const char	*public_hex;		/* 128 digits: X || Y */
	struct slice	 public, signature;	/* 64 bytes each */
	struct slice	 statement;
};

static struct slice
read_64(struct json_in *in, const char *name)
{
	struct slice s = json_get_hex(in, name, JSON_REQUIRED, KEY_SIZE);

	if (!failed(in->err) && s.n != KEY_SIZE)
		json_refuse(in, name, "must be 128 hex digits");
	return s;
}

static struct err
read_key(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct key_evidence *k = ARENA_NEW(cx->arena, struct key_evidence);

	k->public = read_64(in, "public_key");
	k->statement = json_get_bytes(in, "statement", JSON_REQUIRED,
	    KEY_STATEMENT_MAX);
	k->signature = read_64(in, "signature");
	TRY(json_in_done(in));
	k->public_hex = text_hex(cx->arena, k->public);
	*out_value = k;
	return OK;
}

static struct tpm_public
public_of(const struct key_evidence *k)
{
	return (struct tpm_public){
		.type = TPM_ECC, .curve = TPM_P256,
		.scheme = { TPM_ECDSA, TPM_SHA256 },
		.x = SLICE(k->public.p, COORDINATE_SIZE),
		.y = SLICE(k->public.p + COORDINATE_SIZE, COORDINATE_SIZE),
	};
}

static struct err
check_registered(struct ctx *cx, const struct key_evidence *k,
    const struct trust *trust)
{
	struct tpm_public key = public_of(k);
	struct slice spki;

	/* mutate: not reachable: two numbers of 32 bytes fit P-256. */
	TRY(tpm_key_spki(cx, &key, &spki));
	for (size_t i = 0; i < trust->n_keys; i++) {
		if (!slice_equal(trust->keys[i].id, k->public))
			continue;
		if (trust->keys[i].spki.n > 0 &&
		    !slice_equal(trust->keys[i].spki, spki))
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "another key is registered under that ID");
		return OK;
	}
	return FAIL_TELL(cx, ERR_HW_UNKNOWN,
	    "the device key is not registered");
}

/* binding hash || statement; raw: nonce || statement, or statement alone. */
static struct err
check_signature(struct ctx *cx, const struct key_evidence *k,
    const struct appraisal *a)
{
	struct tpm_public key = public_of(k);
	struct tpm_signature signature = {
		.scheme = { TPM_ECDSA, TPM_SHA256 },
		.r = SLICE(k->signature.p, COORDINATE_SIZE),
		.s = SLICE(k->signature.p + COORDINATE_SIZE, COORDINATE_SIZE),
	};
	struct buf message = buf_in(cx->arena,
	    KEY_STATEMENT_MAX + a->nonce.n + BINDING_SIZE);
	uint8_t binding[BINDING_SIZE];
	struct err e;

	if (a->raw) {
		put_bytes(&message, a->nonce);
	} else {
		attest_binding(format_key.name, a->nonce, a->spki, binding,
		    sizeof(binding));
		put_bytes(&message, SLICE_OF(binding));
	}
	put_bytes(&message, k->statement);
	ASSERT(!message.bad);
	e = tpm_key_verify(cx, &key, &signature, buf_slice(&message), false);
	if (e.code == ERR_EV_PROPERTY)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "the device key is not a point of P-256");
	return e;
}

static struct err
verify_key(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	const struct key_evidence *k = value;
	struct attestation result = { .claims = claims_in(cx->arena) };
	json_t *statement;

	if (!a->raw && a->nonce.n == 0)
		return FAIL_TELL(cx, ERR_EV_NONCE, "no nonce");
	/* Whether the key is known is told to who has it; of recorded evidence
	 * there is nobody to tell. */
	if (a->raw)
		TRY(check_registered(cx, k, a->trust));
	TRY(check_signature(cx, k, a));
	if (!a->raw)
		TRY(check_registered(cx, k, a->trust));
	if (!a->raw && failed(json_parse(cx, k->statement, &statement)))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "the statement is not JSON");
	/* Where the certificate's key lives, this signature does not say. */
	claims_add_bool(&result.claims, "hardware_key", false);
	if (text_is_printable(k->statement))
		claims_add_text(&result.claims, "measured_state",
		    arena_strndup(cx->arena, (const char *)k->statement.p,
		    k->statement.n));
	(void)snprintf(result.hardware_id, sizeof(result.hardware_id),
	    "key:%s", k->public_hex);
	*out = result;
	return OK;
}

static void
identify_key(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct key_evidence *k = value;

	(void)cx;
	(void)snprintf(out_hardware_id, HARDWARE_ID_MAX, "key:%s",
	    k->public_hex);
	*out_ak_name = SLICE_NONE;
}

const struct attest_format format_key = {
	.name = "key", .read = read_key, .verify = verify_key,
	.identify = identify_key,
};
