#!/bin/bash
# Disks: what they do against QEMU's own counters, limits, chains, the room of their images, histograms.
# qemus: all

. "$(dirname "$0")/../lib.sh"

json() { kt -o json "$@"; }
drive() { qmp_ask g '{"execute":"query-blockstats"}' | jq -c --arg q "/$1/" '.[] | select((.qdev // "") | test($q))'; }
set_limits() {	# ID JSON: all limits of a drive, 0 but for those given
	qmp_ask g "$(jq -n -c --arg id "/machine/peripheral/$1/virtio-backend" --argjson l "$2" \
		'{execute: "block_set_io_throttle", arguments: ({id: $id, bps: 0, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0} + $l)}')" >/dev/null
}
about() { ktp -o json --timeout 20 -d 0 -F id,throttle,throttle_pct,chain,cache,aio,iothread,storage,free_bytes,allocation_bytes,size_bytes,space disks "$vm" |
	jq -c --arg id "$1" "select(.id == \$id) | $2"; }

img=${QEMU_IMG:-qemu-img}
truncate -s 64M base.raw work.img sd.img
"$img" create -q -f qcow2 -b "$PWD/base.raw" -F raw mid.qcow2
"$img" create -q -f qcow2 -b "$PWD/mid.qcow2" -F qcow2 top.qcow2
guest_start g \
	-blockdev driver=file,node-name=work-file,filename=work.img,discard=unmap,aio=threads \
	-blockdev driver=raw,node-name=work,file=work-file,discard=unmap \
	-device virtio-blk-pci,id=work,drive=work,serial=work \
	-blockdev driver=file,node-name=sd-file,filename=sd.img,discard=unmap -device virtio-scsi-pci,id=scsi0,iothread=io0 \
	-blockdev driver=raw,node-name=sd,file=sd-file,discard=unmap -device scsi-hd,id=sd0,drive=sd,serial=sdisk \
	-blockdev '{"driver":"raw","node-name":"bad","file":{"driver":"blkdebug","image":{"driver":"null-co","size":163840},
		"inject-error":[{"event":"read_aio"}]}}' -device virtio-blk-pci,id=bad,drive=bad,serial=bad,rerror=report \
	-drive "if=none,id=legacy,file=$PWD/top.qcow2,format=qcow2,cache=unsafe" \
	-device virtio-blk-pci,id=chain,drive=legacy,serial=chain || exit 1
vm=$(vm g)
disk_of() { guest_get g disk | tr ',' '\n' | sed -n "s/:.*:$1\$//p"; }
disk=$(disk_of work) chain=$(disk_of chain) bad=$(disk_of bad)
guest_cmd g 'rm -f /run/load; sleep 1'

# ---- what a disk does, by kind; the load lies within kvmtop's ten seconds. Another disk is at a limit meanwhile: eight
# readers, each with one request outstanding, 16 requests a second, so half a second each, whoever counts; a busy machine
# takes some ms to ask again.

sd() { qmp_ask g '{"execute":"query-blockstats"}' | jq -c '.[] | select(.qdev == "sd0")'; }
ops='{rd: .stats.rd_operations, wr: .stats.wr_operations, fl: .stats.flush_operations, dc: .parent."driver-specific"."discard-nb-ok",
	wrb: .stats.wr_bytes, dcb: .parent."driver-specific"."discard-bytes-ok", sddc: .stats.unmap_operations, sddcb: .stats.unmap_bytes, wrns: .stats.wr_total_time_ns, flns: .stats.flush_total_time_ns, sddcns: .stats.unmap_total_time_ns}'
set_limits chain '{"iops_rd":16}'
guest_cmd g "for i in 1 2 3 4 5 6 7 8; do dd if=/dev/$chain of=/dev/null bs=4k count=16000 iflag=direct >/dev/null 2>&1 & done" >/dev/null
t_is 'a histogram is switched on' "$(json histogram "$vm" work on | jq -r .status)" ok
drive work | jq -c "$ops" >before
sd | jq -c "$ops" >sdbefore
drive work | jq -c '.stats.wr_latency_histogram.bins' >bins0
began=$EPOCHREALTIME
kt_start -o json -d 10 disks "$vm" >rows
looker=$!
kt_rests "$looker"
guest_cmd g "i=0; while [ \$i -lt 40 ]; do dd if=/dev/zero of=/dev/$disk bs=4k count=25 seek=\$((i * 25)) oflag=direct conv=notrunc,fsync; i=\$((i + 1)); done; \
for d in $disk sda; do for i in 1 2 3 4 5; do blkdiscard -o \$((i * 1048576)) -l 65536 /dev/\$d; done; done; dd if=/dev/$disk of=/dev/null bs=4k count=300 iflag=direct; \
dd if=/dev/$bad of=/dev/null bs=4k iflag=direct conv=noerror" >/dev/null 2>&1
drive work | jq -c "$ops" >after
sd | jq -c "$ops" >sdafter
drive work | jq -c '.stats.wr_latency_histogram' >hist1
t_ok 'the load was over in time' kill -0 "$looker"
wait "$looker"
ran=$(since "$began")
guest_cmd g 'killall dd' >/dev/null 2>&1
set_limits chain '{}'
row=$(jq -c 'select(.id == "work")' rows)
d() { jq -n --slurpfile a before --slurpfile b after "\$b[0].$1 - \$a[0].$1"; }
# what the guest was told to do, counted by nobody
for pair in wr_iops:1000 wr_bytes_per_s:4096000 rd_iops:300 rd_bytes_per_s:1228800 flushes_per_s:40 discards_per_s:5 discard_bytes_per_s:327680; do
	t_ok "${pair%:*} as the guest did it: $(jq ".${pair%:*} * 10" <<<"$row") of ${pair#*:}" \
		in_ten_seconds "$(jq ".${pair%:*}" <<<"$row")" "${pair#*:}" "$ran"
done
t_ok "of a disk of 40 blocks that is broken each read fails: $(jq 'select(.id == "bad") | .errors_per_s * 10' rows)" \
	in_ten_seconds "$(jq 'select(.id == "bad") | .errors_per_s' rows)" 40 "$ran"
limited=$(jq -c 'select(.id == "chain")' rows)
t_ok "a known load, its reads: $(jq .rd_iops <<<"$limited") of 16" near "$(jq .rd_iops <<<"$limited")" 16 5
t_ok "its latency: $(jq .rd_lat_us <<<"$limited") us of 500000" near "$(jq .rd_lat_us <<<"$limited")" 500000 5
t_ok "eight in flight: $(jq -c '[.inflight, .inflight_mean]' <<<"$limited")" near "$(jq .inflight_mean <<<"$limited")" 8 5
t_ok "and it is at its limit: $(jq .throttle_pct <<<"$limited")" near "$(jq .throttle_pct <<<"$limited")" 100 5
for pair in rd_iops:rd wr_iops:wr flushes_per_s:fl discards_per_s:dc wr_bytes_per_s:wrb discard_bytes_per_s:dcb; do
	t_ok "${pair%:*} as QEMU counts: $(jq ".${pair%:*} * 10" <<<"$row") of $(d "${pair#*:}")" \
		in_ten_seconds "$(jq ".${pair%:*}" <<<"$row")" "$(d "${pair#*:}")" "$ran"
done
lat() { jq -n --slurpfile a before --slurpfile b after "(\$b[0].$1ns - \$a[0].$1ns) / (\$b[0].$1 - \$a[0].$1) / 1000"; }
t_ok "write latency is QEMU's time by its count: $(lat wr)" near "$(jq .wr_lat_us <<<"$row")" "$(lat wr)" 5
t_ok "flush latency too: $(lat fl)" near "$(jq .fl_lat_us <<<"$row")" "$(lat fl)" 5
t_ok "discards of virtio-blk, which QEMU does not count: $(d dc)" [ "$(d dc)" -ge 5 ]
t_is 'and not how long they took' "$(jq .discard_lat_us <<<"$row")" null
sdrow=$(jq -c 'select(.id == "sd0")' rows)
sdd() { jq -n --slurpfile a sdbefore --slurpfile b sdafter "\$b[0].$1 - \$a[0].$1"; }
t_ok "those of a SCSI disk: $(sdd sddc)" in_ten_seconds "$(jq .discards_per_s <<<"$sdrow")" "$(sdd sddc)" "$ran"
t_ok "their bytes: $(sdd sddcb)" in_ten_seconds "$(jq .discard_bytes_per_s <<<"$sdrow")" "$(sdd sddcb)" "$ran"
t_ok 'and how long they took' near "$(jq .discard_lat_us <<<"$sdrow")" "$(awk -v t="$(sdd sddcns)" -v n="$(sdd sddc)" 'BEGIN { print t / n / 1000 }')" 5
t_is 'a SCSI disk is served by its controllers IOThread' "$(jq -r .iothread <<<"$sdrow")" io0
t_is 'nothing failed' "$(jq -c '[.errors_per_s, .invalid_per_s]' <<<"$row")" '[0,0]'

# ---- percentiles: the bin in which QEMU has counted that many

inside() {	# COLUMN SHARE: the percentile lies in the bin that share of the requests reaches
	jq -n -e --argjson us "$(jq ".$1" <<<"$row")" --argjson p "$2" --slurpfile z bins0 --slurpfile h hist1 '
		($h[0].boundaries) as $b | [range($h[0].bins | length) | $h[0].bins[.] - $z[0][.]] as $n | ($n | add) as $all |
		(reduce range($n | length) as $i ({sum: 0, at: null}; .sum += $n[$i] | if .at == null and .sum >= $all * $p then .at = $i else . end)) as $r |
		($us * 1000 >= (if $r.at == 0 then 0 else $b[$r.at - 1] end) - 1) and ($r.at == ($b | length) or $us * 1000 <= $b[$r.at] + 1)'
}
t_ok "half of the writes took $(jq .wr_p50_us <<<"$row") us" inside wr_p50_us 0.5
t_ok "99 % took $(jq .wr_p99_us <<<"$row") us" inside wr_p99_us 0.99
t_ok 'the mean lies among them' jq -e '.wr_p50_us <= .wr_p99_us and .rd_p50_us != null and .fl_p99_us != null' <<<"$row"
t_is 'a disk without a histogram has none' "$(jq -c 'select(.id == "chain") | [.histogram, .wr_p99_us]' rows)" '["off",null]'
t_is 'a single sample has none' "$(json -d 0 -F id,wr_p99_us,histogram disks "$vm" | jq -c 'select(.id == "work") | [.histogram, .wr_p99_us]')" '["on",null]'

json histogram "$vm" work on >record
t_is 'on once more is no change' "$? $(jq -r .status record)" '0 unchanged'
json --dry-run histogram "$vm" work off >record
t_is 'the dry run' "$(jq -c '[.status, .steps[].text]' record)" \
	'["planned","block-latency-histogram-set {\"id\":\"/machine/peripheral/work/virtio-backend\"}"]'
t_is 'changes nothing' "$(drive work | jq '.stats | has("wr_latency_histogram")')" true
json histogram "$vm" work off >record
t_is 'off' "$? $(jq -r .status record) $(drive work | jq '.stats | has("wr_latency_histogram")')" '0 ok false'
json histogram "$vm" work off >record
t_is 'off once more is no change' "$? $(jq -r .status record)" '0 unchanged'
kt histogram "$vm" wrk on 2>err
t_is 'no such disk: exit 3' "$?" 3
t_like 'with the nearest' "$(cat err)" "did you mean 'work'"
# somebody else's bounds
qmp_ask g '{"execute":"block-latency-histogram-set","arguments":{"id":"/machine/peripheral/work/virtio-backend","boundaries-read":[1000,2000]}}' >/dev/null
json --dry-run histogram "$vm" work on >/dev/null
json histogram "$vm" work on >record
journal=$(find "$XDG_STATE_HOME" -type f -name "$(jq -r .journal record)*")
t_is 'the journal knows the way back' "$(jq -c '[.steps[0].undo[].args | del(.id)]' "$journal")" '[{},{"boundaries-read":[1000,2000]}]'
if kt help undo >/dev/null 2>&1; then
	kt undo "$(jq -r .journal record)" >/dev/null
	t_is 'undo puts back what was there' "$(drive work | jq -c '[.stats.rd_latency_histogram.boundaries, (.stats | has("wr_latency_histogram"))]')" \
		'[[1000,2000],false]'
fi
kt histogram "$vm" work off >/dev/null

# ---- limits

t_is 'no limits' "$(about work '[.throttle, .throttle_pct]')" '["none",null]'
set_limits work '{"iops_rd":40,"iops_wr":1000,"bps":10000000,"iops_rd_max":45}'
t_is 'limits as they were set' "$(about work .throttle)" '"rd iops 40, wr iops 1k, 10MB/s+"'
set_limits work '{}'

# ---- images

for id in work chain disk0; do
	t_is "$id: chain and cache as QEMU has them" "$(about "$id" '[.chain, .allocation_bytes, .size_bytes]')" \
		"$(qmp_ask g '{"execute":"query-block"}' | jq -c --arg q "/$id/" '.[] | select((.qdev // "") | test($q)) | .inserted |
			[.backing_file_depth, .image."actual-size", .image."virtual-size"]')"
done
t_is 'two images below the top one' "$(about chain '[.chain, .cache, .aio]')" '[2,"unsafe","threads"]'
t_is 'how QEMU serves it' "$(about work '[.cache, .aio, .iothread]')" '["writeback","threads",null]'
t_is 'and the other one' "$(about disk0 '[.iothread]')" '["io0"]'
# other tests write to the same file system meanwhile
free_is() { near "$(about work .free_bytes)" "$(stat -f -c '%a * %S' . | awk '{ printf "%.0f", $1 * $3 }')" 1; }
t_ok 'what is free there, as stat has it' wait_for 20 free_is
t_is 'on which file system' "$(about work .storage | tr -d '"')" "$(stat -f -c %T . | sed 's,ext2/ext3,ext4,; s,overlayfs,overlay,')"

# A file system that never answers, laid over an image's directory in QEMU's own mount namespace: a FUSE one that nobody
# serves. In ours it would catch whoever else looks around on this machine. The plain build: a leak check stops all
# threads, and the one that is left behind cannot be stopped.
mkdir gone
truncate -s 1M gone/lost.img
printf '#!/bin/sh\nexec unshare -m --propagation private %s "$@"\n' "$QEMU" >qemu-ns
chmod +x qemu-ns
QEMU=./qemu-ns qemu_start lost -machine q35,accel=tcg -m 16 -S -qmp unix:lost.qmp,server=on,wait=off \
	-blockdev "driver=file,node-name=l,filename=$PWD/gone/lost.img" -device virtio-blk-pci,id=l,drive=l
if exec 5<>/dev/fuse && nsenter -t "$(vm_pid lost)" -m mount -i -t fuse -o fd=5,rootmode=40000,user_id=0,group_id=0 none "$PWD/gone"; then
	ktp -o json -d 0 -F id,space,free_bytes,size_bytes disks "$(vm lost)" 5>&- >row
	t_is 'storage that does not answer is told' "$(jq -c '[.id, .space, .free_bytes, .size_bytes]' row)" '["l","hung",null,1048576]'
	t_is 'an image elsewhere is found' "$(ktp -o json find g.img 5>&- | jq -c '[.vm, .device]')" "[\"$vm\",\"disk0\"]"
	ktp find "/proc/$(vm_pid lost)/root$PWD/gone/lost.img" 5>&- 2>err
	t_like 'find does not hang with it' "$? $(cat err)" '^1 .*its file system does not answer'
	exec 5>&-
else
	t_skip 'storage that does not answer' 'no FUSE here'
fi
vm_kill lost

# A file system of 40 MiB cannot take an image of 64 MiB; a guest that fills it is stopped.
mkdir small
if mount -t tmpfs -o size=40M none small 2>/dev/null; then
	t_leave() { umount -l "$T_DIR/small" 2>/dev/null; }
	truncate -s 64M small/tight.img
	kt disk add "$vm" file=small/tight.img format=raw id=tight serial=tight >/dev/null
	t_is 'an image that can outgrow its file system' "$(about tight '[.storage, .space, (.free_bytes > 39000000)]')" '["tmpfs","short",true]'
	dd if=/dev/zero of=small/other bs=1M count=39 2>/dev/null
	t_is 'one that is nearly full' "$(about tight '[.space, (.free_bytes < 2000000)]')" '["low",true]'
	t_ok 'the guest has it' wait_for 60 guest_has_serial g tight
	tight=$(guest_get g disk | tr ',' '\n' | sed -n 's/:.*:tight$//p')
	guest_cmd g "(sleep 1; dd if=/dev/zero of=/dev/$tight bs=1M count=8 oflag=direct) >/dev/null 2>&1 &" >/dev/null
	stopped() { qmp_ask g '{"execute":"query-status"}' | grep -q io-error; }
	t_ok 'QEMU stops the guest when it cannot write' wait_for 60 stopped
	t_is 'which is told' "$(about tight .space)" '"full"'
fi

t_done
