/* SPDX-License-Identifier: Apache-2.0 */
#include "db/look.h"

#include "base/base.h"
#include "db/optional.h"

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *id = arg;

	(void)cx;
	*id = db_int(row, 0);
	*stop = true;
	return OK;
}

struct err
db_look(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt,
    const struct db_value *args, size_t n_args, struct db_look *out)
{
	int64_t id = 0;

	TRY(db_rows(cx, tx, stmt, args, n_args, take, &id));
	*out = id == 0 ? DB_LOOK_ALL : (struct db_look){ id - 1, true };
	return OK;
}

int64_t
db_look_next(const struct db_look *look, size_t n, unsigned limit,
    int64_t last)
{
	if (n == limit)
		return last;
	return look->more ? look->through : 0;
}
