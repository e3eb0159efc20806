#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # the steps are called by name
# What shows from outside what a server does: metrics, traces, the log, and the
# audit, whose exports are damaged in each way.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/service.sh"

service_have || { echo "1..0 # SKIP the programs are not built"; exit 0; }
for tool in curl jq python3; do
	command -v $tool >/dev/null ||
	    { echo "1..0 # SKIP $tool is missing"; exit 0; }
done

dir=$(mktemp -d) || exit 1
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

n=0 failed=0
step() {	# SENTENCE COMMAND...
	n=$((n + 1))
	sentence=$1
	shift
	(set -e; "$@") >"$dir/out" 2>&1
	rc=$?
	if [ $rc -eq 0 ]; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		tail -n 20 "$dir/out" | sed 's/^/# /'
		failed=1
	fi
}

tool_step() {	# TOOL SENTENCE COMMAND...
	if command -v "$1" >/dev/null; then
		shift
		step "$@"
	else
		n=$((n + 1))
		echo "ok $n - $2 # SKIP $1 is not here"
	fi
}

begin() {
	service_begin "$dir" || return 1
	service_ctl tenant create tenant-a && service_group tenant-a &&
	service_load tenant-a 2 &&
	service_ctl token create prometheus --platform --role reader \
	    --out "$dir/prometheus.token"
}

begin >"$dir/out" 2>&1
rc=$?
n=1
if [ $rc -ne 0 ]; then
	echo "not ok 1 - a tenant has devices with certificates"
	sed 's/^/# /' "$dir/out"
	echo "1..1"
	exit 1
fi
echo "ok 1 - a tenant has devices with certificates"

scrape() {
	curl -fs -m 30 --cacert "$SERVICE_CA" -H \
	    "Authorization: Bearer $(cat "$dir/prometheus.token")" \
	    "$SERVICE_OPERATOR/metrics" >"$dir/metrics"
}

closed() {
	status=$(curl -s -m 30 -o "$dir/body" -w '%{http_code}' \
	    --cacert "$SERVICE_CA" "$SERVICE_OPERATOR/metrics")
	[ "$status" = 401 ]
	! curl -fs -m 30 "$SERVICE_STATUS/metrics"
}

counted() {
	scrape
	grep -q '^daapki_signer_up 1$' "$dir/metrics"
	grep -q '^daapki_requests_total{plane="device",method="POST",route="/v1/enrollments",status="201"} [1-9]' "$dir/metrics"
	grep -q '^daapki_events_total{tenant="tenant-a",type="device.enrolled"} [1-9]' "$dir/metrics"
	service_ctl device list -t tenant-a --json >"$dir/devices"
	total=$(sed -n 's/^daapki_devices{tenant="tenant-a".*} //p' \
	    "$dir/metrics" | awk '{ n += $1 } END { print n }')
	[ "$total" = "$(grep -c '"device_id"' "$dir/devices")" ]
}

checked() {
	promtool check metrics <"$dir/metrics"
}

named() {
	sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$dir/metrics" >"$dir/names"
	grep -oh 'daapki_[a-z_]*' "$srcdir/contrib/grafana/daapki.json" \
	    "$srcdir/contrib/grafana/alerts.yml" "$srcdir/doc/OBSERVING.md" |
	    sed 's/_bucket$//; s/_sum$//; s/_count$//' | sort -u >"$dir/used"
	[ "$(wc -l <"$dir/used")" -gt 8 ]
	while read -r name; do
		grep -qx "$name" "$dir/names" || { echo "no $name"; exit 1; }
	done <"$dir/used"
	while read -r name; do
		grep -q "\`$name\`" "$srcdir/doc/OBSERVING.md" ||
		    { echo "$name is not described"; exit 1; }
	done <"$dir/names"
	jq -e '.panels | length > 5' "$srcdir/contrib/grafana/daapki.json"
}

rules() {
	promtool check rules "$srcdir/contrib/grafana/alerts.yml"
}

trace=0af7651916cd43dd8448eb211c80319c
traced() {
	curl -fs -m 30 -D "$dir/head" -o "$dir/body" -H \
	    "traceparent: 00-$trace-b7ad6b7169203331-01" \
	    "$SERVICE_STATUS/healthz"
	grep -qi "^traceresponse: 00-$trace-[0-9a-f]\{16\}-01" "$dir/head"
	grep -q " request .* parent=b7ad6b7169203331 .*trace=$trace\$" \
	    "$dir/daad.log"
	curl -fs -m 30 --cacert "$SERVICE_CA" -X POST -o "$dir/body" -H \
	    "Authorization: Bearer $(cat "$SERVICE_TOKEN")" -H \
	    "traceparent: 00-$trace-b7ad6b7169203331-01" -H \
	    'Content-Type: application/json' -d '{"name":"tenant-t"}' \
	    "$SERVICE_OPERATOR/v1/tenants"
	service_ctl event list -t tenant-t --json | grep -q "00-$trace-"
	service_ctl audit list -t tenant-t --json | grep -q "00-$trace-"
}

logged() {
	! grep -nvE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z (debug|info|warn|error) (daad|daa-signer) [a-z0-9.-]+( [a-z_]+=("([^"\\]|\\.)*"|[^ "\\=]*))*$' \
	    "$dir/daad.log"
}

rested() {
	id=$(sed -n 's/^certificate \([0-9a-f]*\) .*/\1/p' \
	    "$dir/tenant-a.log" | head -n 1)
	service_ctl certificate show "$id" -t tenant-a --json >"$dir/shown"
	jq -e '.issued_on | (.evidence_sha256 | length == 64) and
	    (.policy_sha256 | length == 64) and
	    (.collateral_sha256 | length == 64) and .policy_version == 1' \
	    "$dir/shown"
}

again() {
	service_end
	"$builddir/daad" serve "--state-dir=$dir/state" \
	    >"$dir/daad2.log" 2>&1 &
	service_pid=$!
	tries=0
	until SERVICE_STATUS=$(service_url_ status) &&
	    curl -fs -m 5 -o /dev/null "$SERVICE_STATUS/readyz"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
	SERVICE_OPERATOR=$(service_url_ operator)
}

verified() {
	sed -n 's/.* log-key.open .*public=\([0-9a-f]\{64\}\).*/\1/p' \
	    "$dir/daad.log" | head -n 1 >"$dir/log.pub"
	service_ctl audit verify -t tenant-a --log-key "$dir/log.pub"
	service_ctl audit verify --platform --log-key "$dir/log.pub"
	service_ctl audit export -t tenant-a --out "$dir/audit"
	"$builddir/daactl" audit verify "$dir/audit" \
	    --log-key "$dir/log.pub" --json >"$dir/said"
	jq -e '.checkpoints > 0 and .anchored_to > 10 and .log_key_given and
	    .first == 1 and .last >= .anchored_to' "$dir/said"
	service_ctl audit export -t tenant-a --format csv --out "$dir/csv"
	head -n 1 "$dir/csv" | grep -q '^"chain","seq","at"'
}

# Each of them changes an export in a way that must be found.
damaged() {
	printf '%064d\n' 0 >"$dir/other.pub"
	if "$builddir/daactl" audit verify "$dir/audit" \
	    --log-key "$dir/other.pub"; then
		return 1
	fi
	python3 - "$dir/audit" "$dir" >"$dir/cases" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
rows = [i for i, o in enumerate(lines) if "checkpoint" not in o]
points = [i for i, o in enumerate(lines) if "checkpoint" in o]
def case(name, change):
    copy = json.loads(json.dumps(lines))
    change(copy)
    with open(f"{sys.argv[2]}/{name}.bad", "w", encoding="utf-8") as f:
        for o in copy:
            f.write(json.dumps(o, separators=(",", ":"),
                               ensure_ascii=False) + "\n")
    print(name)
def put(i, key, value):
    return lambda c: c[i].__setitem__(key, value)
for key in ("actor", "actor_kind", "credential", "action", "subject",
            "request_id", "trace", "outcome"):
    case("edit-" + key, put(rows[3], key, "x"))
case("edit-at", put(rows[3], "at", "2001-01-01T00:00:00Z"))
case("edit-data", put(rows[3], "data", {"x": 1}))
case("edit-hash", put(rows[3], "hash", "0" * 64))
case("edit-data-hash", put(rows[3], "data_sha256", "0" * 64))
case("drop", lambda c: c.pop(rows[4]))
case("twice", lambda c: c.insert(rows[4], c[rows[4]]))
def swap(c):
    c[rows[4]], c[rows[5]] = c[rows[5]], c[rows[4]]
case("swap", swap)
def cut(c):
    # The tail before the last checkpoint, which is kept.
    del c[points[-1] - 2:points[-1]]
case("cut", cut)
case("chain", put(rows[3], "chain", "tenant-b"))
for key, value in (("seq", 1), ("place", 99), ("chains", 99),
                   ("root", "0" * 64), ("journal_seq", 1),
                   ("at", "2001-01-01T00:00:00Z"), ("hash", "0" * 64),
                   ("signature", "0" * 128)):
    case("checkpoint-" + key,
         lambda c, k=key, v=value:
             c[points[-1]]["checkpoint"].__setitem__(k, v))
END
	[ "$(wc -l <"$dir/cases")" -eq 25 ]
	while read -r name; do
		if "$builddir/daactl" audit verify "$dir/$name.bad" \
		    --log-key "$dir/log.pub"; then
			echo "$name was not found"
			exit 1
		fi
	done <"$dir/cases"
}

sound() {
	"$builddir/daad" fsck "--state-dir=$dir/state" | tee "$dir/fsck"
	grep -q ' rows of the audit; .* 0 findings$' "$dir/fsck"
}

step "metrics are for who has a token of the platform" closed
step "requests, devices and events are counted" counted
tool_step promtool "promtool finds no fault with the metrics" checked
step "dashboard, alerts and document name metrics that there are" named
tool_step promtool "promtool finds no fault with the alerts" rules
step "a trace is gone on with, from request to log, event and audit" traced
step "each line of the log is of the form that is documented" logged
step "a certificate names what it was issued on" rested
# Not in a step, whose shell is another.
again >"$dir/again.out" 2>&1
step "a server that ends starts again" test $? -eq 0
step "the audit is verified, of the server and offline" verified
step "whatever is changed in an export is found" damaged
service_end
step "fsck finds no fault with the audit" sound
echo "1..$n"
exit $failed
