/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr.h"

#include "codec/der.h"

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
