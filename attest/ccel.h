/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log of a trust domain (UEFI 2.10, 38; ACPI table CCEL): records as
 * in a PC's log, one bank, and registers of its own: 0 is MRTD, 1 to 4 are
 * RTMR0 to RTMR3.
 */
#ifndef DAAPKI_ATTEST_CCEL_H
#define DAAPKI_ATTEST_CCEL_H

#include "attest/event_log.h"

#define CCEL_RTMRS	4u
#define CCEL_MR_SIZE	48u	/* SHA-384 */

struct ccel_findings { bool secure_boot_known, secure_boot; };

/*
 * What RTMR0 to RTMR3 are after the log.
 * ERR_EV_UNSUPPORTED	a log of another bank than SHA-384
 * ERR_EV_MALFORMED	an event of a register that there is not
 */
struct err	ccel_registers(struct ctx *, const struct event_log *,
		    uint8_t out[CCEL_RTMRS][CCEL_MR_SIZE]);

/*
 * Does the log give just these registers, those without events included?
 * ERR_EV_BINDING	no, or the data of an event is not what its digest says
 * ERR_EV_PROPERTY	Secure Boot measured twice or after its separator
 * ERR_EV_*		ccel_registers()'s
 */
struct err	ccel_replay(struct ctx *, const struct event_log *,
		    const struct slice rtmrs[CCEL_RTMRS],
		    struct ccel_findings *out);

#endif
