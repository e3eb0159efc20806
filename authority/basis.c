/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/basis.h"

#include <sodium.h>

#include "authority/certificate.h"
#include "authority/reference.h"
#include "base/base.h"
#include "db/collateral.h"
#include "db/group.h"
#include "db/policy.h"
#include "pki/cert.h"
#include "policy/appraise.h"
#include "policy/result.h"

#define EK_SHA256_SIZE	32u

/* --- keeping ------------------------------------------------------------ */

static struct slice
hash_of(struct ctx *cx, struct slice bytes)
{
	uint8_t *sha256 = arena_alloc(cx->arena, 32);

	(void)crypto_hash_sha256(sha256, bytes.p, bytes.n);
	return SLICE(sha256, 32);
}

static struct slice
activation_bytes(struct ctx *cx, const struct trust_activation *known)
{
	struct buf b = buf_in(cx->arena, EK_SHA256_SIZE + known->ak_name.n);

	put_bytes(&b, SLICE_OF(known->ek_spki_sha256));
	put_bytes(&b, known->ak_name);
	ASSERT(!b.bad);
	return SLICE(b.p, b.n);
}

static struct err
keep_pieces(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct trust_pieces *pieces)
{
	for (size_t i = 0; i < pieces->n; i++)
		TRY(db_collateral_use(cx, tx, tenant_id,
		    SLICE_OF(pieces->sha256), SLICE_OF(pieces->items[i])));
	return OK;
}

struct err
basis_keep(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t certificate, const struct attestation_row *a,
    const struct appraised *fresh, const char *sets)
{
	struct certificate_basis basis = {
		.format = a->format, .verdict = a->verdict,
		.policy_group = a->policy_group == NULL ? "" :
		    a->policy_group,
		.appraised_s = a->at_s, .policy_version = a->policy_version,
		.evidence_sha256 = a->evidence_sha256,
		.policy_sha256 = a->policy_sha256,
	};

	if (fresh != NULL) {
		basis.collateral_sha256 = SLICE_OF(fresh->collateral.sha256);
		basis.claims_sha256 = hash_of(cx, slice_text(a->claims));
		basis.nonce = fresh->nonce;
		basis.sets = sets;
		if (fresh->activated)
			basis.activation = activation_bytes(cx,
			    &fresh->activation);
		TRY(keep_pieces(cx, tx, tenant_id, &fresh->collateral));
	}
	return db_basis_add(cx, tx, tenant_id, certificate, &basis);
}

/* --- making it again ------------------------------------------------------ */

const char *
replay_outcome_name(enum replay_outcome outcome)
{
	static const char *const names[REPLAY_OUTCOMES] = {
		[REPLAY_SAME] = "same", [REPLAY_DIFFERS] = "differs",
		[REPLAY_INCOMPLETE] = "incomplete",
	};

	return names[outcome];
}

/* What is known of then, and what came of it. */
struct again {
	int64_t			 tenant_id;
	const char		*serial;
	const json_t		*evidence;
	struct certificate_row	 row;
	struct db_policy	 policy;
	bool			 has_policy;
	struct attestation	 attestation;
	struct replay		 replay;
};

static void
end(struct again *g, enum replay_outcome outcome, const char *part,
    const char *detail)
{
	g->replay.outcome = outcome;
	g->replay.part = part;
	g->replay.detail = detail;
}

static bool
is_over(const struct again *g)
{
	return g->replay.part != NULL;
}

/* A renewal without evidence rests on an earlier decision: what its own record
 * does not have is in that one's, and what it has is held against. */
static struct err
read_basis(struct ctx *cx, struct db_tx *tx, struct again *g)
{
	struct certificate_basis *b = &g->replay.basis, fresh;
	bool found;

	TRY(db_basis_get(cx, tx, g->tenant_id, g->row.id, b,
	    &g->replay.has_basis));
	if (!g->replay.has_basis || b->collateral_sha256.n > 0)
		return OK;
	TRY(db_basis_fresh(cx, tx, g->tenant_id, g->row.device_id, b, &fresh,
	    &found));
	if (!found)
		return OK;
	b->collateral_sha256 = fresh.collateral_sha256;
	b->claims_sha256 = fresh.claims_sha256;
	b->nonce = fresh.nonce;
	b->activation = fresh.activation;
	b->sets = fresh.sets;
	return OK;
}

/* A group that is gone took its policies along. */
static struct err
read_policy(struct ctx *cx, struct db_tx *tx, struct again *g)
{
	const struct certificate_basis *b = &g->replay.basis;
	struct db_group group;
	struct err e;

	e = db_group_by_name(cx, tx, g->tenant_id, b->policy_group, &group);
	if (!failed(e))
		e = db_policy_get(cx, tx, g->tenant_id, group.id,
		    b->policy_version, &g->policy);
	g->has_policy = !failed(e);
	if (!failed(e) || e.code != ERR_NOT_FOUND)
		return e;
	ctx_forget(cx);
	return OK;
}

static struct err
read_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct again *g = arg;
	struct slice serial;
	bool found = false;

	if (text_unhex_any(cx->arena, g->serial, CERTIFICATE_SERIAL_MAX,
	    &serial))
		TRY(db_certificate_by_serial(cx, tx, g->tenant_id, serial,
		    &g->row, &found));
	if (!found)
		return FAIL(cx, ERR_NOT_FOUND, "serial %s", g->serial);
	TRY(read_basis(cx, tx, g));
	return g->replay.has_basis ? read_policy(cx, tx, g) : OK;
}

static struct err
check_record(struct ctx *cx, const struct authority *a, struct again *g)
{
	const struct certificate_basis *b = &g->replay.basis;

	(void)cx;
	(void)a;
	if (!g->replay.has_basis)
		end(g, REPLAY_INCOMPLETE, "record", "there is no record of "
		    "what it was issued on");
	else if (b->nonce.n == 0 || b->claims_sha256.n == 0)
		end(g, REPLAY_INCOMPLETE, "record", "the record is from "
		    "before nonce and claims were kept in it");
	return OK;
}

static struct err
check_evidence(struct ctx *cx, const struct authority *a, struct again *g)
{
	struct slice want = g->replay.basis.evidence_sha256, is;

	(void)a;
	if (g->evidence == NULL) {
		end(g, REPLAY_INCOMPLETE, "evidence", arena_printf(cx->arena,
		    "evidence is not kept here: hand in that of SHA-256 %s",
		    text_hex(cx->arena, want)));
		return OK;
	}
	is = hash_of(cx, json_text(cx, g->evidence));
	if (!slice_equal(is, want))
		end(g, REPLAY_DIFFERS, "evidence", arena_printf(cx->arena,
		    "its SHA-256 is %s, and was %s", text_hex(cx->arena, is),
		    text_hex(cx->arena, want)));
	return OK;
}

/* Versions do not change; but a group may be gone, and another one have its
 * name. */
static struct err
check_policy(struct ctx *cx, const struct authority *a, struct again *g)
{
	const struct certificate_basis *b = &g->replay.basis;
	uint8_t sha256[32];

	(void)a;
	if (!g->has_policy) {
		end(g, REPLAY_INCOMPLETE, "policy", arena_printf(cx->arena,
		    "group %s has no policy %lld", b->policy_group,
		    (long long)b->policy_version));
		return OK;
	}
	reference_hash(g->policy.document, b->sets, sha256);
	if (!slice_equal(b->policy_sha256, SLICE_OF(sha256)))
		end(g, REPLAY_DIFFERS, "policy", arena_printf(cx->arena,
		    "policy %lld of group %s is another one now",
		    (long long)b->policy_version, b->policy_group));
	return OK;
}

static void
tell_refusal(struct ctx *cx, struct again *g)
{
	const struct trail *t = cx->trail;

	g->replay.code = err_dotted(t->err);
	end(g, REPLAY_DIFFERS, "verification", arena_strdup(cx->arena,
	    t->tell[0] != '\0' ? t->tell : err_title(t->err)));
	ctx_forget(cx);
}

static struct err
check_verification(struct ctx *cx, const struct authority *a, struct again *g)
{
	const struct certificate_basis *b = &g->replay.basis;
	struct appraised_then then = {
		.tenant_id = g->tenant_id, .at_s = b->appraised_s,
		.nonce = b->nonce, .collateral_sha256 = b->collateral_sha256,
	};
	struct trust_activation known;
	struct trust_pieces pieces;
	struct cert cert;
	size_t n_missing;
	struct err e;

	TRY(cert_parse(cx, g->row.der, &cert));
	then.spki = cert.spki;
	if (b->activation.n > EK_SHA256_SIZE) {
		memcpy(known.ek_spki_sha256, b->activation.p, EK_SHA256_SIZE);
		known.ak_name = SLICE(b->activation.p + EK_SHA256_SIZE,
		    b->activation.n - EK_SHA256_SIZE);
		then.activation = &known;
	}
	e = appraise_again(cx, a, g->evidence, &then, &g->attestation, &pieces,
	    &n_missing);
	if (failed(e) && err_blame(e) == ERR_BLAME_SELF)
		return e;
	if (failed(e))
		tell_refusal(cx, g);
	else if (n_missing > 0)
		end(g, REPLAY_INCOMPLETE, "collateral", arena_printf(
		    cx->arena, "%zu of its pieces are not kept, or are not "
		    "what they were", n_missing));
	else if (!slice_equal(b->collateral_sha256, SLICE_OF(pieces.sha256)))
		end(g, REPLAY_DIFFERS, "collateral", "other pieces were "
		    "looked at than then");
	return OK;
}

static struct err
check_claims(struct ctx *cx, const struct authority *a, struct again *g)
{
	const struct certificate_basis *b = &g->replay.basis;

	(void)a;
	g->replay.claims = result_claims_text(cx, &g->attestation.claims);
	if (strcmp(g->attestation.format, b->format) != 0 ||
	    !slice_equal(b->claims_sha256, hash_of(cx,
	    slice_text(g->replay.claims))))
		end(g, REPLAY_DIFFERS, "claims", "the evidence says something "
		    "else than then");
	return OK;
}

static struct err
check_verdict(struct ctx *cx, const struct authority *a, struct again *g)
{
	const struct certificate_basis *b = &g->replay.basis;
	struct verdict verdict;
	struct policy policy;

	TRY(policy_parse(cx, g->policy.document, &policy));
	if (b->sets != NULL)
		TRY(reference_apply_then(cx, a, g->tenant_id, b->sets,
		    &g->attestation.claims, &policy));
	policy_appraise(cx, &policy, b->policy_version, b->appraised_s,
	    b->format, &g->attestation.claims, &verdict);
	g->replay.verdict = verdict.tier;
	if (failed(verdict.refusal))
		g->replay.code = err_dotted(verdict.refusal);
	if (strcmp(verdict.tier, b->verdict) != 0)
		end(g, REPLAY_DIFFERS, "verdict", verdict.detail);
	return OK;
}

/* In this order: what is first is told. */
static struct err (*const checks[])(struct ctx *, const struct authority *,
    struct again *) = {
	check_record, check_policy, check_evidence, check_verification,
	check_claims, check_verdict,
};

struct err
basis_replay(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *serial, const json_t *evidence,
    struct replay *out)
{
	struct again *g = ARENA_NEW(cx->arena, struct again);

	g->tenant_id = tenant->id;
	g->serial = serial;
	g->evidence = evidence;
	TRY(db_read(cx, a->db, read_work, g));
	for (size_t i = 0; i < COUNT_OF(checks) && !is_over(g); i++)
		TRY(checks[i](cx, a, g));
	*out = g->replay;
	return OK;
}
