/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An audit as it was exported (NDJSON), checked line by line: each row follows
 * from the one before it, none is missing, and each checkpoint saw the row that
 * it stands behind, is in the tree that it names, and is signed.
 */
#ifndef DAAPKI_CLI_AUDIT_CHECK_H
#define DAAPKI_CLI_AUDIT_CHECK_H

#include "base/ctx.h"
#include "base/text.h"
#include "codec/ledger.h"

#define AUDIT_LINE_MAX	(1024u * 1024u)	/* bytes */

struct audit_check {
	char			 chain[TEXT_NAME_MAX + 1];	/* "": none yet */
	uint64_t		 first, seq;	/* rows that were met; 0: none */
	struct ledger_hash	 at;		/* of row seq */
	uint64_t		 checkpoints, anchored;	/* anchored: by the last */
	struct ledger_anchor	 last;		/* the last checkpoint */
	/* Who signs: given, or that of the first checkpoint. */
	bool			 has_key, key_given;
	uint8_t			 key[LEDGER_KEY_SIZE];
};

/*
 * Take the next line, without its line end.
 * ERR_AUDIT		it does not follow; the note says what
 * ERR_MALFORMED, ERR_JSON	it is no line of an export
 */
struct err	audit_check_line(struct ctx *, struct audit_check *,
		    struct slice line);

#endif
