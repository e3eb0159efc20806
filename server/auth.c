/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth.h"

#include <strings.h>

#include "authority/client.h"
#include "authority/tenant.h"
#include "authority/token.h"

static struct err
check_certificate(struct ctx *cx, struct job *job)
{
	if (job->certificate.n == 0)
		return FAIL_TELL(cx, ERR_AUTH_REQUIRED,
		    "a device certificate is needed");
	TRY(client_authenticate(cx, job->engine->authority, job->certificate,
	    &job->device));
	job->request.device = &job->device;
	return OK;
}

/* An expired certificate, or another CA's, is no obstacle where evidence is the
 * proof.  A revoked one is: who shows it learns so at once. */
static struct err
look_at_certificate(struct ctx *cx, struct job *job)
{
	struct err e;

	if (job->certificate.n == 0)
		return OK;
	e = check_certificate(cx, job);
	if (e.code == ERR_STORAGE || e.code == ERR_CERT_REVOKED)
		return e;
	if (failed(e)) {
		log_put(cx->log, LOG_LEVEL_DEBUG, "client.ignored",
		    "id", cx->request_id, "code", err_dotted(e),
		    "note", cx->trail->note, NULL);
		ctx_forget(cx);
	}
	return OK;
}

/* RFC 6750, 2.1; the scheme's name in any case (RFC 9110, 11.1). */
static struct err
check_token(struct ctx *cx, struct job *job)
{
	static const char scheme[] = "Bearer ";
	const char *text = job->authorization;

	if (text == NULL)
		return FAIL_TELL(cx, ERR_AUTH_REQUIRED,
		    "an operator token is needed");
	if (strncasecmp(text, scheme, sizeof(scheme) - 1) != 0)
		return FAIL_TELL(cx, ERR_AUTH_TOKEN,
		    "Authorization is not of the Bearer kind");
	text += sizeof(scheme) - 1;
	TRY(token_authenticate(cx, job->engine->authority, text,
	    &job->principal));
	job->request.principal = &job->principal;
	return OK;
}

static struct err
find_tenant(struct ctx *cx, struct job *job)
{
	const struct principal *who = &job->principal;
	struct err e;

	if (job->match.tenant == NULL)
		return OK;
	e = tenant_find(cx, job->engine->authority, job->match.tenant,
	    &job->tenant);
	if (failed(e) && e.code != ERR_NOT_FOUND)
		return e;
	if (failed(e) ||
	    (who->tenant_id != 0 && who->tenant_id != job->tenant.id))
		return FAIL(cx, ERR_NOT_FOUND, "tenant of the path");
	job->request.tenant = &job->tenant;
	return OK;
}

static struct err
check_operator(struct ctx *cx, struct job *job, enum role least)
{
	const struct principal *who = &job->principal;

	TRY(check_token(cx, job));
	TRY(find_tenant(cx, job));
	if (who->role < least || (least == ROLE_ADMIN && who->tenant_id != 0))
		return FAIL(cx, ERR_AUTH_FORBIDDEN, "role is too low");
	return OK;
}

struct err
auth_check(struct ctx *cx, struct job *job)
{
	switch (job->match.route->auth) {
	case AUTH_NONE:
	case AUTH_NONE_AT_ONCE:
		return OK;
	case AUTH_CLIENT_MAYBE:
		return look_at_certificate(cx, job);
	case AUTH_CLIENT:
		return check_certificate(cx, job);
	case AUTH_READ:
		return check_operator(cx, job, ROLE_READER);
	case AUTH_AUDIT:
	case AUTH_WRITE:
	case AUTH_OWN:
		return check_operator(cx, job, ROLE_OWNER);
	case AUTH_ADMIN:
		return check_operator(cx, job, ROLE_ADMIN);
	}
	return FAIL(cx, ERR_INTERNAL, "route without a rule");
}
