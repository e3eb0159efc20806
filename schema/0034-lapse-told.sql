-- SPDX-License-Identifier: Apache-2.0
-- Up to which end of certificates, and which device of that end, a tenant was
-- told of devices that have not renewed in time.
CREATE TABLE lapse_told (
	tenant INTEGER PRIMARY KEY REFERENCES tenant (id),
	end_s INTEGER NOT NULL,
	device INTEGER NOT NULL
) STRICT;
