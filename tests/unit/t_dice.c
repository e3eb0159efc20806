/* SPDX-License-Identifier: Apache-2.0 */
/* Format dice: layers, their order, the device; and SPDM measurements. */
#include "attest/chain.h"
#include "attest/dice.h"
#include "attest/spdm.h"
#include "base/text.h"
#include "codec/cbor.h"
#include "codec/der.h"
#include "tests/unit/maker_chain.h"

#define OID_TCB		"2.23.133.5.4.1"
#define OID_UEID	"2.23.133.5.4.4"
#define OID_MULTI	"2.23.133.5.4.5"
#define OID_MESSAGE	"2.23.133.5.4.9"
#define OID_OPEN	"1.3.6.1.4.1.11129.2.1.24"
#define SHA256_OID	SLICE("\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9)

/* --- extensions ------------------------------------------------------------ */

struct tcb {
	const char	*vendor, *model, *version;
	int64_t		 svn, layer;	/* -1: absent */
	uint8_t		 fill;		/* of the digest; 0: none */
	size_t		 digest_n, n_fwids;
	struct slice	 flags, mask;	/* contents of BIT STRINGs */
};

static struct tcb
tcb_of(int64_t layer)
{
	return (struct tcb){ .vendor = "Maker", .model = "M", .version = "1.2",
	    .svn = 5 + layer, .layer = layer, .fill = (uint8_t)(layer + 1),
	    .digest_n = 32, .n_fwids = 1, .flags = SLICE("\0\0", 2) };
}

static void
put_fwid(struct buf *b, uint8_t fill, size_t n)
{
	uint8_t digest[64];
	size_t at = der_open(b, DER_SEQUENCE);

	memset(digest, fill, sizeof(digest));
	der_put_oid(b, SHA256_OID);
	der_put(b, DER_OCTET_STRING, SLICE(digest, n));
	der_close(b, at);
}

static void
put_number(struct buf *b, uint8_t tag, int64_t n)
{
	uint8_t byte = (uint8_t)n;

	if (n >= 0)
		der_put(b, tag, SLICE(&byte, 1));
}

static void
put_tcb(struct buf *b, const struct tcb *t)
{
	size_t at = der_open(b, DER_SEQUENCE), list;

	if (t->vendor != NULL)
		der_put_text(b, DER_IMPLICIT(0), t->vendor);
	if (t->model != NULL)
		der_put_text(b, DER_IMPLICIT(1), t->model);
	if (t->version != NULL)
		der_put_text(b, DER_IMPLICIT(2), t->version);
	put_number(b, DER_IMPLICIT(3), t->svn);
	put_number(b, DER_IMPLICIT(4), t->layer);
	put_number(b, DER_IMPLICIT(5), 0);
	if (t->fill != 0) {
		list = der_open(b, DER_CONTEXT(6));
		for (size_t i = 0; i < t->n_fwids; i++)
			put_fwid(b, t->fill, t->digest_n);
		der_close(b, list);
	}
	if (t->flags.n > 0)
		der_put(b, DER_IMPLICIT(7), t->flags);
	der_put(b, DER_IMPLICIT(8), SLICE("info", 4));
	der_put(b, DER_IMPLICIT(9), SLICE("type", 4));
	if (t->mask.n > 0)
		der_put(b, DER_IMPLICIT(10), t->mask);
	der_put(b, DER_CONTEXT(11), SLICE_NONE);
	der_close(b, at);
}

static struct slice
tcb_der(struct tcb t)
{
	struct buf b = buf_in(cx->arena, 4096);

	put_tcb(&b, &t);
	return buf_slice(&b);
}

static struct slice
multi_der(size_t n)
{
	struct buf b = buf_in(cx->arena, 8192);
	size_t at = der_open(&b, DER_SEQUENCE);

	for (size_t i = 0; i < n; i++) {
		struct tcb t = tcb_of(2);

		t.svn = (int64_t)(9 - i % 9);
		put_tcb(&b, &t);
	}
	der_close(&b, at);
	return buf_slice(&b);
}

static struct slice
sequence_of(uint8_t tag, struct slice contents)
{
	struct buf b = buf_in(cx->arena, 16384);
	size_t at = der_open(&b, DER_SEQUENCE);

	der_put(&b, tag, contents);
	der_close(&b, at);
	ck_assert(!b.bad);
	return buf_slice(&b);
}

static struct slice
riot_der(EVP_PKEY *device, uint64_t version)
{
	struct buf b = buf_in(cx->arena, 1024);
	size_t at = der_open(&b, DER_SEQUENCE);

	der_put_uint(&b, version);
	put_bytes(&b, make_spki(cx, device));
	put_fwid(&b, 9, 32);
	der_close(&b, at);
	return buf_slice(&b);
}

#define NO_MODE	0xffu

static struct slice
open_der(size_t code_n, size_t config_n, uint8_t mode)
{
	static const uint8_t fill[64] = { 1 };
	struct buf b = buf_in(cx->arena, 1024);
	size_t at = der_open(&b, DER_SEQUENCE), in;

	in = der_open(&b, DER_CONTEXT(0));
	der_put(&b, DER_OCTET_STRING, SLICE(fill, code_n));
	der_close(&b, in);
	if (config_n > 0) {
		in = der_open(&b, DER_CONTEXT(2));
		der_put(&b, DER_OCTET_STRING, SLICE(fill, config_n));
		der_close(&b, in);
	}
	in = der_open(&b, DER_CONTEXT(4));
	der_put(&b, DER_OCTET_STRING, SLICE(fill, 64));
	der_close(&b, in);
	if (mode != NO_MODE) {
		in = der_open(&b, DER_CONTEXT(6));
		der_put(&b, DER_ENUMERATED, SLICE(&mode, 1));
		der_close(&b, in);
	}
	der_close(&b, at);
	return buf_slice(&b);
}

static struct slice
message_der(struct slice cmw)
{
	return sequence_of(DER_OCTET_STRING, cmw);
}

/* --- a device ------------------------------------------------------------- */

/* Leaf, layer 1, layer 0, the device's identity, the maker. */
static void
begin(void)
{
	maker_begin("dice", 5);
	for (size_t i = 0; i < 3; i++)
		maker_extension(&certs[i], OID_TCB, tcb_der(tcb_of(
		    (int64_t)(2 - i))));
	maker_extension(&certs[3], OID_UEID, sequence_of(DER_OCTET_STRING,
	    SLICE("\1device", 7)));
}

static void
leaf_says(const char *oid, struct slice der)
{
	certs[0].exts[0] = (struct make_ext){ oid, der, true };
	signature = SLICE_NONE;
}

static const char *
id_of(EVP_PKEY *key)
{
	struct slice spki = make_spki(cx, key);
	uint8_t hash[32];

	crypto_hash_sha256(hash, spki.p, spki.n);
	return arena_printf(cx->arena, "dice:%s", text_hex(cx->arena,
	    SLICE_OF(hash)));
}

static uint64_t
uint_of(const char *name)
{
	const struct claim *c = claims_find(&out.claims, name);

	ck_assert_msg(c != NULL, "no claim %s", name);
	return c->uint;
}

START_TEST(layers_of_a_known_maker_are_believed_and_told)
{
	begin();
	ck_ok(maker_verify());
	ck_assert_str_eq(out.hardware_id, id_of(certs[3].key));
	ck_assert_str_eq(maker_identify(), out.hardware_id);
	ck_assert_uint_eq(uint_of("layers"), 3);
	ck_assert_uint_eq(uint_of("svn.0"), 5);
	ck_assert_uint_eq(uint_of("svn.2"), 7);
	ck_assert(!claims_find(&out.claims, "debug")->boolean);
	ck_assert(!claims_find(&out.claims, "recovery")->boolean);
	ck_assert_uint_eq(claims_find(&out.claims, "ueid")->bytes.n, 7);
	ck_assert_uint_eq(claims_find(&out.claims,
	    "software_measurements")->list.n, 3);
	ck_assert_ptr_nonnull(strstr(claims_find(&out.claims,
	    "software_components")->list.items[0], "Maker M 1.2 0101"));
}
END_TEST

START_TEST(the_chain_leads_to_an_anchor_and_may_mark_its_extensions)
{
	begin();
	trust.n_anchors = 0;
	ck_fails(maker_verify(), ERR_EV_CHAIN);
	begin();
	certs[1].issuer_key = certs[3].key;
	ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	begin();
	certs[2].path_len = 0;
	ck_fails(maker_verify(), ERR_EV_CHAIN);
	begin();
	certs[1].usage = "critical,digitalSignature";
	ck_fails(maker_verify(), ERR_EV_CHAIN);
	begin();
	certs[0].critical_oid = "1.2.3.4";
	ck_fails(maker_verify(), ERR_EV_CHAIN);
}
END_TEST

START_TEST(every_layer_says_what_runs)
{
	begin();
	certs[0].n_exts = 0;
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	for (size_t i = 0; i < 3; i++)
		certs[i].n_exts = 0;
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	begin();
	certs[1].n_exts = 0;
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	/* Below the lowest layer nothing runs. */
	begin();
	certs[2].n_exts = 0;
	ck_ok(maker_verify());
	ck_assert_uint_eq(uint_of("layers"), 2);
}
END_TEST

START_TEST(numbered_layers_are_in_order)
{
	static const int64_t bad[] = { 0, 1, 3 };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		begin();
		leaf_says(OID_TCB, tcb_der(tcb_of(bad[i])));
		ck_fails(maker_verify(), ERR_EV_PROPERTY);
	}
	begin();
	leaf_says(OID_TCB, tcb_der((struct tcb){ .svn = -1, .layer = -1,
	    .fill = 1, .digest_n = 32, .n_fwids = 1 }));
	ck_ok(maker_verify());
}
END_TEST

START_TEST(flags_are_told_and_not_denied_without_being_stated)
{
	const struct {
		struct slice flags, mask;
		int debug, recovery;	/* -1: nothing is said */
	} rows[] = {
		{ SLICE("\4\x80", 2), SLICE_NONE, 1, 0 },
		{ SLICE("\4\x40", 2), SLICE_NONE, 1, 0 },
		{ SLICE("\4\x20", 2), SLICE_NONE, 0, 1 },
		{ SLICE("\4\x10", 2), SLICE_NONE, 1, 0 },
		{ SLICE("\0\x08\0\0\0", 5), SLICE_NONE, 0, 0 },
		{ SLICE("\0", 1), SLICE_NONE, 0, 0 },
		{ SLICE_NONE, SLICE_NONE, -1, -1 },
		{ SLICE("\0", 1), SLICE("\4\x10", 2), -1, -1 },
		{ SLICE("\0", 1), SLICE("\4\xd0", 2), 0, -1 },
		{ SLICE("\0", 1), SLICE("\4\xf0", 2), 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tcb t = tcb_of(2);
		const struct claim *c;

		begin();
		t.flags = rows[i].flags;
		t.mask = rows[i].mask;
		leaf_says(OID_TCB, tcb_der(t));
		ck_ok(maker_verify());
		c = claims_find(&out.claims, "debug");
		ck_assert_int_eq(c == NULL ? -1 : c->boolean, rows[i].debug);
		c = claims_find(&out.claims, "recovery");
		ck_assert_int_eq(c == NULL ? -1 : c->boolean,
		    rows[i].recovery);
	}
}
END_TEST

START_TEST(a_tcb_info_is_as_its_standard_has_it)
{
	struct tcb rows[13];
	size_t n = COUNT_OF(rows);

	begin();
	for (size_t i = 0; i < n; i++)
		rows[i] = tcb_of(2);
	rows[0].vendor = "";
	rows[1].model = "a\nb";
	rows[2].version = "0123456789012345678901234567890123456789012345678901"
	    "2345678901234";
	rows[3].digest_n = 20;
	rows[4].n_fwids = 0;
	rows[5].n_fwids = DICE_FWIDS_MAX + 1;
	rows[6].flags = SLICE("\0\0\0\0\0\0", 6);
	rows[7].flags = SLICE("\x08\0", 2);
	rows[8].flags = SLICE("\1", 1);
	rows[9].flags = SLICE("\4\x1f", 2);
	rows[10].mask = SLICE("\4\x1f", 2);
	rows[11].svn = 0x80;		/* negative */
	rows[12].layer = 0xff;
	for (size_t i = 0; i < n; i++) {
		leaf_says(OID_TCB, tcb_der(rows[i]));
		ck_fails(maker_verify(), ERR_EV_MALFORMED);
	}
	leaf_says(OID_TCB, SLICE("\x30\x03\x8c\x01\x01", 5));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	leaf_says(OID_TCB, SLICE("\x30\x00\x00", 3));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	/* An algorithm that is no object identifier. */
	leaf_says(OID_TCB, SLICE("\x30\x04\xa6\x02\x30\x00", 6));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(an_extension_stands_once)
{
	begin();
	maker_extension(&certs[0], OID_TCB, tcb_der(tcb_of(2)));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(several_components_of_a_layer_are_told)
{
	begin();
	leaf_says(OID_MULTI, multi_der(3));
	ck_ok(maker_verify());
	ck_assert_uint_eq(uint_of("svn.2"), 7);	/* the lowest of 9, 8, 7 */
	ck_assert_uint_eq(claims_find(&out.claims,
	    "software_components")->list.n, 5);
	leaf_says(OID_MULTI, multi_der(DICE_COMPONENTS_MAX));
	ck_ok(maker_verify());
	leaf_says(OID_MULTI, multi_der(DICE_COMPONENTS_MAX + 1));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	leaf_says(OID_MULTI, multi_der(0));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	leaf_says(OID_MULTI, SLICE("\x30\x02\x05\x00", 4));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	/* One list is full, and there is another extension. */
	leaf_says(OID_MULTI, multi_der(DICE_COMPONENTS_MAX));
	maker_extension(&certs[0], OID_TCB, tcb_der(tcb_of(2)));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	certs[0].exts[1] = (struct make_ext){ OID_OPEN, open_der(64, 0, 1),
	    true };
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(ueids_are_of_one_device)
{
	begin();
	maker_extension(&certs[2], OID_UEID, sequence_of(DER_OCTET_STRING,
	    SLICE("\1device", 7)));
	ck_ok(maker_verify());
	/* The identity is the lowest certificate that is one. */
	ck_assert_str_eq(out.hardware_id, id_of(certs[3].key));
	certs[2].exts[1].der = sequence_of(DER_OCTET_STRING,
	    SLICE("\1other.", 7));
	ck_fails(maker_verify(), ERR_EV_MISMATCH);
	certs[2].exts[1].der = sequence_of(DER_OCTET_STRING, SLICE_NONE);
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	certs[2].exts[1].der = SLICE("\x04\x01\x01", 3);
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_device_is_never_told_by_its_makers_key)
{
	/* Nothing says which key is the device's: it is the lowest layer's. */
	begin();
	certs[3].n_exts = 0;
	ck_ok(maker_verify());
	ck_assert_str_eq(out.hardware_id, id_of(certs[2].key));
	/* An identity by its extended key usage. */
	certs[3].eku = "2.23.133.5.4.100.12";
	ck_ok(maker_verify());
	ck_assert_str_eq(out.hardware_id, id_of(certs[3].key));
}
END_TEST

START_TEST(a_riot_layer_names_the_key_that_vouches_for_it)
{
	maker_begin("dice", 3);
	maker_extension(&certs[0], OID_TCB, riot_der(certs[1].key, 1));
	ck_ok(maker_verify());
	ck_assert_str_eq(out.hardware_id, id_of(certs[1].key));
	ck_assert_ptr_null(claims_find(&out.claims, "debug"));
	leaf_says(OID_TCB, riot_der(certs[2].key, 1));
	ck_fails(maker_verify(), ERR_EV_MISMATCH);
	leaf_says(OID_TCB, riot_der(certs[1].key, 2));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(open_dice_layers_tell_their_mode)
{
	static const struct { uint8_t mode; bool debug, recovery; } rows[] = {
		{ 0, true, false }, { 1, false, false }, { 2, true, false },
		{ 3, false, true }, { NO_MODE, true, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		maker_begin("dice", 3);
		maker_extension(&certs[0], OID_OPEN, open_der(64, 32,
		    rows[i].mode));
		ck_ok(maker_verify());
		ck_assert_int_eq(claims_find(&out.claims, "debug")->boolean,
		    rows[i].debug);
		ck_assert_int_eq(claims_find(&out.claims, "recovery")->boolean,
		    rows[i].recovery);
		ck_assert_uint_eq(claims_find(&out.claims,
		    "software_measurements")->list.n, 2);
		ck_assert_uint_eq(claims_find(&out.claims,
		    "software_signers")->list.n, 1);
	}
	ck_assert_str_eq(out.hardware_id, id_of(certs[1].key));
	leaf_says(OID_OPEN, open_der(64, 0, 4));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	leaf_says(OID_OPEN, open_der(20, 0, 1));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	leaf_says(OID_OPEN, open_der(0, 0, 1));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	leaf_says(OID_OPEN, open_der(64, 20, 1));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	/* The device's certificate is not shown: nobody is named. */
	maker_begin("dice", 2);
	maker_extension(&certs[0], OID_OPEN, open_der(64, 32, 1));
	send_root = false;
	ck_assert_str_eq(maker_identify(), "");
}
END_TEST

START_TEST(conceptual_messages_are_told_by_their_digest)
{
	static const struct slice bad[] = {
		{ (const uint8_t *)"\x81\x01", 2 },
		{ (const uint8_t *)"\x82\xf6\x40", 3 },
		{ (const uint8_t *)"\x82\x01\x60", 3 },
		{ (const uint8_t *)"\x83\x01\x40\x60", 4 },
		{ (const uint8_t *)"\x84\x01\x40\x00\x00", 5 },
		{ (const uint8_t *)"\xa0", 1 },
		{ (const uint8_t *)"\x9f\xff", 2 },
	};

	begin();
	leaf_says(OID_MESSAGE, message_der(SLICE("\x83\x01\x41\x07\x02", 5)));
	ck_ok(maker_verify());
	ck_assert_uint_eq(claims_find(&out.claims,
	    "conceptual_messages")->list.n, 1);
	/* What the message says of debugging is not known. */
	ck_assert_ptr_null(claims_find(&out.claims, "debug"));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		leaf_says(OID_MESSAGE, message_der(bad[i]));
		ck_fails(maker_verify(), ERR_EV_MALFORMED);
	}
	leaf_says(OID_MESSAGE, SLICE("\x30\x05\x04\x03\x82\x01\x40\x00", 8));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
	leaf_says(OID_MESSAGE, SLICE("\x30\x00", 2));
	ck_fails(maker_verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(the_leafs_key_is_strong_and_for_signatures)
{
	begin();
	certs[0].key = make_rsa(cx, 1024);
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	begin();
	certs[0].ca = 1;
	certs[0].usage = "critical,keyCertSign";
	ck_fails(maker_verify(), ERR_EV_PROPERTY);
	send_signature = false;
	ck_fails(maker_verify(), ERR_EV_SIGNATURE);
	appraisal.nonce = SLICE_NONE;
	ck_ok(maker_verify());
}
END_TEST

START_TEST(ed25519_layers_are_believed)
{
	begin();
	for (size_t i = 0; i < n_certs; i++) {
		certs[i].key = make_ed25519(cx);
		certs[i].md = NULL;
	}
	for (size_t i = 0; i < n_certs; i++)
		certs[i].issuer_key = certs[i + 1 < n_certs ? i + 1 : i].key;
	signature = maker_sign(certs[0].key, NULL, SLICE_OF(nonce));
	ck_ok(maker_verify());
}
END_TEST

START_TEST(what_cannot_be_read_names_nobody)
{
	struct evidence evidence;
	json_t *e;

	begin();
	leaf_says(OID_TCB, SLICE("\x05\x00", 2));
	ck_assert_str_eq(maker_identify(), "");
	e = maker_evidence();
	(void)json_object_set_new(e, "chain", json_array());
	ck_fails(evidence_read(cx, e, "", &evidence), ERR_EV_MALFORMED);
	(void)json_object_set_new(e, "chain", json_pack("[s]", "AAAA"));
	ck_fails(evidence_read(cx, e, "", &evidence), ERR_EV_MALFORMED);
	(void)json_object_set_new(e, "chain", json_pack("[]"));
	(void)json_object_set_new(e, "more", json_true());
	ck_fails(evidence_read(cx, e, "", &evidence), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_riot_name_is_read_and_no_other)
{
	struct buf b = buf_in(cx->arena, 1024);
	struct slice riot = riot_der(make_p256(cx), 1), fwid;
	size_t names = der_open(&b, DER_SEQUENCE);
	size_t name = der_open(&b, DER_CONTEXT(0));
	uint8_t *p;

	der_put_oid(&b, SLICE("\x67\x81\x05\x05\x04\x01", 6));
	put_bytes(&b, riot);
	der_close(&b, name);
	der_close(&b, names);
	ck_ok(dice_riot_name_read(cx, buf_slice(&b), &fwid));
	ck_assert_uint_eq(fwid.n, 32);
	for (size_t n = 0; n < b.n; n++)
		ck_fails(dice_riot_name_read(cx, SLICE(b.p, n), &fwid),
		    ERR_EV_MALFORMED);
	p = b.p;
	while (memcmp(p, "\x67\x81\x05", 3) != 0)
		p++;
	p[5] = 2;
	ck_fails(dice_riot_name_read(cx, buf_slice(&b), &fwid),
	    ERR_EV_MALFORMED);
}
END_TEST

/* --- SPDM ------------------------------------------------------------------ */

struct spdm {
	uint8_t	version, request, how, answer, n_blocks;
	size_t	record_n, more;
};

static struct slice
spdm_log(const struct spdm *s, EVP_PKEY *key)
{
	struct buf b = buf_in(cx->arena, 1024);
	uint8_t raw[96] = { 0 };
	struct reader r, in;
	put_u8(&b, s->version);
	put_u8(&b, s->request);
	put_u8(&b, s->how);
	put_u8(&b, 0xff);
	put_bytes(&b, SLICE_OF(nonce));
	put_u8(&b, 0);
	put_u8(&b, s->version);
	put_u8(&b, s->answer);
	put_be16(&b, 0);
	put_u8(&b, s->n_blocks);
	put_u8(&b, (uint8_t)s->record_n);
	put_be16(&b, 0);
	/* One block of two bytes: index, specification, size, bytes. */
	put_bytes(&b, SLICE("\1\1\2\0\xaa\xbb\0\0", s->record_n));
	put_bytes(&b, SLICE_OF(nonce));
	put_bytes(&b, SLICE("\1\0z", 3));
	/* SEQUENCE { r, s } to two numbers of 48 bytes. */
	r = reader_of(maker_sign(key, EVP_sha384(), buf_slice(&b)));
	in = der_enter(&r, DER_SEQUENCE);
	for (size_t end = 48; end <= 96; end += 48) {
		struct slice n = der_read_unsigned(&in);

		ck_assert_uint_le(n.n, 48);
		memcpy(raw + end - n.n, n.p, n.n);
	}
	put_bytes(&b, SLICE_OF(raw));
	for (size_t i = 0; i < s->more; i++)
		put_u8(&b, 0);
	return buf_slice(&b);
}

static const struct spdm good_spdm = { 0x11, 0xe0, 1, 0x60, 1, 6, 0 };

static X509 *
leaf_of(EVP_PKEY *key)
{
	X509 *x;

	maker_begin("dice", 2);
	certs[0].key = key;
	ck_ok(chain_cert_parse(cx, make_certificate(cx, &certs[0]), &x));
	return x;
}

START_TEST(spdm_measurements_are_by_the_leaf_and_for_the_nonce)
{
	EVP_PKEY *key = make_curve(cx, "P-384");
	X509 *leaf = leaf_of(key);
	struct slice log = spdm_log(&good_spdm, key), got;

	ck_ok(spdm_measurements_check(cx, log, leaf, &got));
	ck_assert(slice_equal(got, SLICE_OF(nonce)));
	ck_fails(spdm_measurements_check(cx, spdm_log(&good_spdm,
	    make_curve(cx, "P-384")), leaf, &got), ERR_EV_SIGNATURE);
	ck_fails(spdm_measurements_check(cx, log, leaf_of(make_p256(cx)),
	    &got), ERR_EV_UNSUPPORTED);
	ck_fails(spdm_measurements_check(cx, log, leaf_of(make_rsa(cx, 2048)),
	    &got), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(spdm_logs_are_a_request_and_its_response)
{
	EVP_PKEY *key = make_curve(cx, "P-384");
	X509 *leaf = leaf_of(key);
	struct slice got, log;

	for (int i = 0; i < 8; i++) {
		struct spdm s = good_spdm;

		s.version = i == 0 ? 0x12 : s.version;
		s.request = i == 1 ? 0xe1 : s.request;
		s.how = i == 2 ? 0 : s.how;
		s.answer = i == 3 ? 0x61 : s.answer;
		s.n_blocks = i == 4 ? 0 : i == 5 ? 2 : s.n_blocks;
		s.record_n = i == 6 ? 7 : s.record_n;
		s.more = i == 7 ? 1 : 0;
		ck_fails(spdm_measurements_check(cx, spdm_log(&s, key), leaf,
		    &got), ERR_EV_MALFORMED);
	}
	log = spdm_log(&good_spdm, key);
	for (size_t n = 0; n < log.n; n++)
		ck_fails(spdm_measurements_check(cx, SLICE(log.p, n), leaf,
		    &got), ERR_EV_MALFORMED);
}
END_TEST

UNIT_MAIN("dice",
    layers_of_a_known_maker_are_believed_and_told,
    the_chain_leads_to_an_anchor_and_may_mark_its_extensions,
    every_layer_says_what_runs,
    numbered_layers_are_in_order,
    flags_are_told_and_not_denied_without_being_stated,
    a_tcb_info_is_as_its_standard_has_it,
    an_extension_stands_once,
    several_components_of_a_layer_are_told,
    ueids_are_of_one_device,
    a_device_is_never_told_by_its_makers_key,
    a_riot_layer_names_the_key_that_vouches_for_it,
    open_dice_layers_tell_their_mode,
    conceptual_messages_are_told_by_their_digest,
    the_leafs_key_is_strong_and_for_signatures,
    ed25519_layers_are_believed,
    what_cannot_be_read_names_nobody,
    a_riot_name_is_read_and_no_other,
    spdm_measurements_are_by_the_leaf_and_for_the_nonce,
    spdm_logs_are_a_request_and_its_response)
