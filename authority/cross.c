/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/cross.h"

#include "authority/ca.h"
#include "authority/event.h"
#include "authority/signer.h"
#include "base/base.h"
#include "base/failpoint.h"
#include "pki/cert.h"

#define CAS_MAX	1000u	/* looked through for roots */

struct job {
	int64_t			 tenant_id;
	struct db_ca		*cas;
	size_t			 n_cas;
	struct db_ca_signed	*made;
	size_t			 n_made;
};

static struct err
read_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct job *job = arg;

	TRY(db_ca_list(cx, tx, job->tenant_id, 0, CAS_MAX, &job->cas,
	    &job->n_cas));
	return db_ca_signed_list(cx, tx, job->tenant_id, "cross", &job->made,
	    &job->n_made);
}

static bool
takes_part(const struct db_ca *ca)
{
	return strcmp(ca->role, "root") == 0 && (
	    strcmp(ca->state, "staged") == 0 ||
	    strcmp(ca->state, "active") == 0 ||
	    strcmp(ca->state, "retiring") == 0);
}

static bool
is_made(const struct job *job, const struct db_ca *signer,
    const struct db_ca *subject)
{
	for (size_t i = 0; i < job->n_made; i++)
		if (job->made[i].ca_id == signer->id &&
		    slice_equal(job->made[i].key_id, subject->key_id))
			return true;
	return false;
}

static struct err
keep_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct db_ca_signed *row = arg;

	TRY(db_ca_signed_add(cx, tx, row));
	return event_add(cx, tx, row->tenant_id, EVENT_CA_CROSS_SIGNED,
	    text_hex(cx->arena, row->key_id), "rollover",
	    json_pack("{s:s}", "serial", text_hex(cx->arena, row->serial)));
}

static struct err
sign_one(struct ctx *cx, const struct authority *a, const struct db_ca *signer,
    const struct db_ca *subject)
{
	struct order order = { .type = ORDER_CROSS_SIGN };
	struct db_ca_signed row;
	struct answer answer;
	struct cert cert;

	order.cross_sign = (struct order_cross_sign){
		.ca = signer->sealed, .subject = subject->sealed,
		.tenant = signer->tenant,
		.crl_url = ca_crl_url(cx, a, signer->key_id.p),
		.aia_url = ca_url(cx, a, signer->key_id.p),
	};
	TRY(signer_call(cx, a->signer, &order, &answer));
	TRY(cert_parse(cx, answer.object, &cert));
	row = (struct db_ca_signed){
		.tenant_id = signer->tenant_id, .ca_id = signer->id,
		.kind = "cross", .serial = cert.serial, .key_id = cert.ski,
		.certificate = answer.object,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s, .created_s = ctx_now(cx),
	};
	failpoint("rollover.crossed");
	return db_write(cx, a->db, keep_work, &row);
}

struct err
cross_sign(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant)
{
	struct job job = { .tenant_id = tenant->id };
	bool changed = false;

	TRY(db_read(cx, a->db, read_work, &job));
	for (size_t i = 0; i < job.n_cas; i++) {
		for (size_t j = 0; j < job.n_cas; j++) {
			const struct db_ca *x = &job.cas[i], *y = &job.cas[j];

			if (i == j || !takes_part(x) || !takes_part(y) ||
			    is_made(&job, x, y))
				continue;
			TRY(sign_one(cx, a, x, y));
			changed = true;
		}
	}
	return changed ? issuers_sync(cx, a, tenant->id) : OK;
}
