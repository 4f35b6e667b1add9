#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Somebody owns the server: its database is edited behind its back, and two devices meet the result.  Each
# attack is told in one sentence, changes no file on either device, and leaves everything else at work.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq sqlite3
[ -e /dev/fuse ] || skip "there is no /dev/fuse"
shop="Pet Store" victim="Pet Store/Pets/List pets.json" other="Pet Store/Admin" beats=0

server_start
person ann
signup ann@example.com
import "$SAMPLES/pet-store.json"
mount_here
person ben
login ann@example.com
mount_here
person ann

id_of() { wakefs stat --json "$1" | jq -r .id; }
documents() {
	(cd "$1" && find . -path ./.wakefs -prune -o -type f ! -name 'beat*' -print0 | sort -z |
		xargs -0 sha256sum)
}
sql() { sqlite3 -bail "$WORK/wakefsd.db" "$1" || fail "the attack itself failed"; }
says() { wakefs status --json | jq -r '.sync.problem // ""' | grep -q -e "$1"; }
one_says() { as ann says "$1" || as ben says "$1"; }
both_in_sync() { as ann is_in_sync && as ben is_in_sync; }

apart() {
	wait_for -t 30 both_in_sync
	as ann umount_here
	as ben umount_here
	server_stop
}

together() {
	server_start
	as ben mount_here
	as ann mount_here
}

# A document's newest revision once more, as news: what is done to it comes after.
again() {
	sql "CREATE TEMP TABLE t AS SELECT r.n AS rn, r.group_n AS gn, r.group_n << 40 | r.seq AS old,
			r.group_n << 40 | (g.seq + 1) AS new FROM resource r JOIN grp g ON g.n = r.group_n
			WHERE r.id = '$1';
		INSERT INTO revision SELECT t.new, resource_n, randomblob(16), version, randomblob(16), type,
			name, removed, edited_ms, author, ad, inner_hash, digest, NULL, NULL, enc_content
			FROM revision, t WHERE n = t.old;
		UPDATE grp SET seq = seq + 1, mark = (SELECT mark FROM revision, t WHERE n = t.new)
			WHERE n = (SELECT gn FROM t);
		UPDATE resource SET prev_seq = seq, seq = (SELECT new & 0xffffffffff FROM t), version =
			(SELECT version FROM revision, t WHERE n = t.new) WHERE n = (SELECT rn FROM t);
		$2"
}
# The past gets other marks.
remark() {
	sql "UPDATE revision SET mark = randomblob(16);
		UPDATE grp SET mark = coalesce((SELECT mark FROM revision WHERE n = (grp.n << 40 | grp.seq)),
			randomblob(16))"
}
NEWEST='n = (SELECT new FROM t)'
part() { printf "UPDATE revision SET enc_content = json_set(enc_content, '\$.%s', %s) WHERE %s;" "$1" "$2" "$NEWEST"; }
field() { printf "json_extract(enc_content, '\$.%s')" "$1"; }

# What ann writes now arrives at ben: the rest is at work.
beat() {
	beats=$((beats + 1))
	printf '{"url": "https://beat.example/%d", "method": "GET"}\n' $beats >"$(mnt ann)/$shop/beat.json"
	wait_for -t 30 grep -q "beat.example/$beats" "$(mnt ben)/$shop/beat.json"
	wait_for -t 30 both_in_sync
}

# met NAME SENTENCE: after an attack.
met() {
	local name
	together
	wait_for -t 30 one_says "$2"
	beat
	for name in ann ben; do
		check_same "$1: nothing has changed at $name's" "$(documents "$(mnt $name)")" "$before"
	done
	echo "ok: $1"
	apart
}

beat
id=$(id_of "$victim") folder=$(id_of "$other")
before=$(documents "$(mnt ann)")
altered='altered documents; they were refused'
unread='cannot be read; they were left out'
apart

again "$id" "$(part d "'00' || substr($(field d), 3)")"
met "content is altered" "$altered"
again "$id" "$(part t "substr($(field t), 1, 24)")"
met "a tag is cut short" "$unread"
again "$id" "$(part t "''")"
met "a tag is left out" "$unread"
again "$id" "$(part iv "$(field iv) || 'abc'")"
met "an iv is of another length" "$unread"
again "$id" "$(part ad "substr($(field ad), 1, length($(field ad)) - 2) || '01'")"
met "the context says removed" "$altered"
again "$id" "$(part ad "''")"
met "the context is left out, as if an app had written" "$altered"
again "$id" "UPDATE revision SET enc_content = (SELECT v.enc_content FROM resource r JOIN revision v
	ON v.n = (r.group_n << 40 | r.seq) WHERE r.id = '$folder') WHERE $NEWEST;"
met "an envelope stands under another id" "$altered"
again "$id" "UPDATE revision SET type = 'RequestGroup' WHERE $NEWEST; UPDATE resource SET type = 'RequestGroup'
	WHERE id = '$id';"
met "a document gets another type" "$altered"
sql "UPDATE resource SET type = 'Request' WHERE id = '$id'"
again "$id" "UPDATE revision SET removed = 1 WHERE $NEWEST; UPDATE resource SET removed = 1 WHERE id = '$id';"
met "a live document is marked as removed" "$altered"
again "$id" "UPDATE revision SET enc_content = 'null' WHERE $NEWEST;"
met "an envelope is none" "$unread"
again "$id" "UPDATE resource SET id = '../../../../tmp/x' WHERE id = '$id';"
met "an id becomes a path" "$altered"
sql "UPDATE resource SET id = '$id' WHERE id = '../../../../tmp/x'"
again "$id" ""

# --- the past ---
together
wait_for -t 30 both_in_sync
sed -i 's/"limit"/"limit-new"/' "$(mnt ann)/$victim"
wait_for grep -q limit-new "$(mnt ben)/$victim"
wait_for both_in_sync
before=$(documents "$(mnt ann)")
apart
cp "$WORK/wakefsd.db" "$WORK/backup.db"
again "$id" "UPDATE revision SET (ad, inner_hash, digest, enc_content) = (SELECT ad, inner_hash, digest,
	enc_content FROM revision WHERE resource_n = (SELECT rn FROM t) ORDER BY n LIMIT 1) WHERE $NEWEST;"
met "an old revision is replayed" 'old documents as new; they were refused'
cp "$WORK/backup.db" "$WORK/wakefsd.db"
rm -f "$WORK/wakefsd.db-wal" "$WORK/wakefsd.db-shm"
met "another past is served" 'went back in time'
sql "DELETE FROM revision WHERE resource_n = (SELECT n FROM resource WHERE id = '$id');
	DELETE FROM resource WHERE id = '$id'"
remark
met "a document is taken away" '1 documents were given back'
sql "UPDATE resource SET digest = randomblob(16) WHERE id = '$id'"
remark
met "a listing lies about a digest" 'went back in time'

# --- keys and groups ---
sql "CREATE TABLE kept AS SELECT * FROM link; UPDATE link SET enc_symmetric_key = hex(zeroblob(256))"
together
beat
check_same "a known key does not change" "$(documents "$(mnt ben)")" "$before"
person eve
login ann@example.com
mount_here
wait_for says 'has a key that does not open'
check "nothing is shown without a key" test ! -e "$MNT/$shop"
umount_here
person ann
echo "ok: a link is replaced"
apart
sql "DELETE FROM link; INSERT INTO link SELECT * FROM kept; DROP TABLE kept"
sql "INSERT INTO grp(id, name, created_by, created_ms, mark) SELECT 'evil', '../..', created_by, 1, mark
	FROM grp LIMIT 1;
	INSERT INTO link SELECT account_n, (SELECT n FROM grp WHERE id = 'evil'), hex(zeroblob(256)),
		'admin' FROM link LIMIT 1"
met "a key that does not open is listed" 'has a key that does not open'
sql "UPDATE grp SET id = '../../etc/passwd' WHERE id = 'evil'"
together
wait_for -t 30 one_says 'no wakefs server, or it is damaged'
check_same "a group's id is a path" "$(documents "$(mnt ben)")" "$before"
echo "ok: a group's id is a path"
as ann umount_here
as ben umount_here
server_stop
sql "DELETE FROM link WHERE group_n = (SELECT n FROM grp WHERE id = '../../etc/passwd');
	DELETE FROM grp WHERE id = '../../etc/passwd'"
exit 0
