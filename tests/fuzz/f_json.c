/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what our reader of plain texts takes, jansson reads as the same value;
 * and base64url: what is read is written again as the same text. */
#include "base/base.h"
#include "codec/base64.h"
#include "codec/json_plain.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	json_t *ours = json_plain_parse(SLICE(p, n)), *theirs;
	struct ctx_root root;
	struct slice bytes;

	if (ours != NULL) {
		theirs = json_loadb((const char *)p, n, JSON_REJECT_DUPLICATES,
		    NULL);
		ASSERT(theirs != NULL && json_equal(ours, theirs));
		json_decref(theirs);
		json_decref(ours);
	}
	ctx_root_init(&root, NULL);
	if (base64url_parse(root.cx.arena, (const char *)p, n, n, &bytes))
		ASSERT(slice_equal(SLICE(p, n), SLICE(base64url(root.cx.arena,
		    bytes), n)));
	ctx_root_fini(&root);
	return 0;
}
