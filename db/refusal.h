/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a device was refused, the last REFUSALS_KEPT times; forgotten when it
 * leaves its tenant.  Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_REFUSAL_H
#define DAAPKI_DB_REFUSAL_H

#include "db/db.h"

#define REFUSALS_KEPT	10u

/* Texts may be NULL, but for the code. */
struct refusal_row {
	int64_t		 at_s;
	const char	*code, *detail;		/* dotted; in words */
	const char	*format, *policy_group;
	int64_t		 policy_version;	/* 0: no policy was asked */
	const char	*claim;			/* that was not met */
	const char	*wanted, *found;	/* JSON: of its rules, its value */
};

struct err	db_refusal_add(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    const struct refusal_row *);
/* The latest first; out has room for all that are kept. */
struct err	db_refusal_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t device,
		    struct refusal_row out[static REFUSALS_KEPT],
		    size_t *out_n);

#endif
