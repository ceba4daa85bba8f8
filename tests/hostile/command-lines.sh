#!/bin/bash
# Command lines of other users: long ones, and many of them, hold up neither the overview nor a change.

. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/screen.sh"

# A program of any kind counts as QEMU by its name. With -c it is a shell that waits; the rest are its arguments.
cp /bin/bash "$EVIL/qemu-system-x86_64"
mkfifo -m 644 "$EVIL/never"
exec {HOLD}<>"$EVIL/never"
evil_start() { attacker_run ./qemu-system-x86_64 -c 'read -r x <never' "$@"; }

# 1.5 MB: 4,000 monitors, each of which names a chardev in JSON.
huge() {
	local i
	HUGE=()
	for ((i = 0; i < 4000; i++)); do
		HUGE+=(-mon "chardev=c$i,mode=control" -chardev "{\"id\":\"c$i\",\"backend\":\"socket\",\"pad\":[$PAD]}")
	done
}
PAD=$(printf '1,%.0s' {1..120})1

honest_start h1
huge
evil_start "${HUGE[@]}"
t_ok 'the attacker has a command line of more than a megabyte' wait_for 10 eval '[ "$(wc -c <"/proc/$!/cmdline")" -gt 1000000 ]'
BIG=$!
honest_start h2

overview() { timeout 20 "$KVMTOP_PLAIN" --batch --no-libvirt -o json -d 0 -F pid,state,note vms >vms; }
t_ok 'the overview is there' overview
t_is 'with both honest guests, and what they do' \
	"$(jq -r --argjson a "$(vm_pid h1)" --argjson b "$(vm_pid h2)" 'select(.pid == $a or .pid == $b) | .state' <vms | xargs)" \
	'prelaunch prelaunch'
t_like 'what was left out of the long command line is said' "$(jq -r --argjson p "$BIG" 'select(.pid == $p) | .note' <vms)" \
	'command line'
t_ok 'a change of an honest guest works beside it' timeout 20 "$KVMTOP" --batch --no-libvirt --timeout 2 \
	disk add "$(vm h1)" file=h1.conf format=raw readonly=on id=d
t_ok 'QEMU has it' vm_has_device h1 d

screen s 120 30 "$KVMTOP_PLAIN --no-libvirt"
t_ok 'the screen shows the honest guests' sees s "$(vm h2)"
keys s q
t_ok 'and ends when it is told to' ends s

for ((I = 0; I < 60; I++)); do evil_start "${HUGE[@]:0:40}"; done
for ((I = 0; I < 4; I++)); do evil_start "${HUGE[@]}"; done
t_ok 'the attacker has 64 more' wait_for 60 eval '[ "$(pgrep -cx qemu-system-x86)" -gt 64 ]'
honest_start h3
t_ok 'the overview beside all of them' overview
t_is 'has the honest guest that began last' "$(jq -r --argjson a "$(vm_pid h3)" 'select(.pid == $a) | .pid' <vms)" "$(vm_pid h3)"
t_done
