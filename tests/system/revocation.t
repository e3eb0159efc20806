#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is revoked is refused: by CRL shard, by the complete CRL and by OCSP, as
# OpenSSL and GnuTLS see them, within a second, and after kill -9.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/service.sh"

service_have || { echo "1..0 # SKIP the programs are not built"; exit 0; }
for tool in curl openssl base64 od; do
	command -v $tool >/dev/null ||
	    { echo "1..0 # SKIP $tool is missing"; exit 0; }
done

n=0 failed=0
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

skip() {	# SENTENCE REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

dir=$(mktemp -d) || exit 1
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
shards=4
# The port changes with each start; the URL in certificates must not.
export DAAPKI_OCSP=on DAAPKI_CRL_SHARDS=$shards \
    DAAPKI_STATUS_URL=http://status.example

begin() {
	service_begin "$dir" || return 1
	service_ctl tenant create tenant-a && service_group tenant-a &&
	service_load tenant-a 3 &&
	service_ctl ca fetch -t tenant-a --out "$dir/root.pem" &&
	service_ctl ca fetch -t tenant-a --chain --out "$dir/chain.pem"
}

begin >"$dir/out" 2>&1
rc=$?
tap "a tenant has devices with certificates" $rc
[ $rc -eq 0 ] || { echo "1..$n"; exit 1; }

# The issuing CA is the chain's first.
openssl x509 -in "$dir/chain.pem" -out "$dir/ca.pem"

crl_url() {	# LEAF
	openssl x509 -in "$1" -noout -ext crlDistributionPoints |
	    sed -n 's/^ *URI://p'
}

# Two leaves of one shard and one of another.
# The load revokes some certificates and bans some devices itself.
awk '$1 == "certificate" { serial[++n] = $2; device[n] = $3 }
    $1 == "revoked" || $1 == "banned" { out[$2] = 1 }
    END { for (i = 1; i <= n; i++)
	if (!out[serial[i]] && !out[device[i]]) print serial[i] }' \
    "$dir/tenant-a.log" | head -n 24 >"$dir/serials"
while read -r serial; do
	service_ctl certificate show "$serial" -t tenant-a --pem \
	    >"$dir/$serial.pem" || break
	echo "$(crl_url "$dir/$serial.pem") $serial"
done <"$dir/serials" >"$dir/named"
[ "$(wc -l <"$dir/named")" -ge 12 ] &&
    ! grep -qv "^http://.*/crl/[0-9a-f]\{40\}/[1-$shards]\.crl " "$dir/named"
tap "each certificate names a shard" $?
# The shard that most of them are in: it is drawn for each.
first=$(cut -d ' ' -f 1 "$dir/named" | sort | uniq -c | sort -rn |
    awk '{ print $2; exit }')
mine=$(grep "^$first " "$dir/named" | sed -n 's/.* //p' | head -n 2)
gone=$(echo "$mine" | head -n 1) good=$(echo "$mine" | tail -n 1)
other=$(grep -v "^$first " "$dir/named" | sed -n 's/.* //p' | head -n 1)
[ "$(grep -c "^$first " "$dir/named")" -ge 3 ] && [ -n "$other" ]
tap "some share a shard and some do not" $?

status=$SERVICE_STATUS
ca_id=$(echo "$first" | sed 's,.*/crl/\([0-9a-f]*\)/.*,\1,')
local_of() {	# URL: the same on the port that this server listens on
	echo "$status/${1#http://*/}"
}

fetch() {	# URL FILE: DER to PEM
	curl -fsS -o "$2.der" "$1" && openssl crl -inform DER -in "$2.der" \
	    -out "$2"
}

crls() {
	fetch "$(local_of "$first")" "$dir/shard.crl" &&
	fetch "$(local_of "$(crl_url "$dir/$other.pem")")" \
	    "$dir/wrong.crl" &&
	fetch "$status/crl/$ca_id.crl" "$dir/complete.crl"
} 2>"$dir/out"

verify() {	# CRL LEAF
	openssl verify -no-CAfile -no-CApath -no-CAstore -x509_strict \
	    -crl_check -CRLfile "$dir/$1.crl" -trusted "$dir/root.pem" \
	    -untrusted "$dir/ca.pem" "$dir/$2.pem" >"$dir/out" 2>&1
}

says() {	# WORDS: of the last openssl
	grep -q "$1" "$dir/out"
}

crls
tap "shards and the complete CRL are served" $?
for list in shard complete; do
	verify $list "$gone"
	tap "openssl accepts a good certificate with the $list CRL" $?
done
! verify wrong "$gone" && says 'different CRL scope'
tap "openssl refuses another shard for it" $?

# --- OCSP ---------------------------------------------------------------------

ocsp_url=$(openssl x509 -in "$dir/$gone.pem" -noout -ocsp_uri)
[ "${ocsp_url##*/ocsp/}" = "$ca_id" ]
tap "a certificate names the responder of its CA" $?
ocsp_url=$(local_of "$ocsp_url")

ocsp() {	# SERIAL OPTION...
	ocsp_leaf=$dir/$1.pem
	shift
	openssl ocsp -issuer "$dir/ca.pem" "$@" -cert "$ocsp_leaf" \
	    -url "$ocsp_url" -CAfile "$dir/root.pem" \
	    -verify_other "$dir/ca.pem" -timeout 10 >"$dir/out" 2>&1 &&
	    says 'Response verify OK'
}

# By GET, as caches like it; $2 does to the base64 what clients do.
ocsp_get() {	# SERIAL ENCODE
	openssl ocsp -issuer "$dir/ca.pem" -cert "$dir/$1.pem" -no_nonce \
	    -reqout "$dir/request" >"$dir/out" 2>&1 &&
	curl -fsS -D "$dir/head" -o "$dir/response" --path-as-is \
	    "$ocsp_url/$(base64 -w 0 <"$dir/request" | $2)" &&
	openssl ocsp -issuer "$dir/ca.pem" -cert "$dir/$1.pem" -no_nonce \
	    -respin "$dir/response" -CAfile "$dir/root.pem" \
	    -verify_other "$dir/ca.pem" >"$dir/out" 2>&1 &&
	    says 'Response verify OK'
}

# shellcheck disable=SC2317 # called by name
as_it_is() {
	cat
}

percent() {
	sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g'
}

ocsp "$gone" && says ': good' && ! says WARNING
tap "OCSP by POST with a nonce: good, and the nonce comes back" $?
ocsp "$gone" -no_nonce && says ': good'
tap "OCSP by POST without a nonce: good" $?
ocsp "$gone" -sha256 && says ': good'
tap "OCSP with a SHA-256 CertID: good" $?
ocsp_get "$gone" percent && says ': good'
tap "OCSP by GET, percent-encoded: good" $?
ocsp_get "$gone" as_it_is && says ': good'
tap "OCSP by GET with bare base64: good" $?
for header in 'ETag: "[0-9a-f]*"' 'Last-Modified: .* GMT' 'Expires: .* GMT' \
    'Cache-Control: max-age=[0-9]*, public' \
    'Content-Type: application/ocsp-response'; do
	grep -qi "^$header" "$dir/head"
	tap "an OCSP answer says ${header%%:*}" $?
done
# Every byte that base64 can make: requests for many serials.
encoded=0
while read -r serial; do
	ocsp_get "$serial" as_it_is || break
	says ': good' || break
	encoded=$((encoded + 1))
done <"$dir/serials"
[ $encoded -eq "$(wc -l <"$dir/serials")" ]
tap "bare base64 is read whatever slashes it has" $?
openssl ocsp -issuer "$dir/ca.pem" -serial 0x6100000000000000000000000000beef \
    -url "$ocsp_url" -CAfile "$dir/root.pem" -verify_other "$dir/ca.pem" \
    >"$dir/out" 2>&1 && says ': unknown'
tap "a serial that nobody issued is unknown" $?
openssl ocsp -issuer "$dir/root.pem" -cert "$dir/ca.pem" -url "$ocsp_url" \
    -CAfile "$dir/root.pem" >"$dir/out" 2>&1
says 'unauthorized'
tap "another CA's certificate is refused as unauthorized" $?
echo rubbish | curl -fsS -H 'Content-Type: application/ocsp-request' \
    --data-binary @- -o "$dir/response" "$ocsp_url" &&
    [ "$(od -An -tx1 "$dir/response" | tr -d ' \n')" = 30030a0101 ]
tap "what is no request is malformedRequest" $?

gnutls_ocsp() {	# SERIAL OPTION...
	gnutls_leaf=$dir/$1.pem
	shift
	ocsptool --ask="$ocsp_url" --load-issuer "$dir/ca.pem" \
	    --load-cert "$gnutls_leaf" --load-signer "$dir/ca.pem" \
	    "$@" >"$dir/out" 2>&1
}

have_ocsptool() {
	command -v ocsptool >/dev/null
}

if have_ocsptool; then
	gnutls_ocsp "$gone" && says 'Certificate Status: good' &&
	    says 'Success'
	tap "GnuTLS accepts the OCSP answer" $?
else
	skip "GnuTLS accepts the OCSP answer" "ocsptool is missing"
fi

# --- caches ---------------------------------------------------------------------

# not_again URL: the ETag and the time it was told bring 304, another ETag 200.
not_again() {
	curl -fsS -D "$dir/head" -o "$dir/out" "$1" || return 1
	tr -d '\r' <"$dir/head" >"$dir/told"
	etag=$(sed -n 's/^[Ee][Tt]ag: //p' "$dir/told")
	since=$(sed -n 's/^[Ll]ast-[Mm]odified: //p' "$dir/told")
	[ -n "$etag" ] && [ -n "$since" ] || return 1
	for header in "If-None-Match: \"x\", W/$etag" "If-Modified-Since: $since" \
	    'If-None-Match: "another"'; do
		curl -sS -o "$dir/out" -w '%{http_code} %{size_download}\n' \
		    -H "$header" "$1"
	done >"$dir/codes"
	sed -n '1,2p' "$dir/codes" | grep -qv '^304 0$' && return 1
	sed -n 3p "$dir/codes" | grep -q '^200 [1-9]'
}

for what in "crl/$ca_id.crl" "crl/$ca_id/1.crl" "ca/$ca_id.cer" \
    "ocsp/$ca_id/$(base64 -w 0 \
    <"$dir/request" | percent)"; do
	not_again "$status/$what"
	tap "who has it already gets 304: /${what%%/*}" $?
done

# --- revoked --------------------------------------------------------------------

revoke() {	# SERIAL
	service_ctl certificate revoke "$1" -t tenant-a \
	    --reason keyCompromise >"$dir/out" 2>&1
}

now_ms() {
	date +%s%3N
}

# within MS COMMAND...
within() {
	within_end=$(($(now_ms) + $1))
	shift
	while ! "$@"; do
		[ "$(now_ms)" -lt $within_end ] || return 1
		sleep 0.05
	done
}

listed() {	# CRL-URL SERIAL
	curl -fsS -o "$dir/listed.der" "$1" &&
	openssl crl -inform DER -in "$dir/listed.der" -noout -text |
	    grep -qi "Serial Number: $2"
}

# refused SERIAL: by everything
refused() {
	crls
	for list in shard complete; do
		! verify $list "$1" && says 'certificate revoked'
		tap "openssl refuses it with the $list CRL" $?
	done
	ocsp "$1" && says ': revoked' && says 'Reason: keyCompromise'
	tap "OCSP with a nonce says revoked, and why" $?
	ocsp "$1" -no_nonce -sha256 && says ': revoked'
	tap "OCSP with a SHA-256 CertID says revoked" $?
	ocsp_get "$1" percent && says ': revoked'
	tap "OCSP by GET says revoked" $?
	if have_ocsptool; then
		gnutls_ocsp "$1" --no-nonce &&
		    says 'Certificate Status: revoked'
		tap "GnuTLS reads revoked" $?
	else
		skip "GnuTLS reads revoked" "ocsptool is missing"
	fi
	verify shard "$good" && verify complete "$good" &&
	    ocsp "$good" && says ': good'
	tap "a certificate of the same shard is good" $?
}

revoke "$gone"
tap "a certificate is revoked" $?
ocsp_get "$gone" percent && says ': revoked'
tap "OCSP says so at once" $?
# A second is what it takes; the limit is for machines that are busy.
began=$(now_ms)
within 30000 listed "$(local_of "$first")" "$gone" &&
    within 30000 listed "$status/crl/$ca_id.crl" "$gone"
tap "the shard and the complete CRL soon say so" $?
echo "# after $(($(now_ms) - began)) ms"
! listed "$(local_of "$(crl_url "$dir/$other.pem")")" "$gone"
tap "another shard does not" $?
refused "$gone"

# --- kill -9 ---------------------------------------------------------------------

# As soon as the revocation is acknowledged, before any list is made anew.
before=$(openssl crl -in "$dir/complete.crl" -noout -crlnumber)
victim=$(grep "^$first " "$dir/named" | sed -n 's/.* //p' |
    grep -v -e "$gone" | head -n 1)
gone=$victim
good=$(grep "^$first " "$dir/named" | sed -n 's/.* //p' |
    grep -v -e "$mine" | tail -n 1)
revoke "$victim" && kill -KILL "$service_pid"
wait "$service_pid" 2>/dev/null
rm -f "$dir/state/listening"
service_start_again() {
	"$builddir/daad" serve "--state-dir=$dir/state" \
	    >>"$dir/daad.log" 2>&1 &
	service_pid=$!
	within 60000 test -s "$dir/state/listening"
}
service_start_again
tap "daad starts again after kill -9" $?
status=$(service_url_ status)
SERVICE_OPERATOR=$(service_url_ operator)
ocsp_url=$status/ocsp/$ca_id
within 60000 curl -fs -o /dev/null "$status/readyz"
tap "and is ready" $?
listed "$(local_of "$first")" "$victim"
tap "the first answer for its shard shows the revocation" $?
refused "$victim"
after=$(openssl crl -in "$dir/complete.crl" -noout -crlnumber)
[ $((${after#*=})) -gt $((${before#*=})) ]
tap "the CRL number grew: ${before#*=}, ${after#*=}" $?

service_end
tap "daad ends by itself when told to" $?

# --- a delegated signer ----------------------------------------------------------

export DAAPKI_OCSP_SIGNER=delegated
rm -f "$dir/state/listening"
service_start_again
tap "daad starts with ocsp_signer=delegated" $?
status=$(service_url_ status)
ocsp_url=$status/ocsp/$ca_id
within 60000 curl -fs -o /dev/null "$status/readyz"
tap "and is ready then" $?
refused "$gone"

# Nothing is trusted but the CA that the certificate was issued by, and it is
# not named as the signer.
delegated() {	# SERIAL OPTION...
	ocsp_leaf=$dir/$1.pem
	shift
	openssl ocsp -issuer "$dir/ca.pem" "$@" -cert "$ocsp_leaf" \
	    -url "$ocsp_url" -CAfile "$dir/ca.pem" -partial_chain \
	    -timeout 10 -respout "$dir/response" >"$dir/out" 2>&1 &&
	    says 'Response verify OK'
}
delegated "$gone" && says ': revoked'
tap "openssl accepts what the delegate signs with a nonce" $?
delegated "$good" -no_nonce && says ': good'
tap "openssl accepts what the delegate signs for caches" $?
openssl ocsp -respin "$dir/response" -noverify -resp_text >"$dir/out" 2>&1
says 'OCSP Signing' && says 'OCSP No Check'
tap "the answer carries a certificate for OCSP signing alone" $?
if have_ocsptool; then
	ocsptool --ask="$ocsp_url" --load-issuer "$dir/ca.pem" \
	    --load-cert "$dir/$good.pem" --load-trust "$dir/ca.pem" \
	    >"$dir/out" 2>&1
	says 'Certificate Status: good' && says 'Success'
	tap "GnuTLS accepts what the delegate signs" $?
else
	skip "GnuTLS accepts what the delegate signs" "ocsptool is missing"
fi
service_end
service_ctl fsck --state-dir "$dir/state" >"$dir/out" 2>&1
tap "fsck finds nothing" $?
echo "1..$n"
exit $failed
