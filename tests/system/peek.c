/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the signer has on disk, for the tests.  The journal must not be in use:
 * take a copy of its folder.
 *
 *	peek list JOURNAL-FOLDER
 *		"leaf TENANT SERIAL", "ca TENANT SERIAL", "crl TENANT NUMBER"
 *	peek keys JOURNAL-FOLDER MASTER-KEY-FILE
 *		"master HEX", and "TENANT ROLE HEX" for each CA's private key
 */
#include <inttypes.h>
#include <stdio.h>

#include <openssl/x509.h>
#include <sodium.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "signer/journal.h"
#include "signer/sealed.h"

#define BATCH	256u
#define BYTES	(1024u * 1024u)

AUTO_DEFINE(X509, X509_free);

static const char *const kinds[] = {
	[JOURNAL_CA] = "ca", [JOURNAL_LEAF] = "leaf", [JOURNAL_CRL] = "crl",
	[JOURNAL_REVOKED] = "revoked", [JOURNAL_RESULT] = "result",
	[JOURNAL_AUDIT] = "audit",
};

static const char *
serial_of(struct ctx *cx, struct slice der)
{
	const uint8_t *p = der.p;
	AUTO(X509) cert = d2i_X509(NULL, &p, (long)der.n);
	const ASN1_INTEGER *serial;

	ASSERT(cert != NULL);
	serial = X509_get0_serialNumber(cert);
	return text_hex(cx->arena, SLICE(ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial)));
}

static struct err
list_entry(struct ctx *cx, const struct journal_entry *e, void *arg)
{
	(void)arg;
	ASSERT(e->kind < COUNT_OF(kinds) && kinds[e->kind] != NULL);
	if (e->kind == JOURNAL_REVOKED)
		printf("revoked %s %zu bytes\n", e->tenant, e->object.n);
	else if (e->kind == JOURNAL_AUDIT)
		printf("audit %s %zu bytes\n", e->tenant, e->object.n);
	else if (e->kind == JOURNAL_CRL)
		printf("crl %s %" PRIu64 "\n", e->tenant, e->crl_number);
	else
		printf("%s %s %s\n", kinds[e->kind], e->tenant,
		    serial_of(cx, e->object));
	return OK;
}

static struct err
open_entry(struct ctx *cx, const struct journal_entry *e, void *arg)
{
	static const char *const roles[] = { [CA_ROLE_ROOT] = "root",
	    [CA_ROLE_ISSUING] = "issuing", [CA_ROLE_SERVER] = "server" };
	const struct master *master = arg;
	uint8_t *key = sodium_malloc(SEALED_PRIVATE_MAX);
	struct sealed sealed;

	ASSERT(key != NULL);
	if (e->kind == JOURNAL_CA) {
		TRY(sealed_open(cx, master, e->sealed, &sealed, key));
		printf("%s %s %s\n", sealed.tenant, roles[sealed.role],
		    text_hex(cx->arena, SLICE(key,
		    sealed_private_size(sealed.alg))));
	}
	sodium_free(key);
	return OK;
}

static struct err
each(struct ctx *cx, const char *folder,
    struct err (*call)(struct ctx *, const struct journal_entry *, void *),
    void *arg)
{
	const struct journal_conf conf = { .folder = folder };
	const struct journal_entry *entries;
	struct journal *journal;
	size_t n;

	TRY(journal_open(cx, &conf, &journal));
	for (uint64_t seq = 1; seq < journal_next(journal); seq += n) {
		TRY(journal_read(cx, journal, seq, BATCH, BYTES, &entries,
		    &n));
		ASSERT(n > 0);
		for (size_t i = 0; i < n; i++)
			TRY(call(cx, &entries[i], arg));
	}
	journal_close(journal);
	return OK;
}

static struct err
keys(struct ctx *cx, const char *folder, const char *master_path)
{
	const struct master_source source = { .key_file = master_path };
	struct master *master;
	struct slice text;
	struct err e;

	TRY(file_read(cx, master_path, 4096, &text));
	printf("master %.*s", (int)text.n, (const char *)text.p);
	TRY(master_open(cx, &source, &master));
	e = each(cx, folder, open_entry, master);
	master_free(master);
	return e;
}

int
main(int argc, char *argv[])
{
	struct ctx_root root;
	struct err e;

	ASSERT(sodium_init() >= 0);
	ctx_root_init(&root, NULL);
	if (argc == 3 && strcmp(argv[1], "list") == 0)
		e = each(&root.cx, argv[2], list_entry, NULL);
	else if (argc == 4 && strcmp(argv[1], "keys") == 0)
		e = keys(&root.cx, argv[2], argv[3]);
	else
		e = FAIL(&root.cx, ERR_PARAMETER, "usage: peek list | keys");
	if (failed(e))
		fprintf(stderr, "peek: %s\n", root.cx.trail->note);
	ctx_root_fini(&root);
	return failed(e);
}
