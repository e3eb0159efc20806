/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/logkey.h"

#include <unistd.h>

#include <sodium.h>

#include "base/base.h"
#include "base/failpoint.h"
#include "base/file.h"

#define NONCE_SIZE	crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE	crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEED_SIZE	crypto_sign_SEEDBYTES
#define CLEAR_SIZE	(4u + LOG_PUBLIC_SIZE)
#define FILE_SIZE	(CLEAR_SIZE + NONCE_SIZE + SEED_SIZE + TAG_SIZE)

_Static_assert(LOG_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES &&
    LOG_SIGNATURE_SIZE == crypto_sign_BYTES, "the key is Ed25519");

static const uint8_t magic[4] = { 'D', 'A', 'L', '1' };

struct log_key {		/* in locked memory */
	uint8_t	seed[SEED_SIZE];
	uint8_t	public[LOG_PUBLIC_SIZE];
	uint8_t	secret[crypto_sign_SECRETKEYBYTES];
};

static struct log_key *
log_key_new(void)
{
	struct log_key *k = sodium_malloc(sizeof(*k));

	ASSERT(k != NULL);
	return k;
}

void
log_key_free(struct log_key *k)
{
	sodium_free(k);		/* wipes, and takes NULL */
}

static struct slice
seal(struct ctx *cx, const struct master *master, const struct log_key *k)
{
	struct buf b = buf_in(cx->arena, FILE_SIZE);
	uint8_t key[MASTER_KEY_SIZE], nonce[NONCE_SIZE];
	uint8_t box[SEED_SIZE + TAG_SIZE];

	put_bytes(&b, SLICE_OF(magic));
	put_bytes(&b, SLICE_OF(k->public));
	ctx_random(cx, nonce, sizeof(nonce));
	put_bytes(&b, SLICE_OF(nonce));
	master_log_key(master, key);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, k->seed,
	    SEED_SIZE, b.p, CLEAR_SIZE, NULL, nonce, key);
	sodium_memzero(key, sizeof(key));
	put_bytes(&b, SLICE_OF(box));
	ASSERT(!b.bad && b.n == FILE_SIZE);
	return buf_slice(&b);
}

static bool
unseal(const struct master *master, struct slice file, struct log_key *out)
{
	uint8_t key[MASTER_KEY_SIZE], public[LOG_PUBLIC_SIZE];
	const uint8_t *nonce = file.p + CLEAR_SIZE;
	int refused;

	if (file.n != FILE_SIZE || memcmp(file.p, magic, sizeof(magic)) != 0)
		return false;
	master_log_key(master, key);
	refused = crypto_aead_xchacha20poly1305_ietf_decrypt(out->seed, NULL,
	    NULL, nonce + NONCE_SIZE, SEED_SIZE + TAG_SIZE, file.p,
	    CLEAR_SIZE, nonce, key);
	sodium_memzero(key, sizeof(key));
	if (refused != 0)
		return false;
	(void)crypto_sign_seed_keypair(public, out->secret, out->seed);
	memcpy(out->public, public, sizeof(public));
	return memcmp(public, file.p + sizeof(magic), sizeof(public)) == 0;
}

static struct err
make(struct ctx *cx, const char *path, const struct master *master,
    struct log_key *k)
{
	ctx_random(cx, k->seed, sizeof(k->seed));
	(void)crypto_sign_seed_keypair(k->public, k->secret, k->seed);
	return file_create(cx, path, 0600, seal(cx, master, k));
}

static struct err
open_file(struct ctx *cx, const char *path, const struct master *master,
    struct log_key *k)
{
	const struct master *old = master_old(master);
	struct slice file;

	TRY(file_read(cx, path, FILE_SIZE, &file));
	if (unseal(master, file, k))
		return OK;
	if (old == NULL || !unseal(old, file, k))
		return FAIL(cx, ERR_CONFIG,
		    "the master key is not the one of %s", path);
	TRY(file_replace(cx, path, 0600, seal(cx, master, k)));
	failpoint("rotate.log-key");
	return OK;
}

struct err
log_key_open(struct ctx *cx, const char *folder, const struct master *master,
    struct log_key **out)
{
	const char *path = arena_printf(cx->arena, "%s/%s", folder,
	    LOG_KEY_FILE);
	struct log_key *k = log_key_new();
	struct err e = access(path, F_OK) == 0 ?
	    open_file(cx, path, master, k) : make(cx, path, master, k);

	if (failed(e)) {
		log_key_free(k);
		return e;
	}
	*out = k;
	return OK;
}

struct err
log_key_read_public(struct ctx *cx, const char *folder, struct slice *out)
{
	const char *path = arena_printf(cx->arena, "%s/%s", folder,
	    LOG_KEY_FILE);
	struct slice file;

	*out = SLICE_NONE;
	if (access(path, F_OK) != 0)
		return OK;
	TRY(file_read(cx, path, FILE_SIZE, &file));
	if (file.n != FILE_SIZE || memcmp(file.p, magic, sizeof(magic)) != 0)
		return FAIL(cx, ERR_CONFIG, "%s is not a log key", path);
	*out = SLICE(file.p + sizeof(magic), LOG_PUBLIC_SIZE);
	return OK;
}

struct slice
log_key_public(const struct log_key *k)
{
	return SLICE_OF(k->public);
}

void
log_key_sign(const struct log_key *k, struct slice text,
    uint8_t out[static LOG_SIGNATURE_SIZE])
{
	(void)crypto_sign_detached(out, NULL, text.p, text.n, k->secret);
}

bool
log_key_verify(struct slice public_key, struct slice text,
    struct slice signature)
{
	return public_key.n == LOG_PUBLIC_SIZE &&
	    signature.n == LOG_SIGNATURE_SIZE &&
	    crypto_sign_verify_detached(signature.p, text.p, text.n,
	    public_key.p) == 0;
}
