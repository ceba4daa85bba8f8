#!/bin/bash
# A disk whose storage is frozen: its request queue stalls, and goes on. An idle receive queue never does.

. "$(dirname "$0")/../lib.sh"

guest_shared
vm=$(vm shared)
truncate -s 16M nbd.img
setpriv --pdeathsig KILL -- qemu-nbd -f raw -t -k "$PWD/nbd.sock" nbd.img >nbd.err 2>&1 9>&- &
nbd=$!
t_own "$nbd"
wait_for 20 test -S nbd.sock
qmp_ask shared '{"execute":"blockdev-add","arguments":{"driver":"raw","node-name":"stall0","file":{"driver":"nbd","server":{"type":"unix","path":"'"$PWD"'/nbd.sock"}}}}' >/dev/null
qmp_ask shared '{"execute":"device_add","arguments":{"driver":"virtio-blk-pci","id":"stall","drive":"stall0","bus":"rp4"}}' >/dev/null
t_ok 'the guest has the disk' wait_for 60 guest_has_block shared vdb

# Its queue, as kvmtop last told of it.
queue() { grep '"device":"stall","queue":0' watch 2>/dev/null | tail -n 1; }
works() { queue | jq -e '.req_per_s > 0 and .stalled_seconds == 0' >/dev/null; }
stalls() { queue | jq -e '.stalled_seconds > 1 and .depth > 0 and .req_per_s == 0' >/dev/null; }
# The guest asks each disk for its serial number once a second, which QEMU answers by itself: not now.
guest_cmd shared 'mount --bind /dev/null /sys/block/vdb/serial; (while [ -e /sys/block/vdb ]; do dd if=/dev/vdb of=/dev/null bs=4k count=1000 iflag=direct; done) >/dev/null 2>&1 &'
kt_start -d 0.2 -n 100000 -o json queues "$vm" >watch
watcher=$!
t_ok 'it works' wait_for 60 works

kill -STOP "$nbd"
frozen=$EPOCHREALTIME
t_ok 'its storage is frozen, its queue stalls' wait_for 60 stalls
# Of the records taken from 2 s after that on, the first; a machine that is too busy to take one sooner is no excuse for it.
first_late() {
	first=$(grep '}$' watch | jq -c --argjson at "$frozen" 'select(.device == "stall" and .queue == 0) |
		(.time[0:19] + "Z" | fromdate) as $s | ("0." + .time[20:23] | tonumber) as $ms |
		select($s + $ms >= $at + 2) | .stalled_seconds' | head -n 1)
	[ -n "$first" ]
}
first=0
t_ok 'there is a record of 2 s later' wait_for 60 first_late
t_ok "by then it has stalled for a second or more ($first s)" awk -v s="$first" 'BEGIN { exit !(s >= 1) }'
more() { queue | jq -e --argjson s "${first:-0}" '.stalled_seconds > $s + 0.5' >/dev/null; }
t_ok 'and longer and longer' wait_for 30 more
kill -CONT "$nbd"
t_ok 'it goes on, the stall is over' wait_for 60 works

t_kill "$watcher"
sed -i '$d' watch
t_is 'no receive queue was ever said to stall' "$(jq -c 'select(.kind == "supply" and .stalled_seconds != null)' watch)" ''
t_is 'nor any idle one' "$(jq -c 'select(.depth == 0 and .stalled_seconds > 0)' watch)" ''
t_is 'the other disk did not stall' "$(jq -c 'select(.device == "disk0" and .stalled_seconds > 2)' watch)" ''

# ---- leave the guest as it was

guest_cmd shared 'umount /sys/block/vdb/serial' >/dev/null
qmp_ask shared '{"execute":"device_del","arguments":{"id":"stall"}}' >/dev/null
t_ok 'the guest lets go of the disk' wait_for 60 vm_lacks_device shared stall
qmp_ask shared '{"execute":"blockdev-del","arguments":{"node-name":"stall0"}}' >/dev/null

t_done
