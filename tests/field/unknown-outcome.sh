#!/bin/bash
# A QEMU that stands still in the middle of an addition: until it goes on nobody knows what comes of it. The change is pending,
# and the next kvmtop finds out. Asked of virsh and of QEMU.
# qemus: all

. "$(dirname "$0")/../lib.sh"

status() { printf '%s %s' "$?" "$(jq -r .status record)"; }
state_of() { "$@" -o json journal 2>/dev/null | jq -r --arg id "$id" 'select(.id == $id) | .state'; }

# ---- through libvirt

libvirt_start default
domain_start l
vm=$(vm l)
dir=/var/lib/libvirt/images
lv mkdir -p "$dir"
for n in 1 2; do lv truncate -s 8M "$dir/h$n.raw"; done
disks() { virsh_ domblklist "$vm" --details | awk '$2 == "disk" { print $3, $4 }' | paste -sd ';'; }
is_idle() { [ "$(virsh_ domcontrol "$vm")" = ok ]; }
stop() { kill -STOP "$(vm_pid "$1")"; }
go_on() { kill -CONT "$(vm_pid "$1")"; }

stop l
kv --timeout 2 -o json disk add "$vm" file="$dir/h1.raw" format=raw id=p >record 2>err
t_is 'QEMU stands still: not known' "$(status)" '4 timeout'
id=$(jq -r .journal record)
t_like 'which is said' "$(cat err)" 'not known'
t_is 'what may be there is named' "$(jq -r '.left[]' record)" 'device ua-p, perhaps'
t_is 'the journal has it as pending' "$(state_of kv)" pending
kv -d 0 vms >/dev/null 2>said
t_is 'as long as it stands still' "$(state_of kv) $(cat said)" 'pending '
kv --timeout 2 -o json undo "$id" >record 2>err
t_is 'nor can it be undone' "$(status)" '4 timeout'
go_on l
t_ok 'it goes on, and libvirt attaches the disk' wait_for 30 eval '[ "$(disks)" = "vda $dir/h1.raw" ] && is_idle'
kv -d 0 vms >/dev/null 2>said
t_like 'the next kvmtop finds that out' "$(cat said)" "disk add ua-p of $id: it came about .*undo $id"
t_is 'it is done' "$(state_of kv)" ok
t_is 'and there' "$(disks)" "vda $dir/h1.raw"
kv --timeout 2 -o json undo "$id" >record 2>/dev/null
virsh_ reset "$vm" >/dev/null
t_ok 'it can be undone' wait_for 20 eval '[ -z "$(disks)" ]'

stop l
kv --timeout 2 -o json disk add "$vm" file="$dir/h2.raw" format=raw id=q >record 2>err
id=$(jq -r .journal record)
libvirt_daemon KILL	# nobody is left who could attach it
go_on l
libvirt_daemon_start
wait_for 30 is_idle
kv -d 0 vms >/dev/null 2>said
t_like 'one that did not come about' "$(cat said)" "disk add ua-q of $id: it did not come about"
t_is 'failed' "$(state_of kv) $(disks)" 'failed '
virsh_ destroy "$vm" >/dev/null

# ---- by QEMU's monitor

ports=()
for n in 1 2 3 4; do ports+=(-device "pcie-root-port,id=rp$n,chassis=$n,slot=$n"); done
qemu_start g -machine q35,accel=tcg -S -m 64 -qmp unix:g.qmp,server=on,wait=off "${ports[@]}"
vm=$(vm g)
truncate -s 8M a.img
T_KT=(--batch --no-libvirt --no-scan -q g.qmp)
nodes() { vm_block_nodes g | grep -v '^#' | paste -sd ' '; }	# not that of the file below, to which QEMU gives a name

# kvmtop is held for a second between the block node and the device, and QEMU is stopped then
rm -rf "$XDG_STATE_HOME/kvmtop/journal"
strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:delay_enter=1000000:when=3 "$KVMTOP_PLAIN" "${T_KT[@]}" --timeout 2 -o json \
	disk add "$vm" file="$PWD/a.img" format=raw id=d >record 2>err &
t_own "$!"
added() { nodes | grep -q d-node; }
t_ok 'the block node is made' wait_for 20 added
stop g
wait "$!"
t_is 'then QEMU stands still: not known' "$(status)" '4 timeout'
id=$(jq -r .journal record)
t_is 'pending' "$(state_of ktp)" pending
go_on g
t_ok 'it goes on' wait_for 20 qemu_answers g
kt --timeout 5 -d 0 vms >/dev/null 2>said
t_like 'the next kvmtop finds out' "$(cat said)" "disk add d of $id: it (came|did not come) about"
if vm_has_device g d; then want='ok d-node'; else want='failed '; fi
t_is 'and the journal says as it is' "$(state_of ktp) $(nodes)" "$want"
t_done
