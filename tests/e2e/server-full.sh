#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A full disk: the call that does not fit is refused with 507 and changes nothing; when there is
# space again the server goes on.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/server-lib.bash"

full=$work/full
mkdir "$full"
if ! mount -t tmpfs -o size=2m tmpfs "$full" 2>/dev/null; then
	echo "needs the right to mount a tmpfs"
	exit 77
fi
trap 'rc=$?; [ -n "$server_pid" ] && kill -9 "$server_pid"; umount "$full"; rm -rf "$work"; exit $rc' EXIT
db=$full/db
head -c 700000 /dev/zero >"$full/filler"
rm -f "$work/out"
mkfifo "$work/out"
"$B/wakefsd" --listen 127.0.0.1:0 --db "$db" --login-rate 0 >"$work/out" 2>"$work/log" &
server_pid=$!
read -r banner <"$work/out"
url=$(sed -n 's/^wakefsd: listening on \(http:[^ ]*\) .*/\1/p' <<<"$banner")

salt=$(printf '%064d' 0)
verifier=$(printf '%0512d' 7)
sealed=$(printf '%016000d' 0)
signup() {
	printf '{"email":"%s@example.com","firstName":"","lastName":"","id":"act_%s","saltEnc":"%s","saltAuth":"%s","saltKey":"%s","verifier":"%s","publicKey":"{}","encPrivateKey":"%s","encSymmetricKey":"%s"}' \
		"$1" "$1" "$salt" "$salt" "$salt" "$verifier" "$sealed" "$sealed" >"$work/signup"
	curl -sS --max-time 60 -o "$work/answer" -w '%{http_code}' --data-binary "@$work/signup" "$url/auth/signup"
}

made=0 code=200
while [ "$code" = 200 ] && [ $made -lt 500 ]; do
	code=$(signup "n$made")
	[ "$code" = 200 ] && made=$((made + 1))
done
[ "$code" = 507 ] || fail "a full disk answered $code after $made accounts: $(cat "$work/answer" "$work/log")"
grep -q 'disk is full' "$work/answer" || fail "it said: $(cat "$work/answer")"
[ "$made" -gt 3 ] || fail "only $made fitted"
rm "$full/filler"
code=$(signup again)
[ "$code" = 200 ] || fail "with space again: $code"
kill "$server_pid"
wait "$server_pid" || fail "the end"
server_pid=
[ "$(sqlite3 "$db" 'PRAGMA integrity_check; SELECT count(*) FROM account' 2>/dev/null | tr '\n' ' ')" = "ok $((made + 1)) " ] ||
	! command -v sqlite3 >/dev/null || fail "what is in the database"
exit 0
