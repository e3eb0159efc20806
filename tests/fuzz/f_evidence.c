/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence documents of every format: read, identified, and appraised with no
 * trust at all, which must never end well. */
#include "attest/tpm2.h"
#include "base/base.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t nonce[ATTEST_NONCE_SIZE], spki[91];
	struct trust trust = { .allow = 0 };
	struct appraisal a = {
		.trust = &trust, .at_s = 1780315200,
		.nonce = SLICE_OF(nonce), .spki = SLICE_OF(spki),
	};
	char hardware_id[HARDWARE_ID_MAX];
	struct attestation out;
	struct evidence evidence;
	struct ctx_root root;
	struct slice name;
	json_t *document;

	ctx_root_init(&root, NULL);
	if (!failed(json_parse(&root.cx, SLICE(p, n), &document)) &&
	    !failed(evidence_read(&root.cx, document, "", &evidence))) {
		evidence_identify(&root.cx, &evidence, hardware_id, &name);
		(void)tpm2_key_spki(&root.cx, &evidence);
		ASSERT(failed(evidence_verify(&root.cx, &evidence, &a, &out)));
		a.raw = true;
		ASSERT(failed(evidence_verify(&root.cx, &evidence, &a, &out)));
	}
	ctx_root_fini(&root);
	return 0;
}
