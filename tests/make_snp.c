/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/make_snp.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "codec/base64.h"
#include "codec/der.h"
#include "tests/make_snp_keys.h"

#define PART_MAX	4096u
#define OID		"1.3.6.1.4.1.3704.1."
#define ORG		"Advanced Micro Devices"
#define SIGNATURE	0x2a0u

AUTO_DEFINE(BN_CTX, BN_CTX_free);
AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);
AUTO_DEFINE(OSSL_PARAM, OSSL_PARAM_free);
AUTO_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);

/* --- keys -------------------------------------------------------------- */

static void
free_key(void *key)
{
	EVP_PKEY_free(key);
}

/* All numbers of an RSA key from its primes. */
static void
fill_rsa(OSSL_PARAM_BLD *b, BIGNUM *n[8], BN_CTX *bn)
{
	static const char *const names[] = {
		OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_EXPONENT1,
		OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};
	BIGNUM *p1 = BN_dup(n[0]), *q1 = BN_dup(n[1]), *phi = BN_new();

	ASSERT(BN_sub_word(p1, 1) == 1 && BN_sub_word(q1, 1) == 1 &&
	    BN_mul(n[2], n[0], n[1], bn) == 1 && BN_set_word(n[3], 65537) &&
	    BN_mul(phi, p1, q1, bn) == 1 &&
	    BN_mod_inverse(n[4], n[3], phi, bn) != NULL &&
	    BN_mod(n[5], n[4], p1, bn) == 1 &&
	    BN_mod(n[6], n[4], q1, bn) == 1 &&
	    BN_mod_inverse(n[7], n[1], n[0], bn) != NULL);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ASSERT(OSSL_PARAM_BLD_push_BN(b, names[i], n[i]) == 1);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
}

EVP_PKEY *
make_amd_key(struct ctx *cx, unsigned which)
{
	AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	AUTO(OSSL_PARAM_BLD) b = OSSL_PARAM_BLD_new();
	AUTO(OSSL_PARAM) params = NULL;
	AUTO(BN_CTX) bn = BN_CTX_new();
	BIGNUM *n[8] = { NULL };
	EVP_PKEY *key = NULL;

	for (size_t i = 2; i < COUNT_OF(n); i++)
		n[i] = BN_new();
	ASSERT(which < COUNT_OF(make_snp_primes) &&
	    BN_hex2bn(&n[0], make_snp_primes[which].p) > 0 &&
	    BN_hex2bn(&n[1], make_snp_primes[which].q) > 0);
	fill_rsa(b, n, bn);
	params = OSSL_PARAM_BLD_to_param(b);
	ASSERT(EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx,
	    &key, EVP_PKEY_KEYPAIR, params) == 1);
	for (size_t i = 0; i < COUNT_OF(n); i++)
		BN_free(n[i]);
	arena_defer(cx->arena, free_key, key);
	return key;
}

/* --- certificates ------------------------------------------------------ */

struct slice
make_der_number(struct ctx *cx, uint64_t value)
{
	struct buf b = buf_in(cx->arena, PART_MAX);

	der_put_uint(&b, value);
	return buf_slice(&b);
}

struct slice
make_der_ia5(struct ctx *cx, const char *text)
{
	struct buf b = buf_in(cx->arena, PART_MAX);

	der_put_text(&b, DER_IA5_STRING, text);
	return buf_slice(&b);
}

static void
add_name(X509_NAME *name, const char *org, const char *cn)
{
	const struct { const char *type, *value; } rows[] = {
		{ "OU", "Engineering" }, { "C", "US" }, { "L", "Santa Clara" },
		{ "ST", "CA" }, { "O", org }, { "CN", cn },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		ASSERT(X509_NAME_add_entry_by_txt(name, rows[i].type,
		    MBSTRING_UTF8, (const uint8_t *)rows[i].value, -1, -1,
		    0) == 1);
}

static void
add_ext(X509 *x, const struct make_amd_ext *e)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(e->oid, 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASSERT(ASN1_OCTET_STRING_set(data, e->der.p, (int)e->der.n) == 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, obj, 0, data);
	ASSERT(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(obj);
}

static void
add_ca(X509 *x)
{
	static const struct { int nid; const char *text; } rows[] = {
		{ NID_basic_constraints, "critical,CA:TRUE" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL,
		    rows[i].nid, rows[i].text);

		ASSERT(ext != NULL && X509_add_ext(x, ext, -1) == 1);
		X509_EXTENSION_free(ext);
	}
}

/* How md is to be signed with an RSA key. */
static void
begin_sign(EVP_MD_CTX *md, EVP_PKEY *key, const EVP_MD *hash,
    const EVP_MD *mgf1, int salt, bool pkcs1)
{
	EVP_PKEY_CTX *ctx;

	ASSERT(EVP_DigestSignInit(md, &ctx, hash, NULL, key) == 1);
	if (!EVP_PKEY_is_a(key, "RSA") || pkcs1)
		return;
	ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf1) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1);
}

struct slice
make_amd_certificate(struct ctx *cx, const struct make_amd_cert *c)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	AUTO(X509) x = X509_new();
	uint8_t *der = NULL;
	struct slice copy;
	int n;

	ASSERT(x != NULL && X509_set_version(x, X509_VERSION_3) == 1);
	ASSERT(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
	    c->serial) == 1);
	ASSERT(ASN1_TIME_adj(X509_getm_notBefore(x), c->from_s, 0, 0) != NULL);
	ASSERT(ASN1_TIME_adj(X509_getm_notAfter(x), c->to_s, 0, 0) != NULL);
	add_name(X509_get_subject_name(x), c->org, c->cn);
	add_name(X509_get_issuer_name(x), ORG, c->issuer_cn);
	ASSERT(X509_set_pubkey(x, c->key) == 1);
	if (c->ca)
		add_ca(x);
	for (size_t i = 0; i < MAKE_AMD_EXTS; i++)
		if (c->exts[i].oid != NULL)
			add_ext(x, &c->exts[i]);
	begin_sign(md, c->issuer_key, c->md, c->mgf1_md, c->salt, c->pkcs1);
	ASSERT(X509_sign_ctx(x, md) > 0);
	n = i2d_X509(x, &der);
	ASSERT(n > 0);
	copy = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return copy;
}

static void
add_revoked(X509_CRL *crl, uint64_t serial, const ASN1_TIME *when)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	ASSERT(ASN1_INTEGER_set_uint64(number, serial) == 1 &&
	    X509_REVOKED_set_serialNumber(entry, number) == 1 &&
	    X509_REVOKED_set_revocationDate(entry,
	    (ASN1_TIME *)(uintptr_t)when) == 1 &&
	    X509_CRL_add0_revoked(crl, entry) == 1);
	ASN1_INTEGER_free(number);
}

static struct slice
make_amd_list(struct ctx *cx, const struct make_amd_crl *c)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	AUTO(X509_CRL) crl = X509_CRL_new();
	X509_NAME *name = X509_NAME_new();
	ASN1_TIME *from = ASN1_TIME_adj(NULL, c->from_s, 0, 0);
	ASN1_TIME *to = ASN1_TIME_adj(NULL, c->to_s, 0, 0);
	uint8_t *der = NULL;
	struct slice copy;
	int n;

	add_name(name, ORG, c->issuer_cn);
	ASSERT(X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
	    X509_CRL_set_issuer_name(crl, name) == 1 &&
	    X509_CRL_set1_lastUpdate(crl, from) == 1 &&
	    X509_CRL_set1_nextUpdate(crl, to) == 1);
	if (c->serial != 0)
		add_revoked(crl, c->serial, from);
	begin_sign(md, c->key, c->md, c->md, EVP_MD_get_size(c->md), false);
	ASSERT(X509_CRL_sign_ctx(crl, md) > 0);
	n = i2d_X509_CRL(crl, &der);
	ASSERT(n > 0);
	copy = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	X509_NAME_free(name);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return copy;
}

/* --- the report --------------------------------------------------------- */

static void
put_le(uint8_t *p, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

void
make_snp_tcb(struct make_snp *s, size_t offset, enum snp_component component,
    uint8_t value)
{
	ASSERT(s->line->at[component] >= 0);
	s->report[offset + (size_t)s->line->at[component]] = value;
}

static void
make_tcb(struct make_snp *s, size_t offset)
{
	make_snp_tcb(s, offset, SNP_BOOTLOADER, 4);
	make_snp_tcb(s, offset, SNP_TEE, 1);
	make_snp_tcb(s, offset, SNP_SNP, 24);
	make_snp_tcb(s, offset, SNP_MICROCODE, 219);
	if (s->line->at[SNP_FMC] >= 0)
		make_snp_tcb(s, offset, SNP_FMC, 7);
}

static void
make_report(struct make_snp *s, uint8_t family, uint8_t model)
{
	uint8_t *r = s->report;

	r[0x000] = 5;
	r[0x004] = 9;				/* guest SVN */
	put_le(r + 0x008, 0x0003011f, 8);	/* ABI 1.31, SMT, bit 17 */
	memset(r + 0x010, 0xf1, 16);
	memset(r + 0x020, 0x11, 16);
	r[0x034] = 1;
	make_tcb(s, 0x038);
	put_le(r + 0x040, 0x65, 8);		/* SMT, ECC, alias check, 6 */
	memset(r + 0x090, 0x3e, 48);
	memset(r + 0x0c0, 0x40, 32);
	memset(r + 0x0e0, 0x1d, 48);
	memset(r + 0x140, 0x1e, 32);
	memset(r + 0x160, 0xff, 32);
	make_tcb(s, 0x180);
	r[0x188] = family;
	r[0x189] = model;
	r[0x18a] = 1;
	memset(r + 0x1a0, 0xc1, s->line->hwid_size);
	make_tcb(s, 0x1e0);
	memcpy(r + 0x1e8, "\x1d\x37\x01", 3);
	memcpy(r + 0x1ec, "\x1d\x37\x01", 3);
	make_tcb(s, 0x1f0);
	put_le(r + 0x1f8, 1, 8);
	put_le(r + 0x200, 3, 8);
}

static void
put_number(uint8_t *out, const BIGNUM *n, bool big_endian)
{
	uint8_t big[48];

	ASSERT(BN_bn2binpad(n, big, 48) == 48);
	for (size_t i = 0; i < 48; i++)
		out[i] = big[big_endian ? i : 47 - i];
}

static void
sign_report(struct make_snp *s)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	AUTO(ECDSA_SIG) sig = NULL;
	uint8_t der[160];
	const uint8_t *p = der;
	size_t n = sizeof(der);

	memset(s->report + SIGNATURE, 0, SNP_REPORT_SIZE - SIGNATURE);
	if (s->signature.n > 0) {
		memcpy(s->report + SIGNATURE, s->signature.p, s->signature.n);
		return;
	}
	ASSERT(EVP_DigestSignInit(md, NULL, s->md, NULL, s->signer) == 1 &&
	    EVP_DigestSign(md, der, &n, s->report, SIGNATURE) == 1);
	sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	ASSERT(sig != NULL);
	put_number(s->report + SIGNATURE, ECDSA_SIG_get0_r(sig),
	    s->big_endian);
	put_number(s->report + SIGNATURE + 72, ECDSA_SIG_get0_s(sig),
	    s->big_endian);
}

/* --- everything right --------------------------------------------------- */

static struct make_amd_cert
amd_cert(const char *cn, const char *issuer_cn, EVP_PKEY *key,
    EVP_PKEY *issuer_key, uint64_t serial)
{
	return (struct make_amd_cert){
		.cn = cn, .issuer_cn = issuer_cn, .org = ORG, .key = key,
		.issuer_key = issuer_key, .serial = serial,
		.from_s = MAKE_AT - 30 * MAKE_DAY,
		.to_s = MAKE_AT + 30 * MAKE_DAY, .md = EVP_sha384(),
		.mgf1_md = EVP_sha384(), .salt = 48,
	};
}

struct make_amd_ext *
make_amd_ext(struct make_snp *s, const char *tail)
{
	for (size_t i = 0; i < MAKE_AMD_EXTS; i++)
		if (s->leaf.exts[i].oid != NULL && strcmp(s->leaf.exts[i].oid +
		    sizeof(OID) - 1, tail) == 0)
			return &s->leaf.exts[i];
	return NULL;
}

struct make_amd_ext *
make_amd_more(struct make_snp *s)
{
	size_t i = 0;

	while (s->leaf.exts[i].oid != NULL)
		i++;
	ASSERT(i + 1 < MAKE_AMD_EXTS);
	return &s->leaf.exts[i];
}

static void
make_exts(struct ctx *cx, struct make_snp *s)
{
	const char *const product = arena_printf(cx->arena, "%s-B0",
	    s->line->name);
	size_t n = 0;

	s->leaf.exts[n++] = (struct make_amd_ext){ OID "1",
	    make_der_number(cx, s->line->at[SNP_FMC] >= 0) };
	s->leaf.exts[n++] = (struct make_amd_ext){ OID "2",
	    make_der_ia5(cx, product) };
	for (enum snp_component i = SNP_BOOTLOADER; i < SNP_COMPONENTS; i++)
		if (s->line->at[i] >= 0)
			s->leaf.exts[n++] = (struct make_amd_ext){
			    arena_printf(cx->arena, OID "3.%u", i),
			    make_der_number(cx, s->report[0x180 +
			    (size_t)s->line->at[i]]) };
	s->leaf.exts[n++] = (struct make_amd_ext){ OID "4",
	    SLICE(s->report + 0x1a0, s->line->hwid_size) };
	ASSERT(n <= MAKE_AMD_EXTS);
}

void
make_snp(struct ctx *cx, struct make_snp *s, const char *line)
{
	bool turin = strcmp(line, "Turin") == 0;
	uint8_t family = turin ? 0x1a : 0x19;
	uint8_t model = turin ? 0x02 : strcmp(line, "Genoa") == 0 ? 0x11 : 1;
	const char *ark = arena_printf(cx->arena, "ARK-%s", line);
	const char *ask = arena_printf(cx->arena, "SEV-%s", line);

	*s = (struct make_snp){ .line = snp_line_of_cpu(family, model),
	    .md = EVP_sha384(), .n_certs = 3 };
	s->ark_key = make_amd_key(cx, 0);
	s->ask_key = make_amd_key(cx, 1);
	s->signer = s->leaf_key = make_curve(cx, "P-384");
	s->ark = amd_cert(ark, ark, s->ark_key, s->ark_key, 0x10000);
	s->ask = amd_cert(ask, ark, s->ask_key, s->ark_key, 0x10001);
	s->ark.ca = s->ask.ca = true;
	s->leaf = amd_cert("SEV-VCEK", ask, s->leaf_key, s->ask_key, 0);
	s->crl = (struct make_amd_crl){ .issuer_cn = ark, .key = s->ark_key,
	    .from_s = MAKE_AT - MAKE_DAY, .to_s = MAKE_AT + MAKE_DAY,
	    .md = EVP_sha384() };
	s->has_crl = true;
	make_report(s, family, model);
	make_exts(cx, s);
	memset(s->nonce, 0x77, sizeof(s->nonce));
	s->spki = make_spki(cx, make_p256(cx));
}

void
make_snp_vlek(struct ctx *cx, struct make_snp *s)
{
	struct make_amd_ext *hwid;

	make_snp(cx, s, "Milan");
	hwid = make_amd_ext(s, "4");
	s->ask.cn = s->leaf.issuer_cn = "SEV-VLEK-Milan";
	s->leaf.cn = "SEV-VLEK";
	*hwid = (struct make_amd_ext){ OID "5",
	    make_der_ia5(cx, "cloud.example") };
	s->report[0x048] = 1 << 2;
	memset(s->report + 0x1a0, 0, 64);
}

/* --- evidence ----------------------------------------------------------- */

static void
set_bytes(struct ctx *cx, json_t *object, const char *name, struct slice s)
{
	if (s.n > 0)
		ASSERT(json_object_set_new(object, name, json_string(
		    base64url(cx->arena, s))) == 0);
}

void
make_snp_parts(struct ctx *cx, struct make_snp *s, const char *format)
{
	struct buf sent = buf_in(cx->arena, SNP_REPORT_SIZE + 65536);

	if (!s->keep_chain) {
		s->chain[0] = make_amd_certificate(cx, &s->leaf);
		s->chain[1] = make_amd_certificate(cx, &s->ask);
		s->chain[2] = make_amd_certificate(cx, &s->ark);
		s->crl_der = make_amd_list(cx, &s->crl);
	}
	s->anchor = s->chain[2];
	if (!s->report_data_given)
		attest_binding(format, SLICE_OF(s->nonce), s->spki,
		    s->report + 0x50, 64);
	sign_report(s);
	s->report[s->change_at] ^= s->change;
	put_bytes(&sent, SLICE_OF(s->report));
	put_bytes(&sent, s->table);
	s->report[s->change_at] ^= s->change;
	ASSERT(!sent.bad);
	s->sent = buf_slice(&sent);
	s->trust.anchors = &s->anchor;
	s->trust.n_anchors = 1;
	s->trust.crls = &s->crl_der;
	s->trust.n_crls = s->has_crl ? 1 : 0;
	s->appraisal.trust = &s->trust;
	s->appraisal.at_s = MAKE_AT;
	s->appraisal.nonce = SLICE_OF(s->nonce);
	s->appraisal.spki = s->spki;
}

json_t *
make_snp_evidence(struct ctx *cx, struct make_snp *s)
{
	json_t *e = json_keep(cx, json_pack("{s:s}", "format", "snp"));
	json_t *certs = json_array();

	make_snp_parts(cx, s, "snp");
	for (size_t i = 0; i < s->n_certs; i++)
		ASSERT(json_array_append_new(certs, json_string(base64url(
		    cx->arena, s->chain[i > 0 && s->swap_issuers ? 3 - i :
		    i]))) == 0);
	if (s->n_certs > 0)
		ASSERT(json_object_set(e, "certificates", certs) == 0);
	json_decref(certs);
	set_bytes(cx, e, "report", s->sent);
	set_bytes(cx, e, "runtime_data", s->runtime_data);
	return e;
}

struct err
make_snp_verify_json(struct ctx *cx, const json_t *e, struct make_snp *s,
    struct attestation *out)
{
	struct evidence evidence;

	TRY(evidence_read(cx, e, "/evidence", &evidence));
	return evidence_verify(cx, &evidence, &s->appraisal, out);
}

struct err
make_snp_verify(struct ctx *cx, struct make_snp *s, struct attestation *out)
{
	return make_snp_verify_json(cx, make_snp_evidence(cx, s), s, out);
}
