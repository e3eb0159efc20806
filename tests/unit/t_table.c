/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <locale.h>
#include <string.h>

#include "cli/table.h"

static char	*printed;
static size_t	 n_printed;

static json_t *
json(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	ck_assert_ptr_nonnull(value);
	return json_keep(cx, value);
}

static FILE *
begin(void)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return open_memstream(&printed, &n_printed);
}

static void
ck_printed(FILE *f, const char *want)
{
	(void)fclose(f);
	ck_assert_str_eq(printed, want);
	free(printed);
}

START_TEST(columns_align_whatever_the_script)
{
	static const struct column columns[] = {
		{ "NAME", "name", false }, { "N", "in.n", true },
		{ "END", "end", false },
	};
	struct table t = { .columns = columns, .n_columns = 3 };

	t.out = begin();
	table_rows(cx, &t, json("[{\"name\":\"a\",\"in\":{\"n\":7}},"
	    "{\"name\":\"gr\\u00fc\\u00df\",\"in\":{\"n\":12},\"end\":true},"
	    "{\"name\":\"\\u65e5\\u672c\\u8a9e\",\"in\":{},\"end\":\"z\"}]"));
	table_rows(cx, &t, json("[{\"name\":\"longer\"}]"));
	ck_printed(t.out,
	    "NAME     N  END\n"
	    "a        7  -\n"
	    "gr\u00fc\u00df    12  yes\n"
	    "\u65e5\u672c\u8a9e   -  z\n"
	    "longer   -  -\n");
}
END_TEST

START_TEST(an_empty_list_still_has_its_titles)
{
	static const struct column columns[] = { { "NAME", "name", false } };
	struct table t = { .columns = columns, .n_columns = 1 };

	t.out = begin();
	table_rows(cx, &t, json("[]"));
	ck_printed(t.out, "NAME\n");
}
END_TEST

START_TEST(nothing_a_device_says_commands_the_terminal)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	ck_assert_str_eq(table_safe(cx, "a\033[31mb"), "a\\u001b[31mb");
	ck_assert_str_eq(table_safe(cx, "a\nb\r\t"), "a\\u000ab\\u000d\\u0009");
	ck_assert_str_eq(table_safe(cx, "\xc2\x9b" "1m"), "\\u009b1m");
	ck_assert_str_eq(table_safe(cx, "x\u202ey\u2066z\u200f"),
	    "x\\u202ey\\u2066z\\u200f");
	ck_assert_str_eq(table_safe(cx, "\xff\xc3"), "\\xff\\xc3");
	ck_assert_str_eq(table_safe(cx, "gr\u00fc\u00df \u65e5"),
	    "gr\u00fc\u00df \u65e5");
}
END_TEST

START_TEST(members_are_lines_and_a_certificate_follows_them)
{
	FILE *f = begin();

	table_fields(cx, f, json("{\"certificate\":\"-----BEGIN X-----\\nAA\\n\","
	    "\"name\":\"a\",\"created_at\":null,\"list\":[1,\"b\"],"
	    "\"in\":{\"deep\":false},\"cas\":[{\"id\":\"1\"},{\"id\":\"2\"}]}"));
	ck_printed(f,
	    "name:        a\n"
	    "created_at:  -\n"
	    "list:        1, b\n"
	    "in:\n"
	    "  deep: no\n"
	    "cas:\n"
	    "  id: 1\n"
	    "\n"
	    "  id: 2\n"
	    "-----BEGIN X-----\nAA\n");
}
END_TEST

START_TEST(a_certificate_that_is_none_is_shown_like_any_text)
{
	FILE *f = begin();

	table_fields(cx, f, json("{\"certificate\":"
	    "\"-----BEGIN X\\u001b[2J\"}"));
	ck_printed(f, "certificate: -----BEGIN X\\u001b[2J\n");
}
END_TEST

UNIT_MAIN("table", columns_align_whatever_the_script,
    an_empty_list_still_has_its_titles,
    nothing_a_device_says_commands_the_terminal,
    members_are_lines_and_a_certificate_follows_them,
    a_certificate_that_is_none_is_shown_like_any_text)
