/* SPDX-License-Identifier: Apache-2.0 */
#include "server/offline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "authority/fsck.h"
#include "base/base.h"
#include "codec/json.h"
#include "server/serve.h"

#define BUFFER_MAX	(2u * WIRE_FRAME_MAX)
#define BATCH_MAX	256u	/* entries that are looked at together */

struct run {
	const struct settings		*settings;
	struct offline_options		*options;
	struct fsck			*fsck;
	json_t				*findings;	/* of --json */
	/* the dump */
	uint8_t				*buffer;
	size_t				 n_buffer;
	struct journal_entry		 entries[BATCH_MAX];
	size_t				 n_entries;
	bool				 whole;		/* its end was read */
	bool				 told;		/* why it is not */
};

static void
tell(void *arg, const struct db_finding *finding)
{
	struct run *r = arg;

	if (r->options->json)
		(void)json_array_append_new(r->findings, json_pack(
		    "{s:s, s:s, s:s}", "check", finding->check, "rule",
		    finding->rule, "what", finding->what));
	else
		(void)printf("%s: %s (%s)\n", finding->check, finding->what,
		    finding->rule);
}

/* --- the dump --------------------------------------------------------------- */

static void
tell_broken(struct run *r, const char *what)
{
	r->told = true;
	fsck_find(r->fsck, "journal_chain", "every hash of the journal and "
	    "every checkpoint is right", what);
}

static struct err
take_frame(struct ctx *cx, struct run *r, struct slice frame)
{
	struct answer answer;

	TRY(answer_decode(cx, frame, &answer));
	if (failed(answer.err))
		tell_broken(r, answer.detail);
	else if (answer.n_entries == 0)
		r->whole = true;
	for (size_t i = 0; !failed(answer.err) && i < answer.n_entries; i++) {
		ASSERT(r->n_entries < BATCH_MAX);
		r->entries[r->n_entries++] = answer.entries[i];
		if (r->n_entries == BATCH_MAX) {
			TRY(fsck_journal_take(cx, r->fsck, r->entries,
			    r->n_entries));
			r->n_entries = 0;
		}
	}
	return OK;
}

/* All whole frames; what they hold points into the buffer. */
static struct err
take_frames(struct ctx *cx, struct run *r)
{
	size_t at = 0, n;

	for (;;) {
		struct slice rest = SLICE(r->buffer + at, r->n_buffer - at);

		TRY(wire_frame_size(cx, rest, &n));
		if (n == 0 || n > rest.n)
			break;
		TRY(take_frame(cx, r, SLICE(rest.p, n)));
		at += n;
	}
	TRY(fsck_journal_take(cx, r->fsck, r->entries, r->n_entries));
	r->n_entries = 0;
	memmove(r->buffer, r->buffer + at, r->n_buffer - at);
	r->n_buffer -= at;
	arena_reset(cx->arena);
	return OK;
}

static struct err
read_dump(struct ctx *cx, struct run *r, int fd)
{
	ssize_t n;

	for (;;) {
		ASSERT(r->n_buffer < BUFFER_MAX);
		n = read(fd, r->buffer + r->n_buffer,
		    BUFFER_MAX - r->n_buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL(cx, ERR_IO, "read: %s", strerror(errno));
		if (n == 0)
			return OK;
		r->n_buffer += (size_t)n;
		TRY(take_frames(cx, r));
	}
}

static struct err
check_dump(struct ctx *cx, struct run *r, int fd)
{
	TRY(fsck_journal_begin(cx, r->fsck));
	TRY(read_dump(cx, r, fd));
	if (r->whole)
		return fsck_journal_end(cx, r->fsck);
	if (!r->told)
		tell_broken(r, "daa-signer did not read it to its end");
	return OK;
}

static struct err
check_journal(struct ctx *cx, struct run *r)
{
	struct ctx own = *cx;
	struct err e;
	pid_t pid;
	int fd;

	TRY(signer_process_dump(cx, r->settings, r->options->log_key, &fd,
	    &pid));
	own.arena = arena_new();
	r->buffer = base_alloc(BUFFER_MAX);
	e = check_dump(&own, r, fd);
	free(r->buffer);
	arena_free(own.arena);
	(void)close(fd);
	signer_process_dump_end(pid);
	return e;
}

/* --- the whole ---------------------------------------------------------------- */

static void
print_json(const struct run *r, const struct fsck_counts *n)
{
	json_t *all = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}",
	    "cas", (json_int_t)n->cas,
	    "certificates", (json_int_t)n->certificates,
	    "lists", (json_int_t)n->lists,
	    "audit_rows", (json_int_t)n->audit,
	    "journal_entries", (json_int_t)n->entries,
	    "pending", (json_int_t)n->pending,
	    "strays", (json_int_t)n->strays, "findings", r->findings);

	ASSERT(all != NULL);
	(void)json_dumpf(all, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(all);
}

static void
print(const struct run *r, const struct fsck_counts *n, bool database)
{
	if (r->options->json) {
		print_json(r, n);
		return;
	}
	if (database)
		(void)printf("%llu CAs, %llu certificates, %llu lists, "
		    "%llu rows of the audit; ",
		    (unsigned long long)n->cas,
		    (unsigned long long)n->certificates,
		    (unsigned long long)n->lists,
		    (unsigned long long)n->audit);
	(void)printf("%llu journal entries, %llu for the next start to "
	    "bring in, %llu strays; %llu findings\n",
	    (unsigned long long)n->entries, (unsigned long long)n->pending,
	    (unsigned long long)n->strays, (unsigned long long)n->findings);
}

static struct err
check(struct ctx *cx, struct run *r, struct db *db, bool database)
{
	struct fsck_counts n;
	struct err e = OK;

	TRY(fsck_open(cx, db, tell, r, &r->fsck));
	if (database)
		e = fsck_database(cx, r->fsck);
	if (!failed(e))
		e = check_journal(cx, r);
	fsck_count(r->fsck, &n);
	fsck_close(r->fsck);
	TRY(e);
	print(r, &n, database);
	if (n.findings > 0)
		r->options->status = OFFLINE_FINDINGS;
	return OK;
}

static struct err
run(struct ctx *cx, const struct settings *s, struct offline_options *o,
    bool database)
{
	const struct db_conf conf = { .path = s->db_path, .n_readers = 1,
	    .read_only = true };
	struct run *r = base_alloc(sizeof(*r));
	struct db *db;
	struct err e;

	r->settings = s;
	r->options = o;
	r->findings = json_array();
	e = db_open(cx, &conf, &db);
	if (!failed(e)) {
		e = check(cx, r, db, database);
		db_close(db);
	}
	json_decref(r->findings);
	free(r);
	return e;
}

struct err
offline_fsck(struct ctx *cx, const struct settings *s,
    struct offline_options *o)
{
	return run(cx, s, o, true);
}

struct err
offline_journal_verify(struct ctx *cx, const struct settings *s,
    struct offline_options *o)
{
	return run(cx, s, o, false);
}
