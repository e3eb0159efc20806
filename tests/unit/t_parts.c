/* SPDX-License-Identifier: Apache-2.0 */
/* A maker's list of parts, and the signature that makes it a manifest. */
#include "tests/unit/unit.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "cli/parts.h"
#include "pki/jws.h"
#include "pki/jws_sign.h"

#define ID	"sgx:0123456789abcdef"
#define LINE	"{\"hardware_id\":\"" ID "\"}\n"

static const char *
read_as(bool csv, const char *text)
{
	struct slice out;
	size_t n, lines = 0;

	ck_ok(parts_read(cx, slice_text(text), csv, &out, &n));
	for (size_t i = 0; i < out.n; i++)
		lines += out.p[i] == '\n';
	ck_assert_uint_eq(lines, n);
	return arena_strndup(cx->arena, (const char *)out.p, out.n);
}

static void
refused(bool csv, const char *text, const char *line)
{
	struct slice out;
	size_t n;

	ck_fails(parts_read(cx, slice_text(text), csv, &out, &n),
	    ERR_MALFORMED);
	ck_assert_msg(strstr(cx->trail->note, line) != NULL, "%s: %s", text,
	    cx->trail->note);
	ctx_forget(cx);
}

START_TEST(columns_are_in_any_order_and_empty_fields_are_left_out)
{
	ck_assert_str_eq(read_as(true, "batch,hardware_id,claim_secret\r\n"
	    "b7," ID ",label-11\r\n"
	    "\r\n"
	    "," ID ",\n"
	    "\"b,8\"," ID),
	    "{\"batch\":\"b7\",\"hardware_id\":\"" ID "\","
	    "\"claim_secret\":\"label-11\"}\n" LINE
	    "{\"batch\":\"b,8\",\"hardware_id\":\"" ID "\"}\n");
	ck_assert_str_eq(read_as(true, "hardware_id\n"), "");
}
END_TEST

START_TEST(ndjson_is_taken_as_it_is)
{
	ck_assert_str_eq(read_as(false, LINE "\n\r\n{ \"hardware_id\": \"" ID
	    "\", \"model\": \"m\" }"), LINE
	    "{\"hardware_id\":\"" ID "\",\"model\":\"m\"}\n");
	ck_assert_str_eq(read_as(false, ""), "");
}
END_TEST

START_TEST(what_the_server_would_refuse_is_told_with_its_line)
{
	refused(true, "", "first line");
	refused(true, ID "\n", "column 1");
	refused(true, "hardware_id,colour\n", "column 2");
	refused(true, "model,model\n", "column 2");
	refused(true, "hardware_id,batch\n" ID ",b\n" ID ",b,c\n", "line 3");
	refused(true, "hardware_id,batch\n,b\n", "line 2");
	refused(true, "hardware_id\nSGX:00\n", "line 2");
	refused(true, "hardware_id\nsgx:0G\n", "line 2");
	refused(true, "hardware_id\nsgx:\n", "line 2");
	refused(true, "hardware_id\n\nsgx:", "line 3");
	refused(true, "hardware_id\n:00\n", "line 2");
	refused(true, "hardware_id\n\"" ID "\n", "line 2");
	refused(true, "hardware_id,claim_secret\n" ID ",1234567\n", "line 2");
	refused(true, "hardware_id,model\n" ID ",\xff\n", "line 2");
	refused(false, LINE "{\n", "line 2");
	refused(false, "[]\n", "line 1");
	refused(false, LINE LINE "{\"hardware_id\":\"" ID "\",\"x\":1}\n",
	    "line 3");
	refused(false, "{\"hardware_id\":\"" ID "\",\"batch\":7}\n",
	    "line 1");
}
END_TEST

/* --- signatures ------------------------------------------------------- */

static struct slice
pem_of(EVP_PKEY *key, const EVP_CIPHER *cipher)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct slice out;
	char *p;
	long n;

	ck_assert_int_eq(PEM_write_bio_PKCS8PrivateKey(bio, key, cipher,
	    cipher == NULL ? NULL : "pass", cipher == NULL ? 0 : 4, NULL,
	    NULL), 1);
	n = BIO_get_mem_data(bio, &p);
	out = slice_dup(cx->arena, SLICE(p, (size_t)n));
	BIO_free(bio);
	return out;
}

static struct slice
spki_of(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct slice out = slice_dup(cx->arena, SLICE(der, (size_t)n));

	OPENSSL_free(der);
	return out;
}

START_TEST(what_is_signed_is_what_the_server_verifies)
{
	EVP_PKEY *const keys[] = { EVP_EC_gen("P-256"),
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_RSA_gen(2048) };
	static const char *const algs[] = { "ES256", "EdDSA", "RS256" };

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct slice text, spki = spki_of(keys[i]);
		EVP_PKEY *key;
		struct jws jws;

		ck_ok(jws_key_read(cx, pem_of(keys[i], NULL), &key));
		ck_ok(jws_sign(cx, key, "daapki-manifest", slice_text(LINE),
		    &text));
		ck_ok(jws_parse(cx, text, 4096, &jws));
		ck_assert_str_eq(jws.alg, algs[i]);
		ck_assert_str_eq(jws.typ, "daapki-manifest");
		ck_assert_uint_eq(strlen(jws.kid), 64);
		ck_assert(slice_equal(jws.payload, slice_text(LINE)));
		ck_ok(jws_verify(cx, &jws, spki, ERR_MANIFEST));
		ck_fails(jws_verify(cx, &jws, spki_of(keys[(i + 1) % 3]),
		    ERR_MANIFEST), ERR_MANIFEST);
	}
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		EVP_PKEY_free(keys[i]);
}
END_TEST

START_TEST(a_key_that_signs_no_manifest_is_refused)
{
	EVP_PKEY *p384 = EVP_EC_gen("P-384"), *rsa = EVP_RSA_gen(1024);
	EVP_PKEY *good = EVP_EC_gen("P-256"), *key;

	ck_fails(jws_key_read(cx, pem_of(p384, NULL), &key), ERR_CONFIG);
	ck_fails(jws_key_read(cx, pem_of(rsa, NULL), &key), ERR_CONFIG);
	ck_fails(jws_key_read(cx, pem_of(good, EVP_aes_128_cbc()), &key),
	    ERR_CONFIG);
	ck_fails(jws_key_read(cx, slice_text("nonsense"), &key), ERR_CONFIG);
	ck_fails(jws_key_read(cx, SLICE_NONE, &key), ERR_CONFIG);
	ck_ok(jws_key_read(cx, pem_of(good, NULL), &key));
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(good);
}
END_TEST

static const char *
claims_of(struct slice text, const char *batch, const char *group)
{
	struct slice out;
	size_t n, lines = 0;

	ck_ok(parts_claims(cx, text, batch, group, &out, &n));
	for (size_t i = 0; i < out.n; i++)
		lines += out.p[i] == '\n';
	ck_assert_uint_eq(lines, n);
	return arena_strndup(cx->arena, (const char *)out.p, out.n);
}

START_TEST(a_manifest_becomes_the_claims_of_a_batch)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct slice text, out;
	size_t n;

	ck_ok(jws_sign(cx, key, "daapki-manifest", slice_text(
	    "{\"hardware_id\":\"sgx:01\",\"batch\":\"b7\","
	    "\"model\":\"m\",\"claim_secret\":\"label-11\"}\n"
	    "{\"hardware_id\":\"sgx:02\",\"batch\":\"b8\"}\n"
	    "{\"hardware_id\":\"sgx:03\"}\n"), &text));
	ck_assert(parts_is_manifest(text));
	ck_assert(!parts_is_manifest(slice_text(LINE)));
	ck_assert(!parts_is_manifest(slice_text("ey")));
	ck_assert_str_eq(claims_of(text, "b7", "lab"),
	    "{\"hardware_id\":\"sgx:01\",\"group\":\"lab\","
	    "\"claim_secret\":\"label-11\"}\n");
	ck_assert_str_eq(claims_of(text, "b8", NULL),
	    "{\"hardware_id\":\"sgx:02\"}\n");
	ck_assert_str_eq(claims_of(text, "b9", NULL), "");
	ck_assert_str_eq(claims_of(slice_text(arena_printf(cx->arena,
	    "%s\n", (const char *)text.p)), NULL, NULL),
	    "{\"hardware_id\":\"sgx:01\","
	    "\"claim_secret\":\"label-11\"}\n"
	    "{\"hardware_id\":\"sgx:02\"}\n{\"hardware_id\":\"sgx:03\"}\n");
	ck_fails(parts_claims(cx, text, NULL, "\xff", &out, &n),
	    ERR_PARAMETER);
	ck_ok(jws_sign(cx, key, "daapki-manifest", slice_text("{}"), &text));
	ck_fails(parts_claims(cx, text, NULL, NULL, &out, &n),
	    ERR_MALFORMED);
	ck_fails(parts_claims(cx, slice_text("eyJ"), NULL, NULL, &out, &n),
	    ERR_MALFORMED);
	EVP_PKEY_free(key);
}
END_TEST

UNIT_MAIN("parts",
    columns_are_in_any_order_and_empty_fields_are_left_out,
    ndjson_is_taken_as_it_is,
    what_the_server_would_refuse_is_told_with_its_line,
    what_is_signed_is_what_the_server_verifies,
    a_key_that_signs_no_manifest_is_refused,
    a_manifest_becomes_the_claims_of_a_batch)
