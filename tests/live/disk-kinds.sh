#!/bin/bash
# Each machine type, bus and format, and a NIC on each; growing a disk; images that name other images.
# qemus: all

. "$(dirname "$0")/../lib.sh"

qemu-img create -q -f qcow2 disk.qcow2 48M
truncate -s 8M disk.raw
size_of() { case $1 in raw) echo 8192 ;; qcow2) echo 49152 ;; esac; }
has_size() { case ",$(guest_get "$1" disk)," in *":$2:"*) ;; *) return 1 ;; esac; }
lacks_size() { ! has_size "$@"; }

# GUEST BUS FORMAT: in and out, as the guest sees it.
cycle() {
	local g=$1 what="$1 $2 $3" nodes
	nodes=$(vm_block_nodes "$g")
	kt -o json disk add "$(vm "$g")" file="disk.$3" format="$3" bus="$2" id=d >record
	t_is "$what: added" "$? $(jq -r '[.status, .guest] | join(" ")' record)" '0 ok ready'
	t_ok "$what: the guest sees it" wait_for 60 has_size "$g" "$(size_of "$3")"
	kt -o json disk remove "$(vm "$g")" d >record
	t_is "$what: removed" "$? $(jq -r .status record)" '0 ok'
	t_ok "$what: the guest no longer sees it" wait_for 60 lacks_size "$g" "$(size_of "$3")"
	t_is "$what: the nodes are as before" "$(vm_block_nodes "$g")" "$nodes"
}

nics_are() { [ "$(guest_get "$1" net)" = "$2" ]; }
# GUEST: the kinds of NICs are nic.sh's.
nic_cycle() {
	local g=$1
	kt -o json nic add "$(vm "$g")" type=user id=n >record 2>err
	t_is "$g nic: added" "$? $(jq -r '[.status, .guest, .id] | join(" ")' record) $(cat err)" '0 ok ready n '
	t_ok "$g nic: the guest sees it" wait_for 60 nics_are "$g" eth0,eth1
	kt -o json nic remove "$(vm "$g")" n >record 2>err
	t_is "$g nic: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$g nic: the guest sees it no more" wait_for 60 nics_are "$g" eth0
}

GUEST_MACHINE=pc guest_boot pc
guest_boot q35
for g in pc q35; do
	t_ok "$g boots" guest_up "$g" || t_done
	for bus in virtio scsi; do
		for format in raw qcow2; do
			cycle "$g" "$bus" "$format"
		done
	done
	nic_cycle "$g"
	t_is "$g: one controller was added, and stays" "$(qmp_ask "$g" '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' |
		jq -c '[.[].name | select(startswith("kt-"))]')" '["kt-scsi0"]'
done
vm_kill pc
vm=$(vm q35)

# ---- an i440fx that plugs nothing into its root bus

qemu_start fixed -machine pc,accel=tcg -m 16 -global PIIX4_PM.acpi-root-pci-hotplug=off -qmp unix:fixed.qmp,server=on,wait=off
kt -o json disk add "$(vm fixed)" file="$PWD/disk.raw" format=raw >record 2>err
t_is 'no hotplug on pci.0: exit 1' "$? $(jq -r .status record)" '1 invalid'
t_like 'with the option that switched it off' "$(cat err)" 'pci.0 takes no device.*acpi-root-pci-hotplug=off'
t_is 'and nothing is left' "$(vm_block_nodes fixed)" ''
vm_kill fixed

# ---- growing

kt disk add "$vm" file=disk.raw format=raw id=d >/dev/null
kt -o json disk resize "$vm" d size=16M >record
t_is 'resized' "$? $(jq -r .status record)" '0 ok'
t_ok 'the guest sees the new size' wait_for 60 has_size q35 16384
t_is 'the image has it' "$(stat -c %s disk.raw)" $((16 << 20))
kt -o json disk resize "$vm" d size=16M >record
t_is 'once more is no change' "$? $(jq -r .status record)" '0 unchanged'
kt -o json disk resize "$vm" d size=8M >record 2>err
t_is 'smaller is refused' "$? $(jq -r .status record)" '1 invalid'
t_like 'and says what it would do' "$(cat err)" 'cuts data off.*force=on'
kt disk resize "$vm" d size=x 2>err
t_is 'a size that is none: exit 2' "$?" 2
kt disk remove "$vm" d >/dev/null

# ---- chains

mkdir -p here elsewhere
qemu-img create -q -f qcow2 here/base.qcow2 8M
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 here/top.qcow2
kt -o json disk add "$vm" file=here/top.qcow2 format=qcow2 id=d >record
t_is 'a chain in one directory' "$? $(jq -r .status record)" '0 ok'
t_like 'is shown' "$(jq -r '.warnings[]' record)" 'here/top.qcow2 <- .*here/base.qcow2'
kt disk remove "$vm" d >/dev/null
qemu-img create -q -f qcow2 elsewhere/base.qcow2 8M
qemu-img create -q -f qcow2 -b "$PWD/elsewhere/base.qcow2" -F qcow2 here/stray.qcow2
ln -s ../elsewhere/base.qcow2 here/link.qcow2
qemu-img create -q -f qcow2 -b link.qcow2 -F qcow2 here/linked.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 -u here/loop.qcow2 8M
qemu-img create -q -f qcow2 -b loop.qcow2 -F qcow2 -u here/loop2.qcow2 8M
qemu-img rebase -u -b loop2.qcow2 -F qcow2 here/loop.qcow2
qemu-img create -q -f qcow2 -o data_file=/etc/passwd.none,data_file_raw=on here/data.qcow2 1M 2>/dev/null ||
	qemu-img create -q -f qcow2 -o data_file="$PWD/elsewhere/data.raw" here/data.qcow2 1M
for image in stray linked data; do
	kt -o json disk add "$vm" file=here/$image.qcow2 format=qcow2 >record 2>err
	t_is "$image: an image that names a file elsewhere is refused" "$? $(jq -r .status record)" '1 invalid'
	t_like "$image: which is named" "$(cat err)" 'not in its directory.*force=on'
done
kt -o json disk add "$vm" file=here/loop.qcow2 format=qcow2 >record 2>err
t_is 'a circle is refused' "$? $(jq -r .status record)" '1 invalid'
kt -o json disk add "$vm" file=here/stray.qcow2 format=qcow2 id=d force=on >record
t_is 'force=on goes on' "$? $(jq -r .status record)" '0 ok'
kt disk remove "$vm" d >/dev/null
t_is 'and all of the chain is closed again' "$(vm_block_nodes q35 | paste -sd ' ')" 'vda vda-file'

t_done
