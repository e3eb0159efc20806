/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ossl.h"

#include <pthread.h>

#include <openssl/err.h>

enum err_code
ossl_code(enum err_code otherwise)
{
	enum err_code code = otherwise;
	unsigned long e;

	while ((e = ERR_get_error()) != 0)
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			code = ERR_BUSY;
	return code;
}

/* Made once for the process, like what OpenSSL itself keeps, and only read
 * afterwards. */
static struct {
	pthread_once_t	 once;
	EVP_MD		*sha1, *sha256, *sha384, *sha512;
} found = { PTHREAD_ONCE_INIT, NULL, NULL, NULL, NULL };

static void
find_digests(void)
{
	found.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	found.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	found.sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
	found.sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
}

/* Without one, OpenSSL shall say so where it is used. */
#define FOUND(name)							\
const EVP_MD *								\
ossl_ ## name(void)							\
{									\
	ASSERT(pthread_once(&found.once, find_digests) == 0);		\
	return found.name != NULL ? found.name : EVP_ ## name();	\
}

FOUND(sha1)
FOUND(sha256)
FOUND(sha384)
FOUND(sha512)

/* What CAs sign with, and so what every certificate path leads through. */
struct algorithm { const char *type, *group, *digest; };

static const struct algorithm algorithms[] = {
	{ "EC", "P-256", "SHA256" },
	{ "EC", "P-384", "SHA384" },
	{ "ED25519", NULL, NULL },
};

static const char *const digests[] = { "SHA1", "SHA256", "SHA384", "SHA512" };

/* Make, encode, decode and verify a certificate: every layer is used once. */
static bool
use_once(const struct algorithm *a)
{
	AUTO(EVP_PKEY) pkey = a->group != NULL ?
	    EVP_PKEY_Q_keygen(NULL, NULL, a->type, a->group) :
	    EVP_PKEY_Q_keygen(NULL, NULL, a->type);
	AUTO(X509) made = X509_new();
	AUTO(X509) read = NULL;
	AUTO(BIO) bio = BIO_new(BIO_s_mem());
	const EVP_MD *md = a->digest != NULL ?
	    EVP_get_digestbyname(a->digest) : NULL;

	if (pkey == NULL || made == NULL || bio == NULL)
		return false;
	if (X509_set_version(made, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(made), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(made), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(made), 60) == NULL ||
	    X509_set_pubkey(made, pkey) != 1 ||
	    X509_sign(made, pkey, md) == 0 ||
	    i2d_X509_bio(bio, made) != 1)
		return false;
	read = d2i_X509_bio(bio, NULL);
	return read != NULL && X509_verify(read, pkey) == 1;
}

struct err
ossl_warm_up(struct ctx *cx)
{
	uint8_t out[EVP_MAX_MD_SIZE];

	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
	    OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS,
	    NULL) != 1)
		return OSSL_FAIL(cx, ERR_CONFIG, "OpenSSL cannot be set up");
	for (size_t i = 0; i < COUNT_OF(algorithms); i++)
		if (!use_once(&algorithms[i]))
			return OSSL_FAIL(cx, ERR_CONFIG,
			    "OpenSSL lacks %s %s", algorithms[i].type,
			    algorithms[i].group != NULL ?
			    algorithms[i].group : "");
	for (size_t i = 0; i < COUNT_OF(digests); i++)
		if (EVP_Q_digest(NULL, digests[i], NULL, "", 0, out,
		    NULL) != 1)
			return OSSL_FAIL(cx, ERR_CONFIG, "OpenSSL lacks %s",
			    digests[i]);
	return OK;
}
