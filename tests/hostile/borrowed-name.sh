#!/bin/bash
# A QEMU of another user that gives itself a guest's name or UUID changes neither what that name means, nor the guest's
# labels in Prometheus; and a guest of another user is told apart, looked at, and changed where its process is named.

. "$(dirname "$0")/lib.sh"

uuid=11111111-2222-3333-4444-555555555555
port=(-machine q35,accel=tcg -m 32 -S -nodefaults -display none -device pcie-root-port,id=rp1,chassis=1)
# NAME QEMU-ARG..: a guest of the attacker's
stranger() {
	local name=$1
	shift
	attacker_run "$QEMU" "${port[@]}" -name "$name" -qmp "unix:$EVIL/$!.$name.qmp,server=on,wait=off" "$@"
	wait_for 10 eval 'grep -q qemu-system "/proc/$!/cmdline" && [ "$(stat -c %U "/proc/$!")" = nobody ]'
}
labels() { grep '^kvmtop_vms_mem_bytes' metrics | sed 's/ .*//'; }
field() { jq -r "select(.pid == $1).$2" vms; }

honest_start h -uuid "$uuid"
kt -o prometheus -d 0 vms >metrics
before=$(labels)
stranger "$(vm h)" -uuid "$uuid"
twin=$!
stranger alone
alone=$!
wait_for 10 eval 'kt -o json -d 0 vms >vms && [ "$(field "$alone" state)" = prelaunch ] && [ "$(field "$twin" state)" = prelaunch ]'

t_is 'the honest guest keeps its name' "$(field "$(vm_pid h)" vm)" "$(vm h)"
t_is 'the other one has its user in its name' "$(field "$twin" vm)" "$(vm h)@nobody"
t_is 'users are told' "$(field "$(vm_pid h)" user) $(field "$twin" user)" 'root nobody'
t_like 'in the table too' "$(ktp -d 0 vms)" USER
kt -o prometheus -d 0 vms >metrics
t_is "the honest guest's labels are as before" "$(labels | grep -v nobody)" "$before"
t_is "the others have their user's" "$(labels | grep -c '@nobody"')" 2
for word in "$(vm h)" "name:$(vm h)" "$uuid" "uuid:$uuid"; do
	t_is "$word is the honest guest" "$(kt -o json -d 0 memory "$word" 2>/dev/null | jq -r .ref | cut -d@ -f1)" \
		"pid:$(vm_pid h)"
done
kt -o json --timeout 2 disk add "$(vm h)" file=h.conf format=raw readonly=on id=d >record
t_is 'and it is the one that is changed by its name' "$? $(jq -r '[.status, .user] | @tsv' record)" $'0 ok\troot'
t_ok 'QEMU has it' vm_has_device h d

add() { kt -o json --dry-run disk add "$@" file=/tmp/a.img format=raw >record 2>err; echo "$? $(jq -r .status record)"; }
truncate -s 1M /tmp/a.img
t_is 'a name of its own finds it, to look at' "$(kt -o json -d 0 memory alone | jq -r .vm)" alone@nobody
t_is 'so does the name with the user' "$(kt -o json -d 0 memory alone@nobody | jq -r .vm)" alone@nobody
t_is 'a change by the name is refused' "$(add alone)" '1 invalid'
t_like 'with what to say instead' "$(cat err)" "user nobody runs this guest.*pid:$alone, or say force=on"
t_is 'also by the name with the user' "$(add alone@nobody)" '1 invalid'
t_is 'but not with force=on' "$(add alone force=on)" '0 planned'
t_is 'nor by the process' "$(add "pid:$alone")" '0 planned'
t_is 'whose user is in the record' "$(jq -r .user record)" nobody
t_like "and in the plan's first line" "$(kt --dry-run disk add "pid:$alone" file=/tmp/a.img format=raw | head -n 1)" \
	'disk add  alone@nobody .*user nobody$'
t_is 'a change that has no other check knows force=on' \
	"$(kt --dry-run nic link alone none down force=on 2>&1 | grep -c 'runs this guest')" 0

# Whose user it is depends on who looks.
cp "$KVMTOP_PLAIN" "$EVIL/kvmtop"
attacker_do "$EVIL/kvmtop" "${T_KT[@]}" -r -o json -d 0 vms >vms
t_is "for its own user it is no stranger's" "$(field "$alone" vm)" alone
t_done
