/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/device.h"

#include "authority/certificate.h"
#include "authority/device_label.h"
#include "authority/event.h"
#include "authority/revoked.h"
#include "base/base.h"
#include "db/group.h"

/* The view of a device that this tenant has. */
static struct err
view(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, struct device_view *out)
{
	bool found;

	TRY(db_device_view(cx, tx, tenant_id, device_id, out, &found));
	if (!found)
		return FAIL(cx, ERR_NOT_FOUND, "device %s", device_id);
	return OK;
}

/* --- looking --------------------------------------------------------- */

struct getting {
	int64_t			 tenant_id;
	const char		*device_id;
	struct device_view	 view;
};

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct getting *g = arg;

	return view(cx, tx, g->tenant_id, g->device_id, &g->view);
}

struct err
device_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *device_id,
    struct device_view *out)
{
	struct getting g = { .tenant_id = tenant->id, .device_id = device_id };

	TRY(db_read(cx, a->db, get_work, &g));
	*out = g.view;
	return OK;
}

/* --- changing -------------------------------------------------------- */

struct changing {
	int64_t				 tenant_id;
	int64_t				 group_id;	/* the only one; or 0 */
	const char			*by;
	int64_t				 at_s;
	const struct device_change	*change;
	struct revoked_list		 revoked;
	struct device_view		 view;	/* as it is afterwards */
};

/* It may have moved away since the request was let in. */
static struct err
view_before(struct ctx *cx, struct db_tx *tx, const struct changing *c,
    struct device_view *out)
{
	TRY(view(cx, tx, c->tenant_id, c->change->device_id, out));
	if (c->group_id != 0 && out->device.group_id != c->group_id)
		return FAIL(cx, ERR_NOT_FOUND, "device %s of another group",
		    c->change->device_id);
	return revision_check(cx, c->change->revision, out->device.revision);
}

static struct err
move(struct ctx *cx, struct db_tx *tx, const struct changing *c,
    const struct device_view *before)
{
	struct db_group group;

	TRY(db_group_by_name(cx, tx, c->tenant_id, c->change->group, &group));
	if (group.id == before->device.group_id)
		return OK;
	TRY(db_device_move(cx, tx, c->tenant_id, before->device.id,
	    group.id));
	return event_add(cx, tx, c->tenant_id, EVENT_DEVICE_MOVED,
	    before->device.device_id, c->by, json_pack("{s:s, s:s}",
	    "from", before->group, "group", group.name));
}

static struct err
label(struct ctx *cx, struct db_tx *tx, const struct changing *c,
    const struct device_view *before)
{
	const char *now = before->labels == NULL ? "" : before->labels;
	const char *labels;
	json_t *told;

	TRY(device_label_merge(cx, before->labels, c->change->labels,
	    &labels));
	if (strcmp(labels == NULL ? "" : labels, now) == 0)
		return OK;
	TRY(db_device_label(cx, tx, c->tenant_id, before->device.id, labels));
	told = json_loads(labels == NULL ? "{}" : labels, 0, NULL);
	ASSERT(told != NULL);
	return event_add(cx, tx, c->tenant_id, EVENT_DEVICE_LABELLED,
	    before->device.device_id, c->by, json_pack("{s:o}", "labels",
	    told));
}

static struct err
update_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	const char *device_id = c->change->device_id;
	struct device_view before;

	TRY(view_before(cx, tx, c, &before));
	if (c->change->group != NULL)
		TRY(move(cx, tx, c, &before));
	if (c->change->labels != NULL)
		TRY(label(cx, tx, c, &before));
	return view(cx, tx, c->tenant_id, device_id, &c->view);
}

static struct err
ban_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	const char *device_id = c->change->device_id;
	struct device_view before;

	c->revoked = (struct revoked_list){ NULL, 0 };
	TRY(view_before(cx, tx, c, &before));
	if (before.device.state != DEVICE_BANNED) {
		TRY(db_device_ban(cx, tx, c->tenant_id, before.device.id,
		    c->change->reason, c->at_s));
		TRY(db_certificate_revoke_device(cx, tx, c->tenant_id,
		    device_id, REVOKE_PRIVILEGE_WITHDRAWN, c->at_s,
		    &c->revoked));
		TRY(event_add(cx, tx, c->tenant_id, EVENT_DEVICE_BANNED, device_id,
		    c->by, json_pack("{s:s*, s:I}", "reason",
		    c->change->reason, "revoked", (json_int_t)c->revoked.n)));
	}
	return view(cx, tx, c->tenant_id, device_id, &c->view);
}

static struct err
unban_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	const char *device_id = c->change->device_id;
	struct device_view before;

	TRY(view_before(cx, tx, c, &before));
	if (db_device_is_barred(before.device.state)) {
		TRY(db_device_unban(cx, tx, c->tenant_id, before.device.id));
		TRY(event_add(cx, tx, c->tenant_id, EVENT_DEVICE_UNBANNED,
		    device_id, c->by, NULL));
	}
	return view(cx, tx, c->tenant_id, device_id, &c->view);
}

static struct changing
changing_of(const struct ctx *cx, const struct tenant *tenant,
    const struct principal *by, const struct device_change *change)
{
	return (struct changing){
		.tenant_id = tenant->id, .group_id = by->group_id,
		.by = by->name, .at_s = ctx_now(cx), .change = change,
	};
}

struct err
device_update(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct device_change *change, struct device_view *out)
{
	struct changing c = changing_of(cx, tenant, by, change);

	TRY(db_write(cx, a->db, update_work, &c));
	*out = c.view;
	return OK;
}

struct err
device_ban(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct device_change *change, struct device_view *out)
{
	struct changing c = changing_of(cx, tenant, by, change);

	TRY(db_write(cx, a->db, ban_work, &c));
	revoked_tell_all(a, &c.revoked);
	*out = c.view;
	return OK;
}

struct err
device_unban(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct device_change *change, struct device_view *out)
{
	struct changing c = changing_of(cx, tenant, by, change);

	TRY(db_write(cx, a->db, unban_work, &c));
	*out = c.view;
	return OK;
}
