#!/bin/bash
# libvirt's guests under KVM: what outside cannot be shown of them. vCPUs leave again, a USB stick and the host's NIC are
# handed through and come back.

. "$(dirname "$0")/lib.sh"

told() { jq -r '[.status, .guest, .id] | join(" ")' record; }
# id, as in the live XML
alias_is_there() { domain_has_alias d "$1"; }
untainted() { ! virsh_ dominfo "$vm" | grep -q -i custom.monitor; }

modprobe -a e1000e vfio-pci || t_fail 'no modules'
t_ok 'a libvirtd of our own' libvirt_start || t_done
export DOMAIN_TYPE=kvm DOMAIN_CPU="<cpu mode='host-passthrough'/>" DOMAIN_VCPU="<vcpu current='1'>4</vcpu>"
export DOMAIN_USB="<controller type='usb' model='qemu-xhci'/>" GUEST_APPEND="$L2_APPEND"
domain_boot d
t_ok 'a guest boots under KVM' guest_up d || t_done
vm=$(vm d)
t_is 'with one vCPU' "$(guest_get d cpus)" 1

# ---- vCPUs

vcpus() { virsh_ vcpucount "$vm" --live --current | tr -d '\n '; }
for turn in 1 2; do
	kv -o json vcpu add "$vm" count=2 >record 2>err
	t_is "turn $turn: two more vCPUs" "$? $(told) $(cat err)" '0 ok unknown  '
	t_ok "turn $turn: the guest has three" wait_for 100 guest_has_cpus d 3
	t_is "turn $turn: so has libvirt" "$(vcpus)" 3
	kv -o json vcpu remove "$vm" count=2 >record 2>err
	t_is "turn $turn: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "turn $turn: the guest has one" wait_for 100 guest_has_cpus d 1
	t_is "turn $turn: so has libvirt" "$(vcpus)" 1
done
kv -o json vcpu remove "$vm" >record 2>err
t_is 'the last one stays' "$? $(jq -r .status record)" '1 invalid'
kv -o json vcpu add "$vm" >record 2>err
kv -o json undo >record 2>err
t_is 'one more, undone' "$? $(jq -r .status record) $(cat err)" '0 undone '
t_ok 'the guest has one' wait_for 100 guest_has_cpus d 1
t_is 'so has libvirt' "$(vcpus)" 1

kv -o json vcpu add "$vm" count=2 >record 2>err
t_ok 'two more: the guest has three' wait_for 100 guest_has_cpus d 3
virsh_ suspend "$vm" >/dev/null
kv -o json --timeout 2 vcpu remove "$vm" count=2 >record 2>err
t_is 'a guest that stands lets go of none' "$? $(jq -r .status record) $(vcpus)" '4 timeout 3'
kv_watch late -o json vcpu remove "$vm" count=2
late=$!
t_pause 8	# libvirt waits 5 s
t_is 'somebody who has time waits longer than libvirt' "$(cat late late.err)" ''
virsh_ resume "$vm" >/dev/null
wait "$late"
t_is 'until it runs: removed' "$? $(jq -r .status late) $(cat late.err)" '0 ok '
t_ok 'the guest has one' wait_for 100 guest_has_cpus d 1
t_is 'so has libvirt' "$(vcpus)" 1

# ---- a USB stick

t_ok 'the host has the stick, as a disk' stick_await || t_done
for host in "$STICK" 46f4:0001; do
	kv -o json usb add "$vm" host="$host" id=stick >record 2>err
	t_is "$host: handed through" "$? $(told) $(cat err)" '0 ok unknown ua-stick '
	t_ok "$host: libvirt has it" alias_is_there ua-stick
	t_ok "$host: the guest has it" wait_for 100 guest_has_block d sda
	t_ok "$host: the host has it no more" stick_is_away
	kv -o json usb remove "$vm" stick >record 2>err
	t_is "$host: taken back" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$host: the guest has it no more" wait_for 100 guest_lacks_block d sda
	t_ok "$host: the host has it again" wait_for 60 stick_is_host
	t_is "$host: libvirt has it no more" "$(alias_is_there ua-stick && echo there)" ''
done

# ---- the host's NIC

dev=0000:00:08.0
driver() { basename "$(readlink "/sys/bus/pci/devices/$dev/driver" || echo none)"; }
override() { cat "/sys/bus/pci/devices/$dev/driver_override"; }
has_driver() { [ "$(driver)" = "$1" ]; }
lacks_nic() { ! guest_has_nic d "$1"; }
if [ "$(driver)" = none ]; then echo $dev >/sys/bus/pci/drivers_probe; fi
t_ok 'the host has its NIC' wait_for 60 has_driver e1000e || t_done
was=$(override)
mac=$(cat /sys/bus/pci/devices/$dev/net/*/address)
ip link set "$(ls /sys/bus/pci/devices/$dev/net)" up
kv vfio add "$vm" host=$dev >/dev/null 2>err
t_is 'a NIC that is up: exit 1' "$?" 1
t_like 'is named' "$(cat err)" 'network interface .* is up.*force=on'
ip link set "$(ls /sys/bus/pci/devices/$dev/net)" down
kv -o json vfio add "$vm" host=$dev id=e1 >record 2>err
t_is 'handed through' "$? $(told) $(cat err)" '0 ok unknown ua-e1 '
t_is 'it is with vfio-pci' "$(driver)" vfio-pci
t_ok 'libvirt has it' alias_is_there ua-e1
t_ok 'the guest has it' wait_for 100 guest_has_nic d eth0
t_is 'by its address' "$(guest_cmd d 'cat /sys/class/net/eth0/address')" "$mac"
kv -o json vfio add "$vm" host=$dev id=e1 >record 2>err
t_is 'the same once more' "$? $(jq -r .status record)" '0 unchanged'
kv -o json vfio remove "$vm" e1 >record 2>err
t_is 'removed' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_ok 'the guest has it no more' wait_for 100 lacks_nic eth0
t_ok 'the host has it again' wait_for 60 has_driver e1000e
t_is 'with the override it had' "$(override)" "$was"
t_is 'libvirt has it no more' "$(alias_is_there ua-e1 && echo there)" ''
kv -o json vfio add "$vm" host=$dev id=e1 >record 2>err
t_is 'once more' "$? $(jq -r .status record) $(cat err)" '0 ok '
kv -o json undo >record 2>err
t_is 'undone' "$? $(jq -r .status record) $(cat err)" '0 undone '
t_ok 'the host has it again' wait_for 60 has_driver e1000e

t_ok 'no monitor command was passed: not tainted' untainted
libvirt_stop
t_done
