/* SPDX-License-Identifier: Apache-2.0 */
/* What a key description must say of a key, and what it says besides. */
#include <openssl/core_names.h>
#include <openssl/x509v3.h>

#include "attest/android.h"
#include "base/text.h"
#include "codec/cbor.h"

#define OID_KEY_DESCRIPTION	"1.3.6.1.4.1.11129.2.1.17"
#define OID_PROVISIONING	"1.3.6.1.4.1.11129.2.1.30"
#define PURPOSE_SIGN		2u
#define ORIGIN_GENERATED	0u
#define ALGORITHM_RSA		1u
#define ALGORITHM_EC		3u
#define PROVISIONING_ISSUED	1
#define PROVISIONING_MAKER	3
#define SHA256_SIZE		32u

/* --- the chain ------------------------------------------------------------- */

/* The order that devices give it in: so nothing hides beside the path. */
static struct err
check_order(struct ctx *cx, X509 *const *chain, size_t n_chain,
    const struct chain_path *path)
{
	X509 *anchor = path->certs[path->n - 1];

	for (size_t i = 0; i + 1 < path->n; i++)
		if (path->certs[i] != chain[i])
			return FAIL_TELL(cx, ERR_EV_CHAIN,
			    "a chain in another order than from the leaf up");
	if (n_chain >= path->n && (n_chain > path->n || !slice_equal(
	    chain_spki(cx, chain[n_chain - 1]), chain_spki(cx, anchor))))
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "certificates that lead beyond the anchor");
	return OK;
}

/* A key that was attested can sign what looks like a certificate with a
 * description: the one nearest to the root would be the true one. */
static struct err
check_places(struct ctx *cx, X509 *const *chain, size_t n_chain)
{
	for (size_t i = 1; i < n_chain; i++)
		if (chain_has_extension(chain[i], OID_KEY_DESCRIPTION))
			return FAIL_TELL(cx, ERR_EV_PROPERTY,
			    "an issuer with a key description");
	return OK;
}

static struct err
check_leaf(struct ctx *cx, X509 *leaf)
{
	if (chain_key(leaf) == NULL)
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED,
		    "an attested key of a kind that is not known here "
		    "(ML-DSA is not)");
	if (!chain_is_end_entity(leaf))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an attested key that may sign certificates");
	if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "an attested key that is not for signatures");
	return OK;
}

struct err
android_chain_verify(struct ctx *cx, X509 *const *chain, size_t n_chain,
    const struct trust *trust, int64_t at_s, struct chain_path *out)
{
	/* The device's clock sets the leaf's dates, and may be wrong. */
	static const struct chain_rules rules = { .leaf_at_any_time = true };
	struct chain_path path;

	TRY(chain_verify_by(cx, &rules, chain[0], chain + 1, n_chain - 1,
	    trust, at_s, &path));
	TRY(check_order(cx, chain, n_chain, &path));
	TRY(check_places(cx, chain, n_chain));
	TRY(check_leaf(cx, chain[0]));
	*out = path;
	return OK;
}

/* --- the key --------------------------------------------------------------- */

static bool
item_is(const struct android_list *list, enum android_item item,
    uint64_t number)
{
	return list->items[item].present && list->items[item].number == number;
}

/* Absent or that. */
static bool
item_agrees(const struct android_list *list, enum android_item item,
    uint64_t number)
{
	return !list->items[item].present ||
	    list->items[item].number == number;
}

static uint64_t
exponent_of(const EVP_PKEY *key)
{
	AUTO(BIGNUM) e = NULL;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) != 1 ||
	    BN_num_bits(e) > 63)
		return 0;
	return BN_get_word(e);
}

static bool
is_described_rsa(const EVP_PKEY *key, const struct android_list *list)
{
	return item_is(list, ANDROID_ALGORITHM, ALGORITHM_RSA) &&
	    item_is(list, ANDROID_KEY_SIZE,
	    (uint64_t)EVP_PKEY_get_bits(key)) &&
	    item_is(list, ANDROID_RSA_EXPONENT, exponent_of(key));
}

/* Keymaster 1 tells an elliptic curve by its size alone. */
static bool
is_described_ec(const EVP_PKEY *key, const struct android_list *list)
{
	static const struct {
		const char *type, *group; uint64_t curve, bits;
	} curves[] = {
		{ "EC", "prime256v1", 1, 256 }, { "EC", "secp384r1", 2, 384 },
		{ "EC", "secp521r1", 3, 521 }, { "ED25519", "", 4, 256 },
	};
	char group[64] = "";

	(void)EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
	for (size_t i = 0; i < COUNT_OF(curves); i++)
		if (EVP_PKEY_is_a(key, curves[i].type) &&
		    strcmp(group, curves[i].group) == 0)
			return item_is(list, ANDROID_ALGORITHM,
			    ALGORITHM_EC) &&
			    item_agrees(list, ANDROID_EC_CURVE,
			    curves[i].curve) &&
			    item_agrees(list, ANDROID_KEY_SIZE,
			    curves[i].bits) &&
			    (list->items[ANDROID_EC_CURVE].present ||
			    list->items[ANDROID_KEY_SIZE].present);
	return false;
}

static struct err
check_kind(struct ctx *cx, X509 *leaf, const struct android_list *list)
{
	const EVP_PKEY *key = chain_key(leaf);

	if (!chain_key_is_strong(leaf))
		return FAIL_TELL(cx, ERR_EV_PROPERTY, "a weak key");
	if (EVP_PKEY_is_a(key, "RSA") ? !is_described_rsa(key, list) :
	    !is_described_ec(key, list))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a key description of another kind of key");
	return OK;
}

static struct err
check_hardware(struct ctx *cx, const struct android_description *d)
{
	const struct android_list *hw = &d->hardware;
	uint64_t sign = UINT64_C(1) << PURPOSE_SIGN;

	if (d->level == ANDROID_SOFTWARE ||
	    d->keymint_level == ANDROID_SOFTWARE)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a key in software, or attested by software");
	if (!item_is(hw, ANDROID_ORIGIN, ORIGIN_GENERATED))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a key that was not made in the hardware");
	if ((hw->items[ANDROID_PURPOSE].number & sign) == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a key that is not for signatures");
	if (hw->items[ANDROID_ALL_APPLICATIONS].present ||
	    d->software.items[ANDROID_ALL_APPLICATIONS].present)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a key that any application may use");
	if (!hw->items[ANDROID_ROOT_OF_TRUST].present)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "the hardware does not say which system runs");
	return OK;
}

struct err
android_check(struct ctx *cx, X509 *leaf, const struct android_description *d,
    const char *identifier)
{
	const struct android_value *serial =
	    &d->hardware.items[ANDROID_SERIAL];

	TRY(check_hardware(cx, d));
	TRY(check_kind(cx, leaf, &d->hardware));
	if (identifier != NULL && (!serial->present ||
	    !slice_equal(serial->bytes, slice_text(identifier))))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the hardware does not name the device asked for");
	return OK;
}

/* --- claims ---------------------------------------------------------------- */

static void
tell_numbers(const struct android_list *hw, struct claims *claims)
{
	static const struct { enum android_item item; const char *name; }
	numbers[] = {
		{ ANDROID_OS_VERSION, "os_version" },
		{ ANDROID_OS_PATCH, "os_patch_level" },
		{ ANDROID_VENDOR_PATCH, "vendor_patch_level" },
		{ ANDROID_BOOT_PATCH, "boot_patch_level" },
	};

	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		if (hw->items[numbers[i].item].present)
			claims_add_uint(claims, numbers[i].name,
			    hw->items[numbers[i].item].number);
}

static void
tell_ids(struct ctx *cx, const struct android_list *hw, struct claims *claims)
{
	static const struct { enum android_item item; const char *name; }
	ids[] = {
		{ ANDROID_BRAND, "id_brand" }, { ANDROID_DEVICE, "id_device" },
		{ ANDROID_PRODUCT, "id_product" },
		{ ANDROID_SERIAL, "id_serial" }, { ANDROID_IMEI, "id_imei" },
		{ ANDROID_SECOND_IMEI, "id_second_imei" },
		{ ANDROID_MEID, "id_meid" },
		{ ANDROID_MANUFACTURER, "id_manufacturer" },
		{ ANDROID_MODEL, "id_model" },
	};

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		struct slice text = hw->items[ids[i].item].bytes;

		if (text.n > 0)
			claims_add_text(claims, ids[i].name, arena_strndup(
			    cx->arena, (const char *)text.p, text.n));
	}
}

static void
tell_root(const struct android_root *root, struct claims *claims)
{
	static const char *const states[] = {
		"verified", "self-signed", "unverified", "failed",
	};

	claims_add_bool(claims, "device_locked", root->device_locked);
	claims_add_text(claims, "verified_boot_state",
	    states[root->boot_state]);
	claims_add_bytes(claims, "verified_boot_key", root->boot_key);
	if (root->boot_hash.n > 0)
		claims_add_bytes(claims, "verified_boot_hash",
		    root->boot_hash);
}

/* Of the certificate that attests: a key that was provisioned from afar. */
static struct err
tell_provisioning(struct ctx *cx, X509 *attests, struct claims *claims)
{
	struct cbor_in in;
	struct cbor map;
	struct slice der;
	const char *maker;
	int64_t issued;

	if (chain_extension(attests, OID_PROVISIONING, &der) == 0)
		return OK;
	TRY(cbor_parse(cx, der, 0, &map));
	in = cbor_in(cx, &map, "provisioning information");
	issued = cbor_get_int(&in, PROVISIONING_ISSUED, CBOR_REQUIRED, 0,
	    INT32_MAX);
	maker = cbor_get_text(&in, PROVISIONING_MAKER, CBOR_OPTIONAL,
	    ANDROID_TEXT_MAX);
	TRY(cbor_in_done(&in));
	claims_add_uint(claims, "provisioned_certificates", (uint64_t)issued);
	if (maker != NULL)
		claims_add_text(claims, "provisioned_maker", maker);
	return OK;
}

struct err
android_tell(struct ctx *cx, const struct chain_path *path,
    const struct android_description *d, struct claims *claims)
{
	bool strongbox = d->level == ANDROID_STRONGBOX &&
	    d->keymint_level == ANDROID_STRONGBOX;
	const struct android_value *modules =
	    &d->software.items[ANDROID_MODULE_HASH];

	TRY(tell_provisioning(cx, path->certs[1], claims));
	claims_add_text(claims, "security_level",
	    strongbox ? "strongbox" : "tee");
	claims_add_uint(claims, "attestation_version", d->version);
	claims_add_uint(claims, "keymint_version", d->keymint_version);
	tell_root(&d->hardware.root, claims);
	tell_numbers(&d->hardware, claims);
	tell_ids(cx, &d->hardware, claims);
	if (modules->present)
		claims_add_bytes(claims, "module_hash", modules->bytes);
	if (d->application.n_packages > 0)
		claims_add_list(claims, "application_packages",
		    d->application.packages, d->application.n_packages);
	if (d->application.n_signers > 0)
		claims_add_list(claims, "application_signers",
		    d->application.signers, d->application.n_signers);
	return OK;
}

void
android_hardware_id(struct ctx *cx, X509 *root,
    const struct android_description *d, char out[static HARDWARE_ID_MAX])
{
	struct slice serial = d->hardware.items[ANDROID_SERIAL].bytes;
	struct slice spki = chain_spki(cx, root);
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint8_t hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	out[0] = '\0';
	if (serial.n == 0)
		return;
	ASSERT(md != NULL);
	ASSERT(EVP_DigestInit_ex(md, ossl_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, spki.p, spki.n) == 1 &&
	    EVP_DigestUpdate(md, serial.p, serial.n) == 1 &&
	    EVP_DigestFinal_ex(md, hash, NULL) == 1);
	text_hex_into(SLICE_OF(hash), hex);
	(void)snprintf(out, HARDWARE_ID_MAX, "android:%s", hex);
}

/* Only a chain with its root says who it is from. */
void
android_identify(struct ctx *cx, X509 *const *chain, size_t n,
    char out[static HARDWARE_ID_MAX])
{
	X509 *last = chain[n - 1];
	struct android_description d;

	out[0] = '\0';
	if ((X509_get_extension_flags(last) & EXFLAG_SI) == 0)
		return;
	if (failed(android_description_read(cx, chain[0], &d))) {
		ctx_forget(cx);
		return;
	}
	android_hardware_id(cx, last, &d, out);
}
