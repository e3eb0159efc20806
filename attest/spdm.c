/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/spdm.h"

#include "base/bytes.h"
#include "attest/chain.h"
#include "codec/der.h"

#define VERSION_1_1		0x11u
#define GET_MEASUREMENTS	0xe0u
#define MEASUREMENTS		0x60u
#define SIGNATURE_REQUESTED	0x01u
#define COORDINATE_SIZE		48u	/* P-384 */
#define RECORD_HEADER_SIZE	4u	/* index, specification, size */

/* DSP0274 1.1, 10.11.1: the request asks for a signature, with a nonce. */
static bool
read_request(struct reader *r, struct slice *out_nonce)
{
	uint8_t version = read_u8(r), code = read_u8(r), how = read_u8(r);

	(void)read_u8(r);		/* which measurement */
	*out_nonce = read_bytes(r, SPDM_NONCE_SIZE);
	(void)read_u8(r);		/* slot */
	return !r->bad && version == VERSION_1_1 && code == GET_MEASUREMENTS &&
	    (how & SIGNATURE_REQUESTED) != 0;
}

/* The blocks fill the record, and there are as many as it says. */
static bool
check_record(struct slice record, uint8_t n_blocks)
{
	struct reader r = reader_of(record);

	for (unsigned i = 0; i < n_blocks; i++) {
		(void)read_bytes(&r, RECORD_HEADER_SIZE - 2);
		(void)read_bytes(&r, read_le16(&r));
	}
	return read_done(&r);
}

/* 10.11.2; the signature is what is left. */
static bool
read_response(struct reader *r, struct slice *out_signature)
{
	uint8_t version = read_u8(r), code = read_u8(r), n_blocks;
	struct slice record;
	uint32_t n;

	(void)read_bytes(r, 2);		/* number of indices, slot */
	n_blocks = read_u8(r);
	n = read_u8(r);
	n |= (uint32_t)read_le16(r) << 8;
	record = read_bytes(r, n);
	(void)read_bytes(r, SPDM_NONCE_SIZE);	/* the responder's */
	(void)read_bytes(r, read_le16(r));	/* opaque data */
	*out_signature = read_bytes(r, 2 * COORDINATE_SIZE);
	return read_done(r) && version == VERSION_1_1 &&
	    code == MEASUREMENTS && check_record(record, n_blocks);
}

static struct err
verify(struct ctx *cx, X509 *leaf, struct slice message, struct slice raw)
{
	struct buf der = buf_in(cx->arena, 2 * COORDINATE_SIZE + 16);
	EVP_PKEY *key = chain_key(leaf);
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	size_t at = der_open(&der, DER_SEQUENCE);

	ASSERT(md != NULL);
	der_put_unsigned(&der, SLICE(raw.p, COORDINATE_SIZE));
	der_put_unsigned(&der, SLICE(raw.p + COORDINATE_SIZE,
	    COORDINATE_SIZE));
	der_close(&der, at);
	ASSERT(!der.bad);
	if (key == NULL || !EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_bits(key) != 8 * (int)COORDINATE_SIZE)
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED,
		    "SPDM: a key that is not of P-384");
	if (EVP_DigestVerifyInit(md, NULL, EVP_sha384(), NULL, key) != 1 ||
	    EVP_DigestVerify(md, der.p, der.n, message.p, message.n) != 1)
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE,
		    "SPDM: signature of measurements");
	return OK;
}

struct err
spdm_measurements_check(struct ctx *cx, struct slice log, X509 *leaf,
    struct slice *out_nonce)
{
	struct reader r = reader_of(log);
	struct slice nonce, signature;

	if (!read_request(&r, &nonce) || !read_response(&r, &signature))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "SPDM: not a request for measurements and its response");
	TRY(verify(cx, leaf, SLICE(log.p, log.n - signature.n), signature));
	*out_nonce = nonce;
	return OK;
}
