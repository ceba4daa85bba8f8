# shellcheck shell=bash
# For tests/run: the queue of test files, and the workers that take from it. Needs what tests/report.sh has and needs, and
# TESTS, san, newer and run_labs.
#
# A job is a line of two words: what it runs on, and a file. "own live/disk" is on the machine's QEMU or that of the
# environment, "newer live/disk" on the newer one, "- lint/man" on none, and "lab -" is all of the lab. Each runs in a shell
# of its own beside us. Those that share a guest run one after another, as each leaves it as it was.

jobs=()
declare -A version=()	# of own and newer
declare -A sharing=()	# files that use the guest which those on one QEMU share
declare -A guests=()	# own|newer -> the process that keeps it
declare -A running=()	# pid -> job

# own|newer: a word for each to be told by.
find_version() {
	local program=${QEMU:-qemu-system-x86_64}

	[ "$1" = own ] || program=$newer
	version[$1]=$("$program" --version | sed -n '1s/^QEMU emulator version \([0-9.]*\).*/\1/p')
}

# own|newer: the guest to share boots while the first file that wants it begins.
shared_dir() { printf '%s\n' "$ROOT/build/tmp/$$.shared-${version[$1]}"; }
start_shared() {
	local dir
	dir=$(shared_dir "$1")
	mkdir -p "$dir"
	(
		[ "$1" = own ] || export QEMU=$newer
		T_DIR=$dir exec setpriv --pdeathsig TERM tests/guest/shared
	) >"$LOG/shared-${version[$1]}" 2>&1 &
	guests[$1]=$!
}
stop_shared() {
	[ "${#guests[@]}" != 0 ] || return 0
	kill -TERM "${guests[@]}" 2>/dev/null
	wait "${guests[@]}"
	guests=()
}

# own|newer|lab|- FILE: one job, in this shell. The environment is for nothing else.
run_job() {
	local n=$2 again=''

	case $1 in
	lab) run_labs ;;
	-)
		case $n in
		unit/*) CMOCKA_MESSAGE_OUTPUT=TAP run_file "$n" "$san/tests/${n#unit/}" ;;
		*) run_file "$n" "$TESTS/$n.sh" ;;
		esac ;;
	*)
		again="alone $1"
		[ "$1" = own ] || export QEMU=$newer
		[ -z "${sharing[$n]:-}" ] || KT_SHARED=$(shared_dir "$1")
		export KT_SHARED
		run_file "$n (QEMU ${version[$1]:-unknown})" "$TESTS/$n.sh" ;;
	esac
}

# JOB: runs it beside us; its figures are added to ours by job_end.
job_start() {
	if [ -n "${sharing[${1#* }]:-}" ] && [ -z "${guests[${1%% *}]:-}" ]; then
		start_shared "${1%% *}"
	fi
	(
		running=() guests=() passed=0 failed=0 skipped=0
		trap finish EXIT
		trap 'exit 143' TERM
		# shellcheck disable=SC2086 # two words
		run_job $1
		printf '%d %d %d\n' "$passed" "$failed" "$skipped" >"$LOG/job.$BASHPID"
	) &
	running[$!]=$1
}
# PID: of a job that has ended.
job_end() {
	local ok=0 bad=0 skip=0

	if [ -e "$LOG/job.$1" ]; then
		read -r ok bad skip <"$LOG/job.$1"
	else
		cannot_run "${running[$1]}" 'what ran it was killed'
	fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	rm -f "$LOG/job.$1"
	unset "running[$1]"
}

# Takes the first job that can run now into $job: not one whose guest another uses. Fails when there is none.
job_take() {
	local i used=' ' other

	for other in "${running[@]+"${running[@]}"}"; do
		[ -z "${sharing[${other#* }]:-}" ] || used+="${other%% *} "
	done
	for i in "${!jobs[@]}"; do
		job=${jobs[i]}
		[[ -n "${sharing[${job#* }]:-}" && $used = *" ${job%% *} "* ]] && continue
		unset "jobs[i]"
		return 0
	done
	return 1
}

# WORKERS: runs all jobs, that number side by side, and returns when the last has ended.
run_queue() {
	local job pid

	while :; do
		while [ "${#running[@]}" -lt "$1" ] && job_take; do
			job_start "$job"
		done
		[ "${#running[@]}" != 0 ] || break
		wait -n -p pid "${!running[@]}"
		job_end "$pid"
	done
	stop_shared
}

# JOB: once more, with nothing beside it.
alone() {
	jobs=("$*")
	run_queue 1
}

# Orders the jobs: long ones first, so that no worker has one left when there is nothing more to take; then those that wait
# for each other; short ones last.
long_first() {
	local job rank sorted=()

	for rank in 0 1 2 3; do
		for job in "${jobs[@]+"${jobs[@]}"}"; do
			case $job in
			*' -' | *' lint/fuzz' | *' live/libvirt'*) [ "$rank" = 0 ] ;;
			'- '*) [ "$rank" = 3 ] ;;
			*) if [ -n "${sharing[${job#* }]:-}" ]; then [ "$rank" = 1 ]; else [ "$rank" = 2 ]; fi ;;
			esac && sorted+=("$job")
		done
	done
	jobs=("${sorted[@]+"${sorted[@]}"}")
}
