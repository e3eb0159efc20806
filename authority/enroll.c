/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/enroll.h"

#include <sodium.h>

#include "authority/appraise.h"
#include "authority/audit.h"
#include "authority/ban.h"
#include "authority/basis.h"
#include "authority/event.h"
#include "authority/issue.h"
#include "authority/policies.h"
#include "authority/reference.h"
#include "authority/refusal.h"
#include "authority/result.h"
#include "authority/revoked.h"
#include "authority/transfer.h"
#include "base/base.h"
#include "base/failpoint.h"
#include "db/ca.h"
#include "db/nonce.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "policy/appraise.h"
#include "policy/match.h"
#include "policy/result.h"

/* RFC 5280, 5.3.1. */
#define REASON_SUPERSEDED	4
#define REASON_WITHDRAWN	9

/* The issuing CA may be tainted or revoked between the order and the commit. */
#define ISSUE_TRIES	3u

/* One run through the loop. */
struct run {
	const struct authority		*authority;
	const struct enroll_request	*request;
	struct csr			 csr;
	struct subject			 subject;
	struct appraised		 appraised;	/* with evidence only */
	struct verdict			 verdict;
	bool				 hardware_key;
	struct reference_used		 policy_used;
	/* The appraisal it rests on: this one, or the last. */
	struct attestation_row		 attested;
	struct issued			 issued;
	struct device_clock		 clock;
	int64_t				 ban_newest;	/* rule held against */
	/* Of the last transaction. */
	int64_t				 now_s;
	struct err			 late;	/* refused after signing */
	struct revoked_list		 revoked;	/* by a transfer */
	bool				 told;	/* a row has the refusal */
};

static bool
has_evidence(const struct run *run)
{
	return run->request->evidence != NULL;
}

static const char *
device_id_of(const struct run *run)
{
	return has_evidence(run) ? run->appraised.device_id :
	    run->subject.device.device_id;
}

/* --- who it is --------------------------------------------------------- */

static struct err
identify_by_evidence(struct ctx *cx, struct run *run)
{
	const struct enroll_request *r = run->request;

	TRY(appraise(cx, run->authority, r->evidence, r->evidence_pointer,
	    r->nonce, run->csr.spki, &run->appraised, &run->subject));
	if (r->client != NULL &&
	    strcmp(r->client->device_id, run->appraised.device_id) != 0)
		return FAIL_TELL(cx, ERR_EV_MISMATCH, "the client certificate "
		    "and the evidence are of different devices");
	return OK;
}

/*
 * Without evidence, possession of the present certificate is all there is, so
 * it may only be prolonged: the same key, and for as long after the last good
 * attestation as the group says.
 */
static struct err
identify_by_client(struct ctx *cx, struct run *run)
{
	const struct client_device *client = run->request->client;
	const struct subject *s = &run->subject;
	struct cert cert;

	TRY(subject_find(cx, run->authority, NULL, client->device_id,
	    &run->subject));
	if (!s->claimed || s->tenant.id != client->tenant.id)
		return FAIL(cx, ERR_CLAIM_NONE, "released meanwhile");
	if (!s->has_attestation || s->attestation.at_s +
	    s->profile.renew_without_evidence_s <= ctx_now(cx))
		return FAIL_AT(cx, ERR_FIELD, "/evidence",
		    "evidence: is missing, and this device's group does not "
		    "renew without it now");
	TRY(cert_parse(cx, client->certificate, &cert));
	if (!slice_equal(cert.spki, run->csr.spki))
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "a new key needs evidence");
	run->hardware_key = cert.policy == CERT_POLICY_HARDWARE;
	return OK;
}

/* --- whether it may ------------------------------------------------------ */

static struct err
check_standing(struct ctx *cx, const struct run *run)
{
	const struct subject *s = &run->subject;

	if (s->known && db_device_is_barred(s->device.state))
		return FAIL_TELL(cx, ERR_HW_BANNED, "%s",
		    s->device.ban_reason == NULL ? "" : s->device.ban_reason);
	if (!s->claimed)
		return FAIL_TELL(cx, ERR_CLAIM_NONE, "device %s",
		    device_id_of(run));
	return OK;
}

static void
keep_result(struct ctx *cx, struct run *run)
{
	const struct appraised *ap = &run->appraised;
	const struct subject *s = &run->subject;

	run->attested = (struct attestation_row){
		.at_s = ctx_now(cx), .format = ap->attestation.format,
		.verdict = run->verdict.tier,
		.claims = result_claims_text(cx, &ap->attestation.claims),
		.evidence_sha256 = SLICE_OF(ap->evidence_sha256),
		.policy_version = run->verdict.policy_version,
		.vector = SLICE_OF(run->verdict.vector),
		.policy_group = s->group.name,
		.policy_sha256 = SLICE_OF(run->policy_used.sha256),
		.ak_name = ap->ak_name,
	};
}

static struct err
check_policy(struct ctx *cx, struct run *run)
{
	const struct subject *s = &run->subject;
	const struct attestation *att = &run->appraised.attestation;
	const struct claim *hardware_key;
	struct policy policy;

	TRY(policy_parse(cx, s->policy.document, &policy));
	TRY(reference_use(cx, run->authority, s->tenant.id,
	    s->policy.document, &att->claims, &policy, &run->policy_used));
	policy_appraise(cx, &policy, s->policy.version, ctx_now(cx),
	    att->format, &att->claims, &run->verdict);
	keep_result(cx, run);
	if (failed(run->verdict.refusal))
		return FAIL_TELL(cx, (enum err_code)run->verdict.refusal.code,
		    "%s", run->verdict.detail);
	hardware_key = claims_find(&att->claims, "hardware_key");
	run->hardware_key = hardware_key != NULL && hardware_key->boolean;
	return OK;
}

/* What the last attestation showed, held against a policy of now. */
static struct err
appraise_last(struct ctx *cx, const struct run *run,
    const struct db_policy *row, struct verdict *out)
{
	const struct subject *s = &run->subject;
	struct reference_used used;
	struct policy policy;
	struct claims claims;

	TRY(policy_parse(cx, row->document, &policy));
	TRY(result_claims_parse(cx, s->attestation.claims, &claims));
	TRY(reference_use(cx, run->authority, s->tenant.id, row->document,
	    &claims, &policy, &used));
	policy_appraise(cx, &policy, row->version, ctx_now(cx),
	    s->attestation.format, &claims, out);
	return OK;
}

struct grace { const struct subject *subject; struct db_policy policy; bool found; };

/* Evidence that was refused since ends it for the device. */
static struct err
find_grace(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct grace *g = arg;
	const struct subject *s = g->subject;
	struct attestation_row refused;

	TRY(db_attestation_refused(cx, tx, s->tenant.id, s->device.id,
	    &refused, &g->found));
	if (g->found) {
		g->found = false;
		return OK;
	}
	return policies_grace(cx, tx, s->tenant.id, s->group.id, &g->policy,
	    &g->found);
}

/* Does it meet the policy of before, whose grace is under way? */
static struct err
check_grace(struct ctx *cx, const struct run *run, bool *out_meets)
{
	struct grace g = { .subject = &run->subject };
	struct verdict verdict;

	TRY(db_read(cx, run->authority->db, find_grace, &g));
	*out_meets = false;
	if (!g.found)
		return OK;
	TRY(appraise_last(cx, run, &g.policy, &verdict));
	*out_meets = !failed(verdict.refusal);
	return OK;
}

/* A policy that was changed, or another group's, holds for what was shown
 * before as well: then it takes evidence to go on, unless there is a grace. */
static struct err
check_last_attestation(struct ctx *cx, struct run *run)
{
	const struct subject *s = &run->subject;
	struct verdict verdict;
	bool meets = true;

	TRY(appraise_last(cx, run, &s->policy, &verdict));
	if (failed(verdict.refusal))
		TRY(check_grace(cx, run, &meets));
	if (!meets)
		return FAIL_AT(cx, ERR_FIELD, "/evidence", "evidence: is "
		    "missing, and the last attestation does not meet the "
		    "policy of now");
	run->attested = s->attestation;
	return OK;
}

static struct err
check_key(struct ctx *cx, const struct run *run)
{
	const struct profile *p = &run->subject.profile;

	if (!profile_takes_key(p, &run->csr.key))
		return FAIL_TELL(cx, ERR_POLICY_KEY_TYPE,
		    "profile %s takes %s", run->subject.profile_row.name,
		    profile_key_words(cx, p->key_types));
	if (p->require_hardware_key && !run->hardware_key)
		return FAIL_TELL(cx, ERR_POLICY_KEY, "profile %s asks for it",
		    run->subject.profile_row.name);
	return OK;
}

static struct err
check_pacing(struct ctx *cx, const struct run *run, bool has_certificate,
    const struct certificate_row *newest)
{
	int64_t next_s = newest->issued_s + run->subject.profile.min_interval_s;

	if (!has_certificate || next_s <= ctx_now(cx) ||
	    newest->not_after_s <= ctx_now(cx))
		return OK;
	cx->trail->retry_after_s = next_s - ctx_now(cx);
	return FAIL_TELL(cx, ERR_PACING, "the next certificate is due in "
	    "%lld s", (long long)(next_s - ctx_now(cx)));
}

/* --- rules that ban -------------------------------------------------------- */

/* As it shows itself now; without evidence, as it did last. */
static struct err
check_bans(struct ctx *cx, struct db_tx *tx, struct run *run)
{
	const struct subject *s = &run->subject;
	const struct attestation *att = &run->appraised.attestation;
	struct match_device d = {
		.device_id = s->device.device_id, .group = s->group.name,
		.format = has_evidence(run) ? att->format :
		    s->attestation.format,
		.claims = &att->claims,
	};
	struct claims last;

	TRY(db_device_labels(cx, tx, s->tenant.id, s->device.id, &d.labels));
	if (!has_evidence(run)) {
		TRY(result_claims_parse(cx, s->attestation.claims, &last));
		d.claims = &last;
	}
	return ban_check(cx, tx, s->tenant.id, &d, &run->ban_newest);
}

static struct err
bans_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct run *run = arg;

	TRY(db_ban_newest(cx, tx, run->subject.tenant.id, &run->ban_newest));
	return run->ban_newest == 0 ? OK : check_bans(cx, tx, run);
}

/* A rule that came after the decision holds as well. */
static struct err
check_bans_still(struct ctx *cx, struct db_tx *tx, const struct run *run)
{
	struct run again = *run;
	int64_t newest;

	TRY(db_ban_newest(cx, tx, run->subject.tenant.id, &newest));
	return newest <= run->ban_newest ? OK : check_bans(cx, tx, &again);
}

static struct err
decide(struct ctx *cx, struct run *run)
{
	TRY(check_standing(cx, run));
	TRY(db_read(cx, run->authority->db, bans_work, run));
	TRY(has_evidence(run) ? check_policy(cx, run) :
	    check_last_attestation(cx, run));
	TRY(check_key(cx, run));
	return check_pacing(cx, run, run->subject.has_certificate,
	    &run->subject.certificate);
}

/* --- recording ------------------------------------------------------------ */

struct refusal { const struct run *run; struct trail *trail; };

/* What the policy asked and was shown, if it was asked. */
static struct err
explain(struct ctx *cx, const struct run *run, struct refusal_row *row)
{
	const struct subject *s = &run->subject;
	struct policy policy;

	if (run->verdict.policy_version == 0)
		return OK;
	row->policy_group = s->group.name;
	row->policy_version = run->verdict.policy_version;
	if (!failed(run->verdict.refusal))
		return OK;
	TRY(policy_parse(cx, s->policy.document, &policy));
	refusal_explain(cx, &policy, &run->appraised.attestation.claims,
	    run->verdict.claim, row);
	return OK;
}

static struct err
record_refusal(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct refusal *r = arg;
	const struct run *run = r->run;
	const struct subject *s = &run->subject;
	const char *code = err_dotted(r->trail->err);
	struct refusal_row row = {
		.at_s = ctx_now(cx), .code = code, .detail = r->trail->tell,
		.format = run->appraised.attestation.format,
	};

	TRY(db_nonce_use(cx, tx, run->appraised.nonce,
	    run->appraised.nonce_expires_s));
	if (!s->claimed)
		return OK;
	/* Of what is not the taker's yet, it keeps nothing but that. */
	if (s->moving)
		return transfer_refused(cx, tx, &s->transfer, code);
	TRY(db_device_refused(cx, tx, s->tenant.id, s->device.id,
	    &(struct device_refused){ code, r->trail->tell, ctx_now(cx),
	    run->clock }));
	TRY(explain(cx, run, &row));
	TRY(db_refusal_add(cx, tx, s->tenant.id, s->device.id, &row));
	/* Pacing and keys are no matter of the appraisal. */
	if (failed(run->verdict.refusal))
		TRY(db_attestation_refuse(cx, tx, s->tenant.id, s->device.id,
		    &run->attested));
	return event_add(cx, tx, s->tenant.id, EVENT_DEVICE_REFUSED,
	    s->device.device_id, "device", json_pack("{s:s}", "code", code));
}

/* Note a refusal of evidence that was authentic; the refusal itself stands
 * whether or not that works. */
static struct err
refuse(struct ctx *cx, struct run *run, struct err e)
{
	struct trail trail = *cx->trail;
	struct refusal r = { run, &trail };
	struct err noted;

	if (!has_evidence(run) || err_blame(e) != ERR_BLAME_POLICY)
		return e;
	noted = db_write(cx, run->authority->db, record_refusal, &r);
	if (noted.code == ERR_NONCE_USED || noted.code == ERR_STORAGE)
		return noted;
	run->told = !failed(noted) && run->subject.claimed;
	*cx->trail = trail;
	return e;
}

static bool
is_bound(const struct device_row *device, const char *hardware_id)
{
	return device->hardware_id != NULL &&
	    strcmp(device->hardware_id, hardware_id) == 0;
}

static struct err
keep_attestation(struct ctx *cx, struct db_tx *tx, const struct run *run)
{
	const struct appraised *ap = &run->appraised;
	const struct subject *s = &run->subject;
	const struct claims *claims = &ap->attestation.claims;
	const struct claim *resets = claims_find(claims, "tpm_reset_count");
	const struct claim *restarts = claims_find(claims, "tpm_restart_count");
	const struct claim *clock = claims_find(claims, "tpm_clock_ms");
	const struct claim *status = claims_find(claims, "status");
	struct attestation_row row = run->attested;

	if (resets != NULL && restarts != NULL && clock != NULL) {
		row.has_counters = true;
		row.reset_count = (int64_t)resets->uint;
		row.restart_count = (int64_t)restarts->uint;
		row.clock_ms = (int64_t)(clock->uint & INT64_MAX);
	}
	TRY(db_attestation_put(cx, tx, s->tenant.id, s->device.id, &row));
	/* What is bound stays so; to write it again would write its index. */
	if (!is_bound(&s->device, ap->attestation.hardware_id))
		TRY(db_device_bind_hardware(cx, tx, s->device.id,
		    ap->attestation.hardware_id));
	return db_device_attested(cx, tx, s->tenant.id, s->device.id,
	    ap->ak_name, status != NULL ? status->text : NULL);
}

/* Is the device still what it was when the decision was made? */
static struct err
check_still(struct ctx *cx, struct db_tx *tx, const struct run *run)
{
	const struct subject *s = &run->subject;
	struct certificate_row newest;
	struct device_row now;
	bool found;

	TRY(db_device_by_id(cx, tx, s->device.device_id, &now, &found));
	if (!found || now.tenant_id != s->tenant.id)
		return FAIL(cx, ERR_CLAIM_NONE, "released meanwhile");
	if (db_device_is_barred(now.state))
		return FAIL(cx, ERR_HW_BANNED, "banned meanwhile");
	TRY(check_bans_still(cx, tx, run));
	if (s->profile.min_interval_s == 0)
		return OK;
	TRY(db_certificate_newest(cx, tx, s->tenant.id, s->device.device_id,
	    &newest, &found));
	return check_pacing(cx, run, found, &newest);
}

/* Has its CA been taken out of service while it was made?  One that a
 * successor took over from is as good as it was. */
static struct err
check_issuer(struct ctx *cx, struct db_tx *tx, const struct run *run)
{
	const char *state;

	TRY(db_ca_state(cx, tx, run->issued.row.tenant_id,
	    run->issued.row.ca_id, &state));
	if (strcmp(state, "active") != 0 && strcmp(state, "retiring") != 0)
		return FAIL_TELL(cx, ERR_CONFLICT, "the issuing CA is %s",
		    state);
	return OK;
}

static struct err
use_nonce(struct ctx *cx, struct db_tx *tx, const struct run *run)
{
	if (!has_evidence(run))
		return OK;
	return db_nonce_use(cx, tx, run->appraised.nonce,
	    run->appraised.nonce_expires_s);
}

static struct err
record_grant(struct ctx *cx, struct db_tx *tx, struct run *run)
{
	const struct subject *s = &run->subject;
	const struct certificate_row *row = &run->issued.row;
	struct device_enrolled e = {
		.at_s = run->now_s, .not_after_s = row->not_after_s,
		.hardware_key = row->hardware_key, .clock = run->clock,
	};

	run->revoked = (struct revoked_list){ NULL, 0 };
	if (s->moving)
		TRY(check_bans_still(cx, tx, run));
	TRY(s->moving ? transfer_complete(cx, tx, &s->transfer,
	    &run->revoked) : check_still(cx, tx, run));
	TRY(check_issuer(cx, tx, run));
	TRY(use_nonce(cx, tx, run));
	TRY(db_certificate_insert(cx, tx, row, &e.certificate));
	if (has_evidence(run))
		TRY(keep_attestation(cx, tx, run));
	TRY(basis_keep(cx, tx, s->tenant.id, e.certificate, &run->attested,
	    has_evidence(run) ? &run->appraised : NULL,
	    run->policy_used.sets));
	TRY(db_device_enrolled(cx, tx, s->tenant.id, s->device.id, &e));
	return event_add(cx, tx, s->tenant.id, s->has_certificate ?
	    EVENT_DEVICE_RENEWED : EVENT_DEVICE_ENROLLED, s->device.device_id,
	    "device", json_pack("{s:s, s:s}",
	    "serial", text_hex(cx->arena, row->serial),
	    "expires_at", text_time_dup(cx->arena, row->not_after_s)));
}

static struct err
grant_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	return record_grant(cx, tx, arg);
}

/*
 * The certificate exists, in the journal, and is not wanted any more: the
 * device was banned or released, its nonce used, its TPM seen to go back,
 * between the decision and the commit.  It is recorded, revoked, and given to
 * nobody.
 */
static struct err
record_unwanted(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct run *run = arg;
	struct certificate_row row = run->issued.row;
	int64_t id;

	row.revoked_s = run->now_s;
	row.revoke_reason = run->late.code == ERR_NONCE_USED ||
	    run->late.code == ERR_CONFLICT ?
	    REASON_SUPERSEDED : REASON_WITHDRAWN;
	return db_certificate_insert(cx, tx, &row, &id);
}

static struct err
record(struct ctx *cx, struct run *run)
{
	const struct authority *a = run->authority;
	struct trail trail;

	failpoint("issue.signed");
	run->now_s = ctx_now(cx);
	run->late = db_write(cx, a->db, grant_work, run);
	failpoint("issue.recorded");
	if (!failed(run->late)) {
		revoked_tell_all(a, &run->revoked);
		return OK;
	}
	trail = *cx->trail;
	if (err_blame(run->late) == ERR_BLAME_POLICY ||
	    err_blame(run->late) == ERR_BLAME_CALLER) {
		TRY(db_write(cx, a->db, record_unwanted, run));
		revoked_tell(a, &(struct revoked_one){
		    run->issued.row.ca_id, run->issued.row.shard,
		    run->issued.row.serial });
	}
	/* Anything else: recovery will find it in the journal. */
	*cx->trail = trail;
	return run->late;
}

/* --- the loop -------------------------------------------------------------- */

/* What leads from the issuer to the root; and, for who trusts only a root
 * before or after this one, from this root to that. */
static void
chain_between(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, struct enrollment *out)
{
	if (issuer->n_above > 0) {
		out->n_between = issuer->n_above - 1;
		memcpy(out->between, issuer->above,
		    out->n_between * sizeof(*out->between));
		return;
	}
	out->n_between = issuers_crosses(cx, a, issuer->parent, out->between);
}

static struct err
tell(struct ctx *cx, const struct run *run, struct enrollment *out)
{
	const struct subject *s = &run->subject;
	const struct certificate_row *row = &run->issued.row;
	const struct issuer *issuer = run->issued.issuer;
	int64_t life_s = row->not_after_s - row->issued_s;
	int64_t percent = s->profile.renew_after_percent;
	bool fresh = has_evidence(run);

	*out = (struct enrollment){
		.device_id = s->device.device_id,
		.hardware_id = fresh ? run->appraised.attestation.hardware_id :
		    s->device.hardware_id,
		.tenant = s->tenant.name, .group = s->group.name,
		.serial = row->serial, .certificate = row->der,
		.issuer = issuer->certificate,
		.root = issuers_root(issuer),
		.not_before_s = row->not_before_s,
		.not_after_s = row->not_after_s,
		.renew_after_s = row->issued_s + life_s * percent / 100,
		/* Half of what is then left is kept for trouble. */
		.renew_before_s = row->issued_s +
		    life_s * (100 + percent) / 200,
		.attested = run->attested,
	};
	chain_between(cx, run->authority, issuer, out);
	return result_appraisal(cx, &out->attested, out->tenant,
	    out->device_id, &out->ear);
}

/* Where its CA went out of service meanwhile, another one may be in its place. */
static struct err
issue(struct ctx *cx, struct run *run)
{
	const struct authority *a = run->authority;
	struct err e = OK;

	for (unsigned i = 0; i < ISSUE_TRIES; i++) {
		TRY(issue_leaf(cx, a, &run->subject,
		    run->subject.device.device_id, run->csr.spki,
		    run->hardware_key, &run->issued));
		e = record(cx, run);
		if (e.code != ERR_CONFLICT)
			return e;
		TRY(issuers_sync(cx, a, run->subject.tenant.id));
	}
	return e;
}

/* What has no row of its own: who sent it may have proved nothing. */
static void
count_refusal(struct ctx *cx, const struct run *run, struct err e)
{
	const struct subject *s = &run->subject;

	if (run->told || err_blame(e) == ERR_BLAME_SELF ||
	    err_blame(e) == ERR_BLAME_PEER)
		return;
	audit_refused(cx, run->authority, &(struct audit_refusal){
	    .tenant_id = s->claimed ? s->tenant.id : AUDIT_PLATFORM,
	    .actor = "", .credential = "", .what = "enrollment", .err = e });
}

static struct err
run_through(struct ctx *cx, struct run *run, struct enrollment *out)
{
	const struct enroll_request *request = run->request;
	struct err e;

	if (request->device_time_s != 0)
		run->clock = (struct device_clock){ true,
		    request->device_time_s - ctx_now(cx) };
	TRY(csr_parse(cx, request->csr, &run->csr));
	if (request->evidence == NULL && request->client == NULL)
		return FAIL_AT(cx, ERR_FIELD, "/evidence",
		    "evidence: is missing, and there is no client certificate");
	TRY(has_evidence(run) ? identify_by_evidence(cx, run) :
	    identify_by_client(cx, run));
	e = decide(cx, run);
	if (failed(e))
		return refuse(cx, run, e);
	TRY(issue(cx, run));
	return tell(cx, run, out);
}

struct err
enroll(struct ctx *cx, const struct authority *a,
    const struct enroll_request *request, struct enrollment *out)
{
	struct run *run = ARENA_NEW(cx->arena, struct run);
	struct err e;

	run->authority = a;
	run->request = request;
	e = run_through(cx, run, out);
	if (failed(e))
		count_refusal(cx, run, e);
	return e;
}
