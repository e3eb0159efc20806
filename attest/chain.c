/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/chain.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "attest/pss.h"
#include "base/text.h"
#include "codec/der.h"

#define OID_SIZE_MAX	64u
#define ARC_SIZE_MAX	10u	/* of 64 bits */
#define NAME_TEXT_MAX	64

AUTO_DEFINE(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free);
AUTO_DEFINE(X509_NAME, X509_NAME_free);

/* --- what a certificate says ------------------------------------------ */

/* Seven bits a byte, all but the last marked (X.690, 8.19). */
static size_t
put_arc(uint64_t arc, uint8_t *out)
{
	size_t n = 1;

	for (uint64_t rest = arc >> 7; rest != 0; rest >>= 7)
		n++;
	for (size_t i = n; i-- > 0; arc >>= 7)
		out[i] = (uint8_t)((arc & 0x7f) | (i + 1 < n ? 0x80 : 0));
	return n;
}

/* The contents that "1.2.3" is encoded as: OpenSSL's way to compare, over text,
 * takes as long as the rest of reading an extension. */
static size_t
put_oid(const char *oid, uint8_t out[static OID_SIZE_MAX])
{
	uint64_t first = 0, arc;
	size_t n = 0;

	for (unsigned i = 0; *oid != '\0'; i++) {
		if (n + ARC_SIZE_MAX > OID_SIZE_MAX)
			return 0;
		for (arc = 0; *oid >= '0' && *oid <= '9'; oid++)
			arc = arc * 10 + (uint64_t)(*oid - '0');
		oid += *oid == '.';
		if (i == 0)
			first = arc;
		else
			n += put_arc(i == 1 ? 40 * first + arc : arc, out + n);
	}
	return n;
}

bool
chain_oid_is(const ASN1_OBJECT *obj, const char *oid)
{
	uint8_t der[OID_SIZE_MAX];
	size_t n = put_oid(oid, der);

	return n > 0 && OBJ_length(obj) == n &&
	    memcmp(OBJ_get0_data(obj), der, n) == 0;
}

bool
chain_limits_eku(X509 *x)
{
	return (X509_get_extension_flags(x) & EXFLAG_XKUSAGE) != 0;
}

bool
chain_has_eku(X509 *x, const char *oid)
{
	AUTO(EXTENDED_KEY_USAGE) eku = X509_get_ext_d2i(x, NID_ext_key_usage,
	    NULL, NULL);

	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++)
		if (chain_oid_is(sk_ASN1_OBJECT_value(eku, i), oid))
			return true;
	return false;
}

bool
chain_has_extension(X509 *x, const char *oid)
{
	for (int i = 0; i < X509_get_ext_count(x); i++)
		if (chain_oid_is(X509_EXTENSION_get_object(X509_get_ext(x, i)),
		    oid))
			return true;
	return false;
}

size_t
chain_extension(X509 *x, const char *oid, struct slice *out)
{
	size_t n = 0;

	for (int i = 0; i < X509_get_ext_count(x); i++) {
		X509_EXTENSION *ext = X509_get_ext(x, i);
		const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);

		if (!chain_oid_is(X509_EXTENSION_get_object(ext), oid))
			continue;
		if (n++ == 0)
			*out = SLICE(ASN1_STRING_get0_data(value),
			    (size_t)ASN1_STRING_length(value));
	}
	return n;
}

bool
chain_is_end_entity(X509 *x)
{
	uint32_t flags = X509_get_extension_flags(x);

	return (flags & EXFLAG_CA) == 0 && ((flags & EXFLAG_KUSAGE) == 0 ||
	    (X509_get_key_usage(x) & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) == 0);
}

bool
chain_subject_is(X509 *x, int nid, const char *text)
{
	X509_NAME *name = X509_get_subject_name(x);
	char value[NAME_TEXT_MAX] = "";
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	/* Values that hold a NUL are longer than their text. */
	return at >= 0 && X509_NAME_get_index_by_NID(name, nid, at) < 0 &&
	    X509_NAME_get_text_by_NID(name, nid, value, sizeof(value)) ==
	    (int)strlen(text) && strcmp(value, text) == 0;
}

bool
chain_key_is_on(const EVP_PKEY *key, const char *group)
{
	char name[32] = "";	/* stays so where the curve has no name */
	size_t n;

	return key != NULL && EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
	    name, sizeof(name), &n) == 1 && strcmp(name, group) == 0;
}

/*
 * RFC 5280, 7.1: whatever string types, letter case and spaces.  Not by bytes:
 * STMicroelectronics' ECC intermediates spell their root's name in another
 * string type than the root does.  Who signed, only the signature says.
 */
static bool
names_equal(const X509_NAME *a, const X509_NAME *b)
{
	return X509_NAME_cmp(a, b) == 0;
}

/* Equal, or one of them is not said. */
static bool
key_ids_agree(const ASN1_OCTET_STRING *a, const ASN1_OCTET_STRING *b)
{
	return a == NULL || b == NULL || ASN1_OCTET_STRING_cmp(a, b) == 0;
}

static bool
may_be_issuer(X509 *child, X509 *issuer)
{
	return names_equal(X509_get_issuer_name(child),
	    X509_get_subject_name(issuer)) &&
	    key_ids_agree(X509_get0_authority_key_id(child),
	    X509_get0_subject_key_id(issuer));
}

/* Extensions that a path may mark critical: understood here or by the caller,
 * or (policies) only ever asked for by nobody.  RFC 5280, 4.2. */
static bool
extension_is_known(int nid)
{
	static const int known[] = {
		NID_basic_constraints, NID_key_usage, NID_ext_key_usage,
		NID_subject_alt_name, NID_issuer_alt_name,
		NID_authority_key_identifier, NID_subject_key_identifier,
		NID_certificate_policies, NID_crl_distribution_points,
		NID_info_access,
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i] == nid)
			return true;
	return false;
}

/* Is it one of those that the caller reads? */
static bool
is_read_by_caller(const ASN1_OBJECT *oid, const char *const *critical)
{
	for (; critical != NULL && *critical != NULL; critical++)
		if (chain_oid_is(oid, *critical))
			return true;
	return false;
}

static bool
extensions_are_known(X509 *x, const char *const *critical)
{
	for (int i = 0; i < X509_get_ext_count(x); i++) {
		X509_EXTENSION *ext = X509_get_ext(x, i);
		ASN1_OBJECT *oid = X509_EXTENSION_get_object(ext);
		int nid = OBJ_obj2nid(oid);

		/* Name constraints bind also where someone forgot to mark
		 * them, and nothing here applies them. */
		if (nid == NID_name_constraints)
			return false;
		if (X509_EXTENSION_get_critical(ext) &&
		    !extension_is_known(nid) &&
		    !is_read_by_caller(oid, critical))
			return false;
	}
	return true;
}

static bool
key_is_strong(const EVP_PKEY *key)
{
	/* mutate: not reachable: check_signature() needs the key before. */
	if (key == NULL)
		return false;
	/* EVP_PKEY_is_a() looks names up, under a lock. */
	switch (EVP_PKEY_get_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		return EVP_PKEY_get_bits(key) >= 2048;
	case EVP_PKEY_EC:
		return EVP_PKEY_get_bits(key) >= 256;
	default:
		return EVP_PKEY_get_id(key) == EVP_PKEY_ED25519;
	}
}

bool
chain_key_is_strong(X509 *x)
{
	return key_is_strong(chain_key(x));
}

/* What a CRL's signature is over; NID_undef where that is not known. */
static int
crl_digest(const X509_CRL *crl)
{
	const X509_ALGOR *alg;
	struct pss pss;
	int md;

	X509_CRL_get0_signature(crl, NULL, &alg);
	if (pss_parse(alg, &pss))
		return pss.md;
	return OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &md,
	    NULL) == 1 ? md : NID_undef;
}

static bool
digest_is_accepted(int md, const struct trust *trust)
{
	return md == NID_sha256 || md == NID_sha384 || md == NID_sha512 ||
	    (md == NID_sha1 && (trust->allow & TRUST_ALLOW_SHA1) != 0);
}

/* --- one link --------------------------------------------------------- */

static struct err
check_issuer(struct ctx *cx, X509 *issuer, bool is_anchor)
{
	int ca = X509_check_ca(issuer);

	/* A version 1 root (3) has no place to say so, and is believed. */
	if (ca != 1 && !(is_anchor && ca == 3))
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "an issuer is not a CA that may sign certificates");
	if (!key_is_strong(chain_key(issuer)))
		return OSSL_FAIL(cx, ERR_EV_CHAIN, "an issuer's key is weak");
	return OK;
}

static struct err
check_signature(struct ctx *cx, X509 *child, X509 *issuer,
    const struct trust *trust)
{
	int md, pk;

	if (X509_get_signature_info(child, &md, &pk, NULL, NULL) != 1 ||
	    (pk != NID_ED25519 && !digest_is_accepted(md, trust)))
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED,
		    "a certificate's signature algorithm");
	if (!chain_is_signed(cx, child, issuer))
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE,
		    "a certificate is not signed by its issuer");
	return OK;
}

/* --- a whole path ----------------------------------------------------- */

bool
chain_seconds_of(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 &&
	    text_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	    tm.tm_hour, tm.tm_min, tm.tm_sec, out);
}

static struct err
check_validity(struct ctx *cx, X509 *x, int64_t at_s)
{
	int64_t from_s, to_s;

	if (!chain_seconds_of(X509_get0_notBefore(x), &from_s) ||
	    !chain_seconds_of(X509_get0_notAfter(x), &to_s))
		return OSSL_FAIL(cx, ERR_EV_MALFORMED,
		    "a certificate's validity");
	if (at_s < from_s || at_s > to_s)
		return FAIL_TELL(cx, ERR_EV_EXPIRED,
		    "a certificate is valid from %s to %s only",
		    text_time_dup(cx->arena, from_s),
		    text_time_dup(cx->arena, to_s));
	return OK;
}

/* The search: leaf first; path[n - 1] is the last one found. */
struct search {
	struct ctx		*cx;
	const struct trust	*trust;
	int64_t			 at_s;
	X509 *const		*pool;
	size_t			 n_pool;
	bool			 used[ATTEST_CHAIN_MAX];
	X509			**anchors;	/* with the names asked for */
	size_t			 n_anchors;
	X509_CRL		**crls;
	X509			*path[ATTEST_CHAIN_MAX + 2];
	size_t			 n_path;
	struct chain_path	 found;
	unsigned		 n_tries;
	const struct chain_rules *rules;
	struct trail		 best;	/* the failure that got furthest */
};

static struct err
check_crl_form(struct ctx *cx, X509_CRL *crl, const struct search *s)
{
	int64_t from_s, to_s;

	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *ext = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

		if (X509_EXTENSION_get_critical(ext) &&
		    nid != NID_issuing_distribution_point)
			return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
			    "a critical extension of a CRL");
	}
	if (!chain_seconds_of(X509_CRL_get0_lastUpdate(crl), &from_s) ||
	    !chain_seconds_of(X509_CRL_get0_nextUpdate(crl), &to_s))
		return OSSL_FAIL(cx, ERR_EV_EXPIRED,
		    "a CRL that does not say when it ends");
	if (s->at_s < from_s || s->at_s > to_s)
		return FAIL_TELL(cx, ERR_EV_EXPIRED,
		    "a CRL is valid from %s to %s only",
		    text_time_dup(cx->arena, from_s),
		    text_time_dup(cx->arena, to_s));
	return OK;
}

/* Is this CRL about what issuer issued?  Then it must be its own. */
static struct err
check_crl(struct search *s, size_t i, X509 *cert, X509 *issuer)
{
	X509_CRL *crl = s->crls[i];
	struct ctx *cx = s->cx;
	ASN1_OCTET_STRING *ski;
	AUTHORITY_KEYID *aki;
	X509_REVOKED *entry;
	bool ours;

	if (!names_equal(X509_CRL_get_issuer(crl),
	    X509_get_subject_name(issuer)))
		return OK;
	ski = (ASN1_OCTET_STRING *)(uintptr_t)X509_get0_subject_key_id(issuer);
	aki = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL,
	    NULL);
	ours = aki == NULL || key_ids_agree(aki->keyid, ski);
	AUTHORITY_KEYID_free(aki);
	if (!ours)
		return OK;
	if (s->trust->used != NULL)
		s->trust->used->crls[i] = true;
	if ((X509_get_extension_flags(issuer) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0)
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "an issuer that may not sign CRLs");
	if (!digest_is_accepted(crl_digest(crl), s->trust))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "a CRL's signature algorithm");
	if (!chain_crl_is_signed(cx, crl, issuer))
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE,
		    "a CRL is not signed by its issuer");
	TRY(check_crl_form(cx, crl, s));
	if (X509_CRL_get0_by_cert(crl, &entry, cert) == 1)
		return FAIL_TELL(cx, ERR_EV_REVOKED,
		    "a certificate is in its issuer's CRL");
	return OK;
}

static struct err
check_serial(struct ctx *cx, X509 *x, const struct trust *trust)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	struct slice n = SLICE(ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));

	if (trust->used != NULL)
		trust->used->serials = true;
	for (size_t i = 0; i < trust->n_revoked_serials; i++)
		if (slice_equal(n, trust->revoked_serials[i]))
			return FAIL_TELL(cx, ERR_EV_REVOKED,
			    "a certificate's serial number is revoked");
	return OK;
}

static struct err
check_revocation(struct search *s, X509 *cert, X509 *issuer)
{
	TRY(check_serial(s->cx, cert, s->trust));
	for (size_t i = 0; i < s->trust->n_crls; i++)
		TRY(check_crl(s, i, cert, issuer));
	return OK;
}

/* RFC 5280, 4.2.1.9: intermediates that follow, self-issued ones not counted. */
static struct err
check_path_lengths(const struct search *s)
{
	long n_below = 0;

	for (size_t i = 1; i < s->n_path; i++) {
		long most = X509_get_pathlen(s->path[i]);

		if (most >= 0 && n_below > most)
			return FAIL_TELL(s->cx, ERR_EV_CHAIN,
			    "a path longer than an issuer allows");
		if ((X509_get_extension_flags(s->path[i]) & EXFLAG_SI) == 0)
			n_below++;
	}
	return OK;
}

static struct err
check_path(struct search *s)
{
	TRY(check_path_lengths(s));
	for (size_t i = 0; i < s->n_path; i++)
		TRY(chain_check_extensions(s->cx, s->path[i]));
	for (size_t i = 0; i + 1 < s->n_path; i++)
		if (!extensions_are_known(s->path[i], s->rules->critical))
			return FAIL_TELL(s->cx, ERR_EV_CHAIN,
			    "a critical extension that is not known here");
	for (size_t i = s->rules->leaf_at_any_time; i < s->n_path; i++)
		TRY(check_validity(s->cx, s->path[i], s->at_s));
	for (size_t i = 0; i + 1 < s->n_path; i++)
		TRY(check_revocation(s, s->path[i], s->path[i + 1]));
	memcpy(s->found.certs, s->path, sizeof(s->found.certs));
	s->found.n = s->n_path;
	return OK;
}

/* Which of two failed attempts says more of what is wrong. */
static int
rank(enum err_code code)
{
	static const struct { enum err_code code; int rank; } ranks[] = {
		{ ERR_EV_SIGNATURE, 1 }, { ERR_EV_UNSUPPORTED, 2 },
		{ ERR_EV_CHAIN, 3 }, { ERR_EV_MALFORMED, 4 },
		{ ERR_EV_EXPIRED, 5 }, { ERR_EV_REVOKED, 6 },
	};

	for (size_t i = 0; i < COUNT_OF(ranks); i++)
		if (ranks[i].code == code)
			return ranks[i].rank;
	return 100;		/* our own trouble */
}

static void
remember(struct search *s, struct err e)
{
	if (!failed(s->best.err) || rank(e.code) > rank(s->best.err.code))
		s->best = *s->cx->trail;
}

static struct err	extend(struct search *);

/* Try one certificate as the issuer of the last one. */
static struct err
try_issuer(struct search *s, X509 *issuer, bool is_anchor)
{
	X509 *child = s->path[s->n_path - 1];
	struct err e;

	if (++s->n_tries > CHAIN_TRIES_MAX)
		return FAIL_TELL(s->cx, ERR_EV_CHAIN,
		    "too many issuers of the same name");
	TRY(check_signature(s->cx, child, issuer, s->trust));
	TRY(check_issuer(s->cx, issuer, is_anchor));
	s->path[s->n_path++] = issuer;
	e = is_anchor ? check_path(s) : extend(s);
	s->n_path--;
	return e;
}

/*
 * Look for issuers of the last certificate: anchors first.  Depth is bounded,
 * for each intermediate is used once and there are ATTEST_CHAIN_MAX at most.
 */
static struct err
extend(struct search *s)
{
	X509 *child = s->path[s->n_path - 1];
	bool any = false;

	for (size_t i = 0; i < s->n_anchors; i++) {
		struct err e;

		if (!may_be_issuer(child, s->anchors[i]))
			continue;
		any = true;
		e = try_issuer(s, s->anchors[i], true);
		if (!failed(e))
			return OK;
		remember(s, e);
	}
	for (size_t i = 0; i < s->n_pool; i++) {
		struct err e;

		if (s->used[i] || s->pool[i] == child ||
		    !may_be_issuer(child, s->pool[i]))
			continue;
		any = true;
		s->used[i] = true;
		e = try_issuer(s, s->pool[i], false);
		s->used[i] = false;
		if (!failed(e))
			return OK;
		remember(s, e);
	}
	if (!any)
		remember(s, FAIL_TELL(s->cx, ERR_EV_CHAIN,
		    "no trust anchor, and no issuer in the chain"));
	*s->cx->trail = s->best;
	return s->best.err;
}

/* Whose certificate it is; NULL when only OpenSSL's reader may tell. */
static X509_NAME *
subject_of(struct slice der)
{
	struct reader r = reader_of(der), cert = der_enter(&r, DER_SEQUENCE);
	struct reader tbs = der_enter(&cert, DER_SEQUENCE);
	const uint8_t *p;
	struct slice name;

	(void)der_read(&tbs, DER_CONTEXT(0));	/* RFC 5280, 4.1: version, */
	(void)der_read(&tbs, DER_INTEGER);	/* serialNumber, */
	(void)der_read(&tbs, DER_SEQUENCE);	/* signature, */
	(void)der_read(&tbs, DER_SEQUENCE);	/* issuer, */
	(void)der_read(&tbs, DER_SEQUENCE);	/* validity, subject */
	name = der_read_whole(&tbs, DER_SEQUENCE);
	p = name.p;
	return tbs.bad ? NULL : d2i_X509_NAME(NULL, &p, (long)name.n);
}

static bool
is_asked_for(const struct search *s, const X509_NAME *subject)
{
	bool is = names_equal(X509_get_issuer_name(s->path[0]), subject);

	for (size_t i = 0; !is && i < s->n_pool; i++)
		is = names_equal(X509_get_issuer_name(s->pool[i]), subject);
	return is;
}

/*
 * May it have issued anything here?  Most anchors are other makers', and to
 * read a certificate, with its key, costs more than to verify a signature.
 */
static bool
is_issuer_here(const struct search *s, struct slice anchor)
{
	AUTO(X509_NAME) subject = subject_of(anchor);

	ERR_clear_error();		/* of a name that cannot be read */
	return subject == NULL || is_asked_for(s, subject);
}

static struct err
load_anchors(struct ctx *cx, const struct trust *trust, struct search *s)
{
	if (trust->n_anchors > CHAIN_ANCHORS_MAX)
		return FAIL(cx, ERR_CONFIG, "%zu anchors", trust->n_anchors);
	s->anchors = arena_array(cx->arena, trust->n_anchors,
	    sizeof(*s->anchors));
	for (size_t i = 0; i < trust->n_anchors; i++) {
		X509 *read = trust->anchor_certs == NULL ? NULL :
		    trust->anchor_certs[i];

		if (read != NULL ? !is_asked_for(s,
		    X509_get_subject_name(read)) :
		    !is_issuer_here(s, trust->anchors[i]))
			continue;
		if (read == NULL && failed(chain_cert_parse(cx,
		    trust->anchors[i], &read)))
			return FAIL(cx, ERR_CONFIG,
			    "an anchor is not a certificate");
		s->anchors[s->n_anchors++] = read;
	}
	return OK;
}

static struct err
load_trust(struct ctx *cx, const struct trust *trust, struct search *s)
{
	TRY(load_anchors(cx, trust, s));
	s->crls = arena_array(cx->arena, trust->n_crls, sizeof(*s->crls));
	for (size_t i = 0; i < trust->n_crls; i++) {
		if (trust->crl_lists != NULL)
			s->crls[i] = trust->crl_lists[i];
		if (s->crls[i] == NULL)
			s->crls[i] = chain_crl_read(cx, trust->crls[i]);
		if (s->crls[i] == NULL)
			return OSSL_FAIL(cx, ERR_CONFIG,
			    "a CRL of trust is not just a CRL");
	}
	return OK;
}

void
chain_read_trust(struct ctx *cx, struct trust *trust)
{
	X509 **certs = arena_array(cx->arena, trust->n_anchors,
	    sizeof(*certs));
	X509_CRL **lists = arena_array(cx->arena, trust->n_crls,
	    sizeof(*lists));

	for (size_t i = 0; i < trust->n_anchors; i++)
		if (failed(chain_cert_parse(cx, trust->anchors[i],
		    &certs[i]))) {
			certs[i] = NULL;
			ctx_forget(cx);
		}
	for (size_t i = 0; i < trust->n_crls; i++)
		lists[i] = chain_crl_read(cx, trust->crls[i]);
	ERR_clear_error();		/* of what cannot be read */
	trust->anchor_certs = certs;
	trust->crl_lists = lists;
}

struct err
chain_verify_by(struct ctx *cx, const struct chain_rules *rules, X509 *leaf,
    X509 *const *pool, size_t n_pool, const struct trust *trust, int64_t at_s,
    struct chain_path *out)
{
	struct search *s = ARENA_NEW(cx->arena, struct search);
	struct err e;

	ASSERT(n_pool <= ATTEST_CHAIN_MAX);
	*s = (struct search){
		.cx = cx, .trust = trust, .at_s = at_s, .pool = pool,
		.n_pool = n_pool, .path = { leaf }, .n_path = 1,
		.rules = rules,
	};
	TRY(load_trust(cx, trust, s));
	e = extend(s);
	if (failed(e))
		return e;
	ctx_forget(cx);			/* of paths that led nowhere */
	chain_keep(cx, s->found.certs, s->found.n);
	*out = s->found;
	return OK;
}

struct err
chain_verify_reading(struct ctx *cx, X509 *leaf, X509 *const *pool,
    size_t n_pool, const struct trust *trust, int64_t at_s,
    const char *const *critical, struct chain_path *out)
{
	const struct chain_rules rules = { .critical = critical };

	return chain_verify_by(cx, &rules, leaf, pool, n_pool, trust, at_s,
	    out);
}

struct err
chain_verify_path(struct ctx *cx, X509 *leaf, X509 *const *pool,
    size_t n_pool, const struct trust *trust, int64_t at_s,
    struct chain_path *out)
{
	return chain_verify_reading(cx, leaf, pool, n_pool, trust, at_s, NULL,
	    out);
}

struct err
chain_verify(struct ctx *cx, X509 *leaf, X509 *const *pool, size_t n_pool,
    const struct trust *trust, int64_t at_s)
{
	struct chain_path path;

	return chain_verify_path(cx, leaf, pool, n_pool, trust, at_s, &path);
}
