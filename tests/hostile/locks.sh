#!/bin/bash
# Root and a kvmtop that has capabilities only change a guest one after another; no other user can take its lock.

. "$(dirname "$0")/lib.sh"

mkdir -m 755 /run/g /run/svc
install -m 755 "$KVMTOP_PLAIN" /run/svc/kvmtop
install -d -m 700 -o 12345 -g 12345 /run/svc/state
qemu_start h -machine q35,accel=tcg -m 32 -device pcie-root-port,id=rp1,chassis=1 -device pcie-root-port,id=rp2,chassis=2 \
	-device pcie-root-port,id=rp3,chassis=3 -qmp unix:/run/g/h.qmp,server=on,wait=off
vm=$(vm h)
only=(--batch --no-libvirt -o json)
# CAPS GROUPS ARG..: kvmtop as uid 12345 with these capabilities; CAPS: +a,+b
service() {
	local caps=$1 groups=$2
	shift 2
	(cd / && exec setpriv --reuid 12345 --regid 12345 --groups "$groups" --inh-caps "-all,$caps" --ambient-caps "-all,$caps" \
		env -u XDG_RUNTIME_DIR XDG_STATE_HOME=/run/svc/state HOME=/run/svc /run/svc/kvmtop "${only[@]}" "$@")
}
lock="/run/kvmtop/pid:*"
root() { ktp -o json "$@"; }

# CAPS GROUPS WHAT: each of the two waits for the other
take_turns() {
	local what=$3
	root --timeout 4 nic add "$vm" type=user id=r1 >record 2>err &
	t_own $!
	t_ok "$what: root is at it" wait_for 20 vm_has_device h r1
	service "$1" "$2" --timeout 0.2 nic add "$vm" type=user id=s1 >second 2>err2
	t_is "$what: the other cannot begin" "$? $(jq -r .status second)" '1 failed'
	t_like "$what: and says why" "$(cat err2)" 'another change is under way.*nic add by process'
	wait $!
	t_is "$what: root ends as if it were alone" "$? $(jq -r .status record)" '0 ok'
	service "$1" "$2" --timeout 4 nic add "$vm" type=user id=s1 >second 2>err2 &
	t_own $!
	t_ok "$what: the other is at it" wait_for 20 vm_has_device h s1
	root --timeout 0.2 nic add "$vm" type=user id=r2 >record 2>err
	t_is "$what: root cannot begin" "$? $(jq -r .status record)" '1 failed'
	wait $!
	t_is "$what: the other ends as if it were alone" "$? $(jq -r .status second)" '0 ok'
	t_is "$what: no lock is left" "$(find /run/kvmtop -type f 2>/dev/null)" ''
	vm_kill h
}

caps=+dac_override,+sys_ptrace
# the first makes the directory, and root takes it over
mkdir -m 700 /run/kvmtop && chown 12345 /run/kvmtop
take_turns "$caps" 12345 'capabilities'
restart() {
	rm -f /run/g/h.qmp
	qemu_start h -machine q35,accel=tcg -m 32 -device pcie-root-port,id=rp1,chassis=1 -device pcie-root-port,id=rp2,chassis=2 \
		-device pcie-root-port,id=rp3,chassis=3 -qmp unix:/run/g/h.qmp,server=on,wait=off
}
restart
rm -rf /run/kvmtop
install -d -m 0770 -o root -g 23456 /run/kvmtop
chgrp 23456 /run/g/h.qmp && chmod 770 /run/g/h.qmp
take_turns +sys_ptrace 23456 'a group'
t_is 'the directory of the administrator stays' "$(stat -c '%a %g' /run/kvmtop)" '770 23456'

# ---- another user

rm -rf /run/kvmtop
restart
attacker_run sh -c "mkdir -p run/kvmtop /run/kvmtop; for n in run /run; do exec flock \$n/kvmtop/pid:$(vm_pid h).lock sleep 100; done"
root --timeout 3 nic add "$vm" type=user id=r1 >record 2>err &
t_own $!
adding=$!
held() { compgen -G "$lock" >/dev/null && vm_has_device h r1; }
t_ok 'root holds the lock' wait_for 20 held
for f in /run/kvmtop $lock; do
	t_ok "no other user can open $(basename "${f%%@*}")" eval '! attacker_do flock -n "$f" true 2>/dev/null'
done
wait "$adding"
t_is 'its change is done in time' "$? $(jq -r .status record)" '0 ok'
t_ok 'nor make the directory' eval '! attacker_do mkdir /run/kvmtop 2>/dev/null'
attacker_do env XDG_RUNTIME_DIR="$EVIL" XDG_STATE_HOME="$EVIL" /run/svc/kvmtop "${only[@]}" --timeout 0.2 nic add "$vm" type=user >record 2>err
t_like 'nor change the guest' "$?" '^[135]$'

# A world-writable one is not used.
install -d -m 0777 /run/kvmtop
root --timeout 1 nic add "$vm" type=user id=r2 >record 2>err
t_is 'a directory that all can write is refused' "$? $(jq -r .status record)" '5 denied'
t_done
