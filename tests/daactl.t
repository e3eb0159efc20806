#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# daactl without a server: its papers fit it, its completion completes, its
# exit statuses are those of the manual.
top=${abs_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
daactl=${abs_builddir:-$top/build}/daactl
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export HOME=$work
unset XDG_CONFIG_HOME "${!DAACTL_@}"

n=0 failed=0
result() {	# STATUS SENTENCE
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

skip() {	# SENTENCE WHY
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

exits() {	# STATUS COMMAND...: prints what standard error should have
	local want=$1 status
	shift
	"$@" >"$work/out" 2>"$work/err"
	status=$?
	[ $status -eq "$want" ] || {
		echo "# $*: exit status $status, not $want"
		sed 's/^/# /' "$work/err"
		return 1
	}
}

if [ ! -x "$daactl" ]; then
	echo "1..0 # SKIP daactl is not built"
	exit 0
fi

# Every command, as its own help lists them.
mapfile -t commands < <("$daactl" --help |
    sed -n 's/^  \([a-z][a-z -]*[a-z]\)\( .*\)*  .*/\1/p')

every_help() {
	local c
	[ "${#commands[@]}" -gt 40 ] || return 1
	for c in "${commands[@]}"; do
		[ "$c" = "evidence verify" ] && continue
		# shellcheck disable=SC2086 # words of a command
		exits 0 "$daactl" $c --help || return 1
		grep -q "^usage: daactl $c" "$work/out" || return 1
	done
}
every_help
result $? "every command says how it is used"

in_manual() {
	local c status=0
	# Words as the page prints them, whatever the macros between.
	MANWIDTH=10000 mandoc -T ascii "$top/man/daactl.1" | col -b |
	    tr -s ' ' >"$work/manual"
	for c in "${commands[@]}"; do
		grep -q "$c" "$work/manual" || {
			echo "# the manual has no $c"
			status=1
		}
	done
	for c in $("$daactl" completion bash |
	    grep -o -- '--[a-z][a-z-]*' | sort -u); do
		grep -q -- "$c" "$work/manual" || {
			echo "# the manual has no $c"
			status=1
		}
	done
	return $status
}
if command -v mandoc >/dev/null && command -v col >/dev/null; then
	in_manual
	result $? "the manual has every command and every option"
	mandoc -T lint -W warning "$top/man/daactl.1" >"$work/out"
	result $? "the manual is well formed"
else
	skip "the manual has every command and every option" "no mandoc"
	skip "the manual is well formed" "no mandoc"
fi

# --- completion -----------------------------------------------------------

script=$top/contrib/completion/daactl.bash
"$daactl" completion bash | cmp -s - "$script"
result $? "contrib/completion/daactl.bash is what daactl prints"
bash -n "$script"
result $? "bash can read it"
if command -v shellcheck >/dev/null; then
	shellcheck -s bash "$script" >"$work/out"
	result $? "shellcheck has nothing to say about it"
else
	skip "shellcheck has nothing to say about it" "no shellcheck"
fi

# What is offered for a line; the last word is the one being typed.
offered() {
	bash -c '
		source "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_daactl
		echo "${COMPREPLY[*]}"' bash "$script" "$@"
}

offers() {	# WANT LINE...
	local want=$1 got
	shift
	got=$(offered "$@")
	[ "$got" = "$want" ] || {
		echo "# $*: offered '$got', not '$want'"
		return 1
	}
}

completes() {
	touch "$work/lot-17.csv"
	offers "tenant token transfer" daactl t &&
	offers "add import bulk bulk-release list release restore history" daactl claim "" &&
	offers "import" daactl --tenant a claim im &&
	offers "import" daactl -t claim claim im &&
	offers "--role" daactl token create ci --ro &&
	offers "admin owner contributor reader auditor" daactl token create ci --role "" &&
	offers "keyCompromise" daactl certificate revoke 01 --reason k &&
	offers "" daactl device ban d --reason k &&
	offers "$work/lot-17.csv" daactl claim import "$work/lot" &&
	offers "$work/lot-17.csv" daactl --token-file "$work/lot" &&
	offers "bash" daactl completion ""
}
completes
result $? "words, options, values and files are completed"

# --- exit statuses --------------------------------------------------------

usage() {
	exits 2 "$daactl" && exits 2 "$daactl" nonsense &&
	exits 2 "$daactl" group && grep -q 'one of: create, list' "$work/err" &&
	exits 2 "$daactl" device list &&
	grep -q -- --tenant "$work/err" &&
	exits 2 "$daactl" anchor list &&
	grep -q -- --platform "$work/err" &&
	exits 2 "$daactl" -t a device list --limit 0 &&
	exits 2 "$daactl" --url http://localhost:1 tenant list &&
	exits 2 "$daactl" -t a group set lab
}
DAACTL_TOKEN=x usage
result $? "a wrong command line ends with 2"

exits 6 "$daactl" tenant list && [ ! -s "$work/out" ]
result $? "no token ends with 6, and nothing is printed"

DAACTL_TOKEN=x exits 7 "$daactl" --url https://localhost:1 tenant list &&
    DAACTL_TOKEN=x exits 7 "$daactl" --url https://localhost:1 --json \
    tenant list && [ ! -s "$work/out" ]
result $? "a server that cannot be reached ends with 7"

local_work() {
	exits 0 "$daactl" version &&
	exits 0 env DAACTL_URL=nonsense "$daactl" version --json &&
	exits 2 "$daactl" version --tenant a
}
local_work
result $? "what needs no server needs no settings"

# shellcheck disable=SC2016 # expanded inside
exits 1 bash -c '"$1" --help >/dev/full' bash "$daactl"
result $? "output that cannot be written ends with 1"

secret_safe() {
	echo daapki_secret >"$work/token"
	chmod 644 "$work/token"
	exits 1 "$daactl" --token-file "$work/token" tenant list &&
	! grep -q daapki_secret "$work/err" &&
	exits 2 "$daactl" --token daapki_secret tenant list
}
secret_safe
result $? "a token that others can read is refused, and none is taken as argument"

echo "1..$n"
exit $failed
