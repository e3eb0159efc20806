/* SPDX-License-Identifier: Apache-2.0 */
/* One device of a tenant: look, move, ban. */
#ifndef DAAPKI_AUTHORITY_DEVICE_H
#define DAAPKI_AUTHORITY_DEVICE_H

#include "authority/authority.h"
#include "authority/revision.h"
#include "codec/json.h"
#include "db/certificate.h"
#include "db/device.h"

#define DEVICE_REASON_MAX	256u

/* ERR_NOT_FOUND	this tenant does not have it */
struct err	device_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *device_id,
		    struct device_view *out);

/* What to do with a device. */
struct device_change {
	const char	*device_id;
	const char	*group;		/* to move it to */
	const json_t	*labels;	/* authority/device_label.h */
	const char	*reason;	/* of a ban; may be NULL */
	int64_t		 revision;	/* the one that it changes, or
					 * REVISION_ANY; ERR_PRECONDITION */
};

/*
 * Put it into another group, whose policy and profile hold from the next
 * enrolment on; change its labels.  What is NULL stays as it is.
 * ERR_NOT_FOUND	this tenant does not have the device, or the group; or it
 *			is not the principal's group
 * ERR_FIELD		as device_label_merge()
 */
struct err	device_update(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct device_change *, struct device_view *out);

/*
 * Revoke every certificate that has not expired (privilegeWithdrawn) and
 * refuse enrolment from now on.  Banning again is no change.
 * ERR_NOT_FOUND	this tenant does not have it
 */
struct err	device_ban(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct device_change *, struct device_view *out);
/*
 * Allow enrolment again.  Certificates stay revoked.  A device that is not
 * banned is left as it is.
 * ERR_NOT_FOUND	this tenant does not have it
 */
struct err	device_unban(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct device_change *, struct device_view *out);

#endif
