/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/make_dcap.h"

#include <openssl/ecdsa.h>
#include <openssl/x509v3.h>
#include <sodium.h>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/der.h"
#include "pki/pem.h"

#define ROOT_CN		"Intel SGX Root CA"
#define CA_CN		"Intel SGX PCK Platform CA"
#define PCK_CN		"Intel SGX PCK Certificate"
#define SIGNING_CN	"Intel SGX TCB Signing"
#define PART_MAX	65536u

static const uint8_t oid_sgx[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01
};
static const uint8_t vendor_intel[16] = {
	0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
	0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07
};
static const uint8_t components[16] = { 5, 5, 2, 2, 3, 1, 0, 3, 255 };

AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);

void
make_edit(struct make_edit *edits, const char *from, const char *to)
{
	size_t i = 0;

	while (edits[i].from != NULL)
		i++;
	ASSERT(i < MAKE_EDITS_MAX);
	edits[i] = (struct make_edit){ from, to };
}

/* --- the PCK extension ------------------------------------------------- */

static void
put_element(struct buf *b, const uint8_t *tail, size_t n_tail, uint8_t tag,
    struct slice value)
{
	uint8_t oid[sizeof(oid_sgx) + 2];
	size_t at = der_open(b, DER_SEQUENCE);

	memcpy(oid, oid_sgx, sizeof(oid_sgx));
	memcpy(oid + sizeof(oid_sgx), tail, n_tail);
	der_put_oid(b, SLICE(oid, sizeof(oid_sgx) + n_tail));
	der_put(b, tag, value);
	der_close(b, at);
}

static struct slice
tcb_of(struct ctx *cx, const struct make_pck *m)
{
	struct buf b = buf_in(cx->arena, PART_MAX);

	for (unsigned i = 1; i <= 18; i++) {
		unsigned n = i == m->tcb_without ? 0 :
		    i == m->tcb_twice ? 2 : 1;

		for (; n > 0; n--) {
			const uint8_t tail[2] = { 2, (uint8_t)i };
			struct buf v = buf_in(cx->arena, 64);
			struct reader r;

			if (i == 18) {
				put_element(&b, tail, 2, DER_OCTET_STRING,
				    SLICE_OF(m->pck.cpu_svn));
				continue;
			}
			der_put_uint(&v, i == 17 ? m->pck.pce_svn :
			    i == 3 && m->big_component ? 256 :
			    m->pck.components[i - 1]);
			r = reader_of(buf_slice(&v));
			put_element(&b, tail, 2, DER_INTEGER,
			    der_read(&r, DER_INTEGER));
		}
	}
	put_bytes(&b, m->tcb_more);
	return buf_slice(&b);
}

static struct slice
flags_of(struct ctx *cx, const struct make_pck *m)
{
	const bool flags[] = {
		m->pck.dynamic_platform, m->pck.cached_keys,
		m->pck.smt_enabled
	};
	struct buf b = buf_in(cx->arena, PART_MAX);

	for (unsigned i = 1; i <= 3; i++) {
		unsigned n = i == m->flag_without ? 0 :
		    i == m->flag_twice ? 2 : 1;

		for (; n > 0; n--) {
			const uint8_t tail[2] = { 7, (uint8_t)i };
			const uint8_t v = flags[i - 1] ? 0xff : 0;

			put_element(&b, tail, 2, DER_BOOLEAN, SLICE(&v, 1));
		}
	}
	put_bytes(&b, m->flag_more);
	return buf_slice(&b);
}

static void
put_one(struct ctx *cx, struct buf *b, const struct make_pck *m, unsigned i)
{
	const uint8_t tail = (uint8_t)(i == m->unknown ? 8 : i);
	const uint8_t type = m->bad_type ? 3 : (uint8_t)m->pck.type;
	const struct { uint8_t tag; struct slice value; } rows[] = {
		{ 0, SLICE_NONE },
		{ DER_OCTET_STRING, SLICE(m->pck.ppid,
		    m->short_octets ? 15 : 16) },
		{ DER_SEQUENCE, tcb_of(cx, m) },
		{ DER_OCTET_STRING, SLICE_OF(m->pck.pce_id) },
		{ DER_OCTET_STRING, SLICE_OF(m->pck.fmspc) },
		{ DER_ENUMERATED, SLICE(&type, 1) },
		{ DER_OCTET_STRING, SLICE_OF(m->pck.instance_id) },
		{ DER_SEQUENCE, flags_of(cx, m) },
	};

	if (i != m->without)
		put_element(b, &tail, 1, rows[i].tag, rows[i].value);
	if (i == m->twice)
		put_element(b, &tail, 1, rows[i].tag, rows[i].value);
}

struct slice
make_pck_extension(struct ctx *cx, const struct make_pck *m)
{
	struct buf b = buf_in(cx->arena, PART_MAX);
	size_t at = der_open(&b, DER_SEQUENCE);

	for (unsigned i = 1; i <= 7; i++)
		put_one(cx, &b, m, m->reversed ? 8 - i : i);
	put_bytes(&b, m->more);
	der_close(&b, at);
	if (m->trailing)
		put_u8(&b, 0);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

/* --- certificates and lists -------------------------------------------- */

static void
add_cn(X509_NAME *name, const char *cn)
{
	ASSERT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const uint8_t *)cn, -1, -1, 0) == 1);
}

static struct slice
key_id_of(struct ctx *cx, EVP_PKEY *key)
{
	uint8_t hash[32];
	struct slice spki = make_spki(cx, key);

	ASSERT(EVP_Digest(spki.p, spki.n, hash, NULL, EVP_sha256(),
	    NULL) == 1);
	return slice_dup(cx->arena, SLICE(hash, 20));
}

static void
add_raw(X509 *x, const char *oid, bool critical, struct slice der)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASSERT(ASN1_OCTET_STRING_set(data, der.p, (int)der.n) == 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, obj, critical, data);
	ASSERT(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(obj);
}

static struct slice
aki_of(struct ctx *cx, EVP_PKEY *key)
{
	struct buf b = buf_in(cx->arena, 64);
	size_t at = der_open(&b, DER_SEQUENCE);

	der_put(&b, DER_IMPLICIT(0), key_id_of(cx, key));
	der_close(&b, at);
	return buf_slice(&b);
}

static void
add_text_extension(X509 *x, int nid, const char *text)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, text);

	ASSERT(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

struct slice
make_intel_certificate(struct ctx *cx, const struct make_intel_cert *c)
{
	AUTO(X509) x = X509_new();
	struct buf ski = buf_in(cx->arena, 64);
	uint8_t *der = NULL;
	struct slice copy;
	int n;

	ASSERT(x != NULL && X509_set_version(x, X509_VERSION_3) == 1);
	ASSERT(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
	    c->serial) == 1);
	ASSERT(ASN1_TIME_adj(X509_getm_notBefore(x), c->from_s, 0, 0) != NULL);
	ASSERT(ASN1_TIME_adj(X509_getm_notAfter(x), c->to_s, 0, 0) != NULL);
	add_cn(X509_get_subject_name(x), c->cn);
	if (c->second_cn != NULL)
		add_cn(X509_get_subject_name(x), c->second_cn);
	add_cn(X509_get_issuer_name(x), c->issuer_cn);
	ASSERT(X509_set_pubkey(x, c->key) == 1);
	der_put(&ski, DER_OCTET_STRING, key_id_of(cx, c->key));
	add_raw(x, "2.5.29.14", false, buf_slice(&ski));
	add_raw(x, "2.5.29.35", false, aki_of(cx, c->issuer_key));
	add_text_extension(x, NID_basic_constraints, c->ca ?
	    arena_printf(cx->arena, "critical,CA:TRUE,pathlen:%d",
	    c->path_len) : "critical,CA:FALSE");
	add_text_extension(x, NID_key_usage, c->usage);
	if (c->crl_url)
		add_text_extension(x, NID_crl_distribution_points,
		    "URI:https://intel.example/crl");
	for (int i = 0; c->sgx.n > 0 && i < 1 + c->sgx_twice; i++)
		add_raw(x, "1.2.840.113741.1.13.1", false, c->sgx);
	ASSERT(X509_sign(x, c->issuer_key, EVP_sha256()) > 0);
	n = i2d_X509(x, &der);
	ASSERT(n > 0);
	copy = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return copy;
}

static void
put_crl_extension(struct buf *b, uint8_t id, bool critical, struct slice der)
{
	const uint8_t oid[] = { 0x55, 0x1d, id };
	size_t at = der_open(b, DER_SEQUENCE);

	der_put_oid(b, SLICE_OF(oid));
	if (critical)
		der_put_bool(b, true);
	der_put(b, DER_OCTET_STRING, der);
	der_close(b, at);
}

static void
put_crl_extensions(struct ctx *cx, struct buf *b,
    const struct make_intel_crl *c)
{
	size_t outer = der_open(b, DER_CONTEXT(0));
	size_t at = der_open(b, DER_SEQUENCE);

	if (!c->no_number)
		put_crl_extension(b, 20, false, SLICE("\x02\x01\x01", 3));
	if (c->aki_key != NULL)
		put_crl_extension(b, 35, false, aki_of(cx, c->aki_key));
	if (c->critical)
		put_crl_extension(b, 99, true, SLICE("\x05\x00", 2));
	der_close(b, at);
	der_close(b, outer);
}

/* Name with a CN alone, as add_cn() makes it. */
static void
put_name(struct buf *b, const char *cn)
{
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL;
	int n;

	add_cn(name, cn);
	n = i2d_X509_NAME(name, &der);
	ASSERT(n > 0);
	put_bytes(b, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	X509_NAME_free(name);
}

static void
put_algorithm(struct buf *b, const EVP_MD *md)
{
	const uint8_t oid[] = {
		0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03,
		EVP_MD_get_size(md) == 48 ? 3 : 2
	};
	size_t at = der_open(b, DER_SEQUENCE);

	der_put_oid(b, SLICE_OF(oid));
	der_close(b, at);
}

static struct slice
sign_der(struct ctx *cx, EVP_PKEY *key, const EVP_MD *md, struct slice m)
{
	AUTO(EVP_MD_CTX) sign = EVP_MD_CTX_new();
	size_t n = 256;
	uint8_t *out = arena_alloc(cx->arena, n);

	ASSERT(EVP_DigestSignInit(sign, NULL, md, NULL, key) == 1 &&
	    EVP_DigestSign(sign, out, &n, m.p, m.n) == 1);
	return SLICE(out, n);
}

struct slice
make_intel_crl(struct ctx *cx, const struct make_intel_crl *c)
{
	struct buf tbs = buf_in(cx->arena, PART_MAX);
	struct buf b = buf_in(cx->arena, PART_MAX);
	size_t at = der_open(&tbs, DER_SEQUENCE), list, entry;

	if (!c->version_1)
		der_put_uint(&tbs, 1);
	put_algorithm(&tbs, c->md);
	put_name(&tbs, c->issuer_cn);
	der_put_time(&tbs, c->from_s);
	if (!c->endless)
		der_put_time(&tbs, c->to_s);
	if (c->serial != 0) {
		list = der_open(&tbs, DER_SEQUENCE);
		entry = der_open(&tbs, DER_SEQUENCE);
		der_put_uint(&tbs, c->serial);
		der_put_time(&tbs, c->from_s);
		der_close(&tbs, entry);
		der_close(&tbs, list);
	}
	put_crl_extensions(cx, &tbs, c);
	der_close(&tbs, at);
	at = der_open(&b, DER_SEQUENCE);
	put_bytes(&b, buf_slice(&tbs));
	put_algorithm(&b, c->md);
	der_put_bits(&b, sign_der(cx, c->key, c->md, buf_slice(&tbs)));
	der_close(&b, at);
	ASSERT(!b.bad && !tbs.bad);
	return buf_slice(&b);
}

/* --- signed documents -------------------------------------------------- */

struct slice
make_rs(struct ctx *cx, EVP_PKEY *key, struct slice message)
{
	struct slice der = sign_der(cx, key, EVP_sha256(), message);
	const uint8_t *p = der.p;
	AUTO(ECDSA_SIG) sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	uint8_t *out = arena_alloc(cx->arena, 64);

	ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) == 32 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) == 32);
	return SLICE(out, 64);
}

static const char *
edit(struct ctx *cx, const char *text, const struct make_edit *e)
{
	const char *at;

	if (e->from == NULL)
		return text;
	at = strstr(text, e->from);
	ASSERT(at != NULL);
	return arena_printf(cx->arena, "%.*s%s%s", (int)(at - text), text,
	    e->to, at + strlen(e->from));
}

static struct slice
sign_document(struct ctx *cx, const char *name, const char *text,
    const struct make_edit *edits, const struct make_edit *after,
    EVP_PKEY *key)
{
	struct slice rs;

	for (size_t i = 0; i < MAKE_EDITS_MAX; i++)
		text = edit(cx, text, &edits[i]);
	rs = make_rs(cx, key, slice_text(text));
	return slice_text(edit(cx, arena_printf(cx->arena,
	    "{\"%s\":%s,\"signature\":\"%s\"}", name, text,
	    text_hex(cx->arena, rs)), after));
}

static const char *
component_list(struct ctx *cx, const uint8_t *svns)
{
	struct buf b = buf_in(cx->arena, 1024);

	for (size_t i = 0; i < 16; i++)
		put_fmt(&b, "%s{\"svn\":%u}", i == 0 ? "[" : ",", svns[i]);
	put_text(&b, "]");
	put_u8(&b, 0);
	return (const char *)b.p;
}

static const char *
level(struct ctx *cx, bool tdx, unsigned pce_svn, uint8_t module,
    uint8_t microcode, const char *date, const char *status)
{
	const uint8_t svns[16] = { module, 0, microcode };

	return arena_printf(cx->arena, "{\"tcb\":{\"sgxtcbcomponents\":%s,"
	    "\"pcesvn\":%u%s%s},\"tcbDate\":\"%sT00:00:00Z\","
	    "\"tcbStatus\":%s}", component_list(cx, components), pce_svn,
	    tdx ? ",\"tdxtcbcomponents\":" : "",
	    tdx ? component_list(cx, svns) : "", date, status);
}

#define DATES "\"issueDate\":\"2026-05-20T00:00:00Z\"," \
	"\"nextUpdate\":\"2026-06-20T00:00:00Z\""
#define ZEROS_16 "0000000000000000"
#define ZEROS_96 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16
#define MODULE "\"mrsigner\":\"" ZEROS_96 "\",\"attributes\":\"" ZEROS_16 \
	"\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\""

static const char *
modules(struct ctx *cx, bool tdx)
{
	return !tdx ? "" : arena_printf(cx->arena, "\"tdxModule\":{%s},"
	    "\"tdxModuleIdentities\":["
	    "{\"id\":\"TDX_03\",%s,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":3},"
	    "\"tcbDate\":\"2026-02-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}"
	    ",{\"id\":\"TDX_01\",%s,\"tcbLevels\":["
	    "{\"tcb\":{\"isvsvn\":6},\"tcbDate\":\"2026-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"UpToDate\"},"
	    "{\"tcb\":{\"isvsvn\":4},\"tcbDate\":\"2024-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"OutOfDate\",\"advisoryIDs\":[\"INTEL-SA-3\"]},"
	    "{\"tcb\":{\"isvsvn\":2},\"tcbDate\":\"2023-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"Revoked\"}]}],", MODULE, MODULE, MODULE);
}

static const char *
tcb_info_text(struct ctx *cx, bool tdx)
{
	return arena_printf(cx->arena, "{\"id\":\"%s\",\"version\":3," DATES
	    ",\"fmspc\":\"00A1B2C3D4E5\",\"pceId\":\"0000\",\"tcbType\":0,"
	    "\"tcbEvaluationDataNumber\":20,%s\"tcbLevels\":[%s,%s,%s]}",
	    tdx ? "TDX" : "SGX", modules(cx, tdx),
	    level(cx, tdx, 11, 5, 3, "2026-01-01", "\"UpToDate\""),
	    level(cx, tdx, 10, 5, 2, "2025-01-01", "\"OutOfDate\","
	    "\"advisoryIDs\":[\"INTEL-SA-1\",\"INTEL-SA-2\"]"),
	    level(cx, tdx, 5, 1, 1, "2020-01-01", "\"Revoked\""));
}

static const char *
qe_identity_text(struct ctx *cx, bool tdx)
{
	return arena_printf(cx->arena, "{\"id\":\"%s\",\"version\":2," DATES
	    ",\"tcbEvaluationDataNumber\":19,\"miscselect\":\"01000000\","
	    "\"miscselectMask\":\"FFFFFF0F\",\"attributes\":"
	    "\"1100000000000000" ZEROS_16 "\",\"attributesMask\":"
	    "\"FBFFFFFFFFFFFFFF" ZEROS_16 "\",\"mrsigner\":\"%s\","
	    "\"isvprodid\":%u,\"tcbLevels\":["
	    "{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2026-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"UpToDate\"},"
	    "{\"tcb\":{\"isvsvn\":6},\"tcbDate\":\"2025-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"OutOfDate\",\"advisoryIDs\":[\"INTEL-SA-1\","
	    "\"INTEL-SA-4\"]},"
	    "{\"tcb\":{\"isvsvn\":2},\"tcbDate\":\"2020-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"Revoked\"}]}", tdx ? "TD_QE" : "QE",
	    "8C4F5775D796503E96137F77C68A829A"
	    "0056AC8DED70140B081B094490C57BFF", tdx ? 2 : 1);
}

/* --- the quote --------------------------------------------------------- */

static void
put_le(struct buf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_u8(b, (uint8_t)(v >> 8 * i));
}

static void
put_le32_bytes(struct buf *b, struct slice s)
{
	put_le(b, s.n, 4);
	put_bytes(b, s);
}

static struct slice
point_of(struct ctx *cx, EVP_PKEY *key)
{
	struct slice spki = make_spki(cx, key);

	return SLICE(spki.p + spki.n - 64, 64);
}

static struct slice
ak_point(struct ctx *cx, const struct make_dcap *d)
{
	return d->ak_point.n > 0 ? d->ak_point : point_of(cx, d->ak_key);
}

static struct slice
cert_data(struct ctx *cx, const struct make_dcap *d)
{
	struct buf b = buf_in(cx->arena, PART_MAX);

	if (d->cert_data.n > 0)
		return d->cert_data;
	if (d->cert_type == DCAP_CERT_PPID) {
		put_bytes(&b, SLICE_OF(d->ext.pck.ppid));
		put_bytes(&b, SLICE_OF(d->ext.pck.cpu_svn));
		put_le(&b, d->ext.pck.pce_svn, 2);
		put_le(&b, 0, 2);
	} else {
		size_t n = d->cert_type == DCAP_CERT_LEAF ? 1 : d->n_chain;

		for (size_t i = 0; i < n; i++)
			put_text(&b, pem_text(cx->arena, PEM_CERTIFICATE,
			    d->chain[i]));
		put_u8(&b, 0);
	}
	return buf_slice(&b);
}

static struct slice
qe_part(struct ctx *cx, struct make_dcap *d)
{
	struct buf b = buf_in(cx->arena, PART_MAX);
	struct slice point = ak_point(cx, d);

	if (!d->qe_report_data_given) {
		struct buf both = buf_in(cx->arena, PART_MAX);

		put_bytes(&both, point);
		put_bytes(&both, d->auth);
		ASSERT(EVP_Digest(both.p, both.n, d->qe + 320, NULL,
		    EVP_sha256(), NULL) == 1);
	}
	put_bytes(&b, SLICE_OF(d->qe));
	put_bytes(&b, make_rs(cx, d->qe_signer, SLICE_OF(d->qe)));
	put_le(&b, d->auth.n, 2);
	put_bytes(&b, d->auth);
	put_le(&b, d->cert_type, 2);
	put_le32_bytes(&b, cert_data(cx, d));
	return buf_slice(&b);
}

static struct slice
make_quote(struct ctx *cx, struct make_dcap *d)
{
	struct buf b = buf_in(cx->arena, PART_MAX);
	struct buf s = buf_in(cx->arena, PART_MAX);

	put_le(&b, d->version, 2);
	put_le(&b, d->key_type, 2);
	put_le(&b, d->tee_type, 4);
	put_le(&b, d->reserved, 4);
	put_bytes(&b, SLICE_OF(d->vendor));
	(void)put_space(&b, 20);
	memset(b.p + b.n - 20, 0x5a, 20);
	if (d->version == 5) {
		put_le(&b, d->body_type, 2);
		put_le(&b, d->body_size, 4);
	}
	put_bytes(&b, SLICE(d->body, d->body_size));
	put_bytes(&s, make_rs(cx, d->quote_signer, buf_slice(&b)));
	put_bytes(&s, ak_point(cx, d));
	if (d->version > 3) {
		put_le(&s, d->outer_type, 2);
		put_le32_bytes(&s, qe_part(cx, d));
	} else {
		put_bytes(&s, qe_part(cx, d));
	}
	put_bytes(&s, d->signature_rest);
	put_le32_bytes(&b, buf_slice(&s));
	put_bytes(&b, d->rest);
	ASSERT(!b.bad && !s.bad);
	return buf_slice(&b);
}

/* --- a platform -------------------------------------------------------- */

static void
make_certs(struct make_dcap *d)
{
	const int64_t from_s = MAKE_AT - 100 * MAKE_DAY,
	    to_s = MAKE_AT + 1000 * MAKE_DAY;

	d->root = (struct make_intel_cert){ ROOT_CN, ROOT_CN, NULL,
	    d->root_key, d->root_key, 1, from_s, to_s, true, 1,
	    "critical,keyCertSign,cRLSign", SLICE_NONE, false,
	    false };
	d->ca = (struct make_intel_cert){ CA_CN, ROOT_CN, NULL, d->ca_key,
	    d->root_key, 2, from_s, to_s, true, 0,
	    "critical,keyCertSign,cRLSign", SLICE_NONE, false,
	    false };
	d->pck = (struct make_intel_cert){ PCK_CN, CA_CN, NULL, d->pck_key,
	    d->ca_key, 3, from_s, to_s, false, 0,
	    "critical,digitalSignature,nonRepudiation", SLICE_NONE, false,
	    false };
	d->signing = (struct make_intel_cert){ SIGNING_CN, ROOT_CN, NULL,
	    d->signing_key, d->root_key, 4, from_s, to_s, false, 0,
	    "critical,digitalSignature,nonRepudiation", SLICE_NONE, false,
	    false };
	d->root_crl = (struct make_intel_crl){ .issuer_cn = ROOT_CN,
	    .key = d->root_key, .aki_key = d->root_key,
	    .from_s = MAKE_AT - MAKE_DAY, .to_s = MAKE_AT + 30 * MAKE_DAY,
	    .md = EVP_sha256() };
	d->pck_crl = d->root_crl;
	d->pck_crl.issuer_cn = CA_CN;
	d->pck_crl.key = d->pck_crl.aki_key = d->ca_key;
	memcpy(d->ext.pck.ppid, "0123456789abcdef", 16);
	memcpy(d->ext.pck.components, components, 16);
	memcpy(d->ext.pck.cpu_svn, components, 16);
	memcpy(d->ext.pck.fmspc, "\x00\xa1\xb2\xc3\xd4\xe5", 6);
	memcpy(d->ext.pck.instance_id, "fedcba9876543210", 16);
	d->ext.pck.pce_svn = 11;
	d->ext.pck.type = PCK_SCALABLE;
	d->ext.pck.cached_keys = true;
}

static void
make_bodies(struct ctx *cx, struct make_dcap *d)
{
	struct slice mrsigner;

	ASSERT(text_unhex_any(cx->arena, "8c4f5775d796503e96137f77c68a829a"
	    "0056ac8ded70140b081b094490c57bff", 32, &mrsigner));
	d->qe[16] = 0x01;		/* MISCSELECT */
	d->qe[48] = 0x15;		/* of which 0x04 is masked */
	memset(d->qe + 64, 0xee, 32);
	memcpy(d->qe + 128, mrsigner.p, 32);
	d->qe[256] = d->tdx ? 2 : 1;	/* ISVPRODID */
	d->qe[258] = 8;			/* ISVSVN */
	if (d->tdx) {
		d->body[0] = 6;		/* TEE_TCB_SVN: TDX_01, ISVSVN 6 */
		d->body[1] = 1;
		d->body[2] = 3;
		memset(d->body + 16, 0x11, 48);
		d->body[123] = 0x10;	/* SEPT_VE_DISABLE */
		d->body[128] = 0xe7;	/* XFAM */
		memset(d->body + 136, 0x22, 48);
		return;
	}
	memset(d->body, 0x07, 16);	/* CPUSVN: not what is judged by */
	d->body[48] = 0x05;		/* INIT, MODE64BIT */
	memset(d->body + 64, 0xaa, 32);
	memset(d->body + 128, 0xbb, 32);
	d->body[256] = 17;
	d->body[258] = 3;
}

void
make_dcap_version(struct make_dcap *d, uint16_t version)
{
	d->version = version;
	d->tee_type = d->tdx ? 0x81 : 0;
	d->body_type = !d->tdx ? 1 : 3;
	d->body_size = !d->tdx ? 384 : version == 5 ? 648 : 584;
	memcpy(d->body + 584, d->body, 16);	/* TEE_TCB_SVN_2 */
}

void
make_dcap(struct ctx *cx, struct make_dcap *d, bool tdx)
{
	*d = (struct make_dcap){ .tdx = tdx, .key_type = 2,
	    .cert_type = DCAP_CERT_CHAIN, .outer_type = 6, .n_chain = 3,
	    .know_collateral = true };
	d->root_key = make_p256(cx);
	d->ca_key = make_p256(cx);
	d->qe_signer = d->pck_key = make_p256(cx);
	d->tcb_signer = d->qe_id_signer = d->signing_key = make_p256(cx);
	d->quote_signer = d->ak_key = make_p256(cx);
	d->auth = slice_text("authentication data");
	memcpy(d->vendor, vendor_intel, 16);
	make_certs(d);
	make_bodies(cx, d);
	make_dcap_version(d, tdx ? 4 : 3);
	memset(d->nonce, 0x77, sizeof(d->nonce));
	d->spki = make_spki(cx, make_p256(cx));
}

static void
make_collateral(struct ctx *cx, struct make_dcap *d)
{
	d->tcb_text = sign_document(cx, "tcbInfo", tcb_info_text(cx, d->tdx),
	    d->tcb_edits, &d->tcb_after, d->tcb_signer);
	d->qe_text = sign_document(cx, "enclaveIdentity",
	    qe_identity_text(cx, d->tdx), d->qe_edits, &d->qe_after,
	    d->qe_id_signer);
	d->root_crl_der = make_intel_crl(cx, &d->root_crl);
	d->pck_crl_der = make_intel_crl(cx, &d->pck_crl);
	d->signing_chain[0] = make_intel_certificate(cx, &d->signing);
	d->signing_chain[1] = d->anchor;
	d->collateral = (struct trust_collateral){ .tcb_info = d->tcb_text,
	    .qe_identity = d->qe_text,
	    .tcb_signing_chain = d->signing_chain, .n_tcb_signing_chain = 2,
	    .root_crl = d->root_crl_der, .pck_crl = d->pck_crl_der };
	if (d->no_root_crl)
		d->collateral.root_crl = SLICE_NONE;
	if (d->no_pck_crl)
		d->collateral.pck_crl = SLICE_NONE;
	if (d->no_tcb)
		d->collateral.tcb_info = SLICE_NONE;
	if (d->no_qe)
		d->collateral.qe_identity = SLICE_NONE;
	if (d->no_signing)
		d->collateral.n_tcb_signing_chain = 0;
}

static json_t *
chain_json(struct ctx *cx, const struct slice *chain, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(array, json_string(base64url(
		    cx->arena, chain[i]))) == 0);
	return array;
}

static void
set_bytes(struct ctx *cx, json_t *object, const char *name, struct slice s)
{
	if (s.n > 0)
		ASSERT(json_object_set_new(object, name, json_string(
		    base64url(cx->arena, s))) == 0);
}

json_t *
make_dcap_collateral_json(struct ctx *cx, const struct make_dcap *d)
{
	const struct trust_collateral *c = &d->collateral;
	json_t *object = json_object();

	if (c->tcb_info.n > 0)
		ASSERT(json_object_set_new(object, "tcb_info", json_stringn(
		    (const char *)c->tcb_info.p, c->tcb_info.n)) == 0);
	if (c->qe_identity.n > 0)
		ASSERT(json_object_set_new(object, "qe_identity",
		    json_stringn((const char *)c->qe_identity.p,
		    c->qe_identity.n)) == 0);
	ASSERT(json_object_set_new(object, "tcb_signing_chain", chain_json(cx,
	    c->tcb_signing_chain, c->n_tcb_signing_chain)) == 0);
	set_bytes(cx, object, "root_crl", c->root_crl);
	set_bytes(cx, object, "pck_crl", c->pck_crl);
	return object;
}

json_t *
make_dcap_evidence(struct ctx *cx, struct make_dcap *d)
{
	const char *format = d->tdx ? "tdx" : "sgx";
	json_t *e = json_keep(cx, json_pack("{s:s}", "format", format));
	uint8_t *report_data = d->body + (d->tdx ? 520 : 320);

	d->pck.sgx = make_pck_extension(cx, &d->ext);
	d->chain[0] = make_intel_certificate(cx, &d->pck);
	d->chain[1] = make_intel_certificate(cx, &d->ca);
	d->chain[2] = d->anchor = make_intel_certificate(cx, &d->root);
	if (!d->report_data_given)
		attest_binding(format, SLICE_OF(d->nonce), d->spki,
		    report_data, 64);
	make_collateral(cx, d);
	d->quote = make_quote(cx, d);
	set_bytes(cx, e, "quote", d->quote);
	set_bytes(cx, e, "event_log", d->event_log);
	if (d->send_chain)
		ASSERT(json_object_set_new(e, "pck_chain", chain_json(cx,
		    d->chain, d->n_chain)) == 0);
	if (d->send_collateral)
		ASSERT(json_object_set_new(e, "collateral",
		    make_dcap_collateral_json(cx, d)) == 0);
	d->trust.anchors = &d->anchor;
	d->trust.n_anchors = 1;
	d->trust.collateral = &d->collateral;
	d->trust.n_collateral = d->know_collateral ? 1 : 0;
	d->appraisal.trust = &d->trust;
	d->appraisal.at_s = MAKE_AT;
	d->appraisal.nonce = SLICE_OF(d->nonce);
	d->appraisal.spki = d->spki;
	return e;
}

struct err
make_dcap_verify_json(struct ctx *cx, const json_t *e, struct make_dcap *d,
    struct attestation *out)
{
	struct evidence evidence;

	TRY(evidence_read(cx, e, "/evidence", &evidence));
	return evidence_verify(cx, &evidence, &d->appraisal, out);
}

struct err
make_dcap_verify(struct ctx *cx, struct make_dcap *d,
    struct attestation *out)
{
	return make_dcap_verify_json(cx, make_dcap_evidence(cx, d), d, out);
}
