/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims as JSON: in attestation results, in the database, for operators.
 *
 * One member a claim, in the order they were made: true or false, a number (a
 * string of digits from 2^63 on), text, lower-case hex, an array of texts.
 */
#ifndef DAAPKI_POLICY_RESULT_H
#define DAAPKI_POLICY_RESULT_H

#include "base/claims.h"
#include "codec/json.h"

/* The caller has the reference. */
json_t		*result_claims_json(struct ctx *, const struct claims *);
/* Its text, compact, in cx->arena. */
const char	*result_claims_text(struct ctx *, const struct claims *);
/*
 * The claims of such a text, in cx->arena.  Members that are no claims of this
 * release are left out: an older or newer one may have written them.
 * ERR_STORAGE	not such a text
 */
struct err	result_claims_parse(struct ctx *, const char *text,
		    struct claims *out);

#endif
