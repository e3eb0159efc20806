-- SPDX-License-Identifier: Apache-2.0
-- The group of the principal that began it, which sees no other; NULL: it had
-- all of them.
ALTER TABLE operation ADD COLUMN device_group INTEGER
    REFERENCES device_group (id);
CREATE INDEX operation_of_group ON operation (device_group, id)
    WHERE device_group IS NOT NULL;
