/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/dcap.h"

#include <sodium.h>

#include "attest/dcap_sig.h"
#include "attest/member.h"
#include "base/text.h"
#include "pki/pem.h"

#define SCHEME		"sgx:"
#define SHA256_SIZE	32u
#define CPU_SVN_SIZE	16u

/* --- reading ---------------------------------------------------------- */

/* The same text, but for where its lines end? */
static bool
same_but_lines(struct slice a, struct slice b)
{
	for (;;) {
		while (a.n > 0 && (a.p[0] == '\n' || a.p[0] == '\r'))
			a = SLICE(a.p + 1, a.n - 1);
		while (b.n > 0 && (b.p[0] == '\n' || b.p[0] == '\r'))
			b = SLICE(b.p + 1, b.n - 1);
		if (a.n == 0 || b.n == 0)
			return a.n == b.n;
		if (a.p[0] != b.p[0])
			return false;
		a = SLICE(a.p + 1, a.n - 1);
		b = SLICE(b.p + 1, b.n - 1);
	}
}

/* Nothing of it is signed as text, so it is held to its spelling here. */
struct err
dcap_pem_read(struct ctx *cx, struct slice text, size_t max, struct slice *out,
    size_t *out_n)
{
	struct buf again = buf_in(cx->arena, 2 * text.n + 1024);
	size_t n;

	if (text.n > 0 && text.p[text.n - 1] == '\0')
		text.n--;
	if (failed(pem_parse_all(cx, PEM_CERTIFICATE, text, out, max, &n)))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "certificates that are not PEM");
	for (size_t i = 0; i < n; i++)
		put_text(&again, pem_text(cx->arena, PEM_CERTIFICATE, out[i]));
	if (again.bad || !same_but_lines(buf_slice(&again), text))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "another spelling of PEM");
	*out_n = n;
	return OK;
}

/* Put what the quote carries before what came beside it. */
static struct err
join_chain(struct ctx *cx, const struct dcap_quote *q,
    const struct slice *beside, size_t n_beside, struct slice *out,
    size_t *out_n)
{
	bool is_leaf = q->cert_type == DCAP_CERT_LEAF;
	size_t n = 0, n_same = 0;

	if (is_leaf || q->cert_type == DCAP_CERT_CHAIN)
		TRY(dcap_pem_read(cx, q->cert_data,
		    is_leaf ? 1 : ATTEST_CHAIN_MAX, out, &n));
	while (n_same < n && n_same < n_beside &&
	    slice_equal(out[n_same], beside[n_same]))
		n_same++;
	/* A chain beside the quote's own must be the same, whole. */
	if (q->cert_type == DCAP_CERT_CHAIN && n_beside > 0 &&
	    (n_same != n || n_beside != n))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "another chain than the quote's own");
	for (size_t i = n_same; i < n_beside; i++) {
		if (n == ATTEST_CHAIN_MAX)
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "more than %u certificates", ATTEST_CHAIN_MAX);
		out[n++] = beside[i];
	}
	*out_n = n;
	return OK;
}

/* PPID, CPUSVN, PCESVN and PCE-ID; Intel's own samples leave off the last. */
static struct err
check_cert_data(struct ctx *cx, const struct dcap_quote *q)
{
	static const size_t ppid_sizes[] = {
		[DCAP_CERT_PPID] = PCK_PPID_SIZE,
		[DCAP_CERT_PPID_RSA2048] = 256,
		[DCAP_CERT_PPID_RSA3072] = 384,
	};
	size_t n;

	if (q->cert_type > DCAP_CERT_PPID_RSA3072)
		return OK;
	n = ppid_sizes[q->cert_type] + CPU_SVN_SIZE + 2;
	if (q->cert_data.n != n + 2 &&
	    (q->cert_type != DCAP_CERT_PPID || q->cert_data.n != n))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "quote: %zu bytes of certification data of type %u",
		    q->cert_data.n, q->cert_type);
	return OK;
}

static struct err
read_quote(struct ctx *cx, struct slice bytes, enum dcap_tee tee,
    struct dcap_quote *out, struct slice *out_rest)
{
	TRY(dcap_quote_parse(cx, bytes, out, out_rest));
	if (out->tee != tee)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "quote: of %s",
		    out->tee == DCAP_TDX ? "a trust domain" : "an enclave");
	return check_cert_data(cx, out);
}

static struct err
read_chain(struct ctx *cx, const struct slice *beside, size_t n_beside,
    struct dcap_evidence *e)
{
	struct slice *der = arena_array(cx->arena, ATTEST_CHAIN_MAX,
	    sizeof(*der));

	TRY(join_chain(cx, &e->quote, beside, n_beside, der, &e->n_chain));
	TRY(chain_certs_parse(cx, der, e->n_chain, CHAIN_LEAF_STAYS,
	    &e->chain));
	/* Whether it must be one is asked after its path was. */
	e->has_pck = e->n_chain > 0 &&
	    !failed(pck_parse(cx, e->chain[0], &e->pck));
	if (!e->has_pck)
		ctx_forget(cx);
	return OK;
}

void
dcap_read(struct json_in *in, const char *name, struct slice quote,
    enum dcap_tee tee, struct dcap_evidence *out, struct slice *out_rest)
{
	struct slice *beside;
	size_t n_beside = json_get_bytes_array(in, "pck_chain", JSON_OPTIONAL,
	    ATTEST_CHAIN_MAX, ATTEST_CERT_MAX, &beside);
	struct json_in collateral = json_in_member(in, "collateral",
	    JSON_OPTIONAL, &out->has_collateral);

	if (out->has_collateral && !failed(in->err)) {
		dcap_collateral_read(&collateral, &out->collateral);
		in->err = json_in_done(&collateral);
	}
	if (failed(in->err) || !attest_keep(in, name, read_quote(in->cx,
	    quote, tee, &out->quote, out_rest)))
		return;
	(void)attest_keep(in, n_beside > 0 ? "pck_chain" : name,
	    read_chain(in->cx, beside, n_beside, out));
}

/* --- collateral ------------------------------------------------------- */

static bool
is_newer(const struct dcap_collateral *a, const struct dcap_collateral *b)
{
	if (a->tcb.evaluation != b->tcb.evaluation)
		return a->tcb.evaluation > b->tcb.evaluation;
	return a->tcb.issued_s > b->tcb.issued_s;
}

static struct err
verify_if_for(struct ctx *cx, const struct trust_collateral *c,
    const struct dcap_evidence *e, const struct appraisal *a,
    struct dcap_collateral *out, bool *out_is_for)
{
	struct trust_collateral opened = *c;

	if (opened.opened == NULL)
		opened.opened = dcap_collateral_open(cx, c);
	TRY(dcap_collateral_is_for(cx, &opened, &e->pck, e->quote.tee,
	    out_is_for));
	return *out_is_for ? dcap_collateral_verify(cx, &opened, a->trust,
	    a->at_s, out) : OK;
}

/* Two CAs certify PCKs; one platform's collateral may be here with the CRL of
 * each. */
static void
prefer_crl(X509_CRL **best, X509_CRL *crl, const X509 *pck)
{
	if (crl == NULL || X509_NAME_cmp(X509_CRL_get_issuer(crl),
	    X509_get_issuer_name(pck)) != 0)
		return;
	if (*best == NULL || ASN1_TIME_compare(X509_CRL_get0_lastUpdate(crl),
	    X509_CRL_get0_lastUpdate(*best)) > 0)
		*best = crl;
}

/*
 * What the device brought must be right; what is known here besides is taken
 * where it is newer, so that nobody can choose an older judgement of his
 * platform.  The CRL is the newest of the CA that certified this PCK.
 */
static struct err
find_collateral(struct ctx *cx, const struct dcap_evidence *e, const X509 *pck,
    const struct appraisal *a, struct dcap_collateral *out, bool *out_found)
{
	X509_CRL *pck_crl = NULL;
	const struct trust *trust = a->trust;
	struct dcap_collateral c;
	struct trail why;
	bool found = false, wrong = false, is_for;

	if (e->has_collateral) {
		TRY(verify_if_for(cx, &e->collateral, e, a, out, &found));
		if (!found)
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "collateral for another platform");
		prefer_crl(&pck_crl, out->pck_crl, pck);
	}
	for (size_t i = 0; i < trust->n_collateral; i++) {
		if (failed(verify_if_for(cx, &trust->collateral[i], e, a, &c,
		    &is_for))) {
			wrong = true;
			why = *cx->trail;
			continue;
		}
		if (!is_for)
			continue;
		if (trust->used != NULL)
			trust->used->collateral[i] = true;
		prefer_crl(&pck_crl, c.pck_crl, pck);
		if (!found || is_newer(&c, out))
			*out = c;
		found = true;
	}
	if (pck_crl != NULL)
		out->pck_crl = pck_crl;
	if (!found && wrong) {
		*cx->trail = why;
		return why.err;
	}
	if (!found && (trust->allow & TRUST_ALLOW_MISSING_COLLATERAL) == 0)
		return FAIL_TELL(cx, ERR_EV_MISMATCH, "no collateral for this "
		    "platform: %s, FMSPC %s, PCE-ID %s",
		    e->quote.tee == DCAP_TDX ? "TDX" : "SGX",
		    text_hex(cx->arena, SLICE_OF(e->pck.fmspc)),
		    text_hex(cx->arena, SLICE_OF(e->pck.pce_id)));
	ctx_forget(cx);
	*out_found = found;
	return OK;
}

/* Nothing is let pass unlooked at because a list is missing, but by trust. */
static struct err
check_revocation(struct ctx *cx, const struct chain_path *path,
    const struct dcap_collateral *c, int64_t at_s)
{
	X509 *leaf = path->certs[0], *ca = path->certs[1];

	if (!pck_same_key(c->root, path->certs[2]))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "quote and collateral of two roots");
	if (c->root_crl != NULL)
		TRY(pck_crl_check(cx, c->root_crl, ca));
	if (c->pck_crl != NULL) {
		TRY(pck_crl_verify(cx, c->pck_crl, ca, at_s));
		TRY(pck_crl_check(cx, c->pck_crl, leaf));
	}
	return OK;
}

/* --- the quote -------------------------------------------------------- */

/* From the PCK's key over the QE's report to the attestation key. */
static struct err
check_qe(struct ctx *cx, const struct dcap_quote *q, X509 *leaf)
{
	uint8_t want[DCAP_REPORT_DATA_SIZE] = { 0 };
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();

	TRY(dcap_sig_verify(cx, chain_key(leaf), q->qe_signature,
	    q->qe.bytes, "the signature of the QE report"));
	ASSERT(md != NULL &&
	    EVP_DigestInit_ex(md, ossl_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, q->attestation_key.p,
	    q->attestation_key.n) == 1 &&
	    EVP_DigestUpdate(md, q->auth_data.p, q->auth_data.n) == 1 &&
	    EVP_DigestFinal_ex(md, want, NULL) == 1);
	if (!slice_equal(q->qe.report_data, SLICE_OF(want)))
		return FAIL_TELL(cx, ERR_EV_BINDING,
		    "the quoting enclave vouches for another key");
	if ((q->qe.attributes.p[0] & SGX_ATTRIBUTE_DEBUG) != 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a quoting enclave in debug mode");
	return OK;
}

static struct err
check_signed(struct ctx *cx, const struct dcap_evidence *e,
    struct slice report_data)
{
	const struct dcap_quote *q = &e->quote;
	EVP_PKEY *key;

	TRY(check_qe(cx, q, e->chain[0]));
	TRY(dcap_sig_key(cx, q->attestation_key, &key));
	TRY(dcap_sig_verify(cx, key, q->signature, q->signed_bytes,
	    "the signature of the quote"));
	if (!slice_equal_secret(q->report_data, report_data))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "the report data is not what was asked for");
	return OK;
}

static struct err
check_platform(struct ctx *cx, const struct dcap_evidence *e)
{
	struct pck ignored;

	if (!e->has_pck)
		return pck_parse(cx, e->chain[0], &ignored);
	if (e->quote.cert_type == DCAP_CERT_PPID &&
	    !slice_equal(SLICE(e->quote.cert_data.p, PCK_PPID_SIZE),
	    SLICE_OF(e->pck.ppid)))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a PCK certificate of another platform");
	return OK;
}

/* --- claims ----------------------------------------------------------- */

static void
claim_platform(struct claims *claims, const struct pck *p)
{
	static const char *const types[] = {
		[PCK_STANDARD] = "standard", [PCK_SCALABLE] = "scalable",
		[PCK_SCALABLE_INTEGRITY] = "scalable-with-integrity",
	};

	claims_add_bytes(claims, "fmspc", SLICE_OF(p->fmspc));
	claims_add_bytes(claims, "pce_id", SLICE_OF(p->pce_id));
	claims_add_text(claims, "sgx_type", types[p->type]);
	if (p->has_instance)
		claims_add_bytes(claims, "platform_instance_id",
		    SLICE_OF(p->instance_id));
	if (p->has_flags) {
		claims_add_bool(claims, "dynamic_platform",
		    p->dynamic_platform);
		claims_add_bool(claims, "cached_keys", p->cached_keys);
		claims_add_bool(claims, "smt_enabled", p->smt_enabled);
	}
}

static void
claim_verdict(struct claims *claims, const struct dcap_verdict *v,
    const struct dcap_collateral *c)
{
	uint64_t tcb = c->tcb.evaluation, qe = c->qe.evaluation;

	claims_add_list(claims, "advisory_ids", v->advisories,
	    v->n_advisories);
	if (v->has_date)
		claims_add_uint(claims, "tcb_date", (uint64_t)v->date_s);
	claims_add_uint(claims, "tcb_evaluation_number", tcb < qe ? tcb : qe);
}

void
dcap_claim_enclave(struct claims *claims, const struct sgx_report *r)
{
	claims_add_bool(claims, "debug",
	    (r->attributes.p[0] & SGX_ATTRIBUTE_DEBUG) != 0);
	claims_add_bytes(claims, "mrenclave", r->mrenclave);
	claims_add_bytes(claims, "mrsigner", r->mrsigner);
	claims_add_uint(claims, "isvprodid", r->isv_prod_id);
	claims_add_uint(claims, "isvsvn", r->isv_svn);
	claims_add_bytes(claims, "isvextprodid", r->isv_ext_prod_id);
	claims_add_bytes(claims, "isvfamilyid", r->isv_family_id);
	claims_add_bytes(claims, "configid", r->config_id);
	claims_add_uint(claims, "configsvn", r->config_svn);
	claims_add_bytes(claims, "sgx_attributes", r->attributes);
	claims_add_bytes(claims, "miscselect", r->misc_select);
}

void
dcap_hardware_id(const struct dcap_evidence *e,
    char out[static HARDWARE_ID_MAX])
{
	const size_t n = sizeof(SCHEME) - 1;
	uint8_t hash[SHA256_SIZE];

	out[0] = '\0';
	/* Zeros are what a platform has that does not tell. */
	if (!e->has_pck || sodium_is_zero(e->pck.ppid, sizeof(e->pck.ppid)))
		return;
	ASSERT(EVP_Digest(e->pck.ppid, sizeof(e->pck.ppid), hash, NULL,
	    ossl_sha256(), NULL) == 1);
	memcpy(out, SCHEME, n);
	text_hex_into(SLICE_OF(hash), out + n);
}

struct slice
dcap_report_data(struct ctx *cx, const char *format,
    const struct appraisal *a)
{
	uint8_t *want;

	if (a->raw)
		return a->nonce;
	want = arena_alloc(cx->arena, DCAP_REPORT_DATA_SIZE);
	attest_binding(format, a->nonce, a->spki, want,
	    DCAP_REPORT_DATA_SIZE);
	return SLICE(want, DCAP_REPORT_DATA_SIZE);
}

/* --- all of it -------------------------------------------------------- */

static struct err
check_chain(struct ctx *cx, const struct dcap_evidence *e,
    const struct appraisal *a, struct chain_path *out)
{
	TRY(pck_chain_verify(cx, PCK_PLATFORM, e->chain, e->n_chain, a->trust,
	    a->at_s, out));
	return check_platform(cx, e);
}

struct err
dcap_verify(struct ctx *cx, const struct dcap_evidence *e,
    const struct appraisal *a, struct slice report_data,
    struct attestation *out)
{
	struct dcap_collateral *c = ARENA_NEW(cx->arena,
	    struct dcap_collateral);
	struct dcap_verdict verdict;
	struct chain_path path;
	bool found;

	if (e->n_chain == 0)
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "neither the quote nor the evidence has a PCK "
		    "certificate");
	/* As in tpm2: a stranger learns nothing of what is believed here
	 * before he has shown to have the hardware. */
	if (!a->raw)
		TRY(check_signed(cx, e, report_data));
	TRY(check_chain(cx, e, a, &path));
	TRY(find_collateral(cx, e, path.certs[0], a, c, &found));
	if (found)
		TRY(check_revocation(cx, &path, c, a->at_s));
	if (a->raw)
		TRY(check_signed(cx, e, report_data));
	if (found) {
		TRY(dcap_tcb_appraise(cx, &e->quote, &e->pck, &c->tcb, &c->qe,
		    &verdict));
		out->status = tcb_status_name(verdict.status);
		claim_verdict(&out->claims, &verdict, c);
	}
	claims_add_bool(&out->claims, "hardware_key", false);
	claim_platform(&out->claims, &e->pck);
	dcap_hardware_id(e, out->hardware_id);
	return OK;
}
