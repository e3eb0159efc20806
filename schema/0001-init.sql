-- SPDX-License-Identifier: Apache-2.0
-- The first schema.  Times are integer seconds since 1970 UTC.  Every table
-- with a tenant column is read and written with the tenant as ?1; NULL in a
-- tenant column means the platform.

CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;

CREATE TABLE tenant (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	title TEXT NOT NULL,
	created_s INTEGER NOT NULL
) STRICT;

-- state: active, retired, revoked.  sealed: the signer's record of the key.
CREATE TABLE ca (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	role TEXT NOT NULL CHECK (role IN ('root', 'issuing', 'server')),
	state TEXT NOT NULL,
	parent INTEGER REFERENCES ca (id),
	key_id BLOB NOT NULL,
	serial BLOB NOT NULL,
	certificate BLOB NOT NULL,
	sealed BLOB NOT NULL,
	not_before_s INTEGER NOT NULL,
	not_after_s INTEGER NOT NULL,
	created_s INTEGER NOT NULL,
	crl_number INTEGER NOT NULL DEFAULT 0,
	crl BLOB,
	crl_next_update_s INTEGER,
	UNIQUE (key_id)
) STRICT;
CREATE INDEX ca_tenant ON ca (tenant, role, state);

CREATE TABLE device_group (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	name TEXT NOT NULL,
	title TEXT NOT NULL,
	-- profile
	lifetime_s INTEGER NOT NULL,
	backdate_s INTEGER NOT NULL,
	renew_after_percent INTEGER NOT NULL,
	renew_without_evidence_s INTEGER NOT NULL,
	min_interval_s INTEGER NOT NULL,
	-- the appraisal policy in force
	policy_version INTEGER NOT NULL,
	created_s INTEGER NOT NULL,
	UNIQUE (tenant, name)
) STRICT;

-- Immutable: a change is a new version.
CREATE TABLE policy (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	device_group INTEGER NOT NULL REFERENCES device_group (id),
	version INTEGER NOT NULL,
	document TEXT NOT NULL,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	UNIQUE (device_group, version)
) STRICT;

-- tenant NULL: the platform.  role: admin, owner, reader.
CREATE TABLE token (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	name TEXT NOT NULL,
	role TEXT NOT NULL CHECK (role IN ('admin', 'owner', 'reader')),
	hash BLOB NOT NULL UNIQUE,
	created_s INTEGER NOT NULL,
	expires_s INTEGER,
	last_used_s INTEGER,
	revoked_s INTEGER
) STRICT;
CREATE INDEX token_tenant ON token (coalesce(tenant, 0), id);

-- What may vouch for hardware.  scheme: tpm-ek.
CREATE TABLE trust_anchor (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	scheme TEXT NOT NULL,
	name TEXT NOT NULL,
	sha256 BLOB NOT NULL,
	subject TEXT NOT NULL,
	certificate BLOB NOT NULL,
	not_after_s INTEGER NOT NULL,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX trust_anchor_once
    ON trust_anchor (coalesce(tenant, 0), scheme, sha256);

-- Known parts: EK public keys without a certificate, device keys.
CREATE TABLE hardware (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	hardware_id TEXT NOT NULL,
	device_id TEXT NOT NULL,
	note TEXT NOT NULL,
	expires_s INTEGER,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX hardware_once
    ON hardware (coalesce(tenant, 0), hardware_id);
CREATE INDEX hardware_tenant ON hardware (coalesce(tenant, 0), id);

-- One row a device that a tenant has ever claimed.  tenant NULL: released.
-- state: claimed (never enrolled), active, banned, released.
CREATE TABLE device (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id),
	device_id TEXT NOT NULL UNIQUE,
	hardware_id TEXT UNIQUE,
	device_group INTEGER REFERENCES device_group (id),
	state TEXT NOT NULL,
	claimed_s INTEGER,
	ban_reason TEXT,
	banned_s INTEGER,
	ak_name BLOB,
	last_seen_s INTEGER,
	last_refusal TEXT,
	last_refusal_detail TEXT,
	last_refusal_s INTEGER
) STRICT;
CREATE INDEX device_tenant ON device (tenant, id);

-- History; at most one row of a device has no released_s.
CREATE TABLE claim (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	device_id TEXT NOT NULL,
	device_group INTEGER NOT NULL REFERENCES device_group (id),
	claimed_s INTEGER NOT NULL,
	claimed_by TEXT NOT NULL,
	released_s INTEGER,
	released_by TEXT,
	release_reason TEXT
) STRICT;
CREATE UNIQUE INDEX claim_one ON claim (device_id) WHERE released_s IS NULL;
CREATE INDEX claim_device ON claim (device_id, id);
CREATE INDEX claim_tenant ON claim (tenant, id);

-- The last appraisal of a device by its tenant; counters never go back.
CREATE TABLE attestation (
	device INTEGER PRIMARY KEY REFERENCES device (id),
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	at_s INTEGER NOT NULL,
	format TEXT NOT NULL,
	verdict TEXT NOT NULL,
	claims TEXT NOT NULL,
	evidence_sha256 BLOB NOT NULL,
	policy_version INTEGER NOT NULL,
	ak_name BLOB,
	reset_count INTEGER,
	restart_count INTEGER,
	clock_ms INTEGER
) STRICT;

CREATE TABLE certificate (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	ca INTEGER NOT NULL REFERENCES ca (id),
	serial BLOB NOT NULL,
	device_id TEXT NOT NULL,
	spki_sha256 BLOB NOT NULL,
	hardware_key INTEGER NOT NULL,
	not_before_s INTEGER NOT NULL,
	not_after_s INTEGER NOT NULL,
	issued_s INTEGER NOT NULL,
	der BLOB NOT NULL,
	-- found in the journal after a crash, so perhaps never delivered
	recovered INTEGER NOT NULL,
	revoked_s INTEGER,
	revoke_reason INTEGER,
	UNIQUE (ca, serial)
) STRICT;
CREATE INDEX certificate_device ON certificate (tenant, device_id, id);
CREATE INDEX certificate_tenant ON certificate (tenant, id);
CREATE INDEX certificate_serial ON certificate (tenant, serial);
CREATE INDEX certificate_revoked ON certificate (ca, not_after_s)
    WHERE revoked_s IS NOT NULL;

CREATE TABLE nonce_used (
	nonce BLOB PRIMARY KEY,
	expires_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_expiry ON nonce_used (expires_s);

-- A batch that a device sent.  attested: its claims at that time.
CREATE TABLE error_report (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	device_id TEXT NOT NULL,
	report_id TEXT NOT NULL,
	received_s INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	dropped INTEGER NOT NULL,
	attested_s INTEGER,
	attested TEXT,
	UNIQUE (tenant, device_id, report_id)
) STRICT;
CREATE TABLE error_event (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	report INTEGER NOT NULL REFERENCES error_report (id),
	device_id TEXT NOT NULL,
	event_type TEXT NOT NULL,
	event_class TEXT NOT NULL,
	event_category TEXT NOT NULL,
	event_count INTEGER NOT NULL,
	description TEXT NOT NULL,
	start_s INTEGER NOT NULL,
	end_s INTEGER NOT NULL
) STRICT;
CREATE INDEX error_event_tenant ON error_event (tenant, id);
CREATE INDEX error_event_device ON error_event (tenant, device_id, id);
-- Reports stored, events taken and events counted as dropped, a device and
-- UTC day (days since 1970).
CREATE TABLE error_quota (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	device_id TEXT NOT NULL,
	day INTEGER NOT NULL,
	reports INTEGER NOT NULL,
	taken INTEGER NOT NULL,
	dropped INTEGER NOT NULL,
	UNIQUE (tenant, device_id, day)
) STRICT;
CREATE INDEX error_quota_tenant ON error_quota (tenant, id);

-- What happened, in order: the feed of a tenant.
CREATE TABLE event (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	at_s INTEGER NOT NULL,
	type TEXT NOT NULL,
	subject TEXT NOT NULL,
	actor TEXT NOT NULL,
	data TEXT NOT NULL
) STRICT;
CREATE INDEX event_tenant ON event (tenant, id);

-- What the signer's journal knows and no record here can hold: a CA of a
-- tenant whose creation was never committed, and what it signed.
CREATE TABLE stray (
	seq INTEGER PRIMARY KEY,
	at_s INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	tenant_name TEXT NOT NULL,
	object BLOB NOT NULL
) STRICT;
