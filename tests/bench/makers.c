/* SPDX-License-Identifier: Apache-2.0 */
/* A device of each format, from the makers of the unit tests. */
#include "tests/bench/evidence.h"

#include <openssl/rsa.h>

#include "attest/dcap_collateral.h"
#include "codec/base64.h"
#include "tests/make_azure.h"
#include "tests/make_psa.h"
#include "tests/unit/unit.h"

/* No test runs that Check could report on. */
#undef ck_assert
#undef ck_assert_int_eq
#undef ck_assert_uint_eq
#undef ck_assert_uint_lt
#undef ck_abort_msg
#define ck_assert(is)		ASSERT(is)
#define ck_assert_int_eq(a, b)	ASSERT((a) == (b))
#define ck_assert_uint_eq(a, b)	ASSERT((a) == (b))
#define ck_assert_uint_lt(a, b)	ASSERT((a) < (b))
#define ck_abort_msg(...)	bench_die(__VA_ARGS__)

#include "tests/unit/make_webauthn.h"

#define NONCE_SIZE	32u

/* Whole trust: a maker's root comes after those of others. */
static void
add_anchors(struct trust *t)
{
	struct slice *all = arena_array(cx->arena, BENCH_OTHERS +
	    t->n_anchors, sizeof(*all));

	for (unsigned i = 0; i < BENCH_OTHERS; i++) {
		struct make_cert c = maker_cert(arena_printf(cx->arena,
		    "Another maker %u", i), NULL, true);

		c.issuer_cn = c.cn;
		c.issuer_key = c.key;
		all[i] = make_certificate(cx, &c);
	}
	for (size_t i = 0; i < t->n_anchors; i++)
		all[BENCH_OTHERS + i] = slice_dup(cx->arena, t->anchors[i]);
	t->anchors = all;
	t->n_anchors += BENCH_OTHERS;
}

/* Copies of what a maker has in one place for all that it makes. */
static void
finish(const json_t *document, const struct appraisal *a,
    struct bench_evidence *result)
{
	struct trust *t = &result->trust;

	result->text = json_text(cx, document);
	result->appraisal = *a;
	*t = *a->trust;
	result->appraisal.trust = t;
	result->appraisal.nonce = slice_dup(cx->arena, a->nonce);
	if (t->n_anchors > 0)
		add_anchors(t);
	if (t->n_keys > 0)
		t->keys = arena_dup(cx->arena, t->keys,
		    t->n_keys * sizeof(*t->keys));
	if (t->n_collateral > 0) {
		result->collateral = arena_dup(cx->arena, t->collateral,
		    t->n_collateral * sizeof(*t->collateral));
		t->collateral = result->collateral;
	}
}

static json_t *
document(const char *format)
{
	json_t *e = json_keep(cx, json_object());

	(void)json_object_set_new(e, "format", json_string(format));
	return e;
}

static void
put_binary(json_t *e, const char *name, struct slice s)
{
	(void)json_object_set_new(e, name, json_string(base64url(cx->arena,
	    s)));
}

static uint8_t *
new_nonce(uint8_t fill)
{
	uint8_t *p = arena_alloc(cx->arena, NONCE_SIZE);

	memset(p, fill, NONCE_SIZE);
	return p;
}

/* --- Intel ----------------------------------------------------------------- */

static void
make_intel(struct bench_evidence *result, bool tdx)
{
	struct make_dcap *d = ARENA_NEW(cx->arena, struct make_dcap);
	const json_t *e;

	make_dcap(cx, d, tdx);
	d->send_collateral = false;
	d->know_collateral = true;
	e = make_dcap_evidence(cx, d);
	finish(e, &d->appraisal, result);
}

static void
make_sgx(struct ctx *c, struct bench_evidence *result)
{
	cx = c;
	make_intel(result, false);
}

static void
make_tdx(struct ctx *c, struct bench_evidence *result)
{
	cx = c;
	make_intel(result, true);
}

/* The quote behind a header: version 1, a remote report, its length. */
static void
make_openenclave(struct ctx *c, struct bench_evidence *result)
{
	struct make_dcap *d = ARENA_NEW(c->arena, struct make_dcap);
	json_t *e;
	struct buf b;

	cx = c;
	b = buf_in(cx->arena, 65536);
	make_dcap(cx, d, false);
	d->send_collateral = false;
	d->know_collateral = true;
	attest_binding("openenclave", SLICE_OF(d->nonce), d->spki,
	    d->body + 320, 64);
	d->report_data_given = true;
	(void)make_dcap_evidence(cx, d);
	put_bytes(&b, SLICE("\1\0\0\0\2\0\0\0", 8));
	for (unsigned i = 0; i < 64; i += 8)
		put_u8(&b, (uint8_t)(d->quote.n >> i));
	put_bytes(&b, d->quote);
	ASSERT(!b.bad);
	e = document("openenclave");
	put_binary(e, "evidence", buf_slice(&b));
	finish(e, &d->appraisal, result);
}

/* --- AMD, Azure ----------------------------------------------------------- */

static void
make_amd(struct ctx *c, struct bench_evidence *result)
{
	struct make_snp *s = ARENA_NEW(c->arena, struct make_snp);
	const json_t *e;

	cx = c;
	make_snp(cx, s, "Milan");
	e = make_snp_evidence(cx, s);
	finish(e, &s->appraisal, result);
}

/* Azure's AKs are of RSA 2048. */
static void
make_azure_vm(struct ctx *c, struct bench_evidence *result)
{
	struct make_azure *v = ARENA_NEW(c->arena, struct make_azure);
	const json_t *e;

	cx = c;
	make_azure(cx, v, false);
	v->tpm.ak = make_rsa(cx, 2048);
	v->tpm.ak_public = make_ak_public(v->tpm.ak);
	e = make_azure_evidence(cx, v);
	finish(e, v->appraisal, result);
}

/* --- tokens and keys -------------------------------------------------------- */

static void
registered_by(struct slice id, struct slice spki, struct appraisal *a)
{
	struct trust *t = ARENA_NEW(cx->arena, struct trust);
	struct trust_key *key = ARENA_NEW(cx->arena, struct trust_key);

	*key = (struct trust_key){ id, spki };
	*t = (struct trust){ .keys = key, .n_keys = 1 };
	a->trust = t;
	a->at_s = MAKE_AT;
}

static void
make_psa_token(struct ctx *c, struct bench_evidence *result)
{
	struct make_token *t = ARENA_NEW(c->arena, struct make_token);
	uint8_t *instance = arena_alloc(c->arena, 33);
	struct appraisal a = { .raw = true };
	json_t *e;

	cx = c;
	make_psa(cx, t);
	memset(instance, 0x77, 33);
	instance[0] = 1;
	a.nonce = SLICE(new_nonce(0x5a), NONCE_SIZE);
	registered_by(SLICE(instance, 33), make_spki(cx, t->key), &a);
	e = document("psa");
	put_binary(e, "token", make_token(cx, t));
	finish(e, &a, result);
}

/* OP-TEE makes a key of 3072 bits, unless it is built otherwise. */
static void
make_optee(struct ctx *c, struct bench_evidence *result)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	struct appraisal a = { .raw = true };
	uint8_t *id = arena_alloc(c->arena, 32), message[64], sig[384];
	uint8_t report[32 + sizeof(sig)];
	size_t n = sizeof(sig);
	EVP_PKEY_CTX *pctx;
	struct slice spki;
	EVP_PKEY *key;
	json_t *e;

	cx = c;
	key = make_rsa(cx, 3072);
	spki = make_spki(cx, key);
	crypto_hash_sha256(id, spki.p, spki.n);
	a.nonce = SLICE(new_nonce(0x5a), NONCE_SIZE);
	registered_by(SLICE(id, 32), spki, &a);
	memset(message, 0x5a, sizeof(message));
	memset(message + 32, 0x42, 32);
	ASSERT(EVP_DigestSignInit(md, &pctx, EVP_sha256(), NULL, key) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 32) == 1 &&
	    EVP_DigestSign(md, sig, &n, message, sizeof(message)) == 1);
	memcpy(report, message + 32, 32);
	memcpy(report + 32, sig, sizeof(sig));
	e = document("optee");
	put_binary(e, "report", SLICE_OF(report));
	put_binary(e, "public_key", spki);
	finish(e, &a, result);
}

static void
make_device_key(struct ctx *c, struct bench_evidence *result)
{
	static const char statement[] = "{\"os\":\"7\"}";
	uint8_t signed_[32 + sizeof(statement) - 1], rs[64];
	struct appraisal a = { .raw = false };
	EVP_PKEY *key;
	struct slice spki, point;
	json_t *e;

	cx = c;
	key = make_p256(cx);
	spki = make_spki(cx, key);
	point = SLICE(spki.p + spki.n - 64, 64);
	a.nonce = SLICE(new_nonce(0x33), NONCE_SIZE);
	a.spki = make_spki(cx, make_p256(cx));
	registered_by(point, spki, &a);
	attest_binding("key", a.nonce, a.spki, signed_, 32);
	memcpy(signed_ + 32, statement, sizeof(statement) - 1);
	memcpy(rs, make_rs(cx, key, SLICE_OF(signed_)).p, sizeof(rs));
	e = document("key");
	(void)json_object_set_new(e, "public_key", json_string(text_hex(
	    cx->arena, point)));
	put_binary(e, "statement", SLICE(statement, sizeof(statement) - 1));
	(void)json_object_set_new(e, "signature", json_string(text_hex(
	    cx->arena, SLICE_OF(rs))));
	finish(e, &a, result);
}

/* --- chains ------------------------------------------------------------------ */

/* TcbInfo: vendor, layer, one FWID. */
static struct slice
tcb_info(uint8_t layer)
{
	struct buf b = buf_in(cx->arena, 256);
	size_t at = der_open(&b, DER_SEQUENCE), list, fwid;
	uint8_t digest[32];

	memset(digest, layer + 1, sizeof(digest));
	der_put_text(&b, DER_IMPLICIT(0), "Maker");
	der_put(&b, DER_IMPLICIT(4), SLICE(&layer, 1));
	list = der_open(&b, DER_CONTEXT(6));
	fwid = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, SLICE("\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9));
	der_put(&b, DER_OCTET_STRING, SLICE_OF(digest));
	der_close(&b, fwid);
	der_close(&b, list);
	der_close(&b, at);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* Leaf, layer 1, layer 0, the device's identity, the maker. */
static void
make_dice(struct ctx *c, struct bench_evidence *result)
{
	cx = c;
	maker_begin("dice", 5);
	for (uint8_t i = 0; i < 3; i++)
		maker_extension(&certs[i], "2.23.133.5.4.1",
		    tcb_info((uint8_t)(2 - i)));
	send_root = false;
	finish(maker_evidence(), &appraisal, result);
}

static void
make_idevid(struct ctx *c, struct bench_evidence *result)
{
	cx = c;
	maker_begin("idevid", 3);
	certs[0].serials[0] = "SN-1";
	certs[0].organization = "Maker";
	send_root = false;
	finish(maker_evidence(), &appraisal, result);
}

static void
make_android(struct ctx *c, struct bench_evidence *result)
{
	cx = c;
	android_begin();
	ad_extend(&certs[0]);
	finish(maker_evidence(), &appraisal, result);
}

static void
make_webauthn(struct ctx *c, struct bench_evidence *result)
{
	cx = c;
	wa_begin_tpm(true);
	finish(wa_evidence(), &appraisal, result);
}

static void
make_webauthn_apple(struct ctx *c, struct bench_evidence *result)
{
	cx = c;
	wa_begin_managed();
	finish(wa_evidence(), &appraisal, result);
}

/* --- TPM ---------------------------------------------------------------------- */

static void
make_tpm2(struct ctx *c, struct bench_evidence *result)
{
	struct make_device *d = ARENA_NEW(c->arena, struct make_device);
	const json_t *e;

	cx = c;
	make_device(cx, d);
	e = make_evidence(cx, d);
	finish(e, &d->appraisal, result);
}

/* An AK with a certificate of its own. */
static void
make_tpm2_key(struct ctx *c, struct bench_evidence *result)
{
	struct make_device *d = ARENA_NEW(c->arena, struct make_device);
	const json_t *e;

	cx = c;
	make_device(cx, d);
	d->send_ak_cert = true;
	e = make_key_evidence(cx, d);
	finish(e, &d->appraisal, result);
}

static void
make_tpm2_ek(struct ctx *c, struct bench_evidence *result)
{
	struct make_device *d = ARENA_NEW(c->arena, struct make_device);
	const json_t *whole;
	json_t *e;

	cx = c;
	make_device(cx, d);
	whole = make_evidence(cx, d);
	e = document("tpm2-ek");
	(void)json_object_set(e, "ek_certificate",
	    json_object_get(whole, "ek_certificate"));
	(void)json_object_set(e, "ek_chain",
	    json_object_get(whole, "ek_chain"));
	d->appraisal.raw = true;
	finish(e, &d->appraisal, result);
}

static const struct bench_format formats[] = {
	{ "sgx", make_sgx, { [BENCH_P256] = 9 }, { [BENCH_P256] = 2 } },
	{ "tdx", make_tdx, { [BENCH_P256] = 9 }, { [BENCH_P256] = 2 } },
	{ "openenclave", make_openenclave, { [BENCH_P256] = 9 },
	    { [BENCH_P256] = 2 } },
	{ "snp", make_amd, { [BENCH_RSA4096] = 3, [BENCH_P384] = 1 },
	    { [BENCH_P384] = 1 } },
	{ "azure-cvm", make_azure_vm,
	    { [BENCH_RSA4096] = 3, [BENCH_P384] = 1, [BENCH_RSA2048] = 2 },
	    { [BENCH_P384] = 1, [BENCH_RSA2048] = 2 } },
	{ "psa", make_psa_token, { [BENCH_P256] = 1 }, { [BENCH_P256] = 1 } },
	{ "optee", make_optee, { [BENCH_RSA3072] = 1 },
	    { [BENCH_RSA3072] = 1 } },
	{ "key", make_device_key, { [BENCH_P256] = 1 },
	    { [BENCH_P256] = 1 } },
	{ "dice", make_dice, { [BENCH_P256] = 5 }, { [BENCH_P256] = 1 } },
	{ "idevid", make_idevid, { [BENCH_P256] = 3 }, { [BENCH_P256] = 1 } },
	{ "android-key", make_android, { [BENCH_P256] = 3 },
	    { [BENCH_P256] = 1 } },
	{ "webauthn", make_webauthn, { [BENCH_P256] = 3 },
	    { [BENCH_P256] = 1 } },
	{ "webauthn-apple", make_webauthn_apple, { [BENCH_P256] = 2 },
	    { [BENCH_P256] = 1 } },
	{ "tpm2", make_tpm2, { [BENCH_P256] = 4 }, { [BENCH_P256] = 2 } },
	{ "tpm2-key", make_tpm2_key, { [BENCH_P256] = 3 },
	    { [BENCH_P256] = 1 } },
	{ "tpm2-ek", make_tpm2_ek, { [BENCH_P256] = 2 }, { 0 } },
};

const struct bench_format *
bench_formats(size_t *out_n)
{
	*out_n = COUNT_OF(formats);
	return formats;
}
