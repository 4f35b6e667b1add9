#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the mount's process at random moments, while a program saves with fsync: what fsync acknowledged
# is there afterwards, whole; no mount hangs; the server gets all of it once.  TORTURE=1: 1,000 rounds.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
rounds=30
[ "${TORTURE:-0}" = 1 ] && rounds=1000

server_start
person ann
signup
import "$SAMPLES/pet-store.json"
dir="$MNT/Pet Store"
ledger=$WORK/ledger
: >"$ledger"
is_gone() { ! kill -0 "$1" 2>/dev/null; }
lines() { [ "$(wc -l <"$ledger")" -ge "$1" ]; }

# check_file FILE: it holds, whole, the last acknowledged save, or one that was begun after it.
check_file() {
	local last begun number
	last=$(grep -F "! $1 " "$ledger" | tail -n 1 | cut -d' ' -f3)
	[ -n "$last" ] || return 0
	begun=$(grep -F "? $1 " "$ledger" | tail -n 1 | cut -d' ' -f3)
	[ -e "$dir/$1" ] || fail "round $round: $1 is gone; $last was acknowledged"
	number=$(grep -o 'u-[0-9]*' "$dir/$1" | sort | uniq -c | awk '{ print $1 ":" $2 }')
	case $1:$number in
	doc-*:41:u-"$last" | scratch-*:40:u-"$last") ;;
	doc-*:41:u-"$begun" | scratch-*:40:u-"$begun") ;;
	# Truncated and not yet written: a save in place that was not acknowledged.
	*-[1357].*:*) [ "$begun" != "$last" ] || fail "round $round: $1 has $number, not $last" ;;
	*) fail "round $round: $1 has $number, not $last or $begun" ;;
	esac
}

for ((round = 1; round <= rounds; round++)); do
	mount_here
	for file in doc-{0,1,2,3}.json scratch-{4,5,6,7}.txt; do check_file "$file"; done
	before=$(wc -l <"$ledger")
	"$B/tests/e2e/saver" "$dir" "$ledger" $((before + 1)) 2>"$WORK/saver.err" &
	saver=$!
	# A moment that is not chosen by us: after so and so many steps of the saver.
	wait_for lines $((before + 1 + RANDOM % 300))
	pid=$(mount_pid ann)
	kill -9 "$pid"
	wait_for is_gone "$pid"
	for ((i = 0; i < 1500; i++)); do
		is_gone $saver && break
		pause
	done
	is_gone $saver || fail "round $round: the program that saved hangs"
	wait $saver || fail "round $round: $(cat "$WORK/saver.err")"
	timeout 10 ls "$MNT" >/dev/null 2>&1
	check "round $round: the dead mount does not hang" test $? -ne 124
done
mount_here
for file in doc-{0,1,2,3}.json scratch-{4,5,6,7}.txt; do check_file "$file"; done
wait_for -t 60 is_in_sync
echo "$rounds rounds, $(grep -c '^!' "$ledger") acknowledged saves"

# The other device has the documents, once each, and nothing that was not saved.
person ben
login ann@example.com
mount_here
wait_for is_in_sync
for i in 0 1 2 3; do
	check_same "doc-$i.json" "$(jq -r .description "$MNT/Pet Store/doc-$i.json" | sha256sum)" \
		"$(jq -r .description "$dir/doc-$i.json" | sha256sum)"
done
check_same "no copies" "$(find "$MNT/Pet Store" -name 'doc-*' | wc -l)" 4
exit 0
