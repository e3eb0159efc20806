/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust anchors: certificates of makers that vouch for hardware.  The
 * platform's hold for every tenant, a tenant's for its own devices.
 */
#ifndef DAAPKI_AUTHORITY_ANCHOR_H
#define DAAPKI_AUTHORITY_ANCHOR_H

#include "authority/authority.h"
#include "authority/trust.h"
#include "db/anchor.h"

#define ANCHOR_SCHEME_TPM	"tpm-ek"
#define ANCHOR_NAME_MAX		200u
#define ANCHOR_PROVENANCE_MAX	500u

struct anchor_spec {
	const char	*scheme, *name;
	struct slice	 certificate;	/* DER */
	const char	*provenance;	/* where it is from; NULL: not said */
};

/*
 * Add one, of a tenant or of the platform (tenant NULL).
 * ERR_FIELD	an unknown scheme, not exactly one X.509 certificate, or one
 *		that is neither a CA's nor signed by itself
 * ERR_EXISTS
 */
struct err	anchor_add(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct anchor_spec *, struct db_anchor *out);
struct err	anchor_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct db_anchor **out, size_t *out_n, int64_t *out_next);
/* Devices that only it vouches for are refused from now on.  ERR_NOT_FOUND */
struct err	anchor_delete(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id);

/* An event anchor.expiring for what ends within limits.anchor_warn_s, once
 * each. */
struct err	anchor_round(struct ctx *, const struct authority *);

#endif
