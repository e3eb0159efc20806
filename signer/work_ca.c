/* SPDX-License-Identifier: Apache-2.0 */
/* The order that makes a CA. */
#include "pki/check.h"
#include "signer/make.h"
#include "signer/pair.h"
#include "signer/rules.h"
#include "signer/work.h"

static struct err
sign_ca(struct ctx *cx, const struct order_make_ca *o, const struct ca *parent,
    const struct pair *pair, struct slice *out_der)
{
	const struct sign_key *key = parent != NULL ? parent->key : pair->sign;
	const struct cert *issuer = parent != NULL ? &parent->cert : NULL;
	struct tbs tbs = {
		.profile = parent != NULL ? TBS_ISSUING : TBS_ROOT,
		.sig = sign_key_sig(key),
		.serial = make_serial(cx),
		.issuer = parent != NULL ? parent->cert.subject :
		    make_name(cx, o->tenant, o->common_name),
		.issuer_key_id = parent != NULL ? parent->cert.ski :
		    SLICE_NONE,
		.not_before_s = o->not_before_s,
		.not_after_s = o->not_after_s,
		.organization = o->tenant, .common_name = o->common_name,
		.path_len = (o->flags & CA_MAY_EDGE) != 0 ? 1 : 0,
		.key = &pair->public,
		.crl_url = o->crl_url, .aia_url = o->aia_url,
	};
	struct slice der;

	TRY(make_certificate(cx, &tbs, key, issuer, &der));
	TRY(check_cert(cx, der, parent != NULL ? parent->cert.der : der));
	*out_der = der;
	return OK;
}

static struct err
seal_and_note(struct ctx *cx, struct work *w, const struct order_make_ca *o,
    const struct pair *pair, struct answer *out)
{
	struct sealed sealed = {
		.tenant = o->tenant, .role = o->role, .alg = o->alg,
		.flags = o->flags,
		.leaf_max_s = o->leaf_max_s, .not_after_s = o->not_after_s,
		.certificate = out->object, .key_store = o->key_store,
	};
	struct journal_entry entry = {
		.kind = JOURNAL_CA, .tenant = o->tenant,
		.object = out->object,
	};
	struct cert cert;

	TRY(sealed_seal(cx, w->master, &sealed, pair->private, &out->sealed));
	TRY(cert_parse(cx, out->object, &cert));
	entry.sealed = out->sealed;
	entry.issuer_key_id = cert.aki.n > 0 ? cert.aki : cert.ski;
	return journal_append(cx, w->journal, &entry, &out->seq);
}

struct err
work_make_ca(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_make_ca *o = &order->make_ca;
	const struct pair_spec spec = { o->alg, o->tenant, o->key_store };
	struct pair pair = { .pkey = NULL };
	struct ca *parent = NULL;
	struct err e;

	if (o->parent.n > 0)
		TRY(ca_open(cx, w->cas, o->parent, &parent));
	TRY(rules_make_ca(cx, o, parent));
	e = pair_make(cx, w->hsms, &spec, &pair);
	if (!failed(e))
		e = sign_ca(cx, o, parent, &pair, &out->object);
	if (!failed(e))
		e = seal_and_note(cx, w, o, &pair, out);
	pair_fini(&pair);
	return e;
}
