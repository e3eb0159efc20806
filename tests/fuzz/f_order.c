/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and answers: what is taken must write the same bytes again. */
#include "base/base.h"
#include "wire/order.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice frame = SLICE(p, n);
	struct ctx_root root;
	struct order order;
	struct answer answer;

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
	ctx_root_fini(&root);
	return 0;
}
