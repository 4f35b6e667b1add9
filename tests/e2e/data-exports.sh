#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every export, our own samples and real ones: into a mount, read whole through it, out again with no field
# and no digit lost, and byte for byte the same on a second device.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq tar
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
same="$B/tests/e2e/same-export"

exports=("$SAMPLES"/*)
real=()
if [ -r "${WAKEFS_DATA:-}/INDEX.tsv" ]; then
	while IFS=$'\t' read -r file _ _ _ _ _ format _; do
		case $format in v3\ *|v4\ *) real+=("$WAKEFS_DATA/$file") ;; esac
	done <"$WAKEFS_DATA/INDEX.tsv"
	check "there are real exports" test ${#real[@]} -gt 40
	exports+=("${real[@]}")
else
	echo "WAKEFS_DATA is not set: only our own samples are tried"
fi

# Writes each group that the last import --json made to an export of its own: $WORK/made/*.json
export_made() {
	local group
	rm -rf "$WORK/made" && mkdir "$WORK/made"
	for group in $(jq -r '.workspaces[].group' "$1"); do
		timeout 30 wakefs export "$group" -O "$WORK/made/$group.json" 2>"$WORK/err" ||
			fail "export: $(cat "$WORK/err")"
	done
}

# A tree of what a mount shows, read in full, in $WORK/plain/NAME.
read_whole() {
	local at=$WORK/plain/$1
	rm -rf "$at" && mkdir -p "$at"
	timeout 60 tar -C "$(mnt "$1")" --exclude=./.wakefs -cf - . 2>"$WORK/err" | tar -C "$at" -xf -
	check_same "reading all of it" "$(cat "$WORK/err")" ""
}

list() {
	(cd "$1" && find . -path ./.wakefs -prune -o -type f -printf "%P $2\n") | LC_ALL=C sort
}

check_tree() {
	local plain=$WORK/plain/$1
	read_whole "$1"
	check_same "what stat says is what is read" "$(list "$plain" %s)" "$(list "$(mnt "$1")" %s)"
	check_same "each file ends with a newline" \
		"$(find "$plain" -name '*.json' -print0 | xargs -0 grep -LzP '\n\z')" ""
	# A file holds what its path and its stat do not say.
	find "$plain" -name '*.json' -print0 |
		xargs -0 grep -lE '^  "(parentId|type|created|modified)":' >"$WORK/said"
	check_same "nothing is said twice" "$(cat "$WORK/said")" ""
}

server_start

# Ids are kept where they are free; files that share some are tried in further accounts.
rest=("${exports[@]}")
for account in ann bea cid dan; do
	[ ${#rest[@]} -gt 0 ] || break
	person $account
	signup
	mount_here
	again=()
	for file in "${rest[@]}"; do
		check_exit 0 wakefs import --keep-ids --json "$file"
		check_same "it says nothing" "$(cat "$WORK/err")" ""
		cp "$WORK/out" "$WORK/report"
		export_made "$WORK/report"
		"$same" "$file" "$WORK"/made/* >"$WORK/out" 2>"$WORK/err" ||
			fail "$(basename "$file"): $(cat "$WORK/err")"
		if ! "$same" --keep "$file" "$WORK"/made/* >"$WORK/out" 2>"$WORK/err"; then
			grep -q 'has lost its id' "$WORK/err" || fail "$(cat "$WORK/err")"
			again+=("$file")
		fi
	done
	check "most were free in $account: ${again[*]-}" test $((2 * ${#again[@]})) -lt ${#rest[@]}
	rest=(${again[@]+"${again[@]}"})
	check "all is sent" is_in_sync
done
check_same "all ids were kept somewhere" "${rest[*]-}" ""

# The whole of the first account, through its mount and another device's.
person ann
check_tree ann
check "every document is a file" test "$(list "$MNT" '' | wc -l)" -ge \
	"$(status_json | jq '[.groups[].documents] | add - 60')"
person ben
login ann@example.com
mount_here
wait_for -t 60 is_in_sync
wait_for test "$(ls "$MNT" | wc -l)" -eq "$(ls "$(mnt ann)" | wc -l)"
check_tree ben
check "both devices have the same bytes" diff -r "$WORK/plain/ann" "$WORK/plain/ben"
check_same "and the same times" "$(list "$(mnt ben)" %T@)" "$(list "$(mnt ann)" %T@)"

# What has no place is shown in Unplaced, with the reason.
unplaced() {
	status_json | jq -r --arg group "$1" '.problems[] | select(.state == "unplaced") |
		select(.path | startswith($group + "/Unplaced/")) | (.path / "/" | .[2:] | join("/")) + ": " + .reason'
}
check_same "odd-names.json" "$(unplaced 'Odd%2FNames: a *test*?' | sed 's/^%%~[0-9a-f]*/%%~ID/' | sort)" \
	"$(sort <<-'END'
		its parent is missing.json: its parent is not in this workspace
		its parent is null.json: it has no parent
		it has no parentId.json: it has no parent
		its parent is a request.json: its parent cannot hold it
		%.@Unknown.json: it has no parent
		%%~ID.@Unknown.json: it has no parent
	END
	)"
check "they are there" test -f "$MNT/Odd%2FNames: a *test*?/Unplaced/its parent is missing.json"
if [ ${#real[@]} -gt 0 ]; then
	check_same "what lacks a parent" "$(unplaced 103-mochamadryanhanafi-involuntir | sort -u | grep -c 'it has no parent')" 10
	# The parent of these is "the workspace that imports this": they have a place.
	for group in 078-getinsomnia-insomnia 081-getinsomnia-insomnia 086-getinsomnia-insomnia \
		090-getinsomnia-insomnia; do
		check_same "$group has a place for all" "$(unplaced $group)" ""
		check "$group is there" test -d "$MNT/$group"
	done
fi

# With new ids, twice, in one command and without a mount: nothing clashes.
person eve
signup
import --json "${exports[@]}" "${exports[@]}"
cp "$WORK/out" "$WORK/report"
mount_here
export_made "$WORK/report"
at=0
mapfile -t groups < <(jq -r '.workspaces[].group' "$WORK/report")
for file in "${exports[@]}" "${exports[@]}"; do
	# How many workspaces a file gives is known from its first import.
	name=$(basename "$file")
	for ((n = 1; ; n++)); do
		files=("${groups[@]:at:n}"); files=("${files[@]/%/.json}")
		"$same" --new "$file" "${files[@]/#/$WORK/made/}" >"$WORK/out" 2>"$WORK/err" && break
		[ "$n" -lt 15 ] || fail "$name: $(cat "$WORK/err")"
	done
	at=$((at + n))
done
check_same "every group was compared" "$at" "${#groups[@]}"
check_exit 0 wakefs export --all -O "$WORK/all.json"
check_same "no id twice" "$(sed 's/\\u[dD][89a-fA-F]../?/g' "$WORK/all.json" |
	jq '[.resources[]._id] | length - (unique | length)')" 0
exit 0
