/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cross-certificates between the roots of one tenant (RFC 4210, 4.4), so that
 * who trusts either follows the chains of both while they overlap.
 */
#ifndef DAAPKI_AUTHORITY_CROSS_H
#define DAAPKI_AUTHORITY_CROSS_H

#include "authority/authority.h"

/* Make those that are missing among roots that are staged, active or retiring.
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE */
struct err	cross_sign(struct ctx *, const struct authority *,
		    const struct tenant *);

#endif
