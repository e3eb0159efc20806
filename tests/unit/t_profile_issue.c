/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each member of a profile does to a certificate: the real signer makes
 * it, OpenSSL reads and judges it.
 */
#include "tests/unit/shell.h"

#include <unistd.h>

#include "authority/claim.h"
#include "authority/client.h"
#include "authority/crls.h"
#include "authority/issuers.h"
#include "authority/life.h"
#include "authority/own_root.h"
#include "authority/profile.h"

#define DEVICE	LEAVES_DEVICE

static const struct authority *a;

static void
begin(void)
{
	leaves_open();
	a = realm->authority;
}

static const struct issuer *
active(const struct tenant *of)
{
	const struct issuer *issuer = issuers_active(a, of->id,
	    CA_ROLE_ISSUING);

	ck_assert_ptr_nonnull(issuer);
	return issuer;
}

/* Its text as OpenSSL reads it, in cert.txt; extensions also as raw DER. */
static void
show(struct slice der)
{
	put_pem("cert.pem", &der, 1);
	ck_assert(shell("openssl x509 -in cert.pem -noout -text >cert.txt && "
	    "openssl asn1parse -in cert.pem >>cert.txt"));
}

static bool
shows(const char *pattern)
{
	return shell(arena_printf(cx->arena, "grep -Eq -e '%s' cert.txt",
	    pattern));
}

/* --- one member each -------------------------------------------------------- */

#define PERMANENT_ID	"othername: ?(1\\.3\\.6\\.1\\.5\\.5\\.7\\.8\\.3|Permanent Identifier):"
#define HARDWARE_NAME	"othername: ?(1\\.3\\.6\\.1\\.5\\.5\\.7\\.8\\.4|.*Hardware Module Name):"
#define NO_REV_AVAIL	":(2\\.5\\.29\\.56|.*[Nn]o [Rr]ev.*)"

static const struct { const char *document, *there, *absent; } members[] = {
	{ "{}", "TLS Web Client Authentication$", "TLS Web Server" },
	{ "{}", "URI:urn:daapki:tenant-a:device:" DEVICE, "URI:spiffe" },
	{ "{}", PERMANENT_ID, HARDWARE_NAME },
	{ "{}", "URI:http://127.0.0.1:8080/crl/[0-9a-f]{40}/[1-4].crl",
	    NO_REV_AVAIL },
	{ "{}", "OCSP - URI:http://127.0.0.1:8080/ocsp/", "CA:TRUE" },
	{ "{\"extended_key_usage\":[\"serverAuth\"]}",
	    "TLS Web Server Authentication", "TLS Web Client" },
	{ "{\"extended_key_usage\":[\"clientAuth\",\"serverAuth\"]}",
	    "TLS Web Server Authentication, TLS Web Client", "CA:TRUE" },
	{ "{\"subject_alt_names\":[\"urn\"]}", "URI:urn:", PERMANENT_ID },
	{ "{\"subject_alt_names\":[\"permanentIdentifier\"]}", PERMANENT_ID,
	    "URI:urn:" },
	{ "{\"subject_alt_names\":[\"hardwareModuleName\"]}", HARDWARE_NAME,
	    PERMANENT_ID },
	{ "{\"subject_alt_names\":[\"spiffe\"],"
	    "\"spiffe_trust_domain\":\"fleet.example\"}",
	    "URI:spiffe://fleet.example/device/" DEVICE, "URI:urn:" },
	{ "{\"revocation\":[\"crl\"]}", "/crl/", "OCSP - URI" },
	{ "{\"revocation\":[\"ocsp\"]}", "OCSP - URI", "/crl/" },
	{ "{\"revocation\":[]}", "CA Issuers - URI",
	    "/crl/|OCSP - URI|" NO_REV_AVAIL },
	{ "{\"revocation\":[\"noRevAvail\"]}", NO_REV_AVAIL,
	    "/crl/|OCSP - URI" },
};

START_TEST(each_member_says_what_it_should_and_nothing_else)
{
	begin();
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		struct certificate_row row = leaves_issue_by(&tenant,
		    members[i].document, leaves_spki());
		const struct issuer *issuer = active(&tenant);

		show(row.der);
		ck_assert_msg(shows(members[i].there), "%s: no %s",
		    members[i].document, members[i].there);
		ck_assert_msg(!shows(members[i].absent), "%s: %s",
		    members[i].document, members[i].absent);
		put_pem("root.pem", &issuer->parent->certificate, 1);
		put_pem("ca.pem", &issuer->certificate, 1);
		ck_assert_msg(shell("openssl verify -x509_strict -CAfile "
		    "root.pem -untrusted ca.pem cert.pem"), "%s: %s",
		    members[i].document,
		    (const char *)get_file("shell.out").p);
	}
	leaves_close();
}
END_TEST

START_TEST(without_a_responder_it_names_the_crl)
{
	struct certificate_row row;

	begin();
	realm->authority->limits.ocsp_in_leaves = false;
	row = leaves_issue_by(&tenant, "{\"revocation\":[\"ocsp\"]}",
	    leaves_spki());
	show(row.der);
	ck_assert(shows("/crl/"));
	ck_assert(!shows("OCSP - URI"));
	leaves_close();
}
END_TEST

static int64_t
seconds_of(const ASN1_TIME *time)
{
	struct tm tm;

	ck_assert_int_eq(ASN1_TIME_to_tm(time, &tm), 1);
	return timegm(&tm);
}

START_TEST(a_certificate_lives_as_its_profile_says_and_within_its_ca)
{
	static const struct { const char *document; int64_t life_s, back_s; }
	cases[] = {
		{ "{}", 86400, 300 },
		{ "{\"lifetime_s\":60,\"backdate_s\":0}", 60, 0 },
		{ "{\"lifetime_s\":7776000,\"backdate_s\":600}", 7776000,
		    600 },
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct certificate_row row = leaves_issue_by(&tenant,
		    cases[i].document, leaves_spki());
		const unsigned char *p = row.der.p;
		X509 *x = d2i_X509(NULL, &p, (long)row.der.n);

		ck_assert_ptr_nonnull(x);
		ck_assert_int_eq(seconds_of(X509_get0_notBefore(x)),
		    row.issued_s - cases[i].back_s);
		ck_assert_int_eq(seconds_of(X509_get0_notAfter(x)),
		    row.issued_s + cases[i].life_s);
		X509_free(x);
	}
	/* A day of backdating goes beyond the beginning of the CA. */
	ck_assert_int_eq(leaves_issue_by(&tenant, "{\"backdate_s\":86400}",
	    leaves_spki()).not_before_s, active(&tenant)->not_before_s);
	leaves_close();
}
END_TEST

/* --- edge CAs ---------------------------------------------------------------- */

#define EDGE	"{\"edge_ca\":{\"dns_names\":[\"site.example\"]}," \
    "\"extended_key_usage\":[\"clientAuth\",\"serverAuth\"]}"

static struct slice
spki_from(const char *key_file)
{
	ck_assert(shell(arena_printf(cx->arena, "openssl pkey -in %s -pubout "
	    "-outform DER -out spki.der", key_file)));
	return get_file("spki.der");
}

/* edge.pem and edge.key, root.pem, and in between.pem what is between. */
static struct certificate_row
make_edge(const struct tenant *of)
{
	const struct issuer *issuer = active(of);
	struct slice between[2] = { SLICE_NONE, issuer->certificate }, root;
	struct certificate_row row;

	ck_assert(shell("openssl genpkey -algorithm EC -pkeyopt "
	    "ec_paramgen_curve:P-256 -out edge.key"));
	row = leaves_issue_by(of, EDGE, spki_from("edge.key"));
	between[0] = row.der;
	put_pem("edge.pem", &row.der, 1);
	put_pem("ca.pem", &issuer->certificate, 1);
	put_pem("between.pem", between, 2);
	root = issuers_root(issuer);
	put_pem("root.pem", &root, 1);
	return row;
}

/* The edge CA signs with OpenSSL: is that accepted under the tenant's root? */
static bool
edge_issues(const char *subject, const char *extensions)
{
	put_file("leaf.ini", slice_text(extensions));
	ck_assert_msg(shell(arena_printf(cx->arena, "openssl req -new -newkey "
	    "ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key "
	    "-subj '%s' -out leaf.csr && openssl x509 -req -in leaf.csr -CA "
	    "edge.pem -CAkey edge.key -days 1 -extfile leaf.ini -out leaf.pem",
	    subject)), "%s", (const char *)get_file("shell.out").p);
	return shell("openssl verify -x509_strict -CAfile root.pem "
	    "-untrusted between.pem leaf.pem >said 2>&1");
}

#define SUBJECT	"/O=tenant-e/CN=" DEVICE
#define LEAF	"basicConstraints=critical,CA:FALSE\n"		\
    "keyUsage=critical,digitalSignature\n"			\
    "extendedKeyUsage=clientAuth,serverAuth\n"			\
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
#define SUB_CA	"basicConstraints=critical,CA:TRUE\n"		\
    "keyUsage=critical,keyCertSign,cRLSign\n"			\
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"

static const struct { const char *subject, *extensions; bool good;
    const char *said; } below[] = {
	{ SUBJECT "/OU=module-1", LEAF, true, "OK" },
	{ SUBJECT "/OU=module-1", LEAF
	    "subjectAltName=DNS:module-1.site.example", true, "OK" },
	{ SUBJECT "/OU=module-1", LEAF "subjectAltName=DNS:site.example",
	    true, "OK" },
	{ SUBJECT "/OU=module-1", LEAF "subjectAltName=DNS:evil.example",
	    false, "permitted subtree violation" },
	{ SUBJECT "/OU=module-1", LEAF "subjectAltName=IP:192.0.2.1", false,
	    "excluded subtree violation" },
	{ SUBJECT "/OU=module-1", LEAF
	    "subjectAltName=URI:https://a.example/x", false,
	    "permitted subtree violation" },
	{ SUBJECT "/OU=module-1", LEAF "subjectAltName=email:a@b.example",
	    false, "permitted subtree violation" },
	{ "/O=tenant-e/CN=another-device", LEAF, false,
	    "permitted subtree violation" },
	{ "/O=tenant-a/CN=" DEVICE, LEAF, false,
	    "permitted subtree violation" },
};

static struct tenant
edge_tenant(void)
{
	struct tenant_spec spec = { .name = "tenant-e", .edge = true };
	struct db_tenant row;
	struct tenant made;

	ck_ok(tenant_create_as(cx, a, &realm_admin, &spec, &row));
	ck_ok(tenant_find(cx, a, "tenant-e", &made));
	return made;
}

START_TEST(what_an_edge_ca_signs_is_accepted_within_its_limits_only)
{
	struct client_device client;
	struct claim_result claim;
	struct slice edge;
	struct tenant e;

	begin();
	e = edge_tenant();
	edge = make_edge(&e).der;
	show(edge);
	ck_assert(shows("CA:TRUE, pathlen:0"));
	ck_assert(shows("Certificate Sign"));
	ck_assert(shows("X509v3 Name Constraints: critical"));
	/* The complete CRL: a shard is of user certificates only. */
	ck_assert(shows("URI:http://127.0.0.1:8080/crl/[0-9a-f]{40}.crl"));
	/* Here it is the device's credential, as any other. */
	ck_ok(claim_make(cx, a, &e, &realm_admin, &(struct claim_request){
	    .device_id = DEVICE, .group = "default" }, &claim));
	ck_ok(client_authenticate(cx, a, edge, &client));
	ck_assert_str_eq(client.device_id, DEVICE);
	ck_assert(shell("openssl verify -x509_strict -CAfile root.pem "
	    "-untrusted ca.pem edge.pem"));
	for (size_t i = 0; i < COUNT_OF(below); i++) {
		ck_assert_msg(edge_issues(below[i].subject,
		    below[i].extensions) == below[i].good, "%zu: %s", i,
		    (const char *)get_file("said").p);
		ck_assert_msg(shell(arena_printf(cx->arena, "grep -q '%s' "
		    "said", below[i].said)), "%zu: %s", i,
		    (const char *)get_file("said").p);
	}
	/* It may make CAs, but nothing below them is accepted. */
	ck_assert(edge_issues(SUBJECT "/OU=ca", SUB_CA));
	ck_assert(shell("mv leaf.pem edge.pem; mv leaf.key edge.key; "
	    "cat edge.pem >>between.pem"));
	ck_assert(!edge_issues(SUBJECT "/OU=ca/OU=module-1", LEAF));
	/* Nor is what it signed a credential of the device here. */
	ck_fails(client_authenticate(cx, a, parse_pem("edge.pem"), &client),
	    ERR_AUTH_CERTIFICATE);
	ck_assert_msg(shell("grep -q 'path length constraint' said"), "%s",
	    (const char *)get_file("said").p);
	leaves_close();
}
END_TEST

/* In crl.pem; its number. */
static uint64_t
complete_list(const struct tenant *of)
{
	struct crl_view crl;

	ck_ok(crls_get(cx, a, active(of), CRL_COMPLETE, &crl));
	put_file("crl.der", crl.der);
	ck_assert(shell("openssl crl -inform DER -in crl.der -out crl.pem"));
	return crl.number;
}

static bool
is_unrevoked(void)
{
	return shell("openssl verify -x509_strict -crl_check -CRLfile "
	    "crl.pem -CAfile root.pem -untrusted ca.pem edge.pem >said 2>&1");
}

START_TEST(a_revoked_edge_ca_is_on_the_complete_list)
{
	struct certificate_change change = { .reason = REVOKE_KEY_COMPROMISE };
	struct certificate_row row, after;
	struct tenant e;
	uint64_t first;

	begin();
	e = edge_tenant();
	row = make_edge(&e);
	change.serial = text_hex(cx->arena, row.serial);
	first = complete_list(&e);
	ck_assert(is_unrevoked());
	ck_ok(certificate_revoke(cx, a, &e, &realm_admin, &change, &after));
	/* At most one list a second is made. */
	for (unsigned i = 0; i < 600 && complete_list(&e) == first; i++)
		(void)usleep(100000);
	ck_assert(!is_unrevoked());
	ck_assert(shell("grep -q 'certificate revoked' said"));
	leaves_close();
}
END_TEST

static struct err
make_profile_of(const struct tenant *of, const char *name,
    const char *document)
{
	struct profile profile;
	struct profile_change change = { name, &profile, "/profile",
	    PROFILE_NEWEST };
	struct db_profile row;

	ck_ok(profile_parse(cx, document, &profile));
	return profile_create(cx, a, of, &realm_admin, &change, &row);
}

static struct db_ca
stage(struct life_plan plan)
{
	struct life_step step;
	struct db_ca ca, out;

	plan.role = CA_ROLE_ISSUING;
	ck_ok(life_stage(cx, a, &tenant, &realm_admin, &plan, &ca));
	step = (struct life_step){
	    .key_id = text_hex(cx->arena, ca.key_id) };
	ck_ok(life_activate(cx, a, &tenant, &realm_admin, &step, &out));
	return ca;
}

START_TEST(edge_cas_need_an_issuing_ca_that_was_made_for_them)
{
	struct issued issued;
	struct subject subject = { .known = true, .claimed = true };
	struct db_ca ca;

	begin();
	subject.tenant = tenant;
	ck_ok(profile_parse(cx, EDGE, &subject.profile));
	ck_fails(make_profile_of(&tenant, "edge", EDGE), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/profile/edge_ca");
	ck_fails(issue_leaf(cx, a, &subject, DEVICE, leaves_spki(), true,
	    &issued), ERR_CONFLICT);
	ca = stage((struct life_plan){ .edge = LIFE_EDGE_YES });
	ck_assert(ca_may_edge(cx, ca.certificate));
	ck_ok(make_profile_of(&tenant, "edge", EDGE));
	ck_ok(issue_leaf(cx, a, &subject, DEVICE, leaves_spki(), true,
	    &issued));
	/* It still signs leaves, and its successor can do the same... */
	(void)leaves_issue(&tenant);
	ca = stage((struct life_plan){ .edge = LIFE_EDGE_AS_BEFORE });
	ck_assert(ca_may_edge(cx, ca.certificate));
	/* ... unless that is not wanted any more. */
	ca = stage((struct life_plan){ .edge = LIFE_EDGE_NO });
	ck_assert(!ca_may_edge(cx, ca.certificate));
	ck_fails(issue_leaf(cx, a, &subject, DEVICE, leaves_spki(), true,
	    &issued), ERR_CONFLICT);
	leaves_close();
}
END_TEST

START_TEST(a_root_has_no_edge_cas)
{
	struct life_plan plan = { .role = CA_ROLE_ROOT,
	    .edge = LIFE_EDGE_YES };
	struct db_ca ca;

	begin();
	ck_fails(life_stage(cx, a, &tenant, &realm_admin, &plan, &ca),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/edge");
	leaves_close();
}
END_TEST

START_TEST(a_successor_that_comes_by_itself_signs_edge_cas_as_before)
{
	struct life_step step;
	const struct issuer *old;
	struct tenant e;
	struct db_ca ca;

	begin();
	e = edge_tenant();
	for (unsigned i = 0; i < 2; i++) {
		const struct tenant *of = i == 0 ? &e : &tenant;

		old = active(of);
		step = (struct life_step){ .key_id = text_hex(
		    cx->arena, SLICE_OF(old->key_id)) };
		ck_ok(life_taint(cx, a, of, &realm_admin, &step, &ca));
		ck_assert_ptr_ne(active(of), old);
		ck_assert(ca_may_edge(cx, active(of)->certificate) ==
		    (i == 0));
	}
	leaves_close();
}
END_TEST

static const char own_extensions[] =
    "basicConstraints=critical,CA:TRUE,pathlen:1\n"
    "keyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

START_TEST(below_an_own_root_edge_cas_work_too)
{
	struct life_plan plan = { .role = CA_ROLE_ISSUING, .own_root = true,
	    .edge = LIFE_EDGE_YES };
	struct life_step step;
	struct slice chain[2];
	struct db_ca ca, out;

	begin();
	ck_assert(shell("openssl req -x509 -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-256 -nodes -days 300 -subj /O=Own/CN=Root "
	    "-keyout own.key -out own.pem -addext "
	    "keyUsage=critical,keyCertSign,cRLSign"));
	ck_ok(life_stage(cx, a, &tenant, &realm_admin, &plan, &ca));
	put_file("req.pem", slice_text(pem_text(cx->arena, PEM_CSR, ca.csr)));
	put_file("own.ini", slice_text(own_extensions));
	ck_assert(shell("openssl x509 -req -in req.pem -CA own.pem -CAkey "
	    "own.key -days 200 -extfile own.ini -out signed.pem"));
	chain[0] = parse_pem("signed.pem");
	chain[1] = parse_pem("own.pem");
	ck_ok(own_root_adopt(cx, a, &tenant, &realm_admin, text_hex(cx->arena,
	    ca.key_id), chain, 2, &out));
	step = (struct life_step){
	    .key_id = text_hex(cx->arena, out.key_id) };
	ck_ok(life_activate(cx, a, &tenant, &realm_admin, &step, &out));
	(void)make_edge(&tenant);
	ck_assert_msg(edge_issues("/O=tenant-a/CN=" DEVICE "/OU=m", LEAF),
	    "%s", (const char *)get_file("said").p);
	ck_assert(!edge_issues("/O=tenant-a/CN=other/OU=m", LEAF));
	leaves_close();
}
END_TEST

UNIT_MAIN("profile-issue",
    each_member_says_what_it_should_and_nothing_else,
    without_a_responder_it_names_the_crl,
    a_certificate_lives_as_its_profile_says_and_within_its_ca,
    what_an_edge_ca_signs_is_accepted_within_its_limits_only,
    a_revoked_edge_ca_is_on_the_complete_list,
    edge_cas_need_an_issuing_ca_that_was_made_for_them,
    a_root_has_no_edge_cas,
    a_successor_that_comes_by_itself_signs_edge_cas_as_before,
    below_an_own_root_edge_cas_work_too)
