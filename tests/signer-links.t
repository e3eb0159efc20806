#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daa-signer links no HTTP, database, JSON or TLS library.
program=${builddir:-.}/daa-signer
allowed='libcrypto.so libsodium.so libseccomp.so libc.so ld-linux
linux-vdso libasan.so libubsan.so libgcc_s.so libm.so libstdc++.so'

echo 1..2
needed=$(readelf -d "$program" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
extra=
for library in $needed; do
	known=no
	for name in $allowed; do
		case $library in
		"$name"*) known=yes ;;
		esac
	done
	[ $known = yes ] || extra="$extra $library"
done
if [ -n "$needed" ] && [ -z "$extra" ]; then
	echo "ok 1 - daa-signer needs only libcrypto, libsodium, libseccomp"
else
	echo "not ok 1 - daa-signer needs only libcrypto, libsodium, libseccomp"
	echo "# needs also:$extra"
fi

# The same for what is linked in statically.
found=$(nm "$program" | grep -E ' (MHD|sqlite3|json|jansson|SSL|gnutls|curl)_' |
	head -n 5)
if [ -z "$found" ] && nm "$program" | grep -q ' journal_append$'; then
	echo "ok 2 - no function of such a library is in daa-signer"
else
	echo "not ok 2 - no function of such a library is in daa-signer"
	echo "# $found"
fi
