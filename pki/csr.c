/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr.h"

#include "codec/der.h"
#include "pki/cert.h"
#include "pki/oid.h"

/* RDNSequence: read past, but only if it is one. */
static void
skip_name(struct reader *r)
{
	struct reader name = der_enter(r, DER_SEQUENCE);

	while (der_peek(&name) != 0) {
		struct reader set = der_enter(&name, DER_SET);

		do {
			struct reader pair = der_enter(&set, DER_SEQUENCE);
			uint8_t tag;

			(void)der_read_oid(&pair);
			(void)der_read_any(&pair, &tag);
			der_leave(&set, &pair);
		} while (der_peek(&set) != 0);
		der_leave(&name, &set);
	}
	der_leave(r, &name);
}

static void
skip_attributes(struct reader *r)
{
	struct reader all = der_enter(r, DER_CONTEXT(0));

	while (der_peek(&all) != 0) {
		struct reader one = der_enter(&all, DER_SEQUENCE);

		(void)der_read_oid(&one);
		(void)der_read(&one, DER_SET);
		der_leave(&all, &one);
	}
	der_leave(r, &all);
}

struct err
csr_parse(struct ctx *cx, struct slice der, struct csr *out)
{
	struct reader r = reader_of(der), outer, info;
	struct csr csr = { .der = der };
	struct slice tbs, algorithm, signature;
	const struct key_sig *sig;

	if (der.n > CSR_MAX)
		return FAIL_TELL(cx, ERR_CSR_MALFORMED,
		    "%zu bytes; at most %u", der.n, CSR_MAX);
	outer = der_enter(&r, DER_SEQUENCE);
	tbs = der_read_whole(&outer, DER_SEQUENCE);
	algorithm = der_read_whole(&outer, DER_SEQUENCE);
	signature = der_read_bits(&outer);
	der_leave(&r, &outer);

	struct reader whole = reader_of(tbs);
	info = der_enter(&whole, DER_SEQUENCE);
	if (der_read_uint(&info) != 0)
		info.bad = true;	/* RFC 2986, 4.1: version v1(0) */
	skip_name(&info);
	csr.spki = der_read_whole(&info, DER_SEQUENCE);
	skip_attributes(&info);
	if (!read_done(&r) || !read_done(&info))
		return FAIL(cx, ERR_CSR_MALFORMED, "csr: not one PKCS#10");
	TRY(key_parse(cx, csr.spki, &csr.key));
	sig = key_sig_find(csr.key.kind, algorithm);
	if (sig == NULL)
		return FAIL_TELL(cx, ERR_CSR_SIGNATURE,
		    "the signature algorithm is not accepted for this key");
	/* RFC 2986, 4.2: the signature proves that the sender has the key. */
	TRY(key_verify(cx, &csr.key, sig, tbs, signature, ERR_CSR_SIGNATURE));
	*out = csr;
	return OK;
}

/* --- writing ------------------------------------------------------------- */

static void
put_basic(struct buf *b, unsigned path_len)
{
	size_t ext = der_open(b, DER_SEQUENCE), value, seq;

	der_put_oid(b, OID(OID_BASIC_CONSTRAINTS));
	der_put_bool(b, true);
	value = der_open(b, DER_OCTET_STRING);
	seq = der_open(b, DER_SEQUENCE);
	der_put_bool(b, true);
	der_put_uint(b, path_len);
	der_close(b, seq);
	der_close(b, value);
	der_close(b, ext);
}

static void
put_usage(struct buf *b, uint16_t usage)
{
	size_t ext = der_open(b, DER_SEQUENCE), value;

	der_put_oid(b, OID(OID_KEY_USAGE));
	der_put_bool(b, true);
	value = der_open(b, DER_OCTET_STRING);
	der_put_named_bits(b, usage);
	der_close(b, value);
	der_close(b, ext);
}

struct err
csr_encode_ca(struct ctx *cx, struct slice name, const struct key *key,
    unsigned path_len, struct slice *out_info)
{
	struct buf b = buf_in(cx->arena, CSR_MAX - 1024);
	size_t info = der_open(&b, DER_SEQUENCE), all, one, set, list;

	der_put_uint(&b, 0);			/* v1 */
	put_bytes(&b, name);
	put_bytes(&b, key->spki);
	all = der_open(&b, DER_CONTEXT(0));
	one = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, OID(OID_EXTENSION_REQUEST));
	set = der_open(&b, DER_SET);
	list = der_open(&b, DER_SEQUENCE);
	put_basic(&b, path_len);
	put_usage(&b, CERT_USAGE_DIGITAL_SIGNATURE |
	    CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN);
	der_close(&b, list);
	der_close(&b, set);
	der_close(&b, one);
	der_close(&b, all);
	der_close(&b, info);
	if (b.bad)
		return FAIL(cx, ERR_CERT_LINT, "the request would be too large");
	*out_info = buf_slice(&b);
	return OK;
}
