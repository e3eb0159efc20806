-- SPDX-License-Identifier: Apache-2.0
-- Devices that one tenant gives to another.  tenant: who gives; to_tenant: who
-- gets, NULL when no tenant had the name that was said.  The names are kept as
-- they were, since each side may show them.  to_group: the taker's, from its
-- consent on.  undo_s: for how long after done_s the giver may take it back.

CREATE TABLE transfer (
	id INTEGER PRIMARY KEY,
	handle TEXT NOT NULL UNIQUE,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	to_tenant INTEGER REFERENCES tenant (id),
	from_name TEXT NOT NULL,
	to_name TEXT NOT NULL,
	device_id TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('offered', 'awaiting-evidence',
	    'done', 'rejected', 'cancelled', 'expired', 'undone')),
	needs_evidence INTEGER NOT NULL,
	reason TEXT,
	offered_s INTEGER NOT NULL,
	offered_by TEXT NOT NULL,
	expires_s INTEGER NOT NULL,
	undo_s INTEGER NOT NULL,
	to_group INTEGER REFERENCES device_group (id),
	accepted_s INTEGER,
	accepted_by TEXT,
	done_s INTEGER,
	ended_s INTEGER,
	ended_by TEXT,
	refusal TEXT,
	refusal_s INTEGER
) STRICT;
CREATE UNIQUE INDEX transfer_open ON transfer (device_id)
    WHERE state IN ('offered', 'awaiting-evidence');
CREATE INDEX transfer_due ON transfer (expires_s)
    WHERE state IN ('offered', 'awaiting-evidence');
CREATE INDEX transfer_from ON transfer (tenant, id);
CREATE INDEX transfer_to ON transfer (to_tenant, id);

-- The transfer by which a claim began or ended, and the group that the device
-- was in when it ended.
ALTER TABLE claim ADD COLUMN came_by INTEGER REFERENCES transfer (id);
ALTER TABLE claim ADD COLUMN left_by INTEGER REFERENCES transfer (id);
ALTER TABLE claim ADD COLUMN left_group INTEGER REFERENCES device_group (id);
