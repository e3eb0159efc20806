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

/* Once it has signed, it is known to be one that can. */
static struct err
make_there(struct ctx *cx, struct hsms *hsms, const struct pair_spec *spec,
    struct pair *out)
{
	if (!hsms_have(hsms, spec->key_store))
		return FAIL(cx, ERR_ORDER_KEY_STORE,
		    "no HSM %s is configured here", spec->key_store);
	TRY(hsms_make(cx, hsms, spec->key_store, spec->alg, spec->tenant,
	    out->private, &out->public));
	if (!keys_fit(spec->alg, &out->public))
		return FAIL(cx, ERR_HSM_REFUSED,
		    "HSM %s made a key of another kind", spec->key_store);
	TRY(hsms_key(cx, hsms, spec->key_store, spec->alg, out->private,
	    &out->public, &out->sign));
	return sign_key_probe(cx, out->sign);
}

struct err
pair_make(struct ctx *cx, struct hsms *hsms, const struct pair_spec *spec,
    struct pair *out)
{
	out->private = sodium_malloc(SEALED_PRIVATE_MAX);
	ASSERT(out->private != NULL);
	if (spec->key_store[0] != '\0')
		return make_there(cx, hsms, spec, out);
	TRY(keys_make(cx, spec->alg, &out->pkey, out->private,
	    &out->public));
	return sign_key_new(cx, out->pkey, &out->public, &out->sign);
}
