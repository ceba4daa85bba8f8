#!/bin/bash
# A guest under KVM on a host with two NUMA nodes and an IOMMU, as kvmtop sees them.
# kernels: all

. "$(dirname "$0")/lib.sh"

t_ok 'a guest boots under KVM' l2_shared || t_done
vm=$(vm shared)
pid=$(vm_pid shared)
t_is 'it does run on KVM' "$(qmp_ask shared '{"execute":"query-kvm"}' | jq -c '[.enabled, .present]')" '[true,true]'
t_is 'kvmtop sees it' "$(kt -d 0 -o json vms "$vm" | jq -c '[.pid, .state, .note]')" "[$pid,\"running\",null]"

# QEMU says which thread is which vCPU.
vcpu_tid=()
while read -r tid; do
	vcpu_tid+=("$tid")
done < <(qmp_ask shared '{"execute":"query-cpus-fast"}' | jq 'sort_by(."cpu-index")[]."thread-id"')
kt -d 0 -o json vcpus "$vm" >vcpus
t_is 'vCPUs and their threads as QEMU has them' "$(jq -s -c '[.[] | [.vcpu, .tid]] | sort' vcpus)" "[[0,${vcpu_tid[0]}],[1,${vcpu_tid[1]}]]"

# ---- how much the vCPUs run and how often they leave the guest, in one and the same time

# A busy vCPU, and one that is busy by fits and starts and leaves the guest each time.
guest_cmd shared 'taskset 1 sh -c "while :; do :; done" >/dev/null 2>&1 & echo $! >/run/busy; taskset 2 sh -c "while :; do usleep 5000; done" >/dev/null 2>&1 & echo $! >/run/fits'
record_start record /sys/kernel/debug/kvm/"$pid"-*/exits "/proc/$pid/task/${vcpu_tid[0]}/stat" "/proc/$pid/task/${vcpu_tid[1]}/stat"
beside vcpus -F vcpu,run_pct vcpus "$vm"
beside vms -F exits_per_s vms "$vm"
stdbuf -oL pidstat -H -t -p "$pid" 1 >pidstat.out &
ticker=$!
t_own "$ticker"
beside_end
t_kill "$ticker"
record_end
guest_cmd shared 'kill $(cat /run/busy /run/fits)'
# TID: the mean %CPU of the thread by pidstat, whose columns have names, over the seconds that ended between kvmtop's samples.
pidstat_pct() {
	local times
	sampled vcpus
	mapfile -t times <vcpus.times
	awk -v tid="$1" -v start="${times[0]}" -v end="${times[-1]}" '
		/%CPU/ { for (i = 1; i <= NF; i++) c[$i] = i }
		$c["TID"] == tid && $1 > start + 0.5 && $1 < end + 0.5 { sum += $c["%CPU"]; n++ }
		END { print (n >= 5 ? sum / n : "null") }' pidstat.out
}
for vcpu in 0 1; do
	run=$(told vcpus "select(.vcpu == $vcpu).run_pct")
	# a tick is 10 ms
	ticks=$(recorded vcpus record $((vcpu + 2)) 12+13)
	t_ok "vCPU $vcpu: run_pct $run, $ticks % by its ticks in the same time" near "$run" "$ticks" 5
	other=$(pidstat_pct "${vcpu_tid[vcpu]}")
	t_ok "vCPU $vcpu: run_pct $run, $other % by pidstat -t" near "$run" "$other" 5 $((vcpu * 5))
done
t_ok 'the busy one was busy' jq -s -e 'any(.[]; .vcpu == 0 and .run_pct > 50)' vcpus
exits=$(recorded vms record 1 1)
t_ok "exits_per_s $(told vms .exits_per_s), by debugfs $exits" near "$(told vms .exits_per_s)" "$exits" 5
t_ok 'there were exits' jq -s -e 'all(.exits_per_s > 50)' vms

# ---- nodes

# CPUS CPUS: where the two vCPUs may run.
pin() { taskset -p -c "$1" "${vcpu_tid[0]}" && taskset -p -c "$2" "${vcpu_tid[1]}"; } >/dev/null
# CPU runs on when it wakes up where it may.
on_node() { kt -d 0 -o json -F node vms "$vm" | jq -e --arg n "$1" '.node == $n' >/dev/null; }
pin 2-3 2-3
t_ok 'both vCPUs on node 1' wait_for 60 on_node 1
t_is 'and so the rows say' "$(kt -d 0 -o json vcpus "$vm" | jq -c '[.affinity, .node]' | sort -u)" '["2-3",1]'
pin 0 2
t_ok 'one on each node' wait_for 60 on_node 0,1
t_is 'each on its CPU' "$(kt -d 0 -o json vcpus "$vm" | jq -s -c 'sort_by(.vcpu)[] | [.vcpu, .affinity, .cpu, .node]' | tr '\n' ' ')" \
	'[0,"0",0,0] [1,"2",2,1] '
pin 0-3 0-3

# ---- PCI devices, against sysfs

link() { basename "$(readlink "/sys/bus/pci/devices/$1/$2")"; }
row() { kt -d 0 -o json pci | jq -c --arg a "$1" "select(.address == \$a) | $2"; }
# A line an address: address driver group node
kt -d 0 -o json pci | jq -r '[.address, .driver // "", .iommu_group // "", .node // -1] | map(tostring) | join(" ")' | sort >pci
shown=$(wc -l <pci)
while read -r address _; do
	printf '%s %s %s %s\n' "$address" "$(link "$address" driver)" "$(link "$address" iommu_group)" \
		"$(cat "/sys/bus/pci/devices/$address/numa_node")"
done <pci >sysfs
t_is 'drivers, IOMMU groups, nodes' "$(cat pci)" "$(cat sysfs)"
t_ok "there are some: $shown" test "$shown" -ge 2

address=$(basename "$(dirname "$(grep -l 0x020000 /sys/bus/pci/devices/*/class)")")
t_is 'the NIC has its driver' "$(row "$address" .driver)" '"e1000e"'
pf=$(basename "$(dirname "$(ls /sys/bus/pci/devices/*/sriov_totalvfs)")")
t_is 'the NVMe controller can have functions' "$(row "$pf" '[.driver, .sriov, .vfs, .vfs_max]')" '["nvme","PF",0,4]'
echo 0 >"/sys/bus/pci/devices/$pf/sriov_drivers_autoprobe"
echo 2 >"/sys/bus/pci/devices/$pf/sriov_numvfs"
t_is 'it has two now' "$(row "$pf" '[.sriov, .vfs, .vfs_max]')" '["PF",2,4]'
for i in 0 1; do
	t_is "function $i is one of it" "$(row "$(link "$pf" "virtfn$i")" '[.sriov, .iommu_group, .driver]')" \
		"$(jq -n -c --arg pf "VF of $pf" --argjson g "$(link "$(link "$pf" "virtfn$i")" iommu_group)" '[$pf, $g, null]')"
done
echo 0 >"/sys/bus/pci/devices/$pf/sriov_numvfs"
t_is 'and none again' "$(row "$pf" .vfs)" 0
t_done
