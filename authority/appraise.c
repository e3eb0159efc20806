/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/appraise.h"

#include <sodium.h>

#include "attest/tpm2.h"
#include "authority/activation.h"
#include "authority/anchor.h"
#include "authority/nonce.h"
#include "db/nonce.h"

#define TPM_EK_SCHEME	"tpm-ek:"

/*
 * What is known of the AK: proved just now, or remembered of this device.  A
 * remembered AK belongs to the EK that the device's hardware ID names, so the
 * same identity with another TPM needs a proof of its own.
 */
static struct err
find_activation(struct ctx *cx, const struct authority *a,
    const struct evidence *evidence, const struct subject *subject,
    struct slice ak_name, struct trust_activation *activation, bool *out_known)
{
	const char *token, *hardware_id = subject->device.hardware_id;
	const size_t n_scheme = sizeof(TPM_EK_SCHEME) - 1;
	struct slice secret;

	*out_known = true;
	if (tpm2_activation(evidence, &token, &secret))
		return activation_check(cx, a, token, secret, activation);
	*out_known = subject->claimed && ak_name.n > 0 &&
	    slice_equal(subject->device.ak_name, ak_name) &&
	    hardware_id != NULL &&
	    strncmp(hardware_id, TPM_EK_SCHEME, n_scheme) == 0 &&
	    text_unhex(hardware_id + n_scheme, activation->ek_spki_sha256,
	    sizeof(activation->ek_spki_sha256));
	activation->ak_name = ak_name;
	return OK;
}

static struct err
nonce_unused(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct slice *nonce = arg;

	return db_nonce_unused(cx, tx, *nonce);
}

/* Cheap refusals first: a nonce that is not ours, or old, or was used. */
static struct err
check_nonce(struct ctx *cx, const struct authority *a, struct slice nonce,
    int64_t *out_expires_s)
{
	TRY(nonce_check(cx, a, nonce, out_expires_s));
	return db_read(cx, a->db, nonce_unused, &nonce);
}

/* Hold evidence against that trust. */
static struct err
verify_by(struct ctx *cx, const struct evidence *evidence,
    const struct trust_loaded *loaded, struct appraisal *appraisal,
    struct attestation *out, struct trust_pieces *out_collateral)
{
	char hardware_id[HARDWARE_ID_MAX];
	struct slice ak_name;
	struct trust trust;

	evidence_identify(cx, evidence, hardware_id, &ak_name);
	trust = trust_of_hardware(cx, loaded, hardware_id);
	trust_watch(cx, &trust);
	appraisal->trust = &trust;
	appraisal->known_eks = loaded->known_eks;
	appraisal->n_known_eks = loaded->n_known_eks;
	TRY(evidence_verify(cx, evidence, appraisal, out));
	if (strcmp(out->hardware_id, hardware_id) != 0 ||
	    hardware_id[0] == '\0')
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the evidence does not name the hardware");
	trust_pieces(cx, loaded, &trust, out_collateral);
	return OK;
}

static struct err
verify(struct ctx *cx, const struct authority *a,
    const struct evidence *evidence, const struct subject *subject,
    int64_t tenant_id, struct appraisal *appraisal, struct appraised *out)
{
	struct trust_loaded loaded;

	TRY(find_activation(cx, a, evidence, subject, out->ak_name,
	    &out->activation, &out->activated));
	appraisal->activation = out->activated ? &out->activation : NULL;
	TRY(trust_load(cx, a, tenant_id, &loaded));
	return verify_by(cx, evidence, &loaded, appraisal, &out->attestation,
	    &out->collateral);
}

typedef struct err find_fn(struct ctx *, const struct authority *,
    const char *hardware_id, const char *device_id, struct subject *out);

/* What differs between those who ask. */
struct how {
	find_fn		*find;
	struct slice	 statement;	/* in the nonce's place; empty: none */
};

static struct err
appraise_by(struct ctx *caller, const struct authority *a,
    const struct how *how, const json_t *document, const char *pointer,
    struct slice nonce, struct slice spki, struct appraised *out,
    struct subject *out_subject)
{
	/* What is read here is shared with other appraisals. */
	struct ctx mine = *caller, *cx = &mine;
	struct appraisal appraisal = {
		.at_s = ctx_now(cx), .spki = spki,
		.nonce = how->statement.n > 0 ? how->statement : nonce,
	};
	int64_t tenant_id;
	char hardware_id[HARDWARE_ID_MAX];
	struct evidence evidence;
	struct slice text;

	mine.seen = a->seen;
	TRY(check_nonce(cx, a, nonce, &out->nonce_expires_s));
	TRY(evidence_read(cx, document, pointer, &evidence));
	evidence_identify(cx, &evidence, hardware_id, &out->ak_name);
	if (hardware_id[0] == '\0')
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the evidence does not name the hardware");
	attest_device_id(hardware_id, out->device_id);
	TRY(how->find(cx, a, hardware_id, out->device_id, out_subject));
	tenant_id = out_subject->claimed && how->statement.n == 0 ?
	    out_subject->tenant.id : 0;
	TRY(verify(cx, a, &evidence, out_subject, tenant_id, &appraisal,
	    out));
	out->nonce = nonce;
	text = json_text(cx, document);
	crypto_hash_sha256(out->evidence_sha256, text.p, text.n);
	return OK;
}

struct err
appraise(struct ctx *cx, const struct authority *a, const json_t *document,
    const char *pointer, struct slice nonce, struct slice spki,
    struct appraised *out, struct subject *out_subject)
{
	struct how how = { .find = subject_find_proved };

	return appraise_by(cx, a, &how, document, pointer, nonce, spki, out,
	    out_subject);
}

struct err
appraise_as_it_is(struct ctx *cx, const struct authority *a,
    const json_t *document, const char *pointer, struct slice nonce,
    struct slice spki, struct appraised *out, struct subject *out_subject)
{
	struct how how = { .find = subject_find };

	return appraise_by(cx, a, &how, document, pointer, nonce, spki, out,
	    out_subject);
}

struct err
appraise_statement(struct ctx *cx, const struct authority *a,
    const json_t *document, const char *pointer, struct slice nonce,
    struct slice statement, struct slice spki, struct appraised *out)
{
	struct how how = { .find = subject_find, .statement = statement };
	struct subject *subject = ARENA_NEW(cx->arena, struct subject);

	ASSERT(statement.n > 0);
	return appraise_by(cx, a, &how, document, pointer, nonce, spki, out,
	    subject);
}

struct err
appraise_again(struct ctx *cx, const struct authority *a,
    const json_t *document, const struct appraised_then *then,
    struct attestation *out, struct trust_pieces *out_collateral,
    size_t *out_missing)
{
	struct appraisal appraisal = {
		.at_s = then->at_s, .nonce = then->nonce, .spki = then->spki,
		.activation = then->activation,
	};
	struct trust_loaded loaded;
	struct evidence evidence;

	TRY(evidence_read(cx, document, "/evidence", &evidence));
	TRY(trust_load_then(cx, a, then->tenant_id, then->at_s,
	    then->collateral_sha256, &loaded));
	*out_missing = loaded.n_missing;
	if (loaded.n_missing > 0)
		return OK;
	return verify_by(cx, &evidence, &loaded, &appraisal, out,
	    out_collateral);
}
