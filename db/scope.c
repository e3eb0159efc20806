/* SPDX-License-Identifier: Apache-2.0 */
#include "db/scope.h"

static struct err
note(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	bool *found = arg;

	(void)cx;
	(void)row;
	*found = *stop = true;
	return OK;
}

static struct err
look(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt, int64_t tenant_id,
    int64_t group_id, struct db_value what, bool *out)
{
	bool found = false;

	TRY(db_rows(cx, tx, stmt, DB_ARGS(DB_I(tenant_id), DB_I(group_id),
	    what), note, &found));
	*out = found;
	return OK;
}

struct err
db_scope_device(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, const char *device_id, bool *out)
{
	return look(cx, tx, STMT_SCOPE_DEVICE, tenant_id, group_id,
	    DB_T(device_id), out);
}

struct err
db_scope_certificate(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, struct slice serial, bool *out)
{
	return look(cx, tx, STMT_SCOPE_CERTIFICATE, tenant_id, group_id,
	    DB_B(serial), out);
}

struct err
db_scope_operation(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, const char *name, bool *out)
{
	return look(cx, tx, STMT_SCOPE_OPERATION, tenant_id, group_id,
	    DB_T(name), out);
}

struct err
db_scope_report(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, int64_t event, bool *out)
{
	return look(cx, tx, STMT_SCOPE_REPORT, tenant_id, group_id,
	    DB_I(event), out);
}
