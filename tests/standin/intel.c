/* SPDX-License-Identifier: Apache-2.0 */
/* Intel's: an SGX enclave, a trust domain, an enclave of Open Enclave. */
#include "base/text.h"
#include "codec/base64.h"
#include "pki/pem.h"
#include "tests/make_azure.h"
#include "tests/standin/standin.h"

#define ISSUED		"\"issueDate\":\"2026-05-20T00:00:00Z\""
#define UPDATE		"\"nextUpdate\":\"2026-06-20T00:00:00Z\""
#define ATTRIBUTES	48u	/* of the enclave, in its report */
#define TD_ATTRIBUTES	120u
#define REPORT_DATA	320u
#define TD_REPORT_DATA	520u
#define SGX_DEBUG	0x02u
#define TD_DEBUG	0x01u
#define TD_RTMR0	328u
#define RTMR_SIZE	48u
#define EV_NO_ACTION	0x00000003u
#define EV_SEPARATOR	0x00000004u
#define EV_CONFIG	0x80000001u
#define EV_ACTION	0x80000007u
#define OLD_PCE_SVN	10u	/* of the level OutOfDate */

static void
shift_dates(struct standin *s, struct make_dcap *d)
{
	struct make_intel_cert *certs[] = { &d->root, &d->ca, &d->pck,
	    &d->signing };
	struct make_intel_crl *crls[] = { &d->root_crl, &d->pck_crl };
	const char *issued = arena_printf(s->cx->arena, "\"issueDate\":\"%s\"",
	    text_time_dup(s->cx->arena, s->made_s - MAKE_DAY));
	const char *update = arena_printf(s->cx->arena,
	    "\"nextUpdate\":\"%s\"", text_time_dup(s->cx->arena,
	    s->made_s + 30 * MAKE_DAY));

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = standin_shift(s, certs[i]->from_s);
		certs[i]->to_s = standin_shift(s, certs[i]->to_s);
	}
	for (size_t i = 0; i < COUNT_OF(crls); i++) {
		crls[i]->from_s = standin_shift(s, crls[i]->from_s);
		crls[i]->to_s = standin_shift(s, crls[i]->to_s);
	}
	make_edit(d->tcb_edits, ISSUED, issued);
	make_edit(d->tcb_edits, UPDATE, update);
	make_edit(d->qe_edits, ISSUED, issued);
	make_edit(d->qe_edits, UPDATE, update);
}

static void
make_ready(struct standin *s, struct make_dcap *d, bool tdx)
{
	standin_random(s, d->ext.pck.ppid, sizeof(d->ext.pck.ppid));
	shift_dates(s, d);
	memcpy(d->nonce, s->nonce, sizeof(d->nonce));
	d->spki = s->spki;
	d->report_data_given = s->covered.n > 0;
	if (d->report_data_given)
		memcpy(d->body + (tdx ? TD_REPORT_DATA : REPORT_DATA),
		    s->covered.p, s->covered.n);
	if (s->old)
		d->ext.pck.pce_svn = OLD_PCE_SVN;
	if (s->debug)
		d->body[tdx ? TD_ATTRIBUTES : ATTRIBUTES] |=
		    tdx ? TD_DEBUG : SGX_DEBUG;
}

static void
begin(struct standin *s, struct make_dcap *d, bool tdx)
{
	make_dcap(s->cx, d, tdx);
	make_ready(s, d, tdx);
}

static void
publish(struct standin *s, const struct make_dcap *d)
{
	standin_pem(s, "root.pem", PEM_CERTIFICATE, &d->anchor, 1);
	standin_file(s, "tcb-info.json", d->tcb_text);
	standin_file(s, "qe-identity.json", d->qe_text);
	standin_pem(s, "signer-chain.pem", PEM_CERTIFICATE, d->signing_chain,
	    2);
	standin_file(s, "root-crl.der", d->root_crl_der);
	standin_file(s, "pck-crl.der", d->pck_crl_der);
}

/* --- the log of a trust domain's boot (CCEL) -------------------------------- */

static void
put_le(struct buf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_u8(b, (uint8_t)(v >> 8 * i));
}

/* An event of RTMR0 to RTMR3 (register 1 to 4), and what it makes of that. */
static void
put_event(struct buf *b, struct make_dcap *d, uint32_t mr, uint32_t type,
    struct slice data)
{
	uint8_t *rtmr = d->body + TD_RTMR0 + (mr - 1) * RTMR_SIZE;
	uint8_t both[2 * RTMR_SIZE];

	memcpy(both, rtmr, RTMR_SIZE);
	ASSERT(EVP_Digest(data.p, data.n, both + RTMR_SIZE, NULL,
	    EVP_sha384(), NULL) == 1);
	ASSERT(EVP_Digest(both, sizeof(both), rtmr, NULL, EVP_sha384(),
	    NULL) == 1);
	put_le(b, mr, 4);
	put_le(b, type, 4);
	put_le(b, 1, 4);
	put_le(b, TPM_SHA384, 2);
	put_bytes(b, SLICE(both + RTMR_SIZE, RTMR_SIZE));
	put_le(b, data.n, 4);
	put_bytes(b, data);
}

static void
boot(struct standin *s, struct make_dcap *d)
{
	static const uint8_t zeros[20];
	struct buf b = buf_in(s->cx->arena, 4096);

	put_le(&b, 0, 4);
	put_le(&b, EV_NO_ACTION, 4);
	put_bytes(&b, SLICE_OF(zeros));
	put_le(&b, 33, 4);
	put_bytes(&b, SLICE("Spec ID Event03\0\0\0\0\0\0\2\0\2", 24));
	put_le(&b, 1, 4);
	put_le(&b, TPM_SHA384, 2);
	put_le(&b, RTMR_SIZE, 2);
	put_u8(&b, 0);
	put_event(&b, d, 1, EV_CONFIG, make_secure_boot(s->cx, 1));
	put_event(&b, d, 1, EV_SEPARATOR, SLICE(zeros, 4));
	put_event(&b, d, 2, EV_ACTION, slice_text("kernel 6.12"));
	put_event(&b, d, 3, EV_ACTION, slice_text("root=/dev/vda ro"));
	ASSERT(!b.bad);
	d->event_log = buf_slice(&b);
}

static json_t *
make_quoted(struct standin *s, bool tdx)
{
	struct make_dcap *d = ARENA_NEW(s->cx->arena, struct make_dcap);
	json_t *evidence;

	begin(s, d, tdx);
	if (tdx)
		boot(s, d);
	evidence = make_dcap_evidence(s->cx, d);
	publish(s, d);
	return json_incref(evidence);
}

json_t *
standin_sgx(struct standin *s)
{
	return make_quoted(s, false);
}

json_t *
standin_tdx(struct standin *s)
{
	return make_quoted(s, true);
}

/* As of AMD: the certificate's key is not the TPM's, but its quote covers it. */
json_t *
standin_azure_cvm_tdx(struct standin *s)
{
	struct make_azure *v = ARENA_NEW(s->cx->arena, struct make_azure);
	json_t *evidence;

	make_azure(s->cx, v, true);
	make_ready(s, &v->td, true);
	memcpy(v->tpm.nonce, s->nonce, sizeof(v->tpm.nonce));
	v->tpm.spki = s->spki;
	v->tpm.send_key = false;
	evidence = make_azure_evidence(s->cx, v);
	publish(s, &v->td);
	return json_incref(evidence);
}

/* What oe_get_report() gives: version, kind (remote), length, quote. */
json_t *
standin_openenclave(struct standin *s)
{
	struct make_dcap *d = ARENA_NEW(s->cx->arena, struct make_dcap);
	struct buf b = buf_in(s->cx->arena, 65536);

	begin(s, d, false);
	d->report_data_given = true;
	memcpy(d->body + REPORT_DATA, standin_binding(s, "openenclave", 64).p, 64);
	(void)make_dcap_evidence(s->cx, d);
	publish(s, d);
	put_bytes(&b, SLICE("\1\0\0\0\2\0\0\0", 8));
	for (unsigned i = 0; i < 64; i += 8)
		put_u8(&b, (uint8_t)((uint64_t)d->quote.n >> i));
	put_bytes(&b, d->quote);
	ASSERT(!b.bad);
	return json_pack("{s:s, s:s}", "format", "openenclave", "evidence",
	    base64url(s->cx->arena, buf_slice(&b)));
}
