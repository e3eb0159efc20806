/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/crl.h"

#include "authority/ca.h"
#include "authority/signer.h"
#include "base/failpoint.h"

struct job {
	const struct authority	*authority;
	const struct issuer	*issuer;
	struct crl_key		 key;
	int64_t			 now_s;
	struct crl_row		 before, made;
	struct revoked_row	*rows;
	size_t			 n_rows;
	struct revoked_row	*news;		/* not in the journal yet */
	size_t			 n_news;
};

static struct job
job_of(const struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, unsigned shard)
{
	return (struct job){
		.authority = a, .issuer = issuer,
		.key = { issuer->tenant.id, issuer->id, shard },
		.now_s = ctx_now(cx),
	};
}

/* --- URLs -------------------------------------------------------------- */

const char *
crl_url(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, unsigned shard)
{
	if (shard == CRL_COMPLETE)
		return ca_crl_url(cx, a, issuer->key_id);
	return arena_printf(cx->arena, "%s/crl/%s/%u.crl", a->status_url,
	    text_hex(cx->arena, SLICE_OF(issuer->key_id)), shard);
}

unsigned
crl_url_shard(const char *url)
{
	static const char suffix[] = ".crl";
	const char *slash = strrchr(url, '/');
	size_t n = slash == NULL ? 0 : strlen(slash + 1);
	char digits[8] = "";
	uint64_t shard;

	if (n <= sizeof(suffix) - 1 || n - (sizeof(suffix) - 1) >=
	    sizeof(digits))
		return CRL_COMPLETE;
	n -= sizeof(suffix) - 1;
	memcpy(digits, slash + 1, n);
	if (strcmp(slash + 1 + n, suffix) != 0 ||
	    !text_parse_uint(digits, CRL_SHARDS_MAX, &shard))
		return CRL_COMPLETE;
	return (unsigned)shard;
}

/* --- making ------------------------------------------------------------ */

/* One snapshot, so that the revision counts exactly what the rows show. */
static struct err
read_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct job *job = arg;

	TRY(db_crl_get(cx, tx, &job->key, &job->before, &job->made.revision));
	return db_crl_entries(cx, tx, &job->key,
	    job->now_s - job->authority->limits.crl_life_s, &job->rows,
	    &job->n_rows);
}

static struct err
entries_of(struct ctx *cx, const struct revoked_row *rows, size_t n,
    struct order_crl_entry **out)
{
	struct order_crl_entry *entries = arena_array(cx->arena, n,
	    sizeof(*entries));

	for (size_t i = 0; i < n; i++) {
		if (rows[i].serial.n != WIRE_SERIAL_SIZE)
			return FAIL(cx, ERR_STORAGE, "a serial of %zu bytes",
			    rows[i].serial.n);
		memcpy(entries[i].serial, rows[i].serial.p,
		    WIRE_SERIAL_SIZE);
		entries[i].revoked_s = rows[i].revoked_s;
		entries[i].reason = (uint8_t)rows[i].reason;
	}
	*out = entries;
	return OK;
}

/* --- the journal is told first ------------------------------------------- */

static struct err
not_noted_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct job *job = arg;

	return db_crl_not_noted(cx, tx, job->key.tenant_id, job->key.ca_id,
	    WIRE_REVOKED_MAX, &job->news, &job->n_news);
}

static struct err
noted_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct job *job = arg;

	return db_crl_noted(cx, tx, job->key.tenant_id, job->key.ca_id,
	    job->news, job->n_news);
}

/*
 * What was on a list is never taken back, also not by a database that is put
 * back to an older state: so the journal knows of every revocation before a
 * list is signed that may show it.
 */
static struct err
note_revoked(struct ctx *cx, struct job *job)
{
	struct order order = { .type = ORDER_NOTE_REVOKED };
	struct order_crl_entry *entries;
	struct answer answer;

	do {
		TRY(db_read(cx, job->authority->db, not_noted_work, job));
		if (job->n_news == 0)
			return OK;
		TRY(entries_of(cx, job->news, job->n_news, &entries));
		order.note_revoked = (struct order_note_revoked){
			.ca = job->issuer->sealed,
			.tenant = job->issuer->tenant.name,
			.n_entries = job->n_news, .entries = entries,
		};
		TRY(signer_call(cx, job->authority->signer, &order,
		    &answer));
		failpoint("crl.noted");
		TRY(db_write(cx, job->authority->db, noted_work, job));
	} while (job->n_news == WIRE_REVOKED_MAX);
	return OK;
}

/* --- signing ------------------------------------------------------------- */

/* What is written together is synced together: nobody's enrolment waits for a
 * long list to reach the disk.  It is made again when it is asked for after the
 * next start. */
static struct err
keep_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct job *job = arg;
	struct crl_row row = job->made;

	if (row.der.n > CRL_KEPT_MAX)
		row.der = SLICE_NONE;
	return db_crl_put(cx, tx, &job->key, &row);
}

static struct err
have_signed(struct ctx *cx, struct job *job)
{
	const struct issuer *issuer = job->issuer;
	struct order order = { .type = ORDER_SIGN_CRL };
	struct order_crl_entry *entries;
	struct answer answer;

	TRY(entries_of(cx, job->rows, job->n_rows, &entries));
	job->made.this_s = job->now_s;
	job->made.next_s = job->now_s + job->authority->limits.crl_life_s;
	if (job->made.next_s > issuer->not_after_s)
		job->made.next_s = issuer->not_after_s;
	order.sign_crl = (struct order_sign_crl){
		.ca = issuer->sealed, .tenant = issuer->tenant.name,
		.number = job->before.number + 1,
		.this_update_s = job->made.this_s,
		.next_update_s = job->made.next_s,
		.shard_url = job->key.shard == CRL_COMPLETE ? "" :
		    crl_url(cx, job->authority, issuer, job->key.shard),
		.n_entries = job->n_rows, .entries = entries,
	};
	TRY(signer_call(cx, job->authority->signer, &order, &answer));
	job->made.der = answer.object;
	/* Greater than asked for when another list of this CA has that number,
	 * or the database is older than the journal. */
	job->made.number = answer.crl_number;
	return OK;
}

struct err
crl_make(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, unsigned shard, struct crl_row *out)
{
	struct job job = job_of(cx, a, issuer, shard);

	TRY(db_read(cx, a->db, read_work, &job));
	TRY(note_revoked(cx, &job));
	TRY(have_signed(cx, &job));
	failpoint("crl.signed");
	/* A list that could not be kept has not left this process either, so
	 * its number may be a gap, and never comes twice. */
	TRY(db_write(cx, a->db, keep_work, &job));
	failpoint("crl.kept");
	*out = job.made;
	return OK;
}

static struct err
load_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct job *job = arg;

	return db_crl_get(cx, tx, &job->key, &job->before,
	    &job->made.revision);
}

struct err
crl_load(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, unsigned shard, struct crl_row *out,
    bool *out_behind)
{
	struct job job = job_of(cx, a, issuer, shard);

	TRY(db_read(cx, a->db, load_work, &job));
	*out = job.before;
	*out_behind = job.before.revision != job.made.revision;
	return OK;
}
