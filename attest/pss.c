/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/pss.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

/* What is left out (RFC 4055, 3.1). */
#define SALT_DEFAULT	20
#define TRAILER_DEFAULT	1

AUTO_DEFINE(RSA_PSS_PARAMS, RSA_PSS_PARAMS_free);
AUTO_DEFINE(X509_ALGOR, X509_ALGOR_free);

static int
nid_of(const X509_ALGOR *alg)
{
	const ASN1_OBJECT *oid;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	return OBJ_obj2nid(oid);
}

/* The SEQUENCE that an algorithm's parameters are; NULL when they are not. */
static void *
parameters(const X509_ALGOR *alg, const ASN1_ITEM *item)
{
	const void *value;
	int type;

	X509_ALGOR_get0(NULL, &type, &value, alg);
	return type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, item) : NULL;
}

/* The hash inside MGF1; NID_undef when it is another mask. */
static int
mask_hash(const X509_ALGOR *mask)
{
	AUTO(X509_ALGOR) hash = NULL;

	if (mask == NULL)
		return NID_sha1;
	if (nid_of(mask) != NID_mgf1)
		return NID_undef;
	hash = parameters(mask, ASN1_ITEM_rptr(X509_ALGOR));
	return hash == NULL ? NID_undef : nid_of(hash);
}

static long
number(const ASN1_INTEGER *n, long otherwise)
{
	return n == NULL ? otherwise : ASN1_INTEGER_get(n);
}

bool
pss_parse(const X509_ALGOR *alg, struct pss *out)
{
	AUTO(RSA_PSS_PARAMS) p = NULL;
	struct pss pss;

	if (nid_of(alg) == NID_rsassaPss)
		p = parameters(alg, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	ERR_clear_error();		/* of what cannot be read */
	if (p == NULL)
		return false;
	pss.md = p->hashAlgorithm == NULL ? NID_sha1 :
	    nid_of(p->hashAlgorithm);
	pss.mgf1_md = mask_hash(p->maskGenAlgorithm);
	pss.salt = number(p->saltLength, SALT_DEFAULT);
	if (pss.md == NID_undef || pss.mgf1_md == NID_undef ||
	    pss.salt < 0 ||
	    number(p->trailerField, TRAILER_DEFAULT) != TRAILER_DEFAULT)
		return false;
	*out = pss;
	return true;
}
