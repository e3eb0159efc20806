#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A real daad meets what clients should not do; see bad_input.py.
if ! command -v python3 >/dev/null 2>&1; then
	echo "1..0 # SKIP bad_input: python3 is not installed"
	exit 0
fi
exec python3 -W ignore "${srcdir:-.}/tests/system/bad_input.py" "${abs_builddir:-$PWD}"
