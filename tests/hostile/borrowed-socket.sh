#!/bin/bash
# A process that names the socket of another guest on its own command line has no part in that guest's monitor: what is
# said to it reaches neither the guest nor any other daemon whose socket it names.

. "$(dirname "$0")/lib.sh"

# NAME PATH: a process of the attacker's that looks like a QEMU whose monitor is at PATH.
pretend() {
	attacker_run "$EVIL/qemu-system-x86_64" -c 'sleep 1000; :' -name "$1" \
		-qmp "unix:$2,server=on,wait=off"
	wait_for 5 eval '[ "$(stat -c %U "/proc/$!" 2>/dev/null)" = nobody ] && readlink "/proc/$!/exe" | grep -q "^$EVIL"'
}

cp "$(readlink -f /bin/bash)" "$EVIL/qemu-system-x86_64"
t_ok 'the attacker is there first, by the lower pid' pretend thief "$T_DIR/h.qmp"
thief=$!
honest_start h
t_ok 'a daemon that is no QEMU listens' eval 'socat UNIX-LISTEN:daemon.sock,fork SYSTEM:"echo came >>came" 9>&- & t_own $!
	wait_for 5 test -S daemon.sock'
pretend caller "$T_DIR/daemon.sock"
caller=$!

kt -o json -d 0 -F pid,state,note vms >vms
t_is 'the honest guest is asked' "$(jq -r "select(.pid == $(vm_pid h)).state" vms)" prelaunch
t_is "the thief has no monitor's state" "$(jq -r "select(.pid == $thief).state" vms)" null
t_like 'and why not' "$(jq -r "select(.pid == $thief).note" vms)" "h.qmp is not the guest's: process $thief does not listen there"
t_ok 'no daemon was called' eval '[ ! -e came ]'

kt --timeout 2 -o json disk add "pid:$thief" file=h.conf format=raw readonly=on id=stolen force=on >record 2>err
t_is 'a disk for the thief is not plugged' "$? $(jq -r .status record)" '5 denied'
t_ok 'nor into the honest guest' eval '! vm_has_device h stolen'
kt -q h.qmp -o json -d 0 -F pid,source vms >vms
t_is 'a socket given by hand is the honest guest'"'"'s' "$(jq -r 'select(.source == "qmp").pid' vms)" "$(vm_pid h)"
t_ok 'a change of the honest guest by it works' kt -q h.qmp --timeout 2 disk add "$(vm h)" file=h.conf format=raw readonly=on id=d1
t_ok 'and without' kt --timeout 2 disk add "$(vm h)" file=h.conf format=raw readonly=on id=d2

# QEMU has listened as root, and dropped its rights since.
honest_start r -runas nobody
kt -o json -d 0 -F pid,state,note vms >vms
t_is 'a guest that changed its user since is asked' "$(jq -r "select(.pid == $(vm_pid r)).state" vms)" prelaunch
t_done
