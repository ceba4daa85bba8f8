#!/bin/bash
# find knows what was plugged, and what was removed, since QEMU was started: NICs and disks of a plain QEMU and of libvirt's
# guests, plugged by kvmtop, by hand (QMP, virsh) and on the command line. What a guest has is asked of QEMU and of virsh.

# Who cannot be asked is told of all guests there are: so there are no others. Names in build/tmp begin with a pid.
# shellcheck disable=SC2016 # for that shell
[ "$$" = 1 ] || exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
	sh -c 'mount -t tmpfs -o mode=755 tmpfs "${0%/*}/../../build/tmp" && exec "$0"' "$0"

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
[ -z "$why" ] || { t_skip 'find of plugged devices' "$why"; t_done; }
[ "$KT_OWN_NET" = yes ] || { t_skip 'find of plugged devices' 'no network namespace, or no /dev/net/tun'; t_done; }

ip link add br0 type bridge
ip addr add 192.0.2.1/24 dev br0
ip link set br0 up

# RUN WHAT -> VM/DEVICE, sorted, or the exit status and the error
found() {
	local status=0
	"$1" -o json find "$2" >find.out 2>find.err || status=$?
	if [ "$status" = 0 ]; then jq -r '"\(.vm)/\(.device)"' find.out | sort | paste -sd ' '; else echo "$status $(cat find.err)"; fi
}
# NAME RUN DEVICE MAC IP: by each spelling of the MAC, and by the neighbour table
found_by_all() {
	local mac=$4 word
	ip neigh replace "$5" lladdr "$mac" dev br0
	for word in "$mac" "${mac^^}" "${mac//:/-}" "${mac//:/}" "${mac:0:2}${mac:3:2}.${mac:6:2}${mac:9:2}.${mac:12:2}${mac:15:2}" "$5" "$5/24"; do
		t_is "$1: find $word" "$(found "$2" "$word")" "$vm/$3"
	done
}
not_found() {
	ip neigh replace "$4" lladdr "$3" dev br0
	t_like "$1: find $3" "$(found "$2" "$3")" '^3 .*no guest has mac'
	t_like "$1: find $4" "$(found "$2" "$4")" '^3 .*no guest has ip'
}

# ---- a plain QEMU

truncate -s 4M cold.img hot.img hand.img
ports=()
for i in 1 2 3 4 5 6 7 8; do ports+=(-device "pcie-root-port,id=rp$i,chassis=$i,slot=$i"); done
qemu_start g -M q35 -accel tcg -m 64 -qmp unix:g.qmp,server=on,wait=off "${ports[@]}" -device virtio-scsi-pci,id=scsi,bus=rp1 \
	-drive file=cold.img,format=raw,if=none,id=d0 -device scsi-hd,id=cold0,drive=d0,bus=scsi.0 \
	-netdev user,id=n0 -device virtio-net-pci,id=nic0,netdev=n0,bus=rp2,mac=52:54:00:0d:00:01,romfile= \
	-nic user,model=virtio-net-pci,mac=52:54:00:0d:00:02
# a second one, which is asked only where it has to be
qemu_start other -M q35 -accel tcg -m 64 -S -qmp unix:other.qmp,server=on,wait=off -device pcie-root-port,id=op,chassis=1
vm=$(vm g)
mac_of() { qmp_ask g "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine/peripheral/$1\",\"property\":\"mac\"}}" | jq -r .; }
found_by_all 'on the command line' kt nic0 52:54:00:0d:00:01 192.0.2.11

kt --timeout 1 nic add "$vm" type=user id=k1 mac=52:54:00:0d:01:01 >/dev/null
kt --timeout 1 nic add "$vm" type=bridge source=br0 id=k2 mac=52:54:00:0d:01:02 >/dev/null
qmp_ask g '{"execute":"netdev_add","arguments":{"type":"user","id":"hn"}}' >/dev/null
qmp_ask g '{"execute":"device_add","arguments":{"driver":"virtio-net-pci","id":"hand","netdev":"hn","mac":"52:54:00:0d:01:03","bus":"rp5"}}' >/dev/null
t_is 'QEMU has these' "$(mac_of k1) $(mac_of k2) $(mac_of hand)" '52:54:00:0d:01:01 52:54:00:0d:01:02 52:54:00:0d:01:03'
found_by_all 'plugged by kvmtop' kt k1 52:54:00:0d:01:01 192.0.2.12
found_by_all 'plugged by QMP' kt hand 52:54:00:0d:01:03 192.0.2.13
tap=$(ip -j link show master br0 | jq -r '.[].ifname')
t_is 'the tap of one that was plugged' "$(found kt "$tap")" "$vm/k2"

kt --timeout 1 disk add "$vm" file="$PWD/hot.img" format=raw id=k3 >/dev/null
qmp_ask g "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"raw\",\"node-name\":\"hb\",\"file\":{\"driver\":\"file\",\"filename\":\"$PWD/hand.img\"}}}" >/dev/null
qmp_ask g '{"execute":"device_add","arguments":{"driver":"scsi-hd","id":"handisk","drive":"hb","bus":"scsi.0"}}' >/dev/null
t_is 'an image on the command line' "$(found kt cold.img)" "$vm/cold0"
t_is 'one that kvmtop plugged' "$(found kt hot.img)" "$vm/k3"
t_is 'one that was plugged by hand' "$(found kt "$PWD/hand.img")" "$vm/handisk"

# What is asked for it: of the other guest nothing where the process tells whose it is; of this one what it takes.
asked() {
	strace -f -qq -s 4096 -e trace=sendto,sendmsg -o sent "$KVMTOP_PLAIN" "${T_KT[@]}" find "$1" >/dev/null 2>&1
	grep -v qmp_capabilities sent | grep -o '"\?execute[^,}]*' | grep -c execute
}
n=$(asked 52:54:00:0d:00:01)
t_ok "a MAC takes $n questions, at most 5" [ "$n" -ge 1 -a "$n" -le 5 ]
n=$(asked "$tap")
t_ok "a tap takes $n questions, at most 5" [ "$n" -ge 1 -a "$n" -le 5 ]
n=$(asked cold.img)
t_ok "an image takes $n questions, at most 6" [ "$n" -ge 1 -a "$n" -le 6 ]

# DEVICE..: out of QEMU; it has no system that would release them, so it is reset
unplug() {
	local id
	for id in "$@"; do qmp_ask g "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"$id\"}}" >/dev/null; done
	qmp_ask g '{"execute":"system_reset"}' >/dev/null
	for id in "$@"; do wait_for 20 vm_lacks_device g "$id" || return 1; done
}
t_ok 'NICs and disks are removed' unplug nic0 k1 hand k3 handisk
not_found 'removed, on the command line' kt 52:54:00:0d:00:01 192.0.2.11
not_found 'removed, plugged by kvmtop' kt 52:54:00:0d:01:01 192.0.2.12
not_found 'removed, plugged by QMP' kt 52:54:00:0d:01:03 192.0.2.13
t_is 'one that is left' "$(found kt 52:54:00:0d:00:02 | sed 's,/.*,,')" "$vm"

# A kvmtop that goes on looking, which has asked all of them before
printf 'find 52:54:00:0d:01:04\nwait %s state=paused\nfind 52:54:00:0d:01:04\n' "$vm" >script
kt_start -o json --on-error continue --timeout 60 -f script >later 2>&1
pid=$!
t_ok 'it has not found it' wait_for 20 grep -q 'no guest has mac' later
qmp_ask g '{"execute":"netdev_add","arguments":{"type":"user","id":"ln"}}' >/dev/null
qmp_ask g '{"execute":"device_add","arguments":{"driver":"virtio-net-pci","id":"later","netdev":"ln","mac":"52:54:00:0d:01:04","bus":"rp6"}}' >/dev/null
qmp_ask g '{"execute":"stop"}' >/dev/null
wait "$pid"
t_is 'and finds what was plugged since' "$(grep '"kind":"mac"' later | jq -r '"\(.vm)/\(.device)"')" "$vm/later"

# A MAC moves to a guest that got it later; another one has both
qmp_ask other '{"execute":"netdev_add","arguments":{"type":"user","id":"on"}}' >/dev/null
qmp_ask other '{"execute":"device_add","arguments":{"driver":"virtio-net-pci","id":"moved","netdev":"on","bus":"op","mac":"52:54:00:0d:00:01"}}' >/dev/null
t_is 'a MAC that has moved to another guest' "$(found kt 52:54:00:0d:00:01)" "$(vm other)/moved"
kill -STOP "$(vm_pid g)"
t_like 'who cannot be asked is named, where it may have it' "$(found kt 52:54:00:0d:01:01)" "^3 .*no guest has mac .*as far as can be seen.*$vm.*stopped"
found kt 52:54:00:0d:00:02 >/dev/null
t_like 'a command line alone is not believed' "$(jq -r .how find.out)" '^the command line; whether it still has it is not known: .*stopped'
kill -CONT "$(vm_pid g)"
vm_kill g
vm_kill other

# ---- a guest of libvirt's

libvirt_start default
dir=/var/lib/libvirt/images
lv mkdir -p "$dir"
for n in cold kept hand; do lv truncate -s 4M "$dir/$n.raw"; done
# many ports: nothing runs in it that would release one
ports=''
for i in 5 6 7 8; do ports+="<controller type='pci' model='pcie-root-port' index='$i'/>"; done
domain_start d "$ports
	<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/cold.raw'/><target dev='vda' bus='virtio'/></disk>
	<interface type='user'><mac address='52:54:00:0d:02:01'/><model type='virtio'/></interface>
	<interface type='bridge'><mac address='52:54:00:0d:02:02'/><source bridge='br0'/><model type='virtio'/></interface>"
vm=$(vm d)
alias_of() { virsh_ dumpxml "$vm" | tr -d '\n' | grep -o "<interface.*</interface>" | sed 's,</interface>,\n,g' | grep "$1" | sed "s/.*<alias name='\([^']*\).*/\1/"; }
target_of() { virsh_ domiflist "$vm" | awk -v mac="$1" '$5 == mac { print $1 }'; }
disk_alias() { virsh_ dumpxml "$vm" | tr -d '\n' | sed 's,</disk>,\n,g' | grep "$1'" | sed "s/.*<alias name='\([^']*\).*/\1/"; }
found_by_all 'libvirt: defined' kv "$(alias_of 0d:02:01)" 52:54:00:0d:02:01 192.0.2.21
kv nic add "$vm" type=bridge source=br0 id=k1 mac=52:54:00:0d:03:01 >/dev/null
virsh_ attach-interface "$vm" bridge br0 --mac 52:54:00:0d:03:02 --model virtio --live >/dev/null
found_by_all 'libvirt: plugged by kvmtop' kv ua-k1 52:54:00:0d:03:01 192.0.2.22
found_by_all 'libvirt: plugged by virsh' kv "$(alias_of 0d:03:02)" 52:54:00:0d:03:02 192.0.2.23
for mac in 52:54:00:0d:02:02 52:54:00:0d:03:01 52:54:00:0d:03:02; do
	t_is "libvirt: by the tap of $mac" "$(found kv "$(target_of "$mac")")" "$vm/$(alias_of "$mac")"
done
kv disk add "$vm" file="$dir/kept.raw" format=raw id=k2 >/dev/null
virsh_ attach-disk "$vm" "$dir/hand.raw" vdf --targetbus virtio --live >/dev/null
for n in cold kept hand; do
	t_is "libvirt: by the image $n.raw" "$(found kv "$dir/$n.raw")" "$vm/$(disk_alias "$n.raw")"
done

# MAC..: out of the domain
detach() {
	local mac
	for mac in "$@"; do virsh_ detach-device-alias "$vm" "$(alias_of "${mac#*:*:*:}")" --live >/dev/null 2>&1; done
	virsh_ reset "$vm" >/dev/null
	for mac in "$@"; do wait_for 20 eval '[ -z "$(alias_of "$mac")" ]' || return 1; done
}
t_ok 'libvirt: NICs are detached' detach 52:54:00:0d:02:02 52:54:00:0d:03:01
not_found 'libvirt: detached, defined' kv 52:54:00:0d:02:02 192.0.2.24
not_found 'libvirt: detached, plugged by kvmtop' kv 52:54:00:0d:03:01 192.0.2.22
t_is 'libvirt: one that is left' "$(found kv 52:54:00:0d:03:02)" "$vm/$(alias_of 0d:03:02)"

# kvmtop that does not know libvirt has the command line only, and says so
t_like 'without libvirt, what was plugged later is not said to be nowhere' "$(found kt 52:54:00:0d:03:02)" "^3 .*as far as can be seen.*$vm"
t_is 'by its tap it is found all the same' "$(found kt "$(target_of 52:54:00:0d:03:02)" | sed 's,/.*,,')" "$vm"
t_done
