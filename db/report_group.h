/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of error events, counted as events come in, and what a tenant chose
 * for its reports.  Lists and failures as db/tenant.h says.
 */
#ifndef DAAPKI_DB_REPORT_GROUP_H
#define DAAPKI_DB_REPORT_GROUP_H

#include "db/db.h"
#include "db/report.h"

/* --- settings ------------------------------------------------------------- */

struct report_setting {
	int64_t		 revision;	/* 0: never set, the defaults hold */
	int64_t		 keep_days;	/* 0: for ever */
	int64_t		 events_per_day;	/* a device; 0: the server's */
	int64_t		 spike_least, spike_factor;
	int64_t		 changed_s;
	const char	*changed_by;
};

/* revision 0 and nothing else when it was never set. */
struct err	db_report_setting_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct report_setting *out);
struct err	db_report_setting_put(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct report_setting *);
/* The next tenant that does not keep its reports for ever; 0: none. */
struct err	db_report_keeper(struct ctx *, struct db_tx *, int64_t after,
		    int64_t *out_tenant_id, int64_t *out_keep_days);

/* --- groups --------------------------------------------------------------- */

struct report_group {
	int64_t		 id;
	struct slice	 signature;	/* of a new one only */
	const char	*event_type, *event_class, *event_category;
	const char	*description;	/* without its numbers */
	const char	*state;		/* open, resolved, muted */
	int64_t		 events, occurrences, devices;
	int64_t		 first_s, last_s;
	const char	*first_device;
	int64_t		 spike_day;	/* 0: never told of one */
	int64_t		 revision;
	const char	*note;
	int64_t		 changed_s;	/* 0: never */
	const char	*changed_by;	/* or NULL */
};

struct err	db_report_group_by_signature(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct slice signature,
		    struct report_group *out, bool *out_found);
struct err	db_report_group_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, struct report_group *out);
/* Has the tenant more than n groups? */
struct err	db_report_group_full(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t n, bool *out);
/* A new one, open, of which nothing is counted yet. */
struct err	db_report_group_add(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct report_group *,
		    int64_t *out_id);
struct err	db_report_group_spike(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t day);
/* State, note, changed_s and changed_by of the row with that ID. */
struct err	db_report_group_state(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct report_group *);

struct report_group_filter {
	const char	*state, *event_type;	/* NULL: any */
	int64_t		 last_from_s;		/* seen last not before */
	int64_t		 after;
	unsigned	 limit;
};
struct err	db_report_group_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct report_group_filter *,
		    struct report_group **out, size_t *out_n);

/* What one report adds to a group. */
struct report_added {
	int64_t		 group, at_s;
	const char	*device_id;
	int64_t		 firmware;	/* db_report_firmware(), or 0: none */
	unsigned	 firmwares_max;	/* of the group; more are one */
	int64_t		 events, occurrences;
};
/* out_new_firmware: the group was not seen with that firmware before. */
struct err	db_report_group_count(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct report_added *,
		    bool *out_new_firmware);
/* Events of a group on days from <= day < to. */
struct err	db_report_group_sum(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group, int64_t from,
		    int64_t to, int64_t *out);

struct report_group_device {
	int64_t		 id;
	const char	*device_id;
	int64_t		 events, first_s, last_s;
};
struct err	db_report_group_devices(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group, int64_t after,
		    unsigned limit, struct report_group_device **out,
		    size_t *out_n);

/* --- firmware --------------------------------------------------------------- */

/* What more there is than is kept apart. */
#define DB_FIRMWARE_REST	INT64_C(-1)
/* The row of these measurements (a JSON object), made if need be; or
 * DB_FIRMWARE_REST, when the tenant has most of them. */
struct err	db_report_firmware(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct slice sha256,
		    const char *measurements, unsigned most,
		    int64_t *out_id);

struct report_group_firmware {
	struct slice	 sha256;	/* empty: nothing was measured */
	const char	*measurements;	/* or NULL */
	int64_t		 events, first_s, last_s;
};
/* Events of a group whose firmware is not told apart. */
struct err	db_report_group_firmware_rest(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group, int64_t *out_events);
/* Those it was seen with first. */
struct err	db_report_group_firmwares(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group, unsigned limit,
		    struct report_group_firmware **out, size_t *out_n);

/* --- days --------------------------------------------------------------------- */

struct report_day {
	int64_t		 id, day, group;
	const char	*event_type;
	int64_t		 events, occurrences;
};
struct report_day_filter {
	int64_t		 from_day, to_day;	/* from <= day < to */
	const char	*event_type;		/* NULL: any */
	int64_t		 group;			/* 0: any */
	int64_t		 after;
	unsigned	 limit;
};
struct err	db_report_day_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct report_day_filter *,
		    struct report_day **out, size_t *out_n);

/* --- forgetting ---------------------------------------------------------------- */

/* At most so many reports received before, with their events; out_n of them. */
struct err	db_report_forget(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t before_s, size_t most,
		    size_t *out_n);
/* At most so many groups seen last before. */
struct err	db_report_group_forget(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t before_s, size_t most,
		    size_t *out_n);
/* Counts of quotas and of days before. */
struct err	db_report_days_forget(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t before_day);

#endif
