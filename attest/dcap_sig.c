/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/dcap_sig.h"

#include "attest/chain.h"
#include "attest/pubkey.h"
#include "codec/der.h"

#define NUMBER_SIZE	32u

/* SubjectPublicKeyInfo of a P-256 point, up to its X. */
static const uint8_t spki_start[] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
	0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
	0x42, 0x00, 0x04
};

struct err
dcap_sig_key(struct ctx *cx, struct slice xy, EVP_PKEY **out)
{
	struct buf spki = buf_in(cx->arena,
	    sizeof(spki_start) + DCAP_POINT_SIZE);
	EVP_PKEY *key;

	ASSERT(xy.n == DCAP_POINT_SIZE);
	put_bytes(&spki, SLICE_OF(spki_start));
	put_bytes(&spki, xy);
	key = pubkey_read(cx, buf_slice(&spki));
	if (key == NULL)
		return FAIL_TELL(cx, ossl_code(ERR_EV_SIGNATURE),
		    "the attestation key is not a point of P-256");
	*out = key;
	return OK;
}

struct err
dcap_sig_verify(struct ctx *cx, EVP_PKEY *key, struct slice rs,
    struct slice message, const char *what)
{
	struct buf der = buf_in(cx->arena, 2 * NUMBER_SIZE + 16);
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	size_t at = der_open(&der, DER_SEQUENCE);

	ASSERT(rs.n == DCAP_SIGNATURE_SIZE && md != NULL);
	if (!chain_key_is_on(key, "prime256v1"))
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED,
		    "%s: by a key that is not of P-256", what);
	der_put_unsigned(&der, SLICE(rs.p, NUMBER_SIZE));
	der_put_unsigned(&der, SLICE(rs.p + NUMBER_SIZE, NUMBER_SIZE));
	der_close(&der, at);
	ASSERT(!der.bad);
	if (EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestVerify(md, der.p, der.n, message.p, message.n) != 1)
		return FAIL_TELL(cx, ossl_code(ERR_EV_SIGNATURE),
		    "%s is not right", what);
	return OK;
}
