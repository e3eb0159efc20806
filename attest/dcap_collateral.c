/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/dcap_collateral.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

#include "attest/chain.h"
#include "attest/dcap_sig.h"
#include "attest/seen.h"
#include "base/text.h"
#include "codec/json_span.h"

/* What its parts take when they are read, by their bytes: it holds those that
 * are kept on their own, too, also when they are no longer. */
#define DOCUMENT_FACTOR	12u
#define CRL_FACTOR	10u
#define CERT_FACTOR	10u

/* Collateral after reading. */
struct parts {
	X509			**tcb_chain, **qe_chain;	/* qe: or NULL */
	X509_CRL		*root_crl, *pck_crl;		/* or NULL */
	struct tcb_info		 tcb;
	struct qe_identity	 qe;
};

/* Never changes; freed by the last who let go. */
struct dcap_opened {
	atomic_uint		 n_holders;
	struct arena		*arena;
	struct parts		 parts;
};

/* --- reading ---------------------------------------------------------- */

static struct slice
read_text(struct json_in *in, const char *name)
{
	const json_t *value = json_get(in, name, JSON_OPTIONAL);

	if (value == NULL)
		return SLICE_NONE;
	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > DCAP_JSON_MAX) {
		json_refuse(in, name, "must be text within its limit");
		return SLICE_NONE;
	}
	return SLICE(json_string_value(value), json_string_length(value));
}

void
dcap_collateral_read(struct json_in *in, struct trust_collateral *out)
{
	struct trust_collateral c = { .n_tcb_signing_chain = 0 };
	struct slice *chain;

	c.tcb_info = read_text(in, "tcb_info");
	c.qe_identity = read_text(in, "qe_identity");
	c.n_tcb_signing_chain = json_get_bytes_array(in, "tcb_signing_chain",
	    JSON_OPTIONAL, ATTEST_CHAIN_MAX, ATTEST_CERT_MAX, &chain);
	c.tcb_signing_chain = chain;
	c.root_crl = json_get_bytes(in, "root_crl", JSON_OPTIONAL,
	    PCK_CRL_MAX);
	c.pck_crl = json_get_bytes(in, "pck_crl", JSON_OPTIONAL, PCK_CRL_MAX);
	*out = c;
}

/* --- finding ---------------------------------------------------------- */

/* Is the value of a member that string, in either case? */
static bool
span_is(struct slice object, const char *name, const char *text)
{
	struct slice s;

	return json_span(object, name, &s) && s.n == strlen(text) + 2 &&
	    s.p[0] == '"' && strncasecmp((const char *)s.p + 1, text,
	    s.n - 2) == 0;
}

struct err
dcap_collateral_is_for(struct ctx *cx, const struct trust_collateral *c,
    const struct pck *pck, enum dcap_tee tee, bool *out)
{
	struct slice info, ignored;
	bool tee_fits;

	if (c->opened != NULL) {
		const struct tcb_info *tcb = &c->opened->parts.tcb;

		*out = tcb->tee == tee && slice_equal(SLICE_OF(tcb->fmspc),
		    SLICE_OF(pck->fmspc)) && slice_equal(
		    SLICE_OF(tcb->pce_id), SLICE_OF(pck->pce_id));
		return OK;
	}
	if (c->tcb_info.n == 0)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "collateral without its TCB info");
	if (!json_span(c->tcb_info, "tcbInfo", &info) ||
	    !json_span(info, "fmspc", &ignored) ||
	    !json_span(info, "pceId", &ignored))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "collateral: no TCB info");
	tee_fits = span_is(info, "id", tee == DCAP_TDX ? "TDX" : "SGX");
	if (tee == DCAP_SGX && !json_span(info, "id", &ignored))
		tee_fits = true;	/* version 2 */
	*out = tee_fits &&
	    span_is(info, "fmspc", text_hex(cx->arena,
	    SLICE_OF(pck->fmspc))) &&
	    span_is(info, "pceId", text_hex(cx->arena, SLICE_OF(pck->pce_id)));
	return OK;
}

/* --- believing -------------------------------------------------------- */

static void
narrow(struct dcap_collateral *c, int64_t from_s, int64_t to_s)
{
	if (from_s > c->from_s)
		c->from_s = from_s;
	if (to_s < c->to_s)
		c->to_s = to_s;
}

static void
narrow_asn1(struct dcap_collateral *c, const ASN1_TIME *from,
    const ASN1_TIME *to)
{
	int64_t from_s, to_s;

	ASSERT(chain_seconds_of(from, &from_s) && chain_seconds_of(to, &to_s));
	narrow(c, from_s, to_s);
}

/*
 * {"tcbInfo":{...},"signature":"..."}: the signature is over the bytes of the
 * value as they came; another spelling of the same value was not signed.
 */
static struct err
open_signed(struct ctx *cx, struct slice text, const char *name,
    EVP_PKEY *key, struct slice *out_value)
{
	uint8_t signature[DCAP_SIGNATURE_SIZE];
	struct json_in in;
	const char *hex;
	json_t *document;

	if (failed(json_parse(cx, text, &document)))
		return FAIL_TELL(cx, ERR_EV_MALFORMED, "%s: not JSON", name);
	in = json_in(cx, document, "");
	in.code = ERR_EV_MALFORMED;
	(void)json_get(&in, name, JSON_REQUIRED);
	hex = json_get_text(&in, "signature", JSON_REQUIRED,
	    2 * sizeof(signature));
	if (failed(json_in_done(&in)) || !text_unhex(hex, signature,
	    sizeof(signature)) || !json_span(text, name, out_value))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "%s: not a value and its signature", name);
	return dcap_sig_verify(cx, key, SLICE_OF(signature), *out_value,
	    "the signature of a TCB info or QE identity");
}

static struct err
check_dates(struct ctx *cx, const char *what, int64_t issued_s,
    int64_t next_s, int64_t at_s)
{
	if (at_s < issued_s || at_s >= next_s)
		return FAIL_TELL(cx, ERR_EV_EXPIRED,
		    "%s is valid from %s until %s only", what,
		    text_time_dup(cx->arena, issued_s),
		    text_time_dup(cx->arena, next_s));
	return OK;
}

/* A signing chain to the root of the collateral: found by the first chain,
 * and the same for the other. */
static struct err
verify_signer(struct ctx *cx, X509 *const *certs, size_t n,
    const struct trust *trust, int64_t at_s, struct dcap_collateral *c,
    EVP_PKEY **out_key)
{
	struct chain_path path;

	TRY(pck_chain_verify(cx, PCK_TCB_SIGNING, certs, n, trust, at_s,
	    &path));
	if (c->root != NULL && !pck_same_key(c->root, path.certs[1]))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "collateral of two roots");
	c->root = path.certs[1];
	if (c->root_crl != NULL) {
		TRY(pck_crl_verify(cx, c->root_crl, c->root, at_s));
		TRY(pck_crl_check(cx, c->root_crl, path.certs[0]));
		narrow_asn1(c, X509_CRL_get0_lastUpdate(c->root_crl),
		    X509_CRL_get0_nextUpdate(c->root_crl));
	}
	for (size_t i = 0; i < path.n; i++)
		narrow_asn1(c, X509_get0_notBefore(path.certs[i]),
		    X509_get0_notAfter(path.certs[i]));
	*out_key = chain_key(path.certs[0]);
	return OK;
}

static struct err
read_parts(struct ctx *cx, const struct trust_collateral *in,
    struct parts *o)
{
	if (in->root_crl.n > 0)
		TRY(pck_crl_parse(cx, in->root_crl, &o->root_crl));
	if (in->pck_crl.n > 0)
		TRY(pck_crl_parse(cx, in->pck_crl, &o->pck_crl));
	TRY(chain_certs_parse(cx, in->tcb_signing_chain,
	    in->n_tcb_signing_chain, CHAIN_LEAF_STAYS, &o->tcb_chain));
	return in->n_qe_signing_chain == 0 ? OK : chain_certs_parse(cx,
	    in->qe_signing_chain, in->n_qe_signing_chain, CHAIN_LEAF_STAYS,
	    &o->qe_chain);
}

static struct err
read_tcb_info(struct ctx *cx, const struct trust_collateral *in,
    EVP_PKEY *key, struct tcb_info *out)
{
	struct slice value;

	TRY(open_signed(cx, in->tcb_info, "tcbInfo", key, &value));
	return tcb_info_parse(cx, value, out);
}

static struct err
read_qe_identity(struct ctx *cx, const struct trust_collateral *in,
    EVP_PKEY *key, struct qe_identity *out)
{
	struct slice value;

	TRY(open_signed(cx, in->qe_identity, "enclaveIdentity", key, &value));
	return qe_identity_parse(cx, value, out);
}

static bool
is_complete(const struct trust_collateral *in)
{
	return in->tcb_info.n > 0 && in->qe_identity.n > 0 &&
	    in->n_tcb_signing_chain > 0;
}

/* --- opened, for many appraisals ---------------------------------------- */

static void
hold_opened(void *arg)
{
	struct dcap_opened *o = arg;

	atomic_fetch_add(&o->n_holders, 1);
}

static void
let_go_opened(void *arg)
{
	struct dcap_opened *o = arg;

	if (atomic_fetch_sub(&o->n_holders, 1) == 1) {
		arena_free(o->arena);
		free(o);
	}
}

static const struct seen_type opened_type = { hold_opened, let_go_opened };

static void
hash_part(EVP_MD_CTX *md, struct slice part)
{
	uint64_t n = part.n;

	ASSERT(EVP_DigestUpdate(md, &n, sizeof(n)) == 1 &&
	    EVP_DigestUpdate(md, part.p, part.n) == 1);
}

/* Each part with its size, each list with its count: nothing can be read as
 * other parts. */
static void
hash_collateral(const struct trust_collateral *in, struct seen_id *out)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint64_t counts[2] = { in->n_tcb_signing_chain,
	    in->n_qe_signing_chain };

	*out = (struct seen_id){ .by = { 0 } };
	ASSERT(md != NULL && EVP_DigestInit_ex(md, ossl_sha256(), NULL) == 1);
	ASSERT(EVP_DigestUpdate(md, counts, sizeof(counts)) == 1);
	for (size_t i = 0; i < in->n_tcb_signing_chain; i++)
		hash_part(md, in->tcb_signing_chain[i]);
	for (size_t i = 0; i < in->n_qe_signing_chain; i++)
		hash_part(md, in->qe_signing_chain[i]);
	hash_part(md, in->tcb_info);
	hash_part(md, in->qe_identity);
	hash_part(md, in->root_crl);
	hash_part(md, in->pck_crl);
	ASSERT(EVP_DigestFinal_ex(md, out->of, NULL) == 1);
}

static size_t
bytes_of(const struct trust_collateral *in)
{
	size_t certs = 0;

	for (size_t i = 0; i < in->n_tcb_signing_chain; i++)
		certs += in->tcb_signing_chain[i].n;
	for (size_t i = 0; i < in->n_qe_signing_chain; i++)
		certs += in->qe_signing_chain[i].n;
	return DOCUMENT_FACTOR * (in->tcb_info.n + in->qe_identity.n) +
	    CRL_FACTOR * (in->root_crl.n + in->pck_crl.n) +
	    CERT_FACTOR * certs;
}

static struct err
open_all(struct ctx *cx, const struct trust_collateral *in,
    struct parts *o)
{
	EVP_PKEY *key;

	TRY(read_parts(cx, in, o));
	key = chain_key(o->tcb_chain[0]);
	TRY(read_tcb_info(cx, in, key, &o->tcb));
	if (o->qe_chain != NULL)
		key = chain_key(o->qe_chain[0]);
	return read_qe_identity(cx, in, key, &o->qe);
}

const struct dcap_opened *
dcap_collateral_open(struct ctx *cx, const struct trust_collateral *in)
{
	struct dcap_opened *o;
	struct trail trail = { .err = OK };
	struct ctx mine = *cx;
	struct seen_id id;
	void *kept;

	if (cx->seen == NULL || !is_complete(in))
		return NULL;
	hash_collateral(in, &id);
	if (seen_find(cx->seen, SEEN_COLLATERAL, &id, &kept)) {
		arena_defer(cx->arena, let_go_opened, kept);
		return kept;
	}
	o = base_alloc(sizeof(*o));
	atomic_init(&o->n_holders, 1);
	o->arena = mine.arena = arena_new();
	mine.trail = &trail;
	if (failed(open_all(&mine, in, &o->parts))) {
		let_go_opened(o);
		return NULL;
	}
	arena_defer(cx->arena, let_go_opened, o);
	seen_keep(cx->seen, SEEN_COLLATERAL, &id, &opened_type, o,
	    bytes_of(in));
	return o;
}

/* --- all of it ------------------------------------------------------------- */

static struct err
check_crls(struct ctx *cx, const struct trust_collateral *in,
    const struct trust *trust)
{
	bool may_miss = (trust->allow & TRUST_ALLOW_MISSING_CRL) != 0;

	if (!may_miss && (in->root_crl.n == 0 || in->pck_crl.n == 0))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "collateral without its CRLs");
	return OK;
}

struct err
dcap_collateral_verify(struct ctx *cx, const struct trust_collateral *in,
    const struct trust *trust, int64_t at_s, struct dcap_collateral *out)
{
	struct dcap_collateral c = {
		.from_s = INT64_MIN, .to_s = INT64_MAX
	};
	const struct dcap_opened *opened = in->opened;
	struct parts parts = { .tcb_chain = NULL };
	EVP_PKEY *key;

	if (!is_complete(in))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "collateral without one of its parts");
	TRY(check_crls(cx, in, trust));
	if (opened == NULL)
		TRY(read_parts(cx, in, &parts));
	else
		parts = opened->parts;
	c.root_crl = parts.root_crl;
	c.pck_crl = parts.pck_crl;
	TRY(verify_signer(cx, parts.tcb_chain, in->n_tcb_signing_chain,
	    trust, at_s, &c, &key));
	if (opened == NULL)
		TRY(read_tcb_info(cx, in, key, &parts.tcb));
	if (in->n_qe_signing_chain > 0)
		TRY(verify_signer(cx, parts.qe_chain, in->n_qe_signing_chain,
		    trust, at_s, &c, &key));
	if (opened == NULL)
		TRY(read_qe_identity(cx, in, key, &parts.qe));
	c.tcb = parts.tcb;
	c.qe = parts.qe;
	TRY(check_dates(cx, "TCB info", c.tcb.issued_s, c.tcb.next_s, at_s));
	TRY(check_dates(cx, "QE identity", c.qe.issued_s, c.qe.next_s, at_s));
	narrow(&c, c.tcb.issued_s, c.tcb.next_s - 1);
	narrow(&c, c.qe.issued_s, c.qe.next_s - 1);
	*out = c;
	return OK;
}
