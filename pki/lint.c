/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/lint.h"

#include <stdio.h>

#include "pki/tbs.h"

#define SERIAL_MIN	8u	/* 64 bits: room for randomness */
#define DEVICE_ID_CHARS	64u

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
		    id != CERT_EXT_BASIC && id != CERT_EXT_SAN)
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
	    (!has(c, CERT_EXT_AIA) || is_http(c->aia_url));
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
	return c->key_usage ==
	    (CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN);
}

static bool
ca_is_plain(const struct cert *c)
{
	return !has(c, CERT_EXT_EKU) && !has(c, CERT_EXT_SAN) &&
	    !has(c, CERT_EXT_POLICIES) && c->common_name[0] != '\0';
}

static bool
path_len_fits(const struct cert *c)
{
	return c->path_len == (slice_equal(c->issuer, c->subject) ? 1 : 0);
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
one_purpose(const struct cert *c)
{
	return !c->other_eku && c->client_auth != c->server_auth;
}

static bool
leaf_has_san(const struct cert *c)
{
	return has(c, CERT_EXT_SAN);
}

static bool
is_device_id(const char *text)
{
	return strlen(text) == DEVICE_ID_CHARS &&
	    strspn(text, "0123456789abcdef") == DEVICE_ID_CHARS;
}

static bool
device_names_agree(const struct cert *c)
{
	char uri[32 + TBS_ORGANIZATION_MAX + DEVICE_ID_CHARS];

	if (!c->client_auth)
		return true;
	(void)snprintf(uri, sizeof(uri), "urn:daapki:%s:device:%s",
	    c->organization, c->common_name);
	return is_device_id(c->common_name) && c->n_hosts == 0 &&
	    strcmp(uri, c->san_uri) == 0 &&
	    strcmp(c->common_name, c->permanent_id) == 0;
}

static bool
device_says_where_its_key_is(const struct cert *c)
{
	return (c->policy != CERT_POLICY_NONE) == c->client_auth;
}

static bool
server_names_hosts_only(const struct cert *c)
{
	return !c->server_auth || (c->n_hosts > 0 && c->san_uri[0] == '\0' &&
	    c->permanent_id[0] == '\0');
}

enum applies { ANY, CA, LEAF };

struct rule {
	const char	*name;		/* with its clause in RFC 5280 */
	enum applies	 applies;
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
	{ "4.2.1.9 basic constraints critical", CA, basic_critical },
	{ "4.2.1.3 CA key usage", CA, ca_usage },
	{ "CA profile: named, no purpose, no policy", CA, ca_is_plain },
	{ "CA profile: pathLen", CA, path_len_fits },
	{ "leaf profile: no basic constraints", LEAF, leaf_has_no_basic },
	{ "leaf profile: key usage", LEAF, leaf_usage },
	{ "4.2.1.12 one extended key usage", LEAF, one_purpose },
	{ "leaf profile: subjectAltName", LEAF, leaf_has_san },
	{ "device profile: names", LEAF, device_names_agree },
	{ "device profile: policy", LEAF, device_says_where_its_key_is },
	{ "server profile: names", LEAF, server_names_hosts_only },
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
	return !c->ca || issuer->path_len > c->path_len;
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
	{ "subject and issuer have different keys", keys_differ },
};

static struct err
check_rules(struct ctx *cx, const struct cert *c)
{
	enum applies kind = c->ca ? CA : LEAF;

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if ((rules[i].applies == ANY || rules[i].applies == kind) &&
		    !rules[i].holds(c))
			return FAIL(cx, ERR_CERT_LINT, "%s", rules[i].name);
	return OK;
}

struct err
lint_cert_facts(struct ctx *cx, const struct cert *c,
    const struct cert *issuer)
{
	TRY(check_rules(cx, c));
	if (issuer == NULL && !slice_equal(c->issuer, c->subject))
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
};

static bool
ocsp_algorithm_known(const struct ocsp_case *c)
{
	return is_known_algorithm(c->facts->algorithm);
}

static bool
ocsp_responder_is_issuer(const struct ocsp_case *c)
{
	return slice_equal(c->facts->key_sha1, SLICE_OF(c->ocsp->key_sha1));
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
	{ "OCSP 4.2.2.2 the responder is the issuer",
	    ocsp_responder_is_issuer },
	{ "OCSP 4.1.1 certificates of the issuer", ocsp_ids_are_of_issuer },
	{ "OCSP 4.2.2.1 updates in order", ocsp_updates_in_order },
	{ "OCSP 4.2.1 revoked before it was said", ocsp_revoked_before },
	{ "OCSP within the issuer's life", ocsp_within_issuers_life },
};

struct err
lint_ocsp_facts(struct ctx *cx, const struct ocsp_facts *facts,
    const struct ocsp_issuer *ocsp, const struct cert *issuer)
{
	const struct ocsp_case c = { facts, ocsp, issuer };

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
