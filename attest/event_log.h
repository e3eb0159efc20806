/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot event log of a PC client (TCG PC Client Platform Firmware Profile,
 * 1.06, section 10): read, replay against quoted registers, and say what can
 * be believed of it.
 *
 * A log is what the device says; only its digests are proved, by the replay.
 * An event's type is not covered by its digest, and its data only where the
 * profile makes the digest the hash of the data.
 */
#ifndef DAAPKI_ATTEST_EVENT_LOG_H
#define DAAPKI_ATTEST_EVENT_LOG_H

#include "attest/tpm_key.h"

#define EVENT_LOG_ALGS_MAX	16u	/* banks in one log */
#define EVENT_LOG_LIST_MAX	256u	/* programs or authorities listed */
#define EVENT_LOG_ACTION_MAX	128u	/* bytes of a text that is an action */

struct event {
	uint32_t	 pcr;		/* below TPM_PCRS; or not measured */
	uint32_t	 type;
	const struct slice *digests;	/* one a bank, in the log's order */
	struct slice	 data;
};

struct event_log {
	uint16_t	 algs[EVENT_LOG_ALGS_MAX];	/* banks of the log */
	size_t		 n_algs;
	struct event	*events;	/* in order, without the header */
	size_t		 n_events;
	uint8_t		 locality;	/* that PCR 0 started from; usually 0 */
};

/* Register values of one bank, as quoted. */
struct pcr_bank {
	uint16_t	 hash;
	uint32_t	 pcrs;		/* bit i: values[i] is there */
	struct slice	 values[TPM_PCRS];
};

/* What a log that was replayed shows; lists are lower-case hex of SHA-256. */
struct event_log_findings {
	bool		 secure_boot_known, secure_boot;
	bool		 debug_known, debug;	/* firmware debugger was on */
	bool		 components_known, authorities_known;
	const char	*components[EVENT_LOG_LIST_MAX];
	size_t		 n_components;
	const char	*authorities[EVENT_LOG_LIST_MAX];
	size_t		 n_authorities;
};

/*
 * Read one log whole; fill of 00 or ff may follow its last event.
 * ERR_EV_MALFORMED	a size, count, register or header that cannot be
 * ERR_EV_UNSUPPORTED	a digest algorithm not known here
 */
struct err	event_log_parse(struct ctx *, struct slice,
		    struct event_log *out);

/*
 * Replay a log against quoted banks.  Registers that the log has events for
 * must come out as quoted, and 0 to 7 without events must be at their reset
 * value; others without events were extended by the system and are not the
 * log's business.  Banks that the log lacks are passed over, but not all.
 * ERR_EV_BINDING	the log does not give these registers, or the data of
 *			an event is not what its digest says
 * ERR_EV_PROPERTY	two separators in a register, or Secure Boot measured
 *			twice or after its separator
 * ERR_EV_UNSUPPORTED	more than EVENT_LOG_LIST_MAX programs
 */
struct err	event_log_replay(struct ctx *, const struct event_log *,
		    const struct pcr_bank *banks, size_t n_banks,
		    struct event_log_findings *out);

/* --- for logs of other registers -------------------------------------- */

#define EVENT_LOG_SEPARATOR_ERROR 2	/* firmware says that it failed */

/* Which separator has that digest; -1: none. */
int		event_log_separator(uint16_t hash, struct slice digest);
/* Is it UEFI_VARIABLE_DATA of the variable SecureBoot, and is that on? */
bool		event_log_secure_boot(struct slice data, bool *out_on);
/*
 * Is the data of events what was measured, where the profile says so; in all
 * banks of the log, for registers of that mask?
 * ERR_EV_BINDING	no
 */
struct err	event_log_check_data(struct ctx *, const struct event_log *,
		    uint32_t pcrs);

#endif
