/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open Enclave evidence: an SGX quote below a header of the SDK's, and its
 * endorsements.  Formats as in the SDK's attestation/sgx/evidence.h and
 * internal/{report,plugin,sgx/...endorsements}.h; numbers are little-endian.
 */
#include "attest/dcap.h"
#include "attest/formats.h"
#include "attest/member.h"
#include "base/text.h"
#include "codec/der.h"

#define REPORT_VERSION		1u	/* oe_report_header_t */
#define REPORT_SGX_REMOTE	2u
#define EVIDENCE_VERSION	3u	/* oe_attestation_header_t */
#define EVIDENCE_VERSION_OLD	1u
#define UUID_SIZE		16u
#define EVIDENCE_MAX		(DCAP_QUOTE_MAX + 65536u)
#define ENDORSEMENTS_VERSION	1u
#define ENDORSEMENTS_SGX	2u
#define ENDORSEMENTS_MAX	(1024u * 1024u)
#define SHA256_SIZE		32u

static const uint8_t uuid_sgx_ecdsa[UUID_SIZE] = {
	0xa3, 0xa2, 0x1e, 0x87, 0x1b, 0x4d, 0x40, 0x14,
	0xb7, 0x0a, 0xa1, 0x25, 0xd2, 0xfb, 0xcd, 0x8c
};
static const uint8_t uuid_report_remote[UUID_SIZE] = {
	0xc8, 0x30, 0x34, 0x54, 0xd9, 0x23, 0x4c, 0x2c,
	0xa6, 0x91, 0xdf, 0x7d, 0xef, 0x46, 0x0a, 0x76
};
static const uint8_t uuid_raw_quote[UUID_SIZE] = {
	0x19, 0x23, 0xd9, 0x1e, 0x12, 0xd2, 0x4c, 0x72,
	0xb2, 0x20, 0x25, 0xcd, 0x8d, 0xac, 0xe8, 0x71
};

/* Parts of the endorsements, in their order. */
enum part {
	PART_VERSION, PART_TCB_INFO, PART_TCB_CHAIN, PART_PCK_CRL,
	PART_ROOT_CRL, PART_CRL_CHAIN, PART_QE_IDENTITY, PART_QE_CHAIN,
	PART_TIME, PART_COUNT
};

struct openenclave {
	struct dcap_evidence	 e;
	/* SGX_ECDSA: the quote is over the hash of what follows it. */
	bool			 has_claims;
	struct slice		 claims;
};

/* --- the header ------------------------------------------------------- */

static struct err
open_report(struct ctx *cx, struct slice bytes, struct slice *out)
{
	struct reader r = reader_of(bytes);
	uint32_t version = read_le32(&r), type = read_le32(&r);
	uint64_t size = read_le64(&r);

	if (version != REPORT_VERSION || type != REPORT_SGX_REMOTE)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "evidence: report of version %u and type %u", version,
		    type);
	if (r.bad || size != r.n)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "evidence: its size is not what follows");
	*out = SLICE(r.p, r.n);
	return OK;
}

/* Reports have the old header's version, and a type where it has a format. */
static bool
is_header(uint32_t version, struct slice uuid)
{
	return version == EVIDENCE_VERSION ||
	    (version == EVIDENCE_VERSION_OLD &&
	    (slice_equal(uuid, SLICE_OF(uuid_sgx_ecdsa)) ||
	    slice_equal(uuid, SLICE_OF(uuid_report_remote)) ||
	    slice_equal(uuid, SLICE_OF(uuid_raw_quote))));
}

/* By which header it begins; *out is the quote and what may follow it. */
static struct err
open_evidence(struct ctx *cx, struct slice bytes, struct slice *out,
    bool *out_has_claims)
{
	struct reader r = reader_of(bytes);
	uint32_t version = read_le32(&r);
	struct slice uuid = read_bytes(&r, UUID_SIZE);
	uint64_t size;

	*out_has_claims = false;
	if (!is_header(version, uuid))
		return open_report(cx, bytes, out);
	size = read_le64(&r);
	if (r.bad || size != r.n)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "evidence: its size is not what follows");
	if (slice_equal(uuid, SLICE_OF(uuid_report_remote)))
		return open_report(cx, SLICE(r.p, r.n), out);
	*out_has_claims = slice_equal(uuid, SLICE_OF(uuid_sgx_ecdsa));
	if (!*out_has_claims && !slice_equal(uuid, SLICE_OF(uuid_raw_quote)))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "evidence: of a format not known here");
	*out = SLICE(r.p, r.n);
	return OK;
}

/* --- endorsements ----------------------------------------------------- */

/* Texts end in a NUL of their own. */
static bool
cut_nul(struct slice *text)
{
	if (text->n == 0 || text->p[text->n - 1] != '\0')
		return false;
	text->n--;
	return memchr(text->p, '\0', text->n) == NULL;
}

/* A CRL may have one, too, where it once was text. */
static struct slice
crl_of(struct slice part)
{
	struct reader r = reader_of(part);
	struct slice crl = der_read_whole(&r, DER_SEQUENCE);

	return !r.bad && r.n == 1 && r.p[0] == '\0' ? crl : part;
}

static struct err
read_chain(struct ctx *cx, struct slice text, const struct slice **out,
    size_t *out_n)
{
	struct slice *der = arena_array(cx->arena, ATTEST_CHAIN_MAX,
	    sizeof(*der));

	if (!cut_nul(&text))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "endorsements: a chain without an end");
	TRY(dcap_pem_read(cx, text, ATTEST_CHAIN_MAX, der, out_n));
	*out = der;
	return OK;
}

/* Where the parts lie: one after the other, all of the buffer. */
static struct err
cut_parts(struct ctx *cx, struct slice bytes, struct slice *out)
{
	struct reader r = reader_of(bytes);
	uint32_t version = read_le32(&r), type = read_le32(&r);
	uint32_t size = read_le32(&r), count = read_le32(&r);
	uint32_t offsets[PART_COUNT + 1];

	if (version != ENDORSEMENTS_VERSION || type != ENDORSEMENTS_SGX)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "endorsements: version %u of type %u", version, type);
	for (size_t i = 0; i < PART_COUNT; i++)
		offsets[i] = read_le32(&r);
	/* The size is of all that follows the first four numbers. */
	if (r.bad || count != PART_COUNT ||
	    size != bytes.n - 4 * sizeof(uint32_t))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "endorsements: %u parts in %u bytes", count, size);
	offsets[PART_COUNT] = (uint32_t)r.n;
	for (size_t i = 0; i < PART_COUNT; i++) {
		if (offsets[i] >= offsets[i + 1] || offsets[i + 1] > r.n ||
		    offsets[0] != 0)
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "endorsements: part %zu", i);
		out[i] = SLICE(r.p + offsets[i], offsets[i + 1] - offsets[i]);
	}
	return OK;
}

/* The time they were made is their maker's word, and never becomes "now". */
static struct err
check_time(struct ctx *cx, struct slice part)
{
	int64_t at_s;

	if (!cut_nul(&part) || !text_parse_time(arena_strndup(cx->arena,
	    (const char *)part.p, part.n), &at_s))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "endorsements: the time they were made");
	return OK;
}

static struct err
read_endorsements(struct ctx *cx, struct slice bytes,
    struct trust_collateral *out)
{
	static const uint8_t version_1[4] = { 1, 0, 0, 0 };
	struct trust_collateral c = { .n_tcb_signing_chain = 0 };
	struct slice parts[PART_COUNT];
	const struct slice *ignored;
	size_t n;

	TRY(cut_parts(cx, bytes, parts));
	if (!slice_equal(parts[PART_VERSION], SLICE_OF(version_1)))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "endorsements: another version of their parts");
	c.tcb_info = parts[PART_TCB_INFO];
	c.qe_identity = parts[PART_QE_IDENTITY];
	if (!cut_nul(&c.tcb_info) || !cut_nul(&c.qe_identity))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "endorsements: a text without its end");
	TRY(read_chain(cx, parts[PART_TCB_CHAIN], &c.tcb_signing_chain,
	    &c.n_tcb_signing_chain));
	TRY(read_chain(cx, parts[PART_QE_CHAIN], &c.qe_signing_chain,
	    &c.n_qe_signing_chain));
	/* The CRL's issuer is the PCK's, and came with the quote. */
	TRY(read_chain(cx, parts[PART_CRL_CHAIN], &ignored, &n));
	c.pck_crl = crl_of(parts[PART_PCK_CRL]);
	c.root_crl = crl_of(parts[PART_ROOT_CRL]);
	TRY(check_time(cx, parts[PART_TIME]));
	*out = c;
	return OK;
}

/* --- the format ------------------------------------------------------- */

static struct err
read_openenclave(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct openenclave *o = ARENA_NEW(cx->arena, struct openenclave);
	struct slice evidence = json_get_bytes(in, "evidence", JSON_REQUIRED,
	    EVIDENCE_MAX), quote = SLICE_NONE;
	struct slice endorsements = json_get_bytes(in, "endorsements",
	    JSON_OPTIONAL, ENDORSEMENTS_MAX);

	if (!failed(in->err) && attest_keep(in, "evidence",
	    open_evidence(cx, evidence, &quote, &o->has_claims)))
		dcap_read(in, "evidence", quote, DCAP_SGX, &o->e, &o->claims);
	if (!failed(in->err) && endorsements.n > 0) {
		if (o->e.has_collateral)
			json_refuse(in, "endorsements",
			    "must not stand beside collateral");
		else
			(void)attest_keep(in, "endorsements",
			    read_endorsements(cx, endorsements,
			    &o->e.collateral));
		o->e.has_collateral = true;
	}
	TRY(json_in_done(in));
	*out_value = o;
	return OK;
}

static struct slice
hash_of_claims(struct ctx *cx, struct slice claims)
{
	uint8_t *hash = arena_alloc(cx->arena, DCAP_REPORT_DATA_SIZE);

	ASSERT(EVP_Digest(claims.p, claims.n, hash, NULL, ossl_sha256(),
	    NULL) == 1);
	return SLICE(hash, DCAP_REPORT_DATA_SIZE);
}

/*
 * Evidence with claims of the enclave's own: what was asked for are these, and
 * the report data is their hash and zeros.  With none of them it is what was
 * asked for, as in a report.
 */
static struct err
find_report_data(struct ctx *cx, const struct openenclave *o,
    const struct appraisal *a, struct slice *out)
{
	struct slice want = dcap_report_data(cx, format_openenclave.name, a);
	struct slice hash;

	*out = want;
	if (!o->has_claims)
		return OK;
	hash = hash_of_claims(cx, o->claims);
	if (!slice_equal(o->e.quote.report_data, hash))
		return FAIL_TELL(cx, ERR_EV_BINDING,
		    "the report data is not the hash of the claims");
	if (slice_equal_secret(o->claims, want))
		*out = hash;
	return OK;
}

static struct err
verify_openenclave(struct ctx *cx, const void *value,
    const struct appraisal *a, struct attestation *out)
{
	const struct openenclave *o = value;
	struct attestation result = { .claims = claims_in(cx->arena) };
	struct slice report_data;

	TRY(find_report_data(cx, o, a, &report_data));
	TRY(dcap_verify(cx, &o->e, a, report_data, &result));
	dcap_claim_enclave(&result.claims, &o->e.quote.sgx);
	if (o->claims.n > 0 && o->has_claims)
		claims_add_bytes(&result.claims, "custom_claims", o->claims);
	*out = result;
	return OK;
}

static void
identify_openenclave(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct openenclave *o = value;

	(void)cx;
	dcap_hardware_id(&o->e, out_hardware_id);
	*out_ak_name = SLICE_NONE;
}

const struct attest_format format_openenclave = {
	.name = "openenclave", .read = read_openenclave,
	.verify = verify_openenclave, .identify = identify_openenclave,
};
