/* SPDX-License-Identifier: Apache-2.0 */
/* The master key, from a file or a passphrase, and what is sealed with it. */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "base/file.h"
#include "signer/logkey.h"
#include "signer/sealed.h"

#define NOW	INT64_C(1795334400)

static char folder[32];
static struct master *master;

static const char *
in_folder(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", folder, name);
}

/* name NULL: the systemd credential. */
static struct err
open_key(const char *name, struct master **out)
{
	const struct master_source source = {
		.key_file = name != NULL ? in_folder(name) : NULL,
		.params_folder = folder,
	};

	return master_open(cx, &source, out);
}

static void
begin(void)
{
	memcpy(folder, "/tmp/daapki-t-XXXXXX", 21);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_ok(master_make(cx, in_folder("master")));
	ck_ok(open_key("master", &master));
}

static void
end(void)
{
	char command[64];

	master_free(master);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const uint8_t private_key[SEALED_PRIVATE_MAX] = { 1, 2, 3, 4 };

static struct slice
seal(const char *tenant, enum ca_alg alg)
{
	const struct sealed s = {
		.tenant = tenant, .role = CA_ROLE_ISSUING,
		.alg = (uint8_t)alg, .leaf_max_s = 86400, .key_store = "",
		.not_after_s = NOW, .certificate = slice_text("certificate"),
	};
	struct slice record;

	ck_ok(sealed_seal(cx, master, &s, private_key, &record));
	return record;
}

START_TEST(a_master_key_file_is_one_line_of_hex_and_private)
{
	struct master *m;
	struct slice text;

	begin();
	ck_fails(master_make(cx, in_folder("master")), ERR_EXISTS);
	ck_ok(file_read_secret(cx, in_folder("master"), 100, &text));
	ck_assert_uint_eq(text.n, 65);
	ck_ok(file_replace(cx, in_folder("m"), 0644, text));
	ck_fails(open_key("m", &m), ERR_CONFIG);
	ck_ok(file_replace(cx, in_folder("m"), 0600, SLICE(text.p, 64)));
	ck_ok(open_key("m", &m));
	master_free(m);
	ck_ok(file_replace(cx, in_folder("m"), 0600, SLICE(text.p, 63)));
	ck_fails(open_key("m", &m), ERR_CONFIG);
	ck_ok(file_replace(cx, in_folder("m"), 0600, SLICE(
	    arena_printf(cx->arena, "%.65s\n", (const char *)text.p), 66)));
	ck_fails(open_key("m", &m), ERR_CONFIG);
	ck_fails(open_key("absent", &m), ERR_CONFIG);
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	ck_fails(open_key(NULL, &m), ERR_CONFIG);
	ck_ok(file_replace(cx, in_folder("master-key"), 0440, text));
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	ck_ok(open_key(NULL, &m));
	master_free(m);
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	end();
}
END_TEST

static struct err
open_passphrase(const char *text, struct master **out)
{
	const struct master_source source = {
		.passphrase_file = in_folder("passphrase"),
		.params_folder = folder,
	};

	ck_ok(file_replace(cx, source.passphrase_file, 0600,
	    slice_text(text)));
	return master_open(cx, &source, out);
}

START_TEST(a_passphrase_makes_one_key_with_the_salt_that_lies_beside)
{
	uint8_t a[MASTER_KEY_SIZE], b[MASTER_KEY_SIZE];
	const char *params;
	struct master *m;
	struct slice line;

	begin();
	params = in_folder(MASTER_PARAMS_FILE);
	ck_ok(open_passphrase("correct horse battery\n", &m));
	master_tenant_key(m, "tenant-a", a);
	master_free(m);
	ck_ok(file_read(cx, params, 200, &line));
	ck_assert_ptr_nonnull(strstr((const char *)line.p,
	    "argon2id 4 134217728 "));
	ck_ok(open_passphrase("correct horse battery", &m));
	master_tenant_key(m, "tenant-a", b);
	master_free(m);
	ck_assert_mem_eq(a, b, sizeof(a));
	ck_ok(open_passphrase("correct horse batterz", &m));
	master_tenant_key(m, "tenant-a", b);
	master_free(m);
	ck_assert_mem_ne(a, b, sizeof(a));
	ck_assert_int_eq(unlink(params), 0);
	ck_ok(open_passphrase("correct horse battery", &m));
	master_tenant_key(m, "tenant-a", b);
	master_free(m);
	ck_assert_mem_ne(a, b, sizeof(a));
	end();
}
END_TEST

START_TEST(a_passphrase_or_parameters_of_another_form_are_refused)
{
	static const char *const passphrases[] = {
		"", "\n", "too short", "two lines\nof words\n",
	};
	static const char *const lines[] = {
		"", "argon2id 4 134217728\n", "argon2i 4 134217728 "
		"00112233445566778899aabbccddeeff\n", "argon2id 0 134217728 "
		"00112233445566778899aabbccddeeff\n", "argon2id 4 100 "
		"00112233445566778899aabbccddeeff\n", "argon2id 4 134217728 "
		"00112233445566778899aabbccddee\n", "argon2id 4 134217728 "
		"00112233445566778899aabbccddeeff x\n",
	};
	struct master *m;

	begin();
	for (size_t i = 0; i < COUNT_OF(passphrases); i++)
		ck_fails(open_passphrase(passphrases[i], &m), ERR_CONFIG);
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		ck_ok(file_replace(cx, in_folder(MASTER_PARAMS_FILE), 0600,
		    slice_text(lines[i])));
		ck_fails(open_passphrase("correct horse battery", &m),
		    ERR_CONFIG);
	}
	end();
}
END_TEST

/* The form that daapki wrote before flags, put together by hand. */
static struct slice
seal_first_form(void)
{
	uint8_t key[MASTER_KEY_SIZE], box[32 + 16];
	struct buf b = buf_in(cx->arena, 4096);
	static const uint8_t nonce[24] = { 9 };

	put_text(&b, "DAS1");
	put_be16_bytes(&b, slice_text("tenant-a"));
	put_u8(&b, CA_ROLE_ISSUING);
	put_u8(&b, CA_ALG_P256);
	put_be32(&b, 86400);
	put_be64(&b, (uint64_t)NOW);
	put_be32_bytes(&b, slice_text("certificate"));
	put_bytes(&b, SLICE_OF(nonce));
	master_tenant_key(master, "tenant-a", key);
	ck_assert_int_eq(crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL,
	    private_key, 32, b.p, b.n, NULL, nonce, key), 0);
	put_be16_bytes(&b, SLICE_OF(box));
	return buf_slice(&b);
}

START_TEST(a_record_of_the_form_without_flags_is_still_read)
{
	uint8_t private[SEALED_PRIVATE_MAX];
	struct slice record, again;
	struct master *new;
	struct sealed s;

	begin();
	record = seal_first_form();
	ck_ok(sealed_open(cx, master, record, &s, private));
	ck_assert_mem_eq(private, private_key, 32);
	ck_assert_str_eq(s.tenant, "tenant-a");
	ck_assert_uint_eq(s.flags, 0);
	ck_assert_uint_eq(s.leaf_max_s, 86400);
	ck_assert_int_eq(s.not_after_s, NOW);
	ck_assert(slice_equal(s.certificate, slice_text("certificate")));
	ck_ok(master_make(cx, in_folder("new")));
	ck_ok(open_key("new", &new));
	master_set_old(new, master);
	ck_ok(sealed_reseal(cx, new, record, &again));
	ck_assert_mem_eq(again.p, "DAS2", 4);
	master_set_old(new, NULL);
	ck_ok(sealed_open(cx, new, again, &s, private));
	ck_assert_mem_eq(private, private_key, 32);
	master_free(new);
	end();
}
END_TEST

START_TEST(a_record_of_the_old_master_key_opens_beside_the_new_and_is_resealed)
{
	uint8_t private[SEALED_PRIVATE_MAX];
	struct slice old, again, same;
	struct master *new;
	struct sealed s;

	begin();
	old = seal("tenant-a", CA_ALG_P384);
	ck_ok(master_make(cx, in_folder("new")));
	ck_ok(open_key("new", &new));
	ck_fails(sealed_open(cx, new, old, &s, private), ERR_SEAL);
	ck_fails(sealed_reseal(cx, new, old, &again), ERR_SEAL);
	master_set_old(new, master);
	ck_ok(sealed_open(cx, new, old, &s, private));
	ck_ok(sealed_reseal(cx, new, old, &again));
	ck_assert(!slice_equal(old, again));
	ck_ok(sealed_reseal(cx, new, again, &same));
	ck_assert(slice_equal(same, again));
	master_set_old(new, NULL);
	ck_ok(sealed_open(cx, new, again, &s, private));
	ck_assert_mem_eq(private, private_key, 48);
	ck_assert_uint_eq(s.role, CA_ROLE_ISSUING);
	ck_assert_uint_eq(s.leaf_max_s, 86400);
	ck_fails(sealed_open(cx, master, again, &s, private), ERR_SEAL);
	master_free(new);
	end();
}
END_TEST

START_TEST(the_log_key_stays_and_follows_the_master_key)
{
	struct master *new;
	struct log_key *key;
	struct slice public;

	begin();
	ck_ok(log_key_open(cx, folder, master, &key));
	public = slice_dup(cx->arena, log_key_public(key));
	log_key_free(key);
	ck_ok(log_key_open(cx, folder, master, &key));
	ck_assert(slice_equal(public, log_key_public(key)));
	log_key_free(key);
	ck_ok(master_make(cx, in_folder("new")));
	ck_ok(open_key("new", &new));
	ck_fails(log_key_open(cx, folder, new, &key), ERR_CONFIG);
	master_set_old(new, master);
	ck_ok(log_key_open(cx, folder, new, &key));
	log_key_free(key);
	master_set_old(new, NULL);
	ck_ok(log_key_open(cx, folder, new, &key));
	ck_assert(slice_equal(public, log_key_public(key)));
	log_key_free(key);
	ck_fails(log_key_open(cx, folder, master, &key), ERR_CONFIG);
	master_free(new);
	end();
}
END_TEST

START_TEST(a_log_key_file_with_any_bit_changed_or_cut_is_refused)
{
	struct log_key *key;
	struct slice file;
	const char *path;

	begin();
	path = in_folder(LOG_KEY_FILE);
	ck_ok(log_key_open(cx, folder, master, &key));
	log_key_free(key);
	ck_ok(file_read(cx, path, 4096, &file));
	for (size_t bit = 0; bit < 8 * file.n; bit += 3) {
		uint8_t *copy = arena_dup(cx->arena, file.p, file.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		ck_ok(file_replace(cx, path, 0600, SLICE(copy, file.n)));
		ck_fails(log_key_open(cx, folder, master, &key), ERR_CONFIG);
	}
	for (size_t n = 0; n < file.n; n += 7) {
		ck_ok(file_replace(cx, path, 0600, SLICE(file.p, n)));
		ck_fails(log_key_open(cx, folder, master, &key), ERR_CONFIG);
	}
	end();
}
END_TEST

UNIT_MAIN("master",
    a_master_key_file_is_one_line_of_hex_and_private,
    a_passphrase_makes_one_key_with_the_salt_that_lies_beside,
    a_passphrase_or_parameters_of_another_form_are_refused,
    a_record_of_the_old_master_key_opens_beside_the_new_and_is_resealed,
    a_record_of_the_form_without_flags_is_still_read,
    the_log_key_stays_and_follows_the_master_key,
    a_log_key_file_with_any_bit_changed_or_cut_is_refused)
