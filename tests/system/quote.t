#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # the steps are called by name
# daa-agent with evidence from elsewhere, against daad and daa-signer.  Where
# it comes from are stand-ins, named so: tests/standin/standin is the hardware,
# tests/standin/tsm the kernel's configfs-tsm, as a file system of its own,
# tests/standin/aesm.py the AESM service of SGX.
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
builddir=$(cd "${builddir:-.}" && pwd)
. "$srcdir/tests/system/service.sh"
standin=$builddir/tests/standin/standin
tsm=$builddir/tests/standin/tsm
aesm=$srcdir/tests/standin/aesm.py
work=$(mktemp -d)
mounted=
aesmd=

finish() {
	[ -z "$mounted" ] || unmount
	[ -z "$aesmd" ] || aesm_end
	service_end
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
	sed 's/^/# /' "$work/step.log"
}

skip() {	# REASON SENTENCE...
	reason=$1
	shift
	for sentence; do
		n=$((n + 1))
		echo "ok $n - $sentence # SKIP $reason"
	done
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

# --- devices and the server ------------------------------------------------

make_device() {	# KIND
	"$standin" init "$1" "$work/$1"
	mkdir "$work/$1/agent"
}

know_snp() {
	service_ctl anchor add "$1" "$work/$1/ark.pem" --platform --scheme snp \
	    --unlisted
}

know_intel() {
	service_ctl anchor add "$1" "$work/$1/root.pem" --platform --scheme sgx \
	    --unlisted
	service_ctl collateral add "$1" --platform \
	    --tcb-info "$work/$1/tcb-info.json" \
	    --qe-identity "$work/$1/qe-identity.json" \
	    --signer-chain "$work/$1/signer-chain.pem" \
	    --root-crl "$work/$1/root-crl.der" \
	    --pck-crl "$work/$1/pck-crl.der"
}

claim() {	# KIND FORMAT: into a group that takes that format alone
	echo '{"rules":[{"claim":"format","equals":"'"$2"'"}]}' \
	    >"$work/$1/policy.json"
	service_ctl group create "$1" -t acme --policy "$work/$1/policy.json"
	service_ctl claim add "$(cat "$work/$1/hardware-id")" -t acme -g "$1"
}

prepare() {
	service_begin "$work"
	service_ctl tenant create acme
	for kind in cca sgx snp tdx; do
		make_device $kind
		case $kind in
		cca) claim cca psa ;;
		*) claim $kind $kind ;;
		esac
	done
	service_ctl hardware add "$(cat "$work/cca/hardware-id")" --platform \
	    --public-key "$work/cca/key.pem"
	know_snp snp
	know_intel sgx
	know_intel tdx
}

# daa KIND ARGUMENT...: the agent of that device
daa() {
	kind=$1
	shift
	"$builddir/daa-agent" "$@" --server "$SERVICE_DEVICE" \
	    --ca "$SERVICE_CA" --state-dir "$work/$kind/agent" \
	    --identity evidence --log-level debug
}

is_certified() {	# KIND
	service_ctl ca fetch -t acme --out "$work/root.pem"
	openssl verify -CAfile "$work/root.pem" \
	    -untrusted "$work/$1/agent/chain.pem" \
	    "$work/$1/agent/certificate.pem"
	openssl x509 -in "$work/$1/agent/certificate.pem" -noout -pubkey \
	    >"$work/public"
	openssl pkey -in "$work/$1/agent/key.pem" -pubout |
	    cmp - "$work/public"
}

refused() {	# CODE COMMAND...: the agent says that
	code=$1
	shift
	rc=0
	"$@" --json >"$work/refused" || rc=$?
	cat "$work/refused"
	[ $rc -ne 0 ]
	grep "\"code\":\"$code\"" "$work/refused"
}

# record KIND HOW: keep a quote that was made before
record() {
	"$2" "$1" evidence --nonce 00112233 --out "$work/$1/evidence.json"
	quote_of "$work/$1/evidence.json" >"$work/$1/recorded.bin"
	mv "$work/$1/recorded.bin" "$work/$1/recorded"
}

quote_of() {	# FILE
	python3 -c 'import base64, json, sys
quote = json.load(open(sys.argv[1]))["quote"]
sys.stdout.buffer.write(base64.urlsafe_b64decode(quote + "=="))' "$1"
}

# goes_through KIND HOW: the quote that is played back, byte for byte
goes_through() {
	"$2" "$1" evidence --nonce 44556677 --out "$work/$1/evidence.json"
	quote_of "$work/$1/evidence.json" >"$work/$1/got"
	cmp -n "$(stat -c %s "$work/$1/recorded")" "$work/$1/recorded" \
	    "$work/$1/got"
}

replay() {	# KIND HOW
	record "$1" "$2"
	goes_through "$1" "$2"
	refused evidence.nonce "$2" "$1" enroll
	rm "$work/$1/recorded"
	"$2" "$1" enroll
}

vectors=${DAAPKI_VECTORS:-$srcdir/../shared/vectors}

# published KIND HOW FILE: of other people's hardware
published() {
	cp "$vectors/$3" "$work/$1/recorded"
	goes_through "$1" "$2"
	rm "$work/$1/recorded"
}

# published_step SENTENCE KIND HOW FILE
published_step() {
	if [ -f "$vectors/$4" ]; then
		step "$1" published "$2" "$3" "$4"
	else
		skip "published evidence is not here (DAAPKI_VECTORS)" "$1"
	fi
}

# --- any command ------------------------------------------------------------

by_command() {	# ARGUMENT...
	daa snp "$@" --format snp --evidence-source command \
	    --evidence-command "'$standin' evidence '$work/snp' $more"
}

command_enrols() {
	more=
	by_command enroll
	is_certified snp
}

command_names() {
	more=
	by_command id | grep -F "$(cat "$work/snp/hardware-id")"
	cp "$work/snp/agent/certificate.pem" "$work/before.pem"
	by_command renew
	is_certified snp
	if cmp "$work/before.pem" "$work/snp/agent/certificate.pem"; then
		return 1
	fi
	# The server got the same device, not another.
	by_command id | grep -F "$(cat "$work/snp/hardware-id")"
}

logged() {	# EVENT
	grep -q "info daa-agent $1 " "$work/run.log"
}

# A process of its own, which signals reach.
command_runs() {
	rm -rf "$work/snp/agent"
	"$builddir/daa-agent" run --server "$SERVICE_DEVICE" \
	    --ca "$SERVICE_CA" --state-dir "$work/snp/agent" \
	    --identity evidence --format snp --evidence-source command \
	    --evidence-command "'$standin' evidence '$work/snp'" \
	    2>"$work/run.log" &
	agent=$!
	within 60 logged enrolled
	kill -HUP $agent
	within 60 logged renewed
	kill -TERM $agent
	wait $agent
	is_certified snp
}

command_debug() {
	more=--debug
	refused policy.boot by_command enroll
}

command_fails() {
	more=--no-such-option
	refused source.failed by_command enroll
	grep 'evidence_command ended with status 1: standin: usage' \
	    "$work/refused"
}

# --- the kernel's configfs-tsm ----------------------------------------------

mount_for() {	# KIND
	mkdir -p "$work/tsm"
	"$tsm" "$standin" "$work/$1" "$work/tsm" 2>"$work/tsm.log" &
	mounted=$!
	within 60 mounted_or_gone
	mountpoint -q "$work/tsm"
}

mounted_or_gone() {
	mountpoint -q "$work/tsm" || ! kill -0 "$mounted" 2>/dev/null
}

unmount() {
	umount "$work/tsm" || kill "$mounted"
	wait "$mounted"
	mounted=
}

by_tsm() {	# KIND ARGUMENT...
	who=$1
	shift
	daa "$who" "$@" --evidence-source tsm --tsm-dir "$work/tsm"
}

tsm_enrols() {	# KIND
	rm -f "$work/$1/fault" "$work/$1/agent/credential.json"
	by_tsm "$1" enroll
	is_certified "$1"
	[ -z "$(ls "$work/tsm")" ]
}

tsm_in_spite() {	# KIND FAULT...
	who=$1
	shift
	for fault; do
		echo "$fault" >"$work/$who/fault"
		by_tsm "$who" enroll
		[ -z "$(ls "$work/tsm")" ]
	done
	rm "$work/$who/fault"
}

tsm_says() {	# KIND FAULT WORDS
	echo "$2" >"$work/$1/fault"
	refused source.failed by_tsm "$1" enroll --evidence-timeout 1s
	grep -F "$3" "$work/refused"
	[ -z "$(ls "$work/tsm")" ]
	rm "$work/$1/fault"
}

tsm_level() {
	printf 2 >"$work/snp/floor"
	tsm_enrols snp
	rm "$work/snp/floor"
}

tsm_gives_up() {
	tsm_says tdx 'race 100000' 'somebody else writes there'
	tsm_says tdx 'late 100000' 'somebody else writes there'
	tsm_says tdx 'busy 100000' 'Device or resource busy'
	tsm_says tdx 'lost 100000' 'not taken'
	tsm_says tdx 'blocked 100000' 'temporarily unavailable'
	tsm_says tdx 'exists 100000' 'File exists'
}

tsm_broken() {
	tsm_says tdx 'none 1' 'the kernel has no provider of reports'
	tsm_says tdx 'unknown 1' 'another_guest is not known'
	tsm_says tdx 'broken 1' 'Input/output error'
	tsm_says tdx 'long 1' 'is longer than'
	tsm_says tdx 'empty 1' 'is empty'
	refused source.failed daa tdx enroll --evidence-source tsm \
	    --tsm-dir "$work/nowhere"
}

tsm_format() {
	refused server.config by_tsm tdx enroll --format snp
	grep 'gives tdx' "$work/refused"
}

have_tsm() {
	[ -x "$tsm" ] && [ -w /dev/fuse ] && mount_for "$1"
}

tsm_steps() {
	set -- "a TDX quote of the kernel enrols, from a stand-in for configfs-tsm" \
	    "what passes is waited for: others' writes, a busy kernel" \
	    "what does not pass is given up after its time" \
	    "a kernel without reports, and one with wrong ones, is told" \
	    "a format that the kernel does not give is refused" \
	    "an SNP report of the kernel enrols, with its certificates" \
	    "a realm's token of the kernel enrols" \
	    "a recorded quote of the kernel goes through and is refused" \
	    "a published TDX quote goes through" \
	    "a kernel that is not at the top of its VM is asked for its own level"
	if ! have_tsm tdx; then
		mounted=
		skip "there is no FUSE to mount a stand-in with" "$@"
		return
	fi
	step "$1" tsm_enrols tdx
	step "$2" tsm_in_spite tdx "race 3" "late 2" "busy 2" "lost 2" \
	    "blocked 2" "exists 2"
	step "$3" tsm_gives_up
	step "$4" tsm_broken
	step "$5" tsm_format
	step "$8" replay tdx by_tsm
	published_step "$9" tdx by_tsm tdx/quote-v4-uptodate.bin
	unmount
	mount_for snp
	step "$6" tsm_enrols snp
	step "${10}" tsm_level
	unmount
	mount_for cca
	step "$7" tsm_enrols cca
	unmount
}

# --- AESM ---------------------------------------------------------------------

aesm_begin() {
	python3 "$aesm" serve "$standin" "$work/sgx" "$work/aesm.socket" \
	    2>"$work/aesm.log" &
	aesmd=$!
	within 60 test -S "$work/aesm.socket" || sed 's/^/# /' "$work/aesm.log"
}

aesm_end() {
	kill "$aesmd"
	wait "$aesmd" 2>/dev/null
	aesmd=
}

by_aesm() {	# KIND ARGUMENT...
	daa "$@" --evidence-source aesm \
	    --aesm-socket "$work/aesm.socket" \
	    --enclave-command "python3 '$aesm' enclave"
}

aesm_enrols() {
	by_aesm sgx enroll
	is_certified sgx
	by_aesm sgx id | grep -F "$(cat "$work/sgx/hardware-id")"
	by_aesm sgx renew
	is_certified sgx
}

aesm_says() {	# FAULT WORDS
	echo "$1" >"$work/sgx/fault"
	refused source.failed by_aesm sgx enroll --evidence-timeout "${3:-60s}"
	grep -F "$2" "$work/refused"
	rm "$work/sgx/fault"
}

aesm_broken() {
	aesm_says error 'AESM refused GetQuoteEx: error 13'
	aesm_says unsupported 'AESM does not know GetQuoteEx'
	aesm_says other "AESM's answer to GetSupportedAttKeyIDNum is none"
	aesm_says garbage "AESM's answer to GetSupportedAttKeyIDNum is none"
	aesm_says long 'of no length that it has'
	aesm_says hang-up 'it hung up'
	aesm_says silent 'no answer in time' 1s
	aesm_says epid 'no attestation key for ECDSA quotes'
	aesm_says target "AESM's answer to InitQuoteEx lacks what was asked"
}

aesm_gone() {
	refused source.failed daa sgx enroll --evidence-source aesm \
	    --aesm-socket "$work/nowhere" --enclave-command true
	grep 'No such file' "$work/refused"
}

aesm_enclave() {
	for answer in '{}' '{"report":"AAAA"}' \
	    '{"report":"'"$(head -c 576 /dev/zero | tr '\0' A)"'"}' 'no'; do
		echo "$answer" >"$work/answer"
		refused source.failed daa sgx enroll --evidence-source aesm \
		    --aesm-socket "$work/aesm.socket" \
		    --enclave-command "cat '$work/answer'"
		grep enclave_command "$work/refused"
	done
}

aesm_steps() {
	set -- "a quote of AESM enrols, from a stand-in for that service" \
	    "whatever is wrong with the service is told" \
	    "a service that is not there is told" \
	    "an enclave's program that gives no report for this key is told" \
	    "a recorded quote of AESM goes through and is refused" \
	    "a published SGX quote goes through"
	if ! python3 -c 'import google.protobuf' 2>/dev/null; then
		skip "there is no protobuf for Python" "$@"
		return
	fi
	aesm_begin
	step "$1" aesm_enrols
	step "$2" aesm_broken
	step "$3" aesm_gone
	step "$4" aesm_enclave
	step "$5" replay sgx by_aesm
	published_step "$6" sgx by_aesm sgx/intel-sample/quote.dat
	aesm_end
}

if ! service_have || [ ! -x "$standin" ]; then
	echo "1..0 # SKIP the programs are not built"
	exit 0
fi
step "a server knows the makers of four devices" prepare
# The step was a shell of its own.
service_dir=$work
SERVICE_CA=$work/state/trust.pem
SERVICE_TOKEN=$work/token
SERVICE_DEVICE=$(service_url_ device)
SERVICE_OPERATOR=$(service_url_ operator)
step "evidence of a command enrols" command_enrols
step "the agent tells the name that the server gave, and renews" command_names
step "run enrols with it and renews" command_runs
step "a guest that can be looked into is refused by policy" command_debug
step "a command that fails is told with its own words" command_fails
tsm_steps
aesm_steps
echo "1..$n"
