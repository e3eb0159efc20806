/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each kind of order about certificates through the real daa-signer, with
 * openssl as the judge.
 */
#include "tests/unit/signer_process.h"

#include "codec/base64.h"
#include "codec/der.h"
#include "pki/cert.h"

/* --- CRL shards ---------------------------------------------------------- */

#define SHARD_URL	"http://status.example:8080/crl/1-7.crl"

START_TEST(a_shard_covers_the_leaves_that_name_it_and_no_others)
{
	struct order_crl_entry entry = { .reason = 1 };
	struct answer good, bad, elsewhere;
	struct order o;
	struct signer s;
	struct chain c;
	struct cert cert;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	elsewhere = ask_ok(&s, &o);
	o.issue.crl_url = SHARD_URL;
	good = ask_ok(&s, &o);
	bad = ask_ok(&s, &o);
	save("good.pem", PEM_CERTIFICATE, good.object);
	save("bad.pem", PEM_CERTIFICATE, bad.object);
	save("elsewhere.pem", PEM_CERTIFICATE, elsewhere.object);
	ck_ok(cert_parse(cx, bad.object, &cert));
	memcpy(entry.serial, cert.serial.p, sizeof(entry.serial));
	entry.revoked_s = ctx_now(cx);
	o = help_crl("tenant-a", c.issuing.sealed, 1);
	o.sign_crl.n_entries = 1;
	o.sign_crl.entries = &entry;
	o.sign_crl.shard_url = SHARD_URL;
	save("crl.pem", PEM_CRL, ask_ok(&s, &o).object);
	ck_assert(says("openssl crl -in crl.pem -noout -text",
	    "X509v3 Issuing Distribution Point: critical"));
	ck_assert(said("Only User Certificates"));
	ck_assert(openssl_verify("-crl_check -CRLfile crl.pem", "good.pem"));
	ck_assert(!openssl_verify("-crl_check -CRLfile crl.pem", "bad.pem"));
	ck_assert(!openssl_verify("-crl_check -CRLfile crl.pem",
	    "elsewhere.pem"));
	ck_assert(says("cat openssl.out", "different CRL scope"));
	/* The complete list covers them all, wherever they point. */
	o.sign_crl.shard_url = "";
	save("crl.pem", PEM_CRL, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("-crl_check -CRLfile crl.pem", "good.pem"));
	ck_assert(!openssl_verify("-crl_check -CRLfile crl.pem", "bad.pem"));
	ck_assert(openssl_verify("-crl_check -CRLfile crl.pem",
	    "elsewhere.pem"));
	/* Numbers are of the CA, whichever of its lists has them. */
	o.sign_crl.shard_url = SHARD_URL;
	ck_assert_uint_eq(ask_ok(&s, &o).crl_number, 3);
	o = help_crl("tenant-a", c.root.sealed, 1);
	o.sign_crl.shard_url = SHARD_URL;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
	stop(&s);
	end();
}
END_TEST

/* --- profiles ------------------------------------------------------------ */

static bool
leaf_says(const char *text)
{
	return says("openssl x509 -in leaf.pem -noout -text", text);
}

START_TEST(a_leaf_says_what_its_flags_ask_for)
{
	struct order o;
	struct signer s;
	struct chain c;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	o.issue.flags = LEAF_SERVER_AUTH | LEAF_CLIENT_AUTH |
	    LEAF_SAN_HARDWARE_NAME;
	o.issue.spiffe_domain = "fleet.example";
	o.issue.ocsp_url = "http://status.example:8080/ocsp";
	save("leaf.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("-purpose sslserver", "leaf.pem"));
	ck_assert(openssl_verify("-purpose sslclient", "leaf.pem"));
	ck_assert(leaf_says("URI:spiffe://fleet.example/device/" HELP_DEVICE));
	ck_assert(leaf_says("OCSP - URI:http://status.example:8080/ocsp"));
	ck_assert(leaf_says("CA Issuers - URI:" HELP_AIA_URL));
	ck_assert(!leaf_says("urn:daapki"));
	ck_assert(says("openssl asn1parse -in leaf.pem -strparse "
	    "$(openssl asn1parse -in leaf.pem | grep -A1 'Alternative Name' | "
	    "tail -1 | cut -d: -f1)", "1.3.6.1.5.5.7.8.4"));

	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	o.issue.flags = LEAF_CLIENT_AUTH | LEAF_NO_REV_AVAIL |
	    LEAF_SAN_PERMANENT_ID;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_LIMIT);
	o.issue.crl_url = "";
	save("leaf.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("-purpose sslclient", "leaf.pem"));
	ck_assert(leaf_says("No Revocation Available"));
	ck_assert(!leaf_says("CRL Distribution"));
	stop(&s);
	end();
}
END_TEST

/* A certificate below the edge CA in edge.pem, whose key is in edge.key. */
static bool
edge_issues(const char *subject, const char *san)
{
	int status = run(arena_printf(cx->arena, "cd %s && "
	    "printf '%%s\\n' %s%s >below.ext && openssl req -new -newkey "
	    "ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout below.key "
	    "-subj '%s' -out below.csr 2>out && openssl x509 -req -in "
	    "below.csr -CA edge.pem -CAkey edge.key -days 1 -extfile "
	    "below.ext -out below.pem 2>>out || exit 9; openssl verify "
	    "-CAfile root.pem -untrusted chain.pem below.pem >>out 2>&1",
	    folder, san[0] != '\0' ? "subjectAltName=" :
	    "basicConstraints=CA:FALSE", san, subject));

	ck_assert_int_ne(status, 9);
	return status == 0;
}

static struct chain
make_edge_chain(struct signer *s)
{
	struct order o = help_root("tenant-a", CA_ALG_P256);
	struct chain c;

	c.root = ask_ok(s, &o);
	o = help_below("tenant-a", CA_ROLE_ISSUING, CA_ALG_P256,
	    c.root.sealed);
	o.make_ca.flags = CA_MAY_EDGE;
	c.issuing = ask_ok(s, &o);
	save("root.pem", PEM_CERTIFICATE, c.root.object);
	save("issuing.pem", PEM_CERTIFICATE, c.issuing.object);
	return c;
}

static struct slice
edge_spki(void)
{
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && openssl "
	    "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "
	    "edge.key && openssl pkey -in edge.key -pubout -outform DER -out "
	    "edge.spki", folder)), 0);
	return load_raw("edge.spki");
}

#define EDGE_SUBJECT	"/O=tenant-a/CN=" HELP_DEVICE

START_TEST(an_edge_ca_signs_names_below_its_own_and_no_others)
{
	struct order o;
	struct signer s;
	struct chain c;

	s = begin_signer();
	c = make_edge_chain(&s);
	o = help_leaf("tenant-a", c.issuing.sealed, edge_spki());
	o.issue.flags = LEAF_EDGE_CA | LEAF_SAN_URN | LEAF_HARDWARE_KEY;
	o.issue.spiffe_domain = "fleet.example";
	o.issue.n_dns_names = 1;
	o.issue.dns_names[0] = "gw7.example";
	save("edge.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("", "edge.pem"));
	ck_assert_int_eq(run(arena_printf(cx->arena,
	    "cd %s && cat issuing.pem edge.pem >chain.pem", folder)), 0);
	ck_assert(edge_issues(EDGE_SUBJECT "/CN=module", ""));
	ck_assert(edge_issues(EDGE_SUBJECT "/CN=module", "DNS:gw7.example"));
	ck_assert(edge_issues(EDGE_SUBJECT "/CN=module", "DNS:a.gw7.example"));
	ck_assert(edge_issues(EDGE_SUBJECT "/CN=module",
	    "URI:spiffe://fleet.example/module"));
	ck_assert(!edge_issues("/O=tenant-a/CN=another", ""));
	ck_assert(!edge_issues("/CN=another", ""));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m", "DNS:www.example"));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m", "IP:192.0.2.1"));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m", "IP:2001:db8::1"));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m", "email:a@example.org"));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m",
	    "URI:spiffe://other.example/module"));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m",
	    "URI:urn:daapki:tenant-a:device:" HELP_DEVICE));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m",
	    "URI:urn:daapki:tenant-a:attestation-results"));
	/* Without names of its own it names no host at all. */
	o.issue.n_dns_names = 0;
	o.issue.spiffe_domain = "";
	save("edge.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert_int_eq(run(arena_printf(cx->arena,
	    "cd %s && cat issuing.pem edge.pem >chain.pem", folder)), 0);
	ck_assert(edge_issues(EDGE_SUBJECT "/CN=module", ""));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m", "DNS:gw7.example"));
	ck_assert(!edge_issues(EDGE_SUBJECT "/CN=m",
	    "URI:spiffe://fleet.example/module"));
	stop(&s);
	end();
}
END_TEST

START_TEST(a_ca_that_was_not_sealed_for_it_signs_no_edge_ca)
{
	struct order o;
	struct signer s;
	struct chain c;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	o.issue.flags = LEAF_EDGE_CA | LEAF_SAN_URN;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
	c = make_edge_chain(&s);
	o.issue.ca = c.issuing.sealed;
	(void)ask_ok(&s, &o);
	o.issue.flags |= LEAF_NO_REV_AVAIL;
	o.issue.crl_url = "";
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_LIMIT);
	o = help_below("tenant-a", CA_ROLE_SERVER, CA_ALG_P256,
	    c.root.sealed);
	o.make_ca.flags = CA_MAY_EDGE;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
	stop(&s);
	end();
}
END_TEST

/* --- roots --------------------------------------------------------------- */

/* Does openssl build a path from leaf.pem to that root alone? */
static bool
verifies(const char *root, const char *between)
{
	return run(arena_printf(cx->arena, "cd %s && cat %s >between.pem && "
	    "openssl verify -x509_strict -purpose sslclient -CAfile %s "
	    "-untrusted between.pem leaf.pem >out 2>&1", folder, between,
	    root)) == 0;
}

static void
cross_roots(struct signer *s, enum ca_alg old_alg, enum ca_alg new_alg,
    const char *new_name)
{
	struct chain old = make_chain(s, "tenant-a", old_alg), new;
	struct order o = help_root("tenant-a", new_alg);

	o.make_ca.common_name = new_name;
	save("old-root.pem", PEM_CERTIFICATE, old.root.object);
	save("old-issuing.pem", PEM_CERTIFICATE, old.issuing.object);
	new.root = ask_ok(s, &o);
	o = help_below("tenant-a", CA_ROLE_ISSUING, new_alg, new.root.sealed);
	new.issuing = ask_ok(s, &o);
	save("new-root.pem", PEM_CERTIFICATE, new.root.object);
	save("new-issuing.pem", PEM_CERTIFICATE, new.issuing.object);
	o = (struct order){ .type = ORDER_CROSS_SIGN, .cross_sign = {
	    .ca = old.root.sealed, .subject = new.root.sealed,
	    .tenant = "tenant-a", .crl_url = HELP_CRL_URL,
	    .aia_url = HELP_AIA_URL } };
	save("new-with-old.pem", PEM_CERTIFICATE, ask_ok(s, &o).object);
	o.cross_sign.ca = new.root.sealed;
	o.cross_sign.subject = old.root.sealed;
	save("old-with-new.pem", PEM_CERTIFICATE, ask_ok(s, &o).object);

	o = help_leaf("tenant-a", new.issuing.sealed, help_spki("P-256"));
	save("leaf.pem", PEM_CERTIFICATE, ask_ok(s, &o).object);
	ck_assert(verifies("new-root.pem", "new-issuing.pem"));
	ck_assert(!verifies("old-root.pem", "new-issuing.pem"));
	ck_assert(verifies("old-root.pem",
	    "new-issuing.pem new-with-old.pem"));
	o = help_leaf("tenant-a", old.issuing.sealed, help_spki("P-256"));
	save("leaf.pem", PEM_CERTIFICATE, ask_ok(s, &o).object);
	ck_assert(verifies("old-root.pem", "old-issuing.pem"));
	ck_assert(!verifies("new-root.pem", "old-issuing.pem"));
	ck_assert(verifies("new-root.pem",
	    "old-issuing.pem old-with-new.pem"));
}

START_TEST(chains_verify_under_the_other_root_through_a_cross_certificate)
{
	struct signer s;

	s = begin_signer();
	cross_roots(&s, CA_ALG_P256, CA_ALG_P384, "second root");
	cross_roots(&s, CA_ALG_P256, CA_ALG_P256, "root");
	cross_roots(&s, CA_ALG_ED25519, CA_ALG_RSA2048, "third root");
	stop(&s);
	end();
}
END_TEST

START_TEST(only_two_roots_of_one_tenant_are_cross_certified)
{
	struct chain a, b;
	struct order o;
	struct signer s;

	s = begin_signer();
	a = make_chain(&s, "tenant-a", CA_ALG_P256);
	b = make_chain(&s, "tenant-b", CA_ALG_P256);
	o = (struct order){ .type = ORDER_CROSS_SIGN, .cross_sign = {
	    .ca = a.root.sealed, .subject = b.root.sealed,
	    .tenant = "tenant-a", .crl_url = "", .aia_url = "" } };
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_TENANT);
	o.cross_sign.tenant = "tenant-b";
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_TENANT);
	o.cross_sign.tenant = "tenant-a";
	o.cross_sign.subject = a.issuing.sealed;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
	o.cross_sign.subject = a.root.sealed;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
	o.cross_sign.ca = a.issuing.sealed;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
	stop(&s);
	end();
}
END_TEST

/* --- a root of the tenant's own ------------------------------------------ */

/* A company's root as no program of ours makes it, and a CA below it. */
static void
make_company(void)
{
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && "
	    "openssl req -x509 -newkey rsa:2048 -nodes -keyout company.key "
	    "-addext keyUsage=critical,keyCertSign,cRLSign -subj "
	    "'/C=SE/O=Company AB/OU=PKI/CN=Company Root' -days 3650 "
	    "-out company.pem 2>out && openssl req -new -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-384 -nodes -keyout middle.key -subj "
	    "'/C=SE/O=Company AB/CN=Middle' -out middle.csr 2>>out && "
	    "printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,"
	    "keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\n"
	    "authorityKeyIdentifier=keyid\\n' >middle.ext && openssl x509 "
	    "-req -in middle.csr -CA company.pem -CAkey company.key -days "
	    "3000 -extfile middle.ext -out middle.pem 2>>out && openssl x509 "
	    "-in company.pem -outform DER -out company.der && openssl x509 "
	    "-in middle.pem -outform DER -out middle.der", folder)), 0);
}

#define GOOD_BASIC	"basicConstraints=critical,CA:TRUE,pathlen:0"
#define GOOD_USAGE	"keyUsage=critical,keyCertSign,cRLSign"

/* The company signs request.der with such extensions, as adopted.der. */
static struct slice
company_signs(const char *basic, const char *usage, const char *more,
    const char *flags)
{
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && printf '%s\\n"
	    "%s\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid"
	    "\\n%s\\n' >adopt.ext && openssl x509 -req -inform DER -in "
	    "request.der -CA middle.pem -CAkey middle.key %s -extfile "
	    "adopt.ext -outform DER -out adopted.der 2>out", folder, basic,
	    usage, more, flags)), 0);
	return load_raw("adopted.der");
}

static struct order
adopt_order(struct slice pending, struct slice certificate)
{
	return (struct order){ .type = ORDER_ADOPT_CA, .adopt_ca = {
		.pending = pending, .tenant = "tenant-a",
		.certificate = certificate, .n_chain = 2,
		.chain = { load_raw("middle.der"), load_raw("company.der") },
	} };
}

static struct answer
request_ca(struct signer *s, enum ca_alg alg)
{
	struct order o = { .type = ORDER_REQUEST_CA, .request_ca = {
	    .tenant = "tenant-a", .alg = (uint8_t)alg,
	    .common_name = "issuing", .leaf_max_s = 86400 * 2 } };
	struct answer a = ask_ok(s, &o);

	save_raw("request.der", a.object);
	return a;
}

START_TEST(a_ca_below_somebody_elses_root_issues_once_it_is_adopted)
{
	static const enum ca_alg algs[] = {
		CA_ALG_P256, CA_ALG_ED25519, CA_ALG_RSA3072,
	};
	struct signer s;

	begin();
	make_company();
	s = start();
	(void)hello(&s);
	for (size_t i = 0; i < COUNT_OF(algs); i++) {
		struct answer pending = request_ca(&s, algs[i]), adopted;
		struct order o;

		ck_assert(says("openssl req -inform DER -in request.der "
		    "-noout -verify -text", "CA:TRUE, pathlen:0"));
		ck_assert(said("verify OK"));
		o = help_leaf("tenant-a", pending.sealed, help_spki("P-256"));
		ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
		o = adopt_order(pending.sealed, company_signs(GOOD_BASIC,
		    GOOD_USAGE, "certificatePolicies=1.2.3.4\\n"
		    "crlDistributionPoints=URI:ldap://company/crl,"
		    "URI:http://company/crl", "-days 365"));
		adopted = ask_ok(&s, &o);
		ck_assert_uint_gt(adopted.seq, 0);
		o = help_leaf("tenant-a", adopted.sealed,
		    help_spki("P-256"));
		save("leaf.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
		save("adopted.pem", PEM_CERTIFICATE, load_raw("adopted.der"));
		ck_assert(verifies("company.pem", "adopted.pem middle.pem"));
		o = help_crl("tenant-a", adopted.sealed, 1);
		(void)ask_ok(&s, &o);
	}
	stop(&s);
	end();
}
END_TEST

static void
adoption_fails(struct signer *s, const struct order *o, const char *word)
{
	struct answer a = ask(s, o);

	ck_assert_uint_eq(a.err.code, ERR_CERT_LINT);
	ck_assert_msg(strstr(a.detail, word) != NULL, "%s: %s", word,
	    a.detail);
}

static const struct { const char *basic, *usage, *more, *flags, *word; }
unfit[] = {
	{ "basicConstraints=critical,CA:FALSE", GOOD_USAGE, "", "-days 9",
	    "pathLen" },
	{ "basicConstraints=critical,CA:TRUE", GOOD_USAGE, "", "-days 9",
	    "pathLen" },
	{ "basicConstraints=critical,CA:TRUE,pathlen:1", GOOD_USAGE, "",
	    "-days 9", "pathLen" },
	{ GOOD_BASIC, "keyUsage=critical,keyCertSign", "", "-days 9",
	    "keyUsage" },
	{ GOOD_BASIC, "keyUsage=critical,cRLSign", "", "-days 9",
	    "keyUsage" },
	{ GOOD_BASIC, GOOD_USAGE, "extendedKeyUsage=emailProtection",
	    "-days 9", "extKeyUsage" },
	{ GOOD_BASIC, GOOD_USAGE, "nameConstraints=critical,permitted;DNS:a",
	    "-days 9", "used here" },
	{ GOOD_BASIC, GOOD_USAGE, "1.2.3.4=critical,DER:0500", "-days 9",
	    "used here" },
	{ GOOD_BASIC, GOOD_USAGE, "", "-days 29000", "not valid now" },
	{ GOOD_BASIC, GOOD_USAGE, "", "-days 9 -force_pubkey middle.pub",
	    "another key" },
};

START_TEST(a_certificate_that_was_not_asked_for_is_not_adopted)
{
	struct answer pending, other;
	struct order o;
	struct signer s;

	begin();
	make_company();
	s = start();
	(void)hello(&s);
	other = request_ca(&s, CA_ALG_P256);
	pending = request_ca(&s, CA_ALG_P256);
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && openssl pkey "
	    "-in middle.key -pubout -out middle.pub", folder)), 0);
	for (size_t i = 0; i < COUNT_OF(unfit); i++) {
		o = adopt_order(pending.sealed, company_signs(unfit[i].basic,
		    unfit[i].usage, unfit[i].more, unfit[i].flags));
		adoption_fails(&s, &o, unfit[i].word);
	}
	o = adopt_order(pending.sealed, company_signs(GOOD_BASIC, GOOD_USAGE,
	    "", "-days 9"));
	o.adopt_ca.chain[0] = load_raw("company.der");
	adoption_fails(&s, &o, "chain");
	o.adopt_ca.chain[0] = load_raw("middle.der");
	o.adopt_ca.n_chain = 1;
	adoption_fails(&s, &o, "not signed by itself");
	o.adopt_ca.n_chain = 0;
	adoption_fails(&s, &o, "chain of 0");
	o.adopt_ca.n_chain = 2;
	o.adopt_ca.tenant = "tenant-b";
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_TENANT);
	o.adopt_ca.tenant = "tenant-a";
	o.adopt_ca.pending = other.sealed;
	adoption_fails(&s, &o, "another key");
	o.adopt_ca.pending = pending.sealed;
	o.adopt_ca.pending = ask_ok(&s, &o).sealed;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
	stop(&s);
	end();
}
END_TEST

/* --- proofs -------------------------------------------------------------- */

START_TEST(a_proof_says_the_nonce_and_is_good_for_nothing_else)
{
	struct order o;
	struct signer s;
	struct chain c;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = (struct order){ .type = ORDER_PROVE, .prove = {
	    .ca = c.issuing.sealed, .tenant = "tenant-a",
	    .nonce = "0FA3 b7/_" } };
	save("leaf.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("", "leaf.pem"));
	ck_assert(says("openssl x509 -in leaf.pem -noout -subject",
	    "CN = 0FA3 b7/_"));
	ck_assert(!leaf_says("CA:TRUE"));
	ck_assert(!leaf_says("Certificate Policies"));
	o.prove.ca = c.root.sealed;
	save("leaf.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("", "leaf.pem"));
	o.prove.nonce = "";
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_LIMIT);
	o.prove.nonce = "\xc3\xa9";
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_LIMIT);
	o.prove.nonce = "n";
	o.prove.tenant = "tenant-b";
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_TENANT);
	stop(&s);
	end();
}
END_TEST

/* --- attestation results -------------------------------------------------- */

/* The JWT's signature in DER, for openssl, and what it is over. */
static void
save_jwt(struct slice jwt)
{
	const char *text = arena_strndup(cx->arena, (const char *)jwt.p, jwt.n);
	const char *dot = strrchr(text, '.');
	struct buf b = buf_in(cx->arena, 128);
	struct slice raw;
	size_t seq;

	ck_assert_ptr_nonnull(dot);
	save_raw("signed", SLICE((const uint8_t *)text, (size_t)(dot - text)));
	ck_assert(base64url_parse(cx->arena, dot + 1, strlen(dot + 1), 64,
	    &raw));
	ck_assert_uint_eq(raw.n, 64);
	seq = der_open(&b, DER_SEQUENCE);
	der_put_unsigned(&b, SLICE(raw.p, 32));
	der_put_unsigned(&b, SLICE(raw.p + 32, 32));
	der_close(&b, seq);
	save_raw("signature", buf_slice(&b));
}

START_TEST(openssl_accepts_attestation_results_below_every_algorithm)
{
	static const uint8_t hash[WIRE_SHA256_SIZE] = { 1 };
	struct signer s = begin_signer();

	for (enum ca_alg alg = CA_ALG_P256; alg <= CA_ALG_RSA4096; alg++) {
		struct chain c = make_chain(&s, "tenant-a", alg);
		struct order o = { .type = ORDER_DELEGATE, .delegate = {
		    .ca = c.issuing.sealed, .tenant = "tenant-a",
		    .role = CA_ROLE_RESULT, .not_before_s = ctx_now(cx) - 60,
		    .not_after_s = ctx_now(cx) + HELP_DAY } };
		struct answer key = ask_ok(&s, &o), a;

		save("key.pem", PEM_CERTIFICATE, key.object);
		ck_assert(says("openssl verify -x509_strict -CAfile root.pem "
		    "-untrusted issuing.pem key.pem", "key.pem: OK"));
		ck_assert(says("openssl x509 -in key.pem -noout -text",
		    "URI:urn:daapki:tenant-a:attestation-results"));
		ck_assert(says("openssl x509 -in key.pem -noout -text",
		    "ASN1 OID: prime256v1"));
		o = (struct order){ .type = ORDER_SIGN_RESULT, .sign_result = {
		    .key = key.sealed, .tenant = "tenant-a",
		    .device_id = HELP_DEVICE, .format = "tpm2",
		    .attested_s = ctx_now(cx) - 1, .tier = AR4SI_AFFIRMING,
		    .group = "default", .policy_version = 1,
		    .policy_sha256 = SLICE_OF(hash), .nonce = "",
		    .life_s = 60 } };
		a = ask_ok(&s, &o);
		ck_assert_uint_eq(a.seq, 0);
		save_jwt(a.object);
		ck_assert(says("openssl x509 -in key.pem -noout -pubkey "
		    ">key.pub && openssl dgst -sha256 -verify key.pub "
		    "-signature signature signed", "Verified OK"));
	}
	stop(&s);
	end();
}
END_TEST

UNIT_MAIN("signer orders",
    chains_verify_under_the_other_root_through_a_cross_certificate,
    only_two_roots_of_one_tenant_are_cross_certified,
    a_ca_below_somebody_elses_root_issues_once_it_is_adopted,
    a_certificate_that_was_not_asked_for_is_not_adopted,
    a_proof_says_the_nonce_and_is_good_for_nothing_else,
    a_shard_covers_the_leaves_that_name_it_and_no_others,
    a_leaf_says_what_its_flags_ask_for,
    an_edge_ca_signs_names_below_its_own_and_no_others,
    a_ca_that_was_not_sealed_for_it_signs_no_edge_ca,
    openssl_accepts_attestation_results_below_every_algorithm)
