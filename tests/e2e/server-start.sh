#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# wakefsd as a person starts it: what it prints, what it refuses, how it ends.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/server-lib.bash"

[ "$("$B/wakefsd" --version)" = "wakefsd $(cat VERSION)" ] || fail "--version"
"$B/wakefsd" --help | grep -q -- '--listen ADDR:PORT' || fail "--help"
"$B/wakefsd" 2>"$work/err-usage"
[ $? -eq 2 ] || fail "without --db"
grep -q -- '--db FILE is missing' "$work/err-usage" || fail "the sentence about --db"
"$B/wakefsd" --db "$work/db" --listen 0.0.0.0:0 2>"$work/err-usage"
[ $? -eq 2 ] || fail "an address that others reach, without --behind-proxy"
grep -q -- '--behind-proxy' "$work/err-usage" || fail "the sentence about --behind-proxy"
"$B/wakefsd" --db "$work/no/such/place" 2>/dev/null && fail "a database that cannot be made"

start_server --log-level debug
port=${url##*:}
[ "$banner" = "wakefsd: listening on http://127.0.0.1:$port (data in $work/db; e-mail verification off)" ] ||
	fail "it said: $banner"
expect "$(ask GET /healthz)" "200 ok"
expect "$(ask GET /notification)" "200 null"
expect "$(ask GET /auth/whoami)" "401 Please log in again."
[ "$(stat -c %a "$work/db")" = 600 ] || fail "others can read the database"

# A second one on the same file is refused, and says who has it.
"$B/wakefsd" --listen 127.0.0.1:0 --db "$work/db" 2>"$work/second"
[ $? -eq 1 ] || fail "two on one database"
grep -q "in use: wakefsd, process $server_pid" "$work/second" || fail "$(cat "$work/second")"

# The end folds the write-ahead log in and says so.
stop_server TERM 0
[ -e "$work/db-wal" ] && fail "the log was not folded in"
grep -q 'stopped' "$work/err" || fail "no clean end in the log"

# What opens envelopes is not in it.
if nm "$B/wakefsd" 2>/dev/null | grep -E ' [Tt] (envelope_open|rsa_open|account_open|sealer_open)'; then
	fail "wakefsd holds what opens envelopes"
fi
exit 0
