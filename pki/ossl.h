/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL by house rules: owned objects, honest failures, warmed up. */
#ifndef DAAPKI_PKI_OSSL_H
#define DAAPKI_PKI_OSSL_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/base.h"
#include "base/ctx.h"

AUTO_DEFINE(BIGNUM, BN_clear_free);
AUTO_DEFINE(BIO, BIO_free_all);
AUTO_DEFINE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free);
AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free);
AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free);
AUTO_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
AUTO_DEFINE(X509, X509_free);
AUTO_DEFINE(X509_CRL, X509_CRL_free);
AUTO_DEFINE(X509_REQ, X509_REQ_free);
AUTO_DEFINE(X509_STORE, X509_STORE_free);
AUTO_DEFINE(X509_STORE_CTX, X509_STORE_CTX_free);

/*
 * The code for a call that OpenSSL failed: otherwise, unless it was this
 * program that ran short of memory (then ERR_BUSY): that must not look like a
 * caller's bad signature.  Empties OpenSSL's queue.
 */
enum err_code	ossl_code(enum err_code otherwise);

#define OSSL_FAIL(cx, code, ...) FAIL((cx), ossl_code(code), __VA_ARGS__)

/*
 * The same as EVP_sha256() and so on, found once for the process: OpenSSL looks
 * up what stands behind those anew each time that a digest begins, which takes
 * longer than to hash an event or a name.
 */
const EVP_MD	*ossl_sha1(void);
const EVP_MD	*ossl_sha256(void);
const EVP_MD	*ossl_sha384(void);
const EVP_MD	*ossl_sha512(void);

/*
 * Use each algorithm once, so that OpenSSL has loaded all that it loads
 * lazily: before threads start, before a sandbox closes, before anything
 * depends on the answer.  Calling it again is harmless.
 * ERR_CONFIG	this OpenSSL lacks something that is needed
 */
struct err	ossl_warm_up(struct ctx *);

#endif
