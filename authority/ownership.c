/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ownership.h"

#include "authority/appraise.h"
#include "db/group.h"
#include "db/nonce.h"
#include "db/tenant.h"

struct asking {
	const struct appraised	*proved;
	struct ownership	 answer;
};

static struct err
fill(struct ctx *cx, struct db_tx *tx, const struct device_row *device,
    struct ownership *o)
{
	struct db_tenant tenant;
	struct db_group group;

	TRY(db_tenant_by_id(cx, tx, device->tenant_id, &tenant));
	TRY(db_group_by_id(cx, tx, tenant.id, device->group_id, &group));
	TRY(db_transfer_open_of(cx, tx, tenant.id, device->device_id,
	    &o->transfer, &o->offered));
	o->offered = o->offered && o->transfer.expires_s > ctx_now(cx);
	o->claimed = true;
	o->tenant = tenant.name;
	o->tenant_title = tenant.title;
	o->group = group.name;
	o->claimed_s = device->claimed_s;
	o->banned = device->state == DEVICE_BANNED;
	o->ban_reason = device->ban_reason;
	return OK;
}

static struct err
ask_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct asking *a = arg;
	const struct appraised *p = a->proved;
	struct device_row device;
	bool found;

	a->answer = (struct ownership){
		.device_id = p->device_id,
		.hardware_id = p->attestation.hardware_id,
	};
	TRY(db_nonce_use(cx, tx, p->nonce, p->nonce_expires_s));
	TRY(db_device_by_id(cx, tx, p->device_id, &device, &found));
	if (!found || device.tenant_id == 0)
		return OK;
	return fill(cx, tx, &device, &a->answer);
}

struct err
ownership_ask(struct ctx *cx, const struct authority *a,
    const struct ownership_request *request, struct ownership *out)
{
	struct appraised *proved = ARENA_NEW(cx->arena, struct appraised);
	struct subject *subject = ARENA_NEW(cx->arena, struct subject);
	struct asking asking = { .proved = proved };

	TRY(appraise_as_it_is(cx, a, request->evidence,
	    request->evidence_pointer, request->nonce, request->spki, proved,
	    subject));
	TRY(db_write(cx, a->db, ask_work, &asking));
	*out = asking.answer;
	return OK;
}
