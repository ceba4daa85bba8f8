#!/bin/bash
# QEMU whose options are in files (-readconfig), as Incus and LXD start it: machine, memory, vCPUs, monitor and disks are read
# from there, where the file is as the process has read it. Where it is not, what it may have said is unknown, and a note says why.
# qemus: all

. "$(dirname "$0")/../lib.sh"

chmod 711 .

# NAME: a file as Incus writes it, with its monitor at NAME.qmp
incus_conf() {
	cat <<END
# Machine
[machine]
graphics = "off"
type = "q35"
accel = "tcg"
usb = "off"

[boot-opts]
strict = "on"

# Memory
[memory]
size = "64M"
slots = "4"
maxmem = "1G"

[smp-opts]
cpus = "2"
maxcpus = "4"

[object "mem0"]
qom-type = "memory-backend-memfd"
size = "64M"
share = "on"

[chardev "monitor"]
backend = "socket"
path = "$1.qmp"
server = "on"
wait = "off"

[mon]
chardev = "monitor"
mode = "control"

[drive "root"]
file = "$PWD/$1,a.raw"
format = "raw"
if = "none"
aio = "threads"

[device "qemu_root"]
driver = "virtio-blk-pci"
drive = "root"

[device "rp1"]
driver = "pcie-root-port"
chassis = "1"

[netdev "net0"]
type = "user"

[device "dev-nic"]
driver = "virtio-net-pci"
netdev = "net0"
mac = "00:16:3e:00:00:01"
END
}
facts() {
	printf '%s %s %s %s\n' "$(qmp_ask "$1" '{"execute":"query-memory-size-summary"}' | jq '."base-memory" + (."plugged-memory" // 0)')" \
		"$(qmp_ask "$1" '{"execute":"query-cpus-fast"}' | jq length)" \
		"$(qmp_ask "$1" '{"execute":"query-block"}' | jq -r '.[0].inserted.file | sub(".*/"; "")')" \
		"$(hmp_ask "$1" 'info network' | grep -o 'macaddr=[0-9a-f:]*' | cut -d= -f2)"
}
told() {
	printf '%s %s %s %s\n' "$(kt -o json -d 0 vms "$(vm "$1")" | jq .mem_bytes)" "$(kt -o json -d 0 vcpus "$(vm "$1")" | jq -s length)" \
		"$(kt -o json -d 0 disks "$(vm "$1")" | jq -r '.file | sub(".*/"; "")')" "$(kt -o json -d 0 nics "$(vm "$1")" | jq -r .mac)"
}
# NAME: memory without a monitor, with what is said of it
quiet() { kt -o json -d 0 vms "pid:$(vm_pid "$1")" | jq -r '"\(.mem_bytes) \(.note)"'; }

truncate -s 3M all,a.raw jail,a.raw two,a.raw
incus_conf all >all.conf2
qemu_start all -S -readconfig all.conf2
t_is 'memory, vCPUs, disk and NIC of a file, as QEMU tells them' "$(told all)" "$(facts all)"
t_is 'its monitor is found' "$(kt -o json -d 0 vms "$(vm all)" | jq -r '"\(.state) \(.note)"')" 'prelaunch null'
t_is 'and changes get to it' "$(kt -o json --dry-run disk add "$(vm all)" file="$PWD/two,a.raw" format=raw | jq -r .status)" planned
t_is 'its slots for memory' "$(kt -o json -d 0 slots "$(vm all)" | jq -c 'select(.kind == "dimm") | [.total, .free, .free_bytes]')" \
	"$(qmp_ask all '{"execute":"qom-get","arguments":{"path":"/machine","property":"memory"}}' | jq -c '[.slots, .slots, ."max-size" - .size]')"

# ---- without a monitor

sed -e '/^\[chardev/,$d' all.conf2 >bare.conf2
qemu_alone bare -readconfig bare.conf2
t_is 'without a monitor what the file says is known' "$(quiet bare)" \
	"$((64 << 20)) monitor: none (start QEMU with -qmp unix:PATH,server=on,wait=off)"
printf '[memory]\n  size  =  "32M" and more\n\n[smp-opts]\n' >second.conf2
qemu_alone two -M pc -readconfig bare.conf2 -readconfig second.conf2
t_like 'of several the last one counts' "$(quiet two)" "^$((32 << 20)) monitor: none"
qemu_start twin -S -M pc -readconfig bare.conf2 -readconfig second.conf2
t_is 'as for QEMU' "$(qmp_ask twin '{"execute":"query-memory-size-summary"}' | jq '."base-memory"')" "$((32 << 20))"
qemu_alone said -readconfig bare.conf2 -m 48
t_like 'what is said behind it counts more' "$(quiet said)" "^$((48 << 20)) "

# ---- files that are not what QEMU has read

unknown() { t_like "$1" "$(quiet "$2")" "^null monitor: none .*; memory is not known, -readconfig $3"; }
qemu_alone none
t_like 'what is said nowhere is no fact' "$(quiet none)" '^null monitor: none .*; memory is not known, the command line leaves it to the machine$'
for f in gone newer loose; do
	cp bare.conf2 "$f.conf2"
	qemu_alone "$f" -M q35 -m 96 -readconfig "$PWD/$f.conf2"
done
rm gone.conf2
unknown 'one that is gone' gone "$PWD/gone.conf2: No such file or directory$"
sed 's/64M/2G/' bare.conf2 >newer.conf2
touch -d '+1 minute' newer.conf2
unknown 'one that was changed' newer "$PWD/newer.conf2: it is newer than the process$"
chmod 666 loose.conf2
unknown 'one that others may write' loose "$PWD/loose.conf2: other users may write it \(chmod go-w\)$"
qemu_start pipe -S -readconfig <(cat bare.conf2)
unknown 'a pipe' pipe '/dev/fd/[0-9]*: it was passed to the process as a descriptor$'
qemu_start after -S -readconfig <(cat bare.conf2) -qmp unix:after.qmp,server=on,wait=off
t_is 'but QEMU tells, where it can be asked' "$(kt -o json -d 0 vms "$(vm after)" | jq -c '[.mem_bytes, .note]')" "[$((64 << 20)),null]"
t_is 'its slots for memory, too' "$(kt -o json -d 0 slots "$(vm after)" | jq -c 'select(.kind == "dimm") | [.total, .free]')" '[4,4]'
t_is 'the sum over guests is unknown while one is' "$(kt -o json -d 0 host | jq -c '[.guests_mem_bytes, .mem_overcommit_pct]')" '[null,null]'

# ---- other roots, users and directories

if "$QEMU" --help | grep -q '^-chroot'; then
	jail() { printf '%s\n' -chroot "$1" -runas nobody; }
else
	jail() { printf '%s\n' -run-with "chroot=$1,user=nobody"; }
fi
mkdir empty
incus_conf jail >jail.conf2
chmod 640 jail.conf2
chmod 666 jail,a.raw
mapfile -t confined < <(jail "$PWD/empty")
qemu_start jail -S -readconfig "$PWD/jail.conf2" "${confined[@]}"
t_is 'QEMU has another root and another user, and the file is one that only root may read' \
	"$(readlink "/proc/$(vm_pid jail)/root") $(stat -c %U "/proc/$(vm_pid jail)") $(stat -c %U:%a jail.conf2)" "$PWD/empty nobody root:640"
t_is 'it was read when QEMU was root' "$(kt -o json -d 0 vms "pid:$(vm_pid jail)" | jq -c '[.mem_bytes, .state, .note]')" \
	"[$((64 << 20)),\"prelaunch\",null]"
printf '%s\n' "daemon-$$" >daemon.name
"$QEMU" -name "daemon-$$" -nodefaults -display none -daemonize -pidfile "$PWD/daemon.pid" -S -readconfig bare.conf2 </dev/null 9>&-
t_own "$(vm_pid daemon)"
unknown 'a relative path of a process that has left its directory' daemon 'bare.conf2: it is relative to a directory that the process has left$'
t_done
