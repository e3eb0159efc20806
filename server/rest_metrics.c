/* SPDX-License-Identifier: Apache-2.0 */
/* What Prometheus reads: of all tenants, so for the platform's principals. */
#include "base/base.h"
#include "server/engine.h"

static struct err
metrics_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct job *job = request->engine;
	struct buf b = buf_in(cx->arena, METRICS_BYTES);

	TRY(metrics_print(cx, job->engine->metrics, a, &b));
	reply->status = 200;
	reply->content_type = METRICS_TYPE;
	reply->body = buf_slice(&b);
	return OK;
}

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", "/metrics", AUTH_PLATFORM_READ, 0, NULL,
	    metrics_get },
};

const struct route_table rest_metrics_routes = { routes, COUNT_OF(routes) };
