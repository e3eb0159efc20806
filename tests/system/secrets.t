#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No CA key and no master key ever is in daad; daa-signer links nothing that
# speaks to the world.
: "${srcdir:=.}" "${builddir:=.}"
. "$srcdir/tests/system/service.sh"
scan=$srcdir/tests/system/scan.py

plan=11 n=0 failed=0
tap() {		# SENTENCE STATUS
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		failed=1
	fi
}

show() {
	sed 's/^/# /' "$1"
}

service_have || { echo "1..0 # SKIP the programs are not built"; exit 0; }
for tool in curl python3 readelf nm; do
	command -v $tool >/dev/null ||
	    { echo "1..0 # SKIP $tool is missing"; exit 0; }
done
echo "1..$plan"

# --- what the programs are made of ------------------------------------------

dir=$(mktemp -d) || exit 1
trap 'service_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

readelf -d "$builddir/daa-signer" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libcrypto|libsodium|libseccomp|libc|ld-linux.*|lib(a|ub)san)\.so' |
    grep -vE '^lib(m|gcc_s|stdc\+\+|dl|rt|pthread|resolv)\.so' >"$dir/needed"
show "$dir/needed"
[ ! -s "$dir/needed" ]
tap "daa-signer links libcrypto, libsodium, libseccomp and libc only" $?

nm "$builddir/daa-signer" >"$dir/nm-signer"
nm "$builddir/daad" >"$dir/nm-daad"
grep -E ' U (SSL_|MHD_|sqlite3_|json_|curl_|gnutls_)' "$dir/nm-signer" \
    >"$dir/foreign"
show "$dir/foreign"
grep -q ' T sealed_open$' "$dir/nm-signer" && [ ! -s "$dir/foreign" ]
tap "daa-signer calls no HTTP, database, JSON or TLS library" $?

! grep -E ' [Tt] (sealed_open|master_open|journal_append)$' "$dir/nm-daad"
tap "daad has no code that opens a sealed key or the master key" $?

# --- what is in their memory -------------------------------------------------

if grep -q __asan_init "$dir/nm-daad"; then
	while [ $n -lt $plan ]; do
		n=$((n + 1))
		echo "ok $n # SKIP a sanitizer's memory is too large to read"
	done
	exit $failed
fi

service_begin "$dir" >"$dir/out" 2>&1 &&
service_ctl tenant create tenant-a >>"$dir/out" 2>&1 &&
service_ctl tenant create tenant-b >>"$dir/out" 2>&1 &&
service_group tenant-a >>"$dir/out" 2>&1 &&
service_load tenant-a 2 >>"$dir/out" 2>&1
rc=$?
[ $rc -eq 0 ] || show "$dir/out"
tap "a server with two tenants enrols devices" $rc

signer=
for exe in /proc/[0-9]*/exe; do
	pid=${exe#/proc/}
	pid=${pid%/exe}
	if [ "$(readlink "$exe" 2>/dev/null)" = "$(realpath "$builddir/daa-signer")" ] &&
	    tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qF "$dir/"; then
		signer=$pid
	fi
done

cp -r "$dir/state.signer/journal" "$dir/journal"
"$builddir/tests/system/peek" keys "$dir/journal" "$dir/state.signer/master.key" \
    >"$dir/keys" 2>"$dir/err"
show "$dir/err"
cut -d ' ' -f 1-2 "$dir/keys" | grep -v ^master | show /dev/stdin
[ "$(grep -c '^tenant-[ab] ' "$dir/keys")" -ge 4 ] &&
grep -q '^platform ' "$dir/keys" && grep -q '^master ' "$dir/keys"
tap "the keys of all CAs and the master key are at hand" $?

# What is not in daad must be something that would be found: keys that daad
# does hold are, and so are the CA keys in the process that has them.
printf 'nonce-key %s\n' "$(od -An -v -tx1 -j 8 -N 32 "$dir/state/keys" |
    tr -d ' \n')" | python3 "$scan" "$service_pid" >"$dir/found" 2>"$dir/err"
rc=$?
if [ $rc -eq 2 ]; then
	show "$dir/err"
	while [ $n -lt $plan ]; do
		n=$((n + 1))
		echo "ok $n # SKIP this user may not read daad's memory"
	done
	exit $failed
fi
grep -q '^nonce-key (bytes)' "$dir/found"
tap "the scan finds a key of its own that daad holds" $?

python3 "$scan" "${signer:-0}" <"$dir/keys" >"$dir/found" 2>"$dir/err"
grep -q '^tenant-a issuing' "$dir/found" && grep -q '^master' "$dir/found"
rc=$?
[ $rc -eq 0 ] || show "$dir/err"
tap "the scan finds the master key and a CA key in daa-signer" $rc

# Under load, several times over.
service_load tenant-a 4 >"$dir/out" 2>&1 &
load=$!
: >"$dir/found"
clean=0
for _ in 1 2 3; do
	python3 "$scan" "$service_pid" <"$dir/keys" >>"$dir/found" \
	    2>"$dir/err" && clean=$((clean + 1))
	sleep 0.5
done
show "$dir/err"
show "$dir/found"
wait $load
rc=$?
[ $rc -eq 0 ] || show "$dir/out"
[ $clean -eq 3 ] && [ $rc -eq 0 ]
tap "no CA key and no master key is in daad's memory or open files" $?

service_end
tap "daad ends by itself when told to" $?

# daad looks for itself, once its sandbox holds, whether it could open the file.
if grep -q sandbox.no-landlock "$dir/daad.log"; then
	for _ in 1 2; do
		n=$((n + 1))
		echo "ok $n # SKIP this kernel has no Landlock"
	done
	exit $failed
fi
! grep -q sandbox.key-readable "$dir/daad.log"
tap "daad's sandbox keeps it from opening the master key" $?

cp "$dir/state.signer/master.key" "$dir/state/key"
"$builddir/daad" serve "--state-dir=$dir/state" \
    "--master-key-file=$dir/state/key" >"$dir/daad.log" 2>&1 &
service_pid=$!
wait_=0
until grep -q sandbox.key-readable "$dir/daad.log" || [ $wait_ -gt 600 ]; do
	wait_=$((wait_ + 1))
	sleep 0.1
done
grep -q sandbox.key-readable "$dir/daad.log"
tap "a master key that daad could open is warned of" $?
service_end
exit $failed
