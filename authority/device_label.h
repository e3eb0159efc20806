/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of devices: names with values that operators choose, to search by. */
#ifndef DAAPKI_AUTHORITY_DEVICE_LABEL_H
#define DAAPKI_AUTHORITY_DEVICE_LABEL_H

#include "base/ctx.h"
#include "codec/json.h"

#define DEVICE_LABELS_MAX	16u	/* of one device */
#define DEVICE_LABEL_MAX	63u	/* letters of a name */
#define DEVICE_LABEL_VALUE_MAX	128u	/* bytes */

/* Letters a to z, digits, and . _ / - between those. */
bool		device_label_is_name(const char *);
/* Printable, without a comma, which filters part labels by; may be empty. */
bool		device_label_is_value(const char *);

/*
 * Labels with a merge patch (RFC 7396) applied: text sets one, null takes it
 * away.  now and *out: a JSON object, NULL without labels.
 * ERR_FIELD	not a name, not a value, or too many; the pointer is below
 *		"/labels"
 * ERR_STORAGE	now cannot be read
 */
struct err	device_label_merge(struct ctx *, const char *now,
		    const json_t *patch, const char **out);

#endif
