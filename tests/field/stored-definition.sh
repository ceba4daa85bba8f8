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
for n in 1 2 3 4 5; do lv truncate -s 8M "$dir/h$n.raw"; done

# targets and sources, one disk a line
disks() { virsh_ domblklist "$vm" --details "$@" | awk '$2 == "disk" { print $3, $4 }' | sort | paste -sd ';'; }
removed() { kv -o json --timeout 2 "$@" >record 2>err; printf '%s %s' "$?" "$(jq -r .status record)"; }
# The guest has no system that could release a disk: reset, it does, once QEMU was asked for it. What is to be done then, the next kvmtop does:
# one that looks before the guest has released it finds nothing to do.
let_go() { wait_for 40 released "$1" && kv -d 0 vms "$vm" >/dev/null 2>&1; }
released() {
	[ "$(disks)" = "$1" ] && return
	virsh_ reset "$vm" >/dev/null
	t_pause 0.2
	false
}

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
t_ok 'one that is in both goes' let_go "vdc $dir/h1.raw"
t_is 'removed from both' "$(disks --inactive)" "vdb $dir/h3.raw;vdc $dir/h1.raw"
virsh_ detach-disk "$vm" vdc --config >/dev/null
virsh_ attach-disk "$vm" "$dir/h2.raw" vdc --config >/dev/null
kv -o json undo "$(kv -o json journal | jq -r 'select(.verb == "disk add") | .id' | tail -n 1)" --timeout 2 >record 2>err
t_like 'an addition is undone' "$? $(jq -r .status record)" '^4 '
t_ok 'and goes' let_go ''
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
for word in 5254.0000.0055 52-54-00-00-00-55 525400000055; do
	kv --dry-run -o json nic remove "$vm" "$word" >record
	t_is "spelled $word" "$? $(jq -r .id record)" '0 ua-n'
done

# ---- target=

virsh_ attach-disk "$vm" "$dir/h3.raw" vdd --config >/dev/null
kv --dry-run disk add "$vm" file="$dir/h3.raw" format=raw target=vdb 2>err
t_like 'a target that is taken' "$? $(cat err)" '^1 .*target=vdb: a disk of this guest has it'
kv --dry-run disk add "$vm" file="$dir/h4.raw" format=raw target=vdd persist=on 2>err
t_like 'with persist=on, in the stored definition too' "$? $(cat err)" '^1 .*target=vdd: a disk of this guest has it, or one of its stored'
kv --dry-run disk add "$vm" file="$dir/h3.raw" format=raw target=sdd 2>err
t_like 'one of another bus' "$? $(cat err)" '^1 .*like vda'
kv disk add "$vm" file="$dir/h3.raw" format=raw target=vdf >/dev/null
t_like 'one that is free' "$? $(disks)" '^0 .*vdf .*/h3.raw'

# ---- a transient domain stores nothing

virsh_ undefine "$vm" >/dev/null
for verb in "disk add $vm file=$dir/h5.raw format=raw" "disk remove $vm ua-vdb" "nic add $vm type=user" "nic remove $vm n" \
	"vcpu add $vm" "dimm add $vm size=128M" "vmem set $vm x size=128M"; do
	# shellcheck disable=SC2086
	kv --dry-run $verb persist=on 2>err
	t_like "$verb persist=on of a transient domain" "$? $(cat err)" '^1 .*persist=on: this domain is transient.*leave it out'
done
before=$(virsh_ dumpxml "$vm")
kv -o json nic add "$vm" type=user persist=on >record 2>err
t_like 'and nothing of it is done' "$? $(jq -r .status record)" '^1 invalid'
t_is 'to the guest' "$(virsh_ dumpxml "$vm")" "$before"
virsh_ destroy "$vm" >/dev/null

# ---- where the two definitions differ, each has a call of its own

ports=''
for i in 5 6 7 8; do ports+="<controller type='pci' model='pcie-root-port' index='$i'/>"; done
memory() { echo "<memory model='$1'><target><size unit='MiB'>$2</size><node>0</node>${3:-}</target></memory>"; }
DOMAIN_MAXMEM="<maxMemory slots='8' unit='MiB'>4096</maxMemory>" DOMAIN_MIB=256 DOMAIN_NUMA="<numa><cell id='0' cpus='0' memory='128' unit='MiB'/></numa>" \
	domain_start m "$ports$(memory dimm 128)
	$(memory virtio-mem 256 "<block unit='MiB'>2</block><requested unit='MiB'>64</requested>")
	$(memory virtio-mem 256 "<block unit='MiB'>2</block><requested unit='MiB'>32</requested>")
	<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/h1.raw'/><target dev='vda' bus='virtio'/></disk>"
vm=$(vm m)
# [--inactive] -> the requested MiB of each virtio-mem device, as virsh has it
requested() { virsh_ dumpxml "$vm" "$@" | sed -n "s,.*<requested unit='KiB'>\([0-9]*\)<.*,\1,p" | awk '{ printf "%s%d", s, $1 / 1024; s = " " }'; }
t_is 'virtio-mem with aliases that are not stored' "$(requested);$(requested --inactive);$(virsh_ dumpxml "$vm" --inactive | grep -c '<alias')" '64 32;64 32;0'
kv -o json --timeout 1 vmem set "$vm" virtiomem1 size=128M persist=on >record 2>err
t_is 'vmem set persist=on: a step for each definition' "$? $(jq -r '[.steps[].text | split(" <")[0] | select(startswith("update"))] | join(";")' record)" \
	'0 update-device --config;update-device'
t_is 'of two that are alike the right one, in both' "$(requested);$(requested --inactive)" '64 128;64 128'
kv -o json --timeout 1 undo >record 2>err
t_is 'undone in both' "$? $(jq -r .status record) $(requested);$(requested --inactive)" '0 undone 64 32;64 32'
kv -o json --timeout 1 vmem set "$vm" virtiomem0 size=128M >/dev/null 2>&1
kv -o json --timeout 1 vmem set "$vm" virtiomem0 size=32M persist=on >/dev/null 2>&1
t_is 'where the two had other sizes' "$(requested);$(requested --inactive)" '32 32;32 32'
kv -o json --timeout 1 undo >/dev/null 2>&1
t_is 'each gets its own back' "$(requested);$(requested --inactive)" '128 32;64 32'

# kvmtop is killed at each write of its journal
killed() {
	lv strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when="$1" "$KVMTOP_PLAIN" "${T_KV[@]}" --timeout 1 \
		vmem set "$vm" virtiomem1 size=96M persist=on >/dev/null 2>&1
	[ $? = 137 ]
}
n=1 seen=''
while killed "$n" 2>/dev/null; do
	[ "$(requested)" = "$(requested --inactive)" ] || [ "$(requested)" = '128 32' ] && [ "$(requested --inactive)" = '64 96' ] && seen=yes
	kv -d 0 vms "$vm" >/dev/null 2>told
	id=$(sed -n 's/.*killed (undo \([0-9a-f-]*\) .*/\1/p' told)
	[ -z "$id" ] || kv --timeout 1 undo "$id" >/dev/null 2>&1
	[ "$(requested);$(requested --inactive)" = '128 32;64 32' ] || kv --timeout 1 undo >/dev/null 2>&1
	t_is "killed at sync $n: undone in both" "$(requested);$(requested --inactive)" '128 32;64 32'
	n=$((n + 1))
done
kv --timeout 1 undo >/dev/null 2>&1
t_is 'once it was done in the stored definition only' "$seen" yes

virsh_ attach-disk "$vm" "$dir/h2.raw" vdd --config >/dev/null
kv -o json disk add "$vm" file="$dir/h2.raw" format=raw id=d persist=on >record 2>err
t_is 'a disk that is stored already: not stored twice' "$? $(disks);$(disks --inactive)" "0 vda $dir/h1.raw;vdd $dir/h2.raw;vda $dir/h1.raw;vdd $dir/h2.raw"
t_like 'which is said' "$(jq -r '.warnings | join(" ")' record)" 'stored definition has this device already .vdd.: only the running guest'
virsh_ attach-interface "$vm" network default --mac 52:54:00:00:00:77 --model virtio --config >/dev/null
kv -o json nic add "$vm" type=user mac=52:54:00:00:00:77 persist=on >record 2>err
t_like 'a NIC whose MAC another stored one has' "$? $(cat err)" '^1 .*stored definition has another device in that place: default'
t_is 'is in neither' "$(virsh_ domiflist "$vm"; virsh_ domiflist "$vm" --inactive | awk '{ print $2, $5 }')" 'network 52:54:00:00:00:77'
echo "<controller type='scsi' model='virtio-scsi' index='0'/>" >virt/run/kt/c.xml
virsh_ attach-device "$vm" virt/run/kt/c.xml --config >/dev/null
scsi() { virsh_ dumpxml "$vm" "$@" | sed -n "s/.*<controller type='scsi' index='\([0-9]*\)' model='\([^']*\)'.*/\1 \2/p" | paste -sd ';'; }
kv -o json disk add "$vm" file="$dir/h3.raw" format=raw bus=scsi id=s persist=on >record 2>err
t_is 'a SCSI disk whose controller is only stored' "$? $(cat err) $(scsi);$(scsi --inactive)" '0  0 virtio-scsi;0 virtio-scsi'
t_like 'is in both' "$(disks);;$(disks --inactive)" "sda $dir/h3.raw.*;;.*sda $dir/h3.raw"
virsh_ detach-disk "$vm" sda --config >/dev/null
virsh_ detach-device "$vm" virt/run/kt/c.xml --config >/dev/null
t_is 'a controller that only runs' "$(scsi);$(scsi --inactive)" '0 virtio-scsi;'
kv -o json disk add "$vm" file="$dir/h4.raw" format=raw bus=scsi id=s2 persist=on >record 2>err
t_is 'is stored with the disk' "$? $(cat err) $(scsi);$(scsi --inactive)" '0  0 virtio-scsi;0 virtio-scsi'

# The second of two calls fails, as another guest has the image: the first one is taken back.
virsh_ detach-disk "$vm" "$(virsh_ domblklist "$vm" --inactive | awk '/h4.raw/ { print $1 }')" --config >/dev/null
virsh_ detach-device "$vm" virt/run/kt/c.xml --config >/dev/null
qemu_start holder -S -m 32 -drive file=virt/lib/images/h5.raw,format=raw,if=virtio
before="$(scsi);$(scsi --inactive);$(disks);$(disks --inactive)"
kv -o json disk add "$vm" file="$dir/h5.raw" format=raw bus=scsi id=s3 persist=on force=on >record 2>err
t_is 'a second call that fails' "$? $(jq -r '.status, (.steps[] | "\(.text | split(" <")[0]) \(.status)")' record | paste -sd ';')" \
	'1 failed;attach-device --config undone;attach-device --persistent failed'
t_is 'both definitions are as before' "$(scsi);$(scsi --inactive);$(disks);$(disks --inactive)" "$before"

# a DIMM: of the guest it takes a system to release one, of the stored definition libvirt
dimms() { virsh_ dumpxml "$vm" "$@" | grep -c "<memory model='dimm'"; }
xml=$(kv -o json --dry-run dimm remove "$vm" dimm0 persist=on | jq -r '.steps[1].text | sub("^detach-device --config ";"")')
echo "$xml" >virt/run/kt/dimm.xml
t_is 'the step for a DIMM without a stored alias is one that libvirt can do' \
	"$(dimms --inactive); $(virsh_ detach-device "$vm" virt/run/kt/dimm.xml --config >/dev/null; echo $?; dimms --inactive)" $'1; 0\n0'
kv -o json dimm add "$vm" size=128M id=m persist=on >record 2>err
t_is 'dimm add persist=on' "$? $(dimms);$(dimms --inactive)" '0 2;1'
t_done
