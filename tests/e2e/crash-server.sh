#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the server at random moments, while a device pushes: what the device calls clean is on the
# server afterwards, the rest arrives, nothing is doubled, and a fresh device has all of it.  TORTURE=1:
# 1,000 rounds.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq sqlite3
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
rounds=30
[ "${TORTURE:-0}" = 1 ] && rounds=1000
each=12

server_start
person ann
signup
import "$SAMPLES/pet-store.json"
mount_here
dir="$MNT/Pet Store"
is_gone() { ! kill -0 "$1" 2>/dev/null; }
on_server() {
	sqlite3 -readonly "$WORK/wakefsd.db" 'pragma busy_timeout = 5000; select id from resource where removed = 0' | tail -n +2 | sort
}
calm_or_stuck=0

for ((round = 1; round <= rounds; round++)); do
	for ((i = 0; i < each; i++)); do
		# New ones, and every other round new versions of the ones before.
		name="d$((round / 2))-$i.json"
		printf '{"url": "https://crash.example/%d", "method": "GET"}\n' $round >"$dir/$name"
	done
	sync "$dir/$name"
	for ((i = RANDOM % 12; i > 0; i--)); do pause; done
	server_kill
	# What it calls clean now was acknowledged.
	: >"$WORK/clean"
	for ((i = 0; i < each; i++)); do
		timeout 10 wakefs stat --json "$dir/d$((round / 2))-$i.json" >"$WORK/stat" 2>"$WORK/err" ||
			fail "stat: $(cat "$WORK/err")"
		jq -r 'select(.state == "clean") | .id' "$WORK/stat" >>"$WORK/clean"
	done
	server_start
	on_server >"$WORK/there"
	sort "$WORK/clean" | comm -23 - "$WORK/there" >"$WORK/lost"
	check_same "round $round: called clean, but not on the server" "$(cat "$WORK/lost")" ""
	calm_or_stuck=$((calm_or_stuck + $(wc -l <"$WORK/clean")))
	wait_for -t 40 is_in_sync
done
echo "$rounds rounds; $calm_or_stuck were clean when the server died"
documents=$((25 + (rounds / 2 + 1) * each))
check_same "each is there once" "$(on_server | wc -l)" "$documents"

# The device dies with the server; a fresh one has what was in sync.
server_kill
pid=$(mount_pid ann)
kill -9 "$pid"
wait_for is_gone "$pid"
server_start
person ben
login ann@example.com
mount_here
wait_for is_in_sync
check_same "all of it" "$(find "$MNT/Pet Store" -name 'd*-*.json' | wc -l)" $((documents - 25))
for ((i = 0; i < each; i++)); do
	check "the newest version" grep -q "crash.example/$rounds\"" "$MNT/Pet Store/d$((rounds / 2))-$i.json"
done
exit 0
