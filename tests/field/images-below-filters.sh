#!/bin/bash
# The image of a disk is the one below all that stands above it: filters, explicit backing nodes, a raw node with an offset,
# encryption; what is on the network is shown as such, and a text of QEMU's own like json:{..} never. Which file it is, is
# asked of the kernel or known by what was started.
# qemus: all
. "$(dirname "$0")/../lib.sh"

qemu-img create -q -f qcow2 d.qcow2 16M
qemu-img create -q -f qcow2 base.qcow2 16M
qemu-img create -q -f qcow2 other.qcow2 16M
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 over.qcow2
truncate -s 16M d.raw log.raw n.raw
# it measures how fast this machine is, and gives up where others keep that from it
wait_for 60 qemu-img create -q --object secret,id=s0,data=abc -f luks -o key-secret=s0,iter-time=10 d.luks 4M
qemu-nbd -k "$T_DIR/nbd.sock" -x exp -e 10 -t -f raw n.raw &
t_own $!
wait_for 10 test -S nbd.sock

# Disks of a virtio-scsi controller, so that a row needs no port: ID JSON
disks=()
disk() { disks+=(-blockdev "$2" -device "scsi-hd,id=$1,drive=n-$1,bus=sc.0"); }
file() { printf '"file":{"driver":"file","filename":"%s","aio":"%s"}' "$T_DIR/$1" "${2:-threads}"; }
disk thr '{"driver":"throttle","throttle-group":"tg0","node-name":"n-thr","file":{"driver":"qcow2",'"$(file d.qcow2)"'}}'
disk cor '{"driver":"copy-on-read","node-name":"n-cor","file":{"driver":"throttle","throttle-group":"tg1","file":{"driver":"raw",'"$(file d.raw io_uring)"'}}}'
disk dbg '{"driver":"blkdebug","node-name":"n-dbg","image":{"driver":"qcow2",'"$(file other.qcow2)"'}}'
disk pre '{"driver":"raw","node-name":"n-pre","offset":4096,"size":1048576,"file":{"driver":"preallocate",'"$(file pre.raw)"'}}'
disk cmp '{"driver":"compress","node-name":"n-cmp","file":{"driver":"qcow2",'"$(file c.qcow2)"'}}'
disk log '{"driver":"blklogwrites","node-name":"n-log","file":{"driver":"raw",'"$(file l.raw)"'},"log":{"driver":"file","filename":"'"$T_DIR/log.raw"'"}}'
disk lks '{"driver":"luks","key-secret":"s0","node-name":"n-lks",'"$(file d.luks)"'}'
disk bak '{"driver":"qcow2","node-name":"n-bak",'"$(file over.qcow2)"',"backing":{"driver":"qcow2",'"$(file b2.qcow2)"',"backing":null}}'
disk nbd '{"driver":"raw","node-name":"n-nbd","file":{"driver":"nbd","export":"exp","server":{"type":"unix","path":"'"$T_DIR/nbd.sock"'"}}}'
disk nbt '{"driver":"throttle","throttle-group":"tg0","node-name":"n-nbt","file":{"driver":"nbd","export":"exp","server":{"type":"unix","path":"'"$T_DIR/nbd.sock"'"}}}'
truncate -s 16M pre.raw l.raw
cp other.qcow2 c.qcow2
cp base.qcow2 b2.qcow2
# backing nodes until QEMU cuts off the name of the disk
chain='null'
long=$(printf 'l%.0s' {1..240})
mkdir "$long"
for i in $(seq 1 14); do
	cp base.qcow2 "$long/chain-$i.qcow2"
	chain='{"driver":"qcow2",'"$(file "$long/chain-$i.qcow2")"',"backing":'$chain'}'
done
disk deep '{"driver":"throttle","throttle-group":"tg1","node-name":"n-deep","file":'"$chain"'}'

qemu_start g -S -M q35 -accel tcg -m 64 -qmp unix:g.qmp,server=on,wait=off -device virtio-scsi-pci,id=sc \
	-object secret,id=s0,data=abc \
	-object '{"id":"tg0","limits":{},"qom-type":"throttle-group"}' \
	-object '{"id":"tg1","limits":{"iops-total":500,"bps-write":1000000},"qom-type":"throttle-group"}' "${disks[@]}"
vm=$(vm g)
ktp --timeout 30 -d 0 -o json disks "$vm" -F id,file,format,aio,storage,throttle,chain,throttle_group >record 2>err
t_is 'all are told' "$? $(cat err) $(wc -l <record)" '0  11'
fs=$(stat -f -c %T d.raw)
case $fs in ext2/ext3) fs=ext4 ;; overlayfs) fs=overlay ;; esac
row() { jq -r --arg id "$1" 'select(.id == $id) | "\(.file) \(.format) \(.aio) \(.storage) \(.throttle)"' record; }
t_is 'below a throttle filter, a group without limits' "$(row thr)" "$T_DIR/d.qcow2 qcow2 threads $fs none"
t_is 'below copy-on-read and a throttle filter' "$(row cor)" "$T_DIR/d.raw raw io_uring $fs iops 500, wr 1MB/s"
t_is 'below blkdebug' "$(row dbg)" "$T_DIR/other.qcow2 qcow2 threads $fs none"
t_is 'raw with an offset, and preallocate below the format' "$(row pre)" "$T_DIR/pre.raw raw threads $fs none"
t_is 'below compress' "$(row cmp)" "$T_DIR/c.qcow2 qcow2 threads $fs none"
t_is 'below blklogwrites' "$(row log)" "$T_DIR/l.raw raw threads $fs none"
t_is 'luks is a format' "$(row lks)" "$T_DIR/d.luks luks threads $fs none"
t_is 'an explicit backing node' "$(row bak)" "$T_DIR/over.qcow2 qcow2 threads $fs none"
t_like 'nbd' "$(row nbd)" "^nbd\\+unix:///exp\\?socket=$T_DIR/nbd.sock raw null nbd none\$"
t_like 'nbd below a filter' "$(row nbt)" "^nbd\\+unix:///exp\\?socket=$T_DIR/nbd.sock raw null nbd none\$"
t_like "a name that QEMU has cut off ($(qmp_ask g '{"execute":"query-block"}' | jq '[.[].inserted.file | length] | max') bytes)" \
	"$(row deep)" "^$T_DIR/$long/chain-14.qcow2 qcow2 threads $fs "
t_is 'and its chain' "$(jq 'select(.id == "deep") | .chain' record)" \
	"$(qmp_ask g '{"execute":"query-block"}' | jq '.[] | select(.qdev == "deep") | .inserted.backing_file_depth')"
t_ok 'no text of QEMU in it' eval '! grep -q json: record'
t_done
