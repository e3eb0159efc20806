#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions that reads() calls
# A relying party's own check of an attestation result, as doc/RESULTS.md gives
# it, with a JOSE reader and OpenSSL; and what it must not accept.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/service.sh"

service_have || { echo "1..0 # SKIP the programs are not built"; exit 0; }
for tool in curl jq openssl python3; do
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

reads() {	# SENTENCE COMMAND...: skipped where there is no JOSE reader
	sentence=$1
	shift
	if [ "$have_jose" -eq 0 ]; then
		"$@" >"$dir/out" 2>&1
		tap "$sentence" $?
	else
		n=$((n + 1))
		echo "ok $n - $sentence # SKIP python3-jwcrypto is not here"
	fi
}

dir=$(mktemp -d) || exit 1
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
# Debian's modules are for Debian's own.
for python in python3 /usr/bin/python3; do
	"$python" -c 'import jwcrypto, cryptography' 2>/dev/null
	have_jose=$?
	[ $have_jose -ne 0 ] || break
done
# shellcheck disable=SC2016 # the fences of Markdown
sed -n '/^```python$/,/^```$/p' "$srcdir/doc/RESULTS.md" | sed '/^```/d' \
    >"$dir/check.py"

begin() {
	service_begin "$dir" || return 1
	for t in tenant-a tenant-b; do
		service_ctl tenant create $t && service_group $t &&
		service_load $t 2 &&
		service_ctl ca fetch -t $t --out "$dir/$t.pem" || return 1
	done
}

device_of() {	# TENANT
	service_ctl device list -t "$1" --state active -n 1 --json |
	    grep -o '"device_id": *"[0-9a-f]*"' | head -n 1 |
	    grep -o '[0-9a-f]\{64\}'
}

result() {	# TENANT DEVICE FILE
	rm -f "$dir/$3"
	service_ctl device result "$2" -t "$1" --nonce "$nonce" \
	    --out "$dir/$3"
}

# As a relying party that trusts ROOT: prints format and status.
check() {	# FILE ROOT TENANT DEVICE NONCE
	(cd "$dir" && "$python" check.py "$1" "$2.pem" "$3" "$4" "$5")
}
says() {	# STATUS FILE ROOT TENANT DEVICE NONCE
	status=$1
	shift
	check "$@" | tee "$dir/said" && grep -qx "key $status" "$dir/said"
}
refuses() { ! check "$@"; }

begin >"$dir/out" 2>&1
rc=$?
tap "two tenants have devices that were attested" $rc
[ $rc -eq 0 ] || { echo "1..$n"; exit 1; }
nonce=$(openssl rand -hex 16)
a=$(device_of tenant-a) b=$(device_of tenant-b)

result tenant-a "$a" a.jwt >"$dir/out" 2>&1
tap "daactl gives a device's result" $?
reads "a relying party accepts it below the tenant's root" \
    says affirming a.jwt tenant-a tenant-a "$a" "$nonce"
result tenant-b "$b" b.jwt >"$dir/out" 2>&1
reads "and not below another tenant's" refuses b.jwt tenant-a tenant-b "$b" \
    "$nonce"
reads "nor as another tenant's" refuses b.jwt tenant-b tenant-a "$b" "$nonce"
reads "nor as another device's" refuses a.jwt tenant-a tenant-a "$b" "$nonce"
reads "nor for another nonce" refuses a.jwt tenant-a tenant-a "$a" 12345678

# One character of the claims is another.
sed 's/\(\.......\)./\1-/' "$dir/a.jwt" >"$dir/changed.jwt"
reads "nor when it was changed" refuses changed.jwt tenant-a tenant-a "$a" \
    "$nonce"

# --- by hand, as the document says ------------------------------------------

# block N: the indented block after the Nth comment of the document about one.
block() {
	awk -v want="$1" '
	/^<!-- .*block/ { n++; on = 0; next }
	/^    / && n == want { on = 1; print substr($0, 5); next }
	on && !/^$/ { exit }' "$srcdir/doc/RESULTS.md"
}

x5c() {		# FILE N: its Nth certificate, as PEM
	cut -d . -f 1 "$1" | tr -- -_ +/ | sed 's/$/==/' |
	    base64 -d 2>/dev/null | jq -r ".x5c[$2]" | base64 -d |
	    openssl x509 -inform DER
}

by_hand() {	# JWT TENANT
	rm -rf "$dir/hand"
	mkdir "$dir/hand" && cp "$dir/$1" "$dir/hand/result.jwt" &&
	    cp "$dir/$2.pem" "$dir/hand/root.pem" &&
	    x5c "$dir/$1" 0 >"$dir/hand/key.pem" &&
	    x5c "$dir/$1" 1 >"$dir/hand/issuing.pem" &&
	    block 1 >"$dir/hand/run" && (cd "$dir/hand" && sh -e ./run)
}
by_hand a.jwt tenant-a >"$dir/out" 2>&1 &&
    grep -q 'Verified OK' "$dir/out" &&
    grep -q "$nonce" "$dir/out" && grep -q "device:$a" "$dir/out"
tap "OpenSSL accepts its signature by the document's commands" $?
! by_hand b.jwt tenant-a >"$dir/out" 2>&1
tap "and not below another tenant's root" $?
! by_hand changed.jwt tenant-a >"$dir/out" 2>&1
tap "nor when it was changed" $?

root_crl() {	# TENANT: whether its issuing CA is revoked, by the root's list
	id=$(service_ctl ca list -t "$1" --json | jq -r '.items[] |
	    select(.role == "root" and .state == "active") | .id') &&
	    curl -fs -m 60 -o "$dir/hand/root.crl" \
	    "$SERVICE_STATUS/crl/$id.crl" &&
	    block 2 >"$dir/hand/run" && (cd "$dir/hand" && sh -e ./run)
}
by_hand a.jwt tenant-a >"$dir/out" 2>&1 &&
    root_crl tenant-a >>"$dir/out" 2>&1
tap "the root's list says that the issuing CA is not revoked" $?

curl -fsS -m 60 --cacert "$SERVICE_CA" -D "$dir/headers" -o "$dir/c.jwt" \
    -H "Authorization: Bearer $(cat "$SERVICE_TOKEN")" \
    "$SERVICE_OPERATOR/v1/tenants/tenant-a/devices/$a/attestation-result" \
    >"$dir/out" 2>&1 &&
    [ "$(tr -d '\r' <"$dir/headers" | grep -ic '^cache-control: no-store$')" \
    -eq 1 ] && [ "$(grep -ic '^cache-control' "$dir/headers")" -eq 1 ]
tap "no cache keeps a result" $?

service_ctl device result "$a" -t tenant-b >"$dir/out" 2>&1
[ $? -eq 4 ]
tap "a tenant has no result of another's device" $?
service_ctl device result "$a" -t tenant-a --nonce 'a"b,c{d}e' >"$dir/out" 2>&1
[ $? -eq 2 ] || grep -q 'nonce' "$dir/out"
tap "a nonce of another alphabet is refused" $?
service_ctl device result "$a" -t tenant-a --json >"$dir/out" 2>&1 &&
    grep -q '"ear_status": "affirming"' "$dir/out"
tap "the claims alone are JSON" $?

# --- what changes it ---------------------------------------------------------

service_ctl device ban "$a" -t tenant-a >"$dir/out" 2>&1 &&
    result tenant-a "$a" banned.jwt >>"$dir/out" 2>&1
tap "a banned device has a result" $?
reads "and it is contraindicated" says contraindicated banned.jwt tenant-a \
    tenant-a "$a" "$nonce"
service_ctl device unban "$a" -t tenant-a >"$dir/out" 2>&1 &&
    result tenant-a "$a" a.jwt >>"$dir/out" 2>&1
tap "when the ban is lifted it has one" $?
reads "and it is what it was" says affirming a.jwt tenant-a tenant-a "$a" \
    "$nonce"
service_ctl claim release "$a" -t tenant-a >>"$dir/out" 2>&1
service_ctl device result "$a" -t tenant-a >"$dir/out" 2>&1
[ $? -eq 4 ]
tap "a released device has none" $?

service_end
"$builddir/daad" fsck "--state-dir=$dir/state" >"$dir/out" 2>&1
tap "fsck finds every key that signed in the journal" $?
echo "1..$n"
exit $failed
