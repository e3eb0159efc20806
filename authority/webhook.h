/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks after the Standard Webhooks specification, 1.0: where a tenant has
 * its events sent to, and what signs them.  authority/dispatch.h sends.
 */
#ifndef DAAPKI_AUTHORITY_WEBHOOK_H
#define DAAPKI_AUTHORITY_WEBHOOK_H

#include "authority/authority.h"
#include "db/event.h"
#include "db/webhook.h"

#define WEBHOOKS_MAX		32u	/* of a tenant */
#define WEBHOOK_TYPES_MAX	32u	/* filters of one */
#define WEBHOOK_TYPES_TEXT_MAX	1024u
#define WEBHOOK_DESCRIPTION_MAX	200u
#define WEBHOOK_KEY_SIZE	32u	/* HMAC key, or seed of an Ed25519 key */
#define WEBHOOK_DELIVERIES_MAX	100u	/* kept of one */
#define WEBHOOK_OVERLAP_MAX_S	(7 * 86400)
#define WEBHOOK_SIGNATURE_MAX	256u	/* of two keys */

struct webhook_spec {
	const char	*url, *description, *kind;
	const char	*types;		/* as in webhook_row */
};

struct webhook_made {
	struct webhook_row	 row;
	const char		*secret;	/* whsec_..., for hmac; shown once */
};

/*
 * ERR_FIELD		a member is not acceptable
 * ERR_CONFLICT		WEBHOOKS_MAX
 */
struct err	webhook_create(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct webhook_spec *, struct webhook_made *out);
/* All of these: ERR_NOT_FOUND. */
struct err	webhook_get(struct ctx *, const struct authority *,
		    const struct tenant *, int64_t id,
		    struct webhook_row *out);
struct err	webhook_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct webhook_row **out, size_t *out_n);
struct err	webhook_delete(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id);
/* A new key; the old one signs too for overlap_s. */
struct err	webhook_rotate(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id, int64_t overlap_s, struct webhook_made *out);
/* Send an event webhook.test to it. */
struct err	webhook_test(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id);
/* Go on, active, where it stands. */
struct err	webhook_enable(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id, struct webhook_row *out);
/*
 * Send again what came after a cursor, or with from_s not 0 from that time on.
 * ERR_CURSOR_GONE
 */
struct err	webhook_replay(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id, int64_t after, int64_t from_s,
		    struct webhook_row *out);
/* The last WEBHOOK_DELIVERIES_MAX, oldest first. */
struct err	webhook_deliveries(struct ctx *, const struct authority *,
		    const struct tenant *, int64_t id, struct page,
		    struct delivery_row **out, size_t *out_n);

/* whpk_...; NULL for hmac.  ERR_STORAGE: the key cannot be opened */
struct err	webhook_public(struct ctx *, const struct authority *,
		    const struct webhook_row *, const char **out);

/* Does it want that event? */
bool		webhook_wants(const struct webhook_row *,
		    const struct event_row *);
/*
 * "v1,..." or "v1a,...", two of them while keys overlap.
 * ERR_STORAGE	a key cannot be opened
 */
struct err	webhook_sign(struct ctx *, const struct authority *,
		    const struct webhook_row *, const char *message_id,
		    int64_t at_s, struct slice body, const char **out);

#endif
