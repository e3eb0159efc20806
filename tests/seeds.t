#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each fuzz target over its seeds out of published evidence, and over one empty
# file.  The evidence is not part of this project; DAAPKI_VECTORS says where it is.
srcdir=${srcdir:-.}
builddir=${builddir:-.}
vectors=${DAAPKI_VECTORS:-$srcdir/../shared/vectors}
targets=$(sed -n 's|.*tests/fuzz/f_\([a-z_]*\)\.c .*|\1|p' \
    "$srcdir/tests/fuzz/fuzz.inc")

seeds=$(mktemp -d) || exit 1
trap 'rm -rf "$seeds"' EXIT

echo "1..$(echo "$targets" | wc -w)"
if ! test -d "$vectors"; then
	echo '# published vectors not found (DAAPKI_VECTORS): no seeds'
elif ! command -v python3 >/dev/null; then
	echo '# python3 is not here: no seeds'
else
	"$srcdir/tests/fuzz/seeds.py" "$vectors" "$seeds" || exit 1
fi

n=0
for target in $targets; do
	n=$((n + 1))
	mkdir -p "$seeds/f_$target"
	: >"$seeds/f_$target/empty"
	found=$(find "$seeds/f_$target" -type f | wc -l)
	if find "$seeds/f_$target" -type f -print0 |
	    xargs -0 "$builddir/tests/fuzz/f_$target" >"$seeds/log" 2>&1
	then
		echo "ok $n - f_$target over $found seeds"
	else
		sed 's/^/# /' "$seeds/log" | tail -20
		echo "not ok $n - f_$target over $found seeds"
	fi
done
