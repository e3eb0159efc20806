/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's own consent to be claimed by a tenant.
 *
 * The device signs, with the key that its hardware ID is of, a statement: this
 * server, that tenant, this challenge.  It is evidence as for an enrolment in
 * which the statement stands in the place of the nonce,
 *
 *	SHA-512("daapki-claim-consent-1" || 00 || audience || 00 ||
 *	    tenant || 00 || nonce)
 *
 * It is longer than any nonce that a device takes, so neither can be taken for
 * the other: not even by a server with which the device enrols, and which gives
 * it for a nonce what it likes.  audience is the name by which the
 * device reached this server: another server, that passes our challenge on,
 * gets a statement that is of no use here.  What was proved becomes a line of
 * text, which holds for consent_life_s, for that tenant, once.
 */
#ifndef DAAPKI_AUTHORITY_CONSENT_H
#define DAAPKI_AUTHORITY_CONSENT_H

#include "attest/attest.h"
#include "authority/authority.h"

#define CONSENT_PREFIX		"daapki-consent."
#define CONSENT_TEXT_MAX	160u	/* letters */
#define CONSENT_AUDIENCE_MAX	253u	/* of a DNS name */
#define CONSENT_STATEMENT_SIZE	64u
#define CONSENT_ID_SIZE		16u
#define CONSENT_MAC_SIZE	32u

struct consent_request {
	const char	*audience, *tenant;
	struct slice	 nonce;
	struct slice	 spki;		/* the key that the evidence covers */
	const json_t	*evidence;
	const char	*evidence_pointer;
};

struct consent {
	const char	*text;
	const char	*device_id, *hardware_id;
	int64_t		 expires_s;
};

/*
 * Check what a device signed and say it as text; the nonce is used up.  The
 * platform's trust is asked and nobody else's, since a tenant that could vouch
 * for hardware itself would consent in its name.  Whether there is such a
 * tenant, or whose the device is, is not asked and not told.
 * ERR_FIELD				audience is not a name of this server
 * ERR_NONCE_*, ERR_EV_*, ERR_HW_UNKNOWN	as enroll()
 * ERR_STORAGE
 */
struct err	consent_give(struct ctx *, const struct authority *,
		    const struct consent_request *, struct consent *out);

/* What a text says; nothing of it is proved. */
struct consent_text {
	int64_t	expires_s;
	char	device_id[DEVICE_ID_SIZE];
	uint8_t	id[CONSENT_ID_SIZE];	/* each is used once */
	uint8_t	mac[CONSENT_MAC_SIZE];
};

const char	*consent_print(struct ctx *, const struct consent_text *);
/* One encoding, as consent_print() writes it; false: it is none. */
bool		consent_parse(struct ctx *, const char *text,
		    struct consent_text *out);
/* Was it given here, for that tenant?  Whatever else is wrong is not asked. */
bool		consent_is_ours(const struct authority *, const char *tenant,
		    const struct consent_text *);

#endif
