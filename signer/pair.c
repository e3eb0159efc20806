/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/pair.h"

#include <sodium.h>

#include "signer/keys.h"

void
pair_fini(struct pair *p)
{
	EVP_PKEY_free(p->pkey);
	sodium_free(p->private);
	sign_key_free(p->sign);
}

struct err
pair_make(struct ctx *cx, enum ca_alg alg, struct pair *out)
{
	out->private = sodium_malloc(SEALED_PRIVATE_MAX);
	ASSERT(out->private != NULL);
	TRY(keys_make(cx, alg, &out->pkey, out->private, &out->public));
	return sign_key_new(cx, out->pkey, &out->public, &out->sign);
}
