#!/bin/bash
# Machines that are no PC: microvm, the virt boards of ARM and RISC-V, s390x. Each is found with its monitor, memory, vCPUs, disks and
# NICs as QEMU tells them; flash with firmware is no disk; and where a board has no place to plug something into, that is said.

. "$(dirname "$0")/../lib.sh"

truncate -s 4M a.raw b.raw
truncate -s 64M flash.raw
DISK=(-drive if=none,id=d0,file=a.raw,format=raw,file.locking=off)
NET=(-netdev user,id=n)

# NAME: facts of QEMU in lines, and the same of kvmtop
facts() {
	local id
	printf 'state %s\n' "$(qmp_ask "$1" '{"execute":"query-status"}' | jq -r .status)"
	printf 'memory %s\n' "$(qmp_ask "$1" '{"execute":"query-memory-size-summary"}' | jq '."base-memory"')"
	printf 'vcpus %s\n' "$(qmp_ask "$1" '{"execute":"query-cpus-fast"}' | jq -r '[.[]."thread-id"] | join(",")')"
	printf 'disks %s\n' "$(qmp_ask "$1" '{"execute":"query-block"}' | jq -r '[.[] | select(.inserted and (.device | startswith("pflash") | not))
		| .inserted.file] | sort | join(",")')"
	printf 'nics %s\n' "$(hmp_ask "$1" 'info network' | grep -o 'macaddr=[0-9a-f:]*' | cut -d= -f2 | sort | paste -sd ,)"
	while read -r id; do
		printf 'queues %s\n' "$(qmp_ask "$1" "{\"execute\":\"x-query-virtio-status\",\"arguments\":{\"path\":\"$id\"}}" | jq '."num-vqs"')"
	done < <(qmp_ask "$1" '{"execute":"x-query-virtio"}' | jq -r '.[].path') | sort
}
told() {
	local vm
	vm=$(vm "$1")
	kt -o json -d 0 vms "$vm" | jq -r '"state \(.state)\nmemory \(.mem_bytes)"'
	printf 'vcpus %s\n' "$(kt -o json -d 0 vcpus "$vm" | jq -r -s '[.[].tid] | join(",")')"
	printf 'disks %s\n' "$(kt -o json -d 0 disks "$vm" | jq -r -s '[.[].file] | sort | join(",")')"
	printf 'nics %s\n' "$(kt -o json -d 0 nics "$vm" | jq -r -s '[.[].mac] | sort | join(",")')"
	kt -o json -d 0 queues "$vm" | jq -r -s 'group_by(.device)[] | "queues \(length)"' | sort
}
# NAME PROGRAM QEMU-ARG..
board() {
	local name=$1
	command -v "$2" >/dev/null || { t_skip "$name" "there is no $2 here"; return 1; }
	QEMU=$2 qemu_start "$name" -S -accel tcg -m 96 -qmp "unix:$name.qmp,server=on,wait=off" "${@:3}" || { t_fail "$name" 'it did not start'; return 1; }
	t_is "$name: all of it as QEMU tells" "$(told "$name" 2>&1)" "$(facts "$name")"
}
# NAME VERB..: what a plan of it says, without the warning that the guest does not run
plan() {
	local vm
	vm=$(vm "$1")
	kt --dry-run --timeout 2 "$2" "$3" "$vm" "${@:4}" 2>&1 >/dev/null | grep -v warning: | sed "s/^kvmtop: $vm: //"
}
slots() { kt -o json -d 0 slots "$(vm "$1")" | jq -c '[.kind, .bus, .total, .free]'; }
no_pci='this machine has no PCI bus, .*\(start the guest with the device, or on a machine with PCI\)$'

if board microvm "$QEMU" -M microvm -smp 2 "${DISK[@]}" -device virtio-blk-device,drive=d0,id=v0 "${NET[@]}" -device virtio-net-device,netdev=n,id=n0; then
	t_is 'microvm: no place for anything' "$(slots microvm)" '["dimm",null,0,0]'
	t_like 'microvm: a disk is refused' "$(plan microvm disk add file="$PWD/b.raw" format=raw)" "^disk add: $no_pci"
	t_like 'microvm: so is a NIC' "$(plan microvm nic add type=user)" "^nic add: $no_pci"
	t_like 'microvm: and a vCPU' "$(plan microvm vcpu add)" '^vcpu add: this machine plugs no vCPUs'
	t_like 'microvm: and memory' "$(plan microvm dimm add size=128M)" '^dimm add: the guest has no slots for memory'
fi
if board arm qemu-system-aarch64 -M virt -cpu cortex-a57 -smp 2 -drive if=pflash,format=raw,file=flash.raw,file.locking=off "${DISK[@]}" \
	-device virtio-blk-device,drive=d0,id=v0 "${NET[@]}" -device virtio-net-device,netdev=n,id=n0 -device pcie-root-port,id=rp1,chassis=1; then
	t_is 'arm: QEMU has the flash among its drives' "$(qmp_ask arm '{"execute":"query-block"}' | jq -r '.[].device' | grep -c pflash0)" 1
	t_is 'arm: its port' "$(slots arm | head -n 1)" '["pcie-root-port","rp1",1,1]'
	t_ok 'arm: a disk is plugged there' kt --timeout 2 disk add "$(vm arm)" file="$PWD/b.raw" format=raw id=x
	t_ok 'arm: QEMU has it' vm_has_device arm x
	t_like 'arm: then no port is free' "$(plan arm nic add type=user)" '^nic add: no free hotpluggable PCI port: 1 of 1'
fi
board arm-pci qemu-system-aarch64 -M virt -cpu cortex-a57 "${DISK[@]}" -device virtio-blk-pci,drive=d0,id=v0 "${NET[@]}" \
	-device virtio-net-pci,netdev=n,id=n0,romfile= &&
	t_like 'arm-pci: what a port takes is said' "$(plan arm-pci nic add type=user)" 'no free hotpluggable PCI port: 0 of 0 .*more pcie-root-port'
board arm32 qemu-system-arm -M virt "${DISK[@]}" -device virtio-blk-device,drive=d0,id=v0
board riscv qemu-system-riscv64 -M virt -smp 2 "${DISK[@]}" -device virtio-blk-device,drive=d0,id=v0 "${NET[@]}" -device virtio-net-pci,netdev=n,id=n0,romfile=
if board s390x qemu-system-s390x -M s390-ccw-virtio "${DISK[@]}" -device virtio-blk-ccw,drive=d0,id=v0 "${NET[@]}" -device virtio-net-ccw,netdev=n,id=n0; then
	t_like 's390x: CCW takes nothing from here' "$(plan s390x disk add file="$PWD/b.raw" format=raw)" "^disk add: $no_pci"
fi

# ---- what a board has that was not told is not known until QEMU says it

if command -v qemu-system-aarch64 >/dev/null; then
	setpriv --pdeathsig KILL -- qemu-system-aarch64 -M raspi3b -nodefaults -display none -S -accel tcg -pidfile up </dev/null >raspi.err 2>&1 9>&- &
	t_own "$!"
	printf '%s\n' "$!" >raspi.pid
	wait_for "$T_ASK" test -s up
	t_like 'a board of a gibibyte is not told to have 128 MiB' "$(kt -o json -d 0 vms "pid:$(vm_pid raspi)" | jq -r '"\(.mem_bytes) \(.note)"')" \
		'^null .*memory is not known, the command line leaves it to the machine$'
fi
t_done
