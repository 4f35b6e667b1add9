#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Full disks, here and at the server: the program that writes is told ENOSPC, nothing that was acknowledged
# is lost, pushes wait and say why, and all goes on when there is space again.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq sha256sum
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
[ "$(id -u)" -eq 0 ] || skip "small disks can be made by root only"
DISKS=()
let_go() {
	local code=$? disk
	cd /
	for name in ${PEOPLE[@]+"${PEOPLE[@]}"}; do
		person "$name"
		timeout 30 wakefs umount "$MNT" >/dev/null 2>&1
	done
	[ $code -eq 0 ] || for disk in "$WORK"/*/state; do tail -n 15 "$disk"/wakefs/*/log >&2; done
	server_end TERM
	for disk in ${DISKS[@]+"${DISKS[@]}"}; do umount -l "$disk"; done
	(exit $code)
	end
}
trap let_go EXIT

small_disk() {
	mkdir -p "$1"
	mount -t tmpfs -o "size=$2,mode=700" tmpfs "$1" || skip "small disks cannot be made here"
	DISKS+=("$1")
}

# --- here ---
server_start
person ann
small_disk "$XDG_STATE_HOME" 64M
signup
import "$SAMPLES/pet-store.json"
mount_here
dir="$MNT/Pet Store"
file="$dir/Pets/List pets.json"

# Writes scratch files, each with fsync, until one is refused; those that were not are in $WORK/acknowledged.
: >"$WORK/acknowledged"
fill() {
	local i name
	for ((i = 0; i < 400; i++)); do
		name="$dir/fill-$1-$i.bin"
		head -c 400000 /dev/urandom >"$WORK/block"
		if ! timeout 60 dd if="$WORK/block" of="$name" bs=64k conv=fsync status=none 2>"$WORK/dd.err"; then
			check "it says why: $(cat "$WORK/dd.err")" grep -q 'No space left on device' "$WORK/dd.err"
			return 0
		fi
		(cd "$dir" && sha256sum "${name##*/}") >>"$WORK/acknowledged"
	done
	fail "the disk never got full"
}
whole() { (cd "$dir" && timeout 60 sha256sum --quiet -c "$WORK/acknowledged"); }
count() { wc -l <"$WORK/acknowledged"; }

fill first
check "there was space for some" test "$(count)" -gt 10
check "what was acknowledged is there" whole
check "the mount answers" timeout 10 grep -q limit "$file"
check "a document that cannot be saved is told so, or is saved" \
	bash -c "timeout 20 dd if='$file' of='$dir/copy.json' conv=fsync status=none 2>'$WORK/dd.err' ||
		grep -q 'No space left' '$WORK/dd.err'"
check "it is still ours" kill -0 "$(mount_pid ann)"

# Killed while it is full.
pid=$(mount_pid ann)
kill -9 "$pid"
is_gone() { ! kill -0 "$1" 2>/dev/null; }
wait_for is_gone "$pid"
mount_here
check "what was acknowledged is there" whole

# Deleting gives space back, also when there is none to write down the deletion.
first=$(sed 's/.*  //' "$WORK/acknowledged" | head -n 12)
(cd "$dir" && rm -f $first) || fail "deleting on a full disk"
sed -i 1,12d "$WORK/acknowledged"
can_write() { timeout 20 dd if=/dev/urandom of="$dir/again.bin" bs=100k count=1 conv=fsync status=none 2>/dev/null; }
wait_for -t 30 can_write
check "what was acknowledged is there" whole

# More space from elsewhere.
fill second
mount -o remount,size=160M "$XDG_STATE_HOME"
wait_for -t 30 can_write
sed -i 's/"limit"/"limit-with-space"/' "$file" || fail "a document is saved again"
check "what was acknowledged is there" whole
wait_for -t 60 is_in_sync
person ben
login ann@example.com
mount_here
wait_for grep -q limit-with-space "$(mnt ben)/Pet Store/Pets/List pets.json"
umount_here
person ann
umount_here
mount_here
check "after leaving and coming back" whole
umount_here
server_stop

# --- at the server ---
small_disk "$WORK/disk" 6M
server_start --db "$WORK/disk/wakefsd.db"
person cid
signup
import "$SAMPLES/pet-store.json"
mount_here
dir="$MNT/Pet Store"
allow_errors .
documents=0
save() {
	printf '{"url": "https://x.example", "method": "POST", "body": {"text": "%s"}}\n' \
		"$(head -c 150000 /dev/urandom | base64 -w0)" >"$dir/d$1.json" && sync "$dir/d$1.json"
}
has_problem() { status_json | jq -e '.sync.problem | length > 10' >/dev/null; }
settled() { is_in_sync || has_problem; }
until has_problem; do
	documents=$((documents + 1))
	[ $documents -lt 60 ] || fail "the server's disk never got full"
	save $documents
	wait_for -t 30 settled
done
check_exit 0 wakefs status
check_says 'wait'
check_says 'space'
check "the server still answers" curl -sf --max-time 10 "$SERVER_URL/healthz"
check "the mount answers" timeout 10 cat "$dir/d$documents.json" >/dev/null
documents=$((documents + 1))
save $documents
check_not "they wait" is_in_sync
mount -o remount,size=60M "$WORK/disk"
wait_for -t 90 is_in_sync
person dan
login cid@example.com
mount_here
wait_for is_in_sync
check_same "all is on another device" "$(find "$MNT/Pet Store" -name 'd*.json' | wc -l)" "$documents"
texts() { (cd "$1/Pet Store" && for ((i = 1; i <= documents; i++)); do jq -r .body.text "d$i.json" | sha256sum; done); }
check_same "with all that they say" "$(texts "$MNT")" "$(texts "$(mnt cid)")"
exit 0
