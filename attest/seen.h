/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was read and found right before, so that it need not be again: most of
 * what evidence carries (its maker's certificates, revocation lists, TCB info)
 * is the same each time, and so is what anchors are.
 *
 * Nothing is accepted because of it that would not be without it:
 *
 *  - What is kept follows from bytes alone: the value that they read as, or that
 *    a signature over them is right by a key that is given.  Neither depends on
 *    the time, on whose trust is asked, or on who sent it, and neither can become
 *    untrue.
 *  - It is found again by SHA-256 of all of those bytes (and of the key's), so
 *    one changed bit is another thing.
 *  - Only what was right is kept.  What failed is tried anew, and fails anew.
 *  - Whether a certificate or list is valid now, is revoked, may issue, leads to
 *    an anchor of this appraisal's trust, is signed by an algorithm that is
 *    accepted: all that is judged each time, from the values.
 *  - What depends on a nonce never enters: the signatures of quotes, reports and
 *    tokens, and certificates that a device made for one challenge.
 *  - Certificates enter when a path over them led to somebody's anchor: what
 *    strangers make takes no room (but for their keys).
 *
 * So an empty one, a full one, and none at all give the same verdicts; they
 * differ in time.  Values in it are shared by threads and never change.
 */
#ifndef DAAPKI_ATTEST_SEEN_H
#define DAAPKI_ATTEST_SEEN_H

#include <stdbool.h>

#include "base/ctx.h"

#define SEEN_SHA256_SIZE	32u
/* Room for 10,000 devices' own certificates (5 to 7 KiB each, when they are
 * read: doc/BENCH.md) and their two keys besides. */
#define SEEN_BYTES_DEFAULT	(192u * 1024u * 1024u)

enum seen_kind {
	SEEN_CERTIFICATE,	/* attest/chain.h; id: DER */
	SEEN_CERTIFICATE_SIGNED, /* id: DER, and its issuer's key */
	SEEN_CRL,		/* id: DER */
	SEEN_CRL_SIGNED,	/* id: DER, and its issuer's key */
	SEEN_KEY,		/* attest/pubkey.h; id: SubjectPublicKeyInfo */
	SEEN_COLLATERAL,	/* attest/dcap_collateral.h; id: all its parts */
};

/* SHA-256 of what it is of; of the key's SubjectPublicKeyInfo, or zeros. */
struct seen_id { uint8_t of[SEEN_SHA256_SIZE], by[SEEN_SHA256_SIZE]; };

/* How a value is shared: counted holders.  Both may be called by any thread. */
struct seen_type { void (*hold)(void *); void (*let_go)(void *); };

struct seen;

/* One that holds about bytes_max; what was not asked for lately goes first. */
struct seen	*seen_new(size_t bytes_max);
/* Nobody may use it any more; values that are held stay.  NULL is nothing. */
void		 seen_free(struct seen *);

/* All of these may be called by any thread; with seen NULL, nothing is found
 * and nothing kept. */

/* Is that there?  *out_value is held for the caller (NULL for facts). */
bool		 seen_find(struct seen *, enum seen_kind,
		    const struct seen_id *, void **out_value);
/* Keep a value that takes about that many bytes; holds it for itself.  For a
 * fact both value and type are NULL. */
void		 seen_keep(struct seen *, enum seen_kind,
		    const struct seen_id *, const struct seen_type *,
		    void *value, size_t bytes);

void		 seen_hash(struct slice, uint8_t out[static SEEN_SHA256_SIZE]);

/* For tests and figures. */
struct seen_count { size_t n, bytes; uint64_t n_hits, n_misses; };
struct seen_count seen_count(struct seen *);

#endif
