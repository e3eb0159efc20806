/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/dcap_quote.h"

#include "base/base.h"

#define HEADER_SIZE	48u
#define SGX_REPORT_SIZE	384u
#define TD_10_SIZE	584u
#define TD_15_SIZE	648u
#define KEY_P256	2u		/* attestation key type */
#define TEE_SGX		0x00000000u
#define TEE_TDX		0x00000081u
#define POINT_SIZE	64u
#define SIGNATURE_SIZE	64u
#define MR_SIZE		48u		/* SHA-384 */

/* Intel's quoting enclaves: 939a7233-f79c-4ca9-940a-0db3957f0607. */
static const uint8_t vendor_intel[16] = {
	0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
	0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07
};

/* Kinds of quote: by version, TEE type and, in version 5, body type. */
static const struct kind {
	uint16_t	version;
	uint32_t	tee_type;
	uint16_t	body_type;	/* 0: not said */
	uint32_t	body_size;
	enum dcap_tee	tee;
} kinds[] = {
	{ 3, TEE_SGX, 0, SGX_REPORT_SIZE, DCAP_SGX },
	{ 4, TEE_SGX, 0, SGX_REPORT_SIZE, DCAP_SGX },
	{ 4, TEE_TDX, 0, TD_10_SIZE, DCAP_TDX },
	{ 5, TEE_SGX, 1, SGX_REPORT_SIZE, DCAP_SGX },
	{ 5, TEE_TDX, 2, TD_10_SIZE, DCAP_TDX },
	{ 5, TEE_TDX, 3, TD_15_SIZE, DCAP_TDX },
};

struct header { uint16_t version, key_type; uint32_t tee_type; };

/* Reserved bytes: zero, or what reads them one day would differ. */
static void
read_zeros(struct reader *r, size_t n)
{
	struct slice s = read_bytes(r, n);

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			r->bad = true;
}

static struct slice
read_le32_bytes(struct reader *r, size_t max)
{
	uint32_t n = read_le32(r);

	if (n > max)
		r->bad = true;
	return read_bytes(r, n);
}

/* --- bodies ----------------------------------------------------------- */

static struct sgx_report
read_sgx_report(struct reader *r)
{
	struct sgx_report s;

	s.bytes = SLICE(r->p, SGX_REPORT_SIZE);
	s.cpu_svn = read_bytes(r, DCAP_SVN_SIZE);
	s.misc_select = read_bytes(r, 4);
	read_zeros(r, 12);
	s.isv_ext_prod_id = read_bytes(r, 16);
	s.attributes = read_bytes(r, 16);
	s.mrenclave = read_bytes(r, 32);
	read_zeros(r, 32);
	s.mrsigner = read_bytes(r, 32);
	read_zeros(r, 32);
	s.config_id = read_bytes(r, 64);
	s.isv_prod_id = read_le16(r);
	s.isv_svn = read_le16(r);
	s.config_svn = read_le16(r);
	read_zeros(r, 42);
	s.isv_family_id = read_bytes(r, 16);
	s.report_data = read_bytes(r, DCAP_REPORT_DATA_SIZE);
	return s;
}

static struct td_report
read_td_report(struct reader *r, size_t size)
{
	struct td_report t = { .is_15 = size == TD_15_SIZE };

	t.tee_tcb_svn = read_bytes(r, DCAP_SVN_SIZE);
	t.mr_seam = read_bytes(r, MR_SIZE);
	t.mr_signer_seam = read_bytes(r, MR_SIZE);
	t.seam_attributes = read_bytes(r, 8);
	t.td_attributes = read_bytes(r, 8);
	t.xfam = read_bytes(r, 8);
	t.mr_td = read_bytes(r, MR_SIZE);
	t.mr_config_id = read_bytes(r, MR_SIZE);
	t.mr_owner = read_bytes(r, MR_SIZE);
	t.mr_owner_config = read_bytes(r, MR_SIZE);
	for (size_t i = 0; i < COUNT_OF(t.rtmr); i++)
		t.rtmr[i] = read_bytes(r, MR_SIZE);
	t.report_data = read_bytes(r, DCAP_REPORT_DATA_SIZE);
	if (t.is_15) {
		t.tee_tcb_svn_2 = read_bytes(r, DCAP_SVN_SIZE);
		t.mr_service_td = read_bytes(r, MR_SIZE);
	}
	return t;
}

/* --- signature data --------------------------------------------------- */

/* What vouches for the attestation key: QE report to certification data. */
static void
read_qe_part(struct reader *r, struct dcap_quote *q)
{
	q->qe = read_sgx_report(r);
	q->qe_signature = read_bytes(r, SIGNATURE_SIZE);
	q->auth_data = read_bytes(r, read_le16(r));
	if (q->auth_data.n > DCAP_AUTH_MAX)
		r->bad = true;
	q->cert_type = read_le16(r);
	q->cert_data = read_le32_bytes(r, DCAP_CERT_DATA_MAX);
}

/* *out_type: the outer certification data's; version 3 has none. */
static bool
read_signature_data(struct slice bytes, struct dcap_quote *q,
    unsigned *out_type)
{
	struct reader r = reader_of(bytes);

	q->signature = read_bytes(&r, SIGNATURE_SIZE);
	q->attestation_key = read_bytes(&r, POINT_SIZE);
	*out_type = DCAP_CERT_QE_REPORT;
	if (q->version > 3) {
		struct reader inner;

		*out_type = read_le16(&r);
		inner = reader_of(read_le32_bytes(&r, bytes.n));
		if (!read_done(&r))
			return false;
		if (*out_type != DCAP_CERT_QE_REPORT)
			return true;
		r = inner;
	}
	read_qe_part(&r, q);
	return read_done(&r);
}

static struct err
check_cert_type(struct ctx *cx, const struct dcap_quote *q, unsigned outer)
{
	if (outer != DCAP_CERT_QE_REPORT)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "quote: certification data %u in place of a QE report",
		    outer);
	if (q->cert_type < DCAP_CERT_PPID || q->cert_type > DCAP_CERT_CHAIN)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "quote: certification data %u", q->cert_type);
	return OK;
}

/* --- the whole -------------------------------------------------------- */

static struct err
check_header(struct ctx *cx, const struct header *h, struct slice reserved,
    struct slice vendor)
{
	static const uint8_t zeros[4];

	if (h->key_type != KEY_P256)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "quote: attestation key of type %u", h->key_type);
	if (!slice_equal(vendor, SLICE_OF(vendor_intel)))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "quote: by a quoting enclave that is not Intel's");
	/* SVNs of QE and PCE in SGX quotes, which their reports say too. */
	if (h->tee_type == TEE_TDX && !slice_equal(reserved, SLICE_OF(zeros)))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "quote: reserved bytes of its header");
	return OK;
}

/* Which kind it is; in version 5 the body's type and size follow. */
static struct err
find_kind(struct ctx *cx, const struct header *h, struct reader *r,
    const struct kind **out)
{
	uint16_t body_type = h->version == 5 ? read_le16(r) : 0;
	uint32_t body_size = h->version == 5 ? read_le32(r) : 0;

	for (size_t i = 0; i < COUNT_OF(kinds) && !r->bad; i++) {
		const struct kind *k = &kinds[i];

		if (k->version != h->version || k->tee_type != h->tee_type ||
		    k->body_type != body_type)
			continue;
		if (h->version == 5 && body_size != k->body_size)
			return FAIL_TELL(cx, ERR_EV_MALFORMED, "quote: body "
			    "of type %u with %u bytes", body_type, body_size);
		*out = k;
		return OK;
	}
	if (r->bad)
		return FAIL_TELL(cx, ERR_EV_MALFORMED, "quote: no body");
	return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "quote: version %u with TEE "
	    "type %x and body type %u", h->version, h->tee_type, body_type);
}

static struct err
read_body(struct ctx *cx, struct reader *r, const struct kind *k,
    struct dcap_quote *q)
{
	struct reader body = reader_of(read_bytes(r, k->body_size));

	q->tee = k->tee;
	if (k->tee == DCAP_SGX)
		q->sgx = read_sgx_report(&body);
	else
		q->td = read_td_report(&body, k->body_size);
	if (!read_done(&body))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "quote: its report, or reserved bytes in it");
	q->report_data = k->tee == DCAP_SGX ? q->sgx.report_data
	    : q->td.report_data;
	return OK;
}

struct err
dcap_quote_parse(struct ctx *cx, struct slice bytes, struct dcap_quote *out,
    struct slice *out_rest)
{
	struct reader r = reader_of(bytes);
	struct dcap_quote q = { .version = 0 };
	struct slice reserved, vendor, signature_data;
	const struct kind *kind;
	struct header h;
	unsigned outer;

	if (bytes.n < HEADER_SIZE || bytes.n > DCAP_QUOTE_MAX)
		return FAIL_TELL(cx, ERR_EV_MALFORMED, "quote: %zu bytes",
		    bytes.n);
	h.version = read_le16(&r);
	h.key_type = read_le16(&r);
	h.tee_type = read_le32(&r);
	reserved = read_bytes(&r, 4);
	vendor = read_bytes(&r, sizeof(vendor_intel));
	(void)read_bytes(&r, 20);		/* user data: the QE's ID */
	TRY(check_header(cx, &h, reserved, vendor));
	q.version = h.version;
	TRY(find_kind(cx, &h, &r, &kind));
	TRY(read_body(cx, &r, kind, &q));
	q.signed_bytes = SLICE(bytes.p, (size_t)(r.p - bytes.p));
	signature_data = read_le32_bytes(&r, DCAP_QUOTE_MAX);
	if (r.bad || !read_signature_data(signature_data, &q, &outer))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "quote: its signature data");
	TRY(check_cert_type(cx, &q, outer));
	*out = q;
	*out_rest = SLICE(r.p, r.n);
	return OK;
}
