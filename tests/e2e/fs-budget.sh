#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Budgets, counted: what is warm costs no upcall, a change no more than the kernel insists on, a save one
# push, and a mount that nobody uses nothing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need jq sqlite3 curl git
two_devices "$SAMPLES/pet-store.json"
group="$MNT/Pet Store"
pid=$(mount_pid ann)
ROUNDS=50
IDLE_S=4

stats() {
	jq -c .upcalls "$MNT/.wakefs/stats"
}

# The counters when they have come to rest: twice the same, a moment apart.
settled() {
	local last='' now
	now=$(stats)
	until [ "$now" = "$last" ]; do
		last=$now
		read -r -t 0.1 <>"$WORK/nothing" || true
		now=$(stats)
	done
	printf '%s\n' "$now"
}

# cost_of COMMAND...: what it asks of the mount; in $total, each kind in $costs.  statfs is left out: find and
# df ask for it once a run, and no kernel keeps the answer.
cost_of() {
	local before
	before=$(settled)
	"$@" >/dev/null 2>&1 || fail "does not run: $*"
	costs=$(jq -nc --argjson a "$before" --argjson b "$(settled)" \
		'[$b | to_entries[] | {(.key): (.value - $a[.key])}] | add')
	total=$(jq '.total - .statfs' <<<"$costs")
}

# --- warm ---

in_group() { (cd "$group" && "$@"); }
show_all() { find . -type f ! -path './.git/*' -exec cat {} +; }
compare() { git --no-optional-locks -c safe.directory='*' status --porcelain; }

warm() {
	in_group "$@" >/dev/null || fail "does not run: $*"
	in_group "$@" >/dev/null
	cost_of in_group "$@"
	check_same "upcalls of a warm $1 ($costs)" "$total" 0
}

git -C "$group" init -q
git -C "$group" -c safe.directory='*' add -A
git -C "$group" -c safe.directory='*' -c user.name=ann -c user.email=ann@example.com commit -q -m one
warm ls -lR .
warm find . -type f
warm grep -r limit .
warm show_all
warm compare

# --- changes ---

# within WHAT MOST: what it cost in ROUNDS rounds; a few more, once, are the kernel learning the place
within() {
	[ "$total" -le $((ROUNDS * $2 + 8)) ] || fail "$1: $total upcalls in $ROUNDS rounds: $costs"
}
for_each() {
	local i
	for ((i = 0; i < ROUNDS; i++)); do "$@" $i || return 1; done
}
writing() { printf 'some text\n' >"$group/budget-$1.txt"; }
saving() { printf 'other text\n' >"$group/.budget.tmp" && mv -T "$group/.budget.tmp" "$group/budget-$1.txt"; }
making() { mkdir "$group/.budget-$1"; }
unmaking() { rmdir "$group/.budget-$1"; }
moving() { mv -T "$group/budget-$1.txt" "$group/moved-$1.txt"; }
removing() { unlink "$group/moved-$1.txt"; }

# Beside each the kernel asks for the name that is not there (lookup), and, since a directory that changed
# may have changed its mode, for that (getattr).
cost_of for_each writing
within "create and write" 4
cost_of for_each writing
within "overwrite" 2
check_same "writes, and no more" "$(jq -c '[.write, .setattr]' <<<"$costs")" "[$ROUNDS,$ROUNDS]"
cost_of for_each saving
within "atomic save" 9 # 7, and 2 for what mv looks at itself
cost_of for_each moving
within "rename" 3
cost_of for_each removing
within "unlink" 2
cost_of for_each making
within "mkdir" 3
cost_of for_each unmaking
within "rmdir" 2
for op in open opendir releasedir flush access getxattr; do
	check_same "no $op" "$(settled | jq ".$op <= 1")" true
done

# --- a save ---

revisions() { sqlite3 "$WORK/wakefsd.db" 'SELECT count(*) FROM revision'; }
there="$(mnt ben)/Pet Store/Pets/List pets.json"
wait_for is_in_sync
before=$(revisions)
sed -i 's|"url": "[^"]*"|"url": "http://saved"|' "$group/Pets/List pets.json"
wait_for grep -q http://saved "$there"
wait_for is_in_sync
check_same "pushes of a save" "$(($(revisions) - before))" 1

# --- nothing ---

# A window, because it is to show that nothing happens in it.
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
wakeups() { awk '/^voluntary/ { n += $2 } END { print n }' /proc/"$pid"/task/*/status; }
requests() { curl -s "$SERVER_URL/metrics" | awk '/^wakefsd_requests_total/ { print $2 }'; }
polls() { curl -s "$SERVER_URL/metrics" | awk '/^wakefsd_polls_waiting/ { print $2 }'; }
are_polling() { [ "$(polls)" -eq 2 ]; }
is_quiet() {
	local before
	before=$(requests)
	read -r -t 1 <>"$WORK/nothing" || true
	[ $(($(requests) - before)) -eq 1 ]
}
wait_for are_polling
wait_for is_quiet
upcalls=$(settled | jq .total)
ticks=$(cpu_ticks) wakes=$(wakeups) asked=$(requests)
read -r -t $IDLE_S <>"$WORK/nothing" || true
wakes=$(($(wakeups) - wakes)) ticks=$(($(cpu_ticks) - ticks))
check_same "requests of two idle mounts (but the one that asks this)" "$(($(requests) - asked))" 1
[ "$ticks" -le 1 ] || fail "an idle mount used $ticks ticks of CPU in $IDLE_S s"
# The check of the key's age comes every 5 s, and clocks may be set right.
[ "$wakes" -le $((2 * IDLE_S)) ] || fail "an idle mount woke up $wakes times in $IDLE_S s"
check_same "upcalls of an idle mount" "$(settled | jq .total)" "$upcalls"
