/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR (RFC 8949) in, bounded and typed; and what is needed of it out.
 *
 * cbor_parse() checks all of the encoding at once and gives a tree that borrows
 * from the bytes.  A struct cbor_in walks one map of it, as json_in walks a JSON
 * object: the first thing wrong is remembered, later calls give defaults, and
 * cbor_in_done() says how it went.
 */
#ifndef DAAPKI_CODEC_CBOR_H
#define DAAPKI_CODEC_CBOR_H

#include "base/ctx.h"

#define CBOR_DEPTH_MAX	8u	/* items inside one another */
#define CBOR_ITEMS_MAX	4096u	/* of one tree */
#define CBOR_PAIRS_MAX	256u	/* of one map */

/* The major types, and the simple values that have a meaning. */
enum cbor_kind {
	CBOR_UINT, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP,
	CBOR_TAG, CBOR_BOOL, CBOR_NULL, CBOR_UNDEFINED, CBOR_FLOAT
};

struct cbor {
	enum cbor_kind		 kind;
	/* UINT, TAG: the number.  NEGATIVE: -1 - n is meant.  BOOL: 0, 1.
	 * ARRAY: items.  MAP: pairs.  BYTES, TEXT: length. */
	uint64_t		 n;
	struct slice		 string;	/* BYTES, TEXT: contents */
	struct slice		 whole;		/* the item as it is encoded */
	const struct cbor	*items;		/* ARRAY: n; TAG: 1; MAP: 2 n,
						 * each value after its key */
};

/* What a format asks for or leaves open; bits. */
enum cbor_rules {
	/* Map keys ascend by their bytes (RFC 8949, 4.2.1). */
	CBOR_ORDERED		= 1 << 0,
	/* Map keys ascend, shorter ones first (RFC 8949, 4.2.3; CTAP2). */
	CBOR_SHORTER_FIRST	= 1 << 1,
	/* Numbers and lengths need not be in the fewest bytes. */
	CBOR_ANY_WIDTH		= 1 << 2,
};

/*
 * Read exactly one item.  Refused whatever the rules: bytes after it,
 * indefinite lengths, text that is not UTF-8, a map key twice or that is
 * neither integer nor string, unassigned simple values, more than the limits.
 * Nothing is allocated for what is not there.
 * ERR_EV_MALFORMED
 */
struct err	cbor_parse(struct ctx *, struct slice, unsigned rules,
		    struct cbor *out);
/*
 * The same for an item that others follow; out->whole is its length.
 * ERR_EV_MALFORMED
 */
struct err	cbor_parse_first(struct ctx *, struct slice, unsigned rules,
		    struct cbor *out);

/* The integer, where it fits; false when it is none or does not. */
bool		cbor_int(const struct cbor *, int64_t *out);
/* Is it just that text? */
bool		cbor_text_is(const struct cbor *, const char *);
/* The value of a key; NULL when there is none, or it is no map. */
const struct cbor *cbor_find(const struct cbor *map, int64_t key);
const struct cbor *cbor_find_text(const struct cbor *map, const char *key);
/* "an array": for words. */
const char	*cbor_kind_name(enum cbor_kind);

/* --- walking a map ----------------------------------------------------- */

enum cbor_need { CBOR_OPTIONAL, CBOR_REQUIRED };

struct cbor_in {
	struct ctx		*cx;
	const struct cbor	*map;
	const char		*name;	/* what the map is: for words */
	struct err		 err;
	size_t			 n_asked;	/* of its keys, found */
};

/* Begin with a map; anything else is a failure. */
struct cbor_in	cbor_in(struct ctx *, const struct cbor *, const char *name);
/* Refuse a member: "claims: 2395 is missing". */
void		cbor_refuse(struct cbor_in *, int64_t key, const char *why);
/* ERR_EV_MALFORMED: the first failure.  Members nobody asked for pass. */
struct err	cbor_in_done(struct cbor_in *);
/* The same; members nobody asked for are refused.  Ask for each only once. */
struct err	cbor_in_done_all(struct cbor_in *);

/* The value, which must be of that kind; NULL when absent. */
const struct cbor *cbor_get(struct cbor_in *, int64_t key, enum cbor_kind,
		    enum cbor_need);
/* Whatever it is; NULL when absent. */
const struct cbor *cbor_get_any(struct cbor_in *, int64_t key,
		    enum cbor_need);
/* Of least to most bytes; SLICE_NONE when absent. */
struct slice	cbor_get_bytes(struct cbor_in *, int64_t key, enum cbor_need,
		    size_t least, size_t most);
/* Printable, of 1 to most bytes, copied; NULL when absent. */
const char	*cbor_get_text(struct cbor_in *, int64_t key, enum cbor_need,
		    size_t most);
/* From least to most; 0 when absent. */
int64_t		cbor_get_int(struct cbor_in *, int64_t key, enum cbor_need,
		    int64_t least, int64_t most);

/* --- writing ------------------------------------------------------------ */

/* The head of an item: BYTES and TEXT n bytes follow, ARRAY n items, MAP n
 * pairs, TAG one item; UINT and NEGATIVE are complete with it. */
void		cbor_put_head(struct buf *, enum cbor_kind, uint64_t n);
void		cbor_put_int(struct buf *, int64_t);
void		cbor_put_bytes(struct buf *, struct slice);
void		cbor_put_text(struct buf *, const char *);

#endif
