#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Wrong passphrases, files, places, addresses and words: the right exit code, one sentence that helps, and
# nothing changed.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need jq
pass=(--passphrase-file "$PASSPHRASE_FILE")
(umask 077; printf 'not it\n' >"$WORK/wrong")

# refused CODE TEXT COMMAND...: with one sentence on stderr, nothing on stdout
refused() {
	local code=$1 text=$2
	shift 2
	check_exit "$code" "$@"
	check_says "$text"
	# Wrong use also tells where help is.
	check "one sentence from: $*" test "$(wc -l <"$WORK/err")" -eq 1 -o $((code * $(wc -l <"$WORK/err"))) -eq 4
	check_same "nothing on stdout from: $*" "$(cat "$WORK/out")" ""
	check_not "no insides shown" grep -qE '\.c:[0-9]|errno|WK_|\(null\)' "$WORK/err"
}

server_start
person ann
signup
import "$SAMPLES/pet-store.json"

# --- passphrases ---
for verb in status whoami export\ --all "import $SAMPLES/garden.yaml" "mount $MNT"; do
	# shellcheck disable=SC2086
	refused 3 'not the passphrase' wakefs $verb --passphrase-file "$WORK/wrong"
done
person ben
refused 3 '.' wakefs login ann@example.com --server "$SERVER_URL" --passphrase-file "$WORK/wrong"
check_not "nothing is left of it" test -e "$XDG_STATE_HOME/wakefs"/*/store.db
refused 3 '.' wakefs login nobody@example.com --server "$SERVER_URL" "${pass[@]}"
refused 3 'wakefs login' wakefs status "${pass[@]}"
refused 1 'passphrase' wakefs login ann@example.com --server "$SERVER_URL" --passphrase-file "$WORK/none"
person ann

# --- files ---
refused 1 'there is no file' wakefs import "$WORK/none.json" "${pass[@]}"
refused 1 'directory' wakefs import "$WORK" "${pass[@]}"
head -c 500 "$SAMPLES/pet-store.json" >"$WORK/cut.json"
refused 1 'line [0-9]*, column [0-9]*' wakefs import "$WORK/cut.json" "${pass[@]}"
: >"$WORK/empty.json"
refused 1 'empty' wakefs import "$WORK/empty.json" "${pass[@]}"
cp "$SAMPLES/garden.yaml" "$WORK/closed.yaml"
chmod 000 "$WORK/closed.yaml"
if [ "$(id -u)" -ne 0 ]; then
	refused 1 'permission' wakefs import "$WORK/closed.yaml" "${pass[@]}"
fi
refused 1 '.' wakefs export "Pet Store" -O "$WORK/none/there.json" "${pass[@]}"
refused 1 '.' wakefs export "No such" "${pass[@]}"
printf '%*s' 70 '' | tr ' ' '[' >"$WORK/deep.json"
refused 1 '.' wakefs import "$WORK/deep.json" "${pass[@]}"
check_exit 0 wakefs status --json "${pass[@]}"
check_same "nothing came in" "$(jq '[.groups[].documents] | add' "$WORK/out")" 25

# --- addresses ---
person cid
for url in http://example.com http://192.0.2.1:8743 ftp://localhost http://127.0.0.1.example.com \
	'http://user:word@localhost' 'http://localhost@example.com' https:// '' /tmp/socket; do
	refused 2 "address" wakefs login ann@example.com --server "$url" "${pass[@]}"
done
refused 2 'e-mail' wakefs login 'ann at example.com' --server "$SERVER_URL" "${pass[@]}"
refused 4 'not reached' wakefs login ann@example.com --server http://127.0.0.1:1 "${pass[@]}"
person ann

# --- words ---
refused 2 'verb' wakefs frobnicate
refused 2 'wakefs status --help' wakefs status --frobnicate
refused 2 '.' wakefs status surplus
refused 2 '.' wakefs import "${pass[@]}"
refused 2 '.' wakefs import --into
refused 2 '.' wakefs mount one two

# --- places ---
refused 1 'mkdir' wakefs mount "$HOME/missing" "${pass[@]}"
touch "$HOME/file"
refused 1 'no directory' wakefs mount "$HOME/file" "${pass[@]}"
mkdir "$HOME/full" && touch "$HOME/full/it"
refused 1 'not empty' wakefs mount "$HOME/full" "${pass[@]}"
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
refused 1 '.' wakefs umount "$MNT"
mount_here
pid=$(mount_pid ann)
mkdir "$HOME/second"
refused 1 "process $pid" wakefs mount "$HOME/second" "${pass[@]}"
refused 1 '.' wakefs mount "$MNT" "${pass[@]}"
refused 1 '.' wakefs mount "$MNT/Pet Store" "${pass[@]}"
check "all of it is unharmed" test "$(find "$MNT/Pet Store" -name '*.json' | wc -l)" -ge 20

# Somebody has the store, and is no mount.
umount_here
wakefs mount "$MNT" --offline --foreground "${pass[@]}" >"$WORK/fg.out" 2>/dev/null &
other=$!
PROCESSES+=("$other")
wait_for grep -q 'Leave with' "$WORK/fg.out"
rm "$(store ann)"control*
for verb in status export\ --all "mount $HOME/second" "import $SAMPLES/garden.yaml"; do
	# shellcheck disable=SC2086
	refused 1 "process $other" wakefs $verb "${pass[@]}"
done
kill -TERM "$other"
wait "$other"

# A mount that died is no hindrance.
mount_here
pid=$(mount_pid ann)
kill -9 "$pid"
is_gone() { ! kill -0 "$1" 2>/dev/null; }
wait_for is_gone "$pid"
timeout 10 ls "$MNT" >/dev/null 2>&1
check "it does not hang" test $? -ne 124
mount_here
check "it is there again" test -d "$MNT/Pet Store"
exit 0
