/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the signer does with an order: checks it, makes the object, checks
 * that, signs it, checks it again, and puts it into the journal's batch.  No
 * answer may leave before work_commit().
 */
#ifndef DAAPKI_SIGNER_WORK_H
#define DAAPKI_SIGNER_WORK_H

#include "signer/ca.h"
#include "signer/journal.h"
#include "signer/logkey.h"

#define WORK_JOURNAL_BYTES	(4u * 1024u * 1024u)	/* in one answer */

struct work {
	const struct master	*master;
	struct journal		*journal;
	struct ca_cache		*cas;
	struct hsms		*hsms;		/* NULL: none */
	const struct log_key	*log_key;	/* NULL: no checkpoints */
};

/* One kind of order each, done; what it gives is added to *out. */
typedef struct err work_order(struct ctx *, struct work *,
    const struct order *, struct answer *out);
work_order	work_make_ca;
work_order	work_request_ca;
work_order	work_adopt_ca;
work_order	work_cross_sign;
work_order	work_prove;
work_order	work_sign_crl;
work_order	work_note_revoked;
work_order	work_note_audit;
work_order	work_sign_ocsp;
work_order	work_delegate;
work_order	work_sign_result;

/* Never fails: a refusal is in out->err, with words in out->detail. */
void		work_do(struct ctx *, struct work *, const struct order *,
		    struct answer *out);
/*
 * One sync for all that was done since the last.  After a failure every answer
 * with out->seq != 0 must say so instead of what it says.
 * ERR_JOURNAL
 */
struct err	work_commit(struct ctx *, struct work *);

#endif
