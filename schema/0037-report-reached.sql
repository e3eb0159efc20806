-- SPDX-License-Identifier: Apache-2.0
-- The latest time that a report of the tenant was received, up to this one: IDs
-- and times may disagree where a clock was set back, these two never do.  So
-- the first row with a time, or a later one, is found by it.
ALTER TABLE error_report ADD COLUMN reached_s INTEGER NOT NULL DEFAULT 0;
UPDATE error_report SET reached_s = x.reached_s FROM (SELECT id,
    max(received_s) OVER (PARTITION BY tenant ORDER BY id) AS reached_s
    FROM error_report) AS x WHERE x.id = error_report.id;
CREATE INDEX error_report_reached ON error_report (tenant, reached_s, id);
