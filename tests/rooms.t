#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rooms include only what tests/rooms allows.  One test a room, and one
# that shows that the check itself finds what is wrong.
cd "${srcdir:-.}" || exit 1

rooms='base codec pki attest policy wire signer hsm courier db authority server cli agent
tests'

# check TABLE ROOM: print what its row does not allow.  The lines of grep, on
# standard input, are file:line:#include ...
check() {
	awk -v room="$2" '
	NR == FNR {
		sub(/#.*/, "")
		n = split($0, w, /[ \t:]+/)
		if (w[1] == "only") {
			owned[w[2]] = 1
			for (i = 3; i <= n; i++)
				may[w[2], w[i]] = 1
		} else if (w[1] != "") {
			known[w[1]] = 1
			for (i = 2; i <= n; i++)
				may[w[1], w[i]] = 1
		}
		next
	}
	{
		match($0, /^[^:]*:[^:]*:/)
		at = substr($0, 1, RLENGTH - 1)
		what = substr($0, RLENGTH + 1)
		sub(/^#[ \t]*include[ \t]*/, "", what)
		sub(/[ \t].*/, "", what)
		if (!(room in known)) {
			print at ": " room " has no row"
		} else if (what ~ /^</) {
			if (what in owned && !((what, room) in may))
				print at ": " room " may not include " what
		} else {
			to = what
			gsub(/"/, "", to)
			if (to !~ /\//) {
				print at ": say room/file.h in place of " what
				next
			}
			sub(/\/.*/, "", to)
			if (to != room && !((room, to) in may))
				print at ": " room " may not include " what
		}
	}' "$1" -
}

includes() {
	grep -rn --include='*.[ch]' '^#[[:space:]]*include' "$1"
}

n=0 failed=0
tap() {		# SENTENCE OUTPUT: ok when there is none
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
		failed=1
	fi
}

echo 1..17
for room in $rooms; do
	tap "$room includes only what its row allows" \
	    "$(includes "$room" | check tests/rooms "$room")"
done

planted='x.c:1:#include "server/http.h"
x.c:2:#include <sqlite3.h>
x.c:3:#include "plain.h"
x.c:4:#include "base/err.h"
x.c:5:#include <stdio.h>'
found=$(echo "$planted" | check tests/rooms policy | grep -c .)
[ "$found" -eq 3 ] && found= || found="found $found of 3"
tap "includes that are not allowed are found" "$found"
tap "every folder with C files has a row" "$(for dir in */; do
	dir=${dir%/}
	case $rooms in *"$dir"*) continue ;; esac
	find "$dir" -maxdepth 1 -name '*.[ch]' ! -path 'build*/*' \
	    ! -path 'schema/schema.c'
done)"
exit $failed
