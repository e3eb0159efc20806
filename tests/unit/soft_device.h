/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant, and devices with a raw P-256 key that enrol in it. */
#ifndef DAAPKI_TESTS_SOFT_DEVICE_H
#define DAAPKI_TESTS_SOFT_DEVICE_H

#include "tests/unit/unit.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "attest/attest.h"
#include "authority/claim.h"
#include "authority/device.h"
#include "authority/enroll.h"
#include "authority/group.h"
#include "authority/hardware.h"
#include "authority/nonce.h"
#include "authority/profile.h"
#include "authority/tenant.h"
#include "codec/base64.h"
#include "tests/unit/realm.h"

#define SOFT_POLICY	"{\"rules\":[{\"claim\":\"format\",\"equals\":\"key\"}]}"

struct dev {
	EVP_PKEY	*key;
	char		 xy[129];
	const char	*hardware_id;
	char		 device_id[DEVICE_ID_SIZE];
};

static struct realm *realm;
static struct tenant tenant;

static inline void
make_profile(const char *name, const char *document)
{
	struct profile profile;
	struct profile_change change = { name, &profile, "", PROFILE_NEWEST };
	struct db_profile row;

	ck_ok(profile_parse(cx, document, &profile));
	ck_ok(profile_create(cx, realm->authority, &tenant, &realm_admin,
	    &change, &row));
}

/* Its next version. */
static inline struct db_profile
change_profile(const char *name, const char *document)
{
	struct profile profile;
	struct profile_change change = { name, &profile, "", PROFILE_NEWEST };
	struct db_profile row;

	ck_ok(profile_parse(cx, document, &profile));
	ck_ok(profile_update(cx, realm->authority, &tenant, &realm_admin,
	    &change, &row));
	return row;
}

/* A tenant whose group "soft" takes software keys. */
static inline void
begin(void)
{
	struct group_spec spec = { .profile = "soft",
	    .profile_version = PROFILE_NEWEST };
	struct db_tenant row;
	struct db_group group;
	struct policy policy;

	realm = realm_open(cx);
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "tenant-a",
	    NULL, &row));
	ck_ok(tenant_find(cx, realm->authority, "tenant-a", &tenant));
	ck_ok(policy_parse(cx, SOFT_POLICY, &policy));
	make_profile("soft", "{\"renew_without_evidence_s\":3600}");
	ck_ok(group_create(cx, realm->authority, &tenant, &realm_admin,
	    "soft", &spec, &policy, &group));
}

static inline void
end(void)
{
	realm_close(cx, realm);
}

static inline void
free_key(void *key)
{
	EVP_PKEY_free(key);
}

static inline EVP_PKEY *
new_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	ck_assert_ptr_nonnull(key);
	arena_defer(cx->arena, free_key, key);
	return key;
}

/* A new device, known in the platform's inventory. */
static inline struct dev
new_device(void)
{
	struct dev dev = { .key = new_key() };
	struct hardware_spec spec = { .note = "test" };
	struct db_hardware row;
	unsigned char *point;
	size_t n = EVP_PKEY_get1_encoded_public_key(dev.key, &point);

	ck_assert_uint_eq(n, 65);
	strcpy(dev.xy, text_hex(cx->arena, SLICE(point + 1, 64)));
	OPENSSL_free(point);
	dev.hardware_id = arena_printf(cx->arena, "key:%s", dev.xy);
	attest_device_id(dev.hardware_id, dev.device_id);
	spec.hardware_id = dev.hardware_id;
	ck_ok(hardware_add(cx, realm->authority, NULL, &realm_admin, &spec,
	    &row));
	return dev;
}

static inline void
claim(const struct dev *dev, const char *group)
{
	struct claim_request request = { .hardware_id = dev->hardware_id, .group = group };
	struct claim_result result;

	ck_ok(claim_make(cx, realm->authority, &tenant, &realm_admin,
	    &request, &result));
}

static inline struct slice
csr_of(EVP_PKEY *key)
{
	X509_REQ *req = X509_REQ_new();
	unsigned char *der = NULL;
	struct slice out;
	int n;

	ck_assert_int_eq(X509_REQ_set_pubkey(req, key), 1);
	ck_assert_int_gt(X509_REQ_sign(req, key, EVP_sha256()), 0);
	n = i2d_X509_REQ(req, &der);
	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	X509_REQ_free(req);
	return out;
}

static inline struct slice
spki_of(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct slice out;

	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

/* Raw r || s over SHA-256(message), in hex. */
static inline const char *
sign_raw(EVP_PKEY *key, struct slice message)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t der[80], raw[64];
	const uint8_t *p = der;
	size_t n = sizeof(der);
	ECDSA_SIG *sig;

	ck_assert_int_eq(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL,
	    key), 1);
	ck_assert_int_eq(EVP_DigestSign(md, der, &n, message.p, message.n), 1);
	EVP_MD_CTX_free(md);
	sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32),
	    32);
	ECDSA_SIG_free(sig);
	return text_hex(cx->arena, SLICE_OF(raw));
}

static inline struct slice
fresh_nonce(void)
{
	uint8_t *nonce = arena_alloc(cx->arena, NONCE_SIZE);
	int64_t expires_s;

	nonce_make(cx, realm->authority, nonce, &expires_s);
	return SLICE(nonce, NONCE_SIZE);
}

/* Evidence of dev, for that nonce and key. */
static inline json_t *
evidence_of(const struct dev *dev, struct slice nonce, EVP_PKEY *key)
{
	struct slice statement = slice_text("{\"version\":7}");
	struct buf message = buf_in(cx->arena, 256);
	uint8_t binding[32];

	attest_binding("key", nonce, spki_of(key), binding, sizeof(binding));
	put_bytes(&message, SLICE_OF(binding));
	put_bytes(&message, statement);
	return json_keep(cx, json_pack("{s:s, s:s, s:s, s:s}",
	    "format", "key", "public_key", dev->xy,
	    "statement", base64url(cx->arena, statement),
	    "signature", sign_raw(dev->key, buf_slice(&message))));
}

static inline struct enroll_request
request_of(const struct dev *dev, EVP_PKEY *key)
{
	struct enroll_request r = { .csr = csr_of(key),
	    .nonce = fresh_nonce(), .evidence_pointer = "/evidence" };

	r.evidence = evidence_of(dev, r.nonce, key);
	return r;
}

static inline struct err
enroll_now(const struct dev *dev, struct enrollment *out)
{
	struct enroll_request r = request_of(dev, new_key());

	return enroll(cx, realm->authority, &r, out);
}

#endif
