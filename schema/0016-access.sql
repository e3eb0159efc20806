-- SPDX-License-Identifier: Apache-2.0
-- Roles contributor and auditor, tokens of one group, tokens that were rotated,
-- and who stands behind a token.  A CHECK cannot be changed: the table is made
-- again.
--
-- person: who uses it; lineage: who made it, and who made what that was made
-- with, one a line.  Of tokens from before, neither is known: each is its name's,
-- and was made by whoever ran `daad init`.
-- old_hash: of the secret before the last rotation, good before old_until_s.
CREATE TABLE token_new (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	name TEXT NOT NULL,
	role TEXT NOT NULL CHECK (role IN
	    ('admin', 'owner', 'contributor', 'reader', 'auditor')),
	device_group INTEGER REFERENCES device_group (id),
	person TEXT NOT NULL,
	lineage TEXT NOT NULL,
	hash BLOB NOT NULL UNIQUE,
	old_hash BLOB UNIQUE,
	old_until_s INTEGER,
	created_s INTEGER NOT NULL,
	rotated_s INTEGER,
	expires_s INTEGER,
	last_used_s INTEGER,
	revoked_s INTEGER,
	CHECK ((old_hash IS NULL) = (old_until_s IS NULL)),
	CHECK (device_group IS NULL OR tenant IS NOT NULL)
) STRICT;
INSERT INTO token_new (id, tenant, name, role, person, lineage, hash, created_s,
    expires_s, last_used_s, revoked_s)
    SELECT id, tenant, name, role, name, iif(role = 'admin' AND name = 'init',
    '', 'init'), hash, created_s, expires_s, last_used_s, revoked_s FROM token;
DROP TABLE token;
ALTER TABLE token_new RENAME TO token;
CREATE INDEX token_tenant ON token (coalesce(tenant, 0), id);
