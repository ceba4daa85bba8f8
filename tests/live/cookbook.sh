#!/bin/bash
# The scripts of the cookbook in kvmtop-batch(7), each run as it is printed there, but for the guest's name and the
# directory of images; what each does is asked of QEMU, the guest and the kernel.

# shellcheck source=tests/net.sh
. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

mkdir img bin
printf '#!/bin/sh\nexec "%s" --no-libvirt --no-scan -q g.qmp -q other.qmp "$@"\n' "$KVMTOP_PLAIN" >bin/kvmtop
chmod +x bin/kvmtop
export PATH=$PWD/bin:$PATH

ran=()
# NAME: runs that script; its output is in ./out, what it says on standard error in ./err.
try() {
	ran+=("$1")
	sed "s,web-12,$vm,g; s,/img,$PWD/img,g" "$ROOT/man/cookbook/$1.sh" >script
	sh script >out 2>err
}
# NAME [EXIT]: the same, and it ends with that.
works() {
	local status=0
	try "$1" || status=$?
	t_is "$1: exit ${2:-0}, nothing on standard error" "$status $(cat err)" "${2:-0} "
}
qmp_stop() { qmp_ask g '{"execute":"stop"}' >/dev/null; }
qmp_cont() { qmp_ask g '{"execute":"cont"}' >/dev/null; }
size_of() { qmp_ask g '{"execute":"query-block"}' | jq --arg id "$1" '.[] | select(.qdev // "" | contains($id)) | .inserted.image."virtual-size"'; }

qemu-img create -q -f qcow2 img/data.qcow2 64M
truncate -s 8M img/one.raw img/two.raw img/oops.raw
qemu_start other -S -qmp unix:other.qmp,server=on,wait=off || t_done
GUEST_APPEND=kt.load=disk guest_start g || t_done
vm=$(vm g)

# ---- who looks

ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$(vm_pid "$1")/stat"; }
before="$(ticks g) $(ticks other)"
works 01-overview
t_is 'the guest that the kernel has counted more time for is first' "$(sed -n '2,3p' out | grep -o -E "(g|other)-$$" | paste -sd ' ')" \
	"$(printf '%s\n' "$(($(ticks g) - ${before% *})) g-$$" "$(($(ticks other) - ${before#* })) other-$$" | sort -rn | cut -d ' ' -f 2 | paste -sd ' ')"
t_is 'as CSV' "$(head -n 1 out)" time,vm,ref,cpu_pct,wait_pct,iops

works 02-who-has
t_is 'QEMU has that address' "$(hmp_ask g 'info network' | grep -c 52:54:00:12:34:56)" 1
t_like 'and it is found' "$(cat out)" "$vm +nic0"

works 03-filter
t_is 'only the guest that QEMU says does not run' "$(tail -n +2 out | awk '{ print $1, $2 }')" \
	"$(vm other) $(qmp_ask other '{"execute":"query-status"}' | jq -r .status)"

qmp_stop
try 04-wait &
waiting=$!
t_own "$waiting"
t_pause 1
t_ok '04-wait: it waits while the guest is paused' kill -0 "$waiting"
qmp_cont
wait "$waiting"
t_is '04-wait: and ends when it runs' "$? $(cat out)" '0 running'
ran+=(04-wait)	# in a shell of its own

works 21-look-only
t_is 'as many as QEMU says' "$(cat out | jq -c .)" '{"prelaunch":1,"running":1}'
kvmtop --batch --read-only undo >out 2>&1
t_is 'a change with that option is refused' "$?" 5

# ---- disks

things=$(vm_things g)
works 07-dry-run
t_like 'the steps are shown' "$(cat out)" 'blockdev|block node|device'
t_is 'and nothing is changed' "$(vm_things g)" "$things"
works 06-room
t_is 'the free ports are those of QEMU without a device' "$(grep -c pcie-root-port out)" \
	"$(qmp_ask g '{"execute":"query-pci"}' |
		jq '[.. | objects | select(.pci_bridge?) | select((.pci_bridge.devices // []) == [])] | length')"
works 08-disk-add
t_ok 'QEMU has the disk' vm_has_device g data
t_ok 'so has the guest' guest_cmd g 'grep -q -x data /sys/block/*/serial'
works 05-json
t_is 'its image is listed' "$(cut -f 1,3 out)" "$vm	$PWD/img/data.qcow2"
works 09-disk-resize
t_is 'QEMU says the new size' "$(size_of data)" $((128 << 20))
# shellcheck disable=SC2016 # for the guest's shell
t_is 'so does the guest' "$(guest_cmd g 'for d in /sys/block/vd*; do [ "$(cat $d/serial)" != data ] || cat $d/size; done')" 262144
works 10-latency
t_is 'QEMU counts its latencies' "$(qmp_ask g '{"execute":"query-blockstats"}' |
	jq '[.[] | select(.qdev // "" | contains("data"))][0].stats | has("rd_latency_histogram")')" true
t_like 'the columns are there' "$(head -n 1 out)" 'R50 +R99 +W50 +W99'
works 11-disk-remove
t_ok 'QEMU has it no longer' vm_lacks_device g data
t_is 'nor anything of it' "$(vm_things g)" "$things"

kvmtop --batch disk add "$vm" file=img/oops.raw format=raw id=oops >/dev/null
t_ok 'a change is made' vm_has_device g oops
works 14-undo
t_ok 'and taken back' wait_for 20 vm_lacks_device g oops
t_is 'all of it' "$(vm_things g)" "$things"

try 17-script
t_like '17-script: one line fails, and no other exit code than its' "$? $(cat out err)" '^0 .*gone.raw: no such file'
t_ok 'the first line was run' vm_has_device g one
t_ok 'so was the one behind that which failed' vm_has_device g two
t_ok 'which has left nothing' vm_lacks_device g gone

# A guest that is stopped does not answer: the removal is pending.
qmp_stop
kvmtop --batch --timeout 1 disk remove "$vm" two >/dev/null 2>&1
t_is 'a removal that the guest does not answer' "$?" 4
works 18-left
t_ok 'QEMU still has the disk' vm_has_device g two
t_like 'and it is listed' "$(cat out)" "$vm +disk remove +two +pending"
qmp_cont
t_ok 'the guest goes on, and releases it' wait_for 60 vm_lacks_device g two
kvmtop --batch -d 0 vms >out 2>&1
try 18-left
t_is 'then nothing is listed' "$(tail -n +2 out)" ''

# ---- NICs

if [ "$KT_OWN_NET" = yes ]; then
	ip link add br0 type bridge && ip link set br0 up
	works 12-nic-bridge
	t_is 'the bridge has a port' "$(ip -o link show master br0 | wc -l)" 1
	t_ok 'QEMU has the NIC' vm_has_device g lan
	t_ok 'the guest too' wait_for 60 guest_has_nic g eth1
	guest_cmd g 'ip link set eth1 up || ifconfig eth1 up'
	# shellcheck disable=SC2317 # called by wait_for
	carrier() { [ "$(guest_cmd g 'cat /sys/class/net/eth1/carrier')" = "$1" ]; }
	t_ok 'its cable is in' wait_for 20 carrier 1
	try 13-nic-cable &
	pulling=$!
	t_own "$pulling"
	ran+=(13-nic-cable)
	t_ok 'it is pulled' wait_for 20 carrier 0
	wait "$pulling"
	t_is '13-nic-cable: exit 0' "$?" 0
	t_ok 'and put back' wait_for 20 carrier 1
else
	ran+=(12-nic-bridge 13-nic-cable)
	t_skip 'NICs on a bridge' 'no network namespace, or no /dev/net/tun'
fi

# ---- vCPUs and memory

t_is 'the guest has one vCPU' "$(guest_cmd g nproc)" 1
works 15-vcpus
t_is 'QEMU has two' "$(qmp_ask g '{"execute":"query-cpus-fast"}' | jq length)" 2
t_ok 'so has the guest' wait_for 60 guest_has_cpus g 2
works 16-dimm
t_is 'QEMU has the DIMM' "$(qmp_ask g '{"execute":"query-memory-devices"}' | jq -c '[.[].data | [.id, .size]]')" '[["more",134217728]]'
sed 's/128 << 20/128 << 30/' "$ROOT/man/cookbook/16-dimm.sh" | sed "s,web-12,$vm," >script
t_is 'with no room it does nothing' "$(sh script; echo "$?")" 1

# ---- watching

try 19-events &
watching=$!
t_own "$watching"
ran+=(19-events)
while kill -0 "$watching" 2>/dev/null; do qmp_stop; qmp_cont; t_pause 0.5; done
wait "$watching"
t_is '19-events: exit 0' "$?" 0
t_like 'what QEMU was told is seen' "$(cut -f 2 out | sort | uniq | paste -sd ' ')" 'RESUME.*STOP'

works 20-prometheus
t_is 'the file has the guests' "$(sed -n 's/^kvmtop_vms_pid{vm="\([^"]*\)".*} \([0-9]*\)$/\1 \2/p' img/kvmtop.prom | sort)" \
	"$(printf '%s %s\n' "$vm" "$(vm_pid g)" "$(vm other)" "$(vm_pid other)" | sort)"
t_is 'and nothing else is there' "$(cd img && echo kvmtop.*)" kvmtop.prom

t_is 'every script was run' "$(printf '%s\n' "${ran[@]}" | sort -u)" "$(cd "$ROOT/man/cookbook" && printf '%s\n' *.sh | sed 's/\.sh$//')"
t_done
