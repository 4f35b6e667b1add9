#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job: an import is seen on two devices, an edit on one shows on the other, and back.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq
two_devices "$SAMPLES/pet-store.json"
file="Pet Store/Pets/List pets.json"

check_same "both mounts show the same tree" "$(cd "$(mnt ben)" && find . | sort)" \
	"$(cd "$(mnt ann)" && find . | sort)"
check_same "both show the same text" "$(cat "$(mnt ben)/$file")" "$(cat "$(mnt ann)/$file")"

sed -i 's/"limit"/"limit-by-ann"/' "$(mnt ann)/$file"
wait_for grep -q limit-by-ann "$(mnt ben)/$file"
sed -i 's/limit-by-ann/limit-by-ben/' "$(mnt ben)/$file"
wait_for grep -q limit-by-ben "$(mnt ann)/$file"

mv "$(mnt ann)/$file" "$(mnt ann)/Pet Store/Admin/All pets.json"
wait_for test -f "$(mnt ben)/Pet Store/Admin/All pets.json"
wait_for test ! -e "$(mnt ben)/$file"
check "the identity stays" grep -q limit-by-ben "$(mnt ben)/Pet Store/Admin/All pets.json"

wait_for is_in_sync
check_exit 0 wakefs status
check_says 'Pet Store .*25 documents   in sync'
check_exit 0 wakefs stat --json "$(mnt ann)/Pet Store/Admin/All pets.json"
check_same "stat" "$(jq -r '.type + " " + .state' "$WORK/out")" "Request clean"
check_exit 0 wakefs stat "Pet Store/Admin/All pets.json"
check_says '^type *Request$'
check_exit 1 wakefs stat "Pet Store/no such file"
umount_here
check "the directory is empty again" test -z "$(ls -A "$(mnt ann)")"
mount_here
check "still there" grep -q limit-by-ben "$(mnt ann)/Pet Store/Admin/All pets.json"
