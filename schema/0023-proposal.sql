-- SPDX-License-Identifier: Apache-2.0
-- What two people decide: one proposes, another approves.  tenant NULL: the
-- platform.  params: a JSON object, as its kind reads it.  person and lineage
-- are those of who proposed, at that time.
--
-- open: nobody has decided.  approved: it is being carried out, or a crash came
-- between.  done, failed: with how it ended.  rejected, expired: nothing was
-- done.
CREATE TABLE proposal (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	params TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN
	    ('open', 'approved', 'done', 'failed', 'rejected', 'expired')),
	proposed_by TEXT NOT NULL,
	person TEXT NOT NULL,
	lineage TEXT NOT NULL,
	created_s INTEGER NOT NULL,
	expires_s INTEGER NOT NULL,
	decided_by TEXT,
	decided_s INTEGER,
	outcome TEXT,
	CHECK ((state IN ('open', 'expired')) = (decided_s IS NULL))
) STRICT;
CREATE INDEX proposal_tenant ON proposal (coalesce(tenant, 0), id);
CREATE UNIQUE INDEX proposal_once
    ON proposal (coalesce(tenant, 0), kind, subject) WHERE state = 'open';
