/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of known anchors: certificates of hardware vendors of which it is
 * known where they are published, their fingerprint, and for what they may
 * vouch.  The certificates themselves are not here.
 */
#ifndef DAAPKI_CLI_KNOWN_H
#define DAAPKI_CLI_KNOWN_H

#include "base/ctx.h"

#define KNOWN_PIN_CHARS	64u	/* SHA-256 in hex */

/* One row of known_anchors.def. */
struct known_anchor {
	const char	*name, *vendor;
	const char	*schemes;	/* space separated, the usual first */
	const char	*last_day;	/* of its validity, "2049-12-31" */
	const char	*sha256;	/* of its DER, lower-case hex */
	const char	*subject;	/* RFC 2253 */
	const char	*url;
	bool		 is_page;	/* the URL is for people */
};

/* What an operator says of a certificate. */
struct known_claim {
	const char	*scheme;	/* NULL: the usual one */
	const char	*pin;		/* hex, colons and any case; or NULL */
	bool		 unlisted;	/* whatever the list says of it */
};

/* What came of it. */
struct known_verdict {
	const struct known_anchor *row;		/* NULL: not on the list */
	const char	*scheme;	/* to register it for; NULL: not said */
	const char	*sha256, *subject;
	bool		 ended;		/* it is valid no more */
};

/* All rows, sorted by name. */
const struct known_anchor *known_rows(size_t *out_n);
/* NULL: no such row. */
const struct known_anchor *known_named(const char *name);
/* By the fingerprint of its DER; NULL: not on the list. */
const struct known_anchor *known_by_sha256(const char *hex);
/* The usual scheme of a row, in the arena. */
const char	*known_usual_scheme(struct ctx *, const struct known_anchor *);
bool		 known_vouches(const struct known_anchor *, const char *scheme);

/*
 * The one certificate of a file in PEM or DER, in a JSON array of PEM texts
 * (as Google has it): that with the fingerprint, whatever stands around it.
 * out points into file or the arena.
 * ERR_NOT_FOUND	there is none with that fingerprint
 */
struct err	 known_pick(struct ctx *, struct slice file,
		    const char *sha256, struct slice *out_der);

/*
 * Hold a certificate (DER) against the list and the pin.
 * ERR_PARAMETER	the pin is no fingerprint
 * ERR_MALFORMED	not one certificate
 * ERR_EV_MISMATCH	another certificate than the pin says; one that has the
 *			subject of a known one and is another (a pin allows
 *			it); a known one for what it may not vouch for
 */
struct err	 known_judge(struct ctx *, struct slice der,
		    const struct known_claim *, struct known_verdict *out);

#endif
