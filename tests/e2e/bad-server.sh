#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A server that is gone, dies in the middle, breaks off after it has done what was asked, or talks nonsense:
# it is said, nothing is lost, nothing is doubled, and afterwards everything arrives.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/recorder.bash"
need jq sqlite3
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
pass=(--passphrase-file "$PASSPHRASE_FILE")

# big FILE NAME: an export of 1,501 documents
big() {
	jq -n --arg name "$2" '{_type: "export", __export_format: 4, resources:
		([{_id: "__WORKSPACE_ID__", parentId: null, name: $name, _type: "workspace", scope: "collection"}] +
		[range(1500) | {_id: "__REQ_\(.)__", parentId: "__WORKSPACE_ID__", _type: "request",
			name: "r\(.)", url: "https://big.example/\(.)", method: "GET", body: {}}])}' >"$1"
}
big "$WORK/big.json" Big
rows() { sqlite3 -readonly "$WORK/wakefsd.db" 'pragma busy_timeout = 5000; select count(*) from resource' | tail -n 1; }
some_rows() { [ "$(rows)" -gt "$1" ]; }
# Every document in one place of the mount, once each.
complete() { [ "$(find "$MNT/$1" -name 'r*.json' | wc -l)" -eq 1500 ]; }

server_start
recorder_start
person ann
signup

# --- gone before ---
server_kill
check_exit 4 wakefs import --keep-ids "$SAMPLES/pet-store.json" "${pass[@]}"
check_says 'is kept here'
check_same "one sentence or two" "$(wc -l <"$WORK/err")" 1
check_exit 0 wakefs status "${pass[@]}"
check_says '25 changes wait'
server_start
mount_here
wait_for -t 30 is_in_sync
check_same "all of it arrived" "$(rows)" 25

# --- killed in the middle of a push: without a mount, then with one ---
umount_here
for round in 1 2 3; do
	before=$(rows)
	big "$WORK/big.json" "Big $round"
	timeout 60 wakefs import "$WORK/big.json" "${pass[@]}" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	wait_for some_rows $((before + 100 * round))
	server_kill
	wait $pid
	code=$?
	case $code in
	0) ;;
	4) check_says 'is kept here' ;;
	*) cat "$WORK/err" >&2; fail "exit code $code" ;;
	esac
	server_start
	mount_here
	wait_for -t 60 is_in_sync
	check "it is complete here" complete "Big $round"
	check_same "it is complete there, nothing is doubled" "$(rows)" $((before + 1501))
	[ $round -eq 3 ] || umount_here
done

before=$(rows)
big "$WORK/big.json" "Big 4"
timeout 60 wakefs import "$WORK/big.json" >"$WORK/out" 2>"$WORK/err" &
pid=$!
wait_for some_rows $((before + 100))
server_kill
check "the mount answers meanwhile" timeout 5 ls "$MNT" >/dev/null
check "it answers" timeout 5 grep -q big.example "$MNT/Big 3/r7.json"
wait $pid
code=$?
check "exit code $code: $(cat "$WORK/err")" test $code -eq 0 -o $code -eq 4
server_start
wait_for -t 60 is_in_sync
check_same "nothing is doubled" "$(rows)" $((before + 1501))

# --- it did what was asked, and nobody heard it ---
before=$(rows)
: >"$WORK/answer.cut"
printf '{"url": "https://cut.example", "method": "GET"}\n' >"$MNT/Pet Store/cut.json"
sed -i 's/"limit"/"limit-cut"/' "$MNT/Pet Store/Pets/List pets.json"
carried_out() { [ "$(rows)" -eq $((before + 1)) ]; }
wait_for -t 30 carried_out
check_not "it does not know" is_in_sync
rm "$WORK/answer.cut"
wait_for -t 60 is_in_sync
check_same "the same change sent twice is one change" "$(rows)" $((before + 1))
revisions() { sqlite3 -readonly "$WORK/wakefsd.db" "select count(*) from revision where resource_n = (select max(n) from resource)"; }
check_same "one revision" "$(revisions)" 1

is_there() { [ "$(find "$MNT" -maxdepth 1 -name 'Garden*' | wc -l)" -eq "$1" ]; }
# --- it talks nonsense: a mount goes on, and says so ---
answer_with '200 OK' '{"data": '
printf '{"url": "https://more.example", "method": "GET"}\n' >"$MNT/Pet Store/more.json"
has_problem() { status_json | jq -e '.sync.problem | length > 10' >/dev/null; }
wait_for has_problem
check_exit 0 wakefs status
check_says '1 change waits: '
check "the mount answers" timeout 5 grep -q more.example "$MNT/Pet Store/more.json"
rm "$WORK/answer"
wait_for -t 60 is_in_sync
umount_here

# --- and without a mount, one sentence each ---
nonsense=0
while IFS=$'\t' read -r status body; do
	nonsense=$((nonsense + 1))
	echo "nonsense $nonsense: $status $body"
	answer_with "$status" "$body"
	[ "$status" = none ] && printf '%s\n' "$body" >"$WORK/answer"
	timeout 60 wakefs import "$SAMPLES/garden.yaml" "${pass[@]}" >"$WORK/out" 2>"$WORK/err"
	code=$?
	check "exit code $code: $(cat "$WORK/err")" test $code -eq 1 -o $code -eq 4
	check_says 'is kept here'
	check_same "one sentence, what is kept is told" "$(wc -l <"$WORK/err")" 1
done <<-'END'
	200 OK	[]
	200 OK	null
	200 OK	{"groups":[{"id":"../../etc/passwd","seq":-1}],"changes":[null,7,{"id":[]}]}
	200 OK	<html><body>Welcome to the hotel's network</body></html>
	302 Found	{}
	500 Internal Server Error	{"error":"x"}
	503 Service Unavailable	
	999 What	{}
	none	no HTTP at all
END

# Signing in at such a server: one sentence, exit 1 or 4.
answer_with '200 OK' '{"saltAuth": 7}'
person ben
SERVER_URL=$RECORDER_URL
timeout 60 wakefs login ann@example.com --server "$SERVER_URL" "${pass[@]}" >"$WORK/out" 2>"$WORK/err"
code=$?
check "exit code $code" test $code -eq 1 -o $code -eq 4
check_same "one sentence" "$(wc -l <"$WORK/err")" 1
check_not "nothing is left of it" test -e "$(store ben)"
rm "$WORK/answer"
login ann@example.com
mount_here
wait_for -t 60 is_in_sync
check "everything is on the other device" complete "Big 4"
check "and what was written meanwhile" test -f "$MNT/Pet Store/more.json"
check_same "what was imported meanwhile has waited" "$(find "$MNT" -maxdepth 1 -name 'Garden*' | wc -l)" 0
as ann mount_here
as ann wait_for -t 60 is_in_sync
wait_for is_there $nonsense
wait_for is_in_sync
check_same "all of it" "$(cd "$MNT" && find . -path ./.wakefs -prune -o -name '*.json' -print | sort | md5sum)" \
	"$(cd "$(mnt ann)" && find . -path ./.wakefs -prune -o -name '*.json' -print | sort | md5sum)"
exit 0
