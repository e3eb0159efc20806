/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/webhook.h"

#include <sodium.h>

#include "authority/dispatch.h"
#include "authority/event.h"
#include "authority/receipt.h"
#include "base/base.h"
#include "codec/base64.h"
#include "wire/courier.h"

#define NONCE_BYTES	crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES	crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEALED_SIZE	(NONCE_BYTES + WEBHOOK_KEY_SIZE + TAG_BYTES)

/* --- keys ---------------------------------------------------------------- */

static void
seal_key(const struct authority *a, uint8_t out[static 32])
{
	static const char use[] = "daapki webhook key";

	ASSERT(crypto_generichash(out, 32, (const uint8_t *)use,
	    sizeof(use) - 1, a->keys->seal, sizeof(a->keys->seal)) == 0);
}

static struct slice
seal(struct ctx *cx, const struct authority *a, int64_t tenant_id,
    const uint8_t key[static WEBHOOK_KEY_SIZE])
{
	uint8_t *sealed = arena_alloc(cx->arena, SEALED_SIZE), with[32];

	ctx_random(cx, sealed, NONCE_BYTES);
	seal_key(a, with);
	ASSERT(crypto_aead_xchacha20poly1305_ietf_encrypt(
	    sealed + NONCE_BYTES, NULL, key, WEBHOOK_KEY_SIZE,
	    (const uint8_t *)&tenant_id, sizeof(tenant_id), NULL, sealed,
	    with) == 0);
	sodium_memzero(with, sizeof(with));
	return SLICE(sealed, SEALED_SIZE);
}

static struct err
unseal(struct ctx *cx, const struct authority *a, int64_t tenant_id,
    struct slice sealed, uint8_t out[static WEBHOOK_KEY_SIZE])
{
	uint8_t with[32];
	int bad = -1;

	seal_key(a, with);
	if (sealed.n == SEALED_SIZE)
		bad = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL,
		    NULL, sealed.p + NONCE_BYTES, sealed.n - NONCE_BYTES,
		    (const uint8_t *)&tenant_id, sizeof(tenant_id), sealed.p,
		    with);
	sodium_memzero(with, sizeof(with));
	return bad == 0 ? OK : FAIL(cx, ERR_STORAGE,
	    "the key of a webhook cannot be opened");
}

/* A new one, sealed in the row; for hmac *out_secret shows it. */
static void
new_key(struct ctx *cx, const struct authority *a, struct webhook_row *row,
    const char **out_secret)
{
	uint8_t key[WEBHOOK_KEY_SIZE];

	ctx_random(cx, key, sizeof(key));
	row->sealed = seal(cx, a, row->tenant_id, key);
	*out_secret = strcmp(row->kind, "hmac") != 0 ? NULL :
	    arena_printf(cx->arena, "whsec_%s", base64(cx->arena,
	    SLICE_OF(key)));
	sodium_memzero(key, sizeof(key));
}

struct err
webhook_public(struct ctx *cx, const struct authority *a,
    const struct webhook_row *row, const char **out)
{
	uint8_t seed[WEBHOOK_KEY_SIZE], public[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	*out = NULL;
	if (strcmp(row->kind, "ed25519") != 0)
		return OK;
	TRY(unseal(cx, a, row->tenant_id, row->sealed, seed));
	ASSERT(crypto_sign_seed_keypair(public, secret, seed) == 0);
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(secret, sizeof(secret));
	*out = arena_printf(cx->arena, "whpk_%s", base64(cx->arena,
	    SLICE_OF(public)));
	return OK;
}

static const char *
sign_hmac(struct ctx *cx, const uint8_t key[static WEBHOOK_KEY_SIZE],
    struct slice message)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];

	ASSERT(crypto_auth_hmacsha256(mac, message.p, message.n, key) == 0);
	return arena_printf(cx->arena, "v1,%s", base64(cx->arena,
	    SLICE_OF(mac)));
}

static const char *
sign_ed25519(struct ctx *cx, const uint8_t seed[static WEBHOOK_KEY_SIZE],
    struct slice message)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES], signature[crypto_sign_BYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	ASSERT(crypto_sign_seed_keypair(public, secret, seed) == 0);
	ASSERT(crypto_sign_detached(signature, NULL, message.p, message.n,
	    secret) == 0);
	sodium_memzero(secret, sizeof(secret));
	return arena_printf(cx->arena, "v1a,%s", base64(cx->arena,
	    SLICE_OF(signature)));
}

static struct err
sign_with(struct ctx *cx, const struct authority *a,
    const struct webhook_row *row, struct slice sealed, struct slice message,
    const char **out)
{
	uint8_t key[WEBHOOK_KEY_SIZE];

	TRY(unseal(cx, a, row->tenant_id, sealed, key));
	*out = strcmp(row->kind, "hmac") == 0 ? sign_hmac(cx, key, message) :
	    sign_ed25519(cx, key, message);
	sodium_memzero(key, sizeof(key));
	return OK;
}

struct err
webhook_sign(struct ctx *cx, const struct authority *a,
    const struct webhook_row *row, const char *message_id, int64_t at_s,
    struct slice body, const char **out)
{
	struct buf b = buf_in(cx->arena, body.n + strlen(message_id) + 32);
	const char *now, *old = NULL;

	/* Standard Webhooks, "Signature scheme": id.timestamp.payload */
	put_fmt(&b, "%s.%lld.", message_id, (long long)at_s);
	put_bytes(&b, body);
	ASSERT(!b.bad);
	TRY(sign_with(cx, a, row, row->sealed, buf_slice(&b), &now));
	if (row->old_sealed.n > 0 && at_s < row->old_until_s)
		TRY(sign_with(cx, a, row, row->old_sealed, buf_slice(&b),
		    &old));
	*out = old == NULL ? now : arena_printf(cx->arena, "%s %s", now, old);
	return OK;
}

/* --- what is wanted --------------------------------------------------------- */

static bool
fits(const char *filter, size_t n, const char *type)
{
	if (n >= 2 && filter[n - 1] == '*')
		return strncmp(filter, type, n - 1) == 0;
	return strlen(type) == n && memcmp(filter, type, n) == 0;
}

bool
webhook_wants(const struct webhook_row *row, const struct event_row *event)
{
	const char *filter = row->types;
	char id[24];

	/* A test is for the one that is tested. */
	if (strcmp(event->type, event_type_text(EVENT_WEBHOOK_TEST)) == 0) {
		(void)snprintf(id, sizeof(id), "%lld", (long long)row->id);
		return strcmp(event->subject, id) == 0;
	}
	if (filter[0] == '\0')
		return true;
	while (*filter != '\0') {
		size_t n = strcspn(filter, " ");

		if (fits(filter, n, event->type))
			return true;
		filter += n;
		filter += strspn(filter, " ");
	}
	return false;
}

/* --- making and changing ------------------------------------------------------ */

struct changing {
	const struct authority		*a;
	int64_t				 tenant_id, id;
	const char			*by;
	const struct webhook_spec	*spec;
	int64_t				 overlap_s, after, from_s;
	struct webhook_made		 made;
	struct webhook_made		*out;	/* of what has a receipt */
};

static const char *
id_text(struct ctx *cx, int64_t id)
{
	return arena_printf(cx->arena, "%lld", (long long)id);
}

/* Whether it may be connected to is daa-courier's to say, each time. */
static struct err
check_spec(struct ctx *cx, const struct webhook_spec *spec)
{
	if (strncmp(spec->url, "https://", 8) != 0 &&
	    strncmp(spec->url, "http://", 7) != 0)
		return FAIL_AT(cx, ERR_FIELD, "/url", "not a URL of https");
	for (const char *p = spec->url; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return FAIL_AT(cx, ERR_FIELD, "/url",
			    "not a URL: a letter is not one of them");
	if (strcmp(spec->kind, "hmac") != 0 &&
	    strcmp(spec->kind, "ed25519") != 0)
		return FAIL_AT(cx, ERR_FIELD, "/kind", "not hmac or ed25519");
	return OK;
}

static struct err
create_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	struct webhook_row *row = &c->made.row;
	int64_t n;

	TRY(db_webhook_count(cx, tx, c->tenant_id, &n));
	if (n >= WEBHOOKS_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT, "a tenant has at most %u "
		    "webhooks", WEBHOOKS_MAX);
	*row = (struct webhook_row){
		.tenant_id = c->tenant_id, .url = c->spec->url,
		.types = c->spec->types, .kind = c->spec->kind,
		.description = c->spec->description, .state = "active",
		.created_s = ctx_now(cx), .created_by = c->by,
	};
	new_key(cx, c->a, row, &c->made.secret);
	TRY(db_event_newest(cx, tx, c->tenant_id, &row->cursor));
	TRY(db_webhook_insert(cx, tx, row, &row->id));
	TRY(event_add(cx, tx, c->tenant_id, EVENT_WEBHOOK_CREATED,
	    id_text(cx, row->id), c->by, json_pack("{s:s}", "url",
	    row->url)));
	*c->out = c->made;
	return receipt_add(cx, tx);
}

struct err
webhook_create(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct webhook_spec *spec, struct webhook_made *out)
{
	struct changing c = { .a = a, .tenant_id = tenant->id,
	    .by = by->name, .spec = spec, .out = out };

	TRY(check_spec(cx, spec));
	TRY(db_write(cx, a->db, create_work, &c));
	dispatch_reload(a->dispatch);
	return OK;
}

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	return db_webhook_get(cx, tx, c->tenant_id, c->id, &c->made.row);
}

struct err
webhook_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, int64_t id, struct webhook_row *out)
{
	struct changing c = { .tenant_id = tenant->id, .id = id };

	TRY(db_read(cx, a->db, get_work, &c));
	*out = c.made.row;
	return OK;
}

/* A change by one of these, then tell who sends. */
static struct err
change(struct ctx *cx, const struct authority *a, db_work *work,
    struct changing *c)
{
	TRY(db_write(cx, a->db, work, c));
	dispatch_reload(a->dispatch);
	return OK;
}

static struct err
delete_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(db_webhook_delete(cx, tx, c->tenant_id, c->id));
	return event_add(cx, tx, c->tenant_id, EVENT_WEBHOOK_DELETED,
	    id_text(cx, c->id), c->by, NULL);
}

struct err
webhook_delete(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by, int64_t id)
{
	struct changing c = { .tenant_id = tenant->id, .id = id,
	    .by = by->name };

	return change(cx, a, delete_work, &c);
}

static struct err
rotate_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	struct webhook_row *row = &c->made.row;

	TRY(get_work(cx, tx, c));
	row->old_sealed = c->overlap_s > 0 ? row->sealed : SLICE_NONE;
	row->old_until_s = c->overlap_s > 0 ? ctx_now(cx) + c->overlap_s : 0;
	new_key(cx, c->a, row, &c->made.secret);
	TRY(db_webhook_keys(cx, tx, row));
	TRY(event_add(cx, tx, c->tenant_id, EVENT_WEBHOOK_ROTATED,
	    id_text(cx, c->id), c->by, NULL));
	*c->out = c->made;
	return receipt_add(cx, tx);
}

struct err
webhook_rotate(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by, int64_t id,
    int64_t overlap_s, struct webhook_made *out)
{
	struct changing c = { .a = a, .tenant_id = tenant->id, .id = id,
	    .by = by->name, .overlap_s = overlap_s, .out = out };

	return change(cx, a, rotate_work, &c);
}

static struct err
test_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(get_work(cx, tx, c));
	if (strcmp(c->made.row.state, "active") != 0)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the webhook is disabled: enable it first");
	TRY(event_add(cx, tx, c->tenant_id, EVENT_WEBHOOK_TEST,
	    id_text(cx, c->id), c->by, NULL));
	return receipt_add(cx, tx);
}

struct err
webhook_test(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by, int64_t id)
{
	struct changing c = { .tenant_id = tenant->id, .id = id,
	    .by = by->name };

	return db_write(cx, a->db, test_work, &c);
}

static struct err
begin_at(struct ctx *cx, struct db_tx *tx, struct changing *c,
    enum event_type type)
{
	TRY(db_webhook_begin(cx, tx, c->tenant_id, c->id, c->after));
	TRY(get_work(cx, tx, c));
	TRY(event_add(cx, tx, c->tenant_id, type, id_text(cx, c->id), c->by,
	    NULL));
	return receipt_add(cx, tx);
}

static struct err
enable_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(get_work(cx, tx, c));
	c->after = c->made.row.cursor;
	return begin_at(cx, tx, c, EVENT_WEBHOOK_ENABLED);
}

static struct err
replay_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	int64_t through, newest;

	TRY(get_work(cx, tx, c));
	if (c->from_s != 0)
		TRY(db_event_before(cx, tx, c->tenant_id, c->from_s,
		    &c->after));
	TRY(db_event_pruned(cx, tx, c->tenant_id, &through));
	TRY(db_event_newest(cx, tx, c->tenant_id, &newest));
	if (c->from_s == 0 && c->after != 0 && c->after < through)
		return FAIL_TELL(cx, ERR_CURSOR_GONE,
		    "events up to %lld are not kept any more",
		    (long long)through);
	if (c->after > newest)
		c->after = newest;
	return begin_at(cx, tx, c, EVENT_WEBHOOK_REPLAYED);
}

struct err
webhook_enable(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by, int64_t id,
    struct webhook_row *out)
{
	struct changing c = { .tenant_id = tenant->id, .id = id,
	    .by = by->name };

	TRY(change(cx, a, enable_work, &c));
	*out = c.made.row;
	return OK;
}

struct err
webhook_replay(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by, int64_t id,
    int64_t after, int64_t from_s, struct webhook_row *out)
{
	struct changing c = { .tenant_id = tenant->id, .id = id,
	    .by = by->name, .after = after, .from_s = from_s };

	TRY(change(cx, a, replay_work, &c));
	*out = c.made.row;
	return OK;
}

/* --- looking ------------------------------------------------------------- */

struct listing {
	int64_t			 tenant_id, id;
	struct page		 page;
	struct webhook_row	*hooks;
	struct delivery_row	*deliveries;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_webhook_list(cx, tx, l->tenant_id, l->page.after,
	    l->page.limit, &l->hooks, &l->n);
}

struct err
webhook_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct webhook_row **out,
    size_t *out_n)
{
	struct listing l = { .tenant_id = tenant->id, .page = page };

	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.hooks;
	*out_n = l.n;
	return OK;
}

static struct err
deliveries_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;
	struct webhook_row row;

	TRY(db_webhook_get(cx, tx, l->tenant_id, l->id, &row));
	return db_delivery_list(cx, tx, l->tenant_id, l->id, l->page.after,
	    l->page.limit, &l->deliveries, &l->n);
}

struct err
webhook_deliveries(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, int64_t id, struct page page,
    struct delivery_row **out, size_t *out_n)
{
	struct listing l = { .tenant_id = tenant->id, .id = id,
	    .page = page };

	TRY(db_read(cx, a->db, deliveries_work, &l));
	*out = l.deliveries;
	*out_n = l.n;
	return OK;
}
