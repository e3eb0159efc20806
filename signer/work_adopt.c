/* SPDX-License-Identifier: Apache-2.0 */
/* An issuing CA below a root that is not ours: the request out, the
 * certificate in. */
#include <sodium.h>

#include "pki/check.h"
#include "pki/csr.h"
#include "signer/make.h"
#include "signer/pair.h"
#include "signer/rules.h"
#include "signer/work.h"

static struct err
request(struct ctx *cx, const struct order_request_ca *o,
    const struct pair *pair, struct slice *out_der)
{
	struct slice info;
	struct csr back;

	TRY(csr_encode_ca(cx, make_name(cx, o->tenant, o->common_name),
	    &pair->public, (o->flags & CA_MAY_EDGE) != 0 ? 1 : 0, &info));
	TRY(sign_object(cx, pair->sign, info, out_der));
	return csr_parse(cx, *out_der, &back);
}

static struct err
seal_pending(struct ctx *cx, const struct work *w,
    const struct order_request_ca *o, const struct pair *pair,
    struct answer *out)
{
	const struct sealed sealed = {
		.tenant = o->tenant, .role = CA_ROLE_PENDING, .alg = o->alg,
		.flags = o->flags, .leaf_max_s = o->leaf_max_s,
		.certificate = out->object, .key_store = o->key_store,
	};

	return sealed_seal(cx, w->master, &sealed, pair->private,
	    &out->sealed);
}

struct err
work_request_ca(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_request_ca *o = &order->request_ca;
	const struct pair_spec spec = { o->alg, o->tenant, o->key_store };
	struct pair pair = { .pkey = NULL };
	struct err e;

	TRY(rules_request_ca(cx, o));
	e = pair_make(cx, w->hsms, &spec, &pair);
	if (!failed(e))
		e = request(cx, o, &pair, &out->object);
	if (!failed(e))
		e = seal_pending(cx, w, o, &pair, out);
	pair_fini(&pair);
	return e;
}

/* --- adoption ------------------------------------------------------------ */

/* The pending record with its certificate, sealed as an issuing CA's. */
static struct err
seal_adopted(struct ctx *cx, const struct work *w, struct sealed s,
    const struct cert *cert, const uint8_t *private, struct slice *out)
{
	s.role = CA_ROLE_ISSUING;
	s.not_after_s = cert->not_after_s;
	s.certificate = cert->der;
	return sealed_seal(cx, w->master, &s, private, out);
}

static struct err
adopt(struct ctx *cx, const struct work *w, const struct order_adopt_ca *o,
    uint8_t *private, struct cert *out_cert, struct slice *out_sealed)
{
	struct sealed pending;
	struct csr csr;

	TRY(sealed_open(cx, w->master, o->pending, &pending, private));
	TRY(rules_adopt_pending(cx, o, &pending));
	TRY(csr_parse(cx, pending.certificate, &csr));
	if (failed(cert_parse_ca(cx, o->certificate, out_cert)))
		return FAIL(cx, ERR_CERT_LINT,
		    "not a certificate that can be used here");
	TRY(rules_adopt_ca(cx, out_cert, csr.spki, &pending));
	TRY(check_chain(cx, o->certificate, o->chain, o->n_chain,
	    ctx_now(cx)));
	return seal_adopted(cx, w, pending, out_cert, private, out_sealed);
}

struct err
work_adopt_ca(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_adopt_ca *o = &order->adopt_ca;
	uint8_t *private = sodium_malloc(SEALED_PRIVATE_MAX);
	struct journal_entry entry = {
		.kind = JOURNAL_CA, .tenant = o->tenant,
		.object = o->certificate,
	};
	struct cert cert;
	struct err e;
	struct ca *ca;

	ASSERT(private != NULL);
	e = adopt(cx, w, o, private, &cert, &entry.sealed);
	sodium_free(private);
	TRY(e);
	/* That the key fits is found out here rather than at the first leaf. */
	TRY(ca_open(cx, w->cas, entry.sealed, &ca));
	entry.issuer_key_id = cert.aki.n > 0 ? cert.aki : cert.ski;
	TRY(journal_append(cx, w->journal, &entry, &out->seq));
	out->sealed = entry.sealed;
	return OK;
}
