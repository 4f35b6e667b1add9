# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What end-to-end tests share.  A test begins with
#
#	. "$(dirname "$0")/lib.sh"
#
# and gets a work directory of its own ($WORK), an end that unmounts, stops what was started and looks
# through the daemons' logs, and these functions:
#
#	server_start [OPTION]...	a wakefsd on a random loopback port; sets SERVER_URL, SERVER_PID
#	server_stop			ends it well;  server_kill: kill -9;  server_start brings it back
#	person NAME			sets who the next commands are: a home with own XDG directories
#	as NAME COMMAND...		one command as somebody
#	signup [EMAIL] / login [EMAIL]	an account for the present person, a second device of it
#	mount_here [OPTION]...		mounts at $MNT of the present person;  umount_here
#	mnt NAME, store NAME		somebody's mountpoint, and directory of the local store
#	wait_for [-t SECONDS] COMMAND...	until it succeeds; fails the test in the end
#	check "WHAT" COMMAND...		fails the test unless it succeeds
#	check_not "WHAT" COMMAND...	fails the test if it succeeds
#	check_same "WHAT" GOT WANTED	texts
#	check_exit CODE COMMAND...	exit code; output in $WORK/out and $WORK/err
#	check_says TEXT			the last check_exit's output or error has it
#	allow_errors PATTERN		ERROR lines in logs that match are expected
#	need PROGRAM...			skips the test where one is missing
#	two_devices [FILE]...		server, account, import; ann and ben mounted; ann is the present one
#	is_in_sync, status_json, mount_pid NAME
#
# PROCESSES+=(PID) ends further processes; KEEP=1 keeps the work directory of a failed test.
#
# Nothing sleeps for a duration: whoever waits, waits for a state.
set -u
: "${B:?B must name the build directory}"
PATH="$B:$PATH"
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034  # for tests
SAMPLES=$ROOT/tests/data/exports
TEST=$(basename "$0" .sh)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/wakefs-$TEST.XXXXXX") || exit 1
PASSPHRASE_FILE=$WORK/passphrase
(umask 077; printf 'correct horse battery staple\n' >"$PASSPHRASE_FILE")
SERVER_PID='' SERVER_URL='' SERVER_PORT=0
PEOPLE=() PROCESSES=() ALLOWED=()
ME='' MNT=''
unset XDG_STATE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

skip() {
	printf '%s\n' "$*"
	exit 77
}

need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# A short pause between two looks at a state.
pause() {
	read -r -t 0.02 <>"$WORK/nothing" || true
}
mkfifo "$WORK/nothing"

wait_for() {
	local limit=20 until
	if [ "$1" = -t ]; then
		limit=$2
		shift 2
	fi
	until=$((SECONDS + limit))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || fail "waited $limit s in vain for: $*"
		pause
	done
}

check() {
	local what=$1
	shift
	"$@" || fail "$what: $*"
}

check_not() {
	local what=$1
	shift
	if "$@"; then fail "$what: $*"; fi
}

check_same() {
	[ "$2" = "$3" ] && return
	printf -- '--- got\n%s\n--- wanted\n%s\n' "$2" "$3" >&2
	fail "$1"
}

check_exit() {
	local wanted=$1 got
	shift
	timeout 120 "$@" >"$WORK/out" 2>"$WORK/err" </dev/null
	got=$?
	[ $got -eq "$wanted" ] && return
	cat "$WORK/out" "$WORK/err" >&2
	fail "exit code $got instead of $wanted: $*"
}

check_says() {
	grep -q -e "$1" "$WORK/out" "$WORK/err" && return
	cat "$WORK/out" "$WORK/err" >&2
	fail "nothing says: $1"
}

allow_errors() {
	ALLOWED+=("$1")
}

# --- server ---

# shellcheck disable=SC2120  # options are optional
server_start() {
	# What an earlier one said must not be taken for its word.
	rm -f "$WORK/server.out"
	wakefsd --listen "127.0.0.1:$SERVER_PORT" --db "$WORK/wakefsd.db" "$@" \
		>"$WORK/server.out" 2>>"$WORK/server.log" </dev/null &
	SERVER_PID=$!
	wait_for grep -q 'listening on http' "$WORK/server.out"
	SERVER_URL=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$WORK/server.out")
	# Started again it is found at the same place.
	SERVER_PORT=${SERVER_URL##*:}
}

server_end() {
	[ -n "$SERVER_PID" ] || return 0
	kill "-$1" "$SERVER_PID" 2>/dev/null
	wait "$SERVER_PID" 2>/dev/null
	SERVER_CODE=$?
	SERVER_PID=''
}

server_stop() {
	[ -n "$SERVER_PID" ] || return 0
	server_end TERM
	[ "$SERVER_CODE" -eq 0 ] || fail "the server ended with exit code $SERVER_CODE"
}

server_kill() {
	server_end KILL
}

# --- people ---

person() {
	ME=$1
	export HOME=$WORK/$ME XDG_STATE_HOME=$WORK/$ME/state XDG_CONFIG_HOME=$WORK/$ME/config \
		XDG_RUNTIME_DIR=$WORK/$ME/run
	MNT=$HOME/mnt
	case " ${PEOPLE[*]-} " in *" $ME "*) return ;; esac
	mkdir -p "$HOME" "$MNT" "$XDG_RUNTIME_DIR"
	PEOPLE+=("$ME")
}

as() {
	local before=$ME code
	person "$1"
	shift
	"$@"
	code=$?
	person "$before"
	return $code
}

mnt() {
	printf '%s\n' "$WORK/$1/mnt"
}

store() {
	printf '%s\n' "$WORK/$1"/state/wakefs/*/
}

signup() {
	check_exit 0 wakefs signup "${1:-$ME@example.com}" --server "$SERVER_URL" \
		--passphrase-file "$PASSPHRASE_FILE"
}

login() {
	check_exit 0 wakefs login "${1:-$ME@example.com}" --server "$SERVER_URL" \
		--passphrase-file "$PASSPHRASE_FILE"
}

import() {
	check_exit 0 wakefs import "$@" --passphrase-file "$PASSPHRASE_FILE"
}

# shellcheck disable=SC2120  # options are optional
mount_here() {
	check_exit 0 wakefs mount "$MNT" "$@" --passphrase-file "$PASSPHRASE_FILE"
}

umount_here() {
	check_exit 0 wakefs umount "$MNT"
}

# The usual fixture: a server, an account, and a second device of it, both mounted.
two_devices() {
	[ -e /dev/fuse ] || skip "there is no /dev/fuse"
	server_start
	person ann
	signup ann@example.com
	[ $# -eq 0 ] || import "$@"
	mount_here
	person ben
	login ann@example.com
	mount_here
	person ann
}

status_json() {
	wakefs status --json
}

is_in_sync() {
	status_json | jq -e '.sync.online and ([.groups[].pending] | add // 0) == 0' >/dev/null
}

mount_pid() {
	sed -n 's/.*process \([0-9]*\)).*/\1/p' "$(store "$1")lock"
}

# --- the end ---

# A daemon that says ERROR, or a sanitizer that reports, fails a test that passed.
scan_logs() {
	local log pattern found=1
	for log in "$WORK"/server.log "$WORK"/*/state/wakefs/*/log; do
		[ -s "$log" ] || continue
		grep -E ' ERROR |ERROR: (Address|Thread|Leak|Memory)Sanitizer|runtime error:' "$log" \
			>"$WORK/errors" || continue
		for pattern in ${ALLOWED[@]+"${ALLOWED[@]}"}; do
			grep -v -e "$pattern" "$WORK/errors" >"$WORK/errors.rest"
			mv "$WORK/errors.rest" "$WORK/errors"
		done
		[ -s "$WORK/errors" ] || continue
		printf -- '--- %s\n' "$log" >&2
		tail -n 60 "$log" >&2
		found=0
	done
	return $found
}

end() {
	local code=$? name pid
	trap - EXIT
	trap '' INT TERM
	cd /
	for name in ${PEOPLE[@]+"${PEOPLE[@]}"}; do
		person "$name"
		timeout 30 wakefs umount "$MNT" >/dev/null 2>&1 || fusermount3 -u -z "$MNT" 2>/dev/null
	done
	for pid in ${PROCESSES[@]+"${PROCESSES[@]}"}; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	server_end TERM
	if [ $code -eq 0 ] && [ "${SERVER_CODE:-0}" -ne 0 ] && [ "${SERVER_CODE:-0}" -lt 128 ]; then
		printf 'FAILED: the server ended with exit code %d\n' "$SERVER_CODE" >&2
		code=1
	fi
	if [ $code -ne 77 ] && scan_logs; then
		printf 'FAILED: a daemon reported errors\n' >&2
		[ $code -ne 0 ] || code=1
	fi
	if [ $code -ne 0 ] && [ $code -ne 77 ] && [ -n "${KEEP:-}" ]; then
		printf 'kept: %s\n' "$WORK" >&2
	else
		rm -rf "$WORK"
	fi
	exit $code
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
