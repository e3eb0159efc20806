/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and certificates as operators see them; part of rest_claim_routes. */
#ifndef DAAPKI_SERVER_REST_DEVICE_ADMIN_H
#define DAAPKI_SERVER_REST_DEVICE_ADMIN_H

#include "authority/device.h"
#include "server/http.h"

/* The device object, also of GET /v1/self; a new reference. ERR_STORAGE */
struct err	rest_device_json(struct ctx *, const struct tenant *,
		    const struct device_view *, json_t **out);

#define REST_HANDLER(name)						\
struct err	name(struct ctx *, const struct authority *,		\
		    const struct http_request *, struct http_reply *)

REST_HANDLER(rest_device_get);		/* GET .../devices/{device} */
REST_HANDLER(rest_device_patch);	/* PATCH .../devices/{device} */
REST_HANDLER(rest_device_ban);		/* POST .../devices/{device}/ban */
REST_HANDLER(rest_device_unban);	/* POST .../devices/{device}/unban */
REST_HANDLER(rest_device_refusals);	/* GET .../devices/{device}/refusals */
REST_HANDLER(rest_device_result);	/* GET .../attestation-result */
REST_HANDLER(rest_certificate_list);	/* GET .../certificates */
REST_HANDLER(rest_certificate_get);	/* GET .../certificates/{serial} */
REST_HANDLER(rest_certificate_revoke);	/* POST .../{serial}/revoke */
REST_HANDLER(rest_certificate_replay);	/* POST .../{serial}/replay */

/* A new array of them. */
json_t		*rest_certificates_json(struct ctx *,
		    const struct certificate_row *, size_t n);

/* "?name=true" or "false" as 1 or 0; -1 when absent.  ERR_PARAMETER */
struct err	rest_query_flag(struct ctx *, const struct http_request *,
		    const char *name, int *out);

#endif
