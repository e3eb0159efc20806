/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_table.h"

#include "attest/snp_report.h"
#include "base/base.h"

#define GUID_SIZE	16u
#define ENTRY_SIZE	24u		/* GUID, offset, length */

/* As they lie in memory: the first three parts little-endian.  The issuer of a
 * VLEK has no GUID of its own and stands under the ASK's. */
static const struct { uint8_t guid[GUID_SIZE]; enum snp_table_cert cert; }
guids[] = {
	/* 63da758d-e664-4564-adc5-f4b93be8accd */
	{ { 0x8d, 0x75, 0xda, 0x63, 0x64, 0xe6, 0x64, 0x45, 0xad, 0xc5, 0xf4,
	    0xb9, 0x3b, 0xe8, 0xac, 0xcd }, SNP_TABLE_VCEK },
	/* a8074bc2-a25a-483e-aae6-39c045a0b8a1 */
	{ { 0xc2, 0x4b, 0x07, 0xa8, 0x5a, 0xa2, 0x3e, 0x48, 0xaa, 0xe6, 0x39,
	    0xc0, 0x45, 0xa0, 0xb8, 0xa1 }, SNP_TABLE_VLEK },
	/* 4ab7b379-bbac-4fe4-a02f-05aef327c782 */
	{ { 0x79, 0xb3, 0xb7, 0x4a, 0xac, 0xbb, 0xe4, 0x4f, 0xa0, 0x2f, 0x05,
	    0xae, 0xf3, 0x27, 0xc7, 0x82 }, SNP_TABLE_ASK },
	/* c0b406a4-a803-4952-9743-3fb6014cd0ae */
	{ { 0xa4, 0x06, 0xb4, 0xc0, 0x03, 0xa8, 0x52, 0x49, 0x97, 0x43, 0x3f,
	    0xb6, 0x01, 0x4c, 0xd0, 0xae }, SNP_TABLE_ARK },
};

struct entry { struct slice guid; uint32_t offset, length; };

/* Up to the entry that is all zeros, which ends them; false without it. */
static bool
read_entries(struct reader *r, struct entry *entries, size_t *out_n)
{
	for (size_t n = 0;; n++) {
		struct entry e = { .guid = read_bytes(r, GUID_SIZE) };

		e.offset = read_le32(r);
		e.length = read_le32(r);
		if (r->bad)
			return false;
		if (snp_is_zero(e.guid)) {
			*out_n = n;
			return e.offset == 0 && e.length == 0;
		}
		if (n == SNP_TABLE_ENTRIES_MAX)
			return false;
		entries[n] = e;
	}
}

/* Each within the table, behind the entries, and not over another. */
static bool
lie_apart(const struct entry *entries, size_t n, size_t start, size_t end)
{
	for (size_t i = 0; i < n; i++) {
		const struct entry *a = &entries[i];

		if (a->length == 0 || a->offset < start || a->offset > end ||
		    a->length > end - a->offset)
			return false;
		for (size_t k = 0; k < i; k++) {
			const struct entry *b = &entries[k];

			if (a->offset < b->offset + b->length &&
			    b->offset < a->offset + a->length)
				return false;
		}
	}
	return true;
}

/* Is the byte there of no entry? */
static bool
is_between(const struct entry *entries, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++)
		if (at >= entries[i].offset &&
		    at - entries[i].offset < entries[i].length)
			return false;
	return true;
}

static bool
rest_is_zero(const struct entry *entries, size_t n, size_t start,
    struct slice bytes)
{
	for (size_t at = start; at < bytes.n; at++)
		if (bytes.p[at] != 0 && is_between(entries, n, at))
			return false;
	return true;
}

/* Into the place of its GUID; false when that is taken. */
static bool
put_cert(struct snp_table *t, const struct entry *e, struct slice bytes)
{
	for (size_t i = 0; i < COUNT_OF(guids); i++) {
		struct slice *cert = &t->certs[guids[i].cert];

		if (!slice_equal(e->guid, SLICE_OF(guids[i].guid)))
			continue;
		if (cert->n > 0)
			return false;
		*cert = SLICE(bytes.p + e->offset, e->length);
		t->n++;
	}
	return true;
}

struct err
snp_table_parse(struct ctx *cx, struct slice bytes, struct snp_table *out)
{
	struct entry entries[SNP_TABLE_ENTRIES_MAX];
	struct snp_table table = { .n = 0 };
	struct reader r = reader_of(bytes);
	size_t n, start;

	if (bytes.n > SNP_TABLE_MAX || !read_entries(&r, entries, &n))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "report: no certificate table follows it");
	start = bytes.n - r.n;
	if (!lie_apart(entries, n, start, bytes.n) ||
	    !rest_is_zero(entries, n, start, bytes))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "report: certificates in its table do not lie apart");
	for (size_t i = 0; i < n; i++)
		if (!put_cert(&table, &entries[i], bytes))
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "report: a certificate is in its table twice");
	if (table.n == 0)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "report: its table has no certificate");
	*out = table;
	return OK;
}
