/* SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>

#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_tpm.h"

#define LOG_MAX			65536u
#define EV_NO_ACTION		0x00000003u
#define EV_SEPARATOR		0x00000004u
#define EV_EFI_DRIVER_CONFIG	0x80000001u
#define EV_EFI_APPLICATION	0x80000003u
#define EV_EFI_ACTION		0x80000007u
#define EV_EFI_AUTHORITY	0x800000e0u
#define EK_OID			"2.23.133.8.1"
#define AK_OID			"2.23.133.8.3"

static const char root_cn[] = "Test TPM Root";
static const char inter_cn[] = "Test TPM Intermediate";

/* --- event logs ------------------------------------------------------- */

void
make_log_add(struct make_log *log, uint32_t pcr, uint32_t type,
    struct slice data, struct slice measured)
{
	ASSERT(log->n < MAKE_EVENTS_MAX);
	log->events[log->n++] = (struct make_event){ pcr, type, data,
	    measured };
}

static void
put_le16(struct buf *b, uint16_t n)
{
	put_u8(b, (uint8_t)n);
	put_u8(b, (uint8_t)(n >> 8));
}

static void
put_le32(struct buf *b, uint32_t n)
{
	put_le16(b, (uint16_t)n);
	put_le16(b, (uint16_t)(n >> 16));
}

static void
put_le64(struct buf *b, uint64_t n)
{
	put_le32(b, (uint32_t)n);
	put_le32(b, (uint32_t)(n >> 32));
}

struct slice
make_secure_boot(struct ctx *cx, uint8_t value)
{
	static const uint8_t guid[] = {
		0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
		0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c
	};
	static const char name[] = "SecureBoot";
	struct buf b = buf_in(cx->arena, 256);

	put_bytes(&b, SLICE_OF(guid));
	put_le64(&b, sizeof(name) - 1);
	put_le64(&b, 1);
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		put_le16(&b, (uint16_t)name[i]);
	put_u8(&b, value);
	return buf_slice(&b);
}

void
make_boot(struct ctx *cx, struct make_log *log)
{
	struct slice config = make_secure_boot(cx, 1);
	struct slice action = slice_text("Calling EFI Application");
	struct slice zero = SLICE("\0\0\0\0", 4);

	*log = (struct make_log){ .n = 0 };
	make_log_add(log, 0, 0x8, slice_text("version"),
	    slice_text("version"));
	make_log_add(log, 7, EV_EFI_DRIVER_CONFIG, config, config);
	for (uint32_t pcr = 0; pcr < 8; pcr++)
		make_log_add(log, pcr, EV_SEPARATOR, zero, zero);
	make_log_add(log, 7, EV_EFI_AUTHORITY, slice_text("db entry"),
	    slice_text("authority"));
	make_log_add(log, 4, EV_EFI_ACTION, action, action);
	make_log_add(log, 4, EV_EFI_APPLICATION, slice_text("path of shim"),
	    slice_text("shim"));
	make_log_add(log, 4, EV_EFI_APPLICATION, slice_text("path of kernel"),
	    slice_text("kernel"));
	make_log_add(log, 8, 0xd, slice_text("command line"),
	    slice_text("command line"));
}

static void
put_digest(struct buf *b, const EVP_MD *md, struct slice data)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n;

	ASSERT(EVP_Digest(data.p, data.n, digest, &n, md, NULL) == 1);
	put_bytes(b, SLICE(digest, n));
}

void
make_put_event(struct buf *b, const struct make_event *e, struct ctx *cx)
{
	(void)cx;
	put_le32(b, e->pcr);
	put_le32(b, e->type);
	put_le32(b, 2);
	put_le16(b, TPM_SHA1);
	put_digest(b, EVP_sha1(), e->measured);
	put_le16(b, TPM_SHA256);
	put_digest(b, EVP_sha256(), e->measured);
	put_le32(b, (uint32_t)e->data.n);
	put_bytes(b, e->data);
}

static void
put_header(struct buf *b)
{
	static const uint8_t zeros[20];

	put_le32(b, 0);
	put_le32(b, EV_NO_ACTION);
	put_bytes(b, SLICE_OF(zeros));
	put_le32(b, 16 + 8 + 4 + 8 + 1);
	put_bytes(b, SLICE("Spec ID Event03\0", 16));
	put_bytes(b, SLICE("\0\0\0\0\0\2\0\2", 8));
	put_le32(b, 2);
	put_le16(b, TPM_SHA1);
	put_le16(b, 20);
	put_le16(b, TPM_SHA256);
	put_le16(b, 32);
	put_u8(b, 0);
}

struct slice
make_event_log(struct ctx *cx, const struct make_log *log)
{
	struct buf b = buf_in(cx->arena, LOG_MAX);

	put_header(&b);
	for (size_t i = 0; i < log->n; i++)
		make_put_event(&b, &log->events[i], cx);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

struct slice
make_pcr(struct ctx *cx, const struct make_log *log, uint16_t hash,
    uint32_t pcr, uint8_t locality)
{
	size_t size = tpm_digest_size(hash);
	const EVP_MD *md = hash == TPM_SHA1 ? EVP_sha1() : EVP_sha256();
	uint8_t *value = arena_alloc(cx->arena, EVP_MAX_MD_SIZE);

	if (pcr == 0)
		value[size - 1] = locality;
	for (size_t i = 0; i < log->n; i++) {
		const struct make_event *e = &log->events[i];
		struct buf b = buf_in(cx->arena, 256);

		if (e->pcr != pcr || e->type == EV_NO_ACTION)
			continue;
		put_bytes(&b, SLICE(value, size));
		put_digest(&b, md, e->measured);
		ASSERT(EVP_Digest(b.p, b.n, value, NULL, md, NULL) == 1);
	}
	return SLICE(value, size);
}

/* --- a device --------------------------------------------------------- */

static struct make_cert
ca_cert(const char *cn, const char *issuer_cn, EVP_PKEY *key, EVP_PKEY *by)
{
	return (struct make_cert){
		.cn = cn, .issuer_cn = issuer_cn, .key = key,
		.issuer_key = by, .serial = 7,
		.from_s = MAKE_AT - 100 * MAKE_DAY,
		.to_s = MAKE_AT + 100 * MAKE_DAY, .ca = 1, .path_len = -1,
		.usage = "critical,keyCertSign,cRLSign",
		.version_number = X509_VERSION_3, .md = EVP_sha256(),
	};
}

static struct make_cert
leaf_cert(EVP_PKEY *key, EVP_PKEY *by, const char *usage, const char *eku)
{
	return (struct make_cert){
		.issuer_cn = inter_cn, .key = key, .issuer_key = by,
		.serial = 0x1234, .from_s = MAKE_AT - MAKE_DAY,
		.to_s = MAKE_AT + MAKE_DAY, .ca = 0, .path_len = -1,
		.usage = usage, .eku = eku, .manufacturer = "id:53544D20",
		.model = "ST33", .version = "id:00010002",
		.permanent_id = "device-1", .version_number = X509_VERSION_3,
		.md = EVP_sha256(),
	};
}

static struct make_attest
attest_of(uint16_t type)
{
	return (struct make_attest){
		.magic = TPM_GENERATED, .type = type, .reset_count = 3,
		.restart_count = 1, .safe = 1, .firmware = 0x0001000200030004,
	};
}

void
make_device(struct ctx *cx, struct make_device *d)
{
	*d = (struct make_device){
		.format = "tpm2",
		.root_key = make_p256(cx), .inter_key = make_p256(cx),
		.ek = make_p256(cx), .ak = make_p256(cx),
		.app = make_p256(cx), .send_ek_cert = true, .send_key = true,
		.send_log = true, .activated = true,
		.quote = attest_of(TPM_ATTEST_QUOTE),
		.certify = attest_of(TPM_ATTEST_CERTIFY),
	};
	d->root = ca_cert(root_cn, root_cn, d->root_key, d->root_key);
	d->inter = ca_cert(inter_cn, root_cn, d->inter_key, d->root_key);
	d->ek_cert = leaf_cert(d->ek, d->inter_key, "critical,keyAgreement",
	    EK_OID);
	d->ek_cert.permanent_id = NULL;
	d->ak_cert = leaf_cert(d->ak, d->inter_key,
	    "critical,digitalSignature", AK_OID);
	d->ek_public = make_ek_public(d->ek);
	d->ak_public = make_ak_public(d->ak);
	d->app_public = make_app_public(d->app);
	d->quote.selections[0] = (struct tpm_pcr_selection){ TPM_SHA256,
	    0x0003ff };
	d->quote.n_selections = 1;
	make_boot(cx, &d->log);
	memset(d->nonce, 0x5a, sizeof(d->nonce));
	d->spki = make_spki(cx, d->app);
}

static json_t *
binary(struct ctx *cx, struct slice s)
{
	return json_string(base64url(cx->arena, s));
}

static void
put(json_t *object, const char *name, json_t *value)
{
	ASSERT(json_object_set_new(object, name, value) == 0);
}

static struct slice
binding(struct ctx *cx, const char *format, const struct make_device *d)
{
	uint8_t *hash = arena_alloc(cx->arena, 32);

	attest_binding(format, SLICE_OF(d->nonce), d->spki, hash, 32);
	return SLICE(hash, 32);
}

/* Registers of the selection as JSON, and the digest over them. */
static json_t *
put_pcrs(struct ctx *cx, struct make_device *d)
{
	json_t *pcrs = json_object();
	struct buf all = buf_in(cx->arena, 8192);
	const EVP_MD *md = d->ak_public.hash == TPM_SHA1 ? EVP_sha1() :
	    d->ak_public.hash == TPM_SHA384 ? EVP_sha384() : EVP_sha256();
	uint8_t *digest = arena_alloc(cx->arena, EVP_MAX_MD_SIZE);
	unsigned n = 0;

	for (size_t i = 0; i < d->quote.n_selections; i++) {
		const struct tpm_pcr_selection *s = &d->quote.selections[i];
		json_t *bank = json_object();

		for (uint32_t pcr = 0; pcr < 24; pcr++) {
			struct slice value;

			if ((s->pcrs >> pcr & 1) == 0)
				continue;
			value = make_pcr(cx, &d->log, s->hash, pcr,
			    d->locality);
			put_bytes(&all, value);
			put(bank, arena_printf(cx->arena, "%u", pcr),
			    json_string(text_hex(cx->arena, value)));
		}
		if (s->pcrs != 0)
			put(pcrs, tpm_hash_name(s->hash), bank);
		else
			json_decref(bank);
	}
	ASSERT(EVP_Digest(all.p, all.n, digest, &n, md, NULL) == 1);
	if (!d->digest_given)
		d->quote.pcr_digest = SLICE(digest, n);
	return pcrs;
}

static json_t *
make_key(struct ctx *cx, struct make_device *d, const char *format)
{
	json_t *key = json_object();
	struct slice public = make_tpmt_public(cx, &d->app_public), attest;

	if (!d->certify_extra_given)
		d->certify.extra = binding(cx, format, d);
	if (!d->name_given)
		d->certify.name = make_name(cx, public);
	attest = make_tpms_attest(cx, &d->certify);
	put(key, "public", binary(cx, public));
	put(key, "attest", binary(cx, attest));
	put(key, "signature", binary(cx, make_tpmt_signature(cx,
	    d->certify_signer != NULL ? d->certify_signer : d->ak,
	    d->ak_public.scheme, d->ak_public.hash, attest)));
	return key;
}

static void
put_chain(struct ctx *cx, json_t *evidence, const char *name,
    const struct make_cert *leaf, const struct make_cert *inter)
{
	json_t *chain = json_array();

	if (leaf != NULL)
		ASSERT(json_array_append_new(chain, binary(cx,
		    make_certificate(cx, leaf))) == 0);
	ASSERT(json_array_append_new(chain, binary(cx,
	    make_certificate(cx, inter))) == 0);
	put(evidence, name, chain);
}

/* What the verifier believes: the root, and the activation. */
static void
make_appraisal(struct ctx *cx, struct make_device *d)
{
	struct slice *anchor = ARENA_NEW(cx->arena, struct slice);
	struct slice ek_spki = make_spki(cx, d->ek);

	*anchor = make_certificate(cx, &d->root);
	if (d->trust.anchors == NULL) {
		d->trust.anchors = anchor;
		d->trust.n_anchors = 1;
	}
	if (d->activation.ak_name.n == 0) {
		d->activation.ak_name = make_name(cx,
		    make_tpmt_public(cx, &d->ak_public));
		crypto_hash_sha256(d->activation.ek_spki_sha256, ek_spki.p,
		    ek_spki.n);
	}
	d->appraisal.trust = &d->trust;
	if (d->appraisal.at_s == 0)
		d->appraisal.at_s = MAKE_AT;
	d->appraisal.nonce = SLICE_OF(d->nonce);
	d->appraisal.spki = d->spki;
	d->appraisal.activation = d->activated ? &d->activation : NULL;
}

json_t *
make_evidence(struct ctx *cx, struct make_device *d)
{
	json_t *e = json_keep(cx, json_object());
	struct slice quote;

	put(e, "format", json_string(d->format));
	put(e, "ak_public", binary(cx, make_tpmt_public(cx, &d->ak_public)));
	if (d->send_ek_cert) {
		put(e, "ek_certificate", binary(cx,
		    make_certificate(cx, &d->ek_cert)));
		put_chain(cx, e, "ek_chain", NULL, &d->inter);
	}
	if (d->send_ek_public)
		put(e, "ek_public", binary(cx,
		    make_tpmt_public(cx, &d->ek_public)));
	if (d->send_ak_cert)
		put_chain(cx, e, "ak_chain", &d->ak_cert, &d->inter);
	put(e, "pcrs", put_pcrs(cx, d));
	if (!d->quote_extra_given)
		d->quote.extra = binding(cx, d->format, d);
	quote = make_tpms_attest(cx, &d->quote);
	put(e, "quote", binary(cx, quote));
	put(e, "quote_signature", binary(cx, make_tpmt_signature(cx,
	    d->quote_signer != NULL ? d->quote_signer : d->ak,
	    d->ak_public.scheme, d->ak_public.hash, quote)));
	if (d->send_log)
		put(e, "event_log", binary(cx, make_event_log(cx, &d->log)));
	if (d->send_key)
		put(e, "key", make_key(cx, d, d->format));
	make_appraisal(cx, d);
	return e;
}

json_t *
make_key_evidence(struct ctx *cx, struct make_device *d)
{
	json_t *e = json_keep(cx, json_object());

	put(e, "format", json_string("tpm2-key"));
	put(e, "ak_public", binary(cx, make_tpmt_public(cx, &d->ak_public)));
	if (d->send_ak_cert)
		put_chain(cx, e, "ak_chain", &d->ak_cert, &d->inter);
	put(e, "key", make_key(cx, d, "tpm2-key"));
	make_appraisal(cx, d);
	d->appraisal.activation = NULL;
	return e;
}

struct err
make_verify(struct ctx *cx, const json_t *document, struct make_device *d,
    struct attestation *out)
{
	struct evidence evidence;

	TRY(evidence_read(cx, document, "/evidence", &evidence));
	return evidence_verify(cx, &evidence, &d->appraisal, out);
}
