/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format azure-cvm: a quote by the virtual TPM of an Azure confidential VM,
 * whose attestation key the paravisor put into runtime data that a report of
 * the hardware covers.  That report is from boot and knows no nonce: what is
 * fresh is the quote, and alone the report proves nothing.
 */
#include "attest/formats.h"
#include "attest/hcl.h"
#include "attest/member.h"
#include "attest/snp.h"
#include "attest/tdx.h"
#include "attest/tpm2_parts.h"

struct azure_cvm {
	struct hcl		hcl;
	struct snp_evidence	snp;
	struct dcap_evidence	td;
	bool			has_ak;
	struct tpm_public	ak;	/* as it was sent beside the blob */
	struct tpm2_quoted	quoted;
};

/* --- reading ------------------------------------------------------------ */

static void
read_hardware(struct json_in *in, struct azure_cvm *v)
{
	struct slice blob = json_get_bytes(in, "hcl_report", JSON_REQUIRED,
	    HCL_BLOB_MAX), quote, rest;

	if (failed(in->err) || !attest_keep(in, "hcl_report",
	    hcl_parse(in->cx, blob, &v->hcl)))
		return;
	if (v->hcl.type == HCL_SNP) {
		snp_read(in, "hcl_report", v->hcl.snp_report, &v->snp);
		return;
	}
	quote = json_get_bytes(in, "td_quote", JSON_REQUIRED, DCAP_QUOTE_MAX);
	dcap_read(in, "td_quote", quote, DCAP_TDX, &v->td, &rest);
}

static void
read_ak(struct json_in *in, struct azure_cvm *v)
{
	struct slice public = json_get_bytes(in, "ak_public", JSON_OPTIONAL,
	    TPM_PUBLIC_MAX);

	v->has_ak = public.n > 0;
	if (v->has_ak)
		(void)attest_keep(in, "ak_public",
		    tpm_public_parse(in->cx, public, &v->ak));
}

static struct err
read_azure_cvm(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct azure_cvm *v = ARENA_NEW(cx->arena, struct azure_cvm);

	read_hardware(in, v);
	read_ak(in, v);
	tpm2_quoted_read(in, &v->quoted);
	TRY(json_in_done(in));
	*out_value = v;
	return OK;
}

/* --- the hardware -------------------------------------------------------- */

static struct slice
report_data_of(const struct azure_cvm *v)
{
	return v->hcl.type == HCL_SNP ? v->snp.report.report_data :
	    v->td.quote.report_data;
}

/* The TDREPORT is the same TD's as the quote, which alone is signed.  Its
 * registers may have been extended since. */
static struct err
check_td_report(struct ctx *cx, const struct azure_cvm *v)
{
	const struct td_report *td = &v->td.quote.td;
	const struct slice parts[] = {
		td->td_attributes, td->xfam, td->mr_td, td->mr_config_id,
		td->mr_owner, td->mr_owner_config,
	};
	struct reader r = reader_of(v->hcl.td_report.td);

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (!slice_equal(read_bytes(&r, parts[i].n), parts[i]))
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "the TDREPORT is of another trust domain");
	ASSERT(read_done(&r));
	if (!slice_equal(v->hcl.td_report.report_data, td->report_data))
		return FAIL_TELL(cx, ERR_EV_BINDING,
		    "the TDREPORT has other report data than the quote");
	return OK;
}

static struct err
verify_td(struct ctx *cx, const struct azure_cvm *v, const struct appraisal *a,
    struct attestation *hardware)
{
	TRY(dcap_verify(cx, &v->td, a, report_data_of(v), hardware));
	TRY(tdx_check(cx, &v->td.quote.td));
	TRY(check_td_report(cx, v));
	tdx_claim(&hardware->claims, &v->td.quote.td);
	return OK;
}

/* The paravisor has the highest level to itself; from a lower one, whoever runs
 * there could have any runtime data reported. */
static struct err
verify_guest(struct ctx *cx, const struct azure_cvm *v,
    const struct appraisal *a, struct attestation *hardware)
{
	TRY(snp_verify(cx, &v->snp, a, report_data_of(v), hardware));
	if (v->snp.report.vmpl != 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a report that the paravisor did not ask for");
	return OK;
}

static struct err
verify_hardware(struct ctx *cx, const struct azure_cvm *v,
    const struct appraisal *a, struct attestation *hardware)
{
	bool is_snp = v->hcl.type == HCL_SNP;

	if (is_snp)
		TRY(verify_guest(cx, v, a, hardware));
	else
		TRY(verify_td(cx, v, a, hardware));
	if (!hcl_is_bound(&v->hcl, report_data_of(v)))
		return FAIL_TELL(cx, ERR_EV_BINDING,
		    "the report data is not the hash of the runtime data");
	claims_add_text(&hardware->claims, "tee", is_snp ? "snp" : "tdx");
	return OK;
}

/* --- the virtual TPM ------------------------------------------------------ */

/* Its attestation key: as the runtime data has it, and no other beside it. */
static struct err
check_ak(struct ctx *cx, const struct azure_cvm *v,
    const struct hcl_runtime *runtime, const struct trust *trust,
    struct ak *out)
{
	struct slice spki, sent;

	TRY(tpm_key_spki(cx, &runtime->ak, &spki));
	*out = (struct ak){ .key = runtime->ak };
	if (!v->has_ak)
		return OK;
	TRY(tpm_key_spki(cx, &v->ak, &sent));
	if (!slice_equal(spki, sent))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "ak_public is another key than %s", HCL_AK_NAME);
	TRY(tpm_key_check_ak(cx, &v->ak,
	    (trust->allow & TRUST_ALLOW_SHA1) != 0));
	out->key = v->ak;
	return tpm_key_name(cx, &v->ak, &out->name);
}

static struct err
verify_quote(struct ctx *cx, const struct azure_cvm *v,
    const struct appraisal *a, struct claims *claims)
{
	struct hcl_runtime runtime;
	struct ak ak;

	TRY(hcl_runtime_parse(cx, &v->hcl, &runtime));
	TRY(check_ak(cx, v, &runtime, a->trust, &ak));
	TRY(tpm2_quoted_verify(cx, format_azure_cvm.name, &v->quoted, &ak, a,
	    claims));
	if (runtime.vm_id != NULL)
		claims_add_text(claims, "vm_id", runtime.vm_id);
	if (ak.name.n > 0)
		claims_add_bytes(claims, "ak_name", ak.name);
	return OK;
}

/* --- all of it ------------------------------------------------------------ */

/* What both say: inspected is inspected, and keys are the TPM's. */
static void
join_claims(struct claims *claims, const struct claims *hardware)
{
	const struct claim *tpm = claims_find(claims, "debug");
	const struct claim *cpu = claims_find(hardware, "debug");
	struct claims joined = claims_in(claims->arena);

	ASSERT(cpu != NULL);
	claims_add_bool(&joined, "debug", cpu->boolean ||
	    (tpm != NULL && tpm->boolean));
	claims_add_missing(&joined, claims);
	claims_add_missing(&joined, hardware);
	*claims = joined;
}

/* As in tpm2: who has not the key learns nothing of what is believed here;
 * recorded evidence is judged from the anchor down. */
static struct err
verify_azure_cvm(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	const struct azure_cvm *v = value;
	struct attestation result = { .claims = claims_in(cx->arena) };
	struct attestation hardware = { .claims = claims_in(cx->arena) };

	if (!a->raw)
		TRY(verify_quote(cx, v, a, &result.claims));
	TRY(verify_hardware(cx, v, a, &hardware));
	if (a->raw)
		TRY(verify_quote(cx, v, a, &result.claims));
	TRY(tpm2_quoted_registers(cx, &v->quoted, &result.claims));
	join_claims(&result.claims, &hardware.claims);
	memcpy(result.hardware_id, hardware.hardware_id,
	    sizeof(result.hardware_id));
	result.status = hardware.status;
	*out = result;
	return OK;
}

static void
identify_azure_cvm(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct azure_cvm *v = value;

	if (v->hcl.type == HCL_SNP)
		snp_hardware_id(cx, &v->snp, out_hardware_id);
	else
		dcap_hardware_id(&v->td, out_hardware_id);
	*out_ak_name = SLICE_NONE;
}

struct slice
azure_cvm_attested(const void *value)
{
	const struct azure_cvm *v = value;

	return v->quoted.key.present ? v->quoted.key.spki : SLICE_NONE;
}

const struct attest_format format_azure_cvm = {
	.name = "azure-cvm", .read = read_azure_cvm,
	.verify = verify_azure_cvm, .identify = identify_azure_cvm,
};
