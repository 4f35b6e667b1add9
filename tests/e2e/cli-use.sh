#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Help, options and exit codes of every verb.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq
person ann
check_exit 2 wakefs
check_exit 0 wakefs help
check_exit 0 wakefs --help
verbs=$(sed -n 's/^  \([a-z]*\)  .*/\1/p' "$WORK/out")
check_same "the verbs" "$(tr "\n" " " <<<"$verbs")" \
	"signup login logout whoami mount umount status stat import export selftest version help "
sed 's/\\f[A-Z]//g; s/\\//g' "$ROOT/docs/wakefs.1" "$ROOT/docs/wakefs-mount.8" >"$WORK/pages"
for verb in $verbs; do
	check_exit 0 wakefs "$verb" --help
	check_says "usage: wakefs $verb"
	for option in $(sed -n 's/^  .... *--\([a-z-]*\) .*/\1/p' "$WORK/out"); do
		[ "$option" = help ] || check "a page tells of --$option" \
			grep -q -e "--$option\b" "$WORK/pages"
		for shell in bash zsh fish; do
			check "--$option for $shell" grep -qw -e "$option" "$ROOT/docs/completion/wakefs.$shell"
		done
	done
	check_exit 0 wakefs help "$verb"
	check_exit 2 wakefs "$verb" --no-such-option=hunter2
	check_says "See: wakefs $verb --help"
	check_not "a value is not repeated" grep -q hunter2 "$WORK/err"
	check "wakefs(1) tells of it" grep -q "^\.SS $verb" "$ROOT/docs/wakefs.1"
	for shell in bash zsh fish; do
		check "completion for $shell" grep -qw "$verb" "$ROOT/docs/completion/wakefs.$shell"
	done
done
check_exit 2 wakefs mont
check_says 'Did you mean: wakefs mount'
check_exit 2 wakefs mount
check_exit 2 wakefs export
check_exit 2 wakefs export --all both
check_exit 2 wakefs whoami --passphrase-fd x
check_exit 0 wakefs version
check_says "^wakefs $(cat "$ROOT/VERSION")\$"
check_exit 0 wakefs version --json
check_same "the version" "$(jq -r .version "$WORK/out")" "$(cat "$ROOT/VERSION")"
check_exit 0 wakefs selftest
check_says ' passed, 0 failed, 0 skipped'
check_exit 1 wakefs selftest --vectors "$WORK/missing"
mkdir "$WORK/vectors" && printf '{' >"$WORK/vectors/srp.json"
check_exit 1 wakefs selftest --vectors "$WORK/vectors"
check_exit 1 bash -c 'wakefs help >/dev/full'
