/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the AESM service as bytes; the first byte chooses to what. */
#include "agent/aesm_wire.h"
#include "base/base.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const enum aesm_call calls[] = {
		AESM_INIT_QUOTE_EX, AESM_GET_QUOTE_SIZE_EX,
		AESM_GET_QUOTE_EX, AESM_GET_KEY_ID_NUM, AESM_GET_KEY_IDS,
	};
	struct aesm_reply reply;
	struct ctx_root root;

	if (n == 0)
		return 0;
	ctx_root_init(&root, NULL);
	if (!failed(aesm_reply_parse(&root.cx, calls[p[0] % COUNT_OF(calls)],
	    SLICE(p + 1, n - 1), &reply))) {
		ASSERT(reply.field[1].present && reply.field[1].number == 0);
		for (size_t i = 2; i < AESM_FIELDS; i++)
			ASSERT(reply.field[i].bytes.p == NULL ||
			    (reply.field[i].bytes.p > p &&
			    reply.field[i].bytes.p + reply.field[i].bytes.n <=
			    p + n));
	}
	ctx_root_fini(&root);
	return 0;
}
