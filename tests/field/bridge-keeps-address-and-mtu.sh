#!/bin/bash
# A Linux bridge whose address and MTU are not set by hand follows its ports: it has the lowest address of them and the least
# MTU. A NIC that comes and goes changes neither, and nothing else of the host but the port: seen by ip, by a neighbour who
# pings the bridge every 10 ms, by QEMU, and by the guest, which is told the MTU. So does no macvtap disturb a neighbour on
# the same interface.
# qemus: all

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/neighbour.sh"

[ "$KT_OWN_NET" = yes ] || { t_skip 'bridges' 'no network namespace, or no /dev/net/tun'; t_done; }

host() { host_links; }
of() { ip -j link show "$1" | jq -c '[.[0].address, .[0].mtu, .[0].master]'; }
prop() { qmp_ask g "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine/peripheral/n\",\"property\":\"$1\"}}"; }
in_guest() { guest_cmd g 'cat /sys/class/net/eth1/mtu'; }
nics_are() { [ "$(guest_get g net)" = "$1" ]; }

guest_start g || t_done
vm=$(vm g)
mac=52:54:00:aa:00:01

# WHAT PORT MTU ARG..: in and out; nothing else is changed, neither with it nor after it. PORT: what the port is like.
cycle() {
	local what=$1 port=$2 mtu=$3 before
	shift 3
	before=$(host)
	kt -o json nic add "$vm" id=n mac=$mac "$@" >record 2>err
	t_is "$what: added" "$? $(jq -r .status record) $(grep -v warning err)" '0 ok ' || return
	t_is "$what: of the rest nothing is changed" "$(host)" "$before"
	t_is "$what: the port" "$(of "$(ip -j link | jq -r '.[] | select(.ifname | startswith("kt-")) | .ifname')")" "$port"
	wait_for 60 nics_are eth0,eth1
	[ -z "$mtu" ] || t_is "$what: the guest's MTU" "$(in_guest)" "$mtu"
	kt -o json nic remove "$vm" n >record 2>err
	t_is "$what: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	wait_for 60 nics_are eth0
	t_is "$what: and nothing is changed" "$(ip -j link | grep -c kt-) $(host)" "0 $before"
}

# A neighbour on the bridge, and his end of the cable.
neighbour_start near
ip link add br0 type bridge
ip link add v0 address ee:00:00:00:00:01 mtu 9000 type veth peer name v1 netns "$(neighbour near)"
near ip link set v1 mtu 9000 up
near ip addr add 10.99.0.2/24 dev v1
ip link set v0 master br0 up
ip addr add 10.99.0.1/24 dev br0
ip link set br0 up
t_is 'a bridge that follows its port' "$(of br0)" '["ee:00:00:00:00:01",9000,null]'
pings_begin near 10.99.0.1
cycle bridge '["fe:54:00:aa:00:01",9000,"br0"]' 9000 type=bridge source=br0
cycle 'two queues' '["fe:54:00:aa:00:01",9000,"br0"]' 9000 type=bridge source=br0 queues=2
cycle 'less for the guest alone' '["fe:54:00:aa:00:01",9000,"br0"]' 1400 type=bridge source=br0 mtu=1400
cycle 'a model that cannot tell' '["fe:54:00:aa:00:01",9000,"br0"]' 1500 type=bridge source=br0 model=e1000e
pings_end near 'a bridge with a NIC of the host'

# Of guests' ports only: the new one has the lowest address, and the bridge does not take it.
ip link set v0 address fe:ff:00:00:00:01
t_is 'a bridge with a high address' "$(of br0)" '["fe:ff:00:00:00:01",9000,null]'
near ip neigh flush all
pings_begin near 10.99.0.1
kt --dry-run nic add "$vm" type=bridge source=br0 >plan 2>&1
t_like 'the plan says how' "$(cat plan)" 'keep address fe:ff:00:00:00:01 of bridge br0'
cycle 'the lowest address' '["fe:54:00:aa:00:01",9000,"br0"]' 9000 type=bridge source=br0
pings_end near 'a bridge with higher addresses only'

# The port whose address the bridge has goes: the bridge keeps it while it has others.
ip link add br1 type bridge
ip link add w0 address fe:ff:00:00:00:02 type veth peer name w1
ip link set w0 master br1
ip tuntap add mode tap name mine
ip link set mine address 02:00:00:00:00:07 master br1
t_is 'the bridge has the address of a tap' "$(of br1)" '["02:00:00:00:00:07",1500,null]'
kt nic add "$vm" id=n type=tap source=mine >/dev/null
t_is 'a tap that is there stays what it is' "$(of mine) $(of br1)" '["02:00:00:00:00:07",1500,"br1"] ["02:00:00:00:00:07",1500,null]'
kt nic remove "$vm" n >/dev/null
wait_for 60 nics_are eth0
ip link del mine
before=$(host)
kt -o json nic add "$vm" id=n type=bridge source=br1 mac=$mac >/dev/null
# as a kvmtop that did not keep it left it
ip link set br1 address fe:54:00:aa:00:01
kt -o json nic remove "$vm" n >record
t_is 'the port goes, the address stays' "$(of br1)" '["fe:54:00:aa:00:01",1500,null]'
wait_for 60 nics_are eth0

# No port at all.
ip link add br2 type bridge
cycle 'an empty bridge' '["fe:54:00:aa:00:01",1500,"br2"]' 1500 type=bridge source=br2
before=$(host)
kt nic add "$vm" id=n type=bridge source=br2 >/dev/null
kt -o json undo >record 2>err
t_is 'undone' "$? $(jq -r .status record) $(ip -j link | grep -c kt-) $(host)" "0 undone 0 $before"
wait_for 60 nics_are eth0

nic_refused kt 'mtu=9001: bridge br0 has an MTU of 9000' type=bridge source=br0 mtu=9001
nic_refused kt 'mtu=60: 68 to 65535' type=bridge source=br0 mtu=60
nic_refused kt 'vlan=5: bridge br0 filters no VLANs.*vlan_filtering 1' type=bridge source=br0 vlan=5
nic_refused kt 'vlan=4095: 1 to 4094' type=bridge source=br0 vlan=4095
nic_refused kt 'vlan=0: 1 to 4094' type=bridge source=br0 vlan=0
nic_refused kt 'vlan=5: type=user has none' type=user vlan=5
nic_refused kt 'vlan=5: .*type vlan id 5' type=macvtap source=v0 vlan=5
ip tuntap add mode tap name mine
nic_refused kt 'mtu=9000: tap mine has an MTU of 1500' type=tap source=mine mtu=9000
nic_refused kt 'mtu=9000: .*1500' type=user mtu=9000
cycle 'a tap made, with an MTU' '["fe:54:00:aa:00:01",4000,null]' 4000 type=tap mtu=4000
ip link set mine mtu 3000
before=$(host)
kt -o json nic add "$vm" id=n type=tap source=mine >record
wait_for 60 nics_are eth0,eth1
t_is 'a tap that is there: its MTU is told' "$(jq -r .status record) $(in_guest)" 'ok 3000'
kt nic remove "$vm" n >/dev/null
wait_for 60 nics_are eth0

# On an interface of 9000.
macvtap_alone
ip link add m0 mtu 9000 type veth peer name m1
ip link set m0 up
ip link add link m0 name try type macvtap
if [ -e "/dev/tap$(cat /sys/class/net/try/ifindex)" ]; then
	ip link del try
	# a neighbour with an interface on the same one, who speaks with what is at the other end of the cable
	ip link add link m0 name n0 mtu 9000 type macvlan mode bridge
	ip link set n0 netns "$(neighbour near)"
	near ip link set n0 up
	near ip addr add 10.98.0.2/24 dev n0
	ip addr add 10.98.0.1/24 dev m1
	ip link set m1 up
	pings_begin near 10.98.0.1
	cycle macvtap "[\"$mac\",9000,null]" 9000 type=macvtap source=m0
	cycle 'macvtap, less' "[\"$mac\",1400,null]" 1400 type=macvtap source=m0 mtu=1400
	pings_end near macvtap
	nic_refused kt 'mtu=9001: interface m0 has an MTU of 9000' type=macvtap source=m0 mtu=9001
else
	t_skip 'macvtap' 'no node in /dev'
fi
t_done
