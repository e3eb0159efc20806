/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of doc/formats against the tables of the program.  What their
 * commands do, tests/system/pages.py holds. */
#include <dirent.h>

#include "attest/attest.h"
#include "base/claims.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/unit/unit.h"

#define PAGES_MAX	64u
#define PAGE_SIZE_MAX	65536u
#define WORD_MAX	64u

struct page { const char *name, *text; };

static struct page pages[PAGES_MAX];
static size_t n_pages;

static const char *
folder(void)
{
	const char *top = getenv("srcdir");

	return arena_printf(cx->arena, "%s/doc/formats",
	    top == NULL ? "." : top);
}

static bool
is_page(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && strcmp(name + n - 3, ".md") == 0 &&
	    strcmp(name, "README.md") != 0;
}

static void
begin(void)
{
	const char *path = folder();
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct slice text;

	ck_assert_msg(dir != NULL, "no %s", path);
	for (n_pages = 0; (entry = readdir(dir)) != NULL;) {
		if (!is_page(entry->d_name))
			continue;
		ck_assert_uint_lt(n_pages, PAGES_MAX);
		ck_ok(file_read(cx, arena_printf(cx->arena, "%s/%s", path,
		    entry->d_name), PAGE_SIZE_MAX, &text));
		pages[n_pages++] = (struct page){
			arena_strdup(cx->arena, entry->d_name),
			(const char *)text.p };
	}
	(void)closedir(dir);
	ck_assert_uint_gt(n_pages, 0);
}

/* What follows that heading, to the next one; NULL: it is not there. */
static const char *
section(const struct page *page, const char *heading)
{
	const char *line = arena_printf(cx->arena, "\n## %s\n", heading);
	const char *at = strstr(page->text, line), *end;

	if (at == NULL)
		return NULL;
	at += strlen(line);
	end = strstr(at, "\n## ");
	return end == NULL ? at : arena_strndup(cx->arena, at,
	    (size_t)(end - at));
}

/* The next row "| `word` | cell |..." of a table; false: there is none. */
static bool
next_row(const char **at, char word[static WORD_MAX], const char **out_cell)
{
	const char *from = strstr(*at, "\n| `"), *to;

	if (from == NULL)
		return false;
	from += strlen("\n| `");
	to = strchr(from, '`');
	ck_assert(to != NULL && (size_t)(to - from) < WORD_MAX);
	memcpy(word, from, (size_t)(to - from));
	word[to - from] = '\0';
	ck_assert_msg(strncmp(to, "` | ", 4) == 0, "the row of %s", word);
	*out_cell = to + 4;
	*at = to;
	return true;
}

START_TEST(every_format_has_a_page)
{
	const struct attest_format *const *formats;
	size_t n;

	begin();
	formats = attest_formats(&n);
	for (size_t i = 0; i < n; i++) {
		const char *name = arena_printf(cx->arena, "`%s`",
		    formats[i]->name);
		bool found = false;

		for (size_t k = 0; k < n_pages; k++) {
			const char *line = strstr(pages[k].text, "\nFormats: ");

			ck_assert_msg(line != NULL, "%s", pages[k].name);
			found |= strstr(arena_strndup(cx->arena, line + 1,
			    strcspn(line + 1, "\n")), name) != NULL;
		}
		ck_assert_msg(found, "no page for %s", name);
	}
}
END_TEST

START_TEST(every_page_has_the_same_sections)
{
	static const char *const headings[] = {
		"What it proves", "What it does not prove",
		"Which hardware it is", "Claims", "What to register first",
		"Example", "On real hardware", "When it is refused",
	};

	begin();
	for (size_t k = 0; k < n_pages; k++)
		for (size_t i = 0; i < COUNT_OF(headings); i++) {
			const char *s = section(&pages[k], headings[i]);

			ck_assert_msg(s != NULL && strlen(s) > 40,
			    "%s: %s", pages[k].name, headings[i]);
		}
}
END_TEST

START_TEST(every_page_has_an_example_that_ends_in_a_verified_certificate)
{
	begin();
	for (size_t k = 0; k < n_pages; k++) {
		const char *s = section(&pages[k], "Example");

		ck_assert_msg(s != NULL && strstr(s, "\n```sh\n") != NULL &&
		    strstr(s, "\nopenssl verify ") != NULL, "%s",
		    pages[k].name);
	}
}
END_TEST

START_TEST(every_claim_of_a_page_exists_with_its_type)
{
	static const char *const types[] = {
		[CLAIM_BOOL] = "yes or no |", [CLAIM_UINT] = "number |",
		[CLAIM_TEXT] = "text |", [CLAIM_BYTES] = "hex |",
		[CLAIM_LIST] = "list |",
	};
	char word[WORD_MAX];
	const char *at, *cell;
	size_t n;

	begin();
	for (size_t k = 0; k < n_pages; k++) {
		at = section(&pages[k], "Claims");
		ck_assert_msg(at != NULL, "%s", pages[k].name);
		for (n = 0; next_row(&at, word, &cell); n++) {
			const struct claim_kind *kind = claim_kind_find(word);

			ck_assert_msg(kind != NULL, "%s: %s", pages[k].name,
			    word);
			ck_assert_msg(strncmp(cell, types[kind->type],
			    strlen(types[kind->type])) == 0,
			    "%s: the type of %s", pages[k].name, word);
		}
		ck_assert_msg(n > 1, "%s names no claims", pages[k].name);
	}
}
END_TEST

START_TEST(every_refusal_of_a_page_is_a_code)
{
	char word[WORD_MAX];
	const char *at, *cell;
	struct err e;
	size_t n;

	begin();
	for (size_t k = 0; k < n_pages; k++) {
		at = section(&pages[k], "When it is refused");
		ck_assert_msg(at != NULL, "%s", pages[k].name);
		for (n = 0; next_row(&at, word, &cell); n++)
			ck_assert_msg(err_find(word, &e), "%s: %s",
			    pages[k].name, word);
		ck_assert_msg(n > 1, "%s names no codes", pages[k].name);
	}
}
END_TEST

UNIT_MAIN("pages",
    every_format_has_a_page,
    every_page_has_the_same_sections,
    every_page_has_an_example_that_ends_in_a_verified_certificate,
    every_claim_of_a_page_exists_with_its_type,
    every_refusal_of_a_page_is_a_code)
