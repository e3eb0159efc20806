/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: what a verifier found to be true of a device, typed, from the one
 * list in claims.def.  A verifier adds; policy and printing read.
 */
#ifndef DAAPKI_BASE_CLAIMS_H
#define DAAPKI_BASE_CLAIMS_H

#include "base/bytes.h"
#include "base/err.h"

#define CLAIMS_MAX	320u	/* 8 banks of 24 registers and the rest */

enum claim_type { CLAIM_BOOL, CLAIM_UINT, CLAIM_TEXT, CLAIM_BYTES, CLAIM_LIST };

/* One row of claims.def. */
struct claim_kind {
	const char	*name;
	enum claim_type	 type;
	enum err_code	 refusal;
	const char	*meaning;
};

struct claim {
	const char			*name;	/* "pcr.sha256.7" */
	const struct claim_kind		*kind;
	union {
		bool			 boolean;
		uint64_t		 uint;
		const char		*text;
		struct slice		 bytes;
		struct { const char *const *items; size_t n; } list;
	};
};

/* Names and values live in the arena. */
struct claims {
	struct arena	*arena;
	struct claim	*items;		/* in the order they were added */
	size_t		 n, cap;
};

struct claims			 claims_in(struct arena *);
/* The row that a name belongs to; NULL when no verifier makes such a claim. */
const struct claim_kind		*claim_kind_find(const char *name);
/* All rows, for listings. */
const struct claim_kind		*claim_kinds(size_t *out_n);

/*
 * Add one claim.  The name must be in the list with that type and not be there
 * yet, and CLAIMS_MAX bounds their number: anything else is a bug.  Texts and
 * bytes are copied.
 */
void	claims_add_bool(struct claims *, const char *name, bool);
void	claims_add_uint(struct claims *, const char *name, uint64_t);
void	claims_add_text(struct claims *, const char *name, const char *);
void	claims_add_bytes(struct claims *, const char *name, struct slice);
void	claims_add_list(struct claims *, const char *name,
	    const char *const *items, size_t n);

/* Add those of from whose names are not there yet. */
void	claims_add_missing(struct claims *, const struct claims *from);

/* NULL when the claim was not made. */
const struct claim	*claims_find(const struct claims *, const char *name);

#endif
