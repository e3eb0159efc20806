/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/device_search.h"

#include <sodium.h>

#include "base/base.h"
#include "codec/base64.h"
#include "db/group.h"

/* --- cursors ------------------------------------------------------------- */

/* What a search asks, so that a cursor of another one is known. */
#define MARK_SIZE	6u
#define CURSOR_BYTES	192u

static void
put_asked(struct buf *b, const char *text)
{
	put_u8(b, text != NULL);
	put_be16_bytes(b, slice_text(text == NULL ? "" : text));
}

static void
mark_of(struct ctx *cx, const struct device_query *q,
    uint8_t out[static MARK_SIZE])
{
	const struct device_filter *f = &q->filter;
	struct buf b = buf_in(cx->arena, 64u * 1024u);
	uint8_t hash[crypto_hash_sha256_BYTES];

	put_asked(&b, f->state);
	put_asked(&b, q->group);
	put_asked(&b, q->prefix);
	put_asked(&b, f->refusal);
	put_be64(&b, (uint64_t)f->end_before_s);
	put_be64(&b, (uint64_t)f->seen_before_s);
	for (size_t i = 0; i < DEVICE_FACTS; i++)
		put_u8(&b, (uint8_t)f->facts[i]);
	for (size_t i = 0; i < f->n_labels; i++) {
		put_asked(&b, f->labels[i].name);
		put_asked(&b, f->labels[i].value);
	}
	ASSERT(!b.bad);
	(void)crypto_hash_sha256(hash, b.p, b.n);
	memcpy(out, hash, MARK_SIZE);
}

static const char *
cursor_text(struct ctx *cx, const uint8_t mark[static MARK_SIZE],
    const struct device_place *place)
{
	struct buf b = buf_in(cx->arena, CURSOR_BYTES);

	put_bytes(&b, SLICE(mark, MARK_SIZE));
	put_be64(&b, (uint64_t)place->id);
	put_be64(&b, (uint64_t)place->key);
	if (place->text != NULL)
		put_text(&b, place->text);
	ASSERT(!b.bad);
	return base64url(cx->arena, buf_slice(&b));
}

static struct err
cursor_read(struct ctx *cx, const char *text,
    const uint8_t mark[static MARK_SIZE], struct device_place *out)
{
	struct slice bytes, of;
	struct device_place place;
	struct reader r;

	if (!base64url_parse(cx->arena, text, strlen(text), CURSOR_BYTES,
	    &bytes))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "after is not a cursor of this list");
	r = reader_of(bytes);
	of = read_bytes(&r, MARK_SIZE);
	place.id = (int64_t)read_be64(&r);
	place.key = (int64_t)read_be64(&r);
	if (r.bad || memchr(r.p, '\0', r.n) != NULL ||
	    !text_is_printable(SLICE(r.p, r.n)))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "after is not a cursor of this list");
	place.text = arena_strndup(cx->arena, (const char *)r.p, r.n);
	if (!slice_equal(of, SLICE(mark, MARK_SIZE)))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "after is a cursor of a list with other filters");
	*out = place;
	return OK;
}

/* --- searching ------------------------------------------------------------ */

struct searching {
	int64_t			 tenant_id;
	const struct device_query *query;
	struct device_filter	 filter;
	const struct device_place *from;
	struct device_found	 found;
};

static struct err
search_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct searching *s = arg;
	struct db_group group;

	if (s->query->group != NULL) {
		TRY(db_group_by_name(cx, tx, s->tenant_id, s->query->group,
		    &group));
		s->filter.group_id = group.id;
	}
	return db_device_search(cx, tx, s->tenant_id, &s->filter, s->from,
	    s->query->limit, &s->found);
}

static struct err
set_prefix(struct ctx *cx, const char *prefix, struct device_filter *f)
{
	size_t n = strlen(prefix);

	if (n == 0 || n > DEVICE_PREFIX_MAX || strspn(prefix,
	    "abcdefghijklmnopqrstuvwxyz0123456789-:") != n)
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "q: how a device ID or a hardware ID begins");
	if (strspn(prefix, "0123456789abcdef") == n)
		f->device_prefix = prefix;
	else
		f->hardware_prefix = prefix;
	return OK;
}

struct err
device_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct device_query *query,
    struct device_page *out)
{
	struct searching s = { .tenant_id = tenant->id, .query = query,
	    .filter = query->filter };
	struct device_place from;
	uint8_t mark[MARK_SIZE];
	enum device_state state;

	if (query->filter.state != NULL &&
	    !db_device_state_find(query->filter.state, &state))
		return FAIL_TELL(cx, ERR_PARAMETER, "state: there is no such");
	if (query->prefix != NULL)
		TRY(set_prefix(cx, query->prefix, &s.filter));
	mark_of(cx, query, mark);
	if (query->after != NULL) {
		TRY(cursor_read(cx, query->after, mark, &from));
		s.from = &from;
	}
	TRY(db_read(cx, a->db, search_work, &s));
	*out = (struct device_page){ s.found.items, s.found.n,
	    s.found.more ? cursor_text(cx, mark, &s.found.next) : NULL };
	return OK;
}
