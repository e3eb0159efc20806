/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/tbs.h"

#include <arpa/inet.h>

#include "base/text.h"
#include "codec/der.h"
#include "pki/cert.h"
#include "pki/oid.h"

#define DEVICE_ID_SIZE	32u	/* SHA-256 */

static void
put_rdn(struct buf *b, struct slice oid, const char *text)
{
	size_t set = der_open(b, DER_SET);
	size_t pair = der_open(b, DER_SEQUENCE);

	der_put_oid(b, oid);
	der_put_text(b, DER_UTF8_STRING, text);
	der_close(b, pair);
	der_close(b, set);
}

void
tbs_put_name(struct buf *b, const char *organization, const char *common_name)
{
	size_t name = der_open(b, DER_SEQUENCE);

	put_rdn(b, OID(OID_O), organization);
	if (common_name[0] != '\0')
		put_rdn(b, OID(OID_CN), common_name);
	der_close(b, name);
}

/* --- extensions ---------------------------------------------------------- */

struct ext { size_t seq, value; };

static struct ext
open_ext(struct buf *b, struct slice oid, bool critical)
{
	struct ext e;

	e.seq = der_open(b, DER_SEQUENCE);
	der_put_oid(b, oid);
	if (critical)		/* X.690, 11.5: FALSE is not written */
		der_put_bool(b, true);
	e.value = der_open(b, DER_OCTET_STRING);
	return e;
}

static void
close_ext(struct buf *b, struct ext e)
{
	der_close(b, e.value);
	der_close(b, e.seq);
}

/* path_len < 0: no limit is said. */
static void
put_basic(struct buf *b, int path_len)
{
	struct ext e = open_ext(b, OID(OID_BASIC_CONSTRAINTS), true);
	size_t seq = der_open(b, DER_SEQUENCE);

	der_put_bool(b, true);
	if (path_len >= 0)
		der_put_uint(b, (uint64_t)path_len);
	der_close(b, seq);
	close_ext(b, e);
}

static void
put_usage(struct buf *b, uint16_t usage)
{
	struct ext e = open_ext(b, OID(OID_KEY_USAGE), true);

	der_put_named_bits(b, usage);
	close_ext(b, e);
}

static void
put_eku(struct buf *b, bool client, bool server)
{
	struct ext e;
	size_t seq;

	if (!client && !server)
		return;
	e = open_ext(b, OID(OID_EXT_KEY_USAGE), false);
	seq = der_open(b, DER_SEQUENCE);
	if (server)
		der_put_oid(b, OID(OID_SERVER_AUTH));
	if (client)
		der_put_oid(b, OID(OID_CLIENT_AUTH));
	der_close(b, seq);
	close_ext(b, e);
}

static void
put_policy(struct buf *b, bool hardware)
{
	struct ext e = open_ext(b, OID(OID_POLICIES), false);
	size_t list = der_open(b, DER_SEQUENCE);
	size_t info = der_open(b, DER_SEQUENCE);

	der_put_oid(b, hardware ? OID(OID_POLICY_HARDWARE) :
	    OID(OID_POLICY_SOFTWARE));
	der_close(b, info);
	der_close(b, list);
	close_ext(b, e);
}

static void
put_key_ids(struct buf *b, const struct tbs *tbs)
{
	uint8_t id[KEY_ID_SIZE];
	struct ext e;
	size_t seq;

	key_id(tbs->key, id);
	e = open_ext(b, OID(OID_SUBJECT_KEY_ID), false);
	der_put(b, DER_OCTET_STRING, SLICE_OF(id));
	close_ext(b, e);
	if (tbs->issuer_key_id.n == 0)
		return;
	e = open_ext(b, OID(OID_AUTHORITY_KEY_ID), false);
	seq = der_open(b, DER_SEQUENCE);
	der_put(b, DER_IMPLICIT(0), tbs->issuer_key_id);
	der_close(b, seq);
	close_ext(b, e);
}

static bool
is_said(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static void
put_crl_url(struct buf *b, const char *url)
{
	struct ext e;
	size_t list, point, name, full;

	if (!is_said(url))
		return;
	e = open_ext(b, OID(OID_CRL_POINTS), false);
	list = der_open(b, DER_SEQUENCE);
	point = der_open(b, DER_SEQUENCE);
	name = der_open(b, DER_CONTEXT(0));
	full = der_open(b, DER_CONTEXT(0));
	der_put_text(b, DER_IMPLICIT(6), url);
	der_close(b, full);
	der_close(b, name);
	der_close(b, point);
	der_close(b, list);
	close_ext(b, e);
}

static void
put_access(struct buf *b, struct slice method, const char *url)
{
	size_t one;

	if (!is_said(url))
		return;
	one = der_open(b, DER_SEQUENCE);
	der_put_oid(b, method);
	der_put_text(b, DER_IMPLICIT(6), url);
	der_close(b, one);
}

static void
put_aia(struct buf *b, const struct tbs *tbs)
{
	struct ext e;
	size_t list;

	if (!is_said(tbs->aia_url) && !is_said(tbs->ocsp_url))
		return;
	e = open_ext(b, OID(OID_AUTHORITY_INFO), false);
	list = der_open(b, DER_SEQUENCE);
	put_access(b, OID(OID_OCSP), tbs->ocsp_url);
	put_access(b, OID(OID_CA_ISSUERS), tbs->aia_url);
	der_close(b, list);
	close_ext(b, e);
}

/* RFC 4043: the device ID is permanent, and unique within our namespace. */
static void
put_permanent_id(struct buf *b, const char *id)
{
	size_t other = der_open(b, DER_CONTEXT(0)), value, seq;

	der_put_oid(b, OID(OID_PERMANENT_ID));
	value = der_open(b, DER_CONTEXT(0));
	seq = der_open(b, DER_SEQUENCE);
	der_put_text(b, DER_UTF8_STRING, id);
	der_close(b, seq);
	der_close(b, value);
	der_close(b, other);
}

/* RFC 4108, 5: the device ID is a digest; its bytes are the serial number. */
static bool
put_hardware_name(struct buf *b, const char *id)
{
	size_t other = der_open(b, DER_CONTEXT(0)), value, seq;
	uint8_t bytes[DEVICE_ID_SIZE];

	if (!text_unhex(id, bytes, sizeof(bytes)))
		return false;
	der_put_oid(b, OID(OID_HARDWARE_NAME));
	value = der_open(b, DER_CONTEXT(0));
	seq = der_open(b, DER_SEQUENCE);
	der_put_oid(b, OID(OID_HARDWARE_TYPE));
	der_put(b, DER_OCTET_STRING, SLICE_OF(bytes));
	der_close(b, seq);
	der_close(b, value);
	der_close(b, other);
	return true;
}

bool
tbs_is_trust_domain(const char *domain)
{
	size_t n = strlen(domain);

	return n <= TBS_HOST_TEXT_MAX &&
	    strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n;
}

/* A SPIFFE ID is the only URI of its certificate (X509-SVID, 2). */
static void
put_device_uri(struct buf *b, const struct tbs *tbs)
{
	size_t uri;

	if (!is_said(tbs->spiffe_domain) &&
	    (tbs->flags & TBS_SAN_URN) == 0)
		return;
	uri = der_open(b, DER_IMPLICIT(6));
	if (is_said(tbs->spiffe_domain))
		put_fmt(b, "spiffe://%s/device/%s", tbs->spiffe_domain,
		    tbs->device_id);
	else
		put_fmt(b, "urn:daapki:%s:device:%s", tbs->organization,
		    tbs->device_id);
	der_close(b, uri);
}

static bool
put_device_names(struct buf *b, const struct tbs *tbs)
{
	struct ext e = open_ext(b, OID(OID_SUBJECT_ALT_NAME), false);
	size_t names = der_open(b, DER_SEQUENCE), empty = b->n;

	if (is_said(tbs->spiffe_domain) &&
	    !tbs_is_trust_domain(tbs->spiffe_domain))
		return false;
	put_device_uri(b, tbs);
	if ((tbs->flags & TBS_SAN_PERMANENT_ID) != 0)
		put_permanent_id(b, tbs->device_id);
	if ((tbs->flags & TBS_SAN_HARDWARE_NAME) != 0 &&
	    !put_hardware_name(b, tbs->device_id))
		return false;
	if (b->n == empty)
		return false;
	der_close(b, names);
	close_ext(b, e);
	return true;
}

/* An extension that says all by being there. */
static void
put_null(struct buf *b, struct slice oid)
{
	struct ext e = open_ext(b, oid, false);

	der_put_null(b);
	close_ext(b, e);
}

bool
tbs_is_dns_name(const char *name)
{
	size_t n = strlen(name), label = 0;

	if (n == 0 || n > TBS_HOST_TEXT_MAX)
		return false;
	for (size_t i = 0; i <= n; i++) {
		char c = name[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9');

		if (c == '.' || c == '\0') {
			if (label == 0 || label > 63 || name[i - 1] == '-')
				return false;
			label = 0;
		} else if (alnum || (c == '-' && label > 0)) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

static bool
put_host(struct buf *b, const char *host)
{
	uint8_t address[16];

	if (inet_pton(AF_INET, host, address) == 1)
		der_put(b, DER_IMPLICIT(7), SLICE(address, 4));
	else if (inet_pton(AF_INET6, host, address) == 1)
		der_put(b, DER_IMPLICIT(7), SLICE(address, 16));
	else if (tbs_is_dns_name(host))
		der_put_text(b, DER_IMPLICIT(2), host);
	else
		return false;
	return true;
}

static bool
put_hosts(struct buf *b, const struct tbs *tbs)
{
	struct ext e = open_ext(b, OID(OID_SUBJECT_ALT_NAME), false);
	size_t names = der_open(b, DER_SEQUENCE);

	if (tbs->n_hosts == 0 || tbs->n_hosts > TBS_HOSTS_MAX)
		return false;
	for (size_t i = 0; i < tbs->n_hosts; i++)
		if (!put_host(b, tbs->hosts[i]))
			return false;
	der_close(b, names);
	close_ext(b, e);
	return true;
}

/* --- limits on names ----------------------------------------------------- */

/* No host has this name (RFC 2606, 2): a form that is limited to it is shut.
 * An empty base would be shorter, but not all read it alike; one label alone is
 * no fully qualified name, which RFC 5280, 4.2.1.10 wants for URIs. */
#define NO_NAME	"nothing.invalid"

static void
put_subtree(struct buf *b, uint8_t tag, struct slice base)
{
	size_t one = der_open(b, DER_SEQUENCE);

	der_put(b, tag, base);
	der_close(b, one);
}

static bool
put_permitted_hosts(struct buf *b, const struct tbs *tbs)
{
	if (tbs->n_hosts > TBS_HOSTS_MAX)
		return false;
	if (tbs->n_hosts == 0)
		put_subtree(b, DER_IMPLICIT(2), slice_text(NO_NAME));
	for (size_t i = 0; i < tbs->n_hosts; i++) {
		if (!tbs_is_dns_name(tbs->hosts[i]))
			return false;
		put_subtree(b, DER_IMPLICIT(2), slice_text(tbs->hosts[i]));
	}
	return true;
}

/*
 * RFC 5280, 4.2.1.10: subjects that extend its own; hosts below the names that
 * it was given, URIs in its trust domain; no mail and no addresses.
 */
static bool
put_name_constraints(struct buf *b, const struct tbs *tbs)
{
	struct ext e = open_ext(b, OID(OID_NAME_CONSTRAINTS), true);
	size_t both = der_open(b, DER_SEQUENCE);
	size_t list = der_open(b, DER_CONTEXT(0));
	size_t one = der_open(b, DER_SEQUENCE);
	size_t name = der_open(b, DER_CONTEXT(4));
	static const uint8_t every[32] = { 0 };	/* address, mask */

	tbs_put_name(b, tbs->organization, tbs->device_id);
	der_close(b, name);
	der_close(b, one);
	put_subtree(b, DER_IMPLICIT(1), slice_text(NO_NAME));
	if (!put_permitted_hosts(b, tbs))
		return false;
	put_subtree(b, DER_IMPLICIT(6), slice_text(
	    is_said(tbs->spiffe_domain) ? tbs->spiffe_domain : NO_NAME));
	der_close(b, list);
	list = der_open(b, DER_CONTEXT(1));
	put_subtree(b, DER_IMPLICIT(7), SLICE(every, 8));
	put_subtree(b, DER_IMPLICIT(7), SLICE(every, 32));
	der_close(b, list);
	der_close(b, both);
	close_ext(b, e);
	return true;
}

/* --- profiles ------------------------------------------------------------ */

/* digitalSignature is for OCSP responses (RFC 5280, 4.2.1.3). */
static bool
put_ca_extensions(struct buf *b, const struct tbs *tbs)
{
	put_basic(b, tbs->profile == TBS_ROOT ? -1 : (int)tbs->path_len);
	put_usage(b, CERT_USAGE_DIGITAL_SIGNATURE |
	    CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN);
	return true;
}

static bool
put_device_extensions(struct buf *b, const struct tbs *tbs)
{
	bool edge = (tbs->flags & TBS_EDGE_CA) != 0;

	if (edge)
		put_basic(b, 0);
	put_usage(b, edge ? CERT_USAGE_DIGITAL_SIGNATURE |
	    CERT_USAGE_KEY_CERT_SIGN : CERT_USAGE_DIGITAL_SIGNATURE);
	put_eku(b, (tbs->flags & TBS_CLIENT_AUTH) != 0,
	    (tbs->flags & TBS_SERVER_AUTH) != 0);
	put_policy(b, (tbs->flags & TBS_HARDWARE_KEY) != 0);
	if (!put_device_names(b, tbs) ||
	    (edge && !put_name_constraints(b, tbs)))
		return false;
	if ((tbs->flags & TBS_NO_REV_AVAIL) != 0)
		put_null(b, OID(OID_NO_REV_AVAIL));
	return true;
}

static bool
put_proof_extensions(struct buf *b, const struct tbs *tbs)
{
	(void)tbs;
	put_usage(b, CERT_USAGE_DIGITAL_SIGNATURE);
	return true;
}

static void
put_only_purpose(struct buf *b, struct slice oid)
{
	struct ext e = open_ext(b, OID(OID_EXT_KEY_USAGE), false);
	size_t seq = der_open(b, DER_SEQUENCE);

	der_put_oid(b, oid);
	der_close(b, seq);
	close_ext(b, e);
}

/* RFC 6960, 4.2.2.2: nobody need ask whether it is revoked, for its life is
 * short. */
static bool
put_ocsp_extensions(struct buf *b, const struct tbs *tbs)
{
	(void)tbs;
	put_usage(b, CERT_USAGE_DIGITAL_SIGNATURE);
	put_only_purpose(b, OID(OID_OCSP_SIGNING));
	put_null(b, OID(OID_OCSP_NOCHECK));
	return true;
}

/* RFC 9608: its life is short, and no list ever has it. */
static bool
put_result_extensions(struct buf *b, const struct tbs *tbs)
{
	struct ext e;
	size_t names, uri;

	put_usage(b, CERT_USAGE_DIGITAL_SIGNATURE);
	put_only_purpose(b, OID(OID_RESULT_SIGNING));
	e = open_ext(b, OID(OID_SUBJECT_ALT_NAME), false);
	names = der_open(b, DER_SEQUENCE);
	uri = der_open(b, DER_IMPLICIT(6));
	put_fmt(b, TBS_RESULT_URI, tbs->organization);
	der_close(b, uri);
	der_close(b, names);
	close_ext(b, e);
	put_null(b, OID(OID_NO_REV_AVAIL));
	return true;
}

static bool
put_server_extensions(struct buf *b, const struct tbs *tbs)
{
	put_usage(b, CERT_USAGE_DIGITAL_SIGNATURE);
	put_eku(b, false, true);
	return put_hosts(b, tbs);
}

static const char *
given_common_name(const struct tbs *tbs)
{
	return tbs->common_name;
}

static const char *
device_common_name(const struct tbs *tbs)
{
	return tbs->device_id;
}

/* A host that is too long for a CN stands in the SAN only. */
static const char *
server_common_name(const struct tbs *tbs)
{
	if (tbs->n_hosts == 0 ||
	    strlen(tbs->hosts[0]) > TBS_COMMON_NAME_MAX)
		return "";
	return tbs->hosts[0];
}

struct profile {
	const char	*(*common_name)(const struct tbs *);
	bool		 (*put_extensions)(struct buf *, const struct tbs *);
};

static const struct profile profiles[] = {
	[TBS_ROOT] = { given_common_name, put_ca_extensions },
	[TBS_ISSUING] = { given_common_name, put_ca_extensions },
	[TBS_DEVICE] = { device_common_name, put_device_extensions },
	[TBS_SERVER] = { server_common_name, put_server_extensions },
	[TBS_PROOF] = { given_common_name, put_proof_extensions },
	[TBS_OCSP] = { given_common_name, put_ocsp_extensions },
	[TBS_RESULT] = { given_common_name, put_result_extensions },
};

static void
put_validity(struct buf *b, const struct tbs *tbs)
{
	size_t seq = der_open(b, DER_SEQUENCE);

	der_put_time(b, tbs->not_before_s);
	der_put_time(b, tbs->not_after_s);
	der_close(b, seq);
}

static void
put_version_and_serial(struct buf *b, const struct tbs *tbs)
{
	size_t version = der_open(b, DER_CONTEXT(0));

	der_put_uint(b, 2);		/* v3 */
	der_close(b, version);
	der_put_unsigned(b, tbs->serial);
}

static bool
put_extensions(struct buf *b, const struct tbs *tbs)
{
	size_t tagged = der_open(b, DER_CONTEXT(3));
	size_t list = der_open(b, DER_SEQUENCE);

	if (!profiles[tbs->profile].put_extensions(b, tbs))
		return false;
	put_key_ids(b, tbs);
	put_crl_url(b, tbs->crl_url);
	put_aia(b, tbs);
	der_close(b, list);
	der_close(b, tagged);
	return true;
}

struct err
tbs_encode(struct ctx *cx, const struct tbs *tbs, struct slice *out)
{
	struct buf b = buf_in(cx->arena, TBS_MAX);
	const char *cn = profiles[tbs->profile].common_name(tbs);
	size_t seq;

	if (strlen(cn) > TBS_COMMON_NAME_MAX ||
	    strlen(tbs->organization) > TBS_ORGANIZATION_MAX)
		return FAIL(cx, ERR_CERT_LINT, "a name is too long");
	(void)put_space(&b, 1024);	/* so that it grows once */
	b.n = 0;
	seq = der_open(&b, DER_SEQUENCE);
	put_version_and_serial(&b, tbs);
	put_bytes(&b, key_sig_der(tbs->sig));
	put_bytes(&b, tbs->issuer);
	put_validity(&b, tbs);
	tbs_put_name(&b, tbs->organization, cn);
	put_bytes(&b, tbs->key->spki);
	if (!put_extensions(&b, tbs))
		return FAIL(cx, ERR_CERT_LINT,
		    "a name is missing or not of its form");
	der_close(&b, seq);
	if (b.bad)
		return FAIL(cx, ERR_CERT_LINT,
		    "the certificate would be too large");
	*out = buf_slice(&b);
	return OK;
}
