/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/claim.h"

#include "authority/claim_proof.h"
#include "authority/device.h"
#include "authority/event.h"
#include "authority/handover.h"
#include "authority/receipt.h"
#include "authority/revoked.h"
#include "authority/transfer.h"
#include "base/base.h"
#include "db/group.h"

#define GROUP_DEFAULT	"default"
#define N_SCHEMES	COUNT_OF(schemes)

/* What follows the scheme is lower-case hex of that many digits. */
static const struct { const char *name; size_t n_hex; } schemes[] = {
	{ "tpm-ek", 64 },	/* SHA-256 of the EK's SPKI */
	{ "tpm-ak", 68 },	/* name of an AK, of SHA-256 */
	{ "tpm-ak-cert", 64 },	/* SHA-256 of the SPKI in its certificate */
	{ "sgx", 64 },		/* SHA-256 of the PPID; TDX likewise */
	{ "snp", 128 },		/* CHIP_ID */
	{ "snp-vlek", 64 },	/* SHA-256 of provider and CHIP_ID */
	{ "psa", 66 },		/* UEID of type RAND: 01 and 32 bytes */
	{ "dice", 64 },		/* SHA-256 of the device ID key's SPKI */
	{ "idevid", 64 },	/* SHA-256 of issuer's SPKI and serialNumber */
	{ "android", 64 },	/* SHA-256 of attestation root and serial */
	{ "webauthn", 64 },	/* SHA-256 of issuer's SPKI and device's name */
	{ "optee", 64 },	/* SHA-256 of the key's SPKI */
	{ "key", 128 },		/* X and Y of a P-256 point */
};

const char *
claim_scheme(size_t i, size_t *out_n_hex)
{
	if (i >= N_SCHEMES)
		return NULL;
	*out_n_hex = schemes[i].n_hex;
	return schemes[i].name;
}

static bool
is_hex(const char *text, size_t n)
{
	return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

bool
claim_is_device_id(const char *text)
{
	return is_hex(text, DEVICE_ID_SIZE - 1);
}

bool
claim_is_hardware_id(const char *text)
{
	for (size_t i = 0; i < N_SCHEMES; i++) {
		size_t n = strlen(schemes[i].name);

		if (strncmp(text, schemes[i].name, n) == 0 && text[n] == ':')
			return is_hex(text + n + 1, schemes[i].n_hex);
	}
	return false;
}

/* --- making one ------------------------------------------------------ */

struct err
claim_device_id(struct ctx *cx, const struct claim_request *r,
    char out[static DEVICE_ID_SIZE])
{
	if ((r->device_id == NULL) == (r->hardware_id == NULL))
		return FAIL_AT(cx, ERR_FIELD, "",
		    "give device_id or hardware_id, not both");
	if (r->hardware_id != NULL) {
		if (!claim_is_hardware_id(r->hardware_id))
			return FAIL_AT(cx, ERR_FIELD, "/hardware_id",
			    "not a hardware ID: <scheme>:<lower-case hex>");
		attest_device_id(r->hardware_id, out);
		return OK;
	}
	if (!claim_is_device_id(r->device_id))
		return FAIL_AT(cx, ERR_FIELD, "/device_id",
		    "not a device ID: 64 lower-case hex digits");
	memcpy(out, r->device_id, DEVICE_ID_SIZE);
	return OK;
}

/* The tenant has it already: what is on record, and perhaps a name for it. */
static struct err
keep(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const struct device_row *device, const char *hardware_id,
    struct claim_result *out)
{
	struct db_group group;
	struct claim_row claim;
	bool found;

	if (hardware_id != NULL && device->hardware_id == NULL && !c->dry)
		TRY(db_device_bind_hardware(cx, tx, device->id, hardware_id));
	TRY(db_group_by_id(cx, tx, c->tenant_id, device->group_id, &group));
	TRY(db_claim_find(cx, tx, c->tenant_id, device->device_id, &claim,
	    &found));
	if (!found)
		return FAIL(cx, ERR_STORAGE, "device without an open claim");
	*out = (struct claim_result){
		.device_id = device->device_id,
		.hardware_id = device->hardware_id != NULL ?
		    device->hardware_id : hardware_id,
		.group = group.name,
		.claimed_s = claim.claimed_s, .claimed_by = claim.claimed_by,
		.was_own = true,
	};
	return OK;
}

/* Whoever had it before has left no labels. */
static struct err
put_labels(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    int64_t id, const struct claim_result *r, const char *labels)
{
	json_t *told;

	if (labels == NULL)
		return OK;
	TRY(db_device_label(cx, tx, c->tenant_id, id, labels));
	told = json_loads(labels, 0, NULL);
	ASSERT(told != NULL);
	return event_add(cx, tx, c->tenant_id, EVENT_DEVICE_LABELLED,
	    r->device_id, c->by, json_pack("{s:o}", "labels", told));
}

static struct err
note_claimed(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const struct claim_result *r, const char *proof)
{
	return event_add(cx, tx, c->tenant_id, EVENT_DEVICE_CLAIMED, r->device_id,
	    c->by, json_pack("{s:s, s:s*, s:s*}", "group", r->group,
	    "hardware_id", r->hardware_id, "proof", proof));
}

/* Nobody has it: device is its released row, or NULL when there is none. */
static struct err
take(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const struct device_row *device, const struct db_group *group,
    const struct claim_request *request, struct claim_result *r)
{
	const char *proof;
	int64_t id;

	TRY(claim_proof_use(cx, tx, c, request, &proof));
	if (device == NULL) {
		TRY(db_device_add(cx, tx, c->tenant_id, r->device_id,
		    r->hardware_id, group->id, c->at_s, &id));
	} else {
		id = device->id;
		TRY(db_device_take(cx, tx, c->tenant_id, id, group->id,
		    c->at_s));
		if (r->hardware_id != NULL && device->hardware_id == NULL)
			TRY(db_device_bind_hardware(cx, tx, device->id,
			    r->hardware_id));
		if (device->hardware_id != NULL)
			r->hardware_id = device->hardware_id;
	}
	TRY(db_claim_open(cx, tx, c->tenant_id, r->device_id, group->id,
	    c->at_s, c->by));
	TRY(note_claimed(cx, tx, c, r, proof));
	return put_labels(cx, tx, c, id, r, request->labels);
}

/* Whose devices of another group are not to be seen. */
static bool
may_see(const struct claimer *c, const struct device_row *device)
{
	return device->tenant_id == c->tenant_id &&
	    (c->group_id == 0 || device->group_id == c->group_id);
}

/* Into which it is claimed: one that was named, or a usual one. */
static struct err
find_group(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const char *name, struct db_group *out)
{
	if (name == NULL && c->group_id != 0)
		return db_group_by_id(cx, tx, c->tenant_id, c->group_id, out);
	TRY(db_group_by_name(cx, tx, c->tenant_id, name == NULL ?
	    GROUP_DEFAULT : name, out));
	if (c->group_id != 0 && out->id != c->group_id)
		return FAIL(cx, ERR_NOT_FOUND, "group %s", name);
	return OK;
}

struct err
claim_make_in(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const struct claim_request *request, struct claim_result *out)
{
	char device_id[DEVICE_ID_SIZE];
	struct claim_result r = {
		.hardware_id = request->hardware_id,
		.claimed_s = c->at_s, .claimed_by = c->by,
	};
	struct device_row device;
	struct db_group group;
	bool found;

	TRY(claim_device_id(cx, request, device_id));
	TRY(db_device_by_id(cx, tx, device_id, &device, &found));
	if (found && may_see(c, &device))
		return keep(cx, tx, c, &device, request->hardware_id, out);
	TRY(claim_proof_check(cx, tx, c, device_id, request));
	if (found && device.tenant_id != 0)
		return FAIL(cx, ERR_CLAIM_TAKEN, "device %s", device_id);
	TRY(find_group(cx, tx, c, request->group, &group));
	r.device_id = arena_strdup(cx->arena, device_id);
	r.group = group.name;
	if (!c->dry)
		TRY(take(cx, tx, c, found ? &device : NULL, &group, request,
		    &r));
	*out = r;
	return OK;
}

struct making {
	struct claimer			 claimer;
	const struct claim_request	*request;
	struct claim_result		*out;
	struct err			 why;	/* it was not made */
};

static struct err
make_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct making *m = arg;

	/* A wrong try is counted, so its transaction is not undone. */
	m->why = claim_make_in(cx, tx, &m->claimer, m->request, m->out);
	if (m->why.code == ERR_CLAIM_PROOF)
		return OK;
	TRY(m->why);
	return receipt_add(cx, tx);
}

struct err
claim_make(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct claim_request *request, struct claim_result *out)
{
	struct claim_request sealed = *request;
	struct making m = {
		.claimer = { .tenant_id = tenant->id, .by = by->name,
		    .at_s = ctx_now(cx), .group_id = by->group_id },
		.request = &sealed, .out = out,
	};

	TRY(claim_proof_wanted(cx, a, request->proof, &m.claimer.proof));
	claim_request_seal(cx, a, tenant->name, &sealed);
	TRY(db_write(cx, a->db, make_work, &m));
	return m.why;
}

/* --- giving up ------------------------------------------------------- */

struct err
claim_release_in(struct ctx *cx, struct db_tx *tx, const struct claimer *by,
    const char *device_id, const char *reason, struct revoked_list *out)
{
	int64_t tenant_id = by->tenant_id;
	struct device_row device;
	bool found;

	TRY(db_device_by_id(cx, tx, device_id, &device, &found));
	if (!found || !may_see(by, &device))
		return FAIL(cx, ERR_NOT_FOUND, "device %s", device_id);
	if (db_device_is_barred(device.state))
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the device is banned: lift the ban before its release");
	if (by->dry)
		return OK;
	TRY(transfer_drop(cx, tx, &device, by->by));
	TRY(handover_leave(cx, tx, &device, &(struct leaving){
	    .at_s = by->at_s, .by = by->by, .reason = reason }, out));
	return event_add(cx, tx, tenant_id, EVENT_DEVICE_RELEASED, device_id,
	    by->by, json_pack("{s:s*, s:I}", "reason", reason,
	    "revoked", (json_int_t)out->n));
}

struct releasing {
	struct claimer		 by;
	const char		*device_id, *reason;
	struct revoked_list	 revoked;
};

static struct err
release_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct releasing *r = arg;

	return claim_release_in(cx, tx, &r->by, r->device_id, r->reason,
	    &r->revoked);
}

struct err
claim_release(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const char *device_id, const char *reason)
{
	struct releasing r = {
		.by = { tenant->id, by->name, ctx_now(cx), false,
		    CLAIM_PROOF_NONE, by->group_id },
		.device_id = device_id, .reason = reason,
	};

	TRY(db_write(cx, a->db, release_work, &r));
	revoked_tell_all(a, &r.revoked);
	return OK;
}

/* --- taking it back --------------------------------------------------- */

struct restoring {
	const struct authority	*a;
	struct claimer		 by;
	const char		*device_id;
	struct claim_result	*out;
};

/* Is the claim that ended last one that may go on? */
static struct err
check_restorable(struct ctx *cx, struct db_tx *tx, const struct restoring *r,
    const struct device_row *device, const struct claim_row *last)
{
	int64_t newest;

	TRY(db_claim_newest(cx, tx, r->device_id, &newest));
	if (device->tenant_id != 0 || newest != last->id)
		return FAIL(cx, ERR_CLAIM_TAKEN, "device %s", r->device_id);
	if (last->transferred_to != NULL)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the device was not released but transferred");
	if (r->by.at_s >= last->released_s + r->a->limits.release_undo_s)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the time in which it could be undone is over");
	return OK;
}

static struct err
restore_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct restoring *r = arg;
	int64_t tenant_id = r->by.tenant_id;
	struct device_row device;
	struct claim_row last;
	struct db_group group;
	bool known, found;

	TRY(db_device_by_id(cx, tx, r->device_id, &device, &known));
	TRY(db_claim_last(cx, tx, tenant_id, r->device_id, &last, &found));
	if (!known || !found)
		return FAIL(cx, ERR_NOT_FOUND, "device %s", r->device_id);
	if (device.tenant_id == tenant_id) {
		TRY(keep(cx, tx, &r->by, &device, NULL, r->out));
		return receipt_add(cx, tx);
	}
	TRY(check_restorable(cx, tx, r, &device, &last));
	TRY(handover_group(cx, tx, tenant_id, last.left_group_id, &group));
	TRY(handover_arrive(cx, tx, &device, &(struct arriving){
	    .tenant_id = tenant_id, .group_id = group.id,
	    .at_s = r->by.at_s, .by = r->by.by }));
	*r->out = (struct claim_result){
		.device_id = device.device_id,
		.hardware_id = device.hardware_id, .group = group.name,
		.claimed_s = r->by.at_s, .claimed_by = r->by.by,
	};
	TRY(event_add(cx, tx, tenant_id, EVENT_DEVICE_RESTORED, r->device_id,
	    r->by.by, json_pack("{s:s}", "group", group.name)));
	return receipt_add(cx, tx);
}

struct err
claim_restore(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const char *device_id, struct claim_result *out)
{
	struct restoring r = {
		.a = a, .by = { tenant->id, by->name, ctx_now(cx), false,
		    CLAIM_PROOF_NONE, by->group_id },
		.device_id = device_id, .out = out,
	};

	return db_write(cx, a->db, restore_work, &r);
}

/* --- history --------------------------------------------------------- */

struct listing {
	int64_t				 tenant_id;
	const struct claim_filter	*filter;
	struct claim_row		*items;
	size_t				 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_claim_list(cx, tx, l->tenant_id, l->filter, &l->items,
	    &l->n);
}

struct err
claim_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct claim_filter *filter,
    struct claim_row **out, size_t *out_n)
{
	struct listing l = { .tenant_id = tenant->id, .filter = filter };

	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.items;
	*out_n = l.n;
	return OK;
}
