/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/subject.h"

#include "authority/transfer.h"
#include "db/tenant.h"

struct lookup {
	const char	*hardware_id, *device_id;
	bool		 proved;
	struct subject	*out;
};

static struct err
find_device(struct ctx *cx, struct db_tx *tx, const struct lookup *l)
{
	struct subject *s = l->out;

	if (l->hardware_id != NULL)
		TRY(db_device_by_hardware(cx, tx, l->hardware_id, &s->device,
		    &s->known));
	if (!s->known && l->device_id != NULL)
		TRY(db_device_by_id(cx, tx, l->device_id, &s->device,
		    &s->known));
	s->claimed = s->known && s->device.tenant_id != 0;
	return OK;
}

static struct err
find_profile(struct ctx *cx, struct db_tx *tx, struct subject *s)
{
	TRY(db_profile_get(cx, tx, s->tenant.id, s->group.profile,
	    s->group.profile_version, &s->profile_row));
	if (failed(profile_parse(cx, s->profile_row.document, &s->profile)))
		return FAIL(cx, ERR_STORAGE, "profile %s version %lld",
		    s->profile_row.name, (long long)s->profile_row.version);
	return OK;
}

static struct err
find(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct lookup *l = arg;
	struct subject *s = l->out;
	struct db_tenant tenant;
	int64_t tenant_id, group_id;

	*s = (struct subject){ .known = false };
	TRY(find_device(cx, tx, l));
	if (!s->claimed)
		return OK;
	if (l->proved)
		TRY(transfer_awaiting(cx, tx, &s->device, &s->transfer,
		    &s->moving));
	tenant_id = s->moving ? s->transfer.to_tenant_id : s->device.tenant_id;
	group_id = s->moving ? s->transfer.group_id : s->device.group_id;
	TRY(db_tenant_by_id(cx, tx, tenant_id, &tenant));
	if (strlen(tenant.name) > TEXT_NAME_MAX)
		return FAIL(cx, ERR_STORAGE, "a tenant's name is too long");
	s->tenant.id = tenant.id;
	memcpy(s->tenant.name, tenant.name, strlen(tenant.name));
	TRY(db_group_by_id(cx, tx, tenant.id, group_id, &s->group));
	TRY(db_policy_get(cx, tx, tenant.id, s->group.id,
	    s->group.policy_version, &s->policy));
	TRY(find_profile(cx, tx, s));
	TRY(db_attestation_get(cx, tx, tenant.id, s->device.id,
	    &s->attestation, &s->has_attestation));
	return db_certificate_newest(cx, tx, tenant.id, s->device.device_id,
	    &s->certificate, &s->has_certificate);
}

struct err
subject_find(struct ctx *cx, const struct authority *a,
    const char *hardware_id, const char *device_id, struct subject *out)
{
	struct lookup l = { hardware_id, device_id, false, out };

	return db_read(cx, a->db, find, &l);
}

struct err
subject_find_proved(struct ctx *cx, const struct authority *a,
    const char *hardware_id, const char *device_id, struct subject *out)
{
	struct lookup l = { hardware_id, device_id, true, out };

	return db_read(cx, a->db, find, &l);
}
