#!/bin/bash
# Depths of rings read at a rate: against a depth that is known, the latency QEMU itself measures, and over a driver that
# lets go of its rings.

. "$(dirname "$0")/../lib.sh"

guest_shared
vm=$(vm shared)
disk=/machine/peripheral/disk0/virtio-backend
throttle() {
	qmp_ask shared '{"execute":"block_set_io_throttle","arguments":{"id":"'$disk'","bps":0,"bps_rd":0,"bps_wr":0,"iops":'"$1"',"iops_rd":0,"iops_wr":0}}' >/dev/null
}
reads() {
	qmp_ask shared '{"execute":"query-blockstats"}' |
		jq -c '.[] | select(.qdev | strings | test("disk0")).stats | [.rd_operations, .rd_total_time_ns]'
}
# From a file of records: those of the disk's queue.
disk0() { jq -c 'select(.device == "disk0" and .queue == 0)' "$1"; }
sum_is_samples='def total: if . == null then 0 else split(" ") | map(split(":")[1] | tonumber) | add end; select(.samples != null and (.hist | total) != .samples)'

disk0_is() { disk0 "$1" | jq -e "$2"; }

# ---- four readers, each with one request outstanding, at 50 requests a second: a depth of 4, 80 ms each

# The guest asks each disk for its serial number once a second: not now.
throttle 50
guest_cmd shared 'mount --bind /dev/null /sys/block/vda/serial; rm -f /run/load; for i in 1 2 3 4; do dd if=/dev/vda of=/dev/null bs=4k iflag=direct count=16000 >/dev/null 2>&1 & done'
four() { kt -d 1 -o json queues "$vm" >record && disk0 record | jq -e '[.depth_p50, .depth_max] == [4, 4]' >/dev/null; }
t_ok 'four requests are outstanding' wait_for 60 four
a=$(reads)
kt --ring-hz=1000 -d 6 -o json queues "$vm" >record
b=$(reads)
t_is 'the histogram is of all samples' "$(jq -c "$sum_is_samples" record)" ''
t_ok "sampled more often than ten times a second, and no more than 1000 times: $(disk0 record | jq .samples)" \
	disk0_is record '.samples > 300 and .samples <= 6500'
# A guest on a busy machine is a little late with the next one.
t_ok '99 of 100 depths are 4, and half of them, or one is just missing' disk0_is record '.depth_p50 >= 3 and .depth_p99 == 4 and .depth_max == 4'
lat=$(disk0 record | jq .lat_us)
wanted=$(jq -n --argjson a "$a" --argjson b "$b" '($b[1] - $a[1]) / ($b[0] - $a[0]) / 1000 | round')
t_ok "the latency by Little, $lat us, against query-blockstats, $wanted us: within 15 %" \
	awk -v l="$lat" -v w="$wanted" 'BEGIN { exit !(w > 0 && l > 0.85 * w && l < 1.15 * w) }'
t_is 'features as the guest took them' "$(disk0 record | jq -r .features)" \
	"$(qmp_ask shared '{"execute":"x-query-virtio-status","arguments":{"path":"'$disk'"}}' |
		jq -r '."guest-features" | (.transports + ."dev-features") | map(split(":")[0]) |
			[(if index("VIRTIO_RING_F_EVENT_IDX") then "event_idx" else empty end),
			 (if index("VIRTIO_RING_F_INDIRECT_DESC") then "indirect" else empty end),
			 (if index("VIRTIO_BLK_F_MQ") then "mq" else empty end)] | join(",")')"
t_is 'a supply ring has no latency' "$(jq -c 'select(.device == "nic0" and .queue == 0) | [.kind, .lat_us]' record)" \
	'["supply",null]'
kt --ring-hz=1 -d 3 -o json -F device,queue,samples,hist queues "$vm" >record
t_ok "once a second: $(jq -c 'select(.device == "disk0") | .samples' record)" \
	disk0_is record '.samples >= 1 and .samples <= 5'
kt -d 0 -o json queues "$vm" >record
t_ok 'without waiting there is no latency, nor more than a few samples' disk0_is record '(.samples // 0) < 100 and .lat_us == null'
for bad in '--ring-hz=1000 queues' '--ring-hz=1000 vms' '--ring-hz=0 queues x' '--ring-hz=10001 queues x'; do
	# shellcheck disable=SC2086	# words
	kt $bad >out 2>err
	t_is "kvmtop $bad is a mistake of usage" $? 2
done

# ---- the driver lets go of its rings, and takes others, while they are sampled

guest_cmd shared 'killall dd; umount /sys/block/vda/serial' >/dev/null
throttle 0
guest_cmd shared 'touch /run/load; true'
kt_start --ring-hz=1000 -d 0.3 -n 100000 -o json queues "$vm" >watch
watcher=$!
moves() { tail -n 20 watch | grep '"device":"disk0"' | tail -n 1 | jq -e '.req_per_s > 0' >/dev/null; }
t_ok 'the queue moves' wait_for 60 moves
guest_cmd shared 'd=$(basename $(readlink -f /sys/block/vda/device)); echo $d >/sys/bus/virtio/drivers/virtio_blk/unbind; echo $d >/sys/bus/virtio/drivers/virtio_blk/bind' >/dev/null
lines=$(wc -l <watch)
after() { [ "$(wc -l <watch)" -gt $((lines + 40)) ] && moves; }
t_ok 'its rings are found again' wait_for 90 after
t_kill "$watcher"
sed -i '$d' watch	# half a line, it may be
t_is 'the histogram is of all samples, always' "$(jq -c "$sum_is_samples" watch)" ''
t_is 'never a depth above the size' "$(jq -c 'select(.depth != null and .depth > .size or .depth_p99 != null and .depth_p99 > .size)' watch)" ''
t_is 'never a rate or latency beyond reason' \
	"$(jq -c 'select((.req_per_s // 0) < 0 or (.req_per_s // 0) > 100000 or (.lat_us // 0) < 0 or (.lat_us // 0) > 60e6)' watch)" ''

t_done
