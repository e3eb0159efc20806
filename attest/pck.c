/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/pck.h"

#include <openssl/x509v3.h>

#include "codec/der.h"

#define OID_SGX		"1.2.840.113741.1.13.1"

/* The same as DER contents; its elements have one number more. */
static const uint8_t oid_sgx[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01
};

enum sgx_element {
	ELEMENT_PPID = 1, ELEMENT_TCB, ELEMENT_PCE_ID, ELEMENT_FMSPC,
	ELEMENT_TYPE, ELEMENT_INSTANCE, ELEMENT_FLAGS,
};
#define TCB_PCE_SVN	17u
#define TCB_CPU_SVN	18u

/* --- the extension ---------------------------------------------------- */

/* The last number of an OID that is prefix and one more; 0: it is not. */
static unsigned
element_of(struct slice oid, struct slice prefix)
{
	if (oid.n != prefix.n + 1 || memcmp(oid.p, prefix.p, prefix.n) != 0 ||
	    oid.p[prefix.n] > 0x7f)
		return 0;
	return oid.p[prefix.n];
}

/* Elements come in any order, each once: which one comes now? */
static unsigned
next_element(struct reader *list, struct reader *out_pair,
    struct slice prefix, uint32_t *seen)
{
	unsigned which;

	*out_pair = der_enter(list, DER_SEQUENCE);
	which = element_of(der_read_oid(out_pair), prefix);
	if (which == 0 || which > TCB_CPU_SVN || (*seen >> which & 1) != 0) {
		list->bad = true;
		return 0;
	}
	*seen |= 1u << which;
	return which;
}

static void
read_octets(struct reader *r, uint8_t *out, size_t n)
{
	struct slice s = der_read(r, DER_OCTET_STRING);

	if (s.n != n)
		r->bad = true;
	else
		memcpy(out, s.p, n);
}

static uint16_t
read_svn(struct reader *r, uint64_t max)
{
	uint64_t v = der_read_uint(r);

	if (v > max)
		r->bad = true;
	return (uint16_t)v;
}

/* ...13.1.2.1 to .16: components; .17: PCESVN; .18: CPUSVN. */
static void
read_tcb(struct reader *r, struct pck *p)
{
	uint8_t prefix[sizeof(oid_sgx) + 1];
	struct reader list = der_enter(r, DER_SEQUENCE);
	uint32_t seen = 0;

	memcpy(prefix, oid_sgx, sizeof(oid_sgx));
	prefix[sizeof(oid_sgx)] = ELEMENT_TCB;
	while (list.n > 0 && !list.bad) {
		struct reader pair;
		unsigned which = next_element(&list, &pair, SLICE_OF(prefix),
		    &seen);

		if (which == TCB_CPU_SVN)
			read_octets(&pair, p->cpu_svn, sizeof(p->cpu_svn));
		else if (which == TCB_PCE_SVN)
			p->pce_svn = read_svn(&pair, UINT16_MAX);
		else if (which > 0)
			p->components[which - 1] = (uint8_t)read_svn(&pair,
			    UINT8_MAX);
		der_leave(&list, &pair);
	}
	if (seen != (1u << (TCB_CPU_SVN + 1)) - 2)
		list.bad = true;
	der_leave(r, &list);
}

static void
read_flags(struct reader *r, struct pck *p)
{
	uint8_t prefix[sizeof(oid_sgx) + 1];
	struct reader list = der_enter(r, DER_SEQUENCE);
	bool *const flags[] = {
		&p->dynamic_platform, &p->cached_keys, &p->smt_enabled
	};
	uint32_t seen = 0;

	memcpy(prefix, oid_sgx, sizeof(oid_sgx));
	prefix[sizeof(oid_sgx)] = ELEMENT_FLAGS;
	while (list.n > 0 && !list.bad) {
		struct reader pair;
		unsigned which = next_element(&list, &pair, SLICE_OF(prefix),
		    &seen);

		if (which > COUNT_OF(flags))
			list.bad = true;
		else if (which > 0)
			*flags[which - 1] = der_read_bool(&pair);
		der_leave(&list, &pair);
	}
	p->has_flags = true;
	der_leave(r, &list);
}

static void
read_type(struct reader *r, struct pck *p)
{
	struct slice s = der_read(r, DER_ENUMERATED);

	if (s.n != 1 || s.p[0] > PCK_SCALABLE_INTEGRITY)
		r->bad = true;
	else
		p->type = s.p[0];
}

static void
read_element(struct reader *r, unsigned which, struct pck *p)
{
	switch (which) {
	case ELEMENT_PPID:
		read_octets(r, p->ppid, sizeof(p->ppid));
		break;
	case ELEMENT_TCB:
		read_tcb(r, p);
		break;
	case ELEMENT_PCE_ID:
		read_octets(r, p->pce_id, sizeof(p->pce_id));
		break;
	case ELEMENT_FMSPC:
		read_octets(r, p->fmspc, sizeof(p->fmspc));
		break;
	case ELEMENT_TYPE:
		read_type(r, p);
		break;
	case ELEMENT_INSTANCE:
		read_octets(r, p->instance_id, sizeof(p->instance_id));
		p->has_instance = true;
		break;
	case ELEMENT_FLAGS:
		read_flags(r, p);
		break;
	default:
		r->bad = true;
	}
}

static bool
read_extension(struct slice der, struct pck *p)
{
	const uint32_t required = 1u << ELEMENT_PPID | 1u << ELEMENT_TCB |
	    1u << ELEMENT_PCE_ID | 1u << ELEMENT_FMSPC | 1u << ELEMENT_TYPE;
	struct reader r = reader_of(der), list = der_enter(&r, DER_SEQUENCE);
	uint32_t seen = 0;

	while (list.n > 0 && !list.bad) {
		struct reader pair;
		unsigned which = next_element(&list, &pair,
		    SLICE_OF(oid_sgx), &seen);

		read_element(&pair, which, p);
		der_leave(&list, &pair);
	}
	der_leave(&r, &list);
	return read_done(&r) && (seen & required) == required;
}

struct err
pck_parse(struct ctx *cx, X509 *x, struct pck *out)
{
	struct pck p = { .pce_svn = 0 };
	size_t n_found = 0;

	for (int i = 0; i < X509_get_ext_count(x); i++) {
		X509_EXTENSION *ext = X509_get_ext(x, i);
		const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(ext);

		if (!chain_oid_is(X509_EXTENSION_get_object(ext), OID_SGX))
			continue;
		if (++n_found > 1 || !read_extension(SLICE(
		    ASN1_STRING_get0_data(data),
		    (size_t)ASN1_STRING_length(data)), &p))
			return FAIL_TELL(cx, ERR_EV_MALFORMED, "PCK "
			    "certificate: its SGX extension");
	}
	if (n_found == 0)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "PCK certificate: no SGX extension");
	*out = p;
	return OK;
}

/* --- chains ----------------------------------------------------------- */

/* The roles along a path, and by which names Intel gives them. */
struct link { const char *names[2]; };

static const struct link platform_links[] = {
	{ { "Intel SGX PCK Certificate", NULL } },
	{ { "Intel SGX PCK Processor CA", "Intel SGX PCK Platform CA" } },
	{ { "Intel SGX Root CA", NULL } },
};
static const struct link signing_links[] = {
	{ { "Intel SGX TCB Signing", NULL } },
	{ { "Intel SGX Root CA", NULL } },
};

static bool
is_named(X509 *x, const struct link *link)
{
	for (size_t i = 0; i < COUNT_OF(link->names); i++)
		if (link->names[i] != NULL && chain_subject_is(x,
		    NID_commonName, link->names[i]))
			return true;
	return false;
}

/* The root that came along need not be the anchor byte for byte (Intel made
 * it anew, with the same key), but nothing here stays unchecked. */
static struct err
check_sent_root(struct ctx *cx, X509 *sent, X509 *anchor)
{
	if (X509_cmp(sent, anchor) == 0)
		return OK;
	if (X509_NAME_cmp(X509_get_subject_name(sent),
	    X509_get_subject_name(anchor)) != 0 ||
	    !chain_is_signed(cx, sent, anchor))
		return FAIL_TELL(cx, ossl_code(ERR_EV_CHAIN),
		    "the root in a chain is not the anchor's");
	return OK;
}

struct err
pck_chain_verify(struct ctx *cx, enum pck_role role, X509 *const *certs,
    size_t n, const struct trust *trust, int64_t at_s,
    struct chain_path *out_path)
{
	const struct link *links = role == PCK_PLATFORM ? platform_links
	    : signing_links;
	size_t n_links = role == PCK_PLATFORM ? COUNT_OF(platform_links)
	    : COUNT_OF(signing_links);
	struct chain_path path;

	if (n == 0 || n + 1 < n_links || n > n_links)
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "a chain of %zu certificates", n);
	for (size_t i = 0; i < n; i++)
		if (!is_named(certs[i], &links[i]))
			return FAIL_TELL(cx, ERR_EV_CHAIN, "certificate %zu "
			    "of a chain is not an %s", i, links[i].names[0]);
	TRY(chain_verify_path(cx, certs[0], certs + 1, n - 1, trust, at_s,
	    &path));
	if (path.n != n_links || !chain_is_end_entity(path.certs[0]))
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "a path of other certificates than Intel's");
	if (n == n_links)
		TRY(check_sent_root(cx, certs[n - 1], path.certs[n - 1]));
	*out_path = path;
	return OK;
}

bool
pck_same_key(X509 *a, X509 *b)
{
	return EVP_PKEY_eq(chain_key(a), chain_key(b)) == 1;
}

/* --- revocation lists ------------------------------------------------- */

struct err
pck_crl_parse(struct ctx *cx, struct slice der, X509_CRL **out)
{
	X509_CRL *crl;

	if (der.n > PCK_CRL_MAX)
		return FAIL_TELL(cx, ERR_EV_MALFORMED, "CRL of %zu bytes",
		    der.n);
	crl = chain_crl_read(cx, der);
	if (crl == NULL)
		return FAIL_TELL(cx, ossl_code(ERR_EV_MALFORMED),
		    "not just a CRL");
	*out = crl;
	return OK;
}

/* Profile, 5.2: version 2, with number and key identifier. */
static struct err
check_crl_profile(struct ctx *cx, X509_CRL *crl, X509 *issuer)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(issuer);
	AUTHORITY_KEYID *aki = X509_CRL_get_ext_d2i(crl,
	    NID_authority_key_identifier, NULL, NULL);
	bool has_aki = aki != NULL && aki->keyid != NULL, agrees;

	agrees = has_aki && ski != NULL &&
	    ASN1_OCTET_STRING_cmp(aki->keyid, ski) == 0;
	AUTHORITY_KEYID_free(aki);
	if (X509_CRL_get_version(crl) != X509_CRL_VERSION_2 || !has_aki ||
	    X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1) < 0)
		return FAIL_TELL(cx, ossl_code(ERR_EV_PROPERTY),
		    "a CRL without its number or its issuer's key");
	if (!agrees)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a CRL by another key of its issuer");
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++)
		if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)))
			return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
			    "a CRL with a critical extension");
	return OK;
}

static struct err
check_crl_time(struct ctx *cx, X509_CRL *crl, int64_t at_s)
{
	int64_t from_s, to_s;

	if (!chain_seconds_of(X509_CRL_get0_lastUpdate(crl), &from_s) ||
	    !chain_seconds_of(X509_CRL_get0_nextUpdate(crl), &to_s))
		return FAIL_TELL(cx, ossl_code(ERR_EV_EXPIRED),
		    "a CRL that does not say when it ends");
	if (at_s < from_s || at_s > to_s)
		return FAIL_TELL(cx, ERR_EV_EXPIRED,
		    "a CRL that is not valid at this time");
	return OK;
}

struct err
pck_crl_verify(struct ctx *cx, X509_CRL *crl, X509 *issuer, int64_t at_s)
{
	if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
	    X509_get_subject_name(issuer)) != 0)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a CRL of another issuer");
	if (X509_CRL_get_signature_nid(crl) != NID_ecdsa_with_SHA256)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "a CRL's signature algorithm");
	if (!chain_crl_is_signed(cx, crl, issuer))
		return FAIL_TELL(cx, ossl_code(ERR_EV_SIGNATURE),
		    "a CRL is not signed by its issuer");
	TRY(check_crl_profile(cx, crl, issuer));
	return check_crl_time(cx, crl, at_s);
}

struct err
pck_crl_check(struct ctx *cx, X509_CRL *crl, X509 *x)
{
	X509_REVOKED *entry;

	if (X509_CRL_get0_by_cert(crl, &entry, x) != 0)
		return FAIL_TELL(cx, ERR_EV_REVOKED,
		    "a certificate is in its issuer's CRL");
	return OK;
}
