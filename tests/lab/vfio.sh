#!/bin/bash
# The host's e1000e is handed to a guest under KVM and comes back: to its driver, whatever went wrong.
# kernels: any

. "$(dirname "$0")/lib.sh"

dev=0000:00:08.0
modprobe -a e1000e vfio-pci || t_fail 'no modules'
driver() { basename "$(readlink "/sys/bus/pci/devices/$dev/driver" || echo none)"; }
override() { cat "/sys/bus/pci/devices/$dev/driver_override"; }
has_driver() { [ "$(driver)" = "$1" ]; }
told() { jq -r '[.status, .guest, .id, (.left | length)] | join(" ")' record; }
locked() { awk '/^VmLck/ { print $2 }' "/proc/$pid/status"; }
nic() { [ "$(jq -r '.backend' <(kt -o json -F id,backend nics "$vm" | grep '"id":"e1"'))" = vfio ]; }
if [ "$(driver)" = none ]; then echo $dev >/sys/bus/pci/drivers_probe; fi
t_ok 'the host has its NIC' wait_for 60 has_driver e1000e || t_done
was=$(override)
mac=$(cat /sys/bus/pci/devices/$dev/net/*/address)
lacks_nic() { ! guest_has_nic g eth1; }
t_ok 'a guest boots' l2_start g || t_done
vm=$(vm g)
pid=$(vm_pid g)

# ---- refused, and nothing is touched

ip link set "$(ls /sys/bus/pci/devices/$dev/net)" up
kt vfio add "$vm" host=$dev >/dev/null 2>err
t_is 'a NIC that is up: exit 1' "$?" 1
t_like 'is named' "$(cat err)" 'network interface .* is up.*force=on'
ip link set "$(ls /sys/bus/pci/devices/$dev/net)" down
kt vfio add "$vm" host=0000:00:77.7 >/dev/null 2>err
t_like 'no such device' "$(cat err)" 'PCI address is expected|no such PCI device'
kt --dry-run vfio add "$vm" host=$dev >plan 2>&1
t_like 'the steps are told' "$(cat plan)" 'to driver vfio-pci'
t_is 'and nothing was done' "$(driver)" e1000e

# ---- there and back

kt -o json vfio add "$vm" host=$dev id=e1 >record 2>err
t_is 'handed through' "$? $(told) $(cat err)" '0 ok unknown e1 0 '
t_is 'it is with vfio-pci' "$(driver)" vfio-pci
t_ok 'all memory is locked' test "$(locked)" -gt 200000
t_ok 'the guest has it' wait_for 100 guest_has_nic g eth1
t_is 'by its address' "$(guest_cmd g 'cat /sys/class/net/eth1/address')" "$mac"
t_ok 'kvmtop shows it' wait_for 60 nic
kt -o json vfio add "$vm" host=$dev id=e2 >record 2>err
t_like 'not twice' "$(cat err)" "has it already, as 'e1'"
kt -o json vfio add "$vm" host=$dev id=e1 >record 2>err
t_is 'the same once more' "$? $(jq -r .status record)" '0 unchanged'
kt -o json vfio remove "$vm" e1 >record 2>err
t_is 'removed' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_ok 'the guest has it no more' wait_for 100 lacks_nic
t_is 'the host has it again' "$(driver)" e1000e
t_is 'with the override it had' "$(override)" "$was"

# ---- taken back

kt -o json vfio add "$vm" host=$dev id=e1 >record 2>err
t_is 'once more' "$? $(jq -r .status record) $(cat err)" '0 ok '
kt -o json undo >record 2>err
t_is 'undone' "$? $(jq -r .status record) $(cat err)" '0 undone '
t_is 'the host has it again' "$(driver)" e1000e

qmp_ask g '{"execute":"stop"}' >/dev/null
kt -o json vfio add "$vm" host=$dev id=e1 >record 2>err
t_is 'a guest that stands gets it' "$? $(jq -r .status record)" '0 ok'
kt -o json --timeout 2 vfio remove "$vm" e1 >record 2>err
t_is 'and cannot let go' "$? $(jq -r .status record)" '4 timeout'
t_is 'it keeps it' "$(driver)" vfio-pci
qmp_ask g '{"execute":"cont"}' >/dev/null
gone() { kt vms >/dev/null 2>&1; has_driver e1000e; }
t_ok 'until it runs: finished by the next kvmtop' wait_for 100 gone

# ---- kvmtop is killed at each sync of its journal

bound() { echo "$(driver) $(override)"; }
kt_killed_at_each_sync add "perhaps left: (PCI device $dev|device e1)" bound vfio add "$vm" host=$dev id=e1
kt -o json vfio remove "$vm" e1 >record 2>err
t_is 'what was not killed is whole' "$? $(jq -r .status record) $(driver)" '0 ok e1000e'

# ---- the guest ends while it has it

kt -o json vfio add "$vm" host=$dev id=e1 >record 2>err
t_is 'once more' "$? $(jq -r .status record) $(cat err)" '0 ok '
vm_kill g
t_is 'nobody gives it back' "$(driver)" vfio-pci
kt -o json undo "$(jq -r .journal record)" >record2 2>err
t_is 'but undo' "$? $(jq -r .status record2) $(cat err)" '0 undone '
t_is 'the host has it again' "$(driver)" e1000e
t_done
