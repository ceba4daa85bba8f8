#!/bin/bash
# Memory on two nodes and on hugepages: what kvmtop says against numastat, numa_maps and smaps.
# kernels: any

. "$(dirname "$0")/lib.sh"

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

l2_shared_end	# it would take its share of the time
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

# ---- the host

json host >host
t_is 'the host is a guest' "$(jq -r '.level | split(" ")[0]' host)" guest
t_is 'and KVM is set so' "$(jq -c '[.halt_poll_us, .nested]' host)" \
	"[$(awk '{ printf "%g", $1 / 1000 }' /sys/module/kvm/parameters/halt_poll_ns),\"$(sed 's/[1Y]/on/; s/[0N]/off/' /sys/module/kvm_amd/parameters/nested)\"]"
rmdir /sys/fs/cgroup/kt33 2>/dev/null
t_done
