-- SPDX-License-Identifier: Apache-2.0
-- Where tenants have events sent to.  sealed: the key that signs; old_sealed:
-- the one before it, until old_until_s.  types: filters with spaces between
-- them, '' is all.  cursor: every event up to it is done with.  epoch counts
-- what operators change, so that a delivery that is under way meanwhile does
-- not undo it.
CREATE TABLE webhook (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	url TEXT NOT NULL,
	types TEXT NOT NULL,
	description TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('hmac', 'ed25519')),
	state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
	reason TEXT,
	sealed BLOB NOT NULL,
	old_sealed BLOB,
	old_until_s INTEGER,
	cursor INTEGER NOT NULL,
	epoch INTEGER NOT NULL DEFAULT 0,
	attempts INTEGER NOT NULL DEFAULT 0,
	next_s INTEGER,
	failing_since_s INTEGER,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL
) STRICT;
CREATE INDEX webhook_tenant ON webhook (tenant, id);
CREATE INDEX webhook_active ON webhook (id) WHERE state = 'active';

-- The last attempts of each.
CREATE TABLE webhook_delivery (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	webhook INTEGER NOT NULL REFERENCES webhook (id),
	event INTEGER NOT NULL,
	type TEXT NOT NULL,
	at_s INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	status INTEGER,
	ms INTEGER NOT NULL,
	excerpt TEXT NOT NULL
) STRICT;
CREATE INDEX webhook_delivery_of ON webhook_delivery (tenant, webhook, id);
CREATE INDEX webhook_delivery_hook ON webhook_delivery (webhook);
