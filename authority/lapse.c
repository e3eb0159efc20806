/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/lapse.h"

#define PAGE	100u	/* rows in one transaction */

struct round {
	struct err	(*due)(struct ctx *, struct db_tx *, int64_t until_s,
			    size_t most, bool tell, size_t *out_n);
	int64_t		 until_s;
	size_t		 n;
};

static struct err
look(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct round *r = arg;

	return r->due(cx, tx, r->until_s, 1, false, &r->n);
}

static struct err
tell(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct round *r = arg;

	return r->due(cx, tx, r->until_s, PAGE, true, &r->n);
}

struct err
lapse_round(struct ctx *cx, const struct authority *a, int64_t warn_s,
    struct err (*due)(struct ctx *, struct db_tx *, int64_t, size_t, bool,
    size_t *))
{
	struct round r = { .due = due, .until_s = ctx_now(cx) + warn_s };

	/* Nearly always there is nothing, and nothing to write. */
	TRY(db_read(cx, a->db, look, &r));
	while (r.n > 0)
		TRY(db_write(cx, a->db, tell, &r));
	return OK;
}
