/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A maker's certificates and a device of that maker, for formats whose evidence
 * is a chain and a signature.  Everything is right unless a test changes it.
 */
#ifndef DAAPKI_TESTS_MAKER_CHAIN_H
#define DAAPKI_TESTS_MAKER_CHAIN_H

#include "attest/attest.h"
#include "codec/base64.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

#define CHAIN_CERTS_MAX	6u

static struct make_cert certs[CHAIN_CERTS_MAX];	/* leaf first, root last */
static size_t n_certs;
static const char *chain_format;
static struct slice signature, anchor;
static bool send_signature, send_root;
static uint8_t nonce[32];
static struct trust trust;
static struct appraisal appraisal;
static struct attestation out;

static inline struct make_cert
maker_cert(const char *cn, const char *issuer_cn, bool ca)
{
	return (struct make_cert){
		.cn = cn, .issuer_cn = issuer_cn, .key = make_p256(cx),
		.serial = 7, .from_s = MAKE_AT - MAKE_DAY,
		.to_s = MAKE_AT + MAKE_DAY, .ca = ca, .path_len = -1,
		.usage = ca ? "critical,keyCertSign,cRLSign" :
		    "critical,digitalSignature",
		.version_number = X509_VERSION_3, .md = EVP_sha256(),
	};
}

/* n certificates, each issued by the next. */
static inline void
maker_begin(const char *format, size_t n)
{
	static const char *const names[] = {
		"c0", "c1", "c2", "c3", "c4", "c5"
	};

	chain_format = format;
	n_certs = n;
	for (size_t i = 0; i < n; i++)
		certs[i] = maker_cert(names[i], names[i + 1 < n ? i + 1 : i],
		    i > 0);
	for (size_t i = 0; i < n; i++)
		certs[i].issuer_key = certs[i + 1 < n ? i + 1 : i].key;
	memset(nonce, 0x33, sizeof(nonce));
	send_signature = send_root = true;
	signature = SLICE_NONE;
	trust = (struct trust){ .anchors = &anchor, .n_anchors = 1 };
	appraisal = (struct appraisal){ .trust = &trust, .at_s = MAKE_AT,
	    .nonce = SLICE_OF(nonce), .raw = true };
}

static inline struct slice
maker_sign(EVP_PKEY *key, const EVP_MD *hash, struct slice message)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint8_t *sig = arena_alloc(cx->arena, 512);
	size_t n = 512;

	ck_assert_int_eq(EVP_DigestSignInit(md, NULL, hash, NULL, key), 1);
	ck_assert_int_eq(EVP_DigestSign(md, sig, &n, message.p, message.n), 1);
	return SLICE(sig, n);
}

static inline json_t *
maker_evidence(void)
{
	json_t *e = json_keep(cx, json_object()), *chain = json_array();
	struct slice der;

	for (size_t i = 0; i < n_certs; i++) {
		der = make_certificate(cx, &certs[i]);
		if (i + 1 < n_certs || send_root)
			(void)json_array_append_new(chain, json_string(
			    base64url(cx->arena, der)));
	}
	anchor = der;
	(void)json_object_set_new(e, "format", json_string(chain_format));
	(void)json_object_set_new(e, "chain", chain);
	if (send_signature && signature.n == 0)
		signature = maker_sign(certs[0].key, EVP_sha256(),
		    SLICE_OF(nonce));
	if (send_signature)
		(void)json_object_set_new(e, "signature", json_string(
		    base64url(cx->arena, signature)));
	return e;
}

static inline struct err
maker_verify(void)
{
	const json_t *e = maker_evidence();
	struct evidence evidence;

	TRY(evidence_read(cx, e, "/evidence", &evidence));
	return evidence_verify(cx, &evidence, &appraisal, &out);
}

static inline const char *
maker_identify(void)
{
	char *id = arena_alloc(cx->arena, HARDWARE_ID_MAX);
	struct evidence evidence;
	struct slice name;

	ck_ok(evidence_read(cx, maker_evidence(), "", &evidence));
	evidence_identify(cx, &evidence, id, &name);
	return id;
}

static inline void
maker_extension(struct make_cert *c, const char *oid, struct slice der)
{
	ck_assert_uint_lt(c->n_exts, COUNT_OF(c->exts));
	c->exts[c->n_exts++] = (struct make_ext){ oid, der, true };
}

#endif
