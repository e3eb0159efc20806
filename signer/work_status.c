/* SPDX-License-Identifier: Apache-2.0 */
/* Orders about the standing of certificates: CRLs, OCSP responses; and of the
 * audit. */
#include <sodium.h>

#include "codec/ledger.h"
#include "pki/check.h"
#include "pki/crl.h"
#include "pki/lint.h"
#include "signer/logkey.h"
#include "signer/rules.h"
#include "signer/work.h"

/* OpenSSL's reader takes ten times as long as all the rest, during which nothing
 * else is signed: its opinion on lists of so many entries stands for longer
 * ones, which have more of the same. */
#define CRL_CHECKED_MAX	1000u
#define CRL_TRIES_MAX	8u

_Static_assert(WIRE_SERIAL_SIZE == CRL_SERIAL_SIZE, "serials are alike");
_Static_assert(WIRE_CRL_ENTRIES_MAX == CRL_ENTRIES_MAX &&
    CRL_MAX <= WIRE_OBJECT_MAX, "limits are alike");
_Static_assert((int)OCSP_GOOD == (int)OCSP_CERT_GOOD &&
    (int)OCSP_REVOKED == (int)OCSP_CERT_REVOKED &&
    (int)OCSP_UNKNOWN == (int)OCSP_CERT_UNKNOWN, "states are alike");
_Static_assert(WIRE_OCSP_ENTRIES_MAX == OCSP_IDS_MAX &&
    WIRE_OCSP_NONCE_MAX == OCSP_NONCE_MAX, "limits are alike");

static struct crl_entry
crl_entry(const void *arg, size_t i)
{
	const struct order_crl_entry *entries = arg;

	return (struct crl_entry){
		.serial = entries[i].serial, .revoked_s = entries[i].revoked_s,
		.reason = entries[i].reason,
	};
}

static struct err
make_crl(struct ctx *cx, const struct order_sign_crl *o, const struct ca *ca,
    uint64_t number, struct slice *out_der)
{
	struct crl crl = {
		.sig = sign_key_sig(ca->key),
		.issuer = ca->cert.subject, .issuer_key_id = ca->cert.ski,
		.number = number,
		.this_update_s = o->this_update_s,
		.next_update_s = o->next_update_s,
		.shard_url = o->shard_url,
		.n_entries = o->n_entries,
		.entry = crl_entry, .arg = o->entries,
	};
	struct slice tbs, der;

	TRY(crl_encode(cx, &crl, &tbs));
	TRY(lint_crl(cx, tbs, &ca->cert));
	TRY(sign_object(cx, ca->key, tbs, &der));
	if (o->n_entries <= CRL_CHECKED_MAX)
		TRY(check_crl(cx, der, ca->cert.der));
	*out_der = der;
	return OK;
}

struct err
work_sign_crl(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_sign_crl *o = &order->sign_crl;
	uint8_t digest[crypto_hash_sha256_BYTES];
	struct journal_entry entry = {
		.kind = JOURNAL_CRL, .tenant = o->tenant,
		.object = SLICE_OF(digest),
	};
	unsigned tries = 0;
	struct ca *ca;

	TRY(ca_open(cx, w->cas, o->ca, &ca));
	TRY(rules_sign_crl(cx, o, ca));
	entry.issuer_key_id = ca->cert.ski;
	/* While an HSM signs one, another may be done. */
	do {
		if (tries++ == CRL_TRIES_MAX)
			return FAIL(cx, ERR_BUSY, "too many CRLs of one CA");
		entry.crl_number =
		    journal_last_crl(w->journal, ca->cert.ski) + 1;
		if (o->number > entry.crl_number)
			entry.crl_number = o->number;
		TRY(make_crl(cx, o, ca, entry.crl_number, &out->object));
	} while (entry.crl_number <=
	    journal_last_crl(w->journal, ca->cert.ski));
	/* Not libsodium's, which knows no SHA instructions. */
	if (EVP_Q_digest(NULL, "SHA256", NULL, out->object.p, out->object.n,
	    digest, NULL) != 1)
		return OSSL_FAIL(cx, ERR_INTERNAL, "SHA-256");
	out->crl_number = entry.crl_number;
	return journal_append(cx, w->journal, &entry, &out->seq);
}

/* Nothing is signed: the entry is what the order is for. */
struct err
work_note_revoked(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_note_revoked *o = &order->note_revoked;
	struct journal_entry entry = {
		.kind = JOURNAL_REVOKED, .tenant = o->tenant,
	};
	struct buf b = buf_in(cx->arena, WIRE_CERT_MAX);
	struct ca *ca;

	TRY(ca_open(cx, w->cas, o->ca, &ca));
	TRY(rules_note_revoked(cx, o, ca));
	revoked_put(&b, o->entries, o->n_entries);
	if (b.bad)
		return FAIL(cx, ERR_INTERNAL, "too many revocations");
	entry.object = buf_slice(&b);
	entry.issuer_key_id = ca->cert.ski;
	return journal_append(cx, w->journal, &entry, &out->seq);
}

/* Nor here, of the entry: but who reads an audit elsewhere has a signature to
 * check, by the key that signs the journal's checkpoints. */
struct err
work_note_audit(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_note_audit *o = &order->note_audit;
	struct ledger_anchor anchor = { .at_s = o->at_s,
	    .n_chains = o->n_chains };
	struct journal_entry entry = { .kind = JOURNAL_AUDIT,
	    .tenant = "platform" };
	uint8_t *signature = arena_alloc(cx->arena, LOG_SIGNATURE_SIZE);
	struct buf b = buf_in(cx->arena, WIRE_CERT_MAX);

	if (w->log_key == NULL)
		return FAIL(cx, ERR_ORDER_ROLE, "there is no log key");
	TRY(rules_note_audit(cx, o));
	audit_state_put(&b, o);
	entry.object = buf_slice(&b);
	TRY(journal_append(cx, w->journal, &entry, &anchor.journal_seq));
	memcpy(anchor.root.bytes, o->root.p, LEDGER_HASH_SIZE);
	log_key_sign(w->log_key, slice_text(ledger_statement(cx->arena,
	    &anchor)), signature);
	out->seq = anchor.journal_seq;
	out->checkpoint = (struct journal_checkpoint){
		.seq = anchor.journal_seq, .at_s = o->at_s, .hash = o->root,
		.public_key = slice_dup(cx->arena,
		    log_key_public(w->log_key)),
		.signature = SLICE(signature, LOG_SIGNATURE_SIZE),
	};
	return OK;
}

static struct ocsp_single
ocsp_single(const void *arg, size_t i)
{
	const struct order_ocsp_entry *entries = arg;

	return (struct ocsp_single){
		.sha256 = entries[i].sha256 != 0,
		.serial = SLICE(entries[i].serial, entries[i].n_serial),
		.status = (enum ocsp_cert_status)entries[i].status,
		.revoked_s = entries[i].revoked_s, .reason = entries[i].reason,
	};
}

/* Not in the journal: it says of certificates only what the next CRL says, and
 * is made again at any time. */
struct err
work_sign_ocsp(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_sign_ocsp *o = &order->sign_ocsp;
	struct ocsp ocsp = {
		.produced_s = ctx_now(cx), .this_update_s = o->this_update_s,
		.next_update_s = o->next_update_s, .nonce = o->nonce,
		.n = o->n_entries, .single = ocsp_single, .arg = o->entries,
	};
	struct slice tbs, basic, der;
	struct ca *ca;

	TRY(ca_open_ocsp(cx, w->cas, o->ca, &ca));
	TRY(rules_sign_ocsp(cx, o, ca));
	ocsp.issuer = &ca->ocsp;
	if (ca->sealed.role == CA_ROLE_OCSP)
		ocsp.delegate = &ca->delegate_ocsp;
	TRY(ocsp_encode(cx, &ocsp, &tbs));
	TRY(sign_object(cx, ca->key, tbs, &basic));
	der = ocsp_wrap(cx, basic, ca->delegate.der);
	TRY(lint_ocsp(cx, der, &ca->ocsp, &ca->cert));
	if (!ca->ocsp_checked) {
		TRY(check_ocsp(cx, der, ca->cert.der));
		ca->ocsp_checked = true;
	}
	out->object = der;
	return OK;
}
