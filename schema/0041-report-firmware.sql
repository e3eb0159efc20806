-- SPDX-License-Identifier: Apache-2.0
-- Firmware that no group was seen with any more is forgotten.  In
-- report_group_firmware, firmware -1 is all that could not be told apart.
CREATE INDEX report_group_firmware_of ON report_group_firmware (firmware);
