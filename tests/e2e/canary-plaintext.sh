#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The canary: a marker written through the mount as name and as content, in all the ways that editors save,
# rests nowhere: not on the server, not in the local store, not in a log, not on the wire.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/recorder.bash"
need jq sqlite3 od base64
[ -e /dev/fuse ] || skip "there is no /dev/fuse"

marker=canary$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')

# The forms in which a marker could lie somewhere: as it is, UTF-16, hex, base64 at each of its three
# offsets (without the characters that its neighbours decide), JSON and percent escapes of each byte.
forms() {
	local hex
	hex=$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')
	printf '%s\n' "$1"
	sed 's/./&\\x00/g' <<<"$1" | sed 's/\\x00$//'
	printf '%s\n' "$hex" "${hex^^}"
	sed 's/../\\\\u00&/g' <<<"$hex"
	sed 's/../%&/g' <<<"$hex"
	printf %s "$1" | base64 -w0 | sed 's/.\?.\?=*$//; s/+/\\+/g; s/$/\n/'
	printf 'x%s' "$1" | base64 -w0 | sed 's/^..//; s/..\?=*$//; s/+/\\+/g; s/$/\n/'
	printf 'xx%s' "$1" | base64 -w0 | sed 's/^...//; s/..\?=*$//; s/+/\\+/g; s/$/\n/'
}
forms "$marker" >"$WORK/forms.not-searched"
mapfile -t patterns <"$WORK/forms.not-searched"
patterns=("${patterns[@]/#/-e}")
all=$(IFS='|'; printf '%s' "${patterns[*]/#-e/}")

# Files in the work directory that hold the marker in some form; mounts are not entered.
holders() {
	find "$WORK" -xdev -type f -not -name '*.not-searched' -print0 |
		LC_ALL=C xargs -0 grep -laP -e "$all"
	find "$WORK" -xdev -not -path "$WORK" | grep -F -e "$marker"
}

# The search finds what is there.
nothing() { [ -z "$(holders)" ]; }
printf %s "$marker" | od -An -v -tx1 | tr -d ' \n' >"$WORK/seen-hex"
printf %s "$marker" | sed 's/./&\n/g' | tr '\n' '\000' >"$WORK/seen-utf16"
for before in '' a bc; do printf '%s%s etc.' "$before" "$marker" | base64 -w0 >"$WORK/seen-base64$before"; done
printf %s "$marker" >"$WORK/seen-plain"
check_same "the search finds every form" "$(holders | wc -l)" 6
rm "$WORK"/seen-*
check "nothing yet" nothing

server_start
recorder_start
person ann
signup
import "$SAMPLES/pet-store.json"
mount_here
person ben
login ann@example.com
mount_here

# --- the marker comes in ---
cd "$(mnt ann)" || fail "the mount is not there"
mkdir "$marker-workspace"
cd "$marker-workspace" || fail "the new workspace is not there"
mkdir "$marker-folder"
file="$marker-folder/$marker-name.json"
body() { printf '{\n  "_id": "",\n  "url": "https://%s-content.example/%d",\n  "method": "GET"\n}\n' "$marker" "$1"; }
body 1 >"$file"
# A temporary file renamed over; a backup; unlink and create; in place; an editor's swap file.
body 2 >"$marker-folder/.$marker.tmp" && sync "$marker-folder/.$marker.tmp" && mv "$marker-folder/.$marker.tmp" "$file"
mv "$file" "$file~" && body 3 >"$file" && sync "$file"
rm "$file" && body 4 >"$file"
sed -i 's|/4|/5|' "$file"
body 6 | dd of="$file" conv=notrunc,fsync status=none
{ printf 'b0VIM'; head -c 9000 /dev/zero; body 7; } >"$marker-folder/.$marker-name.json.swp"
# Scratch: content, names, links, sparse files; a file half written; a text that is no document.
printf '%s-scratch\n' "$marker" >notes.md
for ((i = 0; i < 200; i++)); do printf '%s-scratch line %d\n' "$marker" $i; done >"$marker.txt"
ln -s "$marker-target" "$marker-link"
ln notes.md "$marker-hard-link"
printf %s "$marker-end" | dd of=sparse bs=1 seek=3000000 conv=fsync status=none
printf '{"url": "%s-half' "$marker" >half.json
printf 'openapi: 3.0.0\ninfo: {title: %s-spec}\n' "$marker" >openapi.yaml
sed -i "s|\"description\": \"\"|\"description\": \"$marker-text\"|" "$(mnt ann)/Pet Store/Pets/List pets.json"
mv "$(mnt ann)/Pet Store/Admin" "$(mnt ann)/Pet Store/$marker-moved"
sync
cd /

# --- it arrives ---
person ben
wait_for grep -q "$marker-content.example/6" "$MNT/$marker-workspace/$file"
wait_for grep -q "$marker-text" "$MNT/Pet Store/Pets/List pets.json"
wait_for test -d "$MNT/Pet Store/$marker-moved"
wait_for is_in_sync
as ann wait_for is_in_sync
wait_for -t 20 grep -q "$marker-workspace/half.json" "$(mnt ann)/.wakefs/status"
as ann check_exit 0 wakefs status
check_exit 1 wakefs stat "$marker-workspace/no such file"
: >"$WORK/out" && : >"$WORK/err"	# what a person was told, by this test's own doing

# --- and is nowhere else ---
check_same "with everything running" "$(holders)" ""
check "the wire was looked at" test "$(wc -c <"$WORK/record")" -gt 100000
check "the logs were looked at" test -s "$WORK/server.log" -a -s "$(store ann)log"
check "the store was looked at" test "$(cat "$(store ann)"*db* | wc -c)" -gt 100000
for pid in "$SERVER_PID" "$(mount_pid ann)" $(cat /proc/"$(mount_pid ann)"/task/*/children 2>/dev/null); do
	check_not "process $pid tells it" grep -qa "$marker" "/proc/$pid/cmdline" "/proc/$pid/comm"
done

# Names of documents and groups go up as n/a.
columns() { sqlite3 -readonly "$WORK/wakefsd.db" "$1"; }
check_same "names of documents" "$(columns 'select distinct name from revision')" n/a
check_same "names of groups" "$(columns 'select distinct name from grp')" n/a
check_not "a name of the sample on the server" grep -qa -e 'List pets' -e 'Pet Store' "$WORK"/wakefsd.db* "$WORK/record"
check_not "the passphrase" grep -rqa --exclude=passphrase --exclude-dir=mnt 'battery staple' "$WORK"

# Killed, nothing more is left than before; mounted again, it is all there.
kill -9 "$(mount_pid ann)"
server_kill
check_same "after kill -9" "$(holders)" ""
server_start
person ann
check_exit 0 wakefs mount "$MNT" --passphrase-file "$PASSPHRASE_FILE"
check_same "scratch is there" "$(head -n 1 "$MNT/$marker-workspace/notes.md")" "$marker-scratch"
check_same "the link is there" "$(readlink "$MNT/$marker-workspace/$marker-link")" "$marker-target"
umount_here
as ben umount_here
server_stop
: >"$WORK/out"
check_same "when all has ended" "$(holders)" ""
exit 0
