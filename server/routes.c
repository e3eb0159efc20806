/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "server/router.h"

const struct route_table *const routes_all[] = {
	&rest_device_routes,
	&rest_error_group_routes,
	&rest_tenant_routes,
	&rest_proposal_routes,
	&rest_issuer_routes,
	&rest_profile_routes,
	&rest_policy_routes,
	&rest_ca_routes,
	&rest_trust_routes,
	&rest_collateral_routes,
	&rest_audit_routes,
	&rest_metrics_routes,
	&rest_ban_routes,
	&rest_claim_routes,
	&rest_transfer_routes,
	&rest_recovery_routes,
	&rest_reference_routes,
	&rest_report_routes,
	&rest_operation_routes,
	&rest_manifest_routes,
	&rest_event_routes,
	&rest_webhook_routes,
	&ocsp_routes,
	&status_routes,
};
const size_t routes_n_tables = COUNT_OF(routes_all);
