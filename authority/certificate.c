/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/certificate.h"

#include "authority/event.h"
#include "authority/revoked.h"
#include "base/base.h"
#include "db/basis.h"
#include "db/scope.h"

static const struct { enum revoke_reason reason; const char *name; }
    reasons[] = {
	{ REVOKE_UNSPECIFIED, "unspecified" },
	{ REVOKE_KEY_COMPROMISE, "keyCompromise" },
	{ REVOKE_AFFILIATION_CHANGED, "affiliationChanged" },
	{ REVOKE_SUPERSEDED, "superseded" },
	{ REVOKE_CESSATION, "cessationOfOperation" },
	{ REVOKE_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
};

const char *
certificate_reason_name(int reason)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if ((int)reasons[i].reason == reason)
			return reasons[i].name;
	return reasons[0].name;
}

bool
certificate_reason_find(const char *name, enum revoke_reason *out)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		if (strcmp(reasons[i].name, name) == 0) {
			*out = reasons[i].reason;
			return true;
		}
	}
	return false;
}

/* A serial that cannot be one is a certificate that is not there. */
static struct err
by_serial(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *serial, struct certificate_row *out)
{
	struct slice bytes;
	bool found = false;

	if (text_unhex_any(cx->arena, serial, CERTIFICATE_SERIAL_MAX, &bytes))
		TRY(db_certificate_by_serial(cx, tx, tenant_id, bytes, out,
		    &found));
	if (!found)
		return FAIL(cx, ERR_NOT_FOUND, "serial %s", serial);
	return OK;
}

struct getting {
	int64_t			 tenant_id;
	const char		*serial;
	struct certificate_row	 row;
};

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct getting *g = arg;

	struct certificate_basis *basis = ARENA_NEW(cx->arena,
	    struct certificate_basis);
	bool found;

	TRY(by_serial(cx, tx, g->tenant_id, g->serial, &g->row));
	TRY(db_basis_get(cx, tx, g->tenant_id, g->row.id, basis, &found));
	g->row.basis = found ? basis : NULL;
	return OK;
}

struct err
certificate_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *serial,
    struct certificate_row *out)
{
	struct getting g = { .tenant_id = tenant->id, .serial = serial };

	TRY(db_read(cx, a->db, get_work, &g));
	*out = g.row;
	return OK;
}

struct listing {
	int64_t				 tenant_id;
	const struct certificate_filter	*filter;
	struct certificate_row		*items;
	size_t				 n;
	int64_t				 next;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_certificate_list(cx, tx, l->tenant_id, l->filter, &l->items,
	    &l->n, &l->next);
}

struct err
certificate_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct certificate_filter *filter,
    struct certificate_row **out, size_t *out_n, int64_t *out_next)
{
	struct listing l = { .tenant_id = tenant->id, .filter = filter };

	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.items;
	*out_n = l.n;
	*out_next = l.next;
	return OK;
}

struct revoking {
	int64_t					 tenant_id;
	int64_t					 group_id;	/* or 0 */
	const char				*by;
	int64_t					 at_s;
	const struct certificate_change		*change;
	bool					 changed;
	struct certificate_row			 row;
};

/* Its device may have moved away since the request was let in. */
static struct err
check_group(struct ctx *cx, struct db_tx *tx, const struct revoking *r)
{
	bool is_of_group = true;

	if (r->group_id != 0)
		TRY(db_scope_device(cx, tx, r->tenant_id, r->group_id,
		    r->row.device_id, &is_of_group));
	return is_of_group ? OK : FAIL(cx, ERR_NOT_FOUND,
	    "certificate %s of another group", r->change->serial);
}

static struct err
revoke_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct revoking *r = arg;
	int reason = (int)r->change->reason;

	r->changed = false;
	TRY(by_serial(cx, tx, r->tenant_id, r->change->serial, &r->row));
	TRY(check_group(cx, tx, r));
	if (r->row.revoked_s != 0)
		return OK;
	if (r->row.not_after_s < r->at_s)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the certificate has expired");
	TRY(db_certificate_revoke(cx, tx, r->tenant_id, r->row.id, reason,
	    r->at_s, &r->changed));
	r->row.revoked_s = r->at_s;
	r->row.revoke_reason = reason;
	return event_add(cx, tx, r->tenant_id, EVENT_CERTIFICATE_REVOKED,
	    r->change->serial, r->by, json_pack("{s:s, s:s}",
	    "device_id", r->row.device_id,
	    "reason", certificate_reason_name(reason)));
}

struct err
certificate_revoke(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct certificate_change *change, struct certificate_row *out)
{
	struct revoking r = {
		.tenant_id = tenant->id, .group_id = by->group_id,
		.by = by->name, .at_s = ctx_now(cx), .change = change,
	};

	TRY(db_write(cx, a->db, revoke_work, &r));
	if (r.changed)
		revoked_tell(a, &(struct revoked_one){ r.row.ca_id,
		    r.row.shard, r.row.serial });
	*out = r.row;
	return OK;
}
