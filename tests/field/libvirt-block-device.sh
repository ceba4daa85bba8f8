#!/bin/bash
# QEMU under libvirt's own configuration has a private /dev with only what it was given; libvirt puts there what is added to a
# guest, so a path is one of the host. An IOThread is known by the name that kvmtop shows, and libvirt by its number.
# qemus: all
. "$(dirname "$0")/../lib.sh"

libvirt_start default
DOMAIN_VCPU='<vcpu>1</vcpu><iothreads>2</iothreads>' domain_start g
vm=$(vm g)

truncate -s 8M back.img
loop=$(losetup -f --show back.img)
lv mknod "$loop" b $((0x$(stat -c %t "$loop"))) $((0x$(stat -c %T "$loop")))
t_ok 'QEMU does not see it' eval '! test -e "/proc/$(vm_pid g)/root$loop"'
kv -o json disk add "$vm" file="$loop" format=raw id=blk >record 2>err
t_is 'a block device of the host is plugged' "$? $(jq -r .status record) $(cat err)" '0 ok '
losetup -d "$loop"	# when the last that has it open has closed it
t_like 'as such' "$(virsh_ domblklist "$vm" --details)" "block +disk +vda +$loop"
kv --dry-run disk add "$vm" file=/dev/no-such-disk format=raw 2>err
t_like 'one that the host does not have is not' "$? $(cat err)" '^1 .*/dev/no-such-disk: no such file'

dir=/var/lib/libvirt/images
lv mkdir -p "$dir"
lv truncate -s 8M "$dir/a.raw"
kv -o json disk add "$vm" file="$dir/a.raw" format=raw id=io iothread=iothread2 >record 2>err
t_is 'iothread=iothread2' "$? $(cat err)" '0 '
t_like 'is its second' "$(virsh_ dumpxml "$vm" | grep -A3 "a.raw\|iothread='2'")" "iothread='2'"
lv truncate -s 8M "$dir/b.raw"
kv -o json --dry-run disk add "$vm" file="$dir/b.raw" format=raw iothread=1 >record 2>err
t_like 'so is a number' "$? $(jq -r '.steps[0].text' record)" "^0 .*iothread=\"1\""
virsh_ destroy "$vm" >/dev/null
t_done
