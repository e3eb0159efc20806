/* SPDX-License-Identifier: Apache-2.0 */
/* Format idevid: initial device identifiers (IEEE 802.1AR). */
#include <openssl/x509v3.h>

#include "attest/chain.h"
#include "attest/formats.h"
#include "attest/member.h"
#include "attest/possession.h"
#include "base/text.h"
#include "codec/der.h"

#define OID_HARDWARE_MODULE	"1.3.6.1.5.5.7.8.4"	/* RFC 4108 */
#define NAME_TEXT_MAX		256
#define SHA256_SIZE		32u

struct idevid {
	X509		**chain;
	size_t		 n_chain;
	struct slice	 signature;
};

static struct err
read_idevid(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct idevid *d = ARENA_NEW(cx->arena, struct idevid);
	struct slice *chain;

	d->n_chain = json_get_bytes_array(in, "chain", JSON_REQUIRED,
	    ATTEST_CHAIN_MAX, ATTEST_CERT_MAX, &chain);
	d->signature = json_get_bytes(in, "signature", JSON_OPTIONAL,
	    POSSESSION_MAX);
	if (!failed(in->err) && d->n_chain == 0)
		json_refuse(in, "chain", "is empty");
	if (!failed(in->err))
		(void)attest_keep(in, "chain",
		    chain_certs_parse(cx, chain, d->n_chain, CHAIN_LEAF_STAYS,
		    &d->chain));
	TRY(json_in_done(in));
	*out_value = d;
	return OK;
}

/* --- names ---------------------------------------------------------------- */

/* The only value of an attribute of the subject; SLICE_NONE when there is none,
 * or more than one. */
static struct slice
subject_value(X509 *x, int nid)
{
	const X509_NAME *name = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	const ASN1_STRING *value;

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return SLICE_NONE;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	return SLICE(ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value));
}

struct module_name { char type[NAME_TEXT_MAX]; struct slice serial; };

/* HardwareModuleName ::= SEQUENCE { hwType OID, hwSerialNum OCTET STRING } */
static bool
read_module(struct slice der, struct module_name *out)
{
	struct reader r = reader_of(der), name = der_enter(&r, DER_SEQUENCE);
	struct slice oid = der_read_whole(&name, DER_OID);
	const uint8_t *p = oid.p;
	ASN1_OBJECT *object;
	bool ok;

	out->serial = der_read(&name, DER_OCTET_STRING);
	der_leave(&r, &name);
	if (!read_done(&r) || out->serial.n == 0)
		return false;
	object = d2i_ASN1_OBJECT(NULL, &p, (long)oid.n);
	ok = object != NULL && OBJ_obj2txt(out->type, sizeof(out->type),
	    object, 1) > 0;
	ASN1_OBJECT_free(object);
	return ok;
}

/* RFC 4108, 5: at most one.  Its bytes are copied. */
static struct err
find_module(struct ctx *cx, X509 *x, struct module_name *out, bool *out_found)
{
	const GENERAL_NAMES *san = chain_alt_names(cx->arena, x);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(san, i);
		const ASN1_TYPE *value;

		if (name->type != GEN_OTHERNAME || !chain_oid_is(
		    name->d.otherName->type_id, OID_HARDWARE_MODULE))
			continue;
		value = name->d.otherName->value;
		if (found || value->type != V_ASN1_SEQUENCE ||
		    !read_module(SLICE(value->value.sequence->data,
		    (size_t)value->value.sequence->length), out))
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "a hardware module name that is none");
		out->serial = slice_dup(cx->arena, out->serial);
		found = true;
	}
	*out_found = found;
	return OK;
}

/* SHA-256 of the issuer's SPKI and the serial number: makers number
 * their devices as they like. */
static void
put_hardware_id(X509 *leaf, X509 *issuer, char out[static HARDWARE_ID_MAX])
{
	struct slice serial = subject_value(leaf, NID_serialNumber);
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint8_t *spki = NULL, hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &spki);

	ASSERT(md != NULL && n > 0);
	ASSERT(EVP_DigestInit_ex(md, ossl_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, spki, (size_t)n) == 1 &&
	    EVP_DigestUpdate(md, serial.p, serial.n) == 1 &&
	    EVP_DigestFinal_ex(md, hash, NULL) == 1);
	OPENSSL_free(spki);
	text_hex_into(SLICE_OF(hash), hex);
	(void)snprintf(out, HARDWARE_ID_MAX, "idevid:%s", hex);
}

/* --- checks ---------------------------------------------------------------- */

/* IEEE 802.1AR-2018, 8: the certificate's profile. */
static struct err
check_profile(struct ctx *cx, X509 *x)
{
	struct slice serial = subject_value(x, NID_serialNumber);

	if (X509_get_version(x) != X509_VERSION_3 || !chain_is_end_entity(x))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an IDevID is not a CA's, and of version 3");
	if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an IDevID's key is for signatures");
	if (!chain_key_is_strong(x))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an IDevID with a weak key");
	if (serial.n == 0 || !text_is_printable(serial))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an IDevID's subject has one serialNumber");
	return OK;
}

static struct err
check_identifier(struct ctx *cx, X509 *x, const char *identifier)
{
	if (identifier != NULL && !slice_equal(slice_text(identifier),
	    subject_value(x, NID_serialNumber)))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the IDevID does not name the device asked for");
	return OK;
}

static void
tell_text(struct claims *claims, struct arena *arena, const char *name,
    struct slice value)
{
	if (value.n > 0 && text_is_printable(value))
		claims_add_text(claims, name, arena_strndup(arena,
		    (const char *)value.p, value.n));
}

/* What is issued here is an LDevID, with a key of its own (IEEE 802.1AR): that
 * can be replaced, and the maker's cannot. */
static struct err
check_other_key(struct ctx *cx, X509 *x, const struct appraisal *a)
{
	if (!a->raw && slice_equal(a->spki, chain_spki(cx, x)))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "the key to be certified is the IDevID's own");
	return OK;
}

/* The two serial numbers need not agree: RFC 4108 leaves it to the maker. */
static struct err
tell(struct ctx *cx, X509 *x, struct claims *claims)
{
	struct slice serial = subject_value(x, NID_serialNumber);
	struct module_name module;
	bool found;

	TRY(find_module(cx, x, &module, &found));
	tell_text(claims, cx->arena, "device_serial", serial);
	tell_text(claims, cx->arena, "device_maker", subject_value(x,
	    NID_organizationName));
	tell_text(claims, cx->arena, "device_model", subject_value(x,
	    NID_commonName));
	if (!found)
		return OK;
	claims_add_text(claims, "hardware_type", module.type);
	claims_add_bytes(claims, "hardware_serial", module.serial);
	claims_add_bool(claims, "hardware_serial_agrees",
	    slice_equal(serial, module.serial));
	return OK;
}

static struct err
verify_idevid(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	struct attestation result = { .claims = claims_in(cx->arena) };
	const struct idevid *d = value;
	X509 *leaf = d->chain[0];
	struct chain_path path;

	TRY(chain_verify_path(cx, leaf, d->chain + 1, d->n_chain - 1,
	    a->trust, a->at_s, &path));
	TRY(check_profile(cx, leaf));
	TRY(check_identifier(cx, leaf, a->identifier));
	TRY(possession_check(cx, format_idevid.name, leaf, d->signature, a));
	TRY(check_other_key(cx, leaf, a));
	claims_add_bool(&result.claims, "hardware_key", false);
	TRY(tell(cx, leaf, &result.claims));
	put_hardware_id(leaf, path.certs[1], result.hardware_id);
	*out = result;
	return OK;
}

/* Without its issuer's certificate a device is not told from another maker's. */
static void
identify_idevid(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct idevid *d = value;

	(void)cx;
	*out_ak_name = SLICE_NONE;
	out_hardware_id[0] = '\0';
	if (d->n_chain > 1)
		put_hardware_id(d->chain[0], d->chain[1], out_hardware_id);
}

const struct attest_format format_idevid = {
	.name = "idevid", .read = read_idevid, .verify = verify_idevid,
	.identify = identify_idevid,
};
