# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A server of its own for a test: to be sourced by a POSIX shell that has
# $builddir and $srcdir.
# shellcheck disable=SC2154
#
#	service_have			true when the programs are built
#	service_begin DIR		init and serve in DIR; sets SERVICE_DEVICE,
#					SERVICE_OPERATOR, SERVICE_STATUS (URLs),
#					SERVICE_CA, SERVICE_TOKEN (files)
#	service_end			stop it
#	service_ctl ...			daactl as the platform's operator
#	service_load TENANT SECONDS	enrol devices into its group "keys",
#					what was acknowledged to DIR/TENANT.log

service_have() {
	for program_ in daad daa-signer daactl tests/system/load; do
		[ -x "$builddir/$program_" ] || return 1
	done
}

service_ctl() {
	DAACTL_URL=$SERVICE_OPERATOR DAACTL_CA_FILE=$SERVICE_CA \
	    DAACTL_TOKEN_FILE=$SERVICE_TOKEN "$builddir/daactl" "$@"
}

service_url_() {
	sed -n "s/^$1 //p" "$service_dir/state/listening"
}

service_begin() {
	service_dir=$1
	SERVICE_CA=$1/state/trust.pem
	SERVICE_TOKEN=$1/token
	(umask 077; "$builddir/daad" init "--state-dir=$1/state" \
	    --device-listen=127.0.0.1:0 --operator-listen=127.0.0.1:0 \
	    --status-listen=127.0.0.1:0 \
	    --server-names=localhost,127.0.0.1 >"$1/init.out" 2>&1) || {
		sed 's/^/# /' "$1/init.out"
		return 1
	}
	(umask 077; grep -o 'daapki_[A-Za-z0-9_-]\{43\}' "$1/init.out" \
	    >"$1/token")
	"$builddir/daad" serve "--state-dir=$1/state" >"$1/daad.log" 2>&1 &
	service_pid=$!
	service_wait_=0
	until [ -s "$1/state/listening" ] &&
	    curl -fs -m 5 -o /dev/null "$(service_url_ status)/readyz"; do
		service_wait_=$((service_wait_ + 1))
		if [ $service_wait_ -gt 300 ] ||
		    ! kill -0 $service_pid 2>/dev/null; then
			tail -n 20 "$1/daad.log" | sed 's/^/# /'
			return 1
		fi
		sleep 0.1
	done
	SERVICE_DEVICE=$(service_url_ device)
	# shellcheck disable=SC2034 # for who sources this
	SERVICE_STATUS=$(service_url_ status)
	SERVICE_OPERATOR=$(service_url_ operator)
}

service_end() {
	[ -n "${service_pid:-}" ] || return 0
	kill "$service_pid" 2>/dev/null
	wait "$service_pid"
	service_rc_=$?
	service_pid=
	return $service_rc_
}

service_group() {	# TENANT: a group that takes keys in software
	echo '{"rules":[{"claim":"format","equals":"key"}]}' \
	    >"$service_dir/policy.json"
	service_ctl group create keys -t "$1" \
	    --policy "$service_dir/policy.json"
}

service_load() {
	"$builddir/tests/system/load" "$SERVICE_DEVICE" "$SERVICE_OPERATOR" \
	    "$SERVICE_CA" "$SERVICE_TOKEN" "$1" keys \
	    "$service_dir/$1.log" 4 2>"$service_dir/load.err" &
	service_load_=$!
	sleep "$2"
	if ! kill $service_load_ 2>/dev/null; then
		sed 's/^/# /' "$service_dir/load.err"
		return 1
	fi
	wait $service_load_
	grep -q '^certificate ' "$service_dir/$1.log"
}
