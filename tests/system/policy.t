#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions that tap() calls
# The commands of doc/POLICY.md, in order, against a real server with devices
# that have enrolled; and what they came to.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/page.sh"

begin() {
	service_begin "$dir" && service_ctl tenant create tenant-a &&
	service_group tenant-a && service_load tenant-a 2
}

# Lines indented by four are commands; those in a list by seven.
commands() {
	sed -n 's/^    \([^ ].*\)$/\1/p; s/^       \([^ ].*\)$/\1/p' \
	    "$srcdir/doc/POLICY.md"
}

run() {
	commands >"$dir/commands" && run_commands 8
}

devices() {	# those that have enrolled; load bans some, and leaves some
	service_ctl device list --state active --json | jq '.items | length'
}

changed() {
	[ "$(jq -r 'select(.outcome == "newly_fails" and
	    .code == "policy.boot" and .claim == "secure_boot") | .device_id' \
	    "$dir/work/changed.ndjson" | sort -u | wc -l)" -eq "$(devices)" ] &&
	[ "$(devices)" -gt 0 ]
}

history() {
	service_ctl policy history keys --json >"$dir/history" &&
	jq -e '[.items[].version] == [1, 2, 1] and
	    .items[1].reason == "secure boot since firmware 7.2" and
	    .items[1].grace_until != null and .items[2].from_version == 2' \
	    "$dir/history"
}

tried() {
	service_ctl policy dry-run keys --version 2 --json >"$dir/tried" &&
	jq -e --argjson n "$(devices)" '.counts.newly_fails == $n and
	    .counts.passes == 0 and .version == 2 and
	    .reasons[0].devices == $n' "$dir/tried"
}

differ() {
	service_ctl policy diff keys 1 2 --json >"$dir/diff" &&
	jq -e '.added == [{"claim": "secure_boot", "equals": true}] and
	    .removed == [] and .changed == []' "$dir/diff" &&
	[ "$(service_ctl policy diff keys 2 1 | cut -c1)" = - ]
}

tap "a server with devices begins" begin
tap "the commands of the page run" run
tap "the dry run names every device that would fail, and the claim" changed
tap "the history says what was in force, and why" history
tap "a version is tried before it is put in force again" tried
tap "two versions are compared" differ
echo "1..$n"
exit $failed
