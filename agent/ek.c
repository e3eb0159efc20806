/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ek.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <tss2/tss2_mu.h>

#include "base/base.h"

#define NV_BLOCK	512u	/* what every TPM gives at a time */

AUTO_DEFINE(X509, X509_free);

/* TPM2_PolicySecret(endorsement), and the same or an NV policy for H-*. */
#define POLICY_LOW	\
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8,		\
	0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,		\
	0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,		\
	0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa
#define POLICY_HIGH_256	\
	0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06,		\
	0xf7, 0xa3, 0x34, 0x24, 0x14, 0xef, 0xcf, 0xb3,		\
	0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd, 0x45, 0x90,		\
	0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0
#define POLICY_HIGH_384	\
	0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc,		\
	0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a,		\
	0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4,		\
	0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca,		\
	0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15,		\
	0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12

enum { LOW = 0, HIGH = 1 };

/* EK Credential Profile 2.x, B.3 and B.4: L-1, L-2, H-1, H-2, H-3. */
static const struct ek_template {
	const char	*name;
	TPMI_RH_NV_INDEX certificate;
	TPMI_ALG_PUBLIC	 type;
	TPMI_ALG_HASH	 name_alg;
	int		 range;		/* LOW or HIGH */
	uint16_t	 bits;		/* of RSA */
	TPMI_ECC_CURVE	 curve;
	uint16_t	 aes_bits;
	uint16_t	 n_unique;	/* zeros in the template's unique */
	TPM2B_DIGEST	 policy;
} templates[] = {
	{ "rsa2048", 0x01c00002, TPM2_ALG_RSA, TPM2_ALG_SHA256, LOW, 2048, 0,
	    128, 256, { 32, { POLICY_LOW } } },
	{ "p256", 0x01c0000a, TPM2_ALG_ECC, TPM2_ALG_SHA256, LOW, 0,
	    TPM2_ECC_NIST_P256, 128, 32, { 32, { POLICY_LOW } } },
	{ "rsa2048-h", 0x01c00012, TPM2_ALG_RSA, TPM2_ALG_SHA256, HIGH, 2048, 0,
	    128, 0, { 32, { POLICY_HIGH_256 } } },
	{ "p256-h", 0x01c00014, TPM2_ALG_ECC, TPM2_ALG_SHA256, HIGH, 0,
	    TPM2_ECC_NIST_P256, 128, 0, { 32, { POLICY_HIGH_256 } } },
	{ "p384-h", 0x01c00016, TPM2_ALG_ECC, TPM2_ALG_SHA384, HIGH, 0,
	    TPM2_ECC_NIST_P384, 256, 0, { 48, { POLICY_HIGH_384 } } },
};

static const struct ek_template *
template_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(templates); i++)
		if (strcmp(templates[i].name, name) == 0)
			return &templates[i];
	return NULL;
}

bool
ek_is_name(const char *name)
{
	return template_named(name) != NULL;
}

static TPM2B_PUBLIC
public_of(const struct ek_template *t)
{
	const TPMT_SYM_DEF_OBJECT aes = { .algorithm = TPM2_ALG_AES,
	    .keyBits.aes = t->aes_bits, .mode.aes = TPM2_ALG_CFB };
	TPM2B_PUBLIC public = { .publicArea = {
		.type = t->type,
		.nameAlg = t->name_alg,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM |
		    TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
		    TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED |
		    TPMA_OBJECT_DECRYPT |
		    (t->range == HIGH ? TPMA_OBJECT_USERWITHAUTH : 0),
		.authPolicy = t->policy,
	} };
	TPMT_PUBLIC *p = &public.publicArea;

	if (t->type == TPM2_ALG_RSA) {
		p->parameters.rsaDetail = (TPMS_RSA_PARMS){
			.symmetric = aes, .scheme.scheme = TPM2_ALG_NULL,
			.keyBits = t->bits,
		};
		p->unique.rsa.size = t->n_unique;
	} else {
		p->parameters.eccDetail = (TPMS_ECC_PARMS){
			.symmetric = aes, .scheme.scheme = TPM2_ALG_NULL,
			.curveID = t->curve, .kdf.scheme = TPM2_ALG_NULL,
		};
		p->unique.ecc.x.size = t->n_unique;
		p->unique.ecc.y.size = t->n_unique;
	}
	return public;
}

/* out_public may be NULL. */
static struct err
make(struct ctx *cx, struct tpm *tpm, const struct ek_template *t,
    struct tpm_handle *out, TPMT_PUBLIC *out_public)
{
	const TPM2B_PUBLIC template = public_of(t);
	const TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
	const TPM2B_DATA outside = { .size = 0 };
	const TPML_PCR_SELECTION pcrs = { .count = 0 };
	TPM2B_PUBLIC *public = NULL;
	TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT,
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
	    &template, &outside, &pcrs, &out->tr, &public, NULL, NULL, NULL);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "make the endorsement key");
	if (out_public != NULL)
		*out_public = public->publicArea;
	Esys_Free(public);
	return OK;
}

static bool
is_fill(struct slice s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] != s.p[0])
			return false;
	return true;
}

struct slice
ek_trim(struct slice nv)
{
	struct reader r = reader_of(nv);
	size_t n;

	if (nv.n > 5 && nv.p[0] == 0x10 && nv.p[1] == 1 && nv.p[2] == 0)
		(void)read_bytes(&r, 5);
	nv = SLICE(r.p, r.n);
	/* A certificate is a SEQUENCE of 256 to 65535 bytes (X.690, 8.1.3.5). */
	if (read_u8(&r) != 0x30 || read_u8(&r) != 0x82)
		return SLICE_NONE;
	n = (size_t)read_be16(&r) + 4;
	if (r.bad || n > nv.n || !is_fill(SLICE(nv.p + n, nv.n - n)))
		return SLICE_NONE;
	return SLICE(nv.p, n);
}

/* Read the whole index, as its owner or as itself, as its attributes say. */
static struct err
nv_read_all(struct ctx *cx, struct tpm *tpm, ESYS_TR index,
    const TPMS_NV_PUBLIC *public, struct slice *out)
{
	ESYS_TR who = (public->attributes & TPMA_NV_AUTHREAD) != 0 ? index :
	    ESYS_TR_RH_OWNER;
	struct buf b = buf_in(cx->arena, EK_CERTIFICATE_MAX);

	while (b.n < public->dataSize && b.n < EK_CERTIFICATE_MAX) {
		size_t left = public->dataSize - b.n;
		TPM2B_MAX_NV_BUFFER *block = NULL;
		TSS2_RC rc = Esys_NV_Read(tpm->esys, who, index,
		    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		    (uint16_t)(left < NV_BLOCK ? left : NV_BLOCK),
		    (uint16_t)b.n, &block);

		if (rc != TSS2_RC_SUCCESS)
			return tpm_fail(cx, rc, "read the EK certificate");
		put_bytes(&b, SLICE(block->buffer, block->size));
		Esys_Free(block);
	}
	*out = buf_slice(&b);
	return OK;
}

/* Empty when there is no such index. */
static struct err
certificate_at(struct ctx *cx, struct tpm *tpm, TPMI_RH_NV_INDEX at,
    struct slice *out)
{
	ESYS_TR index = ESYS_TR_NONE;
	TPM2B_NV_PUBLIC *public = NULL;
	struct slice nv = SLICE_NONE;
	struct err e;
	TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, at, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, &index);

	*out = SLICE_NONE;
	/* Part 2, 6.6.3: the handle (the first) is not there. */
	if (rc == (TPM2_RC_HANDLE | TPM2_RC_1))
		return OK;
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "find the EK certificate");
	rc = Esys_NV_ReadPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, &public, NULL);
	if (rc == TSS2_RC_SUCCESS)
		e = nv_read_all(cx, tpm, index, &public->nvPublic, &nv);
	else
		e = tpm_fail(cx, rc, "look at the EK certificate");
	Esys_Free(public);
	(void)Esys_TR_Close(tpm->esys, &index);
	TRY(e);
	*out = ek_trim(nv);
	return OK;
}

/* The key in the certificate is the key that the TPM made. */
static bool
certifies(struct slice certificate, struct slice spki)
{
	const uint8_t *p = certificate.p;
	AUTO(X509) cert = d2i_X509(NULL, &p, (long)certificate.n);
	EVP_PKEY *ours, *theirs = cert == NULL ? NULL : X509_get0_pubkey(cert);
	bool same;

	if (theirs == NULL)
		return false;
	p = spki.p;
	ours = d2i_PUBKEY(NULL, &p, (long)spki.n);
	same = ours != NULL && EVP_PKEY_eq(ours, theirs) == 1;
	EVP_PKEY_free(ours);
	return same;
}

static struct err
make_and_drop(struct ctx *cx, struct tpm *tpm, const struct ek_template *t,
    struct ek *out)
{
	TPM_AUTO handle = TPM_HANDLE(tpm);
	struct ek ek = { .name = t->name };

	TRY(make(cx, tpm, t, &handle, &ek.public));
	TRY(tpm_spki(cx, &ek.public, &ek.spki));
	*out = ek;
	return OK;
}

/* The first EK that this certificate (or the one in the TPM) is for. */
static struct err
find_certified(struct ctx *cx, struct tpm *tpm, const char *name,
    struct slice given, struct ek *out, bool *out_found)
{
	bool automatic = strcmp(name, "auto") == 0;

	*out_found = false;
	for (size_t i = 0; i < COUNT_OF(templates); i++) {
		const struct ek_template *t = &templates[i];
		struct slice certificate = given;
		struct ek ek;

		if (!automatic && strcmp(name, t->name) != 0)
			continue;
		if (given.n == 0)
			TRY(certificate_at(cx, tpm, t->certificate,
			    &certificate));
		if (certificate.n == 0)
			continue;
		/* A TPM without that algorithm has no such EK. */
		if (failed(make_and_drop(cx, tpm, t, &ek))) {
			ctx_forget(cx);
			continue;
		}
		if (!certifies(certificate, ek.spki))
			continue;
		ek.certificate = certificate;
		*out = ek;
		*out_found = true;
		return OK;
	}
	return OK;
}

struct err
ek_find(struct ctx *cx, struct tpm *tpm, const char *name,
    struct slice certificate, struct ek *out)
{
	bool automatic = strcmp(name, "auto") == 0, found;

	if (!automatic && !ek_is_name(name))
		return FAIL(cx, ERR_CONFIG, "there is no EK named \"%s\"", name);
	TRY(find_certified(cx, tpm, name, certificate, out, &found));
	if (found)
		return OK;
	if (certificate.n > 0)
		return FAIL(cx, ERR_CONFIG,
		    "the EK certificate is not for a key of this TPM");
	if (!automatic)
		return make_and_drop(cx, tpm, template_named(name), out);
	if (!failed(make_and_drop(cx, tpm, &templates[0], out)))
		return OK;
	ctx_forget(cx);
	return make_and_drop(cx, tpm, &templates[1], out);
}

/* L-* keys are used by policy only: TPM2_PolicySecret(endorsement). */
static struct err
policy_session(struct ctx *cx, struct tpm *tpm, const struct ek_template *t,
    struct tpm_handle *out)
{
	const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	TSS2_RC rc = Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
	    TPM2_SE_POLICY, &none, t->name_alg, &out->tr);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "start a policy session");
	rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, out->tr,
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0,
	    NULL, NULL);
	return rc == TSS2_RC_SUCCESS ? OK :
	    tpm_fail(cx, rc, "satisfy the policy of the endorsement key");
}

static struct err
parse_challenge(struct ctx *cx, struct slice id_object, struct slice secret,
    TPM2B_ID_OBJECT *out_object, TPM2B_ENCRYPTED_SECRET *out_secret)
{
	size_t n_object = 0, n_secret = 0;

	if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object.p, id_object.n,
	    &n_object, out_object) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret.p, secret.n,
	    &n_secret, out_secret) != TSS2_RC_SUCCESS ||
	    n_object != id_object.n || n_secret != secret.n)
		return FAIL(cx, ERR_MALFORMED,
		    "the server's credential is not of the form the TPM takes");
	return OK;
}

struct err
ek_activate(struct ctx *cx, struct tpm *tpm, const char *ek_name,
    const struct tpm_blob *ak, struct slice id_object, struct slice secret,
    struct slice *out)
{
	const struct ek_template *t = template_named(ek_name);
	TPM_AUTO ak_handle = TPM_HANDLE(tpm);
	TPM_AUTO ek_handle = TPM_HANDLE(tpm);
	TPM_AUTO session = TPM_HANDLE(tpm);
	TPM2B_ID_OBJECT object = { .size = 0 };
	TPM2B_ENCRYPTED_SECRET encrypted = { .size = 0 };
	TPM2B_DIGEST *opened = NULL;
	TSS2_RC rc;

	ASSERT(t != NULL);
	TRY(parse_challenge(cx, id_object, secret, &object, &encrypted));
	TRY(tpm_key_load(cx, tpm, TPM_PARENT_ENDORSEMENT, ak, &ak_handle));
	TRY(make(cx, tpm, t, &ek_handle, NULL));
	if (t->range == LOW)
		TRY(policy_session(cx, tpm, t, &session));
	rc = Esys_ActivateCredential(tpm->esys, ak_handle.tr, ek_handle.tr,
	    ESYS_TR_PASSWORD, t->range == LOW ? session.tr : ESYS_TR_PASSWORD,
	    ESYS_TR_NONE, &object, &encrypted, &opened);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "activate the credential");
	*out = slice_dup(cx->arena, SLICE(opened->buffer, opened->size));
	explicit_bzero(opened, sizeof(*opened));
	Esys_Free(opened);
	return OK;
}
