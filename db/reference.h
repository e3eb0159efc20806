/* SPDX-License-Identifier: Apache-2.0 */
/* Named sets of known-good values; lists and failures as db/tenant.h says. */
#ifndef DAAPKI_DB_REFERENCE_H
#define DAAPKI_DB_REFERENCE_H

#include "db/db.h"

struct reference_set {
	int64_t		 id;
	const char	*name, *note;
	int64_t		 revision;	/* counts changes of entries too */
	int64_t		 entries;
	int64_t		 created_s, changed_s;
	const char	*changed_by;
};

struct reference_value {
	int64_t		 id, tenant_id;
	const char	*set;		/* its name */
	const char	*value, *note, *provenance;
	int64_t		 valid_until_s;	/* 0: for ever */
	int64_t		 created_s;
	const char	*created_by;
};

/* Name, note, created_s and changed_by of the row.  ERR_EXISTS */
struct err	db_reference_set_add(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct reference_set *);
struct err	db_reference_set_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *name,
		    struct reference_set *out, bool *out_found);
struct err	db_reference_set_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t after, size_t most,
		    struct reference_set **out, size_t *out_n);
/* Its note, changed_s and changed_by; so many entries more; a revision more. */
struct err	db_reference_set_change(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct reference_set *,
		    int64_t more);
/* With its entries. */
struct err	db_reference_set_delete(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id);
/* A group whose policy in force or draft holds a text like that; NULL: none. */
struct err	db_reference_set_used(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *like,
		    const char **out_group);

/* ERR_EXISTS	the value is in the set */
struct err	db_reference_value_add(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t set,
		    const struct reference_value *, int64_t *out_id);
struct err	db_reference_value_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t set, int64_t after,
		    size_t most, struct reference_value **out, size_t *out_n);
struct err	db_reference_value_find(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *set, const char *value,
		    struct reference_value *out, bool *out_found);
/* Was it in that revision of a set, which may be gone?  Until when it was valid
 * then, 0: for ever. */
struct err	db_reference_value_then(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t set, int64_t revision,
		    const char *value, int64_t *out_valid_until_s,
		    bool *out_found);
struct err	db_reference_value_delete(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t set, int64_t id);

/* Of all tenants: what ends by at_s and was not told of. */
struct err	db_reference_due(struct ctx *, struct db_tx *, int64_t at_s,
		    size_t most, struct reference_value **out, size_t *out_n);
struct err	db_reference_warned(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t at_s);

#endif
