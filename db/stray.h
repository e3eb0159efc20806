/* SPDX-License-Identifier: Apache-2.0 */
/* Journal entries that no record can hold.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_STRAY_H
#define DAAPKI_DB_STRAY_H

#include "db/db.h"

struct stray_row {
	uint64_t	 seq;
	int64_t		 at_s;
	int		 kind;		/* as the journal has it */
	const char	*tenant;
	struct slice	 object;
};

/* The same one again is no change. */
struct err	db_stray_add(struct ctx *, struct db_tx *,
		    const struct stray_row *);
struct err	db_stray_has(struct ctx *, struct db_tx *, uint64_t seq,
		    bool *out);
struct err	db_stray_count(struct ctx *, struct db_tx *, int64_t *out);

#endif
