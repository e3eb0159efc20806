/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/crl_look.h"

#include <openssl/x509.h>

#include "base/base.h"

AUTO_DEFINE(ASN1_INTEGER, ASN1_INTEGER_free);

struct crl_look { X509_CRL *crl; };

static void
forget(void *p)
{
	X509_CRL_free(p);
}

struct err
crl_look_open(struct ctx *cx, struct slice der, const struct crl_look **out)
{
	struct crl_look *look = ARENA_NEW(cx->arena, struct crl_look);
	const uint8_t *p = der.p;

	look->crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	if (look->crl == NULL)
		return OSSL_FAIL(cx, ERR_MALFORMED, "not a CRL");
	arena_defer(cx->arena, forget, look->crl);
	if (p != der.p + der.n)
		return FAIL(cx, ERR_MALFORMED, "something follows a CRL");
	*out = look;
	return OK;
}

bool
crl_look_has(const struct crl_look *look, struct slice serial)
{
	AUTO(BIGNUM) number = BN_bin2bn(serial.p, (int)serial.n, NULL);
	AUTO(ASN1_INTEGER) integer = number == NULL ? NULL :
	    BN_to_ASN1_INTEGER(number, NULL);
	X509_REVOKED *entry = NULL;

	return integer != NULL &&
	    X509_CRL_get0_by_serial(look->crl, &entry, integer) == 1;
}
