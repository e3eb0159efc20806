/* SPDX-License-Identifier: Apache-2.0 */
/* Which registers to quote, as people write it: "sha256:0-9,14,23". */
#ifndef DAAPKI_AGENT_PCR_H
#define DAAPKI_AGENT_PCR_H

#include "agent/tpm.h"

#define PCR_COUNT	24u		/* of a PC client platform */
#define PCR_DEFAULT	"sha256:0-9,14,23"

/* Name of a bank's hash ("sha256"); NULL when it has no use here. */
const char	*pcr_bank_name(TPM2_ALG_ID);
/* Size of a register of that bank; 0 when it has no use here. */
size_t		 pcr_bank_size(TPM2_ALG_ID);

/*
 * "bank:list", several joined with +; a list holds numbers and ranges.
 * ERR_CONFIG	not of that form, or a bank twice
 */
struct err	pcr_parse(struct ctx *, const char *text,
		    TPML_PCR_SELECTION *out);
/*
 * Hold a selection against what the TPM has.  When exact, one that it lacks is
 * an error; else those that exist are kept.
 * ERR_CONFIG	a register or bank is not there (none of them, if not exact)
 */
struct err	pcr_limit(struct ctx *, struct tpm *, bool exact,
		    TPML_PCR_SELECTION *in_out);
/* A register is in the selection. */
bool		 pcr_selected(const TPMS_PCR_SELECTION *, unsigned pcr);

/* Values in the order of a quote's digest: by bank, ascending in each. */
struct pcr_values {
	size_t	n;
	struct pcr_value {
		TPM2_ALG_ID	 bank;
		unsigned	 pcr;
		struct slice	 value;		/* in cx->arena */
	} at[PCR_COUNT * 4];
};

/* Read all of a selection; ERR_TPM. */
struct err	pcr_read(struct ctx *, struct tpm *, const TPML_PCR_SELECTION *,
		    struct pcr_values *out);

#endif
