/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/dcap_tcb.h"

#include "base/base.h"

/* The levels that hold; NULL where none does. */
struct levels {
	const struct tcb_judgement *sgx;	/* by the PCK's components */
	const struct tcb_judgement *platform;	/* the TDX level, or sgx */
	const struct tcb_judgement *qe;
	const struct tcb_judgement *module;
	bool		 module_has_levels;
};

/* --- the quoting enclave ---------------------------------------------- */

static bool
masked_equal(struct slice value, const uint8_t *mask, const uint8_t *want)
{
	for (size_t i = 0; i < value.n; i++)
		if ((value.p[i] & mask[i]) != want[i])
			return false;
	return true;
}

static struct err
check_qe(struct ctx *cx, const struct dcap_quote *q,
    const struct qe_identity *id)
{
	const struct sgx_report *qe = &q->qe;

	if (id->id != (q->tee == DCAP_TDX ? QE_OF_TDX : QE_OF_SGX))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the QE identity is of another kind of enclave");
	if (!masked_equal(qe->misc_select, id->misc_select_mask,
	    id->misc_select))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the quoting enclave's MISCSELECT");
	if (!masked_equal(qe->attributes, id->attributes_mask,
	    id->attributes))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the quoting enclave's attributes");
	if (!slice_equal(qe->mrsigner, SLICE_OF(id->mrsigner)))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the quoting enclave's MRSIGNER");
	if (qe->isv_prod_id != id->isv_prod_id)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the quoting enclave's ISVPRODID");
	return OK;
}

/* Levels are in descending order: the first that is reached. */
static const struct tcb_judgement *
find_isv_level(const struct isv_level *levels, size_t n, uint16_t isv_svn)
{
	for (size_t i = 0; i < n; i++)
		if (levels[i].isv_svn <= isv_svn)
			return &levels[i].judgement;
	return NULL;
}

/* --- the TDX module --------------------------------------------------- */

/* TEE_TCB_SVN: [0] is the module's ISVSVN, [1] its version. */
static const struct tdx_module *
find_module(const struct tcb_info *tcb, uint8_t version)
{
	for (size_t i = 0; i < tcb->n_modules; i++)
		if (tcb->modules[i].version == version)
			return &tcb->modules[i];
	return NULL;
}

static struct err
check_module(struct ctx *cx, const struct td_report *td,
    const struct tcb_info *tcb, struct levels *levels)
{
	uint8_t version = td->tee_tcb_svn.p[1];
	const struct tdx_module *m = version == 0 ? &tcb->module
	    : find_module(tcb, version);

	if (m == NULL)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "no identity of a TDX module of version %u", version);
	if (!slice_equal(td->mr_signer_seam, SLICE_OF(m->mrsigner)))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the TDX module's MRSIGNER");
	if (!masked_equal(td->seam_attributes, m->mask, m->attributes))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "the TDX module's attributes");
	/* Before there were identities, the platform's levels had it all. */
	levels->module_has_levels = version != 0;
	if (version != 0)
		levels->module = find_isv_level(m->levels, m->n_levels,
		    td->tee_tcb_svn.p[0]);
	return OK;
}

/* --- the platform ----------------------------------------------------- */

/* At least as high in each number, from one on. */
static bool
reaches(const uint8_t *have, const uint8_t *need, size_t from)
{
	for (size_t i = from; i < DCAP_SVN_SIZE; i++)
		if (have[i] < need[i])
			return false;
	return true;
}

static void
find_platform_level(const struct dcap_quote *q, const struct pck *pck,
    const struct tcb_info *tcb, struct levels *out)
{
	for (size_t i = 0; i < tcb->n_levels && out->platform == NULL; i++) {
		const struct tcb_level *l = &tcb->levels[i];
		const uint8_t *tdx = q->td.tee_tcb_svn.p;

		if (!reaches(pck->components, l->sgx, 0) ||
		    pck->pce_svn < l->pce_svn)
			continue;
		if (out->sgx == NULL)
			out->sgx = &l->judgement;
		/* With a module version, [0] and [1] are the module's own. */
		if (q->tee == DCAP_SGX ||
		    reaches(tdx, l->tdx, tdx[1] > 0 ? 2 : 0))
			out->platform = &l->judgement;
	}
}

/* --- bringing them together ------------------------------------------- */

/* What an out-of-date QE or module makes of a platform's status. */
static enum tcb_status
out_of_date(enum tcb_status status)
{
	switch (status) {
	case TCB_UP_TO_DATE:
	case TCB_SW_HARDENING_NEEDED:
	case TCB_TD_RELAUNCH_ADVISED:
		return TCB_OUT_OF_DATE;
	case TCB_CONFIGURATION_NEEDED:
	case TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
	case TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
		return TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
	default:
		return status;
	}
}

static bool
is_status(const struct tcb_judgement *j, enum tcb_status status)
{
	return j != NULL && j->status == status;
}

static bool
needs_configuration(enum tcb_status status)
{
	return status == TCB_CONFIGURATION_NEEDED ||
	    status == TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
	    status == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

/* Does the module that is loaded now reach the newest level? */
static struct err
reaches_newest(struct ctx *cx, const uint8_t *svn2,
    const struct tcb_info *tcb, bool *out)
{
	const uint8_t *newest = tcb->levels[0].tdx;
	const struct tdx_module *m;

	if (svn2[1] == 0) {
		*out = svn2[0] >= newest[0] && svn2[2] >= newest[2];
		return OK;
	}
	m = find_module(tcb, svn2[1]);
	if (m == NULL)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "no identity of a TDX module of version %u", svn2[1]);
	*out = m->n_levels > 0 && svn2[0] >= m->levels[0].isv_svn &&
	    svn2[2] >= newest[2];
	return OK;
}

/*
 * A TD that was launched under a module since updated (4.1.2.4.17.4.3): its
 * host is current, and only the TD must be started again.
 */
static struct err
check_relaunch(struct ctx *cx, const struct dcap_quote *q,
    const struct tcb_info *tcb, const struct levels *l,
    enum tcb_status *status)
{
	bool newest;

	if (!q->td.is_15 || !is_status(l->qe, TCB_UP_TO_DATE) ||
	    out_of_date(l->sgx->status) == l->sgx->status ||
	    (*status != TCB_OUT_OF_DATE &&
	    *status != TCB_OUT_OF_DATE_CONFIGURATION_NEEDED) ||
	    !is_status(l->module, TCB_OUT_OF_DATE))
		return OK;
	TRY(reaches_newest(cx, q->td.tee_tcb_svn_2.p, tcb, &newest));
	if (newest)
		*status = needs_configuration(l->sgx->status) ||
		    needs_configuration(*status) ?
		    TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED :
		    TCB_TD_RELAUNCH_ADVISED;
	return OK;
}

static struct err
converge(struct ctx *cx, const struct dcap_quote *q,
    const struct tcb_info *tcb, const struct levels *l,
    enum tcb_status *out)
{
	if (is_status(l->sgx, TCB_REVOKED) ||
	    is_status(l->platform, TCB_REVOKED) ||
	    is_status(l->qe, TCB_REVOKED) || is_status(l->module, TCB_REVOKED))
		return FAIL_TELL(cx, ERR_EV_REVOKED,
		    "the level of platform, QE or TDX module is Revoked");
	*out = TCB_NOT_SUPPORTED;
	if (l->platform == NULL || l->qe == NULL ||
	    (l->module_has_levels && l->module == NULL))
		return OK;
	*out = l->platform->status;
	if (is_status(l->module, TCB_OUT_OF_DATE))
		*out = out_of_date(*out);
	if (q->tee == DCAP_TDX)
		TRY(check_relaunch(cx, q, tcb, l, out));
	if (is_status(l->qe, TCB_OUT_OF_DATE))
		*out = out_of_date(*out);
	return OK;
}

/* --- what else the levels say ----------------------------------------- */

static void
add_judgement(struct dcap_verdict *v, const struct tcb_judgement *j)
{
	if (j == NULL)
		return;
	if (!v->has_date || j->date_s < v->date_s)
		v->date_s = j->date_s;
	v->has_date = true;
	for (size_t i = 0; i < j->n_advisories; i++) {
		size_t k = 0;

		while (k < v->n_advisories && strcmp(v->advisories[k],
		    j->advisories[i]) != 0)
			k++;
		if (k == v->n_advisories)
			v->advisories[v->n_advisories++] = j->advisories[i];
	}
}

struct err
dcap_tcb_appraise(struct ctx *cx, const struct dcap_quote *q,
    const struct pck *pck, const struct tcb_info *tcb,
    const struct qe_identity *qe, struct dcap_verdict *out)
{
	struct levels l = { .sgx = NULL };
	struct dcap_verdict v = { .has_date = false };

	TRY(check_qe(cx, q, qe));
	l.qe = find_isv_level(qe->levels, qe->n_levels, q->qe.isv_svn);
	if (q->tee == DCAP_TDX)
		TRY(check_module(cx, &q->td, tcb, &l));
	find_platform_level(q, pck, tcb, &l);
	TRY(converge(cx, q, tcb, &l, &v.status));
	v.advisories = arena_array(cx->arena, DCAP_ADVISORIES_ALL_MAX,
	    sizeof(*v.advisories));
	add_judgement(&v, l.platform);
	add_judgement(&v, l.module);
	add_judgement(&v, l.qe);
	*out = v;
	return OK;
}
