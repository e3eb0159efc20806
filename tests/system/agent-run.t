#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # the steps are called by name
# daa-agent run against daad: unclaimed, renewing, offline, past expiry.
# The hardware identity is a raw key, so no TPM is needed; the TPM's part is
# agent-tpm.t's.
builddir=$(cd "${builddir:-.}" && pwd)
work=$(mktemp -d)
daad=
agent=

finish() {
	[ -z "$agent" ] || kill "$agent" 2>/dev/null
	if [ -n "$daad" ]; then
		kill -CONT "$daad" 2>/dev/null
		kill "$daad" 2>/dev/null
		wait "$daad"
	fi
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

n=0
step() {	# SENTENCE COMMAND...
	n=$((n + 1))
	sentence=$1
	shift
	# Not in a condition: -e would not hold there.
	(set -e; "$@") >"$work/step.log" 2>&1
	# shellcheck disable=SC2181
	if [ $? -eq 0 ]; then
		echo "ok $n - $sentence"
		return
	fi
	echo "not ok $n - $sentence"
	sed 's/^/# /' "$work/step.log" "$work/agent.log"
}

fails() {
	if "$@"; then
		return 1
	fi
}

within() {	# SECONDS COMMAND...
	left=$(($1 * 10))
	shift
	while ! "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.1
	done
}

url_of() {
	sed -n "s/^$1 //p" "$work/state/listening" 2>/dev/null
}

api() {	# METHOD PATH [BODY]
	curl -sS --cacert "$work/state/trust.pem" -X "$1" \
	    -H "Authorization: Bearer $(cat "$work/token")" \
	    -H 'Content-Type: application/json' ${3:+-d "$3"} \
	    "$(url_of operator)$2"
}

daa() {
	"$builddir/daa-agent" "$@" --config "$work/agent.ini"
}

logged() {	# TEXT: how often in the agent's log
	grep -c -- "$1" "$work/agent.log" || true
}

at_least() {	# N TEXT
	[ "$(logged "$2")" -ge "$1" ]
}

ready() {
	[ -n "$(url_of status)" ] && curl -fsS -m 5 -o "$work/ready" \
	    "$(url_of status)/readyz" 2>"$work/ready.err"
}

begin_server() {
	"$builddir/daad" serve --state-dir "$work/state" \
	    >>"$work/daad.log" 2>&1 &
	daad=$!
}

make_server() {
	"$builddir/daad" init --state-dir "$work/state" \
	    --device-listen 127.0.0.1:0 --operator-listen 127.0.0.1:0 \
	    --status-listen 127.0.0.1:0 \
	    --server-names localhost,127.0.0.1 >"$work/init.out" 2>&1
	(umask 077; grep -o 'daapki_[A-Za-z0-9_-]*' "$work/init.out" |
	    head -n 1 >"$work/token")
}

make_tenant() {
	api POST /v1/tenants '{"name":"tenant-a"}'
	api POST /v1/tenants/tenant-a/profiles \
	    '{"name":"short","profile":{"lifetime_s":8}}'
	api POST /v1/tenants/tenant-a/groups '{"name":"short","profile":"short",
	    "policy":{"rules":[{"claim":"format","one_of":["key"]}]}}'
	api POST /v1/hardware "{\"hardware_id\":\"$(hardware)\"}"
}

configure() {
	cat >"$work/agent.ini" <<-END
	[agent]
	server = $(url_of device)
	ca = $work/state/trust.pem
	state_dir = $work/device
	identity = key
	timeout = 1s
	backoff_max = 2s
	certificate = $work/cert.pem
	key_file = $work/key.pem
	hook = sh -c 'grep ^Sig[BI] /proc/self/status >>$work/signals; echo \$DAA_AGENT_EVENT \$DAA_AGENT_SERIAL >>$work/hook'
	END
}

hardware() {
	daa id --json | sed -n 's/.*"hardware_id":"\([^"]*\)".*/\1/p'
}

device() {
	daa id --json | sed -n 's/.*"device_id":"\([^"]*\)".*/\1/p'
}

begin_agent() {
	: >"$work/agent.log"
	"$builddir/daa-agent" run --config "$work/agent.ini" \
	    2>>"$work/agent.log" &
	agent=$!
}

same_id_twice() {
	hardware >"$work/id-1"
	grep '^key:[0-9a-f]\{128\}$' "$work/id-1"
	hardware | cmp - "$work/id-1"
	test "$(device)" = "$(hardware | tr -d '\n' | sha256sum |
	    cut -c1-64)"
}

waits_unclaimed() {
	within 60 at_least 2 code=claim.none
	kill -0 "$agent"
}

claimed() {
	api POST /v1/tenants/tenant-a/claims \
	    "{\"hardware_id\":\"$(hardware)\",\"group\":\"short\"}"
	within 60 at_least 1 ' enrolled '
	within 60 grep '^enrolled ' "$work/hook"
	# A hook has signals as at a login: none blocked, none ignored.
	grep '^SigIgn.*0000000$' "$work/signals"
	fails grep -v '0000000$' "$work/signals"
	openssl x509 -in "$work/cert.pem" -noout -subject | grep "$(device)"
	openssl x509 -in "$work/cert.pem" -noout -pubkey >"$work/pub-1"
	openssl pkey -in "$work/key.pem" -pubout | cmp - "$work/pub-1"
	test "$(stat -c %a "$work/key.pem")" = 600
}

renews_itself() {
	before=$(logged ' renewed ')
	within 60 at_least $((before + 1)) ' renewed '
	within 60 grep '^renewed ' "$work/hook"
	openssl x509 -in "$work/cert.pem" -noout -pubkey >"$work/pub-2"
	fails cmp "$work/pub-1" "$work/pub-2"
	openssl pkey -in "$work/key.pem" -pubout | cmp - "$work/pub-2"
	openssl x509 -in "$work/cert.pem" -noout -checkend 0
}

hup_renews() {
	before=$(logged ' renewed ')
	kill -HUP "$agent"
	within 60 at_least $((before + 1)) ' renewed '
}

keeps_report() {
	kill -STOP "$daad"
	rc=0
	daa report --type AppCrash --class app --category crash \
	    --report-id offline-1 || rc=$?
	[ $rc -ne 0 ]
	ls "$work/device/reports/"*offline-1.json
}

survives_expiry() {
	within 60 sh -c "! openssl x509 -in '$work/cert.pem' -noout \
	    -checkend 0"
	kill -0 "$agent"
	before=$(logged ' renewed ')
	kill -CONT "$daad"
	within 60 at_least $((before + 1)) ' renewed '
	# It logs the renewal before it publishes the certificate.
	within 60 openssl x509 -in "$work/cert.pem" -noout -checkend 0
}

events() {
	api GET "/v1/tenants/tenant-a/error-reports?device_id=$(device)" |
	    grep -o '"report_id"' | wc -l
}

report_arrived() {
	test "$(events)" -eq 1
}

nothing_kept() {
	fails ls "$work/device/reports/"*.json
}

# The agent deletes it when it has the answer.
report_once() {
	within 60 report_arrived
	within 60 nothing_kept
	kill -HUP "$agent"
	sleep 1
	report_arrived
}

stops() {
	kill -TERM "$agent"
	within 60 at_least 1 ' stopped '
}

announces_again() {
	daa renew
	rm "$work/device/announced" "$work/cert.pem"
	: >"$work/hook"
	begin_agent
	within 60 test -s "$work/cert.pem"
	within 60 grep '^renewed ' "$work/hook"
	kill -TERM "$agent"
	wait "$agent"
}

banned() {
	api POST "/v1/tenants/tenant-a/devices/$(device)/ban" '{}'
	rc=0
	daa renew --json >"$work/refusal" || rc=$?
	cat "$work/refusal"
	test $rc -eq 3
	grep '"code":"hardware.banned"' "$work/refusal"
}

unreachable() {
	rc=0
	daa enroll --server https://127.0.0.1:1 || rc=$?
	test $rc -eq 4
}

: >"$work/agent.log"
echo 1..16
step "a server is made" make_server
begin_server
step "the server is ready" within 60 ready
configure
step "the IDs need no server and stay" same_id_twice
step "a tenant is made" make_tenant
begin_agent
step "an unclaimed device goes on asking" waits_unclaimed
step "once claimed it gets its certificate, and the hook runs" claimed
step "it renews in the window with a new key" renews_itself
step "SIGHUP renews at once" hup_renews
step "a report without the server is kept" keeps_report
step "being offline past expiry is no obstacle" survives_expiry
step "the kept report arrives once" report_once
step "SIGTERM stops it" stops
wait "$agent"
rc=$?
agent=
step "and its exit status is 0" test $rc -eq 0
step "what a crash kept from being announced is announced" announces_again
step "a banned device exits with 3 and the code" banned
step "no server is exit status 4" unreachable
