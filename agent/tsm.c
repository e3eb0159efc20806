/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tsm.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "agent/binding.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"

#define NAME_TRIES	4u	/* folders that somebody else has already */
#define TEXT_MAX	64u	/* bytes of an attribute that is text */
#define LEVEL_MAX	3u	/* VMPL */
#define PAUSE_MS	50	/* before something is asked for again */

struct provider {
	const char	*name, *format, *member;
	bool		 aux;		/* auxblob belongs behind outblob */
	bool		 ccel;
};

static const struct provider providers[] = {
	{ "arm_cca_guest", "psa", "token", false, false },
	{ "sev_guest", "snp", "report", true, false },
	{ "tdx_guest", "tdx", "quote", false, true },
};

/* --- attributes ---------------------------------------------------------- */

/* These pass by themselves; ERR_BUSY is for the loop below alone. */
static struct err
attribute_failed(struct ctx *cx, const char *path, int code)
{
	bool passes = code == EBUSY || code == EAGAIN || code == EINTR ||
	    code == ETXTBSY;

	return FAIL(cx, passes ? ERR_BUSY : ERR_SOURCE, "%s: %s", path,
	    strerror(code));
}

static struct err
read_attribute(struct ctx *cx, const char *entry, const char *name,
    size_t max, struct slice *out)
{
	const char *path = arena_printf(cx->arena, "%s/%s", entry, name);
	struct buf b = buf_in(cx->arena, max + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC), code = errno;
	uint8_t chunk[4096];
	ssize_t n;

	if (fd < 0)
		return attribute_failed(cx, path, code);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && !b.bad)
		put_bytes(&b, SLICE(chunk, (size_t)n));
	code = errno;
	(void)close(fd);
	if (n < 0)
		return attribute_failed(cx, path, code);
	if (b.bad || b.n > max)
		return FAIL(cx, ERR_SOURCE, "%s is longer than %zu bytes",
		    path, max);
	*out = buf_slice(&b);
	return OK;
}

/* What was written counts when it is closed, and the kernel says nothing then. */
static struct err
write_attribute(struct ctx *cx, const char *entry, const char *name,
    struct slice s)
{
	const char *path = arena_printf(cx->arena, "%s/%s", entry, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC), code = errno;
	ssize_t n;

	if (fd < 0)
		return attribute_failed(cx, path, code);
	n = write(fd, s.p, s.n);
	code = n < 0 ? errno : EIO;
	if (close(fd) != 0 && n >= 0)
		return attribute_failed(cx, path, errno);
	return n == (ssize_t)s.n ? OK : attribute_failed(cx, path, code);
}

/* Without the line's end. */
static struct err
read_text(struct ctx *cx, const char *entry, const char *name,
    const char **out)
{
	struct slice s;

	TRY(read_attribute(cx, entry, name, TEXT_MAX, &s));
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (!text_is_printable(s))
		return FAIL(cx, ERR_SOURCE, "%s/%s is not text", entry, name);
	*out = arena_strndup(cx->arena, (const char *)s.p, s.n);
	return OK;
}

static struct err
read_generation(struct ctx *cx, const char *entry, uint64_t *out)
{
	const char *text;

	TRY(read_text(cx, entry, "generation", &text));
	if (!text_parse_uint(text, UINT64_MAX, out))
		return FAIL(cx, ERR_SOURCE, "%s/generation is not a number",
		    entry);
	return OK;
}

/* --- the report ---------------------------------------------------------- */

/*
 * Where something else of the VM runs above this kernel, the kernel gives reports
 * of its own level and those below it only, and that is not the default.
 */
static struct err
set_level(struct ctx *cx, const char *entry)
{
	const char *path = arena_printf(cx->arena, "%s/privlevel_floor",
	    entry), *text;
	uint64_t floor;

	if (access(path, F_OK) != 0)
		return OK;
	TRY(read_text(cx, entry, "privlevel_floor", &text));
	if (!text_parse_uint(text, LEVEL_MAX, &floor))
		return FAIL(cx, ERR_SOURCE, "%s is not a level", path);
	return floor == 0 ? OK : write_attribute(cx, entry, "privlevel",
	    slice_text(text));
}

struct blobs {
	struct slice	out, aux;
};

/* Not every provider has it. */
static struct err
read_aux(struct ctx *cx, const char *entry, struct slice *out)
{
	const char *path = arena_printf(cx->arena, "%s/auxblob", entry);

	if (access(path, F_OK) != 0)
		return OK;
	return read_attribute(cx, entry, "auxblob", TSM_BLOB_MAX, out);
}

/* ERR_BUSY when somebody else wrote as well, or the kernel is not ready. */
static struct err
ask_once(struct ctx *cx, const char *entry, struct slice inblob, bool aux,
    struct blobs *out)
{
	struct blobs blobs = { SLICE_NONE, SLICE_NONE };
	uint64_t before, after;

	TRY(read_generation(cx, entry, &before));
	TRY(write_attribute(cx, entry, "inblob", inblob));
	TRY(read_generation(cx, entry, &after));
	if (after == before)
		return FAIL(cx, ERR_BUSY, "%s/inblob: not taken", entry);
	TRY(read_attribute(cx, entry, "outblob", TSM_BLOB_MAX, &blobs.out));
	if (aux)
		TRY(read_aux(cx, entry, &blobs.aux));
	TRY(read_generation(cx, entry, &after));
	if (after != before + 1)
		return FAIL(cx, ERR_BUSY, "%s: somebody else writes there",
		    entry);
	if (blobs.out.n == 0)
		return FAIL(cx, ERR_SOURCE, "%s/outblob is empty", entry);
	*out = blobs;
	return OK;
}

static struct err
ask_until(struct ctx *cx, const char *entry, struct slice inblob, bool aux,
    int64_t wait_s, struct blobs *out)
{
	const struct clock *clock = cx->clock;
	uint64_t end_us = clock->ticks_us(clock->arg) +
	    (uint64_t)wait_s * 1000000u;
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	struct err e;

	for (;;) {
		e = ask_once(cx, entry, inblob, aux, out);
		if (e.code != ERR_BUSY)
			return e;
		if (clock->ticks_us(clock->arg) >= end_us)
			return FAIL(cx, ERR_SOURCE, "still after %lld s: %s",
			    (long long)wait_s, arena_strdup(cx->arena,
			    cx->trail->note));
		ctx_forget(cx);
		(void)nanosleep(&pause, NULL);
	}
}

static struct err
find_provider(struct ctx *cx, const char *entry, const struct settings *set,
    const struct provider **out)
{
	const char *name;

	TRY(read_text(cx, entry, "provider", &name));
	for (size_t i = 0; i < COUNT_OF(providers); i++) {
		if (strcmp(providers[i].name, name) != 0)
			continue;
		if (set->format != NULL &&
		    strcmp(set->format, providers[i].format) != 0)
			return FAIL(cx, ERR_CONFIG, "format is %s, but this "
			    "machine's kernel gives %s", set->format,
			    providers[i].format);
		*out = &providers[i];
		return OK;
	}
	return FAIL(cx, ERR_SOURCE, "the kernel's provider %s is not known",
	    name);
}

/* The firmware's log belongs to this machine's own kernel, and goes with it. */
static struct err
add_log(struct ctx *cx, const struct settings *set, json_t *evidence)
{
	const char *path = set->event_log;
	struct slice log;

	if (strcmp(path, "none") == 0)
		return OK;
	if (strcmp(path, "auto") == 0) {
		if (strcmp(set->tsm_dir, TSM_DIR) != 0 ||
		    access(TSM_CCEL, R_OK) != 0)
			return OK;
		path = TSM_CCEL;
	}
	TRY(file_read(cx, path, TSM_LOG_MAX, &log));
	if (log.n > 0)
		source_set_bytes(cx, evidence, "event_log", log);
	return OK;
}

static struct err
get_at(struct ctx *cx, const struct source_ask *ask, const char *entry,
    json_t *evidence)
{
	struct buf whole = buf_in(cx->arena, 2 * TSM_BLOB_MAX);
	const struct provider *p;
	struct blobs blobs;

	TRY(find_provider(cx, entry, ask->set, &p));
	TRY(set_level(cx, entry));
	TRY(ask_until(cx, entry, source_binding(cx, ask, p->format,
	    BINDING_MAX), p->aux, ask->wait_s, &blobs));
	put_bytes(&whole, blobs.out);
	put_bytes(&whole, blobs.aux);
	source_set(evidence, "format", json_string(p->format));
	source_set_bytes(cx, evidence, p->member, buf_slice(&whole));
	return p->ccel ? add_log(cx, ask->set, evidence) : OK;
}

/* --- the folder ---------------------------------------------------------- */

static struct err
make_entry(struct ctx *cx, const char *dir, const char **out)
{
	uint8_t random[8];
	const char *entry;

	for (unsigned i = 0; i < NAME_TRIES; i++) {
		ctx_random(cx, random, sizeof(random));
		entry = arena_printf(cx->arena, "%s/daa-agent-%s", dir,
		    text_hex(cx->arena, SLICE_OF(random)));
		if (mkdir(entry, 0700) == 0) {
			*out = entry;
			return OK;
		}
		if (errno == ENXIO)
			return FAIL(cx, ERR_SOURCE,
			    "%s: the kernel has no provider of reports", dir);
		if (errno != EEXIST)
			break;
	}
	return FAIL(cx, ERR_SOURCE, "make a folder in %s: %s", dir,
	    strerror(errno));
}

static struct err
get(struct ctx *cx, const struct source_ask *ask, json_t *evidence)
{
	const char *entry;
	struct err e;

	TRY(make_entry(cx, ask->set->tsm_dir, &entry));
	e = get_at(cx, ask, entry, evidence);
	(void)rmdir(entry);
	return e.code != ERR_BUSY ? e : FAIL(cx, ERR_SOURCE, "%s",
	    arena_strdup(cx->arena, cx->trail->note));
}

/* Whether the kernel has it is asked when it is used. */
static struct err
check(struct ctx *cx, const struct settings *set)
{
	return set->tsm_dir[0] == '/' ? OK : FAIL(cx, ERR_CONFIG,
	    "tsm_dir must begin with /");
}

const struct source source_tsm = { "tsm", check, get };
