/* SPDX-License-Identifier: Apache-2.0 */
/* Register values as evidence gives them, and what a quote says of them. */
#ifndef DAAPKI_ATTEST_PCR_H
#define DAAPKI_ATTEST_PCR_H

#include "attest/event_log.h"
#include "base/claims.h"
#include "codec/json.h"

#define PCR_BANKS_MAX	8u

struct pcrs {
	struct pcr_bank	banks[PCR_BANKS_MAX];
	size_t		n_banks;
};

/* Read {"sha256":{"0":"hex",...},...}: at least one bank, each with at least
 * one register of its digest's size.  Failures are in's. */
void		pcr_read(struct json_in *in, const char *name,
		    struct pcrs *out);

/*
 * Are these the registers that the quote is over: exactly its selection, and
 * its digest?  That one is made with the hash of the signature, not a bank's.
 * ERR_EV_BINDING	others, more, fewer, or another digest
 * ERR_EV_UNSUPPORTED	a bank twice in the selection, or a register above 23
 */
struct err	pcr_check_quote(struct ctx *, const struct pcrs *,
		    const struct tpm_attest *, uint16_t signature_hash);

/* Claims "pcr.<bank>.<index>". */
void		pcr_claim(struct claims *, const struct pcrs *);

#endif
