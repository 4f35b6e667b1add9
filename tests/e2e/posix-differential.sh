#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Random operations on the mount and on a plain directory, compared after each step, with remounts in between; and
# random content against a model in memory.  SEED=N repeats a run;  TORTURE=1: 100,000 steps of each.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
seed=${SEED:-$RANDOM}
steps=3000 every=1000
[ "${TORTURE:-0}" = 1 ] && steps=100000 every=5000
plain=$WORK/plain
mkdir "$plain"
df --output=fstype "$plain" | grep -q -E 'ext4|xfs|btrfs' ||
	echo "the plain directory is on $(df --output=fstype "$plain" | tail -n 1)"

server_start
person ann
signup
import "$SAMPLES/pet-store.json"
mount_here
mkdir "$MNT/Pet Store/.scratch"

remount() {
	umount_here
	mount_here
}

# with_remounts PROGRAM [ARGUMENT]...: remounts whenever it says so
with_remounts() {
	local line pid
	rm -f "$WORK/answers" "$WORK/questions"
	mkfifo "$WORK/answers" "$WORK/questions"
	timeout 2000 "$B/tests/e2e/$1" "${@:2}" <"$WORK/answers" >"$WORK/questions" 2>&1 &
	pid=$!
	exec 8>"$WORK/answers" 9<"$WORK/questions"
	: >"$WORK/said"
	while read -r line <&9; do
		printf '%s\n' "$line" >>"$WORK/said"
		[ "$line" = barrier ] || continue
		remount
		printf 'on\n' >&8
	done
	exec 8>&- 9<&-
	wait "$pid" || {
		grep -v '^barrier$' "$WORK/said" >&2
		fail "$1 with seed $seed: ${*:2}"
	}
	printf '%s: seed %s: %s\n' "$1" "$seed" "$(tail -n 1 "$WORK/said")"
}

mkdir -m 755 "$MNT/Pet Store/.scratch/tree" "$plain/tree"
with_remounts posix_diff "$MNT/Pet Store/.scratch/tree" "$plain/tree" "$seed" $steps $every
with_remounts posix_fsx "$MNT/Pet Store/.scratch/content" "$seed" $steps $every

# Among documents, and of documents.
rm -r "$MNT/Pet Store/.scratch" "$plain/tree"
mkdir -m 755 "$MNT/Pet Store/tree" "$plain/tree"
with_remounts posix_diff "$MNT/Pet Store/tree" "$plain/tree" "$seed" $((steps / 2)) $every .json
with_remounts posix_fsx "$MNT/Pet Store/content.json" "$seed" $((steps / 2)) $every
# Documents as they were synced turn into what is written to them.
while read -r file; do
	with_remounts posix_fsx "$file" "$((seed++))" 20 $every
done < <(find "$MNT/Pet Store" -name '*.json' -not -path '*/tree/*')
