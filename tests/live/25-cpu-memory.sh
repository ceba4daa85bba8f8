#!/bin/bash
# vCPUs and DIMMs: what the guest has of them, and what QEMU has, before and after.
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

GUEST_MACHINE=q35 guest_boot q35
GUEST_MACHINE=pc guest_boot pc
for g in q35 pc; do
	t_ok "$g boots" guest_up "$g" || t_done
	lists "$g" >before
	base=$(mib "$g")

	kt -o json vcpu add "$(vm "$g")" count=2 >record 2>err
	t_is "$g: two vCPUs" "$? $(jq -r '[.status, .guest, .id] | join(" ")' record) $(cat err)" '0 ok ready kt-vcpu1,kt-vcpu2 '
	t_ok "$g: the guest has three" wait_for 30 guest_has_cpus "$g" 3
	t_is "$g: so has QEMU" "$(qmp_ask "$g" '{"execute":"query-cpus-fast"}' | jq length)" 3
	kt -o json dimm add "$(vm "$g")" size=256M >record 2>err
	t_is "$g: a DIMM" "$? $(jq -r '[.status, .guest, .id] | join(" ")' record) $(cat err)" '0 ok ready kt-dimm0 '
	t_ok "$g: the guest has the memory" wait_for 30 has_mib "$g" $((base + 250))

	kt -o json dimm remove "$(vm "$g")" kt-dimm0 >record 2>err
	t_is "$g: removed" "$? $(jq -r .status record) $(cat err)" '0 ok '
	t_ok "$g: the guest has it no more" wait_for 30 lacks_mib "$g" $((base + 10))
	kt -o json vcpu remove "$(vm "$g")" count=2 >record 2>err
	t_is "$g: the vCPUs are removed" "$? $(jq -r '[.status, .id] | join(" ")' record) $(cat err)" '0 ok kt-vcpu2,kt-vcpu1 '
	t_ok "$g: the guest has one" wait_for 30 guest_has_cpus "$g" 1
	lists "$g" >after
	t_is "$g: QEMU has what it had before" "$(diff before after)" ''
done
t_done
