/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HSMs as the signer sees them: one daa-hsm each, started before the sandbox
 * closes, and a queue of what it is asked.
 *
 * A request that is not answered in time fails, and with it all that wait for
 * that HSM; until it answers again whatever it is asked fails at once.  So an
 * HSM that hangs costs its own tenants an error and nobody else anything.
 */
#ifndef DAAPKI_SIGNER_HSM_H
#define DAAPKI_SIGNER_HSM_H

#include <poll.h>

#include "pki/sign.h"
#include "signer/lot.h"
#include "wire/hsm.h"

#define HSM_PROGRAM	"daa-hsm"
#define HSM_MAX		16u	/* key stores beside the sealed one */
#define HSM_WAITING_MAX	16u	/* requests for one HSM: half as many as daad
				 * has workers, so that they do not all wait
				 * for one that hangs */
#define HSM_SIGN_WAIT_S	8	/* less than daad waits for an answer */
#define HSM_START_WAIT_S	30	/* or more, while daa-hsm logs in */
#define HSM_MAKE_WAIT_S	60	/* for a key pair */

struct hsms;

/*
 * Start one program for each NAME.conf in folder.  Call it before anything is
 * open that it must not have, and before the sandbox.  NULL is no HSMs.
 * ERR_CONFIG	the folder cannot be read, or has too many
 */
struct err	hsms_open(struct ctx *, const char *folder, int log_level,
		    bool sandbox, struct hsms **out);
/* Ends them.  NULL is nothing. */
void		hsms_close(struct hsms *);
/* The orders that wait for them are its. */
struct lot	*hsms_lot(struct hsms *);

/* What the loop waits for: fds has room for HSM_MAX; how many were set. */
size_t		hsms_poll(const struct hsms *, struct pollfd *fds);
/* Milliseconds until a request is late; -1: none waits. */
int		hsms_wait_ms(const struct hsms *, const struct ctx *);
/* Read, write and let late ones fail, after the loop has waited. */
void		hsms_turn(struct ctx *, struct hsms *,
		    const struct pollfd *fds);

/*
 * Inside an order of the lot: that the HSM is there.  Elsewhere the order asks
 * to be put there, and is to fail.
 * ERR_BUSY	it is not in the lot
 * ERR_HSM_GONE	no HSM of that name is configured
 */
struct err	hsms_enter(struct ctx *, struct hsms *, const char *name);
/* Is one of that name configured? */
bool		hsms_have(const struct hsms *, const char *name);

/*
 * A new key pair in it, of which out_id is the ID there; public as key_parse()
 * has it.
 * ERR_ORDER_KEY_STORE	it makes no keys of that tenant; so says daa-hsm
 * ERR_HSM_GONE, ERR_HSM_REFUSED
 */
struct err	hsms_make(struct ctx *, struct hsms *, const char *name,
		    enum ca_alg, const char *tenant,
		    uint8_t out_id[static HSM_KEY_ID_SIZE],
		    struct key *out_public);
/*
 * The key of that ID, ready to sign; the HSM is not asked yet.
 * ERR_INTERNAL
 */
struct err	hsms_key(struct ctx *, struct hsms *, const char *name,
		    enum ca_alg, const uint8_t id[static HSM_KEY_ID_SIZE],
		    const struct key *public, struct sign_key **out);

#endif
