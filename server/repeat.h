/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls with an Idempotency-Key: what was answered before is answered again,
 * and what comes twice at the same time is made once (authority/receipt.h).
 */
#ifndef DAAPKI_SERVER_REPEAT_H
#define DAAPKI_SERVER_REPEAT_H

#include "server/engine.h"

#define REPEAT_HEADER	"Idempotency-Replayed"

/*
 * Run the handler of the job's route, or say what it said before.  Keys are
 * looked at on POST of the operator plane.
 * ERR_RECEIPT_KEY, ERR_RECEIPT_MISMATCH, or what the handler fails with
 */
struct err	repeat_run(struct ctx *, struct job *);

#endif
