#!/bin/bash
# A bridge of Open vSwitch gives its internal ports the least MTU of the others. A NIC that comes and goes changes neither that
# nor an address, and nothing else but its port; vlan= is the port's tag. Seen by ovs-vsctl, ip, the guest, and a
# neighbour who pings the bridge every 10 ms. The switch is one in user space, as not every kernel has one; all that kvmtop
# asks is its database.
# qemus: all

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/neighbour.sh"

command -v ovs-vswitchd >/dev/null && command -v ovsdb-server >/dev/null || { t_skip 'Open vSwitch' 'there is none'; t_done; }
[ "$KT_OWN_NET" = yes ] || { t_skip 'Open vSwitch' 'no network namespace, or no /dev/net/tun'; t_done; }

# What kvmtop asks is there in our mount namespace only.
mount -t tmpfs none /run && mkdir -p /run/openvswitch || t_done
export OVS_RUNDIR=/run/openvswitch OVS_LOGDIR=$T_DIR OVS_SYSCONFDIR=$T_DIR
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
setpriv --pdeathsig KILL -- ovsdb-server conf.db --remote=punix:/run/openvswitch/db.sock >ovsdb.log 2>&1 9>&- &
t_own $!
wait_for 20 test -S /run/openvswitch/db.sock
vsctl() { ovs-vsctl --timeout=30 "$@"; }
vsctl --no-wait init
setpriv --pdeathsig KILL -- ovs-vswitchd >vswitchd.log 2>&1 9>&- &
t_own $!
vsctl add-br ovs0 -- set bridge ovs0 datapath_type=netdev || { t_fail 'a bridge' "$(tail -n 5 vswitchd.log)"; t_done; }
neighbour_start near
ip link add v0 address ee:00:00:00:00:01 mtu 9000 type veth peer name v1 netns "$(neighbour near)"
ip link set v0 up
near ip link set v1 mtu 9000 up
near ip addr add 10.99.0.2/24 dev v1
vsctl add-port ovs0 v0 -- add-port ovs0 in0 -- set interface in0 type=internal

host() {
	host_links
	vsctl list-ports ovs0 | grep -v '^kt-' | sort
	vsctl --format=csv --no-headings --columns=name,tag,vlan_mode,trunks list port | grep -v kt- | sort
}
of() { ip -j link show "$1" | jq -c '[.[0].address, .[0].mtu]'; }
nics_are() { [ "$(guest_get g net)" = "$1" ]; }
mtu_is() { [ "$(cat "/sys/class/net/$1/mtu")" = "$2" ]; }
t_ok 'the bridge follows its port' wait_for 20 mtu_is ovs0 9000
ip addr add 10.99.0.1/24 dev ovs0
ip link set ovs0 up

guest_start g || t_done
vm=$(vm g)
before=$(host)
pings_begin near 10.99.0.1
# The switch follows a change of its ports a moment later: it has seen what is done here when it has seen another change.
settled() { vsctl set bridge ovs0 external_ids:seen="$RANDOM" && vsctl show >/dev/null; }

# WHAT MTU TAG ARG..
cycle() {
	local what=$1 mtu=$2 tag=$3 port
	shift 3
	kt -o json nic add "$vm" id=n mac=52:54:00:aa:00:01 type=bridge source=ovs0 "$@" >record 2>err
	t_is "$what: added" "$? $(jq -r .status record) $(cat err)" '0 ok ' || return
	settled
	t_is "$what: of the rest nothing is changed" "$(host)" "$before"
	port=$(vsctl list-ports ovs0 | grep '^kt-')
	t_is "$what: the port" "$(of "$port") $(vsctl get port "$port" tag)" "[\"fe:54:00:aa:00:01\",9000] $tag"
	wait_for 60 nics_are eth0,eth1
	t_is "$what: the guest's MTU" "$(guest_cmd g 'cat /sys/class/net/eth1/mtu')" "$mtu"
	kt -o json nic add "$vm" id=n mac=52:54:00:aa:00:01 type=bridge source=ovs0 "$@" >record 2>err
	t_is "$what: once more is no change" "$? $(jq -r .status record)" '0 unchanged'
	kt -o json nic add "$vm" id=n type=bridge source=ovs0 vlan=6 >record 2>err
	t_is "$what: but of another VLAN" "$? $(jq -r .status record)" '1 invalid'
	kt -o json nic remove "$vm" n >record 2>err
	t_is "$what: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	settled
	t_is "$what: and nothing is changed" "$(ip -j link | grep -c kt-) $(vsctl list-ports ovs0 | grep -c kt-) $(host)" "0 0 $before"
	wait_for 60 nics_are eth0
}
cycle 'a port' 9000 '[]'
cycle 'of a VLAN' 9000 5 vlan=5
cycle 'of a VLAN, less for the guest' 1400 4094 vlan=4094 mtu=1400
kt --dry-run nic add "$vm" type=bridge source=ovs0 mtu=9001 2>err
t_like 'more than the bridge carries' "$? $(cat err)" '^1 .*mtu=9001: bridge ovs0 has an MTU of 9000'
kt --dry-run nic add "$vm" type=bridge source=ovs0 vlan=5 >plan
t_like 'the plan says the tag' "$(cat plan)" 'into Open vSwitch bridge ovs0, tag 5'

kt nic add "$vm" id=n type=bridge source=ovs0 vlan=5 >/dev/null
kt -o json undo >record 2>err
settled
t_is 'undone' "$? $(jq -r .status record) $(ip -j link | grep -c kt-) $(host)" "0 undone 0 $before"
pings_end near 'Open vSwitch'
t_done
