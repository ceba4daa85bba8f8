#!/bin/bash
# iommu_platform=on without any virtual IOMMU in the machine (guests with encrypted memory, old guides): the driver agrees to it,
# and its rings are where they are without. With an IOMMU in the machine they are behind it, and unknown. Depths are asked of QEMU.
# qemus: all
. "$(dirname "$0")/../lib.sh"

truncate -s 8M extra.img
extra=(-blockdev driver=raw,node-name=x,file.driver=file,file.filename=extra.img
	-device virtio-blk-pci,id=plat,drive=x,iommu_platform=on,disable-legacy=on)
path='/machine/peripheral/plat/virtio-backend'
agreed() {
	qmp_ask "$1" "{\"execute\":\"x-query-virtio-status\",\"arguments\":{\"path\":\"$path\"}}" |
		jq -e '(.status.statuses | any(startswith("VIRTIO_CONFIG_S_DRIVER_OK"))) and
			(."guest-features".transports | any(test("^VIRTIO_F_(IOMMU|ACCESS)_PLATFORM")))' >/dev/null
}
queue() { kt -d 0 -o json queues "$(vm "$1")" | jq -c 'select(.device == "plat" and .queue == 0) | [.depth, .note]'; }

guest_start g "${extra[@]}"
t_ok 'the driver has agreed to it' wait_for "$T_BOOT" agreed g
element=$(qmp_ask g "{\"execute\":\"x-query-virtio-queue-element\",\"arguments\":{\"path\":\"$path\",\"queue\":0}}")
t_is 'without an IOMMU its ring is read' "$(queue g)" "[$(jq '(.avail.idx - .used.idx + 65536) % 65536' <<<"$element"),null]"
vm_kill g

guest_start i -device intel-iommu,intremap=off "${extra[@]}"
t_ok 'the driver has agreed to it, with an IOMMU' wait_for "$T_BOOT" agreed i
t_like 'which its ring is behind' "$(queue i)" '^\[null,"the rings are behind a virtual IOMMU'
t_done
