-- SPDX-License-Identifier: Apache-2.0
-- Answers to calls that made something, for who asks again with the same
-- Idempotency-Key.  key: a keyed hash of who, where and which key; asked: one
-- of the whole request.  answer: sealed, it may hold a secret.  tenant: the
-- one of the path, NULL without.
CREATE TABLE receipt (
	id INTEGER PRIMARY KEY,
	tenant INTEGER REFERENCES tenant (id) ON DELETE CASCADE,
	key BLOB NOT NULL UNIQUE,
	asked BLOB NOT NULL,
	answer BLOB NOT NULL,
	created_s INTEGER NOT NULL
) STRICT;
CREATE INDEX receipt_created ON receipt (created_s);
CREATE INDEX receipt_tenant ON receipt (tenant);
