/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_check.h"

#include <stdio.h>

#include "base/base.h"
#include "codec/json.h"

#define SEQ_MAX		INT64_MAX

static const char *
text(const json_t *o, const char *name)
{
	const char *value = json_string_value(json_object_get(o, name));

	return value == NULL ? "" : value;
}

static bool
hash(struct arena *arena, const char *hex, struct ledger_hash *out)
{
	struct slice s;

	if (!text_unhex_any(arena, hex, LEDGER_HASH_SIZE, &s) ||
	    s.n != LEDGER_HASH_SIZE)
		return false;
	memcpy(out->bytes, s.p, s.n);
	return true;
}

static bool
same(const struct ledger_hash *a, const struct ledger_hash *b)
{
	return memcmp(a->bytes, b->bytes, LEDGER_HASH_SIZE) == 0;
}

static bool
number(const json_t *o, const char *name, uint64_t most, uint64_t *out)
{
	const json_t *value = json_object_get(o, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > most)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static struct err
check_chain(struct ctx *cx, struct audit_check *c, const json_t *o)
{
	const char *chain = text(o, "chain");

	if (!text_is_name(chain))
		return FAIL(cx, ERR_MALFORMED, "a line names no chain");
	if (c->chain[0] == '\0')
		(void)snprintf(c->chain, sizeof(c->chain), "%s", chain);
	if (strcmp(c->chain, chain) != 0)
		return FAIL(cx, ERR_AUDIT, "a line of chain %s in chain %s",
		    chain, c->chain);
	return OK;
}

/* --- rows ----------------------------------------------------------------- */

struct row {
	struct ledger_row	 bytes;
	struct ledger_hash	 before, data, hash;
};

static struct err
read_row(struct ctx *cx, const json_t *o, struct row *out)
{
	struct row r = { .bytes = {
		.tenant = text(o, "chain"),
		.actor_kind = text(o, "actor_kind"), .actor = text(o, "actor"),
		.credential = text(o, "credential"),
		.action = text(o, "action"), .subject = text(o, "subject"),
		.request_id = text(o, "request_id"), .trace = text(o, "trace"),
		.outcome = text(o, "outcome"),
	} };

	if (!number(o, "seq", SEQ_MAX, &r.bytes.seq) || r.bytes.seq == 0 ||
	    !text_parse_time(text(o, "at"), &r.bytes.at_s) ||
	    !hash(cx->arena, text(o, "previous"), &r.before) ||
	    !hash(cx->arena, text(o, "data_sha256"), &r.data) ||
	    !hash(cx->arena, text(o, "hash"), &r.hash))
		return FAIL(cx, ERR_MALFORMED, "a row that cannot be read");
	*out = r;
	return OK;
}

static struct err
check_place(struct ctx *cx, const struct audit_check *c, const struct row *r)
{
	static const struct ledger_hash zeros = { { 0 } };
	unsigned long long seq = r->bytes.seq;

	if (c->seq != 0 && seq != c->seq + 1)
		return FAIL(cx, ERR_AUDIT, "row %llu follows on row %llu",
		    seq, (unsigned long long)c->seq);
	if ((c->seq != 0 && !same(&r->before, &c->at)) ||
	    (seq == 1 && !same(&r->before, &zeros)))
		return FAIL(cx, ERR_AUDIT, "row %llu does not follow from the "
		    "one before it", seq);
	return OK;
}

static struct err
take_row(struct ctx *cx, struct audit_check *c, const json_t *o)
{
	const json_t *data = json_object_get(o, "data");
	struct ledger_hash found;
	unsigned long long seq;
	struct row r;

	TRY(read_row(cx, o, &r));
	seq = r.bytes.seq;
	TRY(check_place(cx, c, &r));
	/* The members stay in their order, so the text is the one that was
	 * hashed. */
	ledger_data_hash((const char *)json_text(cx, data == NULL ?
	    json_keep(cx, json_object()) : data).p, &found);
	if (!same(&found, &r.data))
		return FAIL(cx, ERR_AUDIT, "the data of row %llu is not what "
		    "was recorded", seq);
	ledger_row_hash(cx->arena, &r.bytes, &r.before, &r.data, &found);
	if (!same(&found, &r.hash))
		return FAIL(cx, ERR_AUDIT, "row %llu was changed", seq);
	if (c->seq == 0)
		c->first = seq;
	c->seq = seq;
	c->at = r.hash;
	return OK;
}

/* --- checkpoints ---------------------------------------------------------- */

struct checkpoint {
	struct ledger_anchor	 anchor;
	uint64_t		 seq, place;
	struct ledger_hash	 hash, path[LEDGER_PATH_MAX];
	size_t			 n_path;
	struct slice		 key, signature;
};

static bool
read_path(struct ctx *cx, const json_t *path, struct checkpoint *out)
{
	out->n_path = json_array_size(path);
	if (!json_is_array(path) || out->n_path > LEDGER_PATH_MAX)
		return false;
	for (size_t i = 0; i < out->n_path; i++) {
		const char *hex = json_string_value(json_array_get(path, i));

		if (hex == NULL || !hash(cx->arena, hex, &out->path[i]))
			return false;
	}
	return true;
}

static struct err
read_checkpoint(struct ctx *cx, const json_t *o, struct checkpoint *out)
{
	struct checkpoint *p = ARENA_NEW(cx->arena, struct checkpoint);
	uint64_t chains;

	if (!number(o, "seq", SEQ_MAX, &p->seq) ||
	    !number(o, "place", UINT32_MAX, &p->place) ||
	    !number(o, "chains", UINT32_MAX, &chains) ||
	    !number(o, "journal_seq", SEQ_MAX, &p->anchor.journal_seq) ||
	    !text_parse_time(text(o, "at"), &p->anchor.at_s) ||
	    !hash(cx->arena, text(o, "hash"), &p->hash) ||
	    !hash(cx->arena, text(o, "root"), &p->anchor.root) ||
	    !read_path(cx, json_object_get(o, "path"), p) ||
	    !text_unhex_any(cx->arena, text(o, "public_key"),
	    LEDGER_KEY_SIZE, &p->key) || p->key.n != LEDGER_KEY_SIZE ||
	    !text_unhex_any(cx->arena, text(o, "signature"),
	    LEDGER_SIGNATURE_SIZE, &p->signature))
		return FAIL(cx, ERR_MALFORMED,
		    "a checkpoint that cannot be read");
	p->anchor.n_chains = (uint32_t)chains;
	*out = *p;
	return OK;
}

static struct err
check_signer(struct ctx *cx, struct audit_check *c,
    const struct checkpoint *p)
{
	unsigned long long seq = p->anchor.journal_seq;

	if (!c->has_key)
		memcpy(c->key, p->key.p, LEDGER_KEY_SIZE);
	c->has_key = true;
	if (memcmp(c->key, p->key.p, LEDGER_KEY_SIZE) != 0)
		return FAIL(cx, ERR_AUDIT, "checkpoint %llu is of another log "
		    "key", seq);
	if (!ledger_is_signed(cx->arena, &p->anchor, p->key, p->signature))
		return FAIL(cx, ERR_AUDIT, "checkpoint %llu is not signed by "
		    "the log key", seq);
	return OK;
}

static struct err
take_checkpoint(struct ctx *cx, struct audit_check *c, const json_t *o)
{
	struct checkpoint p;
	struct ledger_hash leaf;
	unsigned long long seq;

	TRY(read_checkpoint(cx, o, &p));
	seq = p.anchor.journal_seq;
	if (p.seq != c->seq || !same(&p.hash, &c->at))
		return FAIL(cx, ERR_AUDIT, "checkpoint %llu saw row %llu, "
		    "which is not there as it was", seq,
		    (unsigned long long)p.seq);
	if (c->checkpoints > 0 && (seq <= c->last.journal_seq ||
	    p.anchor.at_s < c->last.at_s))
		return FAIL(cx, ERR_AUDIT, "checkpoint %llu is before the one "
		    "in front of it", seq);
	ledger_leaf(cx->arena, c->chain, p.seq, &p.hash, &leaf);
	if (!ledger_is_included(&leaf, p.place, p.anchor.n_chains, p.path,
	    p.n_path, &p.anchor.root))
		return FAIL(cx, ERR_AUDIT, "row %llu is not in the tree of "
		    "checkpoint %llu", (unsigned long long)p.seq, seq);
	TRY(check_signer(cx, c, &p));
	c->checkpoints++;
	c->anchored = p.seq;
	c->last = p.anchor;
	return OK;
}

struct err
audit_check_line(struct ctx *cx, struct audit_check *c, struct slice line)
{
	const json_t *checkpoint;
	json_t *json;

	TRY(json_parse(cx, line, &json));
	if (!json_is_object(json))
		return FAIL(cx, ERR_MALFORMED, "a line is no object");
	checkpoint = json_object_get(json, "checkpoint");
	TRY(check_chain(cx, c, checkpoint != NULL ? checkpoint : json));
	return checkpoint != NULL ? take_checkpoint(cx, c, checkpoint) :
	    take_row(cx, c, json);
}
