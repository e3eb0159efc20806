/* SPDX-License-Identifier: Apache-2.0 */
/* What may be absent: 0, empty or NULL in C, NULL in SQL. */
#ifndef DAAPKI_DB_OPTIONAL_H
#define DAAPKI_DB_OPTIONAL_H

#include "db/db.h"

static inline struct db_value
db_int_or_null(int64_t v)
{
	return v == 0 ? DB_N : DB_I(v);
}

static inline struct db_value
db_blob_or_null(struct slice s)
{
	return s.n == 0 ? DB_N : DB_B(s);
}

/* A yes-or-no filter: -1 is no filter. */
static inline struct db_value
db_flag_or_null(int v)
{
	return v < 0 ? DB_N : DB_I(v);
}

static inline int64_t
db_int_or_0(const struct db_row *row, unsigned column)
{
	return db_is_null(row, column) ? 0 : db_int(row, column);
}

/* The column after the last one read: rows are read left to right. */
struct db_walk { struct ctx *cx; const struct db_row *row; unsigned column; };

static inline int64_t
walk_int(struct db_walk *w)
{
	return db_int_or_0(w->row, w->column++);
}

static inline const char *
walk_text(struct db_walk *w)
{
	return db_text_of(w->cx, w->row, w->column++);
}

static inline struct slice
walk_blob(struct db_walk *w)
{
	if (db_is_null(w->row, w->column)) {
		w->column++;
		return SLICE_NONE;
	}
	return db_blob_of(w->cx, w->row, w->column++);
}

#endif
