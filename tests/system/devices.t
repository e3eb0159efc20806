#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions that tap() calls
# The commands of doc/DEVICES.md, in order, against a real server with devices
# that have enrolled; and what they came to.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/service.sh"

service_have || { echo "1..0 # SKIP the programs are not built"; exit 0; }
for tool in curl jq; do
	command -v $tool >/dev/null ||
	    { echo "1..0 # SKIP $tool is missing"; exit 0; }
done

n=0 failed=0
tap() {		# SENTENCE COMMAND...
	sentence=$1
	shift
	n=$((n + 1))
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		failed=1
		tail -n 20 "$dir/out" | sed 's/^/# /'
	fi
}

dir=$(mktemp -d) || exit 1
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export DAACTL_TENANT=tenant-a

begin() {
	service_begin "$dir" && service_ctl tenant create tenant-a &&
	service_group tenant-a && service_load tenant-a 2 &&
	service_ctl device list --json >"$dir/before.json"
}

run() {
	mkdir -p "$dir/work" &&
	sed -n 's/^    \([^ ].*\)$/\1/p' "$srcdir/doc/DEVICES.md" \
	    >"$dir/commands" && [ "$(wc -l <"$dir/commands")" -ge 15 ] &&
	printf 'set -eux\ndaactl() { "%s" "$@"; }\n' "$(cd "$builddir" &&
	    pwd)/daactl" | cat - "$dir/commands" >"$dir/script" &&
	(cd "$dir/work" && DAACTL_URL=$SERVICE_OPERATOR \
	    DAACTL_CA_FILE=$SERVICE_CA DAACTL_TOKEN_FILE=$SERVICE_TOKEN \
	    sh "$dir/script")
}

states() {	# FILE: state of each device
	jq -c '[.items[] | [.device_id, .state]] | sort' "$1"
}

counted() {	# what was active before would be hit, and all that was banned
	jq -e --slurpfile before "$dir/before.json" '.dry_run and
	    .matched == ([$before[0].items[] | select(.attestation)] | length)
	    and .matched > 0 and ([.groups[]] | add) == .matched' \
	    "$dir/work/count.json"
}

lifted() {	# all are what they were
	service_ctl device list --json >"$dir/after.json" &&
	[ "$(states "$dir/before.json")" = "$(states "$dir/after.json")" ]
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
