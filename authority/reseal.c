/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/reseal.h"

#include "authority/recover.h"
#include "authority/signer.h"
#include "base/base.h"
#include "base/failpoint.h"
#include "db/ca.h"

#define PAGE	64u	/* records in one transaction */

struct reseal_page {
	int64_t		 after;
	struct db_ca	*cas;
	size_t		 n;
	struct slice	 sealed[PAGE];	/* anew; empty: as it was */
};

static struct err
read_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct reseal_page *page = arg;

	return db_ca_all(cx, tx, page->after, PAGE, &page->cas, &page->n);
}

static struct err
write_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct reseal_page *page = arg;

	for (size_t i = 0; i < page->n; i++)
		if (page->sealed[i].n > 0)
			TRY(db_ca_seal_set(cx, tx, &page->cas[i],
			    page->sealed[i]));
	return OK;
}

/* As the newer key seals it; empty when that is how it is. */
static struct err
ask(struct ctx *cx, struct signer *signer, const struct db_ca *ca,
    struct slice *out)
{
	struct order order = { .type = ORDER_RESEAL,
	    .reseal = { .record = ca->sealed } };
	struct answer answer;
	struct err e = signer_call(cx, signer, &order, &answer);

	if (failed(e))
		return FAIL(cx, e.code, "CA %s of %s: %s",
		    text_hex(cx->arena, ca->key_id), ca->tenant,
		    arena_strdup(cx->arena, cx->trail->note));
	*out = slice_equal(answer.sealed, ca->sealed) ? SLICE_NONE :
	    answer.sealed;
	return OK;
}

/* One page; *out_n is how many there were. */
static struct err
do_page(struct ctx *cx, struct db *db, struct signer *signer, bool change,
    struct reseal_page *page, struct resealed *sum)
{
	size_t changed = 0;

	TRY(db_read(cx, db, read_work, page));
	for (size_t i = 0; i < page->n; i++) {
		const struct db_ca *ca = &page->cas[i];

		page->after = ca->id;
		TRY(ask(cx, signer, ca, &page->sealed[i]));
		if (page->sealed[i].n > 0 && !change)
			return FAIL(cx, ERR_SEAL,
			    "CA %s of %s is sealed by the older key",
			    text_hex(cx->arena, ca->key_id), ca->tenant);
		changed += page->sealed[i].n > 0;
	}
	if (changed > 0)
		TRY(db_write(cx, db, write_work, page));
	sum->records += page->n;
	sum->changed += changed;
	return OK;
}

static struct err
do_all(struct ctx *cx, struct db *db, struct signer *signer, bool change,
    struct resealed *out)
{
	struct reseal_page *page = ARENA_NEW(cx->arena, struct reseal_page);
	struct resealed sum = { 0 };
	struct ctx own = *cx;
	struct err e;

	own.arena = arena_new();
	do {
		e = do_page(&own, db, signer, change, page, &sum);
		arena_reset(own.arena);
		if (change)
			failpoint("rotate.page");
	} while (!failed(e) && page->n == PAGE);
	arena_free(own.arena);
	TRY(e);
	*out = sum;
	return OK;
}

/* What the journal has and the database has not would be sealed by the old key
 * when it comes in.  There is no whole authority for it: one signs what is due,
 * with the URLs of a server. */
static struct err
bring_in(struct ctx *cx, struct db *db, struct signer *signer)
{
	const struct authority a = { .log = cx->log, .db = db,
	    .signer = signer };

	return recover(cx, &a, INT64_MAX);
}

static struct err
forget_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	(void)arg;
	return db_ca_signed_forget(cx, tx, INT64_MAX);
}

struct err
reseal_all(struct ctx *cx, struct db *db, struct signer *signer,
    struct resealed *out)
{
	TRY(bring_in(cx, db, signer));
	TRY(db_write(cx, db, forget_work, NULL));
	return do_all(cx, db, signer, true, out);
}

struct err
reseal_check(struct ctx *cx, struct db *db, struct signer *signer,
    struct resealed *out)
{
	return do_all(cx, db, signer, false, out);
}
