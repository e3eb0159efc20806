-- SPDX-License-Identifier: Apache-2.0
-- Where an anchor is from, for people; and when the event that it ends was
-- made (anchor.expiring).
ALTER TABLE trust_anchor ADD COLUMN provenance TEXT NOT NULL DEFAULT '';
ALTER TABLE trust_anchor ADD COLUMN warned_s INTEGER;
CREATE INDEX trust_anchor_due ON trust_anchor (not_after_s)
    WHERE warned_s IS NULL;
