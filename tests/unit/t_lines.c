/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "cli/lines.h"

static struct lines		lines;
static struct lines_piece	piece;

static void
open_text(const char *text, size_t n, enum lines_form form, const char *group)
{
	lines = (struct lines){
		.file = fmemopen((void *)(uintptr_t)text, n, "r"),
		.form = form, .group = group,
	};
	ck_assert_ptr_nonnull(lines.file);
}

static void
ck_piece(const char *text)
{
	ck_ok(lines_next(cx, &lines, &piece));
	ck_assert_uint_eq(piece.text.n, strlen(text));
	ck_assert_int_eq(memcmp(piece.text.p, text, piece.text.n), 0);
}

START_TEST(lines_keep_their_numbers_of_the_file)
{
	static const char text[] = "id,group\r\naa,lab\n\n  bb \ncc";

	open_text(text, strlen(text), LINES_CSV, NULL);
	ck_piece("aa,lab\nbb\ncc\n");
	ck_assert_uint_eq(piece.n, 3);
	ck_assert_uint_eq(piece.numbers[0], 2);
	ck_assert_uint_eq(piece.numbers[1], 4);
	ck_assert_uint_eq(piece.numbers[2], 5);
	ck_ok(lines_next(cx, &lines, &piece));
	ck_assert_uint_eq(piece.n, 0);
	(void)fclose(lines.file);
}
END_TEST

START_TEST(a_group_is_given_to_lines_that_name_none)
{
	static const char text[] = "aa\nbb,other\n";

	open_text(text, strlen(text), LINES_CSV, "lab");
	ck_piece("aa,lab\nbb,other\n");
	(void)fclose(lines.file);
}
END_TEST

START_TEST(a_header_is_only_one_in_the_first_line_of_csv)
{
	static const char text[] = "aa\nid\n";

	open_text(text, strlen(text), LINES_CSV, NULL);
	ck_piece("aa\nid\n");
	(void)fclose(lines.file);
	open_text("id\n", 3, LINES_NDJSON, NULL);
	ck_piece("id\n");
	(void)fclose(lines.file);
}
END_TEST

START_TEST(a_header_that_names_columns_begins_each_piece)
{
	static const char *const headers[] = {
		"hardware_id,claim_secret", "group,\"device_id\"",
		"\xef\xbb\xbfid,labels",
	};

	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		const char *name = headers[i] + (i == 2 ? 3 : 0);
		size_t n = LINES_COUNT_MAX + 1, begin;
		struct buf b = buf_in(cx->arena, 65536);

		put_fmt(&b, "%s\r\n\n", headers[i]);
		for (size_t k = 0; k < n; k++)
			put_text(&b, "a,b\n");
		open_text((const char *)b.p, b.n, LINES_CSV, NULL);
		begin = strlen(name) + 1;
		ck_ok(lines_next(cx, &lines, &piece));
		ck_assert_uint_eq(piece.n, LINES_COUNT_MAX);
		ck_assert_uint_eq(piece.numbers[0], 3);
		ck_assert_uint_eq(piece.text.n, begin + 4 * LINES_COUNT_MAX);
		ck_assert_int_eq(memcmp(piece.text.p, name, begin - 1), 0);
		ck_piece(arena_printf(cx->arena, "%s\na,b\n", name));
		ck_assert_uint_eq(piece.n, 1);
		ck_ok(lines_next(cx, &lines, &piece));
		ck_assert_uint_eq(piece.n, 0);
		(void)fclose(lines.file);
	}
	open_text("hardware_id\na\n", 14, LINES_CSV, "lab");
	ck_fails(lines_next(cx, &lines, &piece), ERR_PARAMETER);
	(void)fclose(lines.file);
	/* What only looks like one. */
	open_text("idx,group\naa\n", 13, LINES_CSV, NULL);
	ck_piece("idx,group\naa\n");
	(void)fclose(lines.file);
}
END_TEST

START_TEST(long_files_come_in_pieces_that_lose_nothing)
{
	size_t n_lines = LINES_COUNT_MAX * 3 + 17, n = 0, sum = 0, pieces = 0;
	char *text = arena_alloc(cx->arena, n_lines * 16);
	uint64_t last = 0;

	for (size_t i = 0; i < n_lines; i++)
		n += (size_t)snprintf(text + n, 16, "%08zu\n", i);
	open_text(text, n, LINES_CSV, NULL);
	for (;;) {
		ck_ok(lines_next(cx, &lines, &piece));
		if (piece.n == 0)
			break;
		pieces++;
		sum += piece.n;
		ck_assert_uint_le(piece.n, LINES_COUNT_MAX);
		ck_assert_uint_eq(piece.numbers[0], last + 1);
		last = piece.numbers[piece.n - 1];
	}
	ck_assert_uint_eq(sum, n_lines);
	ck_assert_uint_eq(pieces, 4);
	(void)fclose(lines.file);
}
END_TEST

START_TEST(a_piece_of_long_lines_stays_below_its_size)
{
	size_t n_lines = 600, n = 0;
	char *text = arena_alloc(cx->arena, n_lines * (LINES_LINE_MAX + 1));

	for (size_t i = 0; i < n_lines; i++) {
		memset(text + n, 'a', LINES_LINE_MAX);
		n += LINES_LINE_MAX;
		text[n++] = '\n';
	}
	open_text(text, n, LINES_CSV, NULL);
	ck_ok(lines_next(cx, &lines, &piece));
	ck_assert_uint_lt(piece.n, n_lines);
	ck_assert_uint_le(piece.text.n, LINES_PIECE_MAX + LINES_LINE_MAX + 1);
	(void)fclose(lines.file);
}
END_TEST

START_TEST(a_line_that_is_too_long_or_holds_a_nul_is_refused)
{
	char *text = arena_alloc(cx->arena, LINES_LINE_MAX + 1);

	memset(text, 'a', LINES_LINE_MAX + 1);
	open_text(text, LINES_LINE_MAX + 1, LINES_CSV, NULL);
	ck_fails(lines_next(cx, &lines, &piece), ERR_TOO_LARGE);
	(void)fclose(lines.file);
	open_text("a\0b\n", 4, LINES_CSV, NULL);
	ck_fails(lines_next(cx, &lines, &piece), ERR_MALFORMED);
	(void)fclose(lines.file);
}
END_TEST

UNIT_MAIN("lines", lines_keep_their_numbers_of_the_file,
    a_group_is_given_to_lines_that_name_none,
    a_header_is_only_one_in_the_first_line_of_csv,
    a_header_that_names_columns_begins_each_piece,
    long_files_come_in_pieces_that_lose_nothing,
    a_piece_of_long_lines_stays_below_its_size,
    a_line_that_is_too_long_or_holds_a_nul_is_refused)
