-- SPDX-License-Identifier: Apache-2.0
-- Events are kept for a while.  through: of that tenant's, those up to this ID
-- are gone, so that a cursor before it has missed something.
CREATE TABLE event_pruned (
	tenant INTEGER PRIMARY KEY REFERENCES tenant (id),
	through INTEGER NOT NULL
) STRICT;
