/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/result.h"

bool
result_of(const struct attestation_row *row, const char *tenant,
    const char *device_id, struct ear *out)
{
	struct ear ear = {
		.tenant = tenant, .device_id = device_id,
		.format = row->format, .attested_s = row->at_s,
		.tier = (uint8_t)ar4si_tier_of(row->verdict),
		.group = row->policy_group,
		.policy_version = (uint64_t)row->policy_version,
		.policy_sha256 = row->policy_sha256, .nonce = "",
	};

	if (row->vector.n != sizeof(ear.vector))
		return false;
	memcpy(ear.vector, row->vector.p, sizeof(ear.vector));
	*out = ear;
	return true;
}

struct err
result_appraisal(struct ctx *cx, const struct attestation_row *row,
    const char *tenant, const char *device_id, const char **out_json)
{
	struct ear ear;

	if (!result_of(row, tenant, device_id, &ear)) {
		*out_json = NULL;
		return OK;
	}
	return ear_appraisal(cx, &ear, out_json);
}
