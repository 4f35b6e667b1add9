#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Processes that hold secrets leave no core, cannot be looked into by others, and hand nothing of them to
# the programs that they start.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
ulimit -c unlimited 2>/dev/null || ulimit -S -c hard

server_start
person ann
signup
import "$SAMPLES/pet-store.json"

# A command of its own directory, so that a core would be found.
mkdir "$WORK/cwd"
cd "$WORK/cwd" || fail "no directory"
wakefs mount --foreground "$MNT" --passphrase-file "$PASSPHRASE_FILE" >"$WORK/fg.out" 2>"$WORK/fg.err" &
pid=$!
PROCESSES+=("$pid")
wait_for grep -q 'Leave with' "$WORK/fg.out"
check "no core is allowed" grep -q '^Max core file size  *0  *0 ' "/proc/$pid/limits"
helpers=$(<"/proc/$pid/task/$pid/children")
check "the helper is there" test -n "$helpers"
for helper in $helpers; do
	check "no core of the helper" grep -q '^Max core file size  *0  *0 ' "/proc/$helper/limits"
done
kill -ABRT "$pid"
wait "$pid"
check_same "it died of it" $? 134
check_same "no core" "$(ls)" ""
timeout 10 ls "$MNT" >/dev/null 2>&1
check "the dead mount does not hang" test $? -ne 124
check_exit 0 wakefs umount "$MNT"
is_gone() { ! kill -0 "$1" 2>/dev/null; }
for helper in $helpers; do wait_for is_gone "$helper"; done
cd /

# The background mount, with a limit that was raised.
mount_here
pid=$(mount_pid ann)
check "no core is allowed" grep -q '^Max core file size  *0  *0 ' "/proc/$pid/limits"
check "what it locks is locked" test "$(awk '/^VmLck:/ { print $2 }' "/proc/$pid/status")" -gt 0
check_not "the passphrase in its environment or arguments" \
	grep -qa -e 'correct horse' "/proc/$pid/environ" "/proc/$pid/cmdline"
check_not "a descriptor of the passphrase's file" \
	bash -c "ls -l /proc/$pid/fd | grep -F '$PASSPHRASE_FILE'"
umount_here

# Another person of this machine: what is not dumpable belongs to root in /proc, whoever runs it.
if [ "$(id -u)" -eq 0 ]; then
	need setpriv
	other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	"${other[@]}" test -x "$B/wakefs" 2>/dev/null || skip "others cannot run the program where it was built"
	chmod 711 "$WORK"
	person nob
	chmod 600 "$PASSPHRASE_FILE"
	cp "$PASSPHRASE_FILE" "$HOME/passphrase"
	chown -R 65534:65534 "$HOME"
	check_exit 0 "${other[@]}" wakefs signup nob@example.com --server "$SERVER_URL" \
		--passphrase-file "$HOME/passphrase"
	# /dev/fuse may be closed to others; a command that waits for the passphrase is ready for it.
	mkfifo "$HOME/never"
	chown 65534 "$HOME/never"
	"${other[@]}" wakefs whoami --passphrase-command "exec cat '$HOME/never'" >/dev/null 2>&1 &
	pid=$!
	PROCESSES+=("$pid")
	asks() { cat=$(<"/proc/$pid/task/$pid/children") && [ -n "$cat" ]; }
	wait_for asks
	PROCESSES+=("${cat% }")
else
	other=()
	mount_here
	pid=$(mount_pid "$ME")
fi
check "it is no process of root" test "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")" -ne 0
check_same "it belongs to root" "$(stat -c %u "/proc/$pid/environ")" 0
check_not "its owner cannot read its environment" ${other[@]+"${other[@]}"} cat "/proc/$pid/environ" 2>/dev/null
check_not "nor its memory" ${other[@]+"${other[@]}"} dd if="/proc/$pid/mem" count=1 2>/dev/null
exit 0
