/* SPDX-License-Identifier: Apache-2.0 */
#include "db/basis.h"

#include "db/optional.h"

struct err
db_basis_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t certificate, const struct certificate_basis *b)
{
	return db_run(cx, tx, STMT_BASIS_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_I(certificate), DB_T(b->format), DB_I(b->appraised_s),
	    DB_T(b->verdict), DB_B(b->evidence_sha256),
	    DB_T(b->policy_group), DB_I(b->policy_version),
	    DB_B(b->policy_sha256), db_blob_or_null(b->collateral_sha256),
	    db_blob_or_null(b->claims_sha256), db_blob_or_null(b->nonce),
	    db_blob_or_null(b->activation), b->sets == NULL ? DB_N :
	    DB_T(b->sets)), NULL);
}

struct reading { struct certificate_basis basis; bool found; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_walk w = { cx, row, 0 };
	struct reading *r = arg;

	r->basis.format = walk_text(&w);
	r->basis.appraised_s = walk_int(&w);
	r->basis.verdict = walk_text(&w);
	r->basis.evidence_sha256 = walk_blob(&w);
	r->basis.policy_group = walk_text(&w);
	r->basis.policy_version = walk_int(&w);
	r->basis.policy_sha256 = walk_blob(&w);
	r->basis.collateral_sha256 = walk_blob(&w);
	r->basis.claims_sha256 = walk_blob(&w);
	r->basis.nonce = walk_blob(&w);
	r->basis.activation = walk_blob(&w);
	r->basis.sets = walk_text(&w);
	r->found = *stop = true;
	return OK;
}

struct err
db_basis_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t certificate, struct certificate_basis *out, bool *out_found)
{
	struct reading r = { .found = false };

	TRY(db_rows(cx, tx, STMT_BASIS_GET, DB_ARGS(DB_I(tenant_id),
	    DB_I(certificate)), take, &r));
	*out = r.basis;
	*out_found = r.found;
	return OK;
}

struct err
db_basis_fresh(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, const struct certificate_basis *of,
    struct certificate_basis *out, bool *out_found)
{
	struct reading r = { .found = false };

	TRY(db_rows(cx, tx, STMT_BASIS_FRESH, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_B(of->evidence_sha256),
	    DB_I(of->appraised_s)), take, &r));
	*out = r.basis;
	*out_found = r.found;
	return OK;
}
