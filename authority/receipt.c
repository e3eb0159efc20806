/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/receipt.h"

#include <sodium.h>

#include "base/base.h"
#include "db/receipt.h"

#define ANSWER_VERSION	1u
#define KEY_BYTES	crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES	crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES	crypto_aead_xchacha20poly1305_ietf_ABYTES
#define OVERHEAD	(NONCE_BYTES + TAG_BYTES)

/* --- the header -------------------------------------------------------- */

struct err
receipt_key_read(struct ctx *cx, const char *header, const char **out)
{
	size_t n = strlen(header), at = 0, key_n = 0;
	bool quoted = n >= 2 && header[0] == '"' && header[n - 1] == '"';
	char key[RECEIPT_KEY_MAX + 1];

	if (quoted) {
		at++;
		n--;
	}
	for (; at < n; at++) {
		char c = header[at];

		/* RFC 8941, 3.3.3: a backslash is before these two only. */
		if (quoted && c == '\\' && at + 1 < n &&
		    (header[at + 1] == '"' || header[at + 1] == '\\'))
			c = header[++at];
		else if (c == '"' || c == '\\')
			break;
		if (c < (quoted ? 0x20 : 0x21) || c > 0x7e ||
		    key_n == RECEIPT_KEY_MAX)
			break;
		key[key_n++] = c;
	}
	if (at < n || key_n == 0)
		return FAIL_TELL(cx, ERR_RECEIPT_KEY, "Idempotency-Key must "
		    "have 1 to %u printable letters", RECEIPT_KEY_MAX);
	*out = arena_strndup(cx->arena, key, key_n);
	return OK;
}

/* --- keys and hashes ---------------------------------------------------- */

/* A key of its own for each use of one that `daad init` made. */
static void
derive(const uint8_t from[static 32], const char *use, uint8_t out[static 32])
{
	ASSERT(crypto_generichash(out, 32, (const uint8_t *)use, strlen(use),
	    from, 32) == 0);
}

/* Each part with its length, so that no two requests read the same. */
static void
add_part(crypto_generichash_state *state, const void *p, size_t n)
{
	uint8_t length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)((uint64_t)n >> 8 * (7 - i));
	ASSERT(crypto_generichash_update(state, length, sizeof(length)) == 0);
	ASSERT(crypto_generichash_update(state, p, n) == 0);
}

static void
add_text(crypto_generichash_state *state, const char *text)
{
	add_part(state, text == NULL ? "" : text,
	    text == NULL ? 0 : strlen(text));
}

void
receipt_init(const struct authority *a, const char *key,
    const struct receipt_asked *asked, struct receipt *out)
{
	const struct principal *who = asked->who;
	crypto_generichash_state state;
	uint8_t hash_key[32];

	*out = (struct receipt){ .authority = a,
	    .tenant_id = asked->tenant == NULL ? 0 : asked->tenant->id };
	derive(a->keys->token, "daapki receipt key", hash_key);
	ASSERT(crypto_generichash_init(&state, hash_key, sizeof(hash_key),
	    sizeof(out->key)) == 0);
	add_part(&state, &who->tenant_id, sizeof(who->tenant_id));
	add_text(&state, who->id);
	add_text(&state, asked->method);
	add_text(&state, asked->path);
	add_text(&state, key);
	ASSERT(crypto_generichash_final(&state, out->key,
	    sizeof(out->key)) == 0);

	ASSERT(crypto_generichash_init(&state, hash_key, sizeof(hash_key),
	    sizeof(out->asked)) == 0);
	add_part(&state, out->key, sizeof(out->key));
	add_text(&state, asked->query);
	add_text(&state, asked->content_type);
	add_part(&state, asked->body.p, asked->body.n);
	ASSERT(crypto_generichash_final(&state, out->asked,
	    sizeof(out->asked)) == 0);
	sodium_memzero(hash_key, sizeof(hash_key));
	sodium_memzero(&state, sizeof(state));
}

/* --- the answer as bytes ------------------------------------------------ */

static void
put_line(struct buf *b, const char *text)
{
	put_be32_bytes(b, slice_text(text == NULL ? "" : text));
}

static struct err
encode(struct ctx *cx, const struct receipt_answer *answer, struct slice *out)
{
	struct buf b = buf_in(cx->arena, RECEIPT_ANSWER_MAX);

	put_u8(&b, ANSWER_VERSION);
	put_be32(&b, answer->status);
	put_line(&b, answer->content_type);
	put_be32_bytes(&b, answer->body);
	put_be32(&b, (uint32_t)answer->n_headers);
	for (size_t i = 0; i < answer->n_headers; i++) {
		put_line(&b, answer->headers[i].name);
		put_line(&b, answer->headers[i].value);
	}
	if (b.bad)
		return FAIL(cx, ERR_INTERNAL, "an answer above %u bytes",
		    RECEIPT_ANSWER_MAX);
	*out = buf_slice(&b);
	return OK;
}

static const char *
read_line(struct ctx *cx, struct reader *r)
{
	struct slice text = read_be32_bytes(r, RECEIPT_ANSWER_MAX);

	return arena_strndup(cx->arena, (const char *)text.p, text.n);
}

static struct err
decode(struct ctx *cx, struct slice bytes, struct receipt_answer *out)
{
	struct reader r = reader_of(bytes);
	struct receipt_answer answer = { 0 };

	if (read_u8(&r) != ANSWER_VERSION)
		r.bad = true;
	answer.status = read_be32(&r);
	answer.content_type = read_line(cx, &r);
	if (answer.content_type[0] == '\0')
		answer.content_type = NULL;
	answer.body = read_be32_bytes(&r, RECEIPT_ANSWER_MAX);
	answer.n_headers = read_be32(&r);
	if (answer.n_headers > RECEIPT_HEADERS_MAX)
		r.bad = true;
	for (size_t i = 0; !r.bad && i < answer.n_headers; i++) {
		answer.headers[i].name = read_line(cx, &r);
		answer.headers[i].value = read_line(cx, &r);
	}
	if (!read_done(&r))
		return FAIL(cx, ERR_STORAGE, "a receipt of another form");
	*out = answer;
	return OK;
}

/* The hash of the request goes with it: an answer that is moved to another row
 * does not open. */
static void
seal(struct ctx *cx, const struct receipt *r, struct slice plain,
    struct slice *out)
{
	uint8_t *sealed = arena_alloc(cx->arena, plain.n + OVERHEAD);
	uint8_t key[KEY_BYTES];

	derive(r->authority->keys->seal, "daapki receipt", key);
	ctx_random(cx, sealed, NONCE_BYTES);
	ASSERT(crypto_aead_xchacha20poly1305_ietf_encrypt(
	    sealed + NONCE_BYTES, NULL, plain.p, plain.n, r->asked,
	    sizeof(r->asked), NULL, sealed, key) == 0);
	sodium_memzero(key, sizeof(key));
	sodium_memzero((void *)(uintptr_t)plain.p, plain.n);
	*out = SLICE(sealed, plain.n + OVERHEAD);
}

static struct err
unseal(struct ctx *cx, const struct receipt *r, struct slice sealed,
    struct receipt_answer *out)
{
	uint8_t key[KEY_BYTES], *plain;
	int rc;

	if (sealed.n <= OVERHEAD)
		return FAIL(cx, ERR_STORAGE, "a receipt of %zu bytes",
		    sealed.n);
	plain = arena_alloc(cx->arena, sealed.n - OVERHEAD);
	derive(r->authority->keys->seal, "daapki receipt", key);
	rc = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
	    sealed.p + NONCE_BYTES, sealed.n - NONCE_BYTES, r->asked,
	    sizeof(r->asked), sealed.p, key);
	sodium_memzero(key, sizeof(key));
	if (rc != 0)
		return FAIL(cx, ERR_STORAGE, "a receipt does not open");
	return decode(cx, SLICE(plain, sealed.n - OVERHEAD), out);
}

/* --- finding, adding ---------------------------------------------------- */

struct finding {
	const struct receipt	*receipt;
	struct db_receipt	 row;
	bool			 found;
};

static int64_t
over_s(const struct ctx *cx, const struct authority *a)
{
	return ctx_now(cx) - a->limits.receipt_life_s;
}

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct finding *f = arg;

	return db_receipt_get(cx, tx, f->receipt->tenant_id,
	    SLICE_OF(f->receipt->key),
	    over_s(cx, f->receipt->authority), &f->row, &f->found);
}

struct err
receipt_find(struct ctx *cx, const struct receipt *r, bool wait,
    struct receipt_answer *out, bool *out_found)
{
	struct finding f = { .receipt = r };

	/* Only a writer sees what the batch before its own holds, and is held
	 * until that is on disk. */
	TRY(wait ? db_write(cx, r->authority->db, find_work, &f) :
	    db_read(cx, r->authority->db, find_work, &f));
	*out_found = f.found;
	if (!f.found)
		return OK;
	if (!slice_equal_secret(f.row.asked, SLICE_OF(r->asked)))
		return FAIL(cx, ERR_RECEIPT_MISMATCH, "another request");
	return unseal(cx, r, f.row.answer, out);
}

/* A call of several transactions is answered by what the first one made. */
static struct err
is_there(struct ctx *cx, struct db_tx *tx, const struct receipt *r, bool *out)
{
	struct finding f = { .receipt = r };

	if (r->is_added)
		TRY(find_work(cx, tx, &f));
	*out = f.found;
	return OK;
}

struct err
receipt_add(struct ctx *cx, struct db_tx *tx)
{
	struct receipt *r = cx->receipt;
	struct receipt_answer answer = { 0 };
	struct db_receipt row;
	struct slice plain;
	struct err e;
	bool there;

	if (r == NULL || r->say == NULL)
		return OK;
	TRY(is_there(cx, tx, r, &there));
	if (there)
		return OK;
	TRY(r->say(cx, r->arg, &answer));
	TRY(encode(cx, &answer, &plain));
	row = (struct db_receipt){
		.tenant_id = r->tenant_id, .key = SLICE_OF(r->key),
		.asked = SLICE_OF(r->asked), .created_s = ctx_now(cx),
	};
	seal(cx, r, plain, &row.answer);
	e = db_receipt_insert(cx, tx, &row, over_s(cx, r->authority));
	if (e.code == ERR_EXISTS)
		return FAIL(cx, ERR_BUSY, "the same key was kept meanwhile");
	TRY(e);
	r->is_added = true;
	return OK;
}

/* --- pruning ------------------------------------------------------------ */

static struct err
prune_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const int64_t *until_s = arg;

	return db_receipt_prune(cx, tx, *until_s, NULL);
}

struct err
receipt_round(struct ctx *cx, const struct authority *a)
{
	int64_t until_s = over_s(cx, a);

	return db_write(cx, a->db, prune_work, &until_s);
}
