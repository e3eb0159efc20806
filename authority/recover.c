/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/recover.h"

#include <stdio.h>

#include <sodium.h>

#include "authority/audit.h"
#include "authority/ca.h"
#include "authority/crl.h"
#include "authority/event.h"
#include "authority/issuers.h"
#include "authority/recover_revoked.h"
#include "authority/revoked.h"
#include "authority/signer.h"
#include "base/base.h"
#include "db/ca.h"
#include "db/certificate.h"
#include "db/meta.h"
#include "db/stray.h"
#include "db/tenant.h"
#include "pki/cert.h"

#define KEY_SEEN	"journal_seen"	/* seq of the next entry to look at */

/* RFC 5280, 5.3.1: privilegeWithdrawn. */
#define REASON_WITHDRAWN	9

struct batch {
	const struct answer	*answer;
	int64_t			 now_s, until_s;
	uint64_t		 seen;		/* in: first to look at; out: next */
	size_t			 n_brought_in;
	bool			 at_end;	/* met an entry past until_s */
	int64_t			*new_cas;	/* rows, for issuers_add() */
	size_t			 n_new_cas;
	struct revoked_list	 revoked;
};

static struct err
keep_stray(struct ctx *cx, struct db_tx *tx, const struct journal_entry *entry)
{
	struct stray_row row = {
		.seq = entry->seq, .at_s = entry->at_s, .kind = entry->kind,
		.tenant = entry->tenant, .object = entry->object,
	};

	return db_stray_add(cx, tx, &row);
}

static struct err
find_ca(struct ctx *cx, struct db_tx *tx, struct slice key_id,
    struct db_ca *out, bool *out_found)
{
	struct err e = db_ca_any_by_key_id(cx, tx, key_id, out);

	*out_found = !failed(e);
	if (e.code != ERR_NOT_FOUND)
		return e;
	ctx_forget(cx);
	return OK;
}

/* The word of table ca for what a CA certificate is. */
static const char *
role_word(const struct cert *cert, const char *tenant)
{
	if (slice_equal(cert->issuer, cert->subject))
		return "root";
	return strcmp(tenant, TENANT_PLATFORM) == 0 ? "server" : "issuing";
}

static struct err
algorithm_of(struct ctx *cx, const struct cert *cert, const char **out)
{
	static const struct {
		enum key_kind kind; unsigned bits; enum ca_alg alg;
	} kinds[] = {
		{ KEY_P256, 256, CA_ALG_P256 }, { KEY_P384, 384, CA_ALG_P384 },
		{ KEY_ED25519, 256, CA_ALG_ED25519 },
		{ KEY_RSA, 2048, CA_ALG_RSA2048 },
		{ KEY_RSA, 3072, CA_ALG_RSA3072 },
		{ KEY_RSA, 4096, CA_ALG_RSA4096 },
	};
	struct key key;

	TRY(cert_key(cx, cert, &key));
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (kinds[i].kind == key.kind && kinds[i].bits == key.bits) {
			*out = ca_alg_word(kinds[i].alg);
			return OK;
		}
	}
	return FAIL(cx, ERR_STORAGE, "a CA key of %u bits", key.bits);
}

static struct err
bring_in_ca(struct ctx *cx, struct db_tx *tx, struct batch *b,
    const struct journal_entry *entry)
{
	struct db_tenant tenant;
	struct db_ca row, parent;
	bool found;
	struct cert cert;
	struct err e;

	TRY(cert_parse_ca(cx, entry->object, &cert));
	TRY(find_ca(cx, tx, cert.ski, &row, &found));
	if (found)
		return OK;
	b->n_brought_in++;
	e = db_tenant_by_name(cx, tx, entry->tenant, &tenant);
	if (e.code == ERR_NOT_FOUND) {
		ctx_forget(cx);
		return keep_stray(cx, tx, entry);
	}
	TRY(e);
	row = (struct db_ca){
		.tenant_id = tenant.id, .role = role_word(&cert, entry->tenant),
		.state = "retired", .key_id = cert.ski, .serial = cert.serial,
		.certificate = entry->object, .sealed = entry->sealed,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s, .created_s = entry->at_s,
		.staged_s = entry->at_s, .retired_s = b->now_s,
		.changed_s = b->now_s, .look_s = cert.not_after_s + 1,
	};
	TRY(algorithm_of(cx, &cert, &row.algorithm));
	if (strcmp(row.role, "root") != 0) {
		TRY(find_ca(cx, tx, cert.aki, &parent, &found));
		if (!found)
			return keep_stray(cx, tx, entry);
		row.parent_id = parent.id;
	}
	return db_ca_insert(cx, tx, &row, &b->new_cas[b->n_new_cas++]);
}

/* Is the device of a leaf still one that its tenant lets in? */
static struct err
is_withdrawn(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca,
    const char *device_id, bool *out)
{
	struct device_row device;
	bool found;

	TRY(db_device_by_id(cx, tx, device_id, &device, &found));
	*out = strcmp(ca->role, "issuing") == 0 && (!found ||
	    device.tenant_id != ca->tenant_id ||
	    device.state == DEVICE_BANNED);
	return OK;
}

static struct err
bring_in_leaf(struct ctx *cx, struct db_tx *tx, struct batch *b,
    const struct journal_entry *entry)
{
	struct certificate_row row;
	uint8_t spki_sha256[32];
	int64_t id;
	struct db_ca ca;
	struct cert cert;
	bool found, withdrawn;

	TRY(cert_parse(cx, entry->object, &cert));
	TRY(find_ca(cx, tx, cert.aki, &ca, &found));
	if (!found) {
		b->n_brought_in++;
		return keep_stray(cx, tx, entry);
	}
	TRY(db_certificate_find(cx, tx, ca.id, cert.serial, &row, &found));
	if (found)
		return OK;
	b->n_brought_in++;
	TRY(is_withdrawn(cx, tx, &ca, cert.common_name, &withdrawn));
	crypto_hash_sha256(spki_sha256, cert.spki.p, cert.spki.n);
	row = (struct certificate_row){
		.tenant_id = ca.tenant_id, .ca_id = ca.id,
		.serial = cert.serial, .device_id = cert.common_name,
		.spki_sha256 = SLICE_OF(spki_sha256),
		.hardware_key = cert.policy == CERT_POLICY_HARDWARE,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s, .issued_s = entry->at_s,
		.der = entry->object, .recovered = true,
		.shard = crl_url_shard(cert.crl_url),
		.revoked_s = withdrawn ? b->now_s : 0,
		.revoke_reason = withdrawn ? REASON_WITHDRAWN : 0,
	};
	TRY(db_certificate_insert(cx, tx, &row, &id));
	if (withdrawn)
		b->revoked.items[b->revoked.n++] = (struct revoked_one){
		    ca.id, row.shard, cert.serial };
	return event_add(cx, tx, ca.tenant_id, EVENT_CERTIFICATE_RECOVERED,
	    cert.common_name, "recovery", NULL);
}

/* What a CA signed besides CAs and leaves. */
static struct err
bring_in_signed(struct ctx *cx, struct db_tx *tx, struct batch *b,
    const struct journal_entry *entry)
{
	struct db_ca_signed row;
	struct db_ca ca;
	struct cert cert;
	bool found;

	TRY(cert_parse(cx, entry->object, &cert));
	TRY(find_ca(cx, tx, entry->issuer_key_id, &ca, &found));
	if (!found) {
		b->n_brought_in++;
		return keep_stray(cx, tx, entry);
	}
	TRY(db_ca_signed_find(cx, tx, ca.tenant_id, ca.id, cert.serial,
	    &found));
	if (found)
		return OK;
	b->n_brought_in++;
	row = (struct db_ca_signed){
		.tenant_id = ca.tenant_id, .ca_id = ca.id,
		.kind = entry->kind == JOURNAL_CROSS ? "cross" :
		    entry->kind == JOURNAL_OCSP ? "ocsp" :
		    entry->kind == JOURNAL_RESULT ? "result" : "proof",
		.serial = cert.serial, .key_id = cert.ski,
		.certificate = entry->object, .sealed = entry->sealed,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s, .created_s = entry->at_s,
	};
	return db_ca_signed_add(cx, tx, &row);
}

static struct err
bring_in_revoked(struct ctx *cx, struct db_tx *tx, struct batch *b,
    const struct journal_entry *entry)
{
	size_t n_changed;

	TRY(recover_revoked(cx, tx, b->now_s, entry, &b->revoked,
	    &n_changed));
	b->n_brought_in += n_changed;
	return OK;
}

/* A checkpoint that was not heard of is completed.  One that was never planned
 * here tells that this database is of before it: that stays on record. */
static struct err
bring_in_audit(struct ctx *cx, struct db_tx *tx, struct batch *b,
    const struct journal_entry *entry)
{
	struct audit_checkpoint known;
	struct order_note_audit n;
	bool found;

	TRY(audit_state_read(cx, entry->object, &n));
	TRY(db_audit_checkpoint_by_seq(cx, tx, entry->seq, &known, &found));
	if (found)
		return OK;
	TRY(db_stray_has(cx, tx, entry->seq, &found));
	if (found)
		return OK;
	b->n_brought_in++;
	TRY(db_audit_checkpoint_found(cx, tx, n.root, n.at_s, entry->seq,
	    &found));
	if (found)
		return OK;
	TRY(keep_stray(cx, tx, entry));
	return audit_add(cx, tx, AUDIT_PLATFORM, "audit.set-back",
	    arena_printf(cx->arena, "%llu", (unsigned long long)entry->seq),
	    "recovery", json_pack("{s:s,s:s}", "root",
	    text_hex(cx->arena, n.root), "at",
	    text_time_dup(cx->arena, n.at_s)));
}

static struct err
bring_in(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct batch *b = arg;
	size_t n = b->answer->n_entries, n_revoked = n;
	char seen[24];

	b->n_brought_in = b->n_new_cas = b->revoked.n = 0;
	b->new_cas = arena_array(cx->arena, n, sizeof(*b->new_cas));
	for (size_t i = 0; i < n; i++)
		n_revoked += recover_n_revoked(&b->answer->entries[i]);
	b->revoked.items = arena_array(cx->arena, n_revoked,
	    sizeof(*b->revoked.items));
	for (size_t i = 0; i < n; i++) {
		const struct journal_entry *entry = &b->answer->entries[i];

		if (entry->at_s > b->until_s) {
			b->at_end = true;
			break;
		}
		if (entry->kind == JOURNAL_CA)
			TRY(bring_in_ca(cx, tx, b, entry));
		else if (entry->kind == JOURNAL_LEAF)
			TRY(bring_in_leaf(cx, tx, b, entry));
		else if (entry->kind == JOURNAL_CROSS ||
		    entry->kind == JOURNAL_PROOF ||
		    entry->kind == JOURNAL_OCSP ||
		    entry->kind == JOURNAL_RESULT)
			TRY(bring_in_signed(cx, tx, b, entry));
		else if (entry->kind == JOURNAL_AUDIT)
			TRY(bring_in_audit(cx, tx, b, entry));
		else if (entry->kind == JOURNAL_REVOKED)
			TRY(bring_in_revoked(cx, tx, b, entry));
		b->seen = entry->seq + 1;
	}
	(void)snprintf(seen, sizeof(seen), "%llu", (unsigned long long)b->seen);
	return db_meta_put(cx, tx, KEY_SEEN, seen);
}

struct err
recover_seen(struct ctx *cx, struct db_tx *tx, uint64_t *out)
{
	const char *text;
	uint64_t seen = 0;

	TRY(db_meta_get(cx, tx, KEY_SEEN, &text));
	if (text != NULL && !text_parse_uint(text, INT64_MAX, &seen))
		return FAIL(cx, ERR_STORAGE, "%s is not a number", KEY_SEEN);
	*out = seen;
	return OK;
}

static struct err
seen_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	return recover_seen(cx, tx, arg);
}

static struct err
begin_again(struct ctx *cx, struct db_tx *tx, void *arg)
{
	(void)arg;
	return db_meta_put(cx, tx, KEY_SEEN, "1");
}

/* One that has not even the last entry that was looked at is another journal,
 * or an older state of it: what comes next in it would be taken for known. */
static struct err
check_length(struct ctx *cx, const struct authority *a, uint64_t *seen)
{
	struct order order = { .type = ORDER_READ_JOURNAL,
	    .read_journal = { .from = *seen - 1 } };
	struct answer answer;

	if (*seen <= 1)
		return OK;
	TRY(signer_call(cx, a->signer, &order, &answer));
	if (answer.n_entries > 0)
		return OK;
	log_put(a->log, LOG_LEVEL_WARN, "journal.shorter", "expected",
	    arena_printf(cx->arena, "%llu", (unsigned long long)*seen - 1),
	    NULL);
	TRY(db_write(cx, a->db, begin_again, NULL));
	*seen = 1;
	return OK;
}

static struct err
tell(struct ctx *cx, const struct authority *a, const struct batch *b)
{
	if (b->n_brought_in > 0)
		log_put(a->log, LOG_LEVEL_WARN, "journal.recovered", "entries",
		    arena_printf(cx->arena, "%zu", b->n_brought_in), NULL);
	/* Before the issuers are loaded there is nobody to tell. */
	for (size_t i = 0; a->issuers != NULL && i < b->n_new_cas; i++)
		TRY(issuers_add(cx, a, b->new_cas[i]));
	revoked_tell_all(a, &b->revoked);
	return OK;
}

/* One answer's worth of the journal; *out_more is false at its end. */
static struct err
recover_batch(struct ctx *cx, const struct authority *a, struct batch *b,
    bool *out_more)
{
	struct order order = { .type = ORDER_READ_JOURNAL,
	    .read_journal = { .from = b->seen } };
	struct answer answer;

	TRY(signer_call(cx, a->signer, &order, &answer));
	*out_more = answer.n_entries > 0;
	if (!*out_more)
		return OK;
	b->answer = &answer;
	TRY(db_write(cx, a->db, bring_in, b));
	return tell(cx, a, b);
}

struct err
recover(struct ctx *cx, const struct authority *a, int64_t until_s)
{
	struct batch b = { .now_s = ctx_now(cx), .until_s = until_s };
	/* A journal may be long: each batch has memory of its own. */
	struct ctx batch_cx = *cx;
	struct err e = OK;
	bool more = true;

	TRY(db_read(cx, a->db, seen_work, &b.seen));
	batch_cx.arena = arena_new();
	e = check_length(&batch_cx, a, &b.seen);
	arena_reset(batch_cx.arena);
	while (more && !b.at_end && !failed(e)) {
		e = recover_batch(&batch_cx, a, &b, &more);
		arena_reset(batch_cx.arena);
	}
	arena_free(batch_cx.arena);
	return e;
}
