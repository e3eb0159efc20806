/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of order through the real daa-signer, with openssl as the judge. */
#include "tests/unit/signer_process.h"

#include "pki/cert.h"
#include "pki/ocsp_request.h"

static void
save_raw(const char *name, struct slice bytes)
{
	FILE *f = fopen(in_folder(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	ck_assert_int_eq(fclose(f), 0);
}

/* Does the program's output hold that text? */
static bool
says(const char *command, const char *text)
{
	return run(arena_printf(cx->arena, "cd %s && %s >out 2>&1; "
	    "grep -q -- '%s' out", folder, command, text)) == 0;
}

static struct slice
load(const char *name)
{
	FILE *f = fopen(in_folder(name), "r");
	uint8_t *p = arena_alloc(cx->arena, 65536);
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(p, 1, 65536, f);
	ck_assert_int_eq(fclose(f), 0);
	return SLICE(p, n);
}

/* --- OCSP ---------------------------------------------------------------- */

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

	begin();
	s = start();
	(void)hello(&s);
	for (enum ca_alg alg = CA_ALG_P256; alg <= CA_ALG_RSA4096; alg++) {
		struct chain c = make_chain(&s, "tenant-a", alg);
		struct order o = help_leaf("tenant-a", c.issuing.sealed,
		    help_spki("P-256"));
		struct answer leaf = ask_ok(&s, &o);

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

	begin();
	s = start();
	(void)hello(&s);
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	one = ask_ok(&s, &o);
	two = ask_ok(&s, &o);
	save("one.pem", PEM_CERTIFICATE, one.object);
	save("two.pem", PEM_CERTIFICATE, two.object);
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && openssl ocsp "
	    "-issuer issuing.pem -cert one.pem -cert two.pem -nonce "
	    "-reqout request.der", folder)), 0);
	ck_ok(ocsp_request_parse(cx, load("request.der"), &request));
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
	ck_assert(!says("cat out", "WARNING: no nonce"));
	ck_assert(!says("cat out", "Nonce Verify error"));
	o.sign_ocsp.nonce = slice_text("another");
	save_raw("ocsp.der", ask_ok(&s, &o).object);
	ck_assert(says("openssl ocsp -reqin request.der -issuer issuing.pem "
	    "-respin ocsp.der -CAfile root.pem -verify_other issuing.pem",
	    "Nonce Verify error"));
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

	if (run("command -v ocsptool >/dev/null") != 0) {
		(void)fputs("# skipped: no ocsptool here\n", stdout);
		return;
	}
	begin();
	s = start();
	(void)hello(&s);
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	leaf = ask_ok(&s, &o);
	e = ocsp_entry(leaf.object, OCSP_GOOD, false);
	o = ocsp_order(c.issuing.sealed, &e, 1);
	save_raw("ocsp.der", ask_ok(&s, &o).object);
	ck_assert(says("ocsptool --verify-response --load-signer issuing.pem "
	    "--infile ocsp.der", "Verifying OCSP Response: Success"));
	stop(&s);
	end();
}
END_TEST

UNIT_MAIN("signer orders",
    openssl_accepts_ocsp_answers_of_every_algorithm_and_status,
    a_request_of_openssl_is_answered_with_its_nonce_for_all_it_asks,
    gnutls_accepts_an_ocsp_answer)
