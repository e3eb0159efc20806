-- SPDX-License-Identifier: Apache-2.0
-- The life of a CA: states, a calendar, whose root, what else it signed.

ALTER TABLE tenant ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'p256';

-- state: requested (own_root, its certificate is awaited), staged, active,
-- retiring, retired, tainted, revoked, expired.  activate_s and retire_s are
-- plans, the other times are facts.  look_s: when the upkeep has to look at it
-- again; NULL when never.  csr: of a requested CA, and kept.
ALTER TABLE ca ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'p256';
ALTER TABLE ca ADD COLUMN own_root INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ca ADD COLUMN csr BLOB;
ALTER TABLE ca ADD COLUMN staged_s INTEGER;
ALTER TABLE ca ADD COLUMN activate_s INTEGER;
ALTER TABLE ca ADD COLUMN activated_s INTEGER;
ALTER TABLE ca ADD COLUMN retire_s INTEGER;
ALTER TABLE ca ADD COLUMN retired_s INTEGER;
ALTER TABLE ca ADD COLUMN tainted_s INTEGER;
ALTER TABLE ca ADD COLUMN revoked_s INTEGER;
ALTER TABLE ca ADD COLUMN revoke_reason INTEGER;
ALTER TABLE ca ADD COLUMN warned_s INTEGER;
ALTER TABLE ca ADD COLUMN changed_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ca ADD COLUMN look_s INTEGER;

UPDATE ca SET staged_s = created_s, changed_s = created_s, look_s = 0;
UPDATE ca SET activated_s = created_s WHERE state = 'active';
UPDATE ca SET retired_s = created_s WHERE state = 'retired';

CREATE UNIQUE INDEX ca_one_active ON ca (tenant, role)
    WHERE state = 'active';
CREATE UNIQUE INDEX ca_one_staged ON ca (tenant, role)
    WHERE state = 'staged';
CREATE INDEX ca_look ON ca (look_s) WHERE look_s IS NOT NULL;
CREATE INDEX certificate_end ON certificate (ca, not_after_s);

-- The certificates above a CA whose root is the tenant's own: its issuer first,
-- the root last.
CREATE TABLE ca_above (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	ca INTEGER NOT NULL REFERENCES ca (id),
	position INTEGER NOT NULL,
	certificate BLOB NOT NULL,
	UNIQUE (ca, position)
) STRICT;

-- What a CA signed besides CAs and leaves.  kind: cross (of another root, whose
-- key id it has), proof (over a relying party's nonce).
CREATE TABLE ca_signed (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	ca INTEGER NOT NULL REFERENCES ca (id),
	kind TEXT NOT NULL CHECK (kind IN ('cross', 'proof')),
	serial BLOB NOT NULL,
	key_id BLOB NOT NULL,
	certificate BLOB NOT NULL,
	not_before_s INTEGER NOT NULL,
	not_after_s INTEGER NOT NULL,
	created_s INTEGER NOT NULL,
	UNIQUE (ca, serial)
) STRICT;
CREATE INDEX ca_signed_tenant ON ca_signed (tenant, kind, id);
