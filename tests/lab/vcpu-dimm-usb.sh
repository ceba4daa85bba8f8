#!/bin/bash
# Under KVM: vCPUs come and go in turns, a DIMM is made of huge pages of one host node, a USB stick is handed through.

. "$(dirname "$0")/lib.sh"

told() { jq -r '[.status, .guest, .id] | join(" ")' record; }
t_ok 'a guest boots under KVM' l2_start g || t_done
vm=$(vm g)
pid=$(vm_pid g)
lists() {
	qmp_ask g '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' | jq -c '[.[].name] | sort'
	qmp_ask g '{"execute":"qom-list","arguments":{"path":"/objects"}}' | jq -c '[.[].name] | sort'
	qmp_ask g '{"execute":"query-hotpluggable-cpus"}' | jq -c '[.[] | {props, "qom-path"}]'
	cat /sys/devices/system/node/node*/hugepages/hugepages-2048kB/free_hugepages
}
lists >before

# ---- vCPUs: what kills QEMU under TCG

for turn in 1 2 3; do
	kt -o json vcpu set "$vm" count=4 >record 2>err
	t_is "turn $turn: two more vCPUs" "$? $(told) $(cat err)" '0 ok ready kt-vcpu2,kt-vcpu3 '
	t_ok "turn $turn: the guest has four" wait_for 100 guest_has_cpus g 4
	kt -o json vcpu remove "$vm" count=2 >record 2>err
	t_is "turn $turn: removed" "$? $(jq -r '[.status, .id] | join(" ")' record) $(cat err)" '0 ok kt-vcpu3,kt-vcpu2 '
	t_ok "turn $turn: the guest has two" wait_for 100 guest_has_cpus g 2
done

# ---- a DIMM of huge pages of node 1

pages() { cat /sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages; }
free=$(pages)
base=$(guest_get g mem_kb)
has_kb() { [ "$(guest_get g mem_kb)" -ge "$1" ]; }
lacks_kb() { [ "$(guest_get g mem_kb)" -lt "$1" ]; }
kt dimm add "$vm" size=512M hugepages=2M host-node=1 >/dev/null 2>err
t_is 'more huge pages than there are: exit 1' "$?" 1
t_like 'with the remedy' "$(cat err)" "256 pages are wanted and $free are free on host node 1 .*/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
kt dimm add "$vm" size=128M host-node=7 >/dev/null 2>err
t_like 'a node that is none' "$(cat err)" 'host-node=7: the host has no such NUMA node'
kt -o json dimm add "$vm" size=128M hugepages=2M host-node=1 >record 2>err
t_is 'a DIMM of huge pages' "$? $(told) $(cat err)" '0 ok ready kt-dimm0 '
t_ok 'the guest has the memory' wait_for 100 has_kb $((base + 125000))
t_like 'its pages are on node 1' "$(grep 'huge' "/proc/$pid/numa_maps")" 'bind:1 .*huge .*N1=64 '
t_is 'and on no other' "$(grep -c 'huge.*N0=' "/proc/$pid/numa_maps")" 0
t_is 'the pool has that many less' "$(pages)" $((free - 64))
kt -o json dimm remove "$vm" kt-dimm0 >record 2>err
t_is 'removed' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_ok 'the guest has it no more' wait_for 100 lacks_kb $((base + 1000))
t_is 'the pool has all back' "$(pages)" "$free"
lists >after
t_is 'QEMU and the host have what they had before' "$(diff before after)" ''

# ---- a USB stick

t_ok 'the host has the stick, as a disk' stick_await || t_done
for host in "$STICK" 46f4:0001; do
	kt -o json usb add "$vm" host="$host" id=stick >record 2>err
	t_is "$host: handed through" "$? $(told) $(cat err)" '0 ok ready stick '
	t_ok "$host: the guest has it" wait_for 100 guest_has_block g sda
	t_ok "$host: the host has it no more" stick_is_away
	kt -o json usb add "$vm" host="$host" >record 2>err
	t_is "$host: not twice" "$? $(jq -r .status record)" '1 invalid'
	t_like "$host: as somebody has it" "$(cat err)" 'another program has it'
	kt -o json usb remove "$vm" stick >record 2>err
	t_is "$host: taken back" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$host: the guest has it no more" wait_for 100 guest_lacks_block g sda
	t_ok "$host: the host has it again" wait_for 60 stick_is_host
done
t_ok 'a file system on the stick' mke2fs -q -F "/dev/$(stick_disk)"
mkdir mnt && mount "/dev/$(stick_disk)" mnt
kt usb add "$vm" host="$STICK" >/dev/null 2>err
t_is 'a stick that is mounted: exit 1' "$?" 1
t_like 'is not taken away from the host' "$(cat err)" 'is mounted.*force=on'
umount mnt
t_done
