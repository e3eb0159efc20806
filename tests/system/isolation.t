#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What one tenant has, another tenant's operator can neither see nor touch nor
# learn to exist; and its chains are worth nothing elsewhere.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/service.sh"
spec=$srcdir/api-spec/openapi.yaml

service_have || { echo "1..0 # SKIP the programs are not built"; exit 0; }
for tool in curl openssl; do
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
	fi
}

show() {
	sed 's/^/# /' "$1"
}

dir=$(mktemp -d) || exit 1
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

# call TOKEN-FILE METHOD PATH: prints the status; the answer is in $dir/answer.
call() {
	type=application/json body='{}'
	case $3 in
	*/bulk|*/bulk-release) type=text/csv body=id ;;
	*/webhooks/1/test|*/webhooks/1/enable) body='' ;;
	*/revoke) body='{"reason":"unspecified"}' ;;
	esac
	case $2 in
	GET|DELETE) set -- "$1" "$2" "$3" ;;
	*) set -- "$1" "$2" "$3" -H "Content-Type: $type" --data "$body" ;;
	esac
	call_token=$(cat "$1") call_method=$2 call_path=$3
	shift 3
	curl -s -m 20 --cacert "$SERVICE_CA" -o "$dir/answer" \
	    -w '%{http_code}' -X "$call_method" \
	    -H "Authorization: Bearer $call_token" "$@" \
	    "$SERVICE_OPERATOR$call_path"
}

begin() {
	service_begin "$dir" || return 1
	for t in tenant-a tenant-b; do
		service_ctl tenant create $t &&
		service_group $t &&
		service_ctl reference create of-$t -t $t &&
		service_ctl policy draft keys "$dir/policy.json" -t $t &&
		service_ctl token create owner -t $t --role owner \
		    --out "$dir/$t.token" &&
		service_load $t 2 || return 1
		service_ctl ca fetch -t $t --out "$dir/$t.root" &&
		service_ctl ca fetch -t $t --chain --out "$dir/$t.chain" ||
		    return 1
	done
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$dir/x.key" -out "$dir/x.pem" -subj '/CN=Test vendor' \
	    -days 2 >/dev/null 2>&1
	service_ctl anchor add test "$dir/x.pem" -t tenant-a --scheme tpm-ek &&
	service_ctl hardware add \
	    "tpm-ek:$(echo x | openssl dgst -sha256 -r | cut -c 1-64)" \
	    -t tenant-a &&
	echo 0a >"$dir/serials" &&
	service_ctl collateral add lost --revoked-serials "$dir/serials" \
	    -t tenant-a
}

begin >"$dir/out" 2>&1
rc=$?
[ $rc -eq 0 ] || show "$dir/out"
tap "two tenants have groups, tokens, devices and certificates" $rc
[ $rc -eq 0 ] || { echo "1..$n"; exit 1; }

list_id() {	# LIST: the ID of tenant A's first one
	call "$dir/tenant-a.token" GET "/v1/tenants/tenant-a/$1" >/dev/null
	grep -oE '"id": *"?[0-9a-f]+' "$dir/answer" | head -n 1 |
	    grep -oE '[0-9a-f]+$'
}

device=$(sed -n 's/^certificate [^ ]* //p' "$dir/tenant-a.log" | head -n 1)
serial=$(sed -n 's/^certificate \([^ ]*\) .*/\1/p' "$dir/tenant-a.log" |
    head -n 1)
ca=$(list_id cas)
token=$(list_id tokens)
anchor=$(list_id anchors)
hardware=$(list_id hardware)
collateral=$(list_id collateral)
for value in "$device" "$serial" "$ca" "$token" "$anchor" "$hardware" \
    "$collateral"; do
	[ -n "$value" ]
	tap "tenant A has $value" $?
done

# paths TENANT: every operator route below a tenant, as "METHOD path", with
# what tenant A has in it.
paths() {
	awk '/^  \// || /^[a-z]/ { path = "" }
	    /^  \/v1\/tenants\/\{tenant\}/ { path = $1; sub(/:$/, "", path) }
	    path != "" && /^    (get|post|put|patch|delete):/ {
		m = toupper($1); sub(/:$/, "", m); print m, path }' "$spec" |
	while read -r method path; do
		case $path in
		*/tokens/*) id=$token ;;
		*/anchors/*) id=$anchor ;;
		*/hardware/*) id=$hardware ;;
		*/collateral/*) id=$collateral ;;
		*) id=1 ;;
		esac
		echo "$method $path" | sed "s/{tenant}/$1/; s/{group}/keys/
		    s/{profile}/default/; s/{set}/of-$1/
		    s/{device}/$device/; s/{serial}/$serial/; s/{ca}/$ca/
		    s/{[a-z_]*}/$id/"
	done
}

# said PATH: the answer without what is new each time: results are signed when
# they are asked for.
said() {
	case $1 in
	*/attestation-result)
		cut -d. -f2 "$dir/answer" | tr '_-' '/+' | base64 -d 2>/dev/null |
		    sed 's/"iat":[0-9]*,//; s/"exp":[0-9]*,//' ;;
	*) cat "$dir/answer" ;;
	esac
}

snapshot() {
	# Nobody has offered, proposed or banned anything here, and what is tried of
	# a webhook goes on by itself.
	paths tenant-a | sed -n 's/^GET //p' |
	grep -v -e '/transfers/1$' -e '/proposals/1$' -e '/bans/1$' \
	    -e '/webhooks/1' | while read -r path; do
		echo "$(call "$dir/tenant-a.token" GET "$path") $path"
		said "$path"
		echo
	done
}

snapshot >"$dir/before"
grep -E '^[0-9]{3} /' "$dir/before" | grep -v '^200' >"$dir/odd"
show "$dir/odd"
[ ! -s "$dir/odd" ] && [ "$(grep -c '^200 /' "$dir/before")" -ge 15 ]
tap "tenant A's owner reads every path of tenant A" $?

paths tenant-a >"$dir/paths"
while read -r method path; do
	status=$(call "$dir/tenant-b.token" "$method" "$path")
	[ "$status" = 404 ] && grep -q resource.not-found "$dir/answer"
	rc=$?
	[ $rc -eq 0 ] || { echo "# $status"; show "$dir/answer"; }
	tap "tenant B's owner gets 404: $method $(echo "$path" | cut -c 1-60)" $rc
done <"$dir/paths"

echo daapki_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA >"$dir/wrong.token"
grep '^GET' "$dir/paths" | while read -r method path; do
	[ "$(call "$dir/wrong.token" "$method" "$path")" = 401 ] || echo "$path"
done >"$dir/odd"
show "$dir/odd"
[ ! -s "$dir/odd" ]
tap "a token that nobody made gets 401 everywhere" $?

# The same things under B's own name.
for what in "GET devices/$device" "POST devices/$device/ban" \
    "GET certificates/$serial" "POST certificates/$serial/revoke" \
    "GET cas/$ca" "DELETE tokens/$token" "DELETE anchors/$anchor" \
    "DELETE hardware/$hardware" "DELETE claims/$device"; do
	path=/v1/tenants/tenant-b/${what#* }
	status=$(call "$dir/tenant-b.token" "${what%% *}" "$path")
	[ "$status" = 404 ]
	rc=$?
	[ $rc -eq 0 ] || { echo "# $status"; show "$dir/answer"; }
	tap "B finds nothing of A's under its own name: ${what%/*}" $rc
done

snapshot >"$dir/after"
diff "$dir/before" "$dir/after" >"$dir/odd" 2>&1
rc=$?
show "$dir/odd"
tap "and all that tenant A has is as it was" $rc

[ "$(call "$dir/tenant-b.token" GET /v1/tenants)" = 200 ] &&
grep -q tenant-b "$dir/answer" && ! grep -q tenant-a "$dir/answer"
tap "tenant B's owner lists tenant B only" $?
status=$(call "$dir/tenant-b.token" POST /v1/tenants)
[ "$status" = 403 ]
tap "and makes no tenants" $?

service_ctl certificate show "$serial" -t tenant-a --pem >"$dir/leaf.pem"
under() {	# TENANT
	openssl verify -no-CAfile -no-CApath -no-CAstore -trusted "$dir/$1.root" \
	    -untrusted "$dir/$1.chain" "$dir/leaf.pem" >"$dir/out" 2>&1
}
under tenant-a
rc=$?
[ $rc -eq 0 ] || show "$dir/out"
tap "a leaf of A verifies under A's root" $rc
! under tenant-b
tap "and not under B's" $?

service_end
tap "daad ends by itself when told to" $?
echo "1..$n"
exit $failed
