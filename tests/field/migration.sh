#!/bin/bash
# A guest that migrates from one libvirtd to another one on this host, slowly: its state says so on both ends, and its devices
# stay as they are. What libvirt refuses leaves nothing. Asked of virsh.
#
# A bare libvirtd, as two of them share a host, and each must be let to the other one's sockets.
# qemus: all

. "$(dirname "$0")/../lib.sh"

libvirt_start
GUEST_APPEND=kt.load=disk domain_boot m
vm=$(vm m)
guest_up m || t_fail 'the guest does not come up'

# the second one: a host of another name
mkdir two
one_holder=$T_LIBVIRT one_daemon=$T_LIBVIRTD
t_leave() { T_LIBVIRT=$two_holder; kill -TERM "$two_holder" 2>/dev/null; wait "$two_holder" 2>/dev/null; T_LIBVIRT=$one_holder T_LIBVIRTD=$one_daemon; }
cd two || exit 1
T_LIBVIRT='' T_LIBVIRTD=''
libvirt_config
echo 'host_uuid = "11111111-2222-3333-4444-555555555555"' >>virt/etc/libvirtd.conf
libvirt_namespace
two_holder=$T_LIBVIRT
setpriv --pdeathsig KILL nsenter -m -r -w -t "$two_holder" -- unshare -u sh -c 'hostname two && exec libvirtd' </dev/null >virt/libvirtd.log 2>&1 9>&- &
t_own "$!"
wait_for 60 virsh_ list >/dev/null 2>&1
cd ..
two() { local T_LIBVIRT=$two_holder; "$@"; }
T_LIBVIRT=$one_holder T_LIBVIRTD=$one_daemon
mkdir -p two/virt/run/kt

virsh_ migrate "$vm" --live --p2p --desturi "qemu+unix:///system?socket=$PWD/two/virt/run/libvirt/libvirt-sock" \
	--migrateuri "unix:///tmp/kt-$$.sock" --bandwidth 1 --unsafe >migrate.log 2>&1 9>&- &
migration=$!
t_own "$migration"
arrives() { virsh_ domstate "$vm" --reason | grep -q 'paused (migrating)'; }
goes_on() { virsh_ domjobinfo "$vm" | grep -q "Operation: *Outgoing migration" && [ -s "two/virt/run/libvirt/qemu/$vm.pid" ]; }
t_ok "the migration is on" wait_for 60 goes_on || sed "s,^,# ,;" migrate.log two/virt/libvirtd.log
t_ok 'on both ends' wait_for 60 two arrives
state() { kv --no-scan -d 0 -o json -F state,state_detail vms "uuid:$(cat m.uuid)" | jq -r '"\(.state): \(.state_detail)"'; }
t_is 'it is shown where it leaves' "$(state)" 'migrating: is being sent away'
t_is 'and where it arrives' "$(two state)" 'inmigrate: a migration is coming in'
arriving=$(cat "two/virt/run/libvirt/qemu/$vm.pid")
sources() { kv -d 0 -o json -F pid,source --filter "uuid=$(cat m.uuid)" vms 2>/dev/null | jq -r '"\(.pid)=\(.source)"' | sort; }
t_like 'two QEMUs of one UUID: the one that it started is the domain' "$(sources)" "$(vm_pid m)=libvirt"
t_like 'and the other one is not' "$(sources)" "$arriving=[^l]"
truncate -s 8M a.img
before=$(virsh_ dumpxml "$vm" | grep -c '<disk ')
own="pid:$(vm_pid m)"
for change in "disk add $own file=$PWD/a.img format=raw" "nic add $own type=user"; do
	# shellcheck disable=SC2086
	kv -o json --dry-run $change >record 2>err
	t_like "$change: refused in the check" "$? $(jq -r .status record) $(cat err)" '^1 invalid .*is being migrated'
done
t_is 'and nothing was done' "$(virsh_ dumpxml "$vm" | grep -c '<disk ')" "$before"
virsh_ domjobabort "$vm" >/dev/null
wait "$migration"
t_is 'not migrated after all: as before' "$(wait_for 30 eval '[[ $(state) = running:* ]]'; state)" 'running: null'

# ---- refused by libvirt itself: a machine of slots, all of which are taken

nics=''
for n in {1..26}; do nics+="<interface type='user'><model type='virtio'/></interface>"; done
domain_define full "<type machine='pc'>hvm</type>" "$nics"
vm=$(vm full)
for n in {1..8}; do
	before=$(virsh_ domiflist "$vm")
	kv -o json nic add "$vm" type=user >record 2>err || break
done
t_like 'no slot is free: libvirt says no' "$(jq -r .status record) $(cat err)" '^failed .*PCI slots.*more PCI ports or slots'
t_is 'nothing is left' "$(jq -c .left record)" '[]'
t_is 'and nothing was done' "$(virsh_ domiflist "$vm")" "$before"
virsh_ destroy "$vm" >/dev/null
t_done
