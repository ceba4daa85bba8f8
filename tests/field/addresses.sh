#!/bin/bash
# What an operator copies out of a log: a MAC in the spelling of a switch, an IP address with its prefix length, in brackets, with
# a zone, of a neighbour or of a lease. What has the address is asked of QEMU; what the host knows is set by ip and in lease files.

# qemus: all
. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

if [ "$KT_OWN_NET" != yes ]; then
	t_skip 'addresses' 'no network namespace can be made here'
	t_done
fi
mac=52:54:00:0a:bc:07
n() { printf '%s' "-netdev user,id=$1 -device virtio-net-pci,id=$2,netdev=$1,mac=$3,romfile="; }
# shellcheck disable=SC2046
qemu_start g -S -m 64 -qmp "unix:g.qmp,server=on,wait=off" $(n n0 nic0 "$mac") $(n n1 nic1 52:54:00:0a:bc:08)
# shellcheck disable=SC2046
qemu_start other -S -m 64 -qmp "unix:other.qmp,server=on,wait=off" $(n n0 nic0 52-54-00-0a-bc-09)
vm=$(vm g)
device_of() { qmp_ask g "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine/peripheral/$1\",\"property\":\"mac\"}}"; }
t_is 'QEMU says which NIC has the MAC' "$(device_of nic0) $(device_of nic1)" "\"$mac\" \"52:54:00:0a:bc:08\""

found() { kt -o json find "$1" 2>err | jq -c '[.vm, .device]'; }
for word in 52:54:00:0A:BC:07 52-54-00-0a-bc-07 5254.000a.bc07 5254-000A-BC07 525400-0abc07 5254000abc07 52:54:0:a:bc:7; do
	t_is "find $word" "$(found "$word")" "[\"$vm\",\"nic0\"]"
done

# ---- neighbours

ip link add br0 type bridge
ip link add br1 type bridge
ip addr add 192.0.2.1/24 dev br0
ip link set br0 up
ip link set br1 up
ip neigh add 192.0.2.7 lladdr "$mac" dev br0
ip -6 neigh add 2001:db8::7 lladdr "$mac" dev br0
ip -6 neigh add fe80::1 lladdr "$mac" dev br0
ip -6 neigh add fe80::1 lladdr 52:54:00:0a:bc:08 dev br1
t_is 'the host has it as a neighbour' "$(ip -j neigh show to 192.0.2.7 | jq -r '.[0].lladdr')" "$mac"
for word in 192.0.2.7 192.0.2.7/24 192.0.2.7:22 ::ffff:192.0.2.7 2001:db8::7 '[2001:db8::7]' '[2001:db8::7]:443' 2001:DB8:0::7/64 \
	fe80::1%br0 '[fe80::1%br0]'; do
	t_is "find $word" "$(found "$word")" "[\"$vm\",\"nic0\"]"
done
t_is 'an address of another link is another' "$(found fe80::1%br1)" "[\"$vm\",\"nic1\"]"
t_is 'without a link it is either' "$(found fe80::1 | sort | paste -sd ' ')" "[\"$vm\",\"nic0\"] [\"$vm\",\"nic1\"]"
t_is 'an address made of the MAC, that no table has' "$(found fe80::5054:ff:fe0a:bc07)" "[\"$vm\",\"nic0\"]"
t_is 'with its zone' "$(found fe80::5054:ff:fe0a:bc07%br1)" "[\"$vm\",\"nic0\"]"
kt find fe80::1%eth9 2>err
t_like 'a zone that this host does not have is said' "$? $(cat err)" '^3 .*no interface eth9.*without it'

# ---- leases; our mount namespace has directories of its own

mkdir -p /var/lib/libvirt /var/lib/misc
mount -t tmpfs none /var/lib/libvirt
mount -t tmpfs none /var/lib/misc
mkdir -p /var/lib/libvirt/dnsmasq
later=$(($(date +%s) + 3600))
printf '[{"ip-address":"198.51.100.5","mac-address":"%s","hostname":"a","expiry-time":%s}]' "$mac" "$later" \
	>/var/lib/libvirt/dnsmasq/virbr0.status
printf '%s %s 198.51.100.6 b *\n%s 77 2001:db8:1::6 b 00:03:00:01:%s\n' "$later" "$mac" "$later" "$mac" \
	>/var/lib/libvirt/dnsmasq/default.leases
printf '%s %s 198.51.100.7 c *\n%s %s 198.51.100.8 c *\n' "$later" "$mac" $((later - 7200)) "$mac" >/var/lib/misc/dnsmasq.simple.leases
for word in 198.51.100.5 198.51.100.6/24 2001:db8:1::6 198.51.100.7; do
	t_is "a lease: find $word" "$(found "$word")" "[\"$vm\",\"nic0\"]"
done
kt find 198.51.100.8 2>err
t_like 'a lease that is over is none' "$? $(cat err)" '^3 .*neighbour tables .* nor a lease know 198.51.100.8'

# ---- what is not understood

for word in 52:54:00:0a:bc 52:54:00:0a:bc:0g 2001:db8:::7 fe80::1%; do
	kt find "$word" >out 2>err
	t_like "'$word' is not understood" "$? $(cat out err)" "^1 .*'$word' is no MAC, IP or PCI address"
done
kt find 192.0.2.7/77 >out 2>err
t_like 'nor is a prefix that is too long' "$? $(cat out err)" "^3 .*'192.0.2.7/77' is no MAC, IP or PCI address.* and no file"
kt find 192.0.2.777 >out 2>err
t_like 'nor is what might be an interface' "$? $(cat out err)" "^3 .*no guest has a tap '192.0.2.777', and it is no MAC, IP"

# ---- other places that take an address, and sizes and times

t_is 'a filter takes any spelling' "$(kt -o json -d 0 nics "$vm" --filter 'mac=5254.000A.BC07' | jq -r .id)" nic0
t_is 'of an IP address, too' "$(kt -o json -d 0 nics "$vm" --filter 'ip=[2001:DB8:0::7]' | jq -r .id)" nic0
kt --dry-run -o json nic add "$vm" type=user mac=5254.000A.BCFF >record 2>err
t_like 'nic add mac=' "$? $(jq -c .steps record) $(cat err)" '^0 .*52:54:00:0a:bc:ff'
kt --dry-run nic add "$vm" type=user mac=5254.000a.bc09 2>err
t_like 'one that another guest has, spelled in another way' "$? $(cat err)" '^1 .*is on the command line of QEMU process'
kt --dry-run nic add "$vm" type=user mac=5254.000a.bc0 2>err
t_like 'half of one is refused' "$? $(cat err)" '^1 .*six bytes'

bytes=$((128 << 20))
qemu_start d -S -m size=128M,slots=2,maxmem=2G -qmp "unix:d.qmp,server=on,wait=off"
for size in 128M 128m 128MiB 131072K 0.125G 134217728 134217728B; do
	kt --dry-run -o json dimm add "$(vm d)" size="$size" >record 2>err
	t_like "dimm add size=$size" "$? $(jq -c .steps record) $(cat err)" "^0 .*$bytes"
done
kt --dry-run dimm add "$(vm d)" size=128MB 2>err
t_like 'MB is 1000000 bytes, as virsh has it, and no multiple' "$? $(cat err)" '^1 .*128 MiB, a multiple'
kt --dry-run dimm add "$(vm d)" size=128Q 2>err
t_like 'what is no size is said to be none' "$? $(cat err)" '^2 .*a size is expected'
t_is 'times have units' "$(kt -o json --timeout 2500ms -d 0.1s vms "$(vm d)" | jq -r .vm)" "$(vm d)"
kt -d 1x vms 2>err
t_like 'or are none' "$? $(cat err)" '^2 .*seconds are expected'
t_done
