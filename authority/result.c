/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/result.h"

#include "authority/delegate.h"
#include "authority/issuers.h"
#include "authority/signer.h"
#include "base/base.h"
#include "db/device.h"

/* The signer's clock may be a little ahead of the moment of asking. */
#define RESULT_MARGIN_S	5

bool
result_of(const struct attestation_row *row, const char *tenant,
    const char *device_id, struct ear *out)
{
	struct ear ear = {
		.tenant = tenant, .device_id = device_id,
		.format = row->format, .attested_s = row->at_s,
		.tier = (uint8_t)ar4si_tier_of(row->verdict),
		.group = row->policy_group,
		.policy_version = (uint64_t)row->policy_version,
		.policy_sha256 = row->policy_sha256, .nonce = "",
	};

	if (row->vector.n != sizeof(ear.vector))
		return false;
	memcpy(ear.vector, row->vector.p, sizeof(ear.vector));
	*out = ear;
	return true;
}

struct err
result_appraisal(struct ctx *cx, const struct attestation_row *row,
    const char *tenant, const char *device_id, const char **out_json)
{
	struct ear ear;

	if (!result_of(row, tenant, device_id, &ear)) {
		*out_json = NULL;
		return OK;
	}
	return ear_appraisal(cx, &ear, out_json);
}

/* --- for relying parties ------------------------------------------------ */

struct finding {
	int64_t			 tenant_id;
	const char		*device_id;
	struct device_view	 view;
	struct attestation_row	 row;
	bool			 found, attested;
};

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct finding *f = arg;

	TRY(db_device_view(cx, tx, f->tenant_id, f->device_id, &f->view,
	    &f->found));
	if (!f->found)
		return OK;
	/* There is one only when nothing was accepted since. */
	TRY(db_attestation_refused(cx, tx, f->tenant_id, f->view.device.id,
	    &f->row, &f->attested));
	if (f->attested)
		return OK;
	return db_attestation_get(cx, tx, f->tenant_id, f->view.device.id,
	    &f->row, &f->attested);
}

/* AR4SI, 2.3.3: 96 is an instance that is known, and not to be trusted. */
static void
contraindicate(struct ear *ear)
{
	ear->tier = AR4SI_CONTRAINDICATED;
	ear->vector[AR4SI_INSTANCE_IDENTITY] = AR4SI_CONTRAINDICATED;
}

struct err
result_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *device_id, const char *nonce,
    struct ear *out)
{
	struct finding f = { .tenant_id = tenant->id, .device_id = device_id };
	struct ear ear;

	if (nonce != NULL && !ear_nonce_fits(nonce))
		return FAIL_TELL(cx, ERR_PARAMETER, "nonce: %u to %u "
		    "characters of base64url", EAR_NONCE_MIN, EAR_NONCE_MAX);
	TRY(db_read(cx, a->db, find_work, &f));
	if (!f.found)
		return FAIL(cx, ERR_NOT_FOUND, "device %s", device_id);
	if (!f.attested || !result_of(&f.row, tenant->name,
	    f.view.device.device_id, &ear))
		return FAIL_TELL(cx, ERR_NOT_FOUND,
		    "nothing is kept of an attestation of this device");
	if (db_device_is_barred(f.view.device.state))
		contraindicate(&ear);
	ear.nonce = nonce != NULL ? nonce : "";
	ear.issued_s = ctx_now(cx);
	ear.expires_s = ear.issued_s + a->limits.result_life_s;
	*out = ear;
	return OK;
}

/* What is left of the key's life may be less. */
static struct err
have_signed(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, const struct ear *ear, bool anew,
    struct slice *out)
{
	struct order order = { .type = ORDER_SIGN_RESULT };
	int64_t life_s = ear->expires_s - ear->issued_s, left_s;
	struct delegate_view key;
	struct answer answer;

	TRY(delegate_get(cx, a, issuer, CA_ROLE_RESULT, anew, &key));
	left_s = key.not_after_s - ctx_now(cx) - RESULT_MARGIN_S;
	if (left_s < life_s)
		life_s = left_s > 0 ? left_s : 1;
	order.sign_result = (struct order_sign_result){
		.key = key.sealed, .tenant = ear->tenant,
		.device_id = ear->device_id, .format = ear->format,
		.attested_s = ear->attested_s, .tier = ear->tier,
		.group = ear->group, .policy_version = ear->policy_version,
		.policy_sha256 = ear->policy_sha256, .nonce = ear->nonce,
		.life_s = (uint32_t)life_s,
	};
	memcpy(order.sign_result.vector, ear->vector, sizeof(ear->vector));
	TRY(signer_call(cx, a->signer, &order, &answer));
	*out = answer.object;
	return OK;
}

/* As of OCSP: a key of a master key that is no more is replaced. */
struct err
result_sign(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct ear *ear, struct slice *out_jwt)
{
	const struct issuer *issuer = issuers_active(a, tenant->id,
	    CA_ROLE_ISSUING);
	struct err e;

	if (issuer == NULL)
		return FAIL(cx, ERR_CONFLICT, "tenant %s has no issuing CA",
		    tenant->name);
	e = have_signed(cx, a, issuer, ear, false, out_jwt);
	if (e.code == ERR_SIGNER_REFUSED) {
		ctx_forget(cx);
		e = have_signed(cx, a, issuer, ear, true, out_jwt);
	}
	return e;
}
