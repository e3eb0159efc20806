/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP: requests as OpenSSL makes them, responses as it reads them. */
#include "tests/unit/unit.h"

#include <openssl/ocsp.h>

#include "codec/der.h"
#include "pki/check.h"
#include "pki/lint.h"
#include "pki/oid.h"
#include "pki/tbs.h"

#define NOW	INT64_C(1795334400)	/* 2026-11-22 */
#define DAY	INT64_C(86400)

static const uint8_t serial[16] = { 0x5d, 1, 2, 3, 4, 5, 6, 7, 8 };

static struct key ca_key;
static struct sign_key *ca_sign;
static struct slice ca_der;
static struct cert ca;
static struct ocsp_issuer issuer;
static X509 *ca_x509;

static void
begin(void)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);
	struct buf name = buf_in(cx->arena, 256);
	struct slice tbs;
	const uint8_t *p;

	ck_assert_int_gt(n, 0);
	ck_ok(key_parse(cx, slice_dup(cx->arena, SLICE(der, (size_t)n)),
	    &ca_key));
	OPENSSL_free(der);
	tbs_put_name(&name, "tenant-a", "root");
	const struct tbs facts = {
		.profile = TBS_ROOT, .sig = key_sig_of(KEY_P256),
		.serial = SLICE_OF(serial), .issuer = buf_slice(&name),
		.not_before_s = NOW - DAY, .not_after_s = NOW + 3650 * DAY,
		.organization = "tenant-a", .common_name = "root",
		.key = &ca_key, .crl_url = "", .aia_url = "",
	};
	ck_ok(sign_key_new(cx, pkey, &ca_key, &ca_sign));
	EVP_PKEY_free(pkey);
	ck_ok(tbs_encode(cx, &facts, &tbs));
	ck_ok(sign_object(cx, ca_sign, tbs, &ca_der));
	ck_ok(cert_parse(cx, ca_der, &ca));
	ck_ok(ocsp_issuer_init(cx, &ca, &issuer));
	p = ca_der.p;
	ca_x509 = d2i_X509(NULL, &p, (long)ca_der.n);
	ck_assert_ptr_nonnull(ca_x509);
}

static void
end(void)
{
	sign_key_free(ca_sign);
	X509_free(ca_x509);
}

static OCSP_CERTID *
cert_id(const char *digest, struct slice number)
{
	BIGNUM *bn = BN_bin2bn(number.p, (int)number.n, NULL);
	ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(bn, NULL);
	OCSP_CERTID *id = OCSP_cert_id_new(EVP_get_digestbyname(digest),
	    X509_get_subject_name(ca_x509),
	    X509_get0_pubkey_bitstr(ca_x509), integer);

	ck_assert_ptr_nonnull(id);
	ASN1_INTEGER_free(integer);
	BN_free(bn);
	return id;
}

static struct slice
request_der(OCSP_REQUEST *request)
{
	uint8_t *der = NULL;
	int n = i2d_OCSP_REQUEST(request, &der);
	struct slice out;

	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	OCSP_REQUEST_free(request);
	return out;
}

static OCSP_REQUEST *
request_of(const char *digest, size_t n, bool nonce)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	uint8_t number[16];

	memcpy(number, serial, sizeof(number));
	for (size_t i = 0; i < n; i++) {
		number[15] = (uint8_t)i;
		ck_assert_ptr_nonnull(OCSP_request_add0_id(request,
		    cert_id(digest, SLICE_OF(number))));
	}
	if (nonce)
		ck_assert_int_eq(OCSP_request_add1_nonce(request, NULL, 32),
		    1);
	return request;
}

START_TEST(requests_with_either_hash_and_a_nonce_are_read)
{
	static const char *const digests[] = { "SHA1", "SHA256" };

	begin();
	for (size_t i = 0; i < COUNT_OF(digests); i++) {
		struct slice der = request_der(request_of(digests[i], 3,
		    true));
		struct ocsp_request r;

		ck_ok(ocsp_request_parse(cx, der, &r));
		ck_assert_uint_eq(r.n, 3);
		ck_assert_uint_eq(r.nonce.n, 32);
		ck_assert(!r.is_signed);
		for (size_t k = 0; k < 3; k++) {
			ck_assert(r.ids[k].sha256 == (i == 1));
			ck_assert(ocsp_id_is_of(&r.ids[k], &issuer));
			ck_assert_uint_eq(r.ids[k].serial.n, 16);
			ck_assert_uint_eq(r.ids[k].serial.p[15], k);
		}
	}
	end();
}
END_TEST

START_TEST(requests_about_another_issuer_are_told_apart)
{
	struct ocsp_issuer other;
	struct ocsp_request r;

	begin();
	ck_ok(ocsp_request_parse(cx, request_der(request_of("SHA256", 1,
	    false)), &r));
	ck_assert_uint_eq(r.nonce.n, 0);
	other = issuer;
	other.key_sha256[0] ^= 1;
	ck_assert(!ocsp_id_is_of(&r.ids[0], &other));
	other = issuer;
	other.name_sha256[0] ^= 1;
	ck_assert(!ocsp_id_is_of(&r.ids[0], &other));
	other = issuer;
	other.name_sha1[0] ^= 1;
	ck_assert(ocsp_id_is_of(&r.ids[0], &other));
	end();
}
END_TEST

START_TEST(as_many_entries_as_allowed_are_read_and_not_one_more)
{
	struct ocsp_request r;

	begin();
	ck_ok(ocsp_request_parse(cx, request_der(request_of("SHA256",
	    OCSP_IDS_MAX, true)), &r));
	ck_assert_uint_eq(r.n, OCSP_IDS_MAX);
	ck_fails(ocsp_request_parse(cx, request_der(request_of("SHA1",
	    OCSP_IDS_MAX + 1, false)), &r), ERR_MALFORMED);
	ck_fails(ocsp_request_parse(cx, request_der(OCSP_REQUEST_new()), &r),
	    ERR_MALFORMED);
	end();
}
END_TEST

START_TEST(serials_of_any_size_that_a_stranger_may_have_are_read)
{
	static const uint8_t zero[1] = { 0 }, high[1] = { 0x80 };
	static const uint8_t longest[20] = { 0x7f }, over[21] = { 0x7f };
	const struct { struct slice serial; bool good; } cases[] = {
		{ SLICE_OF(zero), true }, { SLICE_OF(high), true },
		{ SLICE_OF(longest), true }, { SLICE_OF(over), false },
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OCSP_REQUEST *request = OCSP_REQUEST_new();
		struct ocsp_request r;
		struct slice der;

		ck_assert_ptr_nonnull(OCSP_request_add0_id(request,
		    cert_id("SHA1", cases[i].serial)));
		der = request_der(request);
		if (!cases[i].good) {
			ck_fails(ocsp_request_parse(cx, der, &r),
			    ERR_MALFORMED);
			continue;
		}
		ck_ok(ocsp_request_parse(cx, der, &r));
		ck_assert(slice_equal(r.ids[0].serial, cases[i].serial));
	}
	end();
}
END_TEST

START_TEST(nonces_of_a_size_that_rfc_9654_refuses_are_refused)
{
	uint8_t bytes[OCSP_NONCE_MAX + 1] = { 7 };
	struct ocsp_request r;

	begin();
	for (int n = 1; n <= (int)sizeof(bytes); n += 64) {
		OCSP_REQUEST *request = request_of("SHA1", 1, false);

		ck_assert_int_eq(OCSP_request_add1_nonce(request, bytes, n),
		    1);
		if (n <= (int)OCSP_NONCE_MAX) {
			ck_ok(ocsp_request_parse(cx, request_der(request),
			    &r));
			ck_assert_uint_eq(r.nonce.n, (size_t)n);
		} else {
			ck_fails(ocsp_request_parse(cx, request_der(request),
			    &r), ERR_MALFORMED);
		}
	}
	end();
}
END_TEST

START_TEST(a_signed_request_is_read_and_a_hash_that_is_not_known_is_not)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	OCSP_REQUEST *request;
	struct ocsp_request r;
	X509 *x = X509_new();

	begin();
	ck_assert_int_eq(X509_set_pubkey(x, pkey), 1);
	request = request_of("SHA1", 1, true);
	ck_assert_int_eq(OCSP_request_sign(request, x, pkey, EVP_sha256(),
	    NULL, OCSP_NOCERTS), 1);
	ck_ok(ocsp_request_parse(cx, request_der(request), &r));
	ck_assert(r.is_signed);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.nonce.n, 16 + 16);
	ck_fails(ocsp_request_parse(cx, request_der(request_of("SHA384", 1,
	    false)), &r), ERR_MALFORMED);
	X509_free(x);
	EVP_PKEY_free(pkey);
	end();
}
END_TEST

static struct slice
with_extension(int nid, bool critical)
{
	OCSP_REQUEST *request = request_of("SHA1", 1, false);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ck_assert_int_eq(ASN1_OCTET_STRING_set(value,
	    (const unsigned char *)"\x05\x00", 2), 1);
	ext = X509_EXTENSION_create_by_NID(NULL, nid, critical, value);
	ck_assert_ptr_nonnull(ext);
	ck_assert_int_eq(OCSP_REQUEST_add_ext(request, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	return request_der(request);
}

START_TEST(an_unknown_extension_is_passed_over_unless_it_is_critical)
{
	struct ocsp_request r;

	begin();
	ck_ok(ocsp_request_parse(cx, with_extension(
	    NID_id_pkix_OCSP_acceptableResponses, false), &r));
	ck_fails(ocsp_request_parse(cx, with_extension(
	    NID_id_pkix_OCSP_acceptableResponses, true), &r), ERR_MALFORMED);
	ck_fails(ocsp_request_parse(cx, with_extension(
	    NID_id_pkix_OCSP_Nonce, false), &r), ERR_MALFORMED);
	end();
}
END_TEST

/* Refused, or every length in it is right and what it says is in bounds. */
static void
request_is_bounded_or_refused(struct slice der)
{
	struct ocsp_request r;

	if (failed(ocsp_request_parse(cx, der, &r)))
		return;
	ck_assert_uint_ge(r.n, 1);
	ck_assert_uint_le(r.n, OCSP_IDS_MAX);
	ck_assert_uint_le(r.nonce.n, OCSP_NONCE_MAX);
	for (size_t i = 0; i < r.n; i++) {
		ck_assert_uint_ge(r.ids[i].serial.n, 1);
		ck_assert_uint_le(r.ids[i].serial.n, CERT_SERIAL_MAX);
		ck_assert_uint_eq(r.ids[i].key_hash.n, r.ids[i].sha256 ?
		    OCSP_SHA256_SIZE : OCSP_SHA1_SIZE);
	}
}

START_TEST(a_request_with_any_bit_changed_stays_in_bounds_and_a_cut_is_refused)
{
	struct slice der;
	struct ocsp_request r;

	begin();
	der = request_der(request_of("SHA256", 2, true));
	for (size_t bit = 0; bit < 8 * der.n; bit++) {
		uint8_t *copy = malloc(der.n);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, der.p, der.n);
		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		request_is_bounded_or_refused(SLICE(copy, der.n));
		free(copy);
	}
	for (size_t n = 0; n <= der.n + 1; n++) {
		uint8_t *copy = calloc(1, n + 1);

		if (n != der.n) {
			memcpy(copy, der.p, n < der.n ? n : der.n);
			ck_fails(ocsp_request_parse(cx, SLICE(copy, n), &r),
			    ERR_MALFORMED);
		}
		free(copy);
	}
	end();
}
END_TEST

START_TEST(the_form_in_a_path_is_read_and_nothing_that_only_resembles_it)
{
	unsigned char text[4096];
	struct ocsp_request r;
	struct slice der;
	size_t n;

	begin();
	for (size_t size = 1; size <= 3; size++) {	/* each padding */
		OCSP_REQUEST *request = request_of("SHA1", 1, false);

		ck_assert_int_eq(OCSP_request_add1_nonce(request, NULL,
		    (int)size), 1);
		der = request_der(request);
		(void)EVP_EncodeBlock(text, der.p, (int)der.n);
		ck_ok(ocsp_request_parse_base64(cx, (char *)text, &r));
		ck_assert_uint_eq(r.nonce.n, size);
	}
	n = strlen((char *)text);
	memcpy(text + n, "====", 5);
	ck_fails(ocsp_request_parse_base64(cx, (char *)text, &r),
	    ERR_MALFORMED);
	text[n - 1] = '\0';
	ck_fails(ocsp_request_parse_base64(cx, (char *)text, &r),
	    ERR_MALFORMED);
	ck_fails(ocsp_request_parse_base64(cx, "", &r), ERR_MALFORMED);
	ck_fails(ocsp_request_parse_base64(cx, "MA-_", &r), ERR_MALFORMED);
	ck_fails(ocsp_request_parse_base64(cx, "MA==", &r), ERR_MALFORMED);
	end();
}
END_TEST

/* --- responses ----------------------------------------------------------- */

static struct ocsp_single
single(const void *arg, size_t i)
{
	const size_t *revoked_from = arg;

	return (struct ocsp_single){
		.sha256 = i % 2 == 1, .serial = SLICE_OF(serial),
		.status = i >= *revoked_from ? OCSP_CERT_REVOKED :
		    (enum ocsp_cert_status)(2 * (i % 2)),
		.revoked_s = i >= *revoked_from ? NOW - 5 : 0,
		.reason = i >= *revoked_from ? (uint8_t)(i % 7) : 0,
	};
}

/* A key that the CA has delegated: its certificate. */
static struct slice
make_delegate(struct sign_key **out_sign, struct ocsp_issuer *out_named)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);
	struct slice tbs, out;
	struct cert cert;
	struct key key;

	ck_ok(key_parse(cx, slice_dup(cx->arena, SLICE(der, (size_t)n)),
	    &key));
	OPENSSL_free(der);
	const struct tbs facts = {
		.profile = TBS_OCSP, .sig = key_sig_of(KEY_P256),
		.serial = SLICE_OF(serial), .issuer = ca.subject,
		.issuer_key_id = ca.ski,
		.not_before_s = NOW - DAY, .not_after_s = NOW + 3 * DAY,
		.organization = "tenant-a", .common_name = "OCSP",
		.key = &key,
	};
	ck_ok(sign_key_new(cx, pkey, &key, out_sign));
	EVP_PKEY_free(pkey);
	ck_ok(tbs_encode(cx, &facts, &tbs));
	ck_ok(lint_cert(cx, tbs, &ca));
	ck_ok(sign_object(cx, ca_sign, tbs, &out));
	ck_ok(cert_parse(cx, out, &cert));
	ck_ok(ocsp_issuer_init(cx, &cert, out_named));
	return out;
}

static struct slice
delegated_response(struct sign_key *sign, const struct ocsp_issuer *named,
    struct slice certificate)
{
	static const size_t revoked_from = 2;
	const struct ocsp o = {
		.issuer = &issuer, .delegate = named, .produced_s = NOW,
		.this_update_s = NOW - 60, .next_update_s = NOW + DAY,
		.n = 3, .single = single, .arg = &revoked_from,
	};
	struct slice tbs, basic;

	ck_ok(ocsp_encode(cx, &o, &tbs));
	ck_ok(sign_object(cx, sign, tbs, &basic));
	return ocsp_wrap(cx, basic, certificate);
}

static struct slice
response(size_t n, struct slice nonce)
{
	static const size_t revoked_from = 2;
	const struct ocsp o = {
		.issuer = &issuer, .produced_s = NOW,
		.this_update_s = NOW - 60, .next_update_s = NOW + DAY,
		.nonce = nonce, .n = n, .single = single,
		.arg = &revoked_from,
	};
	struct slice tbs, basic;

	ck_ok(ocsp_encode(cx, &o, &tbs));
	ck_ok(sign_object(cx, ca_sign, tbs, &basic));
	return ocsp_wrap(cx, basic, SLICE_NONE);
}

START_TEST(a_response_says_the_facts_and_openssl_agrees)
{
	static const uint8_t nonce[] = { 1, 2, 3 };
	static const size_t counts[] = { 1, 2, 3, OCSP_IDS_MAX };

	begin();
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		struct slice der = response(counts[i], i % 2 == 0 ?
		    SLICE_OF(nonce) : SLICE_NONE);
		struct ocsp_facts o;

		ck_ok(check_ocsp(cx, der, ca_der));
		ck_ok(lint_ocsp(cx, der, &issuer, &ca));
		ck_ok(ocsp_parse(cx, der, &o));
		ck_assert_uint_eq(o.n, counts[i]);
		ck_assert_int_eq(o.produced_s, NOW);
		ck_assert_uint_eq(o.nonce.n, i % 2 == 0 ? 3 : 0);
		ck_assert(slice_equal(o.entries[0].id.serial,
		    SLICE_OF(serial)));
		ck_assert_int_eq(o.entries[0].next_update_s, NOW + DAY);
	}
	end();
}
END_TEST

START_TEST(openssl_finds_each_status_with_its_time_and_reason)
{
	struct slice der;
	const uint8_t *p;
	OCSP_RESPONSE *r;
	OCSP_BASICRESP *basic;

	begin();
	der = response(6, SLICE_NONE);
	p = der.p;
	r = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	ck_assert_int_eq(OCSP_response_status(r), 0);
	basic = OCSP_response_get1_basic(r);
	ck_assert_int_eq(OCSP_resp_count(basic), 6);
	for (int i = 0; i < 6; i++) {
		ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
		int reason = -1, status = OCSP_single_get0_status(
		    OCSP_resp_get0(basic, i), &reason, &revoked,
		    &this_update, &next_update);
		OCSP_CERTID *id = cert_id(i % 2 == 1 ? "SHA256" : "SHA1",
		    SLICE_OF(serial));

		ck_assert_int_eq(status, i == 0 ? V_OCSP_CERTSTATUS_GOOD :
		    i == 1 ? V_OCSP_CERTSTATUS_UNKNOWN :
		    V_OCSP_CERTSTATUS_REVOKED);
		if (i >= 2)
			ck_assert_int_eq(reason, i);
		ck_assert_ptr_nonnull(next_update);
		ck_assert_int_eq(OCSP_id_cmp(id, (OCSP_CERTID *)
		    OCSP_SINGLERESP_get0_id(OCSP_resp_get0(basic, i))), 0);
		OCSP_CERTID_free(id);
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	end();
}
END_TEST

START_TEST(a_response_with_any_bit_changed_or_cut_is_refused)
{
	struct ocsp_facts o;
	struct slice der;

	begin();
	der = response(3, SLICE_OF(serial));
	for (size_t bit = 0; bit < 8 * der.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, der.p, der.n);
		struct slice s = SLICE(copy, der.n);
		const struct key_sig *sig = NULL;

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		if (!failed(ocsp_parse(cx, s, &o)))
			sig = key_sig_find(KEY_P256, o.algorithm);
		ck_assert_msg(sig == NULL ||
		    failed(lint_ocsp(cx, s, &issuer, &ca)) ||
		    failed(key_verify(cx, &ca_key, sig, o.tbs, o.signature,
		    ERR_CERT_LINT)), "bit %zu", bit);
	}
	for (size_t n = 0; n < der.n; n++)
		ck_fails(ocsp_parse(cx, SLICE(der.p, n), &o), ERR_MALFORMED);
	end();
}
END_TEST

START_TEST(openssl_accepts_a_delegates_response_and_none_of_a_stranger)
{
	struct sign_key *sign, *other;
	struct ocsp_issuer named, other_named;
	struct slice cert, other_cert, der;
	struct ocsp_facts o;

	begin();
	cert = make_delegate(&sign, &named);
	der = delegated_response(sign, &named, cert);
	ck_ok(check_ocsp(cx, der, ca_der));
	ck_ok(lint_ocsp(cx, der, &issuer, &ca));
	ck_ok(ocsp_parse(cx, der, &o));
	ck_assert(slice_equal(o.certificate, cert));
	ck_assert(slice_equal(o.key_sha1, SLICE_OF(named.key_sha1)));
	/* Signed by a key that the certificate is not of. */
	other_cert = make_delegate(&other, &other_named);
	ck_fails(check_ocsp(cx, delegated_response(sign, &other_named,
	    other_cert), ca_der), ERR_CERT_LINT);
	/* The certificate of another CA's delegate. */
	sign_key_free(ca_sign);
	X509_free(ca_x509);
	begin();
	ck_fails(check_ocsp(cx, delegated_response(sign, &named, cert),
	    ca_der), ERR_CERT_LINT);
	ck_fails(lint_ocsp(cx, delegated_response(sign, &named, cert),
	    &issuer, &ca), ERR_CERT_LINT);
	sign_key_free(sign);
	sign_key_free(other);
	end();
}
END_TEST

/* What the signer's second path would take: the response's signature by the
 * certificate's key, the certificate's by the CA's. */
static bool
delegated_is_good(struct slice der)
{
	struct ocsp_facts o;
	struct cert cert;
	struct key key;
	const struct key_sig *sig;

	if (failed(ocsp_parse(cx, der, &o)) ||
	    failed(lint_ocsp(cx, der, &issuer, &ca)) ||
	    failed(cert_parse(cx, o.certificate, &cert)) ||
	    failed(cert_verify_signature(cx, &cert, &ca_key)) ||
	    failed(cert_key(cx, &cert, &key)))
		return false;
	sig = key_sig_find(KEY_P256, o.algorithm);
	return sig != NULL && !failed(key_verify(cx, &key, sig, o.tbs,
	    o.signature, ERR_CERT_LINT));
}

START_TEST(a_delegates_response_with_any_bit_changed_or_cut_is_refused)
{
	struct sign_key *sign;
	struct ocsp_issuer named;
	struct slice cert, der;
	struct ocsp_facts o;

	begin();
	cert = make_delegate(&sign, &named);
	der = delegated_response(sign, &named, cert);
	ck_assert(delegated_is_good(der));
	for (size_t bit = 0; bit < 8 * der.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, der.p, der.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		ck_assert_msg(!delegated_is_good(SLICE(copy, der.n)),
		    "bit %zu", bit);
	}
	for (size_t n = 0; n < der.n; n++)
		ck_fails(ocsp_parse(cx, SLICE(der.p, n), &o), ERR_MALFORMED);
	sign_key_free(sign);
	end();
}
END_TEST

START_TEST(a_response_of_none_or_too_many_is_not_made)
{
	static const size_t revoked_from = 1;
	struct ocsp o = { .issuer = &issuer, .produced_s = NOW,
	    .this_update_s = NOW, .next_update_s = NOW + 1,
	    .single = single, .arg = &revoked_from };
	struct slice tbs;

	begin();
	ck_fails(ocsp_encode(cx, &o, &tbs), ERR_CERT_LINT);
	o.n = OCSP_IDS_MAX + 1;
	ck_fails(ocsp_encode(cx, &o, &tbs), ERR_CERT_LINT);
	end();
}
END_TEST

START_TEST(answers_without_a_body_are_what_openssl_makes)
{
	static const enum ocsp_error errors[] = {
		OCSP_ERROR_MALFORMED, OCSP_ERROR_INTERNAL,
		OCSP_ERROR_TRY_LATER, OCSP_ERROR_UNAUTHORIZED,
	};

	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		OCSP_RESPONSE *r = OCSP_response_create((int)errors[i], NULL);
		uint8_t *der = NULL;
		int n = i2d_OCSP_RESPONSE(r, &der);

		ck_assert_int_gt(n, 0);
		ck_assert(slice_equal(SLICE(der, (size_t)n),
		    ocsp_error_der(errors[i])));
		OPENSSL_free(der);
		OCSP_RESPONSE_free(r);
	}
}
END_TEST

UNIT_MAIN("ocsp",
    requests_with_either_hash_and_a_nonce_are_read,
    requests_about_another_issuer_are_told_apart,
    as_many_entries_as_allowed_are_read_and_not_one_more,
    serials_of_any_size_that_a_stranger_may_have_are_read,
    nonces_of_a_size_that_rfc_9654_refuses_are_refused,
    a_signed_request_is_read_and_a_hash_that_is_not_known_is_not,
    an_unknown_extension_is_passed_over_unless_it_is_critical,
    a_request_with_any_bit_changed_stays_in_bounds_and_a_cut_is_refused,
    the_form_in_a_path_is_read_and_nothing_that_only_resembles_it,
    a_response_says_the_facts_and_openssl_agrees,
    openssl_finds_each_status_with_its_time_and_reason,
    a_response_with_any_bit_changed_or_cut_is_refused,
    openssl_accepts_a_delegates_response_and_none_of_a_stranger,
    a_delegates_response_with_any_bit_changed_or_cut_is_refused,
    a_response_of_none_or_too_many_is_not_made,
    answers_without_a_body_are_what_openssl_makes)
