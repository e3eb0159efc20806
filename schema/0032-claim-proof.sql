-- SPDX-License-Identifier: Apache-2.0
-- What makers say of their parts.  claim_secret: a keyed hash of the secret that
-- proves a claim, never the secret.  manifest: SHA-256 of the signed list that
-- the part came with, in hex; '' when it was added by hand.
ALTER TABLE hardware ADD COLUMN claim_secret BLOB;
ALTER TABLE hardware ADD COLUMN model TEXT NOT NULL DEFAULT '';
ALTER TABLE hardware ADD COLUMN batch TEXT NOT NULL DEFAULT '';
ALTER TABLE hardware ADD COLUMN manifest TEXT NOT NULL DEFAULT '';
CREATE INDEX hardware_device ON hardware (device_id);

-- Claims of a device with a wrong secret: last_s begins the count anew when it
-- is long ago.
CREATE TABLE claim_try (
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	device_id TEXT NOT NULL,
	tries INTEGER NOT NULL,
	last_s INTEGER NOT NULL,
	PRIMARY KEY (tenant, device_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_try_last ON claim_try (last_s);

-- Whose lists of parts are taken.  key_id: SHA-256 of spki, in hex.
CREATE TABLE manifest_key (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	key_id TEXT NOT NULL UNIQUE,
	spki BLOB NOT NULL,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL
) STRICT;
