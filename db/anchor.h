/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table trust_anchor; lists and failures as db/tenant.h says.  Tenant
 * 0 is the platform. */
#ifndef DAAPKI_DB_ANCHOR_H
#define DAAPKI_DB_ANCHOR_H

#include "db/db.h"

struct db_anchor {
	int64_t		 id;
	int64_t		 tenant_id;
	const char	*scheme, *name;
	struct slice	 sha256;	/* of the certificate */
	const char	*subject;
	struct slice	 certificate;	/* DER */
	int64_t		 not_after_s, created_s;
	const char	*created_by;
	const char	*provenance;	/* "": not said */
};

struct err	db_anchor_insert(struct ctx *, struct db_tx *,
		    const struct db_anchor *, int64_t *out_id);
struct err	db_anchor_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t after, size_t most,
		    struct db_anchor **out, size_t *out_n);
/* Calls fn for each anchor that holds for a tenant: its own and the
 * platform's.  The anchor lives as long as cx->arena. */
struct err	db_anchor_each(struct ctx *, struct db_tx *,
		    int64_t tenant_id,
		    void (*fn)(void *arg, const struct db_anchor *),
		    void *arg);
/* Those of any tenant that end at or before that time and of which nobody was
 * told, the first to end first. */
struct err	db_anchor_due(struct ctx *, struct db_tx *, int64_t at_s,
		    size_t most, struct db_anchor **out, size_t *out_n);
struct err	db_anchor_warned(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t at_s);
struct err	db_anchor_delete(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id);

#endif
