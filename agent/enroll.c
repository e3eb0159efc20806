/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/enroll.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "agent/consent.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"

#define NONCE_SIZE	32u
#define PEM_MAX		65536u

AUTO_DEFINE(BIO, BIO_free_all);
AUTO_DEFINE(X509, X509_free);

/* One run of enrolment, over its tries. */
struct run {
	struct agent			*agent;
	struct identity			 id;
	struct key			 key;
	const struct http_client	*client;	/* NULL: not shown */
	struct activation		 activation;
	const char			*consent;	/* to whom; NULL: no one */
};

static struct err
post(struct ctx *cx, struct run *run, const struct http_client *client,
    const char *path, const json_t *body, json_t **out)
{
	struct http_peer peer = agent_peer(run->agent, client);
	struct err e = http_post(cx, &peer, path, body, out,
	    &run->agent->problem);

	if (!failed(e) && *out == NULL)
		return FAIL(cx, ERR_HTTP, "the server's answer to %s is empty",
		    path);
	return e;
}

static struct err
get_nonce(struct ctx *cx, struct run *run, struct slice *out)
{
	uint8_t *nonce = arena_alloc(cx->arena, NONCE_SIZE);
	const char *hex;
	json_t *reply;

	TRY(post(cx, run, NULL, "/v1/challenges", NULL, &reply));
	hex = json_string_value(json_object_get(reply, "nonce"));
	if (hex == NULL || !text_unhex(hex, nonce, NONCE_SIZE))
		return FAIL(cx, ERR_HTTP, "the server's nonce is not 32 bytes");
	*out = SLICE(nonce, NONCE_SIZE);
	return OK;
}

static struct err
activate(struct ctx *cx, struct run *run)
{
	json_t *body, *reply;

	TRY(identity_ask_activation(cx, run->agent, &run->id, &body));
	TRY(post(cx, run, NULL, "/v1/tpm/activations", body, &reply));
	return identity_activate(cx, run->agent, &run->id, reply,
	    &run->activation);
}

static const char *
reply_text(const json_t *reply, const char *name)
{
	return json_string_value(json_object_get(reply, name));
}

static bool
reply_time(const json_t *reply, const char *name, int64_t *out_s)
{
	const char *text = reply_text(reply, name);

	return text != NULL && text_parse_time(text, out_s);
}

/* The leaf is for our key and signed by the first of the chain. */
static bool
is_for_key(const struct state_credential *c, const struct key *key)
{
	AUTO(BIO) leaf_bio = BIO_new_mem_buf(c->certificate, -1);
	AUTO(BIO) chain_bio = BIO_new_mem_buf(c->chain, -1);
	AUTO(X509) leaf = NULL;
	AUTO(X509) issuer = NULL;
	uint8_t *der = NULL;
	bool good = false;
	int n;

	ASSERT(leaf_bio != NULL && chain_bio != NULL);
	leaf = PEM_read_bio_X509(leaf_bio, NULL, NULL, NULL);
	issuer = PEM_read_bio_X509(chain_bio, NULL, NULL, NULL);
	if (leaf != NULL && issuer != NULL) {
		n = i2d_PUBKEY(X509_get0_pubkey(leaf), &der);
		good = n > 0 && slice_equal(SLICE(der, (size_t)n), key->spki) &&
		    X509_verify(leaf, X509_get0_pubkey(issuer)) == 1;
		OPENSSL_free(der);
	}
	ERR_clear_error();
	return good;
}

struct err
enroll_read_reply(struct ctx *cx, const json_t *reply, const struct key *key,
    struct state_credential *out)
{
	struct state_credential c = {
		.key = key->pem,
		.certificate = reply_text(reply, "certificate"),
		.chain = reply_text(reply, "chain"),
		.device_id = reply_text(reply, "device_id"),
		.hardware_id = reply_text(reply, "hardware_id"),
		.tenant = reply_text(reply, "tenant"),
		.group = reply_text(reply, "group"),
		.serial = reply_text(reply, "serial"),
		.attestation = json_object_get(reply, "attestation"),
	};
	int64_t server_s;

	if (c.certificate == NULL || c.chain == NULL || c.serial == NULL ||
	    strlen(c.certificate) + strlen(c.chain) > PEM_MAX ||
	    !reply_time(reply, "not_before", &c.not_before_s) ||
	    !reply_time(reply, "not_after", &c.not_after_s) ||
	    !reply_time(reply, "renew_after", &c.renew_after_s) ||
	    !reply_time(reply, "renew_before", &c.renew_before_s) ||
	    !reply_time(reply, "server_time", &server_s))
		return FAIL(cx, ERR_HTTP,
		    "the server's answer lacks a part of the certificate");
	if (!is_for_key(&c, key))
		return FAIL(cx, ERR_HTTP, "the server's certificate is for "
		    "another key, or not signed by its chain");
	c.clock_offset_s = server_s - ctx_now(cx);
	*out = c;
	return OK;
}

/* Nonce and evidence for run->key, as the members of a request. */
static struct err
prove(struct ctx *cx, struct run *run, json_t *body)
{
	struct slice nonce, covered;
	json_t *evidence;

	if (run->activation.token == NULL &&
	    !identity_is_active(run->agent, &run->id))
		TRY(activate(cx, run));
	TRY(get_nonce(cx, run, &nonce));
	covered = nonce;
	if (run->consent != NULL)
		TRY(consent_statement(cx, run->agent->set->server,
		    run->consent, nonce, body, &covered));
	TRY(identity_evidence(cx, run->agent, &run->id, covered,
	    run->key.spki, &run->key, &run->activation, &evidence));
	ASSERT(json_object_set_new(body, "nonce",
	    json_string(text_hex(cx->arena, nonce))) == 0 &&
	    json_object_set(body, "evidence", evidence) == 0);
	return OK;
}

/* What is asked with evidence alone. */
static struct err
ask_once(struct ctx *cx, struct run *run, const json_t **out)
{
	json_t *body = json_keep(cx, json_object()), *reply;
	bool good;

	TRY(prove(cx, run, body));
	ASSERT(json_object_set_new(body, "public_key",
	    json_string(base64url(cx->arena, run->key.spki))) == 0);
	TRY(post(cx, run, NULL, run->consent != NULL ? "/v1/claim-consents" :
	    "/v1/ownership", body, &reply));
	good = run->consent != NULL ? reply_text(reply, "consent") != NULL :
	    json_is_boolean(json_object_get(reply, "claimed"));
	if (!good)
		return FAIL(cx, ERR_HTTP, "the server's answer is of another "
		    "form");
	*out = reply;
	return OK;
}

static struct err
try_once(struct ctx *cx, struct run *run, struct state_credential *out)
{
	json_t *body = json_keep(cx, json_object()), *reply;
	struct slice csr;

	TRY(prove(cx, run, body));
	/* The server takes nothing from the request but its key. */
	TRY(key_csr(cx, &run->key, run->id.device_id != NULL ?
	    run->id.device_id : AGENT_NAME, &csr));
	ASSERT(json_object_set_new(body, "csr",
	    json_string(base64url(cx->arena, csr))) == 0 &&
	    json_object_set_new(body, "device_time",
	    json_string(text_time_dup(cx->arena, ctx_now(cx)))) == 0);
	TRY(post(cx, run, run->client, "/v1/enrollments", body, &reply));
	return enroll_read_reply(cx, reply, &run->key, out);
}

/* The server asked for something that can be done at once. */
static bool
can_mend(struct ctx *cx, struct run *run, struct err e)
{
	switch (e.code) {
	case ERR_EV_ACTIVATION:
		/* It does not know the AK (any more), or the proof ran out. */
		run->activation = (struct activation){ .token = NULL };
		return !failed(identity_set_active(cx, run->agent, &run->id,
		    false));
	case ERR_AUTH_CERTIFICATE:
	case ERR_CERT_REVOKED:
		/* Evidence is the proof; the old certificate only helps. */
		if (run->client == NULL)
			return false;
		run->client = NULL;
		return true;
	case ERR_NONCE_EXPIRED:
	case ERR_NONCE_INVALID:
	case ERR_NONCE_USED:
		return true;
	default:
		return false;
	}
}

static struct err
take_key(struct ctx *cx, struct run *run, const struct agent_client *old,
    bool same_key)
{
	struct agent *agent = run->agent;
	bool in_tpm = strcmp(agent->set->key, "tpm") == 0;

	if (same_key && old != NULL) {
		run->key = old->key;
		return OK;
	}
	return key_make(cx, in_tpm ? &agent->tpm : NULL, &run->key);
}

struct err
enroll(struct ctx *cx, struct agent *agent, struct enroll_how how,
    struct state_credential *out)
{
	struct run *run = ARENA_NEW(cx->arena, struct run);
	struct agent_client *old = ARENA_NEW(cx->arena, struct agent_client);
	struct err e = OK;
	bool found;

	run->agent = agent;
	agent->problem = (struct http_problem){ .status = 0 };
	TRY(identity_open(cx, agent, &run->id));
	TRY(agent_client(cx, agent, old, &found));
	if (found && how.renew && agent_credential_valid(cx,
	    &old->credential))
		run->client = &old->http;
	TRY(take_key(cx, run, found ? old : NULL, how.same_key));
	for (unsigned i = 0; i < ENROLL_TRIES; i++) {
		e = try_once(cx, run, out);
		if (!failed(e) || !can_mend(cx, run, e))
			break;
	}
	TRY(e);
	TRY(state_write_credential(cx, agent->set->state_dir, out));
	return identity_set_active(cx, agent, &run->id, true);
}

static struct err
ask(struct ctx *cx, struct agent *agent, const char *consent,
    const json_t **out)
{
	struct run *run = ARENA_NEW(cx->arena, struct run);
	struct agent_client *old = ARENA_NEW(cx->arena, struct agent_client);
	struct err e = OK;
	bool found;

	run->agent = agent;
	run->consent = consent;
	agent->problem = (struct http_problem){ .status = 0 };
	TRY(identity_open(cx, agent, &run->id));
	TRY(agent_client(cx, agent, old, &found));
	TRY(take_key(cx, run, found ? old : NULL, true));
	for (unsigned i = 0; i < ENROLL_TRIES; i++) {
		e = ask_once(cx, run, out);
		if (!failed(e) || !can_mend(cx, run, e))
			break;
	}
	return e;
}

struct err
enroll_ask_owner(struct ctx *cx, struct agent *agent, const json_t **out)
{
	return ask(cx, agent, NULL, out);
}

struct err
enroll_consent(struct ctx *cx, struct agent *agent, const char *tenant,
    const json_t **out)
{
	return ask(cx, agent, tenant, out);
}

struct err
enroll_evidence(struct ctx *cx, struct agent *agent, struct slice nonce,
    struct slice spki, json_t **out)
{
	struct agent_client *old = ARENA_NEW(cx->arena, struct agent_client);
	struct run *run = ARENA_NEW(cx->arena, struct run);
	bool found;

	run->agent = agent;
	TRY(identity_open(cx, agent, &run->id));
	TRY(agent_client(cx, agent, old, &found));
	TRY(take_key(cx, run, found ? old : NULL, true));
	return identity_evidence(cx, agent, &run->id, nonce,
	    spki.n > 0 ? spki : run->key.spki, &run->key, NULL, out);
}
