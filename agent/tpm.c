/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tpm.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "base/base.h"

#define PUBLIC_BYTES_MAX	1024u
#define TRANSIENT_MAX		16u	/* left-over objects looked at */

AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free);
AUTO_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
AUTO_DEFINE(OSSL_PARAM, OSSL_PARAM_free);
AUTO_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
AUTO_DEFINE(BIGNUM, BN_free);

struct err
tpm_fail(struct ctx *cx, TSS2_RC rc, const char *what)
{
	return FAIL(cx, ERR_TPM, "TPM: %s: %s (0x%x)", what,
	    Tss2_RC_Decode(rc), (unsigned)rc);
}

void
tpm_handle_flush(struct tpm_handle *h)
{
	if (h->tr != ESYS_TR_NONE)
		(void)Esys_FlushContext(h->tpm->esys, h->tr);
	h->tr = ESYS_TR_NONE;
}

static struct err
set_auth(struct ctx *cx, struct tpm *tpm, ESYS_TR hierarchy,
    struct slice secret)
{
	TPM2B_AUTH auth = { .size = (uint16_t)secret.n };
	TSS2_RC rc;

	if (secret.n > TPM_AUTH_MAX)
		return FAIL(cx, ERR_CONFIG,
		    "the secret of a TPM hierarchy has more than %u bytes",
		    TPM_AUTH_MAX);
	if (secret.n > 0)
		memcpy(auth.buffer, secret.p, secret.n);
	rc = Esys_TR_SetAuth(tpm->esys, hierarchy, &auth);
	explicit_bzero(&auth, sizeof(auth));
	return rc == TSS2_RC_SUCCESS ? OK : tpm_fail(cx, rc, "set auth");
}

/*
 * Without a resource manager a killed process leaves its objects in the TPM,
 * and three of them fill it.  Such a connection has one user at a time, so what
 * is there now is nobody's.
 */
static void
flush_left_over(struct tpm *tpm)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;

	if (Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, TPM2_CAP_HANDLES, TPM2_TRANSIENT_FIRST,
	    TRANSIENT_MAX, &more, &data) != TSS2_RC_SUCCESS)
		return;
	for (uint32_t i = 0; i < data->data.handles.count; i++) {
		struct tpm_handle h = TPM_HANDLE(tpm);

		if (Esys_TR_FromTPMPublic(tpm->esys,
		    data->data.handles.handle[i], ESYS_TR_NONE, ESYS_TR_NONE,
		    ESYS_TR_NONE, &h.tr) == TSS2_RC_SUCCESS)
			tpm_handle_flush(&h);
	}
	Esys_Free(data);
}

/* Someone else shares this TPM and it is kept apart from us. */
static bool
has_resource_manager(const char *tcti)
{
	return strstr(tcti, "tpmrm") != NULL || strstr(tcti, "tabrmd") != NULL;
}

struct err
tpm_open(struct ctx *cx, const char *tcti, struct slice owner_auth,
    struct slice endorsement_auth, struct tpm *out)
{
	struct tpm tpm = { NULL, NULL };
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &tpm.tcti);
	struct err e;

	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, tcti);
	rc = Esys_Initialize(&tpm.esys, tpm.tcti, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		Tss2_TctiLdr_Finalize(&tpm.tcti);
		return tpm_fail(cx, rc, tcti);
	}
	e = set_auth(cx, &tpm, ESYS_TR_RH_OWNER, owner_auth);
	if (!failed(e))
		e = set_auth(cx, &tpm, ESYS_TR_RH_ENDORSEMENT,
		    endorsement_auth);
	if (failed(e)) {
		tpm_close(&tpm);
		return e;
	}
	if (!has_resource_manager(tcti))
		flush_left_over(&tpm);
	*out = tpm;
	return OK;
}

void
tpm_close(struct tpm *tpm)
{
	if (tpm->esys != NULL)
		Esys_Finalize(&tpm->esys);
	if (tpm->tcti != NULL)
		Tss2_TctiLdr_Finalize(&tpm->tcti);
	*tpm = (struct tpm){ NULL, NULL };
}

/*
 * The storage primary.  Its template is the one that TSS2 PRIVATE KEY files
 * mean by parent 40000001: P-256, unique left empty.
 */
static struct err
primary(struct ctx *cx, struct tpm *tpm, enum tpm_parent parent,
    struct tpm_handle *out)
{
	static const ESYS_TR hierarchies[] = {
		[TPM_PARENT_OWNER] = ESYS_TR_RH_OWNER,
		[TPM_PARENT_ENDORSEMENT] = ESYS_TR_RH_ENDORSEMENT,
	};
	const TPM2B_PUBLIC template = { .publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM |
		    TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
		    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
		    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
		.parameters.eccDetail = {
			.symmetric = { .algorithm = TPM2_ALG_AES,
			    .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
	} };
	const TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
	const TPM2B_DATA outside = { .size = 0 };
	const TPML_PCR_SELECTION pcrs = { .count = 0 };
	TSS2_RC rc = Esys_CreatePrimary(tpm->esys, hierarchies[parent],
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
	    &template, &outside, &pcrs, &out->tr, NULL, NULL, NULL, NULL);

	return rc == TSS2_RC_SUCCESS ? OK :
	    tpm_fail(cx, rc, "make the storage primary");
}

static TPM2B_PUBLIC
key_template(enum tpm_use use)
{
	TPM2B_PUBLIC template = { .publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM |
		    TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
		    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT,
		.parameters.eccDetail = {
			.symmetric.algorithm = TPM2_ALG_NULL,
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
	} };

	if (use == TPM_USE_ATTEST) {
		template.publicArea.objectAttributes |= TPMA_OBJECT_RESTRICTED;
		template.publicArea.parameters.eccDetail.scheme =
		    (TPMT_ECC_SCHEME){ .scheme = TPM2_ALG_ECDSA,
		    .details.ecdsa.hashAlg = TPM2_ALG_SHA256 };
	} else {
		/* A key without secret has no use for the lockout counter. */
		template.publicArea.objectAttributes |= TPMA_OBJECT_NODA;
	}
	return template;
}

struct err
tpm_key_create(struct ctx *cx, struct tpm *tpm, enum tpm_parent parent,
    enum tpm_use use, struct tpm_blob *out)
{
	const TPM2B_PUBLIC template = key_template(use);
	const TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
	const TPM2B_DATA outside = { .size = 0 };
	const TPML_PCR_SELECTION pcrs = { .count = 0 };
	TPM_AUTO above = TPM_HANDLE(tpm);
	TPM2B_PUBLIC *public = NULL;
	TPM2B_PRIVATE *private = NULL;
	TSS2_RC rc;

	TRY(primary(cx, tpm, parent, &above));
	rc = Esys_Create(tpm->esys, above.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	    ESYS_TR_NONE, &sensitive, &template, &outside, &pcrs, &private,
	    &public, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "create a key");
	*out = (struct tpm_blob){ *public, *private };
	Esys_Free(public);
	Esys_Free(private);
	return OK;
}

struct err
tpm_key_load(struct ctx *cx, struct tpm *tpm, enum tpm_parent parent,
    const struct tpm_blob *blob, struct tpm_handle *out)
{
	TPM_AUTO above = TPM_HANDLE(tpm);
	TSS2_RC rc;

	TRY(primary(cx, tpm, parent, &above));
	rc = Esys_Load(tpm->esys, above.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	    ESYS_TR_NONE, &blob->private, &blob->public, &out->tr);
	return rc == TSS2_RC_SUCCESS ? OK : tpm_fail(cx, rc, "load a key");
}

static bool
hash_of_size(size_t n, TPM2_ALG_ID *out)
{
	static const struct { size_t n; TPM2_ALG_ID alg; } hashes[] = {
		{ 32, TPM2_ALG_SHA256 },
		{ 48, TPM2_ALG_SHA384 },
		{ 64, TPM2_ALG_SHA512 },
	};

	for (size_t i = 0; i < COUNT_OF(hashes); i++) {
		if (hashes[i].n == n) {
			*out = hashes[i].alg;
			return true;
		}
	}
	return false;
}

struct err
tpm_sign(struct ctx *cx, struct tpm *tpm, const struct tpm_blob *blob,
    struct slice digest, struct slice *out_r, struct slice *out_s)
{
	/* TPM 2.0 Part 3, 20.2: no ticket is needed by an unrestricted key. */
	const TPMT_TK_HASHCHECK no_ticket = {
		.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL,
	};
	TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_ECDSA };
	TPM2B_DIGEST tbs = { .size = (uint16_t)digest.n };
	TPM_AUTO key = TPM_HANDLE(tpm);
	TPMT_SIGNATURE *signature = NULL;
	TPMS_SIGNATURE_ECDSA *ecdsa;
	TSS2_RC rc;

	if (!hash_of_size(digest.n, &scheme.details.ecdsa.hashAlg))
		return FAIL(cx, ERR_TPM, "no hash gives %zu bytes", digest.n);
	memcpy(tbs.buffer, digest.p, digest.n);
	TRY(tpm_key_load(cx, tpm, TPM_PARENT_OWNER, blob, &key));
	rc = Esys_Sign(tpm->esys, key.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	    ESYS_TR_NONE, &tbs, &scheme, &no_ticket, &signature);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "sign");
	ecdsa = &signature->signature.ecdsa;
	*out_r = slice_dup(cx->arena, SLICE(ecdsa->signatureR.buffer,
	    ecdsa->signatureR.size));
	*out_s = slice_dup(cx->arena, SLICE(ecdsa->signatureS.buffer,
	    ecdsa->signatureS.size));
	Esys_Free(signature);
	return OK;
}

static const char *
curve_name(TPM2_ECC_CURVE id, size_t *out_n)
{
	static const struct { TPM2_ECC_CURVE id; size_t n; const char *name; }
	    curves[] = {
		{ TPM2_ECC_NIST_P256, 32, "P-256" },
		{ TPM2_ECC_NIST_P384, 48, "P-384" },
		{ TPM2_ECC_NIST_P521, 66, "P-521" },
	};

	for (size_t i = 0; i < COUNT_OF(curves); i++) {
		if (curves[i].id == id) {
			*out_n = curves[i].n;
			return curves[i].name;
		}
	}
	return NULL;
}

/* Coordinates may come shorter than the curve; SEC 1, 2.3.3 wants them whole. */
static bool
put_coordinate(uint8_t *to, size_t n, const TPM2B_ECC_PARAMETER *from)
{
	if (from->size > n)
		return false;
	memset(to, 0, n);
	memcpy(to + n - from->size, from->buffer, from->size);
	return true;
}

static bool
push_ec(struct ctx *cx, OSSL_PARAM_BLD *bld, const TPMT_PUBLIC *public)
{
	size_t n = 0;
	const char *curve = curve_name(
	    public->parameters.eccDetail.curveID, &n);
	uint8_t *point = arena_alloc(cx->arena, 2 * n + 1);

	if (curve == NULL ||
	    !put_coordinate(point + 1, n, &public->unique.ecc.x) ||
	    !put_coordinate(point + 1 + n, n, &public->unique.ecc.y))
		return false;
	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	return OSSL_PARAM_BLD_push_utf8_string(bld,
	    OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
	    point, 2 * n + 1) == 1;
}

static EVP_PKEY *
pkey_from(const char *type, OSSL_PARAM_BLD *bld)
{
	AUTO(OSSL_PARAM) params = OSSL_PARAM_BLD_to_param(bld);
	AUTO(EVP_PKEY_CTX) pctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params == NULL || pctx == NULL ||
	    EVP_PKEY_fromdata_init(pctx) != 1 ||
	    EVP_PKEY_fromdata(pctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return pkey;
}

static EVP_PKEY *
pkey_of(struct ctx *cx, const TPMT_PUBLIC *public)
{
	AUTO(OSSL_PARAM_BLD) bld = OSSL_PARAM_BLD_new();
	const TPM2B_PUBLIC_KEY_RSA *rsa = &public->unique.rsa;
	unsigned exponent = public->parameters.rsaDetail.exponent;
	AUTO(BIGNUM) n = NULL;

	ASSERT(bld != NULL);
	if (public->type == TPM2_ALG_ECC)
		return push_ec(cx, bld, public) ? pkey_from("EC", bld) : NULL;
	if (public->type != TPM2_ALG_RSA)
		return NULL;
	n = BN_bin2bn(rsa->buffer, rsa->size, NULL);
	if (n == NULL ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_uint(bld, OSSL_PKEY_PARAM_RSA_E,
	    exponent == 0 ? 65537u : exponent) != 1)
		return NULL;
	return pkey_from("RSA", bld);
}

struct err
tpm_spki(struct ctx *cx, const TPMT_PUBLIC *public, struct slice *out)
{
	AUTO(EVP_PKEY) pkey = pkey_of(cx, public);
	uint8_t *der = NULL;
	int n = pkey == NULL ? -1 : i2d_PUBKEY(pkey, &der);

	if (n <= 0)
		return FAIL(cx, ERR_TPM, "TPM key of a kind without use here");
	*out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return OK;
}

/* What the TPM gave fits: a failure to marshal is a bug. */
struct slice
tpm_public_bytes(struct ctx *cx, const TPMT_PUBLIC *public)
{
	uint8_t *p = arena_alloc(cx->arena, PUBLIC_BYTES_MAX);
	size_t n = 0;

	ASSERT(Tss2_MU_TPMT_PUBLIC_Marshal(public, p, PUBLIC_BYTES_MAX,
	    &n) == TSS2_RC_SUCCESS);
	return SLICE(p, n);
}

struct slice
tpm_signature_bytes(struct ctx *cx, const TPMT_SIGNATURE *signature)
{
	uint8_t *p = arena_alloc(cx->arena, PUBLIC_BYTES_MAX);
	size_t n = 0;

	ASSERT(Tss2_MU_TPMT_SIGNATURE_Marshal(signature, p, PUBLIC_BYTES_MAX,
	    &n) == TSS2_RC_SUCCESS);
	return SLICE(p, n);
}

struct slice
tpm_2b_public_bytes(struct ctx *cx, const TPM2B_PUBLIC *public)
{
	uint8_t *p = arena_alloc(cx->arena, sizeof(*public));
	size_t n = 0;

	ASSERT(Tss2_MU_TPM2B_PUBLIC_Marshal(public, p, sizeof(*public),
	    &n) == TSS2_RC_SUCCESS);
	return SLICE(p, n);
}

struct slice
tpm_2b_private_bytes(struct ctx *cx, const TPM2B_PRIVATE *private)
{
	uint8_t *p = arena_alloc(cx->arena, sizeof(*private));
	size_t n = 0;

	ASSERT(Tss2_MU_TPM2B_PRIVATE_Marshal(private, p, sizeof(*private),
	    &n) == TSS2_RC_SUCCESS);
	return SLICE(p, n);
}

struct err
tpm_blob_parse(struct ctx *cx, struct slice public_2b,
    struct slice private_2b, struct tpm_blob *out)
{
	struct tpm_blob blob = { .public = { .size = 0 } };
	size_t n_public = 0, n_private = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(public_2b.p, public_2b.n, &n_public,
	    &blob.public) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(private_2b.p, private_2b.n,
	    &n_private, &blob.private) != TSS2_RC_SUCCESS ||
	    n_public != public_2b.n || n_private != private_2b.n ||
	    blob.public.publicArea.type != TPM2_ALG_ECC)
		return FAIL(cx, ERR_MALFORMED, "not a TPM key of ours");
	*out = blob;
	return OK;
}
