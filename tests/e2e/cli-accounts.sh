#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signing up, in and out: what is said, and with which exit code.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq
pass=(--passphrase-file "$PASSPHRASE_FILE")
(umask 077; printf 'not the passphrase\n' >"$WORK/wrong")

person ann
check_exit 3 wakefs status "${pass[@]}"
check_says 'wakefs login EMAIL'
check_exit 4 wakefs signup ann@example.com --server http://127.0.0.1:1 "${pass[@]}"
check_says 'was not reached'
check_exit 2 wakefs signup ann@example.com --server http://example.com "${pass[@]}"
check_exit 2 wakefs signup not-an-address "${pass[@]}"

server_start
signup ann@example.com
check_says 'Made the keys of ann@example.com'
check_exit 1 wakefs signup ann@example.com "${pass[@]}"
check_says 'wakefs login ann@example.com'
check_exit 0 wakefs whoami --json "${pass[@]}"
check_same "whoami" "$(jq -r '.email + " " + .session' "$WORK/out")" "ann@example.com good"
check_exit 3 wakefs whoami --passphrase-file "$WORK/wrong"
check_says 'not the passphrase'

# The passphrase from a descriptor and from a command.
check_exit 0 wakefs whoami --passphrase-fd 9 9<"$PASSPHRASE_FILE"
check_exit 0 wakefs whoami --passphrase-command "cat '$PASSPHRASE_FILE'"
check_exit 1 wakefs whoami --passphrase-command "cat '$PASSPHRASE_FILE'; exit 3"
check_exit 2 wakefs whoami "${pass[@]}" --passphrase-fd 9 9<"$PASSPHRASE_FILE"
chmod 644 "$PASSPHRASE_FILE"
check_exit 0 wakefs whoami "${pass[@]}"
check_says 'chmod 600'
chmod 600 "$PASSPHRASE_FILE"
: >"$WORK/empty"
check_exit 1 wakefs whoami --passphrase-file "$WORK/empty"
check_exit 2 setsid wakefs whoami
check_says 'no terminal'

# A second device; a taken address; a wrong passphrase.
person ben
check_exit 3 wakefs login ann@example.com --server "$SERVER_URL" --passphrase-file "$WORK/wrong"
check_exit 1 wakefs signup ann@example.com --server "$SERVER_URL" --passphrase-file "$WORK/wrong"
check_says 'ann@example.com'
check_exit 0 wakefs login ann@example.com --server "$SERVER_URL" --json "${pass[@]}"
check_same "login --json" "$(jq -r .account "$WORK/out")" "ann@example.com"

# Unsent changes hold a logout up; --force lets go.
check_exit 0 wakefs import --offline "$SAMPLES/pet-store.json" "${pass[@]}"
check_says 'kept here'
check_exit 5 wakefs logout "${pass[@]}"
check_exit 0 wakefs logout --force "${pass[@]}"
check_exit 0 wakefs whoami "${pass[@]}"
check_says 'logged out'
check_exit 3 wakefs import "$SAMPLES/two-workspaces.json" "${pass[@]}"
check_says 'wakefs login'
login ann@example.com
check_exit 0 wakefs export --all -O "$WORK/export.json" "${pass[@]}"
check_same "nothing was lost" "$(jq '.resources | length' "$WORK/export.json")" 31
check_same "its mode" "$(stat -c %a "$WORK/export.json")" 600
check_exit 0 wakefs logout --force --forget "${pass[@]}"
check "nothing is left" test -z "$(ls -A "$XDG_STATE_HOME/wakefs")"
check_exit 3 wakefs status "${pass[@]}"
