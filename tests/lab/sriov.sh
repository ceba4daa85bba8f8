#!/bin/bash
# Virtual functions of the host's NVMe controller come, go and are handed to a guest under KVM.
# kernels: any

. "$(dirname "$0")/lib.sh"

modprobe -a nvme vfio-pci || t_fail 'no modules'
pf=$(basename "$(dirname "$(ls /sys/bus/pci/drivers/nvme/*/sriov_totalvfs)")")
sys=/sys/bus/pci/devices/$pf
numvfs() { cat "$sys/sriov_numvfs"; }
# A line a function: its address, IOMMU group
functions() {
	local vf
	for vf in "$sys"/virtfn*; do
		[ ! -e "$vf" ] || printf '%s %s\n' "$(basename "$(readlink "$vf")")" "$(basename "$(readlink "$vf/iommu_group")")"
	done
}
told() { jq -r '[.status, .id, (.steps | length), (.left | length)] | join(" ")' record; }
t_leave() {
	local status=$?
	[ ! -e g.pid ] || vm_kill g
	echo 0 >"$sys/sriov_numvfs"
	return "$status"
}
t_is 'it has none' "$(numvfs)" 0

# ---- how many

kt -o json sriov set "$pf" vfs=2 >record 2>err
t_is 'two are made' "$? $(told) $(cat err)" "0 ok $pf 1 0 "
t_is 'the kernel has two' "$(numvfs) $(functions | wc -l)" '2 2'
t_is 'each in an IOMMU group of its own' "$({ functions; echo "$pf $(basename "$(readlink "$sys/iommu_group")")"; } |
	awk '{ print $2 }' | sort -u | wc -l)" 3
t_is 'kvmtop lists them' "$(kt -d 0 -o json pci | jq -r --arg pf "VF of $pf" 'select(.sriov == $pf).address' | sort)" \
	"$(functions | awk '{ print $1 }' | sort)"
kt -o json sriov set "$pf" vfs=2 >record 2>err
t_is 'two once more' "$? $(told)" "0 unchanged $pf 0 0"
kt --dry-run -o json sriov set "$pf" vfs=1 >record
t_like 'from two to one it goes by none' "$(jq -r '.steps[].text' record | paste -sd ' ')" \
	'write 0 to sriov_numvfs.*write 1 to sriov_numvfs'
t_is 'told only' "$(numvfs)" 2
kt -o json sriov set "$pf" vfs=1 >record 2>err
t_is 'one of two' "$? $(told) $(cat err)" "0 ok $pf 2 0 "
t_is 'the kernel has one' "$(numvfs) $(functions | wc -l)" '1 1'
kt -o json undo >record 2>err
t_is 'undone' "$? $(jq -r '[.status, .id] | join(" ")' record) $(cat err)" "0 undone $pf "
t_is 'the kernel has two' "$(numvfs) $(functions | wc -l)" '2 2'

# ---- refused, and nothing is touched

kt sriov set "$pf" vfs=5 >/dev/null 2>err
t_is 'more than it can: exit 1' "$?" 1
t_like 'says how many' "$(cat err)" "vfs=5: $pf can have 4 virtual functions at most"
kt sriov set 0000:77:00.0 vfs=1 >/dev/null 2>err
t_is 'no such device: exit 3' "$?" 3
t_like 'names those there are' "$(cat err)" "that can have virtual functions: .*$pf"
kt sriov set "$(functions | awk 'NR == 1 { print $1 }')" vfs=1 >/dev/null 2>err
t_like 'a function is no device to have some' "$(cat err)" "is a virtual function itself: name $pf"
kt -r sriov set "$pf" vfs=1 >/dev/null 2>err
t_is 'read-only: exit 5' "$?" 5
kt vf set "$pf" 0 vlan=5 >/dev/null 2>err
t_is 'what only NICs have: exit 1' "$?" 1
t_like 'says so' "$(cat err)" "$pf has no network interface"
t_is 'the kernel has two' "$(numvfs)" 2

# ---- killed at any sync of its journal

functions_now() { numvfs; functions; }
kt_killed_at_each_sync 'one of two' "host: sriov set $pf .*perhaps left: .*$pf" functions_now sriov set "$pf" vfs=1
kt -o json undo >record 2>err
t_is 'not killed: undone' "$? $(jq -r .status record) $(numvfs)" '0 undone 2'

# ---- in a guest's hands

vf=$(functions | awk 'NR == 1 { print $1 }')
driver() { basename "$(readlink "/sys/bus/pci/devices/$vf/driver" || echo none)"; }
has_controllers() { [ "$(guest_cmd g 'cat /sys/bus/pci/devices/*/class' | grep -c 0x010802)" = "$1" ]; }
t_ok 'a guest boots' l2_start g || t_done
vm=$(vm g)
was=$(driver)
t_ok 'it has no NVMe controller' has_controllers 0
kt -o json vfio add "$vm" host="$vf" id=f1 >record 2>err
t_is 'it gets one' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_is 'which is with vfio-pci' "$(driver)" vfio-pci
t_ok 'the guest sees it' wait_for 60 has_controllers 1
kt sriov set "$pf" vfs=0 force=on >/dev/null 2>err
t_is 'it is not taken out of its hands: exit 1' "$?" 1
t_like 'who has it is named' "$(cat err)" "$vf is in the hands of guest $vm \(process $(vm_pid g)\).*vfio remove"
kt undo "$(kt -o json journal | jq -r 'select(.verb == "sriov set" and .state == "ok").id' | head -n 1)" >/dev/null 2>err
t_is 'nor by an undo: exit 1' "$? $(numvfs)" '1 2'
t_like 'who has it is named, too' "$(cat err)" "$vf of $pf is held by process $(vm_pid g)"
kt -o json vfio remove "$vm" f1 >record 2>err
t_is 'it gives it back' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_is 'to where it was' "$(driver)" "$was"
t_ok 'the guest has it no more' wait_for 60 has_controllers 0
kt -o json sriov set "$pf" vfs=0 >record 2>err
t_is 'all go' "$? $(told) $(cat err)" "0 ok $pf 1 0 "
t_is 'the kernel has none' "$(numvfs) $(functions | wc -l)" '0 0'
t_done
