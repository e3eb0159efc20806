# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2154 # source is set by who sources this
# What quickstart and check share; to be sourced with $source set.

# packages_missing KIND...: print those of the kinds that are not installed.
packages_missing() {
	for kind_ in "$@"; do
		sed -n "s/^$kind_ //p" "$source/contrib/packages.txt"
	done | while read -r name_; do
		case $(dpkg-query -W -f '${Status}' "$name_" 2>/dev/null) in
		*' installed') ;;
		*) echo "$name_" ;;
		esac
	done
}

# packages_install NAME...: with apt-get, which wants to be root.
packages_install() {
	if [ "$(id -u)" -eq 0 ]; then
		as_root_=
	elif command -v sudo >/dev/null; then
		as_root_=sudo
	else
		echo "these packages are missing, and only root can install" \
		    "them: $*" >&2
		return 2
	fi
	$as_root_ apt-get update -q &&
	$as_root_ env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -q -y --no-install-recommends "$@"
}

# packages_have no-install|install LOG KIND...: see that all are there.
packages_have() {
	packages_may_=$1 packages_log_=$2
	shift 2
	if ! command -v dpkg-query >/dev/null; then
		echo "this is no Debian: see contrib/packages.txt for what" \
		    "must be there" >&2
		return 2
	fi
	packages_=$(packages_missing "$@" | tr '\n' ' ')
	[ -n "$packages_" ] || return 0
	if [ "$packages_may_" = no-install ]; then
		echo "these packages are missing: $packages_" >&2
		return 2
	fi
	echo "# installing: $packages_"
	# shellcheck disable=SC2086 # a list
	packages_install $packages_ >"$packages_log_" 2>&1 || {
		packages_rc_=$?
		tail -n 20 "$packages_log_" >&2
		return "$packages_rc_"
	}
}

processors() {
	nproc 2>/dev/null || echo 2
}

# build_in DIR [CONFIGURE FLAG...]: configure (once with these) and make, out of
# tree.
build_in() {
	build_dir_=$1
	shift
	if [ ! -x "$source/configure" ]; then
		"$source/build-aux/bootstrap" || return 1
	fi
	mkdir -p "$build_dir_" && (
		cd "$build_dir_" || exit 1
		if [ ! -f Makefile ] ||
		    [ "$(cat configured 2>/dev/null)" != "$*" ]; then
			if [ -f Makefile ]; then
				make -s clean || exit 1
			fi
			"$source/configure" -q "$@" || exit 1
			echo "$*" >configured
		fi
		make -j"$(processors)"
	)
}
