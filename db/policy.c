/* SPDX-License-Identifier: Apache-2.0 */
#include "db/policy.h"

struct err
db_policy_insert(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, const struct db_policy *p)
{
	return db_run(cx, tx, STMT_POLICY_INSERT, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id), DB_I(p->version), DB_T(p->document),
	    DB_I(p->created_s), DB_T(p->created_by)), NULL);
}

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_policy *p = arg;

	(void)stop;
	p->version = db_int(row, 0);
	p->document = db_text_of(cx, row, 1);
	p->created_s = db_int(row, 2);
	p->created_by = db_text_of(cx, row, 3);
	return OK;
}

struct err
db_policy_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, int64_t version, struct db_policy *out)
{
	struct db_policy found = { 0 };

	TRY(db_rows(cx, tx, STMT_POLICY_GET, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id), DB_I(version)), read_row, &found));
	if (found.document == NULL)
		return FAIL(cx, ERR_NOT_FOUND, "no such policy version");
	*out = found;
	return OK;
}
