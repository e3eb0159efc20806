/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a method and a path to a row of the route tables.
 *
 * A pattern's segment is literal text, or {name}, or {name} with literal text
 * after it ("{ca}.crl").  A last segment {name*} takes all that is left of the
 * path, slashes and all.  Where several patterns fit, the one that has literal
 * text where the other has a name wins.
 */
#ifndef DAAPKI_SERVER_ROUTER_H
#define DAAPKI_SERVER_ROUTER_H

#include "server/http.h"

#define ROUTER_PATH_MAX		512u
#define ROUTER_ALLOW_MAX	64u	/* "DELETE, GET, HEAD, PATCH, POST, PUT" */

/* The tables of all doors: server/routes.c. */
extern const struct route_table *const	routes_all[];
extern const size_t			routes_n_tables;

struct router_match {
	const struct route	*route;
	const char		*params[HTTP_PARAMS_MAX];
	const char		*tenant;	/* the {tenant} of the path, or NULL */
	char			 allow[ROUTER_ALLOW_MAX]; /* set by ERR_METHOD too */
};

/*
 * path is as it was sent, without the query; its segments are decoded once
 * ("%2d"), and one that then holds '/', a control character or no UTF-8 fits
 * nothing.  HEAD fits where GET does.
 * ERR_ROUTE	no pattern fits
 * ERR_METHOD	none with that method; out->allow says which there are
 */
struct err	router_find(struct ctx *, const struct route_table *const *tables,
		    size_t n_tables, enum plane, const char *method,
		    const char *path, struct router_match *out);

/*
 * Undo percent encoding (RFC 3986, 2.1).  false when it is not well formed or
 * what comes out holds a NUL.
 */
bool		router_decode(struct arena *, struct slice, char **out);

#endif
