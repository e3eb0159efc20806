/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/work.h"

#include "pki/check.h"
#include "signer/checkpoint.h"
#include "signer/make.h"
#include "signer/rules.h"

_Static_assert((int)LEAF_HARDWARE_KEY == (int)TBS_HARDWARE_KEY &&
    (int)LEAF_CLIENT_AUTH == (int)TBS_CLIENT_AUTH &&
    (int)LEAF_SERVER_AUTH == (int)TBS_SERVER_AUTH &&
    (int)LEAF_NO_REV_AVAIL == (int)TBS_NO_REV_AVAIL &&
    (int)LEAF_SAN_URN == (int)TBS_SAN_URN &&
    (int)LEAF_SAN_PERMANENT_ID == (int)TBS_SAN_PERMANENT_ID &&
    (int)LEAF_SAN_HARDWARE_NAME == (int)TBS_SAN_HARDWARE_NAME &&
    (int)LEAF_EDGE_CA == (int)TBS_EDGE_CA, "flags are alike");

/* --- leaves -------------------------------------------------------------- */

static struct err
do_issue(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_issue *o = &order->issue;
	struct journal_entry entry = {
		.kind = JOURNAL_LEAF, .tenant = o->tenant,
	};
	struct key key;
	struct ca *ca;

	TRY(ca_open(cx, w->cas, o->ca, &ca));
	TRY(rules_issue(cx, o, ca));
	TRY(key_parse(cx, o->spki, &key));

	struct tbs tbs = {
		.profile = ca->sealed.role == CA_ROLE_SERVER ? TBS_SERVER :
		    TBS_DEVICE,
		.sig = sign_key_sig(ca->key),
		.serial = make_serial(cx),
		.issuer = ca->cert.subject, .issuer_key_id = ca->cert.ski,
		.not_before_s = o->not_before_s,
		.not_after_s = o->not_after_s,
		.organization = o->tenant, .common_name = "",
		.device_id = o->device_id,
		.flags = o->flags, .spiffe_domain = o->spiffe_domain,
		.n_hosts = o->n_dns_names, .hosts = o->dns_names,
		.key = &key,
		.crl_url = o->crl_url, .aia_url = o->aia_url,
		.ocsp_url = o->ocsp_url,
	};
	TRY(make_certificate(cx, &tbs, ca->key, &ca->cert, &entry.object));
	/* OpenSSL's reader costs five signatures: its opinion on the first
	 * leaf of each CA stands for the rest, which differ in facts only. */
	if (!ca->leaf_checked) {
		TRY(check_cert(cx, entry.object, ca->cert.der));
		ca->leaf_checked = true;
	}
	entry.issuer_key_id = ca->cert.ski;
	TRY(journal_append(cx, w->journal, &entry, &out->seq));
	out->object = entry.object;
	return OK;
}

/* --- the rest ------------------------------------------------------------ */

static struct err
do_hello(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	if (order->hello.version != WIRE_VERSION)
		return FAIL(cx, ERR_ORDER_MALFORMED,
		    "version %u; this signer speaks %u", order->hello.version,
		    WIRE_VERSION);
	out->version = WIRE_VERSION;
	out->journal_next = journal_next(w->journal);
	return OK;
}

static struct err
do_read_journal(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	return journal_read(cx, w->journal, order->read_journal.from,
	    WIRE_JOURNAL_MAX, WORK_JOURNAL_BYTES, &out->entries,
	    &out->n_entries);
}

static struct err
do_reseal(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	return sealed_reseal(cx, w->master, order->reseal.record,
	    &out->sealed);
}

static struct err
do_checkpoint(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	(void)order;
	if (w->log_key == NULL)
		return FAIL(cx, ERR_ORDER_ROLE, "there is no log key");
	return checkpoint_make(cx, w->journal, w->log_key, &out->checkpoint);
}

static work_order *const doers[] = {
	[ORDER_HELLO] = do_hello,
	[ORDER_MAKE_CA] = work_make_ca,
	[ORDER_ISSUE] = do_issue,
	[ORDER_SIGN_CRL] = work_sign_crl,
	[ORDER_NOTE_REVOKED] = work_note_revoked,
	[ORDER_READ_JOURNAL] = do_read_journal,
	[ORDER_REQUEST_CA] = work_request_ca,
	[ORDER_ADOPT_CA] = work_adopt_ca,
	[ORDER_CROSS_SIGN] = work_cross_sign,
	[ORDER_SIGN_OCSP] = work_sign_ocsp,
	[ORDER_PROVE] = work_prove,
	[ORDER_RESEAL] = do_reseal,
	[ORDER_CHECKPOINT] = do_checkpoint,
	[ORDER_DELEGATE] = work_delegate,
	[ORDER_SIGN_RESULT] = work_sign_result,
	[ORDER_NOTE_AUDIT] = work_note_audit,
};

void
work_do(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	struct answer answer = {
		.type = order->type, .tag = order->tag, .detail = "",
	};

	ASSERT(order->type < COUNT_OF(doers) && doers[order->type] != NULL);
	answer.err = doers[order->type](cx, w, order, &answer);
	if (failed(answer.err)) {
		answer = (struct answer){
			.type = order->type, .tag = order->tag,
			.err = answer.err,
			.detail = arena_strdup(cx->arena, cx->trail->note),
		};
		ctx_forget(cx);
	}
	*out = answer;
}

struct err
work_commit(struct ctx *cx, struct work *w)
{
	struct err e = journal_commit(cx, w->journal);

	ca_cache_trim(w->cas);
	return e;
}
