#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make bench: every workload, a line of JSON each to $builddir/bench.jsonl, a
# table to standard output.  BENCH_SECONDS (2) is how long each measurement
# takes; BENCH_ONLY names the workloads to run.  doc/BENCH.md says how to read
# it.
set -u
srcdir=${srcdir:-.} builddir=${builddir:-.}
seconds=${BENCH_SECONDS:-2}
only=${BENCH_ONLY:-floor csr-parse verify-tpm2 db-commit signer-issue renew-key \
scale crl-100k store-1m}
bench=$builddir/tests/bench/bench
out=$builddir/bench.jsonl
# In the build folder: the disk counts, and /tmp is not always one.
dir=$(mktemp -d "$builddir/bench.XXXXXX") || exit 1

# shellcheck source=tests/system/service.sh
. "$srcdir/tests/system/service.sh"
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

one() {		# WORKLOAD [ARGUMENT...]
	"$bench" -o "$out" -d "$dir" -s "$seconds" -S "$builddir/daa-signer" \
	    "$@"
}

children() {	# PID: of whichever thread of it
	cat "/proc/$1/task"/*/children | tr ' ' '\n' | grep .
}

# daad's starter has started it (server/signer_process.h).
signer_pid() {
	for starter in $(children "$service_pid"); do
		children "$starter" && return
	done
}

renew_key() {
	service_begin "$dir/service" || return 1
	{
		service_ctl tenant create bench && service_group bench
	} >"$dir/ctl.out" 2>&1 || {
		cat "$dir/ctl.out" >&2
		return 1
	}
	# shellcheck disable=SC2154 # service_begin sets it
	one renew-key "$SERVICE_DEVICE" "$SERVICE_OPERATOR" "$SERVICE_CA" \
	    "$SERVICE_TOKEN" bench keys "$service_pid" "$(signer_pid)" \
	    1 8 32 || return 1
	service_end
}

# With a daad that the workload starts and stops itself.
many() {	# WORKLOAD HOW-MANY [ARGUMENT...]
	many_=$1 n_=$2
	shift 2
	fresh "$many_" && one "$many_" "$builddir/daad" "$dir/$many_/state" \
	    "$dir/$many_/token" "$n_" "$@" && rm -rf "${dir:?}/$many_"
}

fresh() {	# NAME
	mkdir "$dir/$1" && service_begin "$dir/$1" && service_end
}

echo "load of the last minute: $(cut -d ' ' -f 1 /proc/loadavg) on" \
    "$(getconf _NPROCESSORS_ONLN) processors; $seconds s a measurement"
"$bench" -T
mkdir "$dir/service"
for workload in $only; do
	case $workload in
	renew-key)
		renew_key ;;
	scale)
		many scale "${BENCH_TENANTS:-10000}" ;;
	crl-100k)
		many crl-100k "${BENCH_REVOKED:-100000}" ;;
	store-1m)
		fresh empty && many store-1m "${BENCH_STORED:-1000000}" \
		    "$dir/empty/state" "$dir/empty/token" ;;
	*)
		one "$workload" ;;
	esac || exit 1
done
echo "appended to $out"
