/* SPDX-License-Identifier: Apache-2.0 */
/* A device's consent and a maker's manifest as text: what is read of a consent
 * is written again as the same text. */
#include "authority/consent.h"
#include "base/base.h"
#include "pki/jws.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct consent_text c;
	struct ctx_root root;
	struct ctx *cx = &root.cx;
	struct jws jws;
	char *text;

	ctx_root_init(&root, NULL);
	text = arena_strndup(cx->arena, (const char *)p, n);
	if (consent_parse(cx, text, &c)) {
		ASSERT(c.expires_s >= 0);
		ASSERT(strlen(c.device_id) == DEVICE_ID_SIZE - 1);
		ASSERT(strcmp(consent_print(cx, &c), text) == 0);
	}
	if (!failed(jws_parse(cx, SLICE(p, n), n, &jws)))
		ASSERT(jws.input.p == p && jws.input.n < n);
	ctx_root_fini(&root);
	return 0;
}
