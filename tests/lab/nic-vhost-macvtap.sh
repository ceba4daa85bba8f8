#!/bin/bash
# NICs that want a real host: vhost and its threads, macvtap, the kernel's Open vSwitch. Nothing else of the host is changed
# by them, and neighbours on the same interface or bridge go on speaking.
# kernels: any

. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/neighbour.sh"

# Not the shared guest: NICs of it would stay if this fails.
modprobe -a tun bridge vhost_net macvtap dummy 2>/dev/null
t_ok 'a guest boots under KVM' l2_start g || t_done
vm=$(vm g)
pid=$(vm_pid g)
nics_are() { [ "$(guest_get g net)" = "$1" ]; }
# Threads of vhost, kernel threads of its name or threads of QEMU itself (kernel 6.4).
vhosts() { grep -l -x "vhost-$pid" /proc/[0-9]*/comm "/proc/$pid"/task/*/comm 2>/dev/null | wc -l; }
vhosts_are() { [ "$(vhosts)" = "$1" ]; }
descriptors() { find "/proc/$pid/fd" -lname '/dev/*' -printf '%l\n' | sort | uniq -c | paste -sd ' '; }
state() {
	printf '%s\n' "threads: $(vhosts)" "descriptors: $(descriptors)" "kvmtop's: $(ip -j link | grep -c '"kt-')" "$(host_links)" \
		"$(hmp_ask g 'info network')"
}
before=$(state)

# PAIRS WHAT ARG..: in and out; meanwhile so many threads of vhost.
cycle() {
	local pairs=$1 what=$2 links
	shift 2
	links=$(host_links)
	ktp -o json nic add "$vm" "$@" >record 2>err
	t_is "$what: added" "$? $(jq -r '[.status, .guest, .id] | join(" ")' record) $(cat err)" '0 ok ready kt-nic0 '
	t_is "$what: of the rest of the host nothing is changed" "$(host_links)" "$links"
	t_ok "$what: the guest sees it" wait_for 300 nics_are eth0,eth1
	guest_cmd g 'ip link set eth1 up; ip addr add 10.9.0.2/24 dev eth1' >/dev/null
	t_ok "$what: $pairs threads of vhost" wait_for 60 vhosts_are "$pairs"
	with=$(state)
	[ -z "${ADDRESS_ON:-}" ] || reaches "$what"
	ktp -o json nic remove "$vm" kt-nic0 >record 2>err
	t_is "$what: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$what: the guest sees it no more" wait_for 300 nics_are eth0
	t_ok "$what: no thread of vhost" wait_for 60 vhosts_are 0
	t_is "$what: all is as before" "$(state)" "$before"
}
# WHAT: packets pass between the guest and the host's end.
reaches() {
	ip addr add 10.9.0.1/24 dev "$ADDRESS_ON" 2>/dev/null
	ip link set "$ADDRESS_ON" up
	t_ok "$1: packets pass" wait_for 120 guest_cmd g 'ping -c 1 -W 5 10.9.0.1'
	ip addr del 10.9.0.1/24 dev "$ADDRESS_ON"	# of two interfaces with it, the first would answer for the next
}

ip link add br9 type bridge
ip link set br9 up
before=$(state)
cycle 0 'a tap' type=tap
cycle 1 'vhost' type=tap vhost=on
t_like 'its descriptors' "$with" '/dev/net/tun.*/dev/vhost-net'
cycle 2 'vhost, two queues' type=tap vhost=on queues=2
ADDRESS_ON=br9 cycle 1 'vhost on a bridge' type=bridge source=br9 vhost=on

# On a veth pair: what leaves by one end comes out of the other.
if ip link add up0 type veth peer name up1; then
	ip link set up0 up
	ip link set up1 up
	neighbour_start near
	ip link add link up0 name mv0 type macvlan mode bridge
	ip link set mv0 netns "$(neighbour near)"
	near ip link set mv0 up
	near ip addr add 10.8.0.2/24 dev mv0
	ip addr add 10.8.0.1/24 dev up1
	before=$(state)
	pings_begin near 10.8.0.1
	ADDRESS_ON=up1 cycle 1 'macvtap with vhost' type=macvtap source=up0 vhost=on
	cycle 0 'macvtap, two queues' type=macvtap source=up0 queues=2
	pings_end near macvtap
	ip link del up0
fi
ip link del br9

# Where the machine has Open vSwitch.
if command -v ovs-vswitchd >/dev/null && command -v ovsdb-server >/dev/null; then
	modprobe openvswitch
	mkdir -p /var/run/openvswitch
	ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
	ovsdb-server conf.db --remote=punix:/var/run/openvswitch/db.sock >/dev/null 2>&1 &
	t_own $!
	wait_for 60 test -S /var/run/openvswitch/db.sock
	ovs-vsctl --no-wait init
	ovs-vswitchd >vswitchd.log 2>&1 &
	t_own $!
	neighbour_start beside
	ip link add v0 type veth peer name v1 netns "$(neighbour beside)"
	ip link set v0 up
	beside ip link set v1 up
	beside ip addr add 10.8.1.2/24 dev v1
	ovs-vsctl --timeout=120 add-br ovs9 -- add-port ovs9 v0
	ip link set ovs9 up
	ip addr add 10.8.1.1/24 dev ovs9
	before=$(state)
	ports=$(ovs-vsctl list-ports ovs9)
	pings_begin beside 10.8.1.1
	ADDRESS_ON=ovs9 cycle 1 'vhost on Open vSwitch' type=bridge source=ovs9 vhost=on
	t_like 'it was a port' "$with" "kvmtop's: 1"
	t_is 'and is none any more' "$(ovs-vsctl list-ports ovs9)" "$ports"
	pings_end beside 'Open vSwitch'
fi

t_done
