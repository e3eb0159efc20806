-- SPDX-License-Identifier: Apache-2.0
-- Tenants that nobody looks after any more, whose devices platform
-- administrators move to another.  It waits until ready_s, so that an owner who
-- is there can object.

CREATE TABLE recovery (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	to_tenant INTEGER NOT NULL REFERENCES tenant (id),
	to_group INTEGER NOT NULL REFERENCES device_group (id),
	reason TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('waiting', 'moving', 'done',
	    'objected')),
	begun_s INTEGER NOT NULL,
	begun_by TEXT NOT NULL,
	ready_s INTEGER NOT NULL,
	moved INTEGER NOT NULL DEFAULT 0,
	ended_s INTEGER,
	ended_by TEXT
) STRICT;
CREATE UNIQUE INDEX recovery_open ON recovery (tenant)
    WHERE state IN ('waiting', 'moving');
CREATE INDEX recovery_due ON recovery (ready_s)
    WHERE state IN ('waiting', 'moving');
CREATE INDEX recovery_tenant ON recovery (tenant, id);
