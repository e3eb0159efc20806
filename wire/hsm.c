/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/hsm.h"

#include "base/base.h"

_Static_assert(HSM_DATA_MAX + TEXT_NAME_MAX + 64 < HSM_PACKET_MAX &&
    HSM_BODY_MAX + 64 < HSM_PACKET_MAX, "what is allowed fits");

/* One rule for both directions. */
static bool
request_is_right(const struct hsm_request *r)
{
	if (r->seq == 0 || r->alg < CA_ALG_P256 || r->alg > CA_ALG_RSA4096 ||
	    r->data.n > HSM_DATA_MAX)
		return false;
	if (r->op == HSM_GENERATE)
		return text_is_name(r->tenant) && r->data.n == 0 && !r->more &&
		    r->offset == 0;
	return r->op == HSM_SIGN && r->tenant[0] == '\0' && r->data.n > 0 &&
	    r->offset <= HSM_MESSAGE_MAX &&
	    ((!r->more && r->offset == 0) || r->alg == CA_ALG_ED25519);
}

static bool
answer_is_right(const struct hsm_answer *a)
{
	if (a->status > HSM_SAYS_FORBIDDEN || a->body.n > HSM_BODY_MAX)
		return false;
	if (a->status == HSM_SAYS_DONE)
		return (a->seq == 0) == (a->body.n == 0);
	return a->body.n > 0 && a->body.n <= HSM_TEXT_MAX &&
	    text_is_printable(a->body);
}

struct err
hsm_request_encode(struct ctx *cx, const struct hsm_request *r, struct buf *b)
{
	put_be32(b, r->seq);
	put_u8(b, r->op);
	put_u8(b, r->alg);
	put_bytes(b, SLICE_OF(r->key_id));
	put_u8(b, r->more);
	put_be32(b, r->offset);
	put_be16_bytes(b, slice_text(r->tenant));
	put_be32_bytes(b, r->data);
	if (b->bad || !request_is_right(r))
		return FAIL(cx, ERR_INTERNAL, "a request breaks a limit");
	return OK;
}

struct err
hsm_answer_encode(struct ctx *cx, const struct hsm_answer *a, struct buf *b)
{
	put_be32(b, a->seq);
	put_u8(b, a->status);
	put_be32_bytes(b, a->body);
	if (b->bad || !answer_is_right(a))
		return FAIL(cx, ERR_INTERNAL, "an answer breaks a limit");
	return OK;
}

struct err
hsm_request_decode(struct ctx *cx, struct slice packet,
    struct hsm_request *out)
{
	struct reader r = reader_of(packet);
	struct hsm_request q = { .seq = read_be32(&r) };
	struct slice id, tenant;
	uint8_t more;

	q.op = read_u8(&r);
	q.alg = read_u8(&r);
	id = read_bytes(&r, HSM_KEY_ID_SIZE);
	more = read_u8(&r);
	q.offset = read_be32(&r);
	tenant = read_be16_bytes(&r, TEXT_NAME_MAX);
	q.data = read_be32_bytes(&r, HSM_DATA_MAX);
	q.tenant = arena_strndup(cx->arena, (const char *)tenant.p, tenant.n);
	q.more = more == 1;
	if (!read_done(&r) || more > 1 || strlen(q.tenant) != tenant.n ||
	    !request_is_right(&q))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not a request");
	memcpy(q.key_id, id.p, id.n);
	*out = q;
	return OK;
}

struct err
hsm_answer_decode(struct ctx *cx, struct slice packet, struct hsm_answer *out)
{
	struct reader r = reader_of(packet);
	struct hsm_answer a = { .seq = read_be32(&r) };

	a.status = read_u8(&r);
	a.body = read_be32_bytes(&r, HSM_BODY_MAX);
	if (!read_done(&r) || !answer_is_right(&a))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not an answer");
	*out = a;
	return OK;
}
