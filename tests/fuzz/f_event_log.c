/* SPDX-License-Identifier: Apache-2.0 */
/* Event logs: read, and replayed against registers that they do not give and
 * against registers that are all at reset. */
#include "attest/event_log.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t zeros[TPM_DIGEST_MAX];
	struct event_log_findings *found;
	struct pcr_bank bank = { .hash = TPM_SHA256 };
	struct event_log log;
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	found = ARENA_NEW(root.cx.arena, struct event_log_findings);
	if (!failed(event_log_parse(&root.cx, SLICE(p, n), &log))) {
		/* Nothing quoted: only the findings' code runs. */
		(void)failed(event_log_replay(&root.cx, &log, &bank, 1,
		    found));
		bank.hash = log.algs[0];
		bank.pcrs = 0xffffff;
		for (size_t i = 0; i < TPM_PCRS; i++)
			bank.values[i] = SLICE(zeros,
			    tpm_digest_size(bank.hash));
		(void)failed(event_log_replay(&root.cx, &log, &bank, 1,
		    found));
	}
	ctx_root_fini(&root);
	return 0;
}
