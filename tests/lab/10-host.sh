#!/bin/bash
# A guest under KVM on a host with two NUMA nodes and an IOMMU, as kvmtop sees them.
# kernels: all

. "$(dirname "$0")/lib.sh"

t_ok 'a guest boots under KVM' l2_shared || t_done
vm=$(vm shared)
pid=$(vm_pid shared)
t_is 'it does run on KVM' "$(qmp_ask shared '{"execute":"query-kvm"}' | jq -c .)" '{"enabled":true,"present":true}'
t_is 'kvmtop sees it' "$(kt -d 0 -o json vms "$vm" | jq -c '[.pid, .state]')" "[$pid,\"running\"]"

# ---- PCI devices

kt -d 0 -o json pci >pci
# The truth is sysfs: address, driver, group.
for class in 0x020000 0x010802; do
	for device in /sys/bus/pci/devices/*; do
		[ "$(cat "$device/class")" = "$class" ] || continue
		address=${device##*/}
		want=$(jq -n -c --arg d "$(basename "$(readlink "$device/driver")")" \
			--argjson g "$(basename "$(readlink "$device/iommu_group")")" '[$d, $g]')
		t_is "$address: driver and IOMMU group" \
			"$(jq -c --arg a "$address" 'select(.address == $a) | [.driver, .iommu_group]' pci)" "$want"
	done
done
t_is 'there is an e1000e and an NVMe controller' "$(jq -r 'select(.driver == "e1000e" or .driver == "nvme") | .driver' pci | sort | tr '\n' ' ')" 'e1000e nvme '
t_done
