/* SPDX-License-Identifier: Apache-2.0 */
#include "db/device_search.h"

#include "base/base.h"
#include "db/optional.h"

static const char *const fact_names[DEVICE_FACTS] = {
	[DEVICE_NEVER_ENROLLED] = "never_enrolled",
	[DEVICE_NEVER_RENEWED] = "never_renewed",
	[DEVICE_STALE_TCB] = "stale_tcb",
	[DEVICE_SOFTWARE_KEY] = "software_key",
	[DEVICE_CLOCK_SKEWED] = "clock_skewed",
	[DEVICE_REFUSED] = "refused",
};

const char *
db_device_fact_name(enum device_fact fact)
{
	ASSERT(fact < DEVICE_FACTS);
	return fact_names[fact];
}

/* --- in which order ---------------------------------------------------- */

static bool
wants(const struct device_filter *f, enum device_fact fact)
{
	return f->facts[fact] == DEVICE_YES;
}

static bool
has_label_value(const struct device_filter *f)
{
	return f->n_labels > 0 && f->labels[0].value != NULL;
}

/* The most selective first, as far as a fleet can be guessed at. */
enum device_order
db_device_order(const struct device_filter *f)
{
	const bool asked[DEVICE_ORDERS] = {
		[DEVICE_BY_DEVICE_ID] = f->device_prefix != NULL,
		[DEVICE_BY_HARDWARE_ID] = f->hardware_prefix != NULL,
		[DEVICE_BY_LABEL_VALUE] = has_label_value(f),
		[DEVICE_BY_REFUSAL] = f->refusal != NULL,
		[DEVICE_BY_REFUSED] = wants(f, DEVICE_REFUSED),
		[DEVICE_BY_STALE_TCB] = wants(f, DEVICE_STALE_TCB),
		[DEVICE_BY_CLOCK_SKEWED] = wants(f, DEVICE_CLOCK_SKEWED),
		[DEVICE_BY_SOFTWARE_KEY] = wants(f, DEVICE_SOFTWARE_KEY),
		[DEVICE_BY_LABEL] = f->n_labels > 0,
		[DEVICE_BY_END] = f->end_before_s != 0,
		[DEVICE_BY_SEEN] = f->seen_before_s != 0,
		[DEVICE_BY_NEVER_RENEWED] = wants(f, DEVICE_NEVER_RENEWED),
		[DEVICE_BY_NEVER_ENROLLED] = wants(f, DEVICE_NEVER_ENROLLED),
		[DEVICE_BY_STATE] = f->state != NULL,
		[DEVICE_BY_GROUP] = f->group_id != 0,
	};

	for (enum device_order order = 0; order < DEVICE_BY_ALL; order++)
		if (asked[order])
			return order;
	return DEVICE_BY_ALL;
}

enum key { KEY_NONE, KEY_INT, KEY_TEXT, KEY_PREFIX };

/* same: the rest of those with one key, where several may have it. */
static const struct order {
	enum db_stmt	stmt;
	enum key	key;
	enum db_stmt	same;
} orders[] = {
	[DEVICE_BY_DEVICE_ID] = { STMT_DEVICE_SEARCH_DEVICE_ID, KEY_PREFIX, 0 },
	[DEVICE_BY_HARDWARE_ID] = { STMT_DEVICE_SEARCH_HARDWARE_ID,
	    KEY_PREFIX, 0 },
	[DEVICE_BY_LABEL_VALUE] = { STMT_DEVICE_SEARCH_LABEL_VALUE, KEY_NONE, 0 },
	[DEVICE_BY_REFUSAL] = { STMT_DEVICE_SEARCH_REFUSAL, KEY_NONE, 0 },
	[DEVICE_BY_REFUSED] = { STMT_DEVICE_SEARCH_REFUSED, KEY_TEXT,
	    STMT_DEVICE_SEARCH_REFUSED_SAME },
	[DEVICE_BY_STALE_TCB] = { STMT_DEVICE_SEARCH_STALE_TCB, KEY_NONE, 0 },
	[DEVICE_BY_CLOCK_SKEWED] = { STMT_DEVICE_SEARCH_CLOCK_SKEWED,
	    KEY_NONE, 0 },
	[DEVICE_BY_SOFTWARE_KEY] = { STMT_DEVICE_SEARCH_SOFTWARE_KEY,
	    KEY_NONE, 0 },
	[DEVICE_BY_LABEL] = { STMT_DEVICE_SEARCH_LABEL, KEY_NONE, 0 },
	[DEVICE_BY_END] = { STMT_DEVICE_SEARCH_END, KEY_INT,
	    STMT_DEVICE_SEARCH_END_SAME },
	[DEVICE_BY_SEEN] = { STMT_DEVICE_SEARCH_SEEN, KEY_INT,
	    STMT_DEVICE_SEARCH_SEEN_SAME },
	[DEVICE_BY_NEVER_RENEWED] = { STMT_DEVICE_SEARCH_NEVER_RENEWED,
	    KEY_NONE, 0 },
	[DEVICE_BY_NEVER_ENROLLED] = { STMT_DEVICE_SEARCH_NEVER_ENROLLED,
	    KEY_NONE, 0 },
	[DEVICE_BY_STATE] = { STMT_DEVICE_SEARCH_STATE, KEY_NONE, 0 },
	[DEVICE_BY_GROUP] = { STMT_DEVICE_SEARCH_GROUP, KEY_NONE, 0 },
	[DEVICE_BY_ALL] = { STMT_DEVICE_SEARCH_ALL, KEY_NONE, 0 },
};

/* --- parameters --------------------------------------------------------- */

/* The first text in order that does not begin with the prefix, in bytes. */
static const char *
after_prefix(struct ctx *cx, const char *prefix)
{
	char *end;

	if (prefix == NULL)
		return NULL;
	end = arena_strdup(cx->arena, prefix);
	if (end[0] != '\0')
		end[strlen(end) - 1]++;
	return end;
}

static struct db_value
wanted(enum device_wanted w)
{
	return w == DEVICE_ANY ? DB_N : DB_I(w == DEVICE_YES);
}

/* IDs of one kind are equally long: none begins with another one. */
static struct db_value
key_of(struct ctx *cx, enum key key, const struct device_filter *f,
    const struct device_place *from)
{
	switch (key) {
	case KEY_NONE:
		return DB_N;
	case KEY_INT:
		return DB_I(from == NULL ? INT64_MIN : from->key);
	case KEY_TEXT:
		return DB_T(from == NULL ? "" : from->text);
	case KEY_PREFIX:
		break;
	}
	if (from != NULL)
		return DB_T(arena_printf(cx->arena, "%s!", from->text));
	return DB_T(f->device_prefix != NULL ? f->device_prefix :
	    f->hardware_prefix);
}

#define LIMIT_AT	3u		/* ?4 */
#define FACTS_AT	13u		/* ?14 */
#define LABELS_AT	19u		/* ?20 */
#define N_ARGS		(LABELS_AT + 2 * DEVICE_SEARCH_LABELS_MAX)

static void
fill_args(struct ctx *cx, int64_t tenant_id, const struct device_filter *f,
    enum key key, const struct device_place *from,
    struct db_value args[static N_ARGS])
{
	const struct db_value first[FACTS_AT] = {
		DB_I(tenant_id), key_of(cx, key, f, from),
		DB_I(from == NULL ? 0 : from->id),
		DB_N, DB_T(f->state),
		db_int_or_null(f->group_id), db_int_or_null(f->end_before_s),
		db_int_or_null(f->seen_before_s), DB_T(f->refusal),
		DB_T(f->device_prefix), DB_T(after_prefix(cx,
		    f->device_prefix)),
		DB_T(f->hardware_prefix), DB_T(after_prefix(cx,
		    f->hardware_prefix)),
	};

	memcpy(args, first, sizeof(first));
	for (size_t i = 0; i < DEVICE_FACTS; i++)
		args[FACTS_AT + i] = wanted(f->facts[i]);
	for (size_t i = 0; i < DEVICE_SEARCH_LABELS_MAX; i++) {
		bool asked = i < f->n_labels;

		args[LABELS_AT + 2 * i] = DB_T(asked ? f->labels[i].name :
		    NULL);
		args[LABELS_AT + 2 * i + 1] = DB_T(asked ?
		    f->labels[i].value : NULL);
	}
}

/* --- the walk ------------------------------------------------------------ */

struct walking {
	enum key		 key;
	int64_t			*ids;
	size_t			 n, max, looked;
	struct device_place	 at;
};

static struct err
look(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct walking *w = arg;

	w->looked++;
	if (db_int(row, 2) != 0)
		w->ids[w->n++] = db_int(row, 0);
	*stop = w->n == w->max;
	/* Texts are copied: of the last row only. */
	if (!*stop && w->looked < DEVICE_SEARCH_LOOK_MAX)
		return OK;
	w->at.id = db_int(row, 0);
	if (w->key == KEY_INT)
		w->at.key = db_int(row, 1);
	else if (w->key != KEY_NONE)
		w->at.text = db_text_of(cx, row, 1);
	return OK;
}

/* The rows of one statement; n_looked of the limit are gone already. */
static struct err
walk(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt,
    struct db_value args[static N_ARGS], struct walking *w)
{
	args[LIMIT_AT] = DB_I((int64_t)(DEVICE_SEARCH_LOOK_MAX - w->looked));
	return db_rows(cx, tx, stmt, args, N_ARGS, look, w);
}

static bool
is_full(const struct walking *w)
{
	return w->n == w->max || w->looked == DEVICE_SEARCH_LOOK_MAX;
}

struct err
db_device_search(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct device_filter *f, const struct device_place *from,
    unsigned limit, struct device_found *out)
{
	const struct order *order = &orders[db_device_order(f)];
	struct walking w = { .key = order->key, .max = limit };
	struct device_found found = { .items = NULL };
	struct db_value args[N_ARGS];
	bool shared = order->key == KEY_INT || order->key == KEY_TEXT;

	ASSERT(limit > 0);
	w.ids = arena_array(cx->arena, limit, sizeof(*w.ids));
	fill_args(cx, tenant_id, f, w.key, from, args);
	if (shared && from != NULL)
		TRY(walk(cx, tx, order->same, args, &w));
	if (!is_full(&w))
		TRY(walk(cx, tx, order->stmt, args, &w));
	found.items = arena_array(cx->arena, w.n, sizeof(*found.items));
	for (; found.n < w.n; found.n++)
		TRY(db_device_view_brief(cx, tx, tenant_id, w.ids[found.n],
		    &found.items[found.n]));
	found.more = is_full(&w);
	found.next = w.at;
	*out = found;
	return OK;
}
