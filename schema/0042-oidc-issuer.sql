-- SPDX-License-Identifier: Apache-2.0
-- Issuers of OpenID Connect whose JWTs are credentials of operators.  bound: the
-- name of the only tenant that its rules may name, NULL is any; platform: they may
-- give roles of the platform.  rules: the document of authority/oidc_rule.h.
-- lineage: who made or changed it, as of a token.  jwks: the keys that an
-- operator gave; fetched: those that jwks_url gave last; fetch_error: why there
-- are none newer.
CREATE TABLE oidc_issuer (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	url TEXT NOT NULL,
	audience TEXT NOT NULL,
	title TEXT,
	bound TEXT,
	platform INTEGER NOT NULL CHECK (platform IN (0, 1)),
	rules TEXT NOT NULL,
	jwks TEXT,
	jwks_url TEXT,
	lineage TEXT NOT NULL,
	revision INTEGER NOT NULL DEFAULT 1,
	created_s INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	fetched TEXT,
	fetched_s INTEGER,
	tried_s INTEGER,
	fetch_error TEXT,
	UNIQUE (url, audience),
	CHECK ((jwks IS NULL) <> (jwks_url IS NULL)),
	CHECK (platform = 0 OR bound IS NULL)
) STRICT;

CREATE TRIGGER oidc_issuer_revision
AFTER UPDATE OF audience, title, rules, jwks, jwks_url ON oidc_issuer
WHEN NEW.audience IS NOT OLD.audience OR NEW.title IS NOT OLD.title
OR NEW.rules IS NOT OLD.rules OR NEW.jwks IS NOT OLD.jwks
OR NEW.jwks_url IS NOT OLD.jwks_url
BEGIN
	UPDATE oidc_issuer SET revision = revision + 1 WHERE id = NEW.id;
END;
