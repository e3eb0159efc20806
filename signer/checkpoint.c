/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/checkpoint.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"

#define FIELDS	5u

char *
checkpoint_text(struct arena *arena, uint64_t seq, int64_t at_s,
    const uint8_t hash[static JOURNAL_HASH_SIZE])
{
	return arena_printf(arena, "daapki-journal-checkpoint-1\n%llu\n%s\n"
	    "%s\n", (unsigned long long)seq, text_time_dup(arena, at_s),
	    text_hex(arena, SLICE(hash, JOURNAL_HASH_SIZE)));
}

static char *
line_of(struct arena *arena, const struct journal_checkpoint *c)
{
	return arena_printf(arena, "%llu %s %s %s %s\n",
	    (unsigned long long)c->seq, text_time_dup(arena, c->at_s),
	    text_hex(arena, c->hash), text_hex(arena, c->public_key),
	    text_hex(arena, c->signature));
}

/* Where the last whole line ends.  What follows was torn by the death of a
 * process, before anybody was given it. */
static bool
find_end(int fd, off_t *out)
{
	char tail[CHECKPOINT_LINE_MAX];
	struct stat st;
	off_t from;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return false;
	from = st.st_size > (off_t)sizeof(tail) ?
	    st.st_size - (off_t)sizeof(tail) : 0;
	n = pread(fd, tail, sizeof(tail), from);
	if (n < 0)
		return false;
	while (n > 0 && tail[n - 1] != '\n')
		n--;
	*out = from + n;
	return n > 0 || from == 0;
}

static bool
append(int fd, const char *line)
{
	size_t n = strlen(line);
	off_t end;

	return find_end(fd, &end) && ftruncate(fd, end) == 0 &&
	    pwrite(fd, line, n, end) == (ssize_t)n && fdatasync(fd) == 0;
}

static struct err
keep(struct ctx *cx, const struct journal *j, const char *line)
{
	int fd = openat(journal_folder(j), CHECKPOINT_FILE,
	    O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0)
		return FAIL(cx, ERR_JOURNAL, "open %s: %s", CHECKPOINT_FILE,
		    strerror(errno));
	done = append(fd, line);
	(void)close(fd);
	if (!done)
		return FAIL(cx, ERR_JOURNAL, "write %s: %s", CHECKPOINT_FILE,
		    strerror(errno));
	return OK;
}

struct err
checkpoint_make(struct ctx *cx, const struct journal *j,
    const struct log_key *key, struct journal_checkpoint *out)
{
	struct journal_checkpoint c = { .at_s = ctx_now(cx) };
	uint8_t *hash = arena_alloc(cx->arena, JOURNAL_HASH_SIZE);
	uint8_t *signature = arena_alloc(cx->arena, LOG_SIGNATURE_SIZE);

	c.seq = journal_end(j, hash);
	log_key_sign(key, slice_text(checkpoint_text(cx->arena, c.seq, c.at_s,
	    hash)), signature);
	c.hash = SLICE(hash, JOURNAL_HASH_SIZE);
	c.public_key = slice_dup(cx->arena, log_key_public(key));
	c.signature = SLICE(signature, LOG_SIGNATURE_SIZE);
	TRY(keep(cx, j, line_of(cx->arena, &c)));
	*out = c;
	return OK;
}

bool
checkpoint_is_signed(struct arena *arena, const struct journal_checkpoint *c)
{
	return c->hash.n == JOURNAL_HASH_SIZE &&
	    log_key_verify(c->public_key, slice_text(checkpoint_text(arena,
	    c->seq, c->at_s, c->hash.p)), c->signature);
}

/* Exactly FIELDS words with one blank between two. */
static bool
split(char *line, char **out)
{
	for (size_t i = 0; i < FIELDS; i++) {
		char *blank = strchr(line, ' ');

		if ((blank != NULL) != (i + 1 < FIELDS))
			return false;
		out[i] = line;
		if (blank != NULL) {
			*blank = '\0';
			line = blank + 1;
		}
	}
	return true;
}

bool
checkpoint_read_line(struct arena *arena, const char *line,
    struct journal_checkpoint *out)
{
	struct journal_checkpoint c;
	char *field[FIELDS];

	if (strlen(line) > CHECKPOINT_LINE_MAX ||
	    !split(arena_strdup(arena, line), field) ||
	    !text_parse_uint(field[0], UINT64_MAX, &c.seq) ||
	    !text_parse_time(field[1], &c.at_s) ||
	    !text_unhex_any(arena, field[2], JOURNAL_HASH_SIZE, &c.hash) ||
	    !text_unhex_any(arena, field[3], LOG_PUBLIC_SIZE,
	    &c.public_key) ||
	    !text_unhex_any(arena, field[4], LOG_SIGNATURE_SIZE,
	    &c.signature))
		return false;
	*out = c;
	return c.hash.n == JOURNAL_HASH_SIZE;
}
