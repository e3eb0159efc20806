-- SPDX-License-Identifier: Apache-2.0
-- Devices are searched by facts of their own row: each filter of the list reads
-- one index in its order, and joins nothing.

-- certificate: the newest that it was given under this claim, as a row of
-- certificate; end_s: when that ends, NULL when it was revoked.  issued: how
-- many it was given.  labels: a JSON object of texts.
ALTER TABLE device ADD COLUMN certificate INTEGER;
ALTER TABLE device ADD COLUMN certificate_end_s INTEGER;
ALTER TABLE device ADD COLUMN issued INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN software_key INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN tcb_status TEXT;
ALTER TABLE device ADD COLUMN clock_skew_s INTEGER;
ALTER TABLE device ADD COLUMN labels TEXT;

UPDATE device SET
    certificate = (SELECT max(c.id) FROM certificate c
	WHERE c.tenant = device.tenant AND c.device_id = device.device_id
	AND c.recovered = 0 AND c.issued_s >= device.claimed_s),
    issued = (SELECT count(*) FROM certificate c
	WHERE c.tenant = device.tenant AND c.device_id = device.device_id
	AND c.recovered = 0 AND c.issued_s >= device.claimed_s),
    tcb_status = (SELECT json_extract(a.claims, '$.status')
	FROM attestation a
	WHERE a.device = device.id AND a.tenant = device.tenant)
WHERE last_seen_s IS NOT NULL;
UPDATE device SET (certificate_end_s, software_key) =
    (SELECT CASE WHEN c.revoked_s IS NULL THEN c.not_after_s END,
	c.hardware_key = 0 FROM certificate c WHERE c.id = device.certificate)
WHERE certificate IS NOT NULL;

CREATE INDEX device_of_group ON device (tenant, device_group, id);
CREATE INDEX device_of_state ON device (tenant, state, id);
CREATE INDEX device_prefix ON device (tenant, device_id);
CREATE INDEX device_hardware ON device (tenant, hardware_id)
    WHERE hardware_id IS NOT NULL;
CREATE INDEX device_seen ON device (tenant, last_seen_s, id);
CREATE INDEX device_end ON device (tenant, certificate_end_s, id)
    WHERE certificate_end_s IS NOT NULL;
-- These hold few devices, and cost the others nothing.
CREATE INDEX device_unrenewed ON device (tenant, id) WHERE issued = 1;
CREATE INDEX device_stale ON device (tenant, id)
    WHERE tcb_status <> 'UpToDate';
CREATE INDEX device_software ON device (tenant, id) WHERE software_key = 1;
CREATE INDEX device_skewed ON device (tenant, id)
    WHERE clock_skew_s NOT BETWEEN -300 AND 300;
CREATE INDEX device_refused ON device (tenant, last_refusal, id)
    WHERE last_refusal IS NOT NULL;

CREATE TRIGGER certificate_revoked_of_device AFTER UPDATE OF revoked_s
ON certificate WHEN OLD.revoked_s IS NULL AND NEW.revoked_s IS NOT NULL
BEGIN
	UPDATE device SET certificate_end_s = NULL
	WHERE device_id = NEW.device_id AND tenant = NEW.tenant
	AND certificate = NEW.id;
END;

-- What labels of the device row say, to search by; nothing else writes it.
CREATE TABLE device_label (
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	name TEXT NOT NULL,
	device INTEGER NOT NULL REFERENCES device (id),
	value TEXT NOT NULL,
	PRIMARY KEY (tenant, name, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_label_value ON device_label (tenant, name, value, device);

CREATE TRIGGER device_labelled AFTER UPDATE OF labels ON device
WHEN OLD.labels IS NOT NEW.labels
BEGIN
	DELETE FROM device_label WHERE tenant = OLD.tenant AND device = OLD.id
	AND name IN (SELECT key FROM json_each(coalesce(OLD.labels, '{}')));
	INSERT INTO device_label (tenant, name, device, value)
	SELECT NEW.tenant, key, NEW.id, value
	FROM json_each(coalesce(NEW.labels, '{}'));
END;
CREATE TRIGGER device_labelled_at_once AFTER INSERT ON device
WHEN NEW.labels IS NOT NULL
BEGIN
	INSERT INTO device_label (tenant, name, device, value)
	SELECT NEW.tenant, key, NEW.id, value FROM json_each(NEW.labels);
END;
