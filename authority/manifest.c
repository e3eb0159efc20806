/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/manifest.h"

#include <sodium.h>

#include "authority/claim_proof.h"
#include "authority/event.h"
#include "authority/hardware.h"
#include "authority/operation_kinds.h"
#include "authority/receipt.h"
#include "authority/tenant.h"
#include "authority/trust.h"
#include "base/base.h"
#include "pki/jws.h"
#include "pki/key.h"

#define LINES_A_RESET	256u	/* lines that are read in one memory */
#define TRUST_EACH	4096	/* parts between two looks at the trust */

static const char *
sha256_hex(struct ctx *cx, struct slice bytes)
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, bytes.p, bytes.n);
	return text_hex(cx->arena, SLICE_OF(hash));
}

/* --- keys ------------------------------------------------------------ */

struct adding { struct manifest_key_row *row; };

static struct err
add_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct manifest_key_row *row = ((struct adding *)arg)->row;

	TRY(db_manifest_key_insert(cx, tx, row, &row->id));
	TRY(tenant_event(cx, tx, 0, EVENT_MANIFEST_KEY_ADDED, row->name,
	    row->created_by, json_pack("{s:s}", "key", row->key_id)));
	return receipt_add(cx, tx);
}

struct err
manifest_key_add(struct ctx *cx, const struct authority *a,
    const struct principal *who, const char *name, struct slice spki,
    struct manifest_key_row *out)
{
	struct adding adding = { out };
	struct key key;

	if (failed(key_parse(cx, spki, &key)) || key.kind == KEY_P384)
		return FAIL_AT(cx, ERR_FIELD, "/public_key", "is not a key "
		    "of P-256, Ed25519 or RSA (SubjectPublicKeyInfo)");
	*out = (struct manifest_key_row){
		.name = name, .key_id = sha256_hex(cx, spki), .spki = spki,
		.created_s = ctx_now(cx), .created_by = who->name,
	};
	return db_write(cx, a->db, add_work, &adding);
}

struct listing {
	struct page		 page;
	struct manifest_key_row	*rows;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_manifest_key_list(cx, tx, l->page.after, l->page.limit,
	    &l->rows, &l->n);
}

struct err
manifest_key_list(struct ctx *cx, const struct authority *a,
    struct page page, struct manifest_key_row **out, size_t *out_n)
{
	struct listing l = { .page = page };

	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.rows;
	*out_n = l.n;
	return OK;
}

struct deleting { int64_t id; const char *by; };

static struct err
delete_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct deleting *d = arg;

	TRY(db_manifest_key_delete(cx, tx, d->id));
	return tenant_event(cx, tx, 0, EVENT_MANIFEST_KEY_DELETED,
	    arena_printf(cx->arena, "%lld", (long long)d->id), d->by, NULL);
}

struct err
manifest_key_delete(struct ctx *cx, const struct authority *a,
    const struct principal *who, int64_t id)
{
	struct deleting d = { id, who->name };

	return db_write(cx, a->db, delete_work, &d);
}

/* --- lines ----------------------------------------------------------- */

/* A part as it is stored in an operation: its secret is a keyed hash. */
struct part {
	enum err_code	 code;		/* why it cannot be read */
	const char	*hardware_id, *model, *batch, *detail;
	struct slice	 spki, mac;
};

static struct err
read_part(struct ctx *cx, const struct authority *a, struct slice line,
    struct part *out)
{
	char device_id[DEVICE_ID_SIZE];
	const char *secret;
	struct json_in in;
	json_t *object;

	if (line.n > MANIFEST_LINE_MAX)
		return FAIL_TELL(cx, ERR_MALFORMED, "a line of more than %u "
		    "bytes", MANIFEST_LINE_MAX);
	TRY(json_parse(cx, line, &object));
	in = json_in(cx, object, "");
	out->hardware_id = json_get_text(&in, "hardware_id", JSON_REQUIRED,
	    HARDWARE_ID_MAX - 1);
	out->spki = json_get_bytes(&in, "public_key", JSON_OPTIONAL,
	    HARDWARE_KEY_MAX);
	out->model = json_get_text(&in, "model", JSON_OPTIONAL,
	    HARDWARE_WORD_MAX);
	out->batch = json_get_text(&in, "batch", JSON_OPTIONAL,
	    HARDWARE_WORD_MAX);
	secret = json_get_text(&in, "claim_secret", JSON_OPTIONAL,
	    CLAIM_SECRET_MAX);
	if (secret != NULL && strlen(secret) < CLAIM_SECRET_LEAST)
		json_refuse(&in, "claim_secret", "is too short");
	TRY(json_in_done(&in));
	if (!claim_is_hardware_id(out->hardware_id))
		return FAIL_AT(cx, ERR_FIELD, "/hardware_id",
		    "not a hardware ID: <scheme>:<lower-case hex>");
	if (secret != NULL) {
		uint8_t *mac = arena_alloc(cx->arena, CLAIM_MAC_SIZE);

		attest_device_id(out->hardware_id, device_id);
		claim_secret_mac(a, device_id, secret, mac);
		out->mac = SLICE(mac, CLAIM_MAC_SIZE);
	}
	return OK;
}

static void
put_optional(struct buf *b, const char *text)
{
	put_be16_bytes(b, text == NULL ? SLICE_NONE : slice_text(text));
}

static struct err
put_part(struct ctx *cx, const struct authority *a,
    struct operation_input *in, int64_t number, struct slice line)
{
	struct buf b = buf_in(cx->arena, OPERATION_ITEM_MAX);
	struct part part = { .code = ERR_OK };
	struct err e = read_part(cx, a, line, &part);

	if (failed(e)) {
		part = (struct part){ .code = (enum err_code)e.code,
		    .hardware_id = part.hardware_id,
		    .detail = arena_strdup(cx->arena, cx->trail->tell) };
		ctx_forget(cx);
	}
	put_be16(&b, (uint16_t)part.code);
	put_optional(&b, part.hardware_id);
	put_optional(&b, part.model);
	put_optional(&b, part.batch);
	put_optional(&b, part.detail);
	put_be16_bytes(&b, part.spki);
	put_be16_bytes(&b, part.mac);
	ASSERT(!b.bad);
	return operation_put(cx, in, number, buf_slice(&b));
}

/* Each few lines in memory of their own: a manifest is long. */
static struct err
put_lines(struct ctx *cx, const struct authority *a, struct slice rest,
    struct operation_input *in)
{
	struct ctx_root root;
	struct err e = OK;

	ctx_root_init(&root, cx->log);
	for (int64_t n = 1; !failed(e) && rest.n > 0; n++) {
		const uint8_t *end = memchr(rest.p, '\n', rest.n);
		struct slice line = SLICE(rest.p, end == NULL ? rest.n :
		    (size_t)(end - rest.p));

		rest = end == NULL ? SLICE_NONE :
		    SLICE(end + 1, rest.n - line.n - 1);
		if (line.n > 0)
			e = put_part(&root.cx, a, in, n, line);
		if (!failed(e) && n % LINES_A_RESET == 0)
			ctx_root_reset(&root);
	}
	if (failed(e))
		*cx->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}

/* --- a manifest ------------------------------------------------------ */

struct finding {
	const char		*kid;
	struct manifest_key_row	 row;
	bool			 found;
};

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct finding *f = arg;

	return db_manifest_key_find(cx, tx, f->kid, &f->row, &f->found);
}

static struct err
verify(struct ctx *cx, const struct authority *a, const struct jws *jws)
{
	struct finding f = { .kid = jws->kid };

	if (jws->typ == NULL || strcmp(jws->typ, MANIFEST_TYP) != 0)
		return FAIL_TELL(cx, ERR_MANIFEST, "typ is not %s",
		    MANIFEST_TYP);
	if (jws->kid == NULL)
		return FAIL_TELL(cx, ERR_MANIFEST, "there is no kid");
	TRY(db_read(cx, a->db, find_work, &f));
	if (!f.found)
		return FAIL_TELL(cx, ERR_MANIFEST, "kid is not of a key that "
		    "is registered");
	return jws_verify(cx, jws, f.row.spki, ERR_MANIFEST);
}

struct err
manifest_import(struct ctx *cx, const struct authority *a,
    const struct principal *who, struct slice text,
    struct operation_row *out)
{
	struct operation_spec spec = {
		.by = who, .kind = manifest_operation.name,
	};
	struct operation_input *in;
	struct jws jws;
	json_t *params;

	TRY(jws_parse(cx, text, MANIFEST_BYTES_MAX, &jws));
	TRY(verify(cx, a, &jws));
	params = json_keep(cx, json_pack("{s:s, s:s}", "manifest",
	    sha256_hex(cx, text), "key", jws.kid));
	spec.params = (const char *)json_text(cx, params).p;
	TRY(operation_begin(cx, a, &spec, &in));
	TRY(put_lines(cx, a, jws.payload, in));
	return operation_end(cx, in, out);
}

/* --- its operation --------------------------------------------------- */

static const char *
read_optional(struct ctx *cx, struct reader *r)
{
	struct slice s = read_be16_bytes(r, OPERATION_ITEM_MAX);

	return s.n == 0 ? NULL :
	    arena_strndup(cx->arena, (const char *)s.p, s.n);
}

static struct err
stored_part(struct ctx *cx, struct slice bytes, struct part *out)
{
	struct reader r = reader_of(bytes);

	out->code = (enum err_code)read_be16(&r);
	out->hardware_id = read_optional(cx, &r);
	out->model = read_optional(cx, &r);
	out->batch = read_optional(cx, &r);
	out->detail = read_optional(cx, &r);
	out->spki = read_be16_bytes(&r, HARDWARE_KEY_MAX);
	out->mac = read_be16_bytes(&r, CLAIM_MAC_SIZE);
	if (!read_done(&r) || out->code >= ERR_COUNT)
		return FAIL(cx, ERR_INTERNAL, "a stored part");
	return OK;
}

static struct err
take_part(struct ctx *cx, struct db_tx *tx, const struct operation_job *job,
    const struct part *part, const char **out_outcome)
{
	struct hardware_spec spec = {
		.hardware_id = part->hardware_id, .public_key = part->spki,
	};
	struct db_hardware row;
	bool known;

	TRY(hardware_row(cx, &spec, &row));
	row.created_s = ctx_now(cx);
	row.created_by = job->row->created_by;
	row.claim_secret = part->mac;
	row.model = part->model;
	row.batch = part->batch;
	row.manifest = json_string_value(json_object_get(job->params,
	    "manifest"));
	TRY(db_hardware_forget(cx, tx, 0, row.hardware_id, row.created_s));
	TRY(db_hardware_describe(cx, tx, &row, &known));
	if (!known)
		TRY(db_hardware_insert(cx, tx, &row, &row.id));
	*out_outcome = known ? "known" : "added";
	return OK;
}

static struct err
do_part(struct ctx *cx, struct db_tx *tx, const struct operation_job *job,
    struct operation_item *item)
{
	struct part part = { .code = ERR_OK };
	struct err e;

	TRY(stored_part(cx, item->input, &part));
	item->subject = part.hardware_id;
	item->detail = part.detail;
	item->code = part.code;
	item->outcome = OPERATION_REFUSED;
	if (part.code != ERR_OK)
		return OK;
	e = take_part(cx, tx, job, &part, &item->outcome);
	if (!failed(e) || err_blame(e) != ERR_BLAME_CALLER)
		return e;
	item->code = (enum err_code)e.code;
	item->detail = arena_strdup(cx->arena, cx->trail->tell);
	ctx_forget(cx);
	return OK;
}

static struct err
step(struct ctx *cx, struct db_tx *tx, struct operation_job *job)
{
	for (size_t i = 0; i < job->n; i++)
		TRY(do_part(cx, tx, job, &job->items[i]));
	return OK;
}

/* What is known is read again whole, so not after each batch. */
static void
committed(struct ctx *cx, struct operation_job *job)
{
	(void)cx;
	if (job->row->done == job->row->items ||
	    job->row->done % TRUST_EACH < (int64_t)job->n)
		trust_changed(job->authority);
}

const struct operation_kind manifest_operation = {
	.name = "manifest", .step = step, .committed = committed,
};
