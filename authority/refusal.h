/* SPDX-License-Identifier: Apache-2.0 */
/* Why devices were refused, for operators. */
#ifndef DAAPKI_AUTHORITY_REFUSAL_H
#define DAAPKI_AUTHORITY_REFUSAL_H

#include "authority/authority.h"
#include "db/refusal.h"
#include "policy/policy.h"

/* Longer ones of wanted and found are left out. */
#define REFUSAL_JSON_MAX	4096u

/* Sets claim, wanted and found of the row: the claim of that name, which may
 * be NULL, as the policy wants it and as it was shown. */
void		refusal_explain(struct ctx *, const struct policy *,
		    const struct claims *, const char *claim,
		    struct refusal_row *);

/*
 * The last REFUSALS_KEPT of a device, the latest first.
 * ERR_NOT_FOUND	this tenant does not have it
 */
struct err	refusal_list(struct ctx *, const struct authority *,
		    const struct tenant *, const char *device_id,
		    struct refusal_row **out, size_t *out_n);

#endif
