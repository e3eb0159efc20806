/* SPDX-License-Identifier: Apache-2.0 */
/* Orders about the keys that do one thing for a CA, and what those sign alone:
 * attestation results. */
#include "pki/check.h"
#include "pki/ear_jwt.h"
#include "signer/make.h"
#include "signer/pair.h"
#include "signer/rules.h"
#include "signer/work.h"

_Static_assert(WIRE_RESULT_MAX >= EAR_JWT_MAX &&
    WIRE_RESULT_FORMAT_MAX == EAR_FORMAT_MAX &&
    WIRE_RESULT_NONCE_MAX == EAR_NONCE_MAX, "limits are alike");

/* By role. */
static const struct purpose {
	enum tbs_profile	 profile;
	const char		*common_name;
	uint8_t			 journal;	/* enum journal_kind */
	uint8_t			 alg;		/* enum ca_alg; 0: the CA's own */
} purposes[] = {
	[CA_ROLE_OCSP] = { TBS_OCSP, "OCSP", JOURNAL_OCSP, 0 },
	[CA_ROLE_RESULT] = { TBS_RESULT, "Attestation results",
	    JOURNAL_RESULT, CA_ALG_P256 },
};

static struct err
certify_delegate(struct ctx *cx, const struct order_delegate *o,
    const struct ca *ca, const struct pair *pair, struct slice *out_der)
{
	const struct tbs tbs = {
		.profile = purposes[o->role].profile,
		.sig = sign_key_sig(ca->key),
		.serial = make_serial(cx), .issuer = ca->cert.subject,
		.issuer_key_id = ca->cert.ski,
		.not_before_s = o->not_before_s < ca->cert.not_before_s ?
		    ca->cert.not_before_s : o->not_before_s,
		.not_after_s = o->not_after_s,
		.organization = ca->cert.organization,
		.common_name = purposes[o->role].common_name,
		.key = &pair->public,
	};
	struct slice der;

	TRY(make_certificate(cx, &tbs, ca->key, &ca->cert, &der));
	TRY(check_cert(cx, der, ca->cert.der));
	*out_der = der;
	return OK;
}

static struct err
seal_delegate(struct ctx *cx, struct work *w,
    const struct order_delegate *o, const struct ca *ca,
    enum ca_alg alg, const struct pair *pair, struct answer *out)
{
	struct buf both = buf_in(cx->arena, WIRE_SEALED_MAX);
	struct sealed sealed = {
		.tenant = o->tenant, .role = o->role,
		.alg = (uint8_t)alg, .not_after_s = o->not_after_s,
		.key_store = "",
	};

	put_bytes(&both, out->object);
	put_bytes(&both, ca->cert.der);
	if (both.bad)
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "the CA's certificate is too large to go with the key");
	sealed.certificate = buf_slice(&both);
	return sealed_seal(cx, w->master, &sealed, pair->private,
	    &out->sealed);
}

struct err
work_delegate(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_delegate *o = &order->delegate;
	struct journal_entry entry = {
		.kind = purposes[o->role].journal, .tenant = o->tenant,
	};
	struct pair pair = { .pkey = NULL };
	struct pair_spec spec = { .tenant = o->tenant, .key_store = "" };
	struct ca *ca;
	struct err e;

	TRY(ca_open(cx, w->cas, o->ca, &ca));
	TRY(rules_delegate(cx, o, ca));
	spec.alg = purposes[o->role].alg != 0 ? purposes[o->role].alg :
	    ca->sealed.alg;
	e = pair_make(cx, w->hsms, &spec, &pair);
	if (!failed(e))
		e = certify_delegate(cx, o, ca, &pair, &out->object);
	if (!failed(e))
		e = seal_delegate(cx, w, o, ca, spec.alg, &pair, out);
	pair_fini(&pair);
	TRY(e);
	entry.issuer_key_id = ca->cert.ski;
	entry.object = out->object;
	entry.sealed = out->sealed;
	return journal_append(cx, w->journal, &entry, &out->seq);
}

/* --- attestation results ---------------------------------------------------- */

/* Not in the journal, as OCSP responses are not: it gives no rights, and ends
 * within a day. */
struct err
work_sign_result(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_sign_result *o = &order->sign_result;
	struct ear ear = {
		.tenant = o->tenant, .device_id = o->device_id,
		.format = o->format, .attested_s = o->attested_s,
		.tier = o->tier, .group = o->group,
		.policy_version = o->policy_version,
		.policy_sha256 = o->policy_sha256, .nonce = o->nonce,
		.issued_s = ctx_now(cx),
	};
	const char *jwt;
	struct ca *ca;
	struct err e;

	memcpy(ear.vector, o->vector, sizeof(ear.vector));
	ear.expires_s = ear.issued_s + o->life_s;
	TRY(ca_open_result(cx, w->cas, o->key, &ca));
	TRY(rules_sign_result(cx, o, ca));
	e = ear_jwt(cx, &ear, ca->key, ca->delegate.der, ca->cert.der, &jwt);
	if (e.code == ERR_FIELD)
		return (struct err){ ERR_ORDER_MALFORMED };
	TRY(e);
	out->object = slice_text(jwt);
	return OK;
}
