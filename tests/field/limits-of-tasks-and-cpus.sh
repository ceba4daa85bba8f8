#!/bin/bash
# Limits that a guest's control group has beside CPU time and memory: how many tasks, which CPUs. What of them holds the guest
# back is marked. Those of I/O are in tests/unit/test_host_cgroup.c, as few kernels let one set them.
# qemus: all
. "$(dirname "$0")/../lib.sh"

# CONTROLLER: a group of it, in either version
group() { if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo "/sys/fs/cgroup/kt-$$"; else echo "/sys/fs/cgroup/$1/kt-$$"; fi; }
pids=$(group pids) cpus=$(group cpuset)
t_leave() {
	local g
	for g in "$pids" "$cpus"; do
		while read -r pid; do kill -KILL "$pid"; done <"$g/cgroup.procs"
		wait_for 10 rmdir "$g"
	done
} 2>/dev/null
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || echo '+pids +cpuset' >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
mkdir -p "$pids" "$cpus" 2>/dev/null && [ -e "$pids/pids.max" ] && [ -e "$cpus/cpuset.cpus" ] ||
	{ t_skip 'limits of tasks and CPUs' 'no control groups can be made here'; t_done; }
[ "$(nproc --all)" -gt 1 ] || { t_skip 'limits of tasks and CPUs' 'one CPU'; t_done; }

qemu_start g -S -machine q35 -qmp unix:g.qmp,server=on,wait=off
limits() { ktp -d 0 -o json -F limits vms "$(vm g)" | jq -r .limits; }
t_is 'no limits' "$(limits)" ''
echo 0 >"$cpus/cpuset.cpus"
cat "${cpus%/*}/cpuset.mems" >"$cpus/cpuset.mems" 2>/dev/null
echo "$(vm_pid g)" >"$cpus/cgroup.procs"
echo "$(vm_pid g)" >"$pids/cgroup.procs"
used=$(cat "$pids/pids.current")
echo $((used + 1)) >"$pids/pids.max"
t_is 'tasks, CPUs' "$(limits)" "pids.max $((used + 1)) cpus 0"
t_is 'as the kernel has them' "$(cat "$pids/pids.max") $(grep Cpus_allowed_list "/proc/$(vm_pid g)/status" | cut -f 2)" "$((used + 1)) 0"
# a neighbour in the group takes the last one
setpriv --pdeathsig KILL sleep 600 &
t_own "$!"
echo "$!" >"$pids/cgroup.procs"
t_is 'no room for another task: marked' "$(cat "$pids/pids.current") $(limits)" "$((used + 1)) pids.max $((used + 1))! cpus 0"
t_done
