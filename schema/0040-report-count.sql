-- SPDX-License-Identifier: Apache-2.0
-- Events of error reports that were taken and dropped, of each tenant, kept as
-- they come, so that nobody has to add up the quotas.
CREATE TABLE report_count (
	tenant INTEGER PRIMARY KEY REFERENCES tenant (id),
	taken INTEGER NOT NULL,
	dropped INTEGER NOT NULL
) STRICT;
INSERT INTO report_count (tenant, taken, dropped)
    SELECT tenant, sum(taken), sum(dropped) FROM error_quota GROUP BY tenant;
CREATE TRIGGER error_quota_begun AFTER INSERT ON error_quota
BEGIN INSERT INTO report_count (tenant, taken, dropped)
    VALUES (NEW.tenant, NEW.taken, NEW.dropped)
    ON CONFLICT (tenant) DO UPDATE SET taken = taken + excluded.taken,
    dropped = dropped + excluded.dropped; END;
CREATE TRIGGER error_quota_counted AFTER UPDATE OF taken, dropped ON error_quota
BEGIN UPDATE report_count SET taken = taken + NEW.taken - OLD.taken,
    dropped = dropped + NEW.dropped - OLD.dropped
    WHERE tenant = NEW.tenant; END;
