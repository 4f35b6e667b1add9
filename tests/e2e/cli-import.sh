#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Import and export: here and through a mount, all of it or nothing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq
pass=(--passphrase-file "$PASSPHRASE_FILE")
# Documents of an export without what an export adds, in one order.
essence() { jq -S '[.resources[]] | sort_by(._id)' "$1"; }

server_start
person ann
signup ann@example.com

check_exit 1 wakefs import "$WORK/no-such-file.json" "${pass[@]}"
check_says 'there is no file'
printf '{"_type":"export",' >"$WORK/broken.json"
check_exit 1 wakefs import "$SAMPLES/pet-store.json" "$WORK/broken.json" "${pass[@]}"
check_says 'Nothing was taken in'
check_exit 0 wakefs status "${pass[@]}"
check_says 'There is no workspace yet'
for file in "$ROOT"/tests/data/foreign/*; do
	check_exit 1 wakefs import "$file" "${pass[@]}"
	check_same "one sentence for $file" "$(wc -l <"$WORK/err")" 1
done

check_exit 0 wakefs import --keep-ids --json "$SAMPLES/pet-store.json" "${pass[@]}"
check_same "the report" "$(jq -c '[.sent, .workspaces[0].name, .workspaces[0].documents]' "$WORK/out")" \
	'[true,"Pet Store",25]'
check_exit 0 wakefs export "Pet Store" -O "$WORK/there.json" "${pass[@]}"
check_says 'NOT encrypted'
check_same "the same documents" "$(essence "$WORK/there.json")" "$(essence "$SAMPLES/pet-store.json")"

# Again, with the same ids taken: new ones are given.
check_exit 0 wakefs import --keep-ids "$SAMPLES/pet-store.json" "${pass[@]}"
check_exit 5 wakefs export "Pet Store" "${pass[@]}"
check_says 'several workspaces'
check_exit 0 wakefs export --all -O "$WORK/all.json" "${pass[@]}"
check_same "no id twice" "$(jq '[.resources[]._id] | length - (unique | length)' "$WORK/all.json")" 0

# An interrupt waits until what was begun is taken in whole.
jq -n '{_type: "export", __export_format: 4, resources: ([{_id: "wrk_big", _type: "workspace", name: "Big"}] +
	[range(20000) | {_id: "req_\(.)", _type: "request", parentId: "wrk_big", name: "r \(.)"}])}' >"$WORK/big.json"
wakefs import --offline "$WORK/big.json" "${pass[@]}" >"$WORK/out" 2>"$WORK/err" &
importer=$!
wait_for sh -c 'test "$(stat -c %s "$1")" -gt 1000000' - "$(store ann)store.db-wal"
kill -TERM $importer
code=0
wait $importer || code=$?
check_same "it ends by the signal" $code 143
check_exit 0 wakefs status "${pass[@]}"
check_says 'Big  *20001 documents'

# Through a mount, with no passphrase.
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
mount_here
check_exit 0 wakefs import --keep-ids "$SAMPLES/garden.yaml"
check_says 'Garden  *[0-9]* documents  done'
check "it shows" test -d "$MNT/Garden"
check_exit 0 wakefs import --into Garden "$SAMPLES/no-workspace.json"
check_exit 0 wakefs export Garden
check_same "one workspace" "$(jq '[.resources[] | select(._type == "workspace")] | length' "$WORK/out")" 1
check_exit 1 wakefs import --into "No such" "$SAMPLES/garden.yaml"
check_exit 1 wakefs import "$WORK/broken.json"

# Without the server it is kept, and goes up later.
server_stop
check_exit 4 wakefs import "$SAMPLES/two-workspaces.json"
check_says 'is kept here'
server_start
wait_for -t 60 is_in_sync
person ben
login ann@example.com
mount_here
check_same "the other device has all of it" "$(ls "$(mnt ben)")" "$(ls "$(mnt ann)")"
