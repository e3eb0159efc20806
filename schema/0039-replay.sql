-- SPDX-License-Identifier: Apache-2.0
-- What it takes to make the decision to issue again (doc/AUDIT.md).
-- claims_sha256: of the claims as policy/result.h writes them.  sets: the sets
-- of reference values that the policy named, a line "name id:revision" each.
-- activation: SHA-256 of the EK's SPKI, then the AK's name.  All NULL in rows of
-- before they were kept, and of renewals without evidence.
ALTER TABLE certificate_basis ADD COLUMN claims_sha256 BLOB;
ALTER TABLE certificate_basis ADD COLUMN nonce BLOB;
ALTER TABLE certificate_basis ADD COLUMN activation BLOB;
ALTER TABLE certificate_basis ADD COLUMN sets TEXT;

-- The pieces of collateral behind a digest that certificates rest on.
CREATE TABLE collateral_used (
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	set_sha256 BLOB NOT NULL,
	sha256 BLOB NOT NULL,
	PRIMARY KEY (tenant, set_sha256, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX collateral_used_piece ON collateral_used (sha256);
CREATE INDEX collateral_sha256 ON collateral (sha256);

-- What was replaced or deleted.  What no certificate rests on goes after a day:
-- an issuance that was under way has told of it by then.
CREATE TABLE collateral_past (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	kind TEXT NOT NULL,
	sha256 BLOB NOT NULL,
	document TEXT NOT NULL,
	gone_s INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX collateral_past_once
    ON collateral_past (sha256, coalesce(tenant, 0));
CREATE INDEX collateral_past_gone ON collateral_past (gone_s);
CREATE TRIGGER collateral_goes AFTER DELETE ON collateral BEGIN
	INSERT INTO collateral_past (tenant, kind, sha256, document, gone_s)
	    VALUES (old.tenant, old.kind, old.sha256, old.document,
	    unixepoch()) ON CONFLICT DO UPDATE SET gone_s = excluded.gone_s;
END;

-- since, until: the revisions of the set from and to which the value was in it.
-- A change counts the revision up in the same transaction, after its values.
ALTER TABLE reference_value ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
CREATE TABLE reference_value_past (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	reference_set INTEGER NOT NULL,		-- it may be gone
	value TEXT NOT NULL,
	valid_until_s INTEGER,
	since INTEGER NOT NULL,
	until INTEGER NOT NULL
) STRICT;
CREATE INDEX reference_value_past_set
    ON reference_value_past (tenant, reference_set, value);
CREATE TRIGGER reference_value_comes AFTER INSERT ON reference_value BEGIN
	UPDATE reference_value SET since = 1 + (SELECT revision
	    FROM reference_set WHERE id = new.reference_set)
	    WHERE id = new.id;
END;
CREATE TRIGGER reference_value_goes AFTER DELETE ON reference_value BEGIN
	INSERT INTO reference_value_past (tenant, reference_set, value,
	    valid_until_s, since, until)
	    VALUES (old.tenant, old.reference_set, old.value,
	    old.valid_until_s, old.since, (SELECT revision
	    FROM reference_set WHERE id = old.reference_set));
END;
