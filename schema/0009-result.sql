-- SPDX-License-Identifier: Apache-2.0
-- Attestation results as relying parties read them (draft-ietf-rats-ear): the
-- trust vector (eight values in AR4SI's order), and whose policy in which
-- version and with which hash they rest on.  Results from before have none.
ALTER TABLE attestation ADD COLUMN vector BLOB NOT NULL DEFAULT x'';
ALTER TABLE attestation ADD COLUMN policy_group TEXT NOT NULL DEFAULT '';
ALTER TABLE attestation ADD COLUMN policy_sha256 BLOB NOT NULL DEFAULT x'';
