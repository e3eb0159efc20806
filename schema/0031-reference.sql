-- SPDX-License-Identifier: Apache-2.0
-- Known-good values under a name, which policies refer to (in_set), so that a
-- firmware release needs no new policy.  An ID is never used twice: with the
-- revision it names what a set held.
CREATE TABLE reference_set (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	name TEXT NOT NULL,
	note TEXT NOT NULL,
	revision INTEGER NOT NULL,
	entries INTEGER NOT NULL,
	created_s INTEGER NOT NULL,
	changed_s INTEGER NOT NULL,
	changed_by TEXT NOT NULL,
	UNIQUE (tenant, name)
) STRICT;
CREATE INDEX reference_set_tenant ON reference_set (tenant, id);

-- value: text, hex in lower case, a number in decimal.  valid_until_s NULL: for
-- ever; warned_s: when its end was told of.
CREATE TABLE reference_value (
	id INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES tenant (id),
	reference_set INTEGER NOT NULL REFERENCES reference_set (id),
	value TEXT NOT NULL,
	note TEXT NOT NULL,
	provenance TEXT NOT NULL,
	valid_until_s INTEGER,
	warned_s INTEGER,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	UNIQUE (reference_set, value)
) STRICT;
CREATE INDEX reference_value_next ON reference_value (reference_set, id);
CREATE INDEX reference_value_due ON reference_value (valid_until_s)
    WHERE warned_s IS NULL AND valid_until_s IS NOT NULL;
