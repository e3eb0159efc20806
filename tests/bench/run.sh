#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make bench: every workload, a line of JSON each to $builddir/bench.jsonl, a
# table to standard output.  BENCH_SECONDS (2) is how long each measurement
# takes; BENCH_ONLY names the workloads to run.  doc/BENCH.md says how to read
# it.
set -u
srcdir=${srcdir:-.} builddir=${builddir:-.}
seconds=${BENCH_SECONDS:-2}
only=${BENCH_ONLY:-floor csr-parse verify db-commit signer-issue ocsp \
renew-key claim-100k scale search-1m crl-100k store-1m}
bench=$builddir/tests/bench/bench
out=$builddir/bench.jsonl
# In the build folder: the disk counts, and /tmp is not always one.
dir=$(mktemp -d "$builddir/bench.XXXXXX") || exit 1

# shellcheck source=tests/system/service.sh
. "$srcdir/tests/system/service.sh"
trap 'service_end; nginx_end; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

one() {		# WORKLOAD [ARGUMENT...]
	"$bench" -o "$out" -d "$dir" -s "$seconds" -S "$builddir/daa-signer" \
	    "$@"
}

children() {	# PID: of whichever thread of it
	cat "/proc/$1/task"/*/children | tr ' ' '\n' | grep .
}

# daad's starter has started it, and others (server/signer_process.h).
signer_pid() {
	for starter in $(children "$service_pid"); do
		for pid in $(children "$starter"); do
			[ "$(cat "/proc/$pid/comm")" != daa-signer ] || {
				echo "$pid"
				return
			}
		done
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

# 100,000 claims in one call, and renewals before, meanwhile and after.
claim_100k() {
	mkdir "$dir/claims" && service_begin "$dir/claims" || return 1
	{
		service_ctl tenant create bench && service_group bench
	} >"$dir/ctl.out" 2>&1 || {
		cat "$dir/ctl.out" >&2
		return 1
	}
	one claim-100k "$SERVICE_DEVICE" "$SERVICE_OPERATOR" "$SERVICE_CA" \
	    "$SERVICE_TOKEN" bench keys || return 1
	service_end
}

# A leaf of a real enrolment, and what is asked about it.
ocsp_begin() {
	service_begin "$1" || return 1
	{
		service_ctl tenant create bench && service_group bench &&
		service_load bench 1 &&
		service_ctl ca fetch -t bench --chain --out "$1/chain.pem" &&
		openssl x509 -in "$1/chain.pem" -out "$1/ca.pem" &&
		serial=$(sed -n 's/^certificate \([^ ]*\).*/\1/p;T;q' \
		    "$1/bench.log") &&
		service_ctl certificate show "$serial" -t bench --pem \
		    >"$1/leaf.pem" &&
		openssl ocsp -issuer "$1/ca.pem" -cert "$1/leaf.pem" \
		    -no_nonce -reqout "$1/request"
	} >"$1/ctl.out" 2>&1 || {
		cat "$1/ctl.out" >&2
		return 1
	}
	ocsp_path=/ocsp/$(openssl x509 -in "$1/ca.pem" -noout \
	    -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :' |
	    tr A-F a-f)/$(base64 -w 0 <"$1/request" |
	    sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')
	curl -fsS -o "$1/answer" "$SERVICE_STATUS$ocsp_path"
}

# As Debian sets it up, but for its folder and for how many requests a
# connection may carry; a worker a processor, as daad has I/O threads.
nginx_begin() {	# DIR ACCESS-LOG
	nginx_port=$((20000 + $$ % 20000))
	until
		nginx_port=$((nginx_port + 1))
		cat >"$1/nginx.conf" <<-EOF
			worker_processes $(getconf _NPROCESSORS_ONLN);
			pid $1/nginx.pid;
			error_log $1/nginx.err;
			daemon off;
			events { worker_connections 2048; }
			http {
				sendfile on;
				tcp_nopush on;
				keepalive_requests 1000000000;
				default_type application/ocsp-response;
				access_log $2;
				client_body_temp_path $1/t1;
				proxy_temp_path $1/t2;
				fastcgi_temp_path $1/t3;
				uwsgi_temp_path $1/t4;
				scgi_temp_path $1/t5;
				server {
					listen 127.0.0.1:$nginx_port;
					root $1;
				}
			}
		EOF
		[ "$(id -u)" -ne 0 ] || echo "user root;" >>"$1/nginx.conf"
		nginx -e "$1/nginx.err" -c "$1/nginx.conf" &
		nginx_pid=$!
		nginx_tries=0
		until curl -fs -o "$1/got" \
		    "http://127.0.0.1:$nginx_port/answer"; do
			nginx_tries=$((nginx_tries + 1))
			[ $nginx_tries -lt 100 ] || break
			kill -0 "$nginx_pid" 2>/dev/null || break
			sleep 0.1
		done
		cmp -s "$1/got" "$1/answer"
	do
		nginx_end
		[ $((nginx_port - 20000 - $$ % 20000)) -lt 20 ] || {
			cat "$1/nginx.err" >&2
			return 1
		}
	done
}

nginx_end() {
	[ -z "${nginx_pid:-}" ] || {
		kill "$nginx_pid" 2>/dev/null
		wait "$nginx_pid"
	}
	nginx_pid=
}

# ocsp: each writes a line a request to its log, as both do by default.
# ocsp-no-log: neither does.
ocsp() {
	PATH=$PATH:/usr/sbin
	for tool in nginx openssl curl base64; do
		command -v $tool >/dev/null || {
			echo "ocsp: skipped, $tool is not here"
			return 0
		}
	done
	for name in ocsp ocsp-no-log; do
		case $name in
		ocsp)
			level=info log="$(readlink -f "$dir")/$name/access.log" ;;
		*)
			level=warn log=off ;;
		esac
		mkdir "$dir/$name" || return 1
		DAAPKI_IO_THREADS=$(getconf _NPROCESSORS_ONLN) \
		    DAAPKI_LOG_LEVEL=$level DAAPKI_OCSP=on
		export DAAPKI_IO_THREADS DAAPKI_LOG_LEVEL DAAPKI_OCSP
		ocsp_begin "$dir/$name" &&
		nginx_begin "$(readlink -f "$dir")/$name" "$log" &&
		one ocsp "$name" "$dir/$name/answer" \
		    "${SERVICE_STATUS##*:}" "$ocsp_path" "$service_pid" \
		    "$nginx_port" /answer \
		    "$(children "$nginx_pid" | paste -s -d ,)" 32 256 ||
		    return 1
		nginx_end
		service_end
		rm -rf "${dir:?}/$name"
		unset DAAPKI_IO_THREADS DAAPKI_LOG_LEVEL DAAPKI_OCSP
	done
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
	claim-100k)
		claim_100k ;;
	ocsp)
		ocsp ;;
	scale)
		many scale "${BENCH_TENANTS:-10000}" ;;
	search-1m)
		DAAPKI_RATE_PER_S=0
		export DAAPKI_RATE_PER_S
		many search-1m "${BENCH_DEVICES:-1000000}" || exit 1
		unset DAAPKI_RATE_PER_S ;;
	crl-100k)
		many crl-100k "${BENCH_REVOKED:-100000}" ;;
	store-1m)
		fresh empty && many store-1m "${BENCH_STORED:-1000000}" \
		    "$dir/empty/state" "$dir/empty/token" ;;
	verify-*)
		one verify "${workload#verify-}" ;;
	*)
		one "$workload" ;;
	esac || exit 1
done
echo "appended to $out"
