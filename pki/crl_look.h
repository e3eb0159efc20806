/* SPDX-License-Identifier: Apache-2.0 */
/* Who a CRL lists: for checks, with OpenSSL's reader and not with ours. */
#ifndef DAAPKI_PKI_CRL_LOOK_H
#define DAAPKI_PKI_CRL_LOOK_H

#include "pki/ossl.h"

/* A CRL that was read; cx->arena frees it. */
struct crl_look;

/* ERR_MALFORMED */
struct err	crl_look_open(struct ctx *, struct slice der,
		    const struct crl_look **out);
/* Does it list that serial (big-endian content bytes)? */
bool		crl_look_has(const struct crl_look *, struct slice serial);

#endif
