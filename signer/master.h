/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The master key: 32 bytes, in a file of their own (64 hex digits and a line
 * end) or made from a passphrase by Argon2id.  It is in locked memory, and
 * only keys derived from it are used.
 */
#ifndef DAAPKI_SIGNER_MASTER_H
#define DAAPKI_SIGNER_MASTER_H

#include "base/ctx.h"

#define MASTER_KEY_SIZE		32u
#define MASTER_CREDENTIAL	"master-key"	/* its name for systemd */
#define MASTER_PASSPHRASE_CREDENTIAL	"master-passphrase"
#define MASTER_PASSPHRASE_MIN	12u		/* bytes */
#define MASTER_PASSPHRASE_MAX	1024u
#define MASTER_PARAMS_FILE	"master.argon2id"

/* What Argon2id costs when its parameters are made: about half a second. */
#define MASTER_PASSES		4u
#define MASTER_MEMORY		(128u * 1024u * 1024u)	/* bytes */

struct master;

/* Where a master key comes from; at most one of the first two. */
struct master_source {
	const char	*key_file;	/* or NULL */
	const char	*passphrase_file;	/* or NULL */
	/* Folder of the passphrase's salt and costs, made there when there are
	 * none: one line "argon2id PASSES BYTES SALT" in MASTER_PARAMS_FILE.
	 * Without them the passphrase is worth nothing. */
	const char	*params_folder;
};

/*
 * Read it from the file that the source names, which nobody but its owner may
 * read; when it names none, from the systemd credential ($CREDENTIALS_DIRECTORY)
 * MASTER_CREDENTIAL, else MASTER_PASSPHRASE_CREDENTIAL.
 * ERR_CONFIG	there is none, others may read it, or it is not of its form
 * ERR_IO
 */
struct err	master_open(struct ctx *, const struct master_source *,
		    struct master **out);
/* Wipes it, and its old one.  NULL is nothing. */
void		master_free(struct master *);

/* While keys are sealed anew: what the new key does not open, the old may.
 * Takes old over. */
void		master_set_old(struct master *, struct master *old);
/* NULL when there is none. */
const struct master	*master_old(const struct master *);

/* Make a new one at path, mode 0600.  ERR_EXISTS, ERR_IO */
struct err	master_make(struct ctx *, const char *path);

/*
 * The key that seals a tenant's CA keys: BLAKE2b-256 of "daapki-seal-1", a
 * zero byte and the tenant's name, keyed with the master key.
 */
void		master_tenant_key(const struct master *, const char *tenant,
		    uint8_t out[static MASTER_KEY_SIZE]);
/* The key that seals the log key: the same of "daapki-log-1" alone. */
void		master_log_key(const struct master *,
		    uint8_t out[static MASTER_KEY_SIZE]);

#endif
