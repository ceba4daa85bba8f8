#!/bin/bash
# The harness itself, without kvmtop: a guest boots, takes a disk, a NIC and a CPU,
# lets the disk go again, and does what it is told.

. "$(dirname "$0")/../lib.sh"

plug_disk='{"execute":"device_add","arguments":{"driver":"virtio-blk-pci","id":"d1",
	"drive":"n1","bus":"rp1","serial":"kt-d1"}}'
plug_nic='{"execute":"device_add","arguments":{"driver":"virtio-net-pci","id":"e1",
	"netdev":"net1","bus":"rp2"}}'

# The vCPU slots that are free, as device_add arguments.
free_cpu() {
	qmp_ask g '{"execute":"query-hotpluggable-cpus"}' |
		jq -c '[.[] | select(has("qom-path") | not)] | last |
			{execute: "device_add", arguments: (.props + {driver: .type, id: "cpu1"})}'
}

export GUEST_APPEND=kt.load=disk
t_ok 'the guest boots' guest_start g || t_done
t_like 'it says what it has' "$(guest_line g)" \
	'cpus=1 mem_kb=[1-9][0-9]* block=vda disk=vda:65536:kt-vda net=eth0$'

qmp_ask g '{"execute":"nonsense"}' >out 2>err
t_is 'an error of QEMU is an error' "$?" 1
t_like 'and says why' "$(cat err)" CommandNotFound

nodes=$(vm_block_nodes g)
truncate -s 8M d1.img
t_ok 'add a block node' qmp_ask g '{"execute":"blockdev-add","arguments":{"driver":"file",
	"node-name":"n1","filename":"d1.img"}}'
t_ok 'add a disk' qmp_ask g "$plug_disk"
t_ok 'the guest sees it' wait_for 60 guest_has_block g vdb
t_ok 'by its serial' wait_for 10 guest_has_serial g kt-d1
t_ok 'remove it' qmp_ask g '{"execute":"device_del","arguments":{"id":"d1"}}'
t_ok 'the guest lets it go' wait_for 60 vm_lacks_device g d1
t_ok 'and no longer sees it' wait_for 60 guest_lacks_block g vdb
t_ok 'remove the block node' qmp_ask g '{"execute":"blockdev-del","arguments":{"node-name":"n1"}}'
t_is 'the block nodes are as before' "$(vm_block_nodes g)" "$nodes"

t_ok 'add a network backend' qmp_ask g \
	'{"execute":"netdev_add","arguments":{"type":"user","id":"net1"}}'
t_ok 'add a NIC' qmp_ask g "$plug_nic"
t_ok 'the guest sees it' wait_for 60 guest_has_nic g eth1
t_ok 'add a CPU' qmp_ask g "$(free_cpu)"
t_ok 'the guest uses it' wait_for 60 guest_has_cpus g 2

t_is 'a command runs in the guest' "$(guest_cmd g 'echo a; echo "b  c"')" $'a\nb  c'
guest_cmd g 'exit 7'
t_is 'and its status comes back' "$?" 7
printf 'known content' | dd of=g.img conv=notrunc status=none
t_is 'the guest reads the disk' \
	"$(guest_cmd g 'dd if=/dev/vda bs=512 count=1 iflag=direct 2>/dev/null | head -c 13')" \
	'known content'
reads() { qmp_ask g '{"execute":"query-blockstats"}' | jq '[.[].stats.rd_operations] | add'; }
first=$(reads)
more_reads() { [ "$(reads)" -gt "$((first + 500))" ]; }
t_ok 'the load reads it on and on' wait_for 60 more_reads

vm_kill g
t_ok 'a killed QEMU is gone' eval '! vm_alive g'
t_ok 'QEMU in firmware only' qemu_start f -machine q35,accel=tcg -m 64
t_like 'answers' "$(qmp_ask f '{"execute":"query-status"}')" '"status": *"running"'
t_done
