/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer's tests share: keys, requests, usual orders. */
#ifndef DAAPKI_TESTS_SIGNER_HELP_H
#define DAAPKI_TESTS_SIGNER_HELP_H

#include <openssl/x509.h>

#include "tests/unit/unit.h"
#include "wire/order.h"

#define HELP_DEVICE \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HELP_CRL_URL	"http://status.example:8080/crl/1.crl"
#define HELP_AIA_URL	"http://status.example:8080/ca/1.cer"
#define HELP_FLAGS \
	(LEAF_HARDWARE_KEY | LEAF_CLIENT_AUTH | LEAF_SAN_URN | \
	LEAF_SAN_PERMANENT_ID)
#define HELP_DAY	INT64_C(86400)

/* A sanitizer needs system calls that the sandbox refuses. */
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));

static inline bool
help_can_sandbox(void)
{
	return __asan_init == NULL && __tsan_init == NULL;
}

/* SPKI of a new key: "P-256", "P-384", "ED25519" or "RSA2048". */
static inline struct slice
help_spki(const char *kind)
{
	EVP_PKEY *pkey;
	uint8_t *der = NULL;
	struct slice out;
	int n;

	if (strcmp(kind, "RSA2048") == 0)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	else if (strcmp(kind, "ED25519") == 0)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	ck_assert_ptr_nonnull(pkey);
	n = i2d_PUBKEY(pkey, &der);
	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	return out;
}

static inline struct order
help_root(const char *tenant, enum ca_alg alg)
{
	int64_t now = ctx_now(cx);

	return (struct order){ .type = ORDER_MAKE_CA, .make_ca = {
		.tenant = tenant, .role = CA_ROLE_ROOT, .alg = (uint8_t)alg,
		.common_name = "root", .not_before_s = now - 60,
		.not_after_s = now + 3650 * HELP_DAY,
		.crl_url = "", .aia_url = "", .key_store = "",
	} };
}

static inline struct order
help_below(const char *tenant, enum ca_role role, enum ca_alg alg,
    struct slice parent)
{
	int64_t now = ctx_now(cx);

	return (struct order){ .type = ORDER_MAKE_CA, .make_ca = {
		.tenant = tenant, .role = (uint8_t)role, .alg = (uint8_t)alg,
		.common_name = "issuing", .not_before_s = now - 60,
		.not_after_s = now + 365 * HELP_DAY,
		.leaf_max_s = 30 * 86400, .key_store = "",
		.parent = parent,
		.crl_url = HELP_CRL_URL, .aia_url = HELP_AIA_URL,
	} };
}

static inline struct order
help_leaf(const char *tenant, struct slice ca, struct slice spki)
{
	int64_t now = ctx_now(cx);

	return (struct order){ .type = ORDER_ISSUE, .issue = {
		.ca = ca, .tenant = tenant, .device_id = HELP_DEVICE,
		.spki = spki, .not_before_s = now - 300,
		.not_after_s = now + HELP_DAY, .flags = HELP_FLAGS,
		.crl_url = HELP_CRL_URL, .aia_url = HELP_AIA_URL,
		.ocsp_url = "", .spiffe_domain = "",
	} };
}

static inline struct order
help_crl(const char *tenant, struct slice ca, uint64_t number)
{
	int64_t now = ctx_now(cx);

	return (struct order){ .type = ORDER_SIGN_CRL, .sign_crl = {
		.ca = ca, .tenant = tenant, .number = number,
		.this_update_s = now - 60, .next_update_s = now + HELP_DAY, .shard_url = "",
	} };
}

#endif
