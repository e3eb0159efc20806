/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/dcap.h"
#include "attest/formats.h"

static struct err
read_sgx(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct dcap_evidence *e = ARENA_NEW(cx->arena, struct dcap_evidence);
	struct slice quote = json_get_bytes(in, "quote", JSON_REQUIRED,
	    DCAP_QUOTE_MAX), rest;

	dcap_read(in, "quote", quote, DCAP_SGX, e, &rest);
	TRY(json_in_done(in));
	*out_value = e;
	return OK;
}

static struct err
verify_sgx(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	const struct dcap_evidence *e = value;
	struct attestation result = { .claims = claims_in(cx->arena) };

	TRY(dcap_verify(cx, e, a, dcap_report_data(cx, format_sgx.name, a),
	    &result));
	dcap_claim_enclave(&result.claims, &e->quote.sgx);
	*out = result;
	return OK;
}

static void
identify_sgx(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	(void)cx;
	dcap_hardware_id(value, out_hardware_id);
	*out_ak_name = SLICE_NONE;
}

const struct attest_format format_sgx = {
	.name = "sgx", .read = read_sgx, .verify = verify_sgx,
	.identify = identify_sgx,
};
