#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The agent's TPM code against a software TPM.
srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
builddir=${builddir:-.}
. "$srcdir/tests/system/swtpm.sh"

if ! swtpm_have; then
	echo "1..0 # SKIP swtpm, swtpm-tools or tpm2-tools is missing"
	exit 0
fi
work=$(mktemp -d)
trap 'swtpm_end "$work/tpm"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
if ! { swtpm_make "$work/tpm" && swtpm_begin "$work/tpm"; }; then
	echo "1..1"
	echo "not ok 1 - a software TPM starts"
	exit 1
fi
TSS2_LOG=all+none DAA_TEST_TCTI=$SWTPM_TCTI \
    "$builddir/tests/unit/t_agent_tpm"
