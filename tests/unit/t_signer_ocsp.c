/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP answers of the real daa-signer, by the CA's own key and by one that it
 * delegated, with openssl and GnuTLS as the judges.
 */
#include "tests/unit/signer_process.h"

#include "pki/cert.h"
#include "pki/ocsp_request.h"

static bool
lacks_ocsptool(void)
{
	if (run("command -v ocsptool >/dev/null") == 0)
		return false;
	(void)fputs("# skipped: no ocsptool here\n", stdout);
	return true;
}

static struct answer
make_leaf(struct signer *s, const struct chain *c)
{
	struct order o = help_leaf("tenant-a", c->issuing.sealed,
	    help_spki("P-256"));

	return ask_ok(s, &o);
}

static struct order
ocsp_order(struct slice ca, const struct order_ocsp_entry *entries, size_t n)
{
	return (struct order){ .type = ORDER_SIGN_OCSP, .sign_ocsp = {
		.ca = ca, .tenant = "tenant-a",
		.this_update_s = ctx_now(cx) - 60,
		.next_update_s = ctx_now(cx) + 3600,
		.n_entries = n, .entries = entries,
	} };
}

static struct order_ocsp_entry
ocsp_entry(struct slice der, enum ocsp_status status, bool sha256)
{
	struct order_ocsp_entry e = { .status = (uint8_t)status,
	    .sha256 = sha256 };
	struct cert cert;

	ck_ok(cert_parse(cx, der, &cert));
	memcpy(e.serial, cert.serial.p, cert.serial.n);
	e.n_serial = (uint8_t)cert.serial.n;
	if (status == OCSP_REVOKED) {
		e.revoked_s = ctx_now(cx) - 30;
		e.reason = 1;
	}
	return e;
}

/* What `openssl ocsp` finds in ocsp.der about a certificate's file. */
static bool
ocsp_says(const char *file, const char *flags, const char *text)
{
	return says(arena_printf(cx->arena, "openssl ocsp -issuer issuing.pem "
	    "%s -cert %s -respin ocsp.der -CAfile root.pem -verify_other "
	    "issuing.pem", flags, file), text);
}

START_TEST(openssl_accepts_ocsp_answers_of_every_algorithm_and_status)
{
	static const char *const words[] = { "good", "revoked", "unknown" };
	struct signer s;

	s = begin_signer();
	for (enum ca_alg alg = CA_ALG_P256; alg <= CA_ALG_RSA4096; alg++) {
		struct chain c = make_chain(&s, "tenant-a", alg);
		struct answer leaf = make_leaf(&s, &c);
		struct order o;

		save("leaf.pem", PEM_CERTIFICATE, leaf.object);
		for (unsigned i = 0; i < 6; i++) {
			struct order_ocsp_entry e = ocsp_entry(leaf.object,
			    (enum ocsp_status)(i / 2), i % 2 == 1);

			o = ocsp_order(c.issuing.sealed, &e, 1);
			save_raw("ocsp.der", ask_ok(&s, &o).object);
			ck_assert(ocsp_says("leaf.pem", i % 2 == 1 ?
			    "-no_nonce -sha256" : "-no_nonce -sha1",
			    "Response verify OK"));
			ck_assert(ocsp_says("leaf.pem", i % 2 == 1 ?
			    "-no_nonce -sha256" : "-no_nonce -sha1",
			    arena_printf(cx->arena, "leaf.pem: %s",
			    words[i / 2])));
		}
	}
	stop(&s);
	end();
}
END_TEST

START_TEST(a_request_of_openssl_is_answered_with_its_nonce_for_all_it_asks)
{
	struct order_ocsp_entry entries[2];
	struct ocsp_request request;
	struct answer one, two;
	struct order o;
	struct signer s;
	struct chain c;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	one = make_leaf(&s, &c);
	two = make_leaf(&s, &c);
	save("one.pem", PEM_CERTIFICATE, one.object);
	save("two.pem", PEM_CERTIFICATE, two.object);
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && openssl ocsp "
	    "-issuer issuing.pem -cert one.pem -cert two.pem -nonce "
	    "-reqout request.der", folder)), 0);
	ck_ok(ocsp_request_parse(cx, load_raw("request.der"), &request));
	ck_assert_uint_eq(request.n, 2);
	entries[0] = ocsp_entry(one.object, OCSP_GOOD, request.ids[0].sha256);
	entries[1] = ocsp_entry(two.object, OCSP_REVOKED,
	    request.ids[1].sha256);
	ck_assert(slice_equal(request.ids[1].serial, SLICE(
	    entries[1].serial, entries[1].n_serial)));
	o = ocsp_order(c.issuing.sealed, entries, 2);
	o.sign_ocsp.nonce = request.nonce;
	save_raw("ocsp.der", ask_ok(&s, &o).object);
	ck_assert(says("openssl ocsp -reqin request.der -issuer issuing.pem "
	    "-respin ocsp.der -CAfile root.pem -verify_other issuing.pem",
	    "Response verify OK"));
	ck_assert(!said("WARNING: no nonce"));
	ck_assert(!said("Nonce Verify error"));
	o.sign_ocsp.nonce = slice_text("another");
	save_raw("ocsp.der", ask_ok(&s, &o).object);
	ck_assert(says("openssl ocsp -reqin request.der -issuer issuing.pem "
	    "-respin ocsp.der -CAfile root.pem -verify_other issuing.pem",
	    "Nonce Verify error"));
	stop(&s);
	end();
}
END_TEST

static struct answer
make_delegate(struct signer *s, struct slice ca)
{
	struct order o = { .type = ORDER_DELEGATE, .delegate = {
	    .role = CA_ROLE_OCSP, .ca = ca, .tenant = "tenant-a",
	    .not_before_s = ctx_now(cx) - 60,
	    .not_after_s = ctx_now(cx) + 3 * HELP_DAY } };

	return ask_ok(s, &o);
}

START_TEST(openssl_accepts_ocsp_answers_of_delegates_of_every_algorithm)
{
	struct signer s;

	s = begin_signer();
	for (enum ca_alg alg = CA_ALG_P256; alg <= CA_ALG_RSA4096; alg++) {
		struct chain c = make_chain(&s, "tenant-a", alg);
		struct answer leaf = make_leaf(&s, &c);
		struct order o;
		struct answer delegate = make_delegate(&s, c.issuing.sealed);
		struct order_ocsp_entry e = ocsp_entry(leaf.object,
		    OCSP_REVOKED, false);

		ck_assert_uint_gt(delegate.seq, leaf.seq);
		save("leaf.pem", PEM_CERTIFICATE, leaf.object);
		save("delegate.pem", PEM_CERTIFICATE, delegate.object);
		ck_assert(says("openssl verify -x509_strict -CAfile root.pem "
		    "-untrusted issuing.pem -purpose ocsphelper delegate.pem",
		    "delegate.pem: OK"));
		o = ocsp_order(delegate.sealed, &e, 1);
		save_raw("ocsp.der", ask_ok(&s, &o).object);
		ck_assert(ocsp_says("leaf.pem", "-no_nonce",
		    "Response verify OK"));
		ck_assert(ocsp_says("leaf.pem", "-no_nonce",
		    "leaf.pem: revoked"));
		/* The CA's certificate must not be needed as the signer's. */
		ck_assert(says("openssl ocsp -issuer issuing.pem -no_nonce "
		    "-cert leaf.pem -respin ocsp.der -CAfile issuing.pem "
		    "-partial_chain", "Response verify OK"));
	}
	stop(&s);
	end();
}
END_TEST

START_TEST(gnutls_accepts_an_ocsp_answer_of_a_delegate)
{
	struct order_ocsp_entry e;
	struct answer leaf, delegate;
	struct order o;
	struct signer s;
	struct chain c;

	if (lacks_ocsptool())
		return;
	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	leaf = make_leaf(&s, &c);
	delegate = make_delegate(&s, c.issuing.sealed);
	e = ocsp_entry(leaf.object, OCSP_GOOD, false);
	o = ocsp_order(delegate.sealed, &e, 1);
	save_raw("ocsp.der", ask_ok(&s, &o).object);
	ck_assert(says("ocsptool --verify-response --load-trust issuing.pem "
	    "--infile ocsp.der", "Verifying OCSP Response: Success"));
	/* That of another CA is not this one's. */
	(void)make_chain(&s, "tenant-a", CA_ALG_P256);
	ck_assert(!says("ocsptool --verify-response --load-trust issuing.pem "
	    "--infile ocsp.der", "Verifying OCSP Response: Success"));
	stop(&s);
	end();
}
END_TEST

START_TEST(gnutls_accepts_an_ocsp_answer)
{
	struct order_ocsp_entry e;
	struct answer leaf;
	struct order o;
	struct signer s;
	struct chain c;

	if (lacks_ocsptool())
		return;
	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	leaf = make_leaf(&s, &c);
	e = ocsp_entry(leaf.object, OCSP_GOOD, false);
	o = ocsp_order(c.issuing.sealed, &e, 1);
	save_raw("ocsp.der", ask_ok(&s, &o).object);
	ck_assert(says("ocsptool --verify-response --load-signer issuing.pem "
	    "--infile ocsp.der", "Verifying OCSP Response: Success"));
	stop(&s);
	end();
}
END_TEST

UNIT_MAIN("signer OCSP",
    openssl_accepts_ocsp_answers_of_every_algorithm_and_status,
    a_request_of_openssl_is_answered_with_its_nonce_for_all_it_asks,
    gnutls_accepts_an_ocsp_answer,
    openssl_accepts_ocsp_answers_of_delegates_of_every_algorithm,
    gnutls_accepts_an_ocsp_answer_of_a_delegate)
