# SPDX-License-Identifier: Apache-2.0
# What the server-*.sh tests share: a wakefsd of one's own, and requests to it.
# Source it; needs B (the build directory).
set -u
: "${B:?the build directory}"
work=$(mktemp -d) || exit 1
server_pid=
finish() {
	local rc=$?
	[ -n "$server_pid" ] && kill -9 "$server_pid" 2>/dev/null
	if [ $rc -eq 0 ] && grep -E 'ERROR|Sanitizer' "$work"/err* 2>/dev/null; then
		rc=1
	fi
	[ $rc -ne 0 ] && tail -n 20 "$work"/err* 2>/dev/null
	rm -rf "$work"
	exit $rc
}
trap finish EXIT

fail() {
	echo "FAIL: $*"
	exit 1
}

# start_server [OPTION…]: sets server_pid and url; the port is the one that it prints.
start_server() {
	rm -f "$work/out"
	mkfifo "$work/out"
	"$B/wakefsd" --listen 127.0.0.1:0 --db "$work/db" "$@" >"$work/out" 2>>"$work/err" &
	server_pid=$!
	read -r banner <"$work/out" || fail "wakefsd ended at once"
	url=$(sed -n 's/^wakefsd: listening on \(http:[^ ]*\) .*/\1/p' <<<"$banner")
	[ -n "$url" ] || fail "it said: $banner"
}

# stop_server SIGNAL WANTED_EXIT
stop_server() {
	local rc
	kill "-$1" "$server_pid"
	wait "$server_pid" 2>/dev/null
	rc=$?
	server_pid=
	[ "$rc" -eq "$2" ] || fail "signal $1: exit $rc, not $2"
}

# ask METHOD PATH [curl option…]: prints "STATUS BODY".
ask() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 60 -X "$method" -w '%{stderr}%{http_code} ' "$@" "$url$path" 2>"$work/code" >"$work/body"
	printf '%s%s\n' "$(cat "$work/code")" "$(cat "$work/body")"
}

# expect TEXT PATTERN
expect() {
	# shellcheck disable=SC2254
	case $1 in
	$2) ;;
	*) fail "got: ${1:0:300}   wanted: $2" ;;
	esac
}
