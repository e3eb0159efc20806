/* SPDX-License-Identifier: Apache-2.0 */
/* What a CA signs that is neither a CA of its own nor a leaf: another root's
 * cross-certificate, and the proof that it has its key. */
#include "pki/check.h"
#include "signer/make.h"
#include "signer/pair.h"
#include "signer/rules.h"
#include "signer/work.h"

#define CROSS_PATH_LEN		2u	/* an issuing CA, an edge CA */
#define PROOF_BACKDATE_S	300
#define PROOF_LIFE_S		86400

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* RFC 5280, 6.1.4 (l): a certificate that bears its issuer's name takes no
 * place in the path. */
static unsigned
cross_path_len(const struct ca *ca, const struct ca *subject)
{
	bool same = slice_equal(ca->cert.subject, subject->cert.subject);

	if (ca->cert.path_len < 0)
		return CROSS_PATH_LEN;
	return (unsigned)ca->cert.path_len - (same ? 0u : 1u);
}

static struct err
cross_certify(struct ctx *cx, const struct order_cross_sign *o,
    const struct ca *ca, const struct ca *subject, struct slice *out_der)
{
	struct tbs tbs = {
		.profile = TBS_ISSUING, .sig = sign_key_sig(ca->key),
		.serial = make_serial(cx), .issuer = ca->cert.subject,
		.issuer_key_id = ca->cert.ski,
		.not_before_s = later(ca->cert.not_before_s,
		    subject->cert.not_before_s),
		.not_after_s = earlier(ca->cert.not_after_s,
		    subject->cert.not_after_s),
		.organization = subject->cert.organization,
		.common_name = subject->cert.common_name,
		.path_len = cross_path_len(ca, subject),
		.crl_url = o->crl_url, .aia_url = o->aia_url,
	};
	struct cert back;
	struct slice der;
	struct key key;

	TRY(cert_key(cx, &subject->cert, &key));
	tbs.key = &key;
	TRY(make_certificate(cx, &tbs, ca->key, &ca->cert, &der));
	TRY(check_cert(cx, der, ca->cert.der));
	/* Chains go through it by this name and key. */
	TRY(cert_parse(cx, der, &back));
	if (!slice_equal(back.subject, subject->cert.subject) ||
	    !slice_equal(back.ski, subject->cert.ski))
		return FAIL(cx, ERR_CERT_LINT,
		    "a cross-certificate of another name or key");
	*out_der = der;
	return OK;
}

struct err
work_cross_sign(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_cross_sign *o = &order->cross_sign;
	struct journal_entry entry = {
		.kind = JOURNAL_CROSS, .tenant = o->tenant,
	};
	struct ca *ca, *subject;

	TRY(ca_open(cx, w->cas, o->ca, &ca));
	TRY(ca_open(cx, w->cas, o->subject, &subject));
	TRY(rules_cross_sign(cx, o, ca, subject));
	TRY(cross_certify(cx, o, ca, subject, &entry.object));
	entry.issuer_key_id = ca->cert.ski;
	TRY(journal_append(cx, w->journal, &entry, &out->seq));
	out->object = entry.object;
	return OK;
}

/* --- proofs -------------------------------------------------------------- */

static struct err
prove(struct ctx *cx, const struct order_prove *o, const struct ca *ca,
    const struct pair *pair, struct slice *out_der)
{
	int64_t now = ctx_now(cx);
	const struct tbs tbs = {
		.profile = TBS_PROOF, .sig = sign_key_sig(ca->key),
		.serial = make_serial(cx), .issuer = ca->cert.subject,
		.issuer_key_id = ca->cert.ski,
		.not_before_s = later(now - PROOF_BACKDATE_S,
		    ca->cert.not_before_s),
		.not_after_s = earlier(now + PROOF_LIFE_S,
		    ca->cert.not_after_s),
		.organization = ca->cert.organization,
		.common_name = o->nonce, .key = &pair->public,
	};
	struct slice der;

	TRY(make_certificate(cx, &tbs, ca->key, &ca->cert, &der));
	TRY(check_cert(cx, der, ca->cert.der));
	*out_der = der;
	return OK;
}

struct err
work_prove(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_prove *o = &order->prove;
	struct journal_entry entry = {
		.kind = JOURNAL_PROOF, .tenant = o->tenant,
	};
	const struct pair_spec spec = { CA_ALG_P256, o->tenant, "" };
	struct pair pair = { .pkey = NULL };
	struct ca *ca;
	struct err e;

	TRY(ca_open(cx, w->cas, o->ca, &ca));
	TRY(rules_prove(cx, o, ca));
	e = pair_make(cx, w->hsms, &spec, &pair);
	if (!failed(e))
		e = prove(cx, o, ca, &pair, &entry.object);
	pair_fini(&pair);
	TRY(e);
	entry.issuer_key_id = ca->cert.ski;
	TRY(journal_append(cx, w->journal, &entry, &out->seq));
	out->object = entry.object;
	return OK;
}
