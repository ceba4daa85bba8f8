#!/bin/bash
# vCPUs and memory: what the guest has of them, and what QEMU has, before and after.
# qemus: all

. "$(dirname "$0")/../lib.sh"

# What must be the same before and after: devices, objects, memory devices, places for vCPUs.
lists() {
	qmp_ask "$1" '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' | jq -c '[.[].name] | sort'
	qmp_ask "$1" '{"execute":"qom-list","arguments":{"path":"/objects"}}' | jq -c '[.[].name] | sort'
	qmp_ask "$1" '{"execute":"query-memory-devices"}'
	qmp_ask "$1" '{"execute":"query-hotpluggable-cpus"}' | jq -c '[.[] | {props, "qom-path"}]'
}
mib() { echo $(($(guest_get "$1" mem_kb) / 1024)); }
has_mib() { [ "$(mib "$1")" -ge "$2" ]; }
lacks_mib() { [ "$(mib "$1")" -lt "$2" ]; }
vmem_size() { qmp_ask "$1" '{"execute":"query-memory-devices"}' | jq '.[] | select(.data.id == "vm0").data.size / 1048576'; }
told() { jq -r '[.status, .guest, .id] | join(" ")' record; }

# The last thing that is done to a guest: without KVM, QEMU 7.2 may die of the next one.
vcpus_go() {
	local g=$1
	if [ "$T_ACCEL" = tcg ]; then
		kt vcpu remove "$(vm "$g")" count=2 >/dev/null 2>err
		t_is "$g: without KVM a removal is refused" "$?" 1
		t_like "$g: with a word why" "$(cat err)" 'without KVM.*force=on'
	fi
	kt -o json vcpu set "$(vm "$g")" count=1 force=on >record 2>err
	t_is "$g: the vCPUs are removed" "$? $(jq -r '[.status, .id] | join(" ")' record) $(cat err)" '0 ok kt-vcpu2,kt-vcpu1 '
	t_ok "$g: the guest has one" wait_for 30 guest_has_cpus "$g" 1
	lists "$g" >after
	t_is "$g: QEMU has what it had before" "$(diff "$g.before" after)" ''
	kt -o json vcpu remove "$(vm "$g")" force=on >record 2>err
	t_is "$g: the first one stays" "$? $(jq -r .status record)" '1 invalid'
	t_like "$g: as it was there from the start" "$(cat err)" 'there when the guest started'
	if [ "$T_ACCEL" = tcg ]; then
		for what in vcpu 'dimm size=128M'; do
			# shellcheck disable=SC2086 # a verb's word and its argument
			set -- $what
			kt -o json "$1" add "$(vm "$g")" ${2:+"$2"} >record 2>err
			t_is "$g: $1 add would kill QEMU" "$? $(jq -r .status record)" '1 invalid'
			t_like "$g: which is said" "$(cat err)" 'would kill its QEMU'
		done
	fi
}

vmem_goes() {
	local g=$1 base
	base=$(mib "$g")
	kt -o json vmem set "$(vm "$g")" vm0 size=256M >record 2>err
	t_is "$g: virtio-mem grows" "$? $(told) $(cat err)" '0 ok ready vm0 '
	t_is "$g: QEMU says so" "$(vmem_size "$g")" 256
	t_ok "$g: the guest has the memory" wait_for 30 has_mib "$g" $((base + 250))
	kt -o json vmem set "$(vm "$g")" vm0 size=256M >record
	t_is "$g: once more is no change" "$? $(jq -r .status record)" '0 unchanged'
	kt vmem set "$(vm "$g")" vm0 size=1G >/dev/null 2>err
	t_is "$g: more than its backend: exit 1" "$?" 1
	t_like "$g: with the limit" "$(cat err)" '512 MiB at most'
	kt vmem set "$(vm "$g")" vm0 size=3M >/dev/null 2>err
	t_like "$g: not by its blocks" "$(cat err)" 'blocks of 2048 KiB'
	kt -o json vmem set "$(vm "$g")" vm0 size=0 >record 2>err
	t_is "$g: and shrinks" "$? $(told) $(cat err)" '0 ok ready vm0 '
	t_is "$g: to nothing" "$(vmem_size "$g")" 0
	t_ok "$g: the guest has it no more" wait_for 30 lacks_mib "$g" $((base + 10))
}

vmem=(-object memory-backend-ram,id=vm0-mem,size=512M,reserve=off -device virtio-mem-pci,id=vm0,memdev=vm0-mem,requested-size=0)
GUEST_MACHINE=q35 guest_boot q35 "${vmem[@]/%requested-size=0/requested-size=0,bus=rp1}"
GUEST_MACHINE=pc guest_boot pc "${vmem[@]}"
for g in q35 pc; do
	t_ok "$g boots" guest_up "$g" || t_done
	lists "$g" >"$g.before"
	base=$(mib "$g")

	kt -o json vcpu add "$(vm "$g")" count=2 >record 2>err
	t_is "$g: two vCPUs" "$? $(told) $(cat err)" '0 ok ready kt-vcpu1,kt-vcpu2 '
	t_ok "$g: the guest has three" wait_for 30 guest_has_cpus "$g" 3
	t_is "$g: so has QEMU" "$(qmp_ask "$g" '{"execute":"query-cpus-fast"}' | jq length)" 3
	kt -o json dimm add "$(vm "$g")" size=256M >record 2>err
	t_is "$g: a DIMM" "$? $(told) $(cat err)" '0 ok ready kt-dimm0 '
	t_ok "$g: the guest has the memory" wait_for 30 has_mib "$g" $((base + 250))
	kt -o json dimm add "$(vm "$g")" size=256M id=kt-dimm0 >record 2>err
	t_is "$g: once more is no change" "$? $(jq -r .status record)" '0 unchanged'

	# The guest's ACPI is told to release no memory; then to do so again.
	guest_cmd "$g" 'echo 0 >/sys/firmware/acpi/hotplug/memory/enabled'
	kt -o json dimm remove "$(vm "$g")" kt-dimm0 >record 2>err
	t_is "$g: refused" "$? $(jq -r '[.status, (.left | length)] | join(" ")' record)" '4 refused 0'
	t_like "$g: with the guest's reason" "$(cat err)" 'kt-dimm0: it does not support that'
	guest_cmd "$g" 'echo 1 >/sys/firmware/acpi/hotplug/memory/enabled'
	kt -o json dimm remove "$(vm "$g")" kt-dimm0 >record 2>err
	t_is "$g: asked again, it lets go" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$g: the guest has it no more" wait_for 30 lacks_mib "$g" $((base + 10))
	vmem_goes "$g"
	# One vCPU, as it is reset: with several under TCG, QEMU has died of that, and the guest has hung.
	[ "$g" = q35 ] || guest_boot k
	vcpus_go "$g"
	vm_kill "$g"
done

# ---- memory that the guest's kernel itself uses

t_ok 'a third guest boots' guest_up k || t_done
guest_cmd k 'echo online_kernel >/sys/devices/system/memory/auto_online_blocks'
kt dimm add "$(vm k)" size=128M id=busy >/dev/null 2>err
guest_cmd k 'mkdir /run/k && cd /run/k && seq 2000 | xargs mkdir'
kt -o json dimm remove "$(vm k)" busy >record 2>err
t_is 'the kernel sits in it: refused' "$? $(jq -r '[.status, .error] | join(" ")' record | cut -c 1-7)" '4 refused'
t_like 'it is in use' "$(cat err)" 'busy: it is in use'
t_ok 'the DIMM is still there' vm_has_device k busy
boots() { grep -a -c '^GUEST n=0 ' k.log; }
started_anew() { [ "$(boots)" -gt "$n" ]; }
n=$(boots)
qmp_ask k '{"execute":"system_reset"}' >/dev/null
t_ok 'the guest starts anew' wait_for "$T_BOOT" started_anew
kt -o json dimm remove "$(vm k)" busy >record 2>err
t_is 'after that it lets go' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_is 'and nothing is left' "$(vm_has_device k busy; qmp_ask k '{"execute":"qom-list","arguments":{"path":"/objects"}}' | jq -r '.[].name' | grep busy)" ''
vm_kill k

# ---- a guest that says nothing

qemu_start s -machine q35,accel=tcg -m 64,slots=2,maxmem=1G -smp 1,maxcpus=3 -qmp unix:s.qmp,server=on,wait=off
kt --timeout 1 -o json dimm add "$(vm s)" size=128M id=m >record 2>err
t_is 'nobody takes the DIMM' "$? $(told)" '0 ok unseen m'
kt --timeout 1 -o json vcpu add "$(vm s)" >record 2>err
t_is 'nor the vCPU' "$? $(told)" '0 ok unseen kt-vcpu1'
kt --timeout 1 -o json dimm add "$(vm s)" size=128M id=w wait=guest >record 2>err
t_is 'where that matters it is a timeout' "$? $(jq -r '[.status, .left[]] | join("; ")' record)" '4 timeout; device w; memory w-mem (128 MiB)'
kt --timeout 1 -o json dimm remove "$(vm s)" m >record 2>err
t_is 'nobody lets go of it: pending' "$? $(jq -r '[.status, .left[0]] | join("; ")' record)" \
	'4 timeout; DIMM m, which the guest has not released'
t_is 'the journal waits' "$(kt -o json journal | jq -r 'select(.state == "pending").device' | sort | tr '\n' ' ')" 'm w '
kt --timeout 1 -o json dimm add "$(vm s)" size=128M >record 2>err
t_is 'no third slot' "$? $(jq -r .status record)" '1 invalid'
t_like 'said with the remedy' "$(cat err)" 'all 2 slots for memory are taken .*slots='

t_done
