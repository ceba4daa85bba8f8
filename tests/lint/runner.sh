#!/bin/bash
# The test runner itself, on test files of our own: who has a second chance, what is said of it, what counts.

cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

fake=$T_DIR/fake
mkdir -p "$fake/lint" "$fake/live" "$fake/hostile"
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

file live/steady "# lane: 2" "$good"
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

file live/wrong '# A description.' '# lanes: 2' "$good"
t_is 'a directive that is unknown is an error' "$(runs wrong)" "tests/run: $fake/live/wrong.sh: unknown directive: # lanes: 2"$'\n2'
file live/wrong '# A description.' '# lane: 3' "$good"
t_is 'so is a value' "$(runs wrong)" "tests/run: $fake/live/wrong.sh: unknown directive: # lane: 3"$'\n2'
file live/wrong '# kernels: all' "$good"
t_is 'and one that is for files of another kind' "$(runs wrong)" "tests/run: $fake/live/wrong.sh: unknown directive: # kernels: all"$'\n2'
file live/wrong 'true' '# later: what is not the head' "$good"
t_is 'but not what stands further down' "$(runs wrong | tail -n 2)" $'2 passed, 0 failed, 0 skipped\n0'
t_is 'no such file: exit 2' "$(runs nowhere | tail -n 1)" 2
t_done
