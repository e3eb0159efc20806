/* SPDX-License-Identifier: Apache-2.0 */
/*
 * damaged [--step N] [--known FILE] [--member PATTERN] CASE...: each accepted
 * case again and again, with one bit of one member changed (one of N), and with
 * each member cut short.  None may be accepted but where the list says why, and then it may
 * say nothing else: the same claims, or fewer, or longer lists (of an event log
 * whose events are called otherwise, all count that are not proved harmless).
 *
 *	CASE MEMBER FROM-TO REASON
 *
 * The first two are patterns of fnmatch(3), the bytes are those of the member
 * ("*": all of them; "4-7:ak_name": and then that claim may be another), REASON
 * is for the reader.  All share one cache, which holds what is undamaged.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "attest/seen.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/evidence.h"
#include "cli/evidence_case.h"
#include "codec/base64.h"

#define KNOWN_FILE_MAX	65536u
#define MEMBER_MAX	256u

enum encoding { BASE64, HEX, TEXT };

/* A string somewhere in the evidence. */
struct place {
	json_t		*parent;
	const char	*name;		/* of an object's member, else NULL */
	size_t		 index;		/* in an array */
	char		 pointer[MEMBER_MAX];
	enum encoding	 encoding;
	struct slice	 bytes;
};

struct known {
	const char	*cases, *members;
	size_t		 from, to;
	const char	*claim;		/* that may differ, or NULL */
};

struct run {
	struct ctx		*cx;
	const struct evidence_case *c;
	struct appraisal	 appraisal;
	size_t			 step;
	const char		*members;	/* only these */
	const struct known	*known;
	size_t			 n_known;
	size_t			 n_bits, n_cuts, n_listed, n_accepted;
	struct attestation	 whole;		/* undamaged */
	struct ctx_root		 tried;
};

/* --- what may be accepted ------------------------------------------------- */

static struct known
read_known(struct ctx *cx, char *line)
{
	struct known k = { .from = 0, .to = SIZE_MAX };
	char *save = NULL, *range, *colon;

	k.cases = arena_strdup(cx->arena, strtok_r(line, " \t", &save));
	k.members = strtok_r(NULL, " \t", &save);
	range = strtok_r(NULL, " \t", &save);
	ASSERT(k.members != NULL && range != NULL && save[0] != '\0');
	colon = strchr(range, ':');
	if (colon != NULL)
		k.claim = colon + 1;
	if (strcmp(range, "*") != 0)
		ASSERT(sscanf(range, "%zu-%zu", &k.from, &k.to) == 2);
	return k;
}

static void
read_list(struct run *r, const char *path)
{
	struct slice text;
	struct known *list;
	char *save = NULL;

	ASSERT(!failed(file_read(r->cx, path, KNOWN_FILE_MAX, &text)));
	list = arena_array(r->cx->arena, text.n / 8 + 1, sizeof(*list));
	for (char *line = strtok_r(arena_strndup(r->cx->arena,
	    (const char *)text.p, text.n), "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save))
		if (line[0] != '#')
			list[r->n_known++] = read_known(r->cx, line);
	r->known = list;
}

static const struct known *
find_known(const struct run *r, const struct place *place, size_t at)
{
	for (size_t i = 0; i < r->n_known; i++) {
		const struct known *k = &r->known[i];

		if (at >= k->from && at <= k->to &&
		    fnmatch(k->cases, r->c->name, 0) == 0 &&
		    fnmatch(k->members, place->pointer, 0) == 0)
			return k;
	}
	return NULL;
}

/* --- one change ----------------------------------------------------------- */

static json_t *
encode(struct run *r, const struct place *place, struct slice bytes)
{
	struct arena *arena = r->tried.cx.arena;

	switch (place->encoding) {
	case BASE64:
		return json_string(base64url(arena, bytes));
	case HEX:
		return json_string(text_hex(arena, bytes));
	case TEXT:
		break;
	}
	/* NULL where a change leaves no UTF-8: JSON cannot carry that. */
	return json_stringn((const char *)bytes.p, bytes.n);
}

static bool
is_listed(const struct claim *c, const char *text)
{
	for (size_t i = 0; i < c->list.n; i++)
		if (strcmp(c->list.items[i], text) == 0)
			return true;
	return false;
}

/* Does b say what a says, and in a list perhaps more? */
static bool
same_claim(const struct claim *a, const struct claim *b)
{
	switch (a->kind->type) {
	case CLAIM_BOOL:
		return a->boolean == b->boolean;
	case CLAIM_UINT:
		return a->uint == b->uint;
	case CLAIM_TEXT:
		return strcmp(a->text, b->text) == 0;
	case CLAIM_BYTES:
		return slice_equal(a->bytes, b->bytes);
	case CLAIM_LIST:
		break;
	}
	for (size_t i = 0; i < a->list.n; i++)
		if (!is_listed(b, a->list.items[i]))
			return false;
	return true;
}

static bool
says_no_other(const struct attestation *whole, const struct attestation *b,
    const struct known *known)
{
	if (strcmp(whole->hardware_id, b->hardware_id) != 0 ||
	    (whole->status == NULL) != (b->status == NULL) ||
	    (b->status != NULL && strcmp(whole->status, b->status) != 0))
		return false;
	for (size_t i = 0; i < b->claims.n; i++) {
		const struct claim *c = claims_find(&whole->claims,
		    b->claims.items[i].name);

		if (c != NULL && known != NULL && known->claim != NULL &&
		    strcmp(c->name, known->claim) == 0)
			continue;
		if (c == NULL || !same_claim(c, &b->claims.items[i]))
			return false;
	}
	return true;
}

enum outcome { REFUSED, LISTED, SAME, OTHER };

/* at: the byte that is not what it was, or is missing. */
static enum outcome
try_with(struct run *r, const struct place *place, struct slice bytes,
    size_t at)
{
	const struct known *known = find_known(r, place, at);
	struct ctx *cx = &r->tried.cx;
	struct attestation out = { .status = NULL };
	struct evidence evidence;
	json_t *text;
	struct err e;

	ctx_root_reset(&r->tried);
	text = encode(r, place, bytes);
	if (text == NULL)
		return REFUSED;
	if (place->name != NULL)
		ASSERT(json_object_set_new(place->parent, place->name,
		    text) == 0);
	else
		ASSERT(json_array_set_new(place->parent, place->index,
		    text) == 0);
	e = evidence_read(cx, r->c->evidence, "/evidence", &evidence);
	if (!failed(e))
		e = evidence_verify(cx, &evidence, &r->appraisal, &out);
	ASSERT(e.code != ERR_INTERNAL);
	if (failed(e))
		return REFUSED;
	if (!says_no_other(&r->whole, &out, known))
		return OTHER;
	return known != NULL ? LISTED : SAME;
}

/* Tell of the places from..to, which stand side by side. */
static void
tell(const struct run *r, const struct place *place, const char *how,
    size_t from, size_t to)
{
	(void)printf("# accepted: %s %s %s %zu-%zu of %zu\n", r->c->name,
	    place->pointer, how, from, to, place->bytes.n);
}

/* What one kind of damage to one member came to, in runs of bytes. */
struct tally {
	const char	*how;
	size_t		 from, to;
	bool		 open;
};

static void
end_run(const struct run *r, const struct place *place, struct tally *t)
{
	if (t->open)
		tell(r, place, t->how, t->from, t->to);
	t->open = false;
}

static void
count(struct run *r, const struct place *place, struct tally *t, size_t at,
    enum outcome outcome)
{
	if (outcome == OTHER)
		(void)printf("# with other claims: %s %s %s %zu\n",
		    r->c->name, place->pointer, t->how, at);
	r->n_listed += outcome == LISTED;
	if (outcome == REFUSED || outcome == LISTED) {
		/* Other bits of the same byte may be accepted. */
		if (at != t->to)
			end_run(r, place, t);
		return;
	}
	if (!t->open)
		t->from = at;
	t->open = true;
	t->to = at;
	r->n_accepted++;
}

static void
damage(struct run *r, const struct place *place)
{
	uint8_t *p = arena_dup(r->cx->arena, place->bytes.p, place->bytes.n);
	struct tally bytes = { .how = "byte" }, cuts = { .how = "cut to" };

	for (size_t bit = 0; bit < 8 * place->bytes.n; bit += r->step) {
		/* Not the same bit of each byte, whatever the step. */
		size_t at = bit / 8, which = (bit + at) % 8;

		p[at] ^= (uint8_t)(1u << which);
		count(r, place, &bytes, at,
		    try_with(r, place, SLICE(p, place->bytes.n), at));
		p[at] ^= (uint8_t)(1u << which);
		r->n_bits++;
	}
	end_run(r, place, &bytes);
	for (size_t n = 0; n < place->bytes.n; n += (r->step + 7) / 8) {
		count(r, place, &cuts, n, try_with(r, place, SLICE(p, n),
		    n));
		r->n_cuts++;
	}
	end_run(r, place, &cuts);
	ASSERT(try_with(r, place, place->bytes, SIZE_MAX) != REFUSED);
}

/* --- all places ----------------------------------------------------------- */

/* The members that are not base64url (doc/EVIDENCE.md). */
static enum encoding
encoding_of(const struct run *r, const char *pointer)
{
	const bool is_key = strcmp(json_string_value(json_object_get(
	    r->c->evidence, "format")), "key") == 0;

	if (strncmp(pointer, "/pcrs/", 6) == 0 ||
	    strcmp(pointer, "/client_data_hash") == 0 ||
	    (is_key && strcmp(pointer, "/statement") != 0))
		return HEX;
	if (strcmp(pointer, "/key_authorization") == 0 ||
	    strcmp(pointer, "/collateral/tcb_info") == 0 ||
	    strcmp(pointer, "/collateral/qe_identity") == 0)
		return TEXT;
	return BASE64;
}

static void
visit(struct run *r, struct place *place, const json_t *value)
{
	struct arena *arena = r->cx->arena;
	const char *text = json_string_value(value);
	bool ok = true;

	if (strcmp(place->pointer, "/format") == 0 ||
	    fnmatch(r->members, place->pointer, 0) != 0)
		return;
	place->encoding = encoding_of(r, place->pointer);
	switch (place->encoding) {
	case BASE64:
		ok = base64url_parse(arena, text, strlen(text),
		    EVIDENCE_FILE_MAX, &place->bytes);
		break;
	case HEX:
		ok = text_unhex_any(arena, text, strlen(text) / 2,
		    &place->bytes);
		break;
	case TEXT:
		place->bytes = slice_dup(arena, SLICE(text, strlen(text)));
		break;
	}
	ASSERT(ok);
	damage(r, place);
}

static void
walk(struct run *r, json_t *value, const char *pointer)
{
	struct place place = { .parent = value };
	const char *name;
	json_t *inner;
	void *next;
	size_t i;

	json_array_foreach(value, i, inner) {
		place.index = i;
		(void)snprintf(place.pointer, sizeof(place.pointer), "%s/%zu",
		    pointer, i);
		if (json_is_string(inner))
			visit(r, &place, inner);
	}
	json_object_foreach_safe(value, next, name, inner) {
		place.name = arena_strdup(r->cx->arena, name);
		(void)snprintf(place.pointer, sizeof(place.pointer), "%s/%s",
		    pointer, name);
		if (json_is_string(inner))
			visit(r, &place, inner);
		else
			walk(r, inner, place.pointer);
	}
}

/* --- cases ---------------------------------------------------------------- */

static void
appraise_whole(struct run *r)
{
	struct evidence evidence;

	ASSERT(!failed(evidence_read(r->cx, r->c->evidence, "", &evidence)));
	ASSERT(!failed(evidence_verify(r->cx, &evidence, &r->appraisal,
	    &r->whole)));
}

static bool
try_case(struct run *r, const char *path)
{
	struct evidence_case c;
	json_t *evidence;
	const char *verdict;

	ASSERT(!failed(evidence_case_read(r->cx, path, &c)));
	verdict = json_string_value(json_object_get(c.expect, "verdict"));
	if (verdict == NULL || strcmp(verdict, "accepted") != 0)
		return true;
	evidence = json_keep(r->cx, json_deep_copy(c.evidence));
	c.evidence = evidence;
	r->c = &c;
	r->appraisal = (struct appraisal){ .trust = &c.trust,
	    .at_s = c.at_s, .nonce = c.nonce, .raw = true,
	    .identifier = c.identifier };
	appraise_whole(r);
	walk(r, evidence, "");
	(void)printf("%sok - %s: %zu bits, %zu cuts, %zu listed\n",
	    r->n_accepted > 0 ? "not " : "", c.name, r->n_bits, r->n_cuts,
	    r->n_listed);
	return r->n_accepted == 0;
}

int
main(int argc, char **argv)
{
	struct run all = { .step = 1, .members = "*" };
	const char *known = NULL;
	struct seen *seen;
	bool ok = true;
	int i;

	ASSERT(sodium_init() >= 0);
	seen = seen_new(SEEN_BYTES_DEFAULT);
	/* Several of these may write to one file. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 1; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--step") == 0)
			all.step = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--known") == 0)
			known = argv[i + 1];
		else if (strcmp(argv[i], "--member") == 0)
			all.members = argv[i + 1];
	}
	ASSERT(all.step > 0);
	for (; i < argc; i++) {
		struct run r = all;
		struct ctx_root root;

		ctx_root_init(&root, NULL);
		ctx_root_init(&r.tried, NULL);
		r.cx = &root.cx;
		r.tried.cx.seen = seen;
		if (known != NULL)
			read_list(&r, known);
		ok = try_case(&r, argv[i]) && ok;
		ctx_root_fini(&r.tried);
		ctx_root_fini(&root);
	}
	seen_free(seen);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
