/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/verify.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "signer/checkpoint.h"
#include "signer/scan.h"

#define NAME_SIZE	16u	/* "00000001.jnl" and NUL */

struct run {
	struct ctx	*cx;
	const struct verify_conf *conf;
	struct arena	*arena;		/* reset with each entry */
	uint8_t		*window;
	uint64_t	 next;		/* seq */
	uint8_t		 prev[JOURNAL_HASH_SIZE];	/* what the next head
							 * must repeat */
	struct journal_checkpoint *checkpoints;
	size_t		 n_checkpoints, at_checkpoint;
	struct verified	 found;
};

/* --- checkpoints --------------------------------------------------------- */

static struct err
read_log_key(struct ctx *cx, const char *folder, const char *path,
    struct slice *out)
{
	struct slice text;
	char *hex;

	if (path == NULL)
		return log_key_read_public(cx, folder, out);
	TRY(file_read(cx, path, 2 * LOG_PUBLIC_SIZE + 1, &text));
	hex = arena_strndup(cx->arena, (const char *)text.p, text.n);
	hex[strcspn(hex, "\n")] = '\0';
	if (!text_unhex_any(cx->arena, hex, LOG_PUBLIC_SIZE, out) ||
	    out->n != LOG_PUBLIC_SIZE)
		return FAIL(cx, ERR_CONFIG,
		    "%s is not one line of %u hex digits", path,
		    2 * LOG_PUBLIC_SIZE);
	return OK;
}

static struct err
check_line(struct run *r, const char *line, size_t number,
    struct slice log_key)
{
	struct journal_checkpoint *c = &r->checkpoints[r->n_checkpoints];

	if (!checkpoint_read_line(r->cx->arena, line, c) ||
	    !checkpoint_is_signed(r->cx->arena, c))
		return FAIL(r->cx, ERR_JOURNAL,
		    "line %zu of %s is not a signed checkpoint", number,
		    CHECKPOINT_FILE);
	if (log_key.n > 0 && !slice_equal(c->public_key, log_key))
		return FAIL(r->cx, ERR_JOURNAL,
		    "line %zu of %s is signed by another key", number,
		    CHECKPOINT_FILE);
	if (r->n_checkpoints > 0 && c->seq < c[-1].seq)
		return FAIL(r->cx, ERR_JOURNAL,
		    "line %zu of %s is older than the one before", number,
		    CHECKPOINT_FILE);
	r->n_checkpoints++;
	return OK;
}

static size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* A last line without its end was being written, or was torn by the death of
 * the process: nobody was given it. */
static struct err
read_checkpoints(struct run *r, struct slice log_key)
{
	const char *path = arena_printf(r->cx->arena, "%s/%s", r->conf->folder,
	    CHECKPOINT_FILE);
	struct slice text;
	size_t number = 1;
	char *line, *end;

	if (access(path, F_OK) != 0)
		return OK;
	TRY(file_read(r->cx, path, VERIFY_CHECKPOINTS_MAX, &text));
	line = arena_strndup(r->cx->arena, (const char *)text.p, text.n);
	r->checkpoints = arena_array(r->cx->arena, count_lines(line) + 1,
	    sizeof(*r->checkpoints));
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		TRY(check_line(r, line, number++, log_key));
		line = end + 1;
	}
	return OK;
}

/* Those that speak of the entry that was just read. */
static struct err
meet_checkpoints(struct run *r, uint64_t seq, const uint8_t *hash)
{
	while (r->at_checkpoint < r->n_checkpoints &&
	    r->checkpoints[r->at_checkpoint].seq == seq) {
		const struct journal_checkpoint *c =
		    &r->checkpoints[r->at_checkpoint++];

		if (!slice_equal(c->hash, SLICE(hash, JOURNAL_HASH_SIZE)))
			return FAIL(r->cx, ERR_JOURNAL,
			    "entry %llu is not the one of the checkpoint",
			    (unsigned long long)seq);
		r->found.checkpoints++;
	}
	return OK;
}

/* --- segments ------------------------------------------------------------ */

static struct err
broken(struct run *r, uint32_t number, const struct scan *s)
{
	return FAIL(r->cx, ERR_JOURNAL, "segment %08u is broken at byte %llu",
	    number, (unsigned long long)s->at);
}

static struct err
read_entries(struct run *r, uint32_t number, struct scan *s,
    enum scan_end *out_end)
{
	enum scan_end end = scan_head(s, number, r->next, r->prev);
	struct journal_entry entry;

	while (end == SCAN_ENTRY) {
		end = scan_next(r->arena, s, &entry);
		if (end == SCAN_ENTRY) {
			r->found.entries++;
			if (entry.kind < COUNT_OF(r->found.kinds))
				r->found.kinds[entry.kind]++;
			memcpy(r->found.hash, s->hash, sizeof(s->hash));
			TRY(meet_checkpoints(r, entry.seq, s->hash));
			if (r->conf->entry != NULL)
				TRY(r->conf->entry(r->conf->arg, &entry));
		}
		arena_reset(r->arena);
	}
	*out_end = end;
	return OK;
}

static struct err
read_segment(struct run *r, uint32_t number, int fd, bool is_last)
{
	enum scan_end end;
	struct scan s;
	struct stat st;

	scan_init(&s, fd, r->window);
	TRY(read_entries(r, number, &s, &end));
	if (end == SCAN_BROKEN || end == SCAN_FAILED ||
	    (end == SCAN_TORN && !is_last))
		return broken(r, number, &s);
	if (end == SCAN_TORN && fstat(fd, &st) == 0)
		r->found.unfinished = (uint64_t)st.st_size - s.at;
	r->found.segments++;
	if (s.at < SCAN_HEAD_SIZE)
		return OK;
	r->next = s.seq;
	memcpy(r->prev, s.hash, sizeof(r->prev));
	return OK;
}

static int
open_segment(const struct run *r, uint32_t number)
{
	char name[NAME_SIZE];

	(void)snprintf(name, sizeof(name), "%08u.jnl", number % 100000000u);
	return open(arena_printf(r->cx->arena, "%s/%s", r->conf->folder, name),
	    O_RDONLY | O_CLOEXEC);
}

static struct err
read_segments(struct run *r)
{
	uint32_t number = 1;
	int fd = open_segment(r, number);

	if (fd < 0)
		return FAIL(r->cx, ERR_JOURNAL, "%s holds no journal: %s",
		    r->conf->folder, strerror(errno));
	while (fd >= 0) {
		int next = open_segment(r, number + 1);
		struct err e = read_segment(r, number, fd, next < 0);

		(void)close(fd);
		if (failed(e)) {
			if (next >= 0)
				(void)close(next);
			return e;
		}
		fd = next;
		number++;
	}
	return OK;
}

static struct err
verify(struct run *r)
{
	const uint8_t none[JOURNAL_HASH_SIZE] = { 0 };
	struct slice log_key = SLICE_NONE;

	TRY(read_log_key(r->cx, r->conf->folder, r->conf->log_key,
	    &log_key));
	TRY(read_checkpoints(r, log_key));
	TRY(meet_checkpoints(r, 0, none));
	TRY(read_segments(r));
	if (r->at_checkpoint < r->n_checkpoints)
		return FAIL(r->cx, ERR_JOURNAL,
		    "it ends at entry %llu; a checkpoint is of entry %llu",
		    (unsigned long long)r->next - 1, (unsigned long long)
		    r->checkpoints[r->at_checkpoint].seq);
	return OK;
}

struct err
verify_journal(struct ctx *cx, const struct verify_conf *conf,
    struct verified *out)
{
	struct run r = { .cx = cx, .conf = conf, .next = 1 };
	struct err e;

	r.arena = arena_new();
	r.window = base_alloc(SCAN_WINDOW);
	e = verify(&r);
	arena_free(r.arena);
	free(r.window);
	TRY(e);
	*out = r.found;
	return OK;
}
