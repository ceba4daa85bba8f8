#!/bin/bash
# vhost threads and the rings they work: two NICs, one of them with two queue pairs. Who is loaded is known from where
# the packets go; who runs, from the kernel.
# kernels: all

. "$(dirname "$0")/lib.sh"

t_ok 'a guest with two vhost NICs' l2_shared || t_done
vm=$(vm shared)
pid=$(vm_pid shared)

# The vhost threads as the kernel has them, the first one first: "PID" of kernel threads, of threads of QEMU.
threads() {
	local f
	for f in /proc/[0-9]*/comm "/proc/$pid/task"/*/comm; do
		[ "$(cat "$f" 2>/dev/null)" = "vhost-$pid" ] && basename "$(dirname "$f")"
	done | sort -un
}
mapfile -t tids < <(threads)
t_is 'three threads' "${#tids[@]}" 3
kt -d 0 -o json vhost "$vm" >rows
t_is 'in the order of NICs and pairs' "$(jq -s -c 'sort_by(.tid) | map([.tid, .nic, .queue, .how])' rows)" \
	"[[${tids[0]},\"vnic1\",0,\"order\"],[${tids[1]},\"vnic2\",0,\"order\"],[${tids[2]},\"vnic2\",1,\"order\"]]"
t_is 'interfaces' "$(jq -s -c 'sort_by(.tid) | map(.ifname)' rows)" '["kt1","kt2","kt2"]'
t_is 'CPUs they may run on' "$(jq -r .affinity rows | sort -u)" "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/${tids[0]}/status")"

# ---- whoever is loaded is charged, and nobody else

run_ns() { local t; for t in "${tids[@]}"; do cut -d ' ' -f 1 "/proc/$t/schedstat"; done | tr '\n' ' '; }
# NAME N NIC PAIR: rows and queues were taken while the load on that pair, which the N-th thread serves, was on.
charged() {
	local name=$1 nth=$2 nic=$3 pair=$4 ran
	ran=$(paste -d ' ' <(tr ' ' '\n' <before) <(tr ' ' '\n' <after) | awk 'NF == 2 { print ($2 - $1) / 1e6, NR - 1 }' | sort -rn | head -n 1)
	t_is "$name: its thread ran most, says the kernel (${ran% *} ms)" "${ran#* }" "$nth"
	t_is "$name: and so says kvmtop, of the pair" \
		"$(jq -s -c 'max_by(.run_pct) | [.nic, .queue]' last)" "[\"$nic\",$pair]"
	t_ok "$name: as much as the kernel says" awk -v got="$(jq -s 'max_by(.run_pct).run_pct' last)" -v ms="${ran% *}" \
		-v s="$seconds" 'BEGIN { want = ms / s / 10; d = got - want; if (d < 0) d = -d; exit !(want > 0 && (d < want * 0.3 || d < 3)) }'
	t_ok "$name: its rings move most" jq -s -e --arg nic "$nic" --argjson pair "$pair" \
		'max_by(.req_per_s // 0) | .nic == $nic and .queue == $pair and .req_per_s > 10' last
}
# CPU ADDRESS: the guest floods that address from that vCPU, and kvmtop looks.
flood() {
	guest_cmd shared "(taskset $1 ping -A -q $2 >/dev/null 2>&1 & echo \$! >/run/flood)"
	wait_for 60 moves
	run_ns >before
	seconds=$EPOCHREALTIME
	ktp -d 2 -n 5 -o json vhost "$vm" >rows
	seconds=$(awk -v a="$seconds" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
	run_ns >after
	tail -n 3 rows >last
	ktp -d 2 -o json queues "$vm" >queues
	guest_cmd shared 'kill $(cat /run/flood)'
}
moves() { ktp -d 1 -o json vhost "$vm" | jq -s -e 'any(.[]; .req_per_s > 10)' >/dev/null; }
flood 1 10.7.1.1
charged 'vnic1' 0 vnic1 0
t_is 'which is sure now' "$(jq -c 'select(.nic == "vnic1") | .how' last)" '"rings"'
t_ok 'both of its rings move' jq -s -e '[.[] | select(.device == "vnic1" and .queue < 2 and .req_per_s > 10)] | length == 2' queues
t_is 'the thread is in the queues, too' "$(jq -c 'select(.device == "vnic1" and .queue < 2) | .backend' queues | sort -u)" "\"vhost ${tids[0]}\""
for q in 0 1; do
	t_is "while QEMU's own index of ring $q stays 0" "$(qmp_ask shared '{"execute":"x-query-virtio-queue-status",
		"arguments":{"path":"/machine/peripheral/vnic1/virtio-backend","queue":'$q'}}' | jq '."used-idx"')" 0
done
flood 1 10.7.2.1
charged 'vnic2, the first pair' 1 vnic2 0
flood 2 10.7.2.1
charged 'vnic2, the second pair' 2 vnic2 1
t_ok 'rings that QEMU does not tell the addresses of for vhost are read' jq -s -e \
	'[.[] | select(.device == "vnic2" and (.queue == 2 or .queue == 3) and .req_per_s > 10 and .depth != null)] | length == 2' queues

# ---- against QEMU's look into the rings, of a guest that stands still

qmp_ask shared '{"execute":"stop"}' >/dev/null
kt -d 0 -o json queues "$vm" >queues
for ring in vnic1/0 vnic1/1 vnic2/0 vnic2/2 vnic2/3 vnic2/4; do
	element=$(qmp_ask shared '{"execute":"x-query-virtio-queue-element","arguments":{"path":"/machine/peripheral/'"${ring%/*}"'/virtio-backend","queue":'"${ring#*/}"'}}')
	t_is "$ring: depth as QEMU sees it" \
		"$(jq -c --arg d "${ring%/*}" --argjson q "${ring#*/}" 'select(.device == $d and .queue == $q).depth' queues)" \
		"$(jq '((.avail.idx - .used.idx) % 65536 + 65536) % 65536' <<<"$element")"
done
qmp_ask shared '{"execute":"cont"}' >/dev/null
t_done
