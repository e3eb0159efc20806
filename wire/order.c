/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/order.h"

#include "base/base.h"

#define TIME_MAX_S	INT64_C(253402300799)	/* the end of the year 9999 */
#define ENTRY_SIZE_MIN	(WIRE_SERIAL_SIZE + 8u + 1u)	/* of order_crl_entry */
#define OCSP_SIZE_MIN	(1u + 1u + 1u + 1u + 8u + 1u)	/* order_ocsp_entry */
#define ERROR_TEXT_MAX	64u
#define ANSWER_ROOM	1024u	/* for what goes with an object, about */

/*
 * A body is described once, by a function that takes a field after the other;
 * reading and writing are the two ways to walk it, so they cannot disagree.
 */
struct io {
	struct ctx	*cx;
	struct reader	*r;		/* reading: from here */
	struct buf	*b;		/* writing: to there */
	bool		 bad;
};

static void
io_refuse(struct io *io)
{
	io->bad = true;
}

static void
io_u8(struct io *io, uint8_t *v, uint8_t least, uint8_t most)
{
	if (io->r != NULL)
		*v = read_u8(io->r);
	if (*v < least || *v > most)
		io_refuse(io);
	if (io->b != NULL)
		put_u8(io->b, *v);
}

static void
io_u32(struct io *io, uint32_t *v)
{
	if (io->r != NULL)
		*v = read_be32(io->r);
	else
		put_be32(io->b, *v);
}

static void
io_u64(struct io *io, uint64_t *v)
{
	if (io->r != NULL)
		*v = read_be64(io->r);
	else
		put_be64(io->b, *v);
}

static void
io_time(struct io *io, int64_t *v)
{
	uint64_t u = (uint64_t)*v;

	io_u64(io, &u);
	if (u > (uint64_t)TIME_MAX_S)
		io_refuse(io);
	*v = (int64_t)u;
}

static void
io_bytes(struct io *io, struct slice *s, size_t max)
{
	if (io->r != NULL) {
		*s = read_be32_bytes(io->r, max);
		return;
	}
	if (s->n > max)
		io_refuse(io);
	put_be32_bytes(io->b, *s);
}

/* Printable UTF-8; what is read is never NULL. */
static void
io_text(struct io *io, const char **text, size_t max)
{
	struct slice s;

	if (io->r != NULL) {
		s = read_be16_bytes(io->r, max);
		*text = arena_strndup(io->cx->arena, (const char *)s.p, s.n);
	} else {
		s = *text != NULL ? slice_text(*text) : SLICE_NONE;
		put_be16_bytes(io->b, s);
	}
	if (s.n > max || !text_is_printable(s))
		io_refuse(io);
}

/*
 * How many of something follow, each of item_min bytes at least: a count that
 * the rest of the frame cannot hold is refused before memory is taken for it.
 */
static void
io_count(struct io *io, size_t *n, size_t max, size_t item_min)
{
	uint32_t v = (uint32_t)*n;

	if (io->r == NULL && *n > max)
		io_refuse(io);
	io_u32(io, &v);
	if (v > max || (io->r != NULL && v > io->r->n / item_min)) {
		io_refuse(io);
		v = 0;
	}
	if (io->r != NULL)
		*n = v;
}

/* --- orders -------------------------------------------------------------- */

static void
hello_fields(struct io *io, struct order *o)
{
	io_u32(io, &o->hello.version);
}

static void
make_ca_fields(struct io *io, struct order *o)
{
	struct order_make_ca *m = &o->make_ca;

	io_text(io, &m->tenant, TEXT_NAME_MAX);
	io_u8(io, &m->role, CA_ROLE_ROOT, CA_ROLE_SERVER);
	io_u8(io, &m->alg, CA_ALG_P256, CA_ALG_RSA4096);
	io_u8(io, &m->flags, 0, CA_FLAGS_ALL);
	io_text(io, &m->common_name, WIRE_URL_MAX);
	io_time(io, &m->not_before_s);
	io_time(io, &m->not_after_s);
	io_u32(io, &m->leaf_max_s);
	io_text(io, &m->key_store, TEXT_NAME_MAX);
	io_bytes(io, &m->parent, WIRE_SEALED_MAX);
	io_text(io, &m->crl_url, WIRE_URL_MAX);
	io_text(io, &m->aia_url, WIRE_URL_MAX);
}

static void
issue_fields(struct io *io, struct order *o)
{
	struct order_issue *i = &o->issue;

	io_bytes(io, &i->ca, WIRE_SEALED_MAX);
	io_text(io, &i->tenant, TEXT_NAME_MAX);
	io_text(io, &i->device_id, 64);
	io_bytes(io, &i->spki, WIRE_SPKI_MAX);
	io_time(io, &i->not_before_s);
	io_time(io, &i->not_after_s);
	io_u8(io, &i->flags, 0, LEAF_FLAGS_ALL);
	io_text(io, &i->crl_url, WIRE_URL_MAX);
	io_text(io, &i->aia_url, WIRE_URL_MAX);
	io_text(io, &i->ocsp_url, WIRE_URL_MAX);
	io_text(io, &i->spiffe_domain, WIRE_HOST_MAX);
	io_count(io, &i->n_dns_names, WIRE_DNS_NAMES_MAX, 2);
	for (size_t n = 0; n < i->n_dns_names && !io->bad; n++)
		io_text(io, &i->dns_names[n], WIRE_HOST_MAX);
}

/* A serial of n bytes, in an array of most. */
static void
io_serial(struct io *io, uint8_t *serial, uint8_t *n, size_t most)
{
	struct slice s;

	io_u8(io, n, 1, (uint8_t)most);
	if (io->bad)
		return;
	if (io->r == NULL) {
		put_bytes(io->b, SLICE(serial, *n));
		return;
	}
	s = read_bytes(io->r, *n);
	if (s.n == *n)
		memcpy(serial, s.p, s.n);
}

static void
crl_entry_fields(struct io *io, struct order_crl_entry *e)
{
	if (io->r != NULL) {
		struct slice s = read_bytes(io->r, WIRE_SERIAL_SIZE);

		if (s.n == WIRE_SERIAL_SIZE)
			memcpy(e->serial, s.p, s.n);
	} else {
		put_bytes(io->b, SLICE_OF(e->serial));
	}
	io_time(io, &e->revoked_s);
	io_u8(io, &e->reason, 0, 10);
}

static void
crl_entries(struct io *io, size_t *n, size_t max,
    const struct order_crl_entry **entries)
{
	struct order_crl_entry *read = NULL;

	io_count(io, n, max, ENTRY_SIZE_MIN);
	if (io->r != NULL) {
		read = arena_array(io->cx->arena, *n, sizeof(*read));
		*entries = read;
	}
	for (size_t i = 0; i < *n && !io->bad; i++) {
		struct order_crl_entry e =
		    io->r != NULL ? read[i] : (*entries)[i];

		crl_entry_fields(io, &e);
		if (io->r != NULL)
			read[i] = e;
	}
}

static void
sign_crl_fields(struct io *io, struct order *o)
{
	struct order_sign_crl *s = &o->sign_crl;

	io_bytes(io, &s->ca, WIRE_SEALED_MAX);
	io_text(io, &s->tenant, TEXT_NAME_MAX);
	io_u64(io, &s->number);
	io_time(io, &s->this_update_s);
	io_time(io, &s->next_update_s);
	io_text(io, &s->shard_url, WIRE_URL_MAX);
	crl_entries(io, &s->n_entries, WIRE_CRL_ENTRIES_MAX, &s->entries);
}

static void
note_revoked_fields(struct io *io, struct order *o)
{
	struct order_note_revoked *n = &o->note_revoked;

	io_bytes(io, &n->ca, WIRE_SEALED_MAX);
	io_text(io, &n->tenant, TEXT_NAME_MAX);
	crl_entries(io, &n->n_entries, WIRE_REVOKED_MAX, &n->entries);
	if (n->n_entries == 0)
		io_refuse(io);
}

static void
read_journal_fields(struct io *io, struct order *o)
{
	io_u64(io, &o->read_journal.from);
}

static void
request_ca_fields(struct io *io, struct order *o)
{
	struct order_request_ca *r = &o->request_ca;

	io_text(io, &r->tenant, TEXT_NAME_MAX);
	io_u8(io, &r->alg, CA_ALG_P256, CA_ALG_RSA4096);
	io_u8(io, &r->flags, 0, CA_FLAGS_ALL);
	io_text(io, &r->common_name, WIRE_URL_MAX);
	io_u32(io, &r->leaf_max_s);
	io_text(io, &r->key_store, TEXT_NAME_MAX);
}

static void
adopt_ca_fields(struct io *io, struct order *o)
{
	struct order_adopt_ca *a = &o->adopt_ca;

	io_bytes(io, &a->pending, WIRE_SEALED_MAX);
	io_text(io, &a->tenant, TEXT_NAME_MAX);
	io_bytes(io, &a->certificate, WIRE_CERT_MAX);
	io_count(io, &a->n_chain, WIRE_CHAIN_MAX, 4);
	for (size_t n = 0; n < a->n_chain && !io->bad; n++)
		io_bytes(io, &a->chain[n], WIRE_CERT_MAX);
}

static void
cross_sign_fields(struct io *io, struct order *o)
{
	struct order_cross_sign *c = &o->cross_sign;

	io_bytes(io, &c->ca, WIRE_SEALED_MAX);
	io_bytes(io, &c->subject, WIRE_SEALED_MAX);
	io_text(io, &c->tenant, TEXT_NAME_MAX);
	io_text(io, &c->crl_url, WIRE_URL_MAX);
	io_text(io, &c->aia_url, WIRE_URL_MAX);
}

static void
ocsp_entry_fields(struct io *io, struct order_ocsp_entry *e)
{
	io_serial(io, e->serial, &e->n_serial, CERT_SERIAL_ANY_MAX);
	io_u8(io, &e->status, OCSP_GOOD, OCSP_UNKNOWN);
	io_u8(io, &e->sha256, 0, 1);
	io_time(io, &e->revoked_s);
	io_u8(io, &e->reason, 0, 10);
}

static void
sign_ocsp_fields(struct io *io, struct order *o)
{
	struct order_sign_ocsp *s = &o->sign_ocsp;
	struct order_ocsp_entry *read = NULL;

	io_bytes(io, &s->ca, WIRE_SEALED_MAX);
	io_text(io, &s->tenant, TEXT_NAME_MAX);
	io_time(io, &s->this_update_s);
	io_time(io, &s->next_update_s);
	io_bytes(io, &s->nonce, WIRE_OCSP_NONCE_MAX);
	io_count(io, &s->n_entries, WIRE_OCSP_ENTRIES_MAX, OCSP_SIZE_MIN);
	if (io->r != NULL) {
		read = arena_array(io->cx->arena, s->n_entries, sizeof(*read));
		s->entries = read;
	}
	for (size_t i = 0; i < s->n_entries && !io->bad; i++) {
		struct order_ocsp_entry e =
		    io->r != NULL ? read[i] : s->entries[i];

		ocsp_entry_fields(io, &e);
		if (io->r != NULL)
			read[i] = e;
	}
}

static void
delegate_fields(struct io *io, struct order *o)
{
	struct order_delegate *d = &o->delegate;

	io_bytes(io, &d->ca, WIRE_SEALED_MAX);
	io_text(io, &d->tenant, TEXT_NAME_MAX);
	io_u8(io, &d->role, CA_ROLE_OCSP, CA_ROLE_RESULT);
	io_time(io, &d->not_before_s);
	io_time(io, &d->not_after_s);
}

/* Bytes of a fixed size. */
static void
io_fixed(struct io *io, struct slice *s, size_t n)
{
	if (io->r != NULL)
		*s = read_bytes(io->r, n);
	else
		put_bytes(io->b, *s);
	if (s->n != n)
		io_refuse(io);
}

static void
sign_result_fields(struct io *io, struct order *o)
{
	struct order_sign_result *s = &o->sign_result;

	io_bytes(io, &s->key, WIRE_SEALED_MAX);
	io_text(io, &s->tenant, TEXT_NAME_MAX);
	io_text(io, &s->device_id, 64);
	io_text(io, &s->format, WIRE_RESULT_FORMAT_MAX);
	io_time(io, &s->attested_s);
	io_u8(io, &s->tier, 0, UINT8_MAX);
	for (size_t i = 0; i < AR4SI_ELEMENTS; i++)
		io_u8(io, &s->vector[i], 0, UINT8_MAX);
	io_text(io, &s->group, TEXT_NAME_MAX);
	io_u64(io, &s->policy_version);
	io_fixed(io, &s->policy_sha256, WIRE_SHA256_SIZE);
	io_text(io, &s->nonce, WIRE_RESULT_NONCE_MAX);
	io_u32(io, &s->life_s);
}

static void
note_audit_fields(struct io *io, struct order *o)
{
	struct order_note_audit *n = &o->note_audit;

	io_fixed(io, &n->root, WIRE_SHA256_SIZE);
	io_u32(io, &n->n_chains);
	io_time(io, &n->at_s);
	if (n->n_chains == 0)
		io_refuse(io);
}

static void
prove_fields(struct io *io, struct order *o)
{
	struct order_prove *p = &o->prove;

	io_bytes(io, &p->ca, WIRE_SEALED_MAX);
	io_text(io, &p->tenant, TEXT_NAME_MAX);
	io_text(io, &p->nonce, WIRE_PROOF_NONCE_MAX);
}

static void
reseal_fields(struct io *io, struct order *o)
{
	io_bytes(io, &o->reseal.record, WIRE_SEALED_MAX);
}

static void
no_fields(struct io *io, struct order *o)
{
	(void)io;
	(void)o;
}

/* --- answers ------------------------------------------------------------- */

static void
hello_answer(struct io *io, struct answer *a)
{
	io_u32(io, &a->version);
	io_u64(io, &a->journal_next);
}

static void
make_ca_answer(struct io *io, struct answer *a)
{
	io_bytes(io, &a->object, WIRE_CERT_MAX);
	io_bytes(io, &a->sealed, WIRE_SEALED_MAX);
	io_u64(io, &a->seq);
}

static void
issue_answer(struct io *io, struct answer *a)
{
	io_bytes(io, &a->object, WIRE_CERT_MAX);
	io_u64(io, &a->seq);
}

static void
sign_crl_answer(struct io *io, struct answer *a)
{
	io_bytes(io, &a->object, WIRE_OBJECT_MAX);
	io_u64(io, &a->seq);
	io_u64(io, &a->crl_number);
}

static void
note_revoked_answer(struct io *io, struct answer *a)
{
	io_u64(io, &a->seq);
}

static void
journal_entry_fields(struct io *io, struct journal_entry *e)
{
	io_u64(io, &e->seq);
	io_time(io, &e->at_s);
	io_u8(io, &e->kind, JOURNAL_CA, JOURNAL_AUDIT);
	io_text(io, &e->tenant, TEXT_NAME_MAX);
	io_bytes(io, &e->object, WIRE_CERT_MAX);
	io_bytes(io, &e->sealed, WIRE_SEALED_MAX);
	io_bytes(io, &e->issuer_key_id, WIRE_KEY_ID_MAX);
	io_u64(io, &e->crl_number);
}

static void
read_journal_answer(struct io *io, struct answer *a)
{
	struct journal_entry *read = NULL;

	io_count(io, &a->n_entries, WIRE_JOURNAL_MAX, 39);
	if (io->r != NULL) {
		read = arena_array(io->cx->arena, a->n_entries, sizeof(*read));
		a->entries = read;
	}
	for (size_t i = 0; i < a->n_entries && !io->bad; i++) {
		struct journal_entry e =
		    io->r != NULL ? read[i] : a->entries[i];

		journal_entry_fields(io, &e);
		if (io->r != NULL)
			read[i] = e;
	}
}

static void
request_ca_answer(struct io *io, struct answer *a)
{
	io_bytes(io, &a->object, WIRE_CERT_MAX);
	io_bytes(io, &a->sealed, WIRE_SEALED_MAX);
}

static void
adopt_ca_answer(struct io *io, struct answer *a)
{
	io_bytes(io, &a->sealed, WIRE_SEALED_MAX);
	io_u64(io, &a->seq);
}

static void
sign_ocsp_answer(struct io *io, struct answer *a)
{
	io_bytes(io, &a->object, WIRE_OCSP_MAX);
}

static void
sign_result_answer(struct io *io, struct answer *a)
{
	io_bytes(io, &a->object, WIRE_RESULT_MAX);
}

static void
reseal_answer(struct io *io, struct answer *a)
{
	io_bytes(io, &a->sealed, WIRE_SEALED_MAX);
}

static void
checkpoint_answer(struct io *io, struct answer *a)
{
	struct journal_checkpoint *c = &a->checkpoint;

	io_u64(io, &c->seq);
	io_time(io, &c->at_s);
	io_fixed(io, &c->hash, 32);
	io_fixed(io, &c->public_key, 32);
	io_fixed(io, &c->signature, 64);
}

struct body {
	void	(*order)(struct io *, struct order *);
	void	(*answer)(struct io *, struct answer *);
};

static const struct body bodies[] = {
	[ORDER_HELLO] = { hello_fields, hello_answer },
	[ORDER_MAKE_CA] = { make_ca_fields, make_ca_answer },
	[ORDER_ISSUE] = { issue_fields, issue_answer },
	[ORDER_SIGN_CRL] = { sign_crl_fields, sign_crl_answer },
	[ORDER_READ_JOURNAL] = { read_journal_fields, read_journal_answer },
	[ORDER_REQUEST_CA] = { request_ca_fields, request_ca_answer },
	[ORDER_ADOPT_CA] = { adopt_ca_fields, adopt_ca_answer },
	[ORDER_CROSS_SIGN] = { cross_sign_fields, issue_answer },
	[ORDER_SIGN_OCSP] = { sign_ocsp_fields, sign_ocsp_answer },
	[ORDER_PROVE] = { prove_fields, issue_answer },
	[ORDER_RESEAL] = { reseal_fields, reseal_answer },
	[ORDER_CHECKPOINT] = { no_fields, checkpoint_answer },
	[ORDER_DELEGATE] = { delegate_fields, make_ca_answer },
	[ORDER_NOTE_REVOKED] = { note_revoked_fields, note_revoked_answer },
	[ORDER_SIGN_RESULT] = { sign_result_fields, sign_result_answer },
	[ORDER_NOTE_AUDIT] = { note_audit_fields, checkpoint_answer },
};

static bool
is_order_type(uint16_t type)
{
	return type >= ORDER_HELLO && type < COUNT_OF(bodies);
}

/* An error travels by its dotted code: numbers depend on the build. */
static void
error_fields(struct io *io, struct answer *a)
{
	const char *code = err_dotted(a->err);

	io_text(io, &code, ERROR_TEXT_MAX);
	if (io->r != NULL && !err_find(code, &a->err))
		io_refuse(io);
	if (failed(a->err))
		io_text(io, &a->detail, WIRE_DETAIL_MAX);
}

/* --- frames -------------------------------------------------------------- */

static size_t
open_frame(struct buf *b, uint16_t type, uint64_t tag)
{
	size_t at = b->n;

	put_be32(b, 0);
	put_be16(b, type);
	put_be64(b, tag);
	return at;
}

static struct err
close_frame(struct io *io, size_t at)
{
	struct buf *b = io->b;
	size_t n;

	if (b->bad || io->bad)
		return FAIL(io->cx, ERR_INTERNAL,
		    "an order or answer breaks a limit");
	n = b->n - at;
	if (n > WIRE_FRAME_MAX)
		return FAIL(io->cx, ERR_INTERNAL, "a frame of %zu bytes", n);
	n -= 4;
	for (size_t i = 0; i < 4; i++)
		b->p[at + i] = (uint8_t)(n >> (24 - 8 * i));
	return OK;
}

struct err
order_encode(struct ctx *cx, const struct order *order, struct buf *b)
{
	struct io io = { .cx = cx, .b = b };
	struct order copy = *order;
	size_t at = open_frame(b, order->type, order->tag);

	ASSERT(is_order_type(order->type));
	bodies[order->type].order(&io, &copy);
	return close_frame(&io, at);
}

/* Notes may quote foreign bytes; what travels is plain. */
static const char *
plain(struct ctx *cx, const char *detail)
{
	size_t n = detail != NULL ? strlen(detail) : 0;
	char *copy = arena_strndup(cx->arena, detail,
	    n < WIRE_DETAIL_MAX ? n : WIRE_DETAIL_MAX);

	for (char *p = copy; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return copy;
}

/* Long objects are many megabytes: room for all that follows, at once. */
static void
reserve(struct buf *b, size_t n)
{
	size_t at = b->n, left = b->max - b->n;

	if (put_space(b, n < left ? n : left) != NULL)
		b->n = at;
}

struct err
answer_encode(struct ctx *cx, const struct answer *answer, struct buf *b)
{
	struct io io = { .cx = cx, .b = b };
	struct answer copy = *answer;
	size_t at;

	reserve(b, answer->object.n + ANSWER_ROOM);
	at = open_frame(b, answer->type, answer->tag);
	copy.detail = plain(cx, answer->detail);
	error_fields(&io, &copy);
	if (!failed(copy.err)) {
		ASSERT(is_order_type(answer->type));
		bodies[answer->type].answer(&io, &copy);
	}
	return close_frame(&io, at);
}

struct err
wire_frame_size(struct ctx *cx, struct slice bytes, size_t *out)
{
	struct reader r = reader_of(bytes);
	uint32_t n = read_be32(&r);

	if (r.bad) {
		*out = 0;
		return OK;
	}
	if (n < WIRE_HEADER_SIZE - 4 || n > WIRE_FRAME_MAX - 4)
		return FAIL(cx, ERR_ORDER_MALFORMED, "a frame of %u bytes", n);
	*out = (size_t)n + 4;
	return OK;
}

static struct err
open_read(struct ctx *cx, struct slice frame, struct reader *out_body,
    uint16_t *out_type, uint64_t *out_tag)
{
	size_t n;

	TRY(wire_frame_size(cx, frame, &n));
	if (n == 0 || n != frame.n)
		return FAIL(cx, ERR_ORDER_MALFORMED,
		    "%zu bytes are not one frame", frame.n);
	*out_body = reader_of(SLICE(frame.p + 4, frame.n - 4));
	*out_type = read_be16(out_body);
	*out_tag = read_be64(out_body);
	return OK;
}

struct err
order_decode(struct ctx *cx, struct slice frame, struct order *out)
{
	struct reader r;
	struct io io = { .cx = cx, .r = &r };
	struct order order = { 0 };

	TRY(open_read(cx, frame, &r, &order.type, &order.tag));
	if (!is_order_type(order.type))
		return FAIL(cx, ERR_ORDER_MALFORMED, "order type %u",
		    order.type);
	bodies[order.type].order(&io, &order);
	if (io.bad || !read_done(&r))
		return FAIL(cx, ERR_ORDER_MALFORMED,
		    "an order of type %u that cannot be read", order.type);
	*out = order;
	return OK;
}

struct err
answer_decode(struct ctx *cx, struct slice frame, struct answer *out)
{
	struct reader r;
	struct io io = { .cx = cx, .r = &r };
	struct answer answer = { .detail = "" };

	TRY(open_read(cx, frame, &r, &answer.type, &answer.tag));
	error_fields(&io, &answer);
	if (!failed(answer.err) && is_order_type(answer.type))
		bodies[answer.type].answer(&io, &answer);
	else if (!failed(answer.err))
		io_refuse(&io);
	if (io.bad || !read_done(&r))
		return FAIL(cx, ERR_ORDER_MALFORMED,
		    "an answer to type %u that cannot be read", answer.type);
	*out = answer;
	return OK;
}

/* --- revocations in the journal ------------------------------------------ */

void
revoked_put(struct buf *b, const struct order_crl_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put_bytes(b, SLICE(entries[i].serial, WIRE_SERIAL_SIZE));
		put_be64(b, (uint64_t)entries[i].revoked_s);
		put_u8(b, entries[i].reason);
	}
}

struct err
revoked_read(struct ctx *cx, struct slice object,
    struct order_crl_entry **out, size_t *out_n)
{
	size_t n = object.n / ENTRY_SIZE_MIN;
	struct order_crl_entry *entries;
	struct reader r = reader_of(object);

	if (n == 0 || n > WIRE_REVOKED_MAX || object.n % ENTRY_SIZE_MIN != 0)
		return FAIL(cx, ERR_ORDER_MALFORMED,
		    "%zu bytes of revocations", object.n);
	entries = arena_array(cx->arena, n, sizeof(*entries));
	for (size_t i = 0; i < n; i++) {
		memcpy(entries[i].serial, read_bytes(&r, WIRE_SERIAL_SIZE).p,
		    WIRE_SERIAL_SIZE);
		entries[i].revoked_s = (int64_t)read_be64(&r);
		entries[i].reason = read_u8(&r);
	}
	*out = entries;
	*out_n = n;
	return OK;
}

/* --- the audit in the journal --------------------------------------------- */

void
audit_state_put(struct buf *b, const struct order_note_audit *n)
{
	put_bytes(b, n->root);
	put_be32(b, n->n_chains);
	put_be64(b, (uint64_t)n->at_s);
}

struct err
audit_state_read(struct ctx *cx, struct slice object, struct order_note_audit *out)
{
	struct reader r = reader_of(object);
	struct order_note_audit n = {
		.root = read_bytes(&r, WIRE_SHA256_SIZE),
		.n_chains = read_be32(&r), .at_s = (int64_t)read_be64(&r),
	};

	if (!read_done(&r) || n.n_chains == 0 || n.at_s < 0 ||
	    n.at_s > TIME_MAX_S)
		return FAIL(cx, ERR_ORDER_MALFORMED,
		    "%zu bytes of an audit's state", object.n);
	*out = n;
	return OK;
}
