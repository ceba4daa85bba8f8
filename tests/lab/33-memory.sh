#!/bin/bash
# Memory on two nodes, on hugepages, merged: what kvmtop says against numastat, numa_maps, smaps and the memory that is free.
# kernels: all

. "$(dirname "$0")/lib.sh"

json() { kt -o json -d 0 "$@"; }
near() { awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN { d = a > b ? a - b : b - a; m = a > b ? a : b; exit !(d <= m * p / 100) }'; }
# GOT WANT POINTS WHOLE
within() { awk -v a="$1" -v b="$2" -v p="$3" -v w="$4" 'BEGIN { d = a > b ? a - b : b - a; exit !(d <= w * p / 100 + 4194304) }'; }
MB=1048576
# NAME NODE: bytes there of the guest's own blocks, which are mappings of their own, by numa_maps
block_bytes() {
	local pid gpa hva sum=0
	pid=$(vm_pid "$1")
	for gpa in $3; do
		hva=$(hmp_ask "$1" "gpa2hva $gpa" | sed 's/.* is 0x\([0-9a-f]*\).*/\1/')
		sum=$((sum + $(awk -v h="$hva" -v n="N$2" '$1 == h { for (i = 3; i <= NF; i++) { split($i, a, "="); if (a[1] == n) p = a[2]; if (a[1] == "kernelpagesize_kB") k = a[2] } } END { printf "%.0f", p * k * 1024 }' "/proc/$pid/numa_maps")))
	done
	echo "$sum"
}
of_node() { jq --argjson n "$2" "select(.node == \$n) | .$1" "$3"; }
qemu_idle() { local name=$1; shift; qemu_start "$name" -machine q35,accel=kvm -S -qmp "unix:$name.qmp,server=on,wait=off" "$@"; }

l2_shared_end	# all memory there is to merge is to be ours
echo 0 >/proc/sys/kernel/numa_balancing	# it would move what is compared

# ---- two nodes: numastat, numa_maps

mkdir /sys/fs/cgroup/kt33 && echo +memory >/sys/fs/cgroup/cgroup.subtree_control
echo $$ >/sys/fs/cgroup/kt33/cgroup.procs
qemu_idle two -smp 2 -m 768 -object memory-backend-ram,id=m0,size=512M,host-nodes=0,policy=bind,prealloc=on \
	-object memory-backend-ram,id=m1,size=256M,host-nodes=1,policy=bind,prealloc=on -numa node,memdev=m0,cpus=0 -numa node,memdev=m1,cpus=1
echo $$ >/sys/fs/cgroup/cgroup.procs
vm=$(vm two) pid=$(vm_pid two)
for tid in $(qmp_ask two '{"execute":"query-cpus-fast"}' | jq '.[]."thread-id"'); do
	taskset -p -c 0-1 "$tid" >/dev/null
done
json numa "$vm" >numa
json --exact numa "$vm" >exact
numastat -p "$pid" >numastat.out
for node in 0 1; do
	maps=$(block_bytes two "$node" '0x0 0x20000000')
	t_is "node $node: exact is what numa_maps says" "$(of_node bytes "$node" exact)" "$maps"
	t_ok "node $node: sampled, within its error" within "$(of_node bytes "$node" numa)" "$maps" "$(of_node error_pct "$node" numa)" $((768 * MB))
	stat=$(awk -v f=$((node + 2)) '$1 == "Total" && NF > 3 { printf "%.0f", $f * 1048576 }' numastat.out)
	# numastat counts QEMU itself too: some 40 MiB, on the node it runs on
	t_ok "node $node: $stat by numastat" awk -v g="$(of_node bytes "$node" numa)" -v s="$stat" 'BEGIN { d = s - g; exit !(d > -0.05 * s && d < 0.05 * s + 48 * 1048576) }'
done
t_ok 'errors are small' jq -s -e 'map(.error_pct) | max < 2' numa
t_is 'home is where the vCPUs are bound' "$(jq -s -c 'map(.home)' numa)" '["home",null]'
t_is 'two vCPUs there' "$(jq -s -c 'map(.vcpus)' numa)" '[2,0]'
t_ok 'so two thirds are local' near "$(jq -s '.[0].local_pct' numa)" 66.7 4
t_is 'memory far from them is marked' "$(jq -s -c 'map(.mismatch)' numa)" '[null,"memory"]'
# by where the vCPUs ran last, which of vCPUs that stand still is anywhere
cgroup_tells() {
	local want
	json -F node,local_pct vms "$vm" >row
	case $(jq -r .node row) in 0) want=66.7 ;; 1) want=33.3 ;; 0,1) want=100 ;; esac
	near "$(jq .local_pct row)" "$want" 15
}
t_ok 'the cgroup tells the same of it' cgroup_tells
t_is 'other guests share their cgroup: unknown' "$(qemu_idle plain -m 32; json -F local_pct vms "$(vm plain)" | jq .local_pct)" null

json nodes >nodes
for node in 0 1; do
	t_is "node $node: its memory" "$(of_node mem_total_bytes "$node" nodes)" \
		"$(awk '$3 == "MemTotal:" { printf "%.0f", $4 * 1024 }' "/sys/devices/system/node/node$node/meminfo")"
	t_is "node $node: its CPUs and distances" "$(of_node cpus "$node" nodes) $(of_node distance "$node" nodes)" \
		"\"$(cat "/sys/devices/system/node/node$node/cpulist")\" \"$(cat "/sys/devices/system/node/node$node/distance")\""
done
hit() { awk '$1 == "numa_hit" { print $2 }' /sys/devices/system/node/node0/numastat; }
# kvmtop's interval lies within ours; the kernel adds up what each CPU counted now and then
taskset -c 0 bash -c 'while :; do cat /proc/self/status; done' >/dev/null &
t_own "$!"
h0=$(hit)
kt -o json -d 4 nodes >nodes
h1=$(hit)
t_kill "${T_PIDS[-1]}"
t_ok "allocations that hit are counted: $(of_node hit_per_s 0 nodes) of $((h1 - h0))" \
	awk -v g="$(of_node hit_per_s 0 nodes)" -v w="$((h1 - h0))" 'BEGIN { exit !(g > 0 && g * 4 <= w + 1000) }'
vm_kill two
vm_kill plain

# ---- huge pages of both kinds

qemu_idle huge -m 128 -object memory-backend-memfd,id=h0,size=128M,hugetlb=on,hugetlbsize=2M,host-nodes=1,policy=bind,prealloc=on -machine memory-backend=h0
json memory "$(vm huge)" >row
json --exact memory "$(vm huge)" >exact
t_is 'hugetlb pages as the kernel has them' "$(jq -c '[.hugetlb_bytes, .hugetlb_2m_bytes, .hugetlb_1g_bytes]' row)" \
	"[$(awk '/^HugetlbPages/ { print $2 * 1024 }' "/proc/$(vm_pid huge)/status"),$((128 * MB)),0]"
t_is 'and exact as numa_maps' "$(jq .hugetlb_2m_bytes exact)" "$(block_bytes huge 1 0x0)"
json hugepages >pools
pool() { jq -c --arg p "$1" 'select(.pool == $p) | [.total, .free, .reserved, .surplus]' pools; }
file() { cat "/sys/devices/system/node/node$1/hugepages/hugepages-2048kB/$2_hugepages"; }
for node in 0 1; do
	t_is "the pool of node $node" "$(pool "2M node $node")" "[$(file "$node" nr),$(file "$node" free),null,$(file "$node" surplus)]"
done
t_is 'and of the host' "$(pool 2M)" "[$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/{nr,free,resv,surplus}_hugepages | paste -s -d ,)]"
t_is 'who uses it, and where' "$(jq -c 'select(.page_bytes == 2097152) | [.guest_bytes, .guests]' pools)" \
	"[$((128 * MB)),\"$(vm huge) 128M\"]"$'\n[0,null]\n'"[$((128 * MB)),\"$(vm huge) 128M\"]"
vm_kill huge

echo always >/sys/kernel/mm/transparent_hugepage/enabled
qemu_idle thp -m 512 -object memory-backend-ram,id=t0,size=512M,prealloc=on -machine memory-backend=t0
json memory "$(vm thp)" >row
json --exact memory "$(vm thp)" >exact
smaps=$(awk '/^[0-9a-f]+-[0-9a-f]+ / { n = 0 } $1 == "Size:" { n = $2 == 524288 } n && $1 == "AnonHugePages:" { printf "%.0f", $2 * 1024 }' "/proc/$(vm_pid thp)/smaps")
t_is 'transparent ones, exact' "$(jq .thp_bytes exact)" "$smaps"
t_ok "and sampled: $(jq -c '[.thp_bytes, .thp_pct, .error_pct]' row)" within "$(jq .thp_bytes row)" "$smaps" "$(jq .error_pct row)" $((512 * MB))
t_ok 'it is on huge pages' jq -e '.thp_pct > 90' row
json thp >thp
t_is 'set so' "$(jq -r .enabled thp)" always
t_ok 'the host counts them too' jq -e --argjson n "$smaps" '.anon_bytes >= $n' thp
vm_kill thp
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled

# ---- merging

ksm=/sys/kernel/mm/ksm
json ksm >row
t_is 'it is off' "$(jq -r .state row)" off
t_like 'which is why' "$(jq -r .advice row)" '^it is off'
echo never >/sys/kernel/mm/transparent_hugepage/enabled
echo 2000 >$ksm/pages_to_scan
echo 10 >$ksm/sleep_millisecs
qemu_idle not -m 64 -machine mem-merge=off -object memory-backend-ram,id=k1,size=64M,merge=off,prealloc=on -machine memory-backend=k1
echo 1 >$ksm/run
json ksm >row
t_like 'no guest wants it' "$(jq -r .advice row)" 'no guest has memory that may be merged'
echo 0 >$ksm/run
# all of its pages are equal: never written to but for being there
qemu_idle same -m 256 -object memory-backend-ram,id=k0,size=256M,prealloc=on -machine memory-backend=k0
anon_bytes() { awk '/^AnonPages/ { printf "%.0f", $2 * 1024 }' /proc/meminfo; }
anon0=$(anon_bytes) sharing0=$(cat $ksm/pages_sharing)
echo 1 >$ksm/run
merged() { [ "$(cat $ksm/pages_sharing)" -gt 60000 ]; }
t_ok 'its pages are merged' wait_for 300 merged
t_is 'one guest wants it' "$(json ksm | jq .guests)" 1
kt -o json -d 3 ksm >row
anon1=$(anon_bytes) sharing1=$(cat $ksm/pages_sharing)
echo 0 >$ksm/run
json ksm >still
t_ok "what is saved, by the memory of processes that went: $((anon0 - anon1)) while $sharing0 became $sharing1" \
	awk -v d="$((anon0 - anon1))" -v s="$(((sharing1 - sharing0) * 4096))" 'BEGIN { exit !(s > 2e8 && d > s * 0.95 && d < s * 1.05) }'
t_ok 'the figure is that, less the book-keeping' awk -v g="$(jq .saved_bytes still)" -v s="$(($(cat $ksm/pages_sharing) * 4096))" 'BEGIN { exit !(g <= s && g > s * 0.95) }'
t_ok 'ksmd had to work for it' jq -e '.ksmd_pct > 0' row
merging=$(($(cat "/proc/$(vm_pid same)/ksm_merging_pages") * 4096))
json memory "$(vm same)" >row
t_is 'of the guest, as the kernel has it' "$(jq .ksm_bytes row)" "$merging"
t_ok "its pages' flags agree, or are not believed: $(jq -c '[.ksm_pct, .error_pct]' row)" \
	jq -e --argjson m "$merging" '.ksm_pct == null or ((.ksm_pct - 100 * $m / .present_bytes) | fabs) < 2 + .error_pct' row
json memory "$(vm not)" >row
t_ok 'of the other nothing is merged, and none of its pages says so' jq -e '.ksm_bytes == 0 and (.ksm_pct == null or .ksm_pct == 0)' row
t_ok "this kernel's flag: $(jq -c .ksm_pct row) on $(uname -r)" true
json host >host
t_is 'the host is a guest' "$(jq -r '.level | split(" ")[0]' host)" guest
t_is 'and KVM is set so' "$(jq -c '[.halt_poll_us, .nested]' host)" \
	"[$(awk '{ printf "%g", $1 / 1000 }' /sys/module/kvm/parameters/halt_poll_ns),\"$(sed 's/[1Y]/on/; s/[0N]/off/' /sys/module/kvm_amd/parameters/nested)\"]"
echo 2 >$ksm/run
t_is 'undone is told' "$(json ksm | jq -r .state)" undone
vm_kill same
vm_kill not
echo 0 >$ksm/run
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
rmdir /sys/fs/cgroup/kt33 2>/dev/null
t_done
