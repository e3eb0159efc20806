/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/ccel.h"
#include "attest/formats.h"
#include "attest/member.h"
#include "attest/tdx.h"

/* TDATTRIBUTES by byte (TDX Module ABI, TD attributes). */
#define TUD_BYTE		0u	/* under debug: all of it */
#define SEC_BYTE		3u
#define SEPT_VE_DISABLE		0x10u	/* bit 28 */
#define MIGRATABLE		0x20u	/* bit 29 */
#define XFAM_FIXED		0x03u	/* x87 and SSE are always there */

struct tdx {
	struct dcap_evidence	 e;
	bool			 has_log;
	struct event_log	 log;
};

static struct err
read_tdx(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct tdx *t = ARENA_NEW(cx->arena, struct tdx);
	struct slice quote = json_get_bytes(in, "quote", JSON_REQUIRED,
	    DCAP_QUOTE_MAX), rest;
	struct slice log = json_get_bytes(in, "event_log", JSON_OPTIONAL,
	    ATTEST_EVENT_LOG_MAX);

	dcap_read(in, "quote", quote, DCAP_TDX, &t->e, &rest);
	t->has_log = log.n > 0;
	if (t->has_log && !failed(in->err))
		(void)attest_keep(in, "event_log",
		    event_log_parse(cx, log, &t->log));
	TRY(json_in_done(in));
	*out_value = t;
	return OK;
}

struct err
tdx_check(struct ctx *cx, const struct td_report *td)
{
	static const uint8_t zeros[8];

	if (!slice_equal(td->seam_attributes, SLICE_OF(zeros)))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a TDX module that is not in production");
	if ((td->xfam.p[0] & XFAM_FIXED) != XFAM_FIXED)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "XFAM without the bits that are fixed");
	return OK;
}

void
tdx_claim(struct claims *claims, const struct td_report *td)
{
	const struct { const char *name; struct slice value; } rows[] = {
		{ "mrtd", td->mr_td },
		{ "rtmr0", td->rtmr[0] }, { "rtmr1", td->rtmr[1] },
		{ "rtmr2", td->rtmr[2] }, { "rtmr3", td->rtmr[3] },
		{ "mrconfigid", td->mr_config_id },
		{ "mrowner", td->mr_owner },
		{ "mrownerconfig", td->mr_owner_config },
		{ "mrseam", td->mr_seam },
		{ "mrsignerseam", td->mr_signer_seam },
		{ "td_attributes", td->td_attributes },
		{ "xfam", td->xfam },
		{ "tee_tcb_svn", td->tee_tcb_svn },
		{ "tee_tcb_svn_2", td->tee_tcb_svn_2 },
		{ "mrservicetd", td->mr_service_td },
	};
	const uint8_t *attributes = td->td_attributes.p;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].value.n > 0)
			claims_add_bytes(claims, rows[i].name, rows[i].value);
	claims_add_bool(claims, "debug", attributes[TUD_BYTE] != 0);
	claims_add_bool(claims, "sept_ve_disable",
	    (attributes[SEC_BYTE] & SEPT_VE_DISABLE) != 0);
	claims_add_bool(claims, "migratable",
	    (attributes[SEC_BYTE] & MIGRATABLE) != 0);
}

static struct err
verify_log(struct ctx *cx, const struct tdx *t, struct claims *claims)
{
	struct ccel_findings found;

	claims_add_bool(claims, "event_log", t->has_log);
	if (!t->has_log)
		return OK;
	TRY(ccel_replay(cx, &t->log, t->e.quote.td.rtmr, &found));
	if (found.secure_boot_known)
		claims_add_bool(claims, "secure_boot", found.secure_boot);
	return OK;
}

static struct err
verify_tdx(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	const struct tdx *t = value;
	struct attestation result = { .claims = claims_in(cx->arena) };

	TRY(dcap_verify(cx, &t->e, a, dcap_report_data(cx, format_tdx.name,
	    a), &result));
	TRY(tdx_check(cx, &t->e.quote.td));
	TRY(verify_log(cx, t, &result.claims));
	tdx_claim(&result.claims, &t->e.quote.td);
	*out = result;
	return OK;
}

static void
identify_tdx(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct tdx *t = value;

	(void)cx;
	dcap_hardware_id(&t->e, out_hardware_id);
	*out_ak_name = SLICE_NONE;
}

const struct attest_format format_tdx = {
	.name = "tdx", .read = read_tdx, .verify = verify_tdx,
	.identify = identify_tdx,
};
