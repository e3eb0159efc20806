#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Published evidence and known answers: every case of the formats that exist
# here, and every known answer of the operations behind them.  The files are
# not part of this project; DAAPKI_VECTORS says where they are.
builddir=${builddir:-.}
vectors=${DAAPKI_VECTORS:-${srcdir:-.}/../shared/vectors}
formats='android-key
    azure-cvm
    dice
    idevid
    key
    openenclave
    optee
    psa
    sgx
    snp
    tdx
    tpm2
    tpm2-ek
    tpm2-key
    webauthn'

if ! test -d "$vectors"; then
	echo '1..0 # SKIP published vectors not found (DAAPKI_VECTORS)'
	exit 0
fi

cases() {
	for format in $formats; do
		grep -lE "\"format\": *\"$format\"" "$vectors"/*/cases/*.json
	done
}

answers() {
	grep -lE '"op": *"(make_credential|parse_credential_file|ek_template|parse_tpmt_public|parse_riot_extension|roca_check|spdm_measurements|event_log_replay|ccel_replay)"' \
	    "$vectors"/*/kat/*.json
}

# One plan for both programs; each must say as many results as it planned.
{
	cases | xargs "$builddir/tests/evidence_verify" --expect
	answers | xargs "$builddir/tests/kat"
} | awk '
	/^1\.\.[0-9]+$/ { planned += substr($0, 4); next }
	/^ok [0-9]+/ { n++; sub(/^ok [0-9]+/, "ok " n); print; next }
	/^not ok [0-9]+/ { n++; sub(/^not ok [0-9]+/, "not ok " n); print; next }
	{ print }
	END {
		if (n != planned) print "Bail out! " n " of " planned " results"
		if (n == 0) print "Bail out! no cases in the folder"
		print "1.." n
	}'
