# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For a test that runs the commands of a page against a server of its own: to be
# sourced by a POSIX shell that has $builddir and $srcdir.  It ends that where a
# tool is missing, brings service.sh, and sets $dir, a folder for the test, which
# goes with the server in the end.
# shellcheck disable=SC2154
#
#	tap SENTENCE COMMAND...		one test; counts $n, and sets $failed
#	run_commands LEAST		run those in the file $dir/commands, at
#					least so many, in the folder $dir/work
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
		# shellcheck disable=SC2034 # for who sources this
		failed=1
		tail -n 20 "$dir/out" | sed 's/^/# /'
	fi
}

dir=$(mktemp -d) || exit 1
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export DAACTL_TENANT=tenant-a

run_commands() {
	[ "$(wc -l <"$dir/commands")" -ge "$1" ] && mkdir -p "$dir/work" &&
	printf 'set -eux\ndaactl() { "%s" "$@"; }\n' "$(cd "$builddir" &&
	    pwd)/daactl" | cat - "$dir/commands" >"$dir/script" &&
	(cd "$dir/work" && DAACTL_URL=$SERVICE_OPERATOR \
	    DAACTL_CA_FILE=$SERVICE_CA DAACTL_TOKEN_FILE=$SERVICE_TOKEN \
	    sh "$dir/script")
}
