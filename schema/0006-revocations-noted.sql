-- SPDX-License-Identifier: Apache-2.0
-- Whether the signer's journal knows of a revocation.  It is told before any
-- list that shows one is signed, so that a database that is put back to an
-- older state learns again what was revoked since.
ALTER TABLE certificate ADD COLUMN revoke_noted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ca ADD COLUMN revoke_noted INTEGER NOT NULL DEFAULT 0;
-- With every column that is asked for: else the index of all that is revoked
-- looks as good, and each list would read all of those rows.
CREATE INDEX certificate_not_noted ON certificate (ca, tenant, revoke_noted)
    WHERE revoked_s IS NOT NULL AND revoke_noted = 0;
CREATE INDEX ca_not_noted ON ca (parent, tenant, revoke_noted)
    WHERE revoked_s IS NOT NULL AND revoke_noted = 0;
