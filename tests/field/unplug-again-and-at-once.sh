#!/bin/bash
# Native PCIe hotplug: an unplug is a press of the slot's button, after which its indicator blinks for five seconds and QEMU
# takes no other. What is plugged can be unplugged at once; what was asked for already is waited for, and is no error.
# qemus: all

. "$(dirname "$0")/../lib.sh"

guest_start g -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off || t_done
vm=$(vm g)
truncate -s 8M a.raw
things=$(vm_things g)

for kind in disk nic e1000e; do
	add=(nic add "$vm" type=user id=d)
	case $kind in
	disk) add=(disk add "$vm" file="$PWD/a.raw" format=raw id=d) ;;
	e1000e) add+=(model=e1000e) ;;
	esac
	kt -o json "${add[@]}" >record 2>err
	t_is "$kind: plugged" "$? $(jq -r .status record) $(cat err)" '0 ok '
	kt -o json "${add[0]}" remove "$vm" d >record 2>err
	t_is "$kind: unplugged at once" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_is "$kind: and nothing is left" "$(vm_things g)" "$things"
done

# Asked for by somebody else, a moment ago.
kt nic add "$vm" type=user id=d >/dev/null
qmp_ask g '{"execute":"device_del","arguments":{"id":"d"}}' >/dev/null
t_like 'QEMU takes it once' "$(qmp_ask g '{"execute":"device_del","arguments":{"id":"d"}}' 2>&1)" 'already in the process of unplug'
kt -o json nic remove "$vm" d >record 2>err
t_is 'what was asked for already' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_is 'is waited for, and nothing is left' "$(vm_things g)" "$things"

# Too short a time, and once more.
kt nic add "$vm" type=user id=d >/dev/null
kt -o json --timeout 1 nic remove "$vm" d >record 2>err
t_is 'in one second' "$? $(jq -r .status record)" '4 timeout'
kt -o json nic remove "$vm" d >record 2>err
t_like 'once more' "$? $(jq -r .status record) $(cat err)" '^0 (ok|unchanged) $'
t_is 'and nothing is left of it' "$(vm_things g)" "$things"
t_done
