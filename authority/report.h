/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error reports: devices send batches of events, operators read them.
 *
 * A device may send a number of events a UTC day (limits.reports_per_day, or the
 * tenant's own); what is above is dropped and counted, never silently.  A report keeps a copy
 * of what its device was last attested to be.
 */
#ifndef DAAPKI_AUTHORITY_REPORT_H
#define DAAPKI_AUTHORITY_REPORT_H

#include "authority/authority.h"
#include "db/report.h"

#define REPORT_ID_MAX		64u
#define REPORT_EVENTS_MAX	1000u	/* of one report; as Azure Sphere has it */
#define REPORT_WORD_MAX		128u	/* type, class, category */
#define REPORT_TEXT_MAX		1024u	/* description */
#define REPORT_COUNT_MAX	INT32_MAX

struct report {
	const char			*report_id;
	const struct report_event	*events;
	size_t				 n_events;
};

struct report_answer {
	int64_t	accepted, dropped;
	bool	duplicate;	/* sent before: the answer is the first one */
};

/* 1 to REPORT_ID_MAX of [A-Za-z0-9._-]. */
bool		report_is_id(const char *);

/*
 * Take a report of a device that has proved to be it.  The same report_id
 * again answers as the first time and changes nothing.
 * ERR_AUTH_CERTIFICATE	the device is not that tenant's (any more)
 * ERR_HW_BANNED
 * ERR_QUOTA		as many reports as events are allowed came today, none
 *			of this one was taken; retry_after_s is set
 */
struct err	report_take(struct ctx *, const struct authority *,
		    const struct tenant *, const char *device_id,
		    const struct report *, struct report_answer *out);

/* In order of row ID.  out_next: the cursor of the next page, also of one that
 * is short; 0: this is the last. */
struct err	report_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct report_filter *,
		    struct report_event_row **out, size_t *out_n,
		    int64_t *out_next);
/* One event, with what its device was attested to be.  ERR_NOT_FOUND */
struct err	report_get(struct ctx *, const struct authority *,
		    const struct tenant *, int64_t event,
		    struct report_event_row *out);
struct err	report_quota_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct quota_filter *,
		    struct quota_row **out, size_t *out_n,
		    int64_t *out_next);

#endif
