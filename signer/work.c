/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/work.h"

#include <sodium.h>

#include "pki/check.h"
#include "pki/crl.h"
#include "pki/lint.h"
#include "pki/tbs.h"
#include "signer/rules.h"

/* The first byte of every serial: positive, and never a leading zero, so each
 * has the same length; the rest is 120 random bits. */
#define SERIAL_FIRST	0x5du

_Static_assert(WIRE_SERIAL_SIZE == CRL_SERIAL_SIZE, "serials are alike");

static struct slice
new_serial(struct ctx *cx)
{
	uint8_t *serial = arena_alloc(cx->arena, WIRE_SERIAL_SIZE);

	ctx_random(cx, serial, WIRE_SERIAL_SIZE);
	serial[0] = SERIAL_FIRST;
	return SLICE(serial, WIRE_SERIAL_SIZE);
}

/*
 * Build, lint, sign.  issuer is NULL for a root, whose key signs itself.  What
 * is signed is what was linted: the same bytes.
 */
static struct err
make_certificate(struct ctx *cx, const struct tbs *facts,
    const struct sign_key *key, const struct cert *issuer,
    struct slice *out_der)
{
	struct slice tbs;
	struct cert back;

	TRY(tbs_encode(cx, facts, &tbs));
	TRY(lint_cert(cx, tbs, issuer));
	TRY(sign_object(cx, key, tbs, out_der));
	if (failed(cert_parse(cx, *out_der, &back)) ||
	    !slice_equal(back.tbs, tbs))
		return FAIL(cx, ERR_CERT_LINT,
		    "the signed certificate does not read back");
	return OK;
}

/* --- CAs ----------------------------------------------------------------- */

/* The key pair of a CA that is being made; the scalar is in locked memory. */
struct pair {
	EVP_PKEY	*pkey;
	uint8_t		*private;
	struct key	 public;
	struct sign_key	*sign;
};

static void
pair_fini(struct pair *p)
{
	EVP_PKEY_free(p->pkey);
	sodium_free(p->private);
	sign_key_free(p->sign);
}

static struct err
pair_make(struct ctx *cx, enum ca_alg alg, struct pair *out)
{
	out->private = sodium_malloc(SEALED_PRIVATE_MAX);
	ASSERT(out->private != NULL);
	TRY(ca_make_key(cx, alg, &out->pkey, out->private, &out->public));
	return sign_key_new(cx, out->pkey, &out->public, &out->sign);
}

static struct slice
name_of(struct ctx *cx, const char *organization, const char *common_name)
{
	struct buf b = buf_in(cx->arena, 512);

	tbs_put_name(&b, organization, common_name);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

static struct err
sign_ca(struct ctx *cx, const struct order_make_ca *o, const struct ca *parent,
    const struct pair *pair, struct slice *out_der)
{
	const struct sign_key *key = parent != NULL ? parent->key : pair->sign;
	const struct cert *issuer = parent != NULL ? &parent->cert : NULL;
	struct tbs tbs = {
		.profile = parent != NULL ? TBS_ISSUING : TBS_ROOT,
		.sig = sign_key_sig(key),
		.serial = new_serial(cx),
		.issuer = parent != NULL ? parent->cert.subject :
		    name_of(cx, o->tenant, o->common_name),
		.issuer_key_id = parent != NULL ? parent->cert.ski :
		    SLICE_NONE,
		.not_before_s = o->not_before_s,
		.not_after_s = o->not_after_s,
		.organization = o->tenant, .common_name = o->common_name,
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
		.leaf_max_s = o->leaf_max_s, .not_after_s = o->not_after_s,
		.certificate = out->object,
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

static struct err
do_make_ca(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_make_ca *o = &order->make_ca;
	struct pair pair = { .pkey = NULL };
	struct ca *parent = NULL;
	struct err e;

	if (o->parent.n > 0)
		TRY(ca_open(cx, w->cas, o->parent, &parent));
	TRY(rules_make_ca(cx, o, parent));
	e = pair_make(cx, o->alg, &pair);
	if (!failed(e))
		e = sign_ca(cx, o, parent, &pair, &out->object);
	if (!failed(e))
		e = seal_and_note(cx, w, o, &pair, out);
	pair_fini(&pair);
	return e;
}

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
		.serial = new_serial(cx),
		.issuer = ca->cert.subject, .issuer_key_id = ca->cert.ski,
		.not_before_s = o->not_before_s,
		.not_after_s = o->not_after_s,
		.organization = o->tenant, .common_name = "",
		.device_id = o->device_id,
		.hardware_key = (o->flags & LEAF_HARDWARE_KEY) != 0,
		.n_hosts = o->n_dns_names, .hosts = o->dns_names,
		.key = &key,
		.crl_url = o->crl_url, .aia_url = o->aia_url,
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

/* --- CRLs ---------------------------------------------------------------- */

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
		.n_entries = o->n_entries,
		.entry = crl_entry, .arg = o->entries,
	};
	struct slice tbs, der;

	TRY(crl_encode(cx, &crl, &tbs));
	TRY(lint_crl(cx, tbs, &ca->cert));
	TRY(sign_object(cx, ca->key, tbs, &der));
	TRY(check_crl(cx, der, ca->cert.der));
	*out_der = der;
	return OK;
}

static struct err
do_sign_crl(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	const struct order_sign_crl *o = &order->sign_crl;
	uint8_t digest[crypto_hash_sha256_BYTES];
	struct journal_entry entry = {
		.kind = JOURNAL_CRL, .tenant = o->tenant,
		.object = SLICE_OF(digest),
	};
	struct ca *ca;

	TRY(ca_open(cx, w->cas, o->ca, &ca));
	TRY(rules_sign_crl(cx, o, ca));
	entry.issuer_key_id = ca->cert.ski;
	entry.crl_number = journal_last_crl(w->journal, ca->cert.ski) + 1;
	if (o->number > entry.crl_number)
		entry.crl_number = o->number;
	TRY(make_crl(cx, o, ca, entry.crl_number, &out->object));
	(void)crypto_hash_sha256(digest, out->object.p, out->object.n);
	out->crl_number = entry.crl_number;
	return journal_append(cx, w->journal, &entry, &out->seq);
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

typedef struct err do_order(struct ctx *, struct work *, const struct order *,
    struct answer *);

static do_order *const doers[] = {
	[ORDER_HELLO] = do_hello,
	[ORDER_MAKE_CA] = do_make_ca,
	[ORDER_ISSUE] = do_issue,
	[ORDER_SIGN_CRL] = do_sign_crl,
	[ORDER_READ_JOURNAL] = do_read_journal,
};

void
work_do(struct ctx *cx, struct work *w, const struct order *order,
    struct answer *out)
{
	struct answer answer = {
		.type = order->type, .tag = order->tag, .detail = "",
	};

	if (order->type < COUNT_OF(doers) && doers[order->type] != NULL)
		answer.err = doers[order->type](cx, w, order, &answer);
	else
		answer.err = FAIL(cx, ERR_ORDER_ROLE,
		    "this signer does not take orders of type %u",
		    order->type);
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
