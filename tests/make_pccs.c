/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_pccs DIR DAYS: the collateral of a platform that exists only in tests,
 * of now and valid for that many days, in files of the names that
 * tests/stand_in.py gives them out by.  Its root has Intel's name and a key of
 * its own.
 */
#include <stdlib.h>

#include <sodium.h>

#include "base/file.h"
#include "base/text.h"
#include "pki/pem.h"
#include "tests/make_dcap.h"

static struct ctx_root root;
static struct ctx *cx = &root.cx;
static const char *folder;

static void
put_file(const char *name, struct slice contents)
{
	ASSERT(!failed(file_replace(cx, arena_printf(cx->arena, "%s/%s",
	    folder, name), 0644, contents)));
}

static const char *
days_on(int64_t days)
{
	return text_time_dup(cx->arena, ctx_now(cx) + days * MAKE_DAY);
}

static void
make_dates(struct make_dcap *d, int64_t days)
{
	const int64_t now_s = ctx_now(cx);
	struct make_intel_cert *const certs[] = {
		&d->root, &d->ca, &d->pck, &d->signing
	};

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = now_s - 100 * MAKE_DAY;
		certs[i]->to_s = now_s + 1000 * MAKE_DAY;
	}
	d->root_crl.from_s = d->pck_crl.from_s = now_s - MAKE_DAY;
	d->root_crl.to_s = d->pck_crl.to_s = now_s + days * MAKE_DAY;
	make_edit(d->tcb_edits, "2026-05-20T00:00:00Z", days_on(-1));
	make_edit(d->tcb_edits, "2026-06-20T00:00:00Z", days_on(days));
	make_edit(d->qe_edits, "2026-05-20T00:00:00Z", days_on(-1));
	make_edit(d->qe_edits, "2026-06-20T00:00:00Z", days_on(days));
}

/* One signer for both kinds of platform, as with Intel. */
static void
share_signer(struct make_dcap *to, const struct make_dcap *from)
{
	to->root_key = from->root_key;
	to->signing_key = from->signing_key;
	to->tcb_signer = from->tcb_signer;
	to->qe_id_signer = from->qe_id_signer;
	to->root = from->root;
	to->signing = from->signing;
}

int
main(int argc, char **argv)
{
	static struct make_dcap sgx, tdx;
	int64_t days;

	if (argc != 3 || sodium_init() < 0)
		return 2;
	folder = argv[1];
	days = strtol(argv[2], NULL, 10);
	ctx_root_init(&root, NULL);
	make_dcap(cx, &sgx, false);
	make_dates(&sgx, days);
	(void)make_dcap_evidence(cx, &sgx);
	make_dcap(cx, &tdx, true);
	share_signer(&tdx, &sgx);
	make_dates(&tdx, days);
	(void)make_dcap_evidence(cx, &tdx);
	put_file("root.der", sgx.anchor);
	put_file("chain.pem", slice_text(arena_printf(cx->arena, "%s%s",
	    pem_text(cx->arena, PEM_CERTIFICATE, sgx.signing_chain[0]),
	    pem_text(cx->arena, PEM_CERTIFICATE, sgx.anchor))));
	put_file("sgx-tcb", sgx.tcb_text);
	put_file("sgx-qe", sgx.qe_text);
	put_file("tdx-tcb", tdx.tcb_text);
	put_file("tdx-qe", tdx.qe_text);
	put_file("root.crl", sgx.root_crl_der);
	put_file("pck.crl", sgx.pck_crl_der);
	ctx_root_fini(&root);
	return 0;
}
