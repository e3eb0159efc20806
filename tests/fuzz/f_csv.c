/* SPDX-License-Identifier: Apache-2.0 */
/* Files of claims and of parts, CSV and NDJSON. */
#include "base/base.h"
#include "cli/parts.h"
#include "server/rest_bulk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Each line is counted, each record is of text. */
static void
read_records(struct ctx *cx, struct slice text)
{
	struct csv csv = csv_of(text);
	struct csv_record r;
	unsigned last = 0;

	while (csv_next(&csv, cx->arena, &r)) {
		size_t left = csv.rest.n;

		/* The last line may lack its end. */
		ASSERT(r.line > last && r.line <= csv.line + 1);
		ASSERT(left < text.n);
		ASSERT(r.bad || (r.n > 0 && r.n <= CSV_FIELDS_MAX));
		for (size_t i = 0; !r.bad && i < r.n; i++)
			ASSERT(strlen(r.fields[i]) <= CSV_RECORD_MAX);
		last = r.line;
	}
}

static void
read_claims(struct ctx *cx, struct slice text, bool csv)
{
	struct claim_line *lines;
	struct slice printed;
	size_t n;

	if (failed(rest_bulk_lines(cx, text, csv, &lines, &n)))
		return;
	for (size_t i = 0; i < n; i++) {
		const struct claim_request *r = &lines[i].request;

		ASSERT(lines[i].outcome == CLAIM_REFUSED ?
		    lines[i].code != ERR_OK :
		    lines[i].outcome == CLAIM_PENDING);
		ASSERT(i == 0 || lines[i].number > lines[i - 1].number);
		ASSERT(lines[i].outcome == CLAIM_REFUSED ||
		    r->group == NULL || text_is_name(r->group));
	}
	(void)failed(rest_bulk_print(cx, lines, n, &printed));
}

/* What is signed, its maker's tool reads again as the same. */
static void
read_parts(struct ctx *cx, struct slice text, bool csv)
{
	struct slice parts, again;
	size_t n, n_again;

	if (failed(parts_read(cx, text, csv, &parts, &n)))
		return;
	ASSERT(!failed(parts_read(cx, parts, false, &again, &n_again)));
	ASSERT(n == n_again && slice_equal(parts, again));
}

/* Its claims are lines that a server reads. */
static void
read_manifest(struct ctx *cx, struct slice text)
{
	struct slice claims;
	size_t n;

	if (parts_is_manifest(text) &&
	    !failed(parts_claims(cx, text, NULL, NULL, &claims, &n)))
		read_claims(cx, claims, false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice text = SLICE(p, n);
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	read_records(&root.cx, text);
	read_manifest(&root.cx, text);
	for (int csv = 0; csv <= 1; csv++) {
		read_claims(&root.cx, text, csv);
		read_parts(&root.cx, text, csv);
	}
	ctx_root_fini(&root);
	return 0;
}
