#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A deletion on one device against an edit on another that the first one had not seen when it deleted: the
# edit wins and stays, on both.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq
two_devices "$SAMPLES/pet-store.json"
file="Pet Store/Pets/List pets.json"
here="$(mnt ann)/$file" there="$(mnt ben)/$file"
grep -q . "$here" "$there"

rm "$here"
sed -i 's|"description": "[^"]*"|"description": "kept"|' "$there"
as ben wait_for is_in_sync
wait_for -t 30 grep -q kept "$here"
as ann wait_for is_in_sync
as ben wait_for is_in_sync
check "the edit stays where it was made" grep -q kept "$there"
check "and where it was deleted" grep -q kept "$here"
exit 0
