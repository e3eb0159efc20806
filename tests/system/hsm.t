#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tenants whose CA keys are in an HSM beside tenants whose keys are sealed: the
# whole server, set up as doc/HSM.md says, with a token of SoftHSM2 that is lost
# and comes back.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/service.sh"

service_have || { echo "1..0 # SKIP the programs are not built"; exit 0; }
[ -x "$builddir/daa-hsm" ] ||
    { echo "1..0 # SKIP daa-hsm is not built: no libp11"; exit 0; }
for tool in curl openssl jq pgrep softhsm2-util; do
	command -v $tool >/dev/null ||
	    { echo "1..0 # SKIP $tool is missing"; exit 0; }
done
module=
for path in /usr/lib/softhsm/libsofthsm2.so \
    /usr/lib/*/softhsm/libsofthsm2.so; do
	[ ! -e "$path" ] || module=$path
done
[ -n "$module" ] || { echo "1..0 # SKIP no module of SoftHSM2"; exit 0; }

n=0 failed=0
tap() {		# SENTENCE STATUS
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		failed=1
		[ ! -s "$dir/out" ] || tail -n 20 "$dir/out" | sed 's/^/# /'
		grep -E ' (warn|error) ' "$dir/daad.log" | tail -n 20 |
		    sed 's/^/# /'
	fi
}

dir=$(mktemp -d) || exit 1
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
PATH=$(cd "$builddir" && pwd):$PATH
DIR=$dir
export DIR PATH DAAPKI_OCSP=on DAAPKI_STATUS_URL=http://status.example

# block N: the indented block after the Nth comment of doc/HSM.md about one.
block() {
	awk -v want="$1" '
	/^<!-- .*block/ { n++; on = 0; next }
	/^    / && n == want { on = 1; print substr($0, 5); next }
	on && !/^$/ { exit }' "$srcdir/doc/HSM.md"
}

# --- setting up, by the document ------------------------------------------

block 1 >"$dir/setup"
block 2 | sed "s|\$DIR|$dir|g; s|^module = .*|module = $module|" \
    >"$dir/vault.conf"
# shellcheck source=/dev/null # made of the document
(cd "$dir" && . ./setup && cp vault.conf hsm/vault.conf) >"$dir/out" 2>&1
tap "the document sets up a token" $?
block 3 >"$dir/try"
# shellcheck source=/dev/null
(cd "$dir" && . ./try) >"$dir/out" 2>&1 &&
    grep -q '^p256	yes$' "$dir/out" &&
    grep -qx "hsm_dir = $dir/hsm" "$dir/daapki.conf"
tap "daa-hsm --check says what the token can do" $?

export DAAPKI_HSM_DIR="$dir/hsm"
service_begin "$dir" >"$dir/out" 2>&1
rc=$?
tap "a server starts with the HSM" $rc
[ $rc -eq 0 ] || { echo "1..$n"; exit 1; }

# --- side by side ----------------------------------------------------------

stores() {	# TENANT: the key stores of its CAs, once each
	service_ctl ca list -t "$1" --json |
	    jq -r '.items[].key_store' | sort -u | tr '\n' ' '
}

{
	service_ctl tenant create acme --key-store vault &&
	    service_ctl tenant create plain &&
	    service_group acme && service_group plain
} >"$dir/out" 2>&1
tap "one tenant's keys are in the HSM, another's are sealed" $?
[ "$(stores acme)" = "vault " ] && [ "$(stores plain)" = "sealed " ]
tap "each CA says where its key is" $?

! service_ctl tenant create nobody --key-store nowhere >"$dir/out" 2>&1 &&
    grep -q key_store "$dir/out"
tap "a key store that does not exist is named in the refusal" $?

! service_ctl tenant create other --key-store vault >"$dir/out" 2>&1 &&
    grep -q 'HSM vault.*tenant other' "$dir/out" &&
    ! service_ctl tenant show other >>"$dir/out" 2>&1
tap "an HSM makes no key for a tenant that its file does not name" $?
service_ctl token create owner -t plain --role owner \
    --out "$dir/owner" >"$dir/out" 2>&1
curl -s -m 60 --cacert "$SERVICE_CA" -X POST -o "$dir/out" \
    -H "Authorization: Bearer $(cat "$dir/owner")" \
    -H 'Content-Type: application/json' \
    -d '{"role":"issuing","key_store":"vault"}' \
    "$SERVICE_OPERATOR/v1/tenants/plain/cas"
jq -e '.code == "request.field" and .pointer == "/key_store"' "$dir/out" \
    >/dev/null
tap "its owner is told which member of the request is refused" $?

certificate() {	# TENANT FILE: one that the load got
	serial=$(awk '$1 == "certificate" { print $2; exit }' "$dir/$1.log")
	[ -n "$serial" ] &&
	    service_ctl certificate show "$serial" -t "$1" --pem >"$2"
}

chain_holds() {	# TENANT: does OpenSSL accept its certificates?
	service_ctl ca fetch -t "$1" --out "$dir/root.pem" &&
	    service_ctl ca fetch -t "$1" --chain --out "$dir/chain.pem" &&
	    certificate "$1" "$dir/leaf.pem" &&
	    openssl verify -x509_strict -CAfile "$dir/root.pem" \
	    -untrusted "$dir/chain.pem" "$dir/leaf.pem"
}

for tenant in acme plain; do
	{ service_load $tenant 3 && chain_holds $tenant; } >"$dir/out" 2>&1
	tap "devices of $tenant have certificates that OpenSSL accepts" $?
done

issuing() {	# STATE: the ID of acme's issuing CA in that state
	service_ctl ca list -t acme --json | jq -r --arg state "$1" \
	    '.items[] | select(.role == "issuing" and .state == $state) | .id'
}

status_file() {	# PATH FILE: from the status plane
	curl -fs -m 60 -o "$2" "$SERVICE_STATUS$1"
}

crl_holds() {
	ca=$(issuing active)
	service_ctl ca show "$ca" -t acme --pem >"$dir/ca.pem" &&
	    status_file "/crl/$ca.crl" "$dir/crl.der" &&
	    openssl crl -inform DER -in "$dir/crl.der" -noout \
	    -CAfile "$dir/ca.pem" 2>&1 | grep 'verify OK'
}

crl_holds >"$dir/out" 2>&1
tap "the CRL of the CA in the HSM is right" $?

ocsp_holds() {
	certificate acme "$dir/leaf.pem" &&
	    openssl ocsp -issuer "$dir/ca.pem" -cert "$dir/leaf.pem" \
	    -url "$SERVICE_STATUS/ocsp/$(issuing active)" \
	    -CAfile "$dir/root.pem" -partial_chain -no_nonce
}

service_ctl ca fetch -t acme --out "$dir/root.pem" >"$dir/out" 2>&1
cat "$dir/ca.pem" >>"$dir/root.pem"
ocsp_holds >"$dir/out" 2>&1 && grep -q 'verify OK' "$dir/out"
tap "an OCSP answer of the CA in the HSM is right" $?

service_ctl ca proof "$(issuing active)" nonce-1 -t acme \
    --out "$dir/proof.pem" >"$dir/out" 2>&1 &&
    openssl verify -partial_chain -CAfile "$dir/ca.pem" "$dir/proof.pem" \
    >"$dir/out" 2>&1
tap "possession of the key in the HSM is proved" $?

# --- rollover --------------------------------------------------------------

roll() {	# ROLE OPTIONS...: stage and activate its successor
	role=$1
	shift
	new=$(service_ctl ca stage "$role" -t acme --json "$@" | jq -r .id) &&
	    service_ctl ca activate "$new" -t acme
}

before=$(issuing active)
roll issuing >"$dir/out" 2>&1 && [ "$(issuing active)" != "$before" ] &&
    [ "$(stores acme)" = "vault " ]
tap "a successor's key is where that of the CA before it is" $?
{ roll root && roll issuing; } >"$dir/out" 2>&1 &&
    [ "$(stores acme)" = "vault " ]
tap "a new root in the HSM and the old one certify each other" $?
{ service_load acme 3 && chain_holds acme; } >"$dir/out" 2>&1
tap "devices have certificates that OpenSSL accepts after the rollovers" $?
{ roll issuing --key-store sealed && service_load acme 3 &&
    chain_holds acme && roll issuing --key-store vault; } >"$dir/out" 2>&1 &&
    service_ctl ca show "$(issuing active)" -t acme --json |
    jq -e '.key_store == "vault"' >/dev/null
tap "a sealed issuing CA may be under a root in the HSM for a while" $?

# --- the loss --------------------------------------------------------------

{ service_load acme 2 && service_load plain 2; } >"$dir/out" 2>&1
tap "both tenants are served before the loss" $?
mv "$dir/tokens" "$dir/lost"
! service_ctl ca proof "$(issuing active)" nonce-2 -t acme >"$dir/out" 2>&1 &&
    grep -q 'signer.hsm-gone' "$dir/out"
tap "what needs the lost HSM is refused with signer.hsm-gone" $?
rm "$dir/acme.log"
service_load acme 2 >/dev/null 2>&1
! grep -q '^certificate ' "$dir/acme.log"
tap "no device of its tenant gets a certificate" $?
service_load plain 3 >"$dir/out" 2>&1
tap "devices of the other tenant do" $?
curl -fs -m 20 "$SERVICE_STATUS/readyz" >"$dir/out" 2>&1
tap "the server is ready all the while" $?
mv "$dir/lost" "$dir/tokens"
back=1
for try in $(seq 60); do
	if service_ctl ca proof "$(issuing active)" "nonce-3-$try" -t acme \
	    >"$dir/out" 2>&1; then
		back=0
		break
	fi
	sleep 1
done
[ $back -eq 0 ] && service_load acme 3 >"$dir/out" 2>&1
tap "it comes back and nothing was started anew" $?

# The holder is the younger of the two processes.
holder=$(pgrep -n -f "daa-hsm.*$dir/hsm/vault.conf")
kill -STOP "$holder"
service_load acme 2 >/dev/null 2>&1 &
hanging=$!
service_load plain 4 >"$dir/out" 2>&1
tap "while the HSM hangs, devices of the other tenant are served" $?
wait $hanging
kill -CONT "$holder"
back=1
for try in $(seq 60); do
	if service_ctl ca proof "$(issuing active)" "nonce-4-$try" -t acme \
	    >"$dir/out" 2>&1; then
		back=0
		break
	fi
	sleep 1
done
tap "when it goes on, so does its tenant" $back

if grep -q 'sandbox.no-landlock' "$dir/daad.log"; then
	n=$((n + 1))
	echo "ok $n - daad cannot write the HSMs' files # SKIP no Landlock here"
else
	! grep -q 'sandbox.hsms-writable' "$dir/daad.log"
	tap "daad cannot write the HSMs' files" $?
fi
grep -q 'hsm.gone' "$dir/daad.log" && grep -q 'hsm.back' "$dir/daad.log"
tap "the log says when it went and when it came back" $?

# --- a folder that daad may write to ------------------------------------------

service_end >"$dir/out" 2>&1
mkdir "$dir/state/hsm"
DAAPKI_HSM_DIR="$dir/state/hsm" "$builddir/daad" serve \
    "--state-dir=$dir/state" >"$dir/daad.log" 2>&1 &
service_pid=$!
warned=1
for try in $(seq 60); do
	if grep -q 'warn.*sandbox.hsms-writable' "$dir/daad.log"; then
		warned=0
		break
	fi
	kill -0 $service_pid 2>/dev/null || break
	sleep 1
done
tap "it says so when it could" $warned

echo "1..$n"
exit $failed
