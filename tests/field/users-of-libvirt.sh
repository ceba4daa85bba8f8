#!/bin/bash
# Who is not root: a user of the group libvirt, one without rights, another user's session guest. What libvirt lets them see is
# shown, what they may not do is said with exit 5. A domain that is shut off, and one whose PCI ports are all taken, are said to
# be that. Asked of virsh and ip, under the distribution's own configuration of libvirt, with polkit.

. "$(dirname "$0")/../net.sh"
. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
[ -n "$why" ] || [ "$KT_OWN_NET" = yes ] || why='no network namespace, or no /dev/net/tun'
[ -n "$why" ] || { command -v dbus-daemon && [ -x /usr/lib/polkit-1/polkitd ]; } >/dev/null || why='no dbus-daemon, no polkit'
[ -z "$why" ] || { t_skip 'users of libvirt' "$why"; t_done; }

ip link add br0 type bridge
ip addr add 192.0.2.1/24 dev br0
ip link set br0 up
LIBVIRT_POLKIT=yes libvirt_start default || t_done
libvirt_user member 60001 libvirt
libvirt_user guest 60002
libvirt_user other 60003
cp "$KVMTOP" virt/run/kt/kvmtop
chmod 755 virt/run/kt/kvmtop
dir=/var/lib/libvirt/images
lv mkdir -p "$dir"
lv truncate -s 4M "$dir/a.raw"
domain_start d "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/a.raw'/><target dev='vda' bus='virtio'/></disk>
	<interface type='bridge'><mac address='52:54:00:0e:00:01'/><source bridge='br0'/><model type='virtio'/></interface>
	<interface type='user'><mac address='52:54:00:0e:00:02'/><model type='virtio'/></interface>"
vm=$(vm d)
# USER ARG.. -> into ./record and ./err; the exit status is printed
kt_as() {
	local user=$1 status=0
	shift
	lv_as "$user" /run/kt/kvmtop --batch -o json "$@" >record 2>err || status=$?
	printf '%s' "$status"
}

# ---- a user of the group libvirt

t_is 'the group may change things, by virsh' "$(lv_as member virsh -q -c qemu:///system list --name | paste -sd ' ')" "$vm"
nics() { virsh_ domiflist "$vm" | awk '{ t = $1 == "-" ? "null" : $1; print $5, t }' | sort | while read -r mac tap; do
	echo "$mac $tap $([ "$tap" = null ] && echo null || ip -j link show "$tap" | jq -r '.[0].master')"; done; }
t_is 'nics: interfaces and bridges' "$(kt_as member -d 0 nics "$vm"; jq -r '"\(.mac) \(.ifname) \(.bridge)"' record | sort)" "0$(nics)"
virsh_ attach-interface "$vm" bridge br0 --mac 52:54:00:0e:00:03 --model virtio --live >/dev/null
t_is 'also of one that was plugged' "$(kt_as member -d 0 nics "$vm"; jq -r '"\(.mac) \(.ifname) \(.bridge)"' record | sort)" "0$(nics)"
tap=$(virsh_ domiflist "$vm" | awk '$5 == "52:54:00:0e:00:01" { print $1 }')
t_is 'an interface of that name that is not the guest'\''s is left out' "$(ip link set "$tap" down; ip link set "$tap" address fe:00:00:00:00:99; \
	kt_as member -d 0 nics "$vm"; jq -r 'select(.mac == "52:54:00:0e:00:01").ifname' record)" 0null
ip link set "$tap" address fe:54:00:0e:00:01
ip link set "$tap" up
t_is 'nics: its rates' "$(kt_as member -d 0.5 nics "$vm" --filter "ifname=$tap"; jq -c '[.rx_bytes_per_s, .tx_bytes_per_s | type]' record)" '0["number","number"]'
t_is 'vms: too' "$(kt_as member -d 0.5 -F vm,rx_bytes_per_s,tx_bytes_per_s vms "$vm"; jq -c '[.rx_bytes_per_s, .tx_bytes_per_s | type]' record)" '0["number","number"]'
alias=$(virsh_ dumpxml "$vm" | grep -A9 "52:54:00:0e:00:01" | sed -n "s/.*<alias name='\([^']*\).*/\1/p" | head -n 1)
t_is 'find: by the tap' "$(kt_as member find "$tap"; jq -r '.device' record)" "0$alias"
t_is 'find: by the MAC' "$(kt_as member find 5254.000e.0001; jq -r '.device' record)" "0$alias"

# ---- one without rights

t_like 'without the group only looking is allowed, by virsh' "$(lv_as guest virsh -q -c qemu:///system list 2>&1)" 'authentication unavailable'
t_is 'vms: as libvirt has it' "$(kt_as guest -d 0 vms "$vm"; jq -r '"\(.source) \(.state)"' record)" '0libvirt running'
t_is 'nics: too' "$(kt_as guest -d 0 nics "$vm"; jq -r '"\(.mac) \(.ifname) \(.bridge)"' record | sort)" "0$(nics)"
t_is 'disks: by the definition' "$(kt_as guest -d 0 disks "$vm"; jq -r '.file' record) $(cat err)" "0$dir/a.raw "
for verb in devices slots jobs queues; do
	t_like "$verb: what takes the monitor is denied" "$(kt_as guest -d 0 "$verb" "$vm") $(cat err)" '^5 .*qemu:///system lets this user only read, as -r does'
done
before=$(virsh_ dumpxml "$vm")
t_like 'a change is denied' "$(kt_as guest nic add "$vm" type=user) $(jq -r .status record) $(cat err)" '^5 denied .*lets this user only look, as -r does.*group libvirt'
t_like 'its dry run too' "$(kt_as guest --dry-run nic add "$vm" type=user) $(jq -r .status record)" '^5 denied'
t_is 'and nothing is changed' "$(virsh_ dumpxml "$vm")" "$before"

# another configuration: the sockets' permissions are the right
chmod 700 virt/run/libvirt/libvirt-sock
t_is 'a closed socket: read-only by the other one' "$(kt_as guest -d 0 vms "$vm"; jq -r '"\(.source) \(.state)"' record)" '0libvirt running'
t_like 'a change is denied there' "$(kt_as guest nic add "$vm" type=user) $(jq -r .status record)" '^5 denied'
chmod 700 virt/run/libvirt/libvirt-sock-ro
t_like 'both are closed: said' "$(kt_as guest -d 0 vms "$vm"; jq -r .note record)" '^0libvirt started it, but qemu:///system: cannot connect: .*Permission denied'
t_like 'what only libvirt knows is denied' "$(kt_as guest -d 0 disks "$vm") $(cat err)" '^5 .*Permission denied'
t_like 'a change too' "$(kt_as guest nic add "$vm" type=user) $(jq -r .status record) $(cat err)" '^5 denied .*Permission denied'
chmod 777 virt/run/libvirt/libvirt-sock virt/run/libvirt/libvirt-sock-ro

# ---- another user's own libvirt

setpriv --pdeathsig KILL nsenter -m -r -w -t "$T_LIBVIRT" -- setpriv --reuid 60003 --regid 60003 --clear-groups --inh-caps=-all env \
	-u XDG_STATE_HOME -u XDG_CONFIG_HOME -u XDG_CACHE_HOME HOME=/run/kt/other XDG_RUNTIME_DIR=/run/kt/other/run \
	sh -c 'cd /run/kt && exec libvirtd' </dev/null >virt/session.log 2>&1 9>&- &
t_own $!
session() { lv_as other virsh -q -c qemu:///session "$@"; }
wait_for 30 session list >/dev/null 2>&1
printf "<domain type='qemu'><name>s-$$</name><memory unit='MiB'>32</memory><os><type machine='q35'>hvm</type></os><devices><emulator>%s</emulator>%s</devices></domain>" \
	"$(command -v "$QEMU")" "<controller type='usb' model='none'/><memballoon model='none'/>" >virt/run/kt/s.xml
t_ok 'a session guest' session create s.xml
session_pid=$(cat "virt/run/kt/other/run/libvirt/qemu/run/s-$$.pid")
t_own "$session_pid"
t_is 'its own user has it' "$(kt_as other -d 0 vms "s-$$"; jq -r '"\(.source) \(.pid)"' record)" "0libvirt $session_pid"
for user in root member; do
	as() { if [ "$user" = root ]; then kv -o json "$@" >record 2>err; printf %s "$?"; else kt_as "$user" "$@"; fi; }
	t_like "$user: whose it is is said" "$(as -d 0 vms "pid:$session_pid"; jq -r .note record)" '^0the libvirt of user other has started it'
	t_like "$user: devices" "$(as -d 0 devices "pid:$session_pid") $(cat err)" "^5 .*libvirt of user other holds it .run kvmtop as that user"
	t_like "$user: a change" "$(as nic add "pid:$session_pid" type=user) $(jq -r .status record) $(cat err)" '^5 denied .*libvirt of user other holds it'
done
lv "$KVMTOP" --batch -o json -c 'qemu:///session?socket=/run/kt/other/run/libvirt/libvirt-sock' -d 0 vms "s-$$" >record
t_is 'root by its socket, as it is said' "$? $(jq -r '"\(.source) \(.pid)"' record)" "0 libvirt $session_pid"

# ---- a domain that is shut off

domain_define off "<type machine='q35'>hvm</type>" ''
virsh_ destroy "$(vm off)" >/dev/null
t_is 'virsh knows it' "$(virsh_ domstate "$(vm off)")" 'shut off'
for word in "$(vm off)" "$(cat off.uuid)" "name:$(vm off)" "uuid:$(cat off.uuid)"; do
	kv nics "$word" 2>err
	t_like "a look-up of $word" "$? $(cat err)" '^3 .*is shut off .virsh -c .qemu:///system. start .'
done
kv nic add "$(vm off)" type=user >/dev/null 2>err
t_like 'a change' "$? $(cat err)" '^3 .*is shut off'
t_like 'by a user who may only look' "$(kt_as guest nics "$(vm off)") $(cat err)" '^3 .*is shut off'
kv nics "no-$$" 2>err
t_like 'one that is not defined' "$? $(cat err)" '^3 .*no guest'

# ---- no free port

n=0
while virsh_ attach-interface "$vm" bridge br0 --model virtio --live >/dev/null 2>virsh.err && [ "$n" -lt 40 ]; do n=$((n + 1)); done
t_like 'libvirt has no place for one more' "$(cat virsh.err)" 'No more available PCI slots'
ports=$(virsh_ dumpxml "$vm" | grep -c "model='pcie-root-port'")
lv truncate -s 4M "$dir/b.raw"
for verb in 'nic add VM type=user' "disk add VM file=$dir/b.raw format=raw" "disk add VM file=$dir/b.raw format=raw bus=scsi"; do
	for dry in '' --dry-run; do
		# shellcheck disable=SC2086
		kv -o json $dry ${verb/VM/$vm} >record 2>err
		t_like "$dry ${verb/ VM/}" "$? $(jq -r .status record) $(cat err)" \
			"^1 invalid .*no free hotpluggable PCI port: $ports of $ports ports are hotpluggable, all are taken .remove a device, or start the guest with more .*pcie-root-port"
	done
done
kv -o json nic add "$vm" type=user model=e1000 >record 2>err
t_like 'what libvirt itself finds no place for' "$? $(cat err)" '^(0 |1 .*No more available PCI slots .remove a device)'
t_done
