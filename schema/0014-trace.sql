-- SPDX-License-Identifier: Apache-2.0
-- The traceparent (W3C Trace Context) of the request that made an event.
ALTER TABLE event ADD COLUMN trace TEXT;
