#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The conformance suite (posix_*.c), several hundred checks: on plain directories, so that it tests the filesystem
# and not itself; on the mount in a scratch directory, among documents, and on documents themselves.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
total=0

# suite WHERE DIR HOW [SUFFIX [PATTERN]]: `open names attr content dir lock` or what $programs says
suite() {
	local where=$1 program sum
	shift
	for program in ${programs:-open names attr content dir lock}; do
		timeout 120 "$B/tests/e2e/posix_$program" "$@" >"$WORK/suite.out" 2>&1 || {
			grep -v '^ok ' "$WORK/suite.out" >&2
			fail "posix_$program in $where"
		}
		sum=$(tail -n 1 "$WORK/suite.out")
		total=$((total + ${sum%% *}))
		grep "^skip " "$WORK/suite.out" | grep -v "differs by design" | sed "s|^|$where: |"
	done
}

# What depends on the user is tried as another one too, where that is allowed.
options=()
[ "$(id -u)" -eq 0 ] && options=(-o allow_other)

mkdir "$WORK/plain"
suite "a plain directory" "$WORK/plain" plain
if [ -w /dev/shm ] && shm=$(mktemp -d /dev/shm/wakefs.XXXXXX); then
	suite "a plain directory in memory" "$shm" plain
	rm -rf "$shm"
fi

server_start
person ann
signup
import "$SAMPLES/pet-store.json"
mount_here "${options[@]}"
group="$MNT/Pet Store"
mkdir "$group/.scratch"
suite "scratch" "$group/.scratch" mount
suite "scratch beside documents" "$group" mount
programs="content lock"
suite "documents" "$group" mount .json
programs=docs
suite "documents" "$group" mount .json
wakefs umount "$MNT" || fail "umount"
echo "$total checks passed"
