/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tenants: the boundary between people who do not trust each other.  Each has
 * its own root and issuing CA from the moment it exists, and a group "default".
 */
#ifndef DAAPKI_AUTHORITY_TENANT_H
#define DAAPKI_AUTHORITY_TENANT_H

#include "authority/authority.h"
#include "authority/event.h"
#include "db/ca.h"
#include "db/tenant.h"
#include "codec/json.h"

#define TENANT_TITLE_MAX	200u

/* What rows of a tenant, or of the platform (NULL), are kept under: 0 is the
 * platform's. */
int64_t		tenant_scope(const struct tenant *);

/*
 * Make a tenant, its CAs and its default group.  Nothing of it is in the
 * database when this fails; a CA that the signer made by then is in the
 * journal and of no use.
 * ERR_FIELD		the name is reserved
 * ERR_EXISTS
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED
 * ERR_STORAGE		as ever; or it was made, and could not be read again: the
 *			next start loads it
 */
struct err	tenant_create(struct ctx *, const struct authority *,
		    const struct principal *, const char *name,
		    const char *title, struct db_tenant *out);
/* The same with CAs of that algorithm (ca_alg_word(); NULL is p256), which is
 * also that of later ones.  ERR_FIELD too when it is not one. */
struct tenant_spec {
	const char	*name, *title, *algorithm;
	bool		 edge;	/* its issuing CA may sign edge CAs */
	const char	*key_store;	/* of both CAs; as in ca_spec */
};
struct err	tenant_create_as(struct ctx *, const struct authority *,
		    const struct principal *, const struct tenant_spec *,
		    struct db_tenant *out);
/* The same, with its CAs: the root, and the one under it. */
struct tenant_made {
	struct db_tenant	row;
	struct db_ca		cas[2];
};
struct err	tenant_make(struct ctx *, const struct authority *,
		    const struct principal *, const struct tenant_spec *,
		    struct tenant_made *out);
/* The reserved tenant and its root and server CA, for `daad init`: no group, so
 * no device can be its.  ERR_EXISTS and so on as above. */
struct err	tenant_create_platform(struct ctx *, const struct authority *,
		    struct tenant *out);

/* ERR_NOT_FOUND */
struct err	tenant_find(struct ctx *, const struct authority *,
		    const char *name, struct tenant *out);
struct err	tenant_get(struct ctx *, const struct authority *,
		    const struct tenant *, struct db_tenant *out);
/* Those that a principal may see: all, or its own. */
struct err	tenant_list(struct ctx *, const struct authority *,
		    const struct principal *, struct page,
		    struct db_tenant **out, size_t *out_n, int64_t *out_next);

/* event_add() that takes 0 for the platform, whose events are under its
 * reserved tenant. */
struct err	tenant_event(struct ctx *, struct db_tx *, int64_t tenant_id,
		    enum event_type, const char *subject, const char *actor,
		    json_t *data);

#endif
