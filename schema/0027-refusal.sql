-- SPDX-License-Identifier: Apache-2.0
-- Why a device was refused, the last few times.  wanted: the rules over the
-- claim that was not met, a JSON array; found: its value, as JSON.
CREATE TABLE refusal (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
	at_s INTEGER NOT NULL,
	code TEXT NOT NULL,
	detail TEXT,
	format TEXT,
	policy_group TEXT,
	policy_version INTEGER,
	claim TEXT,
	wanted TEXT,
	found TEXT
) STRICT;
CREATE INDEX refusal_device ON refusal (device, id);

-- They tell of the policy of the tenant that it leaves.
CREATE TRIGGER refusal_forgotten AFTER UPDATE OF tenant ON device
WHEN OLD.tenant IS NOT NEW.tenant
BEGIN
	DELETE FROM refusal WHERE device = OLD.id;
END;
CREATE TRIGGER device_unlabelled BEFORE DELETE ON device
WHEN OLD.labels IS NOT NULL
BEGIN
	DELETE FROM device_label WHERE tenant = OLD.tenant AND device = OLD.id
	AND name IN (SELECT key FROM json_each(OLD.labels));
END;
CREATE TRIGGER device_labels_revision AFTER UPDATE OF labels ON device
WHEN NEW.labels IS NOT OLD.labels
BEGIN
	UPDATE device SET revision = revision + 1 WHERE id = NEW.id;
END;
