/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/aesm_wire.h"

#include "base/base.h"

/* Wire types of protocol buffers. */
#define TYPE_VARINT	0u
#define TYPE_FIXED64	1u
#define TYPE_BYTES	2u
#define TYPE_FIXED32	5u

#define FIELD_ERROR	1u

static const struct { enum aesm_call call; const char *name; } names[] = {
	{ AESM_INIT_QUOTE_EX, "InitQuoteEx" },
	{ AESM_GET_QUOTE_SIZE_EX, "GetQuoteSizeEx" },
	{ AESM_GET_QUOTE_EX, "GetQuoteEx" },
	{ AESM_GET_KEY_ID_NUM, "GetSupportedAttKeyIDNum" },
	{ AESM_GET_KEY_IDS, "GetSupportedAttKeyIDs" },
};

const char *
aesm_call_name(enum aesm_call call)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].call == call)
			return names[i].name;
	return "?";
}

/* --- writing ------------------------------------------------------------- */

static void
put_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put_u8(b, (uint8_t)(v | 0x80));
	put_u8(b, (uint8_t)v);
}

static void
put_bytes_field(struct buf *b, unsigned field, struct slice s)
{
	put_varint(b, field << 3 | TYPE_BYTES);
	put_varint(b, s.n);
	put_bytes(b, s);
}

struct slice
aesm_request(struct ctx *cx, enum aesm_call call, const struct aesm_arg *args,
    size_t n)
{
	struct buf inner = buf_in(cx->arena, AESM_MESSAGE_MAX);
	struct buf b = buf_in(cx->arena, AESM_MESSAGE_MAX);

	for (size_t i = 0; i < n; i++) {
		if (args[i].bytes.n > 0) {
			put_bytes_field(&inner, args[i].field, args[i].bytes);
			continue;
		}
		put_varint(&inner, args[i].field << 3 | TYPE_VARINT);
		put_varint(&inner, args[i].number);
	}
	put_bytes_field(&b, (unsigned)call, buf_slice(&inner));
	ASSERT(!inner.bad && !b.bad);
	return buf_slice(&b);
}

/* --- reading ------------------------------------------------------------- */

/* 64 bits take ten bytes, of which the last has one bit. */
static uint64_t
read_varint(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = read_u8(r);

		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			r->bad = r->bad || (byte == 0 && shift > 0);
			return v;
		}
	}
	r->bad = true;
	return 0;
}

struct field {
	uint64_t	id, number;
	struct slice	bytes;
	bool		is_bytes;
};

static struct field
read_field(struct reader *r)
{
	uint64_t key = read_varint(r), n;
	struct field f = { .id = key >> 3 };

	switch (key & 7) {
	case TYPE_VARINT:
		f.number = read_varint(r);
		break;
	case TYPE_BYTES:
		n = read_varint(r);
		f.is_bytes = true;
		if (n > r->n)
			r->bad = true;
		else
			f.bytes = read_bytes(r, (size_t)n);
		break;
	case TYPE_FIXED64:
		(void)read_bytes(r, 8);
		break;
	case TYPE_FIXED32:
		(void)read_bytes(r, 4);
		break;
	default:
		r->bad = true;
		break;
	}
	r->bad = r->bad || f.id == 0;
	return f;
}

static bool
read_fields(struct slice s, struct aesm_reply *out)
{
	struct reader r = reader_of(s);

	for (unsigned i = 0; r.n > 0 && i < AESM_FIELDS_MAX; i++) {
		struct field f = read_field(&r);

		if (r.bad)
			return false;
		if (f.id >= AESM_FIELDS)
			continue;
		if (out->field[f.id].present)
			return false;
		out->field[f.id].present = true;
		out->field[f.id].number = f.number;
		/* Not SLICE_NONE, also where it is empty. */
		if (f.is_bytes)
			out->field[f.id].bytes = f.bytes.p != NULL ? f.bytes :
			    SLICE(s.p, 0);
	}
	return read_done(&r) && out->field[FIELD_ERROR].present &&
	    out->field[FIELD_ERROR].bytes.p == NULL;
}

struct err
aesm_reply_parse(struct ctx *cx, enum aesm_call call, struct slice message,
    struct aesm_reply *out)
{
	struct reader r = reader_of(message);
	struct field f = read_field(&r);
	struct aesm_reply reply = { .field = { { .present = false } } };

	if (!read_done(&r) || !f.is_bytes || (f.id != (uint64_t)call &&
	    f.id != AESM_UNSUPPORTED) || !read_fields(f.bytes, &reply))
		return FAIL(cx, ERR_SOURCE, "AESM's answer to %s is none",
		    aesm_call_name(call));
	if (f.id == AESM_UNSUPPORTED)
		return FAIL(cx, ERR_SOURCE, "AESM does not know %s",
		    aesm_call_name(call));
	if (reply.field[FIELD_ERROR].number != 0)
		return FAIL(cx, ERR_SOURCE, "AESM refused %s: error %llu",
		    aesm_call_name(call),
		    (unsigned long long)reply.field[FIELD_ERROR].number);
	*out = reply;
	return OK;
}
