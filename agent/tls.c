/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tls.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/base.h"

#define CHAIN_MAX	10u

AUTO_DEFINE(BIO, BIO_free_all);
AUTO_DEFINE(SSL_CTX, SSL_CTX_free);
AUTO_DEFINE(X509, X509_free);

/* The newest reason OpenSSL has, and its queue emptied. */
static struct err
ssl_fail(struct ctx *cx, enum err_code code, const char *what)
{
	unsigned long reason = ERR_peek_last_error();
	char text[160] = "the peer closed the connection";

	if (reason != 0)
		ERR_error_string_n(reason, text, sizeof(text));
	ERR_clear_error();
	return FAIL(cx, code, "%s: %s", what, text);
}

struct err
tls_set_client(struct ctx *cx, SSL_CTX *ssl, const struct key *key,
    const char *certificate, const char *chain)
{
	AUTO(BIO) leaf_bio = BIO_new_mem_buf(certificate, -1);
	AUTO(BIO) chain_bio = BIO_new_mem_buf(chain, -1);
	AUTO(X509) leaf = NULL;

	ASSERT(leaf_bio != NULL && chain_bio != NULL);
	leaf = PEM_read_bio_X509(leaf_bio, NULL, NULL, NULL);
	if (leaf == NULL || SSL_CTX_use_certificate(ssl, leaf) != 1 ||
	    SSL_CTX_use_PrivateKey(ssl, key->pkey) != 1)
		return ssl_fail(cx, ERR_CONFIG,
		    "the certificate and its key do not go together");
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		X509 *next = PEM_read_bio_X509(chain_bio, NULL, NULL, NULL);

		if (next == NULL)
			break;
		ASSERT(SSL_CTX_add0_chain_cert(ssl, next) == 1);
	}
	ERR_clear_error();
	return OK;
}

/* The client's side was asked for a certificate: note it, keep ours. */
static int
note_asked(SSL *ssl, void *arg)
{
	bool *asked = arg;

	(void)ssl;
	*asked = true;
	return 1;
}

/* A ticket comes after the certificate was looked at.  0: not kept. */
static int
note_ticket(SSL *ssl, SSL_SESSION *session)
{
	bool *ticket = SSL_get_app_data(ssl);

	(void)session;
	*ticket = true;
	return 0;
}

static void
set_wait(BIO *bio)
{
	const struct timeval wait = { .tv_sec = TLS_WAIT_S };
	int fd = -1;

	if (BIO_get_fd(bio, &fd) > 0 && fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
		    sizeof(wait));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait,
		    sizeof(wait));
	}
}

/* Why a connection did not come about: whose doing it was. */
static struct err
connect_fail(struct ctx *cx, SSL *ssl)
{
	long verdict = SSL_get_verify_result(ssl);

	/* The TPM, if it was asked for a signature, has said why. */
	if (failed(cx->trail->err))
		return cx->trail->err;
	if (verdict != X509_V_OK) {
		ERR_clear_error();
		return FAIL(cx, ERR_CONFIG, "the peer's certificate: %s",
		    X509_verify_cert_error_string(verdict));
	}
	if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_SSL)
		return ssl_fail(cx, ERR_AUTH_CERTIFICATE, "handshake");
	return ssl_fail(cx, ERR_HTTP, "connect");
}

static struct err
set_trust(struct ctx *cx, SSL_CTX *ssl, const char *ca)
{
	int done = ca != NULL ? SSL_CTX_load_verify_file(ssl, ca) :
	    SSL_CTX_set_default_verify_paths(ssl);

	if (done != 1)
		return ssl_fail(cx, ERR_CONFIG, ca != NULL ? ca : "trust");
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
	(void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ssl, note_ticket);
	return OK;
}

static bool
set_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return true;
	return SSL_set1_host(ssl, host) == 1 &&
	    SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* Send a line, then read until the peer has shown what it thinks. */
static struct err
ask(struct ctx *cx, SSL *ssl, const char *host, const bool *ticket,
    struct tls_outcome *out)
{
	char *line = arena_printf(cx->arena,
	    "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", host);
	char block[1024];
	int n;

	if (SSL_write(ssl, line, (int)strlen(line)) <= 0)
		return ssl_fail(cx, ERR_HTTP, "the peer hung up");
	n = SSL_read(ssl, block, sizeof(block) - 1);
	if (n > 0) {
		block[n] = '\0';
		block[strcspn(block, "\r\n")] = '\0';
		out->answer = arena_strdup(cx->arena, block);
		return OK;
	}
	if (*ticket || SSL_version(ssl) < TLS1_3_VERSION) {
		ERR_clear_error();
		return OK;
	}
	return ssl_fail(cx, ERR_AUTH_CERTIFICATE,
	    "the peer did not take the certificate");
}

static struct err
converse(struct ctx *cx, BIO *bio, const char *host, struct tls_outcome *out)
{
	char name[256] = "";
	bool ticket = false;
	SSL *ssl = NULL;

	(void)BIO_get_ssl(bio, &ssl);
	ASSERT(ssl != NULL);
	(void)SSL_set_app_data(ssl, &ticket);
	(void)SSL_set_mode(ssl, SSL_MODE_AUTO_RETRY);
	if (!set_host(ssl, host))
		return ssl_fail(cx, ERR_PARAMETER, host);
	ctx_forget(cx);
	if (BIO_do_connect(bio) != 1 || BIO_do_handshake(bio) != 1)
		return connect_fail(cx, ssl);
	set_wait(bio);
	(void)X509_NAME_oneline(X509_get_subject_name(
	    SSL_get0_peer_certificate(ssl)), name, sizeof(name));
	out->version = SSL_get_version(ssl);
	out->cipher = SSL_get_cipher_name(ssl);
	out->peer = arena_strdup(cx->arena, name);
	return ask(cx, ssl, host, &ticket, out);
}

struct err
tls_check(struct ctx *cx, const char *host_port, const char *ca,
    const struct key *key, const char *certificate, const char *chain,
    struct tls_outcome *out)
{
	AUTO(SSL_CTX) ssl = SSL_CTX_new(TLS_client_method());
	const char *colon = strrchr(host_port, ':');
	struct tls_outcome outcome = { .asked = false };
	AUTO(BIO) bio = NULL;
	char *host;

	ASSERT(ssl != NULL);
	if (colon == NULL || colon == host_port)
		return FAIL(cx, ERR_PARAMETER, "not host:port: %s", host_port);
	host = arena_strndup(cx->arena, host_port,
	    (size_t)(colon - host_port));
	TRY(set_trust(cx, ssl, ca));
	TRY(tls_set_client(cx, ssl, key, certificate, chain));
	SSL_CTX_set_cert_cb(ssl, note_asked, &outcome.asked);
	bio = BIO_new_ssl_connect(ssl);
	ASSERT(bio != NULL);
	(void)BIO_set_conn_hostname(bio, host_port);
	TRY(converse(cx, bio, host, &outcome));
	if (!outcome.asked)
		return FAIL(cx, ERR_HTTP,
		    "the peer did not ask for a certificate");
	*out = outcome;
	return OK;
}
