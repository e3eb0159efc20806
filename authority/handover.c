/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/handover.h"

#include "authority/certificate.h"
#include "base/base.h"
#include "db/attestation.h"
#include "db/claim.h"
#include "db/group.h"

#define GROUP_DEFAULT	"default"

struct err
handover_leave(struct ctx *cx, struct db_tx *tx,
    const struct device_row *device, const struct leaving *l,
    struct revoked_list *out)
{
	const struct claim_end end = {
		.at_s = l->at_s, .by = l->by, .reason = l->reason,
		.transfer_id = l->transfer_id, .group_id = device->group_id,
	};
	int64_t tenant_id = device->tenant_id;

	TRY(db_claim_close(cx, tx, tenant_id, device->device_id, &end));
	TRY(db_certificate_revoke_device(cx, tx, tenant_id,
	    device->device_id, REVOKE_CESSATION, l->at_s, out));
	TRY(db_attestation_forget(cx, tx, tenant_id, device->id));
	return db_device_release(cx, tx, tenant_id, device->id);
}

struct err
handover_arrive(struct ctx *cx, struct db_tx *tx,
    const struct device_row *device, const struct arriving *r)
{
	TRY(db_device_take(cx, tx, r->tenant_id, device->id, r->group_id,
	    r->at_s));
	TRY(db_claim_open(cx, tx, r->tenant_id, device->device_id,
	    r->group_id, r->at_s, r->by));
	if (r->transfer_id == 0)
		return OK;
	return db_claim_set_came(cx, tx, r->tenant_id, device->device_id,
	    r->transfer_id);
}

struct err
handover_group(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, struct db_group *out)
{
	struct err e;

	if (group_id != 0) {
		e = db_group_by_id(cx, tx, tenant_id, group_id, out);
		if (e.code != ERR_NOT_FOUND)
			return e;
		ctx_forget(cx);
	}
	return db_group_by_name(cx, tx, tenant_id, GROUP_DEFAULT, out);
}
