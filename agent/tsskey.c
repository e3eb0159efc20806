/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tsskey.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "base/base.h"

#define LABEL		"TSS2 PRIVATE KEY"
#define DER_MAX		(TSSKEY_MAX / 2)

AUTO_DEFINE(BIO, BIO_free_all);

/* OID 2.23.133.10.1.3, emptyAuth [0] TRUE, parent 40000001 (owner). */
static const uint8_t head[] = {
	0x06, 0x06, 0x67, 0x81, 0x05, 0x0a, 0x01, 0x03,
	0xa0, 0x03, 0x01, 0x01, 0xff,
	0x02, 0x04, 0x40, 0x00, 0x00, 0x01,
};

/* DER with the shortest length (X.690, 10.1); all here is under 65536. */
static void
put_der(struct buf *b, uint8_t tag, struct slice content)
{
	put_u8(b, tag);
	if (content.n >= 256) {
		put_u8(b, 0x82);
		put_be16(b, (uint16_t)content.n);
	} else {
		if (content.n >= 128)
			put_u8(b, 0x81);
		put_u8(b, (uint8_t)content.n);
	}
	put_bytes(b, content);
}

static struct slice
read_der(struct reader *r, uint8_t tag)
{
	size_t n;

	if (read_u8(r) != tag)
		r->bad = true;
	n = read_u8(r);
	if (n == 0x81)
		n = read_u8(r);
	else if (n == 0x82)
		n = read_be16(r);
	else if (n >= 128)
		r->bad = true;
	return read_bytes(r, n);
}

static struct slice
der_of(struct ctx *cx, struct slice public, struct slice private)
{
	struct buf inner = buf_in(cx->arena, DER_MAX);
	struct buf outer = buf_in(cx->arena, DER_MAX);

	put_bytes(&inner, SLICE_OF(head));
	put_der(&inner, 0x04, public);
	put_der(&inner, 0x04, private);
	put_der(&outer, 0x30, buf_slice(&inner));
	ASSERT(!inner.bad && !outer.bad);
	return buf_slice(&outer);
}

static const char *
pem_of(struct ctx *cx, struct slice der)
{
	AUTO(BIO) bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	ASSERT(bio != NULL && PEM_write_bio(bio, LABEL, "", der.p,
	    (long)der.n) > 0);
	n = BIO_get_mem_data(bio, &text);
	return arena_strndup(cx->arena, text, (size_t)n);
}

const char *
tsskey_pem(struct ctx *cx, const struct tpm_blob *blob)
{
	return pem_of(cx, der_of(cx, tpm_2b_public_bytes(cx, &blob->public),
	    tpm_2b_private_bytes(cx, &blob->private)));
}

bool
tsskey_is(const char *pem)
{
	static const char line[] = "-----BEGIN " LABEL "-----";

	return strncmp(pem, line, sizeof(line) - 1) == 0;
}

static struct slice
pem_content(struct ctx *cx, const char *pem)
{
	AUTO(BIO) bio = BIO_new_mem_buf(pem, -1);
	char *name = NULL, *header = NULL;
	struct slice der = SLICE_NONE;
	uint8_t *data = NULL;
	long n = 0;

	ASSERT(bio != NULL);
	if (PEM_read_bio(bio, &name, &header, &data, &n) == 1 &&
	    strcmp(name, LABEL) == 0 && *header == '\0')
		der = slice_dup(cx->arena, SLICE(data, (size_t)n));
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return der;
}

/* What is read is written again and compared: one key, one text. */
struct err
tsskey_parse(struct ctx *cx, const char *pem, struct tpm_blob *out)
{
	struct slice der = strlen(pem) > TSSKEY_MAX ? SLICE_NONE :
	    pem_content(cx, pem);
	struct reader r = reader_of(der), inner;
	struct slice public, private;
	struct tpm_blob blob;

	inner = reader_of(read_der(&r, 0x30));
	(void)read_bytes(&inner, sizeof(head));
	public = read_der(&inner, 0x04);
	private = read_der(&inner, 0x04);
	if (!read_done(&r) || !read_done(&inner) ||
	    failed(tpm_blob_parse(cx, public, private, &blob)) ||
	    strcmp(tsskey_pem(cx, &blob), pem) != 0)
		return FAIL(cx, ERR_MALFORMED,
		    "not a " LABEL " file of the kind this agent makes");
	*out = blob;
	return OK;
}
