/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes two error events one and the same trouble: type, class, category
 * and the description without what differs from one time to the next.
 */
#ifndef DAAPKI_AUTHORITY_REPORT_SIGNATURE_H
#define DAAPKI_AUTHORITY_REPORT_SIGNATURE_H

#include "base/ctx.h"
#include "db/report.h"

#define REPORT_SIGNATURE_SIZE	32u
#define REPORT_PLAIN_MAX	512u	/* bytes of a description that count */

/*
 * The description with each number as "#" and white space as one space: runs
 * of digits; after 0x hex digits; words of four and more hex digits with one of
 * 0 to 9 among them, and of eight and more without.
 */
const char	*report_signature_plain(struct ctx *, const char *description);
/* SHA-256 over type, class, category and that. */
void		 report_signature(const struct report_event *,
		    const char *plain, uint8_t out[REPORT_SIGNATURE_SIZE]);

#endif
