#!/bin/bash
# kvmtop as uid nobody with exactly the rights that the man page names for a verb does it; with one less it says so.

. "$(dirname "$0")/lib.sh"

mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /dev/net || exit 1
mknod -m 666 /dev/net/tun c 10 200
ip link add br0 type bridge
ip link set br0 up
mkdir -m 755 /tmp/g
mkdir -m 700 /tmp/nobody
cp "$KVMTOP_PLAIN" /tmp/kvmtop
truncate -s 1M /tmp/g/image
chown nobody /tmp/nobody
honest_start h -device pcie-root-port,id=rp3,chassis=3 -qmp unix:/tmp/g/open.qmp,server=on,wait=off
chgrp nogroup /tmp/g/open.qmp
# CAPS VERB..: as nobody with these capabilities, "" for none; its exit code and what it said are in ./out, ./err.
with() {
	local caps=${1:+,$1}
	shift
	setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps="-all$caps" --ambient-caps="-all$caps" -- env \
		HOME=/tmp/nobody XDG_STATE_HOME=/tmp/nobody XDG_RUNTIME_DIR=/tmp/nobody \
		/tmp/kvmtop --no-libvirt --batch --timeout 2 "$@" >out 2>err
}
# CAPS -> is the I/O of the guest known?
io_known() { with "$1" -d 0.2 -n 2 -o json -F rd_bytes_per_s,wr_bytes_per_s vms "$(vm h)" && jq -s '.[1].rd_bytes_per_s != null' out; }

chmod 660 /tmp/g/open.qmp
t_is 'vms: I/O with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH' "$(io_known +sys_ptrace,+dac_read_search)" true
t_is 'not without the one' "$(io_known +dac_read_search)" false
t_is 'nor without the other' "$(io_known +sys_ptrace)" false
with '' vms "$(vm h)"
t_is 'vms itself: no right at all' "$? $(cat err)" '0 '
with '' disk add "$(vm h)" file=/tmp/g/image format=raw readonly=on id=d1
t_is 'disk add: no right but to the socket' "$? $(grep -v ': warning: ' err)" '0 '
t_ok 'QEMU has it' vm_has_device h d1
with +net_admin nic add "$(vm h)" type=bridge source=br0 vhost=off id=n1
t_is 'nic add: CAP_NET_ADMIN and the socket' "$? $(grep -v ': warning: ' err)" '0 '
t_ok 'QEMU has it' vm_has_device h n1
with '' nic add "$(vm h)" type=bridge source=br0 vhost=off id=n2
t_like 'without CAP_NET_ADMIN' "$? $(cat err)" '^5 .*no right'
t_ok 'and nothing is left' eval '! vm_has_device h n2 && [ "$(ip -br link show master br0 | wc -l)" = 1 ]'
chmod 600 /tmp/g/open.qmp
with '' disk add "$(vm h)" file=/tmp/g/image format=raw readonly=on id=d2
t_like 'disk add without the right to the socket' "$? $(cat err)" '^5 .*open.qmp: Permission denied'
for verb in vms 'disk add' 'nic add'; do
	# shellcheck disable=SC2086 # two words
	t_like "help $verb names the rights" "$(ktp help $verb)" 'Rights: '
done
t_done
