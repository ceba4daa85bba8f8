#!/bin/bash
# A QEMU with a root directory of its own: a path means for kvmtop what it means there, and no link of that file system
# leads into ours.
# qemus: all

. "$(dirname "$0")/lib.sh"

honest_start h
jail=$EVIL/jail
attacker_do mkdir -p "jail$EVIL" "jail/images"
qemu-img create -q -f qcow2 outside.qcow2 1M
mv outside.qcow2 "$EVIL/secret.qcow2" && chmod 600 "$EVIL/secret.qcow2"	# root's, at the path the link names
attacker_do qemu-img create -q -f qcow2 "jail$EVIL/secret.qcow2" 2M
attacker_do ln -s "$EVIL/secret.qcow2" jail/images/link.qcow2
attacker_do ln -s ../../../../../../../../tmp/evil/secret.qcow2 jail/images/up.qcow2
attacker_do ln -s / jail/images/root
attacker_do qemu-img create -q -f qcow2 jail/images/plain.qcow2 3M
attacker_do qemu-img create -q -u -f qcow2 -b link.qcow2 -F qcow2 jail/images/top.qcow2 2M
chroot_option=(-chroot "$jail")		# gone in QEMU 10; the other came with 9.0
"$QEMU" --help | grep -q '^-chroot' || chroot_option=(-run-with "chroot=$jail")
qemu_start j -machine q35,accel=tcg -m 32 -S -device pcie-root-port,id=rp1,chassis=1 \
	-qmp "unix:$PWD/j.qmp,server=on,wait=off" "${chroot_option[@]}"
t_is 'the guest has a root of its own' "$(readlink "/proc/$(vm_pid j)/root")" "$jail"
vm=$(vm j)

# FILE: what is opened of it for reading, by a dry run in ./record
opened() {
	strace -f -qq -y -e trace=open,openat,openat2 -o calls "${@:2}" "$KVMTOP_PLAIN" --batch --no-libvirt -q j.qmp -o json --dry-run \
		disk add "$vm" file="$1" format=qcow2 >record 2>err
	grep -v O_PATH calls | sed -n 's/.* = [0-9]*<\(.*\.qcow2\)>.*/\1/p' | sort -u | paste -sd ' '
}
t_is 'an absolute link ends in the root of the guest' "$(opened /images/link.qcow2)" "$jail$EVIL/secret.qcow2"
t_is 'and the image is fine' "$(jq -r .status record) $(cat err)" 'planned '
t_is 'so does one with many ..' "$(opened /images/up.qcow2)" "$jail$EVIL/secret.qcow2"
t_is 'and a link to /' "$(opened "/images/root$EVIL/secret.qcow2")" "$jail$EVIL/secret.qcow2"
opened /images/top.qcow2 >/dev/null
t_like 'a chain that leaves the directory by a link is refused' "$(cat err)" 'not in its directory'
opened /images/../../../../etc/hostname >/dev/null
t_like 'what only our root has is not there' "$(cat err)" 'no such file'

# A kernel without openat2.
old=(-e inject=openat2:error=ENOSYS)
t_is 'without openat2 a plain path works' "$(opened /images/plain.qcow2 "${old[@]}") $(jq -r .status record)" "$jail/images/plain.qcow2 planned"
t_is 'and no link is followed' "$(opened /images/link.qcow2 "${old[@]}") $(jq -r .status record)" ' invalid'
t_is 'nor ..' "$(opened /images/../../etc/hostname "${old[@]}") $(jq -r .status record)" ' invalid'

kt -q j.qmp -o json --timeout 2 disk add "$vm" file=/images/link.qcow2 format=qcow2 bus=scsi id=d >record 2>err
t_is 'QEMU takes it' "$? $(jq -r .status record)" '0 ok'
t_is 'and has what was checked' "$(qmp_ask j '{"execute":"query-named-block-nodes"}' |
	jq '.[] | select(."node-name" == "d-node") | .image."virtual-size"')" $((2 << 20))
t_ok 'the honest guest takes a disk' kt --timeout 2 disk add "$(vm h)" file=h.conf format=raw readonly=on id=e
t_done
