-- SPDX-License-Identifier: Apache-2.0
-- Error events by signature, counted as they come in; per day; and with the
-- firmware of the devices that had them.  What a tenant chose for its reports.

-- No row: the defaults.  NULL: the server's own, or for ever.
CREATE TABLE report_setting (
	tenant INTEGER PRIMARY KEY REFERENCES tenant (id),
	revision INTEGER NOT NULL,
	keep_days INTEGER,
	events_per_day INTEGER,
	spike_least INTEGER NOT NULL,
	spike_factor INTEGER NOT NULL,
	changed_s INTEGER NOT NULL,
	changed_by TEXT NOT NULL
) STRICT;

-- description: that of the first event, with numbers as #.  events: how many
-- were taken; occurrences: the sum of their counts.
CREATE TABLE report_group (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	signature BLOB NOT NULL,
	event_type TEXT NOT NULL,
	event_class TEXT NOT NULL,
	event_category TEXT NOT NULL,
	description TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('open', 'resolved', 'muted')),
	events INTEGER NOT NULL,
	occurrences INTEGER NOT NULL,
	devices INTEGER NOT NULL,
	first_s INTEGER NOT NULL,
	last_s INTEGER NOT NULL,
	first_device TEXT NOT NULL,
	-- day of which a spike was told
	spike_day INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	note TEXT NOT NULL,
	changed_s INTEGER,
	changed_by TEXT,
	UNIQUE (tenant, signature)
) STRICT;
CREATE INDEX report_group_tenant ON report_group (tenant, id);
CREATE INDEX report_group_last ON report_group (tenant, last_s);

CREATE TABLE report_group_device (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	report_group INTEGER NOT NULL REFERENCES report_group (id),
	device_id TEXT NOT NULL,
	events INTEGER NOT NULL,
	first_s INTEGER NOT NULL,
	last_s INTEGER NOT NULL,
	UNIQUE (report_group, device_id)
) STRICT;
CREATE INDEX report_group_device_next ON report_group_device (report_group, id);

-- Measurements, each set once; sha256 of its text.
CREATE TABLE report_firmware (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	sha256 BLOB NOT NULL,
	measurements TEXT NOT NULL,
	UNIQUE (tenant, sha256)
) STRICT;
-- firmware 0: the device was never attested, or showed no measurement.
CREATE TABLE report_group_firmware (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	report_group INTEGER NOT NULL REFERENCES report_group (id),
	firmware INTEGER NOT NULL,
	events INTEGER NOT NULL,
	first_s INTEGER NOT NULL,
	last_s INTEGER NOT NULL,
	UNIQUE (report_group, firmware)
) STRICT;
CREATE INDEX report_group_firmware_next
    ON report_group_firmware (report_group, id);

-- Days since 1970, UTC, on which the server took the events.
CREATE TABLE report_day (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	day INTEGER NOT NULL,
	report_group INTEGER NOT NULL REFERENCES report_group (id),
	events INTEGER NOT NULL,
	occurrences INTEGER NOT NULL,
	UNIQUE (report_group, day)
) STRICT;
CREATE INDEX report_day_tenant ON report_day (tenant, id);
CREATE INDEX report_day_day ON report_day (tenant, day);

-- NULL of events from before.
ALTER TABLE error_event ADD COLUMN report_group INTEGER
    REFERENCES report_group (id);
CREATE INDEX error_event_group ON error_event (report_group, id)
    WHERE report_group IS NOT NULL;
CREATE INDEX error_event_report ON error_event (report);
CREATE INDEX error_report_received ON error_report (tenant, received_s);
CREATE INDEX error_quota_day ON error_quota (tenant, day);
