#!/bin/bash
# The test runner itself, on test files of our own: who has a second chance, what is said of it, what counts.

cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

fake=$T_DIR/fake
mkdir -p "$fake/lint" "$fake/live" "$fake/hostile" "$fake/field"
# NAME [LINE..]: a test file that does this, with one check that passes and one that fails as long as a line says so.
file() {
	local name=$1
	shift
	{ echo '#!/bin/bash'; printf '%s\n' "$@"; } >"$fake/$name.sh"
	chmod +x "$fake/$name.sh"
}
good=$'echo "ok 1 - one"; echo "ok 2 - two"; echo 1..2'
bad=$'echo "ok 1 - one"; echo "not ok 2 - two"; echo "# why"; echo 1..2; exit 1'
# shellcheck disable=SC2016 # for that file's shell
first='seen=$0.seen; [ -e "$seen" ] || { touch "$seen";'	# and what is done the first time
# NAME..: what the runner says; its status is the last line.
runs() {
	rm -f "$fake"/*/*.seen
	KT_TESTS=$fake QEMU=true "$ROOT/tests/run" "$@" 2>&1
	echo "$?"
}

file live/steady "$good"
file live/wavering "$first $bad; }" "$good"
file hostile/dying "$first kill -9 \$\$; }" "$good"
file live/broken "$bad"
file lint/wavering "$first $bad; }" "$good"

file live/absent 'exit 0'
t_is 'a file of lint has one chance' "$(runs lint/ | tail -n 2)" $'1 passed, 1 failed, 0 skipped\n1'
runs steady live/wavering dying >out
t_is 'what passes the second time has passed, and only that run counts' "$(tail -n 2 out)" $'6 passed, 0 failed, 0 skipped\n0'
t_is 'it is named before the last line, with what failed first' "$(grep '^unsteady' out | sed 's/ (QEMU [^)]*)//' | sort)" \
	$'unsteady: hostile/dying: killed after 1200 seconds, or by a signal\nunsteady: live/wavering: two'
runs steady broken >out
t_is 'what fails twice has failed' "$(tail -n 2 out)" $'3 passed, 1 failed, 0 skipped\n1'
t_is 'it was run twice, and is told of once' "$(grep -c '^FAIL .*live/broken' out) $(grep -c '^failed: live/broken' out) $(grep -c '^unsteady' out)" '2 1 0'
t_is 'that without results has failed' "$(runs absent | tail -n 2)" $'0 passed, 1 failed, 0 skipped\n1'

file live/wrong '# A description.' '# lane: 2' "$good"
t_is 'a directive that is unknown is an error' "$(runs wrong)" "tests/run: $fake/live/wrong.sh: unknown directive: # lane: 2"$'\n2'
file live/wrong '# A description.' '# qemus: none' "$good"
t_is 'so is a value' "$(runs wrong)" "tests/run: $fake/live/wrong.sh: unknown directive: # qemus: none"$'\n2'
file live/wrong '# kernels: all' "$good"
t_is 'and one that is for files of another kind' "$(runs wrong)" "tests/run: $fake/live/wrong.sh: unknown directive: # kernels: all"$'\n2'
file live/wrong 'true' '# later: what is not the head' "$good"
t_is 'but not what stands further down' "$(runs wrong | tail -n 2)" $'2 passed, 0 failed, 0 skipped\n0'
# shellcheck disable=SC2016 # for that file's shell
file live/raced 'path=${TSAN_OPTIONS#*log_path=}; path=${path%%:*}.1' '[ "$(id -u)" = 0 ] || drop=""' \
	'${drop-setpriv --reuid nobody --regid nogroup --clear-groups} sh -c "echo a data race >$path"' "$good"
runs raced >out
t_like 'a report of a sanitizer fails the file, of another user too' "$(<out)" '2 passed +1 failed .*a sanitizer reported'
t_like 'and is in the log' "$(<out)" 'a data race'
if [ "$(id -u)" = 0 ]; then
	t_is 'where reports went is removed' "$(KT_TESTS=$fake QEMU=true setpriv --pdeathsig KILL unshare --mount sh -c \
		'mount -t tmpfs tmpfs /var/tmp && "$0" steady | tail -n 1; ls /var/tmp' "$ROOT/tests/run")" '2 passed, 0 failed, 0 skipped'
fi

if [ -w /dev/kmsg ] && [ -n "$(dd if=/dev/kmsg iflag=nonblock bs=16k count=1 status=none 2>/dev/null)" ]; then
	# FOR WORDS: a test file whose kvmtop the kernel writes of. A run that goes on beside us leaves this out.
	told() {
		file live/told "echo $(printf %q "netlink: 4 bytes leftover after parsing attributes in process $2, made up for $1.") >/dev/kmsg" "$good"
	}
	told "$fake" "\`kvmtop'"
	runs steady told >out
	t_is "a line of kvmtop in the kernel's log fails the run" "$(tail -n 2 out)" $'4 passed, 1 failed, 0 skipped\n1'
	t_like 'it is shown' "$(tail -n 4 out)" "kernel's log names kvmtop.*leftover.* in process .kvmtop', made up for $fake"
	t_is 'not that of an earlier run' "$(runs steady | tail -n 2)" $'2 passed, 0 failed, 0 skipped\n0'
	told "$fake" "/src/kvmtop/build/tool"
	t_is 'nor a path with that name' "$(runs told | tail -n 2)" $'2 passed, 0 failed, 0 skipped\n0'
	told "$fake-other" "\`kvmtop'"
	t_is 'nor what another run makes up' "$(runs told | tail -n 2)" $'2 passed, 0 failed, 0 skipped\n0'
else
	t_skip "a line of kvmtop in the kernel's log fails the run" 'the log cannot be read and written'
fi
t_is 'no such file: exit 2' "$(runs nowhere | tail -n 1)" 2

# ---- the queue

rm "$fake"/*/*.sh
# A file that goes on only when CMD succeeds, within a minute: it cannot in a queue of one.
# shellcheck disable=SC2016 # for that file's shell
waits='until_is() { local i; for ((i = 0; i < 600; i++)); do "$@" && return; sleep 0.1; done; exit 1; }; cd "$(dirname "$0")/.."'
file live/left "$waits; : >left.on; until_is test -e right.on" "$good"
file hostile/right "$waits; : >right.on; until_is test -e left.on" "$good"
t_is 'two files run side by side' "$(runs left right | tail -n 2)" $'4 passed, 0 failed, 0 skipped\n0'
# mkdir is the proof that none of its kind is there already
# shellcheck disable=SC2016
alone='mkdir "$(dirname "$0")/one" || exit 1; sleep 0.3; rmdir "$(dirname "$0")/one"'
for n in a b c; do file live/$n "$alone" "$good"; done
t_is 'and with LANES=1 none' "$(LANES=1 runs live/a live/b live/c | tail -n 2)" $'6 passed, 0 failed, 0 skipped\n0'
for n in a b c; do file live/$n "$alone" ': guest_shared' "$good"; done
file live/d "$waits; until_is test -e live/one" "$good"
LANES=3 runs live/ >out
t_is 'of those that share a guest one at a time' "$(tail -n 2 out)" $'10 passed, 0 failed, 0 skipped\n0' || cat out
rm "$fake"/*/*.sh
file lint/faults "$good"
file lint/fuzz "$good"
file live/libvirt-x "$good"
file live/shares ': guest_shared' "$good"
file live/plain "$good"
file field/plain "$good"
LANES=1 runs >out
t_is 'long ones first, those that share next, short ones last' "$(awk '$1 == "ok" { print $10 }' out | paste -sd ' ')" \
	'lint/fuzz live/libvirt-x live/shares live/plain field/plain lint/faults'

# What a signal to the runner leaves: nothing.
rm "$fake"/*/*.sh
for n in a b; do file live/$n "$waits; echo \$\$ >$n.pid; exec sleep 600"; done
KT_TESTS=$fake QEMU=true setpriv --pdeathsig KILL "$ROOT/tests/run" >out 2>&1 &
runner=$!
t_own "$runner"
# shellcheck disable=SC2317 # called by wait_for
both_run() { [ -s "$fake/a.pid" ] && [ -s "$fake/b.pid" ]; }
t_ok 'two run' wait_for 60 both_run
kill -TERM "$runner"
wait "$runner"
t_is 'a signal ends the runner' "$?" 143
# shellcheck disable=SC2317
gone() { ! kill -0 "$(cat "$fake/a.pid")" 2>/dev/null && ! kill -0 "$(cat "$fake/b.pid")" 2>/dev/null; }
t_ok 'and what it has started' wait_for 10 gone

# ---- the newer QEMU

rm "$fake"/*/*.sh
newer=$ROOT/build/qemu10/qemu-system-x86_64
# shellcheck disable=SC2016
file live/both '# Both.' '# qemus: all' 'echo "${QEMU:-own}" >>"$(dirname "$0")/../seen"' "$good"
if "$ROOT/tests/qemu/build"; then
	t_is 'a file for all QEMUs' "$(KT_TESTS=$fake "$ROOT/tests/run" 2>&1 | tail -n 1)" '4 passed, 0 failed, 0 skipped'
	t_is 'runs on each' "$(sort "$fake/seen" | paste -sd ' ')" "$newer own"
else
	t_skip 'the newer QEMU' 'none for this machine'
fi
t_is 'on one with QEMU=' "$(runs both | tail -n 2)" $'2 passed, 0 failed, 0 skipped\n0'
t_done
