-- SPDX-License-Identifier: Apache-2.0
-- Each random index costs every issuance a page of its own, once there are very
-- many certificates.  A serial is looked up under the CAs of its tenant, by the
-- index of UNIQUE (ca, serial).
DROP INDEX certificate_serial;
