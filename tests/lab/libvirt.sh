#!/bin/bash
# libvirt's guests under KVM: what outside cannot be shown of them. vCPUs leave again, a USB stick and the host's NIC are
# handed through and come back.

. "$(dirname "$0")/lib.sh"

told() { jq -r '[.status, .guest, .id] | join(" ")' record; }
vcpus() { virsh_ vcpucount "$vm" --live --current | tr -d '\n '; }
lacks_alias() { ! domain_has_alias "$@"; }
lacks_nic() { ! guest_has_nic "$@"; }
untainted() { virsh_ dominfo "$vm" >info && ! grep -q -i custom.monitor info; }
dev=0000:00:08.0
driver() { basename "$(readlink "/sys/bus/pci/devices/$dev/driver" || echo none)"; }
override() { cat "/sys/bus/pci/devices/$dev/driver_override"; }
has_driver() { [ "$(driver)" = "$1" ]; }

# NAME: boots the guest that is meant by all that follows.
begin() {
	g=$1
	domain_boot "$g"
	t_ok "$g: a guest boots under KVM" guest_up "$g" || t_done
	vm=$(vm "$g")
	t_is "$g: with one vCPU" "$(guest_get "$g" cpus)" 1
}
# HOW: the vCPUs are gone, by the word of who asks.
one_vcpu() {
	t_ok "$g: $1: the guest has one" wait_for 100 guest_has_cpus "$g" 1
	t_is "$g: $1: so has libvirt" "$(vcpus)" 1
}
vcpu_cycle() {
	kv -o json vcpu add "$vm" count=2 >record 2>err
	t_is "$g: two more vCPUs" "$? $(told) $(cat err)" '0 ok unknown  '
	t_ok "$g: the guest has three" wait_for 100 guest_has_cpus "$g" 3
	t_is "$g: so has libvirt" "$(vcpus)" 3
	kv -o json vcpu remove "$vm" count=2 >record 2>err
	t_is "$g: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	one_vcpu removed
}
# HOST: as usb add takes it.
stick_cycle() {
	kv -o json usb add "$vm" host="$1" id=stick >record 2>err
	t_is "$g: $1: handed through" "$? $(told) $(cat err)" '0 ok unknown ua-stick '
	t_ok "$g: $1: libvirt has it" domain_has_alias "$g" ua-stick
	t_ok "$g: $1: the guest has it" wait_for 100 guest_has_block "$g" sda
	t_ok "$g: $1: the host has it no more" stick_is_away
	kv -o json usb remove "$vm" stick >record 2>err
	t_is "$g: $1: taken back" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$g: $1: the guest has it no more" wait_for 100 guest_lacks_block "$g" sda
	t_ok "$g: $1: the host has it again" wait_for 60 stick_is_host
	t_ok "$g: $1: libvirt has it no more" lacks_alias "$g" ua-stick
}
nic_given_back() {
	t_ok "$g: the guest has the NIC no more" wait_for 100 lacks_nic "$g" eth0
	t_ok "$g: the host has it again" wait_for 60 has_driver e1000e
	t_is "$g: with the override it had" "$(override)" "$was"
	t_ok "$g: libvirt has it no more" lacks_alias "$g" ua-e1
}
nic_cycle() {
	kv -o json vfio add "$vm" host=$dev id=e1 >record 2>err
	t_is "$g: the NIC is handed through" "$? $(told) $(cat err)" '0 ok unknown ua-e1 '
	t_is "$g: it is with vfio-pci" "$(driver)" vfio-pci
	t_ok "$g: libvirt has it" domain_has_alias "$g" ua-e1
	t_ok "$g: the guest has it" wait_for 100 guest_has_nic "$g" eth0
	t_is "$g: by its address" "$(guest_cmd "$g" 'cat /sys/class/net/eth0/address')" "$mac"
	kv -o json vfio add "$vm" host=$dev id=e1 >record 2>err
	t_is "$g: the same once more" "$? $(jq -r .status record)" '0 unchanged'
	kv -o json vfio remove "$vm" e1 >record 2>err
	t_is "$g: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	nic_given_back
}

modprobe -a e1000e vfio-pci || t_fail 'no modules'
t_ok 'the host has the stick, as a disk' stick_await || t_done
if [ "$(driver)" = none ]; then echo $dev >/sys/bus/pci/drivers_probe; fi
t_ok 'the host has its NIC' wait_for 60 has_driver e1000e || t_done
was=$(override)
mac=$(cat /sys/bus/pci/devices/$dev/net/*/address)
t_ok 'a libvirtd of our own' libvirt_start || t_done
export DOMAIN_TYPE=kvm DOMAIN_CPU="<cpu mode='host-passthrough'/>" DOMAIN_VCPU="<vcpu current='1'>4</vcpu>"
export DOMAIN_USB="<controller type='usb' model='qemu-xhci'/>" GUEST_APPEND="$L2_APPEND"

# ---- there and back

begin q35
vcpu_cycle
vcpu_cycle
stick_cycle "$STICK"
stick_cycle 46f4:0001
nic_cycle

# ---- taken back

kv vcpu add "$vm" >/dev/null 2>err
kv -o json undo >record 2>err
t_is 'one more vCPU, undone' "$? $(jq -r .status record) $(cat err)" '0 undone '
one_vcpu undone
kv vfio add "$vm" host=$dev id=e1 >/dev/null 2>err
kv -o json undo >record 2>err
t_is 'the NIC handed through, undone' "$? $(jq -r .status record) $(cat err)" '0 undone '
nic_given_back

# ---- refused

kv -o json vcpu remove "$vm" >record 2>err
t_is 'the last vCPU stays' "$? $(jq -r .status record)" '1 invalid'
nic=$(ls /sys/bus/pci/devices/$dev/net)
ip link set "$nic" up
kv vfio add "$vm" host=$dev >/dev/null 2>err
t_is 'a NIC that is up: exit 1' "$?" 1
t_like 'is named' "$(cat err)" "network interface $nic is up.*force=on"
ip link set "$nic" down

# ---- a guest that stands

kv vcpu add "$vm" count=2 >/dev/null 2>err
t_ok 'two more: the guest has three' wait_for 100 guest_has_cpus "$g" 3
virsh_ suspend "$vm" >/dev/null
kv -o json --timeout 2 vcpu remove "$vm" count=2 >record 2>err
t_is 'a guest that stands lets go of none' "$? $(jq -r .status record) $(vcpus)" '4 timeout 3'
kv_watch late -o json vcpu remove "$vm" count=2
late=$!
t_pause 8	# libvirt waits 5 s
t_is 'who has time waits longer than libvirt' "$(cat late late.err)" ''
virsh_ resume "$vm" >/dev/null
wait "$late"
t_is 'until it runs: removed' "$? $(jq -r .status late) $(cat late.err)" '0 ok '
one_vcpu 'it runs'
t_ok 'no monitor command was passed: not tainted' untainted
virsh_ destroy "$vm" >/dev/null

# ---- the other machine type

DOMAIN_MACHINE=pc begin pc
vcpu_cycle
stick_cycle "$STICK"
nic_cycle
t_ok 'pc: no monitor command was passed: not tainted' untainted
libvirt_stop
t_done
