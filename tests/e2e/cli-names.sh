#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the server is told of names: nothing, unless the account asks for it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need sqlite3
server_start
db=$WORK/wakefsd.db
names() { sqlite3 "$db" 'SELECT DISTINCT name FROM revision UNION SELECT name FROM grp ORDER BY 1'; }

person ann
signup ann@example.com
check_exit 0 wakefs import "$SAMPLES/pet-store.json" --passphrase-file "$PASSPHRASE_FILE"
check_same "names hidden" "$(names)" "n/a"

check_exit 2 wakefs login ann@example.com --names maybe --passphrase-file "$PASSPHRASE_FILE"
check_exit 0 wakefs login ann@example.com --names show --server "$SERVER_URL" --passphrase-file "$PASSPHRASE_FILE"
check_exit 0 wakefs import "$SAMPLES/garden.yaml" --passphrase-file "$PASSPHRASE_FILE"
check "names shown from now on" [ "$(names | wc -l)" -gt 2 ]
# An ordinary login leaves it as it was.
check_exit 0 wakefs login ann@example.com --server "$SERVER_URL" --passphrase-file "$PASSPHRASE_FILE"
before=$(names | wc -l)
check_exit 0 wakefs import "$SAMPLES/two-workspaces.json" --passphrase-file "$PASSPHRASE_FILE"
check "still shown" [ "$(names | wc -l)" -gt "$before" ]
