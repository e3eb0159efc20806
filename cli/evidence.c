/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence.h"

#include <stdio.h>
#include <stdlib.h>

#include "attest/tpm2.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/evidence_case.h"
#include "cli/table.h"

#define EXIT_DIFFERENT	1
#define EXIT_USAGE	2
#define EXIT_REFUSED	3

struct options {
	bool		 expect, raw;
	const char	*trust, *spki;
	const char	*nonce, *at;
	struct slice	 nonce_bytes;
	int64_t		 at_s;
	char		**files;
	int		 n_files;
};

static const char usage_text[] =
    "usage: daactl evidence verify [--expect] [--trust FILE] [--nonce HEX]\n"
    "           [--at TIME] [--raw] [--spki FILE] FILE...\n";

/* --- what came out ---------------------------------------------------- */

/* The reason class of a code: what follows "evidence.", with a few joined. */
static const char *
reason_of(struct err e)
{
	static const struct { enum err_code code; const char *reason; } rows[] = {
		{ ERR_EV_KEY_NOT_BOUND, "binding" },
		{ ERR_EV_ACTIVATION, "mismatch" },
		{ ERR_EV_ROLLED_BACK, "nonce" },
		{ ERR_HW_UNKNOWN, "chain" },
	};
	static const char prefix[] = "evidence.";
	const char *dotted = err_dotted(e);

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].code == e.code)
			return rows[i].reason;
	if (strncmp(dotted, prefix, sizeof(prefix) - 1) == 0)
		return dotted + sizeof(prefix) - 1;
	return NULL;
}

static json_t *
list_json(const struct claim *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->list.n; i++)
		ASSERT(json_array_append_new(list,
		    json_string(c->list.items[i])) == 0);
	return list;
}

static json_t *
claim_json(struct ctx *cx, const struct claim *c)
{
	switch (c->kind->type) {
	case CLAIM_BOOL:
		return json_boolean(c->boolean);
	case CLAIM_UINT:
		/* JSON integers are signed here; vendors use all 64 bits. */
		if (c->uint > INT64_MAX)
			return json_string(arena_printf(cx->arena, "%llu",
			    (unsigned long long)c->uint));
		return json_integer((json_int_t)c->uint);
	case CLAIM_TEXT:
		return json_string(c->text);
	case CLAIM_BYTES:
		return json_string(text_hex(cx->arena, c->bytes));
	case CLAIM_LIST:
		return list_json(c);
	}
	return json_null();
}

static json_t *
claims_json(struct ctx *cx, const struct claims *claims)
{
	json_t *object = json_object();

	for (size_t i = 0; i < claims->n; i++)
		ASSERT(json_object_set_new(object, claims->items[i].name,
		    claim_json(cx, &claims->items[i])) == 0);
	return object;
}

static void
put_text_member(json_t *object, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		ASSERT(json_object_set_new(object, name,
		    json_string(value)) == 0);
}

/* One object with what the appraisal said. */
static json_t *
result_json(struct ctx *cx, const struct evidence_case *c, struct err e,
    const struct attestation *a)
{
	json_t *object = json_keep(cx, json_object());

	put_text_member(object, "case", c->name);
	put_text_member(object, "verdict", failed(e) ? "refused" : "accepted");
	if (failed(e)) {
		put_text_member(object, "reason", reason_of(e));
		put_text_member(object, "code", err_dotted(e));
		ASSERT(json_object_set_new(object, "claims",
		    json_object()) == 0);
		put_text_member(object, "detail", cx->trail->note);
		return object;
	}
	put_text_member(object, "hardware_id", a->hardware_id);
	put_text_member(object, "status", a->status);
	ASSERT(json_object_set_new(object, "claims",
	    claims_json(cx, &a->claims)) == 0);
	return object;
}

/* --- appraising ------------------------------------------------------- */

/* The key to be certified: from a file (DER), or the one the evidence has. */
static struct err
find_spki(struct ctx *cx, const struct options *o,
    const struct evidence *evidence, struct slice *out)
{
	if (o->spki != NULL)
		return file_read(cx, o->spki, ATTEST_CERT_MAX, out);
	*out = tpm2_key_spki(cx, evidence);
	if (out->n == 0)
		return FAIL(cx, ERR_PARAMETER, "the evidence does not hold "
		    "the certificate's key: give it with --spki, or --raw");
	return OK;
}

static bool
is_about_evidence(struct err e)
{
	return reason_of(e) != NULL;
}

/* *out_e: the verdict.  Fails only where no verdict can be given. */
static struct err
appraise(struct ctx *cx, const struct options *o,
    const struct evidence_case *c, struct attestation *out, struct err *out_e)
{
	struct trust option_trust = { .allow = 0 };
	struct appraisal a = {
		.trust = c->has_trust ? &c->trust : &option_trust,
		.at_s = c->has_at ? c->at_s : o->at_s,
		.nonce = c->has_nonce ? c->nonce : o->nonce_bytes,
		.raw = c->raw || o->raw,
		.identifier = c->identifier,
	};
	struct evidence evidence;
	struct err e;

	if (!c->has_nonce && o->nonce == NULL)
		a.raw = true;
	if (!c->has_trust && o->trust != NULL)
		TRY(evidence_trust_read(cx, o->trust, &option_trust));
	/* Its token is sealed for a server. */
	if (json_object_get(c->evidence, "activation") != NULL)
		e = FAIL(cx, ERR_EV_MALFORMED,
		    "an activation is for a server only");
	else
		e = evidence_read(cx, c->evidence, "/evidence", &evidence);
	if (!failed(e) && !a.raw)
		TRY(find_spki(cx, o, &evidence, &a.spki));
	if (!failed(e))
		e = evidence_verify(cx, &evidence, &a, out);
	*out_e = e;
	return failed(e) && !is_about_evidence(e) ? e : OK;
}

/* --- comparing -------------------------------------------------------- */

static bool
is_one_of(const json_t *allowed, const char *text)
{
	const json_t *item;
	size_t i;

	if (json_is_string(allowed))
		return text != NULL &&
		    strcmp(json_string_value(allowed), text) == 0;
	json_array_foreach(allowed, i, item)
		if (is_one_of(item, text))
			return true;
	return false;
}

static bool
same_member(const json_t *expect, const json_t *result, const char *name)
{
	const json_t *wanted = json_object_get(expect, name);

	return wanted == NULL ||
	    json_equal(wanted, json_object_get(result, name));
}

static bool
is_expected(const json_t *expect, const json_t *result)
{
	const json_t *claims = json_object_get(result, "claims");
	const json_t *wanted = json_object_get(expect, "reason");
	const char *name;
	json_t *value;

	if (json_object_get(expect, "verdict") == NULL ||
	    !same_member(expect, result, "verdict") ||
	    !same_member(expect, result, "status"))
		return false;
	if (wanted != NULL && !is_one_of(wanted,
	    json_string_value(json_object_get(result, "reason"))))
		return false;
	json_object_foreach(json_object_get(expect, "claims"), name, value)
		if (!json_equal(value, json_object_get(claims, name)))
			return false;
	return true;
}

static void
print_line(struct ctx *cx, const char *prefix, const json_t *value)
{
	struct slice text = json_text(cx, value);

	(void)printf("%s%.*s\n", prefix, (int)text.n, (const char *)text.p);
}

static int
print_tap(struct ctx *cx, int number, const struct evidence_case *c,
    const json_t *result)
{
	bool ok = c->expect != NULL && is_expected(c->expect, result);

	(void)printf("%sok %d - %s\n", ok ? "" : "not ", number, c->name);
	if (ok)
		return EXIT_SUCCESS;
	if (c->expect != NULL)
		print_line(cx, "# expected ", c->expect);
	else
		(void)puts("# the input does not say what to expect");
	print_line(cx, "# result ", result);
	return EXIT_DIFFERENT;
}

/* --- one input, all inputs -------------------------------------------- */

static int
complain(struct ctx *cx, const struct options *o, int number, const char *path)
{
	/* Names of members are whoever wrote the file's. */
	const char *note = table_safe(cx, cx->trail->note);

	(void)fprintf(stderr, "daactl: %s: %s%s%s\n", path,
	    table_safe(cx, cx->trail->pointer),
	    cx->trail->pointer[0] == '\0' ? "" : ": ", note);
	if (!o->expect)
		return EXIT_USAGE;
	(void)printf("not ok %d - %s\n# cannot be read: %s\n", number, path,
	    note);
	return EXIT_DIFFERENT;
}

static int
verify_one(struct ctx *cx, const struct options *o, int number)
{
	const char *path = o->files[number - 1];
	struct attestation a = { .status = NULL };
	struct evidence_case c;
	json_t *result;
	struct err e;

	if (failed(evidence_case_read(cx, path, &c)) ||
	    failed(appraise(cx, o, &c, &a, &e)))
		return complain(cx, o, number, path);
	result = result_json(cx, &c, e, &a);
	if (o->expect)
		return print_tap(cx, number, &c, result);
	print_line(cx, "", result);
	return failed(e) ? EXIT_REFUSED : EXIT_SUCCESS;
}

/* An input that could not be read outweighs one that was refused. */
static int
worse(int a, int b)
{
	if (a == EXIT_USAGE || b == EXIT_USAGE)
		return EXIT_USAGE;
	return a > b ? a : b;
}

static int
verify_all(struct ctx *cx, const struct options *o)
{
	int status = EXIT_SUCCESS;

	if (o->expect)
		(void)printf("1..%d\n", o->n_files);
	for (int i = 1; i <= o->n_files; i++) {
		struct ctx_root root;

		/* One input's memory and failure are its own. */
		ctx_root_init(&root, cx->log);
		root.cx.clock = cx->clock;
		root.cx.rng = cx->rng;
		root.cx.seen = cx->seen;
		status = worse(status, verify_one(&root.cx, o, i));
		ctx_root_fini(&root);
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		return EXIT_USAGE;
	return status;
}

/* --- the command line ------------------------------------------------- */

static bool
read_value(int argc, char **argv, int *i, const char *name, const char **out)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n) != 0)
		return false;
	if (argv[*i][n] == '=') {
		*out = argv[*i] + n + 1;
		return true;
	}
	if (argv[*i][n] != '\0' || *i + 1 == argc)
		return false;
	*out = argv[++*i];
	return true;
}

static bool
read_options(struct ctx *cx, int argc, char **argv, struct options *o)
{
	int i;

	for (i = 0; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (argv[i][2] == '\0') {
			i++;
			break;
		}
		if (strcmp(argv[i], "--expect") == 0)
			o->expect = true;
		else if (strcmp(argv[i], "--raw") == 0)
			o->raw = true;
		else if (!read_value(argc, argv, &i, "--trust", &o->trust) &&
		    !read_value(argc, argv, &i, "--nonce", &o->nonce) &&
		    !read_value(argc, argv, &i, "--at", &o->at) &&
		    !read_value(argc, argv, &i, "--spki", &o->spki))
			return false;
	}
	o->files = argv + i;
	o->n_files = argc - i;
	o->at_s = ctx_now(cx);
	return o->n_files > 0 &&
	    (o->at == NULL || text_parse_time(o->at, &o->at_s)) &&
	    (o->nonce == NULL || text_unhex_any(cx->arena, o->nonce,
	    EVIDENCE_NONCE_MAX, &o->nonce_bytes));
}

int
cli_evidence_verify(struct ctx *cx, int argc, char **argv)
{
	struct options o = { .expect = false };

	if (argc == 1 && strcmp(argv[0], "--help") == 0) {
		(void)fputs(usage_text, stdout);
		return EXIT_SUCCESS;
	}
	if (!read_options(cx, argc, argv, &o)) {
		(void)fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	return verify_all(cx, &o);
}
