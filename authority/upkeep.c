/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/upkeep.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "authority/anchor.h"
#include "authority/audit.h"
#include "authority/claim_proof.h"
#include "authority/collateral.h"
#include "authority/delegate.h"
#include "authority/event.h"
#include "authority/lapsing.h"
#include "authority/receipt.h"
#include "authority/recover.h"
#include "authority/recovery.h"
#include "authority/rollover.h"
#include "authority/tenant_delete.h"
#include "authority/transfer.h"
#include "authority/reference.h"
#include "authority/report_group.h"
#include "base/base.h"
#include "db/nonce.h"

#define ROUND_S		60
/* No order is under way for that long: SIGNER_MAKE_WAIT_S, a commit, and more. */
#define SETTLED_S	120

struct upkeep {
	const struct authority	*authority;
	pthread_mutex_t		 lock;
	pthread_cond_t		 wake;
	bool			 stop;
	pthread_t		 thread;
};

static struct err
prune(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const int64_t *now_s = arg;

	return db_nonce_prune(cx, tx, *now_s, NULL);
}

static struct err
look_through(struct ctx *cx, const struct authority *a)
{
	return recover(cx, a, ctx_now(cx) - SETTLED_S);
}

static struct err
forget_nonces(struct ctx *cx, const struct authority *a)
{
	int64_t now_s = ctx_now(cx);

	return db_write(cx, a->db, prune, &now_s);
}

static const struct chore {
	const char	*name;
	struct err	(*run)(struct ctx *, const struct authority *);
} chores[] = {
	{ "nonces", forget_nonces },
	{ "journal", look_through },
	{ "rollover", rollover_round },
	{ "ocsp-keys", delegates_round },
	{ "collateral", collateral_round },
	{ "claim-tries", claim_proof_round },
	{ "anchors", anchor_round },
	{ "references", reference_round },
	{ "reports", report_group_round },
	{ "receipts", receipt_round },
	{ "transfers", transfer_round },
	{ "recoveries", recovery_round },
	{ "events", event_prune_round },
	{ "lapsing", lapsing_round },
	{ "tenants", tenant_delete_round },
	{ "audit", audit_round },
};

static void
one_round(const struct authority *a)
{
	for (size_t i = 0; i < COUNT_OF(chores); i++) {
		struct ctx_root root;
		struct err e;

		ctx_root_init(&root, a->log);
		e = chores[i].run(&root.cx, a);
		if (failed(e))
			log_put(a->log, LOG_LEVEL_ERROR, "upkeep.failed",
			    "chore", chores[i].name, "code", err_dotted(e),
			    "note", root.trail.note, NULL);
		ctx_root_fini(&root);
	}
}

static void *
upkeep_main(void *arg)
{
	struct upkeep *u = arg;
	struct timespec until;

	ASSERT(pthread_mutex_lock(&u->lock) == 0);
	while (!u->stop) {
		ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
		until.tv_sec += ROUND_S;
		while (!u->stop && pthread_cond_timedwait(&u->wake, &u->lock,
		    &until) == 0)
			continue;
		if (u->stop)
			break;
		ASSERT(pthread_mutex_unlock(&u->lock) == 0);
		one_round(u->authority);
		ASSERT(pthread_mutex_lock(&u->lock) == 0);
	}
	ASSERT(pthread_mutex_unlock(&u->lock) == 0);
	return NULL;
}

struct upkeep *
upkeep_start(const struct authority *a)
{
	struct upkeep *u = base_alloc(sizeof(*u));
	pthread_condattr_t attr;

	u->authority = a;
	ASSERT(pthread_mutex_init(&u->lock, NULL) == 0);
	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(&u->wake, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	ASSERT(pthread_create(&u->thread, NULL, upkeep_main, u) == 0);
	return u;
}

void
upkeep_stop(struct upkeep *u)
{
	if (u == NULL)
		return;
	ASSERT(pthread_mutex_lock(&u->lock) == 0);
	u->stop = true;
	ASSERT(pthread_cond_signal(&u->wake) == 0);
	ASSERT(pthread_mutex_unlock(&u->lock) == 0);
	ASSERT(pthread_join(u->thread, NULL) == 0);
	(void)pthread_mutex_destroy(&u->lock);
	(void)pthread_cond_destroy(&u->wake);
	free(u);
}
