/* SPDX-License-Identifier: Apache-2.0 */
/* Families of IDevID and DICE: chains of a maker, and possession of a key. */
#include "tests/unit/family.h"

#include "codec/der.h"
#include "tests/unit/maker_chain.h"

#define OID_TCB		"2.23.133.5.4.1"
#define OID_UEID	"2.23.133.5.4.4"
#define SHA256_OID	SLICE("\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9)
#define DEBUG_FLAG	0x10	/* bit 3 of the flags */
#define RECOVERY_FLAG	0x20	/* bit 2 */
#define CERT_SERIAL	"07"	/* maker_cert()'s */

static bool is_made;
static uint8_t layer_flags, layer_svn, layer_fill;

/* --- devices of today ---------------------------------------------------------- */

static void
make_dates(void)
{
	for (size_t i = 0; i < n_certs; i++) {
		certs[i].from_s = family_shift(certs[i].from_s);
		certs[i].to_s = family_shift(certs[i].to_s);
	}
	is_made = true;
}

static void
make_idevid(void)
{
	maker_begin("idevid", 3);
	certs[0].serials[0] = "SN-1";
	certs[0].organization = "Maker";
	make_dates();
}

/* TcbInfo: svn, layer, one digest, flags. */
static struct slice
tcb_info(uint8_t layer)
{
	struct buf b = buf_in(cx->arena, 256);
	size_t at = der_open(&b, DER_SEQUENCE), list, item;
	const uint8_t svn = layer_svn, flags[2] = { 4, layer_flags };
	uint8_t digest[32];

	memset(digest, layer_fill + layer, sizeof(digest));
	der_put(&b, DER_IMPLICIT(3), SLICE(&svn, 1));
	der_put(&b, DER_IMPLICIT(4), SLICE(&layer, 1));
	list = der_open(&b, DER_CONTEXT(6));
	item = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, SHA256_OID);
	der_put(&b, DER_OCTET_STRING, SLICE_OF(digest));
	der_close(&b, item);
	der_close(&b, list);
	der_put(&b, DER_IMPLICIT(7), SLICE_OF(flags));
	der_close(&b, at);
	ck_assert(!b.bad);
	return buf_slice(&b);
}

static void
layers_say(void)
{
	for (size_t i = 0; i + 2 < n_certs; i++) {
		certs[i].n_exts = 0;
		maker_extension(&certs[i], OID_TCB, tcb_info(
		    (uint8_t)(n_certs - 3 - i)));
	}
}

/* Layers, the device's identity, the maker. */
static void
make_dice(size_t n)
{
	struct buf b = buf_in(cx->arena, 64);
	size_t at = der_open(&b, DER_SEQUENCE);

	maker_begin("dice", n);
	der_put(&b, DER_OCTET_STRING, SLICE("\1device", 7));
	der_close(&b, at);
	maker_extension(&certs[n - 2], OID_UEID, buf_slice(&b));
	layer_flags = 0;
	layer_svn = 5;
	layer_fill = 1;
	layers_say();
	make_dates();
}

static void
make_one(void)
{
	if (is_made)
		return;
	if (strcmp(family->format, "dice") == 0)
		make_dice(5);
	else
		make_idevid();
}

static const json_t *
evidence(struct slice challenge, EVP_PKEY **key)
{
	uint8_t binding[32];

	make_one();
	attest_binding(family->format, challenge, make_spki(cx, *key), binding,
	    sizeof(binding));
	signature = maker_sign(certs[0].key, EVP_sha256(), SLICE_OF(binding));
	return maker_evidence();
}

static const char *
hex_of(const struct buf *b, const char *scheme)
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, b->p, b->n);
	return arena_printf(cx->arena, "%s:%s", scheme, text_hex(cx->arena,
	    SLICE_OF(hash)));
}

static const char *
idevid_id(void)
{
	struct buf b = buf_in(cx->arena, 512);

	make_one();
	put_bytes(&b, make_spki(cx, certs[1].key));
	put_text(&b, certs[0].serials[0]);
	return hex_of(&b, "idevid");
}

static const char *
dice_id(void)
{
	struct buf b = buf_in(cx->arena, 512);

	make_one();
	put_bytes(&b, make_spki(cx, certs[n_certs - 2].key));
	return hex_of(&b, "dice");
}

static void
vouch(const struct tenant *t)
{
	make_one();
	(void)maker_evidence();
	(void)family_anchor(t, family->format, anchor);
}

static const struct family idevid = {
	"idevid", evidence, idevid_id, vouch,
	ERR_EV_CHAIN, ERR_EV_SIGNATURE, ERR_EV_SIGNATURE
};
static const struct family dice = {
	"dice", evidence, dice_id, vouch,
	ERR_EV_CHAIN, ERR_EV_SIGNATURE, ERR_EV_SIGNATURE
};
static const struct family *const all[] = { &idevid, &dice };

static void
start(const struct family *f)
{
	is_made = false;
	family_start(f);
}

/* --- both ------------------------------------------------------------------------ */

START_TEST(a_makers_device_is_a_family)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		is_made = false;
		check_family(all[i]);
	}
}
END_TEST

/* The list of the leaf's issuer, with those numbers. */
static struct slice
list_of(uint64_t serial)
{
	struct make_crl crl = { .issuer_cn = certs[1].cn,
	    .key = certs[1].key, .from_s = ctx_now(cx) - MAKE_DAY,
	    .to_s = ctx_now(cx) + MAKE_DAY, .serials = { serial, 99 },
	    .n_serials = 2 };

	return make_crl(cx, &crl);
}

START_TEST(an_idevid_that_its_maker_revoked_does_not_enrol)
{
	struct slice issuer;

	start(&idevid);
	issuer = make_certificate(cx, &certs[1]);
	ck_ok(family_crl(NULL, list_of(8), issuer));
	ck_ok(family_enroll());
	ck_ok(family_crl(&family_other, list_of(7), issuer));
	ck_ok(family_enroll());
	ck_ok(family_crl(&family_tenant, list_of(7), issuer));
	ck_fails(family_enroll(), ERR_EV_REVOKED);
	family_close();
}
END_TEST

START_TEST(a_number_refuses_every_certificate_that_has_it)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		start(all[i]);
		ck_ok(family_serials(&family_other, CERT_SERIAL));
		ck_ok(family_enroll());
		ck_ok(family_serials(&family_tenant, CERT_SERIAL));
		ck_fails(family_enroll(), ERR_EV_REVOKED);
		family_close();
	}
}
END_TEST

START_TEST(a_certificate_without_its_key_enrols_nobody)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct family_call call;

		start(all[i]);
		call = family_call();
		(void)json_object_del((json_t *)(uintptr_t)call.evidence,
		    "signature");
		ck_fails(family_send(&call), ERR_EV_SIGNATURE);
		certs[0].key = make_p256(cx);
		ck_ok(family_enroll());
		family_close();
	}
}
END_TEST

START_TEST(who_is_out_of_date_or_not_a_device_does_not_enrol)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		start(all[i]);
		certs[0].to_s = ctx_now(cx) - 10;
		ck_fails(family_enroll(), ERR_EV_EXPIRED);
		certs[0].to_s = ctx_now(cx) + MAKE_DAY;
		certs[1].name_constraints = true;
		ck_fails(family_enroll(), ERR_EV_CHAIN);
		certs[1].name_constraints = false;
		certs[1].issuer_key = make_p256(cx);
		ck_fails(family_enroll(), ERR_EV_SIGNATURE);
		family_close();
	}
}
END_TEST

/* --- idevid ------------------------------------------------------------------------- */

START_TEST(a_serial_number_is_of_its_maker_alone)
{
	const char *first;

	start(&idevid);
	ck_ok(family_enroll());
	first = idevid_id();
	/* Another maker, who is believed too, numbers its devices alike. */
	make_idevid();
	vouch(NULL);
	ck_assert_str_ne(idevid_id(), first);
	ck_fails(family_enroll(), ERR_CLAIM_NONE);
	ck_ok(family_claim(&family_other));
	ck_ok(family_enroll());
	ck_assert_str_eq(family_says("tenant"), "tenant-b");
	family_close();
}
END_TEST

START_TEST(an_idevid_that_comes_without_its_issuer_names_nobody)
{
	start(&idevid);
	n_certs = 2;
	certs[0].issuer_cn = certs[1].cn;
	send_root = false;
	ck_fails(family_enroll(), ERR_EV_MISMATCH);
	family_close();
}
END_TEST

START_TEST(a_renewed_idevid_is_the_same_device)
{
	start(&idevid);
	ck_ok(family_enroll());
	/* A new certificate, for another key, of the same maker. */
	certs[0].key = make_p256(cx);
	certs[0].serial = 8;
	ck_ok(family_enroll());
	family_rules("{\"claim\":\"device_serial\",\"equals\":\"SN-2\"}");
	ck_fails(family_enroll(), ERR_POLICY_CLAIM);
	family_rules("{\"claim\":\"device_serial\",\"equals\":\"SN-1\"}");
	ck_ok(family_enroll());
	family_close();
}
END_TEST

/* --- dice ---------------------------------------------------------------------------- */

START_TEST(chains_of_every_depth_enrol_as_the_device_below)
{
	family_open(&dice);
	for (size_t n = 3; n <= CHAIN_CERTS_MAX; n++) {
		make_dice(n);
		vouch(NULL);
		ck_ok(family_claim(&family_tenant));
		ck_ok(family_enroll());
		ck_assert_int_eq((int)json_integer_value(family_told(
		    "layers")), (int)n - 2);
		/* New software is a new key for each layer above. */
		certs[0].key = make_p256(cx);
		ck_ok(family_enroll());
	}
	family_close();
}
END_TEST

static void
set_layers(uint8_t flags, uint8_t svn, uint8_t fill)
{
	layer_flags = flags;
	layer_svn = svn;
	layer_fill = fill;
	layers_say();
}

START_TEST(layers_are_held_to_policy)
{
	const char *digest;

	start(&dice);
	family_rules("{\"claim\":\"svn.0\",\"at_least\":5}");
	ck_ok(family_enroll());
	digest = arena_strdup(cx->arena, json_string_value(json_array_get(
	    family_told("software_measurements"), 0)));
	set_layers(0, 4, 1);
	ck_fails(family_enroll(), ERR_POLICY_TCB);
	family_rules(arena_printf(cx->arena, "{\"claim\":"
	    "\"software_measurements\",\"contains\":[\"%s\"]}", digest));
	ck_ok(family_enroll());
	set_layers(0, 5, 0x40);
	ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
	family_close();
}
END_TEST

START_TEST(layers_under_debug_never_enrol_by_default)
{
	start(&dice);
	set_layers(DEBUG_FLAG, 5, 1);
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	ck_assert_str_eq(cx->trail->tell, "by default: debug is true");
	family_rules("{\"claim\":\"debug\",\"equals\":true}");
	ck_ok(family_enroll());
	set_layers(RECOVERY_FLAG, 5, 1);
	family_rules("{\"claim\":\"recovery\",\"equals\":false}");
	ck_fails(family_enroll(), ERR_POLICY_BOOT);
	family_close();
}
END_TEST

UNIT_MAIN("family_chain",
    a_makers_device_is_a_family,
    an_idevid_that_its_maker_revoked_does_not_enrol,
    a_number_refuses_every_certificate_that_has_it,
    a_certificate_without_its_key_enrols_nobody,
    who_is_out_of_date_or_not_a_device_does_not_enrol,
    a_serial_number_is_of_its_maker_alone,
    an_idevid_that_comes_without_its_issuer_names_nobody,
    a_renewed_idevid_is_the_same_device,
    chains_of_every_depth_enrol_as_the_device_below,
    layers_are_held_to_policy,
    layers_under_debug_never_enrol_by_default)
