-- SPDX-License-Identifier: Apache-2.0
-- Counts the changes of what an operator can change, for ETag and If-Match.
-- What changes by itself (last_seen_s, look_s) is none.
ALTER TABLE tenant ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE device_group ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE device ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE ca ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

CREATE TRIGGER tenant_revision AFTER UPDATE OF title ON tenant
WHEN NEW.title IS NOT OLD.title
BEGIN
	UPDATE tenant SET revision = revision + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER device_group_revision
AFTER UPDATE OF title, profile, profile_version, policy_version
ON device_group
WHEN NEW.title IS NOT OLD.title OR NEW.profile IS NOT OLD.profile
OR NEW.profile_version IS NOT OLD.profile_version
OR NEW.policy_version IS NOT OLD.policy_version
BEGIN
	UPDATE device_group SET revision = revision + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER device_revision
AFTER UPDATE OF tenant, hardware_id, device_group, state, ban_reason ON device
WHEN NEW.tenant IS NOT OLD.tenant OR NEW.hardware_id IS NOT OLD.hardware_id
OR NEW.device_group IS NOT OLD.device_group OR NEW.state IS NOT OLD.state
OR NEW.ban_reason IS NOT OLD.ban_reason
BEGIN
	UPDATE device SET revision = revision + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER ca_revision
AFTER UPDATE OF state, activate_s, retire_s, revoke_reason ON ca
WHEN NEW.state IS NOT OLD.state OR NEW.activate_s IS NOT OLD.activate_s
OR NEW.retire_s IS NOT OLD.retire_s
OR NEW.revoke_reason IS NOT OLD.revoke_reason
BEGIN
	UPDATE ca SET revision = revision + 1 WHERE id = NEW.id;
END;
