/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/journal.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "signer/index.h"
#include "signer/scan.h"

#define NAME_SIZE	16u	/* "00000001.jnl" and NUL */
#define LOCK_NAME	"lock"
#define BATCH_MAX	(64u * 1024u * 1024u)

struct journal {
	int		 folder_fd, lock_fd, fd;	/* fd: last segment */
	size_t		 segment_max;
	struct segment	*segments;	/* by number, the last is written to */
	size_t		 n_segments;
	uint64_t	 size;		/* of the last segment, committed */
	uint64_t	 next;		/* seq, with the batch */
	uint64_t	 committed;	/* the next seq without the batch */
	uint64_t	 dropped;
	uint8_t		 hash[JOURNAL_HASH_SIZE];	/* with the batch */
	uint8_t		 committed_hash[JOURNAL_HASH_SIZE];
	uint8_t		 entry_hash[JOURNAL_HASH_SIZE];	/* of the last
							 * committed entry */
	uint8_t		 before[JOURNAL_HASH_SIZE];	/* the last segment */
	const struct log_key *log_key;			/* NULL: no index */
	struct arena	*batch_arena;
	struct buf	 batch;
	struct crl_last	*crls;		/* with the batch: a number that was
					 * spent is not used again */
	size_t		 n_crls, cap_crls;
	bool		 lost;
	struct scan	 cursor;	/* where journal_read() left off */
	size_t		 cursor_segment;
	uint8_t		*window;
};

static void
segment_name(uint32_t number, char out[static NAME_SIZE])
{
	(void)snprintf(out, NAME_SIZE, "%08u.jnl", number % 100000000u);
}

uint64_t
journal_next(const struct journal *j)
{
	return j->next;
}

int
journal_folder(const struct journal *j)
{
	return j->folder_fd;
}

uint64_t
journal_end(const struct journal *j, uint8_t out_hash[static JOURNAL_HASH_SIZE])
{
	memcpy(out_hash, j->entry_hash, JOURNAL_HASH_SIZE);
	return j->committed - 1;
}

uint64_t
journal_dropped(const struct journal *j)
{
	return j->dropped;
}

bool
journal_is_lost(const struct journal *j)
{
	return j->lost;
}

/* --- CRL numbers --------------------------------------------------------- */

static struct crl_last *
crl_find(const struct journal *j, struct slice key_id)
{
	for (size_t i = 0; i < j->n_crls; i++)
		if (slice_equal(key_id, SLICE(j->crls[i].key_id,
		    j->crls[i].n_key_id)))
			return &j->crls[i];
	return NULL;
}

uint64_t
journal_last_crl(const struct journal *j, struct slice key_id)
{
	const struct crl_last *last = crl_find(j, key_id);

	return last != NULL ? last->number : 0;
}

static void
crl_note(struct journal *j, const struct journal_entry *e)
{
	struct crl_last *last;

	if (e->kind != JOURNAL_CRL || e->issuer_key_id.n > WIRE_KEY_ID_MAX)
		return;
	last = crl_find(j, e->issuer_key_id);
	if (last == NULL) {
		if (j->n_crls == j->cap_crls) {
			j->cap_crls = j->cap_crls > 0 ? 2 * j->cap_crls : 16;
			j->crls = base_realloc(j->crls,
			    j->cap_crls * sizeof(*j->crls));
		}
		last = &j->crls[j->n_crls++];
		*last = (struct crl_last){ .n_key_id = e->issuer_key_id.n };
		memcpy(last->key_id, e->issuer_key_id.p, last->n_key_id);
	}
	if (e->crl_number > last->number)
		last->number = e->crl_number;
}

/* --- opening ------------------------------------------------------------- */

static struct err
open_folder(struct ctx *cx, struct journal *j, const char *folder)
{
	const struct timespec pause = { .tv_nsec = 50000000 };

	TRY(file_make_folder(cx, folder));
	j->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->folder_fd < 0)
		return FAIL(cx, ERR_JOURNAL, "open %s: %s", folder,
		    strerror(errno));
	j->lock_fd = openat(j->folder_fd, LOCK_NAME,
	    O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock_fd < 0)
		return FAIL(cx, ERR_JOURNAL, "open %s/%s: %s", folder,
		    LOCK_NAME, strerror(errno));
	/* A signer that lost its daad may take a moment to end. */
	for (int i = 0; i < JOURNAL_LOCK_WAIT_S * 20; i++) {
		if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0)
			return OK;
		(void)nanosleep(&pause, NULL);
	}
	return FAIL(cx, ERR_JOURNAL, "another signer uses %s", folder);
}

static void
add_segment(struct journal *j, uint32_t number, uint64_t first_seq)
{
	j->segments = base_realloc(j->segments,
	    (j->n_segments + 1) * sizeof(*j->segments));
	j->segments[j->n_segments++] = (struct segment){ number, first_seq,
	    0 };
}

/* With the whole folder durable: an entry in a file that has no name is lost. */
static struct err
make_segment(struct ctx *cx, struct journal *j, uint32_t number)
{
	struct buf head = buf_in(cx->arena, SCAN_HEAD_SIZE);
	uint8_t hash[JOURNAL_HASH_SIZE];
	char name[NAME_SIZE];
	int fd;

	segment_name(number, name);
	scan_put_head(&head, number, j->committed, j->committed_hash, hash);
	fd = openat(j->folder_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return FAIL(cx, ERR_JOURNAL, "make %s: %s", name,
		    strerror(errno));
	failpoint("segment.created");
	if (ftruncate(fd, 0) != 0 ||
	    pwrite(fd, head.p, head.n, 0) != (ssize_t)head.n ||
	    fdatasync(fd) != 0 || fsync(j->folder_fd) != 0) {
		struct err e = FAIL(cx, ERR_JOURNAL, "write %s: %s", name,
		    strerror(errno));

		(void)close(fd);
		/* Left behind, it would contradict what is written next. */
		if (unlinkat(j->folder_fd, name, 0) != 0)
			j->lost = true;
		return e;
	}
	failpoint("segment.made");
	if (j->fd >= 0)
		(void)close(j->fd);
	if (j->n_segments > 0)
		j->segments[j->n_segments - 1].size = j->size;
	memcpy(j->before, j->committed_hash, sizeof(j->before));
	j->fd = fd;
	j->size = SCAN_HEAD_SIZE;
	memcpy(j->hash, hash, sizeof(hash));
	memcpy(j->committed_hash, hash, sizeof(hash));
	add_segment(j, number, j->committed);
	return OK;
}

/* Bring the state to where the scan stands. */
static void
take(struct journal *j, const struct scan *s)
{
	j->size = s->at;
	j->next = j->committed = s->seq;
	memcpy(j->hash, s->hash, sizeof(j->hash));
	memcpy(j->committed_hash, s->hash, sizeof(j->committed_hash));
}

static bool
segment_exists(const struct journal *j, uint32_t number)
{
	char name[NAME_SIZE];
	struct stat st;

	segment_name(number, name);
	return fstatat(j->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Read one segment to its end; *out_end says how it ended. */
static struct err
check_segment(struct ctx *cx, struct journal *j, uint32_t number,
    struct scan *s, enum scan_end *out_end)
{
	struct journal_entry entry;
	enum scan_end end;

	end = scan_head(s, number, j->committed, j->committed_hash);
	while (end == SCAN_ENTRY) {
		end = scan_next(cx->arena, s, &entry);
		if (end == SCAN_ENTRY) {
			crl_note(j, &entry);
			memcpy(j->entry_hash, s->hash, sizeof(s->hash));
		}
		arena_reset(cx->arena);
	}
	if (end == SCAN_BROKEN || end == SCAN_FAILED)
		return FAIL(cx, ERR_JOURNAL,
		    "segment %08u is broken at byte %llu", number,
		    (unsigned long long)s->at);
	*out_end = end;
	return OK;
}

/* An unfinished end is only where nothing follows. */
static struct err
cut(struct ctx *cx, struct journal *j, uint32_t number, const struct scan *s)
{
	struct stat st;

	if (segment_exists(j, number + 1))
		return FAIL(cx, ERR_JOURNAL,
		    "segment %08u is cut off at byte %llu and not the last",
		    number, (unsigned long long)s->at);
	if (fstat(j->fd, &st) != 0 ||
	    ftruncate(j->fd, (off_t)s->at) != 0 || fdatasync(j->fd) != 0)
		return FAIL(cx, ERR_JOURNAL, "cut segment %08u: %s", number,
		    strerror(errno));
	j->dropped = (uint64_t)st.st_size - s->at;
	return OK;
}

static struct err
read_segment(struct ctx *cx, struct journal *j, uint32_t number)
{
	enum scan_end end;
	char name[NAME_SIZE];
	struct scan s;

	segment_name(number, name);
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = openat(j->folder_fd, name, O_RDWR | O_CLOEXEC);
	if (j->fd < 0)
		return FAIL(cx, ERR_JOURNAL, "open %s: %s", name,
		    strerror(errno));
	scan_init(&s, j->fd, j->window);
	TRY(check_segment(cx, j, number, &s, &end));
	if (end == SCAN_TORN)
		TRY(cut(cx, j, number, &s));
	if (s.at < SCAN_HEAD_SIZE)	/* even its head was not finished */
		return make_segment(cx, j, number);
	if (j->n_segments > 0)
		j->segments[j->n_segments - 1].size = j->size;
	memcpy(j->before, j->committed_hash, sizeof(j->before));
	add_segment(j, number, j->committed);
	take(j, &s);
	return OK;
}

/* --- the index ------------------------------------------------------------ */

static void
write_index(struct ctx *cx, struct journal *j)
{
	struct index index = {
		.n_segments = j->n_segments, .segments = j->segments,
		.n_crls = j->n_crls, .crls = j->crls,
	};

	if (j->log_key == NULL)
		return;
	memcpy(index.before, j->before, sizeof(index.before));
	memcpy(index.entry_hash, j->entry_hash, sizeof(index.entry_hash));
	if (!index_write(cx, j->folder_fd, j->log_key, &index))
		log_put(cx->log, LOG_LEVEL_WARN, "journal.no-index", NULL);
}

static struct err
check_size(struct ctx *cx, const struct journal *j, const struct segment *s)
{
	char name[NAME_SIZE];
	struct stat st;

	segment_name(s->number, name);
	if (fstatat(j->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (uint64_t)st.st_size != s->size)
		return FAIL(cx, ERR_JOURNAL,
		    "segment %08u is not there as it was", s->number);
	return OK;
}

/* Stand where the last segment of the index begins. */
static struct err
resume(struct ctx *cx, struct journal *j, const struct index *index)
{
	size_t n = index->n_segments - 1;

	for (size_t i = 0; i < n; i++) {
		TRY(check_size(cx, j, &index->segments[i]));
		add_segment(j, index->segments[i].number,
		    index->segments[i].first_seq);
		j->size = j->segments[i].size = index->segments[i].size;
	}
	if (!segment_exists(j, index->segments[n].number))
		return FAIL(cx, ERR_JOURNAL, "segment %08u is missing",
		    index->segments[n].number);
	j->next = j->committed = index->segments[n].first_seq;
	memcpy(j->hash, index->before, sizeof(j->hash));
	memcpy(j->committed_hash, index->before, sizeof(j->hash));
	memcpy(j->entry_hash, index->entry_hash, sizeof(j->entry_hash));
	if (index->n_crls > 0) {
		j->crls = base_realloc(NULL,
		    index->n_crls * sizeof(*j->crls));
		memcpy(j->crls, index->crls,
		    index->n_crls * sizeof(*j->crls));
	}
	j->n_crls = j->cap_crls = index->n_crls;
	return OK;
}

static struct err
read_all(struct ctx *cx, struct journal *j)
{
	struct index index = { .n_segments = 0 };
	struct ctx own = *cx;
	uint32_t number = 1;
	struct err e = OK;

	own.arena = arena_new();	/* reset with each entry */
	if (j->log_key != NULL &&
	    index_read(&own, j->folder_fd, j->log_key, &index)) {
		e = resume(&own, j, &index);
		number = (uint32_t)index.n_segments;
	}
	while (!failed(e) && segment_exists(j, number))
		e = read_segment(&own, j, number++);
	if (!failed(e) && number == 1)
		e = make_segment(&own, j, number);
	if (!failed(e) && j->n_segments != index.n_segments)
		write_index(&own, j);
	arena_free(own.arena);
	return e;
}

struct err
journal_open(struct ctx *cx, const struct journal_conf *conf,
    struct journal **out)
{
	struct journal *j = base_alloc(sizeof(*j));
	struct err e;

	j->folder_fd = j->lock_fd = j->fd = -1;
	j->segment_max = conf->segment_max > 0 ? conf->segment_max :
	    JOURNAL_SEGMENT_MAX;
	j->log_key = conf->log_key;
	j->next = j->committed = 1;
	j->window = base_alloc(SCAN_WINDOW);
	j->batch_arena = arena_new();
	j->batch = buf_in(j->batch_arena, BATCH_MAX);
	j->cursor.fd = -1;
	e = open_folder(cx, j, conf->folder);
	if (!failed(e))
		e = read_all(cx, j);
	if (failed(e)) {
		journal_close(j);
		return e;
	}
	*out = j;
	return OK;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	close_fd(j->cursor.fd);
	close_fd(j->fd);
	close_fd(j->lock_fd);
	close_fd(j->folder_fd);
	arena_free(j->batch_arena);
	free(j->segments);
	free(j->crls);
	free(j->window);
	free(j);
}

/* --- writing ------------------------------------------------------------- */

struct err
journal_append(struct ctx *cx, struct journal *j,
    const struct journal_entry *entry, uint64_t *out_seq)
{
	struct journal_entry e = *entry;

	e.seq = j->next;
	e.at_s = ctx_now(cx);
	if (e.object.n > WIRE_CERT_MAX || e.sealed.n > WIRE_SEALED_MAX ||
	    j->batch.max - j->batch.n < JOURNAL_ENTRY_MAX)
		return FAIL(cx, ERR_JOURNAL, "an entry is too large");
	scan_put_entry(&j->batch, &e, j->hash, j->hash);
	ASSERT(!j->batch.bad);
	j->next++;
	crl_note(j, &e);
	*out_seq = e.seq;
	return OK;
}

static void
forget_batch(struct journal *j)
{
	arena_reset(j->batch_arena);
	j->batch = buf_in(j->batch_arena, BATCH_MAX);
}

static bool
write_at(int fd, struct slice s, uint64_t at)
{
	while (s.n > 0) {
		ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = SLICE(s.p + n, s.n - (size_t)n);
		at += (uint64_t)n;
	}
	return true;
}

/* Nothing was synced: take the bytes away again.  If even that fails, nobody
 * knows what the file holds. */
static struct err
roll_back(struct ctx *cx, struct journal *j, bool unsure)
{
	struct err e = FAIL(cx, ERR_JOURNAL, "write the journal: %s",
	    strerror(errno));

	if (unsure || ftruncate(j->fd, (off_t)j->size) != 0)
		j->lost = true;
	j->next = j->committed;
	memcpy(j->hash, j->committed_hash, sizeof(j->hash));
	forget_batch(j);
	return e;
}

struct err
journal_commit(struct ctx *cx, struct journal *j)
{
	if (j->lost)
		return FAIL(cx, ERR_JOURNAL, "the journal is lost");
	if (j->batch.n == 0)
		return OK;
	failpoint("issue.made");
	if (!write_at(j->fd, buf_slice(&j->batch), j->size))
		return roll_back(cx, j, false);
	failpoint("issue.written");
	if (fdatasync(j->fd) != 0)
		return roll_back(cx, j, true);
	failpoint("issue.synced");
	j->size += j->batch.n;
	j->committed = j->next;
	memcpy(j->committed_hash, j->hash, sizeof(j->hash));
	memcpy(j->entry_hash, j->hash, sizeof(j->hash));
	forget_batch(j);
	/* The batch is durable: a new segment that cannot be made only means
	 * that this one grows on, and the next commit tries again. */
	if (j->size < j->segment_max)
		return OK;
	if (failed(make_segment(cx, j,
	    j->segments[j->n_segments - 1].number + 1)))
		ctx_forget(cx);
	else
		write_index(cx, j);
	return OK;
}

/* --- reading ------------------------------------------------------------- */

/* The last segment whose first entry is not after from. */
static size_t
segment_of(const struct journal *j, uint64_t from)
{
	size_t i = j->n_segments - 1;

	while (i > 0 && j->segments[i].first_seq > from)
		i--;
	return i;
}

/* prev is the hash of what is before the segment, or NULL. */
static struct err
cursor_open(struct ctx *cx, struct journal *j, size_t i, const uint8_t *prev)
{
	const struct segment *segment = &j->segments[i];
	uint8_t head[SCAN_HEAD_SIZE];
	char name[NAME_SIZE];
	struct scan scan;
	int fd;

	segment_name(segment->number, name);
	fd = openat(j->folder_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return FAIL(cx, ERR_JOURNAL, "open %s: %s", name,
		    strerror(errno));
	scan_init(&scan, fd, j->window);
	/* What is before the first segment that is read was not read now: the
	 * head repeats it. */
	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    scan_head(&scan, segment->number, segment->first_seq,
	    prev != NULL ? prev : head + SCAN_HEAD_SIZE -
	    2 * JOURNAL_HASH_SIZE) != SCAN_ENTRY) {
		(void)close(fd);
		return FAIL(cx, ERR_JOURNAL,
		    "segment %08u does not read as before",
		    segment->number);
	}
	close_fd(j->cursor.fd);
	j->cursor = scan;
	j->cursor_segment = i;
	return OK;
}

/* The next committed entry, over segment boundaries.  A start by the index has
 * not read the finished segments: that one follows on the other is seen here. */
static struct err
cursor_next(struct ctx *cx, struct journal *j, struct journal_entry *out)
{
	enum scan_end end = scan_next(cx->arena, &j->cursor, out);

	if (end == SCAN_END && j->cursor_segment + 1 < j->n_segments) {
		TRY(cursor_open(cx, j, j->cursor_segment + 1,
		    j->cursor.hash));
		end = scan_next(cx->arena, &j->cursor, out);
	}
	if (end != SCAN_ENTRY)
		return FAIL(cx, ERR_JOURNAL,
		    "segment %08u does not read as before",
		    j->segments[j->cursor_segment].number);
	return OK;
}

static struct err
cursor_seek(struct ctx *cx, struct journal *j, uint64_t from)
{
	struct journal_entry skipped;

	if (j->cursor.fd < 0 || j->cursor.seq > from ||
	    segment_of(j, from) != j->cursor_segment)
		TRY(cursor_open(cx, j, segment_of(j, from), NULL));
	j->cursor.window_n = 0;		/* the file may have grown */
	while (j->cursor.seq < from)
		TRY(cursor_next(cx, j, &skipped));
	return OK;
}

struct err
journal_read(struct ctx *cx, struct journal *j, uint64_t from, size_t max,
    size_t bytes_max, const struct journal_entry **out, size_t *out_n)
{
	struct journal_entry *entries;
	size_t n = 0, bytes = 0;

	if (from == 0)
		from = 1;
	if (from >= j->committed) {
		*out = NULL;
		*out_n = 0;
		return OK;
	}
	if (max > j->committed - from)
		max = (size_t)(j->committed - from);
	entries = arena_array(cx->arena, max, sizeof(*entries));
	TRY(cursor_seek(cx, j, from));
	while (n < max && bytes < bytes_max) {
		struct journal_entry *e = &entries[n++];

		TRY(cursor_next(cx, j, e));
		e->object = slice_dup(cx->arena, e->object);
		e->sealed = slice_dup(cx->arena, e->sealed);
		e->issuer_key_id = slice_dup(cx->arena, e->issuer_key_id);
		bytes += e->object.n + e->sealed.n;
	}
	*out = entries;
	*out_n = n;
	return OK;
}
