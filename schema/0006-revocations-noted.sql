-- SPDX-License-Identifier: Apache-2.0
-- Whether the signer's journal knows of a revocation.  It is told before any
-- list that shows one is signed, so that a database that is put back to an
-- older state learns again what was revoked since.
ALTER TABLE certificate ADD COLUMN revoke_noted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ca ADD COLUMN revoke_noted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX certificate_not_noted ON certificate (ca)
    WHERE revoked_s IS NOT NULL AND revoke_noted = 0;
CREATE INDEX ca_not_noted ON ca (parent)
    WHERE revoked_s IS NOT NULL AND revoke_noted = 0;
