/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/cert.h"

#include "base/text.h"
#include "codec/der.h"
#include "pki/oid.h"

/* What the parts of a certificate are read with. */
struct parse {
	struct ctx	*cx;
	struct cert	*cert;
	bool		 foreign;	/* made by somebody else, perhaps */
};

/* --- names --------------------------------------------------------------- */

static bool
is_name_string(uint8_t tag, struct slice value)
{
	if (value.n == 0 || memchr(value.p, 0, value.n) != NULL)
		return false;
	return tag == DER_PRINTABLE_STRING ||
	    (tag == DER_UTF8_STRING && text_is_utf8(value));
}

/* Of a subject, CN and O are kept. */
static void
read_attribute(struct parse *p, struct reader *set, bool is_subject)
{
	struct reader pair = der_enter(set, DER_SEQUENCE);
	struct slice oid = der_read_oid(&pair), value;
	uint8_t tag;

	value = der_read_any(&pair, &tag);
	der_leave(set, &pair);
	if (!is_name_string(tag, value)) {
		if (!p->foreign)
			set->bad = true;
		return;
	}
	if (!is_subject)
		return;
	if (slice_equal(oid, OID(OID_CN)))
		p->cert->common_name = arena_strndup(p->cx->arena,
		    (const char *)value.p, value.n);
	else if (slice_equal(oid, OID(OID_O)))
		p->cert->organization = arena_strndup(p->cx->arena,
		    (const char *)value.p, value.n);
}

/* Ours hold one attribute each. */
static void
read_rdn(struct parse *p, struct reader *name, bool is_subject)
{
	struct reader set = der_enter(name, DER_SET);

	do {
		read_attribute(p, &set, is_subject);
	} while (p->foreign && der_peek(&set) != 0);
	der_leave(name, &set);
}

static struct slice
read_name(struct parse *p, struct reader *r, bool is_subject)
{
	struct slice whole = der_read_whole(r, DER_SEQUENCE);
	struct reader outer = reader_of(whole);
	struct reader name = der_enter(&outer, DER_SEQUENCE);

	while (der_peek(&name) != 0)
		read_rdn(p, &name, is_subject);
	if (!read_done(&name))
		r->bad = true;
	return whole;
}

/* --- extensions ---------------------------------------------------------- */

static const char *
ia5_text(struct parse *p, struct reader *r, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			r->bad = true;
	if (s.n == 0)
		r->bad = true;
	return arena_strndup(p->cx->arena, (const char *)s.p, s.n);
}

static void
read_ski(struct parse *p, struct reader *r)
{
	p->cert->ski = der_read(r, DER_OCTET_STRING);
	if (p->cert->ski.n == 0)
		r->bad = true;
}

static void
read_aki(struct parse *p, struct reader *r)
{
	struct reader aki = der_enter(r, DER_SEQUENCE);

	p->cert->aki = der_read(&aki, DER_IMPLICIT(0));
	if (p->cert->aki.n == 0)
		aki.bad = true;
	der_leave(r, &aki);
}

static void
read_key_usage(struct parse *p, struct reader *r)
{
	p->cert->key_usage = der_read_named_bits(r);
	if (p->cert->key_usage == 0)
		r->bad = true;
}

static void
read_eku(struct parse *p, struct reader *r)
{
	struct reader list = der_enter(r, DER_SEQUENCE);

	do {
		struct slice oid = der_read_oid(&list);

		if (slice_equal(oid, OID(OID_CLIENT_AUTH)))
			p->cert->client_auth = true;
		else if (slice_equal(oid, OID(OID_SERVER_AUTH)))
			p->cert->server_auth = true;
		else if (slice_equal(oid, OID(OID_OCSP_SIGNING)))
			p->cert->ocsp_signing = true;
		else if (slice_equal(oid, OID(OID_RESULT_SIGNING)))
			p->cert->result_signing = true;
		else
			p->cert->other_eku = true;
	} while (der_peek(&list) != 0);
	der_leave(r, &list);
}

static void
read_basic(struct parse *p, struct reader *r)
{
	struct reader basic = der_enter(r, DER_SEQUENCE);

	if (der_peek(&basic) == DER_BOOLEAN) {
		p->cert->ca = der_read_bool(&basic);
		/* X.690, 11.5: a DEFAULT is not written. */
		if (!p->cert->ca)
			basic.bad = true;
	}
	if (der_peek(&basic) == DER_INTEGER) {
		uint64_t n = der_read_uint(&basic);

		if (n > 8)	/* nobody builds longer chains */
			basic.bad = true;
		p->cert->path_len = (int)n;
	}
	der_leave(r, &basic);
}

/* RFC 4043: SEQUENCE { identifierValue UTF8String, assigner OID OPTIONAL }. */
static void
read_permanent_id(struct parse *p, struct reader *id)
{
	if (p->cert->permanent_id[0] != '\0')
		id->bad = true;
	p->cert->permanent_id = ia5_text(p, id, der_read(id,
	    DER_UTF8_STRING));
}

/* RFC 4108, 5: SEQUENCE { hwType OID, hwSerialNum OCTET STRING }. */
static void
read_hardware_name(struct parse *p, struct reader *id)
{
	if (!slice_equal(der_read_oid(id), OID(OID_HARDWARE_TYPE)) ||
	    p->cert->hardware_serial.n != 0)
		id->bad = true;
	p->cert->hardware_serial = der_read(id, DER_OCTET_STRING);
	if (p->cert->hardware_serial.n == 0)
		id->bad = true;
}

static void
read_other_name(struct parse *p, struct reader *san)
{
	struct reader name = der_enter(san, DER_CONTEXT(0)), value, id;
	struct slice oid = der_read_oid(&name);

	value = der_enter(&name, DER_CONTEXT(0));
	id = der_enter(&value, DER_SEQUENCE);
	if (slice_equal(oid, OID(OID_PERMANENT_ID)))
		read_permanent_id(p, &id);
	else if (slice_equal(oid, OID(OID_HARDWARE_NAME)))
		read_hardware_name(p, &id);
	else
		id.bad = true;
	der_leave(&value, &id);
	der_leave(&name, &value);
	der_leave(san, &name);
}

static void
read_general_name(struct parse *p, struct reader *san)
{
	uint8_t tag = der_peek(san);
	struct slice s;

	if (tag == DER_CONTEXT(0)) {
		read_other_name(p, san);
		return;
	}
	s = der_read_any(san, &tag);
	if (tag == DER_IMPLICIT(6) && p->cert->san_uri[0] == '\0') {
		p->cert->san_uri = ia5_text(p, san, s);
	} else if (tag == DER_IMPLICIT(2)) {
		(void)ia5_text(p, san, s);
		p->cert->n_hosts++;
	} else if (tag == DER_IMPLICIT(7) && (s.n == 4 || s.n == 16)) {
		p->cert->n_hosts++;
	} else {
		san->bad = true;
	}
}

static void
read_san(struct parse *p, struct reader *r)
{
	struct reader san = der_enter(r, DER_SEQUENCE);
	size_t n = 0;

	do {
		read_general_name(p, &san);
		if (++n > CERT_NAMES_MAX)
			san.bad = true;
	} while (der_peek(&san) != 0);
	der_leave(r, &san);
}

static void
read_policies(struct parse *p, struct reader *r)
{
	struct reader list = der_enter(r, DER_SEQUENCE);
	struct reader info = der_enter(&list, DER_SEQUENCE);
	struct slice oid = der_read_oid(&info);

	der_leave(&list, &info);
	der_leave(r, &list);
	if (slice_equal(oid, OID(OID_POLICY_HARDWARE)))
		p->cert->policy = CERT_POLICY_HARDWARE;
	else if (slice_equal(oid, OID(OID_POLICY_SOFTWARE)))
		p->cert->policy = CERT_POLICY_SOFTWARE;
	else
		r->bad = true;
}

/* One DistributionPoint with one URI. */
static void
read_crl_points(struct parse *p, struct reader *r)
{
	struct reader list = der_enter(r, DER_SEQUENCE);
	struct reader point = der_enter(&list, DER_SEQUENCE);
	struct reader name = der_enter(&point, DER_CONTEXT(0));
	struct reader full = der_enter(&name, DER_CONTEXT(0));

	p->cert->crl_url = ia5_text(p, &full,
	    der_read(&full, DER_IMPLICIT(6)));
	der_leave(&name, &full);
	der_leave(&point, &name);
	der_leave(&list, &point);
	der_leave(r, &list);
}

/* AccessDescriptions: caIssuers and OCSP, each at most once, with a URI. */
static void
read_aia(struct parse *p, struct reader *r)
{
	struct reader list = der_enter(r, DER_SEQUENCE);

	do {
		struct reader one = der_enter(&list, DER_SEQUENCE);
		struct slice oid = der_read_oid(&one);
		const char **url = slice_equal(oid, OID(OID_OCSP)) ?
		    &p->cert->ocsp_url : &p->cert->aia_url;

		if ((!slice_equal(oid, OID(OID_CA_ISSUERS)) &&
		    !slice_equal(oid, OID(OID_OCSP))) || **url != '\0')
			one.bad = true;
		*url = ia5_text(p, &one, der_read(&one, DER_IMPLICIT(6)));
		der_leave(&list, &one);
	} while (der_peek(&list) != 0);
	der_leave(r, &list);
}

/* GeneralSubtree: a base, with the DEFAULT minimum and no maximum. */
static struct slice
read_subtree(struct reader *list, uint8_t *out_tag)
{
	struct reader one = der_enter(list, DER_SEQUENCE);
	struct slice base = der_read_any(&one, out_tag);

	der_leave(list, &one);
	return base;
}

static void
read_permitted(struct parse *p, struct reader *r)
{
	struct reader list = der_enter(r, DER_CONTEXT(0));
	static const struct { uint8_t tag, form; } forms[] = {
		{ DER_IMPLICIT(1), CERT_NAME_EMAIL },
		{ DER_IMPLICIT(2), CERT_NAME_DNS },
		{ DER_IMPLICIT(6), CERT_NAME_URI },
	};

	do {
		uint8_t tag, form = 0;
		struct slice base = read_subtree(&list, &tag);

		for (size_t i = 0; i < COUNT_OF(forms); i++)
			if (forms[i].tag == tag)
				form = forms[i].form;
		p->cert->limited_names |= form;
		if (tag == DER_CONTEXT(4) && p->cert->permitted_subject.n == 0)
			p->cert->permitted_subject = base;
		else if (form == 0 || base.n == 0)
			list.bad = true;
	} while (der_peek(&list) != 0);
	der_leave(r, &list);
}

/* All addresses: zeros with a mask of zeros. */
static void
read_excluded(struct parse *p, struct reader *r)
{
	static const uint8_t zeros[32] = { 0 };
	struct reader list = der_enter(r, DER_CONTEXT(1));

	do {
		uint8_t tag;
		struct slice base = read_subtree(&list, &tag);

		if (tag != DER_IMPLICIT(7) || (base.n != 8 && base.n != 32) ||
		    memcmp(base.p, zeros, base.n) != 0)
			list.bad = true;
		p->cert->limited_names |= base.n == 8 ? CERT_NAME_IPV4 :
		    CERT_NAME_IPV6;
	} while (der_peek(&list) != 0);
	der_leave(r, &list);
}

static void
read_name_constraints(struct parse *p, struct reader *r)
{
	struct reader both = der_enter(r, DER_SEQUENCE);

	read_permitted(p, &both);
	read_excluded(p, &both);
	der_leave(r, &both);
}

/* RFC 9608, 2; RFC 6960, 4.2.2.2.1. */
static void
read_null(struct parse *p, struct reader *r)
{
	(void)p;
	if (der_read(r, DER_NULL).n != 0)
		r->bad = true;
}

struct ext_type {
	struct slice	oid;
	void		(*read)(struct parse *, struct reader *);
};

static const struct ext_type ext_types[CERT_EXT_COUNT] = {
	[CERT_EXT_SKI] = { OID(OID_SUBJECT_KEY_ID), read_ski },
	[CERT_EXT_AKI] = { OID(OID_AUTHORITY_KEY_ID), read_aki },
	[CERT_EXT_KEY_USAGE] = { OID(OID_KEY_USAGE), read_key_usage },
	[CERT_EXT_EKU] = { OID(OID_EXT_KEY_USAGE), read_eku },
	[CERT_EXT_BASIC] = { OID(OID_BASIC_CONSTRAINTS), read_basic },
	[CERT_EXT_SAN] = { OID(OID_SUBJECT_ALT_NAME), read_san },
	[CERT_EXT_POLICIES] = { OID(OID_POLICIES), read_policies },
	[CERT_EXT_CRLDP] = { OID(OID_CRL_POINTS), read_crl_points },
	[CERT_EXT_AIA] = { OID(OID_AUTHORITY_INFO), read_aia },
	[CERT_EXT_NAME_CONSTRAINTS] = { OID(OID_NAME_CONSTRAINTS),
	    read_name_constraints },
	[CERT_EXT_NO_REV_AVAIL] = { OID(OID_NO_REV_AVAIL), read_null },
	[CERT_EXT_OCSP_NOCHECK] = { OID(OID_OCSP_NOCHECK), read_null },
};

/* False: it is not known here, comes twice, or has not the form that it has
 * when we write it. */
static bool
take_extension(struct parse *p, struct slice oid, bool critical,
    struct slice der)
{
	const struct cert before = *p->cert;
	struct reader value = reader_of(der);

	for (size_t i = 0; i < CERT_EXT_COUNT; i++) {
		if (!slice_equal(ext_types[i].oid, oid))
			continue;
		if (p->cert->ext[i].present)
			return false;
		p->cert->ext[i] = (struct cert_ext){ true, critical };
		ext_types[i].read(p, &value);
		if (read_done(&value))
			return true;
		*p->cert = before;
		return false;
	}
	return false;
}

/* What we never write is refused, critical or not; somebody else may say more,
 * but nothing critical. */
static void
read_extension(struct parse *p, struct reader *list)
{
	struct reader ext = der_enter(list, DER_SEQUENCE);
	struct slice oid = der_read_oid(&ext), value;
	bool critical = false;

	if (der_peek(&ext) == DER_BOOLEAN) {
		critical = der_read_bool(&ext);
		if (!critical)
			ext.bad = true;
	}
	value = der_read(&ext, DER_OCTET_STRING);
	der_leave(list, &ext);
	if (!list->bad && !take_extension(p, oid, critical, value) &&
	    (!p->foreign || critical))
		list->bad = true;
}

static void
read_extensions(struct parse *p, struct reader *tbs)
{
	struct reader tagged = der_enter(tbs, DER_CONTEXT(3));
	struct reader list = der_enter(&tagged, DER_SEQUENCE);
	size_t n = 0;

	do {
		read_extension(p, &list);
		if (++n > CERT_EXTENSIONS_MAX)
			list.bad = true;
	} while (der_peek(&list) != 0);
	der_leave(&tagged, &list);
	der_leave(tbs, &tagged);
}

/* --- the whole ----------------------------------------------------------- */

static void
read_version(struct reader *tbs)
{
	struct reader version = der_enter(tbs, DER_CONTEXT(0));

	if (der_read_uint(&version) != 2)	/* v3 */
		version.bad = true;
	der_leave(tbs, &version);
}

static void
read_validity(struct cert *cert, struct reader *tbs)
{
	struct reader validity = der_enter(tbs, DER_SEQUENCE);

	cert->not_before_s = der_read_time(&validity);
	cert->not_after_s = der_read_time(&validity);
	der_leave(tbs, &validity);
}

static void
read_tbs(struct parse *p, struct reader *r)
{
	struct cert *cert = p->cert;
	struct reader tbs = der_enter(r, DER_SEQUENCE);

	read_version(&tbs);
	cert->serial = der_read_unsigned(&tbs);
	cert->algorithm = der_read_whole(&tbs, DER_SEQUENCE);
	cert->issuer = read_name(p, &tbs, false);
	read_validity(cert, &tbs);
	cert->subject = read_name(p, &tbs, true);
	cert->spki = der_read_whole(&tbs, DER_SEQUENCE);
	read_extensions(p, &tbs);
	der_leave(r, &tbs);
}

static struct cert
cert_empty(void)
{
	return (struct cert){
		.common_name = "", .organization = "", .path_len = -1,
		.san_uri = "", .permanent_id = "", .crl_url = "",
		.aia_url = "", .ocsp_url = "",
	};
}

static struct err
parse_tbs(struct ctx *cx, struct slice tbs, bool foreign, struct cert *out)
{
	struct reader r = reader_of(tbs);
	struct cert cert = cert_empty();
	struct parse p = { cx, &cert, foreign };

	cert.tbs = tbs;
	read_tbs(&p, &r);
	if (!read_done(&r))
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "not a TBSCertificate of ours");
	if (cert.serial.n == 0 || cert.serial.n > CERT_SERIAL_MAX)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "serial of %zu bytes",
		    cert.serial.n);
	*out = cert;
	return OK;
}

struct err
cert_parse_tbs(struct ctx *cx, struct slice tbs, struct cert *out)
{
	return parse_tbs(cx, tbs, false, out);
}

static struct err
parse(struct ctx *cx, struct slice der, bool foreign, struct cert *out)
{
	struct reader r = reader_of(der), outer;
	struct slice tbs, algorithm, signature;
	struct cert cert;

	if (der.n > CERT_MAX)
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "a certificate of %zu bytes", der.n);
	outer = der_enter(&r, DER_SEQUENCE);
	tbs = der_read_whole(&outer, DER_SEQUENCE);
	algorithm = der_read_whole(&outer, DER_SEQUENCE);
	signature = der_read_bits(&outer);
	der_leave(&r, &outer);
	if (!read_done(&r))
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "not one Certificate");
	TRY(parse_tbs(cx, tbs, foreign, &cert));
	/* RFC 5280, 4.1.1.2. */
	if (!slice_equal(algorithm, cert.algorithm))
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "the two signature algorithms differ");
	cert.der = der;
	cert.signature = signature;
	*out = cert;
	return OK;
}

struct err
cert_parse(struct ctx *cx, struct slice der, struct cert *out)
{
	return parse(cx, der, false, out);
}

struct err
cert_parse_ca(struct ctx *cx, struct slice der, struct cert *out)
{
	return parse(cx, der, true, out);
}

struct err
cert_key(struct ctx *cx, const struct cert *cert, struct key *out)
{
	if (failed(key_parse(cx, cert->spki, out)))
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "the certificate's key is not of an accepted kind");
	return OK;
}

struct err
cert_verify_signature(struct ctx *cx, const struct cert *cert,
    const struct key *issuer)
{
	const struct key_sig *sig = key_sig_find(issuer->kind,
	    cert->algorithm);

	if (sig == NULL)
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "signature algorithm and issuer key do not go together");
	return key_verify(cx, issuer, sig, cert->tbs, cert->signature,
	    ERR_AUTH_CERTIFICATE);
}

static bool
is_valid_at(const struct cert *cert, int64_t at_s)
{
	return at_s >= cert->not_before_s && at_s <= cert->not_after_s;
}

struct err
cert_verify_issued(struct ctx *cx, const struct cert *cert,
    const struct cert *issuer, int64_t at_s)
{
	struct key key;

	if (!issuer->ca || (issuer->key_usage & CERT_USAGE_KEY_CERT_SIGN) == 0)
		return FAIL(cx, ERR_AUTH_CERTIFICATE, "the issuer is no CA");
	if (cert->ca && issuer->path_len == 0)
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "a CA below a CA that may have none");
	if (!slice_equal(cert->issuer, issuer->subject) ||
	    !slice_equal(cert->aki, issuer->ski))
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "issued by another CA");
	if (!is_valid_at(cert, at_s))
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "not valid at this time");
	if (!is_valid_at(issuer, at_s))
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "the issuer is not valid at this time");
	TRY(cert_key(cx, issuer, &key));
	return cert_verify_signature(cx, cert, &key);
}
