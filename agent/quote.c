/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/quote.h"

#include <string.h>

#include <sodium.h>
#include <tss2/tss2_mu.h>

#include "base/base.h"

static const TPMT_SIG_SCHEME scheme_of_key = { .scheme = TPM2_ALG_NULL };

static TPM2B_DATA
data_of(struct slice s)
{
	TPM2B_DATA data = { .size = (uint16_t)s.n };

	ASSERT(s.n <= sizeof(data.buffer));
	memcpy(data.buffer, s.p, s.n);
	return data;
}

static struct attested
keep(struct ctx *cx, TPM2B_ATTEST *attest, TPMT_SIGNATURE *signature)
{
	struct attested a = {
		slice_dup(cx->arena, SLICE(attest->attestationData,
		    attest->size)),
		tpm_signature_bytes(cx, signature),
	};

	Esys_Free(attest);
	Esys_Free(signature);
	return a;
}

/* The digest in a quote is over the values, by the hash of the AK's scheme. */
static bool
covers(const TPMS_QUOTE_INFO *quote, const struct pcr_values *values)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	(void)crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < values->n; i++)
		(void)crypto_hash_sha256_update(&state, values->at[i].value.p,
		    values->at[i].value.n);
	(void)crypto_hash_sha256_final(&state, digest);
	return slice_equal(SLICE_OF(digest),
	    SLICE(quote->pcrDigest.buffer, quote->pcrDigest.size));
}

static struct err
quote_info(struct ctx *cx, struct slice attest, TPMS_QUOTE_INFO *out)
{
	TPMS_ATTEST parsed;
	size_t n = 0;

	if (Tss2_MU_TPMS_ATTEST_Unmarshal(attest.p, attest.n, &n, &parsed) !=
	    TSS2_RC_SUCCESS || n != attest.n ||
	    parsed.type != TPM2_ST_ATTEST_QUOTE)
		return FAIL(cx, ERR_TPM, "TPM: the quote cannot be read");
	*out = parsed.attested.quote;
	return OK;
}

static struct err
quote_once(struct ctx *cx, struct tpm *tpm, ESYS_TR ak,
    const TPML_PCR_SELECTION *selection, struct slice qualifying,
    struct attested *out)
{
	const TPM2B_DATA data = data_of(qualifying);
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *signature = NULL;
	TSS2_RC rc = Esys_Quote(tpm->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	    ESYS_TR_NONE, &data, &scheme_of_key, selection, &attest,
	    &signature);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "quote");
	*out = keep(cx, attest, signature);
	return OK;
}

struct err
quote_make(struct ctx *cx, struct tpm *tpm, const struct tpm_blob *ak,
    const TPML_PCR_SELECTION *selection, struct slice qualifying,
    struct attested *out, struct pcr_values *out_values)
{
	TPM_AUTO handle = TPM_HANDLE(tpm);

	TRY(tpm_key_load(cx, tpm, TPM_PARENT_ENDORSEMENT, ak, &handle));
	for (unsigned i = 0; i < QUOTE_TRIES; i++) {
		struct attested a;
		TPMS_QUOTE_INFO info;

		TRY(quote_once(cx, tpm, handle.tr, selection, qualifying, &a));
		TRY(quote_info(cx, a.attest, &info));
		TRY(pcr_read(cx, tpm, &info.pcrSelect, out_values));
		if (covers(&info, out_values)) {
			*out = a;
			return OK;
		}
	}
	return FAIL(cx, ERR_TPM, "TPM: the registers change all the time");
}

struct err
quote_certify(struct ctx *cx, struct tpm *tpm, const struct tpm_blob *ak,
    const struct tpm_blob *key, struct slice qualifying, struct attested *out)
{
	const TPM2B_DATA data = data_of(qualifying);
	TPM_AUTO ak_handle = TPM_HANDLE(tpm);
	TPM_AUTO key_handle = TPM_HANDLE(tpm);
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *signature = NULL;
	TSS2_RC rc;

	TRY(tpm_key_load(cx, tpm, TPM_PARENT_ENDORSEMENT, ak, &ak_handle));
	TRY(tpm_key_load(cx, tpm, TPM_PARENT_OWNER, key, &key_handle));
	rc = Esys_Certify(tpm->esys, key_handle.tr, ak_handle.tr,
	    ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &data,
	    &scheme_of_key, &attest, &signature);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "certify the key");
	*out = keep(cx, attest, signature);
	return OK;
}
