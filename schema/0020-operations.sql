-- SPDX-License-Identifier: Apache-2.0
-- Long work.  name: the ID that the API shows, 32 hex digits.  state:
-- receiving (its input is still being written: shown to nobody), held (waits
-- for somebody's consent), queued, running, done, failed, cancelled.  counts:
-- a JSON object, how many items have which outcome.
CREATE TABLE operation (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	name TEXT NOT NULL UNIQUE,
	kind TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('receiving', 'held', 'queued',
	    'running', 'done', 'failed', 'cancelled')),
	params TEXT NOT NULL,
	items INTEGER NOT NULL,
	done INTEGER NOT NULL DEFAULT 0,
	counts TEXT NOT NULL DEFAULT '{}',
	code TEXT,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	started_s INTEGER,
	ended_s INTEGER
) STRICT;
CREATE INDEX operation_tenant ON operation (coalesce(tenant, 0), id);
CREATE INDEX operation_open ON operation (coalesce(tenant, 0), id)
    WHERE state IN ('queued', 'running');
CREATE INDEX operation_ended ON operation (ended_s)
    WHERE ended_s IS NOT NULL;
CREATE INDEX operation_receiving ON operation (created_s)
    WHERE state = 'receiving';

-- What is yet to do: one row a batch, taken away when it is done.
CREATE TABLE operation_input (
	id INTEGER PRIMARY KEY,
	operation INTEGER NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
	first INTEGER NOT NULL,
	n INTEGER NOT NULL,
	body BLOB NOT NULL,
	UNIQUE (operation, first)
) STRICT;

-- What was done: number counts the items from 0, line is where the caller
-- had it.  code: a dotted code when it was refused.
CREATE TABLE operation_item (
	operation INTEGER NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
	number INTEGER NOT NULL,
	line INTEGER NOT NULL,
	subject TEXT NOT NULL,
	outcome TEXT NOT NULL,
	code TEXT,
	detail TEXT,
	PRIMARY KEY (operation, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_item_refused ON operation_item (operation, number)
    WHERE code IS NOT NULL;
