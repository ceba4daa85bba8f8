#!/bin/bash
# A process with very many descriptors and threads is looked at in part, and says so; honest guests are looked at as usual.

. "$(dirname "$0")/lib.sh"

cp /bin/bash "$EVIL/qemu-system-x86_64"
mkfifo -m 644 "$EVIL/never"
exec {HOLD}<>"$EVIL/never"
ulimit -n "$(ulimit -Hn)"
[ "$(ulimit -n)" -gt 17100 ] || { t_skip 'descriptors' 'this machine allows no 17,100 of them'; t_done; }
attacker_run ./qemu-system-x86_64 -c 'for ((i = 0; i < 17000; i++)); do exec {f}</dev/null; done; : >ready; read -r x <never' -name evil
EVIL_PID=$!
ip tuntap add mode tap name tap0
ip link set tap0 up
honest_start h -netdev tap,id=n0,ifname=tap0,script=no,downscript=no -device virtio-net-pci,netdev=n0,id=nic0
t_ok 'the attacker has 17,000 descriptors' wait_for 60 test -e "$EVIL/ready"

overview() {
	timeout 20 "$KVMTOP_PLAIN" --batch --no-libvirt -o json -d 0.2 -F pid,note,rx_bytes_per_s vms >vms
}
t_ok 'the overview is there' overview
t_like 'what was not looked at of the attacker is said' "$(jq -r --argjson p "$EVIL_PID" 'select(.pid == $p) | .note' <vms)" \
	'more than 16384 descriptors'
t_like 'the honest guest has its rates' "$(jq -r --argjson p "$(vm_pid h)" 'select(.pid == $p) | .rx_bytes_per_s' <vms)" '^[0-9]'
t_is 'and no such note' "$(jq -r --argjson p "$(vm_pid h)" 'select(.pid == $p) | .note' <vms | grep -c 'more than')" 0
t_done
