-- SPDX-License-Identifier: Apache-2.0
-- Who did what: a chain of hashes for each tenant (the platform is one), and
-- the checkpoints that tie them to the signer's journal (doc/AUDIT.md).
-- A tenant's rows outlive it, so they do not refer to it.
CREATE TABLE audit_chain (
	tenant INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	seq INTEGER NOT NULL,		-- of the last row
	hash BLOB NOT NULL		-- that row's
) STRICT;
CREATE TABLE audit (
	tenant INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	at_s INTEGER NOT NULL,
	actor_kind TEXT NOT NULL,
	actor TEXT NOT NULL,
	credential TEXT NOT NULL,
	action TEXT NOT NULL,
	subject TEXT NOT NULL,
	request_id TEXT NOT NULL,
	trace TEXT NOT NULL,
	outcome TEXT NOT NULL,
	data TEXT NOT NULL,
	hash BLOB NOT NULL,
	PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_follows AFTER INSERT ON audit
BEGIN UPDATE audit_chain SET seq = NEW.seq, hash = NEW.hash
    WHERE tenant = NEW.tenant; END;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit never changes'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is kept for ever'); END;

CREATE TABLE audit_checkpoint (
	id INTEGER PRIMARY KEY,
	at_s INTEGER NOT NULL,
	root BLOB NOT NULL,
	n_chains INTEGER NOT NULL,
	leaves BLOB NOT NULL,		-- 32 bytes each, in order of place
	journal_seq INTEGER UNIQUE,	-- NULL: the signer was not heard yet
	public_key BLOB,
	signature BLOB			-- NULL: found by recovery
) STRICT;
CREATE INDEX audit_checkpoint_open ON audit_checkpoint (at_s)
    WHERE journal_seq IS NULL;
-- Heads that had changed since the checkpoint before.
CREATE TABLE audit_head (
	tenant INTEGER NOT NULL,
	checkpoint INTEGER NOT NULL REFERENCES audit_checkpoint (id),
	place INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	hash BLOB NOT NULL,
	PRIMARY KEY (tenant, checkpoint)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_head_checkpoint ON audit_head (checkpoint);
