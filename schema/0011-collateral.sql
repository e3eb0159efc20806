-- SPDX-License-Identifier: Apache-2.0
-- What vendors say of their platforms (kind dcap), their revocation lists
-- (crl), serial numbers of certificates that are not believed
-- (revoked-serials).  tenant NULL: the platform's, which hold for every tenant.
-- about: of what it speaks; of each there is one in a scope, the newest.
-- expires_s: 0 is never.  warned_s: when the event that it lapses was made.
CREATE TABLE collateral (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	provenance TEXT NOT NULL,
	about TEXT NOT NULL,
	sha256 BLOB NOT NULL,
	document TEXT NOT NULL,
	issued_s INTEGER NOT NULL,
	expires_s INTEGER NOT NULL,
	warned_s INTEGER,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX collateral_once
    ON collateral (coalesce(tenant, 0), kind, about);
CREATE INDEX collateral_tenant ON collateral (coalesce(tenant, 0), id);
CREATE INDEX collateral_due ON collateral (expires_s)
    WHERE warned_s IS NULL AND expires_s > 0;

-- The public key (SubjectPublicKeyInfo) of a part whose ID does not hold it.
ALTER TABLE hardware ADD COLUMN spki BLOB NOT NULL DEFAULT x'';
