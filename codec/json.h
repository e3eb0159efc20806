/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in, bounded and typed.  Out, jansson is used as it is.
 *
 * A struct json_in walks one object.  Each json_get_*() names a member; the
 * first thing wrong is remembered in the context's trail with its RFC 6901
 * pointer, later calls give defaults, and json_in_done() says how it went.
 * Members nobody asked for are refused there: a misspelt option must not be
 * silently ignored.
 */
#ifndef DAAPKI_CODEC_JSON_H
#define DAAPKI_CODEC_JSON_H

#include <jansson.h>

#include "base/ctx.h"

#define JSON_DEPTH_MAX		16u	/* deeper nesting has no use here */
/* In memory a value is many times its text: "{}," is 180 bytes. */
#define JSON_CONTAINERS_MAX	16384u	/* objects and arrays of one text */
#define JSON_VALUES_MAX		262144u	/* members and items of one text */
#define JSON_MEMBERS_MAX	64u	/* of an object read by json_in */

/*
 * Parse exactly one JSON object or array.  Duplicate members, trailing bytes,
 * NUL characters, nesting deeper than JSON_DEPTH_MAX and more values than the
 * limits above are refused.  The value goes with cx->arena.
 * ERR_JSON	not JSON; the detail says the line and column
 */
struct err	json_parse(struct ctx *, struct slice text, json_t **out);
/* Have a value released when cx->arena goes; returns it. NULL is a bug. */
json_t		*json_keep(struct ctx *, json_t *);
/* Compact text in the arena; members in the order they were set. */
struct slice	json_text(struct ctx *, const json_t *);

/* For objects of others, whose unknown members mean nothing: the text of a
 * member, "" where it has none; */
const char	*json_member_text(const json_t *object, const char *name);
/* its bytes in base64url, 1 to max: false where it has none. */
bool		 json_member_bytes(struct ctx *, const json_t *object,
		    const char *name, size_t max, struct slice *out);

enum json_need { JSON_OPTIONAL, JSON_REQUIRED };

struct json_in {
	struct ctx	*cx;
	const json_t	*object;
	const char	*pointer;	/* "" for the whole document */
	enum err_code	 code;		/* of failures; ERR_FIELD by default */
	struct err	 err;
	size_t		 n_seen;
	const char	*seen[JSON_MEMBERS_MAX];
};

/* Begin with an object at a pointer; not an object is a failure. */
struct json_in	json_in(struct ctx *, const json_t *, const char *pointer);
/* Begin with an object inside in; its failure must be passed on by the caller. */
struct json_in	json_in_member(struct json_in *, const char *name,
		    enum json_need, bool *out_present);
/* Refuse the member with a text for the caller. */
void		json_refuse(struct json_in *, const char *name, const char *why);
/* ERR_FIELD (or in->code): the first failure, or a member nobody asked for. */
struct err	json_in_done(struct json_in *);

/* The raw value; NULL when absent.  JSON null counts as absent. */
const json_t	*json_get(struct json_in *, const char *name, enum json_need);
/* Printable UTF-8 of 1 to max bytes; NULL when absent. */
const char	*json_get_text(struct json_in *, const char *name,
		    enum json_need, size_t max);
/* A name as text_is_name() has it; NULL when absent. */
const char	*json_get_name(struct json_in *, const char *name,
		    enum json_need);
/* An integer from least to most; fallback when absent. */
int64_t		 json_get_int(struct json_in *, const char *name,
		    int64_t least, int64_t most, int64_t fallback);
bool		 json_get_bool(struct json_in *, const char *name, bool fallback);
/* RFC 3339 time; fallback when absent. */
int64_t		 json_get_time(struct json_in *, const char *name,
		    int64_t fallback_s);
/* Base64url bytes, 1 to max; SLICE_NONE when absent. */
struct slice	 json_get_bytes(struct json_in *, const char *name,
		    enum json_need, size_t max);
/* Lower-case hex bytes, 1 to max; SLICE_NONE when absent. */
struct slice	 json_get_hex(struct json_in *, const char *name,
		    enum json_need, size_t max);
/* An array of at most max items; NULL when absent. */
const json_t	*json_get_array(struct json_in *, const char *name,
		    enum json_need, size_t max);
/* An array of at most n_max base64url byte strings, each 1 to max bytes. */
size_t		 json_get_bytes_array(struct json_in *, const char *name,
		    enum json_need, size_t n_max, size_t max,
		    struct slice **out);
/* The pointer of a member or of an item of an array member. */
const char	*json_pointer(struct ctx *, const char *base, const char *name);
const char	*json_pointer_item(struct ctx *, const char *base, size_t i);

#endif
