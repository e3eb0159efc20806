#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daactl against a real server: long lists and imports, files, exit statuses,
# and what a person reads.  (Each answer's shape is held by contract.t.)
# shellcheck disable=SC2317 # the steps are called by name
srcdir=${abs_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
builddir=${abs_builddir:-$srcdir/build}
# shellcheck source=tests/system/service.sh
. "$srcdir/tests/system/service.sh"

for program in "$builddir/daad" "$builddir/daa-signer" "$builddir/daactl" \
    jq curl openssl; do
	if ! command -v "$program" >/dev/null; then
		echo "1..0 # SKIP daactl-server: no $program"
		exit 0
	fi
done
work=$(mktemp -d) || exit 99
trap 'service_end; rm -rf "$work"' EXIT
unset DAACTL_TOKEN DAACTL_TENANT DAACTL_CONFIG
export HOME="$work"

n=0 failed=0
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

id_of() {	# NUMBER: a device ID
	printf %s "$1" | sha256sum | cut -c 1-64
}

statuses() {
	exits 0 ctl tenant create tenant-a --title 'Grüße'
	grep -q '^title: *Grüße$' "$work/out"
	exits 5 ctl tenant create tenant-a
	grep -q '^daactl: resource.exists: .*(request [0-9a-f]*)$' "$work/err"
	exits 2 ctl tenant create 'Not A Name'
	grep -q '(at /name)' "$work/err"
	exits 4 ctl tenant show nope
	[ ! -s "$work/out" ]
	exits 0 ctl tenant create tenant-b
	DAACTL_TOKEN=daapki_wrong exits 6 ctl tenant list
	exits 6 env DAACTL_URL="$SERVICE_OPERATOR" \
	    DAACTL_CA_FILE="$SERVICE_CA" DAACTL_TOKEN=daapki_wrong \
	    "$builddir/daactl" tenant list
	grep -q '^daactl: auth.token: ' "$work/err"
}

untrusted() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj /CN=other -days 2 -keyout "$work/other.key" \
	    -out "$work/other.pem"
	exits 7 ctl --ca-file "$work/other.pem" tenant list
	grep -q -i certificate "$work/err"
}

token_file() {
	exits 0 ctl token create r -t tenant-a --role reader -o "$work/r"
	[ "$(stat -c %a "$work/r")" = 600 ]
	[ "$(grep -c daapki_ "$work/out")" -eq 0 ]
	exits 0 ctl --token-file "$work/r" -t tenant-a group list
	exits 6 ctl --token-file "$work/r" -t tenant-a group create x
	exits 4 ctl --token-file "$work/r" -t tenant-b group list
	id=$(ctl token list -t tenant-a --json | jq -r '.items[0].id')
	exits 0 ctl token revoke "$id" -t tenant-a
	exits 6 ctl --token-file "$work/r" -t tenant-a group list
}

settings_file() {
	mkdir -p "$work/.config"
	cat >"$work/.config/daactl.conf" <<-END
	# of this test
	url = $SERVICE_OPERATOR
	ca_file = $SERVICE_CA
	token_file = $SERVICE_TOKEN
	tenant = tenant-a
	END
	exits 0 "$builddir/daactl" group list
	grep -q '^default ' "$work/out"
	exits 4 "$builddir/daactl" group list -t nope
	rm "$work/.config/daactl.conf"
}

profiles() {
	exits 0 ctl profile create lab -t tenant-a --lifetime 1h
	exits 2 ctl profile update lab -t tenant-a --lifetime 100y
	exits 0 ctl profile update lab -t tenant-a --min-interval 10s --json
	jq -e '.version == 2 and .profile.min_interval_s == 10 and
	    .profile.lifetime_s == 3600' "$work/out"
	ctl profile show lab -t tenant-a --document >"$work/profile.json"
	jq '.extended_key_usage += ["serverAuth"]' "$work/profile.json" |
	    ctl profile update lab -t tenant-a - --json >"$work/out"
	jq -e '.version == 3 and .profile.min_interval_s == 10' "$work/out"
	exits 0 ctl profile show lab -t tenant-a --version 1 --json
	jq -e '.version == 1 and .profile.min_interval_s == 0' "$work/out"
	exits 0 ctl profile versions lab -t tenant-a --json
	jq -e '[.items[].version] == [1, 2, 3]' "$work/out"
	exits 0 ctl profile list -t tenant-a
	grep -q '^default  *1 ' "$work/out"
	grep -q '^lab  *3 ' "$work/out"
	exits 4 ctl profile show lab -t tenant-a --version 4
	exits 4 ctl profile show nope -t tenant-a
	echo '{"edge_ca": {}}' >"$work/edge.json"
	exits 2 ctl profile create edge "$work/edge.json" -t tenant-a
	grep -q edge_ca "$work/err"
	exits 0 ctl tenant create tenant-e --edge true --json
	jq -e '[.cas[] | select(.edge)] | length == 1' "$work/out"
	exits 0 ctl profile create edge "$work/edge.json" -t tenant-e
	exits 0 ctl ca stage issuing -t tenant-e --edge false --json
	jq -e '.edge == false' "$work/out"
}

groups() {
	exits 0 ctl group create lab -t tenant-a --profile lab
	exits 2 ctl group set lab -t tenant-a --profile-version first
	exits 2 ctl group set lab -t tenant-a --profile-version 9
	exits 0 ctl group set lab -t tenant-a --profile-version 1 --json
	jq -e '.profile == "lab" and .profile_version == 1' "$work/out"
	exits 0 ctl group set lab -t tenant-a --profile-version newest --json
	jq -e '.profile == "lab" and has("profile_version") == false' \
	    "$work/out"
}

policy_round() {
	ctl policy show lab -t tenant-a --document >"$work/policy.json"
	jq '.rules += [{"claim": "secure_boot", "equals": true}]' \
	    "$work/policy.json" >"$work/policy2.json"
	exits 0 ctl policy set lab "$work/policy2.json" -t tenant-a
	ctl policy show lab -t tenant-a --json >"$work/out"
	jq -e --slurpfile p "$work/policy2.json" \
	    '.version == 2 and .policy == $p[0]' "$work/out"
	echo '{"rules":' >"$work/broken.json"
	exits 1 ctl policy set lab "$work/broken.json" -t tenant-a
	echo '{"rules":[{"claim":"nonsense","equals":1}]}' |
	    exits 2 ctl policy set lab - -t tenant-a
	grep -q '(at /rules/0/claim)' "$work/err"
}

trust() {
	# PEM with text before it, and DER.
	openssl x509 -in "$work/other.pem" -text >"$work/text.pem"
	openssl x509 -in "$work/other.pem" -outform DER -out "$work/other.der"
	exits 0 ctl anchor add one "$work/text.pem" --platform --json
	id=$(jq -r .id "$work/out")
	exits 5 ctl anchor add two "$work/other.der" --platform
	exits 0 ctl anchor remove "$id" --platform
	cat "$work/other.pem" "$work/other.pem" >"$work/two.pem"
	exits 1 ctl anchor add two "$work/two.pem" --platform
	printf '00:0A\n# lost\n7f00\n' >"$work/serials"
	exits 0 ctl collateral add lost --revoked-serials "$work/serials" \
	    --platform --provenance "advisory 3" --json
	id=$(jq -r .id "$work/out")
	exits 0 ctl collateral list --platform
	exits 0 ctl collateral show "$id" --platform --json
	jq -e '.document.serials == ["0a", "7f00"]' "$work/out"
	exits 0 ctl collateral delete "$id" --platform
	exits 4 ctl collateral show "$id" --platform
	exits 2 ctl collateral add none --platform
	openssl pkey -in "$work/other.key" -pubout -out "$work/ek.pem"
	exits 0 ctl hardware add --ek-public "$work/ek.pem" -t tenant-a \
	    --expires-in 30d --json
	spki=$(openssl pkey -pubin -in "$work/ek.pem" -outform DER |
	    sha256sum | cut -c 1-64)
	jq -e --arg id "tpm-ek:$spki" '.hardware_id == $id' "$work/out"
	openssl pkey -pubin -in "$work/ek.pem" -outform DER -out "$work/ek.der"
	exits 5 ctl hardware add --ek-public "$work/ek.der" -t tenant-a
}

# 12,000 lines are three calls; each line has its outcome.
import() {
	exits 0 ctl claim add "$(id_of taken)" -t tenant-b
	{
		echo id,group
		id_of taken
		echo nonsense
		openssl rand -hex 384000 | fold -w 64
	} >"$work/lot.csv"
	exits 3 ctl claim import "$work/lot.csv" -t tenant-a -g lab
	grep -q 'daactl: 12000 claimed, 0 claimed before, 2 refused' \
	    "$work/err"
	[ "$(wc -l <"$work/out")" -eq 12003 ]
	grep -q '^ *2  .* refused  *claim.taken ' "$work/out"
	grep -q '^ *3  nonsense  *refused  *request.field ' "$work/out"
	last=$(tail -n 1 "$work/lot.csv")
	grep -q "^12003  $last  *claimed " "$work/out"
	exits 3 ctl claim import - -t tenant-a --json <"$work/lot.csv"
	jq -e '.claimed == 0 and .already_claimed == 12000 and .refused == 2
	    and (.items | length) == 12002' "$work/out"
	printf '{"device_id":"%s","group":"lab"}\n' "$(id_of nd)" |
	    exits 0 ctl claim import - -t tenant-a
	exits 1 ctl claim import "$work/nothing.csv" -t tenant-a
}

# One call, an operation; what was refused is shown, and nothing is lost.
bulk() {
	exits 0 ctl tenant create tenant-c
	exits 0 ctl group create lab -t tenant-c --policy "$work/policy.json"
	{
		echo group,device_id
		openssl rand -hex 64000 | fold -w 64 | sed 's/^/lab,/'
		echo lab,nonsense
	} >"$work/bulk.csv"
	exits 3 ctl claim bulk "$work/bulk.csv" -t tenant-b --dry-run
	grep -q ': done, .*1 refused' "$work/err"
	exits 3 ctl claim bulk "$work/bulk.csv" -t tenant-c
	grep -q ': done, 2000 claimed, 1 refused$' "$work/err"
	grep -q '^2002  nonsense  *refused  *request.field ' "$work/out"
	exits 0 ctl operation list -t tenant-c --json
	id=$(jq -r '.items[0].id' "$work/out")
	exits 0 ctl operation show "$id" --json
	jq -e '.state == "done" and .total == 2001' "$work/out"
	exits 0 ctl operation items "$id" --outcome claimed -n 3 --json
	jq -e '(.items | length) == 3 and .items[2].line == 4' "$work/out"
	exits 3 ctl operation wait "$id"
	exits 5 ctl operation cancel "$id"
	sed 1001q "$work/bulk.csv" >"$work/some.csv"
	exits 0 ctl claim bulk-release "$work/some.csv" -t tenant-c \
	    --reason sold --no-wait --json
	exits 0 ctl operation wait "$(jq -r .id "$work/out")" --json
	jq -e '.counts == {"released": 1000}' "$work/out"
	exits 0 ctl claim list -t tenant-c --active true --json
	jq -e '.items | length == 1000' "$work/out"
}

lists() {
	exits 0 ctl device list -t tenant-a --group lab --json
	jq -e '(.items | length) == 12001 and (has("next") | not) and
	    ([.items[].device_id] | unique | length) == 12001' "$work/out"
	exits 0 ctl device list -t tenant-a -n 1500 --json
	jq -e '(.items | length) == 1500 and has("next")' "$work/out"
	next=$(jq -r .next "$work/out")
	exits 0 ctl device list -t tenant-a --after "$next" --json
	jq -e '(.items | length) == 10501' "$work/out"
	exits 0 ctl device list -t tenant-a
	[ "$(wc -l <"$work/out")" -eq 12002 ]
	[ "$(awk '{ print NF }' "$work/out" | sort -u | wc -l)" -le 2 ]
	exits 0 ctl device list -t tenant-b --state banned --json
	jq -e '.items == []' "$work/out"
}

device() {
	hardware=tpm-ek:$(id_of hardware)
	exits 0 ctl claim add "$hardware" -t tenant-a
	exits 0 ctl claim add "$(id_of "$hardware")" -t tenant-a
	exits 5 ctl claim add "$hardware" -t tenant-b
	grep -q '^daactl: claim.taken: The device is claimed already. ' \
	    "$work/err"
	exits 0 ctl device move "$hardware" lab -t tenant-a
	exits 0 ctl device ban "$hardware" -t tenant-a --reason 'stolen; sold'
	exits 5 ctl claim release "$hardware" -t tenant-a
	exits 0 ctl device unban "$hardware" -t tenant-a
	exits 0 ctl claim release "$hardware" -t tenant-a --reason 'sold & gone'
	exits 4 ctl device show "$hardware" -t tenant-a
	exits 0 ctl claim history "$hardware" -t tenant-a --json
	jq -e '.items[0].release_reason == "sold & gone"' "$work/out"
}

# As doc/CLAIMS.md has it.
transfers() {
	device=$(id_of given)
	exits 0 ctl claim add "$device" -t tenant-a -g lab
	exits 0 ctl transfer offer "$device" tenant-b -t tenant-a \
	    --reason sold --json
	id=$(jq -r .id "$work/out")
	exits 5 ctl transfer offer "$device" tenant-c -t tenant-a
	exits 0 ctl transfer list -t tenant-b
	grep -q "^$id  .*tenant-a  tenant-b  offered " "$work/out"
	exits 4 ctl transfer cancel "$id" -t tenant-b
	exits 0 ctl transfer accept "$id" --group default -t tenant-b
	exits 0 ctl transfer watch "$id" -t tenant-b
	grep -qx "done" "$work/out"
	exits 4 ctl device show "$device" -t tenant-a
	exits 0 ctl claim history "$device" -t tenant-a --json
	jq -e '.items[0].transferred_to == "tenant-b"' "$work/out"
	exits 0 ctl transfer undo "$id" -t tenant-a
	exits 0 ctl device show "$device" -t tenant-a --json
	jq -e '.group == "lab"' "$work/out"

	exits 0 ctl transfer offer "$device" tenant-b -t tenant-a \
	    --require-evidence --expires-in 1h --json
	id=$(jq -r .id "$work/out")
	exits 0 ctl transfer show "$id" -t tenant-b --json
	jq -e '.require_evidence and .direction == "in" and
	    .offered_by == null' "$work/out"
	exits 0 ctl transfer accept "$id" -t tenant-b --json
	jq -e '.state == "awaiting-evidence"' "$work/out"
	exits 0 ctl transfer list --direction out --state awaiting-evidence \
	    -t tenant-a --json
	jq -e '.items | length == 1' "$work/out"
	exits 0 ctl transfer cancel "$id" -t tenant-a
	exits 3 ctl transfer watch "$id" -t tenant-b --json
	jq -e '.state == "cancelled"' "$work/out"
	exits 0 ctl transfer offer "$device" nobody -t tenant-a --json
	exits 0 ctl claim release "$device" -t tenant-a
	exits 0 ctl claim restore "$device" -t tenant-a
	exits 0 ctl claim release "$device" -t tenant-a
}

recovery() {
	exits 0 ctl tenant create tenant-r
	exits 2 ctl tenant recover tenant-r tenant-b
	exits 0 ctl tenant recover tenant-r tenant-b --reason gone --json
	id=$(jq -r .id "$work/out")
	exits 5 ctl tenant recover tenant-r tenant-b --reason gone
	exits 0 ctl tenant recoveries --platform
	grep -q 'tenant-r  tenant-b  waiting ' "$work/out"
	exits 4 ctl tenant object "$id" -t tenant-b
	exits 0 ctl tenant object "$id" -t tenant-r --json
	jq -e '.state == "objected"' "$work/out"
}

bundle() {
	exits 0 ctl ca fetch -t tenant-a -o "$work/root.pem"
	exits 0 ctl ca fetch -t tenant-a --chain -o "$work/chain.pem"
	[ "$(grep -c BEGIN "$work/root.pem")" -eq 1 ]
	[ "$(grep -c BEGIN "$work/chain.pem")" -eq 2 ]
	ca=$(ctl ca list -t tenant-a --json |
	    jq -r '.items[] | select(.role == "issuing").id')
	ctl ca show "$ca" -t tenant-a --pem >"$work/ca.pem"
	openssl verify -CAfile "$work/root.pem" "$work/ca.pem"
	exits 1 ctl ca fetch -t tenant-a -o "$work/no/such/folder/root.pem"
}

life() {
	old=$(ctl ca list -t tenant-a --json |
	    jq -r '.items[] | select(.role == "issuing").id')
	exits 0 ctl ca stage issuing -t tenant-a --json \
	    --activate-at 2099-01-01T00:00:00Z
	new=$(jq -r .id "$work/out")
	exits 5 ctl ca stage issuing -t tenant-a
	exits 2 ctl ca schedule "$new" -t tenant-a --activate-at soon
	exits 0 ctl ca schedule "$new" -t tenant-a --activate-at none --json
	jq -e '.state == "staged" and .calendar.activate_at == null' \
	    "$work/out"
	exits 5 ctl ca retire "$old" -t tenant-a
	exits 0 ctl ca activate "$new" -t tenant-a
	exits 5 ctl ca activate "$new" -t tenant-a
	exits 0 ctl ca certificates "$old" -t tenant-a --unexpired
	exits 0 ctl ca retire "$old" -t tenant-a --json
	jq -e '.state == "retired"' "$work/out"
	exits 0 ctl ca taint "$new" -t tenant-a
	exits 0 ctl ca revoke "$new" -t tenant-a --reason cACompromise
	exits 4 ctl ca revoke "$new" -t tenant-b
	exits 0 ctl ca chain "$new" -t tenant-a --format pkcs7 \
	    -o "$work/chain.p7b"
	openssl pkcs7 -inform DER -in "$work/chain.p7b" -print_certs |
	    grep -c BEGIN | grep -qx 2
	exits 0 ctl ca fetch -t tenant-a --format spiffe --json
	exits 0 ctl event list -t tenant-a --json
	jq -e '[.items[].type] | contains(["ca.staged", "ca.activated",
	    "ca.retired", "ca.tainted", "ca.revoked"])' "$work/out"
}

reports() {
	exits 0 ctl report export -t tenant-a -o "$work/events.csv"
	head -n 1 "$work/events.csv" | grep -q '^"\{0,1\}DeviceId"\{0,1\},'
	[ ! -e "$work/events.csv.part" ]
	exits 2 ctl report list -t tenant-a --from yesterday
	exits 4 ctl report show 999 -t tenant-a
	exits 0 ctl event list -t tenant-a -n 3
}

if ! service_begin "$work"; then
	echo "1..1"
	echo "not ok 1 - a server begins"
	exit 1
fi
step "failures have the exit status and the words of the manual" statuses
step "a server that the CA file does not vouch for is not spoken to" untrusted
step "a token goes into a file and is good until it is revoked" token_file
step "the settings file is enough" settings_file
step "profiles are made and changed, version by version" profiles
step "groups are made and changed" groups
step "a policy is shown, edited and set" policy_round
step "anchors and keys are read as PEM and DER" trust
step "12,000 claims are imported with an outcome for each line" import
step "a file is claimed and released in one call" bulk
step "lists are followed to the end, or to the limit" lists
step "a device is claimed, moved, banned and released by its hardware ID" device
step "a device goes to another tenant, and comes back" transfers
step "an orphaned tenant is recovered unless it objects" recovery
step "the bundle verifies the issuing CA" bundle
step "a CA is staged, planned, activated, retired, tainted, revoked" life
step "reports are exported whole" reports
echo "1..$n"
exit $failed
