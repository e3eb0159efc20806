-- SPDX-License-Identifier: Apache-2.0
-- Each random index costs every issuance a page of its own, once there are very
-- many certificates.  A serial is looked up under the CAs of its tenant, by the
-- index of UNIQUE (ca, serial).
DROP INDEX certificate_serial;

-- What a CRL shows is read from the index alone: a revoked certificate's row is
-- a page of its own.
DROP INDEX certificate_revoked;
CREATE INDEX certificate_revoked ON certificate
    (ca, tenant, not_after_s, serial, revoked_s, revoke_reason)
    WHERE revoked_s IS NOT NULL;
DROP INDEX certificate_revoked_shard;
CREATE INDEX certificate_revoked_shard ON certificate
    (ca, shard, tenant, not_after_s, serial, revoked_s, revoke_reason)
    WHERE revoked_s IS NOT NULL;
