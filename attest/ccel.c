/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/ccel.h"

#include "base/base.h"

#define EV_NO_ACTION		0x00000003u
#define EV_EFI_DRIVER_CONFIG	0x80000001u
#define MR_NONE			0xffffffffu	/* of events not measured */
#define MR_TD			0u		/* MRTD: not extended */
#define MR_RTMR0		1u
#define MR_MASK			0x1eu		/* RTMR0 to RTMR3 */

static bool
is_measured(const struct event *e)
{
	return e->type != EV_NO_ACTION && e->pcr != MR_TD;
}

static void
extend(uint8_t value[static CCEL_MR_SIZE], struct slice digest)
{
	uint8_t both[2 * CCEL_MR_SIZE];

	memcpy(both, value, CCEL_MR_SIZE);
	memcpy(both + CCEL_MR_SIZE, digest.p, CCEL_MR_SIZE);
	ASSERT(EVP_Digest(both, sizeof(both), value, NULL, EVP_sha384(),
	    NULL) == 1);
}

struct err
ccel_registers(struct ctx *cx, const struct event_log *log,
    uint8_t out[CCEL_RTMRS][CCEL_MR_SIZE])
{
	uint8_t values[CCEL_RTMRS][CCEL_MR_SIZE] = { { 0 } };

	if (log->n_algs != 1 || log->algs[0] != TPM_SHA384)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "event log: not of SHA-384 alone");
	for (size_t i = 0; i < log->n_events; i++) {
		const struct event *e = &log->events[i];

		if (e->pcr > CCEL_RTMRS && e->pcr != MR_NONE)
			return FAIL_TELL(cx, ERR_EV_MALFORMED, "event log: "
			    "event %zu is of register %u", i, e->pcr);
		if (is_measured(e))
			extend(values[e->pcr - MR_RTMR0], e->digests[0]);
	}
	memcpy(out, values, sizeof(values));
	return OK;
}

/* As in a PC's PCR 7, whose place RTMR0 takes: once, and before the separator,
 * which is known by its digest. */
static struct err
find_secure_boot(struct ctx *cx, const struct event_log *log,
    struct ccel_findings *out)
{
	bool ended = false, failed_boot = false, found = false, on = false;

	for (size_t i = 0; i < log->n_events; i++) {
		const struct event *e = &log->events[i];
		int separator;
		bool value;

		if (e->pcr != MR_RTMR0 || !is_measured(e))
			continue;
		separator = event_log_separator(TPM_SHA384, e->digests[0]);
		if (separator >= 0) {
			ended = true;
			failed_boot |= separator == EVENT_LOG_SEPARATOR_ERROR;
		}
		if (e->type != EV_EFI_DRIVER_CONFIG ||
		    !event_log_secure_boot(e->data, &value))
			continue;
		if (ended || found)
			return FAIL_TELL(cx, ERR_EV_PROPERTY, "event log: "
			    "Secure Boot measured twice or too late");
		found = true;
		on = value;
	}
	out->secure_boot_known = found && ended && !failed_boot;
	out->secure_boot = out->secure_boot_known && on;
	return OK;
}

struct err
ccel_replay(struct ctx *cx, const struct event_log *log,
    const struct slice rtmrs[CCEL_RTMRS], struct ccel_findings *out)
{
	uint8_t values[CCEL_RTMRS][CCEL_MR_SIZE];
	struct ccel_findings found;

	TRY(ccel_registers(cx, log, values));
	for (size_t i = 0; i < CCEL_RTMRS; i++)
		if (!slice_equal(rtmrs[i], SLICE_OF(values[i])))
			return FAIL_TELL(cx, ERR_EV_BINDING,
			    "event log: its replay does not give RTMR%zu", i);
	TRY(event_log_check_data(cx, log, MR_MASK));
	TRY(find_secure_boot(cx, log, &found));
	*out = found;
	return OK;
}
