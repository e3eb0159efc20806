-- SPDX-License-Identifier: Apache-2.0
-- What the decision to issue a certificate rested on, as digests.
CREATE TABLE certificate_basis (
	certificate INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL,
	format TEXT NOT NULL,
	appraised_s INTEGER NOT NULL,
	verdict TEXT NOT NULL,
	evidence_sha256 BLOB NOT NULL,
	policy_group TEXT NOT NULL,
	policy_version INTEGER NOT NULL,
	policy_sha256 BLOB NOT NULL,
	collateral_sha256 BLOB		-- NULL: without fresh evidence
) STRICT;
