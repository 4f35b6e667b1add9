#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# However a program saves, it is one document with the same identity, one push, and the right text on
# the other device.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq sqlite3
two_devices "$SAMPLES/pet-store.json"
group="$(mnt ann)/Pet Store"
file="$group/Pets/List pets.json"
there="$(mnt ben)/Pet Store/Pets/List pets.json"
temporary=$WORK/temporary

id_of() {
	wakefs stat --json "$1" | jq -r .id
}

revisions() {
	sqlite3 "$WORK/wakefsd.db" 'SELECT count(*) FROM revision'
}

documents() {
	status_json | jq '[.groups[].documents] | add'
}

# The text with the address that stands for one save in place of the one before.
changed() {
	sed "s|\"url\": \"[^\"]*\"|\"url\": \"http://$1\"|" "$file"
}

is_saved() {
	grep -q "\"url\": \"http://$1\"" "$there" && is_in_sync
}

id=$(id_of "$file")
check_not "it has no id" test "${id:-null}" = null
count=$(documents)

# saved_by WHAT COMMAND...: the command saves the file with the address http://WHAT
saved_by() {
	local what=$1 before
	shift
	before=$(revisions)
	"$@" "$what" || fail "$what does not run"
	check "$what: read back as written" grep -q "\"url\": \"http://$what\"" "$file"
	wait_for is_saved "$what"
	check_same "$what: the identity" "$(id_of "$file")" "$id"
	check_same "$what: on the other device" "$(cat "$there")" "$(cat "$file")"
	check_same "$what: pushes" "$(($(revisions) - before))" 1
	check_same "$what: documents" "$(documents)" "$count"
	check_same "$what: problems" "$(status_json | jq -c .problems)" '[]'
}

in_place() { changed "$1" >"$temporary" && cat "$temporary" >"$file"; }
in_pieces() {
	changed "$1" >"$temporary"
	dd if="$temporary" of="$file" bs=100 2>/dev/null
}
sed_in_place() { sed -i "s|\"url\": \"[^\"]*\"|\"url\": \"http://$1\"|" "$file"; }
perl_in_place() { perl -i.orig -pe "s|\"url\": \"[^\"]*\"|\"url\": \"http://$1\"|" "$file" && rm "$file.orig"; }
copied_over() { changed "$1" >"$temporary" && cp "$temporary" "$file"; }
copied_with_backup() {
	changed "$1" >"$temporary"
	cp --backup=simple "$temporary" "$file" && rm "$file~"
}
moved_over() { changed "$1" >"$group/Pets/.saving" && mv "$group/Pets/.saving" "$file"; }
moved_in() { changed "$1" >"$temporary" && mv "$temporary" "$file"; }
backup_and_create() {
	changed "$1" >"$temporary"
	mv "$file" "$file.bak" && cp "$temporary" "$file" && rm "$file.bak"
}
unlinked_and_created() { changed "$1" >"$temporary" && rm "$file" && cp "$temporary" "$file"; }
exchanged() {
	changed "$1" >"$group/Pets/saving.tmp"
	mv "$file" "$group/Pets/old.tmp" && mv "$group/Pets/saving.tmp" "$file" &&
		rm "$group/Pets/old.tmp"
}
with_vim() {
	local program=$1
	"$program" -N -u NONE -i NONE -es "+set $2" "+%s#\"url\": \"[^\"]*\"#\"url\": \"http://$3\"#" \
		+wq "$file" </dev/null
}
# Replace all, write, leave: typed when nano says that it waits for it, since it has no other way.
with_nano() {
	local old nano
	old=$(sed -n 's/.*"url": "\([^"]*\)".*/\1/p' "$file" | head -n 1)
	rm -f "$WORK/keys" "$WORK/screen"
	mkfifo "$WORK/keys"
	TERM=xterm script -qfec "nano -I '$file'" "$WORK/screen" <"$WORK/keys" >/dev/null &
	nano=$!
	exec 3>"$WORK/keys"
	wait_for grep -q 'Write Out' "$WORK/screen"
	printf '\034' >&3
	wait_for grep -q 'Search (to replace)' "$WORK/screen"
	printf '%s\r' "$old" >&3
	wait_for grep -q 'Replace with' "$WORK/screen"
	printf 'http://%s\r' "$1" >&3
	wait_for grep -q 'this instance' "$WORK/screen"
	printf 'A\017' >&3
	wait_for grep -q 'File Name to Write' "$WORK/screen"
	printf '\r' >&3
	wait_for grep -q 'Wrote' "$WORK/screen"
	printf '\030' >&3
	exec 3>&-
	wait $nano
}
with_emacs() {
	emacs -Q --batch "$file" --eval "(progn (setq make-backup-files t)
		(while (re-search-forward \"\\\"url\\\": \\\"[^\\\"]*\\\"\" nil t)
			(replace-match \"\\\"url\\\": \\\"http://$1\\\"\" t t)) (save-buffer))" \
		>/dev/null 2>&1 && rm -f "$file~"
}
git_here() {
	git -C "$group" -c safe.directory='*' -c user.name=ann -c user.email=ann@example.com "$@"
}
with_git_checkout() {
	git_here checkout -q "$1"
}

has() {
	command -v "$1" >/dev/null || {
		printf 'without %s, which is not installed\n' "$1"
		return 1
	}
}

saved_by in-place in_place
saved_by in-pieces in_pieces
saved_by sed sed_in_place
has perl && saved_by perl perl_in_place
saved_by cp copied_over
saved_by cp-backup copied_with_backup
saved_by mv moved_over
saved_by mv-across moved_in
saved_by backup-and-create backup_and_create
saved_by unlink-and-create unlinked_and_created
saved_by exchange exchanged
for vim in vim.tiny vim; do
	has $vim || continue
	saved_by $vim-rename with_vim $vim backupcopy=no
	saved_by $vim-in-place with_vim $vim backupcopy=yes
	saved_by $vim-swap with_vim $vim 'swapfile writebackup'
done
has nano && has script && saved_by nano with_nano
has emacs && saved_by emacs with_emacs

if has git; then
	git_here init -q
	git_here add -A
	git_here commit -q -m one
	git_here branch here
	git_here checkout -q -b git-branch
	saved_by git-branch in_place
	git_here commit -q -a -m two
	git_here checkout -q here
	wait_for is_in_sync
	wait_for cmp -s "$file" "$there"
	check_not "the branch is left" grep -q git-branch "$file"
	saved_by git-branch with_git_checkout
fi
