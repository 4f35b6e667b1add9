#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real exports, in the directory WAKEFS_REAL_EXPORTS: each of formats 3 and 4 is taken in, read in full
# through a mount, and written again with the same documents; any other file gets one sentence.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq
dir=${WAKEFS_REAL_EXPORTS:-}
[ -d "$dir" ] || skip "WAKEFS_REAL_EXPORTS names no directory of real exports"
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
pass=(--passphrase-file "$PASSPHRASE_FILE")
server_start
person ann
signup ann@example.com
cp -r "$XDG_STATE_HOME" "$WORK/fresh"

# All documents of an export, one a line, with what must not change; ids that were doubled, missing or
# placeholders are given anew, so those and what points to them are left out where `loose`.
essence() {
	# A few files say the type as the client keeps it ("type":"RequestGroup"), not as it exports it.
	jq -cS --argjson loose "$2" '.resources[]
		| ._type = (._type // .type | ascii_downcase | gsub("_"; "")) | del(.type)
		| if $loose then del(._id, .parentId, .requestId, .protoFileId, .activeId) else . end' \
		"$1" | sort
}
has_odd_ids() {
	jq -e '[.resources[]._id] | any(. == null or (type != "string") or test("^__") or . == "")
		or (length != (unique | length))' "$1" >/dev/null
}

taken=0 refused=0 documents=0
for file in "$dir"/*; do
	[ -f "$file" ] || continue
	rm -rf "$XDG_STATE_HOME" && cp -r "$WORK/fresh" "$XDG_STATE_HOME"
	timeout 60 wakefs import --offline --keep-ids "$file" "${pass[@]}" >"$WORK/out" 2>"$WORK/err"
	code=$?
	if [ $code -ne 0 ]; then
		check_same "one sentence and exit code 1 for $file" "$code $(wc -l <"$WORK/err")" "1 1"
		refused=$((refused + 1))
		continue
	fi
	taken=$((taken + 1))
	check_exit 0 wakefs export --all -O "$WORK/again.json" "${pass[@]}"
	if jq . "$file" >"$WORK/first.json" 2>/dev/null || yq . "$file" >"$WORK/first.json" 2>/dev/null; then
		loose=false
		has_odd_ids "$WORK/first.json" && loose=true
		essence "$WORK/first.json" $loose >"$WORK/first"
		essence "$WORK/again.json" $loose >"$WORK/again"
		# A workspace that had to be made is more than the file has.
		comm -23 "$WORK/first" "$WORK/again" >"$WORK/lost"
		[ ! -s "$WORK/lost" ] || { cut -c 1-300 "$WORK/lost" >&2; fail "changed or lost: $file"; }
	fi
	wanted=$(jq '.resources | length' "$WORK/again.json")
	mount_here --offline
	find "$MNT" -mindepth 1 -not -path '*/.wakefs*' -type f -exec cat {} + >"$WORK/read" ||
		fail "not all of it can be read: $file"
	shown=$(find "$MNT" -mindepth 1 -not -path '*/.wakefs*' -type f | wc -l)
	check_same "every document is a file: $file" "$shown" "$wanted"
	documents=$((documents + shown))
	umount_here
done
[ $taken -gt 0 ] || fail "no file was taken in"
printf '%d files taken in with %d documents, %d refused\n' $taken $documents $refused
