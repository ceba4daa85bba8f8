#!/bin/bash
# An image that a guest has open for writing is not given to another, nor to the same one again. Libvirt would find out last,
# when it has changed the owner of the image already, and where it remembers no owner gives it to root then.
# qemus: all
. "$(dirname "$0")/../lib.sh"

truncate -s 8M a.raw b.raw shared.raw base.raw
qemu-img create -q -f qcow2 -b base.raw -F raw top.qcow2
port=(-device pcie-root-port,id=rp1,chassis=1,slot=1)
qemu_start other -S -machine q35 \
	-blockdev driver=raw,node-name=a,file.driver=file,file.filename=a.raw -device virtio-blk-pci,drive=a \
	-blockdev driver=raw,node-name=b,read-only=on,file.driver=file,file.filename=b.raw -device virtio-blk-pci,drive=b \
	-blockdev driver=raw,node-name=s,file.driver=file,file.filename=shared.raw -device virtio-blk-pci,drive=s,share-rw=on \
	-blockdev driver=raw,node-name=w,file.driver=file,file.filename=base.raw -device virtio-blk-pci,drive=w
qemu_start g -S -machine q35 -qmp unix:g.qmp,server=on,wait=off "${port[@]}" -device pcie-root-port,id=rp2,chassis=2,slot=2
vm=$(vm g)
nodes=$(vm_block_nodes g)

# WHAT STATUS WORDS ARG..: a plan of `disk add ARG..`
planned() {
	local what=$1 status=$2 words=$3
	shift 3
	kt -o json --dry-run disk add "$vm" "$@" >record 2>err
	t_is "$what" "$(jq -r .status record)" "$status" || cat err record
	[ -z "$words" ] || t_like "$what: said" "$(cat err) $(jq -r '.warnings[]' record)" "$words"
}
by="in guest $(vm other) \\(process $(vm_pid other)\\)"
planned 'written there' invalid "image .*a.raw: it is open for writing $by .*force=on" file=a.raw format=raw
planned 'by another name of it' invalid "open for writing $by" file="$T_DIR/./a.raw" format=raw
ln a.raw hard.raw
planned 'by another link to it' invalid "open for writing $by" file=hard.raw format=raw
planned 'written there, read here' invalid "open for writing $by" file=a.raw format=raw readonly=on
planned 'read there' invalid "locked against writing, $by" file=b.raw format=raw
planned 'read by both' planned '' file=b.raw format=raw readonly=on
planned 'written below an overlay' invalid "image .*base.raw: it is open for writing $by" file=top.qcow2 format=qcow2
planned 'force=on' planned "open for writing $by" file=a.raw format=raw force=on
t_is 'QEMU was asked for nothing' "$(vm_block_nodes g)" "$nodes"
truncate -s 8M mine.raw
kt -o json --timeout 2 disk add "$vm" file=mine.raw format=raw id=m >record
t_is 'one that is free is plugged' "$(jq -r .status record)" ok
kt -o json --timeout 2 disk add "$vm" file=mine.raw format=raw id=m >record
t_is 'the same again is no change' "$(jq -r .status record)" unchanged
planned 'once more in the same guest' invalid 'open for writing in this guest' file=mine.raw format=raw
t_like 'which QEMU would not do either' "$(kt --timeout 2 disk add "$vm" file=mine.raw format=raw force=on 2>&1)" 'lock'
vm_kill g
[ -z "$(libvirt_missing)" ] || { t_skip 'through libvirt' "$(libvirt_missing)"; t_done; }

libvirt_start default
dir=/var/lib/libvirt/images
lv mkdir -p "$dir"
for n in 1 2 3; do lv truncate -s 8M "$dir/v$n.raw"; done
lv chown 64055:104 "$dir/v3.raw"
owner() { lv stat -c %u:%g "$dir/$1.raw"; }
domain_start d1 "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/v1.raw'/><target dev='vda' bus='virtio'/></disk>"
domain_start d2
domain_define d3 "<type machine='q35'>hvm</type>" "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/v2.raw'/><target dev='vda' bus='virtio'/></disk>"
virsh_ destroy "$(vm d3)" >/dev/null
before=$(owner v1)
kv -o json disk add "$(vm d2)" file="$dir/v1.raw" format=raw >record 2>err
t_is 'libvirt: refused in the check' "$? $(jq -r '"\(.status) \(.steps | length)"' record)" '1 invalid 0'
t_like 'libvirt: the guest is named' "$(cat err)" "open for writing in guest $(vm d1) "
t_is 'libvirt: the image has its owner' "$(owner v1)" "$before"
t_ok 'libvirt: and its guest' kill -0 "$(vm_pid d1)"
kv -o json --dry-run disk add "$(vm d2)" file="$dir/v2.raw" format=raw >record 2>err
t_is 'libvirt: of a guest that is shut off' "$? $(jq -r .status record)" '0 planned'
t_like 'libvirt: a warning names it' "$(jq -r '.warnings[]' record)" "$(vm d3) .*v2.raw"
kv -o json --dry-run disk add "$(vm d2)" file="$dir/v3.raw" format=raw >record 2>err
t_is 'libvirt: of none, without a word' "$? $(jq -r '"\(.status) \(.warnings | length)"' record)" '0 planned 0'
t_done
