/* SPDX-License-Identifier: Apache-2.0 */
/* Operators' CAs, what they signed and revoked, all made by openssl. */
#include "tests/unit/fleet.h"

#include <stdlib.h>

#include "base/file.h"
#include "server/operator_ca.h"

#define DAY	86400
#define LATE	"20200101000000Z"

static const char *folder;

static const char *
in(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", folder, name);
}

static void
run(const char *command)
{
	ck_assert_msg(system(arena_printf(cx->arena, "cd %s && { %s; } "
	    ">>log 2>&1", folder, command)) == 0, "%s", command);
}

/* A CA with its database for `openssl ca`. */
static void
make_ca(const char *name)
{
	run(arena_printf(cx->arena, "mkdir %s && : >%s/index && echo 01 >%s/n "
	    "&& printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=%s/index\\n"
	    "crlnumber=%s/n\\ndefault_md=sha256\\ncertificate=%s.pem\\n"
	    "private_key=%s.key\\n' >%s/conf", name, name, name, name, name,
	    name, name, name));
	run(arena_printf(cx->arena, "openssl req -x509 -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=%s -keyout "
	    "%s.key -out %s.pem -addext keyUsage=critical,keyCertSign,cRLSign",
	    name, name, name));
}

static void
make_leaf(const char *ca, const char *name, const char *san)
{
	run(arena_printf(cx->arena, "printf 'extendedKeyUsage=clientAuth\\n"
	    "authorityKeyIdentifier=keyid\\n%s%s\\n' >%s.ext && "
	    "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
	    "-subj /O=Example/CN=%s -keyout %s.key -out %s.csr && "
	    "openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -days 3 "
	    "-extfile %s.ext -out %s.pem -CAcreateserial",
	    san == NULL ? "" : "subjectAltName=", san == NULL ? "" : san,
	    name, name, name, name, name, ca, ca, name, name));
}

/* With more: "-crldays 7", or what else says until when it holds. */
static void
make_crl(const char *ca, const char *out, const char *more)
{
	run(arena_printf(cx->arena, "openssl ca -config %s/conf -gencrl %s "
	    "-out %s", ca, more, out));
	/* It begins now. */
	fleet.now_s = clock_system.now_s(clock_system.arg);
}

static void
begin(void)
{
	fleet_open();
	folder = arena_strdup(cx->arena, "/tmp/t_operator_ca.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp((char *)(uintptr_t)folder));
	make_ca("one");
	make_ca("two");
	make_leaf("one", "alice", NULL);
	make_leaf("two", "bob", NULL);
	make_crl("one", "one.crl", "-crldays 7");
	make_crl("two", "two.crl", "-crldays 7");
	run("cat one.pem two.pem >cas.pem");
}

static void
end(void)
{
	ck_assert_int_eq(system(arena_printf(cx->arena, "rm -rf %s",
	    folder)), 0);
	fleet_close();
}

/* crls: files to put together; NULL: none are asked for. */
static struct err
open_with(const char *crls, struct operator_ca **out)
{
	if (crls != NULL)
		run(arena_printf(cx->arena, "cat %s >crls.pem", crls));
	return operator_ca_open(cx, in("cas.pem"), crls == NULL ? "" :
	    in("crls.pem"), out);
}

static struct err
verify(const struct operator_ca *ca, const char *name,
    struct token_certificate *out)
{
	struct slice der;

	run(arena_printf(cx->arena, "openssl x509 -in %s.pem -outform DER "
	    "-out %s.der", name, name));
	ck_ok(file_read(cx, in(arena_printf(cx->arena, "%s.der", name)),
	    8192, &der));
	return operator_ca_verify(cx, &fleet.a, ca, der, out);
}

static bool
is_taken(const char *crls, const char *name)
{
	struct token_certificate shown;
	struct operator_ca *ca;
	struct err e;

	ck_ok(open_with(crls, &ca));
	e = verify(ca, name, &shown);
	operator_ca_close(ca);
	ck_assert(!failed(e) || e.code == ERR_AUTH_CERTIFICATE);
	return !failed(e);
}

START_TEST(a_certificate_is_taken_until_its_ca_revokes_it)
{
	begin();
	ck_assert(is_taken(NULL, "alice"));
	ck_assert(is_taken("one.crl two.crl", "alice"));
	run("openssl ca -config one/conf -revoke alice.pem");
	make_crl("one", "new.crl", "-crldays 7");
	ck_assert(!is_taken("new.crl two.crl", "alice"));
	/* Also beside an older one that does not know it, in either order. */
	ck_assert(!is_taken("one.crl new.crl two.crl", "alice"));
	ck_assert(!is_taken("new.crl one.crl two.crl", "alice"));
	ck_assert(is_taken("new.crl two.crl", "bob"));
	end();
}
END_TEST

START_TEST(a_list_that_no_ca_of_the_file_signed_is_refused_at_the_start)
{
	struct operator_ca *ca;

	begin();
	make_ca("stranger");
	make_crl("stranger", "stranger.crl", "-crldays 7");
	ck_fails(open_with("one.crl stranger.crl", &ca), ERR_CONFIG);
	/* The right name is not enough. */
	run("mkdir old && mv one one.pem one.key old/");
	make_ca("one");
	make_crl("one", "other.crl", "-crldays 7");
	ck_fails(open_with("other.crl two.crl", &ca), ERR_CONFIG);
	run("printf 'nothing\\n' >none");
	ck_fails(open_with("none", &ca), ERR_CONFIG);
	end();
}
END_TEST

START_TEST(a_changed_list_is_refused_at_the_start)
{
	struct operator_ca *ca;
	struct slice crl;

	begin();
	run("openssl ca -config one/conf -revoke alice.pem");
	make_crl("one", "one.crl", "-crldays 7");
	run("openssl crl -in one.crl -outform DER -out one.der");
	ck_ok(file_read(cx, in("one.der"), 8192, &crl));
	/* A bit of the signature, which is the last. */
	((uint8_t *)(uintptr_t)crl.p)[crl.n - 1] ^= 1;
	ck_ok(file_replace(cx, in("bad.der"), 0600, crl));
	run("openssl crl -inform DER -in bad.der -out bad.crl");
	ck_fails(open_with("bad.crl two.crl", &ca), ERR_CONFIG);
	end();
}
END_TEST

START_TEST(a_ca_whose_list_has_run_out_or_is_missing_has_none_taken)
{
	struct token_certificate shown;
	struct operator_ca *ca;

	begin();
	ck_assert(!is_taken("two.crl", "alice"));
	ck_assert(is_taken("two.crl", "bob"));
	make_crl("one", "late.crl", "-crl_lastupdate " LATE
	    " -crl_nextupdate 20200201000000Z");
	ck_assert(!is_taken("late.crl two.crl", "alice"));
	ck_assert(is_taken("late.crl two.crl", "bob"));
	/* A newer one beside it is what counts. */
	ck_assert(is_taken("late.crl one.crl two.crl", "alice"));
	ck_assert(is_taken("one.crl late.crl two.crl", "alice"));
	make_crl("one", "soon.crl", "-crl_lastupdate 20990101000000Z "
	    "-crl_nextupdate 20990201000000Z");
	ck_assert(!is_taken("soon.crl two.crl", "alice"));
	/* And while the server runs. */
	ck_ok(open_with("one.crl two.crl", &ca));
	ck_ok(verify(ca, "alice", &shown));
	fleet.now_s += 6 * DAY;
	ck_ok(verify(ca, "alice", &shown));
	fleet.now_s += 2 * DAY;
	ck_fails(verify(ca, "alice", &shown), ERR_AUTH_CERTIFICATE);
	operator_ca_close(ca);
	end();
}
END_TEST

/* "; " after each. */
static const char *
names_of(const char *san)
{
	const char *text = "";
	struct token_certificate shown;
	struct operator_ca *ca;

	make_leaf("one", "carol", san);
	ck_ok(open_with(NULL, &ca));
	ck_ok(verify(ca, "carol", &shown));
	operator_ca_close(ca);
	for (size_t i = 0; i < shown.n_names; i++)
		text = arena_printf(cx->arena, "%s%s; ", text, shown.names[i]);
	return text;
}

START_TEST(an_alternative_name_is_one_of_its_kind_and_goes_before_the_subject)
{
#define SUBJECT	"subject:CN=carol,O=Example; "
	begin();
	ck_assert_str_eq(names_of(NULL), SUBJECT);
	ck_assert_str_eq(names_of("DNS:c.example,email:c@example.com,"
	    "URI:spiffe://example/carol"), "san:uri:spiffe://example/carol; "
	    "san:email:c@example.com; san:dns:c.example; " SUBJECT);
	ck_assert_str_eq(names_of("DNS:c.example,DNS:d.example,"
	    "email:c@example.com"), "san:email:c@example.com; " SUBJECT);
	ck_assert_str_eq(names_of("IP:192.0.2.1,RID:1.2.3,DNS:C.Example"),
	    "san:dns:C.Example; " SUBJECT);
	end();
#undef SUBJECT
}
END_TEST

UNIT_MAIN("operator CAs",
    a_certificate_is_taken_until_its_ca_revokes_it,
    a_list_that_no_ca_of_the_file_signed_is_refused_at_the_start,
    a_changed_list_is_refused_at_the_start,
    a_ca_whose_list_has_run_out_or_is_missing_has_none_taken,
    an_alternative_name_is_one_of_its_kind_and_goes_before_the_subject)
