/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The binding hash: what evidence must carry to cover a nonce and a key,
 * SHA-256("daapki-bind-1" || 00 || format || 00 || nonce || SHA-256(spki)).
 *
 * The verifier has code of its own for this.  An agent that shared it could
 * not show a mistake in it.
 */
#ifndef DAAPKI_AGENT_BINDING_H
#define DAAPKI_AGENT_BINDING_H

#include "base/bytes.h"

#define BINDING_SIZE	32u

/* format: "tpm2" or "key".  spki: DER of the key to be certified. */
void	binding_hash(const char *format, struct slice nonce, struct slice spki,
	    uint8_t out[static BINDING_SIZE]);

#endif
