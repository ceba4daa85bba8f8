#!/bin/bash
# Disks of libvirt's guests, and a NIC on each machine type: seen by the guest, by virsh, and after a restart where that was asked for.
# qemus: all

. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'disks of libvirt guests' "$why"
	t_done
fi
t_ok 'a libvirtd of our own' libvirt_start || t_done
qemu-img create -q -f qcow2 disk.qcow2 48M
truncate -s 8M disk.raw
size_of() { case $1 in raw) echo 8192 ;; qcow2) echo 49152 ;; esac; }
has_size() { case ",$(guest_get "$1" disk)," in *":$2:"*) ;; *) return 1 ;; esac; }
lacks_size() { ! has_size "$@"; }
has_alias() { virsh_ dumpxml "$(vm "$1")" | grep -q "alias name='$2'"; }
stored() { virsh_ dumpxml --inactive "$(vm "$1")" | grep -c "disk.raw'"; }

nics_are() { [ "$(guest_get "$1" net)" = "$2" ]; }

DOMAIN_MACHINE=q35 domain_boot q35
DOMAIN_MACHINE=pc domain_boot pc
for g in q35 pc; do
	t_ok "$g boots" guest_up "$g" || t_done
	for bus in virtio scsi; do
		for format in raw qcow2; do
			what="$g $bus $format"
			kv -o json disk add "$(vm "$g")" file="disk.$format" format="$format" bus="$bus" id=d >record 2>err
			t_is "$what: added" "$? $(jq -r '[.status, .id] | join(" ")' record) $(cat err)" '0 ok ua-d '
			t_ok "$what: libvirt has it" has_alias "$g" ua-d
			t_ok "$what: the guest sees it" wait_for 60 has_size "$g" "$(size_of "$format")"
			kv -o json disk remove "$(vm "$g")" d >record 2>err
			t_is "$what: removed" "$? $(jq -r .status record)" '0 ok'
			t_is "$what: libvirt has it no more" "$(has_alias "$g" ua-d && echo there)" ''
			t_ok "$what: the guest no longer sees it" wait_for 60 lacks_size "$g" "$(size_of "$format")"
		done
	done
	nics=$(guest_get "$g" net)
	kv -o json nic add "$(vm "$g")" type=user id=n >record 2>err
	t_is "$g nic: added" "$? $(jq -r '[.status, .id] | join(" ")' record) $(cat err)" '0 ok ua-n '
	t_ok "$g nic: the guest sees it" wait_for 60 nics_are "$g" eth0
	kv -o json nic remove "$(vm "$g")" n >record 2>err
	t_is "$g nic: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$g nic: the guest sees it no more" wait_for 60 nics_are "$g" "$nics"
	t_is "$g: nothing of it is stored" "$(stored "$g")" 0
done
virsh_ destroy "$(vm pc)" >/dev/null
vm=$(vm q35)
t_is 'no monitor command was passed: not tainted' "$(virsh_ dominfo "$vm" | grep -c -i 'custom.monitor')" 0

# ---- what is shown, refused, unchanged

kv --dry-run -o json disk add "$vm" file=disk.raw format=raw >record
t_like 'a dry run shows the XML' "$(jq -r '.steps[0].text' record)" "^attach-device <disk .*disk.raw.*alias name=.ua-kt-disk0"
cp disk.raw "a&<'b.raw"
kv disk add "$vm" file="a&<'b.raw" format=raw id=m >/dev/null
t_is 'markup in an argument stays text' "$(virsh_ dumpxml "$vm" | grep -c "a&amp;&lt;.*b.raw")" 1
kv disk remove "$vm" m >/dev/null
kv disk add "$vm" file=disk.raw format=raw >/dev/null
kv -o json disk add "$vm" file=disk.raw format=raw id=kt-disk0 >record
t_is 'once more is no change' "$? $(jq -r .status record)" '0 unchanged'
kv -o json disk resize "$vm" kt-disk0 size=16M >record
t_is 'grown' "$? $(jq -r .status record)" '0 ok'
t_ok 'the guest sees the new size' wait_for 60 has_size q35 16384
kv -o json disk resize "$vm" kt-disk0 size=16M >record
t_is 'once more is no change' "$? $(jq -r .status record)" '0 unchanged'
kv -o json disk resize "$vm" kt-disk0 size=8M >record 2>err
t_is 'smaller is refused' "$? $(jq -r .status record)" '1 invalid'
t_like 'and says what it would do' "$(cat err)" 'cuts data off.*force=on'
t_is 'and the image is as it was' "$(stat -c %s disk.raw)" $((16 << 20))
kv -o json undo >record 2>err
t_is 'undone' "$? $(jq -r .status record) $(cat err)" '0 undone '
t_ok 'the guest sees the old size' wait_for 60 has_size q35 8192
kv -o json disk remove "$vm" vdb >record
t_is 'removed by its target' "$? $(jq -r '[.status, .id] | join(" ")' record)" '0 ok ua-kt-disk0'
kv disk remove "$vm" vdz >/dev/null 2>err
t_is 'no such disk: exit 3' "$?" 3
t_like 'there are others' "$(cat err)" 'vda'
kv -r disk remove "$vm" vda >/dev/null 2>&1
t_is 'read-only: exit 5' "$?" 5

# ---- a pool's volume, and what is stored

mkdir pool
truncate -s 8M pool/vol.raw
virsh_ pool-create-as kt dir --target "$PWD/pool" >/dev/null
kv -o json disk add "$vm" volume=kt/vol.raw format=raw id=v >record 2>err
t_is 'a volume' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_ok 'the guest sees it' wait_for 60 has_size q35 8192
kv disk remove "$vm" v >/dev/null
kv disk add "$vm" volume=kt/none format=raw >/dev/null 2>err
t_is 'no such volume: exit 1' "$?" 1
t_like 'named' "$(cat err)" 'volume kt/none'

# ---- chains: libvirt gets what was checked, and looks into no header itself

(cd pool && qemu-img create -q -f qcow2 base.qcow2 24M && qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2 &&
	qemu-img create -q -f qcow2 -b ../disk.raw -F raw stray.qcow2)
virsh_ pool-refresh kt >/dev/null
for source in "file=$PWD/pool/top.qcow2" volume=kt/top.qcow2; do
	kv -o json disk add "$vm" "$source" format=qcow2 id=c >record 2>err
	t_is "${source%%=*}=, a chain" "$? $(jq -r .status record)" '0 ok'
	t_like "${source%%=*}=: libvirt has it" "$(virsh_ dumpxml "$vm" | tr -d '\n')" \
		"<backingStore type='file'[^>]*> *<format type='qcow2'/> *<source file='[^']*/pool/base.qcow2'"
	t_ok "${source%%=*}=: the guest sees it" wait_for 60 has_size q35 24576
	kv disk remove "$vm" c >/dev/null 2>err
	t_is "${source%%=*}=: removed" "$? $(cat err)" '0 '
done
for source in "file=$PWD/pool/stray.qcow2" volume=kt/stray.qcow2; do
	kv -o json disk add "$vm" "$source" format=qcow2 >record 2>err
	t_is "${source%%=*}=, one that leaves its directory: refused" "$? $(jq -r .status record)" '1 invalid'
	t_like "${source%%=*}=: with these words" "$(cat err)" 'not in its directory.*force=on'
done

truncate -s 8M disk.raw
kv -o json disk add "$vm" file=disk.raw format=raw id=p persist=on >record
t_is 'persist=on' "$? $(jq -r .status record)" '0 ok'
t_is 'is stored' "$(stored q35)" 1
virsh_ destroy "$vm" >/dev/null
domain_up q35
t_ok 'and there after a restart' has_alias q35 ua-p
# The guest is in firmware now, or barely booting: it answers nothing.
kv -o json --timeout 1 disk remove "$vm" p >record 2>err
status="$? $(jq -r .status record)"
t_is 'a removal that nobody answers: exit 4' "$status" '4 timeout'
t_ok 'libvirt still has it' has_alias q35 ua-p
t_ok 'the guest boots' wait_for "$T_BOOT" has_size q35 8192
kv -o json --timeout 30 disk remove "$vm" p persist=on >record 2>err
t_is 'once it has booted it lets go' "$? $(jq -r .status record)" '0 ok'
t_is 'and nothing is stored any more' "$(stored q35)" 0
kv -d 0 vms >/dev/null 2>&1
t_is 'no entry is pending' "$(kv -o json journal | jq -r 'select(.state == "pending").id')" ''

# ---- virsh believes, kvmtop looks

virsh_ suspend "$vm" >/dev/null
kv disk add "$vm" file=disk.raw format=raw id=s >/dev/null
virsh_ dumpxml "$vm" --xpath "//disk[alias/@name='ua-s']" >s.xml
virsh_ detach-device "$vm" s.xml --live >out 2>&1
t_is 'virsh says success' "$?" 0
t_ok 'with the disk still there' has_alias q35 ua-s
kv -o json --timeout 2 disk remove "$vm" s >record 2>err
t_is 'kvmtop says timeout' "$? $(jq -r .status record)" '4 timeout'

libvirt_stop
t_done
