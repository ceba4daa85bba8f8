#!/bin/bash
# vhost NICs: the kernel works their rings, of which QMP knows nothing and kvmtop all; and the
# CPU time is that of a thread for each queue pair, in the kernel before Linux 6.4, in QEMU since.
# kernels: all

. "$(dirname "$0")/lib.sh"

t_ok 'a guest with vhost NICs' l2_shared || t_done
vm=$(vm shared)
pid=$(vm_pid shared)

# ---- a load that is exactly known: packets into one queue of one tap

modprobe pktgen || t_done
# TAP MAC QUEUE: some 400 packets a second, until flood_end. The packets are for nobody: the
# guest drops them.
flood() {
	local dev=/proc/net/pktgen/$1 line
	echo rem_device_all >/proc/net/pktgen/kpktgend_3
	wait_for 30 test ! -e "$dev"	# its thread does that when it comes to it
	echo "add_device $1" >/proc/net/pktgen/kpktgend_3
	for line in 'count 0' 'delay 2500000' 'clone_skb 0' 'pkt_size 100' 'dst 10.7.9.9' "dst_mac $2" \
		"queue_map_min $3" "queue_map_max $3"; do
		echo "$line" >"$dev" || return 1
	done
	# start returns when it was stopped
	echo start >/proc/net/pktgen/pgctrl 9>&- &
	flooder=$!
	t_own "$flooder"
	wait_for 30 moves "$1" || { l2_stands shared; return 1; }
}
flooded() { awk -v rate="$1" 'BEGIN { exit !(rate > 100) }' || { l2_stands shared; return 1; }; }
flood_end() {
	echo stop >/proc/net/pktgen/pgctrl
	wait "$flooder"
}
sent() { cat "/sys/class/net/$1/statistics/tx_packets"; }
moves() { local n; n=$(sent "$1"); sleep 0.5; [ "$(sent "$1")" -gt $((n + 20)) ]; }

# ---- the vhost threads, as the kernel has them: kernel threads, or threads of QEMU

threads() {
	grep -l -x "vhost-$pid" /proc/[0-9]*/comm "/proc/$pid"/task/*/comm 2>/dev/null | sed 's,/comm$,,; s,.*/,,' | sort -n -u
}
mapfile -t tids < <(threads)
t_is 'the kernel has a thread for each of three queue pairs' "${#tids[@]}" 3
t_is 'they are the ones kvmtop says' \
	"$(kt -d 0 -o json threads "$vm" | jq -r 'select(.role == "vhost").tid' | sort -n | tr '\n' ' ')" "$(printf '%s ' "${tids[@]}")"

# NIC QUEUE: what QMP says of how far its ring is. The one index is that of the guest's start (virtio_load takes it from the ring)
# or of its last stop, the other one is 0 for as long as vhost works the ring.
qmp_indices() {
	qmp_ask shared '{"execute":"x-query-virtio-queue-status","arguments":{"path":"/machine/peripheral/'"$1"'/virtio-backend","queue":'"$2"'}}' |
		jq -c '[."used-idx" // error("none"), ."last-avail-idx" // 0]'
}

# NAME NIC TAP MAC PAIR: floods the queue pair, and sees who moves, and how much, in one and the same time. The busiest
# thread is in $busiest.
check_pair() {
	local name=$1 nic=$2 tap=$3 mac=$4 pair=$5 tid rate all=0 i got used=() stats=() indices
	busiest=''
	indices=$(qmp_indices "$nic" $((pair * 2)))
	t_ok "$name: packets flow" flood "$tap" "$mac" "$pair" || { flood_end; return; }

	# of the thread: /proc/TID/stat has the sum of all its process has
	for tid in "${tids[@]}"; do stats+=("/proc/$tid/task/$tid/stat"); done
	record_start record "/sys/class/net/$tap/statistics/tx_packets" "${stats[@]}"
	beside vhost vhost "$vm"
	beside vms -F vhost_pct,cpu_pct vms "$vm"
	beside_end
	record_end
	flood_end

	rate=$(recorded vhost record 1 1)
	got=$(told vhost "select(.nic == \"$nic\" and .queue == $pair).req_per_s")
	t_ok "$name: its rings move as the tap does: $got, $rate by the tap" near "$got" "$rate" 5 2
	t_ok "$name: they do move" flooded "$rate"
	t_is "$name: those of no other" "$(jq -c --arg d "$nic" --argjson q "$pair" \
		'select(.req_per_s > 5 and (.nic != $d or .queue != $q)) | [.nic, .queue, .req_per_s]' vhost)" ''
	t_is "$name: QMP sees nothing of it: ${indices:=none}" "$(qmp_indices "$nic" $((pair * 2)))" "$indices"

	# a tick is 10 ms, so ticks a second are %
	for i in "${!tids[@]}"; do
		tid=${tids[i]} used[i]=$(recorded vhost record $((i + 2)) 12+13)
		got=$(told vhost "select(.tid == $tid).run_pct")
		t_ok "$name: thread $i runs $got %, ${used[i]} by its ticks" near "$got" "${used[i]}" 5 0.2
		all=$(awk -v a="$all" -v b="$(recorded vms record $((i + 2)) 12+13)" 'BEGIN { print a + b }')
	done
	busiest=$(for i in "${!tids[@]}"; do echo "${used[i]} ${tids[i]}"; done | sort -rn | sed -n '1s/.* //p')
	t_is "$name: the thread that runs is this queue pair's" \
		"$(jq -c --argjson t "$busiest" 'select(.tid == $t) | [.nic, .queue]' vhost | sort -u)" "[\"$nic\",$pair]"
	got=$(told vms .vhost_pct)
	t_ok "$name: the guest is charged for it: $got %, $all by ticks" near "$got" "$all" 5 0.5
	t_ok "$name: in its CPU time too" jq -s -e 'all(.cpu_pct > .vhost_pct and .vhost_pct > 1)' vms
}

# In the order of start (the ids have not gone around) they are those of NICs and pairs.
kt -d 0 -o json vhost "$vm" >vhost
t_is 'whose they are, by the order in which they started' "$(jq -s -c 'sort_by(.tid) | map([.tid, .nic, .queue, .ifname, .how])' vhost)" \
	"[[${tids[0]},\"vnic1\",0,\"kt1\",\"order\"],[${tids[1]},\"vnic2\",0,\"kt2\",\"order\"],[${tids[2]},\"vnic2\",1,\"kt2\",\"order\"]]"
t_is 'CPUs they may run on' "$(jq -r .affinity vhost | sort -u)" "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/${tids[0]}/task/${tids[0]}/status")"

check_pair 'one pair' vnic1 kt1 52:54:00:07:01:02 0
first=$busiest
check_pair 'two pairs, the first' vnic2 kt2 52:54:00:07:02:02 0
second=$busiest
check_pair 'two pairs, the second' vnic2 kt2 52:54:00:07:02:02 1
# it becomes sure: the rings of one pair move, and of all threads only one has always run
t_ok 'packets flow again' flood kt2 52:54:00:07:02:02 1
ktp -d 1 -n 8 -o json vhost "$vm" >vhost
flood_end
t_is 'the loaded one is sure' "$(tail -n 3 vhost | jq -c 'select(.nic == "vnic2" and .queue == 1) | [.tid, .how]')" "[${tids[2]},\"rings\"]"
t_is 'three pairs, three threads' "$(printf '%s\n' "$first" "$second" "$busiest" | sort -n | tr '\n' ' ')" "$(printf '%s ' "${tids[@]}")"

# ---- a flood of pings, there and back

still=("$(qmp_indices vnic1 0)" "$(qmp_indices vnic1 1)")
t_ok 'the guest pings' guest_cmd shared 'ping -A -q 10.7.1.1 >/dev/null 2>&1 & echo $! >/run/ping'
record_start record /sys/class/net/kt1/statistics/{tx,rx}_packets
beside queues queues "$vm"
beside_end
record_end
t_ok 'and ends it' guest_cmd shared 'kill $(cat /run/ping)'
for queue in 0 1; do
	t_is "queue $queue: QMP sees nothing of it: ${still[queue]:=none}" "$(qmp_indices vnic1 "$queue")" "${still[queue]}"
	jq -c --argjson q "$queue" 'select(.device == "vnic1" and .queue == $q)' queues >rows
	got=$(told rows .req_per_s) rate=$(recorded rows record $((queue + 1)) 1)
	t_ok "queue $queue: it moves as the tap does: $got, $rate by the tap" near "$got" "$rate" 5 1
	t_ok "queue $queue: it does move" jq -s -e 'all(.req_per_s > 10)' rows
	t_ok "queue $queue: each sample is in the histogram: $(tail -n 1 rows | jq -c '[.samples, .hist]')" \
		jq -s -e 'all(.samples > 5 and ([.hist | split(" ")[] | split(":")[1] | tonumber] | add) == .samples)' rows
	t_is "queue $queue: worked by the first pair's thread" "$(jq -r .backend rows | sort -u)" "vhost ${tids[0]}"
done
t_is 'nothing is left in the transmit ring' "$(kt -d 0 -o json queues "$vm" | jq -c 'select(.device == "vnic1" and .queue == 1) | [.kind, .depth]')" '["request",0]'

# ---- against QEMU's look into the rings, of a guest that stands still, whose indices it knows then; of the second pair it tells vhost's address to nobody

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
