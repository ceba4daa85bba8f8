#!/bin/bash
# Control groups of version 2: a quota, a bound of memory, pressure, CPUs, laid out as libvirt does.
# kernels: any

. "$(dirname "$0")/lib.sh"

base=/sys/fs/cgroup/kt.slice
t_ok 'a guest boots under KVM' l2_start g || t_done
vm=$(vm g) pid=$(vm_pid g)
taker=''
t_leave() {
	[ -z "$taker" ] || t_kill "$taker"
	rm -f /dev/shm/kt-high
	vm_kill g
	find "$base" -depth -type d -exec rmdir {} \;
}
fields=limits,throttled_pct,psi_cpu_pct,psi_io_pct,psi_mem_pct
limits() { ktp -d "${1:-1}" -n "${2:-1}" -o json -F $fields vms "$vm"; }
t_is 'in the root group there is no limit, and no pressure of its own' \
	"$(limits 0 | jq -c '[.limits, .psi_cpu_pct]')" '["",null]'

# kt.slice/vm.scope/libvirt/{emulator,vcpu0,vcpu1}
echo '+cpu +memory +cpuset' >/sys/fs/cgroup/cgroup.subtree_control
for dir in "$base" "$base/vm.scope" "$base/vm.scope/libvirt"; do mkdir "$dir"; done
echo '+cpu +memory +cpuset' >"$base/cgroup.subtree_control"
echo "$pid" >"$base/vm.scope/cgroup.procs"
mkdir "$base/vm.scope/libvirt/emulator" "$base/vm.scope/libvirt/vcpu0" "$base/vm.scope/libvirt/vcpu1"
for dir in libvirt libvirt/emulator libvirt/vcpu0 libvirt/vcpu1; do echo threaded >"$base/vm.scope/$dir/cgroup.type"; done
echo '+cpu +cpuset' >"$base/vm.scope/cgroup.subtree_control"
echo '+cpu +cpuset' >"$base/vm.scope/libvirt/cgroup.subtree_control"
for task in "/proc/$pid/task"/*; do echo "${task##*/}" >"$base/vm.scope/libvirt/emulator/cgroup.threads"; done
i=0
for tid in $(qmp_ask g '{"execute":"query-cpus-fast"}' | jq '.[]."thread-id"'); do
	echo "$tid" >"$base/vm.scope/libvirt/vcpu$i/cgroup.threads"
	i=$((i + 1))
done
echo 0-2 >"$base/vm.scope/cpuset.cpus"
echo 2 >"$base/vm.scope/libvirt/vcpu1/cpuset.cpus"
taskset -p -c 0-1 "$(qmp_ask g '{"execute":"query-cpus-fast"}' | jq '.[0]."thread-id"')" >/dev/null
t_is 'CPUs: of the group, and what is left of the affinity' \
	"$(ktp -d 0 -o json -s vcpu vcpus "$vm" | jq -c '[.vcpu, .affinity, .cpuset, .allowed]' | tr '\n' ' ')" \
	'[0,"0-1","0-2","0-1"] [1,"2","2","2"] '
t_is 'a group that has none of its own' "$(ktp -d 0 -o json --filter 'role=main' threads "$vm" | jq -c '[.cpuset, .allowed]')" \
	"$(jq -n -c --arg c "$(cat "$base/vm.scope/libvirt/emulator/cpuset.cpus.effective")" '[$c, $c]')"

echo '300000 100000' >"$base/cpu.max"
echo '20000 100000' >"$base/vm.scope/libvirt/vcpu0/cpu.max"
echo 4G >"$base/vm.scope/memory.max"
t_is 'limits of its groups and of those above' "$(limits 0 | jq -r .limits)" 'cpu 300% (kt.slice) mem.max 4G cpu 20% (vcpu0)'
guest_cmd g 'for i in 1 2; do (while [ ! -e /run/stop ]; do :; done) >/dev/null 2>&1 & done'
throttled() { sed -n 's/^throttled_usec //p' "$base/vm.scope/libvirt/vcpu0/cpu.stat"; }
held() { [ "$(throttled)" -gt 1000000 ]; }
t_ok 'the quota is used up' wait_for 100 held
# which word of cpu.stat it is, counted over all of its lines
field=$(tr '\n' ' ' <"$base/vm.scope/libvirt/vcpu0/cpu.stat" | awk '{ for (i = 1; i < NF; i++) if ($i == "throttled_usec") print i + 1 }')
record_start record "$base/vm.scope/libvirt/vcpu0/cpu.stat"
beside got -F $fields vms "$vm"
beside_end
record_end
ours=$(recorded got record 1 "$field")
t_like 'and marked' "$(tail -n 1 got | jq -r .limits)" ' cpu 20% \(vcpu0\)!$'
pct=$(told got .throttled_pct)
t_ok "it is throttled $pct % of the time, $ours us a second" near "$pct" "$(awk -v us="$ours" 'BEGIN { print us / 1e4 }')" 5
t_ok 'that is much' jq -s -e 'all(.throttled_pct > 20)' got
pressure() { sed -n 's/^some avg10=\([0-9.]*\) .*/\1/p' "$base/vm.scope/cpu.pressure"; }
# it is read every 2 s: ours before and after
pressed() {
	local a b mine
	a=$(pressure)
	mine=$(limits 0 | jq .psi_cpu_pct)
	b=$(pressure)
	echo "$a $mine $b"
	jq -n -e --argjson a "$a" --argjson m "$mine" --argjson b "$b" '$m > 10 and (($a <= $m and $m <= $b) or ($b <= $m and $m <= $a))'
}
t_ok 'pressure of its group' wait_for 60 pressed
echo 'max 100000' >"$base/vm.scope/libvirt/vcpu0/cpu.max"
guest_cmd g 'touch /run/stop'
echo 60M >"$base/vm.scope/memory.high"
# A process beside QEMU in the group that takes memory again and again: the guest itself soon has all of its own.
setpriv --pdeathsig KILL -- sh -c 'while :; do head -c 100000000 /dev/zero >/dev/shm/kt-high; rm /dev/shm/kt-high; done' &
taker=$!
t_own "$taker"
echo "$taker" >"$base/vm.scope/cgroup.procs"
high() { limits 2.5 1 | jq -r .limits | tee high | grep -q 'mem.high 60M!'; }
t_ok 'memory.high, and that it holds the guest back' wait_for 100 high
t_like 'the quota is gone' "$(cat high)" '^cpu 300% \(kt.slice\) mem.high 60M! mem.max 4G$'
echo max >"$base/vm.scope/memory.high"
t_kill "$taker"
t_done
