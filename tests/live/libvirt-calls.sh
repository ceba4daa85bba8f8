#!/bin/bash
# The calls that change a domain, one by one, each proven by virsh and in the guest.
# qemus: all

. "$(dirname "$0")/../lib.sh"

why=$(libvirt_missing)
if [ -n "$why" ]; then
	t_skip 'changing calls of libvirt' "$why"
	t_done
fi
# CALL ARG..: on the guest $vm; what it printed last is its verdict.
# Once more where nothing was sent, because the daemon was silent for two seconds: a busy machine.
call() {
	local i
	for i in 1 2 3 4; do
		lv "$ROOT/build/tools/virt_call" "$(cat "$vm.uuid")" "$@" >out
		tail -n 1 out | grep -q '^-104 .*: it does not answer$' || break
	done
}
verdict() { tail -n 1 out; }
t_code() { t_is "$1" "$(verdict | cut -d ' ' -f 1)" "$2" || sed 's/^/# /' out; }
config_has() { virsh_ dumpxml --inactive "$vm-$$" | grep -q -F "$1"; }

t_ok 'a libvirtd of our own' libvirt_start || t_done
vm=g
domain_boot g
domain_start quiet
t_ok 'the guest is up' guest_up g

# ---- a disk comes and goes

truncate -s 16M d.img
disk() {
	printf '%s\n' "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$T_DIR/d.img'/>" \
		"<target dev='$1' bus='virtio'/><serial>kt-$1</serial><alias name='ua-$1'/></disk>" >"$1.xml"
}
disk vdb
lv setpriv --pdeathsig KILL "$ROOT/build/tools/virt_call" "$(cat g.uuid)" events 600 >events &
t_own $!
wait_for 20 grep -q listening events
call attach vdb.xml
t_code 'attach' 0
t_ok 'virsh has it' domain_has_alias g ua-vdb
t_ok 'the guest too' wait_for "$T_BOOT" guest_has_serial g kt-vdb
call attach vdb.xml
t_code 'the same once more is an error of libvirts' -17
t_like 'with its words' "$(verdict)" 'exists|in use|duplicate|non unique'
call resize vdb $((32 << 20))
t_code 'resize' 0
t_is 'the guest sees the new size' "$(wait_for 20 guest_cmd g '[ "$(cat /sys/block/vdb/size)" = 65536 ]' && echo yes)" yes
t_is 'and the file has it' "$(stat -c %s d.img)" $((32 << 20))
call aliases
t_ok 'the live XML read anew' grep -q -x ua-vdb out
call detach ua-vdb 20000
t_code 'detach: the guest has released it' 0
t_is 'and virsh has it no more' "$(virsh_ dumpxml "g-$$" | grep -c ua-vdb)" 0
t_ok 'nor the guest' wait_for 20 guest_lacks_block g vdb
call detach ua-vdb 20000
t_code 'what is not there' -19
t_ok 'events told of both' wait_for 10 grep -q 'device-added ua-vdb' events
t_ok 'as they came' wait_for 10 grep -q 'device-removed ua-vdb' events

# ---- the stored definition

disk vdc
call attach vdc.xml config
t_code 'attach, stored too' 0
t_ok 'in the live XML' domain_has_alias g ua-vdc
t_ok 'and the stored one' config_has "dev='vdc'"
call detach ua-vdc 20000
t_code 'detach leaves what is stored' 0
t_ok 'where it is' config_has "dev='vdc'"
call detach-config vdc.xml
t_code 'detach-config' 0
t_is 'now it is not' "$(config_has "dev='vdc'"; echo $?)" 1

# ---- a guest that does not answer

vm=quiet
disk vdd
call attach vdd.xml
t_code 'attach to a guest without a system' 0
call detach ua-vdd 3000
t_code 'its removal times out' -110
t_ok 'and virsh has it still' domain_has_alias quiet ua-vdd
call detach ua-vdd 3000
t_code 'the same again waits again' -110

# ---- volumes

mkdir pool
printf '%s\n' "<pool type='dir'><name>p</name><target><path>$T_DIR/pool</path></target></pool>" >pool.xml
virsh_ pool-create pool.xml >/dev/null
virsh_ vol-create-as p v.qcow2 4M --format qcow2 >/dev/null
call volume p v.qcow2
t_code 'where a volume is' 0
t_is 'and its format' "$(head -n 1 out)" "$T_DIR/pool/v.qcow2 qcow2"
call volume p none
t_code 'one that is not there' -2

# ---- QMP through libvirt

call qmp query-status
t_code 'a QMP command' 0
t_like 'with its answer, and the version of the greeting' "$(head -n 1 out)" '^[0-9]+\.[0-9]+\.[0-9]+ .*"status":"running"'
call qmp no-such-command
t_code 'an error of QEMUs is that' -38
t_like 'in its words' "$(verdict)" 'no-such-command'

# ---- a libvirt that hangs

libvirt_daemon STOP
begin=$SECONDS
call attach vdd.xml
t_code "no call waits for ever: $(verdict)" -104
t_ok 'nor beyond its deadline' test $((SECONDS - begin)) -le 30
libvirt_daemon CONT

t_done
