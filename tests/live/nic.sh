#!/bin/bash
# NICs come and go: seen by the guest, and QEMU and the host are afterwards as they were before.

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

# What there is of a guest and of the host, as QEMU and the kernel say.
netdevs() { hmp_ask "$1" 'info network' | tr -d '\r' | sed -n 's/^\( \\ \)\{0,1\}\([^:]*\): index=0,.*/\2/p' | sort | paste -sd ' '; }
peripherals() { qmp_ask "$1" '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' | jq -r '.[].name' | sort | paste -sd ' '; }
chardevs() { qmp_ask "$1" '{"execute":"query-chardev"}' | jq -r '.[].label' | sort | paste -sd ' '; }
# Sockets, pipes and eventfds come and go with what QEMU does at the moment.
descriptors() { find "/proc/$(vm_pid "$1")/fd" -lname '/dev/*' -printf '%l\n' | sort | uniq -c | paste -sd ' '; }
links() { for i in /sys/class/net/*; do echo "${i##*/} $(cat "$i/flags")"; done | paste -sd ' '; }
state() { printf '%s\n' "netdevs: $(netdevs "$1")" "devices: $(peripherals "$1")" "chardevs: $(chardevs "$1")" \
	"descriptors: $(descriptors "$1")" "links: $(links)"; }
nics_are() { [ "$(guest_get "$1" net)" = "$2" ]; }
mac_in_guest() { guest_cmd "$1" 'cat /sys/class/net/eth1/address'; }

# GUEST WHAT ARG..: in and out, as the guest sees it.
cycle() {
	local g=$1 what="$1: $2" before mac
	shift 2
	before=$(state "$g")
	kt -o json nic add "$(vm "$g")" "$@" >record 2>err
	t_is "$what: added" "$? $(jq -r '[.status, .guest, .id] | join(" ")' record) $(cat err)" '0 ok ready kt-nic0 '
	t_ok "$what: the guest sees it" wait_for 60 nics_are "$g" eth0,eth1
	mac=$(qmp_ask "$g" '{"execute":"qom-get","arguments":{"path":"/machine/peripheral/kt-nic0","property":"mac"}}' | jq -r .)
	t_like "$what: its address is of 52:54:00" "$mac" '^52:54:00'
	t_is "$what: the guest has that address" "$(mac_in_guest "$g")" "$mac"
	with=$(state "$g")
	kt -o json nic remove "$(vm "$g")" kt-nic0 >record 2>err
	t_is "$what: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$what: the guest sees it no more" wait_for 60 nics_are "$g" eth0
	t_is "$what: all is as before" "$(state "$g")" "$before"
}

GUEST_MACHINE=pc guest_boot pc
guest_boot q35
for g in pc q35; do
	t_ok "$g boots" guest_up "$g" || t_done
	cycle "$g" user type=user
done

# ---- what is there already, what is wrong

vm=$(vm q35)
before=$(state q35)
kt nic add "$vm" type=user id=n mac=52:54:00:AA:00:01 >/dev/null
kt -o json nic add "$vm" type=user id=n mac=52:54:00:aa:00:01 >record
t_is 'once more is no change' "$? $(jq -r .status record)" '0 unchanged'
kt -o json nic add "$vm" type=user id=n mac=52:54:00:aa:00:02 >record 2>err
t_is 'with another address it is another one' "$? $(jq -r .status record)" '1 invalid'
# WORDS ARG..: refused with these words, and nothing is changed.
refused() {
	local words=$1 now
	shift
	now=$(state q35)
	kt -o json nic add "$vm" "$@" >record 2>err
	t_is "refused: $*" "$? $(jq -r .status record)" '1 invalid'
	t_like "with words: $words" "$(cat err)" "$words"
	t_is 'and nothing is changed' "$(state q35)" "$now"
}
refused "that of n in this guest.*another mac=" type=user mac=52:54:00:AA:00:01
qemu_start other -S -machine q35,accel=tcg -m 16 -netdev user,id=n -device virtio-net-pci,netdev=n,mac=52:54:00:CC:00:01,romfile=
refused "on the command line of QEMU process $(vm_pid other)" type=user mac=52:54:00:cc:00:01
vm_kill other
kt nic remove "$vm" n >/dev/null
t_is 'all is as before' "$(state q35)" "$before"

# ---- a model that is not virtio, and the link

kt -o json nic add "$vm" type=user model=e1000e >record
t_is 'e1000e: whether its driver is up nobody tells' "$? $(jq -r '[.status, .guest] | join(" ")' record)" '0 ok unknown'
t_ok 'e1000e: the guest sees it' wait_for 60 nics_are q35 eth0,eth1
kt nic remove "$vm" kt-nic0 >/dev/null
t_is 'e1000e: all is as before' "$(state q35)" "$before"
kt nic add "$vm" type=user >/dev/null
carrier() { [ "$(guest_cmd q35 'cat /sys/class/net/eth1/carrier' 2>/dev/null)" = "$1" ]; }
t_ok 'the cable is plugged' wait_for 60 carrier 1
kt -o json nic link "$vm" kt-nic0 down >record
t_is 'link down' "$? $(jq -r .status record)" '0 ok'
t_ok 'the guest sees it' wait_for 60 carrier 0
kt nic link "$vm" kt-nic0 up >/dev/null
t_ok 'and up again' wait_for 60 carrier 1
kt nic remove "$vm" kt-nic0 >/dev/null
t_is 'all is as before' "$(state q35)" "$before"

# ---- one that was on the command line

kt nic remove "$vm" nic1 >/dev/null 2>err
t_is 'no such NIC: exit 3' "$?" 3
t_like 'there is another' "$(cat err)" "did you mean 'nic0'"
kt -o json nic remove "$(vm pc)" nic0 >record
t_is 'one that QEMU was started with' "$? $(jq -r .status record)" '0 ok'
t_ok 'the guest has none' wait_for 60 nics_are pc ''
t_is 'and its netdev is gone' "$(netdevs pc)" ''
kt nic add "$(vm pc)" type=user id=nic0 mac=52:54:00:12:34:56 force=on >/dev/null
t_ok 'another in its place' wait_for 60 nics_are pc eth0
kt -o json nic remove "$vm" nic0 >record 2>err
t_is 'one that is soldered on: exit 1' "$? $(jq -r .status record)" '1 invalid'
t_like 'and why' "$(cat err)" 'nic0 sits on pcie.0'

# ---- taps

if [ "$KT_OWN_NET" = no ]; then
	t_skip 'taps and bridges' 'no network namespace, or no /dev/net/tun'
	t_done
fi
cycle q35 'a tap made' type=tap
t_like 'there was one' "$with" 'links:.*kt-tap0 0x1[0-9]*3'
cycle pc 'two queues' type=tap queues=2
t_like 'of one tap' "$with" 'descriptors: .*2 /dev/net/tun'
ip tuntap add mode tap name mine
ip link set mine up
cycle q35 'a tap that is there' type=tap source=mine
t_like 'QEMU had it open' "$with" 'descriptors: .*1 /dev/net/tun'
ip link add br0 type bridge
cycle q35 'a bridge' type=bridge source=br0
kt nic add "$vm" type=bridge source=br0 >/dev/null
t_is 'it is a port of the bridge' "$(basename "$(readlink /sys/class/net/kt-tap0/master)")" br0
refused 'tap kt-tap0 is in use' type=tap source=kt-tap0
refused 'is that of interface (br0|kt-tap0)' type=user mac="$(cat /sys/class/net/br0/address)"
kt nic remove "$vm" kt-nic0 >/dev/null
refused 'no such interface' type=tap source=none
refused 'say type=bridge source=br0' type=tap source=br0
refused 'is no bridge' type=bridge source=mine
refused 'made for one queue' type=tap source=mine queues=2
refused 'no /dev/vhost-net' type=tap vhost=on

# Taken back later, from the journal.
before=$(state q35)
kt nic add "$vm" type=bridge source=br0 queues=2 >/dev/null
t_ok 'a tap on the bridge' test -e /sys/class/net/kt-tap0
kt -o json undo >record 2>err
t_is 'undone' "$? $(jq -r .status record) $(cat err)" '0 undone '
t_is 'all is as before' "$(state q35)" "$before"

# QEMU dies, and the tap is gone with it.
kt nic add "$(vm pc)" type=tap >/dev/null
t_ok 'a tap for a guest that dies' test -e /sys/class/net/kt-tap0
vm_kill pc
tap_is_gone() { [ ! -e /sys/class/net/kt-tap0 ]; }
t_ok 'goes with it' wait_for 20 tap_is_gone

t_done
