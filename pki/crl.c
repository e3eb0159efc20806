/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl.h"

#include "codec/der.h"
#include "pki/crl_entry.h"
#include "pki/oid.h"

#define ENTRY_SIZE	52u	/* bytes of one entry with a reason, about */

/* RFC 5280, 5.1.2.6: absent when there is none, not empty. */
static void
put_entries(struct buf *b, const struct crl *crl)
{
	struct crl_day day = { .day = 0 };
	size_t list;

	if (crl->n_entries == 0)
		return;
	list = der_open(b, DER_SEQUENCE);
	for (size_t i = 0; i < crl->n_entries; i++) {
		struct crl_entry entry = crl->entry(crl->arg, i);

		crl_entry_put(b, &entry, &day);
	}
	der_close(b, list);
}

/* IssuingDistributionPoint: fullName and onlyContainsUserCerts. */
static void
put_scope(struct buf *b, const char *url)
{
	size_t ext, value, seq, point, full;

	if (url == NULL || url[0] == '\0')
		return;
	ext = der_open(b, DER_SEQUENCE);
	der_put_oid(b, OID(OID_CRL_SCOPE));
	der_put_bool(b, true);
	value = der_open(b, DER_OCTET_STRING);
	seq = der_open(b, DER_SEQUENCE);
	point = der_open(b, DER_CONTEXT(0));
	full = der_open(b, DER_CONTEXT(0));
	der_put_text(b, DER_IMPLICIT(6), url);
	der_close(b, full);
	der_close(b, point);
	der_put(b, DER_IMPLICIT(1), SLICE("\xff", 1));
	der_close(b, seq);
	der_close(b, value);
	der_close(b, ext);
}

static void
put_extensions(struct buf *b, const struct crl *crl)
{
	size_t tagged = der_open(b, DER_CONTEXT(0));
	size_t list = der_open(b, DER_SEQUENCE), ext, value, seq;

	ext = der_open(b, DER_SEQUENCE);
	der_put_oid(b, OID(OID_AUTHORITY_KEY_ID));
	value = der_open(b, DER_OCTET_STRING);
	seq = der_open(b, DER_SEQUENCE);
	der_put(b, DER_IMPLICIT(0), crl->issuer_key_id);
	der_close(b, seq);
	der_close(b, value);
	der_close(b, ext);

	ext = der_open(b, DER_SEQUENCE);
	der_put_oid(b, OID(OID_CRL_NUMBER));
	value = der_open(b, DER_OCTET_STRING);
	der_put_uint(b, crl->number);
	der_close(b, value);
	der_close(b, ext);
	put_scope(b, crl->shard_url);
	der_close(b, list);
	der_close(b, tagged);
}

struct err
crl_encode(struct ctx *cx, const struct crl *crl, struct slice *out_tbs)
{
	struct buf b = buf_in(cx->arena, CRL_MAX);
	size_t seq;

	if (crl->n_entries > CRL_ENTRIES_MAX)
		return FAIL(cx, ERR_CERT_LINT, "a CRL of %zu entries",
		    crl->n_entries);
	(void)put_space(&b, 512 + crl->n_entries * ENTRY_SIZE);
	b.n = 0;
	seq = der_open(&b, DER_SEQUENCE);
	der_put_uint(&b, 1);			/* v2 */
	put_bytes(&b, key_sig_der(crl->sig));
	put_bytes(&b, crl->issuer);
	der_put_time(&b, crl->this_update_s);
	der_put_time(&b, crl->next_update_s);
	put_entries(&b, crl);
	put_extensions(&b, crl);
	der_close(&b, seq);
	if (b.bad)
		return FAIL(cx, ERR_CERT_LINT, "the CRL would be too large");
	*out_tbs = buf_slice(&b);
	return OK;
}

/* --- reading ------------------------------------------------------------- */

static void
read_entries(struct reader *tbs, size_t *out_n)
{
	struct reader list = der_enter(tbs, DER_SEQUENCE);
	size_t n = 0;

	do {
		crl_entry_read(&list);
		if (++n > CRL_ENTRIES_MAX)
			list.bad = true;
	} while (der_peek(&list) != 0);
	der_leave(tbs, &list);
	*out_n = n;
}

static void
read_scope(struct ctx *cx, struct reader *list, struct crl_facts *crl)
{
	struct reader ext = der_enter(list, DER_SEQUENCE), value, seq, point;
	struct reader full;
	struct slice url;

	if (!slice_equal(der_read_oid(&ext), OID(OID_CRL_SCOPE)) ||
	    !der_read_bool(&ext))
		ext.bad = true;
	value = der_enter(&ext, DER_OCTET_STRING);
	seq = der_enter(&value, DER_SEQUENCE);
	point = der_enter(&seq, DER_CONTEXT(0));
	full = der_enter(&point, DER_CONTEXT(0));
	url = der_read(&full, DER_IMPLICIT(6));
	der_leave(&point, &full);
	der_leave(&seq, &point);
	if (!slice_equal(der_read(&seq, DER_IMPLICIT(1)), SLICE("\xff", 1)) ||
	    url.n == 0 || memchr(url.p, 0, url.n) != NULL)
		seq.bad = true;
	der_leave(&value, &seq);
	der_leave(&ext, &value);
	der_leave(list, &ext);
	crl->is_shard = true;
	crl->shard_url = arena_strndup(cx->arena, (const char *)url.p, url.n);
}

/* The extensions, in the order in which crl_encode() writes them. */
static void
read_extensions(struct ctx *cx, struct reader *tbs, struct crl_facts *crl)
{
	struct reader tagged = der_enter(tbs, DER_CONTEXT(0));
	struct reader list = der_enter(&tagged, DER_SEQUENCE);
	struct reader ext = der_enter(&list, DER_SEQUENCE), value, seq;

	if (!slice_equal(der_read_oid(&ext), OID(OID_AUTHORITY_KEY_ID)))
		ext.bad = true;
	value = der_enter(&ext, DER_OCTET_STRING);
	seq = der_enter(&value, DER_SEQUENCE);
	crl->aki = der_read(&seq, DER_IMPLICIT(0));
	der_leave(&value, &seq);
	der_leave(&ext, &value);
	der_leave(&list, &ext);

	ext = der_enter(&list, DER_SEQUENCE);
	if (!slice_equal(der_read_oid(&ext), OID(OID_CRL_NUMBER)))
		ext.bad = true;
	value = der_enter(&ext, DER_OCTET_STRING);
	crl->number = der_read_uint(&value);
	der_leave(&ext, &value);
	der_leave(&list, &ext);
	if (der_peek(&list) != 0)
		read_scope(cx, &list, crl);
	der_leave(&tagged, &list);
	der_leave(tbs, &tagged);
}

struct err
crl_parse_tbs(struct ctx *cx, struct slice tbs, struct crl_facts *out)
{
	struct crl_facts crl = { .tbs = tbs, .shard_url = "" };
	struct reader r = reader_of(tbs);
	struct reader seq = der_enter(&r, DER_SEQUENCE);

	if (der_read_uint(&seq) != 1)
		seq.bad = true;
	crl.algorithm = der_read_whole(&seq, DER_SEQUENCE);
	crl.issuer = der_read_whole(&seq, DER_SEQUENCE);
	crl.this_update_s = der_read_time(&seq);
	crl.next_update_s = der_read_time(&seq);
	if (der_peek(&seq) == DER_SEQUENCE)
		read_entries(&seq, &crl.n_entries);
	read_extensions(cx, &seq, &crl);
	der_leave(&r, &seq);
	if (!read_done(&r) || crl.aki.n == 0)
		return FAIL(cx, ERR_MALFORMED, "not a TBSCertList of ours");
	*out = crl;
	return OK;
}

struct err
crl_parse(struct ctx *cx, struct slice der, struct crl_facts *out)
{
	struct reader r = reader_of(der), outer = der_enter(&r, DER_SEQUENCE);
	struct slice tbs = der_read_whole(&outer, DER_SEQUENCE);
	struct slice algorithm = der_read_whole(&outer, DER_SEQUENCE);
	struct slice signature = der_read_bits(&outer);
	struct crl_facts crl;

	der_leave(&r, &outer);
	if (!read_done(&r) || der.n > CRL_MAX)
		return FAIL(cx, ERR_MALFORMED, "not one CertificateList");
	TRY(crl_parse_tbs(cx, tbs, &crl));
	if (!slice_equal(algorithm, crl.algorithm))
		return FAIL(cx, ERR_MALFORMED,
		    "the two signature algorithms differ");
	crl.signature = signature;
	*out = crl;
	return OK;
}
