/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many claims, or releases, in one call: at once where they are few, as an
 * operation (authority/operation.h) where they are many.
 */
#ifndef DAAPKI_AUTHORITY_CLAIM_BULK_H
#define DAAPKI_AUTHORITY_CLAIM_BULK_H

#include "authority/claim.h"
#include "authority/operation.h"

#define CLAIM_AT_ONCE		1000u	/* lines that are answered at once */
#define CLAIM_AT_ONCE_MAX	100000u	/* when the caller asks to wait */

enum claim_outcome {
	CLAIM_PENDING,		/* not looked at yet */
	CLAIM_CLAIMED,
	CLAIM_ALREADY,		/* by the same tenant */
	CLAIM_RELEASED,
	CLAIM_REFUSED,
};

/* "claimed", "already-claimed", "released", "refused". */
const char	*claim_outcome_name(enum claim_outcome);

/* One of many.  A line that could not be read comes as CLAIM_REFUSED. */
struct claim_line {
	unsigned		 number;	/* in the file, from 1 */
	const char		*id;		/* as it was given; may be NULL */
	struct claim_request	 request;
	enum claim_outcome	 outcome;
	enum err_code		 code;		/* why it was refused */
	const char		*detail;	/* NULL, or for the caller */
};

/* What is done with each line. */
struct claim_bulk {
	bool		 release;	/* else they are claimed */
	bool		 dry;		/* say how it would go, change nothing:
					 * a line is not seen by later ones */
	const char	*reason;	/* of a release; may be NULL */
	bool		 held;		/* operation_spec.held */
	enum claim_proof proof;		/* claim_proof_wanted() */
};

/*
 * Do each pending line and note how it went.  They are committed in batches,
 * so others get through in between; when this fails, the batches before have
 * been made, and making the call again is harmless.
 * ERR_TOO_LARGE	more than CLAIM_AT_ONCE_MAX lines
 * ERR_STORAGE
 */
struct err	claim_many(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct claim_bulk *, struct claim_line *, size_t n);

/* The same as an operation: begin, a line at a time, operation_end().
 * Failures of operation_begin() and operation_put(). */
struct err	claim_bulk_begin(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct claim_bulk *, struct operation_input **out);
struct err	claim_bulk_put(struct ctx *, const struct authority *,
		    const struct tenant *, struct operation_input *,
		    const struct claim_line *);

#endif
