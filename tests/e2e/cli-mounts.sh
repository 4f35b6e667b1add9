#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mounting and leaving: one process a store, dead mounts, signals, no server, wrong places.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
pass=(--passphrase-file "$PASSPHRASE_FILE")
server_start
person ann
signup ann@example.com
import "$SAMPLES/pet-store.json"
is_mounted() { grep -q " $MNT fuse.wakefs " /proc/self/mounts; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

check_exit 1 wakefs mount "$HOME/missing" "${pass[@]}"
check_says 'mkdir -p'
mkdir "$HOME/full" && touch "$HOME/full/file"
check_exit 1 wakefs mount "$HOME/full" "${pass[@]}"
check_exit 1 wakefs umount "$MNT"
(umask 077; printf 'wrong\n' >"$WORK/wrong")
check_exit 3 wakefs mount "$MNT" --passphrase-file "$WORK/wrong"
check_not "no mount was left" is_mounted

mount_here
check_says "1 workspace, 25 documents, in sync.  Leave with: wakefs umount"
mkdir "$HOME/second"
check_exit 1 wakefs mount "$HOME/second" "${pass[@]}"
check_says "process $(mount_pid ann)"
check_exit 1 wakefs logout "${pass[@]}"
check_says 'wakefs umount'

# Killed: nothing hangs, the next mount takes the dead one's place.
pid=$(mount_pid ann)
echo scratch >"$MNT/Pet Store/notes.md"
sync "$MNT/Pet Store/notes.md"
kill -9 "$pid"
wait_for is_gone "$pid"
timeout 10 ls "$MNT" >/dev/null 2>&1
check "it does not hang" test $? -ne 124
mount_here
check_same "what was synced is there" "$(cat "$MNT/Pet Store/notes.md")" scratch
kill -9 "$(mount_pid ann)"
umount_here
check_not "a dead mount can be left" is_mounted

# SIGTERM leaves in good order; what the server did not get waits.
mount_here
server_stop
sed -i 's/"limit"/"changed"/' "$MNT/Pet Store/Pets/List pets.json"
pid=$(mount_pid ann)
kill -TERM "$pid"
wait_for is_gone "$pid"
check_not "it has left" is_mounted
mount_here
check_says "1 change waits"
check "the change is there" grep -q changed "$MNT/Pet Store/Pets/List pets.json"
check_exit 0 wakefs status
check_says "1 change waits: server not reached"
server_start
wait_for -t 60 is_in_sync
umount_here
check_exit 0 wakefs status "${pass[@]}"
check_says "25 documents   nothing waits; not mounted"

# --offline asks nobody; --foreground stays.
mount_here --offline
check_says "offline as asked"
umount_here
wakefs mount --foreground "$MNT" "${pass[@]}" >"$WORK/fg.out" 2>"$WORK/fg.err" &
PROCESSES+=($!)
pid=$!
wait_for grep -q 'Leave with' "$WORK/fg.out"
check "it is there" test -d "$MNT/Pet Store"
kill -INT "$pid"
wait "$pid"
check_same "exit code" $? 0
check_not "it has left" is_mounted

# Somebody's working directory is no reason to stay.
mount_here
(cd "$MNT/Pet Store" && exec sleep 1000) &
PROCESSES+=($!)
stays_in() { [ "$(readlink "/proc/$1/cwd")" = "$2" ]; }
wait_for stays_in $! "$MNT/Pet Store"
check_exit 0 wakefs umount "$MNT"
check_says "Still in it: sleep"
