#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The master key of a real state folder is changed; see master.py.
if ! command -v python3 >/dev/null 2>&1; then
	echo "1..0 # SKIP master: python3 is not installed"
	exit 0
fi
exec python3 -W ignore "${srcdir:-.}/tests/system/master.py" "${abs_builddir:-$PWD}"
