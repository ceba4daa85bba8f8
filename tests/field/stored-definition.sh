#!/bin/bash
# A libvirt guest has two definitions, the running and the stored one, and a device of one need not be the device that has
# its place in the other. Asked of virsh, under the distribution's own configuration of libvirt.
# qemus: all

. "$(dirname "$0")/../lib.sh"

libvirt_start default
domain_start g
vm=$(vm g)
dir=/var/lib/libvirt/images	# where QEMU's user may look
lv mkdir -p "$dir"
for n in 1 2 3 4; do lv truncate -s 8M "$dir/h$n.raw"; done

# targets and sources, one disk a line
disks() { virsh_ domblklist "$vm" --details "$@" | awk '$2 == "disk" { print $3, $4 }' | sort | paste -sd ';'; }
removed() { kv -o json --timeout 2 "$@" >record 2>err; printf '%s %s' "$?" "$(jq -r .status record)"; }
# The guest has no system that could let a disk go: reset, it does.
let_go() { qmp_reset; wait_for 20 gone "$1"; }
qmp_reset() { virsh_ reset "$vm" >/dev/null; }
gone() { kv -d 0 vms "$vm" >/dev/null 2>&1; [ "$(disks)" = "$1" ]; }

# ---- another disk is stored at the target of one that is plugged

virsh_ attach-disk "$vm" "$dir/h3.raw" vdb --config >/dev/null
t_is 'a disk is only stored' "$(disks);$(disks --inactive)" ";vdb $dir/h3.raw"
kv -o json disk add "$vm" file="$dir/h1.raw" format=raw id=p1 >record
t_is 'a live one takes a target that is free there' "$? $(disks)" "0 vda $dir/h1.raw"
kv -o json disk add "$vm" file="$dir/h2.raw" format=raw id=p2 >record
t_is 'which may be that of the stored one' "$? $(disks)" "0 vda $dir/h1.raw;vdb $dir/h2.raw"
kv -o json disk remove "$vm" p2 persist=on --dry-run >record 2>err
t_is 'its removal from both has one step' "$? $(jq '.steps | length' record)" '0 1'
t_like 'and says why' "$(jq -r '.warnings | join(" ")' record)" "another device in that place \\($dir/h3.raw\\): it is left"
removed disk remove "$vm" p2 persist=on >status
t_like 'it is asked for' "$(cat status)" '^4 timeout$'
t_ok 'and goes when the guest is reset' let_go "vda $dir/h1.raw"
t_is 'the stored disk is as before' "$(disks --inactive)" "vdb $dir/h3.raw"

# ---- a device that is live only; one that is in both

kv -o json --dry-run disk remove "$vm" p1 persist=on >record
t_like 'a disk that is not stored: said' "$? $(jq -r '.warnings | join(" ")' record)" '^0 .*does not have this device'
removed disk remove "$vm" p1 persist=on >status
t_ok 'it goes' let_go ''
kv -d 0 vms "$vm" >/dev/null
t_is 'nothing is left to do' "$(kv -o json journal | jq -r 'select(.state == "pending") | .id')" ''

kv -o json disk add "$vm" file="$dir/h4.raw" format=raw id=p4 persist=on >record
t_is 'a disk that is added to both takes a target free in both' "$? $(disks);$(disks --inactive)" \
	"0 vda $dir/h4.raw;vda $dir/h4.raw;vdb $dir/h3.raw"
kv -o json disk add "$vm" file="$dir/h1.raw" format=raw id=p5 persist=on >record
t_is 'the next one too' "$? $(disks)" "0 vda $dir/h4.raw;vdc $dir/h1.raw"
removed disk remove "$vm" p4 persist=on >status
let_go "vdc $dir/h1.raw"
# who saw it gone may be virsh, before a kvmtop did
t_ok 'removed from both' wait_for 20 eval 'kv -d 0 vms "$vm" >/dev/null 2>&1; [ "$(disks --inactive)" = "vdb $dir/h3.raw;vdc $dir/h1.raw" ]'
virsh_ detach-disk "$vm" vdc --config >/dev/null
virsh_ attach-disk "$vm" "$dir/h2.raw" vdc --config >/dev/null
kv -o json undo "$(kv -o json journal | jq -r 'select(.verb == "disk add") | .id' | tail -n 1)" --timeout 2 >record 2>err
t_like 'an addition is undone' "$? $(jq -r .status record)" '^4 '
let_go ''
t_is 'which leaves alone what has its place in the stored definition by now' "$(disks --inactive)" \
	"vdb $dir/h3.raw;vdc $dir/h2.raw"

# ---- an id that could be two disks

virsh_ detach-disk "$vm" vdb --config >/dev/null
virsh_ detach-disk "$vm" vdc --config >/dev/null
kv disk add "$vm" file="$dir/h1.raw" format=raw id=vdb >/dev/null
kv disk add "$vm" file="$dir/h2.raw" format=raw id=vdc >/dev/null
t_is 'two disks, the first by the name of the target of the second' "$(disks)" "vda $dir/h1.raw;vdb $dir/h2.raw"
before=$(disks)
kv disk remove "$vm" vdb 2>err
t_is 'is refused: exit 3' "$?" 3
t_like 'with both' "$(cat err)" "'vdb' could be ua-vdb \\(vda\\) or ua-vdc \\(vdb\\) \\(say which, by the whole alias\\)"
t_is 'and nothing was done' "$(disks)" "$before"
kv --dry-run -o json disk remove "$vm" ua-vdb >record
t_is 'the whole alias says which' "$(jq -r .id record)" ua-vdb

kv --dry-run -o json disk remove "$vm" vda >record
t_is 'a target that is no id' "$(jq -r .id record)" ua-vdb
kv nic add "$vm" type=user id=n mac=52:54:00:00:00:55 >/dev/null
kv --dry-run -o json nic remove "$vm" 52:54:00:00:00:55 >record
t_is 'a NIC by its address' "$? $(jq -r .id record)" '0 ua-n'

# ---- target=

virsh_ attach-disk "$vm" "$dir/h3.raw" vdd --config >/dev/null
kv --dry-run disk add "$vm" file="$dir/h3.raw" format=raw target=vdb 2>err
t_like 'a target that is taken' "$? $(cat err)" '^1 .*target=vdb: a disk of this guest has it'
kv --dry-run disk add "$vm" file="$dir/h3.raw" format=raw target=vdd persist=on 2>err
t_like 'with persist=on, in the stored definition too' "$? $(cat err)" '^1 .*target=vdd: a disk of this guest has it, or one of its stored'
kv --dry-run disk add "$vm" file="$dir/h3.raw" format=raw target=sdd 2>err
t_like 'one of another bus' "$? $(cat err)" '^1 .*like vda'
kv disk add "$vm" file="$dir/h3.raw" format=raw target=vdf >/dev/null
t_like 'one that is free' "$? $(disks)" '^0 .*vdf .*/h3.raw'

# ---- a transient domain stores nothing

virsh_ undefine "$vm" >/dev/null
for verb in "disk add $vm file=$dir/h3.raw format=raw" "disk remove $vm ua-vdb" "nic add $vm type=user"; do
	# shellcheck disable=SC2086
	kv --dry-run $verb persist=on 2>err
	t_like "$verb persist=on of a transient domain" "$? $(cat err)" '^1 .*persist=on: this domain is transient.*leave it out'
done
t_done
