#!/bin/bash
# NICs on a bridge with VLANs, on a macvtap, handed through with VFIO, and a thin pool: what the machine outside lacks.
# kernels: any

. "$(dirname "$0")/lib.sh"

modprobe -a bridge macvtap dummy vfio-pci 2>/dev/null
ip link add ktbr type bridge vlan_filtering 1 && ip link set ktbr up && ip addr add 10.9.7.1/24 dev ktbr
tap_add kttap && ip link set kttap master ktbr mtu 1400
bridge vlan add dev kttap vid 42 pvid untagged
ip neigh replace 10.9.7.7 lladdr 52:54:00:aa:36:01 dev ktbr
ip -6 neigh replace fe80::7 lladdr 52:54:00:aa:36:01 dev ktbr
ip link add ktdum type dummy && ip link set ktdum up
ip link add link ktdum name ktmac type macvtap mode vepa && ip link set ktmac address 52:54:00:aa:36:02 up
node=/dev/tap$(cat /sys/class/net/ktmac/ifindex)
[ -c "$node" ] || mknod "$node" c "$(cut -d : -f 1 /sys/class/net/ktmac/tap*/dev)" "$(cut -d : -f 2 /sys/class/net/ktmac/tap*/dev)"
dev=0000:00:08.0
echo vfio-pci >/sys/bus/pci/devices/$dev/driver_override
[ ! -e /sys/bus/pci/devices/$dev/driver ] || echo $dev >/sys/bus/pci/devices/$dev/driver/unbind
echo $dev >/sys/bus/pci/drivers_probe
exec 6<>"$node"
qemu_start g -machine q35,accel=kvm -m 64 -S -qmp unix:g.qmp,server=on,wait=off \
	-netdev tap,id=n1,ifname=kttap,script=no,downscript=no -device virtio-net-pci,id=nic1,netdev=n1,romfile=,mac=52:54:00:aa:36:01 \
	-netdev tap,id=n2,fd=6 -device virtio-net-pci,id=nic2,netdev=n2,romfile=,mac=52:54:00:aa:36:02 \
	-device vfio-pci,id=nic3,host=$dev
exec 6>&-
t_ok 'the guest is there' vm_alive g || { cat g.err; t_done; }
ktp -o json -d 1 nics "$(vm g)" >rows
one() { jq -c "select(.id == \"$1\") | $2" rows; }
t_is 'a tap on a bridge: bridge, its kind, the PVID' "$(one nic1 '[.backend, .ifname, .bridge, .bridge_kind, .vlan]')" \
	'["tap","kttap","ktbr","bridge",42]'
t_is 'as bridge(8) has it' "$(bridge -j vlan show dev kttap | jq '.[0].vlans[] | select(.flags // [] | index("PVID")) | .vlan')" 42
t_is 'its MTU' "$(one nic1 .mtu)" "$(cat /sys/class/net/kttap/mtu)"
t_is 'and addresses of the guest' "$(one nic1 .ip)" '"10.9.7.7,fe80::7"'
t_is 'a macvtap handed over as a descriptor' "$(one nic2 '[.backend, .ifname, .bridge, .bridge_kind]')" '["macvtap","ktmac","ktdum","vepa"]'
t_is 'a NIC handed through' "$(one nic3 '[.model, .backend, .ifname, .pci]')" "[\"vfio-pci\",\"vfio\",null,\"$dev\"]"
ip link set ktbr type bridge vlan_filtering 0
t_is 'no VLAN where the bridge does not filter them' "$(ktp -o json -d 0 nics "$(vm g)" | jq -c 'select(.id == "nic1") | [.bridge, .vlan]')" '["ktbr",null]'
vm_kill g
echo $dev >/sys/bus/pci/drivers/vfio-pci/unbind
echo >/sys/bus/pci/devices/$dev/driver_override
ip link del ktmac; ip link del ktdum; ip link del kttap; ip link del ktbr

# ---- a thin pool: what is free in it is what counts

modprobe -a dm_thin_pool loop 2>/dev/null
truncate -s 32M meta.img && truncate -s 256M data.img
if meta=$(losetup -f --show meta.img) && data=$(losetup -f --show data.img) &&
	dmsetup create ktpool --uuid LVM-ktpool-tpool --table "0 524288 thin-pool $meta $data 128 0" &&
	dmsetup message ktpool 0 'create_thin 0' && pool=$(dmsetup info -c --noheadings -o major,minor ktpool) &&
	dmsetup create ktthin --uuid LVM-ktthin --table "0 2097152 thin $pool 0"; then
	dmsetup mknodes
	dd if=/dev/urandom of=/dev/mapper/ktthin bs=1M count=100 oflag=direct 2>/dev/null
	qemu_start t -machine q35,accel=kvm -m 64 -S -qmp unix:t.qmp,server=on,wait=off \
		-blockdev driver=host_device,node-name=f,filename=/dev/mapper/ktthin -device virtio-blk-pci,id=thin,drive=f
	blocks=$(dmsetup status ktpool | awk '{ split($6, n, "/"); print n[2] - n[1] }')
	ktp -o json -d 0 disks "$(vm t)" >rows
	t_is 'a thin volume' "$(jq -r .storage rows)" lvm-thin
	t_is "what is free in its pool: $blocks blocks of 64 KiB" "$(jq .free_bytes rows)" $((blocks * 65536))
	t_is 'its size' "$(jq .size_bytes rows)" $((2097152 * 512))
	vm_kill t
	dmsetup remove ktthin
	dmsetup remove ktpool
else
	t_fail 'a thin pool' "$(dmsetup targets 2>&1)"
fi
for loop in ${meta:-} ${data:-}; do losetup -d "$loop"; done
t_done
