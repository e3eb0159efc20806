-- SPDX-License-Identifier: Apache-2.0
-- A deleted tenant: its row, history and CAs stay, its name stays taken.
-- deleted_s: from then on nobody of it may do anything; ended_s: when all that
-- it had was released and revoked.
ALTER TABLE tenant ADD COLUMN deleted_s INTEGER;
ALTER TABLE tenant ADD COLUMN ended_s INTEGER;
CREATE INDEX tenant_unended ON tenant (id)
    WHERE deleted_s IS NOT NULL AND ended_s IS NULL;
