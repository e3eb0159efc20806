#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Published evidence and known answers: every case of the folder, counted by
# format, and every known answer of the operations behind them.  The files are
# not part of this project; DAAPKI_VECTORS says where they are.
builddir=${builddir:-.}
srcdir=${srcdir:-.}
vectors=${DAAPKI_VECTORS:-$srcdir/../shared/vectors}

if ! test -d "$vectors"; then
	echo '1..0 # SKIP published vectors not found (DAAPKI_VECTORS)'
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# "FORMAT FILE" of each case.  One that names no format has "none".
for file in "$vectors"/*/cases/*.json; do
	format=$(grep -o '"format": *"[^"]*"' "$file" | head -n 1)
	format=${format%\"}
	echo "${format##*\"} $file"
done | sed 's/^ /none /' >"$work/all"

formats=$(sed -n 's/^extern .* format_\([a-z0-9_]*\);$/\1/p' \
    "$srcdir/attest/formats.h" | tr _ -)

of_format() {
	sed -n "s/^$1 //p" "$work/all"
}

# The sums of the folder's own list: accepted and refused, a row a kind.
listed() {
	awk -F '|' '$2 !~ /sum/ && $4 ~ /[0-9]/ { n += $4 + $5 }
	    END { print n + 0 }' "$vectors/CASES.md"
}

is() {		# SENTENCE WANT HAVE
	echo 1..1
	if [ "$2" = "$3" ]; then
		echo "ok 1 - $1"
	else
		printf 'not ok 1 - %s\n# %s, and not %s\n' "$1" "$3" "$2"
	fi
}

cases() {
	ran=0
	for format in $formats; do
		of_format "$format" | xargs -r "$builddir/daactl" evidence \
		    verify --expect >"$work/said"
		cat "$work/said"
		n=$(of_format "$format" | wc -l)
		printf '# %-12s %4d cases, %4d as expected\n' "$format" "$n" \
		    "$(grep -c '^ok ' "$work/said")"
		ran=$((ran + n))
	done
	printf '# %-12s %4d cases\n' 'all' $ran
	is 'every case is of a format that is read' \
	    "$(find "$vectors" -path '*/cases/*.json' | wc -l)" "$ran"
	[ ! -f "$vectors/CASES.md" ] ||
	    is "every case of the folder's own list is there" "$(listed)" "$ran"
}

answers() {
	grep -lE '"op": *"(make_credential|parse_credential_file|ek_template|parse_tpmt_public|parse_riot_extension|roca_check|spdm_measurements|event_log_replay|ccel_replay)"' \
	    "$vectors"/*/kat/*.json
}

# One plan for all programs; each must say as many results as it planned.  Every
# case once without a cache, and twice through one that all of them share.
{
	cases
	sed 's/^[^ ]* //' "$work/all" |
	    xargs "$builddir/tests/evidence_verify" --seen --expect
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
