/* SPDX-License-Identifier: Apache-2.0 */
/* The device side of error reports, a row of rest_device_routes:
 *	{ PLANE_DEVICE, "POST", "/v1/error-reports", AUTH_CLIENT,
 *	    REST_REPORT_BODY_MAX, "application/json", rest_error_report_post },
 */
#ifndef DAAPKI_SERVER_REST_REPORT_H
#define DAAPKI_SERVER_REST_REPORT_H

#include "server/http.h"

/* 1,000 events with descriptions of a kilobyte, escaped a little. */
#define REST_REPORT_BODY_MAX	(2u * 1024u * 1024u)

struct err	rest_error_report_post(struct ctx *,
		    const struct authority *, const struct http_request *,
		    struct http_reply *);

#endif
