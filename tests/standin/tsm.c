/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsm STANDIN DEVICE FOLDER: a stand-in for the kernel's configfs-tsm, mounted at
 * FOLDER, of a guest whose reports the program STANDIN makes with the device
 * DEVICE.  Folders can be made in it, with the attributes that the kernel's have
 * (drivers/virt/coco/guest/report.c): what is written to inblob counts when it is
 * closed, generation counts that, outblob is made when it is read first.
 *
 * DEVICE/fault, read when a folder is made, is a word and how often it comes true:
 *
 *	exists		the name is taken
 *	none		there is no provider
 *	unknown		the provider is one that nobody knows
 *	busy		inblob cannot be written
 *	lost		a write to inblob is lost, as the kernel's are when too many
 *	blocked		outblob cannot be read yet
 *	broken		outblob cannot be read
 *	race		somebody else writes inblob before outblob is read
 *	late		somebody else writes inblob after outblob is read
 *	long, empty	outblob has more or less than it should
 *
 * DEVICE/floor has a digit, the least privilege level of reports, if any.  Where
 * there is DEVICE/recorded, that is played back as outblob.
 */
#define FUSE_USE_VERSION	31
#include <fuse.h>

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/program.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/json.h"

#define ENTRIES_MAX	8u
#define NAME_LONGEST	64u
#define INBLOB_MAX	64u
#define BLOB_MAX	(1024u * 1024u)
#define REPORT_SIZE	1184u	/* of SNP: what follows is the table */
#define MAKE_WAIT_S	300

enum { INBLOB, OUTBLOB, AUXBLOB, GENERATION, PROVIDER, LEVEL, FLOOR,
	N_ATTRIBUTES };

static const char *const attributes[N_ATTRIBUTES] = {
	"inblob", "outblob", "auxblob", "generation", "provider",
	"privlevel", "privlevel_floor",
};

struct entry {
	char		 name[NAME_LONGEST];	/* "": free */
	uint8_t		 inblob[INBLOB_MAX], pending[INBLOB_MAX];
	size_t		 inblob_n, pending_n;
	unsigned	 generation, made_at;	/* of the blobs */
	struct slice	 blobs[N_ATTRIBUTES];
	char		 level, floor;		/* digits; 0: there are none */
	char		 fault[16];
	unsigned	 times;
};

struct tsm {
	struct ctx	*cx;
	const char	*standin, *device;
	struct entry	 entries[ENTRIES_MAX];
};

static struct tsm *
self(void)
{
	return fuse_get_context()->private_data;
}

/* The fault comes true this time. */
static bool
faulty(struct entry *e, const char *name)
{
	if (e->times == 0 || strcmp(e->fault, name) != 0)
		return false;
	e->times--;
	return true;
}

static void
read_fault(struct tsm *t, struct entry *e)
{
	const char *path = arena_printf(t->cx->arena, "%s/fault", t->device);
	struct slice text;
	const char *space;
	uint64_t times;

	if (failed(file_read(t->cx, path, 32, &text)))
		return;
	((char *)(uintptr_t)text.p)[strcspn((const char *)text.p, "\n")] = '\0';
	space = strchr((const char *)text.p, ' ');
	ASSERT(space != NULL && text_parse_uint(space + 1, 1000000, &times));
	(void)snprintf(e->fault, sizeof(e->fault), "%.*s",
	    (int)(space - (const char *)text.p), (const char *)text.p);
	e->times = (unsigned)times;
}

/* DEVICE/floor: the least level that this kernel gives reports of. */
static void
read_floor(struct tsm *t, struct entry *e)
{
	const char *path = arena_printf(t->cx->arena, "%s/floor", t->device);
	struct slice text;

	e->level = '0';
	if (!failed(file_read(t->cx, path, 8, &text)) && text.n > 0)
		e->floor = (char)text.p[0];
}

/* --- paths ---------------------------------------------------------------- */

/* "/entry" gives -1 for the attribute. */
static struct entry *
find(const char *path, int *out_attribute)
{
	struct tsm *t = self();
	const char *slash = strchr(path + 1, '/');
	size_t n = slash == NULL ? strlen(path + 1) :
	    (size_t)(slash - path - 1);

	*out_attribute = -1;
	for (int i = 0; slash != NULL && i < N_ATTRIBUTES; i++)
		if (strcmp(attributes[i], slash + 1) == 0)
			*out_attribute = i;
	if (slash != NULL && *out_attribute < 0)
		return NULL;
	for (size_t i = 0; n > 0 && i < ENTRIES_MAX; i++)
		if (strlen(t->entries[i].name) == n &&
		    memcmp(t->entries[i].name, path + 1, n) == 0)
			return *out_attribute >= LEVEL &&
			    t->entries[i].floor == 0 ? NULL : &t->entries[i];
	return NULL;
}

static int
on_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	int attribute;

	(void)fi;
	memset(st, 0, sizeof(*st));
	st->st_nlink = 1;
	if (strcmp(path, "/") == 0) {
		st->st_mode = S_IFDIR | 0755;
		return 0;
	}
	if (find(path, &attribute) == NULL)
		return -ENOENT;
	st->st_mode = attribute < 0 ? S_IFDIR | 0755 :
	    attribute == INBLOB || attribute == LEVEL ? S_IFREG | 0200 :
	    S_IFREG | 0400;
	return 0;
}

static int
on_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
    struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	struct tsm *t = self();

	(void)offset;
	(void)fi;
	(void)flags;
	for (size_t i = 0; path[1] == '\0' && i < ENTRIES_MAX; i++)
		if (t->entries[i].name[0] != '\0')
			(void)fill(buf, t->entries[i].name, NULL, 0, 0);
	for (size_t i = 0; path[1] != '\0' && i < N_ATTRIBUTES; i++)
		(void)fill(buf, attributes[i], NULL, 0, 0);
	return 0;
}

static int
on_mkdir(const char *path, mode_t mode)
{
	struct tsm *t = self();
	struct entry made = { .generation = 0 };
	static unsigned taken;	/* how often "exists" came true already */

	(void)mode;
	read_fault(t, &made);
	read_floor(t, &made);
	if (strcmp(made.fault, "none") == 0)
		return -ENXIO;
	if (strcmp(made.fault, "exists") == 0 && taken++ < made.times)
		return -EEXIST;
	if (strlen(path + 1) >= sizeof(made.name))
		return -ENAMETOOLONG;
	(void)snprintf(made.name, sizeof(made.name), "%s", path + 1);
	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		if (t->entries[i].name[0] != '\0')
			continue;
		t->entries[i] = made;
		return 0;
	}
	return -ENOSPC;
}

static int
on_rmdir(const char *path)
{
	int attribute;
	struct entry *e = find(path, &attribute);

	if (e == NULL || attribute >= 0)
		return -ENOENT;
	*e = (struct entry){ .generation = 0 };
	return 0;
}

/* --- the report ----------------------------------------------------------- */

static struct slice
member_of(struct ctx *cx, const json_t *evidence, const char *name)
{
	const char *text = json_string_value(json_object_get(evidence, name));
	struct slice s = SLICE_NONE;

	if (text != NULL)
		ASSERT(base64url_parse(cx->arena, text, strlen(text), BLOB_MAX,
		    &s));
	return s;
}

/* DEVICE/recorded, a report from another time, in the place of a new one. */
static bool
play_back(struct tsm *t, struct entry *e)
{
	const char *path = arena_printf(t->cx->arena, "%s/recorded",
	    t->device);

	if (failed(file_read(t->cx, path, BLOB_MAX, &e->blobs[OUTBLOB])))
		return false;
	e->blobs[AUXBLOB] = SLICE_NONE;
	e->made_at = e->generation;
	return true;
}

static bool
make_blobs(struct tsm *t, struct entry *e)
{
	const struct program maker = {
		.name = "standin",
		.command = arena_printf(t->cx->arena, "'%s' quote '%s' %s",
		    t->standin, t->device, text_hex(t->cx->arena,
		    SLICE(e->inblob, e->inblob_n))),
		.output_max = BLOB_MAX,
		.wait_s = MAKE_WAIT_S,
	};
	static const char *const members[] = { "quote", "report", "token" };
	struct slice text, blob;
	json_t *evidence;

	if (failed(program_run(t->cx, &maker, &text)) ||
	    failed(json_parse(t->cx, text, &evidence))) {
		(void)fprintf(stderr, "tsm: %s\n", t->cx->trail->note);
		return false;
	}
	blob = SLICE_NONE;
	for (size_t i = 0; i < COUNT_OF(members) && blob.n == 0; i++)
		blob = member_of(t->cx, evidence, members[i]);
	e->blobs[OUTBLOB] = blob;
	e->blobs[AUXBLOB] = SLICE_NONE;
	if (json_object_get(evidence, "report") != NULL) {
		ASSERT(blob.n >= REPORT_SIZE);
		e->blobs[OUTBLOB].n = REPORT_SIZE;
		e->blobs[AUXBLOB] = SLICE(blob.p + REPORT_SIZE,
		    blob.n - REPORT_SIZE);
	}
	e->made_at = e->generation;
	return true;
}

/* Another process writes there. */
static void
interfere(struct entry *e)
{
	memset(e->inblob, 0xee, sizeof(e->inblob));
	e->inblob_n = sizeof(e->inblob);
	e->generation++;
}

static int
make_report(struct tsm *t, struct entry *e)
{
	if (e->inblob_n == 0 || e->level < e->floor)
		return -EINVAL;
	if (faulty(e, "blocked"))
		return -EWOULDBLOCK;
	if (faulty(e, "broken"))
		return -EIO;
	if (faulty(e, "race"))
		interfere(e);
	if (e->made_at != e->generation && !play_back(t, e) &&
	    !make_blobs(t, e))
		return -EIO;
	if (faulty(e, "late"))
		interfere(e);
	return 0;
}

static const char *
provider_of(struct tsm *t, struct entry *e)
{
	const char *path = arena_printf(t->cx->arena, "%s/device.json",
	    t->device);
	struct slice text;
	json_t *device;
	const char *kind;

	if (faulty(e, "unknown"))
		return "another_guest\n";
	ASSERT(!failed(file_read(t->cx, path, 65536, &text)) &&
	    !failed(json_parse(t->cx, text, &device)));
	kind = json_string_value(json_object_get(device, "kind"));
	return strcmp(kind, "tdx") == 0 ? "tdx_guest\n" :
	    strcmp(kind, "cca") == 0 ? "arm_cca_guest\n" : "sev_guest\n";
}

/* --- files ---------------------------------------------------------------- */

static int
on_open(const char *path, struct fuse_file_info *fi)
{
	struct tsm *t = self();
	int attribute, rc = 0;
	struct entry *e = find(path, &attribute);

	if (e == NULL)
		return -ENOENT;
	fi->direct_io = 1;	/* there are no sizes */
	if (attribute == OUTBLOB || attribute == AUXBLOB)
		rc = make_report(t, e);
	if (attribute == OUTBLOB && faulty(e, "empty"))
		e->blobs[OUTBLOB].n = 0;
	if (attribute == OUTBLOB && faulty(e, "long"))
		e->blobs[OUTBLOB] = SLICE(arena_alloc(t->cx->arena, BLOB_MAX),
		    BLOB_MAX);
	return rc;
}

static int
on_read(const char *path, char *buf, size_t n, off_t offset,
    struct fuse_file_info *fi)
{
	struct tsm *t = self();
	int attribute;
	struct entry *e = find(path, &attribute);
	struct slice s;

	(void)fi;
	if (e == NULL || attribute < 0)
		return -ENOENT;
	s = attribute == FLOOR ? SLICE(&e->floor, 1) :
	    attribute == GENERATION ? slice_text(arena_printf(t->cx->arena,
	    "%u\n", e->generation)) : attribute == PROVIDER ?
	    slice_text(provider_of(t, e)) : e->blobs[attribute];
	if ((size_t)offset >= s.n)
		return 0;
	if (n > s.n - (size_t)offset)
		n = s.n - (size_t)offset;
	memcpy(buf, s.p + offset, n);
	return (int)n;
}

static int
on_write(const char *path, const char *buf, size_t n, off_t offset,
    struct fuse_file_info *fi)
{
	int attribute;
	struct entry *e = find(path, &attribute);

	(void)fi;
	if (e != NULL && attribute == LEVEL && n > 0) {
		e->level = buf[0];
		e->generation++;
		return (int)n;
	}
	if (e == NULL || attribute != INBLOB)
		return -EACCES;
	if (faulty(e, "busy"))
		return -EBUSY;
	if (offset != 0 || n > INBLOB_MAX)
		return -EFBIG;
	memcpy(e->pending, buf, n);
	e->pending_n = n;
	return (int)n;
}

/* A close. */
static int
on_flush(const char *path, struct fuse_file_info *fi)
{
	int attribute;
	struct entry *e = find(path, &attribute);

	(void)fi;
	if (e == NULL || attribute != INBLOB || e->pending_n == 0)
		return 0;
	if (!faulty(e, "lost")) {
		memcpy(e->inblob, e->pending, e->pending_n);
		e->inblob_n = e->pending_n;
		e->generation++;
	}
	e->pending_n = 0;
	return 0;
}

static int
on_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	(void)path;
	(void)size;
	(void)fi;
	return 0;
}

static const struct fuse_operations operations = {
	.getattr = on_getattr, .readdir = on_readdir, .mkdir = on_mkdir,
	.rmdir = on_rmdir, .open = on_open, .read = on_read,
	.write = on_write, .flush = on_flush, .truncate = on_truncate,
};

int
main(int argc, char **argv)
{
	/* In the foreground, one request at a time, at the folder. */
	char foreground[] = "-f", single[] = "-s";
	char *fuse_argv[] = { argv[0], foreground, single, NULL, NULL };
	struct ctx_root root;
	struct tsm t;
	int rc;

	if (argc != 4)
		return 2;
	ctx_root_init(&root, NULL);
	t = (struct tsm){ .cx = &root.cx, .standin = argv[1],
	    .device = argv[2] };
	fuse_argv[3] = argv[3];
	rc = fuse_main(4, fuse_argv, &operations, &t);
	ctx_root_fini(&root);
	return rc;
}
