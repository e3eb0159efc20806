/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The binding hash: what evidence must carry to cover a nonce and a key,
 * SHA-256("daapki-bind-1" || 00 || format || 00 || nonce || SHA-256(spki)),
 * or the outer hash SHA-512, where there is room for it.
 *
 * The verifier has code of its own for this.  An agent that shared it could
 * not show a mistake in it.
 */
#ifndef DAAPKI_AGENT_BINDING_H
#define DAAPKI_AGENT_BINDING_H

#include "base/bytes.h"

#define BINDING_SIZE	32u
#define BINDING_MAX	64u	/* with SHA-512 */

/* How long it is in that format: BINDING_SIZE, or BINDING_MAX in a few. */
size_t	binding_size(const char *format);
/* spki: DER of the key to be certified.  n: one of the two sizes. */
void	binding_hash(const char *format, struct slice nonce, struct slice spki,
	    uint8_t *out, size_t n);

#endif
