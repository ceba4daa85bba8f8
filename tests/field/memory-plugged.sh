#!/bin/bash
# The memory of a guest is what it began with and what was plugged, in whichever table: DIMMs from its start or since, NVDIMMs,
# virtio-mem. QEMU's query-memory-size-summary says what it is, and virsh dominfo.
# qemus: all
. "$(dirname "$0")/../lib.sh"

total() { qmp_ask "$1" '{"execute":"query-memory-size-summary"}' | jq '."base-memory" + ."plugged-memory"'; }
one() { kt -o json "$@" | jq -c "[$T_FIELD]" | paste -sd ' '; }
# NAME WHAT: in all tables what QEMU says. The host's sum is of all guests there are, so it is compared with that of vms.
same_everywhere() {
	local want
	want=$(total "$1")
	T_FIELD=.mem_bytes t_is "$2: vms" "$(T_FIELD=.mem_bytes one -d 0 vms "$(vm "$1")")" "[$want]"
	t_is "$2: vms with that column only" "$(T_FIELD=.mem_bytes one -d 0 -F mem_bytes vms "$(vm "$1")")" "[$want]"
	t_is "$2: memory" "$(T_FIELD=.assigned_bytes,.plugged_bytes one -d 0 memory "$(vm "$1")")" \
		"[$want,$(qmp_ask "$1" '{"execute":"query-memory-size-summary"}' | jq '."plugged-memory"')]"
}
dimm() { printf '%s' "-object memory-backend-ram,id=m$1,size=128M -device pc-dimm,id=d$1,memdev=m$1"; }

# shellcheck disable=SC2046
qemu_start g -S -machine q35,accel=tcg -m size=128,slots=4,maxmem=2G -qmp unix:g.qmp,server=on,wait=off $(dimm 0) $(dimm 1)
t_is 'QEMU has 384 MiB' "$(total g)" $((384 << 20))
same_everywhere g 'two DIMMs from the start'
qmp_ask g '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"m2","size":134217728}}' >/dev/null
qmp_ask g '{"execute":"device_add","arguments":{"driver":"pc-dimm","id":"d2","memdev":"m2"}}' >/dev/null
t_is 'QEMU has 512 MiB' "$(total g)" $((512 << 20))
same_everywhere g 'one more since'

# a guest without a monitor: what its command line says, and what QEMU says of another with the same one
like=(-machine q35,accel=tcg)
# shellcheck disable=SC2046
like+=(-m size=128,slots=4,maxmem=2G $(dimm 0) $(dimm 1))
qemu_start mute -S "${like[@]}"
qemu_alone alone "${like[@]}"
t_is 'without a monitor: cold-plugged DIMMs are on the command line' \
	"$(T_FIELD=.mem_bytes one -d 0 vms "$(vm alone)")" "[$(total mute)]"
like=(-machine q35,accel=tcg,memory-backend=ram -object memory-backend-memfd,id=ram,size=96M)
qemu_start backed -S "${like[@]}"
qemu_alone backed2 "${like[@]}"
t_is 'without -m: the size of the backend' "$(T_FIELD=.mem_bytes one -d 0 vms "$(vm backed2)")" "[$(total backed)]"

truncate -s 64M nv.img
qemu_start nv -S -machine q35,accel=tcg,nvdimm=on -m size=128,slots=4,maxmem=2G -qmp unix:nv.qmp,server=on,wait=off \
	-object memory-backend-file,id=n0,mem-path=nv.img,size=64M,share=on -device nvdimm,id=nv0,memdev=n0
same_everywhere nv 'an NVDIMM'
qemu_start vmem -S -machine q35,accel=tcg -m size=128,slots=4,maxmem=2G -qmp unix:vmem.qmp,server=on,wait=off \
	-object memory-backend-ram,id=v0,size=512M -device virtio-mem-pci,id=vm0,memdev=v0,requested-size=256M
same_everywhere vmem 'virtio-mem that no driver has taken'
qemu_alone vmute -machine q35,accel=tcg -m size=128,slots=4,maxmem=2G \
	-object memory-backend-ram,id=v0,size=512M -device virtio-mem-pci,id=vm0,memdev=v0,requested-size=256M
t_is 'without a monitor: what the driver took is not known' "$(T_FIELD=.mem_bytes one -d 0 vms "$(vm vmute)")" '[null]'

# All tables at once are what vms has; others' guests on this host may come and go meanwhile.
sums() { kt -o json -d 0 vms | jq -s 'map(.mem_bytes) | if any(. == null) then null else add end'; kt -o json -d 0 host | jq .guests_mem_bytes; }
sums_agree() { local s; s=$(sums | paste -sd ' '); [ "${s% *}" = "${s#* }" ]; }
t_ok 'the host has the sum' wait_for 20 sums_agree
for i in vmute mute backed; do vm_kill "$i"; done
t_ok 'also where all is known' wait_for 20 sums_agree
t_done
