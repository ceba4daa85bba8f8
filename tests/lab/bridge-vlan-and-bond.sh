#!/bin/bash
# A bridge that filters VLANs, on a bond: what comes and goes with a NIC is its port, and that one's VLANs; neighbours go on
# speaking through the bond, untagged and in a VLAN. Not every kernel has the filter, or bonds.
# kernels: any

. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/neighbour.sh"

modprobe -a tun bridge bonding veth 8021q 2>/dev/null
vlans() { bridge -j vlan | jq -c --arg p "$1" '.[] | select(.ifname == $p) | .vlans'; }
of() { ip -j link show "$1" | jq -c '[.[0].address, .[0].mtu, .[0].master]'; }

# The other end of the bond's cables: a switch, with an address of its own in no VLAN and one in VLAN 5.
neighbour_start wire
wire ip link add sw type bridge
ip link add bond0 type bond mode active-backup miimon 100
for i in 0 1; do
	ip link add "d$i" address "ee:00:00:00:00:0$i" mtu 9000 type veth peer name "w$i" netns "$(neighbour wire)"
	wire ip link set "w$i" mtu 9000 master sw up
	ip link set "d$i" master bond0
done
wire ip link set sw up
wire ip addr add 10.99.0.3/24 dev sw
wire ip link add link sw name sw.5 type vlan id 5
wire ip link set sw.5 up
wire ip addr add 10.98.0.3/24 dev sw.5
ip link set bond0 mtu 9000 up
ip link add br0 type bridge vlan_filtering 1
ip link set bond0 master br0
ip link set br0 up
bridge vlan add dev bond0 vid 5
# NAME ADDRESS: a neighbour with a port of the bridge.
on_bridge() {
	neighbour_start "$1"
	ip link add "p-$1" address "ee:00:00:00:01:0${#1}" mtu 9000 type veth peer name eth0 netns "$(neighbour "$1")"
	"$1" ip link set eth0 mtu 9000 up
	"$1" ip addr add "$2/24" dev eth0
	ip link set "p-$1" master br0 up
}
on_bridge near 10.99.0.2
on_bridge other 10.98.0.2
bridge vlan del dev p-other vid 1
bridge vlan add dev p-other vid 5 pvid untagged
t_is 'the bridge follows its bond' "$(of br0)" "[\"$(cat /sys/class/net/bond0/address)\",9000,null]"

qemu_start g -S -machine q35,accel=tcg -m 16 -device pcie-root-port,id=rp1,chassis=1,slot=1 -device pcie-root-port,id=rp2,chassis=2,slot=2 \
	-qmp unix:g.qmp,server=on,wait=off || t_done
vm=$(vm g)
before=$(host_links)

declare -A reached=([near]=10.99.0.3 [other]=10.98.0.3)
speaking='near other'
# WHAT VLANS ARG..: in, and gone with QEMU, as a guest that does not run lets nothing go.
cycle() {
	local what=$1 vlans=$2 who
	shift 2
	for who in $speaking; do pings_begin "$who" "${reached[$who]}"; done
	ktp -o json nic add "$vm" id=n mac=52:54:00:aa:00:01 type=bridge source=br0 "$@" >record 2>err
	t_is "$what: added" "$? $(jq -r .status record) $(grep -v warning err)" '0 ok ' || return
	t_is "$what: of the rest nothing is changed" "$(host_links)" "$before"
	t_is "$what: the port" "$(of kt-tap0) $(ip -j link show kt-tap0 | jq '.[0].flags | index("UP") != null') $(vlans kt-tap0)" \
		"[\"fe:54:00:aa:00:01\",9000,\"br0\"] true $vlans"
	t_is "$what: the guest is told the MTU" "$(qmp_ask g '{"execute":"qom-get","arguments":{"path":"/machine/peripheral/n","property":"host_mtu"}}')" 9000
	ktp -o json nic add "$vm" id=n type=bridge source=br0 "$@" >record
	t_is "$what: once more is no change" "$? $(jq -r .status record)" '0 unchanged'
	ktp -o json nic add "$vm" id=n type=bridge source=br0 vlan=7 >record 2>err
	t_is "$what: but of another VLAN" "$? $(jq -r .status record)" '1 invalid'
	vm_kill g
	wait_for 60 test ! -e /sys/class/net/kt-tap0
	t_is "$what: gone with the guest, and nothing is changed" "$(host_links)" "$before"
	for who in $speaking; do pings_end "$who" "$what"; done
	qemu_start g -S -machine q35,accel=tcg -m 16 -device pcie-root-port,id=rp1,chassis=1,slot=1 \
		-device pcie-root-port,id=rp2,chassis=2,slot=2 -qmp unix:g.qmp,server=on,wait=off
	vm=$(vm g)
}
cycle 'the default VLAN' '[{"vlan":1,"flags":["PVID","Egress Untagged"]}]'
cycle 'VLAN 5' '[{"vlan":5,"flags":["PVID","Egress Untagged"]}]' vlan=5
cycle 'VLAN 1, which is the default' '[{"vlan":1,"flags":["PVID","Egress Untagged"]}]' vlan=1
echo 9 >/sys/class/net/br0/bridge/default_pvid
before=$(host_links)
cycle 'another default' '[{"vlan":5,"flags":["PVID","Egress Untagged"]}]' vlan=5
echo 0 >/sys/class/net/br0/bridge/default_pvid
speaking=other	# what is untagged is in no VLAN now
before=$(host_links)
cycle 'no default' '[{"vlan":4094,"flags":["PVID","Egress Untagged"]}]' vlan=4094

ip link set br0 type bridge vlan_filtering 0
ktp --dry-run nic add "$vm" type=bridge source=br0 vlan=5 2>err
t_like 'without the filter: refused' "$? $(cat err)" '^1 .*bridge br0 filters no VLANs'
ip link del br0
ip link del bond0
t_done
