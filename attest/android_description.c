/* SPDX-License-Identifier: Apache-2.0 */
/* The key description (Android: key and ID attestation, schema of versions 1 to
 * 500), read from DER. */
#include "attest/android.h"

#include "base/text.h"
#include "codec/der.h"

#define OID_KEY_DESCRIPTION	"1.3.6.1.4.1.11129.2.1.17"
#define NOT_ASKED		ANDROID_ITEMS
#define VERSION_BOOT_HASH	3u	/* RootOfTrust has a hash since */
#define BOOT_STATE_MAX		3u
#define SHA256_SIZE		32u

enum kind {
	NUMBER, NUMBERS, MARK, BYTES, TEXT, ROOT, APPLICATION,
	ANYTHING		/* no published form */
};

/* AuthorizationList: the tags of KeyMint and Keymaster that a certificate may
 * hold, whatever the version. */
static const struct row {
	uint16_t		tag;
	enum kind		kind;
	enum android_item	item;
} rows[] = {
	{ 1,   NUMBERS,	ANDROID_PURPOSE },
	{ 2,   NUMBER,	ANDROID_ALGORITHM },
	{ 3,   NUMBER,	ANDROID_KEY_SIZE },
	{ 4,   NUMBERS,	NOT_ASKED },		/* blockMode */
	{ 5,   NUMBERS,	NOT_ASKED },		/* digest */
	{ 6,   NUMBERS,	NOT_ASKED },		/* padding */
	{ 7,   MARK,	NOT_ASKED },		/* callerNonce */
	{ 8,   NUMBER,	NOT_ASKED },		/* minMacLength */
	{ 10,  NUMBER,	ANDROID_EC_CURVE },
	{ 200, NUMBER,	ANDROID_RSA_EXPONENT },
	{ 202, MARK,	NOT_ASKED },		/* includeUniqueId */
	{ 203, NUMBERS,	NOT_ASKED },		/* mgfDigest */
	{ 302, MARK,	NOT_ASKED },		/* bootloaderOnly */
	{ 303, MARK,	NOT_ASKED },		/* rollbackResistance */
	{ 305, MARK,	NOT_ASKED },		/* earlyBootOnly */
	{ 400, NUMBER,	NOT_ASKED },		/* activeDateTime */
	{ 401, NUMBER,	NOT_ASKED },		/* originationExpire */
	{ 402, NUMBER,	NOT_ASKED },		/* usageExpireDateTime */
	{ 403, NUMBER,	NOT_ASKED },		/* minSecondsBetweenOps */
	{ 404, NUMBER,	NOT_ASKED },		/* maxUsesPerBoot */
	{ 405, NUMBER,	NOT_ASKED },		/* usageCountLimit */
	{ 502, ANYTHING, NOT_ASKED },		/* userSecureId */
	{ 503, MARK,	NOT_ASKED },		/* noAuthRequired */
	{ 504, NUMBER,	NOT_ASKED },		/* userAuthType */
	{ 505, NUMBER,	NOT_ASKED },		/* authTimeout */
	{ 506, MARK,	NOT_ASKED },		/* allowWhileOnBody */
	{ 507, MARK,	NOT_ASKED },		/* trustedUserPresence */
	{ 508, MARK,	NOT_ASKED },		/* trustedConfirmation */
	{ 509, MARK,	NOT_ASKED },		/* unlockedDeviceRequired */
	{ 600, MARK,	ANDROID_ALL_APPLICATIONS },
	{ 601, BYTES,	NOT_ASKED },		/* applicationId */
	{ 701, NUMBER,	NOT_ASKED },		/* creationDateTime */
	{ 702, NUMBER,	ANDROID_ORIGIN },
	{ 703, MARK,	NOT_ASKED },		/* rollbackResistant */
	{ 704, ROOT,	ANDROID_ROOT_OF_TRUST },
	{ 705, NUMBER,	ANDROID_OS_VERSION },
	{ 706, NUMBER,	ANDROID_OS_PATCH },
	{ 709, APPLICATION, ANDROID_APPLICATION },
	{ 710, TEXT,	ANDROID_BRAND },
	{ 711, TEXT,	ANDROID_DEVICE },
	{ 712, TEXT,	ANDROID_PRODUCT },
	{ 713, TEXT,	ANDROID_SERIAL },
	{ 714, TEXT,	ANDROID_IMEI },
	{ 715, TEXT,	ANDROID_MEID },
	{ 716, TEXT,	ANDROID_MANUFACTURER },
	{ 717, TEXT,	ANDROID_MODEL },
	{ 718, NUMBER,	ANDROID_VENDOR_PATCH },
	{ 719, NUMBER,	ANDROID_BOOT_PATCH },
	{ 720, MARK,	NOT_ASKED },		/* deviceUniqueAttestation */
	{ 721, MARK,	NOT_ASKED },		/* identityCredentialKey */
	{ 723, TEXT,	ANDROID_SECOND_IMEI },
	{ 724, BYTES,	ANDROID_MODULE_HASH },
};

static const struct row *
find_row(uint32_t tag)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].tag == tag)
			return &rows[i];
	return NULL;
}

/* An ENUMERATED of one byte. */
static unsigned
read_enum(struct reader *r, unsigned most)
{
	struct slice s = der_read(r, DER_ENUMERATED);

	if (s.n != 1 || s.p[0] > most) {
		r->bad = true;
		return 0;
	}
	return s.p[0];
}

static void
read_mark(struct reader *r)
{
	if (der_read(r, DER_NULL).n > 0)
		r->bad = true;
}

/* As a set of bits: what is asked for are small numbers. */
static uint64_t
read_numbers(struct reader *r)
{
	struct reader set = der_enter(r, DER_SET);
	uint64_t bits = 0;

	while (!set.bad && set.n > 0) {
		uint64_t n = der_read_uint(&set);

		if (!set.bad && n < 64)
			bits |= UINT64_C(1) << n;
	}
	der_leave(r, &set);
	return bits;
}

static struct slice
read_octets(struct reader *r, size_t most)
{
	struct slice s = der_read(r, DER_OCTET_STRING);

	if (s.n > most)
		r->bad = true;
	return s;
}

/* Text without a NUL, perhaps none at all: a device without a telephone. */
static struct slice
read_text(struct reader *r)
{
	struct slice s = read_octets(r, ANDROID_TEXT_MAX);

	if (!text_is_printable(s))
		r->bad = true;
	return s;
}

static struct android_root
read_root(struct reader *r, uint64_t version)
{
	struct reader in = der_enter(r, DER_SEQUENCE);
	struct android_root root = { .boot_state = 0 };

	root.boot_key = read_octets(&in, ANDROID_BYTES_MAX);
	root.device_locked = der_read_bool(&in);
	root.boot_state = read_enum(&in, BOOT_STATE_MAX);
	if (version >= VERSION_BOOT_HASH)
		root.boot_hash = read_octets(&in, ANDROID_BYTES_MAX);
	der_leave(r, &in);
	return root;
}

/* --- the application ------------------------------------------------------- */

static void
read_package(struct ctx *cx, struct reader *set,
    struct android_application *app)
{
	struct reader in = der_enter(set, DER_SEQUENCE);
	struct slice name = read_octets(&in, ANDROID_BYTES_MAX);
	uint64_t version = der_read_uint(&in);

	if (name.n == 0 || !text_is_printable(name) ||
	    app->n_packages == ANDROID_PACKAGES_MAX)
		in.bad = true;
	der_leave(set, &in);
	if (!set->bad)
		app->packages[app->n_packages++] = arena_printf(cx->arena,
		    "%.*s:%llu", (int)name.n, (const char *)name.p,
		    (unsigned long long)version);
}

static void
read_signer(struct ctx *cx, struct reader *set,
    struct android_application *app)
{
	struct slice digest = der_read(set, DER_OCTET_STRING);

	if (digest.n != SHA256_SIZE || app->n_signers == ANDROID_PACKAGES_MAX)
		set->bad = true;
	if (!set->bad)
		app->signers[app->n_signers++] = text_hex(cx->arena, digest);
}

/* The contents of the OCTET STRING are DER in themselves. */
static bool
read_application(struct ctx *cx, struct slice der,
    struct android_application *out)
{
	struct reader r = reader_of(der), in = der_enter(&r, DER_SEQUENCE);
	struct reader set = der_enter(&in, DER_SET);

	while (!set.bad && set.n > 0)
		read_package(cx, &set, out);
	der_leave(&in, &set);
	set = der_enter(&in, DER_SET);
	while (!set.bad && set.n > 0)
		read_signer(cx, &set, out);
	der_leave(&in, &set);
	der_leave(&r, &in);
	return read_done(&r);
}

/* --- lists ----------------------------------------------------------------- */

static void
read_value(struct reader *r, const struct row *row, uint64_t version,
    struct android_list *list)
{
	struct android_value value = { .present = true };
	uint8_t tag;

	if (row->kind == NUMBER)
		value.number = der_read_uint(r);
	else if (row->kind == NUMBERS)
		value.number = read_numbers(r);
	else if (row->kind == MARK)
		read_mark(r);
	else if (row->kind == TEXT)
		value.bytes = read_text(r);
	else if (row->kind == ROOT)
		list->root = read_root(r, version);
	else if (row->kind == ANYTHING)
		value.bytes = der_read_any(r, &tag);
	else
		value.bytes = read_octets(r, ANDROID_BYTES_MAX);
	if (row->item != NOT_ASKED)
		list->items[row->item] = value;
}

/* X.680, 8.6: ascending tags, and so none twice. */
static struct err
read_list(struct ctx *cx, struct reader *r, uint64_t version,
    struct android_list *list)
{
	struct reader in = der_enter(r, DER_SEQUENCE);
	uint32_t tag, last = 0;

	while (!in.bad && in.n > 0) {
		struct reader value = der_enter_numbered(&in, &tag);
		const struct row *row = find_row(tag);

		/* mutate: part not reachable: what is cut off has tag 0. */
		if (in.bad || tag <= last)
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "key description: tags must ascend");
		last = tag;
		if (row == NULL)
			return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
			    "key description: an authorization %u that is not "
			    "known here", tag);
		read_value(&value, row, version, list);
		der_leave(&in, &value);
		if (in.bad)
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "key description: value of authorization %u",
			    tag);
	}
	der_leave(r, &in);
	return OK;
}

static bool
version_is_known(uint64_t version)
{
	static const uint64_t known[] = {
		1, 2, 3, 4, 100, 200, 300, 400, 500,
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i] == version)
			return true;
	return false;
}

static struct err
read_body(struct ctx *cx, struct reader *r, struct android_description *d)
{
	d->version = der_read_uint(r);
	d->level = read_enum(r, ANDROID_STRONGBOX);
	d->keymint_version = der_read_uint(r);
	d->keymint_level = read_enum(r, ANDROID_STRONGBOX);
	d->challenge = read_octets(r, ANDROID_BYTES_MAX);
	d->unique_id = read_octets(r, ANDROID_BYTES_MAX);
	if (r->bad)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "key description: what stands before the lists");
	if (!version_is_known(d->version))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "key description of version %llu",
		    (unsigned long long)d->version);
	TRY(read_list(cx, r, d->version, &d->software));
	TRY(read_list(cx, r, d->version, &d->hardware));
	return OK;
}

struct err
android_description_read(struct ctx *cx, X509 *leaf,
    struct android_description *out)
{
	struct android_description d = { .version = 0 };
	const struct android_value *app;
	struct reader r, in;
	struct slice der;
	size_t n = chain_extension(leaf, OID_KEY_DESCRIPTION, &der);

	if (n == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a leaf without a key description");
	if (n > 1)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "a leaf with two key descriptions");
	r = reader_of(der);
	in = der_enter(&r, DER_SEQUENCE);
	TRY(read_body(cx, &in, &d));
	der_leave(&r, &in);
	if (!read_done(&r))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "key description: cut off, or bytes follow it");
	app = &d.software.items[ANDROID_APPLICATION];
	if (app->present && !read_application(cx, app->bytes, &d.application))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "key description: the application's ID");
	*out = d;
	return OK;
}
