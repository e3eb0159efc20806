/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_report.h"

#define VERSION_LEAST		2u
#define VERSION_CPUID		3u
#define VERSION_MITIGATIONS	5u
#define VERSION_MOST		5u
#define VERSION_OFFSET		0x00u
#define ALGORITHM_OFFSET	0x34u
#define ALGORITHM_P384_SHA384	1u
#define SIGNED_SIZE		0x2a0u
#define DIGEST_SIZE		48u
#define ID_SIZE			32u
/* The signature's numbers have room for more than P-384 needs. */
#define NUMBER_ROOM		72u

/* FLAGS at 048h. */
#define FLAG_AUTHOR_KEY_EN	0x01u
#define FLAG_MASK_CHIP_KEY	0x02u
#define FLAG_SIGNING_KEY(f)	((f) >> 2 & 7u)
#define FLAG_BITS		5u

bool
snp_is_zero(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}

static void
read_zeros(struct reader *r, size_t n)
{
	if (!snp_is_zero(read_bytes(r, n)))
		r->bad = true;
}

/* Up to an offset of the table. */
static void
read_zeros_to(struct reader *r, struct slice whole, size_t offset)
{
	read_zeros(r, offset - (size_t)(r->p - whole.p));
}

static struct snp_firmware
read_firmware(struct reader *r)
{
	struct snp_firmware f;

	f.build = read_u8(r);
	f.minor = read_u8(r);
	f.major = read_u8(r);
	read_zeros(r, 1);
	return f;
}

static void
read_flags(struct reader *r, struct snp_report *out)
{
	uint32_t flags = read_le32(r);

	out->author_key_en = (flags & FLAG_AUTHOR_KEY_EN) != 0;
	out->mask_chip_key = (flags & FLAG_MASK_CHIP_KEY) != 0;
	out->signing_key = FLAG_SIGNING_KEY(flags);
	if (flags >> FLAG_BITS != 0)
		r->bad = true;
	read_zeros(r, 4);
}

/* 000h to 17fh: what is the guest's. */
static void
read_guest(struct reader *r, struct snp_report *out)
{
	out->version = read_le32(r);
	out->guest_svn = read_le32(r);
	out->policy = read_le64(r);
	out->family_id = read_bytes(r, 16);
	out->image_id = read_bytes(r, 16);
	out->vmpl = read_le32(r);
	(void)read_le32(r);		/* the algorithm, looked at before */
	out->current_tcb = read_bytes(r, SNP_TCB_SIZE);
	out->platform_info = read_le64(r);
	read_flags(r, out);
	out->report_data = read_bytes(r, SNP_REPORT_DATA_SIZE);
	out->measurement = read_bytes(r, DIGEST_SIZE);
	out->host_data = read_bytes(r, ID_SIZE);
	out->id_key_digest = read_bytes(r, DIGEST_SIZE);
	out->author_key_digest = read_bytes(r, DIGEST_SIZE);
	out->report_id = read_bytes(r, ID_SIZE);
	out->report_id_ma = read_bytes(r, ID_SIZE);
}

/* 180h to 29fh: what is the platform's, and grew. */
static void
read_platform(struct reader *r, struct slice whole, struct snp_report *out)
{
	out->reported_tcb = read_bytes(r, SNP_TCB_SIZE);
	out->has_cpuid = out->version >= VERSION_CPUID;
	if (out->has_cpuid) {
		out->family = read_u8(r);
		out->model = read_u8(r);
		out->stepping = read_u8(r);
	}
	read_zeros_to(r, whole, 0x1a0);
	out->chip_id = read_bytes(r, SNP_CHIP_ID_SIZE);
	out->committed_tcb = read_bytes(r, SNP_TCB_SIZE);
	out->current = read_firmware(r);
	out->committed = read_firmware(r);
	out->launch_tcb = read_bytes(r, SNP_TCB_SIZE);
	out->has_mitigations = out->version >= VERSION_MITIGATIONS;
	if (out->has_mitigations) {
		out->launch_mitigations = read_le64(r);
		out->current_mitigations = read_le64(r);
	}
	read_zeros_to(r, whole, SIGNED_SIZE);
}

static void
read_signature(struct reader *r, struct snp_report *out)
{
	out->r = read_bytes(r, SNP_NUMBER_SIZE);
	read_zeros(r, NUMBER_ROOM - SNP_NUMBER_SIZE);
	out->s = read_bytes(r, SNP_NUMBER_SIZE);
	read_zeros(r, NUMBER_ROOM - SNP_NUMBER_SIZE);
	read_zeros(r, r->n);
}

static uint32_t
le32_at(struct slice s, size_t offset)
{
	struct reader r = reader_of(SLICE(s.p + offset, sizeof(uint32_t)));

	return read_le32(&r);
}

struct err
snp_report_parse(struct ctx *cx, struct slice bytes, struct snp_report *out)
{
	struct reader r = reader_of(bytes);
	struct snp_report report = { .version = 0 };
	uint32_t version, algorithm;

	if (bytes.n != SNP_REPORT_SIZE)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "report: %zu bytes, not %u", bytes.n, SNP_REPORT_SIZE);
	version = le32_at(bytes, VERSION_OFFSET);
	algorithm = le32_at(bytes, ALGORITHM_OFFSET);
	if (version < VERSION_LEAST || version > VERSION_MOST)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "report: version %u", version);
	if (algorithm != ALGORITHM_P384_SHA384)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "report: signature algorithm %u", algorithm);
	read_guest(&r, &report);
	read_platform(&r, bytes, &report);
	report.signed_bytes = SLICE(bytes.p, SIGNED_SIZE);
	read_signature(&r, &report);
	if (!read_done(&r))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "report: reserved bytes that are not zero");
	*out = report;
	return OK;
}
