/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page of a list that is filtered looks at so many rows at most, in the order
 * of the list, and says where to go on: it may be short, or empty, with more to
 * come.  Else a filter that fits few rows would read a whole table for a page.
 */
#ifndef DAAPKI_DB_LOOK_H
#define DAAPKI_DB_LOOK_H

#include "db/db.h"

struct db_look {
	int64_t	through;	/* no row behind that is looked at */
	bool	more;		/* there are some */
};

#define DB_LOOK_ALL ((struct db_look){ INT64_MAX, false })

/* The statement gives the ID of the first row that is not looked at, if there
 * is one.  ERR_STORAGE */
struct err	db_look(struct ctx *, struct db_tx *, enum db_stmt,
		    const struct db_value *args, size_t n_args,
		    struct db_look *out);
/* The cursor behind a page of n rows that ends with that one; 0: it is the
 * last page. */
int64_t		db_look_next(const struct db_look *, size_t n, unsigned limit,
		    int64_t last);

#endif
