/* SPDX-License-Identifier: Apache-2.0 */
/* Failures inside the members of evidence, told with the member's place. */
#ifndef DAAPKI_ATTEST_MEMBER_H
#define DAAPKI_ATTEST_MEMBER_H

#include "codec/json.h"

/*
 * Was the content of a member read?  If not, the failure becomes in's own,
 * with its code and with the member's pointer.
 */
bool	attest_keep(struct json_in *in, const char *name, struct err);

#endif
