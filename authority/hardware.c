/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/hardware.h"

#include <sodium.h>

#include "attest/tpm_key.h"
#include "authority/claim_proof.h"
#include "authority/inventory.h"
#include "authority/receipt.h"
#include "authority/tenant.h"
#include "authority/trust.h"
#include "codec/der.h"
#include "pki/key.h"
#include "pki/ossl.h"

static struct err
refuse(struct ctx *cx, const char *member, const char *why)
{
	return FAIL_AT(cx, ERR_FIELD, member, "%s", why);
}

/* A SEQUENCE begins with 30; a TPMT_PUBLIC with TPM_ALG_RSA or TPM_ALG_ECC,
 * whose first byte is 00 (TPM 2.0 Part 2, 12.2.4). */
static struct err
spki_of(struct ctx *cx, struct slice key, struct slice *out)
{
	struct tpm_public public;
	struct key parsed;

	if (key.n == 0 || key.n > HARDWARE_KEY_MAX)
		return refuse(cx, "/ek_public", "is empty or too large");
	if (key.p[0] == DER_SEQUENCE) {
		if (failed(key_parse(cx, key, &parsed)) ||
		    parsed.kind == KEY_ED25519)
			return refuse(cx, "/ek_public",
			    "must be an RSA, P-256 or P-384 key");
		*out = key;
		return OK;
	}
	if (failed(tpm_public_parse(cx, key, &public)) ||
	    failed(tpm_key_check_ek(cx, &public)) ||
	    failed(tpm_key_spki(cx, &public, out)))
		return refuse(cx, "/ek_public", "must be a "
		    "SubjectPublicKeyInfo or the TPMT_PUBLIC of an "
		    "endorsement key");
	return OK;
}

static struct err
hardware_id_of(struct ctx *cx, const struct hardware_spec *spec,
    const char **out)
{
	struct slice spki;
	uint8_t sha256[32];

	if ((spec->hardware_id == NULL) == (spec->ek_public.n == 0))
		return refuse(cx, "", "give hardware_id or ek_public, not both");
	if (spec->hardware_id != NULL) {
		if (!claim_is_hardware_id(spec->hardware_id))
			return refuse(cx, "/hardware_id", "not a hardware ID: "
			    "<scheme>:<lower-case hex>");
		*out = spec->hardware_id;
		return OK;
	}
	TRY(spki_of(cx, spec->ek_public, &spki));
	crypto_hash_sha256(sha256, spki.p, spki.n);
	*out = arena_printf(cx->arena, "tpm-ek:%s",
	    text_hex(cx->arena, SLICE_OF(sha256)));
	return OK;
}

/* --- keys that parts sign with ----------------------------------------- */

/* OP-TEE's ID is the SHA-256 of the key. */
static struct err
check_optee(struct ctx *cx, const char *hex, struct slice spki)
{
	uint8_t sha256[32];

	crypto_hash_sha256(sha256, spki.p, spki.n);
	if (strcmp(hex, text_hex(cx->arena, SLICE_OF(sha256))) != 0)
		return refuse(cx, "/public_key",
		    "is not the key whose SHA-256 is in hardware_id");
	return OK;
}

static const struct {
	const char	*prefix;
	struct err	(*check)(struct ctx *, const char *hex,
			    struct slice spki);	/* NULL: any key */
} keyed[] = {
	{ "optee:",	check_optee },
	{ "psa:",	NULL },
};

static bool
is_spki(struct slice der)
{
	const uint8_t *end = der.p;
	AUTO(EVP_PKEY) key = d2i_PUBKEY(NULL, &end, (long)der.n);
	bool is = key != NULL && end == der.p + der.n;

	(void)ossl_code(ERR_FIELD);	/* empties OpenSSL's queue */
	return is;
}

static struct err
check_public_key(struct ctx *cx, const char *hardware_id, struct slice spki)
{
	for (size_t i = 0; i < COUNT_OF(keyed); i++) {
		size_t n = strlen(keyed[i].prefix);

		if (strncmp(hardware_id, keyed[i].prefix, n) != 0)
			continue;
		if (spki.n == 0 || spki.n > HARDWARE_KEY_MAX || !is_spki(spki))
			return refuse(cx, "/public_key", "must be the "
			    "SubjectPublicKeyInfo of the part's key");
		return keyed[i].check == NULL ? OK :
		    keyed[i].check(cx, hardware_id + n, spki);
	}
	if (spki.n > 0)
		return refuse(cx, "/public_key", "is for psa and optee only");
	return OK;
}

struct err
hardware_row(struct ctx *cx, const struct hardware_spec *spec,
    struct db_hardware *out)
{
	struct db_hardware row = {
		.note = spec->note == NULL ? "" : spec->note,
		.expires_s = spec->expires_s, .spki = spec->public_key,
		.model = spec->model, .batch = spec->batch,
	};
	char *device_id = arena_alloc(cx->arena, DEVICE_ID_SIZE);

	TRY(hardware_id_of(cx, spec, &row.hardware_id));
	TRY(check_public_key(cx, row.hardware_id, spec->public_key));
	attest_device_id(row.hardware_id, device_id);
	row.device_id = device_id;
	*out = row;
	return OK;
}

struct adding { struct db_hardware row, *out; const char *actor; };

static struct err
add_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct adding *m = arg;

	TRY(db_hardware_forget(cx, tx, m->row.tenant_id, m->row.hardware_id,
	    m->row.created_s));
	TRY(db_hardware_insert(cx, tx, &m->row, &m->row.id));
	TRY(tenant_event(cx, tx, m->row.tenant_id, EVENT_HARDWARE_ADDED,
	    m->row.hardware_id, m->actor, NULL));
	*m->out = m->row;
	return receipt_add(cx, tx);
}

struct err
hardware_add(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct hardware_spec *spec, struct db_hardware *out)
{
	uint8_t *mac = arena_alloc(cx->arena, CLAIM_MAC_SIZE);
	struct adding m = { .actor = who->name, .out = out };
	struct err e;

	TRY(hardware_row(cx, spec, &m.row));
	m.row.tenant_id = tenant_scope(tenant);
	m.row.created_s = ctx_now(cx);
	m.row.created_by = who->name;
	if (spec->expires_s != 0 && spec->expires_s <= m.row.created_s)
		return refuse(cx, "/expires_at", "must be in the future");
	if (spec->claim_secret != NULL) {
		if (tenant != NULL)
			return refuse(cx, "/claim_secret",
			    "a tenant cannot prove its own claims");
		claim_secret_mac(a, m.row.device_id, spec->claim_secret, mac);
		m.row.claim_secret = SLICE(mac, CLAIM_MAC_SIZE);
	}
	e = db_write(cx, a->db, add_work, &m);
	if (e.code == ERR_EXISTS)
		return FAIL_TELL(cx, ERR_EXISTS, "%s is known already",
		    m.row.hardware_id);
	TRY(e);
	trust_changed(a);
	return OK;
}

struct listing {
	int64_t			 tenant_id;
	struct page		 page;
	struct db_hardware	*items;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_hardware_list(cx, tx, l->tenant_id, l->page.after,
	    (size_t)l->page.limit + 1, &l->items, &l->n);
}

struct err
hardware_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct db_hardware **out,
    size_t *out_n, int64_t *out_next)
{
	struct listing l = {
		.tenant_id = tenant_scope(tenant), .page = page
	};
	bool more;

	TRY(db_read(cx, a->db, list_work, &l));
	more = l.n > page.limit;
	*out = l.items;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.items[page.limit - 1].id : 0;
	return OK;
}

struct err
hardware_delete(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who, int64_t id)
{
	static const struct inventory_kind kind = {
		db_hardware_delete, EVENT_HARDWARE_DELETED
	};

	return inventory_delete(cx, a, tenant, who, &kind, id);
}
