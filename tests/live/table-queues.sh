#!/bin/bash
# Rings read from the guest's memory, against what QEMU itself counts.
# qemus: all

. "$(dirname "$0")/../lib.sh"

guest_shared
vm=$(vm shared)
reads() {
	qmp_ask shared '{"execute":"query-blockstats"}' |
		jq '[.[] | select(.qdev | strings | test("disk0")).stats | .rd_operations + .wr_operations + .flush_operations] | add'
}
row() { kt "$@" -o json queues "$vm" | jq -c 'select(.device == "disk0" and .queue == 0)'; }

# ---- rates

a=$(reads) start=$EPOCHREALTIME
rate=$(row -d 12 | jq .req_per_s)
b=$(reads) end=$EPOCHREALTIME
wanted=$(awk -v a="$a" -v b="$b" -v s="$start" -v e="$end" 'BEGIN { printf "%.1f", (b - a) / (e - s) }')
t_ok "there is a load ($wanted/s)" awk -v r="$wanted" 'BEGIN { exit !(r > 20) }'
t_ok "ring rate $rate against query-blockstats $wanted: within 5 %" \
	awk -v r="$rate" -v w="$wanted" 'BEGIN { exit !(r > 0.95 * w && r < 1.05 * w) }'
kt -d 2 -o json vms "$vm" >record
t_ok 'iops of the guest is that of its disk rings' jq -e '.iops > 20' record

# ---- against QEMU's own indices, in a guest that stands still

qmp_ask shared '{"execute":"stop"}' >/dev/null
status() {
	qmp_ask shared '{"execute":"x-query-virtio-queue-status","arguments":{"path":"/machine/peripheral/'"$1"'/virtio-backend","queue":'"$2"'}}'
}
element() {
	qmp_ask shared '{"execute":"x-query-virtio-queue-element","arguments":{"path":"/machine/peripheral/'"$1"'/virtio-backend","queue":'"$2"'}}'
}
kt -d 0 -o json queues "$vm" >rows
for ring in disk0/0 nic0/0 nic0/1; do
	device=${ring%/*} queue=${ring#*/}
	mine=$(jq -c --arg d "$device" --argjson q "$queue" 'select(.device == $d and .queue == $q) | [.size, .depth]' rows)
	t_is "$ring: size and depth as QEMU has them" "$mine" \
		"$(jq -n -c --argjson s "$(status "$device" "$queue")" --argjson e "$(element "$device" "$queue")" \
			'[$s."vring-num", (($e.avail.idx - $e.used.idx) % 65536 + 65536) % 65536]')"
done
t_is 'a receive ring is a supply, and never stalled' \
	"$(jq -c 'select(.device == "nic0" and .queue == 0) | [.kind, .stalled_seconds]' rows)" '["supply",null]'
t_is 'the state is seen' "$(kt -d 0 -o json vms "$vm" | jq -r .state)" paused
qmp_ask shared '{"execute":"cont"}' >/dev/null
t_is 'and that it runs again' "$(kt -d 0 -o json vms "$vm" | jq -r .state)" running

# ---- a million probes

guest_cmd shared 'for i in 1 2 3 4; do (while [ -e /run/load ]; do dd if=/dev/vda of=/dev/null bs=512 count=2000 iflag=direct; done) >/dev/null 2>&1 & done'
"$ROOT/build/tools/ring_probe" shared.qmp "$(vm_pid shared)" 1000000 >probes
guest_cmd shared 'killall dd; true' >/dev/null
t_is 'a million probes' "$(jq .probes probes)" 1000000
t_is 'all were read' "$(jq -c '[.unread, .lost]' probes)" '[0,0]'
t_is 'no depth above the size' "$(jq .over probes)" 0
t_ok "the rings moved meanwhile: $(cat probes)" jq -e '.used > 100' probes

# ---- a guest that starts anew

qemu_reset() { qmp_ask shared '{"execute":"system_reset"}' >/dev/null; }
kt_start -d 0.2 -n 100000 -o json queues "$vm" >watch
watcher=$!
last() { tail -n 20 watch | grep '"device":"disk0"' | tail -n 1; }
moves() { last | jq -e '.req_per_s > 0' >/dev/null; }
t_ok 'the queue moves' wait_for 30 moves
n=$(guest_get shared n)
qemu_reset
t_ok 'the guest boots again' wait_for "$T_BOOT" eval '[ "$(guest_get shared n)" -lt "$n" ]'
t_ok 'its rings are found again' wait_for 90 moves
t_kill "$watcher"
t_is 'never a rate beyond reason' "$(jq -c 'select(.req_per_s != null and (.req_per_s < 0 or .req_per_s > 200000))' watch)" ''
t_is 'never a depth above the size' "$(jq -c 'select(.depth != null and .depth > .size)' watch)" ''

t_done
