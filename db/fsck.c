/* SPDX-License-Identifier: Apache-2.0 */
#include "db/fsck.h"

#include "base/base.h"
#include "db/optional.h"

static const struct rule {
	const char	*name, *sentence;
	enum db_stmt	 stmt;
	bool		 takes_now;
} rules[] = {
#define CHECK(name, takes_now, sentence, sql) \
	{ #name, sentence, STMT_FSCK_##name, takes_now },
#include "db/fsck.def"
#undef CHECK
};

/* "CLAIM_ONE" of the table to "claim_one". */
static const char *
lower(struct ctx *cx, const char *name)
{
	char *copy = arena_strdup(cx->arena, name);

	for (char *c = copy; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

struct telling {
	const struct rule	*rule;
	db_finding_fn		*fn;
	void			*arg;
};

static struct err
tell(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const struct telling *t = arg;
	const struct db_finding finding = {
		.check = lower(cx, t->rule->name), .rule = t->rule->sentence,
		.what = db_text_of(cx, row, 0),
	};

	(void)stop;
	t->fn(t->arg, &finding);
	return OK;
}

struct err
db_fsck(struct ctx *cx, struct db_tx *tx, int64_t now_s, db_finding_fn *fn,
    void *arg)
{
	const struct db_value now = DB_I(now_s);

	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		struct telling t = { &rules[i], fn, arg };

		TRY(db_rows(cx, tx, rules[i].stmt, &now,
		    rules[i].takes_now ? 1 : 0, tell, &t));
	}
	return OK;
}

size_t
db_fsck_n_rules(void)
{
	return COUNT_OF(rules);
}

static struct err
take_sizes(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_sizes *out = arg;

	(void)cx;
	(void)stop;
	out->cas = db_int(row, 0);
	out->certificates = db_int(row, 1);
	out->signed_others = db_int(row, 2);
	return OK;
}

struct err
db_fsck_sizes(struct ctx *cx, struct db_tx *tx, struct db_sizes *out)
{
	return db_rows(cx, tx, STMT_FSCK_SIZES, NULL, 0, take_sizes, out);
}

/* --- lists ---------------------------------------------------------------- */

struct crls { struct db_fsck_crl *items; size_t n; };

static struct err
take_crl(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct crls *read = arg;
	struct db_fsck_crl *c = &read->items[read->n++];
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	c->id = walk_int(&w);
	c->key.tenant_id = walk_int(&w);
	c->key.ca_id = walk_int(&w);
	c->key.shard = (unsigned)walk_int(&w);
	c->row.number = (uint64_t)walk_int(&w);
	c->row.this_s = walk_int(&w);
	c->row.next_s = walk_int(&w);
	c->row.der = walk_blob(&w);
	c->row.revision = (uint64_t)walk_int(&w);
	c->revision = (uint64_t)walk_int(&w);
	return OK;
}

struct err
db_fsck_crls(struct ctx *cx, struct db_tx *tx, int64_t after, size_t most,
    struct db_fsck_crl **out, size_t *out_n)
{
	struct crls read = { NULL, 0 };

	read.items = arena_array(cx->arena, most, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_FSCK_CRLS, DB_ARGS(DB_I(after),
	    DB_I((int64_t)most)), take_crl, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}
