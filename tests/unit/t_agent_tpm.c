/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent against a TPM.  tests/system/agent-tpm.t gives it a software one,
 * by DAA_TEST_TCTI.
 */
#include "tests/unit/unit.h"

#include <openssl/ecdsa.h>
#include <openssl/x509.h>
#include <tss2/tss2_mu.h>

#include "agent/ek.h"
#include "agent/key.h"
#include "agent/quote.h"
#include "attest/make_credential.h"
#include "base/text.h"


AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);

static struct tpm tpm;

static void
begin(void)
{
	const char *tcti = getenv("DAA_TEST_TCTI");

	unit_begin();
	ck_assert_ptr_nonnull(tcti);
	ck_ok(tpm_open(cx, tcti, SLICE_NONE, SLICE_NONE, &tpm));
}

/* Objects and sessions that the TPM holds at the moment. */
static uint32_t
count_handles(uint32_t first)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;
	uint32_t n;

	ck_assert_uint_eq(Esys_GetCapability(tpm.esys, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, first, 16, &more,
	    &data), 0);
	n = data->data.handles.count;
	Esys_Free(data);
	return n;
}

/* Every test, also one that made the TPM refuse, leaves it empty. */
static void
end(void)
{
	ck_assert_uint_eq(count_handles(TPM2_TRANSIENT_FIRST), 0);
	ck_assert_uint_eq(count_handles(TPM2_LOADED_SESSION_FIRST), 0);
	tpm_close(&tpm);
	unit_end();
}

/* ECDSA by a TPM key over message, checked by OpenSSL. */
static bool
verifies(const struct tpm_blob *key, struct slice message,
    struct slice signature)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	AUTO(ECDSA_SIG) sig = ECDSA_SIG_new();
	AUTO(EVP_PKEY) pkey = NULL;
	TPMT_SIGNATURE s;
	TPMS_SIGNATURE_ECDSA *e = &s.signature.ecdsa;
	struct slice spki;
	uint8_t *der = NULL;
	const uint8_t *p;
	size_t n = 0;
	bool good;
	int n_der;

	ck_ok(tpm_spki(cx, &key->public.publicArea, &spki));
	p = spki.p;
	pkey = d2i_PUBKEY(NULL, &p, (long)spki.n);
	ck_assert_uint_eq(Tss2_MU_TPMT_SIGNATURE_Unmarshal(signature.p,
	    signature.n, &n, &s), 0);
	ck_assert_uint_eq(n, signature.n);
	ck_assert_uint_eq(s.sigAlg, TPM2_ALG_ECDSA);
	ck_assert_uint_eq(e->hash, TPM2_ALG_SHA256);
	ck_assert_int_eq(ECDSA_SIG_set0(sig,
	    BN_bin2bn(e->signatureR.buffer, e->signatureR.size, NULL),
	    BN_bin2bn(e->signatureS.buffer, e->signatureS.size, NULL)), 1);
	n_der = i2d_ECDSA_SIG(sig, &der);
	ck_assert_int_gt(n_der, 0);
	good = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, pkey) == 1 &&
	    EVP_DigestVerify(md, der, (size_t)n_der, message.p,
	    message.n) == 1;
	OPENSSL_free(der);
	return good;
}

static TPMS_ATTEST
parse_attest(struct slice bytes)
{
	TPMS_ATTEST attest;
	size_t n = 0;

	ck_assert_uint_eq(Tss2_MU_TPMS_ATTEST_Unmarshal(bytes.p, bytes.n, &n,
	    &attest), 0);
	ck_assert_uint_eq(n, bytes.n);
	ck_assert_uint_eq(attest.magic, 0xff544347);
	return attest;
}

static struct tpm_blob
make(enum tpm_parent parent, enum tpm_use use)
{
	struct tpm_blob blob;

	ck_ok(tpm_key_create(cx, &tpm, parent, use, &blob));
	return blob;
}

START_TEST(openssl_signs_with_a_key_in_the_tpm)
{
	static const char *const digests[] = { "SHA256", "SHA384", "SHA512" };
	struct slice text = slice_text("what is signed"), spki, csr;
	AUTO(X509_REQ) req = NULL;
	struct key key, again;
	const uint8_t *p;

	ck_ok(key_make(cx, &tpm, &key));
	ck_assert(key.in_tpm);
	ck_ok(key_parse(cx, &tpm, key.pem, &again));
	for (size_t i = 0; i < COUNT_OF(digests); i++) {
		AUTO(EVP_MD_CTX) sign = EVP_MD_CTX_new();
		AUTO(EVP_MD_CTX) verify = EVP_MD_CTX_new();
		AUTO(EVP_PKEY) public = NULL;
		uint8_t sig[128];
		size_t n = sizeof(sig);

		p = key.spki.p;
		public = d2i_PUBKEY(NULL, &p, (long)key.spki.n);
		ck_assert_int_eq(EVP_DigestSignInit(sign, NULL,
		    EVP_get_digestbyname(digests[i]), NULL, again.pkey), 1);
		ck_assert_int_eq(EVP_DigestSign(sign, sig, &n, text.p, text.n),
		    1);
		ck_assert_int_eq(EVP_DigestVerifyInit(verify, NULL,
		    EVP_get_digestbyname(digests[i]), NULL, public), 1);
		ck_assert_int_eq(EVP_DigestVerify(verify, sig, n, text.p,
		    text.n), 1);
	}
	ck_ok(key_csr(cx, &again, "device", &csr));
	p = csr.p;
	req = d2i_X509_REQ(NULL, &p, (long)csr.n);
	ck_assert_ptr_nonnull(req);
	ck_assert_int_eq(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
	ck_ok(key_spki_of_csr(cx, csr, &spki));
	ck_assert(slice_equal(spki, key.spki));
}
END_TEST

START_TEST(two_keys_are_never_the_same)
{
	struct tpm_blob a = make(TPM_PARENT_OWNER, TPM_USE_SIGN);
	struct tpm_blob b = make(TPM_PARENT_OWNER, TPM_USE_SIGN);

	ck_assert(!slice_equal(tpm_public_bytes(cx, &a.public.publicArea),
	    tpm_public_bytes(cx, &b.public.publicArea)));
}
END_TEST

START_TEST(a_quote_covers_the_registers_and_the_data)
{
	struct tpm_blob ak = make(TPM_PARENT_ENDORSEMENT, TPM_USE_ATTEST);
	struct pcr_values *values = ARENA_NEW(cx->arena, struct pcr_values);
	struct slice data = slice_text("0123456789abcdef0123456789abcdef");
	TPML_PCR_SELECTION selection;
	struct attested quote;
	TPMS_ATTEST attest;

	ck_ok(pcr_parse(cx, "sha256:0-23", &selection));
	ck_ok(pcr_limit(cx, &tpm, true, &selection));
	ck_ok(quote_make(cx, &tpm, &ak, &selection, data, &quote, values));
	ck_assert_uint_eq(values->n, 24);
	for (unsigned i = 0; i < 24; i++)
		ck_assert_uint_eq(values->at[i].pcr, i);
	ck_assert(verifies(&ak, quote.attest, quote.signature));
	attest = parse_attest(quote.attest);
	ck_assert_uint_eq(attest.type, TPM2_ST_ATTEST_QUOTE);
	ck_assert(slice_equal(data, SLICE(attest.extraData.buffer,
	    attest.extraData.size)));
}
END_TEST

START_TEST(registers_that_the_tpm_lacks_are_refused_or_left_out)
{
	TPML_PCR_SELECTION selection;

	ck_ok(pcr_parse(cx, "sha256:0+sha512:1", &selection));
	ck_fails(pcr_limit(cx, &tpm, true, &selection), ERR_CONFIG);
	ck_ok(pcr_limit(cx, &tpm, false, &selection));
	ck_assert_uint_eq(selection.count, 1);
	ck_assert_uint_eq(selection.pcrSelections[0].hash, TPM2_ALG_SHA256);
	ck_ok(pcr_parse(cx, "sha512:1", &selection));
	ck_fails(pcr_limit(cx, &tpm, false, &selection), ERR_CONFIG);
}
END_TEST

START_TEST(a_certified_key_is_named_and_cannot_leave)
{
	struct tpm_blob ak = make(TPM_PARENT_ENDORSEMENT, TPM_USE_ATTEST);
	struct tpm_blob key = make(TPM_PARENT_OWNER, TPM_USE_SIGN);
	struct slice public = tpm_public_bytes(cx, &key.public.publicArea);
	struct slice data = slice_text("0123456789abcdef0123456789abcdef");
	uint8_t name[2 + crypto_hash_sha256_BYTES] = { 0, TPM2_ALG_SHA256 };
	uint32_t bits = key.public.publicArea.objectAttributes;
	struct attested certified;
	TPMS_ATTEST attest;

	ck_ok(quote_certify(cx, &tpm, &ak, &key, data, &certified));
	ck_assert(verifies(&ak, certified.attest, certified.signature));
	attest = parse_attest(certified.attest);
	ck_assert_uint_eq(attest.type, TPM2_ST_ATTEST_CERTIFY);
	ck_assert(slice_equal(data, SLICE(attest.extraData.buffer,
	    attest.extraData.size)));
	(void)crypto_hash_sha256(name + 2, public.p, public.n);
	ck_assert(slice_equal(SLICE_OF(name),
	    SLICE(attest.attested.certify.name.name,
	    attest.attested.certify.name.size)));
	ck_assert((bits & TPMA_OBJECT_FIXEDTPM) != 0);
	ck_assert((bits & TPMA_OBJECT_FIXEDPARENT) != 0);
	ck_assert((bits & TPMA_OBJECT_SENSITIVEDATAORIGIN) != 0);
	ck_assert((bits & TPMA_OBJECT_RESTRICTED) == 0);
}
END_TEST

static void
close_for(const struct ek *ek, const struct tpm_blob *ak, struct slice secret,
    struct slice *out_object, struct slice *out_secret)
{
	struct tpm_public ek_public, ak_public;
	struct slice name;

	ck_ok(tpm_public_parse(cx, tpm_public_bytes(cx, &ek->public),
	    &ek_public));
	ck_ok(tpm_public_parse(cx, tpm_public_bytes(cx,
	    &ak->public.publicArea), &ak_public));
	ck_ok(tpm_key_name(cx, &ak_public, &name));
	ck_ok(make_credential(cx, &ek_public, name, secret, out_object,
	    out_secret));
}

START_TEST(every_kind_of_endorsement_key_opens_what_is_for_it)
{
	static const char *const names[] =
	    { "rsa2048", "p256", "rsa2048-h", "p256-h", "p384-h" };
	struct slice secret = slice_text("0123456789abcdef0123456789abcdef");
	struct tpm_blob ak = make(TPM_PARENT_ENDORSEMENT, TPM_USE_ATTEST);

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct slice object, encrypted, opened;
		struct ek ek;

		ck_ok(ek_find(cx, &tpm, names[i], SLICE_NONE, &ek));
		ck_assert_str_eq(ek.name, names[i]);
		close_for(&ek, &ak, secret, &object, &encrypted);
		ck_ok(ek_activate(cx, &tpm, ek.name, &ak, object, encrypted,
		    &opened));
		ck_assert(slice_equal(opened, secret));
	}
}
END_TEST

START_TEST(what_is_for_another_key_is_not_opened)
{
	struct slice secret = slice_text("0123456789abcdef0123456789abcdef");
	struct tpm_blob ak = make(TPM_PARENT_ENDORSEMENT, TPM_USE_ATTEST);
	struct tpm_blob other = make(TPM_PARENT_ENDORSEMENT, TPM_USE_ATTEST);
	struct slice object, encrypted, opened;
	struct ek ek, other_ek;

	ck_ok(ek_find(cx, &tpm, "p256", SLICE_NONE, &ek));
	ck_ok(ek_find(cx, &tpm, "p256-h", SLICE_NONE, &other_ek));
	close_for(&ek, &ak, secret, &object, &encrypted);
	ck_fails(ek_activate(cx, &tpm, ek.name, &other, object, encrypted,
	    &opened), ERR_TPM);
	ck_fails(ek_activate(cx, &tpm, other_ek.name, &ak, object, encrypted,
	    &opened), ERR_TPM);
	ck_fails(ek_activate(cx, &tpm, ek.name, &ak,
	    SLICE(object.p, object.n - 1), encrypted, &opened), ERR_MALFORMED);
	ck_ok(ek_activate(cx, &tpm, ek.name, &ak, object, encrypted, &opened));
}
END_TEST

START_TEST(the_endorsement_key_is_the_one_with_a_certificate)
{
	struct slice none = slice_text("\x30\x82 not a certificate");
	struct ek ek, again, other;

	ck_ok(ek_find(cx, &tpm, "auto", SLICE_NONE, &ek));
	ck_assert_str_eq(ek.name, "rsa2048");
	ck_assert_uint_gt(ek.certificate.n, 0);
	ck_ok(ek_find(cx, &tpm, "p384-h", SLICE_NONE, &other));
	ck_assert_uint_gt(other.certificate.n, 0);
	/* A certificate that is given tells which EK is meant. */
	ck_ok(ek_find(cx, &tpm, "auto", other.certificate, &again));
	ck_assert_str_eq(again.name, "p384-h");
	ck_fails(ek_find(cx, &tpm, "rsa2048", other.certificate, &again),
	    ERR_CONFIG);
	ck_fails(ek_find(cx, &tpm, "auto", none, &again), ERR_CONFIG);
	ck_fails(ek_find(cx, &tpm, "rsa1024", SLICE_NONE, &again),
	    ERR_CONFIG);
}
END_TEST

START_TEST(a_damaged_key_is_refused_and_nothing_stays_behind)
{
	struct tpm_blob key = make(TPM_PARENT_OWNER, TPM_USE_SIGN);
	uint8_t digest[32] = { 1 };
	struct slice r, s;

	ck_ok(tpm_sign(cx, &tpm, &key, SLICE_OF(digest), &r, &s));
	ck_fails(tpm_sign(cx, &tpm, &key, SLICE(digest, 31), &r, &s), ERR_TPM);
	key.private.buffer[key.private.size - 1] ^= 1;
	for (int i = 0; i < 8; i++)
		ck_fails(tpm_sign(cx, &tpm, &key, SLICE_OF(digest), &r, &s),
		    ERR_TPM);
}
END_TEST

/* As UNIT_MAIN, with a TPM for each test. */
int
main(void)
{
	const TTest *tests[] = {
		openssl_signs_with_a_key_in_the_tpm,
		two_keys_are_never_the_same,
		a_quote_covers_the_registers_and_the_data,
		registers_that_the_tpm_lacks_are_refused_or_left_out,
		a_certified_key_is_named_and_cannot_leave,
		every_kind_of_endorsement_key_opens_what_is_for_it,
		what_is_for_another_key_is_not_opened,
		the_endorsement_key_is_the_one_with_a_certificate,
		a_damaged_key_is_refused_and_nothing_stays_behind,
	};
	Suite *suite = suite_create("agent_tpm");
	SRunner *runner;
	int n_failed;

	if (sodium_init() < 0)
		return 99;
	for (size_t i = 0; i < COUNT_OF(tests); i++) {
		TCase *tc = tcase_create(tests[i]->name);

		tcase_add_checked_fixture(tc, begin, end);
		tcase_set_timeout(tc, 600);
		tcase_add_test(tc, tests[i]);
		suite_add_tcase(suite, tc);
	}
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
