/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device leaves a tenant, and perhaps comes to another, in the transaction of
 * the caller.  A part of claims and transfers, not an interface for doors.
 */
#ifndef DAAPKI_AUTHORITY_HANDOVER_H
#define DAAPKI_AUTHORITY_HANDOVER_H

#include "authority/authority.h"
#include "db/certificate.h"
#include "db/device.h"

/* Who lets it go, when and why. */
struct leaving {
	int64_t		 at_s;
	const char	*by;
	const char	*reason;	/* or NULL */
	int64_t		 transfer_id;	/* 0: by no transfer */
};

/*
 * The device's tenant has it no more: its claim ends, its certificates are
 * revoked (cessationOfOperation), what was attested is forgotten, the row is
 * free.  Revocations are added to what the caller tells after the commit.
 * ERR_STORAGE
 */
struct err	handover_leave(struct ctx *, struct db_tx *,
		    const struct device_row *, const struct leaving *,
		    struct revoked_list *out);

/* Who takes it, into which group. */
struct arriving {
	int64_t		 tenant_id, group_id;
	int64_t		 at_s;
	const char	*by;
	int64_t		 transfer_id;	/* 0: by no transfer */
};

/* A free device is that tenant's: a claim begins, and it has never enrolled.
 * ERR_CONFLICT		it is not free */
struct err	handover_arrive(struct ctx *, struct db_tx *,
		    const struct device_row *, const struct arriving *);

/*
 * The group of that row ID if it is still this tenant's, else "default".
 * ERR_NOT_FOUND	there is neither
 */
struct db_group;
struct err	handover_group(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id, struct db_group *out);

#endif
