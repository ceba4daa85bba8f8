#!/bin/bash
# NICs of libvirt's guests: seen by the guest, by virsh, and after a restart where that was asked for.

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'NICs of libvirt guests' "$why"
	t_done
fi
t_ok 'a libvirtd of our own' libvirt_start || t_done
nics_are() { [ "$(guest_get "$1" net)" = "$2" ]; }
alias_is_there() { virsh_ dumpxml "$(vm g)" | grep -q "alias name='$1'"; }
links() { ls /sys/class/net | paste -sd ' '; }

domain_boot g
t_ok 'the guest boots' guest_up g || t_done
vm=$(vm g)
before=$(links)
start=$(guest_get g net)

# WHAT ARG..
cycle() {
	local what=$1
	shift
	kv -o json nic add "$vm" id=n "$@" >record 2>err
	t_is "$what: added" "$? $(jq -r '[.status, .id] | join(" ")' record) $(cat err)" '0 ok ua-n '
	t_ok "$what: libvirt has it" alias_is_there ua-n
	t_ok "$what: the guest sees it" wait_for 60 nics_are g eth0
	t_is "$what: with its address" "$(guest_cmd g 'cat /sys/class/net/eth0/address')" \
		"$(virsh_ dumpxml "$vm" --xpath "//interface[alias/@name='ua-n']/mac/@address" | tr -d ' "' | sed 's/address=//')"
	kv -o json nic add "$vm" id=n "$@" >record 2>err
	t_is "$what: once more is no change" "$? $(jq -r .status record)" '0 unchanged'
	kv -o json nic remove "$vm" n >record 2>err
	t_is "$what: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_is "$what: libvirt has it no more" "$(alias_is_there ua-n && echo there)" ''
	t_ok "$what: the guest sees it no more" wait_for 60 nics_are g "$start"
	t_is "$what: the host's interfaces are as before" "$(links)" "$before"
}
cycle user type=user
cycle e1000e type=user model=e1000e

# ---- the link

kv nic add "$vm" type=user id=l mac=52:54:00:aa:bb:01 >/dev/null
wait_for 60 nics_are g eth0
carrier() { [ "$(guest_cmd g 'cat /sys/class/net/eth0/carrier' 2>/dev/null)" = "$1" ]; }
t_ok 'the cable is plugged' wait_for 60 carrier 1
kv -o json nic link "$vm" l up >record
t_is 'up already: no change' "$? $(jq -r .status record)" '0 unchanged'
kv -o json nic link "$vm" l down >record 2>err
t_is 'down' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_ok 'the guest sees it' wait_for 60 carrier 0
t_is 'libvirt knows' "$(virsh_ domif-getlink "$vm" 52:54:00:aa:bb:01 | awk '{print $NF}')" down
kv -o json undo >record 2>err
t_is 'undone' "$? $(jq -r .status record) $(cat err)" '0 undone '
t_ok 'the guest sees that too' wait_for 60 carrier 1

# ---- a daemon that is late: a look-up does without it, a change cannot

libvirt_daemon STOP
kv_watch late -o json --timeout 100 nic link "$vm" l down
late=$!
t_pause 5	# a look-up waits half as long
t_is 'a change waits for libvirt' "$(cat late late.err)" ''
libvirt_daemon CONT
wait "$late"
t_is 'and is done when it answers' "$? $(jq -r .status late) $(cat late.err)" '0 ok '
t_ok 'the guest sees it' wait_for 60 carrier 0
libvirt_daemon STOP
kv --timeout 4 nic link "$vm" l up >/dev/null 2>err
t_is 'but not for ever: exit 1' "$?" 1
t_like 'and why' "$(cat err)" 'libvirt holds it, but qemu:///system: it does not answer'
libvirt_daemon CONT

# ---- refused

kv nic add "$vm" type=user mac=52:54:00:AA:BB:01 2>err
t_is 'an address that is taken: exit 1' "$?" 1
t_like 'and by whom' "$(cat err)" "that of a NIC of $vm"
kv nic add "$vm" type=network source=none 2>err
t_is 'a network that is not there: exit 1' "$?" 1
t_like 'named' "$(cat err)" "none"
kv nic remove "$vm" nothing 2>err
t_is 'no such NIC: exit 3' "$?" 3
t_like 'there is another' "$(cat err)" 'ua-l'
kv nic remove "$vm" l >/dev/null

# ---- what is stored

stored() { virsh_ dumpxml --inactive "$vm" | grep -c '<interface'; }
n=$(stored)
kv -o json nic add "$vm" type=user id=p persist=on >record
t_is 'persist=on' "$? $(jq -r .status record) $(stored)" "0 ok $((n + 1))"
kv -o json nic remove "$vm" p persist=on >record 2>err
t_is 'and out of it again' "$? $(jq -r .status record) $(stored) $(cat err)" "0 ok $n "
t_is 'no monitor command was passed: not tainted' "$(virsh_ dominfo "$vm" | grep -c -i 'custom.monitor')" 0

# ---- bridges

if [ "$KT_OWN_NET" = no ]; then
	t_skip 'bridges and taps' 'no network namespace, or no /dev/net/tun'
	libvirt_stop
	t_done
fi
ip link add br0 type bridge
before=$(links)
cycle bridge type=bridge source=br0
ip tuntap add mode tap name mine
before=$(links)
cycle 'a tap that is there' type=tap source=mine
virsh_ net-create /dev/stdin >/dev/null <<-'END'
	<network><name>plain</name><forward mode='bridge'/><bridge name='br0'/></network>
END
cycle network type=network source=plain

libvirt_stop
t_done
