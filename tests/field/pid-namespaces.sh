#!/bin/bash
# QEMU in a PID namespace of its own, as in containers: the thread ids that it tells are not ours.
# qemus: all

. "$(dirname "$0")/../lib.sh"

OWN=$QEMU
# NAME CMD..: from now on QEMU is started by CMD; the process itself is its child.
through() { printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$*" "$OWN" >"through"; chmod +x through; QEMU=$PWD/through; }
child_is_there() { child=$(pgrep -P "$(vm_pid "$1")" -f qemu-system) && [ -n "$child" ]; }
contained() {
	local name=$1
	qemu_start "$@" || return
	wait_for 10 child_is_there "$name" && echo "$child" >"$name.pid" && t_own "$child"
}
# ID of the namespace -> ours
outer() { grep -l -P "^NSpid:.*\t$2\$" "/proc/$(vm_pid "$1")"/task/*/status | sed 's|.*/task/\([0-9]*\)/.*|\1|'; }
rows() { kt -o json -d 0 -F "$2" "$3" "$(vm "$1")"; }

right() {
	local name=$1 n inner
	t_is "$name: QEMU is asked" "$(rows "$name" pid,state,note vms | jq -r '"\(.pid) \(.state) \(.note)"')" "$(vm_pid "$name") running null"
	rows "$name" vcpu,tid vcpus >vcpus
	rows "$name" tid,role threads >threads
	qmp_ask "$name" '{"execute":"query-cpus-fast"}' | jq -r '.[] | "\(."cpu-index") \(."thread-id")"' >said
	t_is "$name: it has vCPUs" "$(wc -l <said)" "$(wc -l <vcpus)"
	while read -r n inner; do
		t_is "$name: vCPU $n" "$(jq -r --argjson n "$n" 'select(.vcpu == $n).tid' vcpus)" "$(outer "$name" "$inner")"
		t_like "$name: the role of its thread" "$(jq -r --argjson t "$(outer "$name" "$inner")" 'select(.tid == $t).role' threads)" '^vcpu '
	done <said
	inner=$(qmp_ask "$name" '{"execute":"query-iothreads"}' | jq -r '.[0]."thread-id"')
	t_is "$name: the IOThread" "$(jq -r 'select(.role == "iothread io1").tid' threads)" "$(outer "$name" "$inner")"
	t_is "$name: no thread but its own" "$(jq -r .tid threads | sort)" "$(find "/proc/$(vm_pid "$name")/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)"
}
guest=(-machine pc,accel=tcg -m 16 -smp 2 -object iothread,id=io1)

through unshare --pid --fork --kill-child --mount-proc
contained a "${guest[@]}" -qmp unix:a.qmp,server=on,wait=off
t_ok 'QEMU is in another PID namespace' [ "$(readlink "/proc/$(vm_pid a)/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
right a
contained b "${guest[@]}" -name "b-$$,debug-threads=on" -qmp unix:b.qmp,server=on,wait=off
right b

through unshare --user --map-root-user --pid --fork --kill-child --mount-proc --net --mount
contained c "${guest[@]}" -qmp unix:c.qmp,server=on,wait=off
t_ok 'QEMU is in another user namespace' [ "$(readlink "/proc/$(vm_pid c)/ns/user")" != "$(readlink /proc/self/ns/user)" ]
right c
# two deep
through unshare --pid --fork --kill-child unshare --pid --fork --kill-child --mount-proc
qemu_start d "${guest[@]}" -qmp unix:d.qmp,server=on,wait=off
deepest() { child=$(pgrep -f "^[^ ]*qemu-system.*d-$$"); [ "$(wc -w <<<"$child")" = 1 ]; }
wait_for 10 deepest && echo "$child" >d.pid && t_own "$child"
right d
t_done
