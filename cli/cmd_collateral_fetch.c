/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collateral from where it is published: Intel's provisioning certification
 * service or a cache of it (PCCS), both version 4 of its API; AMD's key
 * distribution service; Google's status list; a CRL by its URL.  The server
 * verifies all of it as if it came in files.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/vendor_file.h"

#define INTEL		"https://api.trustedservices.intel.com"
#define INTEL_ROOT_CRL	"https://certificates.trustedservices.intel.com/" \
    "IntelSGXRootCA.der"
#define INTEL_V4	"/sgx/certification/v4"
#define AMD		"https://kdsintf.amd.com"
#define ANDROID_STATUS	"https://android.googleapis.com/attestation/status"

#define FMSPC_CHARS	12u
#define FETCHED_MAX	16u	/* answers that are kept for another use */
#define ROWS_PAGE	50u	/* of the store, in one answer */
#define NAME_MAX_CHARS	200u
#define EXPIRING_MAX_S	(3650LL * 86400)

struct fetched { const char *url; struct fetch_answer answer; };

/* One run: what was fetched, what the server made of it, what failed. */
struct job {
	struct cli	*cli;
	const char	*path;		/* of the scope's collateral */
	const char	*from;		/* --from, or NULL */
	const char	*api_key;	/* a secret, or NULL */
	const char	*key_for;	/* URL: the key is for its host alone */
	struct fetched	 fetched[FETCHED_MAX];
	size_t		 n_fetched;
	json_t		*made;
	bool		 asked;		/* the server, about this item */
	size_t		 n_items, n_failed;
	struct err	 first;		/* failure */
};

/* One thing to get. */
struct wish {
	const char	*item;		/* FMSPC, product line or URL */
	const char	*base;		/* of the service */
	const char	*tee;		/* "sgx", "tdx" */
	const char	*pck_ca;
	const char	*name;		/* to keep it under; NULL: a usual one */
};

/* Scheme, host and port, as they are written. */
static struct slice
host_of(const char *url)
{
	const char *host = strstr(url, "://");
	size_t n = host == NULL ? strlen(url) : (size_t)(host + 3 - url);

	return SLICE((const uint8_t *)url, n + strcspn(url + n, "/"));
}

/* What was kept names other hosts too, and others may have said so. */
static const char *
key_for(const struct job *job, const char *url)
{
	return slice_equal(host_of(url), host_of(job->key_for)) ?
	    job->api_key : NULL;
}

static struct err
get(struct job *job, const char *url, bool https_only,
    struct fetch_answer *out)
{
	const struct fetch_call call = {
		.url = url, .https_only = https_only,
		.ca_file = cli_option(job->cli, OPT_SOURCE_CA),
		.api_key = key_for(job, url),
	};

	for (size_t i = 0; i < job->n_fetched; i++)
		if (strcmp(job->fetched[i].url, url) == 0) {
			*out = job->fetched[i].answer;
			return OK;
		}
	cli_progress(job->cli, "%s", table_safe(job->cli->cx, url));
	TRY(fetch(job->cli->cx, &call, out));
	if (job->n_fetched < FETCHED_MAX)
		job->fetched[job->n_fetched++] = (struct fetched){
			url, *out,
		};
	return OK;
}

/* Have the server verify and keep it; takes the document. */
static struct err
keep(struct job *job, const char *kind, const char *name,
    const char *provenance, json_t *document)
{
	struct ctx *cx = job->cli->cx;
	json_t *body = json_object(), *row;

	ASSERT(json_object_set_new(body, "document", document) == 0);
	cli_put_text(body, "kind", kind);
	cli_put_text(body, "name", arena_strndup(cx->arena, name,
	    strnlen(name, NAME_MAX_CHARS)));
	cli_put_text(body, "provenance", provenance);
	job->asked = true;
	TRY(cli_ask(job->cli, "POST", job->path, body, &row));
	if (row != NULL)
		ASSERT(json_array_append(job->made, row) == 0);
	return OK;
}

/* --- Intel -------------------------------------------------------------- */

/* A PCCS is often named with the path of its API. */
static const char *
intel_base(struct ctx *cx, const char *url)
{
	size_t n = strlen(url), n_path = strlen(INTEL_V4);

	while (n > 0 && url[n - 1] == '/')
		n--;
	if (n > n_path && strncmp(url + n - n_path, INTEL_V4, n_path) == 0)
		n -= n_path;
	return arena_strndup(cx->arena, url, n);
}

/* A PCCS has the root's CRL; Intel's own service does not give it out. */
static struct err
get_root_crl(struct job *job, const char *base, struct fetch_answer *out)
{
	struct err e = { ERR_NOT_FOUND };

	if (strcmp(base, INTEL) != 0)
		e = get(job, arena_printf(job->cli->cx->arena, "%s" INTEL_V4
		    "/rootcacrl", base), false, out);
	return e.code == ERR_NOT_FOUND ?
	    get(job, INTEL_ROOT_CRL, false, out) : e;
}

static struct err
put_intel(struct job *job, const struct wish *w, json_t *document)
{
	struct ctx *cx = job->cli->cx;
	const char *tcb = arena_printf(cx->arena,
	    "%s/%s/certification/v4/tcb?fmspc=%s", w->base, w->tee, w->item);
	const char *qe = arena_printf(cx->arena,
	    "%s/%s/certification/v4/qe/identity", w->base, w->tee);
	const char *crl = arena_printf(cx->arena, "%s" INTEL_V4
	    "/pckcrl?ca=%s&encoding=der", w->base, w->pck_ca);
	struct fetch_answer answer;

	TRY(get(job, tcb, false, &answer));
	TRY(vendor_file_put_text(cx, document, "tcb_info", tcb, answer.body));
	if (answer.issuer_chain == NULL)
		return FAIL(cx, ERR_MALFORMED, "%s: came without the "
		    "certificates of its signer", tcb);
	TRY(vendor_file_put_chain(cx, document, "tcb_signing_chain", tcb,
	    slice_text(answer.issuer_chain)));
	TRY(get(job, qe, false, &answer));
	TRY(vendor_file_put_text(cx, document, "qe_identity", qe,
	    answer.body));
	TRY(get(job, crl, false, &answer));
	TRY(vendor_file_put_crl(cx, document, "pck_crl", crl, answer.body));
	TRY(get_root_crl(job, w->base, &answer));
	return vendor_file_put_crl(cx, document, "root_crl",
	    "the root's CRL", answer.body);
}

static struct err
fetch_tee(struct job *job, const struct wish *w)
{
	struct ctx *cx = job->cli->cx;
	json_t *document = json_keep(cx, json_object());

	TRY(put_intel(job, w, document));
	return keep(job, "dcap", w->name != NULL ? w->name :
	    arena_printf(cx->arena, "%s %s %s", w->tee, w->item, w->pck_ca),
	    w->base, json_incref(document));
}

static struct err
fetch_intel(struct job *job, const struct wish *item)
{
	static const char *const tees[] = { "sgx", "tdx" };
	struct ctx *cx = job->cli->cx;
	const char *ca = cli_option(job->cli, OPT_PCK_CA);
	struct wish w = *item;
	size_t n = 0;

	if (strlen(w.item) != FMSPC_CHARS || strspn(w.item,
	    "0123456789abcdefABCDEF") != FMSPC_CHARS)
		return FAIL(cx, ERR_PARAMETER, "an FMSPC is %u hex digits",
		    FMSPC_CHARS);
	if (w.base == NULL)
		w.base = intel_base(cx, job->from != NULL ? job->from : INTEL);
	if (w.tee != NULL)
		return fetch_tee(job, &w);
	w.pck_ca = ca == NULL ? "platform" : ca;
	/* Not every processor has both. */
	for (size_t i = 0; i < COUNT_OF(tees); i++) {
		struct err e;

		w.tee = tees[i];
		e = fetch_tee(job, &w);
		if (failed(e) && (e.code != ERR_NOT_FOUND || job->asked))
			return e;
		n += !failed(e);
	}
	return n > 0 ? OK : FAIL(cx, ERR_NOT_FOUND,
	    "%s has nothing about that FMSPC", w.base);
}

/* --- the others ---------------------------------------------------------- */

static struct err
fetch_crl_as(struct job *job, const char *url, const char *name)
{
	struct ctx *cx = job->cli->cx;
	json_t *document = json_keep(cx, json_object());
	struct fetch_answer answer;

	TRY(get(job, url, false, &answer));
	TRY(vendor_file_put_crl(cx, document, "crl", url, answer.body));
	return keep(job, "crl", name, url, json_incref(document));
}

static struct err
fetch_crl(struct job *job, const struct wish *w)
{
	return fetch_crl_as(job, w->item, w->name != NULL ? w->name : w->item);
}

static struct err
fetch_amd(struct job *job, const struct wish *w)
{
	struct ctx *cx = job->cli->cx;

	for (const char *p = w->item; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p))
			return FAIL(cx, ERR_PARAMETER, "a line of processors "
			    "is one of Milan, Genoa, Turin");
	return fetch_crl_as(job, arena_printf(cx->arena, "%s/vcek/v1/%s/crl",
	    job->from != NULL ? job->from : AMD, w->item),
	    arena_printf(cx->arena, "AMD %s", w->item));
}

/* Nothing is signed over it: only the connection says that it is Google's. */
static struct err
fetch_android(struct job *job, const struct wish *w)
{
	const char *url = w->item != NULL ? w->item :
	    job->from != NULL ? job->from : ANDROID_STATUS;
	struct fetch_answer answer;
	json_t *document;

	TRY(get(job, url, true, &answer));
	TRY(json_parse(job->cli->cx, answer.body, &document));
	return keep(job, "android-status", w->name != NULL ? w->name :
	    "Google's status list", url, json_incref(document));
}

/* --- items -------------------------------------------------------------- */

static const struct source {
	const char	*name;
	struct err	(*fetch)(struct job *, const struct wish *);
	bool		 needs_items, items_are_urls;
} sources[] = {
	{ "amd", fetch_amd, true, false },
	{ "android", fetch_android, false, false },
	{ "crl", fetch_crl, true, true },
	{ "intel", fetch_intel, true, false },
};

/* One that fails is said, and the others are fetched all the same. */
static void
fetch_item(struct job *job, const struct source *source,
    const struct wish *wish)
{
	struct cli *cli = job->cli;
	const struct client_problem *problem;
	struct err e;

	job->asked = false;
	job->n_items++;
	e = source->fetch(job, wish);
	if (!failed(e))
		return;
	cli_progress_end(cli);
	problem = job->asked ? client_problem(cli->client) : NULL;
	(void)fprintf(stderr, "%s %s: %s%s%s\n", source->name,
	    wish->item == NULL ? "" : wish->item,
	    table_safe(cli->cx, cli->cx->trail->note),
	    problem != NULL && problem->detail[0] != '\0' ? " " : "",
	    problem == NULL ? "" : table_safe(cli->cx, problem->detail));
	if (job->n_failed++ == 0)
		job->first = e;
}

static const struct source *
source_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(sources); i++)
		if (strcmp(sources[i].name, name) == 0)
			return &sources[i];
	return NULL;
}

static struct err
fetch_named(struct job *job)
{
	struct cli *cli = job->cli;
	const char *name = cli_arg(cli, 0);
	const struct source *source = name == NULL ? NULL : source_named(name);

	if (source == NULL)
		return FAIL(cli->cx, ERR_PARAMETER, "say where from: amd, "
		    "android, crl or intel; or --expiring");
	if (source->needs_items != (cli_arg(cli, 1) != NULL))
		return FAIL(cli->cx, ERR_PARAMETER, source->needs_items ?
		    "say which: FMSPCs for intel, lines of processors for "
		    "amd, URLs for crl" : "%s takes no items", name);
	if (!source->needs_items)
		fetch_item(job, source, &(struct wish){ .item = NULL });
	for (size_t i = 1; cli_arg(cli, i) != NULL; i++) {
		if (source->items_are_urls)
			job->key_for = cli_arg(cli, i);
		fetch_item(job, source,
		    &(struct wish){ .item = cli_arg(cli, i) });
	}
	return OK;
}

/* --- again -------------------------------------------------------------- */

/* "SGX 00606a000000 0000 CN=Intel SGX PCK Platform CA,...". */
static bool
read_about(struct ctx *cx, const char *about, struct wish *out)
{
	const char *fmspc = about + 4;

	if (strnlen(about, 5) < 5 || strcspn(fmspc, " ") != FMSPC_CHARS)
		return false;
	if (strncmp(about, "SGX ", 4) == 0)
		out->tee = "sgx";
	else if (strncmp(about, "TDX ", 4) == 0)
		out->tee = "tdx";
	else
		return false;
	out->item = arena_strndup(cx->arena, fmspc, FMSPC_CHARS);
	out->pck_ca = strstr(fmspc, " Processor CA") != NULL ? "processor" :
	    "platform";
	return true;
}

/* Again what was fetched before: its provenance says from where. */
static void
fetch_row(struct job *job, const json_t *row)
{
	const char *kind = json_string_value(json_object_get(row, "kind"));
	const char *about = json_string_value(json_object_get(row, "about"));
	const char *from = json_string_value(json_object_get(row,
	    "provenance"));
	struct wish w = {
		.name = json_string_value(json_object_get(row, "name")),
		.item = from,
	};

	if (kind == NULL || about == NULL || from == NULL ||
	    (strncmp(from, "https://", 8) != 0 &&
	    strncmp(from, "http://", 7) != 0))
		return;
	if (strcmp(kind, "android-status") == 0)
		fetch_item(job, source_named("android"), &w);
	else if (strcmp(kind, "crl") == 0)
		fetch_item(job, source_named("crl"), &w);
	else if (strcmp(kind, "dcap") == 0 &&
	    read_about(job->cli->cx, about, &w)) {
		w.base = intel_base(job->cli->cx, job->from != NULL ?
		    job->from : from);
		fetch_item(job, source_named("intel"), &w);
	}
}

/* All rows, page by page: fetching changes the list. */
static struct err
list_rows(struct job *job, json_t *rows)
{
	struct ctx *cx = job->cli->cx;
	const char *path, *next = NULL;
	json_t *page;

	do {
		path = cli_query(cx, job->path, "limit",
		    arena_printf(cx->arena, "%u", ROWS_PAGE));
		if (next != NULL)
			path = cli_query(cx, path, "after", next);
		TRY(cli_ask(job->cli, "GET", path, NULL, &page));
		if (json_array_extend(rows, json_object_get(page,
		    "items")) != 0)
			return FAIL(cx, ERR_MALFORMED,
			    "the server's answer is no list");
		next = json_string_value(json_object_get(page, "next"));
	} while (next != NULL && json_array_size(json_object_get(page,
	    "items")) > 0);
	return OK;
}

static struct err
fetch_expiring(struct job *job)
{
	struct ctx *cx = job->cli->cx;
	const char *until, *expires, *within = cli_option(job->cli,
	    OPT_EXPIRING);
	json_t *rows = json_keep(cx, json_array()), *row;
	int64_t within_s;
	size_t i;

	if (cli_arg(job->cli, 0) != NULL)
		return FAIL(cx, ERR_PARAMETER,
		    "--expiring knows itself what to fetch");
	if (!text_parse_duration(within, EXPIRING_MAX_S, &within_s))
		return FAIL(cx, ERR_PARAMETER,
		    "--expiring is a duration such as 12h or 10d");
	until = text_time_dup(cx->arena, ctx_now(cx) + within_s);
	TRY(list_rows(job, rows));
	/* RFC 3339 in UTC: texts are in order of time. */
	json_array_foreach(rows, i, row) {
		expires = json_string_value(json_object_get(row,
		    "expires_at"));
		if (expires == NULL || strcmp(expires, until) <= 0)
			fetch_row(job, row);
	}
	return OK;
}

/* --- the command --------------------------------------------------------- */

static struct err
read_key(struct cli *cli, const char **out)
{
	const char *path = cli_option(cli, OPT_API_KEY);
	struct slice file;
	char *key;

	if (path == NULL)
		return OK;
	TRY(file_read_secret(cli->cx, path, FETCH_KEY_MAX, &file));
	while (file.n > 0 && isspace(file.p[file.n - 1]))
		file.n--;
	key = arena_strndup(cli->cx->arena, (const char *)file.p, file.n);
	/* It becomes a header: nothing in it may end one. */
	for (const char *p = key; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return FAIL(cli->cx, ERR_CONFIG,
			    "%s holds characters that no key has", path);
	if (*key == '\0')
		return FAIL(cli->cx, ERR_CONFIG, "%s is empty", path);
	*out = key;
	return OK;
}

static struct err
show(struct job *job)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "KIND", "kind", false },
		{ "NAME", "name", false }, { "ABOUT", "about", false },
		{ "EXPIRES", "expires_at", false },
	};
	struct table table = {
		.out = job->cli->out, .style = job->cli->style,
		.columns = columns, .n_columns = COUNT_OF(columns),
	};

	cli_progress_end(job->cli);
	if (job->cli->json)
		return cli_print(job->cli, job->made);
	if (json_array_size(job->made) > 0)
		table_rows(job->cli->cx, &table, job->made);
	return OK;
}

struct err
cmd_collateral_fetch(struct cli *cli)
{
	struct job *job = ARENA_NEW(cli->cx->arena, struct job);

	*job = (struct job){
		.cli = cli, .from = cli_option(cli, OPT_SOURCE_URL),
		.made = json_keep(cli->cx, json_array()),
	};
	TRY(cli_scope_path(cli, "/collateral", &job->path));
	TRY(read_key(cli, &job->api_key));
	job->key_for = job->from != NULL ? job->from : INTEL;
	TRY(cli_option(cli, OPT_EXPIRING) != NULL ? fetch_expiring(job) :
	    fetch_named(job));
	TRY(show(job));
	if (job->n_failed == 0)
		return OK;
	return FAIL(cli->cx, job->first.code, "%zu of %zu could not be "
	    "fetched and kept", job->n_failed, job->n_items);
}
