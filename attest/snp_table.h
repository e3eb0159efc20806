/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate table that the host puts behind a report when the guest asks
 * for an extended one ("SEV-ES Guest-Hypervisor Communication Block
 * Standardization", publication 56421, MSG_REPORT_REQ with certificates).
 * Nothing of it is signed.
 */
#ifndef DAAPKI_ATTEST_SNP_TABLE_H
#define DAAPKI_ATTEST_SNP_TABLE_H

#include "base/ctx.h"

#define SNP_TABLE_MAX		65536u	/* bytes */
#define SNP_TABLE_ENTRIES_MAX	16u

enum snp_table_cert {
	SNP_TABLE_VCEK, SNP_TABLE_VLEK, SNP_TABLE_ASK, SNP_TABLE_ARK,
	SNP_TABLE_CERTS
};

struct snp_table {
	size_t		n;			/* certificates */
	struct slice	certs[SNP_TABLE_CERTS];	/* DER; empty: not there */
};

/*
 * Read a table.  Entries lie behind one another in it, in any order, none over
 * another; bytes of none are zero.  Entries of GUIDs that are not known are
 * passed over.
 * ERR_EV_MALFORMED	anything else; no certificate; one twice
 */
struct err	snp_table_parse(struct ctx *, struct slice,
		    struct snp_table *out);

#endif
