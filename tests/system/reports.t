#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions that tap() calls
# The commands of doc/ERROR-REPORTS.md, in order, against a real server with
# devices that report; and what they came to.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/page.sh"

begin() {
	service_begin "$dir" && service_ctl tenant create tenant-a &&
	service_group tenant-a && service_load tenant-a 2
}

run() {
	sed -n 's/^    \([^ ].*\)$/\1/p' "$srcdir/doc/ERROR-REPORTS.md" \
	    >"$dir/commands" && run_commands 12
}

# Counts of groups, days and the events themselves, which are all there.
agree() {
	service_ctl report groups --json >"$dir/groups" &&
	service_ctl report series --json >"$dir/series" &&
	lines=$(wc -l <"$dir/work/events.ndjson") && [ "$lines" -gt 0 ] &&
	jq -e --argjson n "$lines" '[.items[].events] | add == $n' \
	    "$dir/groups" &&
	jq -e --argjson n "$lines" '[.items[].events] | add == $n' \
	    "$dir/series" &&
	jq -e --argjson n "$(jq -r .device_id "$dir/work/events.ndjson" |
	    sort -u | wc -l)" '[.items[].devices] | max <= $n' "$dir/groups"
}

settings() {
	service_ctl report settings --json >"$dir/settings" &&
	jq -e '.keep_days == 90 and .events_per_day == 1000 and
	    .events_per_day_is_default and .spike_least == 50 and
	    .spike_factor == 3' "$dir/settings"
}

tap "a server with devices that report begins" begin
tap "the commands of the page run" run
tap "groups, days and events have the same counts" agree
tap "the settings are those that were chosen last" settings
echo "1..$n"
exit $failed
