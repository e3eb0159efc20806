-- SPDX-License-Identifier: Apache-2.0
-- Keys that a CA lets sign attestation results of its tenant, beside those for
-- OCSP responses; kind says what a key is for.  And what those results tell of a
-- device whose last evidence was genuine and was refused by the policy.

-- A CHECK cannot be changed: the table is made again.
CREATE TABLE ca_signed_new (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	ca INTEGER NOT NULL REFERENCES ca (id),
	kind TEXT NOT NULL CHECK (kind IN ('cross', 'proof', 'ocsp', 'result')),
	serial BLOB NOT NULL,
	key_id BLOB NOT NULL,
	certificate BLOB NOT NULL,
	not_before_s INTEGER NOT NULL,
	not_after_s INTEGER NOT NULL,
	created_s INTEGER NOT NULL,
	-- The signer's record of such a key, until the certificate has ended.
	sealed BLOB CHECK (sealed IS NULL OR kind IN ('ocsp', 'result')),
	UNIQUE (ca, serial)
) STRICT;
INSERT INTO ca_signed_new (id, tenant, ca, kind, serial, key_id, certificate,
    not_before_s, not_after_s, created_s, sealed)
    SELECT id, tenant, ca, kind, serial, key_id, certificate, not_before_s,
    not_after_s, created_s, sealed FROM ca_signed;
DROP TABLE ca_signed;
ALTER TABLE ca_signed_new RENAME TO ca_signed;
CREATE INDEX ca_signed_tenant ON ca_signed (tenant, kind, id);
CREATE INDEX ca_signed_sealed ON ca_signed (ca, kind, id)
    WHERE sealed IS NOT NULL;
CREATE INDEX ca_signed_ends ON ca_signed (not_after_s)
    WHERE sealed IS NOT NULL;

-- Until the next appraisal by the tenant that comes to better.
CREATE TABLE appraisal_refused (
	device INTEGER PRIMARY KEY REFERENCES device (id),
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	at_s INTEGER NOT NULL,
	format TEXT NOT NULL,
	policy_version INTEGER NOT NULL,
	-- As in attestation.
	vector BLOB NOT NULL,
	policy_group TEXT NOT NULL,
	policy_sha256 BLOB NOT NULL
) STRICT;
