/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token of an HSM, logged in: key pairs are made in it and sign in it.
 *
 * libp11 loads the module, finds the token and logs in.  Keys are made, found
 * and used by the module's own functions: libp11 0.4 makes RSA keys only,
 * knows no EdDSA, and reads every key of a token to find one.
 */
#ifndef DAAPKI_HSM_TOKEN_H
#define DAAPKI_HSM_TOKEN_H

#include "hsm/conf.h"
#include "wire/hsm.h"

#define TOKEN_PIN_MAX	256u

struct token;

/*
 * Load the module, find the token, log in with the PIN.  out_pin_refused says
 * whether the PIN was the reason of a failure: then it must not be tried again.
 * ERR_HSM_GONE	the note says why
 */
struct err	token_open(struct ctx *, const struct conf *, const char *pin,
		    struct token **out, bool *out_pin_refused);
/* NULL is nothing. */
void		token_close(struct token *);

/*
 * Make a key pair that stays in the token: sensitive, not extractable, for
 * signing only.  out_spki is in cx->arena.
 * ERR_HSM_GONE	the token cannot be used
 * ERR_HSM_REFUSED	it does not make such keys, or would let one out
 */
struct err	token_generate(struct ctx *, struct token *,
		    const struct hsm_request *, struct slice *out_spki);

/*
 * Sign data, which is the digest that goes with the algorithm or for Ed25519
 * the message, with the key of that ID.  The signature is as X.509 has it.
 * ERR_HSM_GONE	the token cannot be used
 * ERR_HSM_REFUSED	it has no such key, or the key does not sign
 */
struct err	token_sign(struct ctx *, struct token *, uint8_t alg,
		    const uint8_t key_id[static HSM_KEY_ID_SIZE],
		    struct slice data, struct slice *out_signature);

/* Can the token make and use keys of that algorithm? */
bool		token_can(const struct token *, enum ca_alg);

#endif
