/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/collateral.h"

#include <sodium.h>

#include "authority/inventory.h"
#include "authority/lapse.h"
#include "authority/receipt.h"
#include "authority/tenant.h"
#include "authority/trust.h"

#define PAST_S	86400	/* what was replaced, and no certificate rests on */

/* --- adding ------------------------------------------------------------ */

struct adding { struct db_collateral row, *out; const char *actor; };

static struct err
add_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct adding *m = arg;

	TRY(db_collateral_put(cx, tx, &m->row, &m->row.id));
	TRY(tenant_event(cx, tx, m->row.tenant_id, EVENT_COLLATERAL_ADDED,
	    m->row.name, m->actor, json_pack("{s:I,s:s,s:s}", "id",
	    (json_int_t)m->row.id, "kind", m->row.kind, "sha256",
	    text_hex(cx->arena, m->row.sha256))));
	*m->out = m->row;
	return receipt_add(cx, tx);
}

static struct err
examine(struct ctx *cx, const struct authority *a,
    const struct collateral_spec *spec, struct db_collateral *row)
{
	uint8_t *sha256 = arena_alloc(cx->arena, 32);
	struct collateral_facts facts;
	struct collateral_value value;
	struct trust_loaded loaded;
	enum collateral_kind kind;
	struct slice text;

	if (!collateral_kind_find(spec->kind, &kind))
		return FAIL_AT(cx, ERR_FIELD, "/kind",
		    "must be dcap, crl, revoked-serials, android-status or "
		    "snp-chain");
	TRY(collateral_read(cx, kind, spec->document, "/document", &value));
	TRY(trust_load(cx, a, row->tenant_id, &loaded));
	if (kind == COLLATERAL_DCAP)
		loaded.trust = trust_of_anchors(cx, &loaded, "sgx");
	if (kind == COLLATERAL_SNP_CHAIN)
		loaded.trust = trust_of_anchors(cx, &loaded, "snp");
	TRY(collateral_check(cx, &value, &loaded.trust, row->created_s,
	    "/document", &facts));
	text = json_text(cx, spec->document);
	crypto_hash_sha256(sha256, text.p, text.n);
	row->kind = collateral_kind_name(kind);
	row->about = facts.about[0] != '\0' ? facts.about : spec->name;
	row->sha256 = SLICE(sha256, 32);
	row->document = (const char *)text.p;
	row->issued_s = facts.issued_s;
	row->expires_s = facts.expires_s;
	return OK;
}

struct err
collateral_add(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct collateral_spec *spec, struct db_collateral *out)
{
	struct adding m = {
		.row = {
			.tenant_id = tenant_scope(tenant), .name = spec->name,
			.provenance = spec->provenance == NULL ? "" :
			    spec->provenance,
			.created_s = ctx_now(cx), .created_by = who->name,
		},
		.actor = who->name, .out = out,
	};
	struct err e;

	TRY(examine(cx, a, spec, &m.row));
	e = db_write(cx, a->db, add_work, &m);
	if (e.code == ERR_EXISTS)
		return FAIL_AT(cx, ERR_EXISTS, "/document",
		    "a newer one is here for %s", m.row.about);
	TRY(e);
	trust_changed(a);
	return OK;
}

/* --- looking ----------------------------------------------------------- */

struct listing {
	int64_t			 tenant_id;
	struct page		 page;
	struct db_collateral	*items;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_collateral_list(cx, tx, l->tenant_id, l->page.after,
	    (size_t)l->page.limit + 1, &l->items, &l->n);
}

struct err
collateral_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page,
    struct db_collateral **out, size_t *out_n, int64_t *out_next)
{
	struct listing l = { .tenant_id = tenant_scope(tenant), .page = page };
	bool more;

	TRY(db_read(cx, a->db, list_work, &l));
	more = l.n > page.limit;
	*out = l.items;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.items[page.limit - 1].id : 0;
	return OK;
}

struct getting { int64_t tenant_id, id; struct db_collateral row; };

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct getting *g = arg;

	return db_collateral_get(cx, tx, g->tenant_id, g->id, &g->row);
}

struct err
collateral_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, int64_t id, struct db_collateral *out)
{
	struct getting g = { .tenant_id = tenant_scope(tenant), .id = id };

	TRY(db_read(cx, a->db, get_work, &g));
	*out = g.row;
	return OK;
}

/* --- deleting ---------------------------------------------------------- */

struct err
collateral_delete(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who, int64_t id)
{
	static const struct inventory_kind kind = {
		db_collateral_delete, EVENT_COLLATERAL_DELETED
	};

	return inventory_delete(cx, a, tenant, who, &kind, id);
}

/* --- warning ----------------------------------------------------------- */

static struct err
warn_of(struct ctx *cx, struct db_tx *tx, const struct db_collateral *row)
{
	TRY(db_collateral_warned(cx, tx, row->tenant_id, row->id,
	    ctx_now(cx)));
	return tenant_event(cx, tx, row->tenant_id, EVENT_COLLATERAL_EXPIRING,
	    row->name, "upkeep", json_pack("{s:I,s:s,s:s,s:s}", "id",
	    (json_int_t)row->id, "kind", row->kind, "about", row->about,
	    "expires_at", text_time_dup(cx->arena, row->expires_s)));
}

static struct err
warn_due(struct ctx *cx, struct db_tx *tx, int64_t until_s, size_t most,
    bool tell, size_t *out_n)
{
	struct db_collateral *rows;

	TRY(db_collateral_due(cx, tx, until_s, most, &rows, out_n));
	for (size_t i = 0; tell && i < *out_n; i++)
		TRY(warn_of(cx, tx, &rows[i]));
	return OK;
}

static struct err
forget_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	(void)arg;
	return db_collateral_forget(cx, tx, ctx_now(cx) - PAST_S, NULL);
}

struct err
collateral_round(struct ctx *cx, const struct authority *a)
{
	TRY(db_write(cx, a->db, forget_work, NULL));
	return lapse_round(cx, a, a->limits.collateral_warn_s, warn_due);
}
