/* SPDX-License-Identifier: Apache-2.0 */
/* Orders about the standing of certificates: CRLs, OCSP responses, and the keys
 * that sign those for a CA. */
#include <sodium.h>

#include "pki/check.h"
#include "pki/crl.h"
#include "pki/lint.h"
#include "signer/make.h"
#include "signer/pair.h"
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

/* --- delegates ----------------------------------------------------------- */

static struct err
certify_delegate(struct ctx *cx, const struct order_delegate_ocsp *o,
    const struct ca *ca, const struct pair *pair, struct slice *out_der)
{
	const struct tbs tbs = {
		.profile = TBS_OCSP, .sig = sign_key_sig(ca->key),
		.serial = make_serial(cx), .issuer = ca->cert.subject,
		.issuer_key_id = ca->cert.ski,
		.not_before_s = o->not_before_s < ca->cert.not_before_s ?
		    ca->cert.not_before_s : o->not_before_s,
		.not_after_s = o->not_after_s,
		.organization = ca->cert.organization,
		.common_name = "OCSP", .key = &pair->public,
	};
	struct slice der;

	TRY(make_certificate(cx, &tbs, ca->key, &ca->cert, &der));
	TRY(check_cert(cx, der, ca->cert.der));
	*out_der = der;
	return OK;
}

static struct err
seal_delegate(struct ctx *cx, struct work *w,
    const struct order_delegate_ocsp *o, const struct ca *ca,
    const struct pair *pair, struct answer *out)
{
	struct buf both = buf_in(cx->arena, WIRE_SEALED_MAX);
	struct sealed sealed = {
		.tenant = o->tenant, .role = CA_ROLE_OCSP,
		.alg = ca->sealed.alg, .not_after_s = o->not_after_s,
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
work_delegate_ocsp(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_delegate_ocsp *o = &order->delegate_ocsp;
	struct journal_entry entry = {
		.kind = JOURNAL_OCSP, .tenant = o->tenant,
	};
	struct pair pair = { .pkey = NULL };
	struct pair_spec spec = { .tenant = o->tenant, .key_store = "" };
	struct ca *ca;
	struct err e;

	TRY(ca_open(cx, w->cas, o->ca, &ca));
	TRY(rules_delegate_ocsp(cx, o, ca));
	spec.alg = ca->sealed.alg;
	e = pair_make(cx, w->hsms, &spec, &pair);
	if (!failed(e))
		e = certify_delegate(cx, o, ca, &pair, &out->object);
	if (!failed(e))
		e = seal_delegate(cx, w, o, ca, &pair, out);
	pair_fini(&pair);
	TRY(e);
	entry.issuer_key_id = ca->cert.ski;
	entry.object = out->object;
	entry.sealed = out->sealed;
	return journal_append(cx, w->journal, &entry, &out->seq);
}
