/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors, the inventory, and the trust made of them, on a real database. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include <pthread.h>
#include <stdatomic.h>

#include <openssl/core_names.h>
#include <openssl/x509v3.h>

#include "authority/anchor.h"
#include "authority/claim.h"
#include "authority/event.h"
#include "authority/hardware.h"
#include "authority/tenant.h"
#include "codec/tpm.h"
#include "pki/ossl.h"

static const struct principal admin = { .token_id = 1,
    .role = ROLE_ADMIN, .name = "root" };
static const struct tenant *const a = &fleet.tenants[0];
static const struct tenant *const b = &fleet.tenants[1];

#define X128 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define EK64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void
open_all(void)
{
	fleet_open();
	fleet.a.trust = trust_cache_new();
	fleet_add_platform();
}

static void
close_all(void)
{
	trust_cache_free(fleet.a.trust);
	fleet_close();
}

/* --- certificates -------------------------------------------------------- */

static void
add_ca_true(X509 *x)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_basic_constraints, "critical,CA:TRUE");

	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

#define LASTING	"99991231235959Z"

/* When certificates that are made end. */
static const char	*last_second = LASTING;

/* A certificate for a new key: signed by itself or by another key, said to be
 * a CA's or not. */
static struct slice
make_certificate(const char *cn, bool self_signed, bool ca)
{
	AUTO(EVP_PKEY) key = EVP_EC_gen("P-256");
	AUTO(EVP_PKEY) other = EVP_EC_gen("P-256");
	AUTO(X509) x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	uint8_t *der = NULL;
	struct slice out;
	int n;

	ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0), 1);
	ck_assert_int_eq(X509_set_version(x, 2), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(x), 1), 1);
	if (self_signed) {
		ck_assert_int_eq(X509_set_issuer_name(x, name), 1);
	} else {
		AUTO(X509) issuer = X509_new();

		ck_assert_int_eq(X509_NAME_add_entry_by_txt(
		    X509_get_issuer_name(issuer), "CN", MBSTRING_UTF8,
		    (const unsigned char *)"Other", -1, -1, 0), 1);
		ck_assert_int_eq(X509_set_issuer_name(x,
		    X509_get_issuer_name(issuer)), 1);
	}
	ASN1_TIME_set(X509_getm_notBefore(x), FLEET_NOW - 60);
	ASN1_TIME_set_string_X509(X509_getm_notAfter(x), last_second);
	ck_assert_int_eq(X509_set_pubkey(x, key), 1);
	if (ca)
		add_ca_true(x);
	ck_assert_int_gt(X509_sign(x, self_signed ? key : other,
	    EVP_sha256()), 0);
	n = i2d_X509(x, &der);
	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

static struct err
add(const struct tenant *tenant, struct slice certificate,
    struct db_anchor *out)
{
	struct anchor_spec spec = {
		"tpm-ek", "Vendor", certificate, "from the vendor",
	};

	return anchor_add(cx, &fleet.a, tenant, &admin, &spec, out);
}

static struct trust_loaded
loaded(const struct tenant *tenant)
{
	struct trust_loaded trust;

	ck_ok(trust_load(cx, &fleet.a, tenant == NULL ? 0 : tenant->id,
	    &trust));
	return trust;
}

START_TEST(an_anchor_is_kept_as_it_was_given_with_what_it_says)
{
	struct page page = { 0, 10 };
	struct db_anchor made, *anchors;
	struct slice der;
	int64_t next;
	size_t n;

	open_all();
	der = make_certificate("Vendor \xc3\xa9\n root", true, true);
	ck_ok(add(NULL, der, &made));
	ck_ok(anchor_list(cx, &fleet.a, NULL, page, &anchors, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert(slice_equal(anchors[0].certificate, der));
	ck_assert_str_eq(anchors[0].subject, "CN=Vendor \\C3\\A9\\0A root");
	ck_assert_str_eq(text_time_dup(cx->arena, anchors[0].not_after_s),
	    "9999-12-31T23:59:59Z");
	ck_assert_int_eq(anchors[0].created_s, FLEET_NOW);
	ck_assert_str_eq(anchors[0].created_by, "root");
	ck_assert_str_eq(anchors[0].provenance, "from the vendor");
	close_all();
}
END_TEST

static size_t
n_ending(const struct tenant *t)
{
	struct page page = { 0, 1000 };
	struct event_row *events;
	size_t n, n_found = 0;

	ck_ok(event_list(cx, &fleet.a, t, page, &events, &n));
	for (size_t i = 0; i < n; i++)
		n_found += strcmp(events[i].type, "anchor.expiring") == 0;
	return n_found;
}

START_TEST(an_event_tells_once_of_an_anchor_that_will_end)
{
	struct db_anchor made;

	open_all();
	fleet.a.limits.anchor_warn_s = 3600;
	ck_ok(add(b, make_certificate("Lasts", true, true), &made));
	last_second = text_time_dup(cx->arena, FLEET_NOW + 7200);
	last_second = arena_printf(cx->arena, "%.4s%.2s%.2s%.2s%.2s%.2sZ",
	    last_second, last_second + 5, last_second + 8, last_second + 11,
	    last_second + 14, last_second + 17);
	ck_ok(add(a, make_certificate("Ends", true, true), &made));
	last_second = LASTING;
	ck_ok(anchor_round(cx, &fleet.a));
	ck_assert_uint_eq(n_ending(a), 0);
	fleet.now_s = FLEET_NOW + 3600;
	ck_ok(anchor_round(cx, &fleet.a));
	ck_ok(anchor_round(cx, &fleet.a));
	ck_assert_uint_eq(n_ending(a), 1);
	ck_assert_uint_eq(n_ending(b), 0);
	close_all();
}
END_TEST

/* What of the database stands before anchors had a provenance. */
struct all { struct db_anchor *rows; size_t n; };

static struct err
list_all(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct all *all = arg;

	return db_anchor_list(c, tx, 0, 0, 10, &all->rows, &all->n);
}

START_TEST(an_older_database_keeps_its_anchors)
{
	char folder[] = "/tmp/t_trust.XXXXXX";
	struct all all;
	struct db *db;

	db = older_db(folder, "COLUMN provenance",
	    "INSERT INTO trust_anchor (scheme, name, sha256, subject, "
	    "certificate, not_after_s, created_s, created_by) VALUES "
	    "('sgx', 'Old', x'00', 'CN=Old', x'01', 5, 1, 'x')");
	ck_ok(db_read(cx, db, list_all, &all));
	ck_assert_uint_eq(all.n, 1);
	ck_assert_str_eq(all.rows[0].name, "Old");
	ck_assert_str_eq(all.rows[0].provenance, "");
	older_db_end(db, folder);
}
END_TEST

START_TEST(only_a_ca_or_a_root_may_vouch)
{
	struct db_anchor made;

	open_all();
	ck_ok(add(a, make_certificate("Root", true, true), &made));
	ck_ok(add(a, make_certificate("Sub", false, true), &made));
	ck_ok(add(a, make_certificate("Old root", true, false), &made));
	ck_fails(add(a, make_certificate("Leaf", false, false), &made),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/certificate");
	close_all();
}
END_TEST

START_TEST(what_is_not_exactly_one_certificate_is_refused)
{
	struct anchor_spec spec = { .scheme = "nothing", .name = "Vendor" };
	struct db_anchor made;
	struct slice der, longer;
	uint8_t *bytes;

	open_all();
	der = make_certificate("Root", true, true);
	bytes = arena_alloc(cx->arena, der.n + 1);
	memcpy(bytes, der.p, der.n);
	longer = SLICE(bytes, der.n + 1);
	ck_fails(add(NULL, longer, &made), ERR_FIELD);
	for (size_t i = 0; i < der.n; i++)
		ck_fails(add(NULL, SLICE(der.p, i), &made), ERR_FIELD);
	ck_fails(add(NULL, SLICE(arena_alloc(cx->arena, 9000), 9000), &made),
	    ERR_FIELD);
	spec.certificate = der;
	ck_fails(anchor_add(cx, &fleet.a, NULL, &admin, &spec, &made),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/scheme");
	close_all();
}
END_TEST

START_TEST(the_same_anchor_is_there_once_in_a_scope)
{
	struct db_anchor made;
	struct slice der;

	open_all();
	der = make_certificate("Root", true, true);
	ck_ok(add(NULL, der, &made));
	ck_fails(add(NULL, der, &made), ERR_EXISTS);
	ck_ok(add(a, der, &made));
	ck_fails(add(a, der, &made), ERR_EXISTS);
	ck_ok(add(b, der, &made));
	close_all();
}
END_TEST

START_TEST(a_tenants_anchor_counts_for_that_tenant_alone)
{
	struct slice platform, own;
	struct db_anchor made;

	open_all();
	ck_assert_uint_eq(loaded(a).trust.n_anchors, 0);
	platform = make_certificate("Platform", true, true);
	own = make_certificate("Own", true, true);
	ck_ok(add(NULL, platform, &made));
	ck_ok(add(a, own, &made));
	ck_assert_uint_eq(loaded(a).trust.n_anchors, 2);
	ck_assert(slice_equal(loaded(a).trust.anchors[1], own));
	ck_assert_uint_eq(loaded(b).trust.n_anchors, 1);
	ck_assert(slice_equal(loaded(b).trust.anchors[0], platform));
	ck_assert_uint_eq(loaded(NULL).trust.n_anchors, 1);
	close_all();
}
END_TEST

START_TEST(a_deleted_anchor_vouches_no_more)
{
	struct db_anchor made;

	open_all();
	ck_ok(add(a, make_certificate("Own", true, true), &made));
	ck_assert_uint_eq(loaded(a).trust.n_anchors, 1);
	ck_fails(anchor_delete(cx, &fleet.a, b, &admin, made.id),
	    ERR_NOT_FOUND);
	ck_fails(anchor_delete(cx, &fleet.a, NULL, &admin, made.id),
	    ERR_NOT_FOUND);
	ck_assert_uint_eq(loaded(a).trust.n_anchors, 1);
	ck_ok(anchor_delete(cx, &fleet.a, a, &admin, made.id));
	ck_assert_uint_eq(loaded(a).trust.n_anchors, 0);
	ck_fails(anchor_delete(cx, &fleet.a, a, &admin, made.id),
	    ERR_NOT_FOUND);
	ck_assert_uint_eq(fleet_events(0, "anchor.deleted"), 1);
	close_all();
}
END_TEST

/* --- inventory ------------------------------------------------------------ */

static struct err
know(const struct tenant *tenant, const char *hardware_id, int64_t expires_s,
    struct db_hardware *out)
{
	struct hardware_spec spec = {
		.hardware_id = hardware_id, .note = "shelf 3",
		.expires_s = expires_s,
	};

	return hardware_add(cx, &fleet.a, tenant, &admin, &spec, out);
}

START_TEST(a_known_part_is_believed_in_its_tenant)
{
	struct db_hardware made;
	char device_id[DEVICE_ID_SIZE];

	open_all();
	ck_ok(know(a, "tpm-ek:" EK64, 0, &made));
	attest_device_id("tpm-ek:" EK64, device_id);
	ck_assert_str_eq(made.device_id, device_id);
	ck_ok(know(a, "key:" X128, 0, &made));
	ck_ok(know(a, "dice:" EK64, 0, &made));
	ck_assert_uint_eq(loaded(a).n_known_eks, 1);
	ck_assert_int_eq(loaded(a).known_eks[0][31], 0xcc);
	ck_assert_uint_eq(loaded(a).trust.n_keys, 1);
	ck_assert_uint_eq(loaded(a).trust.keys[0].id.n, 64);
	ck_assert_int_eq(loaded(a).trust.keys[0].id.p[63], 0xbb);
	ck_assert_uint_eq(loaded(b).n_known_eks, 0);
	ck_assert_uint_eq(loaded(b).trust.n_keys, 0);
	ck_assert_uint_eq(loaded(NULL).n_known_eks, 0);
	close_all();
}
END_TEST

START_TEST(a_part_is_believed_until_its_second_of_expiry)
{
	struct db_hardware made;

	open_all();
	ck_ok(know(NULL, "tpm-ek:" EK64, FLEET_NOW + 100, &made));
	ck_assert_uint_eq(loaded(a).n_known_eks, 1);
	fleet.now_s = FLEET_NOW + 99;
	ck_assert_uint_eq(loaded(a).n_known_eks, 1);
	fleet.now_s = FLEET_NOW + 100;
	ck_assert_uint_eq(loaded(a).n_known_eks, 0);
	/* The expired entry makes room for a new one. */
	ck_ok(know(NULL, "tpm-ek:" EK64, 0, &made));
	ck_assert_uint_eq(loaded(a).n_known_eks, 1);
	ck_fails(know(NULL, "tpm-ek:" EK64, 0, &made), ERR_EXISTS);
	close_all();
}
END_TEST

START_TEST(a_deleted_part_is_believed_no_more)
{
	struct page page = { 0, 10 };
	struct db_hardware made, *parts;
	int64_t next;
	size_t n;

	open_all();
	ck_ok(know(a, "tpm-ek:" EK64, 0, &made));
	ck_fails(hardware_delete(cx, &fleet.a, b, &admin, made.id),
	    ERR_NOT_FOUND);
	ck_ok(hardware_list(cx, &fleet.a, b, page, &parts, &n, &next));
	ck_assert_uint_eq(n, 0);
	ck_ok(hardware_list(cx, &fleet.a, a, page, &parts, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(parts[0].note, "shelf 3");
	ck_ok(hardware_delete(cx, &fleet.a, a, &admin, made.id));
	ck_assert_uint_eq(loaded(a).n_known_eks, 0);
	close_all();
}
END_TEST

START_TEST(an_ek_may_be_given_as_its_public_key)
{
	AUTO(EVP_PKEY) key = EVP_EC_gen("P-256");
	struct hardware_spec spec = { .note = NULL };
	struct db_hardware made;
	uint8_t *der = NULL, sha256[32];
	int length = i2d_PUBKEY(key, &der);
	size_t n;

	open_all();
	ck_assert_int_gt(length, 0);
	n = (size_t)length;
	spec.ek_public = SLICE(der, n);
	ck_ok(hardware_add(cx, &fleet.a, a, &admin, &spec, &made));
	crypto_hash_sha256(sha256, der, n);
	ck_assert_str_eq(made.hardware_id, arena_printf(cx->arena,
	    "tpm-ek:%s", text_hex(cx->arena, SLICE_OF(sha256))));
	for (size_t i = 0; i < n; i++) {
		spec.ek_public = SLICE(der, i);
		ck_fails(hardware_add(cx, &fleet.a, a, &admin, &spec, &made),
		    ERR_FIELD);
	}
	OPENSSL_free(der);
	close_all();
}
END_TEST

/* TPMT_PUBLIC of an EK after template L-2 (TCG EK Credential Profile, B.3.4)
 * with that key, and with those attributes. */
static struct slice
tpm_public_of(const EVP_PKEY *key, uint32_t attributes)
{
	struct buf public = buf_in(cx->arena, 1024);
	uint8_t policy[32] = { 0x83, 0x71, 0x97 }, point[65];
	size_t n;

	ck_assert_int_eq(EVP_PKEY_get_octet_string_param(key,
	    OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n), 1);
	ck_assert_uint_eq(n, sizeof(point));
	put_be16(&public, 0x0023);		/* TPM_ALG_ECC */
	put_be16(&public, 0x000b);		/* TPM_ALG_SHA256 */
	put_be32(&public, attributes);
	put_be16_bytes(&public, SLICE_OF(policy));
	put_be16(&public, 0x0006);		/* TPM_ALG_AES */
	put_be16(&public, 128);
	put_be16(&public, 0x0043);		/* TPM_ALG_CFB */
	put_be16(&public, 0x0010);		/* no scheme */
	put_be16(&public, 0x0003);		/* TPM_ECC_NIST_P256 */
	put_be16(&public, 0x0010);		/* no KDF */
	put_be16_bytes(&public, SLICE(point + 1, 32));
	put_be16_bytes(&public, SLICE(point + 33, 32));
	return buf_slice(&public);
}

START_TEST(an_ek_has_one_name_however_its_key_is_given)
{
	const uint32_t ek = TPM_FIXED_TPM | TPM_FIXED_PARENT |
	    TPM_SENSITIVE_ORIGIN | TPM_ADMIN_WITH_POLICY | TPM_RESTRICTED |
	    TPM_DECRYPT;
	AUTO(EVP_PKEY) key = EVP_EC_gen("P-256");
	struct hardware_spec spec = { .note = NULL };
	struct db_hardware of_tpm, of_spki;
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(key, &der);

	open_all();
	spec.ek_public = tpm_public_of(key, ek);
	ck_ok(hardware_add(cx, &fleet.a, a, &admin, &spec, &of_tpm));
	spec.ek_public = SLICE(der, (size_t)n);
	ck_fails(hardware_add(cx, &fleet.a, a, &admin, &spec, &of_spki),
	    ERR_EXISTS);
	ck_ok(hardware_add(cx, &fleet.a, b, &admin, &spec, &of_spki));
	ck_assert_str_eq(of_spki.hardware_id, of_tpm.hardware_id);
	/* A signing key is no endorsement key. */
	spec.ek_public = tpm_public_of(key, ek | TPM_SIGN);
	ck_fails(hardware_add(cx, &fleet.a, NULL, &admin, &spec, &of_tpm),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/ek_public");
	OPENSSL_free(der);
	close_all();
}
END_TEST

static const struct { const char *hardware_id; int64_t expires_s; } bad[] = {
	{ NULL, 0 },
	{ "tpm-ek:", 0 },
	{ "tpm-ek:CC", 0 },
	{ "tpm:" EK64, 0 },
	{ "key:" EK64, 0 },
	{ "tpm-ek:" EK64, FLEET_NOW },
};

START_TEST(a_part_without_a_sound_name_or_time_is_refused)
{
	struct db_hardware made;

	open_all();
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_fails(know(a, bad[i].hardware_id, bad[i].expires_s, &made),
		    ERR_FIELD);
	close_all();
}
END_TEST

/* --- the cache ------------------------------------------------------------ */

START_TEST(what_was_loaded_lives_on_when_the_cache_forgets)
{
	struct trust_loaded before;
	struct db_anchor made;
	struct slice der;

	open_all();
	der = make_certificate("Own", true, true);
	ck_ok(add(a, der, &made));
	before = loaded(a);
	ck_ok(anchor_delete(cx, &fleet.a, a, &admin, made.id));
	ck_assert_uint_eq(loaded(a).trust.n_anchors, 0);
	ck_assert_uint_eq(before.trust.n_anchors, 1);
	ck_assert(slice_equal(before.trust.anchors[0], der));
	trust_cache_free(fleet.a.trust);
	fleet.a.trust = NULL;
	ck_assert(slice_equal(before.trust.anchors[0], der));
	/* Without a cache it is read each time. */
	ck_assert_uint_eq(loaded(a).trust.n_anchors, 0);
	fleet_close();
}
END_TEST

START_TEST(more_tenants_than_the_cache_holds_get_their_own_trust)
{
	struct db_hardware made;
	struct tenant tenant = { .id = 0 };

	open_all();
	ck_ok(know(a, "tpm-ek:" EK64, 0, &made));
	for (int64_t i = 0; i < 3 * (int64_t)TRUST_CACHED_MAX; i++) {
		tenant.id = 1000 + i;
		ck_assert_uint_eq(loaded(&tenant).n_known_eks, 0);
		ck_assert_uint_eq(loaded(a).n_known_eks, 1);
	}
	close_all();
}
END_TEST

#define N_READERS	4
#define N_CHANGES	300

static atomic_bool changing;

static void *
read_on(void *arg)
{
	struct ctx_root root;
	struct trust_loaded trust;
	size_t *n_bad = arg;

	while (atomic_load(&changing)) {
		ctx_root_init(&root, NULL);
		root.cx.clock = &fleet.clock;
		if (failed(trust_load(&root.cx, &fleet.a, a->id, &trust)) ||
		    trust.n_known_eks > 1 ||
		    (trust.n_known_eks == 1 && trust.known_eks[0][0] != 0xcc))
			(*n_bad)++;
		ctx_root_fini(&root);
	}
	return NULL;
}

START_TEST(a_change_is_seen_by_the_next_load_whoever_loads_meanwhile)
{
	pthread_t threads[N_READERS];
	size_t n_bad[N_READERS] = { 0 };
	struct db_hardware made;

	open_all();
	atomic_store(&changing, true);
	for (size_t i = 0; i < N_READERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on,
		    &n_bad[i]), 0);
	for (unsigned i = 0; i < N_CHANGES; i++) {
		ck_ok(know(a, "tpm-ek:" EK64, 0, &made));
		ck_assert_uint_eq(loaded(a).n_known_eks, 1);
		ck_ok(hardware_delete(cx, &fleet.a, a, &admin, made.id));
		ck_assert_uint_eq(loaded(a).n_known_eks, 0);
	}
	atomic_store(&changing, false);
	for (size_t i = 0; i < N_READERS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_uint_eq(n_bad[i], 0);
	}
	close_all();
}
END_TEST

/* --- what vouches for which format ----------------------------------------- */

/* Hardware IDs that a format's evidence can show, and the anchors for each. */
static const struct {
	const char	*format, *hardware;
	const char	*anchors;	/* NULL: its key is registered */
} shows[] = {
	{ "android-key", "android",	"android" },
	{ "azure-cvm",	"sgx",		"sgx" },
	{ "azure-cvm",	"snp",		"snp" },
	{ "dice",	"dice",		"dice" },
	{ "idevid",	"idevid",	"idevid" },
	{ "key",	"key",		NULL },
	{ "openenclave", "sgx",		"sgx" },
	{ "optee",	"optee",	NULL },
	{ "psa",	"psa",		NULL },
	{ "sgx",	"sgx",		"sgx" },
	{ "snp",	"snp",		"snp" },
	{ "snp",	"snp-vlek",	"snp" },
	{ "tdx",	"sgx",		"sgx" },
	{ "tpm2",	"tpm-ak",	NULL },
	{ "tpm2",	"tpm-ak-cert",	"tpm-ek" },
	{ "tpm2",	"tpm-ek",	"tpm-ek" },
	{ "tpm2-key",	"tpm-ak",	NULL },
	{ "tpm2-key",	"tpm-ak-cert",	"tpm-ek" },
	{ "webauthn",	"android",	"android" },
	{ "webauthn",	"webauthn",	"webauthn" },
};

/* EK certificates are public: one alone proves nothing of who sends it. */
static const char *const never_enrolled[] = { "tpm2-ek" };

static bool
is_listed(const char *format)
{
	for (size_t i = 0; i < COUNT_OF(shows); i++)
		if (strcmp(shows[i].format, format) == 0)
			return true;
	for (size_t i = 0; i < COUNT_OF(never_enrolled); i++)
		if (strcmp(never_enrolled[i], format) == 0)
			return true;
	return false;
}

START_TEST(for_each_format_something_can_vouch)
{
	size_t n;
	const struct attest_format *const *formats = attest_formats(&n);

	for (size_t i = 0; i < n; i++)
		ck_assert_msg(is_listed(formats[i]->name), "%s",
		    formats[i]->name);
	for (size_t i = 0; i < COUNT_OF(shows); i++) {
		const char *id = arena_printf(cx->arena, "%s:00",
		    shows[i].hardware);
		const char *anchors = trust_anchors_of(id);

		ck_assert_ptr_nonnull(attest_find(shows[i].format));
		if (shows[i].anchors == NULL)
			ck_assert_ptr_null(anchors);
		else
			ck_assert_str_eq(anchors, shows[i].anchors);
	}
	ck_assert_ptr_null(trust_anchors_of("sgx"));
	ck_assert_ptr_null(trust_anchors_of("sgx-:00"));
	ck_assert_ptr_null(trust_anchors_of(""));
}
END_TEST

START_TEST(each_hardware_id_can_be_claimed_and_each_anchor_added)
{
	struct anchor_spec spec = { .scheme = "", .name = "root" };
	struct db_anchor made;
	const char *scheme;
	size_t n_hex;

	open_all();
	for (size_t i = 0; (scheme = claim_scheme(i, &n_hex)) != NULL; i++) {
		bool found = false;

		for (size_t k = 0; k < COUNT_OF(shows); k++)
			found |= strcmp(shows[k].hardware, scheme) == 0;
		ck_assert_msg(found, "%s", scheme);
	}
	for (size_t i = 0; i < COUNT_OF(shows); i++) {
		bool found = false;

		for (size_t k = 0; (scheme = claim_scheme(k, &n_hex)) != NULL;
		    k++)
			found |= strcmp(shows[i].hardware, scheme) == 0;
		ck_assert_msg(found, "%s", shows[i].hardware);
		if (shows[i].anchors == NULL)
			continue;
		spec.scheme = shows[i].anchors;
		spec.certificate = make_certificate("Root", true, true);
		ck_ok(anchor_add(cx, &fleet.a, NULL, &admin, &spec, &made));
	}
	spec.scheme = "tdx";
	ck_fails(anchor_add(cx, &fleet.a, NULL, &admin, &spec, &made),
	    ERR_FIELD);
	close_all();
}
END_TEST

START_TEST(an_anchor_vouches_for_hardware_of_its_scheme_alone)
{
	struct trust_loaded all;
	struct anchor_spec spec = { .scheme = "webauthn", .name = "root" };
	struct db_anchor made;

	open_all();
	spec.certificate = make_certificate("Root", true, true);
	ck_ok(anchor_add(cx, &fleet.a, NULL, &admin, &spec, &made));
	all = loaded(NULL);
	for (size_t i = 0; i < COUNT_OF(shows); i++)
		ck_assert_uint_eq(trust_of_hardware(cx, &all, arena_printf(
		    cx->arena, "%s:00", shows[i].hardware)).n_anchors,
		    strcmp(shows[i].hardware, "webauthn") == 0);
	ck_assert_uint_eq(trust_of_hardware(cx, &all, "").n_anchors, 0);
	close_all();
}
END_TEST

UNIT_MAIN("trust",
    for_each_format_something_can_vouch,
    each_hardware_id_can_be_claimed_and_each_anchor_added,
    an_anchor_vouches_for_hardware_of_its_scheme_alone,
    an_anchor_is_kept_as_it_was_given_with_what_it_says,
    an_event_tells_once_of_an_anchor_that_will_end,
    an_older_database_keeps_its_anchors,
    only_a_ca_or_a_root_may_vouch,
    what_is_not_exactly_one_certificate_is_refused,
    the_same_anchor_is_there_once_in_a_scope,
    a_tenants_anchor_counts_for_that_tenant_alone,
    a_deleted_anchor_vouches_no_more,
    a_known_part_is_believed_in_its_tenant,
    a_part_is_believed_until_its_second_of_expiry,
    a_deleted_part_is_believed_no_more,
    an_ek_may_be_given_as_its_public_key,
    an_ek_has_one_name_however_its_key_is_given,
    a_part_without_a_sound_name_or_time_is_refused,
    what_was_loaded_lives_on_when_the_cache_forgets,
    more_tenants_than_the_cache_holds_get_their_own_trust,
    a_change_is_seen_by_the_next_load_whoever_loads_meanwhile)
