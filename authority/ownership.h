/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has this device?  Told to who holds its key, and to nobody else: the
 * question comes with evidence, as an enrolment does, and evidence that is not
 * right gets the refusal that an enrolment would get.  No policy is asked, so a
 * device that its tenant refuses can still learn whose it is.
 */
#ifndef DAAPKI_AUTHORITY_OWNERSHIP_H
#define DAAPKI_AUTHORITY_OWNERSHIP_H

#include "attest/attest.h"
#include "authority/authority.h"
#include "db/claim.h"
#include "db/device.h"
#include "db/transfer.h"

struct ownership_request {
	struct slice	 nonce;
	struct slice	 spki;		/* the key that the evidence covers */
	const json_t	*evidence;
	const char	*evidence_pointer;
};

struct ownership {
	const char		*device_id, *hardware_id;
	bool			 claimed;	/* what follows, up to transfer */
	const char		*tenant, *tenant_title;
	const char		*group;
	int64_t			 claimed_s;
	bool			 banned;
	const char		*ban_reason;	/* or NULL */
	bool			 offered;	/* an open offer: */
	struct transfer_row	 transfer;
};

/*
 * Uses the nonce up; changes nothing else.
 * ERR_NONCE_*, ERR_EV_*, ERR_HW_UNKNOWN	as enroll()
 * ERR_STORAGE
 */
struct err	ownership_ask(struct ctx *, const struct authority *,
		    const struct ownership_request *, struct ownership *out);

#endif
