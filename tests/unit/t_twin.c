/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our writer of certificates against OpenSSL's: the same facts, thousands of
 * times at random, must give the same to-be-signed bytes.
 */
#include "tests/unit/unit.h"

#include <openssl/x509v3.h>

#include "base/text.h"
#include "pki/cert.h"
#include "pki/lint.h"
#include "pki/tbs.h"

#define ROUNDS		3000u
#define FIRST_S		INT64_C(1795334400)	/* 2026-11-22 */
#define SPAN_S		(INT64_C(40) * 366 * 86400)	/* over 2050 */
#define ARC \
	"1.2.840.113556.1.8000.2554.8649.47441.12721.17595.40147.6498292.3097903"

AUTO_DEFINE(ASN1_INTEGER, ASN1_INTEGER_free);
AUTO_DEFINE(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free);
AUTO_DEFINE(AUTHORITY_KEYID, AUTHORITY_KEYID_free);
AUTO_DEFINE(CONF, NCONF_free);

static const struct { const char *type, *group, *digest; size_t bits; }
kinds[] = {
	{ "EC", "P-256", "SHA256", 0 }, { "EC", "P-384", "SHA384", 0 },
	{ "ED25519", NULL, NULL, 0 }, { "RSA", NULL, "SHA256", 2048 },
};

static EVP_PKEY *pkeys[COUNT_OF(kinds)];
static struct slice spkis[COUNT_OF(kinds)];

static void
make_keys(void)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		uint8_t *der = NULL;
		int n;

		pkeys[i] = kinds[i].bits > 0 ? EVP_PKEY_Q_keygen(NULL, NULL,
		    "RSA", kinds[i].bits) : kinds[i].group != NULL ?
		    EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[i].group) :
		    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		n = i2d_PUBKEY(pkeys[i], &der);
		ck_assert_int_gt(n, 0);
		spkis[i] = SLICE(der, (size_t)n);
	}
}

static void
free_keys(void)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		EVP_PKEY_free(pkeys[i]);
		OPENSSL_free((void *)(uintptr_t)spkis[i].p);
	}
}

/* --- random facts -------------------------------------------------------- */

static bool
coin(void)
{
	return randombytes_uniform(2) == 1;
}

static char *
letters(size_t most)
{
	size_t n = 1 + randombytes_uniform((uint32_t)most);
	char *text = arena_alloc(cx->arena, n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + randombytes_uniform(26));
	text[n] = '\0';
	return text;
}

/* Long ones reach the lengths where DER's own lengths grow. */
static const char *
url(void)
{
	return coin() ? "" : arena_printf(cx->arena, "http://%s.example/%s",
	    letters(40), letters(coin() ? 20 : 180));
}

static const char *
host(void)
{
	switch (randombytes_uniform(3)) {
	case 0:
		return arena_printf(cx->arena, "%u.%u.0.1",
		    randombytes_uniform(256), randombytes_uniform(256));
	case 1:
		return arena_printf(cx->arena, "2001:db8::%x",
		    1 + randombytes_uniform(0xfffe));
	default:
		return arena_printf(cx->arena, "%s.%s", letters(60),
		    letters(20));
	}
}

static const char *
device_id(void)
{
	uint8_t bytes[32];

	randombytes_buf(bytes, sizeof(bytes));
	return text_hex(cx->arena, SLICE_OF(bytes));
}

static struct slice
random_slice(size_t n)
{
	uint8_t *p = arena_alloc(cx->arena, n);

	randombytes_buf(p, n);
	return SLICE(p, n);
}

/* Serials as they come from outside too: a high bit needs a zero before it. */
static struct slice
random_serial(void)
{
	struct slice s = random_slice(8 + randombytes_uniform(12));
	uint8_t *first = (uint8_t *)(uintptr_t)s.p;

	if (*first == 0)
		*first = 1;
	return s;
}

struct facts {
	struct tbs	 tbs;
	size_t		 subject, issuer;	/* which of kinds */
	const char	*issuer_o, *issuer_cn;
	const char	*hosts[TBS_HOSTS_MAX];
	struct key	 key;
};

static void
random_hosts(struct facts *f, bool names_only, size_t least)
{
	f->tbs.n_hosts = least + randombytes_uniform(5);
	for (size_t i = 0; i < f->tbs.n_hosts; i++)
		f->hosts[i] = names_only ? arena_printf(cx->arena, "%s.%s",
		    letters(30), letters(20)) : host();
	f->tbs.hosts = f->hosts;
}

static void
random_facts(struct facts *f)
{
	struct buf name = buf_in(cx->arena, 512);
	struct tbs *t = &f->tbs;

	*f = (struct facts){ .subject = randombytes_uniform(COUNT_OF(kinds)),
	    .issuer = randombytes_uniform(COUNT_OF(kinds)) };
	ck_ok(key_parse(cx, spkis[f->subject], &f->key));
	f->issuer_o = letters(TBS_ORGANIZATION_MAX);
	f->issuer_cn = letters(TBS_COMMON_NAME_MAX);
	tbs_put_name(&name, f->issuer_o, f->issuer_cn);
	*t = (struct tbs){
		.profile = (enum tbs_profile)randombytes_uniform(TBS_PROOF +
		    1),
		.sig = key_sig_of((enum key_kind)(KEY_P256 + f->issuer)),
		.serial = random_serial(), .issuer = buf_slice(&name),
		.issuer_key_id = random_slice(KEY_ID_SIZE),
		.not_before_s = FIRST_S + randombytes_uniform(SPAN_S / 2),
		.organization = letters(TBS_ORGANIZATION_MAX),
		.common_name = letters(TBS_COMMON_NAME_MAX),
		.path_len = randombytes_uniform(3),
		.device_id = device_id(), .key = &f->key,
		.crl_url = url(), .aia_url = url(), .ocsp_url = url(),
	};
	t->not_after_s = t->not_before_s + randombytes_uniform(SPAN_S / 2);
	if (t->profile == TBS_ROOT)
		t->issuer_key_id = SLICE_NONE;
	if (t->profile == TBS_SERVER)
		random_hosts(f, false, 1);
	if (t->profile != TBS_DEVICE)
		return;
	t->flags = (uint8_t)(randombytes_uniform(256) | TBS_SAN_URN);
	if (coin())
		t->spiffe_domain = letters(80);
	if ((t->flags & TBS_EDGE_CA) != 0)
		random_hosts(f, true, 0);
}

/* --- the same by OpenSSL -------------------------------------------------- */

static void
add(X509 *x, X509_EXTENSION *ext)
{
	ck_assert_ptr_nonnull(ext);
	ck_assert_int_eq(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* An extension in the words of openssl.cnf, with sections that it names. */
static void
add_text(X509 *x, int nid, const char *value, const char *sections)
{
	AUTO(CONF) conf = NCONF_new(NULL);
	AUTO(BIO) bio = BIO_new_mem_buf(sections, -1);
	long line;
	X509V3_CTX ctx;

	ck_assert_int_eq(NCONF_load_bio(conf, bio, &line), 1);
	X509V3_set_ctx(&ctx, NULL, x, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	add(x, X509V3_EXT_nconf_nid(conf, &ctx, nid, value));
}

static void
add_bytes(X509 *x, int nid, bool critical, struct slice bytes)
{
	AUTO(ASN1_OCTET_STRING) value = ASN1_OCTET_STRING_new();

	ck_assert_int_eq(ASN1_OCTET_STRING_set(value, bytes.p, (int)bytes.n),
	    1);
	add(x, X509_EXTENSION_create_by_NID(NULL, nid, critical, value));
}

static void
add_key_ids(X509 *x, const struct facts *f)
{
	AUTO(ASN1_OCTET_STRING) ski = ASN1_OCTET_STRING_new();
	AUTO(AUTHORITY_KEYID) aki = AUTHORITY_KEYID_new();
	uint8_t id[KEY_ID_SIZE];

	key_id(&f->key, id);
	ck_assert_int_eq(ASN1_OCTET_STRING_set(ski, id, sizeof(id)), 1);
	ck_assert_int_eq(X509_add1_ext_i2d(x, NID_subject_key_identifier, ski,
	    0, X509V3_ADD_APPEND), 1);
	if (f->tbs.issuer_key_id.n == 0)
		return;
	aki->keyid = ASN1_OCTET_STRING_new();
	ck_assert_int_eq(ASN1_OCTET_STRING_set(aki->keyid,
	    f->tbs.issuer_key_id.p, (int)f->tbs.issuer_key_id.n), 1);
	ck_assert_int_eq(X509_add1_ext_i2d(x, NID_authority_key_identifier,
	    aki, 0, X509V3_ADD_APPEND), 1);
}

static void
add_urls(X509 *x, const struct tbs *t)
{
	bool ocsp = t->ocsp_url[0] != '\0', aia = t->aia_url[0] != '\0';

	if (t->crl_url[0] != '\0')
		add_text(x, NID_crl_distribution_points,
		    arena_printf(cx->arena, "URI:%s", t->crl_url), "");
	if (ocsp || aia)
		add_text(x, NID_info_access, arena_printf(cx->arena,
		    "%s%s%s%s%s", ocsp ? "OCSP;URI:" : "", t->ocsp_url,
		    ocsp && aia ? "," : "", aia ? "caIssuers;URI:" : "",
		    t->aia_url), "");
}

static void
add_device_names(X509 *x, const struct tbs *t)
{
	const char *id = t->device_id;
	struct buf names = buf_in(cx->arena, 4096);

	if (t->spiffe_domain != NULL)
		put_fmt(&names, "URI:spiffe://%s/device/%s",
		    t->spiffe_domain, id);
	else
		put_fmt(&names, "URI:urn:daapki:%s:device:%s",
		    t->organization, id);
	if ((t->flags & TBS_SAN_PERMANENT_ID) != 0)
		put_text(&names,
		    ",otherName:1.3.6.1.5.5.7.8.3;SEQ:permanent");
	if ((t->flags & TBS_SAN_HARDWARE_NAME) != 0)
		put_text(&names, ",otherName:1.3.6.1.5.5.7.8.4;SEQ:hardware");
	put_u8(&names, 0);
	add_text(x, NID_subject_alt_name, (const char *)names.p,
	    arena_printf(cx->arena, "[permanent]\nid=UTF8:%s\n[hardware]\n"
	    "type=OID:" ARC ".3\nserial=FORMAT:HEX,OCT:%s\n", id, id));
}

static void
add_limits(X509 *x, const struct facts *f)
{
	const struct tbs *t = &f->tbs;
	struct buf b = buf_in(cx->arena, 8192);

	put_text(&b, "critical,permitted;dirName:own,"
	    "permitted;email:nothing.invalid");
	if (t->n_hosts == 0)
		put_text(&b, ",permitted;DNS:nothing.invalid");
	for (size_t i = 0; i < t->n_hosts; i++)
		put_fmt(&b, ",permitted;DNS:%s", t->hosts[i]);
	put_fmt(&b, ",permitted;URI:%s,excluded;IP:0.0.0.0/0.0.0.0,"
	    "excluded;IP:::/::", t->spiffe_domain != NULL ?
	    t->spiffe_domain : "nothing.invalid");
	put_u8(&b, 0);
	add_text(x, NID_name_constraints, (const char *)b.p,
	    arena_printf(cx->arena, "[own]\nO=%s\nCN=%s\n", t->organization,
	    t->device_id));
}

static void
add_device(X509 *x, const struct facts *f)
{
	const struct tbs *t = &f->tbs;
	bool edge = (t->flags & TBS_EDGE_CA) != 0;
	bool server = (t->flags & TBS_SERVER_AUTH) != 0;
	bool client = (t->flags & TBS_CLIENT_AUTH) != 0;

	if (edge)
		add_text(x, NID_basic_constraints,
		    "critical,CA:TRUE,pathlen:0", "");
	add_text(x, NID_key_usage, edge ?
	    "critical,digitalSignature,keyCertSign" :
	    "critical,digitalSignature", "");
	if (server || client)
		add_text(x, NID_ext_key_usage, server && client ?
		    "serverAuth,clientAuth" : server ? "serverAuth" :
		    "clientAuth", "");
	add_text(x, NID_certificate_policies,
	    (t->flags & TBS_HARDWARE_KEY) != 0 ? ARC ".1" : ARC ".2", "");
	add_device_names(x, t);
	if (edge)
		add_limits(x, f);
	if ((t->flags & TBS_NO_REV_AVAIL) != 0)
		add_bytes(x, NID_no_rev_avail, false, SLICE("\x05\x00", 2));
}

static void
add_server(X509 *x, const struct facts *f)
{
	struct buf b = buf_in(cx->arena, 4096);

	add_text(x, NID_key_usage, "critical,digitalSignature", "");
	add_text(x, NID_ext_key_usage, "serverAuth", "");
	for (size_t i = 0; i < f->tbs.n_hosts; i++) {
		const char *h = f->hosts[i];
		bool ip = strchr(h, ':') != NULL ||
		    strspn(h, "0123456789.") == strlen(h);

		put_fmt(&b, "%s%s:%s", i > 0 ? "," : "", ip ? "IP" : "DNS",
		    h);
	}
	put_u8(&b, 0);
	add_text(x, NID_subject_alt_name, (const char *)b.p, "");
}

static void
add_ca(X509 *x, const struct facts *f)
{
	add_text(x, NID_basic_constraints, f->tbs.profile == TBS_ROOT ?
	    "critical,CA:TRUE" : arena_printf(cx->arena,
	    "critical,CA:TRUE,pathlen:%u", f->tbs.path_len), "");
	add_text(x, NID_key_usage,
	    "critical,digitalSignature,keyCertSign,cRLSign", "");
}

static void
add_proof(X509 *x, const struct facts *f)
{
	(void)f;
	add_text(x, NID_key_usage, "critical,digitalSignature", "");
}

static void
set_name(X509_NAME *name, const char *o, const char *cn)
{
	ck_assert_int_eq(X509_NAME_add_entry_by_NID(name,
	    NID_organizationName, V_ASN1_UTF8STRING,
	    (const unsigned char *)o, -1, -1, 0), 1);
	if (cn[0] != '\0')
		ck_assert_int_eq(X509_NAME_add_entry_by_NID(name,
		    NID_commonName, V_ASN1_UTF8STRING,
		    (const unsigned char *)cn, -1, -1, 0), 1);
}

static const char *
common_name(const struct facts *f)
{
	if (f->tbs.profile == TBS_DEVICE)
		return f->tbs.device_id;
	if (f->tbs.profile != TBS_SERVER)
		return f->tbs.common_name;
	return strlen(f->hosts[0]) <= TBS_COMMON_NAME_MAX ? f->hosts[0] : "";
}

static struct slice
twin_of(const struct facts *f)
{
	static void (*const add_profile[])(X509 *, const struct facts *) = {
		[TBS_ROOT] = add_ca, [TBS_ISSUING] = add_ca,
		[TBS_DEVICE] = add_device, [TBS_SERVER] = add_server,
		[TBS_PROOF] = add_proof,
	};
	AUTO(X509) x = X509_new();
	AUTO(BIGNUM) bn = BN_bin2bn(f->tbs.serial.p, (int)f->tbs.serial.n,
	    NULL);
	AUTO(ASN1_INTEGER) serial = BN_to_ASN1_INTEGER(bn, NULL);
	const char *digest = kinds[f->issuer].digest;
	uint8_t *der = NULL;
	struct slice out;
	int n;

	ck_assert_int_eq(X509_set_version(x, X509_VERSION_3), 1);
	ck_assert_int_eq(X509_set_serialNumber(x, serial), 1);
	set_name(X509_get_issuer_name(x), f->issuer_o, f->issuer_cn);
	set_name(X509_get_subject_name(x), f->tbs.organization,
	    common_name(f));
	ck_assert_ptr_nonnull(X509_time_adj_ex(X509_getm_notBefore(x), 0, 0,
	    (time_t[]){ f->tbs.not_before_s }));
	ck_assert_ptr_nonnull(X509_time_adj_ex(X509_getm_notAfter(x), 0, 0,
	    (time_t[]){ f->tbs.not_after_s }));
	ck_assert_int_eq(X509_set_pubkey(x, pkeys[f->subject]), 1);
	add_profile[f->tbs.profile](x, f);
	add_key_ids(x, f);
	add_urls(x, &f->tbs);
	ck_assert_int_gt(X509_sign(x, pkeys[f->issuer], digest != NULL ?
	    EVP_get_digestbyname(digest) : NULL), 0);
	n = i2d_re_X509_tbs(x, &der);
	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

START_TEST(certificates_of_random_facts_have_the_bytes_that_openssl_writes)
{
	make_keys();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct facts f;
		struct slice ours, theirs;
		struct cert back;

		random_facts(&f);
		ck_ok(tbs_encode(cx, &f.tbs, &ours));
		theirs = twin_of(&f);
		ck_assert_msg(slice_equal(ours, theirs), "profile %d: %s\n%s",
		    (int)f.tbs.profile, text_hex(cx->arena, ours),
		    text_hex(cx->arena, theirs));
		ck_ok(cert_parse_tbs(cx, ours, &back));
		ck_assert(slice_equal(back.spki, f.key.spki));
		arena_reset(cx->arena);
	}
	free_keys();
}
END_TEST

UNIT_MAIN("twin",
    certificates_of_random_facts_have_the_bytes_that_openssl_writes)
