/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error reports: batches of events that devices sent, and how many of them a
 * device sent on which day.  Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_REPORT_H
#define DAAPKI_DB_REPORT_H

#include "db/db.h"

struct report_row {
	int64_t		 id;
	const char	*device_id, *report_id;
	int64_t		 received_s;
	int64_t		 accepted, dropped;	/* events */
	int64_t		 attested_s;		/* 0: was never attested */
	const char	*attested;		/* its claims then; may be NULL */
};

/* Azure Sphere's fields. */
struct report_event {
	const char	*event_type, *event_class, *event_category;
	int64_t		 event_count;
	const char	*description;		/* may be "" */
	int64_t		 start_s, end_s;
};

struct report_event_row {
	int64_t			 id;
	struct report_row	 report;	/* attested: only of a single one */
	struct report_event	 event;
};

struct quota_row {
	int64_t		 id;
	const char	*device_id;
	int64_t		 day;			/* since 1970, UTC */
	int64_t		 reports, taken, dropped;
};

/* What a device sent before under that ID. */
struct err	db_report_find(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, const char *report_id,
		    struct report_row *out, bool *out_found);
/* ERR_EXISTS	the device has sent that report_id */
struct err	db_report_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const struct report_row *, int64_t *out_id);
/* group 0: in none. */
struct err	db_report_event_add(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t report, const char *device_id,
		    const struct report_event *, int64_t group);

/* Zeros when there is no row yet. */
struct err	db_quota_get(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, int64_t day, struct quota_row *out);
/* Add the row's reports, taken and dropped to those of that day. */
struct err	db_quota_count(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const struct quota_row *);

struct quota_filter {
	const char	*device_id;		/* NULL: any */
	int64_t		 device_group;		/* of its devices; 0: any */
	int64_t		 after;
	unsigned	 limit;
};
/* Rows that are looked at for a page (db/look.h): that many, or its limit where
 * that is more. */
#define REPORT_LOOK_MAX	4000u
/* out_next: the cursor of the next page; 0: this is the last one. */
struct err	db_quota_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const struct quota_filter *, struct quota_row **out,
		    size_t *out_n, int64_t *out_next);

struct report_filter {
	/* NULL: any */
	const char	*device_id, *event_type, *event_class, *event_category;
	int64_t		 group;			/* db/report_group.h; 0: any */
	int64_t		 device_group;		/* that devices are in now; 0: any */
	int64_t		 from_s, to_s;		/* received: from <= t < to */
	int64_t		 after;
	unsigned	 limit;
};
struct err	db_report_event_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct report_filter *,
		    struct report_event_row **out, size_t *out_n,
		    int64_t *out_next);
struct err	db_report_event_find(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t event,
		    struct report_event_row *out, bool *out_found);

#endif
