/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ocsp.h"

#include "codec/der.h"
#include "pki/oid.h"

static void
put_id(struct buf *b, const struct ocsp_issuer *issuer,
    const struct ocsp_single *one)
{
	size_t id = der_open(b, DER_SEQUENCE);
	size_t algorithm = der_open(b, DER_SEQUENCE);

	/* With NULL for both: what the common requesters compare with. */
	der_put_oid(b, one->sha256 ? OID(OID_SHA256) : OID(OID_SHA1));
	der_put_null(b);
	der_close(b, algorithm);
	der_put(b, DER_OCTET_STRING, one->sha256 ?
	    SLICE_OF(issuer->name_sha256) : SLICE_OF(issuer->name_sha1));
	der_put(b, DER_OCTET_STRING, one->sha256 ?
	    SLICE_OF(issuer->key_sha256) : SLICE_OF(issuer->key_sha1));
	der_put_unsigned(b, one->serial);
	der_close(b, id);
}

static void
put_status(struct buf *b, const struct ocsp_single *one)
{
	size_t revoked, reason;

	if (one->status != OCSP_CERT_REVOKED) {
		der_put(b, one->status == OCSP_CERT_GOOD ? DER_IMPLICIT(0) :
		    DER_IMPLICIT(2), SLICE_NONE);
		return;
	}
	revoked = der_open(b, DER_CONTEXT(1));
	der_put_gen_time(b, one->revoked_s);
	if (one->reason != 0) {
		reason = der_open(b, DER_CONTEXT(0));
		der_put(b, DER_ENUMERATED, SLICE(&one->reason, 1));
		der_close(b, reason);
	}
	der_close(b, revoked);
}

static void
put_single(struct buf *b, const struct ocsp *o, const struct ocsp_single *one)
{
	size_t seq = der_open(b, DER_SEQUENCE), next;

	put_id(b, o->issuer, one);
	put_status(b, one);
	der_put_gen_time(b, o->this_update_s);
	next = der_open(b, DER_CONTEXT(0));
	der_put_gen_time(b, o->next_update_s);
	der_close(b, next);
	der_close(b, seq);
}

static void
put_nonce(struct buf *b, struct slice nonce)
{
	size_t tagged, list, ext, value;

	if (nonce.n == 0)
		return;
	tagged = der_open(b, DER_CONTEXT(1));
	list = der_open(b, DER_SEQUENCE);
	ext = der_open(b, DER_SEQUENCE);
	der_put_oid(b, OID(OID_OCSP_NONCE));
	value = der_open(b, DER_OCTET_STRING);
	der_put(b, DER_OCTET_STRING, nonce);
	der_close(b, value);
	der_close(b, ext);
	der_close(b, list);
	der_close(b, tagged);
}

struct err
ocsp_encode(struct ctx *cx, const struct ocsp *o, struct slice *out_tbs)
{
	const struct ocsp_issuer *responder = o->delegate != NULL ?
	    o->delegate : o->issuer;
	struct buf b = buf_in(cx->arena, OCSP_RESPONSE_MAX);
	size_t data, by_key, list;

	if (o->n == 0 || o->n > OCSP_IDS_MAX)
		return FAIL(cx, ERR_CERT_LINT, "an OCSP response of %zu",
		    o->n);
	data = der_open(&b, DER_SEQUENCE);
	by_key = der_open(&b, DER_CONTEXT(2));
	der_put(&b, DER_OCTET_STRING, SLICE_OF(responder->key_sha1));
	der_close(&b, by_key);
	der_put_gen_time(&b, o->produced_s);
	list = der_open(&b, DER_SEQUENCE);
	for (size_t i = 0; i < o->n; i++) {
		struct ocsp_single one = o->single(o->arg, i);

		put_single(&b, o, &one);
	}
	der_close(&b, list);
	put_nonce(&b, o->nonce);
	der_close(&b, data);
	if (b.bad)
		return FAIL(cx, ERR_CERT_LINT,
		    "the OCSP response would be too large");
	*out_tbs = buf_slice(&b);
	return OK;
}

/* The BasicOCSPResponse with the certificate as its last member. */
static struct slice
with_certificate(struct ctx *cx, struct slice basic, struct slice certificate)
{
	struct buf b = buf_in(cx->arena, basic.n + certificate.n + 32);
	struct reader r = reader_of(basic);
	struct slice members = der_read(&r, DER_SEQUENCE);
	size_t seq = der_open(&b, DER_SEQUENCE), tagged, list;

	ASSERT(read_done(&r));
	put_bytes(&b, members);
	tagged = der_open(&b, DER_CONTEXT(0));
	list = der_open(&b, DER_SEQUENCE);
	put_bytes(&b, certificate);
	der_close(&b, list);
	der_close(&b, tagged);
	der_close(&b, seq);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

struct slice
ocsp_wrap(struct ctx *cx, struct slice basic, struct slice certificate)
{
	struct buf b = buf_in(cx->arena, basic.n + certificate.n + 96);
	static const uint8_t successful[1] = { 0 };
	size_t outer = der_open(&b, DER_SEQUENCE), tagged, bytes;

	der_put(&b, DER_ENUMERATED, SLICE_OF(successful));
	tagged = der_open(&b, DER_CONTEXT(0));
	bytes = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, OID(OID_OCSP_BASIC));
	der_put(&b, DER_OCTET_STRING, certificate.n == 0 ? basic :
	    with_certificate(cx, basic, certificate));
	der_close(&b, bytes);
	der_close(&b, tagged);
	der_close(&b, outer);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* --- reading ------------------------------------------------------------- */

static void
read_id(struct reader *r, struct ocsp_id *id)
{
	struct reader seq = der_enter(r, DER_SEQUENCE);
	struct reader algorithm = der_enter(&seq, DER_SEQUENCE);
	struct slice oid = der_read_oid(&algorithm);

	id->sha256 = slice_equal(oid, OID(OID_SHA256));
	if ((!id->sha256 && !slice_equal(oid, OID(OID_SHA1))) ||
	    der_read(&algorithm, DER_NULL).n != 0)
		algorithm.bad = true;
	der_leave(&seq, &algorithm);
	id->name_hash = der_read(&seq, DER_OCTET_STRING);
	id->key_hash = der_read(&seq, DER_OCTET_STRING);
	id->serial = der_read_unsigned(&seq);
	der_leave(r, &seq);
}

static void
read_revoked(struct reader *r, struct ocsp_entry *e)
{
	struct reader revoked = der_enter(r, DER_CONTEXT(1)), tagged;
	struct slice reason;

	e->status = OCSP_CERT_REVOKED;
	e->revoked_s = der_read_gen_time(&revoked);
	if (der_peek(&revoked) == DER_CONTEXT(0)) {
		tagged = der_enter(&revoked, DER_CONTEXT(0));
		reason = der_read(&tagged, DER_ENUMERATED);
		if (reason.n != 1 || reason.p[0] == 0 || reason.p[0] > 10)
			tagged.bad = true;
		else
			e->reason = reason.p[0];
		der_leave(&revoked, &tagged);
	}
	der_leave(r, &revoked);
}

static void
read_entry(struct reader *list, struct ocsp_entry *e)
{
	struct reader seq = der_enter(list, DER_SEQUENCE), next;
	uint8_t tag;

	read_id(&seq, &e->id);
	if (der_peek(&seq) == DER_CONTEXT(1)) {
		read_revoked(&seq, e);
	} else {
		if (der_read_any(&seq, &tag).n != 0 ||
		    (tag != DER_IMPLICIT(0) && tag != DER_IMPLICIT(2)))
			seq.bad = true;
		e->status = tag == DER_IMPLICIT(0) ? OCSP_CERT_GOOD :
		    OCSP_CERT_UNKNOWN;
	}
	e->this_update_s = der_read_gen_time(&seq);
	next = der_enter(&seq, DER_CONTEXT(0));
	e->next_update_s = der_read_gen_time(&next);
	der_leave(&seq, &next);
	der_leave(list, &seq);
}

static void
read_nonce(struct reader *r, struct ocsp_facts *o)
{
	struct reader tagged = der_enter(r, DER_CONTEXT(1));
	struct reader list = der_enter(&tagged, DER_SEQUENCE);
	struct reader ext = der_enter(&list, DER_SEQUENCE), value;

	if (!slice_equal(der_read_oid(&ext), OID(OID_OCSP_NONCE)))
		ext.bad = true;
	value = der_enter(&ext, DER_OCTET_STRING);
	o->nonce = der_read(&value, DER_OCTET_STRING);
	if (o->nonce.n == 0 || o->nonce.n > OCSP_NONCE_MAX)
		value.bad = true;
	der_leave(&ext, &value);
	der_leave(&list, &ext);
	der_leave(&tagged, &list);
	der_leave(r, &tagged);
}

static void
read_data(struct ctx *cx, struct ocsp_facts *o)
{
	struct reader r = reader_of(o->tbs), data, by_key, list;

	data = der_enter(&r, DER_SEQUENCE);
	by_key = der_enter(&data, DER_CONTEXT(2));
	o->key_sha1 = der_read(&by_key, DER_OCTET_STRING);
	der_leave(&data, &by_key);
	o->produced_s = der_read_gen_time(&data);
	list = der_enter(&data, DER_SEQUENCE);
	o->entries = arena_array(cx->arena, OCSP_IDS_MAX,
	    sizeof(*o->entries));
	do {
		if (o->n == OCSP_IDS_MAX) {
			list.bad = true;
			break;
		}
		read_entry(&list, &o->entries[o->n++]);
	} while (der_peek(&list) != 0);
	der_leave(&data, &list);
	if (der_peek(&data) != 0)
		read_nonce(&data, o);
	der_leave(&r, &data);
	if (!read_done(&r))
		o->n = 0;
}

/* One certificate at most: a delegate's. */
static void
read_certificate(struct reader *basic, struct ocsp_facts *o)
{
	struct reader tagged, list;

	if (der_peek(basic) == 0)
		return;
	tagged = der_enter(basic, DER_CONTEXT(0));
	list = der_enter(&tagged, DER_SEQUENCE);
	o->certificate = der_read_whole(&list, DER_SEQUENCE);
	der_leave(&tagged, &list);
	der_leave(basic, &tagged);
}

/* The BasicOCSPResponse inside; its parts. */
static bool
unwrap(struct slice der, struct ocsp_facts *o)
{
	struct reader r = reader_of(der), outer, tagged, bytes, text, basic;
	static const uint8_t successful[1] = { 0 };
	bool right;

	outer = der_enter(&r, DER_SEQUENCE);
	right = slice_equal(der_read(&outer, DER_ENUMERATED),
	    SLICE_OF(successful));
	tagged = der_enter(&outer, DER_CONTEXT(0));
	bytes = der_enter(&tagged, DER_SEQUENCE);
	right = slice_equal(der_read_oid(&bytes), OID(OID_OCSP_BASIC)) &&
	    right;
	text = der_enter(&bytes, DER_OCTET_STRING);
	basic = der_enter(&text, DER_SEQUENCE);
	o->tbs = der_read_whole(&basic, DER_SEQUENCE);
	o->algorithm = der_read_whole(&basic, DER_SEQUENCE);
	o->signature = der_read_bits(&basic);
	read_certificate(&basic, o);
	der_leave(&text, &basic);
	der_leave(&bytes, &text);
	der_leave(&tagged, &bytes);
	der_leave(&outer, &tagged);
	der_leave(&r, &outer);
	return read_done(&r) && right;
}

struct err
ocsp_parse(struct ctx *cx, struct slice der, struct ocsp_facts *out)
{
	struct ocsp_facts o = { 0 };

	if (der.n > OCSP_RESPONSE_MAX + KEY_SIGNATURE_MAX + CERT_MAX +
	    256 ||
	    !unwrap(der, &o))
		return FAIL(cx, ERR_MALFORMED, "not an OCSP response");
	read_data(cx, &o);
	if (o.n == 0)
		return FAIL(cx, ERR_MALFORMED, "not an OCSP response of ours");
	*out = o;
	return OK;
}
