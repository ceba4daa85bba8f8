#!/bin/bash
# An entry of the journal knows its device by more than its id: an id is used again, by kvmtop and by others. What an undo
# may take back is asked of QEMU and virsh; a removal has no way back, and no undo of it removes anything.
# qemus: all

. "$(dirname "$0")/../lib.sh"

for n in a b c; do truncate -s 8M "$n.img"; done
last() { jq -r .journal record; }
status() { printf '%s %s' "$?" "$(jq -r .status record)"; }
said() { status; printf ' %s' "$(jq -r '.warnings | join(" ")' record)"; }

# ---- a guest that is not libvirt's

ports=()
for n in 1 2 3 4; do ports+=(-device "pcie-root-port,id=rp$n,chassis=$n,slot=$n"); done
qemu_start g -machine q35,accel=tcg -S -m 64,slots=4,maxmem=1G -smp 1,maxcpus=4 -qmp unix:g.qmp,server=on,wait=off "${ports[@]}"
vm=$(vm g)
T_KT=(--batch --no-libvirt --no-scan -q g.qmp --timeout 2)
images() { qmp_ask g '{"execute":"query-block"}' | jq -r '.[] | "\(.qdev | sub("/machine/peripheral/"; "") | sub("/.*"; ""))=\(.inserted.image.filename | sub(".*/"; ""))"' | sort | paste -sd ' '; }
mac_of() { qmp_ask g '{"execute":"qom-get","arguments":{"path":"/machine/peripheral/'"$1"'","property":"mac"}}' 2>/dev/null | jq -r .; }
reset_of() { qmp_ask "$1" '{"execute":"system_reset"}' >/dev/null; }
# ID: it is asked to go, the guest, which does not run, is reset, and with it the device goes
gone_by_reset() { qmp_ask g '{"execute":"device_del","arguments":{"id":"'"$1"'"}}' >/dev/null; reset_of g; wait_for 20 vm_lacks_device g "$1"; }
takes_back() { kt -o json "$@" >record 2>err; }

takes_back disk add "$vm" file="$PWD/a.img" format=raw id=d
first=$(last)
kt disk remove "$vm" d 2>/dev/null
t_is 'a removal is asked for' "$?" 4
reset_of g
wait_for 20 vm_lacks_device g d
kt disk add "$vm" file="$PWD/b.img" format=raw id=d >/dev/null 2>&1
t_is 'an id is used again, for another disk' "$(images)" 'd=b.img'
takes_back undo "$first"
t_like 'undo of the first is refused, and says why' "$(status) $(jq -r .error record)" '^1 invalid .*d was removed since, by disk remove of 20'
t_is 'the other disk is there' "$(images)" 'd=b.img'
gone_by_reset d
qmp_ask g '{"execute":"blockdev-add","arguments":{"driver":"raw","node-name":"mine","file":{"driver":"file","filename":"'"$PWD"'/c.img"}}}' >/dev/null
qmp_ask g '{"execute":"device_add","arguments":{"driver":"virtio-blk-pci","id":"d","drive":"mine","bus":"rp4"}}' >/dev/null
second=$(kt -o json journal | jq -r 'select(.verb == "disk add") | .id' | tail -n 1)
takes_back undo "$second"
t_like 'nor where it was not kvmtop that used it again' "$(said)" "^0 unchanged device d is another one by now: .*c.img, not .*b.img"
t_is 'that disk is there' "$(images)" 'd=c.img'
gone_by_reset d

# ---- the same disk, whose image was mirrored away, or is under a snapshot

job_ready() { qmp_ask g '{"execute":"query-jobs"}' | jq -e '.[0].status == "ready"' >/dev/null; }
no_jobs() { qmp_ask g '{"execute":"query-jobs"}' | jq -e 'length == 0' >/dev/null; }
takes_back disk add "$vm" file="$PWD/a.img" format=raw id=m
first=$(last)
qmp_ask g '{"execute":"blockdev-add","arguments":{"driver":"raw","node-name":"copy","file":{"driver":"file","filename":"'"$PWD"'/b.img"}}}' >/dev/null
node=$(qmp_ask g '{"execute":"query-block"}' | jq -r '.[] | select(.qdev | test("/m/")).inserted."node-name"')
qmp_ask g '{"execute":"blockdev-mirror","arguments":{"job-id":"j","device":"'"$node"'","target":"copy","sync":"full"}}' >/dev/null
wait_for 20 job_ready
qmp_ask g '{"execute":"job-complete","arguments":{"id":"j"}}' >/dev/null
wait_for 20 no_jobs
t_is 'a disk is mirrored to another image' "$(images)" 'm=b.img'
takes_back undo "$first"
t_like 'undo of its addition says what it has by now' "$(said)" "^0 unchanged device m has the image .*/b.img by now, not .*/a.img, as after a mirror or a snapshot .remove it by its id.: it is left"
t_is 'and leaves it' "$(images)" 'm=b.img'
drop_nodes() {
	local node
	for node in $(vm_block_nodes g); do
		qmp_ask g '{"execute":"blockdev-del","arguments":{"node-name":"'"$node"'"}}' >/dev/null 2>&1
	done
	[ -z "$(vm_block_nodes g)" ]
}
gone_by_reset m
wait_for 10 drop_nodes
takes_back disk add "$vm" file="$PWD/a.img" format=raw id=o
first=$(last)
node=$(qmp_ask g '{"execute":"query-block"}' | jq -r '.[] | select(.qdev | test("/o/")).inserted."node-name"')
qmp_ask g '{"execute":"blockdev-snapshot-sync","arguments":{"node-name":"'"$node"'","snapshot-file":"'"$PWD"'/snap.qcow2","snapshot-node-name":"snap"}}' >/dev/null
takes_back undo "$first"
t_like 'so it does under a snapshot' "$(said)" "^0 unchanged device o has the image .*/snap.qcow2 by now, not .*/a.img, as after .* it is left"
t_is 'and leaves that too' "$(images)" 'o=snap.qcow2'
gone_by_reset o
wait_for 10 drop_nodes

strace -f -qq -s 4096 -e trace=sendto,sendmsg -o sent "$KVMTOP_PLAIN" "${T_KT[@]}" -o json nic add "$vm" type=user mac=52:54:00:00:00:11 id=n >record 2>err
t_is 'what a NIC is made of is asked without its disks' "$(grep -c qom-get sent | sed 's/^[1-9].*/some/') $(grep -c '"query-block' sent)" 'some 0'
first=$(last)
gone_by_reset n
qmp_ask g '{"execute":"netdev_del","arguments":{"id":"n-net"}}' >/dev/null
qmp_ask g '{"execute":"netdev_add","arguments":{"type":"user","id":"n-net"}}' >/dev/null
qmp_ask g '{"execute":"device_add","arguments":{"driver":"virtio-net-pci","id":"n","netdev":"n-net","mac":"52:54:00:00:00:22","bus":"rp4"}}' >/dev/null
takes_back undo "$first"
t_like 'a NIC of that id is another one' "$(said)" '^0 unchanged device n is another one by now: .*00:22.*, not .*00:11'
t_is 'and is there' "$(mac_of n)" 52:54:00:00:00:22
t_like 'with its backend' "$(hmp_ask g 'info network')" 'n-net: index=0,type=user'
gone_by_reset n

# ---- a removal

takes_back disk add "$vm" file="$PWD/a.img" format=raw id=e
takes_back disk remove "$vm" e
t_is 'a removal is asked for' "$(jq -r .status record)" timeout
reset_of g
wait_for 20 vm_lacks_device g e
kt -d 0 vms >/dev/null 2>&1
takes_back undo
t_is 'bare undo after it: not possible' "$(status)" '1 invalid'
t_like 'it says of what' "$(cat err)" 'disk remove of .*cannot be undone: the guest has released e '
t_is 'nothing else was undone in its place' "$(kt -o json journal | jq -r 'select(.state == "undone" and .verb == "disk add") | .id')" ''

takes_back disk add "$vm" file="$PWD/a.img" format=raw id=k
kt_killed 2 --no-scan -q g.qmp --timeout 2 disk remove "$vm" k 2>/dev/null	# written down, not yet asked for
id=$(kt_unfinished --no-scan -q g.qmp)
takes_back undo "$id"
t_like 'undo of a removal that was not delivered' "$(status)" '^4 timeout'
reset_of g
wait_for 10 qemu_answers g
t_is 'does not deliver it' "$(images)" 'k=a.img'
vm_kill g

# ---- a guest of libvirt's

libvirt_start default
DOMAIN_VCPU="<vcpu current='1'>4</vcpu>" domain_start l
vm=$(vm l)
dir=/var/lib/libvirt/images
lv mkdir -p "$dir"
for n in 1 2 3; do lv truncate -s 8M "$dir/h$n.raw"; done
disks() { virsh_ domblklist "$vm" --details | awk '$2 == "disk" { print $3, $4 }' | paste -sd ';'; }
lv_takes_back() { kv --timeout 2 -o json "$@" >record 2>err; }
goes() { virsh_ detach-device-alias "$vm" "$1" --live >/dev/null; virsh_ reset "$vm" >/dev/null; wait_for 20 eval "! domain_has_alias l $1"; }

lv_takes_back disk add "$vm" file="$dir/h1.raw" format=raw id=d persist=on
first=$(last)
goes ua-d
virsh_ detach-disk "$vm" vda --config >/dev/null
cat >other.xml <<-END
	<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/h2.raw'/>
	<target dev='vda' bus='virtio'/><alias name='ua-d'/></disk>
END
virsh_ attach-device "$vm" other.xml --persistent >/dev/null
lv_takes_back undo "$first"
t_like 'libvirt: a disk of that alias is another one' "$(said)" '^0 unchanged device ua-d is another one by now: disk .*h2.raw at vda, not disk .*h1.raw at vda'
virsh_ reset "$vm" >/dev/null
t_is 'it is there, stored too' "$(disks) $(virsh_ domblklist "$vm" --inactive | grep -c h2.raw)" "vda $dir/h2.raw 1"

lv_takes_back nic add "$vm" type=user mac=52:54:00:00:00:33 id=n
first=$(last)
goes ua-n
echo "<interface type='user'><mac address='52:54:00:00:00:44'/><model type='virtio'/><alias name='ua-n'/></interface>" >nic.xml
virsh_ attach-device "$vm" nic.xml --live >/dev/null
lv_takes_back undo "$first"
t_like 'a NIC of that alias too' "$(said)" '^0 unchanged device ua-n is another one by now: .*00:44.*, not .*00:33'
virsh_ reset "$vm" >/dev/null
t_is 'and is there' "$(virsh_ domiflist "$vm" | grep -c 52:54:00:00:00:44)" 1

lv_takes_back vcpu add "$vm"
first=$(last)
virsh_ setvcpus "$vm" 3 --live >/dev/null
lv_takes_back undo "$first"
t_like 'a number that was changed since is left' "$(status) $(cat err)" '^1 invalid .*the number of vCPUs is 3 by now, not 2'

lv_takes_back disk add "$vm" file="$dir/h3.raw" format=raw id=e
kill -STOP "$(vm_pid l)"
lv_takes_back disk remove "$vm" ua-e
t_is 'a removal that QEMU does not hear' "$(status)" '4 timeout'
id=$(last)
libvirt_daemon KILL
kill -CONT "$(vm_pid l)"
libvirt_daemon_start
lv_takes_back undo "$id"
t_like 'its undo waits, and asks for nothing' "$(status) $(jq -r '.steps[].text' record)" '^4 timeout wait until .* ua-e'
t_ok 'the disk is there' domain_has_alias l ua-e
virsh_ destroy "$vm" >/dev/null
t_done
