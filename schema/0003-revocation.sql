-- SPDX-License-Identifier: Apache-2.0
-- Sharded CRLs.  Shard 0 is the complete list of a CA, 1 and up are its shards.

-- The shard whose URL is in the certificate.  0: the URL is that of the
-- complete list, as in every certificate made before there were shards.
ALTER TABLE certificate ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;
CREATE INDEX certificate_revoked_shard ON certificate (ca, shard, not_after_s)
    WHERE revoked_s IS NOT NULL;
CREATE INDEX ca_parent ON ca (parent, serial) WHERE parent IS NOT NULL;

-- What a list has to show: the revocations so far, counted in the transaction
-- that makes each of them.  made: how many of them the list in table crl shows;
-- one that shows fewer is out of date, also after a crash in between.
CREATE TABLE crl_revision (
	ca INTEGER NOT NULL REFERENCES ca (id),
	shard INTEGER NOT NULL,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	revision INTEGER NOT NULL,
	made INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (ca, shard)
) STRICT, WITHOUT ROWID;
CREATE INDEX crl_behind ON crl_revision (ca, shard) WHERE made <> revision;

-- The lists as they were last made.  der NULL: of it only the number is known.
CREATE TABLE crl (
	id INTEGER PRIMARY KEY,
	ca INTEGER NOT NULL REFERENCES ca (id),
	shard INTEGER NOT NULL,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	number INTEGER NOT NULL,
	this_s INTEGER NOT NULL,
	next_s INTEGER NOT NULL,
	der BLOB,
	UNIQUE (ca, shard)
) STRICT;

CREATE TRIGGER certificate_revoked_later AFTER UPDATE OF revoked_s
ON certificate WHEN OLD.revoked_s IS NULL AND NEW.revoked_s IS NOT NULL
BEGIN
	INSERT INTO crl_revision (ca, shard, tenant, revision)
	VALUES (NEW.ca, 0, NEW.tenant, 1)
	ON CONFLICT (ca, shard) DO UPDATE SET revision = revision + 1;
	INSERT INTO crl_revision (ca, shard, tenant, revision)
	SELECT NEW.ca, NEW.shard, NEW.tenant, 1 WHERE NEW.shard > 0
	ON CONFLICT (ca, shard) DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER certificate_revoked_at_once AFTER INSERT
ON certificate WHEN NEW.revoked_s IS NOT NULL
BEGIN
	INSERT INTO crl_revision (ca, shard, tenant, revision)
	VALUES (NEW.ca, 0, NEW.tenant, 1)
	ON CONFLICT (ca, shard) DO UPDATE SET revision = revision + 1;
	INSERT INTO crl_revision (ca, shard, tenant, revision)
	SELECT NEW.ca, NEW.shard, NEW.tenant, 1 WHERE NEW.shard > 0
	ON CONFLICT (ca, shard) DO UPDATE SET revision = revision + 1;
END;
CREATE TRIGGER ca_revoked AFTER UPDATE OF revoked_s ON ca
WHEN OLD.revoked_s IS NULL AND NEW.revoked_s IS NOT NULL AND
    NEW.parent IS NOT NULL
BEGIN
	INSERT INTO crl_revision (ca, shard, tenant, revision)
	VALUES (NEW.parent, 0, NEW.tenant, 1)
	ON CONFLICT (ca, shard) DO UPDATE SET revision = revision + 1;
END;

-- The lists there were are made again when first asked for; their numbers go on.
INSERT INTO crl (ca, shard, tenant, number, this_s, next_s)
    SELECT id, 0, tenant, crl_number, 0, 0 FROM ca WHERE crl_number > 0;
INSERT INTO crl_revision (ca, shard, tenant, revision)
    SELECT ca, 0, max(tenant), count(*) FROM certificate
    WHERE revoked_s IS NOT NULL GROUP BY ca;
ALTER TABLE ca DROP COLUMN crl;
ALTER TABLE ca DROP COLUMN crl_next_update_s;
ALTER TABLE ca DROP COLUMN crl_number;
