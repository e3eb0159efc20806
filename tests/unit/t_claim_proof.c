/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that need the maker's secret, and makers' signed lists of parts. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "authority/claim_bulk.h"
#include "authority/claim_proof.h"
#include "authority/hardware.h"
#include "authority/manifest.h"
#include "codec/base64.h"
#include "pki/jws.h"

#define HEX64	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PART	"tpm-ek:" HEX64
/* printf 'tpm-ek:0123...' | sha256sum */
#define PART_DEVICE "550008013c551b9bdc6362a02aa0587b5f78abf439294a40554119508ba37986"
#define OTHER	"sgx:" HEX64
#define SECRET	"7GK2-M4QX-99TD"

static const struct principal admin = { .role = ROLE_ADMIN, .name = "root" };
static struct authority_keys keys;

static void
begin(void)
{
	fleet_open();
	fleet_add_platform();
	keys.token[0] = 1;
	fleet.a.keys = &keys;
	fleet.a.limits.claim_proof = CLAIM_PROOF_SECRET;
	fleet.a.limits.operation_keep_s = 3600;
}

static void
add_part(const char *hardware_id, const char *secret)
{
	struct hardware_spec spec = { .hardware_id = hardware_id,
	    .claim_secret = secret };
	struct db_hardware made;

	ck_ok(hardware_add(cx, &fleet.a, NULL, &admin, &spec, &made));
}

static struct err
claim_with(unsigned tenant, const char *hardware_id, const char *secret)
{
	struct claim_request r = { .hardware_id = hardware_id,
	    .claim_secret = secret };
	struct claim_result result;

	return claim_make(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &r, &result);
}

START_TEST(the_right_secret_claims_and_nothing_else_does)
{
	begin();
	add_part(PART, SECRET);
	add_part(OTHER, NULL);
	ck_fails(claim_with(0, PART, NULL), ERR_CLAIM_PROOF);
	ck_fails(claim_with(0, PART, "7GK2-M4QX-99TE"), ERR_CLAIM_PROOF);
	ck_assert_str_eq(cx->trail->tell, "");
	ck_fails(claim_with(0, PART, "7GK2-M4QX-99T"), ERR_CLAIM_PROOF);
	ck_fails(claim_with(0, OTHER, SECRET), ERR_CLAIM_PROOF);
	ck_ok(claim_with(0, PART, SECRET));
	/* Its own again needs none; another's is told apart by nothing. */
	ck_ok(claim_with(0, PART, NULL));
	ck_fails(claim_with(1, PART, "7GK2-M4QX-99TE"), ERR_CLAIM_PROOF);
	ck_fails(claim_with(1, PART, SECRET), ERR_CLAIM_TAKEN);
	fleet.a.limits.claim_proof = CLAIM_PROOF_NONE;
	ck_ok(claim_with(1, OTHER, NULL));
	fleet_close();
}
END_TEST

START_TEST(unknown_hardware_is_answered_as_a_wrong_secret)
{
	begin();
	add_part(PART, SECRET);
	for (unsigned i = 0; i < 2 * CLAIM_TRIES; i++) {
		ck_fails(claim_with(0, PART, "wrong-secret"),
		    ERR_CLAIM_PROOF);
		ck_assert_str_eq(cx->trail->tell, "");
		ck_fails(claim_with(0, OTHER, "wrong-secret"),
		    ERR_CLAIM_PROOF);
		ck_assert_str_eq(cx->trail->tell, "");
	}
	ck_assert_uint_eq(fleet_events(0, "device.claim-locked"), 2);
	fleet_close();
}
END_TEST

START_TEST(too_many_wrong_tries_lock_that_device_for_that_tenant_for_a_while)
{
	begin();
	add_part(PART, SECRET);
	for (unsigned i = 0; i + 1 < CLAIM_TRIES; i++)
		ck_fails(claim_with(0, PART, "wrong-secret"),
		    ERR_CLAIM_PROOF);
	ck_assert_uint_eq(fleet_events(0, "device.claim-locked"), 0);
	ck_fails(claim_with(0, PART, "wrong-secret"), ERR_CLAIM_PROOF);
	ck_fails(claim_with(0, PART, SECRET), ERR_CLAIM_PROOF);
	fleet.now_s += CLAIM_LOCK_S - 1;
	ck_fails(claim_with(0, PART, SECRET), ERR_CLAIM_PROOF);
	ck_ok(claim_proof_round(cx, &fleet.a));
	ck_fails(claim_with(0, PART, SECRET), ERR_CLAIM_PROOF);
	fleet.now_s += 1;
	ck_ok(claim_proof_round(cx, &fleet.a));
	ck_ok(claim_with(0, PART, SECRET));
	fleet_close();
}
END_TEST

START_TEST(a_locked_device_is_open_to_another_tenant)
{
	begin();
	add_part(PART, SECRET);
	for (unsigned i = 0; i < CLAIM_TRIES; i++)
		ck_fails(claim_with(0, PART, "wrong-secret"),
		    ERR_CLAIM_PROOF);
	ck_ok(claim_with(1, PART, SECRET));
	fleet_close();
}
END_TEST

START_TEST(a_tenant_cannot_put_a_secret_in_its_own_inventory)
{
	struct hardware_spec spec = { .hardware_id = PART,
	    .claim_secret = SECRET };
	struct db_hardware made;

	begin();
	ck_fails(hardware_add(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &spec, &made), ERR_FIELD);
	spec.claim_secret = NULL;
	ck_ok(hardware_add(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &spec, &made));
	ck_fails(claim_with(0, PART, SECRET), ERR_CLAIM_PROOF);
	fleet_close();
}
END_TEST

static void
run_all(void)
{
	int64_t after = -1;
	bool did = true;

	while (did)
		ck_ok(operation_turn(cx, &fleet.a, &after, &did));
}

/* Also a dry run counts: it would tell right secrets from wrong ones. */
START_TEST(many_claims_prove_themselves_one_by_one)
{
	struct claim_line lines[] = {
		{ .number = 1, .request = { .hardware_id = PART,
		    .claim_secret = SECRET } },
		{ .number = 2, .request = { .hardware_id = OTHER,
		    .claim_secret = "wrong-secret" } },
		{ .number = 3, .request = { .hardware_id = OTHER } },
	};
	struct claim_bulk how = { .dry = true };
	struct operation_input *in;
	struct operation_row row;

	begin();
	add_part(PART, SECRET);
	ck_ok(claim_many(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &how, lines, COUNT_OF(lines)));
	ck_assert_int_eq(lines[0].outcome, CLAIM_CLAIMED);
	ck_assert_int_eq(lines[1].code, ERR_CLAIM_PROOF);
	ck_assert_int_eq(lines[2].code, ERR_CLAIM_PROOF);
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		lines[i].outcome = CLAIM_PENDING;
	how.dry = false;
	ck_ok(claim_bulk_begin(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &how, &in));
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		ck_ok(claim_bulk_put(cx, &fleet.a, &fleet.tenants[0], in,
		    &lines[i]));
	ck_ok(operation_end(cx, in, &row));
	run_all();
	ck_ok(operation_get(cx, &fleet.a, &fleet.owners[0], row.name, &row));
	ck_assert_str_eq(row.counts, "{\"claimed\":1,\"refused\":2}");
	for (unsigned i = 2; i < CLAIM_TRIES; i++)
		ck_fails(claim_with(0, OTHER, "wrong-secret"),
		    ERR_CLAIM_PROOF);
	ck_assert_uint_eq(fleet_events(0, "device.claim-locked"), 1);
	fleet_close();
}
END_TEST

/* Its parts have no secret yet; a maker's list gives them one. */
START_TEST(parts_and_claims_of_an_older_database_are_kept)
{
	static const char old[] =
	    "INSERT INTO tenant (id, name, title, created_s) "
	    "VALUES (1, 'platform', '', 1), (2, 'old', '', 1);"
	    "INSERT INTO device_group (id, tenant, name, title, "
	    "policy_version, created_s) VALUES (1, 2, 'default', '', 1, 1);"
	    "INSERT INTO hardware (hardware_id, device_id, note, created_s, "
	    "created_by) VALUES ('" PART "', '" PART_DEVICE "', 'n', 1, 'x');";
	char folder[] = "/tmp/t_claim_proof.XXXXXX";
	struct authority a = { .keys = &keys,
	    .limits = { .claim_proof = CLAIM_PROOF_SECRET } };
	struct tenant tenant = { .id = 2, .name = "old" };
	struct claim_request r = { .hardware_id = PART,
	    .claim_secret = SECRET };
	struct principal owner = { .role = ROLE_OWNER, .tenant_id = 2,
	    .name = "o" };
	struct db_hardware *rows;
	struct claim_result made;
	int64_t next;
	size_t n;

	a.feed = feed_new();
	a.db = older_db(folder, "TABLE claim_try", old);
	ck_ok(hardware_list(cx, &a, NULL, (struct page){ 0, 10 }, &rows, &n,
	    &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].hardware_id, PART);
	ck_assert_str_eq(rows[0].note, "n");
	ck_assert_uint_eq(rows[0].claim_secret.n, 0);
	for (unsigned i = 0; i < CLAIM_TRIES + 1; i++)
		ck_fails(claim_make(cx, &a, &tenant, &owner, &r, &made),
		    ERR_CLAIM_PROOF);
	a.limits.claim_proof = CLAIM_PROOF_NONE;
	ck_ok(claim_make(cx, &a, &tenant, &owner, &r, &made));
	ck_assert_str_eq(made.device_id, PART_DEVICE);
	older_db_end(a.db, folder);
	feed_free(a.feed);
}
END_TEST

/* --- manifests ------------------------------------------------------- */

static EVP_PKEY *
new_key(const char *alg)
{
	if (strcmp(alg, "ES256") == 0)
		return EVP_EC_gen("P-256");
	return strcmp(alg, "RS256") == 0 ? EVP_RSA_gen(2048) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static struct slice
spki_of(EVP_PKEY *key)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct slice out;

	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

/* r || s of a DER signature. */
static struct slice
raw_of(struct slice der)
{
	uint8_t *raw = arena_alloc(cx->arena, 64);
	const uint8_t *p = der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);

	ck_assert_ptr_nonnull(sig);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32),
	    32);
	ECDSA_SIG_free(sig);
	return SLICE(raw, 64);
}

static struct slice
sign(EVP_PKEY *key, const char *alg, const char *header, const char *payload)
{
	const char *input = arena_printf(cx->arena, "%s.%s",
	    base64url(cx->arena, slice_text(header)),
	    base64url(cx->arena, slice_text(payload)));
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t out[512];
	size_t n = sizeof(out);
	struct slice signature;

	ck_assert_int_eq(EVP_DigestSignInit(md, NULL,
	    strcmp(alg, "EdDSA") == 0 ? NULL : EVP_sha256(), NULL, key), 1);
	ck_assert_int_eq(EVP_DigestSign(md, out, &n,
	    (const uint8_t *)input, strlen(input)), 1);
	EVP_MD_CTX_free(md);
	signature = strcmp(alg, "ES256") == 0 ? raw_of(SLICE(out, n)) :
	    SLICE(out, n);
	return slice_text(arena_printf(cx->arena, "%s.%s", input,
	    base64url(cx->arena, signature)));
}

#define PARTS								\
	"{\"hardware_id\":\"" PART "\",\"claim_secret\":\"" SECRET "\","	\
	"\"model\":\"m1\",\"batch\":\"b7\"}\n"				\
	"{\"hardware_id\":\"" OTHER "\"}\n"				\
	"{\"hardware_id\":\"nonsense\"}\n"				\
	"{\"hardware_id\":\"" OTHER "\",\"colour\":1}\n"

static const char *
registered(EVP_PKEY *key)
{
	struct manifest_key_row row;

	ck_ok(manifest_key_add(cx, &fleet.a, &admin, "maker", spki_of(key),
	    &row));
	return row.key_id;
}

static const char *
header_of(const char *alg, const char *kid)
{
	return arena_printf(cx->arena, "{\"alg\":\"%s\",\"kid\":\"%s\","
	    "\"typ\":\"daapki-manifest\"}", alg, kid);
}

START_TEST(a_signed_manifest_fills_the_inventory_and_its_secrets_claim)
{
	static const char *const algs[] = { "ES256", "EdDSA", "RS256" };
	struct operation_row row;

	for (size_t i = 0; i < COUNT_OF(algs); i++) {
		EVP_PKEY *key = new_key(algs[i]);
		struct slice text;

		begin();
		text = sign(key, algs[i], header_of(algs[i],
		    registered(key)), PARTS);
		ck_ok(manifest_import(cx, &fleet.a, &admin, text, &row));
		run_all();
		ck_ok(operation_get(cx, &fleet.a, &admin, row.name, &row));
		ck_assert_str_eq(row.state, "done");
		ck_assert_str_eq(row.counts, "{\"added\":2,\"refused\":2}");
		ck_ok(claim_with(0, PART, SECRET));
		ck_ok(manifest_import(cx, &fleet.a, &admin, text, &row));
		run_all();
		ck_ok(operation_get(cx, &fleet.a, &admin, row.name, &row));
		ck_assert_str_eq(row.counts, "{\"known\":2,\"refused\":2}");
		fleet_close();
		EVP_PKEY_free(key);
	}
}
END_TEST

START_TEST(a_manifest_of_an_unknown_key_or_of_another_kind_is_refused)
{
	EVP_PKEY *key = new_key("ES256"), *other = new_key("ES256");
	struct operation_row row;
	struct slice text;
	const char *kid;

	begin();
	kid = registered(key);
	text = sign(other, "ES256", header_of("ES256", kid), PARTS);
	ck_fails(manifest_import(cx, &fleet.a, &admin, text, &row),
	    ERR_MANIFEST);
	text = sign(key, "ES256", header_of("ES256", HEX64), PARTS);
	ck_fails(manifest_import(cx, &fleet.a, &admin, text, &row),
	    ERR_MANIFEST);
	text = sign(key, "ES256", header_of("RS256", kid), PARTS);
	ck_fails(manifest_import(cx, &fleet.a, &admin, text, &row),
	    ERR_MANIFEST);
	text = sign(key, "ES256", header_of("none", kid), PARTS);
	ck_fails(manifest_import(cx, &fleet.a, &admin, text, &row),
	    ERR_MANIFEST);
	text = sign(key, "ES256", arena_printf(cx->arena,
	    "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid), PARTS);
	ck_fails(manifest_import(cx, &fleet.a, &admin, text, &row),
	    ERR_MANIFEST);
	text = sign(key, "ES256", arena_printf(cx->arena,
	    "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"daapki-manifest\","
	    "\"crit\":[\"x\"]}", kid), PARTS);
	ck_fails(manifest_import(cx, &fleet.a, &admin, text, &row),
	    ERR_MALFORMED);
	fleet_close();
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}
END_TEST

START_TEST(every_flipped_bit_and_every_cut_of_a_manifest_is_refused)
{
	EVP_PKEY *key = new_key("ES256");
	struct operation_row row;
	struct slice text;
	uint8_t *copy;

	begin();
	text = sign(key, "ES256", header_of("ES256", registered(key)),
	    "{\"hardware_id\":\"" PART "\"}\n");
	copy = arena_dup(cx->arena, text.p, text.n);
	for (size_t i = 0; i < text.n * 8; i++) {
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert(failed(manifest_import(cx, &fleet.a, &admin,
		    SLICE(copy, text.n), &row)));
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < text.n; n++)
		ck_assert(failed(manifest_import(cx, &fleet.a, &admin,
		    SLICE(copy, n), &row)));
	ck_ok(manifest_import(cx, &fleet.a, &admin, text, &row));
	fleet_close();
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(a_key_that_was_deleted_signs_no_more)
{
	EVP_PKEY *key = new_key("EdDSA");
	struct manifest_key_row *rows;
	struct operation_row row;
	struct slice text;
	size_t n;

	begin();
	text = sign(key, "EdDSA", header_of("EdDSA", registered(key)), PARTS);
	ck_fails(manifest_key_add(cx, &fleet.a, &admin, "again",
	    spki_of(key), &(struct manifest_key_row){ 0 }), ERR_EXISTS);
	ck_ok(manifest_key_list(cx, &fleet.a, (struct page){ 0, 10 }, &rows,
	    &n));
	ck_assert_uint_eq(n, 1);
	ck_ok(manifest_key_delete(cx, &fleet.a, &admin, rows[0].id));
	ck_fails(manifest_key_delete(cx, &fleet.a, &admin, rows[0].id),
	    ERR_NOT_FOUND);
	ck_fails(manifest_import(cx, &fleet.a, &admin, text, &row),
	    ERR_MANIFEST);
	fleet_close();
	EVP_PKEY_free(key);
}
END_TEST

UNIT_MAIN("claim proof",
    the_right_secret_claims_and_nothing_else_does,
    unknown_hardware_is_answered_as_a_wrong_secret,
    too_many_wrong_tries_lock_that_device_for_that_tenant_for_a_while,
    a_locked_device_is_open_to_another_tenant,
    a_tenant_cannot_put_a_secret_in_its_own_inventory,
    many_claims_prove_themselves_one_by_one,
    parts_and_claims_of_an_older_database_are_kept,
    a_signed_manifest_fills_the_inventory_and_its_secrets_claim,
    a_manifest_of_an_unknown_key_or_of_another_kind_is_refused,
    every_flipped_bit_and_every_cut_of_a_manifest_is_refused,
    a_key_that_was_deleted_signs_no_more)
