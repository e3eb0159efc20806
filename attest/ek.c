/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/ek.h"

#include <openssl/x509v3.h>
#include <sodium.h>

#include "attest/member.h"
#include "base/text.h"

#define OID_MANUFACTURER	"2.23.133.2.1"
#define OID_MODEL		"2.23.133.2.2"
#define OID_VERSION		"2.23.133.2.3"
#define OID_EK_CERTIFICATE	"2.23.133.8.1"
#define NV_PREFIX_SIZE		3u
#define MANUFACTURER_DIGITS	8u

/* TCG TPM Vendor ID Registry Family 1.2 and 2.0, table 2: capabilities' IDs.
 * Table 3, simulators and tests, is left out on purpose. */
static const char *const manufacturers[] = {
	"AMD", "ANT", "ARM", "ATML", "BRCM", "CSCO", "FLYS", "GOOG", "HISI",
	"HPE", "HPI", "IBM", "IFX", "INTC", "LEN", "MSFT", "NSG", "NSM ",
	"NTC", "NTZ", "QCOM", "ROCC", "SEAL", "SECE", "SMSC", "SMSN", "SNS",
	"STM ", "TXN", "WEC",
};

bool
ek_manufacturer_is_registered(uint32_t id)
{
	for (size_t i = 0; i < COUNT_OF(manufacturers); i++) {
		uint32_t known = 0;
		size_t n = strlen(manufacturers[i]);

		for (size_t k = 0; k < 4; k++)
			known = known << 8 | (k < n ?
			    (uint8_t)manufacturers[i][k] : 0u);
		if (known == id)
			return true;
	}
	return false;
}

/* --- reading ---------------------------------------------------------- */

/* Bytes of the SEQUENCE at the start, with its header; 0 when there is none.
 * Definite lengths of up to 64 kB (X.690, 8.1.3). */
static size_t
sequence_size(struct slice s)
{
	struct reader r = reader_of(s);
	uint8_t tag = read_u8(&r), first = read_u8(&r);
	size_t n = first;

	if (first == 0x81)
		n = read_u8(&r);
	else if (first == 0x82)
		n = read_be16(&r);
	else if (first >= 0x80)
		r.bad = true;
	/* mutate: part not reachable: no other tag is a certificate's. */
	if (tag != 0x30 || n > r.n)
		r.bad = true;
	return r.bad ? 0 : s.n - r.n + n;
}

struct err
ek_unwrap_nv(struct ctx *cx, struct slice nv, struct slice *out)
{
	static const uint8_t prefix[NV_PREFIX_SIZE] = { 0x10, 0x01, 0x00 };
	struct reader r = reader_of(nv);
	struct slice rest = nv;
	size_t n;

	if (nv.n > NV_PREFIX_SIZE && memcmp(nv.p, prefix, sizeof(prefix)) == 0) {
		size_t size;

		(void)read_bytes(&r, NV_PREFIX_SIZE);
		size = read_be16(&r);
		rest = SLICE(r.p, r.n);
		/* mutate: part not reachable: what is cut off has no size. */
		if (r.bad || sequence_size(rest) != size)
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "NV content of another size than it says");
	}
	n = sequence_size(rest);
	if (n == 0)
		return FAIL_TELL(cx, ERR_EV_MALFORMED, "no certificate");
	for (size_t i = n; i < rest.n; i++)
		if (rest.p[i] != rest.p[n])
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "what follows the certificate is not fill");
	*out = SLICE(rest.p, n);
	return OK;
}

static struct err
key_of_certificate(struct ctx *cx, X509 *x, struct tpm_public *out)
{
	return tpm_key_from_cert(cx, x, out);
}

/* Before anything is checked: which key is this about? */
static void
note_key(struct ctx *cx, struct ek_shown *ek)
{
	struct tpm_public key = ek->public;
	struct slice spki;

	if (ek->certificate != NULL &&
	    failed(key_of_certificate(cx, ek->certificate, &key))) {
		ctx_forget(cx);
		return;
	}
	if (failed(tpm_key_spki(cx, &key, &spki))) {
		ctx_forget(cx);
		return;
	}
	crypto_hash_sha256(ek->spki_sha256, spki.p, spki.n);
	ek->has_key = true;
}

static void
read_certificate(struct json_in *in, enum json_need need, struct ek_shown *ek)
{
	struct ctx *cx = in->cx;
	struct slice nv, der, *chain;

	nv = json_get_bytes(in, "ek_certificate", need, EK_NV_MAX);
	ek->n_chain = json_get_bytes_array(in, "ek_chain", JSON_OPTIONAL,
	    ATTEST_CHAIN_MAX, ATTEST_CERT_MAX, &chain);
	if (failed(in->err))
		return;
	if (nv.n > 0 && (!attest_keep(in, "ek_certificate",
	    ek_unwrap_nv(cx, nv, &der)) || !attest_keep(in, "ek_certificate",
	    chain_cert_parse(cx, der, &ek->certificate))))
		return;
	(void)attest_keep(in, "ek_chain",
	    chain_certs_parse(cx, chain, ek->n_chain, CHAIN_LEAF_STAYS,
	    &ek->chain));
}

void
ek_read_certificate(struct json_in *in, struct ek_shown *out)
{
	struct ek_shown ek = { .shown = true };

	read_certificate(in, JSON_REQUIRED, &ek);
	if (failed(in->err))
		return;
	note_key(in->cx, &ek);
	*out = ek;
}

void
ek_read(struct json_in *in, struct ek_shown *out)
{
	struct ctx *cx = in->cx;
	struct ek_shown ek = { .shown = false };
	struct slice public;

	read_certificate(in, JSON_OPTIONAL, &ek);
	public = json_get_bytes(in, "ek_public", JSON_OPTIONAL,
	    TPM_PUBLIC_MAX);
	if (public.n > 0 && !attest_keep(in, "ek_public",
	    tpm_public_parse(cx, public, &ek.public)))
		return;
	if (failed(in->err))
		return;
	ek.has_public = public.n > 0;
	ek.shown = ek.certificate != NULL || ek.has_public;
	if (!ek.shown && ek.n_chain > 0) {
		json_refuse(in, "ek_chain", "has no certificate to go with");
		return;
	}
	if (ek.shown)
		note_key(cx, &ek);
	*out = ek;
}

/* --- the certificate's profile ---------------------------------------- */

/* TPM attributes in the directory names of subjectAltName (EK profile 3.2.9). */
struct names { const char *manufacturer, *model, *version; };

static struct err
keep_name(struct ctx *cx, const X509_NAME_ENTRY *entry, struct names *out)
{
	const struct { const char *oid; const char **place; } wanted[] = {
		{ OID_MANUFACTURER, &out->manufacturer },
		{ OID_MODEL, &out->model },
		{ OID_VERSION, &out->version },
	};
	unsigned char *text;
	int n;

	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		if (!chain_oid_is(X509_NAME_ENTRY_get_object(entry),
		    wanted[i].oid))
			continue;
		n = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(entry));
		if (n < 0)
			return OSSL_FAIL(cx, ERR_EV_MALFORMED, "TPM attribute");
		if (n <= (int)EK_TEXT_MAX && *wanted[i].place == NULL &&
		    text_is_printable(SLICE(text, (size_t)n)))
			*wanted[i].place = arena_strndup(cx->arena,
			    (const char *)text, (size_t)n);
		else
			n = -1;
		OPENSSL_free(text);
		if (n < 0)
			return FAIL_TELL(cx, ERR_EV_PROPERTY,
			    "TPM attribute twice, too long or not text");
	}
	return OK;
}

static struct err
find_names(struct ctx *cx, X509 *x, struct names *out)
{
	const GENERAL_NAMES *san = chain_alt_names(cx->arena, x);

	*out = (struct names){ NULL, NULL, NULL };
	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(san, i);

		if (name->type != GEN_DIRNAME)
			continue;
		for (int k = 0; k < X509_NAME_entry_count(
		    name->d.directoryName); k++)
			TRY(keep_name(cx, X509_NAME_get_entry(
			    name->d.directoryName, k), out));
	}
	return OK;
}

/* "id:" and eight hex digits. */
static bool
manufacturer_id(const char *text, uint32_t *out)
{
	uint32_t id = 0;

	if (strlen(text) != 3 + MANUFACTURER_DIGITS ||
	    memcmp(text, "id:", 3) != 0)
		return false;
	for (const char *c = text + 3; *c != '\0'; c++) {
		uint32_t digit;

		if (*c >= '0' && *c <= '9')
			digit = (uint32_t)(*c - '0');
		else if (*c >= 'A' && *c <= 'F')
			digit = (uint32_t)(*c - 'A' + 10);
		else if (*c >= 'a' && *c <= 'f')
			digit = (uint32_t)(*c - 'a' + 10);
		else
			return false;
		id = id << 4 | digit;
	}
	*out = id;
	return true;
}

static struct err
check_manufacturer(struct ctx *cx, uint32_t id, const struct trust *trust)
{
	for (size_t i = 0; i < trust->n_manufacturers; i++)
		if (trust->manufacturers[i] == id)
			return OK;
	if (trust->n_manufacturers > 0)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "TPM maker %08X is not one that these anchors may certify",
		    id);
	if ((trust->allow & TRUST_ALLOW_ANY_MAKER) == 0 &&
	    !ek_manufacturer_is_registered(id))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "TPM maker %08X is not registered", id);
	return OK;
}

struct err
ek_check_names(struct ctx *cx, X509 *x, const struct trust *trust,
    struct ek *out)
{
	bool lenient = (trust->allow & TRUST_ALLOW_EK_PROFILE) != 0;
	struct names names;
	uint32_t id;

	TRY(find_names(cx, x, &names));
	out->model = names.model;
	out->version = names.version;
	if ((names.model == NULL || names.version == NULL) && !lenient)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "no TPM model or version in the certificate");
	if (names.manufacturer == NULL) {
		if (lenient && trust->n_manufacturers == 0)
			return OK;
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "no TPM maker in the certificate");
	}
	if (!manufacturer_id(names.manufacturer, &id))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "TPM maker is not written as an ID");
	TRY(check_manufacturer(cx, id, trust));
	(void)snprintf(out->manufacturer, sizeof(out->manufacturer), "%08X",
	    id);
	return OK;
}

/* EK profile 3.2: an end entity's certificate for encryption, and for this. */
static struct err
check_profile(struct ctx *cx, X509 *x, const struct tpm_public *key,
    const struct trust *trust)
{
	bool lenient = (trust->allow & TRUST_ALLOW_EK_PROFILE) != 0;
	uint32_t usage = key->type == TPM_RSA ? KU_KEY_ENCIPHERMENT
	    : KU_KEY_AGREEMENT;

	if (X509_get_version(x) != X509_VERSION_3)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "EK certificate is not of version 3");
	if (!chain_is_end_entity(x))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "EK certificate is a CA's");
	if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) == 0 ||
	    (X509_get_key_usage(x) & usage) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "EK certificate's key is not for encryption");
	if (!chain_has_eku(x, OID_EK_CERTIFICATE) &&
	    (chain_limits_eku(x) || !lenient))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "not an EK certificate by its extended key usage");
	return OK;
}

/* --- verifying -------------------------------------------------------- */

static bool
is_known(const struct ek_shown *shown, const uint8_t (*known)[32], size_t n)
{
	for (size_t i = 0; shown->has_key && i < n; i++)
		if (memcmp(known[i], shown->spki_sha256, 32) == 0)
			return true;
	return false;
}

static struct err
check_strength(struct ctx *cx, const struct tpm_public *key)
{
	if (key->type == TPM_RSA && tpm_key_is_roca(key->rsa_n))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "endorsement key with a weak modulus (CVE-2017-15361)");
	return OK;
}

static struct err
verify_certificate(struct ctx *cx, const struct ek_shown *shown,
    const struct trust *trust, int64_t at_s, bool known, struct ek *out)
{
	struct tpm_public key;
	struct err e = chain_verify(cx, shown->certificate, shown->chain,
	    shown->n_chain, trust, at_s);

	/* The operator's word stands for an anchor, for nothing else. */
	if (failed(e) && !(known && e.code == ERR_EV_CHAIN))
		return e;
	TRY(key_of_certificate(cx, shown->certificate, &key));
	if (!failed(e)) {
		TRY(check_profile(cx, shown->certificate, &key, trust));
		TRY(ek_check_names(cx, shown->certificate, trust, out));
		out->certified = true;
	}
	if (!shown->has_public)
		return ek_template(cx, &key, NULL, &out->public);
	out->public = key;
	return OK;
}

struct err
ek_verify(struct ctx *cx, const struct ek_shown *shown,
    const struct trust *trust, int64_t at_s, const uint8_t (*known_eks)[32],
    size_t n_known_eks, struct ek *out)
{
	bool known = is_known(shown, known_eks, n_known_eks);
	struct ek ek = { .certified = false };
	struct slice certified_spki = SLICE_NONE;

	ASSERT(shown->shown);
	if (shown->certificate != NULL) {
		TRY(verify_certificate(cx, shown, trust, at_s, known, &ek));
		/* mutate: not reachable: tpm_key_from_pkey() gives sound keys. */
		TRY(tpm_key_spki(cx, &ek.public, &certified_spki));
	} else if (!known) {
		return FAIL_TELL(cx, ERR_HW_UNKNOWN, "an endorsement key without "
		    "certificate that is not in the inventory");
	}
	if (shown->has_public)
		ek.public = shown->public;
	TRY(tpm_key_spki(cx, &ek.public, &ek.spki));
	if (certified_spki.n > 0 && !slice_equal(certified_spki, ek.spki))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "EK public and certificate are of two keys");
	TRY(tpm_key_check_ek(cx, &ek.public));
	TRY(check_strength(cx, &ek.public));
	crypto_hash_sha256(ek.spki_sha256, ek.spki.p, ek.spki.n);
	ctx_forget(cx);		/* of a chain that the inventory made up for */
	*out = ek;
	return OK;
}

struct err
ek_public(struct ctx *cx, const struct ek_shown *shown,
    struct tpm_public *out)
{
	struct slice certified, spki;
	struct tpm_public key;

	if (!shown->shown)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "no endorsement key was shown");
	if (shown->has_public)
		key = shown->public;
	if (shown->certificate != NULL) {
		TRY(key_of_certificate(cx, shown->certificate, &key));
		/* mutate: not reachable: tpm_key_from_pkey() gives sound keys. */
		TRY(tpm_key_spki(cx, &key, &certified));
		if (!shown->has_public)
			TRY(ek_template(cx, &key, NULL, &key));
		else
			key = shown->public;
		TRY(tpm_key_spki(cx, &key, &spki));
		if (!slice_equal(certified, spki))
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "EK public and certificate are of two keys");
	}
	TRY(tpm_key_check_ek(cx, &key));
	*out = key;
	return OK;
}
