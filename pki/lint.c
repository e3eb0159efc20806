/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint.h"

#include <stdio.h>

#include "base/text.h"
#include "pki/tbs.h"

#define SERIAL_MIN	8u	/* 64 bits: room for randomness */
#define DEVICE_ID_CHARS	64u
#define DEVICE_ID_SIZE	32u

/* What a certificate is, so far as it says; the rules say of which they are. */
enum kind {
	ROOT = 1 << 0, CA = 1 << 1, EDGE = 1 << 2, DEVICE = 1 << 3,
	SERVER = 1 << 4, PROOF = 1 << 5, OCSP = 1 << 6, RESULT = 1 << 7,
};
#define ANY	(CAS | EDGE | LEAVES)
#define CAS	(ROOT | CA)
#define LEAVES	(DEVICE | SERVER | PROOF | OCSP | RESULT)
#define DEVICES	(DEVICE | EDGE)

static bool
has(const struct cert *c, enum cert_ext_id id)
{
	return c->ext[id].present;
}

static bool
is_critical(const struct cert *c, enum cert_ext_id id)
{
	return c->ext[id].critical;
}

static bool
is_http(const char *url)
{
	return strncmp(url, "http://", 7) == 0 && url[7] != '\0';
}

static bool
is_known_algorithm(struct slice der)
{
	for (enum key_kind kind = KEY_P256; kind <= KEY_RSA; kind++)
		if (slice_equal(der, key_sig_der(key_sig_of(kind))))
			return true;
	return false;
}

/* Names alone are not enough: a root's successor may bear its name. */
static bool
is_self_signed(const struct cert *c)
{
	return slice_equal(c->issuer, c->subject) &&
	    (c->aki.n == 0 || slice_equal(c->aki, c->ski));
}

static enum kind
kind_of(const struct cert *c)
{
	if (c->ca)
		return c->policy != CERT_POLICY_NONE ? EDGE :
		    is_self_signed(c) ? ROOT : CA;
	if (has(c, CERT_EXT_OCSP_NOCHECK))
		return OCSP;
	if (c->result_signing)
		return RESULT;
	if (c->policy != CERT_POLICY_NONE || c->client_auth)
		return DEVICE;
	return c->server_auth || c->n_hosts > 0 ? SERVER : PROOF;
}

/* --- any certificate ----------------------------------------------------- */

static bool
serial_size(const struct cert *c)
{
	return c->serial.n >= SERIAL_MIN && c->serial.n <= CERT_SERIAL_MAX;
}

static bool
algorithm_known(const struct cert *c)
{
	return is_known_algorithm(c->algorithm);
}

static bool
issuer_not_empty(const struct cert *c)
{
	return c->issuer.n > 2;
}

static bool
validity_in_order(const struct cert *c)
{
	return c->not_before_s < c->not_after_s;
}

static bool
organization_named(const struct cert *c)
{
	size_t n = strlen(c->organization);

	return n >= 1 && n <= TBS_ORGANIZATION_MAX;
}

static bool
common_name_fits(const struct cert *c)
{
	return strlen(c->common_name) <= TBS_COMMON_NAME_MAX;
}

static bool
has_ski(const struct cert *c)
{
	return has(c, CERT_EXT_SKI) && c->ski.n == KEY_ID_SIZE;
}

static bool
has_aki_unless_self_issued(const struct cert *c)
{
	return has(c, CERT_EXT_AKI) ? c->aki.n == KEY_ID_SIZE :
	    slice_equal(c->issuer, c->subject);
}

static bool
usage_critical(const struct cert *c)
{
	return has(c, CERT_EXT_KEY_USAGE) &&
	    is_critical(c, CERT_EXT_KEY_USAGE);
}

static bool
cert_sign_is_for_cas(const struct cert *c)
{
	bool signs = (c->key_usage & CERT_USAGE_KEY_CERT_SIGN) != 0;

	return signs == c->ca;
}

static bool
path_len_is_for_cas(const struct cert *c)
{
	return c->path_len < 0 || c->ca;
}

static bool
only_these_critical(const struct cert *c)
{
	for (enum cert_ext_id id = 0; id < CERT_EXT_COUNT; id++)
		if (is_critical(c, id) && id != CERT_EXT_KEY_USAGE &&
		    id != CERT_EXT_BASIC && id != CERT_EXT_SAN &&
		    id != CERT_EXT_NAME_CONSTRAINTS)
			return false;
	return true;
}

static bool
san_critical_iff_no_subject(const struct cert *c)
{
	return is_critical(c, CERT_EXT_SAN) == (c->subject.n <= 2);
}

static bool
urls_are_http(const struct cert *c)
{
	return (!has(c, CERT_EXT_CRLDP) || is_http(c->crl_url)) &&
	    (c->aia_url[0] == '\0' || is_http(c->aia_url)) &&
	    (c->ocsp_url[0] == '\0' || is_http(c->ocsp_url));
}

static bool
no_rev_avail_alone(const struct cert *c)
{
	return !has(c, CERT_EXT_NO_REV_AVAIL) || (!has(c, CERT_EXT_CRLDP) &&
	    c->ocsp_url[0] == '\0');
}

static bool
no_rev_avail_is_for_leaves(const struct cert *c)
{
	return !has(c, CERT_EXT_NO_REV_AVAIL);
}

static bool
no_name_constraints(const struct cert *c)
{
	return !has(c, CERT_EXT_NAME_CONSTRAINTS);
}

/* --- CA certificates ----------------------------------------------------- */

static bool
basic_critical(const struct cert *c)
{
	return has(c, CERT_EXT_BASIC) && is_critical(c, CERT_EXT_BASIC);
}

static bool
ca_usage(const struct cert *c)
{
	/* Those of before OCSP do without digitalSignature. */
	return (c->key_usage & ~CERT_USAGE_DIGITAL_SIGNATURE) ==
	    (CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN);
}

static bool
ca_is_plain(const struct cert *c)
{
	return !has(c, CERT_EXT_EKU) && !has(c, CERT_EXT_SAN) &&
	    !has(c, CERT_EXT_POLICIES) && c->common_name[0] != '\0';
}

/* Older roots have a 1. */
static bool
root_path_len(const struct cert *c)
{
	return c->path_len < 0 || c->path_len == 1;
}

/* An issuing CA has 0, with edge CAs below it 1, a cross-certificate up to 2. */
static bool
ca_path_len(const struct cert *c)
{
	return c->path_len >= 0 && c->path_len <= 2;
}

/* --- edge CAs ------------------------------------------------------------ */

static bool
edge_path_len(const struct cert *c)
{
	return c->path_len == 0;
}

static bool
edge_usage(const struct cert *c)
{
	return c->key_usage ==
	    (CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_DIGITAL_SIGNATURE);
}

static bool
edge_names_limited(const struct cert *c)
{
	return has(c, CERT_EXT_NAME_CONSTRAINTS) &&
	    is_critical(c, CERT_EXT_NAME_CONSTRAINTS) &&
	    c->limited_names == CERT_NAMES_ALL &&
	    slice_equal(c->permitted_subject, c->subject);
}

/* --- leaves -------------------------------------------------------------- */

static bool
leaf_has_no_basic(const struct cert *c)
{
	return !has(c, CERT_EXT_BASIC);
}

static bool
leaf_usage(const struct cert *c)
{
	return c->key_usage == CERT_USAGE_DIGITAL_SIGNATURE;
}

static bool
known_purposes(const struct cert *c)
{
	return !c->other_eku;
}

static bool
device_has_purpose(const struct cert *c)
{
	return c->client_auth || c->server_auth;
}

static bool
has_san(const struct cert *c)
{
	return has(c, CERT_EXT_SAN);
}

static bool
is_device_id(const char *text)
{
	return strlen(text) == DEVICE_ID_CHARS &&
	    strspn(text, "0123456789abcdef") == DEVICE_ID_CHARS;
}

/* urn:daapki:<tenant>:device:<id> or spiffe://<domain>/device/<id> */
static bool
is_uri_of(const char *uri, const struct cert *c)
{
	char urn[32 + TBS_ORGANIZATION_MAX + DEVICE_ID_CHARS];
	static const char scheme[] = "spiffe://", path[] = "/device/";
	const char *p;

	(void)snprintf(urn, sizeof(urn), "urn:daapki:%s:device:%s",
	    c->organization, c->common_name);
	if (strcmp(uri, urn) == 0)
		return true;
	if (strncmp(uri, scheme, sizeof(scheme) - 1) != 0)
		return false;
	p = strchr(uri + sizeof(scheme) - 1, '/');
	return p != NULL && p > uri + sizeof(scheme) - 1 &&
	    strncmp(p, path, sizeof(path) - 1) == 0 &&
	    strcmp(p + sizeof(path) - 1, c->common_name) == 0;
}

static bool
device_names_agree(const struct cert *c)
{
	uint8_t id[DEVICE_ID_SIZE];

	if (!is_device_id(c->common_name) || c->n_hosts != 0 ||
	    !text_unhex(c->common_name, id, sizeof(id)))
		return false;
	return (c->san_uri[0] == '\0' || is_uri_of(c->san_uri, c)) &&
	    (c->permanent_id[0] == '\0' ||
	    strcmp(c->common_name, c->permanent_id) == 0) &&
	    (c->hardware_serial.n == 0 ||
	    slice_equal(c->hardware_serial, SLICE_OF(id)));
}

static bool
device_says_where_its_key_is(const struct cert *c)
{
	return c->policy != CERT_POLICY_NONE;
}

static bool
server_names_hosts_only(const struct cert *c)
{
	return c->n_hosts > 0 && c->san_uri[0] == '\0' &&
	    c->permanent_id[0] == '\0' && c->hardware_serial.n == 0;
}

static bool
proof_is_for_nothing(const struct cert *c)
{
	return !has(c, CERT_EXT_EKU) && !has(c, CERT_EXT_SAN) &&
	    c->common_name[0] != '\0';
}

/* Who is trusted for every certificate of a CA can do nothing else. */
static bool
ocsp_is_for_ocsp_only(const struct cert *c)
{
	return c->ocsp_signing && !c->client_auth && !c->server_auth &&
	    c->policy == CERT_POLICY_NONE && !has(c, CERT_EXT_SAN) &&
	    c->common_name[0] != '\0';
}

static bool
ocsp_is_not_asked_about(const struct cert *c)
{
	return !has(c, CERT_EXT_CRLDP) && c->ocsp_url[0] == '\0';
}

static bool
signs_no_ocsp(const struct cert *c)
{
	return !c->ocsp_signing && !has(c, CERT_EXT_OCSP_NOCHECK);
}

/* Who speaks for a tenant about its devices is no device, and no server. */
static bool
result_is_for_results_only(const struct cert *c)
{
	char uri[sizeof(TBS_RESULT_URI) + TBS_ORGANIZATION_MAX];

	(void)snprintf(uri, sizeof(uri), TBS_RESULT_URI, c->organization);
	return strcmp(c->san_uri, uri) == 0 && !c->client_auth &&
	    !c->server_auth && c->policy == CERT_POLICY_NONE &&
	    c->n_hosts == 0 && c->permanent_id[0] == '\0' &&
	    c->hardware_serial.n == 0 && c->common_name[0] != '\0';
}

static bool
signs_no_results(const struct cert *c)
{
	return !c->result_signing;
}

struct rule {
	const char	*name;		/* with its clause in RFC 5280 */
	unsigned	 applies;	/* enum kind */
	bool		(*holds)(const struct cert *);
};

static const struct rule rules[] = {
	{ "4.1.2.2 serial of 8 to 20 bytes", ANY, serial_size },
	{ "4.1.1.2 signature algorithm", ANY, algorithm_known },
	{ "4.1.2.4 issuer not empty", ANY, issuer_not_empty },
	{ "4.1.2.5 validity in order", ANY, validity_in_order },
	{ "A.1 organization", ANY, organization_named },
	{ "A.1 common name", ANY, common_name_fits },
	{ "4.2.1.2 subject key identifier", ANY, has_ski },
	{ "4.2.1.1 authority key identifier", ANY,
	    has_aki_unless_self_issued },
	{ "4.2.1.3 key usage critical", ANY, usage_critical },
	{ "4.2.1.9 keyCertSign with cA and only then", ANY,
	    cert_sign_is_for_cas },
	{ "4.2.1.9 pathLen without cA", ANY, path_len_is_for_cas },
	{ "4.2 criticality", ANY, only_these_critical },
	{ "4.2.1.6 subjectAltName critical", ANY,
	    san_critical_iff_no_subject },
	{ "4.2.1.13 plain HTTP URLs", ANY, urls_are_http },
	{ "RFC 9608 4 noRevAvail with CRLDP or OCSP", ANY,
	    no_rev_avail_alone },
	{ "RFC 9608 4 noRevAvail of a CA", CAS | EDGE,
	    no_rev_avail_is_for_leaves },
	{ "4.2.1.10 name constraints", CAS | LEAVES, no_name_constraints },
	{ "4.2.1.9 basic constraints critical", CAS | EDGE, basic_critical },
	{ "4.2.1.3 CA key usage", CAS, ca_usage },
	{ "CA profile: named, no purpose, no policy", CAS, ca_is_plain },
	{ "root profile: pathLen", ROOT, root_path_len },
	{ "CA profile: pathLen", CA, ca_path_len },
	{ "edge profile: pathLen", EDGE, edge_path_len },
	{ "edge profile: key usage", EDGE, edge_usage },
	{ "edge profile: 4.2.1.10 limited names", EDGE, edge_names_limited },
	{ "leaf profile: no basic constraints", LEAVES, leaf_has_no_basic },
	{ "leaf profile: key usage", LEAVES, leaf_usage },
	{ "4.2.1.12 extended key usage", ANY, known_purposes },
	{ "device profile: 4.2.1.12 a purpose", DEVICE, device_has_purpose },
	{ "leaf profile: subjectAltName", DEVICES | SERVER, has_san },
	{ "device profile: names", DEVICES, device_names_agree },
	{ "device profile: policy", DEVICES, device_says_where_its_key_is },
	{ "server profile: names", SERVER, server_names_hosts_only },
	{ "proof profile: no purpose, no name but the nonce", PROOF,
	    proof_is_for_nothing },
	{ "RFC 6960 4.2.2.2 OCSPSigning, and nothing else", OCSP,
	    ocsp_is_for_ocsp_only },
	{ "RFC 6960 4.2.2.2.1 nocheck with CRLDP or OCSP", OCSP,
	    ocsp_is_not_asked_about },
	{ "RFC 6960 4.2.2.2 OCSPSigning without nocheck, or of a CA",
	    ANY & ~OCSP, signs_no_ocsp },
	{ "result profile: its purpose and URI, and nothing else", RESULT,
	    result_is_for_results_only },
	{ "result profile: its purpose in another", ANY & ~RESULT,
	    signs_no_results },
};

/* --- with the issuer ----------------------------------------------------- */

static bool
issued_by_ca(const struct cert *c, const struct cert *issuer)
{
	(void)c;
	return issuer->ca &&
	    (issuer->key_usage & CERT_USAGE_KEY_CERT_SIGN) != 0;
}

static bool
name_chains(const struct cert *c, const struct cert *issuer)
{
	return slice_equal(c->issuer, issuer->subject);
}

static bool
key_id_chains(const struct cert *c, const struct cert *issuer)
{
	return slice_equal(c->aki, issuer->ski);
}

static bool
within_issuers_life(const struct cert *c, const struct cert *issuer)
{
	return c->not_after_s <= issuer->not_after_s;
}

static bool
same_organization(const struct cert *c, const struct cert *issuer)
{
	return strcmp(c->organization, issuer->organization) == 0;
}

static bool
path_allows(const struct cert *c, const struct cert *issuer)
{
	if (!c->ca || issuer->path_len < 0)
		return true;
	/* 6.1.4 (l): one that bears its issuer's name is not counted. */
	return c->path_len >= 0 && c->path_len <= issuer->path_len -
	    (slice_equal(c->issuer, c->subject) ? 0 : 1);
}

static bool
edge_below_issuing(const struct cert *c, const struct cert *issuer)
{
	return kind_of(c) != EDGE || (kind_of(issuer) == CA &&
	    issuer->path_len > 0);
}

static bool
keys_differ(const struct cert *c, const struct cert *issuer)
{
	return !slice_equal(c->spki, issuer->spki);
}

struct issuer_rule {
	const char	*name;
	bool		(*holds)(const struct cert *, const struct cert *);
};

static const struct issuer_rule issuer_rules[] = {
	{ "4.2.1.9 the issuer is a CA", issued_by_ca },
	{ "4.1.2.4 issuer is the CA's subject", name_chains },
	{ "4.2.1.1 key identifiers chain", key_id_chains },
	{ "no certificate outlives its issuer", within_issuers_life },
	{ "subject and issuer are of one tenant", same_organization },
	{ "4.2.1.9 pathLen of the issuer", path_allows },
	{ "edge profile: below an issuing CA that may", edge_below_issuing },
	{ "subject and issuer have different keys", keys_differ },
};

static struct err
check_rules(struct ctx *cx, const struct cert *c)
{
	enum kind kind = kind_of(c);

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if ((rules[i].applies & kind) != 0 && !rules[i].holds(c))
			return FAIL(cx, ERR_CERT_LINT, "%s", rules[i].name);
	return OK;
}

struct err
lint_cert_facts(struct ctx *cx, const struct cert *c,
    const struct cert *issuer)
{
	TRY(check_rules(cx, c));
	if (issuer == NULL && kind_of(c) != ROOT)
		return FAIL(cx, ERR_CERT_LINT,
		    "a root is issued by itself");
	for (size_t i = 0; issuer != NULL && i < COUNT_OF(issuer_rules); i++)
		if (!issuer_rules[i].holds(c, issuer))
			return FAIL(cx, ERR_CERT_LINT, "%s",
			    issuer_rules[i].name);
	return OK;
}

struct err
lint_cert(struct ctx *cx, struct slice tbs, const struct cert *issuer)
{
	struct cert c;

	if (failed(cert_parse_tbs(cx, tbs, &c)))
		return FAIL(cx, ERR_CERT_LINT, "it cannot be read back");
	return lint_cert_facts(cx, &c, issuer);
}

/* --- CRLs ---------------------------------------------------------------- */

static bool
crl_algorithm_known(const struct crl_facts *crl, const struct cert *issuer)
{
	(void)issuer;
	return is_known_algorithm(crl->algorithm);
}

static bool
crl_issuer_chains(const struct crl_facts *crl, const struct cert *issuer)
{
	return slice_equal(crl->issuer, issuer->subject);
}

static bool
crl_key_id_chains(const struct crl_facts *crl, const struct cert *issuer)
{
	return slice_equal(crl->aki, issuer->ski);
}

static bool
crl_updates_in_order(const struct crl_facts *crl, const struct cert *issuer)
{
	(void)issuer;
	return crl->this_update_s < crl->next_update_s;
}

static bool
crl_number_begins_at_one(const struct crl_facts *crl,
    const struct cert *issuer)
{
	(void)issuer;
	return crl->number > 0;
}

static bool
crl_signer_may(const struct crl_facts *crl, const struct cert *issuer)
{
	(void)crl;
	return (issuer->key_usage & CERT_USAGE_CRL_SIGN) != 0;
}

static bool
crl_shard_is_named(const struct crl_facts *crl, const struct cert *issuer)
{
	(void)issuer;
	return !crl->is_shard || is_http(crl->shard_url);
}

struct crl_rule {
	const char	*name;
	bool		(*holds)(const struct crl_facts *,
			    const struct cert *);
};

static const struct crl_rule crl_rules[] = {
	{ "CRL 5.1.1.2 signature algorithm", crl_algorithm_known },
	{ "CRL 5.1.2.3 issuer is the CA's subject", crl_issuer_chains },
	{ "CRL 5.2.1 key identifiers chain", crl_key_id_chains },
	{ "CRL 5.1.2.5 updates in order", crl_updates_in_order },
	{ "CRL 5.2.3 number", crl_number_begins_at_one },
	{ "CRL 5.2.5 a shard's URL is plain HTTP", crl_shard_is_named },
	{ "4.2.1.3 the issuer may sign CRLs", crl_signer_may },
};

struct err
lint_crl_facts(struct ctx *cx, const struct crl_facts *crl,
    const struct cert *issuer)
{
	for (size_t i = 0; i < COUNT_OF(crl_rules); i++)
		if (!crl_rules[i].holds(crl, issuer))
			return FAIL(cx, ERR_CERT_LINT, "%s",
			    crl_rules[i].name);
	return OK;
}

struct err
lint_crl(struct ctx *cx, struct slice tbs, const struct cert *issuer)
{
	struct crl_facts crl;

	if (failed(crl_parse_tbs(cx, tbs, &crl)))
		return FAIL(cx, ERR_CERT_LINT, "it cannot be read back");
	return lint_crl_facts(cx, &crl, issuer);
}

/* --- OCSP responses ------------------------------------------------------ */

struct ocsp_case {
	const struct ocsp_facts	*facts;
	const struct ocsp_issuer *ocsp;
	const struct cert	*issuer;
	bool			 delegated;
	struct cert		 delegate;
	struct ocsp_issuer	 delegate_ocsp;	/* for its key */
};

static bool
ocsp_algorithm_known(const struct ocsp_case *c)
{
	return is_known_algorithm(c->facts->algorithm);
}

static bool
ocsp_responder_is_named(const struct ocsp_case *c)
{
	return slice_equal(c->facts->key_sha1, c->delegated ?
	    SLICE_OF(c->delegate_ocsp.key_sha1) : SLICE_OF(c->ocsp->key_sha1));
}

static bool
ocsp_delegate_is_of_issuer(const struct ocsp_case *c)
{
	const struct cert *d = &c->delegate;

	return !c->delegated || (kind_of(d) == OCSP && d->ocsp_signing &&
	    slice_equal(d->issuer, c->issuer->subject) &&
	    slice_equal(d->aki, c->issuer->ski));
}

/* A cache may show the answer until its end: so long must it be believed. */
static bool
ocsp_within_delegates_life(const struct ocsp_case *c)
{
	if (!c->delegated)
		return true;
	for (size_t i = 0; i < c->facts->n; i++)
		if (c->facts->entries[i].next_update_s >
		    c->delegate.not_after_s)
			return false;
	return c->facts->produced_s >= c->delegate.not_before_s;
}

static bool
ocsp_ids_are_of_issuer(const struct ocsp_case *c)
{
	for (size_t i = 0; i < c->facts->n; i++)
		if (!ocsp_id_is_of(&c->facts->entries[i].id, c->ocsp))
			return false;
	return true;
}

static bool
ocsp_updates_in_order(const struct ocsp_case *c)
{
	for (size_t i = 0; i < c->facts->n; i++) {
		const struct ocsp_entry *e = &c->facts->entries[i];

		if (e->this_update_s > c->facts->produced_s ||
		    e->next_update_s <= e->this_update_s ||
		    e->next_update_s <= c->facts->produced_s)
			return false;
	}
	return true;
}

static bool
ocsp_revoked_before(const struct ocsp_case *c)
{
	for (size_t i = 0; i < c->facts->n; i++)
		if (c->facts->entries[i].revoked_s > c->facts->produced_s)
			return false;
	return true;
}

static bool
ocsp_within_issuers_life(const struct ocsp_case *c)
{
	return c->facts->produced_s <= c->issuer->not_after_s;
}

struct ocsp_rule {
	const char	*name;		/* with its clause in RFC 6960 */
	bool		(*holds)(const struct ocsp_case *);
};

static const struct ocsp_rule ocsp_rules[] = {
	{ "OCSP signature algorithm", ocsp_algorithm_known },
	{ "OCSP 4.2.1 the responder's key is named", ocsp_responder_is_named },
	{ "OCSP 4.2.2.2 the delegate is the issuer's",
	    ocsp_delegate_is_of_issuer },
	{ "OCSP within the delegate's life", ocsp_within_delegates_life },
	{ "OCSP 4.1.1 certificates of the issuer", ocsp_ids_are_of_issuer },
	{ "OCSP 4.2.2.1 updates in order", ocsp_updates_in_order },
	{ "OCSP 4.2.1 revoked before it was said", ocsp_revoked_before },
	{ "OCSP within the issuer's life", ocsp_within_issuers_life },
};

struct err
lint_ocsp_facts(struct ctx *cx, const struct ocsp_facts *facts,
    const struct ocsp_issuer *ocsp, const struct cert *issuer)
{
	struct ocsp_case c = { .facts = facts, .ocsp = ocsp,
	    .issuer = issuer, .delegated = facts->certificate.n > 0 };

	if (c.delegated && (failed(cert_parse(cx, facts->certificate,
	    &c.delegate)) || failed(ocsp_issuer_init(cx, &c.delegate,
	    &c.delegate_ocsp))))
		return FAIL(cx, ERR_CERT_LINT,
		    "the delegate's certificate cannot be read");
	for (size_t i = 0; i < COUNT_OF(ocsp_rules); i++)
		if (!ocsp_rules[i].holds(&c))
			return FAIL(cx, ERR_CERT_LINT, "%s",
			    ocsp_rules[i].name);
	return OK;
}

struct err
lint_ocsp(struct ctx *cx, struct slice der, const struct ocsp_issuer *ocsp,
    const struct cert *issuer)
{
	struct ocsp_facts facts;

	if (failed(ocsp_parse(cx, der, &facts)))
		return FAIL(cx, ERR_CERT_LINT, "it cannot be read back");
	return lint_ocsp_facts(cx, &facts, ocsp, issuer);
}

const char *
lint_rule(size_t i)
{
	if (i < COUNT_OF(rules))
		return rules[i].name;
	i -= COUNT_OF(rules);
	if (i < COUNT_OF(issuer_rules))
		return issuer_rules[i].name;
	i -= COUNT_OF(issuer_rules);
	if (i < COUNT_OF(crl_rules))
		return crl_rules[i].name;
	i -= COUNT_OF(crl_rules);
	return i < COUNT_OF(ocsp_rules) ? ocsp_rules[i].name : NULL;
}
