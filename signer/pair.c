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
pair_make(struct ctx *cx, const struct pair_spec *spec, struct pair *out)
{
	if (spec->key_store[0] != '\0')
		return FAIL(cx, ERR_ORDER_KEY_STORE,
		    "no HSM %s is configured here", spec->key_store);
	out->private = sodium_malloc(SEALED_PRIVATE_MAX);
	ASSERT(out->private != NULL);
	TRY(keys_make(cx, spec->alg, &out->pkey, out->private,
	    &out->public));
	return sign_key_new(cx, out->pkey, &out->public, &out->sign);
}
