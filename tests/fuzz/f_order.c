/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and answers, those of HSMs and of the courier: what is taken must write the same bytes
 * again. */
#include "base/base.h"
#include "wire/courier.h"
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
	struct courier_request errand;
	struct courier_answer back;

	ctx_root_init(&root, NULL);
	if (!failed(order_decode(&root.cx, frame, &order))) {
		struct buf b = buf_in(root.cx.arena, WIRE_FRAME_MAX);

		ASSERT(!failed(order_encode(&root.cx, &order, &b)));
		ASSERT(slice_equal(buf_slice(&b), frame));
	}
	if (!failed(courier_request_decode(&root.cx, frame, &errand))) {
		struct buf b = buf_in(root.cx.arena, COURIER_PACKET_MAX);

		ASSERT(!failed(courier_request_encode(&root.cx, &errand, &b)));
		ASSERT(slice_equal(buf_slice(&b), frame));
	}
	if (!failed(courier_answer_decode(&root.cx, frame, &back))) {
		struct buf b = buf_in(root.cx.arena, COURIER_PACKET_MAX);

		ASSERT(!failed(courier_answer_encode(&root.cx, &back, &b)));
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
