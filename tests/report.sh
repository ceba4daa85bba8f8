# shellcheck shell=bash
# shellcheck disable=SC2034 # some of the figures are tests/run's
# For tests/run: runs one test file, counts its results and prints them; keeps what failed for a second run, and has the
# last word. Needs LOG, REPORTS, ROOT and DEADLINE.

passed=0 failed=0 skipped=0
child=''
again=''		# the function and the arguments that, with its name, run this file once more; empty: it has one chance
first_failure=''	# in the second run: the first check that failed in the first

# In the background and waited for, so that a signal to us is acted on at once.
run() { "$@" & child=$!; wait "$child"; local status=$?; child=''; return "$status"; }

# Programs die with a status that no exit code of kvmtop is taken for, and their reports
# go to files: a test may well throw its stderr away.
sanitizers() {
	local path=$1
	export ASAN_OPTIONS=exitcode=99:log_path=$path:detect_stack_use_after_return=1
	export UBSAN_OPTIONS=exitcode=99:log_path=$path:print_stacktrace=1
	export TSAN_OPTIONS=exitcode=99:log_path=$path:suppressions=${path%/*}/tsan.supp:die_after_fork=0
}

# One test file: NAME COMMAND..
run_file() {
	local name=$1 log=${1//[\/ ]/.} start=$EPOCHREALTIME status=0 why='' later=''
	local ok bad skip planned written
	shift

	log=$LOG/${log//[()]/}${first_failure:+.again}	# a sanitizer's option takes no blanks
	# where each user can write, but for the nested host, which has the checkout only
	written=$REPORTS/${log##*/}.san
	[ "${name%%/*}" != lab ] || written=$log.san
	sanitizers "$written"
	run setpriv --pdeathsig TERM timeout -k 20 "$DEADLINE" "$@" >"$log" 2>&1 || status=$?
	# cmocka says "not ok N # SKIP"; to TAP a skipped test is never a failure.
	skip=$(grep -a -c -E '^(not )?ok .*# SKIP' "$log")
	bad=$(grep -a '^not ok ' "$log" | grep -a -c -v '# SKIP')
	ok=$(($(grep -a -c -E '^(not )?ok ' "$log") - bad - skip))
	planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')

	if [ "$status" = 124 ] || [ "$status" = 137 ]; then
		why="killed after $DEADLINE seconds, or by a signal"
	elif [ "$status" != 0 ] && [ "$bad" = 0 ]; then
		why="ended with status $status"
	elif [ "$planned" != $((ok + bad + skip)) ]; then
		why="$((ok + bad + skip)) results, planned $planned"
	elif [ "$planned" = 0 ]; then
		why="no results"
	fi
	if compgen -G "$written.*" >/dev/null; then
		why="${why:+$why; }a sanitizer reported"
		cat "$written".* >>"$log"
	fi
	[ -z "$why" ] || bad=$((bad + 1))

	if [ "$bad" != 0 ] && run_later "$name" "$(first_failed "$log" "$why")"; then
		later=1
	else
		passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	fi
	if [ "$bad" = 0 ] && [ -n "$first_failure" ]; then
		printf 'unsteady: %s: %s\n' "$name" "$first_failure" >>"$LOG/unsteady"
	fi
	report "$name" "$log" "$start" "$why" "$later" >"$log.report"
	# whole, whatever others have to say
	flock "$LOG" cat "$log.report"
	rm "$log.report"
}

# Of run_file, with its figures: what is printed of a file.
report() {
	local name=$1 log=$2 start=$3 why=$4 later=$5

	printf '%-4s %4d passed %3d failed %3d skipped %7.1f s  %s%s%s\n' \
		"$([ "$bad" = 0 ] && echo ok || echo FAIL)" "$ok" "$bad" "$skip" \
		"$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')" \
		"$name" "${why:+ ($why)}" "${later:+: to be run again}"
	if [ "$bad" != 0 ]; then
		tail -n 200 "$log" | sed 's/^/    | /'
		[ -n "$later" ] || failures "$name${why:+ ($why)}" "$log" >>"$LOG/failed"
	elif [ "$skip" != 0 ]; then
		grep -a -E '^(not )?ok .*# SKIP' "$log" | sed 's/^/    | /'
	fi
}

# NAME LOG: the failed checks of a file: the first with what is said of it, as others often follow from that.
failures() {
	printf 'failed: %s\n' "$1"
	awk '/^(ok|not ok) /	{ shown = /^not ok / && !/# SKIP/; bad += shown }
		/^1\.\./	{ shown = 0 }
		shown && (bad == 1 || /^not ok /)' "$2" | head -n 20 | cut -c 1-200 | sed 's/^/    | /'
}

# LOG WHY: the first check that failed, on one line; WHY when none did.
first_failed() {
	awk -v why="$2" '/^not ok / && !/# SKIP/ { sub(/^not ok [0-9]* (- )?/, ""); why = $0; exit }
		END { gsub(/\t/, " ", why); print why }' "$1"
}

# NAME WHY: a file that could not be run.
cannot_run() {
	printf 'FAIL    %s: %s\n' "$1" "$2"
	run_later "$1" "$2" && return
	failed=$((failed + 1))
	printf 'failed: %s: %s\n' "$1" "$2" >>"$LOG/failed"
}

# NAME FIRST-FAILURE: has the file a second chance?
run_later() {
	[ -n "$again" ] && [ -z "$first_failure" ] && printf '%s %s\t%s\n' "$again" "${1%% (*}" "$2" >>"$LOG/again"
}

# What failed is run once more, alone, and counts as it does then: so a fault is told from a moment's load.
run_again() {
	local jobs job

	[ -e "$LOG/again" ] || return 0
	mapfile -t jobs <"$LOG/again"
	for job in "${jobs[@]}"; do
		first_failure=${job#*$'\t'}
		# shellcheck disable=SC2086 # a command and its arguments
		${job%%$'\t'*}
	done
}

# The last lines; succeeds when nothing failed. What failed is said once more, where a reader looks first.
total() {
	leave
	trap - EXIT
	[ ! -e "$LOG/failed" ] || cat "$LOG/failed"
	[ ! -e "$LOG/unsteady" ] || cat "$LOG/unsteady"
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" = 0 ]
}
