/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the roots of a tenant may be: of any algorithm, two at a time with
 * cross-certificates, or the tenant's own, played here by OpenSSL's command
 * line, which is also the judge of every chain.
 */
#include "tests/unit/shell.h"

#include "authority/claim.h"
#include "authority/client.h"
#include "authority/cross.h"
#include "authority/crls.h"
#include "authority/fsck.h"
#include "authority/issuers.h"
#include "authority/life.h"
#include "authority/own_root.h"
#include "authority/proof.h"
#include "authority/responder.h"
#include "authority/rollover.h"
#include "authority/signer.h"
#include "db/ca.h"
#include "pki/cert.h"

#define CHAIN_MAX	5u

static const struct authority *a;

static void
begin(void)
{
	leaves_open();
	a = realm->authority;
}

/* --- OpenSSL's command line ------------------------------------------------ */

/* Does OpenSSL follow leaf, over untrusted, to root and nothing else? */
static bool
verifies(struct slice root, const struct slice *untrusted, size_t n,
    struct slice leaf)
{
	put_pem("v-root.pem", &root, 1);
	put_pem("v-untrusted.pem", untrusted, n);
	put_pem("v-leaf.pem", &leaf, 1);
	return shell("openssl verify -x509_strict -no-CAfile -no-CApath "
	    "-CAfile v-root.pem -untrusted v-untrusted.pem v-leaf.pem");
}

/* The same by GnuTLS, where its tool is; it wants the chain in order. */
static bool
gnutls_verifies(struct slice root, const struct slice *above, size_t n,
    struct slice leaf)
{
	struct slice chain[CHAIN_MAX] = { leaf };

	if (!shell("command -v certtool"))
		return true;
	memcpy(chain + 1, above, n * sizeof(*above));
	put_pem("g-root.pem", &root, 1);
	put_pem("g-chain.pem", chain, n + 1);
	return shell("certtool --verify --load-ca-certificate g-root.pem "
	    "--infile g-chain.pem");
}

/* --- shorthands -------------------------------------------------------------- */

static struct db_ca
stage(const struct tenant *of, struct life_plan plan)
{
	struct db_ca ca;

	ck_ok(life_stage(cx, a, of, &realm_admin, &plan, &ca));
	return ca;
}

static struct err
activate(const struct db_ca *ca)
{
	struct life_step what = { text_hex(cx->arena, ca->key_id), 0,
	    REVISION_ANY };
	struct db_ca out;

	return life_activate(cx, a, &tenant, &realm_admin, &what, &out);
}

static const struct issuer *
active(int64_t tenant_id, enum ca_role role)
{
	const struct issuer *issuer = issuers_active(a, tenant_id, role);

	ck_assert_ptr_nonnull(issuer);
	return issuer;
}

/* --- algorithms ----------------------------------------------------------------- */

START_TEST(a_tenant_has_cas_of_the_algorithm_it_asked_for)
{
	static const struct { const char *word; enum key_kind kind;
	    unsigned bits; } algorithms[] = {
		{ "p256", KEY_P256, 256 }, { "p384", KEY_P384, 384 },
		{ "ed25519", KEY_ED25519, 256 }, { "rsa2048", KEY_RSA, 2048 },
		{ "rsa3072", KEY_RSA, 3072 },
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
		struct tenant_spec spec = {
			.name = arena_printf(cx->arena, "tenant-%s",
			    algorithms[i].word),
			.algorithm = algorithms[i].word,
		};
		const struct issuer *issuer;
		struct db_tenant row;
		struct tenant made;
		struct cert cert;
		struct key key;

		ck_ok(tenant_create_as(cx, a, &realm_admin, &spec, &row));
		ck_ok(tenant_find(cx, a, spec.name, &made));
		issuer = active(made.id, CA_ROLE_ISSUING);
		ck_ok(cert_parse(cx, issuer->certificate, &cert));
		ck_ok(cert_key(cx, &cert, &key));
		ck_assert_int_eq(key.kind, algorithms[i].kind);
		ck_assert_uint_eq(key.bits, algorithms[i].bits);
		ck_assert(verifies(issuers_root(issuer), &issuer->certificate,
		    1, leaves_issue(&made).der));
		/* The next one is alike, unless asked otherwise. */
		ck_assert_str_eq(stage(&made, (struct life_plan){
		    .role = CA_ROLE_ISSUING }).algorithm, algorithms[i].word);
	}
	leaves_close();
}
END_TEST

START_TEST(an_algorithm_that_no_ca_has_is_refused)
{
	struct tenant_spec spec = { .name = "tenant-x",
	    .algorithm = "dsa" };
	struct life_plan plan = { .role = CA_ROLE_ISSUING,
	    .algorithm = "rsa1024" };
	struct db_tenant row;
	struct db_ca ca;

	begin();
	ck_fails(tenant_create_as(cx, a, &realm_admin, &spec, &row),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/algorithm");
	ck_fails(life_stage(cx, a, &tenant, &realm_admin, &plan, &ca),
	    ERR_FIELD);
	plan.algorithm = "p384";
	ck_ok(life_stage(cx, a, &tenant, &realm_admin, &plan, &ca));
	ck_assert_str_eq(ca.algorithm, "p384");
	ck_ok(activate(&ca));
	ck_assert(verifies(issuers_root(active(tenant.id, CA_ROLE_ISSUING)),
	    &ca.certificate, 1, leaves_issue(&tenant).der));
	leaves_close();
}
END_TEST

/* --- two roots ------------------------------------------------------------------- */

START_TEST(chains_of_both_roots_verify_for_who_trusts_either)
{
	struct slice old_chain[CHAIN_MAX], new_chain[CHAIN_MAX];
	struct slice crosses[ISSUER_CROSSES_MAX];
	const struct issuer *old_root, *old, *new_root, *new;
	struct slice old_leaf, new_leaf;
	struct db_ca root, issuing;
	size_t n_old, n_new;

	begin();
	old = active(tenant.id, CA_ROLE_ISSUING);
	old_root = old->parent;
	old_leaf = leaves_issue(&tenant).der;
	root = stage(&tenant, (struct life_plan){ .role = CA_ROLE_ROOT });
	ck_assert_str_eq(ca_subject(cx, &root), "O=tenant-a, CN=Root CA 2");
	ck_ok(activate(&root));
	new_root = active(tenant.id, CA_ROLE_ROOT);
	ck_assert_int_eq(new_root->id, root.id);
	/* The issuing CA of the old root serves until there is another. */
	ck_assert_ptr_eq(active(tenant.id, CA_ROLE_ISSUING), old);
	issuing = stage(&tenant, (struct life_plan){
	    .role = CA_ROLE_ISSUING });
	ck_assert_int_eq(issuing.parent_id, root.id);
	ck_ok(activate(&issuing));
	new = active(tenant.id, CA_ROLE_ISSUING);
	new_leaf = leaves_issue(&tenant).der;

	old_chain[0] = old->certificate;
	n_old = issuers_crosses(cx, a, old_root, crosses);
	ck_assert_uint_eq(n_old, 1);
	old_chain[1] = crosses[0];		/* OldWithNew */
	new_chain[0] = new->certificate;
	n_new = issuers_crosses(cx, a, new_root, crosses);
	ck_assert_uint_eq(n_new, 1);
	new_chain[1] = crosses[0];		/* NewWithOld */
	ck_assert(verifies(old_root->certificate, old_chain, 2, old_leaf));
	ck_assert(verifies(new_root->certificate, old_chain, 2, old_leaf));
	ck_assert(verifies(old_root->certificate, new_chain, 2, new_leaf));
	ck_assert(verifies(new_root->certificate, new_chain, 2, new_leaf));
	/* As a device is given it: the root of its own chain is last. */
	new_chain[2] = new_root->certificate;
	ck_assert(verifies(old_root->certificate, new_chain, 3, new_leaf));
	ck_assert(verifies(new_root->certificate, new_chain, 3, new_leaf));
	old_chain[2] = old_root->certificate;
	ck_assert(verifies(old_root->certificate, old_chain, 3, old_leaf));
	ck_assert(verifies(new_root->certificate, old_chain, 3, old_leaf));
	ck_assert(gnutls_verifies(old_root->certificate, new_chain, 2,
	    new_leaf));
	ck_assert(gnutls_verifies(new_root->certificate, old_chain, 2,
	    old_leaf));
	ck_assert(gnutls_verifies(new_root->certificate, new_chain, 1,
	    new_leaf));
	/* Not without them: it is they that do it. */
	ck_assert(!verifies(old_root->certificate, new_chain, 1, new_leaf));
	ck_assert(!verifies(new_root->certificate, old_chain, 1, old_leaf));
	leaves_close();
}
END_TEST

START_TEST(cross_certificates_are_made_once_and_survive_a_crash)
{
	struct slice crosses[ISSUER_CROSSES_MAX];
	struct db_ca root;

	begin();
	root = stage(&tenant, (struct life_plan){ .role = CA_ROLE_ROOT });
	ck_assert_uint_eq(issuers_crosses(cx, a,
	    issuers_by_id(a, root.id), crosses), 1);
	ck_ok(cross_sign(cx, a, &tenant));
	realm_reopen(cx, realm);
	a = realm->authority;
	ck_ok(cross_sign(cx, a, &tenant));
	ck_assert_uint_eq(issuers_crosses(cx, a,
	    issuers_by_id(a, root.id), crosses), 1);
	ck_assert_uint_eq(issuers_crosses(cx, a,
	    issuers_active(a, tenant.id, CA_ROLE_ROOT), crosses), 1);
	leaves_close();
}
END_TEST

START_TEST(what_a_root_or_ca_signed_before_a_crash_is_known_after_it)
{
	struct order cross = { .type = ORDER_CROSS_SIGN };
	struct order prove = { .type = ORDER_PROVE };
	struct slice crosses[ISSUER_CROSSES_MAX];
	const struct issuer *old, *issuing;
	struct ca_spec spec = { .tenant = "tenant-a", .role = CA_ROLE_ROOT,
	    .alg = CA_ALG_P256, .number = 2 };
	struct answer answer;
	struct db_ca root;

	begin();
	old = active(tenant.id, CA_ROLE_ROOT);
	issuing = active(tenant.id, CA_ROLE_ISSUING);
	ck_ok(ca_make(cx, a, &spec, &root));
	cross.cross_sign = (struct order_cross_sign){ .ca = old->sealed,
	    .subject = root.sealed, .tenant = "tenant-a",
	    .crl_url = ca_crl_url(cx, a, old->key_id),
	    .aia_url = ca_url(cx, a, old->key_id) };
	ck_ok(signer_call(cx, a->signer, &cross, &answer));
	prove.prove = (struct order_prove){ issuing->sealed, "tenant-a",
	    "nonce" };
	ck_ok(signer_call(cx, a->signer, &prove, &answer));
	realm_reopen(cx, realm);
	a = realm->authority;
	ck_assert_uint_eq(issuers_crosses(cx, a, issuers_by_key_id(a,
	    root.key_id.p), crosses), 1);
	leaves_close();
}
END_TEST

/* --- the tenant's own -------------------------------------------------------------- */

static const char extensions[] =
    "[ca]\nbasicConstraints=critical,CA:TRUE,pathlen:0\n"
    "keyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    "[leaf]\nbasicConstraints=critical,CA:FALSE\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    "[deep]\nbasicConstraints=critical,CA:TRUE\n"
    "keyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

/* A root in <name>.pem and <name>.key. */
static void
make_root(const char *name)
{
	ck_assert(shell(arena_printf(cx->arena, "openssl req -x509 -newkey ec "
	    "-pkeyopt ec_paramgen_curve:P-256 -nodes -days 300 "
	    "-subj '/O=Example/CN=%s' -keyout %s.key -out %s.pem "
	    "-addext keyUsage=critical,keyCertSign,cRLSign",
	    name, name, name)));
}

/* That root signs req.pem by those extensions: the DER. */
static struct slice
signed_by(const char *root, const char *section)
{
	put_file("ext.ini", slice_text(extensions));
	ck_assert_msg(shell(arena_printf(cx->arena, "openssl x509 -req "
	    "-in req.pem -CA %s.pem -CAkey %s.key -days 200 -extfile ext.ini "
	    "-extensions %s -out signed.pem", root, root, section)), "%s",
	    (const char *)get_file("shell.out").p);
	return parse_pem("signed.pem");
}

static struct db_ca
request(void)
{
	struct db_ca ca = stage(&tenant, (struct life_plan){
	    .role = CA_ROLE_ISSUING, .own_root = true });

	ck_assert_str_eq(ca.state, "requested");
	put_file("req.pem", slice_text(pem_text(cx->arena, PEM_CSR, ca.csr)));
	ck_assert(shell("openssl req -in req.pem -noout -verify"));
	return ca;
}

static struct err
adopt(const struct db_ca *ca, const struct slice *chain, size_t n,
    struct db_ca *out)
{
	return own_root_adopt(cx, a, &tenant, &realm_admin,
	    text_hex(cx->arena, ca->key_id), chain, n, out);
}

START_TEST(a_tenants_own_root_signs_and_what_is_issued_leads_to_it)
{
	struct db_ca wanted, adopted;
	struct slice chain[2];
	struct bundle bundle;

	begin();
	make_root("own");
	wanted = request();
	ck_assert_ptr_null(issuers_by_key_id(a, wanted.key_id.p));
	ck_fails(activate(&wanted), ERR_CONFLICT);
	chain[0] = signed_by("own", "ca");
	chain[1] = parse_pem("own.pem");
	ck_ok(adopt(&wanted, chain, 2, &adopted));
	ck_assert_str_eq(adopted.state, "staged");
	ck_fails(adopt(&adopted, chain, 2, &wanted), ERR_CONFLICT);
	ck_ok(activate(&adopted));
	for (unsigned i = 0; i < 2; i++) {
		const struct issuer *issuer = active(tenant.id,
		    CA_ROLE_ISSUING);

		ck_assert(slice_equal(issuer->certificate, chain[0]));
		ck_assert(slice_equal(issuers_root(issuer), chain[1]));
		ck_assert(verifies(chain[1], chain, 1,
		    leaves_issue(&tenant).der));
		realm_reopen(cx, realm);
		a = realm->authority;
	}
	ck_ok(bundle_of_tenant(cx, a, &tenant, BUNDLE_PEM, false, &bundle));
	ck_assert_ptr_nonnull(memmem(bundle.bytes.p, bundle.bytes.n,
	    get_file("own.pem").p, get_file("own.pem").n));
	leaves_close();
}
END_TEST

START_TEST(an_own_root_may_be_rsa_and_above_an_intermediate)
{
	struct db_ca wanted, adopted;
	const struct issuer *issuer;
	struct slice chain[3];

	begin();
	ck_assert(shell("openssl req -x509 -newkey rsa:2048 -nodes -days 300 "
	    "-subj '/C=DE/O=Example GmbH/OU=PKI/CN=Example Root R1' "
	    "-keyout top.key -out top.pem "
	    "-addext keyUsage=critical,keyCertSign,cRLSign"));
	ck_assert(shell("openssl req -new -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-384 -nodes -keyout middle.key "
	    "-subj '/C=DE/O=Example GmbH/CN=Example Issuing' -out req.pem"));
	chain[1] = signed_by("top", "deep");
	ck_assert(shell("cp signed.pem middle.pem"));
	chain[2] = parse_pem("top.pem");
	wanted = request();
	chain[0] = signed_by("middle", "ca");
	ck_ok(adopt(&wanted, chain, 3, &adopted));
	ck_ok(activate(&adopted));
	issuer = active(tenant.id, CA_ROLE_ISSUING);
	ck_assert_uint_eq(issuer->n_above, 2);
	ck_assert(verifies(chain[2], chain, 2, leaves_issue(&tenant).der));
	leaves_close();
}
END_TEST

START_TEST(nobody_rolls_over_what_only_the_tenant_can_sign)
{
	struct db_ca wanted, adopted, now;
	struct slice chain[2];

	begin();
	realm_use_clock(cx, realm);
	make_root("own");
	wanted = request();
	chain[0] = signed_by("own", "ca");
	chain[1] = parse_pem("own.pem");
	ck_ok(adopt(&wanted, chain, 2, &adopted));
	ck_ok(activate(&adopted));
	realm->ahead_s = 150 * 86400;
	ck_ok(rollover_round(cx, a));
	ck_ok(ca_get(cx, a, &tenant, text_hex(cx->arena, adopted.key_id),
	    &now));
	ck_assert_str_eq(now.state, "active");
	ck_assert_int_ne(now.warned_s, 0);
	leaves_close();
}
END_TEST

START_TEST(a_certificate_that_is_not_for_our_key_or_not_a_cas_is_refused)
{
	struct db_ca wanted, out;
	struct slice chain[2];

	begin();
	make_root("own");
	make_root("other");
	wanted = request();
	chain[1] = parse_pem("own.pem");
	chain[0] = signed_by("own", "leaf");
	ck_fails(adopt(&wanted, chain, 2, &out), ERR_FIELD);
	chain[0] = signed_by("own", "deep");
	ck_fails(adopt(&wanted, chain, 2, &out), ERR_FIELD);
	chain[0] = signed_by("other", "ca");
	ck_fails(adopt(&wanted, chain, 2, &out), ERR_FIELD);
	chain[0] = signed_by("own", "ca");
	ck_fails(adopt(&wanted, chain, 1, &out), ERR_FIELD);
	ck_assert(shell("openssl req -new -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-256 -nodes -keyout strange.key "
	    "-subj '/O=tenant-a/CN=Issuing CA 2' -out req.pem"));
	chain[0] = signed_by("own", "ca");
	ck_fails(adopt(&wanted, chain, 2, &out), ERR_FIELD);
	ck_ok(ca_get(cx, a, &tenant, text_hex(cx->arena, wanted.key_id),
	    &out));
	ck_assert_str_eq(out.state, "requested");
	leaves_close();
}
END_TEST

START_TEST(an_adoption_that_a_crash_cut_off_can_be_done_again)
{
	struct order order = { .type = ORDER_ADOPT_CA };
	struct db_ca wanted, adopted;
	struct slice chain[2];
	struct answer answer;

	begin();
	make_root("own");
	wanted = request();
	chain[0] = signed_by("own", "ca");
	chain[1] = parse_pem("own.pem");
	order.adopt_ca = (struct order_adopt_ca){ .pending = wanted.sealed,
	    .tenant = "tenant-a", .certificate = chain[0], .n_chain = 1,
	    .chain = { chain[1] } };
	ck_ok(signer_call(cx, a->signer, &order, &answer));
	realm_reopen(cx, realm);
	a = realm->authority;
	ck_ok(adopt(&wanted, chain, 2, &adopted));
	ck_ok(activate(&adopted));
	ck_assert(verifies(chain[1], chain, 1, leaves_issue(&tenant).der));
	leaves_close();
}
END_TEST

/* --- a root by other people's rules ------------------------------------------------ */

/* What is allowed and this project never writes: a serial of 20 bytes, other
 * string types, an attribute that is not text, two in one RDN, no pathLen in
 * the root, extensions that are unknown here or of another form. */
static const char strange[] =
    "[req]\nstring_mask=MASK:0x0804\ndistinguished_name=dn\nprompt=no\n"
    "x509_extensions=root\n"
    "[dn]\nDC=example\n2.O=Soci\xe9t\xe9\nO=Example\n+OU=Vertrauen\n"
    "x500UniqueIdentifier=7\nemailAddress=pki@example.org\nCN=Root\n"
    "[root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nnsComment=made elsewhere\n"
    "subjectAltName=email:pki@example.org,dirName:place\n"
    "[place]\nL=Nowhere\n"
    "[ca]\nbasicConstraints=critical,CA:TRUE,pathlen:0\n"
    "keyUsage=critical,keyCertSign,cRLSign,digitalSignature\n"
    "subjectKeyIdentifier=hash\n"
    "authorityKeyIdentifier=keyid:always,issuer:always\n"
    "certificatePolicies=2.999.1,@policy\n"
    "crlDistributionPoints=URI:http://crl.example.org/a.crl,"
    "URI:ldap:///cn=a?certificateRevocationList\n"
    "authorityInfoAccess=OCSP;URI:http://ocsp.example.org,"
    "caIssuers;URI:http://example.org/a.cer,"
    "caIssuers;URI:http://example.org/b.p7c\n"
    "issuerAltName=email:pki@example.org\n"
    "subjectAltName=email:ca@example.org,dirName:place\n"
    "nsComment=made elsewhere\n2.999.2=ASN1:UTF8String:one\n"
    "2.999.3=ASN1:INTEGER:3\n2.999.4=ASN1:NULL\n"
    "[policy]\npolicyIdentifier=2.999.5\nCPS.1=http://example.org/cps\n"
    "userNotice.1=@notice\n[notice]\nexplicitText=UTF8:as it is\n";

/* By OpenSSL: a client asks about leaf.pem, and reads the answer. */
static void
ocsp_says(const struct issuer *issuer, const char *word)
{
	struct responder_answer answer;
	struct ocsp_request request;

	ck_assert(shell("openssl ocsp -issuer ca.pem -cert leaf.pem "
	    "-no_nonce -reqout req.der"));
	ck_ok(ocsp_request_parse(cx, get_file("req.der"), &request));
	ck_ok(responder_ask(cx, a, issuer, &request, &answer));
	put_file("resp.der", answer.der);
	ck_assert_msg(shell(arena_printf(cx->arena, "openssl ocsp -issuer "
	    "ca.pem -cert leaf.pem -respin resp.der -no_nonce -CAfile "
	    "top.pem -verify_other ca.pem -partial_chain >said 2>&1 && "
	    "grep -q 'Response verify OK' said && grep -q 'leaf.pem: %s' said",
	    word)), "%s", (const char *)get_file("said").p);
}

static void
no_finding(void *arg, const struct db_finding *finding)
{
	(void)arg;
	ck_abort_msg("%s: %s", finding->check, finding->what);
}

/* What fsck looks at, but for the end of the journal. */
static void
is_sound(void)
{
	struct order order = { .type = ORDER_READ_JOURNAL,
	    .read_journal = { .from = 1 } };
	struct answer answer;
	struct fsck *f;

	ck_ok(fsck_open(cx, a->db, no_finding, NULL, &f));
	ck_ok(fsck_database(cx, f));
	ck_ok(fsck_journal_begin(cx, f));
	ck_ok(signer_call(cx, a->signer, &order, &answer));
	ck_assert_uint_gt(answer.n_entries, 0);
	ck_ok(fsck_journal_take(cx, f, answer.entries, answer.n_entries));
	fsck_close(f);
}

START_TEST(a_ca_below_a_root_of_unusual_form_serves_as_any_other)
{
	struct order order = { .type = ORDER_ADOPT_CA };
	struct certificate_row leaf;
	struct claim_result claim;
	struct client_device client;
	struct answer answer;
	struct db_ca wanted, adopted;
	const struct issuer *issuer;
	struct slice chain[2];
	struct bundle bundle;
	struct crl_view crl;

	begin();
	put_file("strange.ini", slice_text(strange));
	ck_assert_msg(shell("openssl req -x509 -config strange.ini -newkey "
	    "rsa:2048 -nodes -days 300 -keyout top.key -out top.pem "
	    "-set_serial 0x7fffffffffffffffffffffffffffffffffffff01"), "%s",
	    (const char *)get_file("shell.out").p);
	wanted = request();
	ck_assert_msg(shell("openssl x509 -req -in req.pem -CA top.pem -CAkey "
	    "top.key -days 200 -extfile strange.ini -extensions ca "
	    "-set_serial 0x7eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee02 "
	    "-out ca.pem"), "%s", (const char *)get_file("shell.out").p);
	chain[0] = parse_pem("ca.pem");
	chain[1] = parse_pem("top.pem");
	/* After a crash in between, the journal is read back. */
	order.adopt_ca = (struct order_adopt_ca){ .pending = wanted.sealed,
	    .tenant = "tenant-a", .certificate = chain[0], .n_chain = 1,
	    .chain = { chain[1] } };
	ck_ok(signer_call(cx, a->signer, &order, &answer));
	realm_reopen(cx, realm);
	a = realm->authority;
	ck_ok(adopt(&wanted, chain, 2, &adopted));
	ck_assert_str_eq(ca_subject(cx, &adopted),
	    "O=tenant-a, CN=Issuing CA 2");
	ck_assert_uint_eq(adopted.serial.n, 20);
	ck_ok(activate(&adopted));
	issuer = active(tenant.id, CA_ROLE_ISSUING);
	leaf = leaves_issue(&tenant);
	put_pem("leaf.pem", &leaf.der, 1);
	ck_assert(verifies(chain[1], chain, 1, leaf.der));
	ck_ok(claim_make(cx, a, &tenant, &realm_admin,
	    &(struct claim_request){ .device_id = leaf.device_id, .group = "default" },
	    &claim));
	ck_ok(client_authenticate(cx, a, leaf.der, &client));
	ocsp_says(issuer, "good");
	ck_ok(bundle_of_tenant(cx, a, &tenant, BUNDLE_JWKS, false, &bundle));

	leaves_revoke(&leaf, REVOKE_KEY_COMPROMISE);
	ocsp_says(issuer, "revoked");
	ck_fails(client_authenticate(cx, a, leaf.der, &client),
	    ERR_CERT_REVOKED);
	ck_ok(crls_get(cx, a, issuer, CRL_COMPLETE, &crl));
	put_file("crl.der", crl.der);
	ck_assert(shell("openssl crl -inform DER -in crl.der -out crl.pem "
	    "-CAfile ca.pem -verify 2>&1 | grep -q 'verify OK'"));
	ck_assert(shell("cat ca.pem top.pem >both.pem; ! openssl verify "
	    "-x509_strict -CAfile top.pem -untrusted ca.pem -crl_check "
	    "-CRLfile crl.pem leaf.pem >said 2>&1 && "
	    "grep -q 'certificate revoked' said"));
	/* Also what is read again at a start. */
	realm_reopen(cx, realm);
	a = realm->authority;
	leaf = leaves_issue(&tenant);
	put_pem("leaf.pem", &leaf.der, 1);
	ocsp_says(active(tenant.id, CA_ROLE_ISSUING), "good");
	is_sound();
	leaves_close();
}
END_TEST

/* --- proofs, forms -------------------------------------------------------------------- */

START_TEST(a_proof_has_the_nonce_and_is_signed_by_the_ca_asked_for)
{
	const struct issuer *issuer;
	const char *id;
	struct slice proof, chain[2];
	struct cert cert;

	begin();
	issuer = active(tenant.id, CA_ROLE_ISSUING);
	id = text_hex(cx->arena, SLICE_OF(issuer->key_id));
	ck_ok(proof_make(cx, a, &tenant, &realm_admin, id, "4E2B7F0A9C1D",
	    &proof));
	ck_ok(cert_parse(cx, proof, &cert));
	ck_assert_str_eq(cert.common_name, "4E2B7F0A9C1D");
	chain[0] = issuer->certificate;
	ck_assert(verifies(issuers_root(issuer), chain, 1, proof));
	ck_fails(proof_make(cx, a, &tenant, &realm_admin, id, "a\nb", &proof),
	    ERR_FIELD);
	ck_fails(proof_make(cx, a, &tenant, &realm_admin, id, "", &proof),
	    ERR_FIELD);
	leaves_close();
}
END_TEST

START_TEST(every_form_of_a_bundle_says_the_same)
{
	const struct issuer *root;
	struct bundle bundle;
	json_t *set, *key;
	struct db_ca next;

	begin();
	root = active(tenant.id, CA_ROLE_ROOT);
	ck_ok(bundle_of_tenant(cx, a, &tenant, BUNDLE_DER, false, &bundle));
	ck_assert(slice_equal(bundle.bytes, root->certificate));
	ck_ok(bundle_of_tenant(cx, a, &tenant, BUNDLE_PKCS7, true, &bundle));
	put_file("b.p7b", bundle.bytes);
	ck_assert(shell("openssl pkcs7 -inform DER -in b.p7b -print_certs "
	    "-out p7.pem && grep -c BEGIN p7.pem | grep -qx 2"));
	ck_ok(bundle_of_tenant(cx, a, &tenant, BUNDLE_JWKS, false, &bundle));
	ck_ok(json_parse(cx, bundle.bytes, &set));
	key = json_array_get(json_object_get(set, "keys"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(key, "crv")),
	    "P-256");
	ck_assert_str_eq(json_string_value(json_object_get(key, "kid")),
	    text_hex(cx->arena, SLICE_OF(root->key_id)));
	ck_assert_ptr_null(json_object_get(set, "spiffe_sequence"));
	ck_ok(bundle_of_tenant(cx, a, &tenant, BUNDLE_SPIFFE, false,
	    &bundle));
	ck_ok(json_parse(cx, bundle.bytes, &set));
	ck_assert_int_gt(json_integer_value(json_object_get(set,
	    "spiffe_refresh_hint")), 0);
	/* A staged root is announced in the bundle. */
	next = stage(&tenant, (struct life_plan){ .role = CA_ROLE_ROOT,
	    .algorithm = "ed25519" });
	ck_fails(bundle_of_tenant(cx, a, &tenant, BUNDLE_DER, false, &bundle),
	    ERR_PARAMETER);
	ck_ok(bundle_of_tenant(cx, a, &tenant, BUNDLE_SPIFFE, false,
	    &bundle));
	ck_ok(json_parse(cx, bundle.bytes, &set));
	ck_assert_uint_eq(json_array_size(json_object_get(set, "keys")), 2);
	ck_assert_str_eq(next.state, "staged");
	leaves_close();
}
END_TEST

UNIT_MAIN("own-root",
    a_tenant_has_cas_of_the_algorithm_it_asked_for,
    an_algorithm_that_no_ca_has_is_refused,
    chains_of_both_roots_verify_for_who_trusts_either,
    cross_certificates_are_made_once_and_survive_a_crash,
    what_a_root_or_ca_signed_before_a_crash_is_known_after_it,
    a_tenants_own_root_signs_and_what_is_issued_leads_to_it,
    an_own_root_may_be_rsa_and_above_an_intermediate,
    nobody_rolls_over_what_only_the_tenant_can_sign,
    a_certificate_that_is_not_for_our_key_or_not_a_cas_is_refused,
    an_adoption_that_a_crash_cut_off_can_be_done_again,
    a_ca_below_a_root_of_unusual_form_serves_as_any_other,
    a_proof_has_the_nonce_and_is_signed_by_the_ca_asked_for,
    every_form_of_a_bundle_says_the_same)
