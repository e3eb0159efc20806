/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error events by signature (authority/report_signature.h): how many there were,
 * of how many devices, when first and last, with which firmware, and on which
 * day.  Counted in the transaction that takes the events.
 *
 * A group is open; an operator may resolve or mute it.  A resolved one is open
 * again when it is seen with firmware that it was not seen with before.  A
 * muted one is counted and makes no event.
 */
#ifndef DAAPKI_AUTHORITY_REPORT_GROUP_H
#define DAAPKI_AUTHORITY_REPORT_GROUP_H

#include "authority/authority.h"
#include "authority/revision.h"
#include "db/report_group.h"

#define REPORT_GROUPS_MAX	10000u	/* of a tenant; more share one */
/* Kinds of firmware, of a group and of a tenant; events with more are counted
 * together. */
#define REPORT_GROUP_FIRMWARES_MAX	1000u
#define REPORT_TENANT_FIRMWARES_MAX	10000u
#define REPORT_NOTE_MAX		200u
#define REPORT_FIRMWARES_MAX	100u	/* told of one group */
#define REPORT_KEEP_DAYS_MAX	3650
#define REPORT_SPIKE_DAYS	7	/* what a day is held against */
#define REPORT_SPIKE_LEAST	20	/* events on a day, unless said */
#define REPORT_SPIKE_FACTOR	5	/* times the mean, unless said */
#define REPORT_SPIKE_MAX	1000000

/* --- settings ------------------------------------------------------------- */

/* What holds for a tenant; a member of 0 is the server's, or for ever. */
struct err	report_setting_get(struct ctx *, const struct authority *,
		    const struct tenant *, struct report_setting *out);
#define REPORT_AS_IT_IS	(-1)
struct report_setting_change {
	int64_t	keep_days, events_per_day, spike_least, spike_factor;
	int64_t	revision;	/* REVISION_ANY */
};
/* ERR_PRECONDITION */
struct err	report_setting_change(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct report_setting_change *,
		    struct report_setting *out);
/* The same within a transaction, defaults filled in. */
/* Events a device may send a day: what the tenant chose, of which the server's
 * own number is the most. */
int64_t		report_setting_limit(const struct report_setting *,
		    int64_t most);
struct err	report_setting_find(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct report_setting *out);

/* --- taking ---------------------------------------------------------------- */

struct report_taken {
	int64_t				 tenant_id, at_s;
	const char			*device_id;
	const struct report_event	*events;
	size_t				 n;
	const char			*attested;	/* claims, or NULL */
	const struct report_setting	*setting;
};
/* Count events; out_groups[i] is the group of events[i]. */
struct err	report_group_take(struct ctx *, struct db_tx *,
		    const struct report_taken *, int64_t *out_groups);

/* --- looking and changing ----------------------------------------------------- */

struct err	report_group_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct report_group_filter *,
		    struct report_group **out, size_t *out_n);

struct report_group_view {
	struct report_group		 group;
	struct report_group_firmware	*firmwares;	/* first seen first */
	size_t				 n_firmwares;
	int64_t				 rest_events;	/* with others */
};
/* ERR_NOT_FOUND */
struct err	report_group_get(struct ctx *, const struct authority *,
		    const struct tenant *, int64_t id,
		    struct report_group_view *out);
/* ERR_NOT_FOUND */
struct err	report_group_devices(struct ctx *, const struct authority *,
		    const struct tenant *, int64_t id, struct page,
		    struct report_group_device **out, size_t *out_n);

struct report_group_change {
	const char	*state;		/* open, resolved, muted */
	const char	*note;		/* NULL: as it is */
	int64_t		 revision;
};
/* ERR_NOT_FOUND, ERR_FIELD, ERR_PRECONDITION */
struct err	report_group_change(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id, const struct report_group_change *,
		    struct report_group_view *out);

struct err	report_day_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct report_day_filter *,
		    struct report_day **out, size_t *out_n);

/* --- by time -------------------------------------------------------------------- */

/* Forget what tenants keep no longer, in small pieces. */
struct err	report_group_round(struct ctx *, const struct authority *);

#endif
