#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A server that alters what it keeps: bytes flipped, cut, taken from another document or from an older version,
# deletions invented.  A device refuses it, keeps its own, says so and gives it back; a fresh device shows all
# the rest; the newest edit, which one device still has, is with everybody in the end.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq sqlite3
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
declare -A ids
forgeries=(flip cut swap empty text gone)
db() { sqlite3 "$WORK/wakefsd.db" "$@"; }
says() { jq -r .url "$(mnt "$1")/Pet Store/$2.json" 2>&1; }
all_say() {
	local name
	for name in "${forgeries[@]}"; do
		[ "$(says "$1" "$name")" = "$2" ] || return 1
	done
}
problem() { status_json | jq -r '.sync.problem // ""'; }

two_devices "$SAMPLES/pet-store.json"
# Read, so that what was read is the base of the edit.
for name in "${forgeries[@]}" back fine; do
	printf '{"url": "first", "method": "GET"}\n' >"$MNT/Pet Store/$name.json"
	eval "wait_for test -f '$(mnt ben)/Pet Store/$name.json'"
done
wait_for is_in_sync
wait_for all_say ben first
as ben umount_here
for name in "${forgeries[@]}" back fine; do
	sed -i 's/first/second/' "$MNT/Pet Store/$name.json"
	check_exit 0 wakefs stat --json "$MNT/Pet Store/$name.json"
	ids[$name]=$(jq -r .id "$WORK/out")
done
wait_for is_in_sync
umount_here
server_stop

# forge NAME SQL: in SQL, r is the newest revision of the document
forge() {
	db "create temp table r as select max(v.n) as n, s.n as s from revision v
			join resource s on s.n = v.resource_n where s.id = '${ids[$1]}';
		update revision set $2 where n = (select n from r);
		select changes();"
}
check_same flip "$(forge flip "enc_content = replace(enc_content, '\"d\":\"' || substr(enc_content, instr(enc_content, '\"d\":\"') + 5, 1),
	'\"d\":\"' || case substr(enc_content, instr(enc_content, '\"d\":\"') + 5, 1) when '0' then '1' else '0' end)")" 1
check_same cut "$(forge cut 'enc_content = substr(enc_content, 1, length(enc_content) / 2)')" 1
check_same swap "$(forge swap "enc_content = (select enc_content from revision v join resource s on s.n = v.resource_n
	where s.id = '${ids[fine]}' order by v.n desc limit 1)")" 1
check_same back "$(forge back "enc_content = (select enc_content from revision v join resource s on s.n = v.resource_n
	where s.id = '${ids[back]}' order by v.n limit 1)")" 1
check_same empty "$(forge empty "enc_content = '{\"iv\":\"\",\"t\":\"\",\"d\":\"\"}'")" 1
check_same text "$(forge text "enc_content = 'no envelope at all'")" 1
check_same gone "$(forge gone "removed = 1")" 1
db "update resource set removed = 1 where id = '${ids[gone]}'"
server_start

# A fresh device: everything but those, and it says so.
person cid
login ann@example.com
mount_here
wait_for test -f "$MNT/Pet Store/fine.json"
check_same "what was left alone" "$(says cid fine)" second
check "the rest of the workspace" test "$(find "$MNT/Pet Store" -name '*.json' | wc -l)" -ge 20
for name in "${forgeries[@]}"; do
	check_not "$name is not shown as good" grep -qs second "$MNT/Pet Store/$name.json"
done
check "it says so" grep -q 'altered' <<<"$(problem)"
umount_here

# A device that has the versions before.
person ben
mount_here
for name in "${forgeries[@]}"; do
	check_same "$name: its own is kept" "$(says ben "$name")" first
done
check_same "what was left alone" "$(says ben fine)" second
check_same "an older version, which it has itself" "$(says ben back)" first
check "it says so" grep -q 'altered' <<<"$(problem)"
wait_for -t 40 is_in_sync
check_exit 0 wakefs status
check_says 'altered'

# What it gave back is on the server: another fresh device has the whole workspace.
person dan
login ann@example.com
mount_here
wait_for -t 30 all_say dan first
check_same "what was left alone" "$(says dan fine)" second

# The one that has the newest edits brings them back to all.  What was given back meanwhile may stay beside
# them as a copy: nobody holds the version that both came from any more.
person ann
mount_here
copies() { (cd "$(mnt "$1")/Pet Store" && find . -name '*conflict*.json' | LC_ALL=C sort); }
same_copies() { [ "$(copies ann)" = "$(copies ben)" ] && [ "$(copies ann)" = "$(copies dan)" ]; }
for who in ann ben dan; do
	wait_for -t 40 all_say $who second
	as $who wait_for -t 40 is_in_sync
done
# A version taken back under an unchanged sequence shows to nobody by itself; the next edit passes over it.
sed -i 's/second/third/' "$MNT/Pet Store/back.json"
for who in ann ben dan; do wait_for grep -q third "$(mnt $who)/Pet Store/back.json"; done
wait_for -t 40 same_copies
check "at most one of each" test "$(copies ann | wc -l)" -le $((${#forgeries[@]} + 1))
while read -r copy; do
	check_same "$copy" "$(jq -r .url "$MNT/Pet Store/$copy")" first
done < <(copies ann)
exit 0
