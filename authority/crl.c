/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/crl.h"

#include "authority/signer.h"
#include "db/ca.h"
#include "db/certificate.h"

struct job {
	const struct authority	*authority;
	const struct issuer	*issuer;
	int64_t			 now_s;
	uint64_t		 number;
	struct revoked_row	*rows;
	size_t			 n_rows;
	struct slice		 der;
	int64_t			 next_s;
};

static struct err
take_number(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct job *job = arg;
	struct db_ca row;

	TRY(db_ca_by_id(cx, tx, job->issuer->id, &row));
	job->number = row.crl_number + 1;
	TRY(db_ca_crl_number_take(cx, tx, job->issuer->tenant.id,
	    job->issuer->id, job->number));
	/*
	 * Read in the same transaction: two CRLs made at once then differ in
	 * their numbers the way they differ in what they saw.
	 */
	return db_certificates_revoked(cx, tx, job->issuer->id,
	    job->now_s - job->authority->limits.crl_life_s, &job->rows,
	    &job->n_rows);
}

static struct err
keep(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct job *job = arg;

	return db_ca_crl_set(cx, tx, job->issuer->tenant.id, job->issuer->id,
	    job->number, job->der, job->next_s);
}

static struct err
entries_of(struct ctx *cx, const struct job *job,
    struct order_crl_entry **out)
{
	struct order_crl_entry *entries = arena_array(cx->arena, job->n_rows,
	    sizeof(*entries));

	for (size_t i = 0; i < job->n_rows; i++) {
		if (job->rows[i].serial.n != WIRE_SERIAL_SIZE)
			return FAIL(cx, ERR_STORAGE, "a serial of %zu bytes",
			    job->rows[i].serial.n);
		memcpy(entries[i].serial, job->rows[i].serial.p,
		    WIRE_SERIAL_SIZE);
		entries[i].revoked_s = job->rows[i].revoked_s;
		entries[i].reason = (uint8_t)job->rows[i].reason;
	}
	*out = entries;
	return OK;
}

struct err
crl_make(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, struct crl_made *out)
{
	struct job job = { .authority = a, .issuer = issuer,
	    .now_s = ctx_now(cx) };
	struct order order = { .type = ORDER_SIGN_CRL };
	struct order_crl_entry *entries;
	struct answer answer;

	TRY(db_write(cx, a->db, take_number, &job));
	TRY(entries_of(cx, &job, &entries));
	job.next_s = job.now_s + a->limits.crl_life_s;
	if (job.next_s > issuer->not_after_s)
		job.next_s = issuer->not_after_s;
	order.sign_crl = (struct order_sign_crl){
		.ca = issuer->sealed, .tenant = issuer->tenant.name,
		.number = job.number, .this_update_s = job.now_s,
		.next_update_s = job.next_s, .shard_url = "",
		.n_entries = job.n_rows, .entries = entries,
	};
	TRY(signer_call(cx, a->signer, &order, &answer));
	job.der = answer.object;
	/* A greater one, when the database is older than the journal. */
	job.number = answer.crl_number;
	TRY(db_write(cx, a->db, keep, &job));
	*out = (struct crl_made){ job.der, job.number, job.now_s, job.next_s };
	return OK;
}
