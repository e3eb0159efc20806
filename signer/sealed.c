/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/sealed.h"

#include <sodium.h>

#include "base/base.h"

static const uint8_t magic[4] = { 'D', 'A', 'S', '2' };
static const uint8_t magic_1[4] = { 'D', 'A', 'S', '1' };
static const uint8_t magic_hsm[4] = { 'D', 'A', 'S', '3' };

#define NONCE_SIZE	crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE	crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == MASTER_KEY_SIZE,
    "a derived key is a cipher key");

size_t
sealed_private_size(enum ca_alg alg)
{
	static const uint16_t sizes[] = {
		[CA_ALG_P256] = 32, [CA_ALG_P384] = 48, [CA_ALG_ED25519] = 32,
		[CA_ALG_RSA2048] = 256, [CA_ALG_RSA3072] = 384,
		[CA_ALG_RSA4096] = 512,
	};

	ASSERT(alg >= CA_ALG_P256 && alg <= CA_ALG_RSA4096);
	return sizes[alg];
}

static bool
is_in_hsm(const struct sealed *s)
{
	return s->key_store[0] != '\0';
}

/* What is sealed. */
static size_t
secret_size(const struct sealed *s)
{
	return is_in_hsm(s) ? HSM_KEY_ID_SIZE : sealed_private_size(s->alg);
}

struct err
sealed_seal(struct ctx *cx, const struct master *master,
    const struct sealed *s, const uint8_t *private_key,
    struct slice *out_record)
{
	struct buf b = buf_in(cx->arena, WIRE_SEALED_MAX);
	uint8_t key[MASTER_KEY_SIZE], nonce[NONCE_SIZE];
	uint8_t box[SEALED_PRIVATE_MAX + TAG_SIZE];
	unsigned long long n_box;

	put_bytes(&b, is_in_hsm(s) ? SLICE_OF(magic_hsm) : SLICE_OF(magic));
	put_be16_bytes(&b, slice_text(s->tenant));
	put_u8(&b, s->role);
	put_u8(&b, s->alg);
	put_u8(&b, s->flags);
	put_be32(&b, s->leaf_max_s);
	put_be64(&b, (uint64_t)s->not_after_s);
	put_be32_bytes(&b, s->certificate);
	if (is_in_hsm(s))
		put_be16_bytes(&b, slice_text(s->key_store));
	ctx_random(cx, nonce, sizeof(nonce));
	put_bytes(&b, SLICE_OF(nonce));
	if (b.bad)
		return FAIL(cx, ERR_INTERNAL, "a sealed record is too large");
	master_tenant_key(master, s->tenant, key);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(box, &n_box,
	    private_key, secret_size(s), b.p, b.n, NULL, nonce,
	    key);
	sodium_memzero(key, sizeof(key));
	put_be16_bytes(&b, SLICE(box, n_box));
	if (b.bad)
		return FAIL(cx, ERR_INTERNAL, "a sealed record is too large");
	*out_record = buf_slice(&b);
	return OK;
}

static bool
read_clear(struct ctx *cx, struct reader *r, struct sealed *s)
{
	struct slice form = read_bytes(r, sizeof(magic)), tenant, store;
	bool in_hsm = slice_equal(form, SLICE_OF(magic_hsm));
	bool has_flags = in_hsm || slice_equal(form, SLICE_OF(magic));

	if (!has_flags && !slice_equal(form, SLICE_OF(magic_1)))
		return false;
	tenant = read_be16_bytes(r, TEXT_NAME_MAX);
	s->tenant = arena_strndup(cx->arena, (const char *)tenant.p,
	    tenant.n);
	s->role = read_u8(r);
	s->alg = read_u8(r);
	s->flags = has_flags ? read_u8(r) : 0;
	s->leaf_max_s = read_be32(r);
	s->not_after_s = (int64_t)read_be64(r);
	s->certificate = read_be32_bytes(r, WIRE_CERT_MAX);
	store = in_hsm ? read_be16_bytes(r, TEXT_NAME_MAX) : SLICE_NONE;
	s->key_store = arena_strndup(cx->arena, (const char *)store.p,
	    store.n);
	return !r->bad && (!in_hsm || text_is_name(s->key_store)) &&
	    strlen(s->key_store) == store.n && text_is_name(s->tenant) &&
	    strlen(s->tenant) == tenant.n &&
	    s->role >= CA_ROLE_ROOT && s->role <= CA_ROLE_RESULT &&
	    s->alg >= CA_ALG_P256 && s->alg <= CA_ALG_RSA4096 &&
	    (s->flags & ~CA_FLAGS_ALL) == 0;
}

/* The parts of a record that is of the right form. */
struct parts { struct slice clear, nonce, box; };

static bool
take_apart(struct ctx *cx, struct slice record, struct sealed *s,
    struct parts *p)
{
	struct reader r = reader_of(record);

	if (record.n > WIRE_SEALED_MAX || !read_clear(cx, &r, s))
		return false;
	p->nonce = read_bytes(&r, NONCE_SIZE);
	p->clear = SLICE(record.p, record.n - r.n);
	p->box = read_be16_bytes(&r, SEALED_PRIVATE_MAX + TAG_SIZE);
	return read_done(&r) &&
	    p->box.n == secret_size(s) + TAG_SIZE;
}

static bool
decrypt(const struct master *master, const char *tenant,
    const struct parts *p, uint8_t *out_private)
{
	uint8_t key[MASTER_KEY_SIZE];
	int refused;

	if (master == NULL)
		return false;
	master_tenant_key(master, tenant, key);
	refused = crypto_aead_xchacha20poly1305_ietf_decrypt(out_private,
	    NULL, NULL, p->box.p, p->box.n, p->clear.p, p->clear.n,
	    p->nonce.p, key);
	sodium_memzero(key, sizeof(key));
	return refused == 0;
}

struct err
sealed_open(struct ctx *cx, const struct master *master, struct slice record,
    struct sealed *out, uint8_t *out_private)
{
	struct parts parts;
	struct sealed s;

	if (!take_apart(cx, record, &s, &parts))
		return FAIL(cx, ERR_SEAL, "not a sealed record");
	if (!decrypt(master, s.tenant, &parts, out_private) &&
	    !decrypt(master_old(master), s.tenant, &parts, out_private))
		return FAIL(cx, ERR_SEAL,
		    "the record of a CA of %s is not genuine", s.tenant);
	*out = s;
	return OK;
}

static struct err
reseal(struct ctx *cx, const struct master *master, struct slice record,
    uint8_t *private, struct slice *out_record)
{
	struct parts parts;
	struct sealed s;

	if (!take_apart(cx, record, &s, &parts))
		return FAIL(cx, ERR_SEAL, "not a sealed record");
	if (decrypt(master, s.tenant, &parts, private)) {
		*out_record = record;
		return OK;
	}
	if (!decrypt(master_old(master), s.tenant, &parts, private))
		return FAIL(cx, ERR_SEAL,
		    "the record of a CA of %s is not genuine", s.tenant);
	return sealed_seal(cx, master, &s, private, out_record);
}

struct err
sealed_reseal(struct ctx *cx, const struct master *master,
    struct slice record, struct slice *out_record)
{
	uint8_t *private = sodium_malloc(SEALED_PRIVATE_MAX);
	struct err e;

	ASSERT(private != NULL);
	e = reseal(cx, master, record, private, out_record);
	sodium_free(private);
	return e;
}
