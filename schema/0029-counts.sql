-- SPDX-License-Identifier: Apache-2.0
-- How many there are, kept as they come and go, so that nobody has to count.
CREATE TABLE event_count (
	tenant INTEGER NOT NULL,
	type TEXT NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (tenant, type)
) STRICT, WITHOUT ROWID;
INSERT INTO event_count (tenant, type, n)
    SELECT tenant, type, count(*) FROM event GROUP BY tenant, type;
CREATE TRIGGER event_counted AFTER INSERT ON event
BEGIN INSERT INTO event_count (tenant, type, n)
    VALUES (NEW.tenant, NEW.type, 1)
    ON CONFLICT (tenant, type) DO UPDATE SET n = n + 1; END;

CREATE TABLE device_count (
	tenant INTEGER NOT NULL,
	state TEXT NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (tenant, state)
) STRICT, WITHOUT ROWID;
INSERT INTO device_count (tenant, state, n)
    SELECT tenant, state, count(*) FROM device WHERE tenant IS NOT NULL
    GROUP BY tenant, state;
CREATE TRIGGER device_counted AFTER INSERT ON device
WHEN NEW.tenant IS NOT NULL
BEGIN INSERT INTO device_count (tenant, state, n)
    VALUES (NEW.tenant, NEW.state, 1)
    ON CONFLICT (tenant, state) DO UPDATE SET n = n + 1; END;
CREATE TRIGGER device_uncounted AFTER DELETE ON device
BEGIN UPDATE device_count SET n = n - 1
    WHERE tenant = OLD.tenant AND state = OLD.state; END;
CREATE TRIGGER device_left AFTER UPDATE OF tenant, state ON device
WHEN OLD.tenant IS NOT NULL AND
    (OLD.tenant IS NOT NEW.tenant OR OLD.state IS NOT NEW.state)
BEGIN UPDATE device_count SET n = n - 1
    WHERE tenant = OLD.tenant AND state = OLD.state; END;
CREATE TRIGGER device_entered AFTER UPDATE OF tenant, state ON device
WHEN NEW.tenant IS NOT NULL AND
    (OLD.tenant IS NOT NEW.tenant OR OLD.state IS NOT NEW.state)
BEGIN INSERT INTO device_count (tenant, state, n)
    VALUES (NEW.tenant, NEW.state, 1)
    ON CONFLICT (tenant, state) DO UPDATE SET n = n + 1; END;
