/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a door sees of HTTP.  No libmicrohttpd type shows here.
 *
 * A route is a row of a table: plane, method, path, who may, how large a body
 * of which type.  The engine has held all of that before a handler runs, on a
 * worker thread unless the row says otherwise; the handler reads the request,
 * calls one function of authority/ and says the answer.
 */
#ifndef DAAPKI_SERVER_HTTP_H
#define DAAPKI_SERVER_HTTP_H

#include "authority/authority.h"
#include "authority/client.h"
#include "authority/revision.h"
#include "codec/json.h"

enum plane { PLANE_DEVICE, PLANE_OPERATOR, PLANE_STATUS, PLANE_COUNT };

enum route_auth {
	AUTH_NONE,		/* anybody */
	AUTH_NONE_AT_ONCE,	/* anybody, and see http_request.at_once */
	AUTH_CLIENT_MAYBE,	/* device plane: a certificate is looked at if sent */
	AUTH_CLIENT,		/* device plane: a valid device certificate */
	/* Operator plane, all of the path's tenant: */
	AUTH_READ,		/* look */
	AUTH_AUDIT,		/* look at who did what */
	AUTH_WRITE,		/* make and change */
	AUTH_OWN,		/* take away, give away, revoke, say who may */
	/*
	 * The same, and principals of one group have it too: what the path
	 * names must be of their group (authority/scope.h), which is held
	 * before the handler runs.  Lists, and groups that a body or a query
	 * names, are held by the handler with scope_group(), scope_list().
	 */
	AUTH_READ_GROUP,
	AUTH_WRITE_GROUP,
	AUTH_OWN_GROUP,
	/* Operator plane, no tenant's principal: */
	AUTH_PLATFORM_READ,
	AUTH_PLATFORM_AUDIT,
	AUTH_ADMIN,		/* platform administrator */
	AUTH_COUNT,
};

#define HTTP_PARAMS_MAX		4u
#define HTTP_BODY_JSON_MAX	(64u * 1024u)
#define HTTP_BODY_EVIDENCE_MAX	(2u * 1024u * 1024u)	/* event log in base64url */
#define HTTP_BODY_BULK_MAX	(16u * 1024u * 1024u)	/* 100,000 claims */
#define HTTP_HEADERS_MAX	8u

struct http_request {
	enum plane			 plane;
	const char			*method, *path;
	const char			*params[HTTP_PARAMS_MAX]; /* {..} of the path */
	const char			*accept;		/* "" when not sent */
	const char			*content_type;		/* without parameters */
	struct slice			 body;
	const json_t			*json;		/* of application/json */
	const struct principal		*principal;	/* AUTH_READ and up */
	const struct tenant		*tenant;	/* path with {tenant} */
	const struct client_device	*device;	/* AUTH_CLIENT*; may be NULL */
	const char			*address;	/* of the peer, text */
	void				*engine;	/* http_query() needs it */
	/*
	 * The handler of a route of AUTH_NONE_AT_ONCE is called on the I/O
	 * thread first, so that a flood elsewhere cannot delay what is in
	 * memory.  There it must not wait for anything: where it would, it
	 * calls http_reply_later() and is called again, on a worker, without
	 * this.
	 */
	bool				 at_once;
	/* http_wait.keep of the run before, when this is not the first. */
	int64_t				 kept;
};

struct http_header { const char *name, *value; };

/*
 * A reply that has nothing to say yet: no thread waits, and the handler is
 * called again when there is an event.  The reply as it is goes out when the
 * time is over.
 */
#define HTTP_WAIT_MAX_S	60u
struct http_wait {
	unsigned	seconds;	/* 0: it is not to wait */
	int64_t		tenant_id;	/* for events of it, or FEED_ANY */
	uint64_t	mark;		/* feed_mark() before it looked */
	int64_t		keep;		/* for the next run */
};

struct http_reply {
	unsigned		 status;
	const char		*content_type;
	struct slice		 body;		/* must live as long as cx->arena */
	struct http_header	 headers[HTTP_HEADERS_MAX];
	size_t			 n_headers;
	bool			 is_later;	/* http_reply_later() */
	struct http_wait	 wait;
};

/* A header of the request that engine_headers[] lists; NULL: it was not sent. */
const char	*http_header(const struct http_request *, const char *name);
/* A query parameter; NULL when it was not given. */
const char	*http_query(const struct http_request *, const char *name);
/* ?after= and ?limit= of a list.  ERR_PARAMETER */
struct err	 http_query_page(struct ctx *, const struct http_request *,
		    struct page *out);
/* ?limit= alone, of a list with cursors of its own.  ERR_PARAMETER */
/* ?limit= alone.  ERR_PARAMETER */
struct err	 http_query_limit(struct ctx *, const struct http_request *,
		    unsigned *out);
/* A query parameter that is a time; fallback when absent.  ERR_PARAMETER */
struct err	 http_query_time(struct ctx *, const struct http_request *,
		    const char *name, int64_t fallback_s, int64_t *out_s);

/*
 * If-Match (RFC 9110, 13.1.1): the revision that is to be changed, or
 * REVISION_ANY.  ERR_PRECONDITION: it holds no tag that was ever given.
 */
struct err	 http_if_match(struct ctx *, const struct http_request *,
		    int64_t *out_revision);
/* The ETag that http_if_match() reads. */
void		 http_add_revision(struct ctx *, struct http_reply *,
		    int64_t revision);

void	http_add_header(struct http_reply *, const char *name,
	    const char *value);
/* Says value as JSON with that status; takes the reference. */
void	http_reply_json(struct ctx *, struct http_reply *, unsigned status,
	    json_t *value);
/* {"items": items, "next": cursor}; next is left out when it is 0. */
void	http_reply_list(struct ctx *, struct http_reply *, json_t *items,
	    int64_t next);
/* The same with a cursor that is text; NULL: there is no more. */
void	http_reply_page(struct ctx *, struct http_reply *, json_t *items,
	    const char *next);
void	http_reply_empty(struct http_reply *, unsigned status);
/*
 * A handler that makes something says how its answer is built before it has it
 * made: made is what the call fills, say the function that builds the reply of
 * it, status and headers too.  With an Idempotency-Key it is built within the
 * transaction, where receipt_add() stands, and must read no database.
 *	http_will_say(cx, a, request, say_group, &made);
 *	TRY(group_create(..., &made));
 *	return http_say(cx, request);
 */
typedef struct err http_say_fn(struct ctx *, const struct authority *,
    const struct http_request *, const void *made, struct http_reply *);
struct http_saying {
	http_say_fn		*say;
	const struct authority	*authority;
	const void		*made;
};
void		 http_will_say(struct ctx *, const struct authority *,
		    const struct http_request *, http_say_fn *, void *made);
struct err	 http_say(struct ctx *, const struct http_request *);

/* This reply needs more than memory: only while request->at_once. */
void	http_reply_later(struct http_reply *);

/* What caches may do with a reply (RFC 9110, 8.8; RFC 9111). */
struct http_freshness {
	const char	*etag;		/* with its quotes */
	int64_t		 modified_s;
	int64_t		 expires_s;	/* 0: not said */
	int64_t		 age_s;		/* how long it need not be asked for */
};
/*
 * Say it, on a reply that is else complete.  Where the request shows that the
 * client has this very body, the reply becomes 304 without it.
 */
void	http_reply_cached(struct ctx *, const struct http_request *,
	    struct http_reply *, const struct http_freshness *);

struct route {
	enum plane	 plane;
	const char	*method;
	const char	*path;		/* "/v1/tenants/{tenant}/groups" */
	enum route_auth	 auth;
	size_t		 body_max;	/* 0: no body is taken */
	const char	*media_types;	/* "application/json", or several by ',' */
	struct err	(*handle)(struct ctx *, const struct authority *,
			    const struct http_request *, struct http_reply *);
};

struct route_table { const struct route *routes; size_t n; };

/* Each door has one table; server/routes.c lists the tables. */
extern const struct route_table
    rest_device_routes,		/* challenges, activations, enrolments, self */
    rest_tenant_routes,		/* tenants, groups, policies, tokens */
    rest_proposal_routes,	/* what two people decide */
    rest_issuer_routes,		/* whose JWTs are operators' */
    rest_error_group_routes,	/* error events by group and day */
    rest_profile_routes,	/* certificate profiles */
    rest_policy_routes,		/* the life of policies */
    rest_ca_routes,		/* CAs, bundles */
    rest_trust_routes,		/* anchors, hardware inventory */
    rest_collateral_routes,	/* what vendors publish */
    rest_audit_routes,		/* who did what */
    rest_metrics_routes,	/* what Prometheus reads */
    rest_ban_routes,		/* bans by rule */
    rest_claim_routes,		/* claims, devices, certificates */
    rest_transfer_routes,	/* devices from tenant to tenant */
    rest_recovery_routes,	/* of orphaned tenants */
    rest_reference_routes,	/* known-good values for policies */
    rest_operation_routes,	/* long work */
    rest_manifest_routes,	/* signed lists of parts */
    rest_report_routes,		/* error reports */
    rest_event_routes,		/* what happens */
    rest_webhook_routes,	/* where it is sent to */
    ocsp_routes,		/* what OCSP clients ask */
    status_routes;		/* CRLs, CA certificates, health */

#endif
