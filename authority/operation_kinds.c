/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/operation_kinds.h"

#include "base/base.h"

const struct operation_kind *const operation_kinds[] = {
	&ban_lift_operation,
	&ban_operation,
	&claim_operation,
	&manifest_operation,
	&release_operation,
};
const size_t operation_n_kinds = COUNT_OF(operation_kinds);
