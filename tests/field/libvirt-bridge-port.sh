#!/bin/bash
# libvirt gives the port it makes the bridge's MTU and an address that begins with fe:. kvmtop adds what libvirt leaves
# out. The guest is told the MTU, and a bridge that would take the port's address, or lose it with the port, keeps its own.
# What libvirt cannot do is said before it is tried.
# qemus: all

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
[ -z "$why" ] || { t_skip 'ports of libvirt guests' "$why"; t_done; }
[ "$KT_OWN_NET" = yes ] || { t_skip 'ports of libvirt guests' 'no network namespace, or no /dev/net/tun'; t_done; }
t_ok 'a libvirtd of our own' libvirt_start default || t_done

host() { ip -j link | jq -c '.[] | select(.ifname | test("^(vnet|macvtap)") | not) | [.ifname, .address, .mtu, .master]'; }
port() { ip -j link | jq -c '.[] | select(.ifname | test("^(vnet|macvtap)")) | [.address, .mtu, .master]'; }
told() {
	virsh_ qemu-monitor-command "$vm" '{"execute":"qom-get","arguments":{"path":"/machine/peripheral/ua-n","property":"host_mtu"}}' |
		jq .return
}

ip link add br0 type bridge
ip link add v0 address ee:00:00:00:00:01 mtu 9000 type veth peer name v1
ip link set v0 master br0 up
ip link set br0 up
ip link add br1 type bridge
ip link add w0 address fe:ff:00:00:00:02 type veth peer name w1
ip link set w0 master br1 up
domain_start g || { tail -n 5 virt/log/libvirt/qemu/*.log virt/libvirtd.log >&2; t_done; }
vm=$(vm g)

# WHAT PORT HOST_MTU ARG..: with it, the rest of the host is as it was, and when the domain is gone, and the port with it.
plugged() {
	local what=$1 port=$2 mtu=$3 before
	shift 3
	before=$(host)
	kv -o json nic add "$vm" id=n mac=52:54:00:aa:00:01 "$@" >record 2>err
	t_is "$what: added" "$? $(jq -r .status record) $(grep -v warning err)" '0 ok ' || return
	t_is "$what: of the rest nothing is changed" "$(host)" "$before"
	t_is "$what: the port" "$(port)" "$port"
	t_is "$what: what the guest is told" "$(told)" "$mtu"
	virsh_ destroy "$vm" >/dev/null
	t_is "$what: and nothing is changed" "$(host)" "$before"
	domain_up g
}
plugged bridge '["fe:54:00:aa:00:01",9000,"br0"]' 9000 type=bridge source=br0
plugged 'a bridge with higher addresses only' '["fe:54:00:aa:00:01",1500,"br1"]' 0 type=bridge source=br1
ip link add br2 type bridge
plugged 'an empty bridge' '["fe:54:00:aa:00:01",1500,"br2"]' 0 type=bridge source=br2

ip link add br3 type bridge
ip link add x0 address fe:ff:00:00:00:03 type veth peer name x1
ip link set x0 master br3 up
echo "<network><name>on3</name><forward mode='bridge'/><bridge name='br3'/></network>" >on3.xml
virsh_ net-define on3.xml >/dev/null
virsh_ net-start on3 >/dev/null
plugged 'a network of libvirt on such a bridge' '["fe:54:00:aa:00:01",1500,"br3"]' 0 type=network source=on3

nic_refused kv 'vlan=5: bridge br0 filters no VLANs' type=bridge source=br0 vlan=5
nic_refused kv 'mtu=9001: bridge br0 has an MTU of 9000' type=bridge source=br0 mtu=9001
nic_refused kv 'mtu=1400: libvirt gives the port what it tells the guest.*set it in the guest' type=bridge source=br0 mtu=1400
nic_refused kv 'mtu=1400: libvirt sets none for type=macvtap' type=macvtap source=v1 mtu=1400
nic_refused kv "mtu=1400: the network's own MTU" type=network source=default mtu=1400

# One that is there keeps what it has.
ip tuntap add mode tap name mine
ip link set mine mtu 3000
plugged 'a tap that is there' "" 3000 type=tap source=mine

# A port whose address the bridge has goes: the step that keeps it comes first.
kv nic add "$vm" id=n mac=52:54:00:aa:00:01 type=bridge source=br0 >/dev/null
ip link set v0 address fe:ff:00:00:00:01
t_is 'the bridge has the address of the port' "$(ip -j link show br0 | jq -r '.[0].address')" fe:54:00:aa:00:01
kv -o json --dry-run nic remove "$vm" n >record 2>err
t_is 'and keeps it' "$(jq -r '.steps[0].text' record) $(cat err)" \
	'keep address fe:54:00:aa:00:01 of bridge br0, which would follow its ports '

virsh_ destroy "$vm" >/dev/null
t_done
