#!/bin/bash
# The memory of libvirt's guests is that of the live definition: virsh dominfo says how much, DIMMs and NVDIMMs included; of
# virtio-mem counts what the guest has taken, as dumpxml has it.
# qemus: all

. "$(dirname "$0")/../lib.sh"

libvirt_start default
mib() { virsh_ dominfo "$vm" | awk '/^Max memory/ { print $3 * 1024 }'; }
field() { kv -o json -d 0 "$1" "$vm" | jq -c "$2"; }
more=/var/lib/libvirt/images/nv.img
lv mkdir -p "${more%/*}" && lv truncate -s 128M "$more"
dimm="<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target></memory>"
export DOMAIN_MAXMEM="<maxMemory slots='8' unit='MiB'>4096</maxMemory>" DOMAIN_MIB=512
export DOMAIN_NUMA="<numa><cell id='0' cpus='0' memory='128' unit='MiB'/></numa>"
domain_start g "$dimm$dimm<memory model='nvdimm'><source><path>$more</path></source>
	<target><size unit='MiB'>128</size><node>0</node></target></memory>"
vm=$(vm g)
t_is 'virsh says 512 MiB' "$(mib)" $((512 << 20))
t_is 'vms' "$(field vms .mem_bytes)" "$(mib)"
t_is 'memory' "$(field memory '[.assigned_bytes, .plugged_bytes]')" "[$(mib),$((384 << 20))]"
# others' guests on this host may come and go
sums() { kv -o json -d 0 vms | jq -s 'map(.mem_bytes) | if any(. == null) then null else add end'; kv -o json -d 0 host | jq .guests_mem_bytes; }
sums_agree() { local s; s=$(sums | paste -sd ' '); [ "${s% *}" = "${s#* }" ]; }
t_ok 'host has the sum' wait_for 20 sums_agree

printf '%s' "$dimm" >dimm.xml
virsh_ attach-device "$vm" "$PWD/dimm.xml" >/dev/null
t_is 'one more DIMM: virsh' "$(mib)" $((640 << 20))
t_is 'one more: vms' "$(field vms .mem_bytes)" "$(mib)"
t_is 'one more: memory' "$(field memory '[.assigned_bytes, .plugged_bytes]')" "[$(mib),$((512 << 20))]"
virsh_ destroy "$vm" >/dev/null

# dominfo counts all that virtio-mem may give
domain_start v "<memory model='virtio-mem'><target><size unit='MiB'>384</size><node>0</node><block unit='MiB'>2</block>
	<requested unit='MiB'>256</requested></target></memory>"
vm=$(vm v)
current=$(virsh_ dumpxml "$vm" | sed -n "s/.*<current unit='KiB'>\([0-9]*\).*/\1/p")
t_is 'virtio-mem of which nothing is taken: virsh' "$(mib) ${current:-0}" "$((512 << 20)) 0"
t_is 'vms has the rest' "$(field vms .mem_bytes)" $((128 << 20))
t_is 'memory too' "$(field memory '[.assigned_bytes, .plugged_bytes]')" "[$((128 << 20)),0]"
virsh_ destroy "$vm" >/dev/null
t_done
