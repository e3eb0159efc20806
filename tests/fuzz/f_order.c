/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and answers, and those of HSMs: what is taken must write the same bytes
 * again. */
#include "base/base.h"
#include "wire/hsm.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice frame = SLICE(p, n);
	struct ctx_root root;
	struct order order;
	struct answer answer;
	struct hsm_request request;
	struct hsm_answer hsm_answer;

	ctx_root_init(&root, NULL);
	if (!failed(order_decode(&root.cx, frame, &order))) {
		struct buf b = buf_in(root.cx.arena, WIRE_FRAME_MAX);

		ASSERT(!failed(order_encode(&root.cx, &order, &b)));
		ASSERT(slice_equal(buf_slice(&b), frame));
	}
	if (!failed(answer_decode(&root.cx, frame, &answer))) {
		struct buf b = buf_in(root.cx.arena, WIRE_FRAME_MAX);

		ASSERT(!failed(answer_encode(&root.cx, &answer, &b)));
	}
	if (!failed(hsm_request_decode(&root.cx, frame, &request))) {
		struct buf b = buf_in(root.cx.arena, HSM_PACKET_MAX);

		ASSERT(!failed(hsm_request_encode(&root.cx, &request, &b)));
		ASSERT(slice_equal(buf_slice(&b), frame));
	}
	if (!failed(hsm_answer_decode(&root.cx, frame, &hsm_answer))) {
		struct buf b = buf_in(root.cx.arena, HSM_PACKET_MAX);

		ASSERT(!failed(hsm_answer_encode(&root.cx, &hsm_answer, &b)));
		ASSERT(slice_equal(buf_slice(&b), frame));
	}
	ctx_root_fini(&root);
	return 0;
}
