/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and CRLs: built, linted, signed, read back. */
#include "tests/unit/unit.h"

#include <openssl/err.h>

#include "pki/check.h"
#include "pki/crl.h"
#include "pki/lint.h"
#include "pki/oid.h"
#include "pki/pem.h"
#include "pki/sign.h"
#include "pki/tbs.h"

#define NOW	INT64_C(1795334400)	/* 2026-11-22 */
#define DAY	INT64_C(86400)
#define DEVICE \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const uint8_t serial[16] = { 0x5d, 1, 2, 3, 4, 5, 6, 7, 8 };

/* A CA with its key, and a leaf's key. */
static struct key root_key, leaf_key;
static struct sign_key *root_sign;
static struct slice root_der;
static struct cert root;

static EVP_PKEY *
make_key(struct key *out)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);

	ck_assert_int_gt(n, 0);
	ck_ok(key_parse(cx, slice_dup(cx->arena, SLICE(der, (size_t)n)),
	    out));
	OPENSSL_free(der);
	return pkey;
}

static struct slice
root_name(void)
{
	struct buf b = buf_in(cx->arena, 256);

	tbs_put_name(&b, "tenant-a", "root");
	return buf_slice(&b);
}

static struct tbs
root_tbs(void)
{
	return (struct tbs){
		.profile = TBS_ROOT, .sig = key_sig_of(KEY_P256),
		.serial = SLICE_OF(serial), .issuer = root_name(),
		.not_before_s = NOW - DAY, .not_after_s = NOW + 3650 * DAY,
		.organization = "tenant-a", .common_name = "root",
		.key = &root_key, .crl_url = "", .aia_url = "",
	};
}

static struct tbs
leaf_tbs(void)
{
	return (struct tbs){
		.profile = TBS_DEVICE, .sig = key_sig_of(KEY_P256),
		.serial = SLICE_OF(serial), .issuer = root.subject,
		.issuer_key_id = root.ski,
		.not_before_s = NOW, .not_after_s = NOW + DAY,
		.organization = "tenant-a", .device_id = DEVICE,
		.flags = TBS_HARDWARE_KEY | TBS_CLIENT_AUTH | TBS_SAN_URN |
		    TBS_SAN_PERMANENT_ID, .key = &leaf_key,
		.crl_url = "http://a.example/1.crl",
		.aia_url = "http://a.example/1.cer",
	};
}

static void
make_root(void)
{
	struct tbs facts;
	struct slice tbs;
	EVP_PKEY *pkey = make_key(&root_key);

	EVP_PKEY_free(make_key(&leaf_key));
	facts = root_tbs();
	ck_ok(sign_key_new(cx, pkey, &root_key, &root_sign));
	EVP_PKEY_free(pkey);
	ck_ok(tbs_encode(cx, &facts, &tbs));
	ck_ok(lint_cert(cx, tbs, NULL));
	ck_ok(sign_object(cx, root_sign, tbs, &root_der));
	ck_ok(check_cert(cx, root_der, root_der));
	ck_ok(cert_parse(cx, root_der, &root));
}

static struct slice
make_leaf(void)
{
	struct tbs facts = leaf_tbs();
	struct slice tbs, der;

	ck_ok(tbs_encode(cx, &facts, &tbs));
	ck_ok(lint_cert(cx, tbs, &root));
	ck_ok(sign_object(cx, root_sign, tbs, &der));
	return der;
}

START_TEST(a_device_certificate_says_the_facts_and_openssl_agrees)
{
	struct cert leaf;
	struct slice der;

	make_root();
	der = make_leaf();
	ck_ok(check_cert(cx, der, root_der));
	ck_ok(cert_parse(cx, der, &leaf));
	ck_ok(cert_verify_issued(cx, &leaf, &root, NOW + 1));
	ck_assert_str_eq(leaf.common_name, DEVICE);
	ck_assert_str_eq(leaf.organization, "tenant-a");
	ck_assert_str_eq(leaf.san_uri, "urn:daapki:tenant-a:device:" DEVICE);
	ck_assert_str_eq(leaf.permanent_id, DEVICE);
	ck_assert_str_eq(leaf.crl_url, "http://a.example/1.crl");
	ck_assert_str_eq(leaf.aia_url, "http://a.example/1.cer");
	ck_assert_uint_eq(leaf.policy, CERT_POLICY_HARDWARE);
	ck_assert(leaf.client_auth && !leaf.server_auth && !leaf.ca);
	ck_assert(slice_equal(leaf.serial, SLICE_OF(serial)));
	ck_assert(slice_equal(leaf.spki, leaf_key.spki));
	ck_assert_int_eq(leaf.not_before_s, NOW);
	ck_assert_int_eq(leaf.not_after_s, NOW + DAY);
	sign_key_free(root_sign);
}
END_TEST

/* What OpenSSL would not read: a letter that is no UTF-8; and behind the last part
 * of a name, what is no part (the name's first attribute is made an end). */
START_TEST(names_are_utf_8_and_have_nothing_behind_them)
{
	static const char organization[] = "\x0c\x08tenant-a";
	struct slice der;
	struct cert c;
	uint8_t *at;

	make_root();
	der = slice_dup(cx->arena, make_leaf());
	ck_ok(cert_parse(cx, der, &c));
	at = memmem(der.p, der.n, organization, sizeof(organization) - 1);
	ck_assert_ptr_nonnull(at);
	at[4] = 0xff;
	ck_fails(cert_parse(cx, der, &c), ERR_AUTH_CERTIFICATE);
	at[4] = 'n';
	ck_ok(cert_parse(cx, der, &c));
	/* SET, SEQUENCE and OID are before the text: 2, 2 and 5 bytes. */
	ck_assert_uint_eq(at[-9], 0x31);
	at[-9] = 0;
	ck_fails(cert_parse(cx, der, &c), ERR_AUTH_CERTIFICATE);
	sign_key_free(root_sign);
}
END_TEST

START_TEST(a_certificate_with_any_bit_changed_is_refused)
{
	struct slice der;
	struct cert c;

	make_root();
	der = make_leaf();
	for (size_t bit = 0; bit < 8 * der.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, der.p, der.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		ck_assert_msg(failed(cert_parse(cx, SLICE(copy, der.n), &c)) ||
		    failed(cert_verify_issued(cx, &c, &root, NOW + 1)),
		    "bit %zu", bit);
	}
	sign_key_free(root_sign);
}
END_TEST

START_TEST(a_certificate_cut_at_any_length_or_longer_is_refused)
{
	struct slice der;
	struct cert c;

	make_root();
	der = make_leaf();
	for (size_t n = 0; n <= der.n + 1; n++) {
		uint8_t *copy;

		if (n == der.n)
			continue;
		copy = calloc(1, n + 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, der.p, n < der.n ? n : der.n);
		ck_fails(cert_parse(cx, SLICE(copy, n), &c),
		    ERR_AUTH_CERTIFICATE);
		free(copy);
	}
	sign_key_free(root_sign);
}
END_TEST

START_TEST(an_issuer_is_checked_for_name_key_right_and_time)
{
	struct slice der;
	struct cert leaf, wrong;

	make_root();
	der = make_leaf();
	ck_ok(cert_parse(cx, der, &leaf));
	ck_fails(cert_verify_issued(cx, &leaf, &root, NOW - 1),
	    ERR_AUTH_CERTIFICATE);
	ck_ok(cert_verify_issued(cx, &leaf, &root, NOW));
	ck_ok(cert_verify_issued(cx, &leaf, &root, NOW + DAY));
	ck_fails(cert_verify_issued(cx, &leaf, &root, NOW + DAY + 1),
	    ERR_AUTH_CERTIFICATE);
	ck_fails(cert_verify_issued(cx, &leaf, &leaf, NOW),
	    ERR_AUTH_CERTIFICATE);
	wrong = root;
	wrong.ca = false;
	ck_fails(cert_verify_issued(cx, &leaf, &wrong, NOW),
	    ERR_AUTH_CERTIFICATE);
	wrong = root;
	wrong.key_usage = CERT_USAGE_CRL_SIGN;
	ck_fails(cert_verify_issued(cx, &leaf, &wrong, NOW),
	    ERR_AUTH_CERTIFICATE);
	wrong = root;
	wrong.ski = SLICE("01234567890123456789", 20);
	ck_fails(cert_verify_issued(cx, &leaf, &wrong, NOW),
	    ERR_AUTH_CERTIFICATE);
	wrong = root;
	wrong.subject = leaf.subject;
	ck_fails(cert_verify_issued(cx, &leaf, &wrong, NOW),
	    ERR_AUTH_CERTIFICATE);
	wrong = root;
	wrong.spki = leaf_key.spki;
	ck_fails(cert_verify_issued(cx, &leaf, &wrong, NOW),
	    ERR_AUTH_CERTIFICATE);
	wrong = root;
	wrong.not_after_s = NOW - 1;
	ck_fails(cert_verify_issued(cx, &leaf, &wrong, NOW),
	    ERR_AUTH_CERTIFICATE);
	sign_key_free(root_sign);
}
END_TEST

START_TEST(validity_across_2050_is_written_in_both_forms)
{
	struct tbs facts;
	struct slice tbs, der;
	struct cert c;

	make_root();
	facts = root_tbs();
	facts.not_before_s = INT64_C(2524607999);
	facts.not_after_s = INT64_C(2524608000);
	ck_ok(tbs_encode(cx, &facts, &tbs));
	ck_ok(lint_cert(cx, tbs, NULL));
	ck_ok(sign_object(cx, root_sign, tbs, &der));
	ck_ok(check_cert(cx, der, der));
	ck_ok(cert_parse(cx, der, &c));
	ck_assert_int_eq(c.not_before_s, INT64_C(2524607999));
	ck_assert_int_eq(c.not_after_s, INT64_C(2524608000));
	sign_key_free(root_sign);
}
END_TEST

START_TEST(hosts_that_are_no_dns_names_are_refused)
{
	static const char *const wrong[] = {
		"", "a b", "-a.example", "a-.example", "a..example", ".a",
		"a.", "*.example", "a_b", "x\xc3\xa9", "a/b",
	};
	struct slice tbs;

	make_root();
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct tbs facts = leaf_tbs();

		facts.profile = TBS_SERVER;
		facts.n_hosts = 1;
		facts.hosts = &wrong[i];
		ck_fails(tbs_encode(cx, &facts, &tbs), ERR_CERT_LINT);
	}
	sign_key_free(root_sign);
}
END_TEST

/* --- the rules: each with a certificate that breaks it -------------------- */

static struct cert good, parent;
static struct crl_facts crl;

static void
long_common_name(void)
{
	good.common_name = DEVICE "x";
	good.client_auth = false;
}

static void
break_serial(void) { good.serial.n = 7; }
static void
break_algorithm(void) { good.algorithm = slice_text("?"); }
static void
break_issuer(void) { good.issuer.n = 2; }
static void
break_validity(void) { good.not_after_s = good.not_before_s; }
static void
break_organization(void) { good.organization = ""; }
static void
break_ski(void) { good.ext[CERT_EXT_SKI].present = false; }
static void
break_aki(void) { good.ext[CERT_EXT_AKI].present = false; }
static void
break_usage(void) { good.ext[CERT_EXT_KEY_USAGE].critical = false; }
static void
break_cert_sign(void) { good.key_usage |= CERT_USAGE_KEY_CERT_SIGN; }
static void
break_path_len(void) { good.path_len = 0; }
static void
break_critical(void) { good.ext[CERT_EXT_EKU].critical = true; }
static void
break_san_critical(void) { good.ext[CERT_EXT_SAN].critical = true; }
static void
break_url(void) { good.crl_url = "https://a.example/"; }
static void
break_leaf_basic(void) { good.ext[CERT_EXT_BASIC].present = true; }
static void
break_leaf_usage(void) { good.key_usage = 1 << 4; }
static void
break_purpose(void) { good.other_eku = true; }
static void
break_no_purpose(void) { good.client_auth = false; }
static void
break_san(void) { good.ext[CERT_EXT_SAN].present = false; }
static void
break_device_names(void) { good.permanent_id = "other"; }
static void
break_policy(void) { good.policy = CERT_POLICY_NONE; }

static void
break_server(void)
{
	good.client_auth = false;
	good.server_auth = true;
	good.policy = CERT_POLICY_NONE;
}

static void
be_ca(void)
{
	good = root;
	parent = root;
}

static void
break_basic(void) { be_ca(); good.ext[CERT_EXT_BASIC].critical = false; }
static void
break_ca_usage(void)
{
	be_ca();
	good.key_usage &= (uint16_t)~CERT_USAGE_CRL_SIGN;
}
static void
break_ca_plain(void) { be_ca(); good.ext[CERT_EXT_EKU].present = true; }
static void
break_root_path_len(void) { be_ca(); good.path_len = 0; }

static void
be_lower_ca(void)
{
	be_ca();
	good.subject = slice_text("another name");
	good.ski = SLICE("01234567890123456789", 20);
	good.ext[CERT_EXT_AKI].present = true;
	good.aki = root.ski;
	good.spki = leaf_key.spki;
	good.path_len = 0;
}

static void
break_ca_path_len(void) { be_lower_ca(); good.path_len = -1; }

/* An edge CA below an issuing CA that may have it. */
static void
be_edge(void)
{
	good.ca = true;
	good.key_usage = CERT_USAGE_KEY_CERT_SIGN |
	    CERT_USAGE_DIGITAL_SIGNATURE;
	good.ext[CERT_EXT_BASIC] = (struct cert_ext){ true, true };
	good.ext[CERT_EXT_NAME_CONSTRAINTS] = (struct cert_ext){ true, true };
	good.path_len = 0;
	good.limited_names = CERT_NAMES_ALL;
	good.permitted_subject = good.subject;
	parent.aki = good.ski;
	parent.path_len = 1;
	ck_ok(lint_cert_facts(cx, &good, &parent));
}

static void
break_edge_path_len(void) { be_edge(); good.path_len = 1; }
static void
break_edge_usage(void) { be_edge(); good.key_usage |= CERT_USAGE_CRL_SIGN; }
static void
break_edge_names(void) { be_edge(); good.limited_names ^= CERT_NAME_URI; }
static void
break_edge_parent(void) { be_edge(); parent.aki = root.ski; }

static void
break_no_rev_avail(void)
{
	good.ext[CERT_EXT_NO_REV_AVAIL].present = true;
}

static void
break_no_rev_avail_ca(void)
{
	be_ca();
	good.ext[CERT_EXT_NO_REV_AVAIL].present = true;
}

static void
break_name_constraints(void)
{
	good.ext[CERT_EXT_NAME_CONSTRAINTS] = (struct cert_ext){ true, true };
}

static void
break_proof(void)
{
	good.client_auth = false;
	good.policy = CERT_POLICY_NONE;
}

/* A key that signs OCSP responses. */
static void
be_delegate(void)
{
	break_proof();
	memset(good.ext, 0, sizeof(good.ext));
	good.ext[CERT_EXT_SKI].present = good.ext[CERT_EXT_AKI].present =
	    good.ext[CERT_EXT_OCSP_NOCHECK].present = true;
	good.ext[CERT_EXT_KEY_USAGE] = (struct cert_ext){ true, true };
	good.ocsp_signing = true;
	ck_ok(lint_cert_facts(cx, &good, &parent));
}

static void
break_delegate(void) { be_delegate(); good.server_auth = true; }
static void
break_nocheck(void) { be_delegate(); good.ocsp_url = "http://a.example/"; }

static void
be_result(void)
{
	break_proof();
	memset(good.ext, 0, sizeof(good.ext));
	good.ext[CERT_EXT_SKI].present = good.ext[CERT_EXT_AKI].present =
	    good.ext[CERT_EXT_NO_REV_AVAIL].present = true;
	good.ext[CERT_EXT_KEY_USAGE] = (struct cert_ext){ true, true };
	good.result_signing = true;
	good.permanent_id = "";
	good.hardware_serial = SLICE_NONE;
	good.n_hosts = 0;
	good.san_uri = arena_printf(cx->arena, TBS_RESULT_URI,
	    good.organization);
	ck_ok(lint_cert_facts(cx, &good, &parent));
}
static void
break_result(void) { be_result(); good.san_uri = "urn:daapki:b:x"; }
static void
break_result_purpose(void) { be_delegate(); good.result_signing = true; }
static void
break_ocsp_purpose(void) { good.ocsp_signing = true; }

static void
break_parent_ca(void) { parent.ca = false; }
static void
break_parent_name(void) { parent.subject = good.subject; }
static void
break_parent_key_id(void) { parent.ski = good.ski; }
static void
break_parent_life(void) { parent.not_after_s = good.not_after_s - 1; }
static void
break_parent_tenant(void) { parent.organization = "tenant-b"; }
static void
break_parent_key(void) { parent.spki = good.spki; }

/* A CA below a CA with the same limit. */
static void
break_parent_path(void)
{
	be_lower_ca();
	good.path_len = 1;
	parent.path_len = 1;
}

static void
break_crl_algorithm(void) { crl.algorithm = slice_text("?"); }
static void
break_crl_issuer(void) { crl.issuer = good.subject; }
static void
break_crl_aki(void) { crl.aki = good.ski; }
static void
break_crl_update(void) { crl.next_update_s = crl.this_update_s; }
static void
break_crl_number(void) { crl.number = 0; }
static void
break_crl_shard(void) { crl.is_shard = true; }
static void
break_crl_right(void) { parent.key_usage = CERT_USAGE_KEY_CERT_SIGN; }

static struct ocsp_facts ocsp;
static struct ocsp_issuer ocsp_issuer;

static void
break_ocsp_algorithm(void) { ocsp.algorithm = slice_text("?"); }
static void
break_ocsp_responder(void) { ocsp.key_sha1 = SLICE(serial, 16); }
static struct cert delegate;

static struct slice
make_delegate(void)
{
	struct tbs facts = leaf_tbs();
	struct slice tbs, der;

	facts.profile = TBS_OCSP;
	facts.common_name = "OCSP";
	facts.crl_url = "";
	ck_ok(tbs_encode(cx, &facts, &tbs));
	ck_ok(lint_cert(cx, tbs, &root));
	ck_ok(sign_object(cx, root_sign, tbs, &der));
	ck_ok(check_cert(cx, der, root_der));
	ck_ok(cert_parse(cx, der, &delegate));
	return der;
}

/* The response as the delegate would give it. */
static void
be_delegated(struct slice certificate)
{
	struct ocsp_issuer *named = ARENA_NEW(cx->arena, struct ocsp_issuer);

	(void)make_delegate();
	ck_ok(ocsp_issuer_init(cx, &delegate, named));
	ocsp.certificate = certificate;
	ocsp.key_sha1 = SLICE_OF(named->key_sha1);
}

/* The key of a device's certificate. */
static void
break_ocsp_delegate(void) { be_delegated(make_leaf()); }

static void
break_ocsp_delegate_life(void)
{
	be_delegated(make_delegate());
	ck_ok(lint_ocsp_facts(cx, &ocsp, &ocsp_issuer, &parent));
	ocsp.entries[0].next_update_s = delegate.not_after_s + 1;
}

static void
break_ocsp_id(void) { ocsp.entries[0].id.name_hash = SLICE(serial, 16); }
static void
break_ocsp_update(void) { ocsp.entries[0].next_update_s = NOW; }
static void
break_ocsp_revoked(void) { ocsp.entries[0].revoked_s = NOW + 1; }

static void
break_ocsp_life(void)
{
	parent.not_after_s = NOW + 2 * DAY;
	ocsp.produced_s = NOW + 3 * DAY;
	ocsp.entries[0].next_update_s = NOW + 4 * DAY;
}

static const struct { const char *rule; void (*break_it)(void); } breaks[] = {
	{ "4.1.2.2 serial of 8 to 20 bytes", break_serial },
	{ "4.1.1.2 signature algorithm", break_algorithm },
	{ "4.1.2.4 issuer not empty", break_issuer },
	{ "4.1.2.5 validity in order", break_validity },
	{ "A.1 organization", break_organization },
	{ "A.1 common name", long_common_name },
	{ "4.2.1.2 subject key identifier", break_ski },
	{ "4.2.1.1 authority key identifier", break_aki },
	{ "4.2.1.3 key usage critical", break_usage },
	{ "4.2.1.9 keyCertSign with cA and only then", break_cert_sign },
	{ "4.2.1.9 pathLen without cA", break_path_len },
	{ "4.2 criticality", break_critical },
	{ "4.2.1.6 subjectAltName critical", break_san_critical },
	{ "4.2.1.13 plain HTTP URLs", break_url },
	{ "RFC 9608 4 noRevAvail with CRLDP or OCSP", break_no_rev_avail },
	{ "RFC 9608 4 noRevAvail of a CA", break_no_rev_avail_ca },
	{ "4.2.1.10 name constraints", break_name_constraints },
	{ "4.2.1.9 basic constraints critical", break_basic },
	{ "4.2.1.3 CA key usage", break_ca_usage },
	{ "CA profile: named, no purpose, no policy", break_ca_plain },
	{ "root profile: pathLen", break_root_path_len },
	{ "CA profile: pathLen", break_ca_path_len },
	{ "edge profile: pathLen", break_edge_path_len },
	{ "edge profile: key usage", break_edge_usage },
	{ "edge profile: 4.2.1.10 limited names", break_edge_names },
	{ "leaf profile: no basic constraints", break_leaf_basic },
	{ "leaf profile: key usage", break_leaf_usage },
	{ "4.2.1.12 extended key usage", break_purpose },
	{ "device profile: 4.2.1.12 a purpose", break_no_purpose },
	{ "leaf profile: subjectAltName", break_san },
	{ "device profile: names", break_device_names },
	{ "device profile: policy", break_policy },
	{ "server profile: names", break_server },
	{ "proof profile: no purpose, no name but the nonce", break_proof },
	{ "RFC 6960 4.2.2.2 OCSPSigning, and nothing else", break_delegate },
	{ "RFC 6960 4.2.2.2.1 nocheck with CRLDP or OCSP", break_nocheck },
	{ "RFC 6960 4.2.2.2 OCSPSigning without nocheck, or of a CA",
	    break_ocsp_purpose },
	{ "result profile: its purpose and URI, and nothing else",
	    break_result },
	{ "result profile: its purpose in another", break_result_purpose },
	{ "4.2.1.9 the issuer is a CA", break_parent_ca },
	{ "4.1.2.4 issuer is the CA's subject", break_parent_name },
	{ "4.2.1.1 key identifiers chain", break_parent_key_id },
	{ "no certificate outlives its issuer", break_parent_life },
	{ "subject and issuer are of one tenant", break_parent_tenant },
	{ "4.2.1.9 pathLen of the issuer", break_parent_path },
	{ "edge profile: below an issuing CA that may", break_edge_parent },
	{ "subject and issuer have different keys", break_parent_key },
	{ "CRL 5.1.1.2 signature algorithm", break_crl_algorithm },
	{ "CRL 5.1.2.3 issuer is the CA's subject", break_crl_issuer },
	{ "CRL 5.2.1 key identifiers chain", break_crl_aki },
	{ "CRL 5.1.2.5 updates in order", break_crl_update },
	{ "CRL 5.2.3 number", break_crl_number },
	{ "CRL 5.2.5 a shard's URL is plain HTTP", break_crl_shard },
	{ "4.2.1.3 the issuer may sign CRLs", break_crl_right },
	{ "OCSP signature algorithm", break_ocsp_algorithm },
	{ "OCSP 4.2.1 the responder's key is named", break_ocsp_responder },
	{ "OCSP 4.2.2.2 the delegate is the issuer's", break_ocsp_delegate },
	{ "OCSP within the delegate's life", break_ocsp_delegate_life },
	{ "OCSP 4.1.1 certificates of the issuer", break_ocsp_id },
	{ "OCSP 4.2.2.1 updates in order", break_ocsp_update },
	{ "OCSP 4.2.1 revoked before it was said", break_ocsp_revoked },
	{ "OCSP within the issuer's life", break_ocsp_life },
};

static struct crl_entry
an_entry(const void *arg, size_t i)
{
	(void)arg;
	return (struct crl_entry){ .serial = serial, .revoked_s = NOW,
	    .reason = (uint8_t)i };
}

static struct slice
crl_tbs(size_t n_entries)
{
	const struct crl facts = {
		.sig = key_sig_of(KEY_P256), .issuer = root.subject,
		.issuer_key_id = root.ski, .number = 7,
		.this_update_s = NOW, .next_update_s = NOW + DAY,
		.n_entries = n_entries, .entry = an_entry,
	};
	struct slice tbs;

	ck_ok(crl_encode(cx, &facts, &tbs));
	return tbs;
}

static struct ocsp_single
a_single(const void *arg, size_t i)
{
	(void)arg;
	(void)i;
	return (struct ocsp_single){ .serial = SLICE_OF(serial) };
}

static struct slice
ocsp_der(void)
{
	const struct ocsp facts = {
		.issuer = &ocsp_issuer, .produced_s = NOW,
		.this_update_s = NOW, .next_update_s = NOW + 1,
		.n = 1, .single = a_single,
	};
	struct slice tbs, basic;

	ck_ok(ocsp_issuer_init(cx, &root, &ocsp_issuer));
	ck_ok(ocsp_encode(cx, &facts, &tbs));
	ck_ok(sign_object(cx, root_sign, tbs, &basic));
	return ocsp_wrap(cx, basic, SLICE_NONE);
}

static struct err
lint_now(void)
{
	TRY(lint_cert_facts(cx, &good, &parent));
	TRY(lint_crl_facts(cx, &crl, &parent));
	return lint_ocsp_facts(cx, &ocsp, &ocsp_issuer, &parent);
}

START_TEST(every_rule_has_a_certificate_that_breaks_it)
{
	size_t n = 0;

	while (lint_rule(n) != NULL)
		n++;
	ck_assert_uint_eq(n, COUNT_OF(breaks));
	make_root();
	for (size_t i = 0; i < n; i++) {
		ck_ok(cert_parse(cx, make_leaf(), &good));
		ck_ok(crl_parse_tbs(cx, crl_tbs(2), &crl));
		ck_ok(ocsp_parse(cx, ocsp_der(), &ocsp));
		parent = root;
		ck_ok(lint_now());
		breaks[i].break_it();
		ck_assert_msg(failed(lint_now()), "%s", breaks[i].rule);
		ck_assert_str_eq(cx->trail->note, breaks[i].rule);
		ck_assert_str_eq(lint_rule(i), breaks[i].rule);
	}
	sign_key_free(root_sign);
}
END_TEST

/* --- CRLs ---------------------------------------------------------------- */

START_TEST(a_crl_without_entries_has_no_empty_list_and_openssl_reads_it)
{
	struct slice der;
	struct crl_facts facts;

	make_root();
	ck_ok(sign_object(cx, root_sign, crl_tbs(0), &der));
	ck_ok(check_crl(cx, der, root_der));
	ck_ok(crl_parse(cx, der, &facts));
	ck_assert_uint_eq(facts.n_entries, 0);
	ck_assert_uint_eq(facts.number, 7);
	sign_key_free(root_sign);
}
END_TEST

START_TEST(reasons_are_written_except_unspecified_and_openssl_reads_them)
{
	struct slice der;
	const uint8_t *p;
	X509_CRL *read;
	STACK_OF(X509_REVOKED) *list;

	make_root();
	ck_ok(sign_object(cx, root_sign, crl_tbs(7), &der));
	ck_ok(check_crl(cx, der, root_der));
	p = der.p;
	read = d2i_X509_CRL(NULL, &p, (long)der.n);
	list = X509_CRL_get_REVOKED(read);
	ck_assert_int_eq(sk_X509_REVOKED_num(list), 7);
	for (int i = 0; i < 7; i++) {
		X509_REVOKED *one = sk_X509_REVOKED_value(list, i);
		ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(one,
		    NID_crl_reason, NULL, NULL);

		ck_assert_int_eq(reason == NULL, i == 0);
		if (reason != NULL)
			ck_assert_int_eq(ASN1_ENUMERATED_get(reason), i);
		ASN1_ENUMERATED_free(reason);
	}
	X509_CRL_free(read);
	sign_key_free(root_sign);
}
END_TEST

START_TEST(a_crl_with_any_bit_changed_is_refused)
{
	struct slice der;
	struct crl_facts facts;

	make_root();
	ck_ok(sign_object(cx, root_sign, crl_tbs(3), &der));
	for (size_t bit = 0; bit < 8 * der.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, der.p, der.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		ck_assert_msg(failed(crl_parse(cx, SLICE(copy, der.n),
		    &facts)) || failed(lint_crl_facts(cx, &facts, &root)) ||
		    failed(key_verify(cx, &root_key, key_sig_of(KEY_P256),
		    facts.tbs, facts.signature, ERR_CERT_LINT)),
		    "bit %zu", bit);
	}
	sign_key_free(root_sign);
}
END_TEST

/* --- PEM ----------------------------------------------------------------- */

START_TEST(pem_survives_the_round_trip_at_every_length)
{
	uint8_t bytes[200];

	randombytes_buf(bytes, sizeof(bytes));
	for (size_t n = 1; n <= sizeof(bytes); n++) {
		char *text = pem_text(cx->arena, PEM_CRL, SLICE(bytes, n));
		struct slice back;

		ck_ok(pem_parse(cx, PEM_CRL, slice_text(text), &back));
		ck_assert(slice_equal(back, SLICE(bytes, n)));
		ck_fails(pem_parse(cx, PEM_CERTIFICATE, slice_text(text),
		    &back), ERR_MALFORMED);
	}
}
END_TEST

START_TEST(text_that_is_not_one_pem_block_is_refused)
{
	static const char *const wrong[] = {
		"",
		"-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n",
		"-----BEGIN X509 CRL-----\nAAA\n-----END X509 CRL-----\n",
		"-----BEGIN X509 CRL-----\nA=AA\n-----END X509 CRL-----\n",
		"-----BEGIN X509 CRL-----\nA===\n-----END X509 CRL-----\n",
		"-----BEGIN X509 CRL-----\nAA!A\n-----END X509 CRL-----\n",
		"-----BEGIN X509 CRL-----\nAAAA\n",
		"x-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
		("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
		"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
	};
	struct slice back;

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		ck_fails(pem_parse(cx, PEM_CRL, slice_text(wrong[i]), &back),
		    ERR_MALFORMED);
}
END_TEST

START_TEST(openssl_is_warmed_up_and_tells_its_failures_from_the_callers)
{
	ck_ok(ossl_warm_up(cx));
	ck_assert_uint_eq(ossl_code(ERR_CSR_SIGNATURE), ERR_CSR_SIGNATURE);
	ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_EVP, EVP_R_DECODE_ERROR);
	ck_assert_uint_eq(ossl_code(ERR_CSR_SIGNATURE), ERR_BUSY);
	ck_assert_uint_eq(ossl_code(ERR_CSR_SIGNATURE), ERR_CSR_SIGNATURE);
}
END_TEST

/* Readers keep a number in a word of 32 bits, and refuse the certificate when
 * it does not fit; four bytes of base 128 always do. */
START_TEST(each_number_of_our_object_identifiers_fits_28_bits)
{
	const struct slice oids[] = { OID(OID_POLICY_HARDWARE),
	    OID(OID_POLICY_SOFTWARE), OID(OID_HARDWARE_TYPE) };

	for (size_t i = 0; i < COUNT_OF(oids); i++) {
		size_t n_bytes = 0;

		for (size_t at = 0; at < oids[i].n; at++) {
			n_bytes++;
			ck_assert_uint_le(n_bytes, 4);
			if ((oids[i].p[at] & 0x80) == 0)
				n_bytes = 0;
		}
		ck_assert_uint_eq(n_bytes, 0);
	}
}
END_TEST

UNIT_MAIN("cert",
    each_number_of_our_object_identifiers_fits_28_bits,
    a_device_certificate_says_the_facts_and_openssl_agrees,
    names_are_utf_8_and_have_nothing_behind_them,
    a_certificate_with_any_bit_changed_is_refused,
    a_certificate_cut_at_any_length_or_longer_is_refused,
    an_issuer_is_checked_for_name_key_right_and_time,
    validity_across_2050_is_written_in_both_forms,
    hosts_that_are_no_dns_names_are_refused,
    every_rule_has_a_certificate_that_breaks_it,
    a_crl_without_entries_has_no_empty_list_and_openssl_reads_it,
    reasons_are_written_except_unspecified_and_openssl_reads_them,
    a_crl_with_any_bit_changed_is_refused,
    pem_survives_the_round_trip_at_every_length,
    text_that_is_not_one_pem_block_is_refused,
    openssl_is_warmed_up_and_tells_its_failures_from_the_callers)
