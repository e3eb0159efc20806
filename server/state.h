/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state folder:
 *
 *	daapki.conf	settings
 *	keys		struct authority_keys behind an 8-byte mark; secret
 *	daapki.db	the database (and its -wal and -shm)
 *	tls.pem		key, certificate and CA of both TLS planes; secret
 *	trust.pem	the platform's root: what clients pin
 *	lock		locked while a daad runs
 *	listening	"device https://127.0.0.1:8443" and so on, a plane a line
 *
 * Beside it is the signer's folder, its name with SETTINGS_SIGNER_DIR: the
 * master key, which seals the CA keys, and the journal.  Only daa-signer opens
 * those.
 */
#ifndef DAAPKI_SERVER_STATE_H
#define DAAPKI_SERVER_STATE_H

#include "authority/authority.h"

/* The path of a file in the folder, in cx->arena. */
const char	*state_path(struct ctx *, const char *state_dir,
		    const char *name);

/*
 * Make sure that no other daad uses the folder; closing *out_fd lets it go.
 * ERR_CONFIG	there is no such folder
 * ERR_BUSY	another daad runs there
 */
struct err	state_lock(struct ctx *, const char *state_dir, int *out_fd);

/* Something of an earlier daad init is there. */
bool		state_is_used(struct ctx *, const char *state_dir);

/* Make the keys file.  ERR_EXISTS, ERR_IO */
struct err	state_make_keys(struct ctx *, const char *state_dir);
/*
 * The keys, in locked memory; state_free_keys() wipes and frees.
 * ERR_CONFIG	others may read the file, or it is no keys file
 * ERR_IO
 */
struct err	state_load_keys(struct ctx *, const char *state_dir,
		    const struct authority_keys **out);
void		state_free_keys(const struct authority_keys *);

#endif
