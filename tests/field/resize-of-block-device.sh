#!/bin/bash
# QEMU takes any size for a block device of the host that is not larger than it, says that it is done, and gives the guest the
# whole device. So the device says which size is right, and what came of a resize is read back: from QEMU, from the guest.
# qemus: all
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || { t_skip 'resize of a block device' 'not root'; t_done; }
t_leave() { [ -z "${loop:-}" ] || losetup -d "$loop"; }

truncate -s 64M disk.file
loop=$(losetup -f --show disk.file)
GUEST_APPEND=kt.load=disk guest_start g -blockdev "driver=host_device,node-name=lf,filename=$loop" \
	-blockdev driver=raw,node-name=l,file=lf -device virtio-blk-pci,id=v0,drive=l,bus=rp1
vm=$(vm g)
sizes() {
	qmp_ask g '{"execute":"query-block"}' | jq -j '.[] | select(.inserted."node-name" == "l") | .inserted.image."virtual-size" / 1048576'
	printf 'M %s\n' "$(guest_cmd g 'cat /sys/block/vdb/size')"
}
t_is 'what QEMU and the guest know' "$(sizes)" '64M 131072'
truncate -s 192M disk.file
losetup -c "$loop"
t_is 'the device has grown' "$(cat "/sys/block/${loop#/dev/}/size")" 393216

# SIZE WORDS: refused, and nothing is sent
refused() {
	kt -o json disk resize "$vm" v0 size="$1" force=on >record 2>err
	t_is "to $1: refused in the plan" "$? $(jq -r '"\(.status) \(.steps | length)"' record)" '1 invalid 0'
	t_like "to $1: why" "$(cat err)" "$loop, which holds 192M.*size=201326592"
	t_is "to $1: QEMU and the guest" "$(sizes)" '64M 131072'
}
refused 128M
refused 256M
kt -o json disk resize "$vm" v0 size=192M >record 2>err
t_is 'to its size: done' "$? $(jq -r '"\(.status) \(.warnings | length)"' record) $(cat err)" '0 ok 0 '
t_ok 'QEMU and the guest know it' wait_for 10 eval '[ "$(sizes)" = "192M 393216" ]'
kt -o json disk resize "$vm" v0 size=192M >record 2>err
t_is 'again: no change' "$? $(jq -r .status record)" '0 unchanged'
refused_after=$(kt -o json disk resize "$vm" v0 size=64M force=on 2>&1)
t_like 'it does not become smaller' "$refused_after" 'holds 192M'
vm_kill g
losetup -d "$loop"
loop=''
[ -z "$(libvirt_missing)" ] || { t_skip 'through libvirt' "$(libvirt_missing)"; t_done; }

truncate -s 64M disk.file
loop=$(losetup -f --show disk.file)
libvirt_start default
lv mknod "$loop" b $((0x$(stat -c %t "$loop"))) $((0x$(stat -c %T "$loop")))
domain_start d "<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='$loop'/><target dev='vda' bus='virtio'/></disk>"
vm=$(vm d)
truncate -s 192M disk.file
losetup -c "$loop"
kv -o json disk resize "$vm" vda size=128M >record 2>err
t_is 'libvirt, to 128M: refused in the plan' "$? $(jq -r '"\(.status) \(.steps | length)"' record)" '1 invalid 0'
t_like 'libvirt: why' "$(cat err)" "$loop, which holds 192M.*size=201326592"
t_is 'libvirt: what virsh sees' "$(virsh_ domblkinfo "$vm" vda | awk '/^Capacity/ { print $2 }')" 67108864
kv -o json disk resize "$vm" vda size=192M >record 2>err
t_is 'libvirt, to its size: done' "$? $(jq -r '"\(.status) \(.warnings | length)"' record) $(cat err)" '0 ok 0 '
t_is 'libvirt: what virsh sees then' "$(virsh_ domblkinfo "$vm" vda | awk '/^Capacity/ { print $2 }')" 201326592
virsh_ destroy "$vm" >/dev/null
t_done
