#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions that tap() calls
# The commands of doc/DEVICES.md, in order, against a real server with devices
# that have enrolled; and what they came to.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/page.sh"

begin() {
	service_begin "$dir" && service_ctl tenant create tenant-a &&
	service_group tenant-a && service_load tenant-a 2 && settled
}

settled() {	# what was asked for when the load was stopped is done as well
	for _ in $(seq 60); do
		service_ctl device list --json >"$dir/earlier.json" &&
		sleep 1 &&
		service_ctl device list --json >"$dir/before.json" || return 1
		cmp -s "$dir/earlier.json" "$dir/before.json" && return 0
	done
	return 1
}

run() {
	sed -n 's/^    \([^ ].*\)$/\1/p' "$srcdir/doc/DEVICES.md" \
	    >"$dir/commands" && run_commands 15
}

states() {	# FILE: state of each device
	jq -c '[.items[] | [.device_id, .state]] | sort | .[]' "$1"
}

counted() {	# what was active before would be hit, and all that was banned
	jq -e --slurpfile before "$dir/before.json" '.dry_run and
	    .matched == ([$before[0].items[] | select(.attestation)] | length)
	    and .matched > 0 and ([.groups[]] | add) == .matched' \
	    "$dir/work/count.json"
}

lifted() {	# all are what they were
	service_ctl device list --json >"$dir/after.json" &&
	states "$dir/before.json" >"$dir/before" &&
	states "$dir/after.json" >"$dir/after" &&
	diff "$dir/before" "$dir/after"
}

labelled() {
	service_ctl device list label=site=berlin --json >"$dir/labelled" &&
	jq -e '[.items[].labels] == [{"site": "berlin", "line": "8"}]' \
	    "$dir/labelled"
}

exported() {
	all=$(jq '.items | length' "$dir/after.json")
	[ "$(wc -l <"$dir/work/devices.csv")" -eq $((all + 1)) ] &&
	[ "$(jq -s length "$dir/work/devices.ndjson")" -eq \
	    "$(jq '[.items[] | select(.state == "active")] | length' \
	    "$dir/after.json")" ]
}

tap "a server with devices begins" begin
tap "the commands of the page run" run
tap "the dry run counts every device that fits" counted
tap "lifting the rule leaves all as they were" lifted
tap "labels are what the commands made them" labelled
tap "exports have every device once" exported
echo "1..$n"
exit $failed
