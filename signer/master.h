/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The master key: 32 bytes in a file of their own, 64 hex digits and a line
 * end.  It is in locked memory, and only keys derived from it are used.
 */
#ifndef DAAPKI_SIGNER_MASTER_H
#define DAAPKI_SIGNER_MASTER_H

#include "base/ctx.h"

#define MASTER_KEY_SIZE		32u
#define MASTER_CREDENTIAL	"master-key"	/* its name for systemd */

struct master;

/*
 * Read it from path, which nobody but its owner may read; with path NULL, from
 * the systemd credential of that name ($CREDENTIALS_DIRECTORY).
 * ERR_CONFIG	there is none, others may read it, or it is not of that form
 */
struct err	master_open(struct ctx *, const char *path,
		    struct master **out);
/* Wipes it.  NULL is nothing. */
void		master_free(struct master *);

/* Make a new one at path, mode 0600.  ERR_EXISTS, ERR_IO */
struct err	master_make(struct ctx *, const char *path);

/*
 * The key that seals a tenant's CA keys: BLAKE2b-256 of "daapki-seal-1", a
 * zero byte and the tenant's name, keyed with the master key.
 */
void		master_tenant_key(const struct master *, const char *tenant,
		    uint8_t out[static MASTER_KEY_SIZE]);

#endif
