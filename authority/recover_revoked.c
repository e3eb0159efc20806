/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/recover_revoked.h"

#include "authority/certificate.h"
#include "authority/event.h"
#include "base/base.h"
#include "db/ca.h"
#include "db/crl.h"

#define ACTOR	"recovery"

size_t
recover_n_revoked(const struct journal_entry *entry)
{
	return entry->kind == JOURNAL_REVOKED ? WIRE_REVOKED_MAX : 0;
}

static struct err
revoke_certificate(struct ctx *cx, struct db_tx *tx,
    const struct certificate_row *row, const struct order_crl_entry *entry,
    struct revoked_list *list)
{
	bool changed;

	TRY(db_certificate_revoke(cx, tx, row->tenant_id, row->id,
	    entry->reason, entry->revoked_s, &changed));
	list->items[list->n++] = (struct revoked_one){ row->ca_id, row->shard,
	    row->serial };
	return event_add(cx, tx, row->tenant_id, EVENT_CERTIFICATE_REVOKED,
	    text_hex(cx->arena, row->serial), ACTOR, json_pack("{s:s, s:s}",
	    "device_id", row->device_id,
	    "reason", certificate_reason_name(entry->reason)));
}

/* As authority/life.c does it, without a successor: there is nobody to say
 * which. */
static struct err
revoke_ca(struct ctx *cx, struct db_tx *tx, int64_t now_s, struct db_ca *ca,
    const struct order_crl_entry *entry)
{
	const char *old = ca->state;
	struct revoked_list ignored;

	ca->state = "revoked";
	ca->revoked_s = entry->revoked_s;
	ca->revoke_reason = entry->reason;
	ca->changed_s = now_s;
	ca->look_s = 0;
	TRY(db_ca_update(cx, tx, ca, old));
	TRY(db_certificate_revoke_ca(cx, tx, ca->tenant_id, ca->id,
	    REVOKE_SUPERSEDED, entry->revoked_s, &ignored));
	return event_add(cx, tx, ca->tenant_id, EVENT_CA_REVOKED,
	    text_hex(cx->arena, ca->key_id), ACTOR, NULL);
}

static struct err
revoke_one(struct ctx *cx, struct db_tx *tx, int64_t now_s,
    const struct db_ca *issuer, const struct order_crl_entry *entry,
    struct revoked_list *list, bool *out_changed)
{
	struct slice serial = slice_dup(cx->arena, SLICE_OF(entry->serial));
	struct certificate_row row;
	struct db_ca ca;
	bool found;

	*out_changed = false;
	TRY(db_certificate_find(cx, tx, issuer->id, serial, &row, &found));
	if (found) {
		*out_changed = row.revoked_s == 0;
		return *out_changed ? revoke_certificate(cx, tx, &row,
		    entry, list) : OK;
	}
	TRY(db_ca_under(cx, tx, issuer->tenant_id, issuer->id, serial, &ca,
	    &found));
	*out_changed = found && ca.revoked_s == 0;
	return *out_changed ? revoke_ca(cx, tx, now_s, &ca, entry) : OK;
}

struct err
recover_revoked(struct ctx *cx, struct db_tx *tx, int64_t now_s,
    const struct journal_entry *entry, struct revoked_list *list,
    size_t *out_changed)
{
	struct order_crl_entry *entries;
	struct db_ca issuer;
	size_t n, n_changed = 0;
	struct err e;

	TRY(revoked_read(cx, entry->object, &entries, &n));
	*out_changed = 0;
	e = db_ca_any_by_key_id(cx, tx, entry->issuer_key_id, &issuer);
	if (e.code == ERR_NOT_FOUND) {
		ctx_forget(cx);		/* nothing of it can be there */
		return OK;
	}
	TRY(e);
	for (size_t i = 0; i < n; i++) {
		struct revoked_row row = { .serial = SLICE_OF(
		    entries[i].serial) };
		bool changed;

		TRY(revoke_one(cx, tx, now_s, &issuer, &entries[i], list,
		    &changed));
		/* The journal knows of it: it need not be told again. */
		TRY(db_crl_noted(cx, tx, issuer.tenant_id, issuer.id, &row,
		    1));
		n_changed += changed;
	}
	*out_changed = n_changed;
	return OK;
}
