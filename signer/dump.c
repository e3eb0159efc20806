/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/dump.h"

#include "base/base.h"
#include "signer/verify.h"

struct dump {
	struct ctx	 cx;		/* an arena of its own, reset */
	FILE		*out;
};

static struct err
put(struct dump *d, const struct answer *answer)
{
	struct buf b = buf_in(d->cx.arena, WIRE_FRAME_MAX);
	bool done;

	TRY(answer_encode(&d->cx, answer, &b));
	done = fwrite(b.p, 1, b.n, d->out) == b.n;
	arena_reset(d->cx.arena);
	return done ? OK : FAIL(&d->cx, ERR_IO, "the dump cannot be written");
}

static struct err
put_entry(void *arg, const struct journal_entry *entry)
{
	const struct answer answer = { .type = ORDER_READ_JOURNAL,
	    .detail = "", .n_entries = 1, .entries = entry };

	return put(arg, &answer);
}

struct err
dump_journal(struct ctx *cx, const char *folder, const char *log_key,
    FILE *out)
{
	struct dump d = { .cx = *cx, .out = out };
	const struct verify_conf conf = { .folder = folder,
	    .log_key = log_key, .entry = put_entry, .arg = &d };
	struct answer last = { .type = ORDER_READ_JOURNAL, .detail = "" };
	struct verified found;
	struct err e, written;

	d.cx.arena = arena_new();
	e = verify_journal(cx, &conf, &found);
	if (e.code != ERR_IO) {
		last.err = e;
		if (failed(e))
			last.detail = arena_strdup(cx->arena, cx->trail->note);
		written = put(&d, &last);
		if (!failed(e))
			e = written;
	}
	if (fflush(out) != 0 && !failed(e))
		e = FAIL(cx, ERR_IO, "the dump cannot be written");
	arena_free(d.cx.arena);
	return e;
}
