-- SPDX-License-Identifier: Apache-2.0
-- A client certificate that stands for a token: "sha256:<hex>" of it or
-- "subject:<RFC 4514>".  Its row has a hash of which nobody has the secret.
ALTER TABLE token ADD COLUMN certificate TEXT;
CREATE UNIQUE INDEX token_certificate ON token (certificate)
    WHERE certificate IS NOT NULL AND revoked_s IS NULL;
