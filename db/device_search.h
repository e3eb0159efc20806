/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searching the devices of a tenant.
 *
 * One index is walked from a place on, the one of the filter that is expected
 * to leave the fewest; the other filters are asked of each row.  So that no
 * question takes long, at most DEVICE_SEARCH_LOOK_MAX rows are looked at: a
 * page may come out short, or empty, and there is more all the same.
 */
#ifndef DAAPKI_DB_DEVICE_SEARCH_H
#define DAAPKI_DB_DEVICE_SEARCH_H

#include "db/device.h"

#define DEVICE_SEARCH_LABELS_MAX	4u
#define DEVICE_SEARCH_LOOK_MAX		2000u
/* A clock is skewed that differs by more; the schema has the number too. */
#define DEVICE_SKEW_S			300

/* What can be asked of a device with yes or no. */
enum device_fact {
	DEVICE_NEVER_ENROLLED,	/* since it was claimed */
	DEVICE_NEVER_RENEWED,	/* has got one certificate so far */
	DEVICE_STALE_TCB,	/* attested last with a TCB not up to date */
	DEVICE_SOFTWARE_KEY,	/* its newest certificate's key is */
	DEVICE_CLOCK_SKEWED,	/* by more than DEVICE_SKEW_S when last told */
	DEVICE_REFUSED,		/* since its last enrolment */
	DEVICE_FACTS,
};

/* "never_enrolled" and so on. */
const char	*db_device_fact_name(enum device_fact);

enum device_wanted { DEVICE_ANY, DEVICE_YES, DEVICE_NO };

struct device_label { const char *name, *value; };	/* NULL value: any */

/* All that is asked must hold; nothing is asked where NULL, 0 and ANY are. */
struct device_filter {
	const char		*state;
	int64_t			 group_id;
	int64_t			 end_before_s;	/* of its newest certificate */
	int64_t			 seen_before_s;	/* enrolled, and then silent */
	const char		*refusal;	/* dotted code of the last one */
	const char		*device_prefix;
	const char		*hardware_prefix;
	enum device_wanted	 facts[DEVICE_FACTS];
	struct device_label	 labels[DEVICE_SEARCH_LABELS_MAX];
	size_t			 n_labels;
};

/* The order of the walk; it follows from the filter. */
enum device_order {
	DEVICE_BY_DEVICE_ID, DEVICE_BY_HARDWARE_ID, DEVICE_BY_LABEL_VALUE,
	DEVICE_BY_REFUSAL, DEVICE_BY_REFUSED, DEVICE_BY_STALE_TCB,
	DEVICE_BY_CLOCK_SKEWED, DEVICE_BY_SOFTWARE_KEY, DEVICE_BY_LABEL,
	DEVICE_BY_END, DEVICE_BY_SEEN, DEVICE_BY_NEVER_RENEWED,
	DEVICE_BY_NEVER_ENROLLED, DEVICE_BY_STATE, DEVICE_BY_GROUP,
	DEVICE_BY_ALL, DEVICE_ORDERS,
};
enum device_order	db_device_order(const struct device_filter *);

/* Where a walk is: after this row.  text and key: one of them, or none, as
 * the order has it. */
struct device_place { const char *text; int64_t key, id; };

struct device_found {
	struct device_view	*items;	/* claims are left out */
	size_t			 n;
	bool			 more;
	struct device_place	 next;	/* if more */
};

/* from: NULL is the beginning.  At most limit items.  ERR_STORAGE */
struct err	db_device_search(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct device_filter *,
		    const struct device_place *from, unsigned limit,
		    struct device_found *out);

#endif
