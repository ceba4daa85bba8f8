#!/bin/bash
# Disks come and go: seen by the guest, and QEMU is afterwards as it was before. What is
# wrong is said by name, and leaves nothing.
# qemus: all

. "$(dirname "$0")/../lib.sh"

guest_shared
vm=$(vm shared)
nodes() { vm_block_nodes shared | paste -sd ' '; }
before=$(nodes)
peripherals() { qmp_ask shared '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' | jq -r '.[].name' | sort | paste -sd ' '; }
devices=$(peripherals)
qemu-img create -q -f qcow2 one.qcow2 64M
truncate -s 8M one.raw

# ---- each format, added and removed

for format in raw qcow2; do
	id=kt-$format
	kt -o json disk add "$vm" file="one.$format" format="$format" id="$id" serial="s-$format" >record 2>err
	t_is "$format: added" "$?" 0
	t_is "$format: ok, and the guest is ready" "$(jq -r '[.status, .guest, .id] | join(" ")' record)" "ok ready $id"
	t_is "$format: every step done" "$(jq -c '[.steps[].status] | unique' record)" '["ok"]'
	t_is "$format: nothing on standard error" "$(cat err)" ''
	t_ok "$format: the guest sees it" wait_for 60 guest_has_serial shared "s-$format"
	t_ok "$format: QEMU has it" vm_has_device shared "$id"
	t_ok "$format: and its node" grep -q -w "$id-node" <<<"$(nodes)"
	t_is "$format: kvmtop shows its queue" "$(kt -d 0 -o json queues "$vm" | jq -r --arg id "$id" 'select(.device == $id).kind')" request
	kt -o json disk add "$vm" file="one.$format" format="$format" id="$id" >record
	t_is "$format: once more is no change: exit 0" "$?" 0
	t_is "$format: and says so" "$(jq -r .status record)" unchanged
	kt -o json disk remove "$vm" "$id" >record
	t_is "$format: removed" "$?" 0
	t_is "$format: ok" "$(jq -r .status record)" ok
	t_ok "$format: the guest no longer sees it" wait_for 60 guest_lacks_block shared vdb
	t_is "$format: the nodes are as before" "$(nodes)" "$before"
	t_is "$format: the devices too" "$(peripherals)" "$devices"
done
kt disk add "$vm" file=one.raw format=raw cache=none aio=native iothread=io0 readonly=on >/dev/null
t_is 'cache, aio, iothread, readonly' "$?" 0
t_is 'read-only for the guest' "$(guest_cmd shared 'cat /sys/block/vdb/ro')" 1
t_is 'direct in QEMU' "$(qmp_ask shared '{"execute":"query-named-block-nodes"}' |
	jq -c '.[] | select(."node-name" == "kt-disk0-node") | [.cache.direct, .ro]')" '[true,true]'
t_is 'on the IOThread' "$(kt -d 0 -o json queues "$vm" | jq -r 'select(.device == "kt-disk0").backend')" 'iothread io0'
kt disk remove "$vm" kt-disk0 >/dev/null
t_is 'removed by its generated id' "$?" 0

# A chain of nodes that somebody else made, each with a name: all of it goes.
qmp_ask shared '{"execute":"blockdev-add","arguments":{"driver":"file","node-name":"mine-file","filename":"'"$PWD"'/one.qcow2"}}' >/dev/null
qmp_ask shared '{"execute":"blockdev-add","arguments":{"driver":"qcow2","node-name":"mine","file":"mine-file"}}' >/dev/null
qmp_ask shared '{"execute":"device_add","arguments":{"driver":"virtio-blk-pci","id":"theirs","drive":"mine","bus":"rp3"}}' >/dev/null
wait_for 60 guest_has_block shared vdb
kt disk remove "$vm" theirs >/dev/null
t_is 'a disk that another tool plugged is removed too' "$?" 0
t_is 'with all its nodes' "$(nodes)" "$before"

# ---- what is shown is what is run

ktp --dry-run -o json disk add "$vm" file=one.qcow2 format=qcow2 >dry
t_is 'dry run: exit 0' "$?" 0
t_is 'planned' "$(jq -r .status dry)" planned
t_is 'QEMU has not changed' "$(nodes) $(peripherals)" "$before $devices"
strace -f -qq -s 65536 -e trace=sendmsg,sendto -o sent "$KVMTOP_PLAIN" --batch disk add "$vm" file=one.qcow2 format=qcow2 >/dev/null
# The commands in the order sent, as step texts: NAME ARGUMENTS
sed -n 's/.*iov_base="\(.*\)", iov_len.*/\1/p' sent | sed 's/\\n$//; s/\\"/"/g; s/\\\\/\\/g' |
	jq -r 'select(.execute | test("add$")) | "\(.execute) \(.arguments | tojson)"' >sent.steps
t_is 'the dry run shows what the real run sends' \
	"$(jq -r '.steps[].text | select(test("add "))' dry)" "$(cat sent.steps)"
kt disk remove "$vm" kt-disk0 >/dev/null

strace -f -qq -o calls "$KVMTOP_BARE" --batch -r disk add "$vm" file=one.raw format=raw >out 2>err
t_is 'read-only: exit 5' "$?" 5
t_like 'and says why' "$(cat err)" 'read-only'
t_is 'nothing was opened for writing' "$(grep -E 'open(at)?\(' calls | grep -c -E 'O_(WRONLY|RDWR|CREAT)')" 0
t_is 'nobody was spoken to' "$(grep -c -E ' (connect|sendmsg|sendto)\(' calls)" 0

# ---- bad input

# WHAT STATUS EXIT REGEX ARG..: refused with this text, and nothing is left.
refused() {
	local what=$1 status=$2 code=$3 regex=$4
	shift 4
	kt -o json disk add "$vm" "$@" >record 2>err
	t_is "$what: exit $code" "$?" "$code"
	t_is "$what: $status" "$(jq -r .status record)" "$status"
	t_like "$what: named" "$(cat err)" "$regex"
	t_is "$what: nothing is left" "$(jq -c .left record) $(nodes) $(peripherals)" "[] $before $devices"
}
printf 'no image' >text
mkdir dir
mkfifo fifo
refused 'missing image' invalid 1 "nowhere.img: no such file" file=nowhere.img format=raw
refused 'directory' invalid 1 'dir is a directory' file=dir format=raw
refused 'fifo' invalid 1 'neither a file nor a block device' file=fifo format=raw
refused 'format missing, qcow2' invalid 1 'say format=qcow2' file=one.qcow2
refused 'format missing, raw' invalid 1 'say format=raw' file=one.raw
refused 'raw given, qcow2 found' invalid 1 'has a qcow2 header' file=one.qcow2 format=raw
refused 'qcow2 given, none found' invalid 1 'is not qcow2' file=text format=qcow2
refused 'id taken' invalid 1 "id 'nic0' is taken by a virtio-net-pci" file=one.raw format=raw id=nic0
refused 'id malformed' invalid 1 "id '0x'" file=one.raw format=raw id=0x
refused 'no such iothread' invalid 1 "no iothread 'io9' .*io0" file=one.raw format=raw iothread=io9
refused 'open in this guest' invalid 1 'is open for writing in this guest .*force=on' file="$(readlink -f shared.img)" format=raw
refused 'locked by another' failed 1 'lock' file="$(readlink -f shared.img)" format=raw force=on
t_is 'locked: the step that failed, and the one that was taken back' \
	"$(jq -r '[.steps[].status] | join(" ")' record)" 'undone failed todo'
qemu-img create -q -f qcow2 broken.qcow2 1M
printf 'x' | dd of=broken.qcow2 bs=1 seek=7 conv=notrunc status=none
refused 'a broken image' invalid 1 'another version.*qemu-img check' file=broken.qcow2 format=qcow2
kt disk add "$vm" file=one.raw format=vmdk 2>err
t_is 'a format that is none: exit 2' "$?" 2
kt disk add "$vm" fiel=one.raw 2>err
t_is 'an argument that is none: exit 2' "$?" 2
t_like 'with the nearest match' "$(cat err)" "did you mean 'file='"
kt disk remove "$vm" disk9 >/dev/null 2>err
t_is 'no such disk: exit 3' "$?" 3
t_like 'with the nearest match' "$(cat err)" "did you mean 'disk0'"

# No free port: fill them all, one more.
for i in 1 2 3 4; do
	truncate -s 1M "fill$i"
	kt disk add "$vm" file="fill$i" format=raw id="fill$i" >/dev/null
done
kt -o json disk add "$vm" file=one.raw format=raw >record 2>err
t_is 'no free port: exit 1' "$?" 1
t_like 'named, with the remedy' "$(cat err)" 'no free hotpluggable PCI port.*pcie-root-port'
for i in 1 2 3 4; do
	kt disk remove "$vm" "fill$i" >/dev/null || t_fail "fill$i could not be removed"
done
t_is 'the ports are free again' "$(nodes) $(peripherals)" "$before $devices"

# An image that QEMU may not read: a guest of another user.
chmod 755 . 2>/dev/null
if [ "$(id -u)" = 0 ]; then
	as_nobody=(-runas nobody)	# gone in QEMU 10; the other came with 9.1
	"$QEMU" --help | grep -q '^-runas' || as_nobody=(-run-with user=nobody)
	qemu_start u -machine q35,accel=tcg -m 16 -S -device pcie-root-port,id=rp1 -qmp unix:u.qmp,server=on,wait=off \
		"${as_nobody[@]}"
	chmod 600 one.raw
	kt -o json disk add "pid:$(vm_pid u)" file=one.raw format=raw >record 2>err
	t_is 'unreadable for QEMU: exit 1' "$?" 1
	t_like 'named' "$(cat err)" 'Permission denied'
	t_is 'nothing is left' "$(jq -c .left record) $(vm_block_nodes u)" '[] '
else
	t_pass 'unreadable for QEMU: needs root to have a guest of another user'
fi

# ---- a script

printf '%s\n' "disk add $vm file=one.raw format=raw id=s1 # a comment" '' "disk remove $vm 's1'" >script
kt -o json -f script >records
t_is 'a script: exit 0' "$?" 0
t_is 'a record for each line' "$(jq -r '[.verb, .line, .status] | join(" ")' records | paste -sd ,)" 'disk add 1 ok,disk remove 3 ok'
printf '%s\n' "disk add $vm file=one.raw format=raw id=s1" 'disk remov x y' >script
kt -o json -f script >records 2>err
t_is 'a script with a typo: exit 2' "$?" 2
t_like 'names the line' "$(cat err)" 'line 2.*disk remove'
t_is 'and none of it ran' "$(cat records) $(nodes)" " $before"
printf '%s\n' "disk remove $vm nothing" "disk add $vm file=one.raw format=raw id=s1" "disk remove $vm s1" >script
kt -o json -f - <script >records 2>err
t_is 'stop at the first error: its code' "$?" 3
t_is 'the rest did not run' "$(jq -r .status records | paste -sd ' ')" invalid
kt -o json --on-error continue -f script >records 2>err
t_is 'or go on: the worst code' "$?" 3
t_is 'and the rest ran' "$(jq -r .status records | paste -sd ' ')" 'invalid ok ok'
t_is 'all is as it was' "$(nodes) $(peripherals)" "$before $devices"

t_done
