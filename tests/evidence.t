#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daactl evidence verify: inputs, options, output and exit statuses.
verify=${builddir:-.}/tests/evidence_verify
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"${builddir:-.}/tests/make_case" "$work" || exit 1
nonce=$(printf '5a%.0s' $(seq 32))
at=2026-06-01T12:00:00Z

n=0
is() {		# SENTENCE STATUS TEXT COMMAND...: exits so, and says so
	sentence=$1 want=$2 text=$3
	shift 3
	n=$((n + 1))
	said=$("$@" 2>&1)
	status=$?
	if [ $status -eq "$want" ] && printf '%s' "$said" | grep -q -- "$text"
	then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		printf 'exit status %s\n%s\n' $status "$said" | sed 's/^/# /'
	fi
}

is 'a good case is accepted' 0 '"verdict":"accepted"' \
    "$verify" "$work/good.json"
printf '{"evidence": {}, "\\u001b[31m\\nok 1": 1}' >"$work/foreign.json"
is 'what a file names is no word to the terminal' 2 \
    '^daactl: [^ ]*: /[!-~]*31m[^ ]*ok 1: [!-~]*31m.*is not known here$' \
    "$verify" "$work/foreign.json"
is 'a refused one gives status 3, its reason and its code' 3 \
    '"reason":"nonce","code":"evidence.nonce"' "$verify" "$work/nonce.json"
is 'one refused among others gives status 3' 3 '"verdict":"accepted"' \
    "$verify" "$work/nonce.json" "$work/good.json"
is 'what comes out as expected is ok' 0 '^ok 2 - nonce.json' \
    "$verify" --expect "$work/good.json" "$work/nonce.json"
is 'what comes out otherwise is not, with status 1' 1 '^not ok 1 - wrong' \
    "$verify" --expect "$work/wrong.json" "$work/good.json"
is 'an input without an expectation is not ok' 1 '^not ok 1' \
    "$verify" --expect --trust "$work/trust.json" --at $at "$work/bound.json"
is 'an activation is for a server' 3 '"reason":"malformed"' \
    "$verify" "$work/activation.json"
is 'an evidence document is appraised with options' 0 '"hardware_key":true' \
    "$verify" --trust "$work/trust.json" --nonce "$nonce" --at=$at \
    "$work/bound.json"
is 'its key may be given' 3 '"code":"evidence.key-not-bound"' \
    "$verify" --trust "$work/trust.json" --nonce "$nonce" --at $at \
    --spki "$work/spki" "$work/bound.json"
is 'the binding hash is not the nonce' 3 '"reason":"nonce"' \
    "$verify" --trust "$work/trust.json" --nonce "$nonce" --at $at --raw \
    "$work/bound.json"
is 'without a nonce nothing is fresh' 3 '"reason":"nonce"' \
    "$verify" --trust "$work/trust.json" --at $at "$work/bound.json"
is 'a nonce longer than any format takes is another one' 3 '"reason":"nonce"' \
    "$verify" --trust "$work/trust.json" --nonce "$nonce$nonce$nonce" \
    --at $at --raw "$work/bound.json"
is 'without trust nothing is believed' 3 '"reason":"chain"' \
    "$verify" --nonce "$nonce" --at $at "$work/bound.json"
is 'at another time the certificates are not valid' 3 '"reason":"expired"' \
    "$verify" --trust "$work/trust.json" --nonce "$nonce" \
    --at 2030-01-01T00:00:00Z "$work/bound.json"
is 'what cannot be read gives status 2' 2 'line 1' \
    "$verify" "$work/broken.json" "$work/nonce.json"
is 'a file that is not there gives status 2' 2 'No such file' \
    "$verify" "$work/none.json"
is 'no input gives status 2' 2 '^usage' "$verify"
is 'an unknown option gives status 2' 2 '^usage' "$verify" --no "$work/good.json"
is 'a nonce that is not hex gives status 2' 2 '^usage' \
    "$verify" --nonce xyz "$work/bound.json"
rm "$work/quote.bin"
is 'a file that a case names must be there' 2 'quote.bin' \
    "$verify" "$work/good.json"
echo "1..$n"
