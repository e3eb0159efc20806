/* SPDX-License-Identifier: Apache-2.0 */
/* The key pair of a CA that is being made. */
#ifndef DAAPKI_SIGNER_PAIR_H
#define DAAPKI_SIGNER_PAIR_H

#include "pki/sign.h"
#include "signer/hsm.h"
#include "signer/sealed.h"

struct pair {
	EVP_PKEY	*pkey;		/* NULL: it is in an HSM */
	/* As it is sealed, in locked memory; or the ID in the HSM. */
	uint8_t		*private;
	struct key	 public;
	struct sign_key	*sign;
};

struct pair_spec {
	enum ca_alg	 alg;
	const char	*tenant;	/* whose it will be */
	const char	*key_store;	/* an HSM's name; "": made and sealed here */
};

/*
 * *out begins as zeros; call pair_fini() whatever this returns.
 * ERR_ORDER_KEY_STORE	there is no such HSM, or it is not for that tenant
 * ERR_HSM_GONE, ERR_HSM_REFUSED, ERR_BUSY	as hsm.h says
 * ERR_INTERNAL
 */
struct err	pair_make(struct ctx *, struct hsms *, const struct pair_spec *,
		    struct pair *out);
void		pair_fini(struct pair *);

#endif
