/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer will not do, whoever asks. */
#include "tests/unit/signer_work.h"

#include "pki/ear.h"

/* Leaves. */
static void
leaf_other_tenant(void) { order.issue.ca = other_issuing.sealed; }
static void
leaf_bad_tenant(void) { order.issue.tenant = "Tenant A"; }
static void
leaf_by_root(void) { order.issue.ca = root.sealed; }
static void
leaf_by_server(void) { order.issue.ca = server.sealed; }
static void
leaf_device_short(void) { order.issue.device_id = "0123"; }
static void
leaf_device_upper(void)
{
	char *id = arena_strdup(cx->arena, HELP_DEVICE);

	id[10] = 'A';
	order.issue.device_id = id;
}
static void
leaf_host(void)
{
	order.issue.n_dns_names = 1;
	order.issue.dns_names[0] = "a.example";
}
static void
leaf_too_long(void) { order.issue.not_after_s = NOW + 30 * 86400 + 1; }
static void
leaf_over(void)
{
	order.issue.not_before_s = NOW - 10;
	order.issue.not_after_s = NOW;
}
static void
leaf_backdated(void)
{
	order.issue.not_before_s = NOW - RULES_BACKDATE_MAX_S - 1;
}
static void
leaf_ahead(void)
{
	order.issue.not_before_s = NOW + RULES_AHEAD_MAX_S + 1;
}
static void
leaf_backwards(void) { order.issue.not_after_s = NOW - 301; }
static void
leaf_https(void) { order.issue.crl_url = "https://a.example/"; }
static void
leaf_url_space(void) { order.issue.aia_url = "http://a.example/ b"; }
static void
leaf_url_empty(void) { order.issue.aia_url = "http://"; }
static void
leaf_bad_key(void) { order.issue.spki = slice_text("key"); }
static void
leaf_key_of_issuer(void)
{
	struct cert cert;

	ck_ok(cert_parse(cx, issuing.object, &cert));
	order.issue.spki = cert.spki;
}
static void
leaf_not_sealed(void) { order.issue.ca = slice_text("DAS1"); }

/* Server leaves. */
static void
server_device(void) { order.issue.device_id = HELP_DEVICE; }
static void
server_hardware(void) { order.issue.flags = LEAF_HARDWARE_KEY; }
static void
server_nameless(void) { order.issue.n_dns_names = 0; }
static void
server_by_issuing(void) { order.issue.ca = issuing.sealed; }
static void
server_wildcard(void) { order.issue.dns_names[0] = "*.example"; }

/* CAs. */
static void
ca_by_issuing(void) { order.make_ca.parent = issuing.sealed; }
static void
ca_by_server(void) { order.make_ca.parent = server.sealed; }
static void
ca_other_tenant(void) { order.make_ca.parent = other_root.sealed; }
static void
ca_orphan(void) { order.make_ca.parent = SLICE_NONE; }
static void
ca_outlives(void) { order.make_ca.not_after_s = NOW + 3651 * 86400; }
static void
ca_leaf_none(void) { order.make_ca.leaf_max_s = 0; }
static void
ca_leaf_much(void) { order.make_ca.leaf_max_s = RULES_LEAF_MAX_S + 1; }
static void
ca_nameless(void) { order.make_ca.common_name = ""; }
static void
ca_long_name(void) { order.make_ca.common_name = HELP_DEVICE "x"; }
static void
ca_backdated(void) { order.make_ca.not_before_s = NOW - 8 * 86400; }
static void
ca_bad_tenant(void) { order.make_ca.tenant = "-a"; }
static void
ca_https(void) { order.make_ca.aia_url = "https://a.example/"; }
static void
root_with_parent(void) { order.make_ca.parent = root.sealed; }
static void
root_with_leaves(void) { order.make_ca.leaf_max_s = 1; }
static void
root_with_crl(void) { order.make_ca.crl_url = HELP_CRL_URL; }
static void
root_for_ever(void)
{
	order.make_ca.not_after_s = NOW + RULES_CA_LIFE_MAX_S + 1;
}

/* CRLs. */
static struct order_crl_entry entry;
static void
crl_other_tenant(void) { order.sign_crl.ca = other_issuing.sealed; }
static void
crl_backwards(void)
{
	order.sign_crl.next_update_s = order.sign_crl.this_update_s;
}
static void
crl_long(void)
{
	order.sign_crl.next_update_s = NOW + RULES_CRL_LIFE_MAX_S + 1;
}
static void
crl_later(void) { order.sign_crl.this_update_s = NOW + 301; }
static void
crl_with(uint8_t first, uint8_t reason)
{
	entry = (struct order_crl_entry){ { first }, NOW, reason };
	order.sign_crl.n_entries = 1;
	order.sign_crl.entries = &entry;
}
static void
crl_reason_7(void) { crl_with(0x5d, 7); }
static void
crl_reason_8(void) { crl_with(0x5d, 8); }
static void
crl_serial_zero(void) { crl_with(0, 1); }
static void
crl_serial_negative(void) { crl_with(0x80, 1); }

static void
crl_https(void) { order.sign_crl.shard_url = "https://a.example/"; }
static void
crl_shard_of_root(void)
{
	order.sign_crl.ca = root.sealed;
	order.sign_crl.shard_url = HELP_CRL_URL;
}

/* What a leaf says. */
static void
leaf_purposeless(void)
{
	order.issue.flags &= (uint8_t)~LEAF_CLIENT_AUTH;
}
static void
leaf_unnamed(void)
{
	order.issue.flags &= (uint8_t)~(LEAF_SAN_URN | LEAF_SAN_PERMANENT_ID);
}
static void
leaf_edge(void) { order.issue.flags |= LEAF_EDGE_CA; }
static void
leaf_no_rev_with_crl(void) { order.issue.flags |= LEAF_NO_REV_AVAIL; }
static void
leaf_no_rev_with_ocsp(void)
{
	order.issue.flags |= LEAF_NO_REV_AVAIL;
	order.issue.crl_url = "";
	order.issue.ocsp_url = "http://a.example/ocsp";
}
static void
leaf_ocsp_https(void) { order.issue.ocsp_url = "https://a.example/"; }
static void
leaf_trust_domain(void) { order.issue.spiffe_domain = "Fleet.example"; }
static void
leaf_trust_path(void) { order.issue.spiffe_domain = "a.example/b"; }
static void
server_spiffe(void) { order.issue.spiffe_domain = "a.example"; }

/* CA flags. */
static void
root_edge(void) { order.make_ca.flags = CA_MAY_EDGE; }
static void
server_edge(void)
{
	order.make_ca.role = CA_ROLE_SERVER;
	order.make_ca.flags = CA_MAY_EDGE;
}

/* Keys that sign OCSP responses. */
static struct answer delegate;
static void
good_delegate(void)
{
	order = (struct order){ .type = ORDER_DELEGATE,
	    .delegate = { .role = CA_ROLE_OCSP, .ca = issuing.sealed, .tenant = "tenant-a",
	    .not_before_s = NOW - 60, .not_after_s = NOW + 3 * 86400 } };
}
static void
delegate_other_tenant(void) { order.delegate.ca = other_issuing.sealed; }
static void
delegate_for_other_tenant(void) { order.delegate.tenant = "tenant-b"; }
static void
delegate_of_delegate(void) { order.delegate.ca = delegate.sealed; }
static void
delegate_long(void)
{
	order.delegate.not_after_s = NOW + RULES_DELEGATE_LIFE_MAX_S + 1;
}
static void
delegate_later(void) { order.delegate.not_before_s = NOW + 301; }
static void
leaf_by_delegate(void) { order.issue.ca = delegate.sealed; }
static void
ca_by_delegate(void) { order.make_ca.parent = delegate.sealed; }
static void
crl_by_delegate(void) { order.sign_crl.ca = delegate.sealed; }
static void
proof_by_delegate(void) { order.prove.ca = delegate.sealed; }

/* Keys that sign attestation results, and those. */
static const uint8_t policy_hash[32] = { 7 };
static struct answer result_key, other_result_key;
static void
good_result_key(void)
{
	good_delegate();
	order.delegate.role = CA_ROLE_RESULT;
}
static void
result_key_of_root(void) { order.delegate.ca = root.sealed; }
static void
result_key_of_server(void) { order.delegate.ca = server.sealed; }
static void
result_key_of_result_key(void) { order.delegate.ca = result_key.sealed; }
static void
leaf_by_result_key(void) { order.issue.ca = result_key.sealed; }
static void
ca_by_result_key(void) { order.make_ca.parent = result_key.sealed; }
static void
crl_by_result_key(void) { order.sign_crl.ca = result_key.sealed; }
static void
proof_by_result_key(void) { order.prove.ca = result_key.sealed; }
static void
ocsp_by_result_key(void) { order.sign_ocsp.ca = result_key.sealed; }
static void
good_result(void)
{
	order = (struct order){ .type = ORDER_SIGN_RESULT, .sign_result = {
	    .key = result_key.sealed, .tenant = "tenant-a",
	    .device_id = HELP_DEVICE, .format = "tpm2",
	    .attested_s = NOW - 60, .tier = AR4SI_WARNING,
	    .vector = { [AR4SI_HARDWARE] = AR4SI_WARNING }, .group = "default",
	    .policy_version = 1, .policy_sha256 = SLICE_OF(policy_hash),
	    .nonce = "MTIzNDU2Nzg", .life_s = 300 } };
}
static void
result_other_key(void) { order.sign_result.key = other_result_key.sealed; }
static void
result_for_other_tenant(void) { order.sign_result.tenant = "tenant-b"; }
static void
result_by_issuing(void) { order.sign_result.key = issuing.sealed; }
static void
result_by_ocsp_key(void) { order.sign_result.key = delegate.sealed; }
static void
result_for_ever(void) { order.sign_result.life_s = EAR_LIFE_MAX_S + 1; }
static void
result_for_no_time(void) { order.sign_result.life_s = 0; }
static void
result_attested_later(void) { order.sign_result.attested_s = NOW + 1; }
static void
result_too_good(void) { order.sign_result.tier = AR4SI_AFFIRMING; }
static void
result_device(void) { order.sign_result.device_id = "0123"; }
static void
result_group(void) { order.sign_result.group = "a\",\"b"; }
static void
result_format(void) { order.sign_result.format = "tpm2\":1,\"x"; }
static void
result_nonce(void) { order.sign_result.nonce = "12345678\"}"; }
static void
result_tier(void) { order.sign_result.tier = 97; }

/* OCSP. */
static struct order_ocsp_entry ocsp_entry;
static void
good_ocsp(void)
{
	ocsp_entry = (struct order_ocsp_entry){ .serial = { 0x5d },
	    .n_serial = 16 };
	order = (struct order){ .type = ORDER_SIGN_OCSP, .sign_ocsp = {
	    .ca = issuing.sealed, .tenant = "tenant-a",
	    .this_update_s = NOW - 60, .next_update_s = NOW + 3600,
	    .n_entries = 1, .entries = &ocsp_entry } };
}
static void
ocsp_other_tenant(void) { order.sign_ocsp.ca = other_issuing.sealed; }
static void
ocsp_for_other_tenant(void) { order.sign_ocsp.tenant = "tenant-b"; }
static void
ocsp_beyond_delegate(void)
{
	order.sign_ocsp.ca = delegate.sealed;
	order.sign_ocsp.next_update_s = NOW + 3 * 86400 + 1;
}
static void
ocsp_delegate_for_other_tenant(void)
{
	order.sign_ocsp.ca = delegate.sealed;
	order.sign_ocsp.tenant = "tenant-b";
}
static void
ocsp_none(void) { order.sign_ocsp.n_entries = 0; }
static void
ocsp_long(void)
{
	order.sign_ocsp.next_update_s = NOW + RULES_OCSP_LIFE_MAX_S + 1;
}
static void
ocsp_backwards(void) { order.sign_ocsp.next_update_s = NOW - 61; }
static void
ocsp_later(void) { order.sign_ocsp.this_update_s = NOW + 301; }
static void
ocsp_good_but_revoked(void) { ocsp_entry.revoked_s = NOW; }
static void
ocsp_unknown_with_reason(void)
{
	ocsp_entry.status = OCSP_UNKNOWN;
	ocsp_entry.reason = 1;
}
static void
ocsp_reason_7(void)
{
	ocsp_entry.status = OCSP_REVOKED;
	ocsp_entry.revoked_s = NOW;
	ocsp_entry.reason = 7;
}
static void
ocsp_revoked_later(void)
{
	ocsp_entry.status = OCSP_REVOKED;
	ocsp_entry.revoked_s = NOW + 1;
}

/* Proofs. */
static void
good_proof(void)
{
	order = (struct order){ .type = ORDER_PROVE, .prove = {
	    .ca = issuing.sealed, .tenant = "tenant-a", .nonce = "n" } };
}
static void
proof_other_tenant(void) { order.prove.ca = other_issuing.sealed; }
static void
proof_by_server(void) { order.prove.ca = server.sealed; }

/* Requests. */
static void
good_request(void)
{
	order = (struct order){ .type = ORDER_REQUEST_CA, .request_ca = {
	    .tenant = "tenant-a", .alg = CA_ALG_P256, .common_name = "n",
	    .leaf_max_s = 1, .key_store = "" } };
}
static void
request_bad_tenant(void) { order.request_ca.tenant = "A"; }
static void
request_no_leaves(void) { order.request_ca.leaf_max_s = 0; }
static void
request_long_leaves(void) { order.request_ca.leaf_max_s = RULES_LEAF_MAX_S + 1; }
static void
request_no_such_hsm(void) { order.request_ca.key_store = "hsm"; }
static void
request_bad_store(void) { order.request_ca.key_store = "../hsm"; }
static void
ca_no_such_hsm(void) { order.make_ca.key_store = "hsm"; }
static void
request_nameless(void) { order.request_ca.common_name = ""; }

static const struct {
	const char	*name;
	void		(*good)(void);
	void		(*wrong)(void);
	enum err_code	 code;
} refusals[] = {
#define R(good, wrong, code) { #wrong, good, wrong, code }
	R(good_leaf, leaf_other_tenant, ERR_ORDER_TENANT),
	R(good_leaf, leaf_bad_tenant, ERR_ORDER_MALFORMED),
	R(good_leaf, leaf_by_root, ERR_ORDER_ROLE),
	R(good_leaf, leaf_by_server, ERR_ORDER_ROLE),
	R(good_leaf, leaf_device_short, ERR_ORDER_MALFORMED),
	R(good_leaf, leaf_device_upper, ERR_ORDER_MALFORMED),
	R(good_leaf, leaf_host, ERR_ORDER_ROLE),
	R(good_leaf, leaf_too_long, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_over, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_backdated, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_ahead, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_backwards, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_https, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_url_space, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_url_empty, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_bad_key, ERR_CSR_KEY),
	R(good_leaf, leaf_key_of_issuer, ERR_ORDER_ROLE),
	R(good_leaf, leaf_not_sealed, ERR_SEAL),
	R(good_server, server_device, ERR_ORDER_ROLE),
	R(good_server, server_hardware, ERR_ORDER_ROLE),
	R(good_server, server_nameless, ERR_ORDER_MALFORMED),
	R(good_server, server_by_issuing, ERR_ORDER_MALFORMED),
	R(good_server, server_wildcard, ERR_CERT_LINT),
	R(good_issuing, ca_by_issuing, ERR_ORDER_ROLE),
	R(good_issuing, ca_by_server, ERR_ORDER_ROLE),
	R(good_issuing, ca_other_tenant, ERR_ORDER_TENANT),
	R(good_issuing, ca_orphan, ERR_ORDER_ROLE),
	R(good_issuing, ca_outlives, ERR_ORDER_LIMIT),
	R(good_issuing, ca_leaf_none, ERR_ORDER_LIMIT),
	R(good_issuing, ca_leaf_much, ERR_ORDER_LIMIT),
	R(good_issuing, ca_nameless, ERR_ORDER_LIMIT),
	R(good_issuing, ca_long_name, ERR_ORDER_LIMIT),
	R(good_issuing, ca_backdated, ERR_ORDER_LIMIT),
	R(good_issuing, ca_bad_tenant, ERR_ORDER_MALFORMED),
	R(good_issuing, ca_https, ERR_ORDER_LIMIT),
	R(good_root, root_with_parent, ERR_ORDER_ROLE),
	R(good_root, root_with_leaves, ERR_ORDER_LIMIT),
	R(good_root, root_with_crl, ERR_ORDER_LIMIT),
	R(good_root, root_for_ever, ERR_ORDER_LIMIT),
	R(good_crl, crl_other_tenant, ERR_ORDER_TENANT),
	R(good_crl, crl_backwards, ERR_ORDER_LIMIT),
	R(good_crl, crl_long, ERR_ORDER_LIMIT),
	R(good_crl, crl_later, ERR_ORDER_LIMIT),
	R(good_crl, crl_reason_7, ERR_ORDER_LIMIT),
	R(good_crl, crl_reason_8, ERR_ORDER_LIMIT),
	R(good_crl, crl_serial_zero, ERR_ORDER_LIMIT),
	R(good_crl, crl_serial_negative, ERR_ORDER_LIMIT),
	R(good_crl, crl_https, ERR_ORDER_LIMIT),
	R(good_crl, crl_shard_of_root, ERR_ORDER_ROLE),
	R(good_leaf, leaf_purposeless, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_unnamed, ERR_CERT_LINT),
	R(good_leaf, leaf_edge, ERR_ORDER_ROLE),
	R(good_leaf, leaf_no_rev_with_crl, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_no_rev_with_ocsp, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_ocsp_https, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_trust_domain, ERR_CERT_LINT),
	R(good_leaf, leaf_trust_path, ERR_CERT_LINT),
	R(good_server, server_spiffe, ERR_ORDER_ROLE),
	R(good_root, root_edge, ERR_ORDER_ROLE),
	R(good_issuing, server_edge, ERR_ORDER_ROLE),
	R(good_ocsp, ocsp_other_tenant, ERR_ORDER_TENANT),
	R(good_ocsp, ocsp_for_other_tenant, ERR_ORDER_TENANT),
	R(good_ocsp, ocsp_beyond_delegate, ERR_ORDER_LIMIT),
	R(good_ocsp, ocsp_delegate_for_other_tenant, ERR_ORDER_TENANT),
	R(good_ocsp, ocsp_none, ERR_ORDER_LIMIT),
	R(good_ocsp, ocsp_long, ERR_ORDER_LIMIT),
	R(good_ocsp, ocsp_backwards, ERR_ORDER_LIMIT),
	R(good_ocsp, ocsp_later, ERR_ORDER_LIMIT),
	R(good_ocsp, ocsp_good_but_revoked, ERR_ORDER_LIMIT),
	R(good_ocsp, ocsp_unknown_with_reason, ERR_ORDER_LIMIT),
	R(good_ocsp, ocsp_reason_7, ERR_ORDER_LIMIT),
	R(good_ocsp, ocsp_revoked_later, ERR_ORDER_LIMIT),
	R(good_proof, proof_other_tenant, ERR_ORDER_TENANT),
	R(good_proof, proof_by_server, ERR_ORDER_ROLE),
	R(good_issuing, ca_no_such_hsm, ERR_ORDER_KEY_STORE),
	R(good_request, request_no_such_hsm, ERR_ORDER_KEY_STORE),
	R(good_request, request_bad_store, ERR_ORDER_MALFORMED),
	R(good_delegate, delegate_other_tenant, ERR_ORDER_TENANT),
	R(good_delegate, delegate_for_other_tenant, ERR_ORDER_TENANT),
	R(good_delegate, delegate_of_delegate, ERR_ORDER_ROLE),
	R(good_delegate, delegate_long, ERR_ORDER_LIMIT),
	R(good_delegate, delegate_later, ERR_ORDER_LIMIT),
	R(good_result_key, delegate_other_tenant, ERR_ORDER_TENANT),
	R(good_result_key, delegate_for_other_tenant, ERR_ORDER_TENANT),
	R(good_result_key, delegate_of_delegate, ERR_ORDER_ROLE),
	R(good_result_key, result_key_of_result_key, ERR_ORDER_ROLE),
	R(good_result_key, result_key_of_root, ERR_ORDER_ROLE),
	R(good_result_key, result_key_of_server, ERR_ORDER_ROLE),
	R(good_result_key, delegate_long, ERR_ORDER_LIMIT),
	R(good_result_key, delegate_later, ERR_ORDER_LIMIT),
	R(good_delegate, result_key_of_result_key, ERR_ORDER_ROLE),
	R(good_leaf, leaf_by_result_key, ERR_ORDER_ROLE),
	R(good_issuing, ca_by_result_key, ERR_ORDER_ROLE),
	R(good_crl, crl_by_result_key, ERR_ORDER_ROLE),
	R(good_proof, proof_by_result_key, ERR_ORDER_ROLE),
	R(good_ocsp, ocsp_by_result_key, ERR_ORDER_ROLE),
	R(good_result, result_other_key, ERR_ORDER_TENANT),
	R(good_result, result_for_other_tenant, ERR_ORDER_TENANT),
	R(good_result, result_by_issuing, ERR_ORDER_ROLE),
	R(good_result, result_by_ocsp_key, ERR_ORDER_ROLE),
	R(good_result, result_for_ever, ERR_ORDER_LIMIT),
	R(good_result, result_for_no_time, ERR_ORDER_LIMIT),
	R(good_result, result_attested_later, ERR_ORDER_LIMIT),
	R(good_result, result_too_good, ERR_ORDER_LIMIT),
	R(good_result, result_device, ERR_ORDER_MALFORMED),
	R(good_result, result_group, ERR_ORDER_MALFORMED),
	R(good_result, result_format, ERR_ORDER_MALFORMED),
	R(good_result, result_nonce, ERR_ORDER_MALFORMED),
	R(good_result, result_tier, ERR_ORDER_MALFORMED),
	R(good_leaf, leaf_by_delegate, ERR_ORDER_ROLE),
	R(good_issuing, ca_by_delegate, ERR_ORDER_ROLE),
	R(good_crl, crl_by_delegate, ERR_ORDER_ROLE),
	R(good_proof, proof_by_delegate, ERR_ORDER_ROLE),
	R(good_request, request_bad_tenant, ERR_ORDER_MALFORMED),
	R(good_request, request_no_leaves, ERR_ORDER_LIMIT),
	R(good_request, request_long_leaves, ERR_ORDER_LIMIT),
	R(good_request, request_nameless, ERR_ORDER_LIMIT),
#undef R
};

START_TEST(every_order_that_breaks_a_rule_is_refused_and_leaves_no_trace)
{
	begin();
	make_cas();
	good_delegate();
	delegate = done(&order);
	good_result_key();
	result_key = done(&order);
	order.delegate.ca = other_issuing.sealed;
	order.delegate.tenant = "tenant-b";
	other_result_key = done(&order);
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		uint64_t next;
		struct answer a;

		refusals[i].good();
		(void)done(&order);
		next = journal_next(work.journal);
		refusals[i].wrong();
		work_do(cx, &work, &order, &a);
		ck_assert_msg(a.err.code == refusals[i].code, "%s: %s: %s",
		    refusals[i].name, err_name(a.err), a.detail);
		ck_assert_uint_eq(a.object.n, 0);
		ck_assert_uint_eq(journal_next(work.journal), next);
	}
	end();
}
END_TEST

START_TEST(a_result_ends_before_the_key_that_signs_it)
{
	struct answer a;

	begin();
	make_cas();
	good_result_key();
	order.delegate.not_after_s = NOW + 300;
	result_key = done(&order);
	good_result();
	(void)done(&order);
	order.sign_result.life_s = 301;
	work_do(cx, &work, &order, &a);
	ck_assert_int_eq(a.err.code, ERR_ORDER_LIMIT);
	end();
}
END_TEST

START_TEST(a_leaf_may_last_to_the_limit_and_not_a_second_more)
{
	begin();
	make_cas();
	good_leaf();
	order.issue.not_after_s = NOW + 30 * 86400;
	(void)done(&order);
	end();
}
END_TEST

START_TEST(a_leaf_cannot_outlive_its_issuer)
{
	struct answer brief, a;

	begin();
	make_cas();
	good_issuing();
	order.make_ca.not_after_s = NOW + 86400 - 1;
	brief = done(&order);
	order = help_leaf("tenant-a", brief.sealed, leaf_spki);
	work_do(cx, &work, &order, &a);
	ck_assert_uint_eq(a.err.code, ERR_ORDER_LIMIT);
	order.issue.not_after_s = NOW + 86400 - 1;
	(void)done(&order);
	end();
}
END_TEST

START_TEST(more_cas_than_stay_open_are_served)
{
	struct answer first, a = { .seq = 0 };

	begin();
	order = help_root("tenant-a", CA_ALG_ED25519);
	first = done(&order);
	for (unsigned i = 0; i < CA_OPEN_MAX + 8; i++) {
		order = help_root("tenant-a", CA_ALG_ED25519);
		a = done(&order);
		order = help_crl("tenant-a", a.sealed, 1);
		(void)done(&order);
		ck_ok(work_commit(cx, &work));
	}
	order = help_crl("tenant-a", first.sealed, 1);
	ck_assert_uint_eq(done(&order).crl_number, 1);
	end();
}
END_TEST

static struct ca *
opened(struct slice record)
{
	struct ca *ca;

	ck_ok(ca_open(cx, work.cas, record, &ca));
	return ca;
}

START_TEST(a_ca_that_was_closed_keeps_what_openssl_has_seen_of_it)
{
	struct slice seen, unseen, busy;

	begin();
	order = help_root("tenant-a", CA_ALG_ED25519);
	seen = slice_dup(cx->arena, done(&order).sealed);
	unseen = slice_dup(cx->arena, done(&order).sealed);
	busy = slice_dup(cx->arena, done(&order).sealed);
	opened(seen)->leaf_checked = true;
	opened(unseen)->ocsp_checked = true;
	opened(busy)->leaf_checked = true;
	for (unsigned i = 0; i < CA_OPEN_MAX + 8; i++) {
		(void)opened(done(&order).sealed);
		ck_assert(opened(busy)->leaf_checked);
		ca_cache_trim(work.cas);
	}
	ck_assert(opened(seen)->leaf_checked);
	ck_assert(!opened(seen)->ocsp_checked);
	ck_assert(!opened(unseen)->leaf_checked);
	ck_assert(opened(unseen)->ocsp_checked);
	end();
}
END_TEST

UNIT_MAIN("signer rules",
    every_order_that_breaks_a_rule_is_refused_and_leaves_no_trace,
    a_result_ends_before_the_key_that_signs_it,
    a_leaf_may_last_to_the_limit_and_not_a_second_more,
    a_leaf_cannot_outlive_its_issuer,
    more_cas_than_stay_open_are_served,
    a_ca_that_was_closed_keeps_what_openssl_has_seen_of_it)
