/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AMD's formats are made of: the first byte chooses which.  Reports, the
 * table behind them, certificates with their extensions and PSS parameters.
 * Nothing that is read may be believed without an anchor.
 */
#include "attest/pss.h"
#include "attest/snp.h"
#include "attest/snp_table.h"
#include "base/base.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
try_report(struct ctx *cx, struct slice s)
{
	struct snp_report report;

	(void)failed(snp_report_parse(cx, s, &report));
}

static void
try_table(struct ctx *cx, struct slice s)
{
	struct snp_table table;

	if (failed(snp_table_parse(cx, s, &table)))
		return;
	for (size_t i = 0; i < SNP_TABLE_CERTS; i++)
		ASSERT(table.certs[i].n <= s.n);
}

static void
try_certificate(struct ctx *cx, struct slice s)
{
	const struct trust trust = { .allow = 0 };
	const X509_ALGOR *alg;
	struct snp_cert cert;
	struct pss pss;
	X509 *x;

	if (failed(chain_cert_parse(cx, s, &x)))
		return;
	X509_get0_signature(NULL, &alg, x);
	(void)pss_parse(alg, &pss);
	ASSERT(failed(snp_cert_verify(cx, &x, 1, &trust, 1780315200, &cert)));
}

static void
try_leaf(struct ctx *cx, struct slice s)
{
	static const struct { uint8_t family, model; } cpus[] = {
		{ 0x19, 0x01 }, { 0x1a, 0x02 }
	};
	struct snp_cert cert;
	X509 *x;

	if (failed(chain_cert_parse(cx, s, &x)))
		return;
	for (size_t i = 0; i < 2 * COUNT_OF(cpus); i++)
		(void)failed(snp_cert_read(cx, x, snp_line_of_cpu(
		    cpus[i / 2].family, cpus[i / 2].model),
		    i % 2 == 0 ? SNP_VCEK : SNP_VLEK, &cert));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const tries[])(struct ctx *, struct slice) = {
		try_report, try_table, try_certificate, try_leaf,
	};
	struct ctx_root root;

	if (n == 0)
		return 0;
	ctx_root_init(&root, NULL);
	tries[p[0] % COUNT_OF(tries)](&root.cx, SLICE(p + 1, n - 1));
	ctx_root_fini(&root);
	return 0;
}
