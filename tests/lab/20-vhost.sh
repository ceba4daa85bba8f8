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
	echo "add_device $1" >/proc/net/pktgen/kpktgend_3
	for line in 'count 0' 'delay 2500000' 'clone_skb 0' 'pkt_size 100' 'dst 10.7.9.9' "dst_mac $2" \
		"queue_map_min $3" "queue_map_max $3"; do
		echo "$line" >"$dev" || return 1
	done
	# start returns when it was stopped
	echo start >/proc/net/pktgen/pgctrl 9>&- &
	flooder=$!
	t_own "$flooder"
	wait_for 30 moves "$1"
}
flood_end() {
	echo stop >/proc/net/pktgen/pgctrl
	wait "$flooder"
}
sent() { cat "/sys/class/net/$1/statistics/tx_packets"; }
moves() { local n; n=$(sent "$1"); sleep 0.5; [ "$(sent "$1")" -gt $((n + 20)) ]; }

# ---- the vhost threads, as the kernel has them: kernel threads, or threads of QEMU

threads() {
	local f
	for f in /proc/[0-9]*/comm "/proc/$pid"/task/*/comm; do
		[ "$(cat "$f" 2>/dev/null)" != "vhost-$pid" ] || basename "$(dirname "$f")"
	done | sort -n -u
}
# of the thread: /proc/TID/stat has the sum of all its process has
ticks() { sed 's/.*) //' "/proc/$1/task/$1/stat" | awk '{ print $12 + $13 }'; }
mapfile -t tids < <(threads)
t_is 'the kernel has a thread for each of three queue pairs' "${#tids[@]}" 3
t_is 'they are the ones kvmtop says' \
	"$(kt -d 0 -o json threads "$vm" | jq -r 'select(.role == "vhost").tid' | sort -n | tr '\n' ' ')" "$(printf '%s ' "${tids[@]}")"

status() {
	qmp_ask shared '{"execute":"x-query-virtio-queue-status","arguments":{"path":"/machine/peripheral/'"$1"'/virtio-backend","queue":'"$2"'}}'
}

# FILE ARG..: what kvmtop says over 5 s; what went through the tap meanwhile is its $rate, and the
# CPU time of each thread in % of one its $used[].
measure() {
	local file=$1 tap=$2 a start i before=()
	shift 2
	a=$(sent "$tap") start=$EPOCHREALTIME
	for i in "${tids[@]}"; do before+=("$(ticks "$i")"); done
	ktp -d 5 -o json "$@" "$vm" >"$file"
	used=()
	for i in "${!tids[@]}"; do
		used+=("$(awk -v t=$(($(ticks "${tids[i]}") - before[i])) -v s="$start" -v e="$EPOCHREALTIME" 'BEGIN { print t / (e - s) }')")
	done
	rate=$(awk -v n=$(($(sent "$tap") - a)) -v s="$start" -v e="$EPOCHREALTIME" 'BEGIN { print n / (e - s) }')
}

# NAME GOT WANT: of one size. A packet costs the thread twice as much at one moment as at another
# here, and kvmtop's start is in what the kernel says only.
same() {
	t_ok "$1: $2 %, measured $3 %" awk -v g="$2" -v w="$3" 'BEGIN { exit !(w > 1 && g > w / 2 && g < w * 2) }'
}

# NAME NIC TAP MAC PAIR: floods the queue pair, and sees who moves. Leaves the busiest thread
# in $busiest.
check_pair() {
	local name=$1 nic=$2 tap=$3 mac=$4 pair=$5 rx=$(($5 * 2)) i most
	busiest=''
	t_ok "$name: packets flow" flood "$tap" "$mac" "$pair" || { flood_end; return; }

	measure queues "$tap" queues
	t_ok "$name: the ring of queue $rx moves as the tap does ($rate/s)" jq -s -e --arg d "$nic" --argjson q "$rx" --argjson n "$rate" \
		'any(.[]; .device == $d and .queue == $q and (.backend | startswith("vhost")) and .req_per_s > 0.85 * $n and .req_per_s < 1.15 * $n)' queues
	t_is "$name: no other queue of a vhost NIC" "$(jq -c --arg d "$nic" --argjson q "$rx" \
		'select((.backend | startswith("vhost")) and (.req_per_s // 0) > 5 and (.device != $d or .queue != $q)) | [.device, .queue, .req_per_s]' queues)" ''
	t_is "$name: QMP sees nothing of it" "$(status "$nic" "$rx" | jq -c '[."used-idx", ."last-avail-idx" // 0]')" '[0,0]'

	measure vhost "$tap" vhost
	busiest=$(for i in "${!tids[@]}"; do echo "${used[i]} ${tids[i]}"; done | sort -rn | sed -n '1s/.* //p')
	most=$(for i in "${used[@]}"; do echo "$i"; done | sort -rn | head -n 1)
	t_is "$name: the thread that runs is this queue pair's" "$(jq -c --argjson t "$busiest" 'select(.tid == $t) | [.nic, .queue]' vhost)" "[\"$nic\",$pair]"
	same "$name: as much as the kernel says" "$(jq --argjson t "$busiest" 'select(.tid == $t).run_pct' vhost)" "$most"
	measure vms "$tap" -F vhost_pct,cpu_pct vms
	most=$(for i in "${used[@]}"; do echo "$i"; done | awk '{ n += $1 } END { print n }')
	same "$name: which the guest is charged for" "$(jq .vhost_pct vms)" "$most"
	t_ok "$name: in its CPU time too" jq -e '.cpu_pct > .vhost_pct' vms
	flood_end
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
t_is 'three pairs, three threads' "$(printf '%s\n' "$first" "$second" "$busiest" | sort -n | tr '\n' ' ')" "$(printf '%s ' "${tids[@]}")"

# ---- it becomes sure: the rings of one pair move, and of all threads only one has always run

t_ok 'a load on the second pair' flood kt2 52:54:00:07:02:02 1
kt -d 2 -n 5 -o json vhost "$vm" >vhost
flood_end
t_is 'the loaded one is sure' "$(tail -n 3 vhost | jq -c 'select(.nic == "vnic2" and .queue == 1) | [.tid, .how]')" "[${tids[2]},\"rings\"]"

# ---- against QEMU's look into the rings, of a guest that stands still; of the second pair it tells vhost's address to nobody

qmp_ask shared '{"execute":"stop"}' >/dev/null
kt -d 0 -o json queues "$vm" >queues
for ring in vnic1/0 vnic1/1 vnic2/0 vnic2/2 vnic2/3 vnic2/4; do
	element=$(qmp_ask shared '{"execute":"x-query-virtio-queue-element","arguments":{"path":"/machine/peripheral/'"${ring%/*}"'/virtio-backend","queue":'"${ring#*/}"'}}')
	t_is "$ring: depth as QEMU sees it" \
		"$(jq -c --arg d "${ring%/*}" --argjson q "${ring#*/}" 'select(.device == $d and .queue == $q).depth' queues)" \
		"$(jq '((.avail.idx - .used.idx) % 65536 + 65536) % 65536' <<<"$element")"
done
qmp_ask shared '{"execute":"cont"}' >/dev/null
t_is 'the thread is in the queues, too' "$(jq -r 'select(.device == "vnic2" and (.queue == 2 or .queue == 3)).backend' queues | sort -u)" "vhost ${tids[2]}"

# ---- what the guest sends

t_ok 'the guest pings' guest_cmd shared 'ping -A -q 10.7.1.1 >/dev/null 2>&1 & echo $! >/run/ping'
kt -d 5 -o json queues "$vm" >queues
t_ok 'and ends it' guest_cmd shared 'kill $(cat /run/ping)'
for queue in 0 1; do
	t_ok "a flood of pings goes through queue $queue" jq -s -e --argjson q "$queue" \
		'any(.[]; .device == "vnic1" and .queue == $q and .req_per_s > 10)' queues
done
t_is 'nothing is left in the transmit ring' "$(kt -d 0 -o json queues "$vm" | jq -c 'select(.device == "vnic1" and .queue == 1) | [.kind, .depth]')" '["request",0]'
t_done
