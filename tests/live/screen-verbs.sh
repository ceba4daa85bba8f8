#!/bin/bash
# Every change of a guest from the screen, by its menus and forms: asked of QEMU and the guest. With how few keys everyday tasks go.

if [ -z "${KT_NETNS:-}" ] && unshare -n -m mount -t sysfs sysfs /sys 2>/dev/null; then
	# one bridge on this host, and it is ours
	# shellcheck disable=SC2016 # for the shell inside
	KT_NETNS=1 exec unshare -n -m bash -c 'mount -t sysfs sysfs /sys && exec bash "$0"' "$0"
fi
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/screen.sh
. "$ROOT/tests/screen.sh"

export TERM=screen
guest_start g -object memory-backend-ram,id=vm0m,size=256M -device virtio-mem-pci,id=vm0,memdev=vm0m,requested-size=0 || t_done
vm=$(vm g)
truncate -s 8M new.raw
vm_things g >before

# A task from the list of guests: how many keys it took is in $pressed.
press() { pressed=$((pressed + $#)); keys a "$@"; }
begin() { pressed=0; wait_for 30 has a '^NAME' && sees a "^$vm "; }
# NAME REGEX: the steps are there, they are run, and what came of it is shown; back to the list with a key that is not counted.
run_steps() {
	t_ok "$1: the steps" sees a '^  1  '
	press y
	t_ok "$1: done" sees a "^ (ok|unchanged)  ?$2"
	keys a x
	wait_for 30 has a '^NAME'
}
mib() { echo $(($(guest_get g mem_kb) / 1024)); }
has_mib() { [ "$(mib)" -ge "$1" ]; }
lacks_mib() { [ "$(mib)" -lt "$1" ]; }
has_size() { [ "$(qmp_ask g '{"execute":"query-named-block-nodes"}' | jq -r --arg n "$1" '.[] | select(."node-name" == $n).image."virtual-size"')" = "$2" ]; }
counts_latencies() { qmp_ask g '{"execute":"query-blockstats"}' | jq -e '[.[] | select(.qdev | test("disk0")).stats.rd_latency_histogram] | any' >/dev/null; }
counts_none() { ! counts_latencies; }
vmem_is() { [ "$(qmp_ask g '{"execute":"query-memory-devices"}' | jq '.[] | select(.data.id == "vm0").data.size')" = "$1" ]; }
# NIC STATE
link_is() { [ "$(guest_cmd g "cat /sys/class/net/$1/operstate")" = "$2" ]; }

screen a 80 24 "$KVMTOP --no-libvirt -d 0.5 --filter 'pid=$(vm_pid g)'"
begin

# ---- what there is

press F7
t_ok 'F7 has all that can be plugged, with the room there is' sees a '^ c  vcpu add .* now 1, up to 4'
t_ok 'memory' sees a '^ m  dimm add .* [34] slots'
t_ok 'ports' sees a '^ p  vfio add .* [1-9] ports'
t_ok 'and what can be changed' sees a '^ v  vmem set '
keys a Escape F8
t_ok 'F8 has the devices, and why not' sees a '^ d  disk remove +disk0 .* hotplug'
t_ok 'what is not there' sees a '^ u  usb remove .* none'
keys a u
t_ok 'choosing it says so' sees a '^usb remove: none plugged'
keys a Escape F9
t_ok 'F9 has what tunes' sees a '^ h  histogram '
keys a Escape

# ---- at most eight keys each

begin
press F7 c Enter
run_steps 'vCPUs from 1 to 2' kt-vcpu1
t_ok "in $pressed keys" [ "$pressed" -le 8 ]
t_ok 'the guest has two' wait_for 60 guest_has_cpus g 2

if [ -n "${KT_NETNS:-}" ] && ip link add ktbr0 type bridge; then
	ip link set ktbr0 up
	begin
	press F7 n b Tab Tab Enter
	run_steps 'a NIC on a bridge' kt-nic0
	t_ok "in $pressed keys" [ "$pressed" -le 8 ]
	t_ok 'QEMU has it' vm_has_device g kt-nic0
	t_is 'its tap is in the bridge' "$(ip -o link show master ktbr0 | wc -l)" 1
	t_ok 'the guest has it' wait_for 60 guest_has_nic g eth1
else
	begin
	press F7 n u Enter
	run_steps 'a NIC' kt-nic0
	t_ok 'the guest has it' wait_for 60 guest_has_nic g eth1
fi

base=$(mib)
begin
press F7 m 1 G Enter
run_steps 'a DIMM of 1G' kt-dimm0
t_ok "in $pressed keys" [ "$pressed" -le 8 ]
t_ok 'the guest has it' wait_for 60 has_mib $((base + 1000))

# ---- the others, each way

begin
press F7 d
typed a "$PWD/made.qcow2+"
keys a Tab
t_ok 'a + behind a file that is not there asks for its size' sees a '^ create: '
typed a 32M
field a format
keys a q
field a serial
typed a s-made
keys a Enter
t_ok 'the image is a step' sees a '^  1  make image .*made.qcow2'
run_steps 'disk add with an image that is made' kt-disk0
t_is 'it is a qcow2 image of that size' "$(qemu-img info -U --output=json made.qcow2 | jq -c '[.format, ."virtual-size"]')" '["qcow2",33554432]'
t_ok 'the guest has the disk' wait_for 60 guest_has_serial g s-made

begin
keys a Enter 4
sees a '^kt-disk0 '
keys a /
typed a kt-disk0
keys a Enter
keys a F7 r
t_ok 'disk resize takes the disk one stands on' sees a '^ ID +\* kt-disk0'
typed a 64M
keys a Enter
sees a '^  1  '
keys a y
t_ok 'it is resized' sees a '^ ok  kt-disk0'
t_ok 'QEMU has the size' wait_for 30 has_size kt-disk0-node 67108864
keys a x
sees a '^kt-disk0 '
keys a F8
t_ok 'F8 on that row goes to the steps at once' sees a '^  1  device_del'
keys a y
t_ok 'disk remove' sees a '^ ok  kt-disk0'
t_ok 'the guest has it no more' wait_for 60 vm_lacks_device g kt-disk0
keys a x
sees a '^disk0 '
keys a q

begin
keys a F9 h
sees a '^ histogram '
field a ID
typed a disk0
field a STATE
keys a Right Enter
run_steps 'histogram' disk0
t_ok 'QEMU counts' wait_for 30 counts_latencies
begin
keys a F9 h
sees a '^ histogram '
typed a dis
keys a Tab
t_ok 'Tab completes the id' sees a '^ ID +\* disk0'
field a STATE
keys a Right Right Enter
run_steps 'histogram off' disk0
t_ok 'and no more' wait_for 30 counts_none

begin
keys a F7 l
sees a '^ nic link '
typed a kt-nic0
field a STATE
keys a d Enter
run_steps 'nic link' kt-nic0
t_ok 'the guest sees the cable pulled' wait_for 60 link_is eth1 down
begin
keys a F8
sees a 'nic remove +kt-nic0'
keys a n n
keys a Enter
run_steps 'nic remove' kt-nic0
t_ok 'the guest has it no more' wait_for 60 vm_lacks_device g kt-nic0

begin
keys a F8
sees a 'dimm remove +kt-dimm0'
keys a m
run_steps 'dimm remove' kt-dimm0
t_ok 'the guest has less' wait_for 60 lacks_mib $((base + 1000))

begin
keys a F7 v
sees a '^ vmem set '
typed a vm0
field a size
typed a 128M
keys a Enter
run_steps 'vmem set' vm0
t_ok 'QEMU has it' wait_for 30 vmem_is 134217728
begin
keys a F7 v
sees a '^ vmem set '
typed a vm0
field a size
typed a 0
keys a Enter
run_steps 'vmem set to none' vm0
t_ok 'and it is given back' wait_for 30 vmem_is 0

# ---- what the host has not here: refused, beside the field, and nothing has changed

begin
keys a F7 p
sees a '^ vfio add '
typed a 0000:ff:1f.7
keys a Enter
t_ok 'vfio add: a device that is not there is said below its field' sees a '^ +! .*0000:ff:1f[.]7'
keys a Escape
begin
keys a F7 u
sees a '^ usb add '
typed a 99-99
keys a Enter
t_ok 'usb add: the same' sees a '^ +! .*99-99'
keys a Escape
begin
keys a H 7
sees a '^ADDRESS|^No '
keys a F9
t_ok 'F9 on a page of the host has its own too' sees a '^ s  sriov set '
keys a s
sees a '^ sriov set '
keys a C-u
typed a 0000:ff:1f.7
field a vfs
typed a 1
keys a Enter
t_ok 'sriov set: the same' sees a '^ +! .*0000:ff:1f[.]7'
keys a Escape F9 f
sees a '^ vf set '
keys a C-u
typed a 0000:ff:1f.7
field a VF
keys a C-u
typed a 0
field a mac
typed a 02:00:00:00:00:01
keys a Enter
t_ok 'vf set: the same' sees a '^ +! .*0000:ff:1f[.]7'
keys a Escape q

# ---- vCPUs last: without KVM, QEMU may die of what is plugged after one was removed

begin
keys a F8
sees a '^ c  vcpu remove '
if [ "$T_ACCEL" = tcg ]; then
	# it is known once QEMU was asked
	sees a '^ c  vcpu remove .* no KVM' >/dev/null
	keys a c
	t_ok 'without KVM it is held back, with the reason' sees a 'no KVM.*once more'
	keys a c
	t_ok 'once more, the check refuses it, and the cursor is where that is overridden' sees a '^ +! this guest runs without KVM'
	keys a Left Left Enter
else
	keys a c
fi
run_steps 'vcpu remove' kt-vcpu1
t_ok 'the guest has one' wait_for 60 guest_has_cpus g 1
begin
keys a F7 s
sees a '^ vcpu set '
typed a 1
keys a Enter
t_ok 'vcpu set: there are that many' sees a '^ unchanged'
keys a x
vm_things g | grep -v '^\[' >after
t_is 'QEMU has what it had' "$(diff <(grep -v '^\[' before) after)" ''

# ---- the line for batch

begin
keys a F7 d
sees a '^ file '
typed a "/no such/'x' and a name that is longer than the line is wide, so that it is wrapped"
keys a C-y
t_ok 'Ctrl-Y copies the line' sees a '^copied'
tm set-option -s set-clipboard on
keys a C-y
copied() { [ -n "$(tm show-buffer 2>/dev/null)" ]; }
t_ok 'the terminal has it' wait_for 10 copied
words() { eval "set -- $1"; printf '<%s>' "$@"; }
t_is 'a shell takes it as it was meant' "$(words "$(tm show-buffer)")" \
	"<kvmtop><--batch><disk><add><$vm><file=/no such/'x' and a name that is longer than the line is wide, so that it is wrapped>"
shown_line() { shown a | sed -n '/^kvmtop --batch/,/[^\\]$/p'; }
t_is 'and so it takes the lines that are on the screen' "$(words "$(shown_line)")" "$(words "$(tm show-buffer)")"
keys a Escape
keys a q
t_ok 'q ends it' ends a

screen r 80 24 "$KVMTOP --no-libvirt --read-only --filter 'pid=$(vm_pid g)'"
sees r "^$vm "
keys r F7
t_ok 'read-only: all is held back' sees r '^ d  disk add .* read-only'
keys r d
t_ok 'and says so' sees r 'refused in read-only'
keys r Escape q
ends r
tm kill-server
t_done
