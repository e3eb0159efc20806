-- SPDX-License-Identifier: Apache-2.0
-- Bans by rule.  tenant NULL: the platform's, over the devices of all tenants.
-- match: the document of policy/match.h.
CREATE TABLE ban_rule (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	match TEXT NOT NULL,
	action TEXT NOT NULL CHECK (action IN ('ban', 'quarantine')),
	reason TEXT,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	lifted_s INTEGER,
	lifted_by TEXT
) STRICT;
CREATE INDEX ban_rule_tenant ON ban_rule (coalesce(tenant, 0), id);
CREATE INDEX ban_rule_active ON ban_rule (coalesce(tenant, 0), id)
    WHERE lifted_s IS NULL;

-- The rule that a device was banned or quarantined by; NULL: by hand.
ALTER TABLE device ADD COLUMN ban_rule INTEGER;
