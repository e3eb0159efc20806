/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <sodium.h>

#include "base/text.h"
#include "codec/ledger.h"

#define LEAVES_MAX	40u

static const struct ledger_row row = {
	.seq = 2, .at_s = 1795334400, .tenant = "a", .actor_kind = "operator",
	.actor = "b", .credential = "token:1", .action = "device.banned",
	.subject = "c", .request_id = "d", .trace = "e", .outcome = "ok",
};

static const char *
hash_of(const struct ledger_row *r, const char *data)
{
	static const struct ledger_hash before = { { 7 } };
	struct ledger_hash digest, out;

	ledger_data_hash(data, &digest);
	ledger_row_hash(cx->arena, r, &before, &digest, &out);
	return text_hex(cx->arena, SLICE_OF(out.bytes));
}

/* The bytes as doc/AUDIT.md has them, put together by hand. */
START_TEST(a_row_is_hashed_over_the_bytes_that_are_documented)
{
	struct buf b = buf_in(cx->arena, 4096);
	uint8_t hash[32];

	put_text(&b, "daapki-audit-row-1\n");
	put_bytes(&b, SLICE("\7", 1));
	put_bytes(&b, SLICE(arena_alloc(cx->arena, 31), 31));
	put_be64(&b, 2);
	put_be64(&b, 1795334400);
	put_bytes(&b, SLICE("\0\0\0\1a\0\0\0\10operator\0\0\0\1b"
	    "\0\0\0\7token:1\0\0\0\15device.banned\0\0\0\1c\0\0\0\1d"
	    "\0\0\0\1e\0\0\0\2ok", 71));
	(void)crypto_hash_sha256(hash, (const uint8_t *)"{}", 2);
	put_bytes(&b, SLICE_OF(hash));
	(void)crypto_hash_sha256(hash, b.p, b.n);
	ck_assert_str_eq(hash_of(&row, "{}"),
	    text_hex(cx->arena, SLICE_OF(hash)));
}
END_TEST

START_TEST(each_field_of_a_row_is_in_its_hash)
{
	const char *whole = hash_of(&row, "{}");
	struct ledger_row r;

#define DIFFERS(member, value)						\
	r = row;							\
	r.member = (value);						\
	ck_assert_str_ne(hash_of(&r, "{}"), whole)
	DIFFERS(seq, 3);
	DIFFERS(at_s, 1);
	DIFFERS(tenant, "x");
	DIFFERS(actor_kind, "x");
	DIFFERS(actor, "x");
	DIFFERS(credential, "x");
	DIFFERS(action, "x");
	DIFFERS(subject, "x");
	DIFFERS(request_id, "x");
	DIFFERS(trace, "x");
	DIFFERS(outcome, "x");
#undef DIFFERS
	ck_assert_str_ne(hash_of(&row, "{ }"), whole);
	/* A letter that moves over to the next field is another row. */
	r = row;
	r.subject = "";
	r.request_id = "cd";
	ck_assert_str_ne(hash_of(&r, "{}"), whole);
}
END_TEST

static struct ledger_hash leaves[LEAVES_MAX];

static void
make_leaves(void)
{
	for (size_t i = 0; i < LEAVES_MAX; i++)
		(void)crypto_hash_sha256(leaves[i].bytes,
		    (const uint8_t *)&(uint8_t){ (uint8_t)i }, 1);
}

START_TEST(each_leaf_is_in_the_tree_at_its_place_and_at_no_other)
{
	struct ledger_hash root, path[LEDGER_PATH_MAX];

	make_leaves();
	for (size_t n = 1; n <= LEAVES_MAX; n++) {
		ledger_root(leaves, n, &root);
		for (size_t i = 0; i < n; i++) {
			size_t depth = ledger_path(leaves, n, i, path);

			for (size_t at = 0; at <= n; at++)
				ck_assert(ledger_is_included(&leaves[i], at,
				    n, path, depth, &root) == (at == i));
			ck_assert(n == 1 || !ledger_is_included(&leaves[i], i,
			    n, path, depth - 1, &root));
			ck_assert(!ledger_is_included(&root, i, n, path,
			    depth, &leaves[i]) || n == 1);
			if (depth == 0)
				continue;
			path[0].bytes[3] ^= 1;
			ck_assert(!ledger_is_included(&leaves[i], i, n, path,
			    depth, &root));
		}
	}
}
END_TEST

/* RFC 9162, 2.1: the empty tree apart, these are the test vectors that
 * implementations of it share (inputs 00, 10, 2021, ...). */
START_TEST(the_tree_is_that_of_certificate_transparency)
{
	static const struct { const char *hex; size_t n; } inputs[] = {
		{ "", 0 }, { "\x00", 1 }, { "\x10", 1 }, { "\x20\x21", 2 },
		{ "\x30\x31", 2 }, { "\x40\x41\x42\x43", 4 },
		{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
		{ "\x60\x61\x62\x63\x64\x65\x66\x67"
		  "\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16 },
	};
	struct ledger_hash all[COUNT_OF(inputs)], root;

	for (size_t i = 0; i < COUNT_OF(inputs); i++) {
		uint8_t bytes[17] = { 0 };

		memcpy(bytes + 1, inputs[i].hex, inputs[i].n);
		(void)crypto_hash_sha256(all[i].bytes, bytes,
		    inputs[i].n + 1);
	}
	ledger_root(all, 1, &root);
	ck_assert_str_eq(text_hex(cx->arena, SLICE_OF(root.bytes)),
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
	ledger_root(all, 8, &root);
	ck_assert_str_eq(text_hex(cx->arena, SLICE_OF(root.bytes)),
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}
END_TEST

START_TEST(a_statement_holds_by_its_key_and_word_for_word)
{
	struct ledger_anchor a = { 7, 1795334400, 3, { { 1 } } };
	uint8_t public[LEDGER_KEY_SIZE], other[LEDGER_KEY_SIZE] = { 1 };
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	uint8_t signature[LEDGER_SIGNATURE_SIZE];
	const char *text = ledger_statement(cx->arena, &a);
	struct ledger_anchor b = a;

	ck_assert_str_eq(text, "daapki-audit-checkpoint-1\n7\n"
	    "2026-11-22T08:00:00Z\n3\n01000000000000000000000000000000"
	    "00000000000000000000000000000000\n");
	(void)crypto_sign_keypair(public, secret);
	(void)crypto_sign_detached(signature, NULL, (const uint8_t *)text,
	    strlen(text), secret);
	ck_assert(ledger_is_signed(cx->arena, &a, SLICE_OF(public),
	    SLICE_OF(signature)));
	ck_assert(!ledger_is_signed(cx->arena, &a, SLICE_OF(other),
	    SLICE_OF(signature)));
	ck_assert(!ledger_is_signed(cx->arena, &a, SLICE_OF(public),
	    SLICE(signature, 63)));
	b.n_chains++;
	ck_assert(!ledger_is_signed(cx->arena, &b, SLICE_OF(public),
	    SLICE_OF(signature)));
	b = a;
	b.root.bytes[31] = 1;
	ck_assert(!ledger_is_signed(cx->arena, &b, SLICE_OF(public),
	    SLICE_OF(signature)));
}
END_TEST

UNIT_MAIN("ledger",
    a_row_is_hashed_over_the_bytes_that_are_documented,
    each_field_of_a_row_is_in_its_hash,
    each_leaf_is_in_the_tree_at_its_place_and_at_no_other,
    the_tree_is_that_of_certificate_transparency,
    a_statement_holds_by_its_key_and_word_for_word)
