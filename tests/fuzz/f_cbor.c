/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR by every rule; what is read is written again and must be the same. */
#include "base/base.h"
#include "codec/cbor.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
put(struct buf *b, const struct cbor *item)
{
	size_t n_items = item->kind == CBOR_MAP ? 2 * (size_t)item->n :
	    item->kind == CBOR_ARRAY ? (size_t)item->n :
	    item->kind == CBOR_TAG ? 1 : 0;

	if (item->kind > CBOR_TAG) {
		put_bytes(b, item->whole);
		return;
	}
	cbor_put_head(b, item->kind, item->n);
	put_bytes(b, item->string);
	for (size_t i = 0; i < n_items; i++)
		put(b, &item->items[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	for (unsigned rules = 0; rules < 8; rules++) {
		struct ctx_root root;
		struct buf b;
		struct cbor item;

		ctx_root_init(&root, NULL);
		b = buf_in(root.cx.arena, n);
		if (!failed(cbor_parse(&root.cx, SLICE(p, n), rules, &item))) {
			put(&b, &item);
			ASSERT(!b.bad);
			if ((rules & CBOR_ANY_WIDTH) == 0)
				ASSERT(slice_equal(buf_slice(&b), SLICE(p, n)));
		}
		ctx_root_fini(&root);
	}
	return 0;
}
