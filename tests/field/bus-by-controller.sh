#!/bin/bash
# The bus of a disk is that of its controller, whatever the machine: AHCI is sata on an i440fx too, and what QEMU makes of
# the same words differs by machine. Which controller it is, is asked of QEMU's object tree.
# qemus: all
. "$(dirname "$0")/../lib.sh"

truncate -s 8M d.raw
n=0
drive() { n=$((n + 1)); cp d.raw "d$n.raw"; args+=(-drive "if=none,id=dr$n,format=raw,file=d$n.raw"); }
# MACHINE DEVICE.. : each with a drive of its own; ID=- for none
disks() {
	local name=$1 machine=$2 device
	shift 2
	args=(-device ahci,id=a0 -device virtio-scsi-pci,id=vs -device lsi53c895a,id=lsi -device qemu-xhci,id=xh -device usb-bot,id=bot)
	for device; do drive; args+=(-device "$device,drive=dr$n"); done
	qemu_start "$name" -S -M "$machine" -accel tcg -m 64 -qmp "unix:$name.qmp,server=on,wait=off" "${args[@]}"
	ktp -d 0 -o json disks "$(vm "$name")" -F id,device,bus,rd_iops >record 2>err
	t_is "$machine: told" "$? $(cat err)" '0 '
}
bus() { jq -r --arg id "$1" 'select(.device == $id or .id == $id) | .bus' record; }

more=(virtio-blk-pci,id=v scsi-hd,id=s,bus=vs.0 scsi-cd,id=l,bus=lsi.0 usb-storage,id=u nvme,id=nv,serial=1 scsi-hd,id=b,bus=bot.0)
disks pc pc ide-hd,bus=a0.0 ide-hd,id=piix,bus=ide.0 ide-cd,id=ca,bus=a0.3 "${more[@]}"
t_is 'pc: ide-hd on AHCI, without an id' "$(bus dr1)" sata
t_is 'pc: ide-hd on PIIX' "$(bus piix)" ide
t_is 'pc: ide-cd on AHCI' "$(bus ca)" sata
for want in 'v virtio' 's scsi' 'l scsi' 'u usb' 'nv nvme' 'b usb'; do
	t_is "pc: ${want% *}" "$(bus "${want% *}")" "${want#* }"
done
disks q35 q35 ide-hd,bus=ide.0 ide-hd,id=a,bus=a0.1
t_is 'q35: ide-hd on its own AHCI, without an id' "$(bus dr10)" sata
t_is 'q35: on another' "$(bus a)" sata
qemu_start e -S -M q35 -accel tcg -m 64 -qmp unix:e.qmp,server=on,wait=off -device piix3-ide,id=old -device ide-cd,bus=old.1 -device ide-cd,bus=ide.2
ktp -d 0 -o json disks "$(vm e)" -F id,bus >record
parent() { qmp_ask e "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"$1\",\"property\":\"parent_bus\"}}" | jq -r 'split("/")[-1]'; }
while read -r id bus; do
	case $(parent "$id") in old.*) want=ide ;; *) want=sata ;; esac
	t_is "q35: an empty drive without an id at $(parent "$id")" "$bus" "$want"
done < <(jq -r '"\(.id) \(.bus)"' record)
t_is 'q35: both' "$(jq -r .bus record | sort | paste -sd ' ')" 'ide sata'
t_done
