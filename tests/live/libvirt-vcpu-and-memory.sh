#!/bin/bash
# vCPUs and memory of libvirt's guests: seen by the guest, by virsh, and stored where that was asked for.
# qemus: all

. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'vCPUs and memory of libvirt guests' "$why"
	t_done
fi
t_ok 'a libvirtd of our own' libvirt_start || t_done
mib() { echo $(($(guest_get "$1" mem_kb) / 1024)); }
has_mib() { [ "$(mib "$1")" -ge "$2" ]; }
lacks_mib() { [ "$(mib "$1")" -lt "$2" ]; }
told() { jq -r '[.status, .guest, .id] | join(" ")' record; }
vcpus() { virsh_ vcpucount "$(vm d)" --live --current | tr -d '\n '; }

export DOMAIN_VCPU="<vcpu current='1'>4</vcpu>" DOMAIN_MAXMEM="<maxMemory slots='2' unit='MiB'>2048</maxMemory>"
export DOMAIN_NUMA="<numa><cell id='0' cpus='0-1' memory='128' unit='MiB'/><cell id='1' cpus='2-3' memory='128' unit='MiB'/></numa>"
vmem="<memory model='virtio-mem'><target><size unit='MiB'>512</size><node>0</node><block unit='MiB'>2</block>
	<requested unit='MiB'>0</requested></target><alias name='ua-vm0'/></memory>"
domain_boot d "$vmem"
DOMAIN_MACHINE=pc domain_boot pc "$vmem"
t_ok 'the guest boots' guest_up d || t_done
base=$(mib d)
vm=$(vm d)

# ---- vCPUs

kv -o json vcpu add "$vm" >record 2>err
t_is 'one more vCPU' "$? $(told) $(cat err)" '0 ok unknown  '
t_ok 'the guest has two' wait_for 60 guest_has_cpus d 2
t_is 'so has libvirt' "$(vcpus)" 2
kv -o json vcpu add "$vm" node=1 >record 2>err
t_is 'one on the other node' "$? $(jq -r '[.status, .steps[0].text] | join(": ")' record) $(cat err)" '0 ok: setvcpu --live 2 --enable '
t_ok 'the guest has three' wait_for 60 guest_has_cpus d 3
kv -o json vcpu set "$vm" count=3 >record
t_is 'three is what it has' "$? $(jq -r .status record)" '0 unchanged'
kv -o json vcpu set "$vm" count=4 persist=on >record 2>err
t_is 'four, and stored' "$? $(jq -r .status record) $(virsh_ vcpucount "$vm" --config --current | tr -d '\n ')" '0 ok 4'
kv vcpu add "$vm" >/dev/null 2>err
t_is 'a fifth: exit 1' "$?" 1
t_like 'with the limit' "$(cat err)" 'can have 4 at most'
kv vcpu remove "$vm" >/dev/null 2>err
t_is 'without KVM a removal is refused' "$?" 1
t_like 'with a word why' "$(cat err)" 'without KVM.*force=on'

# ---- a DIMM

kv -o json dimm add "$vm" size=256M node=1 id=m1 persist=on >record 2>err
t_is 'a DIMM' "$? $(told) $(cat err)" '0 ok unknown ua-m1 '
t_ok 'the guest has the memory' wait_for 60 has_mib d $((base + 250))
t_is 'libvirt has it on that node' "$(virsh_ dumpxml "$vm" --xpath "//memory[alias/@name='ua-m1']/target/node/text()")" 1
t_is 'and stored' "$(virsh_ dumpxml --inactive "$vm" | grep -c "<memory model='dimm'")" 1
kv -o json dimm add "$vm" size=256M node=1 id=m1 >record
t_is 'once more is no change' "$? $(jq -r .status record)" '0 unchanged'
guest_cmd d 'echo 0 >/sys/firmware/acpi/hotplug/memory/enabled'
kv -o json dimm remove "$vm" m1 >record 2>err
t_is 'refused by the guest' "$? $(jq -r .status record)" '4 refused'
guest_cmd d 'echo 1 >/sys/firmware/acpi/hotplug/memory/enabled'
kv -o json dimm remove "$vm" m1 persist=on >record 2>err
t_is 'asked again, it lets go' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_ok 'the guest has it no more' wait_for 60 lacks_mib d $((base + 10))
t_is 'nor libvirt, nor what is stored' "$(virsh_ dumpxml "$vm" | grep -c "model='dimm'") $(virsh_ dumpxml --inactive "$vm" | grep -c "model='dimm'")" '0 0'
kv dimm add "$vm" size=1500M >/dev/null 2>err
t_like 'sizes are whole blocks' "$(cat err)" 'multiple of that is expected'
kv dimm add "$vm" size=2G >/dev/null 2>err
t_like 'no room for so much' "$(cat err)" 'room for .* MiB more'
kv dimm add "$vm" size=128M policy=interleave host-node=0 >/dev/null 2>err
t_like 'libvirt knows one policy' "$(cat err)" 'policy=interleave'

# ---- virtio-mem

kv -o json vmem set "$vm" vm0 size=256M >record 2>err
t_is 'virtio-mem grows' "$? $(told) $(cat err)" '0 ok ready ua-vm0 '
t_ok 'the guest has the memory' wait_for 60 has_mib d $((base + 250))
t_is 'libvirt knows' "$(virsh_ dumpxml "$vm" --xpath "//memory[alias/@name='ua-vm0']/target/current/text()")" 262144
kv -o json vmem set "$vm" vm0 size=0 >record 2>err
t_is 'and shrinks' "$? $(told) $(cat err)" '0 ok ready ua-vm0 '
t_ok 'the guest has it no more' wait_for 60 lacks_mib d $((base + 10))
kv vmem set "$vm" vm0 size=1G >/dev/null 2>err
t_like 'no further than its backend' "$(cat err)" '512 MiB at most'

t_is 'no monitor command was passed: not tainted' "$(virsh_ dominfo "$vm" | grep -c -i 'custom.monitor')" 0
# ---- the other machine type

t_ok 'a guest on an i440fx boots' guest_up pc || t_done
vm=$(vm pc) base=$(mib pc)
kv -o json vcpu add "$vm" >record 2>err
t_is 'pc: one more vCPU' "$? $(told) $(cat err)" '0 ok unknown  '
t_ok 'pc: the guest has two' wait_for 60 guest_has_cpus pc 2
kv -o json dimm add "$vm" size=256M node=1 id=m1 >record 2>err
t_is 'pc: a DIMM' "$? $(told) $(cat err)" '0 ok unknown ua-m1 '
t_ok 'pc: the guest has the memory' wait_for 60 has_mib pc $((base + 250))
kv -o json dimm remove "$vm" m1 >record 2>err
t_is 'pc: and out again' "$? $(jq -r .status record) $(cat err)" '0 ok '
t_ok 'pc: the guest has it no more' wait_for 60 lacks_mib pc $((base + 10))
kv -o json vmem set "$vm" vm0 size=256M >record 2>err
t_is 'pc: virtio-mem grows' "$? $(told) $(cat err)" '0 ok ready ua-vm0 '
t_ok 'pc: the guest has the memory' wait_for 60 has_mib pc $((base + 250))
kv -o json vmem set "$vm" vm0 size=0 >record 2>err
t_is 'pc: and shrinks' "$? $(told) $(cat err)" '0 ok ready ua-vm0 '
t_ok 'pc: the guest has it no more' wait_for 60 lacks_mib pc $((base + 10))

libvirt_stop
t_done
