#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The status plane goes on while nothing else does: every worker waits for a
# signer that does not answer, and the queue behind them is full.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/service.sh"

service_have || { echo "1..0 # SKIP the programs are not built"; exit 0; }
for tool in curl openssl base64; do
	command -v $tool >/dev/null ||
	    { echo "1..0 # SKIP $tool is missing"; exit 0; }
done

n=0 failed=0 stopped=
tap() {		# SENTENCE STATUS
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		failed=1
		[ ! -s "$dir/out" ] || tail -n 20 "$dir/out" | sed 's/^/# /'
	fi
}

let_signer_go() {
	[ -z "$stopped" ] || kill -CONT "$stopped"
	stopped=
}

dir=$(mktemp -d) || exit 1
trap 'let_signer_go; service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export DAAPKI_OCSP=on DAAPKI_STATUS_URL=http://status.example \
    DAAPKI_WORKERS=1 DAAPKI_QUEUE_MAX=1 DAAPKI_STATUS_WORKERS=1

begin() {
	service_begin "$dir" || return 1
	service_ctl tenant create tenant-a && service_group tenant-a &&
	service_load tenant-a 2 &&
	service_ctl ca fetch -t tenant-a --out "$dir/root.pem" &&
	service_ctl ca fetch -t tenant-a --chain --out "$dir/chain.pem"
}

begin >"$dir/out" 2>&1
rc=$?
tap "a tenant has devices with certificates" $rc
[ $rc -eq 0 ] || { echo "1..$n"; exit 1; }
openssl x509 -in "$dir/chain.pem" -out "$dir/ca.pem"

# Two leaves, as requests; of the first the answer is in memory.  The load
# revokes some certificates and bans some devices itself.
awk '$1 == "certificate" { serial[++n] = $2; device[n] = $3 }
    $1 == "revoked" || $1 == "banned" { out[$2] = 1 }
    END { for (i = 1; i <= n; i++)
	if (!out[serial[i]] && !out[device[i]]) print serial[i] }' \
    "$dir/tenant-a.log" | head -n 2 >"$dir/serials"
while read -r serial; do
	service_ctl certificate show "$serial" -t tenant-a --pem \
	    >"$dir/$serial.pem" && openssl ocsp -issuer "$dir/ca.pem" \
	    -cert "$dir/$serial.pem" -no_nonce -reqout "$dir/$serial.req"
done <"$dir/serials" >"$dir/out" 2>&1
kept=$(sed -n 1p "$dir/serials") new=$(sed -n 2p "$dir/serials")
ca_id=$(openssl x509 -in "$dir/ca.pem" -noout -ext subjectKeyIdentifier |
    tail -n 1 | tr -d ' :' | tr A-F a-f)
crl=$(openssl x509 -in "$dir/$kept.pem" -noout -ext crlDistributionPoints |
    sed -n 's/^ *URI:http:..[^/]*//p')

get() {		# PATH: fetched into $dir/got
	curl -fsS -m 60 -o "$dir/got" "$SERVICE_STATUS$1" 2>"$dir/out"
}

ocsp() {	# SERIAL STATUS
	get "/ocsp/$ca_id/$(base64 -w 0 <"$dir/$1.req" |
	    sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')" &&
	openssl ocsp -issuer "$dir/ca.pem" -cert "$dir/$1.pem" -no_nonce \
	    -respin "$dir/got" -CAfile "$dir/root.pem" \
	    -verify_other "$dir/ca.pem" >"$dir/out" 2>&1 &&
	    grep -q 'Response verify OK' "$dir/out" &&
	    grep -q ": $2" "$dir/out"
}

ocsp "$kept" good && get "$crl" && get "/crl/$ca_id.crl"
tap "an OCSP answer and the lists are asked for" $?

children() {	# PID: of whichever thread of it
	cat "/proc/$1/task"/*/children 2>/dev/null | tr ' ' '\n' | grep .
}

# daad's starter has started it (server/signer_process.h).
# shellcheck disable=SC2154 # service_begin sets it
for starter in $(children "$service_pid"); do
	stopped=$(children "$starter" | head -n 1)
	[ -z "$stopped" ] || break
done
[ -n "$stopped" ] && kill -STOP "$stopped"
tap "daa-signer is made to wait" $?

challenge() {
	curl -sS -m 90 --cacert "$SERVICE_CA" -X POST -o /dev/null \
	    -w '%{http_code}\n' -H 'Content-Type: application/json' -d '{}' \
	    "$SERVICE_DEVICE/v1/challenges" 2>/dev/null
}

is_full() {	# some time within a minute
	full=0
	while [ $full -lt 600 ] && [ "$(challenge)" != 503 ]; do
		full=$((full + 1))
		sleep 0.1
	done
	[ $full -lt 600 ]
}

# What asks the signer for a CA keeps the only worker until it gives up; what
# devices ask for takes the only place in the queue.
keep_busy() {	# NAME
	i=0
	until [ -e "$dir/stop" ]; do
		i=$((i + 1))
		service_ctl tenant create "$1-$i" >/dev/null 2>&1
		sleep 0.1
	done
}

flood() {
	until [ -e "$dir/stop" ]; do
		challenge >/dev/null
	done
}

keep_busy one & keep_busy two &
flood & flood &
is_full
tap "the queue of the device plane is full" $?

get /healthz && get /readyz
tap "health is told" $?
ocsp "$kept" good
tap "an OCSP answer that is in memory is given" $?
get "$crl" && get "/crl/$ca_id.crl"
tap "CRLs that are in memory are given" $?
get "/ca/$ca_id.cer"
tap "CA certificates are given" $?
get "/ocsp/$ca_id/rubbish" &&
    [ "$(od -An -tx1 "$dir/got" | tr -d ' \n')" = 30030a0101 ]
tap "a refusal of OCSP is said" $?
is_full
tap "the queue of the device plane is full still" $?
let_signer_go
ocsp "$new" good
tap "an answer that must first be signed is, with the flood going on" $?
: >"$dir/stop"
wait_for_queue=0
while [ $wait_for_queue -lt 600 ] && [ "$(challenge)" != 201 ]; do
	wait_for_queue=$((wait_for_queue + 1))
	sleep 0.1
done
[ $wait_for_queue -lt 600 ]
tap "devices are answered again" $?
service_end
ended=$?
wait
[ $ended -eq 0 ]
tap "the server ends in order" $?
echo "1..$n"
exit $failed
