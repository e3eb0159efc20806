/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth.h"

#include <strings.h>

#include "authority/client.h"
#include "authority/oidc.h"
#include "authority/role.h"
#include "authority/scope.h"
#include "authority/tenant.h"
#include "authority/token.h"
#include "server/operator_ca.h"

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

/* Where operator_ca_file is set, in place of a token. */
static struct err
check_operator_certificate(struct ctx *cx, struct job *job)
{
	struct token_certificate shown;

	TRY(operator_ca_verify(cx, job->engine->authority,
	    job->engine->operators, job->certificate, &shown));
	TRY(token_authenticate_certificate(cx, job->engine->authority,
	    &shown, &job->principal));
	job->request.principal = &job->principal;
	return OK;
}

/* RFC 6750, 2.1; the scheme's name in any case (RFC 9110, 11.1). */
static struct err
check_token(struct ctx *cx, struct job *job)
{
	static const char scheme[] = "Bearer ";
	const char *text = job->authorization;

	if (text == NULL && job->certificate.n > 0)
		return check_operator_certificate(cx, job);
	if (text == NULL)
		return FAIL_TELL(cx, ERR_AUTH_REQUIRED,
		    "an operator token is needed");
	if (strncasecmp(text, scheme, sizeof(scheme) - 1) != 0)
		return FAIL_TELL(cx, ERR_AUTH_TOKEN,
		    "Authorization is not of the Bearer kind");
	text += sizeof(scheme) - 1;
	TRY((oidc_is_jwt(text) ? oidc_authenticate : token_authenticate)(cx,
	    job->engine->authority, text, &job->principal));
	job->request.principal = &job->principal;
	return OK;
}

/* 403 here is somebody of an issuer who has no rule, so no rate either. */
static bool
is_nobody(struct err e)
{
	return err_http(e) == 401 || err_http(e) == 403;
}

/*
 * Who guesses costs the database a look each time, so that an address which
 * failed too often is not looked at: also not with what is right, for a moment.
 */
static struct err
check_who(struct ctx *cx, struct job *job)
{
	const struct engine *engine = job->engine;
	const char *address = job->request.address;
	struct err e;

	TRY(rate_look(cx, engine->failures, address));
	e = check_token(cx, job);
	if (is_nobody(e) && failed(rate_take(cx, engine->failures, address,
	    NULL)))
		return (struct err){ ERR_RATE };
	TRY(e);
	return rate_take(cx, engine->principals, job->principal.id,
	    &job->rate);
}

/* Of a deleted one, the platform sees what is left. */
static bool
may_reach(const struct job *job)
{
	const struct principal *who = &job->principal;

	if (who->tenant_id != 0 && who->tenant_id != job->tenant.id)
		return false;
	return !job->tenant.is_deleted || (who->tenant_id == 0 &&
	    (strcmp(job->match.route->method, "GET") == 0 ||
	    job->match.route->auth == AUTH_ADMIN));
}

static struct err
find_tenant(struct ctx *cx, struct job *job)
{
	struct err e;

	if (job->match.tenant == NULL)
		return OK;
	e = tenant_find(cx, job->engine->authority, job->match.tenant,
	    &job->tenant);
	if (failed(e) && e.code != ERR_NOT_FOUND)
		return e;
	if (failed(e) || !may_reach(job))
		return FAIL(cx, ERR_NOT_FOUND, "tenant of the path");
	job->request.tenant = &job->tenant;
	return OK;
}

/* --- rights ------------------------------------------------------------- */

struct rule {
	bool		is_operator;
	enum right	right;
	bool		of_platform;	/* a tenant's principal never has it */
	bool		of_group;	/* a group's principal may have it */
};

static const struct rule rules[AUTH_COUNT] = {
	[AUTH_READ] = { true, RIGHT_READ, false, false },
	[AUTH_AUDIT] = { true, RIGHT_AUDIT, false, false },
	[AUTH_WRITE] = { true, RIGHT_WRITE, false, false },
	[AUTH_OWN] = { true, RIGHT_OWN, false, false },
	[AUTH_READ_GROUP] = { true, RIGHT_READ, false, true },
	[AUTH_WRITE_GROUP] = { true, RIGHT_WRITE, false, true },
	[AUTH_OWN_GROUP] = { true, RIGHT_OWN, false, true },
	[AUTH_PLATFORM_READ] = { true, RIGHT_READ, true, false },
	[AUTH_PLATFORM_AUDIT] = { true, RIGHT_AUDIT, true, false },
	[AUTH_ADMIN] = { true, RIGHT_ADMIN, true, false },
};

/* The name of a path's parameter: "{ca}.crl" is "ca". */
static const char *
next_param(struct ctx *cx, const char **path)
{
	const char *open = strchr(*path, '{'), *name;
	size_t n;

	if (open == NULL)
		return NULL;
	n = strcspn(open + 1, "}*");
	name = arena_strndup(cx->arena, open + 1, n);
	*path = open + 1 + n;
	return name;
}

/* What the path names, all of it, is of the principal's group.  A path that
 * names nothing which could tell is no group's: better refused than guessed. */
static struct err
check_scope(struct ctx *cx, struct job *job)
{
	const char *path = job->match.route->path, *name;
	size_t n_known = 0, n_unknown = 0;

	for (size_t i = 0; (name = next_param(cx, &path)) != NULL; i++) {
		if (strcmp(name, "tenant") == 0)
			continue;
		if (!scope_knows(name)) {
			n_unknown++;
			continue;
		}
		n_known++;
		TRY(scope_check(cx, job->engine->authority, &job->principal,
		    name, job->match.params[i]));
	}
	if (n_unknown > 0 && n_known == 0)
		return FAIL(cx, ERR_AUTH_FORBIDDEN, "no group's path");
	return OK;
}

static struct err
check_operator(struct ctx *cx, struct job *job, const struct rule *rule)
{
	const struct principal *who = &job->principal;

	TRY(check_who(cx, job));
	TRY(find_tenant(cx, job));
	if (!role_may(who->role, rule->right))
		return FAIL(cx, ERR_AUTH_FORBIDDEN, "role is too low");
	if (rule->of_platform && who->tenant_id != 0)
		return FAIL(cx, ERR_AUTH_FORBIDDEN, "for the platform's only");
	if (who->group_id == 0)
		return OK;
	if (!rule->of_group)
		return FAIL(cx, ERR_AUTH_FORBIDDEN, "not for one group's");
	return check_scope(cx, job);
}

struct err
auth_check(struct ctx *cx, struct job *job)
{
	const struct rule *rule;

	switch (job->match.route->auth) {
	case AUTH_NONE:
	case AUTH_NONE_AT_ONCE:
		return OK;
	case AUTH_CLIENT_MAYBE:
		return look_at_certificate(cx, job);
	case AUTH_CLIENT:
		return check_certificate(cx, job);
	default:
		break;
	}
	rule = &rules[job->match.route->auth];
	if (!rule->is_operator)
		return FAIL(cx, ERR_INTERNAL, "route without a rule");
	return check_operator(cx, job, rule);
}
