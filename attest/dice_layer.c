/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/dice.h"

#include "attest/chain.h"
#include "base/text.h"
#include "codec/cbor.h"
#include "codec/der.h"

#define OID_TCB_INFO	"2.23.133.5.4.1"
#define OID_RIOT_NEW	"2.23.133.5.4.1.1"	/* NVIDIA GB100 */
#define OID_UEID	"2.23.133.5.4.4"
#define OID_MULTI	"2.23.133.5.4.5"
#define OID_MESSAGE	"2.23.133.5.4.9"
#define OID_OPEN_DICE	"1.3.6.1.4.1.11129.2.1.24"
#define OID_TCB_INFO_DER "\x67\x81\x05\x05\x04\x01"

#define FIELD_MAX	1024u	/* bytes of one field read by its tag */
#define RIOT_VERSION	1u

const char *const dice_critical[] = {
	OID_TCB_INFO, OID_RIOT_NEW, OID_UEID, OID_MULTI, OID_MESSAGE,
	OID_OPEN_DICE, NULL
};

static struct err
wrong(struct ctx *cx, const char *what)
{
	return FAIL_TELL(cx, ERR_EV_MALFORMED, "DICE: %s", what);
}

/* --- fields --------------------------------------------------------------- */

/*
 * The field with that implicit tag, if it is next, as an element of the tag
 * that it stands for: so that the readers of DER can be used.
 */
static bool
next_implicit(struct ctx *cx, struct reader *r, uint8_t tag, uint8_t stands_for,
    struct reader *out)
{
	struct buf b = buf_in(cx->arena, FIELD_MAX);

	if (der_peek(r) != tag)
		return false;
	der_put(&b, stands_for, der_read(r, tag));
	*out = reader_of(buf_slice(&b));
	return !r->bad;
}

static const char *
read_text(struct ctx *cx, struct reader *r, unsigned n)
{
	struct reader field;
	struct slice s;

	if (!next_implicit(cx, r, DER_IMPLICIT(n), DER_UTF8_STRING, &field))
		return NULL;
	s = der_read(&field, DER_UTF8_STRING);
	if (s.n == 0 || s.n > DICE_TEXT_MAX || !text_is_printable(s)) {
		r->bad = true;
		return NULL;
	}
	return arena_strndup(cx->arena, (const char *)s.p, s.n);
}

static bool
read_number(struct ctx *cx, struct reader *r, unsigned n, uint64_t *out)
{
	struct reader field;

	if (!next_implicit(cx, r, DER_IMPLICIT(n), DER_INTEGER, &field))
		return false;
	*out = der_read_uint(&field);
	if (!read_done(&field))
		r->bad = true;
	return !r->bad;
}

/* A BIT STRING of up to 32 flags.  Makers write all four bytes, so that bits at
 * the end may be zero here, unlike in named bits (X.690, 11.2.2). */
static bool
read_flags(struct reader *r, unsigned n, uint32_t *out)
{
	struct slice s;
	uint32_t flags = 0;
	bool ok;

	if (der_peek(r) != DER_IMPLICIT(n))
		return false;
	s = der_read(r, DER_IMPLICIT(n));
	ok = s.n >= 1 && s.n <= 5 && s.p[0] <= 7 &&
	    (s.n > 1 || s.p[0] == 0) &&
	    (s.p[s.n - 1] & ((1u << s.p[0]) - 1)) == 0;
	if (!ok)
		r->bad = true;
	for (size_t i = 0; ok && i < 8 * (s.n - 1); i++)
		if ((s.p[1 + i / 8] & 0x80u >> i % 8) != 0)
			flags |= 1u << i;
	*out = flags;
	return ok;
}

static bool
is_digest_size(size_t n)
{
	return n == 32 || n == 48 || n == 64;
}

/* FWID ::= SEQUENCE { hashAlg OBJECT IDENTIFIER, digest OCTET STRING } */
static struct slice
read_fwid(struct reader *r)
{
	struct reader fwid = der_enter(r, DER_SEQUENCE);
	struct slice digest;

	(void)der_read_oid(&fwid);
	digest = der_read(&fwid, DER_OCTET_STRING);
	if (!is_digest_size(digest.n))
		fwid.bad = true;
	der_leave(r, &fwid);
	return digest;
}

static void
read_fwids(struct reader *r, struct dice_component *c)
{
	struct reader list;

	if (der_peek(r) != DER_CONTEXT(6))
		return;
	list = der_enter(r, DER_CONTEXT(6));
	while (!list.bad && list.n > 0) {
		struct slice digest = read_fwid(&list);

		if (c->n_fwids == DICE_FWIDS_MAX)
			list.bad = true;
		else
			c->fwids[c->n_fwids++] = digest;
	}
	if (c->n_fwids == 0)
		list.bad = true;
	der_leave(r, &list);
}

/* --- TCG ------------------------------------------------------------------ */

/* DiceTcbInfo: fields in the order of their tags, each optional. */
static void
read_tcb_info(struct ctx *cx, struct reader *outer, struct dice_component *c)
{
	struct reader r = der_enter(outer, DER_SEQUENCE);
	uint64_t index;
	uint32_t mask;

	c->vendor = read_text(cx, &r, 0);
	c->model = read_text(cx, &r, 1);
	c->version = read_text(cx, &r, 2);
	c->has_svn = read_number(cx, &r, 3, &c->svn);
	c->has_layer = read_number(cx, &r, 4, &c->layer);
	(void)read_number(cx, &r, 5, &index);
	read_fwids(&r, c);
	if (read_flags(&r, 7, &c->flags))
		c->flags_known = DICE_FLAGS_TOLD;
	if (der_peek(&r) == DER_IMPLICIT(8))		/* vendorInfo */
		(void)der_read(&r, DER_IMPLICIT(8));
	if (der_peek(&r) == DER_IMPLICIT(9))		/* type */
		(void)der_read(&r, DER_IMPLICIT(9));
	if (read_flags(&r, 10, &mask))
		c->flags_known &= mask;
	if (der_peek(&r) == DER_CONTEXT(11))		/* integrityRegisters */
		(void)der_read(&r, DER_CONTEXT(11));
	der_leave(outer, &r);
}

static struct dice_component *
add_component(struct dice_layer *layer)
{
	if (layer->n_components == DICE_COMPONENTS_MAX)
		return NULL;
	return &layer->components[layer->n_components++];
}

static struct err
read_multi(struct ctx *cx, struct slice der, struct dice_layer *layer)
{
	struct reader r = reader_of(der), list = der_enter(&r, DER_SEQUENCE);

	if (list.n == 0)
		return wrong(cx, "a MultiTcbInfo of nothing");
	while (!list.bad && list.n > 0) {
		struct dice_component *c = add_component(layer);

		if (c == NULL)
			return wrong(cx, "too many components in one layer");
		read_tcb_info(cx, &list, c);
	}
	der_leave(&r, &list);
	if (!read_done(&r))
		return wrong(cx, "a MultiTcbInfo that cannot be read");
	return OK;
}

/* CompositeDeviceID ::= SEQUENCE { version, deviceID SPKI, fwid FWID } */
static void
read_composite(struct reader *outer, struct slice *out_key,
    struct slice *out_fwid)
{
	struct reader r = der_enter(outer, DER_SEQUENCE);

	if (der_read_uint(&r) != RIOT_VERSION)
		r.bad = true;
	*out_key = der_read_whole(&r, DER_SEQUENCE);
	*out_fwid = read_fwid(&r);
	der_leave(outer, &r);
}

/* One identifier for two things, told apart by what comes first. */
static struct err
read_tcb_or_riot(struct ctx *cx, struct slice der, struct dice_layer *layer)
{
	struct reader r = reader_of(der), probe = r;
	struct reader inside = der_enter(&probe, DER_SEQUENCE);
	struct dice_component *c = add_component(layer);

	if (c == NULL)
		return wrong(cx, "too many components in one layer");
	if (der_peek(&inside) == DER_INTEGER) {
		read_composite(&r, &layer->device_key, &c->fwids[0]);
		c->n_fwids = 1;
	} else {
		read_tcb_info(cx, &r, c);
	}
	if (!read_done(&r))
		return wrong(cx, "a TcbInfo that cannot be read");
	return OK;
}

/* TcgUeid ::= SEQUENCE { ueid OCTET STRING } */
static struct err
read_ueid(struct ctx *cx, struct slice der, struct dice_layer *layer)
{
	struct reader r = reader_of(der), seq = der_enter(&r, DER_SEQUENCE);

	layer->ueid = der_read(&seq, DER_OCTET_STRING);
	der_leave(&r, &seq);
	if (!read_done(&r) || layer->ueid.n == 0 ||
	    layer->ueid.n > DICE_UEID_MAX)
		return wrong(cx, "a UEID that cannot be read");
	layer->is_identity = true;
	return OK;
}

/*
 * ConceptualMessageWrapper ::= SEQUENCE { cmw OCTET STRING }: a CBOR array of
 * type, value and what kind of message it is.  Only that it is one is checked;
 * what it says is for a policy that knows its digest.
 */
static struct err
read_message(struct ctx *cx, struct slice der, struct dice_layer *layer)
{
	struct reader r = reader_of(der), seq = der_enter(&r, DER_SEQUENCE);
	struct cbor cmw;

	layer->message = der_read(&seq, DER_OCTET_STRING);
	der_leave(&r, &seq);
	if (!read_done(&r))
		return wrong(cx, "a conceptual message that cannot be read");
	if (failed(cbor_parse(cx, layer->message, 0, &cmw)) ||
	    cmw.kind != CBOR_ARRAY || cmw.n < 2 || cmw.n > 3 ||
	    (cmw.items[0].kind != CBOR_UINT &&
	    cmw.items[0].kind != CBOR_TEXT) ||
	    cmw.items[1].kind != CBOR_BYTES ||
	    (cmw.n == 3 && cmw.items[2].kind != CBOR_UINT))
		return wrong(cx, "a conceptual message without type and value");
	return OK;
}

/* --- Open DICE ------------------------------------------------------------ */

/* A field of explicit tag: contents of the element inside. */
static struct slice
next_explicit(struct reader *r, unsigned n, uint8_t tag)
{
	struct reader field;
	struct slice s;

	if (der_peek(r) != DER_CONTEXT(n))
		return SLICE_NONE;
	field = der_enter(r, DER_CONTEXT(n));
	s = der_read(&field, tag);
	der_leave(r, &field);
	return r->bad ? SLICE_NONE : s;
}

/* Mode: 0 not configured, 1 normal, 2 debug, 3 recovery.  What is not said is
 * not configured: the first is the catch-all (Open DICE, Mode Value Details). */
static void
read_mode(struct reader *r, struct dice_component *c)
{
	static const uint32_t modes[] = {
		DICE_NOT_CONFIGURED, 0, DICE_DEBUG, DICE_RECOVERY
	};
	static const uint8_t catch_all;
	struct slice mode = der_peek(r) != DER_CONTEXT(6) ? SLICE(&catch_all, 1)
	    : next_explicit(r, 6, DER_ENUMERATED);

	if (mode.n != 1 || mode.p[0] >= COUNT_OF(modes)) {
		r->bad = true;
		return;
	}
	c->flags = modes[mode.p[0]];
	c->flags_known = DICE_FLAGS_TOLD;
}

static struct err
read_open_dice(struct ctx *cx, struct slice der, struct dice_layer *layer)
{
	struct reader outer = reader_of(der);
	struct reader r = der_enter(&outer, DER_SEQUENCE);
	struct dice_component *c = add_component(layer);
	struct slice code, config;

	if (c == NULL)
		return wrong(cx, "too many components in one layer");
	layer->is_open = true;
	code = next_explicit(&r, 0, DER_OCTET_STRING);
	(void)next_explicit(&r, 1, DER_OCTET_STRING);	/* codeDescriptor */
	config = next_explicit(&r, 2, DER_OCTET_STRING);
	(void)next_explicit(&r, 3, DER_OCTET_STRING);	/* configuration */
	c->authority = next_explicit(&r, 4, DER_OCTET_STRING);
	(void)next_explicit(&r, 5, DER_OCTET_STRING);	/* authority's */
	read_mode(&r, c);
	(void)next_explicit(&r, 7, DER_UTF8_STRING);	/* profileName */
	if (!is_digest_size(code.n) ||
	    (config.n > 0 && !is_digest_size(config.n)) ||
	    (c->authority.n > 0 && !is_digest_size(c->authority.n)))
		r.bad = true;
	der_leave(&outer, &r);
	if (!read_done(&outer))
		return wrong(cx, "Open DICE inputs that cannot be read");
	c->fwids[c->n_fwids++] = code;
	if (config.n > 0)
		c->fwids[c->n_fwids++] = config;
	return OK;
}

/* --- a certificate -------------------------------------------------------- */

static const struct {
	const char	*oid;
	bool		 says;		/* of software */
	struct err	(*read)(struct ctx *, struct slice,
			    struct dice_layer *);
} extensions[] = {
	{ OID_TCB_INFO, true, read_tcb_or_riot },
	{ OID_RIOT_NEW, true, read_tcb_or_riot },
	{ OID_MULTI, true, read_multi },
	{ OID_UEID, false, read_ueid },
	{ OID_MESSAGE, true, read_message },
	{ OID_OPEN_DICE, true, read_open_dice },
};

/* Keys that identify a device and vouch for layers above (DICE Certificate
 * Profiles: identityInit, identityLoc, eca). */
static bool
has_identity_usage(X509 *x)
{
	return chain_has_eku(x, "2.23.133.5.4.100.6") ||
	    chain_has_eku(x, "2.23.133.5.4.100.7") ||
	    chain_has_eku(x, "2.23.133.5.4.100.12");
}

struct err
dice_layer_read(struct ctx *cx, X509 *x, struct dice_layer *out)
{
	struct dice_layer *layer = ARENA_NEW(cx->arena, struct dice_layer);
	bool seen[COUNT_OF(extensions)] = { false };

	layer->is_identity = has_identity_usage(x);
	for (int i = 0; i < X509_get_ext_count(x); i++) {
		X509_EXTENSION *ext = X509_get_ext(x, i);
		const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);

		for (size_t k = 0; k < COUNT_OF(extensions); k++) {
			if (!chain_oid_is(X509_EXTENSION_get_object(ext),
			    extensions[k].oid))
				continue;
			if (seen[k])
				return wrong(cx, "an extension twice");
			seen[k] = true;
			layer->says = layer->says || extensions[k].says;
			TRY(extensions[k].read(cx, SLICE(
			    ASN1_STRING_get0_data(value),
			    (size_t)ASN1_STRING_length(value)), layer));
		}
	}
	*out = *layer;
	return OK;
}

struct err
dice_riot_name_read(struct ctx *cx, struct slice general_names,
    struct slice *out_fwid)
{
	struct reader r = reader_of(general_names);
	struct reader names = der_enter(&r, DER_SEQUENCE);
	struct reader name = der_enter(&names, DER_CONTEXT(0));
	struct slice oid = der_read_oid(&name), key, fwid;

	read_composite(&name, &key, &fwid);
	der_leave(&names, &name);
	der_leave(&r, &names);
	if (!read_done(&r) || !slice_equal(oid, slice_text(OID_TCB_INFO_DER)))
		return wrong(cx, "a RIoT name that cannot be read");
	*out_fwid = fwid;
	return OK;
}
