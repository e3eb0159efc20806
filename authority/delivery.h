/* SPDX-License-Identifier: Apache-2.0 */
/* What a webhook is sent of an event, and what its tenant is told of how that
 * went. */
#ifndef DAAPKI_AUTHORITY_DELIVERY_H
#define DAAPKI_AUTHORITY_DELIVERY_H

#include "authority/courier.h"
#include "codec/json.h"
#include "db/event.h"

/* Bytes of a body; the courier takes no longer one. */
#define DELIVERY_BODY_MAX	COURIER_BODY_MAX

/* The data of an event; empty where it is no JSON object. */
json_t		*delivery_data(struct ctx *, const struct event_row *);
/*
 * The body that is sent (Standard Webhooks).  An event whose data would make it
 * too long is sent without, with "data_omitted": true: its ID says where in the
 * feed it is.  It always fits.
 */
struct slice	 delivery_body(struct ctx *, const struct event_row *);

/* What the tenant is told.  why: words, for the excerpt. */
struct delivery_told {
	enum courier_outcome	 outcome;
	uint32_t		 ms;
	const char		*why;
};
/*
 * A name that has no address and one whose address is not to be connected to
 * are told alike, and without a time: else a tenant could ask which names there
 * are inside.
 */
struct delivery_told delivery_tell(const struct courier_answer *);

#endif
