#!/bin/bash
# A user's limit of processes is reached: what needs a thread says so, and nothing aborts or waits for ever.

. "$(dirname "$0")/lib.sh"

honest_start h
# N CMD..: by a user who may have N tasks, and has none but this.
limited() {
	local n=$1
	shift
	timeout 20 setpriv --reuid 61234 --regid 61234 --clear-groups prlimit --nproc="$n" -- env HOME=/tmp XDG_STATE_HOME=/tmp/state "$@"
}
cp "$KVMTOP_BARE" /tmp/kvmtop	# where that user may run it
RUN=(/tmp/kvmtop --no-libvirt)

limited 1 "${RUN[@]}" --batch -d 0 vms >out 2>err
t_like 'limit 1: vms says why not' "$? $(cat err)" '^1 kvmtop: .*the system allows no more threads \(see ulimit -u'
for n in 2 3 5 9 10; do
	limited "$n" "${RUN[@]}" --batch -d 0 memory "$(vm h)" >out 2>err
	t_like "limit $n: memory ends" "$? $(cat err)" '^(0 $|1 .*the system allows no more threads)'
done
# q is typed until it is heard.
for n in 1 2 9 10 11 12 13; do
	( while t_pause 0.1; do printf q || exit; done 2>/dev/null ) |
		TERM=xterm timeout 20 script -qec "setpriv --reuid 61234 --regid 61234 --clear-groups prlimit --nproc=$n -- \
		/tmp/kvmtop --no-libvirt" /dev/null >screen 2>&1
	t_like "limit $n: the screen ends" "${PIPESTATUS[1]} $(grep -a -o 'the system allows no more threads' screen | head -1)" \
		'^(0|1 the system allows no more threads)'
done
t_is 'with one thread for all, the guest is found' \
	"$(limited 2 "${RUN[@]}" --batch -d 0 -o json -F pid vms | jq .pid)" "$(vm_pid h)"
t_ok 'root is not limited' ktp -d 0 vms

# Each thread that is started, one after the other, is refused; then it and all after it. What it was for is said or done without.
${CC:-cc} -shared -fPIC -O1 -o fail-thread.so "$ROOT/tests/hostile/fail-thread.c" -ldl
# VERB..: until it has started all
each_thread() {
	local more n status
	for more in '' 1; do
		for ((n = 1; n < 100; n++)); do
			status=0
			rm -f said
			env LD_PRELOAD="$PWD/fail-thread.so" FAIL_SAID=said FAIL_THREAD=$n ${more:+FAIL_MORE=1} \
				timeout 30 "${RUN[@]}" --batch -d 0 --timeout 2 "$@" >out 2>err || status=$?
			case $status in 0 | 1 | 4) ;; *) echo "$n $status $(cat err)" ;; esac
			[ -e said ] || break
		done
		[ "$n" -gt 1 ] || echo 'none was refused'
	done
}
for verb in vms "memory $(vm h)" "numa $(vm h)" "queues $(vm h)" "disks $(vm h)" "slots $(vm h)" "threads $(vm h)" "nic add $(vm h) type=user"; do
	# shellcheck disable=SC2086
	t_is "each thread refused: ${verb%% *}" "$(each_thread $verb)" ''
done
# The screen the same; q is typed until it is heard.
each_thread_of_screen() {
	local more n status
	for more in '' 1; do
		for ((n = 1; n < 100; n++)); do
			rm -f ended said
			( until [ -e ended ]; do printf q || exit; t_pause 0.1; done 2>/dev/null ) |
				TERM=xterm timeout 30 \
				script -qec "LD_PRELOAD=$PWD/fail-thread.so FAIL_SAID=said FAIL_THREAD=$n ${more:+FAIL_MORE=1} ${RUN[*]}; echo \$? >status; : >ended" /dev/null >screen 2>&1
			read -r status <status
			case $status in 0 | 1) ;; *) echo "$n $status" ;; esac
			[ -e said ] || break
		done
		[ "$n" -gt 1 ] || echo 'none was refused'
	done
}
t_is 'each thread refused: the screen ends' "$(each_thread_of_screen)" ''
t_done
