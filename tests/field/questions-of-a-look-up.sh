#!/bin/bash
# A look-up of one guest asks QEMU only what its columns are made of. Counted at libvirtd, under the distribution's own
# configuration of it, by its log, and at a monitor by what kvmtop sends, as the kernel saw it: a guest with 13 root ports and an agent channel, whose
# virtio-serial has 64 queues, and one with more than a hundred devices. A QEMU that does not answer is said.
# qemus: all
. "$(dirname "$0")/../lib.sh"

# ---- through libvirt

export LIBVIRT_LOG_FILTERS='1:libvirt' LIBVIRT_LOG_OUTPUTS="1:file:$T_DIR/libvirtd.debug"
libvirt_start default
unset LIBVIRT_LOG_FILTERS LIBVIRT_LOG_OUTPUTS	# else its clients log there, too
"$ROOT/tests/guest/build" || exit 1
dir=/var/lib/libvirt/images
lv mkdir -p "$dir"
lv truncate -s 8M "$dir/vda.raw" "$dir/sda.raw"
lv cp "$ROOT/build/guest/vmlinuz" "$ROOT/build/guest/initrd.gz" "$dir"
ports=''
for i in 5 6 7 8 9 10 11 12 13; do ports+="<controller type='pci' model='pcie-root-port' index='$i'/>"; done
DOMAIN_MIB=256 DOMAIN_BALLOON="<memballoon model='virtio'/>" DOMAIN_USB="<controller type='usb' model='qemu-xhci'/>" domain_define g "
	<type machine='q35'>hvm</type><kernel>$dir/vmlinuz</kernel><initrd>$dir/initrd.gz</initrd>
	<cmdline>$T_CMDLINE</cmdline>" "$ports
	<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/vda.raw'/>
	  <target dev='vda' bus='virtio'/></disk>
	<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/sda.raw'/>
	  <target dev='sda' bus='scsi'/></disk>
	<controller type='scsi' model='virtio-scsi'/>
	<interface type='user'><model type='virtio'/></interface>
	<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
	<serial type='null'><target port='0'/></serial>
	<input type='tablet' bus='usb'/><video><model type='vga'/></video><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
vm=$(vm g)

# COMMAND as JSON -> what QEMU returns
virsh_qmp() { virsh_ qemu-monitor-command "$vm" "$1" | jq -c .return; }
calls() { grep -c 'virDomainQemuMonitorCommand:' libvirtd.debug; }
# VERB ..: kvmtop's record, errors and exit status are in ./record, ./err and $status, what was asked in $asked
ask() {
	local before
	before=$(calls)
	kvp -d 0 -o json "$@" >record 2>err
	status=$?
	asked=$(($(calls) - before))
}
# A remark is made once: that the guest is tainted.
kvp -d 0 jobs "$vm" >/dev/null 2>&1
serial_up() {
	virsh_qmp '{"execute":"x-query-virtio-status","arguments":{"path":"/machine/peripheral/virtio-serial0/virtio-backend"}}' |
		jq -e '.status.statuses | any(startswith("VIRTIO_CONFIG_S_DRIVER_OK"))' >/dev/null
}

for verb in 'jobs 3' 'disks 6' 'slots 12' 'devices 12'; do
	ask "${verb% *}" "$vm"
	t_is "libvirt: $verb: answered" "$status $(cat err)" '0 '
	t_ok "libvirt: ${verb% *}: $asked questions, at most ${verb#* }" [ "$asked" -ge 1 -a "$asked" -le "${verb#* }" ]
	cp record "record.${verb% *}"
done

# the same, as QEMU's object tree has it
prop() { virsh_qmp "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine/peripheral/$1\",\"property\":\"$2\"}}"; }
t_is 'libvirt: devices: all that QEMU has' "$(jq -r .id record.devices | sort)" "$(virsh_qmp \
	'{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' | jq -r '.[] | select(.type | startswith("child<")).name' | sort)"
for id in virtio-disk0 usb pci.1 net0 channel0 virtio-serial0 scsi0-0-0-0 serial0 input0 video0 balloon0 rng0; do
	t_is "libvirt: devices: $id" \
		"$(jq -r --arg id "$id" 'select(.id == $id) | "\(.bus) \(.hotpluggable)"' record.devices)" \
		"$(prop "$id" parent_bus | jq -r 'split("/")[-1]') $(prop "$id" hotpluggable | sed 's/true/on/; s/false/off/')"
done
t_is 'libvirt: slots: root ports' "$(jq -s '[.[] | select(.kind == "pcie-root-port")] | "\(length) \(map(.free) | add)"' record.slots)" \
	"$(virsh_ dumpxml "$vm" | awk '/model=.pcie-root-port/ { n++ } /<address type=.pci.*bus=/ && !/bus=.0x00/ { u++ } END { printf "\"%d %d\"", n, n - u }')"
t_is 'libvirt: disks' "$(jq -r '"\(.id) \(.bus) \(.file)"' record.disks | sort | paste -sd ';')" \
	"scsi0-0-0-0 scsi $dir/sda.raw;virtio-disk0 virtio $dir/vda.raw"

t_ok 'the guest has its driver of virtio-serial' wait_for "$T_BOOT" serial_up
ask queues "$vm"
live=$(jq -s '[.[] | select(.size)] | length' record)
t_is 'libvirt: queues: answered' "$status $(cat err)" '0 '
t_ok "libvirt: queues: $live live ones" [ "$live" -ge 64 ]
t_ok "libvirt: queues: $asked questions, at most $((4 + 2 * live))" [ "$asked" -le $((4 + 2 * live)) ]
t_is 'libvirt: queues: each is read' "$(jq -s '[.[] | select(.size and .depth == null)] | length' record)" 0
ring() { virsh_qmp "{\"execute\":\"x-query-virtio-queue-element\",\"arguments\":{\"path\":\"/machine/peripheral/virtio-disk0/virtio-backend\",\"queue\":0}}"; }
t_is 'libvirt: queues: as QEMU has them' "$(jq 'select(.device == "virtio-disk0" and .queue == 0) | .depth' record)" \
	"$(ring | jq '.avail.idx - .used.idx')"
ask disks "$vm" -F id,inflight
t_is 'libvirt: disks: requests in flight are asked for where they are named' "$(jq -r 'select(.id == "virtio-disk0") | .inflight | type' record)" number

# ---- QEMU does not answer

kill -STOP "$(vm_pid g)"
for verb in jobs disks slots devices queues; do
	ask "$verb" "$vm"
	t_like "libvirt: stopped: $verb says so and fails" "$status $(cat err)" "^1 .*$vm: $verb: .*not known: .*stopped"
done
kill -CONT "$(vm_pid g)"
libvirt_stop

# ---- at its own monitor

many=()
for i in $(seq 0 6); do
	many+=(-device "virtio-scsi-pci,id=s$i")
	for k in $(seq 0 13); do many+=(-device "scsi-cd,id=c$i-$k,bus=s$i.0,scsi-id=$k"); done
done
qemu_start m -M q35 -accel tcg -m 64 -S -qmp unix:m.qmp,server=on,wait=off "${many[@]}" \
	-device pcie-root-port,id=p1,chassis=1 -device pcie-root-port,id=p2,chassis=2,hotplug=off -device virtio-rng-pci,id=r,bus=p1
vm=$(vm m)
ask() {
	strace -f -qq -s 4096 -e trace=sendto,sendmsg -o sent "$KVMTOP_PLAIN" "${T_KT[@]}" -d 0 -o json "$@" >record 2>err
	status=$?
	asked=$(grep -v qmp_capabilities sent | grep -c 'execute')
}
for verb in 'jobs 3' 'slots 12' 'devices 12' 'disks 6 -F id,bus,file,rd_iops,readonly'; do
	read -r name most more <<<"$verb"
	# shellcheck disable=SC2086
	ask "$name" "$vm" $more
	t_is "QMP: $name: answered" "$status $(cat err)" '0 '
	t_ok "QMP: $name: $asked questions, at most $most" [ "$asked" -ge 1 -a "$asked" -le "$most" ]
	cp record "record.$name"
done
t_is 'QMP: devices: 108 of them' "$(wc -l <record.devices)" "$(qmp_ask m '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' |
	jq '[.[] | select(.type | startswith("child<"))] | length')"
t_is 'QMP: disks: 98 of them' "$(jq -s 'length' record.disks) $(jq -r .bus record.disks | sort -u)" '98 scsi'
t_is 'QMP: slots: one port is taken, and one takes nothing' \
	"$(jq -r 'select(.kind == "pcie-root-port") | "\(.bus) \(.total) \(.free)"' record.slots | paste -sd ';')" 'p1 1 0;p2 1 0'
kill -STOP "$(vm_pid m)"
for verb in jobs disks slots devices queues nics; do
	ask "$verb" "$vm"
	t_like "QMP: stopped: $verb says so and fails" "$status $(cat err)" "^1 .*$vm: $verb: .*not known: .*stopped"
done
kill -CONT "$(vm_pid m)"
t_done
