#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What of STYLE.md a machine can hold: sizes, licences, functions that must not
# be called, words that must not stay.
cd "${srcdir:-.}" || exit 1

file_max=800 test_max=1000 function_max=70 line_max=96
rooms='base codec pki attest policy wire signer db authority server cli agent'

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

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

sources() {	# KIND...: files of the rooms and tests with these endings
	for kind; do
		# shellcheck disable=SC2086 # a list of folders
		find $rooms tests -name "*.$kind"
	done | sort
}

too_long() {
	sources c h | xargs wc -l |
	    awk -v max=$file_max -v test_max=$test_max '
		$2 != "total" && $1 > ($2 ~ /^tests/ ? test_max : max) {
		print $2 ": " $1 " lines" }'
}

# Text of a program's own length (tables, long words) is not code: .def may.
too_wide() {
	sources c h | while read -r file; do
		expand -t 8 "$file" | awk -v max=$line_max -v f="$file" \
		    'length($0) > max && !/"/ && !/https?:/ {
			print f ":" NR ": " length($0) " columns" }'
	done
}

long_functions() {
	sources c | ctags -L - -f - --c-kinds=f --fields=ne \
	    --sort=no 2>/dev/null |
	    awk -F '\t' -v max=$function_max '{
		begin = end = 0
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) begin = substr($i, 6)
			if ($i ~ /^end:/) end = substr($i, 5)
		}
		if (end - begin + 1 > max)
			print $2 ":" begin ": " $1 "() has " end - begin + 1 \
			    " lines"
	    }'
}

no_licence() {
	{
		sources c h def inc t sh py
		ls contrib/quickstart contrib/check contrib/nightly \
		    contrib/lib.sh tests/banned tests/rooms schema/*.sh schema/*.sql configure.ac \
		    Makefile.am build-aux/bootstrap
	} | sort -u | while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
			echo "$file"
	done
}

# code FILE: the file without comments and without what is between quotes.
code() {
	awk '{
		line = $0
		gsub(/\\./, "", line)
		gsub(/"[^"]*"/, "\"\"", line)
		out = ""
		while (line != "") {
			if (inside) {
				at = index(line, "*/")
				if (at == 0) break
				line = substr(line, at + 2)
				inside = 0
			} else {
				at = index(line, "/*")
				if (at == 0) { out = out line; break }
				out = out substr(line, 1, at - 1)
				line = substr(line, at + 2)
				inside = 1
			}
		}
		print NR ":" out
	}' "$1"
}

# banned_in FILE: calls that tests/banned does not allow there.
banned_in() {
	code "$1" | awk -F '\t+' -v file="$1" '
	NR == FNR {
		if ($0 !~ /^#/ && NF >= 3) {
			n = split($2, patterns, / /)
			for (i = 1; i <= n; i++) {
				gsub(/[.]/, "[.]", patterns[i])
				gsub(/[*]/, ".*", patterns[i])
				if (file ~ "^" patterns[i] "$")
					next
			}
			reason[$1] = $3
		}
		next
	}
	{
		colon = index($0, ":")
		rest = " " substr($0, colon + 1)
		while (match(rest, /[A-Za-z_][A-Za-z0-9_]* *\(/)) {
			name = substr(rest, RSTART, RLENGTH - 1)
			before = substr(rest, RSTART - 1, 1)
			sub(/ *$/, "", name)
			if (name in reason && before !~ /[.>]/)
				print file ":" substr($0, 1, colon - 1) ": " \
				    name ": " reason[name]
			rest = " " substr(rest, RSTART + RLENGTH)
		}
	}' tests/banned -
}

banned() {
	# shellcheck disable=SC2086
	find $rooms -name '*.[ch]' | sort | while read -r file; do
		banned_in "$file"
	done
}

planted() {
	cat >"$tmp/planted.c" <<-'END'
	/* strcpy(a, b) in a comment */
	x = "strcpy(a, b)";
	strcpy(a, b);
	my_strcpy(a, b);
	p->time(a);
	t = time(NULL);
	END
	found=$(banned_in "$tmp/planted.c" | grep -c .)
	[ "$found" -eq 2 ] || echo "found $found of 2"
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

echo 1..7
tap "no file of C is longer than $file_max lines, no test than $test_max" "$(too_long)"
tap "no line of C is wider than $line_max columns" "$(too_wide)"
if command -v ctags >/dev/null &&
    ctags --version 2>/dev/null | grep -q Universal; then
	tap "no function is longer than $function_max lines" \
	    "$(long_functions)"
else
	skip "no function is longer than $function_max lines" \
	    "universal-ctags is missing"
fi
tap "each source says its licence" "$(no_licence)"
tap "no function is called that tests/banned names" "$(banned)"
tap "calls of banned functions are found" "$(planted)"
# shellcheck disable=SC2086
tap "nothing is left for later" "$(grep -rnE \
    --include='*.[ch]' --include='*.sh' --include='*.t' '(TO|FIX)[D]?(O|ME)\b' \
    $rooms tests | grep -v style.t)"
exit $failed
