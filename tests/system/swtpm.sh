# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Software TPMs for tests and the quickstart: to be sourced by a POSIX shell.
#
#	swtpm_have			true when the programs are there
#	swtpm_make DIR			a new TPM in DIR, with EK certificates
#	swtpm_begin DIR			power it on; sets SWTPM_TCTI
#	swtpm_end DIR			power it off
#	swtpm_tcti DIR			print its TCTI while it runs
#	swtpm_extend DIR PCR HEX	extend a SHA-256 register
#	swtpm_root CADIR		print the path of the test CA's root (PEM)
#	swtpm_issuer CADIR		print the path of its issuing CA (PEM)
#
# SWTPM_CA names the folder of the test EK vendor CA (by default ca beside
# DIR): it is made on first use, and nothing outside these folders is touched.

swtpm_have() {
	command -v swtpm >/dev/null && command -v swtpm_setup >/dev/null &&
	command -v swtpm_localca >/dev/null &&
	command -v tpm2_startup >/dev/null &&
	command -v tpm2_pcrextend >/dev/null
}

swtpm_ca_of() {
	echo "${SWTPM_CA:-$(dirname "$1")/ca}"
}

swtpm_root() {
	echo "$1/swtpm-localca-rootca-cert.pem"
}

swtpm_issuer() {
	echo "$1/issuercert.pem"
}

# swtpm_localca makes a root and an issuing CA where its configuration says
# and there are none yet.
swtpm_ca_config() {
	mkdir -p "$1" || return 1
	cat >"$1/localca.conf" <<EOF
statedir = $1
signingkey = $1/signkey.pem
issuercert = $1/issuercert.pem
certserial = $1/certserial
EOF
	cat >"$1/localca.options" <<EOF
--platform-manufacturer test
--platform-version 1
--platform-model test
EOF
	cat >"$1/setup.conf" <<EOF
create_certs_tool = $(command -v swtpm_localca)
create_certs_tool_config = $1/localca.conf
create_certs_tool_options = $1/localca.options
active_pcr_banks = sha256
EOF
}

swtpm_make() {
	swtpm_ca_=$(swtpm_ca_of "$1")
	mkdir -p "$1/state" && swtpm_ca_config "$swtpm_ca_" || return 1
	swtpm_setup --tpm2 --tpmstate "$1/state" --create-ek-cert \
	    --config "$swtpm_ca_/setup.conf" --overwrite \
	    --logfile "$1/setup.log" >/dev/null 2>&1 || {
		sed 's/^/# /' "$1/setup.log" >&2
		return 1
	}
}

swtpm_tcti() {
	echo "swtpm:host=127.0.0.1,port=$(cat "$1/port")"
}

swtpm_alive() {
	[ -s "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null
}

# The TCTI looks for the control channel at the next port.  Which ports are
# free only binding them tells: a swtpm that did not get them is gone at once.
swtpm_begin() {
	swtpm_try_=0
	while [ "$swtpm_try_" -lt 20 ]; do
		swtpm_try_=$((swtpm_try_ + 1))
		swtpm_port_=$(od -An -N2 -tu2 /dev/urandom)
		swtpm_port_=$((20000 + swtpm_port_ % 5000 * 2))
		rm -f "$1/pid"
		swtpm socket --tpm2 --tpmstate "dir=$1/state" \
		    --server "type=tcp,port=$swtpm_port_,bindaddr=127.0.0.1" \
		    --ctrl "type=tcp,port=$((swtpm_port_ + 1)),bindaddr=127.0.0.1" \
		    --flags not-need-init --pid "file=$1/pid" \
		    --log "file=$1/swtpm.log" >>"$1/swtpm.out" 2>&1 \
		    </dev/null &
		swtpm_wait_=0
		while ! swtpm_alive "$1" && [ "$swtpm_wait_" -lt 50 ] &&
		    kill -0 $! 2>/dev/null; do
			sleep 0.1
			swtpm_wait_=$((swtpm_wait_ + 1))
		done
		echo "$swtpm_port_" >"$1/port"
		SWTPM_TCTI=$(swtpm_tcti "$1")
		if swtpm_alive "$1" &&
		    TPM2TOOLS_TCTI=$SWTPM_TCTI tpm2_startup -c \
		    >>"$1/swtpm.out" 2>&1; then
			return 0
		fi
		swtpm_end "$1"
	done
	echo "swtpm did not start; see $1/swtpm.log" >&2
	return 1
}

# Orderly: a power cut would count against the TPM's clock (safe = no).
swtpm_end() {
	swtpm_alive "$1" || return 0
	TPM2TOOLS_TCTI=$(swtpm_tcti "$1") tpm2_shutdown -c \
	    >>"$1/swtpm.out" 2>&1
	swtpm_pid_=$(cat "$1/pid")
	kill "$swtpm_pid_" 2>/dev/null
	swtpm_wait_=0
	while kill -0 "$swtpm_pid_" 2>/dev/null && [ "$swtpm_wait_" -lt 50 ]; do
		sleep 0.1
		swtpm_wait_=$((swtpm_wait_ + 1))
	done
	rm -f "$1/pid"
	return 0
}

swtpm_extend() {
	TPM2TOOLS_TCTI=$(swtpm_tcti "$1") tpm2_pcrextend "$2:sha256=$3" \
	    >>"$1/swtpm.out" 2>&1
}
