#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The commands of doc/CLAIMS.md, and an operation over a kill -9.
# shellcheck disable=SC2154 # service.sh sets them
set -u
srcdir=${srcdir:-.} builddir=${builddir:-.}
builddir=$(cd "$builddir" && pwd)
srcdir=$(cd "$srcdir" && pwd)

# shellcheck source=tests/system/service.sh
. "$srcdir/tests/system/service.sh"
if ! service_have; then
	echo "1..0 # SKIP claims: programs are not built"
	exit 0
fi
for tool in openssl curl base64 jq; do
	command -v $tool >/dev/null || {
		echo "1..0 # SKIP claims: $tool is not here"
		exit 0
	}
done

dir=$(mktemp -d) || exit 1
# shellcheck source=tests/system/swtpm.sh
. "$srcdir/tests/system/swtpm.sh"
trap 'service_end; swtpm_end "$dir/tpm"; rm -rf "$dir"' EXIT
n=0
result() {	# RC SENTENCE
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		tail -n 30 "$dir/log" | sed 's/^/# /'
	fi
}

mkdir "$dir/bin" "$dir/work" "$dir/service"
DAAPKI_CLAIM_PROOF=secret
export DAAPKI_CLAIM_PROOF
service_begin "$dir/service" || exit 1
cat >"$dir/bin/daactl" <<-END
	#!/bin/sh
	DAACTL_URL=$SERVICE_OPERATOR DAACTL_CA_FILE=$SERVICE_CA \\
	DAACTL_TOKEN_FILE=$SERVICE_TOKEN exec "$builddir/daactl" "\$@"
END
cat >"$dir/bin/daa-agent" <<-END
	#!/bin/sh
	DAA_AGENT_SERVER=$SERVICE_DEVICE DAA_AGENT_CA=$SERVICE_CA \\
	DAA_AGENT_STATE_DIR=$dir/device DAA_AGENT_IDENTITY=key \\
	    exec "$builddir/daa-agent" "\$@"
END
chmod +x "$dir/bin/daactl" "$dir/bin/daa-agent"

# Each block of shell in the page, one after the other in one shell.
# shellcheck disable=SC2016 # the marks of a block
sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$srcdir/doc/CLAIMS.md" >"$dir/page.sh"
(cd "$dir/work" && PATH=$dir/bin:$PATH bash -ex "$dir/page.sh") \
    >"$dir/log" 2>&1
result $? "the commands of doc/CLAIMS.md do what it says"
service_ctl hardware list --platform --json >"$dir/log" 2>&1
jq -e '[.items[] | select(.batch == "b7" and .has_claim_secret)] |
    length == 3' "$dir/log" >/dev/null
result $? "the manifest's parts are in the inventory, without their secrets"
! grep -q 'label-1-1111' "$dir/service/state/daapki.db"* "$dir/log" \
    "$dir/service/daad.log"
result $? "no claim secret is in the database, its log or daad's log"
service_ctl claim list -t acme --json >"$dir/log" 2>&1
jq -e '[.items[] | select(.release_reason == "sold")] | length == 3' \
    "$dir/log" >/dev/null
result $? "what the page released is history"

# --- consent ---------------------------------------------------------------

again() {	# PROOF
	DAAPKI_CLAIM_PROOF=$1
	rm -f "$dir/service/state/listening"
	"$builddir/daad" serve "--state-dir=$dir/service/state" \
	    >>"$dir/service/daad.log" 2>&1 &
	service_pid=$!
	tries_=600
	until [ -s "$dir/service/state/listening" ] &&
	    curl -fs -m 5 -o /dev/null "$(service_url_ status)/readyz"; do
		tries_=$((tries_ - 1))
		[ $tries_ -gt 0 ] || return 1
		sleep 0.1
	done
	SERVICE_OPERATOR=$(service_url_ operator)
	SERVICE_DEVICE=$(service_url_ device)
}

daa() {	# COMMAND...: as the device with a TPM
	"$builddir/daa-agent" "$@" --server "$SERVICE_DEVICE" \
	    --ca "$SERVICE_CA" --state-dir "$dir/tpm-device" \
	    --tcti "$SWTPM_TCTI"
}

refused() {	# WORDS COMMAND...
	words=$1
	shift
	"$@" >"$dir/refused" 2>&1 && return 1
	cat "$dir/refused"
	grep -q 'claim\.proof' "$dir/refused" &&
	    grep -q "$words" "$dir/refused"
}

tpm_begin() {
	service_end && again consent &&
	swtpm_make "$dir/tpm" && swtpm_begin "$dir/tpm" &&
	service_ctl anchor add swtpm "$(swtpm_root "$dir/ca")" --platform \
	    --scheme tpm-ek &&
	service_ctl anchor add swtpm-ca "$(swtpm_issuer "$dir/ca")" \
	    --platform --scheme tpm-ek &&
	service_ctl tenant create other &&
	tpm_id=$(daa id --json | jq -r .hardware_id) &&
	refused 'needs the consent' service_ctl claim add "$tpm_id" -t acme
}

tpm_claimed() {
	daa claim-consent acme >"$dir/consent" &&
	[ "$(wc -l <"$dir/consent")" -eq 1 ] &&
	refused 'no consent' service_ctl claim add "$tpm_id" -t other \
	    --consent "$dir/consent" &&
	service_ctl claim add "$tpm_id" -t acme --consent "$dir/consent"
}

tpm_in_bulk() {
	service_ctl claim release "$tpm_id" -t acme &&
	daa claim-consent other --out "$dir/consent" &&
	printf 'hardware_id,consent\n%s,%s\n%s,\n' "$tpm_id" \
	    "$(cat "$dir/consent")" "key:$(openssl rand -hex 64)" \
	    >"$dir/lines" || return 1
	service_ctl claim bulk "$dir/lines" -t other --json >"$dir/bulk"
	jq -e '.counts == {claimed: 1, refused: 1}' "$dir/bulk" &&
	service_ctl claim release "$tpm_id" -t other || return 1
	jq -nc --arg id "$tpm_id" --arg c "$(cat "$dir/consent")" \
	    '{hardware_id: $id, consent: $c}' >"$dir/lines"
	service_ctl claim bulk "$dir/lines" -t other --json >"$dir/bulk"
	jq -e '.counts == {refused: 1}' "$dir/bulk" &&
	service_ctl operation items "$(jq -r .id "$dir/bulk")" |
	    grep 'was used'
}

if swtpm_have; then
	tpm_begin >"$dir/log" 2>&1
	result $? "a server that asks for consent claims nothing without"
	tpm_claimed >"$dir/log" 2>&1
	result $? "a device with a TPM consents to one tenant"
	tpm_in_bulk >"$dir/log" 2>&1
	result $? "lines of CSV and NDJSON have consents, each good once"
	swtpm_end "$dir/tpm"
else
	for sentence in "a server that asks for consent claims nothing without" \
	    "a device with a TPM consents to one tenant" \
	    "lines of CSV and NDJSON have consents, each good once"; do
		result 0 "$sentence # SKIP swtpm or tpm2-tools is not here"
	done
fi

# --- kill -9 ---------------------------------------------------------------

over_kills() {
	service_end && again none || return 1
	openssl rand -hex 160000 | fold -w 64 >"$dir/once.csv"
	sed 3q "$dir/once.csv" | cat "$dir/once.csv" - >"$dir/many.csv"
	service_ctl claim bulk "$dir/many.csv" -t acme --no-wait --json \
	    >"$dir/operation" || return 1
	id=$(jq -r .id "$dir/operation")
	for _ in 1 2 3; do
		sleep 0.3
		kill -9 "$service_pid"
		wait "$service_pid"
		again none || return 1
	done
	service_ctl operation wait "$id" --json
	[ $? -le 3 ] || return 1
	service_ctl operation items "$id" --json >"$dir/items" || return 1
	jq -e '(.items | length) == 5003 and
	    ([.items[].line] == [range(1; 5004)]) and
	    ([.items[] | select(.outcome == "claimed")] | length) == 5000 and
	    ([.items[-3:][] | .outcome] | unique) == ["already-claimed"]' \
	    "$dir/items"
}
over_kills >"$dir/log" 2>&1
result $? "an operation goes on after kill -9, with one outcome a line"
# --- waiting ----------------------------------------------------------------

lines() {	# N: so many lists were printed
	for _ in $(seq 600); do
		[ "$(grep -c '"items"' "$dir/watched")" -ge "$1" ] && return 0
		sleep 0.1
	done
	return 1
}

watched() {
	service_ctl operation show "$id" --watch >"$dir/states"
	[ "$(tail -n 1 "$dir/states")" = "done" ] || return 1
	"$builddir/daactl" --url "$SERVICE_OPERATOR" --ca-file "$SERVICE_CA" \
	    --token-file "$SERVICE_TOKEN" device list -t acme --limit 1 \
	    --watch --json >"$dir/watched" &
	watch_pid=$!
	lines 1 && id=$(jq -r '.items[0].device_id' "$dir/watched") &&
	    service_ctl device label "$id" -t acme site=berlin &&
	    lines 2 && jq -es '.[0].items[0].labels.site == null and
	    .[1].items[0].labels.site == "berlin"' "$dir/watched"
	rc=$?
	kill "$watch_pid"
	return $rc
}
watched >"$dir/log" 2>&1
result $? "who watches sees each change, and no more"
service_ctl device list -t acme --json >"$dir/log" 2>&1
# With that of the page.
jq -e '.items | length == 5001' "$dir/log" >/dev/null
result $? "each device is there once"
service_end
"$builddir/daactl" fsck --help >/dev/null 2>&1
"$builddir/daad" fsck "--state-dir=$dir/service/state" >"$dir/log" 2>&1
result $? "the database holds together"
echo "1..$n"
