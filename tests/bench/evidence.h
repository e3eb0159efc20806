/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of each format, for the workload verify; which needs Check, for its
 * makers are those of the unit tests. */
#ifndef DAAPKI_TESTS_BENCH_EVIDENCE_H
#define DAAPKI_TESTS_BENCH_EVIDENCE_H

#include "attest/attest.h"
#include "tests/bench/bench.h"

#define BENCH_OTHERS	32u	/* anchors of other makers, as a server has them */

struct bench_evidence {
	struct slice		 text;		/* JSON */
	struct appraisal	 appraisal;
	struct trust		 trust;		/* the appraisal's */
	struct trust_collateral	*collateral;	/* trust's, or NULL */
};

/* The devices' signatures, by kind. */
enum bench_kind {
	BENCH_P256, BENCH_P384, BENCH_RSA2048, BENCH_RSA3072, BENCH_RSA4096,
	BENCH_KINDS
};

struct bench_format {
	const char	*name;
	void		(*make)(struct ctx *, struct bench_evidence *out);
	/* Signatures to be checked when nothing was seen, and when all that
	 * does not depend on the nonce was. */
	unsigned	 cold[BENCH_KINDS], warm[BENCH_KINDS];
};

const struct bench_format *bench_formats(size_t *out_n);

#endif
