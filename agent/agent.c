/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <ctype.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/base.h"
#include "base/file.h"

#define VALID_MARGIN_S	2	/* a handshake must not end after the end */

AUTO_DEFINE(BIO, BIO_free_all);
AUTO_DEFINE(X509, X509_free);

/* A secret from a file, without the line end; empty when there is no file. */
static struct err
read_secret(struct ctx *cx, const char *path, struct slice *out)
{
	struct slice s = SLICE_NONE;

	if (path != NULL)
		TRY(file_read_secret(cx, path, AGENT_SECRET_MAX, &s));
	while (s.n > 0 && isspace(s.p[s.n - 1]))
		s.n--;
	*out = s;
	return OK;
}

struct err
agent_need_tpm(struct ctx *cx, struct agent *agent)
{
	struct slice owner, endorsement;

	if (agent->tpm.esys != NULL)
		return OK;
	TRY(read_secret(cx, agent->set->owner_auth_file, &owner));
	TRY(read_secret(cx, agent->set->endorsement_auth_file, &endorsement));
	return tpm_open(cx, agent->set->tcti, owner, endorsement, &agent->tpm);
}

void
agent_rest(struct agent *agent)
{
	tpm_close(&agent->tpm);
}

struct http_peer
agent_peer(const struct agent *agent, const struct http_client *client)
{
	return (struct http_peer){
		.base = agent->set->server,
		.ca = agent->set->ca,
		.timeout_s = agent->timeout_s,
		.client = client,
	};
}

static bool
certificate_matches(const char *pem, const struct key *key)
{
	AUTO(BIO) bio = BIO_new_mem_buf(pem, -1);
	AUTO(X509) cert = NULL;
	uint8_t *der = NULL;
	bool same = false;
	int n;

	ASSERT(bio != NULL);
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	n = cert == NULL ? -1 : i2d_PUBKEY(X509_get0_pubkey(cert), &der);
	if (n > 0)
		same = slice_equal(SLICE(der, (size_t)n), key->spki);
	OPENSSL_free(der);
	ERR_clear_error();
	return same;
}

struct err
agent_client(struct ctx *cx, struct agent *agent, struct agent_client *out,
    bool *out_found)
{
	struct state_credential *c = &out->credential;

	TRY(state_read_credential(cx, agent->set->state_dir, c, out_found));
	if (!*out_found)
		return OK;
	if (strncmp(c->key, "-----BEGIN TSS2", 15) == 0)
		TRY(agent_need_tpm(cx, agent));
	TRY(key_parse(cx, &agent->tpm, c->key, &out->key));
	*out_found = certificate_matches(c->certificate, &out->key);
	out->http = (struct http_client){ &out->key, c->certificate, c->chain };
	return OK;
}

bool
agent_credential_valid(const struct ctx *cx, const struct state_credential *c)
{
	int64_t now_s = ctx_now(cx) + c->clock_offset_s;

	return c->not_before_s <= now_s &&
	    now_s + VALID_MARGIN_S < c->not_after_s;
}
