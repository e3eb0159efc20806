/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/proof.h"

#include "authority/event.h"
#include "authority/receipt.h"
#include "authority/signer.h"
#include "base/base.h"
#include "pki/cert.h"

struct proof {
	const char		*actor, *ca, *nonce;
	struct db_ca_signed	 row;
	struct slice		*out_der;
};

static struct err
keep_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct proof *p = arg;

	TRY(db_ca_signed_add(cx, tx, &p->row));
	TRY(event_add(cx, tx, p->row.tenant_id, EVENT_CA_PROVED, p->ca,
	    p->actor, json_pack("{s:s, s:s}", "nonce", p->nonce, "serial",
	    text_hex(cx->arena, p->row.serial))));
	*p->out_der = p->row.certificate;
	return receipt_add(cx, tx);
}

static bool
is_nonce(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return n > 0 && n <= WIRE_PROOF_NONCE_MAX;
}

static bool
may_prove(const struct db_ca *ca)
{
	return strcmp(ca->state, "staged") == 0 ||
	    strcmp(ca->state, "active") == 0 ||
	    strcmp(ca->state, "retiring") == 0;
}

struct err
proof_make(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *key_id, const char *nonce, struct slice *out_der)
{
	struct order order = { .type = ORDER_PROVE };
	struct proof p = { who->name, key_id, nonce, { .kind = "proof" },
	    out_der };
	struct answer answer;
	struct db_ca ca;
	struct cert cert;

	if (!is_nonce(nonce))
		return FAIL_AT(cx, ERR_FIELD, "/nonce",
		    "nonce: 1 to %u printable ASCII characters",
		    WIRE_PROOF_NONCE_MAX);
	TRY(ca_get(cx, a, tenant, key_id, &ca));
	if (!may_prove(&ca))
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is %s", ca.state);
	order.prove = (struct order_prove){ .ca = ca.sealed,
	    .tenant = ca.tenant, .nonce = nonce };
	TRY(signer_call(cx, a->signer, &order, &answer));
	TRY(cert_parse(cx, answer.object, &cert));
	p.row.tenant_id = tenant->id;
	p.row.ca_id = ca.id;
	p.row.serial = cert.serial;
	p.row.key_id = cert.ski;
	p.row.certificate = answer.object;
	p.row.not_before_s = cert.not_before_s;
	p.row.not_after_s = cert.not_after_s;
	p.row.created_s = ctx_now(cx);
	return db_write(cx, a->db, keep_work, &p);
}
