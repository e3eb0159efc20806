/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of operations: a row each, defined where its use case is. */
#ifndef DAAPKI_AUTHORITY_OPERATION_KINDS_H
#define DAAPKI_AUTHORITY_OPERATION_KINDS_H

#include "authority/operation.h"

/* The outcome of items that have a code. */
#define OPERATION_REFUSED	"refused"

extern const struct operation_kind
    ban_lift_operation,		/* "ban-lift" */
    ban_operation,		/* "ban" */
    claim_operation,		/* "claim" */
    manifest_operation,		/* "manifest" */
    release_operation;		/* "release" */

extern const struct operation_kind *const	operation_kinds[];
extern const size_t				operation_n_kinds;

#endif
