#!/bin/bash
# Virtual functions of the host's igb and what it lets them do, by the word of iproute2 and the kernel.
# outer: newer

. "$(dirname "$0")/lib.sh"

modprobe igb || t_fail 'no module igb'
pf=$(basename "$(ls -d /sys/bus/pci/drivers/igb/0*)")
sys=/sys/bus/pci/devices/$pf
nic=$(ls "$sys/net")
# What iproute2 says of function N, but for its broadcast address and link state
word() {
	ip -d link show "$nic" | sed -n "s/^ *vf $1 *link.ether \([0-9a-f:]*\) brd [0-9a-f:]*,/\1,/p" |
		sed 's/ tx rate [0-9]* (Mbps),//; s/ link-state auto,//; s/ *$//'
}
fresh='00:00:00:00:00:00, spoof checking on, trust off'
has_link() { [ "$(cat "/sys/class/net/$nic/carrier")" = 1 ]; }
told() { jq -r '[.status, .id, (.steps | length), (.left | length)] | join(" ")' record; }
vf() { basename "$(readlink "$sys/virtfn$1")"; }
t_leave() {
	local status=$?
	echo 0 >"$sys/sriov_numvfs"
	ip link set "$nic" down
	return "$status"
}

# ---- how many, by the interface's name

kt -o json sriov set "$nic" vfs=2 >record 2>err
t_is 'two are made' "$? $(told) $(cat err)" "0 ok $pf 1 0 "
t_is 'iproute2 has two' "$(word 0) $(word 1) $(word 2)" "$fresh $fresh "
kt -o json sriov set "$nic" vfs=3 >record 2>err
t_is 'three of two' "$? $(told) $(cat err)" "0 ok $pf 2 0 "
t_is 'iproute2 has three' "$(word 2)" "$fresh"

# ---- settings

kt -o json vf set "$nic" 0 mac=52:54:00:aa:bb:01 vlan=100 trust=on spoofchk=off >record 2>err
t_is 'four settings of one' "$? $(told) $(cat err)" "0 ok $(vf 0) 4 0 "
t_is 'iproute2 says so' "$(word 0)" '52:54:00:aa:bb:01, vlan 100, spoof checking off, trust on'
t_is 'of no other' "$(word 1)" "$fresh"
kt -o json vf set "$pf" "$(vf 0)" vlan=100 trust=on >record 2>err
t_is 'what it is already, by addresses' "$? $(told)" "0 unchanged $(vf 0) 0 0"
kt -o json vf set "$nic" 0 spoofchk=on >record 2>err
t_is 'one setting' "$? $(told)" "0 ok $(vf 0) 1 0"
t_is 'leaves the others' "$(word 0)" '52:54:00:aa:bb:01, vlan 100, spoof checking on, trust on'
ip link set "$nic" vf 0 vlan 100 qos 3
kt -o json vf set "$nic" 0 vlan=200 >record 2>err
t_is 'another vlan keeps its priority' "$? $(word 0)" '0 52:54:00:aa:bb:01, vlan 200, qos 3, spoof checking on, trust on'
kt -o json vf set "$nic" 0 vlan=0 >record 2>err
t_is 'no vlan has none' "$? $(word 0)" '0 52:54:00:aa:bb:01, spoof checking on, trust on'
kt -o json undo >record 2>err
t_is 'undone, with its priority' "$? $(word 0)" '0 52:54:00:aa:bb:01, vlan 200, qos 3, spoof checking on, trust on'
for i in 1 2; do
	kt -o json undo >record 2>err
	t_is "undone, change $i before it" "$? $(jq -r .status record) $(cat err)" '0 undone '
done
t_is 'as it was then' "$(word 0)" '52:54:00:aa:bb:01, vlan 100, qos 3, spoof checking off, trust on'
kt -o json undo >record 2>err
t_is 'all of it' "$? $(word 0)" "0 $fresh"

# ---- refused

kt vf set "$nic" 7 vlan=1 >/dev/null 2>err
t_is 'no such function: exit 3' "$?" 3
t_like 'says how many' "$(cat err)" "$pf has no virtual function 7 \(it has 3"
kt vf set "$nic" 1 >/dev/null 2>err
t_like 'nothing given' "$(cat err)" 'nothing to set is given: mac='
ip link set "$nic" vf 2 mac 52:54:00:aa:bb:09
kt vf set "$nic" 1 mac=52:54:00:AA:BB:09 >/dev/null 2>err
t_is 'the address of another: exit 1' "$?" 1
t_like 'which is named' "$(cat err)" 'is that of virtual function 2'
kt -o json vf set "$nic" 1 vlan=7 rate=100Mbit >record 2>err
t_is 'a rate without a link: exit 1' "$? $(told)" "1 failed $(vf 1) 2 0"
t_like 'says what to do' "$(cat err)" "rate 100Mbit is refused, as $nic has no link.*ip link set $nic up"
t_is 'and the vlan before it is taken back' "$(word 1)" "$fresh"

# ---- a rate

ip link set "$nic" up
t_ok 'there is a link' wait_for 100 has_link
kt -o json vf set "$nic" 1 rate=100Mbit >record 2>err
t_is 'a rate' "$? $(told) $(cat err)" "0 ok $(vf 1) 1 0 "
t_is 'iproute2 says so' "$(word 1)" '00:00:00:00:00:00, max_tx_rate 100Mbps, spoof checking on, trust off'
kt vf set "$nic" 1 rate=20Gbit >/dev/null 2>err
t_is 'more than the link has: exit 1' "$?" 1
t_like 'says so' "$(cat err)" 'refuses rate 20000Mbit \(a rate above that of the link'
kt -o json vf set "$nic" 1 rate=0 >record 2>err
t_is 'no rate' "$? $(word 1)" "0 $fresh"
ip link set "$nic" down

# ---- killed at any sync of its journal

word_of_1() { word 1; }
said="host: vf set $(vf 1) .*virtual function 1 of $nic"
kt_killed_at_each_sync 'a function set' "$said" word_of_1 vf set "$nic" 1 mac=52:54:00:aa:bb:02 trust=on
t_is 'not killed: done' "$(word 1)" '52:54:00:aa:bb:02, spoof checking on, trust on'

# ---- what the host uses goes only by force

kt -o json sriov set "$nic" vfs=0 >record 2>err
t_is 'all go' "$? $(told) $(cat err)" "0 ok $pf 1 0 "
t_ok 'the host has a driver for them' modprobe igbvf || t_done
ip link set "$nic" up
kt sriov set "$nic" vfs=1 >/dev/null 2>err
function=$(vf 0)
has_interface() { vnic=$(ls "/sys/bus/pci/devices/$function/net" 2>/dev/null) && [ -n "$vnic" ]; }
t_ok 'which takes a new one' wait_for 60 has_interface || t_done
ip link set "$vnic" up
kt sriov set "$nic" vfs=0 >/dev/null 2>err
t_is 'one that is up stays: exit 1' "$? $(cat "$sys/sriov_numvfs")" '1 1'
t_like 'which is named' "$(cat err)" "$function: network interface $vnic is up.*force=on"
kt -o json sriov set "$nic" vfs=0 force=on >record 2>err
t_is 'but by force' "$? $(jq -r '.status, .warnings[]' record | paste -sd ' ')" \
	"0 ok virtual function $function goes: network interface $vnic is up"
t_is 'the kernel has none' "$(cat "$sys/sriov_numvfs")" 0
rmmod igbvf
t_done
