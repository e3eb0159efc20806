-- SPDX-License-Identifier: Apache-2.0
-- Certificate profiles of a tenant.

-- A row is a version and never changes: certificates point to it.
CREATE TABLE profile (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	document TEXT NOT NULL,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	UNIQUE (tenant, name, version)
) STRICT;
CREATE INDEX profile_first ON profile (tenant, id) WHERE version = 1;
CREATE TRIGGER profile_stays BEFORE UPDATE ON profile
BEGIN SELECT RAISE(ABORT, 'a version of a profile never changes'); END;
CREATE TRIGGER profile_is_kept BEFORE DELETE ON profile
BEGIN SELECT RAISE(ABORT, 'a version of a profile is kept for ever'); END;

-- Each group had one of its own, within the group.
INSERT INTO profile (tenant, name, version, document, created_s, created_by)
    SELECT tenant, name, 1, printf('{"lifetime_s":%d,"backdate_s":%d,'
    || '"renew_after_percent":%d,"renew_without_evidence_s":%d,'
    || '"min_interval_s":%d,"key_types":["p256","p384","ed25519","rsa2048",'
    || '"rsa3072","rsa4096"],"extended_key_usage":["clientAuth"],'
    || '"subject_alt_names":["urn","permanentIdentifier"],'
    || '"revocation":["crl","ocsp"],"require_hardware_key":false}',
    lifetime_s, backdate_s, renew_after_percent, renew_without_evidence_s,
    min_interval_s), created_s, 'migration' FROM device_group ORDER BY id;

-- profile_version NULL: the newest one.
ALTER TABLE device_group ADD COLUMN profile TEXT NOT NULL DEFAULT 'default';
ALTER TABLE device_group ADD COLUMN profile_version INTEGER;
UPDATE device_group SET profile = name;
ALTER TABLE device_group DROP COLUMN lifetime_s;
ALTER TABLE device_group DROP COLUMN backdate_s;
ALTER TABLE device_group DROP COLUMN renew_after_percent;
ALTER TABLE device_group DROP COLUMN renew_without_evidence_s;
ALTER TABLE device_group DROP COLUMN min_interval_s;

-- NULL: of the service itself, or brought in from the journal, which does not
-- know it.  All that there are have the form of the default one.
ALTER TABLE certificate ADD COLUMN profile INTEGER REFERENCES profile (id);
UPDATE certificate SET profile = (SELECT p.id FROM profile p
    WHERE p.tenant = certificate.tenant AND p.name = 'default' AND
    p.version = 1);
