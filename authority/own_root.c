/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/own_root.h"

#include "authority/event.h"
#include "authority/life.h"
#include "authority/receipt.h"
#include "authority/signer.h"
#include "base/base.h"

_Static_assert(WIRE_CHAIN_MAX == CA_ABOVE_MAX, "what is taken is kept");

struct adoption {
	const char		*actor;
	struct db_ca		 ca, *out;
	const struct slice	*above;
	size_t			 n_above;
};

static struct err
adopt_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct adoption *ad = arg;
	const struct db_ca *ca = &ad->ca;

	TRY(db_ca_adopt(cx, tx, ca));
	for (size_t i = 0; i < ad->n_above; i++)
		TRY(db_ca_above_add(cx, tx, ca->tenant_id, ca->id, i,
		    ad->above[i]));
	TRY(event_add(cx, tx, ca->tenant_id, EVENT_CA_STAGED,
	    text_hex(cx->arena, ca->key_id), ad->actor,
	    json_pack("{s:s, s:s, s:s, s:b}", "role", ca->role, "state",
	    ca->state, "not_after", text_time_dup(cx->arena, ca->not_after_s),
	    "own_root", 1)));
	TRY(db_ca_by_key_id(cx, tx, ca->tenant_id, ca->key_id, ad->out));
	return receipt_add(cx, tx);
}

/* The signer is the one who has to be convinced: no second set of rules here
 * that could disagree with its. */
static struct err
have_adopted(struct ctx *cx, const struct authority *a, struct db_ca *ca,
    const struct slice *chain, size_t n_chain)
{
	struct order order = { .type = ORDER_ADOPT_CA };
	struct answer answer;
	struct err e;

	order.adopt_ca = (struct order_adopt_ca){
		.pending = ca->sealed, .tenant = ca->tenant,
		.certificate = chain[0], .n_chain = n_chain - 1,
	};
	for (size_t i = 1; i < n_chain; i++)
		order.adopt_ca.chain[i - 1] = chain[i];
	e = signer_call(cx, a->signer, &order, &answer);
	if (!failed(e))
		e = ca_set_certificate(cx, slice_dup(cx->arena, chain[0]), ca);
	if (e.code == ERR_SIGNER_REFUSED || e.code == ERR_AUTH_CERTIFICATE ||
	    e.code == ERR_CERT_LINT)
		return FAIL_AT(cx, ERR_FIELD, "/certificate",
		    "certificate: %s", arena_strdup(cx->arena,
		    cx->trail->note));
	TRY(e);
	ca->sealed = answer.sealed;
	return OK;
}

struct err
own_root_adopt(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *key_id, const struct slice *chain, size_t n_chain,
    struct db_ca *out)
{
	struct adoption ad = { .actor = who->name, .out = out };
	struct err e;

	if (n_chain < 2 || n_chain > WIRE_CHAIN_MAX + 1)
		return FAIL_AT(cx, ERR_FIELD, "/certificate", "certificate: "
		    "the CA's own and 1 to %u above it, the root last",
		    WIRE_CHAIN_MAX);
	TRY(ca_get(cx, a, tenant, key_id, &ad.ca));
	if (strcmp(ad.ca.state, "requested") != 0)
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is %s",
		    ad.ca.state);
	TRY(have_adopted(cx, a, &ad.ca, chain, n_chain));
	life_begin_staged(a, ctx_now(cx), &ad.ca);
	ad.above = chain + 1;
	ad.n_above = n_chain - 1;
	e = db_write(cx, a->db, adopt_work, &ad);
	if (e.code == ERR_EXISTS)
		return FAIL_TELL(cx, ERR_CONFLICT, "another CA is staged, or "
		    "has that key id");
	TRY(e);
	return issuers_sync(cx, a, tenant->id);
}
