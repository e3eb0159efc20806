/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/state.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <tss2/tss2_mu.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"

#define TEXT_MAX	1024u		/* of a name or URL */
#define PEM_MAX		65536u
#define BLOB_MAX	4096u		/* bytes of a TPM structure */

const char *
state_path(struct ctx *cx, const char *folder, const char *file)
{
	return arena_printf(cx->arena, "%s/%s", folder, file);
}

struct err
state_lock(struct ctx *cx, const char *folder, int *out_fd)
{
	const char *path = state_path(cx, folder, "lock");
	int fd;

	TRY(file_make_folder(cx, folder));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return FAIL(cx, ERR_IO, "open %s: %s", path, strerror(errno));
	while (flock(fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		(void)close(fd);
		return FAIL(cx, ERR_IO, "lock %s: %s", path, strerror(errno));
	}
	*out_fd = fd;
	return OK;
}

/* An object out of a file that may be absent. */
static struct err
read_object(struct ctx *cx, const char *path, json_t **out, bool *out_found)
{
	struct slice text;

	*out_found = access(path, F_OK) == 0;
	if (!*out_found)
		return OK;
	TRY(file_read_secret(cx, path, STATE_FILE_MAX, &text));
	return json_parse(cx, text, out);
}

static struct err
broken(struct ctx *cx, const char *path)
{
	return FAIL(cx, ERR_CONFIG, "%s is not what this agent wrote: %s", path,
	    cx->trail->note);
}

static struct err
write_object(struct ctx *cx, const char *path, const json_t *object)
{
	return file_replace(cx, path, 0600, json_text(cx, object));
}

/* Texts in and out of JSON; jansson fails only without memory. */
static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL)
		ASSERT(json_object_set_new(object, name,
		    json_string(text)) == 0);
}

static void
set_bytes(struct ctx *cx, json_t *object, const char *name, struct slice s)
{
	if (s.n > 0)
		set_text(object, name, base64url(cx->arena, s));
}

static struct err
parse_ek_public(struct ctx *cx, struct slice bytes, TPMT_PUBLIC *out)
{
	size_t n = 0;

	if (Tss2_MU_TPMT_PUBLIC_Unmarshal(bytes.p, bytes.n, &n, out) !=
	    TSS2_RC_SUCCESS || n != bytes.n)
		return FAIL(cx, ERR_MALFORMED, "ek_public");
	return OK;
}

static struct err
ak_of(struct ctx *cx, json_t *object, struct state_ak *out)
{
	struct json_in in = json_in(cx, object, "");
	struct state_ak ak = { .n_servers = 0 };
	struct slice public = json_get_bytes(&in, "ak_public", JSON_REQUIRED,
	    BLOB_MAX);
	struct slice private = json_get_bytes(&in, "ak_private",
	    JSON_REQUIRED, BLOB_MAX);
	struct slice ek_public = json_get_bytes(&in, "ek_public",
	    JSON_REQUIRED, BLOB_MAX);
	const json_t *servers = json_get_array(&in, "servers", JSON_REQUIRED,
	    STATE_SERVERS_MAX);

	ak.ek_name = json_get_text(&in, "ek", JSON_REQUIRED, TEXT_MAX);
	ak.ek_certificate = json_get_bytes(&in, "ek_certificate",
	    JSON_OPTIONAL, EK_CERTIFICATE_MAX);
	TRY(json_in_done(&in));
	for (size_t i = 0; i < json_array_size(servers); i++) {
		const char *url = json_string_value(json_array_get(servers, i));

		if (url != NULL)
			ak.servers[ak.n_servers++] = url;
	}
	if (!ek_is_name(ak.ek_name))
		return FAIL(cx, ERR_MALFORMED, "ek");
	TRY(parse_ek_public(cx, ek_public, &ak.ek_public));
	TRY(tpm_blob_parse(cx, public, private, &ak.blob));
	*out = ak;
	return OK;
}

struct err
state_read_ak(struct ctx *cx, const char *folder, struct state_ak *out,
    bool *out_found)
{
	const char *path = state_path(cx, folder, "tpm.json");
	json_t *object = NULL;
	bool found;

	*out_found = false;
	TRY(read_object(cx, path, &object, &found));
	if (!found)
		return OK;
	if (failed(ak_of(cx, object, out)))
		return broken(cx, path);
	*out_found = true;
	return OK;
}

struct err
state_write_ak(struct ctx *cx, const char *folder, const struct state_ak *ak)
{
	json_t *object = json_keep(cx, json_object());
	json_t *servers = json_array();

	for (size_t i = 0; i < ak->n_servers; i++)
		ASSERT(json_array_append_new(servers,
		    json_string(ak->servers[i])) == 0);
	set_text(object, "ek", ak->ek_name);
	set_bytes(cx, object, "ek_public",
	    tpm_public_bytes(cx, &ak->ek_public));
	set_bytes(cx, object, "ek_certificate", ak->ek_certificate);
	set_bytes(cx, object, "ak_public",
	    tpm_2b_public_bytes(cx, &ak->blob.public));
	set_bytes(cx, object, "ak_private",
	    tpm_2b_private_bytes(cx, &ak->blob.private));
	ASSERT(json_object_set_new(object, "servers", servers) == 0);
	return write_object(cx, state_path(cx, folder, "tpm.json"), object);
}

/* PEM holds line ends, which json_get_text() refuses. */
static const char *
get_pem(struct json_in *in, const char *name)
{
	const json_t *value = json_get(in, name, JSON_REQUIRED);
	const char *pem = json_string_value(value);

	if (value != NULL && (pem == NULL || strlen(pem) > PEM_MAX ||
	    strncmp(pem, "-----BEGIN ", 11) != 0))
		json_refuse(in, name, "must be PEM");
	return pem;
}

/* The members that are plain text, by name. */
static const struct { const char *name; size_t at; } text_members[] = {
	{ "device_id", offsetof(struct state_credential, device_id) },
	{ "hardware_id", offsetof(struct state_credential, hardware_id) },
	{ "tenant", offsetof(struct state_credential, tenant) },
	{ "group", offsetof(struct state_credential, group) },
	{ "serial", offsetof(struct state_credential, serial) },
};

static const struct { const char *name; size_t at; } time_members[] = {
	{ "not_before", offsetof(struct state_credential, not_before_s) },
	{ "not_after", offsetof(struct state_credential, not_after_s) },
	{ "renew_after", offsetof(struct state_credential, renew_after_s) },
	{ "renew_before", offsetof(struct state_credential, renew_before_s) },
};

static const char **
text_at(struct state_credential *c, size_t i)
{
	return (const char **)(void *)((char *)c + text_members[i].at);
}

static int64_t *
time_at(struct state_credential *c, size_t i)
{
	return (int64_t *)(void *)((char *)c + time_members[i].at);
}

static struct err
credential_of(struct ctx *cx, json_t *object, struct state_credential *out)
{
	struct json_in in = json_in(cx, object, "");
	struct state_credential c = { .key = get_pem(&in, "key") };

	c.certificate = get_pem(&in, "certificate");
	c.chain = get_pem(&in, "chain");
	for (size_t i = 0; i < COUNT_OF(text_members); i++)
		*text_at(&c, i) = json_get_text(&in, text_members[i].name,
		    JSON_OPTIONAL, TEXT_MAX);
	for (size_t i = 0; i < COUNT_OF(time_members); i++)
		*time_at(&c, i) = json_get_time(&in, time_members[i].name, 0);
	c.clock_offset_s = json_get_int(&in, "clock_offset_s", INT32_MIN,
	    INT32_MAX, 0);
	c.attestation = json_get(&in, "attestation", JSON_OPTIONAL);
	TRY(json_in_done(&in));
	if (c.serial == NULL)
		return FAIL(cx, ERR_MALFORMED, "serial");
	*out = c;
	return OK;
}

struct err
state_read_credential(struct ctx *cx, const char *folder,
    struct state_credential *out, bool *out_found)
{
	const char *path = state_path(cx, folder, "credential.json");
	json_t *object = NULL;
	bool found;

	*out_found = false;
	TRY(read_object(cx, path, &object, &found));
	if (!found)
		return OK;
	if (failed(credential_of(cx, object, out)))
		return broken(cx, path);
	*out_found = true;
	return OK;
}

json_t *
state_credential_json(struct ctx *cx, const struct state_credential *from)
{
	json_t *object = json_keep(cx, json_object());
	struct state_credential c = *from;

	for (size_t i = 0; i < COUNT_OF(text_members); i++)
		set_text(object, text_members[i].name, *text_at(&c, i));
	for (size_t i = 0; i < COUNT_OF(time_members); i++)
		set_text(object, time_members[i].name,
		    text_time_dup(cx->arena, *time_at(&c, i)));
	ASSERT(json_object_set_new(object, "clock_offset_s",
	    json_integer(c.clock_offset_s)) == 0);
	set_text(object, "certificate", c.certificate);
	set_text(object, "chain", c.chain);
	if (c.attestation != NULL)
		ASSERT(json_object_set(object, "attestation",
		    (json_t *)(uintptr_t)c.attestation) == 0);
	return object;
}

struct err
state_write_credential(struct ctx *cx, const char *folder,
    const struct state_credential *c)
{
	json_t *object = state_credential_json(cx, c);

	set_text(object, "key", c->key);
	return write_object(cx, state_path(cx, folder, "credential.json"),
	    object);
}
