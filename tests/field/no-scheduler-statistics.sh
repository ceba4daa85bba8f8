#!/bin/bash
# A kernel that keeps no scheduler statistics has zeros in schedstat, or no such file. A guest of this host is recorded as such a
# kernel would show it, and its threads' times go on as the clock does: half a CPU for one, a fourth for another.

# qemus: all
. "$(dirname "$0")/../lib.sh"

qemu_start g -S -m 64
pid=$(vm_pid g)
hz=$(getconf CLK_TCK)
mkdir -p host/sys/devices/system/cpu host/proc
cp /sys/devices/system/cpu/online host/sys/devices/system/cpu/online

# DIR: what kvmtop reads of a process or thread, of /proc/DIR
record() {
	local f
	mkdir -p "host/proc/$1"
	for f in stat statm status cmdline comm; do
		[ ! -r "/proc/$1/$f" ] || cat "/proc/$1/$f" >"host/proc/$1/$f"
	done
}
for f in stat meminfo uptime; do cat "/proc/$f" >"host/proc/$f"; done
record "$pid"
ln -s "$(readlink "/proc/$pid/exe")" "host/proc/$pid/exe"
threads=(/proc/"$pid"/task/*)
threads=("${threads[@]##*/}")
for tid in "${threads[@]}"; do record "$pid/task/$tid"; done
t_ok 'it has several threads' [ "${#threads[@]}" -ge 2 ]

# FILE TICKS: utime becomes TICKS, in as many bytes as before: the file is never seen half written
set_utime() {
	local head tail
	read -r line <"$1"
	head=${line%)*}') '
	# shellcheck disable=SC2206
	tail=(${line##*) })
	tail[11]=$(printf '%012d' "$2")
	printf '%s%s\n' "$head" "${tail[*]}" 1<>"$1"
}
now_ticks() { local up; read -r up _ </proc/uptime; echo $(((${up%.*} * 100 + 10#${up#*.}) * hz / 100)); }
begun=$(now_ticks)
go_on() {
	local n
	while :; do
		n=$(($(now_ticks) - begun + 1000))
		set_utime "host/proc/$pid/task/${threads[0]}/stat" $((n / 2))
		set_utime "host/proc/$pid/task/${threads[1]}/stat" $((n / 4))
		t_pause 0.05
	done
}
set_utime "host/proc/$pid/task/${threads[0]}/stat" 500
set_utime "host/proc/$pid/task/${threads[1]}/stat" 250
go_on &
t_own "$!"

# HOW: what the tables say of it
check() {
	local row
	row=$(kt --root host -o json -d 2 vms | jq -c "select(.pid == $pid)")
	t_ok "$1: the CPU time of its threads: $(jq -c .cpu_pct <<<"$row")" jq -e '.cpu_pct > 55 and .cpu_pct < 95' <<<"$row"
	t_is "$1: waiting is not known" "$(jq .wait_pct <<<"$row")" null
	t_like "$1: and says why" "$(jq -r .note <<<"$row")" 'no scheduler statistics'
	kt --root host -o json -d 2 threads "pid:$pid" >rows
	t_is "$1: no thread is lost" "$(jq -s length rows)" "${#threads[@]}"
	t_ok "$1: one that runs: $(jq -c "select(.tid == ${threads[1]}) | .run_pct" rows)" \
		jq -e -s "map(select(.tid == ${threads[1]}))[0].run_pct | . > 15 and . < 35" rows
	t_is "$1: none waits 0.0 %" "$(jq -c 'select(.wait_pct != null)' rows)" ''
}
check 'no such file'
for tid in "${threads[@]}"; do printf '0 0 0\n' >"host/proc/$pid/task/$tid/schedstat"; done
check 'zeros in it'
t_done
