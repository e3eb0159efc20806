/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal for another program to read, while a signer may be writing to it:
 * answers to ORDER_READ_JOURNAL, as wire/order.h frames them, each with one
 * entry.  A last one without entries says that all of it is whole; a last one
 * that fails says what is wrong.
 */
#ifndef DAAPKI_SIGNER_DUMP_H
#define DAAPKI_SIGNER_DUMP_H

#include <stdio.h>

#include "signer/journal.h"

/*
 * log_key as in signer/verify.h.
 * ERR_JOURNAL, ERR_CONFIG	and the last frame says it
 * ERR_IO			out cannot be written
 */
struct err	dump_journal(struct ctx *, const char *folder,
		    const char *log_key, FILE *out);

#endif
