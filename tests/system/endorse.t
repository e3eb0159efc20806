#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Anchors and collateral through daactl and a real server: known roots held
# against published certificates, roots and collateral fetched from stand-ins
# for their vendors' services (tests/stand_in.py, with collateral that
# tests/make_pccs makes), and what lapses fetched again.
# shellcheck disable=SC2317 # the steps are called by name
srcdir=${abs_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
builddir=${abs_builddir:-$srcdir/build}
vectors=${DAAPKI_VECTORS:-$srcdir/../shared/vectors}
# shellcheck source=tests/system/service.sh
. "$srcdir/tests/system/service.sh"

for program in "$builddir/daad" "$builddir/daa-signer" "$builddir/daactl" \
    "$builddir/tests/make_pccs" jq curl openssl python3; do
	if ! command -v "$program" >/dev/null; then
		echo "1..0 # SKIP endorse: no $program"
		exit 0
	fi
done
work=$(mktemp -d) || exit 99
pids=
end() {
	for pid in $pids; do
		kill "$pid"
	done
	service_end
	rm -rf "$work"
}
trap end EXIT
unset DAACTL_TOKEN DAACTL_TENANT DAACTL_CONFIG
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
export HOME="$work"

n=0 failed=0 port_site='' port_pccs='' port_tls=''
step() {	# SENTENCE COMMAND...
	n=$((n + 1))
	sentence=$1
	shift
	# Not in the condition itself: there, set -e is not obeyed.
	(set -e; "$@") >"$work/log" 2>&1
	rc=$?
	if [ $rc -eq 0 ]; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		tail -n 20 "$work/log" | sed 's/^/# /'
		failed=1
	fi
}

skip() {	# SENTENCE WHY
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

exits() {	# STATUS COMMAND...: output in out, messages in err
	want=$1
	shift
	status=0
	"$@" >"$work/out" 2>"$work/err" || status=$?
	cat "$work/err"
	[ "$status" -eq "$want" ] || {
		echo "$*: exit status $status, not $want"
		return 1
	}
}

ctl() {
	service_ctl "$@"
}

serve() {	# NAME DIR [CERTIFICATE KEY]: sets port_NAME
	name=$1
	shift
	python3 "$srcdir/tests/stand_in.py" "$@" >"$work/port" 2>"$work/stand" &
	pids="$pids $!"
	tries=0
	until [ -s "$work/port" ]; do
		tries=$((tries + 1))
		[ $tries -le 600 ] || return 1
		sleep 0.1
	done
	eval "port_$name=\$(cat '$work/port')"
	rm "$work/port"
}

# --- known anchors -----------------------------------------------------------

sha256_of() {	# FILE: of the one certificate in it
	openssl x509 -in "$1" -noout -fingerprint -sha256 |
	    sed 's/.*=//; s/://g' | tr A-F a-f
}

# Each certificate of a PEM file into a file of its own.
split() {	# FILE
	rm -rf "$work/split"
	mkdir "$work/split"
	awk -v to="$work/split/" '/-BEGIN CERT/ { n++ } n { print >(to n) }' "$1"
}

# The row of each root there: its subject and last day are as OpenSSL has them.
rows_are_true() {	# FILE LEAST
	split "$1"
	found=0
	for one in "$work"/split/*; do
		openssl x509 -in "$one" -noout -fingerprint -sha256 -subject \
		    -enddate -nameopt RFC2253 >"$work/one"
		sum=$(sed -n 's/^sha256 Fingerprint=//p' "$work/one" |
		    tr -d : | tr A-F a-f)
		grep -q "^$sum" "$work/known" || continue
		found=$((found + 1))
		last=$(sed -n 's/^notAfter=//p' "$work/one")
		printf '%s\t%s\t%s\n' "$sum" "$(date -u -d "$last" +%Y-%m-%d)" \
		    "$(sed -n 's/^subject=//p' "$work/one")" >"$work/want"
		grep -Fxf "$work/want" "$work/known"
	done
	echo "$1: $found of the list"
	[ "$found" -eq "$2" ]
}

published() {
	exits 0 "$builddir/daactl" anchor known --json
	jq -r '.[] | .sha256 + "\t" + .not_after + "\t" + .subject' \
	    "$work/out" >"$work/known"
	openssl x509 -inform DER -in "$vectors/sgx/intel_sgx_root_ca.der" \
	    -out "$work/intel.pem"
	rows_are_true "$work/intel.pem" 1
	rows_are_true "$vectors/android/google-roots.pem" 2
	rows_are_true "$vectors/dice/nvidia-device-root.pem" 1
	for line in genoa milan turin; do
		rows_are_true "$vectors/snp/chains/$line.pem" 1
	done
	rows_are_true "$vectors/tpm-ek/vendor-roots.pem" 26
	rows_are_true "$vectors/tpm-ek/nuvoton-root-2110.pem" 1
	rows_are_true "$vectors/tpm-ek/intel-ptt-skl-rsa.chain.pem" 1
	rows_are_true "$vectors/tpm-ek/gce-uca-rsa-ek.chain.pem" 1
	rows_are_true "$vectors/tpm-ek/gce-pca-tpm-rsa-sign-cert.chain.pem" 1
	rows_are_true "$vectors/webauthn/apple-webauthn-root.pem" 1
}

add_known() {
	root=$vectors/sgx/intel_sgx_root_ca.der
	exits 3 ctl anchor add Intel "$root" --platform --scheme tpm-ek
	grep -q 'intel-sgx (Intel), which may vouch for sgx' "$work/err"
	exits 0 ctl anchor add Intel "$root" --platform --json
	grep -q '^known: intel-sgx, .*CN=Intel SGX Root CA of Intel$' \
	    "$work/err"
	jq -e '.scheme == "sgx"' "$work/out"
	exits 0 ctl anchor remove "$(jq -r .id "$work/out")" --platform
}

fetch_published() {
	mkdir -p "$work/site/site"
	cp "$vectors/sgx/intel_sgx_root_ca.der" "$work/site/site/intel.cer"
	cp "$vectors/snp/chains/milan.pem" "$work/site/site/cert_chain"
	jq -Rs '[.]' "$vectors/android/google-roots.pem" \
	    >"$work/site/site/root"
	at=http://127.0.0.1:$port_site
	exits 0 ctl anchor fetch intel-sgx "$at/intel.cer" --platform --json
	jq -e --arg at "$at/intel.cer" '.scheme == "sgx" and
	    .name == "intel-sgx" and .provenance == $at' "$work/out"
	exits 5 ctl anchor fetch intel-sgx "$at/moved/intel.cer" --platform
	exits 0 ctl anchor fetch amd-ark-milan "$at/cert_chain" --platform
	exits 0 ctl anchor fetch google-android-2025 "$at/root" --platform \
	    --scheme webauthn
	exits 3 ctl anchor fetch amd-ark-milan "$at/cert_chain" --platform \
	    --scheme sgx
	exits 4 ctl anchor fetch amd-ark-turin "$at/cert_chain" --platform
}

fetch_refused() {
	at=http://127.0.0.1:$port_site
	exits 4 ctl anchor fetch intel-sgx "$at/nothing" --platform
	exits 7 ctl anchor fetch intel-sgx "$at/again" --platform
	head -c 5000000 /dev/zero >"$work/site/site/long"
	exits 7 ctl anchor fetch intel-sgx "$at/long" --platform
	grep -q 'longer than 4194304 bytes' "$work/err"
	exits 2 ctl anchor fetch intel-sgx "file://$work/out" --platform
	exits 2 ctl anchor fetch nobody --platform
	exits 2 ctl anchor fetch nsing-ecc-001 --platform
	grep -q 'on a page' "$work/err"
	exits 7 ctl anchor fetch intel-sgx http://127.0.0.1:1/ --platform
}

# --- anchors that are not on the list -------------------------------------------

unknown() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=Our own root" -days 9 -keyout "$work/own.key" \
	    -out "$work/own.pem"
	sum=$(openssl x509 -in "$work/own.pem" -noout -fingerprint -sha256 |
	    sed 's/.*=//')
	exits 3 ctl anchor add own "$work/own.pem" --platform --scheme dice \
	    --fingerprint "$(echo "$sum" | tr 0-9 1-90)"
	exits 0 ctl anchor add own "$work/own.pem" --platform --scheme dice \
	    --fingerprint "$sum" --provenance "the safe" --json
	jq -e '.scheme == "dice" and .provenance == "the safe"' "$work/out"
	grep -q '^not on the list' "$work/err"
}

# --- collateral ----------------------------------------------------------------

lookalike() {
	openssl req -x509 -key "$work/own.key" -days 9 -out "$work/like.pem" \
	    -subj "/CN=Yubico Attestation Root 1"
	exits 3 ctl anchor add Yubico "$work/like.pem" --platform \
	    --scheme webauthn
	grep -q 'has the name of yubico-attestation-1' "$work/err"
	exits 0 ctl anchor add Yubico "$work/like.pem" --platform \
	    --scheme webauthn --fingerprint "$(sha256_of "$work/like.pem")"
	exits 0 ctl anchor add Yubico "$work/like.pem" --platform \
	    --scheme dice --unlisted
}

pccs() {
	exits 0 ctl anchor add "Test root" "$work/pccs/root.der" --platform \
	    --scheme sgx
	at=http://127.0.0.1:$port_pccs
	(umask 077; echo secret-of-the-pccs >"$work/key")
	exits 0 ctl collateral fetch intel 00a1b2c3d4e5 --platform \
	    --from "$at/sgx/certification/v4/" --api-key-file "$work/key" \
	    --json
	jq -e 'length == 2 and all(.kind == "dcap") and
	    (map(.about | .[0:16]) == ["SGX 00a1b2c3d4e5",
	    "TDX 00a1b2c3d4e5"])' "$work/out"
	grep -q 'key=secret-of-the-pccs$' "$work/pccs/log"
	[ "$(grep -vc 'key=secret-of-the-pccs$' "$work/pccs/log")" -eq 0 ]
	# When it lapses is shown.
	exits 0 ctl collateral list --platform --json
	jq -e '.items | map(select(.kind == "dcap") |
	    (.expires_at | fromdateiso8601) - now) | length == 2 and all(. > 3 * 86400 and . < 6 * 86400)' \
	    "$work/out"
	exits 4 ctl collateral fetch intel 000000000000 --platform \
	    --from "$at"
	exits 2 ctl collateral fetch intel 00a1b2 --platform --from "$at"
	exits 4 ctl collateral fetch intel 00a1b2c3d4e5 --platform \
	    --from "$at" --pck-ca processor
	chmod 644 "$work/key"
	exits 1 ctl collateral fetch intel 00a1b2c3d4e5 --platform \
	    --from "$at" --api-key-file "$work/key"
}

lapsing() {
	: >"$work/pccs/log"
	# Nothing lapses within an hour.
	exits 0 ctl collateral fetch --expiring 1h --platform
	[ ! -s "$work/pccs/log" ]
	exits 0 ctl collateral fetch --expiring 30d --platform --json
	jq -e 'length == 2' "$work/out"
	grep -q '^/tdx/certification/v4/tcb?fmspc=00a1b2c3d4e5 ' \
	    "$work/pccs/log"
	exits 2 ctl collateral fetch intel 00a1b2c3d4e5 --expiring 1d \
	    --platform
	exits 2 ctl collateral fetch --platform
}

# Whoever keeps collateral says where it is from, and may say his own host.
key_stays() {
	exits 0 ctl collateral list --platform --json
	jq -e '[.items[] | select(.provenance | startswith("http"))] |
	    length > 0' "$work/out"
	chmod 600 "$work/key"
	: >"$work/pccs/log"
	exits 0 ctl collateral fetch --expiring 30d --platform \
	    --api-key-file "$work/key" --json
	jq -e 'length > 0' "$work/out"
	grep -q '^/tdx/.* key=$' "$work/pccs/log"
	exits 1 grep secret "$work/pccs/log"
	exits 0 ctl collateral fetch --expiring 30d --platform \
	    --api-key-file "$work/key" --from "http://127.0.0.1:$port_pccs"
	grep -q '^/tdx/.* key=secret-of-the-pccs$' "$work/pccs/log"
	: >"$work/empty"
	chmod 600 "$work/empty"
	exits 1 ctl collateral fetch --expiring 30d --platform \
	    --api-key-file "$work/empty"
	grep -q 'is empty' "$work/err"
	for at in http://pccs.invalid http://127.0.0.1.invalid \
	    http://localhost:1@pccs.invalid; do
		exits 2 ctl collateral fetch intel 00a1b2c3d4e5 --platform \
		    --from "$at" --api-key-file "$work/key"
		grep -q 'plain HTTP' "$work/err"
	done
}

# More than one page of the list; what is due is on the second one.
many() {
	i=0
	while [ "$i" -lt 50 ]; do
		i=$((i + 1))
		printf '%04x\n' $((i + 4096)) >"$work/serials"
		ctl collateral add "list $i" --platform \
		    --revoked-serials "$work/serials" --json >"$work/out"
		jq -r .id "$work/out" >>"$work/ids"
	done
	exits 0 ctl collateral fetch intel 00a1b2c3d4e5 --platform \
	    --from "http://127.0.0.1:$port_pccs"
	exits 0 ctl collateral fetch --expiring 30d --platform --json
	jq -e 'length == 2 and all(.kind == "dcap")' "$work/out"
	while read -r id; do
		ctl collateral delete "$id" --platform
	done <"$work/ids"
}

# Signed by a root that is no anchor here.
stranger() {
	mkdir "$work/other"
	"$builddir/tests/make_pccs" "$work/other" 5
	cp "$work/pccs/sgx-qe" "$work/keep"
	cp "$work/other/sgx-qe" "$work/pccs/sgx-qe"
	at=http://127.0.0.1:$port_pccs
	exits 2 ctl collateral fetch intel 00a1b2c3d4e5 --platform \
	    --from "$at"
	cp "$work/keep" "$work/pccs/sgx-qe"
}

crls() {
	cp "$work/pccs/root.crl" "$work/pccs/amd-Milan.crl"
	mkdir -p "$work/pccs/site"
	cp "$work/pccs/root.crl" "$work/pccs/site/root.crl"
	at=http://127.0.0.1:$port_pccs
	exits 0 ctl collateral fetch crl "$at/root.crl" --platform --json
	jq -e --arg at "$at/root.crl" '.[0].kind == "crl" and
	    .[0].provenance == $at' "$work/out"
	# A key goes to nobody else.
	chmod 600 "$work/key"
	: >"$work/pccs/log"
	exits 7 ctl collateral fetch crl "$at/moved/root.crl" --platform \
	    --api-key-file "$work/key"
	[ "$(wc -l <"$work/pccs/log")" -eq 1 ]
	# The stand-in's CRL is the test root's: the addresses are AMD's.
	exits 0 ctl collateral fetch amd Milan --from "$at" --platform
	grep -q '^/vcek/v1/Milan/crl ' "$work/pccs/log"
	# One that fails is no harm to others.
	exits 4 ctl collateral fetch amd Genoa Milan --from "$at" --platform
	grep -q '^amd Genoa: ' "$work/err"
	grep -q 'AMD Milan' "$work/out"
}

android() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 9 \
	    -keyout "$work/tls.key" -out "$work/tls.pem"
	echo '{"entries":{"2c8cdddfd5e03bfc":{"status":"REVOKED",
	    "reason":"KEY_COMPROMISE"},"abc":{"status":"SUSPENDED"}}}' \
	    >"$work/site/site/status"
	exits 0 ctl collateral add list --platform \
	    --android-status "$work/site/site/status"
	serve tls "$work/site" "$work/tls.pem" "$work/tls.key"
	at=https://127.0.0.1:$port_tls/status
	exits 7 ctl collateral fetch android --platform --from "$at"
	exits 2 ctl collateral fetch android --platform \
	    --from "http://127.0.0.1:$port_site/status"
	exits 0 ctl collateral fetch android --platform --from "$at" \
	    --source-ca "$work/tls.pem" --json
	jq -e '.[0].kind == "android-status"' "$work/out"
	# It has no end, and so is always fetched again.
	exits 0 ctl collateral fetch --expiring 1h --platform \
	    --source-ca "$work/tls.pem" --json
	jq -e 'length == 1' "$work/out"
	kill "${pids##* }"
	exits 2 ctl collateral fetch android x --platform
}

# --- reference values ------------------------------------------------------------

policy() {
	# shellcheck disable=SC2016 # the fences of Markdown
	sed -n '/^```json$/,/^```$/p' "$srcdir/doc/ANCHORS.md" | sed '/^```/d' \
	    >"$work/policy.json"
	jq -e '.rules | length == 5' "$work/policy.json"
	exits 0 ctl tenant create acme
	exits 0 ctl group create hosts -t acme --policy "$work/policy.json"
	exits 0 ctl policy show hosts -t acme --document
	jq -e '.rules[1].subset_of[1].value == "INTEL-SA-00828"' "$work/out"
}

mkdir "$work/server" "$work/site" "$work/pccs"
"$builddir/tests/make_pccs" "$work/pccs" 5 || exit 99
service_begin "$work/server" || exit 99
serve site "$work/site" || exit 99
serve pccs "$work/pccs" || exit 99

if [ -d "$vectors" ]; then
	step 'the list of known anchors is true of published certificates' \
	    published
	step 'a known root is taken for what it may vouch for' add_known
	step 'known roots are fetched from where their vendors have them' \
	    fetch_published
else
	skip 'the list of known anchors is true of published certificates' \
	    'no published vectors (DAAPKI_VECTORS)'
	skip 'a known root is taken for what it may vouch for' \
	    'no published vectors (DAAPKI_VECTORS)'
	skip 'known roots are fetched from where their vendors have them' \
	    'no published vectors (DAAPKI_VECTORS)'
	mkdir "$work/site/site"
fi
step 'what is not there, not it, or without an end is not fetched' fetch_refused
step 'a root that nobody knows is added, pinned where one wishes' unknown
step 'a root with a known name must be the known one or pinned' lookalike
step 'collateral comes from a PCCS' pccs
step 'what will lapse is fetched again from where it came' lapsing
step 'what will lapse is found in a long list' many
step 'a key for a source goes to the host that it is for alone' key_stays
step 'collateral of a stranger is not taken' stranger
step 'CRLs come by their URL and from AMD' crls
step 'the status list for Android comes over HTTPS alone' android
step 'the policy that the manual shows is one' policy
echo "1..$n"
exit $failed
