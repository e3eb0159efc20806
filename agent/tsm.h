/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence from the kernel of a confidential guest, by its configfs
 * (Documentation/ABI/testing/configfs-tsm-report): a folder made there takes
 * what is to be covered in inblob and gives the report in outblob.
 *
 *	provider	format	outblob			besides
 *	arm_cca_guest	psa	the token of the realm
 *	sev_guest	snp	the report		auxblob: certificates
 *	tdx_guest	tdx	the quote		the firmware's CCEL log
 *
 * Another process may write to the same folder.  The attribute generation counts
 * the writes, so a report that is not of our own write alone is asked for again.
 */
#ifndef DAAPKI_AGENT_TSM_H
#define DAAPKI_AGENT_TSM_H

#include "agent/source.h"

#define TSM_DIR		"/sys/kernel/config/tsm/report"
#define TSM_CCEL	"/sys/firmware/acpi/tables/data/CCEL"
#define TSM_BLOB_MAX	(256u * 1024u)	/* bytes of outblob and of auxblob */
#define TSM_LOG_MAX	(1024u * 1024u)

/*
 * tsm_dir is the folder, format may say which is meant.  A kernel that takes its
 * time is waited for; what is asked for again, is for at most evidence_timeout.
 */
extern const struct source source_tsm;

#endif
