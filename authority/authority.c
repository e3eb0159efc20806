/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority.h"

#include <stdlib.h>

#include "attest/seen.h"
#include "authority/anchor.h"
#include "authority/courier.h"
#include "authority/audit.h"
#include "authority/crls.h"
#include "authority/delegate.h"
#include "authority/dispatch.h"
#include "authority/feed.h"
#include "authority/issuers.h"
#include "authority/oidc.h"
#include "authority/oidc_fetch.h"
#include "authority/operation.h"
#include "authority/recover.h"
#include "authority/responder.h"
#include "authority/signer.h"
#include "authority/upkeep.h"
#include "base/base.h"

/* What was written is durable: for events, by the note of db/event.c. */
static void
on_commit(void *arg, const int64_t *tenants, size_t n)
{
	struct authority *a = arg;

	feed_told(a->feed, tenants, n);
	dispatch_told(a->dispatch, tenants, n);
}

static struct err
open_parts(struct ctx *cx, const struct authority_conf *conf,
    struct authority *a)
{
	a->feed = feed_new();
	TRY(db_open(cx, &conf->db, &a->db));
	db_watch(a->db, on_commit, a);
	TRY(signer_open(cx, conf->signer, &a->signer));
	/* Before any new order: so nothing in the journal is under way. */
	TRY(recover(cx, a, INT64_MAX));
	TRY(issuers_open(cx, a, &a->issuers));
	a->audit = audit_keeper_new();
	TRY(audit_begin_all(cx, a));
	a->responder = responder_new();
	a->delegates = delegates_new();
	TRY(crls_open(cx, a, &a->crls));
	a->trust = trust_cache_new();
	if (conf->limits.evidence_cache_mb > 0)
		a->seen = seen_new((size_t)conf->limits.evidence_cache_mb <<
		    20);
	a->operations = operations_start(a);
	if (conf->courier != NULL)
		a->courier = courier_open(conf->courier);
	TRY(oidc_open(cx, a, &a->oidc));
	if (a->courier != NULL) {
		a->dispatch = dispatch_start(a);
		a->oidc_fetch = oidc_fetch_start(a);
	}
	a->upkeep = upkeep_start(a);
	return OK;
}

struct err
authority_open(struct ctx *cx, const struct authority_conf *conf,
    struct authority **out)
{
	struct authority *a = base_alloc(sizeof(*a));
	struct err e;

	a->log = conf->log;
	a->keys = conf->keys;
	a->limits = conf->limits;
	a->status_url = conf->status_url;
	a->names = conf->names;
	a->n_names = conf->n_names;
	e = open_parts(cx, conf, a);
	if (failed(e)) {
		authority_close(a);
		return e;
	}
	*out = a;
	return OK;
}

/* What was refused of late, and a last word in the journal.  What cannot be
 * told now is told by the next start. */
static void
end_audit(const struct authority *a)
{
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, a->log);
	e = audit_flush(&root.cx, a);
	if (!failed(e))
		e = audit_anchor(&root.cx, a, NULL);
	if (failed(e))
		log_put(a->log, LOG_LEVEL_WARN, "audit.not-anchored", "code",
		    err_dotted(e), "note", root.trail.note, NULL);
	ctx_root_fini(&root);
}

void
authority_close(struct authority *a)
{
	if (a == NULL)
		return;
	upkeep_stop(a->upkeep);
	dispatch_stop(a->dispatch);
	oidc_fetch_stop(a->oidc_fetch);
	courier_close(a->courier);
	operations_stop(a->operations);
	if (a->upkeep != NULL)
		end_audit(a);
	crls_close(a->crls);
	responder_free(a->responder);
	delegates_free(a->delegates);
	issuers_close(a->issuers);
	trust_cache_free(a->trust);
	audit_keeper_free(a->audit);
	seen_free(a->seen);
	signer_close(a->signer);
	db_close(a->db);
	dispatch_free(a->dispatch);
	oidc_fetch_free(a->oidc_fetch);
	oidc_close(a->oidc);
	feed_free(a->feed);
	free(a);
}
