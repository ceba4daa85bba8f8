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
t_done
