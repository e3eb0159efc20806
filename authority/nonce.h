/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonces that need no store: 15 random bytes, the expiry (40 bits of seconds),
 * 12 bytes of MAC over both.  Used ones are remembered until they expire.
 */
#ifndef DAAPKI_AUTHORITY_NONCE_H
#define DAAPKI_AUTHORITY_NONCE_H

#include "authority/authority.h"

#define NONCE_SIZE	32u

void		nonce_make(struct ctx *, const struct authority *,
		    uint8_t out[static NONCE_SIZE], int64_t *out_expires_s);
/*
 * Is it ours and fresh?  Whether it was used is the database's to say.
 * ERR_NONCE_INVALID, ERR_NONCE_EXPIRED
 */
struct err	nonce_check(struct ctx *, const struct authority *,
		    struct slice nonce, int64_t *out_expires_s);

#endif
