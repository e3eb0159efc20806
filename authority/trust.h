/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an appraisal of a tenant's device may believe without proof: the
 * platform's and that tenant's anchors, known parts and collateral.  Kept in
 * memory, so that enrolment does not read them each time.
 */
#ifndef DAAPKI_AUTHORITY_TRUST_H
#define DAAPKI_AUTHORITY_TRUST_H

#include "attest/attest.h"
#include "authority/authority.h"

#define TRUST_CACHED_MAX	256u	/* tenants whose trust is kept */

struct trust_loaded {
	struct trust	 trust;
	/* What each anchor may vouch for: the scheme it was added with. */
	const char *const *anchor_schemes;
	/* SHA-256 of the SPKI of EKs known without a certificate. */
	const uint8_t	(*known_eks)[32];
	size_t		 n_known_eks;
	/* SHA-256 of the document that each of trust's crls, collateral and
	 * chips is of; and of those that its revoked serials are of. */
	const uint8_t	(*crl_from)[32], (*collateral_from)[32];
	const uint8_t	(*chip_from)[32], (*serials_from)[32];
	size_t		 n_serials_from;
	size_t		 n_missing;	/* trust_load_then(): are not kept */
};

/* What an appraisal looked at (attest/attest.h). */
struct trust_pieces {
	uint8_t		(*items)[32];	/* SHA-256 of each, sorted */
	size_t		 n;
	uint8_t		 sha256[32];	/* over them all */
};

struct trust_cache;
struct trust_cache	*trust_cache_new(void);
/* NULL is nothing. */
void			 trust_cache_free(struct trust_cache *);

/*
 * The trust of a tenant (0: of the platform alone) as it is now.  Lives as long
 * as cx->arena.  Reads the database when nothing is kept, so it is not to be
 * called in a transaction.
 * ERR_STORAGE
 */
struct err	trust_load(struct ctx *, const struct authority *,
		    int64_t tenant_id, struct trust_loaded *out);
/* The same with the anchors of that scheme only. */
struct trust	trust_of_anchors(struct ctx *, const struct trust_loaded *,
		    const char *scheme);
/* The same with the anchors that may vouch for such hardware. */
struct trust	trust_of_hardware(struct ctx *, const struct trust_loaded *,
		    const char *hardware_id);
/* The scheme of those; NULL when such hardware has none, or is not known. */
const char	*trust_anchors_of(const char *hardware_id);
/* Have verifiers note what of it they look at. */
void		trust_watch(struct ctx *, struct trust *);
/* What they noted, of trust that was chosen from that. */
void		trust_pieces(struct ctx *, const struct trust_loaded *,
		    const struct trust *, struct trust_pieces *out);
/*
 * The trust of a tenant, with the collateral behind such a digest instead of
 * what is there now, and with parts of the inventory that were believed at that
 * time; anchors are those of now.  out->n_missing pieces are not kept.
 * ERR_STORAGE
 */
struct err	trust_load_then(struct ctx *, const struct authority *,
		    int64_t tenant_id, int64_t at_s, struct slice set_sha256,
		    struct trust_loaded *out);
/* An anchor, a part or collateral was committed or taken away. */
void		trust_changed(const struct authority *);

#endif
