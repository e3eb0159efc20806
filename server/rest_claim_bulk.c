/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_claim_bulk.h"

#include <strings.h>

#include "authority/claim_proof.h"
#include "base/base.h"
#include "base/text.h"
#include "server/rest_bulk.h"
#include "server/rest_device_admin.h"
#include "server/rest_operation.h"
#include "server/rest_proposal.h"

struct err
rest_query_reason(struct ctx *cx, const struct http_request *request,
    const char **out)
{
	const char *reason = http_query(request, "reason");

	if (reason != NULL && (strlen(reason) > CLAIM_REASON_MAX ||
	    !text_is_printable(slice_text(reason))))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "reason: at most %u printable bytes", CLAIM_REASON_MAX);
	*out = reason;
	return OK;
}

/* Lines that a body may have: what is at most that many is few. */
static size_t
count_lines(struct slice body)
{
	size_t n = body.n > 0 && body.p[body.n - 1] != '\n';

	for (size_t i = 0; i < body.n; i++)
		n += body.p[i] == '\n';
	return n;
}

/* Does Prefer (RFC 7240) hold that token, with or without a value? */
static bool
prefers(const struct http_request *request, const char *token)
{
	const char *at = http_header(request, "Prefer");
	size_t n = strlen(token);

	while (at != NULL && *at != '\0') {
		at += strspn(at, " \t,;");
		if (strncasecmp(at, token, n) == 0 &&
		    strchr(" \t,;=", at[n]) != NULL)
			return true;
		at += strcspn(at, ",");
	}
	return false;
}

static bool
is_at_once(const struct http_request *request)
{
	size_t n = count_lines(request->body);

	/* What is asked again with its key is answered as it was: that is kept
	 * of what is made in one transaction. */
	if (prefers(request, "respond-async") ||
	    http_header(request, "Idempotency-Key") != NULL)
		return false;
	return n <= (prefers(request, "wait") ? CLAIM_AT_ONCE_MAX :
	    CLAIM_AT_ONCE);
}

static bool
is_csv(const struct http_request *request)
{
	return strcmp(request->content_type, "text/csv") == 0;
}

static struct err
reply_at_once(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct claim_bulk *how,
    struct http_reply *reply)
{
	struct claim_line *lines;
	size_t n;

	TRY(rest_bulk_lines(cx, request->body, is_csv(request), &lines, &n));
	TRY(claim_many(cx, a, request->tenant, request->principal, how,
	    lines, n));
	TRY(rest_bulk_print(cx, lines, n, &reply->body));
	reply->status = 200;
	reply->content_type = "application/x-ndjson";
	return OK;
}

#define LINES_A_RESET	256u	/* lines that are read in one memory */

/* Each few lines in memory of their own: a body is long. */
static struct err
put_lines(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct rest_bulk *b,
    struct operation_input *in)
{
	struct ctx_root root;
	struct claim_line line;
	struct err e = OK;

	ctx_root_init(&root, cx->log);
	for (unsigned n = 1; !failed(e) &&
	    rest_bulk_next(&root.cx, b, &line); n++) {
		e = claim_bulk_put(&root.cx, a, tenant, in, &line);
		if (!failed(e) && n % LINES_A_RESET == 0)
			ctx_root_reset(&root);
	}
	if (failed(e))
		*cx->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}

static struct err
say_later(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	if (prefers(request, "respond-async"))
		http_add_header(reply, "Preference-Applied", "respond-async");
	rest_operation_reply(cx, made, reply);
	return OK;
}

/* The receipt is the proposal's, so nothing is said here yet. */
static struct err
propose(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct operation_input *in)
{
	struct proposal_spec spec = { .kind = PROPOSAL_BULK_RELEASE };
	struct operation_row row;

	TRY(operation_end(cx, in, &row));
	spec.subject = row.name;
	spec.params = json_pack("{s:s, s:I}", "operation", row.name, "items",
	    (json_int_t)row.items);
	return rest_proposal_make(cx, a, request, request->tenant, &spec);
}

static struct err
reply_later(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct claim_bulk *how)
{
	struct operation_input *in;
	struct operation_row row;
	struct rest_bulk b;

	TRY(rest_bulk_begin(cx, request->body, is_csv(request), &b));
	TRY(claim_bulk_begin(cx, a, request->tenant, request->principal, how,
	    &in));
	TRY(put_lines(cx, a, request->tenant, &b, in));
	if (how->held)
		return propose(cx, a, request, in);
	http_will_say(cx, a, request, say_later, &row);
	TRY(operation_end(cx, in, &row));
	return http_say(cx, request);
}

static struct err
bulk(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct claim_bulk *how,
    struct http_reply *reply)
{
	int dry;

	TRY(rest_query_flag(cx, request, "dry_run", &dry));
	how->dry = dry == 1;
	how->held = how->release && !how->dry &&
	    proposal_is_needed(a, PROPOSAL_BULK_RELEASE);
	return !how->held && is_at_once(request) ?
	    reply_at_once(cx, a, request, how, reply) :
	    reply_later(cx, a, request, how);
}

struct err
rest_bulk_claim(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct claim_bulk how = { .release = false };

	TRY(claim_proof_wanted(cx, a, http_query(request, "proof"),
	    &how.proof));
	return bulk(cx, a, request, &how, reply);
}

struct err
rest_bulk_release(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct claim_bulk how = { .release = true };

	TRY(rest_query_reason(cx, request, &how.reason));
	return bulk(cx, a, request, &how, reply);
}
