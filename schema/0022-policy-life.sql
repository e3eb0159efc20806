-- SPDX-License-Identifier: Apache-2.0
-- A policy is drafted, tried on what devices showed, and put in force; any
-- version may be put in force again.  What was in force when, by whom and why.

-- At most one draft a group.  The row stays when there is none (document NULL):
-- a revision is never used twice.
CREATE TABLE policy_draft (
	device_group INTEGER PRIMARY KEY REFERENCES device_group (id),
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	revision INTEGER NOT NULL,
	document TEXT,
	-- in force when the draft was begun
	base_version INTEGER NOT NULL,
	changed_s INTEGER NOT NULL,
	changed_by TEXT NOT NULL
) STRICT;

-- grace_until_s: until then what met from_version still renews by certificate
-- alone.
CREATE TABLE policy_activation (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	device_group INTEGER NOT NULL REFERENCES device_group (id),
	version INTEGER NOT NULL,
	from_version INTEGER,
	at_s INTEGER NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	grace_until_s INTEGER
) STRICT;
CREATE INDEX policy_activation_group
    ON policy_activation (tenant, device_group, id);

-- Until now each version was put in force as it was made.
INSERT INTO policy_activation (tenant, device_group, version, from_version,
    at_s, actor, reason) SELECT tenant, device_group, version,
    nullif(version - 1, 0), created_s, created_by, '' FROM policy
    ORDER BY created_s, id;

-- What the refused evidence showed; '' of what was refused before.
ALTER TABLE appraisal_refused ADD COLUMN claims TEXT NOT NULL DEFAULT '';
