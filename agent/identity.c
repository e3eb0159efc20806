/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/identity.h"

#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "agent/binding.h"
#include "agent/quote.h"
#include "agent/source.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"

#define KERNEL_EVENT_LOG \
	"/sys/kernel/security/tpm0/binary_bios_measurements"

AUTO_DEFINE(BIO, BIO_free_all);
AUTO_DEFINE(X509, X509_free);

/* What evidence is to cover. */
struct wanted {
	struct slice		 nonce, spki;
	struct slice		 binding;	/* of the kind's format */
	const struct key	*key;
};

/* A value of the setting identity. */
struct kind {
	const char	*name;
	const char	*format;	/* NULL: the source's */
	struct err	(*name_it)(struct ctx *, struct agent *,
			    struct identity *out);
	struct err	(*evidence)(struct ctx *, struct agent *,
			    const struct identity *, const struct wanted *,
			    json_t *object);
};

static const struct kind *kind_of(const struct agent *);

static void
set_new(json_t *object, const char *name, json_t *value)
{
	ASSERT(value != NULL && json_object_set_new(object, name, value) == 0);
}

static void
set_bytes(struct ctx *cx, json_t *object, const char *name, struct slice s)
{
	set_new(object, name, json_string(base64url(cx->arena, s)));
}

static void
set_hex(struct ctx *cx, json_t *object, const char *name, struct slice s)
{
	set_new(object, name, json_string(text_hex(cx->arena, s)));
}

static char *
sha256_hex(struct ctx *cx, struct slice s)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, s.p, s.n);
	return text_hex(cx->arena, SLICE_OF(hash));
}

static void
name_hardware(struct ctx *cx, struct identity *id, const char *scheme,
    const char *value)
{
	id->hardware_id = arena_printf(cx->arena, "%s:%s", scheme, value);
	id->device_id = sha256_hex(cx, slice_text(id->hardware_id));
}

/* PEM or DER certificates of a file, as DER. */
static struct err
read_certificates(struct ctx *cx, const char *path, struct slice *out,
    size_t max, size_t *out_n)
{
	AUTO(BIO) bio = NULL;
	struct slice text;
	size_t n = 0;

	TRY(file_read(cx, path, EK_CERTIFICATE_MAX * IDENTITY_CHAIN_MAX,
	    &text));
	bio = BIO_new_mem_buf(text.p, (int)text.n);
	ASSERT(bio != NULL);
	if (text.n > 0 && text.p[0] == 0x30) {
		out[n++] = text;
	} else {
		while (n < max) {
			AUTO(X509) cert = PEM_read_bio_X509(bio, NULL, NULL,
			    NULL);
			uint8_t *der = NULL;
			int size = cert == NULL ? -1 : i2d_X509(cert, &der);

			if (size <= 0)
				break;
			out[n++] = slice_dup(cx->arena,
			    SLICE(der, (size_t)size));
			OPENSSL_free(der);
		}
		ERR_clear_error();
	}
	if (n == 0)
		return FAIL(cx, ERR_CONFIG, "%s holds no certificate", path);
	*out_n = n;
	return OK;
}

static struct err
find_ek(struct ctx *cx, struct agent *agent, struct ek *out)
{
	struct slice given = SLICE_NONE;
	size_t n;

	TRY(agent_need_tpm(cx, agent));
	if (agent->set->ek_certificate != NULL)
		TRY(read_certificates(cx, agent->set->ek_certificate, &given,
		    1, &n));
	return ek_find(cx, &agent->tpm, agent->set->ek, given, out);
}

/* The raw key: read, or made where there is none. */
static struct err
open_device_key(struct ctx *cx, struct agent *agent, struct key *out)
{
	const char *path = state_path(cx, agent->set->state_dir,
	    "device-key.pem");
	struct slice pem;

	TRY(file_make_folder(cx, agent->set->state_dir));
	if (access(path, F_OK) != 0) {
		TRY(key_make(cx, NULL, out));
		TRY(file_create(cx, path, 0600, slice_text(out->pem)));
	}
	TRY(file_read_secret(cx, path, STATE_FILE_MAX, &pem));
	return key_parse(cx, NULL, (const char *)pem.p, out);
}

static struct err
name_by_key(struct ctx *cx, struct agent *agent, struct identity *id)
{
	struct slice point;

	TRY(open_device_key(cx, agent, &id->device_key));
	TRY(key_point(cx, &id->device_key, &point));
	id->spki = id->device_key.spki;
	name_hardware(cx, id, "key", text_hex(cx->arena, point));
	return OK;
}

static void
name_by_ek(struct ctx *cx, struct identity *id, const struct ek *ek)
{
	id->ek_name = ek->name;
	id->spki = ek->spki;
	id->ek_certificate = ek->certificate;
	name_hardware(cx, id, "tpm-ek", sha256_hex(cx, ek->spki));
}

static struct err
name_by_tpm(struct ctx *cx, struct agent *agent, struct identity *id)
{
	struct ek ek;

	TRY(find_ek(cx, agent, &ek));
	name_by_ek(cx, id, &ek);
	return OK;
}

/* Only the server can tell who evidence from elsewhere is from. */
static struct err
name_by_server(struct ctx *cx, struct agent *agent, struct identity *id)
{
	struct state_credential c;
	bool found;

	TRY(state_read_credential(cx, agent->set->state_dir, &c, &found));
	if (found) {
		id->hardware_id = c.hardware_id;
		id->device_id = c.device_id;
	}
	return OK;
}

struct err
identity_name(struct ctx *cx, struct agent *agent, struct identity *out)
{
	struct identity id = { .hardware_id = NULL };

	TRY(kind_of(agent)->name_it(cx, agent, &id));
	*out = id;
	return OK;
}

/* The AK and its EK are of the TPM at hand: only that one can load it. */
static bool
ak_usable(struct ctx *cx, struct agent *agent, const struct state_ak *ak)
{
	TPM_AUTO handle = TPM_HANDLE(&agent->tpm);
	bool wanted = strcmp(agent->set->ek, "auto") == 0 ||
	    strcmp(agent->set->ek, ak->ek_name) == 0;

	return wanted && !failed(tpm_key_load(cx, &agent->tpm,
	    TPM_PARENT_ENDORSEMENT, &ak->blob, &handle));
}

static struct err
make_ak(struct ctx *cx, struct agent *agent, struct state_ak *out)
{
	struct state_ak ak = { .n_servers = 0 };
	struct ek ek;

	TRY(find_ek(cx, agent, &ek));
	ak.ek_name = ek.name;
	ak.ek_public = ek.public;
	ak.ek_certificate = ek.certificate;
	TRY(tpm_key_create(cx, &agent->tpm, TPM_PARENT_ENDORSEMENT,
	    TPM_USE_ATTEST, &ak.blob));
	TRY(file_make_folder(cx, agent->set->state_dir));
	TRY(state_write_ak(cx, agent->set->state_dir, &ak));
	*out = ak;
	return OK;
}

struct err
identity_open(struct ctx *cx, struct agent *agent, struct identity *out)
{
	struct identity id = { .hardware_id = NULL };
	struct ek ek = { .name = NULL };
	bool found;

	if (strcmp(agent->set->identity, "tpm") != 0)
		return identity_name(cx, agent, out);
	TRY(agent_need_tpm(cx, agent));
	TRY(state_read_ak(cx, agent->set->state_dir, &id.ak, &found));
	if (!found || !ak_usable(cx, agent, &id.ak)) {
		ctx_forget(cx);
		TRY(make_ak(cx, agent, &id.ak));
	}
	ek.name = id.ak.ek_name;
	ek.certificate = id.ak.ek_certificate;
	TRY(tpm_spki(cx, &id.ak.ek_public, &ek.spki));
	name_by_ek(cx, &id, &ek);
	*out = id;
	return OK;
}

/* Members that say which EK: its certificate with chain, or its public. */
static struct err
set_ek(struct ctx *cx, struct agent *agent, const struct identity *id,
    json_t *object)
{
	struct slice chain[IDENTITY_CHAIN_MAX];
	json_t *array;
	size_t n = 0;

	if (id->ek_certificate.n == 0) {
		set_bytes(cx, object, "ek_public",
		    tpm_public_bytes(cx, &id->ak.ek_public));
		return OK;
	}
	set_bytes(cx, object, "ek_certificate", id->ek_certificate);
	if (agent->set->ek_chain == NULL)
		return OK;
	TRY(read_certificates(cx, agent->set->ek_chain, chain,
	    IDENTITY_CHAIN_MAX, &n));
	array = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(array,
		    json_string(base64url(cx->arena, chain[i]))) == 0);
	set_new(object, "ek_chain", array);
	return OK;
}

struct err
identity_ask_activation(struct ctx *cx, struct agent *agent,
    const struct identity *id, json_t **out_request)
{
	json_t *object = json_keep(cx, json_object());

	TRY(set_ek(cx, agent, id, object));
	set_bytes(cx, object, "ak_public",
	    tpm_public_bytes(cx, &id->ak.blob.public.publicArea));
	*out_request = object;
	return OK;
}

static struct err
reply_bytes(struct ctx *cx, const json_t *reply, const char *name,
    struct slice *out)
{
	const char *text = json_string_value(json_object_get(reply, name));

	if (text == NULL || !base64url_parse(cx->arena, text, strlen(text),
	    STATE_FILE_MAX, out))
		return FAIL(cx, ERR_HTTP, "the server's answer lacks %s", name);
	return OK;
}

struct err
identity_activate(struct ctx *cx, struct agent *agent,
    const struct identity *id, const json_t *reply, struct activation *out)
{
	const char *token = json_string_value(json_object_get(reply, "token"));
	struct slice object, secret;

	if (token == NULL)
		return FAIL(cx, ERR_HTTP, "the server's answer lacks token");
	TRY(reply_bytes(cx, reply, "credential_blob", &object));
	TRY(reply_bytes(cx, reply, "encrypted_secret", &secret));
	TRY(ek_activate(cx, &agent->tpm, id->ak.ek_name, &id->ak.blob, object,
	    secret, &out->secret));
	out->token = token;
	return OK;
}

bool
identity_is_active(const struct agent *agent, const struct identity *id)
{
	for (size_t i = 0; i < id->ak.n_servers; i++)
		if (agent->set->server != NULL && strcmp(id->ak.servers[i],
		    agent->set->server) == 0)
			return true;
	return id->ek_name == NULL;
}

struct err
identity_set_active(struct ctx *cx, struct agent *agent, struct identity *id,
    bool active)
{
	struct state_ak *ak = &id->ak;
	size_t n = 0;

	if (id->ek_name == NULL || identity_is_active(agent, id) == active)
		return OK;
	for (size_t i = 0; i < ak->n_servers; i++)
		if (strcmp(ak->servers[i], agent->set->server) != 0)
			ak->servers[n++] = ak->servers[i];
	ak->n_servers = n < STATE_SERVERS_MAX ? n : STATE_SERVERS_MAX - 1;
	if (active)
		ak->servers[ak->n_servers++] = agent->set->server;
	return state_write_ak(cx, agent->set->state_dir, ak);
}

/*
 * The firmware's event log.  The kernel's file belongs to the machine's own
 * TPM, so it goes only with that one.
 */
static struct err
set_event_log(struct ctx *cx, struct agent *agent, json_t *object)
{
	const char *path = agent->set->event_log;
	struct slice log;

	if (strcmp(path, "none") == 0)
		return OK;
	if (strcmp(path, "auto") == 0) {
		if (strncmp(agent->set->tcti, "device:", 7) != 0 ||
		    access(KERNEL_EVENT_LOG, R_OK) != 0)
			return OK;
		path = KERNEL_EVENT_LOG;
	}
	TRY(file_read(cx, path, IDENTITY_EVENT_LOG_MAX, &log));
	if (log.n > 0)
		set_bytes(cx, object, "event_log", log);
	return OK;
}

static void
set_pcrs(struct ctx *cx, const struct pcr_values *values, json_t *object)
{
	json_t *pcrs = json_object();

	set_new(object, "pcrs", pcrs);
	for (size_t i = 0; i < values->n; i++) {
		const struct pcr_value *v = &values->at[i];
		const char *name = pcr_bank_name(v->bank);
		json_t *bank = json_object_get(pcrs, name);

		if (bank == NULL) {
			bank = json_object();
			set_new(pcrs, name, bank);
		}
		set_hex(cx, bank, arena_printf(cx->arena, "%u", v->pcr),
		    v->value);
	}
}

static struct err
set_key(struct ctx *cx, struct agent *agent, const struct identity *id,
    const struct key *key, struct slice binding, json_t *object)
{
	json_t *member = json_object();
	struct attested certified;

	set_new(object, "key", member);
	TRY(quote_certify(cx, &agent->tpm, &id->ak.blob, &key->blob, binding,
	    &certified));
	set_bytes(cx, member, "public",
	    tpm_public_bytes(cx, &key->blob.public.publicArea));
	set_bytes(cx, member, "attest", certified.attest);
	set_bytes(cx, member, "signature", certified.signature);
	return OK;
}

static struct err
tpm_evidence(struct ctx *cx, struct agent *agent, const struct identity *id,
    const struct wanted *wanted, json_t *object)
{
	const struct key *key = wanted->key;
	const char *pcrs = agent->set->pcrs;
	TPML_PCR_SELECTION selection;
	struct pcr_values *values = ARENA_NEW(cx->arena, struct pcr_values);
	struct attested quote;

	TRY(pcr_parse(cx, pcrs != NULL ? pcrs : PCR_DEFAULT, &selection));
	TRY(pcr_limit(cx, &agent->tpm, pcrs != NULL, &selection));
	TRY(quote_make(cx, &agent->tpm, &id->ak.blob, &selection,
	    wanted->binding, &quote, values));
	set_bytes(cx, object, "ak_public",
	    tpm_public_bytes(cx, &id->ak.blob.public.publicArea));
	TRY(set_ek(cx, agent, id, object));
	set_bytes(cx, object, "quote", quote.attest);
	set_bytes(cx, object, "quote_signature", quote.signature);
	set_pcrs(cx, values, object);
	TRY(set_event_log(cx, agent, object));
	if (key != NULL && key->in_tpm)
		return set_key(cx, agent, id, key, wanted->binding, object);
	return OK;
}

static struct err
key_evidence(struct ctx *cx, struct agent *agent, const struct identity *id,
    const struct wanted *wanted, json_t *object)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	struct slice statement = slice_text("{}"), point, signature;
	crypto_hash_sha256_state state;

	if (agent->set->statement != NULL)
		TRY(file_read(cx, agent->set->statement,
		    IDENTITY_STATEMENT_MAX, &statement));
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, wanted->binding.p,
	    wanted->binding.n);
	(void)crypto_hash_sha256_update(&state, statement.p, statement.n);
	(void)crypto_hash_sha256_final(&state, digest);
	TRY(key_point(cx, &id->device_key, &point));
	TRY(key_sign_raw(cx, &id->device_key, SLICE_OF(digest), &signature));
	set_hex(cx, object, "public_key", point);
	set_bytes(cx, object, "statement", statement);
	set_hex(cx, object, "signature", signature);
	return OK;
}

static struct err
other_evidence(struct ctx *cx, struct agent *agent, const struct identity *id,
    const struct wanted *wanted, json_t *object)
{
	json_t *evidence;

	(void)id;
	TRY(source_evidence(cx, agent->set, wanted->nonce, wanted->spki,
	    &evidence));
	ASSERT(json_object_update(object, evidence) == 0);
	return OK;
}

static const struct kind kinds[] = {
	{ "evidence", NULL, name_by_server, other_evidence },
	{ "key", "key", name_by_key, key_evidence },
	{ "tpm", "tpm2", name_by_tpm, tpm_evidence },
};

static const struct kind *
kind_of(const struct agent *agent)
{
	size_t i = 0;

	while (strcmp(kinds[i].name, agent->set->identity) != 0)
		ASSERT(++i < COUNT_OF(kinds));
	return &kinds[i];
}

struct err
identity_check(struct ctx *cx, const struct agent *agent)
{
	return kind_of(agent)->format != NULL ? OK :
	    source_check(cx, agent->set);
}

struct err
identity_evidence(struct ctx *cx, struct agent *agent,
    const struct identity *id, struct slice nonce, struct slice spki,
    const struct key *key, const struct activation *activation, json_t **out)
{
	const struct kind *kind = kind_of(agent);
	struct wanted wanted = { .nonce = nonce, .spki = spki, .key = key };
	json_t *object = json_keep(cx, json_object()), *member;
	uint8_t binding[BINDING_SIZE];

	if (kind->format != NULL) {
		binding_hash(kind->format, nonce, spki, binding,
		    sizeof(binding));
		wanted.binding = SLICE_OF(binding);
		set_new(object, "format", json_string(kind->format));
	}
	TRY(kind->evidence(cx, agent, id, &wanted, object));
	if (activation != NULL && activation->token != NULL) {
		member = json_object();
		set_new(object, "activation", member);
		set_new(member, "token", json_string(activation->token));
		set_bytes(cx, member, "secret", activation->secret);
	}
	*out = object;
	return OK;
}
