#!/bin/bash
# A QEMU that keeps the descriptor of a tap is on the network of no bridge when its NIC was taken back or removed.

. "$(dirname "$0")/lib.sh"
mount -t sysfs sysfs /sys
if ! ip tuntap add mode tap name probe 2>/dev/null; then
	t_skip 'taps' 'no /dev/net/tun'
	t_done
fi
ip link del probe
ip link add br0 type bridge
ip link set br0 up

cp "$ROOT/build/tools/hostile_monitor" "$EVIL/qemu-system-evil"
ask=(-name evil -qmp unix:evil.qmp,server=on,wait=off)
listens() { [ -S "$EVIL/evil.qmp" ]; }
# REFUSES: the attacker's "QEMU", which keeps every descriptor and refuses these commands.
evil_start() {
	rm -f "$EVIL/evil.qmp"
	REFUSES=$1 attacker_run ./qemu-system-evil "${ask[@]}"
	evil=$!
	wait_for 5 listens
}
# NETWORK: the same, and what it says of its NICs.
evil_with_nic() {
	export NETWORK=$1
	evil_start none
	unset NETWORK
}
evil_end() { t_kill "$evil"; wait_for 5 no_taps; }
links() { ip -j link show | jq -r '[.[] | select(.ifname | startswith("kt-")) | "\(.ifname) \(.operstate)"] | join(" ")'; }
no_taps() { [ -z "$(links)" ]; }
on_bridge() { ip -j link show master br0 | jq -r '[.[].ifname] | join(" ")'; }
holds_tap() { grep -q '^iff:.*kt-tap' "/proc/$evil"/fdinfo/* 2>/dev/null; }
holds_any_tap() { [ -n "$(find "/proc/$evil/fd" -lname /dev/net/tun 2>/dev/null)" ]; }
nic() { kt --no-libvirt --timeout 5 -o json "$1" "$2" "pid:$evil" "${@:3}" >record 2>err; }
status() { jq -r '.status + " left: " + (.left | join("; "))' record; }

# ---- what it refuses on the way

for refuses in device_add netdev_add getfd x-query-virtio-status 'device_add netdev_del' 'device_add closefd'; do
	evil_start "$refuses"
	nic nic add type=bridge source=br0 id=n
	t_like "it refuses $refuses: the NIC is taken back" "$? $(status)" '^[16] (failed|partial)'
	t_ok "$refuses: it still has the descriptor" holds_any_tap
	t_is "$refuses: the bridge has no such port" "$(on_bridge)" ''
	if [[ $(status) = failed* ]]; then
		t_is "$refuses: no tap is left, as the record says" "$(links)" ''
	else
		t_like "$refuses: what is left is named" "$(status)" '(descriptor|netdev|device) n'
	fi
	evil_end
done

# The tap is never on the bridge before the device is in.
evil_start device_add
bridge monitor link >monitor.out 2>&1 &
t_own $!
nic nic add type=bridge source=br0 id=n
t_is 'while it refuses, no port joins the bridge' "$(grep -c 'kt-tap.*master br0' monitor.out)" 0
evil_end

# ---- one that was added, and is undone

evil_start none
nic nic add type=bridge source=br0 id=n
t_is 'a NIC that it takes' "$? $(status)" '0 ok left: '
t_is 'is on the bridge' "$(on_bridge)" kt-tap0
kt --no-libvirt --timeout 5 -o json undo >record 2>err
t_like 'undone' "$? $(status)" '0 undone left: $'
t_ok 'it has the descriptor' holds_any_tap
t_is 'and no link behind it' "$(on_bridge) $(links)" ' '
evil_end

# ---- one that is removed

evil_with_nic '"n: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:66:66:66\r\n \\ n-net: index=0,type=tap,ifname=kt-tap0,script=no\r\n"'
nic nic add type=bridge source=br0 id=m
t_is 'a NIC to be removed is on the bridge' "$(on_bridge)" kt-tap0
nic nic remove n
t_is 'removed' "$? $(status)" '0 ok left: '
t_ok 'it has the descriptor' holds_any_tap
t_is 'and no link behind it' "$(on_bridge) $(links)" ' '
evil_end

# ---- an honest guest beside it

evil_start device_add
honest_start h
kt -o json --timeout 2 nic add "$(vm h)" type=bridge source=br0 id=n >record 2>err
t_is 'an honest guest gets its NIC' "$? $(status)" '0 ok left: '
t_is 'on the bridge' "$(on_bridge)" kt-tap0
nic nic add type=bridge source=br0 id=n
t_is 'and keeps it while the other one fails' "$(on_bridge) $(links | cut -d' ' -f1)" 'kt-tap0 kt-tap0'
evil_end

# A name is no interface. One NIC is added, its QEMU dies, and the honest guest's gets the name.
kt --timeout 2 nic remove "$(vm h)" n >/dev/null 2>&1
hmp_ask h 'device_del n' >/dev/null
vm_kill h
t_ok 'the tap of a guest that ended is gone' wait_for 5 no_taps
evil_start none
nic nic add type=bridge source=br0 id=n
id=$(jq -r .journal record)
evil_end
honest_start i
kt -o json --timeout 2 nic add "$(vm i)" type=bridge source=br0 id=n >record 2>err
t_is 'the next NIC has the name of the last one' "$? $(on_bridge)" '0 kt-tap0'
kt --no-libvirt -o json undo "$id" >record 2>err
t_like 'undoing the first' "$? $(status)" '^0 (undone|unchanged)'
t_is 'leaves the other one its tap' "$(on_bridge)" kt-tap0

# What QEMU says its NIC is on is believed where its process has that open.
evil_with_nic '"n: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:66:66:66\r\n \\ n-net: index=0,type=tap,ifname=kt-tap0,script=no\r\n"'
nic nic remove n
t_like 'a NIC on the tap of another guest, it says' "$? $(status)" '^0 ok'
t_is 'that one keeps it' "$(on_bridge)" kt-tap0
t_done
