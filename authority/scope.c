/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/scope.h"

#include "base/base.h"
#include "db/certificate.h"
#include "db/scope.h"

struct looking {
	const struct principal	*who;
	const char		*name;
	bool			 found;
};

static struct err
has_group(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	(void)cx;
	(void)tx;
	l->found = strcmp(l->who->group, l->name) == 0;
	return OK;
}

static struct err
has_device(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return db_scope_device(cx, tx, l->who->tenant_id, l->who->group_id,
	    l->name, &l->found);
}

static struct err
has_certificate(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;
	struct slice serial;

	if (!text_unhex_any(cx->arena, l->name, CERTIFICATE_SERIAL_MAX,
	    &serial))
		return OK;
	return db_scope_certificate(cx, tx, l->who->tenant_id,
	    l->who->group_id, serial, &l->found);
}

static struct err
has_report(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;
	uint64_t id;

	if (!text_parse_uint(l->name, INT64_MAX, &id))
		return OK;
	return db_scope_report(cx, tx, l->who->tenant_id, l->who->group_id,
	    (int64_t)id, &l->found);
}

static struct err
has_operation(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return db_scope_operation(cx, tx, l->who->tenant_id,
	    l->who->group_id, l->name, &l->found);
}

struct kind { const char *name; db_work *has; };

static const struct kind kinds[] = {
	{ "device", has_device },
	{ "event", has_report },
	{ "group", has_group },
	{ "operation", has_operation },
	{ "serial", has_certificate },
};

static const struct kind *
find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool
scope_knows(const char *kind)
{
	return find(kind) != NULL;
}

struct err
scope_check(struct ctx *cx, const struct authority *a,
    const struct principal *who, const char *kind, const char *name)
{
	struct looking l = { .who = who, .name = name };
	const struct kind *k = find(kind);

	ASSERT(k != NULL);
	if (who->group_id == 0)
		return OK;
	TRY(db_read(cx, a->db, k->has, &l));
	if (!l.found)
		return FAIL(cx, ERR_NOT_FOUND, "%s of another group", kind);
	return OK;
}

struct err
scope_group(struct ctx *cx, const struct principal *who, const char *asked,
    const char **out)
{
	if (who->group_id == 0) {
		*out = asked;
		return OK;
	}
	if (asked != NULL && strcmp(asked, who->group) != 0)
		return FAIL(cx, ERR_NOT_FOUND, "another group");
	*out = who->group;
	return OK;
}

struct err
scope_list(struct ctx *cx, const struct authority *a,
    const struct principal *who, const char *device_id)
{
	if (device_id == NULL)
		return OK;
	return scope_check(cx, a, who, "device", device_id);
}
